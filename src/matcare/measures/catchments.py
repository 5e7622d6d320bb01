"""Floating catchments: supply in range over the demand that competes for it, at every demand point.

With W_ij the decay of the drive from demand point i to unit j, P_i the demand and S_j the supply:

* ``2sfca``, ``e2sfca``, ``gravity``: R_j = S_j / Σ_k P_k·W_kj, A_i = Σ_j R_j·W_ij. The three differ in the decay alone:
  one band of weight 1, bands, or a curve.
* ``m2sfca``: A_i = Σ_j S_j·W_ij² / Σ_k P_k·W_kj: where units lie far, some of their supply is not to be had.
* ``3sfca``: G_ij = W_ij / Σ_l W_il, R_j = S_j / Σ_k G_kj·P_k·W_kj, A_i = Σ_j G_ij·R_j·W_ij: more units near by
  mean less demand on each. Both sums take W², the selection Σ_l W_il a sweep of its own.

Scores times demand add up to the supply in range, and with ``m2sfca`` to no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.scenario.decay import DECAYS
from matcare.travel.decayed_sums import decayed_sums, floating_catchment
from matcare.travel.subsets import among

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.scenario.decay import Decay
    from matcare.travel.searches import Trips

__all__ = [
    "DEFAULT_DECAYS",
    "ONE_PER_UNIT",
    "CatchmentScores",
    "Catchments",
    "Inputs",
    "catchment_scores",
    "catchments",
    "inputs_of",
    "standing",
    "supply_and_demand",
    "unit_statuses",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

ONE_PER_UNIT: Final = "one per unit"

DEFAULT_DECAYS: Final = {
    "2sfca": DECAYS["two_step_60"],
    "e2sfca": DECAYS["e2sfca_maternity"],
    "m2sfca": DECAYS["e2sfca_maternity"],
    "3sfca": DECAYS["three_step"],
    "gravity": DECAYS["gravity"],
}
"""The decay of each method where none is asked for."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CatchmentScores:
    """Scores of demand points, and what each unit brings.

    Attributes
    ----------
    score : numpy.ndarray of float64, shape (n,)
        Supply per demand; exactly 0 where no unit is in range. RAAM: a cost, NaN where no unit is in range.
    reason : numpy.ndarray of str, shape (n,)
        One of :data:`matcare.contracts.catchments.CATCHMENT_REASONS`.
    demand_in_range : numpy.ndarray of float64, shape (units,)
        What each unit's supply is divided by; RAAM: the demand that chooses it.
    ratio : numpy.ndarray of float64, shape (units,)
        Supply over that; NaN where there is none.
    status : numpy.ndarray of str, shape (units,)
        One of :data:`matcare.contracts.catchments.CATCHMENT_UNIT_STATUSES`.
    """

    score: F64
    reason: Texts
    demand_in_range: F64
    ratio: F64
    status: Texts


@dataclass(frozen=True, eq=False, kw_only=True)
class Catchments:
    """The scores of a service by one method, and what they stand on.

    Attributes
    ----------
    service, method : str
    decay : str
        In words.
    supply_basis, demand_basis : str
        What supply and demand are.
    facility : numpy.ndarray of int64, shape (units,)
        Rows of the study area's facilities.
    supply : numpy.ndarray of float64, shape (units,)
        NaN where it is not known.
    demand : numpy.ndarray of float64, shape (n,)
        NaN where it is not known.
    scores : CatchmentScores
    """

    service: str
    method: str
    decay: str
    supply_basis: str
    demand_basis: str
    facility: I64
    supply: F64
    demand: F64
    scores: CatchmentScores

    @property
    def supply_in_range(self) -> float:
        """Supply of all units that demand has a share in."""
        return float(self.supply[np.isin(self.scores.status, ["counted", "not_chosen"])].sum())

    @property
    def lost(self) -> I64:
        """Rows of the facilities whose supply no demand is in range of."""
        rows: I64 = self.facility[self.scores.status == "no_demand_in_range"]
        return rows


@dataclass(frozen=True, eq=False)
class Inputs:
    """Supply and demand, checked; the trips to the units that have a supply, and those whose supply is not known.

    Attributes
    ----------
    every : Trips
    counted : Trips
        To the units with a known supply above 0.
    rows : numpy.ndarray of int64, shape (counted,)
        Their positions among all units.
    supply : numpy.ndarray of float64, shape (counted,)
    demand : numpy.ndarray of float64, shape (n,)
        0 where it is not known.
    demand_unknown : numpy.ndarray of bool, shape (n,)
    supply_unknown : numpy.ndarray of bool, shape (units,)
    """

    every: Trips
    counted: Trips
    rows: I64
    supply: F64
    demand: F64
    demand_unknown: Bools
    supply_unknown: Bools


