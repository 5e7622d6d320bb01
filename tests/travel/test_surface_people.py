"""People on rasters: demand points, zones, and minutes at points, against sums written out by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.errors import InputError
from matcare.travel.surface.friction import friction_from_arrays
from matcare.travel.surface.geotiff import RasterFile
from matcare.travel.surface.grid import Grid
from matcare.travel.surface.outputs import SurfaceFiles, minutes_at, write_surface_minutes
from matcare.travel.surface.population import population_points
from matcare.travel.surface.travel_minutes import STATUSES, surface_minutes
from matcare.travel.surface.zones import zone_access

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("exactextract")

GRID = Grid(crs="EPSG:4326", west=10, north=50, cell_x=0.1, cell_y=0.1, rows=12, cols=16)
LIMIT = 400.0


def write(path, cells, *, grid=GRID, nodata=None, crs=None):
    cells = np.asarray(cells)
    with rasterio.open(
        path, "w", driver="GTiff", width=cells.shape[1], height=cells.shape[0], count=1, dtype=cells.dtype,
        nodata=nodata, crs=crs or grid.crs, transform=rasterio.Affine(*grid.transform),
    ) as out:  # fmt: skip
        out.write(cells, 1)
    return path


def box(row0, row1, col0, col1):
    """The polygon of a window of the grid."""
    return shapely.box(
        GRID.west + col0 * GRID.cell_x, GRID.north - row1 * GRID.cell_y,
        GRID.west + col1 * GRID.cell_x, GRID.north - row0 * GRID.cell_y,
    )  # fmt: skip


def zones(*shapes, crs="EPSG:4326"):
    return gpd.GeoDataFrame({"zone_id": [f"z{n}" for n in range(len(shapes))]}, geometry=list(shapes), crs=crs)


@pytest.fixture(scope="module")
def people():
    cells = np.random.default_rng(1).uniform(0, 100, GRID.shape)
    cells[5, 5] = 0
    return cells


@pytest.fixture(scope="module")
def made(tmp_path_factory, people):
    """A surface with everything that can happen, and its files."""
    friction = np.random.default_rng(2).uniform(0.005, 0.02, GRID.shape)
    friction[:, 10] = 0
    friction[4, 4] = 0
    friction[0, 0:3] = np.nan
    lat, lon = GRID.lat_lon([2, 9], [2, 7])
    sites = pd.DataFrame({"facility_id": ["007", "b"], "lat": lat, "lon": lon})
    folder = tmp_path_factory.mktemp("surface")
    with surface_minutes(friction_from_arrays(GRID, friction), sites, limit_minutes=LIMIT) as found:
        files = write_surface_minutes(found, folder, tags={"profile": "made", "vintage": "2024"})
        block = found.whole()
    return files, block, write(folder / "people.tif", people)


# Demand points


def test_counts_become_points_and_the_sum_is_kept(tmp_path):
    cells = np.random.default_rng(0).uniform(0, 1000, GRID.shape).astype(np.float32)
    cells[0, :4], cells[1, :3], cells[2, :2] = -99999, -5, 0
    path = write(tmp_path / "p.tif", cells, nodata=-99999)
    found = population_points(path, kind="count")
    good = cells[cells > 0].astype(float)
    assert (found.cells_no_data, found.cells_negative, found.cells_empty) == (4, 3, 2)
    assert found.cells_with_people == len(found.points) == len(good)
    assert found.cells == 4 + 3 + 2 + len(good)
    assert found.people == pytest.approx(good.sum(), rel=1e-12)
    assert list(found.points.columns) == ["demand_id", "lat", "lon", "people"]
    assert found.points["demand_id"].is_unique
    first = found.points.set_index("demand_id").loc["r3c5"]
    assert (first["lat"], first["lon"]) == (pytest.approx(49.65), pytest.approx(10.55))
    for side in (3, 5, 100):
        blocks = population_points(path, kind="count", aggregate=side)
        assert blocks.people == pytest.approx(found.people, rel=1e-12)
        assert len(blocks.points) == -(-12 // side) * -(-16 // side)
        for axis in ("lat", "lon"):
            middle = np.average(blocks.points[axis], weights=blocks.points["people"])
            assert middle == pytest.approx(np.average(found.points[axis], weights=found.points["people"]))


def test_windows_do_not_change_the_points(tmp_path, monkeypatch):
    path = write(tmp_path / "p.tif", np.random.default_rng(0).uniform(0, 9, GRID.shape))
    whole = population_points(path, kind="count", aggregate=3)
    monkeypatch.setattr("matcare.travel.surface.population._CELLS_AT_ONCE", 60)
    pd.testing.assert_frame_equal(whole.points, population_points(path, kind="count", aggregate=3).points)


def test_density_is_multiplied_by_the_ground_area_of_each_cell(tmp_path):
    path = write(tmp_path / "d.tif", np.full(GRID.shape, 7.0))
    found = population_points(path, kind="density")
    import pyproj

    geod = pyproj.Geod(ellps="WGS84")
    west, south, east, north = GRID.bounds
    lons = np.concatenate([np.linspace(west, east, 400), np.linspace(east, west, 400)])
    lats = np.concatenate([np.full(400, south), np.full(400, north)])
    km2 = abs(geod.polygon_area_perimeter(lons, lats)[0]) / 1e6
    assert found.people == pytest.approx(7 * km2, rel=1e-5)
    north_row, south_row = found.points.iloc[0]["people"], found.points.iloc[-1]["people"]
    assert north_row < south_row
    assert population_points(path, kind="count").people == 7 * GRID.cells


def test_a_projected_density_uses_the_true_area(tmp_path):
    albers = Grid(crs="EPSG:5070", west=0, north=2_000_000, cell_x=1000, cell_y=1000, rows=4, cols=5)
    found = population_points(write(tmp_path / "a.tif", np.full(albers.shape, 3.0), grid=albers), kind="density")
    assert found.people == pytest.approx(60, rel=1e-6)  # equal-area: one km² a cell
    mercator = Grid(crs="EPSG:3857", west=-11_000_000, north=4_900_000, cell_x=1000, cell_y=1000, rows=4, cols=5)
    found = population_points(write(tmp_path / "m.tif", np.full(mercator.shape, 3.0), grid=mercator), kind="density")
    lat, _ = mercator.lat_lon([2], [2])
    assert found.people == pytest.approx(60 * np.cos(np.radians(lat[0])) ** 2, rel=0.01)


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (np.full(GRID.shape, -1.0), {}, "no data in any cell .192 of them negative"),
        (np.zeros(GRID.shape), {}, "nobody lives there"),
        (np.ones(GRID.shape), {"kind": "people"}, "kind 'people'; count .* or density"),
        (np.ones(GRID.shape), {"aggregate": 0}, "aggregate 0: 1"),
    ],
)  # fmt: skip
def test_bad_population_is_named(tmp_path, cells, options, message):
    with pytest.raises(InputError, match=message) as error:
        population_points(write(tmp_path / "p.tif", cells), **{"kind": "count", **options})
    assert "\n" not in str(error.value)


# Files and points


def test_files_hold_what_was_computed(made):
    files, block, _ = made
    with rasterio.open(files.minutes) as file:
        np.testing.assert_array_equal(file.read(1), block.minutes.astype(np.float32))
        tags = file.tags()
        assert (tags["units"], tags["profile"], tags["vintage"], tags["limit_minutes"]) == (
            "minutes",
            "made",
            "2024",
            "400",
        )
    with rasterio.open(files.status) as file:
        np.testing.assert_array_equal(file.read(1), block.status)
        assert "2 beyond_limit" in file.tags()["codes"]
    with rasterio.open(files.facility) as file:
        np.testing.assert_array_equal(file.read(1), block.facility_number)
        assert file.nodata == 0
    table = pd.read_csv(files.facilities, dtype={"facility_id": str})
    assert table["facility_id"].tolist() == ["007", "b"]
    assert set(np.unique(block.status)) == set(range(len(STATUSES)))


def test_minutes_at_points_are_those_of_their_cells(made):
    files, block, _ = made
    cells = [(2, 2), (9, 7), (11, 15), (4, 4), (0, 0), (6, 3)]
    lat, lon = GRID.lat_lon(*np.array(cells).T)
    found = minutes_at(files, np.append(lat + 0.03, [0.0]), np.append(lon - 0.04, [0.0]))
    for number, cell in enumerate(cells):
        assert found["reason"][number] == STATUSES[block.status[cell]]
        assert found["minutes"][number] == pytest.approx(block.minutes[cell], rel=1e-6, nan_ok=True)
    assert found["facility_id"].tolist()[:2] == ["007", "b"]
    assert found["facility_id"].isna().tolist() == found["minutes"].isna().tolist()
    assert found["reason"].iloc[-1] == "off_grid"


def test_files_of_another_surface_are_refused(made, tmp_path):
    files, _, people_path = made
    wrong = SurfaceFiles(minutes=files.minutes, status=files.status, facility=files.facility, facilities=people_path)
    with pytest.raises(InputError, match="not the table of facilities"):
        minutes_at(wrong, [49.0], [11.0])
    other = write(tmp_path / "s.tif", np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match="not of the same surface"):
        minutes_at(
            SurfaceFiles(minutes=files.minutes, status=other, facility=files.facility, facilities=files.facilities),
            [49.0],
            [11.0],
        )


# Zones


def by_hand(block, people, shape, thresholds):
    """Sums over cells weighted by the share of each that lies in the polygon, by shapely."""
    share = np.array([
        [shape.intersection(box(row, row + 1, col, col + 1)).area / (GRID.cell_x * GRID.cell_y) for col in range(GRID.cols)]
        for row in range(GRID.rows)
    ])  # fmt: skip
    weight = share * people
    by_status = {name: weight[block.status == code].sum() for code, name in enumerate(STATUSES)}
    covered = block.status == STATUSES.index("covered")
    known = by_status["covered"] + by_status["beyond_limit"] + by_status["unreachable"]
    within = {t: weight[covered & (np.nan_to_num(block.minutes, nan=np.inf) <= t)].sum() / known for t in thresholds}
    return by_status, np.average(block.minutes[covered], weights=weight[covered]), within


def test_zones_are_the_sums_by_hand(made, people):
    files, block, path = made
    shapes = [
        shapely.Polygon([(10.03, 49.97), (11.43, 49.81), (11.27, 48.86), (10.11, 49.02)]),
        shapely.Point(10.5, 49.4).buffer(0.33),
        shapely.union(box(0, 3, 0, 4), box(8, 12, 9, 16)),
    ]
    found = zone_access(files, path, zones(*shapes), kind="count", within=(60, 200))
    for shape, row in zip(shapes, found.itertuples(), strict=True):
        by_status, mean, within = by_hand(block, people, shape, (60, 200))
        assert row.people == pytest.approx(sum(by_status.values()), rel=1e-6)
        for status, number in by_status.items():
            assert getattr(row, f"people_{status}") == pytest.approx(number, rel=1e-6, abs=1e-9)
        assert row.mean_minutes == pytest.approx(mean, rel=1e-6)
        assert (row.share_within_60, row.share_within_200) == (pytest.approx(within[60]), pytest.approx(within[200]))
        assert row.reason == "partly_covered"


def test_zones_without_minutes_have_a_reason(made):
    files, block, path = made
    shapes = (
        box(2, 3, 2, 3), box(4, 5, 4, 5), box(0, 1, 0, 3), box(0, 12, 12, 16), box(5, 6, 5, 6),
        shapely.box(0, 0, 1, 1),
    )  # fmt: skip
    found = zone_access(files, path, zones(*shapes), kind="count", within=(30,)).set_index("zone_id")
    assert found["reason"].tolist() == ["covered", "barrier", "no_data", "unreachable", "no_people", "no_people"]
    assert found["mean_minutes"].isna().tolist() == [False] + [True] * 5
    assert found["share_within_30"].isna().tolist() == [False, True, True, False, True, True]
    assert found.loc["z3", "share_within_30"] == 0
    assert block.minutes[2, 2] == 0
    assert found.loc["z0", "mean_minutes"] == pytest.approx(0, abs=1e-9)


def test_neither_the_zones_crs_nor_the_size_of_blocks_nor_the_extent_matters(made, people, tmp_path, monkeypatch):
    files, _, path = made
    layer = zones(box(1, 9, 1, 9), shapely.Point(10.7, 49.3).buffer(0.2))
    expected = zone_access(files, path, layer, kind="count")
    part = Grid(crs=GRID.crs, west=10.1, north=49.9, cell_x=0.1, cell_y=0.1, rows=9, cols=12)
    cut = write(tmp_path / "cut.tif", people[1:10, 1:13], grid=part)
    pd.testing.assert_frame_equal(zone_access(files, cut, layer, kind="count"), expected, rtol=1e-9)
    monkeypatch.setattr("matcare.travel.surface.zones._CELLS_AT_ONCE", 20)
    pd.testing.assert_frame_equal(zone_access(files, path, layer, kind="count"), expected, rtol=1e-9)
    projected = zone_access(files, path, layer.to_crs("EPSG:32632"), kind="count")
    np.testing.assert_allclose(projected["people"], expected["people"], rtol=1e-3)
    larger = Grid(crs=GRID.crs, west=9.5, north=50.5, cell_x=0.1, cell_y=0.1, rows=22, cols=26)
    off = write(tmp_path / "large.tif", np.ones(larger.shape), grid=larger)
    outside = zone_access(files, off, zones(shapely.box(9.6, 50.1, 9.9, 50.4)), kind="count")
    assert outside["people_no_data"][0] == pytest.approx(9)
    assert outside["reason"][0] == "no_data"


def test_density_and_count_differ_by_area(made, tmp_path):
    files, _, _ = made
    path = write(tmp_path / "d.tif", np.full(GRID.shape, 2.0))
    found = zone_access(files, path, zones(box(0, 12, 0, 16)), kind="density")
    assert found["people"][0] == pytest.approx(2 * GRID.cell_km2(0, 12, 0, 16).sum() * GRID.cols, rel=1e-9)


def test_bad_zones_are_named(made, tmp_path):
    files, _, path = made
    good = zones(box(0, 1, 0, 1), box(1, 2, 0, 1))
    bow = shapely.Polygon([(10, 49), (11, 50), (11, 49), (10, 50)])
    shifted = Grid(crs=GRID.crs, west=10.05, north=50, cell_x=0.1, cell_y=0.1, rows=12, cols=16)
    other = write(tmp_path / "shifted.tif", np.ones(GRID.shape), grid=shifted)
    albers = write(tmp_path / "albers.tif", np.ones(GRID.shape), crs="EPSG:5070")
    cases = [
        (path, good.drop(columns="zone_id"), {}, "no column 'zone_id'"),
        (path, good.iloc[:0], {}, "the layer is empty"),
        (path, good.set_crs(None, allow_override=True), {}, "no coordinate reference system"),
        (path, good.assign(zone_id="a"), {}, "row 2, column 'zone_id': 'a' stands there twice"),
        (path, zones(shapely.Point(10, 49)), {}, "row 1: its geometry is missing or not a polygon"),
        (path, zones(bow), {}, "row 1: its polygon is not valid"),
        (path, good, {"within": [0]}, "within 0 minutes"),
        (path, good, {"within": [500]}, "was computed up to 400"),
        (path, good, {"kind": "heads"}, "kind 'heads'"),
        (other, good, {}, r"has other cells .* warp it: gdalwarp -t_srs EPSG:4326 -te 10 48.8 11.6 50 -ts 16 12 -r sum"),
        (albers, good, {}, "is in 'NAD83 / Conus Albers'"),
    ]  # fmt: skip
    for population, layer, options, message in cases:
        with pytest.raises(InputError, match=message) as error:
            zone_access(files, population, layer, **{"kind": "count", **options})
        assert "\n" not in str(error.value)


@pytest.mark.shared
def test_gridded_population_of_the_world_has_the_people_of_colorado(shared):
    """Census 2020: 5.77 million in Colorado, a box of whole cells far from any coast."""
    path = shared / "raster" / "gpw_v4_population_density_rev11_2020_15_min.tif"
    found = population_points(path, kind="density")
    points = found.points
    inside = points["lat"].between(37, 41) & points["lon"].between(-109, -102)
    assert points.loc[inside, "people"].sum() == pytest.approx(5.77e6, rel=0.08)
    assert found.cells_no_data == 770_710
    assert population_points(path, kind="density", aggregate=4).people == pytest.approx(found.people, rel=1e-12)


@pytest.mark.shared
def test_women_of_the_contiguous_states_are_all_counted(shared):
    """The raster has NAD83 degrees; women aged 15-44 of the contiguous states are about 64 million."""
    path = shared / "raster" / "conus_women15_44_2p5min.tif"
    found = population_points(path, kind="count")
    with RasterFile(path) as file:
        assert not file.grid.wraps
    assert found.people == pytest.approx(64e6, rel=0.03)
    assert found.points["lon"].between(-125, -66.5).all()
