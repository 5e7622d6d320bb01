"""Outcomes by desert class and band: groups, the published rates, and estimates of whole classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.desert_outcomes import DESERT_OUTCOMES
from matcare.measures.desert_outcomes import NO_MINUTES, desert_outcomes, partly_published_counties
from matcare.measures.pooled import pooled_rates
from matcare.measures.rates import infant_mortality


def made(seed=0, *, desert=0.008, full=0.0055, phi=0.03, n=600):
    """Counties of twelve states, deserts small and far, published from 20 deaths on."""
    rng = np.random.default_rng(seed)
    is_desert = rng.random(n) < 0.5
    annual = np.where(is_desert, rng.lognormal(5.2, 0.7, n), rng.lognormal(6.6, 1.1, n)).round() + 10
    births = (annual * 7).round()
    true = np.where(is_desert, desert, full) * (rng.gamma(1 / phi, phi, n) if phi else 1)
    deaths = rng.poisson(births * true).astype(float)
    published = deaths >= 20
    minutes = np.where(is_desert, rng.uniform(31, 60, n), rng.uniform(0, 30, n)).round(1)
    counties = pd.DataFrame(
        {
            "county_fips": [f"{i:05d}" for i in range(n)],
            "outcome_period": "2017-2023",
            "state": np.array([f"S{i}" for i in range(12)])[rng.integers(0, 12, n)],
            "births_per_year": annual,
            "imr_status": np.where(published, "published", "suppressed"),
            "infant_deaths": np.where(published, deaths, np.nan),
            "live_births": np.where(published, births, np.nan),
            "march_of_dimes_class": np.where(is_desert, "desert", "full"),
            "drive_time_desert_30": pd.array(is_desert, dtype="boolean"),
            "drive_time_desert_60": pd.array([False] * n, dtype="boolean"),
            "minutes_birth_care": minutes,
            "minutes_neonatal_3_plus": minutes * 2,
        }
    )
    whole = pd.DataFrame({"state": counties["state"], "infant_deaths": deaths, "live_births": births})
    states = whole.groupby("state", as_index=False).sum()
    states.loc[len(states)] = ["US", deaths.sum(), births.sum()]
    states["outcome_status"] = "published"
    return counties, states, deaths, births, true


def row(table, grouping="march_of_dimes_class", group="desert"):
    return table[(table["grouping"] == grouping) & (table["group"] == group)].iloc[0]


def test_bands_are_closed_above_and_every_county_has_one():
    counties, states, *_ = made(n=120)
    counties.loc[:6, "minutes_birth_care"] = [0, 15, 15.1, 30, 60, 60.1, np.nan]
    counties.loc[7:, "minutes_birth_care"] = 20.0
    found = desert_outcomes(counties, states)
    bands = found[found["grouping"] == "minutes_birth_care"].set_index("group")["counties"].to_dict()
    assert bands == {"0-15": 2, "15-30": 115, "30-60": 1, "over 60": 1, NO_MINUTES: 1}
    assert (found.groupby("grouping")["counties"].sum() == 120).all()


def test_published_part_is_the_rule_and_the_figures_of_pooled_rates():
    counties, states, *_ = made()
    counties.loc[counties["infant_deaths"].idxmax(), "imr_status"] = "apportioned"
    found = DESERT_OUTCOMES.validate(desert_outcomes(counties, states))
    pooled = pooled_rates(counties, states)
    both = found.merge(pooled, on=["grouping", "group"], suffixes=("", "_pooled"), validate="one_to_one")
    assert len(both) >= 4
    for one, other in (
        ("imr_published", "imr"),
        ("imr_published_low", "imr_low"),
        ("infant_deaths", "infant_deaths_pooled"),
    ):
        np.testing.assert_allclose(both[one].astype(float), both[other].astype(float))
    assert (both["status_published"] == both["status"]).all()
    assert (
        both["counties_apportioned"].sum() == 2 * (both["grouping"] == "march_of_dimes_class").sum()
        or both["counties_apportioned"].max() == 1
    )


def test_a_whole_class_is_nearer_the_truth_than_its_published_counties():
    gains, covered, ratios = [], [], []
    for seed in range(6):
        counties, states, _, births, true = made(seed)
        found = row(desert_outcomes(counties, states))
        here = (counties["march_of_dimes_class"] == "desert").to_numpy()
        truth = 1000 * (births * true)[here].sum() / births[here].sum()
        gains.append(abs(found["imr_published"] - truth) - abs(found["imr_class"] - truth))
        covered.append(found["imr_class_low"] <= truth <= found["imr_class_high"])
        full = 1000 * (births * true)[~here].sum() / births[~here].sum()
        ratios.append(found["rate_ratio_low"] <= truth / full <= found["rate_ratio_high"])
        assert found["imr_published"] > truth, "those published are its worst"
    assert min(gains) > 0
    assert sum(covered) >= 5
    assert sum(ratios) >= 5


def test_deaths_of_the_classes_add_up_to_the_states():
    counties, states, deaths, births, _ = made(3)
    found = desert_outcomes(counties, states)
    part = found[found["grouping"] == "march_of_dimes_class"].set_index("group")
    data, member = partly_published_counties(counties, states)
    assert len(member) == len(counties)
    assert data.births.sum() == pytest.approx(births.sum())
    estimated = sum(
        part.loc[name, "imr_class"] / 1000 * data.births[(counties["march_of_dimes_class"] == name).to_numpy()].sum()
        for name in ("desert", "full")
    )
    assert estimated == pytest.approx(deaths.sum(), rel=1e-6)


def test_where_all_is_published_the_class_is_the_pooled_rate_with_nchs_width():
    counties, states, deaths, births, _ = made(1)
    counties = counties.assign(imr_status="published", infant_deaths=np.maximum(deaths, 20), live_births=births)
    found = row(desert_outcomes(counties, states.assign(infant_deaths=np.nan, live_births=np.nan)))
    assert found["imr_class"] == pytest.approx(found["imr_published"])
    here = (counties["march_of_dimes_class"] == "desert").to_numpy()
    rse = infant_mortality([np.maximum(deaths, 20)[here].sum()], [births[here].sum()])["rse"].iloc[0] / 100
    assert np.log(found["imr_class_high"] / found["imr_class_low"]) == pytest.approx(2 * 1.96 * rse)
    assert found["share_births_informative"] == 1


def test_modelled_means_suppressed_and_no_modelled_number_enters():
    counties, states, *_ = made()
    one = desert_outcomes(counties, states)
    modelled = counties.assign(imr_status=counties["imr_status"].replace("suppressed", "modelled"), imr_modelled=99.0)
    pd.testing.assert_frame_equal(desert_outcomes(modelled, states), one)


def test_state_totals_and_the_limit_of_suppression_each_change_the_estimate():
    counties, states, *_ = made()
    one = row(desert_outcomes(counties, states))
    alone = row(desert_outcomes(counties, states.assign(infant_deaths=np.nan, live_births=np.nan)))
    assert alone["status_class"] == "model_dependent"
    assert alone[["imr_class_low", "imr_class_high", "rate_ratio_low", "rate_ratio_high"]].isna().all()
    assert alone["imr_class"] != one["imr_class"]
    assert alone["rate_ratio"] > 1
    lower = row(desert_outcomes(counties, states, most_suppressed_deaths=25))
    assert abs(lower["imr_class"] - one["imr_class"]) > 0.01


def test_a_state_with_an_unidentified_or_unreported_county():
    counties, states, *_ = made()
    first = np.flatnonzero(counties["imr_status"] == "suppressed")[0]
    counties.loc[first, "imr_status"] = "not_identified"
    data, member = partly_published_counties(counties, states)
    at = int(np.flatnonzero(member == first)[0])
    assert not data.censored[at]
    assert data.group[at] >= 0, "it says nothing by itself, and is part of the state's sum"
    counties.loc[first, "imr_status"] = "not_reported"
    data, member = partly_published_counties(counties, states)
    assert first not in member
    state = counties["state"] == counties.loc[first, "state"]
    assert (data.group[state.to_numpy()[member]] == -1).all(), (
        "what is left of the state is not known to be its suppressed counties'"
    )


def test_few_counties_are_not_estimated():
    counties, states, *_ = made(n=40)
    counties["march_of_dimes_class"] = ["low"] * 5 + ["full"] * 35
    found = desert_outcomes(counties, states)
    few = row(found, group="low")
    assert few["status_class"] == "too_few_counties"
    assert few[["imr_class", "imr_class_low", "rate_ratio"]].isna().all()
    none = counties.assign(imr_status="not_reported", infant_deaths=np.nan, live_births=np.nan)
    none = DESERT_OUTCOMES.validate(desert_outcomes(none, states))
    assert set(none["status_class"]) == {"too_few_counties"}
    assert set(none["status_published"]) == {"not_reported"}


def test_small_counties_are_not_counted_as_informative():
    counties, states, *_ = made()
    found = row(desert_outcomes(counties, states))
    here = counties["march_of_dimes_class"] == "desert"
    annual = counties.loc[here, "births_per_year"]
    published = counties.loc[here, "imr_status"] == "published"
    assert found["share_births_published"] == pytest.approx(annual[published].sum() / annual.sum())
    many = published | (annual * 7 * found["imr_class"] / 1000 > 10)
    assert found["share_births_informative"] == pytest.approx(annual[many].sum() / annual.sum(), abs=0.03)
    assert found["share_births_published"] < found["share_births_informative"] < 1


@pytest.mark.national
def test_the_nation_every_class_lies_between_what_is_published_and_what_is_left(national):
    found = DESERT_OUTCOMES.validate(desert_outcomes(national.counties, _states()))
    part = found[found["grouping"] == "march_of_dimes_class"].set_index("group")
    assert part.loc["desert", "imr_class"] < part.loc["desert", "imr_published"]
    assert part.loc["desert", "rate_ratio_low"] > 1
    assert part.loc["full", "imr_class"] == pytest.approx(part.loc["full", "imr_published"], rel=0.01)
    assert set(part["reading"]) == {"association between places, not cause"}


def _states():
    from matcare.tables.snapshot import load_states

    return load_states()
