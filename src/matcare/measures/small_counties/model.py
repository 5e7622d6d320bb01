"""Rates of counties without a published one: a negative binomial model fitted to published and censored counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError
from matcare.measures.small_counties.likelihood import CensoredCounts, county_scores, expected_deaths

__all__ = ["FEWEST_GROUPS", "FEWEST_PUBLISHED", "FittedModel", "GroupTotals", "fit_censored_counts", "with_groups"]

F64 = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

FEWEST_PUBLISHED: Final = 50
"""With fewer published counties no model is fitted."""

FEWEST_GROUPS: Final = 5
"""With fewer states no variance between them is estimated, and they have no effects."""

_LOG_DISPERSION: Final = (-9.0, 2.0)
_STEP: Final = 1e-4
_ROUNDS: Final = 200
_CLOSE: Final = 1e-6
_LEAST_VARIANCE: Final = 1e-6
_START_VARIANCE: Final = 0.01
_HASTE: Final = 1.5
"""The EM step of the variance is lengthened by this power: it converges to the same value, sooner."""

_FLAT: Final = 100.0
"""A parameter with a larger variance than this is not determined by the counts."""


@dataclass(frozen=True, kw_only=True)
class FittedModel:
    """A fit: associations between places, not causes.

    Attributes
    ----------
    parameters : numpy.ndarray of float64, shape (p + q + 1,)
        Coefficients, effects of the states (q, none where there are too few), then the log of the dispersion.
    covariance : numpy.ndarray of float64, shape (p + q + 1, p + q + 1)
        Inverse of the negative Hessian of the penalised likelihood. The row of the dispersion is zero where it lies at
        its limit.
    names, units : tuple of str
        Of the coefficients.
    group_deviation : float
        Standard deviation of the states' effects; 0 where there are none.
    published, censored : int
        Counties whose count is known, and known by bounds.
    log_likelihood : float
        At the estimates, without the penalty.
    """

    parameters: F64
    covariance: F64
    names: tuple[str, ...]
    units: tuple[str, ...]
    group_deviation: float
    published: int
    censored: int
    log_likelihood: float

    @property
    def coefficients(self) -> F64:
        """Coefficients of the covariates, shape (p,)."""
        return self.parameters[: len(self.names)]

    @property
    def dispersion(self) -> float:
        """Variance of the gamma factor: the square of its coefficient of variation between counties of a state."""
        return float(np.exp(self.parameters[-1]))

    def table(self) -> pd.DataFrame:
        """Return ``term, coefficient, standard_error, rate_ratio, unit``, the dispersion and states' deviation last."""
        width = len(self.names)
        errors = np.sqrt(np.diag(self.covariance))
        ratio = np.append(np.exp(self.coefficients), [np.nan, np.nan])
        ratio[0] = np.nan
        return pd.DataFrame(
            {
                "term": [*self.names, "log_dispersion", "deviation_between_states"],
                "coefficient": [*self.coefficients, self.parameters[-1], self.group_deviation],
                "standard_error": [*errors[:width], errors[-1], np.nan],
                "rate_ratio": ratio,
                "unit": [*self.units, "log variance of the gamma factor", "SD of states' log rates"],
            }
        )


@dataclass(frozen=True, kw_only=True)
class GroupTotals:
    """Deaths that censored counties are known to have together.

    Attributes
    ----------
    codes : numpy.ndarray of int, shape (n,)
        Number of the total that each county is in; −1 where it is in none.
    deaths : numpy.ndarray of float64, shape (totals,)
        The totals.
    """

    codes: Codes
    deaths: F64


