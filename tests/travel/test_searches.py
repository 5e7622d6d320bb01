"""Searches against an oracle that shares nothing with them: SciPy's Dijkstra on the whole graph (see conftest)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.pipeline.roads import build_network
from matcare.travel.graph import RoadGraph
from matcare.travel.hierarchy import Attached, Metric
from matcare.travel.plain import PlainMetric
from matcare.travel.searches import Trips, nearest, table, within
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land

CLOSED = 2**30 - 1
KM = 1 / 111.19508  # degrees of latitude in a kilometre
PROFILE = replace(load_profile("typical"), access_candidates=500)
TOWN = PopulationDensity.from_points([44.2, 44.25], [-69.8, -69.7], [60_000, 20_000])
NOBODY = PopulationDensity.from_points([], [], [])
CLASSES = ("interstate", "us_highway", "state_highway", "dirt")
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SOME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BOTH_ENGINES = pytest.mark.parametrize("kind", ["hierarchy", "plain"])


# Roads of any shape, with entries at eighths of edges, and times that eighths of are whole: nothing is rounded.


def roads(nodes, edges, **columns):
    """A graph of (u, v, one-way) rows; where its nodes lie does not matter."""
    u, v, oneway = np.array(edges).reshape(-1, 3).T
    place = np.arange(nodes)
    return RoadGraph.from_arrays(
        44 + place * 0.01, -70 + place**2 * 0.003, u, v, np.zeros(len(u), int), ["street"], oneway=oneway, **columns
    )


@st.composite
def any_roads(draw):
    nodes = draw(st.integers(1, 9))
    node = st.integers(0, nodes - 1)
    edges = draw(st.lists(st.tuples(node, node, st.sampled_from([0, 0, 1, -1])), min_size=1, max_size=14))
    ms = np.array(draw(st.lists(st.integers(0, 12), min_size=2 * len(edges), max_size=2 * len(edges)))) * 800
    shut = np.array(draw(st.lists(st.sampled_from([False] * 7 + [True]), min_size=len(ms), max_size=len(ms))))
    graph = roads(nodes, edges)
    forward, backward = (
        np.where(part, CLOSED, value) for part, value in zip(np.split(shut, 2), np.split(ms, 2), strict=True)
    )
    forward, backward = np.where(graph.oneway < 0, CLOSED, forward), np.where(graph.oneway > 0, CLOSED, backward)
    return graph, forward.astype(np.int32), backward.astype(np.int32)


def doors(edges):
    """Entries of some points, few enough to have several on one edge."""
    entry = st.tuples(
        st.integers(0, edges - 1), st.integers(0, 8).map(lambda k: k / 8), st.integers(0, 3).map(lambda k: 700 * k)
    )
    return st.lists(st.lists(entry, max_size=3), min_size=1, max_size=5)


@BOTH_ENGINES
@MANY
@given(any_roads(), st.data())
def test_all_searches_agree_with_the_oracle(kind, simple_profile, oracle, made_of, data):
    graph, forward, backward = made_of
    network = RoadNetwork(graph, simple_profile, NOBODY, milliseconds=(forward, backward), engine=kind)
    here, there = (data.draw(doors(len(graph.u))) for _ in range(2))
    origins = oracle.entered(here, end_minutes=0.005, lat=44 + np.arange(len(here)) * 0.01)
    destinations = oracle.entered(there, end_minutes=0.01, lat=45 + np.arange(len(there)) * 0.01)
    truth = oracle.road_milliseconds(network, origins, destinations)
    oracle.check_searches(Trips(network, origins, destinations), truth)


SHAPES = {
    "a road": (2, [(0, 1, 0)]),
    "a road of many pieces, some drawn the other way": (6, [(0, 1, 0), (2, 1, 0), (2, 3, 0), (4, 3, 0), (4, 5, 0)]),
    "a one-way road of many pieces": (5, [(0, 1, 1), (2, 1, -1), (2, 3, 1), (4, 3, -1)]),
    "a ring without a junction": (4, [(0, 1, 0), (2, 1, 0), (2, 3, 0), (3, 0, 0)]),
    "a one-way ring without a junction": (4, [(0, 1, 1), (2, 1, -1), (2, 3, 1), (3, 0, 1)]),
    "a loop at the end of a road": (3, [(0, 1, 0), (1, 1, 0), (1, 2, 0), (2, 1, 0)]),
    "a loop alone": (1, [(0, 0, 0)]),
    "a one-way loop alone": (1, [(0, 0, 1)]),
    "parallel roads": (4, [(0, 1, 0), (0, 1, 0), (1, 2, 0), (1, 2, 1), (2, 1, 1), (2, 3, 0), (2, 3, -1)]),
    "two parallel roads and nothing else": (2, [(0, 1, 0), (1, 0, 1)]),
    "dead ends": (5, [(0, 1, 0), (1, 2, 0), (1, 3, 0), (1, 4, 1)]),
    "strong parts one after another": (8, [(0, 1, 0), (1, 2, 1), (2, 3, 1), (3, 4, 1), (4, 2, 1), (4, 5, 1), (6, 5, -1), (6, 7, 0)]),
    "parts apart": (6, [(0, 1, 0), (1, 2, 0), (3, 4, 0), (4, 5, 1)]),
}  # fmt: skip


@BOTH_ENGINES
@pytest.mark.parametrize("shape", list(SHAPES))
def test_between_all_places_of_roads_of_every_shape(kind, shape, simple_profile, oracle):
    nodes, edges = SHAPES[shape]
    graph = roads(nodes, edges)
    rng = np.random.default_rng(3)
    forward, backward = (rng.integers(1, 40, len(edges)).astype(np.int32) * 8 for _ in range(2))
    for shut in [None, *range(len(edges))]:
        times = np.where(graph.oneway < 0, CLOSED, forward), np.where(graph.oneway > 0, CLOSED, backward)
        if shut is not None:  # in both directions, or only in one
            times[0][shut] = CLOSED
            times[1][shut] = CLOSED if shut % 2 else times[1][shut]
        network = RoadNetwork(graph, simple_profile, NOBODY, milliseconds=times, engine=kind)
        everywhere = [[(edge, share / 4, 0)] for edge in range(len(edges)) for share in range(5)]
        origins = oracle.entered(everywhere, lat=np.linspace(44, 44.1, len(everywhere)))
        destinations = oracle.entered(everywhere, lat=np.linspace(45, 45.1, len(everywhere)))
        truth = oracle.road_milliseconds(network, origins, destinations)
        assert (truth.diagonal() == 0).all()
        oracle.check_searches(Trips(network, origins, destinations), truth)


# Whole kilometres, a minute each: what comes out can be counted.


@pytest.fixture(scope="session")
def countable(simple_profile):
    """Make a network of (x, y) kilometres north of the equator, where a degree is as long in both directions."""

    def make(places, edges, classes=None, land=None, bends=None, milliseconds=None, **changes):
        x, y = np.array(places, float).T
        u, v, oneway = np.array(edges).T
        names = sorted(set(classes or ["street"]))
        code = [names.index(name) for name in classes or ["street"] * len(edges)]
        graph = RoadGraph.from_arrays(y * KM, x * KM, u, v, code, names, oneway=oneway, bends=bends)
        return RoadNetwork(graph, replace(simple_profile, **changes), NOBODY, land, milliseconds=milliseconds)

    return make


def at(network, *places):
    x, y = np.array(places, float).reshape(-1, 2).T
    return network.snap(y * KM, x * KM)


def test_minutes_that_can_be_counted(countable):
    # 20 km east, and from its middle 10 km north; both ends of a trip take half a minute.
    network = countable([(0, 0), (10, 0), (20, 0), (10, 10)], [(0, 1, 0), (1, 2, 0), (1, 3, 0)], reach_km=2.5)
    homes, hospitals = at(network, (3, 1), (18, -2), (9, 8)), at(network, (10, 12), (1, 0))
    minutes = table(network, homes, hospitals)
    wanted = [
        [0.5 + 1 + 7 + 10 + 2 + 0.5, 0.5 + 1 + 2 + 0.5],
        [0.5 + 2 + 8 + 10 + 2 + 0.5, 0.5 + 2 + 17 + 0.5],
        [0.5 + 1 + 2 + 2 + 0.5, 0.5 + 1 + 8 + 9 + 0.5],
    ]
    np.testing.assert_allclose(minutes, wanted, atol=1e-3)
    found = nearest(network, homes, hospitals)
    assert found.destination.tolist() == [1, 1, 0]
    np.testing.assert_allclose(found.minutes, [4, 20, 6], atol=1e-3)


def test_both_sides_of_a_divided_road(countable):
    # Two one-way roads 0.2 km apart, joined at both ends; a home between them at 4 km of 10, a hospital at 7.
    network = countable(
        [(0, 0), (10, 0), (0, 0.2), (10, 0.2)], [(0, 1, 1), (2, 3, -1), (0, 2, 0), (1, 3, 0)], reach_km=1
    )
    home, hospital = at(network, (4, 0.1)), at(network, (7, 0.1))
    assert table(network, home, hospital)[0, 0] == pytest.approx(0.5 + 0.1 + 3 + 0.1 + 0.5, abs=1e-3)  # by the one
    assert table(network, hospital, home)[0, 0] == pytest.approx(0.5 + 0.1 + 3 + 0.1 + 0.5, abs=1e-3)  # by the other
    # Who lives beside one side alone, and finds the other out of reach, has to go round.
    beside = at(
        countable([(0, 0), (10, 0), (0, 3), (10, 3)], [(0, 1, 1), (2, 3, -1), (0, 2, 0), (1, 3, 0)], reach_km=1),
        (4, -0.1),
        (7, -0.1),
    )
    around = countable([(0, 0), (10, 0), (0, 3), (10, 3)], [(0, 1, 1), (2, 3, -1), (0, 2, 0), (1, 3, 0)], reach_km=1)
    minutes = table(around, beside, beside)
    assert minutes[0, 1] == pytest.approx(0.5 + 0.1 + 3 + 0.1 + 0.5, abs=1e-3)
    assert minutes[1, 0] == pytest.approx(0.5 + 0.1 + 3 + 3 + 10 + 3 + 4 + 0.1 + 0.5, abs=1e-3)


def test_nobody_drives_back_on_a_one_way_road(countable):
    network = countable([(0, 0), (10, 0)], [(0, 1, 1)])
    west, east = at(network, (2, 1)), at(network, (6, 1))
    assert table(network, west, east)[0, 0] == pytest.approx(0.5 + 1 + 4 + 1 + 0.5, abs=1e-3)
    assert np.isnan(table(network, east, west)[0, 0])
    assert nearest(network, east, west).reason.tolist() == ["unreachable"]
    one_way, back = within(network, west, east, limit_minutes=99), within(network, east, west, limit_minutes=99)
    assert (len(one_way.ms), one_way.beyond_limit.tolist(), one_way.without_path.tolist()) == (1, [0], [0])
    assert (len(back.ms), back.beyond_limit.tolist(), back.without_path.tolist()) == (0, [0], [1])


def test_a_closed_bridge_cuts_a_road_in_two(countable):
    # Three pieces without a junction; the middle one is closed, or closed toward the east alone.
    places, edges = [(0, 0), (3, 0), (7, 0), (10, 0)], [(0, 1, 0), (1, 2, 0), (2, 3, 0)]
    ms = np.array([180_000, 240_000, 180_000], np.int32)
    shut = ms.copy()
    shut[1] = CLOSED
    for forward, backward, there, back in ((ms, ms, 9, 9), (shut, ms, np.nan, 9), (shut, shut, np.nan, np.nan)):
        network = countable(places, edges, milliseconds=(forward, backward), reach_km=0.5)
        west, east = at(network, (1, 0.1)), at(network, (8.8, 0.1))
        found = [table(network, *pair)[0, 0] for pair in ((west, east), (east, west))]
        np.testing.assert_allclose(found, [there, back], atol=1e-3)
        assert np.isfinite(table(network, west, at(network, (2, 0))))  # on its own side all is as it was


def test_a_road_with_bends_is_as_long_as_its_bends(countable):
    # Out 4 km north, 6 km east, back 4 km south: 14 km for two ends that are 6 km apart.
    bends = [0, 2, 2], np.array([4, 4]) * KM, np.array([0, 6]) * KM
    network = countable([(0, 0), (6, 0), (9, 0)], [(0, 1, 0), (1, 2, 0)], bends=bends, reach_km=0.5)
    home, hospital = at(network, (0.1, 1)), at(network, (8, 0.2))
    np.testing.assert_allclose(network.forward, [14 * 60_000, 3 * 60_000], atol=20)
    assert home.position[0] == pytest.approx(1 / 14, abs=1e-4)
    assert table(network, home, hospital)[0, 0] == pytest.approx(0.5 + 0.1 + 13 + 2 + 0.2 + 0.5, abs=2e-3)


# Points that are really snapped, direct legs and all.


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
    node = st.integers(0, len(lat) - 1)
    row = st.tuples(node, node, st.sampled_from(CLASSES), st.sampled_from([0, 0, 0, 1, -1]))
    rows = draw(st.lists(row, min_size=1, max_size=12))  # parallel edges and loops included
    edges = pd.DataFrame(rows, columns=["u", "v", "road_class", "oneway"])
    return RoadGraph.from_frames(pd.DataFrame({"lat": lat, "lon": lon}), edges, bridge_gaps_km=0)


def in_steps(network):
    """The network with times of whole seconds and a bit, of which a 1024th is whole too."""
    times = [
        np.where(ms < CLOSED, (ms + 512) // 1024 * 1024, CLOSED).astype(np.int32)
        for ms in (network.forward, network.backward)
    ]
    return RoadNetwork(
        network.graph, network.profile, network.density, network.land, milliseconds=tuple(times), engine=network.engine
    )


def stepped(points):
    return replace(points, position=np.round(points.position * 1024) / 1024)


@BOTH_ENGINES
@SOME
@given(graphs(), places(), places(), st.sampled_from([0.0, 1.2, 3.5]), st.sampled_from([5.0, 30.0]))
def test_all_searches_agree_where_points_are_snapped(kind, oracle, graph, where_from, where_to, detour, direct_km):
    profile = replace(PROFILE, direct_detour_limit=detour, direct_km=direct_km)
    land = Land.from_polygons([shapely.box(-70.1, 43.9, -69.72, 44.6), shapely.box(-69.68, 43.9, -69.3, 44.6)])
    network = in_steps(RoadNetwork(graph, profile, TOWN, land, engine=kind))
    origins, destinations = (stepped(network.snap(*where)) for where in (where_from, where_to))
    truth = oracle.all_milliseconds(network, origins, destinations)
    oracle.check_searches(Trips(network, origins, destinations), truth)


# What must hold whatever the roads are like.


def less_or_equal(left, right):
    return np.all(np.where(np.isnan(left), np.inf, left) <= np.where(np.isnan(right), np.inf, right))


@SOME
@given(graphs(), places(), places(2, 5))
def test_one_more_destination_never_lengthens(graph, where_from, where_to):
    network = RoadNetwork(graph, PROFILE, TOWN)
    origins, destinations = network.snap(*where_from), network.snap(*where_to)
    fewer = nearest(network, origins, destinations.take(np.arange(len(destinations) - 1))).minutes
    assert less_or_equal(nearest(network, origins, destinations).minutes, fewer)


@SOME
@given(graphs(), places(), places(), st.sampled_from(["us_highway", "state_highway", "interstate"]), st.floats(1.01, 3))
def test_a_faster_road_never_lengthens(graph, where_from, where_to, road_class, factor):
    speeds = {**PROFILE.km_per_h, road_class: tuple(speed * factor for speed in PROFILE.km_per_h[road_class])}
    slow, fast = RoadNetwork(graph, PROFILE, TOWN), RoadNetwork(graph, replace(PROFILE, km_per_h=speeds), TOWN)
    before = table(slow, slow.snap(*where_from), slow.snap(*where_to))
    after = table(fast, fast.snap(*where_from), fast.snap(*where_to))
    assert np.array_equal(np.isnan(before), np.isnan(after))
    assert np.all((after <= before + 1e-4) | np.isnan(before))  # places on edges are rounded to milliseconds


@MANY
@given(any_roads(), st.data())
def test_closing_a_road_never_shortens_and_opening_never_lengthens(simple_profile, oracle, made_of, data):
    graph, forward, backward = made_of
    here, there = (data.draw(doors(len(graph.u))) for _ in range(2))
    origins = oracle.entered(here, lat=44 + np.arange(len(here)) * 0.01)
    destinations = oracle.entered(there, lat=45 + np.arange(len(there)) * 0.01)
    edge = data.draw(st.integers(0, len(graph.u) - 1))
    fewer, faster = [forward.copy(), backward.copy()], [forward.copy(), backward.copy()]
    for closed, quick in zip(fewer, faster, strict=True):
        closed[edge] = CLOSED
        quick[edge] = np.where(quick[edge] < CLOSED, quick[edge] // 16 * 8, CLOSED)
    found = [
        table(RoadNetwork(graph, simple_profile, NOBODY, milliseconds=tuple(times)), origins, destinations)
        for times in (faster, (forward, backward), fewer)
    ]
    assert less_or_equal(found[0], found[1])
    assert less_or_equal(found[1], found[2])


@SOME
@given(graphs(), places(), places())
def test_minutes_are_the_same_there_and_back_where_nothing_is_one_way(graph, where_from, where_to):
    network = RoadNetwork(replace(graph, oneway=np.zeros_like(graph.oneway)), PROFILE, TOWN)
    here, there = network.snap(*where_from), network.snap(*where_to)
    np.testing.assert_allclose(table(network, here, there), table(network, there, here).T, rtol=0, atol=1e-9)


# Direct legs.


def test_a_direct_leg_is_taken_where_it_is_shorter(countable):
    # Two roads that meet 30 km to the west, and a straight line of 6 km between their eastern ends.
    places_, edges = [(0, 0), (30, 3), (30, -3)], [(0, 1, 0), (0, 2, 0)]
    for changes, minutes in (
        ({"direct_km": 30.0}, 7),
        ({"direct_km": 5.0}, 61.3),
        ({"direct_km": 30.0, "direct_detour_limit": 10.0}, 7),
        ({"direct_km": 30.0, "direct_detour_limit": 5.0}, 61.3),
    ):
        network = countable(places_, edges, reach_km=1.0, **changes)
        home, hospital = at(network, (30, 3)), at(network, (30, -3))
        trips = Trips(network, home, hospital)
        assert trips.table()[0, 0] == pytest.approx(minutes, abs=0.01)
        assert trips.nearest()[0].minutes[0] == trips.table()[0, 0]
        assert trips.k_nearest(1)[0][0, 0] == trips.table()[0, 0]
        assert trips.within(limit_minutes=99).minutes.tolist() == [trips.table()[0, 0]]


def test_roads_contradict_a_leg_only_when_they_are_near(countable):
    # The same, but both places lie 4 km off the ends of their roads: 8 km of access legs beside a leg of 6 km.
    network = countable(
        [(0, 0), (30, 3), (30, -3)], [(0, 1, 0), (0, 2, 0)], reach_km=5.0, direct_km=30.0, direct_detour_limit=2.0
    )
    home, hospital = at(network, (34, 3)), at(network, (34, -3))
    assert table(network, home, hospital)[0, 0] == pytest.approx(0.5 + 6 + 0.5, abs=1e-3)


def test_a_stretch_of_road_speaks_for_a_leg_as_a_path_does(countable):
    # One road of 80 km, driven at a kilometre in 90 seconds: 9 km along it take longer than the leg, but not twice.
    slow = (np.array([80 * 90_000], np.int32),) * 2
    network = countable([(0, 0), (80, 0)], [(0, 1, 0)], milliseconds=slow, direct_km=30.0, direct_detour_limit=2.0)
    trips = Trips(network, at(network, (35, 0)), at(network, (44, 0)))
    assert trips.table()[0, 0] == pytest.approx(0.5 + 9 + 0.5, abs=1e-3)
    assert trips.nearest()[0].minutes[0] == trips.table()[0, 0]


def test_where_no_road_joins_two_places_nothing_contradicts_the_leg(countable):
    network = countable(
        [(0, 0), (10, 0), (0, 3), (10, 3)],
        [(0, 1, 0), (2, 3, 0)],
        reach_km=0.5,
        direct_km=30.0,
        direct_detour_limit=1.5,
    )
    trips = Trips(network, at(network, (5, 0)), at(network, (5, 3), (5, 3.2), (9, 40)))
    np.testing.assert_allclose(trips.table(), [[4, 4.2, np.nan]], atol=1e-3)
    pairs = trips.within(limit_minutes=4.1)
    assert (len(pairs.ms), pairs.beyond_limit.tolist(), pairs.without_path.tolist()) == (1, [1], [1])


def test_closing_a_bridge_does_not_open_a_way_across_the_river(countable):
    # Two banks, a bridge 30 km upstream; beside the home there may be a piece of road that leads nowhere.
    banks, roads_ = [(0, 3), (0, -3), (30, 3), (30, -3), (30, 3.5), (31, 3.5)], [(0, 1, 0), (0, 2, 0), (1, 3, 0)]
    for stub in ([], [(4, 5, 0)]):
        edges = roads_ + stub
        ms = np.array([6, 30, 30, 1][: len(edges)], np.int32) * 60_000
        shut = np.where(np.arange(len(edges)) == 0, CLOSED, ms).astype(np.int32)
        minutes = []
        for times in (ms, shut):
            network = countable(
                banks, edges, milliseconds=(times, times), reach_km=2.0, direct_km=30.0, direct_detour_limit=3.5
            )
            minutes.append(table(network, at(network, (30, 3.4)), at(network, (30, -3)))[0, 0])
        assert minutes[0] == pytest.approx(0.5 + 0.4 + 66 + 0.5, abs=1e-3)
        assert np.isnan(minutes[1])


def test_on_streets_a_direct_leg_is_short(countable):
    # Two straight streets 1.5 km apart that meet 10 km to the west; their shape is known, so all streets are.
    bends = [0, 1, 2], np.array([0.75, 0.75]) * KM * [0.5, -0.5], np.array([5, 5]) * KM
    shape = [(0, 0), (10, 0.75), (10, -0.75)], [(0, 1, 0), (0, 2, 0)]
    for street_direct_km, minutes in ((2.0, 2.5), (1.0, 21)):
        network = countable(*shape, bends=bends, reach_km=1.0, direct_km=30.0, street_direct_km=street_direct_km)
        home, hospital = at(network, (10, 0.75)), at(network, (10, -0.75))
        assert home.on_streets.all()
        assert table(network, home, hospital)[0, 0] == pytest.approx(minutes, abs=0.2)
    chords = countable(*shape, reach_km=1.0, direct_km=30.0, street_direct_km=1.0)
    assert table(chords, at(chords, (10, 0.75)), at(chords, (10, -0.75)))[0, 0] == pytest.approx(2.5, abs=1e-3)


def test_a_leg_over_water_is_refused_and_the_next_best_taken(countable):
    # A bay between two headlands, the nearest hospital across it, another 12 km up the road.
    land = Land.from_polygons([shapely.box(-1, -1, 3 * KM, 1), shapely.box(9 * KM, -1, 1, 1)])
    network = countable(
        [(0, 0), (2, 0), (0, 14)],
        [(0, 1, 0), (0, 2, 0)],
        land=land,
        reach_km=9.0,
        direct_km=30.0,
        direct_detour_limit=0.0,
    )
    home, hospitals = at(network, (2, 0)), at(network, (10, 0), (0, 12))
    trips = Trips(network, home, hospitals)
    np.testing.assert_allclose(trips.table(), [[np.nan, np.hypot(2, 12) + 1]], atol=1e-2)
    found = trips.nearest(members=np.array([[True, True], [True, False]]))
    assert [one.destination[0] for one in found] == [1, -1]
    assert [one.reason[0] for one in found] == ["covered", "ferry_or_air_only"]
    assert trips.k_nearest(2)[1].tolist() == [[1, -1]]


# Reasons.


def test_every_reason(made):
    hospitals = made.snap([44.01, 43.80], [-69.25, -69.12])  # one on the mainland, one on the island
    where = {
        "covered": (44.01, -69.9), "unreachable": (44.1, -72.01), "no_road_access": (45.5, -70.5),
        "ferry_or_air_only": (43.80, -69.28), "direct": (43.80, -69.13), "beyond_limit": (44.39, -69.5),
    }  # fmt: skip
    origins = made.snap(*np.array(list(where.values())).T)
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


def test_reasons_on_one_way_roads(countable):
    # A net, a way out of it that does not come back, a way into it from which nobody is served, and nothing.
    network = countable(
        [(0, 0), (10, 0), (10, 10), (20, 0), (-10, 0)], [(0, 1, 0), (1, 2, 0), (1, 3, 1), (4, 0, 1)], reach_km=2.0
    )
    homes = at(network, (5, 0), (19, 0), (-9, 0), (0, 50))
    inside, outside, before = at(network, (10, 8)), at(network, (16, 0)), at(network, (-5, 0))
    assert nearest(network, homes, inside).reason.tolist() == ["covered", "unreachable", "covered", "no_road_access"]
    assert nearest(network, homes, outside).reason.tolist() == ["covered", "unreachable", "covered", "no_road_access"]
    assert nearest(network, homes, before).reason.tolist() == [
        "unreachable",
        "unreachable",
        "covered",
        "no_road_access",
    ]
    pairs = within(network, homes, before, limit_minutes=1.0)
    assert pairs.beyond_limit.tolist() == [0, 0, 1, 0]
    assert pairs.without_path.tolist() == [1, 1, 0, 1]


def test_across_water_only_a_road_that_leads_to_care_is_a_ferry_away(countable):
    # An island with a road of its own, 6 km off a road of the mainland that leads to the hospital or only away from it.
    land = Land.from_polygons([shapely.box(-1, -1, 1, 0.5 * KM), shapely.box(-1, 5 * KM, 1, 1)])
    places_ = [(0, 0), (10, 0), (30, 0), (0, 7), (10, 7)]
    for oneway, reason in ((0, "ferry_or_air_only"), (1, "ferry_or_air_only"), (-1, "unreachable")):
        network = countable(places_, [(0, 1, oneway), (1, 2, 0), (3, 4, 0)], land=land, reach_km=7.0)
        home, hospital = at(network, (5, 6)), at(network, (29, 0))
        assert (home.edge.tolist(), home.water_edge.tolist()) == ([2], [0])
        assert nearest(network, home, hospital).reason.tolist() == [reason]
        assert not len(within(network, home, hospital, limit_minutes=99).ms)


def test_without_land_the_leg_crosses_the_water(made, made_graph, nobody):
    dry = RoadNetwork(made_graph, made.profile, nobody)
    reason = nearest(dry, dry.snap([43.80], [-69.28]), dry.snap([44.01], [-69.25])).reason
    assert reason.tolist() == ["covered"]


# Ends of the range.


def test_the_lowest_of_equal_destinations(made):
    origins = made.snap([44.02, 44.3, 44.0], [-69.9, -69.5, -69.2])
    hospitals = made.snap([44.01] * 3, [-69.6] * 3)  # three units on one campus
    assert nearest(made, origins, hospitals).destination.tolist() == [0, 0, 0]
    assert nearest(made, origins, hospitals.take([2, 1])).destination.tolist() == [0, 0, 0]
    assert Trips(made, origins, hospitals).k_nearest(3)[1].tolist() == [[0, 1, 2]] * 3


def test_no_destinations_and_no_origins(made):
    nothing, someone = made.snap([], []), made.snap([44.0], [-69.4])
    assert nearest(made, someone, nothing).reason.tolist() == ["unreachable"]
    assert len(nearest(made, nothing, someone).minutes) == 0
    assert within(made, someone, nothing, limit_minutes=10).without_path.tolist() == [0]
    assert table(made, nothing, someone).shape == (0, 1)
    assert Trips(made, someone, nothing).k_nearest(2)[1].tolist() == [[-1, -1]]
    assert [part.tolist() for part in Trips(made, someone, nothing).sums_within([10])] == [[], [[0.0]]]


def test_everything_closed(made_graph, nobody, simple_profile):
    shut = (np.full(4, CLOSED, np.int32),) * 2
    network = RoadNetwork(made_graph, simple_profile, nobody, milliseconds=shut)
    points = network.snap([44.0, 44.2], [-69.9, -69.9])
    assert nearest(network, points, points.take([0])).reason.tolist() == [
        "covered",
        "no_road_access",
    ]  # at its own place


def test_what_cannot_be_asked_is_said(made):
    trips = Trips(made, made.snap([44.0], [-69.4]), made.snap([44.0], [-69.3]))
    with pytest.raises(InputError, match="k is 0"):
        trips.k_nearest(0)
    for bands in ([], [30, 10], [0, 10], [10, 10]):
        with pytest.raises(InputError, match="ascending"):
            trips.sums_within(bands)


def test_small_graphs_need_no_hierarchy_and_either_engine_can_be_asked_for(made_graph, nobody, made):
    assert isinstance(made.metric, PlainMetric)
    for engine, kind in (("plain", PlainMetric), ("hierarchy", Metric)):
        network = RoadNetwork(made_graph, made.profile, nobody, engine=engine)
        assert isinstance(network.metric, kind)
    line = np.arange(600)
    stars = RoadGraph.from_arrays(  # a road with a dead end at every node has that many junctions
        np.tile([44.0, 44.01], 600)[:1200], np.repeat(-70 + line * 0.01, 2),
        np.concatenate([2 * line, 2 * line[:-1]]), np.concatenate([2 * line + 1, 2 * line[1:]]), np.zeros(1199, int), ["a"],
    )  # fmt: skip
    assert isinstance(RoadNetwork(stars, made.profile, nobody).metric, Metric)
    with pytest.raises(InputError, match="engine is 'astar'"):
        RoadNetwork(made_graph, made.profile, nobody, engine="astar")


@pytest.mark.national
def test_the_country_agrees_with_the_whole_graph(snapshot, oracle):
    network = build_network(snapshot, "typical")
    rng = np.random.default_rng(2026)
    units = snapshot.facilities.iloc[rng.choice(len(snapshot.facilities), 100, replace=False)]
    demand = snapshot.demand[["lat", "lon"]].to_numpy()
    beside = [np.hypot(*(demand - unit).T).argsort()[5] for unit in units[["lat", "lon"]].to_numpy()]
    homes = demand[[*beside, *rng.choice(len(demand), 200, replace=False)]]
    origins, destinations = network.snap(*homes.T), network.snap(units["lat"], units["lon"])
    road = oracle.road_milliseconds(network, origins, destinations)
    direct, _ = oracle.direct_milliseconds(network, origins, destinations, road)
    assert (direct < road).sum() > 20
    assert 0.9 < np.isfinite(road).mean() < 1
    trips = Trips(network, origins, destinations)
    oracle.check_searches(trips, np.minimum(road, direct))
    # All junctions of the country, not only those of some homes: the second opinion is the same.
    chains = network.chains
    plain = PlainMetric(len(chains.core), chains.a, chains.b, *network.times.arcs())
    for reverse in (False, True):
        found = [engine.nearest_of_nodes(trips.arriving, reverse=reverse) for engine in (plain, network.metric)]
        np.testing.assert_array_equal(*found)
    junctions = Attached.at_nodes(np.arange(len(chains.core)))
    found = [engine.within(junctions, trips.arriving, 120 * 60_000) for engine in (plain, network.metric)]
    for name in ("first", "origin", "ms"):
        np.testing.assert_array_equal(*(getattr(pairs, name) for pairs in found))
