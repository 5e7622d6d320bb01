"""Rates against figures that NCHS printed, and intervals against what they claim to cover."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, poisson
from statsmodels.stats.rates import confint_poisson

from matcare.errors import InputError
from matcare.measures.rates import (
    cause_specific_mortality,
    infant_mortality,
    interval_coverage,
    intervals_overlap,
    pool_years,
    rate_with_interval,
    relative_standard_error,
    years_in_words,
)

COVERAGE = [  # expected deaths, then percent covered by the rule of NCHS, the gamma and the normal interval
    (20, 95.68, 95.68, 94.75),
    (50, 95.26, 95.26, 94.88),
    (99, 96.03, 95.58, 94.62),
    (100, 95.93, 95.47, 94.50),
    (500, 95.05, 95.09, 95.05),
]
"""The table of docs/outcomes.md; each figure is summed over the Poisson distribution by the test below."""


def covered(mean, interval):
    """Coverage without chance: the probability of every count whose interval holds the rate that made it."""
    births = mean / 0.0056
    deaths = np.arange(int(mean + 12 * np.sqrt(mean) + 40))
    made = rate_with_interval(deaths, np.full(deaths.shape, births), per=births, interval=interval)
    return float((poisson.pmf(deaths, mean) * made["low"].le(mean) * made["high"].ge(mean)).sum())


@pytest.mark.parametrize(
    ("deaths", "births", "printed"),
    [
        (19_928, 3_664_292, 5.44),
        (20_577, 3_667_758, 5.61),
        (20_538, 3_667_758, 5.60),
        (12_788, 3_664_292, 3.49),
        (13_131, 3_667_758, 3.58),
        (7_145, 3_664_292, 1.95),
        (195, 26_124, 7.46),
        (233, 25_721, 9.06),
        (5_464, 517_889, 10.55),
    ],
)
def test_rate_is_the_printed_one(deaths, births, printed):
    assert round(float(infant_mortality([deaths], [births])["rate"].iloc[0]), 2) == printed


@pytest.mark.parametrize(
    ("deaths", "births", "printed"),
    [(1_114, 3_664_292, 30.4), (1_210, 3_667_758, 33.0), (561, 3_664_292, 15.3), (638, 3_667_758, 17.4)],
)
def test_rate_of_one_cause_is_the_printed_one_per_100_000(deaths, births, printed):
    frame = cause_specific_mortality([deaths], [births])
    assert round(float(frame["rate"].iloc[0]), 1) == printed
    thousand = infant_mortality([deaths], [births])
    for column in ("rate", "low", "high"):
        assert frame[column].iloc[0] == pytest.approx(100 * thousand[column].iloc[0])
    assert frame["rse"].iloc[0] == thousand["rse"].iloc[0], "relative to the rate, so without a unit"


@pytest.mark.parametrize(("deaths", "low", "high"), [(10, 0.4795, 1.8390), (20, 0.6108, 1.5444), (99, 0.8128, 1.2175)])
def test_gamma_factors_are_those_of_nchs(deaths, low, high):
    row = infant_mortality([deaths], [10_000]).iloc[0]
    assert row["low"] / row["rate"] == pytest.approx(low, abs=5e-5)
    assert row["high"] / row["rate"] == pytest.approx(high, abs=5e-5)


def test_normal_interval_from_100_deaths_on():
    row = infant_mortality([100], [20_000]).iloc[0]
    half = 1.96 * 5.0 * float(relative_standard_error(100, 20_000)) / 100
    assert row["low"] == pytest.approx(5.0 - half)
    assert row["high"] == pytest.approx(5.0 + half)
    below = infant_mortality([99], [20_000]).iloc[0]
    assert below["high"] - below["rate"] > below["rate"] - below["low"]  # gamma: lopsided


def test_the_kind_of_interval_changes_the_interval():
    made = {
        kind: rate_with_interval([40, 400], [8_000, 80_000], per=1000, interval=kind)
        for kind in ("nchs", "normal", "gamma")
    }
    assert made["nchs"]["low"].tolist() == [made["gamma"]["low"][0], made["normal"]["low"][1]]
    assert made["nchs"]["high"].tolist() == [made["gamma"]["high"][0], made["normal"]["high"][1]]
    assert (made["gamma"]["high"] > made["normal"]["high"]).all()
    few = rate_with_interval([0, 2], [1_000, 1_000], per=1000, interval="normal")
    assert few["low"].tolist() == [0, 0], "a rate is not below 0"


def test_each_row_may_have_its_own_births_to_be_expressed_per():
    frame = rate_with_interval([50, 50], [10_000, 10_000], per=[1_000, 100_000])
    assert frame["rate"].tolist() == [5, 500]
    assert frame["high"][1] == pytest.approx(100 * frame["high"][0])


def test_no_deaths_is_a_rate_of_zero_with_an_upper_limit():
    row = infant_mortality([0], [1_000]).iloc[0]
    assert (row["rate"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(chi2.ppf(0.975, 2) / 2)
    assert not row["reliable"]


def test_unknown_stays_unknown_and_is_not_zero():
    frame = infant_mortality([np.nan, 25, 5], [5_000, np.nan, 0 + 5])
    assert frame.iloc[0][["rate", "low", "high"]].isna().all()
    assert frame.iloc[1][["rate", "low", "high"]].isna().all()
    assert frame["reliable"].tolist() == [False, False, False]


def test_twenty_deaths_are_reliable_and_nineteen_are_not():
    assert infant_mortality([20, 19], [4_000, 4_000])["reliable"].tolist() == [True, False]


@pytest.mark.parametrize(("deaths", "births"), [(-1, 10), (3, -2), (11, 10)])
def test_impossible_counts_are_refused_by_row_without_printing_a_small_one(deaths, births):
    with pytest.raises(InputError, match=r"^row 2: .*(negative|exceed)") as raised:
        infant_mortality([1, deaths], [10, births])
    assert "\n" not in str(raised.value)
    assert not re.search(rf"\b{abs(deaths)}\b", str(raised.value))


@given(st.integers(0, 5_000), st.integers(5_000, 10_000_000))
@settings(max_examples=50)
def test_interval_encloses_the_rate_and_agrees_with_chi_square(deaths, births):
    row = infant_mortality([deaths], [births]).iloc[0]
    assert row["low"] <= row["rate"] <= row["high"]
    if deaths < 100:
        assert row["high"] == pytest.approx(1000 * chi2.ppf(0.975, 2 * (deaths + 1)) / 2 / births)
        if deaths:
            assert row["low"] == pytest.approx(1000 * chi2.ppf(0.025, 2 * deaths) / 2 / births)


@pytest.mark.parametrize("deaths", [1, 7, 20, 99, 350])
def test_gamma_interval_is_the_exact_one_of_statsmodels(deaths):
    row = rate_with_interval([deaths], [100_000], per=100_000, interval="gamma").iloc[0]
    low, high = confint_poisson(deaths, 1, method="exact-c", alpha=0.05)
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(("mean", "nchs", "gamma", "normal"), COVERAGE)
def test_coverage_of_the_docs_is_the_sum_over_the_poisson_distribution(mean, nchs, gamma, normal):
    assert [round(100 * covered(mean, kind), 2) for kind in ("nchs", "gamma", "normal")] == [nchs, gamma, normal]


@pytest.mark.parametrize("interval", ["nchs", "gamma", "normal"])
def test_simulated_coverage_is_the_exact_one(interval):
    means = [mean for mean, *_ in COVERAGE]
    made = interval_coverage(means, interval=interval, draws=40_000, seed=2022)
    error = np.sqrt(0.95 * 0.05 / 40_000)
    exact = [covered(mean, interval) for mean in means]
    assert np.abs(made["coverage"] - exact).max() < 4 * error
    missed = made["rate_above_interval"] + made["rate_below_interval"]
    assert (made["coverage"] + missed).to_numpy() == pytest.approx(1)
    again = interval_coverage(means, interval=interval, draws=40_000, seed=2022)
    pd.testing.assert_frame_equal(made, again)
    assert not made["coverage"].equals(interval_coverage(means, interval=interval, draws=40_000, seed=1)["coverage"])


def test_from_100_deaths_the_rule_covers_94_to_96_percent_and_gamma_never_less_than_95():
    means = np.arange(125, 400, 5)
    assert all(0.94 <= covered(mean, "nchs") <= 0.96 for mean in means)
    assert all(covered(mean, "gamma") >= 0.95 for mean in np.arange(20, 120))
    assert covered(123, "nchs") == pytest.approx(0.944, abs=5e-4), "the least from 20 to 600, as the docstring says"


def test_intervals_that_touch_overlap_and_an_unknown_one_is_unknown():
    first = pd.DataFrame({"low": [1.0, 1.0, 1.0, np.nan], "high": [2.0, 2.0, 2.0, 2.0]}, index=list("abcd"))
    second = pd.DataFrame({"low": [2.0, 2.1, 0.0, 0.0], "high": [3.0, 3.0, 9.0, 9.0]})
    found = intervals_overlap(first, second)
    assert found.index.tolist() == list("abcd")
    assert found.iloc[:3].tolist() == [True, False, True]
    assert found.isna().tolist() == [False, False, False, True]
    assert found.iloc[:3].tolist() == intervals_overlap(second, first).iloc[:3].tolist()
    with pytest.raises(InputError, match="4 intervals against 1"):
        intervals_overlap(first, second.iloc[:1])


@given(st.lists(st.integers(1995, 2030), min_size=1, max_size=12))
@settings(max_examples=50)
def test_years_in_words_can_be_read_back(years):
    found = set()
    for run in years_in_words(years).split(", "):
        ends = [int(year) for year in run.split("-")]
        found |= set(range(ends[0], ends[-1] + 1))
    assert found == set(years)


def years_of(*rows):
    return pd.DataFrame(rows, columns=["state", "group", "year", "deaths", "births"])


def test_pooled_years_are_added_and_the_rate_is_not_the_mean_of_rates():
    frame = years_of(("MS", "a", 2022, 300, 35_000), ("MS", "a", 2020, 100, 5_000), ("AL", "a", 2021, 400, 57_000))
    pooled = pool_years(frame, by=["state"])
    assert pooled["state"].tolist() == ["AL", "MS"]
    assert pooled["years"].tolist() == ["2021", "2020, 2022"]
    assert pooled["years_pooled"].tolist() == [1, 2]
    assert pooled["deaths"].tolist() == [400, 400]
    assert infant_mortality(pooled["deaths"], pooled["births"])["rate"].tolist() == [1000 * 400 / 57_000, 10.0]


def test_by_decides_what_is_pooled():
    frame = years_of(("MS", "a", 2021, 30, 4_000), ("MS", "b", 2021, 50, 6_000), ("MS", "a", 2022, 40, 5_000))
    assert pool_years(frame, by=["state", "group"])["deaths"].tolist() == [70, 50]
    with pytest.raises(InputError, match="row 2, column 'year': 2021 stands twice for MS"):
        pool_years(frame, by=["state"])


def test_an_unknown_year_leaves_the_pool_unknown():
    frame = years_of(("MS", "a", 2021, 30, 4_000), ("MS", "a", 2022, None, 5_000), ("AL", "a", 2022, 20, None))
    pooled = pool_years(frame, by=["state"]).set_index("state")
    assert np.isnan(pooled.loc["MS", "deaths"])
    assert pooled.loc["MS", "births"] == 9_000
    assert np.isnan(pooled.loc["AL", "births"])


@pytest.mark.parametrize("year", [None, "2017-2019", 2021.5])
def test_what_is_no_year_is_refused(year):
    with pytest.raises(InputError, match=r"row 2, column 'year': should be a year such as 2022"):
        pool_years(years_of(("MS", "a", 2021, 30, 4_000), ("MS", "a", year, 30, 4_000)), by=["state"])


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(10, 500)), min_size=1, max_size=12))
@settings(max_examples=50)
def test_pooling_keeps_the_totals(rows):
    frame = pd.DataFrame(
        [(place, "a", 2000 + number, deaths, deaths * 100) for number, (place, deaths) in enumerate(rows)],
        columns=["state", "group", "year", "deaths", "births"],
    )
    pooled = pool_years(frame, by=["state"])
    assert pooled["deaths"].sum() == frame["deaths"].sum()
    assert pooled["births"].sum() == frame["births"].sum()
    assert pooled["years_pooled"].sum() == len(frame)
