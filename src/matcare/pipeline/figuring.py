"""Figures for print from a run: ``matcare figure``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matcare.contracts import COUNTY_RESULTS
from matcare.pipeline.finished import finished_run
from matcare.pipeline.outputs import refuse_foreign
from matcare.pipeline.report import SILENT
from matcare.publish.figure import draw_figure, listed_themes
from matcare.publish.figure.draw import check_options
from matcare.publish.figure.region import region_of
from matcare.publish.figure.theme_list import chosen_themes
from matcare.publish.folder import OutputFolder
from matcare.publish.written import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.pipeline.report import Report
    from matcare.scenario import Scenario

__all__ = ["list_themes", "write_figures"]


def write_figures(
    scenario: Scenario,
    *,
    themes: Sequence[str],
    place: str | None = None,
    one_page: bool = False,
    formats: Sequence[str] = ("png",),
    dpi: int = 300,
    from_dir: Path | None = None,
    data_dir: Path | None = None,
    out: Path | None = None,
    report: Report | None = None,
) -> Written:
    """Draw figures of a run and write them, all or none.

    Parameters
    ----------
    scenario : Scenario
        What is drawn; not looked at with `from_dir`.
    themes : sequence of str
        Ids, as :func:`list_themes` gives them.
    place : str, optional
        A county (``38105``, ``Williams County, ND``), a state or ``US``; the whole run when not given.
    one_page : bool
        Whether up to six themes share a page.
    formats : sequence of str
        Of ``png``, ``svg``, ``pdf``.
    dpi : int
        Dots per inch of a PNG, 72 to 1200.
    from_dir : pathlib.Path, optional
        Folder of a run to draw; see :func:`matcare.pipeline.finished.finished_run`.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    out : pathlib.Path, optional
        Output folder; ``figures/<region>`` when not given.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Written

    Raises
    ------
    InputError
        When a theme, place, format or `dpi` is not usable, or the run is not.
    OutputError
        When the figures cannot be written; what stood there before is intact.
    """
    report = report or SILENT
    forms = check_options(formats, dpi)
    # What no run can draw is said before one is made.
    chosen_themes(COUNTY_RESULTS.names, themes, place=place, one_page=one_page)
    if out is not None:
        refuse_foreign(out, "figure")
    with finished_run(scenario, from_dir=from_dir, data_dir=data_dir, report=report) as run:
        # Figures of two runs of one state must not take each other's place.
        target = out or Path("figures") / (run.region if from_dir is None else from_dir.resolve().name)
        with OutputFolder(target) as folder, report.step("figures"):
            made = draw_figure(
                run, themes, place=place, one_page=one_page, formats=forms, dpi=dpi, folder=folder.staging
            )
        files = {target / path.name: (target / path.name).stat().st_size for path in made}
        title = region_of(run, place).title
    pages = len(files) // len(forms)
    return Written(
        title=f"{pages} {'figure' if pages == 1 else 'figures'} of {title}",
        files=files,
        open_next=next(iter(files)),
        lines=["Letter size, landscape; the caption on each figure says what it stands on: keep it with the figure."],
        found={"pages": pages, "formats": forms, "dpi": dpi},
    )


def list_themes() -> Written:
    """Return what can be drawn, without a run.

    Returns
    -------
    Written
        No files; a line for each theme, by family; ``found["themes"]`` has the same as ``id, title, family``.
    """
    themes = listed_themes()
    wide = max(len(theme["id"]) for theme in themes)
    lines: list[str] = []
    family = ""
    for theme in themes:
        if theme["family"] != family:
            family = theme["family"]
            lines.append(f"{family}:")
        lines.append(f"  {theme['id']:<{wide}}  {theme['title']}")
    return Written(title=f"{len(themes)} themes can be drawn", files={}, lines=lines, found={"themes": themes})
