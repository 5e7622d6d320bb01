"""Profiles, density, edge and local minutes: each number against a hand calculation, and every parameter matters."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.geo import STATES
from matcare.scenario import Profile
from matcare.travel.graph import RoadGraph
from matcare.travel.searches import table
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import (
    PopulationDensity,
    edge_minutes,
    load_profile,
    local_minutes,
    speed_limits,
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


@pytest.mark.parametrize("name", ["typical", "osrm"])
def test_shipped_profiles_load(name):
    profile = load_profile(name)
    assert profile.name == name
    assert profile == load_profile(name)


CHANGES = {
    "other_km_per_h": (20.0, 20.0), "local_km_per_h": (20.0, 20.0), "detour_factor": 2.0, "end_minutes": (5.0, 5.0),
    "density_midpoint_per_km2": 1.0, "density_exponent": 0.3, "reach_km": 4.0, "direct_km": 1.0, "access_candidates": 1, "controlled_access": ("us_highway",),
    "local_length_exponent": 0.6, "local_winding_factor": 8.0, "bend_minutes_per_radian": 2.0, "junction_minutes": 9.0,
    "speed_limit_exponent": 2.0, "km_per_h": {"us_highway": (10.0, 10.0)},
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Profile) if field.name not in {"name", "density_kernel_km"}]
)
def test_every_parameter_changes_the_minutes(name):
    # `density_kernel_km` is the caller's to hand to PopulationDensity, where a test above shows that it matters.
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

    assert not np.array_equal(minutes(TYPICAL), minutes(replace(TYPICAL, **{name: CHANGES[name]})), equal_nan=True)


def test_unknown_profiles_and_keys_are_refused(tmp_path):
    with pytest.raises(InputError, match="one of osrm, typical"):
        load_profile("fast")
    text = "name = 'x'\nspeed = 3\n"
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="unknown key 'speed'"):
        load_profile(tmp_path / "x.toml")
    for key, value in {
        "detour_factor": 0.5,
        "end_minutes": (-1.0, 0.0),
        "reach_km": 0.0,
        "junction_minutes": -1.0,
        "local_km_per_h": (0.0, 1.0),
    }.items():
        with pytest.raises(InputError, match=key.split("_")[0]):
            replace(TYPICAL, **{key: value})
