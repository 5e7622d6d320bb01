"""A travel-minutes surface as files, and its minutes at points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError, OutputError
from matcare.travel.surface.geotiff import Layer, RasterFile, Window, write_cog
from matcare.travel.surface.travel_minutes import STATUSES, MinutesBlock, SurfaceMinutes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["SurfaceFiles", "minutes_at", "write_surface_minutes"]

_STRIP: Final = 256
_NO_DATA: Final = STATUSES.index("no_data")

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class SurfaceFiles:
    """The files of a travel-minutes surface.

    Attributes
    ----------
    minutes : pathlib.Path
        float32 minutes, ``NaN`` where there are none.
    status : pathlib.Path
        uint8, position in :data:`STATUSES`.
    facility : pathlib.Path
        int32, ``facility_number`` of the nearest facility, 0 where there is none.
    facilities : pathlib.Path
        CSV: the facilities by number, and where each was placed.
    """

    minutes: Path
    status: Path
    facility: Path
    facilities: Path

    @classmethod
    def in_folder(cls, folder: Path | str, *, name: str = "travel") -> SurfaceFiles:
        """Name the files of a surface in a folder."""
        at = Path(folder)
        return cls(
            minutes=at / f"{name}_minutes.tif", status=at / f"{name}_status.tif",
            facility=at / f"{name}_facility.tif", facilities=at / f"{name}_facilities.csv",
        )  # fmt: skip


def write_surface_minutes(
    found: SurfaceMinutes, folder: Path, *, name: str = "travel", tags: Mapping[str, str] | None = None
) -> SurfaceFiles:
    """Write minutes, statuses and nearest facilities as Cloud Optimized GeoTIFF, and the facilities as CSV.

    Parameters
    ----------
    found : SurfaceMinutes
    folder : pathlib.Path
        An existing folder. Each file is written beside its place and moved there when whole.
    name : str
        What the files' names begin with.
    tags : mapping of str to str, optional
        ``source``, ``profile``, ``vintage``, …: kept in the files, over those of the surface.

    Returns
    -------
    SurfaceFiles

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    files = SurfaceFiles.in_folder(folder, name=name)
    limit = "none" if found.limit_minutes is None else f"{found.limit_minutes:g}"
    kept = {**found.tags, **(tags or {}), "limit_minutes": limit}
    words = ", ".join(f"{code} {status}" for code, status in enumerate(STATUSES))

    def blocks(pick: Callable[[MinutesBlock], Array]) -> Iterator[tuple[Window, Array]]:
        for window, block in found.blocks():
            yield window, pick(block)

    write_cog(
        files.minutes, found.grid, blocks(lambda block: block.minutes.astype(np.float32)), dtype="float32",
        nodata=np.nan, layers=(Layer("minutes to the nearest facility", "min"),), averaged=True,
        tags={**kept, "units": "minutes"},
    )  # fmt: skip
    write_cog(
        files.status, found.grid, blocks(lambda block: block.status), dtype="uint8", nodata=_NO_DATA,
        layers=(Layer(f"status: {words}"),), averaged=False, tags={**kept, "units": "code", "codes": words},
    )  # fmt: skip
    write_cog(
        files.facility, found.grid, blocks(lambda block: block.facility_number), dtype="int32", nodata=0,
        layers=(Layer(f"facility_number in {files.facilities.name}"),), averaged=False,
        tags={**kept, "units": "number"},
    )  # fmt: skip
    beside = files.facilities.with_name(f".writing-{files.facilities.name}")
    try:
        found.facilities.to_csv(beside, index=False, lineterminator="\n")
        beside.replace(files.facilities)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"{files.facilities}: could not be written ({error.strerror})") from error
    return files


def minutes_at(files: SurfaceFiles, lat: npt.ArrayLike, lon: npt.ArrayLike) -> pd.DataFrame:
    """Look up a surface's minutes at points: those of the cell that a point lies in.

    Parameters
    ----------
    files : SurfaceFiles
    lat, lon : array_like of float, shape (points,)
        Degrees, EPSG:4326.

    Returns
    -------
    pandas.DataFrame
        One row a point: ``minutes`` (``NaN`` where there are none), ``reason`` (:data:`STATUSES`, or ``off_grid``),
        ``facility_id`` (missing where there is none).

    Raises
    ------
    InputError
        When a file is missing or damaged, or the files are not of one surface.
    """
    with (
        RasterFile(files.minutes, what="surface of minutes") as minutes_file,
        RasterFile(files.status, what="raster of statuses") as status_file,
        RasterFile(files.facility, what="raster of facility numbers") as facility_file,
    ):
        grid = minutes_file.grid
        for other in (status_file, facility_file):
            if not grid.same_as(other.grid):
                raise InputError(f"{other.path}: not of the same surface as {files.minutes}; compute the surface again")
        at_row, at_col = grid.row_col(lat, lon)
        row, col = (
            np.rint(np.nan_to_num(at_row, nan=-1)).astype(int),
            np.rint(np.nan_to_num(at_col, nan=-1)).astype(int),
        )
        on = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
        minutes = np.full(len(row), np.nan)
        code, number = np.full(len(row), _NO_DATA), np.zeros(len(row), np.int64)
        strips = row // _STRIP
        for strip in np.unique(strips[on]):
            here = np.flatnonzero(on & (strips == strip))
            window = Window(
                int(strip) * _STRIP, min((int(strip) + 1) * _STRIP, grid.rows),
                int(col[here].min()), int(col[here].max()) + 1,
            )  # fmt: skip
            at = row[here] - window.row0, col[here] - window.col0
            minutes[here] = minutes_file.read(window)[at]
            code[here] = np.nan_to_num(status_file.read(window)[at], nan=_NO_DATA)
            number[here] = np.nan_to_num(facility_file.read(window, dtype=np.float64)[at], nan=0)
    reason = np.where(on, np.asarray(STATUSES)[code], "off_grid")
    ids = _facility_ids(files.facilities)
    return pd.DataFrame(
        {"minutes": minutes, "reason": reason, "facility_id": pd.Series(number).map(ids).astype("str").to_numpy()}
    )


def _facility_ids(path: Path) -> dict[int, str]:
    try:
        table = pd.read_csv(
            path, dtype={"facility_id": "str"}, keep_default_na=False, usecols=["facility_number", "facility_id"]
        )
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not the table of facilities that belongs to the surface ({error})") from error
    return dict(zip(table["facility_number"].astype(int), table["facility_id"], strict=True))
