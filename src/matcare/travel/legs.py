"""The pieces that a trip between snapped points is made of: entries, stretches of one edge, direct local legs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcare.geo import great_circle_km
from matcare.travel.snapping import RoadNetwork, SnappedPoints, expand
from matcare.travel.speeds import local_minutes

__all__ = ["direct_leg_bounds", "direct_legs", "direct_reach_km", "entries", "over_water", "same_edge"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def entries(network: RoadNetwork, points: SnappedPoints) -> tuple[I64, I32, F64]:
    """Point, node and minutes (without end minutes) of every way onto the graph: two per entry, sorted by point."""
    point = np.repeat(np.arange(len(points)), np.diff(points.first))
    along = network.edge_minutes[points.edge]
    node = np.stack([network.graph.u[points.edge], network.graph.v[points.edge]], 1)
    cost = points.leg_minutes[:, None] + np.stack([points.position * along, (1 - points.position) * along], 1)
    return np.repeat(point, 2), node.ravel(), cost.ravel()


def same_edge(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> tuple[I64, I64, F64]:
    """Origin, destination and minutes (without end minutes) of all pairs with entries on one edge."""
    order = np.argsort(destinations.edge, kind="stable")
    to = np.repeat(np.arange(len(destinations)), np.diff(destinations.first))[order]
    low = np.searchsorted(destinations.edge[order], origins.edge, side="left")
    count = np.searchsorted(destinations.edge[order], origins.edge, side="right") - low
    mine = np.repeat(np.arange(len(origins.edge)), count)
    theirs = order[expand(low, count)]
    stretch = np.abs(origins.position[mine] - destinations.position[theirs]) * network.edge_minutes[origins.edge[mine]]
    point = np.repeat(np.arange(len(origins)), np.diff(origins.first))[mine]
    minutes = origins.leg_minutes[mine] + stretch + destinations.leg_minutes[theirs]
    return point, to[expand(low, count)], np.asarray(minutes, dtype=np.float64)


def direct_legs(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64
) -> tuple[F64, F64]:
    """Straight kilometres and minutes (without end minutes) of direct local legs."""
    km = great_circle_km(origins.lat[i], origins.lon[i], destinations.lat[j], destinations.lon[j])
    urban, winding = (origins.urban[i] + destinations.urban[j]) / 2, (origins.winding[i] + destinations.winding[j]) / 2
    return km, local_minutes(network.profile, km, urban, winding)


def direct_reach_km(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64) -> F64:
    """Longest direct local leg of each pair: shorter where the road network serves both ends."""
    both = origins.has_entry[i] & destinations.has_entry[j]
    return np.where(both, network.profile.direct_km, network.profile.reach_km)


def direct_leg_bounds(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, km: F64
) -> tuple[F64, F64]:
    """Minutes of direct legs to destinations as straight as any, were they all rural or all urban.

    No real leg of that length is faster than both.
    """
    winding = (origins.winding[i] + destinations.winding.min()) / 2
    rural = local_minutes(network.profile, km, origins.urban[i] / 2, winding)
    return rural, local_minutes(network.profile, km, (origins.urban[i] + 1) / 2, winding)


def over_water(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64, km: F64
) -> Bools:
    """Tell which direct legs cross open water."""
    if network.land is None:
        return np.zeros(len(i), dtype=bool)
    ends = (origins.lat[i], origins.lon[i], destinations.lat[j], destinations.lon[j])
    return network.land.crosses_water(*ends, km, origins.coast_km[i])
