"""Cutting edges of a road graph at places along them, and putting two graphs into one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

if TYPE_CHECKING:
    from matcare.travel.graph import RoadGraph

__all__ = ["cut_edges_at", "lines_of", "put_together"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_SAME_PLACE_KM = 0.001
"""A cut that is no farther from an end of its edge, or from another cut, is that place."""
_PER_EDGE = ("u", "v", "road_class", "km", "chord", "oneway", "limit_km_per_h", "fixed_minutes", "state")


def lines_of(graph: RoadGraph, *, scale: float = 1.0) -> npt.NDArray[np.object_]:
    """Draw every edge as a line.

    Parameters
    ----------
    graph : RoadGraph
    scale : float
        Factor of the longitudes: the cosine of a latitude makes degrees about equally long both ways.

    Returns
    -------
    numpy.ndarray of shapely lines, shape (edges,)
    """
    first, lat, lon = graph.shapes()
    of = np.repeat(np.arange(len(graph.u)), np.diff(first))
    return np.asarray(shapely.linestrings(np.stack([lon * scale, lat], axis=1), indices=of), dtype=object)


@dataclass
class _Pieces:
    """Pieces of the edges that are cut, and the nodes that come into being."""

    nodes: int
    parent: list[int] = field(default_factory=list)
    u: list[int] = field(default_factory=list)
    v: list[int] = field(default_factory=list)
    part: list[float] = field(default_factory=list)
    bend_lat: list[F64] = field(default_factory=list)
    bend_lon: list[F64] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)

    def cut(self, edge: int, ends: tuple[int, int], line: tuple[F64, F64, F64], at: F64, near: float) -> list[int]:
        """Cut one edge, whose vertices are given with their share of its length, at rising shares."""
        lat, lon, along = line
        node, begin, begin_share = [], ends[0], 0.0
        for share in at.tolist():
            if share >= 1 - near:
                node.append(ends[1])
            elif share > begin_share + near:
                node.append(self.nodes + len(self.lat))
                self.lat.append(float(np.interp(share, along, lat)))
                self.lon.append(float(np.interp(share, along, lon)))
                self._add(edge, (begin, node[-1]), line, (begin_share, share))
                begin, begin_share = node[-1], share
            else:
                node.append(begin)
        self._add(edge, (begin, ends[1]), line, (begin_share, 1.0))
        return node

    def _add(self, edge: int, ends: tuple[int, int], line: tuple[F64, F64, F64], shares: tuple[float, float]) -> None:
        lat, lon, along = line
        between = (along > shares[0]) & (along < shares[1])
        between[[0, -1]] = False
        self.parent.append(edge)
        self.u.append(ends[0])
        self.v.append(ends[1])
        self.part.append(shares[1] - shares[0])
        self.bend_lat.append(lat[between])
        self.bend_lon.append(lon[between])


def cut_edges_at(graph: RoadGraph, edge: I64, share: F64, *, scale: float = 1.0) -> tuple[RoadGraph, I64, I64]:
    """Cut edges into pieces.

    Parameters
    ----------
    graph : RoadGraph
    edge : numpy.ndarray of int64, shape (cuts,)
        The edge to be cut; an edge may be cut several times.
    share : numpy.ndarray of float64, shape (cuts,)
        Where, as a share of the edge's length on a map with longitudes times `scale`; 0 at `u`, 1 at `v`.
    scale : float
        As :func:`lines_of` takes it.

    Returns
    -------
    graph : RoadGraph
        Edges that are not cut come first and in their order. Lengths and fixed minutes are divided by length. The
        connected parts are those of the graph before, with −1 for new nodes.
    node : numpy.ndarray of int64, shape (cuts,)
        The node at each cut; nodes that were there keep their numbers.
    parent : numpy.ndarray of int64, shape (new edges,)
        The edge that each is a piece of.
    """
    node = np.empty(len(edge), np.int64)
    if not len(edge):
        return graph, node, np.arange(len(graph.u))
    first, lat, lon = graph.shapes()
    pieces = _Pieces(len(graph.lat))
    order = np.lexsort((share, edge))
    for rows in np.split(order, np.flatnonzero(np.diff(edge[order])) + 1):
        at = int(edge[rows[0]])
        y, x = lat[first[at] : first[at + 1]], lon[first[at] : first[at + 1]]
        along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x) * scale, np.diff(y)))])
        along /= along[-1] or 1.0
        near = _SAME_PLACE_KM / max(float(graph.km[at]), _SAME_PLACE_KM)
        node[rows] = pieces.cut(at, (int(graph.u[at]), int(graph.v[at])), (y, x, along), share[rows], near)
    whole = np.setdiff1d(np.arange(len(graph.u)), edge)
    parent = np.concatenate([whole, pieces.parent]).astype(np.int64)
    part = np.concatenate([np.ones(len(whole)), pieces.part])
    rest = graph.with_edges(whole)
    added = np.cumsum([len(bends) for bends in pieces.bend_lat], dtype=np.int64)
    taken: dict[str, Any] = {name: getattr(graph, name)[parent] for name in _PER_EDGE}
    taken |= {
        "u": np.concatenate([rest.u, pieces.u]).astype(np.int32),
        "v": np.concatenate([rest.v, pieces.v]).astype(np.int32),
        "km": graph.km[parent] * part,
        "fixed_minutes": (graph.fixed_minutes[parent] * part).astype(np.float32),
    }
    cut = replace(
        graph, **taken,
        lat=np.concatenate([graph.lat, pieces.lat]), lon=np.concatenate([graph.lon, pieces.lon]),
        component=np.concatenate([graph.component, np.full(len(pieces.lat), -1)]).astype(np.int32),
        bend_first=np.concatenate([rest.bend_first, rest.bend_first[-1] + added]),
        bend_lat=np.concatenate([rest.bend_lat, *pieces.bend_lat]),
        bend_lon=np.concatenate([rest.bend_lon, *pieces.bend_lon]),
    )  # fmt: skip
    return cut, node, parent


def put_together(one: RoadGraph, other: RoadGraph) -> RoadGraph:
    """Put two graphs beside each other, without any edge between them.

    Parameters
    ----------
    one, other : RoadGraph

    Returns
    -------
    RoadGraph
        The nodes and edges of `one`, then those of `other`; classes and states by name; `about` is that of `one`.
    """
    class_names = tuple(dict.fromkeys([*one.class_names, *other.class_names]))
    state_names = tuple(dict.fromkeys([*one.state_names, *other.state_names]))
    classes = np.array([class_names.index(name) for name in other.class_names], np.int8)
    states = np.array([*(state_names.index(name) for name in other.state_names), -1], np.int8)
    merged: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in (*_PER_EDGE, "lat", "lon", "bend_lat", "bend_lon")
    }
    nodes = np.int32(len(one.lat))
    merged |= {
        "u": np.concatenate([one.u, other.u + nodes]),
        "v": np.concatenate([one.v, other.v + nodes]),
        "road_class": np.concatenate([one.road_class, classes[other.road_class]]),
        "state": np.concatenate([one.state, states[other.state]]),
        "bend_first": np.concatenate([one.bend_first, one.bend_first[-1] + other.bend_first[1:]]),
    }
    gaps = [table for table in (one.gaps, other.gaps) if len(table)]
    merged["component"] = np.zeros(len(merged["lat"]), np.int32)
    merged["gaps"] = pd.concat(gaps, ignore_index=True) if gaps else one.gaps
    graph = replace(one, **merged, class_names=class_names, state_names=state_names)
    return replace(graph, component=graph.strong_parts())
