"""County road files of the Census Bureau: made ones with every trap, and a real state's."""

from __future__ import annotations

import zipfile
from itertools import pairwise

import networkx as nx
import numpy as np
import pyogrio.raw
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.graph import RoadGraph
from matcare.travel.readers.noding import Lines, node_lines
from matcare.travel.readers.tiger import read_tiger, tiger_counties


def county_file(folder, county, roads, *, year=2021, crs="EPSG:4269", column="MTFCC"):
    """Write a county's zipped shapefile of (class, points) pairs."""
    name = f"tl_{year}_{county}_roads"
    lines = [shapely.LineString(points) if len(points) > 1 else None for _, points in roads]
    loose = folder / "loose"
    loose.mkdir(exist_ok=True, parents=True)
    pyogrio.raw.write(
        loose / f"{name}.shp", shapely.to_wkb(np.array(lines, dtype=object)),
        [np.array([kind for kind, _ in roads], dtype=object)], [column], geometry_type="LineString", crs=crs,
    )  # fmt: skip
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(loose.glob(f"{name}.*")):
            packed.write(file, file.name)
            file.unlink()
    return path


def class_of(graph):
    return [graph.class_names[code] for code in graph.road_class]


def km_between(graph: RoadGraph, a, b):
    """Shortest way between two places, by SciPy."""
    from scipy.sparse import coo_array

    best: dict[tuple[int, int], float] = {}
    for i, j, km, way in zip(graph.u.tolist(), graph.v.tolist(), graph.km.tolist(), graph.oneway.tolist(), strict=True):
        for tail, head, is_open in ((i, j, way >= 0), (j, i, way <= 0)):
            if is_open:
                best[tail, head] = min(km, best.get((tail, head), np.inf))
    tails, heads = np.array(list(best)).T
    n = len(graph.lat)
    matrix = coo_array((np.array(list(best.values())) + 1e-12, (tails, heads)), shape=(n, n)).tocsr()
    at = [int(np.argmin(np.hypot(graph.lat - lat, graph.lon - lon))) for lon, lat in (a, b)]
    return float(dijkstra(matrix, indices=at[0])[at[1]])


def test_roads_meet_at_shared_vertices_and_bends_are_kept(tmp_path):
    # a road with a bend (-100.5, 46.1) and a crossing at (-100.4, 46), where a second road passes
    county_file(tmp_path, "38017", [
        ("S1400", [(-100.6, 46.0), (-100.5, 46.1), (-100.4, 46.0), (-100.3, 46.0)]),
        ("S1200", [(-100.4, 45.9), (-100.4, 46.0), (-100.4, 46.1)]),
    ])  # fmt: skip
    graph = read_tiger(tmp_path)
    assert (len(graph.lat), len(graph.u)) == (5, 4)
    assert class_of(graph) == ["tiger_local", "tiger_local", "tiger_secondary", "tiger_secondary"]
    bent = great_circle_km(46, -100.6, 46.1, -100.5) + great_circle_km(46.1, -100.5, 46, -100.4)
    assert graph.km[0] == pytest.approx(bent)
    assert graph.bend_lat.tolist() == [46.1]
    assert not graph.chord.any()
    assert graph.state_names == ("ND",)
    assert set(graph.state.tolist()) == {0}
    assert graph.components == 1
    assert graph.about["vintage"] == "2021"
    assert "public domain" in graph.about["licence"]


def test_a_road_of_two_names_and_one_in_two_counties_stand_there_once(tmp_path):
    road = [(-100.6, 46.0), (-100.5, 46.0), (-100.4, 46.1), (-100.3, 46.0)]
    county_file(tmp_path, "38017", [("S1200", road), ("S1200", road[1:3]), ("S1400", [(-100.3, 46.0), (-100.3, 46.1)])])
    county_file(tmp_path, "30083", [("S1400", road[::-1])])
    graph = read_tiger(tmp_path)
    assert graph.about["counts"]["repeated_pieces_dropped"] == 4
    assert sorted(class_of(graph)) == ["tiger_local", "tiger_secondary"]  # of the classes the better one
    whole = sum(great_circle_km(a[1], a[0], b[1], b[0]) for a, b in pairwise(road))
    assert graph.km[graph.road_class == graph.class_names.index("tiger_secondary")].sum() == pytest.approx(whole)
    assert graph.about["counties"] == ["30083", "38017"]
    assert graph.state_names == ("MT", "ND")
    assert set(graph.state.tolist()) == {1}
    alone = read_tiger(tmp_path / "tl_2021_30083_roads.zip")
    assert (alone.state_names, len(alone.u)) == (("MT",), 1)


