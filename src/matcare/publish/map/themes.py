"""What the map can show: each theme's column, classes, colours, words, and a legend row for every reason to be missing.

Colours are ColorBrewer's sequential schemes, safe for colour-blind readers; darker always means farther or worse. A
joined class is drawn in stripes of the classes that it joins. Breaks are fixed, so that maps of different regions and
dates compare; ``breaks`` says where they come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import COUNTY_RESULTS, COVERAGE_MINUTES, DESERT_CLASSES, SERVICES
from matcare.publish.map.breaks import national_bins
from matcare.publish.map.legend_rows import (
    BUPU_DARK_FIRST,
    FIXED_WORDS,
    KNOWN_LEVELS,
    LEVEL_NOT_REPORTED,
    MINUTES_LABELS,
    MINUTES_UPPER,
    NO_DATA,
    PUBU,
    REASON_PATTERNS,
    REASON_WORDS,
    SHARE_LABELS,
    SHARE_UPPER,
    YLGNBU,
    Theme,
    bins,
    minutes_segment,
    rows,
    say,
)
from matcare.publish.map.outcome_themes import outcome_themes
from matcare.publish.map.planning_themes import WIDE_BOUNDS, planning_themes, wide_bounds

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

__all__ = ["CLASS_WORDS", "FAMILIES", "REASON_WORDS", "SERVICE_WORDS", "families", "run_themes", "themes"]

FAMILIES: Final = {
    "class": "March of Dimes class",
    "desert": "Drive-time deserts",
    "definitions": "Definitions compared",
    "certainty": "Certainty",
    "minutes": "Minutes to care",
    "within": "Women within reach",
    "risk": "Risk-appropriate care",
    "backup": "Backup: second unit",
    "catchment": "Catchment",
    "tiers": "Other tiers of care",
    "imr": "Infant mortality",
    "clusters": "Clusters",
    "profile": "Mother-infant profile",
    "context": "Context",
}
"""Families of themes, in the order of the list."""

_CHOICES: Final = {
    "minutes": "Service",
    "within": "Service",
    "definitions": "Definition",
    "certainty": "How sure of",
    "risk": "Which care",
    "backup": "Which minutes",
    "catchment": "Which measure",
    "tiers": "Tier",
    "imr": "Which rate",
    "clusters": "Clusters of",
    "profile": "Level",
    "context": "Context",
}
"""What one chooses in a family that has more than one theme."""

_CLASS_LEGEND: Final = {
    "desert": ("Maternity care desert", "#7f2704"),
    "low": ("Low access", "#e6550d"),
    "moderate": ("Moderate access", "#fdae6b"),
    "full": ("Full access", "#c9dfeb"),
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

_PREFERRED_LIMIT: Final = 60
_MANY_WITHOUT: Final = 0.1
"""A mean that leaves out this share of women is marked on the map: in Alaska it speaks of the towns alone."""

_UNSURE_MINUTES: Final = {
    "label": "Levels unsure: bounds of women within 60 minutes 25 points or more apart",
    "pattern": "dots-over",
}
"""How a mean is marked that would be another, were levels wrong or those not reported known."""

SERVICE_WORDS: Final = {
    "birth_care": "Birth care",
    "nicu": "NICU (any evidence)",
    "neonatal_2_plus": "Neonatal level II or higher",
    "neonatal_3_plus": "Neonatal level III or IV",
    "neonatal_3_plus_or_nicu": "Level III or IV, or NICU of unknown level",
}
"""Services in few words, for lists and tables."""


def themes(columns: Container[str] | None = None) -> list[Theme]:
    """Return every theme of the map, or those that a table can show.

    Parameters
    ----------
    columns : container of str, optional
        Names of the columns there are: a theme whose column is absent is left out, and so is a status that is absent.

    Returns
    -------
    list of dict
        ``id``, ``family``, ``label`` (in lists), ``title`` and ``note`` (in the legend), ``kind`` (``category``,
        ``bins`` or ``flag``), ``column``, ``status`` (the column that says why a value is missing), ``bound`` (whether
        the column exists again with the suffix ``_corroborated``), ``classes`` and ``missing`` (legend rows),
        ``overlay`` (rows of values that are shown with a reserve: by status, where ``column`` reaches ``from``, or
        where ``more`` less ``less`` does; not put in order where ``ranked`` is false), ``fallback`` (a column that
        fills the first where it is empty, counted apart), ``interval`` (in words, where each value has one in columns
        of its name with ``_low`` and ``_high``), ``classed`` (how the classes were made), ``unranked`` (why values must
        not be put in order), ``service``, ``segment`` (what the buttons choose) and ``say`` (how a value is put in
        words), where they apply.
    """
    every = [*run_themes(), *planning_themes()]
    if columns is None:
        return every
    return [_fitted(theme, columns) for theme in every if theme["column"] in columns]


def run_themes() -> list[Theme]:
    """Return the themes of the columns that every run has."""
    return [
        _class_theme(),
        *(_desert_theme(limit) for limit in (30, 60)),
        *(_minutes_theme(service) for service in SERVICES),
        *(_within_theme(service, limit) for service in SERVICES for limit in COVERAGE_MINUTES),
        *outcome_themes(),
        *_context_themes(),
    ]


def _fitted(theme: Theme, columns: Container[str]) -> Theme:
    """Leave out of a theme what stands on columns that are absent."""
    overlay = [
        row
        for row in theme.get("overlay", ())
        if all(row[key] in columns for key in ("column", "more", "less") if key in row)
    ]
    status = theme["status"] if theme["status"] in columns else None
    return theme | {"status": status} | ({"overlay": overlay} if "overlay" in theme else {})


def families(shown: Sequence[Theme]) -> list[dict[str, Any]]:
    """Return the families that have a theme, in order: ``id``, ``label``, ``choice`` and ``segments`` (their names)."""
    present = {theme["family"] for theme in shown}
    return [
        {"id": name, "label": label, "choice": _CHOICES.get(name), "segments": "Minutes"}
        for name, label in FAMILIES.items()
        if name in present
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
        "segment": minutes_segment(limit),
        "preferred": limit == _PREFERRED_LIMIT,
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
    column = f"minutes_{service}_reason"
    return {
        "id": f"minutes-{service}",
        "family": "minutes",
        "service": service,
        "label": SERVICE_WORDS[service],
        "title": f"Drive minutes to the nearest: {SERVICES[service]}",
        "note": f"Mean over the county’s women 15-44, by car at the profile’s speeds.{_of_levels(service)}",
        "kind": "bins",
        "column": f"minutes_{service}",
        "status": column,
        "bound": service == "birth_care",
        "say": say("minutes", " minutes"),
        "classes": bins(MINUTES_UPPER, MINUTES_LABELS, YLGNBU),
        "classed": FIXED_WORDS,
        "overlay": [
            {
                "column": f"share_women_without_minutes_{service}",
                "from": _MANY_WITHOUT,
                "label": f"Mean leaves out {_MANY_WITHOUT:.0%} or more of women".replace("%", " %"),
                "pattern": "stripes-over",
            },
            *([wide_bounds(service) | _UNSURE_MINUTES] if service in WIDE_BOUNDS else []),
        ],
        "missing": [
            *rows(REASON_PATTERNS, REASON_WORDS, REASON_PATTERNS),
            *_level_rows(service),
            NO_DATA,
        ],
    }


def _within_theme(service: str, limit: int) -> Theme:
    return {
        "id": f"within-{service}-{limit}",
        "family": "within",
        "service": service,
        "segment": minutes_segment(limit),
        "label": f"{SERVICE_WORDS[service]}, {limit} minutes",
        "title": f"Women 15-44 within {limit} minutes of: {SERVICES[service]}",
        "note": "Share of the county’s women, by car at the profile’s speeds. No road route: not within."
        f"{_of_levels(service)}",
        "kind": "bins",
        "column": f"share_women_within_{limit}_{service}",
        "status": f"minutes_{service}_reason",
        "bound": service == "birth_care",
        "say": say("share"),
        "classes": bins(SHARE_UPPER, SHARE_LABELS, BUPU_DARK_FIRST),
        "classed": FIXED_WORDS,
        "overlay": [wide_bounds(service)] if limit == _PREFERRED_LIMIT and service in WIDE_BOUNDS else [],
        "missing": [
            *rows(["no_demand_points"], REASON_WORDS, REASON_PATTERNS),
            *_level_rows(service),
            NO_DATA,
        ],
    }


def _of_levels(service: str) -> str:
    return f" {KNOWN_LEVELS}" if service in WIDE_BOUNDS else ""


def _level_rows(service: str) -> list[dict[str, Any]]:
    """Return the legend row of states without any reported level, for a service that counts by level."""
    reasons = COUNTY_RESULTS.column(f"minutes_{service}_reason").values
    return [LEVEL_NOT_REPORTED] if LEVEL_NOT_REPORTED["value"] in reasons else []


def _context_themes() -> list[Theme]:
    not_reported = {"value": "not_reported", "label": "Not reported by the source", "pattern": "columns"}
    shared: Theme = {"family": "context", "kind": "bins", "bound": False, "say": say("finely")}
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
            "classed": FIXED_WORDS,
            "missing": [not_reported, NO_DATA],
        },
        {
            **shared,
            "id": "svi",
            "label": "Social vulnerability (SVI)",
            "title": "Social Vulnerability Index 2022, national percentile",
            "note": "CDC/ATSDR; higher is more vulnerable.",
            "say": {"format": "hundredths", "before": "percentile "},
            "column": "svi",
            "status": None,
            **national_bins("svi", PUBU, times=100, lowest="percentile {} or less"),
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
            **national_bins("share_poverty", PUBU, after=" %", times=100),
            "missing": [not_reported | {"value": None}],
        },
    ]
