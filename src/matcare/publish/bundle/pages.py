"""Briefs, figures and map of a bundle: drawn by their own packages from the same run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from matcare.publish.bundle.selection import ascii_name
from matcare.publish.provenance import own_roads, short_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd

    from matcare.publish.bundle.selection import Selection
    from matcare.publish.bundle.tables import BundleTables

__all__ = ["MAP_FIGURES", "PLACE_CHARTS", "Pages", "find_printer", "write_briefs", "write_bundle_map", "write_figures"]

MAP_FIGURES: Final = ("class", "minutes-birth_care", "within-neonatal_3_plus-60", "imr")
"""Themes that every bundle has as a figure."""
PLACE_CHARTS: Final = ("chart-access", "chart-outcome")
"""Charts of one place beside its state and the nation."""
_FORMATS: Final = ("png", "svg")
_MOST_PLACES: Final = 6
"""Of more places than these, maps are drawn once a state and charts left out: a figure takes seconds."""
_DPI: Final = 300
_LONGEST_NAME: Final = 70
_MARGIN_DEGREES: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Pages that were written.

    Attributes
    ----------
    words : mapping of str to str
        What each file is, by its path in the bundle without its ending.
    left_out : list of str
        What was left out and why, a sentence each.
    """

    words: Mapping[str, str]
    left_out: list[str]


def find_printer() -> str | None:
    """Return the browser that prints briefs as PDF; None where there is none."""
    from matcare.publish.pdf import find_chromium  # noqa: PLC0415 - only a bundle with PDF asks

    return find_chromium()


def write_briefs(selection: Selection, folder: Path, *, pdf: bool) -> Pages:
    """Write a brief of each place and of its state; of the nation, of every state too.

    Parameters
    ----------
    selection : Selection
        The counties.
    folder : pathlib.Path
        Folder of the bundle; ``briefs/`` is made in it.
    pdf : bool
        Print each brief as PDF too.

    Returns
    -------
    Pages
    """
    from matcare.publish.brief import brief_name, render_brief  # noqa: PLC0415 - with what only pages need

    into = folder / "briefs"
    into.mkdir()
    words, written = {}, []
    for place in selection.pages():
        path = into / _short_name(brief_name(selection.run, place), fallback=f"brief-{place.lower()}.html")
        path.write_text(render_brief(selection.run, place), encoding="utf-8", newline="\n")
        words[f"briefs/{path.stem}"] = f"Brief: {selection.name(place)}"
        written.append(path)
    left_out = [] if pdf else ["No PDF of the briefs was asked for (--pdf); any browser prints them."]
    if pdf and find_printer() is None:
        left_out = ["No PDF: no Chromium or Chrome was found on this computer; print the briefs from any browser."]
    elif pdf:
        from matcare.publish.pdf import print_pdf  # noqa: PLC0415 - only a bundle with PDF asks

        for path in written:
            print_pdf(path, path.with_suffix(".pdf"))
    return Pages(words=words, left_out=left_out)


def _short_name(name: str, *, fallback: str) -> str:
    """Return a file's name that is ASCII and not too long: as it is where it is so already."""
    if name.isascii() and len(name) <= _LONGEST_NAME and "/" not in name:
        return name
    stem, _, kind = name.rpartition(".")
    return f"{ascii_name(stem, fallback=fallback.rpartition('.')[0])}.{kind}"


