"""Births by unit: no national file has them, so a gravity model shares every demand point's births out over the units.

Of the b_i births at demand point i, unit j within reach takes

    b_i · A_j · f(t_ij) / Σ_k A_k · f(t_ik),    f(t) = exp(−(t / τ)^p),

over the units k within reach, so the units' births add up to the counties' (a production-constrained model of spatial
interaction: Huff 1963, Wilson 1971). The attraction is A_j = (beds_j / 200)^α: neonatal level, critical access and tier
of evidence, tried beside beds, predict the left-out states no better. The parameters are fitted on the nursery
discharges of cost reports, most of which count a part of the newborns only, and tested on left-out states:
``benchmarks/unit_births.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array

from matcare.contracts.closures import UNIT_BIRTHS
from matcare.errors import InputError
from matcare.travel.compiled import compiled
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.travel.found import Nearest

__all__ = ["GRAVITY", "Allocation", "Gravity", "allocate_births", "attraction", "unallocated_births", "unit_births"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_USUAL_BEDS: Final = 200.0
_FEWEST_BEDS: Final = 5.0
"""A hospital of fewer is an error of its source, and one of none would take no births at all."""


@dataclass(frozen=True, kw_only=True)
class Gravity:
    """Parameters of the gravity model.

    Attributes
    ----------
    decay_minutes, decay_power : float
        τ and p of f(t) = exp(−(t / τ)^p); above 0.
    beds_power : float
        α of the attraction (beds / 200)^α; 0 = all units draw alike.
    unknown_beds : float
        Beds of a unit without a number.
    reach_minutes : float
        Units farther than this take no births of a point; at exactly this they do.
    """

    decay_minutes: float
    decay_power: float
    beds_power: float
    unknown_beds: float = 150.0
    reach_minutes: float = 120.0

    def __post_init__(self) -> None:
        for name in ("decay_minutes", "decay_power", "unknown_beds", "reach_minutes"):
            if not getattr(self, name) > 0:
                raise InputError(f"gravity: {name} is {getattr(self, name):g}; give a number above 0")


GRAVITY: Final = Gravity(decay_minutes=4.0, decay_power=0.69, beds_power=0.73)
"""Fitted 2026-11-29 by ``python benchmarks/unit_births.py`` on 648 hospitals with nursery discharges of ten and more.

On left-out states the median absolute ln(discharges / estimate) is 0.35 and 73 % are within a factor of two where
reports look complete (94 hospitals); over all 648, most of which report a part, 1.39 and 33 %. Estimates below 300
births are too high by about half.
"""


def attraction(facilities: pd.DataFrame, gravity: Gravity = GRAVITY) -> F64:
    """Return what draws births to each facility beside nearness.

    Parameters
    ----------
    facilities : pandas.DataFrame, m rows
        With ``beds``.
    gravity : Gravity
        Parameters.

    Returns
    -------
    numpy.ndarray of float64, shape (m,)
        Above 0; 1 for 200 beds.

    Examples
    --------
    >>> attraction(pd.DataFrame({"beds": [200.0, 25.0]})).round(2).tolist()
    [1.0, 0.22]
    """
    beds = facilities["beds"].to_numpy(dtype=np.float64, na_value=np.nan)
    beds = np.maximum(np.where(np.isnan(beds), gravity.unknown_beds, beds), _FEWEST_BEDS)
    return np.asarray((beds / _USUAL_BEDS) ** gravity.beds_power)


@dataclass(frozen=True, eq=False, kw_only=True)
class Allocation:
    """Births shared out over the units, and what it takes to share them out again when some close.

    Attributes
    ----------
    first : numpy.ndarray of int64, shape (n + 1,)
        Where each demand point's units begin.
    facility : numpy.ndarray of int32, shape (pairs,)
        Rows of the facilities.
    weight : numpy.ndarray of float64, shape (pairs,)
        Attraction times decay, over the largest of the point.
    point_births : numpy.ndarray of float64, shape (n,)
        Estimated births of each demand point; 0 where not known.
    births : numpy.ndarray of float64, shape (m,)
        Births allocated to each facility; 0 where it does not count for the service.
    unallocated : numpy.ndarray of float64, shape (n,)
        Births of points without a unit in reach.
    gravity : Gravity
        The parameters.
    """

    first: I64
    facility: I32
    weight: F64
    point_births: F64
    births: F64
    unallocated: F64
    gravity: Gravity

    def without(self, closed: Bools) -> tuple[F64, float]:
        """Share the births out again with some facilities closed; only the points in their reach are looked at.

        Parameters
        ----------
        closed : numpy.ndarray of bool, shape (m,)
            Facilities that take no births any more.

        Returns
        -------
        births : numpy.ndarray of float64, shape (m,)
            Births of each facility afterwards.
        lost : float
            Births of points that have no unit in reach any more.
        """
        touched = np.searchsorted(self.first, np.flatnonzero(closed[self.facility]), side="right") - 1
        gain = np.zeros_like(self.births)
        lost = _redistribute(
            np.unique(touched), self.first, self.facility, self.weight, self.point_births, closed, gain
        )
        return np.where(closed, 0.0, self.births + gain), float(lost)


def allocate_births(area: StudyArea, *, service: str = "birth_care", gravity: Gravity = GRAVITY) -> Allocation:
    """Share every demand point's births out over the units within reach.

    Parameters
    ----------
    area : StudyArea
        Demand points, facilities and trips. At the rim of a region the people around must be in it, or units there
        lack births.
    service : str
        Whose units take births: ``birth_care`` or ``birth_care_corroborated``. Any other service can be asked for, but
        not all births of its catchment are at its units.
    gravity : Gravity
        Parameters.

    Returns
    -------
    Allocation
    """
    pairs = area.pairs(service, gravity.reach_minutes)
    n, m = len(area.demand), len(area.facilities)
    by_point = coo_array((pairs.ms, (pairs.origin, pairs.destination)), shape=(n, m)).tocsr()
    first, facility = by_point.indptr.astype(np.int64), by_point.indices.astype(np.int32, copy=False)
    log = np.log(attraction(area.facilities, gravity))[facility]
    log -= (by_point.data / (MS_PER_MINUTE * gravity.decay_minutes)) ** gravity.decay_power
    births = np.nan_to_num(area.demand["births_per_year"].to_numpy(dtype=np.float64, na_value=np.nan))
    by_unit = np.zeros(m)
    _share_out(first, facility, log, births, by_unit)  # leaves weights in the place of their logarithms
    return Allocation(
        first=first,
        facility=facility,
        weight=log,
        point_births=births,
        births=by_unit,
        unallocated=np.where(np.diff(first) == 0, births, 0.0),
        gravity=gravity,
    )


@compiled
def _share_out(first: I64, facility: I32, weight: F64, births: F64, by_unit: F64) -> None:
    """Turn logarithms into weights, the largest of each point 1, and add up each unit's births."""
    for i in range(len(births)):
        largest = -np.inf
        for k in range(first[i], first[i + 1]):
            largest = max(largest, weight[k])
        total = 0.0
        for k in range(first[i], first[i + 1]):
            weight[k] = np.exp(weight[k] - largest)
            total += weight[k]
        for k in range(first[i], first[i + 1]):
            by_unit[facility[k]] += births[i] * weight[k] / total


