"""Weighted indices of inequality: concentration index and curve, Erreygers' correction, Gini, Theil with its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "Theil",
    "concentration_curve",
    "concentration_index",
    "erreygers_index",
    "fractional_rank",
    "gini",
    "theil",
]

_NEVER: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class Theil:
    """Theil's T and its two parts.

    Attributes
    ----------
    total, between, within : float
        ``between + within`` is `total`; NaN where there is nothing to measure.
    """

    total: float
    between: float
    within: float


def _checked(*columns: npt.ArrayLike) -> list[npt.NDArray[np.float64]]:
    """Return values, weights and what else there is without the rows that miss one or weigh nothing."""
    arrays = [np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in columns]
    values, weights = arrays[0], arrays[-1]
    if len({array.shape for array in arrays}) > 1:
        raise ValueError(f"the columns differ in length: {', '.join(str(array.size) for array in arrays)}")
    if (values < 0).any() or np.isinf(values).any():
        raise ValueError("a value is negative or infinite; an index of inequality needs values of 0 and more")
    if (weights < 0).any() or np.isinf(weights).any():
        raise ValueError("a weight is negative or infinite; it should be 0 or more")
    known = np.logical_and.reduce([~np.isnan(array) for array in arrays]) & (weights > 0)
    return [array[known] for array in arrays]


def fractional_rank(position: npt.ArrayLike, weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weighted fractional rank: the share of weight below, and half of the weight at the same position.

    Equal positions share one rank, so neither the order of rows nor a row split in two changes anything.

    Parameters
    ----------
    position : array_like of float, shape (n,)
        Standing, worst off first (lowest). Not missing.
    weights : array_like of float, shape (n,)
        Not negative.

    Returns
    -------
    numpy.ndarray of float64
        Between 0 and 1; its weighted mean is ½.

    References
    ----------
    O'Donnell O, van Doorslaer E, Wagstaff A, Lindelow M. Analyzing Health Equity Using Household Survey Data. World
    Bank (2008), chapter 8.

    Examples
    --------
    >>> fractional_rank([3, 1, 1], [2, 1, 1]).tolist()
    [0.75, 0.25, 0.25]
    """
    weight = np.atleast_1d(np.asarray(weights, dtype=np.float64))
    _, place = np.unique(np.atleast_1d(np.asarray(position, dtype=np.float64)), return_inverse=True)
    at = np.bincount(place, weights=weight)
    ranks: npt.NDArray[np.float64] = ((np.cumsum(at) - at / 2) / weight.sum())[place]
    return ranks


