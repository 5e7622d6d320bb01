"""Two scenarios side by side: ``matcare compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.contracts.closures import access_changes_table, comparison_table
from matcare.errors import InputError
from matcare.pipeline.drawing import drawn_counties, drawn_facilities, newly_beyond, short_care, states_of
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, main_limit, number, records, whole_limits
from matcare.pipeline.report import SILENT
from matcare.pipeline.study_area import OpenedArea, open_area
from matcare.planning.comparison import Comparison, compare_access
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison import CLOSURE_WORDS, Fact
from matcare.publish.map.comparison_themes import access_themes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario

__all__ = ["compare"]

SHOWN: Final = 10
"""Rows of a table on the terminal."""


def compare(
    before: Scenario,
    after: Scenario,
    *,
    service: str = "birth_care",
    limits: Sequence[float] = (30.0, 60.0, 90.0),
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Compare access in two scenarios, such as today and a plan, and write it.

    Parameters
    ----------
    before, after : Scenario
        Facilities, corrections, roads and speeds of each. Their states must be the same: whose access is compared.
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
        ``comparison.csv`` (by county), ``comparison_groups.csv``.

    Raises
    ------
    InputError
        When the scenarios cannot be compared, or a file or an option is not usable.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    if before.states != after.states:
        raise InputError(
            f"the scenarios name other states ({before.region} and {after.region}): give both the same, or neither any"
        )
    if before == after:
        raise InputError("both scenarios are the same: change facilities, corrections, roads or profile in one of them")
    target = out or Path("maps") / f"compare-{after.region}"

    def make() -> Answer:
        question = ask(before, data_dir=data_dir, report=report)
        report.note("now the scenario that it is compared with")
        other = open_area(after, question.snapshot, question.chosen, report=report)
        with report.step("difference"):
            found = compare_access(
                question.opened.area_of_region(), other.area_of_region(), service=service, limits=limits,
                limit_minutes=max(before.search_limit_minutes, after.search_limit_minutes),
                shares=question.shares_by_race(),
            )  # fmt: skip
        return _answer(question, other, after, found, service=service, limits=limits)

    return deliver(make, command="compare", target=target, report=report)


def _answer(
    question: Question, other: OpenedArea, after: Scenario, found: Comparison, *, service: str, limits: Sequence[float]
) -> Answer:
    region = question.opened.region
    inside = found.counties["state"].isin(region)
    counties = found.counties[inside].reset_index(drop=True)
    limit = main_limit(limits)
    drawn = drawn_counties(
        question.area.counties, counties, states=states_of(counties, "women_affected", home=sorted(region))
    )
    points = newly_beyond(question.opened.demand_of_region(), found.before, found.after, limit)
    roles = _roles(question, other, service)
    whole = records(found.groups[found.groups["scope"] == "all"])[0]
    beyond, nearer = (number(whole[f"women_newly_{way}_{limit:g}"]) for way in ("beyond", "within"))
    told = [note for note in other.notes if note not in question.opened.notes]
    return Answer(
        command="compare",
        title=f"{question.place}: {short_care(service)}, before and after",
        subtitle=f"{_what(question.scenario, after)}: {beyond} women newly beyond "
        f"{limit:g} minutes, {nearer} newly within; facility data to {question.opened.data_date}",
        asked={"after": after.as_dict(), "service": service, "within": list(limits)},
        tables={
            "comparison.csv": (comparison_table(limits), counties),
            "comparison_groups.csv": (access_changes_table(limits), found.groups),
        },
        map_options={
            "counties": drawn,
            "facilities": _facilities(question, other, service, drawn, roles),
            "themes": access_themes(short_care(service), limits=whole_limits(limits)),
            "points": points,
            "points_label": f"Block groups newly beyond {limit:g} minutes",
            "facts": [
                Fact(column="women_newly_without_minutes", label="Women left with no unit by road"),
                Fact(column="women_newly_with_minutes", label="Women who gain a way to a unit"),
            ],
        },
        terminal=_tables(counties, whole, limits),
        lines=_lines(counties, whole, limit),
        words=(CLOSURE_WORDS,),
        **(question.provenance() | {"notes": (*question.opened.notes, *told), "corrections": other.corrections}),
    )


def _what(before: Scenario, after: Scenario) -> str:
    """Name what differs between two scenarios."""
    names = ("facilities", "corrections", "roads", "profile", "birth_care_tiers", "search_limit_minutes", "outcomes")
    differ = [name.replace("_", " ") for name in names if getattr(before, name) != getattr(after, name)]
    return f"differing in {', '.join(differ)}" if differ else "the same access"


def _roles(question: Question, other: OpenedArea, service: str) -> dict[str, str]:
    """Say by identifier what became of each unit of the service."""
    sides = []
    for area in (question.area, other.area):
        frame = area.facilities
        sides.append(
            {
                "counts": set(frame.loc[area.members(service), "facility_id"]),
                "open": set(frame.loc[frame["status"] == "open", "facility_id"]),
                "all": set(frame["facility_id"]),
            }
        )
    was, now = sides
    roles = {}
    for unit in was["counts"] - now["counts"]:
        roles[unit] = "downgraded" if unit in now["open"] else "closed"
    for unit in now["counts"] - was["counts"]:
        roles[unit] = "upgraded" if unit in was["open"] else "opened"
    return roles


def _facilities(question: Question, other: OpenedArea, service: str, drawn: Any, roles: dict[str, str]) -> pd.DataFrame:
    """Units of both scenarios: those that are new stand in the second alone."""
    import pandas as pd  # noqa: PLC0415 - beside its only use at run time

    parts = []
    for area, mine in ((question.area, ("closed", "downgraded")), (other.area, ("opened", "upgraded"))):
        ids = area.facilities["facility_id"].to_numpy(dtype=object)
        part = {row: roles[unit] for row, unit in enumerate(ids) if roles.get(unit) in mine}
        words = dict.fromkeys(part, "")
        words |= {row: _ROLE_WORDS[role] for row, role in part.items()}
        parts.append(drawn_facilities(area, service, counties=drawn, roles=part, words=words))
    both = pd.concat(parts, ignore_index=True)
    both["ours"] = np.where(both["role"] == "other", 1, 0)
    both = both.sort_values(["ours", "facility_id"], kind="stable").drop_duplicates("facility_id")
    return both.drop(columns="ours").reset_index(drop=True)


_ROLE_WORDS: Final = {
    "closed": "No longer counts for the service.",
    "downgraded": "Stays open and no longer counts for the service.",
    "opened": "Newly counts for the service.",
    "upgraded": "Was there and newly counts for the service.",
}


def _tables(counties: pd.DataFrame, whole: dict[str, Any], limits: Sequence[float]) -> list[TerminalTable]:
    rows = [["nearest unit or minutes change", number(whole["women_affected"]), number(whole["births_affected"], 1)]]
    rows += [
        [f"newly {way} {limit:g} minutes", number(whole[f"women_newly_{way}_{limit:g}"]),
         number(whole[f"births_newly_{way}_{limit:g}"], 1)]
        for limit in limits
        for way in ("beyond", "within")
    ]  # fmt: skip
    alone = counties["women_newly_without_minutes"].sum()
    if alone > 0:
        rows.append(["left with no unit by road", number(alone), ""])
    moved = counties[counties["women_affected"] > 0]
    moved = moved.assign(size=moved["minutes_change"].abs().fillna(np.inf) * moved["women_affected"])
    moved = moved.sort_values("size", ascending=False)
    by_county = [
        [f"{row['county_name']}, {row['state']}", number(row["women_affected"]), number(row["minutes_before"], 1),
         number(row["minutes_after"], 1), *(number(row[f"women_newly_beyond_{limit:g}"]) for limit in limits)]
        for row in records(moved.head(SHOWN))
    ]  # fmt: skip
    return [
        TerminalTable(title="Women 15-44 and estimated births a year", columns=("", "women", "births"), rows=rows),
        TerminalTable(
            title=f"Counties where most changes ({len(moved):,} in all)",
            columns=("county", "women", "min. before", "after", *(f"new >{limit:g}" for limit in limits)),
            rows=by_county,
        ),
    ]


def _lines(counties: pd.DataFrame, whole: dict[str, Any], limit: float) -> list[str]:
    lines = [
        (
            f"Of {number(whole['women'])} women 15-44 {number(whole['women_affected'])} have another nearest unit or "
            f"other minutes; {number(whole[f'women_newly_beyond_{limit:g}'])} are newly beyond {limit:g} minutes and "
            f"{number(whole[f'women_newly_within_{limit:g}'])} newly within."
        )
    ]
    for desert in (30, 60):
        column = f"drive_time_desert_{desert}_change"
        for word, one, several in (("becomes", "becomes", "become"), ("ceases", "ceases to be", "cease to be")):
            names = [f"{row['county_name']} ({row['state']})" for row in records(counties[counties[column] == word])]
            what = f"1 county {one} a" if len(names) == 1 else f"{len(names):,} counties {several}"
            if names:
                more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
                lines.append(
                    f"{what} {desert}-minute drive-time desert{'' if len(names) == 1 else 's'}: "
                    f"{', '.join(names[:SHOWN])}{more}."
                )
    return lines
