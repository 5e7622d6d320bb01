"""Searches against a brute force of their own: networkx on a graph with every entry as a node."""

from __future__ import annotations

import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.travel.graph import RoadGraph
from matcare.travel.searches import nearest, table, within
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile

PROFILE = replace(load_profile("typical"), access_candidates=500)
TOWN = PopulationDensity.from_points([44.2, 44.25], [-69.8, -69.7], [60_000, 20_000])
CLASSES = ("interstate", "us_highway", "state_highway", "dirt")


def degrees(low, high):
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def places(draw, least=1, most=5):
    count = draw(st.integers(least, most))
    lat = draw(st.lists(degrees(44.0, 44.5), min_size=count, max_size=count))
    lon = draw(st.lists(degrees(-70.0, -69.4), min_size=count, max_size=count))
    return np.array(lat), np.array(lon)


@st.composite
def graphs(draw):
    lat, lon = draw(places(2, 8))
    pair = st.tuples(st.integers(0, len(lat) - 1), st.integers(0, len(lat) - 1), st.sampled_from(CLASSES))
    rows = draw(st.lists(pair, min_size=1, max_size=12))  # parallel edges and loops included
    edges = pd.DataFrame(rows, columns=["u", "v", "road_class"])
    return RoadGraph.from_frames(pd.DataFrame({"lat": lat, "lon": lon}), edges, bridge_gaps_km=0)


def brute_force(network, origins, destinations):
    """Minutes of all pairs: every edge is cut at every foot of a perpendicular, and Dijkstra runs on what results."""
    graph, profile = network.graph, network.profile
    roads = nx.Graph()

    def join(a, b, minutes):
        if not roads.has_edge(a, b) or roads[a][b]["weight"] > minutes:
            roads.add_edge(a, b, weight=minutes)

    def haversine(lat1, lon1, lat2, lon2):
        p, q = math.radians(lat1), math.radians(lat2)
        h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
        return 2 * 6371.0088 * math.asin(math.sqrt(h))

    def local(km, urban, winding):
        pace = 60 / profile.local_km_per_h[0] * (1 - urban) + 60 / profile.local_km_per_h[1] * urban
        gamma = profile.local_length_exponent
        return (
            profile.detour_factor
            * pace
            * km ** (1 - gamma)
            * 3**gamma
            * (1 + profile.local_winding_factor * (winding - 0.1))
        )

    stops = {
        edge: [(0.0, ("node", int(graph.u[edge]))), (1.0, ("node", int(graph.v[edge])))] for edge in range(len(graph.u))
    }
    for kind, points in (("o", origins), ("d", destinations)):
        for i in range(len(points)):
            roads.add_node((kind, i))
            for edge in range(len(graph.u)):
                u, v = graph.u[edge], graph.v[edge]
                shrink = math.cos(math.radians(points.lat[i]))
                ax, ay = (graph.lon[v] - graph.lon[u]) * shrink, graph.lat[v] - graph.lat[u]
                bx, by = (points.lon[i] - graph.lon[u]) * shrink, points.lat[i] - graph.lat[u]
                t = 0.0 if ax * ax + ay * ay == 0 else min(1.0, max(0.0, (ax * bx + ay * by) / (ax * ax + ay * ay)))
                if graph.class_names[graph.road_class[edge]] == "interstate":
                    t = float(np.round(t))
                foot = (
                    graph.lat[u] + t * (graph.lat[v] - graph.lat[u]),
                    graph.lon[u] + t * (graph.lon[v] - graph.lon[u]),
                )
                km = haversine(points.lat[i], points.lon[i], *foot)
                if km <= profile.reach_km:
                    stops[edge].append((t, ("foot", kind, i, edge)))
                    join((kind, i), ("foot", kind, i, edge), local(km, points.urban[i], points.winding[i]))
    for edge, on_edge in stops.items():
        for (t1, a), (t2, b) in zip(sorted(on_edge), sorted(on_edge)[1:], strict=False):
            join(a, b, (t2 - t1) * network.edge_minutes[edge])
    # Feet of two points may be passed through, but a point itself is no thoroughfare: search on feet and nodes only.
    minutes = np.full((len(origins), len(destinations)), np.inf)
    for i in range(len(origins)):
        for j in range(len(destinations)):
            own = roads.subgraph([n for n in roads if n[0] in {"node", "foot"} or n in {("o", i), ("d", j)}])
            if nx.has_path(own, ("o", i), ("d", j)):
                minutes[i, j] = nx.shortest_path_length(own, ("o", i), ("d", j), weight="weight")
            km = haversine(origins.lat[i], origins.lon[i], destinations.lat[j], destinations.lon[j])
            both = origins.has_entry[i] and destinations.has_entry[j]
            if km <= (profile.direct_km if both else profile.reach_km):
                urban, winding = (
                    (origins.urban[i] + destinations.urban[j]) / 2,
                    (origins.winding[i] + destinations.winding[j]) / 2,
                )
                minutes[i, j] = min(minutes[i, j], local(km, urban, winding))
    return minutes + profile.end_minutes[0] * 2 if profile.end_minutes[0] == profile.end_minutes[1] else minutes


SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(graphs(), places(), places())
def test_all_searches_agree_with_brute_force(graph, where_from, where_to):
    network = RoadNetwork(graph, PROFILE, TOWN)
    origins, destinations = network.snap(*where_from), network.snap(*where_to)
    truth = brute_force(network, origins, destinations)
    minutes = table(network, origins, destinations)
    np.testing.assert_allclose(np.where(np.isnan(minutes), np.inf, minutes), truth, rtol=1e-9, atol=1e-9)
    found = nearest(network, origins, destinations)
    best = truth.min(axis=1)
    np.testing.assert_allclose(np.where(np.isnan(found.minutes), np.inf, found.minutes), best, rtol=1e-9, atol=1e-9)
    for i in np.flatnonzero(found.destination >= 0):
        assert truth[i, found.destination[i]] == pytest.approx(best[i], abs=1e-9)
        assert not np.any(minutes[i, : found.destination[i]] < found.minutes[i] - 1e-9)
    limit = float(np.median(minutes[np.isfinite(minutes)])) if np.isfinite(minutes).any() else 10.0
    pairs = within(network, origins, destinations, limit_minutes=limit)
    dense = np.full(truth.shape, np.inf)
    dense[pairs.origin, pairs.destination] = pairs.minutes
    assert np.array_equal(np.isfinite(dense), minutes <= limit)
    np.testing.assert_allclose(dense[np.isfinite(dense)], truth[np.isfinite(dense)], rtol=1e-9, atol=1e-9)
    assert np.array_equal(
        pairs.beyond_limit, ((truth > limit + 1e-9) & np.isfinite(truth) & ~np.isfinite(dense)).sum(axis=1)
    )
    assert np.array_equal(pairs.without_path, np.isinf(truth).sum(axis=1))


@SLOW
@given(graphs(), places(), places(2, 5))
def test_one_more_destination_never_lengthens(graph, where_from, where_to):
    network = RoadNetwork(graph, PROFILE, TOWN)
    origins, destinations = network.snap(*where_from), network.snap(*where_to)
    fewer = nearest(network, origins, destinations.take(np.arange(len(destinations) - 1))).minutes
    more = nearest(network, origins, destinations).minutes
    assert np.all(np.where(np.isnan(more), np.inf, more) <= np.where(np.isnan(fewer), np.inf, fewer))


