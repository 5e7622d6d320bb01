"""Direct local legs between close points: how long they are, how far they may reach, whether they cross water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.geo import great_circle_km
from matcare.travel.speeds import local_minutes

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["direct_legs", "direct_pace", "direct_reach_km", "over_water", "roads_near_both"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEAR_SHARE = 0.5
"""The access legs of both ends together, over the direct leg, at which the roads are near enough to be believed."""


def direct_legs(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64
) -> tuple[F64, F64]:
    """Straight kilometres and minutes (without end minutes) of direct local legs."""
    km = great_circle_km(origins.lat[i], origins.lon[i], destinations.lat[j], destinations.lon[j])
    urban, winding = (origins.urban[i] + destinations.urban[j]) / 2, (origins.winding[i] + destinations.winding[j]) / 2
    return km, local_minutes(network.profile, km, urban, winding)


def direct_reach_km(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64) -> F64:
    """Longest direct local leg of each pair: shorter where the network serves both ends, shorter yet on streets."""
    both = origins.has_road[i] & destinations.has_road[j]
    reach = np.where(both, network.profile.direct_km, network.profile.reach_km)
    streets = origins.on_streets[i] & destinations.on_streets[j]
    return np.where(streets, np.minimum(network.profile.street_direct_km, reach), reach)


def direct_pace(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> F64:
    """Fastest minutes per km^(1 − γ) that a direct leg from each origin could have, shape (origins,).

    Were the other end as straight as any, all rural or all urban: no real leg is faster.
    """
    winding = (origins.winding + (destinations.winding.min() if len(destinations) else 0.0)) / 2
    urban = destinations.urban if len(destinations) else np.zeros(1)
    bounds = [
        local_minutes(network.profile, np.ones(len(origins)), (origins.urban + end) / 2, winding)
        for end in (urban.min(), urban.max())
    ]
    return np.minimum(*bounds)


def over_water(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64, km: F64
) -> Bools:
    """Tell which direct legs cross open water."""
    if network.land is None:
        return np.zeros(len(i), dtype=bool)
    ends = (origins.lat[i], origins.lon[i], destinations.lat[j], destinations.lon[j])
    return network.land.crosses_water(*ends, km, origins.coast_km[i])


def roads_near_both(origins: SnappedPoints, destinations: SnappedPoints, i: I64, j: I64, km: F64) -> Bools:
    """Tell which direct legs are long beside the access legs of their ends: the roads there would know a way between.

    A pair whose own way to the roads is as long as the way between the two says nothing about what lies between.
    """
    return origins.nearest_km[i] + destinations.nearest_km[j] <= km * NEAR_SHARE
