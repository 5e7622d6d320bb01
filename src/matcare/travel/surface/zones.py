"""People of zones by minutes: cells counted by the exact share of them that lies in a polygon (exactextract).

People count by the minutes of the cell they live in. People without minutes are counted apart, by reason; those on
cells without friction data or on barriers have unknown access and are in no denominator.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError
from matcare.travel.surface.geotiff import RasterFile, Window, optional_package
from matcare.travel.surface.population import PeopleFile
from matcare.travel.surface.travel_minutes import STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from matcare.travel.surface.outputs import SurfaceFiles

__all__ = ["zone_access"]

_KNOWN: Final = ("covered", "beyond_limit", "unreachable")
"""Statuses of people whose access is known."""

_CELLS_AT_ONCE: Final = 4_000_000

Array = npt.NDArray[Any]


def zone_access(
    files: SurfaceFiles,
    population: Path | str,
    zones: gpd.GeoDataFrame,
    *,
    kind: Literal["count", "density"],
    within: Sequence[float] = (30.0, 60.0),
    zone_id: str = "zone_id",
    band: int = 1,
) -> pd.DataFrame:
    """Summarize minutes over the people of each zone.

    Parameters
    ----------
    files : SurfaceFiles
        A surface's minutes and statuses.
    population : pathlib.Path or str
        Population raster whose cells are those of the surface; its extent may differ.
    zones : geopandas.GeoDataFrame
        Polygons with a column `zone_id`; any coordinate reference system.
    kind : str
        ``count`` or ``density`` (people per km²).
    within : sequence of float
        Thresholds in minutes; "within" is ≤.
    zone_id : str
        Name of the column of ids, unique.
    band : int
        Band of the population raster.

    Returns
    -------
    pandas.DataFrame
        One row a zone, in the order given: `zone_id`; ``people`` (all with population data); ``people_covered``,
        ``people_beyond_limit``, ``people_unreachable``, ``people_barrier``, ``people_no_data`` (off the surface too),
        which add up to ``people``; ``mean_minutes`` weighted by people, of those covered; ``share_within_T`` for each
        threshold, of people whose access is known; ``reason``: ``covered``; ``partly_covered`` where some known people
        have no minutes (the mean is of the others); ``beyond_limit``, ``unreachable``, ``barrier`` or ``no_data`` (the
        most frequent) where nobody has minutes; ``no_people``. What cannot be said is ``NaN``.

    Raises
    ------
    InputError
        When a file cannot be used; population and surface differ in reference system or cells (gdalwarp's command is
        given); a threshold is not above 0 or is beyond the surface's limit; the zones have no reference system, a
        repeated id, or a geometry that is not a polygon.
    """
    table = _checked_zones(zones, zone_id)
    people_file = PeopleFile(population, kind=kind, band=band)
    with (
        RasterFile(files.minutes, what="surface of minutes") as minutes_file,
        RasterFile(files.status, what="raster of statuses") as status_file,
        people_file.file,
    ):
        thresholds = _checked_thresholds(within, minutes_file)
        grid = people_file.grid
        if not minutes_file.grid.same_as(status_file.grid):
            raise InputError(f"{files.status}: not of the same surface as {files.minutes}; compute the surface again")
        offset = grid.offset_in(minutes_file.grid)
        if offset is None:
            why = minutes_file.grid.difference(grid, str(files.minutes), str(population))
            method = "sum" if kind == "count" else "average"
            raise InputError(f"{why}: {minutes_file.grid.warp_command(str(population), method=method)}")
        cells = _Cells(people_file, minutes_file, status_file, offset)
        sums = cells.sums(table.to_crs(grid.crs), thresholds)
    return _summary(table[zone_id], sums, thresholds, zone_id)


def _checked_zones(zones: gpd.GeoDataFrame, zone_id: str) -> gpd.GeoDataFrame:
    if zone_id not in zones.columns:
        raise InputError(f"zones: no column {zone_id!r}; there are {', '.join(map(str, zones.columns))}")
    if not len(zones):
        raise InputError("zones: the layer is empty")
    if zones.crs is None:
        raise InputError("zones: no coordinate reference system; set it, such as EPSG:4326")
    repeated = zones[zone_id].duplicated()
    if repeated.any():
        row = int(repeated.to_numpy().argmax())
        raise InputError(f"zones, row {row + 1}, column {zone_id!r}: {zones[zone_id].iloc[row]!r} stands there twice")
    polygon = zones.geometry.geom_type.isin(["Polygon", "MultiPolygon"]) & ~zones.geometry.is_empty
    if not polygon.all():
        row = int((~polygon).to_numpy().argmax())
        raise InputError(f"zones, row {row + 1}: its geometry is missing or not a polygon")
    if not zones.geometry.is_valid.all():
        row = int((~zones.geometry.is_valid).to_numpy().argmax())
        raise InputError(f"zones, row {row + 1}: its polygon is not valid; repair it: ogr2ogr -makevalid")
    return zones


def _checked_thresholds(within: Sequence[float], minutes: RasterFile) -> list[float]:
    limit = minutes.tags.get("limit_minutes", "none")
    most = np.inf if limit == "none" else float(limit)
    for threshold in within:
        if not 0 < threshold < np.inf:
            raise InputError(f"within {threshold:g} minutes: a number above 0")
        if threshold > most:
            raise InputError(
                f"within {threshold:g} minutes: {minutes.path} was computed up to {most:g}; "
                "compute the surface with a higher limit"
            )
    return list(dict.fromkeys(float(threshold) for threshold in within))


def _name(threshold: float) -> str:
    return f"share_within_{threshold:g}"


class _Cells:
    """The rasters as exactextract asks for them: people with some property, by windows."""

    def __init__(self, people: PeopleFile, minutes: RasterFile, status: RasterFile, offset: tuple[int, int]) -> None:
        self.people, self.minutes, self.status, self.offset = people, minutes, status, offset
        self._last: tuple[Window, dict[str, Array]] | None = None

    def of(self, window: Window) -> dict[str, Array]:
        """Return people, minutes and status codes of a window of the population raster."""
        if self._last is not None and self._last[0] == window:
            return self._last[1]
        people = self.people.read(window)
        people[~(people > 0)] = 0
        minutes = np.full(window.shape, np.nan)
        status = np.full(window.shape, STATUSES.index("no_data"))
        grid, (south, east) = self.minutes.grid, self.offset
        row0, row1 = max(window.row0 + south, 0), min(window.row1 + south, grid.rows)
        col0, col1 = max(window.col0 + east, 0), min(window.col1 + east, grid.cols)
        if row0 < row1 and col0 < col1:
            there = Window(row0, row1, col0, col1)
            top, left = row0 - south - window.row0, col0 - east - window.col0
            here = np.s_[top : top + row1 - row0, left : left + col1 - col0]
            minutes[here] = self.minutes.read(there)
            status[here] = np.nan_to_num(self.status.read(there), nan=STATUSES.index("no_data")).astype(int)
        cells = {"people": people, "minutes": minutes, "status": status}
        self._last = window, cells
        return cells

    def picked(self, window: Window, column: str) -> Array:
        """Return the people of a window that count in a column of sums."""
        cells = self.of(window)
        people = cells["people"]
        if column == "minutes":
            return np.asarray(np.where(cells["status"] == STATUSES.index("covered"), people * cells["minutes"], 0.0))
        if column in STATUSES:
            return np.asarray(np.where(cells["status"] == STATUSES.index(column), people, 0.0))
        return np.asarray(np.where(cells["minutes"] <= float(column), people, 0.0))

    def sums(self, zones: gpd.GeoDataFrame, thresholds: list[float]) -> pd.DataFrame:
        """Sum people by status, people times minutes, and people within each threshold, over each zone."""
        package = optional_package("exactextract")
        raster_source: Any = optional_package("exactextract.raster").RasterSource
        columns = [*STATUSES, "minutes", *map(repr, thresholds)]
        cells, grid = self, self.people.grid
        west, south, east, north = grid.bounds

        class PeopleSource(raster_source):  # type: ignore[misc]
            """What exactextract asks of a raster."""

            def __init__(self, column: str, name: str) -> None:
                super().__init__()
                self.column = column
                self.set_name(name)

            def res(self) -> tuple[float, float]:
                return grid.cell_x, grid.cell_y

            def extent(self) -> tuple[float, float, float, float]:
                return west, south, east, north

            def srs_wkt(self) -> str:
                return grid.crs

            def nodata_value(self) -> None:
                return None

            def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Array:
                if nx == 0 or ny == 0:
                    return np.zeros((ny, nx))
                return cells.picked(Window(y0, y0 + ny, x0, x0 + nx), self.column)

        sources = [PeopleSource(column, f"c{number}") for number, column in enumerate(columns)]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Spatial reference system of input features")
            sums = package.exact_extract(
                sources,
                zones[["geometry"]],
                ["sum"],
                output="pandas",
                max_cells_in_memory=_CELLS_AT_ONCE,
                strategy="raster-sequential",
            )
        sums.columns = columns
        return pd.DataFrame(sums.fillna(0.0))


def _summary(ids: pd.Series, sums: pd.DataFrame, thresholds: list[float], zone_id: str) -> pd.DataFrame:
    table = pd.DataFrame({zone_id: ids.to_numpy(), "people": sums[list(STATUSES)].sum(axis=1)})
    for status in ("covered", "beyond_limit", "unreachable", "barrier", "no_data"):
        table[f"people_{status}"] = sums[status]
    covered, known = sums["covered"], sums[list(_KNOWN)].sum(axis=1)
    table["mean_minutes"] = (sums["minutes"] / covered).where(covered > 0)
    for threshold in thresholds:
        table[_name(threshold)] = (sums[repr(threshold)] / known).where(known > 0)
    without = [status for status in STATUSES if status != "covered"]
    most = sums[without].idxmax(axis=1)
    partly = np.where(known > covered, "partly_covered", "covered")
    reason = np.where(covered > 0, partly, np.where(table["people"] > 0, most, "no_people"))
    table["reason"] = pd.array(reason, dtype="str")
    return table
