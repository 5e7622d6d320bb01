"""Demand points: the 2020 block-group centers, stored compactly; women and births are allocated on loading."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from matcare.contracts import DEMAND
from matcare.errors import SnapshotError

__all__ = ["DEGREE_STEPS", "STORED_COLUMNS", "allocate", "compile_demand", "pack_demand", "unpack_demand"]

DEGREE_STEPS: Final = 100_000
"""Stored coordinates are whole numbers of 1e-5 degrees (about a metre)."""

STORED_COLUMNS: Final = {
    "bg_geoid": "Census block group 2020 as a number of twelve digits; missing where the source has none.",
    "county_fips": "County of 2022 and later as a number.",
    "county_fips_2020": "County of 2020 as a number.",
    "lat_e5": "Latitude in 1e-5 degrees.",
    "lon_e5": "Longitude in 1e-5 degrees.",
    "people": "Residents in the 2020 census.",
}
"""Columns of the stored file; :func:`unpack_demand` makes the contract's columns of them."""


def compile_demand(centers: pd.DataFrame) -> pd.DataFrame:
    """Order the block-group centers by county, code and position, and give each its own key.

    Parameters
    ----------
    centers : pandas.DataFrame
        From :func:`matcare.sources.census_geography.read_block_group_centers`.

    Returns
    -------
    pandas.DataFrame
        The contract's columns without the allocated ones.
    """
    table = centers.sort_values(["county_fips_2020", "bg_geoid", "lat", "lon", "people"], ignore_index=True)
    for name in ("lat", "lon"):
        table[name] = (table[name] * DEGREE_STEPS).round() / DEGREE_STEPS
    table.insert(0, "demand_id", _keys(table))
    return table[[name for name in DEMAND.names if name in table.columns]]


def allocate(demand: pd.DataFrame, counties: pd.DataFrame) -> pd.DataFrame:
    """Allocate each county's women and births to its demand points in proportion to people.

    Parameters
    ----------
    demand : pandas.DataFrame
        ``county_fips, people``.
    counties : pandas.DataFrame
        ``county_fips, women_15_44, births_per_year``.

    Returns
    -------
    pandas.DataFrame
        `demand` with ``women_15_44`` and ``births_per_year``; they add up to the county's, and are missing where its
        is.
    """
    share = demand["people"] / demand.groupby("county_fips")["people"].transform("sum")
    known = counties.set_index("county_fips")
    return demand.assign(
        **{name: share * demand["county_fips"].map(known[name]) for name in ("women_15_44", "births_per_year")}
    )[DEMAND.names]


def pack_demand(demand: pd.DataFrame) -> pa.Table:
    """Return the stored form: whole numbers, in an order in which neighbours differ little."""
    block_groups = pd.to_numeric(demand["bg_geoid"]).astype("Int64")
    return pa.table(
        {
            "bg_geoid": pa.array(block_groups, type=pa.int64(), from_pandas=True),
            "county_fips": pa.array(demand["county_fips"].astype("int32")),
            "county_fips_2020": pa.array(demand["county_fips_2020"].astype("int32")),
            "lat_e5": pa.array((demand["lat"] * DEGREE_STEPS).round().astype("int32")),
            "lon_e5": pa.array((demand["lon"] * DEGREE_STEPS).round().astype("int32")),
            "people": pa.array(demand["people"].astype("int32")),
        }
    )


def unpack_demand(stored: pa.Table) -> pd.DataFrame:
    """Return the contract's columns, without the allocated ones, of the stored form."""
    if set(STORED_COLUMNS) - set(stored.column_names):
        raise SnapshotError("demand.parquet: columns are missing; build the data again with `matcare data build`")
    block_groups = stored["bg_geoid"].to_pandas()
    known = block_groups.notna().to_numpy()
    text = np.full(len(block_groups), None, dtype=object)
    text[known] = [f"{code:012d}" for code in block_groups[known].astype("int64").tolist()]
    table = pd.DataFrame(
        {
            "bg_geoid": pd.Series(text, dtype="str"),
            "county_fips": _county_texts(stored["county_fips"]),
            "county_fips_2020": _county_texts(stored["county_fips_2020"]),
            "lat": stored["lat_e5"].to_numpy() / DEGREE_STEPS,
            "lon": stored["lon_e5"].to_numpy() / DEGREE_STEPS,
            "people": stored["people"].to_numpy().astype("int64"),
        }
    )
    table.insert(0, "demand_id", _keys(table))
    return table


def _keys(table: pd.DataFrame) -> pd.Series:
    unnamed = table["bg_geoid"].isna()
    county = table.loc[unnamed, "county_fips"]
    number = (county.groupby(county).cumcount() + 1).astype("str")
    return table["bg_geoid"].where(~unnamed, county + "n" + number).astype("str")


def _county_texts(column: pa.ChunkedArray) -> pd.Series:
    codes, names = pd.factorize(column.to_numpy())
    return pd.Series(np.array([f"{code:05d}" for code in names], dtype=object)[codes], dtype="str")
