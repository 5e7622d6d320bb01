"""`matcare brief`: the briefs of places, of a run that stands or is made for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcare.errors import InputError
from matcare.geo import canonical_state
from matcare.pipeline.finished import finished_run
from matcare.pipeline.report import SILENT
from matcare.publish.brief import brief_name, brief_title, render_brief
from matcare.publish.finished import run_about
from matcare.publish.folder import OutputFolder
from matcare.publish.naming import folded
from matcare.publish.pdf import NO_CHROMIUM, find_chromium, print_pdf
from matcare.publish.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matcare.pipeline.report import Report
    from matcare.publish.finished import FinishedRun
    from matcare.scenario import Scenario

__all__ = ["brief_places", "write_briefs"]

_OUT: Final = Path("briefs")
_NAMED: Final = 12
_NATION: Final = frozenset({"us", "usa", "united states", "nation"})


def write_briefs(
    scenario: Scenario,
    *,
    places: Sequence[str] = (),
    every: bool = False,
    pdf: bool = False,
    from_dir: Path | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Written:
    """Write the briefs of places, each one HTML page, and as PDF where asked and where there is a Chromium.

    Parameters
    ----------
    scenario : Scenario
        What is asked for; not looked at with `from_dir`.
    places : sequence of str
        Counties (``38105``, ``Williams County, ND``), states (``ND``) or ``US``.
    every : bool
        Every county and state of the run, and the nation if it covers it.
    pdf : bool
        Print each as PDF too.
    from_dir : pathlib.Path, optional
        Folder of a run to read.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    out : pathlib.Path, optional
        Folder to write to; ``briefs`` when not given, and one below it for a run whose folder has a name of its own,
        such as ``maps/nd_corrected``: the pages of two runs of one state must not mix. Its files appear together;
        others in it are left alone.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Written

    Raises
    ------
    InputError
        When no place is named, a place is not known or not in the run, or ``CHROMIUM`` names no program.
    OutputError
        When the folder cannot be written, or Chromium fails.
    """
    report = report or SILENT
    if not places and not every:
        raise InputError("name a place (38105, 'Williams County, ND', ND or US), or ask for --all")
    chromium = find_chromium() if pdf else None
    folder = out or (_OUT / from_dir.name if from_dir is not None and _named_apart(from_dir) else _OUT)
    with finished_run(scenario, from_dir=from_dir, data_dir=data_dir, report=report) as run:
        wanted = brief_places(run, places, every=every)
        names = {place: brief_name(run, place) for place in wanted}
        link = _links(run, names, folder)
        with OutputFolder(folder) as staged:
            with report.counting("briefs", len(wanted)) as done:
                for place in wanted:
                    page = render_brief(run, place, link=link)
                    (staged.staging / names[place]).write_text(page, encoding="utf-8", newline="\n")
                    done(1)
            printed = _print_all(staged.staging, list(names.values()), chromium, report)
            sizes = {
                folder / path.name: path.stat().st_size for path in _in_order(staged.staging, names.values(), printed)
            }
        title = (
            f"Brief of {brief_title(run, wanted[0])}" if len(wanted) == 1 else f"{len(wanted):,} briefs of {run.title}"
        )
    lines = []
    if len(sizes) > _NAMED:
        lines.append(f"{len(sizes):,} files of {sum(sizes.values()) / 1e6:,.1f} MB in {folder}.")
    return Written(
        title=title,
        files=dict(list(sizes.items())[:_NAMED]),
        open_next=next(iter(sizes)),
        lines=lines,
        warnings=[NO_CHROMIUM] if pdf and chromium is None else [],
        found={"briefs": len(wanted), "pdf": len(printed), "bytes": sum(sizes.values()), "folder": str(folder)},
    )


def brief_places(run: FinishedRun, places: Sequence[str], *, every: bool = False) -> list[str]:
    """Return places as briefs take them, each once, in the order asked for.

    Parameters
    ----------
    run : FinishedRun
        The run.
    places : sequence of str
        As people write them.
    every : bool
        The nation if the run covers it, its states, then its counties.

    Returns
    -------
    list of str
        ``US``, postal codes, counties' digits.

    Raises
    ------
    InputError
        When a place is not known, its name fits more than one county, or the run does not cover it.
    """
    found = [_place(run, place) for place in places]
    if every:
        counties = run.counties
        found += ["US"] if run.national else []
        found += sorted(set(counties["state"]))
        found += sorted(counties["county_fips"])
    return list(dict.fromkeys(found))


def _place(run: FinishedRun, text: str) -> str:
    """Return one place; what is not in the run is said in the words of naming."""
    if folded(text) in _NATION:
        if not run.national:
            raise InputError(f"the nation is not in this run, which covers {run.title}; run it without --state")
        return "US"
    codes = run.county_codes(text)
    try:
        return canonical_state(text.strip())
    except ValueError:
        return codes[0]


def _links(run: FinishedRun, names: dict[str, str], folder: Path) -> Callable[[str], str | None]:
    """Return how one brief finds another: those written now, and those that stand in the folder."""
    standing = {path.name for path in folder.glob("brief-*.html")} if folder.is_dir() else set()

    def link(place: str) -> str | None:
        if place in names:
            return names[place]
        if place == "US" and not run.national:
            return None
        name = brief_name(run, place)
        return name if name in standing else None

    return link


def _print_all(staging: Path, names: Sequence[str], chromium: str | None, report: Report) -> list[str]:
    """Print the pages where there is a Chromium; return the names of the PDF files."""
    if chromium is None:
        return []
    printed = []
    with report.counting("PDF", len(names)) as done:
        for name in names:
            target = (staging / name).with_suffix(".pdf")
            print_pdf(staging / name, target, chromium=chromium)
            printed.append(target.name)
            done(1)
    return printed


def _in_order(staging: Path, names: Iterable[str], printed: Sequence[str]) -> list[Path]:
    """Return the files, each page before its PDF."""
    there = set(printed)
    found = []
    for name in names:
        found.append(staging / name)
        if (as_pdf := Path(name).with_suffix(".pdf").name) in there:
            found.append(staging / as_pdf)
    return found


def _named_apart(from_dir: Path) -> bool:
    """Tell whether a run's folder is not called by its region, as ``matcare run`` calls it without ``--out``."""
    states = run_about(from_dir)["scenario"]["states"]
    return from_dir.resolve().name != ("-".join(state.lower() for state in states) or "us")
