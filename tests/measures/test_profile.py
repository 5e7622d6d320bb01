"""The profile: percentiles in nation and state, the index and its rule of missing inputs, the tables that are written."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.indicators import (
    DEFINITIONS,
    INDICATOR_CATALOG,
    INDICATORS,
    PROFILE_LEVELS,
    STATE_POLICIES,
    Indicator,
)
from matcare.measures.indicator_values import indicator_values
from matcare.measures.profile import county_profile, indicator_catalog, indicator_table, level_indices, profile
from matcare.measures.state_policies import state_policies
from matcare.tables.snapshot import load_states
from matcare.tables.user_indicators import UserIndicators

LEVELS = list(PROFILE_LEVELS)


def entry(name, level, *, geography="county", direction="higher_is_worse", in_index=True):
    return Indicator(
        id=name,
        level=level,
        label=name,
        direction=direction,
        unit="",
        where="counties" if geography == "county" else "states",
        how="",
        geography=geography,
        in_index=in_index,
    )


def long(values, states):
    """Make values from {indicator: {county or state: value}}."""
    rows = [
        {
            "county_fips": place if len(place) == 5 else None,
            "state": states.get(place, place),
            "indicator": name,
            "value": value,
            "status": "not_reported" if np.isnan(value) else "reported",
        }
        for name, of_place in values.items()
        for place, value in of_place.items()
    ]
    return pd.DataFrame(rows).astype({"county_fips": "str"})


FIPS = [f"{38000 + number}" for number in range(1, 7)]
STATES = dict.fromkeys(FIPS[:5], "ND") | {FIPS[5]: "SD"}
COUNTIES = pd.DataFrame({"county_fips": FIPS, "state": [STATES[fips] for fips in FIPS]})
SMALL = (
    entry("a", LEVELS[0]),
    entry("b", LEVELS[0], direction="lower_is_worse"),
    entry("c", LEVELS[3], geography="state"),
)


def by_county(numbers):
    return dict(zip(FIPS, map(float, numbers), strict=True))


def test_percentiles_in_nation_and_state_and_their_reasons():
    values = long(
        {"a": by_county([1, 2, 3, 4, 5, 6]), "b": by_county([1, 2, 3, 4, 5, 6]), "c": {"ND": 1.0, "SD": 0.0}}, STATES
    )
    found = profile(values, SMALL).set_index(["indicator", "state", "county_fips"])
    assert found.loc["a"]["percentile_nation"].tolist() == [0, 20, 40, 60, 80, 100]
    assert found.loc["b"]["percentile_nation"].tolist() == [100, 80, 60, 40, 20, 0]
    assert found.loc[("a", "ND")]["percentile_state"].tolist() == [0, 25, 50, 75, 100]
    assert found.loc[("a", "SD")]["percentile_reason"].tolist() == ["too_few_counties"]
    assert found.loc["c"]["percentile_nation"].tolist() == [100, 0]
    assert set(found.loc["c"]["percentile_reason"]) == {"state_value"}
    assert found.loc["c"]["percentile_state"].isna().all()


def test_fewest_counties_of_a_state():
    values = long({"a": by_county([1, 2, 3, 4, 5, 6])}, STATES)
    assert profile(values, SMALL, fewest=6)["percentile_state"].isna().all()
    assert profile(values, SMALL, fewest=5)["percentile_state"].notna().sum() == 5


def test_one_state_among_the_nation():
    nation = long({"a": by_county([1, 2, 3, 4, 5, 6])}, STATES)
    one = nation[nation["state"] == "SD"]
    alone = profile(one, SMALL)
    assert alone["percentile_nation"].isna().all()
    assert alone["percentile_reason"].tolist() == ["no_reference"]
    assert profile(one, SMALL, reference=nation)["percentile_nation"].tolist() == [100]
    other = pd.concat([one, one.assign(indicator="b")], ignore_index=True)
    assert profile(other, SMALL, reference=nation)["percentile_reason"].tolist() == ["too_few_counties", "no_reference"]


def test_missing_values_have_no_percentile_and_are_counted():
    values = long({"a": by_county([1, np.nan, 3, 4, 5, np.nan])}, STATES)
    found = profile(values, SMALL)
    assert found["missing_share"].tolist() == pytest.approx([1 / 3] * 6)
    assert found["percentile_nation"].isna().tolist() == [False, True, False, False, False, True]
    assert found.loc[1, ["percentile_reason", "status"]].tolist() == ["no_value", "not_reported"]


FOUR = tuple(entry(f"x{number}", LEVELS[0]) for number in range(4)) + tuple(entry(level, level) for level in LEVELS[1:])


def indexed(matrix, definitions=FOUR, **options):
    names = [item.id for item in definitions]
    values = long({name: by_county(matrix[:, number]) for number, name in enumerate(names)}, STATES)
    return level_indices(profile(values, definitions), COUNTIES, definitions, **options)


def full():
    return np.tile(np.arange(6.0)[:, None], (1, len(FOUR)))


def test_the_index_is_the_mean_and_exactly_a_quarter_missing_is_still_shown():
    matrix = full()
    matrix[:, 1] = matrix[::-1, 1]
    whole = indexed(matrix)
    assert whole["profile_patient_family"].tolist() == pytest.approx([25, 35, 45, 55, 65, 75])
    assert whole["profile_overall"].tolist() == pytest.approx(
        [(25 + 0 * 3) / 4, 23.8, 41.2, 58.8, 76.2, 93.8], abs=0.06
    )
    assert set(whole["profile_missing"]) == {"none"}
    matrix[0, 0] = np.nan
    quarter = indexed(matrix)
    assert quarter.loc[0, "profile_patient_family"] == pytest.approx((100 + 0 + 0) / 3, abs=0.06)
    assert quarter.loc[0, "profile_missing"] == "x0"
    matrix[0, 1] = np.nan
    half = indexed(matrix)
    assert half.loc[0, ["profile_patient_family", "profile_overall"]].isna().all()
    assert half.loc[0, "profile_missing"] == "x0, x1; withheld: patient_family, overall"
    assert half["profile_patient_family"].notna().tolist() == [False, True, True, True, True, True]
    assert indexed(matrix, most_missing=0.5).loc[0, "profile_patient_family"] == 0
    assert indexed(matrix, most_missing=0.5).loc[0, "profile_missing"] == "x0, x1"


@settings(max_examples=25)
@given(st.integers(1, 12), st.data())
def test_withheld_exactly_when_more_than_a_quarter_is_missing(inputs, data):
    gone = data.draw(st.integers(0, inputs))
    definitions = tuple(entry(f"x{number}", LEVELS[2]) for number in range(inputs))
    matrix = np.tile(np.arange(6.0)[:, None], (1, inputs))
    matrix[2, :gone] = np.nan
    found = indexed(matrix, definitions)["profile_community"]
    assert bool(np.isnan(found[2])) == (4 * gone > inputs)
    assert found.drop(2).notna().all()


@settings(max_examples=12)
@given(st.lists(st.lists(st.floats(0, 100), min_size=len(FOUR), max_size=len(FOUR)), min_size=6, max_size=6))
def test_indices_lie_between_their_inputs_and_flip_with_direction(rows):
    matrix = np.array(rows)
    up = indexed(matrix)
    columns = [f"profile_{level}" for level in LEVELS]
    assert up[columns].to_numpy().min() >= 0
    assert up[columns].to_numpy().max() <= 100
    assert (up["profile_overall"] <= up[columns].max(axis=1) + 0.06).all()
    assert (up["profile_overall"] >= up[columns].min(axis=1) - 0.06).all()
    flipped = tuple(dataclasses.replace(item, direction="lower_is_worse") for item in FOUR)
    down = indexed(matrix, flipped)
    assert (up[columns] + down[columns]).to_numpy() == pytest.approx(100, abs=0.11)


def test_a_worse_value_never_lowers_the_countys_index():
    matrix = full()
    before = indexed(matrix).loc[2, "profile_patient_family"]
    matrix[2, 0] = 99.0
    assert indexed(matrix).loc[2, "profile_patient_family"] > before


def test_only_inputs_count():
    aside = (*FOUR, entry("aside", LEVELS[0], in_index=False))
    matrix = np.column_stack([full(), np.full(6, np.nan)])
    pd.testing.assert_frame_equal(indexed(matrix, aside), indexed(full()))


# ------------------------------------------------------------------------------------------------- real tables


@pytest.fixture(scope="module")
def made():
    """Four states' counties with every column that the profile reads."""
    generator = np.random.default_rng(7)
    fips = [f"{state}{number:03d}" for state in ("38", "46", "09", "72") for number in range(1, 15, 2)]
    postal = {"38": "ND", "46": "SD", "09": "CT", "72": "PR"}
    counties = pd.DataFrame({"county_fips": fips, "state": [postal[code[:2]] for code in fips]})
    own = pd.DataFrame({"county_fips": fips})
    for item in DEFINITIONS:
        if item.where == "counties" and item.id != "birth_units_per_10000_births":  # the measure's own
            counties[item.column] = generator.random(len(fips))
        elif item.where == "county_indicators":
            own[item.column] = generator.random(len(fips))
    counties["birth_hospitals"], counties["birth_centers"] = 1, 0
    counties["births_per_year"] = [0.0, 500.0, *[1000.0] * (len(fips) - 2)]
    counties["births_per_year_status"] = "census_estimate"
    counties.loc[0, "clinicians_per_10000_births"] = np.nan
    counties.loc[1, "minutes_birth_care"] = np.nan
    for name in ("share_women_uninsured", "share_low_birthweight"):
        counties[f"{name}_status"] = "estimated" if "uninsured" in name else "reported"
    own["share_preterm"] = own["share_preterm"].mask(own.index == 3)
    for name in ("share_low_birthweight_7_years", "share_preterm", "share_very_low_birthweight"):
        own[f"{name}_status"] = np.where(own[name].isna(), "suppressed", "reported")
    own["share_women_ages_status"] = "estimated"
    states = pd.DataFrame(
        {
            "state": ["ND", "SD", "CT", "PR", "US"],
            "share_women_uninsured": [0.1, 0.2, 0.05, np.nan, 0.1],
            "share_births_medicaid": [0.3, 0.4, 0.35, np.nan, 0.4],
            "medicaid_expansion": ["adopted", "adopted", "adopted", None, None],
            "medicaid_expansion_date": ["2014-01-01", "2023-07-01", "2014-01-01", None, None],
            "medicaid_postpartum_12_months": ["yes", "yes", "no", None, None],
            "paid_family_leave_from": [None, None, "2022-01-01", None, None],
            "policy_note": ["", "expansion date: from memory, unverified", "", "", ""],
        }
    )
    measure = pd.DataFrame(
        [
            {"state": state, "indicator": item.id, "year": year, "value": value, "status": status}
            for item in DEFINITIONS
            if item.where == "state_indicators"
            for state in ("ND", "SD", "CT", "US")
            for year, value, status in (
                (2021, 0.2, "reported"),
                (2022, 0.3, "reported"),
                (2023, 0.3, "carried_forward"),
            )
        ]
    )
    return counties, own, states, measure


