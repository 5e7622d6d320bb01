"""A legend of classes with their counties and women, every reason for a missing value apart, and the units' shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.publish.figure.classes import MODELLED, share_words
from matcare.publish.figure.fills import Fill, fills_of, overlay_fill
from matcare.publish.figure.frames import Rect
from matcare.publish.figure.sheet import INK, LEAST_SIZE, QUIET, Sheet, wrapped
from matcare.publish.figure.units import draw_symbol

if TYPE_CHECKING:
    from matcare.publish.figure.classes import Classified
    from matcare.publish.figure.units import DrawnUnits

__all__ = ["LegendRow", "draw_legend", "legend_height", "legend_rows"]

LegendRow = dict[str, Any]

SWATCH: Final = (17.0, 9.5)
_NUMBERS: Final = 33.0
"""Width of a column of numbers, points."""

_LEAD: Final = 1.2
_CLAIMED: Final = "Hollow: obstetrics claimed by one federal file alone"


def legend_rows(result: Classified) -> list[LegendRow]:
    """Return what a theme's legend lists, in order.

    Parameters
    ----------
    result : Classified
        The theme and its counties.

    Returns
    -------
    list of dict
        ``kind`` (``class``, ``overlay``, ``modelled``, ``missing``), ``label``, ``fill``, ``counties``, ``women``
        (share, None where not known). Classes that join several and that no county is in, and reasons
        that do not occur, are left out.
    """
    fills = fills_of(result)
    modelled = result.modelled
    kept = result.row[~modelled]  # a modelled rate has the colour of its class, and is counted apart
    counts = np.bincount(kept, minlength=len(result.rows))
    women = np.bincount(kept, weights=result.women[~modelled], minlength=len(result.rows)).astype(np.float64)
    everyone = float(result.women.sum())

    def row(kind: str, entry: dict[str, Any], fill: Fill, counties: int, living: float) -> LegendRow:
        share = living / everyone if everyone > 0 else None
        return {"kind": kind, "label": entry["label"], "fill": fill, "counties": counties, "women": share}

    shown = []
    for k, entry in enumerate(result.classes):
        if counts[k] or len(entry["colours"]) == 1 or not result.theme.get("joined"):
            shown.append(row("class", entry, fills[k], int(counts[k]), float(women[k])))
    middle = fills[min(2, len(result.classes) - 1)]
    for k, entry in enumerate(result.overlays):
        inside = result.overlay == k
        if inside.any():
            fill = overlay_fill(middle, entry["pattern"])
            kind = "modelled" if modelled.any() and entry.get("value") == MODELLED else "overlay"
            shown.append(row(kind, entry, fill, int(inside.sum()), float(result.women[inside].sum())))
    for k, entry in enumerate(result.missing, start=len(result.classes)):
        if counts[k]:
            shown.append(row("missing", entry, fills[k], int(counts[k]), float(women[k])))
    return shown


def draw_legend(
    sheet: Sheet, result: Classified, rect: Rect, *, pitch: float, units: DrawnUnits | None = None, size: float = 7.6,
    outlined: str | None = None,
) -> float:  # fmt: skip
    """Draw a legend from the top of a rectangle down, and return where it ends.

    Parameters
    ----------
    sheet : Sheet
        The page.
    result : Classified
        The theme and its counties.
    rect : Rect
        Where it may stand.
    pitch : float
        Of the hatches, as on the map.
    units : DrawnUnits, optional
        Units that the map shows.
    size : float
        Of the letters, points.
    outlined : str, optional
        Name of the county that is outlined.

    Returns
    -------
    float
    """
    right = rect.x + rect.width
    top = rect.y + rect.height
    sheet.text(right - _NUMBERS, top - size, "Counties", size=LEAST_SIZE, colour=QUIET, align="right")
    sheet.text(right, top - size, "Women", size=LEAST_SIZE, colour=QUIET, align="right")
    top -= size * 1.6
    kind = "class"
    for row in legend_rows(result):
        if row["kind"] != kind:
            top -= 2.0
            sheet.rule(rect.x, right, top + 0.5)
            top -= 3.0
            kind = row["kind"]
        top = _draw_row(sheet, row, Rect(x=rect.x, y=rect.y, width=rect.width, height=top - rect.y), pitch, size)
    if outlined is not None:
        top -= 3.0
        box = Rect(x=rect.x + 1, y=top - SWATCH[1] + 1, width=SWATCH[0] - 2, height=SWATCH[1] - 2)
        sheet.rectangle(box, edge="#000000", width=1.6, layer=3)
        words = wrapped(f"Outlined: {outlined}", rect.width - SWATCH[0] - 6, size=size, most=2)
        top = sheet.lines(rect.x + SWATCH[0] + 6, top, words, size=size, leading=_LEAD) - 1.5
    if units is not None:
        top = _draw_units(sheet, units, Rect(x=rect.x, y=rect.y, width=rect.width, height=top - rect.y), size)
    return top


def _draw_row(sheet: Sheet, row: LegendRow, rect: Rect, pitch: float, size: float) -> float:
    right, top = rect.x + rect.width, rect.y + rect.height
    box = Rect(x=rect.x, y=top - SWATCH[1], width=SWATCH[0], height=SWATCH[1])
    draw_swatch(sheet, box, row["fill"], pitch)
    words = wrapped(row["label"], rect.width - SWATCH[0] - 6 - 2 * _NUMBERS, size=size)
    faint = QUIET if row["counties"] == 0 else INK
    sheet.text(right - _NUMBERS, top - size, f"{row['counties']:,}", size=size, colour=faint, align="right")
    share = "of these" if row["kind"] == "overlay" else "–" if row["women"] is None else share_words(row["women"])
    sheet.text(right, top - size, share, size=size, colour=faint, align="right")
    below = sheet.lines(rect.x + SWATCH[0] + 6, top, words, size=size, leading=_LEAD, colour=faint)
    return min(below, top - SWATCH[1]) - 2.6


def draw_swatch(sheet: Sheet, box: Rect, fill: Fill, pitch: float) -> None:
    """Draw a legend row's sample of its fill."""
    from shapely import box as polygon  # noqa: PLC0415 - the name is a rectangle's everywhere else here

    sheet.fill(polygon(box.x, box.y, box.x + box.width, box.y + box.height), fill, pitch=pitch, layer=2)
    sheet.rectangle(box, edge="#7d858c", width=0.4, layer=3)


