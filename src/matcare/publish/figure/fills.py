"""How a legend row is filled on paper: colours whose lightness keeps its order in grey, stripes, and hatches.

Hatches are drawn as lines cut at the counties' edge, in points of the page, so that PNG, SVG and PDF show the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matcare.publish.figure.classes import Classified

__all__ = ["Fill", "fills_of", "lightness", "marks", "overlay_fill", "relative_luminance", "stripes"]

PAPER: Final = "#fbfaf7"
_INK: Final = "#6b665e"
_OVER_INK: Final = "#222222"
_ALIKE: Final = 12.0
"""Categories nearer in lightness (CIE L*, 0 to 100) than this look alike in grey: the later one gets a pattern."""

_TELLING_APART: Final = ("bars", "diagonal", "columns", "hatch", "grid", "cross")
_MARKS: Final = {"dots-over": "dots", "stripes-over": "diagonal", "hatch-over": "hatch"}
_DARK: Final = 50.0
"""Lightness up to which white lines show better than black ones."""

_WHITE: Final = 255
_STEP: Final = 0.02
"""By how much relative luminance must fall from class to class in grey."""


@dataclass(frozen=True, kw_only=True)
class Fill:
    """What a legend row looks like.

    Attributes
    ----------
    colours : tuple of str
        One, or several in stripes.
    marks : str, optional
        Name of the hatch over it, as :func:`marks` knows it.
    ink : str
        Colour of the hatch.
    heavy : bool
        Whether its lines are thick, because they alone tell two categories apart in grey.
    """

    colours: tuple[str, ...]
    marks: str | None = None
    ink: str = _INK
    heavy: bool = False


def relative_luminance(colours: Sequence[str]) -> float:
    """Return the relative luminance of a colour (WCAG 2.2), or the mean of the stripes'.

    Examples
    --------
    >>> relative_luminance(["#ffffff"]), relative_luminance(["#000000"])
    (1.0, 0.0)
    """
    channels = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in colours])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB
    return float((linear @ np.array([0.2126, 0.7152, 0.0722])).mean())


def lightness(colours: Sequence[str]) -> float:
    """Return the lightness that the eye sees (CIE L*, 0 to 100) of a colour, or of stripes."""
    luminance = relative_luminance(colours)
    cube = 6 / 29
    root = luminance ** (1 / 3) if luminance > cube**3 else luminance / (3 * cube**2) + 4 / 29
    return 116 * root - 16


def fills_of(result: Classified) -> list[Fill]:
    """Return the fill of each of a theme's rows, classes first, then the reasons for a missing value.

    Ordered classes whose lightness does not run one way are lightened until it does; categories that grey would make
    alike are told apart by a pattern.
    """
    theme = result.theme
    colours = [list(entry["colours"]) for entry in result.classes]
    if theme["kind"] == "bins":
        classes = [Fill(colours=tuple(row)) for row in _in_order(colours)]
    elif theme["kind"] == "category" and not theme.get("joined"):
        classes = _told_apart(colours)
    else:
        classes = [Fill(colours=tuple(row)) for row in colours]
    return classes + [Fill(colours=(PAPER,), marks=entry["pattern"]) for entry in result.missing]


def overlay_fill(fill: Fill, pattern: str) -> Fill:
    """Return a class's fill with the pattern of a reserve over it."""
    mark = _MARKS.get(pattern, pattern.removesuffix("-over"))
    return Fill(colours=fill.colours, marks=mark, ink="#ffffff" if mark == "hatch" else _ink_over(fill))


def _ink_over(fill: Fill) -> str:
    """Return the ink that shows on a colour."""
    return _OVER_INK if lightness(fill.colours) > _DARK else "#ffffff"


def _in_order(colours: list[list[str]]) -> list[list[str]]:
    """Lighten the lighter neighbour of each pair that stands the wrong way round in grey."""
    shades = [relative_luminance(row) for row in colours]
    if len(shades) > 1 and shades[0] < shades[-1]:
        return _in_order(colours[::-1])[::-1]
    adjusted = [list(row) for row in colours]
    for k in reversed(range(len(adjusted) - 1)):
        below = relative_luminance(adjusted[k + 1])
        while relative_luminance(adjusted[k]) < min(below + _STEP, 0.98):
            adjusted[k] = [_lighter(colour) for colour in adjusted[k]]
    return adjusted


