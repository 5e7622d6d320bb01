"""Isochrones and catchments as polygons, against minutes of the ground worked out place by place."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.tables.snapshot import load_roads
from matcare.travel.polygons import catchments, isochrones

KM = 111.195
PACE = 2.0


def degrees(x_km, y_km, lat0=46.0, lon0=-100.0):
    """Latitudes and longitudes of positions on a plane around a point; good to 0.1 % over 50 km."""
    lat = lat0 + np.asarray(y_km, float) / KM
    return lat, lon0 + np.asarray(x_km, float) / KM / np.cos(np.radians(lat))


def solve(nodes, u, v, forth, back, sources):
    """Minutes to the nearest source, driving towards it, and which one, by SciPy."""
    tail, head, cost = np.concatenate([v, u]), np.concatenate([u, v]), np.concatenate([forth, back])  # turned round
    open_ = np.isfinite(cost)
    order = np.lexsort((-cost[open_], head[open_], tail[open_]))
    arcs = {}
    for k in order:  # of parallel arcs the fastest is written last
        arcs[tail[open_][k], head[open_][k]] = cost[open_][k]
    keys = np.array(list(arcs), dtype=int).reshape(-1, 2)
    matrix = coo_array((list(arcs.values()), (keys[:, 0], keys[:, 1])), shape=(nodes, nodes)).tocsr()
    table = dijkstra(matrix, indices=sources)
    best = table.argmin(axis=0)
    minutes = table[best, np.arange(nodes)]
    return np.where(np.isfinite(minutes), minutes, np.nan), np.where(np.isfinite(minutes), best, -1)


@pytest.fixture(scope="module", params=[1, 2, 3])
def town(request):
    """A random net of roads, some one-way, some closed, and three hospitals."""
    rng = np.random.default_rng(request.param)
    x, y = rng.uniform(0, 60, (2, 60))
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    u = np.repeat(np.arange(60), 3)
    v = np.argsort(apart, axis=1)[:, 1:4].ravel()
    forth = apart[u, v] * rng.uniform(0.7, 1.5, len(u)) + 0.1
    back = forth.copy()
    back[rng.random(len(u)) < 0.2] = np.inf
    forth[rng.random(len(u)) < 0.05] = np.inf
    lat, lon = degrees(x, y)
    minutes, label = solve(60, u, v, forth, back, [0, 1, 2])
    return lat, lon, minutes, label, u, v, forth, back


def by_hand(town, lat, lon, reach_km):
    """Least minutes of places off the road, their second best owner's minutes, and the owner: over points 100 m apart."""
    node_lat, node_lon, minutes, label, u, v, forth, back = town
    place = [[], [], [], []]
    for a, b, w, w_back in zip(u, v, forth, back, strict=True):
        share = np.linspace(0, 1, 2 + int(great_circle_km(node_lat[a], node_lon[a], node_lat[b], node_lon[b]) / 0.1))
        by_u = np.nan_to_num(minutes[a], nan=np.inf) + (
            share * w_back if np.isfinite(w_back) else np.full(len(share), np.inf)
        )
        by_v = np.nan_to_num(minutes[b], nan=np.inf) + (
            (1 - share) * w if np.isfinite(w) else np.full(len(share), np.inf)
        )
        for column, values in zip(
            place,
            (
                node_lat[a] + share * (node_lat[b] - node_lat[a]),
                node_lon[a] + share * (node_lon[b] - node_lon[a]),
                np.minimum(by_u, by_v),
                np.where(by_v < by_u, label[b], label[a]),
            ),
            strict=True,
        ):
            column.append(values)
    on_lat, on_lon, on, whose = (np.concatenate(column) for column in place)
    km = great_circle_km(lat[:, None], lon[:, None], on_lat[None, np.isfinite(on)], on_lon[None, np.isfinite(on)])
    total = np.where(km <= reach_km, on[np.isfinite(on)] + PACE * km, np.inf)
    per_owner = np.stack([np.where(whose[np.isfinite(on)] == k, total, np.inf).min(axis=1) for k in range(3)])
    return per_owner.min(axis=0), per_owner, km.min(axis=1)


