"""What the maps of planning answers draw: counties with values, facilities by their part, demand points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts import SERVICES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import geopandas as gpd

    from matcare.measures.study_area import StudyArea
    from matcare.planning.affected import Access

__all__ = ["care_words", "drawn_counties", "drawn_facilities", "newly_beyond", "short_care"]

MARGIN_DEGREES: Final = 1.0
"""Facilities this far outside the counties drawn are drawn too."""

_SHORT: Final = {
    "birth_care": "birth care",
    "birth_care_corroborated": "birth care (corroborated or likely)",
    "nicu": "a NICU",
    "neonatal_2_plus": "neonatal level II or higher",
    "neonatal_3_plus": "neonatal level III or IV",
    "neonatal_3_plus_or_nicu": "level III or IV, or a NICU of unknown level",
}


def care_words(service: str) -> str:
    """Return a service in words, as tables have it."""
    return SERVICES.get(service, _SHORT.get(service, service.replace("_", " ")))


def short_care(service: str) -> str:
    """Return what is driven to, in few words."""
    return _SHORT.get(service, service.replace("_", " "))


def drawn_counties(counties: gpd.GeoDataFrame, values: pd.DataFrame, *, states: Collection[str]) -> gpd.GeoDataFrame:
    """Return the counties of some states with values beside their polygons.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        Contract `COUNTIES`.
    values : pandas.DataFrame
        ``county_fips`` and what is shown, at most one row a county.
    states : collection of str
        Whose counties are drawn.

    Returns
    -------
    geopandas.GeoDataFrame
    """
    base = counties.loc[
        counties["state"].isin(set(states)), ["county_fips", "county_name", "state", "women_15_44", "geometry"]
    ]
    more = values.drop(columns=[name for name in ("county_name", "state", "women_15_44") if name in values])
    return base.merge(more, on="county_fips", how="left", validate="one_to_one").reset_index(drop=True)


def drawn_facilities(
    area: StudyArea,
    service: str,
    *,
    counties: gpd.GeoDataFrame,
    roles: Mapping[int, str],
    words: Mapping[int, str],
) -> pd.DataFrame:
    """Return the facilities to draw: those with a part in the change, and the others of the service near the counties.

    Parameters
    ----------
    area : StudyArea
        The facilities, as they were before.
    service : str
        Facilities that count for it are drawn.
    counties : geopandas.GeoDataFrame
        What is drawn.
    roles, words : mapping of int to str
        By row of the facilities: the part in the change, and a sentence on it.

    Returns
    -------
    pandas.DataFrame
        ``facility_id, facility_name, city, state, lat, lon, role, words``.
    """
    frame = area.facilities
    west, south, east, north = counties.total_bounds
    near = frame["lat"].between(south - MARGIN_DEGREES, north + MARGIN_DEGREES)
    near &= frame["lon"].between(west - MARGIN_DEGREES, east + MARGIN_DEGREES)
    chosen = (area.members(service) & near.to_numpy()) | np.isin(np.arange(len(frame)), list(roles))
    rows = np.flatnonzero(chosen)
    drawn = frame.iloc[rows][["facility_id", "facility_name", "city", "state", "lat", "lon"]].reset_index(drop=True)
    drawn["role"] = [roles.get(int(row), "other") for row in rows]
    drawn["words"] = pd.array([words.get(int(row)) for row in rows], dtype="str")
    return drawn


def newly_beyond(demand: pd.DataFrame, before: Access, after: Access, limit: float) -> pd.DataFrame:
    """Return the demand points within a limit before and not after, for the map.

    Returns
    -------
    pandas.DataFrame
        ``lat, lon, women, minutes_before, minutes_after``; NaN where there is no way any more.
    """
    lost = (before.minutes <= limit) & ~(after.minutes <= limit)
    points = demand.loc[lost, ["lat", "lon", "women_15_44"]].rename(columns={"women_15_44": "women"})
    return points.assign(minutes_before=before.minutes[lost], minutes_after=after.minutes[lost]).reset_index(drop=True)


def states_of(values: pd.DataFrame, column: str, *, home: Sequence[str]) -> list[str]:
    """Return the states whose counties a column says something of, and some more, sorted."""
    moved = values.loc[values[column].fillna(0) > 0, "state"]
    return sorted(set(moved) | set(home))
