"""Neighbours, permutations, false-discovery control and the clusters of a run, against enumeration and brute force."""

from __future__ import annotations

from itertools import combinations, permutations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, kstest

from matcare.contracts.clusters import AUTOCORRELATION, CLUSTERS
from matcare.errors import InputError
from matcare.measures.clusters.counties import county_clusters, national_rate
from matcare.measures.clusters.false_discovery import benjamini_hochberg
from matcare.measures.clusters.local import bivariate_local_moran, gi_star, local_moran, moran
from matcare.measures.clusters.permutation import drawn_sums
from matcare.measures.clusters.standardised import eb_standardised
from matcare.measures.clusters.weights import contiguity


def pairs(edges):
    both = [(a, b) for a, b in edges] + [(b, a) for a, b in edges]
    return pd.DataFrame(both, columns=["county_fips", "neighbour_fips"])


def grid(side):
    """A square lattice; each cell touches the cells beside, above and below it."""
    codes = [f"{i:05d}" for i in range(side * side)]
    edges = [(codes[i], codes[i + 1]) for i in range(side * side) if (i + 1) % side]
    edges += [(codes[i], codes[i + side]) for i in range(side * (side - 1))]
    return codes, pairs(edges)


def test_neighbours_are_those_analysed_and_their_weights_add_up_to_one():
    adjacency = pairs([("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    found = contiguity(adjacency, ["a", "b", "c", "e"])
    assert found.counts.tolist() == [1, 2, 1, 0]
    assert found.means(np.array([1.0, 5.0, 9.0, 2.0]))[:3].tolist() == [5.0, 5.0, 5.0]
    assert np.isnan(found.means(np.ones(4))[3]), "an island has no mean, not zero"
    fewer = found.among(np.array([True, True, False, True]))
    assert fewer.counts.tolist() == [1, 1, 1, 0]
    assert fewer.means(np.array([1.0, 5.0, 9.0, 2.0]))[1] == 1.0


def test_a_county_twice_and_one_that_touches_itself_are_refused():
    with pytest.raises(InputError, match="b stands twice"):
        contiguity(pairs([("a", "b")]), ["a", "b", "b"])
    with pytest.raises(InputError, match="a is listed as its own neighbour"):
        contiguity(pd.DataFrame({"county_fips": ["a"], "neighbour_fips": ["a"]}), ["a"])


def test_draws_follow_the_exact_distribution_of_every_subset():
    values = np.array([0.3, -1.2, 2.2, 0.9, -0.4, 1.1, -2.0, 0.05])
    draws = np.array([3, 1, 0, 2, 4, 7, 3, 5])
    observed = np.linspace(-2, 2, 8)
    n = 40_000
    for kept_out in (True, False):
        own = np.arange(8) if kept_out else np.full(8, -1)
        low, high = drawn_sums(values, draws, observed, own=own, permutations=n, seed=5)
        for i, k in enumerate(draws):
            pool = np.delete(values, i) if kept_out else values
            exact = np.mean([sum(chosen) <= observed[i] + 1e-9 for chosen in combinations(pool, k)]) if k else 0.0
            assert low[i] / n == pytest.approx(exact, abs=5 * np.sqrt(0.25 / n))
            assert low[i] + high[i] >= (n if k else 0)


def test_equal_sums_count_on_both_sides_whatever_the_order_of_addition():
    values = np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    low, high = drawn_sums(values, np.full(9, 9), np.full(9, 1.8), own=np.full(9, -1), permutations=500, seed=1)
    assert (low == 500).all()
    assert (high == 500).all()


def test_threads_do_not_change_the_result_and_the_seed_and_the_number_of_draws_do():
    values = np.random.default_rng(0).normal(size=400)
    options = {"draws": np.full(400, 5), "observed": np.zeros(400), "own": np.arange(400)}
    one = drawn_sums(values, **options, permutations=999, seed=3, threads=1)[0]
    two = drawn_sums(values, **options, permutations=999, seed=3, threads=2)[0]
    assert one.tolist() == two.tolist()
    assert one.tolist() != drawn_sums(values, **options, permutations=999, seed=4, threads=2)[0].tolist()
    assert one.max() < drawn_sums(values, **options, permutations=2_999, seed=3)[0].max()


def test_impossible_draws_are_refused():
    three = np.arange(3.0)
    with pytest.raises(ValueError, match="draws 3 values"):
        drawn_sums(three, np.full(3, 3), three, own=np.arange(3), permutations=9, seed=1)
    with pytest.raises(ValueError, match="at least one permutation"):
        drawn_sums(three, np.full(3, 1), three, own=np.arange(3), permutations=0, seed=1)


def test_global_moran_is_the_double_sum_and_its_p_that_of_all_arrangements():
    adjacency = pairs([("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("a", "f"), ("b", "e")])
    codes = list("abcdefg")  # g is an island
    values = np.array([3.0, 2.5, 1.0, 0.7, 2.0, 3.1, 1.4])
    w = np.zeros((7, 7))
    for a, b in adjacency.to_numpy():
        w[codes.index(a), codes.index(b)] = 1
    w /= np.maximum(w.sum(axis=1, keepdims=True), 1)

    def statistic(y):
        z = y - y.mean()
        return len(y) / w.sum() * (z @ w @ z) / (z @ z)

    found = moran(values, contiguity(adjacency, codes), permutations=20_000, seed=2)
    assert found.i == pytest.approx(statistic(values))
    assert (found.places, found.islands) == (7, 1)
    every = np.array([statistic(np.array(order)) for order in permutations(values)])
    exact = 2 * min((every >= found.i - 1e-12).mean(), (every <= found.i + 1e-12).mean())
    assert found.p == pytest.approx(exact, abs=0.015)


def test_nothing_that_varies_or_touches_gives_no_statistic():
    codes, adjacency = grid(4)
    flat = moran(np.ones(16), contiguity(adjacency, codes))
    assert np.isnan(flat.i)
    assert np.isnan(flat.p)
    assert np.isnan(moran(np.arange(16.0), contiguity(adjacency.iloc[:0], codes)).i)
    assert set(local_moran(np.ones(16), contiguity(adjacency, codes))["label"]) == {"not_significant"}


def test_a_block_of_high_values_is_a_cluster_and_an_island_is_not_tested():
    codes, adjacency = grid(15)
    values = np.random.default_rng(4).normal(size=226)
    block = [r * 15 + c for r in range(4) for c in range(4)]
    values[block] += 6
    neighbours = contiguity(adjacency, [*codes, "island"])
    found = local_moran(values, neighbours)
    assert (found["label"].iloc[[0, 1, 15, 16, 17]] == "high_high").all()
    assert found.loc["island", "label"] == "no_neighbour"
    assert found.loc["island", ["statistic", "lag", "p"]].isna().all()
    assert not found["label"].iloc[100:225].isin(["high_high", "low_low"]).any()
    assert (gi_star(values, neighbours)["label"].iloc[[0, 1, 15, 16, 17]] == "hot_spot").all()
    assert (gi_star(-values, neighbours)["label"].iloc[[0, 1, 15, 16, 17]] == "cold_spot").all()
    assert gi_star(values, neighbours).loc["island", "label"] == "no_neighbour"


def test_local_statistics_add_up_to_the_global_one():
    codes, adjacency = grid(9)
    values = np.random.default_rng(1).gamma(2, size=81)
    neighbours = contiguity(adjacency, codes)
    local = local_moran(values, neighbours, permutations=99)["statistic"]
    assert local.sum() / 80 == pytest.approx(moran(values, neighbours, permutations=99).i)


def test_gi_star_follows_the_exact_distribution():
    codes, adjacency = grid(3)
    values = np.array([0.2, 3.0, 1.1, 0.0, 2.2, 0.7, 5.0, 1.9, 0.4])
    found = gi_star(values, contiguity(adjacency, codes), permutations=40_000)
    sums = np.array([sum(chosen) for chosen in combinations(values, 5)])
    observed = values[[4, 1, 3, 5, 7]].sum()
    exact = 2 * min((sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean())
    assert len(sums) == comb(9, 5)
    assert found["p"].iloc[4] == pytest.approx(exact, abs=0.015)
    z = (observed / 5 - values.mean()) / (values.std() * np.sqrt((9 / 5 - 1) / 8))
    assert found["statistic"].iloc[4] == pytest.approx(z)


def test_p_is_uniform_where_nothing_clusters():
    codes, adjacency = grid(20)
    values = np.random.default_rng(8).exponential(size=400)
    for test in (local_moran, gi_star):
        found = test(values, contiguity(adjacency, codes), permutations=999)["p"]
        assert kstest(found, "uniform").pvalue > 0.001


def test_bivariate_takes_a_value_from_each_side_and_leaves_the_missing_out():
    codes, adjacency = grid(12)
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=144), rng.normal(size=144)
    corner = [r * 12 + c for r in range(5) for c in range(5)]
    x[corner] += 4
    y[corner] -= 4
    neighbours = contiguity(adjacency, codes)
    whole = bivariate_local_moran(x, y, neighbours)
    assert (whole["label"].iloc[[0, 1, 12, 13]] == "high_low").all()
    without_x, without_y = x.copy(), y.copy()
    without_x[143] = np.nan
    without_y[0] = np.nan
    found = bivariate_local_moran(without_x, without_y, neighbours)
    assert found["label"].iloc[143] == "no_value"
    assert found["label"].iloc[0] == "high_low", "a county without minutes of its own has those around it"
    zy = (without_y - np.nanmean(without_y)) / np.nanstd(without_y)
    assert found["lag"].iloc[1] == pytest.approx(np.mean(zy[[2, 13]])), "the missing one is no neighbour"


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.01, 0.4))
def test_false_discovery_agrees_with_scipy(p, rate):
    adjusted = false_discovery_control(p)
    sure = np.abs(adjusted - rate) > 1e-12
    assert (benjamini_hochberg(p, rate=rate) == (adjusted <= rate))[sure].all()


def test_a_missing_p_is_no_test():
    assert benjamini_hochberg([0.03, np.nan, np.nan, np.nan]).tolist() == [True, False, False, False]
    assert benjamini_hochberg([np.nan]).tolist() == [False]
    with pytest.raises(ValueError, match="outside 0 to 1"):
        benjamini_hochberg([1.2])
    with pytest.raises(ValueError, match="outside 0 to 1"):
        benjamini_hochberg([0.2], rate=0)


def test_standardised_rates_follow_the_papers_rule_where_the_variance_is_negative():
    deaths, births = np.array([10.0, 20, 31]), np.array([1000.0, 2000, 3000])
    b = 61 / 6000
    assert (births * (deaths / births - b) ** 2).sum() / births.sum() < b / births.mean(), "less spread than chance"
    z = eb_standardised(deaths, births)
    a = (births * (deaths / births - b) ** 2).sum() / births.sum() - b / births.mean()
    v = np.where(a + b / births > 0, a + b / births, b / births)
    assert z.tolist() == pytest.approx(((deaths / births - b) / np.sqrt(v)).tolist())
    nation = eb_standardised(deaths, births, reference_rate=0.005)
    assert (nation > z).all(), "against a lower rate all are higher"
    for wrong in ({"deaths": [np.nan, 1], "births": [10, 10]}, {"deaths": [1, 1], "births": [10, 0]}):
        with pytest.raises(ValueError, match="needs its deaths and births"):
            eb_standardised(**wrong)
    with pytest.raises(ValueError, match="reference rate is 0"):
        eb_standardised([0, 0], [10, 10])


def made_counties(side=12, seed=0):
    codes, adjacency = grid(side)
    rng = np.random.default_rng(seed)
    n = side * side
    births = rng.integers(4_000, 40_000, n).astype(float)
    table = pd.DataFrame(
        {
            "county_fips": codes,
            "live_births": births,
            "infant_deaths": rng.poisson(births * 0.006).astype(float),
            "imr_status": "published",
            "minutes_birth_care": rng.gamma(4, 6, n),
            "minutes_neonatal_3_plus": rng.gamma(4, 15, n),
        }
    )
    return table, adjacency


def test_a_run_has_one_row_a_county_and_a_reason_for_each_without_a_cluster():
    counties, adjacency = made_counties()
    counties.loc[0, "imr_status"] = "modelled"
    counties.loc[0, ["infant_deaths", "live_births"]] = np.nan
    counties.loc[1, "imr_status"] = "apportioned"
    counties.loc[[2, 5], "minutes_birth_care"] = np.nan
    clusters, summary = county_clusters(counties, adjacency, reference_rate=None, permutations=199)
    CLUSTERS.validate(clusters)
    AUTOCORRELATION.validate(summary)
    assert clusters["county_fips"].tolist() == counties["county_fips"].tolist()
    assert clusters["cluster_imr"].iloc[:2].tolist() == ["no_rate", "no_rate"]
    assert clusters["cluster_imr_minutes"].iloc[[0, 1, 2]].tolist() == ["no_rate", "no_rate", "no_rate"]
    assert clusters["cluster_minutes_birth_care"].iloc[2] == "no_rate"
    assert clusters.loc[0, ["local_moran_imr", "local_moran_imr_p", "gi_star_imr"]].isna().all()
    assert summary.set_index("quantity")["counties"].to_dict() == {
        "imr": 142, "minutes_birth_care": 142, "minutes_neonatal_3_plus": 144,
    }  # fmt: skip


def test_a_modelled_rate_changes_no_cluster():
    counties, adjacency = made_counties()
    counties.loc[7, "imr_status"] = "modelled"
    one = county_clusters(counties, adjacency, reference_rate=0.006, permutations=99)[0]
    counties.loc[7, ["infant_deaths", "live_births"]] = [4_000.0, 4_000.0]
    pd.testing.assert_frame_equal(one, county_clusters(counties, adjacency, reference_rate=0.006, permutations=99)[0])


def test_reference_rate_seed_permutations_and_false_discovery_each_change_the_result():
    counties, adjacency = made_counties()
    counties.loc[[r * 12 + c for r in range(4) for c in range(4)], "infant_deaths"] *= 3
    base = {"reference_rate": 0.006, "permutations": 1_999, "seed": 1, "false_discovery": 0.05, "threads": 1}
    one, summary = county_clusters(counties, adjacency, **base)
    assert (one["cluster_imr"] == "high_high").any()
    assert (
        county_clusters(counties, adjacency, **base | {"false_discovery": 0.3})[0]["cluster_imr"] == "high_high"
    ).sum() > (one["cluster_imr"] == "high_high").sum()
    for other in ({"seed": 2}, {"permutations": 999}, {"reference_rate": None}):
        assert not county_clusters(counties, adjacency, **base | other)[0].equals(one)
    pd.testing.assert_frame_equal(county_clusters(counties, adjacency, **base | {"threads": 2})[0], one)
    assert summary["permutations"].tolist() == [1_999] * 3


def test_few_counties_are_not_tested():
    counties, adjacency = made_counties(side=5)
    counties.loc[0, "minutes_birth_care"] = np.nan
    clusters, summary = county_clusters(counties, adjacency, reference_rate=None)
    assert set(summary["status"]) == {"too_few_counties"}
    assert summary[["moran_i", "p"]].isna().all().all()
    assert set(clusters["cluster_imr"]) == {"not_significant"}
    assert set(clusters["cluster_imr_minutes"]) == {"not_significant", "no_rate"}
    empty = counties.assign(imr_status="suppressed", infant_deaths=np.nan, live_births=np.nan)
    assert set(county_clusters(empty, adjacency, reference_rate=0.006)[0]["hot_spot_imr"]) == {"no_rate"}


def test_the_nations_rate_is_taken_from_its_row():
    states = pd.DataFrame({"state": ["ND", "US"], "infant_deaths": [50.0, 560.0], "live_births": [1e4, 1e5]})
    assert national_rate(states) == pytest.approx(0.0056)
    assert national_rate(states.iloc[:1]) is None
    assert national_rate(states.assign(infant_deaths=np.nan)) is None
