"""OpenStreetMap extracts: made ones through pyosmium's own writer, and the real ones where they are."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pytest

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.readers.osm_pbf import read_osm_pbf

osmium = pytest.importorskip("osmium")

MPH = 1.609344


def at(number):
    """Coordinates of a made node: a lattice of hundredths of a degree, ten to a row."""
    return 44.0 + (number // 10) / 100, -70.0 + (number % 10) / 100


def write(path, ways, *, barriers=None, relations=(), missing=(), header=None):
    barriers = barriers or {}
    path.unlink(missing_ok=True)
    numbers = sorted({number for nodes, _ in ways for number in nodes} - set(missing))
    head = osmium.io.Header()
    for key, value in (header or {}).items():
        head.set(key, value)
    with osmium.SimpleWriter(str(path), header=head) as writer:
        for number in numbers:
            lat, lon = at(number)
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, lat), tags=barriers.get(number, {})))
        for number, (nodes, tags) in enumerate(ways, start=1):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags))
        for number, (members, tags) in enumerate(relations, start=1):
            writer.add_relation(osmium.osm.mutable.Relation(id=number, members=members, tags=tags))
    return path


def road(**tags):
    return {"highway": "residential"} | {key.replace("__", ":"): value for key, value in tags.items()}


def km(*numbers):
    lat, lon = np.array([at(number) for number in numbers]).T
    return float(great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())


def edges(graph):
    """Name each edge by its nodes' numbers."""
    number = {at(n): n for n in range(1, 100)}
    names = [number[round(a, 7), round(b, 7)] for a, b in zip(graph.lat, graph.lon, strict=True)]
    return {
        (names[u], names[v], int(way)): row
        for row, (u, v, way) in enumerate(zip(graph.u, graph.v, graph.oneway, strict=True))
    }


@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.osm.gz", "town.xml"])
def test_roads_are_cut_where_they_meet_and_keep_their_shape(tmp_path, name):
    ways = [
        ([11, 12, 22, 23, 24], road(highway="primary", maxspeed="35 mph")),
        ([33, 23, 13], road(oneway="-1")),
        ([24, 34], road(highway="footway")),
    ]
    path = write(tmp_path / "town.osm.pbf", ways) if name.endswith("pbf") else write(tmp_path / "town.osm", ways)
    if name == "town.osm.gz":
        (tmp_path / name).write_bytes(gzip.compress(path.read_bytes()))
    elif name == "town.xml":
        path.rename(tmp_path / name)
    graph = read_osm_pbf(tmp_path / name)
    found = edges(graph)
    assert set(found) == {(11, 23, 0), (23, 24, 0), (33, 23, -1), (23, 13, -1)}
    main = found[11, 23, 0]
    assert graph.class_names[graph.road_class[main]] == "primary"
    assert graph.limit_km_per_h[main] == pytest.approx(35 * MPH, abs=1e-3)
    assert math.isnan(graph.limit_km_per_h[found[33, 23, -1]])
    assert graph.km[main] == pytest.approx(km(11, 12, 22, 23), rel=1e-9)
    bends = slice(graph.bend_first[main], graph.bend_first[main + 1])
    assert graph.bend_lat[bends] == pytest.approx([at(12)[0], at(22)[0]])
    assert graph.bend_lon[bends] == pytest.approx([at(12)[1], at(22)[1]])
    assert graph.about["counts"] == {"ways_not_for_cars_left_out": 1}
    assert "Open Database" in graph.about["licence"]
    assert graph.about["source"] == name


def test_a_limit_by_direction_makes_two_edges(tmp_path):
    ways = [([1, 2, 3], road(maxspeed="50", maxspeed__backward="30")), ([3, 13], road())]
    graph = read_osm_pbf(write(tmp_path / "a.osm.pbf", ways))
    found = edges(graph)
    assert set(found) == {(1, 3, 1), (1, 3, -1), (3, 13, 0)}
    assert graph.limit_km_per_h[found[1, 3, 1]] == 50
    assert graph.limit_km_per_h[found[1, 3, -1]] == 30
    assert graph.km[found[1, 3, 1]] == graph.km[found[1, 3, -1]] == pytest.approx(km(1, 2, 3))
    assert np.diff(graph.bend_first)[[found[1, 3, 1], found[1, 3, -1]]].tolist() == [1, 1]


