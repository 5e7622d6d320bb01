"""Where a long job says what it is doing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

__all__ = ["SILENT", "Report"]


class Report(Protocol):
    """Where a long job says what it is doing."""

    def step(self, words: str) -> AbstractContextManager[None]:
        """Enter a step."""

    def note(self, words: str) -> None:
        """Say a thing that should not be missed."""


class _Silent:
    """A report that nobody reads."""

    def step(self, words: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's signature
        return nullcontext()

    def note(self, words: str) -> None:
        pass


SILENT: Report = _Silent()
