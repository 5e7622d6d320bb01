"""How sure we are: ``matcare certainty``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcare.contracts.certainty import CERTAINTY, CERTAINTY_SHARES, CERTAINTY_TOTALS
from matcare.errors import InputError
from matcare.measures.counties import county_results
from matcare.measures.nearest import nearest_services
from matcare.pipeline.drawing import drawn_counties, drawn_facilities
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, number, records
from matcare.pipeline.report import SILENT
from matcare.planning.certainty import CertaintyResult, certainty
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison import Fact
from matcare.publish.map.comparison_themes import minutes_themes, probability_theme
from matcare.tables.snapshot import load_drive_time_error
from matcare.travel.hierarchy.threads import usable_cores

if TYPE_CHECKING:
    import pandas as pd

    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario

__all__ = ["draw_certainty"]

SHOWN: Final = 8
"""Rows of a table on the terminal."""
ENOUGH: Final = 20
"""Draws below which it is said that they are few."""
_EVEN: Final = 0.5
_BELIEFS: Final = (
    "Probabilities stand on stated beliefs about the inputs (docs/planning.md), not on repeated observation: they say "
    "how far the result could move, not how often it is true."
)


def draw_certainty(
    scenario: Scenario,
    *,
    draws: int = 200,
    seed: int | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Draw what is uncertain, and write how certain each county's class and minutes are.

    Parameters
    ----------
    scenario : Scenario
        What is asked of.
    draws : int
        How many.
    seed : int, optional
        The scenario's without it.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Answer
        ``certainty.csv`` (by county), ``certainty_shares.csv``, ``certainty_totals.csv``.

    Raises
    ------
    InputError
        When an option is not usable.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    if draws < 1:
        raise InputError(f"--draws is {draws}: draws is a whole number from 1 on; 200 is usual")
    if seed is not None:
        replace(scenario, seed=seed)  # its range is the scenario's
    target = out or Path("maps") / f"certainty-{scenario.region}"
    number_of_seed = scenario.seed if seed is None else seed

    def make() -> Answer:
        question = ask(scenario, data_dir=data_dir, report=report)
        with report.step("the run that is drawn around"):
            results = _results(question)
        with report.step(f"{draws:,} draws"):
            found = certainty(
                question.opened.area_of_region(), results, drive_time_error=load_drive_time_error(data_dir),
                seed=number_of_seed, draws=draws, rule=scenario.rule, limit_minutes=scenario.search_limit_minutes,
                workers=usable_cores(),
            )  # fmt: skip
        return _answer(question, found, draws=draws, seed=number_of_seed)

    return deliver(make, command="certainty", target=target, report=report)


def _results(question: Question) -> pd.DataFrame:
    """Return the county results of the scenario itself."""
    opened, scenario = question.opened, question.scenario
    points = nearest_services(
        opened.trips_of_region(), opened.demand_of_region(), question.area.facilities,
        limit_minutes=scenario.search_limit_minutes,
    )  # fmt: skip
    counties = question.chosen.counties
    counties = counties[counties["state"].isin(opened.region)].reset_index(drop=True)
    return county_results(
        counties, question.chosen.outcomes, question.area.facilities, points, rule=scenario.rule,
        data_date=question.snapshot.data_date, period=question.chosen.period,
    )  # fmt: skip


def _answer(question: Question, found: CertaintyResult, *, draws: int, seed: int) -> Answer:
    table = found.counties
    region = sorted(question.opened.region)
    drawn = drawn_counties(question.area.counties, table, states=region)
    return Answer(
        command="certainty",
        title=f"{question.place}: how certain classes and minutes are",
        subtitle=f"{draws:,} draws, seed {seed}; facility data to {question.opened.data_date}",
        asked={"draws": draws, "seed": seed, "states": list(question.scenario.states)},
        tables={
            "certainty.csv": (CERTAINTY, table),
            "certainty_shares.csv": (CERTAINTY_SHARES, found.shares),
            "certainty_totals.csv": (CERTAINTY_TOTALS, found.totals),
        },
        map_options={
            "counties": drawn,
            "facilities": drawn_facilities(question.area, "birth_care", counties=drawn, roles={}, words={}),
            "themes": _themes(),
            "facts": [
                Fact(column="march_of_dimes_class", label="Class in the run"),
                Fact(column="minutes_birth_care_p05", label="Minutes to birth care, 5th percentile", form="minutes"),
                Fact(column="minutes_birth_care_p95", label="95th percentile", form="minutes"),
                Fact(column="most_important_input_class", label="What moves the class most"),
                Fact(column="most_important_input_minutes_birth_care", label="What moves the minutes most"),
            ],
        },
        terminal=_tables(found),
        lines=_lines(table),
        words=(_BELIEFS,),
        **question.provenance(),
    )


def _themes() -> list[Any]:
    deserts = [
        probability_theme(
            "Drive-time desert",
            f"p_drive_time_desert_{limit}",
            f"Probability that most women live farther than {limit} minutes",
            label=f"{limit} minutes",
        )
        for limit in (30, 60)
    ]
    minutes = minutes_themes(
        "birth care",
        before="minutes_birth_care_p05",
        after="minutes_birth_care_p95",
        difference=None,
        status_before=None,
        status_after=None,
        note="5th (before) and 95th (after) percentile of the draws.",
    )
    words = "Probability that the county is a maternity care desert"
    return [probability_theme("March of Dimes desert", "p_march_of_dimes_desert", words), *deserts, *minutes]


def _tables(found: CertaintyResult) -> list[TerminalTable]:
    totals = [
        [row["measure"].replace("_", " "), row["unit"], *(number(row[name]) for name in ("run", "p05", "p50", "p95"))]
        for row in records(found.totals)
    ]
    doubtful = found.counties.assign(doubt=(found.counties["p_same_class"] - _EVEN).abs())
    doubtful = doubtful[doubtful["p_same_class"] < 1].sort_values("doubt")
    rows = [
        [f"{row['county_name']}, {row['state']}", row["march_of_dimes_class"], f"{100 * row['p_same_class']:.0f} %",
         f"{100 * row['p_march_of_dimes_desert']:.0f} %", row["most_important_input_class"]]
        for row in records(doubtful.head(SHOWN))
    ]  # fmt: skip
    return [
        TerminalTable(
            title="Totals over the draws", columns=("measure", "of", "run", "5 %", "median", "95 %"), rows=totals
        ),
        TerminalTable(
            title="Counties whose class is least certain",
            columns=("county", "class", "same in", "P(desert)", "moved most by"),
            rows=rows,
        ),
    ]  # fmt: skip


def _lines(table: pd.DataFrame) -> list[str]:
    few = int(table["draws"].max()) if len(table) else 0
    lines = [f"{few} draws are few: percentiles of fewer than {ENOUGH} mean little."] if few < ENOUGH else []
    moved = table["most_important_input_class"].value_counts()
    parts = ", ".join(f"{name} {count:,}" for name, count in moved.items())
    return [*lines, f"What moves the class most, by county: {parts}."]
