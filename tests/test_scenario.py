"""Scenarios: states however they are written, TOML, and what is refused."""

from __future__ import annotations

import pytest

from matcare.errors import InputError
from matcare.scenario import Rule, Scenario


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
