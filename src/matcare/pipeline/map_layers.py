"""The layers of a state's map, made from an opened study area: ground within reach, catchments, typical drives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod

from matcare.contracts import COVERAGE_MINUTES
from matcare.geo import CRS
from matcare.publish.map.layers import MOST_POINTS, Drive, MapLayers, TypicalPoint
from matcare.travel import drive_areas
from matcare.travel.polygons import catchments, isochrones
from matcare.travel.routes import route

if TYPE_CHECKING:
    from matcare.pipeline.study_area import OpenedArea
    from matcare.travel.searches import Trips

__all__ = ["state_layers", "typical_points"]

F64 = npt.NDArray[np.float64]

DRAWN: Final = ("birth_care", "birth_care_corroborated", "neonatal_3_plus", "neonatal_3_plus_or_nicu")
"""Services to whose nearest unit a road is drawn; a unit that an earlier one leads to is drawn once."""

_OTHERWISE: Final = {"birth_care_corroborated": "birth_care", "neonatal_3_plus_or_nicu": "neonatal_3_plus"}
"""Services that are told only where their answer is not that of another."""

_SMALL_KM2: Final = 60_000.0
_FINE_CELL_KM, _USUAL_CELL_KM = 1.0, 2.0
_REACH_KM: Final = 15.0
_MARGIN_DEGREES: Final = 0.5
"""Roads up to here outside the region's bounds still shape the ground inside: farther than a leg off the road."""


def state_layers(
    opened: OpenedArea, *, block_groups: pd.DataFrame, counties: gpd.GeoDataFrame, limit_minutes: float
) -> MapLayers | None:
    """Draw what a map of some states shows beside counties and facilities.

    Parameters
    ----------
    opened : OpenedArea
        The run's study area: its roads, its facilities in force.
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`: the region's demand points in the order of ``opened.demand_of_region()``, with minutes.
    counties : geopandas.GeoDataFrame
        The region's counties with polygons in EPSG:4326; a county may lack its polygon.
    limit_minutes : float
        The run's search limit; ground farther than this belongs to no catchment.

    Returns
    -------
    MapLayers or None
        A region without roads, women or units has empty layers. None where the region has more block groups than a
        page can hold (:data:`matcare.publish.map.layers.MOST_POINTS`), such as the nation.
    """
    if len(block_groups) > MOST_POINTS:
        return None
    cell_km = _cell_km(counties)
    reach, ground = _ground(opened, counties, limit_minutes, cell_km)
    return MapLayers(
        isochrones=reach, catchments=ground, typical=typical_points(opened, block_groups, counties), cell_km=cell_km
    )


def _cell_km(counties: gpd.GeoDataFrame) -> float:
    """Finer squares where the region is small."""
    geod = Geod(ellps="WGS84")
    shapes = counties.geometry[~(counties.geometry.isna() | counties.geometry.is_empty)]
    km2 = sum(abs(geod.geometry_area_perimeter(shape)[0]) for shape in shapes) / 1e6
    return _FINE_CELL_KM if km2 <= _SMALL_KM2 else _USUAL_CELL_KM


def _ground(
    opened: OpenedArea, counties: gpd.GeoDataFrame, limit_minutes: float, cell_km: float
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Isochrones of any birth care and catchments of each unit, of the region alone."""
    network, facilities = opened.area.trips.network, opened.area.facilities
    rows = opened.area.rows("birth_care")
    outline = _outline(counties)
    columns: dict[str, Any] = {"facility_id": [], "facility_name": []}
    if not len(rows) or outline is None:
        nothing = gpd.GeoSeries([], crs=CRS)
        return gpd.GeoDataFrame({"minutes_to": []}, geometry=nothing), gpd.GeoDataFrame(columns, geometry=nothing)
    limit = max(limit_minutes, *COVERAGE_MINUTES)
    found = drive_areas.nodes_to_nearest(network, opened.area.trips.destinations.take(rows), limit_minutes=limit)
    lat, lon = network.graph.lat, network.graph.lon
    west, south, east, north = outline.bounds
    near = (lat > south - _MARGIN_DEGREES) & (lat < north + _MARGIN_DEGREES)
    near &= (lon > west - _MARGIN_DEGREES / np.cos(np.radians(lat))) & (
        lon < east + _MARGIN_DEGREES / np.cos(np.radians(lat))
    )
    minutes = np.where(near, found.minutes, np.nan)
    roads = drive_areas.polygon_roads(network)
    shared: dict[str, Any] = {**roads, "cell_km": cell_km, "reach_km": _REACH_KM}
    within = np.where(minutes <= max(COVERAGE_MINUTES), minutes, np.nan)
    reach = isochrones(lat, lon, within, breaks=COVERAGE_MINUTES, cumulative=True, **shared)
    whose = catchments(lat, lon, minutes, found.destination.astype(np.int64), **shared)
    units = facilities.iloc[rows[whose["destination"].to_numpy(dtype=np.int64)]]
    named = whose.assign(**{name: units[name].to_numpy(dtype=object) for name in columns})
    return _inside(reach[["minutes_to", "geometry"]], outline), _inside(named[[*columns, "geometry"]], outline)


def _outline(counties: gpd.GeoDataFrame) -> Any:
    """Return the region's ground as one geometry; None where no county has a polygon."""
    shapes = np.asarray(counties.geometry.array)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        return None
    outline = shapely.union_all(shapely.make_valid(shapes))
    shapely.prepare(outline)
    return outline


def _inside(frame: gpd.GeoDataFrame, outline: Any) -> gpd.GeoDataFrame:
    """Keep the ground of the region: every shape is cut by the same outline, so what was nested stays nested."""
    shapes = np.asarray(frame.geometry.array)
    kept = np.where(shapely.covers(outline, shapes), shapes, shapely.intersection(shapes, outline))
    ground = [_only_polygons(shape) for shape in kept]
    clipped = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=gpd.GeoSeries(ground, crs=CRS))
    return clipped[~clipped.geometry.is_empty].reset_index(drop=True)


