"""What the map can show: each theme's column, classes, colours, words, and a legend row for every reason to be missing.

Colours are ColorBrewer's sequential schemes, safe for colour-blind readers; darker always means farther or worse. A
joined class is drawn in stripes of the classes that it joins. Breaks are fixed, so that maps of different regions and
dates compare.
"""

from __future__ import annotations

from typing import Final

from matcare.contracts import COUNTY_RESULTS, COVERAGE_MINUTES, DESERT_CLASSES, SERVICES
from matcare.publish.map.legend_rows import BUPU_DARK_FIRST, NO_DATA, PUBU, YLGNBU, Theme, bins, rows
from matcare.publish.map.outcome_themes import outcome_themes

__all__ = ["CLASS_WORDS", "FAMILIES", "REASON_WORDS", "SERVICE_WORDS", "themes"]

FAMILIES: Final = {
    "class": "March of Dimes class",
    "desert": "Drive-time deserts",
    "minutes": "Minutes to care",
    "within": "Women within reach",
    "imr": "Infant mortality",
    "clusters": "Clusters",
    "profile": "Mother-infant profile",
    "context": "Context",
}
"""Families of themes, in the order of the list."""

_CLASS_LEGEND: Final = {
    "desert": ("Maternity care desert", "#7f2704"),
    "low": ("Low access", "#e6550d"),
    "moderate": ("Moderate access", "#fdbe85"),
    "full": ("Full access", "#c6dbe8"),
}


def _joined_words(level: str) -> str:
    """Return a March of Dimes class in words.

    Examples
    --------
    >>> _joined_words("desert_or_low_or_full")
    'Desert, low or full'
    """
    parts = level.split("_or_")
    if len(parts) == 1:
        return _CLASS_LEGEND[level][0]
    return f"{', '.join(parts[:-1]).capitalize()} or {parts[-1]}"


CLASS_WORDS: Final = {level: _joined_words(level) for level in DESERT_CLASSES}
"""March of Dimes classes in words."""

REASON_WORDS: Final = {
    "covered": "within reach",
    "partly_covered": "within reach for some",
    "beyond_limit": "Beyond the search limit",
    "unreachable": "No road route to any such unit",
    "no_road_access": "No road within 30 km",
    "ferry_or_air_only": "Ferry or plane only",
    "no_demand_points": "Nobody lives there, by the census",
}
"""Why minutes are missing, in words."""

_REASON_PATTERNS: Final = {
    "beyond_limit": "cross",
    "unreachable": "grid",
    "no_road_access": "diagonal",
    "ferry_or_air_only": "waves",
    "no_demand_points": "bars",
}
_MANY_WITHOUT: Final = 0.1
"""A mean that leaves out this share of women is marked on the map: in Alaska it speaks of the towns alone."""

SERVICE_WORDS: Final = {
    "birth_care": "Birth care",
    "nicu": "NICU (any evidence)",
    "neonatal_2_plus": "Neonatal level II or higher",
    "neonatal_3_plus": "Neonatal level III or IV",
    "neonatal_3_plus_or_nicu": "Level III or IV, or NICU of unknown level",
}
"""Services in few words, for lists and tables."""


def themes() -> list[Theme]:
    """Return every theme of the map.

    Returns
    -------
    list of dict
        ``id``, ``family``, ``label`` (in lists), ``title`` and ``note`` (in the legend), ``kind`` (``category``,
        ``bins`` or ``flag``), ``column``, ``status`` (the column that says why a value is missing), ``bound`` (whether
        the column exists again with the suffix ``_corroborated``), ``classes`` and ``missing`` (legend rows),
        ``overlay`` (rows for values that stand with a reservation), ``fallback`` (the column that fills an empty value,
        under an overlay of its own; only where a theme has one). A bin holds values up to ``to``, and ``to`` itself
        unless ``below``.
    """
    return [
        _class_theme(),
        *(_desert_theme(limit) for limit in (30, 60)),
        *(_minutes_theme(service) for service in SERVICES),
        *(_within_theme(service, limit) for service in SERVICES for limit in COVERAGE_MINUTES),
        *outcome_themes(),
        *_context_themes(),
    ]


def _class_theme() -> Theme:
    return {
        "id": "class",
        "family": "class",
        "label": "March of Dimes class",
        "title": "Maternity care access, March of Dimes rule",
        "note": "Counts units and clinicians inside the county, not distance. The clinicians lack DOs and family "
        "physicians, so some deserts may not be.",
        "joined": "Stripes: an input is missing, so each of the classes named is possible.",
        "kind": "category",
        "column": "march_of_dimes_class",
        "status": None,
        "bound": True,
        "classes": [
            {"value": level, "label": words, "colours": [_CLASS_LEGEND[part][1] for part in level.split("_or_")]}
            for level, words in CLASS_WORDS.items()
        ],
        "missing": [NO_DATA],
    }


