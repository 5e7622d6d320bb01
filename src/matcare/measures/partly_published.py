"""Rates from counts that are partly published: a likelihood in which an unpublished county still says something.

Deaths of a county are Poisson with mean N·exp(x·β) times a gamma factor of mean 1 and variance α, hence negative
binomial. A published county gives the probability of its count, a suppressed one the probability of 0 to 19. Where a
state's total is published, the deaths of its unpublished counties together are known too; given that each of them is
suppressed, their sum is nearly normal with the mean and variance of the truncated counts, and that is its term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from matcare.travel.compiled import compiled

__all__ = [
    "LEAST_DISPERSION",
    "Fit",
    "PartlyPublished",
    "fit_rates",
    "log_likelihood",
    "standardised_residuals",
    "unpublished_deaths",
]

Floats = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEAST_DISPERSION: Final = 1e-6
"""Smaller variances of the gamma factor are none: the counts are Poisson."""

_MOST_DISPERSION: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class PartlyPublished:
    """What is known of the deaths of n counties.

    Attributes
    ----------
    births : numpy.ndarray of float64, shape (n,)
        Above 0; of the same years as the deaths.
    deaths : numpy.ndarray of float64, shape (n,)
        NaN where they are not published.
    censored : numpy.ndarray of bool, shape (n,)
        Unpublished because there are at most `most`. A county neither published nor censored (one that a table does not
        name) says nothing by itself and counts in its group's sum.
    most : int
        The most deaths of a censored county.
    group : numpy.ndarray of int64, shape (n,)
        Number of the sum that an unpublished county belongs to, −1 for none.
    sums : numpy.ndarray of float64, shape (groups,)
        Deaths of the unpublished counties of each group together.
    """

    births: Floats
    deaths: Floats
    censored: Bools
    most: int
    group: I64
    sums: Floats

    def __post_init__(self) -> None:
        if not (self.births > 0).all():
            raise ValueError("births must be above 0")
        if (self.censored & np.isfinite(self.deaths)).any():
            raise ValueError("a published count cannot be censored")
        if (np.isfinite(self.deaths) & (self.group >= 0)).any():
            raise ValueError("only unpublished counties belong to a sum")

    def take(self, inside: Bools) -> PartlyPublished:
        """Leave counties out, and with them the sums that they are part of."""
        broken = np.unique(self.group[~inside & (self.group >= 0)])
        group = np.where(np.isin(self.group, broken), -1, self.group)[inside]
        left, renumbered = np.unique(group[group >= 0], return_inverse=True)
        group[group >= 0] = renumbered
        return PartlyPublished(
            births=self.births[inside],
            deaths=self.deaths[inside],
            censored=self.censored[inside],
            most=self.most,
            group=group,
            sums=self.sums[left],
        )


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Estimates of :func:`fit_rates`.

    Attributes
    ----------
    parameters : numpy.ndarray of float64, shape (p + 1,)
        β, then ln α.
    information : numpy.ndarray of float64, shape (p + 1, p + 1)
        Observed information; row and column of ln α are those of a fixed number where α is at its least.
    log_likelihood : float
    dispersion : float
        α: variance of the true rates over their squared mean.
    fixed : bool
        Whether α stands at its least, so that it is not estimated.
    converged : bool
    """

    parameters: Floats
    information: Floats
    log_likelihood: float
    dispersion: float
    fixed: bool
    converged: bool

    @property
    def coefficients(self) -> Floats:
        """β: ln deaths per birth and its differences."""
        return self.parameters[:-1]

    def covariance(self) -> Floats:
        """Invert the observed information: the covariance of β and ln α (0 where α is fixed)."""
        matrix = np.zeros_like(self.information)
        free = len(matrix) - 1 if self.fixed else len(matrix)
        matrix[:free, :free] = np.linalg.inv(self.information[:free, :free])
        return matrix


@compiled
def _truncated(expected: Floats, k: float, most: int, out: Floats) -> None:
    """Moments of negative binomial counts known to be at most `most`; k is 1/α.

    Columns of `out`: ln P(D ≤ most); mean, variance and third central moment given it; and the derivatives by k of the
    first three. Terms are relative to that of no deaths, so that none of them underflows.
    """
    relative = np.empty(most + 1)
    score = np.empty(most + 1)
    for i in range(len(expected)):
        m = expected[i]
        odds = m / (m + k)
        base = np.log(k / (k + m)) + odds
        term, harmonic, total, first, mean_score = 1.0, 0.0, 0.0, 0.0, 0.0
        for d in range(most + 1):
            relative[d] = term
            score[d] = harmonic + base - d / (k + m)
            total += term
            first += term * d
            mean_score += term * score[d]
            term *= (d + k) / (d + 1) * odds
            harmonic += 1.0 / (d + k)
        mean, mean_score = first / total, mean_score / total
        second, third, mean_by_k, second_by_k = 0.0, 0.0, 0.0, 0.0
        for d in range(most + 1):
            off, p = d - mean, relative[d] / total
            second += p * off * off
            third += p * off * off * off
            mean_by_k += p * off * score[d]
            second_by_k += p * off * off * (score[d] - mean_score)
        out[i, 0] = -k * np.log1p(m / k) + np.log(total)
        out[i, 1], out[i, 2], out[i, 3] = mean, second, third
        out[i, 4], out[i, 5], out[i, 6] = mean_score, mean_by_k, second_by_k


