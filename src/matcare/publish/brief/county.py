"""A county's brief: its sections in the order in which a busy reader needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import COVERAGE_MINUTES
from matcare.publish.brief import access_words as access
from matcare.publish.brief import class_words as classed
from matcare.publish.brief import outcome_words as outcome
from matcare.publish.brief.charts import interval_chart, reach_bars
from matcare.publish.brief.data import NATION, place_name, state_name
from matcare.publish.brief.frame import brief_page, closing_sections, ecological_words
from matcare.publish.brief.grant_words import grant_facts
from matcare.publish.brief.html import Html, definitions, items, join, paragraphs, section, table, tag
from matcare.publish.brief.profile import profile_content
from matcare.publish.brief.units import closures, nearest_units, numbered_units, transfers
from matcare.publish.brief.words import (
    SPACE,
    about,
    at_most,
    births,
    few_or_whole,
    home_word,
    minutes,
    percent,
    place_words,
    shortened,
    whole,
)
from matcare.publish.map.themes import CLASS_WORDS, SERVICE_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matcare.publish.brief.data import BriefData
    from matcare.publish.brief.maps import BriefMaps

__all__ = ["county_brief", "county_notes", "key_figures"]

Row = dict[str, Any]

_BIRTHS_WORDS: Final = {"registered": "Registered births a year", "census_estimate": "Estimated births a year"}
_LEVEL_ROWS: Final = (
    ("neonatal_2_plus", "Neonatal level II or higher"),
    ("same_site_2_plus", "… with birth care on one campus"),
    ("split_2_plus", "… with birth care on one campus or two"),
    ("neonatal_3_plus", "Neonatal level III or IV"),
    ("same_site_3_plus", "… with birth care on one campus"),
    ("split_3_plus", "… with birth care on one campus or two"),
)
_CHANCES: Final = (
    ("p_march_of_dimes_desert", "Class: maternity care desert"),
    ("p_march_of_dimes_low", "Class: low access"),
    ("p_march_of_dimes_moderate", "Class: moderate access"),
    ("p_march_of_dimes_full", "Class: full access"),
    ("p_march_of_dimes_undetermined", "Class not determined: an input is missing"),
    ("p_drive_time_desert_30", "Half or more of the women farther than 30 minutes"),
    ("p_drive_time_desert_60", "Half or more of the women farther than 60 minutes"),
)


def county_brief(data: BriefData, maps: BriefMaps, code: str, *, back: Html | None = None) -> str:
    """Return the brief of a county as one self-contained page.

    Parameters
    ----------
    data : BriefData
        The run's joined rows.
    maps : BriefMaps
        The run's drawings.
    code : str
        Five digits.
    back : Html, optional
        A line of links above all.
    """
    row = data.counties[code]
    state = state_name(row)
    title = place_name(row)
    content = [
        back or Html(""),
        _opening(data, row, title),
        key_figures(row),
        section("Where care is", maps.county(code, numbered=numbered_units(data, code)), id_="map"),
        section("Minutes and coverage", _coverage(data, row, state), id_="coverage"),
        section("Nearest units", nearest_units(data, code), id_="units"),
        section("Care at the right level", _right_level(data, row, state, code), id_="level"),
        section(
            "Backup, and what a closure would do",
            paragraphs(access.backup_sentences(row)),
            closures(data, code),
            id_="closure",
        ),
        section("Infant mortality", _outcome(data, row, state), id_="outcome"),
        section(
            "Profile of the mother-infant dyad's surroundings",
            profile_content(row, data.indicators.get(code, []), data.catalog),
            id_="profile",
        ),
        section("Definitions side by side", _definitions(data, row, code), id_="definitions"),
        section("How sure", _certainty(row), id_="certainty"),
        section(
            "For grant applications",
            definitions(grant_facts(row), class_="facts"),
            tag(
                "p",
                "Lists of HRSA and of the Federal Office of Rural Health Policy come in with --hpsa and --forhp; "
                "scores are theirs and never computed here. Not a decision on eligibility.",
                class_="quiet",
            ),
            id_="grant",
        ),
        closing_sections(data.run, title, county_notes(row)),
    ]
    return brief_page(title=title, kicker=f"Maternity care access: {_home(row)} brief {code}", content=content)


def _home(row: Row) -> str:
    return home_word(str(row["county_name"]), str(row["state"]))


def _opening(data: BriefData, row: Row, title: str) -> Html:
    places = []
    for place, name in ((row["state"], state_name(row)), (NATION, "the nation")):
        places.append((name, data.access(place).get("birth_care"), place in data.defaults))
    said = [
        *classed.class_sentences(row),
        access.border_sentence(row),
        access.comparison_sentence(places),
    ]
    return join(
        [
            tag("p", access.headline(row, title), class_="headline"),
            paragraphs([" ".join(classed.caution_sentences(row))], class_="warn"),
            paragraphs(said),
            tag("p", ecological_words(), class_="quiet"),
        ]
    )


def key_figures(row: Row) -> Html:
    """Return the strip of six figures below the headline."""
    status = row["births_per_year_status"]
    number = row["births_per_year"]
    mean = row["minutes_birth_care"]
    level = row["share_women_within_60_neonatal_3_plus"]
    most = row["share_women_within_60_neonatal_3_plus_unknown_count"]
    return definitions(
        [
            ("Women 15-44 (estimate)", "no figure" if row["women_15_44"] is None else whole(row["women_15_44"])),
            (
                _BIRTHS_WORDS.get(status, "Births a year"),
                births(None, status) if number is None else few_or_whole(number),
            ),
            ("March of Dimes class", CLASS_WORDS[row["march_of_dimes_class"]]),
            (f"Within 30{SPACE}minutes of birth care", percent(row["share_women_within_30_birth_care"])),
            ("Mean drive to birth care", "withheld" if mean is None else f"{minutes(mean)}{SPACE}min"),
            (f"Within 60{SPACE}minutes of reported level III or IV{at_most(level, most)}", percent(level, "not known")),
        ],
        class_="strip",
    )


def _coverage(data: BriefData, row: Row, state: str) -> Html:
    others = {name: data.access(place) for place, name in ((row["state"], row["state"]), (NATION, NATION))}
    lines = []
    for service, words in SERVICE_WORDS.items():
        mean = row[f"minutes_{service}"]
        cells: list[object] = [words, _beside(minutes(mean, "withheld"), others, service, "minutes", minutes)]
        for limit in COVERAGE_MINUTES:
            share = row[f"share_women_within_{limit}_{service}"]
            cells.append(_beside(percent(share, "not known"), others, service, f"share_women_within_{limit}", percent))
        lines.append(cells)
    default = [name for name in (row["state"], NATION) if name in data.defaults]
    whose = (
        f"{row['state']}: {state}. US: the nation. Shares of a level are a floor there: many units have no "
        "reported level, in Puerto Rico all, and unknown is not none."
    )
    if default:
        whose += f" {' and '.join(default)}: of the default scenario kept with the data, not of this run."
    bars = [
        (
            words,
            row[f"share_women_within_60_{service}"],
            [_value(other, service, "share_women_within_60") for other in others.values()],
        )
        for service, words in SERVICE_WORDS.items()
    ]
    left = join(
        [
            table(
                (
                    f"Women aged 15-44 by drive to the nearest: the {_home(row)}, with its "
                    f"{place_words(row['state']).state} and the nation below"
                ),
                ["Nearest", "Mean minutes", *(f"≤ {limit} min" for limit in COVERAGE_MINUTES)],
                lines,
                numbers=(1, 2, 3, 4),
            ),
            paragraphs([whose], class_="quiet"),
        ]
    )
    right = join([tag("h3", f"Women within 60{SPACE}minutes"), reach_bars(bars, [state, "the nation"])])
    return join(
        [
            tag("div", tag("div", left), tag("div", right), class_="two"),
            items(access.without_words(row, SERVICE_WORDS)),
        ]
    )


def _value(found: Mapping[str, Row], service: str, column: str) -> float | None:
    value = found.get(service, {}).get(column)
    return None if value is None else float(value)


def _beside(own: str, others: Mapping[str, Mapping[str, Row]], service: str, column: str, say: Any) -> Html:
    """Return the county's figure with those of the state and the nation below it."""
    below = [
        tag("small", f" {name}{SPACE}{say(value)}")
        for name, found in others.items()
        if (value := _value(found, service, column)) is not None
    ]
    return join([own, *below])


