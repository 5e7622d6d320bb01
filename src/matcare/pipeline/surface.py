"""Minutes over surfaces: friction, minutes to care, people, zones and points, each with where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.pipeline.report import SILENT, Report
from matcare.pipeline.surface_files import (
    NOT_STATED,
    SURFACE_NAME,
    check_outputs,
    raster_tags,
    read_places,
    road_lines,
    source_of,
    write_about,
)
from matcare.publish.exports import guard_formulas
from matcare.publish.folder import OutputFolder
from matcare.travel.surface.cells import needed_room
from matcare.travel.surface.friction import SurfaceCount, count_cells, read_friction, write_friction
from matcare.travel.surface.outputs import SurfaceFiles, write_surface_minutes
from matcare.travel.surface.speed_table import load_speed_table, shipped_speed_tables
from matcare.travel.surface.terrain import friction_from_land_cover
from matcare.travel.surface.travel_minutes import DEFAULT_TILE, STATUSES, SurfaceMinutes, surface_minutes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matcare.travel.surface.friction import FrictionSurface
    from matcare.travel.surface.grid import Grid

__all__ = ["describe_friction", "make_friction", "minutes_over_surface"]

_RASTERS: Final = (".tif", ".tiff")
_MOST_FACILITIES_TOLD: Final = 20
_GIB: Final = 2**30


def make_friction(
    land_cover: Path,
    *,
    out: Path,
    speeds: str = "worldcover",
    elevation: Path | None = None,
    roads: Path | None = None,
    profile: str | None = None,
    open_corners: bool = False,
    vintage: str | None = None,
    licence: str | None = None,
    data_dir: Path | None = None,
    report: Report | None = None,
) -> Sequence[str]:
    """Make a friction surface of land cover, elevation and roads.

    Parameters
    ----------
    land_cover : pathlib.Path
        Raster of class codes.
    out : pathlib.Path
        ``.tif``; ``<out>_run.json`` beside it says where it comes from.
    speeds : str
        A speed table's name, or a TOML file.
    elevation : pathlib.Path, optional
        Raster of metres on the same cells.
    roads : pathlib.Path, optional
        A file made by ``matcare roads build``.
    profile : str, optional
        Speeds of the roads; those that they were made with, when left out.
    open_corners : bool
        Allow a diagonal step between two cells that cannot be crossed.
    vintage, licence : str, optional
        Of the rasters, where their own tags do not tell.
    data_dir : pathlib.Path, optional
        Data tables that tell town from country, for `profile`.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was made, a line each.

    Raises
    ------
    InputError
        When a file or an option is not usable.
    OutputError
        When `out` cannot be written; what stood there before is intact.
    """
    report = report or SILENT
    about = out.with_name(f"{out.stem}_run.json")
    tables = [] if speeds in shipped_speed_tables() else [Path(speeds)]
    given = {"land cover": land_cover, "elevation": elevation, "roads": roads, "speeds": next(iter(tables), None)}
    inputs = {role: path for role, path in given.items() if path is not None}
    check_outputs((out, about), inputs.values(), suffixes=_RASTERS)
    if profile is not None and roads is None:
        raise InputError("--profile gives the speeds of --roads FILE, and no roads are given")
    table = load_speed_table(speeds)
    with OutputFolder(out.parent) as folder:
        lines_of_road, of_roads = None, dict[str, Any]()
        if roads is not None:
            with report.step(f"roads of {roads.name}"):
                lines_of_road, of_roads = road_lines(roads, profile=profile, data_dir=data_dir)
        with report.step("friction of land cover"):
            surface = friction_from_land_cover(
                land_cover, table, elevation=elevation, roads=lines_of_road, closed_corners=not open_corners
            )
            sources = [
                _roads_source(path, of_roads) if role == "roads" else
                source_of(role, path, source=table.source) if role == "speeds" else
                source_of(role, path, tags=raster_tags(path), licence=licence, vintage=vintage)
                for role, path in inputs.items()
            ]  # fmt: skip
            tags = {
                "licence": "; ".join(f"{source['role']}: {source['licence']}" for source in sources),
                "vintage": "; ".join(f"{source['role']}: {source['vintage']}" for source in sources),
            }
            count = write_friction(surface, folder.staging / out.name, tags=tags)
        asked = {role.replace(" ", "_"): path.name for role, path in inputs.items()} | {
            "speeds": table.name, "profile": of_roads.get("profile"), "open_corners": open_corners,
        }  # fmt: skip
        write_about(
            folder.staging / about.name, command="surface friction", asked=asked, sources=sources,
            files=[folder.staging / out.name],
            found={**vars(count), "speeds": {"title": table.title, "source": table.source}},
        )  # fmt: skip
    grid = surface.grid
    return [
        f"{out}: {grid.rows:,} × {grid.cols:,} cells",
        *_count_lines(count),
        f"speeds: {table.title}",
        *([f"roads: {of_roads['source']} ({of_roads['licence']}), profile {of_roads['profile']}"] if roads else []),
        f"{about}: where it comes from",
    ]


def minutes_over_surface(
    friction: Path,
    *,
    facilities: Path,
    out: Path,
    limit: float | None = None,
    neighbours: int = 8,
    from_facility: bool = False,
    move_cells: int = 3,
    tile: int | None = None,
    scratch: Path | None = None,
    memory_gib: float = 4.0,
    vintage: str | None = None,
    licence: str | None = None,
    on_tiles: Callable[[int, int], None] | None = None,
    report: Report | None = None,
) -> Sequence[str]:
    """Compute least-cost minutes from every cell to its nearest facility, and write them.

    Parameters
    ----------
    friction : pathlib.Path
        Raster of minutes per metre.
    facilities : pathlib.Path
        CSV or Parquet with ``facility_id`` (or ``id``), ``lat``, ``lon``.
    out : pathlib.Path
        Folder for ``travel_minutes.tif``, ``travel_status.tif``, ``travel_facility.tif``, ``travel_facilities.csv`` and
        ``travel_run.json``.
    limit : float, optional
        Minutes; within is ≤.
    neighbours : int
        8 or 16.
    from_facility : bool
        Minutes of the way back, where slopes count.
    move_cells, tile, scratch, memory_gib
        See :func:`matcare.travel.surface.travel_minutes.surface_minutes`.
    vintage, licence : str, optional
        Of the friction surface, where its own tags do not tell.
    on_tiles : callable, optional
        Told after each tile how many have been settled and how many wait.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was found, a line each.

    Raises
    ------
    InputError
        When a file or an option is not usable, or memory or disk do not suffice.
    OutputError
        When `out` cannot be written; what stood there before is intact.
    """
    report = report or SILENT
    if not memory_gib > 0:
        raise InputError(f"--memory is {memory_gib:g}: give a number of GiB above 0")
    if move_cells < 0:
        raise InputError(f"--move-cells is {move_cells}: give 0 or more")
    written = SurfaceFiles.in_folder(out, name=SURFACE_NAME)
    about = out / f"{SURFACE_NAME}_run.json"
    check_outputs(
        (written.minutes, written.status, written.facility, written.facilities, about), (friction, facilities)
    )
    places = read_places(facilities, keys=("facility_id", "id"))
    surface, tags = _open_friction(friction)
    with OutputFolder(out) as folder:
        with report.step(f"minutes to {len(places):,} facilities over {surface.grid.cells:,} cells"):
            found = surface_minutes(
                surface, places, limit_minutes=limit, neighbours=neighbours, move_cells=move_cells, tile_cells=tile,
                direction="from_facility" if from_facility else "to_facility", scratch=scratch, memory_gib=memory_gib,
                on_progress=on_tiles,
            )  # fmt: skip
        with found:
            source = source_of(
                "friction surface", friction, made_by=friction.with_name(f"{friction.stem}_run.json"), tags=tags,
                licence=licence, vintage=vintage,
            )  # fmt: skip
            with report.step("rasters"):
                counted = _statuses(found)
                files = write_surface_minutes(
                    found, folder.staging, name=SURFACE_NAME, tags={key: source[key] for key in ("licence", "vintage")}
                )
                listed = guard_formulas(pd.read_csv(files.facilities, dtype={"facility_id": "str"}))
                listed.to_csv(files.facilities, index=False, lineterminator="\n")
        asked = {
            "friction": friction.name, "facilities": facilities.name, "limit_minutes": limit, "neighbours": neighbours,
            "direction": "from_facility" if from_facility else "to_facility", "move_cells": move_cells,
        }  # fmt: skip
        write_about(
            folder.staging / about.name, command="surface minutes", asked=asked,
            sources=[source, source_of("facilities", facilities)],
            files=[files.minutes, files.status, files.facility, files.facilities],
            found={"cells": counted, "facilities": found.facilities["placement"].value_counts().to_dict()},
        )  # fmt: skip
    return [
        f"{written.minutes}: " + ", ".join(f"{number:,} cells {status}" for status, number in counted.items()),
        *_count_lines(found.count)[1:],
        *([f"{found.tiles:,} tiles, settled {found.settled_tiles:,} times"] if found.tiles > 1 else []),
        *_facility_lines(found.facilities, written.facilities),
        f"{about}: where the numbers come from",
    ]


def describe_friction(path: Path) -> Sequence[str]:
    """Say what a friction surface holds and what a search over it takes, a line each.

    Raises
    ------
    InputError
        When the file is not usable.
    """
    surface, tags = _open_friction(path)
    grid = surface.grid
    unit = "degrees" if grid.geographic else f"map units ({grid.metres_per_unit:g} m)"
    lat, lon = grid.lat_lon([-0.5, grid.rows - 0.5], [-0.5, grid.cols - 0.5])
    corners, size = "closed" if surface.closed_corners else "open", f"{grid.cell_x:g} × {grid.cell_y:g}"
    return [
        f"{path}: {grid.rows:,} × {grid.cols:,} cells of {size} {unit}, {grid.projection.name}",
        f"from {lat[1]:.5g} to {lat[0]:.5g} north, from {lon[0]:.5g} to {lon[1]:.5g} east",
        "; ".join(f"{key}: {tags.get(key, NOT_STATED)}" for key in ("source", "profile", "vintage", "licence")),
        f"slopes {'count' if surface.sloped else 'do not count'}, corners are {corners}",
        *_count_lines(count_cells(surface)),
        *_room_lines(grid, sloped=surface.sloped),
    ]


def _room_lines(grid: Grid, *, sloped: bool) -> list[str]:
    whole = needed_room(grid, sloped=sloped, limited=True, tile=None)
    tiled = needed_room(grid, sloped=sloped, limited=True, tile=DEFAULT_TILE)
    at_once = f"{whole.memory_bytes / _GIB:.2f} GiB of memory" if whole.addressable else "more than can be addressed"
    by_tiles = f"{tiled.memory_bytes / _GIB:.2f} GiB, and {tiled.disk_bytes / _GIB:.2f} GiB of disk"
    return [f"a search takes {at_once} as a whole; in tiles of {DEFAULT_TILE:,} cells a side {by_tiles}"]


def _open_friction(path: Path) -> tuple[FrictionSurface, dict[str, str]]:
    """Open a friction surface; refuse what a search over one has written."""
    tags = raster_tags(path, what="friction surface in minutes per metre")
    if tags.get("units") in {"minutes", "code", "number"} and "limit_minutes" in tags:
        raise InputError(
            f"{path}: the result of `matcare surface minutes`, not a friction surface in minutes per metre"
        )
    return read_friction(path), tags


def _roads_source(path: Path, of_roads: dict[str, Any]) -> dict[str, Any]:
    return source_of("roads", path, **of_roads)


def _statuses(found: SurfaceMinutes) -> dict[str, int]:
    """Count the cells of each status, those that occur."""
    counts = np.zeros(len(STATUSES), np.int64)
    for _, block in found.blocks():
        counts += np.bincount(block.status.ravel(), minlength=len(STATUSES))
    order = sorted(
        zip(STATUSES, counts.tolist(), strict=True), key=lambda pair: STATUSES.index(pair[0]) or len(STATUSES)
    )
    return {status: number for status, number in order if number}


def _count_lines(count: SurfaceCount) -> list[str]:
    walked = f"; {count.walked:,} walked with their slope" if count.walked else ""
    lines = [f"{count.passable:,} cells passable, {count.barrier:,} barriers, {count.no_data:,} without data{walked}"]
    if count.no_elevation:
        lines.append(f"{count.no_elevation:,} walked cells have no elevation: steps from and to them count as level")
    return lines


def _facility_lines(placed: pd.DataFrame, listed: Path) -> list[str]:
    kinds = placed["placement"].value_counts()
    off = placed[placed["placement"] != "placed"]
    lines = [f"{len(placed):,} facilities: " + ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())]
    for row in off.head(_MOST_FACILITIES_TOLD).itertuples():
        where = "stands on no surface" if row.placement == "no_surface" else f"moved {row.moved_km:.2f} km"
        lines.append(f"  {row.facility_id}: {where} ({row.why})")
    if len(off) > _MOST_FACILITIES_TOLD:
        lines.append(f"  and {len(off) - _MOST_FACILITIES_TOLD:,} more: {listed}")
    return lines
