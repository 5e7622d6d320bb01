"""Milliseconds from many nodes to a batch of destinations at once, up to a limit.

Parts of the map that no destination of the batch is within reach of are left out: if a node is out of reach and so are
all nodes that separate its subtree from the rest, then nothing in the subtree is within reach. Which nodes separate
must be taken from the completed arcs: a shortest way may go by one whose arc was dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.climb import climb
from matcare.travel.hierarchy.points import NO_WAY
from matcare.travel.hierarchy.rows import empty_rows, fill_row, least_of_row, lower_row

if TYPE_CHECKING:
    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Attached, Side, Ways

__all__ = ["BatchSweep", "OriginsAtNodes"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]


class OriginsAtNodes:
    """Origins by the node that their ways lead to.

    Attributes
    ----------
    ways : tuple of numpy.ndarray
        Where the ways of each origin begin; rank and milliseconds of each.
    node_first : numpy.ndarray of int32, shape (nodes + 1,)
    at_node : numpy.ndarray of int32, shape (ways,)
        The origins of each rank.
    """

    def __init__(self, origins: Attached, rank: I32) -> None:
        self.ways: Ways = (origins.first, rank[origins.node], origins.ms)
        self.node_first, self.at_node = _by_node(self.ways, len(rank))


class BatchSweep:
    """The working memory of one thread, and the sweep in it.

    Attributes
    ----------
    ms : numpy.ndarray of int32, shape (nodes, WIDTH)
        Milliseconds from each rank to each destination of the batch; only rows of ranks within reach are meant.
    reach : numpy.ndarray of int32, shape (nodes,)
        The least of each row, :data:`NO_WAY` where it is above the limit.
    visited, touched : numpy.ndarray of int32
        Ranks within reach, and origins with a way to one of them, as many as :meth:`run` says.
    """

    def __init__(self, metric: Metric, origins: int) -> None:
        nodes = metric.hierarchy.nodes
        self._climb, self._sweep = metric.sides()
        self._hierarchy = metric.hierarchy
        self.ms = empty_rows(nodes)
        self.reach = np.full(nodes, NO_WAY, np.int32)
        self._state = np.zeros(nodes, np.uint8)
        self._pending = np.zeros(nodes, np.int32)
        self.visited = np.empty(nodes, np.int32)
        self._flag = np.zeros(origins, np.uint8)
        self._any_flag = np.zeros((origins >> 6) + 1, np.uint8)
        self.touched = np.empty(origins + 1, np.int32)

    def run(self, destinations: Attached, batch: I32, limit: int, origins: OriginsAtNodes) -> tuple[int, int]:
        """Sweep for a batch; return how many ranks are visited, and how many origins touched (listed ascending)."""
        by_rank, rows, state = self._hierarchy, self.ms, self._state
        climb(
            self._climb, by_rank.parent, by_rank.rank, destinations.ways, batch, limit, rows, state, self._pending
        )  # fmt: skip
        visited = _sweep_down(
            self._sweep, by_rank.first, by_rank.head, by_rank.size, limit, rows, self.reach, state, self.visited
        )
        touched = _touched_origins(
            self.visited[:visited], origins.node_first, origins.at_node, self._flag, self._any_flag, self.touched
        )
        return visited, touched

    def done(self, visited: int) -> None:
        """Make ready for the next batch."""
        self.reach[self.visited[:visited]] = NO_WAY


@compiled
def _by_node(ways: Ways, nodes: int) -> tuple[I32, I32]:
    first, rank, _ = ways
    slot = np.zeros(nodes + 1, np.int32)
    for way in range(len(rank)):
        slot[rank[way] + 1] += 1
    for i in range(nodes):
        slot[i + 1] += slot[i]
    at = slot[:nodes].copy()
    origin = np.empty(len(rank), np.int32)
    for i in range(len(first) - 1):
        for way in range(first[i], first[i + 1]):
            origin[at[rank[way]]] = i
            at[rank[way]] += 1
    return slot, origin


@compiled
def _sweep_down(
    side: Side, full_first: I64, full_head: I32, size: I32, limit: int, ms: I32, reach: I32, state: Flags, visited: I32
) -> int:
    """Fill the rows of all ranks within the limit, list them, and put their states back to 0."""
    slot, arcs = side
    count = 0
    v = len(size) - 1
    while v >= 0:
        is_ancestor = state[v] != 0
        state[v] = 0
        filled = is_ancestor
        for e in range(slot[v], slot[v + 1]):
            head, more = arcs[2 * e], arcs[2 * e + 1]
            if reach[head] + more <= limit:
                if not filled:
                    fill_row(ms, v, NO_WAY)
                    filled = True
                lower_row(ms, v, ms, head, more)
        if filled:
            least = least_of_row(ms, v)
            if least <= limit:
                reach[v] = least
                visited[count] = v
                count += 1
                v -= 1
                continue
        skip = not is_ancestor
        if skip:
            for e in range(full_first[v], full_first[v + 1]):
                if reach[full_head[e]] <= limit:
                    skip = False
                    break
        v -= size[v] if skip else 1
    return count


@compiled
def _touched_origins(visited: I32, node_first: I32, at_node: I32, flag: Flags, any_flag: Flags, touched: I32) -> int:
    """List the origins, ascending, with a way to one of the ranks visited; `any_flag` tells for 64 of them together."""
    for i in range(len(visited)):
        for at in range(node_first[visited[i]], node_first[visited[i] + 1]):
            flag[at_node[at]] = 1
            any_flag[at_node[at] >> 6] = 1
    count = 0
    for some in range(len(any_flag)):
        if any_flag[some] == 1:
            any_flag[some] = 0
            for origin in range(some << 6, min((some + 1) << 6, len(flag))):
                touched[count] = origin
                count += flag[origin]
                flag[origin] = 0
    return count
