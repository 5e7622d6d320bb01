"""Rasters in and out: files read by windows with missing cells as ``NaN``, Cloud Optimized GeoTIFF written whole.

rasterio is an optional part of an installation (``pip install 'matcare[raster]'``); it is imported where it is used.
"""

from __future__ import annotations

import importlib
import itertools
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError, OutputError
from matcare.travel.surface.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

__all__ = ["Layer", "RasterFile", "Window", "optional_package", "tile_edges", "windows", "write_cog"]

_TILE: Final = 512
"""Cells along a side of a written tile."""

_CACHE_BYTES: Final = 256 * 2**20
"""What GDAL may keep of the files it reads; left alone it takes 5 % of the machine."""


class Window(NamedTuple):
    """Rows and columns of a part of a grid, the last ones excluded."""

    row0: int
    row1: int
    col0: int
    col1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.row1 - self.row0, self.col1 - self.col0


class Layer(NamedTuple):
    """What one band of a written file holds."""

    description: str
    units: str = ""


def optional_package(name: str) -> Any:
    """Import a package of the extra ``raster``.

    Raises
    ------
    InputError
        When it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"rasters need the package {name}, which is not installed: pip install 'matcare[raster]'"
        ) from error


def tile_edges(cells: int, tile: int) -> list[int]:
    """Cut a number of cells into equal parts of at most `tile`; no part is narrower than half of it."""
    parts = max(-(-cells // tile), 1)
    return [cells * part // parts for part in range(parts + 1)]


def windows(grid: Grid, tile: int) -> Iterator[Window]:
    """Cut a grid into windows of at most `tile` cells a side, row by row."""
    rows, cols = tile_edges(grid.rows, tile), tile_edges(grid.cols, tile)
    for row0, row1 in itertools.pairwise(rows):
        for col0, col1 in itertools.pairwise(cols):
            yield Window(row0, row1, col0, col1)


class RasterFile:
    """One band of a raster file, read by windows.

    Use it as a context manager, or :meth:`close` it.

    Parameters
    ----------
    path : pathlib.Path or str
        Any raster that GDAL reads.
    band : int
        From 1.
    what : str
        What the file should be, for messages.

    Attributes
    ----------
    grid : Grid
    tags : dict of str to str
        What the file says of itself.

    Raises
    ------
    InputError
        When the file is missing, not a raster, truncated, has no such band or no coordinate reference system, or its
        grid is rotated or upside down.
    """

    def __init__(self, path: Path | str, *, band: int = 1, what: str = "raster") -> None:
        rasterio = optional_package("rasterio")
        self.path, self.band, self.what = Path(path), band, what
        self._errors = (rasterio.errors.RasterioError, rasterio.errors.RasterioIOError)
        if not self.path.exists():
            raise InputError(f"{path}: no such file; a {what} is needed there")
        self._environment: Callable[[], Any] = lambda: rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES)
        try:
            self._file = rasterio.open(self.path)
        except self._errors as error:
            raise InputError(f"{path}: not a raster that GDAL can read, or a truncated one ({what} needed)") from error
        try:
            self.grid = self._checked_grid()
        except InputError:
            self.close()
            raise
        self.tags: dict[str, str] = dict(self._file.tags())
        self._scale, self._offset = self._file.scales[band - 1], self._file.offsets[band - 1]

    def _checked_grid(self) -> Grid:
        file, path = self._file, self.path
        if not 1 <= self.band <= file.count:
            raise InputError(f"{path}: no band {self.band}; it has {file.count}")
        if file.dtypes[self.band - 1].startswith("complex"):
            raise InputError(f"{path}, band {self.band}: complex numbers; a {self.what} has one number a cell")
        if file.crs is None:
            raise InputError(
                f"{path}: no coordinate reference system; if you know it, set it: gdal_edit.py -a_srs EPSG:4326 {path}"
            )
        to = file.transform
        if to.b or to.d:
            raise InputError(f"{path}: a rotated grid; make it upright: gdalwarp -t_srs EPSG:4326 {path} upright.tif")
        if to.a <= 0 or to.e >= 0:
            raise InputError(
                f"{path}: rows do not run from north to south; turn it: gdalwarp -t_srs EPSG:4326 {path} upright.tif"
            )
        grid = Grid(
            crs=file.crs.to_wkt(), west=to.c, north=to.f, cell_x=to.a, cell_y=-to.e, rows=file.height, cols=file.width
        )
        grid.check(str(path))
        return grid

    def band_named(self, description: str) -> int | None:
        """Return the number of the band with a description; None where there is none."""
        names = list(self._file.descriptions)
        return names.index(description) + 1 if description in names else None

    def read(self, window: Window, *, dtype: type[np.floating[Any]] = np.float32) -> npt.NDArray[Any]:
        """Read a window.

        Parameters
        ----------
        window : Window
            Inside the grid.
        dtype : type
            float32 or float64.

        Returns
        -------
        numpy.ndarray, shape ``window.shape``
            ``NaN`` where the file has no data; scale and offset of the band are applied.

        Raises
        ------
        InputError
            When the file ends early or is damaged.
        """
        box = ((window.row0, window.row1), (window.col0, window.col1))
        try:
            with self._environment():
                cells = self._file.read(self.band, window=box, masked=True)
        except self._errors as error:
            raise InputError(
                f"{self.path}: rows {window.row0 + 1} to {window.row1} cannot be read: "
                "the file is truncated or damaged; fetch it again"
            ) from error
        values = np.ma.filled(cells.astype(dtype), np.nan)
        if self._scale != 1 or self._offset != 0:
            values = (values * self._scale + self._offset).astype(dtype)
        return np.asarray(values)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write_cog(
    path: Path,
    grid: Grid,
    blocks: Iterable[tuple[Window, npt.NDArray[Any]]],
    *,
    dtype: str,
    nodata: float | None,
    layers: tuple[Layer, ...],
    tags: Mapping[str, str],
    averaged: bool,
) -> Path:
    """Write a Cloud Optimized GeoTIFF beside its place and move it there.

    Parameters
    ----------
    path : pathlib.Path
        Its folder must exist. A file that stands there is replaced only once the new one is whole.
    grid : Grid
    blocks : iterable of (Window, numpy.ndarray)
        Arrays of shape (rows, cols), or (bands, rows, cols) where there are several layers.
    dtype : str
        ``float32``, ``int32``, ``uint8``.
    nodata : float or None
    layers : tuple of Layer
        One a band.
    tags : mapping of str to str
        Kept in the file.
    averaged : bool
        Whether overviews are means (of the cells that have a value) or pick a cell.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    OutputError
        When the folder is missing or not writable, or the disk is full.
    """
    rasterio = optional_package("rasterio")
    copy = optional_package("rasterio.shutil").copy
    with _staged(path) as (plain, staged), rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        options = {
            "driver": "GTiff", "width": grid.cols, "height": grid.rows, "count": len(layers), "dtype": dtype,
            "crs": rasterio.crs.CRS.from_user_input(grid.crs), "transform": rasterio.Affine(*grid.transform),
            "nodata": nodata, "tiled": True, "blockxsize": _TILE, "blockysize": _TILE, "compress": "deflate",
            "bigtiff": "if_safer", "interleave": "band",
        }  # fmt: skip
        with rasterio.open(plain, "w", **options) as out:
            for window, cells in blocks:
                box = ((window.row0, window.row1), (window.col0, window.col1))
                out.write(cells.reshape(len(layers), *window.shape), window=box)
            out.update_tags(**tags)
            for band, layer in enumerate(layers, start=1):
                out.set_band_description(band, layer.description)
                out.set_band_unit(band, layer.units)
        copy(
            plain, staged, driver="COG", compress="deflate", blocksize=_TILE, bigtiff="if_safer",
            overview_resampling="average" if averaged else "nearest",
        )  # fmt: skip
    return path


@contextmanager
def _staged(path: Path) -> Iterator[tuple[Path, Path]]:
    """Give two temporary paths beside `path`; the second takes its place when the block ends well."""
    errors = optional_package("rasterio").errors
    try:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as folder:
            plain, staged = Path(folder) / "plain.tif", Path(folder) / path.name
            yield plain, staged
            with staged.open("rb") as handle:
                os.fsync(handle.fileno())
            staged.replace(path)
    except (OSError, errors.RasterioError) as error:
        if isinstance(error, OutputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"{path}: could not be written ({reason}); is the folder there and writable, with room on the disk? "
            "What stood there before is intact"
        ) from error
