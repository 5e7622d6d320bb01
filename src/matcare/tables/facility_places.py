"""Where hospitals stand: coordinates from several geocodes and lists, and what each witness says of the county."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.sources.birth_centers import zip_centroids, zip_counties
from matcare.tables.facility_sites import counties_of_points, match_hospitals, nearest_center_counties

if TYPE_CHECKING:
    import geopandas as gpd

    from matcare.tables.facility_units import FacilitySources

__all__ = ["county_votes", "located"]

_DIFFER_KM: Final = 2.0
_WEAK_DIFFER_KM: Final = 5.0
_FAR_KM: Final = 25.0
_SURER_KM: Final = 3.0
_MUCH_SURER_KM: Final = 8.0
_SAME_HOSPITAL_NAME: Final = 0.65
"""Below it one address holds two hospitals, or a clinic beside one: beds are not taken over."""


def located(units: pd.DataFrame, sources: FacilitySources) -> pd.DataFrame:
    """Choose each hospital's coordinates from the geocodes, the HIFLD site and the ZIP centroid.

    Parameters
    ----------
    units : pandas.DataFrame
        As :func:`matcare.tables.facility_units.hospital_units` gives them.
    sources : FacilitySources
        The publishers' tables.

    Returns
    -------
    pandas.DataFrame
        Index of `units`: ``lat, lon, coord_precision, hifld_county, hifld_beds``.

    Raises
    ------
    InputError
        When a hospital has neither coordinates nor a known ZIP code.
    """
    sites = pd.DataFrame({"lat": units["lat"], "lon": units["lon"]})
    friendly = sources.friendly_sites.drop_duplicates(["name", "zip"]).set_index(["name", "zip"])
    keys = pd.MultiIndex.from_arrays([units["general_name"], units["general_zip"]])
    found = friendly.reindex(keys)[["lat", "lon"]].set_axis(units.index)
    sites = sites.fillna(found)
    centroid = units["geocode"] == "city_centroid"
    weak = units["geocode_match"].isin(["interpolated", "unknown"])
    open_sites = sources.hifld[sources.hifld["open"]]
    matches = match_hospitals(units, open_sites)
    others = open_sites.reindex(matches["other"]).set_axis(units.index)
    on_imagery = others["on_imagery"].eq(other=True)
    zips = zip_centroids(units["zip"])
    apart = pd.Series(great_circle_km(sites["lat"], sites["lon"], others["lat"], others["lon"]), index=units.index)
    ours_off = pd.Series(great_circle_km(sites["lat"], sites["lon"], zips["lat"], zips["lon"]), index=units.index)
    theirs_off = pd.Series(great_circle_km(others["lat"], others["lon"], zips["lat"], zips["lon"]), index=units.index)
    same_address = matches["how"].str.contains("address")
    surely_same = same_address | matches["how"].str.contains("phone")
    surer = ours_off - theirs_off
    better = (sites["lat"].isna() & others["lat"].notna() & ~(theirs_off > 2 * _FAR_KM)) | on_imagery & (
        (centroid & (apart < _FAR_KM))
        | (weak & surely_same & ((apart < _WEAK_DIFFER_KM) | (surer > _SURER_KM)))
        | (same_address & (apart > _DIFFER_KM) & (surer > _SURER_KM))
        | (surely_same & (apart > _WEAK_DIFFER_KM) & (surer > _MUCH_SURER_KM))
    )
    nowhere = sites["lat"].isna() & ~better
    fallback = units["geocode"] == "fallback_address"
    sites["coord_precision"] = pd.Series(
        np.select(
            [better & on_imagery, nowhere, centroid & ~better, fallback & ~better],
            ["site", "zip_centroid", "city_centroid", "address_fallback"],
            default="address",
        ),
        index=units.index,
        dtype="str",
    )
    for column in ("lat", "lon"):
        sites[column] = sites[column].mask(better, others[column]).mask(nowhere, zips[column])
    lost = sites["lat"].isna()
    if lost.any():
        raise InputError(f"hospital {units.index[lost][0]} has no coordinates and no known ZIP code; mend its address")
    sites["hifld_county"] = others["county_reported"]
    sites["hifld_beds"] = others["beds"].where(matches["similarity"] >= _SAME_HOSPITAL_NAME)
    return sites


def county_votes(frame: pd.DataFrame, counties: gpd.GeoDataFrame, centers: pd.DataFrame) -> pd.DataFrame:
    """Ask the polygons, HIFLD, the publisher's own code (or the ZIP code's county) and the people who live near.

    Only counties of the facility's own state count: on a state line the address knows better than a rough polygon.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``lat, lon, state, zip, county_reported, hifld_county``.
    counties : geopandas.GeoDataFrame
        ``county_fips``, ``state`` and polygons of 2024.
    centers : pandas.DataFrame
        ``county_fips, lat, lon`` of the block groups' centers of population.

    Returns
    -------
    pandas.DataFrame
        ``polygon, hifld, reported, most, all_five``, for :func:`matcare.tables.facility_sites.voted_counties`.
    """
    reported = frame["county_reported"].mask(frame["county_reported"] == "", zip_counties(frame["zip"], counties))
    near = nearest_center_counties(frame["lat"], frame["lon"], centers)
    polygon = counties_of_points(frame["lat"], frame["lon"], counties)
    votes = pd.DataFrame(
        {"polygon": polygon, "hifld": frame["hifld_county"], "reported": reported, **near}, index=frame.index
    )
    state_of = dict(zip(counties["county_fips"], counties["state"], strict=True))
    return votes.where(votes.apply(lambda codes: codes.map(state_of) == frame["state"]))
