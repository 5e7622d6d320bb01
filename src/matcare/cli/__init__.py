"""The command line: parse, call, print."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from matcare import __version__
from matcare.cli import data, planning, publishing, roads, surface
from matcare.cli.options import (
    AddFacilities,
    BirthCare,
    Corrections,
    DataDir,
    Facilities,
    FacilitiesOnly,
    ProfileName,
    Roads,
    ScenarioFile,
    States,
    asked_scenario,
)
from matcare.cli.terminal import speaks, terminal
from matcare.errors import MatcareError

__all__ = ["app", "main"]

app = typer.Typer(
    name="matcare",
    help="Maternity care access, county by county: drive minutes to birth care and newborn intensive care, maternity "
    "care deserts, infant mortality with its interval, and an offline map.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(data.app, name="data")
app.add_typer(roads.app, name="roads")
app.add_typer(surface.app, name="surface")


def _version(value: bool) -> None:  # noqa: FBT001 - the signature that Typer calls back
    if value:
        typer.echo(f"matcare {__version__}")
        raise typer.Exit


@app.callback()
def common(
    _version_flag: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Maternity care access, county by county."""


@app.command()
@speaks
def run(
    state: States = None,
    facilities: Facilities = None,
    facilities_only: FacilitiesOnly = False,
    add_facilities: AddFacilities = None,
    corrections: Corrections = None,
    outcomes: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Your own export of CDC WONDER (linked birth/infant death records, or natality; by county or by "
            "state, any years; repeat for more), in place of the embedded infant deaths and births.",
        ),
    ] = None,
    women_by_race: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Women by race at block groups (CSV: bg_geoid or demand_id, women_white, women_black, …), for "
            "disparities in access; without it each county's shares stand for its block groups.",
        ),
    ] = None,
    indicators: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="County indicators that no public source holds (CSV: county_fips and columns that "
            "indicator_catalog.csv names as gaps), for the profile.",
        ),
    ] = None,
    hpsa: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="HRSA's list of primary care shortage areas (BCD_HPSA_FCT_DET_PC.csv), with its Maternity Care Target "
            "Area scores.",
        ),
    ] = None,
    forhp: Annotated[
        Path | None, typer.Option(metavar="FILE", help="HRSA's list of FORHP rural counties and tracts, saved as CSV.")
    ] = None,
    mcta_threshold: Annotated[
        float | None,
        typer.Option(metavar="SCORE", help="Target area score from which a county counts among the definitions, 0-25."),
    ] = None,
    birth_care: BirthCare = "corroborated,likely,claimed",
    scenario: ScenarioFile = None,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Output folder; maps/<region> without it.")] = None,
) -> None:
    """Compute access for the country or some states, and write map.html, counties.csv and the tables behind them."""
    from matcare.pipeline import run as run_pipeline

    wanted = asked_scenario(
        scenario, states=state, facilities=facilities, facilities_only=facilities_only, add_facilities=add_facilities,
        corrections=corrections, birth_care=birth_care, profile=profile, roads=roads, outcomes=tuple(outcomes or ()),
        women_by_race=women_by_race, indicators=indicators, hpsa=hpsa, forhp=forhp, mcta_threshold=mcta_threshold,
    )  # fmt: skip
    speech = terminal()
    speech.show(run_pipeline(wanted, data_dir=data, out=out, report=speech.report).summary())


@app.command()
@speaks
def minutes(
    origins: Annotated[Path, typer.Argument(metavar="ORIGINS", help="Points with id, lat, lon (CSV or Parquet).")],
    destinations: Annotated[
        Path, typer.Argument(metavar="DESTINATIONS", help="Points with id, lat, lon (CSV or Parquet).")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="CSV or Parquet file to write.")],
    nearest: Annotated[bool, typer.Option("--nearest", help="Only the nearest destination of each origin.")] = False,
    limit: Annotated[float, typer.Option(metavar="MINUTES", help="Pairs farther than this are beyond_limit.")] = 120.0,
    all_pairs: Annotated[bool, typer.Option("--all-pairs", help="Write a row for pairs beyond the limit too.")] = False,
    profile: ProfileName = "typical",
    roads: Roads = None,
    data: DataDir = None,
) -> None:
    """Drive minutes between any two sets of points."""
    from matcare.pipeline import minutes_between

    speech = terminal()
    lines = minutes_between(
        origins, destinations, out=out, nearest_only=nearest, limit=limit, all_pairs=all_pairs, profile=profile,
        roads=roads, data_dir=data, report=speech.report,
    )  # fmt: skip
    speech.show(lines)


