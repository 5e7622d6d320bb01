"""The graph itself: components, bridged gaps, what is refused."""

from __future__ import annotations

import math

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