def test_a_road_that_crosses_a_freeway_without_a_ramp_is_a_bridge(tmp_path):
    freeway = [(-100.6, 46.0), (-100.5, 46.0), (-100.4, 46.0), (-100.3, 46.0)]
    roads = [
        ("S1100", freeway),
        ("S1400", [(-100.5, 45.9), (-100.5, 46.0), (-100.5, 46.1)]),  # an overpass
        ("S1200", [(-100.4, 45.9), (-100.4, 46.0), (-100.4, 46.1)]),  # an interchange drawn as one point
        ("S1630", [(-100.41, 45.99), (-100.4, 46.0)]),
        ("S1400", [(-100.5, 46.1), (-100.4, 46.1)]),
        ("S1400", [(-100.3, 46.0), (-100.3, 46.1)]),  # joins where the freeway ends
    ]
    county_file(tmp_path, "38017", roads)
    graph = read_tiger(tmp_path)
    assert graph.about["counts"]["bridges_at_primary_roads"] == 1
    at_bridge = np.flatnonzero((graph.lon == -100.5) & (graph.lat == 46.0))
    assert len(at_bridge) == 2
    assert [sorted(set(graph.road_class[(graph.u == n) | (graph.v == n)].tolist())) for n in at_bridge] == [[0], [2]]
    joined = read_tiger(tmp_path, bridges=False)
    assert joined.about["counts"].get("bridges_at_primary_roads") is None
    up = ((-100.6, 46.0), (-100.5, 46.1))
    over = great_circle_km(46, -100.6, 46, -100.5) + great_circle_km(46, -100.5, 46.1, -100.5)
    assert km_between(joined, *up) == pytest.approx(over)
    assert km_between(graph, *up) > over + 5  # has to take the interchange
    assert graph.components == 1


def test_a_road_that_ends_on_a_freeway_or_touches_it_from_one_side_stays_joined(tmp_path):
    county_file(tmp_path, "38017", [
        ("S1100", [(-100.6, 46.0), (-100.5, 46.0), (-100.4, 46.0), (-100.3, 46.0)]),
        ("S1400", [(-100.5, 45.9), (-100.5, 46.0)]),
        ("S1400", [(-100.45, 45.9), (-100.4, 46.0), (-100.35, 45.9)]),
    ])  # fmt: skip
    graph = read_tiger(tmp_path)
    assert graph.about["counts"]["bridges_at_primary_roads"] == 0
    assert graph.components == 1


def test_ways_that_are_not_for_cars_are_left_out_and_counted(tmp_path):
    kinds = ["S1400", "S1710", "S1720", "S1750", "S1820", "S1830", "S1820", "S9999", "S1740", "S1500"]
    roads = [(kind, [(-100 + i / 10, 46.0), (-100 + i / 10, 46.1)]) for i, kind in enumerate(kinds)]
    roads += [("S1400", [(-101.0, 46.0), (-101.0, 46.0000000001)]), ("S1400", [])]
    county_file(tmp_path, "38017", roads)
    graph = read_tiger(tmp_path)
    assert class_of(graph) == ["tiger_local", "other", "tiger_private", "tiger_four_wheel"]
    counts = graph.about["counts"]
    assert {name: n for name, n in counts.items() if n} == {
        "lines": 11, "walkways_left_out": 1, "stairways_left_out": 1, "internal_census_lines_left_out": 1,
        "bicycle_paths_left_out": 2, "bridle_paths_left_out": 1, "lines_of_unknown_class": 1,
        "lines_without_shape": 1, "lines_without_length": 1,
    }  # fmt: skip


def test_missing_counties_are_named(tmp_path):
    county_file(tmp_path, "38017", [("S1400", [(-100, 46), (-100, 46.1)])])
    graph = read_tiger(tmp_path, counties=["38001", "38017", "38105"])
    assert graph.about["missing_counties"] == ["38001", "38105"]
    assert tiger_counties(tmp_path) == {"38017": tmp_path / "tl_2021_38017_roads.zip"}


