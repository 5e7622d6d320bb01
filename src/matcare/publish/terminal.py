"""Where a command speaks: words for a person, JSON for a program, or nothing."""

from __future__ import annotations

import json
import math
import sys
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from matcare.publish.answers import Answer, print_answer
from matcare.publish.summary import Progress, Summary, print_summary
from matcare.publish.written import Written

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Terminal", "as_json"]


class Terminal:
    """Where a command shows its progress and what it found.

    Parameters
    ----------
    quiet : bool
        Say nothing on success; errors go to the standard error all the same.
    json_only : bool
        Print what was found as one JSON object; progress goes to the standard error, or nowhere with `quiet`.
    """

    def __init__(self, *, quiet: bool = False, json_only: bool = False) -> None:
        self.json_only = json_only
        self.console = Console(quiet=quiet)
        self.report = Progress(Console(stderr=True, quiet=quiet) if json_only else self.console)

    def show(self, found: Summary | Answer | Written | Iterable[str]) -> None:
        """Show what a command found; what could not be done is said on the standard error, however quiet."""
        for warning in getattr(found, "warnings", ()):
            sys.stderr.write(f"matcare: {warning}\n")
        if self.json_only:
            sys.stdout.write(json.dumps(as_json(found), ensure_ascii=False, allow_nan=False, indent=1) + "\n")
            return
        self._print(found)

    @singledispatchmethod
    def _print(self, found: Any) -> None:
        """Print each line whole, as it is: a path with brackets in it is no markup."""
        for line in found:
            self.console.print(line, highlight=False, soft_wrap=True, markup=False)

    @_print.register
    def _(self, found: Summary) -> None:
        print_summary(found, self.console)

    @_print.register
    def _(self, found: Answer) -> None:
        print_answer(found, self.console)

    @_print.register
    def _(self, found: Written) -> None:
        console = self.console
        console.print(f"\n[bold]{escape(found.title)}[/bold]", highlight=False, soft_wrap=True)
        for line in found.lines:
            console.print(line, highlight=False, soft_wrap=not console.is_terminal, markup=False)
        for path, size in found.files.items():
            console.print(f"  {escape(str(path))}  [dim]{size / 1e6:.2f} MB[/dim]", highlight=False, soft_wrap=True)
        if found.open_next is not None:
            console.print(f"Open [bold]{escape(str(found.open_next))}[/bold] next.", highlight=False, soft_wrap=True)


def as_json(found: Summary | Answer | Written | Iterable[str]) -> dict[str, Any]:
    """Return what a command found in JSON's types: ``title, tables, lines, files, open`` and what it adds.

    Parameters
    ----------
    found : Summary, Answer, Written, or lines
        As :meth:`Terminal.show` takes it.

    Returns
    -------
    dict
        A number that is missing is null. ``files`` has a row a file: ``path, bytes``.
    """
    if isinstance(found, Summary):
        tables = {
            "classes": found.classes.to_dict("records"),
            "access": found.access.to_dict("records"),
        }
        return _plain({"title": found.title, "tables": tables, "lines": list(found.lines), **_files(found.written)})
    if isinstance(found, Answer):
        shown = [
            {"title": one.title, "columns": list(one.columns), "rows": [list(row) for row in one.rows]}
            for one in found.terminal
        ]
        return _plain({
            "command": found.command, "title": found.title, "subtitle": found.subtitle, "asked": dict(found.asked),
            "tables": shown, "lines": list(found.lines), "said_with_it": list(found.words), "notes": list(found.notes),
            "found": dict(found.found), "data_date": found.data_date, "corrections": list(found.corrections),
            **_files(found.written),
        })  # fmt: skip
    if isinstance(found, Written):
        opened = None if found.open_next is None else str(found.open_next)
        return _plain({
            "title": found.title, "lines": list(found.lines), "warnings": list(found.warnings),
            "found": dict(found.found), **_files(found.files), "open": opened,
        })  # fmt: skip
    return {"lines": list(found)}


def _files(written: Any) -> dict[str, Any]:
    first = next((str(path) for path in written if path.name == "map.html"), None)
    return {"files": [{"path": str(path), "bytes": size} for path, size in written.items()], "open": first}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values in JSON's types; a number that is missing becomes null."""
    return {str(key): _plain_value(one) for key, one in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, list | tuple):
        return [_plain_value(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
