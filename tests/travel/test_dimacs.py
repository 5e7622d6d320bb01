"""Graphs of the DIMACS Challenge: made ones, broken ones, and New York."""

from __future__ import annotations

import gzip
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.readers.dimacs import read_dimacs

GRAPH = """c made
p sp 4 6
a 1 2 1000
a 2 1 1000
c in between, a 1 2 3
a 2 3 2000
a 3 2 2500

a 3 4 0
a 4 4 7
"""
PLACES = """c made
p aux sp co 4
v 1 -73500000 41000000
v 2 -73510000 41000000
v 4 -73520000 41010000
v 3 -73520000 41000000
"""


def write(folder, graph=GRAPH, places=PLACES, name="made"):
    (folder / f"{name}.gr").write_text(graph)
    if places is not None:
        (folder / f"{name}.co").write_text(places)
    return folder / f"{name}.gr"


def rows(graph, values):
    return [
        (u, v, way, round(value, 9))
        for u, v, way, value in zip(
            graph.u.tolist(), graph.v.tolist(), graph.oneway.tolist(), values.tolist(), strict=True
        )
    ]


def test_times_are_minutes_and_equal_arcs_are_one_edge(tmp_path):
    graph = read_dimacs(write(tmp_path), per_unit=0.001)
    assert rows(graph, graph.fixed_minutes.astype(float)) == [
        (0, 1, 0, 1.0), (1, 2, 1, 2.0), (2, 1, 1, 2.5), (2, 3, 1, 0.0), (3, 3, 0, pytest.approx(0.007)),
    ]  # fmt: skip
    assert graph.class_names == ("dimacs",)
    assert graph.lat.tolist() == [41.0, 41.0, 41.0, 41.01]
    assert graph.km[0] == pytest.approx(great_circle_km(41, -73.5, 41, -73.51))
    assert graph.about["counts"] == {"arcs": 6, "arcs_paired": 2}
    assert read_dimacs(write(tmp_path)).fixed_minutes[0] == pytest.approx(0.06)  # 100 m at 100 km/h


def test_lengths_are_km(tmp_path):
    graph = read_dimacs(write(tmp_path, name="USA-road-d.made"))
    assert np.isnan(graph.fixed_minutes).all()
    assert graph.km.tolist() == pytest.approx([0.1, 0.2, 0.25, 0, 0.0007])
    assert not graph.chord.any()
    same = read_dimacs(write(tmp_path), weight="km", per_unit=0.0001)
    np.testing.assert_array_equal(same.km, graph.km)


def test_compressed_files_and_coordinates_of_another_name(tmp_path):
    write(tmp_path)
    packed = tmp_path / "USA-road-t.XX.gr.gz"
    packed.write_bytes(gzip.compress(GRAPH.encode()))
    with pytest.raises(InputError, match=r"put USA-road-t\.XX\.co"):
        read_dimacs(packed)
    (tmp_path / "USA-road-d.XX.co.gz").write_bytes(gzip.compress(PLACES.replace("\n", "\r\n").encode()))
    assert len(read_dimacs(packed).u) == 5
    (tmp_path / "USA-road-d.XX.co.gz").unlink()
    assert len(read_dimacs(packed, tmp_path / "made.co").u) == 5


