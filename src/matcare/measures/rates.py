"""Rates with the intervals and reliability rules of the National Center for Health Statistics (NCHS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "NORMAL_FROM_DEATHS",
    "PER_BIRTHS_CAUSE",
    "RELIABLE_FROM_DEATHS",
    "IntervalKind",
    "cause_specific_mortality",
    "infant_mortality",
    "interval_coverage",
    "intervals_overlap",
    "pool_years",
    "rate_with_interval",
    "relative_standard_error",
    "years_in_words",
]

NORMAL_FROM_DEATHS: Final = 100
"""From this many deaths the normal interval is used, below it the gamma interval."""

RELIABLE_FROM_DEATHS: Final = 20
"""A rate on fewer deaths is unreliable: flagged and not ranked."""

PER_BIRTHS_CAUSE: Final = 100_000.0
"""Live births that a rate of one cause of death is expressed per; all causes are per 1,000."""

IntervalKind = Literal["nchs", "normal", "gamma"]
"""``nchs`` is the normal interval from 100 deaths on and the gamma interval below."""

_Z: Final = 1.96
_LIKELY_RATE: Final = 0.0056
"""Deaths per birth in the simulation of coverage: the nation's, about 5.6 per 1,000."""


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


def rate_with_interval(
    deaths: npt.ArrayLike, births: npt.ArrayLike, *, per: npt.ArrayLike, interval: IntervalKind = "nchs"
) -> pd.DataFrame:
    """Rate with its 95 % interval.

    At 100 deaths and more the interval is R ± 1.96·R·RSE/100. Below, it is the gamma interval: R times Γ⁻¹(.025; D)/D
    and R times Γ⁻¹(.975; D+1)/D.

    What they cover, summed exactly over Poisson counts (:func:`interval_coverage` simulates the same), at 20, 50, 99,
    100 and 500 expected deaths: by this rule 95.7, 95.3, 96.0, 95.9 and 95.0 %; the gamma interval alone 95.7, 95.3,
    95.6, 95.5 and 95.1 %; the normal interval alone 94.8, 94.9, 94.6, 94.5 and 95.0 %. Coverage saws up and down with
    the expected deaths: from 20 to 600 the rule lies between 94.4 (at 123) and 96.8 %. The gamma interval is
    Garwood's, which never covers less than 95 % by construction, so more than 96 % here and there is its design and no
    error.

    Parameters
    ----------
    deaths, births : array_like of float, shape (n,)
        Counts of the same population and years. NaN stays NaN. No deaths give a rate of 0 with the upper limit of
        Γ⁻¹(.975; 1).
    per : array_like of float, scalar or shape (n,)
        Births that the rate is expressed per: 1,000 for all causes, 100,000 for one cause.
    interval : {"nchs", "normal", "gamma"}, default "nchs"
        Which interval. ``normal`` and ``gamma`` take the one kind whatever the number of deaths; a normal interval's
        lower limit does not go below 0.

    Returns
    -------
    pandas.DataFrame
        Columns ``rate, low, high, rse`` (percent) and ``reliable`` (20 deaths or more).

    Raises
    ------
    InputError
        Naming the first row (counted from 1) where a count is negative or deaths exceed births. The counts are not in
        the message: a small one is not to leave the program.

    References
    ----------
    Garwood F. Fiducial limits for the Poisson distribution. Biometrika 28:437-442 (1936).
    Ely DM, Driscoll AK. Infant mortality in the United States: provisional data from the 2022 period linked
    birth/infant death file. Vital Statistics Rapid Release 33, technical notes (2023).

    Examples
    --------
    >>> rate_with_interval([1_210], [3_667_758], per=100_000).round(1).to_dict("records")
    [{'rate': 33.0, 'low': 31.1, 'high': 34.8, 'rse': 2.9, 'reliable': True}]
    """
    d = np.atleast_1d(np.asarray(deaths, dtype=np.float64))
    b = np.atleast_1d(np.asarray(births, dtype=np.float64))
    scale = np.asarray(per, dtype=np.float64)
    _refuse((d < 0) | (b < 0), "a count of deaths or births is negative; give 0 or more")
    _refuse(d > b, "deaths exceed births; give counts of the same population and years")
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(b > 0, scale * d / b, np.nan)
        rse = relative_standard_error(d, b)
        gamma_low = np.where(d > 0, gammaincinv(np.where(d > 0, d, 1.0), 0.025), 0.0) * scale / b
        gamma_high = gammaincinv(np.where(np.isnan(d), 1.0, d) + 1, 0.975) * scale / b
    # No deaths have no relative error; the normal interval of them is the point 0, as its formula has it.
    half = _Z * np.where(d == 0, 0.0, rse) / 100
    normal = (d >= NORMAL_FROM_DEATHS) if interval == "nchs" else np.full(d.shape, interval == "normal")
    low = np.where(normal, np.maximum(0.0, rate * (1 - half)), gamma_low)
    high = np.where(normal, rate * (1 + half), gamma_high)
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


