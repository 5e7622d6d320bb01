"""Hospitals without a sign of obstetric or neonatal care: places where a unit could be asked for, never units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.embedded import FACILITIES, OTHER_HOSPITALS
from matcare.tables.facilities import tribal_or_ihs
from matcare.tables.facility_places import county_votes, located
from matcare.tables.facility_sites import match_hospitals, same_site_as, voted_counties
from matcare.tables.facility_units import FacilitySources, hospital_units, hospitals_without_signs

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["as_facilities", "compile_other_hospitals", "specialty_in"]

_SPECIALTIES: Final = {
    "cancer": r"\bCANCER\b|\bONCOLOG|\bTUMOR\b|\bCITY OF HOPE\b|\bSYLVESTER\b",
    "heart": r"(?<!SACRED )\bHEART (?:HOSPITAL|CENTER|AND|&)|\bNEBRASKA HEART\b|\bCARDIO|\bVASCULAR\b",
    "orthopedic": r"\bORTHOPA?EDIC|\bSPIN(?:E|AL)\b|\bBONE\b|\bJOINT\b",
    "eye": r"\bEYE\b",
    "psychiatric": r"\bPSYCHIATR|\bSTATE HOSPITAL\b|\bBEHAV|\bMENTAL HEALTH\b|\bCENTER FOR RECOVERY\b",
    "rehabilitation": r"\bREHAB",
    "surgical": r"\bSURG(?:ICAL|ERY|EONS)\b",
    "other": r"\bSPECIALTY\b|\bSPECIALISTS\b|\bHOSPICE\b|\bDEVELOPMENTAL CENTER\b|\bINFECTIOUS DISEASE\b",
}
"""Words in the names of hospitals that give one kind of care; the first that fits is taken."""
_FLAGGED_BEFORE: Final = "the service flags of its former certification number say obstetrics"
_FOR_WOMEN: Final = "the name is that of a hospital for women or children"
_WOMEN: Final = r"\bWOMEN(?!.S FAULKNER)|\bMATERNITY\b|\bCHILDREN"


def compile_other_hospitals(
    from_dir: Path, counties: gpd.GeoDataFrame, centers: pd.DataFrame, facilities: pd.DataFrame
) -> pd.DataFrame:
    """Compile the hospitals without a sign of obstetric or neonatal care from the publishers' files.

    Name, address and ZIP code are those of CMS's active hospitals, the younger list; the fuller name of the general
    information stands where that list cuts it.

    Parameters
    ----------
    from_dir, counties, centers
        As for :func:`matcare.tables.facilities.compile_facilities`.
    facilities : pandas.DataFrame
        What that function made of the same files, for those on the same site.

    Returns
    -------
    pandas.DataFrame
        The contract ``OTHER_HOSPITALS``, ordered by ``facility_id``.

    Raises
    ------
    InputError
        When a file is missing or not what it should be, or a hospital has neither coordinates nor a known ZIP code.
    """
    sources = FacilitySources.read(from_dir)
    units, _ = hospital_units(sources)
    rows = hospitals_without_signs(sources, units)
    sites = _places_of_closed(rows, located(rows, sources), sources)
    for column in ("lat", "lon", "coord_precision", "hifld_county"):
        rows[column] = sites[column]
    rows["beds"] = rows["beds"].fillna(sites["hifld_beds"])
    rows["county_fips"] = voted_counties(county_votes(rows, counties, centers))
    rows["specialty"] = specialty_in(rows["name"], rows["hospital_type"])
    designation = np.where(rows["in_general"], "not_designated", "not_listed")
    rows["birthing_friendly"] = pd.Series(designation, index=rows.index, dtype="str")
    rows["evidence_query"] = _queries(rows)
    rows["zip"] = rows["zip"].where(rows["zip"] != "")
    rows = rows.reset_index(names="facility_id").rename(columns={"name": "facility_name"})
    there = facilities.assign(address=facilities["facility_id"].map(units["address"]).fillna(""))
    rows["same_site_as"] = same_site_as(pd.concat([rows, there], ignore_index=True)).iloc[: len(rows)]
    of_indian_health = rows["ownership"].eq("federal") & tribal_or_ihs(rows.assign(kind="hospital"))
    rows["ownership"] = rows["ownership"].mask(of_indian_health, "indian_health_service")
    table = rows[OTHER_HOSPITALS.names].sort_values("facility_id", ignore_index=True)
    return OTHER_HOSPITALS.validate(table, where="other hospitals as compiled")


def _places_of_closed(rows: pd.DataFrame, sites: pd.DataFrame, sources: FacilitySources) -> pd.DataFrame:
    """Take the site of a hospital that HIFLD has as closed, where only the ZIP code is known: it opened again there."""
    closed = sources.hifld[~sources.hifld["open"] & sources.hifld["on_imagery"]]
    matches = match_hospitals(rows[sites["coord_precision"] == "zip_centroid"], closed)
    same = matches[matches["how"].str.contains("address")]
    out = sites.copy()
    for column, source in (("lat", "lat"), ("lon", "lon"), ("hifld_county", "county_reported")):
        out.loc[same.index, column] = closed[source].reindex(same["other"]).to_numpy()
    out.loc[same.index, "coord_precision"] = "site"
    return out


def specialty_in(names: pd.Series, hospital_types: pd.Series) -> pd.Series:
    """Tell which one kind of care hospitals give, as far as their names tell.

    Parameters
    ----------
    names : pandas.Series of str
        Names of hospitals.
    hospital_types : pandas.Series of str
        Critical access hospitals are general hospitals whatever their name says.

    Returns
    -------
    pandas.Series of str
        A value of the column ``specialty``; missing where the name tells none.

    Examples
    --------
    >>> names = pd.Series(["AVERA HEART HOSPITAL", "SACRED HEART HOSPITAL", "IOWA SPECIALTY HOSPITAL - BELMOND"])
    >>> specialty_in(names, pd.Series(["acute", "acute", "critical_access"])).fillna("").tolist()
    ['heart', '', '']
    """
    upper = names.str.upper()
    found = pd.Series(None, index=names.index, dtype="str")
    for specialty, words in _SPECIALTIES.items():
        found = found.mask(found.isna() & upper.str.contains(words), specialty)
    return found.where(hospital_types != "critical_access")


def as_facilities(other_hospitals: pd.DataFrame) -> pd.DataFrame:
    """Bring the hospitals to the form of facilities, with nothing known of them that would count for a service.

    ``obstetric_evidence`` is `none` where the service flags show no sign, `unknown` where there are no flags or only
    those of a former number; ``nicu`` likewise `no_evidence` or `unknown`. A specialty that the name tells of goes
    into ``evidence_query``.

    Parameters
    ----------
    other_hospitals : pandas.DataFrame
        The contract ``OTHER_HOSPITALS``.

    Returns
    -------
    pandas.DataFrame
        The contract ``FACILITIES``, same rows, numbered from 0.
    """
    rows = other_hospitals.reset_index(drop=True).copy()
    without_flag = rows["pos_obstetrics"] == "no_flag"
    rows["kind"] = pd.Series("hospital", index=rows.index, dtype="str")
    rows["obstetric_evidence"] = pd.Series(np.where(without_flag, "none", "unknown"), index=rows.index, dtype="str")
    rows["nicu"] = pd.Series(np.where(without_flag, "no_evidence", "unknown"), index=rows.index, dtype="str")
    named = "the name is that of a hospital of one kind of care (" + rows["specialty"] + ")"
    both = rows["evidence_query"] + "; " + named
    rows["evidence_query"] = both.fillna(rows["evidence_query"]).fillna(named)
    for column, value in _NOTHING_KNOWN.items():
        rows[column] = pd.Series(value, index=rows.index, dtype="str")
    for column in ("nursery_discharges", "nicu_beds"):
        rows[column] = pd.Series(np.nan, index=rows.index, dtype="float64")
    return FACILITIES.validate(rows[FACILITIES.names], where="other hospitals as facilities")


_NOTHING_KNOWN: Final = {
    "cms_active": "yes",
    "nursery_discharges_status": "not_reported",
    "neonatal_level": None,
    "level_source": "none",
    "level_query": None,
    "maternal_level": None,
    "maternal_level_source": "none",
    "telehealth": None,
}


def _queries(hospitals: pd.DataFrame) -> pd.Series:
    """Say what speaks against a hospital's having no obstetrics."""
    parts = {
        _FLAGGED_BEFORE: hospitals["pos_obstetrics"] == "flagged",
        _FOR_WOMEN: hospitals["name"].str.upper().str.contains(_WOMEN),
    }
    texts = pd.Series("", index=hospitals.index, dtype="str")
    for words, holds in parts.items():
        texts = texts.mask(holds, texts + "; " + words)
    return texts.str.removeprefix("; ").where(texts != "")