@compiled
def _redistribute(points: I64, first: I64, facility: I32, weight: F64, births: F64, closed: Bools, gain: F64) -> float:
    """Give the births of closed units to the others in reach of their points; return those that none can take."""
    lost = 0.0
    for i in points:
        total, left = 0.0, 0.0
        for k in range(first[i], first[i + 1]):
            total += weight[k]
            if not closed[facility[k]]:
                left += weight[k]
        if left == 0.0:
            lost += births[i]
            continue
        for k in range(first[i], first[i + 1]):
            if not closed[facility[k]]:
                gain[facility[k]] += births[i] * weight[k] * (1.0 / left - 1.0 / total)
    return lost


def unit_births(
    area: StudyArea,
    service: str = "birth_care",
    *,
    gravity: Gravity = GRAVITY,
    allocation: Allocation | None = None,
    nearest: Nearest | None = None,
) -> pd.DataFrame:
    """Estimate the births of every unit.

    Parameters
    ----------
    area : StudyArea
        Demand points, facilities and trips.
    service : str
        ``birth_care`` or ``birth_care_corroborated``.
    gravity : Gravity
        Parameters of the model.
    allocation, nearest : Allocation, Nearest, optional
        Of the same area and service, where they are known already; `gravity` is then the allocation's.

    Returns
    -------
    pandas.DataFrame
        Contract `UNIT_BIRTHS`, one row a unit of the service in the order of the facilities. ``births_estimated``
        add up to the births of the demand points less :func:`unallocated_births`.
    """
    allocation = allocation or allocate_births(area, service=service, gravity=gravity)
    nearest = nearest or area.nearest(service)
    rows = area.rows(service)
    units = area.facilities.iloc[rows]
    own = {
        name: _by_destination(nearest, area.demand[column], len(area.facilities))[rows]
        for name, column in (("births_nearest", "births_per_year"), ("women_nearest", "women_15_44"))
    }
    frame = pd.DataFrame(
        {
            "service": service,
            **{name: units[name].to_numpy() for name in ("facility_id", "facility_name", "state", "county_fips")},
            "births_estimated": allocation.births[rows],
            **own,
            "attraction": attraction(units, allocation.gravity),
            "nursery_discharges": units["nursery_discharges"].to_numpy(dtype=np.float64, na_value=np.nan),
            "basis": "estimated",
        }
    )
    below = frame["births_estimated"] < frame["nursery_discharges"]
    frame["query"] = pd.Series(_BELOW, index=frame.index, dtype="str").where(below)
    return frame[UNIT_BIRTHS.names]


_BELOW: Final = "below the nursery discharges that the hospital reports"


def _by_destination(nearest: Nearest, weight: pd.Series, count: int) -> F64:
    known = nearest.destination >= 0
    people = np.nan_to_num(weight.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.bincount(nearest.destination[known], weights=people[known], minlength=count).astype(np.float64)


def unallocated_births(area: StudyArea, allocation: Allocation, *, service: str = "birth_care") -> pd.DataFrame:
    """Count the births that no unit is given, by reason.

    Parameters
    ----------
    area : StudyArea
        The area of the allocation.
    allocation : Allocation
        From :func:`allocate_births`.
    service : str
        The service of the allocation.

    Returns
    -------
    pandas.DataFrame
        ``reason`` (``beyond_limit``: no unit within reach; ``unreachable``, ``no_road_access``, ``ferry_or_air_only``;
        ``births_not_known``), ``demand_points``, ``births`` (NaN where not known); only reasons that occur.
    """
    unknown = area.demand["births_per_year"].isna().to_numpy()
    reason = area.nearest(service, limit_minutes=allocation.gravity.reach_minutes).reason.astype(object)
    reason[unknown] = "births_not_known"
    left = (np.diff(allocation.first) == 0) | unknown
    births = np.where(unknown, np.nan, allocation.point_births)
    table = pd.DataFrame({"reason": reason[left], "births": births[left]}).groupby("reason")["births"]
    return pd.DataFrame({"demand_points": table.size(), "births": table.sum(min_count=1)}).reset_index()
