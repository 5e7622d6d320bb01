"""CMS hospitals with every sign of obstetric and neonatal care; changed certification numbers are merged.

Rural Emergency Hospitals are among them, as places with an emergency department and no birth care.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.geo import STATES
from matcare.sources import birth_centers, cms, hcris, hifld, neonatal
from matcare.tables.facility_sites import address_key, name_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FacilitySources", "hospital_units", "hospitals_without_signs"]

_HOSPITAL_TYPES: Final = frozenset({"acute", "critical_access", "childrens"})
_GENERAL_TYPES: Final = ("acute", "critical_access")
_EMERGENCY: Final = "rural_emergency"
_CUT_NAME: Final = 50
"""Names in the Provider of Services file end at this length."""


@dataclass(frozen=True, kw_only=True)
class FacilitySources:
    """The publishers' tables that facilities are compiled from, as their readers give them.

    Attributes
    ----------
    obstetrics, services, active, general, friendly_sites : pandas.DataFrame
        CMS: :mod:`matcare.sources.cms`.
    hifld : pandas.DataFrame
        :mod:`matcare.sources.hifld`.
    nicu_beds, nursery : pandas.DataFrame
        :mod:`matcare.sources.hcris`.
    levels : pandas.DataFrame
        :mod:`matcare.sources.neonatal`.
    birth_centers : pandas.DataFrame
        :mod:`matcare.sources.birth_centers`.
    """

    obstetrics: pd.DataFrame
    services: pd.DataFrame
    active: pd.DataFrame
    general: pd.DataFrame
    friendly_sites: pd.DataFrame
    hifld: pd.DataFrame
    nicu_beds: pd.DataFrame
    nursery: pd.DataFrame
    levels: pd.DataFrame
    birth_centers: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> FacilitySources:
        """Read every file from `folder`, or from ``facilities`` inside it.

        Raises
        ------
        InputError
            When a file is missing or not what it should be.
        """
        place = folder / "facilities" if (folder / "facilities").is_dir() else folder
        return cls(
            obstetrics=cms.read_pos_obstetrics(place / "cms_pos_ob_hospitals_geocoded.csv"),
            services=cms.read_pos_services(place / "cms_pos_services_2026q2.csv"),
            active=cms.read_pos_hospitals(place / "cms_pos_hospitals_2026q1.json.gz"),
            general=cms.read_general_information(place / "cms_hospital_general_information_2026.csv.gz"),
            friendly_sites=cms.read_birthing_friendly_sites(place / "Birthing_Friendly_Hospitals_Geocoded.csv"),
            hifld=hifld.read_hospitals(place / "hifld_hospitals_2022.csv.gz"),
            nicu_beds=hcris.read_nicu_beds(place / "hcris_nicu_beds_fy2017_19.csv"),
            nursery=hcris.read_nursery_discharges(place / "hcris_nursery_discharges_fy2023.csv"),
            levels=neonatal.read_reported_levels(place / "neonatal_levels_reported_2025.csv"),
            birth_centers=birth_centers.read_birth_centers(place / "cabc_birth_centers.csv"),
        )


def hospital_units(sources: FacilitySources) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring together what the publishers say of each hospital.

    A hospital is taken when it stands in CMS's obstetric list, is birthing-friendly, discharged newborns, has a
    reported neonatal level or NICU beds, is a children's, a military or a Rural Emergency Hospital, or when a service
    flag says NICU or obstetrics and it is an active acute, critical access or children's hospital (psychiatric
    hospitals carry such flags too). Veterans hospitals have no obstetrics and are not taken.

    A Rural Emergency Hospital has a new certification number since it gave up its beds. Its former number is merged
    into it, unless that number too is taken here: then both rows stand, and the older one gets a query.

    Parameters
    ----------
    sources : FacilitySources
        The publishers' tables.

    Returns
    -------
    units : pandas.DataFrame
        One row a hospital, index ``ccn``: place, type, signs.
    left_out : pandas.DataFrame
        ``ccn, name, state, reason``: hospitals with a sign that are not in `units`, and why.
    """
    signs = _signs(sources)
    flagged = signs["nicu_flag"] | (signs["obstetrics_flag"] & (signs["pos_obstetrics"] == "flagged"))
    plausible = signs["hospital_type"].isin(_HOSPITAL_TYPES) & signs["active"]
    strong = (
        signs["pos_obstetrics"].isin(["on_site", "arranged", "both"])
        | signs["birthing_friendly"]
        | signs["newborns"]
        | signs["neonatal_level"].notna()
        | signs["nicu_beds"].notna()
        | signs["hospital_type"].isin(["childrens", "military", _EMERGENCY])
    )
    taken = strong | (flagged & plausible)
    reasons = pd.Series(
        np.select(
            [
                signs["name"] == "",
                ~signs["state"].isin(list(STATES)),
                ~taken & flagged & signs["active"],
                ~taken & flagged,
            ],
            [
                "in no CMS list of hospitals of 2026 (closed or merged)",
                "territory or foreign, not covered (GU, AS, MP, VI)",
                "service flag only, and not an acute, critical access or children's hospital",
                "service flag only, and not among the active hospitals",
            ],
            default="",
        ),
        index=signs.index,
    )
    reasons = reasons.where(taken | flagged, "")
    units = signs[taken & (reasons == "")].copy()
    former = _former_numbers(units, signs)
    units = pd.concat([units, signs.loc[sorted(set(former.values()) - set(units.index))]])
    merged = _merge_numbers(units, former).sort_index()
    emergency = _former_of_emergency(merged, signs)
    for old, new in {**former, **{old: new for old, new in emergency.items() if reasons[old] != ""}}.items():
        reasons[old] = f"former certification number, merged into {new}"
    merged = _with_emergency_numbers(merged, emergency, signs)
    gone = reasons[reasons != ""]
    left_out = pd.DataFrame(
        {
            "ccn": gone.index,
            "name": signs.loc[gone.index, "name"],
            "state": signs.loc[gone.index, "state"],
            "reason": gone,
        }
    ).reset_index(drop=True)
    return merged, left_out.sort_values("ccn", ignore_index=True)