def _right_level(data: BriefData, row: Row, state: str, code: str) -> Html:
    lines = []
    for name, words in _LEVEL_ROWS:
        stem = f"share_women_within_60_{name}"
        lines.append(
            [
                words,
                percent(row[f"{stem}_one_lower"], "not known"),
                percent(row[stem], "not known"),
                percent(row[f"{stem}_unknown_count"], "not known"),
            ]
        )
    return join(
        [
            paragraphs(access.right_level_sentences(row, state)),
            table(
                f"Women within 60{SPACE}minutes, with bounds for what is not known of levels",
                ["Care", "Every level one lower", "As reported", "NICUs of unknown level count"],
                lines,
                numbers=(1, 2, 3),
            ),
            paragraphs([_high_risk(row)]),
            transfers(data, code),
            tag(
                "p",
                "Maternal levels of care are in no public source: not reported here unless a user's file holds them.",
                class_="quiet",
            ),
        ]
    )


def _high_risk(row: Row) -> str:
    number, status = row["births_high_risk_per_year"], row["births_high_risk_status"]
    if number is not None:
        basis = (
            "from the published share"
            if row["share_very_low_birthweight_status"] == "reported"
            else "from an estimated share"
        )
        return f"Births under 1,500{SPACE}g: about {about(number)} a year, {basis}."
    if status == "small_count":
        return f"Births under 1,500{SPACE}g: not stated, since the source masks them or they are fewer than 10 a year."
    return f"Births under 1,500{SPACE}g: not reported."


