"""What a run says about risk-appropriate care, backup, catchments, definitions, units to protect and certainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.certainty import CERTAINTY_COLUMNS
from matcare.geo import STATES
from matcare.measures.backup import backup_points, county_backup, cross_border
from matcare.measures.care_tiers import county_care_tiers
from matcare.measures.catchment_tables import (
    catchment_points,
    county_catchments,
    county_columns,
    share_of_births_worse,
)
from matcare.measures.catchments import catchments
from matcare.measures.definitions import (
    compare_definitions,
    definition_agreement,
    definition_cells,
    definition_columns,
)
from matcare.measures.dyad import trips_between
from matcare.measures.risk_appropriate import risk_appropriate_coverage
from matcare.measures.risk_groups import high_risk_births
from matcare.measures.transfers import transfer_minutes
from matcare.measures.unit_births import allocate_births, unit_births
from matcare.planning.fragility import fragility
from matcare.scenario import MARCH_OF_DIMES_2024, Scenario
from matcare.tables.user_designations import grant_fields, read_forhp, read_hpsa

if TYPE_CHECKING:
    import geopandas as gpd

    from matcare.pipeline.chosen_outcomes import ChosenOutcomes
    from matcare.pipeline.outcomes import Access
    from matcare.pipeline.report import Report
    from matcare.tables.snapshot import Snapshot

__all__ = ["PlanningTables", "planning_results"]

LOWEST_TENTH: Final = 0.1
_METHOD: Final = "e2sfca"


@dataclass(frozen=True, kw_only=True)
class PlanningTables:
    """What planning adds to a run.

    Attributes
    ----------
    counties : pandas.DataFrame
        By ``county_fips``: the columns that stand beside a county's access.
    points : pandas.DataFrame
        By ``demand_id``: the columns that stand beside a demand point's minutes.
    tables : dict of str to pandas.DataFrame
        By file name of :data:`matcare.contracts.OUTPUTS`.
    lines, notes : tuple of str
        For the terminal; what a reader should not miss.
    """

    counties: pd.DataFrame
    points: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def planning_results(
    scenario: Scenario, snapshot: Snapshot, chosen: ChosenOutcomes, access: Access, *, report: Report
) -> PlanningTables:
    """Compute everything that planning says of the region as it stands.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    snapshot : Snapshot
        The embedded data.
    chosen : ChosenOutcomes
        Counties with their births.
    access : Access
        The region's access.
    report : Report
        Told of each step.

    Returns
    -------
    PlanningTables
    """
    opened = access.opened
    area, region = opened.area, sorted(opened.states) or None
    here = access.counties["county_fips"]
    limit = scenario.search_limit_minutes
    with report.step("risk-appropriate coverage and transfers"):
        between = trips_between(area.trips)
        high_risk = high_risk_births(chosen.counties, snapshot.county_indicators)
        covered = risk_appropriate_coverage(
            area, high_risk=high_risk, region=region, limit_minutes=limit, between=between
        )
        transfers = transfer_minutes(area, region=region, between=between)
    with report.step("backup, care across state lines and other tiers"):
        points = backup_points(area, limit_minutes=limit)
        parts = [
            _of(covered.counties.set_index("county_fips"), here),
            _of(county_backup(area, points), here),
            _of(county_care_tiers(area, limit_minutes=limit), here),
        ]
        across = cross_border(area, points)
    with report.step("floating catchments"):
        catchment = catchments(area, method=_METHOD)
        scores = _of(county_columns(county_catchments(area, catchment, states=region)), here)
        scores[f"catchment_{_METHOD}_lowest_tenth"] = _lowest_tenth(
            scores[f"catchment_{_METHOD}"], chosen.counties, snapshot
        )
        parts.append(scores)
        by_point = catchment_points(area, catchment)
    with report.step("definitions side by side"):
        hpsa = None if scenario.hpsa is None else read_hpsa(scenario.hpsa, chosen.counties)
        forhp = None if scenario.forhp is None else read_forhp(scenario.forhp, chosen.counties)
        definitions = compare_definitions(
            access.counties,
            own=None if scenario.rule == MARCH_OF_DIMES_2024 else scenario.rule,
            catchment_lowest_tenth=scores[f"catchment_{_METHOD}_lowest_tenth"],
            mcta_score=None if hpsa is None or scenario.mcta_threshold is None else hpsa.counties,
            mcta_threshold=scenario.mcta_threshold,
        )
        parts += [
            _of(definition_columns(definitions), here),
            _of(grant_fields(access.counties, hpsa=hpsa, forhp=forhp), here),
        ]
    with report.step("units to protect and estimated births by unit"):
        fragile = fragility(area, limit_minutes=limit, states=opened.states)
        births = unit_births(area, allocation=allocate_births(area))
        births = births[births["state"].isin(opened.region)].reset_index(drop=True)
    parts.append(_certainty(scenario, snapshot, here))
    by_county = covered.coverage["scope"] == "county"
    notes = [note for given in (hpsa, forhp) if given is not None for note in given.notes]
    return PlanningTables(
        counties=pd.concat(parts, axis=1),
        points=by_point.rename(
            columns={"score": f"catchment_{_METHOD}", "reason": f"catchment_{_METHOD}_reason"}
        ).set_index("demand_id")[[f"catchment_{_METHOD}", f"catchment_{_METHOD}_reason"]],
        tables={
            "coverage.csv": covered.coverage[~by_county].reset_index(drop=True),
            "coverage_counties.parquet": covered.coverage[by_county].reset_index(drop=True),
            "transfers.csv": transfers,
            "definitions.csv": definitions.long(),
            "definition_cells.csv": definition_cells(definitions),
            "definition_agreement.csv": definition_agreement(definitions),
            "cross_border.csv": across[across["home_state"].isin(opened.region)].reset_index(drop=True),
            "fragility.csv": fragile,
            "unit_births.csv": births,
        },
        lines=_lines(covered.coverage, fragile, transfers),
        notes=tuple(notes),
    )


def _of(table: pd.DataFrame, county_fips: pd.Series) -> pd.DataFrame:
    """Return the rows of some counties, in their order."""
    return table.reindex(pd.Index(county_fips, name="county_fips"))


def _lowest_tenth(scores: pd.Series, counties: gpd.GeoDataFrame, snapshot: Snapshot) -> pd.Series:
    """Rank the region's counties in the whole nation, whose other counties have the default run's scores."""
    nation = pd.DataFrame(counties[["county_fips", "births_per_year"]]).set_index("county_fips")
    nation["score"] = scores.reindex(nation.index)
    if snapshot.baseline_minutes is not None:
        kept = snapshot.baseline_minutes.set_index("county_fips")[f"catchment_{_METHOD}"]
        nation["score"] = nation["score"].fillna(kept.reindex(nation.index))
    worse = share_of_births_worse(nation.assign(share_women_none_in_range=np.nan), highest_worst=False)
    lowest = (worse < LOWEST_TENTH).astype("boolean").mask(worse.isna())
    return lowest.reindex(scores.index).mask(scores.isna())


def _certainty(scenario: Scenario, snapshot: Snapshot, county_fips: pd.Series) -> pd.DataFrame:
    """Take the draws that were kept with the data, where this run is the scenario that they were made for."""
    names = [column.name for column in CERTAINTY_COLUMNS]
    if scenario.draws_stand and snapshot.baseline_certainty is not None:
        kept = _of(snapshot.baseline_certainty.set_index("county_fips"), county_fips)[names]
        return kept.assign(certainty_status="default_scenario")
    empty = {
        column.name: pd.array([None] * len(county_fips), dtype="str") if column.kind == "text" else np.nan
        for column in CERTAINTY_COLUMNS
    }
    frame = pd.DataFrame(empty, index=pd.Index(county_fips, name="county_fips"))
    return frame.assign(certainty_status="not_drawn")


def _lines(coverage: pd.DataFrame, fragile: pd.DataFrame, transfers: pd.DataFrame) -> tuple[str, ...]:
    """Say in a few sentences what the tables hold, and on how many women it stands."""
    scope = "nation" if (coverage["scope"] == "nation").any() else "state"
    rows = coverage[(coverage["scope"] == scope) & (coverage["limit_minutes"] == COVERAGE_SHOWN)]
    places = list(rows["place"].unique())[:MOST_PLACES]
    lines = [text for place in places for text in _coverage_lines(rows[rows["place"] == place])]
    known = transfers[transfers["status_neonatal_3_plus"] == "transfer"]["minutes_neonatal_3_plus"]
    if len(known):
        lines += [
            (
                f"Transfers (transfers.csv): {known.median():.0f} minutes in the median from {len(known):,} birth "
                "hospitals to a reported III or IV."
            ),
            "Not for choosing where to give birth or where an ambulance should go.",
        ]
    last = fragile[fragile["women_newly_beyond_60"] > 0]
    if len(last):
        first = last.iloc[0]
        name, women = f"{first['facility_name'][:MOST_OF_A_NAME]} ({first['state']})", first["women_newly_beyond_60"]
        lines += [
            (
                f"Units to protect (fragility.csv): {len(last):,} are the last within 60 minutes for somebody; first "
                f"{name}, {women:,.0f} women."
            ),
            "Not evidence that any unit should close: quality, finances and staffing are not in it;",
            "a closure also takes prenatal and emergency care with it.",
        ]
    return tuple(lines)


MOST_OF_A_NAME: Final = 40
MOST_PLACES: Final = 5
"""States of a run whose coverage the terminal shows; all stand in coverage.csv."""
COVERAGE_SHOWN: Final = 60.0
"""Minutes of the coverage that the terminal shows."""


def _coverage_lines(rows: pd.DataFrame) -> list[str]:
    """One sentence for a place: infants at high risk alone, and with their mothers."""
    high = rows[rows["risk_group"] == "high"].set_index(["arrangement", "reading"])["share_women_within"]
    asked = [("unit", "one_lower"), ("unit", "estimate"), ("unit", "unknown_count")]
    asked += [("same_site", "estimate"), ("split", "estimate")]
    if not set(asked) <= set(high.index):
        return []
    low, middle, most, here, apart = (100 * high.reindex(asked)).to_numpy()
    place, women = rows["place"].iloc[0], rows["women_15_44"].iloc[0]
    name = STATES.get(place, "United States")
    if np.isnan(middle):
        known = f"{most:.1f} % with NICUs of unknown level" if np.isfinite(most) else "nothing is known"
        return [f"{name}: no neonatal level is reported; within {COVERAGE_SHOWN:g} minutes of III-IV: {known}."]
    return [
        (
            f"{name}: {middle:.1f} % of {women:,.0f} women within {COVERAGE_SHOWN:g} minutes of reported neonatal "
            f"III-IV (bounds {low:.1f}-{most:.1f} %),"
        ),
        f"  {here:.1f} % of one on the same site as birth care, {apart:.1f} % of both (coverage.csv).",
    ]
