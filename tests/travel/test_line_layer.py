"""Layers of lines as users have them: formats, coordinate systems, columns, crossings without a node."""

from __future__ import annotations

import json

import numpy as np
import pyogrio.raw
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.readers.crossings import places_without_node
from matcare.travel.readers.line_layer import read_line_layer
from matcare.travel.readers.noding import Lines, node_lines

# Two roads that meet at (-100, 46), a third that crosses the second at (-99.95, 46), one that ends on it at (-99.92, 46).
SHAPES = [
    shapely.LineString([(-100.1, 46.0), (-100.05, 46.05), (-100.0, 46.0)]),
    shapely.LineString([(-100.0, 46.0), (-99.9, 46.0)]),
    shapely.LineString([(-99.95, 45.9), (-99.95, 46.1)]),
    shapely.LineString([(-99.92, 46.0), (-99.92, 46.1)]),
]
COLUMNS = {
    "kind": ["Interstate", "Arterial", None, "Arterial"],
    "speed": ["70", "none", "-5", "45.0"],
    "dir": ["F", "TF", "2 ways", None],
}


def write(path, shapes=SHAPES, columns=COLUMNS, *, crs="EPSG:4326", layer=None, kind="LineString", append=False):
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(shapes, dtype=object)), [np.array(v, dtype=object) for v in columns.values()],
        list(columns), geometry_type=kind, crs=crs, layer=layer,
        append=append, driver="OpenFileGDB" if str(path).endswith("gdb") else None,
    )  # fmt: skip
    return path


def class_of(graph):
    return [graph.class_names[code] for code in graph.road_class]


OPTIONS = {"class_column": "kind", "speed_column": "speed", "oneway_column": "dir"}


@pytest.mark.parametrize("name", ["roads.gpkg", "roads.shp", "roads.geojson", "roads.gdb", "roads.fgb"])
def test_formats_classes_speeds_and_directions(tmp_path, name):
    kind = "LineString" if not name.endswith("gdb") else "MultiLineString"
    shapes = SHAPES if kind == "LineString" else [shapely.MultiLineString([line]) for line in SHAPES]
    graph = read_line_layer(write(tmp_path / name, shapes, kind=kind), **OPTIONS)
    order = np.argsort(graph.km)  # FlatGeobuf has an order of its own
    assert len(graph.u) == 4
    by_class = {(class_of(graph)[i], int(graph.oneway[i])) for i in order}
    assert by_class == {("Interstate", 1), ("Arterial", -1), ("other", 0), ("Arterial", 0)}
    limits = {
        class_of(graph)[i]: round(float(graph.limit_km_per_h[i]), 3) for i in order if class_of(graph)[i] != "Arterial"
    }
    assert limits["Interstate"] == pytest.approx(70 * 1.609344, abs=1e-3)
    assert np.isnan(limits["other"])
    bent = great_circle_km(46, -100.1, 46.05, -100.05) + great_circle_km(46.05, -100.05, 46, -100)
    assert graph.km[graph.oneway == 1] == pytest.approx([float(bent)])
    assert graph.km[graph.oneway == -1] == pytest.approx([float(great_circle_km(46, -100, 46, -99.9))])
    assert {key: n for key, n in graph.about["counts"].items() if n} == {
        "features": 4, "lines_without_class": 1, "speeds_not_usable": 2, "directions_not_understood": 1,
        "crossings_without_node": 1, "ends_on_a_line_without_node": 1,
    }  # fmt: skip
    assert graph.about["places_without_node"] == [
        {"lat": 46.0, "lon": -99.95, "kind": "crossing"}, {"lat": 46.0, "lon": -99.92, "kind": "end on a line"},
    ]  # fmt: skip
    json.dumps(dict(graph.about))
    assert (
        graph.components == 5
    )  # one-way towards each other, the first two lead to no way back; the others touch nothing


def test_without_columns_all_roads_are_alike(tmp_path):
    graph = read_line_layer(write(tmp_path / "roads.gpkg"), default_class="local")
    assert set(class_of(graph)) == {"local"}
    assert set(graph.oneway.tolist()) == {0}
    assert np.isnan(graph.limit_km_per_h).all()
    assert graph.components == 3


