"""County CSV, GeoPackage, Parquet, data dictionary and provenance.

CSV files are UTF-8 with commas and a header row. Missing is an empty cell. Keys are text: when a spreadsheet opens the
file by a double click it drops the leading zero of ``county_fips``, so each county also has ``geo_id``
(``0500000US01001``), which begins its digits with text. A text that begins with ``=``, ``+``, ``-`` or ``@`` is written
with an apostrophe before it, so that no cell can become a formula.
"""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import geopandas as gpd

    from matcare.contracts import Table

__all__ = [
    "FORMULA_STARTS",
    "guard_formulas",
    "rounded",
    "write_csv",
    "write_dictionary",
    "write_geopackage",
    "write_json",
    "write_parquet",
]

FORMULA_STARTS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A cell that begins so can be taken for a formula by a spreadsheet."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
"""Line breaks, tabs and other control characters, which no cell needs."""

_DECIMALS: Final = {
    "minutes": 2,
    "share 0-1": 4,
    "percentile 0-1": 4,
    "per 1,000 live births": 2,
    "degrees": 5,
    "deaths": 1,
    "births": 1,
    "mean percentile 0-100": 1,
    "p": 6,
    "unit of the indicator": 4,
    "unit of the row": 4,
}
_DEFAULT_DECIMALS: Final = 3


def rounded(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Round a table's numbers as every output has them: minutes 2 decimals, shares 4, rates 2, apportioned counts 1."""
    decimals = {
        column.name: _DECIMALS.get(column.unit, _DEFAULT_DECIMALS)
        for column in table.columns
        if column.kind == "number" and column.name in frame.columns
    }
    return frame.assign(**{name: frame[name].astype("float64").round(places) for name, places in decimals.items()})


def guard_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every text that could become a formula made harmless, and control characters taken out.

    Parameters
    ----------
    frame : pandas.DataFrame
        Only text columns are looked at; numbers keep their sign.

    Returns
    -------
    pandas.DataFrame
        A copy.

    Examples
    --------
    >>> guard_formulas(pd.DataFrame({"name": ["=1+1", "Loíza"], "n": [-1, 2]})).to_dict("list")
    {'name': ["'=1+1", 'Loíza'], 'n': [-1, 2]}
    """
    guarded = frame.copy()
    for name in guarded.columns:
        if pd.api.types.is_string_dtype(guarded[name]) or guarded[name].dtype == object:
            text = guarded[name].astype("str").where(guarded[name].notna())
            # A long table repeats few texts: each is looked at once.
            safe = {value: _guarded(value) for value in text.dropna().unique()}
            guarded[name] = text.map(safe).astype("str").where(text.notna())
    return guarded


def _guarded(text: str) -> str:
    plain = _CONTROL.sub(" ", text).strip()
    return f"'{plain}" if plain.startswith(FORMULA_STARTS) else plain


def _cells(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Turn numbers and booleans into the text of a cell: 95, not 95.0, whatever else stands in the column."""
    result = rounded(frame, table)
    for column in table.columns:
        if column.kind == "number":
            result[column.name] = [_cell(value) for value in result[column.name].tolist()]
        elif column.kind == "boolean":
            result[column.name] = result[column.name].map({True: "true", False: "false"})
    return result


def _cell(value: float) -> str | None:
    if math.isnan(value):
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def write_csv(frame: pd.DataFrame, path: Path, table: Table) -> None:
    """Write a table as CSV by its contract.

    Parameters
    ----------
    frame : pandas.DataFrame
        Keeps the contract `table`; a geometry column is left out.
    path : pathlib.Path
        File to write.
    table : Table
        Contract: which columns, in which order, with how many decimals (minutes 2, shares 4, rates 2).
    """
    names = [column.name for column in table.columns if column.kind != "geometry"]
    text = [column.name for column in table.columns if column.kind == "text"]
    cells = pd.DataFrame(frame[names])
    cells = _cells(cells.assign(**{name: guard_formulas(cells[[name]])[name] for name in text}), table)
    cells.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_parquet(frame: pd.DataFrame, path: Path, *, description: str) -> None:
    """Write a table as Parquet (zstd) with a line on what it is in the file's metadata."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs it
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), b"description": description.encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd", compression_level=9)


def write_geopackage(frame: gpd.GeoDataFrame, path: Path, *, layer: str, description: str, when: dt.date) -> None:
    """Write counties with their results as a GeoPackage.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        EPSG:4326.
    path : pathlib.Path
        File to write.
    layer : str
        Layer name.
    description : str
        What it is and under which licence, kept in the file.
    when : datetime.date
        Stands as the file's date of change, so that the same run gives the same bytes.
    """
    guarded = frame.copy()
    attributes = guard_formulas(pd.DataFrame(frame.drop(columns="geometry")))
    for name in attributes.columns:
        guarded[name] = attributes[name]
    before = os.environ.get("OGR_CURRENT_DATE")
    os.environ["OGR_CURRENT_DATE"] = f"{when.isoformat()}T00:00:00.000Z"
    try:
        guarded.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", DESCRIPTION=description)
    finally:
        if before is None:
            del os.environ["OGR_CURRENT_DATE"]
        else:
            os.environ["OGR_CURRENT_DATE"] = before


def write_dictionary(path: Path, outputs: Mapping[str, Table]) -> None:
    """Write the data dictionary of a run: one row a column of each file."""
    parts = []
    for file, table in outputs.items():
        part = table.dictionary()
        part["table"] = file
        parts.append(part.rename(columns={"table": "file"}))
    guard_formulas(pd.concat(parts, ignore_index=True)).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, keys in order, numbers as Python's."""

    def plain(item: Any) -> Any:
        if isinstance(item, np.generic):
            return item.item()
        if isinstance(item, Path):
            return item.name
        raise TypeError(f"{type(item).__name__} has no JSON form")

    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=plain) + "\n", encoding="utf-8")
