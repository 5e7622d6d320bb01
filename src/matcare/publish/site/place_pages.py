"""A page a place: its brief, with a way to the state, the nation, the map and the rest of the site above it."""

from __future__ import annotations

import html
import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from matcare.geo import STATES
from matcare.publish.site.templating import asset, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from matcare.publish.finished import FinishedRun

__all__ = ["Place", "on_map", "places_of_site", "write_place_pages"]

_HEAD_END: Final = re.compile(r"</head\s*>", re.IGNORECASE)
_BODY_BEGIN: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)

_DEGREES: Final = 360.0
_TILE: Final = 256
_STAGE: Final = (980, 760)
"""Pixels of the map beside its legend on a common screen, for the zoom at which a state fits."""


class Place(NamedTuple):
    """A place that has a page.

    Attributes
    ----------
    code : str
        ``US``, a postal code, or a county's five digits.
    name, state : str
        In words; the postal code of its state, empty for the nation.
    path : str
        Of its page below the site's folder, with ``/``.
    """

    code: str
    name: str
    state: str
    path: str


def places_of_site(run: FinishedRun) -> list[Place]:
    """Return every place that gets a page: the nation of a national run, states by name, counties by code."""
    counties = run.counties[["county_fips", "county_name", "state"]]
    states = sorted(set(counties["state"]), key=lambda state: STATES[state])
    nation = [Place("US", "United States", "", "nation.html")] if run.national else []
    return [
        *nation,
        *(Place(state, STATES[state], state, f"states/{state.lower()}.html") for state in states),
        *(
            Place(str(code), str(name), str(state), f"counties/{code}.html")
            for code, name, state in counties.itertuples(index=False)
        ),
    ]


def on_map(place: Place | None, run: FinishedRun, up: str = "") -> str:
    """Return the link that opens the map on the classes: on a county's table, on a state's view, or on the whole.

    Parameters
    ----------
    place : Place, optional
        None for the whole region.
    run : FinishedRun
        Knows the shapes.
    up : str
        ``../`` from a page that lies in a folder.
    """
    begin = f"{up}map.html#theme=class"
    if place is None or not place.state:
        return begin
    if place.code.isdigit():
        return f"{begin}&county={place.code}"
    view = _view(run, place.state)
    return f"{begin}&view={view}" if view else begin


def _view(run: FinishedRun, state: str) -> str:
    """Return centre and zoom that show a state, as the map's address has them; nothing where it has no shape."""
    bounds = pd.DataFrame(run.counties.geometry.bounds)[(run.counties["state"] == state).to_numpy()].dropna()
    if bounds.empty:
        return ""
    # Alaska lies on both sides of the 180th meridian: what is east of it is counted on from it, as the map draws it.
    west = bounds["minx"].where(bounds["minx"] < 0, bounds["minx"] - _DEGREES).min()
    east = bounds["maxx"].where(bounds["maxx"] < 0, bounds["maxx"] - _DEGREES).max()
    south, north = bounds["miny"].min(), bounds["maxy"].max()
    low, high = (math.degrees(math.asinh(math.tan(math.radians(lat)))) for lat in (south, north))
    fits = min(_STAGE[0] / max(east - west, 1e-6), _STAGE[1] / max(high - low, 1e-6))
    zoom = min(math.log2(fits * _DEGREES / _TILE) - 0.2, 12)
    return f"{(south + north) / 2:.2f},{(west + east) / 2:.2f},{math.floor(10 * zoom) / 10:g}"


def write_place_pages(run: FinishedRun, folder: Path, *, told: Callable[[int], None] | None = None) -> dict[str, str]:
    """Write the page of every place.

    Parameters
    ----------
    run : FinishedRun
        Where the numbers stand.
    folder : pathlib.Path
        Existing folder of the site.
    told : callable, optional
        Told of each further page.

    Returns
    -------
    dict
        Path of every page to its title.
    """
    from matcare.publish.brief import render_brief  # noqa: PLC0415 - what `matcare --help` must not import

    places = places_of_site(run)
    paths = {place.code: place.path for place in places}
    for below in ("states", "counties"):
        (folder / below).mkdir(exist_ok=True)
    titles = {}
    for place in places:
        up = "../" * place.path.count("/")

        def link(code: str, up: str = up) -> str | None:
            return f"{up}{paths[code]}" if code in paths else None

        # Above a county's page stand its state and the nation already: its brief need not lead there again.
        brief = render_brief(run, place.code, link=None if place.code.isdigit() else link)
        page = _framed(brief, place, run, up)
        (folder / place.path).write_text(page, encoding="utf-8", newline="\n")
        titles[place.path] = _title(page)
        if told is not None:
            told(1)
    return titles


def _title(page: str) -> str:
    found = re.search(r"<title>([^<]*)</title>", page)
    return html.unescape(found.group(1)) if found else ""


def _framed(brief: str, place: Place, run: FinishedRun, up: str) -> str:
    """Return a brief with the site's navigation before it."""
    head, body = _HEAD_END.search(brief), _BODY_BEGIN.search(brief)
    if head is None or body is None:
        raise AssertionError(f"the brief of {place.code} has no <head> or no <body>")
    navigation = render(
        "navigation.html", up=up, trail=list(_trail(place, run, up)), here=place.name, map_link=on_map(place, run, up),
    )  # fmt: skip
    own_address = html.escape(place.path.rpartition("/")[2])
    mine = f'<link rel="canonical" href="{own_address}">\n<style>{asset("navigation.css")}</style>\n'
    return "".join((
        brief[: head.start()], mine, brief[head.start() : body.end()], "\n", navigation, brief[body.end() :],
    ))  # fmt: skip


def _trail(place: Place, run: FinishedRun, up: str) -> Iterator[tuple[str, str]]:
    """Yield the places above a place, with their links."""
    yield run.title if run.national else "Start", f"{up}index.html"
    if place.code.isdigit():
        yield STATES[place.state], f"{up}states/{place.state.lower()}.html"
