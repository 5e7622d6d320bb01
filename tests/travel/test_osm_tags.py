"""What tags say to a car, value by value as the wiki describes them."""

from __future__ import annotations

import math

import pytest

from matcare.travel.readers.osm_tags import kind_of_access, node_blocks, read_way
from matcare.travel.readers.osm_values import minutes_of, speed_km_per_h

MPH = 1.609344


def way(**tags):
    return {"highway": "residential"} | {key.replace("__", ":"): value for key, value in tags.items()}


@pytest.mark.parametrize(
    ("text", "km_per_h"),
    [
        ("50", 50), ("50.5", 50.5), ("35 mph", 35 * MPH), ("35mph", 35 * MPH), ("50 km/h", 50), ("50 kmh", 50),
        ("10 knots", 18.52), ("walk", 5), (" 25 MPH ", 25 * MPH), ("50;30", 30), ("60|80", 60), ("30 mph;signals", 30 * MPH),
        ("DE:urban", 50), ("de:rural", 100), ("FR:rural", 80), ("US:urban", 25 * MPH), ("US:TX:rural", 55 * MPH),
        ("GB:nsl_single", 60 * MPH), ("UK:motorway", 70 * MPH), ("IT:urban", 50), ("DE:zone30", 30), ("DE:zone:30", 30),
        ("AT:zone:20", 20), ("DE:living_street", 10),
    ],
)  # fmt: skip
def test_posted_limits(text, km_per_h):
    assert speed_km_per_h(text)[0] == pytest.approx(km_per_h, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("-30", "limits_not_usable"), ("0", "limits_not_usable"), ("nan", "limits_not_usable"),
        ("1", "limits_not_usable"), ("999", "limits_not_usable"), ("fast", "limits_not_usable"),
        ("inf", "limits_not_usable"), ("1e9", "limits_not_usable"), ("national", "limits_not_usable"),
        ("XX:nowhere", "limits_not_usable"), ("-5;x", "limits_not_usable"),
        ("none", "unlimited_roads_at_class_speed"), ("DE:motorway", "unlimited_roads_at_class_speed"),
        ("signals", "variable_limits_not_modelled"), ("", ""),
    ],
)  # fmt: skip
def test_limits_that_give_no_number_are_named(text, note):
    limit, told = speed_km_per_h(text)
    assert math.isnan(limit)
    assert told == note


def test_zones_and_lists_are_counted_and_plain_numbers_are_not():
    assert speed_km_per_h("DE:urban")[1] == "limits_by_zone"
    assert speed_km_per_h("50;30")[1] == "limits_in_a_list_taken_as_the_lowest"
    assert speed_km_per_h("30 mph")[1] == ""


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:35", 35), ("1:10", 70), ("1:10:30", 70.5), ("35", 35), ("PT35M", 35), ("PT1H5M", 65), ("pt90s", 1.5),
        ("P1DT1H", 1500), ("20 min", 20), ("2 h", 120), ("2.5 hours", 150),
    ],
)  # fmt: skip
def test_durations(text, minutes):
    assert minutes_of(text) == pytest.approx(minutes)


@pytest.mark.parametrize("text", ["", "0", "00:00", "P", "PT", "-5", "soon", "nan", "1:99"])
def test_what_is_no_duration(text):
    assert math.isnan(minutes_of(text))


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({}, True, True),
        ({"oneway": "yes"}, True, False), ({"oneway": "true"}, True, False), ({"oneway": "1"}, True, False),
        ({"oneway": "no"}, True, True),
        ({"oneway": "-1"}, False, True), ({"oneway": "reverse"}, False, True),
        ({"oneway": "alternating"}, True, True),
        ({"highway": "motorway"}, True, False), ({"highway": "motorway", "oneway": "no"}, True, True),
        ({"highway": "motorway", "oneway": "-1"}, False, True), ({"highway": "motorway_link"}, True, True),
        ({"junction": "roundabout"}, True, False), ({"junction": "circular"}, True, False),
        ({"junction": "roundabout", "oneway": "no"}, True, True),
        ({"motor_vehicle:backward": "no"}, True, False), ({"vehicle:forward": "no"}, False, True),
    ],
)  # fmt: skip
def test_directions(tags, forward, backward):
    reading = read_way({"highway": "residential"} | tags)
    assert (reading.forward, reading.backward) == (forward, backward)
    assert reading.road_class


def test_a_reversible_road_is_left_out_and_counted():
    reading = read_way(way(oneway="reversible"))
    assert (reading.road_class, reading.notes) == ("", ("reversible_roads_left_out",))


