"""Show how a download goes: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LineProgress", "ProgressHook", "TerminalProgress", "progress_on"]

_SECONDS_BETWEEN_LINES: Final = 5.0


class ProgressHook(Protocol):
    """What `matcare.sources.fetch.fetch` tells while it works."""

    def bytes_of(self, name: str, done: int, total: int | None) -> None:
        """Take note that `done` bytes of `total` (None: not known) of a file have arrived."""

    def finished(self, name: str, outcome: str) -> None:
        """Take note that a file is done with, and how."""


class LineProgress:
    """Plain lines, one every few seconds and one at the end of each file.

    Parameters
    ----------
    stream : TextIO
        Where to write.
    clock : callable
        Seconds that only go up.
    """

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last = clock()
        self._begun: dict[str, tuple[float, int]] = {}

    def bytes_of(self, name: str, done: int, total: int | None) -> None:
        """Write a line when the last is some seconds old; see `ProgressHook`."""
        now = self._clock()
        began, first = self._begun.setdefault(name, (now, done))
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            share = f" of {total / 1e6:,.1f}" if total else ""
            rate = (done - first) / 1e6 / max(now - began, 1e-9)
            self._print(f"{name}: {done / 1e6:,.1f}{share} MB, {rate:,.2f} MB/s")

    def finished(self, name: str, outcome: str) -> None:
        """Write a line; see `ProgressHook`."""
        self._begun.pop(name, None)
        self._print(f"{name}: {outcome}")

    def _print(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class TerminalProgress:
    """A bar with a rate per file, and a line for each file that is done with.

    Parameters
    ----------
    progress : rich.progress.Progress
        A running display.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def bytes_of(self, name: str, done: int, total: int | None) -> None:
        """Move the bar; see `ProgressHook`."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total, completed=done)
        self._progress.update(self._tasks[name], completed=done, total=total)

    def finished(self, name: str, outcome: str) -> None:
        """Take the bar away and leave a line; see `ProgressHook`."""
        task = self._tasks.pop(name, None)
        if task is not None:
            self._progress.remove_task(task)
        self._progress.console.print(f"{name}: {outcome}", markup=False, highlight=False)


@contextmanager
def progress_on(stream: TextIO | None = None) -> Iterator[ProgressHook]:
    """Give the hook that suits a stream: a bar where it is a terminal, lines elsewhere.

    Parameters
    ----------
    stream : TextIO, optional
        Where to show it; standard error when left out.

    Yields
    ------
    ProgressHook
        To be handed to `matcare.sources.fetch.fetch`.
    """
    stream = stream or sys.stderr
    console = Console(file=stream)
    if not console.is_terminal:
        yield LineProgress(stream)
        return
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield TerminalProgress(progress)
