"""Rate ratios, differences and excess deaths, against statsmodels, scipy and figures that others printed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk
from statsmodels.stats.rates import confint_poisson_2indep

from matcare.contracts.disparities import DISPARITIES, RACE_GROUPS
from matcare.measures.disparity.rates import excess_deaths, rate_difference, rate_disparities, rate_ratio

NAMES = {"US": "United States", "ND": "North Dakota", "38017": "Cass County, ND"}


def made(*rows):
    columns = ["place_kind", "place", "group", "infant_deaths", "live_births", "status"]
    return pd.DataFrame(list(rows), columns=columns)


NATION = made(
    ("nation", "US", "white", 57_857, 13_223_664, "published"),
    ("nation", "US", "black", 41_441, 3_711_452, "published"),
    ("nation", "US", "aian", 1_521, 190_728, "published"),
    ("state", "ND", "white", 300, 60_000, "published"),
    ("state", "ND", "black", 15, 3_000, "published"),
    ("state", "ND", "hispanic", 30, 4_000, "derived"),
    ("county", "38017", "white", np.nan, np.nan, "complementary"),
    ("county", "38017", "black", 25, 2_500, "published"),
)


def one(table, place, group):
    rows = table[(table["place"] == place) & (table["group"] == group)]
    assert len(rows) == 1
    return rows.iloc[0]


counts = st.tuples(st.integers(10, 5000), st.integers(1000, 500_000)).filter(lambda pair: pair[0] < pair[1])


@settings(max_examples=40)
@given(counts, counts)
def test_ratio_and_difference_agree_with_statsmodels(own, reference):
    ratio = rate_ratio([own[0]], [own[1]], [reference[0]], [reference[1]]).iloc[0]
    difference = rate_difference([own[0]], [own[1]], [reference[0]], [reference[1]], per=1.0).iloc[0]
    low, high = confint_poisson_2indep(*own, *reference, method="wald-log", compare="ratio", alpha=0.05)
    assert (ratio["low"], ratio["high"]) == pytest.approx((low, high), rel=2e-4)  # 1.96 is 1.959964 there
    low, high = confint_poisson_2indep(*own, *reference, method="wald", compare="diff", alpha=0.05)
    width = high - low
    assert (difference["low"], difference["high"]) == pytest.approx((low, high), abs=1e-4 * width)


def test_the_binomial_interval_is_half_of_one_percent_narrower():
    own = rate_ratio([41_441], [3_711_452], [57_857], [13_223_664]).iloc[0]
    theirs = relative_risk(41_441, 3_711_452, 57_857, 13_223_664)
    interval = theirs.confidence_interval(0.95)
    assert own["ratio"] == pytest.approx(theirs.relative_risk, rel=1e-12)
    width = np.log(interval.high / interval.low) / np.log(own["high"] / own["low"])
    assert 0.99 < width < 1


def test_the_printed_example_of_the_breast_cancer_study():
    # Rothman's fluoroscopy data as Stata's manual prints them (ir, epitab): 41 cases in 28,010 person-years against 15
    # in 19,017: difference .0006749 (.0000749 to .0012751), ratio 1.855759.
    found = rate_difference([41], [28_010], [15], [19_017], per=1.0).iloc[0].tolist()
    assert [round(value, 7) for value in found] == [0.000675, 0.0000749, 0.0012751]
    assert rate_ratio([41], [28_010], [15], [19_017])["ratio"].iloc[0] == pytest.approx(1.855759, abs=5e-7)


def test_excess_deaths_are_deaths_less_those_at_the_reference_rate():
    excess = excess_deaths([90], [10_000], [50], [10_000]).iloc[0]
    assert excess["excess_deaths"] == pytest.approx(40)
    assert excess["low"] == pytest.approx(40 - 1.96 * np.sqrt(90 + 50))
    assert excess["high"] == pytest.approx(40 + 1.96 * np.sqrt(90 + 50))


@settings(max_examples=40)
@given(counts, counts)
def test_the_three_contrasts_point_the_same_way(own, reference):
    pair = ([own[0]], [own[1]], [reference[0]], [reference[1]])
    ratio, difference, excess = rate_ratio(*pair), rate_difference(*pair), excess_deaths(*pair)
    assert np.sign(difference["difference"].iloc[0]) == np.sign(round(ratio["ratio"].iloc[0] - 1, 12)) or ratio[
        "ratio"
    ].iloc[0] == pytest.approx(1)
    assert (excess["low"].iloc[0] > 0) == (difference["low"].iloc[0] > 0)
    turned = rate_ratio(*pair[2:], *pair[:2]).iloc[0]
    assert turned["low"] == pytest.approx(1 / ratio["high"].iloc[0])


@pytest.mark.parametrize(("expected", "reference"), [(20, 200), (50, 50), (100, 1000), (1000, 1000)])
def test_intervals_cover_what_they_say(expected, reference):
    births, other = 4000 * expected // 20, 40_000 * reference // 200
    generator = np.random.default_rng(20)
    a, b = generator.poisson(expected, 20_000), generator.poisson(reference, 20_000)
    ratio = rate_ratio(a, np.full(20_000, births), b, np.full(20_000, other))
    difference = rate_difference(a, np.full(20_000, births), b, np.full(20_000, other))
    true = expected / births, reference / other
    of_ratio = ((ratio["low"] <= true[0] / true[1]) & (true[0] / true[1] <= ratio["high"])).mean()
    gap = 1000 * (true[0] - true[1])
    of_difference = ((difference["low"] <= gap) & (gap <= difference["high"])).mean()
    assert 0.94 < of_ratio < 0.96
    assert 0.93 < of_difference < 0.96


def test_per_scales_the_difference():
    thousand, hundred = (rate_difference([90], [10_000], [50], [10_000], per=per) for per in (1000.0, 100_000.0))
    assert hundred.iloc[0].tolist() == pytest.approx((100 * thousand.iloc[0]).tolist())


def test_no_deaths_have_a_ratio_of_zero_and_no_interval():
    found = rate_ratio([0, 20], [5000, 5000], [20, 0], [5000, 5000])
    assert found["ratio"].iloc[0] == 0
    assert found.iloc[0, 1:].isna().all()
    assert found.iloc[1].isna().all()
    assert rate_difference([0], [5000], [0], [5000])["low"].isna().all()


@pytest.mark.parametrize(("a", "n", "words"), [(-1, 10, "negative"), (11, 10, "exceed")])
def test_impossible_counts_are_refused(a, n, words):
    with pytest.raises(ValueError, match=words):
        rate_ratio([a], [n], [5], [100])
    with pytest.raises(ValueError, match=words):
        rate_difference([5], [100], [a], [n])


def test_the_national_gap_of_black_and_white_infants():
    table = rate_disparities(NATION, NAMES)
    row = one(table, "US", "black")
    assert (row["value"], row["reference_value"]) == pytest.approx((11.1657, 4.3753), abs=1e-4)
    assert row["ratio"] == pytest.approx(row["value"] / row["reference_value"])
    assert row["difference"] == pytest.approx(row["value"] - row["reference_value"])
    assert row["excess_deaths"] == pytest.approx(row["difference"] * row["live_births"] / 1000)
    assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
    assert bool(row["reliable"])
    assert row["status"] == "given"


def test_the_reference_differs_from_itself_by_nothing_and_has_no_interval():
    row = one(rate_disparities(NATION, NAMES), "US", "white")
    assert (row["ratio"], row["difference"], row["excess_deaths"]) == (1, 0, 0)
    assert row[["ratio_low", "ratio_high", "difference_low", "excess_deaths_high"]].isna().all()
    assert row["low"] < row["value"] < row["high"]


def test_rows_stand_by_place_and_group_and_never_by_rate():
    table = rate_disparities(NATION.sample(frac=1, random_state=3), NAMES)
    assert table["scope"].tolist() == sorted(table["scope"], key=["nation", "state", "county"].index)
    for _, rows in table.groupby("place"):
        assert rows["group"].tolist() == sorted(rows["group"])
    groups = table[table["place"] == "US"].set_index("group")
    assert "tribal data sovereignty" in groups.loc["aian", "note"]
    assert "ranked" in groups.loc["aian", "note"]
    assert "not ranked" in one(table, "38017", "black")["note"]


def test_few_deaths_are_flagged_and_derived_counts_are_named():
    table = rate_disparities(NATION, NAMES)
    row = one(table, "ND", "black")
    assert not row["reliable"]
    assert "unreliable" in row["note"]
    assert row["status"] == "given"
    assert "worked back" in one(table, "ND", "hispanic")["note"]


def test_without_the_reference_a_group_stands_alone():
    table = rate_disparities(NATION, NAMES)
    row = one(table, "38017", "black")
    assert row["status"] == "reference_missing"
    assert row["value"] == pytest.approx(10)
    assert row[["reference_value", "ratio", "difference", "excess_deaths", "excess_deaths_low"]].isna().all()
    assert pd.isna(row["reliable"])
    withheld = one(table, "38017", "white")
    assert withheld["status"] == "complementary"
    assert withheld[["value", "low", "ratio", "infant_deaths", "live_births"]].isna().all()


def test_another_reference():
    row = one(rate_disparities(NATION, NAMES, reference="aian"), "US", "black")
    assert (row["reference"], row["reference_value"]) == ("aian", pytest.approx(7.9747, abs=1e-4))
    with pytest.raises(ValueError, match="not a group; one of aian"):
        rate_disparities(NATION, NAMES, reference="red")


def numbers_of(table):
    return table.select_dtypes("number").drop(columns="counties")


@settings(max_examples=30)
@given(st.integers(1, 9), st.booleans(), st.booleans())
def test_nothing_that_rests_on_a_small_count_appears(small, births_too, of_reference):
    births = small if births_too else 4000
    group, other = ("white", "black") if of_reference else ("black", "white")
    frame = made(
        ("state", "ND", group, small if not births_too else 0, births, "published"),
        ("state", "ND", other, 40, 5000, "published"),
    )
    table = rate_disparities(frame, NAMES)
    hidden = one(table, "ND", group)
    assert hidden["status"] == "suppressed"
    assert numbers_of(table).loc[hidden.name].drop("reference_value").isna().all()
    assert hidden["reference_value"] == pytest.approx(8) or of_reference
    if of_reference:
        row = one(table, "ND", other)
        assert row["status"] == "reference_missing"
        assert row[["reference_value", "ratio", "ratio_low", "difference", "excess_deaths"]].isna().all()


def test_a_higher_limit_withholds_more():
    assert one(rate_disparities(NATION, NAMES, fewest=20), "ND", "black")["status"] == "suppressed"
    assert one(rate_disparities(NATION, NAMES, fewest=10), "ND", "black")["infant_deaths"] == 15
    with pytest.raises(ValueError, match="fewest is 5; counts of 1-9 may not be shown"):
        rate_disparities(NATION, NAMES, fewest=5)


def test_zero_is_a_count():
    frame = made(
        ("state", "ND", "white", 40, 5000, "published"),
        ("state", "ND", "asian", 0, 900, "published"),
        ("state", "ND", "nhopi", 0, 0, "published"),
        ("state", "ND", "multiple", np.nan, np.nan, "published"),
    )
    table = rate_disparities(frame, NAMES)
    none = one(table, "ND", "asian")
    assert (none["status"], none["value"], none["ratio"], none["infant_deaths"]) == ("no_deaths", 0, 0, 0)
    assert np.isnan(none["ratio_low"])
    assert one(table, "ND", "nhopi")["status"] == "no_births"
    assert one(table, "ND", "multiple")["status"] == "not_reported"


def test_only_named_places_and_no_group_twice():
    assert set(rate_disparities(NATION, {"ND": "North Dakota"})["place"]) == {"ND"}
    own = rate_disparities(NATION, NAMES, source="my export", period="2020")
    assert own[["source", "period"]].drop_duplicates().to_numpy().tolist() == [["my export", "2020"]]
    with pytest.raises(ValueError, match="US, white stands twice"):
        rate_disparities(pd.concat([NATION, NATION.head(1)]), NAMES)


def test_groups_are_those_of_the_contract():
    assert set(RACE_GROUPS) <= set(DISPARITIES.column("group").values)
    assert list(RACE_GROUPS) == sorted(RACE_GROUPS)
