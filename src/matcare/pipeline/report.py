"""Where a long job says what it is doing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SILENT", "Report"]


class Report(Protocol):
    """Where a long job says what it is doing."""

    def step(self, words: str) -> AbstractContextManager[None]:
        """Enter a step."""

    def counting(self, words: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Enter a step of many like ones; what is entered is called with how many more are done."""

    def note(self, words: str) -> None:
        """Say a thing that should not be missed."""


class _Silent:
    """A report that nobody reads."""

    def step(self, words: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's signature
        return nullcontext()

    def counting(self, words: str, total: int) -> AbstractContextManager[Callable[[int], None]]:  # noqa: ARG002 - likewise
        return nullcontext(lambda _more: None)

    def note(self, words: str) -> None:
        pass


SILENT: Report = _Silent()
