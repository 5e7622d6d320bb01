"""Which infant deaths and births a run stands on: the embedded ones, or a user's exports of CDC WONDER."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts import OUTCOMES_BY_RACE
from matcare.errors import InputError
from matcare.tables.demand import allocate
from matcare.tables.user_outcomes import outcomes_from_exports

if TYPE_CHECKING:
    import geopandas as gpd

    from matcare.scenario import Scenario
    from matcare.tables.snapshot import Snapshot

__all__ = ["EMBEDDED_PERIOD", "ChosenOutcomes", "choose_outcomes"]

EMBEDDED_PERIOD: Final = "2017-2023"
_YEARS: Final = 7
_SOURCE: Final = (
    "National Center for Health Statistics, infant deaths and live births 2017-2023, by way of County Health Rankings "
    "& Roadmaps (release 2026); a county is published from 20 deaths"
)
_MOST_SUPPRESSED: Final = 19
"""The embedded source leaves a county out below 20 deaths."""
_MOST_SUPPRESSED_BY_WONDER: Final = 9
_MOST_APART: Final = 2.0
"""Registered births a year may be this many times the Census estimate, or a half of it."""

_COUNTS: Final = ["infant_deaths", "live_births", "outcome_status"]


@dataclass(frozen=True, kw_only=True)
class ChosenOutcomes:
    """The outcomes of a run.

    Attributes
    ----------
    counties : geopandas.GeoDataFrame
        Contract `COUNTIES`, every county of the nation; births of a natality export in place of the estimates.
    demand : pandas.DataFrame
        Contract `DEMAND`, with those births allocated.
    outcomes : pandas.DataFrame
        Contract `OUTCOMES`, and ``deaths_at_least, deaths_at_most`` of each unpublished county (infinite without a
        bound): for a likelihood, not for showing.
    states : pandas.DataFrame
        Contract `STATES_TABLE`.
    by_race : pandas.DataFrame
        Contract `OUTCOMES_BY_RACE`; no row where the export has none: counts of other years must not stand beside it.
    period, source, suppressed : str
        Years; where the counts come from; what is not published, in words.
    source_ids : str
        The same by identifiers of the catalog, or in a word.
    own : bool
        Deaths and births are the user's.
    years : int
        How many years the counts cover.
    most_suppressed_deaths : int
        The most deaths of a suppressed county.
    notes : tuple of str
        What was repaired, left out or withheld.
    """

    counties: gpd.GeoDataFrame
    demand: pd.DataFrame
    outcomes: pd.DataFrame
    states: pd.DataFrame
    by_race: pd.DataFrame
    period: str = EMBEDDED_PERIOD
    source: str = _SOURCE
    suppressed: str = "fewer than 20 infant deaths"
    source_ids: str = "chr_v129_2026, chr_v129_race_2026"
    own: bool = False
    years: int = _YEARS
    most_suppressed_deaths: int = _MOST_SUPPRESSED
    notes: tuple[str, ...] = ()


def choose_outcomes(scenario: Scenario, snapshot: Snapshot) -> ChosenOutcomes:
    """Take the embedded outcomes, or read the user's exports in their place.

    Parameters
    ----------
    scenario : Scenario
        Its ``outcomes`` are the exports.
    snapshot : Snapshot
        The embedded data.

    Returns
    -------
    ChosenOutcomes

    Raises
    ------
    InputError
        When an export is not usable.
    """
    embedded = ChosenOutcomes(
        counties=snapshot.counties,
        demand=snapshot.demand,
        outcomes=_bounded(snapshot.outcomes),
        states=snapshot.states,
        by_race=snapshot.outcomes_by_race,
    )
    if not scenario.outcomes:
        return embedded
    user = outcomes_from_exports(scenario.outcomes, snapshot.counties, snapshot.states, snapshot.connecticut_weights)
    counties, demand, notes = snapshot.counties, snapshot.demand, user.notes
    if user.births is not None:
        counties = _with_births(counties, user.births)
        demand = allocate(demand, counties)
    if user.outcomes is None or user.states is None:
        return ChosenOutcomes(
            counties=counties,
            demand=demand,
            outcomes=embedded.outcomes,
            states=embedded.states,
            by_race=embedded.by_race,
            source=f"{_SOURCE}; births a year: {user.source}",
            notes=(*notes, f"the exports hold births alone: infant deaths are the embedded ones of {EMBEDDED_PERIOD}"),
        )
    if user.by_race is None:
        notes = (
            *notes,
            "the export has no race: infant mortality by race is left out (the embedded is of other years)",
        )
    notes = (*notes, *_of_the_region(scenario, snapshot, user.outcomes))
    states = snapshot.states.drop(columns=_COUNTS).merge(user.states, on="state", how="left", validate="one_to_one")
    states["outcome_status"] = states["outcome_status"].fillna("not_reported")
    return ChosenOutcomes(
        counties=counties,
        demand=demand,
        outcomes=user.outcomes.assign(deaths_at_most=_open_ended(user.outcomes)),
        states=states[snapshot.states.columns],
        by_race=pd.DataFrame(columns=OUTCOMES_BY_RACE.names) if user.by_race is None else user.by_race,
        period=user.period,
        source=user.source,
        suppressed="1 to 9 infant deaths (in all the years of the export, or in one of them)",
        source_ids="the user's export",
        own=True,
        years=len(user.years),
        most_suppressed_deaths=_MOST_SUPPRESSED_BY_WONDER * max(len(user.years), 1),
        notes=notes,
    )


def _of_the_region(scenario: Scenario, snapshot: Snapshot, outcomes: pd.DataFrame) -> tuple[str, ...]:
    """Say what the exports hold of the run's own states."""
    if not scenario.states:
        return ()
    counties = snapshot.counties
    own = outcomes["county_fips"].isin(counties.loc[counties["state"].isin(scenario.states), "county_fips"])
    counted = outcomes.loc[own, "outcome_status"].value_counts()
    words = ", ".join(f"{n:,} {status}" for status, n in counted.items())
    if set(counted.index) == {"not_reported"}:
        words += ": the exports hold no county of it"
    return (f"counties of {', '.join(scenario.states)} in the exports: {words}",)


