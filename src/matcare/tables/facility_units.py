"""CMS hospitals with every sign of obstetric and neonatal care; changed certification numbers are merged."""

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

__all__ = ["FacilitySources", "hospital_units"]

_HOSPITAL_TYPES: Final = frozenset({"acute", "critical_access", "childrens"})
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
    reported neonatal level or NICU beds, is a children's or a military hospital, or when a service flag says NICU or
    obstetrics and it is an active acute, critical access or children's hospital (psychiatric and emergency-only
    hospitals carry such flags too).

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
        | signs["hospital_type"].isin(["childrens", "military"])
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
    for old, new in former.items():
        reasons[old] = f"former certification number, merged into {new}"
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
    frame["phone"] = general["phone"].reindex(ccns).fillna(active["phone"].reindex(ccns)).fillna("")
    kinds = general["hospital_type"].reindex(ccns)
    frame["hospital_type"] = kinds.fillna(active["subtype"].reindex(ccns)).fillna("acute")
    frame.loc[active["subtype"].reindex(ccns) == "childrens", "hospital_type"] = "childrens"
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


def _merge_numbers(units: pd.DataFrame, former: dict[str, str]) -> pd.DataFrame:
    merged = units.copy()
    merged["other_ids"] = pd.Series(None, index=merged.index, dtype="str")
    for old, new in former.items():
        for column in ("birthing_friendly", "newborns", "nicu_flag", "in_services", "listed_at_two_levels"):
            merged.loc[new, column] = bool(merged[column].get(new)) or bool(units[column].get(old))
        for column in ("nursery_discharges", "nicu_beds", "beds", "neonatal_level", "level_match"):
            merged[column] = merged[column].mask((merged.index == new) & merged[column].isna(), units[column].get(old))
        if merged["nursery_discharges_status"].get(new) == "not_reported":
            merged.loc[new, "nursery_discharges_status"] = str(units["nursery_discharges_status"].get(old))
        merged.loc[new, "in_general"] = True
        merged.loc[new, "other_ids"] = " ".join(sorted(number for number, unit in former.items() if unit == new))
    return merged.drop(index=list(former))