def _lighter(colour: str) -> str:
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{min(_WHITE, channel + max(1, (_WHITE - channel) // 8)):02x}" for channel in channels)


def _told_apart(colours: list[list[str]]) -> list[Fill]:
    fills: list[Fill] = []
    patterns = list(_TELLING_APART)
    for row in colours:
        plain = [other for other in fills if other.marks is None]
        alike = any(abs(lightness(other.colours) - lightness(row)) < _ALIKE for other in plain)
        fill = Fill(colours=tuple(row))
        if alike and patterns:
            fill = replace(fill, marks=patterns.pop(0), ink=_ink_over(fill), heavy=True)
        fills.append(fill)
    return fills


def stripes(shape: Any, colours: Sequence[str], pitch: float) -> list[Any]:
    """Return what each colour after the first covers of a shape drawn in diagonal stripes.

    Parameters
    ----------
    shape : shapely.Geometry
        Polygons in points of the page.
    colours : sequence of str
        As many stripes take turns.
    pitch : float
        Width of a stripe, points.

    Returns
    -------
    list of shapely.Geometry
        One for each of ``colours[1:]``.
    """
    west, south, east, north = shapely.bounds(shape)
    if not np.isfinite(west):
        return [shapely.MultiPolygon() for _ in colours[1:]]
    period = pitch * np.sqrt(2) * len(colours)
    tall = north - south
    covered = []
    for k in range(1, len(colours)):
        first = np.floor((west - north) / period) * period + k * period / len(colours)
        starts = np.arange(first, east - south + period, period)
        bands = [
            shapely.Polygon([(at + south, south), (at + south + period / len(colours), south),
                             (at + south + period / len(colours) + tall, north), (at + south + tall, north)])
            for at in starts
        ]  # fmt: skip
        covered.append(shapely.intersection(shapely.MultiPolygon(bands), shape))
    return covered


def marks(name: str, shape: Any, pitch: float) -> tuple[Any, bool]:
    """Return the lines of a hatch within a shape.

    Parameters
    ----------
    name : str
        ``diagonal``, ``hatch``, ``cross``, ``grid``, ``bars``, ``columns``, ``waves``, ``rings`` or ``dots``.
    shape : shapely.Geometry
        Polygons in points of the page.
    pitch : float
        Distance of the lines, points.

    Returns
    -------
    lines : shapely.Geometry
        Lines, or points for ``dots``.
    points : bool
        Whether they are points.
    """
    west, south, east, north = (float(value) for value in shapely.bounds(shape))
    bounds = (west, south, east, north)
    if not np.isfinite(west):
        return shapely.MultiLineString(), False
    if name == "dots":
        return shapely.intersection(shapely.MultiPoint(_lattice(bounds, pitch * 0.7)), shape), True
    lines = shapely.MultiLineString(_LINES[name](bounds, pitch))
    return shapely.intersection(lines, shape), False


Bounds = tuple[float, float, float, float]


def _steps(low: float, high: float, pitch: float) -> Any:
    """Return multiples of the pitch, so that the hatches of neighbours meet."""
    return np.arange(np.floor(low / pitch) * pitch, high + pitch, pitch)


def _lattice(bounds: Bounds, pitch: float) -> Any:
    """Return points of every other row shifted by half, those within the bounds."""
    rows = _steps(bounds[1], bounds[3], pitch)
    points = [
        np.column_stack([xs, np.full(len(xs), y)])
        for y in rows
        for xs in [_steps(bounds[0], bounds[2], 2 * pitch) + (pitch if round(y / pitch) % 2 else 0.0)]
    ]
    return np.vstack(points)


def _bars(bounds: Bounds, pitch: float) -> list[Any]:
    return [[(bounds[0] - 1, y), (bounds[2] + 1, y)] for y in _steps(bounds[1], bounds[3], pitch)]


def _columns(bounds: Bounds, pitch: float) -> list[Any]:
    return [[(x, bounds[1] - 1), (x, bounds[3] + 1)] for x in _steps(bounds[0], bounds[2], pitch)]


def _rising(bounds: Bounds, pitch: float) -> list[Any]:
    west, south, east, north = bounds
    return [[(at + south, south), (at + north, north)] for at in _steps(west - north, east - south, pitch * np.sqrt(2))]


def _falling(bounds: Bounds, pitch: float) -> list[Any]:
    west, south, east, north = bounds
    return [[(at - south, south), (at - north, north)] for at in _steps(west + south, east + north, pitch * np.sqrt(2))]


def _waves(bounds: Bounds, pitch: float) -> list[Any]:
    xs = _steps(bounds[0], bounds[2], pitch / 4)
    swing = np.sin(xs / pitch * 2 * np.pi) * pitch / 4
    return [np.column_stack([xs, y + swing]) for y in _steps(bounds[1], bounds[3], pitch)]


def _rings(bounds: Bounds, pitch: float) -> list[Any]:
    turn = np.linspace(0, 2 * np.pi, 13)
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * pitch * 0.3
    return [point + ring for point in _lattice(bounds, pitch * 0.75)]


_LINES: Final[dict[str, Callable[[Bounds, float], list[Any]]]] = {
    "diagonal": _rising,
    "hatch": _falling,
    "cross": lambda bounds, pitch: _rising(bounds, pitch) + _falling(bounds, pitch),
    "grid": lambda bounds, pitch: _bars(bounds, pitch) + _columns(bounds, pitch),
    "bars": _bars,
    "columns": _columns,
    "waves": _waves,
    "rings": _rings,
}
