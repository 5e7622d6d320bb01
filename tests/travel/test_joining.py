"""Streets inside an area joined to highways around it; cutting edges; a real state joined to the embedded highways."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.cutting import cut_edges_at, put_together
from matcare.travel.graph import GAP_CLASS, RoadGraph
from matcare.travel.joining import join_graphs
from matcare.travel.readers.tiger import read_tiger

AREA = shapely.box(-100.0, 46.0, -99.0, 47.0)


def graph_of(points, edges, *, states=None, oneway=None, bends=None):
    """Build a graph from (lat, lon) and (u, v, class) rows."""
    names = sorted({edge[2] for edge in edges})
    given_states = sorted(set(states or ()) - {""})
    first = np.concatenate([[0], np.cumsum([len(bent) for bent in bends])]) if bends else None
    flat = [place for bent in bends for place in bent] if bends else []
    return RoadGraph.from_arrays(
        [p[0] for p in points], [p[1] for p in points], [e[0] for e in edges], [e[1] for e in edges],
        [names.index(e[2]) for e in edges], names, oneway=oneway, state_names=given_states,
        state=[given_states.index(s) if s else -1 for s in states] if states else None,
        bends=(first, [p[0] for p in flat], [p[1] for p in flat]) if bends else None, about={"source": "made"},
    )  # fmt: skip


def matrix_of(graph, weight):
    forward, backward = graph.oneway >= 0, graph.oneway <= 0
    arcs = pd.DataFrame(
        {
            "tail": np.concatenate([graph.u[forward], graph.v[backward]]),
            "head": np.concatenate([graph.v[forward], graph.u[backward]]),
            "weight": np.concatenate([weight[forward], weight[backward]]) + 1e-12,
        }
    )
    arcs = arcs.sort_values("weight").drop_duplicates(["tail", "head"])  # parallel edges would be added up
    return coo_array((arcs["weight"], (arcs["tail"], arcs["head"])), shape=(len(graph.lat),) * 2).tocsr()


def km_between(graph, a, b):
    """Shortest way between two (lat, lon), by SciPy."""
    at = [int(np.argmin(np.hypot(graph.lat - lat, graph.lon - lon))) for lat, lon in (a, b)]
    return float(dijkstra(matrix_of(graph, graph.km), indices=at[0])[at[1]])


# A highway from the west through the area along 46.5 to the east and on, a chord that cuts corners.
HIGHWAY = graph_of(
    [(46.5, -101.0), (46.5, -99.5), (46.5, -98.0)], [(0, 1, "us_highway"), (1, 2, "us_highway")]
)  # fmt: skip
# Streets: the same highway with its bends, from border to border, and a street northward from its middle.
STREETS = graph_of(
    [(46.501, -100.0), (46.502, -99.5), (46.501, -99.0), (46.9, -99.5)],
    [(0, 1, "tiger_secondary"), (1, 2, "tiger_secondary"), (1, 3, "tiger_local")],
    bends=[[(46.52, -99.7)], [], [(46.7, -99.49)]],
)


def test_highways_inside_are_left_to_the_streets_and_joined_at_the_border():
    joined = join_graphs(STREETS, HIGHWAY, area=AREA)
    names = np.array(joined.class_names)[joined.road_class]
    assert (names == GAP_CLASS).sum() == 2
    assert joined.components == 1
    assert len(joined.gaps) == 2
    assert joined.gaps["km"].max() < 2
    assert joined.about["joints"] == {
        "highways_cut": 2, "joined": 2, "longest_km": joined.gaps["km"].max(), "not_joined": [],
        "joined_one_way_only": [],
    }  # fmt: skip
    # the chord stays only outside, but for the margin of a kilometre
    west = joined.km[(names == "us_highway")]
    assert west == pytest.approx([great_circle_km(46.5, -101, 46.5, -100) + 1] * 2, abs=0.01)
    assert joined.chord[names == "us_highway"].all()
    assert not joined.chord[names == "tiger_local"].any()
    assert joined.km[names == "tiger_secondary"].sum() == pytest.approx(STREETS.km[:2].sum())
    across = km_between(joined, (46.5, -101.0), (46.9, -99.5))
    inside = STREETS.km[0] + STREETS.km[2]
    assert across == pytest.approx(great_circle_km(46.5, -101, 46.5, -100) + inside, abs=2)


def test_where_states_are_known_the_state_line_is_the_border():
    points = [(46.5, -101.0), (46.5, -100.003), (46.5, -99.5), (46.5, -98.0)]
    highway = graph_of(
        points, [(0, 1, "us_highway"), (1, 2, "us_highway"), (2, 3, "us_highway")], states=["MT", "ND", "ND"]
    )
    streets = graph_of(
        [(46.5, -100.003), (46.5, -99.5)], [(0, 1, "tiger_secondary")], states=["ND"], bends=[[(46.4, -99.8)]]
    )
    joined = join_graphs(streets, highway, area=AREA)
    names = np.array(joined.class_names)[joined.road_class]
    assert joined.gaps["km"].min() == pytest.approx(0, abs=1e-9)  # at the very place where the state changes
    mt = joined.state == joined.state_names.index("MT")
    assert joined.km[mt] == pytest.approx([float(great_circle_km(46.5, -101, 46.5, -100.003))])
    # highways of the own state, but beyond the area (a county whose streets are not there), stay
    own = (names == "us_highway") & ~mt
    assert joined.km[own] == pytest.approx([great_circle_km(46.5, -99, 46.5, -98) + 1], abs=0.01)
    assert [lost["lon"] for lost in joined.about["joints"]["not_joined"]] == pytest.approx([-99.013], abs=1e-3)


def test_a_highway_along_the_border_is_not_joined_to_streets_across_the_river():
    # of another state, a hundred metres inside a border that is drawn too coarsely
    river = graph_of([(46.2, -99.999), (46.8, -99.999)], [(0, 1, "us_highway")], states=["MT"])
    streets = graph_of([(46.2, -99.99), (46.8, -99.99)], [(0, 1, "tiger_secondary")], states=["ND"])
    joined = join_graphs(streets, river, area=AREA)
    assert len(joined.gaps) == 0
    assert joined.components == 2
    assert joined.km.tolist() == pytest.approx([streets.km[0], river.km[0]])
    # and of an unknown state, its own state's streets along the coast replace it
    unknown = graph_of([(46.2, -99.999), (46.8, -99.999)], [(0, 1, "us_highway")])
    assert len(join_graphs(streets, unknown, area=AREA).u) == 1


def test_a_freeway_is_joined_to_a_freeway_although_a_street_is_nearer():
    outer = graph_of([(46.5, -101.0), (46.5, -99.5)], [(0, 1, "interstate")])
    streets = graph_of(
        [(46.515, -100.0), (46.515, -99.5), (46.501, -100.0), (46.501, -99.5)],
        [(0, 1, "tiger_primary"), (2, 3, "tiger_local"), (1, 3, "tiger_ramp")],
    )
    joined = join_graphs(streets, outer, area=AREA)
    assert joined.gaps["to_lat"].tolist() == pytest.approx([46.515], abs=1e-4)
    plain = graph_of([(46.5, -101.0), (46.5, -99.5)], [(0, 1, "state_highway")])
    assert join_graphs(streets, plain, area=AREA).gaps["to_lat"].tolist() == pytest.approx([46.501], abs=1e-4)
    private = graph_of(
        [(46.515, -100.0), (46.515, -99.5), (46.501, -100.0), (46.501, -99.5)],
        [(0, 1, "tiger_primary"), (2, 3, "tiger_private"), (1, 3, "tiger_ramp")],
    )
    assert join_graphs(private, plain, area=AREA).gaps["to_lat"].tolist() == pytest.approx([46.515], abs=1e-4)


def test_carriageways_are_joined_each_in_its_direction():
    outer = graph_of([(46.5, -101.0), (46.5, -99.5)], [(0, 1, "interstate")])
    # eastward south of the chord, westward north of it; they meet in the middle of the area
    streets = graph_of(
        [(46.499, -100.0), (46.499, -99.5), (46.502, -100.0), (46.502, -99.5), (46.5, -99.4)],
        [(0, 1, "motorway"), (2, 3, "motorway"), (1, 4, "motorway"), (3, 4, "motorway"), (1, 3, "residential")],
        oneway=[1, -1, 1, -1, 0],
    )
    joined = join_graphs(streets, outer, area=AREA)
    gap = joined.road_class == joined.class_names.index(GAP_CLASS)
    ways = sorted(zip(joined.oneway[gap].tolist(), joined.lat[joined.v[gap]].round(4).tolist(), strict=True))
    assert ways == [(-1, 46.502), (1, 46.499)]
    there, back = (46.5, -101.0), (46.5, -99.4)
    assert km_between(joined, there, back) == pytest.approx(km_between(joined, back, there), abs=1)
    assert joined.component[[np.argmin(joined.lon), np.argmax(joined.lon)]].tolist() == [0, 0]


def test_what_finds_no_joint_is_listed_and_a_clipped_corner_stays_whole():
    streets = graph_of([(46.1, -99.5), (46.1, -99.4)], [(0, 1, "tiger_local")])
    outer = graph_of(
        [(46.5, -101.0), (46.5, -99.5), (47.2, -99.2), (46.7, -98.8)],
        [(0, 1, "us_highway"), (2, 3, "state_highway")],
    )
    joined = join_graphs(streets, outer, area=AREA)
    lost = joined.about["joints"]["not_joined"]
    assert [place["road_class"] for place in lost] == ["us_highway", "state_highway", "state_highway"]
    assert lost[0]["lat"] == pytest.approx(46.5, abs=1e-3)
    assert lost[0]["lon"] == pytest.approx(-99.987, abs=1e-3)
    corner = joined.road_class == joined.class_names.index("state_highway")
    assert joined.km[corner].sum() == pytest.approx(outer.km[1])
    assert km_between(joined, (47.2, -99.2), (46.7, -98.8)) == pytest.approx(outer.km[1])


def test_a_dead_end_that_leads_nowhere_is_no_joint():
    outer = graph_of([(46.5, -101.0), (46.5, -99.5)], [(0, 1, "us_highway")])
    streets = graph_of(
        [(46.5, -100.0), (46.5, -99.97), (46.51, -100.0), (46.51, -99.5), (46.6, -99.5)],
        [(0, 1, "tiger_secondary"), (2, 3, "tiger_local"), (3, 4, "tiger_local")],
    )
    joined = join_graphs(streets, outer, area=AREA)
    assert joined.gaps["to_lat"].tolist() == pytest.approx([46.51], abs=1e-4)


@pytest.mark.parametrize(
    ("area", "options", "words"),
    [
        (shapely.Polygon(), {}, "a polygon"),
        (shapely.LineString([(0, 0), (1, 1)]), {}, "a polygon"),
        (shapely.box(-100, 46, -99.99, 47), {}, "narrower than 2 km"),
        (AREA, {"margin_km": -1}, "margin_km"),
        (AREA, {"limit_km": 0}, "limit_km"),
    ],
)
def test_bad_areas_are_refused(area, options, words):
    with pytest.raises(InputError, match=words):
        join_graphs(STREETS, HIGHWAY, area=area, **options)


def test_two_graphs_beside_each_other_keep_names_and_numbers():
    both = put_together(STREETS, HIGHWAY)
    assert both.class_names == (*STREETS.class_names, "us_highway")
    assert both.components == 2
    assert both.bend_first[-1] == 2
    assert both.km.tolist() == [*STREETS.km, *HIGHWAY.km]
    np.testing.assert_array_equal(both.u[3:], HIGHWAY.u + 4)


SHARES = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(SHARES)
def test_cutting_changes_no_length_and_no_way(cuts):
    edge, share = np.array([c[0] for c in cuts], np.int64), np.array([c[1] for c in cuts])
    cut, node, parent = cut_edges_at(STREETS, edge, share)
    np.testing.assert_allclose(np.bincount(parent, weights=cut.km, minlength=3), STREETS.km, rtol=1e-12)
    np.testing.assert_array_equal(cut.lat[: len(STREETS.lat)], STREETS.lat)
    assert len(cut.bend_lat) == cut.bend_first[-1] <= 2
    before = dijkstra(matrix_of(STREETS, STREETS.km))
    after = dijkstra(matrix_of(cut, cut.km))
    np.testing.assert_allclose(after[:4, :4], before, rtol=1e-9)
    first, lat, lon = STREETS.shapes()
    for row, (at, part) in enumerate(cuts):
        line = shapely.LineString(np.stack([lon, lat], 1)[first[at] : first[at + 1]])
        place = line.interpolate(part, normalized=True)
        near = great_circle_km(place.y, place.x, cut.lat[node[row]], cut.lon[node[row]])
        assert near <= 0.0021 * len(cuts)


@pytest.mark.shared
def test_north_dakota_joined_to_the_highways_around_it(shared, snapshot):
    folder = shared / "roads" / "tiger_2021_nd"
    if not folder.is_dir():
        pytest.skip("North Dakota's road files are not there")
    highways = RoadGraph.from_frames(snapshot.road_nodes, snapshot.road_edges)
    counties = snapshot.counties
    streets = read_tiger(folder)
    joined = join_graphs(streets, highways, area=counties[counties["state"] == "ND"].union_all())
    joints = joined.about["joints"]
    assert (joints["highways_cut"], joints["joined"]) == (37, 37)
    assert joints["longest_km"] < 0.5
    own = joined.state == joined.state_names.index("ND")
    names = np.array(joined.class_names)[joined.road_class]
    assert not (own & joined.chord).any()
    assert set(names[~own]) <= {*highways.class_names, GAP_CLASS}
    speed = {"interstate": 105, "freeway": 100, "us_highway": 90, "state_highway": 85, "tiger_primary": 105,
             "tiger_secondary": 90, "tiger_local": 55, "tiger_ramp": 60, "gap": 40}  # fmt: skip
    # straight km and what a map service would give, roughly
    trips = {
        "Fargo to Moorhead": ((46.8772, -96.7898), (46.8738, -96.7678), 1, 5),
        "Wahpeton to Breckenridge": ((46.2652, -96.6059), (46.2636, -96.5881), 1, 8),
        "Grand Forks to East Grand Forks": ((47.9253, -97.0329), (47.9300, -97.0245), 0.5, 4),
        "Williston to Sidney": ((48.147, -103.618), (47.7167, -104.1563), 44, 58),
        "Bismarck to Mobridge": ((46.8083, -100.7837), (45.5372, -100.4279), 110, 140),
        "Bowman to Baker": ((46.183, -103.395), (46.367, -104.285), 44, 60),
    }

    def minutes(graph):
        box = graph.within_box(45, -105.5, 49.2, -95.5)
        pace = 60 / np.array([speed.get(name, 30) for name in box.class_names])
        aside = np.where(box.component == 0, 0, 9)
        at = [
            [int(np.argmin(np.hypot(box.lat - y, box.lon - x) + aside)) for y, x in trip[:2]] for trip in trips.values()
        ]
        matrix = matrix_of(box, box.km * pace[box.road_class])
        ends = [dijkstra(matrix, indices=pair, limit=200)[[0, 1], pair[::-1]] for pair in at]
        return dict(zip(trips, ends, strict=True))

    on_streets, on_highways = minutes(joined), minutes(highways)
    for name, (_, _, least, most) in trips.items():
        there, back = on_streets[name]
        assert least <= there <= most, name
        assert there == pytest.approx(back, abs=1e-6)
        assert there == pytest.approx(on_highways[name][0], rel=0.15, abs=3), name
