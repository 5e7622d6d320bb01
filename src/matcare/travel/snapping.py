"""From points to the road: access legs to the nearest points on the nearest edges.

Every point gets several entries, each a place on an edge and the minutes of the local leg to it; the search then uses
whichever entry makes the whole trip shortest, in either direction along the edge. Roads of controlled access are
entered at their waypoints, which are their interchanges: an entry between two of them is moved to the nearer; where the
full shape is known, such roads are entered by their ramps and not at all from a place beside them.

A one-way edge can be left only toward its end and arrived at only from its start, so a point between the two sides of a
divided road leaves by one and comes home by the other.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.areas import read_area
from matcare.travel.chains import Chains, ChainTimes
from matcare.travel.compiled import compiled
from matcare.travel.hierarchy import NO_WAY, Hierarchy, Metric
from matcare.travel.plain import PlainMetric
from matcare.travel.segments import CHORD_PIECE_KM, Segments
from matcare.travel.snapped import SnappedPoints
from matcare.travel.speeds import (
    USUAL_WINDING,
    PopulationDensity,
    controlled,
    edge_times,
    end_minutes,
    local_minutes,
    neighbours_together,
    unit_vectors,
    urban_share,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from matcare.scenario import Profile
    from matcare.travel.graph import RoadGraph
    from matcare.travel.water import Land

__all__ = ["RoadNetwork", "SnappedPoints"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WINDING_PRIOR_KM = 5.0
FEW_CORE_NODES = 256
"""Below this many core nodes a plain search is as quick as a hierarchy."""
STREETS_KM = 1.0
"""A point this near to a road with a full shape is on streets; it then enters no chord farther away than this."""


class RoadNetwork:
    """A road graph with a profile's milliseconds on it, ready for points and searches.

    Parameters
    ----------
    graph : RoadGraph
    profile : Profile
    density : PopulationDensity
        Tells town from country.
    land : Land, optional
        Access legs and direct legs must not leave it; without it water is not looked for.
    milliseconds : tuple of two arrays of int32, shape (edges,), optional
        Milliseconds along every edge from `u` to `v` and back, where a file kept them; by the profile without it.
    chains : Chains, optional
    hierarchy : Hierarchy, optional
        Where a file kept them; built at the first search without them. They depend on the graph alone, not on the
        profile.
    engine : str, optional
        ``"hierarchy"``, or ``"plain"`` for Dijkstra's algorithm as a second opinion, the same to the millisecond; by
        default the hierarchy but on graphs too small to be worth it.

    Attributes
    ----------
    graph, profile, density, land
        As given.
    forward, backward : numpy.ndarray of int32, shape (edges,)
        Milliseconds from `u` to `v` and from `v` to `u`; 2³⁰ − 1 where closed.
    notes : tuple of str
        What the profile asks for and did not find among these roads.
    component : numpy.ndarray of int32, shape (nodes,)
        Strongly connected part of each node under this profile, its closed edges left out; 0 is the largest.

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
        self,
        graph: RoadGraph,
        profile: Profile,
        density: PopulationDensity,
        land: Land | None = None,
        *,
        milliseconds: tuple[I32, I32] | None = None,
        chains: Chains | None = None,
        hierarchy: Hierarchy | None = None,
        engine: str | None = None,
    ) -> None:
        if engine not in {None, "hierarchy", "plain"}:
            raise InputError(f"engine is {engine!r}: give 'hierarchy' or 'plain'")
        self.engine = engine
        self.graph = graph
        self.profile = profile
        self.density = density
        self.land = land
        self.notes: tuple[str, ...] = ()
        if milliseconds is None:
            times = edge_times(graph, profile, density)
            milliseconds, self.notes = times.milliseconds(graph.km), times.notes
        self.forward, self.backward = milliseconds
        self._chains, self._hierarchy = chains, hierarchy
        self._controlled = controlled(graph, profile)
        self.component = graph.component
        if not np.array_equal(self.forward < NO_WAY, graph.oneway >= 0) or not np.array_equal(
            self.backward < NO_WAY, graph.oneway <= 0
        ):
            self.component = graph.strong_parts((self.forward < NO_WAY, self.backward < NO_WAY))

    @cached_property
    def chains(self) -> Chains:
        """The graph's chains."""
        return self._chains or Chains.of(len(self.graph.lat), self.graph.u, self.graph.v)

    @cached_property
    def times(self) -> ChainTimes:
        """Milliseconds on the chains."""
        return self.chains.times(self.forward, self.backward)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """The contraction hierarchy over the core nodes: topology, whatever the speeds."""
        core, chains = self.chains.core, self.chains
        return self._hierarchy or Hierarchy.build(
            len(core), chains.a, chains.b, lat=self.graph.lat[core], lon=self.graph.lon[core]
        )

    @cached_property
    def metric(self) -> Metric | PlainMetric:
        """What finds shortest paths between core nodes: the hierarchy with this profile's milliseconds."""
        small = len(self.chains.core) < FEW_CORE_NODES and self._hierarchy is None
        if self.engine == "plain" or (self.engine is None and small):
            return PlainMetric(len(self.chains.core), self.chains.a, self.chains.b, *self.times.arcs())
        return self.hierarchy.customize(*self.times.arcs())

    @property
    def components(self) -> int:
        """Number of strongly connected parts."""
        return int(self.component.max()) + 1 if len(self.component) else 0

    @cached_property
    def joined_part(self) -> I32:
        """Part of each node that roads join, whichever way they may be driven and whether they are open; (nodes,)."""
        every = np.ones(len(self.graph.u), dtype=bool)
        return self.graph.strong_parts((every, every))

    @cached_property
    def edge_component(self) -> I32:
        """Part that both ends of an edge belong to, closures left aside; −1 where it leads to another; (edges,)."""
        start, end = self.graph.component[self.graph.u], self.graph.component[self.graph.v]
        return np.where(start == end, start, -1).astype(np.int32)

    @cached_property
    def _turning(self) -> F64:
        return self.graph.turning()

    @cached_property
    def _segments(self) -> Segments:
        return Segments.of(self.graph)

    @cached_property
    def _index(self) -> tuple[I64, cKDTree, I64, cKDTree]:
        """Pieces' segments and their middles, of all roads and of the largest part.

        Whatever a profile closes: who lives on a closed road lives there still, and does not enter another one instead.
        """
        segment, lat, lon = self._segments.pieces(self.graph.chord)
        edge = self._segments.edge[segment]
        usable = self.graph.chord[edge] | ~self._controlled[edge]
        if not usable.any():
            usable = np.ones(len(edge), dtype=bool)
        segment, lat, lon, edge = segment[usable], lat[usable], lon[usable], edge[usable]
        vectors = unit_vectors(lat, lon)
        giant = self.edge_component[edge] == 0
        trees = [cKDTree(some, balanced_tree=False, compact_nodes=False) for some in (vectors, vectors[giant])]
        return segment, trees[0], segment[giant], trees[1]

    @cached_property
    def _closed_ground(self) -> BaseGeometry | None:
        """Ground that the profile closes altogether: polygons of closures in both directions, for all classes."""
        areas = [
            read_area(one.polygon, f"closed {one.name!r}")
            for one in self.profile.closures
            if one.polygon is not None and not one.classes and one.direction == "both"
        ]
        ground = shapely.union_all(areas) if areas else None
        shapely.prepare(ground)
        return ground

    def barred(self, lat: F64, lon: F64, to_lat: F64, to_lon: F64) -> Bools:
        """Tell which straight legs cross ground that the profile closes, as a flood, from outside to outside of it.

        Parameters
        ----------
        lat, lon, to_lat, to_lon : numpy.ndarray of float64, shape (legs,)
            Ends, degrees.

        Returns
        -------
        numpy.ndarray of bool, shape (legs,)
        """
        ground = self._closed_ground
        barred = np.zeros(len(lat), dtype=bool)
        if ground is None:
            return barred
        west, south, east, north = shapely.bounds(ground)
        near = (np.minimum(lat, to_lat) <= north) & (np.maximum(lat, to_lat) >= south)
        near &= (np.minimum(lon, to_lon) <= east) & (np.maximum(lon, to_lon) >= west)
        some = np.flatnonzero(near)
        ends = np.stack([np.stack([lon[some], lat[some]], 1), np.stack([to_lon[some], to_lat[some]], 1)], 1)
        crosses = shapely.intersects(ground, shapely.linestrings(ends))
        for end in (0, 1):
            crosses &= ~shapely.intersects_xy(ground, ends[:, end, 0], ends[:, end, 1])
        barred[some] = crosses
        return barred

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
        point, segment = self._nearest_segments(lat_, lon_)
        point, segment, share, km = self._project(lat_, lon_, point, segment)
        on_streets = self._on_streets(len(lat_), point, segment, km)
        edge = self._segments.edge[segment]
        near = (km <= self.profile.reach_km) & ~(on_streets[point] & self.graph.chord[edge] & (km > STREETS_KM))
        point, segment, share, km, edge = point[near], segment[near], share[near], km[near], edge[near]
        wet = self._over_water(lat_, lon_, coast, point, segment, share, km)
        winding = self._winding(len(lat_), point[~wet], edge[~wet])
        nearest_km = np.full(len(lat_), np.inf)
        np.minimum.at(nearest_km, point[~wet], km[~wet])
        dry = ~wet & ~self.barred(lat_[point], lon_[point], *self._segments.at(segment, share))
        water_point, water_edge = point[wet], edge[wet]
        cut_off = np.isfinite(nearest_km) & ~np.isin(np.arange(len(lat_)), point[dry])
        if cut_off.any() and self._closed_ground is not None:
            more = self._on_this_side(lat_, lon_, np.flatnonzero(cut_off))
            kept = [
                np.concatenate(pair) for pair in zip((a[dry] for a in (point, segment, share, km)), more, strict=True)
            ]
            order = np.lexsort((kept[1], kept[0]))
            point, segment, share, km = (column[order] for column in kept)
            edge, dry = self._segments.edge[segment], np.ones(len(point), dtype=bool)
        position = self._segments.start[segment] + share * (self._segments.end - self._segments.start)[segment]
        return SnappedPoints(
            lat=lat_, lon=lon_, urban=urban, end_minutes=end_minutes(self.profile, urban),
            winding=winding, coast_km=coast, on_streets=on_streets, nearest_km=nearest_km,
            first=np.searchsorted(point[dry], np.arange(len(lat_) + 1)).astype(np.int64),
            edge=edge[dry].astype(np.int32), position=position[dry], leg_km=km[dry],
            leg_minutes=local_minutes(self.profile, km[dry], urban[point[dry]], winding[point[dry]]),
            water_first=np.searchsorted(water_point, np.arange(len(lat_) + 1)).astype(np.int64),
            water_edge=water_edge.astype(np.int32),
        )  # fmt: skip

    def _on_this_side(self, lat: F64, lon: F64, rows: I64) -> tuple[I64, I64, F64, F64]:
        """Entries of points all of whose nearest roads lie across closed ground: the nearest that do not."""
        found: list[tuple[I64, I64, F64, F64]] = []
        for times in (8, 64, 512):
            point, segment = self._nearest_segments(lat[rows], lon[rows], times)
            point, segment, share, km = self._project(lat[rows], lon[rows], point, segment)
            here = rows[point]
            free = km <= self.profile.reach_km
            free &= ~self.barred(lat[here], lon[here], *self._segments.at(segment, share))
            coast = self.land.coast_km(lat[rows], lon[rows]) if self.land is not None else np.full(len(rows), np.inf)
            free[free] &= ~self._over_water(
                lat[rows], lon[rows], coast, point[free], segment[free], share[free], km[free]
            )
            point, segment, share, km = point[free], segment[free], share[free], km[free]
            nearest = np.lexsort((km, point))
            rank = np.arange(len(point)) - np.searchsorted(point[nearest], point[nearest])
            few = nearest[rank < self.profile.access_candidates]
            found.append((rows[point[few]], segment[few], share[few], km[few]))
            rows = np.setdiff1d(rows, found[-1][0])
            if not len(rows):
                break
        empty = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        points, segments, shares, distances = (np.concatenate(column) for column in zip(*found, empty, strict=True))
        return points, segments, shares, distances

    def _nearest_segments(self, lat: F64, lon: F64, times: int = 1) -> tuple[I64, I64]:
        """Pairs of point and segment, sorted, each once: the nearest pieces, and one of the largest part."""
        if not len(lat) or not len(self.graph.u):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        segments, tree, giant_segments, giant_tree = self._index
        vectors = unit_vectors(lat, lon)
        count = min(self.profile.access_candidates * times, len(segments))
        reach = self.profile.reach_km + CHORD_PIECE_KM
        order = neighbours_together(lat, lon)
        piece = np.empty((len(lat), count), np.int64)
        found_pieces = tree.query(vectors[order], k=count, distance_upper_bound=reach, workers=-1)[1]
        piece[order] = found_pieces.reshape(len(lat), count)
        none = len(self._segments.edge)
        nearest = np.sort(np.append(segments, none)[piece], axis=1)
        found = nearest < none
        found[:, 1:] &= nearest[:, 1:] != nearest[:, :-1]
        point, segment = np.nonzero(found)[0], nearest[found]
        off = np.ones(len(lat), dtype=bool)
        off[point[self.edge_component[self._segments.edge[segment]] == 0]] = False
        stray = np.flatnonzero(off)
        if len(stray) and len(giant_segments):
            found_giant = giant_tree.query(vectors[stray], distance_upper_bound=reach, workers=-1)
            giant = np.asarray(found_giant[1])
            here = giant < len(giant_segments)
            place = np.searchsorted(point, stray[here], side="right")
            point = np.insert(point, place, stray[here])
            segment = np.insert(segment, place, giant_segments[giant[here]])
        return point, segment

    def _project(self, lat: F64, lon: F64, point: I64, segment: I64) -> tuple[I64, I64, F64, F64]:
        """Nearest place on each segment as a share of it, and kilometres to it; of one edge's segments the nearest."""
        share = self._segments.project(lat[point], lon[point], segment)
        share = np.where(self._controlled[self._segments.edge[segment]], np.round(share), share)
        lat2, lon2 = self._segments.at(segment, share)
        km = great_circle_km(lat[point], lon[point], lat2, lon2)
        if not len(self.graph.bend_lat):
            return point, segment, share, km
        kept = _nearest_of_each_edge(point, self._segments.edge[segment], km)
        return point[kept], segment[kept], share[kept], km[kept]

    def _on_streets(self, points: int, point: I64, segment: I64, km: F64) -> Bools:
        near = ~self.graph.chord[self._segments.edge[segment]] & (km <= STREETS_KM)
        on_streets = np.zeros(points, dtype=bool)
        on_streets[point[near]] = True
        return on_streets

    def _winding(self, points: int, point: I64, edge: I64) -> F64:
        """Return turning per km of the edges that a point can enter, drawn to the usual where they are short."""
        open_ = ~self._controlled[edge] & self.graph.chord[edge]
        turning = np.bincount(point[open_], weights=self._turning[edge[open_]], minlength=points)
        km = np.bincount(point[open_], weights=self.graph.km[edge[open_]], minlength=points)
        return np.asarray((turning + USUAL_WINDING * WINDING_PRIOR_KM) / (km + WINDING_PRIOR_KM), dtype=np.float64)

    def _over_water(
        self, lat: F64, lon: F64, coast: F64, point: I64, segment: I64, share: F64, km: F64
    ) -> npt.NDArray[np.bool_]:
        if self.land is None:
            return np.zeros(len(point), dtype=bool)
        lat2, lon2 = self._segments.at(segment, share)
        return self.land.crosses_water(lat[point], lon[point], lat2, lon2, km, coast[point])


@compiled
def _nearest_of_each_edge(point: I64, edge: I64, km: F64) -> I64:
    """Rows with the least kilometres of each run of one point and one edge."""
    kept = np.empty(len(point), np.int64)
    done = 0
    for k in range(len(point)):
        if k == 0 or point[k] != point[k - 1] or edge[k] != edge[k - 1]:
            kept[done] = k
            done += 1
        elif km[k] < km[kept[done - 1]]:
            kept[done - 1] = k
    return kept[:done].copy()
