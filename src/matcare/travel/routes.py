"""The road of one trip: which edges it follows and the line that a map draws.

On graphs whose edges are chords the line is schematic: it runs straight between waypoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from shapely.ops import substring

from matcare.travel.chains import BLOCKED, Places
from matcare.travel.direct import direct_pairs
from matcare.travel.hierarchy import NO_WAY, Attached
from matcare.travel.searches import Trips
from matcare.travel.ways import MS_PER_MINUTE, milliseconds, places, ways_of_places

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["Route", "route"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Route:
    """The shortest way of one trip.

    Attributes
    ----------
    minutes : float
        As every search finds them; ``NaN`` where there is no way.
    kind : str
        ``road``, ``direct`` (a straight local leg) or ``none``.
    edge : numpy.ndarray of int64, shape (edges,)
        Edges of the graph in the order of travel, the first and last only in part.
    along : numpy.ndarray of bool, shape (edges,)
        Travelled from the edge's `u` to its `v`.
    lat, lon : numpy.ndarray of float64, shape (vertices,)
        The line from the origin to the destination, degrees.
    schematic : bool
        Part of the line is a chord or a straight leg.
    """

    minutes: float
    kind: str
    edge: I64
    along: Bools
    lat: F64
    lon: F64
    schematic: bool


def route(trips: Trips, origin: int, destination: int) -> Route:
    """Find the way of one trip.

    Parameters
    ----------
    trips : Trips
    origin, destination : int
        Positions among the origins and the destinations.

    Returns
    -------
    Route
    """
    network = trips.network
    here, there = trips.origins.take([origin]), trips.destinations.take([destination])
    ends = int(milliseconds(here.end_minutes)[0] + milliseconds(there.end_minutes)[0])
    start, stop = places(network, here), places(network, there)
    by_road, entry, leave, edge, along = _by_road(network, here, there, start, stop)
    direct = direct_pairs(network, here, there)
    direct = direct.take(direct.ms < by_road + ends)
    if len(direct) and not Trips(network, here, there).refused(direct)[0]:
        return Route(
            minutes=int(direct.ms[0]) / MS_PER_MINUTE, kind="direct", edge=np.zeros(0, np.int64),
            along=np.zeros(0, dtype=bool), lat=np.array([here.lat[0], there.lat[0]]),
            lon=np.array([here.lon[0], there.lon[0]]), schematic=True,
        )  # fmt: skip
    if by_road >= NO_WAY:
        nothing = np.zeros(0)
        return Route(
            minutes=float("nan"), kind="none", edge=np.zeros(0, np.int64), along=np.zeros(0, dtype=bool), lat=nothing,
            lon=nothing, schematic=False,
        )  # fmt: skip
    low, high = np.where(along, 0.0, 1.0), np.where(along, 1.0, 0.0)
    low[0], high[-1] = here.position[entry], there.position[leave]
    lat, lon = _line(network, edge, low, high)
    travelled = low != high  # of an edge that is entered or left at its very end nothing is
    edge, along = edge[travelled], along[travelled]
    return Route(
        minutes=(by_road + ends) / MS_PER_MINUTE, kind="road", edge=edge, along=along,
        lat=np.concatenate([here.lat, lat, there.lat]), lon=np.concatenate([here.lon, lon, there.lon]),
        schematic=bool(network.graph.chord[edge].any()),
    )  # fmt: skip


def _by_road(
    network: RoadNetwork, here: SnappedPoints, there: SnappedPoints, start: Places, stop: Places
) -> tuple[int, int, int, I64, Bools]:
    """Milliseconds without end minutes, the entries used, and the edges between them."""
    legs = milliseconds(here.leg_minutes), milliseconds(there.leg_minutes)
    if not len(legs[0]) or not len(legs[1]):
        return NO_WAY, 0, 0, np.zeros(0, np.int64), np.zeros(0, dtype=bool)
    out, into = ways_of_places(network.chains, start), ways_of_places(network.chains, stop, arriving=True)
    ms = network.metric.table(out, into).astype(np.int64)
    mine, theirs = np.nonzero(start.chain[:, None] == stop.chain[None, :])
    stretch = np.full(ms.shape, BLOCKED)
    stretch[mine, theirs] = start.along(mine, stop, theirs)
    stays = stretch < np.minimum(ms, BLOCKED)
    total = np.where(stays, stretch, ms)
    total = np.where(total < NO_WAY, total + legs[0][:, None] + legs[1][None, :], NO_WAY)
    entry, leave = (int(k) for k in np.unravel_index(int(np.argmin(total)), total.shape))
    if total[entry, leave] >= NO_WAY:
        return NO_WAY, entry, leave, np.zeros(0, np.int64), np.zeros(0, dtype=bool)
    if stays[entry, leave]:
        ahead = bool(stop.order[leave] >= start.order[entry])
        edge, along = _between(network, int(here.edge[entry]), int(there.edge[leave]), ahead=ahead)
    else:
        edge, along = _through(network, here, there, entry, leave, out, into, int(ms[entry, leave]))
    return int(total[entry, leave]), entry, leave, edge, along


def _between(network: RoadNetwork, first: int, last: int, *, ahead: bool) -> tuple[I64, Bools]:
    """Edges of a chain from one to another, both included, toward its end B when ahead."""
    chains = network.chains
    step = 1 if ahead else -1
    edge = chains.edge[np.arange(chains.place[first], chains.place[last] + step, step)].astype(np.int64)
    return edge, chains.aligned[edge] == ahead


def _through(
    network: RoadNetwork, here: SnappedPoints, there: SnappedPoints, entry: int, leave: int, out: Attached,
    into: Attached, ms: int,
) -> tuple[I64, Bools]:  # fmt: skip
    """Edges from an entry over junctions to another."""
    chains = network.chains
    mine = range(int(out.first[entry]), int(out.first[entry + 1]))
    theirs = range(int(into.first[leave]), int(into.first[leave + 1]))
    for m in mine:
        for t in theirs:
            path_ms, core_edge, along = network.metric.path(int(out.node[m]), int(into.node[t]))
            if path_ms < NO_WAY and int(out.ms[m]) + path_ms + int(into.ms[t]) == ms:
                parts = [_to_end(network, here, entry, int(out.node[m]), int(out.ms[m]), leaving=True)]
                for chain, ahead in zip(core_edge.tolist(), along.tolist(), strict=True):
                    whole = chains.edge[chains.first[chain] : chains.first[chain + 1]].astype(np.int64)
                    whole = whole if ahead else whole[::-1]
                    parts.append((whole, chains.aligned[whole] == ahead))
                parts.append(_to_end(network, there, leave, int(into.node[t]), int(into.ms[t]), leaving=False))
                return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    raise AssertionError("the table's way is not among the paths")


def _to_end(
    network: RoadNetwork, point: SnappedPoints, entry: int, node: int, ms: int, *, leaving: bool
) -> tuple[I64, Bools]:
    """Edges between a place on an edge and the junction at one end of its chain, in the order of travel."""
    chains, edge, position = network.chains, int(point.edge[entry]), float(point.position[entry])
    chain = int(chains.chain[edge])
    first, last = int(chains.first[chain]), int(chains.first[chain + 1]) - 1
    at = Places.on(chains, network.times, np.array([edge], np.int32), np.array([position]))
    to_a = int(at.to_a[0] if leaving else at.from_a[0])
    toward_a = bool(chains.a[chain] == node and to_a == ms)
    place = int(chains.place[edge])
    if leaving:
        order = np.arange(place, first - 1, -1) if toward_a else np.arange(place, last + 1)
        ahead = not toward_a
    else:
        order = np.arange(first, place + 1) if toward_a else np.arange(last, place - 1, -1)
        ahead = toward_a
    edges = chains.edge[order].astype(np.int64)
    return edges, chains.aligned[edges] == ahead


def _line(network: RoadNetwork, edge: I64, low: F64, high: F64) -> tuple[F64, F64]:
    """Vertices along edges, of each from one share of its length to another."""
    first, lat, lon = network.graph.shapes(edge)
    parts = []
    for number, (begin, end) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        shape = slice(first[number], first[number + 1])
        whole = shapely.LineString(np.stack([lon[shape], lat[shape]], 1))
        parts.append(shapely.get_coordinates(substring(whole, begin, end, normalized=True)))
    vertices = np.concatenate(parts)
    fresh = np.ones(len(vertices), dtype=bool)
    fresh[1:] = (vertices[1:] != vertices[:-1]).any(axis=1)
    return vertices[fresh, 1], vertices[fresh, 0]
