"""Themes of how infants fare: published, shrunk and modelled rates, clusters, and the socio-ecological profile.

A modelled rate is hatched in white over its colour, so that it never has the fill of a published one.
"""

from __future__ import annotations

from typing import Final

from matcare.contracts import CLUSTER_LABELS, HOT_SPOT_LABELS, IMR_STATUSES, PROFILE_LEVELS
from matcare.publish.map.breaks import national_bins
from matcare.publish.map.legend_rows import NO_DATA, PUBU, YLORBR, Theme, rows, say

__all__ = ["BENCHMARK_WORDS", "CLUSTER_WORDS", "IMR_WORDS", "outcome_themes"]

BENCHMARK_WORDS: Final = {
    "state": "in line with the state’s unpublished deaths",
    "division": "in line with the unpublished deaths of the census division’s other states, since the state’s own are "
    "withheld or stand on too few counties or deaths",
    "nation": "in line with the nation’s unpublished deaths",
    "none": "in line with no published total",
}
"""What a modelled rate agrees with (``imr_modelled_benchmark``), in words."""

IMR_WORDS: Final = {
    "published": "Published",
    "published_unreliable": "Unreliable (under 20 deaths)",
    "apportioned": "Apportioned, not published as such",
    "modelled": "Modelled: no count is published",
    "suppressed": "Suppressed (too few deaths)",
    "not_identified": "Not named by the export",
    "not_reported": "Not reported by the source",
}
"""Standing of an infant mortality rate, in words."""

_UNPUBLISHED: Final = IMR_WORDS | {
    "modelled": "Not published (too few deaths); an estimate exists",
    "suppressed": "Not published (too few deaths), and no estimate either",
}
_UNRANKED: Final = "Rates have intervals that overlap, and tribal nations are not ranked."
_PATTERNS: Final = {"modelled": "diagonal", "suppressed": "cross", "not_identified": "grid", "not_reported": "columns"}
_OVERLAYS: Final = {"published_unreliable": "dots-over", "apportioned": "stripes-over", "modelled": "hatch-over"}

_PUBLICATION: Final = "Few deaths are not published, so a small county appears only when its rate is high."

CLUSTER_WORDS: Final = {
    "high_high": "High among high",
    "low_low": "Low among low",
    "high_low": "High among low",
    "low_high": "Low among high",
    "hot_spot": "Hot spot: high with its neighbours",
    "cold_spot": "Cold spot: low with its neighbours",
    "not_significant": "Not significant",
    "no_neighbour": "No neighbour with a value",
    "no_rate": "No value of its own",
}
"""Labels of clusters in words."""

_CLUSTER_COLOURS: Final = {
    "high_high": "#b2182b",
    "low_low": "#2166ac",
    "high_low": "#f4a582",
    "low_high": "#92c5de",
    "hot_spot": "#b2182b",
    "cold_spot": "#2166ac",
    "not_significant": "#e9e6df",
}
_CLUSTER_MARKS: Final = {"low_low": "bars-over", "low_high": "bars-over", "cold_spot": "bars-over"}
"""Lines over what is low, so that it is told from what is high without colour."""
_CLUSTER_PATTERNS: Final = {"no_neighbour": "bars", "no_rate": "diagonal"}
_NO_RATE: Final = "No published rate of its own (not published, apportioned or not reported)"
_CLUSTER_NOTE: Final = (
    "After false-discovery control at 5 %, by conditional permutation. A pattern among places, not a cause."
)


def outcome_themes() -> list[Theme]:
    """Return the themes of infant mortality, clusters and profile, as ``themes`` does."""
    return [*_rate_themes(), *_cluster_themes(), *_profile_themes()]