def test_every_option_changes_the_result(tmp_path):
    path = write(tmp_path / "roads.gpkg")
    km = read_line_layer(path, **OPTIONS, speed_unit="km/h")
    assert np.nanmax(km.limit_km_per_h) == 70
    turned = read_line_layer(path, **OPTIONS, forward_values="tf, x", backward_values=["f"])
    assert sorted(turned.oneway.tolist()) == [-1, 0, 0, 1]
    assert turned.oneway[class_of(turned).index("Interstate")] == -1
    vertices = write(tmp_path / "vertices.gpkg", [*SHAPES[:2], shapely.LineString([(-100.05, 46.1), (-100.05, 46.05)])],
                     {"kind": ["a", "b", "c"]})  # fmt: skip
    assert (len(read_line_layer(vertices).u), read_line_layer(vertices).components) == (3, 2)
    noded = read_line_layer(vertices, noded_at="vertices")
    assert (len(noded.u), noded.components) == (4, 1)
    assert noded.about["counts"]["ends_on_a_line_without_node"] == 0


def test_ends_that_nearly_meet_are_snapped_when_asked(tmp_path):
    near = [
        shapely.LineString([(-100.1, 46.0), (-100.0, 46.0)]),
        shapely.LineString([(-100.00002, 46.00001), (-99.9, 46.0)]),
    ]
    path = write(tmp_path / "roads.gpkg", near, {"kind": ["a", "b"]})
    assert read_line_layer(path).components == 2
    assert read_line_layer(path, snap_metres=1.0).components == 2  # 1.9 m apart
    snapped = read_line_layer(path, snap_metres=2.0)
    assert snapped.components == 1
    assert snapped.about["counts"]["ends_moved_to_a_neighbour"] == 1
    assert snapped.lon.tolist() == [-100.1, -100.0, -99.9]


def test_another_coordinate_system_is_converted(tmp_path):
    way = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:5070", always_xy=True)
    flat = [shapely.transform(line, lambda xy: np.stack(way.transform(*xy.T), 1)) for line in SHAPES]
    there = read_line_layer(write(tmp_path / "flat.gpkg", flat, crs="EPSG:5070"), **OPTIONS)
    here = read_line_layer(write(tmp_path / "degrees.gpkg"), **OPTIONS)
    np.testing.assert_allclose(there.lat, here.lat, atol=1e-7)
    np.testing.assert_allclose(there.km, here.km, rtol=1e-6)
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        none = write(tmp_path / "none.shp", flat, crs=None)
    (tmp_path / "none.prj").unlink(missing_ok=True)
    with pytest.raises(InputError, match="no coordinate system"):
        read_line_layer(none)
    np.testing.assert_allclose(read_line_layer(none, crs="EPSG:5070").km, here.km, rtol=1e-6)
    with pytest.raises(InputError, match="not a place on Earth"):
        read_line_layer(none, crs="EPSG:4326")
    with pytest.raises(InputError, match="is not known"):
        read_line_layer(none, crs="EPSG:99999999")


def test_shapes_of_several_parts_with_heights_and_of_nothing(tmp_path):
    shapes = [
        shapely.MultiLineString([[(-100, 46, 5), (-99.9, 46, 6)], [(-99.9, 46, 6), (-99.8, 46, 7)]]),
        None,
        shapely.MultiLineString(),
        shapely.LineString([(-99.8, 46), (-99.8, 46)]),
    ]
    path = write(tmp_path / "roads.gpkg", shapes, {"kind": ["a", "b", "c", "d"]}, kind="Unknown")
    graph = read_line_layer(path, class_column="kind")
    assert class_of(graph) == ["a", "a"]
    assert graph.components == 1
    counts = graph.about["counts"]
    assert (counts["features_without_shape"], counts["features_of_several_lines"], counts["lines_without_length"]) == (
        2,
        1,
        1,
    )


def test_more_classes_than_a_graph_holds_are_grouped(tmp_path):
    lines = [shapely.LineString([(-100 + i / 100, 46), (-100 + i / 100, 46.1)]) for i in range(152)]
    kinds = [*["often"] * 2, *[f"k{i:03d}" for i in range(150)]]
    graph = read_line_layer(write(tmp_path / "roads.gpkg", lines, {"kind": kinds}), class_column="kind")
    assert len(graph.class_names) == 101
    assert "often" in graph.class_names
    assert graph.about["counts"]["lines_of_rare_class"] == 51 == class_of(graph).count("other")