def test_the_number_of_threads_changes_nothing(tmp_path):
    for i in range(4):
        county_file(tmp_path, f"3800{2 * i + 1}", [("S1400", [(-100, 46 + i), (-99.9, 46.5 + i), (-99.5, 47 + i)])])
    one, two = read_tiger(tmp_path, threads=1), read_tiger(tmp_path, threads=3)
    for name in ("lat", "lon", "u", "v", "km", "road_class", "bend_first", "bend_lat"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


ROAD = [("S1400", [(-100, 46), (-100, 46.1)])]


def test_bad_input_is_told_in_one_line(tmp_path):
    good = county_file(tmp_path / "good", "38017", ROAD)
    cases = {"gone": "no such file or folder", "empty": "no TIGER/Line county road files"}
    (tmp_path / "empty").mkdir()
    half = tmp_path / "half"
    half.mkdir()
    (half / good.name).write_bytes(good.read_bytes()[:400])
    cases["half"] = "not a whole zip file"
    other = tmp_path / "other"
    other.mkdir()
    with zipfile.ZipFile(other / good.name, "w") as packed:
        packed.writestr("readme.txt", "nothing")
    cases["other"] = "no shapefile of roads"
    county_file(tmp_path / "column", "38017", ROAD, column="CLASS")
    cases["column"] = "no column MTFCC"
    county_file(tmp_path / "crs", "38017", ROAD, crs="EPSG:2265")
    cases["crs"] = "EPSG:2265"
    county_file(tmp_path / "walk", "38017", [("S1710", ROAD[0][1])])
    cases["walk"] = "no roads for cars"
    county_file(tmp_path / "twice", "38017", ROAD)
    county_file(tmp_path / "twice", "38017", ROAD, year=2020)
    cases["twice"] = "county 38017 stands there twice"
    for folder, words in cases.items():
        with pytest.raises(InputError, match=words) as told:
            read_tiger(tmp_path / folder)
        assert "\n" not in str(told.value)
        assert folder in str(told.value)
    renamed = tmp_path / "roads.zip"
    renamed.write_bytes(good.read_bytes())
    with pytest.raises(InputError, match="rename it"):
        read_tiger(renamed)


GRID = st.tuples(st.integers(0, 3), st.integers(0, 3))
LINE = st.lists(GRID, min_size=2, max_size=6)


def vertex_graph(lines):
    """Every piece from vertex to vertex, by NetworkX: the roads before any node is left out."""
    graph = nx.Graph()
    for line in lines:
        for a, b in pairwise(line):
            if a != b:
                graph.add_edge(a, b, km=float(great_circle_km(a[1] / 100, a[0] / 100, b[1] / 100, b[0] / 100)))
    return graph


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE, min_size=1, max_size=6), st.booleans())
def test_noding_keeps_every_way(lines, drop):
    vertices = np.array([point for line in lines for point in line], dtype=float) / 100
    first = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    stretches = node_lines(Lines(vertices[:, 0], vertices[:, 1], first), at="vertices", drop_repeated=drop)
    expected = vertex_graph(lines)
    graph = RoadGraph.from_arrays(
        stretches.lat, stretches.lon, stretches.u, stretches.v, np.zeros(len(stretches.u), int), ["any"],
        bends=stretches.bends,
    )  # fmt: skip
    if drop:
        assert graph.km.sum() == pytest.approx(sum(km for _, _, km in expected.edges(data="km")), abs=1e-9)
    noded = nx.Graph()
    noded.add_nodes_from(range(len(graph.lat)))
    for i, j, km in zip(graph.u.tolist(), graph.v.tolist(), graph.km.tolist(), strict=True):
        noded.add_edge(i, j, km=min(km, noded.get_edge_data(i, j, {"km": np.inf})["km"]))
    name = [(round(x * 100), round(y * 100)) for x, y in zip(graph.lon, graph.lat, strict=True)]
    assert len(set(name)) == len(name)
    for start, found in nx.all_pairs_dijkstra_path_length(noded, weight="km"):
        truth = nx.single_source_dijkstra_path_length(expected, name[start], weight="km")
        assert {name[node]: km for node, km in found.items()} == pytest.approx(
            {place: km for place, km in truth.items() if place in name}, abs=1e-9
        )
    junctions = {place for place, degree in expected.degree() if degree != 2}
    assert junctions <= set(name)


@pytest.mark.shared
def test_all_of_north_dakota(shared):
    folder = shared / "roads" / "tiger_2021_nd"
    if not folder.is_dir():
        pytest.skip("North Dakota's road files are not there")
    graph = read_tiger(folder)
    assert len(graph.about["counties"]) == 53
    assert 350_000 < len(graph.lat) < 400_000
    assert (graph.component == 0).mean() > 0.998
    km = {name: graph.km[graph.road_class == code].sum() for code, name in enumerate(graph.class_names)}
    # two carriageways of 919 km of interstates, and all roads: the state reports about 172,000 km of public ones
    assert 1_800 < km["tiger_primary"] < 1_900
    assert 160_000 < km["tiger_local"] < 200_000
    assert km["other"] == 0
    assert graph.state_names == ("ND",)
    # Fargo (Main at Broadway) to Bismarck: 306 km straight, some 312 by Interstate 94
    assert 304 < km_between(graph, (-96.7877, 46.8745), (-100.7837, 46.8060)) < 320
