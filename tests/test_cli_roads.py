"""``matcare roads`` and ``--roads``: every reader's file through build and minutes, and every mistake in one line."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import json
import os
import shutil
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.cli import main
from matcare.sources import overpass
from matcare.tables import demand, roads, snapshot, storage
from matcare.travel.array_files import read_header
from matcare.travel.road_files import FORMAT

osmium = pytest.importorskip("osmium")
ox = pytest.importorskip("osmnx")

SIDE = 8
STEP = 0.01
SOUTH, WEST = 46.78, -100.82
MPH = 30
READERS = [
    "town.osm.pbf", "town.osm", "town.osm.gz", "town.xml.bz2", "town.graphml", "tiger", "town.gr", "town.gpkg",
]  # fmt: skip
OF_LINES = ["--option", "class_column=kind", "--option", "speed_column=mph", "--option", "speed_unit=mph"]


def matcare(*arguments, cwd):
    """Run the command line in this process: a traceback would be raised, not printed."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["matcare", *map(str, arguments)]
    try:
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        return SimpleNamespace(returncode=stop.code or 0, stdout=out.getvalue(), stderr=err.getvalue())
    finally:
        sys.argv = before
    raise AssertionError("main() always exits")


def complaint(done, code=2):
    """The one line on standard error, with no traceback."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("matcare: ")
    return lines[0]


def done_well(done):
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


# A town of straight streets, as every format has it


def place(number):
    return SOUTH + number // SIDE * STEP, WEST + number % SIDE * STEP


def streets():
    """Runs of nodes: a street for each row and column; the third row is a primary road."""
    rows = [[r * SIDE + c for c in range(SIDE)] for r in range(SIDE)]
    columns = [[r * SIDE + c for r in range(SIDE)] for c in range(SIDE)]
    return [(run, "primary" if at == 2 else "residential") for at, run in enumerate([*rows, *columns])]


def line(run):
    return shapely.LineString([place(number)[::-1] for number in run])


def write_osm(path):
    with osmium.SimpleWriter(str(path)) as writer:
        for number in range(SIDE**2):
            lat, lon = place(number)
            writer.add_node(osmium.osm.mutable.Node(id=number + 1, location=(lon, lat)))
        for number, (run, kind) in enumerate(streets(), start=1):
            tags = {"highway": kind, "maxspeed": f"{MPH} mph"}
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=[node + 1 for node in run], tags=tags))
    return path


def write_tiger(folder, county, *, year=2021):
    folder.mkdir(parents=True, exist_ok=True)
    name = f"tl_{year}_{county}_roads"
    classes = {"primary": "S1200", "residential": "S1400"}
    table = {"MTFCC": [classes[kind] for _, kind in streets()]}
    loose = folder / "loose"
    loose.mkdir()
    frame = gpd.GeoDataFrame(table, geometry=[line(run) for run, _ in streets()], crs="EPSG:4269")
    frame.to_file(loose / f"{name}.shp")
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as packed:
        for file in sorted(loose.iterdir()):
            packed.write(file, file.name)
    shutil.rmtree(loose)
    return folder


def write_dimacs(path):
    """A minute a segment, both ways."""
    arcs = [pair for run, _ in streets() for a, b in pairwise(run) for pair in ((a, b), (b, a))]
    unit = round(1 / 6e-5)
    path.write_text(f"p sp {SIDE**2} {len(arcs)}\n" + "".join(f"a {a + 1} {b + 1} {unit}\n" for a, b in arcs))
    places = "".join(f"v {n + 1} {round(place(n)[1] * 1e6)} {round(place(n)[0] * 1e6)}\n" for n in range(SIDE**2))
    path.with_suffix(".co").write_text(f"p aux sp co {SIDE**2}\n{places}")
    return path


def write_lines(path):
    pieces = [(pair, kind) for run, kind in streets() for pair in pairwise(run)]
    table = {"kind": [kind for _, kind in pieces], "mph": [str(MPH)] * len(pieces)}
    gpd.GeoDataFrame(table, geometry=[line(pair) for pair, _ in pieces], crs="EPSG:4326").to_file(path)
    return path


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A folder with the town in every format, and two tables of points."""
    folder = tmp_path_factory.mktemp("town")
    write_osm(folder / "town.osm.pbf")
    xml = write_osm(folder / "town.osm").read_bytes()
    (folder / "town.osm.gz").write_bytes(gzip.compress(xml))
    (folder / "town.xml.bz2").write_bytes(bz2.compress(xml))
    ox.save_graphml(ox.graph_from_xml(folder / "town.osm", simplify=False, retain_all=True), folder / "town.graphml")
    write_tiger(folder / "tiger", "38015")
    write_dimacs(folder / "town.gr")
    write_lines(folder / "town.gpkg")
    for name, numbers in (("a.csv", (0, SIDE - 1)), ("b.csv", (SIDE**2 - 1,))):
        rows = "".join(f"p{n},{place(n)[0] + 1e-4},{place(n)[1] + 1e-4}\n" for n in numbers)
        (folder / name).write_text(f"id,lat,lon\n{rows}")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder of data tables that ends at North Dakota's border (and Delaware's), as `--data` takes it."""
    folder, whole = tmp_path_factory.mktemp("data"), snapshot.load_snapshot()
    for path in snapshot.default_data_dir().iterdir():
        shutil.copy(path, folder / path.name)
    counties = whole.counties[whole.counties["state"].isin(["ND", "DE"])].reset_index(drop=True)
    people = whole.demand[whole.demand["county_fips"].isin(counties["county_fips"])]
    near = whole.road_nodes["lat"].between(45.5, 49.5) & whole.road_nodes["lon"].between(-104.5, -96)
    edges = whole.road_edges[near.to_numpy()[whole.road_edges[["u", "v"]].to_numpy()].all(axis=1)]
    near &= near.index.isin(np.unique(edges[["u", "v"]]))
    number = (np.cumsum(near) - 1).to_numpy()
    edges = edges.assign(u=number[edges["u"]], v=number[edges["v"]]).reset_index(drop=True)
    tables = {
        "counties": storage.stored_from_frame(counties, snapshot.COUNTIES),
        "demand": demand.pack_demand(people.reset_index(drop=True)),
        "road_nodes": roads.pack_nodes(whole.road_nodes[near].reset_index(drop=True)),
        "road_edges": roads.pack_edges(edges.astype({"road_class": "str", "state": "str"})),
    }
    for name, table in tables.items():
        (folder / f"{name}.parquet").write_bytes(storage.stored_bytes(table, name=name, sources=()))
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "matcare"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def nothing_of_this_machine(*files, folder):
    """No path of this machine stands in the files."""
    for path in files:
        assert str(folder).encode() not in path.read_bytes(), path.name


def built(source, town, small, tmp_path, *more):
    arguments = OF_LINES if source == "town.gpkg" else []
    return done_well(
        matcare(
            "roads", "build", town / source, "--alone", "--out", "x.roads", "--data", small, *arguments, *more,
            cwd=tmp_path,
        )
    )  # fmt: skip


def minutes(town, small, tmp_path, roads_from="x.roads"):
    done_well(
        matcare(
            "minutes", town / "a.csv", town / "b.csv", "--out", "m.csv", "--roads", roads_from, "--data", small,
            cwd=tmp_path,
        )
    )  # fmt: skip
    return pd.read_csv(tmp_path / "m.csv").set_index("origin_id")["minutes"]


@pytest.fixture(scope="module")
def every_reader(town, small, tmp_path_factory):
    """Minutes of the town by every reader's file, with what was printed and written."""
    results = {}
    for source in READERS:
        folder = tmp_path_factory.mktemp("built")
        printed = built(source, town, small, folder)
        results[source] = printed, minutes(town, small, folder), folder
    return results