def _desert_theme(limit: int) -> Theme:
    return {
        "id": f"desert-{limit}",
        "family": "desert",
        "limit": limit,
        "label": f"{limit} minutes",
        "title": f"Drive-time desert, {limit} minutes",
        "note": f"A desert where at least half of women 15-44 live more than {limit} minutes by car from birth care.",
        "kind": "flag",
        "column": f"drive_time_desert_{limit}",
        "status": None,
        "bound": True,
        "classes": [
            {"value": 1, "label": f"Half or more beyond {limit} minutes", "colours": ["#7f2704"]},
            {"value": 0, "label": f"More than half within {limit} minutes", "colours": ["#d6e6ee"]},
        ],
        "missing": [NO_DATA],
    }


def _minutes_theme(service: str) -> Theme:
    upper = (15, 30, 45, 60, 90, 120, None)
    labels = (
        "15 minutes or less",
        "over 15 to 30",
        "over 30 to 45",
        "over 45 to 60",
        "over 60 to 90",
        "over 90 to 120",
        "over 120",
    )
    column = f"minutes_{service}_reason"
    reasons = [reason for reason in COUNTY_RESULTS.column(column).values if not reason.endswith("covered")]
    return {
        "id": f"minutes-{service}",
        "family": "minutes",
        "service": service,
        "label": SERVICE_WORDS[service],
        "title": f"Drive minutes to the nearest: {SERVICES[service]}",
        "note": "Mean over the county’s women 15-44, by car at the profile’s speeds.",
        "kind": "bins",
        "column": f"minutes_{service}",
        "status": column,
        "bound": service == "birth_care",
        "classes": bins(upper, labels, YLGNBU),
        "overlay": [
            {
                "column": f"share_women_without_minutes_{service}",
                "from": _MANY_WITHOUT,
                "label": f"Mean leaves out {_MANY_WITHOUT:.0%} or more of women".replace("%", " %"),
                "pattern": "stripes-over",
            }
        ],
        "missing": [
            *rows(reasons, REASON_WORDS, _REASON_PATTERNS),
            NO_DATA,
        ],
    }


def _within_theme(service: str, limit: int) -> Theme:
    upper = (0.0, 0.25, 0.5, 0.75, 0.95, None)
    labels = ("None (0 %)", "over 0 to 25 %", "over 25 to 50 %", "over 50 to 75 %", "over 75 to 95 %", "over 95 %")
    return {
        "id": f"within-{service}-{limit}",
        "family": "within",
        "service": service,
        "limit": limit,
        "label": f"{SERVICE_WORDS[service]}, {limit} minutes",
        "title": f"Women 15-44 within {limit} minutes of: {SERVICES[service]}",
        "note": "Share of the county’s women, by car at the profile’s speeds. No road route: not within.",
        "kind": "bins",
        "column": f"share_women_within_{limit}_{service}",
        "status": None,
        "bound": service == "birth_care",
        "classes": bins(upper, labels, BUPU_DARK_FIRST),
        "missing": [NO_DATA],
    }


def _context_themes() -> list[Theme]:
    not_reported = {"value": "not_reported", "label": "Not reported by the source", "pattern": "dots"}
    shared: Theme = {"family": "context", "kind": "bins", "bound": False}
    fifths = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
    poverty = ("10 % or less", "over 10 to 15 %", "over 15 to 20 %", "over 20 to 25 %", "over 25 %")
    uninsured = ("under 5 %", "5 to under 10 %", "10 to under 15 %", "15 to under 20 %", "20 % or more")
    return [
        {
            **shared,
            "id": "uninsured",
            "label": "Women without insurance",
            "title": "Women without health insurance (estimate)",
            "note": "The March of Dimes rule divides low from moderate access at 10 %.",
            "column": "share_women_uninsured",
            "status": "share_women_uninsured_status",
            "below": True,
            "classes": bins((0.05, 0.10, 0.15, 0.20, None), uninsured, PUBU),
            "missing": [not_reported, NO_DATA],
        },
        {
            **shared,
            "id": "svi",
            "label": "Social vulnerability (SVI)",
            "title": "Social Vulnerability Index 2022, national percentile",
            "note": "CDC/ATSDR; higher is more vulnerable.",
            "column": "svi",
            "status": None,
            "classes": bins((0.2, 0.4, 0.6, 0.8, None), fifths, PUBU),
            "missing": [not_reported | {"value": None}],
        },
        {
            **shared,
            "id": "poverty",
            "label": "People in poverty",
            "title": "People in poverty",
            "note": "Census SAIPE 2024; Puerto Rico: ACS 2019-23.",
            "column": "share_poverty",
            "status": None,
            "classes": bins((0.10, 0.15, 0.20, 0.25, None), poverty, PUBU),
            "missing": [not_reported | {"value": None}],
        },
    ]
