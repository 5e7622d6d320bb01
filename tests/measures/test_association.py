"""Regressions between counties: against statsmodels and spreg, and what truncation does to a coefficient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.association import ASSOCIATION
from matcare.measures.association import association, least_squares, variance_inflation
from matcare.measures.clusters.weights import contiguity
from matcare.measures.spatial_regression import spatial_regression


def lattice(side):
    codes = [f"{i:05d}" for i in range(side * side)]
    edges = [(i, i + 1) for i in range(side * side) if (i + 1) % side] + [
        (i, i + side) for i in range(side * (side - 1))
    ]
    both = edges + [(b, a) for a, b in edges]
    return codes, pd.DataFrame([(codes[a], codes[b]) for a, b in both], columns=["county_fips", "neighbour_fips"])


def smoothed(values, neighbours, weight):
    """Errors that depend on the neighbours': (1 − weight·W)⁻¹ values."""
    w = np.zeros((len(values), len(values)))
    for i in range(len(values)):
        w[i, neighbours.index[neighbours.start[i] : neighbours.start[i + 1]]] = 1
    w /= w.sum(axis=1, keepdims=True)
    return np.linalg.solve(np.eye(len(values)) - weight * w, values)


def made(seed=0, *, side=22, effect=0.0, svi=0.04, phi=0.02, spatial=0.0):
    """Far counties are small; births, not minutes, decide who is published."""
    codes, adjacency = lattice(side)
    rng = np.random.default_rng(seed)
    n = side * side
    minutes = rng.uniform(5, 75, n)
    births = np.exp(rng.normal(9.3 - 0.03 * minutes, 0.6)).round() + 50
    vulnerable = rng.random(n)
    noise = rng.normal(size=n) * np.sqrt(phi)
    if spatial:
        noise = smoothed(noise, contiguity(adjacency, codes), spatial)
    true = 0.006 * np.exp(effect * minutes / 30 + svi * (vulnerable - 0.5) * 10 + noise)
    deaths = rng.poisson(births * true).astype(float)
    published = deaths >= 20
    state = [f"S{(i // side) // 4}{(i % side) // 4}" for i in range(n)]
    counties = pd.DataFrame(
        {
            "county_fips": codes,
            "outcome_period": "2017-2023",
            "state": state,
            "births_per_year": births / 7,
            "imr_status": np.where(published, "published", "suppressed"),
            "infant_deaths": np.where(published, deaths, np.nan),
            "live_births": np.where(published, births, np.nan),
            "minutes_birth_care": minutes,
            "minutes_neonatal_3_plus": minutes * 0.5 + rng.uniform(20, 90, n),
            "svi": vulnerable,
            "rucc_2023": pd.array(rng.integers(1, 10, n), dtype="Int64"),
            "share_low_birthweight": rng.normal(0.08, 0.01, n),
        }
    )
    totals = (
        pd.DataFrame({"state": state, "infant_deaths": deaths, "live_births": births})
        .groupby("state", as_index=False)
        .sum()
    )
    return counties, totals.assign(outcome_status="published"), adjacency


def term(table, model, name):
    return table[(table["model"] == model) & (table["term"] == name)].iloc[0]


def test_least_squares_agree_with_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(80), rng.normal(size=(80, 3))])
    y, weights = x @ [1, 0.5, 0, -1] + rng.normal(size=80), rng.integers(20, 400, 80).astype(float)
    coefficients, errors, residuals = least_squares(y, x, weights)
    theirs = sm.WLS(y, x, weights=weights).fit(cov_type="HC3")
    assert coefficients == pytest.approx(theirs.params)
    assert errors == pytest.approx(theirs.bse)
    assert residuals == pytest.approx(theirs.wresid)


def test_variance_inflation_agrees_with_statsmodels():
    influence = pytest.importorskip("statsmodels.stats.outliers_influence")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 3))
    x[:, 2] += 2 * x[:, 0]
    whole = np.column_stack([np.ones(60), x])
    assert variance_inflation(x) == pytest.approx([influence.variance_inflation_factor(whole, i) for i in (1, 2, 3)])
    assert np.isinf(variance_inflation(np.column_stack([x, x[:, 0]]))).all()
    assert variance_inflation(x[:, :1]) == pytest.approx([1.0])


def test_spatial_errors_and_lags_are_told_apart_and_found_again():
    codes, adjacency = lattice(20)
    neighbours = contiguity(adjacency, codes)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 2))
    plain = 1 + x @ [0.5, -0.3]
    error = spatial_regression(plain + smoothed(rng.normal(size=400), neighbours, 0.6), x, neighbours)
    assert error.kind == "spatial_error"
    assert error.coefficients[1:] == pytest.approx([0.5, -0.3, 0.6], abs=0.15)
    assert (np.abs(error.coefficients[1:] - [0.5, -0.3, 0.6]) < 4 * error.errors[1:]).all()
    lag = spatial_regression(smoothed(plain + rng.normal(size=400) * 0.5, neighbours, 0.6), x, neighbours)
    assert lag.kind == "spatial_lag"
    assert lag.coefficients[1:] == pytest.approx([0.5, -0.3, 0.6], abs=0.15)
    assert spatial_regression(plain + rng.normal(size=400), x, neighbours) is None


