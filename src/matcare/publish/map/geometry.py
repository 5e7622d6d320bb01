"""County polygons and state lines as compact integer deltas that the page decodes once.

Coordinates are rounded point by point, so that a vertex which two counties share stays shared and no sliver opens
between them. Each ring is a flat list of longitude and latitude steps in units of 1e-4 degrees, the first step taken
from the end of the ring before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from matcare.errors import InputError
from matcare.geo import CRS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

__all__ = [
    "GRID",
    "CompactGeometry",
    "bounds_of",
    "compact_lines",
    "compact_polygons",
    "drawn_counties",
    "map_geometry",
    "outline_lines",
    "shift_longitude",
    "state_lines",
]

GRID: Final = 1e-4
"""Grid of the map's coordinates, degrees (about 10 m)."""

_STEPS: Final = 10_000
_FAR_WEST: Final = -100.0
_FAR_EAST: Final = 100.0
_ANTIMERIDIAN: Final = -180.0

CompactGeometry = list[list[list[list[int]]]]
"""County → polygons → rings → steps."""

Geometries = npt.NDArray[Any]


def drawn_counties(counties: gpd.GeoDataFrame, states_outline: gpd.GeoDataFrame | None = None) -> dict[str, Any]:
    """Return what the page draws of the counties.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        ``state`` and polygons in EPSG:4326; a county without a polygon is allowed.
    states_outline : geopandas.GeoDataFrame, optional
        Borders to draw over them; the counties' own, dissolved by state, when not given.

    Returns
    -------
    dict
        ``bounds`` (west, south, east, north), ``geometry`` (polygons as steps) and ``lines`` (borders as steps).

    Raises
    ------
    InputError
        When the coordinate system is not EPSG:4326.
    """
    shapes = map_geometry(counties)
    states = counties["state"].to_numpy(dtype=object)
    lines = state_lines(shapes, states) if states_outline is None else outline_lines(states_outline)
    return {"bounds": bounds_of(shapes), "geometry": compact_polygons(shapes), "lines": compact_lines(lines)}


def map_geometry(counties: gpd.GeoDataFrame) -> Geometries:
    """Return the counties' geometries on the map's grid, all on one side of the antimeridian.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        Polygons in EPSG:4326; a county without a polygon is allowed.

    Returns
    -------
    numpy.ndarray of shapely.Geometry
        In the order of `counties`.

    Raises
    ------
    InputError
        When the coordinate system is not EPSG:4326.
    """
    if counties.crs is None or not counties.crs.equals(CRS, ignore_axis_order=True):
        raise InputError(f"the map's counties are in {counties.crs or 'no coordinate system'}: convert them to {CRS}")
    rounded = shapely.set_precision(np.asarray(counties.geometry.array), GRID, mode="pointwise")
    return _join_at_antimeridian(np.asarray(rounded))


def _join_at_antimeridian(geometries: Geometries) -> Geometries:
    """Move the parts east of the antimeridian (western Aleutians) beside the rest, where land is on both sides."""
    low, _, high, _ = shapely.total_bounds(geometries)
    if not (low < _FAR_WEST and high > _FAR_EAST):
        return geometries
    return np.array([_shift_parts(geometry) for geometry in geometries], dtype=object)


def _shift_parts(geometry: Any) -> Any:
    if geometry is None or geometry.is_empty or shapely.bounds(geometry)[2] < 0:
        return geometry
    parts = [
        shapely.transform(part, lambda xy: xy - (360.0, 0.0)) if shapely.bounds(part)[0] > 0 else part
        for part in shapely.get_parts(geometry)
    ]
    return shapely.multipolygons(parts)


