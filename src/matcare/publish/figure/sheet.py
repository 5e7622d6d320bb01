"""A page of letter size on which everything is placed in points from its lower left corner, and its files."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.textpath import text_to_path

from matcare.publish.figure.fills import marks, stripes
from matcare.publish.figure.frames import Rect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from matcare.publish.figure.fills import Fill

__all__ = ["FORMATS", "INK", "LEAST_SIZE", "MARGIN", "PAGE", "QUIET", "STYLE", "Sheet", "wrapped"]

FORMATS: Final = ("png", "svg", "pdf")
PAGE: Final = Rect(x=0.0, y=0.0, width=792.0, height=612.0)
"""Letter, landscape."""

MARGIN: Final = 34.0
LEAST_SIZE: Final = 7.0
"""The smallest letters, points: what a reader can still read in print."""

INK: Final = "#1f2933"
QUIET: Final = "#4f5b64"
_FONT: Final = "DejaVu Sans"

STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "matcare",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "font.family": _FONT,
    "axes.unicode_minus": True,
    "path.simplify": False,
    "text.hinting": "none",
}
"""Letters as paths in SVG, as embedded TrueType in PDF; no name in a file comes from chance."""

_SLACK: Final = 1.015
"""Letters of a picture of few dots stand on whole dots, a little wider than they are."""


@dataclass(kw_only=True)
class Sheet:
    """A page being drawn.

    Attributes
    ----------
    title, alt : str
        What it is called, and what it shows in words, for those who do not see it.
    """

    title: str
    alt: str
    figure: Figure = field(init=False)
    axes: Axes = field(init=False)

    def __post_init__(self) -> None:
        self.figure = Figure(figsize=(PAGE.width / 72, PAGE.height / 72), dpi=72, facecolor="white")
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, PAGE.width)
        self.axes.set_ylim(0, PAGE.height)

    def text(
        self, x: float, y: float, words: str, *, size: float = 8.0, colour: str = INK, bold: bool = False,
        align: str = "left",
    ) -> None:  # fmt: skip
        """Write one line, its letters standing on `y`; signs of formulas are signs like others."""
        self.axes.text(
            x, y, words, fontsize=max(size, LEAST_SIZE), color=colour, fontweight="bold" if bold else "normal",
            ha=align, va="baseline", parse_math=False, zorder=9,
        )  # fmt: skip

    def lines(
        self, x: float, top: float, words: Sequence[str], *, size: float = 8.0, leading: float = 1.28,
        colour: str = INK, bold: bool = False,
    ) -> float:  # fmt: skip
        """Write lines below each other, and return where the next would have its top."""
        for line in words:
            self.text(x, top - size, line, size=size, colour=colour, bold=bold)
            top -= size * leading
        return top

    def polygons(
        self, shapes: Any, *, face: str = "none", edge: str = "none", width: float = 0.0, layer: float = 2
    ) -> None:
        """Fill or outline polygons."""
        outline = _outline(shapes)
        if outline is not None:
            patch = PathPatch(outline, facecolor=face, edgecolor=edge, linewidth=width, joinstyle="round", zorder=layer)
            self.axes.add_artist(patch)

    def strokes(self, shapes: Any, *, colour: str, width: float, layer: float = 4) -> None:
        """Draw lines."""
        parts = shapely.get_parts(np.atleast_1d(shapes))
        parts = parts[np.isin(shapely.get_type_id(parts), (1, 2)) & ~shapely.is_empty(parts)]  # lines and rings
        self._line_path([shapely.get_coordinates(part) for part in parts], colour, width, layer)

    def _line_path(self, parts: list[npt.NDArray[np.float64]], colour: str, width: float, layer: float) -> None:
        if not parts:
            return
        codes = np.concatenate([[Outline.MOVETO, *[Outline.LINETO] * (len(part) - 1)] for part in parts])
        path = Outline(np.concatenate(parts), codes.astype(np.uint8))
        self.axes.add_artist(
            PathPatch(
                path, fill=False, edgecolor=colour, linewidth=width, capstyle="round", joinstyle="round", zorder=layer
            )
        )

    def fill(self, shapes: Any, fill: Fill, *, pitch: float, layer: float = 2) -> None:
        """Fill polygons as a legend row says: a colour, stripes, a hatch."""
        present = [shape for shape in np.atleast_1d(shapes) if shape is not None and not shape.is_empty]
        if not present:
            return
        many = np.array(present, dtype=object)
        self.polygons(many, face=fill.colours[0], edge=fill.colours[0], width=0.1, layer=layer)
        if len(fill.colours) == 1 and fill.marks is None:
            return
        whole = shapely.union_all(shapely.make_valid(many))
        for colour, part in zip(fill.colours[1:], stripes(whole, fill.colours, pitch * 0.7), strict=True):
            self.polygons(part, face=colour, layer=layer)
        if fill.marks is None:
            return
        drawn, points = marks(fill.marks, whole, pitch)
        if points:
            self._dots(drawn, fill.ink, pitch * 0.13, layer)
        else:
            heavy = 0.28 if fill.heavy or fill.marks == "hatch" else 0.13
            self.strokes(shapely.get_parts(drawn), colour=fill.ink, width=pitch * heavy, layer=layer + 0.1)

    def _dots(self, points: Any, colour: str, radius: float, layer: float) -> None:
        centres = shapely.get_coordinates(points)
        if not len(centres):
            return
        turn = np.linspace(0, 2 * np.pi, 9)
        ring = np.column_stack([np.cos(turn), np.sin(turn)]) * radius
        corners = (centres[:, None, :] + ring[None, :, :]).reshape(-1, 2)
        codes = np.tile([Outline.MOVETO, *[Outline.LINETO] * 7, Outline.CLOSEPOLY], len(centres)).astype(np.uint8)
        self.axes.add_artist(PathPatch(Outline(corners, codes), facecolor=colour, edgecolor="none", zorder=layer + 0.1))

    def rectangle(
        self, rect: Rect, *, face: str = "none", edge: str = "none", width: float = 0.0, layer: float = 1
    ) -> None:
        """Draw a rectangle."""
        box = shapely.box(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)
        self.polygons(box, face=face, edge=edge, width=width, layer=layer)

    def segment(
        self, x0: float, y0: float, x1: float, y1: float, *, colour: str, width: float, layer: float = 4
    ) -> None:
        """Draw a straight line."""
        self._line_path([np.array([[x0, y0], [x1, y1]])], colour, width, layer)

    def rule(self, x0: float, x1: float, y: float, *, colour: str = "#c9cfd4", width: float = 0.5) -> None:
        """Draw a level line."""
        self.segment(x0, y, x1, y, colour=colour, width=width, layer=1)

    def save(self, path: Path, *, dpi: int) -> None:
        """Write the page in the format that the file's name ends with.

        Parameters
        ----------
        path : pathlib.Path
            Ends in one of :data:`FORMATS`.
        dpi : int
            Dots per inch of a PNG.
        """
        form = path.suffix.removeprefix(".")
        FigureCanvasAgg(self.figure)
        buffer = io.BytesIO()
        known: dict[str, dict[str, Any]] = {
            "png": {"Title": self.title, "Description": self.alt, "Software": "matcare"},
            "svg": {"Title": self.title, "Description": self.alt, "Creator": "matcare", "Date": None},
            "pdf": {"Title": self.title, "Subject": self.alt, "Creator": "matcare", "CreationDate": None},
        }
        self.figure.savefig(buffer, format=form, dpi=dpi if form == "png" else 72, metadata=known[form])
        data = buffer.getvalue()
        path.write_bytes(_with_description(data, self.alt) if form == "svg" else data)


def _with_description(svg: bytes, alt: str) -> bytes:
    """Return the picture with its words where a screen reader looks for them."""
    said = f"</title>\n <desc>{html.escape(alt)}</desc>".encode()
    return svg.replace(b"</title>", said, 1).replace(b"<svg ", b'<svg role="img" ', 1)


def _outline(shapes: Any) -> Outline | None:
    """Return polygons as one path; holes run the other way round, so that they stay open."""
    parts = shapely.get_parts(np.atleast_1d(shapes))
    parts = shapely.get_parts(parts)  # polygons within collections
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]  # noqa: PLR2004 - GEOS: a polygon
    if not len(parts):
        return None
    _, corners, offsets = shapely.to_ragged_array(shapely.orient_polygons(parts))
    codes = np.full(len(corners), Outline.LINETO, dtype=np.uint8)
    codes[offsets[0][:-1]] = Outline.MOVETO
    codes[offsets[0][1:] - 1] = Outline.CLOSEPOLY
    return Outline(corners, codes)


@cache
def _width(words: str, size: float, bold: bool) -> float:  # noqa: FBT001 - cached by position
    face = FontProperties(family=_FONT, size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(words, face, ismath=False)
    return float(width) * _SLACK


def text_width(words: str, *, size: float, bold: bool = False) -> float:
    """Return how wide a line is, points."""
    with mpl.rc_context(STYLE):
        return _width(words, size, bold)


def wrapped(words: str, width: float, *, size: float, bold: bool = False, most: int | None = None) -> list[str]:
    """Break words into lines that fit a width; what a line cannot hold is cut within the word.

    Parameters
    ----------
    words : str
        Any text; blanks of any kind between words count as one.
    width : float
        Points.
    size : float
        Of the letters, points.
    bold : bool
        Whether they are.
    most : int, optional
        Lines at most; the last one ends in … where there is more.

    Returns
    -------
    list of str

    Examples
    --------
    >>> wrapped("Women within sixty minutes of birth care", 90, size=8)
    ['Women within sixty', 'minutes of birth care']
    """
    space = _width(" ", size, bold)
    lines: list[str] = []
    line, at = "", 0.0
    for word in _breakable(words, width, size, bold):
        wide = _width(word, size, bold)
        if line and at + space + wide > width:
            lines.append(line)
            line, at = word, wide
        else:
            at += (space if line else 0.0) + wide
            line = f"{line} {word}" if line else word
    lines.append(line)
    if most is not None and len(lines) > most:
        last = lines[most - 1]
        while last and _width(f"{last}…", size, bold) > width:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return lines


def _breakable(words: str, width: float, size: float, bold: bool) -> list[str]:  # noqa: FBT001 - as `_width`
    """Return words at blanks that may break (a number keeps its percent sign), each cut where none would fit."""
    pieces = []
    for word in words.replace(" %", "\u00a0%").split(" "):
        rest = word.strip("\n\r\t")
        while rest and _width(rest, size, bold) > width:
            fit = max(1, int(len(rest) * width / _width(rest, size, bold)) - 1)
            pieces.append(rest[:fit])
            rest = rest[fit:]
        if rest:
            pieces.append(rest)
    return pieces