AS_OF = dt.date(2026, 8, 1)


@pytest.fixture(scope="module")
def snapshot_states():
    return load_states()


@pytest.fixture(scope="module")
def values(made):
    return indicator_values(*made, as_of=AS_OF)


def of(values, indicator, place):
    rows = values[values["indicator"] == indicator]
    hit = (rows["county_fips"] == place) if len(place) == 5 else (rows["state"] == place)
    return rows.loc[hit, ["value", "status"]].iloc[0].tolist()


def test_every_place_has_a_row_of_every_indicator(made, values):
    counties = made[0]
    for item in DEFINITIONS:
        rows = values[values["indicator"] == item.id]
        if item.gap:
            assert rows.empty
        elif item.geography == "county":
            assert rows["county_fips"].tolist() == counties["county_fips"].tolist()
        else:
            assert rows["county_fips"].isna().all()
            assert {"ND", "SD", "CT", "PR"} <= set(rows["state"])
            assert "US" not in set(rows["state"])


def test_standing_of_the_values(values):
    assert of(values, "birth_units_per_10000_births", "38003") == [20, "computed"]
    assert of(values, "birth_units_per_10000_births", "38001")[1] == "no_births"
    assert of(values, "clinicians_per_10000_births", "38001")[1] == "no_births"
    assert of(values, "minutes_birth_care", "38003")[1] == "withheld"
    assert of(values, "share_preterm", "38007")[1] == "suppressed"
    assert of(values, "share_women_uninsured", "38003")[1] == "estimated"
    assert of(values, "share_women_15_19", "38003")[1] == "estimated"
    assert of(values, "wic_coverage", "ND") == [0.3, "reported"]
    assert of(values, "wic_coverage", "PR")[1] == "not_reported"