def fit_censored_counts(
    counts: CensoredCounts,
    *,
    groups: Codes | None = None,
    totals: GroupTotals | None = None,
    names: tuple[str, ...] = (),
    units: tuple[str, ...] = (),
    start: FittedModel | None = None,
) -> FittedModel:
    """Maximise the likelihood of published and censored counts together.

    With groups (states), each has an effect on the log rate, normal with mean zero: counties of a state resemble each
    other beyond their covariates, and a dispersion that had to hold that too would be too wide within states.
    The effects maximise the penalised likelihood; their variance is the mean of their squares plus their own
    error variances (the EM algorithm with Laplace's approximation), repeated until neither moves.

    With totals (states' residuals), each adds the probability of a sum of counts given their bounds, normal with the
    sum of their expected counts and of their variances. Where most counties are not identified, as in an export that
    names populous ones only, the bounds say nothing and the totals are all that is known of small counties.

    Parameters
    ----------
    counts : CensoredCounts
        Of every county that takes part.
    groups : numpy.ndarray of int, shape (n,), optional
        State of each county, 0 to q − 1. Ignored below :data:`FEWEST_GROUPS`.
    totals : GroupTotals, optional
        Sums of deaths over groups of censored counties.
    names, units : tuple of str
        Of the covariates, for the table.
    start : FittedModel, optional
        A fit of nearly the same counties, to start from.

    Returns
    -------
    FittedModel

    Raises
    ------
    InputError
        With fewer than :data:`FEWEST_PUBLISHED` known counts, when covariates determine each other, or when the maximum
        is not found.

    References
    ----------
    Breslow NE, Clayton DG. Approximate inference in generalized linear mixed models. J Am Stat Assoc 88 (1993): 9-25.
    """
    known = counts.lower == counts.upper
    if known.sum() < FEWEST_PUBLISHED:
        raise InputError(
            f"counties: {int(known.sum())} have a published count of deaths; a model needs {FEWEST_PUBLISHED} at least"
        )
    width = counts.design.shape[1]
    if np.linalg.matrix_rank(counts.design) < width:
        raise InputError("counties: the model's covariates determine each other; one of them must go")
    size = 0 if groups is None else int(groups.max()) + 1
    size = size if size >= FEWEST_GROUPS else 0
    wide = replace(counts, design=with_groups(counts.design, groups if size else None, size))
    variance = _START_VARIANCE
    parameters = np.zeros(width + size + 1)
    if start is not None and len(start.parameters) == len(parameters):
        parameters, variance = start.parameters.copy(), max(start.group_deviation**2, _LEAST_VARIANCE)
    else:
        pooled = max(float(counts.lower[known].sum()), 0.5) / float(counts.births[known].sum())
        parameters[0], parameters[-1] = np.log(pooled), -2.5
    effects = slice(width, width + size)
    parameters, covariance, variance, value = _maximise(wide, parameters, variance, effects=effects, totals=totals)
    return FittedModel(
        parameters=parameters,
        covariance=covariance,
        names=names or tuple(f"x{i}" for i in range(width)),
        units=units or ("",) * width,
        group_deviation=float(np.sqrt(variance)) if size else 0.0,
        published=int(known.sum()),
        censored=int((~known).sum()),
        log_likelihood=value,
    )


def with_groups(design: F64, groups: Codes | None, size: int) -> F64:
    """Return the design with a column of zeros and ones for each of `size` groups."""
    if groups is None or size == 0:
        return design
    return np.concatenate([design, np.eye(size)[groups]], axis=1)


def _maximise(
    counts: CensoredCounts, start: F64, variance: float, *, effects: slice, totals: GroupTotals | None
) -> tuple[F64, F64, float, float]:
    """Newton's steps on the penalised likelihood, the effects' variance renewed after each that has settled."""
    parameters = start.copy()
    size = effects.stop - effects.start
    penalty = np.zeros(len(parameters))
    for _ in range(_ROUNDS):
        penalty[effects] = 1 / variance
        value, gradient, hessian = _derivatives(parameters, counts)
        sums = None if totals is None else _Sums.at(parameters, counts, totals)
        if sums is not None:
            gradient = gradient + sums.slope.T @ (sums.gap / sums.variance)
            hessian = hessian - sums.slope.T @ (sums.slope / sums.variance[:, None])
        aim = _Aim(counts=counts, penalty=penalty, totals=totals, sums=sums)
        slope = gradient - penalty * parameters
        information = np.diag(penalty) - hessian
        free = _free(parameters, slope)
        step = np.zeros(len(parameters))
        step[free] = _ascent(information[np.ix_(free, free)], slope[free])
        moved = _line_search(parameters, step, aim)
        if moved is None and float(np.abs(slope[free] * step[free]).max(initial=0)) > _CLOSE:
            break
        shift = 0.0 if moved is None else float(np.abs(moved - parameters).max())
        parameters = parameters if moved is None else moved
        renewed = variance
        if size:
            own = _inverse(information)
            if own is not None:  # None is far from the maximum; the next round is nearer
                spread = parameters[effects] ** 2 + np.diag(own)[effects]
                renewed = max(float(spread.mean()), _LEAST_VARIANCE)
        settled = abs(renewed - variance) <= 10 * _CLOSE and shift <= 100 * _CLOSE  # Newton's error: the shift squared
        variance = max(variance * (renewed / variance) ** _HASTE, _LEAST_VARIANCE)
        if settled:
            inverse = _inverse(information[np.ix_(free, free)])
            if inverse is None or float(np.diag(inverse).max()) > _FLAT:
                break
            covariance = np.zeros_like(information)
            covariance[np.ix_(free, free)] = inverse
            return parameters, covariance, variance, value
    raise InputError(
        "counties: the likelihood of the model has no maximum; a covariate may differ in censored counties only"
    )


