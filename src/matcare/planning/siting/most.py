"""`cover` and `minutes`: the most gain with a budget; heuristics and a bound first, then exactly what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.planning.siting.heuristics import Gains, add_greedily, interchange, lagrangian_bound
from matcare.planning.siting.models import (
    cover_most,
    cover_within_capacity,
    covering_elements,
    radius_elements,
    undominated,
)
from matcare.planning.siting.solution import NOBODY, PROVED, flows_of, graded
from matcare.planning.siting.volume import SLACK, births_beside, floor_cuts
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.planning.siting.models import Cut, Found
    from matcare.planning.siting.problem import Nearer, SitingProblem
    from matcare.planning.siting.request import SitingRequest
    from matcare.planning.siting.solution import Solution

__all__ = ["MOST_PAIRS", "Most"]

I64 = npt.NDArray[np.int64]

MOST_PAIRS: Final = 400_000
"""Pairs of a p-median up to which it is given to HiGHS, after sites that cannot be in a best solution are left out."""

_ROUNDS: Final = 400
_MOMENT: Final = 5.0
"""Seconds to share out the capacity of sites that are fixed, when the time is up."""


class Most:
    """`cover` and `minutes`: the most gain with a budget."""

    def __init__(
        self, problem: SitingProblem, request: SitingRequest, allowed: I64, seconds_left: Callable[[], float]
    ) -> None:
        self.problem, self.request, self.allowed, self.seconds_left = problem, request, allowed, seconds_left
        self.add = request.add or 0
        if request.model == "cover":
            limit = np.where(problem.today_ms > request.within_ms, request.within_ms + 1, 0)
        else:
            limit = np.minimum(problem.today_ms, request.cap_ms)
        self.base_ms = limit
        nearer = problem.nearer
        useful = (nearer.ms < limit[nearer.client]) & np.isin(nearer.site, allowed)
        self.nearer = nearer.where(useful & (problem.value[nearer.client] > 0))
        self.counted = np.diff(self.nearer.first) > 0
        gain = problem.value[self.nearer.client]
        if request.model == "minutes":
            gain = gain * (limit[self.nearer.client] - self.nearer.ms) / MS_PER_MINUTE
        self.gains = Gains(
            client=self.nearer.client, site=self.nearer.site, gain=gain, clients=len(problem.rows), sites=problem.sites
        )

    def keeps_floor(self, chosen: I64) -> bool:
        """Tell whether every site has the births of the floor beside the others."""
        floor = self.request.min_births
        if floor is None or not len(chosen):
            return True
        births = births_beside(self.problem.nearer, self.problem.births, chosen, self.request.within_ms)
        return bool((births >= floor - SLACK).all())

    def is_time_up(self) -> bool:
        """Tell whether the time is up."""
        return self.seconds_left() <= 0

    def solve(self) -> Solution:
        """Find the sites."""
        if self.request.capacity is not None:
            return self.within_capacity()
        gains, request = self.gains, self.request
        chosen = add_greedily(gains, self.add, allowed=self.keeps_floor)
        better = interchange(gains, chosen, is_time_up=self.is_time_up)
        if self.keeps_floor(better):
            chosen = better
        value = gains.total(chosen)
        half = self.seconds_left() / 2
        bound = lagrangian_bound(
            gains, self.add, best_known=value, gap=request.gap, rounds=_ROUNDS,
            is_time_up=lambda: self.seconds_left() <= half,
        )  # fmt: skip
        if bound.value <= value * (1 + max(request.gap, PROVED)) or self.is_time_up():
            return graded(chosen, value, max(bound.value, value), request, counted=self.counted)
        can = np.flatnonzero(bound.without() >= value * (1 - PROVED))
        left = np.intersect1d(can, self.allowed)
        nearer = self.nearer.where(np.isin(self.nearer.site, left))
        if request.model == "minutes" and len(nearer.site) > MOST_PAIRS:
            return graded(chosen, value, bound.value, request, counted=self.counted, heuristic=True)
        return self.exactly(nearer, left, chosen, bound.value)

    def exactly(self, nearer: Nearer, left: I64, chosen: I64, bound: float) -> Solution:
        """Prove the sites, or better them, among those left; cut what breaks the floor until nothing does."""
        request, problem = self.request, self.problem
        value = self.gains.total(chosen)
        if request.model == "cover":
            elements = covering_elements(nearer, problem.value, sites=problem.sites)
            if request.min_births is None:
                left = undominated(elements)
        else:
            elements = radius_elements(nearer, problem.value, self.base_ms, sites=problem.sites, per=MS_PER_MINUTE)
        cuts: list[Cut] = []
        while not self.is_time_up():
            found = cover_most(
                elements, self.add, allowed=left, cuts=cuts, gap=request.gap, seconds=self.seconds_left()
            )
            bound = min(bound, max(found.bound, value))
            if found.chosen is None:
                break
            broken = self.cuts(found.chosen)
            if not broken:
                if self.gains.total(found.chosen) > value:
                    chosen, value = found.chosen, self.gains.total(found.chosen)
                break
            cuts += broken
            chosen, value = self.repaired(found.chosen, chosen, value)
        return graded(chosen, value, max(bound, value), request, counted=self.counted)

    def cuts(self, chosen: I64) -> list[Cut]:
        """Cuts that a set of sites breaks."""
        floor = self.request.min_births
        return [] if floor is None else floor_cuts(self.problem, chosen, self.request.within_ms, floor)

    def repaired(self, broken: I64, chosen: I64, value: float) -> tuple[I64, float]:
        """Keep the better of what is known and a set that breaks the floor without the sites that gain least."""
        while len(broken) and not self.keeps_floor(broken):
            without = [self.gains.total(np.delete(broken, k)) for k in range(len(broken))]
            broken = np.delete(broken, int(np.argmax(without)))
        total = self.gains.total(broken)
        return (broken, total) if total > value else (chosen, value)

    def within_capacity(self) -> Solution:
        """Choose sites and who goes where."""
        cuts: list[Cut] = []
        upper = self.gains.total(np.unique(self.gains.site))
        while True:
            found = self.shared_out(self.allowed, cuts, self.seconds_left())
            upper = min(upper, found.bound)
            if found.chosen is None:  # not in time: the sites that are best without a capacity
                chosen = np.sort(add_greedily(self.gains, self.add, allowed=self.keeps_floor))
                found = self.shared_out(chosen, [], _MOMENT)
            if found.chosen is None:
                return graded(NOBODY[0], 0.0, upper, self.request, counted=self.counted, flows=NOBODY)
            broken = self.cuts(found.chosen)
            if not broken:
                break
            cuts += broken
        flows = flows_of(found, self.nearer)
        assert flows is not None
        client, slot, share = flows
        site = found.chosen[slot]
        used = np.unique(site)  # one that takes nobody need not open; with fewer sites nobody has fewer births
        gain = self.gains.gain[_places(self.nearer, client, site)]
        value = float((share * gain).sum())
        flows = client, np.searchsorted(used, site), share
        return graded(used, value, max(upper, value), self.request, counted=self.counted, flows=flows)

    def shared_out(self, allowed: I64, cuts: list[Cut], seconds: float) -> Found:
        """Solve the model with a capacity over some sites."""
        assert self.request.capacity is not None
        return cover_within_capacity(
            (self.nearer.client, self.nearer.site), self.gains.gain, self.problem.births, sites=self.problem.sites,
            add=self.add, capacity=self.request.capacity, allowed=allowed, cuts=cuts, gap=self.request.gap,
            seconds=seconds,
        )  # fmt: skip


def _places(nearer: Nearer, client: I64, site: I64) -> I64:
    """Find pairs among all."""
    width = int(nearer.site.max(initial=0)) + 1
    key = nearer.client * width + nearer.site
    order = np.argsort(key)
    found: I64 = order[np.searchsorted(key[order], client * width + site)]
    return found
