"""Minutes over a surface against SciPy's and networkx's Dijkstra on a graph written out edge by edge, and by properties."""

from __future__ import annotations

import math
from itertools import product

import networkx as nx
import numpy as np
import pandas as pd
import pyproj
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.travel.surface.cells import needed_room
from matcare.travel.surface.cost_distance import tobler_km_per_h
from matcare.travel.surface.facilities import place_facilities
from matcare.travel.surface.friction import friction_from_arrays
from matcare.travel.surface.grid import Grid
from matcare.travel.surface.travel_minutes import STATUSES, surface_minutes

UTM = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=1000, cell_y=800, rows=12, cols=15)
DEGREES = Grid(crs="EPSG:4326", west=-105, north=62, cell_x=0.5, cell_y=0.25, rows=12, cols=15)
WORLD = Grid(crs="EPSG:4326", west=-180, north=60, cell_x=15, cell_y=10, rows=12, cols=24)

NEAR = [(south, east) for south, east in product((-1, 0, 1), repeat=2) if (south, east) != (0, 0)]
KNIGHT = [(s * a, e * b) for a, b in ((1, 2), (2, 1)) for s in (-1, 1) for e in (-1, 1)]


def at(grid, *cells):
    """Facilities at the middles of cells."""
    row, col = np.array(cells).T
    lat, lon = grid.lat_lon(row, col)
    return pd.DataFrame({"facility_id": [f"f{n}" for n in range(len(cells))], "lat": lat, "lon": lon})


def metres(grid, a, b):
    """Ground distance between two cells' middles, pair by pair."""
    if grid.geographic:
        geod = pyproj.Geod(ellps="WGS84")
        return geod.inv(grid.x_of(a[1]), grid.y_of(a[0]), grid.x_of(b[1]), grid.y_of(b[0]))[2]
    return math.hypot((a[0] - b[0]) * grid.cell_y, (a[1] - b[1]) * grid.cell_x)


def crossed(a, south, east):
    """The cells that the straight line from a knight's move crosses, found by walking along it."""
    seen = []
    for share in np.linspace(0.01, 0.99, 197):
        cell = (round(a[0] + share * south), round(a[1] + share * east))
        if cell not in seen:
            seen.append(cell)
    return seen


def arcs(grid, friction, *, neighbours=8, closed=False, elevation=None, walked=None):
    """Yield (from, to, minutes) of every allowed step, in the direction of travel."""
    rows, cols = grid.shape

    def there(row, col):
        col = col % cols if grid.wraps else col
        return friction[row, col] if 0 <= row < rows and 0 <= col < cols else np.nan

    for row, col in np.argwhere(friction > 0):
        for south, east in NEAR + (KNIGHT if neighbours == 16 else []):
            end = (row + south, col + east)
            if not there(*end) > 0:
                continue
            cells = crossed((row, col), south, east) if abs(south) + abs(east) == 3 else [(row, col), end]
            if not all(there(*cell) > 0 for cell in cells):
                continue
            corner = abs(south) == 1 and abs(east) == 1
            if closed and corner and not (there(row + south, col) > 0 or there(row, col + east) > 0):
                continue
            length = metres(grid, (row, col), end)
            goal = (int(end[0]), int(end[1] % cols))
            factors = [1.0] * len(cells)
            if elevation is not None:
                slope = (float(elevation[goal]) - float(elevation[row, col])) / length
                slower = 1.0 if np.isnan(slope) else float(tobler_km_per_h(0) / tobler_km_per_h(slope))
                factors = [slower if walked[cell[0], cell[1] % cols] else 1.0 for cell in cells]
            pace = sum(there(*cell) * factor for cell, factor in zip(cells, factors, strict=True)) / len(cells)
            yield (int(row), int(col)), goal, pace * length