def ground(count, seed=0):
    return degrees(*np.random.default_rng(seed).uniform(-10, 70, (2, count)))


def row_of(frame, lat, lon):
    """Row that each point lies in, −1 for none; fails where there are two."""
    rows = np.full(len(lat), -1)
    point = shapely.points(lon, lat)
    for row, shape in enumerate(frame.geometry):
        shapely.prepare(shape)
        inside = shapely.contains(shape, point)
        assert (rows[inside] == -1).all()
        rows[inside] = row
    return rows


def test_bands_are_where_the_ground_by_hand_says(town):
    lat, lon, minutes, _, u, v, forth, back = town
    breaks = np.array([15.0, 30, 45])
    found = isochrones(
        lat, lon, minutes, u, v, forth, edge_minutes_back=back, breaks=breaks, pace=PACE, reach_km=8, cell_km=0.5
    )
    assert shapely.coverage_is_valid(found.geometry.to_numpy())
    assert found.is_valid.all()
    assert (found.geom_type == "MultiPolygon").all()
    here = ground(1000)
    by_road, _, km = by_hand(town, *here, reach_km=8)
    band = np.searchsorted(breaks, by_road)
    # a square's side of leg, either way, is what the lattice may err
    sure = (np.abs(by_road[:, None] - breaks).min(axis=1) > 0.5 * PACE) & (np.abs(km - 8) > 0.5)
    assert sure.mean() > 0.75
    drawn = row_of(found, *here)
    expected = np.where(band < 3, np.searchsorted(found["minutes_to"], breaks[np.minimum(band, 2)]), -1)
    # the reach cuts legs off sharply: beside a quick road that is just too far the lattice may take either side
    assert (drawn[sure] == expected[sure]).mean() >= 0.99
    assert found["area_km2"].sum() == pytest.approx(80 * 80 * (band < 3).mean(), rel=0.08)


def test_catchments_are_where_the_ground_by_hand_says(town):
    lat, lon, minutes, label, u, v, forth, back = town
    found = catchments(
        lat, lon, minutes, label, u, v, forth, edge_minutes_back=back, pace=PACE, reach_km=8, cell_km=0.5
    )
    assert shapely.coverage_is_valid(found.geometry.to_numpy())
    assert found.is_valid.all()
    here = ground(1000, seed=1)
    _, per_owner, km = by_hand(town, *here, reach_km=8)
    second, first = np.partition(per_owner, 1, axis=0)[1], per_owner.min(axis=0)
    sure = (second > first + 2 * PACE * 0.5) & (km < 7.5)
    drawn = row_of(found, *here)
    assert (found["destination"].to_numpy()[drawn[sure]] == per_owner.argmin(axis=0)[sure]).mean() >= 0.99
    assert (drawn[km < 7.5] >= 0).all()  # no gaps where a road is near
    assert (drawn[km > 8.5] == -1).all()


def test_nodes_lie_in_their_isochrone_and_catchment_to_a_square(town):
    lat, lon, minutes, label, u, v, forth, back = town
    options = {"edge_minutes_back": back, "cell_km": 1.0, "pace": PACE}
    point = shapely.points(lon, lat)
    tolerance = 1.0 * np.sqrt(2) / KM / np.cos(np.radians(46.5))
    for row in isochrones(lat, lon, minutes, u, v, forth, breaks=[10, 25, 50], cumulative=True, **options).itertuples():
        assert shapely.dwithin(row.geometry, point[minutes <= row.minutes_to], tolerance).all()
        # a node with more minutes lies inside only where a quicker road is near: the leg from it is the shorter way
        for node in np.flatnonzero(~(minutes <= row.minutes_to) & shapely.contains(row.geometry, point)):
            value, _, _ = by_hand((lat, lon, minutes, label, u, v, forth, back), lat[[node]], lon[[node]], 10)
            assert value[0] <= row.minutes_to + PACE
    found = catchments(lat, lon, minutes, label, u, v, forth, **options).set_index("destination")
    value, _, _ = by_hand(town, lat, lon, 10)
    own_road = value > minutes - 1e-6  # no leg from elsewhere is quicker
    for whose in found.index:
        mine = own_road & (label == whose)
        assert shapely.dwithin(found.geometry[whose], point[mine], tolerance).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(1, 80), min_size=2, max_size=4, unique=True))
