"""``matcare bundle``: what a grant writer attaches or cites, as one ZIP."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from matcare.errors import InputError
from matcare.pipeline.finished import finished_run
from matcare.pipeline.report import SILENT
from matcare.publish.bundle import (
    bundle_tables,
    select_places,
    workbook_lines,
    write_archive,
    write_briefs,
    write_bundle_map,
    write_documents,
    write_figures,
    write_tables,
    write_workbook,
)
from matcare.publish.bundle.documents import files_in
from matcare.publish.folder import atomic_file
from matcare.publish.written import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.pipeline.report import Report
    from matcare.publish.finished import FinishedRun
    from matcare.scenario import Scenario

__all__ = ["write_bundle"]


def write_bundle(
    scenario: Scenario,
    *,
    places: Sequence[str] = (),
    pdf: bool = False,
    from_dir: Path | None = None,
    data_dir: Path | None = None,
    out: Path,
    report: Report | None = None,
) -> Written:
    """Write the grant bundle of some places.

    Parameters
    ----------
    scenario : Scenario
        The run that it is taken from; not looked at with `from_dir`.
    places : sequence of str
        Counties (38105, ``Williams County, ND``) and states (ND); none for the whole run.
    pdf : bool
        Print the briefs as PDF too, where Chromium is present. PDFs are not the same bytes each time; all else is.
    from_dir : pathlib.Path, optional
        Folder of a run to read.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    out : pathlib.Path
        The ZIP; one that stands there is replaced whole.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Written
        The ZIP, and what is not in it.

    Raises
    ------
    InputError
        When `out` does not end in ``.zip``, a place is not known, or `from_dir` is no run's.
    OutputError
        When the ZIP cannot be written; what stood there before is intact.
    """
    if out.suffix.lower() != ".zip":
        raise InputError(f"--out {out}: a bundle is a ZIP file; give a name that ends in .zip")
    report = report or SILENT
    with finished_run(scenario, from_dir=from_dir, data_dir=data_dir, report=report) as run:
        return _bundle_of(run, places, pdf=pdf, out=out, report=report)


def _bundle_of(run: FinishedRun, places: Sequence[str], *, pdf: bool, out: Path, report: Report) -> Written:
    selection = select_places(run, places)
    # The ZIP's place is tried before the work: a folder that is not writable says so at once.
    with atomic_file(out) as beside, tempfile.TemporaryDirectory(prefix="matcare-") as made:
        folder = Path(made)
        with report.step(f"tables of {selection.title}"):
            chosen = bundle_tables(selection)
            write_tables(selection, chosen, folder)
        with report.step("workbook"):
            write_workbook(
                folder / "counties.xlsx",
                selection,
                chosen,
                dictionary=pd.read_csv(folder / "dictionary.csv", dtype="str", keep_default_na=False),
                read_me=workbook_lines(selection, chosen),
            )
        with report.step("map"):
            write_bundle_map(selection, chosen, folder)
        with report.step("briefs"):
            pages = [write_briefs(selection, folder, pdf=pdf)]
        with report.step("figures"):
            pages.append(write_figures(selection, folder))
        with report.step("methods, citation, licences"):
            write_documents(selection, chosen, folder, pages=pages)
            files = files_in(folder)
        with report.step("packing"):
            write_archive(folder, beside, inside=selection.folder_name, when=selection.made)
        size = beside.stat().st_size
    left_out = [text for part in pages for text in part.left_out]
    n = len(selection.codes)
    counties = "1 county" if n == 1 else f"{n:,} counties"
    return Written(
        title=f"Grant bundle: {selection.title}",
        files={out: size},
        open_next=out,
        lines=[
            f"{len(files)} files about {counties}; unpack it and begin with README.txt.",
            *(text for text in left_out if not text.startswith("No PDF:")),
        ],
        warnings=[text for text in left_out if text.startswith("No PDF:")],
        found={
            "places": list(selection.places),
            "counties": n,
            "folder": selection.folder_name,
            "files": len(files),
            "left_out": left_out,
        },
    )
