"""A road graph as compact arrays: nodes with coordinates, edges with class, length, direction and shape.

An edge is a stretch of road between two nodes; it may be open in one direction only. Its length is that of its full
shape where the source has one, before anything is simplified; without a shape and without a length in the source it is
the straight chord, and said so (:attr:`RoadGraph.chord`), because the speeds of chords are not driving speeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.gaps import bridge_gaps, no_gaps
from matcare.travel.graph_input import (
    at_least_zero,
    check_on_earth,
    checked_codes,
    checked_ends,
    checked_oneway,
    edge_shapes,
    length_km,
    node_positions,
    require_columns,
)
from matcare.travel.ragged import ragged_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["GAP_CLASS", "KM_PER_DEGREE", "RoadGraph", "strong_parts"]

GAP_CLASS = "gap"
"""Class of an edge that joins two parts of a graph; it is driven at the local speed."""

KM_PER_DEGREE = 111.195
"""Kilometres in a degree of latitude on the mean sphere."""

MOST_CLASSES = 127

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class RoadGraph:
    """Roads as a directed graph of stretches.

    Made by :meth:`from_arrays` or :meth:`from_frames`, which check what they are given.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (nodes,)
        Degrees (EPSG:4326).
    u, v : numpy.ndarray of int32, shape (edges,)
        Positions of an edge's two nodes.
    road_class : numpy.ndarray of int8, shape (edges,)
        Positions in `class_names`.
    class_names : tuple of str
        Names of the classes.
    km : numpy.ndarray of float64, shape (edges,)
        Length in kilometres.
    chord : numpy.ndarray of bool, shape (edges,)
        The length is that of the straight chord; the road is longer.
    oneway : numpy.ndarray of int8, shape (edges,)
        0 both directions, 1 only from `u` to `v`, −1 only from `v` to `u`.
    limit_km_per_h : numpy.ndarray of float32, shape (edges,)
        Posted speed limit; ``NaN`` where the source has none.
    fixed_minutes : numpy.ndarray of float32, shape (edges,)
        Minutes that the source itself gives (a ferry's duration, a table of travel times); ``NaN`` elsewhere.
    state : numpy.ndarray of int8, shape (edges,)
        Positions in `state_names`; −1 where the state is not known.
    state_names : tuple of str
        Postal codes.
    bend_first : numpy.ndarray of int64, shape (edges + 1,)
        Bends of edge ``i``, in order from `u` to `v` and without the two ends, are ``bend_first[i]:bend_first[i + 1]``.
    bend_lat, bend_lon : numpy.ndarray of float64, shape (bends,)
        Degrees.
    component : numpy.ndarray of int32, shape (nodes,)
        Strongly connected part of each node, after gaps were bridged; 0 is the largest, then by falling size.
    gaps : pandas.DataFrame
        One row a bridged gap: ``lat, lon, to_lat, to_lon, km, from_component, to_component`` (parts before bridging,
        numbered by falling size).
    about : mapping
        Where the roads come from, in JSON's types: ``source, licence, vintage`` and ``counts`` of what was left out or
        not modelled.
    """

    lat: F64
    lon: F64
    u: I32
    v: I32
    road_class: I8
    class_names: tuple[str, ...]
    km: F64
    chord: Bools
    oneway: I8
    limit_km_per_h: F32
    fixed_minutes: F32
    state: I8
    state_names: tuple[str, ...]
    bend_first: I64
    bend_lat: F64
    bend_lon: F64
    component: I32
    gaps: pd.DataFrame
    about: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_arrays(
        cls,
        lat: npt.ArrayLike,
        lon: npt.ArrayLike,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        road_class: npt.ArrayLike,
        class_names: Sequence[str],
        *,
        km: npt.ArrayLike | None = None,
        oneway: npt.ArrayLike | None = None,
        limit_km_per_h: npt.ArrayLike | None = None,
        fixed_minutes: npt.ArrayLike | None = None,
        state: npt.ArrayLike | None = None,
        state_names: Sequence[str] = (),
        bends: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] | None = None,
        bridge_gaps_km: float = 0.0,
        about: Mapping[str, Any] | None = None,
    ) -> RoadGraph:
        """Build a graph from arrays, as readers do.

        Parameters
        ----------
        lat, lon : array_like of float, shape (nodes,)
            Degrees.
        u, v : array_like of int, shape (edges,)
            Positions of nodes.
        road_class : array_like of int, shape (edges,)
            Positions in `class_names`.
        class_names : sequence of str
            At most 127.
        km : array_like of float, shape (edges,), optional
            Lengths; where ``NaN`` or absent, the length along the bends, and without bends that of the chord.
        oneway, limit_km_per_h, fixed_minutes, state, state_names
            As the attributes; absent: both directions, no limits, no fixed minutes, no states.
        bends : tuple of array_like, optional
            ``bend_first, bend_lat, bend_lon`` as the attributes.
        bridge_gaps_km : float
            Parts of the graph closer than this are joined by an edge of class ``gap``; 0 joins none. Only for graphs
            without bends.
        about : mapping, optional
            As the attribute.

        Returns
        -------
        RoadGraph

        Raises
        ------
        InputError
            When a coordinate is missing or not on Earth, an edge names a node or class that is not there, or a length,
            limit or time is negative; the first such row is named.
        """
        y, x = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
        if len(class_names) > MOST_CLASSES:
            raise InputError(f"road edges: {len(class_names)} road classes, more than {MOST_CLASSES}; group them first")
        edges = len(np.asarray(u))
        bent = bends is not None
        first, by, bx = bends if bends is not None else (np.zeros(edges + 1), np.zeros(0), np.zeros(0))
        parts: dict[str, Any] = {
            "u": checked_ends(u, len(y), "u"),
            "v": checked_ends(v, len(y), "v"),
            "road_class": checked_codes(road_class, class_names),
            "oneway": checked_oneway(oneway, edges),
            "limit_km_per_h": at_least_zero(limit_km_per_h, edges, "limit_km_per_h").astype(np.float32),
            "fixed_minutes": at_least_zero(fixed_minutes, edges, "fixed_minutes").astype(np.float32),
            "state": np.full(edges, -1, np.int8) if state is None else np.asarray(state, dtype=np.int8),
            "bend_first": np.asarray(first, dtype=np.int64),
            "bend_lat": np.asarray(by, dtype=np.float64),
            "bend_lon": np.asarray(bx, dtype=np.float64),
        }
        check_on_earth(y, x, "road nodes")
        check_on_earth(parts["bend_lat"], parts["bend_lon"], "bends of road edges")
        length = at_least_zero(km, edges, "km")
        along = length_km(y, x, parts)
        parts["chord"] = np.isnan(length) & (np.diff(parts["bend_first"]) == 0) & (not bent)
        parts["km"] = np.where(np.isnan(length), along, length)
        graph = cls(
            lat=y, lon=x, **parts, class_names=tuple(class_names), state_names=tuple(state_names),
            component=np.zeros(len(y), np.int32), gaps=no_gaps(), about=MappingProxyType(dict(about or {})),
        )  # fmt: skip
        graph = replace(graph, component=graph.strong_parts())
        return graph.bridged(bridge_gaps_km) if bridge_gaps_km > 0 and not bent else graph

    @classmethod
    def from_frames(
        cls,
        nodes: pd.DataFrame,
        edges: pd.DataFrame,
        *,
        bridge_gaps_km: float = 1.0,
        about: Mapping[str, Any] | None = None,
    ) -> RoadGraph:
        """Build a graph from a table of nodes and a table of edges.

        Parameters
        ----------
        nodes : pandas.DataFrame
            Columns ``lat, lon`` (degrees). A node's number is its column ``node`` where there is one, else its row.
        edges : pandas.DataFrame
            Columns ``u, v`` (node numbers) and ``road_class`` (text or categorical). With a column ``state`` (postal
            codes) a profile can follow the states' speed limits; ``oneway, limit_km_per_h, fixed_minutes`` may stand
            there too, as the attributes.
        bridge_gaps_km : float
            Parts of the graph closer than this are joined by an edge of class ``gap``; 0 joins none.
        about : mapping, optional
            As the attribute.

        Returns
        -------
        RoadGraph
            Lengths are chords.

        Raises
        ------
        InputError
            When a column is missing, a coordinate is not on Earth, a node number repeats, or an edge names a node that
            is not there; the first such row is named.
        """
        require_columns(nodes, ("lat", "lon"), "road nodes")
        require_columns(edges, ("u", "v", "road_class"), "road edges")
        names = edges["road_class"].astype("category").cat.remove_unused_categories()
        code = names.cat.codes.to_numpy()
        if (code < 0).any():
            raise InputError(f"road edges, row {int(np.argmax(code < 0)) + 1}: road_class is missing")
        states = (edges["state"] if "state" in edges else pd.Series(pd.NA, index=edges.index, dtype="str")).astype(
            "category"
        )
        check_on_earth(nodes["lat"].to_numpy(dtype=np.float64), nodes["lon"].to_numpy(dtype=np.float64), "road nodes")
        optional: dict[str, Any] = {
            column: edges[column].to_numpy()
            for column in ("oneway", "limit_km_per_h", "fixed_minutes")
            if column in edges
        }
        return cls.from_arrays(
            nodes["lat"], nodes["lon"], node_positions(nodes, edges["u"], "u"), node_positions(nodes, edges["v"], "v"),
            code, [str(name) for name in names.cat.categories],
            state=states.cat.codes.to_numpy(), state_names=[str(name) for name in states.cat.categories],
            bridge_gaps_km=bridge_gaps_km, about=about, **optional,
        )  # fmt: skip

    def bridged(self, limit_km: float) -> RoadGraph:
        """Return the graph with parts closer than a limit joined by edges of class ``gap``; no edge may have bends."""
        every = np.ones(len(self.u), dtype=bool)
        part = self.strong_parts((every, every))  # a one-way road that leads out of a net is no gap in it
        if not len(self.u) or part.max() == 0:
            return self
        gaps, lat, lon, u, v, parent = bridge_gaps(self.lat, self.lon, self.u, self.v, part, limit_km)
        if not len(gaps):
            return self
        bridge = parent < 0
        straight = great_circle_km(lat[u], lon[u], lat[v], lon[v])
        whole = np.bincount(parent[~bridge], weights=straight[~bridge], minlength=len(self.u))[parent]
        share = np.where(bridge | (whole == 0), 1, straight / np.where(whole > 0, whole, 1))  # of the edge that was cut
        graph = self.with_edges(parent)
        km = np.where(graph.chord | bridge, straight, graph.km * share)
        fixed = (graph.fixed_minutes * share).astype(np.float32)
        graph = replace(graph, lat=lat, lon=lon, u=u, v=v, gaps=gaps, km=km, fixed_minutes=fixed)
        graph.road_class[bridge], graph.state[bridge], graph.oneway[bridge] = len(self.class_names), -1, 0
        graph.limit_km_per_h[bridge] = graph.fixed_minutes[bridge] = np.nan
        graph.chord[bridge] = True
        graph = replace(graph, class_names=(*self.class_names, GAP_CLASS))
        return replace(graph, component=graph.strong_parts())

    def with_edges(self, pick: npt.NDArray[np.integer] | Bools) -> RoadGraph:
        """Return the graph with some of its edges, by position or mask; nodes stay."""
        rows = np.arange(len(self.u))[pick]
        first, bend = ragged_rows(self.bend_first, rows)
        taken = {name: getattr(self, name)[rows] for name in _PER_EDGE}
        return replace(self, **taken, bend_first=first, bend_lat=self.bend_lat[bend], bend_lon=self.bend_lon[bend])

    def take_edges(self, pick: npt.NDArray[np.integer] | Bools) -> RoadGraph:
        """Return the part of the graph that some edges make, with the nodes that they touch, in their order.

        Parameters
        ----------
        pick : array_like of int or bool
            Positions of edges, or a mask.

        Returns
        -------
        RoadGraph
        """
        part = self.with_edges(pick)
        keep = np.zeros(len(self.lat), dtype=bool)
        keep[part.u] = keep[part.v] = True
        return part.keep_nodes(keep)

    def keep_nodes(self, keep: Bools) -> RoadGraph:
        """Return the graph with some of its nodes, by mask; every edge must lie between two of them."""
        number = (np.cumsum(keep) - 1).astype(np.int32)
        part = replace(self, lat=self.lat[keep], lon=self.lon[keep], u=number[self.u], v=number[self.v])
        return replace(part, component=part.strong_parts())

    def shapes(self, pick: npt.NDArray[np.integer] | Bools | None = None) -> tuple[I64, F64, F64]:
        """Give the full shape of edges.

        Parameters
        ----------
        pick : array_like of int or bool, optional
            Positions of edges, or a mask; all without it.

        Returns
        -------
        first : numpy.ndarray of int64, shape (edges + 1,)
            Vertices of edge ``i``, from `u` over its bends to `v`, are ``first[i]:first[i + 1]``.
        lat, lon : numpy.ndarray of float64, shape (vertices,)
            Degrees.
        """
        part = self if pick is None else self.with_edges(pick)
        return edge_shapes(part.lat, part.lon, part.u, part.v, part.bend_first, part.bend_lat, part.bend_lon)

    def degree(self) -> I64:
        """Count the edges that meet at each node, shape (nodes,)."""
        return np.bincount(np.concatenate([self.u, self.v]), minlength=len(self.lat))

    def strong_parts(self, open_edges: tuple[Bools, Bools] | None = None) -> I32:
        """Give each node its strongly connected part, numbered by falling size, shape (nodes,).

        Parameters
        ----------
        open_edges : tuple of two arrays of bool, shape (edges,), optional
            Which edges can be driven from `u` to `v` and from `v` to `u`; by :attr:`oneway` without it.

        Returns
        -------
        numpy.ndarray of int32
        """
        forward, backward = open_edges if open_edges is not None else (self.oneway >= 0, self.oneway <= 0)
        return strong_parts(len(self.lat), self.u, self.v, forward, backward)

    def turning(self) -> F64:
        """Radians by which the road turns along each edge, shape (edges,).

        Where two edges meet and no third, the angle between their chords is shared between them. What a chord hides of
        a winding road cannot be seen in its length, but it can be guessed from how much the chords turn.
        """
        turning = np.zeros(len(self.u))
        node = np.concatenate([self.u, self.v])
        order = np.argsort(node, kind="stable")
        edge, first = order % max(len(self.u), 1), np.searchsorted(node[order], np.arange(len(self.lat) + 1))
        middle = np.flatnonzero(self.degree() == 2)  # noqa: PLR2004 - a node on the way, not a junction
        scale = np.cos(np.radians(self.lat[middle]))
        x, y, sides = [], [], (edge[first[middle]], edge[first[middle] + 1])
        for side in sides:
            other = np.where(self.u[side] == middle, self.v[side], self.u[side])
            x.append((self.lon[other] - self.lon[middle]) * scale)
            y.append(self.lat[other] - self.lat[middle])
        angle = np.pi - np.abs(np.arctan2(x[0] * y[1] - y[0] * x[1], x[0] * x[1] + y[0] * y[1]))
        for side in sides:
            np.add.at(turning, side, angle / 2)
        return turning

    @property
    def components(self) -> int:
        """Number of connected parts."""
        return int(self.component.max()) + 1 if len(self.component) else 0

    def with_states(self, polygons: npt.ArrayLike, names: Sequence[str], *, unknown_only: bool = False) -> RoadGraph:
        """Return the graph with the state of every edge, where the table of edges does not tell it.

        Parameters
        ----------
        polygons : array_like of shapely geometries
            Counties or states, degrees.
        names : sequence of str
            Postal code of each polygon's state.
        unknown_only : bool
            Edges whose state is known keep it, and those that lie in none of the polygons stay unknown.

        Returns
        -------
        RoadGraph
            An edge is of the state that its middle lies in, over water of the nearest.
        """
        land = np.asarray(polygons, dtype=object)
        asked = np.flatnonzero(self.state < 0) if unknown_only else np.arange(len(self.u))
        u, v = self.u[asked], self.v[asked]
        middle = np.asarray(shapely.points((self.lon[u] + self.lon[v]) / 2, (self.lat[u] + self.lat[v]) / 2))
        state_names = tuple(sorted({*names, *(self.state_names if unknown_only else ())}))
        code = np.array([state_names.index(name) for name in names], dtype=np.int8)
        tree = shapely.STRtree(land)
        edge, polygon = tree.query(middle, predicate="intersects")
        found = np.full(len(asked), -1, np.int8)
        found[edge] = code[polygon]
        if not unknown_only:
            off = np.flatnonzero(found < 0)
            found[off] = code[tree.nearest(middle[off])]
            return replace(self, state=found, state_names=state_names)
        renumbered = np.array([*(state_names.index(name) for name in self.state_names), -1], dtype=np.int8)
        state = renumbered[self.state]
        state[asked] = found
        return replace(self, state=state, state_names=state_names)

    def within_box(self, south: float, west: float, north: float, east: float) -> RoadGraph:
        """Return the part of the graph inside a box in degrees; only edges with both ends inside are kept."""
        keep = (self.lat >= south) & (self.lat <= north) & (self.lon >= west) & (self.lon <= east)
        return self.with_edges(keep[self.u] & keep[self.v]).keep_nodes(keep)


_PER_EDGE = tuple(
    entry.name
    for entry in fields(RoadGraph)
    if entry.name in {"u", "v", "road_class", "km", "chord", "oneway", "limit_km_per_h", "fixed_minutes", "state"}
)


def strong_parts(nodes: int, u: I32, v: I32, forward: Bools, backward: Bools) -> I32:
    """Give each node of a directed graph its strongly connected part, numbered by falling size, shape (nodes,).

    Parameters
    ----------
    nodes : int
    u, v : numpy.ndarray of int32, shape (edges,)
    forward, backward : numpy.ndarray of bool, shape (edges,)
        Which edges can be driven from `u` to `v` and from `v` to `u`.

    Returns
    -------
    numpy.ndarray of int32
    """
    tail, head = np.concatenate([u[forward], v[backward]]), np.concatenate([v[forward], u[backward]])
    matrix = coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(nodes, nodes))
    both_ways = bool(forward.all() and backward.all())
    _, label = connected_components(matrix, directed=not both_ways, connection="strong")
    size = np.bincount(label, minlength=1)
    rank: I32 = np.empty(len(size), np.int32)
    # of parts of one size the one with the lowest node first, whatever numbers the search gave them
    lowest = np.full(len(size), nodes)
    np.minimum.at(lowest, label, np.arange(nodes))
    rank[np.lexsort((lowest, -size))] = np.arange(len(size), dtype=np.int32)
    return rank[label] if nodes else np.zeros(0, np.int32)
