"""Facilities on a grid: the cell each one stands on, or the nearest one from which somebody can travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.surface.friction import count_cells
from matcare.travel.surface.geotiff import Window

if TYPE_CHECKING:
    from matcare.travel.surface.friction import FrictionSurface

__all__ = ["PLACEMENTS", "place_facilities"]

PLACEMENTS: Final = ("placed", "moved", "no_surface")
"""A facility stands on its own cell, on the nearest passable one, or on none."""

_POLE: Final = 90.0
_WHOLE_TURN: Final = 360.0


def place_facilities(surface: FrictionSurface, facilities: pd.DataFrame, *, move_cells: int = 3) -> pd.DataFrame:
    """Find the cell that each facility stands on.

    Parameters
    ----------
    surface : FrictionSurface
    facilities : pandas.DataFrame
        Columns ``facility_id`` (unique text), ``lat``, ``lon`` (degrees); others are left alone.
    move_cells : int
        A facility off the grid or on an impassable cell is moved to the nearest passable cell at most this many rows
        and columns away; 0 moves none.

    Returns
    -------
    pandas.DataFrame
        One row a facility, in the order given: ``facility_number`` (from 1; the number in the raster of nearest
        facilities), ``facility_id, lat, lon, placement`` (:data:`PLACEMENTS`), ``why`` (``off_grid``, ``barrier``,
        ``no_data`` where it was not simply placed, else missing), ``row, col`` (Int64, from 0), ``cell_lat, cell_lon``,
        ``moved_km`` (0 where placed, missing where there is no surface).

    Raises
    ------
    InputError
        When there is no facility, a column is missing, an id repeats or is missing, a coordinate is not on Earth, or no
        facility at all has a cell.
    """
    _check(facilities, move_cells)
    lat, lon = facilities["lat"].to_numpy(dtype=np.float64), facilities["lon"].to_numpy(dtype=np.float64)
    at_row, at_col = surface.grid.row_col(lat, lon)
    found = [
        _place(surface, float(y), float(x), float(row), float(col), move_cells)
        for y, x, row, col in zip(lat, lon, at_row, at_col, strict=True)
    ]
    placed = pd.DataFrame(found, columns=["placement", "why", "row", "col"])
    row = placed["row"].astype("Int64")
    lost = row.isna().to_numpy(dtype=bool)
    if lost.all():
        count_cells(surface)  # where nobody can stand anywhere, that is the news
        raise InputError(
            f"{surface.source}: none of the {len(facilities)} facilities lies on or within {move_cells} cells of its "
            f"passable cells ({_where(surface)}); the first is at {lat[0]:g}, {lon[0]:g}"
        )
    cell_lat, cell_lon = surface.grid.lat_lon(
        row.fillna(0).to_numpy(dtype=np.float64), placed["col"].fillna(0).to_numpy(dtype=np.float64)
    )
    km = great_circle_km(lat, lon, cell_lat, cell_lon)
    km = np.where(placed["placement"] == "placed", 0.0, km)
    return pd.DataFrame(
        {
            "facility_number": np.arange(1, len(facilities) + 1, dtype=np.int32),
            "facility_id": facilities["facility_id"].astype("str").to_numpy(),
            "lat": lat, "lon": lon,
            "placement": placed["placement"].astype("str"), "why": placed["why"].astype("str"),
            "row": row, "col": placed["col"].astype("Int64"),
            "cell_lat": np.where(lost, np.nan, cell_lat), "cell_lon": np.where(lost, np.nan, cell_lon),
            "moved_km": np.where(lost, np.nan, km),
        }
    )  # fmt: skip


def _where(surface: FrictionSurface) -> str:
    grid = surface.grid
    lat, lon = grid.lat_lon([-0.5, grid.rows - 0.5], [-0.5, grid.cols - 0.5])
    return f"{lat[1]:.4g} to {lat[0]:.4g} N, {lon[0]:.4g} to {lon[1]:.4g} E"


def _check(facilities: pd.DataFrame, move_cells: int) -> None:
    for column in ("facility_id", "lat", "lon"):
        if column not in facilities.columns:
            raise InputError(f"facilities: no column {column!r}; needed are facility_id, lat, lon")
    if not len(facilities):
        raise InputError("facilities: the table is empty; at least one is needed to travel to")
    if move_cells < 0:
        raise InputError(f"move_cells {move_cells}: 0 or more")
    ids = facilities["facility_id"]
    if ids.isna().any():
        raise InputError(f"facilities, row {int(ids.isna().to_numpy().argmax()) + 1}: facility_id is missing")
    if ids.duplicated().any():
        row = int(ids.duplicated().to_numpy().argmax())
        raise InputError(f"facilities, row {row + 1}: facility_id {ids.iloc[row]!r} stands there twice")
    numbers = facilities[["lat", "lon"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    off = ~((np.abs(numbers[:, 0]) <= _POLE) & (np.abs(numbers[:, 1]) <= _WHOLE_TURN))
    if off.any():
        raise InputError(f"facilities, row {int(np.argmax(off)) + 1}: latitude or longitude is missing or not on Earth")


def _place(
    surface: FrictionSurface, lat: float, lon: float, row: float, col: float, reach: int
) -> tuple[str, str | None, int | None, int | None]:
    """Return placement, why it is not simply placed, and the cell."""
    grid = surface.grid
    if not (np.isfinite(row) and np.isfinite(col)):
        return "no_surface", "off_grid", None, None
    home = round(row), round(col)
    why = "off_grid"
    if 0 <= home[0] < grid.rows and 0 <= home[1] < grid.cols:
        friction = float(surface.read(Window(home[0], home[0] + 1, home[1], home[1] + 1)).friction[0, 0])
        if friction > 0:
            return "placed", None, *home
        why = "no_data" if np.isnan(friction) else "barrier"
    rows, cols = _around(surface, home, reach)
    if not len(rows):
        return "no_surface", why, None, None
    near_lat, near_lon = grid.lat_lon(rows, cols)
    km = great_circle_km(lat, lon, near_lat, near_lon)
    best = int(np.lexsort((cols, rows, km))[0])
    return "moved", why, int(rows[best]), int(cols[best])


def _around(
    surface: FrictionSurface, home: tuple[int, int], reach: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """List the passable cells at most `reach` rows and columns from a cell."""
    grid = surface.grid
    row0, row1 = max(home[0] - reach, 0), min(home[0] + reach + 1, grid.rows)
    first, last = home[1] - reach, home[1] + reach + 1
    if grid.wraps and last - first < grid.cols:
        spans = [(first, last)] if first >= 0 and last <= grid.cols else []
        if first < 0:
            spans = [(first + grid.cols, grid.cols), (0, last)]
        elif last > grid.cols:
            spans = [(first, grid.cols), (0, last - grid.cols)]
    else:
        spans = [(max(first, 0), min(last, grid.cols))]
    rows, cols = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for col0, col1 in spans:
        if row0 >= row1 or col0 >= col1:
            continue
        row, col = np.nonzero(surface.read(Window(row0, row1, col0, col1)).friction > 0)
        rows.append(row + row0)
        cols.append(col + col0)
    return np.concatenate(rows), np.concatenate(cols)
