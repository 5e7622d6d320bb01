"""Small bars and intervals in SVG.

The numbers stand in words or in a table beside each, so a chart is hidden from a screen reader, and marks differ in
shape, so no chart needs its colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.publish.brief.html import Html, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["interval_chart", "percentile_bar", "reach_bars"]

_WIDE: Final = 300
_ROW: Final = 30
_BAR: Final = 11


def reach_bars(rows: Sequence[tuple[str, float | None, Sequence[float | None]]], marks: Sequence[str]) -> Html:
    """Return bars of shares with marks beside them.

    Parameters
    ----------
    rows : sequence of tuple
        Words, the place's share and the shares of the marks.
    marks : sequence of str
        What the marks are: the first is a ring, the second a bar across; one without words is not in the legend.

    Returns
    -------
    Html
        With a legend below.
    """
    parts = [tag("path", d=f"M{_WIDE * at / 100:g} 0V{_ROW * len(rows)}", class_="grid") for at in (0, 25, 50, 75, 100)]
    for i, (words, share, others) in enumerate(rows):
        top = i * _ROW + 14
        parts.append(tag("text", words if share is not None else f"{words}: no figure", x=2, y=top - 3))
        if share is not None:
            parts.append(tag("rect", x=0, y=top, width=round(_WIDE * share, 1), height=_BAR, class_="value"))
        for kind, other in enumerate(others):
            if other is not None:
                parts.append(_mark(kind, _WIDE * other, top + _BAR / 2))
    legend = [
        tag("span", tag("svg", _mark(i, 8, 8), viewBox="0 0 16 16", width=16, height=16), words, class_="key")
        for i, words in enumerate(marks)
        if words
    ]
    drawing = tag("svg", *parts, viewBox=f"-6 0 {_WIDE + 12} {_ROW * len(rows) + 2}", class_="bars")
    foot = tag("p", "Scale 0 to 100\u00a0%. ", *legend, class_="quiet")
    return tag("div", drawing, foot, aria_hidden="true", class_="chart")


def _mark(kind: int, x: float, y: float) -> Html:
    if kind == 0:
        return tag("circle", cx=round(x, 1), cy=y, r=4.5, class_="ring")
    return tag("path", d=f"M{x:.1f} {y - 8:g}v16", class_="across")


def percentile_bar(value: float) -> Html:
    """Return a percentile from 0 to 100 as a dot on a line with its middle marked."""
    at = round(value, 1)
    return tag(
        "svg",
        tag("path", d="M0 8H100M50 3V13", class_="grid"),
        tag("circle", cx=at, cy=8, r=4.5, class_="dot"),
        viewBox="-6 0 112 16",
        width=112,
        height=16,
        aria_hidden="true",
        class_="dotline",
    )


def interval_chart(rows: Sequence[tuple[str, float, float | None, float | None]]) -> Html:
    """Return rates with their 95 % intervals on one scale from zero.

    Parameters
    ----------
    rows : sequence of tuple
        Name, rate and its limits.
    """
    most = max(value for row in rows for value in row[1:] if value is not None) * 1.08 or 1.0
    step = next((size for size in (1, 2, 5, 10, 20) if most / size <= 8), 50)  # noqa: PLR2004 - lines on a scale
    high = _ROW * len(rows)
    parts = []
    for tick in range(0, int(most) + 1, step):
        x = round(_WIDE * tick / most, 1)
        parts += [
            tag("path", d=f"M{x} 0V{high}", class_="grid"),
            tag("text", tick, x=x, y=high + 12, text_anchor="middle"),
        ]
    for i, (words, value, low, upper) in enumerate(rows):
        y = i * _ROW + 20
        parts.append(tag("text", words, x=2, y=y - 8))
        if low is not None and upper is not None:
            start, end = (round(_WIDE * limit / most, 1) for limit in (low, upper))
            parts.append(tag("path", d=f"M{start} {y}H{end}M{start} {y - 4}v8M{end} {y - 4}v8", class_="interval"))
        parts.append(tag("circle", cx=round(_WIDE * value / most, 1), cy=y, r=4, class_="dot"))
    drawing = tag("svg", *parts, viewBox=f"-8 0 {_WIDE + 16} {high + 16}", class_="bars", aria_hidden="true")
    return tag("div", drawing, class_="chart")
