"""A page with one theme: map, legend, what it means above it, what it stands on below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.publish.figure.classes import classified
from matcare.publish.figure.fills import fills_of, overlay_fill
from matcare.publish.figure.frames import Placed, Rect, inset_words, outline, placed
from matcare.publish.figure.legend import draw_legend
from matcare.publish.figure.sheet import INK, MARGIN, PAGE, QUIET, Sheet, wrapped
from matcare.publish.figure.units import draw_units, units_of
from matcare.publish.figure.words import (
    alt_words,
    caption,
    class_words,
    count_words,
    note_words,
    standing_words,
    title_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.publish.figure.classes import Classified
    from matcare.publish.figure.frames import Frame
    from matcare.publish.figure.region import FigureRegion
    from matcare.publish.finished import FinishedRun

__all__ = ["draw_counties", "hatch_pitch", "map_page", "page_frame"]

_LEGEND: Final = 205.0
_GAP: Final = 16.0
_WIDE: Final = PAGE.width - 2 * MARGIN
_CAPTION: Final = 7.0
_FAR: Final = (7e-5, 1.3e-4)
"""Points per metre of a nation in a small panel and on a page; between them hatches are finer than in a state."""

_PITCHES: Final = (2.0, 2.7, 4.0)

_KM_A_MILE: Final = 1.609344
_HAIR: Final = "#7b8288"


def map_page(run: FinishedRun, theme: dict[str, Any], region: FigureRegion, frames: list[Frame]) -> Sheet:
    """Draw a theme on a page of its own.

    Parameters
    ----------
    run : FinishedRun
        What it is drawn from.
    theme : dict
        As :func:`matcare.publish.map.themes.themes` gives it.
    region : FigureRegion
        Which counties.
    frames : list of Frame
        Where they are drawn.

    Returns
    -------
    Sheet
    """
    result = classified(theme, region.counties)
    title = title_words(run, theme)
    sheet = Sheet(title=f"{title}: {region.title}", alt=alt_words(title, region.title, [result]))
    units = units_of(run, region, theme["family"])
    standing = standing_words(run, [theme["family"]])
    body = page_frame(
        sheet,
        kicker=region.kicker,
        title=title,
        below=[
            f"{note_words(theme)}{_joined_note(result)}",
            f"{standing}{inset_words(frames)}",
        ],
        foot=caption(run, [theme], counts=[f"{count_words(result)} {class_words([theme])}".rstrip()]),
    )
    room = Rect(x=body.x, y=body.y, width=body.width - _LEGEND - _GAP, height=body.height)
    places = placed(frames, _above_scale(room, frames))
    draw_counties(sheet, result, places, outlined=region.outlined)
    if len(frames) == 1:
        _scale_bar(sheet, places[0], room)
    if units is not None:
        draw_units(sheet, units, places)
    if not frames:
        sheet.text(room.x, room.y + room.height / 2, "No county of this region has a boundary to draw.", size=9)
    if not result.with_value.any():
        words = "No county here has a value of this theme" if len(result.row) else "There is no county here"
        sheet.text(
            room.x + room.width / 2,
            room.y + room.height - 10,
            f"{words}; the legend says why.",
            size=9,
            bold=True,
            align="center",
        )
    draw_legend(
        sheet,
        result,
        Rect(x=body.x + body.width - _LEGEND, y=body.y, width=_LEGEND, height=body.height),
        pitch=hatch_pitch(places),
        units=units,
        outlined=None if region.outlined is None else region.title,
    )
    return sheet


def _joined_note(result: Classified) -> str:
    """Return what stripes mean, where a county is striped because an input is missing."""
    joined = [k for k, entry in enumerate(result.classes) if len(entry["colours"]) > 1]
    said = result.theme.get("joined")
    return f" {said}" if said and np.isin(result.row, joined).any() else ""


def page_frame(sheet: Sheet, *, kicker: str, title: str, below: Sequence[str], foot: Sequence[str]) -> Rect:
    """Write what stands above and below a figure, and return the room between.

    Parameters
    ----------
    sheet : Sheet
        The page.
    kicker, title : str
        The place; what is shown.
    below : sequence of str
        Paragraphs under the title.
    foot : sequence of str
        Paragraphs at the foot of the page.

    Returns
    -------
    Rect
    """
    top = PAGE.height - MARGIN + 6
    sheet.text(
        MARGIN, top - 8.5, wrapped(kicker, _WIDE, size=8.5, bold=True, most=1)[0], size=8.5, bold=True, colour=QUIET
    )
    large = 15.0 if len(wrapped(title, _WIDE, size=15, bold=True)) == 1 else 13.0
    top = sheet.lines(MARGIN, top - 14, wrapped(title, _WIDE, size=large, bold=True, most=2), size=large, bold=True)
    top -= 1
    for paragraph in below:
        if paragraph:
            top = sheet.lines(MARGIN, top, wrapped(paragraph, _WIDE, size=8, most=3), size=8, colour=QUIET)
    lines = [line for paragraph in foot for line in wrapped(paragraph, _WIDE, size=_CAPTION, most=8)]
    high = MARGIN - 10 + len(lines) * _CAPTION * 1.28
    sheet.rule(MARGIN, PAGE.width - MARGIN, high + 4)
    sheet.lines(MARGIN, high, lines, size=_CAPTION, colour=QUIET)
    base = high + 12
    return Rect(x=MARGIN, y=base, width=_WIDE, height=top - 8 - base)


def draw_counties(sheet: Sheet, result: Classified, places: list[Placed], *, outlined: int | None = None) -> None:
    """Draw every county in the fill of its row, hairlines, state lines, insets' frames, the county outlined."""
    fills = fills_of(result)
    pitch = hatch_pitch(places)
    scale = places[0].scale if places else 1.0
    hair, border = float(np.clip(scale * 1100, 0.05, 0.3)), float(np.clip(scale * 4600, 0.22, 0.9))
    for place in places:
        row, over = result.row[place.frame.at], result.overlay[place.frame.at]
        for k in np.unique(row):
            inside = row == k
            sheet.fill(place.shapes[inside & (over < 0)], fills[k], pitch=pitch)
            for j in np.unique(over[inside & (over >= 0)]):
                fill = overlay_fill(fills[k], result.overlays[j]["pattern"])
                sheet.fill(place.shapes[inside & (over == j)], fill, pitch=pitch)
        sheet.polygons(place.shapes, edge=_HAIR, width=hair, layer=3)
        sheet.strokes(place.lines, colour=INK, width=border)
        if place.frame.name != "main":
            _inset_frame(sheet, place)
        shape = None if outlined is None else outline(place, outlined)
        if shape is not None:
            sheet.polygons(shape, edge="#ffffff", width=3.4, layer=5)
            sheet.polygons(shape, edge="#000000", width=1.7, layer=5.1)


