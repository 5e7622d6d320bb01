"""Themes for planning: care at the right level, backup, catchments, other tiers.

Every column here is optional: the map leaves out a theme whose column a table does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.publish.map.breaks import national_bins
from matcare.publish.map.certainty_themes import certainty_themes
from matcare.publish.map.legend_rows import (
    BUPU_DARK_FIRST,
    FIXED_WORDS,
    KNOWN_LEVELS,
    LEVEL_NOT_REPORTED,
    MINUTES_LABELS,
    MINUTES_UPPER,
    NO_DATA,
    NO_MINUTES,
    OF_WOMEN,
    PUBU,
    REASON_PATTERNS,
    REASON_WORDS,
    SHARE_LABELS,
    SHARE_UPPER,
    YLGNBU,
    YLORBR,
    Theme,
    binned_theme,
    bins,
    minutes_theme,
    rows,
    say,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TIER_COLUMNS",
    "USER_TIER_COLUMNS",
    "WIDE_BOUNDS",
    "drawn_columns",
    "planning_columns",
    "planning_themes",
    "wide_bounds",
]

_NOT_REPORTED: Final = {"value": "not_reported", "label": "Not reported", "pattern": "columns"}
_NO_SHARE: Final = [*rows(["no_demand_points"], REASON_WORDS, REASON_PATTERNS), LEVEL_NOT_REPORTED, NO_DATA]

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

USER_TIER_COLUMNS: Final = ("minutes_telehealth",)
"""Tiers that only a user's facilities can name: of the embedded data there is nothing to draw."""

WIDE_BOUNDS: Final = ("neonatal_2_plus", "neonatal_3_plus", "same_site_3_plus", "split_3_plus")
"""Care whose share of women within 60 minutes hangs on levels that may be wrong or are not reported."""
_WIDE: Final = 0.25
_SHARE: Final = "share_women_within_60"

_PANEL: Final = (
    "minutes_birth_care_p05",
    "minutes_birth_care_p95",
    *(f"{_SHARE}_{care}_{end}" for care in WIDE_BOUNDS for end in ("one_lower", "unknown_count")),
    "p_march_of_dimes_undetermined",
    "most_important_input_minutes_birth_care",
    "access_definitions",
)
"""What the panel says beside the columns of the themes."""


def planning_columns() -> tuple[str, ...]:
    """Return the columns of these themes, of their statuses, and of the panel's lines for planning."""
    names = list(_PANEL)
    for theme in planning_themes():
        overlay = (row[key] for row in theme.get("overlay", ()) for key in ("column", "more", "less") if key in row)
        names += [theme["column"], *overlay, *([theme["status"]] if theme["status"] else [])]
    return tuple(dict.fromkeys(names))


def drawn_columns(counties: pd.DataFrame) -> list[str]:
    """Return the columns of a table that can be drawn: without a tier that no source names, a map of nothing."""
    return [name for name in counties.columns if name not in TIER_COLUMNS or counties[name].notna().any()]


def wide_bounds(care: str) -> Theme:
    """Return the legend row of a share whose bounds are far apart: every level one lower, to every NICU counted in."""
    return {
        "value": "wide_bounds",
        "more": f"{_SHARE}_{care}_unknown_count",
        "less": f"{_SHARE}_{care}_one_lower",
        "from": _WIDE,
        "label": f"Levels unsure: bounds {_WIDE * 100:.0f} points or more apart",
        "pattern": "stripes-over",
    }


def planning_themes() -> list[Theme]:
    """Return the themes for planning, as ``themes`` does."""
    return [
        *certainty_themes(),
        *_reach_themes(),
        *_birthweight_themes(),
        *_backup_themes(),
        *_catchment_themes(),
        *_tier_themes(),
    ]


def _reach_themes() -> list[Theme]:
    def within(column: str, label: str, title: str, note: str) -> Theme:
        care = column.removeprefix("share_women_within_60_").removesuffix("_one_lower").replace("split", "same_site")
        theme = binned_theme("risk", column, label, f"Women 15-44 within 60 minutes of {title}", note)
        missing = [row for row in _NO_SHARE if row is not LEVEL_NOT_REPORTED or care != "neonatal_3_plus_or_nicu"]
        theme |= {"status": f"minutes_{care}_reason", "say": say("share"), "missing": missing}
        theme |= {"classes": bins(SHARE_UPPER, SHARE_LABELS, BUPU_DARK_FIRST), "classed": FIXED_WORDS}
        named = column.removeprefix(f"{_SHARE}_")
        return theme | ({"overlay": [wide_bounds(named)]} if named in WIDE_BOUNDS else {})

    one_site = {
        "covered": "One site: the nearest two are one for all women",
        "partly_covered": "One site for all women whom a road leads there",
    }
    needs = "What an infant under 32 weeks or 1,500 g needs."
    return [
        within(
            "share_women_within_60_neonatal_3_plus",
            "High infant risk: neonatal III or IV",
            "neonatal level III or IV",
            f"{needs} {KNOWN_LEVELS}",
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
            f"What an infant of 32 to 34 weeks needs. {KNOWN_LEVELS}",
        ),
        within(
            "share_women_within_60_same_site_3_plus",
            "Mother and infant: one site",
            "birth care and neonatal III or IV at one site",
            f"Mother and infant stay together. {KNOWN_LEVELS} Maternal levels beyond birth care are not reported.",
        ),
        within(
            "share_women_within_60_split_3_plus",
            "Mother and infant: one site or two",
            "birth care, and of neonatal III or IV at the same site or another",
            f"At two sites the infant is moved. {KNOWN_LEVELS}",
        ),
        binned_theme(
            "risk",
            "minutes_between_sites_3_plus",
            "Mother and infant: minutes between two sites",
            "Drive minutes from the nearest birth care to the nearest neonatal III or IV, where they are two sites",
            f"Mean over the county’s women 15-44 for whom they are two. {KNOWN_LEVELS}",
        )
        | {
            "say": say("minutes", " minutes"),
            "classes": bins(MINUTES_UPPER, MINUTES_LABELS, YLGNBU),
            "classed": FIXED_WORDS,
            "status": "minutes_same_site_3_plus_reason",
            "missing": [
                *rows(one_site, one_site, {"covered": "columns", "partly_covered": "cross"}),
                *_NO_SHARE[:-1],
                {**NO_DATA, "label": "No road route to both, or no figure"},
            ],
        },
    ]


