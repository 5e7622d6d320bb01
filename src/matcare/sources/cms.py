"""Hospitals in the files of the Centers for Medicare & Medicaid Services (CMS).

The Provider of Services file (POS) says which services a hospital told its surveyors it offers; flags go stale. The
hospital general information file carries the birthing-friendly designation, where a blank is not a no.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from matcare.errors import InputError
from matcare.sources.facility_files import (
    canonical_ccn,
    number_column,
    read_text_columns,
    require_values,
    unique_key,
    zip5,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "OWNERSHIP",
    "read_birthing_friendly_sites",
    "read_general_information",
    "read_pos_hospitals",
    "read_pos_obstetrics",
    "read_pos_services",
]

# fmt: off
_OBSTETRIC_COLUMNS: Final = (
    "prvdr_num", "fac_name", "ob_srvc_cd", "county_fips", "geocode_address_1", "geocode_city", "geocode_state",
    "geocode_zip", "latitude", "longitude", "coord_precision", "fb_match_type",
)
_GENERAL_COLUMNS: Final = (
    "Facility ID", "Facility Name", "Address", "City/Town", "State", "ZIP Code", "Telephone Number", "Hospital Type",
    "Hospital Ownership",
)
# fmt: on
_OBSTETRIC_CODES: Final = {"1": "on_site", "2": "arranged", "3": "both"}
_GEOCODES: Final = ("census_batch", "cache", "fallback_address", "city_centroid")
_SUBTYPES: Final = {
    "01": "acute",
    "02": "long_term",
    "03": "religious",
    "04": "psychiatric",
    "05": "rehabilitation",
    "06": "childrens",
    "11": "critical_access",
    "20": "transplant",
    "28": "rural_emergency",
}
_TYPES: Final = {
    "Acute Care Hospitals": "acute",
    "Critical Access Hospitals": "critical_access",
    "Childrens": "childrens",
    "Psychiatric": "psychiatric",
    "Long-term": "long_term",
    "Rural Emergency Hospital": "rural_emergency",
    "Acute Care - Veterans Administration": "veterans",
    "Acute Care - Department of Defense": "military",
}
OWNERSHIP: Final = {
    "Voluntary non-profit - Private": "private_nonprofit",
    "Voluntary non-profit - Church": "church_nonprofit",
    "Voluntary non-profit - Other": "other_nonprofit",
    "Proprietary": "proprietary",
    "Physician": "physician",
    "Government - Hospital District or Authority": "government_district",
    "Government - Local": "government_local",
    "Government - State": "government_state",
    "Government - Federal": "federal",
    "Department of Defense": "military",
    "Veterans Health Administration": "veterans",
    "Tribal": "tribal",
}
"""CMS's words for who owns a hospital, and ours."""
_LATITUDE, _LONGITUDE = (-90.0, 90.0), (-180.0, 180.0)


def read_pos_obstetrics(path: Path) -> pd.DataFrame:
    """Read hospitals with an obstetric service in the Provider of Services file, with geocodes.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``prvdr_num, fac_name, ob_srvc_cd`` (1 on site, 2 under arrangement, 3 both) and coordinates.

    Returns
    -------
    pandas.DataFrame
        ``ccn, name, address, city, state, zip, county_reported, pos_obstetrics`` (on_site, arranged, both), ``lat,
        lon`` (degrees), ``geocode`` (census_batch, cache, fallback_address, city_centroid), ``geocode_match``.

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    raw = read_text_columns(
        path,
        _OBSTETRIC_COLUMNS,
        what="CMS's Provider of Services obstetric hospitals, geocoded",
    )
    ccn = canonical_ccn(raw["prvdr_num"], path=path, column="prvdr_num")
    codes = require_values(raw["ob_srvc_cd"], list(_OBSTETRIC_CODES), path=path, column="ob_srvc_cd")
    return pd.DataFrame(
        {
            "ccn": unique_key(ccn, path=path, column="prvdr_num"),
            "name": raw["fac_name"],
            "address": raw["geocode_address_1"],
            "city": raw["geocode_city"],
            "state": raw["geocode_state"].str.upper(),
            "zip": zip5(raw["geocode_zip"]),
            "county_reported": raw["county_fips"],
            "pos_obstetrics": codes.map(_OBSTETRIC_CODES),
            "lat": _degrees(raw["latitude"], _LATITUDE, path=path, column="latitude"),
            "lon": _degrees(raw["longitude"], _LONGITUDE, path=path, column="longitude"),
            "geocode": require_values(raw["coord_precision"], _GEOCODES, path=path, column="coord_precision"),
            "geocode_match": raw["fb_match_type"],
        }
    )


def read_pos_services(path: Path) -> pd.DataFrame:
    """Read service flags of the Provider of Services file.

    A flag is 1 where the file's service code is 1 or 2. Code 3 (on site and under arrangement) was lost on the way, so
    0 means *not known*, never *not offered*.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``ccn, county_fips, nicu_offered, nursery_offered, ob_offered, picu_offered``.

    Returns
    -------
    pandas.DataFrame
        ``ccn, county_reported`` and booleans ``nicu_flag, nursery_flag, obstetrics_flag, picu_flag``.

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    flags = {
        "nicu_flag": "nicu_offered",
        "nursery_flag": "nursery_offered",
        "obstetrics_flag": "ob_offered",
        "picu_flag": "picu_offered",
    }
    raw = read_text_columns(
        path, ["ccn", "county_fips", *flags.values()], what="CMS's Provider of Services service flags"
    )
    columns = {
        name: require_values(raw[source], ("0", "1"), path=path, column=source) == "1" for name, source in flags.items()
    }
    ccn = unique_key(canonical_ccn(raw["ccn"], path=path, column="ccn"), path=path, column="ccn")
    return pd.DataFrame({"ccn": ccn, "county_reported": raw["county_fips"], **columns})


