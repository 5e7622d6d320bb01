"""What if units close: ``matcare close``; which units to protect: ``matcare fragility``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.contracts.closures import (
    CLOSURE_UNITS,
    UNIT_BIRTHS,
    access_changes_table,
    comparison_table,
    fragility_table,
)
from matcare.measures.unit_births import allocate_births, unit_births
from matcare.pipeline.drawing import drawn_counties, drawn_facilities, newly_beyond, short_care, states_of
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, main_limit, number, records, whole_limits
from matcare.pipeline.report import SILENT
from matcare.planning.closures import BIRTH_CARE, NOT_EVIDENCE, Closure, close_units, today
from matcare.planning.comparison import changes_by_county
from matcare.planning.fragility import fragility, women_with_one_unit
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison import CLOSURE_WORDS, Fact
from matcare.publish.map.comparison_themes import access_themes, newly_beyond_theme
from matcare.tables.facility_names import find_facilities, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from matcare.pipeline.report import Report
    from matcare.publish.map.comparison_theme import ComparisonTheme
    from matcare.scenario import Scenario

__all__ = ["close", "rank_fragility"]

SHOWN: Final = 8
"""Rows of a table on the terminal."""
NOTABLE_LOAD: Final = 1.02
"""A unit that takes less than this times its births is not marked on the map."""
MOST_SHOWN: Final = 15
"""Rows of a ranking on the terminal."""


def close(
    scenario: Scenario,
    units: Sequence[str],
    *,
    service: str = "birth_care",
    level_to: str | None = None,
    limits: Sequence[float] = (30.0, 60.0, 90.0),
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Say what the closure of units, or of a level, would do, and write it.

    Parameters
    ----------
    scenario : Scenario
        Today, with its facilities, corrections and roads. Everyone's trips count, whatever states it names.
    units : sequence of str
        Facility identifiers or names.
    service : str
        The service that is lost.
    level_to : str, optional
        The neonatal level that the units keep, instead of closing.
    limits : sequence of float
        Minutes, ascending.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Answer
        ``closures.csv`` (by county), ``closure_units.csv``, ``closure_groups.csv``.

    Raises
    ------
    InputError
        When a unit is unknown, ambiguous, closed already or does not offer the service; when an option is not usable.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    name = "-".join("".join(c if c.isalnum() else "-" for c in unit.lower()).strip("-") for unit in units)
    target = out or Path("maps") / f"close-{name[:60]}"

    def make() -> Answer:
        question = ask(scenario, data_dir=data_dir, report=report, nationwide=True)
        rows = find_facilities(question.area.facilities, units)
        with report.step(f"today's {short_care(service)}"):
            before = today(question.area, service, limit_minutes=scenario.search_limit_minutes)
        with report.step("closure"):
            closure = close_units(
                question.area, rows, service=service, limits=limits, level_to=level_to, before=before,
                shares=question.shares_by_race(),
            )  # fmt: skip
        return _closure_answer(question, closure, units)

    return deliver(make, command="close", target=target, report=report)


def _closure_answer(question: Question, closure: Closure, units: Sequence[str]) -> Answer:
    area, service, limits = question.area, closure.service, closure.limits
    names = [label(area.facilities.iloc[row]) for row in closure.rows]
    what = "close" if closure.level_to is None else "keep"
    level = "" if closure.level_to is None else f" level {closure.level_to}"
    limit = main_limit(limits)
    counties = closure.counties
    home = sorted(area.facilities.iloc[closure.rows]["state"].unique())
    states = states_of(counties, "women_affected", home=home)
    everyone = changes_by_county(
        area.counties, area.demand, closure.was.people, closure.before, closure.after, service=service, limits=limits
    )
    drawn = drawn_counties(area.counties, everyone, states=states)
    affected = counties[counties["women_affected"] > 0].sort_values("women_affected", ascending=False)
    whole = closure.groups[closure.groups["scope"] == "all"].iloc[0]
    return Answer(
        command="close",
        title=f"If {' and '.join(names)} {what}{'s' if len(names) == 1 else ''}{level}",
        subtitle=f"{short_care(service)}: {number(whole['women_affected'])} women lose their nearest unit, "
        f"{number(whole[f'women_newly_beyond_{limit:g}'])} newly beyond {limit:g} minutes; facility data to "
        f"{question.opened.data_date}",
        asked={
            "units": list(units), "facility_ids": area.facilities.iloc[closure.rows]["facility_id"].tolist(),
            "service": service, "level_to": closure.level_to, "within": list(limits),
        },
        tables={
            "closures.csv": (comparison_table(limits), counties),
            "closure_units.csv": (CLOSURE_UNITS, closure.units),
            "closure_groups.csv": (access_changes_table(limits), closure.groups),
        },
        map_options={
            "counties": drawn,
            "facilities": _closure_facilities(question, closure, drawn),
            "themes": access_themes(short_care(service), limits=whole_limits(limits), gains=False),
            "points": newly_beyond(area.demand, closure.before, closure.after, limit),
            "points_label": f"Block groups newly beyond {limit:g} minutes",
            "facts": [
                Fact(column="women_affected", label="Women who lose their nearest unit"),
                Fact(column="women_newly_without_minutes", label="of them left with no unit by road"),
            ],
        },
        terminal=_closure_tables(closure, affected, whole),
        lines=_closure_lines(closure, whole, limit),
        words=(
            CLOSURE_WORDS,
            *_LEVEL_WORDS[service not in BIRTH_CARE],
            *(text for text in closure.warnings if text != NOT_EVIDENCE),
        ),
        found={"births_lost": None if np.isnan(closure.births_lost) else round(closure.births_lost, 1)},
        **question.provenance(),
    )  # fmt: skip


_LEVEL_WORDS: Final = {
    True: (
        "Levels stand with their source and date; not for choosing where to give birth or where an ambulance goes.",
        "A NICU of unknown level counts for neonatal_3_plus_or_nicu alone: ask that before saying that none is near.",
    ),
    False: (),
}


def _closure_facilities(question: Question, closure: Closure, drawn: Any) -> pd.DataFrame:
    row_of = dict(zip(question.area.facilities["facility_id"], range(len(question.area.facilities)), strict=True))
    roles: dict[int, str] = {}
    words: dict[int, str] = {}
    for unit in records(closure.units):
        takes = unit["women_nearest_after"] > unit["women_nearest_before"] or unit["load"] >= NOTABLE_LOAD
        if unit["role"] == "receives" and not takes:
            continue  # gravity gives a little to every unit within two hours
        row = row_of[unit["facility_id"]]
        roles[row] = {"closes": "closed", "loses_level": "downgraded", "receives": "receiving"}[unit["role"]]
        more = ""
        if np.isfinite(unit["load"]):
            more = f"; about {100 * (unit['load'] - 1):+.0f} % births ({unit['load_basis']})"
        before, after = unit["women_nearest_before"], unit["women_nearest_after"]
        words[row] = f"Nearest unit of {before:,.0f} women before, {after:,.0f} after{more}"
    return drawn_facilities(question.area, closure.service, counties=drawn, roles=roles, words=words)


def _closure_tables(closure: Closure, affected: pd.DataFrame, whole: pd.Series) -> list[TerminalTable]:
    limits = closure.limits
    people = [
        [f"newly beyond {limit:g} minutes", number(whole[f"women_newly_beyond_{limit:g}"]),
         number(whole[f"births_newly_beyond_{limit:g}"], 1)]
        for limit in limits
    ]  # fmt: skip
    first = ["nearest unit changes", number(whole["women_affected"]), number(whole["births_affected"], 1)]
    alone = closure.counties["women_newly_without_minutes"].sum()
    if alone > 0:
        people.append(["left with no unit by road", number(alone), ""])
    counties = [
        [f"{row['county_name']}, {row['state']}", number(row["women_affected"]), number(row["minutes_before"], 1),
         number(row["minutes_after"], 1), *(number(row[f"women_newly_beyond_{limit:g}"]) for limit in limits)]
        for row in records(affected.head(SHOWN))
    ]  # fmt: skip
    of_births = closure.service in BIRTH_CARE
    units = [
        [f"{row['facility_name']}, {row['state']}", number(row["women_nearest_after"] - row["women_nearest_before"]),
         *((number(row["births_shifted"], 1), _more(row["load"])) if of_births else ())]
        for row in records(closure.units[closure.units["role"] == "receives"].head(SHOWN))
    ]  # fmt: skip
    return [
        TerminalTable(
            title="Women 15-44 and estimated births a year", columns=("", "women", "births"), rows=[first, *people]
        ),
        TerminalTable(
            title=f"Counties with most women affected ({len(affected):,} in all, closures.csv)",
            columns=("county", "women", "min. before", "after", *(f"new >{limit:g}" for limit in limits)),
            rows=counties,
        ),
        TerminalTable(
            title=_TAKERS[of_births], columns=("unit", "women", *(("births", "load") if of_births else ())), rows=units
        ),
    ]


_TAKERS: Final = {
    True: "Who takes them, first rows of closure_units.csv (women: by nearest unit; births\n"
    "and load: estimated by gravity)",
    False: "Who takes them, first rows of closure_units.csv (by nearest unit)",
}


def _more(load: float) -> str:
    return f"{100 * (load - 1):+.0f} %" if np.isfinite(load) else "–"


def _closure_lines(closure: Closure, whole: pd.Series, limit: float) -> list[str]:
    beyond = number(whole[f"women_newly_beyond_{limit:g}"])
    alone = closure.counties["women_newly_without_minutes"].sum()
    left = f" {number(alone)} of them would have no unit by road." if alone > 0 else ""
    lines = [
        (
            f"Of {number(whole['women'])} women 15-44 in the data {number(whole['women_affected'])} would lose "
            f"their nearest unit; who has another drives {number(whole['minutes_added'], 1)} minutes more on average "
            f"(at most {number(whole['minutes_added_most'], 1)}). {beyond} would be newly beyond {limit:g} "
            f"minutes.{left}"
        )
    ]
    if closure.service in BIRTH_CARE:
        lost = f"; {closure.births_lost:,.1f} would have no unit within two hours" if closure.births_lost > 0 else ""
        lines.append(
            "Births by unit are estimated by gravity from beds and minutes: where they can be checked, right within a "
            f"factor of two for three units in four{lost}."
        )
    across = closure.groups[(closure.groups["scope"] == "state") & (closure.groups["women_affected"] > 0)]
    if len(across) > 1:
        parts = [f"{row['group']} {number(row['women_affected'])}" for row in records(across)]
        lines.append(f"By home state: {', '.join(parts)} women affected.")
    return lines


def rank_fragility(
    scenario: Scenario,
    *,
    service: str = "birth_care",
    limits: Sequence[float] = (30.0, 60.0, 90.0),
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Say of every unit what its loss alone would do, and write the list of units to protect.

    Parameters
    ----------
    scenario : Scenario
        Its states' units are listed; everyone's trips count.
    service : str
        The service.
    limits : sequence of float
        Minutes, ascending.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Answer
        ``fragility.csv``, ``unit_births.csv`` for birth care.

    Raises
    ------
    InputError
        When an option is not usable.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    target = out or Path("maps") / f"fragility-{scenario.region}"

    def make() -> Answer:
        question = ask(scenario, data_dir=data_dir, report=report, nationwide=True)
        with report.step("every unit's loss"):
            table = fragility(
                question.area, service, limits=limits, limit_minutes=scenario.search_limit_minutes,
                states=scenario.states,
            )  # fmt: skip
        tables: dict[str, Any] = {"fragility.csv": (fragility_table(limits), table)}
        if service in {"birth_care", "birth_care_corroborated"}:
            with report.step("estimated births by unit"):
                births = unit_births(question.area, service, allocation=allocate_births(question.area, service=service))
            births = births[births["facility_id"].isin(table["facility_id"])].reset_index(drop=True)
            tables["unit_births.csv"] = (UNIT_BIRTHS, births)
        return _fragility_answer(question, table, tables, service=service, limits=limits)

    return deliver(make, command="fragility", target=target, report=report)


def _telling_limit(table: pd.DataFrame, limits: Sequence[float]) -> float:
    """Return the hour, or where no loss puts anyone beyond it the longest shorter limit beyond which one does."""
    limit = main_limit(limits)
    telling = [one for one in limits if one <= limit and table[f"women_newly_beyond_{one:g}"].sum() > 0]
    return max(telling, default=limit)


def _one_unit_themes(care: str, limit: int) -> list[ComparisonTheme]:
    """Return the women with one unit within a limit, and those with none, where they live."""
    words = {
        "women_one_unit": (
            "Women with one unit",
            f"Women 15-44 with one unit within {limit} minutes: its loss alone puts them beyond",
        ),
        "women_none": ("Women beyond reach today", f"Women 15-44 beyond {limit} minutes of {care} today"),
    }
    return [
        replace(
            newly_beyond_theme(care, limit, column=f"{column}_{limit}"),
            family=family, title=title, note="Counted where they live.",
        )
        for column, (family, title) in words.items()
    ]  # fmt: skip


def _fragility_answer(
    question: Question, table: pd.DataFrame, tables: dict[str, Any], *, service: str, limits: Sequence[float]
) -> Answer:
    area = question.area
    limit = _telling_limit(table, limits)
    column = f"women_newly_beyond_{limit:g}"
    shown_limits = sorted(whole_limits(limits) or [max(int(limit), 1)], key=lambda one: one != limit)  # that one first
    by_county = area.counties[["county_fips"]]
    for one in shown_limits:
        counted = women_with_one_unit(area, service, limit=one).set_index("county_fips")
        by_county = by_county.join(counted[["women_one_unit", "women_none"]].add_suffix(f"_{one}"), on="county_fips")
    states = sorted(set(question.scenario.states) or set(area.counties["state"]))
    drawn = drawn_counties(area.counties, by_county, states=states)
    row_of = dict(zip(area.facilities["facility_id"], range(len(area.facilities)), strict=True))
    shown = table[table[column] > 0]
    words = {
        row_of[row["facility_id"]]: (
            f"Number {row['order']:,} of the units to protect: its loss alone would put {number(row[column])} women "
            f"beyond {limit:g} minutes; it is the nearest of {number(row['women_nearest'])}."
        )
        for row in records(table)
    }
    roles = {row_of[unit]: "protect" for unit in shown["facility_id"]}
    rows = [
        [f"{row['facility_name']}, {row['state']}", number(row["women_nearest"]),
         *(number(row[f"women_newly_beyond_{one:g}"]) for one in limits), number(row["minutes_added"], 1)]
        for row in records(table.head(MOST_SHOWN))
    ]  # fmt: skip
    return Answer(
        command="fragility",
        title=f"Units to protect: {question.place}, {short_care(service)}",
        subtitle=f"what the loss of each alone would do: {len(shown):,} of {len(table):,} are the last within "
        f"{limit:g} minutes for somebody; facility data to {question.opened.data_date}",
        asked={"service": service, "within": list(limits), "states": list(question.scenario.states)},
        tables=tables,
        map_options={
            "counties": drawn,
            "facilities": drawn_facilities(area, service, counties=drawn, roles=roles, words=words),
            "themes": [
                theme
                for one in shown_limits
                for theme in _one_unit_themes(short_care(service), one)
            ],
        },
        terminal=[
            TerminalTable(
                title=f"{len(table):,} units, {len(shown):,} whose loss alone puts women beyond {limit:g} minutes",
                columns=("unit", "nearest of", *(f"new >{one:g}" for one in limits), "min. added"),
                rows=rows,
            )
        ],
        lines=[f"All {len(table):,} units stand in fragility.csv, most women newly beyond {limit:g} minutes first."],
        words=(CLOSURE_WORDS,),
        **question.provenance(),
    )  # fmt: skip
