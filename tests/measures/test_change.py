"""Changes of rates: NCHS's published ones row by row, the tests behind them, and small counts that stay in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from statsmodels.stats.rates import test_poisson_2indep as poisson_2indep  # renamed: pytest would take it for a test

from matcare.contracts.national import NATIONAL_CHANGES
from matcare.errors import InputError
from matcare.measures.change import change_between, deaths_to_flip, national_changes
from matcare.measures.rates import infant_mortality
from matcare.tables.national_rates import load_national_rates

CSV = Path(__file__).resolve().parents[2] / "data" / "national_rates.csv"

PUBLISHED = [  # methods.md §3: group, measure, edition, rates, deaths, change in percent with its decimals, z, significant
    ("all", "infant", "final", (5.44, 5.61), (19_928, 20_577), ("3.2", 3.12, True)),
    ("all", "infant", "provisional", (5.44, 5.60), (19_928, 20_538), ("3.0", 2.93, True)),
    ("all", "neonatal", "provisional", (3.49, 3.58), (12_788, 13_131), ("2.6", 2.05, True)),
    ("all", "neonatal", "final", (3.49, 3.59), None, ("2.9", 2.27, True)),
    ("all", "postneonatal", "provisional", (1.95, 2.02), (7_145, 7_409), ("3.6", 2.13, True)),
    ("all", "postneonatal", "final", (1.95, 2.02), (7_145, 7_409), ("3.6", 2.13, True)),
    ("all", "maternal_complications_p01", "provisional", (30.4, 33.0), (1_114, 1_210), ("8.5", 1.97, True)),
    ("all", "bacterial_sepsis_p36", "provisional", (15.3, 17.4), (561, 638), ("13.6", 2.21, True)),
    ("american_indian_or_alaska_native", "infant", "provisional", (7.46, 9.06), (195, 233), ("21", 1.99, True)),
    ("american_indian_or_alaska_native", "infant", "final", (7.46, 9.06), (195, 233), ("21", 1.99, True)),
    ("black", "infant", "provisional", (10.55, 10.86), (5_464, 5_554), ("2.9", 1.51, False)),
    ("black", "infant", "final", (10.55, 10.90), None, ("3.3", 1.71, False)),
    ("white", "infant", "provisional", (4.36, 4.52), (8_230, 8_320), ("3.7", 2.31, True)),
]


@pytest.fixture(scope="module")
def changes():
    return national_changes(load_national_rates(CSV))


def counts(*pairs, **columns):
    return pd.DataFrame(pairs, columns=["deaths", "births"]).assign(**columns)


@pytest.mark.parametrize(("group", "measure", "edition", "rates", "deaths", "printed"), PUBLISHED)
def test_each_published_change_with_its_edition_z_and_significance(
    changes, group, measure, edition, rates, deaths, printed
):
    found = changes[
        (changes["group"] == group)
        & (changes["measure"] == measure)
        & (changes["year_after"] == 2022)
        & (changes["edition_after"] == edition)
    ]
    assert len(found) == 1
    row = found.iloc[0]
    decimals = 1 if row["per"] == 100_000 else 2
    assert (round(row["rate_before"], decimals), round(row["rate_after"], decimals)) == rates
    assert (row["published_rate_before"], row["published_rate_after"]) == rates
    if deaths is not None:
        assert (row["deaths_before"], row["deaths_after"]) == deaths
    percent, z, significant = printed
    assert f"{row['change_percent']:.{len(percent.partition('.')[2])}f}" == percent
    assert round(row["z"], 2) == z
    assert row["significant"] == row["published_significant"] == significant
    assert (row["test"], row["edition_before"], row["agrees"]) == ("z", "final", True)


def test_every_row_of_2022_is_in_the_published_table_or_says_why_it_has_no_change(changes):
    listed = {(group, measure, edition) for group, measure, edition, *_ in PUBLISHED}
    tested = changes[changes["change_status"] == "tested"]
    there = set(zip(tested["group"], tested["measure"], tested["edition_after"], strict=True))
    # White of the final edition stands in the abstract of NVSR 73-5 (4.52, significant) and not in methods.md.
    assert there - listed == {("white", "infant", "final")}
    rest = changes[changes["change_status"] != "tested"]
    assert set(rest["change_status"]) == {"not_reported"}
    untested = rest[["change", "change_percent", "z", "test", "significant", "agrees", "deaths_to_flip"]]
    assert untested.isna().all(axis=None)
    assert rest["note"].str.contains("No counts of ").all()
    final = rest[rest["year_after"] == 2022].set_index("group")["published_rate_after"]
    assert final.to_dict() == {"asian": 3.51, "hispanic": 4.89, "native_hawaiian_or_pacific_islander": 8.50}
    later = rest[rest["year_after"] == 2023].set_index("measure")
    assert later["published_rate_after"].to_dict() == {"infant": 5.61, "neonatal": 3.65, "postneonatal": 1.96}
    assert later["edition_before"].eq("final").all()
    assert not rest["published_significant"].any()


def test_the_contract_holds_and_a_changed_count_changes_the_verdict(changes):
    assert changes.columns.tolist() == NATIONAL_CHANGES.names
    rates = load_national_rates(CSV)
    wrong = rates.assign(deaths=rates["deaths"].mask(rates["deaths"] == 1_210, 1_209))
    row = national_changes(wrong).query("measure == 'maternal_complications_p01'").iloc[0]
    assert not row["significant"]
    assert not row["agrees"]


@pytest.mark.parametrize(
    ("key", "printed_rate", "fewer"),
    [(("all", "maternal_complications_p01"), 1, 1), (("american_indian_or_alaska_native", "infant"), 1, 1)],
)
def test_p01_and_american_indian_flip_on_a_death_or_on_rounded_rates(changes, key, printed_rate, fewer):
    row = changes[(changes["group"] == key[0]) & (changes["measure"] == key[1])].iloc[0]
    before, after = counts((row["deaths_before"], row["births_before"])), (row["deaths_after"], row["births_after"])
    assert row["deaths_to_flip"] == fewer
    one_less = change_between(before, counts((after[0] - fewer, after[1])))
    assert bool(row["significant"])
    assert not one_less["significant"].iloc[0]
    # Counts taken back from the rate with one decimal: some of them are significant and some are not.
    verdicts = set()
    for first in range(int(row["deaths_before"]) - 5, int(row["deaths_before"]) + 6):
        for second in range(int(row["deaths_after"]) - 5, int(row["deaths_after"]) + 6):
            rates = (row["per"] * first / row["births_before"], row["per"] * second / row["births_after"])
            shown = (row["published_rate_before"], row["published_rate_after"])
            if all(round(a, printed_rate) == round(b, printed_rate) for a, b in zip(rates, shown, strict=True)):
                made = change_between(counts((first, row["births_before"])), counts((second, row["births_after"])))
                verdicts.add(bool(made["significant"].iloc[0]))
    assert verdicts == {True, False}


def test_deaths_to_flip_is_the_least_number(changes):
    for row in changes[changes["change_status"] == "tested"].to_dict("records"):
        before = counts((row["deaths_before"], row["births_before"]))
        for step in (row["deaths_to_flip"] - 1, row["deaths_to_flip"]):
            moved = [
                change_between(before, counts((row["deaths_after"] + sign * step, row["births_after"])))
                for sign in (-1, 1)
            ]
            other = any(made["significant"].iloc[0] != row["significant"] for made in moved)
            assert other == (step == row["deaths_to_flip"])
    with pytest.raises(InputError, match="below 10"):
        deaths_to_flip((9, 1_000), (50, 1_000))


def test_limits_of_rounding_are_those_of_all_counts_that_print_the_rates(changes):
    row = changes[changes["measure"] == "bacterial_sepsis_p36"].iloc[0]
    made = [
        change_between(counts((a, row["births_before"])), counts((b, row["births_after"])), per=1e5).iloc[0]
        for a in range(540, 580)
        for b in range(620, 660)
        if round(1e5 * a / row["births_before"], 1) == 15.3 and round(1e5 * b / row["births_after"], 1) == 17.4
    ]
    assert len(made) > 4
    assert (row["z_low"], row["z_high"]) == (min(m["z"] for m in made), max(m["z"] for m in made))
    percents = [m["change_percent"] for m in made]
    assert (row["change_percent_low"], row["change_percent_high"]) == (min(percents), max(percents))
    assert row["significance_certain"] == all(m["significant"] for m in made)
    total = changes[(changes["measure"] == "infant") & (changes["group"] == "all")].iloc[0]
    assert total["z_low"] == total["z"] == total["z_high"], "the report prints this count"


def test_z_is_the_formula_and_close_to_the_wald_test_of_statsmodels():
    made = change_between(counts((561, 3_664_292)), counts((638, 3_667_758))).iloc[0]
    oracle = poisson_2indep(638, 3_667_758, 561, 3_664_292, method="wald", compare="diff")
    assert made["z"] == pytest.approx(oracle.statistic, rel=1e-3)  # NCHS adds the variation of births to it
    assert made["direction"] == "increase"


def test_fewer_than_100_deaths_are_tested_by_intervals_on_chi_square():
    def by_hand(first, second):
        limits = [(chi2.ppf(0.025, 2 * d) / 2 / b, chi2.ppf(0.975, 2 * d + 2) / 2 / b) for d, b in (first, second)]
        return limits[0][1] < limits[1][0] or limits[1][1] < limits[0][0]

    pairs = [
        ((40, 10_000), (80, 10_000)),
        ((40, 10_000), (70, 10_000)),
        ((99, 10_000), (150, 10_000)),
        ((99, 10_000), (140, 10_000)),
        ((80, 10_000), (40, 10_000)),
        ((0, 10_000), (12, 10_000)),
    ]
    made = change_between(counts(*(a for a, _ in pairs)), counts(*(b for _, b in pairs)))
    assert made["significant"].tolist() == [by_hand(*pair) for pair in pairs]
    assert set(made["significant"]) == {True, False}
    assert made["test"].eq("intervals").all()
    assert made["z"].isna().all()
    assert made["direction"].tolist() == ["increase"] * 4 + ["decrease", "increase"]
    assert np.isnan(made["change_percent"].iloc[-1]), "no percent of a rate of zero"


def test_beside_fewer_than_100_deaths_the_larger_count_has_its_gamma_interval_too():
    """Where the two kinds of interval of the larger count disagree, the gamma interval decides."""
    disagree = 0
    for first in range(60, 100):
        for second in range(100, 180):
            high = chi2.ppf(0.975, 2 * first + 2) / 2
            gamma, normal = chi2.ppf(0.025, 2 * second) / 2, second - 1.96 * np.sqrt(second)
            if (high < gamma) != (high < normal):
                disagree += 1
                made = change_between(counts((first, 100_000)), counts((second, 100_000)))
                assert made["significant"].iloc[0] == (high < gamma)
    assert disagree > 3


def test_both_100_or_more_are_tested_by_z():
    made = change_between(counts((100, 20_000), (99, 20_000)), counts((140, 20_000), (140, 20_000)))
    assert made["test"].tolist() == ["z", "intervals"]
    assert made["significant"].tolist() == [True, False], "the overlap of intervals asks for more"


def test_per_scales_the_change_and_nothing_else():
    before, after = counts((1_114, 3_664_292)), counts((1_210, 3_667_758))
    thousand, other = change_between(before, after), change_between(before, after, per=1e5)
    assert other["change"].iloc[0] == pytest.approx(100 * thousand["change"].iloc[0])
    assert other["z"].iloc[0] == pytest.approx(thousand["z"].iloc[0])
    assert other["change_percent"].iloc[0] == pytest.approx(thousand["change_percent"].iloc[0])


@given(st.integers(0, 30), st.integers(0, 30), st.sampled_from([0, 5, 40, 4_000]), st.sampled_from([0, 7, 40, 4_000]))
@settings(max_examples=50)
def test_a_count_of_1_to_9_takes_the_whole_row_with_it(first, second, births_before, births_after):
    first, second = min(first, births_before), min(second, births_after)
    made = change_between(counts((first, births_before)), counts((second, births_after))).iloc[0]
    small = any(0 < value < 10 for value in (first, second, births_before, births_after))
    assert (made["change_status"] == "suppressed") == small
    if small:
        assert made.drop("change_status").isna().all()


def test_unknown_and_no_births_have_their_status():
    made = change_between(counts((np.nan, 5_000), (0, 0), (30, 5_000)), counts((30, 5_000), (30, 5_000), (30, 5_000)))
    assert made["change_status"].tolist() == ["not_reported", "no_births", "tested"]
    assert made.iloc[:2].drop(columns="change_status").isna().all(axis=None)
    assert made["direction"].iloc[2] == "none"
    assert made["change"].iloc[2] == 0


@given(st.integers(100, 4_000), st.integers(100, 4_000), st.integers(200_000, 400_000), st.integers(200_000, 400_000))
@settings(max_examples=40)
def test_exchanging_the_periods_turns_the_sign(first, second, births_before, births_after):
    there = change_between(counts((first, births_before)), counts((second, births_after))).iloc[0]
    back = change_between(counts((second, births_after)), counts((first, births_before))).iloc[0]
    assert there["z"] == pytest.approx(-back["z"])
    assert there["significant"] == back["significant"]
    rates = infant_mortality([first, second], [births_before, births_after])["rate"]
    assert there["change"] == pytest.approx(rates[1] - rates[0])


def test_periods_with_a_common_year_and_other_rows_are_refused():
    before, after = counts((30, 5_000), years="2017-2019"), counts((40, 5_000), years="2019, 2021-2023")
    with pytest.raises(InputError, match=r"row 1, column 'years': .* have 2019 in common"):
        change_between(before, after)
    assert len(change_between(before, after.assign(years="2020-2023"))) == 1
    with pytest.raises(InputError, match="the same places"):
        change_between(counts((30, 5_000)), counts((30, 5_000), (30, 5_000)))
