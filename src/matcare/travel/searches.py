"""Minutes from many points to many points: the nearest of several services, all within a limit, full tables.

The minutes of a pair are the least of

* end minutes + access leg + along the edge + shortest path + along the edge + access leg + end minutes, over all
  entries of both points;
* for entries with no junction between them: the stretch of road from one to the other in place of the path;
* for points within the profile's reach of each other: end minutes + the direct local leg + end minutes, where it
  crosses no open water.

Every part is a whole number of milliseconds and every sum is exact: shortest paths come from a contraction hierarchy
(:mod:`matcare.travel.hierarchy`), and :mod:`matcare.travel.plain` finds the same with Dijkstra's algorithm on the whole
graph. "Within T" is ≤ T. No minutes are ``NaN`` with a reason: there is no sentinel.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.direct import DirectPairs, direct_pairs
from matcare.travel.found import Nearest, Pairs, check_limit, k_least, keep_lower
from matcare.travel.hierarchy import NO_WAY, Attached
from matcare.travel.ragged import ragged_rows
from matcare.travel.reasons import BEYOND_LIMIT, COVERED, connections, why_lost
from matcare.travel.shortcuts import Shortcuts
from matcare.travel.ways import MS_PER_MINUTE, Stretches, merged, places, take_ways, ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcare.travel.chains import Places
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["Nearest", "Pairs", "Trips", "nearest", "table", "whole_ms", "within"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max
AT_ONCE = 512
"""Destinations whose pairs are held in memory together where only sums are wanted."""


class Trips:
    """Everything that can be asked of the trips between two sets of snapped points.

    What a search needs of the points is worked out once, at the first question.

    Parameters
    ----------
    network : RoadNetwork
        The network that both were snapped to.
    origins, destinations : SnappedPoints
        From :meth:`RoadNetwork.snap`.
    """

    def __init__(self, network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> None:
        self.network, self.origins, self.destinations = network, origins, destinations

    @cached_property
    def _places(self) -> tuple[Places, Places]:
        return places(self.network, self.origins), places(self.network, self.destinations)

    @cached_property
    def leaving(self) -> Attached:
        """Ways from the origins to the junctions next to them."""
        return ways(self.network, self.origins, arriving=False, at=self._places[0])

    @cached_property
    def arriving(self) -> Attached:
        """Ways to the destinations from the junctions next to them."""
        return ways(self.network, self.destinations, arriving=True, at=self._places[1])

    @cached_property
    def stretches(self) -> Stretches:
        """Ways that pass no junction."""
        return Stretches.between(self.network, self.origins, self.destinations, self._places)

    def nearest(
        self,
        *,
        members: Bools | None = None,
        rows: I64 | None = None,
        limit_minutes: float | None = None,
    ) -> list[Nearest]:
        """Find each origin's nearest destination in each of several groups.

        Parameters
        ----------
        members : numpy.ndarray of bool, shape (groups, destinations), optional
            Which destinations each group has, such as the facilities of a service; one group of all without it.
        rows : numpy.ndarray of int, shape (some,), optional
            Only these origins, in this order.
        limit_minutes : float, optional
            A destination farther than this does not count; at exactly this it does.

        Returns
        -------
        list of Nearest
            One a group.
        """
        members = np.ones((1, len(self.destinations)), dtype=bool) if members is None else np.asarray(members)
        if limit_minutes is not None:
            check_limit(limit_minutes)
        origins = self.origins if rows is None else self.origins.take(rows)
        leaving = self.leaving if rows is None else take_ways(self.leaving, rows)
        found, destination = self.network.metric.nearest(leaving, self.arriving, members=members)
        ms = np.where(destination >= 0, found.astype(np.int64), NEVER)
        stretch = self._stretches_of(rows)
        for group in range(len(members)):
            mine = members[group][stretch[1]]
            keep_lower(ms[group], destination[group], *(part[mine] for part in stretch))
        refused = self._direct(rows, members, ms, destination)
        return [
            self._reasoned(origins, member, ms_, to, refused_, limit_minutes)
            for member, ms_, to, refused_ in zip(members, ms, destination, refused, strict=True)
        ]

    def _direct(self, rows: I64 | None, members: Bools, ms: I64, destination: I32) -> Bools:
        """Put direct legs where they are shorter; tell which origins had one refused for water, (groups, origins)."""
        origins = self.origins if rows is None else self.origins.take(rows)
        legs = direct_pairs(self.network, origins, self.destinations, below_ms=ms, members=members)
        useful = np.zeros((len(members), len(legs)), dtype=bool)
        for group, member in enumerate(members):
            useful[group] = member[legs.destination] & (legs.ms <= ms[group][legs.origin])
        keep = np.asarray(useful.any(axis=0))
        legs, useful = legs.take(keep), useful[:, keep]
        here = legs.origin.astype(np.int64)
        if rows is not None:
            legs = replace(legs, origin=rows[here].astype(np.int32))
        out, wet, tested = (np.zeros(len(legs), dtype=bool) for _ in range(3))
        candidates = [np.flatnonzero(row) for row in useful]
        while True:  # only a leg that would win is tested; if it is refused, the next best takes its place
            asked = np.zeros(len(legs), dtype=bool)
            trial = [(ms[group].copy(), destination[group].copy()) for group in range(len(members))]
            for (ms_, to), row in zip(trial, candidates, strict=True):
                left = row[~out[row]]
                won = keep_lower(ms_, to, here[left], legs.destination[left], legs.ms[left])
                asked[left[won[won >= 0]]] = True
            asked &= ~tested
            if not asked.any():
                break
            tested |= asked
            wet[asked] = legs.take(asked).wet(self.network, self.origins, self.destinations)
            out[asked] = wet[asked] | self._contradicted(legs.take(asked))
        refused = np.zeros((len(members), len(origins)), dtype=bool)
        for group, (ms_, to) in enumerate(trial):
            ms[group], destination[group] = ms_, to
            refused[group, here[useful[group] & wet]] = True
        return refused

    def _contradicted(self, legs: DirectPairs) -> Bools:
        """Tell which direct legs the roads contradict or the profile bars, shape (pairs,)."""
        contradicted = legs.doubtful(self.network, self.origins, self.destinations)
        asked = legs.take(contradicted)
        if len(asked):
            by_road = self.network.metric.pair_ms(self.leaving, asked.origin, self.arriving, asked.destination)
            by_road_ms = np.minimum(by_road, self.stretch_ms(asked.origin, asked.destination))
            contradicted[contradicted] = asked.contradicted(self.network, self.origins, self.destinations, by_road_ms)
        here, there = self.origins, self.destinations
        ends = here.lat[legs.origin], here.lon[legs.origin], there.lat[legs.destination], there.lon[legs.destination]
        return contradicted | self.network.barred(*ends)

    @cached_property
    def _stretch_keys(self) -> tuple[I64, I64]:
        """Sorted numbers of the pairs with a way that passes no junction, and their order."""
        key = self.stretches.origin.astype(np.int64) * len(self.destinations) + self.stretches.destination
        order = np.argsort(key)
        return key[order], order

    @cached_property
    def _stretch_first(self) -> I64:
        return np.searchsorted(self.stretches.origin, np.arange(len(self.origins) + 1))

    def stretch_ms(self, origin: npt.NDArray[np.integer], destination: I32) -> I64:
        """Milliseconds of the ways of some pairs that pass no junction, more than any where there is none."""
        key, order = self._stretch_keys
        ms = np.full(len(origin), NEVER)
        if len(key):
            wanted = origin.astype(np.int64) * len(self.destinations) + destination
            place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
            known = key[place] == wanted
            ms[known] = self.stretches.ms[order[place[known]]]
        return ms

    def refused(self, legs: DirectPairs) -> Bools:
        """Tell which direct legs cross water or are contradicted by the roads, shape (pairs,)."""
        refused = legs.wet(self.network, self.origins, self.destinations)
        refused[~refused] = self._contradicted(legs.take(~refused))
        return refused

    def _stretches_of(self, rows: I64 | None) -> tuple[I64, I32, I64]:
        """Origin, destination and milliseconds of the ways without a junction, of some origins by their new numbers."""
        every = self.stretches
        if rows is None:
            return every.origin.astype(np.int64), every.destination, every.ms
        first = self._stretch_first
        begin, pick = ragged_rows(first, rows)
        origin = np.repeat(np.arange(len(rows)), np.diff(begin))
        return origin, every.destination[pick], every.ms[pick]

    def _reasoned(
        self,
        origins: SnappedPoints,
        member: Bools,
        ms: I64,
        destination: I32,
        refused: Bools,
        limit_minutes: float | None,
    ) -> Nearest:
        found = destination >= 0
        minutes = np.where(found, ms, 0) / MS_PER_MINUTE
        reason = np.full(len(origins), COVERED, np.int8)
        if limit_minutes is not None:
            reason[found & (minutes > limit_minutes)] = BEYOND_LIMIT
        if not found.all():
            rows = np.flatnonzero(member)
            lost = why_lost(self.network, origins, take_ways(self.arriving, rows), refused)
            reason[~found] = lost[~found]
        minutes[reason != COVERED] = np.nan
        destination[reason != COVERED] = -1
        return Nearest(minutes, destination, reason)

    def within(self, *, limit_minutes: float) -> Pairs:
        """Find all pairs at most a limit apart.

        Parameters
        ----------
        limit_minutes : float
            Pairs at exactly this many minutes are in.

        Returns
        -------
        Pairs
        """
        check_limit(limit_minutes)
        first, origin, ms = next(self._pairs(limit_minutes, max(len(self.destinations), 1)))
        destination = np.repeat(np.arange(len(self.destinations), dtype=np.int32), np.diff(first))
        signature, connected = connections(self.network, self.leaving, self.arriving)
        reachable = connected.sum(axis=1)[signature].astype(np.int32)
        alone, along = self._close, self.stretches
        alone = alone.take(~connected[signature[alone.origin], alone.destination])
        alone = alone.take(~self.refused(alone))
        apart = ~connected[signature[along.origin], along.destination]
        pairs = np.concatenate(
            [
                np.stack([alone.origin, alone.destination], 1),
                np.stack([along.origin[apart], along.destination[apart]], 1),
            ]
        )
        reachable += np.bincount(np.unique(pairs, axis=0)[:, 0], minlength=len(self.origins)).astype(np.int32)
        inside = np.bincount(origin, minlength=len(self.origins)).astype(np.int32)
        return Pairs(origin, destination, ms, reachable - inside, (len(self.destinations) - reachable).astype(np.int32))

    def sums_within(
        self,
        bands_minutes: npt.ArrayLike,
        *,
        origin_weight: npt.ArrayLike | None = None,
        destination_weight: npt.ArrayLike | None = None,
    ) -> tuple[F64, F64]:
        """Sum the other side's weights within each of several limits; no list of all pairs is held.

        Parameters
        ----------
        bands_minutes : array_like of float, shape (bands,)
            Limits, ascending; at exactly a limit is within.
        origin_weight : array_like of float, shape (origins,), optional
            Such as births; counts of origins without it.
        destination_weight : array_like of float, shape (destinations,), optional
            Such as units' supply; counts of destinations without it.

        Returns
        -------
        per_destination : numpy.ndarray of float64, shape (destinations, bands)
            Weight of the origins within each band.
        per_origin : numpy.ndarray of float64, shape (origins, bands)
            Weight of the destinations within each band.
        """
        bands = np.asarray(bands_minutes, dtype=np.float64)
        if not len(bands) or not (np.diff(bands, prepend=0) > 0).all():
            raise InputError(f"bands are {bands.tolist()}: give minutes above 0 in ascending order")
        here, there = len(self.origins), len(self.destinations)
        w_here = np.ones(here) if origin_weight is None else np.asarray(origin_weight, dtype=np.float64)
        w_there = np.ones(there) if destination_weight is None else np.asarray(destination_weight, dtype=np.float64)
        per_destination, per_origin = np.zeros((there, len(bands))), np.zeros((here, len(bands)))
        begin = 0
        for first, origin, ms in self._pairs(float(bands[-1]), AT_ONCE):
            count = len(first) - 1
            destination = np.repeat(np.arange(begin, begin + count), np.diff(first))
            band = np.searchsorted(bands, ms / MS_PER_MINUTE)
            flat = np.bincount(
                (destination - begin) * len(bands) + band, weights=w_here[origin], minlength=count * len(bands)
            )
            per_destination[begin : begin + count] = flat.reshape(count, len(bands))
            flat = np.bincount(
                origin.astype(np.int64) * len(bands) + band, weights=w_there[destination], minlength=here * len(bands)
            )
            per_origin += flat.reshape(here, len(bands))
            begin += count
        return np.cumsum(per_destination, axis=1), np.cumsum(per_origin, axis=1)

    @cached_property
    def _close(self) -> DirectPairs:
        """All pairs near enough for a direct leg, sorted by destination, then by origin."""
        pairs = direct_pairs(self.network, self.origins, self.destinations)
        return pairs.take(np.argsort(pairs.destination, kind="stable"))

    @cached_property
    def shortcuts(self) -> Shortcuts:
        """Ways that a sweep over junctions does not see, where they are sooner."""
        return Shortcuts(self, self._close)

    def _pairs(self, limit_minutes: float, at_once: int) -> Iterator[tuple[I64, I32, I32]]:
        """Pairs of some destinations after another: where each destination's begin, origins, milliseconds."""
        limit = whole_ms(limit_minutes)
        stretch = self.stretches
        order = np.argsort(stretch.destination, kind="stable")
        along = stretch.origin[order], stretch.destination[order], stretch.ms[order]
        every = np.arange(len(self.destinations) + 1)
        where = [np.searchsorted(numbers, every) for numbers in (self._close.destination, along[1])]
        for begin in range(0, max(len(self.destinations), 1), at_once):
            end = min(begin + at_once, len(self.destinations))
            close = self._close.take(np.arange(where[0][begin], where[0][end]))
            some = slice(where[1][begin], where[1][end])
            yield self._pairs_of(begin, end, limit, close, (along[0][some], along[1][some], along[2][some]))

    def _pairs_of(
        self, begin: int, end: int, limit: int, close: DirectPairs, along: tuple[I32, I32, I64]
    ) -> tuple[I64, I32, I32]:
        origin = np.concatenate([close.origin, along[0]])
        destination = np.concatenate([close.destination, along[1]]) - begin
        ms = np.concatenate([close.ms, along[2]])
        order = np.argsort(destination, kind="stable")
        pairs = self.network.metric.within(
            self.leaving, take_ways(self.arriving, np.arange(begin, end)), limit,
            watch_first=np.searchsorted(destination[order], np.arange(end - begin + 1)), watch_origin=origin[order],
        )  # fmt: skip
        assert pairs.watched is not None
        found = np.empty(len(order), np.int64)
        found[order] = pairs.watched
        by_road = np.full(len(order), NEVER)
        by_road[found >= 0] = pairs.ms[found[found >= 0]]
        better = (ms <= limit) & (ms < by_road)
        leg = np.flatnonzero(better[: len(close)])
        better[leg[self.refused(close.take(leg))]] = False
        known = better & (found >= 0)
        np.minimum.at(pairs.ms, found[known], ms[known].astype(np.int32))
        new = np.flatnonzero(better & (found < 0))
        if not len(new):
            return pairs.first, pairs.origin, pairs.ms
        new = new[np.lexsort((ms[new], origin[new], destination[new]))]
        again = np.zeros(len(new), dtype=bool)
        again[1:] = (np.diff(origin[new]) == 0) & (np.diff(destination[new]) == 0)
        new = new[~again]
        return merged(pairs.first, pairs.origin, pairs.ms, destination[new], origin[new], ms[new].astype(np.int32))

    def table(self) -> F64:
        """Minutes of every origin to every destination.

        Returns
        -------
        numpy.ndarray of float64, shape (origins, destinations)
            ``NaN`` where nothing connects the pair.
        """
        ms = self.network.metric.table(self.leaving, self.arriving)
        stretch, close = self.stretches, self._close
        np.minimum.at(ms, (stretch.origin, stretch.destination), stretch.ms.astype(np.int32))
        close = close.take(close.ms < ms[close.origin, close.destination])
        close = close.take(~self.refused(close))
        np.minimum.at(ms, (close.origin, close.destination), close.ms.astype(np.int32))
        return np.where(ms < NO_WAY, ms / MS_PER_MINUTE, np.nan)

    def k_nearest(self, k: int) -> tuple[F64, I32]:
        """Find each origin's `k` nearest destinations.

        Parameters
        ----------
        k : int
            At least 1.

        Returns
        -------
        minutes : numpy.ndarray of float64, shape (origins, k)
            Ascending; ``NaN`` where there are fewer.
        destination : numpy.ndarray of int32, shape (origins, k)
            Of equal minutes the lower destination first; −1 where there are fewer.
        """
        if k < 1:
            raise InputError(f"k is {k}: ask for at least the one nearest destination")
        ms, destination = self.network.metric.k_nearest(self.leaving, self.arriving, k)
        farthest = np.where(destination[:, -1] >= 0, ms[:, -1].astype(np.int64), NEVER)
        everything = np.ones((1, len(self.destinations)), dtype=bool)
        close = direct_pairs(
            self.network, self.origins, self.destinations, below_ms=farthest[None, :], members=everything
        )
        close = close.take(close.ms <= farthest[close.origin])
        close = close.take(~self.refused(close))
        row, rank = np.nonzero(destination >= 0)
        along = self.stretches
        origin, to, cost, place = k_least(
            np.concatenate([row, close.origin, along.origin]),
            np.concatenate([destination[row, rank], close.destination, along.destination]),
            np.concatenate([ms[row, rank].astype(np.int64), close.ms, along.ms]),
            k,
        )
        minutes, found = np.full((len(self.origins), k), np.nan), np.full((len(self.origins), k), -1, np.int32)
        minutes[origin, place] = cost / MS_PER_MINUTE
        found[origin, place] = to
        return minutes, found


def whole_ms(limit_minutes: float) -> int:
    """Return the most whole milliseconds that are within a limit."""
    limit = int(min(limit_minutes * MS_PER_MINUTE, NO_WAY - 1))
    limit += (limit + 1) / MS_PER_MINUTE <= limit_minutes  # a product that rounding put just below a whole number
    return min(limit, NO_WAY - 1)


def nearest(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, *, limit_minutes: float | None = None
) -> Nearest:
    """Find each origin's nearest destination; see :meth:`Trips.nearest`."""
    return Trips(network, origins, destinations).nearest(limit_minutes=limit_minutes)[0]


def within(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, *, limit_minutes: float) -> Pairs:
    """Find all pairs at most a limit apart; see :meth:`Trips.within`."""
    return Trips(network, origins, destinations).within(limit_minutes=limit_minutes)


def table(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> F64:
    """Minutes of every origin to every destination; see :meth:`Trips.table`."""
    return Trips(network, origins, destinations).table()
