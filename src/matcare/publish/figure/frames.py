"""Where on the page each county is drawn: equal-area projections, with Alaska, Hawaii and Puerto Rico inset.

Every projection keeps areas, each frame its own scale: an inset is no measure against the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from matcare.geo import CRS, EQUAL_AREA_CRS
from matcare.publish.map.geometry import map_geometry, state_lines

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Frame", "Placed", "Rect", "frames_of", "inset_words", "map_height", "placed"]

_APART: Final = {"AK": "Alaska", "HI": "Hawaii", "PR": "Puerto Rico"}
_ALASKA_CRS: Final = "EPSG:3338"
_WIDE_DEGREES: Final = 30.0
"""A region wider than this is drawn in the nation's Albers, whose middle is the nation's."""

_NATION_INSETS: Final = {
    "AK": (0.0, -0.13, 0.30, 0.30),
    "HI": (0.312, -0.13, 0.115, 0.145),
    "PR": (0.855, -0.13, 0.145, 0.115),
}
"""West, south, width, height as shares of the conterminous states' frame, in its empty corners."""

_BELOW: Final = 0.13
"""Share of the nation's height that is left below it for the insets."""

_ROW: Final = 0.25
"""Share of the height that a row of insets takes below any other region."""

_ROOM_FOR_NAME: Final = 48.0
"""Points: an inset narrower than this has no name above it."""

_FINEST: Final = 0.12
"""Points: detail finer than this cannot be seen in print."""