@pytest.mark.parametrize(
    ("tags", "open_to_cars"),
    [
        ({}, True), ({"access": "yes"}, True), ({"access": "no"}, False), ({"access": "private"}, False),
        ({"access": "permissive"}, True), ({"access": "destination"}, True), ({"access": "customers"}, True),
        ({"access": "delivery"}, True), ({"access": "agricultural"}, False), ({"access": "forestry"}, False),
        ({"access": "agricultural;destination"}, True), ({"access": "agricultural;forestry"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True), ({"access": "yes", "motor_vehicle": "no"}, False),
        ({"vehicle": "no", "motorcar": "yes"}, True), ({"motor_vehicle": "yes", "motorcar": "no"}, False),
        ({"access": "no", "vehicle": "destination"}, True), ({"motor_vehicle": "private"}, False),
        ({"access": "no", "bus": "yes"}, False), ({"access": "unknown"}, True),
    ],
)  # fmt: skip
def test_the_most_specific_access_decides(tags, open_to_cars):
    assert bool(read_way({"highway": "service"} | tags).road_class) is open_to_cars


def test_private_roads_come_with_the_option_and_closed_ones_do_not():
    assert read_way(way(access="private")).notes == ("private_roads_left_out",)
    assert read_way(way(access="no")).notes == ("roads_closed_to_cars_left_out",)
    kept = read_way(way(access="private"), private=True)
    assert (kept.road_class, kept.notes) == ("residential", ("private_roads_kept",))
    assert not read_way(way(access="no"), private=True).road_class


@pytest.mark.parametrize(
    ("highway", "road_class", "note"),
    [
        ("motorway_link", "motorway_link", ""), ("living_street", "living_street", ""), ("road", "road", ""),
        ("residential;service", "residential", ""), ("footway", "", "ways_not_for_cars_left_out"),
        ("construction", "", "ways_not_in_use_left_out"), ("proposed", "", "ways_not_in_use_left_out"),
        ("track", "", "tracks_left_out"), ("boulevard", "other", "unknown_highway_class_taken_as_other"),
    ],
)  # fmt: skip
def test_classes(highway, road_class, note):
    reading = read_way({"highway": highway})
    assert reading.road_class == road_class
    assert reading.notes == ((note,) if note else ())


def test_tracks_come_with_the_option():
    assert read_way({"highway": "track"}, tracks=True).road_class == "track"


@pytest.mark.parametrize(
    ("tags", "note"),
    [
        ({"area": "yes"}, "areas_left_out"), ({"service": "emergency_access"}, "emergency_access_roads_left_out"),
        ({"ice_road": "yes"}, "ice_and_winter_roads_left_out"), ({"impassable": "yes"}, "ways_not_in_use_left_out"),
    ],
)  # fmt: skip
def test_other_ways_that_are_left_out(tags, note):
    assert read_way(way(**tags)).notes == (note,)
    assert not read_way(way(**tags)).road_class


def test_limits_by_direction():
    reading = read_way(way(maxspeed="50", maxspeed__forward="30", oneway="no"))
    assert (reading.limit_forward, reading.limit_backward) == (30, 50)


def test_what_is_not_modelled_is_noted():
    reading = read_way(way(maxspeed__conditional="30 @ (22:00-06:00)", access__conditional="no @ (Su)", maxspeed="-3"))
    assert set(reading.notes) == {
        "conditional_limits_not_modelled", "conditional_access_not_modelled", "limits_not_usable",
    }  # fmt: skip
    assert math.isnan(reading.limit_forward)
    assert read_way(way(service="parking_aisle")).notes == ("parking_aisles_and_drive_throughs_kept",)
    assert read_way(way(oneway="perhaps")).notes == ("oneway_not_understood",)


def test_the_source_of_a_limit_is_no_limit():
    assert math.isnan(read_way(way(source__maxspeed="DE:urban")).limit_forward)


def test_ferries():
    ferry = {"route": "ferry", "motor_vehicle": "yes"}
    reading = read_way(ferry | {"duration": "00:35"})
    assert (reading.road_class, reading.minutes, reading.notes) == ("ferry", 35, ())
    assert (reading.forward, reading.backward) == (True, True)
    assert read_way(ferry).notes == ("ferries_without_duration",)
    assert read_way(ferry | {"duration": "soon"}).notes == ("ferry_durations_not_usable",)
    assert read_way({"route": "ferry", "duration": "10"}).notes == ("ferries_taken_to_carry_cars",)
    assert read_way(ferry | {"motor_vehicle": "no"}).notes == ("ferries_without_cars_left_out",)
    assert not read_way({"route": "bus"}).road_class


@pytest.mark.parametrize(
    ("tags", "blocks"),
    [
        ({}, False), ({"access": "no"}, False), ({"highway": "crossing"}, False),
        ({"barrier": "bollard"}, True), ({"barrier": "block"}, True), ({"barrier": "chain"}, True),
        ({"barrier": "something"}, True), ({"barrier": "gate"}, False), ({"barrier": "lift_gate"}, False),
        ({"barrier": "toll_booth"}, False), ({"barrier": "cattle_grid"}, False), ({"barrier": "kerb"}, False),
        ({"barrier": "gate", "access": "no"}, True), ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "access": "customers"}, False), ({"barrier": "gate", "locked": "yes"}, True),
        ({"barrier": "bollard", "access": "yes"}, False), ({"barrier": "bollard", "motor_vehicle": "no"}, True),
        ({"barrier": "bollard", "bollard": "rising"}, False), ({"barrier": "gate", "access": "no", "vehicle": "yes"}, False),
    ],
)  # fmt: skip
def test_barriers(tags, blocks):
    assert node_blocks(tags) is blocks


def test_a_private_gate_opens_with_the_option():
    assert not node_blocks({"barrier": "gate", "access": "private"}, private=True)
    assert node_blocks({"barrier": "gate", "access": "no"}, private=True)


def test_of_a_list_the_most_open_value_counts():
    assert kind_of_access("no;private") == "private"
    assert kind_of_access("private; destination") == "some"
    assert kind_of_access("no;designated") == "open"
