"""Themes for planning: definitions side by side, certainty, care at the right level, backup, catchments, other tiers.

Every column here is optional: the map leaves out a theme whose column a table does not have.
"""

from __future__ import annotations

from typing import Final

from matcare.publish.map.legend_rows import (
    BUPU_DARK_FIRST,
    LEVEL_NOT_REPORTED,
    MINUTES_LABELS,
    MINUTES_UPPER,
    NO_DATA,
    PROBABILITY_COLOURS,
    PROBABILITY_LABELS,
    PROBABILITY_UPPER,
    PUBU,
    REASON_PATTERNS,
    REASON_WORDS,
    SHARE_LABELS,
    SHARE_UPPER,
    YLGNBU,
    YLORBR,
    Theme,
    bins,
    rows,
    say,
)

__all__ = ["TIER_COLUMNS", "planning_columns", "planning_themes"]

_NOT_REPORTED: Final = {"value": "not_reported", "label": "Not reported", "pattern": "dots"}
_NO_MINUTES: Final = [*rows(REASON_PATTERNS, REASON_WORDS, REASON_PATTERNS), NO_DATA]
_NO_SHARE: Final = [*rows(["no_demand_points"], REASON_WORDS, REASON_PATTERNS), LEVEL_NOT_REPORTED, NO_DATA]
_KNOWN_LEVELS: Final = "Levels as reported; a unit of unknown level does not count."
_OF_WOMEN: Final = "Mean over the county’s women 15-44."

_TIERS: Final = {
    "birth_center": ("Birth center (accredited)", "accredited birth center", "A floor: many are not accredited."),
    "emergency_only": ("Emergency department only", "Rural Emergency Hospital", "It has no inpatient beds."),
    "tribal_or_ihs_hospital": ("Tribal or IHS hospital", "tribal or IHS hospital", "It serves those eligible."),
    "military_hospital": ("Military hospital", "military hospital", "Its obstetrics are not known."),
    "telehealth": ("Maternity telehealth", "site with maternity telehealth", "As the user’s facilities say."),
}
"""Tiers of their own: label, words, caveat."""

TIER_COLUMNS: Final = tuple(f"minutes_{tier}" for tier in _TIERS)
"""Columns whose theme is left out where no county has a value, since no source names such a place."""

_PANEL: Final = (
    "minutes_birth_care_p05",
    "minutes_birth_care_p95",
    "share_women_within_60_neonatal_3_plus_one_lower",
    "share_women_within_60_same_site_3_plus_one_lower",
    "share_women_within_60_same_site_3_plus_unknown_count",
    "share_women_within_60_split_3_plus_one_lower",
    "share_women_within_60_split_3_plus_unknown_count",
    "p_march_of_dimes_undetermined",
    "most_important_input_minutes_birth_care",
    "access_definitions",
)
"""What the panel says beside the columns of the themes."""


def planning_columns() -> tuple[str, ...]:
    """Return the columns of these themes, of their statuses, and of the panel's lines for planning."""
    names = list(_PANEL)
    for theme in planning_themes():
        overlay = (row["column"] for row in theme.get("overlay", ()) if "column" in row)
        names += [theme["column"], *overlay, *([theme["status"]] if theme["status"] else [])]
    return tuple(dict.fromkeys(names))


def planning_themes() -> list[Theme]:
    """Return the themes for planning, as ``themes`` does."""
    return [
        *_definition_themes(),
        *_certainty_themes(),
        *_reach_themes(),
        *_birthweight_themes(),
        *_backup_themes(),
        *_catchment_themes(),
        *_tier_themes(),
    ]


def _binned(family: str, column: str, label: str, title: str, note: str) -> Theme:
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


def _minutes(family: str, column: str, label: str, title: str, note: str, status: str) -> Theme:
    return _binned(family, column, label, title, note) | {
        "status": status,
        "say": say("minutes", " minutes"),
        "classes": bins(MINUTES_UPPER, MINUTES_LABELS, YLGNBU),
        "missing": _NO_MINUTES,
    }


