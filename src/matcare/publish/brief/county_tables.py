"""Tables of counties and states in a state's or the nation's brief; none ranks an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.geo import STATES
from matcare.publish.brief.html import Html, items, join, paragraphs, table, tag
from matcare.publish.brief.words import (
    MISSING_WORDS,
    SPACE,
    common_words,
    count,
    few_or_whole,
    minutes,
    percent,
    sentence,
    whole,
)
from matcare.publish.map.themes import CLASS_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matcare.publish.brief.data import BriefData

__all__ = ["attention", "classes", "every_county", "states"]

Row = dict[str, Any]

_ATTENTION: Final = 15


def _named(row: Row, link: Callable[[str], str | None] | None, *, state: bool = False) -> object:
    name = f"{row['county_name']}, {row['state']}" if state else row["county_name"]
    href = None if link is None else link(row["county_fips"])
    return name if href is None else tag("a", name, href=href)


def classes(rows: Sequence[Row]) -> Html:
    """Return counties and women by March of Dimes class."""
    women = sum(row["women_15_44"] or 0.0 for row in rows)
    many = common_words(rows).many
    lines = []
    for level, words in CLASS_WORDS.items():
        group = [row for row in rows if row["march_of_dimes_class"] == level]
        if not group:
            continue
        theirs = sum(row["women_15_44"] or 0.0 for row in group)
        lines.append([words, whole(len(group)), whole(theirs), percent(theirs / women) if women else "no figure"])
    return table(
        f"{many.capitalize()} and women 15-44 by March of Dimes class",
        ["Class", many.capitalize(), "Women 15-44", "Share of women"],
        lines,
        numbers=(1, 2, 3),
    )


def attention(rows: Sequence[Row], link: Callable[[str], str | None] | None) -> Html:
    """Return the counties that need attention, farthest first, and apart from them those that have no mean drive."""
    withheld = [row for row in rows if row["minutes_birth_care"] is None]
    needing = [row for row in rows if row["minutes_birth_care"] is not None and _needs_attention(row)]
    far = sorted(
        needing,
        key=lambda row: (-row["minutes_birth_care"], row["county_fips"]),
    )
    many = len({row["state"] for row in rows}) > 1
    called = common_words(rows)
    undecided = _undecided_words(rows)
    if not far and not withheld:
        none = (
            f"No {called.one} is known to be a desert or of low access by the March of Dimes rule, and in none do half "
            "or more of the women live farther than 30 minutes from birth care."
        )
        return paragraphs([none, undecided])
    lines = [
        [
            _named(row, link, state=many),
            CLASS_WORDS[row["march_of_dimes_class"]],
            minutes(row["minutes_birth_care"]),
            percent(row["share_women_within_30_birth_care"]),
            percent(row["share_women_within_60_birth_care"]),
            whole(row["women_15_44"] or 0.0),
        ]
        for row in far[:_ATTENTION]
    ]
    shown = table(
        f"Longest mean drive first: {len(lines)} of the {count(len(far), called.one, called.many)} with a mean drive "
        "that are deserts or of low access, or where half or more of the women live farther than 30 minutes",
        [called.one.capitalize(), "Class", "Mean minutes", "≤ 30 min", "≤ 60 min", "Women"],
        lines,
        numbers=(2, 3, 4, 5),
    )
    apart = (
        sentence(f"{count(len(withheld), called.one, called.many)} without a mean drive stand apart below")
        if withheld
        else ""
    )
    shown = join([shown, paragraphs([apart, undecided], class_="quiet")])
    if not withheld:
        return shown
    reasons = [
        join(
            [
                _named(row, link, state=many),
                (
                    f": {MISSING_WORDS.get(row['minutes_birth_care_reason'], 'no figure')}; "
                    f"{percent(row['share_women_within_30_birth_care'])} of its women within 30{SPACE}minutes."
                ),
            ]
        )
        for row in withheld
    ]
    return join([shown, tag("h3", "No mean drive can be stated"), items(reasons)])


def _undecided_words(rows: Sequence[Row]) -> str:
    """Return how many may be of low access, which is not known: an input is missing."""
    called = common_words(rows)
    open_ = [row for row in rows if row["march_of_dimes_class"] == "low_or_moderate"]
    if not open_:
        return ""
    are = "is" if len(open_) == 1 else "are"
    return (
        f"{count(len(open_), called.one, called.many)} {are} of low or of moderate access: an input is missing, so "
        "which is not known, and they are listed only where half or more of the women live farther than 30 minutes."
    )


def _needs_attention(row: Row) -> bool:
    return row["march_of_dimes_class"] in {"desert", "low"} or bool(row["drive_time_desert_30"])


def states(data: BriefData, link: Callable[[str], str | None] | None) -> Html:
    """Return the states by name."""
    lines = []
    for state in sorted(data.codes_by_state, key=lambda code: STATES.get(code, code)):
        rows = [data.counties[code] for code in data.codes_by_state[state]]
        birth, high = data.access(state).get("birth_care", {}), data.access(state).get("neonatal_3_plus", {})
        href = None if link is None else link(state)
        name = STATES.get(state, state)
        lines.append(
            [
                name if href is None else tag("a", name, href=href),
                whole(len(rows)),
                whole(sum(row["march_of_dimes_class"] == "desert" for row in rows)),
                minutes(birth.get("minutes")),
                percent(birth.get("share_women_within_30")),
                percent(high.get("share_women_within_60"), "not known"),
            ]
        )
    return table(
        "States by name",
        ["State", "Counties", "Deserts", "Mean min to birth care", "≤ 30 min", "≤ 60 min of level III or IV"],
        lines,
        numbers=(1, 2, 3, 4, 5),
    )


def every_county(rows: Sequence[Row], link: Callable[[str], str | None] | None) -> Html:
    """Return the counties by name, with the ways to their briefs."""
    called = common_words(rows)
    lines = [
        [
            _named(row, link),
            CLASS_WORDS[row["march_of_dimes_class"]],
            minutes(row["minutes_birth_care"], "withheld"),
            percent(row["share_women_within_30_birth_care"]),
            percent(row["share_women_within_60_neonatal_3_plus"], "not known"),
            whole(row["women_15_44"] or 0.0),
            "not published" if row["births_per_year"] is None else few_or_whole(row["births_per_year"]),
        ]
        for row in rows
    ]
    return table(
        f"{called.many.capitalize()} by name: women 15-44 by drive",
        [
            called.one.capitalize(),
            "Class",
            "Mean min to birth care",
            "≤ 30 min",
            "≤ 60 min of level III or IV",
            "Women",
            "Births a year",
        ],
        lines,
        numbers=(2, 3, 4, 5, 6),
    )
