"""Made roads, and the milliseconds between points by a way of its own.

The oracle knows the graph, the milliseconds of its edges and the entries of the points, and nothing of chains, ways or
hierarchies: every entry is a node that cuts its edge, every point a node beside its entries, and SciPy's Dijkstra runs
on what results. Direct legs are looked at pair by pair.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from matcare.scenario import Profile
from matcare.travel.graph import RoadGraph
from matcare.travel.snapping import RoadNetwork, SnappedPoints
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land

CLOSED = 2**30 - 1


@pytest.fixture(scope="session")
def nobody():
    return PopulationDensity.from_points([], [], [])


@pytest.fixture(scope="session")
def made_graph():
    # A road along 44.0° from -70.0 to -69.0, one north from its middle, and a road alone 2° west of everything.
    nodes = pd.DataFrame(
        {
            "node": [10, 11, 12, 13, 20, 21],
            "lat": [44.0, 44.0, 44.0, 44.4, 44.0, 44.2],
            "lon": [-70.0, -69.5, -69.0, -69.5, -72.0, -72.0],
        }
    )
    edges = pd.DataFrame(
        {
            "u": [10, 11, 11, 20],
            "v": [11, 12, 13, 21],
            "road_class": ["interstate", "us_highway", "state_highway", "state_highway"],
        }
    )
    return RoadGraph.from_frames(nodes, edges)


@pytest.fixture(scope="session")
def made_land():
    mainland = shapely.box(-74, 43.95, -68.9, 46)
    island = shapely.box(-69.3, 43.75, -69.1, 43.85)  # 11 km of water between
    return Land.from_polygons([mainland, island])


@pytest.fixture(scope="session")
def made(made_graph, nobody, made_land):
    return RoadNetwork(made_graph, load_profile("typical"), nobody, made_land)


@pytest.fixture(scope="session")
def simple_profile():
    """A minute a kilometre on every road and across country, and half a minute at each end of a trip."""
    return Profile(
        name="simple", km_per_h={}, other_km_per_h=(60.0, 60.0), local_km_per_h=(60.0, 60.0), detour_factor=1.0,
        end_minutes=(0.5, 0.5), density_midpoint_per_km2=1000.0, density_exponent=1.0, density_kernel_km=2.0,
        reach_km=10.0, direct_km=1e-6, street_direct_km=1e-6, access_candidates=500, controlled_access=("motorway",),
    )  # fmt: skip


def entered(entries, *, end_minutes=0.0, lat=None, lon=None):
    """Points with entries of one's own: for each a list of (edge, position, milliseconds of the leg)."""
    count = len(entries)
    flat = [entry for some in entries for entry in some]
    edge, position, leg = (np.array([entry[k] for entry in flat]) for k in range(3))
    return SnappedPoints(
        lat=np.full(count, 44.0) if lat is None else np.asarray(lat, float),
        lon=np.linspace(-70, -69, count) if lon is None else np.asarray(lon, float),
        urban=np.zeros(count), end_minutes=np.full(count, end_minutes), winding=np.full(count, 0.1),
        coast_km=np.full(count, np.inf), on_streets=np.zeros(count, bool),
        nearest_km=np.array([min((leg for _, _, leg in some), default=np.inf) / 60_000 for some in entries]),
        first=np.cumsum([0, *(len(some) for some in entries)]),
        edge=edge.astype(np.int32), position=position.astype(float),
        leg_km=leg / 60_000, leg_minutes=leg / 60_000,
        water_first=np.zeros(count + 1, np.int64), water_edge=np.zeros(0, np.int32),
    )  # fmt: skip


