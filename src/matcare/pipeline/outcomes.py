"""Outcomes of a run: rates, shrunk and modelled rates, clusters, disparities, profile. National, then the region's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts import BASELINE_MINUTES, CLUSTERS, COUNTY_RESULTS, OUTCOME_COLUMNS, PROFILE_COLUMNS
from matcare.errors import InputError, SnapshotError
from matcare.measures.association import association
from matcare.measures.change import national_changes
from matcare.measures.clusters.counties import county_clusters, national_rate
from matcare.measures.counties import county_outcomes, county_units
from matcare.measures.desert_outcomes import desert_outcomes
from matcare.measures.deserts import march_of_dimes
from matcare.measures.disparity.together import disparities
from matcare.measures.indicator_values import indicator_values
from matcare.measures.nicu_support import nicu_support_values
from matcare.measures.pooled import pooled_rates
from matcare.measures.profile import indicator_catalog, indicator_table, level_indices, profile
from matcare.measures.small_counties import SmallCounties, small_county_rates
from matcare.measures.state_policies import state_policies
from matcare.publish.results import OutcomeTables, last_day
from matcare.tables.user_indicators import read_user_indicators
from matcare.tables.women_by_race import read_women_by_race

if TYPE_CHECKING:
    import geopandas as gpd

    from matcare.pipeline.chosen_outcomes import ChosenOutcomes
    from matcare.pipeline.report import Report
    from matcare.pipeline.study_area import OpenedArea
    from matcare.scenario import Scenario
    from matcare.tables.snapshot import Snapshot

__all__ = ["Access", "outcome_results"]

FEWEST_FOR_MODEL: Final = 100
"""Published counties below which no rate is shrunk or modelled."""

LEAST_BIRTHS: Final = 10.0
"""Annual births below which no rate is modelled: of so few, a rate per 1,000 says nothing."""

_MINUTES: Final = [name for name in BASELINE_MINUTES.names if name.startswith(("minutes_", "share_women_within_"))]
"""What of the default run's access the models of outcomes look at."""

