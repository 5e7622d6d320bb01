"""What can be drawn: the map's themes that a run's columns can show, and the charts; and which were asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import COUNTY_RESULTS
from matcare.errors import InputError
from matcare.publish.map.planning_themes import USER_TIER_COLUMNS, drawn_columns
from matcare.publish.map.themes import FAMILIES, themes

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from matcare.publish.finished import FinishedRun

__all__ = ["CHARTS", "MOST_ON_A_PAGE", "chosen_themes", "figure_themes", "listed_themes"]

CHARTS: Final = {
    "chart-outcome": "Infant mortality with its interval: a place beside its state and the nation",
    "chart-access": "Women within 30, 60 and 90 minutes by service: a place beside its state and the nation",
}
"""Themes that are no map; they need a place."""

MOST_ON_A_PAGE: Final = 6
"""Maps that one page can show and still be read."""


def figure_themes(run: FinishedRun) -> list[tuple[str, str]]:
    """Return what can be drawn of a run.

    Parameters
    ----------
    run : FinishedRun
        Its counties' columns decide.

    Returns
    -------
    list of tuple of (str, str)
        Id and title, in the order of the map's list; the charts, which need a place, come last.
    """
    return [(theme["id"], theme["title"]) for theme in themes(drawn_columns(run.counties))] + list(CHARTS.items())


def listed_themes() -> list[dict[str, str]]:
    """Return what can be drawn of a run of the embedded data by this version, which need not be there.

    Returns
    -------
    list of dict
        ``id``, ``title``, ``family`` (in words) of each theme.
    """
    maps = [
        {"id": theme["id"], "title": theme["title"], "family": FAMILIES[theme["family"]]}
        for theme in themes([name for name in COUNTY_RESULTS.names if name not in USER_TIER_COLUMNS])
    ]
    return maps + [{"id": name, "title": title, "family": "Charts of a place"} for name, title in CHARTS.items()]


def chosen_themes(
    columns: Container[str], asked: Sequence[str], *, place: str | None, one_page: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the themes that were asked for, each once, in the order of asking.

    Parameters
    ----------
    columns : container of str
        Columns that the run's counties have.
    asked : sequence of str
        Ids.
    place : str, optional
        The charts need one.
    one_page : bool
        Whether they share a page.

    Returns
    -------
    maps : list of dict
        Themes as :func:`matcare.publish.map.themes.themes` gives them.
    charts : list of str
        Keys of :data:`CHARTS`.

    Raises
    ------
    InputError
        When an id is not known or cannot be drawn of this run, a chart lacks its place, or a page cannot hold so many.
    """
    known = {theme["id"]: theme for theme in themes(columns)}
    ids = list(dict.fromkeys(name.strip() for name in asked))
    if not ids:
        raise InputError("no theme was named; give one, such as class, or see them with --list")
    for name in ids:
        if name not in known and name not in CHARTS:
            raise InputError(_unknown(name, [*known, *CHARTS]))
    charts = [name for name in ids if name in CHARTS]
    if charts and place is None:
        raise InputError(f"{charts[0]} needs a place; give --place, such as --place 38105 or --place ND")
    if one_page and charts:
        raise InputError(f"{charts[0]} is a page of its own; leave it out of --one-page")
    if one_page and len(ids) > MOST_ON_A_PAGE:
        raise InputError(f"--one-page holds up to {MOST_ON_A_PAGE} themes; {len(ids)} were named")
    return [known[name] for name in ids if name in known], charts


def _unknown(name: str, known: Sequence[str]) -> str:
    """Say which ids are near one that is not known."""
    begin = [other for other in known if name and other.startswith(f"{name}-")]
    near = (begin + [other for other in get_close_matches(name, known, n=4, cutoff=0.5) if other not in begin])[:4]
    meant = f"did you mean {', '.join(near)}? " if near else ""
    return f"theme {name[:60]!r} is not known; {meant}see all with --list"
