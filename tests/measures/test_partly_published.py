"""The likelihood of partly published counts, against scipy, brute-force sums and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize, minimize_scalar
from scipy.stats import nbinom, norm

from matcare.measures.partly_published import (
    PartlyPublished,
    fit_rates,
    log_likelihood,
    standardised_residuals,
    unpublished_deaths,
)


def made(n=120, *, seed=0, phi=0.05, rates=(0.005, 0.008), groups=4, most=19, small=50):
    rng = np.random.default_rng(seed)
    births = rng.lognormal(7.6, 1.1, n).round() + small
    classes = rng.integers(0, len(rates), n)
    true = np.array(rates)[classes] * (rng.gamma(1 / phi, phi, n) if phi else 1.0)
    deaths = rng.poisson(births * true).astype(float)
    published = deaths > most
    group = np.where(published, -1, rng.integers(0, max(groups, 1), n)) if groups else np.full(n, -1)
    used = np.unique(group[group >= 0])
    group[group >= 0] = np.searchsorted(used, group[group >= 0])
    sums = np.bincount(group[group >= 0], weights=deaths[group >= 0], minlength=len(used))
    data = PartlyPublished(
        births=births, deaths=np.where(published, deaths, np.nan), censored=~published, most=most, group=group,
        sums=sums.astype(float),
    )  # fmt: skip
    return data, (classes[:, None] == np.arange(len(rates))).astype(float), classes, deaths, true


def by_scipy(data, design, parameters):
    """The same likelihood county by county with scipy's distributions and plain sums over the counts."""
    alpha = np.exp(parameters[-1])
    m = data.births * np.exp(design @ parameters[:-1])
    count = nbinom(1 / alpha, 1 / (1 + alpha * m))
    known = np.isfinite(data.deaths)
    value = count.logpmf(np.where(known, data.deaths, 0))[known].sum() + count.logcdf(data.most)[data.censored].sum()
    d = np.arange(data.most + 1)
    for g, total in enumerate(data.sums):
        mean, variance = 0.0, 0.0
        for i in np.flatnonzero(data.group == g):
            if data.censored[i]:
                p = nbinom(1 / alpha, 1 / (1 + alpha * m[i])).pmf(d)
                p /= p.sum()
                mean, variance = mean + p @ d, variance + p @ d**2 - (p @ d) ** 2
            else:
                mean, variance = mean + m[i], variance + m[i] + alpha * m[i] ** 2
        value += norm(mean, np.sqrt(variance)).logpdf(total) + 0.5 * np.log(2 * np.pi)
    return value


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(-4, 0.5), st.floats(-6.5, -4), st.integers(0, 3))
def test_likelihood_and_gradient_agree_with_scipy(seed, log_alpha, intercept, groups):
    data, design, *_ = made(30, seed=seed, groups=groups)
    if groups:  # one county that is neither published nor suppressed
        censored = data.censored.copy()
        censored[np.flatnonzero(data.group == 0)[:1]] = False
        data = PartlyPublished(births=data.births, deaths=data.deaths, censored=censored, most=19, group=data.group, sums=data.sums)  # fmt: skip
    parameters = np.array([intercept, intercept + 0.3, log_alpha])
    value, gradient = log_likelihood(data, design, parameters)
    assert value == pytest.approx(by_scipy(data, design, parameters), rel=1e-8)
    numeric = approx_fprime(parameters, lambda p: log_likelihood(data, design, p)[0], 1e-6)
    assert gradient == pytest.approx(numeric, rel=2e-3, abs=2e-2)


def test_the_sums_normal_density_is_near_the_exact_one():
    data, design, *_ = made(60, seed=3, groups=2)
    for parameters in ([-5.2, -4.9, -3.0], [-5.0, -5.0, -2.0]):
        alpha = np.exp(parameters[-1])
        m = data.births * np.exp(design @ np.array(parameters[:-1]))
        whole = 0.0
        for g, total in enumerate(data.sums):
            exact = np.ones(1)
            for i in np.flatnonzero(data.group == g):
                p = nbinom(1 / alpha, 1 / (1 + alpha * m[i])).pmf(np.arange(20))
                exact = np.convolve(exact, p / p.sum())
            whole += np.log(exact[int(total)]) + 0.5 * np.log(2 * np.pi)
        alone = PartlyPublished(births=data.births, deaths=data.deaths, censored=data.censored, most=19, group=np.full(60, -1), sums=np.zeros(0))  # fmt: skip
        normal = (
            log_likelihood(data, design, np.array(parameters))[0]
            - log_likelihood(alone, design, np.array(parameters))[0]
        )
        assert normal == pytest.approx(whole, abs=0.1)


def test_the_fit_is_the_maximum_that_another_search_of_scipys_likelihood_finds():
    data, design, *_ = made(100, seed=5, groups=0)
    fit = fit_rates(data, design)
    assert fit.converged
    other = minimize(
        lambda p: -by_scipy(data, design, p), [-5.2, -5.0, -3.0], method="Nelder-Mead", options={"xatol": 1e-4}
    )
    assert fit.parameters == pytest.approx(other.x, abs=5e-3)
    assert fit.dispersion == pytest.approx(np.exp(other.x[-1]), rel=0.02)