@pytest.mark.parametrize("source", READERS)
def test_a_file_of_each_kind_through_build_and_minutes(every_reader, town, source):
    printed, found, folder = every_reader[source]
    assert f"{SIDE**2} nodes" in printed
    assert f"from {source}" in printed
    assert "licence: " in printed
    assert found["p0"] > found[f"p{SIDE - 1}"] > 1
    about = json.loads((folder / "m_run.json").read_text(encoding="utf-8"))["roads"]
    assert about["file"] == "x.roads"
    assert about["made_from"] == source
    assert about["licence"]
    assert names_in(folder) == ["m.csv", "m_origins.csv", "m_run.json", "x.roads"]
    nothing_of_this_machine(*folder.iterdir(), folder=town)
    nothing_of_this_machine(*folder.iterdir(), folder=folder)


def test_the_same_streets_take_the_same_minutes_whatever_the_format(every_reader):
    found = {source: minutes for source, (_, minutes, _) in every_reader.items()}
    for source in ("town.osm", "town.osm.gz", "town.xml.bz2", "town.graphml", "town.gpkg"):
        assert found[source].to_numpy() == pytest.approx(found["town.osm.pbf"].to_numpy(), abs=0.02), source
    # fourteen segments of a minute each; both ends have legs of a few metres and the profile's minutes
    legs = found["town.gr"]["p0"] - 2 * (SIDE - 1)
    assert 0 < legs < 4
    assert found["town.gr"]["p7"] - (SIDE - 1) == pytest.approx(legs, abs=0.1)


