"""What a command that writes pages has written, for the terminal and for ``--json``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Written"]


@dataclass(frozen=True, kw_only=True)
class Written:
    """Files that a command has written.

    Attributes
    ----------
    title : str
        What was made, in one line.
    files : mapping of pathlib.Path to int
        Files and their bytes, in the order in which they are named; of very many the ones worth naming.
    open_next : pathlib.Path, optional
        What to open first.
    lines : sequence of str
        What else the reader should know, a sentence each: what was left out and why, what to do next.
    warnings : sequence of str
        What was asked for and could not be done; said on the standard error even with ``--quiet``.
    found : mapping
        Further facts in JSON's types, such as how many pages.
    """

    title: str
    files: Mapping[Path, int]
    open_next: Path | None = None
    lines: Sequence[str] = ()
    warnings: Sequence[str] = ()
    found: Mapping[str, Any] = field(default_factory=dict)