def test_policies_are_in_force_on_the_runs_day(made, values):
    assert of(values, "paid_family_leave", "CT") == [1, "from_memory"]
    assert of(values, "paid_family_leave", "ND") == [0, "from_memory"]
    assert of(values, "paid_family_leave", "PR")[1] == "not_reported"
    assert of(values, "medicaid_expansion", "SD") == [1, "from_memory"]
    assert of(values, "medicaid_expansion", "ND") == [1, "reported"]
    assert of(values, "medicaid_postpartum_12_months", "CT") == [0, "from_memory"]
    before = indicator_values(*made, as_of=dt.date(2021, 12, 31))
    assert of(before, "paid_family_leave", "CT")[0] == 0
    assert of(before, "medicaid_expansion", "SD")[0] == 0
    assert of(before, "medicaid_expansion", "ND")[0] == 1


def test_policies_with_their_dates(made, snapshot_states):
    table = STATE_POLICIES.validate(state_policies(made[2], as_of=AS_OF)).set_index(["state", "policy"])
    assert table.loc[("CT", "paid_family_leave"), ["in_force", "from_date"]].tolist() == [True, "2022-01-01"]
    assert table.loc[("PR", "paid_family_leave"), "status"] == "not_reported"
    real = STATE_POLICIES.validate(state_policies(snapshot_states, as_of=AS_OF)).set_index(["state", "policy"])
    # Benefits in Maryland begin in 2028: a date, and not in force.
    assert real.loc[("MD", "paid_family_leave"), ["in_force", "from_date"]].tolist() == [False, "2028-01-01"]
    later = state_policies(snapshot_states, as_of=dt.date(2028, 1, 1)).set_index(["state", "policy"])
    assert later.loc[("MD", "paid_family_leave"), "in_force"]
    assert real.loc[("TX", "medicaid_expansion"), "in_force"] == False  # noqa: E712 - not missing, and not in force
    assert len(real) == 3 * 52


