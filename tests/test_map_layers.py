"""The layers of a state's map agree with the run's minutes: North Dakota, Alaska, and a made region."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.measures.nearest import nearest_services
from matcare.pipeline import map_layers
from matcare.pipeline.map_layers import state_layers, typical_points
from matcare.pipeline.run import access_results
from matcare.pipeline.study_area import OpenedArea
from matcare.scenario import Scenario
from matcare.travel.routes import route

LIMIT = Scenario(states=("ND",)).search_limit_minutes


def _state(snapshot, state):
    access = access_results(Scenario(states=(state,)), snapshot)
    started = time.process_time()
    layers = state_layers(
        access.opened, block_groups=access.block_groups, counties=access.counties, limit_minutes=LIMIT
    )
    return access, layers, time.process_time() - started


@pytest.fixture(scope="module")
def north_dakota(snapshot):
    return _state(snapshot, "ND")


@pytest.fixture(scope="module")
def alaska(snapshot):
    return _state(snapshot, "AK")


@pytest.fixture
def made(toy):
    """A made region as a run opens it: its study area, and the minutes of its demand points."""
    area = toy.toy_area(4)
    opened = OpenedArea(area=area, inside=np.ones(len(area.demand), dtype=bool), data_date="2026", states=("ND", "SD"))
    return opened, nearest_services(area.trips, area.demand, area.facilities, limit_minutes=240.0)


def test_a_states_layers_are_made_in_seconds(north_dakota):
    *_, seconds = north_dakota
    assert seconds < 10, f"{seconds:.1f} CPU s; about 3 without kernels to compile, the budget is 5"


def test_ground_within_30_lies_in_that_within_60_and_that_in_90(north_dakota, alaska):
    for _, layers, _ in (north_dakota, alaska):
        assert layers.isochrones["minutes_to"].tolist() == [30.0, 60.0, 90.0]
        inner, middle, outer = layers.isochrones.geometry
        assert 0 < inner.area < middle.area < outer.area
        assert shapely.difference(inner, middle).area == pytest.approx(0, abs=1e-9)
        assert shapely.difference(middle, outer).area == pytest.approx(0, abs=1e-9)


def test_people_on_a_road_within_t_lie_in_the_ground_within_t(north_dakota):
    """Within one square's diagonal (2.8 km; 0.037 degrees of longitude there), for those whose minutes follow roads."""
    access, layers, _ = north_dakota
    points = access.block_groups
    origins = access.opened.trips_of_region().origins
    on_road = (origins.nearest_km < 1.0) & points["direct_leg_km_birth_care"].isna().to_numpy()
    assert on_road.sum() > 200
    places = shapely.points(points["lon"], points["lat"])
    minutes = points["minutes_birth_care"].to_numpy()
    for limit, ground in zip(layers.isochrones["minutes_to"], layers.isochrones.geometry, strict=True):
        within = on_road & (minutes <= limit)
        assert (shapely.distance(ground, places[within]) < 0.037).all()
        beyond = on_road & (minutes > limit + 8)
        inside = shapely.contains_xy(ground, points["lon"][beyond], points["lat"][beyond])
        assert inside.mean() < 0.03, f"{limit:g} minutes: {inside.sum()} of {beyond.sum()} far ones lie inside"


def test_catchments_part_the_ground_by_the_nearest_unit(north_dakota):
    access, layers, _ = north_dakota
    ground = layers.catchments
    assert ground["facility_id"].is_unique
    assert ground["facility_name"].notna().all()
    women = access.block_groups.groupby("facility_id_birth_care")["women_15_44"].sum()
    with_ground = women.index.isin(ground["facility_id"])  # of units side by side only one has
    assert women[with_ground].sum() > 0.85 * women.sum()
    whole = shapely.union_all(ground.geometry.to_numpy())
    assert shapely.area(ground.geometry.to_numpy()).sum() == pytest.approx(whole.area, rel=1e-6), (
        "no ground belongs to two"
    )
    outline = shapely.union_all(access.counties.geometry.to_numpy())
    assert shapely.difference(whole, outline).area == pytest.approx(0, abs=1e-6)
    points = access.block_groups
    shape_of = dict(zip(ground["facility_id"], ground.geometry, strict=True))
    far = [
        shapely.distance(shape_of[unit], shapely.Point(lon, lat)) > 0.05
        for unit, lon, lat in points[["facility_id_birth_care", "lon", "lat"]].itertuples(index=False)
        if unit in shape_of
    ]
    assert np.mean(far) < 0.05


def test_drives_have_the_minutes_of_the_block_group_and_end_at_its_unit(north_dakota):
    access, layers, _ = north_dakota
    points = access.block_groups.set_index("demand_id")
    units = access.facilities.set_index("facility_id")
    trips = access.opened.trips_of_region()
    row = pd.Series(np.arange(len(points)), index=points.index)
    column = pd.Series(np.arange(len(units)), index=units.index)
    assert [point.county_fips for point in layers.typical] == access.counties["county_fips"].tolist()
    for point in layers.typical:
        home = points.loc[point.demand_id]
        assert home["county_fips"] == point.county_fips
        assert point.drives[0].service == "birth_care"
        for drive in point.drives:
            assert drive.minutes == home[f"minutes_{drive.service}"]
            assert drive.facility_id == home[f"facility_id_{drive.service}"]
            found = route(trips, int(row[point.demand_id]), int(column[drive.facility_id]))
            assert found.minutes == pytest.approx(drive.minutes, abs=1e-9)
            unit = units.loc[drive.facility_id]
            assert (drive.lat[0], drive.lon[0]) == (home["lat"], home["lon"])
            assert (drive.lat[-1], drive.lon[-1]) == pytest.approx((unit["lat"], unit["lon"]))
            assert drive.way in {"highways", "direct"}
            assert drive.schematic