def oracle(grid, friction, sources, *, toward=True, **kwargs):
    """Minutes by SciPy, from every cell to the nearest source."""
    edges = list(arcs(grid, np.asarray(friction, dtype=np.float32).astype(float), **kwargs))
    number = lambda cell: cell[0] * grid.cols + cell[1]  # noqa: E731
    start, end = [number(edge[0]) for edge in edges], [number(edge[1]) for edge in edges]
    if toward:
        start, end = end, start
    graph = coo_array(([edge[2] for edge in edges], (start, end)), shape=(grid.cells, grid.cells)).tocsr()
    found = dijkstra(graph, indices=[number(cell) for cell in sources])
    return found.reshape(len(sources), *grid.shape)


def compute(grid, friction, sources, *, elevation=None, walked=None, closed=False, **options):
    surface = friction_from_arrays(grid, friction, elevation=elevation, walked=walked, closed_corners=closed)
    with surface_minutes(surface, at(grid, *sources), **options) as found:
        return found.whole()


def rough(grid, seed, barriers=0.25):
    rng = np.random.default_rng(seed)
    friction = rng.uniform(0.002, 0.05, grid.shape)
    friction[rng.random(grid.shape) < barriers] = 0
    friction[rng.random(grid.shape) < 0.05] = np.nan
    return friction


def two_open(friction, seed):
    cells = np.argwhere(friction > 0)
    return [tuple(cell.tolist()) for cell in np.random.default_rng(seed).permutation(cells)[:2]]


@pytest.mark.parametrize("grid", [UTM, DEGREES, WORLD], ids=["metres", "degrees", "round the Earth"])
@pytest.mark.parametrize("neighbours", [8, 16])
@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("sloped", [False, True])
def test_minutes_and_facility_are_those_of_scipy(grid, neighbours, closed, sloped):
    friction = rough(grid, 7)
    sources = two_open(friction, 3)
    rng = np.random.default_rng(1)
    extra = {}
    if sloped:
        elevation = rng.uniform(0, 0.2 * metres(grid, (5, 0), (5, 1)), grid.shape).astype(np.float32)
        elevation[4, 4] = np.nan
        extra = {"elevation": elevation, "walked": rng.random(grid.shape) < 0.7}
    expected = oracle(grid, friction, sources, neighbours=neighbours, closed=closed, **extra)
    found = compute(grid, friction, sources, neighbours=neighbours, closed=closed, **extra)
    best = expected.min(axis=0)
    reached = np.isfinite(best)
    assert reached.sum() > 60
    np.testing.assert_allclose(found.minutes[reached], best[reached], rtol=1e-9)
    assert np.isnan(found.minutes[~reached]).all()
    np.testing.assert_array_equal(found.facility_number[reached] - 1, expected.argmin(axis=0)[reached])
    assert (found.facility_number[~reached] == 0).all()


def test_away_from_the_facility_the_slopes_are_the_other_way_round():
    friction, rng = rough(UTM, 5), np.random.default_rng(2)
    extra = {"elevation": rng.uniform(0, 300, UTM.shape).astype(np.float32), "walked": np.ones(UTM.shape, bool)}
    sources = two_open(friction, 1)
    back = compute(UTM, friction, sources, direction="from_facility", **extra)
    expected = oracle(UTM, friction, sources, toward=False, **extra).min(axis=0)
    np.testing.assert_allclose(back.minutes, np.where(np.isfinite(expected), expected, np.nan), rtol=1e-9)
    there = compute(UTM, friction, sources, **extra)
    assert np.nanmax(np.abs(there.minutes - back.minutes)) > 1


def test_tiny_grid_by_networkx():
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=100, cell_y=100, rows=3, cols=4)
    friction = np.array([[0.01, 0.02, 0, 0.01], [0.03, 0, 0.01, 0.05], [0.01, 0.01, 0.02, np.nan]])
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((b, a, w) for a, b, w in arcs(grid, friction.astype(np.float32).astype(float)))
    expected = nx.single_source_dijkstra_path_length(graph, (0, 0))
    found = compute(grid, friction, [(0, 0)])
    for cell, minutes in expected.items():
        assert found.minutes[cell] == pytest.approx(minutes, rel=1e-9)
    assert np.isfinite(found.minutes).sum() == len(expected)