def test_info_says_what_build_said(every_reader):
    printed, _, folder = every_reader["town.osm.pbf"]
    told = done_well(matcare("roads", "info", "x.roads", cwd=folder))
    assert told.splitlines() == printed.splitlines()[-len(told.splitlines()) :]
    assert "Open Database License" in told
    assert "km by class: residential" in told
    assert "posted limit 100.0 %" in told


def test_another_profile_on_the_same_file(every_reader, town, small, tmp_path):
    _, typical, folder = every_reader["tiger"]
    done_well(
        matcare(
            "minutes", town / "a.csv", town / "b.csv", "--out", "m.csv", "--roads", folder / "x.roads", "--data", small,
            "--profile", "osrm", cwd=tmp_path,
        )
    )  # fmt: skip
    other = pd.read_csv(tmp_path / "m.csv").set_index("origin_id")["minutes"]
    assert (other - typical).abs().min() > 0.2
    assert json.loads((tmp_path / "m_run.json").read_text(encoding="utf-8"))["profile"]["name"] == "osrm"


def test_an_area_is_joined_to_the_highways_around_it(town, small, tmp_path):
    # the town covers little ground, and highways are cut a kilometre inside it
    told = done_well(matcare("roads", "build", town / "town.osm.pbf", "--data", small, cwd=tmp_path))
    assert names_in(tmp_path) == ["town.roads"]
    assert "around them signed highways" in told
    assert "us_highway" in told
    assert "joined: " in told
    alone = done_well(matcare("roads", "build", town / "town.gr", "--data", small, "-o", "d.roads", cwd=tmp_path))
    assert "around them" not in alone


def test_a_source_is_made_ready_once_and_found_again(town, small, tmp_path, own_cache):
    source = shutil.copy(town / "town.gr", tmp_path / "town.gr")
    shutil.copy(town / "town.co", tmp_path / "town.co")
    first = minutes(town, small, tmp_path, source)
    (kept,) = (own_cache / "roads").iterdir()
    stamp = kept.stat().st_mtime_ns
    assert minutes(town, small, tmp_path, source).equals(first)
    assert kept.stat().st_mtime_ns == stamp
    kept.write_bytes(kept.read_bytes()[:-64])
    assert minutes(town, small, tmp_path, source).equals(first), "a broken copy is made again"
    with (tmp_path / "town.co").open("a") as places:
        places.write("c another version\n")
    minutes(town, small, tmp_path, source)
    assert len(list((own_cache / "roads").iterdir())) == 2, "another content is another file"
    nothing_of_this_machine(tmp_path / "m_run.json", folder=tmp_path)


def test_a_state_whose_street_files_are_there(small, tmp_path, own_cache):
    for county in ("10001", "10003", "10005"):
        write_tiger(own_cache / "tiger" / "de", county, year=2024)
    done = matcare("roads", "build", "tiger:DE", "--alone", "--data", small, cwd=tmp_path)
    assert "roads of 3 counties" in done_well(done)
    assert "public domain" in done.stdout
    assert (tmp_path / "tiger-de.roads").is_file()


def test_a_run_on_roads_of_ones_own_says_so(every_reader, small, tmp_path):
    folder = every_reader["tiger"][2]
    done = matcare("run", "--state", "ND", "--roads", folder / "x.roads", "--data", small, "--out", "nd", cwd=tmp_path)
    told = done_well(done)
    assert "Note: roads: US Census Bureau, TIGER/Line roads of 1 counties (public domain" in told
    about = json.loads((tmp_path / "nd" / "run.json").read_text(encoding="utf-8"))
    assert about["scenario"]["roads"] == "x.roads"
    assert about["roads"]["file"] == "x.roads"
    assert about["roads"]["made_from"] == "tiger"
    assert about["roads"]["licence"].startswith("public domain")
    assert any(note.startswith("roads: US Census Bureau") for note in about["notes"])
    nothing_of_this_machine(*(tmp_path / "nd").iterdir(), folder=folder.parent)


