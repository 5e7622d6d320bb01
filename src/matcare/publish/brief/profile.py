"""A county's socio-ecological profile: means by level, the indicators that tell most, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.contracts.outcome_columns import PROFILE_LEVELS
from matcare.publish.brief.charts import percentile_bar
from matcare.publish.brief.html import Html, join, paragraphs, table, tag
from matcare.publish.brief.words import SPACE, joined, lower_first, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["indicator_value", "profile_content", "profile_missing_sentences", "telling"]

Row = dict[str, Any]

_LEVELS: Final = PROFILE_LEVELS | {"overall": "Overall"}
_TELLING: Final = 80.0
_MOST_SHOWN: Final = 6
_MISSING: Final = {
    "suppressed": "suppressed by the source, as too few",
    "implausible": "the source's figure cannot be right",
    "withheld": "withheld",
    "no_births": "no births",
    "not_reported": "not reported",
}
_UNVERIFIED: Final = " (from memory, unverified)"


def indicator_value(value: float, unit: str) -> str:
    """Return an indicator's value in its unit.

    Examples
    --------
    >>> indicator_value(0.0973, "share 0-1").replace(SPACE, " "), indicator_value(131.42, "minutes")
    ('9.7 %', '131.4')
    >>> indicator_value(1.0, "1 yes, 0 no"), indicator_value(5, "code 1-9"), indicator_value(0.5062, "percentile 0-1")
    ('yes', '5', '51')
    """
    if unit == "share 0-1":
        return f"{100 * value:.1f}{SPACE}%"
    if unit == "1 yes, 0 no":
        return "yes" if value else "no"
    if unit == "percentile 0-1":
        return whole(100 * value)
    if unit.startswith(("code", "score")):
        return f"{value:g}"
    return f"{value:,.1f}"


def telling(rows: Sequence[Row], catalog: Mapping[str, Row]) -> list[Row]:
    """Return the indicators of most concern: at the 80th national percentile or above, highest first."""
    high = [
        row
        for row in rows
        if row["percentile_nation"] is not None and row["percentile_nation"] >= _TELLING and row["indicator"] in catalog
    ]
    return sorted(high, key=lambda row: (-row["percentile_nation"], row["indicator"]))[:_MOST_SHOWN]


def profile_missing_sentences(row: Row, catalog: Mapping[str, Row]) -> list[str]:
    """Return what is missing from a county's profile, and which levels are withheld for it."""
    missing = row["profile_missing"]
    if not missing or missing == "none":
        return ["No input of the four levels is missing."]
    named, _, withheld = str(missing).partition("; withheld: ")
    labels = [str(catalog[name]["label"]) if name in catalog else name for name in named.split(", ")]
    found = [f"Missing here: {'; '.join(labels)}."]
    if withheld:
        levels = [lower_first(_LEVELS.get(level, level)) for level in withheld.split(", ")]
        found.append(f"Withheld, since more than a quarter of the inputs are missing: {joined(levels)}.")
    return found


def profile_content(row: Row, rows: Sequence[Row], catalog: Mapping[str, Row]) -> Html:
    """Return the profile of a county.

    Parameters
    ----------
    row : dict
        Of `COUNTY_RESULTS`.
    rows : sequence of dict
        Its rows of `INDICATORS`.
    catalog : mapping
        The catalog of indicators.
    """
    lines = []
    for level, words in _LEVELS.items():
        value = row[f"profile_{level}"]
        inputs = [entry for entry in catalog.values() if entry["level"] == level and entry["in_index"]]
        lines.append(
            [
                words,
                "withheld" if value is None else whole(value),
                "" if value is None else percentile_bar(value),
                "mean of the four" if level == "overall" else "; ".join(str(entry["label"]) for entry in inputs),
            ]
        )
    levels = table(
        "Mean national percentile of the indicators, 0 to 100: higher is of more concern",
        ["Level", "Mean", "0 to 100", "Inputs"],
        lines,
        numbers=(1,),
    )
    return join(
        [levels, _telling_table(telling(rows, catalog), catalog), paragraphs(profile_missing_sentences(row, catalog))]
    )


def _telling_table(rows: Sequence[Row], catalog: Mapping[str, Row]) -> Html:
    if not rows:
        return tag("p", "No indicator stands at the 80th national percentile of concern or above.")
    lines = []
    for row in rows:
        entry = catalog[row["indicator"]]
        state = row["percentile_state"]
        lines.append(
            [
                str(entry["label"]) + (_UNVERIFIED if row["status"] == "from_memory" else ""),
                "no figure" if row["value"] is None else indicator_value(row["value"], str(entry["unit"])),
                str(entry["unit"]).replace("share 0-1", "share").replace("percentile 0-1", "percentile"),
                whole(row["percentile_nation"]),
                "none" if state is None else whole(state),
            ]
        )
    return table(
        "Indicators of most concern: at the 80th national percentile or above",
        ["Indicator", "Value", "Unit", "Percentile in the nation", "Percentile in the state"],
        lines,
        numbers=(1, 3, 4),
    )


def missing_words(status: str) -> str:
    """Return why an indicator has no value."""
    return _MISSING.get(status, "no figure")
