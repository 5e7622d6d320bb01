"""The roads of one shortest path: the arcs of the hierarchy that it goes by, unpacked to edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.elimination import place_of
from matcare.travel.hierarchy.points import NO_WAY

if TYPE_CHECKING:
    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Side

__all__ = ["Unpacker"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Unpacker:
    """What is needed to unpack arcs, made once for a metric.

    An arc that is a shortest way is an edge, or it goes over a node below both its ends by two arcs that are shortest
    ways too. So it is enough to know, for each node, the kept arcs from below.
    """

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        hierarchy = metric.hierarchy
        self._below_up = _arcs_from_below((metric.up_first, metric.up_arcs))
        self._below_down = _arcs_from_below((metric.down_first, metric.down_arcs))
        arc = hierarchy.edge_arc >> 1  # −1 for a loop stays −1
        self._edges = np.argsort(arc, kind="stable")
        self._arc = arc[self._edges]

    def path(self, source: int, target: int) -> tuple[int, I64, Bools]:
        """Find milliseconds, edges and directions of a shortest path."""
        metric, hierarchy = self._metric, self._metric.hierarchy
        down, up = metric.sides()
        ms, ranks = _over_the_top(up, down, hierarchy.parent, hierarchy.rank[source], hierarchy.rank[target])
        if ms >= NO_WAY:
            return NO_WAY, np.zeros(0, np.int64), np.zeros(0, dtype=bool)
        edges, along = _unpack(
            ranks, up, down, self._below_up, self._below_down, (hierarchy.first, hierarchy.head),
            (self._arc, self._edges, hierarchy.edge_arc), (metric.forward, metric.backward),
        )  # fmt: skip
        return int(ms), edges, along


@compiled
def _arcs_from_below(side: Side) -> Side:
    """List for each node the lower ends and milliseconds of the arcs that lead to it, ascending."""
    slot, arcs = side
    nodes = len(slot) - 1
    below = np.zeros(nodes + 1, np.int32)
    for e in range(slot[nodes]):
        below[arcs[2 * e] + 1] += 1
    for v in range(nodes):
        below[v + 1] += below[v]
    at = below[:nodes].copy()
    lower = np.empty(len(arcs), np.int32)
    for v in range(nodes):
        for e in range(slot[v], slot[v + 1]):
            head = arcs[2 * e]
            lower[2 * at[head]], lower[2 * at[head] + 1] = v, arcs[2 * e + 1]
            at[head] += 1
    return below, lower


@compiled
def _chain(side: Side, parent: I32, start: int) -> tuple[I32, I32, I32]:
    """List a rank's ancestors, their milliseconds from it by arcs up, and the place in the list before each."""
    slot, arcs = side
    count, v = 0, start
    while v >= 0:
        count += 1
        v = parent[v]
    rank = np.empty(count, np.int32)
    v = start
    for i in range(count):
        rank[i] = v
        v = parent[v]
    ms = np.full(count, NO_WAY, np.int32)
    before = np.full(count, -1, np.int32)
    ms[0] = 0
    for i in range(count):
        at = i
        for e in range(slot[rank[i]], slot[rank[i] + 1]):  # heads ascend, as the list does
            while rank[at] != arcs[2 * e]:
                at += 1
            if ms[i] + arcs[2 * e + 1] < ms[at]:
                ms[at] = ms[i] + arcs[2 * e + 1]
                before[at] = i
    return rank, ms, before


