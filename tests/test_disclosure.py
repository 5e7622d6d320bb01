"""The rule, the attacker against brute force over whole numbers, and complementary suppression."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.stats import chi2

from matcare.disclosure import (
    complementary,
    counts_from_rate,
    disclosed,
    disclosures,
    feasible_ranges,
    is_small,
    mask_small,
    relate,
)
from matcare.disclosure.elimination import reduced_rows
from matcare.errors import InputError


def test_the_rule():
    assert is_small(pd.Series([0, 1, 9, 10, np.nan])).tolist() == [False, True, True, False, False]
    assert is_small([0.4, 0.6, 9.4, 9.6]).tolist() == [False, True, True, False], "apportioned counts as they round"


def test_masking_takes_what_gives_the_count_back():
    table = pd.DataFrame(
        {
            "deaths": pd.array([7, 12, pd.NA, 0], "Int64"),
            "births": [900.0, 1000.0, 5.0, 400.0],
            "imr": [7.8, 12.0, np.nan, 0.0],
            "imr_low": [1.0, 2, 3, 4],
            "svi": [0.1, 0.2, 0.3, 0.4],
        }
    )
    masked, hidden = mask_small(table, counts=["deaths", "births"], dependents=["imr", "imr_low"])
    assert hidden.tolist() == [True, False, True, False]
    assert masked.loc[[0, 2], ["deaths", "births", "imr", "imr_low"]].isna().all(axis=None)
    assert masked["svi"].tolist() == table["svi"].tolist()
    pd.testing.assert_frame_equal(masked.loc[[1, 3]], table.loc[[1, 3]])
    assert table.loc[0, "deaths"] == 7, "the table that came in is as it was"
    alone, _ = mask_small(table, counts=["deaths"])
    assert alone.loc[0, "imr"] == 7.8, "a dependent that is not named stays"
    assert alone.loc[2, "births"] == 5, "so does a count that is not named"


# Counts from a rate and its interval.


def nchs_interval(deaths, births, births_vary=True):
    """Normal from 100 deaths; below, the Poisson limits by way of chi-square quantiles (Garwood 1936)."""
    rate = 1000 * deaths / births
    if deaths >= 100:
        half = 1.96 * rate * np.sqrt(1 / deaths + (1 / births if births_vary else 0))
        return rate, rate - half, rate + half
    low = chi2.ppf(0.025, 2 * deaths) / 2 if deaths else 0.0
    return rate, 1000 * low / births, 1000 * chi2.ppf(0.975, 2 * deaths + 2) / 2 / births


@settings(max_examples=50)
@given(deaths=st.integers(0, 20_000), ratio=st.integers(20, 900), births_vary=st.booleans())
def test_a_rate_and_its_interval_are_the_counts(deaths, ratio, births_vary):
    births = max(deaths, 1) * ratio
    rate, low, high = nchs_interval(deaths, births, births_vary)
    solved = counts_from_rate(rate, low, high, births_vary=births_vary).iloc[0]
    assert solved["deaths"] == pytest.approx(deaths, rel=1e-8, abs=1e-8)
    assert solved["births"] == pytest.approx(births, rel=1e-8)
    limits_only = counts_from_rate(np.nan, low, high, births_vary=births_vary).iloc[0]
    assert limits_only[["deaths", "births"]].tolist() == pytest.approx([deaths, births], rel=1e-8, abs=1e-8)


@settings(max_examples=50)
@given(deaths=st.integers(1, 5_000), births=st.integers(5_000, 900_000))
def test_rounded_figures_leave_the_counts_between_bounds(deaths, births):
    rate, low, high = (round(value, 2) for value in nchs_interval(deaths, births))
    if rate < 0.5:
        return  # two decimals leave nothing to solve
    solved = counts_from_rate(rate, low, high, rounding=0.005).iloc[0]
    assert solved["deaths_low"] <= deaths + 1e-6
    assert deaths - 1e-6 <= solved["deaths_high"]
    assert solved["births_low"] <= births + 1e-6
    assert births - 1e-6 <= solved["births_high"]


@pytest.mark.parametrize(("deaths", "low", "high"), [(10, 0.4795, 1.8390), (20, 0.6108, 1.5444), (99, 0.8128, 1.2175)])
def test_factors_as_nchs_prints_them(deaths, low, high):
    """Table of gamma factors, NCHS technical notes (NVSR 73-5)."""
    solved = counts_from_rate([10.0], [10 * low], [10 * high], rounding=0.0005).iloc[0]
    assert round(solved["deaths"]) == deaths
    assert solved["births"] == pytest.approx(100 * deaths, rel=0.005)


def test_what_cannot_be_solved_and_what_the_options_do():
    assert counts_from_rate([5.0, 5.0], [np.nan, 5.0], [7.0, 5.0]).isna().all(axis=None)
    rate, low, high = nchs_interval(400, 40_000)
    assert counts_from_rate(rate, low, high)["deaths"].iloc[0] == pytest.approx(400)
    assert counts_from_rate(rate, low, high, births_vary=False)["deaths"].iloc[0] == pytest.approx(400 / 1.01)
    hundred = counts_from_rate(100 * rate, 100 * low, 100 * high, per=100_000).iloc[0]
    assert hundred["deaths"] == pytest.approx(400)
    assert hundred["births"] == pytest.approx(40_000)
    exact, rounded = counts_from_rate(rate, low, high), counts_from_rate(rate, low, high, rounding=0.01)
    assert exact["deaths_high"].iloc[0] - exact["deaths_low"].iloc[0] < 1e-6
    assert rounded["deaths_high"].iloc[0] - rounded["deaths_low"].iloc[0] > 5


# Elimination, against ranks.


@settings(max_examples=50)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.integers(0, 2**31),
)
def test_a_cell_is_determined_when_it_adds_nothing_to_the_rank(matrix, seed):
    matrix = np.array(matrix, dtype=float)
    truth = np.random.default_rng(seed).integers(0, 30, matrix.shape[1])
    rows = reduced_rows((dict(enumerate(row.tolist())), float(row @ truth)) for row in matrix)
    found = {next(iter(entries)): value for entries, value in rows if len(entries) == 1}
    rank = np.linalg.matrix_rank(matrix)
    for cell, unit in enumerate(np.eye(matrix.shape[1])):
        inside = np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank
        assert inside == (cell in found)
    assert all(value == pytest.approx(truth[cell]) for cell, value in found.items())
    assert sum(bool(entries) for entries, _ in rows) == rank
    assert all(abs(value) < 1e-9 for entries, value in rows if not entries)


def test_fractions_stay_exact():
    third = [({0: 3.0, 1: 1.0}, 10.0), ({0: 0.1, 1: 1.0}, 1.3), ({0: 3.1, 1: 2.0}, 11.3)]
    found = {next(iter(entries)): value for entries, value in reduced_rows(third) if len(entries) == 1}
    assert found == pytest.approx({0: 3.0, 1: 1.0})


# The attacker, against every table of whole numbers that fits.


def two_way(truth, printed, most=12):
    """A table with margins; `printed` cells (row, column) are known beside all margins."""
    height, width = truth.shape
    names = list(product(range(height), range(width)))
    entries = [({(r, c): 1 for c in range(width)}, truth[r].sum(), truth[r].sum()) for r in range(height)]
    entries += [({(r, c): 1 for r in range(height)}, truth[:, c].sum(), truth[:, c].sum()) for c in range(width)]
    relations = relate(entries)
    prior = pd.DataFrame({"low": 0.0, "high": float(most)}, index=relations.cells)
    lower, upper = prior["low"].copy(), prior["high"].copy()
    for cell in names:
        if cell in printed:
            lower[cell] = upper[cell] = truth[cell]
    return relations, lower, upper, prior


def every_table(relations, lower, upper):
    """Range of each cell over all whole-number tables, by trying them."""
    cells = list(relations.cells)
    matrix = np.zeros((len(relations.low), len(cells)))
    np.add.at(matrix, (relations.rows, relations.columns), relations.coefficients)
    spans = [range(int(lower[cell]), int(upper[cell]) + 1) for cell in cells]
    tables = np.array(list(product(*spans)), dtype=float)
    sums = tables @ matrix.T
    fit = tables[((sums >= relations.low - 1e-9) & (sums <= relations.high + 1e-9)).all(axis=1)]
    return pd.DataFrame({"low": fit.min(axis=0), "high": fit.max(axis=0)}, index=relations.cells)


def whole_ranges(relations, lower, upper):
    """Range of each cell over all whole-number tables, by integer programmes (scipy's milp, branch and bound)."""
    matrix = np.zeros((len(relations.low), len(relations.cells)))
    np.add.at(matrix, (relations.rows, relations.columns), relations.coefficients)
    ends = []
    for unit in np.eye(len(relations.cells)):
        pair = [
            milp(
                sign * unit,
                constraints=LinearConstraint(matrix, relations.low, relations.high),
                bounds=Bounds(lower[relations.cells], upper[relations.cells]),
                integrality=np.ones(len(unit)),
            )
            for sign in (1, -1)
        ]
        assert all(solved.status == 0 for solved in pair)
        ends.append([round(pair[0].fun), round(-pair[1].fun)])
    return pd.DataFrame(ends, columns=["low", "high"], index=relations.cells)


tables = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=2).map(np.array)
printed_cells = st.sets(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=4)


