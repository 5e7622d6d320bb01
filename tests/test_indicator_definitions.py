"""The profile's definitions: complete, consistent, and nothing in the index that should not be."""

from __future__ import annotations

import dataclasses

import pytest

from matcare.contracts import COUNTY_RESULTS, STATES_TABLE
from matcare.contracts.indicators import (
    COUNTY_INDICATORS,
    DEFINITIONS,
    NICU_SUPPORTS,
    PROFILE_LEVELS,
    definition,
)
from matcare.sources.catalog import CATALOG

RACE = {"share_white", "share_black", "share_hispanic", "share_aian", "share_asian", "share_nhopi", "share_two_or_more"}


def test_every_value_has_a_place_to_come_from():
    columns = {
        "counties": {*COUNTY_RESULTS.names, "birth_units_per_10000_births"},
        "county_indicators": set(COUNTY_INDICATORS.names),
        "states": set(STATES_TABLE.names) | {"paid_family_leave"},
    }
    for entry in DEFINITIONS:
        if entry.where in columns:
            assert entry.column in columns[entry.where], entry.id
        assert entry.geography == ("state" if entry.where in {"states", "state_indicators"} else "county"), entry.id


def test_every_source_is_in_the_catalog():
    for entry in DEFINITIONS:
        if not entry.gap and entry.source != "computed":
            assert all(source in CATALOG for source in entry.source.split(", ")), entry.id


def test_each_level_has_at_least_three_inputs_that_have_a_direction_and_are_no_gap():
    inputs = [entry for entry in DEFINITIONS if entry.in_index]
    for level in PROFILE_LEVELS:
        assert sum(entry.level == level for entry in inputs) >= 3, level
    assert all(entry.direction != "context" and not entry.gap for entry in inputs)


def test_outcomes_modelled_rates_and_race_are_no_indicators():
    ids = {entry.id for entry in DEFINITIONS} | {entry.column for entry in DEFINITIONS}
    assert not {name for name in ids if name.startswith("imr") or "mortality" in name.lower()}
    assert not ids & RACE
    assert set(COUNTY_INDICATORS.names) >= RACE


def test_the_gaps_of_nicu_support_are_named_after_the_columns_of_the_facility_table():
    for support in NICU_SUPPORTS:
        assert definition(f"share_women_{support}").gap


def test_a_wrong_definition_is_refused():
    entry = definition("share_preterm")
    with pytest.raises(ValueError, match="direction 'up' is none of"):
        dataclasses.replace(entry, direction="up")
    with pytest.raises(ValueError, match="cannot be in the index"):
        dataclasses.replace(entry, direction="context")
    with pytest.raises(KeyError):
        definition("imr")
