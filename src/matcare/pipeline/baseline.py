"""The default run, kept with the data: what places one state's counties in the nation, and the draws around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcare.contracts import BASELINE_ACCESS, BASELINE_CERTAINTY, BASELINE_MINUTES
from matcare.measures.catchment_tables import county_catchments, county_columns
from matcare.measures.catchments import catchments
from matcare.measures.place_access import access_of_states
from matcare.pipeline.report import SILENT
from matcare.pipeline.run import access_results
from matcare.planning.certainty import certainty
from matcare.publish.exports import write_csv
from matcare.publish.folder import atomic_file
from matcare.scenario import Scenario
from matcare.tables.snapshot import default_data_dir, load_drive_time_error, load_snapshot
from matcare.travel.hierarchy.threads import usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matcare.pipeline.report import Report

__all__ = ["write_baseline"]


def write_baseline(data_dir: Path | None = None, *, draws: int = 200, report: Report | None = None) -> Sequence[str]:
    """Compute the default scenario for the whole country and keep what other runs need of it beside the data tables.

    Parameters
    ----------
    data_dir : pathlib.Path, optional
        A folder made by ``matcare data build``; the embedded one without it. Receives ``baseline_minutes.csv`` and
        ``baseline_certainty.csv``, which the next ``matcare data build`` lists in ``datapackage.json``.
    draws : int
        Of the certainty; none and no file of it with 0.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was written.

    Raises
    ------
    SnapshotError
        When a table is missing or damaged.
    OutputError
        When a file cannot be written; what stood there is intact.
    """
    report = report or SILENT
    folder = data_dir or default_data_dir()
    scenario = Scenario()
    access = access_results(scenario, load_snapshot(folder), report=report)
    area = access.opened.area
    with report.step("floating catchments"):
        scores = county_columns(county_catchments(area, catchments(area, method="e2sfca")))
    counties = access.counties.assign(
        catchment_e2sfca=scores["catchment_e2sfca"].reindex(access.counties["county_fips"]).to_numpy()
    )
    lines = []
    path = folder / "baseline_minutes.csv"
    with atomic_file(path) as beside:
        write_csv(BASELINE_MINUTES.validate(counties[BASELINE_MINUTES.names]), beside, BASELINE_MINUTES)
    lines.append(f"{path}: {len(counties):,} counties")
    path = folder / "baseline_access.csv"
    places = access_of_states(access.block_groups, nation=True)
    with atomic_file(path) as beside:
        write_csv(BASELINE_ACCESS.validate(places), beside, BASELINE_ACCESS)
    lines.append(f"{path}: the nation and {places['place'].nunique() - 1} states and territories")
    if draws:
        with report.step(f"{draws:,} draws"):
            found = certainty(
                area, access.counties, drive_time_error=load_drive_time_error(folder), seed=scenario.seed, draws=draws,
                rule=scenario.rule, limit_minutes=scenario.search_limit_minutes, workers=usable_cores(),
            )  # fmt: skip
        path = folder / "baseline_certainty.csv"
        kept = BASELINE_CERTAINTY.validate(found.counties[BASELINE_CERTAINTY.names])
        with atomic_file(path) as beside:
            write_csv(kept, beside, BASELINE_CERTAINTY)
        lines.append(f"{path}: {len(kept):,} counties, {draws:,} draws")
    return [*lines, "the next `matcare data build` into this folder lists them in datapackage.json"]
