"""The run that a figure, a brief, the site or a bundle is made from: one that stands written, or one made for it."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare import __version__
from matcare.contracts import OUTPUTS
from matcare.errors import InputError, SnapshotError
from matcare.geo import STATES
from matcare.measures.rates import infant_mortality
from matcare.pipeline.chosen_outcomes import EMBEDDED_PERIOD
from matcare.pipeline.report import SILENT
from matcare.pipeline.run import run
from matcare.publish.finished import Reference, read_run, run_about
from matcare.tables.snapshot import Snapshot, load_baseline_access, load_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matcare.pipeline.report import Report
    from matcare.publish.finished import FinishedRun
    from matcare.scenario import Scenario

__all__ = ["finished_run", "load_reference", "state_of_place"]

_USERS_FILES: Final = ("facilities", "corrections", "outcomes", "women_by_race", "indicators", "hpsa", "forhp", "roads")
"""Parts of a scenario that name a user's files, which may have changed since a run was written."""


@contextmanager
def finished_run(
    scenario: Scenario,
    *,
    from_dir: Path | None = None,
    data_dir: Path | None = None,
    report: Report | None = None,
) -> Iterator[FinishedRun]:
    """Give a finished run of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What is asked for; not looked at with `from_dir`.
    from_dir : pathlib.Path, optional
        Folder of a run to read. Without it a run below ``maps/`` serves, if it is of the same scenario, of these data
        and of this version and names no file of the user's; else the run is made in a folder that goes afterwards.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    report : Report, optional
        Told of each step.

    Yields
    ------
    FinishedRun
        Its files stand until the block ends.

    Raises
    ------
    InputError
        When `from_dir` is no run's, or the scenario is not usable.
    """
    report = report or SILENT
    with report.step("data tables"):
        snapshot = load_snapshot(data_dir)
        reference = load_reference(snapshot, data_dir)
    standing = from_dir or _standing_run(scenario, snapshot)
    if standing is not None:
        with report.step(f"reading the run in {standing}"):
            finished = read_run(standing, reference)
        if finished.about.get("matcare") != __version__:
            report.note(f"{standing} was written by matcare {finished.about.get('matcare')}, this is {__version__}")
        yield finished
        return
    with tempfile.TemporaryDirectory(prefix="matcare-") as made:
        folder = Path(made) / scenario.region
        run(scenario, data_dir=data_dir, out=folder, report=report)
        yield read_run(folder, reference)


def _standing_run(scenario: Scenario, snapshot: Snapshot) -> Path | None:
    """Return the folder of a run below ``maps/`` that this scenario would only repeat."""
    asked = scenario.as_dict()
    folder = Path("maps") / scenario.region
    if any(asked.get(name) for name in _USERS_FILES) or not (folder / "run.json").is_file():
        return None
    try:
        about = run_about(folder)
    except InputError:
        return None
    same = (
        about.get("matcare") == __version__
        and about.get("scenario") == json.loads(json.dumps(asked))
        and about.get("tables_sha256") == dict(snapshot.hashes)
        and all((folder / name).is_file() for name in OUTPUTS)
    )
    return folder if same else None


def load_reference(snapshot: Snapshot, data_dir: Path | None = None) -> Reference:
    """Return the default scenario's nation and states, with their published infant mortality.

    Parameters
    ----------
    snapshot : Snapshot
        The data tables.
    data_dir : pathlib.Path, optional
        Where they come from.

    Returns
    -------
    Reference

    Raises
    ------
    SnapshotError
        When a folder of the user's own holds no ``baseline_access.csv``.
    """
    access = load_baseline_access(data_dir)
    if access is None:
        raise SnapshotError(f"{data_dir}: holds no baseline_access.csv; make it with `matcare data baseline`")
    totals = snapshot.states
    counts = {name: totals[name].astype("float64") for name in ("infant_deaths", "live_births")}
    rates = infant_mortality(counts["infant_deaths"], counts["live_births"])
    table = pd.DataFrame({
        "place": totals["state"], **counts, "imr": rates["rate"], "imr_low": rates["low"], "imr_high": rates["high"],
        "status": totals["outcome_status"],
    })  # fmt: skip
    return Reference(access=access, rates=table, period=EMBEDDED_PERIOD)


def state_of_place(places: Sequence[str], snapshot: Snapshot) -> tuple[str, ...]:
    """Return the states that some places lie in, as a scenario takes them; none for the nation.

    Parameters
    ----------
    places : sequence of str
        As :meth:`matcare.publish.finished.FinishedRun.county_codes` takes them.
    snapshot : Snapshot
        Holds every county's name.

    Returns
    -------
    tuple of str
        Postal codes, sorted.

    Raises
    ------
    InputError
        When a place is not known, or its name fits more than one county.
    """
    from matcare.publish.naming import codes_of_place  # noqa: PLC0415 - with the class that uses it

    counties = snapshot.counties
    codes = {code for place in places for code in codes_of_place(counties, place, covered="the United States")}
    states = sorted(set(counties.loc[counties["county_fips"].isin(codes), "state"]))
    return () if len(states) == len(set(counties["state"])) else tuple(state for state in states if state in STATES)
