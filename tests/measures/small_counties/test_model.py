"""The censored model: against statsmodels, brute force and simulation with the publication rule applied."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize
from scipy.stats import nbinom, poisson

from matcare.errors import InputError
from matcare.measures.small_counties.likelihood import CensoredCounts, log_likelihood
from matcare.measures.small_counties.model import GroupTotals, fit_censored_counts
from matcare.measures.small_counties.posterior import rate_posterior


def simulate(n=1500, *, seed=0, beta=(-5.1, -0.3, 0.2), dispersion=0.05, log_births=7.6, groups=None, deviation=0.0):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.standard_normal((n, len(beta) - 1))])
    births = np.exp(log_births + 0.9 * rng.standard_normal(n))
    effect = 0.0 if groups is None else deviation * rng.standard_normal(groups.max() + 1)[groups]
    rate = np.exp(design @ np.array(beta) + effect) * rng.gamma(1 / dispersion, dispersion, n)
    return design, births, rng.poisson(births * rate).astype(float), rate


def published(design, births, deaths, least=20):
    shown = deaths >= least
    return CensoredCounts(
        design=design,
        births=births,
        lower=np.where(shown, deaths, 0.0),
        upper=np.where(shown, deaths, least - 1.0),
    )


def brute(parameters, counts):
    """The same likelihood by SciPy's negative binomial and its distribution function."""
    k = np.exp(-parameters[-1])
    mean = counts.births * np.exp(counts.design @ parameters[:-1])
    low, high = counts.lower, counts.upper
    below = nbinom.cdf(low - 1, k, k / (k + mean))
    upto = np.where(np.isinf(high), 1.0, nbinom.cdf(np.where(np.isinf(high), 0, high), k, k / (k + mean)))
    exact = nbinom.logpmf(low, k, k / (k + mean))
    return np.where(low == high, exact, np.log(np.where(low == high, 1.0, upto - below))).sum()


def mixed_bounds():
    design, births, deaths, _ = simulate(60, seed=4)
    counts = published(design, births, deaths)
    lower, upper = counts.lower.copy(), counts.upper.copy()
    hidden = np.flatnonzero(lower != upper)
    lower[hidden[::3]], upper[hidden[::3]] = 1, 9
    lower[hidden[1::3]], upper[hidden[1::3]] = 0, np.inf
    lower[hidden[2::6]], upper[hidden[2::6]] = 4, np.inf
    return CensoredCounts(design=design, births=births, lower=lower, upper=upper)


def test_likelihood_is_the_sum_over_scipys_distribution():
    counts = mixed_bounds()
    for parameters in ([-5.1, -0.3, 0.2, -3.0], [-4.5, 0.1, 0.0, -1.0], [-5.5, 0, 0.4, -6.0]):
        value, _ = log_likelihood(np.array(parameters), counts)
        assert value == pytest.approx(brute(np.array(parameters), counts), rel=1e-9)


@given(st.floats(-6, -4.5), st.floats(-1, 1), st.floats(-1, 1), st.floats(-5, 0))
@settings(max_examples=25)
def test_gradient_is_that_of_finite_differences(a, b, c, d):
    counts, at = mixed_bounds(), np.array([a, b, c, d])
    _, gradient = log_likelihood(at, counts)
    numeric = approx_fprime(at, lambda q: log_likelihood(q, counts)[0], 1e-6)
    np.testing.assert_allclose(gradient, numeric, rtol=2e-3, atol=2e-2)


def test_uncensored_fit_is_that_of_statsmodels():
    discrete = pytest.importorskip("statsmodels.discrete.discrete_model")
    design, births, deaths, _ = simulate(600, seed=1)
    counts = CensoredCounts(design=design, births=births, lower=deaths, upper=deaths)
    ours = fit_censored_counts(counts)
    theirs = discrete.NegativeBinomial(deaths, design, offset=np.log(births)).fit(disp=0, maxiter=300, gtol=1e-8)
    np.testing.assert_allclose(ours.parameters[:-1], theirs.params[:-1], atol=2e-4)
    assert ours.dispersion == pytest.approx(theirs.params[-1], rel=1e-3)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-4)
    errors = np.sqrt(np.diag(ours.covariance))[:-1]
    np.testing.assert_allclose(errors, theirs.bse[:-1], rtol=0.01)


