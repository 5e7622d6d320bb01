"""The elimination tree of an ordered graph, and the arcs that taking the nodes in that order leaves.

Taking a node joins all its later neighbours to each other. The later neighbours of a node in the graph so completed are
its arcs; the first of them is its parent in the elimination tree, and all of them are its ancestors. A path from any
node below it to a node elsewhere goes through the node or one of its arcs' heads: they separate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled

__all__ = [
    "arc_of_edge",
    "completed_arcs",
    "elimination_tree",
    "later_neighbours",
    "place_of",
    "post_order",
    "subtree_sizes",
]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


@compiled
def later_neighbours(first: I64, head: I32, rank: I32) -> tuple[I64, I32]:
    """List the neighbours of higher rank for each node, both by rank; ascending for each node."""
    nodes = len(first) - 1
    node = np.empty(nodes, np.int32)
    slot = np.zeros(nodes + 1, np.int64)
    for i in range(nodes):
        node[rank[i]] = i
        for e in range(first[i], first[i + 1]):
            if rank[head[e]] > rank[i]:
                slot[rank[i] + 1] += 1
    for i in range(nodes):
        slot[i + 1] += slot[i]
    later = np.empty(slot[nodes], np.int32)
    at = slot[:nodes].copy()
    for r in range(nodes):  # heads come by in ascending order, so each list is ascending
        for e in range(first[node[r]], first[node[r] + 1]):
            q = rank[head[e]]
            if q < r:
                later[at[q]] = r
                at[q] += 1
    return slot, later


@compiled
def elimination_tree(first: I64, head: I32, rank: I32) -> I32:
    """Find the parent of each rank, −1 for a root (Liu 1990, with path compression)."""
    nodes = len(first) - 1
    node = np.empty(nodes, np.int32)
    for i in range(nodes):
        node[rank[i]] = i
    parent = np.full(nodes, -1, np.int32)
    ancestor = np.full(nodes, -1, np.int32)
    for r in range(nodes):
        for e in range(first[node[r]], first[node[r] + 1]):
            q = rank[head[e]]
            while q < r:
                above = ancestor[q]
                ancestor[q] = r
                if above < 0:
                    parent[q] = r
                    break
                q = above
    return parent


@compiled
def post_order(parent: I32) -> I32:
    """Give a forest numbers so that every subtree is a run of numbers that ends with its root."""
    nodes = len(parent)
    size = np.ones(nodes, np.int32)
    for v in range(nodes):
        if parent[v] >= 0:
            size[parent[v]] += size[v]
    number = np.empty(nodes, np.int32)
    filled = np.zeros(nodes, np.int32)  # numbers that were given below each node
    roots = 0
    for v in range(nodes - 1, -1, -1):  # parents before children; the last child has the highest numbers
        p = parent[v]
        if p < 0:
            number[v] = nodes - 1 - roots
            roots += size[v]
        else:
            number[v] = number[p] - 1 - filled[p]
            filled[p] += size[v]
    return number


@compiled
def subtree_sizes(parent: I32) -> I32:
    """Count the nodes of each node's subtree, itself included."""
    size = np.ones(len(parent), np.int32)
    for v in range(len(parent)):
        if parent[v] >= 0:
            size[parent[v]] += size[v]
    return size


@compiled
def completed_arcs(later_first: I64, later: I32, parent: I32) -> tuple[I64, I32]:
    """List each node's arcs, ascending: its later neighbours, and the arcs of its children without itself."""
    nodes = len(parent)
    child, sibling = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    for v in range(nodes - 1, -1, -1):
        if parent[v] >= 0:
            sibling[v] = child[parent[v]]
            child[parent[v]] = v
    seen = np.full(nodes, -1, np.int32)
    slot = np.zeros(nodes + 1, np.int64)
    room = np.int64(2 * len(later) + 1024)
    head = np.empty(room, np.int32)
    end = np.int64(0)
    for v in range(nodes):
        begin = end
        most = later_first[v + 1] - later_first[v]
        c = child[v]
        while c >= 0:
            most += slot[c + 1] - slot[c]
            c = sibling[c]
        if end + most > room:
            room = (end + most) * 3 // 2
            grown = np.empty(room, np.int32)
            for e in range(end):  # assigning a slice would take the compiler seconds
                grown[e] = head[e]
            head = grown
        seen[v] = v
        for e in range(later_first[v], later_first[v + 1]):
            seen[later[e]] = v
            head[end] = later[e]
            end += 1
        c = child[v]
        while c >= 0:
            for e in range(slot[c], slot[c + 1]):
                if seen[head[e]] != v:
                    seen[head[e]] = v
                    head[end] = head[e]
                    end += 1
            c = sibling[c]
        _ascending(head, int(begin), int(end), seen, v, parent)
        slot[v + 1] = end
    return slot, head[:end].copy()


@compiled
def _ascending(head: I32, begin: int, end: int, seen: I32, v: int, parent: I32) -> None:
    """Sort the arcs of `v`: a few by insertion, many by walking up its ancestors, which all of them are."""
    if end - begin > 24:  # noqa: PLR2004
        a = parent[v]
        while begin < end:
            if seen[a] == v:
                head[begin] = a
                begin += 1
            a = parent[a]
        return
    for i in range(begin + 1, end):
        h = head[i]
        j = i
        while j > begin and head[j - 1] > h:
            head[j] = head[j - 1]
            j -= 1
        head[j] = h


@compiled
def place_of(ascending: npt.NDArray[np.signedinteger[Any]], begin: int, end: int, number: int) -> int:
    """Find the first place in part of an ascending list where a number could stand."""
    while begin < end:
        middle = (begin + end) // 2
        if ascending[middle] < number:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def arc_of_edge(first: I64, head: I32, rank: I32, u: I32, v: I32) -> I64:
    """Find each edge's arc: twice its number, one more where the edge leads down from `u`; −1 for a loop."""
    arc = np.empty(len(u), np.int64)
    for e in range(len(u)):
        low, high = rank[u[e]], rank[v[e]]
        down = low > high
        if down:
            low, high = high, low
        if low == high:
            arc[e] = -1
            continue
        arc[e] = 2 * place_of(head, first[low], first[low + 1], high) + down
    return arc