def test_uniform_friction_gives_the_octile_distance():
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=1000, cell_y=1000, rows=21, cols=31)
    found = compute(grid, np.full(grid.shape, 0.012), [(10, 15)])
    south, east = np.abs(np.indices(grid.shape) - np.array([10, 15])[:, None, None])
    long, short = np.maximum(south, east), np.minimum(south, east)
    octile = (long - short) + short * math.sqrt(2)
    np.testing.assert_allclose(found.minutes, octile * 1000 * np.float32(0.012), rtol=1e-6)
    knight = compute(grid, np.full(grid.shape, 0.012), [(10, 15)], neighbours=16)
    straight = np.hypot(south, east) * 1000 * np.float32(0.012)
    away = straight > 0
    assert 1.07 < (found.minutes[away] / straight[away]).max() < 1.083
    assert 1.02 < (knight.minutes[away] / straight[away]).max() < 1.028


def test_feet_are_measured_as_metres():
    feet = Grid(crs="EPSG:2231", west=3_000_000, north=1_700_000, cell_x=3280.8333, cell_y=3280.8333, rows=5, cols=5)
    found = compute(feet, np.full(feet.shape, 0.01), [(2, 0)])
    assert found.minutes[2, 4] == pytest.approx(4 * 1000 * 0.01, rel=1e-4)


def test_rows_near_the_pole_are_shorter():
    found = compute(DEGREES, np.full(DEGREES.shape, 0.01), [(0, 7), (11, 7)], limit_minutes=1e9)
    assert found.minutes[0, 6] < found.minutes[11, 6]
    expected = pyproj.Geod(ellps="WGS84").inv(0, DEGREES.y_of(0), 0.5, DEGREES.y_of(0))[2] * float(np.float32(0.01))
    assert found.minutes[0, 6] == pytest.approx(expected, rel=1e-9)


def test_a_whole_earth_wraps_and_a_part_across_the_antimeridian_is_contiguous():
    found = compute(WORLD, np.full(WORLD.shape, 0.001), [(5, 0)])
    np.testing.assert_allclose(found.minutes[:, 1], found.minutes[:, -1], rtol=1e-12)
    part = Grid(crs="EPSG:4326", west=170, north=5, cell_x=1, cell_y=1, rows=10, cols=20)
    surface = friction_from_arrays(part, np.full(part.shape, 0.001))
    sites = pd.DataFrame({"facility_id": ["w", "e"], "lat": [0.5, 0.5], "lon": [179.5, -179.5]})
    placed = place_facilities(surface, sites)
    assert placed["col"].tolist() == [9, 10]
    assert placed["placement"].tolist() == ["placed", "placed"]


@pytest.mark.parametrize("closed", [False, True])
def test_a_river_leaks_at_its_corners_only_when_corners_are_open(closed):
    friction = np.full((8, 8), 0.01)
    friction[np.arange(8), np.arange(8)] = 0  # a river from corner to corner
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=100, cell_y=100, rows=8, cols=8)
    found = compute(grid, friction, [(0, 7)], closed=closed)
    assert np.isfinite(found.minutes[7, 0]) == (not closed)
    assert STATUSES[found.status[7, 0]] == ("unreachable" if closed else "covered")
    assert STATUSES[found.status[3, 3]] == "barrier"


