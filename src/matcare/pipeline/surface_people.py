"""People and a surface's minutes: points of people, access of zones, minutes at points."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from matcare.contracts.surface import PEOPLE_POINTS, POINT_MINUTES, zone_table
from matcare.errors import InputError
from matcare.pipeline.report import SILENT, Report
from matcare.pipeline.surface_files import (
    SURFACE_NAME,
    check_outputs,
    raster_tags,
    read_places,
    read_zones,
    source_of,
    write_about,
    write_table,
)
from matcare.publish.folder import OutputFolder
from matcare.travel.surface.outputs import SurfaceFiles, minutes_at
from matcare.travel.surface.population import population_points
from matcare.travel.surface.zones import zone_access

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["access_of_zones", "minutes_at_points", "people_as_points"]

_TABLES = (".csv", ".parquet")

Kind = Literal["count", "density"]


def people_as_points(
    population: Path,
    *,
    kind: Kind,
    out: Path,
    aggregate: int = 1,
    vintage: str | None = None,
    licence: str | None = None,
    report: Report | None = None,
) -> Sequence[str]:
    """Turn a population raster into points with ``id, lat, lon, people``.

    Parameters
    ----------
    population : pathlib.Path
    kind : str
        ``count`` (people in a cell) or ``density`` (people per km²).
    out : pathlib.Path
        ``.csv`` or ``.parquet``: contract `PEOPLE_POINTS`; ``<out>_run.json`` beside it.
    aggregate : int
        Blocks of this many cells a side become one point.
    vintage, licence : str, optional
        Of the raster, where its own tags do not tell.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was made, a line each.

    Raises
    ------
    InputError
        When the raster or an option is not usable.
    OutputError
        When `out` cannot be written.
    """
    report = report or SILENT
    about = out.with_name(f"{out.stem}_run.json")
    check_outputs((out, about), (population,), suffixes=_TABLES)
    with OutputFolder(out.parent) as folder, report.step(f"people of {population.name}"):
        found = population_points(population, kind=kind, aggregate=aggregate)
        write_table(found.points.rename(columns={"demand_id": "id"}), folder.staging / out.name, PEOPLE_POINTS)
        counts = {name: value for name, value in vars(found).items() if name != "points"}
        source = source_of(
            "population", population, tags=raster_tags(population), licence=licence, vintage=vintage, kind=kind
        )
        write_about(
            folder.staging / about.name, command="surface people", contract=PEOPLE_POINTS,
            asked={"population": population.name, "kind": kind, "aggregate": aggregate}, found=counts,
            sources=[source], files=[folder.staging / out.name],
        )  # fmt: skip
    told = f"{found.cells_with_people:,} have people, {found.cells_empty:,} are empty"
    lines = [
        f"{out}: {found.people:,.0f} people in {len(found.points):,} points",
        f"of {found.cells:,} cells {told}, {found.cells_no_data:,} are without data",
    ]
    if found.cells_negative:
        lines.append(f"warning: {found.cells_negative:,} cells are negative and count as without data")
    return [*lines, f"{about}: where the numbers come from"]


def access_of_zones(
    folder_of_minutes: Path,
    *,
    population: Path,
    kind: Kind,
    zones: Path,
    out: Path,
    layer: str | None = None,
    zone_id: str = "zone_id",
    within: Sequence[float] = (30.0, 60.0),
    vintage: str | None = None,
    licence: str | None = None,
    report: Report | None = None,
) -> Sequence[str]:
    """Summarize a surface's minutes over the people of zones.

    Parameters
    ----------
    folder_of_minutes : pathlib.Path
        Written by :func:`minutes_over_surface`.
    population : pathlib.Path
        Raster on the surface's cells.
    kind : str
        ``count`` or ``density``.
    zones : pathlib.Path
        Layer of polygons.
    out : pathlib.Path
        ``.csv`` or ``.parquet``: contract :func:`matcare.contracts.surface.zone_table`; ``<out>_run.json`` beside it.
    layer, zone_id : str
        Layer and column of identifiers.
    within : sequence of float
        Thresholds in minutes; within is ≤.
    vintage, licence : str, optional
        Of the population raster, where its own tags do not tell.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was found, a line each.

    Raises
    ------
    InputError
        When a file or an option is not usable.
    OutputError
        When `out` cannot be written.
    """
    report = report or SILENT
    about = out.with_name(f"{out.stem}_run.json")
    files = SurfaceFiles.in_folder(folder_of_minutes, name=SURFACE_NAME)
    check_outputs((out, about), (population, zones, files.minutes, files.facilities), suffixes=_TABLES)
    table = read_zones(zones, zone_id=zone_id, layer=layer)
    contract = zone_table(zone_id, within)
    with OutputFolder(out.parent) as folder, report.step(f"people of {len(table):,} zones"):
        with _named("zones", zones):
            found = zone_access(files, population, table, kind=kind, within=within, zone_id=zone_id)
        write_table(found, folder.staging / out.name, contract)
        counted = [name for name in contract.names if name.startswith("people")]
        people = dict(zip(counted, found[counted].sum().tolist(), strict=True))
        of_people = source_of(
            "population", population, tags=raster_tags(population), licence=licence, vintage=vintage, kind=kind
        )
        write_about(
            folder.staging / about.name, command="surface zones", contract=contract,
            asked={
                "surface": folder_of_minutes.resolve().name, "population": population.name, "kind": kind,
                "zones": zones.name, "layer": layer, "id": zone_id, "within_minutes": list(within),
            },
            found=people, files=[folder.staging / out.name],
            sources=[_surface_source(files), of_people, source_of("zones", zones)],
        )  # fmt: skip
    told = ", ".join(f"{people[name]:,.0f} {name.removeprefix('people_')}" for name in counted[1:])
    reasons = ", ".join(f"{number:,} {reason}" for reason, number in found["reason"].value_counts().items())
    return [
        f"{out}: {len(found):,} zones ({reasons})",
        f"of {people['people']:,.0f} people {told}",
        f"{about}: where the numbers come from",
    ]


def minutes_at_points(
    folder_of_minutes: Path, *, points: Path, out: Path, report: Report | None = None
) -> Sequence[str]:
    """Look up a surface's minutes at points.

    Parameters
    ----------
    folder_of_minutes : pathlib.Path
        Written by :func:`minutes_over_surface`.
    points : pathlib.Path
        CSV or Parquet with ``id`` (or ``demand_id``), ``lat``, ``lon``.
    out : pathlib.Path
        ``.csv`` or ``.parquet``: contract `POINT_MINUTES`; ``<out>_run.json`` beside it.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was found, a line each.

    Raises
    ------
    InputError
        When a file is not usable.
    OutputError
        When `out` cannot be written.
    """
    report = report or SILENT
    about = out.with_name(f"{out.stem}_run.json")
    files = SurfaceFiles.in_folder(folder_of_minutes, name=SURFACE_NAME)
    check_outputs((out, about), (points, files.minutes, files.facilities), suffixes=_TABLES)
    places = read_places(points, keys=("id", "demand_id"))
    with OutputFolder(out.parent) as folder, report.step(f"minutes at {len(places):,} points"):
        found = minutes_at(files, places["lat"].to_numpy(), places["lon"].to_numpy())
        table = pd.concat([places.reset_index(drop=True), found], axis=1)
        write_table(table, folder.staging / out.name, POINT_MINUTES)
        reasons = {str(reason): int(number) for reason, number in found["reason"].value_counts().items()}
        write_about(
            folder.staging / about.name, command="surface at", contract=POINT_MINUTES, found=reasons,
            asked={"surface": folder_of_minutes.resolve().name, "points": points.name},
            sources=[
                _surface_source(files),
                source_of("points", points, made_by=points.with_name(f"{points.stem}_run.json")),
            ],
            files=[folder.staging / out.name],
        )  # fmt: skip
    told = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
    return [f"{out}: {len(table):,} rows ({told})", f"{about}: where the numbers come from"]


def _surface_source(files: SurfaceFiles) -> dict[str, Any]:
    made_by = files.minutes.with_name(f"{SURFACE_NAME}_run.json")
    return source_of("surface of minutes", files.minutes, made_by=made_by, tags=raster_tags(files.minutes))


@contextmanager
def _named(what: str, path: Path) -> Iterator[None]:
    """Let a message about a table that has no name of its own begin with that of its file."""
    try:
        yield
    except InputError as error:
        words = str(error)
        if words.startswith((f"{what}:", f"{what},")):
            raise InputError(f"{path}{words.removeprefix(what)}") from error
        raise