def hospitals_without_signs(sources: FacilitySources, units: pd.DataFrame) -> pd.DataFrame:
    """Find the active general hospitals that are not among the units: none has a sign of obstetric or neonatal care.

    A hospital at the address, or of the name and ZIP code, of a unit is that unit under another number, or a part of
    its campus, and is left out. One that is no longer active gives its number, its owner and its service flags to the
    active one at its address or of its name and ZIP code; without such a one it may have closed, and is left out.

    Parameters
    ----------
    sources : FacilitySources
        The publishers' tables.
    units : pandas.DataFrame
        As :func:`hospital_units` gives them.

    Returns
    -------
    pandas.DataFrame
        Columns of `units` (without those of Rural Emergency Hospitals), index ``ccn``, sorted.
    """
    signs = _signs(sources)
    known = units.index.union(pd.Index(" ".join(units["other_ids"].dropna()).split(), dtype="str"))
    general = signs["hospital_type"].isin(_GENERAL_TYPES) & signs["state"].isin(list(STATES)) & (signs["name"] != "")
    rest = signs[general & ~signs.index.isin(known)]
    taken = {key for row in _places(units) for key in row}
    free = pd.Series([not keys & taken for keys in _places(rest)], index=rest.index, dtype="bool")
    found = _as_active(rest[free & rest["active"]].sort_index(), sources)
    gone = rest[~rest["active"]].sort_index()
    number_at = {key: str(ccn) for ccn, keys in zip(found.index, _places(found), strict=True) for key in keys}
    former: dict[str, str] = {}
    for old, keys in zip(gone.index, _places(gone), strict=True):
        former |= {str(old): number_at[key] for key in sorted(keys) if key in number_at}
    out = found.assign(other_ids=pd.Series(None, index=found.index, dtype="str"))
    for old, new in former.items():
        earlier = str(out["other_ids"].get(new)) if pd.notna(out["other_ids"].get(new)) else ""
        out.loc[new, "other_ids"] = " ".join(sorted([*earlier.split(), old]))
        if out["ownership"].get(new) == "not_reported":
            out.loc[new, "ownership"] = str(gone["ownership"].get(old))
        if out["pos_obstetrics"].get(new) == "not_listed" or gone["pos_obstetrics"].get(old) == "flagged":
            out.loc[new, "pos_obstetrics"] = str(gone["pos_obstetrics"].get(old))
            out.loc[new, "in_services"] = bool(gone["in_services"].get(old))
    return out