def test_more_minutes_never_mean_less_ground(breaks):
    lat, lon = degrees([0, 20, 40, 20], [0, 0, 5, 25])
    u, v, w = np.array([0, 1, 1]), np.array([1, 2, 3]), np.array([18.0, 30, 22])
    minutes = np.array([0.0, 18, 48, 40])
    options = {"cell_km": 1.0, "reach_km": 6.0}
    breaks = sorted(breaks)
    bands = isochrones(lat, lon, minutes, u, v, w, breaks=breaks, **options)
    whole = isochrones(lat, lon, minutes, u, v, w, breaks=breaks, cumulative=True, **options)
    assert (np.diff(whole["area_km2"]) > 0).all()
    assert whole["minutes_from"].eq(0).all()
    assert bands["area_km2"].sum() == pytest.approx(whole["area_km2"].iloc[-1], rel=1e-6)
    assert shapely.coverage_is_valid(bands.geometry.to_numpy())
    united = shapely.coverage_union_all(bands.geometry.to_numpy())
    assert shapely.symmetric_difference(united, whole.geometry.iloc[-1]).area == pytest.approx(0, abs=1e-12)


def test_a_straight_road_gives_a_kite_of_known_area():
    lat, lon = degrees([-40, 0, 40], [0, 0, 0])
    found = isochrones(
        lat, lon, [40.0, 0, 40], [0, 1], [1, 2], [40.0, 40], breaks=[15], cell_km=0.25, reach_km=20, pace=2
    )
    # a circle of 7.5 km and its tangents to both places 15 km along the road
    tangent = np.sqrt(15**2 - 7.5**2)
    assert found["area_km2"].iloc[0] == pytest.approx(2 * 7.5 * tangent + 7.5**2 * np.pi / 3, rel=0.01)
    assert great_circle_km(lat[1], lon[1], lat[1], found.total_bounds[2]) == pytest.approx(15, abs=0.25)


def test_a_chessboard_of_streets_gives_a_diamond():
    side = np.arange(-25, 25.01, 0.5)
    x, y = (part.ravel() for part in np.meshgrid(side, side))
    number = np.arange(len(x)).reshape(len(side), len(side))
    u = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    v = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    found = isochrones(
        *degrees(x, y), np.abs(x) + np.abs(y), u, v, np.full(len(u), 0.5), breaks=[10, 20], cell_km=0.5, pace=4
    )
    # minutes inside a block: straight to one of its four streets
    x, y = np.meshgrid(*[np.arange(-25, 25, 0.02) + 0.01] * 2)
    to_x, to_y = (4 * np.abs(part - np.round(part * 2) / 2) for part in (x, y))
    by_hand = np.minimum(to_x + np.abs(np.round(x * 2) / 2) + np.abs(y), to_y + np.abs(x) + np.abs(np.round(y * 2) / 2))
    expected = [(by_hand <= 10).sum() * 0.02**2, ((by_hand > 10) & (by_hand <= 20)).sum() * 0.02**2]
    assert found["area_km2"].to_numpy() == pytest.approx(expected, rel=0.02)
    assert found["area_km2"].to_numpy() == pytest.approx([200, 600], rel=0.06)


def test_two_catchments_meet_on_the_road_where_they_tie():
    lat, lon = degrees([0, 60], [0, 0])
    found = catchments(lat, lon, [0.0, 10.0], [8, 5], [0], [1], [60.0], cell_km=0.5, reach_km=5)
    west = found[found["destination"] == 8].geometry.iloc[0]
    road = shapely.LineString(np.stack([lon, lat], 1))
    share = shapely.length(shapely.intersection(west, road)) / shapely.length(road)
    assert share == pytest.approx(35 / 60, abs=0.5 / 60)


