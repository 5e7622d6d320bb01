"""What several commands share: options, and how they print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["DataDir", "ProfileName", "Roads", "print_lines"]

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder with the data tables, in place of the embedded ones."),
]
ProfileName = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE", help="Speed profile: typical, free_flow, night, peak, winter, osrm, or a TOML file."
    ),
]
Roads = Annotated[
    str | None,
    typer.Option(
        "--roads",
        metavar="FILE|SOURCE",
        help="Roads in place of the embedded highways: a .roads file (matcare roads build), an .osm.pbf, "
        'place:"Bangor, Maine", tiger:ND …',
    ),
]


def print_lines(lines: Iterable[str], console: Console) -> None:
    """Print each line whole, as it is: a path with brackets in it is no markup."""
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