def test_censored_fit_is_that_of_a_brute_force_search():
    design, births, deaths, _ = simulate(160, seed=2, log_births=8.0)
    counts = published(design, births, deaths)
    ours = fit_censored_counts(counts)
    found = minimize(
        lambda q: -brute(q, counts),
        [-5.0, 0, 0, -2.5],
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-7, "maxfev": 500},
    )
    assert ours.log_likelihood >= -found.fun - 1e-4
    np.testing.assert_allclose(ours.parameters[:-1], found.x[:-1], atol=0.02)


def test_truth_is_recovered_although_small_counties_are_hidden_and_the_naive_fit_is_biased():
    truth, joint, naive, inside = np.array([-5.1, -0.3, 0.2]), [], [], []
    for seed in range(12):
        design, births, deaths, _ = simulate(seed=seed)
        counts = published(design, births, deaths)
        shown = counts.lower == counts.upper
        assert 0.1 < shown.mean() < 0.6
        fit = fit_censored_counts(counts)
        joint.append(fit.coefficients)
        inside.append(np.abs(fit.coefficients - truth) < 1.96 * np.sqrt(np.diag(fit.covariance))[:-1])
        naive.append(fit_censored_counts(counts.take(shown)).coefficients)
    error = np.std(joint, axis=0) / np.sqrt(len(joint))
    assert (np.abs(np.mean(joint, axis=0) - truth) < 3 * error).all()
    assert np.mean(inside) > 0.8
    assert np.mean(naive, axis=0)[0] > truth[0] + 0.06  # published rates are high
    assert abs(np.mean(naive, axis=0)[1]) < abs(truth[1]) - 0.02  # and their slopes too flat


def test_state_effects_and_within_state_dispersion_are_recovered():
    groups = np.arange(1600) % 40
    found = []
    for seed in range(3):
        design, births, deaths, _ = simulate(
            1600, seed=seed, groups=groups, deviation=0.15, dispersion=0.02, log_births=8.4
        )
        counts = published(design, births, deaths)
        fit = fit_censored_counts(counts, groups=groups)
        without = fit_censored_counts(counts)
        assert fit.dispersion < without.dispersion  # without the effects, the dispersion has to hold them
        found.append([fit.group_deviation, fit.dispersion, *fit.coefficients])
    deviation, dispersion, *beta = np.mean(found, axis=0)
    assert deviation == pytest.approx(0.15, abs=0.03)
    assert dispersion == pytest.approx(0.02, abs=0.004)
    np.testing.assert_allclose(beta, [-5.1, -0.3, 0.2], atol=0.04)


def unnamed(design, births, deaths, groups):
    """Only counties of many births are named; of the others the sums by group are known."""
    named = births > np.quantile(births, 0.8)
    counts = CensoredCounts(
        design=design, births=births, lower=np.where(named, deaths, 0.0), upper=np.where(named, deaths, np.inf)
    )
    codes = np.where(named, -1, groups)
    return counts, GroupTotals(codes=codes, deaths=np.bincount(groups[~named], weights=deaths[~named]))


def test_totals_tell_what_bounds_cannot():
    """A slope that differs in named counties is found from the sums of the others."""
    groups, found, without = np.arange(1200) % 30, [], []
    for seed in range(4):
        design, births, _, _ = simulate(1200, seed=seed, log_births=8.0)
        rng = np.random.default_rng(seed)
        design[:, 1] = 0.3 * design[:, 1] + 0.8 * (births < np.median(births)) + 0.4 * (groups - 15) / 15
        design[births > np.quantile(births, 0.8), 1] = 0.02 * rng.standard_normal(240)
        rate = np.exp(design @ np.array([-5.1, -0.3, 0.2])) * rng.gamma(20, 0.05, 1200)
        counts, totals = unnamed(design, births, rng.poisson(births * rate).astype(float), groups)
        fit = fit_censored_counts(counts, totals=totals)
        found.append(fit.coefficients)
        without.append(np.sqrt(np.diag(fit_censored_counts(counts).covariance))[1])
        assert np.sqrt(fit.covariance[1, 1]) < without[-1] / 3
    np.testing.assert_allclose(np.mean(found, axis=0), [-5.1, -0.3, 0.2], atol=0.03)