def _only_polygons(shape: Any) -> Any:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def typical_points(opened: OpenedArea, block_groups: pd.DataFrame, counties: pd.DataFrame) -> tuple[TypicalPoint, ...]:
    """Find each county's typical block group, and its drive to the nearest units.

    It is the women-weighted median of minutes to the nearest birth care: in the order of minutes, the first block group
    at which half of the county's women are reached; those without minutes come last. Where half or more have none, no
    block group stands for the county. Where a county's women are not known or none, people count in their place.

    Parameters
    ----------
    opened : OpenedArea
        As in :func:`state_layers`.
    block_groups : pandas.DataFrame
        As in :func:`state_layers`.
    counties : pandas.DataFrame
        ``county_fips``, in the order of the result.

    Returns
    -------
    tuple of TypicalPoint
        One a county.
    """
    trips = opened.trips_of_region()
    position = pd.Series(np.arange(len(opened.area.facilities)), index=opened.area.facilities["facility_id"])
    streets = bool((~trips.network.graph.chord).any())
    points = block_groups.reset_index(drop=True)
    rows = points.groupby("county_fips").indices
    found = []
    for fips in counties["county_fips"]:
        row, weighed_by, weight, reason = _median(points.iloc[rows.get(fips, [])])
        place = None if row is None else points.iloc[row]
        found.append(
            TypicalPoint(
                county_fips=str(fips),
                demand_id=None if place is None else str(place["demand_id"]),
                lat=float("nan") if place is None else float(place["lat"]),
                lon=float("nan") if place is None else float(place["lon"]),
                weight=weight,
                weighed_by=weighed_by,
                reason=reason,
                drives=() if row is None or place is None else _drives(trips, row, place, position, streets=streets),
            )
        )
    return tuple(found)


def _median(points: pd.DataFrame) -> tuple[int | None, str, float, str]:
    """Return the row of the median block group of one county (or None), what it is weighed by, its weight, why."""
    weighed_by, weight = "women_15_44", points["women_15_44"].fillna(0.0).to_numpy(dtype=np.float64)
    if not weight.sum() > 0:
        weighed_by, weight = "people", points["people"].fillna(0.0).to_numpy(dtype=np.float64)
    if not weight.sum() > 0:
        return None, "nobody", float("nan"), "no_demand_points"
    minutes = points["minutes_birth_care"].to_numpy(dtype=np.float64)
    order = np.lexsort((points["demand_id"].to_numpy(dtype=str), np.where(np.isnan(minutes), np.inf, minutes)))
    reached = np.cumsum(weight[order])
    middle = order[int(np.searchsorted(reached, reached[-1] / 2 * (1 - 1e-12)))]
    if np.isnan(minutes[middle]):
        lost = np.isnan(minutes)
        by_reason = pd.Series(weight[lost]).groupby(points["reason_birth_care"].to_numpy()[lost]).sum()
        return None, weighed_by, float("nan"), str(by_reason.idxmax())
    return int(points.index[middle]), weighed_by, float(weight[middle]), "covered"


def _drives(
    trips: Trips, row: int, place: pd.Series[Any], position: pd.Series[Any], *, streets: bool
) -> tuple[Drive, ...]:
    """Return the drives of one block group; a service whose answer is that of another is left out."""
    drives: list[Drive] = []
    for service in DRAWN:
        unit, reason = place[f"facility_id_{service}"], str(place[f"reason_{service}"])
        other = _OTHERWISE.get(service)
        if other is not None and _same(place, service, other):
            continue
        drive = Drive(
            service=service, facility_id=None, minutes=float("nan"), reason=reason, way="", lat=np.zeros(0),
            lon=np.zeros(0),
        )  # fmt: skip
        drives.append(drive if pd.isna(unit) else _drawn(trips, row, drive, place, int(position[unit]), streets))
    return tuple(drives)


def _same(place: pd.Series[Any], one: str, other: str) -> bool:
    unit, others = place[f"facility_id_{one}"], place[f"facility_id_{other}"]
    if pd.isna(unit) or pd.isna(others):
        return bool(pd.isna(unit) and pd.isna(others) and place[f"reason_{one}"] == place[f"reason_{other}"])
    return bool(unit == others)


def _drawn(trips: Trips, row: int, drive: Drive, place: pd.Series[Any], destination: int, streets: bool) -> Drive:  # noqa: FBT001 - private
    """Fill in the line of one drive; its minutes are those of the block group."""
    found = route(trips, row, destination)
    if found.kind == "direct":
        way = "direct"
    elif not found.schematic:
        way = "streets"
    else:
        way = "highways_and_streets" if streets else "highways"
    return replace(
        drive,
        facility_id=str(place[f"facility_id_{drive.service}"]),
        minutes=float(place[f"minutes_{drive.service}"]),
        way=way if len(found.lat) else "",
        lat=found.lat,
        lon=found.lon,
    )
