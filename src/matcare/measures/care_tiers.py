"""Tiers of care of their own: birth centers, midwives, telehealth, emergency-only, tribal and military hospitals.

None of them adds to a hospital's capability and none counts as birth care: each has its own minutes beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts.backup import BACKUP_LIMITS, CARE_TIERS
from matcare.errors import InputError
from matcare.measures.backup import ownership
from matcare.measures.coverage import county_coverage

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea

__all__ = ["county_care_tiers", "tier_members"]

_EMERGENCY_ONLY: Final = "rural_emergency"
_YES: Final = ("yes", "true", "1", "y")


def tier_members(facilities: pd.DataFrame) -> pd.DataFrame:
    """Say which facilities belong to each tier of its own.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract ``FACILITIES_OUT``: ``kind, status``, and where they are known ``ownership`` (see
        :func:`matcare.measures.backup.ownership`), ``hospital_type`` and ``telehealth``.

    Returns
    -------
    pandas.DataFrame
        Same index, one boolean column a tier of :data:`matcare.contracts.backup.CARE_TIERS`; a tier that the columns
        do not tell is lacking. Closed facilities belong to none.

    Examples
    --------
    >>> frame = pd.DataFrame({"kind": ["birth_center", "hospital"], "status": "open", "telehealth": ["no", "Yes"]})
    >>> tier_members(frame).columns.tolist(), tier_members(frame)["telehealth"].tolist()
    (['birth_center', 'military_hospital', 'telehealth'], [False, True])
    """
    is_open = facilities["status"] == "open"
    tiers = {
        "birth_center": facilities["kind"] == "birth_center",
        "military_hospital": facilities["kind"] == "military_hospital",
    }
    owner = ownership(facilities)
    if owner.isin(["tribal", "indian_health_service", "other"]).any():
        of_native_health = owner.isin(["tribal", "indian_health_service"])
        tiers["tribal_or_ihs_hospital"] = of_native_health & (facilities["kind"] != "birth_center")
    emergency = facilities["kind"] == f"{_EMERGENCY_ONLY}_hospital"
    typed = facilities.get("hospital_type", pd.Series(None, index=facilities.index, dtype="str"))
    if emergency.any() or typed.notna().any():
        tiers["emergency_only"] = emergency | (typed == _EMERGENCY_ONLY)
    if "telehealth" in facilities and facilities["telehealth"].notna().any():
        tiers["telehealth"] = facilities["telehealth"].astype("str").str.strip().str.lower().isin(_YES)
    return pd.DataFrame({tier: (tiers[tier] & is_open).astype(bool) for tier in CARE_TIERS if tier in tiers})


def county_care_tiers(
    area: StudyArea, *, telehealth: pd.Series | None = None, limit_minutes: float | None = None
) -> pd.DataFrame:
    """Minutes to the nearest of each tier, shares of women within reach, midwives per 10,000 births, telehealth.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    telehealth : pandas.Series of bool, optional
        Whether maternity telehealth reaches a county, by ``county_fips``; missing is not reported.
    limit_minutes : float, optional
        A facility farther than this does not count.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``county_fips`` in the order of the area's counties: the columns
        :data:`matcare.contracts.backup.CARE_TIER_COLUMNS`.

    Raises
    ------
    InputError
        When `telehealth` names a county twice.
    """
    index = pd.Index(area.counties["county_fips"], name="county_fips")
    tiers = tier_members(area.facilities)
    found = area.trips.nearest(members=tiers.to_numpy().T, limit_minutes=limit_minutes)
    frame = area.demand[["county_fips", "people", "women_15_44"]].copy()
    columns: dict[str, Any] = {}
    for tier in CARE_TIERS:
        if tier not in tiers:
            shares = (f"share_women_within_{limit}_{tier}" for limit in BACKUP_LIMITS)
            columns |= dict.fromkeys((f"minutes_{tier}", *shares), np.nan)
            columns[f"minutes_{tier}_reason"] = "not_reported"
            continue
        nearest = found[list(tiers.columns).index(tier)]
        frame["minutes"], frame["reason"] = nearest.minutes, nearest.reason.astype(object)
        access = county_coverage(frame, minutes="minutes", reason="reason", limits=BACKUP_LIMITS).reindex(index)
        columns[f"minutes_{tier}"] = access["minutes"]
        columns[f"minutes_{tier}_reason"] = access["reason"].fillna("no_demand_points").astype("str")
        for limit in BACKUP_LIMITS:
            columns[f"share_women_within_{limit}_{tier}"] = access[f"share_within_{limit}"]
    columns |= _midwives(area.counties.set_index("county_fips"))
    columns["telehealth_maternity_care"] = _telehealth(telehealth, index)
    result = pd.DataFrame(columns, index=index)
    return result.astype({f"minutes_{tier}_reason": "str" for tier in CARE_TIERS})


def _midwives(counties: pd.DataFrame) -> dict[str, pd.Series]:
    births, midwives = counties["births_per_year"].astype("float64"), counties["midwives"].astype("float64")
    status = np.select(
        [midwives.isna(), births.isna(), births == 0],
        ["midwives_not_reported", "births_not_known", "no_births"],
        "computed",
    )
    ratio = 10_000 * midwives / births.where(births > 0)
    return {
        "midwives_per_10000_births": ratio,
        "midwives_per_10000_births_status": pd.Series(status, index=counties.index, dtype="str"),
    }


def _telehealth(told: pd.Series | None, index: pd.Index) -> pd.Series:
    if told is None:
        return pd.Series("not_reported", index=index, dtype="str")
    if told.index.has_duplicates:
        raise InputError(f"telehealth: county {told.index[told.index.duplicated()][0]} stands twice; keep one")
    answer = told.astype("boolean").reindex(index)
    words = np.select([answer.fillna(value=False), answer.isna()], ["yes", "not_reported"], "no")
    return pd.Series(words, index=index, dtype="str")