_UNPUBLISHED: Final = ("suppressed", "not_identified")


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a run knows before outcomes: the region's access, and the nation's facilities.

    Attributes
    ----------
    counties : geopandas.GeoDataFrame
        From :func:`matcare.measures.counties.county_results`.
    facilities, block_groups : pandas.DataFrame
        Contracts `FACILITIES_OUT` (with the columns of NICU support) and `BLOCK_GROUPS`.
    data_date : str
        Date of the youngest facility source.
    corrections, notes : tuple of str
        Corrections in force; what was repaired or replaced on the way.
    profile, roads : dict
        Speed profile and roads, for ``run.json``.
    opened : OpenedArea
        The study area that all of it stands on.
    """

    counties: gpd.GeoDataFrame
    facilities: pd.DataFrame
    block_groups: pd.DataFrame
    data_date: str
    corrections: tuple[str, ...]
    notes: tuple[str, ...]
    profile: dict[str, Any]
    roads: dict[str, Any]
    opened: OpenedArea


def outcome_results(
    scenario: Scenario, snapshot: Snapshot, chosen: ChosenOutcomes, access: Access, *, report: Report
) -> tuple[gpd.GeoDataFrame, OutcomeTables, tuple[str, ...]]:
    """Compute everything about outcomes.

    Rates are shrunk and modelled, clusters found and indicators ranked in the whole nation, also for a run of one
    state: its counties get the same numbers. The nation's minutes are then the default run's, and the region's own in
    their place, but for the modelled rates: those never move with a scenario.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    snapshot : Snapshot
        The embedded data.
    chosen : ChosenOutcomes
        The outcomes that the run stands on.
    access : Access
        The region's access.
    report : Report
        Told of each step.

    Returns
    -------
    counties : geopandas.GeoDataFrame
        The columns of the contract `COUNTY_RESULTS` but for those of planning, with the geometry.
    tables : OutcomeTables
        Every other table.
    notes : tuple of str
        What a reader should not miss.
    """
    notes = list(chosen.notes)
    nation = _nation(snapshot, chosen, access)
    with report.step("rates of small counties"):
        small = _small_counties(nation, snapshot, chosen, scenario.seed, notes)
    with report.step("clusters"):
        here = _with_own_minutes(nation, access.counties)
        clusters, moran = county_clusters(
            here, snapshot.adjacency, reference_rate=national_rate(chosen.states), seed=scenario.seed
        )
    with report.step("indicators and profile"):
        profiled, more = _profile(scenario, snapshot, chosen, access, here)
        notes += more
        indices = level_indices(profiled, access.counties)
    counties = _joined(access.counties, small, clusters, indices)
    in_region = clusters["county_fips"].isin(counties["county_fips"])
    # What follows stands on published counts and bounds: a modelled county counts as what it is.
    standing = counties.assign(imr_status=access.counties["imr_status"].to_numpy())
    with report.step("deserts and outcomes"):
        by_class = desert_outcomes(standing, chosen.states, most_suppressed_deaths=chosen.most_suppressed_deaths)
        in_force = "; ".join(access.corrections) or "none"
        pooled = pooled_rates(standing, chosen.states, corrections=in_force)
        models = association(
            standing,
            chosen.states,
            snapshot.adjacency,
            most_suppressed_deaths=chosen.most_suppressed_deaths,
            seed=scenario.seed,
        )
    with report.step("disparities"):
        women = None
        if scenario.women_by_race is not None:
            read = read_women_by_race(scenario.women_by_race, access.block_groups)
            women, notes = read.women, [*notes, *read.notes]
        table, curves = disparities(
            chosen.by_race,
            counties.drop(columns="geometry").merge(
                snapshot.county_indicators, on="county_fips", how="left", validate="one_to_one"
            ),
            access.block_groups,
            women_by_race=women,
            seed=scenario.seed,
            period=chosen.period,
            outcomes_source=chosen.source_ids,
        )
    tables = {
        "pooled_rates.csv": pooled,
        "desert_outcomes.csv": by_class,
        "association.csv": models,
        "clusters.csv": clusters.loc[in_region, CLUSTERS.names].reset_index(drop=True),
        "disparities.csv": table,
        "concentration_curve.csv": curves,
        "indicators.csv": indicator_table(profiled),
        "indicator_catalog.csv": indicator_catalog(profiled),
        "state_policies.csv": state_policies(
            chosen.states[chosen.states["state"].isin(set(counties["state"]))], as_of=last_day(access.data_date)
        ),
        "national_changes.csv": national_changes(snapshot.national_rates),
    }
    outcomes = OutcomeTables(
        period=chosen.period,
        source=chosen.source,
        suppressed=chosen.suppressed,
        own=chosen.own,
        tables=tables,
        fit=_fit(small, moran),
        lines=_lines(tables["national_changes.csv"], counties),
    )
    return counties, outcomes, tuple(notes)


def _nation(snapshot: Snapshot, chosen: ChosenOutcomes, access: Access) -> pd.DataFrame:
    """Every county of the nation with its outcome, units and the default run's minutes."""
    if snapshot.baseline_minutes is None:
        raise SnapshotError(
            "baseline_minutes.csv is missing from the data; make it with `matcare data baseline --data DIR`, with the "
            "folder of the data for DIR"
        )
    nation = pd.DataFrame(chosen.counties.drop(columns="geometry"))
    nation = nation.merge(
        county_units(access.facilities, nation["county_fips"]).reset_index(), on="county_fips", validate="one_to_one"
    )
    nation["clinicians_per_10000_births"] = march_of_dimes(nation)["clinicians_per_10000_births"]
    rates = county_outcomes(chosen.outcomes)
    bounds = chosen.outcomes[["county_fips", "outcome_status", "deaths_at_least", "deaths_at_most"]]
    for frame in (rates, bounds, snapshot.baseline_minutes[["county_fips", *_MINUTES]]):
        nation = nation.merge(frame, on="county_fips", how="left", validate="one_to_one")
    return nation.assign(
        imr_status=nation["imr_status"].fillna("not_reported"),
        outcome_status=nation["outcome_status"].fillna("not_reported"),
    )


def _with_own_minutes(nation: pd.DataFrame, region: pd.DataFrame) -> pd.DataFrame:
    """Put the run's own access in the place of the default run's, in the counties of the region."""
    own = region.set_index("county_fips")
    inside = nation["county_fips"].isin(own.index)
    return nation.assign(**{name: nation[name].mask(inside, nation["county_fips"].map(own[name])) for name in _MINUTES})


