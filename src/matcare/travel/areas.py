"""Polygons that a profile names, and the edges that lie in them or near a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from matcare.errors import InputError
from matcare.geo import CRS, great_circle_km
from matcare.travel.graph import KM_PER_DEGREE

if TYPE_CHECKING:
    from pathlib import Path

    from matcare.travel.graph import RoadGraph

__all__ = ["EdgeShapes", "read_area"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SAME_KM = 1e-6


def read_area(path: Path, whose: str) -> Any:
    """Read a file of polygons as one area.

    Parameters
    ----------
    path : pathlib.Path
        Of one layer, in any coordinate reference system and any format that pyogrio reads.
    whose : str
        What names the file, for messages.

    Returns
    -------
    shapely.MultiPolygon or shapely.Polygon
        Degrees; prepared for many questions.

    Raises
    ------
    InputError
        When the file cannot be read, has several layers, no coordinate reference system, or no polygon.
    """
    where = f"{whose}: polygon {path.name}"
    try:
        layers = pyogrio.list_layers(path)
        if len(layers) != 1:
            raise InputError(f"{where}: has {len(layers)} layers; give a file with one")
        frame = gpd.read_file(path)
    except (DataSourceError, DataLayerError, ValueError, UnicodeDecodeError) as error:
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())
        raise InputError(f"{where}: not a readable polygon layer ({reason})") from error
    if "geometry" not in frame or not len(frame) or bool(frame.geometry.isna().all()):
        raise InputError(f"{where}: holds no polygon")
    if frame.crs is None:
        raise InputError(f"{where}: no coordinate reference system; write the file with one, such as {CRS}")
    given = np.asarray(frame.geometry.to_crs(CRS).to_numpy(), dtype=object)
    given = given[~shapely.is_missing(given)]
    other = set(shapely.get_type_id(given)) - {shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON}
    if other:
        kinds = ", ".join(sorted(shapely.GeometryType(kind).name.lower() for kind in other))
        raise InputError(f"{where}: holds {kinds}; give polygons only")
    area = shapely.union_all(shapely.make_valid(given, method="structure", keep_collapsed=False))
    if shapely.is_empty(area):
        raise InputError(f"{where}: holds no polygon")
    west, south, east, north = shapely.bounds(area)
    if not (np.isfinite([west, south, east, north]).all() and max(-west, east) <= 180 and max(-south, north) <= 90):  # noqa: PLR2004 - degrees
        raise InputError(f"{where}: is not on Earth in {CRS}; check its coordinate reference system")
    shapely.prepare(area)
    return area


class EdgeShapes:
    """The real shapes of a graph's edges, for questions about a few of them.

    Parameters
    ----------
    graph : RoadGraph
    """

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._first, self._lat, self._lon = graph.shapes()
        start = self._first[:-1]
        if len(start):
            self._south, self._north = np.minimum.reduceat(self._lat, start), np.maximum.reduceat(self._lat, start)
            self._west, self._east = np.minimum.reduceat(self._lon, start), np.maximum.reduceat(self._lon, start)
        else:
            self._south = self._north = self._west = self._east = np.zeros(0)

    def touching(self, area: Any, among: Bools) -> Bools:
        """Tell which edges touch an area, shape (edges,); only those of a mask are looked at."""
        edges = self._in_box(shapely.bounds(area), among)
        found = np.zeros(len(among), dtype=bool)
        found[edges[shapely.intersects(area, self._lines(edges))]] = True
        return found

    def share_inside(self, area: Any, among: Bools) -> F64:
        """Share of every edge's length inside an area, shape (edges,); 0 where a mask says no.

        An edge without length is inside where it touches.
        """
        share = np.zeros(len(among))
        edges = self._in_box(shapely.bounds(area), among)
        lines = self._lines(edges)
        touches = shapely.intersects(area, lines)
        edges, lines = edges[touches], lines[touches]
        within = shapely.covers(area, lines)
        share[edges[within]] = 1.0
        cut = edges[~within]
        owner, segments, km = self._segments(cut)
        whole = shapely.length(segments)
        # along one straight segment degrees keep proportions, whatever their scale
        inside = np.divide(
            shapely.length(shapely.intersection(area, segments)), whole, out=np.ones(len(km)), where=whole > 0
        )
        total = np.bincount(owner, weights=km, minlength=len(cut))
        part = np.bincount(owner, weights=km * inside, minlength=len(cut))
        share[cut] = np.clip(np.divide(part, total, out=np.ones(len(cut)), where=total > 0), 0, 1)
        return share

    def nearest(self, lat: float, lon: float, among: Bools, *, within_km: float) -> I64:
        """Find the edge nearest to a point, and those that run beside it between the same two nodes.

        Returns
        -------
        numpy.ndarray of int64
            Empty when there is none within the distance.
        """
        reach = within_km / KM_PER_DEGREE
        wide = reach / max(float(np.cos(np.radians(lat))), 0.01)
        edges = self._in_box(np.array([lon - wide, lat - reach, lon + wide, lat + reach]), among)
        if not len(edges):
            return edges
        owner, lat0, lon0, lat1, lon1 = self._segment_ends(edges)
        scale = np.cos(np.radians(lat))
        x, y = (lon1 - lon0) * scale, lat1 - lat0
        to_x, to_y = (lon - lon0) * scale, lat - lat0
        square = x * x + y * y
        along = np.clip((to_x * x + to_y * y) / np.where(square > 0, square, 1), 0, 1)
        km = np.full(len(edges), np.inf)
        np.minimum.at(km, owner, KM_PER_DEGREE * np.hypot(to_x - along * x, to_y - along * y))
        best = int(np.argmin(km))
        if km[best] > within_km:
            return edges[:0]
        first, last = np.sort(np.stack([self._graph.u[edges], self._graph.v[edges]]), axis=0)
        beside: Bools = (first == first[best]) & (last == last[best]) & (km <= km[best] + SAME_KM)
        return edges[beside]

    def _in_box(self, bounds: npt.NDArray[np.floating[Any]], among: Bools) -> I64:
        west, south, east, north = (float(degrees) for degrees in bounds)
        near = (self._west <= east) & (self._east >= west) & (self._south <= north) & (self._north >= south)
        return np.flatnonzero(near & among)

    def _vertices(self, edges: I64) -> tuple[I64, I64]:
        """Positions of the vertices of edges, and which of the edges each belongs to."""
        count = np.diff(self._first)[edges]
        owner = np.repeat(np.arange(len(edges)), count)
        start = np.cumsum(count) - count
        return np.repeat(self._first[edges] - start, count) + np.arange(len(owner)), owner

    def _lines(self, edges: I64) -> npt.NDArray[np.object_]:
        vertex, owner = self._vertices(edges)
        degrees = np.column_stack([self._lon[vertex], self._lat[vertex]])
        return np.asarray(shapely.linestrings(degrees, indices=owner), dtype=object).reshape(len(edges))

    def _segment_ends(self, edges: I64) -> tuple[I64, F64, F64, F64, F64]:
        """Straight segments of edges: the edge of each, latitude and longitude of its ends."""
        vertex, owner = self._vertices(edges)
        a = np.flatnonzero(owner[1:] == owner[:-1])
        start, end = vertex[a], vertex[a + 1]
        return owner[a], self._lat[start], self._lon[start], self._lat[end], self._lon[end]

    def _segments(self, edges: I64) -> tuple[I64, npt.NDArray[np.object_], F64]:
        """Straight segments of edges: the edge of each, its line, its kilometres."""
        owner, lat, lon, to_lat, to_lon = self._segment_ends(edges)
        ends = np.stack([np.column_stack([lon, lat]), np.column_stack([to_lon, to_lat])], axis=1)
        lines = np.asarray(shapely.linestrings(ends), dtype=object).reshape(len(owner))
        return owner, lines, great_circle_km(lat, lon, to_lat, to_lon)