def fewest(tail, head, ms, nodes):
    """A matrix of arcs, of parallel ones the shortest; arcs of no time are there."""
    order = np.lexsort((ms, head, tail))
    tail, head, ms = tail[order], head[order], ms[order]
    first = np.ones(len(order), bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    pointer = np.searchsorted(tail[first], np.arange(nodes + 1))
    return csr_array((ms[first].astype(float), head[first], pointer), shape=(nodes, nodes))


def road_milliseconds(network, origins, destinations):
    """Milliseconds by road of all pairs, infinite where there is no way; shape (origins, destinations)."""
    graph, sets = network.graph, (origins, destinations)
    edges, nodes, entries = len(graph.u), len(graph.lat), sum(len(points.edge) for points in sets)
    edge = np.concatenate([np.arange(edges), np.arange(edges), *(points.edge for points in sets)])
    position = np.concatenate([np.zeros(edges), np.ones(edges), *(points.position for points in sets)])
    number = np.concatenate([graph.u, graph.v, nodes + np.arange(entries)])
    order = np.lexsort((position, edge))
    a, b = order[:-1][np.diff(edge[order]) == 0], order[1:][np.diff(edge[order]) == 0]
    together = position[a] == position[b]
    arcs = []
    for ms, tail, head in ((network.forward, a, b), (network.backward, b, a)):
        along = np.rint(position[b] * ms[edge[b]]) - np.rint(position[a] * ms[edge[a]])
        along = np.where(together, 0, along)
        is_open = together | (ms[edge[a]] < CLOSED)
        arcs.append((number[tail][is_open], number[head][is_open], along[is_open]))
    at = nodes
    for points, point in ((origins, nodes + entries), (destinations, nodes + entries + len(origins))):
        which = np.repeat(np.arange(len(points)), np.diff(points.first))
        door, place = at + np.arange(len(points.edge)), point + which
        cost = np.rint(points.leg_minutes * 60_000) + np.rint(points.end_minutes * 60_000)[which]
        arcs.append((place, door, cost) if points is origins else (door, place, cost))
        at += len(points.edge)
    everything = nodes + entries + len(origins) + len(destinations)
    tail, head, ms = (np.concatenate([arc[k] for arc in arcs]) for k in range(3))
    here = nodes + entries + np.arange(len(origins))
    there = nodes + entries + len(origins) + np.arange(len(destinations))
    if not len(here) or not len(there):
        return np.zeros((len(here), len(there)))
    if len(here) < len(there):
        return dijkstra(fewest(tail, head, ms, everything), indices=here)[:, there]
    return dijkstra(fewest(head, tail, ms, everything), indices=there)[:, here].T


def haversine(lat1, lon1, lat2, lon2):
    p, q = math.radians(lat1), math.radians(lat2)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def local_minutes(profile, km, urban, winding):
    pace = 60 / profile.local_km_per_h[0] * (1 - urban) + 60 / profile.local_km_per_h[1] * urban
    gamma = profile.local_length_exponent
    slower = 1 + profile.local_winding_factor * (winding - 0.1)
    return profile.detour_factor * pace * km ** (1 - gamma) * 3**gamma * slower


def is_wet(land, here, there, km):
    """More of a leg than the tolerance lies off every polygon."""
    if land is None or km <= land.tolerance_km:
        return False
    leg = shapely.LineString([here[::-1], there[::-1]])
    inside = shapely.length(shapely.intersection(leg, land.polygons)).sum()
    return km * (1 - inside / leg.length) > land.tolerance_km


def direct_milliseconds(network, origins, destinations, road):
    """Milliseconds of the direct legs that count, infinite where there is none, and which were refused for water."""
    profile, graph = network.profile, network.graph
    direct, wet = np.full(road.shape, np.inf), np.zeros(road.shape, bool)
    every = np.ones(len(graph.u))
    _, part = connected_components(coo_array((every, (graph.u, graph.v)), shape=(len(graph.lat),) * 2), directed=False)

    def joined(i, j):
        """Tell whether roads, one-way or closed ones too, join a road beside the one with a road beside the other."""
        sides = [
            set(part[graph.u[points.edge[points.first[k] : points.first[k + 1]]]].tolist())
            for points, k in ((origins, i), (destinations, j))
        ]
        return bool(sides[0] & sides[1])

    for i in range(len(origins)):
        for j in range(len(destinations)):
            here, there = (origins.lat[i], origins.lon[i]), (destinations.lat[j], destinations.lon[j])
            km = haversine(*here, *there)
            doors = [
                points.leg_km[points.first[k] : points.first[k + 1]] for points, k in ((origins, i), (destinations, j))
            ]
            reach = profile.direct_km if all(len(legs) for legs in doors) else profile.reach_km
            if origins.on_streets[i] and destinations.on_streets[j]:
                reach = min(reach, profile.street_direct_km)
            if km > reach:
                continue
            middle = [(getattr(origins, name)[i] + getattr(destinations, name)[j]) / 2 for name in ("urban", "winding")]
            ms = sum(
                round(minutes * 60_000)
                for minutes in (
                    local_minutes(profile, km, *middle),
                    origins.end_minutes[i],
                    destinations.end_minutes[j],
                )
            )
            if ms > road[i, j]:
                continue
            limit, near = profile.direct_detour_limit, all(len(legs) for legs in doors)
            near = near and sum(legs.min() for legs in doors) <= km / 2
            if limit > 0 and near and road[i, j] > limit * ms and (road[i, j] < np.inf or joined(i, j)):
                continue
            wet[i, j] = is_wet(network.land, here, there, km)
            if not wet[i, j]:
                direct[i, j] = ms
    return direct, wet


def all_milliseconds(network, origins, destinations):
    """Milliseconds of all pairs by road or direct leg, infinite where nothing connects them."""
    road = road_milliseconds(network, origins, destinations)
    return np.minimum(road, direct_milliseconds(network, origins, destinations, road)[0])


def minutes(ms):
    return np.where(np.isfinite(ms), ms / 60_000, np.nan)


def check_nearest(trips, truth, rng):
    origins, destinations = truth.shape
    members = np.stack(
        [np.ones(destinations, bool), np.zeros(destinations, bool), *(rng.random((2, destinations)) < 0.5)]
    )
    rows = rng.permutation(origins)[: max(origins - 1, 1)]
    for some, found in (
        (np.arange(origins), trips.nearest(members=members)),
        (rows, trips.nearest(members=members, rows=rows)),
    ):
        for member, service in zip(members, found, strict=True):
            ms = np.where(member, truth[some], np.inf)
            best = ms.min(axis=1)
            np.testing.assert_array_equal(service.minutes, minutes(best))
            np.testing.assert_array_equal(service.destination, np.where(np.isfinite(best), ms.argmin(axis=1), -1))
            np.testing.assert_array_equal(service.reason == "covered", np.isfinite(best))
    np.testing.assert_array_equal(trips.nearest()[0].minutes, minutes(truth.min(axis=1)))


def check_limit(trips, truth, ms):
    """Both searches with a limit, of so many milliseconds and not one less."""
    inside = truth <= ms
    pairs = trips.within(limit_minutes=ms / 60_000)
    destination, origin = np.nonzero(inside.T)
    np.testing.assert_array_equal(pairs.destination, destination)
    np.testing.assert_array_equal(pairs.origin, origin)
    np.testing.assert_array_equal(pairs.ms, truth[origin, destination])
    np.testing.assert_array_equal(pairs.minutes, truth[origin, destination] / 60_000)
    np.testing.assert_array_equal(pairs.beyond_limit, (np.isfinite(truth) & ~inside).sum(axis=1))
    np.testing.assert_array_equal(pairs.without_path, np.isinf(truth).sum(axis=1))
    found, best = trips.nearest(limit_minutes=ms / 60_000)[0], truth.min(axis=1)
    np.testing.assert_array_equal(found.minutes, minutes(np.where(best <= ms, best, np.inf)))
    np.testing.assert_array_equal(found.reason == "beyond_limit", (best > ms) & np.isfinite(best))


def check_k_nearest(trips, truth, k):
    order = np.argsort(truth, axis=1, kind="stable")[:, :k]
    ms = np.take_along_axis(truth, order, axis=1)
    wanted, to = np.full((len(truth), k), np.nan), np.full((len(truth), k), -1)
    wanted[:, : ms.shape[1]], to[:, : ms.shape[1]] = minutes(ms), np.where(np.isfinite(ms), order, -1)
    found, destination = trips.k_nearest(k)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(destination, to)


def check_sums(trips, truth, bands, rng):
    births, beds = rng.integers(1, 50, truth.shape[0]), rng.integers(1, 9, truth.shape[1])
    inside = truth[:, :, None] <= bands
    per_destination, per_origin = trips.sums_within(bands / 60_000, origin_weight=births, destination_weight=beds)
    np.testing.assert_array_equal(per_destination, np.einsum("i,ijb->jb", births, inside))
    np.testing.assert_array_equal(per_origin, np.einsum("j,ijb->ib", beds, inside))
    counted = trips.sums_within(bands / 60_000)
    np.testing.assert_array_equal(counted[0], inside.sum(axis=0))
    np.testing.assert_array_equal(counted[1], inside.sum(axis=1))


def check_searches(trips, truth, seed=0):
    """Every search of the trips agrees, to the millisecond and in its ties, with a table of milliseconds."""
    rng = np.random.default_rng(seed)
    np.testing.assert_array_equal(trips.table(), minutes(truth))
    check_nearest(trips, truth, rng)
    for k in (1, 2, truth.shape[1] + 1):
        check_k_nearest(trips, truth, k)
    known = np.unique(truth[np.isfinite(truth) & (truth > 0)])
    chosen = rng.choice(known, min(len(known), 3), replace=False) if len(known) else np.array([60_000.0])
    for ms in chosen:
        check_limit(trips, truth, ms)
        check_limit(trips, truth, ms - 1)
    check_sums(trips, truth, np.unique([*chosen, chosen.max() + 1]), rng)


@pytest.fixture(scope="session")
def oracle():
    """The functions of this file."""
    return _Oracle


class _Oracle:
    entered = staticmethod(entered)
    road_milliseconds = staticmethod(road_milliseconds)
    direct_milliseconds = staticmethod(direct_milliseconds)
    all_milliseconds = staticmethod(all_milliseconds)
    check_searches = staticmethod(check_searches)
    haversine = staticmethod(haversine)
    fewest = staticmethod(fewest)
