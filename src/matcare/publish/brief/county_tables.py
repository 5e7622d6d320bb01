"""Tables of counties and states in a state's or the nation's brief; none ranks an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.geo import STATES
from matcare.publish.brief.html import Html, items, join, table, tag
from matcare.publish.brief.words import MISSING_WORDS, SPACE, count, few_or_whole, minutes, percent, whole
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
    lines = []
    for level, words in CLASS_WORDS.items():
        group = [row for row in rows if row["march_of_dimes_class"] == level]
        if not group:
            continue
        theirs = sum(row["women_15_44"] or 0.0 for row in group)
        lines.append([words, whole(len(group)), whole(theirs), percent(theirs / women) if women else "no figure"])
    return table(
        "Counties and women 15-44 by March of Dimes class",
        ["Class", "Counties", "Women 15-44", "Share of women"],
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
    if not far and not withheld:
        return tag(
            "p",
            "No county is a desert or of low access by the March of Dimes rule, and in none do half or more of the "
            "women live farther than 30 minutes from birth care.",
        )
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
        f"Longest mean drive first: {len(lines)} of the {count(len(far), 'county', 'counties')} that are deserts or "
        "of low access, or where half or more of the women live farther than 30 minutes",
        ["County", "Class", "Mean minutes", "≤ 30 min", "≤ 60 min", "Women"],
        lines,
        numbers=(2, 3, 4, 5),
    )
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


def _needs_attention(row: Row) -> bool:
    return row["march_of_dimes_class"] in {"desert", "low", "low_or_moderate"} or bool(row["drive_time_desert_30"])


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
        "Counties by name: women 15-44 by drive",
        [
            "County",
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
