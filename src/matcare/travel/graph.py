"""A road graph as compact arrays: nodes with coordinates, undirected edges with a class and a chord length.

Edges are straight between their ends. Parts of the graph that lie less than a kilometre apart are joined, because in
the embedded highways nearly all such gaps are a stretch of street that carries no route number; every joint is listed
in :attr:`RoadGraph.gaps`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matcare.errors import InputError
from matcare.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GAP_CLASS", "RoadGraph"]

GAP_CLASS = "gap"
"""Class of an edge that joins two parts of a graph; it is driven at the local speed."""

KM_PER_DEGREE = 111.195
"""Kilometres in a degree of latitude on the mean sphere."""

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]

GAP_COLUMNS = ("lat", "lon", "to_lat", "to_lon", "km", "from_component", "to_component")


@dataclass(frozen=True, eq=False, kw_only=True)
class RoadGraph:
    """Roads as an undirected graph.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (nodes,)
        Degrees (EPSG:4326).
    u, v : numpy.ndarray of int32, shape (edges,)
        Positions of an edge's two nodes.
    road_class : numpy.ndarray of int8, shape (edges,)
        Positions in `class_names`.
    class_names : tuple of str
        Names of the classes that occur.
    state : numpy.ndarray of int8, shape (edges,)
        Positions in `state_names`; −1 where the state is not known.
    state_names : tuple of str
        Postal codes.
    km : numpy.ndarray of float64, shape (edges,)
        Great-circle distance between the two nodes: a chord, shorter than the road.
    component : numpy.ndarray of int32, shape (nodes,)
        Connected part of each node, after gaps were bridged; 0 is the largest part, then by falling size.
    gaps : pandas.DataFrame
        One row a bridged gap: ``lat, lon, to_lat, to_lon, km, from_component, to_component`` (parts before bridging,
        numbered by falling size).
    """

    lat: F64
    lon: F64
    u: I32
    v: I32
    road_class: npt.NDArray[np.int8]
    class_names: tuple[str, ...]
    state: npt.NDArray[np.int8]
    state_names: tuple[str, ...]
    km: F64
    component: I32
    gaps: pd.DataFrame

    @classmethod
    def from_frames(cls, nodes: pd.DataFrame, edges: pd.DataFrame, *, bridge_gaps_km: float = 1.0) -> RoadGraph:
        """Build a graph from a table of nodes and a table of edges.

        Parameters
        ----------
        nodes : pandas.DataFrame
            Columns ``lat, lon`` (degrees). A node's number is its column ``node`` where there is one, else its row.
        edges : pandas.DataFrame
            Columns ``u, v`` (node numbers) and ``road_class`` (text or categorical). With a column ``state`` (postal
            codes) a profile can follow the states' speed limits.
        bridge_gaps_km : float
            Parts of the graph closer than this are joined by an edge of class ``gap``; 0 joins none.

        Returns
        -------
        RoadGraph

        Raises
        ------
        InputError
            When a column is missing, a coordinate is not on Earth, a node number repeats, or an edge names a node that
            is not there; the first such row is named.
        """
        _require_columns(nodes, ("lat", "lon"), "road nodes")
        _require_columns(edges, ("u", "v", "road_class"), "road edges")
        lat, lon = nodes["lat"].to_numpy(dtype=np.float64), nodes["lon"].to_numpy(dtype=np.float64)
        off_earth = ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180))  # noqa: PLR2004 - degrees
        if off_earth.any():
            raise InputError(f"road nodes, row {int(np.argmax(off_earth)) + 1}: latitude or longitude is not on Earth")
        u, v = _positions(nodes, edges["u"], "u"), _positions(nodes, edges["v"], "v")
        names = edges["road_class"].astype("category").cat.remove_unused_categories()
        code: Codes = names.cat.codes.to_numpy().astype(np.int8)
        if (code < 0).any():
            raise InputError(f"road edges, row {int(np.argmax(code < 0)) + 1}: road_class is missing")
        class_names = tuple(str(name) for name in names.cat.categories)
        states = (edges["state"] if "state" in edges else pd.Series(pd.NA, index=edges.index, dtype="str")).astype(
            "category"
        )
        state: Codes = states.cat.codes.to_numpy().astype(np.int8)
        gaps = pd.DataFrame({column: np.zeros(0) for column in GAP_COLUMNS})
        component = _components(u, v, len(lat))
        if bridge_gaps_km > 0 and len(u) and component.max() > 0:
            gaps, where = _find_gaps(lat, lon, u, v, component, bridge_gaps_km)
            lat, lon, u, v, parent = _with_bridges(lat, lon, u, v, gaps, where)
            bridge = parent < 0
            code, state = code[parent], state[parent]
            code[bridge], state[bridge] = len(class_names), -1
            if len(gaps):
                class_names = (*class_names, GAP_CLASS)
                component = _components(u, v, len(lat))
        km = great_circle_km(lat[u], lon[u], lat[v], lon[v])
        return cls(
            lat=lat, lon=lon, u=u, v=v, road_class=code, class_names=class_names, state=state,
            state_names=tuple(str(name) for name in states.cat.categories), km=km, component=component, gaps=gaps,
        )  # fmt: skip

    def degree(self) -> I64:
        """Count the edges that meet at each node, shape (nodes,)."""
        return np.bincount(np.concatenate([self.u, self.v]), minlength=len(self.lat))

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

    def with_states(self, polygons: npt.ArrayLike, names: Sequence[str]) -> RoadGraph:
        """Return the graph with the state of every edge, where the table of edges does not tell it.

        Parameters
        ----------
        polygons : array_like of shapely geometries
            Counties or states, degrees.
        names : sequence of str
            Postal code of each polygon's state.

        Returns
        -------
        RoadGraph
            An edge is of the state that its middle lies in, over water of the nearest.
        """
        land = np.asarray(polygons, dtype=object)
        middle = np.asarray(
            shapely.points((self.lon[self.u] + self.lon[self.v]) / 2, (self.lat[self.u] + self.lat[self.v]) / 2)
        )
        state_names = tuple(sorted(set(names)))
        code = np.array([state_names.index(name) for name in names], dtype=np.int8)
        tree = shapely.STRtree(land)
        edge, polygon = tree.query(middle, predicate="intersects")
        state = np.full(len(self.u), -1, np.int8)
        state[edge] = code[polygon]
        off = np.flatnonzero(state < 0)
        state[off] = code[tree.nearest(middle[off])]
        return replace(self, state=state, state_names=state_names)

    def within_box(self, south: float, west: float, north: float, east: float) -> RoadGraph:
        """Return the part of the graph inside a box in degrees; only edges with both ends inside are kept."""
        keep = (self.lat >= south) & (self.lat <= north) & (self.lon >= west) & (self.lon <= east)
        number = np.cumsum(keep, dtype=np.int32) - np.int32(1)
        edge = keep[self.u] & keep[self.v]
        u, v = number[self.u[edge]].astype(np.int32), number[self.v[edge]].astype(np.int32)
        return RoadGraph(
            lat=self.lat[keep], lon=self.lon[keep], u=u, v=v, road_class=self.road_class[edge],
            class_names=self.class_names, state=self.state[edge], state_names=self.state_names, km=self.km[edge],
            component=_components(u, v, int(keep.sum())), gaps=self.gaps,
        )  # fmt: skip


def _require_columns(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> None:
    for column in columns:
        if column not in frame.columns:
            raise InputError(f"{where}: no column {column!r}; needed are {', '.join(columns)}")


def _positions(nodes: pd.DataFrame, numbers: pd.Series, column: str) -> I32:
    if "node" in nodes.columns:
        index = pd.Index(nodes["node"])
        if not index.is_unique:
            raise InputError(f"road nodes: node {index[index.duplicated()][0]} stands there twice")
    else:
        index = pd.RangeIndex(len(nodes))
    found = index.get_indexer(pd.Index(numbers))
    if (found < 0).any():
        row = int(np.argmax(found < 0))
        raise InputError(
            f"road edges, row {row + 1}, column {column}: no node {numbers.iloc[row]} among the road nodes"
        )
    positions: I32 = np.asarray(found).astype(np.int32)
    return positions


def _components(u: I32, v: I32, nodes: int) -> I32:
    _, label = connected_components(coo_array((np.ones(len(u), np.int8), (u, v)), shape=(nodes, nodes)), directed=False)
    size = np.bincount(label, minlength=1)
    rank: I32 = np.empty(len(size), np.int32)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size), dtype=np.int32)
    numbered: I32 = np.zeros(nodes, np.int32)
    numbered[:] = rank[label]
    return numbered


def _find_gaps(lat: F64, lon: F64, u: I32, v: I32, component: I32, limit_km: float) -> tuple[pd.DataFrame, I64]:
    """List the shortest gap of each pair of parts nearer than the limit, and the two edges it ends on."""
    lines = np.asarray(shapely.linestrings(np.stack([np.stack([lon[u], lat[u]], 1), np.stack([lon[v], lat[v]], 1)], 1)))
    small = np.flatnonzero(component[u] > 0)
    reach = limit_km / KM_PER_DEGREE / max(np.cos(np.radians(np.abs(lat[u[small]]).max())), 0.05)
    a, b = shapely.STRtree(lines).query(lines[small], predicate="dwithin", distance=reach)
    a = small[a]
    later = component[u[a]] > component[u[b]]
    a, b = a[later], b[later]
    scale = np.cos(np.radians(lat[u[a]]))

    def flat(edge: I64) -> npt.NDArray[np.object_]:
        ends = [np.stack([lon[node[edge]] * scale, lat[node[edge]]], 1) for node in (u, v)]
        return np.asarray(shapely.linestrings(np.stack(ends, 1)))

    joint = shapely.get_coordinates(shapely.shortest_line(flat(a), flat(b))).reshape(-1, 2, 2)
    frame = pd.DataFrame(
        {
            "lat": joint[:, 0, 1], "lon": joint[:, 0, 0] / scale,
            "to_lat": joint[:, 1, 1], "to_lon": joint[:, 1, 0] / scale,
            "km": great_circle_km(joint[:, 0, 1], joint[:, 0, 0] / scale, joint[:, 1, 1], joint[:, 1, 0] / scale),
            "from_component": component[u[a]], "to_component": component[u[b]], "a": a, "b": b,
        }
    )  # fmt: skip
    frame = frame[frame["km"] < limit_km].sort_values(["from_component", "to_component", "km", "a", "b"])
    frame = frame.drop_duplicates(["from_component", "to_component"]).reset_index(drop=True)
    return frame[list(GAP_COLUMNS)], frame[["a", "b"]].to_numpy(dtype=np.int64)


def _with_bridges(lat: F64, lon: F64, u: I32, v: I32, gaps: pd.DataFrame, where: I64) -> tuple[F64, F64, I32, I32, I64]:
    """Cut the edges at the ends of the gaps and join the cuts; also tell each new edge's old one, −1 for a bridge."""
    count, nodes = len(gaps), len(lat)
    cut = pd.DataFrame(
        {
            "edge": np.concatenate([where[:, 0], where[:, 1]]),
            "node": nodes + np.arange(2 * count),
            "lat": np.concatenate([gaps["lat"], gaps["to_lat"]]),
            "lon": np.concatenate([gaps["lon"], gaps["to_lon"]]),
        }
    )
    start = u[cut["edge"].to_numpy()]
    cut["along"] = great_circle_km(lat[start], lon[start], cut["lat"], cut["lon"])
    shortened = v.copy()
    new_u, new_v, parent = [u], [shortened], [np.arange(len(u))]
    ordered = cut.sort_values(["edge", "along", "node"])
    for edge in ordered["edge"].unique().tolist():
        chain = [*ordered.loc[ordered["edge"] == edge, "node"].tolist(), int(v[edge])]
        shortened[edge] = chain[0]
        new_u.append(np.asarray(chain[:-1], np.int32))
        new_v.append(np.asarray(chain[1:], np.int32))
        parent.append(np.full(len(chain) - 1, edge))
    new_u.append((nodes + np.arange(count)).astype(np.int32))
    new_v.append((nodes + count + np.arange(count)).astype(np.int32))
    parent.append(np.full(count, -1))
    return (
        np.concatenate([lat, cut["lat"].to_numpy()]), np.concatenate([lon, cut["lon"].to_numpy()]),
        np.concatenate(new_u), np.concatenate(new_v), np.concatenate(parent),
    )  # fmt: skip