def _as_active(hospitals: pd.DataFrame, sources: FacilitySources) -> pd.DataFrame:
    """Give hospitals the name, address and county that the list of active hospitals has; cut names stay as they are."""
    listed = sources.active.set_index("ccn").reindex(hospitals.index)
    cut = listed["name"].str.len() >= _CUT_NAME
    columns = {column: listed[column] for column in ("address", "city", "state", "zip")}
    counties = hospitals["county_reported"].mask(hospitals["county_reported"] == "", listed["county_reported"])
    return hospitals.assign(**columns, name=listed["name"].mask(cut, hospitals["name"]), county_reported=counties)


def _places(hospitals: pd.DataFrame) -> list[set[tuple[str, ...]]]:
    """Return what tells each hospital's place: state, ZIP code, and the address or the name."""
    return [
        {(state, code, "at", place) for place in [address_key(address)] if place}
        | {(state, code, "named", name_key(name))}
        for state, code, address, name in zip(
            *(hospitals[column] for column in ("state", "zip", "address", "name")), strict=True
        )
    ]


def _signs(sources: FacilitySources) -> pd.DataFrame:
    pos, services = sources.obstetrics.set_index("ccn"), sources.services.set_index("ccn")
    active, general = sources.active.set_index("ccn"), sources.general.set_index("ccn")
    nursery, levels = sources.nursery.set_index("ccn"), sources.levels.set_index("ccn")
    beds = sources.nicu_beds.set_index("ccn")["nicu_beds"]
    ccns = sorted(
        {*pos.index, *services.index, *active.index, *general.index, *nursery.index, *levels.index, *beds.index}
    )
    frame = pd.DataFrame(index=pd.Index(ccns, name="ccn", dtype="str"))
    # The Provider of Services list is the younger: a hospital that moved has its new address there, and the geocode.
    for column in ("name", "address", "city", "state", "zip"):
        first, second, third = (table[column].reindex(ccns) for table in (pos, general, active))
        if column == "name":
            first = first.mask(first.str.len().ge(_CUT_NAME) & second.notna())
        frame[column] = first.fillna(second).fillna(third).fillna("")
    frame["general_name"] = general["name"].reindex(ccns).fillna("")
    frame["general_zip"] = general["zip"].reindex(ccns).fillna("")
    frame["ownership"] = general["ownership"].reindex(ccns).fillna("not_reported")
    frame["phone"] = general["phone"].reindex(ccns).fillna(active["phone"].reindex(ccns)).fillna("")
    kinds = general["hospital_type"].reindex(ccns)
    frame["type_listed"] = kinds.fillna(active["subtype"].reindex(ccns)).fillna("not_reported")
    frame.loc[active["subtype"].reindex(ccns) == "childrens", "type_listed"] = "childrens"
    frame["hospital_type"] = frame["type_listed"].replace("not_reported", "acute")
    for column, source in (
        ("active", active),
        ("in_obstetrics", pos),
        ("in_general", general),
        ("in_services", services),
    ):
        frame[column] = frame.index.isin(source.index)
    frame["county_reported"] = (
        pos["county_reported"].reindex(ccns).fillna(services["county_reported"].reindex(ccns)).fillna("")
    )
    emergency = (frame["hospital_type"] == _EMERGENCY) & (frame["county_reported"] == "")
    listed_in = active["county_reported"].reindex(ccns).fillna("")
    frame["county_reported"] = frame["county_reported"].mask(emergency, listed_in)
    for column in ("nicu_flag", "obstetrics_flag"):
        frame[column] = services[column].reindex(ccns).eq(other=True).to_numpy(dtype=bool)
    listed = pd.Series(np.where(frame["obstetrics_flag"], "flagged", "no_flag"), index=frame.index)
    frame["pos_obstetrics"] = (
        pos["pos_obstetrics"].reindex(ccns).fillna(listed.where(frame["in_services"], "not_listed"))
    )
    frame["birthing_friendly"] = general["birthing_friendly"].reindex(ccns).eq(other=True).to_numpy(dtype=bool)
    frame["newborns"] = nursery["newborns"].reindex(ccns).eq(other=True).to_numpy(dtype=bool)
    frame["nursery_discharges"] = nursery["nursery_discharges"].reindex(ccns)
    frame["nursery_discharges_status"] = nursery["nursery_discharges_status"].reindex(ccns).fillna("not_reported")
    frame["neonatal_level"] = levels["neonatal_level"].reindex(ccns)
    frame["level_match"] = levels["match"].reindex(ccns)
    frame["listed_at_two_levels"] = levels["listed_at_two_levels"].reindex(ccns).eq(other=True).to_numpy(dtype=bool)
    frame["nicu_beds"] = beds.reindex(ccns)
    frame["beds"] = active["beds"].where(active["beds"] > 1).reindex(ccns)
    frame["lat"], frame["lon"] = pos["lat"].reindex(ccns), pos["lon"].reindex(ccns)
    frame["geocode"], frame["geocode_match"] = pos["geocode"].reindex(ccns), pos["geocode_match"].reindex(ccns)
    return frame