def shift_longitude(lon: npt.NDArray[np.float64], bounds: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return longitudes moved west by a turn where the map itself was moved.

    Parameters
    ----------
    lon : numpy.ndarray
        Degrees.
    bounds : sequence of float
        The map's west, south, east, north; a west below -180 says that parts were moved.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> shift_longitude(np.array([173.0, -150.0]), (-187.0, 51.0, -130.0, 71.0)).tolist()
    [-187.0, -150.0]
    """
    return np.where((lon > 0) & (bounds[0] < _ANTIMERIDIAN), lon - 360.0, lon)


def bounds_of(geometries: Geometries) -> list[float]:
    """Return west, south, east, north of all geometries, or the conterminous states' where there is none."""
    bounds = shapely.total_bounds(geometries) if len(geometries) else np.full(4, np.nan)
    if not np.isfinite(bounds).all():
        return [-124.8, 24.5, -66.9, 49.4]
    return [round(float(value), 4) for value in bounds]


def compact_polygons(geometries: Geometries) -> CompactGeometry:
    """Return polygons as integer steps.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely.Geometry
        Polygons, multipolygons, empty or None.

    Returns
    -------
    list
        County → polygons → rings → ``[dx, dy, dx, dy, ...]``; a ring's closing point is left out. The first step of a
        county starts from (0, 0), that of each later ring from the last point of the ring before it.

    Examples
    --------
    >>> compact_polygons(np.array([shapely.box(0, 0, 0.0001, 0.0002)], dtype=object))
    [[[[1, 0, 0, 2, -1, 0, 0, -2]]]]
    """
    return [_compact_county(geometry) for geometry in geometries]


def _compact_county(geometry: Any) -> list[list[list[int]]]:
    if geometry is None or geometry.is_empty:
        return []
    at = np.zeros(2, dtype=np.int64)
    polygons = []
    for part in shapely.get_parts(geometry):
        rings = []
        for ring in (part.exterior, *part.interiors):
            points = _on_grid(ring)[:-1]
            rings.append(_steps(points, at))
            at = points[-1]
        polygons.append(rings)
    return polygons


def _on_grid(line: Any) -> npt.NDArray[np.int64]:
    return np.rint(shapely.get_coordinates(line) * _STEPS).astype(np.int64)


def _steps(points: npt.NDArray[np.int64], start: npt.NDArray[np.int64]) -> list[int]:
    return [int(step) for step in np.diff(np.vstack([start, points]), axis=0).ravel()]


def state_lines(geometries: Geometries, states: npt.NDArray[Any]) -> Geometries:
    """Return the borders of states, each drawn once.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely.Geometry
        The counties, as :func:`map_geometry` gives them.
    states : numpy.ndarray of str
        State of each county.

    Returns
    -------
    numpy.ndarray of shapely.LineString
    """
    outlines = [_dissolve(geometries[states == state]) for state in sorted(set(states.tolist()))]
    return _lines(outlines)


def outline_lines(outlines: gpd.GeoDataFrame) -> Geometries:
    """Return the borders of the polygons given, each drawn once."""
    return _lines(list(map_geometry(outlines)))


def _lines(polygons: Sequence[Any]) -> Geometries:
    edges = [shapely.boundary(polygon) for polygon in polygons if polygon is not None and not polygon.is_empty]
    if not edges:
        return np.array([], dtype=object)
    merged = shapely.line_merge(shapely.union_all(edges))
    return np.asarray(shapely.get_parts(merged))


def _dissolve(polygons: Geometries) -> Any:
    present = np.array([polygon for polygon in polygons if polygon is not None and not polygon.is_empty], dtype=object)
    if not len(present):
        return shapely.MultiPolygon()
    if shapely.coverage_is_valid(present):
        return shapely.coverage_union_all(present)
    return shapely.union_all(shapely.make_valid(present))


def compact_lines(lines: Geometries) -> list[list[int]]:
    """Return lines as integer steps, each line starting from (0, 0).

    Examples
    --------
    >>> compact_lines(np.array([shapely.LineString([(0.0001, 0), (0.0003, 0.0001)])], dtype=object))
    [[1, 0, 2, 1]]
    """
    return [_steps(_on_grid(line), np.zeros(2, dtype=np.int64)) for line in lines]
