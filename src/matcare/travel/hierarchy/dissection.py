"""Nested dissection without METIS: the nodes in a row by place or by distance, cut where the border is smallest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled

__all__ = ["dissect"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

DIRECTIONS = 6
"""In how many directions the nodes are put in a row."""
SMALL = 6
"""A part of at most this many nodes is not cut any further."""
SMALLEST_SHARE = 0.3
"""No side of a cut is smaller than this share of its part."""


def dissect(first: I64, head: I32, x: F64, y: F64) -> I32:
    """Order nodes by nested dissection.

    Parameters
    ----------
    first, head : numpy.ndarray
        Neighbours of node ``i`` are ``head[first[i]:first[i + 1]]``.
    x, y : numpy.ndarray of float64, shape (nodes,)
        Coordinates in a plane; empty for none, then the row is by steps from a node at the edge of each part.

    Returns
    -------
    numpy.ndarray of int32, shape (nodes,)
        Position of each node: both parts first, the separator between them after them.
    """
    nodes = len(first) - 1
    if len(x):
        angle = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
        rows = np.stack([np.argsort(np.cos(a) * x + np.sin(a) * y, kind="stable").astype(np.int32) for a in angle])
    else:
        rows = np.arange(nodes, dtype=np.int32)[None, :]
    _cut_and_cut(first, head, rows, not len(x))
    position = np.empty(nodes, np.int32)
    position[rows[0]] = np.arange(nodes, dtype=np.int32)
    return position


@compiled
def _cut_and_cut(first: I64, head: I32, rows: I32, by_steps: bool) -> None:  # noqa: FBT001 - a kernel's argument
    """Cut parts until they are small. Every row holds the same parts at the same places, each in its own order."""
    nodes = rows.shape[1]
    part = np.zeros(nodes, np.int32)
    place = np.empty(nodes, np.int32)
    side = np.empty(nodes, np.int8)
    spare = np.empty(nodes, np.int32)
    border = np.empty((2, nodes + 2), np.int32)
    begins, ends = np.empty(256, np.int64), np.empty(256, np.int64)
    begins[0], ends[0], waiting, number = 0, nodes, 1, 0
    while waiting > 0:
        waiting -= 1
        begin, end = begins[waiting], ends[waiting]
        if end - begin <= SMALL:
            continue
        number += 1
        for i in range(begin, end):
            part[rows[0, i]] = number
        if by_steps:
            _row_by_steps(first, head, rows[0, begin:end], part, number, spare)
        best, best_row, best_cut, best_side = nodes + 1, 0, 0, 0
        for r in range(len(rows)):
            size, cut, smaller = _smallest_border(first, head, rows[r, begin:end], part, number, place, border)
            if size < best:
                best, best_row, best_cut, best_side = size, r, cut, smaller
        counts = _divide(first, head, rows[best_row, begin:end], part, number, place, best_cut, best_side, side)
        for r in range(len(rows)):
            _sort_by_side(rows[r, begin:end], side, counts, spare)
        middle = begin + counts[0]
        # The larger part waits underneath, so that the list of waiting parts stays short.
        large, small = (begin, middle), (middle, middle + counts[1])
        if counts[0] < counts[1]:
            large, small = small, large
        begins[waiting], ends[waiting] = large
        begins[waiting + 1], ends[waiting + 1] = small
        waiting += 2


@compiled
def _row_by_steps(first: I64, head: I32, row: I32, part: I32, number: int, spare: I32) -> None:
    """Order a part by steps from one of its ends: the node that was reached last from any node."""
    start = row[0]
    for again in range(2):
        reached = 0
        mark = -2 * number - again
        for i in range(-1, len(row)):
            root = start if i < 0 else row[i]
            if part[root] == mark:
                continue
            part[root] = mark
            spare[reached] = root
            at = reached
            reached += 1
            while at < reached:
                for e in range(first[spare[at]], first[spare[at] + 1]):
                    near = head[e]
                    if part[near] == number or (again == 1 and part[near] == mark + 1):
                        part[near] = mark
                        spare[reached] = near
                        reached += 1
                at += 1
        start = spare[reached - 1]
    for i in range(len(row)):
        row[i] = spare[i]
        part[row[i]] = number


@compiled
def _smallest_border(
    first: I64, head: I32, row: I32, part: I32, number: int, place: I32, border: I32
) -> tuple[int, int, int]:
    """Find where to cut a row. ``border[s, c]``: nodes of side `s` next to the other side if `c` nodes come first."""
    nodes = len(row)
    for i in range(nodes):
        place[row[i]] = i
    border[:, : nodes + 2] = 0
    for i in range(nodes):
        low, high = i, i
        for e in range(first[row[i]], first[row[i] + 1]):
            if part[head[e]] == number:
                low, high = min(low, place[head[e]]), max(high, place[head[e]])
        border[0, i + 1] += 1
        border[0, high + 1] -= 1
        border[1, low + 1] += 1
        border[1, i + 1] -= 1
    margin = max(int(nodes * SMALLEST_SHARE), 1)
    best, cut, smaller = nodes + 1, margin, 0
    here = np.zeros(2, np.int32)
    for c in range(nodes - margin + 1):
        for s in range(2):
            here[s] += border[s, c]
            closer = here[s] == best and abs(2 * c - nodes) < abs(2 * cut - nodes)
            if c >= margin and (here[s] < best or closer):
                best, cut, smaller = int(here[s]), c, s
    return best, cut, smaller


@compiled
def _divide(
    first: I64,
    head: I32,
    row: I32,
    part: I32,
    number: int,
    place: I32,
    cut: int,
    smaller: int,
    side: npt.NDArray[np.int8],
) -> I64:
    """Tell each node's side: 0, 1, or 2 for the separator; return how many there are of each."""
    counts = np.zeros(3, np.int64)
    for i in range(len(row)):
        place[row[i]] = i
    for i in range(len(row)):
        mine = 0 if i < cut else 1
        side[row[i]] = mine
        if mine == smaller:
            for e in range(first[row[i]], first[row[i] + 1]):
                if part[head[e]] == number and (place[head[e]] < cut) == (mine == 1):
                    side[row[i]] = 2
        counts[side[row[i]]] += 1
    return counts


@compiled
def _sort_by_side(row: I32, side: npt.NDArray[np.int8], counts: I64, spare: I32) -> None:
    at = np.zeros(3, np.int64)
    at[1] = counts[0]
    at[2] = counts[0] + counts[1]
    for i in range(len(row)):
        s = side[row[i]]
        spare[at[s]] = row[i]
        at[s] += 1
    for i in range(len(row)):
        row[i] = spare[i]
