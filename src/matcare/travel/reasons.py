"""Why a trip has no minutes: too far, no path, no road, or only over water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.chains import Places
from matcare.travel.hierarchy import NO_WAY, Attached
from matcare.travel.ways import ways_of_places

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = [
    "BEYOND_LIMIT",
    "COVERED",
    "FERRY_OR_AIR_ONLY",
    "NO_ROAD_ACCESS",
    "REASONS",
    "UNREACHABLE",
    "connections",
    "why_lost",
]

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

REASONS = ("covered", "beyond_limit", "unreachable", "no_road_access", "ferry_or_air_only")
"""Why a number of minutes is there or not; reason codes count from 0 in this order."""

COVERED, BEYOND_LIMIT, UNREACHABLE, NO_ROAD_ACCESS, FERRY_OR_AIR_ONLY = range(5)


def why_lost(network: RoadNetwork, origins: SnappedPoints, arriving: Attached, refused: Bools) -> npt.NDArray[np.int8]:
    """Tell why each origin has no destination, if it has none.

    Parameters
    ----------
    network : RoadNetwork
    origins : SnappedPoints
    arriving : Attached
        Ways to the destinations.
    refused : numpy.ndarray of bool, shape (origins,)
        A direct leg was refused for the water that it crosses.

    Returns
    -------
    numpy.ndarray of int8, shape (origins,)
        Positions in :data:`REASONS`.
    """
    edge, which = np.unique(origins.water_edge, return_inverse=True)
    served = np.zeros(len(edge), dtype=bool)
    if len(edge) and len(arriving):
        at = Places.on(network.chains, network.times, edge, np.full(len(edge), 0.5))
        served = network.metric.nearest(ways_of_places(network.chains, at), arriving)[1][0] >= 0
    point = np.repeat(np.arange(len(origins)), np.diff(origins.water_first))
    across = np.zeros(len(origins), dtype=bool)
    across[point[served[which]]] = True
    reason = np.where(origins.has_road, UNREACHABLE, NO_ROAD_ACCESS)
    reason[~origins.has_road & (np.diff(origins.water_first) > 0)] = FERRY_OR_AIR_ONLY
    reason[across | refused] = FERRY_OR_AIR_ONLY
    return reason.astype(np.int8)


def connections(network: RoadNetwork, leaving: Attached, arriving: Attached) -> tuple[I64, Bools]:
    """Group origins by the parts of the network that they can enter; tell which destinations each group can reach.

    Parameters
    ----------
    network : RoadNetwork
    leaving, arriving : Attached
        Ways from the origins and to the destinations.

    Returns
    -------
    group : numpy.ndarray of int64, shape (origins,)
    reaches : numpy.ndarray of bool, shape (groups, destinations)
    """
    part = network.component[network.chains.core]
    group, kinds, from_parts = _memberships(part, leaving)
    to_group, to_kinds, to_parts = _memberships(part, arriving)
    example = np.zeros(network.components, np.int32)
    example[part[::-1]] = np.arange(len(part), dtype=np.int32)[::-1]
    path = from_parts[:, None] == to_parts[None, :]
    if not np.array_equal(network.forward < NO_WAY, network.backward < NO_WAY) and path.size:
        ends = [Attached.at_nodes(example[parts]) for parts in (from_parts, to_parts)]
        path = network.metric.table(*ends) < NO_WAY
    reaches = kinds.astype(np.float32) @ path.astype(np.float32) @ to_kinds.T.astype(np.float32) > 0
    return group, np.asarray(reaches[:, to_group], dtype=bool)


def _memberships(part: npt.NDArray[np.int32], attached: Attached) -> tuple[I64, Bools, npt.NDArray[np.int32]]:
    """Group points by the set of parts that their ways lead to: each point's group, each group's parts, the parts."""
    point = np.repeat(np.arange(len(attached)), np.diff(attached.first))
    parts, which = np.unique(part[attached.node], return_inverse=True)
    mixed = np.zeros(len(attached), dtype=bool)
    mixed[point[part[attached.node] != 0]] = True  # all others enter the largest part alone, or none at all
    rows = np.cumsum(mixed) - 1
    member = np.zeros((int(mixed.sum()), len(parts)), dtype=bool)
    some = mixed[point]
    member[rows[point[some]], which[some]] = True
    plain = np.zeros((2, len(parts)), dtype=bool)
    plain[1] = parts == 0
    kinds, signature = np.unique(member, axis=0, return_inverse=True) if len(member) else (member, np.zeros(0, int))
    group = (np.diff(attached.first) > 0).astype(np.int64)
    group[mixed] = 2 + signature.ravel()
    return group, np.concatenate([plain, kinds]), parts.astype(np.int32)
