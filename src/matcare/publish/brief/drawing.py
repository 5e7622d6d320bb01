"""Shapes as SVG paths: projected, cut to the picture, simplified to what a reader can see, in whole units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from matcare.geo import CRS, EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Picture",
    "albers",
    "equirectangular",
    "mark",
    "path_of",
    "project",
    "scale_bar",
]

Geometries = npt.NDArray[Any]
KM_PER_MILE: Final = 1.609344
_NICE: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

_HALF: Final = 0.5
_MARKS: Final = {
    "level_4": "M0-13 3.2-4.4 12.4-4 5 1.7 7.6 10.5 0 5.3-7.6 10.5-5 1.7-12.4-4-3.2-4.4Z",
    "level_3": "M0-11 9 0 0 11-9 0Z",
    "level_2": "M-7-7H7V7H-7Z",
    "level_1": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0Z",
    "nicu_unknown": "M0-9.5 9-2.9 5.6 7.7-5.6 7.7-9-2.9Z",
    "level_unknown": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z",
    "birth_center": "M0-9 8.5 6.5-8.5 6.5Z",
    "no_birth_care": "M-3-9H3V-3H9V3H3V9H-3V3H-9V-3H-3Z",
}
"""Outlines of the map's groups of facilities, in units of the picture, each with a shape of its own."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A frame of a drawing.

    Attributes
    ----------
    width, height : int
        Of the picture, in its own units.
    left, top : float
        Projected coordinates of its upper left corner.
    scale : float
        Units per projected unit.
    """

    width: int
    height: int
    left: float
    top: float
    scale: float

    @classmethod
    def around(
        cls, bounds: Sequence[float] | npt.NDArray[np.float64], width: int, height: int, margin: float = 0.04
    ) -> Picture:
        """Return the picture that holds the bounds, in the middle, with a margin around."""
        low_x, low_y, high_x, high_y = bounds
        wide, high = max(high_x - low_x, 1e-9), max(high_y - low_y, 1e-9)
        scale = min(width * (1 - 2 * margin) / wide, height * (1 - 2 * margin) / high)
        return cls(
            width=width,
            height=height,
            left=(low_x + high_x) / 2 - width / scale / 2,
            top=(low_y + high_y) / 2 + height / scale / 2,
            scale=scale,
        )

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Projected bounds of the picture: what lies outside is not drawn."""
        return self.left, self.top - self.height / self.scale, self.left + self.width / self.scale, self.top

    def place(self, x: float, y: float) -> tuple[int, int]:
        """Return a projected point in the picture's units."""
        return round((x - self.left) * self.scale), round((self.top - y) * self.scale)

    def holds(self, x: float, y: float) -> bool:
        """Tell whether a projected point lies in the picture."""
        low_x, low_y, high_x, high_y = self.bounds
        return low_x <= x <= high_x and low_y <= y <= high_y


def equirectangular(lat: float) -> tuple[float, float]:
    """Return kilometres per degree east and north at a latitude: good enough for a picture some hundred km wide."""
    north = np.pi / 180 * EARTH_RADIUS_KM
    return float(north * np.cos(np.radians(lat))), float(north)


def albers(bounds: Sequence[float] | npt.NDArray[np.float64]) -> pyproj.Transformer:
    """Return an equal-area projection in metres fitted to bounds in degrees."""
    west, south, east, north = bounds
    low, high = south + (north - south) / 6, north - (north - south) / 6
    crs = (
        f"+proj=aea +lat_1={low:.4f} +lat_2={high + 1e-3:.4f} +lat_0={(south + north) / 2:.4f} "
        f"+lon_0={(west + east) / 2:.4f} +datum=WGS84 +units=m"
    )
    return pyproj.Transformer.from_crs(CRS, crs, always_xy=True)


def project(geometries: Geometries, to: pyproj.Transformer) -> Geometries:
    """Return geometries in another projection."""
    return np.asarray(shapely.transform(geometries, lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1]))))


def path_of(geometries: Iterable[Any], picture: Picture, *, smallest: float = 1.0, detail: float = 0.7) -> str:
    """Return polygons as one path.

    Parameters
    ----------
    geometries : iterable of shapely.Geometry
        Projected; what lies outside the picture is cut off.
    picture : Picture
        Where they are drawn.
    smallest : float
        Rings smaller than this area, in square units of the picture, are left out, but for the largest of each polygon.
    detail : float
        Bends smaller than this, in units of the picture, are left out.

    Returns
    -------
    str
        For the attribute ``d``; empty where nothing is left.
    """
    parts: list[str] = []
    shapes = np.asarray([shape for shape in geometries if shape is not None and not shape.is_empty], dtype=object)
    if not len(shapes):
        return ""
    for polygon in shapely.get_parts(shapely.clip_by_rect(shapes, *_widened(picture))):
        if polygon.geom_type != "Polygon":
            continue
        plain = shapely.simplify(polygon, detail / picture.scale, preserve_topology=True)
        rings = [plain.exterior, *plain.interiors]
        parts += [text for ring in rings if (text := _ring(ring, picture, smallest))]
    return "".join(parts)


def _widened(picture: Picture) -> tuple[float, float, float, float]:
    """Return the picture's bounds with a little more, so that the cut is not seen as a border."""
    low_x, low_y, high_x, high_y = picture.bounds
    more = 6 / picture.scale
    return low_x - more, low_y - more, high_x + more, high_y + more


def _ring(ring: Any, picture: Picture, smallest: float) -> str:
    xy = shapely.get_coordinates(ring)
    points = np.rint(
        np.column_stack([(xy[:, 0] - picture.left) * picture.scale, (picture.top - xy[:, 1]) * picture.scale])
    ).astype(int)
    steps = np.diff(points, axis=0)
    kept = np.flatnonzero(steps.any(axis=1))
    if len(kept) < 2 or _area(points) < smallest:  # noqa: PLR2004 - two sides enclose nothing
        return ""
    steps = steps[kept][:-1] if (points[0] == points[-1]).all() else steps[kept]
    moves = " ".join(f"{dx} {dy}" for dx, dy in steps.tolist()).replace(" -", "-")
    return f"M{points[0][0]} {points[0][1]}l{moves}z"


def _area(points: npt.NDArray[np.int64]) -> float:
    x, y = points[:, 0].astype(float), points[:, 1].astype(float)
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2)


def mark(group: str) -> str:
    """Return the outline of a group of facilities, around the origin."""
    return _MARKS[group]


def scale_bar(picture: Picture, km_per_unit: float) -> tuple[int, str]:
    """Return the length of a bar in units of the picture, and its words, in miles and kilometres.

    Parameters
    ----------
    picture : Picture
        The picture.
    km_per_unit : float
        Kilometres per projected unit.
    """
    units_per_mile = picture.scale / km_per_unit * KM_PER_MILE
    miles = next((nice for nice in reversed(_NICE) if nice * units_per_mile <= picture.width / 4), _NICE[0])
    return round(miles * units_per_mile), f"{miles:,} mi ({miles * KM_PER_MILE:,.0f} km)"
