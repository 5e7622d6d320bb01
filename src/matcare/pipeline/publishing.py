"""``matcare publish``: the static site of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcare.pipeline.finished import finished_run
from matcare.pipeline.report import SILENT
from matcare.publish.folder import OutputFolder
from matcare.publish.site import (
    MARK,
    claim,
    places_of_site,
    refuse_other_folders,
    settle,
    write_downloads,
    write_pages,
    write_place_pages,
)
from matcare.publish.written import Written

if TYPE_CHECKING:
    from pathlib import Path

    from matcare.pipeline.report import Report
    from matcare.publish.finished import FinishedRun
    from matcare.scenario import Scenario

__all__ = ["publish_site"]


def publish_site(
    scenario: Scenario,
    *,
    from_dir: Path | None = None,
    data_dir: Path | None = None,
    out: Path,
    report: Report | None = None,
) -> Written:
    """Write a run as a site of plain files: the map, a page a state and a county, downloads, methods, data notes.

    Parameters
    ----------
    scenario : Scenario
        What is asked for; not looked at with `from_dir`.
    from_dir : pathlib.Path, optional
        Folder of a run to publish; see :func:`matcare.pipeline.finished.finished_run`.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    out : pathlib.Path
        The site's folder: new, empty, or a site that this function has written, whose pages are then replaced
        together; pages that the new site no longer has go. What else lies in it stays.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Written
        The pages worth naming; ``found`` counts all.

    Raises
    ------
    InputError
        When `out` holds somebody else's files, or the run is not usable.
    OutputError
        When the site cannot be written; what stood there before is intact.
    """
    report = report or SILENT
    refuse_other_folders(out)
    with finished_run(scenario, from_dir=from_dir, data_dir=data_dir, report=report) as run:
        about = _about(run)
        with OutputFolder(out) as folder:
            with report.step("downloads"):
                files, extracts = write_downloads(run, folder.staging)
            with report.counting("pages of states and counties", len(places_of_site(run))) as told:
                titles = write_place_pages(run, folder.staging, told=told)
            with report.step("start, methods, data notes"):
                titles = write_pages(run, folder.staging, files=files, extracts=extracts, place_titles=titles)
            sizes = {
                path.relative_to(folder.staging).as_posix(): path.stat().st_size
                for path in sorted(folder.staging.rglob("*"))
                if path.is_file()
            }
            claim(out, about, sizes)
        gone = settle(out, about, sizes)
    named = ("index.html", "map.html", "downloads.html", "methods.html", "data-notes.html", MARK)
    return Written(
        title=f"Site: {run.title}",
        files={out / name: (out / name).stat().st_size for name in named},
        open_next=out / "index.html",
        lines=_lines(run, len(titles), len(sizes), sum(sizes.values()), gone),
        found={
            "pages": len(titles), "files": len(sizes), "bytes": sum(sizes.values()), "taken_away": gone,
            "counties": len(run.counties), "states": int(run.counties["state"].nunique()),
        },
    )  # fmt: skip


def _about(run: FinishedRun) -> dict[str, Any]:
    """Return what ``site.json`` says of a run beside the list of its files."""
    told = ("matcare", "created", "region", "data_date", "corrections", "scenario", "tables_sha256")
    return {"run": {name: run.about[name] for name in told}}


def _lines(run: FinishedRun, pages: int, files: int, size: int, gone: int) -> list[str]:
    lines = [
        f"{pages:,} pages and {files - pages:,} other files, {size / 1e6:,.0f} MB; every link is relative.",
        "Copy the folder to any web server, or open it as it is; no page loads anything from elsewhere.",
    ]
    if gone:
        lines.append(f"Taken away, since they are no longer of the site that stood there: {gone:,} of its files.")
    if run.corrections:
        lines.append(f"Corrections in force: {len(run.corrections)}; every page's foot or data notes name them.")
    return lines
