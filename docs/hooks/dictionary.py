# ruff: noqa: INP001 - a hook that MkDocs loads by its path, not a package
"""The data dictionary: every table and column, printed from the contracts that the program itself keeps."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from matcare.contracts import EMBEDDED, MINUTES, MINUTES_PER_ORIGIN, OUTPUTS, Column, Table
from matcare.contracts.bypass import BYPASS, FLOWS_LEFT_OUT
from matcare.contracts.catchments import CATCHMENT_UNITS, CATCHMENTS
from matcare.contracts.certainty import CERTAINTY, CERTAINTY_SHARES, CERTAINTY_TOTALS
from matcare.contracts.closures import ACCESS_CHANGES, CLOSURE_UNITS, COMPARISON
from matcare.contracts.perinatal_periods import PERINATAL_COUNTS, PERINATAL_PERIODS
from matcare.contracts.siting import SITING, SITING_OUT_OF_REACH, SITING_TOTALS, SITING_UNITS
from matcare.contracts.surface import PEOPLE_POINTS, POINT_MINUTES
from matcare.contracts.timeline import TIMELINE, TIMELINE_CHANGES, UNIT_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PLANNING: Final[dict[str, Table]] = {
    "closures.csv (matcare close)": COMPARISON,
    "closure_units.csv (matcare close)": CLOSURE_UNITS,
    "closure_groups.csv (matcare close)": ACCESS_CHANGES,
    "fragility.csv (matcare fragility)": OUTPUTS["fragility.csv"],
    "unit_births.csv (matcare fragility)": OUTPUTS["unit_births.csv"],
    "comparison.csv (matcare compare)": COMPARISON,
    "comparison_groups.csv (matcare compare)": ACCESS_CHANGES,
    "siting.csv (matcare site)": SITING,
    "siting_units.csv (matcare site)": SITING_UNITS,
    "siting_totals.csv (matcare site)": SITING_TOTALS,
    "siting_out_of_reach.csv (matcare site)": SITING_OUT_OF_REACH,
    "certainty.csv (matcare certainty)": CERTAINTY,
    "certainty_shares.csv (matcare certainty)": CERTAINTY_SHARES,
    "certainty_totals.csv (matcare certainty)": CERTAINTY_TOTALS,
    "catchments.csv (matcare catchments)": CATCHMENTS,
    "catchment_units.csv (matcare catchments)": CATCHMENT_UNITS,
    "bypass.csv (matcare bypass)": BYPASS,
    "flows_left_out.csv (matcare bypass)": FLOWS_LEFT_OUT,
    "timeline.csv (matcare replay)": TIMELINE,
    "timeline_changes.csv (matcare replay)": TIMELINE_CHANGES,
    "events.csv (given to matcare replay)": UNIT_EVENTS,
    "minutes.csv (matcare minutes)": MINUTES,
    "minutes_origins.csv (matcare minutes)": MINUTES_PER_ORIGIN,
    "counts.csv (given to matcare perinatal-periods)": PERINATAL_COUNTS,
    "ppor.csv (matcare perinatal-periods)": PERINATAL_PERIODS,
    "people (matcare surface people)": PEOPLE_POINTS,
    "minutes at points (matcare surface at)": POINT_MINUTES,
}
"""Tables of the commands beside ``matcare run``, by file name and command."""

MARKS: Final[dict[str, Mapping[str, Table]]] = {
    "<!-- printed: columns of a run -->": OUTPUTS,
    "<!-- printed: columns of other commands -->": PLANNING,
    "<!-- printed: columns of the embedded data -->": EMBEDDED,
}
"""Where a page has the mark, the tables are printed."""

_CODE: Final = re.compile(r"`([^`]+)`")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names the parameters
    """Print the tables at a page's marks."""
    for mark, tables in MARKS.items():
        if mark in markdown:
            markdown = markdown.replace(mark, "\n\n".join(printed(name, table) for name, table in tables.items()))
    return markdown


def printed(name: str, table: Table) -> str:
    """Return one table as Markdown with an HTML table in it: a row a column of the contract."""
    key = f" One row is named by {', '.join(f'`{part}`' for part in table.primary_key)}." if table.primary_key else ""
    anchor = name.partition(" (")[0].replace(" ", "-")
    rows = "\n".join(_row(anchor, column, said) for column, said in zip(table.columns, _said(table), strict=True))
    heads = "".join(f'<th scope="col">{words}</th>' for words in ("Column", "What it says", "Source"))
    return (
        f"## {name}\n\n**{escape(table.title)}.** {escape(table.description)}{key} "
        f"{len(table.columns)} columns; licence: {escape(table.licence)}.\n\n"
        f'<div class="columns" tabindex="0" role="region" aria-label="Columns of {escape(name)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></div>"
    )


def _said(table: Table) -> list[str]:
    """Return what each column allows, in the words of the dictionary that goes with an export."""
    return [str(text) for text in table.dictionary()["allowed"]]


def _row(anchor: str, column: Column, allowed: str) -> str:
    unit = f" · {escape(column.unit)}" if column.unit else ""
    missing = "never missing" if column.required else "may be missing"
    words = _CODE.sub(r"<code>\1</code>", escape(column.description))
    values = f" <br><small>Allowed: {_allowed(column, allowed)}</small>" if allowed else ""
    return (
        f'<tr id="{escape(anchor)}--{escape(column.name)}"><th scope="row"><code>{_breakable(column.name)}</code> <br>'
        f"<small>{column.kind}{unit} · {missing}</small></th> "
        f'<td>{words}{values}</td> <td data-head="Source"><small>{_breakable(column.source)}</small></td></tr>'
    )


def _allowed(column: Column, allowed: str) -> str:
    if column.values:
        return ", ".join(f"<code>{_breakable(value)}</code>" for value in column.values)
    if column.pattern and allowed == column.pattern:
        return f"texts of the form <code>{escape(allowed)}</code>"
    if allowed.endswith(" to"):
        return f"{escape(allowed.removesuffix(' to'))} or more"
    return escape(allowed)


def _breakable(name: str) -> str:
    """Let a long name break after its underscores."""
    return escape(name).replace("_", "_<wbr>")
