"""Contracts of the clusters: one row a county, and Moran's I of each quantity."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table
from matcare.contracts.outcome_columns import CLUSTER_LABELS, HOT_SPOT_LABELS

__all__ = ["AUTOCORRELATION", "CLUSTERED", "CLUSTERS"]

CLUSTERED: Final[dict[str, str]] = {
    "imr": "Infant mortality rate (published counties, empirical-Bayes standardised)",
    "minutes_birth_care": "Drive minutes to birth care",
    "minutes_neonatal_3_plus": "Drive minutes to neonatal level III or IV",
}
"""The quantities that are searched for clusters, with the words that stand for them."""

_WHY = (
    "`not_significant`: tested, and not significant after false-discovery control; `no_neighbour`: no neighbour with a value, so not tested; "
    "`no_rate`: no value of its own (no published rate, no minutes)."
)
_HIGH = "High and low are against the mean of the counties analysed."


def _local(name: str, words: str, extra: str = "") -> tuple[Column, ...]:
    return (
        Column(
            name=f"cluster_{name}", kind="text", required=True, values=CLUSTER_LABELS,
            description=f"{words}: cluster of the local Moran test, the county first and its neighbours second (`high_low` is a high county among low ones). {_HIGH} {_WHY}{extra}",
            source="computed",
        ),
        Column(
            name=f"local_moran_{name}", kind="number", unit="local Moran's I",
            description=f"{words}: local Moran's I; above 0 where the county is like its neighbours.", source="computed",
        ),
        Column(
            name=f"local_moran_{name}_p", kind="number", minimum=0, maximum=1, unit="p",
            description=f"{words}: two-sided pseudo p of the conditional permutation (twice the smaller tail), before false-discovery control.", source="computed",
        ),
    )  # fmt: skip


def _hot_spot(name: str, words: str) -> tuple[Column, ...]:
    return (
        Column(
            name=f"hot_spot_{name}", kind="text", required=True, values=HOT_SPOT_LABELS,
            description=f"{words}: Gi* of the county and its neighbours together, `hot_spot` or `cold_spot` where significant after false-discovery control. {_WHY}",
            source="computed",
        ),
        Column(name=f"gi_star_{name}", kind="number", unit="z", description=f"{words}: Gi* as Ord and Getis's z.", source="computed"),
        Column(
            name=f"gi_star_{name}_p", kind="number", minimum=0, maximum=1, unit="p",
            description=f"{words}: two-sided pseudo p of drawing as many counties from all, before false-discovery control.", source="computed",
        ),
    )  # fmt: skip


# fmt: off
CLUSTERS: Final = Table(
    name="clusters",
    title="Clusters of rates and of minutes",
    description="One row a county: local Moran and Gi* of the published infant mortality rates and of drive minutes, and where a rate and minutes around it go together. Modelled rates never enter. "
    "A cluster is an arrangement in space, not a cause.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="county_fips", kind="text", required=True, unique=True, pattern=r"\d{5}", description="County code of 2024, five digits.", source="census_county_shapes_2024"),
        *(column for name, words in CLUSTERED.items() for column in (*_local(name, words), *_hot_spot(name, words))),
        *_local("imr_minutes", "Infant mortality rate of the county against drive minutes to birth care around it (bivariate)", " `high_high`: a high rate, and far from birth care around it; it does not say that the two go together within the county."),
    ),
)

AUTOCORRELATION: Final = Table(
    name="autocorrelation",
    title="Moran's I of rates and of minutes",
    description="One row a quantity: how alike neighbouring counties are, tested by random arrangements.",
    primary_key=("quantity",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="quantity", kind="text", required=True, unique=True, values=tuple(CLUSTERED), description="What is compared between neighbours."),
        Column(name="counties", kind="integer", required=True, minimum=0, unit="counties", description="Counties analysed."),
        Column(name="islands", kind="integer", required=True, minimum=0, unit="counties", description="Of them, counties without an analysed neighbour: they count in the mean and have no part in the comparison."),
        Column(name="moran_i", kind="number", description="Moran's I with row-standardised contiguity; missing where nothing varies or nothing touches."),
        Column(name="expected", kind="number", description="Its expectation without autocorrelation."),
        Column(name="p", kind="number", minimum=0, maximum=1, unit="p", description="Two-sided pseudo p of the permutations."),
        Column(name="permutations", kind="integer", required=True, minimum=1, unit="arrangements", description="Random arrangements."),
        Column(name="status", kind="text", required=True, values=("tested", "too_few_counties"), description="`too_few_counties`: fewer than 30 counties have a value, or no two of them touch; nothing was tested, and every county with a value is `not_significant` or `no_neighbour`."),
    ),
)
# fmt: on
