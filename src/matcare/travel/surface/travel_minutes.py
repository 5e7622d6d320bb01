"""Minutes from every cell to the nearest facility: in memory where the grid fits, else tile by tile on disk.

Tiles wait in a queue, the one with the least minutes on its rim first. A tile is settled with what its neighbours'
rims hold, and when cells near its own edge were lowered, the neighbours there wait again. When none waits, every cell
has the value that one search over the whole grid would give, to the last bit (see :mod:`cost_distance`).
"""

from __future__ import annotations

import heapq
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.surface.cells import DiskCells, MemoryCells, NeededRoom, needed_room
from matcare.travel.surface.cost_distance import flood, moves, settle
from matcare.travel.surface.facilities import place_facilities
from matcare.travel.surface.friction import FrictionSurface, SurfaceCount
from matcare.travel.surface.geotiff import Window, tile_edges, windows
from matcare.travel.surface.grid import PAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    import pandas as pd

    from matcare.travel.surface.grid import Grid

__all__ = ["STATUSES", "MinutesBlock", "SurfaceMinutes", "surface_minutes"]

STATUSES: Final = ("no_data", "covered", "beyond_limit", "unreachable", "barrier")
"""Why minutes are there or not; the raster of statuses counts from 0 in this order."""

_NO_DATA, _COVERED, _BEYOND, _UNREACHABLE, _BARRIER = range(5)
_SMALLEST_TILE: Final = 8
_READ_TILE: Final = 1024
DEFAULT_TILE: Final = 1024
"""Cells along a side of a tile where the caller does not choose."""

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]


class MinutesBlock(NamedTuple):
    """Results in a window.

    Attributes
    ----------
    minutes : numpy.ndarray of float64
        ``NaN`` where there are none; the status tells why.
    facility_number : numpy.ndarray of int32
        Number of the nearest facility, from 1; 0 stands for none.
    status : numpy.ndarray of uint8
        Position in :data:`STATUSES`.
    """

    minutes: F64
    facility_number: I32
    status: U8


