"""The nearest destination of every node, for several groups of destinations in one pass.

A label is one number, milliseconds first and the destination's number after: the least label is the nearest
destination and, of equally near ones, the one with the lowest number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.climb import ancestors_upward
from matcare.travel.hierarchy.points import NO_WAY
from matcare.travel.hierarchy.threads import run_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Attached, Side, Ways

__all__ = ["SHIFT", "in_pieces", "labels", "nearest_of_nodes", "nearest_of_points"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SHIFT = 31
NOTHING = NO_WAY << SHIFT
PIECE = 1 << 16
"""Points that one task looks at."""


def labels(metric: Metric, destinations: Attached, members: Bools | None, *, reverse: bool) -> tuple[I64, int]:
    """Find the label of every rank and group.

    Parameters
    ----------
    metric : Metric
    destinations : Attached
    members : numpy.ndarray of bool, shape (groups, destinations), or None
        Which destinations belong to which group; None for one group of all.
    reverse : bool
        Trips go from the points to the nodes.

    Returns
    -------
    labels : numpy.ndarray of int64, shape (nodes * groups,)
        The groups of a rank stand side by side; :data:`NOTHING` or more where there is none.
    groups : int
    """
    hierarchy = metric.hierarchy
    if members is None:
        members = np.ones((1, len(destinations)), dtype=bool)
    groups = len(members)
    climb, sweep = metric.sides(reverse=reverse)
    label = np.full(hierarchy.nodes * groups, NOTHING, np.int64)
    upward = ancestors_upward(hierarchy.parent, hierarchy.rank, destinations.node)
    _climb(climb, upward, hierarchy.rank, destinations.ways, members, label)
    if len(upward):
        top, shares = hierarchy.parts(metric.threads)
        tail = metric.tails(reverse=reverse)
        _sweep(sweep, tail, label, groups, top)
        run_each(lambda runs: _sweep(sweep, tail, label, groups, runs), shares, metric.threads)
    return label, groups


def nearest_of_nodes(
    metric: Metric, destinations: Attached, members: Bools | None, *, reverse: bool
) -> tuple[I32, I32]:
    """Find milliseconds and destination for every node, shapes (groups, nodes)."""
    label, groups = labels(metric, destinations, members, reverse=reverse)
    rank = metric.hierarchy.rank
    ms, destination = np.empty((groups, len(rank)), np.int32), np.empty((groups, len(rank)), np.int32)
    in_pieces(len(rank), metric.threads, lambda a, b: _read_nodes(rank, label, groups, ms, destination, a, b))
    return ms, destination


def nearest_of_points(
    metric: Metric, origins: Attached, destinations: Attached, members: Bools | None
) -> tuple[I32, I32]:
    """Find milliseconds and destination for every origin, shapes (groups, origins)."""
    label, groups = labels(metric, destinations, members, reverse=False)
    rank = metric.hierarchy.rank
    ms, destination = np.empty((groups, len(origins)), np.int32), np.empty((groups, len(origins)), np.int32)
    ways = origins.ways
    in_pieces(len(origins), metric.threads, lambda a, b: _read_points(rank, label, groups, ways, ms, destination, a, b))
    return ms, destination


def in_pieces(length: int, threads: int, work: Callable[[int, int], object]) -> None:
    """Work on a run of indices piece by piece."""
    pieces = [(a, min(a + PIECE, length)) for a in range(0, length, PIECE)]
    run_each(lambda piece: work(*piece), pieces, threads)


@compiled
def _climb(side: Side, upward: I32, rank: I32, ways: Ways, members: Bools, label: I64) -> None:
    """Put the destinations at their nodes and carry them up to the ancestors."""
    slot, arcs = side
    first, node, way_ms = ways
    groups = len(members)
    for d in range(len(first) - 1):
        for way in range(first[d], first[d + 1]):
            for g in range(groups):
                if members[g, d]:
                    at = rank[node[way]] * groups + g
                    label[at] = min(label[at], (np.int64(way_ms[way]) << SHIFT) + d)
    for i in range(len(upward)):
        v = upward[i]
        for e in range(slot[v], slot[v + 1]):
            head, more = arcs[2 * e], np.int64(arcs[2 * e + 1]) << SHIFT
            for g in range(groups):
                label[head * groups + g] = min(label[head * groups + g], label[v * groups + g] + more)


@compiled
def _sweep(side: Side, tail: I32, label: I64, groups: int, ranges: I64) -> None:
    """Carry labels from the higher nodes down, over runs of nodes.

    Arc by arc and not node by node: a loop over each node's few arcs would mostly wait for wrongly guessed branches.
    """
    slot, arcs = side
    for r in range(len(ranges)):
        for e in range(slot[ranges[r, 1]] - 1, slot[ranges[r, 0]] - 1, -1):
            to, head, more = np.uint32(tail[e]), np.uint32(arcs[2 * e]), np.int64(arcs[2 * e + 1]) << SHIFT
            if groups == 1:
                label[to] = min(label[to], label[head] + more)
            else:
                for g in range(groups):
                    label[to * groups + g] = min(label[to * groups + g], label[head * groups + g] + more)


@compiled
def _read_nodes(rank: I32, label: I64, groups: int, ms: I32, destination: I32, begin: int, end: int) -> None:
    for i in range(begin, end):
        for g in range(groups):
            found = label[rank[i] * groups + g]
            there = found < NOTHING
            ms[g, i] = found >> SHIFT if there else NO_WAY
            destination[g, i] = found & ((1 << SHIFT) - 1) if there else -1


@compiled
def _read_points(
    rank: I32, label: I64, groups: int, ways: Ways, ms: I32, destination: I32, begin: int, end: int
) -> None:
    first, node, way_ms = ways
    for i in range(begin, end):
        for g in range(groups):
            found = np.int64(NOTHING)
            for way in range(first[i], first[i + 1]):
                found = min(found, label[rank[node[way]] * groups + g] + (np.int64(way_ms[way]) << SHIFT))
            there = found < NOTHING
            ms[g, i] = found >> SHIFT if there else NO_WAY
            destination[g, i] = found & ((1 << SHIFT) - 1) if there else -1
