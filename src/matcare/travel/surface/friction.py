"""Friction surfaces: minutes to cross a metre of each cell, read from a file or made from arrays.

A surface is read window by window. In a window, friction is > 0 where one can pass, 0 on a barrier (a file's zero,
negative or infinite values are taken for barriers and counted), ``NaN`` where nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.surface.geotiff import Layer, RasterFile, Window, windows, write_cog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matcare.travel.surface.grid import Grid

__all__ = [
    "FrictionSurface",
    "Ground",
    "SurfaceCount",
    "count_cells",
    "friction_from_arrays",
    "read_friction",
    "write_friction",
]

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_WALKED: Final = "walked"
_ELEVATION: Final = "elevation"
_READ_TILE: Final = 2048
_FASTEST_KM_PER_H: Final = 1000.0
_SLOWEST_KM_PER_H: Final = 0.06
"""Nothing on the ground is faster: a surface that is has another unit than minutes per metre."""


class Ground(NamedTuple):
    """Cells of a window.

    Attributes
    ----------
    friction : numpy.ndarray of float32
        Minutes per metre; 0 on a barrier, ``NaN`` where there is no data.
    walked : numpy.ndarray of uint8 or None
        1 where the slope counts.
    elevation : numpy.ndarray of float32 or None
        Metres.
    """

    friction: F32
    walked: U8 | None = None
    elevation: F32 | None = None


class ReadGround(Protocol):
    """How a surface gives its cells."""

    def __call__(self, window: Window) -> Ground:
        """Return the cells of a window."""


@dataclass(frozen=True, kw_only=True)
class FrictionSurface:
    """Ground to travel over.

    Attributes
    ----------
    grid : Grid
    read : callable
        Window → :class:`Ground`.
    sloped : bool
        Whether walking depends on slope and direction.
    closed_corners : bool
        Whether a diagonal step between two impassable cells is forbidden, so that a river one cell wide cannot be
        crossed at its corners.
    source : str
        What it was made of, for tags.
    tags : dict
        What is known of it: ``source``, ``profile``, ``vintage``.
    """

    grid: Grid
    read: ReadGround
    sloped: bool
    closed_corners: bool
    source: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SurfaceCount:
    """How many cells of each kind a surface has.

    Attributes
    ----------
    passable, barrier, no_data : int
        These are all cells.
    walked : int
        Passable cells where the slope counts.
    no_elevation : int
        Of these, cells without elevation; steps from and to them are taken as level.
    """

    passable: int = 0
    barrier: int = 0
    no_data: int = 0
    walked: int = 0
    no_elevation: int = 0

    def with_ground(self, ground: Ground) -> SurfaceCount:
        """Add the cells of a window."""
        open_cells = ground.friction > 0
        passable, missing = int(open_cells.sum()), int(np.isnan(ground.friction).sum())
        walked = no_elevation = 0
        if ground.walked is not None and ground.elevation is not None:
            on_foot = open_cells & (ground.walked > 0)
            walked, no_elevation = int(on_foot.sum()), int((on_foot & np.isnan(ground.elevation)).sum())
        return SurfaceCount(
            passable=self.passable + passable, no_data=self.no_data + missing,
            barrier=self.barrier + ground.friction.size - passable - missing,
            walked=self.walked + walked, no_elevation=self.no_elevation + no_elevation,
        )  # fmt: skip

    def check(self, source: str) -> None:
        """Refuse a surface that nobody can cross."""
        if self.passable:
            return
        if self.barrier == 0:
            raise InputError(f"{source}: no data in any cell")
        raise InputError(
            f"{source}: no passable cell: {self.barrier} are zero, negative, infinite or barriers; "
            "friction is minutes per metre, above 0"
        )


def read_friction(path: Path | str, *, band: int = 1, closed_corners: bool | None = None) -> FrictionSurface:
    """Open a friction surface in minutes per metre.

    Parameters
    ----------
    path : pathlib.Path or str
        A raster such as the Malaria Atlas Project's motorised or walking-only friction surface, or one that
        :func:`write_friction` wrote.
    band : int
        Which band holds friction.
    closed_corners : bool, optional
        Whether a diagonal step between two impassable cells is forbidden. Left out, it is what the file's own tag says,
        else False, which is how minutes over the published surfaces are computed.

    Returns
    -------
    FrictionSurface

    Raises
    ------
    InputError
        When the file cannot be used (see :class:`RasterFile`), or its projection distorts lengths.

    Notes
    -----
    Zero, negative and infinite friction is a barrier; missing data are impassable too, and kept apart. A value that
    would be faster than 1,000 km/h means another unit: reading such a window is an error.
    """
    file = RasterFile(path, band=band, what="friction surface in minutes per metre")
    file.grid.check_scale(str(path))
    walked_band, elevation_band = file.band_named(_WALKED), file.band_named(_ELEVATION)
    sloped = walked_band is not None and elevation_band is not None
    walked_file = RasterFile(path, band=walked_band or 1) if sloped else None
    elevation_file = RasterFile(path, band=elevation_band or 1) if sloped else None
    if closed_corners is None:
        closed_corners = file.tags.get("corners") == "closed"

    def read(window: Window) -> Ground:
        friction = file.read(window)
        friction[~(friction > 0) & ~np.isnan(friction)] = 0
        friction[np.isinf(friction)] = 0
        too_fast = (friction > 0) & (friction < 0.06 / _FASTEST_KM_PER_H)
        if too_fast.any():
            row, col = np.argwhere(too_fast)[0]
            raise InputError(
                f"{path}, row {window.row0 + row + 1}, column {window.col0 + col + 1}: friction {friction[row, col]:g} "
                f"is faster than {_FASTEST_KM_PER_H:g} km/h; it must be in minutes per metre"
            )
        passable = friction[friction > 0]
        if len(passable) and passable.min() > 0.06 / _SLOWEST_KM_PER_H:
            raise InputError(
                f"{path}: every cell takes over {0.06 / _SLOWEST_KM_PER_H:g} minutes per metre: this is another unit; "
                "make friction of land cover with `matcare surface friction`"
            )
        if walked_file is None or elevation_file is None:
            return Ground(friction)
        on_foot = (walked_file.read(window) > 0).astype(np.uint8)
        return Ground(friction, on_foot, elevation_file.read(window))

    return FrictionSurface(
        grid=file.grid, read=read, sloped=sloped, closed_corners=closed_corners, source=str(path),
        tags={"source": file.tags.get("source", Path(path).name), **_known(file.tags)},
    )  # fmt: skip


def _known(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: tags[name] for name in ("profile", "vintage") if name in tags}


def friction_from_arrays(
    grid: Grid,
    minutes_per_metre: npt.ArrayLike,
    *,
    walked: npt.ArrayLike | None = None,
    elevation: npt.ArrayLike | None = None,
    closed_corners: bool = False,
    source: str = "arrays",
) -> FrictionSurface:
    """Make a friction surface of arrays.

    Parameters
    ----------
    grid : Grid
    minutes_per_metre : array_like of float, shape ``grid.shape``
        ``NaN`` where there is no data; zero, negative or infinite is a barrier.
    walked : array_like of bool, optional
        Where the slope counts; with `elevation` only. Everywhere when left out.
    elevation : array_like of float, optional
        Metres; ``NaN`` where not known.
    closed_corners : bool
        Whether a diagonal step between two impassable cells is forbidden.
    source : str
        For messages.

    Returns
    -------
    FrictionSurface

    Raises
    ------
    InputError
        When an array has another shape than the grid, or the grid's lengths are not those on the ground.
    """
    grid.check(source)
    grid.check_scale(source)
    friction = np.array(minutes_per_metre, dtype=np.float32)
    friction[(friction <= 0) | np.isinf(friction)] = 0
    heights = None if elevation is None else np.asarray(elevation, dtype=np.float32)
    on_foot = None
    if heights is not None:
        on_foot = np.ones(grid.shape, np.uint8) if walked is None else np.asarray(walked).astype(np.uint8)
    elif walked is not None:
        raise InputError(f"{source}: cells to walk need elevations, or their slope cannot count")
    for name, array in (("friction", friction), ("elevation", heights), ("walked", on_foot)):
        if array is not None and array.shape != grid.shape:
            raise InputError(f"{source}: {name} of shape {array.shape}, the grid has {grid.shape}")

    def read(window: Window) -> Ground:
        part = np.s_[window.row0 : window.row1, window.col0 : window.col1]
        if heights is None or on_foot is None:
            return Ground(friction[part])
        return Ground(friction[part], on_foot[part], heights[part])

    return FrictionSurface(
        grid=grid, read=read, sloped=heights is not None, closed_corners=closed_corners, source=source,
        tags={"source": source},
    )  # fmt: skip


def count_cells(surface: FrictionSurface) -> SurfaceCount:
    """Count a surface's cells by kind; the whole surface is read.

    Raises
    ------
    InputError
        When no cell is passable, or the file is damaged.
    """
    count = SurfaceCount()
    for window in windows(surface.grid, _READ_TILE):
        count = count.with_ground(surface.read(window))
    count.check(surface.source)
    return count


def write_friction(surface: FrictionSurface, path: Path, *, tags: Mapping[str, str] | None = None) -> SurfaceCount:
    """Write a friction surface as a Cloud Optimized GeoTIFF that :func:`read_friction` reads.

    Parameters
    ----------
    surface : FrictionSurface
    path : pathlib.Path
        Where; whole or not at all.
    tags : mapping of str to str, optional
        Kept in the file beside those of the surface, such as ``vintage``.

    Returns
    -------
    SurfaceCount

    Raises
    ------
    InputError
        When the surface cannot be read, or no cell is passable.
    OutputError
        When the file cannot be written.

    Notes
    -----
    A surface whose slopes count has three bands: friction on the flat, ``walked``, ``elevation``. Other programs read
    the first as a surface without slopes.
    """
    counted = [SurfaceCount()]

    def blocks() -> Iterator[tuple[Window, F32]]:
        for window in windows(surface.grid, _READ_TILE):
            ground = surface.read(window)
            counted[0] = counted[0].with_ground(ground)
            bands = [ground.friction]
            if surface.sloped and ground.walked is not None and ground.elevation is not None:
                bands += [ground.walked.astype(np.float32), ground.elevation]
            yield window, np.stack(bands)
        counted[0].check(surface.source)

    layers: tuple[Layer, ...] = (Layer("friction", "min/m"),)
    if surface.sloped:
        layers += (Layer(_WALKED), Layer(_ELEVATION, "m"))
    kept = {
        **surface.tags, **(tags or {}), "units": "minutes per metre",
        "corners": "closed" if surface.closed_corners else "open",
    }  # fmt: skip
    write_cog(path, surface.grid, blocks(), dtype="float32", nodata=np.nan, layers=layers, tags=kept, averaged=False)
    return counted[0]