def test_the_year_that_is_not_carried_forward_is_taken(made):
    counties, own, states, measure = made
    later = measure.assign(value=measure["value"].mask(measure["year"] == 2023, 0.9))
    assert of(indicator_values(counties, own, states, later, as_of=AS_OF), "wic_coverage", "ND")[0] == 0.3
    fresh = later.assign(status="reported")
    assert of(indicator_values(counties, own, states, fresh, as_of=AS_OF), "wic_coverage", "ND")[0] == 0.9


def test_what_a_user_brought(made):
    brought = UserIndicators(
        values=pd.DataFrame(
            {
                "county_fips": ["38001", "99999"],
                "indicator": "share_people_food_insecure",
                "value": [0.2, 0.5],
                "status": "user_reported",
            }
        ),
        notes=[],
    )
    values = indicator_values(*made, as_of=AS_OF, supplied=[brought.values])
    rows = values[values["indicator"] == "share_people_food_insecure"].set_index("county_fips")
    assert len(rows) == len(made[0])
    assert rows.loc["38001", ["value", "status"]].tolist() == [0.2, "user_reported"]
    assert set(rows["status"].drop("38001")) == {"not_reported"}


def test_an_absent_column_is_refused_or_left_out(made):
    counties, *rest = made
    few = counties.drop(columns=["minutes_neonatal_3_plus_or_nicu", "birth_centers"])
    with pytest.raises(KeyError):
        indicator_values(few, *rest, as_of=AS_OF)
    ids = set(indicator_values(few, *rest, as_of=AS_OF, leave_out_absent=True)["indicator"])
    whole = set(indicator_values(counties, *rest, as_of=AS_OF)["indicator"])
    assert whole - ids == {"minutes_neonatal_3_plus_or_nicu", "birth_units_per_10000_births"}


