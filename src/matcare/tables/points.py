"""A user's points: any CSV or Parquet file with ``id, lat, lon``."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from matcare.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_coordinates", "read_points", "read_user_table"]

_PARQUET: Final = {".parquet", ".pq"}
_TEXT: Final = {".csv", ".tsv", ".txt"}


def read_user_table(path: Path) -> pd.DataFrame:
    """Read a user's table with every cell as text.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv``, ``.tsv``, ``.txt`` (comma, semicolon or tab; UTF-8, else Windows-1252) or ``.parquet``.

    Returns
    -------
    pandas.DataFrame
        Column names in lower case without surrounding blanks; cells stripped; an empty cell is missing.

    Raises
    ------
    InputError
        When the path is no file, or the file is empty, half-written, of another kind, or has no rows.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not path.is_file():
        raise InputError(f"{path}: not a file; give a CSV or Parquet file")
    if path.suffix.lower() not in _PARQUET | _TEXT:
        raise InputError(f"{path}: give a .csv or .parquet file (save a spreadsheet as CSV UTF-8)")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty")
    frame = _parquet(path) if path.suffix.lower() in _PARQUET else _delimited(path)
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    for name in frame.columns:
        if name.endswith(".1") and name[:-2] in frame.columns:  # pandas' way of telling two columns of one name apart
            raise InputError(f"{path}: column {name[:-2]!r} stands twice; keep one")
    if frame.empty:
        raise InputError(f"{path}: no rows below the header")
    text = frame.apply(lambda column: column.astype("str").where(column.notna()).str.strip())
    return pd.DataFrame(text.mask(text == "").reset_index(drop=True))


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise InputError(f"{path}: not a complete Parquet file; it may be half-written, write it again") from error


def _delimited(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    if b"\x00" in raw[:4096]:
        raise InputError(f"{path}: not a text file; save it as CSV UTF-8")
    header = raw.split(b"\n", 1)[0]
    separator = max((b",", b";", b"\t"), key=header.count).decode()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            _refuse_long_rows(path, raw.decode(encoding), separator)
            return pd.read_csv(
                path,
                dtype="str",
                sep=separator,
                encoding=encoding,
                keep_default_na=False,
                skipinitialspace=True,
                index_col=False,
            )
        except UnicodeDecodeError:
            continue
        except pd.errors.EmptyDataError as error:
            raise InputError(f"{path}: the file is empty") from error
        except pd.errors.ParserError as error:
            raise InputError(f"{path}: not a readable CSV file ({str(error).strip().splitlines()[-1]})") from error
    raise InputError(f"{path}: neither UTF-8 nor Windows-1252 text; save it as CSV UTF-8")


def _refuse_long_rows(path: Path, text: str, separator: str) -> None:
    """Refuse a row with more cells than the header has: a text with a comma in it that was not put in quotes."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    width = len(next(rows, []))
    for number, row in enumerate(rows, start=1):
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            raise InputError(
                f"{path}, row {number} (line {rows.line_num}): {len(row)} cells where the header has {width}; "
                "put a text that holds a comma in quotes"
            )


def check_coordinates(frame: pd.DataFrame, path: Path) -> tuple[pd.Series, pd.Series]:
    """Turn the columns ``lat`` and ``lon`` into degrees, and refuse what cannot be a place in the United States.

    Parameters
    ----------
    frame : pandas.DataFrame
        With text columns ``lat`` and ``lon``.
    path : pathlib.Path
        For the message.

    Returns
    -------
    lat, lon : pandas.Series of float64

    Raises
    ------
    InputError
        Naming the first row that is missing, no number, outside the world, outside the United States, or looks swapped.
    """
    for name in ("lat", "lon"):
        if name not in frame.columns:
            raise InputError(f"{path}: column {name!r} is missing (found: {', '.join(map(str, frame.columns[:8]))})")
    values = {name: pd.to_numeric(frame[name], errors="coerce").astype("float64") for name in ("lat", "lon")}
    lat, lon = values["lat"], values["lon"]
    for name, column in values.items():
        bad = ~np.isfinite(column.to_numpy())
        if bad.any():
            row = int(bad.argmax())
            found = frame[name].iloc[row]
            words = "is missing" if pd.isna(found) else f"{found!r} is not a number"
            raise InputError(
                f"{path}, row {row + 1}, column {name!r}: {words}; give decimal degrees, such as 46.81 and -100.78"
            )
    outside = ~_in_united_states(lat, lon).to_numpy()
    if outside.any():
        row = int(outside.argmax())
        here = f"{path}, row {row + 1}: lat {lat.iloc[row]:g}, lon {lon.iloc[row]:g}"
        if bool(_in_united_states(lon, lat).iloc[row]):
            raise InputError(
                f"{here} look swapped; lat comes first (46.81), lon is negative in the United States (-100.78)"
            )
        if bool(_in_united_states(lat, -lon).iloc[row]):
            raise InputError(f"{here}: the sign of lon is lost; west of Greenwich is negative (-100.78)")
        if abs(lat.iloc[row]) > 90 or abs(lon.iloc[row]) > 180:  # noqa: PLR2004 - the world's bounds in degrees
            raise InputError(f"{here} is outside the world; give decimal degrees (lat -90 to 90, lon -180 to 180)")
        raise InputError(f"{here} is outside the United States and Puerto Rico, where the road network ends")
    return lat, lon


def _in_united_states(lat: pd.Series, lon: pd.Series) -> pd.Series:
    """Tell roughly which points lie in the states (the Aleutians cross the date line), the district or Puerto Rico."""
    return lat.between(17.5, 72) & (lon.between(-180, -65) | lon.between(172, 180))


def read_points(path: Path) -> pd.DataFrame:
    """Read points with their identifiers.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet with columns ``id, lat, lon``; others are ignored.

    Returns
    -------
    pandas.DataFrame
        ``id`` (text, unique), ``lat``, ``lon`` (degrees), in the file's order.

    Raises
    ------
    InputError
        One line that names the file, row, column and remedy.
    """
    frame = read_user_table(path)
    if "id" not in frame.columns:
        raise InputError(
            f"{path}: column 'id' is missing (found: {', '.join(map(str, frame.columns[:8]))}); give id, lat, lon"
        )
    missing = frame["id"].isna().to_numpy()
    if missing.any():
        raise InputError(
            f"{path}, row {int(missing.argmax()) + 1}, column 'id': is missing; give every point an id of its own"
        )
    twice = frame["id"].duplicated().to_numpy()
    if twice.any():
        row = int(twice.argmax())
        raise InputError(
            f"{path}, row {row + 1}, column 'id': {frame['id'].iloc[row]!r} stands twice; ids must be unique"
        )
    lat, lon = check_coordinates(frame, path)
    return pd.DataFrame({"id": frame["id"].astype("str"), "lat": lat, "lon": lon})