def infant_mortality(deaths: npt.ArrayLike, births: npt.ArrayLike, *, per: float = 1000.0) -> pd.DataFrame:
    """Infant, neonatal or postneonatal mortality rate with its 95 % interval.

    Parameters
    ----------
    deaths, births : array_like of float, shape (n,)
        Deaths before the first birthday (neonatal: before 28 days; postneonatal: from 28 days) and live births.
    per : float, default 1000
        Births that the rate is expressed per.

    Returns
    -------
    pandas.DataFrame
        As :func:`rate_with_interval`.

    Raises
    ------
    InputError
        As :func:`rate_with_interval`.

    Examples
    --------
    >>> infant_mortality([20_577], [3_667_758]).round(2).to_dict("records")
    [{'rate': 5.61, 'low': 5.53, 'high': 5.69, 'rse': 0.7, 'reliable': True}]
    """
    return rate_with_interval(deaths, births, per=per)


def cause_specific_mortality(deaths: npt.ArrayLike, births: npt.ArrayLike) -> pd.DataFrame:
    """Infant mortality of one cause per 100,000 live births, with its 95 % interval.

    Parameters
    ----------
    deaths : array_like of float, shape (n,)
        Infant deaths whose underlying cause is the one in question.
    births : array_like of float, shape (n,)
        All live births.

    Returns
    -------
    pandas.DataFrame
        As :func:`rate_with_interval`.

    Examples
    --------
    >>> cause_specific_mortality([638], [3_667_758])["rate"].round(1).tolist()
    [17.4]
    """
    return rate_with_interval(deaths, births, per=PER_BIRTHS_CAUSE)