def test_limit_is_inclusive_and_beyond_is_not_unreachable():
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=1000, cell_y=1000, rows=1, cols=12)
    friction = np.full(grid.shape, 0.0625)  # exact in binary: 62.5 minutes a cell
    friction[0, 8], friction[0, 11] = 0, np.nan
    found = compute(grid, friction, [(0, 0)], limit_minutes=250)
    assert found.minutes[0, 4] == 250
    assert [STATUSES[code] for code in found.status[0]] == (
        ["covered"] * 5 + ["beyond_limit"] * 3 + ["barrier"] + ["unreachable"] * 2 + ["no_data"]
    )
    assert np.isnan(found.minutes[0, 5:]).all()


@pytest.mark.parametrize("grid", [UTM, WORLD], ids=["metres", "round the Earth"])
@pytest.mark.parametrize("limit", [None, 60_000.0])
@pytest.mark.parametrize("neighbours", [8, 16])
def test_tiles_give_the_same_bits(grid, limit, neighbours, tmp_path):
    large = Grid(
        crs=grid.crs,
        west=grid.west,
        north=grid.north,
        cell_x=grid.cell_x / 4,
        cell_y=grid.cell_y / 4,
        rows=grid.rows * 4,
        cols=grid.cols * 4,
    )
    friction = rough(large, 11)
    elevation = np.random.default_rng(0).uniform(0, 500, large.shape)
    sources = [*two_open(friction, 5), tuple(np.argwhere(friction > 0)[-1].tolist())]
    walked = np.random.default_rng(4).random(large.shape) < 0.5
    options = {"limit_minutes": limit, "neighbours": neighbours, "elevation": elevation, "walked": walked}
    whole = compute(large, friction, sources, **options)
    for tile in (8, 13, 31):
        tiled = compute(large, friction, sources, tile_cells=tile, scratch=tmp_path, **options)
        for one, other in zip(whole, tiled, strict=True):
            assert one.tobytes() == other.tobytes()
    assert not list(tmp_path.iterdir())
    assert (whole.status == STATUSES.index("covered")).sum() > 50


def test_ties_go_to_the_facility_that_stands_first():
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=100, cell_y=100, rows=17, cols=17)
    friction = np.full(grid.shape, 0.01)
    whole = compute(grid, friction, [(8, 16), (8, 0)])
    assert (whole.facility_number[:, 8] == 1).all()
    tiled = compute(grid, friction, [(8, 16), (8, 0)], tile_cells=8)
    np.testing.assert_array_equal(whole.facility_number, tiled.facility_number)


small = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=500, cell_y=500, rows=5, cols=6)


@st.composite
def grounds(draw):
    values = st.sampled_from([0.001, 0.004, 0.01, 0.03, 0.0, float("nan")])
    friction = np.array(draw(st.lists(values, min_size=30, max_size=30))).reshape(small.shape)
    friction[2, 2] = friction[0, 5] = 0.01
    return friction


QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(grounds(), st.integers(0, 29), st.booleans())
def test_lower_friction_never_lengthens(friction, cell, closed):
    before = compute(small, friction, [(2, 2)], closed=closed).minutes
    easier = friction.copy()
    easier.reshape(-1)[cell] = 0.0005
    after = compute(small, easier, [(2, 2)], closed=closed).minutes
    reached = np.isfinite(before)
    assert (after[reached] <= before[reached]).all()


@QUICK
@given(grounds())
def test_another_facility_never_lengthens(friction):
    before = compute(small, friction, [(2, 2)], neighbours=16).minutes
    after = compute(small, friction, [(2, 2), (0, 5)], neighbours=16).minutes
    reached = np.isfinite(before)
    assert (after[reached] <= before[reached]).all()


@QUICK
@given(grounds(), st.sampled_from([8, 16]))
def test_without_slopes_the_way_back_takes_as_long(friction, neighbours):
    there = compute(small, friction, [(2, 2)], neighbours=neighbours).minutes[0, 5]
    back = compute(small, friction, [(0, 5)], neighbours=neighbours).minutes[2, 2]
    assert there == pytest.approx(back, rel=1e-12, nan_ok=True)


