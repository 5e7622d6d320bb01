"""The graph itself: components, bridged gaps, what is refused."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.graph import GAP_CLASS, RoadGraph


def frames(points, edges):
    return pd.DataFrame(points, columns=["lat", "lon"]), pd.DataFrame(edges, columns=["u", "v", "road_class"])


# A road eastward, a second one whose end stops 0.5 km short of the first one's middle, a third 2 km off.
SPLIT = frames(
    [(44.0, -70.0), (44.0, -69.8), (44.0045, -69.9), (44.2, -69.9), (43.98, -69.9), (43.9, -69.9)],
    [(0, 1, "us_highway"), (2, 3, "state_highway"), (4, 5, "state_highway")],
)


def test_a_gap_is_bridged_at_the_nearest_points_of_the_edges():
    graph = RoadGraph.from_frames(*SPLIT)
    assert graph.components == 2
    assert len(graph.gaps) == 1
    gap = graph.gaps.iloc[0]
    assert gap["km"] == pytest.approx(0.5004, abs=2e-3)
    assert sorted([gap["lat"], gap["to_lat"]]) == pytest.approx([44.0, 44.0045], abs=1e-9)
    assert [gap["lon"], gap["to_lon"]] == pytest.approx([-69.9, -69.9], abs=1e-6)
    bridge = graph.class_names.index(GAP_CLASS)
    assert graph.km[graph.road_class == bridge] == pytest.approx([gap["km"]], abs=1e-6)
    whole = great_circle_km(44.0, -70.0, 44.0, -69.8)
    assert graph.km[graph.road_class == graph.class_names.index("us_highway")].sum() == pytest.approx(whole, abs=1e-4)
    np.testing.assert_allclose(
        graph.km, great_circle_km(graph.lat[graph.u], graph.lon[graph.u], graph.lat[graph.v], graph.lon[graph.v])
    )


def test_many_gaps_on_one_edge_keep_their_places():
    lon = [-69.95, -69.85, -69.9]  # out of order along the edge
    points = [(44.0, -70.0), (44.0, -69.8)] + [p for x in lon for p in ((44.004, x), (44.1, x))]
    edges = [(0, 1, "us_highway")] + [(2 + 2 * i, 3 + 2 * i, "state_highway") for i in range(3)]
    graph = RoadGraph.from_frames(*frames(points, edges))
    assert (graph.components, len(graph.gaps)) == (1, 3)
    assert graph.km.max() < 11  # the cuts stand where they belong
    assert graph.km[graph.road_class == graph.class_names.index(GAP_CLASS)] == pytest.approx([0.4448] * 3, abs=1e-3)
    assert graph.km[graph.road_class == graph.class_names.index("us_highway")] == pytest.approx([4.0] * 4, abs=0.02)


def test_the_limit_of_gaps_is_an_option():
    assert RoadGraph.from_frames(*SPLIT, bridge_gaps_km=0).components == 3
    assert RoadGraph.from_frames(*SPLIT, bridge_gaps_km=0.3).components == 3
    assert RoadGraph.from_frames(*SPLIT, bridge_gaps_km=5).components == 1


def test_components_are_numbered_by_size():
    nodes, edges = frames(
        [(44, -70), (44, -69), (46, -70), (46, -69), (46, -68)], [(0, 1, "a"), (2, 3, "a"), (3, 4, "a")]
    )
    assert RoadGraph.from_frames(nodes, edges).component.tolist() == [1, 1, 0, 0, 0]


def test_turning_is_counted_on_the_way_and_not_at_junctions():
    corner = frames([(44, -70), (44, -69.9), (44.1, -69.9)], [(0, 1, "a"), (2, 1, "a")])
    assert RoadGraph.from_frames(*corner).turning() == pytest.approx([math.pi / 4] * 2, abs=1e-3)
    tee = frames([(44, -70), (44, -69.9), (44.1, -69.9), (44, -69.8)], [(0, 1, "a"), (2, 1, "a"), (1, 3, "a")])
    assert RoadGraph.from_frames(*tee).turning().tolist() == [0, 0, 0]
    straight = frames([(44, -70), (44, -69.9), (44, -69.8)], [(0, 1, "a"), (1, 2, "a")])
    assert RoadGraph.from_frames(*straight).turning() == pytest.approx([0, 0], abs=1e-6)


def test_states_are_those_of_the_middles():
    nodes, edges = frames([(44, -70), (44, -69), (44, -66), (46, -69)], [(0, 1, "a"), (1, 2, "a"), (1, 3, "a")])
    polygons = [shapely.box(-71, 43, -69.2, 45), shapely.box(-69.2, 43, -68, 45), shapely.box(-70, 45, -68, 47)]
    graph = RoadGraph.from_frames(nodes, edges).with_states(polygons, ["VT", "NH", "VT"])
    assert [graph.state_names[code] for code in graph.state] == [
        "VT",
        "NH",
        "VT",
    ]  # the second one's middle is off the land


def test_a_box_keeps_what_lies_inside():
    graph = RoadGraph.from_frames(*SPLIT).within_box(43.95, -70.5, 44.3, -69.5)
    assert (len(graph.u), graph.components) == (5, 2)  # a cut at a loose end leaves an edge of no length


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n, e: (n.drop(columns="lat"), e), "no column 'lat'"),
        (lambda n, e: (n, e.drop(columns="road_class")), "no column 'road_class'"),
        (lambda n, e: (n.assign(lat=[444.0, *n["lat"][1:]]), e), "row 1"),
        (lambda n, e: (n, e.assign(u=[0, 99, 4])), "row 2, column u: no node 99"),
        (lambda n, e: (n.assign(node=0), e), "stands there twice"),
        (lambda n, e: (n, e.assign(road_class=["a", None, "b"])), "road_class is missing"),
    ],
)
def test_bad_tables_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        RoadGraph.from_frames(*change(*SPLIT))


# Directed graphs.


def one_way(nodes, edges, **columns):
    """A graph of (u, v, one-way) edges; where its nodes lie does not matter."""
    u, v, oneway = np.array(edges).T
    place = np.arange(nodes)
    lat, lon = 44 + place * 0.01, -70 + place**2 * 0.01
    return RoadGraph.from_arrays(lat, lon, u, v, np.zeros(len(u), int), ["a"], oneway=oneway, **columns)


def test_strong_parts_are_where_one_can_go_and_come_back():
    # A ring driven round, a way out of it that does not come back, two nodes behind it with a road between.
    graph = one_way(6, [(0, 1, 1), (2, 1, -1), (2, 0, 1), (2, 3, 1), (4, 5, 0), (3, 4, 1)])
    assert graph.component.tolist() == [0, 0, 0, 2, 1, 1]
    assert graph.components == 3
    every = np.ones(6, bool)
    assert graph.strong_parts((every, every)).tolist() == [0] * 6
    no_way_round = np.arange(6) != 2
    closed = graph.strong_parts((no_way_round & (graph.oneway >= 0), no_way_round & (graph.oneway <= 0)))
    assert closed.tolist() == [1, 2, 3, 4, 0, 0]  # of equal size, by their lowest node


def test_strong_parts_are_networkx_s():
    rng = np.random.default_rng(6)
    for _ in range(40):
        u, v = rng.integers(0, 20, (2, 25))
        oneway = rng.integers(-1, 2, 25)
        graph = one_way(20, np.stack([u, v, oneway], 1))
        arcs = [(a, b) for a, b, way in zip(u, v, oneway, strict=True) if way >= 0]
        roads = nx.DiGraph(arcs + [(b, a) for a, b, way in zip(u, v, oneway, strict=True) if way <= 0])
        roads.add_nodes_from(range(20))
        parts = {frozenset(np.flatnonzero(graph.component == part).tolist()) for part in range(graph.components)}
        assert parts == set(map(frozenset, nx.strongly_connected_components(roads)))
        assert (np.diff(np.bincount(graph.component)) <= 0).all()


def test_a_one_way_road_is_no_gap():
    # A ramp that leads into the net, another out of it, and a road over it that is joined to it far away.
    ramp = RoadGraph.from_arrays(
        [44, 44, 44.1, 44.2], [-70, -69.8, -69.8, -70], [0, 2, 0], [1, 1, 3], [0] * 3, ["a"], oneway=[0, 1, 1],
        bridge_gaps_km=1,
    )  # fmt: skip
    assert (len(ramp.gaps), len(ramp.u), ramp.components) == (0, 3, 3)
    flyover = RoadGraph.from_arrays(
        [44, 44, 43.99, 44.01, 44.01], [-70, -69.8, -69.9, -69.9, -70], [0, 2, 3, 4], [1, 3, 4, 0], [0] * 4, ["a"],
        oneway=[1] * 4, bridge_gaps_km=1,
    )  # fmt: skip
    assert (len(flyover.gaps), len(flyover.u)) == (0, 4)


def test_the_pieces_of_a_cut_road_share_its_length_and_minutes():
    nodes, edges = SPLIT
    lengths = {"km": [30.0, 25.0, 9.0], "fixed_minutes": [20.0, np.nan, 7.0], "limit_km_per_h": [80.0, np.nan, 50.0]}
    graph = RoadGraph.from_arrays(
        nodes["lat"],
        nodes["lon"],
        edges["u"],
        edges["v"],
        [0, 0, 0],
        ["a"],
        oneway=[1, 0, 0],
        bridge_gaps_km=1,
        **lengths,
    )
    bridge = graph.road_class == 1
    assert (len(graph.gaps), bridge.sum()) == (1, 1)
    assert graph.chord.tolist() == bridge.tolist()
    of_road = (graph.oneway == 1) & ~bridge
    assert of_road.sum() == 2
    np.testing.assert_allclose(graph.km[of_road], [15, 15], atol=0.01)
    np.testing.assert_allclose(graph.fixed_minutes[of_road], [10, 10], atol=0.01)
    assert graph.limit_km_per_h[of_road].tolist() == [80, 80]
    assert sorted(graph.fixed_minutes[~of_road & ~np.isnan(graph.fixed_minutes)].tolist()) == [7]
    assert graph.km[~bridge].sum() == pytest.approx(64, abs=1e-6)


def test_the_columns_of_a_table_of_edges_are_kept():
    nodes, edges = SPLIT
    edges = edges.assign(oneway=[1, 0, -1], limit_km_per_h=[80, np.nan, 50], fixed_minutes=[np.nan, 3.5, 0])
    graph = RoadGraph.from_frames(nodes, edges, bridge_gaps_km=0)
    assert graph.oneway.tolist() == [1, 0, -1]
    np.testing.assert_array_equal(graph.limit_km_per_h, np.array([80, np.nan, 50], np.float32))
    np.testing.assert_array_equal(graph.fixed_minutes, np.array([np.nan, 3.5, 0], np.float32))
    assert graph.chord.all()


def bent():
    """An edge with two bends, one without, and one that comes back to where it began."""
    bends = [0, 2, 2, 3], [44.1, 44.1, 44.3], [-70.0, -69.9, -69.9]
    return RoadGraph.from_arrays(
        [44, 44, 44.2], [-70, -69.9, -69.9], [0, 1, 2], [1, 2, 2], [0, 1, 0], ["a", "b"], bends=bends
    )


def test_lengths_go_along_the_bends():
    graph = bent()
    tenth, across = great_circle_km(44, -70, 44.1, -70), great_circle_km(44.1, -70, 44.1, -69.9)
    np.testing.assert_allclose(graph.km, [2 * tenth + across, 2 * tenth, 2 * tenth], atol=1e-9)
    assert not graph.chord.any()
    first, lat, lon = graph.shapes()
    assert first.tolist() == [0, 4, 6, 9]
    assert lat.tolist() == [44, 44.1, 44.1, 44, 44, 44.2, 44.2, 44.3, 44.2]
    assert lon[:4].tolist() == [-70, -70, -69.9, -69.9]
    given = RoadGraph.from_arrays(graph.lat, graph.lon, graph.u, graph.v, [0, 0, 0], ["a"], km=[5, np.nan, 0])
    assert given.km.tolist() == [5, pytest.approx(2 * tenth), 0]
    assert given.chord.tolist() == [False, True, False]


def test_taking_edges_takes_their_bends_and_nodes():
    graph = bent()
    for pick in ([2, 0], np.array([True, False, True])):
        part = graph.take_edges(pick)
        assert len(part.lat) == 3
        assert part.bend_first.tolist() == ([0, 1, 3] if isinstance(pick, list) else [0, 2, 3])
    part = graph.take_edges([1, 2])
    assert (part.lat.tolist(), part.u.tolist(), part.v.tolist()) == ([44, 44.2], [0, 1], [1, 1])
    assert (part.bend_lat.tolist(), part.km.tolist()) == ([44.3], graph.km[1:].tolist())
    box = graph.within_box(43.9, -69.95, 44.3, -69.8)
    assert (box.lat.tolist(), box.road_class.tolist()) == ([44, 44.2], [1, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"u": [0, 9]}, "row 2, column u: no node 9"),
        ({"v": [-1, 0]}, "row 1, column v: no node -1"),
        ({"road_class": [0, 3]}, "row 2: no road class of number 3"),
        ({"km": [1, -2]}, "row 2: km is -2"),
        ({"km": [np.inf, 1]}, "row 1: km is inf"),
        ({"limit_km_per_h": [1, -2]}, "row 2: limit_km_per_h is -2"),
        ({"fixed_minutes": [-0.5, 0]}, "row 1: fixed_minutes is -0.5"),
        ({"lat": [44, np.nan]}, "road nodes, row 2"),
        ({"bends": ([0, 1, 1], [99], [0])}, "bends of road edges, row 1"),
        ({"class_names": [str(k) for k in range(200)]}, "200 road classes"),
    ],
)
def test_bad_arrays_are_refused(change, message):
    good = {"lat": [44, 44.1], "lon": [-70, -70], "u": [0, 1], "v": [1, 0], "road_class": [0, 0], "class_names": ["a"]}
    assert len(RoadGraph.from_arrays(**good).u) == 2
    with pytest.raises(InputError, match=message):
        RoadGraph.from_arrays(**{**good, **change})


@pytest.mark.parametrize("oneway", [["yes", "no"], [1.0, float("nan")]])
def test_a_direction_that_is_no_number_is_refused(oneway):
    with pytest.raises(InputError, match=r"oneway .*give 0 \(both ways\), 1 \(from u to v\) or -1"):
        RoadGraph.from_arrays([44.0, 44.0, 44.1], [-70.0, -69.9, -69.9], [0, 1], [1, 2], [0, 0], ["a"], oneway=oneway)


def test_no_points_can_be_taken(made):
    assert len(made.snap([44.0], [-69.9]).take([])) == 0


def test_a_node_without_a_road_is_no_gap():
    nodes, edges = SPLIT
    graph = RoadGraph.from_frames(nodes, edges.iloc[:1])
    assert (len(graph.gaps), graph.components) == (0, 5)
