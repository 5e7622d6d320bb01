"""From destinations up the elimination tree: the first half of every search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.points import NO_WAY
from matcare.travel.hierarchy.rows import WIDTH, fill_row, least_of_row, lower_row

if TYPE_CHECKING:
    from matcare.travel.hierarchy.points import Attached, Side, Ways

__all__ = ["ancestors_upward", "climb", "in_batches"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]


def in_batches(destinations: Attached, rank: I32 | None, *, only: I64 | None = None) -> list[I32]:
    """Deal destinations into batches as wide as a row, those without a way left out, or only some of them.

    With `rank`, destinations whose first nodes lie close together in the order, and so on the map, come into one batch.
    """
    chosen = (np.flatnonzero(np.diff(destinations.first)) if only is None else only).astype(np.int32)
    if rank is not None and len(chosen):
        place = rank[destinations.node[destinations.first[chosen]]]
        chosen = chosen[np.argsort(place, kind="stable")]
    return [chosen[i : i + WIDTH] for i in range(0, len(chosen), WIDTH)]


@compiled
def ancestors_upward(parent: I32, rank: I32, node: I32) -> I32:
    """List the ranks of some nodes and of all their ancestors, each after those below it."""
    waits_for = np.zeros(len(parent), np.int32)  # 0: not seen; else one more than the nodes below that are not listed
    count = 0
    for i in range(len(node)):
        v = rank[node[i]]
        from_below = 0
        while v >= 0:
            seen = waits_for[v] > 0
            waits_for[v] += from_below
            if seen:
                break
            waits_for[v] += 1
            count += 1
            from_below = 1
            v = parent[v]
    listed = np.empty(count, np.int32)
    count = 0
    for i in range(len(node)):
        v = rank[node[i]]
        while v >= 0 and waits_for[v] == 1:
            waits_for[v] = 0
            listed[count] = v
            count += 1
            v = parent[v]
            if v >= 0:
                waits_for[v] -= 1
    return listed


@compiled
def climb(
    side: Side, parent: I32, rank: I32, ways: Ways, batch: I32, limit: int, ms: I32, state: Flags, pending: I32
) -> None:
    """Carry milliseconds from the nodes of a batch of destinations to all their ancestors.

    Ancestors get a row of `ms` and the state 2; `state` and `pending` hold zeros before, and `pending` does after. Many
    ancestors are common, so all destinations go up together: a node waits until all below it are done.
    """
    slot, arcs = side
    first, node, way_ms = ways
    for k in range(len(batch)):
        for way in range(first[batch[k]], first[batch[k] + 1]):
            v = rank[node[way]]
            from_below = 0
            while v >= 0:
                pending[v] += from_below
                if state[v] != 0:
                    break
                state[v] = 1
                fill_row(ms, v, NO_WAY)
                from_below = 1
                v = parent[v]
            v = rank[node[way]]
            ms[v, k] = min(ms[v, k], way_ms[way])
    for k in range(len(batch)):
        for way in range(first[batch[k]], first[batch[k] + 1]):
            v = rank[node[way]]
            while v >= 0 and pending[v] == 0 and state[v] == 1:
                state[v] = 2
                if least_of_row(ms, v) <= limit:
                    for e in range(slot[v], slot[v + 1]):
                        lower_row(ms, arcs[2 * e], ms, v, arcs[2 * e + 1])
                v = parent[v]
                if v >= 0:
                    pending[v] -= 1
