"""Rates against figures that NCHS printed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from matcare.measures.rates import infant_mortality, relative_standard_error


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
def test_impossible_counts_are_refused(deaths, births):
    with pytest.raises(ValueError, match=r"negative|exceed"):
        infant_mortality([deaths], [births])


@given(st.integers(0, 5_000), st.integers(5_000, 10_000_000))
def test_interval_encloses_the_rate_and_agrees_with_chi_square(deaths, births):
    row = infant_mortality([deaths], [births]).iloc[0]
    assert row["low"] <= row["rate"] <= row["high"]
    if deaths < 100:
        assert row["high"] == pytest.approx(1000 * chi2.ppf(0.975, 2 * (deaths + 1)) / 2 / births)
        if deaths:
            assert row["low"] == pytest.approx(1000 * chi2.ppf(0.025, 2 * deaths) / 2 / births)
