# ruff: noqa: INP001 - a hook that MkDocs loads by its path, not a package
"""The command reference: every command, argument and option, printed from the command line itself."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

import typer

from matcare.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

MARK: Final = "<!-- printed: every command -->"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names the parameters
    """Print the commands at the mark."""
    if MARK not in markdown:
        return markdown
    return markdown.replace(MARK, "\n\n".join(printed(name, command) for name, command in commands()))


def commands() -> Iterator[tuple[str, Any]]:
    """Give every command with its full name, ``matcare roads build``; groups are not commands.

    Typer has a Click of its own in recent releases and uses the installed one in older ones, hence `Any`.
    """
    yield from _below("matcare", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, one in inner.items():
        if not one.hidden:
            yield from _below(f"{name} {word}", one)


def printed(name: str, command: Any) -> str:
    """Return one command's section: what it does, how it is called, its arguments and options."""
    shown = [one for one in command.params if not getattr(one, "hidden", False) and one.name != "help"]
    arguments = [one for one in shown if one.param_type_name == "argument"]
    options = [one for one in shown if one.param_type_name == "option"]
    called = " ".join([name, *(_argument(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"## {name}", _plain(command.help or ""), f"```text\n{called}\n```"]
    if shown:
        rows = "\n".join(
            [*(_row(_argument(one), one) for one in arguments), *(_row(_flags(one), one) for one in options)]
        )
        heads = "".join(f'<th scope="col">{words}</th>' for words in ("Argument or option", "Meaning", "Without it"))
        lines.append(
            f'<div class="columns" tabindex="0" role="region" aria-label="Options of {name}">'
            f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></div>"
        )
    return "\n\n".join(lines)


def _row(head: str, parameter: Any) -> str:
    metavar = "" if parameter.param_type_name == "argument" or parameter.is_flag else (parameter.metavar or "")
    value = f" <var>{escape(metavar)}</var>" if metavar else ""
    return (
        f'<tr><th scope="row"><code>{escape(head)}</code>{value}</th><td>{escape(_plain(parameter.help or ""))}</td>'
        f"<td>{_default(parameter)}</td></tr>"
    )


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _flags(parameter: Any) -> str:
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _default(parameter: Any) -> str:
    if parameter.required:
        return "must be given"
    value = parameter.default
    if callable(value) or value is None or not (value or isinstance(value, bool | int | float)):
        return "" if not getattr(parameter, "multiple", False) else "none; may be repeated"
    if getattr(parameter, "is_flag", False):
        return "off" if not value else "on"
    return f"<code>{escape(str(value))}</code>"


def _plain(text: str) -> str:
    r"""Return help without Rich's escapes: ``\[raster]`` is ``[raster]``."""
    return re.sub(r"\s+", " ", text.replace("\\[", "[")).strip()
