"""Snapping: entries are the nearest places of all edges within reach, found here by looking at every one."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.travel.graph import RoadGraph
from matcare.travel.searches import Trips
from matcare.travel.segments import Segments
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land
from matcare.travel.ways import ways

CLOSED = 2**30 - 1
KM = 1 / 111.19508  # degrees of latitude in a kilometre
NOBODY = PopulationDensity.from_points([], [], [])
SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def degrees(low, high):
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def bent_roads(draw):
    """Roads of up to three bends, some of controlled access, some one-way, in a square of 40 km."""
    nodes = draw(st.integers(2, 7))
    place = st.tuples(degrees(44.0, 44.4), degrees(-70.0, -69.5))
    lat, lon = np.array(draw(st.lists(place, min_size=nodes, max_size=nodes))).T
    node = st.integers(0, nodes - 1)
    row = st.tuples(node, node, st.integers(0, 1), st.sampled_from([0, 1, -1]), st.lists(place, max_size=3))
    rows = draw(st.lists(row, min_size=1, max_size=8))
    bends = None
    if draw(st.booleans()):
        flat = np.array([bend for row in rows for bend in row[4]]).reshape(-1, 2)
        bends = np.cumsum([0, *(len(row[4]) for row in rows)]), flat[:, 0], flat[:, 1]
    u, v, code, oneway = (np.array([row[k] for row in rows]) for k in range(4))
    return RoadGraph.from_arrays(lat, lon, u, v, code, ["motorway", "street"], oneway=oneway, bends=bends)


def shape_of(graph, edge):
    bends = slice(graph.bend_first[edge], graph.bend_first[edge + 1])
    lat = [graph.lat[graph.u[edge]], *graph.bend_lat[bends], graph.lat[graph.v[edge]]]
    return list(zip(lat, [graph.lon[graph.u[edge]], *graph.bend_lon[bends], graph.lon[graph.v[edge]]], strict=True))


def steps_of(haversine, shape):
    """Pairs of vertices, and kilometres between them."""
    pairs = list(itertools.pairwise(shape))
    return pairs, [haversine(*a, *b) for a, b in pairs]


def nearest_km(haversine, lat, lon, shape, *, ends_only):
    """Kilometres to the nearest place on a line."""
    best = math.inf
    for a, b in itertools.pairwise(shape):
        shrink = math.cos(math.radians(lat))
        x, y, px, py = (b[1] - a[1]) * shrink, b[0] - a[0], (lon - a[1]) * shrink, lat - a[0]
        share = 0.0 if x * x + y * y == 0 else min(1.0, max(0.0, (px * x + py * y) / (x * x + y * y)))
        if ends_only:
            share = float(np.round(share))
        best = min(best, haversine(lat, lon, a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
    return best


def place_at(haversine, shape, position):
    """Where on a line a share of its length lies."""
    pairs, steps = steps_of(haversine, shape)
    ends = np.cumsum(steps)
    k = min(int(np.searchsorted(ends, position * ends[-1])), len(steps) - 1)
    (a, b), step = pairs[k], steps[k]
    share = min((position * ends[-1] - ends[k] + step) / step, 1.0) if step else 0.0
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


@SOME
@given(bent_roads(), degrees(43.95, 44.45), degrees(-70.05, -69.45), st.sampled_from([2.0, 8.0, 30.0]))
def test_every_edge_within_reach_is_entered_at_its_nearest_place(simple_profile, oracle, graph, lat, lon, reach_km):
    profile = replace(simple_profile, reach_km=reach_km, access_candidates=20_000)
    point = RoadNetwork(graph, profile, NOBODY).snap([lat], [lon])
    motorway = graph.road_class == 0
    enterable = graph.chord | ~motorway if (graph.chord | ~motorway).any() else np.ones(len(graph.u), bool)
    found = {int(edge): (km, at) for edge, km, at in zip(point.edge, point.leg_km, point.position, strict=True)}
    assert len(found) == len(point.edge)
    apart = {
        int(edge): nearest_km(oracle.haversine, lat, lon, shape_of(graph, edge), ends_only=motorway[edge])
        for edge in np.flatnonzero(enterable)
    }
    wanted = {edge: km for edge, km in apart.items() if km <= reach_km}
    assert bool(point.on_streets[0]) == any(km <= 1.0 for edge, km in wanted.items() if not graph.chord[edge])
    assert set(found) == set(wanted)
    for edge, km in wanted.items():
        assert found[edge][0] == pytest.approx(km, abs=1e-9)
        there = place_at(oracle.haversine, shape_of(graph, edge), found[edge][1])
        assert oracle.haversine(lat, lon, *there) == pytest.approx(km, abs=1e-3)
    assert point.has_entry[0] == bool(wanted)
    assert point.nearest_km[0] == pytest.approx(min(wanted.values(), default=math.inf), abs=1e-9)
    np.testing.assert_allclose(point.leg_minutes, point.leg_km)  # a minute a kilometre
    assert point.end_minutes.tolist() == [0.5]


def network_of(places, edges, classes=None, profile=None, **columns):
    """A network of (x, y) kilometres north of the equator and (u, v, one-way) edges."""
    x, y = np.array(places, float).T
    u, v, oneway = np.array(edges).T
    names = sorted(set(classes or ["street"]))
    code = [names.index(name) for name in classes or ["street"] * len(edges)]
    land, times = columns.pop("land", None), columns.pop("milliseconds", None)
    graph = RoadGraph.from_arrays(y * KM, x * KM, u, v, code, names, oneway=oneway, **columns)
    return RoadNetwork(graph, profile, NOBODY, land, milliseconds=times)


def at(network, *places):
    x, y = np.array(places, float).reshape(-1, 2).T
    return network.snap(y * KM, x * KM)


def test_the_nearest_few_roads_and_one_of_the_largest_part(simple_profile):
    # Five short roads beside the point, a long net 8 km away: with three candidates the net is there as a fourth.
    side = [((k, 1.0), (k, 2.0)) for k in range(5)]
    places = [end for road in side for end in road] + [(0, -8), (10, -8), (20, -8)]
    edges = [(2 * k, 2 * k + 1, 0) for k in range(5)] + [(10, 11, 0), (11, 12, 0)]
    network = network_of(places, edges, profile=replace(simple_profile, access_candidates=3))
    assert sorted(at(network, (2, 0)).edge.tolist()) == [1, 2, 3, 5]
    near = network_of(places, edges, profile=replace(simple_profile, access_candidates=3, reach_km=7.0))
    assert sorted(at(near, (2, 0)).edge.tolist()) == [1, 2, 3]


def test_the_largest_part_is_that_of_the_open_roads(simple_profile):
    # Closed between, the larger half is another one than before.
    places, edges = [(0, 0), (4, 0), (8, 0), (9, 0), (40, 0)], [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0)]
    ms = np.full(4, 60_000, np.int32)
    shut = np.where(np.arange(4) == 3, CLOSED, ms).astype(np.int32)
    network = network_of(places, edges, profile=simple_profile, milliseconds=(shut, shut))
    assert network.component.tolist() == [0, 0, 0, 0, 1]
    assert network.components == 2
    assert network.edge_component.tolist() == [0, 0, 0, 0]  # who lives there enters there, closed or not
    one_way = network_of(places, edges, profile=simple_profile, milliseconds=(ms, shut))
    assert one_way.component.tolist() == [0, 0, 0, 0, 1]


def test_a_closed_road_leads_nowhere_and_a_one_way_road_does(simple_profile):
    places, edges = [(0, 0), (10, 0), (0, 1), (10, 1), (0, 2), (10, 2)], [(0, 1, 0), (2, 3, 1), (4, 5, 0)]
    ms = np.full(3, 600_000, np.int32)
    shut = ms.copy()
    shut[0] = CLOSED
    network = network_of(places, edges, profile=simple_profile, milliseconds=(shut, shut))
    assert sorted(at(network, (5, 0)).edge.tolist()) == [0, 1, 2]
    assert sorted(set(ways(network, at(network, (5, 0)), arriving=False).node.tolist())) == [2, 3, 4, 5]
    half = network_of(places, edges, profile=simple_profile, milliseconds=(ms, shut))
    assert sorted(at(half, (5, 0)).edge.tolist()) == [0, 1, 2]


def test_where_every_road_is_closed_there_is_no_way_out(simple_profile):
    shut = (np.array([CLOSED], np.int32),) * 2
    network = network_of([(0, 0), (10, 0)], [(0, 1, 0)], profile=simple_profile, milliseconds=shut)
    point = at(network, (5, 0), (6, 0))
    assert (point.has_entry.all(), point.nearest_km.max()) == (True, 0)
    assert not len(ways(network, point, arriving=False).node)
    assert Trips(network, point, at(network, (50, 0))).nearest()[0].reason.tolist() == ["unreachable"] * 2


def test_both_sides_of_a_divided_road_are_entered(simple_profile):
    network = network_of([(0, 0), (10, 0), (0, 0.1), (10, 0.1)], [(0, 1, 1), (2, 3, -1)], profile=simple_profile)
    point = at(network, (4, 0.02))
    assert dict(zip(point.edge.tolist(), point.leg_km.round(3).tolist(), strict=True)) == {0: 0.02, 1: 0.08}
    np.testing.assert_allclose(point.position, 0.4, atol=1e-6)


def test_roads_of_controlled_access_are_entered_at_their_ends(simple_profile):
    places, edges, classes = [(0, 0), (10, 0), (10, 5)], [(0, 1, 0), (1, 2, 0)], ["motorway", "street"]
    point = at(network_of(places, edges, classes, simple_profile), (4, 1))
    assert dict(zip(point.edge.tolist(), point.position.tolist(), strict=True)) == pytest.approx({0: 0.0, 1: 0.2})
    # Where its shape is known it has ramps, and is entered by them alone.
    bends = [0, 1, 2], np.array([0.1, 3]) * KM, np.array([5, 10]) * KM
    point = at(network_of(places, edges, classes, simple_profile, bends=bends), (4, 1))
    assert point.edge.tolist() == [1]


def test_beside_streets_no_chord_far_away_is_entered(simple_profile):
    # A street whose shape is known at 0.5 km, a highway's chord at 4 km; farther from the street both are entered.
    graph = RoadGraph.from_arrays(
        np.array([0.5, 0.5, -4, -4]) * KM, np.array([0, 3, 0, 30]) * KM, [0, 2], [1, 3], [0, 0], ["street"],
        bends=([0, 0, 0], [], []),
    )  # fmt: skip
    network = RoadNetwork(replace(graph, chord=np.array([False, True])), simple_profile, NOBODY)
    beside, off = at(network, (1, 0)), at(network, (9, 0))
    assert (beside.edge.tolist(), beside.on_streets.tolist()) == ([0], [True])
    assert (sorted(off.edge.tolist()), off.on_streets.tolist()) == ([0, 1], [False])


def test_a_leg_over_water_is_kept_apart(simple_profile):
    land = Land.from_polygons([shapely.box(-1, -1, 1, 0.5 * KM), shapely.box(-1, 5 * KM, 1, 1)])
    places, edges = [(0, 0), (10, 0), (0, 8), (10, 8)], [(0, 1, 0), (2, 3, 0)]
    wet = at(network_of(places, edges, profile=simple_profile, land=land), (5, 6), (5, -3), (5, 30))
    assert [one.tolist() for one in (wet.first, wet.edge, wet.water_first, wet.water_edge)] == [
        [0, 1, 2, 2],
        [1, 0],
        [0, 1, 1, 1],
        [0],
    ]
    assert wet.coast_km[0] == pytest.approx(1, abs=0.2)
    dry = at(network_of(places, edges, profile=simple_profile), (5, 6), (5, -3), (5, 30))
    assert [one.tolist() for one in (dry.first, np.sort(dry.edge), dry.water_edge)] == [[0, 2, 3, 3], [0, 0, 1], []]
    assert np.isinf(dry.coast_km).all()


def test_pieces_cover_every_segment():
    bends = [0, 2, 2], np.array([0, 4.1]) * KM, np.array([5.1, 5.1]) * KM
    x = np.array([0, 10, 10.05]) * KM
    graph = RoadGraph.from_arrays(np.zeros(3), x, [0, 1], [1, 2], [0, 0], ["street"], bends=bends)
    segments = Segments.of(graph)
    assert segments.edge.tolist() == [0, 0, 0, 1]
    lengths = np.array([5.1, 4.1, np.hypot(4.9, 4.1)])
    np.testing.assert_allclose(segments.end[:3], np.cumsum(lengths) / lengths.sum(), atol=1e-6)
    np.testing.assert_allclose(segments.start[:3], np.concatenate([[0], segments.end[:2]]), atol=1e-9)
    segment, lat, lon = segments.pieces(graph.chord)
    assert np.bincount(segment).tolist() == [26, 21, 32, 1]
    np.testing.assert_allclose(lon[segment == 0], (np.arange(26) + 0.5) * 5.1 / 26 * KM, atol=1e-9)
    np.testing.assert_allclose(lat[segment == 0], 0, atol=1e-9)
    longer, *_ = segments.pieces(np.ones(2, bool))
    assert np.bincount(longer).tolist() == [6, 5, 7, 1]


def test_a_place_off_the_earth_is_named(made):
    with pytest.raises(InputError, match="row 2"):
        made.snap([44.0, -69.4], [-69.4, 444.0])
    with pytest.raises(InputError, match="row 1"):
        made.snap([np.nan], [-69.4])


def test_taking_some_points_is_snapping_them(made):
    lat, lon = np.array([44.01, 43.8, 44.3, 45.9]), np.array([-69.9, -69.28, -69.52, -70.0])
    points = made.snap(lat, lon)
    for rows in (np.array([2, 0]), [3, 3, 1], np.zeros(0, int), np.array([False, True, False, True])):
        taken, snapped = points.take(rows), made.snap(lat[rows], lon[rows])
        for name in taken.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(taken, name), getattr(snapped, name))
        np.testing.assert_array_equal(taken.nearest_km, snapped.nearest_km)


def test_a_graph_without_roads(simple_profile):
    graph = RoadGraph.from_arrays([44.0], [-70.0], [], [], [], ["street"])
    point = RoadNetwork(graph, simple_profile, NOBODY).snap([44.0], [-70.0])
    assert not point.has_entry.any()


def test_the_default_profile_reaches_thirty_kilometres(made_graph, nobody):
    network = RoadNetwork(made_graph, load_profile("typical"), nobody)
    near, far = network.snap([44.26], [-69.1]), network.snap([44.28], [-69.1])
    assert (near.has_entry.tolist(), far.has_entry.tolist()) == ([True], [False])


def test_no_leg_crosses_ground_that_a_profile_closes(nobody, tmp_path):
    # Two roads on either side of a river 300 m wide; the home lies on the north bank, where the road ends 2 km away.
    import geopandas as gpd

    from matcare.scenario.adjustments import Closure
    from matcare.travel.searches import table

    flood = tmp_path / "flood.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(-97.2, 46.999, -96.8, 47.001)], crs="EPSG:4326").to_file(flood)
    graph = RoadGraph.from_arrays(
        [47.005, 47.005, 46.995, 46.995], [-97.10, -97.03, -97.10, -97.0], [0, 2], [1, 3], [0, 0], ["residential"]
    )
    open_, closed = (
        RoadNetwork(graph, replace(load_profile("typical"), closures=closures), nobody)
        for closures in ((), (Closure(name="flood", polygon=flood),))
    )
    home, hospital = ([47.004], [-97.0]), ([46.996], [-97.0])
    both, north = open_.snap(*home), closed.snap(*home)
    assert set(both.edge.tolist()) == {0, 1}
    assert north.edge.tolist() == [0]
    assert np.isfinite(table(open_, both, open_.snap(*hospital))).all()
    assert np.isnan(table(closed, north, closed.snap(*hospital))).all()
    inside = closed.snap([47.0], [-97.0])  # a home on flooded ground still has its ways out
    assert set(inside.edge.tolist()) == {0, 1}
    one = replace(
        closed.profile, access_candidates=1
    )  # the one nearest road lies across: the next on this side is found
    near_water = RoadNetwork(graph, one, nobody).snap([46.9992 + 0.003], [-97.0])
    assert near_water.edge.tolist() == [0]


def test_closing_ground_never_shortens_a_trip(nobody, tmp_path):
    import geopandas as gpd

    from matcare.scenario.adjustments import Closure
    from matcare.travel.searches import table

    rng = np.random.default_rng(8)
    side = 9
    y, x = np.divmod(np.arange(side * side), side)
    lat, lon = 47 + 0.006 * y + rng.normal(0, 8e-4, side**2), -97 + 0.009 * x + rng.normal(0, 8e-4, side**2)
    right, up = np.flatnonzero(x < side - 1), np.flatnonzero(y < side - 1)
    u, v = np.concatenate([right, up]), np.concatenate([right + 1, up + side])
    keep = rng.random(len(u)) < 0.8
    u, v = u[keep], v[keep]
    bends = np.arange(len(u) + 1), (lat[u] + lat[v]) / 2, (lon[u] + lon[v]) / 2
    graph = RoadGraph.from_arrays(lat, lon, u, v, np.zeros(len(u), int), ["residential"], bends=bends)
    points = 47 + 0.048 * rng.random(40), -97 + 0.072 * rng.random(40)
    typical = load_profile("typical")
    free = RoadNetwork(graph, typical, nobody)
    before = table(free, free.snap(*points), free.snap(*points))
    longer = 0
    for number in range(6):
        flood = tmp_path / f"flood{number}.geojson"
        middle = shapely.Point(-97 + 0.072 * rng.random(), 47 + 0.048 * rng.random())
        gpd.GeoDataFrame(geometry=[middle.buffer(0.002 + 0.003 * number)], crs="EPSG:4326").to_file(flood)
        shut = RoadNetwork(graph, replace(typical, closures=(Closure(name="flood", polygon=flood),)), nobody)
        after = table(shut, shut.snap(*points), shut.snap(*points))
        both = np.isfinite(before) & np.isfinite(after)
        assert (after[both] >= before[both] - 1e-9).all()
        assert not (np.isnan(before) & np.isfinite(after)).any()
        longer += int((after[both] > before[both] + 1e-3).sum() + (np.isfinite(before) & np.isnan(after)).sum())
    assert longer > 0