def test_numbers_in_the_class_and_direction_columns(tmp_path):
    path = write(tmp_path / "roads.gpkg", SHAPES, {"fc": [1, 2, 2, 3], "one": [1, -1, 0, 0]})
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(SHAPES, dtype=object)),
        [np.array([1.0, 2.0, np.nan, 3.0]), np.array([1, -1, 0, 0]), np.array([True, False, False, True])],
        ["fc", "one", "flag"], geometry_type="LineString", crs="EPSG:4326", layer="other",
    )  # fmt: skip
    graph = read_line_layer(path, layer="other", class_column="fc", oneway_column="one")
    assert class_of(graph) == ["1", "2", "other", "3"]
    assert graph.oneway.tolist() == [1, -1, 0, 0]
    assert read_line_layer(path, layer="other", oneway_column="flag").oneway.tolist() == [1, 0, 0, 1]


def test_bad_input_is_told_in_one_line(tmp_path):
    path = write(tmp_path / "roads.gpkg")
    text = tmp_path / "text.gpkg"
    text.write_text("no such thing")
    points = write(tmp_path / "points.gpkg", [shapely.Point(0, 0)] * 4, kind="Point")
    mixed = write(tmp_path / "mixed.gpkg", [SHAPES[0], shapely.box(0, 0, 1, 1)], {"a": ["1", "2"]}, kind="Unknown")
    empty = write(tmp_path / "empty.gpkg", [None], {"a": ["1"]})
    two = write(tmp_path / "two.gpkg", layer="streets")
    write(two, layer="trails")
    cases = [
        (tmp_path / "gone.gpkg", {}, "no such file"),
        (text, {}, "GDAL cannot read it"),
        (points, {}, r"no layer of lines; there are points \(Point\)"),
        (mixed, {}, "feature 2: a Polygon"),
        (empty, {}, "no feature with a line"),
        (two, {}, "name one of streets, trails"),
        (two, {"layer": "roads"}, "no layer 'roads'; there are streets, trails"),
        (path, {"class_column": "klass"}, "no column 'klass'; there are kind, speed, dir"),
        (path, {"speed_unit": "knots"}, "one of mph, km/h"),
        (path, {"noded_at": "sea"}, "one of ends, vertices"),
        (path, {"snap_metres": -1.0}, "snap_metres"),
        (path, {"oneway_column": "dir", "forward_values": "tf"}, "'tf' stands for both directions"),
    ]
    for file, options, words in cases:
        with pytest.raises(InputError, match=words) as told:
            read_line_layer(file, **options)
        assert "\n" not in str(told.value)
    assert len(read_line_layer(two, layer="trails").u) == 4


GRID = st.tuples(st.integers(0, 4), st.integers(0, 4))


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(GRID, GRID).filter(lambda ends: ends[0] != ends[1]), min_size=1, max_size=7))
def test_every_crossing_without_a_node_is_found(ends):
    at = np.array([place for pair in ends for place in pair], dtype=float) / 100
    stretches = node_lines(Lines(at[:, 0], at[:, 1], np.arange(0, 2 * len(ends) + 1, 2)), at="ends")
    found = places_without_node(stretches)[["lon", "lat"]].to_numpy()
    expected = set()
    segments = [shapely.LineString(pair) for pair in ends]
    for i, one in enumerate(segments):
        for j, other in enumerate(segments[:i]):
            met = one.intersection(other)
            if met.is_empty:
                continue
            if met.geom_type == "Point":
                if not ((met.x, met.y) in ends[i] and (met.x, met.y) in ends[j]):
                    expected.add((met.x / 100, met.y / 100))
            else:  # one lies on the other: their ends stand on lines
                expected |= {
                    (x / 100, y / 100)
                    for own, line, others in ((ends[i], other, ends[j]), (ends[j], one, ends[i]))
                    for x, y in own
                    if (x, y) not in others and line.intersects(shapely.Point(x, y))
                }
    away = np.hypot(*(found[:, None] - np.array(sorted(expected)).reshape(-1, 2)).transpose(2, 0, 1))
    assert (away.min(axis=0, initial=1.0) < 2e-6).all()  # found is what should be
    assert (away.min(axis=1, initial=1.0) < 2e-6).all()  # and nothing else
