"""Friction surfaces: files read and written, land cover, roads and elevation, and every bad file named in one line."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError, OutputError
from matcare.travel.surface import geotiff
from matcare.travel.surface.friction import count_cells, friction_from_arrays, read_friction, write_friction
from matcare.travel.surface.geotiff import Layer, RasterFile, Window, optional_package, windows, write_cog
from matcare.travel.surface.grid import Grid
from matcare.travel.surface.speed_table import SpeedTable, load_speed_table, shipped_speed_tables
from matcare.travel.surface.terrain import RoadLines, friction_from_land_cover
from matcare.travel.surface.travel_minutes import surface_minutes

rasterio = pytest.importorskip("rasterio")

GRID = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=100, cell_y=100, rows=20, cols=30)
ALL = Window(0, GRID.rows, 0, GRID.cols)


def write(path, cells, *, grid=GRID, nodata=None, crs="same", transform=None, **options):
    """Write a plain GeoTIFF."""
    cells = np.asarray(cells)
    with rasterio.open(
        path, "w", driver="GTiff", width=cells.shape[1], height=cells.shape[0], count=1, dtype=cells.dtype,
        nodata=nodata, crs=grid.crs if crs == "same" else crs, transform=transform or rasterio.Affine(*grid.transform),
        **options,
    ) as out:  # fmt: skip
        out.write(cells, 1)
    return path


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


# Files read


def test_no_data_barriers_and_nonsense_are_told_apart(tmp_path):
    friction = np.full(GRID.shape, 0.01, np.float32)
    friction[0, :5] = -9999  # declared
    friction[1, :4] = 0
    friction[2, :3] = -1
    friction[3, :2] = np.inf
    friction[4, 0] = np.nan
    surface = read_friction(write(tmp_path / "f.tif", friction, nodata=-9999))
    count = count_cells(surface)
    assert (count.passable, count.barrier, count.no_data) == (600 - 15, 9, 6)
    ground = surface.read(ALL).friction
    assert np.isnan(ground[0, :5]).all()
    assert (ground[1, :4] == 0).all()
    assert not surface.closed_corners


def test_scale_and_offset_of_a_band_are_applied(tmp_path):
    path = write(tmp_path / "scaled.tif", np.full(GRID.shape, 5, np.int16), nodata=-1)
    with rasterio.open(path, "r+") as out:
        out.scales, out.offsets = (0.002,), (0.01,)
    assert RasterFile(path).read(ALL)[0, 0] == pytest.approx(0.02)


def test_windows_cover_the_grid_once():
    seen = np.zeros(GRID.shape, int)
    for window in windows(GRID, 7):
        seen[window.row0 : window.row1, window.col0 : window.col1] += 1
        assert min(window.shape) >= 3
    assert (seen == 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crs": None}, "no coordinate reference system; if you know it, set it: gdal_edit.py"),
        ({"transform": (90, 30, 400_000, 30, -90, 4_400_000)}, "a rotated grid; make it upright: gdalwarp"),
        ({"transform": (100, 0, 400_000, 0, 100, 4_400_000)}, "do not run from north to south; turn it: gdalwarp"),
        ({"crs": "EPSG:3857", "transform": (100, 0, -1e7, 0, -100, 5e6)}, "stretches lengths by up to"),
        ({"crs": "EPSG:4326", "transform": (1, 0, 0, 0, -10, 90)}, "beyond a pole"),
    ],
)  # fmt: skip
def test_a_grid_that_cannot_be_measured_is_refused(tmp_path, options, message):
    if "transform" in options:
        options["transform"] = rasterio.Affine(*options["transform"])
    path = write(tmp_path / "bad.tif", np.full(GRID.shape, 0.01, np.float32), **options)
    with pytest.raises(InputError, match=message) as error:
        read_friction(path)
    assert str(path) in one_line(error)


def test_a_file_that_is_no_raster_or_missing_or_cut_short_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_friction(tmp_path / "none.tif")
    text = tmp_path / "text.tif"
    text.write_text("minutes,per,metre\n")
    with pytest.raises(InputError, match="not a raster that GDAL can read") as error:
        read_friction(text)
    one_line(error)
    noise = np.random.default_rng(0).uniform(0.01, 0.02, GRID.shape).astype(np.float32)
    whole = write(tmp_path / "whole.tif", noise, compress="deflate").read_bytes()
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError, match="truncated") as error:
        count_cells(read_friction(cut))
    assert str(cut) in one_line(error)
    with pytest.raises(InputError, match="no band 2; it has 1"):
        read_friction(tmp_path / "whole.tif", band=2)


def test_all_nodata_all_barriers_and_another_unit_are_refused(tmp_path):
    empty = write(tmp_path / "empty.tif", np.full(GRID.shape, -9999, np.float32), nodata=-9999)
    with pytest.raises(InputError, match="no data in any cell"):
        count_cells(read_friction(empty))
    closed = write(tmp_path / "closed.tif", np.full(GRID.shape, -9999, np.float32))
    with pytest.raises(InputError, match="no passable cell: 600 are zero, negative"):
        count_cells(read_friction(closed))
    hours = write(tmp_path / "hours.tif", np.full(GRID.shape, 1e-6, np.float32))
    with pytest.raises(InputError, match=r"row 1, column 1: friction 1e-06 is faster than 1000 km/h"):
        count_cells(read_friction(hours))


def test_a_missing_package_is_named_with_the_extra(monkeypatch, tmp_path):
    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(geotiff.importlib, "import_module", gone)
    with pytest.raises(InputError, match=r"pip install 'matcare\[raster\]'"):
        optional_package("rasterio")
    with pytest.raises(InputError, match="rasterio"):
        read_friction(tmp_path / "any.tif")


# Files written


def test_a_written_file_is_a_cloud_optimized_geotiff_with_its_tags(tmp_path):
    large = Grid(crs="EPSG:4326", west=10, north=50, cell_x=0.01, cell_y=0.01, rows=700, cols=1100)
    cells = np.random.default_rng(0).random(large.shape).astype(np.float32)
    cells[:100] = np.nan

    def blocks():
        for window in windows(large, 300):
            yield window, cells[window.row0 : window.row1, window.col0 : window.col1]

    def make(path):
        return write_cog(
            path, large, blocks(), dtype="float32", nodata=np.nan, layers=(Layer("minutes", "min"),),
            tags={"vintage": "2020", "units": "minutes"}, averaged=True,
        )  # fmt: skip

    with rasterio.open(make(tmp_path / "a.tif")) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1) == [2, 4]
        assert file.compression.value == "DEFLATE"
        assert file.profile["tiled"]
        assert math.isnan(file.nodata)
        assert (file.tags()["vintage"], file.tags()["units"]) == ("2020", "minutes")
        assert (file.descriptions, file.units) == (("minutes",), ("min",))
        np.testing.assert_array_equal(file.read(1), cells)
    assert make(tmp_path / "b.tif").read_bytes() == (tmp_path / "a.tif").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "b.tif"]


def test_what_stood_there_survives_a_failure(tmp_path):
    path = tmp_path / "old.tif"
    path.write_bytes(b"old")

    def blocks():
        yield Window(0, 10, 0, 30), np.zeros((10, 30), np.float32)
        raise InputError("the source broke")

    with pytest.raises(InputError, match="the source broke"):
        write_cog(path, GRID, blocks(), dtype="float32", nodata=None, layers=(Layer("x"),), tags={}, averaged=False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="could not be written") as error:
        write_cog(
            tmp_path / "no" / "x.tif", GRID, iter(()), dtype="float32", nodata=None, layers=(Layer("x"),), tags={},
            averaged=False,
        )  # fmt: skip
    one_line(error)


@pytest.mark.parametrize("sloped", [False, True])
def test_a_surface_written_and_read_is_the_same(tmp_path, sloped):
    rng = np.random.default_rng(3)
    friction = rng.uniform(0.005, 0.05, GRID.shape)
    friction[rng.random(GRID.shape) < 0.1] = np.nan
    friction[rng.random(GRID.shape) < 0.1] = 0
    extra = {"elevation": rng.uniform(0, 900, GRID.shape), "walked": rng.random(GRID.shape) < 0.5} if sloped else {}
    made = friction_from_arrays(GRID, friction, closed_corners=True, **extra)
    count = write_friction(made, tmp_path / "made.tif", tags={"vintage": "2021"})
    again = read_friction(tmp_path / "made.tif")
    assert (again.sloped, again.closed_corners, again.tags["vintage"]) == (sloped, True, "2021")
    assert count == count_cells(again)
    for one, other in zip(made.read(ALL), again.read(ALL), strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)


# Land cover, roads, elevation


def test_shipped_tables_have_the_published_speeds():
    assert shipped_speed_tables() == ["nlcd", "worldcover"]
    table = load_speed_table("worldcover")
    speeds = {code: entry.km_per_h for code, entry in table.classes.items()}
    assert (speeds[50], speeds[60], speeds[30], speeds[20], speeds[10], speeds[80]) == (5, 5, 4, 3, 2, 0)
    assert "Ray N, Ebener S (2008)" in table.source
    assert set(load_speed_table("nlcd").classes) >= {11, 21, 22, 23, 24, 31, 41, 42, 43, 52, 71, 81, 82, 90, 95}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not a TOML file"),
        ("name = 'x'", r"no table \[land_cover.CODE\]"),
        ("[land_cover.ten]\nkm_per_h = 3", "'ten' is not a whole number"),
        ("[land_cover.10]\nkm_per_h = -3", r"\[land_cover.10\]: km_per_h -3; from 0"),
        ("[land_cover.10]\nkm_per_h = nan", "is not a number"),
        ("[land_cover.10]\nspeed = 3", "unknown key 'speed'"),
        ("[land_cover.10]\nkm_per_h = 3\nmode = 'flying'", "mode 'flying'; walking or motorised"),
        ("speeds = 1", "unknown key 'speeds'"),
    ],
)  # fmt: skip
def test_a_bad_table_is_named(tmp_path, text, message):
    path = tmp_path / "speeds.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        load_speed_table(path)
    assert str(path) in one_line(error)


def test_an_unknown_table_lists_the_known():
    with pytest.raises(InputError, match="one of nlcd, worldcover, or a TOML file"):
        load_speed_table("nothing")


TABLE = SpeedTable.from_text(
    "[land_cover.1]\nkm_per_h = 4\n[land_cover.2]\nkm_per_h = 0\n[land_cover.3]\nkm_per_h = 20\nmode='motorised'",
    where="made",
)


def line(*cells, km_per_h=60.0):
    """A road through places given in rows and columns."""
    lat, lon = GRID.lat_lon([cell[0] for cell in cells], [cell[1] for cell in cells])
    ends = np.arange(len(cells) - 1)
    return RoadLines.from_graph(lat, lon, ends, ends + 1, np.full(len(ends), km_per_h))


def test_classes_become_friction_and_an_unknown_class_is_named(tmp_path):
    cover = np.full(GRID.shape, 1, np.uint8)
    cover[0, 0], cover[0, 1], cover[0, 2] = 2, 3, 255
    surface = friction_from_land_cover(write(tmp_path / "c.tif", cover, nodata=255), TABLE)
    ground = surface.read(ALL).friction
    assert ground[5, 5] == pytest.approx(0.06 / 4)
    assert (ground[0, 0], np.isnan(ground[0, 2])) == (0, True)
    assert ground[0, 1] == pytest.approx(0.06 / 20)
    assert surface.closed_corners
    unknown = friction_from_land_cover(write(tmp_path / "u.tif", cover), TABLE)
    with pytest.raises(InputError, match="land-cover class 255 has no speed in the table 'made'") as error:
        count_cells(unknown)
    one_line(error)


def test_the_fastest_road_wins_and_never_slows_the_land(tmp_path):
    path = write(tmp_path / "c.tif", np.full(GRID.shape, 1, np.uint8))
    fast, slow, path_slow = line((3, 0), (3, 29)), line((3, 5), (3, 9), km_per_h=30), line((9, 0), (9, 29), km_per_h=2)
    roads = RoadLines(**{
        name: np.concatenate([getattr(road, name) for road in (fast, slow, path_slow)])
        for name in ("from_lat", "from_lon", "to_lat", "to_lon", "km_per_h")
    })  # fmt: skip
    ground = friction_from_land_cover(path, TABLE, roads=roads).read(ALL).friction
    np.testing.assert_allclose(ground[3], 0.06 / 60, rtol=1e-6)
    np.testing.assert_allclose(ground[9], 0.06 / 4, rtol=1e-6)


@pytest.mark.parametrize("end", [(19, 29), (19, 11), (2, 29), (0.2, 17.3)])
def test_a_bridge_at_any_angle_has_no_gap_and_keeps_to_its_line(tmp_path, end):
    water = np.full(GRID.shape, 2, np.uint8)
    roads = line((0, 0), end)
    surface = friction_from_land_cover(write(tmp_path / "w.tif", water), TABLE, roads=roads)
    ground = surface.read(ALL).friction
    row, col = np.nonzero(ground > 0)
    dense = np.linspace(0, 1, 4000)[:, None] * np.array(end)  # none of these falls on a corner of cells
    touched = set(map(tuple, np.rint(dense[1:-1]).astype(int)))
    burnt = set(zip(row.tolist(), col.tolist(), strict=True))
    assert touched <= burnt
    assert len(burnt - touched) <= 20  # cells that the line meets at a corner only
    for cell in burnt - touched:
        assert np.abs(dense - np.array(cell)).max(axis=1).min() <= 0.51
    lat, lon = GRID.lat_lon([0], [0])
    with surface_minutes(surface, pd.DataFrame({"facility_id": ["a"], "lat": lat, "lon": lon})) as found:
        minutes = found.whole().minutes[round(end[0]), round(end[1])]
    straight = math.hypot(*end) * 100 * 0.06 / 60
    assert straight * 0.93 <= minutes <= straight * 1.4


def test_windows_of_a_made_surface_are_those_of_the_whole(tmp_path):
    rng = np.random.default_rng(5)
    cover = write(tmp_path / "c.tif", rng.choice([1, 2, 3], GRID.shape).astype(np.uint8))
    heights = write(tmp_path / "h.tif", rng.uniform(0, 500, GRID.shape).astype(np.float32))
    roads = line((2, 2), (17, 25), (1, 28))
    surface = friction_from_land_cover(cover, TABLE, elevation=heights, roads=roads)
    whole = surface.read(ALL)
    for window in windows(GRID, 6):
        for one, other in zip(whole, surface.read(window), strict=True):
            np.testing.assert_array_equal(one[window.row0 : window.row1, window.col0 : window.col1], other)
    on_road = np.isclose(whole.friction, 0.06 / 60)
    assert on_road.sum() > 30
    assert not whole.walked[on_road].any()


def test_walking_is_slowed_by_slope_and_driving_is_not(tmp_path):
    cover = write(tmp_path / "c.tif", np.full(GRID.shape, 1, np.uint8))
    slope = np.tile(np.arange(GRID.cols) * 20.0, (GRID.rows, 1)).astype(np.float32)  # 20 % eastward
    heights = write(tmp_path / "h.tif", slope)
    lat, lon = GRID.lat_lon([10, 15], [29, 29])
    site = pd.DataFrame({"facility_id": ["on foot"], "lat": lat[:1], "lon": lon[:1]})

    def minutes(**options):
        with surface_minutes(friction_from_land_cover(cover, TABLE, **options), site) as found:
            return found.whole().minutes

    flat, hilly = minutes(), minutes(elevation=heights)
    assert hilly[10, 28] == pytest.approx(flat[10, 28] * math.exp(3.5 * 0.2), rel=1e-5)
    road = line((10, 0), (10, 29))
    assert minutes(elevation=heights, roads=road)[10, 0] == pytest.approx(2.9, rel=1e-4)


def test_roads_across_the_antimeridian_and_off_the_grid():
    world = Grid(crs="EPSG:4326", west=-180, north=10, cell_x=1, cell_y=1, rows=20, cols=360)
    from matcare.travel.surface.terrain import _burn

    across = RoadLines.from_graph([0.5, 0.5], [178.5, -178.5], [0], [1], [60])
    cells, speed = _burn(world, across)
    assert sorted((cells % 360).tolist()) == [0, 1, 358, 359]
    assert (speed == 60).all()
    cells, _ = _burn(world, RoadLines.from_graph([50, 60], [0, 0], [0], [1], [60]))
    assert not len(cells)


def test_bad_roads_and_grids_that_do_not_align_are_named(tmp_path):
    cover = write(tmp_path / "c.tif", np.full(GRID.shape, 1, np.uint8))
    with pytest.raises(InputError, match="none of the 1 pieces of road touches the grid"):
        friction_from_land_cover(cover, TABLE, roads=RoadLines.from_graph([0, 1], [0, 1], [0], [1], [60]))
    with pytest.raises(InputError, match="piece 1: speed -3 km/h"):
        RoadLines.from_graph([0, 1], [0, 1], [0], [1], [-3])
    with pytest.raises(InputError, match="piece 1: latitude"):
        RoadLines.from_graph([0, np.nan], [0, 1], [0], [1], [3])
    shifted = Grid(crs=GRID.crs, west=400_050, north=4_400_000, cell_x=100, cell_y=100, rows=20, cols=30)
    heights = write(tmp_path / "h.tif", np.zeros(GRID.shape, np.float32), grid=shifted)
    with pytest.raises(
        InputError, match=r"has other cells .*gdalwarp -t_srs EPSG:32613 -te 400000 .* -r bilinear"
    ) as error:
        friction_from_land_cover(cover, TABLE, elevation=heights)
    one_line(error)
    other = write(tmp_path / "o.tif", np.zeros(GRID.shape, np.float32), crs="EPSG:32612")
    with pytest.raises(InputError, match="is in 'WGS 84 / UTM zone 12N'"):
        friction_from_land_cover(cover, TABLE, elevation=other)


@pytest.mark.shared
def test_a_walk_in_the_rocky_mountains(shared, tmp_path):
    """Real elevations: down from the highest place is quicker than up to it, and tiles change nothing."""
    path = shared / "raster" / "rmnp-dem.tif"
    with RasterFile(path) as file:
        grid = file.grid
        heights = file.read(Window(0, grid.rows, 0, grid.cols))
    surface = friction_from_arrays(grid, np.full(grid.shape, 0.06 / 5.0367), elevation=heights)
    top = np.unravel_index(np.argmax(heights), heights.shape)
    lat, lon = grid.lat_lon([top[0]], [top[1]])
    peak = pd.DataFrame({"facility_id": ["peak"], "lat": lat, "lon": lon})
    up, down = surface_minutes(surface, peak), surface_minutes(surface, peak, direction="from_facility")
    low = np.unravel_index(np.argmin(heights), heights.shape)
    assert up.whole().minutes[low] > 1.1 * down.whole().minutes[low]
    with surface_minutes(surface, peak, tile_cells=50, scratch=tmp_path) as tiled:
        assert tiled.whole().minutes.tobytes() == up.whole().minutes.tobytes()
