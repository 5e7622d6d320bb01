"""The county table as the small-county estimates need it: checked, with the bounds of every unpublished count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "CONTEXT", "UNPUBLISHED", "checked_counties"]

COLUMNS: Final = (
    "county_fips",
    "state",
    "infant_deaths",
    "live_births",
    "outcome_status",
    "deaths_at_least",
    "deaths_at_most",
    "births_estimate_per_year",
)
"""Columns that every estimate needs."""

CONTEXT: Final = ("rucc_2023", "svi", "share_low_birthweight", "minutes_neonatal_3_plus")
"""Columns that the model needs besides."""

UNPUBLISHED: Final = ("suppressed", "not_identified")
"""Statuses of counties whose deaths are known by their bounds only."""

_STATUSES: Final = ("published", "apportioned", *UNPUBLISHED, "not_reported")
_SMALL: Final = (1, 9)


def checked_counties(counties: pd.DataFrame, *, context: bool = True) -> pd.DataFrame:
    """Check the county table and give each row the bounds of its deaths.

    A published count of 1-9 becomes a suppressed one with the bounds 1-9: any estimate made from it with a known weight
    and mean would give it back. Counties that are not reported, or whose births are not above zero, stay in the table
    and take part in nothing.

    Parameters
    ----------
    counties : pandas.DataFrame
        One row a county: :data:`COLUMNS`, and :data:`CONTEXT` where a model is wanted. ``deaths_at_least`` and
        ``deaths_at_most`` are the bounds of an unpublished count (infinite where there is none).
    context : bool, default True
        Whether the columns of :data:`CONTEXT` must be there.

    Returns
    -------
    pandas.DataFrame
        The same rows with a fresh index and float64 numbers. Bounds of published counties equal their deaths.

    Raises
    ------
    InputError
        When a column is missing, a county stands twice, a status is unknown, a published county lacks its counts or has
        more deaths than births, or an unpublished one lacks its bounds.
    """
    wanted = [*COLUMNS, *(CONTEXT if context else ())]
    missing = [name for name in wanted if name not in counties.columns]
    if missing:
        raise InputError(f"counties: column {missing[0]!r} is missing; needed are {', '.join(wanted)}")
    table = counties[wanted].reset_index(drop=True)
    texts = {"county_fips", "state", "outcome_status"}
    numbers = [name for name in wanted if name not in texts]
    table[numbers] = table[numbers].astype("float64")
    twice = table["county_fips"].duplicated()
    if twice.any():
        raise InputError(f"counties: {table.loc[twice, 'county_fips'].iloc[0]} stands twice; one row a county is right")
    strange = ~table["outcome_status"].isin(_STATUSES)
    if strange.any():
        row = table[strange].iloc[0]
        raise InputError(
            f"counties: outcome_status of {row['county_fips']} is {row['outcome_status']!r}; "
            f"right would be one of {', '.join(_STATUSES)}"
        )
    return _bounded(table)


def _bounded(table: pd.DataFrame) -> pd.DataFrame:
    known = table["outcome_status"].isin(["published", "apportioned"])
    deaths, births = table["infant_deaths"], table["live_births"]
    whole = table["outcome_status"] == "published"  # apportioned counts are moved by weights
    wrong = known & ~((deaths >= 0) & (births > 0) & (deaths <= births) & (~whole | (deaths % 1 == 0)))
    if wrong.any():
        code = table.loc[wrong, "county_fips"].iloc[0]
        raise InputError(
            f"counties: {code} is published, so infant_deaths must be a whole number of 0 or more, "
            "and live_births above 0 and not below them"
        )
    small = (table["outcome_status"] == "published") & deaths.between(*_SMALL)
    table["deaths_at_least"] = np.where(small, _SMALL[0], np.where(known, deaths, table["deaths_at_least"]))
    table["deaths_at_most"] = np.where(small, _SMALL[1], np.where(known, deaths, table["deaths_at_most"]))
    table["outcome_status"] = table["outcome_status"].mask(small, "suppressed")
    unpublished = table["outcome_status"].isin(UNPUBLISHED)
    table.loc[~known | small, ["infant_deaths", "live_births"]] = np.nan
    low, high = table["deaths_at_least"], table["deaths_at_most"]
    wrong = unpublished & ~((low >= 0) & (low <= high))
    if wrong.any():
        code = table.loc[wrong, "county_fips"].iloc[0]
        raise InputError(
            f"counties: {code} is not published, so deaths_at_least and deaths_at_most must bound its deaths "
            "(0 and 19 where fewer than 20 are suppressed, 0 and infinity where nothing is known)"
        )
    wrong = unpublished & ~(table["births_estimate_per_year"] >= 0)
    if wrong.any():
        code = table.loc[wrong, "county_fips"].iloc[0]
        raise InputError(f"counties: births_estimate_per_year of {code} must be a number of 0 or more")
    return table
