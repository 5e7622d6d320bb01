"""The instance of a location model: who counts for how much, how far they have it, which sites would be nearer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.planning.siting.candidates import inside
from matcare.travel.subsets import from_rows, toward
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.candidates import Candidates
    from matcare.planning.siting.request import SitingRequest
    from matcare.travel.searches import Trips

__all__ = ["NO_MS", "VULNERABLE", "Nearer", "SitingProblem", "milliseconds_of", "nearer_sites", "pose_problem"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_MS: Final = np.iinfo(np.int64).max
"""Milliseconds where there is no way: more than any."""

VULNERABLE: Final = 0.75
"""National percentile of the Social Vulnerability Index from which a county is in the top quarter."""

_BANDS: Final = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)


@dataclass(frozen=True, eq=False)
class Nearer:
    """Sites that are nearer to clients than what they have today. Pairs of client ``i`` are ``first[i]:first[i + 1]``.

    Attributes
    ----------
    first : numpy.ndarray of int64, shape (clients + 1,)
    site, ms : numpy.ndarray of int64, shape (pairs,)
        Of each client, by milliseconds and then by site: the first of them that opens is where they go.
    """

    first: I64
    site: I64
    ms: I64

    @cached_property
    def client(self) -> I64:
        """Client of each pair, shape (pairs,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @cached_property
    def _by_site(self) -> tuple[I64, I64]:
        order = np.argsort(self.site, kind="stable")
        sites = int(self.site.max(initial=-1)) + 1
        return order, np.concatenate([[0], np.cumsum(np.bincount(self.site, minlength=sites))])

    def pairs_of(self, chosen: I64) -> I64:
        """Return the positions of the pairs of some sites, in the order of the pairs."""
        order, first = self._by_site
        known = chosen[chosen < len(first) - 1]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *(order[first[j] : first[j + 1]] for j in known)]))

    def where(self, keep: Bools) -> Nearer:
        """Return some of the pairs; the clients stay."""
        counts = np.bincount(self.client[keep], minlength=len(self.first) - 1)
        return Nearer(np.concatenate([[0], np.cumsum(counts)]), self.site[keep], self.ms[keep])


@dataclass(frozen=True, eq=False, kw_only=True)
class SitingProblem:
    """Clients and sites of a location model, with the existing units fixed.

    Attributes
    ----------
    rows : numpy.ndarray of int64, shape (clients,)
        Rows of the area's demand points.
    women, births, weight, value : numpy.ndarray of float64, shape (clients,)
        Women and estimated births, 0 where unknown; the one that is asked to count; the same with the weight on those
        worst off.
    worst_off_known : bool
        Whether anything tells who is worst off: the vulnerability of some county, or the minutes.
    worst_off : numpy.ndarray of bool, shape (clients,)
        Who has that weight.
    today_ms : numpy.ndarray of int64, shape (clients,)
        To the nearest existing unit, :data:`NO_MS` where there is none.
    reason : numpy.ndarray of str, shape (clients,)
        Why there are minutes today, or none.
    sites : int
        Candidates.
    nearer : Nearer
        All pairs of a client and a site that is nearer than today's unit, as far as the model asks.
    unknown_weight : int
        Clients whose weight is unknown: they count for nothing.
    """

    rows: I64
    women: F64
    births: F64
    weight: F64
    value: F64
    worst_off: Bools
    worst_off_known: bool
    today_ms: I64
    reason: npt.NDArray[np.str_]
    sites: int
    nearer: Nearer
    unknown_weight: int


