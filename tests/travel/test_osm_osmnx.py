"""OSMnx's graphs: XML and GraphML files, and minutes that agree with OSMnx's own."""

from __future__ import annotations

import bz2
import gzip

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.travel.readers.osm_pbf import read_osm_pbf
from matcare.travel.readers.osmnx_graphs import read_graphml, read_osm_xml, roads_of_osmnx

osmium = pytest.importorskip("osmium")
ox = pytest.importorskip("osmnx")

CLASS_SPEEDS = {
    "motorway": 105.0, "motorway_link": 70.0, "trunk": 85.0, "trunk_link": 60.0, "primary": 65.0, "primary_link": 50.0,
    "secondary": 55.0, "secondary_link": 45.0, "tertiary": 45.0, "tertiary_link": 40.0, "unclassified": 40.0,
    "residential": 30.0, "living_street": 10.0, "service": 15.0, "road": 30.0,
}  # fmt: skip


def xml(nodes, ways, relations=""):
    places = "".join(
        f'<node id="{n}" lat="{lat}" lon="{lon}">{tags_of(tags)}</node>' for n, (lat, lon, tags) in nodes.items()
    )
    lines = "".join(
        f'<way id="{number}">{"".join(f"<nd ref={chr(34)}{n}{chr(34)}/>" for n in path)}{tags_of(tags)}</way>'
        for number, (path, tags) in enumerate(ways, start=1)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="test">{places}{lines}{relations}</osm>'


def tags_of(tags):
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def town(seed=7, side=9):
    """Make a lattice of streets, each its own way, with classes, limits, one-ways, a roundabout and a dead end."""
    rng = np.random.default_rng(seed)
    nodes = {
        1 + r * side + c: (44 + r / 100 + rng.uniform(-3e-3, 3e-3), -69 + c / 100 + rng.uniform(-3e-3, 3e-3), {})
        for r in range(side)
        for c in range(side)
    }
    lines = [[1 + r * side + c for c in range(side)] for r in range(side)]
    lines += [[1 + r * side + c for r in range(side)] for c in range(side)]
    ways = []
    for line in lines:
        cut = int(rng.integers(2, side - 2))
        for path in (line[: cut + 1], line[cut:]):
            tags = {"highway": str(rng.choice(["primary", "secondary", "residential", "service"]))}
            tags |= [{}, {"maxspeed": "35 mph"}, {"maxspeed": "50"}, {"maxspeed": "25 mph"}][rng.integers(4)]
            tags |= [{}, {}, {}, {"oneway": "yes"}, {"oneway": "-1"}, {"oneway": "no"}][rng.integers(6)]
            ways.append((path, tags))
    ring = {900 + k: (44.2 + np.sin(k) / 500, -69.2 + np.cos(k) / 500, {}) for k in range(6)}
    nodes |= {number: (float(lat), float(lon), tags) for number, (lat, lon, tags) in ring.items()}
    ways += [([*ring, 900], {"highway": "tertiary", "junction": "roundabout"})]
    ways += [([903, side * side], {"highway": "tertiary"}), ([900, 1], {"highway": "tertiary", "maxspeed": "45 mph"})]
    # OpenStreetMap keeps seven decimals
    return {n: (round(lat, 7), round(lon, 7), tags) for n, (lat, lon, tags) in nodes.items()}, ways


@pytest.fixture
def town_file(tmp_path):
    path = tmp_path / "town.osm"
    path.write_text(xml(*town()))
    return path


def seconds_between(graph):
    """Seconds between all nodes at posted limits, else class speeds, by SciPy on our graph."""
    speeds = np.array([CLASS_SPEEDS[name] for name in graph.class_names])[graph.road_class]
    speeds = np.where(np.isnan(graph.limit_km_per_h), speeds, graph.limit_km_per_h)
    seconds = graph.km / speeds * 3600
    along, against = graph.oneway >= 0, graph.oneway <= 0
    tail, head = np.concatenate([graph.u[along], graph.v[against]]), np.concatenate([graph.v[along], graph.u[against]])
    cost = np.concatenate([seconds[along], seconds[against]])
    best = {}
    for t, h, c in zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True):
        best[t, h] = min(c, best.get((t, h), np.inf))
    ends = np.array(list(best))
    return coo_array((np.array(list(best.values())), (ends[:, 0], ends[:, 1])), shape=(len(graph.lat),) * 2).tocsr()


