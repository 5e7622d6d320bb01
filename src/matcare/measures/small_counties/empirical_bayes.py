"""Empirical Bayes rates of published counties: drawn to the nation's rate, or to that of the county's surroundings.

Marshall's estimator is a weighted mean of a county's own rate r and a mean m: θ = m + w (r − m), w = A/(A + m/N),
with N the births and A the variance between counties. It is exactly the posterior mean under a gamma prior with mean m
and variance A, whose posterior, gamma with shape m²/A + D and rate m/A + N, gives the interval.

Publication is truncation: a county is published from 20 deaths on, so published small counties are those with high
rates. Given the deaths, the posterior does not depend on the rule by which they came to be published, but m and A do
when they are taken from published counties. So m is the nation's total rate, and A comes from counties whose *expected*
deaths, births times m, are so many that all are published (40: at 626 of 626 counties of 2017-2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

from matcare.measures.small_counties.residuals import national_rate

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "EB_STATUSES",
    "EXPECTED_DEATHS",
    "empirical_bayes",
    "marshall_variance",
    "posterior_interval",
    "shrinkage",
    "spatial_mean",
    "spatial_variance",
]

F64 = npt.NDArray[np.float64]

EXPECTED_DEATHS: Final = 40.0
"""The variance between counties is taken from counties with at least as many expected deaths."""

EB_STATUSES: Final = ("estimated", "no_spread", "no_neighbours")
"""Standing of an empirical Bayes rate."""

_PER: Final = 1000.0


def marshall_variance(deaths: F64, births: F64, *, mean: float) -> float:
    """Variance of true rates between counties, by the method of moments.

    Parameters
    ----------
    deaths, births : numpy.ndarray of float64, shape (n,)
        Counts of counties that were not selected by their deaths.
    mean : float
        Deaths per birth that they are drawn to.

    Returns
    -------
    float
        A = Σ N (r − m)²/ΣN − m/N̄, not below zero; NaN without counties.

    References
    ----------
    Marshall RJ. Mapping disease and mortality rates using empirical Bayes estimators. Applied Statistics 40 (1991):
    283-294.

    Examples
    --------
    >>> round(marshall_variance(np.array([4.0, 16.0]), np.array([1000.0, 1000.0]), mean=0.01) * 1e6, 3)
    26.0
    """
    if len(births) == 0:
        return float("nan")
    spread = float((births * (deaths / births - mean) ** 2).sum() / births.sum())
    return max(spread - mean / float(births.mean()), 0.0)


def shrinkage(births: F64, *, mean: F64 | float, variance: float) -> F64:
    """Return the weight on the county's own rate, A/(A + m/N): 0 is all mean, 1 is all its own."""
    return np.asarray(variance / (variance + mean / births), dtype=np.float64)


def posterior_interval(
    deaths: F64, births: F64, *, mean: F64 | float, variance: float, mean_variance: F64 | float = 0.0
) -> tuple[F64, F64]:
    """Return the limits of the 95 % interval of the rate, deaths per birth.

    Parameters
    ----------
    deaths, births : numpy.ndarray of float64, shape (n,)
        Counts.
    mean : float or numpy.ndarray
        Prior mean.
    variance : float
        Prior variance. At zero the posterior is a point, and a point is no interval: NaN.
    mean_variance : float or numpy.ndarray, default 0
        Variance of the prior mean, where it stands on few counts itself: adds (1 − w)² times itself to the
        variance of the posterior, whose mean stays and whose form stays gamma.

    Returns
    -------
    low, high : numpy.ndarray of float64, shape (n,)

    References
    ----------
    Morris CN. Parametric empirical Bayes inference: theory and applications. J Am Stat Assoc 78 (1983): 47-55.
    """
    if not variance > 0:
        return np.full(len(deaths), np.nan), np.full(len(deaths), np.nan)
    shape, rate = mean**2 / variance + deaths, mean / variance + births
    centre = shape / rate
    wider = shape / rate**2 + (1 - shrinkage(births, mean=mean, variance=variance)) ** 2 * mean_variance
    shape = centre**2 / wider
    return (
        np.asarray(gammaincinv(shape, 0.025) * centre / shape, dtype=np.float64),
        np.asarray(gammaincinv(shape, 0.975) * centre / shape, dtype=np.float64),
    )