@dataclass(frozen=True, kw_only=True)
class Rect:
    """A rectangle of the page in points, from its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def inset(self, by: float) -> Rect:
        """Return it smaller by a margin all round."""
        return Rect(x=self.x + by, y=self.y + by, width=self.width - 2 * by, height=self.height - 2 * by)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Counties that share a projection and a scale.

    Attributes
    ----------
    name : str
        ``main``, or a postal code of an inset.
    title : str
        Words for an inset.
    crs : str
        Its projection.
    at : numpy.ndarray of int
        Positions of its counties in the table.
    shapes : numpy.ndarray of shapely.Geometry
        Their polygons, metres.
    lines : numpy.ndarray of shapely.Geometry
        State lines, metres.
    bounds : tuple of float
        West, south, east, north, metres.
    """

    name: str
    title: str
    crs: str
    at: npt.NDArray[np.int64]
    shapes: npt.NDArray[Any]
    lines: npt.NDArray[Any]
    bounds: tuple[float, float, float, float]

    @property
    def aspect(self) -> float:
        """Width through height."""
        return (self.bounds[2] - self.bounds[0]) / (self.bounds[3] - self.bounds[1])


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A frame on the page.

    Attributes
    ----------
    frame : Frame
        What is drawn.
    rect : Rect
        Where.
    shapes, lines : numpy.ndarray of shapely.Geometry
        In points of the page.
    scale : float
        Points per metre.
    named : bool
        Whether there is room for an inset's name.
    """

    frame: Frame
    rect: Rect
    shapes: npt.NDArray[Any]
    lines: npt.NDArray[Any]
    scale: float
    named: bool = False

    def points(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return longitudes and latitudes as points of the page, one row each."""
        x, y = _projecting(self.frame.crs).transform(lon, lat)
        return self.page(np.column_stack([x, y]))

    def page(self, metres: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return projected metres as points of the page; the map stands in the middle of its rectangle."""
        west, south, east, north = self.frame.bounds
        middle = np.array([(west + east) / 2, (south + north) / 2])
        centre = np.array([self.rect.x + self.rect.width / 2, self.rect.y + self.rect.height / 2])
        return np.asarray((metres - middle) * self.scale + centre)


def frames_of(counties: gpd.GeoDataFrame) -> list[Frame]:
    """Return the frames of some counties, the main one first.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        ``state`` and polygons in EPSG:4326; one without a polygon is left out.

    Returns
    -------
    list of Frame
        Empty when no county has a polygon.
    """
    shapes = map_geometry(counties)
    there = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    states = counties["state"].to_numpy(dtype=object)
    group = np.where(np.isin(states, list(_APART)), states, "main")
    names = [name for name in ("main", *_APART) if (there & (group == name)).any()]
    frames = []
    for k, name in enumerate(names):
        at = np.flatnonzero(there & (group == name))
        crs = _projection(name, shapes[at])
        project = _projecting(crs).transform
        lines = state_lines(shapes[at], states[at])
        frame = Frame(
            name="main" if k == 0 else name,
            title=_APART.get(name, ""),
            crs=crs,
            at=at,
            shapes=_projected(shapes[at], project),
            lines=_projected(lines, project),
            bounds=(0.0, 0.0, 1.0, 1.0),
        )
        west, south, east, north = (float(value) for value in shapely.total_bounds(frame.shapes))
        frames.append(Frame(**{**frame.__dict__, "bounds": (west, south, max(east, west + 1), max(north, south + 1))}))
    return frames


def _projection(name: str, shapes: npt.NDArray[Any]) -> str:
    west, south, east, north = shapely.total_bounds(shapes)
    if name == "AK":
        return _ALASKA_CRS
    if name == "main" and east - west > _WIDE_DEGREES:
        return EQUAL_AREA_CRS
    return f"+proj=laea +lat_0={(south + north) / 2:.3f} +lon_0={(west + east) / 2:.3f} +datum=NAD83 +units=m"


@cache
def _projecting(crs: str) -> pyproj.Transformer:
    """Return what turns longitude and latitude into metres; it takes half a second to make."""
    return pyproj.Transformer.from_crs(CRS, crs, always_xy=True)


def _projected(shapes: npt.NDArray[Any], project: Any) -> npt.NDArray[Any]:
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1]))))


def inset_words(frames: list[Frame]) -> str:
    """Say which frames are insets; empty where there are none."""
    names = [frame.title for frame in frames[1:]]
    scale = "each at its own scale" if len(names) > 1 else "at its own scale"
    return f" · Inset{'s' if len(names) > 1 else ''}: {', '.join(names)}, {scale}" if names else ""


def map_height(frames: list[Frame], width: float) -> float:
    """Return the height that a map of these frames would fill at a width, both points."""
    if not frames:
        return width / 1.5
    tall = width / frames[0].aspect
    if len(frames) == 1:
        return tall
    return tall * (1 + _BELOW) if _is_nation(frames) else tall / (1 - _ROW)


def placed(frames: list[Frame], rect: Rect) -> list[Placed]:
    """Return the frames on the page.

    Parameters
    ----------
    frames : list of Frame
        The main one first.
    rect : Rect
        What they share.

    Returns
    -------
    list of Placed
        In the order of `frames`.
    """
    if not frames:
        return []
    if len(frames) == 1:
        return [_placed(frames[0], rect)]
    if not _is_nation(frames):
        row = rect.height * _ROW
        upper = Rect(x=rect.x, y=rect.y + row, width=rect.width, height=rect.height - row)
        wide = min(rect.width / (len(frames) - 1), rect.width * 0.3)
        boxes = [Rect(x=rect.x + k * (wide + 4), y=rect.y, width=wide, height=row - 6) for k in range(len(frames) - 1)]
        return [_placed(frames[0], upper), *(_boxed(frame, box) for frame, box in zip(frames[1:], boxes, strict=True))]
    lift = rect.height * _BELOW / (1 + _BELOW)
    main = _placed(frames[0], Rect(x=rect.x, y=rect.y + lift, width=rect.width, height=rect.height - lift))
    west, south = main.page(np.array([frames[0].bounds[:2]]))[0]
    east, north = main.page(np.array([frames[0].bounds[2:]]))[0]
    wide, tall = east - west, north - south
    result = [main]
    for frame in frames[1:]:
        x, y, w, h = _NATION_INSETS[frame.name]
        result.append(_boxed(frame, Rect(x=west + x * wide, y=south + y * tall, width=w * wide, height=h * tall)))
    return result


def _is_nation(frames: list[Frame]) -> bool:
    return frames[0].crs == EQUAL_AREA_CRS and set(_APART) <= {frame.name for frame in frames}


def _boxed(frame: Frame, box: Rect) -> Placed:
    """Place an inset within its thin frame, its name above it where there is room for one."""
    if box.width < _ROOM_FOR_NAME:
        return _placed(frame, box, margin=1.0)
    return _placed(frame, box, margin=3.0, above=8.0)


def _placed(frame: Frame, rect: Rect, *, margin: float = 0.0, above: float = 0.0) -> Placed:
    west, south, east, north = frame.bounds
    inner = Rect(
        x=rect.x + margin, y=rect.y + margin, width=rect.width - 2 * margin, height=rect.height - 2 * margin - above
    )
    scale = min(inner.width / (east - west), inner.height / (north - south))
    bare = Placed(frame=frame, rect=inner, shapes=frame.shapes, lines=frame.lines, scale=scale)
    shapes = shapely.transform(frame.shapes, bare.page)
    lines = shapely.transform(frame.lines, bare.page)
    return Placed(
        frame=frame,
        rect=inner,
        shapes=_plainer(shapes),
        lines=shapely.simplify(lines, _FINEST),
        scale=scale,
        named=above > 0,
    )


def _plainer(shapes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Leave out detail that cannot be seen, the same on both sides of a border where the polygons fit together."""
    if not shapely.coverage_is_valid(shapes):
        return shapes
    return np.asarray(shapely.coverage_simplify(shapes, _FINEST))


def outline(placed_frame: Placed, position: int) -> Any | None:
    """Return the polygon of the county at a position of the table, None where it is not in this frame."""
    where = np.flatnonzero(placed_frame.frame.at == position)
    return placed_frame.shapes[where[0]] if len(where) else None
