"""In which order a contraction hierarchy takes the nodes of a graph: leaves first, separators last.

Nodes with at most two neighbours are taken first, again and again: that never harms the order. What is left is ordered
by nested dissection, by METIS (package pymetis) where it is installed, otherwise by
:func:`matcare.travel.hierarchy.dissection.dissect`.

References
----------
Dibbelt, Strasser, Wagner (2016), Customizable contraction hierarchies, ACM JEA 21. Ost, Schulz, Strash (2021),
Engineering data reduction for nested dissection, ALENEX.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.dissection import dissect

__all__ = ["METHODS", "elimination_order", "neighbours"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

METHODS = ("metis", "geometric")


def elimination_order(
    first: I64, head: I32, *, lat: F64 | None, lon: F64 | None, method: str | None
) -> tuple[I32, str]:
    """Find the step in which each node is taken.

    Parameters
    ----------
    first, head : numpy.ndarray
        Neighbours of node ``i`` are ``head[first[i]:first[i + 1]]``, each once, without itself.
    lat, lon : numpy.ndarray of float64, shape (nodes,), or None
        Coordinates, for the geometric order; without them it goes by distance in steps.
    method : {"metis", "geometric"} or None
        None takes METIS where it is installed.

    Returns
    -------
    rank : numpy.ndarray of int32, shape (nodes,)
        0 is taken first.
    method : str
        Which one was used.

    Raises
    ------
    InputError
        When METIS was asked for and is not installed, or the method is not one of :data:`METHODS`.
    """
    if method not in (None, *METHODS):
        raise InputError(f"order {method!r} is not known; it must be one of {', '.join(METHODS)}")
    installed = _metis_is_there()
    if method == "metis" and not installed:
        raise InputError("order 'metis' needs pymetis; install it with: pip install pymetis")
    method = method or ("metis" if installed else "geometric")
    rank, taken, core_first, core_head = _take_low_degrees(first, head.copy())
    core = np.flatnonzero(rank < 0).astype(np.int32)
    if len(core):
        if method == "metis":
            position = _metis(core_first, core_head)
        else:
            known = lat is not None and lon is not None
            x, y = _plane(lat[core], lon[core]) if known else (np.zeros(0), np.zeros(0))  # type: ignore[index]
            position = dissect(core_first, core_head, x, y)
        rank[core] = position + np.int32(taken)
    return rank, method


def _metis_is_there() -> bool:
    try:
        import pymetis  # noqa: F401, PLC0415 - optional
    except ImportError:
        return False
    return True


def _metis(first: I64, head: I32) -> I32:
    import pymetis  # noqa: PLC0415 - optional

    width = pymetis.zero_copy_dtype()
    graph = pymetis.CSRAdjacency(adj_starts=first.astype(width), adjacent=head.astype(width))
    _, position = pymetis.nested_dissection(adjacency=graph)
    return np.asarray(position).astype(np.int32)


def _plane(lat: F64, lon: F64) -> tuple[F64, F64]:
    return lon * np.cos(np.radians(np.mean(lat))), lat


@compiled
def neighbours(nodes: int, u: I32, v: I32) -> tuple[I64, I32]:
    """List each node's neighbours once, from edges with loops and parallels."""
    slot = np.zeros(nodes + 1, np.int64)
    for e in range(len(u)):
        if u[e] != v[e]:
            slot[u[e] + 1] += 1
            slot[v[e] + 1] += 1
    for i in range(nodes):
        slot[i + 1] += slot[i]
    every = np.empty(slot[nodes], np.int32)
    at = slot[:nodes].copy()
    for e in range(len(u)):
        if u[e] != v[e]:
            every[at[u[e]]] = v[e]
            at[u[e]] += 1
            every[at[v[e]]] = u[e]
            at[v[e]] += 1
    seen = np.full(nodes, -1, np.int32)
    kept = 0
    for i in range(nodes):
        begin, end = slot[i], slot[i + 1]
        slot[i] = kept
        for e in range(begin, end):
            if seen[every[e]] != i:
                seen[every[e]] = i
                every[kept] = every[e]
                kept += 1
    slot[nodes] = kept
    return slot, every[:kept].copy()


@compiled
def _take_low_degrees(first: I64, head: I32) -> tuple[I32, int, I64, I32]:  # noqa: PLR0912 - one kernel
    """Take nodes with two neighbours or fewer until none is left; the neighbours of a taken node become neighbours.

    A neighbour list never grows, so it is changed in place: `head` is used up. Returned are the ranks (−1: not taken),
    how many were taken, and the graph of the rest.
    """
    nodes = len(first) - 1
    rank = np.full(nodes, -1, np.int32)
    degree = np.empty(nodes, np.int32)
    queued = np.zeros(nodes, np.bool_)
    queue = np.empty(nodes, np.int32)
    waiting = 0
    for i in range(nodes):
        degree[i] = first[i + 1] - first[i]
    for least in range(3):  # the order of the first round: dead ends before nodes on the way
        for i in range(nodes):
            if degree[i] == least:
                queue[waiting] = i
                queued[i] = True
                waiting += 1
    taken = 0
    while taken < waiting:
        x = queue[taken]
        rank[x] = taken
        taken += 1
        begin = first[x]
        for side in range(degree[x]):
            near = head[begin + side]
            far = head[begin + 1 - side] if degree[x] == 2 else -1  # noqa: PLR2004
            at, joined = first[near], False
            for e in range(first[near], first[near] + degree[near]):
                if head[e] == x:
                    at = e
                joined |= head[e] == far
            if far >= 0 and not joined:
                head[at] = far
            else:
                degree[near] -= 1
                head[at] = head[first[near] + degree[near]]
            if degree[near] <= 2 and not queued[near]:  # noqa: PLR2004
                queue[waiting] = near
                queued[near] = True
                waiting += 1
    core = 0
    arcs = 0
    number = np.empty(nodes, np.int32)
    for i in range(nodes):
        if rank[i] < 0:
            number[i] = core
            core += 1
            arcs += degree[i]
    core_first = np.zeros(core + 1, np.int64)
    core_head = np.empty(arcs, np.int32)
    core = 0
    arcs = 0
    for i in range(nodes):
        if rank[i] < 0:
            for e in range(first[i], first[i] + degree[i]):
                core_head[arcs] = number[head[e]]
                arcs += 1
            core += 1
            core_first[core] = arcs
    return rank, taken, core_first, core_head
