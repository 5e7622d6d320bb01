"""The p-center: at most N added units so that the longest minutes are as short as can be.

A radius R can be reached when at most N sites serve all clients whose unit today is farther than R, each within R
(LSCP). Radii are halved between one that no number of sites reaches and one that is reached; a solution found replaces
the upper by what it really reaches (Minieka 1970, SIAM Review 12:138).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.planning.siting.evaluate import nearest_of_chosen
from matcare.planning.siting.heuristics import Gains, add_greedily
from matcare.planning.siting.models import cover_with_fewest, covering_elements, undominated
from matcare.planning.siting.problem import NO_MS, nearer_sites
from matcare.travel.subsets import from_rows, toward
from matcare.travel.ways import MS_PER_MINUTE, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.candidates import Candidates
    from matcare.planning.siting.models import Elements
    from matcare.planning.siting.problem import SitingProblem
    from matcare.planning.siting.request import SitingRequest

__all__ = ["Center", "solve_center"]

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Center:
    """The solution of a p-center.

    Attributes
    ----------
    chosen : numpy.ndarray of int64
        Sites, ascending.
    radius_ms, bound_ms : int
        The longest that anybody counted has, and what no solution betters.
    counted : numpy.ndarray of bool, shape (clients,)
        Clients in the model.
    needed : int
        Sites that it takes at least to reach everybody whom no unit reaches today; 0 when they are in the model.
    """

    chosen: I64
    radius_ms: int
    bound_ms: int
    counted: Bools
    needed: int


class _Instance:
    def __init__(
        self, area: StudyArea, candidates: Candidates, problem: SitingProblem, request: SitingRequest,
        seconds_left: Callable[[], float],
    ) -> None:  # fmt: skip
        self.area, self.candidates, self.problem = area, candidates, problem
        self.add = request.add or 0
        self.seconds_left = seconds_left
        self.limit_ms = int(milliseconds(request.limit_minutes))
        self.counted = problem.value > 0

    def served(self, radius_ms: int) -> tuple[I64 | None, int, bool]:
        """Sites that bring all counted clients within a radius, or None; fewest that it takes; whether that is sure."""
        far = np.where(self.counted & (self.problem.today_ms > radius_ms), NO_MS, 0)
        nearer = nearer_sites(self.area, self.candidates, self.problem.rows, far, radius_ms)
        if (np.diff(nearer.first)[far > 0] == 0).any():
            return None, self.problem.sites + 1, True
        elements = covering_elements(nearer, np.ones(len(far)), sites=self.problem.sites)
        if not len(elements):
            return np.zeros(0, np.int64), 0, True
        apart = _disjoint(elements)
        if apart > self.add:
            return None, apart, True
        gains = Gains(
            client=elements.element, site=elements.site, gain=np.ones(len(elements.site)), clients=len(elements),
            sites=elements.sites,
        )  # fmt: skip
        quick = add_greedily(gains, self.add)
        if gains.total(quick) >= len(elements):
            return np.sort(quick), len(quick), True
        found = cover_with_fewest(elements, allowed=undominated(elements), cuts=(), seconds=self.seconds_left())
        least = int(np.ceil(found.bound - 1e-6)) if np.isfinite(found.bound) else 0
        if found.chosen is not None and len(found.chosen) <= self.add:
            return found.chosen, len(found.chosen), True
        return None, least, least > self.add

    def radius(self, chosen: I64) -> int:
        """Find the longest milliseconds of any counted client with some sites open."""
        ms = nearest_of_chosen(self.area, self.candidates, self.problem.rows, chosen).ms
        return int(np.minimum(ms, self.problem.today_ms)[self.counted].max(initial=0))

    def least_radius(self) -> int:
        """Find the longest milliseconds of any counted client if every candidate opened."""
        nearest = self.problem.today_ms.copy()
        for part in self.candidates.points:
            trips = from_rows(toward(self.area.trips, part), self.problem.rows)
            minutes = trips.nearest(limit_minutes=self.limit_ms / MS_PER_MINUTE)[0].minutes
            known = ~np.isnan(minutes)
            nearest[known] = np.minimum(nearest[known], milliseconds(minutes[known]))
        self.counted &= nearest < NO_MS
        return int(nearest[self.counted].max(initial=0))


def solve_center(
    area: StudyArea, candidates: Candidates, problem: SitingProblem, request: SitingRequest,
    *, seconds_left: Callable[[], float],
) -> Center:  # fmt: skip
    """Find the sites for which the longest minutes are shortest.

    Clients without women (or births) do not count, nor do those that neither a unit nor a candidate reaches. Those whom
    no unit reaches today count when `add` sites can reach them all; otherwise they are left out, since no radius would
    be finite, and ``needed`` tells how many sites they would take.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    problem : SitingProblem
    request : SitingRequest
        ``add``, ``limit_minutes``.
    seconds_left : callable
        Seconds until the time is up.

    Returns
    -------
    Center
        ``bound_ms`` equals ``radius_ms`` when the time sufficed.
    """
    instance = _Instance(area, candidates, problem, request, seconds_left)
    low = instance.least_radius()
    chosen, needed = np.zeros(0, dtype=np.int64), 0
    alone = instance.counted & (problem.today_ms == NO_MS)
    if alone.any():
        reached, least, _ = instance.served(instance.limit_ms)
        if reached is None:
            needed = least
            instance.counted &= ~alone
            low = instance.least_radius()
        else:
            chosen = reached
    high = instance.radius(chosen)
    while low < high and seconds_left() > 0:
        middle = (low + high) // 2
        found, _, sure = instance.served(middle)
        if found is not None:
            chosen, high = found, instance.radius(found)
        elif sure:
            low = middle + 1
        else:
            break
    return Center(chosen=chosen, radius_ms=high, bound_ms=min(low, high), counted=instance.counted, needed=needed)


def _disjoint(elements: Elements) -> int:
    """Count elements that share no site, found greedily: it takes at least as many sites."""
    used = np.zeros(elements.sites, dtype=bool)
    count = 0
    for element in np.argsort(np.diff(elements.first), kind="stable"):
        own = elements.site[elements.first[element] : elements.first[element + 1]]
        if not used[own].any():
            used[own] = True
            count += 1
    return count