def _birthweight_themes() -> list[Theme]:
    return [
        binned_theme(
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
            **national_bins("births_high_risk_per_year", PUBU, lowest="10 to {}"),
            "missing": [
                {"value": "small_count", "label": "Not stated: masked, or fewer than 10 a year", "pattern": "cross"},
                _NOT_REPORTED,
                {**NO_DATA, "label": "Fewer than 10 a year, or no figure"},
            ],
        },
        binned_theme(
            "risk",
            "share_very_low_birthweight",
            "Very-low-birthweight share",
            "Births under 1,500 g, share of all births",
            "Published where the county is large enough; hatched: estimated from its low birthweight.",
        )
        | {
            "status": "share_very_low_birthweight_status",
            "say": say("hundredths_finely", " %"),
            **national_bins("share_very_low_birthweight", YLORBR[1:], after=" %", times=100),
            "overlay": [
                {"value": "estimated", "label": "Estimated, not published", "pattern": "hatch-over", "ranked": False}
            ],
            "missing": [_NOT_REPORTED, NO_DATA],
        },
    ]


def _backup_themes() -> list[Theme]:
    no_second = {"value": "no_second_unit", "label": "Most can reach one unit and no other", "pattern": "columns"}
    added = ("5 minutes or less", "over 5 to 15", "over 15 to 30", "over 30 to 45", "over 45 to 60", "over 60")
    status = "minutes_second_birth_care_reason"
    missing = {"missing": [*NO_MINUTES[:-1], no_second, NO_DATA]}
    one = ("None (0 %)", "over 0 to 5 %", "over 5 to 25 %", "over 25 to 50 %", "over 50 %")
    return [
        minutes_theme(
            "backup",
            "minutes_second_birth_care",
            "Minutes to the second-nearest unit",
            "Drive minutes to the second-nearest birth care",
            f"{OF_WOMEN} A second building of the same campus is no backup.",
            status,
        )
        | missing,
        minutes_theme(
            "backup",
            "minutes_added_second_birth_care",
            "Minutes more than the nearest",
            "Minutes more to the second-nearest birth care than to the nearest",
            f"{OF_WOMEN} What they would drive more, were the nearest unit closed to them.",
            status,
        )
        | missing
        | {"classes": bins((5, 15, 30, 45, 60, None), added, YLORBR)},
        binned_theme(
            "backup",
            "share_women_one_unit_within_60_birth_care",
            "One unit within 60 minutes, and no second",
            "Women 15-44 with one birth unit within 60 minutes, and no second",
            "Its loss would leave them beyond. Units to protect; not evidence that any unit should close.",
        )
        | {
            "say": say("share"),
            "classes": bins((0.0, 0.05, 0.25, 0.5, None), one, PUBU),
            "classed": FIXED_WORDS,
        },
    ]


def _catchment_themes() -> list[Theme]:
    unknown = {
        "no_demand_points": REASON_WORDS["no_demand_points"],
        "demand_unknown": "Births not known",
        "no_demand_in_range": "Only units that no known births can reach",
        "supply_unknown": "Supply not known",
    }
    patterns = dict(zip(unknown, ("bars", "cross", "grid", "diagonal"), strict=True))
    return [
        binned_theme(
            "catchment",
            "catchment_e2sfca",
            "Units per 1,000 births in reach",
            "Birth units per 1,000 estimated births in reach (E2SFCA)",
            "Enhanced two-step floating catchment: nearer units count more, and all who could use a unit share it.",
        )
        | {
            "status": "catchment_e2sfca_reason",
            "say": say("rate", " units per 1,000 births"),
            **national_bins("catchment_e2sfca", BUPU_DARK_FIRST),
            "missing": [*rows(unknown, unknown, patterns), NO_DATA],
        },
        binned_theme(
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


def _tier_themes() -> list[Theme]:
    return [
        minutes_theme(
            "tiers",
            f"minutes_{tier}",
            label,
            f"Drive minutes to the nearest {words}",
            f"A tier of its own: it adds nothing to what a hospital counts for. {caveat} {OF_WOMEN}",
            f"minutes_{tier}_reason",
        )
        | {"missing": [*NO_MINUTES[:-1], _NOT_REPORTED, NO_DATA]}
        for tier, (label, words, caveat) in _TIERS.items()
    ]
