"""Legend rows, colour ramps and breaks that the maps' themes share (ColorBrewer, safe for colour-blind readers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "BUPU_DARK_FIRST",
    "FIXED_WORDS",
    "KNOWN_LEVELS",
    "LEVEL_NOT_REPORTED",
    "MINUTES_LABELS",
    "MINUTES_UPPER",
    "NO_DATA",
    "NO_MINUTES",
    "OF_WOMEN",
    "PROBABILITY_COLOURS",
    "PROBABILITY_LABELS",
    "PROBABILITY_UPPER",
    "PUBU",
    "REASON_PATTERNS",
    "REASON_WORDS",
    "SHARE_LABELS",
    "SHARE_UPPER",
    "YLGNBU",
    "YLORBR",
    "Theme",
    "binned_theme",
    "bins",
    "minutes_segment",
    "minutes_theme",
    "rows",
    "say",
]

Theme = dict[str, Any]

YLGNBU: Final = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
BUPU_DARK_FIRST: Final = ("#810f7c", "#8856a7", "#8c96c6", "#9ebcda", "#bfd3e6", "#edf8fb")
YLORBR: Final = ("#ffffd4", "#fee391", "#fec44f", "#fe9929", "#d95f0e", "#993404")
PUBU: Final = ("#f1eef6", "#bdc9e1", "#74a9cf", "#2b8cbe", "#045a8d")

MINUTES_UPPER: Final = (15, 30, 45, 60, 90, 120, None)
MINUTES_LABELS: Final = (
    "15 minutes or less",
    "over 15 to 30",
    "over 30 to 45",
    "over 45 to 60",
    "over 60 to 90",
    "over 90 to 120",
    "over 120",
)
SHARE_UPPER: Final = (0.0, 0.25, 0.5, 0.75, 0.95, None)
SHARE_LABELS: Final = (
    "None (0 %)",
    "over 0 to 25 %",
    "over 25 to 50 %",
    "over 50 to 75 %",
    "over 75 to 95 %",
    "over 95 %",
)

PROBABILITY_UPPER: Final = (0.05, 0.25, 0.75, 0.95, None)
PROBABILITY_LABELS: Final = (
    "Almost surely not (5 % or less)",
    "Probably not (over 5 to 25 %)",
    "Either may be true (over 25 to 75 %)",
    "Probably (over 75 to 95 %)",
    "Almost surely (over 95 %)",
)
PROBABILITY_COLOURS: Final = (("#e4eef3",), ("#ebc98a",), ("#e4eef3", "#b5611f"), ("#d07a35",), ("#7f2704",))
"""Certain at both ends; the middle in stripes of both, because either may be true."""

REASON_WORDS: Final = {
    "covered": "within reach",
    "partly_covered": "within reach for some",
    "beyond_limit": "Beyond the search limit",
    "unreachable": "No road route to any such unit",
    "no_road_access": "No road within 30 km",
    "ferry_or_air_only": "Ferry or plane only",
    "no_demand_points": "Nobody lives there, by the census",
    "level_not_reported": "No neonatal level reported in the state",
}
"""Why minutes are missing, in words."""

REASON_PATTERNS: Final = {
    "beyond_limit": "cross",
    "unreachable": "grid",
    "no_road_access": "diagonal",
    "ferry_or_air_only": "waves",
    "no_demand_points": "bars",
}

LEVEL_NOT_REPORTED: Final = {
    "value": "level_not_reported",
    "label": REASON_WORDS["level_not_reported"],
    "pattern": "rings",
}
"""The legend row where a level is unknown, not absent; only what hangs on a level has it."""

KNOWN_LEVELS: Final = "Levels as reported; a unit of unknown level does not count."
"""What is said wherever care is counted by level."""

NO_DATA: Final = {"value": None, "label": "No figure", "pattern": "dots"}
"""The legend row of a value that is missing without a reason."""

FIXED_WORDS: Final = "Classes: fixed limits, the same on every map."
"""What the legend says of limits that policy or custom sets (30, 60, 90 minutes; half of women; 10 % uninsured)."""

OF_WOMEN: Final = "Mean over the county’s women 15-44."
"""What minutes of a county are."""


def bins(
    upper: Sequence[float | None], labels: Sequence[str], ramp: Sequence[str | Sequence[str]]
) -> list[dict[str, Any]]:
    """Return the legend rows of a binned column: upper limits (the last is None), words, colours.

    A class may have several colours: it is drawn in stripes of them.
    """
    together = zip(upper, labels, ramp, strict=True)
    return [
        {"to": to, "label": label, "colours": [colour] if isinstance(colour, str) else list(colour)}
        for to, label, colour in together
    ]


def rows(values: Iterable[str], words: Mapping[str, str], patterns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the legend rows of reasons, each with its words and its pattern."""
    return [{"value": value, "label": words[value], "pattern": patterns[value]} for value in values]


def say(form: str, after: str = "") -> dict[str, str]:
    """Return how a value is put in words: one of the page's formats, and what follows it."""
    return {"format": form, "after": after}


def minutes_segment(limit: int) -> dict[str, Any]:
    """Return the button that chooses a limit."""
    return {"value": limit, "label": f"{limit} min"}


NO_MINUTES: Final = [*rows(REASON_PATTERNS, REASON_WORDS, REASON_PATTERNS), NO_DATA]
"""Legend rows of minutes that are missing."""


def binned_theme(family: str, column: str, label: str, title: str, note: str) -> Theme:
    """Return what every binned theme has; the caller adds classes, words, reasons."""
    return {
        "id": f"{family}-{column.replace('_', '-')}",
        "family": family,
        "label": label,
        "title": title,
        "note": note,
        "kind": "bins",
        "column": column,
        "status": None,
        "bound": False,
        "missing": [NO_DATA],
    }


def minutes_theme(family: str, column: str, label: str, title: str, note: str, status: str) -> Theme:
    """Return what every theme of minutes has."""
    return binned_theme(family, column, label, title, note) | {
        "status": status,
        "say": say("minutes", " minutes"),
        "classes": bins(MINUTES_UPPER, MINUTES_LABELS, YLGNBU),
        "classed": FIXED_WORDS,
        "missing": NO_MINUTES,
    }
