"""Scenarios: states however they are written, TOML, and what is refused."""

from __future__ import annotations

import json

import pytest

from matcare.errors import InputError
from matcare.scenario import Adjustment, Closure, Profile, Rule, Scenario


def test_states_are_canonised_and_sorted():
    assert Scenario(states=("sd", "North Dakota", "27", "ND")).states == ("MN", "ND", "SD")
    assert Scenario(states=("sd", "nd")).region == "nd-sd"
    assert Scenario().region == "us"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"states": ("Dakota",)}, "unknown state 'Dakota'"),
        ({"birth_care_tiers": ("sure",)}, "unknown obstetric evidence tier 'sure'"),
        ({"birth_care_tiers": ()}, "name at least one"),
        ({"search_limit_minutes": 0}, "above 0"),
        ({"search_limit_minutes": float("nan")}, "above 0"),
        ({"facilities_only": True}, "needs --facilities"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        Scenario(**options)


@pytest.mark.parametrize(
    "thresholds",
    [{"full_access_units": 0}, {"full_access_clinicians": 0}, {"uninsured_high": 1.2}, {"uninsured_high": 10}],
)
def test_a_rule_with_senseless_thresholds_is_refused(thresholds):
    with pytest.raises(InputError):
        Rule(**thresholds)


def test_from_toml(tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_text(
        'states = ["ND", "Minnesota"]\ncorrections = "units.csv"\nbirth_care_tiers = ["corroborated"]\n'
        '[rule]\nname = "ours"\nuninsured_high = 0.08\n'
    )
    scenario = Scenario.from_toml(path)
    assert scenario.states == ("MN", "ND")
    assert scenario.corrections == tmp_path / "units.csv"
    assert scenario.rule == Rule(name="ours", uninsured_high=0.08)
    assert scenario.birth_care_tiers == ("corroborated",)
    assert scenario.as_dict()["corrections"] == "units.csv"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stats = ['ND']", "unknown key 'stats'"),
        ("[rule]\nunits = 2", r"unknown key 'units' in \[rule\]"),
        ("states = ", "not a readable TOML file"),
        ("states = 'ND'", "states"),
        ("search_limit_minutes = 'far'", "search_limit_minutes"),
    ],
)
def test_a_wrong_scenario_file_is_told(tmp_path, text, message):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        Scenario.from_toml(tmp_path / "s.toml")


PROFILE = """
name = "made"
other_km_per_h = [50, 30]
local_km_per_h = [40, 20]
detour_factor = 1.3
end_minutes = [1, 1]
density_midpoint_per_km2 = 500
density_exponent = 1
density_kernel_km = 2
[km_per_h]
motorway = [100, 80]
[[adjustment]]
name = "snow"
speed_factor = 0.5
states = ["sd", "North Dakota"]
classes = ["motorway", "motorway"]
[[closed]]
name = "bridge"
edges = [[46.8, -100.8]]
[provenance]
made = 2026-01-02
"""


def test_a_profile_is_a_value_that_goes_into_run_json():
    profile = Profile.from_text(PROFILE)
    assert profile == Profile.from_text(PROFILE.replace("2026-01-02", "2026-01-03"))  # no number depends on it
    assert profile.adjustments == (
        Adjustment(name="snow", speed_factor=0.5, states=("ND", "SD"), classes=("motorway",)),
    )
    assert profile.closures == (Closure(name="bridge", edges=((46.8, -100.8),)),)
    written = json.loads(json.dumps(profile.as_dict(), allow_nan=False))
    assert written["adjustments"][0]["states"] == ["ND", "SD"]
    assert written["closures"][0]["edges"] == [[46.8, -100.8]]
    assert written["closures"][0]["polygon"] is None
    assert written["provenance"] == {"made": "2026-01-02"}
    with pytest.raises(TypeError):
        profile.km_per_h["motorway"] = (1.0, 1.0)


@pytest.mark.parametrize("key", ["facilities", "corrections", "women_by_race", "indicators"])
def test_a_file_named_by_nothing_is_told(tmp_path, key):
    (tmp_path / "s.toml").write_text(f'{key} = ""\n')
    with pytest.raises(InputError, match=f"{key} is empty; name a file, or leave the key out"):
        Scenario.from_toml(tmp_path / "s.toml")


def test_exports_are_taken_from_the_folder_of_the_scenario(tmp_path):
    (tmp_path / "s.toml").write_text('outcomes = ["linked.txt", "more.txt"]\nseed = 7\n')
    scenario = Scenario.from_toml(tmp_path / "s.toml")
    assert scenario.outcomes == (tmp_path / "linked.txt", tmp_path / "more.txt")
    assert scenario.as_dict()["outcomes"] == ["linked.txt", "more.txt"]
    assert scenario.seed == 7
    with pytest.raises(InputError, match="whole number from 0"):
        Scenario(seed=2**32)
