"""Weights for the arcs of a hierarchy: customisation, and dropping the arcs that are no shortest way.

Every arc has two weights, up from its lower to its higher end and down. Where the roads are the same in both
directions, both are one array.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.points import NO_WAY

__all__ = ["arc_weights", "keep_shortest", "shorten", "tighten"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


@compiled
def arc_weights(arcs: int, arc: I64, forward: I32, backward: I32) -> tuple[I32, I32, int]:
    """Give every arc the least of its edges, :data:`NO_WAY` without any; also the first edge with a wrong weight."""
    up = np.full(arcs, NO_WAY, np.int32)
    down = np.full(arcs, NO_WAY, np.int32)
    for e in range(len(arc)):
        if min(forward[e], backward[e]) < 0 or max(forward[e], backward[e]) > NO_WAY:
            return up, down, e
        if arc[e] < 0:
            continue
        a = arc[e] >> 1
        if arc[e] & 1:
            up[a], down[a] = min(up[a], backward[e]), min(down[a], forward[e])
        else:
            up[a], down[a] = min(up[a], forward[e]), min(down[a], backward[e])
    return up, down, -1


@compiled
def shorten(first: I64, head: I32, up: I32, down: I32) -> None:
    """Customise: no arc is longer than a way over one lower node, nodes taken in ascending order."""
    for v in range(len(first) - 1):
        end = first[v + 1]
        for i in range(first[v], end):
            p = first[head[i]]
            to, fro = up[i], down[i]
            for j in range(i + 1, end):
                other = head[j]
                while head[p] != other:
                    p += 1
                up[p] = min(up[p], fro + up[j])
                down[p] = min(down[p], down[j] + to)


@compiled
def tighten(first: I64, head: I32, up: I32, down: I32, ranges: I64) -> None:
    """Make every arc as short as the shortest path between its ends, by the ways over higher nodes.

    `ranges` are runs of nodes, whose higher neighbours must be done or in an earlier run; each goes from its end down.
    """
    for r in range(len(ranges)):
        for v in range(ranges[r, 1] - 1, ranges[r, 0] - 1, -1):
            end = first[v + 1]
            for i in range(first[v], end):
                p = first[head[i]]
                to, fro = up[i], down[i]
                for j in range(i + 1, end):
                    other = head[j]
                    while head[p] != other:
                        p += 1
                    to = min(to, up[j] + down[p])
                    fro = min(fro, up[p] + down[j])
                    up[j] = min(up[j], to + up[p])
                    down[j] = min(down[j], down[p] + fro)
                up[i], down[i] = to, fro


@compiled
def keep_shortest(first: I64, head: I32, weight: I32, tight: I32) -> tuple[I32, I32]:
    """List the arcs that are shortest ways: where each node's begin, and head and weight of each, one after another."""
    nodes = len(first) - 1
    kept = 0
    for e in range(len(head)):
        kept += weight[e] == tight[e] and weight[e] < NO_WAY
    slot = np.empty(nodes + 1, np.int32)
    arcs = np.empty(2 * kept, np.int32)
    slot[0] = 0
    kept = 0
    for v in range(nodes):
        for e in range(first[v], first[v + 1]):
            if weight[e] == tight[e] and weight[e] < NO_WAY:
                arcs[2 * kept] = head[e]
                arcs[2 * kept + 1] = weight[e]
                kept += 1
        slot[v + 1] = kept
    return slot, arcs
