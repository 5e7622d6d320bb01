"""``matcare surface``: friction, minutes, people, zones, at, info."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from matcare.cli.options import DataDir
from matcare.cli.terminal import speaks, terminal
from matcare.publish.summary import Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

__all__ = ["app"]

app = typer.Typer(
    help="Minutes over a raster, where no road network is known: walking, driving, off the road. "
    "Needs the extra \\[raster]; docs/surfaces.md explains.",
    no_args_is_help=True,
)

_Vintage = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Date of the raster, for the record, where its tags do not tell.")
]
_Licence = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Licence of the raster, for the record, where its tags do not tell.")
]
_Kind = Annotated[
    str,
    typer.Option(
        metavar="count|density",
        help="What its cells hold: people in the cell (WorldPop, GHSL, GPW count), or people per km² (GPW density).",
    ),
]
_Table = Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="CSV or Parquet file to write.")]
_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder that `matcare surface minutes` wrote.")]

_FIRST_LINE_SECONDS = 5.0
_MOST_SECONDS = 60.0


@app.command("friction")
@speaks
def surface_friction(
    land_cover: Annotated[
        Path, typer.Argument(metavar="LAND_COVER", help="Raster of land-cover classes, such as ESA WorldCover.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="GeoTIFF to write, such as friction.tif.")],
    speeds: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Speed by class: worldcover, nlcd, or a TOML file.")
    ] = "worldcover",
    elevation: Annotated[
        Path | None,
        typer.Option(metavar="DEM", help="Raster of metres on the same cells: walking then depends on the slope."),
    ] = None,
    roads: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A .roads file (matcare roads build): its roads are driven, over the land."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Speeds of the roads; those that the file was made with without it."),
    ] = None,
    open_corners: Annotated[
        bool, typer.Option("--open-corners", help="Let a diagonal step pass between two cells nobody can cross.")
    ] = False,
    vintage: _Vintage = None,
    licence: _Licence = None,
    data: DataDir = None,
) -> None:
    """Make a friction surface, minutes per metre, of land cover, elevation and roads."""
    from matcare.pipeline.surface import make_friction

    speech = terminal()
    lines = make_friction(
        land_cover, out=out, speeds=speeds, elevation=elevation, roads=roads, profile=profile,
        open_corners=open_corners, vintage=vintage, licence=licence, data_dir=data, report=speech.report,
    )  # fmt: skip
    speech.show(lines)


@app.command("minutes")
@speaks
def surface_minutes(
    friction: Annotated[
        Path,
        typer.Argument(
            metavar="FRICTION", help="Raster of minutes per metre: made here, or the Malaria Atlas Project's."
        ),
    ],
    facilities: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV or Parquet with facility_id (or id), lat, lon.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the rasters and tables.")],
    limit: Annotated[
        float | None, typer.Option(metavar="MINUTES", help="Cells farther than this are beyond_limit; none without it.")
    ] = None,
    neighbours: Annotated[
        int, typer.Option(metavar="8|16", help="Steps from a cell; 16 is more exact and takes twice as long.")
    ] = 8,
    from_facility: Annotated[
        bool, typer.Option("--from-facility", help="Minutes of the way back, where slopes make a difference.")
    ] = False,
    move_cells: Annotated[
        int, typer.Option(metavar="CELLS", help="How far a facility may be moved to a cell that can be crossed.")
    ] = 3,
    tile: Annotated[
        int | None,
        typer.Option(metavar="CELLS", help="Cells along a side of a tile; tiles are used where memory is short."),
    ] = None,
    scratch: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Existing folder for tiles; the system's temporary one.")
    ] = None,
    memory: Annotated[float, typer.Option(metavar="GIB", help="Memory that may be used.")] = 4.0,
    vintage: _Vintage = None,
    licence: _Licence = None,
) -> None:
    """Compute the minutes from every cell to its nearest facility, and which one that is."""
    from matcare.pipeline.surface import minutes_over_surface

    speech = terminal()
    progress = _TileProgress(speech.report.console)
    lines = minutes_over_surface(
        friction, facilities=facilities, out=out, limit=limit, neighbours=neighbours, from_facility=from_facility,
        move_cells=move_cells, tile=tile, scratch=scratch, memory_gib=memory, vintage=vintage, licence=licence,
        on_tiles=progress.tiles, report=progress,
    )  # fmt: skip
    speech.show(lines)


@app.command("people")
@speaks
def surface_people(
    population: Annotated[Path, typer.Argument(metavar="POPULATION", help="Raster of people.")],
    kind: _Kind,
    out: _Table,
    aggregate: Annotated[
        int, typer.Option(metavar="CELLS", help="Blocks of this many cells a side become one point.")
    ] = 1,
    vintage: _Vintage = None,
    licence: _Licence = None,
) -> None:
    """Turn a population raster into points: id, lat, lon, people. `matcare minutes` and `surface at` take them."""
    from matcare.pipeline.surface_people import people_as_points

    speech = terminal()
    lines = people_as_points(
        population, kind=_checked_kind(kind), out=out, aggregate=aggregate, vintage=vintage, licence=licence,
        report=speech.report,
    )  # fmt: skip
    speech.show(lines)


@app.command("zones")
@speaks
def surface_zones(
    folder: _Folder,
    population: Annotated[Path, typer.Option(metavar="FILE", help="Raster of people on the surface's cells.")],
    kind: _Kind,
    zones: Annotated[Path, typer.Option(metavar="LAYER", help="Polygons: GeoPackage, zipped shapefile, GeoJSON …")],
    out: _Table,
    column: Annotated[str, typer.Option("--id", metavar="COLUMN", help="Column that names the zones.")] = "zone_id",
    layer: Annotated[str | None, typer.Option(metavar="NAME", help="Which layer, where the file has several.")] = None,
    within: Annotated[
        list[float] | None, typer.Option(metavar="MINUTES", help="Threshold (repeat for more); 30 and 60 without it.")
    ] = None,
    vintage: _Vintage = None,
    licence: _Licence = None,
) -> None:
    """Summarize the minutes over the people of zones: mean, shares within thresholds, and who has none and why."""
    from matcare.pipeline.surface_people import access_of_zones

    speech = terminal()
    lines = access_of_zones(
        folder, population=population, kind=_checked_kind(kind), zones=zones, out=out, layer=layer, zone_id=column,
        within=within or (30.0, 60.0), vintage=vintage, licence=licence, report=speech.report,
    )  # fmt: skip
    speech.show(lines)


@app.command("at")
@speaks
def surface_at(
    folder: _Folder,
    points: Annotated[Path, typer.Option(metavar="FILE", help="CSV or Parquet with id (or demand_id), lat, lon.")],
    out: _Table,
) -> None:
    """Look up the minutes at points: minutes, reason, facility_id."""
    from matcare.pipeline.surface_people import minutes_at_points

    speech = terminal()
    speech.show(minutes_at_points(folder, points=points, out=out, report=speech.report))


@app.command("info")
@speaks
def surface_info(friction: Annotated[Path, typer.Argument(metavar="FILE", help="A friction surface.")]) -> None:
    """Say what a friction surface holds, and what memory a search over it takes."""
    from matcare.pipeline.surface import describe_friction

    terminal().show(describe_friction(friction))


class _TileProgress(Progress):
    """Steps of a search, and on a terminal how many tiles are settled; elsewhere a line now and then."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._status: Status | None = None
        self._words = ""
        self._began = self._told = time.monotonic()
        self._pause = _FIRST_LINE_SECONDS

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Show that a step is under way, and how long it took."""
        self._words, self._began = words, time.monotonic()
        self._told, self._pause = self._began, _FIRST_LINE_SECONDS
        if self.console.is_terminal:
            with self.console.status(f"{words} …") as self._status:
                yield
            self._status = None
        else:
            yield
        self.console.print(f"  {words}  [dim]{time.monotonic() - self._began:.1f} s[/dim]", highlight=False)

    def tiles(self, done: int, waiting: int) -> None:
        """Tell how many tiles have been settled and how many wait; a tile may be settled several times."""
        now = time.monotonic()
        rate = done / max(now - self._began, 1e-9)
        told = f"{done:,} tiles settled, {waiting:,} waiting, {rate:.2g} tiles/s"
        if self._status is not None:
            self._status.update(f"{self._words}: {told} …")
        elif now - self._told >= self._pause:
            self._told, self._pause = now, min(2 * self._pause, _MOST_SECONDS)
            self.console.print(f"    {told}", highlight=False)


def _checked_kind(kind: str) -> Literal["count", "density"]:
    if kind == "count":
        return "count"
    if kind == "density":
        return "density"
    raise typer.BadParameter(f"--kind {kind}: count (people in a cell) or density (people per km²)")