def compare(ours, theirs, pairs, rng, *, besides=frozenset()):
    """Compare seconds of random pairs of places that both graphs know."""
    number = {(round(data["y"], 7), round(data["x"], 7)): node for node, data in theirs.nodes(data=True)}
    shut = {(round(theirs.nodes[node]["y"], 7), round(theirs.nodes[node]["x"], 7)) for node in besides}
    common = [
        (row, number[place])
        for row, place in enumerate(zip(ours.lat.round(7).tolist(), ours.lon.round(7).tolist(), strict=True))
        if place in number and place not in shut
    ]
    assert len(common) >= len(ours.lat) - 4 * len(besides)
    matrix = seconds_between(ours)
    reached = 0
    inside = [pair for pair in common if ours.component[pair[0]] == 0]
    for row, node in (inside[start] for start in rng.choice(len(inside), size=pairs // 50, replace=False)):
        mine = dijkstra(matrix, indices=row)
        yours = nx.single_source_dijkstra_path_length(theirs, node, weight="travel_time")
        for other, their in (common[end] for end in rng.choice(len(common), size=50)):
            if their in yours:
                assert mine[other] == pytest.approx(yours[their], rel=2e-5, abs=1e-6)
                reached += mine[other] > 0
            else:
                assert np.isinf(mine[other])
    return reached


def with_times(graph):
    return ox.add_edge_travel_times(ox.add_edge_speeds(graph, hwy_speeds=CLASS_SPEEDS))


def test_minutes_are_those_of_osmnx_itself(town_file):
    theirs = with_times(ox.graph_from_xml(town_file, simplify=False, retain_all=True))
    ours = read_osm_xml(town_file)
    assert (ours.oneway == 1).any()
    assert compare(ours, theirs, 300, np.random.default_rng(3)) > 200


def made_alike(theirs, source):
    """Take out of OSMnx's graph what it keeps and we do not, found in the file without our readers."""
    barred, one_way, slips = set(), set(), set()
    for entry in osmium.FileProcessor(str(source)):
        tags = dict(entry.tags)
        access = next((tags[key] for key in ("motor_vehicle", "vehicle", "access") if key in tags), "")
        kind = tags.get("barrier", "")
        if entry.is_node():
            walls = {"bollard", "block", "chain", "yes", "jersey_barrier"}
            shut = access in {"private", "no"} if access else kind in walls
            barred |= {entry.id} if kind and shut else set()
        elif tags.get("highway") == "motorway" or tags.get("junction") == "circular":
            one_way |= {entry.id} if "oneway" not in tags else set()  # implied with us, not with OSMnx
        slips |= {entry.id} if tags.get("maxspeed") == "1" else set()  # a limit that cannot be right
    theirs.remove_edges_from(
        [
            edge
            for *edge, data in theirs.edges(keys=True, data=True)
            if data["highway"] not in CLASS_SPEEDS
            or data.get("motor_vehicle", data.get("vehicle", data.get("access"))) in {"private", "no"}
            or data.get("service") == "emergency_access"
            or data.get("area") == "yes"
            or edge[0] in barred
            or (data["osmid"] in one_way and data["reversed"])
        ]
    )
    for *_, data in theirs.edges(data=True):
        if data["osmid"] in slips:
            del data["maxspeed"]
    return barred


def middle_of(source, target, reach=0.025):
    """Write the ways in the middle of an extract as XML: OSMnx takes a quarter of a minute for all of them."""
    places = {entry.id: (entry.lat, entry.lon) for entry in osmium.FileProcessor(str(source), osmium.osm.NODE)}
    lat, lon = np.median(np.array(list(places.values())), axis=0)
    near = {node for node, (y, x) in places.items() if abs(y - lat) < reach and abs(x - lon) < reach}
    with osmium.SimpleWriter(str(target)) as writer:
        for entry in osmium.FileProcessor(str(source), osmium.osm.NODE | osmium.osm.WAY):
            if entry.id in near if entry.is_node() else all(node.ref in near for node in entry.nodes):
                writer.add(entry)
    return target


@pytest.mark.shared
@pytest.mark.parametrize("name", ["bangor_maine", "columbus", "nky_streets"])
def test_minutes_are_those_of_osmnx_on_a_real_town(shared, tmp_path, name):
    source = middle_of(shared / "roads" / f"{name}.osm.pbf", tmp_path / "town.osm")
    before = list(ox.settings.useful_tags_way)
    ox.settings.useful_tags_way = [*before, "motor_vehicle", "vehicle"]
    try:
        theirs = ox.graph_from_xml(source, simplify=False, retain_all=True)
    finally:
        ox.settings.useful_tags_way = before
    barred = made_alike(theirs, source)
    ours = read_osm_pbf(source)
    assert compare(ours, with_times(theirs), 300, np.random.default_rng(4), besides=barred) > 150


def same_roads(one, other, *, rel=1e-9):
    assert one.km.sum() == pytest.approx(other.km.sum(), rel=rel)
    assert sorted(one.km[one.oneway != 0].tolist()) == pytest.approx(
        sorted(other.km[other.oneway != 0].tolist()), rel=1e-6
    )
    assert one.components == other.components
    for graph in (one, other):
        assert set(graph.class_names) == set(one.class_names)


@pytest.mark.parametrize("suffix", [".osm", ".xml", ".osm.gz", ".osm.bz2"])
def test_osmnx_and_pyosmium_read_the_same_roads(town_file, tmp_path, suffix):
    packed = {".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}.get(suffix, bytes)(town_file.read_bytes())
    path = tmp_path / f"copy{suffix}"
    path.write_bytes(packed)
    one, other = read_osm_xml(path), read_osm_pbf(town_file)
    same_roads(one, other)
    assert len(one.lat) == pytest.approx(len(other.lat), abs=1)  # a ring may begin elsewhere
    assert np.nansum(one.limit_km_per_h) == pytest.approx(np.nansum(other.limit_km_per_h), rel=0.01)
    assert one.about["licence"] == other.about["licence"]


def test_one_way_tags_that_osmnx_would_lose(tmp_path):
    nodes = {n: (44.0, -69.0 + n / 100, {}) for n in range(1, 8)}
    ways = [
        ([1, 2], {"highway": "motorway"}),
        ([2, 3], {"highway": "motorway", "oneway": "no"}),
        ([3, 4], {"highway": "primary", "oneway": "reversible"}),
        ([4, 5], {"highway": "primary", "oneway": "-1", "maxspeed:forward": "30", "maxspeed:backward": "60"}),
        ([5, 6], {"highway": "primary", "oneway": "alternating"}),
        ([6, 7], {"highway": "primary", "junction": "circular"}),
    ]
    (tmp_path / "a.osm").write_text(xml(nodes, ways))
    for graph in (read_osm_xml(tmp_path / "a.osm"), read_osm_pbf(tmp_path / "a.osm")):
        assert len(graph.u) == 5
        heading = {}
        for row in range(5):
            ends = (graph.lon[graph.u[row]], graph.lon[graph.v[row]])
            west = min(ends)
            heading[round((west + 69) * 100)] = graph.oneway[row] * (1 if ends[0] == west else -1)
        assert heading == {1: 1, 2: 0, 4: -1, 5: 0, 6: 1}
        assert np.nansum(graph.limit_km_per_h) == 60
        assert graph.about["counts"]["reversible_roads_left_out"] == 1
        assert graph.about["counts"]["oneway_implied"] == 2


def test_barriers_and_turn_restrictions_of_an_xml_file(tmp_path):
    nodes = {1: (44, -69, {}), 2: (44, -68.9, {"barrier": "bollard"}), 3: (44, -68.8, {})}
    relation = '<relation id="1"><member type="way" ref="1" role="from"/><tag k="type" v="restriction"/></relation>'
    (tmp_path / "a.osm").write_text(xml(nodes, [([1, 2, 3], {"highway": "primary"})], relation))
    graph = read_osm_xml(tmp_path / "a.osm")
    assert graph.components == 2
    assert graph.about["counts"] == {"barriers_that_close_roads": 1, "turn_restrictions_not_modelled": 1}


def test_nodes_missing_from_an_xml_file_are_counted(tmp_path):
    nodes = {1: (44, -69, {}), 2: (44, -68.9, {})}
    (tmp_path / "a.osm").write_text(xml(nodes, [([1, 2, 99], {"highway": "primary"})]))
    graph = read_osm_xml(tmp_path / "a.osm")
    assert (len(graph.u), graph.about["counts"]) == (1, {"ways_with_missing_nodes": 1})


def test_settings_of_osmnx_are_left_as_they_were(town_file):
    before = {name: getattr(ox.settings, name) for name in vars(ox.settings) if not name.startswith("_")}
    read_osm_xml(town_file)
    with pytest.raises(InputError):
        read_osm_xml(town_file.with_name("absent.osm"))
    assert before == {name: getattr(ox.settings, name) for name in before}


@pytest.mark.parametrize("simplify", [True, False])
def test_a_graphml_file_gives_the_same_roads(town_file, tmp_path, simplify):
    theirs = ox.graph_from_xml(town_file, simplify=simplify, retain_all=True)
    ox.save_graphml(theirs, tmp_path / "town.graphml")
    graph = read_graphml(tmp_path / "town.graphml")
    xml_graph = read_osm_xml(town_file)
    assert graph.km.sum() == pytest.approx(xml_graph.km.sum(), rel=1e-9)
    assert graph.components == xml_graph.components
    assert graph.km[graph.oneway != 0].sum() == pytest.approx(xml_graph.km[xml_graph.oneway != 0].sum(), rel=1e-9)
    if not simplify:
        assert compare(graph, with_times(theirs), 150, np.random.default_rng(5)) > 80
    assert "OSMnx" not in graph.about["vintage"]
    assert graph.about["vintage"]


def test_a_projected_graph_is_brought_back_to_degrees(town_file, tmp_path):
    theirs = ox.graph_from_xml(town_file, simplify=True, retain_all=True)
    ox.save_graphml(ox.project_graph(theirs), tmp_path / "projected.graphml")
    graph = read_graphml(tmp_path / "projected.graphml")
    plain = roads_of_osmnx(theirs, source="plain")
    assert graph.km.sum() == pytest.approx(plain.km.sum(), rel=1e-6)
    assert graph.lat.min() == pytest.approx(plain.lat.min(), abs=1e-6)


def test_a_graph_whose_coordinates_cannot_be_degrees_is_refused(town_file):
    theirs = ox.project_graph(ox.graph_from_xml(town_file, retain_all=True))
    del theirs.graph["crs"]
    with pytest.raises(InputError, match=r"mine: the coordinates of node \d+ are not degrees"):
        roads_of_osmnx(theirs, source="mine")
    theirs.graph["crs"] = "EPSG:nonsense"
    with pytest.raises(InputError, match="CRS"):
        roads_of_osmnx(theirs, source="mine")


def test_limits_and_classes_of_a_merged_edge():
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x=-69.0, y=44.0)
    graph.add_node(2, x=-68.9, y=44.0)
    graph.add_edge(
        1, 2, osmid=[5, 6], highway=["primary", "residential"], maxspeed=["35 mph", "25 mph"], oneway=True, length=9.0,
        access=["yes", "customers"],
    )  # fmt: skip
    roads = roads_of_osmnx(graph, source="made")
    assert roads.class_names == ("primary",)
    assert roads.limit_km_per_h == pytest.approx([30 * 1.609344], abs=0.06)
    assert roads.oneway.tolist() == [1]
    assert roads.about["counts"]["edges_of_several_limits_taken_as_their_mean"] == 1
    graph.edges[1, 2, 0]["access"] = ["yes", "private"]
    with pytest.raises(InputError, match="no road for cars"):
        roads_of_osmnx(graph, source="made")


def test_parallel_streets_and_loops_keep_their_directions():
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, lon in ((1, -69.0), (2, -68.9)):
        graph.add_node(node, x=lon, y=44.0)
    for tail, head, osmid, oneway in ((1, 2, 5, False), (2, 1, 5, False), (1, 2, 6, True), (2, 1, 7, True)):
        graph.add_edge(tail, head, osmid=osmid, highway="primary", oneway=oneway, reversed=tail > head)
    roads = roads_of_osmnx(graph, source="made")
    assert sorted(roads.oneway.tolist()) == [0, 1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><osm><node id="1" user="&b;"/></osm>', "entities"),
        ('<?xml version="1.0"?><osm><node id="1" lat="44" lon="-69"/><way id="1"><nd ref="1"/>', "not a whole XML file"),
        ("<gpx></gpx>", "first element is <gpx>"),
        ("", "not a whole XML file"),
        ("PK binary \x00", "not a whole XML file"),
        ('<osm version="0.6"></osm>', "no road"),
        (xml({1: (44, -69, {}), 2: (44, -68, {})}, [([1, 2], {"highway": "footway"})]), "no road for cars"),
        (xml({1: (44, -69, {}), 2: ("nan", -68, {})}, [([1, 2], {"highway": "primary"})]), "bad.osm"),
    ],
)  # fmt: skip
def test_xml_files_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "bad.osm"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_osm_xml(path)
    assert "\n" not in str(caught.value)
    assert "bad.osm" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "x">]><graphml/>', "entities"),
        ("<osm/>", "first element is <osm>"),
        ('<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"><node id="a"/></graph></graphml>', "bad.graphml"),
        ('<graphml xmlns="http://graphml.graphdrawing.org/xmlns"></graphml>', "bad.graphml"),
        ('<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph', "not a whole XML file"),
    ],
)  # fmt: skip
def test_graphml_files_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "bad.graphml"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_graphml(path)
    assert "\n" not in str(caught.value)
