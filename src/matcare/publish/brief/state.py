"""The brief of a state, and that of the nation: classes, counties that need attention, units to protect, outcome."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import COVERAGE_MINUTES
from matcare.geo import STATES
from matcare.publish.brief import access_words as access
from matcare.publish.brief import outcome_words as outcome
from matcare.publish.brief.charts import interval_chart, reach_bars
from matcare.publish.brief.county_tables import attention, classes, every_county, states
from matcare.publish.brief.data import NATION
from matcare.publish.brief.frame import brief_page, closing_sections, ecological_words
from matcare.publish.brief.html import Html, definitions, items, join, paragraphs, section, table, tag
from matcare.publish.brief.state_tables import disparities, policies, right_level, state_indicators
from matcare.publish.brief.units import closure_table
from matcare.publish.brief.words import (
    SPACE,
    at_most,
    common_words,
    count,
    joined,
    minutes,
    minutes_words,
    percent,
    percent_words,
    place_words,
    sentence,
    whole,
)
from matcare.publish.map.themes import CLASS_WORDS, SERVICE_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matcare.publish.brief.data import BriefData
    from matcare.publish.brief.maps import BriefMaps

__all__ = ["nation_brief", "place_headline", "state_brief"]

Row = dict[str, Any]

_PROTECT: Final = 12
_STANDING: Final = {
    "published": "published",
    "published_unreliable": "unreliable",
    "apportioned": "apportioned",
    "modelled": "few",
    "suppressed": "few",
    "not_identified": "unnamed",
}
"""Why a county has no reliable published rate, by `imr_status`; any other is not reported."""


def place_headline(name: str, found: Row | None) -> str:
    """Return the first sentence of a state's or the nation's brief.

    Parameters
    ----------
    name : str
        Of the place.
    found : dict or None
        Its access of birth care (`BASELINE_ACCESS`).

    Examples
    --------
    >>> found = {"women_15_44": 155636.0, "minutes": 19.41, "share_women_within_30": 0.7908,
    ...          "share_women_without_minutes": 0.0}
    >>> place_headline("North Dakota", found).replace(SPACE, " ").partition("; ")[2]
    'the mean drive is 19 minutes.'
    """
    if found is None or not found["women_15_44"] or found["share_women_within_30"] is None:
        return f"In {name}, drive times to birth care cannot be stated: the run has no women there."
    opening = f"In {name}, {access.reach(found['share_women_within_30'], found['women_15_44'], 30)}"
    without = found["share_women_without_minutes"] or 0.0
    if found["minutes"] is None:
        return f"{opening}; most women cannot be given a drive, so no mean is stated."
    whose = f" of those who can be given one ({percent_words(1 - without)})" if without > 0 else ""
    return f"{opening}; the mean drive{whose} is {minutes_words(found['minutes'])}."


def state_brief(data: BriefData, maps: BriefMaps, state: str, link: Callable[[str], str | None] | None = None) -> str:
    """Return the brief of a state as one self-contained page.

    Parameters
    ----------
    data : BriefData
        The run's joined rows.
    maps : BriefMaps
        The run's drawings.
    state : str
        Postal code.
    link : callable, optional
        Returns the address of a county's brief, or None.
    """
    name, called = STATES.get(state, state), place_words(state)
    codes = data.codes_by_state[state]
    rows = [data.counties[code] for code in codes]
    found = data.access(state)
    units = [row for row in data.fragility.values() if row["state"] == state]
    content = [
        _links([NATION], link),
        tag("p", place_headline(name, found.get("birth_care")), class_="headline"),
        paragraphs(
            [
                _classes_sentence(rows),
                access.comparison_sentence(
                    [("the nation", data.access(NATION).get("birth_care"), NATION in data.defaults)]
                ),
            ]
        ),
        tag("p", ecological_words(), class_="quiet"),
        _figures(rows, found),
        section(f"{called.many.capitalize()} by class", maps.state(state), classes(rows), id_="map"),
        section("Minutes and coverage", _coverage(data, state, name), id_="coverage"),
        section(f"{called.many.capitalize()} that need attention", attention(rows, link), id_="attention"),
        section("Units to protect", closure_table(units[:_PROTECT], left=len(units) - _PROTECT), id_="protect"),
        section("Care at the right level", right_level(data.coverage.get(state, []), name), id_="level"),
        section("Care across the border", _border(data, state, name), id_="border"),
        section("Infant mortality", _outcome(data, state, name, rows), id_="outcome"),
        section("Disparities", disparities(data.disparities.get(state, []), _sources(data)), id_="disparities"),
        section("Policies", policies(data.policies.get(state, []), data.catalog), id_="policies"),
        section(
            f"The {called.state}'s indicators",
            state_indicators(data.indicators.get(state, []), data.catalog),
            id_="indicators",
        ),
        section(f"Every {called.one}", every_county(rows, link), id_="counties"),
        closing_sections(data.run, name, _notes(rows)),
    ]
    return brief_page(title=name, kicker=f"Maternity care access: {called.state} brief", content=content)


def nation_brief(data: BriefData, maps: BriefMaps, link: Callable[[str], str | None] | None = None) -> str:
    """Return the brief of the nation; see :func:`state_brief`."""
    rows = list(data.counties.values())
    found = data.access(NATION)
    units = list(data.fragility.values())
    content = [
        tag("p", place_headline("the United States", found.get("birth_care")), class_="headline"),
        paragraphs([_classes_sentence(rows)]),
        tag("p", ecological_words(), class_="quiet"),
        _figures(rows, found),
        section("Counties by class", maps.nation(), classes(rows), id_="map"),
        section("Minutes and coverage", _coverage(data, NATION, "United States"), id_="coverage"),
        section("States", states(data, link), id_="states"),
        section("Counties that need attention", attention(rows, link), id_="attention"),
        section("Units to protect", closure_table(units[:_PROTECT], left=len(units) - _PROTECT), id_="protect"),
        section(
            "Care at the right level", right_level(data.coverage.get(NATION, []), "the United States"), id_="level"
        ),
        section("Infant mortality", _outcome(data, NATION, "United States", rows), id_="outcome"),
        section("Disparities", disparities(data.disparities.get(NATION, []), _sources(data)), id_="disparities"),
        closing_sections(data.run, "United States", _notes(rows)),
    ]
    return brief_page(title="United States", kicker="Maternity care access: national brief", content=content)


def _links(places: Sequence[str], link: Callable[[str], str | None] | None) -> Html:
    there = [href for place in places if link is not None and (href := link(place)) is not None]
    if not there:
        return Html("")
    return tag("nav", tag("p", tag("a", "Brief of the United States", href=there[0])), aria_label="Other briefs")


def _classes_sentence(rows: Sequence[Row]) -> str:
    numbers = {level: sum(row["march_of_dimes_class"] == level for row in rows) for level in CLASS_WORDS}
    deserts = numbers["desert"]
    called = common_words(rows)
    of = f"of {count(len(rows), called.one, called.many)}"
    opening = {0: f"none {of} is a maternity care desert", 1: f"1 {of} is a maternity care desert"}.get(
        deserts, f"{whole(deserts)} {of} are maternity care deserts"
    )
    rest = [
        f"{whole(numbers[level])} {'has' if numbers[level] == 1 else 'have'} {level} access"
        for level in ("low", "moderate", "full")
        if numbers[level]
    ]
    undecided = len(rows) - deserts - sum(numbers[level] for level in ("low", "moderate", "full"))
    if undecided:
        rest.append(f"{whole(undecided)} cannot be decided, since an input is missing")
    return f"By the March of Dimes rule {'; '.join([opening, joined(rest)] if rest else [opening])}."


def _figures(rows: Sequence[Row], found: Mapping[str, Row]) -> Html:
    birth, high = found.get("birth_care", {}), found.get("neonatal_3_plus", {})
    level, most = (row.get("share_women_within_60") for row in (high, found.get("neonatal_3_plus_or_nicu", {})))
    deserts = sum(row["march_of_dimes_class"] == "desert" for row in rows)
    hospitals = sum(row["birth_hospitals"] or 0 for row in rows)
    return definitions(
        [
            ("Women 15-44 (estimate)", whole(birth.get("women_15_44") or 0.0)),
            (common_words(rows).many.capitalize(), whole(len(rows))),
            ("Maternity care deserts (March of Dimes)", whole(deserts)),
            ("Hospitals with birth care", whole(hospitals)),
            (f"Within 30{SPACE}minutes of birth care", percent(birth.get("share_women_within_30"))),
            (
                f"Within 60{SPACE}minutes of reported level III or IV{at_most(level, most)}",
                percent(level, "not known"),
            ),
        ],
        class_="strip",
    )


def _coverage(data: BriefData, place: str, name: str) -> Html:
    own = data.access(place)
    nation = {} if place == NATION else data.access(NATION)
    lines = []
    for service, words in SERVICE_WORDS.items():
        cells: list[object] = [words]
        for column, say in (
            ("minutes", minutes),
            *((f"share_women_within_{limit}", percent) for limit in COVERAGE_MINUTES),
        ):
            value, other = own.get(service, {}).get(column), nation.get(service, {}).get(column)
            below = None if other is None else tag("small", f" US{SPACE}{say(other)}")
            cells.append(join(["not known" if value is None else say(value), below]))
        lines.append(cells)
    bars = [
        (
            words,
            own.get(service, {}).get("share_women_within_60"),
            [] if place == NATION else [None, nation.get(service, {}).get("share_women_within_60")],
        )
        for service, words in SERVICE_WORDS.items()
    ]
    note = "" if place == NATION else "US: the nation"
    if note:
        note += ", of the default scenario kept with the data, not of this run." if NATION in data.defaults else "."
    left = join(
        [
            table(
                (
                    "Women aged 15-44 by drive to the nearest: "
                    f"{name}{'' if place == NATION else ', with the nation below'}"
                ),
                ["Nearest", "Mean minutes", *(f"≤ {limit} min" for limit in COVERAGE_MINUTES)],
                lines,
                numbers=(1, 2, 3, 4),
            ),
            paragraphs(
                [note, "Shares of a level are a floor: many units have no reported level, and unknown is not none."],
                class_="quiet",
            ),
        ]
    )
    right = join(
        [
            tag("h3", f"Women within 60{SPACE}minutes"),
            reach_bars(bars, [] if place == NATION else ["", "the nation"]),
        ]
    )
    return tag("div", tag("div", left), tag("div", right), class_="two")


def _border(data: BriefData, state: str, name: str) -> Html:
    rows = data.cross_border.get(state, [])
    if not rows:
        return tag("p", f"For no woman of {name} is the nearest birth care in another state.")
    rows = sorted(rows, key=lambda row: -row["women_15_44"])
    lines = [
        [
            STATES.get(row["unit_state"], row["unit_state"]),
            whole(row["women_15_44"]),
            percent(row["share_women_of_home_state"]),
            minutes(row["minutes"]),
            minutes(row["minutes_added_in_state_only"], "none"),
            whole(row["women_newly_beyond_60_in_state_only"]),
        ]
        for row in rows
    ]
    return table(
        f"Women of {name} whose nearest birth care is in another state",
        [
            "State of the unit",
            "Women",
            "Share of the state's",
            "Mean min",
            "Min added within the state alone",
            "Newly beyond 60 min within the state alone",
        ],
        lines,
        numbers=(1, 2, 3, 4, 5),
    )


def _outcome(data: BriefData, place: str, name: str, rows: Sequence[Row]) -> Html:
    own, nation = data.rates.get(place), data.rates.get(NATION)
    said = [outcome.place_rate_sentence(name, own)]
    shown = [(name, own)]
    if place != NATION:
        said.append(outcome.place_rate_sentence("United States", nation))
        shown.append(("United States", nation))
    drawn = [
        (words, found.value, found.low, found.high)
        for words, found in shown
        if found is not None and found.value is not None
    ]
    chart = interval_chart(drawn) if own is not None and own.value is not None else Html("")
    return join(
        [
            items(said),
            chart,
            paragraphs(
                [
                    _standing_sentence(rows, str(data.run.about["outcomes"]["not_published"])),
                    (
                        "Few deaths are not published, so a small place appears only when its rate is high. "
                        f"{common_words(rows).many.capitalize()} are not ranked by it here."
                    ),
                ]
            ),
            tag("p", f"Source: {data.run.about['outcomes']['source']}.", class_="quiet"),
        ]
    )


def _sources(data: BriefData) -> dict[str, str]:
    """Return publisher and vintage of each source."""
    return {
        str(source["id"]): f"{str(source['publisher']).split(' (')[0]}, {source['vintage']}"
        for source in data.run.about["sources"]
    }


def _standing_sentence(rows: Sequence[Row], not_published: str) -> str:
    """Return how many counties have a reliable published rate, and why each of the others has none."""
    called = common_words(rows)
    numbers = Counter(_STANDING.get(row["imr_status"], "other") for row in rows)
    published = numbers.pop("published", 0)
    have = sentence(f"{count(published, f'{called.one} has', f'{called.many} have')} a reliable published rate, of ")
    opening = f"{have.removesuffix('.').rstrip()} {whole(len(rows))}"
    words = {
        "few": f"with {not_published}, so none is published",
        "unreliable": "with an unreliable one, of under 20 deaths",
        "apportioned": "with a rate apportioned from the old counties, an estimate",
        "unnamed": "that the export does not name",
        "other": "not reported by the source",
    }
    rest = [f"{whole(numbers[kind])} {said}" for kind, said in words.items() if numbers[kind]]
    return f"{opening}; the others: {'; '.join(rest)}." if rest else f"{opening}."


def _notes(rows: Sequence[Row]) -> list[str]:
    registered = any(row["births_per_year_status"] == "registered" for row in rows)
    found = ["Women aged 15-44 are Census estimates, shared out to demand points by people."]
    if registered:
        found.append(
            "Births of Puerto Rico's municipios are registered births, a three-year mean; other births are Census "
            "estimates."
        )
    else:
        found.append("Births a year are Census estimates, not registered counts.")
    return found
