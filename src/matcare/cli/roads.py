"""``matcare roads``: build, info."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from matcare.cli.options import DataDir, ProfileName
from matcare.cli.terminal import speaks, terminal

__all__ = ["app"]

app = typer.Typer(
    help="Road networks: make one ready from a state's streets, an OpenStreetMap extract, a place or your own lines.",
    no_args_is_help=True,
)

_SUFFIXES = re.compile(r"(\.(osm|pbf|xml|graphml|gr|gpkg|gdb|shp|geojson|fgb|parquet|zip|gz|bz2))+$", re.IGNORECASE)


@app.command("build")
@speaks
def roads_build(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help='embedded, tiger:ND, a folder of tl_*_roads.zip, place:"Bangor, Maine", a file .osm.pbf, .osm, '
            ".graphml or .gr, or any layer of lines.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="File to write; <source>.roads without it.")
    ] = None,
    profile: ProfileName = "typical",
    join: Annotated[
        bool | None,
        typer.Option("--join/--alone", help="Put the national highways around an area's roads, or leave it alone."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="For the reader (repeat for more), such as class_column=FUNC, speed_column=MPH, speed_unit=mph, "
            "layer=roads, tracks=true.",
        ),
    ] = None,
    data: DataDir = None,
) -> None:
    """Make a road network ready for searches: graph, contraction hierarchy and speeds in one file."""
    from matcare.pipeline import build_roads
    from matcare.tables.snapshot import load_snapshot

    speech = terminal()
    asked = _options(option or [])
    lines = build_roads(
        source, out=out or Path(_file_name(source)), snapshot=load_snapshot(data), profile=profile, join=join,
        options=asked, report=speech.report,
    )  # fmt: skip
    speech.show(lines)


@app.command("info")
@speaks
def roads_info(roads: Annotated[Path, typer.Argument(metavar="FILE", help="A .roads file.")]) -> None:
    """Say what a roads file holds: source, licence, size, classes, one-ways, parts, and what is not modelled."""
    from matcare.pipeline import describe_roads

    terminal().show(describe_roads(roads))


def _file_name(source: str) -> str:
    """Name a roads file after its source: ``tiger:ND`` becomes ``tiger-nd.roads``."""
    kind = source.partition(":")[0]
    last = source if kind in {"place", "tiger"} else Path(source).resolve().name
    words = "".join(letter if letter.isalnum() else " " for letter in _SUFFIXES.sub("", last).lower()).split()
    return f"{'-'.join(words) or 'roads'}.roads"


def _options(pairs: list[str]) -> dict[str, str]:
    """Read KEY=VALUE; what a value means is the reader's to say."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key:
            raise typer.BadParameter(f"--option {pair}: give KEY=VALUE")
        found[key.strip()] = text.strip()
    return found
