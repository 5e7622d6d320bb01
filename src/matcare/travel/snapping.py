"""From points to the road: access legs to the nearest points on the nearest edges.

Every point gets several entries, each a place on an edge and the minutes of the local leg to it; the search then uses
whichever entry makes the whole trip shortest, in either direction along the edge. Roads of controlled access are
entered at their waypoints, which are their interchanges: an entry between two of them is moved to the nearer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.speeds import (
    PIECE_KM,
    USUAL_WINDING,
    PopulationDensity,
    controlled,
    cut_edges,
    edge_minutes,
    end_minutes,
    local_minutes,
    unit_vectors,
    urban_share,
)

if TYPE_CHECKING:
    from matcare.scenario import Profile
    from matcare.travel.graph import RoadGraph
    from matcare.travel.water import Land

__all__ = ["RoadNetwork", "SnappedPoints"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


WINDING_PRIOR_KM = 5.0


@dataclass(frozen=True, eq=False, kw_only=True)
class SnappedPoints:
    """Points with their entries to a road network. Entries of point ``i`` are ``first[i]:first[i + 1]``.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (points,)
        Degrees.
    urban : numpy.ndarray of float64, shape (points,)
        Share of the profile's urban values at the point.
    end_minutes : numpy.ndarray of float64, shape (points,)
        Minutes at this end of any trip.
    winding : numpy.ndarray of float64, shape (points,)
        Radians of turning per km of the highways around, without those of controlled access.
    coast_km : numpy.ndarray of float64, shape (points,)
        Distance to the nearest coast; infinite without land.
    first : numpy.ndarray of int64, shape (points + 1,)
    edge : numpy.ndarray of int32, shape (entries,)
        The edge that the entry lies on.
    position : numpy.ndarray of float64, shape (entries,)
        Where on the edge, 0 at its node `u`, 1 at `v`.
    leg_km, leg_minutes : numpy.ndarray of float64, shape (entries,)
        The access leg: straight kilometres; minutes by the local speed, without the end minutes.
    water_first, water_edge : numpy.ndarray
        In the same manner, the edges that only a leg over open water would reach.
    """

    lat: F64
    lon: F64
    urban: F64
    end_minutes: F64
    winding: F64
    coast_km: F64
    first: I64
    edge: I32
    position: F64
    leg_km: F64
    leg_minutes: F64
    water_first: I64
    water_edge: I32

    def __len__(self) -> int:
        return len(self.lat)

    @property
    def has_entry(self) -> npt.NDArray[np.bool_]:
        """Which points have a road within reach over land."""
        return np.diff(self.first) > 0

    def take(self, rows: npt.ArrayLike) -> SnappedPoints:
        """Return some of the points, by position or mask, without snapping them again."""
        pick = np.arange(len(self))[np.asarray(rows)]
        first, entries = _take_ragged(self.first, pick)
        water_first, water = _take_ragged(self.water_first, pick)
        return SnappedPoints(
            lat=self.lat[pick], lon=self.lon[pick], urban=self.urban[pick], end_minutes=self.end_minutes[pick],
            winding=self.winding[pick], coast_km=self.coast_km[pick], first=first,
            edge=self.edge[entries], position=self.position[entries],
            leg_km=self.leg_km[entries], leg_minutes=self.leg_minutes[entries],
            water_first=water_first, water_edge=self.water_edge[water],
        )  # fmt: skip


def expand(start: npt.NDArray[np.integer], count: npt.NDArray[np.integer]) -> I64:
    """Positions of runs that start at `start` and are `count` long, one run after another."""
    end = np.cumsum(count, dtype=np.int64)
    total = int(end[-1]) if len(end) else 0
    shift: I64 = np.asarray(start, dtype=np.int64) - end + count
    return np.arange(total, dtype=np.int64) + np.repeat(shift, count)


def _take_ragged(first: I64, pick: I64) -> tuple[I64, I64]:
    count = np.diff(first)[pick]
    new = np.zeros(len(count) + 1, np.int64)
    new[1:] = np.cumsum(count)
    return new, expand(first[pick], count)


def _arcs(graph: RoadGraph, minutes: F64) -> csr_array:
    nodes = len(graph.lat)
    tail, head = np.concatenate([graph.u, graph.v]), np.concatenate([graph.v, graph.u])
    weight = np.concatenate([minutes, minutes])
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    pointer = np.searchsorted(tail[first], np.arange(nodes + 1)).astype(np.int32)
    return csr_array((weight[first], head[first].astype(np.int32), pointer), shape=(nodes, nodes))


class RoadNetwork:
    """A road graph with a profile's minutes on it, ready for points.

    Parameters
    ----------
    graph : RoadGraph
    profile : Profile
    density : PopulationDensity
        Tells town from country.
    land : Land, optional
        Access legs and direct legs must not leave it; without it water is not looked for.

    Attributes
    ----------
    graph, profile, density, land
        As given.
    edge_minutes : numpy.ndarray of float64, shape (edges,)
    arcs : scipy.sparse.csr_array, shape (nodes, nodes)
        Minutes from node to node in both directions; of parallel edges the fastest.

    Examples
    --------
    >>> import pandas as pd
    >>> nodes = pd.DataFrame({"lat": [44.80, 44.80], "lon": [-68.80, -68.60]})
    >>> edges = pd.DataFrame({"u": [0], "v": [1], "road_class": ["us_highway"]})
    >>> from matcare.travel.graph import RoadGraph
    >>> from matcare.travel.speeds import load_profile
    >>> nobody = PopulationDensity.from_points([], [], [])
    >>> network = RoadNetwork(RoadGraph.from_frames(nodes, edges), load_profile("typical"), nobody)
    >>> network.snap([44.81], [-68.70]).leg_km.round(2).tolist()
    [1.11]
    """

    def __init__(
        self, graph: RoadGraph, profile: Profile, density: PopulationDensity, land: Land | None = None
    ) -> None:
        self.graph = graph
        self.profile = profile
        self.density = density
        self.land = land
        self.edge_minutes = edge_minutes(graph, profile, density)
        self.arcs = _arcs(graph, self.edge_minutes)
        self._controlled = controlled(graph, profile)
        self._turning = graph.turning()
        self._edge, middle = cut_edges(graph, PIECE_KM)
        u, v = graph.u[self._edge], graph.v[self._edge]
        lat = graph.lat[u] + middle * (graph.lat[v] - graph.lat[u])
        lon = graph.lon[u] + middle * (graph.lon[v] - graph.lon[u])
        vectors = unit_vectors(lat, lon)
        self._tree = cKDTree(vectors, balanced_tree=False, compact_nodes=False)
        self._giant = np.flatnonzero(graph.component[u] == 0)
        self._giant_tree = cKDTree(vectors[self._giant], balanced_tree=False, compact_nodes=False)

    def snap(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> SnappedPoints:
        """Find the access legs of points.

        Parameters
        ----------
        lat, lon : array_like of float, shape (n,)
            Degrees.

        Returns
        -------
        SnappedPoints

        Raises
        ------
        InputError
            When a coordinate is missing or not on Earth; the first such row is named.
        """
        lat_, lon_ = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
        wrong = ~((np.abs(lat_) <= 90) & (np.abs(lon_) <= 180))  # noqa: PLR2004 - degrees
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InputError(f"row {row + 1}: latitude {lat_[row]}, longitude {lon_[row]} is not a place on Earth")
        urban = urban_share(self.profile, self.density.at(lat_, lon_))
        coast = self.land.coast_km(lat_, lon_) if self.land is not None else np.full(len(lat_), np.inf)
        point, edge = self._nearest_edges(lat_, lon_)
        position, km = self._project(lat_[point], lon_[point], edge)
        near = km <= self.profile.reach_km
        point, edge, position, km = point[near], edge[near], position[near], km[near]
        wet = self._over_water(lat_, lon_, coast, point, edge, position, km)
        dry = ~wet
        winding = self._winding(len(lat_), point[dry], edge[dry])
        first = np.searchsorted(point[dry], np.arange(len(lat_) + 1))
        return SnappedPoints(
            lat=lat_, lon=lon_, urban=urban, end_minutes=end_minutes(self.profile, urban),
            winding=winding, coast_km=coast,
            first=first.astype(np.int64), edge=edge[dry].astype(np.int32), position=position[dry], leg_km=km[dry],
            leg_minutes=local_minutes(self.profile, km[dry], urban[point[dry]], winding[point[dry]]),
            water_first=np.searchsorted(point[wet], np.arange(len(lat_) + 1)).astype(np.int64),
            water_edge=edge[wet].astype(np.int32),
        )  # fmt: skip

    def _nearest_edges(self, lat: F64, lon: F64) -> tuple[I64, I64]:
        """Pairs of point and edge, sorted and without repetition: the nearest pieces, and one of the largest part."""
        if not len(lat) or not len(self._edge):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        vectors = unit_vectors(lat, lon)
        count = min(self.profile.access_candidates, len(self._edge))
        reach = self.profile.reach_km + PIECE_KM
        _, piece = self._tree.query(vectors, k=count, distance_upper_bound=reach, workers=-1)
        piece = piece.reshape(len(lat), count)
        found = piece < len(self._edge)
        point = np.broadcast_to(np.arange(len(lat))[:, None], piece.shape)[found]
        edge = self._edge[piece[found]]
        off = np.ones(len(lat), dtype=bool)
        off[point[self.graph.component[self.graph.u[edge]] == 0]] = False
        stray = np.flatnonzero(off)
        if len(stray):
            found_giant = self._giant_tree.query(vectors[stray], distance_upper_bound=reach, workers=-1)
            giant = np.asarray(found_giant[1])
            here = giant < len(self._giant)
            point = np.concatenate([point, stray[here]])
            edge = np.concatenate([edge, self._edge[self._giant[giant[here]]]])
        key = np.unique(point * np.int64(len(self.graph.u)) + edge)
        return key // len(self.graph.u), key % len(self.graph.u)

    def _project(self, lat: F64, lon: F64, edge: I64) -> tuple[F64, F64]:
        """Nearest place on the edge, as a share of its length, and the distance to it in km."""
        graph = self.graph
        u, v = graph.u[edge], graph.v[edge]
        scale = np.cos(np.radians(lat))
        x, y = (graph.lon[v] - graph.lon[u]) * scale, graph.lat[v] - graph.lat[u]
        px, py = (lon - graph.lon[u]) * scale, lat - graph.lat[u]
        square = x * x + y * y
        position = np.clip((px * x + py * y) / np.where(square > 0, square, 1), 0, 1)
        position = np.where(self._controlled[edge], np.round(position), position)
        lat2, lon2 = self.place(edge, position)
        return position, great_circle_km(lat, lon, lat2, lon2)

    def _winding(self, points: int, point: I64, edge: I64) -> F64:
        """Return turning per km of the edges that a point can enter, drawn to the usual where they are short."""
        open_ = ~self._controlled[edge]
        turning = np.bincount(point[open_], weights=self._turning[edge[open_]], minlength=points)
        km = np.bincount(point[open_], weights=self.graph.km[edge[open_]], minlength=points)
        return np.asarray((turning + USUAL_WINDING * WINDING_PRIOR_KM) / (km + WINDING_PRIOR_KM), dtype=np.float64)

    def place(self, edge: npt.NDArray[np.integer], position: F64) -> tuple[F64, F64]:
        """Latitude and longitude of places on edges."""
        graph = self.graph
        u, v = graph.u[edge], graph.v[edge]
        return (
            graph.lat[u] + position * (graph.lat[v] - graph.lat[u]),
            graph.lon[u] + position * (graph.lon[v] - graph.lon[u]),
        )

    def _over_water(
        self, lat: F64, lon: F64, coast: F64, point: I64, edge: I64, position: F64, km: F64
    ) -> npt.NDArray[np.bool_]:
        if self.land is None:
            return np.zeros(len(point), dtype=bool)
        lat2, lon2 = self.place(edge, position)
        return self.land.crosses_water(lat[point], lon[point], lat2, lon2, km, coast[point])