def test_one_way_roads_count_in_the_direction_of_the_trip():
    lat, lon = degrees([0, 30], [0, 0])
    road = (lat, lon, [0.0, np.nan], [0], [1], [30.0])
    options = {"edge_minutes_back": [np.inf], "breaks": [20], "cell_km": 0.5, "reach_km": 2, "pace": 3}
    east_of = [
        great_circle_km(lat[0], lon[0], lat[0], isochrones(*road, toward=toward, **options).total_bounds[2])
        for toward in (True, False)
    ]
    assert east_of[0] == pytest.approx(2, abs=0.3)  # nobody can drive back to the start: only legs
    assert east_of[1] == pytest.approx(20, abs=0.3)


def test_a_motorway_can_be_left_only_at_its_ends():
    lat, lon = degrees([0, 40], [0, 0])
    road = (lat, lon, [0.0, 20.0], [0], [1], [20.0])
    options = {"breaks": [30], "cell_km": 0.5, "reach_km": 4}
    middle = shapely.Point((lon[0] + lon[1]) / 2, lat[0])
    assert isochrones(*road, **options).contains(middle).all()
    shut = isochrones(*road, ends_only=[True], **options)
    assert not shut.contains(middle).any()
    assert len(shut.geometry.iloc[0].geoms) == 2


def test_roads_are_followed_round_their_bends():
    lat, lon = degrees([0, 20], [0, 0])
    bend_lat, bend_lon = degrees([0, 20], [15, 15])
    bends = (np.array([0, 2]), bend_lat, bend_lon)
    found = isochrones(
        lat, lon, [0.0, 50.0], [0], [1], [50.0], bends=bends, breaks=[60], cell_km=0.5, reach_km=2, pace=1
    )
    assert found.contains(shapely.points(bend_lon, bend_lat).tolist()[0]).all()
    assert not found.contains(shapely.Point((lon[0] + lon[1]) / 2, lat[0])).any()
    half = isochrones(
        lat, lon, [0.0, np.nan], [0], [1], [50.0], bends=bends, breaks=[25], cell_km=0.5, reach_km=2, pace=1
    )
    assert great_circle_km(lat[0], lon[0], lat[0], half.total_bounds[2]) == pytest.approx(10, abs=0.6)


def test_legs_do_not_cross_water_and_polygons_end_at_the_coast():
    lat, lon = degrees([0, 30, 20, 25], [0, 0, 8, 8])  # a coast road, and a road on an island 4 km off
    minutes, u, v, w = np.array([0.0, 30, np.nan, np.nan]), np.array([0, 2]), np.array([1, 3]), np.array([30.0, 5])
    corners = [degrees([-20, 50], [-20, 2]), degrees([15, 40], [6, 20])]
    land = np.array([shapely.box(box[1][0], box[0][0], box[1][1], box[0][1]) for box in corners])
    options = {"breaks": [25, 60], "cell_km": 0.5, "reach_km": 10}
    dry = isochrones(lat, lon, minutes, u, v, w, land=land, **options)
    wet = isochrones(lat, lon, minutes, u, v, w, **options)
    on_island = shapely.Point(lon[2], lat[2])
    assert wet.contains(on_island).any()
    assert not dry.contains(on_island).any()
    assert shapely.coverage_is_valid(dry.geometry.to_numpy())
    assert shapely.covered_by(dry.geometry.to_numpy(), shapely.union_all(land)).all()
    assert dry.total_bounds[3] == pytest.approx(land[0].bounds[3], abs=1e-9)  # right up to the coast
    bridge = isochrones(
        lat, lon, [0.0, 30, 45, 50], [0, 2, 1], [1, 3, 2], [30.0, 5, 15], ends_only=[False, False, True], land=land,
        **options,
    )  # fmt: skip
    assert bridge.contains(on_island).any()


