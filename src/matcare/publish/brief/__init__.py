"""Briefs: one self-contained page a county, a state and the nation, in sentences made from the run's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcare.errors import InputError
from matcare.geo import canonical_state
from matcare.publish.brief.county import county_brief
from matcare.publish.brief.data import NATION, BriefData, place_name
from matcare.publish.brief.html import Html, tag
from matcare.publish.brief.maps import BriefMaps
from matcare.publish.brief.state import nation_brief, state_brief
from matcare.publish.finished import state_words
from matcare.publish.naming import slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.publish.finished import FinishedRun

__all__ = ["brief_name", "brief_title", "render_brief"]

_LONGEST = 60
_KEPT = "_brief_maps"


def render_brief(run: FinishedRun, place: str, *, link: Callable[[str], str | None] | None = None) -> str:
    """Return the brief of a place as one self-contained page.

    Parameters
    ----------
    run : FinishedRun
        The run that it is made from; what many briefs need is joined once and kept with it.
    place : str
        A county's five digits, a state's postal code, or ``US``.
    link : callable, optional
        Returns the address of another place's brief, or None where there is none; without it no brief links to another.

    Returns
    -------
    str
        HTML, without a script and without a request. The same run gives the same bytes.

    Raises
    ------
    InputError
        When the run does not cover the place.
    """
    data = BriefData.of(run)
    maps = _maps(data)
    kind = _kind(run, place)
    if kind == "county":
        return county_brief(data, maps, place, back=_back(data, place, link))
    if kind == "state":
        return state_brief(data, maps, canonical_state(place), link)
    return nation_brief(data, maps, link)


def brief_name(run: FinishedRun, place: str) -> str:
    """Return the name of a brief's file: sorted by state, unique by code, readable.

    Parameters
    ----------
    run : FinishedRun
        The run.
    place : str
        A county's five digits, a state's postal code, or ``US``.

    Returns
    -------
    str
        Such as ``brief-nd-38105-williams-county.html``, ``brief-nd.html`` or ``brief-us.html``.

    Raises
    ------
    InputError
        When the run does not cover the place.
    """
    kind = _kind(run, place)
    if kind != "county":
        return f"brief-{place.lower()}.html"
    row = BriefData.of(run).counties[place]
    name = slug(str(row["county_name"]))[:_LONGEST].rstrip("-")
    return "-".join(part for part in ("brief", str(row["state"]).lower(), place, name) if part) + ".html"


def brief_title(run: FinishedRun, place: str) -> str:
    """Return the name of a place in words, as its brief has it."""
    if _kind(run, place) == "county":
        row = BriefData.of(run).counties[place]
        return place_name(row)
    return state_words(place)


def _kind(run: FinishedRun, place: str) -> str:
    """Return what a place is: county, state or nation."""
    data = BriefData.of(run)
    if place in data.counties:
        return "county"
    if place == NATION:
        if not run.national:
            raise InputError(f"the nation is not in this run, which covers {run.title}; run it without --state")
        return "nation"
    if place in data.codes_by_state:
        return "state"
    raise InputError(f"{place!r} is not in this run, which covers {run.title}; give 38105, ND or US")


def _maps(data: BriefData) -> BriefMaps:
    kept = vars(data).get(_KEPT)
    if not isinstance(kept, BriefMaps):
        kept = BriefMaps(data)
        vars(data)[_KEPT] = kept
    return kept


def _back(data: BriefData, code: str, link: Callable[[str], str | None] | None) -> Html:
    """Return the way to the state's and the nation's brief, where they stand."""
    if link is None:
        return Html("")
    state = str(data.counties[code]["state"])
    there = [(place, href) for place in (state, NATION) if (href := link(place)) is not None]
    if not there:
        return Html("")
    links: list[object] = []
    for place, href in there:
        links += [
            " · " if links else "",
            tag("a", f"Brief of {'the ' * (place == NATION)}{state_words(place)}", href=href),
        ]
    return tag("nav", tag("p", *links), aria_label="Other briefs")
