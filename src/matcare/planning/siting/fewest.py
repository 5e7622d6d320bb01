"""`all`: the fewest sites that bring everyone within T who can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.planning.siting.heuristics import Gains, add_greedily
from matcare.planning.siting.models import (
    Found,
    cover_with_fewest,
    cover_within_capacity,
    covering_elements,
    undominated,
)
from matcare.planning.siting.solution import NOBODY, flows_of, graded
from matcare.planning.siting.volume import SLACK, floor_cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.planning.siting.models import Cut
    from matcare.planning.siting.problem import SitingProblem
    from matcare.planning.siting.request import SitingRequest
    from matcare.planning.siting.solution import Solution

__all__ = ["Fewest"]

I64 = npt.NDArray[np.int64]


class Fewest:
    """`all`: the fewest sites that bring everyone within T who can be."""

    def __init__(
        self, problem: SitingProblem, request: SitingRequest, allowed: I64, names: list[str],
        seconds_left: Callable[[], float],
    ) -> None:  # fmt: skip
        self.problem, self.request, self.allowed = problem, request, allowed
        self.names, self.seconds_left = names, seconds_left
        far = (problem.today_ms > request.within_ms) & (problem.value > 0)
        nearer = problem.nearer
        self.nearer = nearer.where(far[nearer.client] & (nearer.ms <= request.within_ms))
        self.counted = np.diff(self.nearer.first) > 0

    def solve(self) -> Solution:
        """Find the sites."""
        self.refuse_lost_by_floor()
        request, problem = self.request, self.problem
        if not self.counted.any():
            return graded(np.zeros(0, np.int64), 0.0, 0.0, request, counted=self.counted, flows=NOBODY)
        elements = covering_elements(self.nearer, problem.value, sites=problem.sites)
        plain = request.min_births is None and request.capacity is None
        allowed = undominated(elements) if plain else self.allowed
        cuts: list[Cut] = []
        while True:
            if request.capacity is None:
                found = cover_with_fewest(elements, allowed=allowed, cuts=cuts, seconds=self.seconds_left())
            else:
                found = cover_within_capacity(
                    (self.nearer.client, self.nearer.site), None, problem.births, sites=problem.sites, add=None,
                    capacity=request.capacity, allowed=allowed, cuts=cuts, gap=0.0, seconds=self.seconds_left(),
                )  # fmt: skip
            if found.infeasible:
                raise InputError(self.why_infeasible())
            if found.chosen is None:
                found = self.in_time(found.bound)
            assert found.chosen is not None
            broken = self.cuts(found.chosen)
            if not broken:
                break
            cuts += broken
        least = float(np.ceil(max(found.bound, 0.0) - SLACK))
        chosen = found.chosen
        if request.add is not None and len(chosen) > request.add:
            words = "it takes" if least >= len(chosen) else f"it takes {least:.0f} or more, the best found in time has"
            raise InputError(
                f"add is {request.add}, but to bring everyone who can be within {request.within:g} minutes {words} "
                f"{len(chosen)} units; raise it, leave it out, or choose objective cover"
            )
        return graded(
            chosen, float(len(chosen)), min(least, float(len(chosen))), request, counted=self.counted,
            flows=flows_of(found, self.nearer),
        )  # fmt: skip

    def cuts(self, chosen: I64) -> list[Cut]:
        """Cuts that a set of sites breaks."""
        floor = self.request.min_births
        return [] if floor is None else floor_cuts(self.problem, chosen, self.request.within_ms, floor)

    def refuse_lost_by_floor(self) -> None:
        """Refuse a floor that leaves somebody without any site that could have the births."""
        can = np.isin(self.nearer.site, self.allowed)
        lost = self.counted & (np.bincount(self.nearer.client[can], minlength=len(self.counted)) == 0)
        if lost.any():
            women = self.problem.women[lost].sum()
            raise InputError(
                f"min_births is {self.request.min_births:g}: {int(lost.sum())} demand points ({women:,.0f} women) "
                "could be within the limit only of candidates that would have fewer; lower it, or choose objective "
                "cover"
            )
        self.nearer = self.nearer.where(can)

    def in_time(self, bound: float) -> Found:
        """Fall back on a greedy cover when the solver found none in time."""
        if self.request.capacity is not None or self.request.min_births is not None:
            raise InputError(
                f"no set of sites that keeps every limit was found in {self.request.time_limit:g} seconds: "
                "give more time, or lower min_births or raise capacity"
            )
        elements = covering_elements(self.nearer, np.ones(len(self.counted)), sites=self.problem.sites)
        gains = Gains(
            client=elements.element, site=elements.site, gain=np.ones(len(elements.site)), clients=len(elements),
            sites=elements.sites,
        )  # fmt: skip
        return Found(chosen=np.sort(add_greedily(gains, self.problem.sites)), bound=bound)

    def why_infeasible(self) -> str:
        """Say which limits exclude each other."""
        problem, request = self.problem, self.request
        births = problem.births[self.counted].sum()
        if request.capacity is not None:
            room = request.capacity * len(np.unique(self.nearer.site))
            return (
                f"capacity is {request.capacity:g} births a year: all {len(np.unique(self.nearer.site))} useful "
                f"candidates together take {room:,.0f}, and {births:,.0f} live within the limit of one; not everyone "
                "finds room; raise it, or choose objective cover"
            )
        return (
            f"min_births is {request.min_births:g}: no set of candidates brings everyone within {request.within:g} "
            "minutes with so many births each, since near units share them; lower it, or choose objective cover"
        )
