"""A user's own facilities, brought into the form of the embedded ones, and put in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.embedded import FACILITIES
from matcare.contracts.indicators import NICU_SUPPORTS
from matcare.errors import InputError
from matcare.geo import STATES, canonical_county_fips, canonical_state
from matcare.sources.cms import OWNERSHIP
from matcare.tables.facility_sites import counties_of_points
from matcare.tables.levels_of_care import UNKNOWN_WORDS, canonical_level, read_levels
from matcare.tables.points import check_coordinates, read_user_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = [
    "UserFacilities",
    "canonical_level",
    "read_facilities",
]

_YES: Final = frozenset({"yes", "y", "true", "1", "1.0"})
_NO: Final = frozenset({"no", "n", "false", "0", "0.0"})
_NAMES: Final = {
    "id": "facility_id", "ccn": "facility_id", "name": "facility_name", "latitude": "lat", "longitude": "lon",
    "lng": "lon", "level": "neonatal_level", "zip_code": "zip", "fips": "county_fips",
}  # fmt: skip
_EMERGENCY: Final = "rural_emergency_hospital"
_CMS_WORDS: Final = {words.lower(): value for words, value in OWNERSHIP.items()}
_FORMULA: Final = ("=", "+", "-", "@")
_OFF_SHORE_KM: Final = 25.0
_NEAR_KM: Final = 50.0


@dataclass(frozen=True, kw_only=True)
class UserFacilities:
    """A user's facilities and what was done to read them.

    Attributes
    ----------
    facilities : pandas.DataFrame
        The contract ``FACILITIES``.
    notes : list of str
        Repairs and assumptions, for the terminal and ``run.json``.
    """

    facilities: pd.DataFrame
    notes: list[str]


def read_facilities(path: Path, counties: gpd.GeoDataFrame) -> UserFacilities:
    """Read a user's facilities.

    Needed: ``facility_id``, ``facility_name`` (or ``name``), ``lat``, ``lon``. Understood: ``state``, ``county_fips``,
    ``city``, ``zip``, ``kind``, ``obstetric_evidence`` or ``birth_care`` (yes, no, unknown), ``neonatal_level``,
    ``level_source``, ``maternal_level``, ``maternal_level_source``, ``nicu`` (yes, no, unknown), ``nicu_beds``,
    ``beds``, ``hospital_type``, ``ownership`` (our words or CMS's), ``telehealth`` (yes, no, unknown); other columns
    are left out and named in the notes.

    ``birth_care`` *yes* is taken at the user's word and becomes the evidence `corroborated`, *no* becomes `none`. With
    neither column every hospital is taken to offer birth care but Rural Emergency Hospitals, and a note says so. A
    neonatal or maternal level without its source is `reported`. A maternal level needs birth care at a hospital.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    counties : geopandas.GeoDataFrame
        ``county_fips``, ``state`` and polygons in EPSG:4326.

    Returns
    -------
    UserFacilities

    Raises
    ------
    InputError
        One line naming file, row (1 is the first below the header), column and remedy.
    """
    table = read_user_table(path)
    notes: list[str] = []
    for old, new in _NAMES.items():
        if old in table and new not in table:
            table = table.rename(columns={old: new})
    ids, names = _text_of(table, "facility_id", path), _text_of(table, "facility_name", path)
    twice = ids.duplicated()
    if twice.any():
        row = int(np.argmax(twice))
        first = int(np.argmax(ids == ids.iloc[row])) + 1
        raise InputError(
            f"{_at(path, row, 'facility_id')}: {ids.iloc[row]!r} stands in row {first} already; each needs its own"
        )
    formula = ids.str.startswith(_FORMULA)
    if formula.any():
        row = int(np.argmax(formula))
        raise InputError(
            f"{_at(path, row, 'facility_id')}: {ids.iloc[row]!r} would read as a formula in a spreadsheet; "
            f"give another id, one that does not begin with {' '.join(_FORMULA)}"
        )
    lat, lon = check_coordinates(table, path)
    frame = pd.DataFrame({"facility_id": ids, "facility_name": names, "lat": lat, "lon": lon})
    frame["kind"] = _words(table, "kind", path, _column_values("kind"), default="hospital")
    frame["county_fips"] = _counties(table, frame, counties, path, notes)
    frame["state"] = _states(table, frame, counties, path, notes)
    frame["obstetric_evidence"] = _evidence(table, frame, path, notes)
    frame["neonatal_level"] = read_levels(table, path, care="neonatal")
    _refuse_inpatient_care(table, frame, path)
    frame["maternal_level"] = _maternal_levels(table, frame, path)
    for source, level in (("level_source", "neonatal_level"), ("maternal_level_source", "maternal_level")):
        words = _words(table, source, path, _column_values(source), default="reported")
        frame[source] = words.where(frame[level].notna(), "none")
    frame["hospital_type"] = _hospital_types(table, frame, path)
    frame["ownership"] = _owners(table, frame, path)
    answers = _yes_no(table, "telehealth", path) if "telehealth" in table else pd.Series("unknown", index=frame.index)
    frame["telehealth"] = answers.where(answers != "unknown").astype("str")
    frame["nicu"] = _nicu(table, frame, path)
    for column in ("beds", "nicu_beds"):
        frame[column] = _amounts(table, column, path)
    for column in ("city", "zip"):
        frame[column] = table[column] if column in table else pd.Series(None, index=frame.index, dtype="str")
    frame["coord_precision"], frame["cms_active"] = "supplied", "not_applicable"
    frame["pos_obstetrics"], frame["birthing_friendly"] = "not_listed", "not_listed"
    frame["nursery_discharges"], frame["nursery_discharges_status"] = np.nan, "not_reported"
    for column in ("evidence_query", "level_query", "same_site_as", "other_ids"):
        frame[column] = pd.Series(None, index=frame.index, dtype="str")
    unread = sorted(set(table.columns) - set(FACILITIES.names) - {"birth_care", *NICU_SUPPORTS})
    if unread:
        notes.append(f"{path.name}: columns not used: {', '.join(unread)}")
    return UserFacilities(facilities=FACILITIES.validate(frame, where=str(path)), notes=notes)


def _at(path: Path, row: int, column: str) -> str:
    return f"{path}, row {row + 1}, column {column!r}"


def _column_values(name: str) -> tuple[str, ...]:
    return FACILITIES.column(name).values


def _text_of(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    if column not in table:
        found = ", ".join(map(str, table.columns[:8]))
        raise InputError(
            f"{path}: column {column!r} is missing (found: {found}); needed are facility_id, facility_name, lat, lon"
        )
    missing = table[column].isna()
    if missing.any():
        raise InputError(
            f"{path}, row {int(np.argmax(missing)) + 1}, column {column!r}: empty; give every facility one"
        )
    return table[column].astype("str")


def _words(table: pd.DataFrame, column: str, path: Path, allowed: tuple[str, ...], *, default: str) -> pd.Series:
    if column not in table:
        return pd.Series(default, index=table.index, dtype="str")
    words = table[column].str.lower().str.replace(r"[\s'-]+", "_", regex=True)
    words = words.str.replace("children_s", "childrens").fillna(default)
    bad = ~words.isin(allowed)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{_at(path, row, column)}: {table[column].iloc[row]!r} is not known; one of {', '.join(allowed)}"
        )
    return words


def _yes_no(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """Return yes, no or unknown."""
    words = table[column].str.lower().fillna("unknown")
    known = words.isin(_YES | _NO | UNKNOWN_WORDS)
    if not known.all():
        row = int(np.argmin(known))
        raise InputError(
            f"{_at(path, row, column)}: {table[column].iloc[row]!r} is not understood; give yes, no or unknown"
        )
    return pd.Series(
        np.select([words.isin(_YES), words.isin(_NO)], ["yes", "no"], "unknown"), index=table.index, dtype="str"
    )


def _counties(
    table: pd.DataFrame, frame: pd.DataFrame, counties: gpd.GeoDataFrame, path: Path, notes: list[str]
) -> pd.Series:
    reported = None
    if "county_fips" in table:
        reported, repaired = canonical_county_fips(table["county_fips"], where=f"{path}, column 'county_fips'")
        if repaired:
            notes.append(f"{path.name}: {repaired} county codes had lost their leading zero; repaired")
        reported = reported.fillna("").astype("str")
        strange = (reported != "") & ~reported.isin(counties["county_fips"])
        strange &= ~reported.str.startswith("09")
        if strange.any():
            row = int(np.argmax(strange))
            raise InputError(
                f"{_at(path, row, 'county_fips')}: {reported.iloc[row]} is not a county of 2024; "
                "leave it empty to take the county from the coordinates"
            )
    found = pd.Series(
        counties_of_points(frame["lat"], frame["lon"], counties, reported=reported, limit_km=_OFF_SHORE_KM)
    )
    lost = found.isna()
    if lost.any():
        row = int(np.argmax(lost))
        point = f"lat {frame['lat'].iloc[row]:g}, lon {frame['lon'].iloc[row]:g}"
        raise InputError(
            f"{path}, row {row + 1}: {point} is in no county "
            "of the states, the District of Columbia or Puerto Rico; check the coordinates"
        )
    if reported is not None:
        other = (reported != "") & (reported != found)
        if other.any():
            row = int(np.argmax(other))
            notes.append(
                f"{path.name}: {int(other.sum())} county codes do not hold the coordinates (first: row {row + 1}, "
                f"{reported.iloc[row]} given, {found.iloc[row]} by coordinates); the coordinates decide"
            )
    return found.astype("str")


def _states(
    table: pd.DataFrame, frame: pd.DataFrame, counties: gpd.GeoDataFrame, path: Path, notes: list[str]
) -> pd.Series:
    state_of = dict(zip(counties["county_fips"], counties["state"], strict=True))
    found = frame["county_fips"].map(state_of).astype("str")
    if "state" not in table:
        return found
    given = table["state"]
    codes: list[str] = []
    for row, value in enumerate(given):
        try:
            codes.append(found.iloc[row] if pd.isna(value) else canonical_state(str(value)))
        except InputError as error:
            raise InputError(f"{_at(path, row, 'state')}: {error}") from error
    stated = pd.Series(codes, index=frame.index, dtype="str")
    other = stated != found
    for row in np.flatnonzero(other.to_numpy()).tolist():
        near = counties[counties["state"] == stated.iloc[row]]
        point = frame.iloc[[row]]
        if counties_of_points(point["lat"], point["lon"], near, limit_km=_NEAR_KM)[0] is None:
            raise InputError(
                f"{_at(path, row, 'state')}: {STATES[stated.iloc[row]]} is given, but the coordinates are in "
                f"{STATES[found.iloc[row]]}; mend one of them"
            )
    if other.any():
        notes.append(f"{path.name}: {int(other.sum())} facilities near a border are in another state than given")
    return found


def _evidence(table: pd.DataFrame, frame: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    emergency = frame["kind"] == _EMERGENCY
    if "obstetric_evidence" in table:
        evidence = _words(table, "obstetric_evidence", path, _column_values("obstetric_evidence"), default="unknown")
        if "birth_care" in table:
            says = _yes_no(table, "birth_care", path)
            against = (says == "no") & evidence.isin(["corroborated", "likely", "claimed"])
            against |= (says == "yes") & (evidence == "none")
            if against.any():
                row = int(np.argmax(against))
                raise InputError(
                    f"{_at(path, row, 'birth_care')}: {says.iloc[row]!r} contradicts obstetric_evidence "
                    f"{evidence.iloc[row]!r}; keep one of the two columns"
                )
    elif "birth_care" in table:
        evidence = (
            _yes_no(table, "birth_care", path)
            .map({"yes": "corroborated", "no": "none", "unknown": "unknown"})
            .astype("str")
        )
    else:
        notes.append(
            f"{path.name}: no column birth_care or obstetric_evidence; every hospital is taken to offer birth care"
            + (", Rural Emergency Hospitals aside" if emergency.any() else "")
        )
        evidence = pd.Series("corroborated", index=frame.index, dtype="str").mask(emergency, "none")
    center = frame["kind"] == "birth_center"
    wrong = (evidence == "birth_center") & ~center
    if wrong.any():
        raise InputError(
            f"{_at(path, int(np.argmax(wrong)), 'obstetric_evidence')}: 'birth_center' needs kind birth_center too"
        )
    return evidence.mask(center, "birth_center")


def _maternal_levels(table: pd.DataFrame, frame: pd.DataFrame, path: Path) -> pd.Series:
    """Read maternal levels; a hospital that has one offers birth care, and a birth center stands below level I."""
    levels = read_levels(table, path, care="maternal")
    against = levels.notna() & frame["obstetric_evidence"].isin(["none", "birth_center"])
    if against.any():
        row = int(np.argmax(against))
        reason = "a birth center" if frame["kind"].iloc[row] == "birth_center" else "without birth care"
        raise InputError(
            f"{_at(path, row, 'maternal_level')}: {levels.iloc[row]}, but the facility is {reason}; mend one of them"
        )
    return levels


def _refuse_inpatient_care(table: pd.DataFrame, frame: pd.DataFrame, path: Path) -> None:
    """Refuse a Rural Emergency Hospital, which has no inpatient beds, with a neonatal unit."""
    nicu = table["nicu"].str.lower().isin(_YES) if "nicu" in table else pd.Series(data=False, index=table.index)
    given = {"neonatal_level": frame["neonatal_level"].notna(), "nicu": nicu.astype(bool)}
    for column, stands in given.items():
        against = stands & (frame["kind"] == _EMERGENCY)
        if against.any():
            row = int(np.argmax(against))
            raise InputError(
                f"{_at(path, row, column)}: {table[column].iloc[row]!r}, but a Rural Emergency Hospital has no "
                "inpatient beds; mend kind or leave it empty"
            )


def _hospital_types(table: pd.DataFrame, frame: pd.DataFrame, path: Path) -> pd.Series:
    types = _words(table, "hospital_type", path, _column_values("hospital_type"), default="not_reported")
    told = {"childrens_hospital": "childrens", "military_hospital": "military", _EMERGENCY: "rural_emergency"}
    types = types.mask(types == "not_reported", frame["kind"].map(told).fillna("not_reported"))
    return types.mask(frame["kind"] == "birth_center", "not_applicable").astype("str")


def _owners(table: pd.DataFrame, frame: pd.DataFrame, path: Path) -> pd.Series:
    """Read who owns the hospital, in our words or CMS's; a military hospital is one by its kind."""
    if "ownership" in table:
        given = table["ownership"].str.lower()
        table = table.assign(ownership=given.replace(_CMS_WORDS).mask(given.isin(UNKNOWN_WORDS)))
    owners = _words(table, "ownership", path, _column_values("ownership"), default="not_reported")
    military = (frame["kind"] == "military_hospital") & (owners == "not_reported")
    return owners.mask(military, "military").astype("str")


def _nicu(table: pd.DataFrame, frame: pd.DataFrame, path: Path) -> pd.Series:
    high = frame["neonatal_level"].isin(["III", "IV"])
    if "nicu" not in table:
        return pd.Series(np.where(high, "yes", "unknown"), index=frame.index, dtype="str")
    words = table.assign(nicu=table["nicu"].replace({"no_evidence": "no"}))
    answers = _yes_no(words, "nicu", path)
    against = high & (answers == "no")
    if against.any():
        row = int(np.argmax(against))
        raise InputError(
            f"{_at(path, row, 'nicu')}: no, but neonatal_level is {frame['neonatal_level'].iloc[row]}, a NICU; "
            "mend one of them"
        )
    return answers.replace({"no": "no_evidence"}).mask(high, "yes")


def _amounts(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    if column not in table:
        return pd.Series(np.nan, index=table.index, dtype="float64")
    numbers = pd.to_numeric(table[column], errors="coerce").astype("float64")
    bad = table[column].notna() & ~numbers.between(0, 100_000)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{_at(path, row, column)}: {table[column].iloc[row]!r} is not a number of beds; leave it empty"
        )
    return numbers