def _reach_themes() -> list[Theme]:
    def within(column: str, label: str, title: str, note: str) -> Theme:
        care = column.removeprefix("share_women_within_60_").removesuffix("_one_lower").replace("split", "same_site")
        theme = _binned("risk", column, label, f"Women 15-44 within 60 minutes of {title}", note)
        missing = [row for row in _NO_SHARE if row is not LEVEL_NOT_REPORTED or care != "neonatal_3_plus_or_nicu"]
        theme |= {"status": f"minutes_{care}_reason", "say": say("share"), "missing": missing}
        return theme | {"classes": bins(SHARE_UPPER, SHARE_LABELS, BUPU_DARK_FIRST)}

    needs = "What an infant under 32 weeks or 1,500 g needs."
    return [
        within(
            "share_women_within_60_neonatal_3_plus",
            "High infant risk: neonatal III or IV",
            "neonatal level III or IV",
            f"{needs} {_KNOWN_LEVELS}",
        ),
        within(
            "share_women_within_60_neonatal_3_plus_one_lower",
            "High infant risk, lower bound",
            "neonatal level III or IV, were every level one too high",
            f"{needs} Every level that is not the state’s own is taken one lower.",
        ),
        within(
            "share_women_within_60_neonatal_3_plus_or_nicu",
            "High infant risk, upper bound",
            "neonatal level III or IV, or a NICU of unknown level",
            f"{needs} Every NICU whose level is not reported counts as level III.",
        ),
        within(
            "share_women_within_60_neonatal_2_plus",
            "Moderate infant risk: neonatal II or higher",
            "neonatal level II or higher",
            f"What an infant of 32 to 34 weeks needs. {_KNOWN_LEVELS}",
        ),
        within(
            "share_women_within_60_same_site_3_plus",
            "Mother and infant: one site",
            "birth care and neonatal III or IV at one site",
            f"Mother and infant stay together. {_KNOWN_LEVELS} Maternal levels beyond birth care are not reported.",
        ),
        within(
            "share_women_within_60_split_3_plus",
            "Mother and infant: one site or two",
            "birth care, and of neonatal III or IV at the same site or another",
            f"At two sites the infant is moved. {_KNOWN_LEVELS}",
        ),
        _binned(
            "risk",
            "minutes_between_sites_3_plus",
            "Mother and infant: minutes between two sites",
            "Drive minutes from the nearest birth care to the nearest neonatal III or IV, where they are two sites",
            f"Mean over the county’s women 15-44 for whom they are two. {_KNOWN_LEVELS}",
        )
        | {
            "say": say("minutes", " minutes"),
            "classes": bins(MINUTES_UPPER, MINUTES_LABELS, YLGNBU),
            "status": "minutes_same_site_3_plus_reason",
            "missing": [*_NO_SHARE[:-1], {**NO_DATA, "label": "One site for all, or no figure"}],
        },
    ]


def _birthweight_themes() -> list[Theme]:
    counts = ("10 to 25", "over 25 to 50", "over 50 to 100", "over 100 to 250", "over 250")
    shares = ("1 % or less", "over 1 to 1.25 %", "over 1.25 to 1.5 %", "over 1.5 to 2 %", "over 2 %")
    return [
        _binned(
            "risk",
            "births_high_risk_per_year",
            "Very-low-birthweight births a year",
            "Estimated births under 1,500 g a year",
            "The county’s share of very-low-birthweight births times its estimated births. How many infants need level "
            "III or IV, not how many are near it.",
        )
        | {
            "status": "births_high_risk_status",
            "say": say("whole", " births a year"),
            "classes": bins((25, 50, 100, 250, None), counts, PUBU),
            "missing": [
                {"value": "small_count", "label": "Withheld: under 10 a year", "pattern": "cross"},
                _NOT_REPORTED,
                {**NO_DATA, "label": "Withheld under 10 a year, or no figure"},
            ],
        },
        _binned(
            "risk",
            "share_very_low_birthweight",
            "Very-low-birthweight share",
            "Births under 1,500 g, share of all births",
            "Published where the county is large enough; hatched: estimated from its low birthweight.",
        )
        | {
            "status": "share_very_low_birthweight_status",
            "say": say("hundredths_finely", " %"),
            "classes": bins((0.010, 0.0125, 0.015, 0.020, None), shares, YLORBR[1:]),
            "overlay": [{"value": "estimated", "label": "Estimated, not published", "pattern": "hatch-over"}],
            "missing": [_NOT_REPORTED, NO_DATA],
        },
    ]


def _backup_themes() -> list[Theme]:
    no_second = {"value": "no_second_unit", "label": "Most can reach one unit and no other", "pattern": "columns"}
    added = ("5 minutes or less", "over 5 to 15", "over 15 to 30", "over 30 to 45", "over 45 to 60", "over 60")
    status = "minutes_second_birth_care_reason"
    missing = {"missing": [*_NO_MINUTES[:-1], no_second, NO_DATA]}
    one = ("None (0 %)", "over 0 to 5 %", "over 5 to 25 %", "over 25 to 50 %", "over 50 %")
    return [
        _minutes(
            "backup",
            "minutes_second_birth_care",
            "Minutes to the second-nearest unit",
            "Drive minutes to the second-nearest birth care",
            f"{_OF_WOMEN} A second building of the same campus is no backup.",
            status,
        )
        | missing,
        _minutes(
            "backup",
            "minutes_added_second_birth_care",
            "Minutes more than the nearest",
            "Minutes more to the second-nearest birth care than to the nearest",
            f"{_OF_WOMEN} What they would drive more, were the nearest unit closed to them.",
            status,
        )
        | missing
        | {"classes": bins((5, 15, 30, 45, 60, None), added, YLORBR)},
        _binned(
            "backup",
            "share_women_one_unit_within_60_birth_care",
            "One unit within 60 minutes, and no second",
            "Women 15-44 with one birth unit within 60 minutes, and no second",
            "Its loss would leave them beyond. Units to protect; not evidence that any unit should close.",
        )
        | {"say": say("share"), "classes": bins((0.0, 0.05, 0.25, 0.5, None), one, PUBU)},
    ]