def _small_counties(
    nation: pd.DataFrame, snapshot: Snapshot, chosen: ChosenOutcomes, seed: int, notes: list[str]
) -> SmallCounties | None:
    published = int((nation["outcome_status"] == "published").sum())
    why = ""
    if published < FEWEST_FOR_MODEL:
        why = f"only {published} counties have a published rate, and {FEWEST_FOR_MODEL} are needed"
    elif national_rate(chosen.states) is None:
        why = "the outcomes have no total of the nation"
    if why:
        notes.append(f"no rate is shrunk or modelled: {why}")
        return None
    try:
        return small_county_rates(
            nation.assign(births_estimate_per_year=nation["births_per_year"].fillna(0.0)),
            chosen.states,
            snapshot.adjacency,
            years=float(chosen.years),
            seed=seed,
        )
    except InputError as error:
        if not chosen.own:
            raise
        # A user's counts may not determine the model; access, classes and published rates stand all the same.
        notes.append(f"no rate is shrunk or modelled: {error}")
        return None


def _profile(
    scenario: Scenario, snapshot: Snapshot, chosen: ChosenOutcomes, access: Access, nation: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Every indicator of the region's counties with its percentiles in the nation and the state."""
    supplied = [nicu_support_values(access.block_groups, access.facilities)]
    notes: tuple[str, ...] = ()
    if scenario.indicators is not None:
        read = read_user_indicators(scenario.indicators, chosen.counties)
        supplied.append(read.values)
        notes = tuple(read.notes)
    day = last_day(access.data_date)
    tables = (snapshot.county_indicators, chosen.states, snapshot.state_indicators)
    values = indicator_values(access.counties, *tables, as_of=day, supplied=supplied)
    values = values[values["state"].isin(set(access.counties["state"]))].reset_index(drop=True)
    reference = indicator_values(nation, *tables, as_of=day, supplied=supplied[1:], leave_out_absent=True)
    return profile(values, reference=reference), notes


def _joined(
    counties: gpd.GeoDataFrame, small: SmallCounties | None, clusters: pd.DataFrame, indices: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Give the counties the columns that need the whole nation, and those without a count their modelled standing."""
    frames = [clusters, indices]
    if small is not None:
        tiny = counties.loc[counties["births_per_year"] < LEAST_BIRTHS, "county_fips"]
        frames += [small.empirical_bayes, small.modelled[~small.modelled["county_fips"].isin(tiny)]]
    result = counties
    for frame in frames:
        wanted = ["county_fips", *(name for name in frame.columns if name in COUNTY_RESULTS.names[1:])]
        result = result.merge(frame[wanted], on="county_fips", how="left", validate="one_to_one")
    for column in (*OUTCOME_COLUMNS, *PROFILE_COLUMNS):
        if column.name not in result.columns:
            result[column.name] = np.nan if column.kind == "number" else None
    modelled = result["imr_modelled"].notna() & result["imr_status"].isin(_UNPUBLISHED)
    result["imr_status"] = result["imr_status"].mask(modelled, "modelled")
    return result[[*(name for name in COUNTY_RESULTS.names if name in result.columns), "geometry"]]


def _fit(small: SmallCounties | None, moran: pd.DataFrame) -> dict[str, Any]:
    """Return what the models found, in the large: no number of a county or of a state's remainder."""
    fit: dict[str, Any] = {"reading": "association, not cause", "moran": _plain(moran)}
    if small is not None:
        fit["modelled"] = {
            "coefficients": _plain(small.model.table()),
            "counties_published": small.model.published,
            "counties_censored": small.model.censored,
            "dispersion": round(small.model.dispersion, 6),
            "benchmark_factors": [round(small.lowest_factor, 4), round(small.highest_factor, 4)],
            "counties_by_benchmark": small.counties_by_benchmark,
        }
    return fit


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows in JSON's types: six digits, and nothing where a number is missing."""

    def cell(value: Any) -> Any:
        if pd.isna(value):
            return None
        return round(value, 6) if isinstance(value, float) else value

    return [{str(key): cell(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _lines(changes: pd.DataFrame, counties: pd.DataFrame) -> tuple[str, ...]:
    """Return what the terminal says."""
    final = changes[(changes["group"] == "all") & (changes["measure"] == "infant") & (changes["year_after"] == 2022)]  # noqa: PLR2004 - the year of the rise
    row = final[final["edition_after"] == "final"].iloc[0]
    hot = int((counties["cluster_imr"] == "high_high").sum())
    return (
        (
            f"The nation {row['year_before']} to {row['year_after']}: {row['rate_before']:.2f} to "
            f"{row['rate_after']:.2f} infant deaths per 1,000, {row['change_percent']:+.1f} % "
            f"({'significant' if row['significant'] else 'not significant'})."
        ),
        f"Clusters of high infant mortality among high: {hot:,} counties (published rates, 5 % false discoveries).",
    )
