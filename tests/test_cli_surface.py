"""``matcare surface`` as a user meets it: from land cover to minutes of zones, and every mistake in one line."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import signal
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from rich.console import Console

from matcare.cli import main
from matcare.cli.surface import _TileProgress
from matcare.travel.density import PopulationDensity
from matcare.travel.graph import RoadGraph
from matcare.travel.profile_files import load_profile
from matcare.travel.road_files import write_roads
from matcare.travel.snapping import RoadNetwork
from matcare.travel.surface.geotiff import RasterFile, Window
from matcare.travel.surface.outputs import SurfaceFiles

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("exactextract")

ROWS, COLS, CELL = 40, 60, 0.002
WEST, NORTH = -100.86, 46.86
WATER, GRASS = 80, 30
RIVER = slice(30, 33)
"""Columns of water from the northern edge to the southern."""

OUTPUTS = ["travel_facilities.csv", "travel_facility.tif", "travel_minutes.tif", "travel_run.json", "travel_status.tif"]


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


def surface(*arguments, cwd):
    """Run a command that should end well, and return what it printed."""
    done = matcare("surface", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def complaint(*arguments, cwd, code=2):
    """The one line on standard error, with no traceback, of a command that leaves nothing behind."""
    before = sorted(path.relative_to(cwd) for path in cwd.rglob("*"))
    done = matcare("surface", *arguments, cwd=cwd)
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("matcare: ")
    assert sorted(path.relative_to(cwd) for path in cwd.rglob("*")) == before
    return lines[0]


def at(row, col):
    """Latitude and longitude of the middle of a cell."""
    return NORTH - (row + 0.5) * CELL, WEST + (col + 0.5) * CELL


def write(path, cells, *, nodata=None, crs="EPSG:4326", cell=CELL, tags=None):
    cells = np.asarray(cells)
    with rasterio.open(
        path, "w", driver="GTiff", width=cells.shape[1], height=cells.shape[0], count=1, dtype=cells.dtype,
        nodata=nodata, crs=crs, transform=rasterio.Affine(cell, 0, WEST, 0, -cell, NORTH),
    ) as out:  # fmt: skip
        out.write(cells, 1)
        out.update_tags(**(tags or {}))
    return path


def cells_of(path):
    with RasterFile(path) as file:
        return file.read(Window(0, *[file.grid.rows, 0, file.grid.cols])), file.tags


BEND = [at(5, 10), at(20, 10), at(20, 50)]
"""A road south and then east, over the river; the straight line between its ends is elsewhere."""


def write_bent_road(path):
    first, lat, lon = [0, 1], [BEND[1][0]], [BEND[1][1]]
    graph = RoadGraph.from_arrays(
        [BEND[0][0], BEND[2][0]], [BEND[0][1], BEND[2][1]], [0], [1], [0], ["primary"], limit_km_per_h=[50.0],
        bends=(first, lat, lon), about={"source": "a bent road", "licence": "made up", "vintage": "2026"},
    )  # fmt: skip
    network = RoadNetwork(graph, load_profile("typical"), PopulationDensity.from_points([], [], []))
    header = {"source": "bent", "source_sha256": "", "options": {}, "built": "today", "seconds": 0, "order": "none",
              "unnamed_classes": {}}  # fmt: skip
    write_roads(path, network, header)
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Land cover, elevation, people, zones, places and roads of a small country with a river."""
    folder = tmp_path_factory.mktemp("country")
    cover = np.full((ROWS, COLS), GRASS, np.uint8)
    cover[:, RIVER] = WATER
    cover[0, 0] = 0
    write(folder / "cover.tif", cover, nodata=0, tags={"TIFFTAG_COPYRIGHT": "CC BY 4.0"})
    heights = np.tile(np.linspace(0, 300, COLS, dtype=np.float32), (ROWS, 1))
    heights[3, 3] = -9999
    write(folder / "dem.tif", heights, nodata=-9999)
    people = np.random.default_rng(1).uniform(1, 9, (ROWS, COLS)).astype(np.float32)
    people[1, :5], people[2, :3], people[3, :2] = -99999, -4, 0
    write(folder / "people.tif", people, nodata=-99999)
    write(folder / "even.tif", np.full((ROWS, COLS), 0.01, np.float32))
    halves = [
        shapely.box(WEST + c * CELL, NORTH - ROWS * CELL, WEST + (c + 30) * CELL, NORTH) for c in (0, 30)
    ]  # fmt: skip
    gpd.GeoDataFrame({"name": ["=west", "east"], "code": [7.0, 8.0]}, geometry=halves, crs="EPSG:4326").to_file(
        folder / "zones.gpkg"
    )
    (folder / "one.csv").write_text(f"id,lat,lon\nwest,{at(10, 5)[0]},{at(10, 5)[1]}\n")
    lines = [f"{name},{at(*cell)[0]},{at(*cell)[1]}" for name, cell in (("a", (10, 5)), ("b", (10, 31)))]
    (folder / "three.csv").write_text("facility_id,lat,lon,name\n" + ",\n".join([*lines, "far,0,0"]) + ",\n")
    write_bent_road(folder / "bent.roads")
    return folder


