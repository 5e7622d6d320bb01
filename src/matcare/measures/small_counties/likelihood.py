"""Likelihood of counts that are published, or known only to lie between two bounds.

A county's deaths are negative binomial: Poisson with the mean ``births * exp(x @ beta)`` times a gamma factor with mean
one and variance ``alpha`` (the dispersion). A published county contributes the probability of its count; an unpublished
one the probability that its count lies within its bounds, ``F(upper) - F(lower - 1)``. Leaving the unpublished
counties out would fit the high rates only, since a small county is published when it has many deaths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

__all__ = ["CensoredCounts", "CountTable", "county_scores", "expected_deaths", "log_likelihood"]

F64 = npt.NDArray[np.float64]

_WIDEST: Final = 200
"""Bounds wider apart than this are refused: the sum over counts would be slow, and no publisher suppresses so much."""


@dataclass(frozen=True, kw_only=True)
class CensoredCounts:
    """What is known of the deaths of n counties.

    Attributes
    ----------
    design : numpy.ndarray of float64, shape (n, p)
        Covariates, the intercept among them.
    births : numpy.ndarray of float64, shape (n,)
        Live births of the period, above zero.
    lower, upper : numpy.ndarray of float64, shape (n,)
        Fewest and most deaths, whole numbers, both included; equal where the count is known, `upper` infinite where
        there is no bound.
    """

    design: F64
    births: F64
    lower: F64
    upper: F64

    def __post_init__(self) -> None:
        if not (self.births > 0).all():
            raise ValueError("births must be above zero")
        if not ((self.lower >= 0) & (self.lower <= self.upper)).all():
            raise ValueError("bounds of deaths must be zero or more, the lower not above the upper")
        if (self.lower % 1 != 0).any() or (self.upper[np.isfinite(self.upper)] % 1 != 0).any():
            raise ValueError("bounds of deaths must be whole numbers")
        apart = np.where(np.isfinite(self.upper), self.upper - self.lower, self.lower)
        if (apart > _WIDEST).any():
            raise ValueError(f"bounds of deaths are more than {_WIDEST} apart")

    def take(self, rows: npt.NDArray[np.bool_]) -> CensoredCounts:
        """Return the counties of a mask."""
        return CensoredCounts(
            design=self.design[rows], births=self.births[rows], lower=self.lower[rows], upper=self.upper[rows]
        )


class CountTable:
    """What the probabilities of counts need for one dispersion: gamma functions once a count, not once a county.

    Parameters
    ----------
    shape : float
        Shape of the gamma factor: one over the dispersion.
    most : int
        The highest count asked for.
    """

    def __init__(self, shape: float, most: int) -> None:
        count = np.arange(most + 1, dtype=np.float64)
        self.shape = shape
        self._constant = gammaln(count + shape) - gammaln(shape) - gammaln(count + 1)
        self._score = digamma(count + shape) - digamma(shape)

    def log_probability(self, count: F64, mean: F64) -> F64:
        """Return the log probability of counts with the given means; the two are broadcast.

        Examples
        --------
        >>> float(np.exp(CountTable(1.0, 5).log_probability(np.array([0.0]), np.array([2.0])))[0].round(6))
        0.333333
        """
        k = self.shape
        log_share = np.log(mean / (k + mean))
        return np.asarray(
            self._constant[count.astype(np.intp)] - k * np.log1p(mean / k) + count * log_share, dtype=np.float64
        )

    def score(self, count: F64, mean: F64) -> F64:
        """Return the derivative of the log probability by the shape."""
        k = self.shape
        known = self._score[count.astype(np.intp)]
        return np.asarray(known - np.log1p(mean / k) + (mean - count) / (k + mean), dtype=np.float64)


def county_scores(linear: F64, log_dispersion: float, counts: CensoredCounts) -> tuple[float, F64, F64]:
    """Log likelihood and its derivatives, county by county.

    Parameters
    ----------
    linear : numpy.ndarray of float64, shape (n,)
        Linear predictor: log deaths per birth.
    log_dispersion : float
        Log of the variance alpha of the gamma factor.
    counts : CensoredCounts
        What is known of the deaths.

    Returns
    -------
    value : float
    by_linear, by_log_dispersion : numpy.ndarray of float64, shape (n,)
        For a set of admissible counts, the mean of the counts' scores weighted by their probabilities.
    """
    shape = float(np.exp(-log_dispersion))
    mean = counts.births * np.exp(np.clip(linear, -40.0, 5.0))
    exact = counts.lower == counts.upper
    bounded = ~exact & np.isfinite(counts.upper)
    unbounded = ~np.isfinite(counts.upper) & (counts.lower > 0)
    most = max(counts.lower.max(initial=0), counts.upper[np.isfinite(counts.upper)].max(initial=0))
    table = CountTable(shape, int(most) + _WIDEST + 1)
    by_linear, by_shape = np.zeros(len(mean)), np.zeros(len(mean))
    by_linear[exact] = shape * (counts.lower[exact] - mean[exact]) / (shape + mean[exact])
    by_shape[exact] = table.score(counts.lower[exact], mean[exact])
    value = float(table.log_probability(counts.lower[exact], mean[exact]).sum())
    if bounded.any():
        log_mass, by_linear[bounded], by_shape[bounded] = _between(
            counts.lower[bounded], counts.upper[bounded], mean[bounded], table
        )
        value += float(log_mass.sum())
    if unbounded.any():  # the probability of the rest: one minus that of the counts below the bound
        lower = counts.lower[unbounded]
        log_mass, linear_score, shape_score = _between(np.zeros(len(lower)), lower - 1, mean[unbounded], table)
        log_rest = np.log1p(-np.exp(np.minimum(log_mass, -1e-12)))
        odds = -np.exp(log_mass - log_rest)
        by_linear[unbounded], by_shape[unbounded] = odds * linear_score, odds * shape_score
        value += float(log_rest.sum())
    return value, by_linear, -shape * by_shape


def log_likelihood(parameters: F64, counts: CensoredCounts) -> tuple[float, F64]:
    """Log likelihood and its gradient.

    Parameters
    ----------
    parameters : numpy.ndarray of float64, shape (p + 1,)
        Coefficients, then the log of the dispersion alpha.
    counts : CensoredCounts
        What is known of the deaths.

    Returns
    -------
    value : float
    gradient : numpy.ndarray of float64, shape (p + 1,)

    References
    ----------
    Cameron AC, Trivedi PK. Regression analysis of count data, 2nd ed. Cambridge University Press 2013, §3.3 (negative
    binomial), §4.3 (truncated and censored counts).
    """
    value, by_linear, by_log_dispersion = county_scores(counts.design @ parameters[:-1], float(parameters[-1]), counts)
    return value, np.append(counts.design.T @ by_linear, by_log_dispersion.sum())


def _between(first: F64, last: F64, mean: F64, table: CountTable) -> tuple[F64, F64, F64]:
    """Log probability of a count from first to last, and its derivatives by the linear predictor and by the shape."""
    steps = np.arange(int((last - first).max()) + 1, dtype=np.float64)
    count = first[:, None] + steps[None, :]
    inside = count <= last[:, None]
    log_each = np.where(inside, table.log_probability(count, mean[:, None]), -np.inf)
    top = log_each.max(axis=1)
    each = np.exp(log_each - top[:, None])
    mass = each.sum(axis=1)
    weight = each / mass[:, None]
    linear = table.shape * ((weight * count).sum(axis=1) - mean) / (table.shape + mean)
    own_shape = (weight * table.score(count, mean[:, None])).sum(axis=1)
    return np.asarray(np.log(mass) + top, dtype=np.float64), linear, own_shape


def expected_deaths(mean: F64, lower: F64, upper: F64, *, shape: float) -> tuple[F64, F64, F64]:
    """Return the expected count within bounds, its variance, and the expected births-times-rate given the bounds.

    Parameters
    ----------
    mean : numpy.ndarray, shape (n,)
        Means of the negative binomial counts.
    lower, upper : numpy.ndarray, shape (n,)
        Bounds, the upper infinite where there is none.
    shape : float
        One over the dispersion.

    Returns
    -------
    count, variance, rate : numpy.ndarray, shape (n,)
        ``rate`` = births·E(rate | bounds) = mean (shape + count)/(shape + mean).
    """
    width = int(np.where(np.isfinite(upper), upper - lower, lower).max(initial=0)) + 1
    steps = np.arange(width, dtype=np.float64)
    bounded = np.isfinite(upper)
    first, last = np.where(bounded, lower, 0.0), np.where(bounded, upper, lower - 1)
    count = first[:, None] + steps[None, :]
    table = CountTable(shape, int(count.max(initial=0)))
    log_each = np.where(count <= last[:, None], table.log_probability(count, mean[:, None]), -np.inf)
    top = np.where(bounded, log_each.max(axis=1), 0.0)  # bounded sets are normalised, so their scale is free
    each = np.exp(log_each - top[:, None])
    mass, one, two = each.sum(axis=1), (each * count).sum(axis=1), (each * count**2).sum(axis=1)
    square = mean + mean**2 * (1 + 1 / shape)
    mass, one, two = (
        np.where(bounded, mass, 1 - mass),
        np.where(bounded, one, mean - one),
        np.where(bounded, two, square - two),
    )
    expected = one / mass
    variance = np.maximum(two / mass - expected**2, 0.0)
    return expected, variance, mean * (shape + expected) / (shape + mean)
