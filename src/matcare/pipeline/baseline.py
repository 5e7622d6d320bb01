"""The default run's county minutes, kept with the data: what places one state's counties in the nation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcare.contracts import BASELINE_MINUTES
from matcare.pipeline.report import SILENT, Report
from matcare.pipeline.run import access_results
from matcare.publish.exports import write_csv
from matcare.publish.folder import atomic_file
from matcare.scenario import Scenario
from matcare.tables.snapshot import default_data_dir, load_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["write_baseline_minutes"]


def write_baseline_minutes(data_dir: Path | None = None, *, report: Report | None = None) -> Sequence[str]:
    """Compute the default scenario for the whole country and keep its county minutes beside the data tables.

    Parameters
    ----------
    data_dir : pathlib.Path, optional
        A folder made by ``matcare data build``; the embedded one without it. Receives ``baseline_minutes.csv``, which
        the next ``matcare data build`` lists in ``datapackage.json``.
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
        When the file cannot be written; what stood there is intact.
    """
    folder = data_dir or default_data_dir()
    counties = access_results(Scenario(), load_snapshot(folder), report=report or SILENT).counties
    table = BASELINE_MINUTES.validate(counties[BASELINE_MINUTES.names], where="baseline minutes")
    path = folder / "baseline_minutes.csv"
    with atomic_file(path) as beside:
        write_csv(table, beside, BASELINE_MINUTES)
    return [
        f"{path}: {len(table):,} counties",
        "the next `matcare data build` into this folder lists it in datapackage.json",
    ]
