"""Pooled infant mortality by desert class and state, with how many counties each rate stands on."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from matcare.contracts import DESERT_CLASSES, POOLED_RATES
from matcare.measures.rates import infant_mortality

__all__ = ["FEWEST_COUNTIES", "WHOLE_ENOUGH", "pooled_published", "pooled_rates"]

_FLAGS: Final = {True: "desert", False: "not a desert"}
_PUBLISHED: Final = ("published", "published_unreliable")
_UNPUBLISHED: Final = ("suppressed", "modelled", "not_identified")

WHOLE_ENOUGH: Final = 0.8
"""From this share of births in published counties, a pooled rate speaks for the group."""

FEWEST_COUNTIES: Final = 10
"""Below :data:`WHOLE_ENOUGH`, a rate on fewer published counties than this is not given at all."""


def pooled_rates(counties: pd.DataFrame, states: pd.DataFrame, *, corrections: str = "none") -> pd.DataFrame:
    """Pool published counts by class, and put the states' and the nation's published totals beside them.

    Counties without a published count are not zero: they are left out, and counted. Because a small county is published
    only when it has 20 deaths, a class with few published counties is a selection of its worst ones: where less than
    80 % of the births are in published counties the rate stands without an interval, and on fewer than ten counties it
    is not given. An association between places, not a cause.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`.
    states : pandas.DataFrame
        Contract `STATES_TABLE`; only the states of `counties` are taken, and the nation when all of them are there.

    corrections : str
        Corrections of facilities in force, in words.

    Returns
    -------
    pandas.DataFrame
        Contract `POOLED_RATES`.
    """
    rows: list[dict[str, Any]] = []
    labelled = counties.assign(
        drive_time_desert_30=counties["drive_time_desert_30"].map(_FLAGS),
        drive_time_desert_60=counties["drive_time_desert_60"].map(_FLAGS),
    )
    groups = {
        "march_of_dimes_class": [name for name in DESERT_CLASSES if (counties["march_of_dimes_class"] == name).any()],
        "drive_time_desert_30": list(_FLAGS.values()),
        "drive_time_desert_60": list(_FLAGS.values()),
    }
    for grouping, names in groups.items():
        for name in names:
            part = labelled[labelled[grouping] == name]
            rows.append({"grouping": grouping, "group": name} | pooled_published(part))
    totals = states.set_index("state")
    rows.extend(
        _row("state", state, counties[counties["state"] == state]) | _total(totals, state)
        for state in sorted(counties["state"].unique())
    )
    if set(totals.index) - {"US"} <= set(counties["state"]):
        rows.insert(0, _row("nation", "US", counties) | _total(totals, "US"))
    frame = pd.DataFrame(rows)
    rates = infant_mortality(frame["infant_deaths"].astype("float64"), frame["live_births"].astype("float64"))
    given = frame["status"] != "too_few_published"
    certain = given & (frame["status"] != "selected_published_counties")
    frame = frame.assign(
        outcome_period=counties["outcome_period"].iloc[0],
        imr=rates["rate"].where(given),
        imr_low=rates["low"].where(certain),
        imr_high=rates["high"].where(certain),
        corrections=corrections,
    )
    return frame[POOLED_RATES.names]


def pooled_published(part: pd.DataFrame) -> dict[str, Any]:
    """Pool the published counts of one group of counties, with what they stand on.

    Parameters
    ----------
    part : pandas.DataFrame
        The group's rows of contract `COUNTY_RESULTS`.

    Returns
    -------
    dict
        ``counties, counties_published, counties_apportioned, share_births_published``; ``infant_deaths`` and
        ``live_births`` of the published counties, NaN without any; ``status`` by the rule of :func:`pooled_rates`.
    """
    row = _standing(part)
    pooled = _pooled(part[part["imr_status"].isin(_PUBLISHED)], row)
    if pooled["status"] == "not_reported" and part["imr_status"].isin(_UNPUBLISHED).any():
        pooled["status"] = "none_published"
    return row | pooled


def _row(grouping: str, group: str, part: pd.DataFrame) -> dict[str, Any]:
    return {"grouping": grouping, "group": group} | _standing(part)


def _standing(part: pd.DataFrame) -> dict[str, Any]:
    births = part["births_per_year"]
    published = part["imr_status"].isin(_PUBLISHED)
    return {
        "counties": len(part),
        "counties_published": int(published.sum()),
        "counties_apportioned": int((part["imr_status"] == "apportioned").sum()),
        "share_births_published": float(births[published].sum() / births.sum()) if births.sum() > 0 else float("nan"),
    }


def _pooled(published: pd.DataFrame, row: dict[str, Any]) -> dict[str, Any]:
    if row["counties_published"] == 0:
        status = "not_reported"
    elif row["share_births_published"] >= WHOLE_ENOUGH:
        status = "pooled_published_counties"
    elif row["counties_published"] >= FEWEST_COUNTIES:
        status = "selected_published_counties"
    else:
        status = "too_few_published"
    return {
        "infant_deaths": published["infant_deaths"].sum(min_count=1),
        "live_births": published["live_births"].sum(min_count=1),
        "status": status,
    }


def _total(totals: pd.DataFrame, state: str) -> dict[str, Any]:
    if state not in totals.index:
        return {"infant_deaths": float("nan"), "live_births": float("nan"), "status": "not_reported"}
    row = totals.loc[state]
    return {
        "infant_deaths": row["infant_deaths"],
        "live_births": row["live_births"],
        "status": row["outcome_status"],
    }