def test_a_place_without_a_neighbour_is_left_out_of_the_spatial_model(capsys):
    codes, adjacency = lattice(12)
    neighbours = contiguity(adjacency, [*codes, "island"])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(145, 1))
    y = np.append(smoothed(rng.normal(size=144), contiguity(adjacency, codes), 0.8), 50.0) + x[:, 0]
    found = spatial_regression(y, x, neighbours)
    assert len(found.residuals) == len(found.neighbours) == 144
    assert found.coefficients[1] == pytest.approx(1, abs=0.3)
    assert not capsys.readouterr().out, "spreg prints, a run does not"


def test_truncation_makes_an_association_that_the_whole_model_does_not_find():
    published, whole, covered = [], [], 0
    for seed in range(12):
        found = association(*made(seed), permutations=99)
        published.append(term(found, "published_least_squares", "minutes_birth_care")["coefficient"])
        one = term(found, "all_counties", "minutes_birth_care")
        whole.append(one["coefficient"])
        covered += one["low"] <= 0 <= one["high"]
    assert np.mean(published) > 0.03, "far counties are small, and published when high"
    assert abs(np.mean(whole)) < 0.02
    assert abs(np.mean(whole)) < np.mean(published) / 2
    assert covered >= 9


def test_an_association_that_is_there_is_found():
    found = ASSOCIATION.validate(association(*made(1, effect=0.15), permutations=99))
    one = term(found, "all_counties", "minutes_birth_care")
    assert one["low"] < 0.15 < one["high"]
    assert one["p"] < 0.001
    assert one["rate_ratio"] == pytest.approx(np.exp(one["coefficient"]))
    svi = term(found, "all_counties", "svi")
    assert svi["low"] < 0.04 < svi["high"]
    assert one["se_kind"] == "clustered_by_state"
    assert one["vif"] > term(found, "all_counties", "rucc_2023")["vif"] >= 1
    assert set(found["reading"]) == {"association, not cause"}


def test_a_spatial_model_stands_where_residuals_are_alike_and_only_there():
    quiet = association(*made(2, phi=0.0), permutations=199)
    assert term(quiet, "published_spatial_error", "none")["status"] == "not_needed"
    loud = ASSOCIATION.validate(association(*made(2, phi=0.03, spatial=0.7), permutations=199))
    assert term(loud, "published_least_squares", "svi")["moran_p"] < 0.05
    spatial = loud[loud["model"].str.startswith("published_spatial")]
    assert spatial["status"].unique().tolist() == ["fitted"]
    assert (spatial["counties"] <= term(loud, "published_least_squares", "svi")["counties"]).all()


def test_too_few_published_counties_are_not_fitted():
    counties, states, adjacency = made(side=11)
    found = ASSOCIATION.validate(association(counties, states, adjacency))
    assert set(found["status"]) == {"too_few_published_counties"}
    assert found[["coefficient", "se", "p", "moran_residual"]].isna().all().all()
    assert set(found["term"]) == {"none"}


def test_few_states_have_errors_of_the_likelihood():
    counties, states, adjacency = made(4)
    counties["state"] = "ND"
    one = states[["infant_deaths", "live_births"]].sum().to_frame().T.assign(state="ND")
    assert (
        term(association(counties, one, adjacency, permutations=99), "all_counties", "svi")["se_kind"] == "model_based"
    )


def test_a_county_without_a_covariate_is_left_out_and_a_modelled_rate_changes_nothing():
    counties, states, adjacency = made(5)
    counties.loc[:9, "share_low_birthweight"] = np.nan
    counties.loc[3, "minutes_birth_care"] = np.nan
    found = association(counties, states, adjacency, permutations=99)
    assert term(found, "all_counties", "svi")["counties"] == 483
    assert term(found, "all_counties_low_birthweight", "svi")["counties"] == 474
    modelled = counties.assign(imr_status=counties["imr_status"].replace("suppressed", "modelled"), imr_modelled=50.0)
    pd.testing.assert_frame_equal(association(modelled, states, adjacency, permutations=99), found)


def test_seed_permutations_and_the_limit_of_suppression_change_the_result():
    counties, states, adjacency = made(6, spatial=0.3)
    base = association(counties, states, adjacency, permutations=199, seed=1)
    assert not association(counties, states, adjacency, permutations=199, seed=2).equals(base)
    assert not association(counties, states, adjacency, permutations=299, seed=1).equals(base)
    other = association(counties, states, adjacency, permutations=199, seed=1, most_suppressed_deaths=29)
    assert (
        term(other, "all_counties", "intercept")["coefficient"]
        != term(base, "all_counties", "intercept")["coefficient"]
    )
    pd.testing.assert_frame_equal(association(counties, states, adjacency, permutations=199, seed=1, threads=1), base)
