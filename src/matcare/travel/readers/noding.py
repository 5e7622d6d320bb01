"""Noding: from lines as publishers draw them to stretches between the places where roads meet.

Places are compared after rounding to a millionth of a degree, a tenth of a metre. Two ways are offered, because
publishers draw in two ways. *At vertices*: roads meet wherever lines share a vertex (TIGER/Line, OpenStreetMap).
*At ends*: roads meet only where lines end at the same place, and a vertex that two lines share without ending there may
be a bridge (most layers of transport agencies).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from matcare.geo import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Lines", "Stretches", "node_lines"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_PER_DEGREE = 1_000_000
"""Places are told apart to this part of a degree."""
_ROW = 1 << 32


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines as flat arrays.

    Attributes
    ----------
    lon, lat : numpy.ndarray of float64, shape (vertices,)
        Degrees.
    first : numpy.ndarray of int64, shape (lines + 1,)
        Vertices of line ``i`` are ``first[i]:first[i + 1]``.
    """

    lon: F64
    lat: F64
    first: I64

    @classmethod
    def from_geometries(cls, geometries: npt.NDArray[np.object_]) -> Lines:
        """Read the vertices of shapely lines; heights are left out."""
        count = shapely.get_num_coordinates(geometries)
        vertices = shapely.get_coordinates(geometries)
        return cls(vertices[:, 0], vertices[:, 1], np.concatenate([[0], np.cumsum(count)]).astype(np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Lines]) -> Lines:
        """Put lines after one another."""
        count = np.concatenate([np.zeros(0, np.int64), *[np.diff(part.first) for part in parts]])
        return cls(
            np.concatenate([np.zeros(0), *[part.lon for part in parts]]),
            np.concatenate([np.zeros(0), *[part.lat for part in parts]]),
            np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.first) - 1

    def taken(self, pick: Bools) -> Lines:
        """Return some of the lines, by a mask, in their order."""
        count = np.diff(self.first)
        vertex = np.repeat(pick, count)
        return Lines(self.lon[vertex], self.lat[vertex], np.concatenate([[0], np.cumsum(count[pick])]).astype(np.int64))

    def line_of_vertex(self) -> I64:
        """Return the number of each vertex's line."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))


@dataclass(frozen=True, eq=False, kw_only=True)
class Stretches:
    """Stretches between nodes, in the order of the lines that they are pieces of.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (nodes,)
        Degrees.
    u, v : numpy.ndarray of int64, shape (stretches,)
        Positions of the two nodes, in the line's direction.
    line : numpy.ndarray of int64, shape (stretches,)
        The line that each is a piece of.
    bends : tuple of numpy.ndarray
        ``bend_first, bend_lat, bend_lon`` as :class:`matcare.travel.graph.RoadGraph` takes them.
    repeated : int
        Pieces from vertex to vertex that another line had too, and that were dropped.
    without_length : int
        Lines of which nothing is left because all their vertices are one place.
    moved_ends : int
        Places where lines end that were taken for a neighbouring one.
    """

    lat: F64
    lon: F64
    u: I64
    v: I64
    line: I64
    bends: tuple[I64, F64, F64]
    repeated: int
    without_length: int
    moved_ends: int


def node_lines(
    lines: Lines,
    *,
    at: Literal["vertices", "ends"],
    rank: npt.ArrayLike | None = None,
    drop_repeated: bool = False,
    snap_metres: float = 0.0,
) -> Stretches:
    """Cut lines where roads meet.

    Parameters
    ----------
    lines : Lines
    at : {"vertices", "ends"}
        Where lines meet: at every vertex that they share, or only where they end at the same place.
    rank : array_like of int, shape (lines,), optional
        Of a piece that several lines have, that of the line with the lowest rank is kept; of equals the first.
    drop_repeated : bool
        Keep a piece that several lines have (in any direction) only once. Only for ``at="vertices"``.
    snap_metres : float
        Ends of lines that are no farther apart are one place, that of the first.

    Returns
    -------
    Stretches
    """
    place, where = _places(lines)
    moved = 0
    if snap_metres > 0:
        place, moved = _snapped(lines, place, where, snap_metres)
    if at == "ends":
        return _whole(lines, place, where, moved)
    line = lines.line_of_vertex()
    tail, head, of = place[:-1], place[1:], line[:-1]
    real = (of == line[1:]) & (tail != head)
    tail, head, of = tail[real], head[real], of[real]
    ranks = np.zeros(len(lines), np.int64) if rank is None else np.asarray(rank, dtype=np.int64)
    first_seen = _first_seen(tail, head, ranks[of], len(where))
    kept = first_seen if drop_repeated else np.ones(len(tail), dtype=bool)
    is_node = _nodes(tail, head, of, first_seen, kept, len(where))
    tail, head, of = tail[kept], head[kept], of[kept]
    start = is_node[tail]
    stop = is_node[head]
    number = np.cumsum(is_node) - 1
    bend = where[head[~stop]]
    edge = np.cumsum(start) - 1
    bends = np.bincount(edge[~stop], minlength=int(start.sum()))
    return Stretches(
        lat=lines.lat[where[is_node]],
        lon=lines.lon[where[is_node]],
        u=number[tail[start]],
        v=number[head[stop]],
        line=of[start],
        bends=(np.concatenate([[0], np.cumsum(bends)]).astype(np.int64), lines.lat[bend], lines.lon[bend]),
        repeated=int((~kept).sum()),
        without_length=len(lines) - len(np.unique(line[:-1][real])),
        moved_ends=moved,
    )


def _places(lines: Lines) -> tuple[I64, I64]:
    """Return the number of each vertex's place, in order of appearance, and the first vertex at each place."""
    column = np.rint(lines.lon * _PER_DEGREE).astype(np.int64)
    row = np.rint(lines.lat * _PER_DEGREE).astype(np.int64)
    place, _ = pd.factorize(column * _ROW + row)
    where = np.zeros(int(place.max()) + 1 if len(place) else 0, np.int64)
    where[place[::-1]] = np.arange(len(place))[::-1]
    return np.asarray(place, dtype=np.int64), where


