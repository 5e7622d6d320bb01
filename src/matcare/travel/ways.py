"""How points hang on the junctions of a network: milliseconds of every way, and ways that pass no junction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.chains import BLOCKED, Chains, Places
from matcare.travel.compiled import compiled
from matcare.travel.hierarchy import Attached
from matcare.travel.ragged import ragged_rows

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["MS_PER_MINUTE", "Stretches", "merged", "milliseconds", "places", "take_ways", "ways", "ways_of_places"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

MS_PER_MINUTE = 60_000


def milliseconds(minutes: npt.ArrayLike) -> I64:
    """Whole milliseconds nearest to some minutes."""
    return np.rint(np.asarray(minutes, dtype=np.float64) * MS_PER_MINUTE).astype(np.int64)


def places(network: RoadNetwork, points: SnappedPoints) -> Places:
    """Entries of points, seen from the chains that they lie on."""
    return Places.on(network.chains, network.times, points.edge, points.position)


def ways(network: RoadNetwork, points: SnappedPoints, *, arriving: bool, at: Places | None = None) -> Attached:
    """Milliseconds between points and the junctions next to them, legs and end minutes included.

    Parameters
    ----------
    network : RoadNetwork
    points : SnappedPoints
    arriving : bool
        From the junctions to the points, as destinations are reached; else from the points to the junctions.
    at : Places, optional
        :func:`places` of the points, where they are known.

    Returns
    -------
    Attached
        Of several ways between a point and a junction the shortest.
    """
    at = at or places(network, points)
    to_a, to_b = (at.from_a, at.from_b) if arriving else (at.to_a, at.to_b)
    leg = milliseconds(points.leg_minutes) + np.repeat(milliseconds(points.end_minutes), np.diff(points.first))
    chains = network.chains
    first, node, ms = _ways(points.first, at.chain, leg, to_a, to_b, chains.a, chains.b)
    return Attached(first=first, node=node, ms=ms)


def ways_of_places(chains: Chains, at: Places, *, arriving: bool = False) -> Attached:
    """Ways between places on roads, without legs, and the junctions next to them; each place is a point of its own."""
    each, no_leg = np.arange(len(at.chain) + 1), np.zeros(len(at.chain), np.int64)
    to_a, to_b = (at.from_a, at.from_b) if arriving else (at.to_a, at.to_b)
    first, node, ms = _ways(each, at.chain, no_leg, to_a, to_b, chains.a, chains.b)
    return Attached(first=first, node=node, ms=ms)


def take_ways(attached: Attached, rows: I64) -> Attached:
    """Ways of some of the points."""
    first, pick = ragged_rows(attached.first, rows)
    return Attached(first=first, node=attached.node[pick], ms=attached.ms[pick])


@dataclass(frozen=True, eq=False, kw_only=True)
class Stretches:
    """Pairs of an origin and a destination on one chain, and the way along it; each pair once, sorted by origin.

    Attributes
    ----------
    origin, destination : numpy.ndarray of int32, shape (pairs,)
    ms : numpy.ndarray of int64, shape (pairs,)
        Milliseconds of the whole trip: end minutes, leg, stretch, leg, end minutes.
    """

    origin: I32
    destination: I32
    ms: I64

    @classmethod
    def between(
        cls,
        network: RoadNetwork,
        origins: SnappedPoints,
        destinations: SnappedPoints,
        at: tuple[Places, Places] | None = None,
    ) -> Stretches:
        """Find the pairs.

        Parameters
        ----------
        network : RoadNetwork
        origins, destinations : SnappedPoints
        at : tuple of Places, optional
            :func:`places` of both, where they are known.

        Returns
        -------
        Stretches
        """
        here, there = at or (places(network, origins), places(network, destinations))
        order = np.argsort(there.chain, kind="stable")
        begin = np.searchsorted(there.chain[order], np.arange(len(network.chains) + 1))
        point = np.repeat(np.arange(len(destinations), dtype=np.int32), np.diff(destinations.first))
        legs = [
            milliseconds(points.leg_minutes) + np.repeat(milliseconds(points.end_minutes), np.diff(points.first))
            for points in (origins, destinations)
        ]
        mine, place = _on_one_chain(here.chain, begin)
        theirs = order[place]
        along = here.along(mine, there, theirs)
        is_open = along < BLOCKED
        mine, theirs, along = mine[is_open], theirs[is_open], along[is_open]
        owner = np.repeat(np.arange(len(origins), dtype=np.int32), np.diff(origins.first))
        origin, destination, ms = _least(
            owner[mine], point[theirs], along + legs[0][mine] + legs[1][theirs], len(destinations)
        )
        return cls(origin=origin, destination=destination, ms=ms)


def merged(
    first: I64, origin: I32, ms: I32, destination: npt.NDArray[np.integer], new_origin: I32, new_ms: I32
) -> tuple[I64, I32, I32]:
    """Put more pairs among those that are grouped by destination and sorted by origin inside a group.

    Parameters
    ----------
    first : numpy.ndarray of int64, shape (destinations + 1,)
    origin, ms : numpy.ndarray of int32, shape (pairs,)
    destination : numpy.ndarray of int, shape (new,)
    new_origin, new_ms : numpy.ndarray of int32, shape (new,)
        Sorted by destination, then by origin; none of them is there yet.

    Returns
    -------
    first, origin, ms
        Of all pairs.
    """
    count = np.bincount(destination, minlength=len(first) - 1)
    begin = np.concatenate([[0], np.cumsum(count)])
    all_origin, all_ms = _merge(first, origin, ms, begin, new_origin, new_ms)
    return first + begin, all_origin, all_ms


@compiled
def _merge(first: I64, origin: I32, ms: I32, begin: I64, new_origin: I32, new_ms: I32) -> tuple[I32, I32]:
    total = len(origin) + len(new_origin)
    all_origin, all_ms = np.empty(total, np.int32), np.empty(total, np.int32)
    done = 0
    for j in range(len(first) - 1):
        k, m = first[j], begin[j]
        while k < first[j + 1] or m < begin[j + 1]:
            if m == begin[j + 1] or (k < first[j + 1] and origin[k] < new_origin[m]):
                all_origin[done], all_ms[done] = origin[k], ms[k]
                k += 1
            else:
                all_origin[done], all_ms[done] = new_origin[m], new_ms[m]
                m += 1
            done += 1
    return all_origin, all_ms


@compiled
def _ways(first: I64, chain: I32, leg: I64, to_a: I64, to_b: I64, a: I32, b: I32) -> tuple[I64, I32, I32]:
    """Write down each point's ways to distinct junctions, the shortest of several to one."""
    points = len(first) - 1
    node, ms = np.empty(2 * len(chain), np.int32), np.empty(2 * len(chain), np.int32)
    out = np.zeros(points + 1, np.int64)
    done = 0
    for i in range(points):
        start = done
        for k in range(first[i], first[i + 1]):
            for side in range(2):
                along = to_a[k] if side == 0 else to_b[k]
                if along >= BLOCKED:
                    continue
                junction = a[chain[k]] if side == 0 else b[chain[k]]
                cost = along + leg[k]
                place = start
                while place < done and node[place] != junction:
                    place += 1
                if place == done:
                    node[done], ms[done] = junction, cost
                    done += 1
                elif cost < ms[place]:
                    ms[place] = cost
        out[i + 1] = done
    return out, node[:done].copy(), ms[:done].copy()


