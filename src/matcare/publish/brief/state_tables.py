"""Tables of a state's brief: care at the right level, disparities, policies, indicators that only states have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.publish.brief.html import Html, join, paragraphs, table, tag
from matcare.publish.brief.profile import indicator_value, missing_words
from matcare.publish.brief.words import SPACE, about, joined, minutes, percent, rate, shortened, span, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["disparities", "policies", "right_level", "state_indicators"]

Row = dict[str, Any]

_LIMIT: Final = 60
_RISKS: Final = {
    "low": "Low risk: any birth care",
    "moderate": "32 to 34 weeks: neonatal level II or higher",
    "high": "Under 1,500 g or 32 weeks: neonatal level III or IV",
    "maternal": "Maternal complications: maternal level III or IV",
}
_ARRANGEMENTS: Final = {
    "unit": "the nearest such unit",
    "same_site": "with birth care on one campus",
    "split": "on one campus or two",
}
_GROUPS: Final = {
    "aian": "American Indian or Alaska Native",
    "asian": "Asian",
    "black": "Black",
    "hispanic": "Hispanic",
    "multiple": "More than one race",
    "nhopi": "Native Hawaiian or Pacific Islander",
    "white": "White",
    "metro": "Metropolitan counties",
    "nonmetro_adjacent": "Nonmetropolitan, beside a metropolitan one",
    "nonmetro_not_adjacent": "Nonmetropolitan, not beside one",
    "insured": "Insured",
    "uninsured": "Without insurance",
}
"""Groups in the contract's order, which is no ranking."""

_RACES: Final = ("aian", "asian", "black", "hispanic", "multiple", "nhopi", "white")
_LEAST_COUNT: Final = 10

_STATUS: Final = {
    "suppressed": "suppressed",
    "complementary": "withheld, so that no suppressed count can be worked out",
    "no_deaths": "no deaths",
    "no_births": "no births",
    "no_women": "nobody",
    "reference_missing": "no reference",
    "not_reported": "not reported",
    "without_minutes": "most cannot be given minutes",
    "too_few_counties": "too few counties",
}
_MEASURES: Final = (
    (
        "race",
        "infant_mortality",
        "live_births",
        "Infant deaths per 1,000 live births by mother's race and Hispanic origin",
    ),
    ("race", "minutes_birth_care", "women_15_44", "Mean minutes to birth care by race and Hispanic origin"),
    ("rurality", "minutes_birth_care", "women_15_44", "Mean minutes to birth care by rurality"),
    (
        "rurality",
        "minutes_neonatal_3_plus",
        "women_15_44",
        "Mean minutes to reported neonatal level III or IV by rurality",
    ),
)


def right_level(rows: Sequence[Row], name: str) -> Html:
    """Return who lives within 60 minutes of the care that each risk group needs, with bounds.

    Parameters
    ----------
    rows : sequence of dict
        Of `COVERAGE`, of one place.
    name : str
        Of the place.
    """
    found = {
        (row["risk_group"], row["arrangement"], row["reading"]): row for row in rows if row["limit_minutes"] == _LIMIT
    }
    lines = []
    for risk, words in _RISKS.items():
        for arrangement, how in _ARRANGEMENTS.items():
            estimate = found.get((risk, arrangement, "estimate"))
            if estimate is None or (risk == "maternal" and arrangement != "unit"):
                continue
            lower, upper = (found.get((risk, arrangement, reading), {}) for reading in ("one_lower", "unknown_count"))
            none = "not reported" if estimate["reason"] in {"not_reported", "level_not_reported"} else "no figure"
            lines.append(
                [
                    words if arrangement == "unit" else f"… {how}",
                    percent(lower.get("share_women_within"), "–" if risk in {"low", "maternal"} else none),
                    percent(estimate["share_women_within"], none),
                    percent(upper.get("share_women_within"), "–" if risk in {"low", "maternal"} else none),
                    minutes(estimate["minutes"], none),
                ]
            )
    if not lines:
        return tag("p", f"The run's table of coverage has no rows for {name}.")
    high = found.get(("high", "unit", "estimate"), {}).get("births_high_risk_per_year")
    births = (
        ""
        if high is None
        else f"Births under 1,500{SPACE}g in {name}: about {about(high)} a year, partly from estimated shares."
    )
    return join(
        [
            table(
                (
                    f"Women within 60{SPACE}minutes of the care that each risk needs, with bounds for what is not "
                    "known of levels"
                ),
                [
                    "Risk and care",
                    "Every level one lower",
                    "As reported",
                    "NICUs of unknown level count",
                    "Mean min, as reported",
                ],
                lines,
                numbers=(1, 2, 3, 4),
            ),
            paragraphs([births, "The risk groups are matcare's own."]),
        ]
    )


