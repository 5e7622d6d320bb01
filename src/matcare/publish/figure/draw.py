"""Figures drawn and written, a theme a page or several on one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl

from matcare.errors import InputError
from matcare.publish.figure.frames import frames_of
from matcare.publish.figure.many import small_multiples
from matcare.publish.figure.map_page import map_page
from matcare.publish.figure.rates_chart import rates_page
from matcare.publish.figure.reach_chart import reach_page
from matcare.publish.figure.region import region_of
from matcare.publish.figure.sheet import FORMATS, STYLE
from matcare.publish.figure.theme_list import chosen_themes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from matcare.publish.figure.region import FigureRegion
    from matcare.publish.figure.sheet import Sheet
    from matcare.publish.finished import FinishedRun

__all__ = ["DPI", "check_options", "draw_figure"]

DPI: Final = (72, 1200)
"""Least and most dots per inch of a PNG."""

_LONG_NAME: Final = 80


def draw_figure(
    run: FinishedRun,
    themes: Sequence[str],
    *,
    place: str | None = None,
    one_page: bool = False,
    formats: Sequence[str] = ("png",),
    dpi: int = 300,
    folder: Path,
) -> list[Path]:
    """Draw themes of a run for print.

    The same run gives the same bytes.

    Parameters
    ----------
    run : FinishedRun
        What they are drawn from; nothing is computed anew.
    themes : sequence of str
        Ids, as :func:`matcare.publish.figure.figure_themes` lists them.
    place : str, optional
        A state, ``US``, or a county, which is outlined in its state; the whole run when not given.
    one_page : bool
        Whether up to six themes share a page.
    formats : sequence of str
        Of ``png``, ``svg``, ``pdf``.
    dpi : int
        Dots per inch of a PNG.
    folder : pathlib.Path
        Where the files go; it must be there.

    Returns
    -------
    list of pathlib.Path
        The files written: theme by theme, each in every format.

    Raises
    ------
    InputError
        When a theme, place, format or `dpi` is not usable, or the rates of the nation alone are asked for.
    """
    forms = check_options(formats, dpi)
    maps, charts = chosen_themes(run.counties.columns, themes, place=place, one_page=one_page)
    region = region_of(run, place)
    if "chart-outcome" in charts and region.key == "US":
        raise InputError(
            "chart-outcome of the nation would be one rate; give --place a state or a county, such as --place ND, or "
            "draw the map imr"
        )
    written = []
    with mpl.rc_context(STYLE):
        for name, sheet in _sheets(run, maps, charts, region, one_page=one_page):
            for form in forms:
                path = folder / f"{name}_{region.file_part}.{form}"
                sheet.save(path, dpi=dpi)
                written.append(path)
    return written


def check_options(formats: Sequence[str], dpi: int) -> list[str]:
    """Return the formats asked for, each once.

    Raises
    ------
    InputError
        When one is none of :data:`FORMATS`, or `dpi` is out of :data:`DPI`.
    """
    forms = list(dict.fromkeys(form.strip().lower().removeprefix(".") for form in formats))
    for form in forms:
        if form not in FORMATS:
            raise InputError(f"--format {form[:20]!r} is none that a figure can have; give {', '.join(FORMATS)}")
    if not forms:
        raise InputError(f"--format is empty; give {', '.join(FORMATS)}")
    if not DPI[0] <= dpi <= DPI[1]:
        raise InputError(f"--dpi {dpi} is out of range; give {DPI[0]} to {DPI[1]}, such as 300 for print")
    return forms


def _sheets(
    run: FinishedRun, maps: list[dict[str, Any]], charts: list[str], region: FigureRegion, *, one_page: bool
) -> Iterator[tuple[str, Sheet]]:
    """Yield each page with its name, one at a time: a page holds every county."""
    frames = frames_of(region.counties) if maps else []
    if one_page and len(maps) > 1:
        yield _page_name([theme["id"] for theme in maps]), small_multiples(run, maps, region, frames)
    else:
        for theme in maps:
            yield theme["id"], map_page(run, theme, region, frames)
    for chart in charts:
        yield chart, (rates_page if chart == "chart-outcome" else reach_page)(run, region)


def _page_name(ids: list[str]) -> str:
    """Return a name for a page of several themes that another choice of themes does not have.

    Examples
    --------
    >>> _page_name(["class", "imr"])
    'page-class-imr'
    """
    name = f"page-{'-'.join(ids)}"
    if len(name) <= _LONG_NAME:
        return name
    return f"page-{ids[0]}-and-{len(ids) - 1}-more-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
