"""The floor on births: how many each added unit would have, and which sites cannot open together because of it.

Births go to the nearest open unit, existing or added, and count for an added one where it is within T. So a site's
births only fall as other sites open: if j has too few beside the sites K, it has too few beside any set that holds K,
and Σ_{k in K} x_k + x_j ≤ |K| holds in every allowed solution. Such cuts are added until a solution breaks none.
Each is implied by closest assignment (Wagner and Falkson 1975, Geographical Analysis 7:1) with a floor on Σ_i b_i·a_ij,
so the optimum is that of the model with all assignment variables, which for block groups would have millions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError

if TYPE_CHECKING:
    from matcare.planning.siting.models import Cut
    from matcare.planning.siting.problem import Nearer, SitingProblem

__all__ = ["births_alone", "births_beside", "eligible", "floor_cuts"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SLACK: Final = 1e-6
"""Births by which a sum of many may miss the floor for rounding alone."""


def births_alone(problem: SitingProblem, within_ms: int) -> F64:
    """Births of each site if it alone opened: the most it can ever have; shape (sites,)."""
    near = problem.nearer.where(problem.nearer.ms <= within_ms)
    births = np.bincount(near.site, weights=problem.births[near.client], minlength=problem.sites)
    return np.asarray(births, dtype=np.float64)


def births_beside(nearer: Nearer, births: F64, chosen: I64, within_ms: int) -> F64:
    """Births of each chosen site when all of them are open, shape (chosen,)."""
    slot = np.full(int(chosen.max(initial=-1)) + 1, -1)
    slot[chosen] = np.arange(len(chosen))
    pairs = nearer.pairs_of(chosen)
    pairs = pairs[nearer.ms[pairs] <= within_ms]
    client, first = np.unique(nearer.client[pairs], return_index=True)
    found = np.bincount(slot[nearer.site[pairs[first]]], weights=births[client], minlength=len(chosen))
    return np.asarray(found, dtype=np.float64)


def eligible(problem: SitingProblem, within_ms: int, floor: float | None, names: list[str]) -> I64:
    """Return the sites that can have the floor's births at all.

    Raises
    ------
    InputError
        When none can: it names the one that comes nearest.
    """
    if floor is None:
        return np.arange(problem.sites, dtype=np.int64)
    alone = births_alone(problem, within_ms)
    can = np.flatnonzero(alone >= floor - SLACK).astype(np.int64)
    if not len(can):
        best = int(alone.argmax())
        raise InputError(
            f"min_births is {floor:g}, but no candidate that gains anything would have so many within the limit: the "
            f"best, {names[best]}, would have {np.floor(alone[best]):,.0f} estimated births a year "
            f"({floor - alone[best]:,.1f} short); "
            "lower it, or give other candidates"
        )
    return can


def floor_cuts(problem: SitingProblem, chosen: I64, within_ms: int, floor: float) -> list[Cut]:
    """Find why a set of sites breaks the floor.

    Parameters
    ----------
    problem : SitingProblem
    chosen : numpy.ndarray of int64
    within_ms : int
    floor : float

    Returns
    -------
    list of Cut
        Empty when every site has enough. For each that has not: itself with a smallest set of chosen sites beside which
        it has too few, and itself with every single site, chosen or not, beside which it has too few.
    """
    nearer, births = problem.nearer, problem.births
    loads = births_beside(nearer, births, chosen, within_ms)
    cuts: list[Cut] = []
    for site in chosen[loads < floor - SLACK]:
        taken, alone = _taken_by_one(problem, int(site), within_ms)
        rivals = np.flatnonzero(alone - taken < floor - SLACK)
        cuts += [(np.array([site, rival]), 1) for rival in rivals if rival != site]
        others = chosen[chosen != site]
        if np.isin(others, rivals).any():
            continue
        for other in others[np.argsort(taken[others], kind="stable")]:  # leave out whoever is not needed for it
            fewer = others[others != other]
            load = births_beside(nearer, births, np.append(fewer, site), within_ms)[-1]
            others = fewer if load < floor - SLACK else others
        cuts.append((np.append(others, site), len(others)))
    return cuts


def _taken_by_one(problem: SitingProblem, site: int, within_ms: int) -> tuple[F64, float]:
    """Births that each single other site would take from a site, shape (sites,), and what it has alone."""
    nearer = problem.nearer
    pairs = nearer.pairs_of(np.array([site]))
    pairs = pairs[nearer.ms[pairs] <= within_ms]
    client = nearer.client[pairs]
    first = nearer.first[client]
    counts = pairs - first
    before = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
    lost = np.repeat(problem.births[client], counts)
    taken = np.bincount(nearer.site[before], weights=lost, minlength=problem.sites)
    return np.asarray(taken, dtype=np.float64), float(problem.births[client].sum())