@dataclass(frozen=True, kw_only=True, eq=False)
class SurfaceMinutes:
    """Minutes over a surface. Use it as a context manager, or :meth:`close` it: tiles on disk are then removed.

    Attributes
    ----------
    grid : Grid
    facilities : pandas.DataFrame
        Where each facility was placed (:func:`place_facilities`).
    count : SurfaceCount
        Cells of the friction surface by kind.
    limit_minutes : float or None
    tiles : int
        How many tiles the grid was cut into; 1 in memory.
    settled_tiles : int
        How many times a tile was settled.
    room : NeededRoom
        What was estimated beforehand.
    tags : dict
        Source, profile and vintage of the surface.
    """

    grid: Grid
    facilities: pd.DataFrame
    count: SurfaceCount
    limit_minutes: float | None
    tiles: int
    settled_tiles: int
    room: NeededRoom
    tags: dict[str, str]
    cells: MemoryCells | DiskCells
    folder: tempfile.TemporaryDirectory[str] | None

    def read(self, window: Window) -> MinutesBlock:
        """Return the results in a window."""
        friction = self.cells.inner("friction", window)
        minutes = self.cells.inner("minutes", window)
        facility = self.cells.inner("facility", window)
        found = np.isfinite(minutes)
        status = np.full(friction.shape, _UNREACHABLE, np.uint8)
        if self.limit_minutes is not None:
            status[self.cells.inner("reached", window) > 0] = _BEYOND
        status[found] = _COVERED
        status[friction == 0] = _BARRIER
        status[np.isnan(friction)] = _NO_DATA
        return MinutesBlock(np.where(found, minutes, np.nan), facility, status)

    def blocks(self, tile: int = _READ_TILE) -> Iterator[tuple[Window, MinutesBlock]]:
        """Go through the results window by window."""
        for window in windows(self.grid, tile):
            yield window, self.read(window)

    def whole(self) -> MinutesBlock:
        """Return the results of the whole grid, in memory."""
        return self.read(Window(0, self.grid.rows, 0, self.grid.cols))

    def close(self) -> None:
        """Remove the tiles on disk; results can no longer be read from them."""
        if self.folder is not None:
            self.folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def surface_minutes(
    surface: FrictionSurface,
    facilities: pd.DataFrame,
    *,
    limit_minutes: float | None = None,
    neighbours: int = 8,
    direction: Literal["to_facility", "from_facility"] = "to_facility",
    move_cells: int = 3,
    tile_cells: int | None = None,
    scratch: Path | None = None,
    memory_gib: float = 4.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> SurfaceMinutes:
    """Compute least-cost minutes from every cell to its nearest facility, and which one it is.

    Parameters
    ----------
    surface : FrictionSurface
    facilities : pandas.DataFrame
        Columns ``facility_id, lat, lon``.
    limit_minutes : float, optional
        Cells farther away (>) are ``beyond_limit``.
    neighbours : int
        8, or 16 with the knight's moves: ways deviate from a straight line by at most 8 % or 3 %.
    direction : str
        ``to_facility``: slopes are those met on the way to care. ``from_facility``: those of the way back.
    move_cells : int
        How far a facility off the grid or on an impassable cell is moved (:func:`place_facilities`).
    tile_cells : int, optional
        Cells along a side of a tile. Left out, the grid is searched as a whole where that fits into `memory_gib`, else
        in tiles of :data:`DEFAULT_TILE`. A number forces tiles; the results are the same.
    scratch : pathlib.Path, optional
        An existing folder for tiles on disk; the system's temporary folder when left out.
    memory_gib : float
        Memory that may be used.
    on_progress : callable, optional
        Told after each tile: how many times a tile was settled, how many wait.

    Returns
    -------
    SurfaceMinutes

    Raises
    ------
    InputError
        When the limit is not above 0, there is no facility with a cell, no passable cell, or not enough memory or disk.
    """
    if limit_minutes is not None and not limit_minutes > 0:
        raise InputError(f"limit {limit_minutes:g} minutes: a number above 0")
    if direction not in {"to_facility", "from_facility"}:
        raise InputError(f"direction {direction!r}: to_facility or from_facility")
    if tile_cells is not None and tile_cells < _SMALLEST_TILE:
        raise InputError(f"tile of {tile_cells} cells a side: at least {_SMALLEST_TILE}")
    step = moves(neighbours)
    grid = surface.grid
    tile, room = _plan(grid, surface, tile_cells, memory_gib, limited=limit_minutes is not None)
    placed = place_facilities(surface, facilities, move_cells=move_cells)
    folder = None
    if tile is None:
        cells: MemoryCells | DiskCells = MemoryCells(grid, sloped=surface.sloped, limited=limit_minutes is not None)
    else:
        room.check_disk(scratch)
        try:
            folder = tempfile.TemporaryDirectory(prefix="matcare-surface-", dir=scratch)
        except OSError as error:
            raise InputError(f"{scratch}: no tiles can be written there ({error.strerror}); name another") from error
        cells = DiskCells(grid, sloped=surface.sloped, limited=limit_minutes is not None, folder=folder.name)
    try:
        count = _take_ground(cells, surface, tile or _READ_TILE)
        rows, cols = _sources(cells, placed)
        search = _Search(cells, surface, step, limit_minutes, toward=direction == "to_facility", tile=tile)
        settled = search.run(rows, cols, on_progress)
    except BaseException:
        if folder is not None:
            folder.cleanup()
        raise
    return SurfaceMinutes(
        grid=grid, facilities=placed, count=count, limit_minutes=limit_minutes, tiles=search.tiles,
        settled_tiles=settled, room=room, tags=dict(surface.tags), cells=cells, folder=folder,
    )  # fmt: skip


def _plan(
    grid: Grid, surface: FrictionSurface, tile: int | None, memory_gib: float, *, limited: bool
) -> tuple[int | None, NeededRoom]:
    """Choose the size of tiles (None: the grid as a whole) and estimate what it takes."""
    if tile is None:
        whole = needed_room(grid, sloped=surface.sloped, limited=limited, tile=None)
        if whole.memory_bytes <= memory_gib * 2**30 and whole.addressable:
            return None, whole
        tile = DEFAULT_TILE
    room = needed_room(grid, sloped=surface.sloped, limited=limited, tile=tile)
    room.check_memory(memory_gib)
    return tile, room


def _take_ground(cells: MemoryCells | DiskCells, surface: FrictionSurface, tile: int) -> SurfaceCount:
    """Copy the surface into the cells, and count it."""
    count = SurfaceCount()
    for window in windows(surface.grid, tile):
        ground = surface.read(window)
        count = count.with_ground(ground)
        cells.put("friction", window, ground.friction)
        if surface.sloped and ground.walked is not None and ground.elevation is not None:
            cells.put("walked", window, ground.walked)
            cells.put("elevation", window, ground.elevation)
    count.check(surface.source)
    return count


def _sources(cells: MemoryCells | DiskCells, placed: pd.DataFrame) -> tuple[I64, I64]:
    """Start the facilities' cells with no minutes; where two share a cell, the first has it."""
    have = placed[placed["row"].notna()].drop_duplicates(["row", "col"])
    rows, cols = have["row"].to_numpy(dtype=np.int64), have["col"].to_numpy(dtype=np.int64)
    for row, col, number in zip(rows, cols, have["facility_number"], strict=True):
        here = Window(int(row), int(row) + 1, int(col), int(col) + 1)
        cells.put("minutes", here, np.zeros((1, 1)))
        cells.put("facility", here, np.full((1, 1), number, np.int32))
        if cells.limited:
            cells.put("reached", here, np.ones((1, 1), np.uint8))
    return rows, cols


class _Search:
    """The queue of tiles; a grid in memory is one tile that touches itself where the Earth is round."""

    def __init__(
        self,
        cells: MemoryCells | DiskCells,
        surface: FrictionSurface,
        step: I64,
        limit_minutes: float | None,
        *,
        toward: bool,
        tile: int | None,
    ) -> None:
        grid = surface.grid
        self.cells, self.grid, self.step = cells, grid, step
        self.limit = np.inf if limit_minutes is None else float(limit_minutes)
        self.closed, self.sloped, self.toward = surface.closed_corners, surface.sloped, toward
        self.rows = tile_edges(grid.rows, tile or grid.rows)
        self.cols = tile_edges(grid.cols, tile or grid.cols)
        self.metres = grid.step_metres()

    @property
    def tiles(self) -> int:
        return (len(self.rows) - 1) * (len(self.cols) - 1)

    def run(self, rows: I64, cols: I64, on_progress: Callable[[int, int], None] | None) -> int:
        """Settle all tiles, then tell apart what is too far from what no way leads to; return how many settlings."""
        settled = self._until_stable(rows, cols, self._settle, on_progress)
        if np.isfinite(self.limit):
            self._until_stable(rows, cols, self._flood, None)
        return settled

    def _until_stable(
        self,
        rows: I64,
        cols: I64,
        work: Callable[[Window, I64], tuple[F64, npt.NDArray[np.bool_]] | None],
        on_progress: Callable[[int, int], None] | None,
    ) -> int:
        at = np.searchsorted(self.rows, rows, side="right") - 1, np.searchsorted(self.cols, cols, side="right") - 1
        own: dict[tuple[int, int], list[int]] = {}
        for number, place in enumerate(zip(at[0].tolist(), at[1].tolist(), strict=True)):
            own.setdefault(place, []).append(number)
        waiting = dict.fromkeys(own, 0.0)
        queue = [(0.0, place) for place in sorted(own)]
        done = 0
        while queue:
            urgency, place = heapq.heappop(queue)
            if waiting.get(place) != urgency:
                continue
            del waiting[place]
            window = self._window(place)
            mine = np.array(own.pop(place, []), dtype=np.int64)
            wide = window.col1 - window.col0 + 2 * PAD
            seeds = (rows[mine] - window.row0 + PAD) * wide + cols[mine] - window.col0 + PAD
            lowered = work(window, seeds)
            done += 1
            for neighbour, least in self._touched(place, lowered) if lowered is not None else ():
                if least < waiting.get(neighbour, np.inf):
                    waiting[neighbour] = least
                    heapq.heappush(queue, (least, neighbour))
            if on_progress is not None:
                on_progress(done, len(waiting))
        return done

    def _window(self, place: tuple[int, int]) -> Window:
        i, j = place
        return Window(self.rows[i], self.rows[i + 1], self.cols[j], self.cols[j + 1])

    def _touched(
        self, place: tuple[int, int], lowered: tuple[F64, npt.NDArray[np.bool_]]
    ) -> Iterator[tuple[tuple[int, int], float]]:
        """Name the tiles into whose rim a lowered cell falls, with the least minutes there."""
        minutes, changed = lowered
        parts = {-1: slice(None, PAD), 0: slice(None), 1: slice(-PAD, None)}
        high, wide = len(self.rows) - 1, len(self.cols) - 1
        for south, vertical in parts.items():
            for east, horizontal in parts.items():
                i, j = place[0] + south, place[1] + east
                if self.grid.wraps:
                    j %= wide
                if (south, east) == (0, 0) or not (0 <= i < high and 0 <= j < wide):
                    continue
                here = changed[vertical, horizontal]
                if here.any():
                    yield (i, j), float(minutes[vertical, horizontal][here].min())

    def _settle(self, window: Window, seeds: I64) -> tuple[F64, npt.NDArray[np.bool_]] | None:
        cells, inner = self.cells, np.s_[PAD:-PAD, PAD:-PAD]
        minutes, facility = cells.padded("minutes", window), cells.padded("facility", window)
        friction = cells.padded("friction", window)
        walked = cells.padded("walked", window) if self.sloped else np.zeros((1, 1), np.uint8)
        elevation = cells.padded("elevation", window) if self.sloped else np.zeros((1, 1), np.float32)
        alone = self.tiles == 1 and not self.grid.wraps
        before = None if alone else (minutes[inner].copy(), facility[inner].copy())
        settle(
            minutes, facility, friction, walked, elevation, self.metres[window.row0 : window.row1 + 2 * PAD], self.step,
            seeds, self.limit, self.closed, self.sloped, self.toward,
        )  # fmt: skip
        cells.put("minutes", window, minutes[inner])
        cells.put("facility", window, facility[inner])
        if before is None:
            return None
        changed = (minutes[inner] != before[0]) | (facility[inner] != before[1])
        if len(seeds):
            changed.reshape(-1)[self._inner_seeds(window, seeds)] = True
        return minutes[inner], changed

    def _flood(self, window: Window, seeds: I64) -> tuple[F64, npt.NDArray[np.bool_]] | None:
        inner = np.s_[PAD:-PAD, PAD:-PAD]
        reached, friction = self.cells.padded("reached", window), self.cells.padded("friction", window)
        before = reached[inner].copy()
        flood(reached, friction, self.step, seeds, self.closed)
        self.cells.put("reached", window, reached[inner])
        changed = reached[inner] != before
        if len(seeds):
            changed.reshape(-1)[self._inner_seeds(window, seeds)] = True
        return np.zeros(changed.shape), changed

    @staticmethod
    def _inner_seeds(window: Window, seeds: I64) -> I64:
        """Turn positions in a padded block into positions in the window: sources are news to the neighbours."""
        wide = window.col1 - window.col0
        row, col = np.divmod(seeds, wide + 2 * PAD)
        return np.asarray((row - PAD) * wide + col - PAD, dtype=np.int64)