def pose_problem(area: StudyArea, candidates: Candidates, request: SitingRequest) -> SitingProblem:
    """Make the instance.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    request : SitingRequest

    Returns
    -------
    SitingProblem
        Pairs: for `cover` and `all` those of clients beyond T and sites within T (of all clients, where there is a
        floor on births); for `minutes` those within the cap; none for `farthest`, which asks for its own.
    """
    rows = inside(area, request.states)
    demand = area.demand.iloc[rows]
    women, births = (demand[name].to_numpy(dtype=np.float64) for name in ("women_15_44", "births_per_year"))
    weight = women if request.weight == "women_15_44" else births
    unknown = int(np.isnan(weight).sum())
    women, births, weight = (np.nan_to_num(part, nan=0.0) for part in (women, births, weight))
    found = from_rows(area.trips_to(request.service), rows).nearest(limit_minutes=request.limit_minutes)[0]
    today = milliseconds_of(found.minutes)
    svi = demand["county_fips"].map(area.counties.set_index("county_fips")["svi"]).to_numpy(dtype=np.float64)
    known = request.worst_off != "svi" or bool(np.isfinite(svi).any())
    worst_off = np.zeros(len(rows), dtype=bool)
    if request.worst_off in {"svi", "either"}:
        worst_off |= svi >= VULNERABLE
    if request.worst_off in {"far", "either"}:
        worst_off |= today > request.within_ms
    more = request.equity_weight if request.objective == "equity" else 0.0
    problem = SitingProblem(
        rows=rows, women=women, births=births, weight=weight, value=weight * (1 + more * worst_off),
        worst_off=worst_off, worst_off_known=known, today_ms=today, reason=found.reason, sites=len(candidates),
        nearer=Nearer(np.zeros(len(rows) + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)),
        unknown_weight=unknown,
    )  # fmt: skip
    if request.model == "farthest":
        return problem
    if request.model == "minutes":
        reach = max(request.cap_ms, request.within_ms if request.min_births else 0)
        return replace(problem, nearer=nearer_sites(area, candidates, rows, today, reach))
    reach = request.within_ms
    nearer = nearer_sites(area, candidates, rows, np.where(today > reach, today, 0), reach)
    if request.min_births is not None:  # births near a unit count too, but only at sites that could win anybody
        useful = np.unique(nearer.site)
        others = nearer_sites(area, candidates, rows, np.where(today > reach, 0, today), reach, only=useful)
        nearer = _together(nearer, others)
    return replace(problem, nearer=nearer)


def _together(one: Nearer, other: Nearer) -> Nearer:
    """Put the pairs of different clients together."""
    return _sorted(
        *(np.concatenate([getattr(one, name), getattr(other, name)]) for name in ("client", "site", "ms")),
        clients=len(one.first) - 1,
    )


def _sorted(client: I64, site: I64, ms: I64, *, clients: int) -> Nearer:
    order = np.lexsort((site, ms, client))
    first = np.searchsorted(client[order], np.arange(clients + 1))
    return Nearer(first, site[order], ms[order])


def milliseconds_of(minutes: F64) -> I64:
    """Turn minutes into whole milliseconds, NaN into :data:`NO_MS`."""
    known = ~np.isnan(minutes)
    ms = np.full(len(minutes), NO_MS)
    ms[known] = np.rint(minutes[known] * MS_PER_MINUTE).astype(np.int64)
    return ms


def nearer_sites(
    area: StudyArea, candidates: Candidates, rows: I64, below_ms: I64, reach_ms: int, *, only: I64 | None = None
) -> Nearer:
    """Find all pairs of a demand point and a candidate that is nearer than a number of milliseconds.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    rows : numpy.ndarray of int64, shape (clients,)
        Rows of the demand points.
    below_ms : numpy.ndarray of int64, shape (clients,)
        A candidate counts when it is nearer than this; at equal milliseconds people stay with what they have.
    reach_ms : int
        And at most this far.
    only : numpy.ndarray of int64, optional
        Sites to look at, ascending; all without it.

    Returns
    -------
    Nearer
        The farther clients' units are, the farther it is looked: clients are searched in bands, so that the pairs of a
        town full of candidates, which nobody there would use, are not listed.
    """
    client, site, ms = ([np.zeros(0, np.int64)] for _ in range(3))
    for part, begin in zip(candidates.points, candidates.first, strict=False):
        mine = np.arange(len(part)) if only is None else only[(only >= begin) & (only < begin + len(part))] - begin
        trips = toward(area.trips, part if only is None else part.take(mine))
        for clients, limit in _bands(below_ms, reach_ms) if len(mine) else ():
            pairs = _pairs(trips, rows[clients], limit)
            here = clients[pairs[0]]
            kept = pairs[2] < below_ms[here]
            client.append(here[kept])
            site.append(mine[pairs[1][kept]] + begin)
            ms.append(pairs[2][kept])
    clients, sites, times = (np.concatenate(part) for part in (client, site, ms))
    return _sorted(clients, sites, times, clients=len(rows))


def _bands(below_ms: I64, reach_ms: int) -> list[tuple[I64, int]]:
    """Group clients by how far it has to be looked, and tell how far."""
    edges = [int(minutes * MS_PER_MINUTE) for minutes in _BANDS if minutes * MS_PER_MINUTE < reach_ms]
    found = []
    for low, high in zip([0, *edges], [*edges, reach_ms], strict=True):
        some = (below_ms > low) & ((below_ms <= high) if high < reach_ms else True)
        if some.any():
            found.append((np.flatnonzero(some).astype(np.int64), high))
    return found


def _pairs(trips: Trips, rows: I64, limit_ms: int) -> tuple[I64, I64, I64]:
    found = from_rows(trips, rows).within(limit_minutes=limit_ms / MS_PER_MINUTE)
    return tuple(part.astype(np.int64) for part in (found.origin, found.destination, found.ms))  # type: ignore[return-value] # three parts