@compiled
def _on_one_chain(chain: I32, begin: I64) -> tuple[I64, I64]:
    """Pairs of an entry and the place of another in a list that is sorted by chain and begins at `begin`."""
    total = 0
    for k in range(len(chain)):
        total += begin[chain[k] + 1] - begin[chain[k]]
    mine, place = np.empty(total, np.int64), np.empty(total, np.int64)
    done = 0
    for k in range(len(chain)):
        for m in range(begin[chain[k]], begin[chain[k] + 1]):
            mine[done], place[done] = k, m
            done += 1
    return mine, place


@compiled
def _least(origin: I32, destination: I32, ms: I64, destinations: int) -> tuple[I32, I32, I64]:
    """Keep the least milliseconds of each pair; the pairs come, and go, by ascending origin."""
    out_origin, out_destination = np.empty(len(ms), np.int32), np.empty(len(ms), np.int32)
    out_ms = np.empty(len(ms), np.int64)
    seen = np.full(destinations, -1, np.int64)
    done = 0
    for k in range(len(ms)):
        j = destination[k]
        if seen[j] >= 0 and out_origin[seen[j]] == origin[k]:
            out_ms[seen[j]] = min(out_ms[seen[j]], ms[k])
            continue
        out_origin[done], out_destination[done], out_ms[done] = origin[k], j, ms[k]
        seen[j] = done
        done += 1
    return out_origin[:done].copy(), out_destination[:done].copy(), out_ms[:done].copy()
