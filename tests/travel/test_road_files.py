"""Roads kept in a file: the same when read again, mapped, and refused when they are not what is asked for."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError, OutputError
from matcare.travel.array_files import MAGIC, read_arrays, write_arrays
from matcare.travel.graph import RoadGraph
from matcare.travel.hierarchy import Attached
from matcare.travel.road_files import profile_digest, read_roads, roads_header, write_roads
from matcare.travel.searches import table
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile

HEADER = {"source": "made", "source_sha256": "abc", "options": {}, "report": {}}


@pytest.fixture
def network(nobody):
    rng = np.random.default_rng(5)
    nodes = 400
    u = rng.integers(0, nodes, 900)
    v = (u + rng.integers(1, 40, 900)) % nodes
    bends = np.arange(901), 45 + rng.random(900), -100 + rng.random(900)
    graph = RoadGraph.from_arrays(
        45 + rng.random(nodes), -100 + rng.random(nodes), u, v, rng.integers(0, 2, 900), ["primary", "residential"],
        oneway=rng.integers(-1, 2, 900), limit_km_per_h=np.where(rng.random(900) < 0.5, 80.0, np.nan),
        state=np.zeros(900), state_names=["ND"], bends=bends, about={"source": "made", "counts": {"nothing": 0}},
    )  # fmt: skip
    return RoadNetwork(graph, load_profile("typical"), nobody, engine="hierarchy")


def test_what_is_read_is_what_was_written(network, tmp_path):
    path = tmp_path / "made.roads"
    write_roads(path, network, HEADER)
    kept = read_roads(path, source_sha256="abc")
    for entry in fields(network.graph):
        mine, theirs = getattr(network.graph, entry.name), getattr(kept.graph, entry.name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)
        elif isinstance(mine, pd.DataFrame):
            assert mine.astype(float).equals(theirs.astype(float))
        else:
            assert mine == theirs
    again = kept.network(network.profile, network.density)
    assert again.forward is kept.milliseconds[0]  # this profile's own are not worked out again
    points = [[45.1, 45.5, 45.9], [-99.9, -99.5, -99.1]]
    np.testing.assert_array_equal(
        table(again, again.snap(*points), again.snap(*points)),
        table(network, network.snap(*points), network.snap(*points)),
    )
    assert [path.name for path in tmp_path.iterdir()] == ["made.roads"]


def test_arrays_are_mapped_and_what_is_changed_in_them_stays_in_memory(network, tmp_path):
    path = tmp_path / "made.roads"
    write_roads(path, network, HEADER)
    before = path.read_bytes()
    kept = read_roads(path)
    assert isinstance(kept.graph.lat.base, np.memmap)
    kept.graph.lat[:] = 0
    assert path.read_bytes() == before


def test_another_profile_or_other_people_have_milliseconds_of_their_own(network, tmp_path, nobody):
    path = tmp_path / "made.roads"
    write_roads(path, network, HEADER)
    kept = read_roads(path)
    slow = replace(network.profile, junction_minutes=9.0, street_junction_minutes=(2.0, 2.0))
    changed = kept.network(slow, network.density)
    fresh = RoadNetwork(network.graph, slow, network.density, engine="hierarchy")
    assert (changed.forward >= network.forward).all()
    assert (changed.forward > network.forward).any()
    np.testing.assert_array_equal(changed.forward, fresh.forward)
    some = Attached.at_nodes(np.arange(0, 300, 7, dtype=np.int32))
    np.testing.assert_array_equal(changed.metric.table(some, some), fresh.metric.table(some, some))
    crowd = PopulationDensity.from_points([45.5], [-99.5], [1e6])
    assert profile_digest(network.profile, crowd) != profile_digest(network.profile, nobody)
    assert (kept.network(network.profile, crowd).forward > network.forward).any()


@pytest.mark.parametrize("keep", [5, len(MAGIC) + 4, 200, 0.5, 0.99])
def test_a_file_cut_short_is_refused(network, tmp_path, keep):
    path = tmp_path / "made.roads"
    write_roads(path, network, HEADER)
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if keep > 1 else int(len(whole) * keep)])
    with pytest.raises(InputError, match=r"made\.roads: .*(build it again|matcare roads build)"):
        read_roads(path)


def test_what_is_no_roads_file_is_refused(network, tmp_path):
    path = tmp_path / "made.roads"
    for content in (
        b"",
        b"id,lat,lon\n",
        MAGIC + (1 << 40).to_bytes(8, "little"),
        MAGIC + (2).to_bytes(8, "little") + b"[]",
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"made\.roads"):
            roads_header(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_roads(tmp_path / "none.roads")
    with pytest.raises(OutputError, match="cannot be written"):
        write_roads(tmp_path / "no" / "folder.roads", network, HEADER)


def test_another_form_or_another_source_is_refused(network, tmp_path):
    path = tmp_path / "made.roads"
    write_roads(path, network, HEADER)
    with pytest.raises(InputError, match="another version of made"):
        read_roads(path, source_sha256="def")
    header, arrays = read_arrays(path)
    write_arrays(path, {**header, "format": 0, "matcare": "0.0.1"}, arrays)
    with pytest.raises(InputError, match=r"written by matcare 0\.0\.1 in another form"):
        read_roads(path)
    write_arrays(path, header, {name: array for name, array in arrays.items() if name != "graph.km"})
    with pytest.raises(InputError, match="damaged"):
        read_roads(path)


def test_a_write_that_fails_leaves_what_was_there(network, tmp_path, monkeypatch):
    path = tmp_path / "made.roads"
    write_roads(path, network, HEADER)
    before = path.read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_roads(path, network, {**HEADER, "source": "other"})
    assert path.read_bytes() == before
    assert json.dumps([entry.name for entry in tmp_path.iterdir()]) == '["made.roads"]'


def test_arrays_of_any_kind_come_back(tmp_path):
    arrays = {
        "flags": np.array([True, False]), "empty": np.zeros((0, 3), np.int32), "words": np.array(["metis"]),
        "matrix": np.arange(6.0).reshape(2, 3), "one": np.array(7),
    }  # fmt: skip
    write_arrays(tmp_path / "a", {"hello": [1]}, arrays)
    header, found = read_arrays(tmp_path / "a")
    assert header == {"hello": [1]}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