def write_figures(selection: Selection, folder: Path) -> Pages:
    """Draw the figures of each place; of many places, of their states.

    Parameters
    ----------
    selection : Selection
        The counties.
    folder : pathlib.Path
        Folder of the bundle; ``figures/`` is made in it.

    Returns
    -------
    Pages
    """
    from matcare.publish.figure import draw_figure, figure_themes  # noqa: PLC0415 - matplotlib takes a second to import

    into = folder / "figures"
    into.mkdir()
    titles = dict(figure_themes(selection.run))
    maps = [theme for theme in MAP_FIGURES if theme in titles]
    charts = [theme for theme in PLACE_CHARTS if theme in titles]
    many = len(selection.places) > _MOST_PLACES
    words: dict[str, str] = {}
    for place in selection.states if many else selection.places:
        themes = maps if many or place == "US" else [*maps, *charts]
        drawn = draw_figure(selection.run, themes, place=place, formats=_FORMATS, dpi=_DPI, folder=into)
        # They come theme by theme, each in every format.
        for theme, path in zip((theme for theme in themes for _ in _FORMATS), drawn, strict=True):
            named = path.rename(path.with_name(_short_name(path.name, fallback=f"{theme}.{path.suffix[1:]}")))
            words[f"figures/{named.stem}"] = f"Figure: {titles[theme]}; {selection.name(place)}"
    changes = selection.run.folder / "national_changes.svg"
    if changes.is_file():
        shutil.copyfile(changes, into / changes.name)
        words["figures/national_changes"] = "Figure: change of national infant mortality, from NCHS reports"
    left_out = f"Figures are one set a state, since there are {len(selection.places)} places; "
    left_out += "`matcare figure class --place PLACE` draws a place's own."
    return Pages(words=words, left_out=[left_out] if many else [])


def write_bundle_map(selection: Selection, chosen: BundleTables, folder: Path) -> None:
    """Write the interactive map of the states that the counties lie in.

    The run's own map where these are all the run's states; else a map of their counties, from the same columns.

    Parameters
    ----------
    selection : Selection
        The counties.
    chosen : BundleTables
        Their rows; the units among them are on the map.
    folder : pathlib.Path
        Folder of the bundle.
    """
    from matcare.publish.map import render_map  # noqa: PLC0415 - Folium takes a second to import

    run = selection.run
    own = run.folder / "map.html"
    if own.is_file() and set(selection.states) == set(run.counties["state"]):
        shutil.copyfile(own, folder / "map.html")
        return
    counties = run.counties[run.counties["state"].isin(selection.states)].reset_index(drop=True)
    page = render_map(counties=counties, facilities=_around(selection, chosen, counties), **_map_words(selection))
    (folder / "map.html").write_text(page, encoding="utf-8", newline="\n")


def _around(selection: Selection, chosen: BundleTables, counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the run's units in and near each of the states drawn, and those that their women use."""
    units = selection.run.facilities
    shown = units["state"].isin(selection.states) | units["facility_id"].isin(chosen.keys.units)
    # State by state: the bounds of Alaska and Puerto Rico together hold the whole country.
    for state in selection.states:
        west, south, east, north = counties[counties["state"] == state].total_bounds
        near = units["lat"].between(south - _MARGIN_DEGREES, north + _MARGIN_DEGREES)
        shown |= near & units["lon"].between(west - _MARGIN_DEGREES, east + _MARGIN_DEGREES)
    return pd.DataFrame(units[shown]).reset_index(drop=True)


def _map_words(selection: Selection) -> dict[str, Any]:
    """Return the map's title, notes and sources, as the run's own map has them."""
    about = selection.run.about
    profile = about["profile"].get("name", "typical")
    speeds = "" if profile == "typical" else f" (speed profile {profile})"
    n = len(selection.run.corrections)
    in_force = f"; {n} correction{'' if n == 1 else 's'} in force" if n else ""
    states = ", ".join(selection.name(state) for state in selection.states)
    return {
        "title": f"Maternity care access: {states}",
        "subtitle": f"{about['scenario']['rule']['name']} rule; drive minutes by car{speeds}; facility data to "
        f"{selection.run.data_date}{in_force}",
        "notes": [
            *(f"Correction in force: {text}" for text in selection.run.corrections),
            *own_roads(about["roads"]),
            *about["caveats"],
        ],
        "sources": [
            *own_roads(about["roads"]),
            f"Infant deaths and births: {about['outcomes']['source']}",
            *short_sources(bool(about["scenario"]["outcomes"])),
        ],
        "suppressed": about["outcomes"]["not_published"],
        "run_date": selection.made.date().isoformat(),
    }
