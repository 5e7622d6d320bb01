"""All disparities of a run in one table, and the concentration curves beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from matcare.contracts.disparities import DISPARITIES
from matcare.geo import STATES
from matcare.measures.disparity.access import access_disparities
from matcare.measures.disparity.bootstrap import REPLICATIONS, resample_counties
from matcare.measures.disparity.groups import groups_of
from matcare.measures.disparity.indices import concentration_curves, indices
from matcare.measures.disparity.notes import OUTCOMES_SOURCE, PERIOD
from matcare.measures.disparity.rates import FEWEST_SHOWN, rate_disparities

__all__ = ["disparities"]


def disparities(
    by_race: pd.DataFrame,
    counties: pd.DataFrame,
    block_groups: pd.DataFrame,
    *,
    women_by_race: pd.DataFrame | None = None,
    reference: str = "white",
    fewest: int = FEWEST_SHOWN,
    seed: int = 0,
    replications: int = REPLICATIONS,
    nation: bool | None = None,
    period: str = PERIOD,
    outcomes_source: str = OUTCOMES_SOURCE,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare infant mortality by race, access by race, insurance and rurality, and counties with each other.

    Parameters
    ----------
    by_race : pandas.DataFrame
        Contract `OUTCOMES_BY_RACE`: ``place_kind, place, group, infant_deaths, live_births, status``. Only places of
        the run are taken.
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`, with shares by race of all ages (``share_black``, …) unless `women_by_race` is given;
        without them access by race is `not_reported`.
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`.
    women_by_race : pandas.DataFrame, optional
        Contract `WOMEN_BY_RACE`: used instead of the shares by race.
    reference : str, default "white"
        Group of race that the others are compared with.
    fewest : int, default 10
        Counts below it are withheld with all that rests on them; at least 10.
    seed : int, default 0
        Of the bootstrap; the same seed gives the same limits, and a state the same ones in every run.
    replications : int, default 1000
        Of the bootstrap.
    nation : bool, optional
        Whether the counties are the whole nation's; by default when every state, the District of Columbia and Puerto
        Rico is among them.
    period, outcomes_source : str
        Years of the infant deaths and live births, and whose they are; to be given with a user's own outcomes.

    Returns
    -------
    table : pandas.DataFrame
        Contract `DISPARITIES`; nation first, then states and counties, each by place, dimension, measure, weighting
        and group in alphabetical order, never by value.
    curves : pandas.DataFrame
        Contract `CONCENTRATION_CURVE`.

    Raises
    ------
    ValueError
        As the parts do.
    KeyError
        When a column is missing.
    """
    counties = counties.sort_values("county_fips", ignore_index=True)
    names = _names(counties, nation=nation)
    drawn = resample_counties(counties["state"].to_numpy(dtype=str), seed=seed, replications=replications)
    groups = groups_of(counties, block_groups, women_by_race=women_by_race, reference=reference)
    parts = [
        rate_disparities(by_race, names, reference=reference, fewest=fewest, period=period, source=outcomes_source),
        access_disparities(groups, counties["state"].to_numpy(dtype=str), names, drawn),
        indices(counties, names, drawn, period=period, source=outcomes_source),
    ]
    return _table(parts), concentration_curves(counties, names)


def _names(counties: pd.DataFrame, *, nation: bool | None) -> dict[str, str]:
    states = sorted(set(counties["state"]))
    whole = set(STATES) <= set(states) if nation is None else nation
    named = counties["county_name"] + ", " + counties["state"]
    return (
        ({"US": "United States"} if whole else {})
        | {state: STATES[state] for state in states}
        | dict(zip(counties["county_fips"], named, strict=True))
    )


def _table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([part for part in parts if len(part)], ignore_index=True).reindex(columns=DISPARITIES.names)
    for column in DISPARITIES.columns:
        if column.kind == "number":
            table[column.name] = table[column.name].astype("float64")
        elif column.kind == "integer":
            table[column.name] = table[column.name].astype("Int64")
        elif column.kind == "boolean":
            table[column.name] = table[column.name].astype("boolean")
        else:
            table[column.name] = table[column.name].astype("str").where(table[column.name].notna())
    table["order"] = np.select([table["scope"] == "nation", table["scope"] == "state"], [0, 1], 2)
    keys = ["order", "place", "dimension", "measure", "weighted_by", "group", "reference"]
    return table.sort_values(keys, ignore_index=True, kind="stable")[DISPARITIES.names]
