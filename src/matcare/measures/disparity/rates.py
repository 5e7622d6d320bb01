"""Disparities of infant mortality by race and Hispanic origin: rate ratio, rate difference, excess deaths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts.disparities import RACE_GROUPS
from matcare.disclosure import SMALL
from matcare.measures.disparity.notes import OUTCOMES_SOURCE, PERIOD, SOVEREIGNTY, joined
from matcare.measures.rates import RELIABLE_FROM_DEATHS, infant_mortality

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FEWEST_SHOWN", "excess_deaths", "rate_difference", "rate_disparities", "rate_ratio"]

FEWEST_SHOWN: Final = SMALL[1] + 1
"""Counts of 1 to 9 deaths or births, and all that rests on them, stay inside."""

_Z: Final = 1.96
_DERIVED: Final = "counts worked back from the published rate and its interval"
_UNRELIABLE: Final = "unreliable: fewer than 20 deaths in the group or the reference"
_NO_RANKING: Final = "places are not ranked"
_SELECTED: Final = "small counts are not published, so a small group appears only when its rate is high"


def rate_ratio(
    deaths: npt.ArrayLike, births: npt.ArrayLike, reference_deaths: npt.ArrayLike, reference_births: npt.ArrayLike
) -> pd.DataFrame:
    """Ratio of two rates with its 95 % interval exp(ln RR ± 1.96·√(1/a + 1/b)).

    Deaths are taken as Poisson counts and births as fixed, so the interval is a little wide for common outcomes: at ten
    deaths in a thousand births by half of one percent.

    Parameters
    ----------
    deaths, births, reference_deaths, reference_births : array_like of float, shape (n,)
        Counts of the group and of the reference. NaN stays NaN.

    Returns
    -------
    pandas.DataFrame
        Columns ``ratio, low, high``. A group without deaths has ratio 0 and no interval; a reference without deaths has
        no ratio.

    Raises
    ------
    ValueError
        When a count is negative or deaths exceed births.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL. Modern Epidemiology, 3rd ed. (2008), chapter 14 (person-time data).

    Examples
    --------
    >>> rate_ratio([41_441], [3_711_452], [57_857], [13_223_664]).round(3).to_dict("records")
    [{'ratio': 2.552, 'low': 2.52, 'high': 2.584}]
    """
    a, n, b, m = _counts(deaths, births, reference_deaths, reference_births)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (a / n) / (b / m)
        spread = np.exp(_Z * np.sqrt(1 / a + 1 / b))
        limits = {"low": ratio / spread, "high": ratio * spread}
    has = (b > 0) & (n > 0) & (m > 0)
    return pd.DataFrame(
        {"ratio": np.where(has, ratio, np.nan)}
        | {name: np.where(has & (a > 0), limit, np.nan) for name, limit in limits.items()}
    )


def rate_difference(
    deaths: npt.ArrayLike,
    births: npt.ArrayLike,
    reference_deaths: npt.ArrayLike,
    reference_births: npt.ArrayLike,
    *,
    per: float = 1000.0,
) -> pd.DataFrame:
    """Difference of two rates with its 95 % interval, difference ± 1.96·√(a/A² + b/B²).

    The variance is that of the ratio's interval (Poisson deaths, fixed births). NCHS' test of a change lets births vary
    too, which widens the interval by half of one percent at ten deaths in a thousand births.

    Parameters
    ----------
    deaths, births, reference_deaths, reference_births : array_like of float, shape (n,)
        As in :func:`rate_ratio`.
    per : float, default 1000
        Births that the rates are expressed per.

    Returns
    -------
    pandas.DataFrame
        Columns ``difference, low, high``; no interval where neither has a death.

    Raises
    ------
    ValueError
        When a count is negative or deaths exceed births.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL. Modern Epidemiology, 3rd ed. (2008), chapter 14.

    Examples
    --------
    >>> rate_difference([41], [28_010], [15], [19_017], per=1.0).round(7).to_dict("records")
    [{'difference': 0.000675, 'low': 7.49e-05, 'high': 0.0012751}]
    """
    a, n, b, m = _counts(deaths, births, reference_deaths, reference_births)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = per * (a / n - b / m)
        half = per * _Z * np.sqrt(a / n**2 + b / m**2)
    has = (n > 0) & (m > 0)
    certain = has & (a + b > 0)
    return pd.DataFrame(
        {
            "difference": np.where(has, difference, np.nan),
            "low": np.where(certain, difference - half, np.nan),
            "high": np.where(certain, difference + half, np.nan),
        }
    )


def excess_deaths(
    deaths: npt.ArrayLike, births: npt.ArrayLike, reference_deaths: npt.ArrayLike, reference_births: npt.ArrayLike
) -> pd.DataFrame:
    """Deaths less those that the group's births would have had at the reference rate, D - B·rate.

    The interval is the rate difference's times the births, so it excludes 0 exactly where that one does.

    Parameters
    ----------
    deaths, births, reference_deaths, reference_births : array_like of float, shape (n,)
        As in :func:`rate_ratio`.

    Returns
    -------
    pandas.DataFrame
        Columns ``excess_deaths, low, high``; negative where the group's rate is the lower one.

    Raises
    ------
    ValueError
        When a count is negative or deaths exceed births.

    Examples
    --------
    >>> excess_deaths([41_441], [3_711_452], [57_857], [13_223_664]).round(0).to_dict("records")
    [{'excess_deaths': 25202.0, 'low': 24782.0, 'high': 25623.0}]
    """
    frame = rate_difference(deaths, births, reference_deaths, reference_births, per=1.0)
    own = np.atleast_1d(np.asarray(births, dtype=np.float64))
    return frame.mul(own, axis=0).rename(columns={"difference": "excess_deaths"})


def _counts(*counts: npt.ArrayLike) -> list[npt.NDArray[np.float64]]:
    a, n, b, m = (np.atleast_1d(np.asarray(count, dtype=np.float64)) for count in counts)
    if any((count < 0).any() for count in (a, n, b, m)):
        raise ValueError("a count of deaths or births is negative")
    if (a > n).any() or (b > m).any():
        raise ValueError("deaths exceed births")
    return [a, n, b, m]


def rate_disparities(
    by_race: pd.DataFrame,
    names: dict[str, str],
    *,
    reference: str = "white",
    fewest: int = FEWEST_SHOWN,
    period: str = PERIOD,
    source: str = OUTCOMES_SOURCE,
) -> pd.DataFrame:
    """Compare each group's infant mortality with the reference group's in the same place.

    Rows stand by nation, state, county, then place and group in alphabetical order: never by rate.

    Parameters
    ----------
    by_race : pandas.DataFrame
        ``place_kind`` (nation, state, county), ``place``, ``group``, ``infant_deaths``, ``live_births``, ``status``
        (published, derived, complementary), one row a place and group.
    names : dict of str
        Name of each place; only these places are taken.
    reference : str, default "white"
        The group compared with (white stands for white, not Hispanic).
    fewest : int, default 10
        A count of deaths or births from 1 to below this is withheld, with all that rests on it. At least 10; 20
        withholds the unreliable rates too.
    period, source : str
        Years of the counts, and whose they are (catalog identifiers, or words for a user's own).

    Returns
    -------
    pandas.DataFrame
        Columns of the contract ``DISPARITIES`` that rates have. Without a usable count of the group the row is empty,
        without one of the reference it has only its own rate; ``status`` says which.

    Raises
    ------
    ValueError
        When `fewest` is below 10, `reference` is not one of the groups, or a place has a group twice.
    """
    if fewest < FEWEST_SHOWN:
        raise ValueError(f"fewest is {fewest}; counts of 1-9 may not be shown, so it should be {FEWEST_SHOWN} or more")
    if reference not in RACE_GROUPS:
        raise ValueError(f"reference {reference!r} is not a group; one of {', '.join(RACE_GROUPS)}")
    rows = by_race[by_race["place"].isin(list(names))].copy()
    twice = rows.duplicated(["place_kind", "place", "group"])
    if twice.any():
        first = rows[twice].iloc[0]
        raise ValueError(f"outcomes by race: {first['place']}, {first['group']} stands twice; one row each is expected")
    rows["order"] = rows["place_kind"].map({"nation": 0, "state": 1, "county": 2})
    rows = rows.sort_values(["order", "place", "group"], ignore_index=True)
    rows["shown"] = _shown(rows, fewest)
    standard = rows[(rows["group"] == reference) & rows["shown"]].set_index(["place_kind", "place"])
    key = pd.MultiIndex.from_frame(rows[["place_kind", "place"]])
    a, n = (rows[name].astype("float64").where(rows["shown"]) for name in ("infant_deaths", "live_births"))
    b, m = (
        pd.Series(standard[name].astype("float64").reindex(key).to_numpy(), index=rows.index)
        for name in ("infant_deaths", "live_births")
    )
    return pd.DataFrame(
        {
            "scope": rows["place_kind"],
            "place": rows["place"],
            "place_name": rows["place"].map(names),
            "dimension": "race",
            "measure": "infant_mortality",
            "period": period,
            "unit": "per 1,000 live births",
            "weighted_by": "live_births",
            "group": rows["group"],
            "reference": reference,
            "infant_deaths": a,
            "live_births": n,
            "counties": np.where(rows["place_kind"] == "county", 1, np.nan),
            **_compared(a, n, b, m, itself=rows["group"] == reference),
            "status": _statuses(rows, a, n, b),
            "weights": "registered counts",
            "note": _notes(rows, a, b),
            "source": source,
        }
    )


def _shown(rows: pd.DataFrame, fewest: int) -> pd.Series:
    shown = rows["status"] != "complementary"
    for name in ("infant_deaths", "live_births"):
        count = rows[name].astype("float64")
        shown &= count.notna() & ~((count > 0) & (count < fewest))
    return shown


def _compared(a: pd.Series, n: pd.Series, b: pd.Series, m: pd.Series, *, itself: pd.Series) -> dict[str, Any]:
    own, standard = infant_mortality(a, n), infant_mortality(b, m)
    ratio, difference, excess = rate_ratio(a, n, b, m), rate_difference(a, n, b, m), excess_deaths(a, n, b, m)
    columns: dict[str, Any] = {
        "value": own["rate"],
        "low": own["low"],
        "high": own["high"],
        "reference_value": standard["rate"],
        "ratio": ratio["ratio"],
        "difference": difference["difference"],
        "excess_deaths": excess["excess_deaths"],
    }
    for name, frame in (("ratio", ratio), ("difference", difference), ("excess_deaths", excess)):
        # The reference differs from itself by nothing, for certain.
        columns |= {f"{name}_{limit}": frame[limit].mask(itself) for limit in ("low", "high")}
    reliable = (a >= RELIABLE_FROM_DEATHS) & (b >= RELIABLE_FROM_DEATHS)
    columns["reliable"] = reliable.astype("boolean").mask((a.isna() | b.isna()).to_numpy())
    return columns


def _statuses(rows: pd.DataFrame, a: pd.Series, n: pd.Series, b: pd.Series) -> pd.Series:
    known = rows["infant_deaths"].notna() & rows["live_births"].notna()
    status = pd.Series("given", index=rows.index, dtype="str")
    status = status.mask(b.isna() | (b == 0), "reference_missing").mask(a == 0, "no_deaths").mask(n == 0, "no_births")
    status = status.mask(~rows["shown"] & known, "suppressed").mask(~known, "not_reported")
    return status.mask(rows["status"] == "complementary", "complementary")


def _notes(rows: pd.DataFrame, a: pd.Series, b: pd.Series) -> list[str | None]:
    unreliable = ((a < RELIABLE_FROM_DEATHS) | (b < RELIABLE_FROM_DEATHS)).tolist()
    return [
        joined(
            _UNRELIABLE if doubtful else None,
            _DERIVED if status == "derived" else None,
            _SELECTED if kind != "nation" else None,
            SOVEREIGNTY if group == "aian" else _NO_RANKING if kind == "county" else None,
        )
        for doubtful, status, group, kind in zip(
            unreliable, rows["status"], rows["group"], rows["place_kind"], strict=True
        )
    ]