def concentration_index(values: npt.ArrayLike, position: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Concentration index 2·cov(h, R)/μ.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Health variable h, 0 or more. Rows with a missing value, position or weight are left out, and so are rows
        without weight.
    position : array_like of float, shape (n,)
        Standing, worst off first.
    weights : array_like of float, shape (n,)
        Births.

    Returns
    -------
    float
        Between -1 (all of it at the worst off) and 1; 0 where all are equal; NaN where nothing is left or μ is 0.

    Raises
    ------
    ValueError
        When a value or weight is negative or infinite.

    References
    ----------
    Wagstaff A, Paci P, van Doorslaer E. On the measurement of inequalities in health. Soc Sci Med 33 (1991) 545-557;
    Kakwani N, Wagstaff A, van Doorslaer E. Socioeconomic inequalities in health. J Econometrics 77 (1997) 87-103.

    Examples
    --------
    >>> round(concentration_index([30, 20, 10], [1, 2, 3], [1, 1, 1]), 4)
    -0.2222
    """
    h, standing, weight = _checked(values, position, weights)
    if h.size == 0 or not (h > 0).any():
        return _NEVER
    mean = np.average(h, weights=weight)
    rank = fractional_rank(standing, weight)
    return float(2 * np.average((h - mean) * (rank - 0.5), weights=weight) / mean)


def erreygers_index(
    values: npt.ArrayLike, position: npt.ArrayLike, weights: npt.ArrayLike, *, lower: float = 0.0, upper: float = 1.0
) -> float:
    """Concentration index of a bounded variable with Erreygers' correction, 4·μ/(upper - lower)·C.

    The plain index of a share and of its complement differ; the corrected ones are each other's negative.

    Parameters
    ----------
    values, position, weights : array_like of float, shape (n,)
        As in :func:`concentration_index`.
    lower, upper : float
        The variable's bounds.

    Returns
    -------
    float
        Between -1 and 1; 0 where the variable is 0 everywhere; NaN where nothing is left.

    Raises
    ------
    ValueError
        When a value lies outside the bounds.

    References
    ----------
    Erreygers G. Correcting the concentration index. J Health Econ 28 (2009) 504-515.

    Examples
    --------
    >>> near, far = [0.2, 0.5, 0.9], [0.8, 0.5, 0.1]
    >>> [round(erreygers_index(share, [1, 2, 3], [1, 1, 1]), 4) for share in (near, far)]
    [0.6222, -0.6222]
    """
    h, standing, weight = _checked(values, position, weights)
    if upper <= lower:
        raise ValueError(f"the bounds are {lower:g} and {upper:g}; the upper one should be greater")
    if h.size and (h.min() < lower or h.max() > upper):
        raise ValueError(f"values run from {h.min():g} to {h.max():g}; they should lie in {lower:g} to {upper:g}")
    if h.size == 0:
        return _NEVER
    rank = fractional_rank(standing, weight)
    covariance = np.average((h - np.average(h, weights=weight)) * (rank - 0.5), weights=weight)
    return float(8 * covariance / (upper - lower))


def concentration_curve(
    values: npt.ArrayLike, position: npt.ArrayLike, weights: npt.ArrayLike, *, points: int | None = None
) -> pd.DataFrame:
    """Concentration curve: cumulative share of weight against cumulative share of the health variable.

    The index is one less twice the area under the curve (in full, by the trapezoid rule).

    Parameters
    ----------
    values, position, weights : array_like of float, shape (n,)
        As in :func:`concentration_index`.
    points : int, optional
        Give the curve at this many equal steps of cumulative weight instead of at every position.

    Returns
    -------
    pandas.DataFrame
        Columns ``cumulative_share_weight, cumulative_share_measure`` from (0, 0) to (1, 1); empty where nothing is
        left or the variable is 0 everywhere.

    Raises
    ------
    ValueError
        As in :func:`concentration_index`, and when `points` is not positive.

    Examples
    --------
    >>> concentration_curve([30, 20, 10], [1, 2, 3], [1, 1, 2])["cumulative_share_measure"].round(4).tolist()
    [0.0, 0.4286, 0.7143, 1.0]
    """
    if points is not None and points < 1:
        raise ValueError(f"points are {points}; there should be one or more")
    h, standing, weight = _checked(values, position, weights)
    names = ["cumulative_share_weight", "cumulative_share_measure"]
    if h.size == 0 or not (h > 0).any():
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in names})
    _, place = np.unique(standing, return_inverse=True)
    across = np.r_[0.0, np.cumsum(np.bincount(place, weights=weight))]
    up = np.r_[0.0, np.cumsum(np.bincount(place, weights=weight * h))]
    across, up = across / across[-1], up / up[-1]
    if points is not None:
        steps = np.linspace(0, 1, points + 1)
        across, up = steps, np.interp(steps, across, up)
    return pd.DataFrame({names[0]: across, names[1]: np.clip(up, 0, 1)})


def gini(values: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Weighted Gini coefficient Σᵢⱼ wᵢwⱼ|hᵢ - hⱼ| / (2μW²), by way of the rank of the variable itself.

    Parameters
    ----------
    values, weights : array_like of float, shape (n,)
        As in :func:`concentration_index`.

    Returns
    -------
    float
        From 0 (all equal) to below 1; NaN where nothing is left or μ is 0.

    References
    ----------
    Lerman RI, Yitzhaki S. A note on the calculation and interpretation of the Gini index. Econ Lett 15 (1984) 363-368.

    Examples
    --------
    >>> round(gini([10, 20, 30], [1, 1, 1]), 4)
    0.2222
    """
    return max(concentration_index(values, values, weights), 0.0) if _has_mean(values, weights) else _NEVER


def _has_mean(values: npt.ArrayLike, weights: npt.ArrayLike) -> bool:
    h, _ = _checked(values, weights)
    return bool((h > 0).any())


def theil(values: npt.ArrayLike, weights: npt.ArrayLike, *, groups: npt.ArrayLike | None = None) -> Theil:
    """Theil's T, Σ (w/W)(h/μ) ln(h/μ), with the parts between and within groups.

    A value of 0 adds 0, the limit of x ln x. Between = Σ s ln(μg/μ), within = Σ s Tg, with s a group's share of the
    variable; each is worked out by itself.

    Parameters
    ----------
    values, weights : array_like of float, shape (n,)
        As in :func:`concentration_index`.
    groups : array_like, optional
        A label each; without it all is within.

    Returns
    -------
    Theil

    References
    ----------
    Theil H. Economics and Information Theory (1967); Shorrocks AF. The class of additively decomposable inequality
    measures. Econometrica 48 (1980) 613-625.

    Examples
    --------
    >>> parts = theil([10, 10, 30, 30], [1, 1, 1, 1], groups=["a", "a", "b", "b"])
    >>> round(parts.total, 4), round(parts.between, 4), round(parts.within, 4)
    (0.1308, 0.1308, 0.0)
    """
    labels = np.zeros(np.size(values)) if groups is None else pd.factorize(np.asarray(groups))[0].astype(np.float64)
    h, label, weight = _checked(values, np.where(labels < 0, np.nan, labels), weights)
    if h.size == 0 or not (h > 0).any():
        return Theil(total=_NEVER, between=_NEVER, within=_NEVER)
    _, place = np.unique(label, return_inverse=True)
    share = weight * h / (weight @ h)
    logarithm = np.log(np.where(h > 0, h, 1.0))
    mean = np.average(h, weights=weight)
    of_group = np.bincount(place, weights=share)
    means = np.bincount(place, weights=weight * h) / np.bincount(place, weights=weight)
    holds = of_group > 0
    between = float((of_group[holds] * np.log(means[holds] / mean)).sum())
    own_mean = np.where(means > 0, means, 1.0)[place]
    within = float((share * np.where(h > 0, logarithm - np.log(own_mean), 0.0)).sum())
    total = float((share * np.where(h > 0, logarithm - np.log(mean), 0.0)).sum())
    # None of the three can be below 0 but for rounding.
    return Theil(total=max(total, 0.0), between=max(between, 0.0), within=max(within, 0.0))
