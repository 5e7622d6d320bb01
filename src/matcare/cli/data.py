"""``matcare data``: list, verify, fetch, build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from matcare.cli.options import DataDir
from matcare.cli.terminal import speaks, terminal

__all__ = ["app"]

app = typer.Typer(help="The embedded data: list, verify, fetch from the publishers, build.", no_args_is_help=True)


@app.command("list")
def data_list() -> None:
    """List every source: what it is, vintage, licence, where it comes from."""
    from matcare.publish.summary import print_sources

    print_sources(Console())


@app.command("verify")
def data_verify(data: DataDir = None) -> None:
    """Check every embedded table against its contract, and print what is missing where."""
    from matcare.publish.summary import print_verification
    from matcare.tables.snapshot import verify

    problems = print_verification(verify(data), Console())
    if problems:
        raise typer.Exit(code=4)


@app.command("fetch")
def data_fetch(
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder to download into.")],
    only: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Source ids; all without it.")] = None,
    mirror: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A mirror that holds the catalog's files, in place of the publishers."),
    ] = None,
) -> None:
    """Download the publishers' files, checked against the catalog's SHA-256."""
    from matcare.publish.summary import print_fetched
    from matcare.sources.fetch import fetch
    from matcare.sources.progress import progress_on

    with progress_on() as progress:
        fetched = fetch(only or None, to=to, base_url=mirror, progress=progress, failures="report")
    if print_fetched(fetched, Console()):
        raise typer.Exit(code=5)


@app.command("build")
@speaks
def data_build(
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="Folder with the publishers' files.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the tables to.")] = Path("data"),
) -> None:
    """Compile the publishers' files into the data tables that a run reads."""
    from matcare.tables.build import build

    terminal().show(build(source, out))


@app.command("baseline")
@speaks
def data_baseline(
    data: DataDir = None,
    draws: Annotated[int, typer.Option(metavar="N", help="Draws of the certainty; none with 0.")] = 200,
) -> None:
    """Compute the default run and keep what other runs need of it: minutes, catchments, draws."""
    from matcare.pipeline.baseline import write_baseline

    speech = terminal()
    speech.show(write_baseline(data, draws=draws, report=speech.report))
