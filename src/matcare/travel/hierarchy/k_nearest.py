"""The few nearest destinations of every origin, by ascending lists of labels at the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.climb import ancestors_upward
from matcare.travel.hierarchy.nearest import SHIFT, in_pieces
from matcare.travel.hierarchy.points import NO_WAY
from matcare.travel.hierarchy.threads import run_each

if TYPE_CHECKING:
    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Attached, Side, Ways

__all__ = ["k_nearest"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

NUMBER = (1 << SHIFT) - 1
NOTHING = (NO_WAY << SHIFT) + NUMBER


def k_nearest(metric: Metric, origins: Attached, destinations: Attached, k: int) -> tuple[I32, I32]:
    """Find milliseconds and destinations of the `k` nearest, shapes (origins, k), ascending."""
    if k > max(len(destinations), 1):  # lists that long would stay half empty
        ms, destination = k_nearest(metric, origins, destinations, max(len(destinations), 1))
        missing = ((0, 0), (0, k - ms.shape[1]))
        return np.pad(ms, missing, constant_values=NO_WAY), np.pad(destination, missing, constant_values=-1)
    hierarchy = metric.hierarchy
    climb, sweep = metric.sides()
    lists = np.full((hierarchy.nodes, k), NOTHING, np.int64)
    upward = ancestors_upward(hierarchy.parent, hierarchy.rank, destinations.node)
    _climb(climb, upward, hierarchy.rank, destinations.ways, lists)
    top, shares = hierarchy.parts(metric.threads)
    _sweep(sweep, lists, top)
    run_each(lambda runs: _sweep(sweep, lists, runs), shares, metric.threads)
    ms, destination = np.empty((len(origins), k), np.int32), np.empty((len(origins), k), np.int32)
    ways = origins.ways
    in_pieces(len(origins), metric.threads, lambda a, b: _read(hierarchy.rank, lists, ways, ms, destination, a, b))
    return ms, destination


@compiled
def _merge(into: I64, source: I64, more: int) -> None:
    """Put labels of an ascending list, each `more` milliseconds later, into another; a destination stands once."""
    last = len(into) - 1
    for i in range(len(source)):
        label = source[i] + (np.int64(more) << SHIFT)
        if label >= into[last] or label >> SHIFT >= NO_WAY:
            return
        hole = 0
        while hole < last and into[hole] & NUMBER != label & NUMBER:
            hole += 1
        if into[hole] & NUMBER == label & NUMBER and into[hole] <= label:
            continue
        while hole > 0 and into[hole - 1] > label:
            into[hole] = into[hole - 1]
            hole -= 1
        into[hole] = label


@compiled
def _climb(side: Side, upward: I32, rank: I32, ways: Ways, lists: I64) -> None:
    slot, arcs = side
    first, node, way_ms = ways
    single = np.empty(1, np.int64)
    for d in range(len(first) - 1):
        single[0] = d
        for way in range(first[d], first[d + 1]):
            _merge(lists[rank[node[way]]], single, way_ms[way])
    for i in range(len(upward)):
        v = upward[i]
        for e in range(slot[v], slot[v + 1]):
            _merge(lists[arcs[2 * e]], lists[v], arcs[2 * e + 1])


@compiled
def _sweep(side: Side, lists: I64, ranges: I64) -> None:
    slot, arcs = side
    for r in range(len(ranges)):
        for v in range(ranges[r, 1] - 1, ranges[r, 0] - 1, -1):
            for e in range(slot[v], slot[v + 1]):
                _merge(lists[v], lists[arcs[2 * e]], arcs[2 * e + 1])


@compiled
def _read(rank: I32, lists: I64, ways: Ways, ms: I32, destination: I32, begin: int, end: int) -> None:
    first, node, way_ms = ways
    found = np.empty(lists.shape[1], np.int64)
    for i in range(begin, end):
        found[:] = NOTHING
        for way in range(first[i], first[i + 1]):
            _merge(found, lists[rank[node[way]]], way_ms[way])
        for j in range(len(found)):
            there = found[j] < NOTHING
            ms[i, j] = found[j] >> SHIFT if there else NO_WAY
            destination[i, j] = found[j] & NUMBER if there else -1
