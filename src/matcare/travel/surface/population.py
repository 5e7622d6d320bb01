"""People on a raster as demand points: one point a cell, or one a block of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError
from matcare.travel.surface.geotiff import RasterFile, Window

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PeopleFile", "PopulationPoints", "population_points"]

_CELLS_AT_ONCE: Final = 4_000_000

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PopulationPoints:
    """Demand points of a population raster.

    Attributes
    ----------
    points : pandas.DataFrame
        ``demand_id, lat, lon, people``; only places with people. ``demand_id`` is made of the block's row and column
        (from 0): ``r12c34``.
    people : float
        Sum over the raster, which is that over the points.
    cells : int
        All cells of the raster: those with people, those with none, those without data, those below 0.
    cells_with_people, cells_empty, cells_no_data, cells_negative : int
        A negative number is no number of people: such cells count as without data.
    """

    points: pd.DataFrame
    people: float
    cells: int
    cells_with_people: int
    cells_empty: int
    cells_no_data: int
    cells_negative: int


class PeopleFile:
    """A population raster read as counts.

    Parameters
    ----------
    path : pathlib.Path or str
    kind : str
        ``count``: people in a cell (WorldPop ``ppp``, GHSL, GPW count). ``density``: people per km² (GPW density).
        Files do not say it reliably.
    band : int
        From 1.

    Raises
    ------
    InputError
        When the file cannot be used or `kind` is neither.
    """

    def __init__(self, path: Path | str, *, kind: Literal["count", "density"], band: int = 1) -> None:
        if kind not in {"count", "density"}:
            raise InputError(f"{path}: kind {kind!r}; count (people in a cell) or density (people per km²)")
        self.kind = kind
        self.file = RasterFile(path, band=band, what="population raster")
        self.grid = self.file.grid

    def read(self, window: Window) -> F64:
        """Return people by cell; ``NaN`` where there is no data, negative where the file is."""
        cells = self.file.read(window, dtype=np.float64)
        if self.kind == "density":
            cells = cells * self.grid.cell_km2(*window)
        cells[np.isinf(cells)] = np.nan
        return np.asarray(cells, dtype=np.float64)


def population_points(
    path: Path | str, *, kind: Literal["count", "density"], aggregate: int = 1, band: int = 1
) -> PopulationPoints:
    """Turn a population raster into demand points.

    Parameters
    ----------
    path : pathlib.Path or str
        WorldPop, GPW, GHSL or the like; read by windows.
    kind : str
        ``count`` (people in a cell) or ``density`` (people per km², multiplied by the ground area of each cell).
    aggregate : int
        Blocks of this many cells a side become one point, at the mean of their cells' middles weighted by people.
    band : int
        From 1.

    Returns
    -------
    PopulationPoints

    Raises
    ------
    InputError
        When the file cannot be used, `aggregate` is below 1, no cell has data, or nobody lives there.
    """
    if aggregate < 1:
        raise InputError(f"aggregate {aggregate}: 1 (each cell) or more cells a side")
    people_file = PeopleFile(path, kind=kind, band=band)
    grid = people_file.grid
    tally = {"people": 0, "empty": 0, "no_data": 0, "negative": 0}
    parts: list[tuple[Any, ...]] = []
    high = max(_CELLS_AT_ONCE // (grid.cols * aggregate), 1) * aggregate
    for row0 in range(0, grid.rows, high):
        window = Window(row0, min(row0 + high, grid.rows), 0, grid.cols)
        cells = people_file.read(window)
        missing, negative = np.isnan(cells), cells < 0
        tally["no_data"] += int(missing.sum())
        tally["negative"] += int(negative.sum())
        tally["empty"] += int((cells == 0).sum())
        cells[missing | negative] = 0
        tally["people"] += int((cells > 0).sum())
        parts.append(_blocks(cells, row0, aggregate))
    if tally["people"] + tally["empty"] == 0:
        raise InputError(f"{path}: no data in any cell ({tally['negative']} of them negative)")
    if not tally["people"]:
        raise InputError(f"{path}: nobody lives there: every cell with data is 0")
    people, row, col, block_row, block_col = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    lat, lon = grid.lat_lon(row, col)
    ids = [f"r{i}c{j}" for i, j in zip(block_row.tolist(), block_col.tolist(), strict=True)]
    points = pd.DataFrame({"demand_id": pd.array(ids, dtype="str"), "lat": lat, "lon": lon, "people": people})
    people_file.file.close()
    return PopulationPoints(
        points=points, people=float(people.sum()), cells=grid.cells, cells_with_people=tally["people"],
        cells_empty=tally["empty"], cells_no_data=tally["no_data"], cells_negative=tally["negative"],
    )  # fmt: skip


def _blocks(cells: F64, row0: int, side: int) -> tuple[Any, ...]:
    """Sum blocks of cells: people, weighted mean row and column, and the block's own row and column."""
    row, col = np.nonzero(cells)
    people = cells[row, col]
    block_row, block_col = (row + row0) // side, col // side
    if side == 1:
        return people, (row + row0).astype(np.float64), col.astype(np.float64), block_row, block_col
    wide = -(-cells.shape[1] // side)
    block, member = np.unique(block_row * wide + block_col, return_inverse=True)
    total = np.bincount(member, weights=people, minlength=len(block))
    # Weights are shares of the block, so that a large number of people costs no digits of the place.
    share = people / total[member]
    mean_row = np.bincount(member, weights=share * (row + row0), minlength=len(block))
    mean_col = np.bincount(member, weights=share * col, minlength=len(block))
    return total, mean_row, mean_col, block // wide, block % wide
