"""Isochrones and catchments of facilities on a road network, by the minutes that every search finds.

People are never counted by these polygons, but by the minutes of the places where they live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from matcare.travel.hierarchy import NO_WAY
from matcare.travel.polygons import catchments, isochrones
from matcare.travel.searches import Nearest, Trips
from matcare.travel.snapping import SnappedPoints
from matcare.travel.speeds import USUAL_WINDING, controlled, end_minutes, urban_share
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from matcare.travel.snapping import RoadNetwork

__all__ = ["drive_catchments", "drive_isochrones", "node_points", "nodes_to_nearest", "polygon_roads"]

F64 = npt.NDArray[np.float64]


def node_points(network: RoadNetwork) -> SnappedPoints:
    """Make every node of a graph a point of its own that stands on the road, without an access leg.

    Parameters
    ----------
    network : RoadNetwork

    Returns
    -------
    SnappedPoints
        As many as nodes; one that no edge meets has no entry.
    """
    graph = network.graph
    nodes, edges = len(graph.lat), np.arange(len(graph.u))
    edge = np.full(nodes, -1, np.int64)
    edge[graph.v[::-1]] = edges[::-1]
    edge[graph.u[::-1]] = edges[::-1]
    has = edge >= 0
    own = edge[has]
    urban = urban_share(network.profile, network.density.at(graph.lat, graph.lon))
    on_streets, street = np.zeros(nodes, dtype=bool), ~graph.chord
    on_streets[graph.u[street]] = on_streets[graph.v[street]] = True
    nothing = np.zeros(nodes + 1, np.int64)
    return SnappedPoints(
        lat=graph.lat, lon=graph.lon, urban=urban, end_minutes=end_minutes(network.profile, urban),
        winding=np.full(nodes, USUAL_WINDING), coast_km=np.zeros(nodes), on_streets=on_streets,
        nearest_km=np.where(has, 0.0, np.inf),
        first=np.concatenate([[0], np.cumsum(has)]).astype(np.int64), edge=own.astype(np.int32),
        position=np.where(graph.u[own] == np.flatnonzero(has), 0.0, 1.0), leg_km=np.zeros(len(own)),
        leg_minutes=np.zeros(len(own)), water_first=nothing, water_edge=np.zeros(0, np.int32),
    )  # fmt: skip


def nodes_to_nearest(
    network: RoadNetwork, destinations: SnappedPoints, *, limit_minutes: float | None = None
) -> Nearest:
    """Find the nearest destination of every node of the graph.

    Parameters
    ----------
    network : RoadNetwork
    destinations : SnappedPoints
    limit_minutes : float, optional
        Farther does not count.

    Returns
    -------
    Nearest
        One row a node; minutes include those at the ends of a trip, as for people who live there.
    """
    return Trips(network, node_points(network), destinations).nearest(limit_minutes=limit_minutes)[0]


def drive_isochrones(
    network: RoadNetwork,
    destinations: SnappedPoints,
    *,
    breaks: Sequence[float] = (15.0, 30.0, 60.0),
    cumulative: bool = False,
    cell_km: float = 1.0,
    reach_km: float = 15.0,
) -> gpd.GeoDataFrame:
    """Draw the ground from which the nearest of some facilities is within so many minutes.

    Parameters
    ----------
    network : RoadNetwork
    destinations : SnappedPoints
        One facility or several.
    breaks : sequence of float
        Minutes, rising; within T is ≤ T.
    cumulative : bool
        Each row begins at 0 minutes; without it rows are bands that do not overlap.
    cell_km, reach_km : float
        As for :func:`matcare.travel.polygons.isochrones`.

    Returns
    -------
    geopandas.GeoDataFrame
        See :func:`matcare.travel.polygons.isochrones`.
    """
    found = nodes_to_nearest(network, destinations, limit_minutes=max(breaks))
    return isochrones(
        network.graph.lat, network.graph.lon, found.minutes, **polygon_roads(network), breaks=breaks,
        cumulative=cumulative, cell_km=cell_km, reach_km=reach_km,
    )  # fmt: skip


def drive_catchments(
    network: RoadNetwork,
    destinations: SnappedPoints,
    *,
    limit_minutes: float | None = None,
    cell_km: float = 2.0,
    reach_km: float = 15.0,
) -> gpd.GeoDataFrame:
    """Draw for every facility the ground that it is nearest to in minutes.

    Parameters
    ----------
    network : RoadNetwork
    destinations : SnappedPoints
    limit_minutes : float, optional
        Ground farther than this from every facility belongs to none.
    cell_km, reach_km : float
        As for :func:`matcare.travel.polygons.catchments`.

    Returns
    -------
    geopandas.GeoDataFrame
        See :func:`matcare.travel.polygons.catchments`; ``destination`` is the position among `destinations`.
    """
    found = nodes_to_nearest(network, destinations, limit_minutes=limit_minutes)
    return catchments(
        network.graph.lat, network.graph.lon, found.minutes, found.destination, **polygon_roads(network),
        cell_km=cell_km, reach_km=reach_km,
    )  # fmt: skip


def polygon_roads(network: RoadNetwork) -> dict[str, Any]:
    """Return what polygons are drawn from: edges in minutes, and how ground off the road is reached.

    Parameters
    ----------
    network : RoadNetwork

    Returns
    -------
    dict
        Keywords of :func:`matcare.travel.polygons.isochrones` and ``catchments``: both directions of every edge in
        minutes (infinite where closed), and the rural pace of local streets in minutes a kilometre.
    """
    graph, profile = network.graph, network.profile
    minutes = [np.where(ms < NO_WAY, ms / MS_PER_MINUTE, np.inf) for ms in (network.forward, network.backward)]
    return {
        "u": graph.u, "v": graph.v, "edge_minutes": minutes[0], "edge_minutes_back": minutes[1],
        "ends_only": controlled(graph, profile), "bends": (graph.bend_first, graph.bend_lat, graph.bend_lon),
        "pace": 60 * profile.detour_factor / profile.local_km_per_h[0],
        "land": None if network.land is None else network.land.polygons,
    }  # fmt: skip
