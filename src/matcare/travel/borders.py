"""Borders between the labels of a lattice, as rings that neighbours share vertex by vertex.

Every square of the grid is eight triangles around the vertex inside it (:mod:`matcare.travel.ground`). Where the ends
of a triangle's side have different labels, the side is cut once, at the place where the label changes; both triangles
of the side use that cut. In a triangle of two labels the border is the line between its two cuts, in one of three
labels three lines from the cuts to their middle. So at every vertex of a border each label comes in once and goes out
once: rings are simple, polygons are valid, and they neither overlap nor leave slits between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from matcare.travel.compiled import compiled, inlined
from matcare.travel.ground import place_label, vertex_xy

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.travel.ground import Places, Rules

__all__ = ["label_polygons"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

HALVINGS = 9
NEAREST_CUT = 0.02
"""Share of a triangle's side that a cut keeps away from its ends."""

_AROUND = np.array([[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]], dtype=np.int64)


class Labelled(NamedTuple):
    """Vertices with their label, the nearest place and the one that they are reached from soonest."""

    label: I32
    near: I32
    soonest: I32


def label_polygons(
    near: I32, soonest: I32, places: Places, rules: Rules, to_plane: Callable[[F64, F64], F64]
) -> tuple[npt.NDArray[np.object_], I64]:
    """Return the polygons of every label.

    Parameters
    ----------
    near, soonest : numpy.ndarray of int32
        See :meth:`matcare.travel.sheets.Sheet.spread`.
    places : Places
    rules : Rules
    to_plane : callable
        Gives x and y, shape (n, 2), of positions in squares.

    Returns
    -------
    polygons : numpy.ndarray of shapely.Polygon
        One a connected piece, with its holes; together a coverage.
    labels : numpy.ndarray of int64
    """
    label = np.full(len(near), -1, np.int32)
    _label_vertices(Labelled(label, near, soonest), places, rules)
    grid = (places.width, places.height, _AROUND)
    count = _half_edges(label, *grid, np.zeros((0, 3), np.int64), np.zeros(0, np.int64))
    if not count:
        return np.zeros(0, dtype=object), np.zeros(0, np.int64)
    halves, inside = np.empty((count, 3), np.int64), np.empty(count, np.int64)
    _half_edges(label, *grid, halves, inside)
    keys, start = np.unique(halves[:, 0], return_inverse=True)
    end = np.searchsorted(keys, halves[:, 1])
    labels = int(label.max()) + 1
    order = np.argsort(start * labels + halves[:, 2], kind="stable")
    follow = order[np.searchsorted((start * labels + halves[:, 2])[order], end * labels + halves[:, 2])]
    x, y = np.zeros(len(keys)), np.zeros(len(keys))
    _locate(keys, Labelled(label, near, soonest), _AROUND, places, rules, x, y)
    sequence, first = _trace(follow)
    piece = _pieces(label, places.width)
    return _assemble(
        x[start[sequence]], y[start[sequence]], first, piece[inside[sequence[first[:-1]]]], label, to_plane
    )


def _assemble(
    x: F64, y: F64, first: I64, piece: I64, label: I32, to_plane: Callable[[F64, F64], F64]
) -> tuple[npt.NDArray[np.object_], I64]:
    """Put rings together: of the rings around one connected piece the one that turns left is the shell."""
    ring = np.repeat(np.arange(len(first) - 1), np.diff(first))
    follow = np.arange(1, len(x) + 1)
    follow[first[1:] - 1] = first[:-1]
    double_area = np.add.reduceat(x * y[follow] - x[follow] * y, first[:-1])
    order = np.lexsort((double_area < 0, piece, label[piece]))
    rings = np.asarray(shapely.linearrings(to_plane(x, y), indices=ring))[order]
    is_shell = double_area[order] > 0
    polygons: npt.NDArray[np.object_] = np.asarray(shapely.polygons(rings, indices=np.cumsum(is_shell) - 1))
    return polygons, label[piece[order][is_shell]].astype(np.int64)


@compiled
def _label_vertices(vertices: Labelled, places: Places, rules: Rules) -> None:
    sources = np.empty(4, np.int64)
    for vertex in range(len(vertices.near)):
        if vertices.near[vertex] >= 0:
            px, py = vertex_xy(vertex, places)
            sources[:2], sources[2:] = vertices.near[vertex], vertices.soonest[vertex]
            vertices.label[vertex] = place_label(px, py, sources, places, rules)


@inlined
def _side(a: int, b: int, width: int) -> int:
    """Key of a triangle's side, the same from both its triangles."""
    low, step = min(a, b), abs(a - b)
    return 4 * low + (0 if step == 1 else step - width + 2)


@inlined
def _half_edge(halves: I64, inside: I64, count: int, start: int, end: int, mine: int, vertex: int) -> int:
    """Note a piece of border with the label on its left; labels of nothing have no border of their own."""
    if mine < 0:
        return count
    if len(halves):
        halves[count, 0], halves[count, 1], halves[count, 2], inside[count] = start, end, mine, vertex
    return count + 1