@compiled
def _over_the_top(up: Side, down: Side, parent: I32, source: int, target: int) -> tuple[int, I32]:
    """Find a shortest path of arcs, up and then down; return its milliseconds and ranks."""
    rank, ms, before = _chain(up, parent, source)
    other_rank, other_ms, after = _chain(down, parent, target)
    # Common ancestors are the ends of both lists, as far as they agree.
    i, j = len(rank) - 1, len(other_rank) - 1
    best, top, other_top = np.int32(NO_WAY), -1, -1
    while i >= 0 and j >= 0 and rank[i] == other_rank[j]:
        if ms[i] + other_ms[j] < best:
            best, top, other_top = ms[i] + other_ms[j], i, j
        i -= 1
        j -= 1
    path = np.empty(len(rank) + len(other_rank), np.int32)
    count = 0
    while top >= 0:
        path[count] = rank[top]
        count += 1
        top = before[top]
    for i in range(count // 2):
        path[i], path[count - 1 - i] = path[count - 1 - i], path[i]
    while other_top >= 0 and after[other_top] >= 0:
        other_top = after[other_top]
        path[count] = other_rank[other_top]
        count += 1
    return int(best), path[:count]


@compiled
def _kept_ms(side: Side, low: int, high: int) -> int:
    slot, arcs = side
    for e in range(slot[low], slot[low + 1]):
        if arcs[2 * e] == high:
            return int(arcs[2 * e + 1])
    return NO_WAY


@compiled
def _unpack(
    ranks: I32, up: Side, down: Side, below_up: Side, below_down: Side, completed: tuple[I64, I32],
    edge_arcs: tuple[I64, I64, I64], times: tuple[I32, I32],
) -> tuple[I64, Bools]:  # fmt: skip
    """Replace each arc by its edge, or by the two arcs over a lower node, until only edges are left."""
    under_up, lower_up = below_up
    under_down, lower_down = below_down
    room = 1024
    edges, along = np.empty(room, np.int64), np.empty(room, np.bool_)
    count = 0
    todo = np.empty(len(under_up) + 1, np.int32)  # ranks still ahead, the next one last
    waiting = len(ranks) - 1
    for i in range(1, len(ranks)):
        todo[len(ranks) - 1 - i] = ranks[i]
    here = ranks[0]
    while waiting > 0:
        there = todo[waiting - 1]
        low, high = min(here, there), max(here, there)
        ms = _kept_ms(up if here < there else down, low, high)
        edge = _edge_of_arc(here, there, ms, completed, edge_arcs, times)
        if edge >= 0:
            if count == room:
                room *= 2
                more_edges, more_along = np.empty(room, np.int64), np.empty(room, np.bool_)
                for i in range(count):
                    more_edges[i], more_along[i] = edges[i], along[i]
                edges, along = more_edges, more_along
            edges[count] = edge
            along[count] = (edge_arcs[2][edge] & 1) == (here > there)
            count += 1
            waiting -= 1
            here = there
            continue
        i, j = under_down[here], under_up[there]
        while True:  # the first lower node over which the arc goes: there is one
            if lower_down[2 * i] < lower_up[2 * j]:
                i += 1
            elif lower_down[2 * i] > lower_up[2 * j]:
                j += 1
            elif lower_down[2 * i + 1] + lower_up[2 * j + 1] == ms:
                break
            else:
                i += 1
        todo[waiting] = lower_down[2 * i]
        waiting += 1
    return edges[:count].copy(), along[:count].copy()


@compiled
def _edge_of_arc(
    here: int, there: int, ms: int, completed: tuple[I64, I32], edge_arcs: tuple[I64, I64, I64], times: tuple[I32, I32]
) -> int:
    """Find the first edge between two ranks that takes so many milliseconds, −1 if there is none."""
    first, head = completed
    sorted_arc, sorted_edge, edge_arc = edge_arcs
    forward, backward = times
    low, high = min(here, there), max(here, there)
    arc = place_of(head, first[low], first[low + 1], high)
    at = place_of(sorted_arc, 0, len(sorted_arc), arc)
    while at < len(sorted_arc) and sorted_arc[at] == arc:
        edge = sorted_edge[at]
        from_u = (edge_arc[edge] & 1) == (here > there)
        if (forward[edge] if from_u else backward[edge]) == ms:
            return int(edge)
        at += 1
    return -1