def test_the_antimeridian_changes_nothing_but_the_cut():
    x, y = [0, 25, 50, 20], [0, 3, 0, 30]
    road = (np.array([0, 1, 1]), np.array([1, 2, 3]), np.array([25.0, 25, 30]))
    minutes, labels = [0.0, 25, 0, 55], np.array([4, 4, 9, 4])
    east, there = degrees(x, y, 52, -170.0), degrees(x, y, 52, 179.7)
    wrapped = (there[0], np.where(there[1] > 180, there[1] - 360, there[1]))
    for draw in (
        lambda lat, lon: isochrones(lat, lon, minutes, *road, breaks=[15, 40]),
        lambda lat, lon: catchments(lat, lon, minutes, labels, *road),
    ):
        plain, cut = draw(*east), draw(*wrapped)
        assert cut["area_km2"].to_numpy() == pytest.approx(plain["area_km2"].to_numpy(), rel=0.03)
        assert cut.total_bounds[0] == -180
        assert cut.total_bounds[2] == 180
        assert cut.is_valid.all()
        assert shapely.coverage_is_valid(cut.geometry.to_numpy())
        assert cut.geometry.map(lambda shape: len(shape.geoms)).max() > 1


def test_countries_far_apart_are_drawn_each_on_its_own_sheet():
    lat, lon = [46.0, 46.0, -20.0, -20.0], [-100.0, -99.9, 140.0, 140.1]
    found = isochrones(lat, lon, [0.0, 8, 0, 8], [0, 2], [1, 3], [8.0, 8], breaks=[5])
    assert len(found.geometry.iloc[0].geoms) == 2
    assert found["area_km2"].iloc[0] == pytest.approx(
        sum(isochrones(lat[k : k + 2], lon[k : k + 2], [0.0, 8], [0], [1], [8.0], breaks=[5])["area_km2"].iloc[0] for k in (0, 2)),
        rel=1e-9,
    )  # fmt: skip


def test_every_option_changes_the_result(town):
    lat, lon, minutes, _, u, v, forth, back = town
    usual = isochrones(lat, lon, minutes, u, v, forth, edge_minutes_back=back, breaks=[15, 30])["area_km2"].to_numpy()
    for option in ({"pace": 4.0}, {"reach_km": 3.0}, {"cell_km": 2.0}, {"toward": False}, {"edge_minutes_back": None}):
        given_ = {"edge_minutes_back": back, "breaks": [15, 30], **option}
        assert not np.allclose(isochrones(lat, lon, minutes, u, v, forth, **given_)["area_km2"], usual, rtol=1e-4)


def test_nothing_reached_is_an_empty_table():
    nowhere = ([46.0, 46.0], [-100.0, -99.9], [np.nan, np.nan])
    found = isochrones(*nowhere, [0], [1], [8.0])
    assert list(found.columns) == ["minutes_from", "minutes_to", "area_km2", "geometry"]
    assert len(found) == 0
    assert found.crs == "EPSG:4326"
    late = isochrones(*nowhere[:2], [70.0, 80.0], [0], [1], [8.0])
    assert len(late) == 0
    found = catchments(*nowhere, np.array([-1, -1]), [0], [1], [8.0])
    assert list(found.columns) == ["destination", "area_km2", "geometry"]
    assert len(found) == 0
    cumulative = isochrones(*nowhere, [0], [1], [8.0], cumulative=True)
    assert len(cumulative) == 0


def test_a_lonely_node_is_a_circle():
    found = isochrones([46.0], [-100.0], [3.0], [], [], [], breaks=[13], cell_km=0.25, pace=2.0)
    assert found["area_km2"].iloc[0] == pytest.approx(np.pi * 25, rel=0.01)
    assert len(isochrones([46.0], [-100.0], [13.0], [], [], [], breaks=[13], cell_km=0.25)) == 1  # within is ≤


