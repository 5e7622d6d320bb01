"""Changes that a profile makes to some roads: another speed in winter or in the peak, a flood, a closed bridge."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcare.errors import InputError
from matcare.geo import canonical_state

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DIRECTIONS", "PLACES", "Adjustment", "Closure"]

PLACES: Final = ("everywhere", "urban", "rural")
"""Where an adjustment holds; between town and country it holds in part, as speeds do."""

DIRECTIONS: Final = ("both", "north", "east", "south", "west")
"""Directions of travel that a closure closes."""

FASTEST: Final = 2.0

Point = tuple[float, float]
"""Latitude and longitude, degrees."""


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """Some roads are driven faster or slower.

    A road is concerned by the share of its length inside the polygon, and by its urban share where `where` asks for
    town or country: its minutes are multiplied by ``1 + share · (1 / speed_factor − 1)``. Several adjustments multiply,
    so their order does not matter. Access legs and the minutes at the ends of a trip are not roads and stay.

    Attributes
    ----------
    name : str
        As it stands in outputs.
    speed_factor : float
        New speed over the old, above 0 and at most 2.
    states : tuple of str
        Postal codes; empty for everywhere. Roads whose state is not known are then left alone.
    classes : tuple of str
        Road classes; empty for all that the profile gives a speed. Edges whose minutes the source itself gives (a
        ferry's duration, a table of travel times) are adjusted only where their class is named here.
    where : str
        One of :data:`PLACES`.
    polygon : pathlib.Path, optional
        A file of polygons in any coordinate reference system.
    polygon_sha256 : str
        Of that file, as it was when the profile was read; empty without a polygon.
    """

    name: str
    speed_factor: float
    states: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    where: str = "everywhere"
    polygon: Path | None = None
    polygon_sha256: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.speed_factor <= FASTEST:
            raise InputError(
                f"adjustment {self.name!r}: speed_factor is {self.speed_factor:g}: give a number above 0, at most "
                f"{FASTEST:g}"
            )
        if self.where not in PLACES:
            raise InputError(f"adjustment {self.name!r}: where is {self.where!r}: one of {', '.join(PLACES)}")
        object.__setattr__(self, "states", tuple(sorted({canonical_state(state) for state in self.states})))
        object.__setattr__(self, "classes", tuple(sorted(set(self.classes))))
        if self.polygon is not None:
            object.__setattr__(self, "polygon_sha256", sha256_of(self.polygon, f"adjustment {self.name!r}"))

    def as_dict(self) -> dict[str, Any]:
        """Return the adjustment in JSON's types; of the polygon the file's name and SHA-256."""
        return {
            "name": self.name, "speed_factor": self.speed_factor, "states": list(self.states),
            "classes": list(self.classes), "where": self.where, **_file_of(self.polygon, self.polygon_sha256),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Closure:
    """Some roads are closed: all that touch a polygon, or the nearest to each of some points.

    Attributes
    ----------
    name : str
        As it stands in outputs.
    polygon : pathlib.Path, optional
        A file of polygons in any coordinate reference system; every edge that touches one is closed along its whole
        length.
    edges : tuple of (float, float)
        Latitude and longitude of points; of each, the one edge whose shape is nearest is closed, and must be within
        100 m. The two carriageways of a divided road are two edges and take two points.
    classes : tuple of str
        Only edges of these classes are looked at; empty for all.
    direction : str
        One of :data:`DIRECTIONS`: ``"north"`` closes the direction of travel that ends farther north than it began; a
        stretch that ends as far north as it began is closed both ways.
    polygon_sha256 : str
        Of the polygon's file, as it was when the profile was read; empty without a polygon.
    """

    name: str
    polygon: Path | None = None
    edges: tuple[Point, ...] = ()
    classes: tuple[str, ...] = ()
    direction: str = "both"
    polygon_sha256: str = ""

    def __post_init__(self) -> None:
        if (self.polygon is None) == (not self.edges):
            raise InputError(f"closed {self.name!r}: give either a polygon (a file) or edges (points on the roads)")
        for lat, lon in self.edges:
            if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):  # noqa: PLR2004 - degrees
                raise InputError(f"closed {self.name!r}: point [{lat:g}, {lon:g}] is not [latitude, longitude]")
        if self.direction not in DIRECTIONS:
            raise InputError(f"closed {self.name!r}: direction is {self.direction!r}: one of {', '.join(DIRECTIONS)}")
        object.__setattr__(self, "classes", tuple(sorted(set(self.classes))))
        if self.polygon is not None:
            object.__setattr__(self, "polygon_sha256", sha256_of(self.polygon, f"closed {self.name!r}"))

    def as_dict(self) -> dict[str, Any]:
        """Return the closure in JSON's types; of the polygon the file's name and SHA-256."""
        return {
            "name": self.name, "edges": [list(point) for point in self.edges], "classes": list(self.classes),
            "direction": self.direction, **_file_of(self.polygon, self.polygon_sha256),
        }  # fmt: skip


def sha256_of(path: Path, whose: str) -> str:
    """Hash a file, or say whose polygon is missing."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{whose}: polygon {path} is not a readable file ({error.strerror}); give its path "
                         "from the profile's folder") from error  # fmt: skip


def _file_of(polygon: Path | None, sha256: str) -> dict[str, Any]:
    return {"polygon": None, "polygon_sha256": None} if polygon is None else {
        "polygon": polygon.name, "polygon_sha256": sha256}  # fmt: skip
