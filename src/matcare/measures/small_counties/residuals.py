"""What a state's unpublished counties have together: its total less its published counties."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.measures.small_counties.counties import UNPUBLISHED

__all__ = [
    "DIVISIONS",
    "FEWEST_RESIDUAL_COUNTIES",
    "FEWEST_RESIDUAL_DEATHS",
    "national_rate",
    "period_births",
    "state_residuals",
]

_DIVISION_TABLE: Final = {
    "New England": "CT ME MA NH RI VT",
    "Middle Atlantic": "NJ NY PA",
    "East North Central": "IL IN MI OH WI",
    "West North Central": "IA KS MN MO NE ND SD",
    "South Atlantic": "DE DC FL GA MD NC SC VA WV",
    "East South Central": "AL KY MS TN",
    "West South Central": "AR LA OK TX",
    "Mountain": "AZ CO ID MT NV NM UT WY",
    "Pacific": "AK CA HI OR WA",
}

DIVISIONS: Final[dict[str, str]] = {
    state: division for division, states in _DIVISION_TABLE.items() for state in states.split()
}
"""Postal code → census division (US Census Bureau); Puerto Rico is in none."""

FEWEST_RESIDUAL_COUNTIES: Final = 3
"""A residual of fewer unpublished counties than this is used for nothing."""

FEWEST_RESIDUAL_DEATHS: Final = 20
"""A residual of fewer deaths than this is used for nothing."""


def national_rate(states: pd.DataFrame) -> float:
    """Return the nation's deaths per birth, from its total and never from published counties.

    Parameters
    ----------
    states : pandas.DataFrame
        ``state, infant_deaths, live_births``; the row ``US``, or where it has no total the sum of the states that have.

    Returns
    -------
    float
        Deaths per live birth.

    Raises
    ------
    InputError
        When no total is there.
    """
    totals = states.set_index("state")[["infant_deaths", "live_births"]].astype("float64").dropna()
    nation = totals[totals.index == "US"] if "US" in totals.index else totals
    deaths, births = float(nation["infant_deaths"].sum()), float(nation["live_births"].sum())
    if not (births > 0 and deaths > 0):
        raise InputError("states: no total of infant_deaths and live_births, neither of US nor of any state")
    return deaths / births


def state_residuals(counties: pd.DataFrame, states: pd.DataFrame, *, years: float) -> pd.DataFrame:
    """Work out each state's residual, and whether it may stand on its own.

    A residual stands when the state's total is given and at least three unpublished counties and 20 deaths form it.
    Nothing is computed from the deaths of one that does not stand, so no output can give it back.

    Parameters
    ----------
    counties : pandas.DataFrame
        From :func:`matcare.measures.small_counties.counties.checked_counties`.
    states : pandas.DataFrame
        ``state, infant_deaths, live_births`` of the same period.
    years : float
        Years that the counts cover.

    Returns
    -------
    pandas.DataFrame
        Indexed by state: ``division``, ``counties`` (unpublished), ``estimated_births`` (theirs, Census estimate times
        years), ``births``, ``deaths`` (residual; missing where the total is), ``stands``, and ``births_factor``:
        residual births over estimated births, of the division where the total is withheld, of the nation where that
        is too. For computing only: not an output.

    Raises
    ------
    InputError
        When published counties add up to more than their state, or to so little that the others' bounds are broken.
    """
    unpublished = counties["outcome_status"].isin(UNPUBLISHED)
    state = counties["state"]
    names = pd.Index(sorted(state.unique()), name="state")
    totals = states.set_index("state")[["infant_deaths", "live_births"]].astype("float64").reindex(names)
    parts = counties[["infant_deaths", "live_births"]].groupby(state).sum().reindex(names)
    table = pd.DataFrame(
        {
            "division": [DIVISIONS.get(name, "none") for name in names],
            "counties": unpublished.groupby(state).sum().reindex(names).astype("int64"),
            "estimated_births": (counties["births_estimate_per_year"] * years)
            .where(unpublished)
            .groupby(state)
            .sum()
            .reindex(names),
            "births": totals["live_births"] - parts["live_births"],
            "deaths": totals["infant_deaths"] - parts["infant_deaths"],
        },
        index=names,
    )
    concerned = table["counties"] > 0
    for column, what in (("births", "live births"), ("deaths", "infant deaths")):
        wrong = concerned & (table[column] < (1 if column == "births" else 0))
        if wrong.any():
            raise InputError(
                f"states: the {what} of {wrong[wrong].index[0]} are not more than those of its published counties; "
                "right would be totals of the same source and years"
            )
    low = counties["deaths_at_least"].where(unpublished).groupby(state).sum().reindex(names)
    high = counties["deaths_at_most"].where(unpublished).groupby(state).sum().reindex(names)
    wrong = concerned & ((table["deaths"] < low) | (table["deaths"] > high))
    if wrong.any():
        raise InputError(
            f"states: the infant deaths of {wrong[wrong].index[0]} less its published counties' are outside the bounds "
            "of the others; right would be counts and totals of the same source and years"
        )
    table["stands"] = (
        (table["counties"] >= FEWEST_RESIDUAL_COUNTIES) & (table["deaths"] >= FEWEST_RESIDUAL_DEATHS)
    ).to_numpy()
    table["births_factor"] = _births_factor(table)
    return table


def _births_factor(table: pd.DataFrame) -> pd.Series:
    usable = (table["counties"] > 0) & table["births"].notna() & (table["estimated_births"] > 0)
    given = table[usable]
    own = given["births"] / given["estimated_births"]
    sums = given.groupby("division")[["births", "estimated_births"]].sum()
    nation = given["births"].sum() / given["estimated_births"].sum() if len(given) else 1.0
    division = table["division"].map(sums["births"] / sums["estimated_births"])
    return own.reindex(table.index).fillna(division).fillna(nation)


def period_births(counties: pd.DataFrame, residuals: pd.DataFrame, *, years: float) -> pd.Series:
    """Return the live births of every county in the period.

    Parameters
    ----------
    counties : pandas.DataFrame
        From :func:`matcare.measures.small_counties.counties.checked_counties`.
    residuals : pandas.DataFrame
        From :func:`state_residuals`.
    years : float
        Years that the counts cover.

    Returns
    -------
    pandas.Series of float64
        Published births where there are; otherwise the Census estimate times years, scaled so that a state's published
        and unpublished counties add up to it. Missing where no birth is estimated or nothing is reported.
    """
    scaled = counties["births_estimate_per_year"] * years * counties["state"].map(residuals["births_factor"])
    births = counties["live_births"].where(counties["live_births"].notna(), scaled)
    taking_part = (counties["outcome_status"] != "not_reported") & (births > 0)
    return births.where(taking_part, np.nan).astype("float64")