def intervals_overlap(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """Tell which pairs of intervals have a point in common; intervals that only touch do.

    Parameters
    ----------
    first, second : pandas.DataFrame
        Columns ``low, high``, with the same rows in the same order.

    Returns
    -------
    pandas.Series of boolean
        Indexed as `first`; missing where a limit is.

    Raises
    ------
    InputError
        When the two do not have the same number of rows.

    Examples
    --------
    >>> a, b = pd.DataFrame({"low": [1.0], "high": [2.0]}), pd.DataFrame({"low": [2.0], "high": [3.0]})
    >>> intervals_overlap(a, b).tolist()
    [True]
    """
    if len(first) != len(second):
        raise InputError(f"{len(first)} intervals against {len(second)}; give both the same rows")
    limits = pd.DataFrame(
        {f"{name}_{end}": frame[end].to_numpy(dtype=np.float64)
         for name, frame in (("first", first), ("second", second)) for end in ("low", "high")},
        index=first.index,
    )  # fmt: skip
    meet = (limits["first_low"] <= limits["second_high"]) & (limits["second_low"] <= limits["first_high"])
    return meet.astype("boolean").mask(limits.isna().any(axis=1))


def years_in_words(years: Iterable[int]) -> str:
    """Write years as runs.

    Parameters
    ----------
    years : iterable of int
        In any order.

    Returns
    -------
    str
        Runs joined by a hyphen, gaps by a comma.

    Examples
    --------
    >>> years_in_words([2019, 2017, 2018]), years_in_words([2017, 2019])
    ('2017-2019', '2017, 2019')
    """
    ordered = sorted(set(years))
    starts = [year for year in ordered if year - 1 not in ordered]
    ends = [year for year in ordered if year + 1 not in ordered]
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def pool_years(frame: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Pool several years of one place: counts are added, rates never averaged.

    A year whose count is missing leaves the pooled count missing, since unknown is not zero. Places may have different
    years; ``years`` says which. Where two pools of one place are both to be printed, one must not contain the other:
    the difference would be the count of the remaining years (:func:`matcare.measures.change.change_between` refuses
    to compare such pools).

    Parameters
    ----------
    frame : pandas.DataFrame
        ``year, deaths, births`` and the columns of `by`; one row a place and year.
    by : sequence of str
        What names a place or group, such as ``["county_fips"]``.

    Returns
    -------
    pandas.DataFrame
        The columns of `by` (sorted), ``years`` in words, ``years_pooled`` (how many), ``deaths, births``.

    Raises
    ------
    InputError
        Naming the first row whose year is missing, is not a year, or stands twice for one place.

    Examples
    --------
    >>> rows = pd.DataFrame({"state": ["MS"] * 2, "year": [2021, 2022], "deaths": [330, 316], "births": [35156, 34675]})
    >>> pool_years(rows, by=["state"]).to_dict("records")
    [{'state': 'MS', 'years': '2021-2022', 'years_pooled': 2, 'deaths': 646.0, 'births': 69831.0}]
    """
    keys = list(by)
    year = pd.to_numeric(frame["year"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse(~(np.isfinite(year) & (year == np.floor(year))), "should be a year such as 2022", column="year")
    rows = frame.assign(year=year.astype(np.int64))
    twice = rows.duplicated([*keys, "year"]).to_numpy()
    if twice.any():
        row = int(twice.argmax())
        place = ", ".join(str(rows[name].iloc[row]) for name in keys)
        raise InputError(
            f"row {row + 1}, column 'year': {rows['year'].iloc[row]} stands twice for {place}; give each year once"
        )
    grouped = rows.groupby(keys, sort=True)
    pooled = grouped["year"].agg(years=years_in_words, years_pooled="size")
    for name in ("deaths", "births"):
        counts = rows[name].astype("float64")
        missing = counts.isna().groupby([rows[key] for key in keys]).any()
        pooled[name] = counts.groupby([rows[key] for key in keys]).sum().mask(missing)
    return pooled.reset_index()


def interval_coverage(
    expected_deaths: Iterable[float], *, interval: IntervalKind = "nchs", draws: int = 200_000, seed: int = 0
) -> pd.DataFrame:
    """Simulate how often the 95 % interval encloses the rate that made the deaths.

    Parameters
    ----------
    expected_deaths : iterable of float
        Means of the Poisson distributions that deaths are drawn from.
    interval : {"nchs", "normal", "gamma"}
        As in :func:`rate_with_interval`.
    draws : int
        Draws for each mean; the standard error of a coverage of 95 % is √(.95·.05/draws), 0.05 % at 200,000.
    seed : int
        Of the generator.

    Returns
    -------
    pandas.DataFrame
        ``expected_deaths, interval, coverage, rate_above_interval, rate_below_interval`` (shares of the draws).

    Examples
    --------
    >>> bool(interval_coverage([20], interval="gamma", draws=20_000)["coverage"].iloc[0] > 0.95)
    True
    """
    generator = np.random.default_rng(seed)
    rows = []
    for mean in expected_deaths:
        births = mean / _LIKELY_RATE
        made = rate_with_interval(
            generator.poisson(mean, size=draws), np.full(draws, births), per=births, interval=interval
        )
        above, below = float((made["high"] < mean).mean()), float((made["low"] > mean).mean())
        rows.append(
            {
                "expected_deaths": mean,
                "interval": interval,
                "coverage": 1 - above - below,
                "rate_above_interval": above,
                "rate_below_interval": below,
            }
        )
    return pd.DataFrame(rows)


def _refuse(bad: npt.NDArray[np.bool_], words: str, *, column: str = "") -> None:
    if bad.any():
        where = f"row {int(bad.argmax()) + 1}" + (f", column {column!r}" if column else "")
        raise InputError(f"{where}: {words}")
