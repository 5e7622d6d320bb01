"""Themes of how sure one can be: definitions beside one another, and the draws' probabilities and intervals."""

from __future__ import annotations

from matcare.publish.map.legend_rows import (
    FIXED_WORDS,
    OF_WOMEN,
    PROBABILITY_COLOURS,
    PROBABILITY_LABELS,
    PROBABILITY_UPPER,
    Theme,
    binned_theme,
    bins,
    minutes_theme,
    say,
)

__all__ = ["certainty_themes"]


def certainty_themes() -> list[Theme]:
    """Return the themes of definitions and of certainty, as ``themes`` does."""
    return [*_definition_themes(), *_probability_themes()]


def _definition_themes() -> list[Theme]:
    colours = ("#e4eef3", "#fec44f", "#fe9929", "#cc4c02", "#7f2704")

    def met(prefix: str, label: str, title: str, note: str, labels: tuple[str, ...]) -> Theme:
        return binned_theme("definitions", f"{prefix}_definitions_met", label, title, note) | {
            "say": say("whole", " met"),
            "classes": bins((*range(len(labels) - 1), None), labels, colours[: len(labels)]),
            "overlay": [
                {
                    "column": f"{prefix}_definitions_unknown",
                    "from": 1,
                    "label": "At least one cannot be decided",
                    "pattern": "dots-over",
                }
            ],
        }

    which = (
        "Each answers another question; definitions.csv says which hold where. One that cannot be decided is not met."
    )
    return [
        met(
            "desert",
            "Definitions of a desert",
            "Definitions under which the county is a desert",
            f"March of Dimes; half of women beyond 30 minutes; beyond 60. {which}",
            ("None: no desert under any", "1 of them", "2 of them", "All 3 of them"),
        ),
        met(
            "access",
            "All definitions of poor access",
            "Definitions of poor access that the county meets",
            f"With limited access, the lowest tenth of births by catchment, and others in the run. {which}",
            ("None", "1 of them", "2 of them", "3 of them", "4 or more"),
        ),
    ]


def _probability_themes() -> list[Theme]:
    def chance(column: str, label: str, title: str, drawn: str) -> Theme:
        note = f"Share of the draws, in which {drawn} vary within their errors."
        return binned_theme("certainty", column, label, title, note) | {
            "say": {"format": "share", "before": "P = "},
            "classes": bins(PROBABILITY_UPPER, PROBABILITY_LABELS, PROBABILITY_COLOURS),
            "classed": FIXED_WORDS,
        }

    def end(which: str, percentile: str) -> Theme:
        return minutes_theme(
            "certainty",
            f"minutes_birth_care_{percentile}",
            f"Minutes to birth care, {which} end",
            f"Drive minutes to the nearest birth care, {which} end of the 90 % interval",
            f"The draws’ {int(percentile[1:])}th percentile. {OF_WOMEN}",
            "minutes_birth_care_reason",
        )

    drive = "speeds, access legs and evidence of obstetrics"
    half = "Probability that half or more of women live beyond {} minutes"
    return [
        chance(
            "p_march_of_dimes_desert",
            "March of Dimes desert",
            "Probability that the county is a March of Dimes desert",
            "evidence of obstetrics, clinicians and insurance",
        ),
        chance("p_drive_time_desert_30", "Drive-time desert, 30 minutes", half.format(30), drive),
        chance("p_drive_time_desert_60", "Drive-time desert, 60 minutes", half.format(60), drive),
        end("low", "p05"),
        end("high", "p95"),
        _input_theme(),
    ]


def _input_theme() -> Theme:
    kinds = {
        "none": ("No draw differs", "#e9e6df", None),
        "obstetrics": ("Evidence of obstetrics", "#d55e00", None),
        "clinicians": ("Counts of clinicians", "#0072b2", "bars-over"),
        "uninsured": ("Women without insurance", "#56b4e9", "dots-over"),
        "speeds": ("Speeds", "#f0e442", "grid-over"),
        "access_legs": ("Access legs", "#009e73", "columns-over"),
        "levels": ("Levels", "#cc79a7", "stripes-over"),
    }
    theme = binned_theme(
        "certainty",
        "most_important_input_class",
        "What moves the class most",
        "Uncertain input that moves the March of Dimes class most",
        "Where one would look first to be surer.",
    )
    classes = [
        {"value": value, "label": label, "colours": [colour]} | ({"pattern": pattern} if pattern else {})
        for value, (label, colour, pattern) in kinds.items()
    ]
    return theme | {"kind": "category", "classes": classes}
