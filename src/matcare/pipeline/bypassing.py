"""Who passed the nearest capable unit, by a user's flows: ``matcare bypass``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcare.contracts.bypass import BYPASS, FLOWS_LEFT_OUT
from matcare.measures.bypass import bypass
from matcare.pipeline.drawing import drawn_counties, drawn_facilities, short_care
from matcare.pipeline.outputs import deliver
from matcare.pipeline.questions import Question, ask, number, records, share
from matcare.pipeline.report import SILENT
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.map.comparison import Fact
from matcare.publish.map.comparison_theme import ComparisonTheme, binned
from matcare.publish.map.comparison_themes import minutes_themes
from matcare.publish.map.legend_rows import YLORBR
from matcare.tables.user_flows import Flows, read_flows

if TYPE_CHECKING:
    import pandas as pd

    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario

__all__ = ["observe_bypass"]

SHOWN: Final = 10
"""Rows of a table on the terminal."""


def observe_bypass(
    scenario: Scenario,
    flows: Path,
    *,
    service: str = "birth_care",
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Answer:
    """Hold a user's flows against the nearest capable units, and write what was found.

    Parameters
    ----------
    scenario : Scenario
        Facilities, roads and speeds.
    flows : pathlib.Path
        Births or discharges by residence (county or ZIP code) and hospital.
    service : str
        Whose units are capable.
    data_dir, out : pathlib.Path, optional
        Data tables in place of the embedded ones; output folder.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Answer
        ``bypass.csv``, ``flows_left_out.csv``.

    Raises
    ------
    InputError
        When the file or an option is not usable, or no row is left.
    OutputError
        When the output cannot be written.
    """
    report = report or SILENT
    target = out or Path("maps") / f"bypass-{scenario.region}"

    def make() -> Answer:
        question = ask(scenario, data_dir=data_dir, report=report)
        with report.step("flows"):
            read = read_flows(flows, question.chosen.counties, question.area.facilities)
            found = bypass(question.area, read.cells, service=service)
        return _answer(question, found.table, read, (*read.notes, *found.notes), flows=flows, service=service)

    return deliver(make, command="bypass", target=target, report=report)


def _answer(
    question: Question, table: pd.DataFrame, flows_read: Flows, notes: tuple[str, ...], *, flows: Path, service: str
) -> Answer:
    by_county = table[table["scope"] == "county"].rename(columns={"place": "county_fips"})
    states = sorted(
        set(question.area.counties.loc[question.area.counties["county_fips"].isin(by_county["county_fips"]), "state"])
    ) or sorted(question.opened.region)
    drawn = drawn_counties(question.area.counties, by_county.drop(columns=["scope", "place_name"]), states=states)
    used = set(table.loc[table["scope"] == "facility", "place"])
    rows = {row: "receiving" for row, unit in enumerate(question.area.facilities["facility_id"]) if unit in used}
    words = dict.fromkeys(rows, "A hospital that the flows name.")
    left = flows_read.left_out
    return Answer(
        command="bypass",
        title=f"Observed bypass of the nearest {short_care(service)}",
        subtitle=f"flows: {flows.name}; facility data to {question.opened.data_date}",
        asked={"flows": flows.name, "service": service},
        tables={"bypass.csv": (BYPASS, table), "flows_left_out.csv": (FLOWS_LEFT_OUT, left)},
        map_options={
            "counties": drawn,
            "facilities": drawn_facilities(question.area, service, counties=drawn, roles=rows, words=words),
            "themes": [
                ComparisonTheme(
                    family="Passed the nearest unit", column="share_bypassed",
                    title=f"Share of births at another hospital than the nearest {short_care(service)}, estimated",
                    note="Of the flows that are kept; bounds stand in the county's panel.",
                    classes=binned(_SHARES, _SHARE_WORDS, YLORBR[: len(_SHARES)]), form="share",
                ),
                *(
                    replace(theme, view=_VIEWS[theme.view])
                    for theme in minutes_themes(
                        short_care(service), before="minutes_to_nearest", after="minutes_to_used", difference=None,
                        status_before=None, status_after=None, note="Of the flows that are kept, from the same points.",
                    )
                ),
            ],
            "facts": [
                Fact(column="minutes_added", label="Minutes more than to the nearest", form="minutes"),
                Fact(column="share_bypassed", label="Passed the nearest", form="share"),
                Fact(column="share_bypassed_low", label="at least", form="share"),
                Fact(column="share_bypassed_high", label="at most", form="share"),
            ],
        },
        terminal=_tables(table),
        lines=_lines(table, left),
        words=(
            ("People have reasons to pass a unit: level of care, insurance, a physician, a closure since. Bypass is no "
            "fault of theirs or of the unit's."),
        ),
        **(question.provenance() | {"notes": (*question.opened.notes, *notes)}),
    )  # fmt: skip


_VIEWS: Final = {"before": "To the nearest", "after": "To the hospital used"}
_SHARES: Final = (0.1, 0.25, 0.5, 0.75, None)
_SHARE_WORDS: Final = ("up to 10 %", "over 10 to 25 %", "over 25 to 50 %", "over 50 to 75 %", "over 75 %")


def _lines(table: pd.DataFrame, left: pd.DataFrame) -> list[str]:
    lines = [f"{len(left):,} rows of the flows were left out; each stands in flows_left_out.csv with its reason."]
    elsewhere = float(table.loc[table["scope"] == "all", "births_at_units_without_service"].sum())
    if elsewhere > 0:
        lines.append(
            f"{elsewhere:,.0f} births of the file are at hospitals that do not count for the service: no share."
        )
    return lines


def _tables(table: pd.DataFrame) -> list[TerminalTable]:
    def rows(scope: str) -> list[list[str]]:
        chosen = table[table["scope"] == scope].sort_values("births", ascending=False)
        return [
            [str(row["place_name"]), number(row["births"]), share(row["share_bypassed"]),
             f"{share(row['share_bypassed_low'])}-{share(row['share_bypassed_high'])}", number(row["minutes_added"], 1)]
            for row in records(chosen.head(SHOWN))
        ]  # fmt: skip

    heads = ("", "births", "bypassed", "bounds", "min. added")
    return [
        TerminalTable(title="All flows", columns=heads, rows=rows("all")),
        TerminalTable(title="Counties of residence, most births first", columns=heads, rows=rows("county")),
        TerminalTable(title="Hospitals used", columns=heads, rows=rows("facility")),
    ]
