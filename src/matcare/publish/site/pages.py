"""The site's own pages: start, downloads, methods, data notes, about, and the one for addresses that are not there."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import COVERAGE_MINUTES, SERVICES
from matcare.publish.map.shell import SAID_EVERYWHERE
from matcare.publish.provenance import CAVEATS, own_roads
from matcare.publish.site.gaps import every_reason, evidence_words, gaps_by_state, lacked_nowhere, levels_by_state
from matcare.publish.site.headline import headline, key_figures, state_rows
from matcare.publish.site.place_pages import on_map, places_of_site
from matcare.publish.site.templating import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matcare.publish.finished import FinishedRun
    from matcare.publish.site.downloads import Download

__all__ = ["write_pages"]

_PAGES: Final = {
    "index.html": "Start",
    "downloads.html": "Downloads",
    "methods.html": "Methods",
    "data-notes.html": "Data notes",
    "about.html": "About",
}
"""The site's own pages in the order of its navigation, after the start the map."""

_FIGURE: Final = re.compile(r'<figure class="map">.*?</figure>', re.DOTALL)
"""The map in a brief: inline SVG with its legend."""

_NOT_FOUND: Final = "404.html"
_SITEMAP: Final = "sitemap.txt"


def write_pages(
    run: FinishedRun,
    folder: Path,
    *,
    files: Sequence[Download],
    extracts: Sequence[Download],
    place_titles: Mapping[str, str],
) -> dict[str, str]:
    """Write the pages that are no place's, and the list of all.

    Parameters
    ----------
    run : FinishedRun
        Where the numbers stand.
    folder : pathlib.Path
        Existing folder of the site.
    files, extracts : sequence of Download
        What :func:`matcare.publish.site.write_downloads` has written.
    place_titles : mapping
        Path of every page of a place to its title.

    Returns
    -------
    dict
        Path of every page to its title.
    """
    shared = _shared(run)
    values: dict[str, dict[str, Any]] = {
        "index.html": _index(run, files) | {"picture": _picture(run, folder)},
        "downloads.html": {"files": files, "extracts": extracts, "total": sum(one.size for one in files)},
        "methods.html": _methods(run),
        "data-notes.html": _data_notes(run),
        "about.html": {"caveats": _caveats(run), "citation": _citation(run)},
        _NOT_FOUND: {},
    }
    titles = {}
    for name, own in values.items():
        titles[name] = f"{_PAGES.get(name, 'Page not found')} · {shared['site']}"
        page = render(name, **shared, **own, title=titles[name], name=name)
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
    listed = [*(name for name in values if name != _NOT_FOUND), "map.html", *place_titles]
    (folder / _SITEMAP).write_text("\n".join(listed) + "\n", encoding="utf-8", newline="\n")
    return titles | dict(place_titles)


def _shared(run: FinishedRun) -> dict[str, Any]:
    """Return what stands on every page: name of the site, navigation, dates, sources in a line."""
    outcomes = run.about["outcomes"]
    return {
        "site": f"Maternity care access: {run.title}",
        "region": run.title,
        "pages": _PAGES,
        "data_date": run.data_date,
        "created": str(run.about["created"])[:10],
        "version": run.about["matcare"],
        "corrections": run.corrections,
        "period": outcomes["period"],
        "said": SAID_EVERYWHERE,
    }


def _index(run: FinishedRun, files: Sequence[Download]) -> dict[str, Any]:
    return {
        "headline": headline(run),
        "figures": key_figures(run),
        "rows": state_rows(run),
        "search": _search_entries(run),
        "nation": run.national,
        "map_link": on_map(None, run),
        "map_size": next((one.size for one in files if one.name == "map.html"), 0),
        "counties": len(run.counties),
    }


def _picture(run: FinishedRun, folder: Path) -> str:
    """Return the map of the nation's or the one state's page, as it stands there; nothing for several states."""
    places = [place for place in places_of_site(run) if not place.code.isdigit()]
    if not run.national and len(places) != 1:
        return ""
    found = _FIGURE.search((folder / places[0].path).read_text(encoding="utf-8"))
    return found.group(0) if found else ""


def _search_entries(run: FinishedRun) -> str:
    """Return what can be searched as JSON that cannot end its element: states, then counties by their women."""
    women = dict(zip(run.counties["county_fips"], run.counties["women_15_44"].fillna(0), strict=True))
    places = [place for place in places_of_site(run) if place.code != "US"]
    states = [place for place in places if not place.code.isdigit()]
    counties = sorted((place for place in places if place.code.isdigit()), key=lambda one: (-women[one.code], one.code))
    value = {
        "states": {place.code: place.name for place in states},
        "counties": [[place.code, place.name, place.state] for place in counties],
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _methods(run: FinishedRun) -> dict[str, Any]:
    asked = run.about["scenario"]
    return {
        "rule": asked["rule"],
        "tiers": asked["birth_care_tiers"],
        "limit": asked["search_limit_minutes"],
        "seed": asked["seed"],
        "profile": run.about["profile"]["name"],
        "adjusted": bool(run.about["profile"].get("adjustments") or run.about["profile"].get("closures")),
        "roads": own_roads(run.about["roads"]),
        "outcomes": run.about["outcomes"],
        "services": SERVICES,
        "limits": COVERAGE_MINUTES,
        "evidence": evidence_words(),
        "vintages": _vintages(run),
    }


def _vintages(run: FinishedRun) -> list[tuple[str, str, str]]:
    """Return what each kind of input is, by whom, of when: one line a publisher and title."""
    return [(one["title"], one["publisher"], one["vintage"]) for one in run.about["sources"]]


def _data_notes(run: FinishedRun) -> dict[str, Any]:
    sources = [{**one, "link": _web_address(one.get("landing_page", ""))} for one in run.about["sources"]]
    reasons = Counter(run.block_groups["reason_birth_care"])
    return {
        "gaps": gaps_by_state(run),
        "levels": levels_by_state(run),
        "lacked_nowhere": lacked_nowhere(run),
        "reasons": every_reason(run),
        "points": sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])),
        "sources": sources,
        "also_used": run.about.get("also_used", ()),
        "notes": run.about.get("notes", ()),
        "caveats": _caveats(run),
        "roads": own_roads(run.about["roads"]),
        "profile_missing": _profile_missing(run),
    }


def _web_address(text: str) -> str:
    """Return an address that a browser may follow, or nothing: a source's own words are no address."""
    return text if text.startswith(("https://", "http://")) else ""


def _profile_missing(run: FinishedRun) -> list[tuple[str, int]]:
    """Return the indicators of the profile by how many values have no figure, and why, most first."""
    table = run.tables["indicators.csv"]
    catalog = run.tables["indicator_catalog.csv"]
    labels: dict[str, str] = dict(zip(catalog["indicator"], catalog["label"], strict=True))
    lacking = table[table["value"].isna()]
    counted = Counter(zip(lacking["indicator"], lacking["status"], strict=True))
    rows = [(f"{labels.get(name, name)}: {str(status).replace('_', ' ')}", n) for (name, status), n in counted.items()]
    return sorted(rows, key=lambda pair: (-pair[1], pair[0]))


def _caveats(run: FinishedRun) -> list[str]:
    return list(run.about.get("caveats", CAVEATS))


def _citation(run: FinishedRun) -> str:
    parts = [
        f"Maternity care access: {run.title}. matcare {run.about['matcare']}, run of {str(run.about['created'])[:10]}",
        f"facility data to {run.data_date}, infant mortality of {run.about['outcomes']['period']}.",
    ]
    return "; ".join(parts)
