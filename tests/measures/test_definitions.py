"""Definitions side by side: each against its own rule, cells that add up, kappa against an implementation of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.definitions import DEFINITION_AGREEMENT, DEFINITION_CELLS, DEFINITION_COLUMNS, DEFINITIONS
from matcare.contracts.model import Table
from matcare.errors import InputError
from matcare.measures.definitions import (
    LOWEST,
    MARCH_OF_DIMES_EDITIONS,
    TARGET,
    compare_definitions,
    definition_agreement,
    definition_cells,
    definition_columns,
)
from matcare.scenario import Rule

NAN = float("nan")
LIMITED = "march_of_dimes_limited_access"


def counties(**columns):
    """Six counties in two states: desert, low, moderate, full, unknown uninsured, no demand points."""
    frame = {
        "county_fips": ["38001", "38003", "38005", "46001", "46003", "46005"],
        "county_name": list("ABCDEF"),
        "state": ["ND"] * 3 + ["SD"] * 3,
        "birth_hospitals": [0, 1, 1, 3, 1, 0],
        "birth_centers": 0,
        "obgyns": [0.0, 1.0, 1.0, 9.0, 1.0, NAN],
        "midwives": 0.0,
        "births_per_year": [100.0, 400.0, 500.0, 900.0, 400.0, NAN],
        "women_15_44": [1000.0, 4000.0, 5000.0, 9000.0, 4000.0, 10.0],
        "share_women_uninsured": [0.05, 0.2, 0.05, 0.05, NAN, 0.2],
        "share_women_within_30_birth_care": [0.2, 0.9, 0.5, 1.0, 0.4, NAN],
        "share_women_within_60_birth_care": [0.5, 1.0, 1.0, 1.0, 0.9, NAN],
    }
    return pd.DataFrame({**frame, **columns})


def scores(values, status="reported"):
    return pd.DataFrame({"county_fips": counties()["county_fips"], "mcta_score": values, "mcta_status": status})


def answers(definitions, name):
    return [None if pd.isna(met) else bool(met) for met in definitions.met[name]]


def test_each_definition_by_its_own_rule():
    lowest = pd.Series([True, False], index=["38001", "38003"])
    mcta = scores([20, 10, 16, NAN, 15.9, NAN])
    mcta["mcta_status"] = ["reported", "reported", "reported", "none", "reported", "not_reported"]
    found = compare_definitions(counties(), catchment_lowest_tenth=lowest, mcta_score=mcta, mcta_threshold=16)
    assert answers(found, "march_of_dimes_desert") == [True, False, False, False, False, None]
    assert answers(found, LIMITED) == [True, True, False, False, None, None]
    assert answers(found, "drive_time_desert_30") == [True, False, True, False, True, None]
    assert answers(found, "drive_time_desert_60") == [True, False, False, False, False, None]
    assert answers(found, LOWEST) == [True, False, None, None, None, None]
    assert answers(found, TARGET) == [True, False, True, False, False, None]
    assert found.reason[TARGET].tolist() == ["decided"] * 5 + ["not_supplied"]
    assert found.reason["drive_time_desert_30"].iloc[-1] == "no_demand_points"
    long = DEFINITIONS.validate(found.long())
    assert len(long) == 6 * 6
    assert (
        long.loc[(long["county_fips"] == "46003") & (long["definition"] == "drive_time_desert_30"), "value"].item()
        == 0.4
    )
    for name in found.met:
        mine = long[long["definition"] == name].set_index("county_fips")["met"]
        assert mine.equals(found.met[name].rename("met"))


def test_a_lowest_tenth_is_never_called_a_desert():
    lowest = pd.Series(data=True, index=counties()["county_fips"])
    found = compare_definitions(counties(), catchment_lowest_tenth=lowest)
    assert found.kind[LOWEST] == "lowest_tenth"
    assert "never a desert" in found.words[LOWEST]
    with_it, without = definition_columns(found), definition_columns(compare_definitions(counties()))
    assert with_it["desert_definitions_met"].equals(without["desert_definitions_met"])
    assert (with_it["access_definitions_met"] == without["access_definitions_met"] + 1).all()


def test_editions_of_the_same_thresholds_are_one_and_others_are_apart():
    one = compare_definitions(counties())
    assert LIMITED in one.met
    assert sum(name.startswith(LIMITED) for name in one.met) == 1
    assert "2020, 2022, 2024" in one.words[LIMITED]
    strict = Rule(name="another", full_access_clinicians=150, full_access_units=9)
    two = compare_definitions(counties(), editions=[*MARCH_OF_DIMES_EDITIONS, strict])
    assert f"{LIMITED}_2" in two.met
    with pytest.raises(InputError, match="at least one"):
        compare_definitions(counties(), editions=[])


def test_own_rule_and_majority_change_the_result():
    base = compare_definitions(counties())
    own = compare_definitions(counties(), own=Rule(name="mine", uninsured_high=0.04))
    assert answers(own, "own_limited_access") == [True, True, True, False, None, None]
    assert "own_limited_access" not in base.met
    assert base.met["march_of_dimes_desert"].equals(own.met["march_of_dimes_desert"])  # thresholds do not decide it
    strict = compare_definitions(counties(), majority=0.8)
    assert answers(strict, "drive_time_desert_30") == [True, False, False, False, False, None]
    assert "80 %" in strict.words["drive_time_desert_30"]


@pytest.mark.parametrize("threshold", [None, -1, 26, NAN])
def test_scores_need_a_threshold(threshold):
    with pytest.raises(InputError, match="MCTA"):
        compare_definitions(counties(), mcta_score=scores([1.0] * 6), mcta_threshold=threshold)


def test_threshold_changes_the_result_and_no_score_is_unknown():
    low = compare_definitions(counties(), mcta_score=scores([5.0] * 5 + [NAN], "no_score"), mcta_threshold=5)
    assert answers(low, TARGET) == [True] * 5 + [None]
    assert low.reason[TARGET].iloc[-1] == "no_score"
    high = compare_definitions(counties(), mcta_score=scores([5.0] * 6), mcta_threshold=6)
    assert answers(high, TARGET) == [False] * 6


def test_columns_count_met_and_unknown():
    columns = definition_columns(compare_definitions(counties()))
    Table(name="c", title="", description="", columns=DEFINITION_COLUMNS).validate(columns.reset_index())
    assert columns["desert_definitions_met"].tolist() == [3, 0, 1, 0, 1, 0]
    assert columns["desert_definitions_unknown"].tolist() == [0, 0, 0, 0, 0, 3]
    assert columns["access_definitions_met"].tolist() == [4, 1, 1, 0, 1, 0]
    assert columns["access_definitions"].iloc[2] == "drive_time_desert_30"
    assert columns["access_definitions"].iloc[3] == "none"
    assert "unknown: march_of_dimes_limited_access" in columns["access_definitions"].iloc[4]


def test_cells_add_up_and_hold_each_combination_once():
    frame = counties()
    cells = DEFINITION_CELLS.validate(definition_cells(compare_definitions(frame)))
    for scope, place, here in (
        ("area", "area", frame["state"].notna()),
        ("state", "ND", frame["state"] == "ND"),
        ("state", "SD", frame["state"] == "SD"),
    ):
        own = cells[(cells["scope"] == scope) & (cells["place"] == place)]
        assert own["counties"].sum() == here.sum()
        assert own["women_15_44"].sum() == frame.loc[here, "women_15_44"].sum()
        assert own["births_per_year"].sum() == frame.loc[here, "births_per_year"].sum()
        assert own["share_women"].sum() == pytest.approx(1)
    south = cells[cells["place"] == "SD"]
    assert south["counties_without_births"].sum() == 1
    row = south[south["met"] == "drive_time_desert_30"].iloc[0]
    assert (row["counties"], row["women_15_44"], row["unknown"]) == (1, 4000, LIMITED)


def kappa_by_hand(a, b, w):
    """Cohen's kappa from its textbook form: observed and chance agreement over the categories."""
    total = sum(w)
    observed = sum(k for x, y, k in zip(a, b, w, strict=True) if x == y) / total
    chance = sum(
        (sum(k for x, k in zip(a, w, strict=True) if x == value) / total)
        * (sum(k for y, k in zip(b, w, strict=True) if y == value) / total)
        for value in (True, False)
    )
    return (observed - chance) / (1 - chance)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 500)), min_size=2, max_size=12))