def test_fit_with_totals_is_where_a_brute_force_score_vanishes():
    """The score of the sums, by SciPy's distribution and finite differences, is zero with that of the bounds."""
    design, births, deaths, _ = simulate(300, seed=9, log_births=8.2)
    groups = np.arange(300) % 6
    counts = published(design, births, deaths)
    hidden = counts.lower != counts.upper
    totals = GroupTotals(codes=np.where(hidden, groups, -1), deaths=np.bincount(groups[hidden], weights=deaths[hidden]))
    fit = fit_censored_counts(counts, totals=totals)

    def moments(parameters):
        k = np.exp(-parameters[-1])
        mean = (births * np.exp(design @ parameters[:-1]))[hidden]
        count = np.arange(20)
        weight = nbinom.pmf(count, k, (k / (k + mean))[:, None])
        weight /= weight.sum(axis=1, keepdims=True)
        expected = weight @ count
        sums = np.bincount(groups[hidden], weights=expected)
        return sums, np.bincount(groups[hidden], weights=weight @ count**2 - expected**2)

    _, variance = moments(fit.parameters)

    def aim(parameters):
        return brute(parameters, counts) - 0.5 * ((totals.deaths - moments(parameters)[0]) ** 2 / variance).sum()

    score = approx_fprime(fit.parameters, aim, 1e-5)
    errors = np.sqrt(np.diag(fit.covariance))
    assert (np.abs(score * errors) < 0.01).all()  # in units of what one standard error would change
    plain = fit_censored_counts(counts)
    assert np.abs(fit.parameters - plain.parameters).max() > 1e-3
    assert (np.diag(fit.covariance)[:-1] <= np.diag(plain.covariance)[:-1] * 1.02).all()


def test_no_state_effects_are_found_where_there_are_none():
    groups = np.arange(1500) % 30
    design, births, deaths, _ = simulate(seed=3, log_births=8.4)
    fit = fit_censored_counts(published(design, births, deaths), groups=groups)
    assert fit.group_deviation < 0.05


def test_few_states_have_no_effects():
    design, births, deaths, _ = simulate(400, seed=5, log_births=8.4)
    fit = fit_censored_counts(published(design, births, deaths), groups=np.arange(400) % 4)
    assert fit.group_deviation == 0
    assert len(fit.parameters) == 4


def test_no_heterogeneity_ends_at_the_limit_and_not_in_an_error():
    rng = np.random.default_rng(8)
    births = np.full(300, 6000.0)
    deaths = np.rint(rng.normal(36, 2, 300))  # less spread than Poisson
    fit = fit_censored_counts(CensoredCounts(design=np.ones((300, 1)), births=births, lower=deaths, upper=deaths))
    assert fit.dispersion < 2e-4
    assert np.exp(fit.coefficients[0]) == pytest.approx(deaths.sum() / births.sum(), rel=1e-4)
    assert fit.covariance[-1, -1] == 0


def test_start_does_not_change_where_the_fit_ends():
    design, births, deaths, _ = simulate(seed=6)
    groups = np.arange(1500) % 20
    counts = published(design, births, deaths)
    first = fit_censored_counts(counts, groups=groups)
    again = fit_censored_counts(counts, groups=groups, start=first)
    np.testing.assert_allclose(first.parameters, again.parameters, atol=1e-3)


def test_what_cannot_be_fitted_is_said():
    design, births, deaths, _ = simulate(400, seed=7)
    counts = published(design, births, deaths)
    few = counts.take(np.arange(400) < 40)
    with pytest.raises(InputError, match="a model needs 50"):
        fit_censored_counts(few)
    double = CensoredCounts(design=np.column_stack([design, design[:, 1]]), births=births, lower=deaths, upper=deaths)
    with pytest.raises(InputError, match="determine each other"):
        fit_censored_counts(double)
    hidden = (counts.lower != counts.upper).astype(float)
    only = CensoredCounts(
        design=np.column_stack([design, hidden]), births=births * 4, lower=counts.lower, upper=counts.upper
    )
    with pytest.raises(InputError, match="no maximum"):
        fit_censored_counts(only)


@pytest.mark.parametrize(
    ("births", "lower", "upper", "words"),
    [
        (0, 0, 19, "above zero"),
        (10, 5, 4, "bounds"),
        (10, -1, 4, "bounds"),
        (10, 0.5, 4, "whole"),
        (10, 0, 900, "apart"),
    ],
)
def test_impossible_counts_are_refused(births, lower, upper, words):
    with pytest.raises(ValueError, match=words):
        CensoredCounts(
            design=np.ones((1, 1)),
            births=np.array([float(births)]),
            lower=np.array([float(lower)]),
            upper=np.array([float(upper)]),
        )


