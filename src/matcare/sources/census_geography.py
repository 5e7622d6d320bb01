"""Census Bureau: county shapes, adjacency, centers of population, and Connecticut's two sets of counties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import pandas as pd
import pyogrio.errors

from matcare.errors import InputError
from matcare.geo import CRS, canonical_state
from matcare.sources.reading import (
    county_codes,
    numbers,
    read_delimited,
    read_parquet,
    require_columns,
    require_file,
    unique_key,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "read_block_group_centers",
    "read_connecticut_weights",
    "read_county_adjacency",
    "read_county_centers",
    "read_county_shapes",
]

_GEOGRAPHIC_DATUMS: Final = frozenset({"EPSG:4269", "EPSG:4326"})


def read_county_shapes(path: Path) -> gpd.GeoDataFrame:
    """Read a cartographic boundary file of counties (``cb_2024_us_county_20m.zip``).

    The publisher's datum is NAD83, which stands within a metre or two of WGS 84; at 1:20,000,000 (a line is some
    hundred metres off) the coordinates are taken over as they are, so that the polygons stay the publisher's valid
    coverage to the last digit whatever grids the machine's PROJ has.

    Parameters
    ----------
    path : pathlib.Path
        The zipped shapefile.

    Returns
    -------
    geopandas.GeoDataFrame
        ``county_fips, county_name, state, geometry`` in EPSG:4326, by code.

    Raises
    ------
    InputError
        When the file is missing, damaged or not a county boundary file.
    """
    what = "the Census cartographic boundaries of counties"
    require_file(path, what)
    try:
        shapes = gpd.read_file(path, engine="pyogrio")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(f"{path}: not a whole zipped shapefile (half written?); download {what} again") from error
    require_columns(shapes, ["GEOID", "NAMELSAD", "STUSPS", "geometry"], path, what)
    if shapes.crs is None or shapes.crs.to_string() not in _GEOGRAPHIC_DATUMS:
        raise InputError(f"{path}: the coordinate system should be NAD83 (EPSG:4269), not {shapes.crs}")
    if shapes.geometry.isna().any() or shapes.geometry.is_empty.any():
        raise InputError(f"{path}: a county has no shape; download {what} again")
    table = gpd.GeoDataFrame(
        {
            "county_fips": county_codes(shapes["GEOID"], path, "GEOID"),
            "county_name": shapes["NAMELSAD"].astype("str"),
            "state": shapes["STUSPS"].map(canonical_state).astype("str"),
        },
        geometry=shapes.geometry.to_numpy(),
        crs=CRS,
    )
    ordered = unique_key(table, "county_fips", path).sort_values("county_fips", ignore_index=True)
    return gpd.GeoDataFrame(ordered, geometry="geometry", crs=CRS)


def read_county_adjacency(path: Path) -> pd.DataFrame:
    """Read which counties touch (``county_adjacency2024.txt``).

    Returns
    -------
    pandas.DataFrame
        ``county_fips, neighbor_fips``, both directions, a county not its own neighbor.
    """
    raw = read_delimited(path, ["County GEOID", "Neighbor GEOID"], "the Census county adjacency file", separator="|")
    table = pd.DataFrame(
        {
            "county_fips": county_codes(raw["County GEOID"], path, "County GEOID"),
            "neighbor_fips": county_codes(raw["Neighbor GEOID"], path, "Neighbor GEOID"),
        }
    )
    table = table[table["county_fips"] != table["neighbor_fips"]]
    return unique_key(table, ["county_fips", "neighbor_fips"], path)


def read_county_centers(path: Path) -> pd.DataFrame:
    """Read the 2020 centers of population by county (``CenPop2020_Mean_CO.txt``).

    Returns
    -------
    pandas.DataFrame
        ``county_fips`` (of 2020), ``people, lat, lon``.
    """
    raw = read_delimited(
        path, ["STATEFP", "COUNTYFP", "POPULATION", "LATITUDE", "LONGITUDE"], "the 2020 centers of population by county"
    )
    table = pd.DataFrame(
        {
            "county_fips": county_codes(raw["STATEFP"].str.zfill(2) + raw["COUNTYFP"].str.zfill(3), path, "COUNTYFP"),
            "people": numbers(raw, "POPULATION", path, minimum=0),
            "lat": numbers(raw, "LATITUDE", path, minimum=-90),
            "lon": numbers(raw, "LONGITUDE", path, minimum=-180),
        }
    )
    return unique_key(table, "county_fips", path)


def read_block_group_centers(path: Path) -> pd.DataFrame:
    """Read the 2020 centers of population by block group, as re-packed in Parquet with both county codes.

    Returns
    -------
    pandas.DataFrame
        ``bg_geoid`` (missing where the source has none), ``county_fips`` (2022 and later), ``county_fips_2020, lat,
        lon, people``.

    Raises
    ------
    InputError
        When a block group stands twice, has nobody living in it, or lies in another county than its code says.
    """
    what = "the 2020 centers of population by block group"
    raw = read_parquet(path, ["bg_geoid", "lat", "lon", "pop2020", "county_2020", "county_2022"], what)
    table = pd.DataFrame(
        {
            "bg_geoid": raw["bg_geoid"].astype("str"),
            "county_fips": county_codes(raw["county_2022"], path, "county_2022"),
            "county_fips_2020": county_codes(raw["county_2020"], path, "county_2020"),
            "lat": numbers(raw, "lat", path, minimum=-90),
            "lon": numbers(raw, "lon", path, minimum=-180),
            "people": numbers(raw, "pop2020", path, minimum=1).astype("int64"),
        }
    )
    known = table[table["bg_geoid"].notna()]
    bad = known[(known["bg_geoid"].str.len() != 12) | (known["bg_geoid"].str[:5] != known["county_fips_2020"])]  # noqa: PLR2004
    if len(bad):
        raise InputError(
            f"{path}, row {bad.index[0]}, column 'bg_geoid': {bad['bg_geoid'].iloc[0]!r} should be the twelve "
            f"digits of a block "
            f"group in county {bad['county_fips_2020'].iloc[0]}"
        )
    unique_key(known, "bg_geoid", path)
    return table


def read_connecticut_weights(path: Path) -> pd.DataFrame:
    """Read how Connecticut's eight legacy counties divide into its nine planning regions, by women 15-44.

    Returns
    -------
    pandas.DataFrame
        ``old, new, weight``: the weights of one legacy county add up to 1. They move counts, never classes or rates.
    """
    raw = read_delimited(path, ["county_fips_2020", "ce_fips_2022", "weight"], "the weights of Connecticut's counties")
    table = pd.DataFrame(
        {
            "old": county_codes(raw["county_fips_2020"], path, "county_fips_2020"),
            "new": county_codes(raw["ce_fips_2022"], path, "ce_fips_2022"),
            "weight": numbers(raw, "weight", path, minimum=0),
        }
    )
    return unique_key(table, ["old", "new"], path)