def spatial_mean(
    counties: pd.DataFrame, births: pd.Series, residuals: pd.DataFrame, adjacency: pd.DataFrame
) -> pd.DataFrame:
    """Pool each county with its neighbours.

    A published neighbour enters with its counts (Connecticut's with its apportioned ones); an unpublished one with
    its births and the residual rate of its state, or, where that residual does not stand, of the division's standing
    states, then of the nation's. A neighbour without any of them is left out.

    Parameters
    ----------
    counties : pandas.DataFrame
        From :func:`matcare.measures.small_counties.counties.checked_counties`.
    births : pandas.Series
        From :func:`matcare.measures.small_counties.residuals.period_births`, same index.
    residuals : pandas.DataFrame
        From :func:`matcare.measures.small_counties.residuals.state_residuals`.
    adjacency : pandas.DataFrame
        ``county_fips, neighbour_fips``, both directions.

    Returns
    -------
    pandas.DataFrame
        Same index: ``mean`` (deaths per birth), ``births`` (pooled), ``own_share`` (of the pooled births),
        ``known_births`` (pooled births of published counties) and ``squares`` (Σ of squared shares of the *other*
        published counties); missing where no neighbour takes part.
    """
    position = pd.Series(np.arange(len(counties)), index=counties["county_fips"].to_numpy())
    left, right = adjacency["county_fips"].map(position), adjacency["neighbour_fips"].map(position)
    apart = left.notna() & right.notna() & (left != right)
    own, other = left[apart].to_numpy(dtype=np.int64), right[apart].to_numpy(dtype=np.int64)
    b = births.to_numpy(dtype=np.float64)
    known = counties["infant_deaths"].notna().to_numpy()
    rate = np.where(known, counties["infant_deaths"] / b, counties["state"].map(_residual_rate(residuals)))
    usable = np.isfinite(rate) & np.isfinite(b)
    deaths_in, births_in = np.where(usable, rate * b, 0.0), np.where(usable, b, 0.0)
    known_in = np.where(known, births_in, 0.0)
    n = len(counties)

    def around(values: F64) -> F64:
        return np.asarray(np.bincount(own, weights=values[other], minlength=n), dtype=np.float64)

    neighbours = around(births_in)
    total = births_in + neighbours
    with np.errstate(invalid="ignore", divide="ignore"):
        table = pd.DataFrame(
            {
                "mean": (deaths_in + around(deaths_in)) / total,
                "births": total,
                "own_share": births_in / total,
                "known_births": known_in + around(known_in),
                "squares": around(known_in**2) / total**2,
            },
            index=counties.index,
        )
    table.loc[~(neighbours > 0)] = np.nan
    return table


def _residual_rate(residuals: pd.DataFrame) -> pd.Series:
    standing = residuals[residuals["stands"]]
    own = standing["deaths"] / standing["births"]
    sums = standing.groupby("division")[["deaths", "births"]].sum()
    division = residuals["division"].map(sums["deaths"] / sums["births"])
    births = standing["births"].sum()
    return own.reindex(residuals.index).fillna(division).fillna(standing["deaths"].sum() / births if births else np.nan)


def spatial_variance(deaths: F64, births: F64, around: pd.DataFrame) -> float:
    """Variance of true rates about the mean of their surroundings, one for the nation.

    A county and its handful of neighbours cannot tell a variance from chance: estimated locally (as Marshall proposes
    too) it is zero for many, and their interval a point. So the squared distances from all local means are pooled.
    With shares s of the pooled births S, a county's distance from its own neighbourhood's mean has the expectation
    A·c + m (1/N)·(1 − s)² + m·Σ' N_j/S², c = (1 − s)² + Σ' s_j², Σ' over the other published counties
    (a state's residual rate is taken as given); A solves Σ N (r − m)² = that, weighted by births, not below zero.

    Parameters
    ----------
    deaths, births : numpy.ndarray of float64, shape (n,)
        Counts of counties that were not selected by their deaths.
    around : pandas.DataFrame
        Their rows of :func:`spatial_mean`.

    Returns
    -------
    float
        NaN without counties.
    """
    if len(births) == 0:
        return float("nan")
    mean = around["mean"].to_numpy()
    total, share = around["births"].to_numpy(), around["own_share"].to_numpy()
    chance = (1 - share) ** 2 / births + (around["known_births"].to_numpy() - births) / total**2
    factor = (1 - share) ** 2 + around["squares"].to_numpy()
    excess = (births * ((deaths / births - mean) ** 2 - mean * chance)).sum()
    return max(float(excess / (births * factor).sum()), 0.0)