@pytest.mark.parametrize(
    ("graph", "places", "words"),
    [
        (GRAPH.replace("a 2 3 2000", "a 2 3"), PLACES, r"made\.gr, line 6: 'a 2 3' is not"),
        (GRAPH.replace("a 2 3 2000", "a 2 3 2000 1"), PLACES, r"made\.gr, line 6"),
        (GRAPH.replace("a 2 3 2000", "a 2 three 2000"), PLACES, r"made\.gr, line 6"),
        (GRAPH.replace("a 2 3 2000", "a 2 3-4 2000"), PLACES, r"made\.gr, line 6"),
        (GRAPH.replace("a 2 3 2000", "x 2 3 2000"), PLACES, r"made\.gr, line 6: begins with"),
        (GRAPH.replace("a 2 3 2000", "a 2 5 2000"), PLACES, r"made\.gr, line 6: there is no node 5"),
        (GRAPH.replace("a 2 3 2000", "a 0 3 2000"), PLACES, r"made\.gr, line 6: there is no node 0"),
        (GRAPH.replace("a 2 3 2000", "a 2 3 -1"), PLACES, r"made\.gr, line 6: weight -1 is negative"),
        (GRAPH.replace("4 6", "4 7"), PLACES, r"made\.gr, line 2: 7 lines with 'a' are announced, 6 are there"),
        (GRAPH.replace("p sp 4 6\n", ""), PLACES, r"made\.gr: one line should say 'p'"),
        (GRAPH.replace("p sp 4 6", "p max 4 6"), PLACES, r"made\.gr, line 2: one line should"),
        ("<html>\n", PLACES, r"made\.gr, line 1: begins with"),
        ("", PLACES, "is it a DIMACS file"),
        (GRAPH, None, "no file of coordinates beside it"),
        (GRAPH, PLACES.replace("co 4", "co 5"), r"made\.co: 5 nodes are announced, 4 have"),
        (
            GRAPH,
            PLACES.replace("co 4", "co 3").replace("v 3 -73520000 41000000\n", ""),
            "of 3 nodes, but the graph has 4",
        ),
        (GRAPH, PLACES.replace("v 3", "v 2"), "node 3 has no coordinates"),
        (GRAPH, PLACES.replace("v 3", "v 9"), r"made\.co, line 6: there is no node 9"),
        (GRAPH, PLACES.replace("41010000", "91010000"), r"made\.co, line 5: not on Earth"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, graph, places, words):
    with pytest.raises(InputError, match=words) as told:
        read_dimacs(write(tmp_path, graph, places))
    assert "\n" not in str(told.value)


def test_files_that_are_missing_or_broken(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_dimacs(tmp_path / "none.gr")
    half = tmp_path / "half.gr.gz"
    half.write_bytes(gzip.compress(GRAPH.encode())[:60])
    with pytest.raises(InputError, match="download it again"):
        read_dimacs(half)
    with pytest.raises(InputError, match="per_unit"):
        read_dimacs(write(tmp_path), per_unit=0)


ARCS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2)), max_size=25)


@settings(max_examples=100, deadline=None)
@given(ARCS)
def test_pairing_keeps_every_arc(tmp_path_factory, arcs):
    folder = tmp_path_factory.getbasetemp() / "arcs"
    folder.mkdir(exist_ok=True)
    text = f"p sp 4 {len(arcs)}\n" + "".join(f"a {u} {v} {w}\n" for u, v, w in arcs)
    graph = read_dimacs(write(folder, text), per_unit=1.0)
    back = Counter()
    for u, v, way, minutes in rows(graph, graph.fixed_minutes.astype(float)):
        back[u + 1, v + 1, round(minutes)] += 1
        if way == 0 and u != v:
            back[v + 1, u + 1, round(minutes)] += 1
    assert back == Counter(arcs)
    singles = Counter((u, v, m) for u, v, way, m in rows(graph, graph.fixed_minutes.astype(float)) if way == 1)
    assert not any((v, u, m) in singles for u, v, m in singles)  # nothing that could have been paired is left


@pytest.mark.shared
def test_new_york(shared):
    path = shared / "roads" / "USA-road-t.NY.gr.gz"
    if not path.is_file():
        pytest.skip("the DIMACS graph of New York is not there")
    graph = read_dimacs(path)
    assert len(graph.lat) == 264_346
    assert graph.about["counts"] == {"arcs": 733_846, "arcs_paired": 733_846}
    assert len(graph.u) == 366_923
    assert graph.components == 1
    # the Challenge's speeds are 1.0, 0.8, 0.6 and 0.4; read as hundreds of km/h
    long = graph.km > 0.5
    speed = graph.km[long] / graph.fixed_minutes[long] * 60
    kinds, count = np.unique(np.round(speed / 20) * 20, return_counts=True)
    assert kinds[np.argmax(count)] == 40
    assert np.isin(kinds, [40, 60, 80, 100]).all()
    assert np.abs(speed - np.round(speed / 20) * 20).max() < 1
    lengths = read_dimacs(shared / "roads" / "USA-road-d.NY.gr.gz")
    assert lengths.km.sum() == pytest.approx(graph.km.sum(), rel=2e-3)