@app.command("perinatal-periods")
@speaks
def perinatal(
    counts: Annotated[
        Path,
        typer.Argument(
            metavar="COUNTS",
            help="Fetal and infant deaths by birthweight (CSV: group, birthweight 500-1499 or 1500+, fetal_deaths, "
            "neonatal_deaths, postneonatal_deaths, live_births).",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="CSV file to write.")],
    reference: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Group to compare with; without it the one the file marks.")
    ] = None,
) -> None:
    """Perinatal Periods of Risk of your own counts: four cells, and their excess over a reference group."""
    from matcare.pipeline.perinatal import write_perinatal_periods

    terminal().show(write_perinatal_periods(counts, out=out, reference=reference))


planning.add_commands(app)
publishing.add_commands(app)


class _Stopped(KeyboardInterrupt):
    """Ctrl-C, as a class of its own.

    Where a plain KeyboardInterrupt passes through ``exec`` of a text (as when a module with dataclasses is imported),
    CPython takes it for unhandled and ends the program by the signal, whatever exit code it asks for.
    """


_stopped = threading.Event()
_STOPPED = 130
"""Exit code of a program ended by Ctrl-C."""

_USAGE_ERROR, _CLICK_ERROR = cast("tuple[type[Exception], type[Exception]]", typer.BadParameter.__mro__[1:3])
"""Typer carries a copy of Click in recent releases and uses the installed one in older ones: right in both."""


def main() -> None:
    """Run the command line; every error of ours is one line and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that the terminal's encoding lacks is no reason to fail
    _stopped.clear()
    before = _stop_like_ctrl_c()
    try:
        code = _run_app()
    except MatcareError as error:
        code = _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = _complain("stopped; what had been written before is intact", _STOPPED)
    except BrokenPipeError:  # the reader of a pipe has gone, as with `| head`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open until the interpreter ends
        code = 0
    except MemoryError:
        code = _complain("not enough memory; run fewer states at a time (--state), or a smaller --limit", 1)
    except _CLICK_ERROR as error:
        hint = "; see matcare --help" if isinstance(error, _USAGE_ERROR) else ""
        shown: Any = error
        if not shown.format_message():  # no arguments: the help has been printed
            sys.exit(int(shown.exit_code))
        code = _complain(f"{shown.format_message().rstrip('.')}{hint}", int(shown.exit_code))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    sys.exit(code if isinstance(code, int) else 0)


def _run_app() -> Any:
    """Run the command, and let every form that Ctrl-C comes out in be a KeyboardInterrupt."""
    try:
        code = app(standalone_mode=False)
    except ImportError as error:  # Ctrl-C while a compiled module is being imported comes out as this
        if _stopped.is_set():
            raise KeyboardInterrupt from error
        raise
    if code == _STOPPED:  # Typer turns Ctrl-C into an exit code, or raises, by its release
        raise KeyboardInterrupt
    return code


def _stop_like_ctrl_c() -> dict[int, Any]:
    """Let a closed window or a polite kill end the run as Ctrl-C does, so that nothing half-written stays."""

    def interrupt(_number: int, _frame: object) -> None:
        _stopped.set()
        raise _Stopped

    before: dict[int, Any] = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
            before[getattr(signal, name)] = signal.signal(getattr(signal, name), interrupt)
    return before


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"matcare: {' '.join(message.split())}\n")
    return code