def log_likelihood(data: PartlyPublished, design: Floats, parameters: Floats) -> tuple[float, Floats]:
    """Return the log likelihood and its gradient by β and ln α.

    Parameters
    ----------
    data : PartlyPublished
        n counties.
    design : numpy.ndarray of float64, shape (n, p)
    parameters : numpy.ndarray of float64, shape (p + 1,)
        β, then ln α.

    Returns
    -------
    value : float
        Up to a constant for each sum.
    gradient : numpy.ndarray of float64, shape (p + 1,)
    """
    k = float(np.exp(-parameters[-1]))
    m = data.births * np.exp(np.clip(design @ parameters[:-1], -30, 5))
    by_eta, value, by_k = np.zeros(len(m)), 0.0, 0.0
    published = np.isfinite(data.deaths)
    if published.any():
        d, mp = data.deaths[published], m[published]
        value += float(
            (gammaln(d + k) - gammaln(k) - gammaln(d + 1) - k * np.log1p(mp / k) + d * np.log(mp / (mp + k))).sum()
        )
        by_eta[published] = (d - mp) * k / (k + mp)
        by_k += float((digamma(d + k) - digamma(k) - np.log1p(mp / k) + (mp - d) / (k + mp)).sum())
    rest = ~published
    mr, censored = m[rest], data.censored[rest]
    moments = _moments(mr, censored, k, data.most)
    value += float(moments[:, 0].sum())
    by_k += float(moments[:, 4].sum())
    by_odds = k / (k + mr)
    slope = np.where(censored, (moments[:, 1] - mr) * by_odds, 0.0)
    group = data.group[rest]
    summed = group >= 0
    if summed.any():
        term, by_mean, by_variance = _sum_term(data.sums, group[summed], moments[summed])
        value += term
        at = group[summed]
        slope[summed] += by_odds[summed] * (by_mean[at] * moments[summed, 2] + by_variance[at] * moments[summed, 3])
        by_k += float((by_mean[at] * moments[summed, 5] + by_variance[at] * moments[summed, 6]).sum())
    by_eta[rest] = slope
    return value, np.append(design.T @ by_eta, -k * by_k)


def _moments(expected: Floats, censored: Bools, k: float, most: int) -> Floats:
    """Columns of :func:`_truncated`; those of the whole negative binomial where a county is not censored."""
    moments = np.zeros((len(expected), 7))
    moments[:, 1], moments[:, 2] = expected, expected + expected**2 / k
    moments[:, 3], moments[:, 6] = expected + 3 * expected**2 / k + 2 * expected**3 / k**2, -(expected**2) / k**2
    if censored.any():
        truncated = np.empty((int(censored.sum()), 7))
        _truncated(expected[censored], k, most, truncated)
        moments[censored] = truncated
    return moments


def standardised_residuals(data: PartlyPublished, design: Floats, parameters: Floats) -> tuple[Floats, Floats]:
    """Compare every county with what the model expects of it, unpublished ones by what their suppression says.

    The residual of a published county is D − m, that of a suppressed one E(D | suppressed) − m, each over the standard
    deviation that this quantity has under the model (generalised residuals; their mean is 0 whatever is published).

    Parameters
    ----------
    data, design, parameters
        As of :func:`log_likelihood`.

    Returns
    -------
    residual : numpy.ndarray of float64, shape (n,)
        NaN where a county is neither published nor censored, or where its standing says nothing.
    share : numpy.ndarray of float64, shape (n,)
        Its variance over that of the count: 1 where the count would always be published, near 0 where never.

    References
    ----------
    Gourieroux C, Monfort A, Renault E, Trognon A. Generalised residuals. Journal of Econometrics 1987; 34:5-32.
    """
    k = float(np.exp(-parameters[-1]))
    m = data.births * np.exp(design @ parameters[:-1])
    hidden = _moments(m, np.ones(len(m), dtype=np.bool_), k, data.most)
    whole = m + m**2 / k
    share = 1 - np.exp(hidden[:, 0]) * hidden[:, 2] / whole
    off = np.where(np.isfinite(data.deaths), data.deaths, np.where(data.censored, hidden[:, 1], np.nan)) - m
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(share > 1e-9, off / np.sqrt(share * whole), np.nan)  # noqa: PLR2004 - below: rounding
    return residual, share