def _catchment_themes() -> list[Theme]:
    labels = ("0: none in range", "over 0 to 0.5", "over 0.5 to 0.75", "over 0.75 to 1", "over 1 to 2", "over 2")
    unknown = {
        "no_demand_points": REASON_WORDS["no_demand_points"],
        "demand_unknown": "Births not known",
        "no_demand_in_range": "Only units that no known births can reach",
        "supply_unknown": "Supply not known",
    }
    patterns = dict(zip(unknown, ("bars", "cross", "grid", "diagonal"), strict=True))
    return [
        _binned(
            "catchment",
            "catchment_e2sfca",
            "Units per 1,000 births in reach",
            "Birth units per 1,000 estimated births in reach (E2SFCA)",
            "Enhanced two-step floating catchment: nearer units count more, and all who could use a unit share it.",
        )
        | {
            "status": "catchment_e2sfca_reason",
            "say": say("rate", " units per 1,000 births"),
            "classes": bins((0.0, 0.5, 0.75, 1.0, 2.0, None), labels, BUPU_DARK_FIRST),
            "missing": [*rows(unknown, unknown, patterns), NO_DATA],
        },
        _binned(
            "catchment",
            "catchment_e2sfca_lowest_tenth",
            "Lowest tenth of births",
            "Lowest tenth of births by floating catchment",
            "A rank by construction: a tenth of births is always in it, however good care is.",
        )
        | {
            "kind": "flag",
            "classes": [
                {"value": 1, "label": "In the lowest tenth of births", "colours": ["#8856a7"]},
                {"value": 0, "label": "Not in the lowest tenth", "colours": ["#e6eaf2"]},
            ],
        },
    ]


def _definition_themes() -> list[Theme]:
    colours = ("#d6e6ee", "#fee391", "#fe9929", "#cc4c02", "#7f2704")

    def met(prefix: str, label: str, title: str, note: str, labels: tuple[str, ...]) -> Theme:
        return _binned("definitions", f"{prefix}_definitions_met", label, title, note) | {
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
            ("None: no desert under any", "1 of them", "2 of them", "3 or more"),
        ),
        met(
            "access",
            "All definitions of poor access",
            "Definitions of poor access that the county meets",
            f"With limited access, the lowest tenth of births by catchment, and others in the run. {which}",
            ("None", "1 of them", "2 of them", "3 of them", "4 or more"),
        ),
    ]


def _certainty_themes() -> list[Theme]:
    def chance(column: str, label: str, title: str, drawn: str) -> Theme:
        note = f"Share of the draws, in which {drawn} vary within their errors."
        return _binned("certainty", column, label, title, note) | {
            "say": {"format": "share", "before": "P = "},
            "classes": bins(PROBABILITY_UPPER, PROBABILITY_LABELS, PROBABILITY_COLOURS),
        }

    def end(which: str, percentile: str) -> Theme:
        return _minutes(
            "certainty",
            f"minutes_birth_care_{percentile}",
            f"Minutes to birth care, {which} end",
            f"Drive minutes to the nearest birth care, {which} end of the 90 % interval",
            f"The draws’ {int(percentile[1:])}th percentile. {_OF_WOMEN}",
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
        "none": ("No draw differs", "#e9e6df"),
        "obstetrics": ("Evidence of obstetrics", "#d55e00"),
        "clinicians": ("Counts of clinicians", "#0072b2"),
        "uninsured": ("Women without insurance", "#56b4e9"),
        "speeds": ("Speeds", "#f0e442"),
        "access_legs": ("Access legs", "#009e73"),
        "levels": ("Levels", "#cc79a7"),
    }
    theme = _binned(
        "certainty",
        "most_important_input_class",
        "What moves the class most",
        "Uncertain input that moves the March of Dimes class most",
        "Where one would look first to be surer.",
    )
    classes = [{"value": value, "label": label, "colours": [colour]} for value, (label, colour) in kinds.items()]
    return theme | {"kind": "category", "classes": classes}


def _tier_themes() -> list[Theme]:
    return [
        _minutes(
            "tiers",
            f"minutes_{tier}",
            label,
            f"Drive minutes to the nearest {words}",
            f"A tier of its own: it adds nothing to what a hospital counts for. {caveat} {_OF_WOMEN}",
            f"minutes_{tier}_reason",
        )
        | {"missing": [*_NO_MINUTES[:-1], _NOT_REPORTED, NO_DATA]}
        for tier, (label, words, caveat) in _TIERS.items()
    ]