ROAD = {"lat": [46.0, 46.0], "lon": [-100.0, -99.0], "minutes": [0.0, 60.0], "u": [0], "v": [1], "edge_minutes": [60.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"breaks": [30, 15]}, "rising order"),
        ({"breaks": [15, 15]}, "rising order"),
        ({"breaks": [-5, 15]}, "above 0"),
        ({"breaks": [float("nan")]}, "above 0"),
        ({"breaks": []}, "rising order"),
        ({"minutes": [0.0, -1.0]}, "node 1 .*negative"),
        ({"minutes": [0.0]}, "minutes: 1 values for 2 nodes"),
        ({"lat": [46.0, 95.0]}, "node 1 .*not on Earth"),
        ({"lon": [np.nan, 0.0]}, "node 0 .*not on Earth"),
        ({"v": [2]}, "edge 0 .*v is not"),
        ({"edge_minutes": [np.nan]}, "edge 0 .*infinity where the edge is closed"),
        ({"edge_minutes_back": [1.0, 2.0]}, "edge_minutes_back: 2 values for 1 edges"),
        ({"ends_only": [True, False]}, "ends_only: 2 values"),
        ({"bends": ([0, 2], [46.0], [-99.5])}, "bend_first"),
        ({"cell_km": 0}, "cell_km is 0"),
        ({"pace": -1}, "pace is -1"),
        ({"reach_km": float("inf")}, "reach_km is inf"),
        ({"cell_km": 0.001}, "give 0.1 or more"),
        ({"land": [shapely.Point(0, 0)]}, "land: give polygons"),
    ],
)
def test_bad_input_is_named_in_one_line(change, message):
    with pytest.raises(InputError, match=message) as caught:
        isochrones(**{**ROAD, **change})
    assert "\n" not in str(caught.value)


def test_labels_must_be_whole_numbers():
    with pytest.raises(InputError, match="labels"):
        catchments(labels=np.array([0.0, 1.0]), **ROAD)
    with pytest.raises(InputError, match="labels"):
        catchments(labels=np.array([0]), **ROAD)


def test_the_embedded_highways_around_five_towns():
    nodes, edges = load_roads()
    lat, lon = nodes["lat"].to_numpy(), nodes["lon"].to_numpy()
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    near = (lat[u] > 45) & (lat[v] > 45) & (np.abs(lon[u] + 100) < 5) & (np.abs(lon[v] + 100) < 5)
    u, v = u[near], v[near]
    along = great_circle_km(lat[u], lon[u], lat[v], lon[v]) / 1.2 + 1e-6
    towns = [(46.81, -100.78), (46.88, -96.79), (48.23, -101.3), (47.92, -97.03), (48.15, -103.62)]
    sources = [int(great_circle_km(lat, lon, *town).argmin()) for town in towns]
    matrix = coo_array((along, (u, v)), shape=(len(lat), len(lat))).tocsr()
    table = dijkstra(matrix, directed=False, indices=sources)
    minutes = np.where(np.isfinite(table.min(axis=0)), table.min(axis=0), np.nan)
    label = np.where(np.isfinite(minutes), table.argmin(axis=0), -1)
    options = {"cell_km": 2.0, "reach_km": 8.0}
    bands = isochrones(lat, lon, minutes, u, v, along, breaks=[15, 30, 60], **options)
    whose = catchments(lat, lon, minutes, label, u, v, along, **options)
    assert shapely.coverage_is_valid(bands.geometry.to_numpy())
    assert shapely.coverage_is_valid(whose.geometry.to_numpy())
    assert whose["destination"].tolist() == [0, 1, 2, 3, 4]
    union = shapely.union_all(bands.geometry.to_numpy())
    soon = np.flatnonzero(minutes <= 60)
    away = shapely.distance(union, shapely.points(lon[soon], lat[soon]))
    assert away.max() * KM < 2 * np.sqrt(2)
    for k, town in enumerate(towns):
        assert whose.geometry.iloc[k].contains(shapely.Point(town[1], town[0]))