def test_the_limit_of_a_road_open_against_its_way(tmp_path):
    ways = [([1, 2], road(maxspeed__forward="50", maxspeed__backward="30", oneway="-1"))]
    graph = read_osm_pbf(write(tmp_path / "a.osm.pbf", ways))
    assert (graph.oneway.tolist(), graph.limit_km_per_h.tolist()) == ([-1], [30])


def test_a_ferry_takes_its_duration_shared_by_length(tmp_path):
    ferry = {"route": "ferry", "motor_vehicle": "yes", "duration": "00:35"}
    ways = [([1, 2, 4], ferry), ([2, 12], road()), ([4, 14, 15], ferry | {"duration": ""})]
    graph = read_osm_pbf(write(tmp_path / "a.osm.pbf", ways))
    found = edges(graph)
    timed = graph.fixed_minutes[[found[1, 2, 0], found[2, 4, 0]]]
    assert timed.sum() == pytest.approx(35, rel=1e-6)
    assert timed == pytest.approx([35 * km(1, 2) / km(1, 2, 4), 35 * km(2, 4) / km(1, 2, 4)], rel=1e-6)
    assert math.isnan(graph.fixed_minutes[found[4, 15, 0]])
    assert math.isnan(graph.fixed_minutes[found[2, 12, 0]])
    assert graph.about["counts"]["ferries_without_duration"] == 1


def test_barriers_cut_a_road_unless_a_car_may_pass(tmp_path):
    ways = [([1, 2, 3], road()), ([3, 4, 5], road()), ([5, 6, 7], road())]
    barriers = {2: {"barrier": "bollard"}, 4: {"barrier": "gate"}, 6: {"barrier": "gate", "access": "private"}}
    path = write(tmp_path / "a.osm.pbf", ways, barriers=barriers)
    graph = read_osm_pbf(path)
    assert graph.components == 3
    assert graph.about["counts"] == {"barriers_that_close_roads": 2}
    assert graph.km.sum() == pytest.approx(km(1, 2, 3, 4, 5, 6, 7))
    assert read_osm_pbf(path, private=True).components == 2


def test_private_roads_and_tracks_are_options(tmp_path):
    ways = [([1, 2], road()), ([2, 3], road(access="private")), ([2, 12], road(highway="track"))]
    path = write(tmp_path / "a.osm.pbf", ways)
    assert len(read_osm_pbf(path).u) == 1
    assert len(read_osm_pbf(path, private=True).u) == 2
    assert len(read_osm_pbf(path, tracks=True, private=True).u) == 3


def test_turn_restrictions_are_counted(tmp_path):
    relations = [
        ([("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")], {"type": "restriction", "restriction": "no_left_turn"}),
        ([("w", 1, "")], {"type": "route", "route": "road"}),
    ]
    ways = [([1, 2], road()), ([2, 3], road())]
    graph = read_osm_pbf(write(tmp_path / "a.osm.pbf", ways, relations=relations))
    assert graph.about["counts"] == {"turn_restrictions_not_modelled": 1}


def test_nodes_that_are_not_in_the_file_break_their_ways(tmp_path):
    ferry = {"route": "ferry", "motor_vehicle": "yes", "duration": "60"}
    ways = [([1, 2, 3, 4, 5], road()), ([5, 6], road()), ([1, 11], road()), ([15, 5, 9], ferry)]
    graph = read_osm_pbf(write(tmp_path / "a.osm.pbf", ways, missing=[3, 6, 9]))
    assert set(edges(graph)) == {(1, 2, 0), (4, 5, 0), (1, 11, 0), (15, 5, 0)}
    assert graph.about["counts"]["ways_with_missing_nodes"] == 3
    assert graph.about["counts"]["ferry_durations_not_used_since_nodes_are_missing"] == 1
    assert np.isnan(graph.fixed_minutes).all()