def disparities(rows: Sequence[Row], sources: Mapping[str, str]) -> Html:
    """Return the disparities that stand, group by group in a fixed order, each with its interval; nothing is ranked.

    Parameters
    ----------
    rows : sequence of dict
        Of `DISPARITIES`, of one place.
    sources : mapping
        Words for the identifiers of sources; an identifier that has none is a table of the run.
    """
    parts = []
    for dimension, measure, weight, caption in _MEASURES:
        found = [
            row
            for row in rows
            if row["dimension"] == dimension and row["measure"] == measure and row["weighted_by"] == weight
        ]
        if not any(row["status"] == "given" for row in found):
            continue
        say, decimals = (rate, 2) if measure == "infant_mortality" else (minutes, 1)
        by_group = {row["group"]: row for row in found}
        lines = [
            _disparity(words, by_group[group], say, decimals) for group, words in _GROUPS.items() if group in by_group
        ]
        years = ", ".join(sorted({str(row["period"]) for row in found if row["period"]}))
        parts += [
            table(
                f"{caption}{years and f', {years}'}",
                [
                    "Group",
                    "Value",
                    "95 % interval",
                    "Ratio to the reference",
                    "95 % interval of the ratio",
                    "Stands on",
                ],
                lines,
                numbers=(1, 2, 3, 4, 5),
            ),
            paragraphs([_absent_words(dimension, by_group), _source_words(found, sources)], class_="quiet"),
        ]
    if not parts:
        return tag("p", "No disparity stands in the run's table for this place: counts are suppressed or not reported.")
    return join(
        [
            *parts,
            tag(
                "p",
                "Reference: White, or metropolitan counties. Access by race gives all groups of a county its "
                "minutes, so gaps within counties are not seen. Groups stand in a fixed order and are not ranked; "
                "tribal nations are sovereign over data about their people. A ratio describes; it names no cause.",
                class_="quiet",
            ),
        ]
    )


def _disparity(words: str, row: Row, say: Any, decimals: int) -> list[object]:
    if row["value"] is None:
        return [words, _STATUS.get(row["status"], "no figure"), "", "", "", ""]
    doubt = " (unreliable: under 20 deaths)" if row["reliable"] is False else ""
    own = row["group"] == row["reference"]
    return [
        words + doubt,
        say(row["value"]),
        span(row["low"], row["high"], decimals) or "none",
        "reference" if own else "none" if row["ratio"] is None else f"{row['ratio']:.2f}",
        "" if own else span(row["ratio_low"], row["ratio_high"], 2) or "none",
        _basis(row),
    ]


def _basis(row: Row) -> str:
    """Return the counts that a value stands on; a small count is never said."""
    deaths, births = row["infant_deaths"], row["live_births"]
    if deaths is not None and births is not None:
        return "" if deaths < _LEAST_COUNT else f"{whole(deaths)} deaths, {whole(births)} births"
    return "" if row["women"] is None else f"{whole(row['women'])} women"


def _absent_words(dimension: str, by_group: Mapping[str, Row]) -> str:
    """Return which groups have no row at all, so that nobody takes them for none."""
    absent = [_GROUPS[group] for group in _RACES if group not in by_group] if dimension == "race" else []
    return f"Not published for this place: {joined(absent)}. That is not zero." if absent else ""


def _source_words(rows: Sequence[Row], sources: Mapping[str, str]) -> str:
    """Return where the values come from, each source once."""
    named = [name.strip() for row in rows for name in str(row["source"] or "").split(",")]
    said = list(dict.fromkeys(sources.get(name, "this run's minutes") for name in named if name))
    return f"Source: {'; '.join(said)}." if said else ""


def policies(rows: Sequence[Row], catalog: Mapping[str, Row]) -> Html:
    """Return the state's policies with their standing."""
    lines = []
    for row in rows:
        entry = catalog.get(row["policy"], {})
        force = {True: "yes", False: "no"}.get(row["in_force"], "not compiled")
        standing = {"from_memory": "from memory, unverified", "reported": "reported"}.get(row["status"], "not reported")
        lines.append(
            [str(entry.get("label", row["policy"])), force, row["from_date"] or "no date in the source", standing]
        )
    if not lines:
        return tag("p", "The run's table has no policies for this place.")
    return table(
        "Policies in force on the day of the run", ["Policy", "In force", "From", "Standing of the entry"], lines
    )


def state_indicators(rows: Sequence[Row], catalog: Mapping[str, Row]) -> Html:
    """Return the indicators that are known for the state as a whole."""
    lines = []
    for row in rows:
        entry = catalog.get(row["indicator"])
        if entry is None or entry["unit"] == "1 yes, 0 no":
            continue
        value = (
            missing_words(row["status"]) if row["value"] is None else indicator_value(row["value"], str(entry["unit"]))
        )
        percentile = "none" if row["percentile_nation"] is None else whole(row["percentile_nation"])
        unit = str(entry["unit"]).replace("share 0-1", "share")
        lines.append([shortened(str(entry["label"]).removesuffix(" (state)")), value, unit, percentile])
    if not lines:
        return Html("")
    return table(
        "Indicators of the state, with the percentile of concern among the states (higher is of more concern)",
        ["Indicator", "Value", "Unit", "Percentile"],
        lines,
        numbers=(1, 3),
    )