def test_kappa_agrees_with_the_textbook(rows):
    n = len(rows)
    frame = pd.DataFrame(
        {
            "county_fips": [f"38{i:03d}" for i in range(n)], "county_name": "x", "state": "ND", "birth_hospitals": 2,
            "birth_centers": 0, "obgyns": 1.0, "midwives": 0.0, "births_per_year": 100.0, "share_women_uninsured": 0.1,
            "share_women_within_30_birth_care": [min(a, b) for a, b, _ in rows],
            "share_women_within_60_birth_care": [max(a, b) for a, b, _ in rows], "women_15_44": [float(w) for *_, w in rows],
        }
    )  # fmt: skip
    found = compare_definitions(frame)
    table = DEFINITION_AGREEMENT.validate(definition_agreement(found))
    pair = table[
        (table["scope"] == "area")
        & (table["first"] == "drive_time_desert_30")
        & (table["second"] == "drive_time_desert_60")
    ].iloc[0]
    a, b = (answers(found, f"drive_time_desert_{limit}") for limit in (30, 60))
    weights = frame["women_15_44"].tolist()
    assert pair["counties"] == n
    assert pair["counties_second_only"] == 0  # beyond 60 is beyond 30
    agree = sum(w for x, y, w in zip(a, b, weights, strict=True) if x == y) / sum(weights)
    assert pair["share_women_agree"] == pytest.approx(agree)
    if len({*a, *b}) == 1:
        assert pair["status"] == "no_variation"
        assert np.isnan(pair["kappa_counties"])
    else:
        assert pair["status"] == "given"
        assert pair["kappa_counties"] == pytest.approx(kappa_by_hand(a, b, [1] * n), abs=1e-9)
        assert pair["kappa_women"] == pytest.approx(kappa_by_hand(a, b, weights), abs=1e-9)


def test_kappa_agrees_with_statsmodels():
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    rng = np.random.default_rng(5)
    frame = pd.concat([counties()] * 5, ignore_index=True)
    frame["county_fips"] = [f"38{i:03d}" for i in range(len(frame))]
    frame["share_women_within_30_birth_care"] = rng.random(len(frame))
    frame["share_women_within_60_birth_care"] = rng.random(len(frame))
    table = definition_agreement(compare_definitions(frame))
    row = table[(table["scope"] == "area") & (table["first"] == "drive_time_desert_30")].iloc[0]
    for unit in ("counties", "women"):
        cells = [[row[f"{unit}_both"], row[f"{unit}_first_only"]], [row[f"{unit}_second_only"], row[f"{unit}_neither"]]]
        assert row[f"kappa_{unit}"] == pytest.approx(inter_rater.cohens_kappa(np.array(cells, float)).kappa)


def test_counties_where_one_is_unknown_are_not_compared():
    table = definition_agreement(compare_definitions(counties()))
    row = table[
        (table["scope"] == "area") & (table["first"] == "march_of_dimes_desert") & (table["second"] == LIMITED)
    ].iloc[0]
    assert row["counties"] == 4
    assert row["women_both"] == 1000