def inputs_of(trips: Trips, *, supply: npt.ArrayLike, demand: npt.ArrayLike) -> Inputs:
    """Check supply and demand, and leave out units without a supply.

    Parameters
    ----------
    trips : Trips
        From n demand points to the units.
    supply : array_like of float, shape (units,)
    demand : array_like of float, shape (n,)

    Raises
    ------
    InputError
        When a number is negative or infinite, or the shapes do not fit.
    """
    given = {"supply": (supply, len(trips.destinations)), "demand": (demand, len(trips.origins))}
    values: dict[str, F64] = {}
    for what, (numbers, count) in given.items():
        found = np.array(numbers, dtype=np.float64)
        if found.shape != (count,):
            raise InputError(f"{what} has shape {found.shape}: give one number for each of {count}")
        wrong = np.flatnonzero((found < 0) | np.isinf(found))
        if len(wrong):
            raise InputError(
                f"{what}, row {wrong[0]}: {found[wrong[0]]:g} is not a number of 0 or more; leave out what is not known"
            )
        values[what] = found
    rows = np.flatnonzero(values["supply"] > 0)
    whole = len(rows) == len(values["supply"])
    unknown = np.isnan(values["demand"])
    return Inputs(
        trips,
        trips if whole else among(trips, rows),
        rows,
        values["supply"][rows],
        np.where(unknown, 0.0, values["demand"]),
        unknown,
        np.isnan(values["supply"]),
    )


def catchment_scores(
    trips: Trips, *, method: str, supply: npt.ArrayLike, demand: npt.ArrayLike, decay: Decay | None = None
) -> CatchmentScores:
    """Score every demand point by a floating catchment.

    Parameters
    ----------
    trips : Trips
        From n demand points to the units of a service.
    method : str
        ``2sfca``, ``e2sfca``, ``m2sfca``, ``3sfca`` or ``gravity``; for RAAM see
        :func:`matcare.measures.raam.raam_scores`.
    supply : array_like of float, shape (units,)
        NaN: not known. Such units, and those of supply 0, are left out: they neither serve nor draw demand.
    demand : array_like of float, shape (n,)
        NaN: not known. Such a point counts for nothing at the units, and where one is in range it has no score.
    decay : Decay, optional
        :data:`DEFAULT_DECAYS` without it. ``2sfca`` takes one band, ``gravity`` a curve.

    Returns
    -------
    CatchmentScores

    Raises
    ------
    InputError
        For an unknown method, a decay that is not of the method's kind, a negative supply or demand.

    References
    ----------
    Luo & Wang 2003 (2SFCA); Luo & Qi 2009 (E2SFCA); Delamater 2013 (M2SFCA); Wan, Zou & Sternberg 2012 (3SFCA);
    Joseph & Bantock 1982 (gravity with competition).
    """
    decay = _decay_of(method, decay)
    given = inputs_of(trips, supply=supply, demand=demand)
    powers = {"m2sfca": (1, 2), "3sfca": (2, 2)}.get(method, (1, 1))
    competing, share = given.demand, np.ones(len(given.demand))
    if method == "3sfca":
        selection = decayed_sums(given.counted, decay)[1]
        np.divide(1.0, selection, out=share, where=selection > 0)
        competing = competing * share
    found = floating_catchment(given.counted, decay, supply=given.supply, demand=competing, powers=powers)
    reason = standing(given, decay.limit_minutes, scored=found.score > 0)
    score = found.score * share
    score[np.isin(reason, ["no_demand_in_range", "demand_unknown", "supply_unknown"])] = np.nan
    return unit_statuses(given, score, reason, found.demand_in_range)


def _decay_of(method: str, decay: Decay | None) -> Decay:
    if method not in DEFAULT_DECAYS:
        words = " (it weighs minutes itself: use raam_scores)" if method == "raam" else ""
        raise InputError(f"method {method!r}{words}: one of {', '.join(DEFAULT_DECAYS)}")
    if decay is None:
        return DEFAULT_DECAYS[method]
    if method == "2sfca" and (decay.kind != "steps" or decay.values != (1.0,)):
        raise InputError(f"2sfca with {decay.words}: it takes one band of weight 1; bands are e2sfca, curves gravity")
    if method == "gravity" and decay.kind == "steps":
        raise InputError(f"gravity with {decay.words}: it takes a gaussian, exponential or power decay, no bands")
    return decay


