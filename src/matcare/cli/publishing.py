"""``matcare figure``, ``brief``, ``publish`` and ``bundle``: what people see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcare.cli.options import Corrections, DataDir, ScenarioFile, States, asked_scenario
from matcare.cli.terminal import speaks, terminal

if TYPE_CHECKING:
    from matcare.scenario import Scenario

__all__ = ["add_commands"]

FromRun = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="DIR",
        help="Folder of a `matcare run`, whose files are read; without it the run is made, unless one of the same "
        "scenario stands below maps/.",
    ),
]
_PLACES_HELP = "A county (38105, or 'Williams County, ND'), a state (ND) or US; several are allowed."


def add_commands(app: typer.Typer) -> None:
    """Add the publishing commands to the command line."""
    for command in (figure, brief, publish, bundle):
        app.command()(speaks(command))


def figure(
    themes: Annotated[
        list[str] | None, typer.Argument(metavar="THEME", help="What to draw, as --list names it.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the themes and end.")] = False,
    place: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="A county or state to draw, instead of all of the run."),
    ] = None,
    one_page: Annotated[bool, typer.Option("--one-page", help="Put the themes on one page, small and alike.")] = False,
    formats: Annotated[str, typer.Option("--format", metavar="LIST", help="png, svg, pdf; parted by commas.")] = "png",
    dpi: Annotated[int, typer.Option(metavar="N", help="Dots per inch of the PNG, 72 to 1200.")] = 300,
    state: States = None,
    from_run: FromRun = None,
    scenario: ScenarioFile = None,
    corrections: Corrections = None,
    data: DataDir = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder; figures/<region> without it.")] = None,
) -> None:
    """Draw figures for print: one theme a page, or several on one; PNG at 300 dpi, SVG, PDF."""
    from matcare.errors import InputError
    from matcare.pipeline.figuring import list_themes, write_figures

    if list_them:
        terminal().show(list_themes())
        return
    if not themes:
        raise InputError("no theme is named; `matcare figure --list` names them, such as class or minutes-birth_care")
    wanted = _asked(from_run, scenario, state, [place] if place else [], corrections=corrections, data=data)
    kinds = tuple(dict.fromkeys(part.strip().lower() for part in formats.split(",") if part.strip()))
    terminal().show(
        write_figures(
            wanted, themes=themes, place=place, one_page=one_page, formats=kinds, dpi=dpi, from_dir=from_run,
            data_dir=data, out=out, report=terminal().report,
        )
    )  # fmt: skip


def brief(
    places: Annotated[list[str] | None, typer.Argument(metavar="PLACE", help=_PLACES_HELP)] = None,
    every: Annotated[bool, typer.Option("--all", help="Every county and state of the run.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF beside each page, where Chromium is installed.")] = False,
    state: States = None,
    from_run: FromRun = None,
    scenario: ScenarioFile = None,
    corrections: Corrections = None,
    data: DataDir = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder; briefs/ without it.")] = None,
) -> None:
    """Write a county's or state's brief: two or three pages in plain words, with map, intervals and sources."""
    from matcare.errors import InputError
    from matcare.pipeline.briefing import write_briefs

    asked = places or []
    if every and asked:
        raise InputError("--all and a place exclude each other: give places, or --all")
    if not every and not asked:
        raise InputError("no place is named; give a county (38105, or 'Williams County, ND'), a state (ND), or --all")
    wanted = _asked(from_run, scenario, state, asked, corrections=corrections, data=data)
    terminal().show(
        write_briefs(
            wanted, places=tuple(asked), every=every, pdf=pdf, from_dir=from_run, data_dir=data, out=out,
            report=terminal().report,
        )
    )  # fmt: skip


def publish(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the site.")],
    state: States = None,
    from_run: FromRun = None,
    scenario: ScenarioFile = None,
    corrections: Corrections = None,
    data: DataDir = None,
) -> None:
    """Write a static site: the map, a page a state and county, downloads, methods, data notes."""
    from matcare.pipeline.publishing import publish_site

    wanted = _asked(from_run, scenario, state, [], corrections=corrections, data=data)
    terminal().show(publish_site(wanted, from_dir=from_run, data_dir=data, out=out, report=terminal().report))


def bundle(
    out: Annotated[Path, typer.Option(metavar="FILE.zip", help="The ZIP file to write.")],
    places: Annotated[list[str] | None, typer.Argument(metavar="PLACE", help=_PLACES_HELP)] = None,
    counties: Annotated[
        str | None, typer.Option(metavar="CODES", help="County codes parted by commas, such as 38105,38053.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="PDFs of the briefs too, where Chromium is installed.")] = False,
    state: States = None,
    from_run: FromRun = None,
    scenario: ScenarioFile = None,
    corrections: Corrections = None,
    data: DataDir = None,
) -> None:
    """Pack what a grant application needs into one ZIP: tables, workbook, map, brief, figures, methods, citation."""
    from matcare.pipeline.bundling import write_bundle

    asked = [*(places or []), *(code.strip() for code in (counties or "").split(",") if code.strip())]
    if not asked and state and from_run is not None:  # of a national run's folder, the states that are asked for
        asked = [postal.strip() for text in state for postal in text.split(",")]
        state = None
    wanted = _asked(from_run, scenario, state, asked, corrections=corrections, data=data)
    terminal().show(
        write_bundle(
            wanted, places=tuple(asked), pdf=pdf, from_dir=from_run, data_dir=data, out=out, report=terminal().report
        )
    )


def _asked(
    from_run: Path | None,
    scenario: Path | None,
    state: list[str] | None,
    places: list[str],
    *,
    corrections: Path | None,
    data: Path | None,
) -> Scenario:
    """Return the scenario of a publishing command: the states that are named, else those that the places lie in."""
    from matcare.errors import InputError

    if from_run is not None:
        for name, value in (("--scenario", scenario), ("--corrections", corrections), ("--state", state or None)):
            if value is not None:
                hint = "name the state as a place" if name == "--state" else "the run has its own scenario"
                raise InputError(f"{name} and --from {from_run} exclude each other: {hint}")
    states = state
    if from_run is None and scenario is None and not state and places:
        from matcare.pipeline.finished import state_of_place
        from matcare.tables.snapshot import load_snapshot

        states = list(state_of_place(places, load_snapshot(data))) or None
    return asked_scenario(
        scenario, states=states, facilities=None, facilities_only=False, add_facilities=None, corrections=corrections,
        profile="typical", roads=None,
    )  # fmt: skip