@compiled
def _half_edges(label: I32, width: int, height: int, around: I64, halves: I64, inside: I64) -> int:
    """Collect the borders of all triangles (start, end, label on the left; a vertex of that label), or only count."""
    count = 0
    vertex, mine, cut = np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3, np.int64)
    for row in range(1, height, 2):
        for column in range(1, width, 2):
            apex = row * width + column
            same = True
            for k in range(8):
                same &= label[apex + around[k, 1] * width + around[k, 0]] == label[apex]
            if same:
                continue
            for k in range(8):
                after = (k + 1) % 8
                vertex[0] = apex
                vertex[1] = apex + around[k, 1] * width + around[k, 0]
                vertex[2] = apex + around[after, 1] * width + around[after, 0]
                for corner in range(3):
                    mine[corner] = label[vertex[corner]]
                    cut[corner] = _side(vertex[corner], vertex[(corner + 1) % 3], width)
                centre = 4 * width * height + 8 * apex + k
                if mine[0] != mine[1] and mine[1] != mine[2] and mine[0] != mine[2]:
                    for corner in range(3):
                        here, last = vertex[corner], cut[(corner + 2) % 3]
                        count = _half_edge(halves, inside, count, cut[corner], centre, mine[corner], here)
                        count = _half_edge(halves, inside, count, centre, last, mine[corner], here)
                    continue
                for corner in range(3):
                    after, before = (corner + 1) % 3, (corner + 2) % 3
                    if mine[corner] != mine[after] and mine[after] == mine[before]:
                        first, last = cut[corner], cut[before]
                        count = _half_edge(halves, inside, count, first, last, mine[corner], vertex[corner])
                        count = _half_edge(halves, inside, count, last, first, mine[after], vertex[after])
    return count


@compiled
def _cut(a: int, b: int, vertices: Labelled, places: Places, rules: Rules) -> tuple[float, float]:
    """Where the label changes between two vertices: the end of the ground of the one with the lower label."""
    label, near, soonest = vertices
    if label[a] < 0 or 0 <= label[b] < label[a]:
        a, b = b, a
    ax, ay = vertex_xy(a, places)
    bx, by = vertex_xy(b, places)
    sources = np.array([near[a], near[b], soonest[a], soonest[b]], np.int64)
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        t = (low + high) / 2
        px, py = ax + t * (bx - ax), ay + t * (by - ay)
        if place_label(px, py, sources, places, rules) == label[a]:
            low = t
        else:
            high = t
    t = min(max((low + high) / 2, NEAREST_CUT), 1 - NEAREST_CUT)
    return ax + t * (bx - ax), ay + t * (by - ay)


@compiled
def _locate(keys: I64, vertices: Labelled, around: I64, places: Places, rules: Rules, key_x: F64, key_y: F64) -> None:
    """Positions of cuts and of the middles of triangles with three labels, in squares."""
    width, height = places.width, places.height
    vertex = np.empty(3, np.int64)
    for k in range(len(keys)):
        if keys[k] < 4 * width * height:
            low, way = keys[k] // 4, keys[k] % 4
            key_x[k], key_y[k] = _cut(low, low + (1 if way == 0 else width + way - 2), vertices, places, rules)
            continue
        apex, turn = (keys[k] - 4 * width * height) // 8, (keys[k] - 4 * width * height) % 8
        after = (turn + 1) % 8
        vertex[0] = apex
        vertex[1] = apex + around[turn, 1] * width + around[turn, 0]
        vertex[2] = apex + around[after, 1] * width + around[after, 0]
        for corner in range(3):
            low, high = vertex[corner], vertex[(corner + 1) % 3]
            px, py = _cut(min(low, high), max(low, high), vertices, places, rules)
            key_x[k] += px / 3
            key_y[k] += py / 3


@compiled
def _trace(follow: I64) -> tuple[I64, I64]:
    """Walk every ring: the half-edges ring by ring, and where each ring begins."""
    sequence, first = np.empty(len(follow), np.int64), np.empty(len(follow) + 1, np.int64)
    seen = np.zeros(len(follow), np.bool_)
    rings = used = 0
    for start in range(len(follow)):
        if seen[start]:
            continue
        first[rings] = used
        rings += 1
        here = start
        while not seen[here]:
            seen[here] = True
            sequence[used] = here
            used += 1
            here = follow[here]
    first[rings] = used
    return sequence, first[: rings + 1].copy()


@inlined
def _root(parent: I64, vertex: int) -> int:
    while parent[vertex] != vertex:
        parent[vertex] = parent[parent[vertex]]
        vertex = parent[vertex]
    return vertex


@compiled
def _pieces(label: I32, width: int) -> I64:
    """Name the connected piece of every vertex by its first vertex; sides of triangles connect."""
    parent = np.arange(len(label), dtype=np.int64)
    for vertex in range(len(label)):
        if label[vertex] < 0:
            continue
        row, column = vertex // width, vertex % width
        for way in range(4):
            if way == 0:
                other, there = vertex - 1, column > 0
            else:
                other = vertex - width + way - 2
                there = row > 0 and 0 <= column + way - 2 < width and (way == 2 or (row + column) % 2 == 0)  # noqa: PLR2004 - way 2 is straight down
            if there and label[other] == label[vertex]:
                a, b = _root(parent, vertex), _root(parent, other)
                parent[max(a, b)] = min(a, b)
    for vertex in range(len(label)):
        parent[vertex] = parent[parent[vertex]]
    return parent
