"""Isochrones and catchments as polygons, from minutes at the nodes of any road graph.

Polygons are for the eye: a map's colours, a press release's outline. People are never counted by them; counts come from
minutes at the people's own points (:mod:`matcare.travel.searches`), which know their legs to the road one by one.

The way there, chosen for being quick and for borders that fit by construction:

1. minutes at the nodes are carried along the edges; a place inside an edge has the lesser of the ways by its two ends,
   so where two catchments meet on a road, they meet where the two ways tie;
2. a lattice of squares, its vertices moved onto the roads, takes those minutes off the road by straight local legs
   (:mod:`matcare.travel.ground`): the least of minutes and leg, as people's minutes are;
3. borders are drawn through the lattice's triangles where the label changes (:mod:`matcare.travel.borders`), simplified
   as a coverage, and clipped to the land.

The alternatives are worse: buffers around half a million stretches take minutes to unite, and bands of them overlap in
slivers; Voronoi cells of sampled roads know the nearest road, not the soonest; cells of a plain grid lose a road that
is thinner than they are, and must be finer by far for the same outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from matcare.errors import InputError
from matcare.geo import CRS
from matcare.travel.borders import label_polygons
from matcare.travel.ground import Rules
from matcare.travel.reached_roads import ReachedRoads
from matcare.travel.sheets import Sheet
from matcare.travel.speeds import unit_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matcare.travel.reached_roads import Bends

__all__ = ["catchments", "isochrones"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

WORLD_EQUAL_AREA: Final = "EPSG:6933"
BLOCK_KM: Final = 50.0
SIMPLIFY_CELLS: Final = 0.25
KM_PER_DEGREE: Final = 111.195


def isochrones(
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    minutes: npt.ArrayLike,
    u: npt.ArrayLike,
    v: npt.ArrayLike,
    edge_minutes: npt.ArrayLike,
    *,
    breaks: Sequence[float] = (15.0, 30.0, 60.0),
    cumulative: bool = False,
    edge_minutes_back: npt.ArrayLike | None = None,
    toward: bool = True,
    ends_only: npt.ArrayLike | None = None,
    bends: Bends | None = None,
    cell_km: float = 1.0,
    reach_km: float = 10.0,
    pace: float = 2.0,
    land: npt.ArrayLike | None = None,
) -> gpd.GeoDataFrame:
    """Draw the ground that lies within so many minutes.

    People are never counted by these polygons.

    Parameters
    ----------
    lat, lon : array_like of float, shape (nodes,)
        Degrees.
    minutes : array_like of float, shape (nodes,)
        Minutes at the nodes, in the direction of `toward`; ``NaN`` where a node is not reached.
    u, v : array_like of int, shape (edges,)
        Positions of an edge's two nodes.
    edge_minutes : array_like of float, shape (edges,)
        Minutes along the whole edge from `u` to `v`; infinite where that is not allowed.
    breaks : sequence of float
        Minutes, rising; within T is ≤ T.
    cumulative : bool
        Each row begins at 0 minutes; without it rows are bands that do not overlap.
    edge_minutes_back : array_like of float, shape (edges,), optional
        The same from `v` to `u`; equal to `edge_minutes` without it.
    toward : bool
        The minutes are those from a node to the destination; False: from an origin to the node. It matters on one-way
        roads.
    ends_only : array_like of bool, shape (edges,), optional
        Edges that cannot be left between their ends: motorways, ferries, tunnels. The ground along them is reached
        from elsewhere or not at all.
    bends : tuple of array_like, optional
        ``bend_first`` (edges + 1), ``bend_lat``, ``bend_lon``: bends of edge ``i`` from `u` to `v` are
        ``bend_first[i]:bend_first[i + 1]``; edges are straight without it.
    cell_km : float
        Side of the grid's squares. Outlines are exact to less than one square: a place on a road within T lies in the
        isochrone or within one square's diagonal of it. Breaks that lie closer together than ``cell_km * pace``
        minutes are not told apart everywhere.
    reach_km : float
        Ground farther than this from every reached road is left blank; no leg off the road is longer. Roads that are
        not reached do not count: like the people along them, the ground there is reached by a leg from another road,
        if one is near enough. Kilometres are those of an equal-area projection around the roads' middle: true to 2 % up
        to 2,500 km from there.
    pace : float
        Minutes per straight km off the road.
    land : array_like of shapely polygons, optional
        Not overlapping, such as counties; degrees. Polygons are clipped to it, and legs do not cross water that is
        wider than a square.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4326, one row a break that any ground is within: ``minutes_from`` (exclusive, except 0), ``minutes_to``
        (inclusive), ``area_km2``, ``geometry`` (MultiPolygon). Bands are a valid coverage: they share their borders
        vertex by vertex. What crosses the antimeridian is cut there. Empty where nothing is reached.

    Raises
    ------
    InputError
        When arrays do not fit each other, a break or minutes are not usable, or the grid would not fit into memory.

    Examples
    --------
    >>> found = isochrones([44.0, 44.0], [-70.0, -69.0], [0.0, 60.0], [0], [1], [60.0], breaks=[15, 30])
    >>> found[["minutes_from", "minutes_to"]].to_numpy().tolist()
    [[0.0, 15.0], [15.0, 30.0]]
    """
    limits = _breaks(breaks)
    off_road = _OffRoad.checked(cell_km, reach_km, pace)
    at_nodes = np.asarray(minutes, dtype=np.float64)
    label = np.where(np.isfinite(at_nodes), 0, -1)
    roads = ReachedRoads.checked(
        lat, lon, at_nodes, label, u, v, edge_minutes,
        edge_minutes_back=edge_minutes_back, toward=toward, ends_only=ends_only, bends=bends,
    )  # fmt: skip
    polygons, band = _polygons(roads, limits, off_road, land)
    frame = _rows(polygons, band, cumulative=cumulative)
    band = frame.pop("label").to_numpy()
    frame.insert(0, "minutes_from", np.zeros(len(band)) if cumulative else np.concatenate([[0.0], limits])[band])
    frame.insert(1, "minutes_to", limits[band])
    return frame


def catchments(
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    minutes: npt.ArrayLike,
    labels: npt.ArrayLike,
    u: npt.ArrayLike,
    v: npt.ArrayLike,
    edge_minutes: npt.ArrayLike,
    *,
    edge_minutes_back: npt.ArrayLike | None = None,
    toward: bool = True,
    ends_only: npt.ArrayLike | None = None,
    bends: Bends | None = None,
    cell_km: float = 2.0,
    reach_km: float = 10.0,
    pace: float = 2.0,
    land: npt.ArrayLike | None = None,
) -> gpd.GeoDataFrame:
    """Draw whose ground it is: for every destination the ground that it is nearest to in minutes.

    People are never counted by these polygons.

    Parameters
    ----------
    lat, lon, minutes, u, v, edge_minutes
        As for :func:`isochrones`; minutes are those of the nearest destination.
    labels : array_like of int, shape (nodes,)
        The nearest destination of each node; −1 where none is reached.
    edge_minutes_back, toward, ends_only, bends, cell_km, reach_km, pace, land
        As for :func:`isochrones`. A road between nodes of two destinations is divided where both are equally far.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4326, one row a destination that has any ground: ``destination`` (int), ``area_km2``, ``geometry``
        (MultiPolygon). A valid coverage: no two rows overlap, and there are no gaps but where nothing is reached.
        Of destinations that lie in one square of the grid only one may have ground; a smaller `cell_km` parts them.

    Raises
    ------
    InputError
        As for :func:`isochrones`.

    Examples
    --------
    >>> found = catchments([44.0, 44.0], [-70.0, -69.0], [0.0, 0.0], [7, 3], [0], [1], [60.0])
    >>> found["destination"].tolist(), bool(abs(found["area_km2"].diff().iloc[1]) < 15)
    ([3, 7], True)
    """
    off_road = _OffRoad.checked(cell_km, reach_km, pace)
    names = np.asarray(labels)
    at_nodes = np.asarray(minutes, dtype=np.float64)
    if names.shape != at_nodes.shape or not np.issubdtype(names.dtype, np.integer):
        raise InputError(
            f"labels: give one whole number for each of the {at_nodes.size} nodes, -1 where none is reached"
        )
    at_nodes = np.where(names >= 0, at_nodes, np.nan)
    destinations = np.unique(names[np.isfinite(at_nodes)])
    label = np.where(np.isfinite(at_nodes), np.searchsorted(destinations, names), -1)
    roads = ReachedRoads.checked(
        lat, lon, at_nodes, label, u, v, edge_minutes,
        edge_minutes_back=edge_minutes_back, toward=toward, ends_only=ends_only, bends=bends,
    )  # fmt: skip
    polygons, whose = _polygons(roads, np.zeros(0), off_road, land)
    frame = _rows(polygons, whose, cumulative=False)
    frame.insert(0, "destination", destinations[frame.pop("label").to_numpy()].astype(np.int64))
    return frame


@dataclass(frozen=True)
class _OffRoad:
    cell_km: float
    reach_km: float
    pace: float

    @classmethod
    def checked(cls, cell_km: float, reach_km: float, pace: float) -> _OffRoad:
        for name, value in (("cell_km", cell_km), ("reach_km", reach_km), ("pace", pace)):
            if not 0 < value < np.inf:
                raise InputError(f"{name} is {value}; give a number above 0")
        return cls(float(cell_km), float(reach_km), float(pace))


def _breaks(breaks: Sequence[float]) -> F64:
    limits = np.asarray(breaks, dtype=np.float64)
    if limits.ndim != 1 or not len(limits) or not (limits > 0).all() or not (np.diff(limits) > 0).all():
        raise InputError(f"breaks {list(breaks)}: give minutes above 0 in rising order, such as 15, 30, 60")
    return limits


def _polygons(roads: ReachedRoads, breaks: F64, off_road: _OffRoad, land: npt.ArrayLike | None) -> tuple[Shapes, I64]:
    """Polygons and labels of all sheets, clipped to the land, longitudes within ±180."""
    ground = None if land is None else _land(land)
    found = [_sheet_polygons(roads, *part, breaks, off_road, ground) for part in _parts(roads, breaks, off_road)]
    if not found:
        return np.zeros(0, dtype=object), np.zeros(0, np.int64)
    polygons, labels = (np.concatenate(column) for column in zip(*found, strict=True))
    polygons, labels = _cut_at_antimeridian(polygons, labels)
    if ground is not None:
        polygons, labels = _clip(polygons, labels, ground)
    return polygons, labels


def _land(land: npt.ArrayLike) -> Shapes:
    shapes = np.asarray(land, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not np.isin(shapely.get_type_id(shapes), [3, 6]).all():
        raise InputError("land: give polygons in degrees, such as counties")
    return shapely.get_parts(shapes)


def _parts(roads: ReachedRoads, breaks: F64, off_road: _OffRoad) -> list[tuple[I64, I64, I64]]:
    """Divide the roads into pieces of country that lie far apart.

    Blocks of the Earth's sphere that hold anything reached hang together with their neighbours; each such heap is a
    part: its nodes and edges, and the nodes that its sheet must hold.
    """
    limit = breaks[-1] if len(breaks) else np.inf
    start = np.isfinite(roads.minutes) & (roads.minutes <= limit)
    if not start.any():
        return []
    span = start[roads.u] | start[roads.v]
    live = start.copy()
    live[roads.u[span]] = live[roads.v[span]] = True
    side = max(BLOCK_KM, 3 * (off_road.reach_km + off_road.cell_km))
    block = np.floor(unit_vectors(roads.lat, roads.lon) / side).astype(np.int64)
    blocks, of_node = np.unique(block, axis=0, return_inverse=True)
    alive = np.flatnonzero(np.bincount(of_node[live], minlength=len(blocks)))
    close = cKDTree(blocks).query_pairs(1.8, output_type="ndarray")
    ends = np.stack([of_node[roads.u[span]], of_node[roads.v[span]]], 1)
    from_alive = np.isin(close, alive).any(axis=1)
    pairs = np.concatenate([close[from_alive], ends])
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(blocks), len(blocks)))
    heap = connected_components(graph, directed=False)[1]
    part = heap[of_node]
    return [
        (
            np.flatnonzero(part == number),
            np.flatnonzero((part[roads.u] == number) | (part[roads.v] == number)),
            np.flatnonzero(live & (part == number)),
        )
        for number in np.unique(heap[alive])
    ]


def _sheet_polygons(
    roads: ReachedRoads, nodes: I64, edges: I64, live: I64, breaks: F64, off_road: _OffRoad, land: Shapes | None
) -> tuple[Shapes, I64]:
    """Polygons of one part, simplified; longitudes unbroken."""
    first, last = roads.bend_first[edges], roads.bend_first[edges + 1]
    lat, lon = [roads.lat[live]], [roads.lon[live]]
    if (last > first).any():
        among = np.zeros(len(roads.lat), dtype=bool)
        among[live] = True
        bent = edges[(last > first) & among[roads.u[edges]] & among[roads.v[edges]]]
        count = roads.bend_first[bent + 1] - roads.bend_first[bent]
        bend = np.repeat(roads.bend_first[bent] - np.cumsum(count) + count, count) + np.arange(count.sum())
        lat.append(roads.bend_lat[bend])
        lon.append(roads.bend_lon[bend])
    sheet = Sheet.around(
        np.concatenate(lat), np.concatenate(lon), cell_km=off_road.cell_km, margin_km=off_road.reach_km
    )
    places = sheet.places(roads, nodes, edges)
    dry = None if land is None else sheet.dry(land)
    rules = Rules(breaks, off_road.pace * off_road.cell_km, off_road.reach_km / off_road.cell_km)
    near, soonest = sheet.spread(places, rules, dry)
    shrink = float(np.cos(np.radians(sheet.lat0)))

    def to_plane(x: F64, y: F64) -> F64:
        at_lat, at_lon = sheet.unproject(x, y)
        return np.stack([at_lon * shrink, at_lat], 1)

    polygons, labels = label_polygons(near, soonest, places, rules, to_plane)
    simple = shapely.coverage_simplify(polygons, SIMPLIFY_CELLS * off_road.cell_km / KM_PER_DEGREE)
    keep = ~shapely.is_empty(simple)
    return shapely.transform(simple[keep], lambda xy: xy / [shrink, 1.0]), labels[keep]


def _cut_at_antimeridian(polygons: Shapes, labels: I64) -> tuple[Shapes, I64]:
    """Cut what crosses ±180 degrees and turn the part beyond back."""
    west, _, east, _ = shapely.bounds(polygons).T
    within = (west >= -180) & (east <= 180)  # noqa: PLR2004 - degrees
    pieces, owners = [polygons[within]], [labels[within]]
    for turn in (-360.0, 0.0, 360.0):
        piece = shapely.intersection(polygons[~within], shapely.box(-180 - turn, -91, 180 - turn, 91))
        pieces.append(shapely.transform(piece, _move_east(turn)))
        owners.append(labels[~within])
    return _only_polygons(np.concatenate(pieces), np.concatenate(owners))


def _move_east(degrees: float) -> Callable[[F64], F64]:
    return lambda points: points + np.array([degrees, 0.0])


def _clip(polygons: Shapes, labels: I64, land: Shapes) -> tuple[Shapes, I64]:
    """Keep what lies on land; polygons that lie on it wholly stay as they are."""
    outline = shapely.coverage_union_all(land)
    shapely.prepare(outline)
    wet = ~shapely.covers(outline, polygons)
    polygons = polygons.copy()
    polygons[wet] = shapely.intersection(polygons[wet], outline)
    return _only_polygons(polygons, labels)


def _only_polygons(shapes: Shapes, labels: I64) -> tuple[Shapes, I64]:
    """Take collections apart and drop lines and points, which are left where borders only touch."""
    parts, source = shapely.get_parts(shapes, return_index=True)
    parts, again = shapely.get_parts(parts, return_index=True)
    keep = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)  # noqa: PLR2004 - GEOS' number of polygons
    return parts[keep], labels[source[again[keep]]]


def _rows(polygons: Shapes, labels: I64, *, cumulative: bool) -> gpd.GeoDataFrame:
    """One row a label, with the area."""
    present = np.unique(labels)
    shapes = np.empty(len(present), dtype=object)
    if cumulative:
        for row, label in enumerate(present):
            whole = shapely.coverage_union_all(polygons[labels <= label])
            shapes[row] = shapely.multipolygons(shapely.get_parts(whole))
    elif len(present):
        order = np.argsort(labels, kind="stable")
        shapes[:] = shapely.multipolygons(polygons[order], indices=np.searchsorted(present, labels[order]))
    flat = Transformer.from_crs(CRS, WORLD_EQUAL_AREA, always_xy=True)

    def to_area(points: F64) -> F64:
        return np.stack(flat.transform(points[:, 0], points[:, 1]), 1)

    km2 = shapely.area(shapely.transform(shapes, to_area)) / 1e6
    return gpd.GeoDataFrame({"label": present, "area_km2": km2}, geometry=gpd.GeoSeries(shapes, crs=CRS))
