"""Open a publisher's file and say in one line what is wrong with it when it is not what the reader expects.

Every reader goes through these few functions, so that a missing file, an empty one, a download that stopped half way,
a column that is not there and a text where a number should stand are each told once, with file, row, column and remedy.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from matcare.errors import InputError
from matcare.geo import canonical_county_fips

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "county_codes",
    "numbers",
    "read_census_api",
    "read_delimited",
    "read_lines",
    "read_parquet",
    "refuse",
    "require_columns",
    "require_file",
    "unique_key",
]

_MISSING_TEXTS: Final = ("", "NA", "N/A", "NaN", "nan", "null", ".")
_DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error)


def require_file(path: Path | str, what: str) -> Path:
    """Return `path` when it is a file with something in it.

    Parameters
    ----------
    path : pathlib.Path or str
        The file.
    what : str
        What the file should be, for the message ("Census births by county").

    Raises
    ------
    InputError
        When there is no such file, when it is a folder, when it may not be read or when it is empty.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file; {what} should be there")
    if not path.is_file():
        raise InputError(f"{path}: not a file; give the file with {what}")
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if size == 0:
        raise InputError(f"{path}: the file is empty; download {what} again")
    return path


def read_delimited(
    path: Path | str, columns: Iterable[str], what: str, *, separator: str = ",", encoding: str = "utf-8-sig"
) -> pd.DataFrame:
    """Read a table of text cells; nothing is converted, so codes keep their zeros.

    Parameters
    ----------
    path : pathlib.Path or str
        A delimited file with a header, plain or gzip-compressed (by its ending ``.gz``).
    columns : iterable of str
        Columns that must be there; the others are dropped.
    what : str
        What the file should be, for messages.
    separator, encoding : str
        As published.

    Returns
    -------
    pandas.DataFrame
        Text columns in the order asked for; an empty cell is missing.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged or not such a table.
    """
    path = require_file(path, what)
    wanted = list(columns)
    try:
        frame = pd.read_csv(
            path, sep=separator, dtype="str", encoding=encoding, keep_default_na=False, na_values=list(_MISSING_TEXTS)
        )
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{path}: the file is empty; download {what} again") from error
    except _DAMAGED as error:
        raise InputError(f"{path}: the compressed file is damaged or half written; download {what} again") from error
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"{path}: not a table of text as {what} should be ({reason})") from error
    require_columns(frame, wanted, path, what)
    if frame.empty:
        raise InputError(f"{path}: there is a header and no row below it; download {what} again")
    return frame[wanted]


def read_lines(path: Path | str, what: str, *, encoding: str) -> list[str]:
    """Read the lines of a text file, for formats of fixed width.

    Raises
    ------
    InputError
        When the file is missing, empty or not text.
    """
    path = require_file(path, what)
    try:
        return path.read_text(encoding=encoding).splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file as {what} should be") from error