@QUICK
@given(st.floats(0.001, 1.5))
def test_uphill_is_slower_than_downhill(slope):
    assert tobler_km_per_h(slope) < tobler_km_per_h(-slope)
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=100, cell_y=100, rows=1, cols=3)
    heights = np.array([[0, 100 * slope, 200 * slope]])
    up = compute(grid, np.full(grid.shape, 0.012), [(0, 2)], elevation=heights).minutes[0, 0]
    down = compute(grid, np.full(grid.shape, 0.012), [(0, 0)], elevation=heights).minutes[0, 2]
    assert up > down


def test_tobler_on_the_flat_is_5_km_per_h_and_a_slope_scales_the_speed_of_the_ground():
    assert tobler_km_per_h(0) == pytest.approx(5.0367, abs=1e-4)
    assert tobler_km_per_h(-0.05) == 6
    grid = Grid(crs="EPSG:32613", west=400_000, north=4_400_000, cell_x=1000, cell_y=1000, rows=1, cols=2)
    found = compute(grid, np.full(grid.shape, 0.06 / 5.0367), [(0, 1)], elevation=[[0, 100]])
    assert found.minutes[0, 0] == pytest.approx(60 / float(tobler_km_per_h(0.1)), rel=1e-4)


def test_facilities_are_moved_or_reported_never_dropped():
    friction = np.full(UTM.shape, 0.01)
    friction[0:7, 0:7] = 0
    friction[3, 10] = np.nan
    surface = friction_from_arrays(UTM, friction)
    sites = at(UTM, (9, 9), (5, 5), (0, 0), (3, 10), (11, 16), (40, 40))
    placed = place_facilities(surface, sites, move_cells=2)
    assert placed["facility_number"].tolist() == [1, 2, 3, 4, 5, 6]
    assert placed["placement"].tolist() == ["placed", "moved", "no_surface", "moved", "moved", "no_surface"]
    assert placed["why"].fillna("").tolist() == ["", "barrier", "barrier", "no_data", "off_grid", "off_grid"]
    assert placed["moved_km"].iloc[0] == 0
    assert placed["moved_km"].iloc[1] == pytest.approx(1.6, abs=0.01)  # two cells of 800 m south
    assert placed[["row", "col"]].iloc[1].tolist() == [7, 5]
    assert placed["moved_km"].iloc[4] == pytest.approx(2, abs=0.01)
    assert placed["moved_km"].isna().tolist() == [False, False, True, False, False, True]
    unmoved = place_facilities(surface, sites, move_cells=0)
    assert unmoved["placement"].tolist() == ["placed"] + ["no_surface"] * 5