def posterior(births, lower, upper, *, mean=0.006, dispersion=0.04, covariance=None, **options):
    n = len(births)
    return rate_posterior(
        np.ones((n, 1)),
        np.asarray(births, dtype=float),
        np.asarray(lower, dtype=float),
        np.asarray(upper, dtype=float),
        parameters=np.array([np.log(mean), np.log(dispersion)]),
        covariance=np.zeros((2, 2)) if covariance is None else covariance,
        **options,
    )


def test_posterior_is_that_of_rejection_sampling():
    rng = np.random.default_rng(1)
    for births, low, high in ((300, 0, 19), (2500, 0, 19), (4000, 0, 19), (1500, 1, 9), (900, 4, np.inf)):
        rate = 0.006 * rng.gamma(25, 0.04, 400_000)
        deaths = rng.poisson(births * rate)
        kept = rate[(deaths >= low) & (deaths <= high)]
        ours = posterior([births], [low], [high])
        assert ours.mean()[0] == pytest.approx(kept.mean(), rel=3e-3)
        for share in (0.025, 0.5, 0.975):
            assert ours.quantile(share)[0] == pytest.approx(np.quantile(kept, share), rel=0.01)


def test_a_known_count_gives_the_gamma_posterior():
    ours = posterior([5000, 5000], [40, 20], [40, 20])
    expected = (25 + np.array([40, 20])) / (25 / 0.006 + 5000)
    np.testing.assert_allclose(ours.mean(), expected, rtol=1e-4)


def test_the_bound_draws_a_county_down_the_more_births_it_has():
    means = posterior([100, 1000, 3000, 5000], [0] * 4, [19] * 4).mean()
    assert (np.diff(means) < 0).all()
    np.testing.assert_allclose(posterior([3000], [0], [np.inf]).mean(), 0.006, rtol=1e-3)


def test_uncertain_parameters_and_factor_widen_the_interval_and_the_seed_matters_little():
    plain = posterior([500], [0], [19])
    unsure = posterior([500], [0], [19], covariance=np.diag([0.04, 0.01]))
    scaled = posterior([500], [0], [19], log_factor_variance=np.array([0.04]))
    for other in (unsure, scaled):
        assert other.quantile(0.025)[0] < plain.quantile(0.025)[0]
        assert other.quantile(0.975)[0] > plain.quantile(0.975)[0]
    first, second = (
        posterior([500], [0], [19], covariance=np.diag([0.04, 0.01]), seed=seed).mean()[0] for seed in (0, 1)
    )
    assert first != second
    assert first == pytest.approx(second, rel=0.02)
    more = posterior([500], [0], [19], covariance=np.diag([0.04, 0.01]), draws=64)
    assert more.mean()[0] != first
    raised = posterior([50], [0], [19], log_factor=np.array([0.2]))
    assert raised.mean()[0] == pytest.approx(posterior([50], [0], [19]).mean()[0] * np.exp(0.2), rel=5e-3)


def test_a_held_sum_is_not_moved_by_the_level():
    """Where a benchmark holds the sum, an unknown level of all counties alike adds nothing."""
    sure = posterior([500, 500], [0, 0], [19, 19])
    held = posterior([500, 500], [0, 0], [19, 19], covariance=np.diag([0.04, 0.0]), held=np.array([[0.5, 0.5]]))
    np.testing.assert_allclose(held.quantile(0.975), sure.quantile(0.975), rtol=1e-3)


def test_future_deaths_are_a_mixture_of_poissons():
    ours = posterior([800], [0], [19])
    rng = np.random.default_rng(3)
    rate = rng.choice(ours.rate[0], 200_000, p=ours.weight[0])
    for deaths in (-1, 0, 10, 30):
        expected = poisson.cdf(deaths, 4000 * rate).mean()
        assert ours.cumulative_of_deaths(np.array([float(deaths)]), np.array([4000.0]))[0] == pytest.approx(
            expected, abs=5e-3
        )


@given(st.floats(20, 6000), st.integers(0, 10), st.integers(1, 10))
@settings(max_examples=30)
def test_quantiles_rise_and_enclose_the_mean(births, low, wide):
    ours = posterior([births], [low], [low + wide])
    values = [ours.quantile(share)[0] for share in (0.025, 0.25, 0.5, 0.75, 0.975)]
    assert all(a < b for a, b in pairwise(values))
    assert values[0] < ours.mean()[0] < values[-1]
    assert ours.weight.sum() == pytest.approx(1)
