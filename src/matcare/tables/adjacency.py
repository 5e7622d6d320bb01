"""Which counties touch, in a compact stored form: each pair once, as the numbers of its codes."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa

from matcare.contracts.adjacency import ADJACENCY
from matcare.errors import InputError, SnapshotError
from matcare.geo import is_county_fips
from matcare.tables.vintages import require_rows

__all__ = ["STORED_ADJACENCY_COLUMNS", "compile_adjacency", "pack_adjacency", "unpack_adjacency"]

STORED_ADJACENCY_COLUMNS: Final = {
    "county": "County code as a number: the smaller of the two.",
    "neighbour_minus_county": "The larger, less the smaller.",
}
"""Columns of the stored table; each pair stands once."""


def compile_adjacency(neighbours: pd.DataFrame, county_fips: pd.Series) -> pd.DataFrame:
    """Compile the adjacency of the counties that the product knows.

    Parameters
    ----------
    neighbours : pandas.DataFrame
        From :func:`matcare.sources.county_adjacency.read_neighbours`.
    county_fips : pandas.Series
        The counties of 2024.

    Returns
    -------
    pandas.DataFrame
        Contract `ADJACENCY`, by code; the island territories are left out.

    Raises
    ------
    InputError
        When a county of the states is not in the list, or the list has one that does not exist in 2024.

    Examples
    --------
    >>> touching = pd.DataFrame({"county_fips": ["01001", "01001", "01003", "01003"],
    ...                          "neighbour_fips": ["01001", "01003", "01001", "01003"]})
    >>> compile_adjacency(touching, pd.Series(["01001", "01003"])).to_numpy().tolist()
    [['01001', '01003'], ['01003', '01001']]
    """
    require_rows(neighbours["county_fips"], county_fips, "county adjacency")
    known = set(county_fips)
    listed = pd.unique(neighbours["county_fips"])
    strangers = sorted(code for code in listed if code not in known and is_county_fips(code))
    if strangers:
        raise InputError(f"county adjacency lists {strangers[0]}: no such county in 2024")
    inside = neighbours["county_fips"].isin(known) & neighbours["neighbour_fips"].isin(known)
    table = neighbours[inside & (neighbours["county_fips"] != neighbours["neighbour_fips"])]
    table = table.sort_values(["county_fips", "neighbour_fips"], ignore_index=True)
    return ADJACENCY.validate(table, where="adjacency")[ADJACENCY.names]


def pack_adjacency(adjacency: pd.DataFrame) -> pa.Table:
    """Return the stored form: each pair once, the smaller code first, by code."""
    codes = adjacency[["county_fips", "neighbour_fips"]].astype("int64")
    once = codes[codes["county_fips"] < codes["neighbour_fips"]].sort_values(["county_fips", "neighbour_fips"])
    return pa.table(
        {
            "county": pa.array(once["county_fips"].astype("int32")),
            "neighbour_minus_county": pa.array((once["neighbour_fips"] - once["county_fips"]).astype("int32")),
        }
    )


def unpack_adjacency(stored: pa.Table) -> pd.DataFrame:
    """Return the adjacency that :func:`pack_adjacency` stored.

    Raises
    ------
    SnapshotError
        When a column is missing.
    """
    if set(STORED_ADJACENCY_COLUMNS) - set(stored.column_names):
        raise SnapshotError("adjacency.parquet: columns are missing; build the data again with `matcare data build`")
    one = stored["county"].to_numpy().astype("int64")
    other = one + stored["neighbour_minus_county"].to_numpy()
    once = pd.DataFrame({"county_fips": one, "neighbour_fips": other})
    both = pd.concat([once, once.set_axis(["neighbour_fips", "county_fips"], axis=1)], ignore_index=True)
    text = pd.DataFrame({name: both[name].astype("str").str.zfill(5) for name in ADJACENCY.names}, dtype="str")
    return text.sort_values(ADJACENCY.names, ignore_index=True)
