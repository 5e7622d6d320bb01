"""Indices of inequality against brute force, areas under curves, printed figures and identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from matcare.measures.disparity.bootstrap import concentration_replicates, percentile_limits, resample_counties
from matcare.measures.disparity.inequality import (
    concentration_curve,
    concentration_index,
    erreygers_index,
    fractional_rank,
    gini,
    theil,
)

amounts = st.floats(0, 1e4, allow_subnormal=False).map(lambda value: round(value, 3))
rows = st.lists(
    st.tuples(amounts, st.integers(-5, 5), st.integers(1, 50), st.sampled_from("abc")), min_size=2, max_size=30
)
samples = rows.filter(lambda values: sum(row[0] for row in values) > 0.01).map(
    lambda values: tuple(np.array(column) for column in zip(*values, strict=True))
)


def gini_by_pairs(values, weights):
    w = weights / weights.sum()
    mean = (w * values).sum()
    return (w[:, None] * w[None, :] * np.abs(values[:, None] - values[None, :])).sum() / (2 * mean)


def test_the_printed_table_of_under_five_deaths_in_india():
    # O'Donnell, van Doorslaer, Wagstaff & Lindelow, Analyzing Health Equity Using Household Survey Data (World Bank
    # 2008), chapter 8, grouped data: births and under-five mortality by wealth group, poorest first; index -0.1694.
    births = [29_939, 28_776, 26_528, 24_689, 19_739]
    mortality = [154.7, 152.9, 119.5, 86.9, 54.3]
    assert round(concentration_index(mortality, [1, 2, 3, 4, 5], births), 4) == -0.1694


def test_gini_of_a_two_class_society():
    # A share p of people holding a share s of all has Gini s - p (area between two segments and the diagonal).
    assert gini([4, 1], [1, 4]) == pytest.approx(0.5 - 0.2)


@settings(max_examples=40)
@given(samples)
def test_gini_agrees_with_the_double_sum(sample):
    values, _, weights, _ = sample
    found = gini(values, weights)
    assert found == pytest.approx(gini_by_pairs(values, weights), abs=1e-9)
    assert 0 <= found < 1


@settings(max_examples=40)
@given(samples)
def test_index_is_one_less_twice_the_area_under_the_curve(sample):
    values, position, weights, _ = sample
    curve = concentration_curve(values, position, weights)
    area = np.trapezoid(curve["cumulative_share_measure"], curve["cumulative_share_weight"])
    found = concentration_index(values, position, weights)
    assert found == pytest.approx(1 - 2 * area, abs=1e-9)
    assert -1 <= found <= 1
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == pytest.approx([1, 1])


@settings(max_examples=40)
@given(samples)
def test_index_agrees_with_the_weighted_covariance_of_statsmodels(sample):
    values, position, weights, _ = sample
    stats = DescrStatsW(np.column_stack([values, fractional_rank(position, weights)]), weights=weights, ddof=0)
    assert concentration_index(values, position, weights) == pytest.approx(
        2 * stats.cov[0, 1] / stats.mean[0], abs=1e-9
    )
    assert stats.mean[1] == pytest.approx(0.5)


@settings(max_examples=40)
@given(samples, st.floats(0.01, 100))
def test_indices_do_not_depend_on_units_or_weights_scale(sample, factor):
    values, position, weights, groups = sample
    for scaled in ((values * factor, weights), (values, weights * factor)):
        assert concentration_index(scaled[0], position, scaled[1]) == pytest.approx(
            concentration_index(values, position, weights), abs=1e-9
        )
        assert gini(*scaled) == pytest.approx(gini(values, weights), abs=1e-9)
        assert theil(*scaled, groups=groups).between == pytest.approx(
            theil(values, weights, groups=groups).between, abs=1e-9
        )


@settings(max_examples=40)
@given(samples)
def test_the_sign_flips_with_the_ranks(sample):
    values, position, weights, _ = sample
    assert concentration_index(values, -position, weights) == pytest.approx(
        -concentration_index(values, position, weights), abs=1e-9
    )


@settings(max_examples=40)
@given(samples, st.integers(0, 29))
def test_a_county_split_in_two_changes_nothing(sample, which):
    values, position, weights, groups = sample
    which %= len(values)
    half = np.append(weights.astype(float), weights[which] / 2)
    half[which] /= 2
    doubled = [np.append(column, column[which]) for column in (values, position, groups)]
    assert concentration_index(doubled[0], doubled[1], half) == pytest.approx(
        concentration_index(values, position, weights), abs=1e-9
    )
    assert gini(doubled[0], half) == pytest.approx(gini(values, weights), abs=1e-9)
    split, whole = theil(doubled[0], half, groups=doubled[2]), theil(values, weights, groups=groups)
    assert (split.total, split.between) == pytest.approx((whole.total, whole.between), abs=1e-9)


@settings(max_examples=40)
@given(samples)
def test_theil_is_the_sum_of_its_parts(sample):
    values, _, weights, groups = sample
    found = theil(values, weights, groups=groups)
    assert found.between + found.within == pytest.approx(found.total, abs=1e-10)
    assert found.between >= 0
    assert found.within >= 0
    share = weights * values / (weights @ values)
    mean = np.average(values, weights=weights)
    by_hand = sum(s * np.log(v / mean) for s, v in zip(share, values, strict=True) if v > 0)
    assert found.total == pytest.approx(max(by_hand, 0), abs=1e-9)
    between = pd.Series(weights * values).groupby(groups).sum() / (weights @ values)
    population = pd.Series(weights).groupby(groups).sum() / weights.sum()
    expected = (between[between > 0] * np.log(between[between > 0] / population[between > 0])).sum()
    assert found.between == pytest.approx(max(expected, 0), abs=1e-9)


@settings(max_examples=20)
@given(st.floats(0.1, 1000), st.lists(st.integers(1, 9), min_size=2, max_size=10))
def test_all_are_zero_where_all_are_equal(value, weights):
    values, position = [value] * len(weights), range(len(weights))
    assert concentration_index(values, position, weights) == pytest.approx(0, abs=1e-12)
    assert gini(values, weights) == pytest.approx(0, abs=1e-12)
    assert theil(values, weights, groups=list(position)).total == pytest.approx(0, abs=1e-12)


shares = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), st.integers(1, 9)), min_size=2, max_size=20)


@settings(max_examples=40)
@given(shares)
def test_erreygers_mirrors_a_share_and_its_complement(values):
    near, position, weights = (np.array(column, dtype=float) for column in zip(*values, strict=True))
    found = erreygers_index(near, position, weights)
    assert found == pytest.approx(-erreygers_index(1 - near, position, weights), abs=1e-9)
    assert -1 <= found <= 1
    if near.mean() > 1e-6:
        plain = 4 * np.average(near, weights=weights) * concentration_index(near, position, weights)
        assert found == pytest.approx(plain, abs=1e-9)
    assert erreygers_index(100 * near, position, weights, upper=100.0) == pytest.approx(found, abs=1e-9)
    assert erreygers_index(near, position, weights, lower=-1.0) == pytest.approx(found / 2, abs=1e-9)


def test_most_unequal_bounded_variable_has_an_index_of_one():
    assert erreygers_index([0, 0, 1, 1], [1, 2, 3, 4], [1, 1, 1, 1]) == pytest.approx(1)


def test_missing_rows_and_rows_without_weight_are_left_out():
    values, position, weights = [30, np.nan, 20, 10, 99], [1, 2, np.nan, 3, 4], [1, 1, 1, 1, 0]
    assert concentration_index(values, position, weights) == pytest.approx(
        concentration_index([30, 10], [1, 3], [1, 1])
    )
    for nothing in ([], [0, 0]):
        empty = range(len(nothing))
        assert np.isnan(concentration_index(nothing, empty, [1] * len(nothing)))
        assert np.isnan(gini(nothing, [1] * len(nothing)))
        assert np.isnan(theil(nothing, [1] * len(nothing)).total)
        assert concentration_curve(nothing, empty, [1] * len(nothing)).empty
    assert np.isnan(erreygers_index([], [], []))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gini([-1, 2], [1, 1]), "negative or infinite; an index"),
        (lambda: gini([1, 2], [1, -1]), "a weight is negative"),
        (lambda: concentration_index([1, 2], [1, 2, 3], [1, 1]), "differ in length"),
        (lambda: erreygers_index([0.5, 1.5], [1, 2], [1, 1]), "they should lie in 0 to 1"),
        (lambda: erreygers_index([0.5], [1], [1], lower=1.0), "upper one should be greater"),
        (lambda: concentration_curve([1], [1], [1], points=0), "one or more"),
    ],
)
def test_what_has_no_index_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_curve_at_equal_steps_lies_on_the_full_one():
    generator = np.random.default_rng(4)
    values, position, weights = generator.random(50), generator.random(50), generator.random(50)
    full = concentration_curve(values, position, weights)
    steps = concentration_curve(values, position, weights, points=10)
    assert steps["cumulative_share_weight"].tolist() == pytest.approx(np.linspace(0, 1, 11))
    expected = np.interp(steps.iloc[:, 0], full.iloc[:, 0], full.iloc[:, 1])
    assert steps["cumulative_share_measure"].tolist() == pytest.approx(expected)
    assert full["cumulative_share_measure"].is_monotonic_increasing


@settings(max_examples=20)
@given(samples, st.integers(0, 10**6))
def test_each_replication_is_the_index_of_the_counties_drawn(sample, seed):
    values, position, weights, groups = sample
    states = np.array([{"a": "ND", "b": "SD", "c": "MT"}[group] for group in groups])
    drawn = resample_counties(states, seed=seed, replications=4)
    index, mean = concentration_replicates(values, position.astype(float), weights.astype(float), drawn)
    for number in range(4):
        repeated = np.repeat(np.arange(len(values)), drawn[number])
        expected = concentration_index(values[repeated], position[repeated], weights[repeated])
        assert index[number] == pytest.approx(expected, abs=1e-9, nan_ok=True)
        assert mean[number] == pytest.approx(np.average(values[repeated], weights=weights[repeated]))


def test_a_state_draws_the_same_in_every_run():
    alone = resample_counties(["ND"] * 6, seed=5, replications=50)
    both = resample_counties(["MT", *["ND"] * 6, "SD"], seed=5, replications=50)
    assert (alone == both[:, 1:7]).all()
    assert (both[:, [0, 7]] == 1).all()
    assert (alone.sum(axis=1) == 6).all()
    assert (alone != resample_counties(["ND"] * 6, seed=6, replications=50)).any()
    # Each of six counties is drawn once on average, with the variance 5/6 of a multinomial.
    many = resample_counties(["ND"] * 6, seed=5, replications=20_000)
    assert many.mean() == pytest.approx(1)
    assert many.var() == pytest.approx(5 / 6, abs=0.02)
    with pytest.raises(ValueError, match="seed is -1"):
        resample_counties(["ND"], seed=-1)
    with pytest.raises(ValueError, match="replications are 1"):
        resample_counties(["ND"], seed=0, replications=1)


def test_limits_are_numpys_percentiles_and_missing_where_much_is_undefined():
    values = np.random.default_rng(2).normal(size=(500, 3))
    values[:20, 1] = np.nan
    values[:30, 2] = np.nan
    low, high = percentile_limits(values)
    for column in (0, 1):
        assert [low[column], high[column]] == pytest.approx(np.nanpercentile(values[:, column], [2.5, 97.5]))
    assert np.isnan([low[2], high[2]]).all()