def unpublished_deaths(
    data: PartlyPublished, design: Floats, parameters: Floats, classes: I64, size: int
) -> tuple[Floats, Floats]:
    """Estimate the deaths of the unpublished counties of each class together, given what is known of them.

    Each county has the mean and variance of its count given that it is suppressed. Where the deaths of a group of
    counties together are known, what is missing or over is shared out in proportion to their variances, so that the
    classes add up to it.

    Parameters
    ----------
    data, design, parameters
        As of :func:`log_likelihood`.
    classes : numpy.ndarray of int64, shape (n,)
        Class of each county, 0 to `size` − 1.
    size : int
        Classes.

    Returns
    -------
    deaths : numpy.ndarray of float64, shape (size,)
    covariance : numpy.ndarray of float64, shape (size, size)
        Of the deaths about them, were the parameters known.
    """
    rest = ~np.isfinite(data.deaths)
    m = data.births[rest] * np.exp(design[rest] @ parameters[:-1])
    moments = _moments(m, data.censored[rest], float(np.exp(-parameters[-1])), data.most)
    groups = len(data.sums)
    # One more group, the last, holds the counties that belong to none.
    cell = np.where(data.group[rest] >= 0, data.group[rest], groups) * size + classes[rest]
    mean = np.bincount(cell, weights=moments[:, 1], minlength=(groups + 1) * size).reshape(groups + 1, size)
    variance = np.bincount(cell, weights=moments[:, 2], minlength=(groups + 1) * size).reshape(groups + 1, size)
    whole = np.maximum(variance[:-1].sum(axis=1, keepdims=True), 1e-300)
    weight = variance[:-1] / whole
    off = data.sums[:, None] - mean[:-1].sum(axis=1, keepdims=True)
    covariance = np.diag(variance.sum(axis=0)) - (weight * whole).T @ weight
    return mean.sum(axis=0) + (weight * off).sum(axis=0), np.asarray(covariance)


def _sum_term(sums: Floats, group: I64, moments: Floats) -> tuple[float, Floats, Floats]:
    """Return the normal log density of the groups' sums, and its derivatives by each group's mean and variance."""
    mean = np.bincount(group, weights=moments[:, 1], minlength=len(sums))
    variance = np.bincount(group, weights=moments[:, 2], minlength=len(sums))
    there = variance > 0
    variance = np.where(there, variance, 1.0)
    off = np.where(there, sums - mean, 0.0)
    value = float((-0.5 * np.log(variance) - 0.5 * off**2 / variance)[there].sum())
    return value, off / variance, np.where(there, -0.5 / variance + 0.5 * off**2 / variance**2, 0.0)


def fit_rates(data: PartlyPublished, design: Floats, *, start_rate: float = 0.0055) -> Fit:
    """Fit rates by maximum likelihood.

    Parameters
    ----------
    data : PartlyPublished
        n counties.
    design : numpy.ndarray of float64, shape (n, p)
        One column a class with 1 for its counties, or an intercept and covariates; of full rank.
    start_rate : float, default 0.0055
        Deaths per birth to start from.

    Returns
    -------
    Fit

    References
    ----------
    Lawless JF. Negative binomial and mixed Poisson regression. Canadian Journal of Statistics 1987; 15:209-225.
    Terza JV. A Tobit-type estimator for the censored Poisson regression model. Economics Letters 1985; 18:361-365.
    """
    p = design.shape[1]
    # The coefficients that give every county the same rate: of the intercept, or of all classes.
    start = np.append(np.linalg.lstsq(design, np.full(len(design), np.log(start_rate)), rcond=None)[0], np.log(0.03))
    # Steps of a covariate's size: the search then sees all directions alike.
    scale = np.append(1 / np.maximum(np.sqrt((design**2).mean(axis=0)), 1e-12), 1.0)
    least, most = np.log(LEAST_DISPERSION), np.log(_MOST_DISPERSION)

    def negative(scaled: Floats) -> tuple[float, Floats]:
        value, gradient = log_likelihood(data, design, scaled * scale)
        return -value, -gradient * scale

    found = minimize(
        negative,
        start / scale,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] * p + [(least, most)],
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    parameters = np.asarray(found.x * scale, dtype=np.float64)
    fixed = bool(parameters[-1] <= least + 1e-3)
    return Fit(
        parameters=parameters,
        information=_information(data, design, parameters, scale, fixed=fixed),
        log_likelihood=-float(found.fun),
        dispersion=0.0 if fixed else float(np.exp(parameters[-1])),
        fixed=fixed,
        converged=bool(found.success) or bool(np.abs(found.jac[:-1]).max() < 1e-2),  # noqa: PLR2004 - flat to rounding
    )


def _information(data: PartlyPublished, design: Floats, parameters: Floats, scale: Floats, *, fixed: bool) -> Floats:
    """Observed information, by central differences of the gradient."""
    size = len(parameters)
    matrix = np.zeros((size, size))
    for j in range(size - 1 if fixed else size):
        step = np.zeros(size)
        step[j] = 1e-4 * scale[j]
        above = log_likelihood(data, design, parameters + step)[1]
        below = log_likelihood(data, design, parameters - step)[1]
        matrix[j] = -(above - below) / (2 * step[j])
    matrix = (matrix + matrix.T) / 2
    if fixed:
        matrix[-1], matrix[:, -1] = 0.0, 0.0
        matrix[-1, -1] = 1.0
    return matrix
