"""The milliseconds of every origin to every destination, and of chosen pairs."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.climb import climb, in_batches
from matcare.travel.hierarchy.points import NO_WAY
from matcare.travel.hierarchy.rows import WIDTH, empty_rows, fill_row, lower_row
from matcare.travel.hierarchy.threads import run_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Attached, Side, Ways

__all__ = ["full_table", "ms_of_pairs"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]
Memory = tuple[I32, Flags, I32]


def full_table(metric: Metric, origins: Attached, destinations: Attached, *, reverse: bool = False) -> I32:
    """Find milliseconds of all pairs, shape (origins, destinations).

    The sweep is over the ancestors of the points' nodes alone (RPHAST: Delling, Goldberg, Werneck 2011). With
    `reverse`, trips go from the destinations to the origins.
    """
    hierarchy = metric.hierarchy
    local, parent = _number_ancestors(hierarchy.parent, hierarchy.rank, origins.node, destinations.node)
    climb_side, sweep_side = (_arcs_among(side, local, len(parent)) for side in metric.sides(reverse=reverse))
    rank = local[hierarchy.rank]
    out = np.full((len(origins), len(destinations)), NO_WAY, np.int32)

    def search(batch: I32, memory: Memory) -> None:
        ms, state, pending = memory
        climb(climb_side, parent, rank, destinations.ways, batch, NO_WAY - 1, ms, state, pending)
        _fill_table(sweep_side, ms, state, rank, origins.ways, batch, out)

    _with_memory(search, in_batches(destinations, None), len(parent), metric.threads)
    return out


def ms_of_pairs(metric: Metric, origins: Attached, origin: I32, destinations: Attached, destination: I32) -> I32:
    """Find milliseconds of chosen pairs, shape (pairs,)."""
    hierarchy = metric.hierarchy
    climb_side, sweep_side = metric.sides()
    order = np.argsort(destination, kind="stable")
    begin = np.searchsorted(destination[order], np.arange(len(destinations) + 1))
    found = np.full(len(order), NO_WAY, np.int32)
    asked = np.flatnonzero(np.diff(begin) * np.diff(destinations.first))

    def search(batch: I32, memory: Memory) -> None:
        parent, rank, to = hierarchy.parent, hierarchy.rank, destinations.ways
        ms, state, pending = memory
        climb(climb_side, parent, rank, to, batch, NO_WAY - 1, ms, state, pending)
        _fill_pairs(sweep_side, parent, rank, origins.ways, to, batch, begin, order, origin, ms, state, pending, found)

    _with_memory(search, in_batches(destinations, hierarchy.rank, only=asked), hierarchy.nodes, metric.threads)
    return found


def _with_memory(search: Callable[[I32, Memory], None], batches: list[I32], nodes: int, threads: int) -> None:
    """Search for each batch, every thread with rows, states and counts of its own."""
    memory: SimpleQueue[Memory] = SimpleQueue()
    for _ in range(min(threads, len(batches))):
        memory.put((empty_rows(nodes), np.zeros(nodes, np.uint8), np.zeros(nodes, np.int32)))

    def borrow(batch: I32) -> None:
        mine = memory.get()
        search(batch, mine)
        memory.put(mine)

    run_each(borrow, batches, threads)


@compiled
def _number_ancestors(parent: I32, rank: I32, node: I32, other_node: I32) -> tuple[I32, I32]:
    """Give the nodes' ancestors numbers, ascending, −1 for all others; and their parents by these numbers."""
    local = np.full(len(parent), -1, np.int32)
    for nodes in (node, other_node):
        for i in range(len(nodes)):
            v = rank[nodes[i]]
            while v >= 0 and local[v] < 0:
                local[v] = 0
                v = parent[v]
    count = 0
    for v in range(len(parent)):
        if local[v] == 0:
            local[v] = count
            count += 1
    local_parent = np.empty(count, np.int32)
    for v in range(len(parent)):
        if local[v] >= 0:
            local_parent[local[v]] = local[parent[v]] if parent[v] >= 0 else -1
    return local, local_parent


@compiled
def _arcs_among(side: Side, local: I32, count: int) -> Side:
    """List the arcs of the numbered nodes, by their numbers; all their heads are numbered too."""
    slot, arcs = side
    new_slot = np.zeros(count + 1, np.int32)
    for v in range(len(local)):
        if local[v] >= 0:
            new_slot[local[v] + 1] = new_slot[local[v]] + slot[v + 1] - slot[v]
    new_arcs = np.empty(2 * new_slot[count], np.int32)
    at = 0
    for v in range(len(local)):
        if local[v] >= 0:
            for e in range(slot[v], slot[v + 1]):
                new_arcs[at] = local[arcs[2 * e]]
                new_arcs[at + 1] = arcs[2 * e + 1]
                at += 2
    return new_slot, new_arcs


@compiled
def _fill_table(side: Side, ms: I32, state: Flags, rank: I32, ways: Ways, batch: I32, out: I32) -> None:
    """Sweep down from the ancestors climbed to, and read the rows of the origins' nodes."""
    slot, arcs = side
    first, node, way_ms = ways
    for v in range(len(slot) - 2, -1, -1):
        if state[v] == 0:
            fill_row(ms, v, NO_WAY)
        state[v] = 0
        for e in range(slot[v], slot[v + 1]):
            lower_row(ms, v, ms, arcs[2 * e], arcs[2 * e + 1])
    row = np.empty((1, WIDTH), np.int32)
    for i in range(len(first) - 1):
        fill_row(row, 0, NO_WAY)
        for way in range(first[i], first[i + 1]):
            lower_row(row, 0, ms, rank[node[way]], way_ms[way])
        for k in range(len(batch)):
            out[i, batch[k]] = row[0, k]


@compiled
def _fill_pairs(
    side: Side, parent: I32, rank: I32, ways: Ways, to: Ways, batch: I32, begin: I64, order: I64, origin: I32, ms: I32,
    state: Flags, pending: I32, found: I32,
) -> None:  # fmt: skip
    """Find the milliseconds of the pairs with a destination of the batch: each node's row is made once, when needed.

    State 0: no row; 2: climbed to; 3: the row holds shortest ways. `pending` lists the nodes to put back to 0.
    """
    slot, arcs = side
    first, node, way_ms = ways
    to_first, to_node, _ = to
    listed = 0
    for k in range(len(batch)):
        for i in range(begin[batch[k]], begin[batch[k] + 1]):
            o = origin[order[i]]
            best = np.int32(NO_WAY)
            for way in range(first[o], first[o + 1]):
                v = rank[node[way]]
                bottom = listed
                while v >= 0 and state[v] != 3:  # noqa: PLR2004
                    pending[listed] = v
                    listed += 1
                    if state[v] == 0:
                        fill_row(ms, v, NO_WAY)
                    state[v] = 3
                    v = parent[v]
                for j in range(listed - 1, bottom - 1, -1):
                    for e in range(slot[pending[j]], slot[pending[j] + 1]):
                        lower_row(ms, pending[j], ms, arcs[2 * e], arcs[2 * e + 1])
                best = min(best, np.int32(ms[rank[node[way]], k] + way_ms[way]))
            found[order[i]] = best
    for j in range(listed):
        state[pending[j]] = 0
        pending[j] = 0
    for k in range(len(batch)):
        for way in range(to_first[batch[k]], to_first[batch[k] + 1]):
            v = rank[to_node[way]]
            while v >= 0 and state[v] != 0:
                state[v] = 0
                v = parent[v]