def empirical_bayes(
    counties: pd.DataFrame,
    states: pd.DataFrame,
    births: pd.Series,
    residuals: pd.DataFrame,
    adjacency: pd.DataFrame,
    *,
    expected_deaths: float = EXPECTED_DEATHS,
) -> pd.DataFrame:
    """Estimate the rates of published counties, globally and spatially.

    Parameters
    ----------
    counties : pandas.DataFrame
        From :func:`matcare.measures.small_counties.counties.checked_counties`.
    states : pandas.DataFrame
        ``state, infant_deaths, live_births``.
    births, residuals : pandas.Series, pandas.DataFrame
        From :mod:`matcare.measures.small_counties.residuals`.
    adjacency : pandas.DataFrame
        ``county_fips, neighbour_fips``, both directions.
    expected_deaths : float, default 40
        The variance between counties is taken from published counties with at least as many expected deaths; where
        fewer than two have, from all published ones.

    Returns
    -------
    pandas.DataFrame
        One row a published county (never an apportioned one): ``county_fips, imr_eb, imr_eb_low, imr_eb_high``
        (per 1,000), ``imr_shrinkage`` (weight on the county's OWN rate; 1 − it is the weight on the mean),
        ``imr_eb_status``, and the same with ``_spatial``. Status ``no_spread``: the counties differ no more than
        chance does, so every estimate is the mean and has no interval. ``no_neighbours``: an island has no spatial one.
    """
    mean = national_rate(states)
    rows = (counties["outcome_status"] == "published").to_numpy()
    deaths = counties.loc[rows, "infant_deaths"].to_numpy(dtype=np.float64)
    own = births[rows].to_numpy(dtype=np.float64)
    around = spatial_mean(counties, births, residuals, adjacency)[rows]
    ample = own * mean >= expected_deaths
    if ample.sum() < 2:  # noqa: PLR2004 - a spread needs two
        ample = np.ones(len(own), dtype=np.bool_)
    local = around["mean"].to_numpy()
    near = ample & np.isfinite(local)
    # a local mean is uncertain by the chance in its deaths and by the counties that happen to be in it
    variance = spatial_variance(deaths[near], own[near], around[near])
    known = np.isfinite(local)
    uncertain = local / around["births"].to_numpy() + variance * (
        around["squares"].to_numpy() + around["own_share"].to_numpy() ** 2
    )
    result = pd.DataFrame({"county_fips": counties.loc[rows, "county_fips"].to_numpy()})
    result = result.assign(
        **_estimates("", deaths, own, mean=mean, variance=marshall_variance(deaths[ample], own[ample], mean=mean))
    )
    spatial = _estimates("_spatial", deaths, own, mean=local, variance=variance, mean_variance=uncertain)
    result = result.assign(**spatial)
    result.loc[~known, "imr_eb_spatial_status"] = "no_neighbours"
    return result


def _estimates(
    suffix: str,
    deaths: F64,
    births: F64,
    *,
    mean: F64 | float,
    variance: float,
    mean_variance: F64 | float = 0.0,
) -> dict[str, F64 | str | Callable[[pd.DataFrame], pd.Series]]:
    weight = shrinkage(births, mean=mean, variance=variance)
    low, high = posterior_interval(deaths, births, mean=mean, variance=variance, mean_variance=mean_variance)
    return {
        f"imr_eb{suffix}": _PER * (mean + weight * (deaths / births - mean)),
        f"imr_eb{suffix}_low": _PER * low,
        f"imr_eb{suffix}_high": _PER * high,
        f"imr_shrinkage{suffix}": weight,
        f"imr_eb{suffix}_status": "estimated" if variance > 0 else "no_spread",
    }