@pytest.fixture(scope="module")
def made(folder):
    """The friction of the country, and minutes over it."""
    told = surface(
        "friction", "cover.tif", "--elevation", "dem.tif", "--roads", "bent.roads", "-o", "friction.tif",
        "--vintage", "2021", cwd=folder,
    )  # fmt: skip
    more = surface("minutes", "friction.tif", "--facilities", "three.csv", "--limit", 60, "-o", "out", cwd=folder)
    return told, more


def about(path):
    return json.loads(path.read_text(encoding="utf-8"))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def nothing_of_this_machine(folder, *files):
    for path in files:
        assert str(folder).encode() not in path.read_bytes(), path.name


def test_help_names_every_command(tmp_path):
    told = surface("--help", cwd=tmp_path)
    assert all(name in told for name in ("friction", "minutes", "people", "zones", "at", "info", "[raster]"))
    for name in ("friction", "minutes", "people", "zones", "at", "info"):
        assert "Usage" in surface(name, "--help", cwd=tmp_path)


def test_minutes_over_even_ground_are_metres_times_friction(folder, tmp_path):
    told = surface("minutes", folder / "even.tif", "--facilities", folder / "one.csv", "-o", "out", cwd=tmp_path)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS
    assert f"{ROWS * COLS:,} cells covered" in told
    assert "1 facilities: 1 placed" in told
    minutes, tags = cells_of(tmp_path / "out" / "travel_minutes.tif")
    geod = pyproj.Geod(ellps="WGS84")
    for row, col in ((10, 59), (39, 5), (10, 5)):
        (lat, lon), (to_lat, to_lon) = at(10, 5), at(row, col)
        metres = sum(
            geod.inv(lon + s * (to_lon - lon) / 60, lat + s * (to_lat - lat) / 60,
                     lon + (s + 1) * (to_lon - lon) / 60, lat + (s + 1) * (to_lat - lat) / 60)[2]
            for s in range(60)
        )  # fmt: skip
        assert minutes[row, col] == pytest.approx(0.01 * metres, rel=1e-4, abs=1e-6)
    assert tags["limit_minutes"] == "none"


def test_friction_of_land_roads_and_slopes(folder, made):
    told = made[0]
    friction, tags = cells_of(folder / "friction.tif")
    assert "profile typical" in told
    assert "a bent road (made up)" in told
    assert "1 walked cells have no elevation" in told
    assert np.isnan(friction[0, 0])
    assert friction[2, 31] == 0, "water"
    assert friction[20, 31] > 0, "the bridge"
    assert friction[20, 11] < friction[2, 2] / 3, "the road"
    assert friction[12, 30] == 0, "no road where the straight line between its ends runs"
    network = write_bent_road(folder / "bent_again.roads")
    km_per_h = 60 * network.graph.km[0] / (network.forward[0] / 60_000)
    assert friction[20, 40] == pytest.approx(0.06 / km_per_h, rel=1e-5)
    assert "roads: made up" in tags["licence"]
    assert "land cover: CC BY 4.0" in tags["licence"]
    assert "land cover: 2021" in tags["vintage"]
    run = about(folder / "friction_run.json")
    assert run["asked"]["land_cover"] == "cover.tif"
    assert run["files"] == {"friction.tif": sha256(folder / "friction.tif")}
    assert {source["role"]: source["sha256"] for source in run["sources"]} == {
        "land cover": {"cover.tif": sha256(folder / "cover.tif")},
        "elevation": {"dem.tif": sha256(folder / "dem.tif")},
        "roads": {"bent.roads": sha256(folder / "bent.roads")},
    }
    nothing_of_this_machine(folder, folder / "friction.tif", folder / "friction_run.json")