def read_census_api(path: Path | str, columns: Iterable[str], what: str) -> pd.DataFrame:
    """Read what the Census Bureau's API returns: a JSON list of rows, the first of them the header.

    Parameters
    ----------
    path : pathlib.Path or str
        The saved answer.
    columns : iterable of str
        Columns that must be there, apart from ``state`` and ``county``.
    what : str
        What the file should be, for messages.

    Returns
    -------
    pandas.DataFrame
        ``county_fips`` and the columns asked for, as text.

    Raises
    ------
    InputError
        When the file is not such an answer.
    """
    path = require_file(path, what)
    wanted = list(columns)
    try:
        rows: Any = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not whole JSON (half written?); download {what} again") from error
    if not isinstance(rows, list) or len(rows) < 2 or not all(isinstance(row, list) for row in rows):  # noqa: PLR2004
        raise InputError(f"{path}: {what} should be a list of rows under a header, as the Census API returns it")
    header = [str(name) for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise InputError(f"{path}, row {number}: {len(row)} cells where the header has {len(header)}")
    frame = pd.DataFrame(rows[1:], columns=header).astype("str")
    frame = frame.mask(frame.isin([*_MISSING_TEXTS, "None"]))
    require_columns(frame, [*wanted, "state", "county"], path, what)
    frame["county_fips"] = county_codes(
        frame["state"].str.zfill(2) + frame["county"].str.zfill(3), path, "state, county"
    )
    return frame[["county_fips", *wanted]]


def read_parquet(path: Path | str, columns: Iterable[str], what: str) -> pd.DataFrame:
    """Read the named columns of a Parquet file.

    Raises
    ------
    InputError
        When the file is missing, damaged, half written, or lacks a column.
    """
    path = require_file(path, what)
    wanted = list(columns)
    try:
        names = pq.read_schema(path).names
        if not set(wanted) <= set(names):
            require_columns(pd.DataFrame(columns=names), wanted, path, what)
        frame: pd.DataFrame = pq.read_table(path, columns=wanted).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a whole Parquet file (half written?); fetch {what} again") from error
    return frame


def require_columns(frame: pd.DataFrame, columns: Iterable[str], path: Path | str, what: str) -> None:
    """Raise :class:`~matcare.errors.InputError` naming the first of `columns` that `frame` does not have."""
    for name in columns:
        if name not in frame.columns:
            there = ", ".join(map(str, frame.columns[:8])) + (", …" if len(frame.columns) > 8 else "")  # noqa: PLR2004
            raise InputError(f"{path}: column {name!r} is missing, so this is not {what}; its columns are {there}")


def numbers(
    frame: pd.DataFrame, column: str, path: Path | str, *, sentinels: Iterable[float] = (), minimum: float | None = None
) -> pd.Series:
    """Convert a text column to numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        From one of the functions above.
    column : str
        The column to convert.
    path : pathlib.Path or str
        Its file, for the message.
    sentinels : iterable of float
        Numbers that the publisher writes where a value is missing; they become missing.
    minimum : float, optional
        The least value that can be right.

    Returns
    -------
    pandas.Series of float64

    Raises
    ------
    InputError
        Naming the first row that is not a number or too small; row 1 is the header.
    """
    text = frame[column]
    values = pd.to_numeric(text.str.replace(",", "") if pd.api.types.is_string_dtype(text) else text, errors="coerce")
    values = values.astype("float64")
    bad = (values.isna() & text.notna()) | np.isinf(values)
    refuse(text, bad, path, column, "should be a number")
    values = values.mask(values.isin([float(value) for value in sentinels]))
    if minimum is not None:
        refuse(text, values < minimum, path, column, f"should be {minimum:g} or more")
    return values


def county_codes(codes: pd.Series, path: Path | str, column: str) -> pd.Series:
    """Return five-digit county codes; a code that lost its leading zero gets it back.

    Raises
    ------
    InputError
        When a code is missing or is no county code.
    """
    canonical, _ = canonical_county_fips(codes, where=f"{path}, column {column}")
    refuse(codes, canonical.isna(), path, column, "should be a county code of five digits")
    return canonical


def unique_key(frame: pd.DataFrame, key: str | list[str], path: Path | str) -> pd.DataFrame:
    """Return `frame` when no `key` stands twice; else an :class:`~matcare.errors.InputError` names the first."""
    columns = [key] if isinstance(key, str) else key
    twice = frame.duplicated(columns)
    if twice.any():
        found = ", ".join(str(value) for value in frame.loc[twice, columns].iloc[0])
        raise InputError(f"{path}: {found} stands twice in column {', '.join(columns)}; one row each is expected")
    return frame.reset_index(drop=True)


def refuse(text: pd.Series, bad: pd.Series, path: Path | str, column: str, wanted: str, *, show: bool = True) -> None:
    """Raise :class:`~matcare.errors.InputError` naming the first row that is `bad`; row 1 is the header.

    Parameters
    ----------
    text : pandas.Series
        The column as it was read, numbered from 0.
    bad : pandas.Series of bool
        Which rows are wrong.
    path : pathlib.Path or str
        The file.
    column : str
        The column's name in the file.
    wanted : str
        What would be right, after the value ("should be a number").
    show : bool
        Print the value; not done for a small count, which is not to leave the program even in a message.
    """
    if bad.any():
        position = int(np.flatnonzero(bad.to_numpy(dtype=bool))[0])
        row = text.index[position]
        shown = f"{text.iloc[position]!r} " if show else ""
        line = int(row) + 2 if isinstance(row, (int, np.integer)) else position + 2
        raise InputError(f"{path}, row {line}, column {column!r}: {shown}{wanted}")
