"""From tables to estimates: checks, births, covariates, benchmark, disclosure, and coverage in a made world."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.measures.small_counties import small_county_rates
from matcare.measures.small_counties.benchmark import state_factors
from matcare.measures.small_counties.counties import checked_counties
from matcare.measures.small_counties.covariates import covariates, smoothed_low_birthweight
from matcare.measures.small_counties.estimates import taking_part
from matcare.measures.small_counties.likelihood import expected_deaths
from matcare.measures.small_counties.residuals import DIVISIONS, national_rate, period_births, state_residuals
from matcare.measures.small_counties.validation import (
    coverage,
    simulated_world,
    state_calibration,
    thinned_empirical_bayes,
    thinned_predictions,
)


def stages(world):
    counties, states, *_ = world
    table = checked_counties(counties)
    residuals = state_residuals(table, states, years=7)
    births = period_births(table, residuals, years=7)
    return table, residuals, births


@pytest.fixture(scope="module")
def result(world):
    counties, states, adjacency, *_ = world
    return small_county_rates(counties, states, adjacency)


def changed(counties, row, **values):
    table = counties.copy()
    for name, value in values.items():
        table.loc[row, name] = value
    return table


# -- the county table


@pytest.mark.parametrize(
    ("status", "values", "words"),
    [
        ("published", {"outcome_status": "unknown"}, "right would be one of"),
        ("published", {"infant_deaths": np.nan}, "is published, so"),
        ("published", {"infant_deaths": 22.5}, "whole number"),
        ("published", {"live_births": 3.0}, "not below them"),
        ("suppressed", {"deaths_at_most": np.nan}, "must bound its deaths"),
        ("suppressed", {"deaths_at_least": 25.0}, "must bound its deaths"),
        ("suppressed", {"births_estimate_per_year": np.nan}, "must be a number of 0 or more"),
    ],
)
def test_bad_counties_are_named_in_one_line(world, status, values, words):
    counties = world[0]
    row = counties.index[counties["outcome_status"] == status][0]
    with pytest.raises(InputError, match=words) as caught:
        checked_counties(changed(counties, row, **values))
    assert counties.loc[row, "county_fips"] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_columns_and_doubles_are_refused(world):
    counties = world[0]
    with pytest.raises(InputError, match="'svi' is missing"):
        checked_counties(counties.drop(columns="svi"))
    assert len(checked_counties(counties.drop(columns="svi"), context=False)) == len(counties)
    with pytest.raises(InputError, match="stands twice"):
        checked_counties(pd.concat([counties, counties.head(1)]))


def test_a_published_count_of_1_to_9_is_never_used(world):
    counties, states, adjacency, *_ = world
    row = counties.index[counties["outcome_status"] == "published"][0]
    small = changed(counties, row, infant_deaths=7.0)
    table = checked_counties(small).loc[row]
    assert (table["outcome_status"], table["deaths_at_least"], table["deaths_at_most"]) == ("suppressed", 1, 9)
    assert np.isnan(table["infant_deaths"])
    found = small_county_rates(small, states, adjacency)
    assert counties.loc[row, "county_fips"] not in set(found.empirical_bayes["county_fips"])
    other = small_county_rates(changed(counties, row, infant_deaths=3.0), states, adjacency)
    pd.testing.assert_frame_equal(found.modelled, other.modelled)  # nothing tells 7 from 3
    pd.testing.assert_frame_equal(found.empirical_bayes, other.empirical_bayes)


# -- residuals and births


def test_divisions_are_the_nine_of_the_census():
    assert len(DIVISIONS) == 51
    assert len(set(DIVISIONS.values())) == 9
    assert "PR" not in DIVISIONS


def test_births_add_up_to_the_state(world):
    table, _, births = stages(world)
    _, states, *_ = world
    sums = births.groupby(table["state"]).sum()
    totals = states.set_index("state")["live_births"].drop("US")
    np.testing.assert_allclose(sums, totals.loc[sums.index])


def test_a_withheld_states_births_take_the_divisions_factor(world):
    counties, states, *_ = world
    less = states.copy()
    less.loc[less["state"] == "GA", ["infant_deaths", "live_births"]] = np.nan
    half = counties.assign(
        births_estimate_per_year=counties["births_estimate_per_year"].where(
            ~counties["state"].isin(["AL", "IL"]), counties["births_estimate_per_year"] / 2
        )
    )
    table = checked_counties(half)
    residuals = state_residuals(table, less, years=7)
    assert residuals.loc["IL", "births_factor"] == pytest.approx(2)
    assert not residuals.loc["GA", "stands"]
    given = residuals.drop("GA")
    nation = given["births"].sum() / given["estimated_births"].sum()
    assert residuals.loc["GA", "births_factor"] == pytest.approx(nation)  # alone in its division here
    doubled = state_residuals(table, less, years=14)
    np.testing.assert_allclose(doubled["births_factor"], residuals["births_factor"] / 2)


def test_totals_below_their_parts_are_refused(world):
    counties, states, *_ = world
    table = checked_counties(counties)
    for column, words in (("infant_deaths", "infant deaths of AL"), ("live_births", "live births of AL")):
        less = states.copy()
        less.loc[less["state"] == "AL", column] = 30.0
        with pytest.raises(InputError, match=words):
            state_residuals(table, less, years=7)


def test_national_rate_is_the_nations_row_or_the_states_sum(world):
    states = world[1]
    assert national_rate(states) == pytest.approx(national_rate(states[states["state"] != "US"]))
    with pytest.raises(InputError, match="no total"):
        national_rate(states.assign(infant_deaths=np.nan))


# -- covariates


def test_low_birthweight_is_drawn_to_the_states_by_its_births(world):
    table = checked_counties(world[0])
    rng = np.random.default_rng(0)
    births = table["births_estimate_per_year"]
    table["share_low_birthweight"] = rng.binomial((3 * births).round().astype(int), 0.08) / (3 * births)
    table.loc[:9, "share_low_birthweight"] = np.nan
    drawn = smoothed_low_birthweight(table)
    assert drawn.notna().all()
    mean = (table["share_low_birthweight"] * births).groupby(table["state"]).sum() / births.where(
        table["share_low_birthweight"].notna()
    ).groupby(table["state"]).sum()
    centre = table["state"].map(mean)
    np.testing.assert_allclose(drawn[:10], centre[:10])
    kept = (drawn - centre).abs() <= (table["share_low_birthweight"] - centre).abs() + 1e-12
    assert kept[10:].all()
    assert drawn.std() < table["share_low_birthweight"].std() / 2  # all of the spread was chance
    assert not np.allclose(drawn, smoothed_low_birthweight(table.assign(births_estimate_per_year=births * 50), years=1))


def test_an_indicator_joins_only_where_published_counties_have_it(world):
    counties = world[0]
    hidden = counties.index[counties["outcome_status"] == "suppressed"][:40]
    shown = counties.index[counties["outcome_status"] == "published"][:40]
    for rows, expected in ((hidden, False), (shown, True)):
        table, _, births = stages((counties.assign(svi=counties["svi"].mask(counties.index.isin(rows))), *world[1:]))
        names = taking_part(table, births).covariates.names
        assert ("svi_missing" in names) is expected


def test_covariates_are_standardised_and_their_options_matter(world):
    table, _, births = stages(world)
    taking = taking_part(table, births)
    design = taking.covariates.design
    np.testing.assert_allclose(design[:, 1:].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(design[:, 1:].std(axis=0), 1)
    near = covariates(taking.counties, pd.Series(taking.births), minutes_cap=40)
    years = covariates(taking.counties, pd.Series(taking.births), low_birthweight_years=0.1)
    column = taking.covariates.names.index
    assert not np.allclose(
        near.design[:, column("log_minutes_neonatal_3_plus")], design[:, column("log_minutes_neonatal_3_plus")]
    )
    assert not np.allclose(years.design[:, column("share_low_birthweight")], design[:, column("share_low_birthweight")])
    flat = covariates(taking.counties.assign(rucc_2023=3.0), pd.Series(taking.births))
    assert "rucc_2023" not in flat.names


def test_missing_minutes_take_the_cap(world):
    table, _, births = stages(world)
    table.loc[0, "minutes_neonatal_3_plus"] = np.nan
    table.loc[1, "minutes_neonatal_3_plus"] = 999.0
    design = taking_part(table, births).covariates
    column = design.design[:, design.names.index("log_minutes_neonatal_3_plus")]
    assert column[0] == pytest.approx(column[1])
    assert column[0] == pytest.approx(column.max())


# -- benchmark


def test_expected_deaths_are_those_of_a_sum_over_counts():
    from scipy.stats import nbinom

    shape = 20.0
    for mean, low, high in ((8.0, 0, 19), (25.0, 0, 19), (4.0, 1, 9), (6.0, 3, np.inf)):
        counts = np.arange(2000)
        weight = nbinom.pmf(counts, shape, shape / (shape + mean)) * ((counts >= low) & (counts <= high))
        weight /= weight.sum()
        expected = (weight * counts).sum()
        spread = (weight * counts**2).sum() - expected**2
        ours = expected_deaths(np.array([mean]), np.array([float(low)]), np.array([float(high)]), shape=shape)
        np.testing.assert_allclose([v[0] for v in ours[:2]], [expected, spread], rtol=1e-8)
        assert ours[2][0] == pytest.approx((weight * mean * (shape + counts) / (shape + mean)).sum())


@pytest.mark.parametrize("agree_on", ["deaths", "rates"])
def test_every_standing_state_adds_up_exactly(world, agree_on):
    table, residuals, births = stages(world)
    taking = taking_part(table, births)
    model = taking.fit()
    rows = (taking.counties["outcome_status"] == "suppressed").to_numpy()
    counts, state = taking.counts(model).take(rows), taking.counties.loc[rows, "state"]
    factors = state_factors(counts, state, residuals, parameters=model.parameters, agree_on=agree_on)
    assert factors.largest_gap < 1e-6
    log_factor = state.map(factors.table["log_factor"]).to_numpy()
    mean = counts.births * np.exp(counts.design @ model.parameters[:-1] + log_factor)
    deaths, _, rate = expected_deaths(mean, counts.lower, counts.upper, shape=1 / model.dispersion)
    sums = pd.Series(deaths if agree_on == "deaths" else rate).groupby(state.to_numpy()).sum()
    np.testing.assert_allclose(sums, residuals.loc[sums.index, "deaths"], rtol=1e-8)
    np.testing.assert_allclose(factors.held.sum(axis=1), 1)


def test_a_residual_that_says_little_bears_no_factor_of_its_own(world):
    """Three counties near the most that is suppressed: each may be far above its 19 deaths, so the sum says little."""
    table, residuals, births = stages(world)
    taking = taking_part(table, births)
    model = taking.fit()
    rows = (taking.counties["outcome_status"] == "suppressed").to_numpy()
    counts, state = taking.counts(model).take(rows), taking.counties.loc[rows, "state"].reset_index(drop=True)
    few = np.flatnonzero(state == state.iloc[0])[:3]
    kept = np.sort(np.concatenate([few, np.flatnonzero(state != state.iloc[0])]))
    counts, state = counts.take(np.isin(np.arange(len(state)), kept)), state.iloc[kept].reset_index(drop=True)
    here = (state == state.iloc[0]).to_numpy()
    full = dataclasses.replace(counts, births=np.where(here, 4500.0, counts.births))
    changed = residuals.copy()
    changed.loc[state.iloc[0], "deaths"] = 55.0
    factors = state_factors(full, state, changed, parameters=model.parameters)
    assert factors.table.loc[state.iloc[0], "benchmark"] == "division"
    others = factors.table.drop(index=state.iloc[0])
    assert (others.loc[changed.reindex(others.index)["stands"].fillna(value=False), "benchmark"] == "state").sum() > 1


def test_agreement_on_rates_is_lower(world, result):
    counties, states, adjacency, *_ = world
    other = small_county_rates(counties, states, adjacency, agree_on="rates")
    assert other.modelled["imr_modelled"].mean() < result.modelled["imr_modelled"].mean()


def thin_state(world, name="OH", keep=2):
    """Give a state only `keep` unpublished counties, of which the residual is then too small to stand."""
    counties, states, adjacency, *_ = world
    hidden = counties.index[(counties["state"] == name) & (counties["outcome_status"] == "suppressed")]
    counties = counties.drop(index=hidden[keep:])
    part = counties[counties["state"] == name]
    states = states.copy()
    own = states["state"] == name
    states.loc[own, "infant_deaths"] = part["infant_deaths"].sum() + 12
    states.loc[own, "live_births"] = (
        part["live_births"].sum() + 7 * part.loc[hidden[:keep], "births_estimate_per_year"].sum()
    )
    return counties, states, adjacency


def test_a_residual_that_may_not_stand_is_in_no_output(world):
    counties, states, adjacency = thin_state(world)
    more = states.copy()
    more.loc[more["state"] == "OH", "infant_deaths"] += 17  # another residual, 29 deaths of two counties
    first, second = (small_county_rates(counties, frame, adjacency) for frame in (states, more))
    pd.testing.assert_frame_equal(first.modelled, second.modelled)
    pd.testing.assert_frame_equal(first.empirical_bayes, second.empirical_bayes)
    assert (first.lowest_factor, first.highest_factor) == (second.lowest_factor, second.highest_factor)
    ohio = set(counties.loc[counties["state"] == "OH", "county_fips"])
    used = first.modelled[first.modelled["county_fips"].isin(ohio)]["imr_modelled_benchmark"]
    assert set(used) == {"division"}  # Illinois stands for it


def test_a_withheld_state_takes_its_divisions_factor_and_a_lone_one_the_nations(world):
    counties, states, adjacency, *_ = world
    less = states.copy()
    less.loc[less["state"].isin(["OH", "CO"]), ["infant_deaths", "live_births"]] = np.nan
    found = small_county_rates(counties, less, adjacency)
    by_state = counties.set_index("county_fips")["state"]
    used = found.modelled.groupby(found.modelled["county_fips"].map(by_state))["imr_modelled_benchmark"].unique()
    assert used["OH"].tolist() == ["division"]
    assert used["CO"].tolist() == ["nation"]
    assert used["TX"].tolist() == ["state"]
    none = states.copy()
    none.loc[none["state"] != "US", ["infant_deaths", "live_births"]] = np.nan
    alone = small_county_rates(counties, none, adjacency)
    assert alone.counties_by_benchmark == {"none": len(alone.modelled)}


def test_a_residual_outside_the_bounds_is_refused(world):
    counties, states, adjacency, *_ = world
    more = states.copy()
    hidden = (counties["outcome_status"] == "suppressed") & (counties["state"] == "TX")
    more.loc[more["state"] == "TX", "infant_deaths"] += 19 * hidden.sum()
    with pytest.raises(InputError, match="TX less its published counties' are outside") as caught:
        small_county_rates(counties, more, adjacency)
    assert not re.search(r"\d", str(caught.value))  # the message says no residual


# -- the whole


def test_outputs_are_of_the_right_counties(world, result):
    counties = world[0]
    of = counties.groupby("outcome_status")["county_fips"].agg(set)
    assert set(result.empirical_bayes["county_fips"]) == of["published"]
    assert set(result.modelled["county_fips"]) == of["suppressed"]
    m = result.modelled
    assert ((m["imr_modelled_low"] < m["imr_modelled"]) & (m["imr_modelled"] < m["imr_modelled_high"])).all()
    assert not [name for name in m.columns if "death" in name or "birth" in name]
    assert result.model.published + result.model.censored == len(counties)
    table = result.model.table().set_index("term")
    assert table.loc["svi", "coefficient"] == pytest.approx(0.25 * 2 * counties["svi"].std(), abs=0.06)


def test_the_same_inputs_give_the_same_numbers_and_the_options_matter(world, result):
    counties, states, adjacency, *_ = world
    again = small_county_rates(counties, states, adjacency)
    pd.testing.assert_frame_equal(result.modelled, again.modelled)
    for options in ({"seed": 1}, {"draws": 32}, {"minutes_cap": 40.0}, {"low_birthweight_years": 0.05}):
        other = small_county_rates(counties, states, adjacency, **options).modelled["imr_modelled"]
        assert (other != result.modelled["imr_modelled"]).any(), options
        assert other.corr(result.modelled["imr_modelled"]) > 0.9
    spread = small_county_rates(counties, states, adjacency, expected_deaths=150.0)
    assert (spread.empirical_bayes["imr_shrinkage"] != result.empirical_bayes["imr_shrinkage"]).all()


def test_not_reported_and_birthless_counties_get_nothing_and_unnamed_ones_get_the_mean(world):
    counties, states, adjacency, *_ = world
    hidden = counties.index[(counties["outcome_status"] == "suppressed") & (counties["state"] == "TX")]
    table = changed(counties, hidden[0], births_estimate_per_year=0.0)
    table = changed(table, hidden[1], outcome_status="not_identified", deaths_at_most=np.inf)
    extra = counties.head(1).assign(county_fips="72001", state="PR", outcome_status="not_reported")
    found = small_county_rates(pd.concat([table, extra]), states, adjacency).modelled["county_fips"].tolist()
    assert counties.loc[hidden[0], "county_fips"] not in found
    assert counties.loc[hidden[1], "county_fips"] in found
    assert "72001" not in found


def test_intervals_cover_the_true_rates_of_hidden_counties(make_world):
    hits, error, low_error = [], [], []
    for seed in range(6):
        counties, states, adjacency, rate, *_ = make_world(500, seed=seed)
        truth = pd.Series(1000 * rate, index=counties["county_fips"])
        found = small_county_rates(counties, states, adjacency, seed=seed).modelled.set_index("county_fips")
        true = truth.loc[found.index]
        hits.append(((found["imr_modelled_low"] <= true) & (true <= found["imr_modelled_high"])).to_numpy())
        error.append((found["imr_modelled"] - true).mean())
        rates = small_county_rates(counties, states, adjacency, agree_on="rates", seed=seed).modelled
        low_error.append((rates.set_index("county_fips")["imr_modelled"] - true).mean())
    assert 0.93 <= np.concatenate(hits).mean() <= 0.97
    assert abs(np.mean(error)) < 0.15
    assert np.mean(low_error) < -0.15  # births times rate made to add up to selected counts: biased


# -- validation


@pytest.fixture(scope="module")
def fitted(world):
    table, residuals, births = stages(world)
    taking = taking_part(table, births)
    return taking, taking.fit(), residuals


def test_thinned_counties_are_hidden_and_predicted_better_than_by_the_nation(world, fitted):
    taking, _, residuals = fitted
    mean = national_rate(world[1])
    scored = thinned_predictions(taking, residuals, mean=mean, folds=3, draws=32)
    assert len(scored) > 20
    assert (scored["held_out_deaths"] >= 0).all()
    assert scored["pit"].between(0, 1).all()
    table = coverage(scored, years=7, others={"nation": np.full(len(scored), mean)})
    last = table[table["births_a_year"] == "all"].iloc[0]
    assert last["mae"] < last["mae_nation"]
    assert last["covered_95"] > 0.8
    assert table["counties"].iloc[:-1].sum() == last["counties"] == len(scored)
    other = thinned_predictions(taking, residuals, mean=mean, folds=3, draws=32, births_as_thinned=True)
    assert not np.allclose(other["predicted"], scored["predicted"])


def test_thinned_empirical_bayes_is_calibrated_where_its_assumption_holds():
    rng = np.random.default_rng(2)
    mean, variance = 0.0056, 2.4e-6
    births = np.exp(rng.normal(11.5, 0.6, 3000))
    deaths = rng.poisson(births * rng.gamma(mean**2 / variance, variance / mean, 3000)).astype(float)
    scored = thinned_empirical_bayes(deaths, births, mean=mean)
    row = coverage(scored, years=7).iloc[-1]
    assert 0.93 <= row["covered_95"] <= 0.97
    assert 0.46 <= row["covered_50"] <= 0.54
    assert abs(row["bias"]) < 0.1
    wide = thinned_empirical_bayes(deaths, births, mean=mean, kept_deaths=60.0)
    assert wide["births"].mean() > scored["births"].mean()


def test_a_simulated_world_is_published_by_the_rule(fitted):
    taking, model, _ = fitted
    counties, states, rate = simulated_world(taking, model, ["CO"], years=7, seed=1)
    shown = counties["outcome_status"] == "published"
    assert (counties.loc[shown, "infant_deaths"] >= 20).all()
    assert counties.loc[~shown, "infant_deaths"].isna().all()
    assert states.set_index("state").loc["CO"].isna().all()
    assert states.set_index("state").loc["US", "infant_deaths"] >= counties["infant_deaths"].sum()
    mean = np.exp(taking.covariates.design @ model.coefficients)
    assert np.average(rate / mean, weights=mean) == pytest.approx(1, abs=0.2)
    calm = simulated_world(taking, model, [], years=7, group_deviation=0.0, seed=1)[2]
    assert not np.allclose(calm, rate)


def test_state_calibration_in_a_world_of_the_model(fitted):
    taking, model, residuals = fitted
    row = state_calibration(taking, model, residuals).iloc[0]
    assert row["states"] == residuals["stands"].sum()
    assert 0.8 < row["expected_over_true"] < 1.2
    assert row["lowest_ratio"] <= row["median_ratio"] <= row["highest_ratio"]
    assert row["within_50"] <= row["within_80"] <= row["within_95"]
    worse = state_calibration(taking, model, residuals.assign(deaths=residuals["deaths"] * 3)).iloc[0]
    assert worse["within_95"] < row["within_95"]
    assert worse["expected_over_true"] == pytest.approx(row["expected_over_true"] / 3)
