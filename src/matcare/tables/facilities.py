"""Facilities with graded evidence: birth hospitals, neonatal units, birth centers; what each counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.embedded import FACILITIES
from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.scenario import EVIDENCE_TIERS
from matcare.sources.birth_centers import zip_centroids, zip_counties
from matcare.tables.facility_sites import (
    counties_of_points,
    match_hospitals,
    nearest_center_counties,
    same_site_as,
    voted_counties,
)
from matcare.tables.facility_units import FacilitySources, hospital_units
from matcare.tables.reviewed_units import apply_reviews, read_reviews

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import geopandas as gpd

__all__ = ["compile_facilities", "facilities_left_out", "nicu_evidence", "obstetric_evidence", "service_flags"]

_FEW_BEDS_FOR_IV: Final = 200
_LOOSE_MATCHES: Final = {
    "near and name": "matched by nearness and name",
    "state and name": "matched by state and name only",
    "by hand": "matched by hand",
}
_BIRTH_TIERS: Final = ("corroborated", "likely", "claimed")
_SUPPORTED_TIERS: Final = ("corroborated", "likely")
_TELLING_NAMES: Final = {
    "a cancer hospital": r"\b(?:CANCER|ONCOLOGY|TUMOR)\b",
    "a spine hospital": r"\bSPINE\b",
    "an orthopedic hospital": r"\bORTHOPA?EDIC",
    "a psychiatric hospital": r"\bPSYCHIATR|\bSTATE HOSPITAL\b|\bBEHAV",
}
"""Words in a name that seldom go with a birth unit. They raise a question; they change no evidence."""
_DIFFER_KM: Final = 2.0
_WEAK_DIFFER_KM: Final = 5.0
_FAR_KM: Final = 25.0
_SURER_KM: Final = 3.0
_MUCH_SURER_KM: Final = 8.0
_SAME_HOSPITAL_NAME: Final = 0.65
"""Below it one address holds two hospitals, or a clinic beside one: beds are not taken over."""


def compile_facilities(from_dir: Path, counties: gpd.GeoDataFrame, centers: pd.DataFrame) -> pd.DataFrame:
    """Compile the facilities from the publishers' files.

    Parameters
    ----------
    from_dir : pathlib.Path
        Folder that holds the files, or whose folder ``facilities`` does.
    counties : geopandas.GeoDataFrame
        ``county_fips``, ``county_name``, ``state`` and polygons of 2024 in EPSG:4326.
    centers : pandas.DataFrame
        ``county_fips`` (of 2024), ``lat, lon`` of the block groups' centers of population; one voice in the county.

    Returns
    -------
    pandas.DataFrame
        The contract ``FACILITIES``, ordered by ``facility_id``. What was left out is told by
        :func:`facilities_left_out`.

    Raises
    ------
    InputError
        When a file is missing or not what it should be.
    """
    sources = FacilitySources.read(from_dir)
    units, _ = hospital_units(sources)
    hospitals = _hospital_rows(units, sources)
    frame = pd.concat([hospitals, _birth_center_rows(sources)], ignore_index=True)
    frame["same_site_as"] = same_site_as(frame)
    frame["county_fips"] = voted_counties(_county_votes(frame, counties, centers))
    frame = frame[FACILITIES.names].sort_values("facility_id", ignore_index=True)
    return FACILITIES.validate(frame, where="facilities as compiled")


def facilities_left_out(from_dir: Path) -> pd.DataFrame:
    """Tell which hospitals with a sign of obstetric or neonatal care are not in the compiled table.

    Parameters
    ----------
    from_dir : pathlib.Path
        As for :func:`compile_facilities`.

    Returns
    -------
    pandas.DataFrame
        ``ccn, name, state, reason``.
    """
    return hospital_units(FacilitySources.read(from_dir))[1]


def obstetric_evidence(signs: pd.DataFrame) -> pd.Series:
    """Grade a hospital's obstetric evidence.

    `corroborated`: on site in the Provider of Services file *and* (birthing-friendly or nursery discharges). `likely`:
    one of the latter alone, whatever that file says. `claimed`: the Provider of Services file alone. `arranged`:
    obstetrics under arrangement only. `none`: the file's service flags show no sign. `unknown`: military hospitals,
    those without any flag, and those with nothing but a service flag that are no longer among the active hospitals or
    are children's hospitals, where fetal care or a consultant may set it.
    One nursery discharge is evidence, and so is a masked count (1-9): the cost report has a newborn in it either way.

    Parameters
    ----------
    signs : pandas.DataFrame
        ``pos_obstetrics`` (on_site, both, arranged, flagged, no_flag, not_listed), ``kind``, and the booleans
        ``birthing_friendly``, ``newborns`` and ``active`` (among CMS's active hospitals).

    Returns
    -------
    pandas.Series of str
        One of :data:`matcare.scenario.EVIDENCE_TIERS`.
    """
    pos = signs["pos_obstetrics"]
    on_site, second = pos.isin(["on_site", "both"]), signs["birthing_friendly"] | signs["newborns"]
    silent = (pos == "not_listed") | (pos == "flagged") | (signs["kind"] == "military_hospital")
    flagged = (pos == "flagged") & signs["active"] & (signs["kind"] != "childrens_hospital")
    choices = [on_site & second, second, on_site | flagged, pos == "arranged", silent]
    return pd.Series(np.select(choices, EVIDENCE_TIERS[:5], default="none"), index=signs.index, dtype="str")


def nicu_evidence(signs: pd.DataFrame) -> pd.Series:
    """Tell whether a hospital has a neonatal intensive care unit, in three states.

    `yes`: the federal service flag, NICU beds in a cost report, or a reported level III or IV. `no_evidence`: the
    service flags are there and show none; they miss one code, so this is not a no. `unknown`: no flags, or a
    children's or military hospital without evidence.

    Parameters
    ----------
    signs : pandas.DataFrame
        Booleans ``nicu_flag``, ``in_services``; ``nicu_beds``, ``neonatal_level``, ``kind``.

    Returns
    -------
    pandas.Series of str
    """
    yes = signs["nicu_flag"] | signs["nicu_beds"].gt(0) | signs["neonatal_level"].isin(["III", "IV"])
    silent = signs["in_services"] & ~signs["kind"].isin(["childrens_hospital", "military_hospital"])
    return pd.Series(
        np.select([yes, silent], ["yes", "no_evidence"], default="unknown"), index=signs.index, dtype="str"
    )


def service_flags(facilities: pd.DataFrame, *, birth_care_tiers: Collection[str]) -> pd.DataFrame:
    """Say which services each facility counts for.

    A facility that a correction closed counts for none; a birth center counts for none of these (it enters the March
    of Dimes rule by its kind, never a hospital's capability).

    Parameters
    ----------
    facilities : pandas.DataFrame
        The contract ``FACILITIES``, with ``status`` and ``correction`` where corrections were applied.
    birth_care_tiers : collection of str
        Obstetric evidence that counts as birth care.

    Returns
    -------
    pandas.DataFrame
        The same rows with ``counts_birth_care``, ``counts_nicu``, ``counts_neonatal_2_plus``,
        ``counts_neonatal_3_plus``, ``counts_neonatal_3_plus_or_nicu`` (III or IV, or a NICU of unknown level),
        ``counts_birth_care_corroborated`` (of the tiers chosen only `corroborated` and `likely`, and not missing from
        CMS's active hospitals), ``status`` and ``correction``.

    Raises
    ------
    InputError
        When a tier is not known.
    """
    for tier in birth_care_tiers:
        if tier not in EVIDENCE_TIERS:
            raise InputError(f"unknown obstetric evidence tier {tier!r}: one of {', '.join(EVIDENCE_TIERS)}")
    out = facilities.copy()
    if "status" not in out:
        out["status"] = pd.Series("open", index=out.index, dtype="str")
    if "correction" not in out:
        out["correction"] = pd.Series("none", index=out.index, dtype="str")
    hospital = (out["status"] == "open") & (out["kind"] != "birth_center")
    evidence, level, nicu = out["obstetric_evidence"], out["neonatal_level"], out["nicu"] == "yes"
    high = level.isin(["III", "IV"])
    out["counts_birth_care"] = hospital & evidence.isin(list(birth_care_tiers))
    out["counts_nicu"] = hospital & nicu
    out["counts_neonatal_2_plus"] = hospital & (high | (level == "II"))
    out["counts_neonatal_3_plus"] = hospital & high
    out["counts_neonatal_3_plus_or_nicu"] = hospital & (high | (nicu & level.isna()))
    supported = evidence.isin([tier for tier in birth_care_tiers if tier in _SUPPORTED_TIERS])
    vouched = (out["cms_active"] != "not_listed") | (
        out["correction"] != "none"
    )  # a correction in force names its source
    out["counts_birth_care_corroborated"] = hospital & supported & vouched
    return out


def _hospital_rows(units: pd.DataFrame, sources: FacilitySources) -> pd.DataFrame:
    rows = units.copy()
    kinds = {"childrens": "childrens_hospital", "military": "military_hospital"}
    rows["kind"] = rows["hospital_type"].map(kinds).fillna("hospital")
    rows["obstetric_evidence"] = obstetric_evidence(rows)
    rows["nicu"] = nicu_evidence(rows)
    listed = np.where(rows["active"], "yes", "not_listed")
    rows["cms_active"] = pd.Series(
        np.where(rows["hospital_type"] == "military", "not_applicable", listed), index=rows.index, dtype="str"
    )
    reviews = read_reviews()
    rows["name"], named = apply_reviews(rows, "name", reviews)
    rows["obstetric_evidence"], graded = apply_reviews(rows, "evidence", reviews)
    rows["evidence_query"] = _evidence_query(rows, graded, named)
    sites = _located(rows, sources)
    for column in ("lat", "lon", "coord_precision", "hifld_county"):
        rows[column] = sites[column]
    rows["beds"] = rows["beds"].fillna(sites["hifld_beds"])
    rows["level_source"] = pd.Series(
        np.where(rows["neonatal_level"].notna(), "reported", "none"), index=rows.index, dtype="str"
    )
    rows["level_query"] = _level_query(rows)
    listed = np.where(rows["in_general"], "not_designated", "not_listed")
    rows["birthing_friendly"] = pd.Series(
        np.where(rows["birthing_friendly"], "yes", listed), index=rows.index, dtype="str"
    )
    rows["zip"] = rows["zip"].where(rows["zip"] != "")
    return rows.reset_index(names="facility_id").rename(columns={"name": "facility_name"})


def _birth_center_rows(sources: FacilitySources) -> pd.DataFrame:
    centers = sources.birth_centers
    points = zip_centroids(centers["zip"])
    unknown = points["lat"].isna()
    if unknown.any():
        first = centers[unknown].iloc[0]
        raise InputError(
            f"birth center {first['facility_id']}: ZIP code {first['zip']} has no known place; mend its address"
        )
    rows = centers.rename(columns={"name": "facility_name"}).assign(
        lat=points["lat"],
        lon=points["lon"],
        kind="birth_center",
        coord_precision="zip_centroid",
        obstetric_evidence="birth_center",
        cms_active="not_applicable",
        pos_obstetrics="not_listed",
        birthing_friendly="not_listed",
        nursery_discharges=np.nan,
        nursery_discharges_status="not_reported",
        level_source="none",
        nicu="no_evidence",
        nicu_beds=np.nan,
        beds=np.nan,
        county_reported="",
        hifld_county=None,
    )
    for column in ("neonatal_level", "level_query", "evidence_query", "other_ids"):
        rows[column] = pd.Series(None, index=rows.index, dtype="str")
    return rows


def _located(units: pd.DataFrame, sources: FacilitySources) -> pd.DataFrame:
    """Choose each hospital's coordinates from the geocodes, the HIFLD site and the ZIP centroid."""
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


def _county_votes(frame: pd.DataFrame, counties: gpd.GeoDataFrame, centers: pd.DataFrame) -> pd.DataFrame:
    """Ask the polygons, HIFLD, the publisher's own code (or the ZIP code's county) and the people who live near.

    Only counties of the facility's own state count: on a state line the address knows better than a rough polygon.
    """
    reported = frame["county_reported"].mask(frame["county_reported"] == "", zip_counties(frame["zip"], counties))
    near = nearest_center_counties(frame["lat"], frame["lon"], centers)
    polygon = counties_of_points(frame["lat"], frame["lon"], counties)
    votes = pd.DataFrame(
        {"polygon": polygon, "hifld": frame["hifld_county"], "reported": reported, **near}, index=frame.index
    )
    state_of = dict(zip(counties["county_fips"], counties["state"], strict=True))
    return votes.where(votes.apply(lambda codes: codes.map(state_of) == frame["state"]))


def _evidence_query(units: pd.DataFrame, graded: pd.Series, named: pd.Series) -> pd.Series:
    """Say what speaks against the evidence; `graded` and `named` are the words of the reviews."""
    tier, flagged = units["obstetric_evidence"], units["pos_obstetrics"] == "flagged"
    childrens, birth = units["kind"] == "childrens_hospital", tier.isin(_BIRTH_TIERS)
    names = units["name"].str.upper()
    parts = {
        "not among CMS's active hospitals of 2026: may be a new number or closed": units["cms_active"] == "not_listed",
        "the service flag does not say whether on site or under arrangement": flagged & (tier == "claimed"),
        "a children's hospital with no sign of obstetrics but the service flag, which fetal care or a consultant may "
        "set: not taken for birth care": flagged & childrens & (tier == "unknown"),
        **{f"the name is that of {what}": birth & names.str.contains(words) for what, words in _TELLING_NAMES.items()},
        **{words: graded == words for words in graded.dropna().unique()},
        **{words: named == words for words in named.dropna().unique()},
    }
    return _joined(parts, units.index)


def _level_query(units: pd.DataFrame) -> pd.Series:
    level = units["neonatal_level"]
    no_births = units["obstetric_evidence"].isin(["none"]) & (units["kind"] == "hospital")
    parts = {
        f"IV under {_FEW_BEDS_FOR_IV} beds": (level == "IV") & (units["beds"] < _FEW_BEDS_FOR_IV),
        "listed at two levels, the higher kept": level.notna() & units["listed_at_two_levels"],
        "no sign of obstetrics at the hospital": level.notna() & no_births,
        "not among CMS's active hospitals of 2026": level.notna() & (units["cms_active"] == "not_listed"),
        **{words: level.notna() & (units["level_match"] == match) for match, words in _LOOSE_MATCHES.items()},
    }
    return _joined(parts, units.index)


def _joined(parts: dict[str, pd.Series], index: pd.Index) -> pd.Series:
    texts = pd.Series("", index=index, dtype="str")
    for words, holds in parts.items():
        texts = texts.mask(holds, texts + "; " + words)
    return texts.str.removeprefix("; ").where(texts != "")
