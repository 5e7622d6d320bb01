"""The grid of a raster: where its cells lie, how many metres a step between two of them is, how large they are.

Cells are squares of degrees or of a projection's units; a step is always measured on the ground. On a grid in degrees
every row has lengths of its own, geodesics on the ellipsoid of the grid's datum. On a projected grid a unit is taken
for what it is on the map, and a projection that stretches lengths by more than :data:`LARGEST_DISTORTION` is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import CRSError, ProjError

from matcare.errors import InputError
from matcare.geo import CRS

__all__ = ["LARGEST_DISTORTION", "MOVE_KINDS", "PAD", "Grid"]

LARGEST_DISTORTION: Final = 0.05
"""Share by which a map's lengths may differ from those on the ground before costs on it are refused."""

PAD: Final = 2
"""Cells around a block that the longest move (a knight's) looks into."""

MOVE_KINDS: Final = ("east", "south", "diagonal", "two_south_one_east", "one_south_two_east")
"""Columns of :meth:`Grid.step_metres`."""

_SAME: Final = 1e-3
"""Two edges closer than this share of a cell are the same edge: files round their corners."""

_FULL_CIRCLE: Final = 360.0
_RIGHT_ANGLE: Final = 90.0
_SMALLEST_WRAP: Final = 4
_LATTICE: Final = 7

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows from north to south, columns from west to east, no rotation.

    Attributes
    ----------
    crs : str
        Coordinate reference system, as WKT or a name that PROJ knows.
    west, north : float
        Outer corner of the first cell, in the grid's units (degrees, metres, feet).
    cell_x, cell_y : float
        Width and height of a cell, both positive.
    rows, cols : int
    """

    crs: str
    west: float
    north: float
    cell_x: float
    cell_y: float
    rows: int
    cols: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.rows * self.cols

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """The six coefficients of the affine transform from column and row to x and y."""
        return self.cell_x, 0.0, self.west, 0.0, -self.cell_y, self.north

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return self.west, self.north - self.rows * self.cell_y, self.west + self.cols * self.cell_x, self.north

    @cached_property
    def projection(self) -> pyproj.CRS:
        """The coordinate reference system as pyproj reads it."""
        return pyproj.CRS.from_user_input(self.crs)

    @property
    def geographic(self) -> bool:
        """Whether the grid's units are degrees."""
        return bool(self.projection.is_geographic)

    @property
    def wraps(self) -> bool:
        """Whether the last column touches the first: the grid goes round the whole Earth."""
        whole = abs(self.cols * self.cell_x - _FULL_CIRCLE) <= _SAME * self.cell_x
        return self.geographic and self.cols >= _SMALLEST_WRAP and whole

    @cached_property
    def metres_per_unit(self) -> float:
        """Metres in a unit of a projected grid (0.3048… for feet)."""
        return float(self.projection.axis_info[0].unit_conversion_factor)

    @cached_property
    def _to_degrees(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(self.projection, CRS, always_xy=True)

    @cached_property
    def _from_degrees(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(CRS, self.projection, always_xy=True)

    def check(self, where: str) -> None:
        """Refuse a grid that distances cannot be measured on.

        Parameters
        ----------
        where : str
            The file, for the message.

        Raises
        ------
        InputError
            When the reference system is unknown, its units are neither degrees nor a length, rows lie beyond a pole, or
            columns go round more than once.
        """
        try:
            projection = self.projection
        except CRSError as error:
            raise InputError(f"{where}: PROJ does not know its coordinate reference system; warp it first") from error
        if not (projection.is_geographic or projection.is_projected):
            raise InputError(f"{where}: its coordinate reference system is neither in degrees nor a map projection")
        if not self.geographic:
            return
        if projection.axis_info[0].unit_name not in {"degree", "degrees"}:
            raise InputError(f"{where}: angles in {projection.axis_info[0].unit_name}; warp it to EPSG:4326 first")
        west, south, east, north = self.bounds
        beyond = max(north, -south) - _RIGHT_ANGLE
        if beyond > _SAME * self.cell_y:
            raise InputError(f"{where}: rows from {south:g} to {north:g} degrees reach beyond a pole")
        if east - west > _FULL_CIRCLE + _SAME * self.cell_x:
            raise InputError(f"{where}: columns from {west:g} to {east:g} degrees go round the Earth more than once")

    def check_scale(self, where: str) -> None:
        """Refuse a projection whose lengths are not those on the ground.

        Parameters
        ----------
        where : str
            The file, for the message.

        Raises
        ------
        InputError
            When the scale differs from 1 by more than :data:`LARGEST_DISTORTION` anywhere on a lattice over the grid.
        """
        if self.geographic:
            return
        row = np.linspace(0, self.rows - 1, _LATTICE)
        col = np.linspace(0, self.cols - 1, _LATTICE)
        lat, lon = self.lat_lon(np.repeat(row, _LATTICE), np.tile(col, _LATTICE))
        on_earth = np.isfinite(lat) & np.isfinite(lon)
        if not on_earth.any():
            raise InputError(f"{where}: none of its corners is a place on Earth in its coordinate reference system")
        factors = pyproj.Proj(self.projection).get_factors(lon[on_earth], lat[on_earth])
        scale = np.concatenate([np.atleast_1d(factors.tissot_semimajor), np.atleast_1d(factors.tissot_semiminor)])
        scale = scale[np.isfinite(scale)]
        worst = float(np.abs(scale - 1).max()) if len(scale) else np.inf
        if worst > LARGEST_DISTORTION:
            raise InputError(
                f"{where}: its projection {self.projection.name!r} stretches lengths by up to {worst:.0%}, so minutes "
                f"would be wrong; warp it: gdalwarp -t_srs EPSG:4326 -r near {where} warped.tif"
            )

    def y_of(self, row: npt.ArrayLike) -> F64:
        """Return the y of the middle of each row (latitude on a grid in degrees)."""
        return np.asarray(self.north - (np.asarray(row, dtype=np.float64) + 0.5) * self.cell_y, dtype=np.float64)

    def x_of(self, col: npt.ArrayLike) -> F64:
        """Return the x of the middle of each column."""
        return np.asarray(self.west + (np.asarray(col, dtype=np.float64) + 0.5) * self.cell_x, dtype=np.float64)

    def lat_lon(self, row: npt.ArrayLike, col: npt.ArrayLike) -> tuple[F64, F64]:
        """Return latitude and longitude (EPSG:4326) of places given in rows and columns; whole numbers are middles."""
        lon, lat = self._to_degrees.transform(self.x_of(col), self.y_of(row))
        lon, lat = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        with np.errstate(invalid="ignore"):
            lon = np.where(np.isfinite(lon), (lon + 180) % _FULL_CIRCLE - 180, np.nan)
        return np.where(np.isfinite(lat), lat, np.nan), lon

    def row_col(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> tuple[F64, F64]:
        """Return the place of points in rows and columns: 0 is the first cell's middle, −0.5 its outer edge.

        Parameters
        ----------
        lat, lon : array_like of float
            Degrees, EPSG:4326.

        Returns
        -------
        row, col : numpy.ndarray of float64
            May lie outside the grid; ``NaN`` where the projection has no place for the point. Longitudes are brought
            to the turn of the Earth that the grid is drawn on, so a grid across the antimeridian needs no care.
        """
        x, y = self._from_degrees.transform(
            np.atleast_1d(np.asarray(lon, dtype=np.float64)), np.atleast_1d(np.asarray(lat, dtype=np.float64))
        )
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        x, y = np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan)
        if self.geographic:
            middle = self.west + self.cols * self.cell_x / 2
            x = x - _FULL_CIRCLE * np.round((x - middle) / _FULL_CIRCLE)
        col = (x - self.west) / self.cell_x - 0.5
        row = (self.north - y) / self.cell_y - 0.5
        if self.wraps:
            col = np.where(col >= self.cols - 0.5, col - self.cols, col)
        return row, col

    def step_metres(self) -> F64:
        """Return the metres of a step, by row and kind.

        Returns
        -------
        numpy.ndarray of float64, shape (rows + 2 · PAD, 5)
            Row ``r + PAD`` is for the steps that start in row r and go south (or stay in the row, for ``east``); the
            kinds are :data:`MOVE_KINDS`. Steps north are those of the row they end in.
        """
        row = np.arange(-PAD, self.rows + PAD)
        steps = np.array([[0, 1], [1, 0], [1, 1], [2, 1], [1, 2]], dtype=np.float64)
        if not self.geographic:
            lengths = np.hypot(steps[:, 0] * self.cell_y, steps[:, 1] * self.cell_x) * self.metres_per_unit
            return np.tile(lengths, (len(row), 1))
        geod = self.projection.get_geod()
        assert geod is not None
        metres = np.empty((len(row), len(steps)))
        first = np.clip(self.y_of(row), -_RIGHT_ANGLE, _RIGHT_ANGLE)
        for kind, (south, east) in enumerate(steps):
            second = np.clip(self.y_of(row + south), -_RIGHT_ANGLE, _RIGHT_ANGLE)
            zero, over = np.zeros(len(row)), np.full(len(row), east * self.cell_x)
            metres[:, kind] = geod.inv(zero, first, over, second)[2]
        return metres

    def cell_km2(self, row0: int, row1: int, col0: int, col1: int) -> F64:
        """Return the ground area of the cells of a window, km².

        Returns
        -------
        numpy.ndarray of float64, shape (row1 − row0, 1) in degrees, (row1 − row0, col1 − col0) in a projection
        """
        if self.geographic:
            geod = self.projection.get_geod()
            assert geod is not None
            edges = self.north - np.arange(row0, row1 + 1) * self.cell_y
            below = _zone_m2(np.clip(edges, -_RIGHT_ANGLE, _RIGHT_ANGLE), geod.a, geod.es)
            return np.asarray((below[:-1] - below[1:])[:, None] * self.cell_x / _FULL_CIRCLE / 1e6, dtype=np.float64)
        lat, lon = self.lat_lon(
            np.repeat(np.arange(row0, row1), col1 - col0), np.tile(np.arange(col0, col1), row1 - row0)
        )
        flat = self.cell_x * self.cell_y * self.metres_per_unit**2 / 1e6
        on_earth = np.isfinite(lat) & np.isfinite(lon)
        scale = np.full(len(lat), np.nan)
        if on_earth.any():
            scale[on_earth] = pyproj.Proj(self.projection).get_factors(lon[on_earth], lat[on_earth]).areal_scale
        return np.asarray(flat / scale.reshape(row1 - row0, col1 - col0), dtype=np.float64)

    def same_as(self, other: Grid) -> bool:
        """Tell whether two grids have the same cells."""
        return self.shape == other.shape and self.offset_in(other) == (0, 0)

    def offset_in(self, other: Grid) -> tuple[int, int] | None:
        """Return the row and column of `other` that the first cell lies on; None where the cells are not the same."""
        if not _same_crs(self.projection, other.projection):
            return None
        drift = max(
            abs(self.cell_x / other.cell_x - 1) * self.cols, abs(self.cell_y / other.cell_y - 1) * self.rows
        )  # of a cell, over the whole grid
        row, col = (other.north - self.north) / other.cell_y, (self.west - other.west) / other.cell_x
        if drift > 10 * _SAME or max(abs(row - round(row)), abs(col - round(col))) > 10 * _SAME:
            return None
        return round(row), round(col)

    def warp_command(self, path: str, *, method: str) -> str:
        """Write the gdalwarp command that brings a file onto this grid."""
        west, south, east, north = self.bounds
        authority = self.projection.to_authority()
        name = ":".join(authority) if authority else f"'{self.projection.to_proj4()}'"
        extent = " ".join(f"{value:.12g}" for value in (west, south, east, north))
        return f"gdalwarp -t_srs {name} -te {extent} -ts {self.cols} {self.rows} -r {method} {path} aligned.tif"

    def require_same(self, other: Grid, *, ours: str, theirs: str, method: str) -> None:
        """Refuse a file whose cells are not ours.

        Parameters
        ----------
        other : Grid
            The grid of the file.
        ours, theirs : str
            Names of the two files.
        method : str
            How gdalwarp should resample `theirs`: ``near`` for classes, ``bilinear`` for elevations.

        Raises
        ------
        InputError
            When the reference systems differ or the cells do not lie on each other; gdalwarp's command is given.
        """
        if self.same_as(other):
            return
        raise InputError(f"{self.difference(other, ours, theirs)}: {self.warp_command(theirs, method=method)}")

    def difference(self, other: Grid, ours: str, theirs: str) -> str:
        """Say in which way the cells of two files differ."""
        if not _same_crs(self.projection, other.projection):
            what = f"is in {other.projection.name!r}, {ours} in {self.projection.name!r}"
        else:
            what = (
                f"has other cells ({other.rows} × {other.cols} of {other.cell_x:g} × {other.cell_y:g}) than {ours} "
                f"({self.rows} × {self.cols} of {self.cell_x:g} × {self.cell_y:g})"
            )
        return f"{theirs} {what}; warp it"


def _same_crs(ours: pyproj.CRS, theirs: pyproj.CRS) -> bool:
    try:
        return bool(ours.equals(theirs, ignore_axis_order=True)) or ours.to_epsg(70) == theirs.to_epsg(70) is not None
    except ProjError:
        return False


def _zone_m2(lat: F64, a: float, es: float) -> F64:
    """Area of the ellipsoid from the equator to each latitude (negative south of it): Snyder (1987), equation 3-12."""
    sine, e = np.sin(np.radians(lat)), np.sqrt(es)
    ratio = np.arctanh(e * sine) / e if e > 0 else sine
    return np.asarray(np.pi * a**2 * (1 - es) * (sine / (1 - es * sine**2) + ratio), dtype=np.float64)