def standing(given: Inputs, limit_minutes: float, *, scored: Bools) -> Texts:
    """Tell why each demand point has the score that it has.

    Parameters
    ----------
    given : Inputs
    limit_minutes : float
        Units farther than this are not in range.
    scored : numpy.ndarray of bool, shape (n,)
        Points with a unit in range that demand has a share in. Only of the others it is asked why not.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
    """
    reason = np.full(len(scored), "covered", dtype=object)
    rows = np.flatnonzero(~scored).astype(np.int64)
    if len(rows):
        nearest = given.counted.nearest(rows=rows, limit_minutes=limit_minutes)[0]
        words = nearest.reason.astype(object)
        words[words == "beyond_limit"] = "none_in_range"
        words[words == "covered"] = "no_demand_in_range"  # units there are, but no demand to divide their supply by
        reason[rows] = words
    in_range = np.isin(reason, ["covered", "no_demand_in_range"])
    reason[in_range & given.demand_unknown] = "demand_unknown"
    if given.supply_unknown.any():
        others = among(given.every, np.flatnonzero(given.supply_unknown))
        also = others.nearest(limit_minutes=limit_minutes)[0].destination >= 0
        reason[also & (reason == "covered")] = "partly_known"
        reason[also & ~in_range] = "supply_unknown"
    return reason


def unit_statuses(given: Inputs, score: F64, reason: Texts, demand_in_range: F64) -> CatchmentScores:
    """Put the scores beside what each of all units brings.

    Parameters
    ----------
    given : Inputs
    score, reason : numpy.ndarray, shape (n,)
    demand_in_range : numpy.ndarray of float64, shape (counted,)
    """
    units = len(given.supply_unknown)
    status = np.full(units, "no_supply", dtype=object)
    status[given.supply_unknown] = "supply_unknown"
    status[given.rows] = np.where(demand_in_range > 0, "counted", "no_demand_in_range")
    in_range, ratio = np.zeros(units), np.full(units, np.nan)
    in_range[given.rows] = demand_in_range
    known = given.rows[demand_in_range > 0]
    ratio[known] = given.supply[demand_in_range > 0] / in_range[known]
    return CatchmentScores(score=score, reason=reason, demand_in_range=in_range, ratio=ratio, status=status)


def catchments(
    area: StudyArea,
    *,
    service: str = "birth_care",
    method: str = "e2sfca",
    decay: Decay | None = None,
    supply: npt.ArrayLike | None = None,
    supply_basis: str = ONE_PER_UNIT,
    demand: str = "births_per_year",
) -> Catchments:
    """Score every demand point of a study area for a service.

    Parameters
    ----------
    area : StudyArea
        Demand and units beyond its edge are not there: near the edge scores stand on too little of both.
    service : str
        As in :meth:`StudyArea.members`.
    method, decay
        As in :func:`catchment_scores`.
    supply : array_like of float, shape (m,), optional
        One for each facility of the area, NaN where not known; one per unit without it.
    supply_basis : str
        What the supply is, in words.
    demand : str
        Column of ``area.demand``.

    Returns
    -------
    Catchments
    """
    rows, given, people = supply_and_demand(area, service, supply, supply_basis, demand)
    chosen = _decay_of(method, decay)
    scores = catchment_scores(area.trips_to(service), method=method, supply=given, demand=people, decay=chosen)
    return Catchments(
        service=service, method=method, decay=chosen.words, supply_basis=supply_basis, demand_basis=demand,
        facility=rows, supply=given, demand=people, scores=scores,
    )  # fmt: skip


def supply_and_demand(
    area: StudyArea, service: str, supply: npt.ArrayLike | None, supply_basis: str, demand: str
) -> tuple[I64, F64, F64]:
    """Take the service's units, their supply and the demand from a study area.

    Raises
    ------
    InputError
        When the supply has another length than the facilities or no name of its own, or there is no such column.
    """
    rows = area.rows(service)
    if supply is None:
        if supply_basis != ONE_PER_UNIT:
            raise InputError(f"supply {supply_basis!r}: no numbers came with it; give one for each facility")
        given = np.ones(len(rows))
    else:
        every = np.asarray(supply, dtype=np.float64)
        if every.shape != (len(area.facilities),):
            raise InputError(f"supply has shape {every.shape}: give one number for each of {len(area.facilities)}")
        if supply_basis == ONE_PER_UNIT:
            raise InputError(f"supply: say what the numbers are; {ONE_PER_UNIT!r} is what stands without them")
        given = every[rows]
    if demand not in area.demand:
        raise InputError(f"demand {demand!r} is no column of the demand points: births_per_year, women_15_44 or people")
    people: npt.NDArray[Any] = area.demand[demand].to_numpy(dtype=np.float64)
    return rows, given, people
