"""Density, edge and local minutes: each number against a hand calculation, and every parameter matters."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.geo import STATES, great_circle_km
from matcare.scenario import Adjustment, Closure, Profile
from matcare.travel.graph import RoadGraph
from matcare.travel.hierarchy import NO_WAY as NO_WAY_OF_SEARCHES
from matcare.travel.places_along import places_along
from matcare.travel.searches import table
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import (
    NO_WAY,
    PopulationDensity,
    edge_milliseconds,
    edge_minutes,
    edge_times,
    load_profile,
    local_minutes,
    speed_limits,
    unnamed_classes,
    urban_share,
)

TYPICAL = load_profile("typical")


def test_density_keeps_people_and_is_round():
    density = PopulationDensity.from_points([45.0], [-90.0], [10_000], kernel_km=2.0)
    cell = (0.02 * 111.195) ** 2 * np.cos(np.radians(density.south + 0.02 * np.arange(density.grid.shape[0])))
    assert (density.grid.sum(axis=1) * cell).sum() == pytest.approx(10_000, rel=1e-3)
    assert density.at(45.0, -90.0) == pytest.approx(
        10_000 / (2 * np.pi * 2.0**2), rel=0.35
    )  # the grid widens it a little
    north, east = density.at(45 + 3 / 111.195, -90.0), density.at(45.0, -90 + 3 / (111.195 * np.cos(np.radians(45))))
    assert north == pytest.approx(east, rel=0.5)  # the cells are as wide as the kernel: round only roughly
    assert density.at(47.0, -90.0) == 0
    assert density.at(45.0, -90.0) > PopulationDensity.from_points([45.0], [-90.0], [10_000], kernel_km=5).at(
        45.0, -90.0
    )


def test_urban_share_is_half_at_the_midpoint():
    profile = replace(TYPICAL, density_midpoint_per_km2=800, density_exponent=2)
    assert urban_share(profile, [0, 800, 2400]) == pytest.approx([0, 0.5, 0.9], abs=1e-6)


def graph_of(road_class="us_highway", state="IL"):
    nodes = pd.DataFrame({"lat": [44.0, 44.0, 44.1, 44.0], "lon": [-70.0, -69.9, -69.9, -69.8]})
    edges = pd.DataFrame(
        {"u": [0, 1, 1], "v": [1, 2, 3], "road_class": [road_class, road_class, "state_highway"], "state": state}
    )
    return RoadGraph.from_frames(nodes, edges)


def test_edge_minutes_by_hand(nobody):
    profile = replace(TYPICAL, speed_limit_exponent=0.5)
    minutes = edge_minutes(graph_of(state="MT"), profile, nobody)
    km = graph_of().km[0]
    rural = profile.km_per_h["us_highway"][0] * (70 / 60) ** 0.5
    assert minutes[0] == pytest.approx(60 * km / rural + profile.junction_minutes / 2)
    interstate = edge_minutes(graph_of("interstate", "MT"), profile, nobody)
    assert interstate[0] == pytest.approx(60 * km / (profile.km_per_h["interstate"][0] * (80 / 70) ** 0.5))
    other = edge_minutes(graph_of("dirt"), replace(profile, other_km_per_h=(20.0, 10.0), junction_minutes=0.0), nobody)
    assert other[0] == pytest.approx(60 * km / 20 / (55 / 60) ** 0.5)


def test_without_states_the_usual_limits_hold(nobody):
    nodes, edges = (
        pd.DataFrame({"lat": [44.0, 44.0], "lon": [-70.0, -69.9]}),
        {"u": [0], "v": [1], "road_class": ["us_highway"]},
    )
    minutes = edge_minutes(RoadGraph.from_frames(nodes, pd.DataFrame(edges)), TYPICAL, nobody)
    assert minutes[0] == pytest.approx(60 * great_circle(nodes) / TYPICAL.km_per_h["us_highway"][0])


def great_circle(nodes):
    return RoadGraph.from_frames(nodes, pd.DataFrame({"u": [0], "v": [1], "road_class": ["a"]})).km[0]


def test_every_state_has_limits():
    assert set(speed_limits()) == set(STATES)


def test_local_minutes_by_hand():
    profile = replace(
        TYPICAL, local_km_per_h=(60.0, 30.0), detour_factor=1.3, local_length_exponent=0.2, local_winding_factor=2.0
    )
    assert local_minutes(profile, 3.0, 0.0) == pytest.approx(3.9)
    assert local_minutes(profile, 3.0, 1.0) == pytest.approx(7.8)
    assert local_minutes(profile, 3.0, 0.0, 0.3) == pytest.approx(3.9 * 1.4)
    assert local_minutes(profile, 24.0, 0.0) == pytest.approx(3.9 * 8**0.8)
    assert local_minutes(profile, 0.0, 0.5) == 0


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0, 1), st.floats(0, 1))
def test_a_longer_local_leg_is_never_faster(a, b, urban, winding):
    near, far = sorted((a, b))
    assert local_minutes(TYPICAL, near, urban, winding) <= local_minutes(TYPICAL, far, urban, winding)


@pytest.fixture(scope="module")
def highways():
    """A thousand made highway edges of all classes, with and without states, gaps and people."""
    random = np.random.default_rng(7)
    lat, lon = random.uniform(40, 42, 400), random.uniform(-100, -97, 400)
    u, v = random.integers(0, 400, 1000), random.integers(0, 400, 1000)
    names = ["business_route", "dirt", "interstate", "park_road", "state_highway", "us_highway"]
    graph = RoadGraph.from_arrays(
        lat, lon, u, v, random.integers(0, 6, 1000), names, state=random.integers(-1, 2, 1000), state_names=["MT", "NJ"]
    )
    return graph, PopulationDensity.from_points(lat[:40], lon[:40], random.integers(1000, 90_000, 40))


def by_one_formula(graph, profile, density):
    """Minutes along chords, edge by edge, as they were calibrated."""
    degree, turning, limits = graph.degree(), graph.turning(), speed_limits()
    minutes = []
    for u, v, code, km, state, turn in zip(
        graph.u, graph.v, graph.road_class, graph.km, graph.state, turning, strict=True
    ):
        name = graph.class_names[code]
        free = name in {"interstate", "freeway"}
        pieces = max(int(np.ceil(km)), 1)
        middle = (np.arange(pieces) + 0.5) / pieces
        at = density.at(
            graph.lat[u] + middle * (graph.lat[v] - graph.lat[u]), graph.lon[u] + middle * (graph.lon[v] - graph.lon[u])
        )
        urban = urban_share(profile, at).mean()
        posted, usual = (limits[graph.state_names[state]][1 - free] if state >= 0 else 0), (70 if free else 60)
        factor = (posted / usual) ** profile.speed_limit_exponent if state >= 0 else 1
        rural_speed, urban_speed = profile.km_per_h.get(name, profile.other_km_per_h)
        pace = (1 - urban) * 60 / (rural_speed * factor) + urban * 60 / urban_speed
        junctions = 0 if free else (int(degree[u] >= 3) + int(degree[v] >= 3)) / 2
        minutes.append(km * pace + profile.bend_minutes_per_radian * turn + profile.junction_minutes * junctions)
    return np.array(minutes)


@pytest.mark.parametrize("name", ["typical", "osrm"])
def test_minutes_of_chords_are_those_of_the_calibration(highways, name):
    graph, density = highways
    profile = load_profile(name)
    assert edge_minutes(graph, profile, density) == pytest.approx(by_one_formula(graph, profile, density), rel=1e-12)


def test_minutes_of_the_embedded_highways_have_not_moved(snapshot):
    graph = RoadGraph.from_frames(snapshot.road_nodes, snapshot.road_edges)
    people = snapshot.demand
    density = PopulationDensity.from_points(*(people[c].to_numpy() for c in ("lat", "lon", "people")), kernel_km=2.0)
    for name, total in {"typical": 672049.1669389401, "osrm": 780124.0224269053}.items():  # of the calibration, 2026-11
        assert edge_minutes(graph, load_profile(name), density).sum() == pytest.approx(total, rel=1e-12)


STREET_NAMES = ("residential", "motorway", "service", "ferry", "odd")


def street_graph(**options):
    """A street along 44° with a bend, a motorway, a driveway, a ferry and a road of a class that no profile knows."""
    lat, lon = [44.0, 44.0, 44.1, 44.0, 43.9, 43.8], [-70.0, -69.9, -69.9, -69.8, -69.9, -69.8]
    bends = ([0, 1, 1, 1, 1, 1], [44.03], [-69.95])
    given = {
        "bends": bends,
        "oneway": [0, 1, 0, -1, 0],
        "limit_km_per_h": [np.nan, 100, np.nan, np.nan, 0],
        "fixed_minutes": [np.nan, np.nan, np.nan, 17, np.nan],
        **options,
    }
    return RoadGraph.from_arrays(lat, lon, [0, 1, 1, 1, 4], [1, 2, 3, 4, 5], [0, 1, 2, 3, 4], STREET_NAMES, **given)


STREETS = replace(
    TYPICAL, limit_share=(0.9, 0.5), street_junction_minutes=(0.4, 0.8), minor_classes=("service",),
    km_per_h={"residential": (40.0, 20.0), "motorway": (110.0, 60.0), "service": (20.0, 10.0), "ferry": (15.0, 15.0)},
    other_km_per_h=(30.0, 15.0), speed_limit_exponent=2.0, street_density_midpoint_per_km2=None,
)  # fmt: skip


def test_minutes_of_full_shapes_by_hand(nobody):
    graph = street_graph()
    bent = great_circle_km(44.0, -70.0, 44.03, -69.95) + great_circle_km(44.03, -69.95, 44.0, -69.9)
    residential, motorway, service, ferry, odd = edge_minutes(graph, STREETS, nobody)
    # three stretches beside the driveway meet at node 1; the bend is in the length, and costs nothing else
    assert residential == pytest.approx(60 * bent / 40 + 0.4 / 2)
    assert motorway == pytest.approx(60 * graph.km[1] / 90)  # 0.9 of the posted 100; no junction on controlled access
    assert service == pytest.approx(60 * graph.km[2] / 20 + 0.4 / 2)
    assert ferry == 17  # what the source says
    assert odd == pytest.approx(60 * graph.km[4] / 30)  # a limit of 0 is no limit
    assert edge_minutes(graph, replace(STREETS, limit_share=None), nobody)[1] == pytest.approx(60 * graph.km[1] / 110)


def test_a_driveway_makes_no_junction(nobody):
    ends = ([44.0, 44.0, 44.1, 44.0], [-70.0, -69.9, -69.9, -69.8], [0, 1, 1], [1, 2, 3])
    graph = RoadGraph.from_arrays(*ends, [0, 2, 0], STREET_NAMES, bends=([0, 0, 0, 0], [], []))
    counted = edge_minutes(graph, replace(STREETS, minor_classes=()), nobody)
    assert counted - edge_minutes(graph, STREETS, nobody) == pytest.approx([0.2, 0.2, 0.2])


def test_states_move_only_chords(nobody):
    here = {"state": [0] * 5, "state_names": ["MT"]}
    full, chords = (street_graph(**here, **more) for more in ({}, {"bends": None}))
    assert edge_minutes(full, STREETS, nobody) == pytest.approx(edge_minutes(street_graph(), STREETS, nobody))
    unknown = edge_minutes(street_graph(bends=None), STREETS, nobody)
    assert edge_minutes(chords, STREETS, nobody)[0] < unknown[0]
    assert edge_minutes(chords, STREETS, nobody)[1] == unknown[1]  # a posted limit says it all


def test_town_is_looked_for_on_the_real_shape():
    # the chord passes the town 20 km to the south; the road bends through it
    town = PopulationDensity.from_points([44.2], [-69.5], [200_000])
    chord = RoadGraph.from_arrays([44.0, 44.0], [-70.0, -69.0], [0], [1], [0], ["residential"])
    bent = RoadGraph.from_arrays(
        [44.0, 44.0], [-70.0, -69.0], [0], [1], [0], ["residential"], bends=([0, 1], [44.2], [-69.5])
    )
    plain = replace(STREETS, bend_minutes_per_radian=0.0)
    assert edge_minutes(chord, plain, town)[0] == pytest.approx(60 * chord.km[0] / 40)
    assert edge_minutes(bent, plain, town)[0] > 1.01 * 60 * bent.km[0] / 40


def test_streets_are_urban_sooner_than_highways():
    village = PopulationDensity.from_points([44.0], [-69.95], [12_000])
    built_up = replace(STREETS, street_density_midpoint_per_km2=100.0)
    full, chords = street_graph(), street_graph(bends=None)
    assert edge_minutes(full, built_up, village)[0] > 1.2 * edge_minutes(full, STREETS, village)[0]
    assert np.array_equal(edge_minutes(chords, built_up, village), edge_minutes(chords, STREETS, village))


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), max_size=6))
def test_places_lie_at_equal_steps_along_the_shape(steps):
    bends = [(44 + y, -70 + x) for y, x in steps]
    lat, lon = (
        np.array([44.0, *[b[i] for b in bends], 44.3]) if i == 0 else np.array([-70.0, *[b[i] for b in bends], -69.7])
        for i in (0, 1)
    )
    graph = RoadGraph.from_arrays(
        [44.0, 44.3], [-70.0, -69.7], [0], [1], [0], ["a"], bends=([0, len(bends)], lat[1:-1], lon[1:-1])
    )
    _, y, x = places_along(graph, 1.0)
    flat = np.cos(np.radians(44.0))
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(lat), np.diff(lon) * flat))])
    want = (np.arange(len(y)) + 0.5) / len(y) * length[-1]
    assert len(y) == max(int(np.ceil(graph.km[0])), 1)
    assert y == pytest.approx(np.interp(want, length, lat), abs=1e-7)
    assert x == pytest.approx(np.interp(want, length, lon), abs=1e-7)


def test_milliseconds_are_rounded_and_closed_ways_marked(nobody):
    graph = street_graph()
    forward, backward = edge_milliseconds(graph, STREETS, nobody)
    minutes = edge_minutes(graph, STREETS, nobody)
    assert NO_WAY == NO_WAY_OF_SEARCHES
    assert forward.dtype == backward.dtype == np.int32
    assert backward[1] == forward[3] == NO_WAY
    assert np.array_equal(forward[[0, 1, 2, 4]], np.rint(minutes[[0, 1, 2, 4]] * 60_000))
    assert backward[3] == 17 * 60_000


def test_only_an_edge_without_length_takes_no_time(nobody):
    lat = [44.0, 44.0, 44.0 + 1e-8]
    graph = RoadGraph.from_arrays(lat, [-70.0] * 3, [0, 1], [1, 2], [0, 0], ["motorway"], bends=([0, 0, 0], [], []))
    assert edge_milliseconds(graph, STREETS, nobody)[0].tolist() == [0, 1]


def test_an_edge_longer_than_the_searches_hold_is_refused(nobody):
    graph = street_graph(fixed_minutes=[np.nan, np.nan, np.nan, 18_000, np.nan])
    with pytest.raises(InputError, match="road edge 4 takes 18000 minutes"):
        edge_milliseconds(graph, STREETS, nobody)


def test_classes_without_a_speed_are_counted():
    profile = replace(STREETS, km_per_h={"motorway": (100.0, 100.0)})
    assert unnamed_classes(street_graph(), profile) == {"odd": 1, "residential": 1, "service": 1}
    assert unnamed_classes(street_graph(), replace(profile, limit_share=None)) == {
        "odd": 1, "residential": 1, "service": 1,
    }  # fmt: skip
    assert unnamed_classes(street_graph(limit_km_per_h=[50] * 5), profile) == {}


EDGE_CHANGES = {
    "km_per_h": {"residential": (10.0, 10.0)}, "other_km_per_h": (5.0, 5.0), "limit_share": (0.5, 0.5),
    "bend_minutes_per_radian": 2.0, "junction_minutes": 9.0, "street_junction_minutes": (2.0, 2.0),
    "minor_classes": ("residential", "service"), "street_density_midpoint_per_km2": 3.0, "speed_limit_exponent": 0.1, "density_midpoint_per_km2": 1.0,
    "density_exponent": 0.3, "controlled_access": (), "adjustments": (Adjustment(name="a", speed_factor=0.5),),
    "closures": (Closure(name="c", edges=((44.0, -69.85),)),),
}  # fmt: skip
NETWORK_CHANGES = {
    "local_km_per_h": (20.0, 20.0), "detour_factor": 2.0, "end_minutes": (5.0, 5.0), "reach_km": 4.0, "direct_km": 1.0,
    "access_candidates": 1, "local_length_exponent": 0.6, "local_winding_factor": 8.0,
}  # fmt: skip
ELSEWHERE = {
    "name", "extends", "provenance",  # texts
    "density_kernel_km",  # the caller's to hand to PopulationDensity, where a test above shows that it matters
    "direct_detour_limit", "street_direct_km",  # of direct legs, tested with them
}  # fmt: skip


def test_no_parameter_is_forgotten():
    assert {*EDGE_CHANGES, *NETWORK_CHANGES, *ELSEWHERE} == {field.name for field in fields(Profile)}


@pytest.mark.parametrize("name", EDGE_CHANGES)
def test_every_parameter_of_edges_changes_some_edge(name):
    people = PopulationDensity.from_points([44.0], [-69.9], [40_000])
    state = {"state": [0] * 5, "state_names": ["MT"]}
    base = replace(STREETS, bend_minutes_per_radian=0.2, controlled_access=("motorway",), junction_minutes=0.5)
    changed = replace(base, **{name: EDGE_CHANGES[name]})
    before, after = (
        [edge_milliseconds(street_graph(**state, bends=bends), profile, people) for bends in ([[0] * 6, [], []], None)]
        for profile in (base, changed)
    )
    assert any(
        not np.array_equal(a, b) for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True)
    )


@pytest.mark.parametrize("name", NETWORK_CHANGES)
def test_every_parameter_of_legs_changes_the_minutes(name):
    nodes = pd.DataFrame({"lat": [44.0, 44.0, 44.3, 44.6, 44.0], "lon": [-70.0, -69.8, -69.7, -69.9, -69.6]})
    edges = pd.DataFrame(
        {
            "u": [0, 1, 2, 1],
            "v": [1, 2, 3, 4],
            "road_class": ["us_highway", "us_highway", "dirt", "us_highway"],
            "state": "MT",
        }
    )
    people = PopulationDensity.from_points([44.0, 44.2], [-69.8, -69.9], [40_000, 9_000])

    def minutes(profile):
        network = RoadNetwork(RoadGraph.from_frames(nodes, edges), profile, people)
        return table(
            network,
            network.snap([44.01, 44.06], [-69.93, -69.95]),
            network.snap([44.62, 44.03, 44.05], [-69.9, -69.61, -69.93]),
        )

    changed = replace(TYPICAL, **{name: NETWORK_CHANGES[name]})
    assert not np.array_equal(minutes(TYPICAL), minutes(changed), equal_nan=True)


@given(st.sampled_from(STREET_NAMES), st.floats(1, 3), st.floats(0, 60_000))
def test_a_faster_class_never_lengthens_an_edge(name, times, people):
    density = PopulationDensity.from_points([44.0], [-69.9], [people])
    rural, urban = STREETS.km_per_h.get(name, STREETS.other_km_per_h)
    fast = replace(STREETS, km_per_h={**STREETS.km_per_h, name: (rural * times, urban * times)})
    slow_minutes, fast_minutes = (edge_minutes(street_graph(), profile, density) for profile in (STREETS, fast))
    assert (fast_minutes <= slow_minutes).all()


def test_minutes_are_told_of_closed_edges_too(nobody):
    closed = replace(STREETS, closures=(Closure(name="c", edges=((44.0, -69.85),)),))
    times = edge_times(street_graph(), closed, nobody)
    assert not times.forward[2]
    assert not times.backward[2]
    assert np.isfinite(times.minutes).all()
