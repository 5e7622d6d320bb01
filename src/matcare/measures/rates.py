"""Rates with the intervals and reliability rules of the National Center for Health Statistics (NCHS)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

__all__ = ["NORMAL_FROM_DEATHS", "RELIABLE_FROM_DEATHS", "infant_mortality", "relative_standard_error"]

NORMAL_FROM_DEATHS: Final = 100
"""From this many deaths the normal interval is used, below it the gamma interval."""

RELIABLE_FROM_DEATHS: Final = 20
"""A rate on fewer deaths is unreliable: flagged and not ranked."""

_Z: Final = 1.96


def relative_standard_error(deaths: npt.ArrayLike, births: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Relative standard error of a rate whose numerator and denominator both vary.

    Parameters
    ----------
    deaths, births : array_like of float
        Counts above zero.

    Returns
    -------
    numpy.ndarray of float64
        100·√(1/D + 1/B), in percent; NaN where a count is missing or zero.

    References
    ----------
    NCHS, *User guide to the period linked birth/infant death public use file*, technical notes.

    Examples
    --------
    >>> float(relative_standard_error(20_577, 3_667_758).round(3))
    0.699
    """
    d, b = np.asarray(deaths, dtype=np.float64), np.asarray(births, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rse = 100 * np.sqrt(1 / d + 1 / b)
    return np.where(np.isfinite(rse), rse, np.nan)


def infant_mortality(deaths: npt.ArrayLike, births: npt.ArrayLike, *, per: float = 1000.0) -> pd.DataFrame:
    """Infant mortality rate with its 95 % interval.

    At 100 deaths and more the interval is R ± 1.96·R·RSE/100. Below, it is the gamma interval: R times Γ⁻¹(.025; D)/D
    and R times Γ⁻¹(.975; D+1)/D.

    Parameters
    ----------
    deaths, births : array_like of float, shape (n,)
        Counts of the same population and years. NaN stays NaN. No deaths give a rate of 0 with the upper limit of
        Γ⁻¹(.975; 1).
    per : float, default 1000
        Births that the rate is expressed per.

    Returns
    -------
    pandas.DataFrame
        Columns ``rate, low, high, rse`` (percent) and ``reliable`` (20 deaths or more).

    Raises
    ------
    ValueError
        When a count is negative or deaths exceed births.

    References
    ----------
    Ely DM, Driscoll AK. Infant mortality in the United States: provisional data from the 2022 period linked
    birth/infant death file. Vital Statistics Rapid Release 33, technical notes (2023).

    Examples
    --------
    >>> infant_mortality([20_577], [3_667_758]).round(2).to_dict("records")
    [{'rate': 5.61, 'low': 5.53, 'high': 5.69, 'rse': 0.7, 'reliable': True}]
    """
    d = np.atleast_1d(np.asarray(deaths, dtype=np.float64))
    b = np.atleast_1d(np.asarray(births, dtype=np.float64))
    if (d < 0).any() or (b < 0).any():
        raise ValueError("a count of deaths or births is negative")
    if (d > b).any():
        raise ValueError("deaths exceed births")
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(b > 0, per * d / b, np.nan)
        rse = relative_standard_error(d, b)
        gamma_low = np.where(d > 0, gammaincinv(np.where(d > 0, d, 1.0), 0.025), 0.0) * per / b
        gamma_high = gammaincinv(np.where(np.isnan(d), 1.0, d) + 1, 0.975) * per / b
    normal = d >= NORMAL_FROM_DEATHS
    low = np.where(normal, rate * (1 - _Z * rse / 100), gamma_low)
    high = np.where(normal, rate * (1 + _Z * rse / 100), gamma_high)
    known = np.isfinite(rate)
    return pd.DataFrame(
        {
            "rate": rate,
            "low": np.where(known, low, np.nan),
            "high": np.where(known, high, np.nan),
            "rse": np.where(known, rse, np.nan),
            "reliable": known & (d >= RELIABLE_FROM_DEATHS),
        }
    )
