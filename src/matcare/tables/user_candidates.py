"""A user's places where units could open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.errors import InputError
from matcare.tables.facility_sites import counties_of_points
from matcare.tables.points import read_points, read_user_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["read_candidates"]

_OFF_SHORE_KM = 25.0


def read_candidates(path: Path, counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Read candidate sites.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet with ``id, lat, lon`` and, if wanted, ``name``; other columns are ignored.
    counties : geopandas.GeoDataFrame
        ``county_fips`` and polygons in EPSG:4326.

    Returns
    -------
    pandas.DataFrame
        ``site_id, site_name`` (the id where there is no name)``, county_fips, lat, lon``, in the file's order.

    Raises
    ------
    InputError
        One line that names file, row, column and remedy; also when a place is farther than 25 km from every county.
    """
    points = read_points(path)
    table = read_user_table(path)
    names = table["name"].fillna(table["id"]) if "name" in table else table["id"]
    codes = counties_of_points(points["lat"], points["lon"], counties, limit_km=_OFF_SHORE_KM)
    for row, code in enumerate(codes, start=1):
        if code is None:
            raise InputError(
                f"{path}, row {row}: {points['id'].iloc[row - 1]!r} lies farther than {_OFF_SHORE_KM:g} km from every "
                "county; check lat and lon"
            )
    return pd.DataFrame(
        {
            "site_id": points["id"],
            "site_name": names.astype("str"),
            "county_fips": pd.array(codes, dtype="str"),
            "lat": points["lat"],
            "lon": points["lon"],
        }
    )
