"""Sums of what lies in range, weighed by the decay of each drive, without a list of all pairs.

Roads are summed in the sweeps of the hierarchy; then the pairs that a direct local leg or a stretch without a junction
joins sooner are set right: their weight rises from that of the way by road to their own. A decay never rises with the
minutes, so this only adds and nothing is lost to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.scenario.decay import DECAY_KINDS
from matcare.travel.hierarchy import Metric
from matcare.travel.hierarchy.decayed import Weighing, sweep_sums, weigh
from matcare.travel.searches import AT_ONCE, whole_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.scenario.decay import Decay
    from matcare.travel.searches import Trips

__all__ = ["FloatingCatchment", "decayed_sums", "floating_catchment"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Powers = tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class FloatingCatchment:
    """Both steps of a floating catchment.

    Attributes
    ----------
    demand_in_range : numpy.ndarray of float64, shape (destinations,)
        Σ_i P_i·W_ij^a.
    ratio : numpy.ndarray of float64, shape (destinations,)
        Supply over demand in range; 0 where no demand is in range.
    score : numpy.ndarray of float64, shape (origins,)
        Σ_j ratio_j·W_ij^b; exactly 0 where no destination with a ratio is in range.
    """

    demand_in_range: F64
    ratio: F64
    score: F64


def decayed_sums(
    trips: Trips,
    decay: Decay,
    *,
    origin_weight: npt.ArrayLike | None = None,
    destination_weight: npt.ArrayLike | None = None,
    power: int = 1,
) -> tuple[F64, F64]:
    """Sum the other side's weights, each times the decay of the drive.

    Parameters
    ----------
    trips : Trips
    decay : Decay
    origin_weight : array_like of float, shape (origins,), optional
        Such as births, 0 or more; 1 each without it.
    destination_weight : array_like of float, shape (destinations,), optional
        Such as units' supply, 0 or more; 1 each without it.
    power : {1, 2}
        The decay counts to this power.

    Returns
    -------
    per_destination : numpy.ndarray of float64, shape (destinations,)
        Σ_i p_i·W_ij^power.
    per_origin : numpy.ndarray of float64, shape (origins,)
        Σ_j s_j·W_ij^power; exactly 0 where nothing is in range.
    """
    here = _weights(origin_weight, len(trips.origins), "origin")
    there = _weights(destination_weight, len(trips.destinations), "destination")
    return _both_sums(trips, decay, here, lambda some, _: there[some], (power, power))


def floating_catchment(
    trips: Trips, decay: Decay, *, supply: npt.ArrayLike, demand: npt.ArrayLike, powers: Powers = (1, 1)
) -> FloatingCatchment:
    """Divide each destination's supply by the demand in range, and sum the ratios in range of each origin: one sweep.

    Parameters
    ----------
    trips : Trips
        From demand points to units.
    decay : Decay
    supply : array_like of float, shape (destinations,)
        0 or more.
    demand : array_like of float, shape (origins,)
        0 or more.
    powers : tuple of {1, 2}
        To which power the decay counts in the demand (a) and in the score (b): 1 and 1 in two-step catchments, 1 and 2
        in the modified one.

    Returns
    -------
    FloatingCatchment
        The same to the last bit on one or two cores.
    """
    here = _weights(demand, len(trips.origins), "demand")
    there = _weights(supply, len(trips.destinations), "supply")

    def ratio(some: npt.NDArray[np.integer], demand_in_range: F64) -> F64:
        found = np.zeros(len(some))
        np.divide(there[some], demand_in_range, out=found, where=demand_in_range > 0)
        return found

    in_range, score = _both_sums(trips, decay, here, ratio, powers)
    return FloatingCatchment(demand_in_range=in_range, ratio=ratio(np.arange(len(there)), in_range), score=score)


def _both_sums(
    trips: Trips, decay: Decay, here: F64, there: Callable[[I32, F64], F64], powers: Powers
) -> tuple[F64, F64]:
    """Sum for the destinations, and then for the origins what each destination counts for given its sum."""
    for power in powers:
        if power not in (1, 2):
            raise InputError(f"the decay counts to the power {power}: give 1 or 2")
    weighing = Weighing(
        DECAY_KINDS.index(decay.kind),
        np.array([whole_ms(one) for one in decay.minutes], dtype=np.int32),
        np.array(decay.values),
    )
    metric = trips.network.metric
    if not isinstance(metric, Metric):
        return _sums_over_pairs(trips, decay.limit_minutes, weighing, here, there, powers)
    short = trips.shortcuts
    gained = {power: short.gains(partial(weigh, weighing, power=power)) for power in sorted(set(powers))}
    more = np.bincount(short.destination, here[short.origin] * gained[powers[0]], len(trips.destinations))
    in_sweep = sweep_sums(
        metric, trips.leaving, trips.arriving, weighing, origin_weight=here,
        destination_weight=lambda some, sums: there(some, sums + more[some]), powers=powers,
    )  # fmt: skip
    per_destination = in_sweep[0] + more
    counts = there(np.arange(len(more), dtype=np.int32), per_destination)
    return per_destination, in_sweep[1] + np.bincount(
        short.origin, counts[short.destination] * gained[powers[1]], len(trips.origins)
    )


def _sums_over_pairs(
    trips: Trips, limit_minutes: float, weighing: Weighing, here: F64, there: Callable[[I32, F64], F64], powers: Powers
) -> tuple[F64, F64]:
    """Do the same over lists of the pairs of some destinations at a time, where there is no hierarchy to sweep."""
    per_destination, per_origin = np.zeros(len(trips.destinations)), np.zeros(len(trips.origins))
    begin = 0
    for first, origin, ms in trips._pairs(limit_minutes, AT_ONCE):  # noqa: SLF001 - of the same package
        some = np.arange(begin, begin + len(first) - 1, dtype=np.int32)
        weight = weigh(weighing, ms, powers[0])
        destination = np.repeat(np.arange(len(some)), np.diff(first))
        sums = np.asarray(np.bincount(destination, here[origin] * weight, len(some)), dtype=np.float64)
        per_destination[some] = sums
        counts = there(some, sums)
        weight = weigh(weighing, ms, powers[1])
        per_origin += np.bincount(origin, counts[destination] * weight, len(per_origin))
        begin += len(some)
    return per_destination, per_origin


def _weights(weights: npt.ArrayLike | None, points: int, what: str) -> F64:
    if weights is None:
        return np.ones(points)
    values = np.ascontiguousarray(weights, dtype=np.float64)
    if values.shape != (points,):
        raise InputError(f"{what} has shape {values.shape}: give one number for each of {points}")
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        raise InputError(f"{what}, row {wrong[0]}: {values[wrong[0]]:g} is not a number of 0 or more")
    return values
