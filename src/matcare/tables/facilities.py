"""Facilities with graded evidence: birth hospitals, neonatal units, other kinds; what each counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.embedded import FACILITIES
from matcare.errors import InputError
from matcare.scenario import EVIDENCE_TIERS
from matcare.sources.birth_centers import zip_centroids
from matcare.tables.facility_places import county_votes, located
from matcare.tables.facility_sites import same_site_as, voted_counties
from matcare.tables.facility_units import FacilitySources, hospital_units
from matcare.tables.reviewed_units import apply_reviews, read_reviews

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import geopandas as gpd

__all__ = [
    "compile_facilities",
    "facilities_left_out",
    "nicu_evidence",
    "obstetric_evidence",
    "service_flags",
    "tribal_or_ihs",
]

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
_EMERGENCY: Final = "rural_emergency_hospital"
_INDIAN_HEALTH: Final = (
    r"\bINDIAN (?:HOSP|HEALTH|MEDICAL)|\bP\s?H\s?S\b|\bIHS\b|\bALASKA NATIVE\b"
    r"|\b(?:CHEROKEE|CHICKASAW|CHOCTAW|CREEK\)?) NATION\b"
)
"""Words of the Indian Health Service and of tribal nations: they tell, whoever CMS says owns the hospital."""
_INDIAN_HEALTH_PLACES: Final = (
    r"\bCHINLE\b|\bNAVAJO\b|\bZUNI\b|\bCROWNPOINT\b|\bRED LAKE\b|\bSTANDING ROCK\b|^HUHU KAM\b|^CHOCTAW HEALTH\b"
)
"""Places and peoples in the names of federal hospitals that say neither; elsewhere they are names of towns."""
_TRIBAL_ORGANIZATIONS: Final = (
    r"^TUBA CITY REGIONAL|^KANAKANAK\b|^BRISTOL BAY AREA HEALTH|^SOUTHEAST ALASKA REGIONAL HEALTH|^SEARHC\b"
)
"""Hospitals of tribal organizations whose owner CMS lists as a private nonprofit, from public knowledge."""


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
    frame["county_fips"] = voted_counties(county_votes(frame, counties, centers))
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

    A Rural Emergency Hospital is `none`: it has no inpatient beds, and its flags are from the time when it had.
    Otherwise `corroborated`: on site in the Provider of Services file *and* (birthing-friendly or nursery discharges).
    `likely`: one of the latter alone, whatever that file says. `claimed`: the Provider of Services file alone.
    `arranged`: obstetrics under arrangement only. `none`: the file's service flags show no sign. `unknown`: military
    hospitals, those without any flag, and those with nothing but a service flag that are no longer among the active
    hospitals or are children's hospitals, where fetal care or a consultant may set it.
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
    tiers = np.select(choices, EVIDENCE_TIERS[:5], default="none")
    return pd.Series(tiers, index=signs.index, dtype="str").mask(signs["kind"] == _EMERGENCY, "none")


def nicu_evidence(signs: pd.DataFrame) -> pd.Series:
    """Tell whether a hospital has a neonatal intensive care unit, in three states.

    `yes`: the federal service flag, NICU beds in a cost report, or a reported level III or IV. `no_evidence`: the
    service flags are there and show none; they miss one code, so this is not a no; also a Rural Emergency Hospital,
    whatever its flags say. `unknown`: no flags, or a children's or military hospital without evidence.

    Parameters
    ----------
    signs : pandas.DataFrame
        Booleans ``nicu_flag``, ``in_services``; ``nicu_beds``, ``neonatal_level``, ``kind``.

    Returns
    -------
    pandas.Series of str
    """
    emergency = signs["kind"] == _EMERGENCY
    yes = signs["nicu_flag"] | signs["nicu_beds"].gt(0) | signs["neonatal_level"].isin(["III", "IV"])
    silent = signs["in_services"] & ~signs["kind"].isin(["childrens_hospital", "military_hospital"])
    return pd.Series(
        np.select([emergency, yes, silent], ["no_evidence", "yes", "no_evidence"], default="unknown"),
        index=signs.index,
        dtype="str",
    )


def tribal_or_ihs(facilities: pd.DataFrame) -> pd.Series:
    """Tell which hospitals belong to the Indian Health Service or to a tribe, as far as owner and name tell.

    CMS's column is not enough: it calls private hospitals (Piedmont in Atlanta, Wilcox in Lihue) ``Government -
    Federal`` and lists some of tribes as private nonprofit. So: an owner that is `tribal` or `indian_health_service`;
    any hospital whose name says Indian hospital, Indian Health, PHS, IHS, Alaska Native or the Cherokee, Chickasaw,
    Choctaw or Creek Nation; a federal one with a name known from the Indian Health Service's own list (Chinle, Northern
    Navajo, Zuni, Crownpoint, Red Lake, Standing Rock, Hu Hu Kam, Choctaw Health Center); and three tribal organizations
    by name (Tuba City, Bristol Bay's Kanakanak, SEARHC). The last two lists are from public knowledge, not verified.
    False is *not known to be*. These hospitals serve those who are eligible, not everyone.

    Parameters
    ----------
    facilities : pandas.DataFrame
        ``facility_name``, ``kind``, ``ownership`` (missing where it is not reported).

    Returns
    -------
    pandas.Series of bool
        Same index; birth centers and military hospitals are false.

    Examples
    --------
    >>> frame = pd.DataFrame({"facility_name": ["GALLUP INDIAN MEDICAL CENTER", "PIEDMONT HOSPITAL", "NORTON SOUND"]})
    >>> tribal_or_ihs(frame.assign(kind="hospital", ownership=["federal", "federal", "tribal"])).tolist()
    [True, False, True]
    """
    names, owner = facilities["facility_name"].str.upper(), facilities["ownership"]
    named = names.str.contains(_INDIAN_HEALTH) | names.str.contains(_TRIBAL_ORGANIZATIONS)
    named |= owner.eq("federal") & names.str.contains(_INDIAN_HEALTH_PLACES)
    other_kind = facilities["kind"].isin(["birth_center", "military_hospital"])
    return ((named | owner.isin(["tribal", "indian_health_service"])) & ~other_kind).astype(bool)


def service_flags(facilities: pd.DataFrame, *, birth_care_tiers: Collection[str]) -> pd.DataFrame:
    """Say which services each facility counts for.

    A facility that a correction closed counts for none; a birth center counts for none of these (it enters the March
    of Dimes rule by its kind, never a hospital's capability). A Rural Emergency Hospital counts for birth care only
    where a correction or the user's file says that it offers it (low-risk deliveries without a stay are allowed there),
    whatever tiers are chosen.

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
    without_births = (out["kind"] == _EMERGENCY) & ~evidence.isin(_BIRTH_TIERS)
    out["counts_birth_care"] = hospital & evidence.isin(list(birth_care_tiers)) & ~without_births
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
    kinds = {"childrens": "childrens_hospital", "military": "military_hospital", "rural_emergency": _EMERGENCY}
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
    sites = located(rows, sources)
    for column in ("lat", "lon", "coord_precision", "hifld_county"):
        rows[column] = sites[column]
    rows["beds"] = rows["beds"].fillna(sites["hifld_beds"]).mask(rows["kind"] == _EMERGENCY)
    rows["hospital_type"] = rows["type_listed"]
    for column in ("maternal_level", "telehealth"):
        rows[column] = pd.Series(None, index=rows.index, dtype="str")
    rows["maternal_level_source"] = "none"
    rows["level_source"] = pd.Series(
        np.where(rows["neonatal_level"].notna(), "reported", "none"), index=rows.index, dtype="str"
    )
    rows["level_query"] = _level_query(rows)
    listed = np.where(rows["in_general"], "not_designated", "not_listed")
    rows["birthing_friendly"] = pd.Series(
        np.where(rows["birthing_friendly"], "yes", listed), index=rows.index, dtype="str"
    )
    rows["zip"] = rows["zip"].where(rows["zip"] != "")
    rows = rows.reset_index(names="facility_id").rename(columns={"name": "facility_name"})
    of_indian_health = rows["ownership"].eq("federal") & tribal_or_ihs(rows)
    rows["ownership"] = rows["ownership"].mask(of_indian_health, "indian_health_service")
    return rows


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
        hospital_type="not_applicable",
        ownership="not_reported",
        maternal_level_source="none",
        nicu="no_evidence",
        nicu_beds=np.nan,
        beds=np.nan,
        county_reported="",
        hifld_county=None,
    )
    for column in ("neonatal_level", "level_query", "maternal_level", "telehealth", "evidence_query", "other_ids"):
        rows[column] = pd.Series(None, index=rows.index, dtype="str")
    return rows


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
        "the service flags say obstetrics or NICU, which are from before it became a Rural Emergency Hospital, without "
        "inpatient beds": (units["kind"] == _EMERGENCY) & (flagged | units["nicu_flag"]),
        **{
            f"CMS lists a Rural Emergency Hospital, without inpatient beds, of this address or name ({new}): "
            "obstetrics may have ended": units["emergency_since"] == new
            for new in units["emergency_since"].dropna().unique()
        },
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
