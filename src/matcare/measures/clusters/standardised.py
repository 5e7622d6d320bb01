"""Rates made comparable across sizes before they are searched for clusters (Assunção and Reis)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["eb_standardised"]


def eb_standardised(
    deaths: npt.ArrayLike, births: npt.ArrayLike, *, reference_rate: float | None = None
) -> npt.NDArray[np.float64]:
    """Standardise rates by the mean and the variance that an empirical-Bayes model expects of them.

    z = (r − b)/√(a + b/N), where b is the reference rate, a = s² − b/N̄ the variance between places, s² the variance of
    the rates about b weighted by births, and N̄ the mean births. Where a + b/N falls below 0 (the rates spread less than
    chance alone would make them) it is b/N, which is the authors' rule.

    Parameters
    ----------
    deaths, births : array_like of float, shape (n,)
        Counts of the places analysed, births above 0.
    reference_rate : float, optional
        Deaths per birth that the rates are compared with. Without it, all deaths over all births of the places given,
        which is the authors' definition. A run gives the nation's rate instead: a county is published from 20 deaths
        on, so that the published counties' own mean lies above or below the nation's by the way they were selected.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        When a count is missing, births are not above 0, or there are no deaths to compare with.

    References
    ----------
    Assunção RM, Reis EA. A new proposal to adjust Moran's I for population density. Statistics in Medicine 1999;
    18:2147-2162.

    Examples
    --------
    >>> eb_standardised([30, 25, 25, 15], [100, 100, 110, 90]).round(3).tolist()
    [1.341, 0.268, -0.231, -1.435]
    """
    d, n = np.asarray(deaths, dtype=np.float64), np.asarray(births, dtype=np.float64)
    if not (np.isfinite(d).all() and np.isfinite(n).all() and (n > 0).all()):
        raise ValueError("every place needs its deaths and births, births above 0")
    b = float(d.sum() / n.sum()) if reference_rate is None else reference_rate
    if b <= 0:
        raise ValueError("the reference rate is 0: without deaths there is nothing to compare with")
    rate = d / n
    spread = float((n * (rate - b) ** 2).sum() / n.sum())
    between = spread - b / n.mean()
    variance = between + b / n
    return np.asarray((rate - b) / np.sqrt(np.where(variance > 0, variance, b / n)), dtype=np.float64)