@SLOW
@given(graphs(), places(), places(), st.sampled_from(["us_highway", "state_highway", "interstate"]), st.floats(1.01, 3))
def test_a_faster_road_never_lengthens(graph, where_from, where_to, road_class, factor):
    speeds = {**PROFILE.km_per_h, road_class: tuple(speed * factor for speed in PROFILE.km_per_h[road_class])}
    slow, fast = RoadNetwork(graph, PROFILE, TOWN), RoadNetwork(graph, replace(PROFILE, km_per_h=speeds), TOWN)
    before = table(slow, slow.snap(*where_from), slow.snap(*where_to))
    after = table(fast, fast.snap(*where_from), fast.snap(*where_to))
    assert np.array_equal(np.isnan(before), np.isnan(after))
    assert np.all((after <= before + 1e-9) | np.isnan(before))


def test_every_reason(made):
    hospitals = made.snap([44.01, 43.80], [-69.25, -69.12])  # one on the mainland, one on the island
    at = {
        "covered": (44.01, -69.9), "unreachable": (44.1, -72.01), "no_road_access": (45.5, -70.5),
        "ferry_or_air_only": (43.80, -69.28), "direct": (43.80, -69.13), "beyond_limit": (44.39, -69.5),
    }  # fmt: skip
    origins = made.snap(*np.array(list(at.values())).T)
    mainland_only = nearest(made, origins, hospitals.take([0]))
    expected = ["covered", "unreachable", "no_road_access", "ferry_or_air_only", "ferry_or_air_only", "covered"]
    assert mainland_only.reason.tolist() == expected
    assert np.array_equal(np.isnan(mainland_only.minutes), mainland_only.reason != "covered")
    assert np.array_equal(mainland_only.destination >= 0, mainland_only.reason == "covered")
    both = nearest(made, origins, hospitals)
    assert both.reason.tolist() == ["covered", "unreachable", "no_road_access", "covered", "covered", "covered"]
    assert both.destination[4] == 1
    assert both.minutes[4] == pytest.approx(0.8, abs=4)
    far = mainland_only.minutes[5]
    exactly, under = (nearest(made, origins, hospitals.take([0]), limit_minutes=limit) for limit in (far, far - 1e-6))
    assert (exactly.reason[5], under.reason[5]) == ("covered", "beyond_limit")
    assert np.isnan(under.minutes[5])


def test_without_land_the_leg_crosses_the_water(made, made_graph, nobody):
    dry = RoadNetwork(made_graph, made.profile, nobody)
    reason = nearest(dry, dry.snap([43.80], [-69.28]), dry.snap([44.01], [-69.25])).reason
    assert reason.tolist() == ["covered"]


def test_the_lowest_of_equal_destinations(made):
    origins = made.snap([44.02, 44.3, 44.0], [-69.9, -69.5, -69.2])
    hospitals = made.snap([44.01] * 3, [-69.6] * 3)  # three units on one campus
    assert nearest(made, origins, hospitals).destination.tolist() == [0, 0, 0]
    assert nearest(made, origins, hospitals.take([2, 1])).destination.tolist() == [0, 0, 0]


def test_no_destinations_and_no_origins(made):
    nothing, someone = made.snap([], []), made.snap([44.0], [-69.4])
    assert nearest(made, someone, nothing).reason.tolist() == ["unreachable"]
    assert len(nearest(made, nothing, someone).minutes) == 0
    assert within(made, someone, nothing, limit_minutes=10).without_path.tolist() == [0]
    assert table(made, nothing, someone).shape == (0, 1)


def test_a_place_off_the_earth_is_named(made):
    with pytest.raises(InputError, match="row 2"):
        made.snap([44.0, -69.4], [-69.4, 444.0])
    with pytest.raises(InputError, match="row 1"):
        made.snap([np.nan], [-69.4])


def test_taking_some_points_is_snapping_them(made):
    lat, lon = np.array([44.01, 43.8, 44.3]), np.array([-69.9, -69.28, -69.52])
    taken, snapped = made.snap(lat, lon).take([2, 0]), made.snap(lat[[2, 0]], lon[[2, 0]])
    for name in taken.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(taken, name), getattr(snapped, name))
