"""What the page is given of a state's layers: the tables' own numbers, and little of it."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.contracts import MINUTES_REASONS
from matcare.errors import ContractError, InputError
from matcare.publish.map import render_map
from matcare.publish.map.layers import IN_STATE_MAPS_ONLY, POINT_SERVICES, WAYS, layers_payload


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = _load("map_layers_tables")


@pytest.fixture(scope="module")
def region():
    return _load("map_tables").small_region()


@pytest.fixture(scope="module")
def block_groups(region):
    return MADE.made_block_groups(*region, 400)


@pytest.fixture(scope="module")
def layers(region, block_groups):
    return MADE.made_layers(*region, block_groups)


@pytest.fixture(scope="module")
def payload(region, block_groups, layers):
    counties, facilities = region
    found = layers_payload(layers, counties=counties, facilities=facilities, block_groups=block_groups)
    return json.loads(json.dumps(found, allow_nan=False))  # what the page reads


def rings_of(polygons):
    """Decode polygons as data.js does: the first step of a shape from (0, 0), of a ring from the ring before."""
    at = np.zeros(2, dtype=int)
    shapes = []
    for rings in polygons:
        decoded = []
        for ring in rings:
            points = at + np.cumsum(np.array(ring).reshape(-1, 2), axis=0)
            at = points[-1]
            decoded.append(points / 1e4)
        shapes.append(shapely.Polygon(decoded[0], decoded[1:]))
    return shapely.union_all(shapes)


def test_points_come_back_as_the_table_has_them(payload, block_groups, region):
    counties, facilities = region
    points = payload["points"]
    at = np.cumsum(np.array(points["steps"]).reshape(-1, 2), axis=0) / 1e4
    np.testing.assert_allclose(at, block_groups[["lon", "lat"]].to_numpy(), atol=5.1e-5)
    assert points["count"] == len(block_groups)
    assert points["women"] == [round(value) for value in block_groups["women_15_44"]]
    fips = counties["county_fips"].to_numpy()[np.cumsum(points["county"])]
    assert fips.tolist() == block_groups["county_fips"].tolist()
    for service in POINT_SERVICES:
        columns = points["services"][service]
        columns = points["services"][columns["same"]] if "same" in columns else columns
        coded = np.array(columns["minutes"])
        minutes = block_groups[f"minutes_{service}"].round(2).to_numpy()  # as block_groups.parquet has them
        np.testing.assert_array_equal(np.where(coded >= 0, coded / 100, np.nan), minutes)
        lost = coded < 0
        reasons = [payload["reasons"][-k] for k in coded[lost]]
        assert reasons == block_groups.loc[lost, f"reason_{service}"].tolist()
        unit = np.cumsum(columns["unit"])
        ids = np.where(unit >= 0, facilities["facility_id"].to_numpy()[unit], None)
        assert ids.tolist() == block_groups[f"facility_id_{service}"].astype(object).where(~lost, None).tolist()


def test_a_service_with_another_ones_columns_is_said_once(payload):
    assert payload["points"]["services"]["birth_care_corroborated"] == {"same": "birth_care"}


def test_every_reason_has_a_number_of_its_own(payload):
    assert payload["reasons"] == list(MINUTES_REASONS)
    assert payload["reasons"][0] == "covered", "minus zero is no reason"


def test_bands_and_catchments_come_back(payload, layers, region):
    _, facilities = region
    assert [band["minutes"] for band in payload["isochrones"]] == [30, 60, 90]
    bands = [rings_of(band["polygons"]) for band in payload["isochrones"]]
    for drawn, made in zip(bands, layers.isochrones.geometry, strict=True):
        assert shapely.hausdorff_distance(drawn, made) < 1e-4
    for inner, outer in pairwise(bands):
        assert shapely.difference(inner, outer).area == 0
    for one, row in zip(payload["catchments"], layers.catchments.itertuples(), strict=True):
        assert facilities["facility_id"].iloc[one["unit"]] == row.facility_id
        assert one["name"] == row.facility_name
        assert shapely.hausdorff_distance(rings_of(one["polygons"]), row.geometry) < 1e-4


def test_drives_come_back(payload, layers, region):
    counties, facilities = region
    for packed, point in zip(payload["typical"], layers.typical, strict=True):
        assert counties["county_fips"].iloc[packed["county"]] == point.county_fips
        assert packed["reason"] == point.reason
        assert (packed["at"] is None) == (point.demand_id is None)
        for drive, made in zip(packed["drives"], point.drives, strict=True):
            if made.facility_id is None:
                assert (drive["minutes"], drive["unit"], drive["reason"]) == (None, -1, "level_not_reported")
                assert "steps" not in drive
                continue
            assert drive["minutes"] == round(made.minutes, 2)
            assert facilities["facility_id"].iloc[drive["unit"]] == made.facility_id
            assert WAYS[drive["way"]] == made.way
            assert drive["schematic"] == (made.way != "streets")
            line = np.cumsum(np.array(drive["steps"]).reshape(-1, 2), axis=0) / 1e4
            np.testing.assert_allclose(line[[0, -1]], np.stack([made.lon, made.lat], 1)[[0, -1]], atol=5.1e-5)
            whole = shapely.linestrings(np.stack([made.lon, made.lat], 1))
            assert shapely.hausdorff_distance(shapely.linestrings(line), whole) < 6e-4


def test_a_unit_that_the_map_does_not_have_is_minus_one(region, block_groups, layers):
    counties, facilities = region
    found = layers_payload(layers, counties=counties, facilities=facilities.iloc[1:], block_groups=block_groups)
    assert found["catchments"][0]["unit"] == -1
    assert found["catchments"][0]["name"] == "<script>alert(1)</script>"
    assert found["typical"][0]["drives"][0]["unit"] == -1


def test_beyond_the_antimeridian_everything_moves_with_the_counties(region, block_groups, layers):
    counties, facilities = region
    west = counties.copy()
    shapes = counties.geometry.to_numpy().copy()
    shapes[0], shapes[1] = shapely.box(172, 52, 173, 53), shapely.box(-170, 52, -169, 53)
    west.geometry = gpd.GeoSeries(shapes, crs=4326)
    points = block_groups.copy()
    points.loc[0, ["lon", "lat"]] = 172.5, 52.5
    island = gpd.GeoDataFrame({"minutes_to": [30.0]}, geometry=[shapely.box(172.1, 52.1, 172.9, 52.9)], crs=4326)
    first = replace(layers.typical[0], lat=52.5, lon=172.5)
    moved = replace(layers, isochrones=island, typical=(first,))
    found = layers_payload(moved, counties=west, facilities=facilities, block_groups=points)
    assert found["points"]["steps"][0] == -1_875_000
    assert rings_of(found["isochrones"][0]["polygons"]).bounds == pytest.approx((-187.9, 52.1, -187.1, 52.9))
    assert found["typical"][0]["at"] == [52.5, -187.5]


def test_empty_layers_have_a_payload(region, block_groups, layers):
    counties, facilities = region
    nothing = replace(layers, isochrones=layers.isochrones.iloc[:0], catchments=layers.catchments.iloc[:0], typical=())
    found = layers_payload(nothing, counties=counties, facilities=facilities, block_groups=block_groups.iloc[:0])
    assert found["points"]["count"] == 0
    assert found["isochrones"] == found["catchments"] == found["typical"] == []
    json.dumps(found, allow_nan=False)


def test_women_who_are_not_known_are_not_zero(region, block_groups, layers):
    counties, facilities = region
    unknown = block_groups.assign(women_15_44=block_groups["women_15_44"].where(block_groups.index > 0))
    found = layers_payload(layers, counties=counties, facilities=facilities, block_groups=unknown)
    assert found["points"]["women"][0] is None


def test_bad_tables_are_refused_in_one_line(region, block_groups, layers):
    counties, facilities = region
    with pytest.raises(ContractError, match="column 'reason_nicu' is missing"):
        layers_payload(
            layers, counties=counties, facilities=facilities, block_groups=block_groups.drop(columns="reason_nicu")
        )
    with pytest.raises(InputError, match="EPSG:5070"):
        layers_payload(layers, counties=counties.to_crs(5070), facilities=facilities, block_groups=block_groups)


def test_the_page_holds_the_layers_and_no_name_ends_its_script(region, payload):
    counties, facilities = region
    page = render_map(counties=counties, facilities=facilities, layers=payload)
    assert "function makeLayers(" in page
    assert "<script>alert(1)" not in page
    assert render_map(counties=counties, facilities=facilities, layers=payload) == page
    assert "function makeLayers(" not in render_map(counties=counties, facilities=facilities)


def test_the_nation_has_a_sentence_in_place_of_layers(region):
    counties, facilities = region
    page = render_map(counties=counties, facilities=facilities, layers=IN_STATE_MAPS_ONLY)
    assert "maps of states only" in page


def test_a_region_as_large_as_texas_stays_small(region):
    """The page's other parts take 0.6 MB for a state: these may take 3 MB of the 4 that a page may have."""
    counties, facilities = region
    many = pd.concat([facilities.assign(facility_id=facilities["facility_id"] + str(k)) for k in range(20)])
    block_groups = MADE.made_block_groups(counties, many, 26_000)
    layers = MADE.made_layers(counties, many, block_groups)
    found = layers_payload(layers, counties=counties, facilities=many, block_groups=block_groups)
    size = len(json.dumps(found, separators=(",", ":")))
    assert 1_000_000 < size < 3_000_000, f"{size:,} bytes"
