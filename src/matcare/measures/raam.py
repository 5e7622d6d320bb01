"""The rational agent access model: everybody goes where drive and crowding together cost least.

With t_ij the minutes from demand point i to unit j, D_j the demand that chooses the unit, S_j its supply, ρ the mean
demand per supply and τ the minutes that people drive to avoid once the mean crowding, the cost of j at i is
t_ij/τ + D_j/(ρ·S_j). Nobody gains by changing exactly where the assignment x_ij of demand makes
Σ x_ij·t_ij/τ + Σ D_j²/(2·ρ·S_j) least (Beckmann's form of Wardrop's equilibrium), which is convex and settles every
D_j. Each point's least cost at those D_j is its score; :mod:`matcare.measures.raam_equilibrium` finds it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.errors import InputError
from matcare.measures.catchments import (
    ONE_PER_UNIT,
    Catchments,
    CatchmentScores,
    inputs_of,
    standing,
    supply_and_demand,
    unit_statuses,
)
from matcare.measures.raam_equilibrium import Equilibrium, settle

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.measures.study_area import StudyArea
    from matcare.travel.searches import Trips

__all__ = ["RAAM_LIMIT_MINUTES", "RAAM_TAU_MINUTES", "Equilibrium", "raam_catchments", "raam_scores"]


RAAM_LIMIT_MINUTES: Final = 90.0
"""Units farther than this are in nobody's choice."""
RAAM_TAU_MINUTES: Final = 60.0
"""τ of Saxon & Snow (2020)."""


def raam_scores(
    trips: Trips,
    *,
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    limit_minutes: float = RAAM_LIMIT_MINUTES,
    tau_minutes: float = RAAM_TAU_MINUTES,
) -> tuple[CatchmentScores, Equilibrium]:
    """Find the cost of every demand point under the rational agent access model; lower is better.

    All pairs within the limit are held in memory: for the nation's birth care and 90 minutes some 8 million, 0.3 GB.

    Parameters
    ----------
    trips : Trips
        From n demand points to the units.
    supply : array_like of float, shape (units,)
        NaN: not known. Such units, and those of supply 0, are left out.
    demand : array_like of float, shape (n,)
        NaN: not known; counts for nothing, and where a unit is in range the point has no cost.
    limit_minutes : float
        Units farther than this cannot be chosen; at exactly this they can.
    tau_minutes : float
        Minutes of driving that weigh as much as the mean crowding.

    Returns
    -------
    scores : CatchmentScores
        ``score`` is the cost, NaN with a reason where no unit is in range; ``demand_in_range`` the demand that chooses
        each unit.
    equilibrium : Equilibrium

    Raises
    ------
    InputError
        When limit or τ is not above 0, or a supply or demand is negative.

    References
    ----------
    Saxon & Snow (2020), "A rational agent model for the spatial accessibility of primary health care".
    """
    for name, minutes in (("the limit", limit_minutes), ("tau", tau_minutes)):
        if not (math.isfinite(minutes) and minutes > 0):
            raise InputError(f"raam: {name} is {minutes:g} minutes: give a number above 0")
    given = inputs_of(trips, supply=supply, demand=demand)
    pairs = given.counted.within(limit_minutes=limit_minutes)
    found = settle(pairs, supply=given.supply, demand=given.demand, tau_minutes=tau_minutes)
    reason = standing(given, limit_minutes, scored=np.isfinite(found.cost))
    covered = np.isin(reason, ["covered", "partly_known"])
    scores = unit_statuses(given, np.where(covered, found.cost, np.nan), reason, found.load)
    near = np.bincount(pairs.destination, given.demand[pairs.origin], len(given.supply)) > 0
    scores.status[given.rows[near & (found.load <= 0)]] = "not_chosen"
    return scores, found


def raam_catchments(
    area: StudyArea,
    *,
    service: str = "birth_care",
    limit_minutes: float = RAAM_LIMIT_MINUTES,
    tau_minutes: float = RAAM_TAU_MINUTES,
    supply: npt.ArrayLike | None = None,
    supply_basis: str = ONE_PER_UNIT,
    demand: str = "births_per_year",
) -> Catchments:
    """Find the cost of every demand point of a study area for a service.

    Parameters
    ----------
    area, service, supply, supply_basis, demand
        As in :func:`matcare.measures.catchments.catchments`.
    limit_minutes, tau_minutes
        As in :func:`raam_scores`.

    Returns
    -------
    Catchments
        Method ``raam``.
    """
    rows, given, people = supply_and_demand(area, service, supply, supply_basis, demand)
    scores, found = raam_scores(
        area.trips_to(service), supply=given, demand=people, limit_minutes=limit_minutes, tau_minutes=tau_minutes
    )
    words = f"up to {limit_minutes:g} min, tau {tau_minutes:g} min; all together could gain {100 * found.gain:.1g} %"
    return Catchments(
        service=service, method="raam", decay=words, supply_basis=supply_basis, demand_basis=demand,
        facility=rows, supply=given, demand=people, scores=scores,
    )  # fmt: skip