def test_written_tables_keep_their_contracts(values):
    profiled = profile(values)
    table = INDICATORS.validate(indicator_table(profiled))
    absent = values["county_fips"].isna() & ~values["state"].isin(["ND", "SD", "CT", "PR"])
    assert len(table) == len(values) - absent.sum()
    assert set(table["state"]) == {"ND", "SD", "CT", "PR"}, "a state without a county in the run has no row"
    assert (table["value"].dropna().round(4) == table["value"].dropna()).all()
    catalog = INDICATOR_CATALOG.validate(indicator_catalog(profiled)).set_index("indicator")
    assert len(catalog) == len(DEFINITIONS)
    assert catalog.loc["share_people_food_insecure", "missing_share"] == 1
    assert catalog.loc["share_preterm", "missing_share"] == pytest.approx(1 / 28, abs=1e-4)
    assert catalog["gap"].sum() == sum(item.gap for item in DEFINITIONS)


def test_a_countys_profile_holds_its_states_values(values):
    found = county_profile(profile(values), "46003")
    assert found["indicator"].nunique() == len(found) == sum(not item.gap for item in DEFINITIONS)
    assert list(dict.fromkeys(found["level"])) == LEVELS
    assert of(found, "medicaid_expansion", "SD") == [1, "from_memory"]
    with pytest.raises(KeyError):
        county_profile(profile(values), "01001")


def test_a_users_indicator_can_be_an_input(made):
    brought = pd.DataFrame({"county_fips": made[0]["county_fips"], "indicator": "share_people_food_insecure"})
    brought = brought.assign(value=np.linspace(0, 1, len(brought)), status="user_reported")
    values = indicator_values(*made, as_of=AS_OF, supplied=[brought])
    plain = level_indices(profile(values, fewest_in_nation=2), made[0])
    mine = tuple(
        dataclasses.replace(item, in_index=item.in_index or item.id == "share_people_food_insecure")
        for item in DEFINITIONS
    )
    changed = level_indices(profile(values, mine, fewest_in_nation=2), made[0], mine)
    assert not changed["profile_community"].equals(plain["profile_community"])
    assert changed["profile_patient_family"].equals(plain["profile_patient_family"])


def test_three_counties_of_a_users_are_no_nation(made):
    brought = pd.DataFrame({"county_fips": made[0]["county_fips"], "indicator": "share_people_food_insecure"})
    brought = brought.assign(value=np.linspace(0, 1, len(brought)), status="user_reported")
    values = indicator_values(*made, as_of=AS_OF, supplied=[brought])
    own = profile(values).query("indicator == 'share_people_food_insecure'")
    assert own["percentile_nation"].isna().all()
    assert (own["percentile_reason"] == "no_reference").all()
    ranked = profile(values, fewest_in_nation=2).query("indicator == 'share_people_food_insecure'")
    assert ranked["percentile_nation"].max() == 100