def test_the_typical_block_group_has_half_of_the_women_on_either_side(north_dakota):
    access, layers, _ = north_dakota
    for point in layers.typical:
        mine = access.block_groups[access.block_groups["county_fips"] == point.county_fips]
        women, minutes = mine["women_15_44"], mine["minutes_birth_care"].fillna(np.inf)
        here = minutes[mine["demand_id"] == point.demand_id].iloc[0]
        assert women[minutes <= here].sum() >= women.sum() / 2 * (1 - 1e-9)
        assert women[minutes < here].sum() <= women.sum() / 2 * (1 + 1e-9)


def test_a_borough_without_roads_draws_nothing_and_says_why(alaska):
    access, layers, _ = alaska
    point = {point.county_fips: point for point in layers.typical}["02050"]  # Bethel
    assert (point.demand_id, point.drives) == (None, ())
    mine = access.block_groups[access.block_groups["county_fips"] == "02050"]
    lost = mine["minutes_birth_care"].isna()
    assert mine.loc[lost, "women_15_44"].sum() > mine["women_15_44"].sum() / 2
    assert point.reason in set(mine.loc[lost, "reason_birth_care"])


def test_a_unit_that_an_earlier_service_leads_to_is_told_once(north_dakota, alaska):
    for _, layers, _ in (north_dakota, alaska):
        for point in layers.typical:
            drives = {drive.service: drive for drive in point.drives}
            for service, other in (
                ("birth_care_corroborated", "birth_care"),
                ("neonatal_3_plus_or_nicu", "neonatal_3_plus"),
            ):
                if service in drives and drives[service].facility_id is not None:
                    assert drives[service].facility_id != drives[other].facility_id


def test_streets_of_the_users_own_are_not_schematic(made):
    opened, points = made
    chord = opened.area.trips.network.graph.chord

    def drawn():
        drives = [drive for point in typical_points(opened, points, opened.area.counties) for drive in point.drives]
        return [drive for drive in drives if drive.way]

    chord[:] = True
    assert {(drive.way, drive.schematic) for drive in drawn()} == {("highways", True)}
    chord[:] = False
    assert len(drawn()) > 5
    assert {(drive.way, drive.schematic) for drive in drawn()} == {("streets", False)}
    chord[::2] = True
    assert ("highways_and_streets", True) in {(drive.way, drive.schematic) for drive in drawn()}


def test_people_count_where_women_are_not_known_and_nobody_is_said(made):
    opened, points = made
    first, second, third = opened.area.counties["county_fips"][:3]
    odd = points.assign(women_15_44=points["women_15_44"].mask(points["county_fips"] == first))
    odd.loc[odd["county_fips"] == second, ["women_15_44", "people"]] = 0.0
    odd = odd[odd["county_fips"] != third]
    found = {point.county_fips: point for point in typical_points(opened, odd, opened.area.counties)}
    assert found[first].weighed_by == "people"
    assert found[first].weight > 0
    for fips in (second, third):
        assert (found[fips].weighed_by, found[fips].reason, found[fips].drives) == ("nobody", "no_demand_points", ())


def test_a_region_without_birth_care_or_polygons_has_empty_layers(made):
    opened, points = made
    none = opened.area.facilities.assign(counts_birth_care=False)
    without = replace(opened, area=replace(opened.area, facilities=none))
    lost = points.assign(
        minutes_birth_care=np.nan,
        facility_id_birth_care=pd.array([None] * len(points), dtype="str"),
        reason_birth_care="unreachable",
    )
    layers = state_layers(without, block_groups=lost, counties=opened.area.counties, limit_minutes=240.0)
    assert (len(layers.isochrones), len(layers.catchments)) == (0, 0)
    assert {point.reason for point in layers.typical if point.weighed_by != "nobody"} == {"unreachable"}
    blank = opened.area.counties.copy()
    blank["geometry"] = None
    layers = state_layers(opened, block_groups=points, counties=blank, limit_minutes=240.0)
    assert (len(layers.isochrones), len(layers.catchments)) == (0, 0)


def test_a_region_of_too_many_block_groups_has_no_layers(made, monkeypatch):
    opened, points = made
    monkeypatch.setattr(map_layers, "MOST_POINTS", len(points) - 1)
    layers = state_layers(opened, block_groups=points, counties=opened.area.counties, limit_minutes=240.0)
    assert layers is None


def test_the_same_region_gives_the_same_layers(made):
    opened, points = made
    one, two = (
        state_layers(opened, block_groups=points, counties=opened.area.counties, limit_minutes=240.0) for _ in range(2)
    )
    for first, second in ((one.isochrones, two.isochrones), (one.catchments, two.catchments)):
        assert len(first) > 0
        assert shapely.to_wkb(first.geometry.to_numpy()).tolist() == shapely.to_wkb(second.geometry.to_numpy()).tolist()
