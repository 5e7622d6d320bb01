"""The page that every brief stands in: head, style, notes, sources, how to cite; no script and no request."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from matcare.publish.brief.html import Html, join, section, tag
from matcare.publish.provenance import CAVEATS, own_roads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matcare.publish.finished import FinishedRun

__all__ = ["brief_page", "closing_sections", "ecological_words"]

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_METHOD: Final = (
    (
        "Demand points are the 2020 census block groups' centers of population; each gets its share of the county's "
        "women aged 15-44 and of its births by people."
    ),
    "{roads}",
    (
        "The nearest unit counts, wherever it is; a mean is over women who can be given minutes, and is withheld where "
        "most cannot."
    ),
    (
        "The class is the March of Dimes rule on units, clinicians per 10,000 births and women without insurance; "
        "neonatal levels come with a lower and an upper bound, since many are not reported."
    ),
    (
        "Infant mortality is shown only as published, with its 95 % interval; estimates for unpublished counties stand "
        "apart as modelled and enter no other number."
    ),
)
"""The method in five sentences; the second depends on the run's roads and speeds."""


@cache
def _style() -> str:
    return resources.files("matcare.publish.brief").joinpath("brief.css").read_text(encoding="utf-8")


def ecological_words() -> str:
    """Return what is said at the head of every brief (methods, section 7)."""
    return (
        "These are figures about a place, not about any one woman or infant. Every pattern between places is an "
        "association, not a cause. Not for choosing where to give birth or where an ambulance should go."
    )


def brief_page(*, title: str, kicker: str, content: Iterable[Html]) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        The place.
    kicker : str
        What the page is, above the title.
    content : iterable of Html
        What stands below it.

    Returns
    -------
    str
        HTML. The same content gives the same bytes.
    """
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="generator" content="matcare">'),
        tag("title", f"{title}: {kicker}"),
        Html(f"<style>{_style()}</style>"),
    )
    top = tag("header", tag("p", kicker, class_="kicker"), tag("h1", title))
    body = tag("body", tag("main", top, join(content)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def closing_sections(run: FinishedRun, title: str, notes: Iterable[str]) -> Html:
    """Return data notes, method, how to cite, sources and licences.

    Parameters
    ----------
    run : FinishedRun
        The run.
    title : str
        The place.
    notes : iterable of str
        What must be known of this place's data.
    """
    about = run.about
    day = str(about["created"])[:10]
    corrections = (
        [f"Corrections in force: {'; '.join(run.corrections)}."]
        if run.corrections
        else ["No correction of a unit is in force."]
    )
    said = [
        (
            f"Facilities as of {run.data_date}. Obstetric services change monthly: to correct a unit, list it in a "
            "file (facility_id, status, date, source) and run matcare with --corrections FILE."
        ),
        *corrections,
        *notes,
        *(str(note) for note in about["notes"]),
    ]
    caveats = [text for text in about.get("caveats", CAVEATS) if not str(text).startswith("Obstetric services")]
    cite = (
        f"matcare {about['matcare']}. Maternity care access brief: {title}. Run of {day} for {run.title}, facility "
        f"data of {run.data_date}. Sources as listed below."
    )
    licence = str(about["licences"]["counties.csv"])
    parts = [
        section(
            "Data notes",
            tag("ul", *(tag("li", text) for text in said)),
            tag("h3", "Limits of every figure"),
            tag("ul", *(tag("li", text) for text in caveats)),
            id_="notes",
            class_="fine",
        ),
        section(
            "Method in five sentences",
            tag("ol", *(tag("li", text) for text in _method(about))),
            id_="method",
            class_="fine",
        ),
        section(
            "How to cite",
            tag("p", cite),
            tag("p", f"Licence of this page: {licence}. Numbers are those of counties.csv and the run's other tables."),
            id_="cite",
            class_="fine",
        ),
        section(
            "Sources", tag("ul", *(tag("li", text) for text in source_lines(about))), id_="sources", class_="fine small"
        ),
    ]
    return tag("div", *parts, class_="closing")


def _method(about: Any) -> list[str]:
    """Return the method in five sentences, with the roads and the speeds that the run used."""
    own = own_roads(about["roads"])
    along = (
        "on the roads named under the sources"
        if own
        else "along signed highways, with a straight local leg at either end"
    )
    profile = str(about["profile"]["name"])
    speeds = "calibrated to three routing services" if profile == "typical" else f"of the profile {profile}"
    roads = f"Drive minutes run {along}, at speeds {speeds}, without waiting; within a limit is at or below it."
    return [text.replace("{roads}", roads) for text in _METHOD]


def source_lines(about: Any) -> list[str]:
    """Return one line a publisher, with titles, vintages and licences."""
    by_publisher: dict[str, dict[str, list[str]]] = {}
    for source in about["sources"]:
        terms = by_publisher.setdefault(str(source["publisher"]), {})
        terms.setdefault(str(source["licence"]), []).append(f"{source['title']} ({source['vintage']})")
    lines = [
        f"{publisher}: {'. '.join(f'{chr(59).join(titles)} [{licence}]' for licence, titles in terms.items())}"
        for publisher, terms in by_publisher.items()
    ]
    return [line.replace(";", "; ").replace("  ", " ") for line in lines] + [
        str(text) for text in about.get("also_used", ())
    ]
