"""Columns of the county results that say how infants fare: rates, smoothed and modelled rates, clusters, profile."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column

__all__ = [
    "CLUSTER_LABELS",
    "HOT_SPOT_LABELS",
    "IMR_STATUSES",
    "OUTCOME_COLUMNS",
    "PROFILE_COLUMNS",
    "PROFILE_LEVELS",
]

IMR_STATUSES: Final = (
    "published",
    "published_unreliable",
    "apportioned",
    "modelled",
    "suppressed",
    "not_identified",
    "not_reported",
)
"""Standing of an infant mortality rate."""

CLUSTER_LABELS: Final = (
    "high_high",
    "low_low",
    "high_low",
    "low_high",
    "not_significant",
    "no_neighbour",
    "no_rate",
)
"""Local Moran: the county's own value and its neighbours', where significant after false-discovery control."""

HOT_SPOT_LABELS: Final = ("hot_spot", "cold_spot", "not_significant", "no_neighbour", "no_rate")
"""Getis-Ord Gi*: a county together with its neighbours."""

PROFILE_LEVELS: Final[dict[str, str]] = {
    "patient_family": "Patient and family",
    "provider_system": "Provider and health system",
    "community": "Community",
    "policy_society": "Policy and society",
}
"""The four levels of the socio-ecological view of mother and infant."""

_RATE: Final = "per 1,000 live births"


def _rates(name: str, words: str, more: str = "") -> tuple[Column, ...]:
    return (
        Column(name=name, kind="number", minimum=0, unit=_RATE, description=f"{words}.{more}", source="computed"),
        Column(name=f"{name}_low", kind="number", minimum=0, unit=_RATE, description=f"{words}: lower limit of the 95 % interval.", source="computed"),
        Column(name=f"{name}_high", kind="number", minimum=0, unit=_RATE, description=f"{words}: upper limit of the 95 % interval.", source="computed"),
    )  # fmt: skip


def _weight(name: str, towards: str) -> Column:
    return Column(
        name=name, kind="number", minimum=0, maximum=1, unit="share 0-1", source="computed",
        description=f"Weight of the county's own published rate in the estimate; the rest of it is {towards}. 1 is no shrinkage.",
    )  # fmt: skip


def _standing(name: str) -> Column:
    return Column(
        name=f"{name}_status", kind="text", values=("estimated", "no_spread", "no_neighbours"), source="computed",
        description="`estimated`; `no_spread`: counties differ no more than by chance, so the estimate is the mean and has no interval; `no_neighbours`: nothing to shrink towards. Empty without a published rate.",
    )  # fmt: skip


def _cluster(name: str, words: str, values: tuple[str, ...]) -> Column:
    return Column(
        name=name, kind="text", required=True, values=values, source="computed",
        description=f"{words}. `not_significant` after false-discovery control at 5 %; `no_neighbour`: no adjacent county with a value; `no_rate`: no value of its own. A pattern among places, not a cause.",
    )  # fmt: skip


# fmt: off
OUTCOME_COLUMNS: Final = (
    Column(name="outcome_period", kind="text", required=True, description="Years of the infant deaths and live births.", source="chr_v129_2026, or the user's export"),
    Column(name="imr", kind="number", minimum=0, unit=_RATE, description="Infant mortality rate of `outcome_period`, from published counts (Connecticut: from apportioned ones, see `imr_status`).", source="computed from chr_v129_2026, or the user's export"),
    Column(name="imr_low", kind="number", minimum=0, unit=_RATE, description="Lower limit of the NCHS 95 % interval (normal from 100 deaths, gamma below); none for apportioned counts.", source="computed"),
    Column(name="imr_high", kind="number", minimum=0, unit=_RATE, description="Upper limit of the NCHS 95 % interval.", source="computed"),
    Column(
        name="imr_status", kind="text", required=True, values=IMR_STATUSES, source="computed",
        description="published; published_unreliable (fewer than 20 deaths: not to be ranked); apportioned (Connecticut: moved between county vintages by weights, so it has no interval); modelled (no count is published: "
        "fewer than 20 deaths in the embedded data, 1-9 or no name in a user's export; `imr` is empty and the estimate in `imr_modelled` is no observation); suppressed (no count and no estimate, as below ten births a year); not_identified (the user's export does not name the county, and there is no estimate); not_reported.",
    ),
    *_rates("imr_eb", "Published rate shrunk towards the nation's (global empirical Bayes, Marshall 1991)", " Only where a rate is published."),
    _weight("imr_shrinkage", "the nation's rate"),
    _standing("imr_eb"),
    *_rates("imr_eb_spatial", "Published rate shrunk towards that of the county with its neighbours (spatial empirical Bayes, Marshall 1991)", " Neighbours without a count enter at their state's residual rate."),
    _weight("imr_shrinkage_spatial", "the neighbourhood's rate"),
    _standing("imr_eb_spatial"),
    *_rates("imr_modelled", "MODELLED rate of a county without a published one", " The underlying rate that a county like this one has over many periods, by a censored regression on births, rurality, vulnerability, low birthweight and minutes to neonatal III, in line with the state's unpublished deaths. Not the rate of `outcome_period`: that one stood on fewer than 20 deaths and may lie below the interval, and births times this rate are more than the deaths that occurred, since those counts were selected for being small. None below ten births a year. Never to be ranked, averaged by class or tested as a count."),
    Column(name="imr_modelled_benchmark", kind="text", values=("state", "division", "nation", "none"), description="What the modelled rate agrees with: its state's unpublished deaths; those of the census division's other states, where the state's own are withheld or stand on fewer than three counties or 20 deaths; the nation's; or none.", source="computed"),
    _cluster("cluster_imr", "Local Moran of the published rates, EB-standardised: the county and its neighbours high (high_high) or low (low_low), or an outlier", CLUSTER_LABELS),
    _cluster("hot_spot_imr", "Getis-Ord Gi* of the published rates, EB-standardised: the county with its neighbours higher (hot_spot) or lower (cold_spot) than chance", HOT_SPOT_LABELS),
    _cluster("cluster_minutes_birth_care", "Local Moran of the minutes to birth care: long among long (high_high), short among short (low_low), or an outlier", CLUSTER_LABELS),
    _cluster("cluster_imr_minutes", "Bivariate local Moran: the county's published rate (first word) beside its neighbours' minutes to birth care (second word)", CLUSTER_LABELS),
)
"""Outcome columns of the county results, in order, after the counts."""

PROFILE_COLUMNS: Final = (
    *(
        Column(name=f"profile_{level}", kind="number", minimum=0, maximum=100, unit="mean percentile 0-100", description=f"{words}: mean of the national percentiles of the county's indicators of this level; higher is of more concern. An input with two values or many ties cannot reach 0 or 100, so the level does not span the whole range. Withheld when more than a quarter of them are missing. Inputs: indicators.csv, indicator_catalog.csv.", source="computed")
        for level, words in PROFILE_LEVELS.items()
    ),
    Column(name="profile_overall", kind="number", minimum=0, maximum=100, unit="mean percentile 0-100", description="Mean of the four levels' indices; withheld when one of them is.", source="computed"),
    Column(name="profile_missing", kind="text", description="Indicators that are missing for the county, and whether a level was withheld for it.", source="computed"),
)
"""Socio-ecological profile of the county results."""
# fmt: on