def test_limits_that_cannot_be_right_are_counted_and_not_used(tmp_path):
    ways = [([n, n + 1], road(maxspeed=text)) for n, text in ((1, "-5"), (2, "NaN"), (3, "fast"), (4, "30"))]
    ways.append(([5, 6], road(highway="boulevard")))
    graph = read_osm_pbf(write(tmp_path / "a.osm.pbf", ways))
    assert np.isnan(graph.limit_km_per_h).sum() == 4
    assert graph.about["counts"] == {"limits_not_usable": 3, "unknown_highway_class_taken_as_other": 1}
    assert "other" in graph.class_names


def test_the_date_of_the_data_is_told(tmp_path):
    header = {"osmosis_replication_timestamp": "2024-05-01T00:00:00Z"}
    assert (
        read_osm_pbf(write(tmp_path / "a.osm.pbf", [([1, 2], road())], header=header))
        .about["vintage"]
        .startswith("2024-05-01")
    )
    assert read_osm_pbf(write(tmp_path / "b.osm.pbf", [([1, 2], road())])).about["vintage"] == "not stated in the file"


@pytest.mark.parametrize("keep", [10, 200, -40])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, keep):
    path = write(tmp_path / "whole.osm.pbf", [([n, n + 1], road(name=f"road {n * n}")) for n in range(1, 90)])
    short = tmp_path / "short.osm.pbf"
    short.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"short.osm.pbf: .*not a whole OpenStreetMap file") as caught:
        read_osm_pbf(short)
    assert "\n" not in str(caught.value)
    assert "download it again" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip archive, not a map", b"lat,lon\n1,2\n" * 50])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "map.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"map.osm.pbf: ") as caught:
        read_osm_pbf(path)
    assert "\n" not in str(caught.value)


def test_files_without_roads_or_places_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_osm_pbf(tmp_path / "absent.osm.pbf")
    with pytest.raises(InputError, match="no road for cars"):
        read_osm_pbf(write(tmp_path / "paths.osm.pbf", [([1, 2], road(highway="path"))]))
    with pytest.raises(InputError, match="no road for cars"):
        read_osm_pbf(write(tmp_path / "empty.osm.pbf", []))
    with pytest.raises(InputError, match="no coordinates"):
        read_osm_pbf(write(tmp_path / "bare.osm.pbf", [([1, 2], road())], missing=[1, 2]))


def test_an_entity_bomb_is_refused_by_pyosmium_too(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><osm version="0.6"><node id="1" user="&b;"/></osm>'
    (tmp_path / "bomb.osm").write_text(bomb)
    with pytest.raises(InputError, match=r"bomb.osm: "):
        read_osm_pbf(tmp_path / "bomb.osm")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "nodes", "total_km"),
    [("bangor_maine", 2824, 658.88), ("columbus", 13431, 2257.63), ("nky_streets", 19819, 2077.34)],
)
def test_the_real_extracts(shared, name, nodes, total_km):
    path = shared / "roads" / f"{name}.osm.pbf"
    graph = read_osm_pbf(path)
    assert len(graph.lat) == pytest.approx(nodes, rel=0.02)
    assert graph.km.sum() == pytest.approx(total_km, rel=0.01)
    assert (graph.component == 0).mean() > 0.95  # the extracts' edges cut one-way roads off
    # an independent count of what is there
    limits, longest = 0, 0.0
    for way in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("maxspeed")):
        if way.is_way() and way.tags.get("highway") == "motorway":
            limits += 1
            longest = max(longest, osmium.geom.haversine_distance(way.nodes) / 1000)
    motorway = graph.road_class == graph.class_names.index("motorway")
    assert np.isfinite(graph.limit_km_per_h[motorway]).sum() >= limits
    assert (graph.oneway[motorway] != 0).all()
    assert graph.km[motorway].max() <= longest * 1.01 or longest == 0
    assert np.nanmax(graph.limit_km_per_h) <= 75 * MPH