def test_lines_that_meet_without_a_node_are_told(small, tmp_path):
    shapes = [
        shapely.LineString([(WEST, SOUTH), (WEST + 0.1, SOUTH)]),
        shapely.LineString([(WEST + 0.05, SOUTH - 0.1), (WEST + 0.05, SOUTH + 0.1)]),
    ]
    gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "cross.geojson")
    told = done_well(matcare("roads", "build", "cross.geojson", "--data", small, cwd=tmp_path))
    assert "crossings without node: 1" in told
    assert f"lines meet without a node at {SOUTH:.5f} {WEST + 0.05:.5f} (crossing)" in told
    assert "`other` speed" in told


# Places, from a stand-in for the map servers on loopback


FREE = b"""Connected as: 1
Current time: 2024-05-01T10:00:00Z
Announced endpoint: none
Rate limit: 2
2 slots available now.
Currently running queries (pid, space limit, time limit, start time):
"""


class Handler(BaseHTTPRequestHandler):
    places: tuple = ()
    asked: list

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        if self.path.startswith("/api/status"):
            self.reply(FREE, "text/plain")
        else:
            self.reply(json.dumps(self.places).encode())

    def do_POST(self):
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        nodes = [{"type": "node", "id": n + 1, "lat": place(n)[0], "lon": place(n)[1]} for n in range(SIDE**2)]
        ways = [
            {"type": "way", "id": n, "nodes": [node + 1 for node in run], "tags": {"highway": kind}}
            for n, (run, kind) in enumerate(streets(), start=1)
        ]
        self.reply(json.dumps({"version": 0.6, "osm3s": {}, "elements": [*nodes, *ways]}).encode())

    def reply(self, body, kind="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def servers(monkeypatch):
    """The class that answers; the command line asks it in the place of the public servers."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    answering = type("Bound", (Handler,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    there = functools.partial(overpass.MapServers, overpass_url=f"{url}/api", nominatim_url=f"{url}/")
    monkeypatch.setattr(overpass, "MapServers", there)
    yield answering
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_place_is_asked_for_once_a_month(servers, small, tmp_path, own_cache):
    boundary = shapely.box(WEST - 0.01, SOUTH - 0.01, WEST + 0.1, SOUTH + 0.1)
    servers.places = (
        {
            "place_id": 1, "osm_type": "relation", "osm_id": 2, "lat": str(SOUTH), "lon": str(WEST), "importance": 0.5,
            "boundingbox": ["46", "47", "-101", "-100"], "display_name": "Madeville, North Dakota",
            "geojson": json.loads(shapely.to_geojson(boundary)),
        },
    )  # fmt: skip
    asking = ("roads", "build", 'place:"Madeville, North Dakota"', "--alone", "--data", small)
    told = done_well(matcare(*asking, cwd=tmp_path))
    assert (tmp_path / "place-madeville-north-dakota.roads").is_file()
    assert "licence: OpenStreetMap, Madeville, North Dakota" in told
    asked = len(servers.asked)
    assert asked > 1
    assert any((own_cache / "openstreetmap").rglob("*.json"))
    done_well(matcare(*asking, cwd=tmp_path))
    assert len(servers.asked) == asked


def test_no_such_place(servers, small, tmp_path):
    done = matcare("roads", "build", "place:Nowhere", "--out", "n.roads", "--data", small, cwd=tmp_path)
    assert "place 'Nowhere': OpenStreetMap has no such place" in complaint(done)
    assert "n.roads" not in names_in(tmp_path)


def test_servers_that_cannot_be_reached(monkeypatch, small, tmp_path):
    nobody = functools.partial(
        overpass.MapServers, overpass_url="http://127.0.0.1:9/api", nominatim_url="http://127.0.0.1:9/"
    )
    monkeypatch.setattr(overpass, "MapServers", nobody)
    done = matcare("roads", "build", "place:Anywhere", "--data", small, cwd=tmp_path)
    assert "cannot be reached" in complaint(done, 5)


# Mistakes


BOMB = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]><osm version="0.6"><node id="1" user="&b;"/></osm>'


@pytest.fixture
def broken(every_reader, town, tmp_path):
    """A folder with files that cannot be used."""
    good = (every_reader["town.osm.pbf"][2] / "x.roads").read_bytes()
    extract = (town / "town.osm.pbf").read_bytes()
    (tmp_path / "cut.osm.pbf").write_bytes(extract[: len(extract) // 2])
    (tmp_path / "bomb.osm").write_text(BOMB)
    (tmp_path / "bomb.graphml").write_text(BOMB.replace("osm", "graphml"))
    (tmp_path / "half.osm.gz").write_bytes(gzip.compress((town / "town.osm").read_bytes())[:-300])
    (tmp_path / "table.gpkg").write_text("not a layer")
    (tmp_path / "alone.gr").write_text("p sp 2 1\na 1 2 7\n")
    (tmp_path / "paper.roads").write_text("not roads\n" * 20)
    (tmp_path / "empty.roads").touch()
    (tmp_path / "short.roads").write_bytes(good[: len(good) - 5000])
    (tmp_path / "head.roads").write_bytes(good[:40])
    other = good.replace(f'"format": {FORMAT}'.encode(), f'"format": {FORMAT + 1}'.encode())
    assert other != good
    (tmp_path / "other.roads").write_bytes(other)
    (tmp_path / "good.roads").write_bytes(good)
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("cut.osm.pbf", "cut.osm.pbf: not a whole OpenStreetMap file"),
        ("bomb.osm", "bomb.osm: it declares a document type or entities"),
        ("bomb.graphml", "bomb.graphml: it declares a document type or entities"),
        ("half.osm.gz", "half.osm.gz: not a whole XML file"),
        ("table.gpkg", "table.gpkg: GDAL cannot read it"),
        ("alone.gr", "alone.gr: no file of coordinates beside it"),
        ("good.roads", "good.roads: made ready already"),
        ("none.osm.pbf", "none.osm.pbf: no such file or folder"),
        ("folder", "folder: no TIGER/Line county road files"),
        ("place:", "names no place"),
        ("tiger:Dakota", "unknown state 'Dakota'"),
    ],
)
def test_a_source_that_cannot_be_used(broken, small, source, words):
    before = names_in(broken)
    done = matcare("roads", "build", source, "--out", "x.roads", "--data", small, cwd=broken)
    assert words in complaint(done)
    assert names_in(broken) == before, "nothing half-written"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--option", "speeds=7"], "--option speeds: these roads are read with tracks, private"),
        (["--option", "tracks=maybe"], "--option tracks=maybe: true or false"),
        (["--option", "tracks"], "give KEY=VALUE"),
        (["--out", "x.tif"], "--out x.tif: give a name that ends in .roads"),
        (["--profile", "teleport"], "teleport"),
        (["--data", "none"], "none"),
    ],
)
def test_an_option_that_cannot_be_meant(town, small, tmp_path, arguments, words):
    given = arguments if "--data" in arguments else [*arguments, "--data", small]
    done = matcare("roads", "build", town / "town.osm.pbf", *given, cwd=tmp_path)
    assert words in complaint(done, 4 if "--data" in arguments else 2)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("snap_metres=far", "snap_metres=far: a number is needed"),
        ("speed_unit=knots", "speed_unit=knots: one of mph, km/h"),
        ("class_column=FUNC", "no column 'FUNC'; there are kind, mph"),
        ("layer=2", "no layer '2'"),
    ],
)
def test_an_option_of_a_line_layer_that_cannot_be_meant(town, small, tmp_path, option, words):
    done = matcare("roads", "build", town / "town.gpkg", "--option", option, "--data", small, cwd=tmp_path)
    assert words in complaint(done)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("paper.roads", "paper.roads: not a roads file; make one with `matcare roads build"),
        ("empty.roads", "empty.roads: not a roads file"),
        ("short.roads", "short.roads: the roads file is cut short"),
        ("head.roads", "head.roads: the roads file is damaged"),
        ("other.roads", "in another form; build it again with"),
        ("none.roads", "none.roads: cannot be read (No such file or directory)"),
        ("folder", "folder: no TIGER/Line county road files"),
    ],
)
def test_a_roads_file_that_cannot_be_used(broken, town, small, name, words):
    before = names_in(broken)
    asking = ("minutes", town / "a.csv", town / "b.csv", "--out", "m.csv", "--roads", name, "--data", small)
    assert words in complaint(matcare(*asking, cwd=broken))
    assert words in complaint(
        matcare("run", "--state", "ND", "--roads", name, "--data", small, "--out", "nd", cwd=broken)
    )
    if name.endswith(".roads"):
        assert words in complaint(matcare("roads", "info", name, cwd=broken))
    assert [left for left in names_in(broken) if left != "cache"] == before


def test_an_earlier_file_stays_whole_when_a_build_fails(broken, small):
    before = (broken / "good.roads").read_bytes()
    complaint(matcare("roads", "build", "cut.osm.pbf", "--out", "good.roads", "--data", small, cwd=broken))
    assert (broken / "good.roads").read_bytes() == before
    assert read_header(broken / "good.roads")[0]["format"] == FORMAT


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(town, small, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    done = matcare("roads", "build", town / "town.gr", "--out", "locked/x.roads", "--data", small, cwd=tmp_path)
    assert "not writable" in complaint(done, 6)


def test_a_folder_that_is_a_file(town, small, tmp_path):
    (tmp_path / "notes").write_text("mine")
    done = matcare("roads", "build", town / "town.gr", "--out", "notes/x.roads", "--data", small, cwd=tmp_path)
    assert "a file stands where" in complaint(done, 6)
    assert (tmp_path / "notes").read_text() == "mine"


# The publishers' files


REAL = {
    "bangor_maine.osm.pbf": ((44.80, -68.78), (44.81, -68.74)),
    "columbus.osm.pbf": ((39.96, -83.00), (39.99, -82.98)),
    "nky_streets.osm.pbf": ((39.03, -84.52), (39.07, -84.48)),
    "USA-road-t.NY.gr.gz": ((40.70, -73.95), (40.90, -73.80)),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_a_real_file_through_build_and_minutes(shared, small, tmp_path, name):
    ends = REAL[name]
    for file, (lat, lon) in zip(("a.csv", "b.csv"), ends, strict=True):
        (tmp_path / file).write_text(f"id,lat,lon\nx,{lat},{lon}\n")
    told = done_well(
        matcare("roads", "build", shared / "roads" / name, "--alone", "-o", "x.roads", "--data", small, cwd=tmp_path)
    )
    assert f"from {name}" in told
    found = minutes(tmp_path, small, tmp_path)["x"]
    (south, west), (north, east) = ends
    km = float(np.hypot((north - south) * 111.2, (east - west) * 111.2 * np.cos(np.radians(south))))
    # an OSM class or DIMACS unit driven at 15 to 110 km/h, a detour, and the minutes at both ends
    assert km / 110 * 60 < found < 2 * km / 15 * 60 + 4
    nothing_of_this_machine(*(tmp_path / file for file in ("x.roads", "m_run.json")), folder=shared)


@pytest.mark.shared
def test_real_street_files_of_two_counties(shared, small, tmp_path):
    (tmp_path / "nd").mkdir()
    for county in ("38015", "38059"):  # Bismarck and Mandan
        name = f"tl_2021_{county}_roads.zip"
        shutil.copy(shared / "roads" / "tiger_2021_nd" / name, tmp_path / "nd" / name)
    told = done_well(matcare("roads", "build", "nd", "--data", small, cwd=tmp_path))
    assert "roads of 2 counties" in told
    (tmp_path / "a.csv").write_text("id,lat,lon\nmandan,46.826,-100.89\n")
    (tmp_path / "b.csv").write_text("id,lat,lon\nbismarck,46.808,-100.783\nminot,48.23,-101.30\n")
    done_well(
        matcare(
            "minutes", "a.csv", "b.csv", "--out", "m.csv", "--roads", "nd.roads", "--limit", 300, "--data", small,
            cwd=tmp_path,
        )
    )  # fmt: skip
    found = pd.read_csv(tmp_path / "m.csv").set_index("destination_id")["minutes"]
    assert 6 < found["bismarck"] < 25, "over the Missouri's bridges"
    assert 90 < found["minot"] < 150, "180 km along the highways around the two counties"