def test_without_dispersion_it_is_the_poisson_rate_and_its_variance():
    births, deaths = np.full(12, 5_000.0), np.array([25, 31, 28, 22, 35, 27, 30, 26, 24, 29, 33, 28.0])
    data = PartlyPublished(births=births, deaths=deaths, censored=np.zeros(12, bool), most=19, group=np.full(12, -1), sums=np.zeros(0))  # fmt: skip
    fit = fit_rates(data, np.ones((12, 1)))
    assert fit.fixed
    assert fit.dispersion == 0
    assert np.exp(fit.coefficients[0]) == pytest.approx(deaths.sum() / births.sum(), rel=1e-4)
    assert fit.covariance()[0, 0] == pytest.approx(1 / deaths.sum(), rel=1e-3)
    assert (fit.covariance()[-1] == 0).all()


def test_estimated_deaths_add_up_to_the_known_sums():
    data, design, classes, deaths, _ = made(150, seed=9, groups=5)
    fit = fit_rates(data, design)
    found, covariance = unpublished_deaths(data, design, fit.parameters, classes, 2)
    assert found.sum() == pytest.approx(data.sums.sum()), "every unpublished county is in a sum"
    assert covariance.sum() == pytest.approx(0, abs=1e-8), "so that the total has no error"
    hidden = np.isnan(data.deaths)
    truth = np.bincount(classes[hidden], weights=deaths[hidden])
    assert (np.abs(found - truth) < 4 * np.sqrt(np.diag(covariance))).all()


def test_without_sums_estimated_deaths_are_the_truncated_means():
    data, design, classes, *_ = made(40, seed=2, groups=0)
    parameters = np.array([-5.2, -4.8, -2.5])
    found, covariance = unpublished_deaths(data, design, parameters, classes, 2)
    alpha, d = np.exp(-2.5), np.arange(20)
    mean, variance = np.zeros(2), np.zeros(2)
    for i in np.flatnonzero(data.censored):
        m = data.births[i] * np.exp(design[i] @ parameters[:2])
        p = nbinom(1 / alpha, 1 / (1 + alpha * m)).pmf(d)
        p /= p.sum()
        mean[classes[i]] += p @ d
        variance[classes[i]] += p @ d**2 - (p @ d) ** 2
    assert found == pytest.approx(mean)
    assert np.diag(covariance) == pytest.approx(variance)
    assert covariance[0, 1] == 0


def test_generalised_residuals_have_mean_nought_and_variance_one_whatever_is_published():
    residuals = []
    for seed in range(40):
        data, design, *_ = made(100, seed=seed, phi=0.05, groups=0, small=1_500)
        residuals.append(
            standardised_residuals(data, design, np.array([np.log(0.005), np.log(0.008), np.log(0.05)]))[0]
        )
    together = np.concatenate(residuals)
    assert together.mean() == pytest.approx(0, abs=0.06)
    assert together.var() == pytest.approx(1, abs=0.1)
    data, design, *_ = made(100, seed=1, groups=0)
    published_only = standardised_residuals(data, design, np.array([np.log(0.005), np.log(0.008), np.log(0.05)]))[0]
    few = data.births < 3_000
    assert published_only[few & np.isfinite(data.deaths)].mean() > 0.5, "those published of the small are the high ones"


def test_truncation_biases_the_pooled_rate_and_not_the_fit():
    errors, naive, covered = [], [], 0
    for seed in range(100):
        data, _, _, deaths, _ = made(80, seed=seed, rates=(0.006,), phi=0.06)
        design = np.ones((80, 1))
        fit = fit_rates(data, design)
        half = 1.96 * np.sqrt(fit.covariance()[0, 0])
        covered += abs(fit.coefficients[0] - np.log(0.006)) <= half
        errors.append(fit.coefficients[0] - np.log(0.006))
        known = np.isfinite(data.deaths)
        naive.append(np.log(deaths[known].sum() / data.births[known].sum() / 0.006))
    assert abs(np.mean(errors)) < 0.012
    assert np.mean(naive) > 0.03
    assert 0.90 <= covered / 100 <= 0.99, "95 % within the scatter of 100 trials"


def test_what_cannot_be_is_refused():
    good = {"births": np.ones(2), "deaths": np.array([20.0, np.nan]), "censored": np.array([False, True]), "most": 19, "group": np.array([-1, -1]), "sums": np.zeros(0)}  # fmt: skip
    PartlyPublished(**good)
    for wrong, message in (
        ({"births": np.zeros(2)}, "births"),
        ({"censored": np.array([True, True])}, "cannot be censored"),
        ({"group": np.array([0, -1])}, "only unpublished"),
    ):
        with pytest.raises(ValueError, match=message):
            PartlyPublished(**good | wrong)


def test_leaving_out_a_county_of_a_sum_leaves_out_the_sum():
    data, *_ = made(60, seed=4, groups=3)
    inside = np.ones(60, bool)
    inside[np.flatnonzero(data.group == 1)[0]] = False
    fewer = data.take(inside)
    assert fewer.sums.tolist() == [data.sums[0], data.sums[2]]
    assert (fewer.group == 1).sum() == (data.group == 2).sum()
    assert len(fewer.births) == 59


def test_the_most_suppressed_deaths_change_the_result():
    assert minimize_scalar(
        lambda x: -log_likelihood(made(60, most=19)[0], np.ones((60, 1)), np.array([x, -3]))[0], bounds=(-7, -4)
    ).x != pytest.approx(
        minimize_scalar(
            lambda x: -log_likelihood(made(60, most=9)[0], np.ones((60, 1)), np.array([x, -3]))[0], bounds=(-7, -4)
        ).x,
        abs=1e-4,
    )
