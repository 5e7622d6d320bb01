"""Signs, fills and legends of the briefs' maps: shapes tell units apart, lightness and stripes tell classes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.publish.brief.drawing import Picture, mark, path_of
from matcare.publish.brief.html import Html, tag
from matcare.publish.brief.words import common_words, count, joined
from matcare.publish.map.themes import CLASS_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.publish.brief.data import Row

__all__ = [
    "CLASS_FILLS",
    "bar",
    "class_legend",
    "class_paths",
    "classes_in_words",
    "free_spot",
    "legend",
    "stripes",
    "symbol",
]

CLASS_FILLS: Final = {"desert": "#7f2704", "low": "#dd6a1c", "moderate": "#fdc793", "full": "#eef2f4"}
"""From dark to light as access grows, so that a grey copy still tells them apart."""


def symbol(group: str, *, claimed: bool = False, x: float = 0, y: float = 0) -> Html:
    """Return a facility's sign: the group's shape, filled, or hollow where one federal file alone claims obstetrics."""
    kind = "h" if claimed else "b" if group == "birth_center" else "w" if group == "no_birth_care" else "u"
    return tag("path", d=mark(group), class_=kind, transform=f"translate({x:g} {y:g})")


def class_legend(levels: Sequence[str]) -> Html:
    """Return the legend of the classes that a map shows."""
    rows = []
    for level in levels:
        box = tag("rect", width=22, height=14, x=1, y=1, fill=_fill(level), stroke="#5b6770")
        rows.append(
            tag("li", tag("svg", box, viewBox="0 0 24 16", width=24, height=16, aria_hidden="true"), CLASS_WORDS[level])
        )
    return tag("ul", *rows, class_="legend")


def _fill(level: str) -> str:
    return CLASS_FILLS.get(level, f"url(#{_stripes_id(level)})")


def _stripes_id(level: str) -> str:
    return f"s-{level.replace('_', '-')}"


def stripes(levels: Sequence[str]) -> Html:
    """Return the stripes of classes that are not decided, of the colours that they join."""
    patterns = []
    for level in levels:
        if level in CLASS_FILLS:
            continue
        parts = [CLASS_FILLS[part] for part in level.split("_or_")]
        bands = [tag("rect", x=5 * i, y=0, width=5, height=10, fill=colour) for i, colour in enumerate(parts)]
        patterns.append(
            tag(
                "pattern",
                *bands,
                id=_stripes_id(level),
                width=5 * len(parts),
                height=10,
                patternUnits="userSpaceOnUse",
                patternTransform="rotate(45)",
            )
        )
    return tag("defs", *patterns) if patterns else Html("")


def class_paths(rows: Sequence[Row], flat: Any, picture: Picture, detail: float = 0.7) -> tuple[Html, list[str]]:
    """Return one path for each class, and the classes in order."""
    levels = [level for level in CLASS_WORDS if any(row["march_of_dimes_class"] == level for row in rows)]
    paths = []
    for level in levels:
        shapes = [shape for row, shape in zip(rows, flat, strict=True) if row["march_of_dimes_class"] == level]
        paths.append(
            tag("path", d=path_of(shapes, picture, smallest=0.5, detail=detail), class_="class", fill=_fill(level))
        )
    return tag("g", *paths), levels


def classes_in_words(rows: Sequence[Row]) -> str:
    """Return how many counties are of each class, for a map's alternative text."""
    parts = []
    called = common_words(rows)
    for level, words in CLASS_WORDS.items():
        number = sum(row["march_of_dimes_class"] == level for row in rows)
        if number:
            parts.append(f"{words[:1].lower()}{words[1:]} in {count(number, called.one, called.many)}")
    return joined(parts)


def free_spot(x: int, y: int, taken: Sequence[tuple[int, int]], wide: int, high: int) -> tuple[int, int] | None:
    """Return where a number stands beside a sign without covering another number; None where there is no room."""
    for dx, dy in ((22, 0), (-22, 0), (0, -26), (0, 26)):
        spot = (x + dx, y + dy)
        inside = 12 <= spot[0] <= wide - 12 and 14 <= spot[1] <= high - 14  # noqa: PLR2004 - half a number's size
        if inside and all(abs(spot[0] - other[0]) > 20 or abs(spot[1] - other[1]) > 24 for other in taken):  # noqa: PLR2004 - likewise
            return spot
    return None


def legend(entries: Sequence[tuple[Html, str]]) -> Html:
    """Return a legend of signs with their words."""
    rows = [
        tag("li", tag("svg", sign, viewBox="-14 -14 28 28", width=20, height=20, aria_hidden="true"), words)
        for sign, words in entries
    ]
    return tag("ul", *rows, class_="legend")


def bar(x: int, y: int, length: int, words: str) -> Html:
    """Return a scale bar with its words."""
    return tag(
        "g",
        tag("path", d=f"M{x} {y - 8}v8h{length}v-8", class_="bar"),
        tag("text", words, x=x + length + 10, y=y + 4, class_="small"),
    )
