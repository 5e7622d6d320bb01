"""Where a search keeps its cells: arrays in memory, or files on disk of which a tile at a time is read.

Both give a block with the cells around it (:data:`PAD` on every side): beyond the grid there is no data, and where a
grid goes round the Earth the cells beyond one side are those of the other.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError, OutputError
from matcare.travel.surface.grid import PAD

if TYPE_CHECKING:
    from matcare.travel.surface.geotiff import Window
    from matcare.travel.surface.grid import Grid

__all__ = ["DiskCells", "MemoryCells", "NeededRoom", "needed_room"]

_KINDS: Final[dict[str, tuple[type[np.generic], float]]] = {
    "minutes": (np.float64, np.inf),
    "facility": (np.int32, 0),
    "friction": (np.float32, np.nan),
    "walked": (np.uint8, 0),
    "elevation": (np.float32, np.nan),
    "reached": (np.uint8, 0),
}
"""Type and initial value of each array of cells."""

_GIB: Final = 2**30
_QUEUE_BYTES: Final = 6
"""Bytes a cell that the queue of a search takes at most in practice (12 an entry, half the cells waiting)."""
_FIXED_BYTES: Final = 512 * 2**20
"""The libraries, the compiled kernels and GDAL's cache."""
_LARGEST_BLOCK: Final = 2**31 - 1

Array = npt.NDArray[Any]


def _names(*, sloped: bool, limited: bool) -> list[str]:
    return ["minutes", "facility", "friction", *(["walked", "elevation"] if sloped else []), *(["reached"] * limited)]


@dataclass(frozen=True, kw_only=True)
class NeededRoom:
    """What a search takes, estimated before it starts.

    Attributes
    ----------
    memory_bytes, disk_bytes : int
        Disk is that of the tiles, none in memory.
    tile : int or None
        Cells along a side of a tile.
    addressable : bool
        Whether a block is small enough to count its cells in 32 bits.
    """

    memory_bytes: int
    disk_bytes: int
    tile: int | None
    addressable: bool

    def check_memory(self, memory_gib: float) -> None:
        """Refuse a search that would take more memory than it may."""
        if self.memory_bytes > memory_gib * _GIB or not self.addressable:
            raise InputError(
                f"tiles of {self.tile} cells a side need {self.memory_bytes / _GIB:.2f} GiB of memory, {memory_gib:g} "
                "are allowed; allow more or take smaller tiles"
            )

    def check_disk(self, scratch: Path | None) -> None:
        """Refuse a search whose tiles would not fit on the disk."""
        folder = Path(tempfile.gettempdir()) if scratch is None else scratch
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise InputError(f"{folder}: no folder for the tiles ({error.strerror}); name an existing one") from error
        if self.disk_bytes > free:
            raise InputError(
                f"{folder}: the tiles need {self.disk_bytes / _GIB:.2f} GiB, {free / _GIB:.2f} GiB are free; "
                "name another scratch folder, or cut the surface: gdalwarp -te WEST SOUTH EAST NORTH"
            )


def needed_room(grid: Grid, *, sloped: bool, limited: bool, tile: int | None) -> NeededRoom:
    """Estimate the memory and disk of a search.

    Parameters
    ----------
    grid : Grid
    sloped, limited : bool
        Whether slopes count, whether there is a limit of minutes.
    tile : int or None
        Cells along a side of a tile; None for the grid as a whole in memory.

    Returns
    -------
    NeededRoom
    """
    width = sum(np.dtype(_KINDS[name][0]).itemsize for name in _names(sloped=sloped, limited=limited))
    table = grid.rows * 5 * 8 * 3
    if tile is None:
        padded = (grid.rows + 2 * PAD) * (grid.cols + 2 * PAD)
        # A search round the Earth keeps a copy of minutes and facilities to see what has changed.
        memory = padded * (width + _QUEUE_BYTES + (26 if grid.wraps else 0)) + table + _FIXED_BYTES
        return NeededRoom(memory_bytes=memory, disk_bytes=0, tile=None, addressable=padded < _LARGEST_BLOCK)
    block = (min(tile, grid.rows) + 2 * PAD) * (min(tile, grid.cols) + 2 * PAD)
    memory = block * (2 * width + _QUEUE_BYTES + 26) + table + _FIXED_BYTES
    return NeededRoom(memory_bytes=memory, disk_bytes=grid.cells * width, tile=tile, addressable=block < _LARGEST_BLOCK)


