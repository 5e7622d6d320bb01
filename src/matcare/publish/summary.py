"""What the terminal shows: progress, the summary of a run, the sources, the state of the data."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from rich.console import Console
    from rich.status import Status

    from matcare.sources.fetch import Fetched

__all__ = ["Progress", "Summary", "print_fetched", "print_sources", "print_summary", "print_verification"]


_FIRST_LINE_SECONDS: Final = 5.0
_MOST_SECONDS: Final = 60.0
_REDRAW_SECONDS: Final = 0.2
"""Pauses between two lines, or two states of the bar."""


class Progress:
    """Steps of a long job: a spinner on a terminal, plain lines elsewhere.

    Parameters
    ----------
    console : rich.console.Console
        Where to show them.
    """

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Show that a step is under way, and how long it took."""
        start = time.perf_counter()
        if self.console.is_terminal:
            with self.console.status(f"{escape(words)} …"):
                yield
        else:
            yield
        self.console.print(f"  {escape(words)}  [dim]{time.perf_counter() - start:.1f} s[/dim]", highlight=False)

    @contextmanager
    def counting(self, words: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show how many of many are done, and how fast: a bar on a terminal, a line now and then elsewhere.

        Parameters
        ----------
        words : str
            What is counted, such as ``"briefs"``.
        total : int
            How many there are.

        Yields
        ------
        callable
            Called with how many more are done.
        """
        count = _Count(self.console, words, total)
        if self.console.is_terminal:
            with self.console.status(f"{escape(words)} …") as status:
                count.status = status
                yield count.advance
        else:
            yield count.advance
        self.console.print(f"  {escape(count.told())}  [dim]{count.seconds():.1f} s[/dim]", highlight=False)

    def note(self, words: str) -> None:
        """Show a line that the reader should not miss."""
        self.console.print(f"  [yellow]note[/yellow] {escape(words)}", highlight=False, markup=True, soft_wrap=True)


class _Count:
    """How far a long job has come."""

    def __init__(self, console: Console, words: str, total: int) -> None:
        self.console, self.words, self.total = console, words, total
        self.status: Status | None = None
        self.done = 0
        self.began = self.last = time.monotonic()
        self.pause = _FIRST_LINE_SECONDS

    def advance(self, more: int = 1) -> None:
        """Count some more, and tell it when it is time."""
        self.done += more
        now = time.monotonic()
        if self.status is not None:
            if now - self.last >= _REDRAW_SECONDS:
                self.last = now
                self.status.update(f"{escape(self.told())} …")
        elif now - self.last >= self.pause:
            self.last, self.pause = now, min(2 * self.pause, _MOST_SECONDS)
            self.console.print(f"    {escape(self.told())}", highlight=False)

    def told(self) -> str:
        """Say how many are done, of how many, and how fast."""
        rate = self.done / max(self.seconds(), 1e-9)
        return f"{self.words}: {self.done:,} of {self.total:,}, {rate:,.3g} a second"

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self.began


@dataclass(frozen=True)
class Summary:
    """The numbers of a run that go to the terminal.

    Attributes
    ----------
    title : str
        Region and what it is.
    classes : pandas.DataFrame
        ``class, counties, women_15_44, births_per_year, share_women``.
    access : pandas.DataFrame
        ``service, minutes, within_30, within_60, within_90, no_minutes``.
    lines : sequence of str
        Further facts, one a line.
    written : mapping of pathlib.Path to int
        Files and their bytes.
    """

    title: str
    classes: pd.DataFrame
    access: pd.DataFrame
    lines: Sequence[str]
    written: Mapping[Path, int]


def print_summary(summary: Summary, console: Console) -> None:
    """Print a run's summary in 80 columns."""
    console.print()
    console.print(f"[bold]{escape(summary.title)}[/bold]", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("March of Dimes class")
    for name in ("counties", "women 15-44", "births a year", "women"):
        table.add_column(name, justify="right")
    for row in summary.classes.itertuples(index=False):
        table.add_row(
            str(row[0]).replace("_", " "),
            f"{row[1]:,}",
            f"{row[2]:,.0f}",
            f"{row[3]:,.0f}",
            f"{100 * float(row[4]):.1f} %",
        )
    console.print(table)
    console.print()
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Women 15-44: drive to the nearest", max_width=36)
    for name in ("mean min", "≤30", "≤60", "≤90", "none"):
        table.add_column(name, justify="right")
    for row in summary.access.itertuples(index=False):
        shares = [f"{100 * float(value):.1f} %" for value in row[2:6]]
        table.add_row(str(row[0]), f"{float(row[1]):.1f}", *shares)
    console.print(table)
    console.print()
    for line in summary.lines:
        console.print(line, highlight=False, soft_wrap=not console.is_terminal, markup=False)
    console.print()
    for folder, files in _by_folder(summary.written).items():
        size = sum(files.values()) / 1e6
        count = "1 file" if len(files) == 1 else f"{len(files)} files"
        console.print(f"[bold]{escape(str(folder))}[/bold]: {count}, {size:.1f} MB", highlight=False, soft_wrap=True)
        console.print(f"  {escape(', '.join(files))}", highlight=False, style="dim")
    first = next((path for path in summary.written if path.name == "map.html"), None)
    if first is not None:
        console.print(
            f"Open [bold]{escape(str(first))}[/bold] in a browser; it needs no network.",
            highlight=False,
            soft_wrap=True,
        )


def _by_folder(written: Mapping[Path, int]) -> dict[Path, dict[str, int]]:
    folders: dict[Path, dict[str, int]] = {}
    for path, size in written.items():
        folders.setdefault(path.parent, {})[path.name] = size
    return folders


def print_sources(console: Console) -> None:
    """Print the catalog of sources."""
    from matcare.sources.catalog import CATALOG

    for source in CATALOG.values():
        console.print(f"[bold]{source.id}[/bold]  {source.title} ({source.vintage})", highlight=False, soft_wrap=True)
        place = source.url or source.landing_page or "no address: compiled by hand"
        console.print(f"    {source.publisher}; {source.licence}; {place}", highlight=False, soft_wrap=True)
        console.print(f"    read by `matcare data build` as {source.filename}", highlight=False, soft_wrap=True)
        if source.note:
            console.print(f"    [dim]{source.note}[/dim]", highlight=False, soft_wrap=True)


def print_verification(report: pd.DataFrame, console: Console) -> int:
    """Print what `matcare data verify` found; return the number of tables with a problem.

    Parameters
    ----------
    report : pandas.DataFrame
        ``table, rows, column, missing, problem``: a row a table with an empty column name, then a row a column that has
        missing cells.
    console : rich.console.Console
        Where to print.
    """
    problems = 0
    for name, part in report.groupby("table", sort=False):
        heads = part[part["column"] == ""]
        problem = "; ".join(text for text in heads["problem"] if text)
        problems += bool(problem)
        verdict = f"[red]{problem}[/red]" if problem else "[green]keeps its contract[/green]"
        rows = int(heads["rows"].iloc[0]) if len(heads) else 0
        console.print(f"[bold]{name}[/bold]  {rows:,} rows  {verdict}", highlight=False, soft_wrap=True)
        gaps = part[(part["column"] != "") & (part["missing"] > 0)]
        for column, missing in zip(gaps["column"], gaps["missing"], strict=True):
            console.print(f"    {column}: {missing:,} missing", highlight=False)
    return problems


def print_fetched(fetched: Sequence[Fetched], console: Console) -> int:
    """Print what became of each source; return how many failed."""
    for item in fetched:
        words = f"{item.id}: {item.status}{' (resumed)' if item.resumed else ''}"
        console.print(
            f"{words}  {item.path or ''}  {item.reason}".rstrip(), highlight=False, markup=False, soft_wrap=True
        )
    return sum(item.status == "failed" for item in fetched)
