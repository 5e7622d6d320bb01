"""What the facility files have in common: text columns, certification numbers, numbers that are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.errors import InputError
from matcare.sources.reading import read_delimited

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["canonical_ccn", "first_row", "number_column", "read_text_columns", "require_values", "unique_key", "zip5"]

_CCN: Final = r"\d{2}[0-9A-Z]{3}[0-9FE]"
_CCN_LENGTH: Final = 6


def read_text_columns(path: Path, columns: Sequence[str], *, what: str) -> pd.DataFrame:
    """Read some columns of a CSV file (plain or gzip) as text, missing as the empty string.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    columns : sequence of str
        The columns wanted, as the publisher names them; others are left unread.
    what : str
        What the file should be, for the message.

    Returns
    -------
    pandas.DataFrame
        The columns in the order asked for, stripped of surrounding blanks.

    Raises
    ------
    InputError
        When the file is missing, empty, not a CSV file, or lacks a column.
    """
    frame = read_delimited(path, columns, what).fillna("")
    return pd.DataFrame({name: frame[name].str.strip() for name in columns})


def first_row(bad: pd.Series) -> int:
    """Return the number (from 1) of the first row where `bad` is true."""
    return int(bad.to_numpy(dtype=bool).argmax()) + 1


def canonical_ccn(codes: pd.Series, *, path: Path, column: str) -> pd.Series:
    """Give CMS certification numbers their six characters back.

    Parameters
    ----------
    codes : pandas.Series of str
        ``010001``, ``10001`` (a spreadsheet dropped the zero) or ``02013F`` (federal hospitals).
    path, column
        Where they stand, for the message.

    Returns
    -------
    pandas.Series of str

    Raises
    ------
    InputError
        At the first code that is not a certification number.
    """
    padded = codes.str.upper().str.zfill(_CCN_LENGTH)
    bad = ~padded.str.fullmatch(_CCN)
    if bad.any():
        row = first_row(bad)
        raise InputError(
            f"{path}, row {row}, column {column!r}: {codes.iloc[row - 1]!r} is not a CMS certification number; "
            "six characters, such as 010001"
        )
    return padded


def number_column(
    values: pd.Series, *, path: Path, column: str, minimum: float = 0, maximum: float = float("inf")
) -> pd.Series:
    """Turn text into numbers; the empty string is missing.

    Parameters
    ----------
    values : pandas.Series of str
        The text.
    path, column
        Where it stands, for the message.
    minimum, maximum : float
        Closed bounds.

    Returns
    -------
    pandas.Series of float64

    Raises
    ------
    InputError
        At the first text that is no number, or outside the bounds.
    """
    text = values.mask(values == "")
    numbers = pd.to_numeric(text, errors="coerce")
    bad = text.notna() & ~numbers.between(minimum, maximum)
    if bad.any():
        row = first_row(bad)
        upper = "" if maximum == float("inf") else f" to {maximum:g}"
        wanted = f"a number from {minimum:g}{upper}" if upper else f"a number, {minimum:g} or more"
        raise InputError(
            f"{path}, row {row}, column {column!r}: {values.iloc[row - 1]!r} is not {wanted}; mend or drop the row"
        )
    return numbers.astype("float64")


def require_values(values: pd.Series, allowed: Sequence[str], *, path: Path, column: str) -> pd.Series:
    """Check that every text is one of those allowed.

    Parameters
    ----------
    values : pandas.Series of str
        The text.
    allowed : sequence of str
        What may stand there.
    path, column
        Where it stands, for the message.

    Returns
    -------
    pandas.Series of str
        The same values.

    Raises
    ------
    InputError
        At the first other text.
    """
    bad = ~values.isin(list(allowed))
    if bad.any():
        row = first_row(bad)
        raise InputError(
            f"{path}, row {row}, column {column!r}: {values.iloc[row - 1]!r} is not known; "
            f"one of {', '.join(repr(value) for value in allowed)}"
        )
    return values


def unique_key(values: pd.Series, *, path: Path, column: str) -> pd.Series:
    """Check that no value stands twice.

    Raises
    ------
    InputError
        At the first repeated value.
    """
    bad = values.duplicated()
    if bad.any():
        row = first_row(bad)
        raise InputError(
            f"{path}, row {row}, column {column!r}: {values.iloc[row - 1]!r} stands twice; keep one of the rows"
        )
    return values


def zip5(values: pd.Series) -> pd.Series:
    """Return the five digits of ZIP codes that may have lost a zero or carry four more digits; else the empty string.

    Examples
    --------
    >>> zip5(pd.Series(["1062", "56353-1234", "", "n/a"])).tolist()
    ['01062', '56353', '', '']
    """
    digits = values.astype("str").str.extract(r"^\s*(\d{3,5})(?:\.0)?(?:-?\d{4})?\s*$")[0]
    return digits.str.zfill(5).fillna("").astype("str")
