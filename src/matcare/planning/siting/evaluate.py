"""What chosen sites really do, measured again from minutes by a search of its own, and held against the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.planning.siting.problem import NO_MS, milliseconds_of
from matcare.travel.subsets import from_rows, toward
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.candidates import Candidates
    from matcare.planning.siting.problem import SitingProblem
    from matcare.planning.siting.request import SitingRequest
    from matcare.planning.siting.solution import Solution

__all__ = ["Served", "check_solution", "nearest_of_chosen", "served_after"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_ROUNDING: Final = 1e-6
_UNSURE: Final = 1e-5
"""A solver keeps its rows to a millionth; sums of shares of many clients to somewhat less."""


@dataclass(frozen=True, eq=False)
class Served:
    """Where clients go.

    Attributes
    ----------
    ms : numpy.ndarray of int64, shape (clients,)
        :data:`NO_MS` where there is no way.
    slot : numpy.ndarray of int64, shape (clients,)
        Position among the chosen sites; −1 for an existing unit or none.
    """

    ms: I64
    slot: I64


def nearest_of_chosen(area: StudyArea, candidates: Candidates, rows: I64, chosen: I64) -> Served:
    """Find each client's nearest chosen site, existing units left aside; of equally near ones the lowest.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    rows : numpy.ndarray of int64, shape (clients,)
    chosen : numpy.ndarray of int64
        Sites, ascending.
    """
    ms, slot = np.full(len(rows), NO_MS), np.full(len(rows), -1, dtype=np.int64)
    for part, begin in zip(candidates.points, candidates.first, strict=False):
        mine = np.flatnonzero((chosen >= begin) & (chosen < begin + len(part)))
        if not len(mine):
            continue
        found = from_rows(toward(area.trips, part.take(chosen[mine] - begin)), rows).nearest()[0]
        there = milliseconds_of(found.minutes)
        better = there < ms
        ms[better], slot[better] = there[better], mine[found.destination[better]]
    return Served(ms, slot)


def served_after(area: StudyArea, candidates: Candidates, problem: SitingProblem, chosen: I64) -> Served:
    """Find where clients go with the existing units and some sites; at equal milliseconds they stay where they are."""
    new = nearest_of_chosen(area, candidates, problem.rows, chosen)
    moved = new.ms < problem.today_ms
    return Served(np.where(moved, new.ms, problem.today_ms), np.where(moved, new.slot, -1))


def check_solution(
    area: StudyArea, candidates: Candidates, problem: SitingProblem, request: SitingRequest, solution: Solution
) -> Served:
    """Measure a solution again from minutes, and compare.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    problem : SitingProblem
    request : SitingRequest
    solution : Solution

    Returns
    -------
    Served
        Where clients go.

    Raises
    ------
    RuntimeError
        When the model's value and that of the minutes differ by more than rounding, a site has fewer births than the
        floor, one takes more than its capacity, or somebody is left out whom the model says it serves: a defect.
    """
    served = served_after(area, candidates, problem, solution.chosen)
    if request.add is not None and len(solution.chosen) > request.add:
        raise RuntimeError(f"siting: {len(solution.chosen)} sites chosen, {request.add} asked")
    if request.min_births is not None:
        inside = (served.slot >= 0) & (served.ms <= request.within_ms)
        births = np.bincount(served.slot[inside], weights=problem.births[inside], minlength=len(solution.chosen))
        if (births < request.min_births - _ROUNDING * max(1.0, request.min_births)).any():
            raise RuntimeError(f"siting: a site has {births.min():g} births, the floor is {request.min_births:g}")
    measured = _measured(problem, request, solution, served)
    if request.capacity is not None:
        measured = _measured_flows(area, candidates, problem, request, solution)
    if abs(measured - solution.value) > _UNSURE * max(1.0, abs(measured)):
        raise RuntimeError(f"siting: the model says {solution.value:g}, the minutes say {measured:g}")
    return served


def _measured(problem: SitingProblem, request: SitingRequest, solution: Solution, served: Served) -> float:
    """Return the objective of a solution, from minutes alone."""
    if request.model == "all":
        can = solution.counted
        if request.capacity is None and (served.ms[can] > request.within_ms).any():
            raise RuntimeError("siting: a demand point that should be within the limit is not")
        return float(len(solution.chosen))
    if request.model == "farthest":
        return float(served.ms[solution.counted].max(initial=0)) / MS_PER_MINUTE
    if request.model == "cover":
        now = served.ms <= request.within_ms
        return float(problem.value[now].sum() - problem.value[problem.today_ms <= request.within_ms].sum())
    before, after = (np.minimum(ms, request.cap_ms) for ms in (problem.today_ms, served.ms))
    return float((problem.value * (before - after)).sum()) / MS_PER_MINUTE


def _measured_flows(
    area: StudyArea, candidates: Candidates, problem: SitingProblem, request: SitingRequest, solution: Solution
) -> float:
    """Return the objective of who goes where under a capacity, each pair's minutes found again."""
    assert solution.flows is not None
    assert request.capacity is not None
    client, slot, share = solution.flows
    minutes = np.full(len(client), np.nan)
    for k, site in enumerate(solution.chosen):
        there = nearest_of_chosen(area, candidates, problem.rows[client[slot == k]], np.array([site]))
        minutes[slot == k] = there.ms / MS_PER_MINUTE
    limit = request.cap_minutes if request.model == "minutes" else request.within
    whole = np.bincount(client, weights=share, minlength=len(problem.rows))
    load = np.bincount(slot, weights=share * problem.births[client], minlength=len(solution.chosen))
    if (minutes > limit).any() or (whole > 1 + _UNSURE).any() or (load > request.capacity * (1 + _UNSURE)).any():
        raise RuntimeError("siting: the plan sends somebody beyond the limit, twice, or where there is no room")
    if request.model == "all":
        if (whole[solution.counted] < 1 - _UNSURE).any():
            raise RuntimeError("siting: the plan leaves somebody out whom it should serve")
        return float(len(solution.chosen))
    if request.model == "cover":
        return float((share * problem.value[client]).sum())
    base = np.minimum(problem.today_ms, request.cap_ms)[client] / MS_PER_MINUTE
    return float((share * problem.value[client] * (base - minutes)).sum())