def _inset_frame(sheet: Sheet, place: Placed) -> None:
    named = place.named
    margin, above = (3.0, 8.0) if named else (1.0, 0.0)
    rect = place.rect
    around = Rect(
        x=rect.x - margin, y=rect.y - margin, width=rect.width + 2 * margin, height=rect.height + 2 * margin + above
    )
    sheet.rectangle(around, edge="#9aa3aa", width=0.4)
    if named:
        sheet.text(around.x + 3, around.y + around.height - 8, place.frame.title, size=7, colour=QUIET)


def hatch_pitch(places: list[Placed]) -> float:
    """Return the distance of a hatch's lines, points: finer where counties are small on the page."""
    if not places:
        return _PITCHES[-1]
    return float(_PITCHES[int(np.searchsorted(_FAR, places[0].scale))])


def _above_scale(room: Rect, frames: list[Frame]) -> Rect:
    """Leave room for the scale bar of a map that has one scale."""
    if len(frames) != 1:
        return room
    return Rect(x=room.x, y=room.y + 26, width=room.width, height=room.height - 26)


def _scale_bar(sheet: Sheet, place: Placed, room: Rect) -> None:
    """Draw a scale bar of whole miles, at most a quarter of the map's width."""
    longest = room.width / 4 / place.scale / 1000 / _KM_A_MILE
    tens = 10 ** np.floor(np.log10(longest))
    miles = max(step * tens for step in (1.0, 2.0, 5.0) if step * tens <= longest)
    wide = miles * _KM_A_MILE * 1000 * place.scale
    tall = (place.frame.bounds[3] - place.frame.bounds[1]) * place.scale
    x, y = room.x, max(room.y + 6, place.rect.y + (place.rect.height - tall) / 2 - 16)
    for k, face in enumerate(("#1f2933", "#ffffff")):
        box = Rect(x=x + k * wide / 2, y=y, width=wide / 2, height=3)
        sheet.rectangle(box, face=face, edge=INK, width=0.5, layer=3)
    km = miles * _KM_A_MILE
    said = (
        f"{miles:g} {'mile' if miles == 1 else 'miles'} ({km:.0f} km)" if km >= 1 else f"{miles:g} miles ({km:.1f} km)"
    )
    sheet.text(x + wide + 5, y - 0.5, said, size=7, colour=QUIET)
