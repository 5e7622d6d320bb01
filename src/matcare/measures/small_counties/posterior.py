"""The rate of a county of which only bounds are known: its distribution given covariates, bounds and the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, pdtr

__all__ = ["RatePosterior", "rate_posterior"]

F64 = npt.NDArray[np.float64]

_POINTS: Final = 121
_BELOW: Final = 9.0
_ABOVE: Final = 6.0


@dataclass(frozen=True, kw_only=True)
class RatePosterior:
    """Distributions of n rates on grids.

    Attributes
    ----------
    rate : numpy.ndarray of float64, shape (n, points)
        Deaths per birth, evenly spaced in the logarithm.
    weight : numpy.ndarray of float64, shape (n, points)
        Probability of each point; rows add up to one.
    """

    rate: F64
    weight: F64

    def mean(self) -> F64:
        """Return the means, shape (n,), deaths per birth."""
        return np.asarray((self.weight * self.rate).sum(axis=1), dtype=np.float64)

    def quantile(self, probability: float) -> F64:
        """Return the quantiles, shape (n,), deaths per birth, by interpolation in the logarithm."""
        below = np.cumsum(self.weight, axis=1) - self.weight / 2  # up to the middle of each point's share
        at = np.clip((below < probability).sum(axis=1), 1, self.rate.shape[1] - 1)
        rows = np.arange(len(at))
        left, right = below[rows, at - 1], below[rows, at]
        part = np.clip((probability - left) / np.where(right > left, right - left, 1.0), 0.0, 1.0)
        logs = np.log(self.rate)
        return np.asarray(np.exp(logs[rows, at - 1] * (1 - part) + logs[rows, at] * part), dtype=np.float64)

    def cumulative_of_deaths(self, deaths: F64, births: F64) -> F64:
        """Return the probability that a future group has at most so many deaths, shape (n,); 0 below zero deaths."""
        whole = np.where(deaths < 0, 0.0, deaths)[:, None]
        chance = (self.weight * pdtr(whole, births[:, None] * self.rate)).sum(axis=1)
        return np.asarray(np.where(deaths < 0, 0.0, chance), dtype=np.float64)


def rate_posterior(
    design: F64,
    births: F64,
    lower: F64,
    upper: F64,
    *,
    parameters: F64,
    covariance: F64,
    log_factor: F64 | float = 0.0,
    log_factor_variance: F64 | float = 0.0,
    held: F64 | None = None,
    draws: int = 128,
    seed: int = 0,
) -> RatePosterior:
    """Integrate over the county's own gamma factor, the counts that its bounds admit, and the parameters.

    Given the parameters, a rate is gamma distributed with mean ``exp(x @ beta)`` and shape ``1 / alpha``; the bounds
    multiply its density by the Poisson probability of a count within them (the same as mixing the gamma posteriors of
    all admissible counts by their probabilities). That product is summed on a grid of the log rate, where it is smooth
    and vanishes at both ends, so the sum is exact to many digits. Parameters are drawn from their asymptotic normal
    distribution, in pairs of opposite sign, and the densities averaged.

    Parameters
    ----------
    design : numpy.ndarray, shape (n, p)
        Covariates, and states where the model has effects of them.
    births, lower, upper : numpy.ndarray, shape (n,)
        Births of the period; bounds of deaths, the upper one infinite where there is none.
    parameters : numpy.ndarray, shape (p + 1,)
        Coefficients and log dispersion at the maximum of the likelihood.
    covariance : numpy.ndarray, shape (p + 1, p + 1)
        Of the parameters.
    log_factor, log_factor_variance : numpy.ndarray, shape (n,), or float, default 0
        Of the benchmark: added to the linear predictor, and drawn with the parameters (normal).
    held : numpy.ndarray, shape (groups, n), optional
        Weights of the counties whose sum a benchmark holds, one row a benchmark, each adding up to one. What the
        draws of the parameters do to such a sum the factor would undo, so the weighted mean of a draw's change is taken
        from the change of each county that has a weight.
    draws : int, default 128
        Of the parameters.
    seed : int, default 0
        Of the draws.

    Returns
    -------
    RatePosterior
    """
    rng = np.random.default_rng(seed)
    half = rng.standard_normal(((draws + 1) // 2, len(parameters) + 1))
    standard = np.concatenate([half, -half])[:draws]
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T  # symmetric, so the vectors' signs do not matter
    drawn = parameters + standard[:, :-1] @ root
    centre = design @ parameters[:-1] + log_factor
    change = design @ (drawn[:, :-1] - parameters[:-1]).T
    if held is not None:
        change -= (held > 0).T.astype(np.float64) @ (held @ change)
    change += np.sqrt(log_factor_variance)[..., None] * standard[:, -1]
    spread = np.sqrt(np.exp(parameters[-1]) + change.var(axis=1))
    logs = centre[:, None] + spread[:, None] * np.linspace(-_BELOW, _ABOVE, _POINTS)[None, :]
    rate = np.exp(logs)
    within = _probability_within(births[:, None] * rate, lower[:, None], upper[:, None])
    weight = np.zeros_like(rate)
    for row, moved in zip(drawn, change.T, strict=True):
        shape = float(np.exp(-row[-1]))
        mean_log = (centre + moved)[:, None]
        # gamma density of the log rate, up to its constant, which the sum over the grid replaces
        log_density = shape * (logs - mean_log - rate * np.exp(-mean_log) + 1.0)
        density = np.exp(log_density) * within
        weight += density / np.maximum(density.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    total = np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return RatePosterior(rate=rate, weight=weight / total)


def _probability_within(mean: F64, lower: F64, upper: F64) -> F64:
    """Poisson probability of a count within bounds; of a single count its own probability."""
    bounded = np.isfinite(upper)
    above = np.where(bounded, pdtr(np.where(bounded, upper, 0.0), mean), 1.0)
    below = np.where(lower > 0, pdtr(np.maximum(lower - 1, 0.0), mean), 0.0)
    single = np.exp(lower * np.log(mean) - mean - gammaln(lower + 1))
    return np.asarray(np.where(lower == upper, single, np.maximum(above - below, 0.0)), dtype=np.float64)