def _draw_units(sheet: Sheet, units: DrawnUnits, rect: Rect, size: float) -> float:
    right, top = rect.x + rect.width, rect.y + rect.height - 6.0
    sheet.rule(rect.x, right, top)
    top -= 4.0
    groups = units.by_group()
    if not groups:
        words = wrapped("No birth unit, newborn unit or birth center here, by the sources.", rect.width, size=size)
        return sheet.lines(rect.x, top, words, size=size, leading=_LEAD)
    sheet.text(right, top - size, "Units", size=LEAST_SIZE, colour=QUIET, align="right")
    top -= size * 1.6
    for group, count in groups:
        spot = np.array([[rect.x + SWATCH[0] / 2, top - SWATCH[1] / 2 + 0.5]])
        draw_symbol(sheet, spot, group, scale=max(units.scale, 0.8))
        words = wrapped(group["label"], rect.width - SWATCH[0] - 6 - 0.7 * _NUMBERS, size=size)
        sheet.text(right, top - size, f"{count:,}", size=size, align="right")
        top = min(sheet.lines(rect.x + SWATCH[0] + 6, top, words, size=size, leading=_LEAD), top - SWATCH[1]) - 2.4
    if units.claimed.any():
        words = wrapped(f"{_CLAIMED} ({int(units.claimed.sum()):,})", rect.width, size=LEAST_SIZE)
        top = sheet.lines(rect.x, top - 1, words, size=LEAST_SIZE, leading=_LEAD, colour=QUIET)
    return top


def legend_height(result: Classified, width: float, *, size: float, columns: int = 1) -> float:
    """Return how tall the short legend of a small map is, points."""
    return sum(height for height, _ in _short_blocks(result, width, size, columns)[:1])


def _short_blocks(
    result: Classified, width: float, size: float, columns: int
) -> list[tuple[float, list[tuple[LegendRow, list[str]]]]]:
    """Return the rows of a short legend shared out to columns, the tallest column's height first."""
    room = (width - 8.0 * (columns - 1)) / columns - SWATCH[0] - 4
    rows = [(row, wrapped(f"{row['label']}: {row['counties']:,}", room, size=size)) for row in legend_rows(result)]
    heights = [max(len(words) * size * _LEAD, SWATCH[1]) + 1.4 for _, words in rows]
    starts = range(len(rows))
    # The least height that holds them: that of some run of rows.
    candidates = sorted({sum(heights[a : b + 1]) for a in starts for b in starts[a:]})
    for tallest in candidates:
        blocks = _columns(heights, tallest + 1e-6)
        if len(blocks) <= columns:
            return [(tallest, [rows[k] for k in block]) for block in blocks]
    return [(0.0, [])]


def _columns(heights: list[float], tallest: float) -> list[list[int]]:
    """Return rows by column, each filled as far as its height allows."""
    blocks: list[list[int]] = []
    left = -1.0
    for k, height in enumerate(heights):
        if height > left:
            blocks.append([])
            left = tallest
        blocks[-1].append(k)
        left -= height
    return blocks


def draw_short_legend(sheet: Sheet, result: Classified, rect: Rect, *, pitch: float, size: float, columns: int) -> None:
    """Draw the legend of a small map in columns: a label and its number of counties each."""
    wide = (rect.width - 8.0 * (columns - 1)) / columns
    for k, (_, block) in enumerate(_short_blocks(result, rect.width, size, columns)):
        x, top = rect.x + k * (wide + 8.0), rect.y + rect.height
        for row, words in block:
            draw_swatch(sheet, Rect(x=x, y=top - SWATCH[1], width=SWATCH[0], height=SWATCH[1]), row["fill"], pitch)
            below = sheet.lines(x + SWATCH[0] + 4, top, words, size=size, leading=_LEAD)
            top = min(below, top - SWATCH[1]) - 1.4
