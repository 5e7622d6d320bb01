"""Units to protect: what the loss of each one alone would do, for all units in one pass.

A demand point is touched by the loss of its nearest unit alone, and then goes to its second nearest: the two nearest of
every point tell what the loss of every unit would do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.closures import PLANNING_LIMITS, fragility_table
from matcare.planning.affected import check_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matcare.measures.study_area import StudyArea

__all__ = ["PROTECT", "fragility", "women_with_one_unit"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PROTECT: Final = (
    "a unit to protect; not evidence that any unit should close: quality, finances and staffing are not in it; a "
    "closure also takes prenatal and emergency care with it"
)
"""Stands in every row."""

_LAST_WITHIN: Final = 60.0


def fragility(
    area: StudyArea,
    service: str = "birth_care",
    *,
    limits: Sequence[float] = PLANNING_LIMITS,
    limit_minutes: float | None = None,
    states: Collection[str] = (),
) -> pd.DataFrame:
    """Say of every unit what its loss alone would do: a list of units to protect.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    service : str
        As in :meth:`StudyArea.members`.
    limits : sequence of float
        Minutes, ascending; within T is ≤ T.
    limit_minutes : float, optional
        A unit farther than this does not count.
    states : collection of str
        Only units of these states; their people may live in others. All units without it.

    Returns
    -------
    pandas.DataFrame
        Contract ``FRAGILITY``, one row a unit, those first whose loss would leave most women newly beyond 60 minutes,
        then 30, then the other limits; ties by identifier. Never the other way round: it is no list of units that
        could be spared.
    """
    limits = check_limits(limits)
    minutes, unit = area.k_nearest(service, 2)
    if limit_minutes is not None:
        far = ~(minutes <= limit_minutes)
        minutes, unit = np.where(far, np.nan, minutes), np.where(far, -1, unit)
    rows = area.rows(service)
    served = np.flatnonzero(unit[:, 0] >= 0)
    losses = _Losses(area, rows, served, minutes[served], unit[served])
    frame = losses.table(limits).assign(service=service, note=PROTECT)
    if states:
        frame = frame[frame["state"].isin(list(states))]
    beyond = [f"women_newly_beyond_{limit:g}" for limit in sorted(limits, key=lambda limit: (abs(limit - 60), limit))]
    frame = frame.sort_values([*beyond, "facility_id"], ascending=[False] * len(beyond) + [True], ignore_index=True)
    frame["order"] = np.arange(1, len(frame) + 1)
    return frame[fragility_table(limits).names]


class _Losses:
    """Sums over the demand points of each unit that is their nearest."""

    def __init__(self, area: StudyArea, rows: I64, served: I64, minutes: F64, unit: I64) -> None:
        self.area, self.rows = area, rows
        self.first, self.second = minutes[:, 0], minutes[:, 1]
        self.next = unit[:, 1]
        number = np.full(len(area.facilities), -1, dtype=np.int64)
        number[rows] = np.arange(len(rows))
        self.nearest = number[unit[:, 0]]
        self.women, self.births = (
            np.nan_to_num(area.demand[column].to_numpy(dtype=np.float64, na_value=np.nan)[served])
            for column in ("women_15_44", "births_per_year")
        )

    def sums(self, weight: F64, chosen: Bools) -> F64:
        """Sum a weight over the chosen points, by the unit that is nearest."""
        return np.bincount(self.nearest[chosen], weights=weight[chosen], minlength=len(self.rows)).astype(np.float64)

    def table(self, limits: Sequence[float]) -> pd.DataFrame:
        """Columns of the contract but for order, service and note."""
        units = self.area.facilities.iloc[self.rows]
        every, has = np.ones(len(self.nearest), dtype=np.bool_), self.next >= 0
        columns: dict[str, F64] = {
            "women_nearest": self.sums(self.women, every),
            "births_nearest": self.sums(self.births, every),
            "women_last_within_60": self.sums(
                self.women, (self.first <= _LAST_WITHIN) & ~(self.second <= _LAST_WITHIN)
            ),
            "women_newly_without_minutes": self.sums(self.women, ~has),
        }
        for limit in limits:
            beyond = (self.first <= limit) & ~(self.second <= limit)
            columns[f"women_newly_beyond_{limit:g}"] = self.sums(self.women, beyond)
            columns[f"births_newly_beyond_{limit:g}"] = self.sums(self.births, beyond)
        added = np.where(has, self.second - self.first, 0.0)
        kept = self.sums(self.women, has)
        with np.errstate(divide="ignore", invalid="ignore"):
            columns["minutes_added"] = np.where(kept > 0, self.sums(self.women * added, has) / kept, np.nan)
        most = np.full(len(self.rows), -np.inf)
        np.maximum.at(most, self.nearest[has], added[has])
        columns["minutes_added_most"] = np.where(np.isfinite(most), most, np.nan)
        names = units[["facility_id", "facility_name", "city", "state", "county_fips"]].reset_index(drop=True)
        return names.assign(
            **columns, **self._next(columns["women_nearest"]), same_site_as=self._twins(units["same_site_as"])
        )

    def _next(self, whole: F64) -> dict[str, Any]:
        """Find the unit that most women would turn to, and how many would turn to another state's."""
        facilities = self.area.facilities
        has = self.next >= 0
        pairs = pd.DataFrame({"unit": self.nearest[has], "next": self.next[has], "women": self.women[has]})
        flow = pairs.groupby(["unit", "next"])["women"].sum().reset_index()
        flow = flow.sort_values(["unit", "women", "next"], ascending=[True, False, True]).drop_duplicates("unit")
        place, to = flow["unit"].to_numpy(), flow["next"].to_numpy()
        named: dict[str, Any] = {}
        for name, column in (("next_unit", "facility_id"), ("next_unit_name", "facility_name")):
            values = np.full(len(self.rows), None, dtype=object)
            values[place] = facilities[column].to_numpy(dtype=object)[to]
            named[name] = pd.array(values, dtype="str")
        taken = np.zeros(len(self.rows))
        taken[place] = flow["women"].to_numpy()
        state = facilities["state"].to_numpy(dtype=object)
        across = np.zeros(len(has), dtype=np.bool_)
        across[has] = state[self.next[has]] != state[self.rows[self.nearest[has]]]
        away = self.sums(self.women, across)
        with np.errstate(divide="ignore", invalid="ignore"):
            named["share_women_next_unit"] = np.where(whole > 0, np.minimum(taken / whole, 1), np.nan)
            named["share_women_out_of_state"] = np.where(whole > 0, np.minimum(away / whole, 1), np.nan)
        return named

    def _twins(self, listed: pd.Series) -> Any:
        """Keep the neighbours on the campus that count for the service themselves."""
        mine = set(self.area.facilities["facility_id"].iloc[self.rows])
        kept = [
            " ".join(other for other in others.split() if other in mine) or None if isinstance(others, str) else None
            for others in listed
        ]
        return pd.array(kept, dtype="str")


def women_with_one_unit(area: StudyArea, service: str = "birth_care", *, limit: float = _LAST_WITHIN) -> pd.DataFrame:
    """Count by county of residence the women for whom one unit is the last within a limit.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    service : str
        As in :meth:`StudyArea.members`.
    limit : float
        Minutes; within T is ≤ T.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, women_one_unit`` (the nearest is within, and no other is), ``women_none`` (none is within), and
        ``women_several``; one row a county with demand points.
    """
    minutes, _ = area.k_nearest(service, 2)
    minutes = minutes if minutes.shape[1] > 1 else np.pad(minutes, ((0, 0), (0, 1)), constant_values=np.nan)
    within = minutes <= limit
    women = area.demand["women_15_44"]
    parts = {
        "women_one_unit": within[:, 0] & ~within[:, 1],
        "women_none": ~within[:, 0],
        "women_several": within[:, 1],
    }
    frame = pd.DataFrame({name: women.where(mine, 0.0) for name, mine in parts.items()})
    return frame.groupby(area.demand["county_fips"]).sum(min_count=1).reset_index()
