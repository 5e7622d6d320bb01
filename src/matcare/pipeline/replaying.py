"""Openings, closures and changes of level, year by year: ``matcare replay``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.contracts.timeline import TIMELINE, TIMELINE_CHANGES, TIMELINE_DEFINITIONS
from matcare.pipeline.drawing import drawn_counties, drawn_facilities, short_care
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, number, records, share
from matcare.pipeline.report import SILENT
from matcare.planning.timeline import Replay, replay
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison import CLOSURE_WORDS
from matcare.publish.map.comparison_themes import minutes_themes, share_themes
from matcare.tables.facilities import service_flags
from matcare.tables.unit_events import UnitEvents, facilities_at, read_unit_events

if TYPE_CHECKING:
    import pandas as pd

    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario
    from matcare.tables.snapshot import Snapshot

__all__ = ["replay_events"]

SHOWN: Final = 12
"""Rows of a table on the terminal."""


def replay_events(
    scenario: Scenario,
    events: Path,
    *,
    service: str = "birth_care",
    years: tuple[int, int] | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Replay a user's dated events of units, and write what each year looked like.

    Parameters
    ----------
    scenario : Scenario
        Today; its states say whose women are counted.
    events : pathlib.Path
        ``facility_id, status, date, source``, as corrections; with ``facility_name, lat, lon`` for units that are not
        in the data.
    service : str
        The service.
    years : tuple of int, optional
        First and last; those of the events without it.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Answer
        ``timeline.csv``, ``timeline_changes.csv``.

    Raises
    ------
    InputError
        When the file or an option is not usable.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    target = out or Path("maps") / f"replay-{scenario.region}"
    read: list[UnitEvents] = []

    def added(snapshot: Snapshot, facilities: pd.DataFrame) -> pd.DataFrame:
        read.append(read_unit_events(events, facilities, snapshot.counties))
        return read[0].added

    def make() -> Answer:
        question = ask(scenario, data_dir=data_dir, report=report, more_facilities=added)
        with report.step("replay"):
            found = replay(
                question.opened.area_of_region(), read[0].events, service=service, years=years,
                birth_care_tiers=scenario.birth_care_tiers, limit_minutes=scenario.search_limit_minutes,
            )  # fmt: skip
        return _answer(question, found, read[0].events, events=events, service=service)

    return deliver(make, command="replay", target=target, report=report)


def _answer(question: Question, found: Replay, events_read: pd.DataFrame, *, events: Path, service: str) -> Answer:
    table = found.timeline
    dates = sorted(table["date"].unique())
    words = short_care(service)
    region = sorted(question.opened.region)
    drawn = drawn_counties(question.area.counties, _wide(table, dates), states=region)
    return Answer(
        command="replay",
        title=f"{question.place}: {words}, {dates[0][:4]} to {dates[-1][:4]}",
        subtitle=f"events: {events.name}; today's women and roads at every date",
        asked={"events": events.name, "service": service, "years": [dates[0][:4], dates[-1][:4]]},
        tables={"timeline.csv": (TIMELINE, table), "timeline_changes.csv": (TIMELINE_CHANGES, found.changes)},
        map_options={
            "counties": drawn,
            "facilities": drawn_facilities(
                question.area, service, counties=drawn, roles=_roles(question, events_read, dates, service), words={}
            ),
            "themes": _themes(words, dates),
        },
        terminal=_tables(table, found.changes),
        lines=_lines(dates),
        words=(CLOSURE_WORDS, *found.notes),
        **question.provenance(),
    )


def _roles(question: Question, events: pd.DataFrame, dates: list[str], service: str) -> dict[int, str]:
    """Say by row what became of each unit between the first and the last date."""
    tiers = question.scenario.birth_care_tiers
    sides = []
    for date in (dates[0], dates[-1]):
        on_the_day = facilities_at(question.area.facilities, events, as_of=dt.date.fromisoformat(date))
        sides.append(service_flags(on_the_day, birth_care_tiers=tiers))
    was, now = (side[f"counts_{service}"].to_numpy(dtype=bool) for side in sides)
    stood, stands = ((side["status"] == "open").to_numpy() for side in sides)
    roles = {int(row): "downgraded" if stands[row] else "closed" for row in np.flatnonzero(was & ~now)}
    return roles | {int(row): "upgraded" if stood[row] else "opened" for row in np.flatnonzero(now & ~was)}


def _wide(table: pd.DataFrame, dates: list[str]) -> pd.DataFrame:
    """Put the first and the last date of each county side by side."""
    columns = ["minutes", "share_women_within_30", "share_women_within_60"]
    counties = table[table["scope"] == "county"].set_index("place")
    first, last = (counties.loc[counties["date"] == date, columns] for date in (dates[0], dates[-1]))
    both = first.add_suffix("_before").join(last.add_suffix("_after"), how="outer")
    both["minutes_change"] = both["minutes_after"] - both["minutes_before"]
    return both.rename_axis("county_fips").reset_index()


def _themes(words: str, dates: list[str]) -> list[Any]:
    note = f"Before: {dates[0]}. After: {dates[-1]}. Today's women and roads at both."
    return [
        *minutes_themes(words, status_before=None, status_after=None, note=note),
        *(theme for limit in (30, 60) for theme in share_themes(words, limit, note=note)),
    ]


def _lines(dates: list[str]) -> list[str]:
    later = [date for date in dates if date > dt.date.today().isoformat()]  # noqa: DTZ011 - the planner's own day
    return [f"{later[0][:4]} and later are still to come: these rows are plans."] if later else []


def _tables(table: pd.DataFrame, changes: pd.DataFrame) -> list[TerminalTable]:
    whole = table[table["scope"] == "area"]
    years = [
        [row["date"][:4], number(row["units"]),
         *(share(row[f"share_women_within_{limit}"]) for limit in (30, 60)),
         *(number(row[f"counties_{name}"]) for name in TIMELINE_DEFINITIONS)]
        for row in records(whole)
    ]  # fmt: skip
    moved = [
        [
            f"{row['county_name']}, {row['state']}",
            row["definition"].replace("_", " "),
            row["change"],
            row["to_date"][:4],
        ]
        for row in records(changes.head(SHOWN))
    ]  # fmt: skip
    return [
        TerminalTable(
            title="At the end of each year",
            columns=("year", "units", "≤30", "≤60", "MoD deserts", ">30 deserts", ">60 deserts"),
            rows=years,
        ),
        TerminalTable(
            title=f"Counties that became or ceased to be deserts ({len(changes):,})",
            columns=("county", "definition", "", "by"),
            rows=moved,
        ),
    ]
