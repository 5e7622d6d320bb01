"""What a planning question is answered with: tables, a map that compares, where every number comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table as Shown

from matcare.errors import InputError
from matcare.publish.exports import write_csv, write_dictionary, write_json
from matcare.publish.map.comparison import write_comparison_map
from matcare.publish.provenance import (
    CAVEATS,
    answer_licence,
    made_by,
    minutes_sources,
    own_roads,
    short_minutes_sources,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from rich.console import Console

    from matcare.contracts import Table
    from matcare.scenario import Scenario

__all__ = ["Answer", "TerminalTable", "print_answer", "write_answer"]


@dataclass(frozen=True, kw_only=True)
class TerminalTable:
    """A table for the terminal, in 80 columns.

    Attributes
    ----------
    title : str
        Above it.
    columns : sequence of str
        Heads; the first column is text, the others stand to the right.
    rows : sequence of sequence of str
        As they are shown.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer to one planning question.

    Attributes
    ----------
    command : str
        ``"close"``, ``"site"`` …
    title, subtitle : str
        Head of the map and of what the terminal shows.
    asked : mapping
        The question's options, in JSON's types.
    scenario : Scenario
        The scenario that it was asked of.
    tables : mapping of str to (Table, pandas.DataFrame)
        By file name; each keeps its contract.
    map_options : mapping, optional
        As :func:`matcare.publish.map.comparison.write_comparison_map` takes them, without title, notes and sources.
    terminal : sequence of TerminalTable
        What is printed.
    lines : sequence of str
        Printed below, a sentence each.
    words : sequence of str
        What must be said wherever the result stands, beside the caveats of every run.
    found : mapping
        Further numbers for ``run.json``.
    data_date : str
    corrections, notes : tuple of str
    profile, roads, table_hashes : mapping
        As in :class:`matcare.publish.results.Results`.
    written : dict of pathlib.Path to int
        Files and their bytes, once written.
    """

    command: str
    title: str
    subtitle: str = ""
    asked: Mapping[str, Any]
    scenario: Scenario
    tables: Mapping[str, tuple[Table, pd.DataFrame]]
    map_options: Mapping[str, Any] | None = None
    terminal: Sequence[TerminalTable] = ()
    lines: Sequence[str] = ()
    words: Sequence[str] = ()
    found: Mapping[str, Any] = field(default_factory=dict)
    data_date: str
    corrections: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)
    roads: Mapping[str, Any] = field(default_factory=dict)
    table_hashes: Mapping[str, str] = field(default_factory=dict)
    written: dict[Path, int] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return one of the tables by its file name, such as ``closures.csv``.

        Raises
        ------
        InputError
            When the answer has no such table; the message names those that it has.
        """
        if name not in self.tables:
            raise InputError(f"`matcare {self.command}` has no {name}: give {', '.join(self.tables) or 'none'}")
        return self.tables[name][1]


def write_answer(answer: Answer, folder: Path) -> None:
    """Write every file of an answer.

    Parameters
    ----------
    answer : Answer
        What was found.
    folder : pathlib.Path
        Existing folder; files of the same name are replaced.

    Raises
    ------
    ContractError
        When a table does not keep its contract (a defect of ours, found before it is written).
    """
    for name, (table, frame) in answer.tables.items():
        write_csv(table.validate(frame, where=name), folder / name, table)
    write_dictionary(folder / "dictionary.csv", {name: table for name, (table, _) in answer.tables.items()})
    about = _provenance(answer)
    write_json(folder / "run.json", about)
    if answer.map_options is not None:
        write_comparison_map(
            folder / "map.html",
            title=answer.title,
            subtitle=answer.subtitle,
            notes=[*answer.words, *answer.lines, *(f"Correction in force: {text}" for text in answer.corrections),
                   *answer.notes, *CAVEATS],
            sources=[*own_roads(answer.roads), *short_minutes_sources()],
            data_date=answer.data_date,
            run_date=about["created"][:10],
            **answer.map_options,
        )  # fmt: skip


def _provenance(answer: Answer) -> dict[str, Any]:
    """Return what leads every number of an answer back to its source."""
    licences = {
        **{name: answer_licence(table.licence, answer.roads) for name, (table, _) in answer.tables.items()},
        "dictionary.csv": "MIT",
        "run.json": "MIT; the sources' terms stand under `sources`",
    }
    if answer.map_options is not None:
        licences["map.html"] = f"{answer_licence('facts', answer.roads)}; Leaflet: BSD-2-Clause"
    return made_by() | {
        "command": answer.command,
        "title": answer.title,
        "asked": dict(answer.asked),
        "scenario": answer.scenario.as_dict(),
        "data_date": answer.data_date,
        "corrections": list(answer.corrections),
        "notes": list(answer.notes),
        "found": dict(answer.found),
        "said_with_it": list(answer.words),
        "caveats": list(CAVEATS),
        "profile": dict(answer.profile),
        "roads": dict(answer.roads),
        "licences": licences,
        "tables_sha256": dict(answer.table_hashes),
        "sources": [asdict(source) for source in minutes_sources()],
    }


def print_answer(answer: Answer, console: Console) -> None:
    """Print an answer in 80 columns: its tables, its sentences, its files."""
    console.print()
    console.print(f"[bold]{escape(answer.title)}[/bold]", highlight=False, soft_wrap=True)
    if answer.subtitle:
        console.print(escape(answer.subtitle), highlight=False, soft_wrap=True, style="dim")
    for one in answer.terminal:
        console.print()
        if one.title:
            console.print(escape(one.title), highlight=False, soft_wrap=True)
        shown = Shown(box=None, pad_edge=False, header_style="dim")
        for k, name in enumerate(one.columns):
            shown.add_column(name, justify="left" if k == 0 else "right", overflow="fold")
        for row in one.rows:
            shown.add_row(*(escape(cell) for cell in row))
        console.print(shown, highlight=False)
    console.print()
    date = f"Facility data to {answer.data_date}; correct a unit with --corrections FILE."
    for line in (*answer.lines, *answer.words, *(f"Note: {note}" for note in answer.notes), date):
        console.print(line, highlight=False, soft_wrap=not console.is_terminal, markup=False)
    console.print()
    for path, size in answer.written.items():
        console.print(f"  {escape(str(path))}  [dim]{size / 1e6:.2f} MB[/dim]", highlight=False, soft_wrap=True)
    first = next((path for path in answer.written if path.name == "map.html"), None)
    if first is not None:
        console.print(
            f"Open [bold]{escape(str(first))}[/bold] in a browser; it needs no network.",
            highlight=False,
            soft_wrap=True,
        )