def _bounded(outcomes: pd.DataFrame) -> pd.DataFrame:
    suppressed = outcomes["outcome_status"] == "suppressed"
    bounds = {"deaths_at_least": 0.0, "deaths_at_most": float(_MOST_SUPPRESSED)}
    return outcomes.assign(**{name: np.where(suppressed, value, np.nan) for name, value in bounds.items()})


def _open_ended(outcomes: pd.DataFrame) -> pd.Series:
    """Upper bounds, infinite where an unpublished county has none."""
    without = outcomes["outcome_status"].isin(["suppressed", "not_identified"]) & outcomes["deaths_at_most"].isna()
    return outcomes["deaths_at_most"].mask(without, np.inf)


def _with_births(counties: gpd.GeoDataFrame, births: pd.DataFrame) -> gpd.GeoDataFrame:
    """Put registered births a year in place of the estimates, in the counties that the export names."""
    registered = counties["county_fips"].map(births.set_index("county_fips")["births_per_year"])
    named = registered.notna()
    wrong = named & ~(registered / counties["births_per_year"]).between(1 / _MOST_APART, _MOST_APART)
    if wrong.any():
        row = counties[wrong].iloc[0]
        raise InputError(
            f"natality: {registered[wrong].iloc[0]:,.0f} births a year in {row['county_name']}, {row['state']}, where "
            f"the Census estimates {row['births_per_year']:,.0f}; check the county and the years of the export"
        )
    return counties.assign(
        births_per_year=registered.where(named, counties["births_per_year"]),
        births_per_year_status=counties["births_per_year_status"].mask(named, "registered"),
    )
