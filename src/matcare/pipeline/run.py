"""A run: sources → tables → travel → measures → publish, as a story of a few calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matcare.contracts import BLOCK_GROUPS, COUNTY_RESULTS
from matcare.measures.counties import county_results
from matcare.measures.nearest import nearest_services
from matcare.pipeline.chosen_outcomes import ChosenOutcomes, choose_outcomes
from matcare.pipeline.map_layers import state_layers
from matcare.pipeline.outcomes import Access, outcome_results
from matcare.pipeline.outputs import refuse_foreign
from matcare.pipeline.planning_results import planning_results
from matcare.pipeline.report import SILENT, Report
from matcare.pipeline.study_area import open_area
from matcare.publish.folder import OutputFolder
from matcare.publish.results import PlanningOutputs, Results, write_results
from matcare.tables.snapshot import Snapshot, load_snapshot

if TYPE_CHECKING:
    import datetime as dt

    from matcare.scenario import Scenario

__all__ = ["access_results", "analyze", "run"]


def run(
    scenario: Scenario, *, data_dir: Path | None = None, out: Path | None = None, report: Report | None = None
) -> Results:
    """Compute a scenario and write its files.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    out : pathlib.Path, optional
        Output folder; ``maps/<region>`` below the working folder without it.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Results
        With ``written`` filled in.

    Raises
    ------
    InputError
        When a user's file or option is not usable.
    SnapshotError
        When the data tables are missing or damaged.
    OutputError
        When the output cannot be written; what stood there before is intact.
    """
    report = report or SILENT
    target = Path("maps") / scenario.region if out is None else out
    refuse_foreign(target, "run")
    with OutputFolder(
        target
    ) as folder:  # first of all: a folder that cannot be written is said before the work, not after
        with report.step("data tables"):
            snapshot = load_snapshot(data_dir)
        results = analyze(scenario, snapshot, layers=True, report=report)
        with report.step("map and tables"):
            write_results(results, folder.staging)
        names = sorted(path.name for path in folder.staging.iterdir())
    results.written.update({target / name: (target / name).stat().st_size for name in names})
    return results


def analyze(
    scenario: Scenario,
    snapshot: Snapshot,
    *,
    as_of: dt.date | None = None,
    layers: bool = False,
    report: Report | None = None,
) -> Results:
    """Compute everything that a scenario asks for; write nothing.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    snapshot : Snapshot
        The embedded data, or a user's own in the same form.
    as_of : datetime.date, optional
        Corrections dated later than this are not in force yet; today without it.
    layers : bool
        Draw the layers of a state's map too, which take some seconds.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Results
    """
    report = report or SILENT
    chosen = choose_outcomes(scenario, snapshot)
    access = access_results(scenario, snapshot, chosen, as_of=as_of, report=report)
    planning = planning_results(scenario, snapshot, chosen, access, report=report)
    counties, outcomes, more = outcome_results(scenario, snapshot, chosen, access, report=report)
    more = (*more, *planning.notes)
    for note in more:
        report.note(note)
    counties = counties.merge(planning.counties.reset_index(), on="county_fips", how="left", validate="one_to_one")
    counties = counties[[*COUNTY_RESULTS.names, "geometry"]]
    block_groups = access.block_groups.merge(
        planning.points.reset_index(), on="demand_id", how="left", validate="one_to_one"
    )
    drawn = None
    if layers and scenario.states:
        with report.step("layers of the map"):
            drawn = state_layers(
                access.opened, block_groups=block_groups, counties=counties, limit_minutes=scenario.search_limit_minutes
            )
    return Results(
        scenario=scenario,
        layers=drawn,
        counties=counties,
        facilities=access.facilities,
        block_groups=block_groups[BLOCK_GROUPS.names],
        outcomes=outcomes,
        planning=PlanningOutputs(tables=planning.tables, lines=planning.lines),
        data_date=access.data_date,
        corrections=access.corrections,
        notes=(*access.notes, *more),
        table_hashes=snapshot.hashes,
        profile=access.profile,
        roads=access.roads,
    )


def access_results(
    scenario: Scenario,
    snapshot: Snapshot,
    chosen: ChosenOutcomes | None = None,
    *,
    as_of: dt.date | None = None,
    report: Report | None = None,
) -> Access:
    """Compute minutes, coverage and desert classes of the scenario's counties.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    snapshot : Snapshot
        The embedded data.
    chosen : ChosenOutcomes, optional
        Outcomes of the run, whose published rates stand beside the access; those of the scenario without it.
    as_of : datetime.date, optional
        As in :func:`analyze`.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Access
    """
    report = report or SILENT
    chosen = chosen or choose_outcomes(scenario, snapshot)
    opened = open_area(scenario, snapshot, chosen, as_of=as_of, report=report)
    facilities = opened.area.facilities
    with report.step("minutes to the nearest of each service"):
        block_groups = nearest_services(
            opened.trips_of_region(),
            opened.demand_of_region(),
            facilities,
            limit_minutes=scenario.search_limit_minutes,
        )
    with report.step("county results"):
        counties = chosen.counties
        if scenario.states:
            counties = counties[counties["state"].isin(scenario.states)].reset_index(drop=True)
        results = county_results(
            counties,
            chosen.outcomes,
            facilities,
            block_groups,
            rule=scenario.rule,
            data_date=snapshot.data_date,
            period=chosen.period,
        )
    return Access(
        counties=results,
        facilities=facilities,
        block_groups=block_groups,
        data_date=snapshot.data_date,
        corrections=opened.corrections,
        notes=opened.notes,
        profile=opened.profile,
        roads=opened.roads,
        opened=opened,
    )