def test_another_profile_of_the_roads(folder, made, tmp_path):
    arguments = ("friction", folder / "cover.tif", "--roads", folder / "bent.roads")
    surface(*arguments, "-o", "kept.tif", cwd=tmp_path)
    surface(*arguments, "-o", "winter.tif", "--profile", "osrm", cwd=tmp_path)
    kept, other = (cells_of(tmp_path / name)[0] for name in ("kept.tif", "winter.tif"))
    assert kept[20, 40] != pytest.approx(other[20, 40], rel=0.01)
    assert kept[2, 2] == other[2, 2]
    assert about(tmp_path / "winter_run.json")["asked"]["profile"] == "osrm"


def test_open_corners_are_kept_in_the_file(folder, tmp_path):
    surface("friction", folder / "cover.tif", "-o", "open.tif", "--open-corners", cwd=tmp_path)
    assert "corners are open" in surface("info", "open.tif", cwd=tmp_path)
    surface("friction", folder / "cover.tif", "-o", "closed.tif", cwd=tmp_path)
    assert "corners are closed" in surface("info", "closed.tif", cwd=tmp_path)


def test_info(folder, made):
    told = surface("info", "friction.tif", cwd=folder)
    assert "40 × 60 cells of 0.002 × 0.002 degrees, WGS 84" in told
    assert "from 46.78 to 46.86 north, from -100.86 to -100.74 east" in told
    assert "licence: land cover: CC BY 4.0" in told
    assert "slopes count" in told
    assert "1 without data" in told
    assert "GiB of memory as a whole; in tiles of 1,024" in told


def test_minutes_say_where_facilities_stand_and_where_the_numbers_come_from(folder, made):
    told = made[1]
    assert "3 facilities: 1 placed, 1 moved, 1 no_surface" in told
    assert "b: moved 0." in told
    assert "far: stands on no surface (off_grid)" in told
    assert "beyond_limit" in told
    run = about(folder / "out" / "travel_run.json")
    assert run["asked"]["limit_minutes"] == 60
    assert sum(run["found"]["cells"].values()) == ROWS * COLS
    assert run["files"] == {
        name: sha256(folder / "out" / name) for name in OUTPUTS if name != "travel_run.json"
    }  # fmt: skip
    before = run["sources"][0]["made_by"]
    assert before["command"] == "surface friction"
    assert {source["role"] for source in before["sources"]} == {"land cover", "elevation", "roads"}
    assert "made up" in run["licences"]["friction surface"]
    nothing_of_this_machine(folder, *(folder / "out").iterdir())
    _, tags = cells_of(folder / "out" / "travel_minutes.tif")
    assert "made up" in tags["licence"]


