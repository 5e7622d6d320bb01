"""What every planning question begins with: a scenario's data, outcomes and study area."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from matcare.geo import STATES
from matcare.pipeline.chosen_outcomes import ChosenOutcomes, choose_outcomes
from matcare.pipeline.study_area import OpenedArea, facilities_in_force, open_area
from matcare.tables.snapshot import Snapshot, load_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from matcare.measures.study_area import StudyArea
    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario

__all__ = ["Question", "ask", "main_limit", "number", "records", "share", "whole_limits"]


HOUR: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything that a planning question is asked of.

    Attributes
    ----------
    scenario : Scenario
        As given, its states included.
    snapshot : Snapshot
        The data tables.
    chosen : ChosenOutcomes
        Counties with their births.
    opened : OpenedArea
        The study area.
    """

    scenario: Scenario
    snapshot: Snapshot
    chosen: ChosenOutcomes
    opened: OpenedArea

    @property
    def area(self) -> StudyArea:
        """The study area."""
        return self.opened.area

    @property
    def place(self) -> str:
        """The region in words."""
        return ", ".join(STATES[state] for state in self.scenario.states) or "United States"

    def shares_by_race(self) -> pd.DataFrame:
        """Return the counties' shares by race, with ``county_fips``."""
        names = [name for name in self.snapshot.county_indicators.columns if name in _RACE_SHARES]
        return self.snapshot.county_indicators[["county_fips", *names]]

    def provenance(self) -> dict[str, Any]:
        """Return what an answer says of the data that it stands on, as keywords of ``Answer``."""
        return {
            "scenario": self.scenario,
            "data_date": self.opened.data_date,
            "corrections": self.opened.corrections,
            "notes": self.opened.notes,
            "profile": self.opened.profile,
            "roads": self.opened.roads,
            "table_hashes": self.snapshot.hashes,
        }


_RACE_SHARES = frozenset(
    f"share_{group}" for group in ("white", "black", "hispanic", "aian", "asian", "nhopi", "two_or_more", "other_race")
)


def ask(
    scenario: Scenario,
    *,
    data_dir: Path | None,
    report: Report,
    nationwide: bool = False,
    more_facilities: Callable[[Snapshot, pd.DataFrame], pd.DataFrame] | None = None,
) -> Question:
    """Load the data and open the study area of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    report : Report
        Told of each step.
    nationwide : bool
        Open everyone's trips, whatever states the scenario names: a unit's women may live anywhere.
    more_facilities : callable, optional
        Given the data and the facilities in force, returns further facilities of the contract `FACILITIES`.

    Returns
    -------
    Question

    Raises
    ------
    InputError
        When a user's file or option is not usable.
    """
    with report.step("data tables"):
        snapshot = load_snapshot(data_dir)
    chosen = choose_outcomes(scenario, snapshot)
    asked = replace(scenario, states=()) if nationwide else scenario
    more = None
    if more_facilities is not None:
        in_force = facilities_in_force(scenario, snapshot, dt.date.today())[0]  # noqa: DTZ011 - the planner's own day
        more = more_facilities(snapshot, in_force)
    opened = open_area(asked, snapshot, chosen, more_facilities=more, report=report)
    return Question(scenario=scenario, snapshot=snapshot, chosen=chosen, opened=opened)


def main_limit(limits: Sequence[float]) -> float:
    """Return the limit that is spoken of: an hour where it is among them, else the longest."""
    return HOUR if HOUR in limits else limits[-1]


def whole_limits(limits: Sequence[float]) -> list[int]:
    """Return the limits that legends can write."""
    return [int(limit) for limit in limits if float(limit).is_integer()]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row after another, by column names."""
    rows: list[dict[str, Any]] = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return rows


def number(value: float, decimals: int = 0) -> str:
    """Write a number for the terminal; a dash where it is missing."""
    return f"{value:,.{decimals}f}" if math.isfinite(value) else "–"


def share(value: float) -> str:
    """Write a share as per cent; a dash where it is missing."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "–"
