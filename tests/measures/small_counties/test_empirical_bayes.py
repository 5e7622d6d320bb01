"""Marshall's estimator: against esda, its gamma posterior, and simulation with the publication rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from matcare.measures.small_counties.counties import checked_counties
from matcare.measures.small_counties.empirical_bayes import (
    EXPECTED_DEATHS,
    empirical_bayes,
    marshall_variance,
    posterior_interval,
    shrinkage,
    spatial_mean,
    spatial_variance,
)
from matcare.measures.small_counties.residuals import national_rate, period_births, state_residuals


def prepared(world):
    counties, states, adjacency, *_ = world
    table = checked_counties(counties)
    residuals = state_residuals(table, states, years=7)
    return table, states, period_births(table, residuals, years=7), residuals, adjacency


def counts(seed=1, n=60):
    rng = np.random.default_rng(seed)
    births = rng.uniform(500, 30_000, n)
    return rng.poisson(births * rng.gamma(12, 0.006 / 12, n)).astype(float), births


def test_global_estimate_is_esdas_with_esdas_mean():
    smoothing = pytest.importorskip("esda.smoothing")
    deaths, births = counts()
    mean = deaths.sum() / births.sum()
    theirs = smoothing.Empirical_Bayes(deaths, births).r.ravel()
    variance = marshall_variance(deaths, births, mean=mean)
    ours = mean + shrinkage(births, mean=mean, variance=variance) * (deaths / births - mean)
    assert variance > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_variance_is_clamped_where_esdas_is_negative():
    smoothing = pytest.importorskip("esda.smoothing")
    births = np.full(40, 10_000.0)
    deaths = np.tile([60.0, 61.0], 20)  # less spread than Poisson
    mean = deaths.sum() / births.sum()
    raw = (births * (deaths / births - mean) ** 2).sum() / births.sum() - mean / births.mean()
    assert raw < 0
    assert marshall_variance(deaths, births, mean=mean) == 0
    theirs = smoothing.Empirical_Bayes(deaths, births).r.ravel()
    assert np.abs(theirs - mean).max() > np.abs(deaths / births - mean).max()  # unclamped: pushed away from the mean


def test_local_mean_is_esdas_where_all_are_published(world):
    weights = pytest.importorskip("libpysal.weights")
    smoothing = pytest.importorskip("esda.smoothing")
    counties, _, adjacency, _, deaths, births = world
    whole = counties.assign(infant_deaths=deaths + 20, live_births=births + 4000, outcome_status="published")
    totals = whole.groupby("state")[["infant_deaths", "live_births"]].sum().reset_index()
    table, _, own, residuals, _ = prepared((whole, totals, adjacency))
    around = spatial_mean(table, own, residuals, adjacency)
    neighbours = adjacency.groupby("county_fips")["neighbour_fips"].agg(list).to_dict()
    w = weights.W(neighbours, id_order=table["county_fips"].tolist(), silence_warnings=True)
    theirs = smoothing.Spatial_Empirical_Bayes(table["infant_deaths"].to_numpy(), own.to_numpy(), w)
    # esda gives estimates only: with its own local variance, ours must be the same
    position = {code: i for i, code in enumerate(table["county_fips"])}
    for code in table["county_fips"][:25]:
        rows = [position[code], *(position[other] for other in neighbours[code])]
        d, b = table["infant_deaths"].to_numpy()[rows], own.to_numpy()[rows]
        mean = float(around["mean"].iloc[rows[0]])
        assert mean == pytest.approx(d.sum() / b.sum())
        variance = marshall_variance(d, b, mean=mean)
        expected = mean + shrinkage(b[:1], mean=mean, variance=variance)[0] * (d[0] / b[0] - mean)
        assert theirs.r.ravel()[rows[0]] == pytest.approx(expected)


@given(st.integers(0, 400), st.integers(500, 200_000), st.floats(0.001, 0.02), st.floats(1e-8, 1e-4))
@settings(max_examples=50)
def test_posterior_mean_is_marshalls_estimate(deaths, births, mean, variance):
    shape, rate = mean**2 / variance + deaths, mean / variance + births
    weight = shrinkage(np.array([float(births)]), mean=mean, variance=variance)[0]
    assert shape / rate == pytest.approx(mean + weight * (deaths / births - mean), rel=1e-9)
    low, high = posterior_interval(np.array([float(deaths)]), np.array([float(births)]), mean=mean, variance=variance)
    expected = gamma.ppf([0.025, 0.975], shape, scale=1 / rate)
    np.testing.assert_allclose([low[0], high[0]], expected, rtol=1e-8)


@given(st.floats(1e-9, 1e-3), st.floats(1e-4, 0.05), st.lists(st.floats(10, 1e6), min_size=2, max_size=8))
@settings(max_examples=50)
def test_weight_is_a_share_and_rises_with_births(variance, mean, births):
    births = np.sort(np.array(births))
    weight = shrinkage(births, mean=mean, variance=variance)
    assert ((weight >= 0) & (weight <= 1)).all()
    assert (np.diff(weight) >= 0).all()


def test_no_spread_is_the_mean_without_an_interval(world):
    counties, _, adjacency, *_, births = world
    same = np.rint(births / 100) + 20
    flat = counties.assign(infant_deaths=same, live_births=same * 150, outcome_status="published")
    totals = flat.groupby("state")[["infant_deaths", "live_births"]].sum().reset_index()
    table, _, own, residuals, _ = prepared((flat, totals, adjacency))
    result = empirical_bayes(table, totals, own, residuals, adjacency)
    assert set(result["imr_eb_status"]) == {"no_spread"}
    np.testing.assert_allclose(result["imr_eb"], 1000 / 150)
    assert (result["imr_shrinkage"] == 0).all()
    assert result[["imr_eb_low", "imr_eb_high"]].isna().all(axis=None)


def test_estimates_lie_between_own_rate_and_mean(world):
    table, states, births, residuals, adjacency = prepared(world)
    result = empirical_bayes(table, states, births, residuals, adjacency).set_index("county_fips")
    published = table[table["outcome_status"] == "published"].set_index("county_fips")
    assert set(result.index) == set(published.index)
    own = 1000 * published["infant_deaths"] / published["live_births"]
    mean = 1000 * national_rate(states)
    local = 1000 * spatial_mean(table, births, residuals, adjacency)["mean"].set_axis(table["county_fips"])
    for name, centre in (("imr_eb", mean), ("imr_eb_spatial", local.reindex(own.index))):
        low, high = np.minimum(own, centre), np.maximum(own, centre)
        assert ((result[name] >= low - 1e-9) & (result[name] <= high + 1e-9)).all()
        assert ((result[f"{name}_low"] < result[name]) & (result[name] < result[f"{name}_high"])).all()


def test_the_mean_is_the_nations_and_not_that_of_published_counties(world):
    table, states, births, residuals, adjacency = prepared(world)
    first = empirical_bayes(table, states, births, residuals, adjacency)
    fewer = states.copy()
    fewer.loc[fewer["state"] == "US", "infant_deaths"] *= 0.9
    second = empirical_bayes(table, fewer, births, residuals, adjacency)
    assert second["imr_eb"].mean() < first["imr_eb"].mean()
    published = table["infant_deaths"].sum() / table["live_births"].sum()
    assert published > national_rate(states)


def test_apportioned_counties_take_no_part_but_are_neighbours(world):
    counties, states, adjacency, *_ = world
    changed = counties.copy()
    row = changed.index[changed["outcome_status"] == "published"][0]
    changed.loc[row, "outcome_status"] = "apportioned"
    table, _, births, residuals, _ = prepared((changed, states, adjacency))
    result = empirical_bayes(table, states, births, residuals, adjacency)
    assert changed.loc[row, "county_fips"] not in set(result["county_fips"])
    before, after = (
        spatial_mean(t, b, r, adjacency)["mean"]
        for t, _, b, r, _ in (prepared(world), (table, states, births, residuals, adjacency))
    )
    pd.testing.assert_series_equal(before, after)


def test_unpublished_neighbours_enter_at_their_states_residual_rate(world):
    table, _, births, residuals, adjacency = prepared(world)
    around = spatial_mean(table, births, residuals, adjacency)
    neighbours = adjacency.groupby("county_fips")["neighbour_fips"].agg(list)
    position = {code: i for i, code in enumerate(table["county_fips"])}
    for code in table["county_fips"][::37]:
        deaths = total = 0.0
        for other in [code, *neighbours[code]]:
            row, b = table.loc[position[other]], births[position[other]]
            rest = residuals.loc[row["state"]]
            known = row["outcome_status"] == "published"
            deaths += row["infant_deaths"] if known else b * rest["deaths"] / rest["births"]
            total += b
        assert around["mean"][position[code]] == pytest.approx(deaths / total)


def test_an_island_has_no_spatial_estimate(world):
    counties, states, adjacency, *_ = world
    code = counties.loc[counties["outcome_status"] == "published", "county_fips"].iloc[0]
    alone = adjacency[(adjacency["county_fips"] != code) & (adjacency["neighbour_fips"] != code)]
    table, _, births, residuals, _ = prepared((counties, states, alone))
    row = empirical_bayes(table, states, births, residuals, alone).set_index("county_fips").loc[code]
    assert row["imr_eb_spatial_status"] == "no_neighbours"
    assert np.isnan(row["imr_eb_spatial"])
    assert row["imr_eb"] > 0


def gamma_draws(births, mean, variance, rng):
    rate = rng.gamma(mean**2 / variance, variance / mean, len(births))
    return rate, rng.poisson(rate * births).astype(float)


def test_intervals_cover_94_to_96_percent_although_publication_selects():
    rng = np.random.default_rng(11)
    mean, variance, hits, tries = 0.0056, 2.4e-6, 0, 0
    births = np.exp(rng.normal(8.6, 1.3, 4000))
    ample = births * mean >= 40
    for _ in range(8):
        rate, deaths = gamma_draws(births, mean, variance, rng)
        shown = deaths >= 20
        total = deaths.sum() / births.sum()
        own = marshall_variance(deaths[ample], births[ample], mean=total)
        low, high = posterior_interval(deaths[shown], births[shown], mean=total, variance=own)
        hits += ((low <= rate[shown]) & (rate[shown] <= high)).sum()
        tries += shown.sum()
    assert 0.94 <= hits / tries <= 0.96


def test_variance_from_ample_counties_is_not_that_of_published_ones():
    rng = np.random.default_rng(5)
    mean, variance = 0.0056, 2.4e-6
    births = np.exp(rng.normal(7.6, 0.9, 20_000))
    ample, ours, naive = births * mean >= 40, [], []
    for _ in range(10):
        _, deaths = gamma_draws(births, mean, variance, rng)
        shown = deaths >= 20
        ours.append(marshall_variance(deaths[ample], births[ample], mean=mean))
        naive.append(marshall_variance(deaths[shown], births[shown], mean=mean))
    assert np.mean(ours) == pytest.approx(variance, rel=0.05)
    assert np.mean(naive) > 1.1 * variance


def test_spatial_variance_is_recovered_about_local_means(make_world):
    counties, _, adjacency, *_ = make_world(800, seed=4)
    rng = np.random.default_rng(2)
    births = np.exp(rng.normal(9.3, 0.8, len(counties)))
    centre = 0.0056 * np.exp(0.3 * np.sin(np.arange(len(counties)) / 25))
    variance, found = 2e-6, []
    for _ in range(20):
        rate = centre * rng.gamma(centre**2 / variance, variance / centre**2)
        deaths = rng.poisson(rate * births).astype(float)
        whole = counties.assign(infant_deaths=deaths, live_births=births, outcome_status="published")
        totals = whole.groupby("state")[["infant_deaths", "live_births"]].sum().reset_index()
        table, _, own, residuals, _ = prepared((whole, totals, adjacency))
        around = spatial_mean(table, own, residuals, adjacency)
        found.append(spatial_variance(deaths, births, around))
    assert np.mean(found) == pytest.approx(variance, rel=0.06)


def test_uncertain_mean_widens_the_interval_only():
    deaths, births = np.array([25.0]), np.array([4000.0])
    narrow = posterior_interval(deaths, births, mean=0.0056, variance=2e-6)
    wide = posterior_interval(deaths, births, mean=0.0056, variance=2e-6, mean_variance=1e-6)
    assert wide[0][0] < narrow[0][0]
    assert wide[1][0] > narrow[1][0]


def test_threshold_of_expected_deaths_changes_the_variance(world):
    table, states, births, residuals, adjacency = prepared(world)
    first, second = (
        empirical_bayes(table, states, births, residuals, adjacency, expected_deaths=least) for least in (20, 200)
    )
    assert (first["imr_shrinkage"] != second["imr_shrinkage"]).all()


def test_all_real_counties_of_40_expected_deaths_are_published_and_their_spread_is_stable(snapshot):
    counties = snapshot.counties.merge(snapshot.outcomes, on="county_fips", validate="one_to_one")
    suppressed = counties["outcome_status"] == "suppressed"
    counties = counties.assign(
        births_estimate_per_year=counties["births_per_year"].fillna(0.0),
        deaths_at_least=np.where(suppressed, 0.0, np.nan),
        deaths_at_most=np.where(suppressed, 19.0, np.nan),
    )
    table = checked_counties(pd.DataFrame(counties), context=False)
    residuals = state_residuals(table, snapshot.states, years=7)
    births, mean = period_births(table, residuals, years=7), national_rate(snapshot.states)
    assert 1000 * mean == pytest.approx(5.588, abs=0.001)
    ample = births * mean >= EXPECTED_DEATHS
    assert ample.sum() > 600
    assert set(table.loc[ample, "outcome_status"]) <= {"published", "apportioned"}
    spread = [
        marshall_variance(table.loc[rows, "infant_deaths"].to_numpy(), births[rows].to_numpy(), mean=mean) ** 0.5 / mean
        for least in (40, 60, 100)
        if (rows := (births * mean >= least) & (table["outcome_status"] == "published")) is not None
    ]
    assert max(spread) - min(spread) < 0.01  # of 0.28: what is left out does not decide it
    published = table["outcome_status"] == "published"
    all_published = marshall_variance(
        table.loc[published, "infant_deaths"].to_numpy(), births[published].to_numpy(), mean=mean
    )
    assert all_published**0.5 / mean > max(spread)
    assert residuals.loc["HI", "births_factor"] == pytest.approx(residuals.loc["WA", "births_factor"], abs=0.05)
    assert not residuals.loc[["HI", "RI"], "stands"].any()
