"""The site's templates: HTML in which every value is escaped."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from matcare.publish.site.words import grouped, minutes_words, share, size_words

__all__ = ["asset", "render"]

_BACKTICKS: Final = re.compile(r"`([^`]+)`")


def render(template: str, **values: Any) -> str:
    """Return a template of this package with its values in it, escaped; a value that is missing is an error."""
    return _environment().get_template(template).render(**values)


@cache
def asset(name: str) -> str:
    """Return a style sheet or a script of this package."""
    return resources.files("matcare.publish.site").joinpath("templates", name).read_text(encoding="utf-8")


def _coded(text: str) -> Markup:
    """Return a text of a contract as HTML: what stands between backticks is a column's or a file's name."""
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped in this very line


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("matcare.publish.site"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {
        "grouped": grouped,
        "coded": _coded,
        "minutes": minutes_words,
        "share": share,
        "size": size_words,
    }
    environment.globals |= {"asset": asset}
    return environment
