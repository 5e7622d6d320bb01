"""A page with several themes side by side, each on the same frames and at the same scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcare.publish.figure.classes import classified
from matcare.publish.figure.frames import Rect, inset_words, map_height, placed
from matcare.publish.figure.legend import draw_short_legend, legend_height
from matcare.publish.figure.map_page import draw_counties, hatch_pitch, page_frame
from matcare.publish.figure.sheet import LEAST_SIZE, Sheet, wrapped
from matcare.publish.figure.words import (
    CLAIMED,
    alt_words,
    caption,
    class_words,
    short_count_words,
    standing_words,
    title_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.publish.figure.classes import Classified
    from matcare.publish.figure.frames import Frame
    from matcare.publish.figure.region import FigureRegion
    from matcare.publish.finished import FinishedRun

__all__ = ["small_multiples"]

_GRIDS: Final = {
    1: ((1, 1),), 2: ((2, 1), (1, 2)), 3: ((3, 1), (1, 3)), 4: ((2, 2),), 5: ((3, 2), (2, 3)), 6: ((3, 2), (2, 3)),
}  # fmt: skip
"""Columns and rows for a number of maps: the grid that makes the maps largest is taken."""

_GAP: Final = 14.0
_TITLE: Final = 8.0
_BESIDE: Final = (112.0, 132.0, 156.0, 190.0)
"""Widths that a legend beside its map may have."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How the panels of a page are laid out: the grid, a panel's size, its title's height, its map and its legend."""

    across: int
    wide: float
    tall: float
    head: float
    room: tuple[float, float]
    legend: tuple[float, float]
    columns: int
    size: float


def small_multiples(
    run: FinishedRun, themes: Sequence[dict[str, Any]], region: FigureRegion, frames: list[Frame]
) -> Sheet:
    """Draw several themes on one page.

    Parameters
    ----------
    run : FinishedRun
        What they are drawn from.
    themes : sequence of dict
        Up to six.
    region : FigureRegion
        Which counties.
    frames : list of Frame
        Where they are drawn.

    Returns
    -------
    Sheet
    """
    results = [classified(theme, region.counties) for theme in themes]
    families = list(dict.fromkeys(theme["family"] for theme in themes))
    titles = [title_words(run, theme) for theme in themes]
    title = _shared_title(len(themes))
    sheet = Sheet(title=f"{'; '.join(titles)}: {region.title}", alt=alt_words(title, region.title, results))
    standing = standing_words(run, families)
    claimed = f" {CLAIMED}" if any(theme["bound"] for theme in themes) else ""
    body = page_frame(
        sheet,
        kicker=region.kicker,
        title=title,
        below=[f"{standing}{inset_words(frames)}. Beside each class: its number of counties.{claimed}"],
        foot=caption(run, themes, counts=[f"{short_count_words(results)} {class_words(themes)}".rstrip()], brief=True),
    )
    names = [f"({k}) {text}" for k, text in enumerate(titles, start=1)]
    layout = max((_layout(results, names, frames, body, grid) for grid in _GRIDS[len(themes)]), key=lambda it: it.size)
    for k, (result, name) in enumerate(zip(results, names, strict=True)):
        x = body.x + (k % layout.across) * (layout.wide + _GAP)
        top = body.y + body.height - (k // layout.across) * (layout.tall + _GAP)
        sheet.lines(
            x, top, wrapped(name, layout.wide, size=_TITLE, bold=True, most=3), size=_TITLE, bold=True, leading=1.2
        )
        at = Rect(x=x, y=top - layout.head - layout.room[1], width=layout.room[0], height=layout.room[1])
        places = placed(frames, at)
        draw_counties(sheet, result, places, outlined=region.outlined)
        beside = Rect(x=x, y=top - layout.tall, width=layout.wide, height=at.y - 5 - (top - layout.tall))
        if layout.columns == 1:
            beside = Rect(
                x=x + layout.wide - layout.legend[0],
                y=top - layout.tall,
                width=layout.legend[0],
                height=layout.tall - layout.head,
            )
        draw_short_legend(sheet, result, beside, pitch=hatch_pitch(places), size=LEAST_SIZE, columns=layout.columns)
        if not result.with_value.any():
            sheet.text(
                at.x + at.width / 2, at.y + at.height / 2, "No county has a value", size=8, bold=True, align="center"
            )
    return sheet


def _shared_title(count: int) -> str:
    words = {1: "One view", 2: "Two views", 3: "Three views", 4: "Four views", 5: "Five views", 6: "Six views"}
    return f"{words[count]} of the same counties"


def _layout(
    results: Sequence[Classified], names: Sequence[str], frames: list[Frame], body: Rect, grid: tuple[int, int]
) -> _Layout:
    """Return the sizes of map and legend, and the legend's columns (1: beside the map), that make the map largest."""
    across, down = grid
    wide = (body.width - _GAP * (across - 1)) / across
    panel = (body.height - _GAP * (down - 1)) / down
    head = max(len(wrapped(name, wide, size=_TITLE, bold=True, most=3)) for name in names) * _TITLE * 1.2 + 3
    tall = panel - head
    ratio = map_height(frames, 1.0)
    options = []
    for columns in (2, 3, 4):
        below = max(legend_height(result, wide, size=LEAST_SIZE, columns=columns) for result in results)
        options.append(((wide, max(tall - below - 6, 20.0)), (wide, below), columns))
    for width in _BESIDE:
        beside = max(legend_height(result, width, size=LEAST_SIZE) for result in results)
        if beside <= tall and wide - width > 2 * _GAP:
            options.append(((wide - width - 8, tall), (width, beside), 1))

    def size(option: tuple[tuple[float, float], tuple[float, float], int]) -> float:
        return min(option[0][0], option[0][1] / ratio)

    room, legend, columns = max(options, key=size)
    room = (room[0], min(room[1], room[0] * ratio))  # what the map leaves empty goes below its legend
    return _Layout(
        across=across, wide=wide, tall=panel, head=head, room=room, legend=legend, columns=columns,
        size=size((room, legend, columns)),
    )  # fmt: skip