class MemoryCells:
    """Cells as arrays, with the rim of the whole grid around them, so that a search works in place.

    Parameters
    ----------
    grid : Grid
    sloped, limited : bool
        Whether there are slopes, whether there is a limit of minutes.
    """

    def __init__(self, grid: Grid, *, sloped: bool, limited: bool) -> None:
        self.grid, self.limited = grid, limited
        shape = grid.rows + 2 * PAD, grid.cols + 2 * PAD
        self._arrays: dict[str, Array] = {
            name: np.full(shape, _KINDS[name][1], _KINDS[name][0]) for name in _names(sloped=sloped, limited=limited)
        }

    def put(self, name: str, window: Window, values: Array) -> None:
        """Set the cells of a window; nothing is copied when they are the array's own."""
        target = self._arrays[name][window.row0 + PAD : window.row1 + PAD, window.col0 + PAD : window.col1 + PAD]
        if not np.may_share_memory(target, values):
            target[...] = values

    def inner(self, name: str, window: Window) -> Array:
        """Return the cells of a window (a view)."""
        return self._arrays[name][window.row0 + PAD : window.row1 + PAD, window.col0 + PAD : window.col1 + PAD]

    def padded(self, name: str, window: Window) -> Array:
        """Return the whole grid with its rim; the window is the grid."""
        array = self._arrays[name]
        assert window.shape == self.grid.shape
        if self.grid.wraps:
            array[:, :PAD] = array[:, -2 * PAD : -PAD]
            array[:, -PAD:] = array[:, PAD : 2 * PAD]
        return array


class DiskCells:
    """Cells as files, one a kind; each reading opens the file anew, so that memory holds no more than a tile.

    Parameters
    ----------
    grid : Grid
    sloped, limited : bool
        Whether there are slopes, whether there is a limit of minutes.
    folder : str
        An empty folder; the caller removes it.

    Raises
    ------
    OutputError
        When the disk is full.
    """

    def __init__(self, grid: Grid, *, sloped: bool, limited: bool, folder: str) -> None:
        self.grid, self.limited = grid, limited
        self._folder = Path(folder)
        for name in _names(sloped=sloped, limited=limited):
            kind, initial = _KINDS[name]
            row = np.full(grid.cols, initial, kind).tobytes()
            try:
                # Written out rather than left as a hole: a full disk is found here, not in the middle of a search.
                with (self._folder / name).open("wb") as file:
                    for _ in range(grid.rows):
                        file.write(row)
            except OSError as error:
                raise OutputError(
                    f"{folder}: the tiles could not be written ({error.strerror}); free some space or name another "
                    "scratch folder"
                ) from error

    def _open(self, name: str, mode: str) -> Array:
        return np.memmap(self._folder / name, dtype=_KINDS[name][0], mode=mode, shape=self.grid.shape)  # type: ignore[call-overload,no-any-return]

    def put(self, name: str, window: Window, values: Array) -> None:
        """Set the cells of a window."""
        self._open(name, "r+")[window.row0 : window.row1, window.col0 : window.col1] = values

    def inner(self, name: str, window: Window) -> Array:
        """Return the cells of a window (a copy)."""
        return np.array(self._open(name, "r")[window.row0 : window.row1, window.col0 : window.col1])

    def padded(self, name: str, window: Window) -> Array:
        """Return a window and the cells around it (a copy)."""
        kind, initial = _KINDS[name]
        high, wide = window.shape
        block = np.full((high + 2 * PAD, wide + 2 * PAD), initial, kind)
        file = self._open(name, "r")
        row0, row1 = max(window.row0 - PAD, 0), min(window.row1 + PAD, self.grid.rows)
        into = slice(row0 - window.row0 + PAD, row1 - window.row0 + PAD)
        if self.grid.wraps:
            cols = np.arange(window.col0 - PAD, window.col1 + PAD) % self.grid.cols
            block[into, PAD:-PAD] = file[row0:row1, window.col0 : window.col1]
            block[into, :PAD] = file[row0:row1][:, cols[:PAD]]
            block[into, -PAD:] = file[row0:row1][:, cols[-PAD:]]
            return block
        col0, col1 = max(window.col0 - PAD, 0), min(window.col1 + PAD, self.grid.cols)
        block[into, col0 - window.col0 + PAD : col1 - window.col0 + PAD] = file[row0:row1, col0:col1]
        return block