def _former_numbers(units: pd.DataFrame, signs: pd.DataFrame) -> dict[str, str]:
    """Find hospitals listed under an old and a new certification number at one address.

    A new owner or a new kind of hospital (such as critical access) brings a new number.
    The new number is in the obstetric list but not in the older general information; or the old number is no longer
    among the active hospitals while another of the same kind of care is, at the same address or by the same name and
    ZIP code.
    """
    current = signs[signs["hospital_type"].isin(_HOSPITAL_TYPES) & (signs["in_obstetrics"] | signs["active"])]
    addresses, names = current["address"].map(address_key), current["name"].map(name_key)
    former: dict[str, str] = {}
    for old in units.index[~units["in_obstetrics"] & units["hospital_type"].isin(_HOSPITAL_TYPES)]:
        row = units.loc[old]
        here = (current["zip"] == row["zip"]) & (current["state"] == row["state"]) & (current.index != old)
        alike = ((addresses == address_key(row["address"])) & (addresses != "")) | (names == name_key(row["name"]))
        fresh = current["in_obstetrics"] & (~current["in_general"] | ~current["active"])
        successors = current.index[here & alike & (fresh | (not row["active"]))]
        if len(successors):
            former[str(old)] = str(successors[0])
    return former


def _former_of_emergency(units: pd.DataFrame, signs: pd.DataFrame) -> dict[str, str]:
    """Find the numbers that Rural Emergency Hospitals had as acute or critical access hospitals.

    The same address, or the same name and ZIP code. A number that is a unit of its own is among them.
    """
    earlier = signs[signs["hospital_type"].isin(_HOSPITAL_TYPES)]
    addresses, names = earlier["address"].map(address_key), earlier["name"].map(name_key)
    former: dict[str, str] = {}
    for new, row in units[units["hospital_type"] == _EMERGENCY].iterrows():
        here = (earlier["zip"] == row["zip"]) & (earlier["state"] == row["state"])
        alike = ((addresses == address_key(row["address"])) & (addresses != "")) | (names == name_key(row["name"]))
        former |= {str(old): str(new) for old in earlier.index[here & alike]}
    return former


def _with_emergency_numbers(units: pd.DataFrame, former: dict[str, str], signs: pd.DataFrame) -> pd.DataFrame:
    """Give Rural Emergency Hospitals their former numbers and owner; name them at a former number that is a unit."""
    out = units.copy()
    out["emergency_since"] = pd.Series(None, index=out.index, dtype="str")
    for old, new in former.items():
        if old in out.index:
            out.loc[old, "emergency_since"] = new
            continue
        earlier = [str(number) for number in [out["other_ids"].get(new)] if isinstance(number, str)]
        out.loc[new, "other_ids"] = " ".join(sorted([*earlier, old]))
        if out["ownership"].get(new) == "not_reported":
            out.loc[new, "ownership"] = str(signs["ownership"].get(old))
    return out


def _merge_numbers(units: pd.DataFrame, former: dict[str, str]) -> pd.DataFrame:
    merged = units.copy()
    merged["other_ids"] = pd.Series(None, index=merged.index, dtype="str")
    for old, new in former.items():
        for column in ("birthing_friendly", "newborns", "nicu_flag", "in_services", "listed_at_two_levels"):
            merged.loc[new, column] = bool(merged[column].get(new)) or bool(units[column].get(old))
        for column in ("nursery_discharges", "nicu_beds", "beds", "neonatal_level", "level_match"):
            merged[column] = merged[column].mask((merged.index == new) & merged[column].isna(), units[column].get(old))
        if merged["ownership"].get(new) == "not_reported":
            merged.loc[new, "ownership"] = str(units["ownership"].get(old))
        if merged["nursery_discharges_status"].get(new) == "not_reported":
            merged.loc[new, "nursery_discharges_status"] = str(units["nursery_discharges_status"].get(old))
        merged.loc[new, "in_general"] = True
        merged.loc[new, "other_ids"] = " ".join(sorted(number for number, unit in former.items() if unit == new))
    return merged.drop(index=list(former))