def _outcome(data: BriefData, row: Row, state: str) -> Html:
    unpublished = str(data.run.about["outcomes"]["not_published"])
    theirs, nation = data.rates.get(row["state"]), data.rates.get(NATION)
    own = outcome.outcome_sentences(row, unpublished)
    modelled = outcome.modelled_sentences(row, theirs)
    box = (
        tag("div", tag("h3", "Modelled, not observed"), paragraphs(modelled), class_="modelled")
        if modelled
        else Html("")
    )
    beside = [outcome.place_rate_sentence(state, theirs), outcome.place_rate_sentence("United States", nation)]
    chart = Html("")
    if row["imr_status"] == "published":
        shown = [(_home(row).capitalize(), row["imr"], row["imr_low"], row["imr_high"])]
        shown += [
            (name, found.value, found.low, found.high)
            for name, found in ((state, theirs), ("United States", nation))
            if found is not None and found.value is not None and found.period == row["outcome_period"]
        ]
        chart = join(
            [
                interval_chart(shown),
                tag("p", f"Infant deaths per 1,000 live births with 95{SPACE}% intervals.", class_="quiet"),
            ]
        )
    return join(
        [
            paragraphs(own),
            chart,
            box,
            tag("h3", f"The {place_words(row['state']).state} and the nation, as published"),
            items(beside),
            paragraphs(
                outcome.comparison_sentences(
                    row, [(f"the {place_words(row['state']).state}'s", theirs), ("the nation's", nation)]
                )
            ),
            definitions(outcome.shrunk_facts(row), class_="facts") if outcome.shrunk_facts(row) else Html(""),
            items(outcome.cluster_sentences(row)),
            tag(
                "p",
                f"Source: {data.run.about['outcomes']['source']}. Few deaths are not published, so a small county "
                "appears only when its rate is high.",
                class_="quiet",
            ),
        ]
    )


def _definitions(data: BriefData, row: Row, code: str) -> Html:
    lines = []
    for entry in data.definitions.get(code, []):
        met = {True: "yes", False: "no"}.get(entry["met"], "unknown")
        value = entry["value"]
        said = (
            "" if value is None else percent(value) + " within" if "drive_time" in entry["definition"] else f"{value:g}"
        )
        why = {
            "decided": "",
            "inputs_missing": "an input is missing",
            "no_score": "no score in the list",
            "not_supplied": "no list supplied for the state",
            "no_demand_points": "nobody lives there",
        }
        lines.append([shortened(str(entry["words"]), 240), met, said or why.get(entry["reason"], "")])
    return join(
        [
            paragraphs([access.definitions_sentence(row)]),
            table(
                f"Definitions of poor access, and whether the {_home(data.counties[code])} meets them",
                ["Definition", "Met", "Value compared"],
                lines,
            )
            if lines
            else Html(""),
        ]
    )


def _certainty(row: Row) -> Html:
    said = paragraphs(classed.certainty_sentences(row))
    if row["certainty_status"] != "default_scenario":
        return said
    lines: Sequence[Sequence[object]] = [
        (words, classed.draws(row[column])) for column, words in _CHANCES if row[column] is not None
    ]
    return join(
        [
            said,
            table("What the draws give", ["Statement", "True"], lines),
            tag(
                "p", "A share of draws from stated beliefs, not a frequency of anything that happened.", class_="quiet"
            ),
        ]
    )


def county_notes(row: Row) -> list[str]:
    """Return what must be known of a county's data, a sentence each."""
    women = {"acs_estimate": "the American Community Survey 2019-23"}.get(
        row["women_15_44_status"], "the Census estimates of July 2023"
    )
    found = [f"Women aged 15-44 are from {women}, shared out to demand points by people."]
    leg = row["share_women_long_direct_leg_birth_care"]
    if leg:
        found.append(
            f"For {percent(leg)} of the women the minutes to birth care stand on a straight line of over 8{SPACE}km "
            "between signed highways: about right on county roads, too short over a lake, canyon or range."
        )
    if row["births_disagree"]:
        found.append(f"The two sources of births differ by more than 25{SPACE}%.")
    if row["births_per_year_status"] == "registered":
        found.append("Births are registered births, a three-year mean, not a Census estimate.")
    for column, words in (
        ("share_women_uninsured", "Women without insurance"),
        ("obgyns", "Obstetrician-gynecologists"),
    ):
        if row[column] is None:
            found.append(f"{words}: not reported.")
    low = row["share_low_birthweight_status"]
    if low == "suppressed":
        found.append("Low birthweight: suppressed by the source, fewer than ten such births.")
    if row["corrections"] and row["corrections"] != "none":
        found.append(f"Corrections in force that touch this {_home(row)}: {row['corrections']}.")
    return found
