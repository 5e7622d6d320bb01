"""``--quiet`` and ``--json``, the same for every command that works and reports."""

from __future__ import annotations

import functools
import inspect
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.publish.terminal import Terminal

__all__ = ["speaks", "terminal"]

_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on success; errors are said all the same.")]
_Json = Annotated[
    bool, typer.Option("--json", help="Print what was found as JSON; progress goes to the standard error.")
]
_current: ContextVar[Terminal] = ContextVar("terminal")


def terminal() -> Terminal:
    """Return where the command that runs speaks."""
    return _current.get()


def speaks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options ``--quiet`` and ``--json``; it shows what it found through :func:`terminal`."""
    signature = inspect.signature(command, eval_str=True)
    more = [
        inspect.Parameter("quiet", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Quiet),
        inspect.Parameter("json_only", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Json),
    ]

    @functools.wraps(command)
    def speaking(*values: Any, quiet: bool = False, json_only: bool = False, **options: Any) -> None:
        from matcare.publish.terminal import Terminal  # pandas: not for `--help`

        _current.set(Terminal(quiet=quiet, json_only=json_only))
        command(*values, **options)

    speaking.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])  # type: ignore[attr-defined] # what Typer reads
    speaking.__annotations__ = {name: one.annotation for name, one in speaking.__signature__.parameters.items()}  # type: ignore[attr-defined] # set just now
    return speaking