def _derivatives(parameters: F64, counts: CensoredCounts) -> tuple[float, F64, F64]:
    """Log likelihood, gradient and Hessian.

    A county's derivatives depend on its own linear predictor only, so moving all predictors at once gives all second
    derivatives in two evaluations.
    """
    design, linear, last = counts.design, counts.design @ parameters[:-1], float(parameters[-1])
    value, by_linear, by_last = county_scores(linear, last, counts)
    _, ahead, ahead_last = county_scores(linear + _STEP, last, counts)
    _, behind, behind_last = county_scores(linear - _STEP, last, counts)
    _, _, more = county_scores(linear, last + _STEP, counts)
    _, _, less = county_scores(linear, last - _STEP, counts)
    hessian = np.empty((len(parameters), len(parameters)))
    hessian[:-1, :-1] = design.T @ (design * ((ahead - behind) / (2 * _STEP))[:, None])
    hessian[-1, :-1] = hessian[:-1, -1] = design.T @ ((ahead_last - behind_last) / (2 * _STEP))
    hessian[-1, -1] = (more - less).sum() / (2 * _STEP)
    return value, np.append(design.T @ by_linear, by_last.sum()), hessian


def _free(parameters: F64, slope: F64) -> npt.NDArray[np.bool_]:
    """Which parameters may move: all but a dispersion at its limit that would go beyond."""
    low, high = _LOG_DISPERSION
    free = np.ones(len(parameters), dtype=np.bool_)
    free[-1] = not ((parameters[-1] <= low and slope[-1] <= 0) or (parameters[-1] >= high and slope[-1] >= 0))
    return free


def _ascent(information: F64, slope: F64) -> F64:
    """Newton's step; where the likelihood is not concave, with a ridge that makes it so (Levenberg)."""
    values, vectors = np.linalg.eigh(information)
    return np.asarray(vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-8)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """What the totals say at some parameters: how far they lie from what is expected, and how that would change."""

    gap: F64
    variance: F64
    slope: F64

    @classmethod
    def at(cls, parameters: F64, counts: CensoredCounts, totals: GroupTotals) -> _Sums:
        used = totals.codes >= 0
        part, codes, size = counts.take(used), totals.codes[used], len(totals.deaths)
        expected, variance, by_linear = _moments(parameters, part)
        nudge = np.zeros(len(parameters))
        nudge[-1] = _STEP
        more, less = _moments(parameters + nudge, part)[0], _moments(parameters - nudge, part)[0]
        rows = np.zeros((size, len(codes)))
        rows[codes, np.arange(len(codes))] = 1.0
        slope = np.column_stack([rows @ (part.design * by_linear[:, None]), rows @ (more - less) / (2 * _STEP)])
        return cls(gap=totals.deaths - rows @ expected, variance=np.maximum(rows @ variance, 1e-6), slope=slope)


def _moments(parameters: F64, counts: CensoredCounts) -> tuple[F64, F64, F64]:
    """Return expected counts within their bounds, variances, and derivatives by the linear predictor (a covariance)."""
    shape = float(np.exp(-parameters[-1]))
    mean = counts.births * np.exp(np.clip(counts.design @ parameters[:-1], -40.0, 5.0))
    expected, variance, _ = expected_deaths(mean, counts.lower, counts.upper, shape=shape)
    return expected, variance, variance * shape / (shape + mean)


@dataclass(frozen=True, kw_only=True)
class _Aim:
    """The penalised likelihood that one step must not lower; the variances of the sums are held during the step."""

    counts: CensoredCounts
    penalty: F64
    totals: GroupTotals | None
    sums: _Sums | None

    def at(self, parameters: F64) -> float:
        counts = self.counts
        value, _, _ = county_scores(counts.design @ parameters[:-1], float(parameters[-1]), counts)
        value -= 0.5 * float((self.penalty * parameters**2).sum())
        if self.totals is not None and self.sums is not None:
            used = self.totals.codes >= 0
            expected, _, _ = _moments(parameters, counts.take(used))
            own = np.bincount(self.totals.codes[used], weights=expected, minlength=len(self.totals.deaths))
            value -= 0.5 * float(((self.totals.deaths - own) ** 2 / self.sums.variance).sum())
        return value


def _line_search(parameters: F64, step: F64, aim: _Aim) -> F64 | None:
    """Halve the step until the aim does not fall; no parameter moves by more than 2 at once."""
    scale, objective = min(1.0, 2.0 / max(float(np.abs(step).max(initial=0)), 1e-300)), aim.at(parameters)
    for _ in range(30):
        trial = parameters + scale * step
        trial[-1] = np.clip(trial[-1], *_LOG_DISPERSION)
        if aim.at(trial) >= objective - 1e-9:
            return np.asarray(trial, dtype=np.float64)
        scale /= 2
    return None


def _inverse(information: F64) -> F64 | None:
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.linalg.inv(information), dtype=np.float64)