def test_a_facility_beyond_the_seam_of_a_whole_earth_is_moved_across_it():
    friction = np.full(WORLD.shape, 0.01)
    friction[:, 0] = friction[:, 1] = 0
    placed = place_facilities(friction_from_arrays(WORLD, friction), at(WORLD, (5, 0)), move_cells=2)
    assert placed["col"].tolist() == [23]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit_minutes": 0}, "limit 0 minutes: a number above 0"),
        ({"limit_minutes": float("nan")}, "a number above 0"),
        ({"neighbours": 4}, "neighbours 4: 8"),
        ({"direction": "up"}, "direction 'up'"),
        ({"tile_cells": 2}, "at least 8"),
        ({"memory_gib": 0.001, "tile_cells": 8}, "GiB of memory, 0.001 are allowed"),
        ({"facilities": pd.DataFrame({"facility_id": [], "lat": [], "lon": []})}, "the table is empty"),
        ({"facilities": pd.DataFrame({"lat": [1], "lon": [1]})}, "no column 'facility_id'"),
        ({"facilities": pd.DataFrame({"facility_id": ["a", "a"], "lat": [1, 1], "lon": [1, 1]})}, "row 2: facility_id 'a'"),
        ({"facilities": pd.DataFrame({"facility_id": ["a"], "lat": [91], "lon": [1]})}, "row 1: latitude"),
        ({"facilities": pd.DataFrame({"facility_id": ["a"], "lat": ["north"], "lon": [1]})}, "row 1: latitude"),
        ({"facilities": pd.DataFrame({"facility_id": ["a"], "lat": [-40], "lon": [1]})}, "none of the 1 facilities"),
        ({"friction": np.full(UTM.shape, np.nan)}, "no data in any cell"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(change, message):
    surface = friction_from_arrays(UTM, change.pop("friction", np.full(UTM.shape, 0.01)))
    facilities = change.pop("facilities", at(UTM, (1, 1)))
    with pytest.raises(InputError, match=message) as caught:
        surface_minutes(surface, facilities, **change)
    assert "\n" not in str(caught.value)


def test_a_distorting_projection_is_refused_and_the_way_out_named():
    mercator = Grid(crs="EPSG:3857", west=-11_000_000, north=6_000_000, cell_x=1000, cell_y=1000, rows=9, cols=9)
    with pytest.raises(InputError, match=r"stretches lengths by up to .*gdalwarp -t_srs EPSG:4326"):
        friction_from_arrays(mercator, np.full(mercator.shape, 0.01))
    beyond = Grid(crs="EPSG:4326", west=0, north=95, cell_x=1, cell_y=1, rows=9, cols=9)
    with pytest.raises(InputError, match="beyond a pole"):
        friction_from_arrays(beyond, np.full(beyond.shape, 0.01))


def test_room_is_estimated_and_a_full_disk_refused(tmp_path, monkeypatch):
    country = Grid(crs="EPSG:4326", west=-125, north=50, cell_x=0.001, cell_y=0.001, rows=25_000, cols=58_000)
    whole = needed_room(country, sloped=True, limited=True, tile=None)
    tiled = needed_room(country, sloped=True, limited=True, tile=1024)
    assert whole.memory_bytes > 30e9
    assert tiled.memory_bytes < 0.8e9
    assert tiled.disk_bytes == country.cells * (8 + 4 + 4 + 1 + 4 + 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(InputError, match="GiB are free; name another scratch folder"):
        tiled.check_disk(tmp_path)


def test_a_scratch_folder_that_is_not_there_is_named(tmp_path):
    surface = friction_from_arrays(UTM, np.full(UTM.shape, 0.01))
    with pytest.raises(InputError, match="nowhere: no folder for the tiles"):
        surface_minutes(surface, at(UTM, (1, 1)), tile_cells=8, scratch=tmp_path / "nowhere")


def test_progress_is_told_and_what_does_not_fit_is_tiled(tmp_path, monkeypatch):
    surface, told = friction_from_arrays(UTM, np.full(UTM.shape, 0.01)), []
    monkeypatch.setattr("matcare.travel.surface.travel_minutes.DEFAULT_TILE", 8)
    monkeypatch.setattr("matcare.travel.surface.cells._LARGEST_BLOCK", UTM.cells)  # no block larger than the grid
    options = {"scratch": tmp_path}
    with surface_minutes(surface, at(UTM, (1, 1)), on_progress=lambda *step: told.append(step), **options) as found:
        assert found.tiles == 4
        assert found.settled_tiles == len(told) >= 4
        assert told[-1] == (len(told), 0)
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_areas_of_rows_add_up_to_the_ellipsoid():
    km2 = WORLD.cell_km2(0, 12, 0, 24)[:, 0] * WORLD.cols
    whole = Grid(crs="EPSG:4326", west=-180, north=90, cell_x=0.25, cell_y=0.25, rows=720, cols=1440)
    assert whole.cell_km2(0, 720, 0, 1440).sum() * 1440 == pytest.approx(510_065_622, rel=1e-6)
    assert km2.sum() == pytest.approx(510_065_622 * math.sin(math.radians(60)), rel=2e-3)
