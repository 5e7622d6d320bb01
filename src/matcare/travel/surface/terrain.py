"""Friction made of land cover, roads and elevation, with a table of speeds.

Roads are burnt over the land cover: a cell that a road touches has the speed of the fastest road in it, unless the land
itself is faster. Every cell that a segment passes through is burnt, one step along a row or column at a time, so a road
that runs at an angle over water is a bridge without holes, and a river one cell wide is not crossed at its corners.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.compiled import compiled
from matcare.travel.surface.friction import FrictionSurface, Ground
from matcare.travel.surface.geotiff import RasterFile, Window

if TYPE_CHECKING:
    from matcare.travel.surface.grid import Grid
    from matcare.travel.surface.speed_table import SpeedTable

__all__ = ["RoadLines", "friction_from_land_cover"]

_MINUTES_PER_METRE: Final = 0.06
_HALF_TURN: Final = 180.0
_POLE: Final = 90.0

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RoadLines:
    """Straight pieces of road with a speed.

    Attributes
    ----------
    from_lat, from_lon, to_lat, to_lon : numpy.ndarray of float64, shape (pieces,)
        Degrees, EPSG:4326.
    km_per_h : numpy.ndarray of float64, shape (pieces,)
        Speed of a vehicle; above 0.
    """

    from_lat: F64
    from_lon: F64
    to_lat: F64
    to_lon: F64
    km_per_h: F64

    def __post_init__(self) -> None:
        speed = self.km_per_h
        if len({len(array) for array in (self.from_lat, self.from_lon, self.to_lat, self.to_lon, speed)}) > 1:
            raise InputError("roads: coordinates and speeds of different lengths")
        bad = ~(np.isfinite(speed) & (speed > 0))
        if bad.any():
            raise InputError(f"roads, piece {int(np.argmax(bad)) + 1}: speed {speed[bad][0]:g} km/h; above 0 is needed")
        for lat, lon in ((self.from_lat, self.from_lon), (self.to_lat, self.to_lon)):
            off = ~((np.abs(lat) <= _POLE) & (np.abs(lon) <= 2 * _HALF_TURN))
            if off.any():
                raise InputError(f"roads, piece {int(np.argmax(off)) + 1}: latitude or longitude is not on Earth")

    @classmethod
    def from_graph(
        cls, lat: npt.ArrayLike, lon: npt.ArrayLike, u: npt.ArrayLike, v: npt.ArrayLike, km_per_h: npt.ArrayLike
    ) -> Self:
        """Take the edges of a graph.

        Parameters
        ----------
        lat, lon : array_like of float, shape (nodes,)
        u, v : array_like of int, shape (edges,)
            Positions of an edge's ends.
        km_per_h : array_like of float, shape (edges,)

        Returns
        -------
        RoadLines
        """
        y, x = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
        start, end = np.asarray(u, dtype=np.int64), np.asarray(v, dtype=np.int64)
        speed = np.asarray(km_per_h, dtype=np.float64)
        return cls(from_lat=y[start], from_lon=x[start], to_lat=y[end], to_lon=x[end], km_per_h=speed)


@compiled
def _trace(row0: F64, col0: F64, row1: F64, col1: F64, rows: int, cols: int, wraps: bool, piece: I64, cell: I64) -> int:  # noqa: FBT001 - kernel
    """List the cells that each line passes through; only count them where the arrays are too short.

    Rows and columns are measured from the grid's outer corner, in cells. Steps go along a row or a column, never both.
    """
    found = 0
    for line in range(len(row0)):
        y, x, south, east = row0[line], col0[line], row1[line] - row0[line], col1[line] - col0[line]
        i, j = int(np.floor(y)), int(np.floor(x))
        left_i, left_j = abs(int(np.floor(row1[line])) - i), abs(int(np.floor(col1[line])) - j)
        down, right = (1 if south > 0 else -1), (1 if east > 0 else -1)
        next_i = ((i + (down > 0)) - y) / south if south != 0 else np.inf
        next_j = ((j + (right > 0)) - x) / east if east != 0 else np.inf
        while True:
            column = j % cols if wraps else j
            if 0 <= i < rows and 0 <= column < cols:
                if found < len(cell):
                    piece[found] = line
                    cell[found] = np.int64(i) * cols + column
                found += 1
            if left_i + left_j == 0:
                break
            if left_j == 0 or (left_i > 0 and next_i < next_j):
                i += down
                left_i -= 1
                next_i += abs(1 / south)
            else:
                j += right
                left_j -= 1
                next_j += abs(1 / east)
    return found


def _burn(grid: Grid, roads: RoadLines) -> tuple[I64, F32]:
    """Return the cells that roads pass through, ascending, and the fastest speed in each."""
    start_row, start_col = grid.row_col(roads.from_lat, roads.from_lon)
    end_row, end_col = grid.row_col(roads.to_lat, roads.to_lon)
    if grid.geographic:  # an end across the antimeridian is drawn on the start's side of it
        turn = 2 * _HALF_TURN / grid.cell_x
        end_col = end_col - turn * np.round((end_col - start_col) / turn)
    inside = np.isfinite(start_row) & np.isfinite(start_col) & np.isfinite(end_row) & np.isfinite(end_col)
    low_row, high_row = np.minimum(start_row, end_row), np.maximum(start_row, end_row)
    low_col, high_col = np.minimum(start_col, end_col), np.maximum(start_col, end_col)
    inside &= (high_row + 0.5 >= 0) & (low_row + 0.5 <= grid.rows)
    if not grid.wraps:
        inside &= (high_col + 0.5 >= 0) & (low_col + 0.5 <= grid.cols)
    row0, col0, row1, col1 = (array[inside] + 0.5 for array in (start_row, start_col, end_row, end_col))
    piece = cell = np.zeros(0, np.int64)
    found = _trace(row0, col0, row1, col1, grid.rows, grid.cols, grid.wraps, piece, cell)
    piece, cell = np.empty(found, np.int64), np.empty(found, np.int64)
    _trace(row0, col0, row1, col1, grid.rows, grid.cols, grid.wraps, piece, cell)
    speed = roads.km_per_h[inside][piece].astype(np.float32)
    order = np.lexsort((-speed, cell))
    cell, speed = cell[order], speed[order]
    first = np.ones(len(cell), dtype=bool)
    first[1:] = cell[1:] != cell[:-1]
    return cell[first], speed[first]


def friction_from_land_cover(
    land_cover: Path | str,
    speeds: SpeedTable,
    *,
    elevation: Path | str | None = None,
    roads: RoadLines | None = None,
    closed_corners: bool = True,
) -> FrictionSurface:
    """Make a friction surface of land cover, roads and elevation.

    Parameters
    ----------
    land_cover : pathlib.Path or str
        Raster of class codes.
    speeds : SpeedTable
        Speed on the flat by class.
    elevation : pathlib.Path or str, optional
        Raster of metres on the same cells. Without it the slope does not count.
    roads : RoadLines, optional
        Burnt over the land cover; driven, so that the slope does not count on them. They also cross barriers and cells
        without land cover.
    closed_corners : bool
        Whether a diagonal step between two impassable cells is forbidden.

    Returns
    -------
    FrictionSurface
        Read by windows; only the cells of roads are kept in memory.

    Raises
    ------
    InputError
        When a file cannot be used, the elevation's cells are not those of the land cover (gdalwarp's command is given),
        no road touches the grid; and, when a window is read, when a class has no speed.
    """
    cover = RasterFile(land_cover, what="land cover raster")
    grid = cover.grid
    grid.check_scale(str(land_cover))
    heights = None
    if elevation is not None:
        heights = RasterFile(elevation, what="elevation raster")
        grid.require_same(heights.grid, ours=str(land_cover), theirs=str(elevation), method="bilinear")
    cells, fastest = _burn(grid, roads) if roads is not None else (np.zeros(0, np.int64), np.zeros(0, np.float32))
    if roads is not None and not len(cells):
        raise InputError(f"{land_cover}: none of the {len(roads.km_per_h)} pieces of road touches the grid")
    pace = (_MINUTES_PER_METRE / fastest).astype(np.float32)

    def read(window: Window) -> Ground:
        friction, walked = speeds.ground(cover.read(window), where=str(land_cover))
        low, high = np.searchsorted(cells, (window.row0 * grid.cols, window.row1 * grid.cols))
        row, col = np.divmod(cells[low:high], grid.cols)
        here = (col >= window.col0) & (col < window.col1)
        row, col, road = row[here] - window.row0, col[here] - window.col0, pace[low:high][here]
        land = friction[row, col]
        faster = ~(land > 0) | (road <= land)
        friction[row[faster], col[faster]] = road[faster]
        walked[row[faster], col[faster]] = 0
        return Ground(friction) if heights is None else Ground(friction, walked, heights.read(window))

    used = [Path(name).name for name in (land_cover, elevation) if name is not None] + ["roads"] * bool(len(cells))
    return FrictionSurface(
        grid=grid, read=read, sloped=heights is not None, closed_corners=closed_corners, source=str(land_cover),
        tags={"source": " + ".join(used), "profile": speeds.name},
    )  # fmt: skip
