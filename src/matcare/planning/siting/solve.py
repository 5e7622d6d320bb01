"""Solve an instance within the time asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from matcare.planning.siting.center import solve_center
from matcare.planning.siting.fewest import Fewest
from matcare.planning.siting.most import Most
from matcare.planning.siting.solution import graded
from matcare.planning.siting.volume import eligible
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.candidates import Candidates
    from matcare.planning.siting.problem import SitingProblem
    from matcare.planning.siting.request import SitingRequest
    from matcare.planning.siting.solution import Solution

__all__ = ["solve"]


def solve(area: StudyArea, candidates: Candidates, problem: SitingProblem, request: SitingRequest) -> Solution:
    """Solve an instance within the time asked for.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    problem : SitingProblem
    request : SitingRequest

    Returns
    -------
    Solution
        The clock decides only when to stop: a solution that is proved is the same at any speed.

    Raises
    ------
    InputError
        When the floor on births or the budget of `all` cannot be kept; by how much.
    """
    begin = time.monotonic()

    def seconds_left() -> float:
        return request.time_limit - (time.monotonic() - begin)

    names = candidates.sites["site_name"].astype("str").tolist()
    if request.model == "farthest":
        center = solve_center(area, candidates, problem, request, seconds_left=seconds_left)
        value, bound = center.radius_ms / MS_PER_MINUTE, center.bound_ms / MS_PER_MINUTE
        return graded(center.chosen, value, bound, request, counted=center.counted, needed=center.needed)
    allowed = eligible(problem, request.within_ms, request.min_births, names)
    if request.model == "all":
        return Fewest(problem, request, allowed, names, seconds_left).solve()
    return Most(problem, request, allowed, seconds_left).solve()
