"""Minutes from many points to many points: the nearest, all within a limit, a full table.

The minutes of a pair are the least of

* end minutes + access leg + along the edge + shortest path + along the edge + access leg + end minutes, over all
  entries of both points;
* for entries on the same edge: end minutes + access leg + the stretch between them + access leg + end minutes;
* for points within the profile's reach of each other: end minutes + the direct local leg + end minutes, where it
  crosses no open water.

Shortest paths are SciPy's Dijkstra with each destination as a node of its own whose arcs are its entries, so
nothing is rounded or approximated. "Within T" is ≤ T. No minutes are ``NaN`` with a reason: there is no sentinel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from matcare.travel.legs import direct_leg_bounds, direct_legs, direct_reach_km, entries, over_water, same_edge
from matcare.travel.snapping import RoadNetwork, SnappedPoints, expand
from matcare.travel.speeds import unit_vectors

__all__ = ["REASONS", "Nearest", "Pairs", "nearest", "table", "within"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

REASONS = ("covered", "beyond_limit", "unreachable", "no_road_access", "ferry_or_air_only")
"""Why a number of minutes is there or not; :attr:`Nearest.reason_code` counts from 0 in this order."""

COVERED, BEYOND_LIMIT, UNREACHABLE, NO_ROAD_ACCESS, FERRY_OR_AIR_ONLY = range(5)
FIRST_NEIGHBOURS = 4


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest destination of each origin.

    Attributes
    ----------
    minutes : numpy.ndarray of float64, shape (origins,)
        ``NaN`` when there is none.
    destination : numpy.ndarray of int32, shape (origins,)
        Position among the destinations, −1 when there is none; of several equally near, the lowest.
    reason_code : numpy.ndarray of int8, shape (origins,)
        Position in :data:`REASONS`.
    """

    minutes: F64
    destination: I32
    reason_code: npt.NDArray[np.int8]

    @property
    def reason(self) -> npt.NDArray[np.str_]:
        """The reason in words, shape (origins,)."""
        return np.asarray(REASONS)[self.reason_code]


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs within a limit, sorted by destination, then by origin.

    Attributes
    ----------
    origin, destination : numpy.ndarray of int32, shape (pairs,)
        Positions among the points given.
    minutes : numpy.ndarray of float64, shape (pairs,)
        At most the limit.
    beyond_limit : numpy.ndarray of int32, shape (origins,)
        How many destinations can be reached from the origin, but not within the limit.
    without_path : numpy.ndarray of int32, shape (origins,)
        How many destinations no road and no direct leg reaches. Pairs, those beyond the limit and these are all.
    """

    origin: I32
    destination: I32
    minutes: F64
    beyond_limit: I32
    without_path: I32


def nearest(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, *, limit_minutes: float | None = None
) -> Nearest:
    """Find each origin's nearest destination.

    Parameters
    ----------
    network : RoadNetwork
        The network that both were snapped to.
    origins, destinations : SnappedPoints
        From :meth:`RoadNetwork.snap`; snapped once, they serve any number of searches.
    limit_minutes : float, optional
        A destination farther than this does not count; at exactly this it does.

    Returns
    -------
    Nearest
    """
    from_node, label = _minutes_from_any(network, destinations)
    point, node, cost = entries(network, origins)
    minutes = np.full(len(origins), np.inf)
    destination = np.full(len(origins), -1, np.int32)
    _keep_lower(minutes, destination, point, cost + from_node[node], label[node])
    a, b, between = same_edge(network, origins, destinations)
    _keep_lower(minutes, destination, a, between + destinations.end_minutes[b], b)
    wet = _direct_nearest(network, origins, destinations, minutes, destination)
    minutes += origins.end_minutes
    reason = np.full(len(origins), COVERED, np.int8)
    if limit_minutes is not None:
        reason[minutes > limit_minutes] = BEYOND_LIMIT
    lost = np.isinf(minutes)
    reason[lost] = _why_lost(network, origins, np.isfinite(from_node), wet)[lost]
    minutes[reason != COVERED] = np.nan
    destination[reason != COVERED] = -1
    return Nearest(minutes, destination, reason)


def within(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, *, limit_minutes: float) -> Pairs:
    """Find all pairs of an origin and a destination at most `limit_minutes` apart.

    Parameters
    ----------
    network : RoadNetwork
        The network that both were snapped to.
    origins, destinations : SnappedPoints
    limit_minutes : float
        Pairs at exactly this many minutes are in.

    Returns
    -------
    Pairs
        Destinations are searched one by one: memory grows with the pairs found, not with origins times destinations.
    """
    signature, connected = _connections(network, origins, destinations)
    reachable = connected.sum(axis=1)[signature].astype(np.int32)
    found_origin, found_destination, found_minutes = [], [], []
    inside = np.zeros(len(origins), np.int32)
    search = _OneByOne(network, origins, destinations)
    for j in range(len(destinations)):
        minutes, direct_only = search.minutes_to(j, limit_minutes, connected[signature, j])
        reachable[direct_only] += 1
        hit = np.flatnonzero(minutes <= limit_minutes)
        inside[hit] += 1
        found_origin.append(hit.astype(np.int32))
        found_destination.append(np.full(len(hit), j, np.int32))
        found_minutes.append(minutes[hit])
    nothing: list[npt.NDArray[np.int32]] = [np.zeros(0, np.int32)]
    return Pairs(
        np.concatenate(found_origin or nothing),
        np.concatenate(found_destination or nothing),
        np.concatenate(found_minutes or [np.zeros(0)]),
        reachable - inside,
        (len(destinations) - reachable).astype(np.int32),
    )


def table(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> F64:
    """Minutes of every origin to every destination.

    Parameters
    ----------
    network : RoadNetwork
        The network that both were snapped to.
    origins, destinations : SnappedPoints

    Returns
    -------
    numpy.ndarray of float64, shape (origins, destinations)
        ``NaN`` where nothing connects the pair.
    """
    minutes = np.empty((len(origins), len(destinations)))
    search = _OneByOne(network, origins, destinations)
    for j in range(len(destinations)):
        minutes[:, j] = search.minutes_to(j, np.inf, None)[0]
    minutes[np.isinf(minutes)] = np.nan
    return minutes


def _minutes_from_any(network: RoadNetwork, destinations: SnappedPoints) -> tuple[F64, I32]:
    """Minutes from every node to its nearest destination, end minutes there included, and which one it is."""
    nodes = len(network.graph.lat)
    point, node, cost = entries(network, destinations)
    cost = cost + destinations.end_minutes[point]
    order = np.lexsort((point, cost, node))
    order = order[np.concatenate([[True], np.diff(node[order]) > 0])] if len(order) else order
    label = np.full(nodes, -1, np.int32)
    if not len(order):
        return np.full(nodes, np.inf), label
    arcs = network.arcs
    row = np.concatenate([arcs.indptr, [arcs.indptr[-1] + len(order)]])
    column = np.concatenate([arcs.indices, node[order]])
    weight = np.concatenate([arcs.data, cost[order]])
    graph = csr_array((weight, column, row), shape=(nodes + 1, nodes + 1))
    found, trees = dijkstra(graph, indices=np.array([nodes]), return_predecessors=True)
    minutes, before = found[0, :nodes], trees[0, :nodes]
    root = np.arange(nodes + 1)
    inner = np.flatnonzero((before >= 0) & (before < nodes))
    root[inner] = before[inner]
    while True:  # each round doubles the length of path that is followed to its root
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    at = np.full(nodes + 1, -1, np.int32)
    at[node[order]] = point[order]
    reached = np.isfinite(minutes)
    label[reached] = at[root[:nodes][reached]]
    entered = node[order][cost[order] == minutes[node[order]]]
    label[entered] = np.minimum(label[entered], at[entered])
    _lowest_of_equals(arcs, minutes, label)
    return minutes, label


def _lowest_of_equals(arcs: csr_array, minutes: F64, label: I32) -> None:
    """Where two destinations are exactly equally near a node, let the lower number stand, and pass it on."""
    source = np.repeat(np.arange(len(minutes)), np.diff(arcs.indptr))
    with np.errstate(invalid="ignore"):
        tight = np.flatnonzero(minutes[source] + arcs.data == minutes[arcs.indices])
    source, target = source[tight], arcs.indices[tight]
    while True:
        lower = label[source] < label[target]
        lower &= label[source] >= 0
        if not lower.any():
            return
        np.minimum.at(label, target[lower], label[source[lower]])


def _keep_lower(
    minutes: F64, destination: I32, point: npt.NDArray[np.integer], new: F64, to: npt.NDArray[np.integer]
) -> None:
    """Lower minutes win; of equal minutes the lower destination."""
    better = np.isfinite(new) & ((new < minutes[point]) | ((new == minutes[point]) & (to < destination[point])))
    point, new, to = point[better], new[better], to[better]
    if not len(point):
        return
    least = minutes.copy()
    np.minimum.at(least, point, new)
    equal = new == least[point]
    chosen = np.full(len(minutes), np.iinfo(np.int32).max, np.int32)
    kept = minutes == least
    chosen[kept & (destination >= 0)] = destination[kept & (destination >= 0)]
    np.minimum.at(chosen, point[equal], to[equal].astype(np.int32))
    touched = np.unique(point)
    minutes[touched], destination[touched] = least[touched], chosen[touched]


def _direct_nearest(
    network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints, minutes: F64, destination: I32
) -> Bools:
    """Put direct local legs where they are shorter; tell which origins had one refused for water.

    Destinations are looked at by distance until the next could not be nearer in minutes even at the fastest pace.
    """
    refused = np.zeros(len(origins), dtype=bool)
    if not len(destinations):
        return refused
    reach = max(network.profile.reach_km, network.profile.direct_km)
    tree = cKDTree(unit_vectors(destinations.lat, destinations.lon))
    vectors = unit_vectors(origins.lat, origins.lon)
    least_end, seen, count = float(destinations.end_minutes.min()), 0, FIRST_NEIGHBOURS
    open_ = np.arange(len(origins))
    while len(open_) and seen < len(destinations):
        count = min(count, len(destinations))
        # A chord is a hair shorter than its arc; two points within reach of each other are never missed.
        ranks = list(range(seen + 1, count + 1))
        found = tree.query(vectors[open_], k=ranks, distance_upper_bound=reach, workers=-1)
        far, near = np.asarray(found[0]), np.asarray(found[1])
        known = near < len(destinations)
        i, j = np.broadcast_to(open_[:, None], near.shape)[known], near[known]
        km, leg = direct_legs(network, origins, destinations, i, j)
        leg = leg + destinations.end_minutes[j]
        useful = km <= direct_reach_km(network, origins, destinations, i, j)
        useful &= (leg < minutes[i]) | ((leg == minutes[i]) & (j < destination[i]))
        i, j, km, leg = i[useful], j[useful], km[useful], leg[useful]
        wet = over_water(network, origins, destinations, i, j, km)
        refused[i[wet]] = True
        _keep_lower(minutes, destination, i[~wet], leg[~wet], j[~wet])
        last = far[:, -1]
        going = np.isfinite(last)
        fastest = np.minimum(*direct_leg_bounds(network, origins, destinations, open_, np.where(going, last, 0)))
        open_ = open_[going & (fastest + least_end <= minutes[open_])]
        seen, count = count, 4 * count
    return refused


def _why_lost(network: RoadNetwork, origins: SnappedPoints, node_served: Bools, wet: Bools) -> npt.NDArray[np.int8]:
    """Reason of each origin if it has no destination."""
    served = np.zeros(network.graph.components + 1, dtype=bool)
    served[network.graph.component[node_served]] = True
    across = np.zeros(len(origins), dtype=bool)
    point = np.repeat(np.arange(len(origins)), np.diff(origins.water_first))
    across[point[served[network.graph.component[network.graph.u[origins.water_edge]]]]] = True
    reason = np.where(origins.has_entry, UNREACHABLE, NO_ROAD_ACCESS)
    reason[~origins.has_entry & (np.diff(origins.water_first) > 0)] = FERRY_OR_AIR_ONLY
    reason[across | wet] = FERRY_OR_AIR_ONLY
    return reason.astype(np.int8)


def _connections(network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> tuple[I64, Bools]:
    """Group origins by the parts of the graph they can enter; tell which destinations each group has a road to."""
    parts = max(network.graph.components, 1)

    def enters(points: SnappedPoints) -> Bools:
        member = np.zeros((len(points), parts), dtype=bool)
        point = np.repeat(np.arange(len(points)), np.diff(points.first))
        member[point, network.graph.component[network.graph.u[points.edge]]] = True
        return member

    kinds, signature = np.unique(np.packbits(enters(origins), axis=1), axis=0, return_inverse=True)
    kind = np.unpackbits(kinds, axis=1, count=parts).astype(np.float32)
    return signature.ravel(), kind @ enters(destinations).T.astype(np.float32) > 0


class _OneByOne:
    """Minutes from all origins to one destination after another."""

    def __init__(self, network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> None:
        self.network, self.origins, self.destinations = network, origins, destinations
        nodes = len(network.graph.lat)
        point, node, cost = entries(network, destinations)
        count = np.bincount(point, minlength=len(destinations))
        arcs = network.arcs
        self.graph = csr_array(
            (
                np.concatenate([arcs.data, cost]),
                np.concatenate([arcs.indices, node]),
                np.concatenate([arcs.indptr, arcs.indptr[-1] + np.cumsum(count)]),
            ),
            shape=(nodes + len(destinations),) * 2,
        )
        entry_point, entry_node, self.entry_cost = entries(network, origins)
        order = np.argsort(entry_node, kind="stable")
        self.entry_point, self.entry_cost = entry_point[order], self.entry_cost[order]
        self.entry_first = np.searchsorted(entry_node[order], np.arange(nodes + 1))
        a, b, between = same_edge(network, origins, destinations)
        order = np.argsort(b, kind="stable")
        self.pair_origin, self.pair_minutes = a[order], between[order]
        self.pair_first = np.searchsorted(b[order], np.arange(len(destinations) + 1))
        self.tree = cKDTree(unit_vectors(origins.lat, origins.lon))

    def minutes_to(self, j: int, limit: float, connected: Bools | None) -> tuple[F64, I64]:
        """Minutes to destination `j`, end minutes included, infinite where farther than a little over the limit.

        With `connected` (by road, per origin) also the origins that only a direct leg connects, however long it takes.
        """
        nodes = len(self.network.graph.lat)
        from_node = dijkstra(self.graph, indices=np.array([nodes + j]), limit=limit)[0, :nodes]
        node = np.flatnonzero(np.isfinite(from_node))
        count = np.diff(self.entry_first)[node]
        entry = expand(self.entry_first[node], count)
        minutes = np.full(len(self.origins), np.inf)
        np.minimum.at(minutes, self.entry_point[entry], self.entry_cost[entry] + np.repeat(from_node[node], count))
        pair = slice(self.pair_first[j], self.pair_first[j + 1])
        np.minimum.at(minutes, self.pair_origin[pair], self.pair_minutes[pair])
        direct_only = self._direct_to(j, minutes, connected)
        minutes += self.origins.end_minutes + self.destinations.end_minutes[j]
        return minutes, direct_only

    def _direct_to(self, j: int, minutes: F64, connected: Bools | None) -> I64:
        reach = max(self.network.profile.reach_km, self.network.profile.direct_km)
        center = unit_vectors(self.destinations.lat[j], self.destinations.lon[j])
        i = np.sort(np.asarray(self.tree.query_ball_point(center, reach), dtype=np.int64))
        to = np.full(len(i), j, np.int64)
        km, leg = direct_legs(self.network, self.origins, self.destinations, i, to)
        useful = km <= direct_reach_km(self.network, self.origins, self.destinations, i, to)
        useful &= (leg < minutes[i]) | (False if connected is None else ~connected[i])
        i, to, km, leg = i[useful], to[useful], km[useful], leg[useful]
        dry = ~over_water(self.network, self.origins, self.destinations, i, to, km)
        i, leg = i[dry], leg[dry]
        minutes[i] = np.minimum(minutes[i], leg)
        return i[~connected[i]] if connected is not None else np.zeros(0, np.int64)