def _snapped(lines: Lines, place: I64, where: I64, metres: float) -> tuple[I64, int]:
    """Take ends of lines that are near each other for one place."""
    ends = np.unique(np.concatenate([place[lines.first[:-1]], place[lines.first[1:] - 1]]))
    phi, lam = np.radians(lines.lat[where[ends]]), np.radians(lines.lon[where[ends]])
    ball = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)
    pairs = cKDTree(ball * EARTH_RADIUS_KM * 1000).query_pairs(metres, output_type="ndarray")
    if not len(pairs):
        return place, 0
    matrix = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    _, group = connected_components(matrix, directed=False)
    lead = np.full(int(group.max()) + 1, len(ends))
    np.minimum.at(lead, group, np.arange(len(ends)))
    taken_for = np.arange(len(where))
    taken_for[ends] = ends[lead[group]]
    return taken_for[place], int((taken_for[ends] != ends).sum())


def _whole(lines: Lines, place: I64, where: I64, moved: int) -> Stretches:
    """Make every line one stretch."""
    u, v = place[lines.first[:-1]], place[lines.first[1:] - 1]
    changes = np.concatenate([[0], np.cumsum(place[1:] != place[:-1])])
    real = changes[lines.first[1:] - 1] > changes[lines.first[:-1]]
    of = np.flatnonzero(real)
    ends = np.zeros(len(where), dtype=bool)
    ends[u[real]] = ends[v[real]] = True
    number = np.cumsum(ends) - 1
    inner = np.ones(len(lines.lon), dtype=bool)
    inner[lines.first[:-1]] = inner[lines.first[1:] - 1] = False
    inner &= np.repeat(real, np.diff(lines.first))
    count = np.diff(lines.first)[real] - 2
    return Stretches(
        lat=lines.lat[where[ends]],
        lon=lines.lon[where[ends]],
        u=number[u[real]],
        v=number[v[real]],
        line=of,
        bends=(np.concatenate([[0], np.cumsum(count)]).astype(np.int64), lines.lat[inner], lines.lon[inner]),
        repeated=0,
        without_length=int((~real).sum()),
        moved_ends=moved,
    )


def _first_seen(tail: I64, head: I64, rank: I64, places: int) -> Bools:
    """Tell which pieces are the first, by rank and then in order, of those with the same two ends."""
    key = np.minimum(tail, head) * places + np.maximum(tail, head)
    if not len(rank) or rank.min() == rank.max():
        return ~pd.Series(key).duplicated().to_numpy()
    order = np.argsort(rank, kind="stable")
    seen = np.empty(len(key), dtype=bool)
    seen[order] = ~pd.Series(key[order]).duplicated().to_numpy()
    return seen


def _nodes(tail: I64, head: I64, of: I64, first_seen: Bools, kept: Bools, places: int) -> Bools:
    """Tell which places are nodes: not just two pieces meet, or a line begins, ends, or is dropped from there on."""
    meeting = np.bincount(tail[first_seen], minlength=places) + np.bincount(head[first_seen], minlength=places)
    node: Bools = (meeting != 2) & (meeting > 0)  # noqa: PLR2004 - a piece on either side: the road goes on
    breaks = np.ones(len(tail) + 1, dtype=bool)
    breaks[1:-1] = (of[1:] != of[:-1]) | (kept[1:] != kept[:-1])
    node[tail[breaks[:-1] & kept]] = True
    node[head[breaks[1:] & kept]] = True
    return node
