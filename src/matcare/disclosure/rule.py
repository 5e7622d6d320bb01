"""The rule, masking by it, and the counts that a printed rate and its interval give back.

References
----------
CDC WONDER, data use restrictions: no count of nine or fewer births or deaths, and no rate based on one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

if TYPE_CHECKING:
    from collections.abc import Sequence

    Floats = npt.NDArray[np.float64]

__all__ = ["SMALL", "counts_from_rate", "is_small", "mask_small"]

SMALL: Final = (1, 9)
"""Counts of births or deaths that may not leave the program. Zero is a count, and may."""

_HALF: Final = 0.5
_Z: Final = 1.96
_SKEWED: Final = 0.0075
"""Half of how far the middle of the gamma interval lies above the rate at 99 deaths; of the normal interval it is 0."""

_LEAST_GAMMA: Final = 1.495
"""Ratio of the limits below which an interval is normal: 1.498 at 99 deaths (gamma), 1.488 at 100 (normal)."""

_MOST_GAMMA: Final = 150.0


def is_small(values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which counts are 1-9; a missing count is not.

    Apportioned counts are fractions: whatever rounds to 1-9 is small.

    Examples
    --------
    >>> is_small([0, 1, 9, 9.4, 10, float("nan")]).tolist()
    [False, True, True, True, False, False]
    """
    numbers = np.asarray(values, dtype=np.float64)
    return np.asarray((numbers >= SMALL[0] - _HALF) & (numbers < SMALL[1] + _HALF), dtype=np.bool_)


def mask_small(
    frame: pd.DataFrame, *, counts: Sequence[str], dependents: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.Series]:
    """Blank the counts of 1-9, and whatever gives them back in the same row.

    When one count of a row is small, the row's other counts and all of `dependents` go with it: a rate and the births
    beside it are the deaths again.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a place or group.
    counts : sequence of str
        Columns of births or deaths.
    dependents : sequence of str
        Rates, limits, differences and excesses that are computed from them.

    Returns
    -------
    masked : pandas.DataFrame
        A copy, missing where something was hidden.
    hidden : pandas.Series of bool
        Rows in which something was hidden.

    Examples
    --------
    >>> table = pd.DataFrame({"deaths": [7.0, 12.0], "births": [900.0, 1000.0], "imr": [7.78, 12.0]})
    >>> mask_small(table, counts=["deaths", "births"], dependents=["imr"])[0].isna().all(axis=1).tolist()
    [True, False]
    """
    small = is_small(frame[list(counts)].to_numpy(dtype="float64", na_value=np.nan)).any(axis=1)
    hidden = pd.Series(small, index=frame.index)
    masked = frame.copy()
    for name in (*counts, *dependents):
        masked[name] = masked[name].mask(hidden)
    return masked, hidden


def counts_from_rate(
    rate: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    per: float = 1000.0,
    births_vary: bool = True,
    rounding: float = 0.0,
) -> pd.DataFrame:
    """Solve a rate and its 95 % interval for deaths and births, as any reader can.

    The ratio of the limits falls as deaths grow, so it gives the deaths. From 100 deaths the interval is R ± 1.96·R·RSE
    with RSE² = 1/D + 1/B (`births_vary`) or 1/D, hence D = (1 + R/per)/RSE² or 1/RSE². Below, the limits are
    Γ⁻¹(.025; D)/B and Γ⁻¹(.975; D+1)/B. Births follow from the rate, or from the upper limit where no rate is given.

    Parameters
    ----------
    rate, low, high : array_like of float, shape (n,)
        The rate may be missing; without both limits there is nothing to solve, and the row stays NaN.
    per : float, default 1000
        Births that the rate is expressed per.
    births_vary : bool, default True
        Whether the normal interval takes births as random: NCHS does, County Health Rankings does not.
    rounding : float, default 0
        Half a unit of the last digit printed: 0.005 for two decimals.

    Returns
    -------
    pandas.DataFrame
        ``deaths, births``, and what the rounding leaves open: ``deaths_low, deaths_high, births_low, births_high``.

    References
    ----------
    NCHS, *User guide to the period linked birth/infant death public use file*, technical notes.

    Examples
    --------
    >>> counts_from_rate([5.0], [3.0541], [7.7220]).round(0)[["deaths", "births"]].to_numpy().tolist()
    [[20.0, 4000.0]]
    """
    figures = [np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (rate, low, high)]
    given, lower, upper = np.broadcast_arrays(*figures)
    known = ~np.isnan(given)
    # A gamma interval reaches further up than down: at 99 deaths its middle is 1.5 % above the rate, below that more.
    skewed = np.where(known, (lower + upper) / 2 - given > _SKEWED * given, upper >= lower * _LEAST_GAMMA)
    middle = np.where(known, given, (lower + upper) / 2)
    # The exact figures first, then the corners of what the rounding leaves open.
    corners = {(move, -move, off * rounding) for move in (0.0, rounding, -rounding) for off in (0, 1, -1)}
    deaths, births = [], []
    for down, up, off in sorted(corners, key=lambda corner: (corner != (0, 0, 0), corner)):
        low_end, high_end, r = np.maximum(lower + down, 0), upper + up, np.maximum(middle + off, 0)
        spread = (high_end - low_end) / 2 / _Z
        with np.errstate(divide="ignore", invalid="ignore"):
            d = (1 + r / per if births_vary else 1.0) * (r / spread) ** 2
        d[skewed] = _gamma_deaths(low_end[skewed], high_end[skewed])
        d = np.where(np.isnan(low_end) | np.isnan(high_end) | (high_end <= low_end), np.nan, d)
        with np.errstate(divide="ignore", invalid="ignore"):
            from_limit = gammaincinv(d + 1, 0.975) * per / high_end
            b = np.where((known & (d > 0)) | ~skewed, per * d / r, from_limit)
        deaths.append(d)
        births.append(b)
    return pd.DataFrame(
        {
            "deaths": deaths[0],
            "births": births[0],
            "deaths_low": np.min(deaths, axis=0),
            "deaths_high": np.max(deaths, axis=0),
            "births_low": np.min(births, axis=0),
            "births_high": np.max(births, axis=0),
        }
    )


def _log_gamma_ratio(log_deaths: npt.ArrayLike) -> Floats:
    deaths = np.exp(log_deaths)
    return np.asarray(np.log(gammaincinv(deaths + 1, 0.975) / gammaincinv(deaths, 0.025)), dtype=np.float64)


@lru_cache(maxsize=1)
def _gamma_table() -> tuple[Floats, Floats, Floats]:
    log_deaths = np.linspace(np.log(0.05), np.log(_MOST_GAMMA), 1000)
    log_ratio = _log_gamma_ratio(log_deaths)
    return log_deaths, log_ratio, np.gradient(log_ratio, log_deaths)


def _gamma_deaths(low: Floats, high: Floats) -> Floats:
    """Invert the ratio of the gamma limits, which falls steadily as deaths grow: a table, then Newton's steps."""
    log_deaths, log_ratio, slope = _gamma_table()
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = np.minimum(np.log(high / low), log_ratio[0])
    found = np.interp(-wanted, -log_ratio, log_deaths)
    for _ in range(4):
        found = found - (_log_gamma_ratio(found) - wanted) / np.interp(found, log_deaths, slope)
    return np.where(low > 0, np.exp(found), 0.0)