def read_pos_hospitals(path: Path) -> pd.DataFrame:
    """Read the active hospitals of the Provider of Services file.

    Parameters
    ----------
    path : pathlib.Path
        JSON (plain or gzip) with a list ``hospitals`` of records.

    Returns
    -------
    pandas.DataFrame
        ``ccn, name, address, city, state, zip, phone, subtype`` (acute, critical_access, childrens, …), ``beds`` (0 is
        missing), ``county_reported``.

    Raises
    ------
    InputError
        Naming the file and the record.
    """
    content = _json(path)
    records = content.get("hospitals") if isinstance(content, dict) else None
    if not isinstance(records, list) or not records:
        raise InputError(f"{path}: no list 'hospitals'; it should be CMS's Provider of Services hospitals as JSON")
    raw = pd.DataFrame(records)
    needed = ["ccn", "name", "address_line", "city", "state", "zip", "phone", "fac_subtype_code", "bed_count"]
    for column in (*needed, "fips_state", "fips_county"):
        if column not in raw:
            raise InputError(f"{path}: field {column!r} is missing in every hospital; download the file again")
    text = raw.drop(columns="bed_count").fillna("").astype("str").apply(lambda column: column.str.strip())
    beds = raw["bed_count"].astype("str").where(raw["bed_count"].notna(), "")
    numbers = number_column(beds, path=path, column="bed_count")
    return pd.DataFrame(
        {
            "ccn": unique_key(canonical_ccn(text["ccn"], path=path, column="ccn"), path=path, column="ccn"),
            "name": text["name"],
            "address": text["address_line"],
            "city": text["city"],
            "state": text["state"].str.upper(),
            "zip": zip5(text["zip"]),
            "phone": _digits(text["phone"]),
            "subtype": text["fac_subtype_code"].map(_SUBTYPES).fillna("other"),
            "beds": numbers.where(numbers > 0),
            "county_reported": text["fips_state"] + text["fips_county"],
        }
    )


def read_general_information(path: Path) -> pd.DataFrame:
    """Read CMS's hospital general information.

    The ownership is as the hospital reports it: ``Government - Federal`` stands at some private hospitals too.

    Parameters
    ----------
    path : pathlib.Path
        CSV as published on data.cms.gov (plain or gzip).

    Returns
    -------
    pandas.DataFrame
        ``ccn, name, address, city, state, zip, phone, hospital_type`` (acute, critical_access, childrens, military,
        …), ``ownership`` (the values of :data:`OWNERSHIP`; `not_reported` where it is blank) and the boolean
        ``birthing_friendly``, false where the designation is blank.

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    designation = "Meets criteria for birthing friendly designation"
    raw = read_text_columns(
        path,
        [*_GENERAL_COLUMNS, designation],
        what="CMS's hospital general information",
    )
    ccn = canonical_ccn(raw["Facility ID"], path=path, column="Facility ID")
    owner = require_values(raw["Hospital Ownership"], (*OWNERSHIP, ""), path=path, column="Hospital Ownership")
    return pd.DataFrame(
        {
            "ccn": unique_key(ccn, path=path, column="Facility ID"),
            "name": raw["Facility Name"],
            "address": raw["Address"],
            "city": raw["City/Town"],
            "state": raw["State"].str.upper(),
            "zip": zip5(raw["ZIP Code"]),
            "phone": _digits(raw["Telephone Number"]),
            "hospital_type": raw["Hospital Type"].map(_TYPES).fillna("other"),
            "ownership": owner.map(OWNERSHIP).fillna("not_reported").astype("str"),
            "birthing_friendly": require_values(raw[designation], ("Y", "N", ""), path=path, column=designation) == "Y",
        }
    )


def read_birthing_friendly_sites(path: Path) -> pd.DataFrame:
    """Read the birthing-friendly hospitals with coordinates; the file has no certification number.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``name, addr, city, state, zip, phone, meets_criteria, lat, lon``.

    Returns
    -------
    pandas.DataFrame
        ``name, address, city, state, zip, lat, lon``; name and ZIP together are unique.

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    raw = read_text_columns(
        path, ["name", "addr", "city", "state", "zip", "lat", "lon"], what="CMS's birthing-friendly hospitals, geocoded"
    )
    return pd.DataFrame(
        {
            "name": raw["name"],
            "address": raw["addr"],
            "city": raw["city"],
            "state": raw["state"].str.upper(),
            "zip": zip5(raw["zip"]),
            "lat": _degrees(raw["lat"], _LATITUDE, path=path, column="lat"),
            "lon": _degrees(raw["lon"], _LONGITUDE, path=path, column="lon"),
        }
    )


def _json(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: no such file; it should be CMS's Provider of Services hospitals as JSON")
    try:
        data = path.read_bytes()
        return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise InputError(
            f"{path}: not a readable JSON file ({' '.join(str(error).split())}); download it again"
        ) from error


def _degrees(values: pd.Series, bounds: tuple[float, float], *, path: Path, column: str) -> pd.Series:
    return number_column(values, path=path, column=column, minimum=bounds[0], maximum=bounds[1])


def _digits(values: pd.Series) -> pd.Series:
    return values.str.replace(r"\D", "", regex=True).str[-10:]