@settings(max_examples=30)
@given(tables, printed_cells)
def test_ranges_are_those_of_all_tables_that_fit(truth, printed):
    relations, lower, upper, prior = two_way(truth, printed, most=6)
    brute = every_table(relations, lower, upper)
    ranges = feasible_ranges(relations, lower, upper)
    np.testing.assert_allclose(ranges[["low", "high"]], brute)
    cheap = feasible_ranges(relations, lower, upper, programmes="none")
    assert ((cheap["low"] <= brute["low"]) & (cheap["high"] >= brute["high"])).all(), "never tighter than the truth"
    assert (brute["low"] == brute["high"])[ranges["determined"]].all()
    doubtful = feasible_ranges(relations, lower, upper, programmes="doubtful")
    assert disclosed(doubtful, prior).equals(disclosed(brute, prior)), "the programmes that were saved were not needed"


@settings(max_examples=20)
@given(
    st.lists(st.lists(st.integers(-1, 2), min_size=4, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(0, 5), min_size=4, max_size=4),
    st.integers(0, 2),
)
def test_any_coefficients_and_rounded_sums(matrix, truth, slack):
    matrix, truth = np.array(matrix, dtype=float), np.array(truth)
    sums = matrix @ truth
    relations = relate(
        [
            (dict(zip("abcd", row, strict=True)), total - slack, total + slack)
            for row, total in zip(matrix, sums, strict=True)
        ]
    )
    lower, upper = pd.Series(0.0, index=list("abcd")), pd.Series(5.0, index=list("abcd"))
    brute = every_table(relations, lower, upper)
    ranges = feasible_ranges(relations, lower, upper)
    assert ((ranges["low"] <= brute["low"]) & (ranges["high"] >= brute["high"])).all()
    for position, cell in enumerate("abcd"):  # at least as tight as the two programmes over real numbers
        for sign, column in ((1, "low"), (-1, "high")):
            solved = linprog(
                sign * np.eye(4)[position],
                A_ub=np.vstack([matrix, -matrix]),
                b_ub=np.concatenate([sums + slack, slack - sums]),
                bounds=[(0, 5)] * 4,
            )
            assert sign * ranges.loc[cell, column] >= solved.fun - 1e-6


def test_programmes_see_what_propagation_does_not():
    """Each pair of three cells has 10 at least and all three 16 at most: each has 6 at most, so 4 at least."""
    relations = relate(
        [
            ({"a": 1, "b": 1}, 10, 19),
            ({"b": 1, "c": 1}, 10, 19),
            ({"a": 1, "c": 1}, 10, 19),
            ({"a": 1, "b": 1, "c": 1}, 15, 16),
        ]
    )
    lower, upper = pd.Series(0.0, index=list("abc")), pd.Series(19.0, index=list("abc"))
    cheap = feasible_ranges(relations, lower, upper, programmes="none")
    ranges = feasible_ranges(relations, lower, upper, programmes="all")
    assert cheap.loc["a", ["low", "high"]].tolist() == [0, 16]
    assert ranges.loc["a", ["low", "high"]].tolist() == [4, 6]
    prior = pd.DataFrame({"low": 0.0, "high": 19.0}, index=list("abc"))
    assert disclosures(relations, lower, upper, prior=prior, programmes="none").empty
    found = disclosures(relations, lower, upper, prior=prior)
    assert found["cells"].tolist() == [("a",), ("b",), ("c",)]


def test_interchangeable_counties_are_pinned_together():
    total = relate([({"state": 1, "seen": -1, **{f"c{n}": -1 for n in range(4)}}, 0, 0)])
    prior = pd.DataFrame({"low": 0.0, "high": 19.0}, index=total.cells)
    bounds = (
        pd.Series({"state": 170.0, "seen": 100.0}),
        pd.Series({"state": 170.0, "seen": 100.0, **{f"c{n}": 19.0 for n in range(4)}}),
    )
    ranges = feasible_ranges(total, *bounds, programmes="all")
    assert ranges.loc["c0", ["low", "high"]].tolist() == [13, 19], "70 deaths in four counties of at most 19"
    assert disclosures(total, *bounds, prior=prior).empty


def test_a_remainder_is_a_count_too():
    total = relate([({"state": 1, "seen": -1, "c0": -1, "c1": -1}, 0, 0)])
    prior = pd.DataFrame({"low": 0.0, "high": 19.0}, index=total.cells)
    shown = pd.Series({"state": 104.0, "seen": 100.0})
    found = disclosures(total, shown, pd.concat([shown, pd.Series({"c0": 19.0, "c1": 19.0})]), prior=prior)
    assert found["cells"].tolist() == [("c0", "c1")]
    assert found[["low", "high"]].to_numpy().tolist() == [[4, 4]]


def test_a_known_range_of_1_to_9_is_disclosed_only_by_its_value():
    prior = pd.DataFrame({"low": [1.0, 1, 0], "high": [9.0, 9, 19]})
    assert disclosed(pd.DataFrame({"low": [2.0, 5, 2], "high": [8.0, 5, 8]}), prior).tolist() == [False, True, True]


def test_contradictions_are_told_in_one_line():
    with pytest.raises(InputError, match="a total is not the sum"):
        feasible_ranges(
            relate([({"a": 1, "b": 1}, 5, 5), ({"a": 2, "b": 2}, 12, 12)]),
            pd.Series(dtype=float),
            pd.Series(dtype=float),
        )
    with pytest.raises(InputError, match="no value at all"):
        feasible_ranges(relate([({"a": 1, "b": 1}, 50, 50)]), pd.Series(dtype=float), pd.Series({"a": 19.0, "b": 19.0}))
    odd = [
        ({"a": 1, "b": 1}, 10, 12),
        ({"b": 1, "c": 1}, 10, 12),
        ({"a": 1, "c": 1}, 10, 12),
        ({"a": 1, "b": 1, "c": 1}, 5, 12),
    ]
    with pytest.raises(InputError, match=r"no counts fulfil|no value at all"):
        feasible_ranges(relate(odd), pd.Series(dtype=float), pd.Series(19.0, index=list("abc")))


# Complementary suppression.


@settings(max_examples=12)
@given(tables, st.integers(0, 5))
def test_nothing_small_is_left(truth, seed):
    """Counts of 10 and more printed, margins always: after suppression, no table search finds one of 1-9."""
    truth = np.where(truth >= 4, truth + 6, truth)  # some cells of 10-12, some small
    height, width = truth.shape
    cells = list(product(range(height), range(width)))
    entries = [({("r", r): 1, **{(r, c): -1 for c in range(width)}}, 0, 0) for r in range(height)]
    entries += [({("c", c): 1, **{(r, c): -1 for r in range(height)}}, 0, 0) for c in range(width)]
    relations = relate(entries)
    values = {cell: float(truth[cell]) for cell in cells if truth[cell] == 0 or truth[cell] >= 10}
    margins = {("r", r): float(truth[r].sum()) for r in range(height)} | {
        ("c", c): float(truth[:, c].sum()) for c in range(width)
    }
    published = pd.Series((values | margins).values(), index=pd.Index(list(values | margins), tupleize_cols=False))
    prior = pd.DataFrame({"low": 0.0, "high": 12.0}, index=relations.cells)
    prior.loc[[("r", r) for r in range(height)] + [("c", c) for c in range(width)], "high"] = np.inf
    rows = pd.Series(list(published.index), index=published.index)
    cost = pd.Series(published.to_numpy() + np.random.default_rng(seed).random(len(published)), index=published.index)
    hidden = complementary(relations, published, prior, rows=rows, cost=cost)
    shown = published[~published.index.isin(hidden)]
    lower, upper = prior["low"].copy(), prior["high"].replace(np.inf, 36.0)
    lower[shown.index], upper[shown.index] = shown, shown
    brute = whole_ranges(relations, lower, upper)
    inner = [cell for cell in relations.cells if cell not in margins]
    open_cells = [cell for cell in inner if cell not in shown.index]
    assert not disclosed(brute.loc[open_cells], prior).any()
    for margin in [cell for cell in margins if cell in shown.index]:
        own = [cell for cell in inner if cell[0 if margin[0] == "r" else 1] == margin[1]]
        assert not is_small(shown[margin] - shown[shown.index.isin(own)].sum()), "nor is what a margin leaves over"
    assert hidden == complementary(relations, published, prior, rows=rows, cost=cost)


def sums_of_two_measures():
    relations = relate(
        [({(m, "all"): 1, (m, "a"): -1, (m, "b"): -1, (m, "rest"): -1}, 0, 0) for m in ("deaths", "births")]
    )
    values = {
        ("deaths", "all"): 95.0,
        ("deaths", "a"): 51.0,
        ("deaths", "b"): 40.0,
        ("births", "all"): 9500.0,
        ("births", "a"): 5000.0,
        ("births", "b"): 4000.0,
    }
    published = pd.Series(values.values(), index=pd.Index(list(values), tupleize_cols=False))
    prior = pd.DataFrame({"low": 0.0, "high": np.inf}, index=relations.cells)
    rows = pd.Series({cell: cell[1] for cell in values if cell[1] != "all"})
    rows.index = pd.Index([cell for cell in values if cell[1] != "all"], tupleize_cols=False)
    return relations, published, prior, rows


def test_the_cheapest_row_goes_whole():
    relations, published, prior, rows = sums_of_two_measures()
    assert complementary(relations, published, prior, rows=rows, cost=pd.Series({"a": 5000, "b": 4000})) == ["b"]
    assert complementary(relations, published, prior, rows=rows, cost=pd.Series({"a": 3000, "b": 4000})) == ["a"]
    known = prior.copy()
    known.loc[[("deaths", "b")], "low"] = 38.0  # what anybody knows of b leaves 0-6 for the rest: still not pinned
    assert complementary(relations, published, known, rows=rows, cost=pd.Series({"a": 5000, "b": 4000})) == ["b"]
    known.loc[[("deaths", "b")], "high"] = 42.0  # b is 38-42, so the rest is 2-6
    assert complementary(relations, published, known, rows=rows, cost=pd.Series({"a": 5000, "b": 4000})) == ["b", "a"]


def test_what_cannot_be_hidden_is_said():
    relations, published, prior, rows = sums_of_two_measures()
    with pytest.raises(InputError, match="cannot be hidden"):
        complementary(relations, published, prior, rows=rows.iloc[:0], cost=pd.Series(dtype=float))


def test_programmes_have_the_last_word():
    pairs = [({"a": 1, "b": 1}, 10, 19), ({"b": 1, "c": 1}, 10, 19), ({"a": 1, "c": 1}, 10, 19)]
    relations = relate([*pairs, ({"top": 1, "a": -1, "b": -1, "c": -1}, 0, 0)])
    prior = pd.DataFrame({"low": 0.0, "high": 19.0}, index=relations.cells)
    prior.loc["top", "high"] = 57.0
    published, rows, cost = pd.Series({"top": 16.0}), pd.Series({"top": "top"}), pd.Series({"top": 1.0})
    assert complementary(relations, published, prior, rows=rows, cost=cost, programmes="none") == []
    assert complementary(relations, published, prior, rows=rows, cost=cost, programmes="all") == ["top"]
    assert complementary(relations, published, prior, rows=rows, cost=cost) == ["top"]