def test_provenance_of_a_file_that_was_changed_since_is_not_taken_over(folder, made, tmp_path):
    for name in ("friction.tif", "friction_run.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with rasterio.open(tmp_path / "friction.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        file.update_tags(touched="yes")
    surface(
        "minutes", "friction.tif", "--facilities", folder / "one.csv", "-o", "out", "--licence", "mine", cwd=tmp_path
    )
    source = about(tmp_path / "out" / "travel_run.json")["sources"][0]
    assert "made_by" not in source
    assert source["licence"] == "mine"


def test_tiles_give_the_same_minutes(folder, made, tmp_path):
    told = surface(
        "minutes", folder / "friction.tif", "--facilities", folder / "three.csv", "--limit", 60, "--tile", 16,
        "--scratch", ".", "-o", "tiled", cwd=tmp_path,
    )  # fmt: skip
    assert "12 tiles, settled " in told
    for name in ("minutes", "status", "facility"):
        whole, tiled = (
            cells_of(getattr(SurfaceFiles.in_folder(at), name))[0] for at in (folder / "out", tmp_path / "tiled")
        )
        np.testing.assert_array_equal(whole, tiled)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiled"], "no tile is left"


def test_sixteen_neighbours_and_the_way_back(folder, made, tmp_path):
    whole = cells_of(folder / "out" / "travel_minutes.tif")[0]
    for name, option in (("sixteen", ["--neighbours", 16]), ("back", ["--from-facility"])):
        surface(
            "minutes", folder / "friction.tif", "--facilities", folder / "three.csv", "--limit", 60, *option,
            "-o", name, cwd=tmp_path,
        )  # fmt: skip
        other = cells_of(tmp_path / name / "travel_minutes.tif")[0]
        both = np.isfinite(whole) & np.isfinite(other)
        difference = (other - whole)[both]
        assert (difference < -0.01).any()
        if name == "sixteen":
            assert difference.max() < 1e-4, "more moves never lengthen"
        else:
            assert (difference > 0.01).any(), "uphill one way is downhill the other"


def test_people_become_points_that_other_commands_take(folder, made, tmp_path):
    told = surface(
        "people", folder / "people.tif", "--kind", "count", "--aggregate", 10, "-o", "demand.csv", "--licence", "ours",
        cwd=tmp_path,
    )  # fmt: skip
    cells = cells_of(folder / "people.tif")[0].astype(float)
    total = cells[cells > 0].sum()
    assert "24 points" in told
    assert f"{ROWS * COLS - 10:,} have people, 2 are empty, 5 are without data" in told
    assert "warning: 3 cells are negative and count as without data" in told
    points = pd.read_csv(tmp_path / "demand.csv")
    assert list(points.columns) == ["id", "lat", "lon", "people"]
    assert points["people"].sum() == pytest.approx(total, rel=1e-8)
    run = about(tmp_path / "demand_run.json")
    assert run["licences"] == {"population": "ours"}
    assert [column["column"] for column in run["columns"]] == list(points.columns)
    surface("at", folder / "out", "--points", "demand.csv", "-o", "access.csv", cwd=tmp_path)
    access = pd.read_csv(tmp_path / "access.csv")
    assert access["id"].tolist() == points["id"].tolist()
    assert about(tmp_path / "access_run.json")["sources"][1]["made_by"]["command"] == "surface people"
    done = matcare("minutes", "demand.csv", folder / "one.csv", "--out", "m.csv", "--nearest", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(tmp_path / "m.csv")) == 24


def test_density_takes_the_area_of_a_cell(folder, tmp_path):
    surface("people", folder / "people.tif", "--kind", "density", "-o", "d.parquet", cwd=tmp_path)
    surface("people", folder / "people.tif", "--kind", "count", "-o", "c.parquet", cwd=tmp_path)
    density, count = (pd.read_parquet(tmp_path / name).set_index("id") for name in ("d.parquet", "c.parquet"))
    lat = np.radians(count["lat"])
    km2 = CELL**2 * 111.132 * 111.320 * np.cos(lat)
    assert (density["people"] / count["people"]).to_numpy() == pytest.approx(km2.to_numpy(), rel=0.01)


def test_minutes_at_points_are_those_of_their_cells(folder, made, tmp_path):
    cells = {"near": (11, 6), "river": (2, 31), "corner": (0, 0), "=far": (38, 58)}
    rows = "".join(f"{name},{at(*cell)[0]},{at(*cell)[1]}\n" for name, cell in cells.items())
    (tmp_path / "p.csv").write_text(f"demand_id,lat,lon\n{rows}off,10,10\n")
    told = surface("at", folder / "out", "--points", "p.csv", "-o", "at.csv", cwd=tmp_path)
    found = pd.read_csv(tmp_path / "at.csv").set_index("id")
    minutes = cells_of(folder / "out" / "travel_minutes.tif")[0]
    assert found.loc["near", "minutes"] == pytest.approx(minutes[11, 6], abs=0.005)
    assert found.loc["near", "facility_id"] == "a"
    assert found["reason"].to_dict() == {
        "near": "covered", "river": "barrier", "corner": "no_data", "'=far": "beyond_limit", "off": "off_grid",
    }  # fmt: skip
    assert found.loc[found["reason"] != "covered", ["minutes", "facility_id"]].isna().all(axis=None)
    assert "5 rows" in told


def test_zones_add_up(folder, made, tmp_path):
    told = surface(
        "zones", folder / "out", "--population", folder / "people.tif", "--kind", "count", "--zones",
        folder / "zones.gpkg", "--id", "name", "--within", 20, "--within", 45.5, "-o", "z.csv", cwd=tmp_path,
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "z.csv").set_index("name")
    assert list(table.index) == ["'=west", "east"]
    people, minutes, status = (
        cells_of(path)[0].astype(float)
        for path in (folder / "people.tif", folder / "out" / "travel_minutes.tif", folder / "out" / "travel_status.tif")
    )
    people = np.where(people > 0, people, 0)
    for zone, half in (("'=west", np.s_[:, :30]), ("east", np.s_[:, 30:])):
        here, took, kind = people[half], minutes[half], status[half]
        assert table.loc[zone, "people"] == pytest.approx(here.sum(), rel=1e-6)
        known = np.isin(kind, [1, 2, 3])
        assert table.loc[zone, "share_within_20"] == pytest.approx(here[took <= 20].sum() / here[known].sum(), abs=1e-4)
        assert table.loc[zone, "mean_minutes"] == pytest.approx(
            np.average(took[kind == 1], weights=here[kind == 1]), abs=0.006
        )
    parts = [name for name in table if name.startswith("people_")]
    assert table[parts].sum(axis=1).to_numpy() == pytest.approx(table["people"].to_numpy(), rel=1e-6)
    assert "share_within_45.5" in table
    assert "2 zones" in told
    run = about(tmp_path / "z_run.json")
    assert [source["role"] for source in run["sources"]] == ["surface of minutes", "population", "zones"]
    assert run["sources"][0]["made_by"]["command"] == "surface minutes"
    assert [column["column"] for column in run["columns"]] == ["name", *table.columns]
    nothing_of_this_machine(folder, *tmp_path.iterdir())
    surface(
        "zones", folder / "out", "--population", folder / "people.tif", "--kind", "count", "--zones",
        folder / "zones.gpkg", "--id", "code", "-o", "z.parquet", cwd=tmp_path,
    )  # fmt: skip
    assert pd.read_parquet(tmp_path / "z.parquet")["code"].tolist() == ["7", "8"]


def test_the_same_question_gives_the_same_bytes(folder, made, tmp_path):
    surface(
        "friction", folder / "cover.tif", "--elevation", folder / "dem.tif", "--roads", folder / "bent.roads",
        "-o", "friction.tif", "--vintage", "2021", cwd=tmp_path,
    )  # fmt: skip
    surface("minutes", "friction.tif", "--facilities", folder / "three.csv", "--limit", 60, "-o", "out", cwd=tmp_path)
    for name in ("friction.tif", *(f"out/{name}" for name in OUTPUTS if name != "travel_run.json")):
        assert sha256(tmp_path / name) == sha256(folder / name), name


# Progress


def test_tiles_are_told_now_and_then():
    shown = io.StringIO()
    progress = _TileProgress(Console(file=shown, force_terminal=False))
    with progress.step("minutes"):
        for done in range(1, 2000):
            progress.tiles(done, 3)
        progress._told -= 1000
        progress.tiles(2000, 3)
        progress.tiles(2001, 2)
    lines = shown.getvalue().splitlines()
    assert len(lines) == 2
    assert "2,000 tiles settled, 3 waiting" in lines[0]
    assert lines[1].startswith("  minutes")


def test_tiles_on_a_terminal_change_the_line():
    shown = io.StringIO()
    progress = _TileProgress(Console(file=shown, force_terminal=True, width=100))
    with progress.step("minutes"):
        progress.tiles(12, 3)
        progress._status._live.refresh()
    assert "12 tiles settled, 3 waiting" in shown.getvalue()


# Mistakes


@pytest.fixture(scope="module")
def wrong(folder, made, tmp_path_factory):
    """A folder with files that cannot be used, beside those that can."""
    wrong = tmp_path_factory.mktemp("wrong")
    for name in ("cover.tif", "dem.tif", "people.tif", "even.tif", "one.csv", "zones.gpkg", "bent.roads"):
        (wrong / name).write_bytes((folder / name).read_bytes())
    (wrong / "out").mkdir()
    for name in OUTPUTS:
        (wrong / "out" / name).write_bytes((folder / "out" / name).read_bytes())
    whole = (wrong / "even.tif").read_bytes()
    (wrong / "cut.tif").write_bytes(whole[: len(whole) // 2])
    (wrong / "text.tif").write_text("no raster")
    write(wrong / "placeless.tif", np.full((9, 9), 0.01, np.float32), crs=None)
    write(wrong / "mercator.tif", np.full((9, 9), 0.01, np.float32), crs="EPSG:3857", cell=3e6)
    write(wrong / "nothing.tif", np.full((9, 9), np.nan, np.float32))
    write(wrong / "km.tif", np.full((9, 9), 1e-5, np.float32))
    write(wrong / "blocked.tif", np.zeros((9, 9), np.float32))
    write(wrong / "coarse.tif", np.full((9, 9), 5, np.float32), cell=3 * CELL)
    write(wrong / "codes.tif", np.full((9, 9), 33, np.uint8))
    (wrong / "bad.toml").write_text("[land_cover.30]\nkm_per_h = -3\n")
    lat, lon = at(10, 5)
    for name, text in {
        "no_lat.csv": "id,lon\na,1\n",
        "no_id.csv": f"lat,lon\n{lat},{lon}\n",
        "twice.csv": f"id,lat,lon\na,{lat},{lon}\na,{lat},{lon}\n",
        "moon.csv": f"id,lat,lon\na,{lat},{lon}\nb,95,0\n",
        "gap.csv": f"id,lat,lon\na,{lat},{lon}\nb,,0\n",
        "header.csv": "id,lat,lon\n",
        "away.csv": "id,lat,lon\na,10,10\n",
    }.items():
        (wrong / name).write_text(text)
    zones = gpd.read_file(wrong / "zones.gpkg")
    with warnings.catch_warnings(action="ignore"):  # GeoPandas warns of what is meant here
        zones.set_crs(None, allow_override=True).to_file(wrong / "placeless.shp")
    zones.assign(name="same").to_file(wrong / "same.gpkg")
    zones.set_geometry(zones.geometry.boundary).to_file(wrong / "lines.gpkg")
    zones.to_file(wrong / "layers.gpkg", layer="one")
    zones.to_file(wrong / "layers.gpkg", layer="two")
    return wrong


FRICTION = ["friction", "cover.tif", "-o", "f.tif"]
MINUTES = ["minutes", "even.tif", "-o", "o", "--facilities"]
PEOPLE = ["people", "people.tif", "-o", "d.csv", "--kind"]
ZONES = ["zones", "out", "-o", "z.csv", "--kind", "count", "--id", "name", "--population"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["friction", "none.tif", "-o", "f.tif"], "none.tif: no such file"),
        (["friction", "cover.tif", "-o", "f.png"], "--out f.png: give a name that ends in .tif"),
        (["friction", "cover.tif", "-o", "cover.tif"], "would overwrite the input cover.tif"),
        ([*FRICTION, "--speeds", "martian"], "no speed table 'martian': one of nlcd, worldcover"),
        ([*FRICTION, "--speeds", "bad.toml"], "bad.toml, [land_cover.30]: km_per_h -3"),
        ([*FRICTION, "--elevation", "coarse.tif"], "gdalwarp"),
        ([*FRICTION, "--roads", "one.csv"], "one.csv: not a roads file"),
        ([*FRICTION, "--profile", "osrm"], "no roads are given"),
        ([*FRICTION, "--roads", "bent.roads", "--profile", "teleport"], "teleport"),
        (["friction", "codes.tif", "-o", "f.tif"], "land-cover class 33 has no speed in the table 'worldcover'"),
        (["minutes", "cut.tif", "--facilities", "one.csv", "-o", "o"], "cut.tif: "),
        (["minutes", "text.tif", "--facilities", "one.csv", "-o", "o"], "text.tif: not a raster"),
        (["minutes", "placeless.tif", "--facilities", "one.csv", "-o", "o"], "no coordinate reference system"),
        (["minutes", "mercator.tif", "--facilities", "one.csv", "-o", "o"], "stretches lengths"),
        (["minutes", "nothing.tif", "--facilities", "one.csv", "-o", "o"], "nothing.tif: no data in any cell"),
        (["minutes", "blocked.tif", "--facilities", "one.csv", "-o", "o"], "blocked.tif: no passable cell"),
        (["minutes", "km.tif", "--facilities", "one.csv", "-o", "o"], "faster than 1000 km/h"),
        (["minutes", "out/travel_minutes.tif", "--facilities", "one.csv", "-o", "o"], "not a friction surface"),
        ([*MINUTES, "none.csv"], "none.csv: no such file"),
        ([*MINUTES, "no_lat.csv"], "no_lat.csv: column 'lat' is missing"),
        ([*MINUTES, "no_id.csv"], "no_id.csv: column 'facility_id' is missing"),
        ([*MINUTES, "twice.csv"], "twice.csv, row 2, column 'id': 'a' stands there twice"),
        ([*MINUTES, "moon.csv"], "moon.csv, row 2, column 'lat': '95' is not on Earth"),
        ([*MINUTES, "gap.csv"], "gap.csv, row 2, column 'lat': is missing"),
        ([*MINUTES, "header.csv"], "header.csv: no rows"),
        ([*MINUTES, "away.csv"], "none of the 1 facilities lies on"),
        ([*MINUTES, "one.csv", "--limit", "0"], "limit 0 minutes"),
        ([*MINUTES, "one.csv", "--limit", "nan"], "limit nan minutes"),
        ([*MINUTES, "one.csv", "--neighbours", "9"], "9"),
        ([*MINUTES, "one.csv", "--tile", "3"], "tile of 3 cells a side"),
        ([*MINUTES, "one.csv", "--memory", "0.1"], "GiB of memory"),
        ([*MINUTES, "one.csv", "--memory", "0"], "--memory is 0"),
        ([*MINUTES, "one.csv", "--move-cells", "-1"], "--move-cells is -1"),
        ([*MINUTES, "one.csv", "--tile", "16", "--scratch", "nowhere"], "nowhere: no folder for the tiles"),
        (["minutes", "even.tif", "--facilities", "out/travel_facilities.csv", "-o", "out"], "would overwrite the input"),
        ([*PEOPLE, "heads"], "--kind heads: count"),
        ([*PEOPLE, "count", "--aggregate", "0"], "aggregate 0"),
        (["people", "people.tif", "--kind", "count", "-o", "d.xlsx"], "--out d.xlsx: give a name that ends in .csv"),
        (["people", "nothing.tif", "--kind", "count", "-o", "d.csv"], "nothing.tif: no data in any cell"),
        (["people", "blocked.tif", "--kind", "count", "-o", "d.csv"], "nobody lives there"),
        ([*ZONES, "coarse.tif", "--zones", "zones.gpkg"], "gdalwarp"),
        ([*ZONES, "people.tif", "--zones", "none.gpkg"], "none.gpkg: no such file"),
        ([*ZONES, "people.tif", "--zones", "one.csv"], "one.csv: no geometry in it"),
        ([*ZONES, "people.tif", "--zones", "text.tif"], "text.tif: GDAL cannot read it"),
        ([*ZONES, "people.tif", "--zones", "placeless.shp"], "placeless.shp: no coordinate reference system"),
        ([*ZONES, "people.tif", "--zones", "same.gpkg"], "same.gpkg, row 2, column 'name': 'same' stands there twice"),
        ([*ZONES, "people.tif", "--zones", "lines.gpkg"], "lines.gpkg, row 1: its geometry is missing or not a polygon"),
        ([*ZONES, "people.tif", "--zones", "layers.gpkg"], "several layers; name one with --layer: one, two"),
        ([*ZONES, "people.tif", "--zones", "layers.gpkg", "--layer", "3"], "no layer '3'; there are one, two"),
        ([*ZONES, "people.tif", "--zones", "zones.gpkg", "--id", "town"], "no column 'town'; name one with --id: name, code"),
        ([*ZONES, "people.tif", "--zones", "zones.gpkg", "--within", "90"], "computed up to 60"),
        ([*ZONES, "people.tif", "--zones", "zones.gpkg", "--within", "-1"], "within -1 minutes"),
        (["at", "out", "--points", "moon.csv", "-o", "p.csv"], "moon.csv, row 2"),
        (["at", "nowhere", "--points", "one.csv", "-o", "p.csv"], "travel_minutes.tif: no such file"),
        (["at", "out", "--points", "one.csv", "-o", "one.csv"], "would overwrite the input one.csv"),
        (["info", "none.tif"], "none.tif: no such file"),
        (["info", "out/travel_status.tif"], "the result of `matcare surface minutes`"),
        (["info"], "Missing argument"),
        (["fly"], "fly"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_in_one_line_and_leaves_nothing(wrong, arguments, words):
    assert words in complaint(*arguments, cwd=wrong)


def test_a_folder_that_is_a_file(wrong):
    assert "a file stands where" in complaint(
        "minutes", "even.tif", "--facilities", "one.csv", "-o", "one.csv", cwd=wrong, code=6
    )


def test_earlier_files_stay_whole_when_a_search_fails(wrong):
    before = {path.name: sha256(path) for path in (wrong / "out").iterdir()}
    line = complaint("minutes", "km.tif", "--facilities", "one.csv", "-o", "out", cwd=wrong)
    assert "faster than" in line
    assert {path.name: sha256(path) for path in (wrong / "out").iterdir()} == before


def test_without_the_packages_the_extra_is_named(wrong, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    assert "pip install 'matcare[raster]'" in complaint("info", "even.tif", cwd=wrong)


def test_a_stop_in_the_middle_leaves_neither_tiles_nor_output(tmp_path):
    write(
        tmp_path / "large.tif", np.random.default_rng(1).uniform(0.001, 1, (1500, 1500)).astype(np.float32), cell=1e-4
    )
    (tmp_path / "one.csv").write_text(f"id,lat,lon\na,{NORTH - 0.07},{WEST + 0.07}\n")
    (tmp_path / "scratch").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "matcare", "surface", "minutes", "large.tif", "--facilities", "one.csv", "--tile", "16",
         "--scratch", "scratch", "--out", "out"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any((tmp_path / "scratch").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.strip().splitlines() == ["matcare: stopped; what had been written before is intact"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["large.tif", "one.csv", "scratch"]


# The publishers' files


@pytest.mark.shared
def test_real_rasters(shared, tmp_path):
    raster = shared / "raster"
    told = surface("people", raster / "conus_women15_44_2p5min.tif", "--kind", "count", "-o", "w.csv", cwd=tmp_path)
    women = pd.read_csv(tmp_path / "w.csv")["people"].sum()
    assert 60e6 < women < 68e6, told
    surface(
        "people", raster / "gpw_v4_population_density_rev11_2020_15_min.tif", "--kind", "density", "--aggregate", 4,
        "-o", "g.parquet", cwd=tmp_path,
    )  # fmt: skip
    assert len(pd.read_parquet(tmp_path / "g.parquet")) > 10_000
    with RasterFile(raster / "rmnp-dem.tif") as dem:
        grid = dem.grid
        heights = dem.read(Window(0, grid.rows, 0, grid.cols))
    cover = np.where(np.isfinite(heights), GRASS, 0).astype(np.uint8)
    with rasterio.open(
        tmp_path / "cover.tif", "w", driver="GTiff", width=grid.cols, height=grid.rows, count=1, dtype="uint8",
        nodata=0, crs=grid.crs, transform=rasterio.Affine(*grid.transform),
    ) as out:  # fmt: skip
        out.write(cover, 1)
    surface("friction", "cover.tif", "--elevation", raster / "rmnp-dem.tif", "-o", "f.tif", cwd=tmp_path)
    row, col = np.argwhere(np.isfinite(heights))[len(heights) // 2]
    lat, lon = grid.lat_lon([float(row)], [float(col)])
    (tmp_path / "trailhead.csv").write_text(f"id,lat,lon\ntrailhead,{lat[0]},{lon[0]}\n")
    surface("minutes", "f.tif", "--facilities", "trailhead.csv", "-o", "to", cwd=tmp_path)
    surface("minutes", "f.tif", "--facilities", "trailhead.csv", "-o", "from", "--from-facility", cwd=tmp_path)
    there, back = (cells_of(tmp_path / name / "travel_minutes.tif")[0] for name in ("to", "from"))
    assert there[row, col] == 0
    assert np.isfinite(there).sum() > 0.9 * np.isfinite(heights).sum()
    top = np.unravel_index(np.nanargmax(np.where(np.isfinite(there), heights, np.nan)), heights.shape)
    assert there[top] < back[top], "down to the trailhead is quicker than up from it"