def _rate_themes() -> list[Theme]:
    shared: Theme = {
        "family": "imr",
        "kind": "bins",
        "status": "imr_status",
        "bound": False,
        "say": say("rate", " per 1,000"),
        "interval": "95 % interval",
        "unranked": _UNRANKED,
        **national_bins("imr", YLORBR),
    }

    def standing(hatched: bool) -> Theme:  # noqa: FBT001 - read beside its two calls
        over = [status for status in IMR_STATUSES if status in _OVERLAYS and (hatched or status != "modelled")]
        without = [status for status in IMR_STATUSES if status in _PATTERNS and not (hatched and status == "modelled")]
        return {
            "overlay": [row | {"ranked": False} for row in rows(over, IMR_WORDS, _OVERLAYS)],
            "missing": [*rows(without, _UNPUBLISHED, _PATTERNS), NO_DATA],
        }

    return [
        {
            **shared,
            **standing(hatched=False),
            "id": "imr",
            "label": "Published rate",
            "title": "Infant deaths per 1,000 live births, published",
            "note": _PUBLICATION,
            "column": "imr",
        },
        {
            **shared,
            **standing(hatched=True),
            "id": "imr-modelled",
            "label": "Published, and modelled where it is not",
            "title": "Infant deaths per 1,000 live births, published or modelled",
            "note": f"{_PUBLICATION} Hatched: modelled from what the county is like, no observation; not to be ranked.",
            "column": "imr",
            "fallback": "imr_modelled",
            "unranked": f"{_UNRANKED} Where none is published it is modelled: no observation, so never put in order.",
        },
        {
            **shared,
            **standing(hatched=False),
            "id": "imr-eb",
            "label": "Shrunk towards the nation",
            "title": "Infant deaths per 1,000 live births, empirical Bayes",
            "note": f"The fewer the births, the nearer the nation’s rate. {_PUBLICATION}",
            "column": "imr_eb",
        },
        {
            **shared,
            **standing(hatched=False),
            "id": "imr-eb-spatial",
            "label": "Shrunk towards its neighbours",
            "title": "Infant deaths per 1,000 live births, spatial empirical Bayes",
            "note": f"The fewer the births, the nearer the rate of the county with its neighbours. {_PUBLICATION}",
            "column": "imr_eb_spatial",
        },
    ]


def _cluster_themes() -> list[Theme]:
    def theme(column: str, label: str, title: str, note: str, labels: tuple[str, ...]) -> Theme:
        words = CLUSTER_WORDS | ({} if column == "cluster_minutes_birth_care" else {"no_rate": _NO_RATE})
        return {
            "id": column.replace("_", "-"),
            "family": "clusters",
            "label": label,
            "title": title,
            "note": f"{note} {_CLUSTER_NOTE}",
            "kind": "category",
            "column": column,
            "status": None,
            "bound": False,
            "classes": [
                {"value": value, "label": CLUSTER_WORDS[value], "colours": [_CLUSTER_COLOURS[value]]}
                | ({"pattern": _CLUSTER_MARKS[value]} if value in _CLUSTER_MARKS else {})
                for value in labels
                if value in _CLUSTER_COLOURS
            ],
            "missing": [
                *rows([value for value in labels if value in _CLUSTER_PATTERNS], words, _CLUSTER_PATTERNS),
                NO_DATA,
            ],
        }

    rates = "Published rates only, standardised for the number of births."
    return [
        theme("cluster_imr", "Infant mortality", "Clusters of infant mortality (local Moran)", rates, CLUSTER_LABELS),
        theme("hot_spot_imr", "Mortality, hot spots", "Hot spots of infant mortality (Gi*)", rates, HOT_SPOT_LABELS),
        theme(
            "cluster_minutes_birth_care",
            "Minutes to birth care",
            "Clusters of minutes to birth care (local Moran)",
            "High is far from birth care.",
            CLUSTER_LABELS,
        ),
        theme(
            "cluster_imr_minutes",
            "Mortality beside its neighbours’ minutes",
            "Infant mortality beside the neighbours’ minutes to birth care (bivariate local Moran)",
            "First word: the county’s published rate; second: its neighbours’ minutes.",
            CLUSTER_LABELS,
        ),
    ]  # fmt: skip


def _profile_themes() -> list[Theme]:
    levels = {"overall": "All four levels"} | PROFILE_LEVELS
    return [
        {
            "id": f"profile-{level.replace('_', '-')}",
            "family": "profile",
            "label": words,
            "title": f"Mother-infant profile: {words[0].lower()}{words[1:]}",
            "note": "Mean national percentile of the county’s indicators, higher is of more concern (indicators.csv). "
            "Infant mortality itself is not in it.",
            "kind": "bins",
            "say": {"format": "whole", "before": "mean percentile "},
            "column": f"profile_{level}",
            "status": None,
            "bound": False,
            **national_bins(f"profile_{level}", PUBU),
            "missing": [NO_DATA | {"label": "Withheld: over a quarter of the inputs are missing"}],
        }
        for level, words in levels.items()
    ]
