"""Contracts of the small-county estimates: empirical Bayes rates, and rates modelled where none is published."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["EMPIRICAL_BAYES", "MODELLED_RATES"]

_RATE: Final = "per 1,000 live births"


def _code() -> Column:
    return Column(
        name="county_fips",
        kind="text",
        required=True,
        unique=True,
        pattern=r"\d{5}",
        description="Five-digit county code of 2024.",
        source="census_county_shapes_2024",
    )


def _estimates(suffix: str, words: str, limit: str) -> tuple[Column, ...]:
    return (
        Column(
            name=f"imr_eb{suffix}",
            kind="number",
            minimum=0,
            unit=_RATE,
            description=f"Empirical Bayes infant mortality rate (Marshall 1991) of a county with a published one, drawn to {words}. Steadier than the county's own rate, and nearer to the mean.",
            source="computed from chr_v129_2026",
        ),
        Column(
            name=f"imr_eb{suffix}_low",
            kind="number",
            minimum=0,
            unit=_RATE,
            description=f"Lower limit of its 95 % interval: quantile of the gamma posterior{limit}.",
            source="computed",
        ),
        Column(
            name=f"imr_eb{suffix}_high",
            kind="number",
            minimum=0,
            unit=_RATE,
            description="Upper limit.",
            source="computed",
        ),
        Column(
            name=f"imr_shrinkage{suffix}",
            kind="number",
            minimum=0,
            maximum=1,
            unit="share 0-1",
            description=f"Weight of the county's OWN rate in it; the rest is the weight of {words}.",
            source="computed",
        ),
        Column(
            name=f"imr_eb{suffix}_status",
            kind="text",
            required=True,
            values=("estimated", "no_spread", "no_neighbours"),
            description="`estimated`; `no_spread`: counties differ no more than by chance, so the estimate is the mean and has no interval; `no_neighbours`: an island has no surroundings to be drawn to.",
            source="computed",
        ),
    )


EMPIRICAL_BAYES: Final = Table(
    name="empirical_bayes",
    title="Empirical Bayes infant mortality of published counties",
    description="One row a county with a published count. The mean is the nation's total rate, never that of published counties, which are selected by their deaths.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        _code(),
        *_estimates("", "the nation's rate", ""),
        *_estimates(
            "_spatial",
            "the pooled rate of the county and its neighbours",
            ", widened by the uncertainty of the local mean",
        ),
    ),
)

MODELLED_RATES: Final = Table(
    name="modelled_rates",
    title="Modelled infant mortality of counties without a published rate",
    description="One row a county whose deaths are suppressed or not identified: what the county's births, rurality, vulnerability, low birthweight and minutes to neonatal III "
    "let expect, given that it was not published. An estimate, never a count; it enters no ranking, regression, pooled rate or cluster.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        _code(),
        Column(
            name="imr_modelled",
            kind="number",
            required=True,
            minimum=0,
            unit=_RATE,
            description="Modelled infant mortality rate, benchmarked so that a state's unpublished counties agree with its total.",
            source="computed from chr_v129_2026",
        ),
        Column(
            name="imr_modelled_low",
            kind="number",
            required=True,
            minimum=0,
            unit=_RATE,
            description="Lower limit of the 95 % interval of the rate: between-county spread, bounds of the count, uncertainty of the coefficients and of the benchmark.",
            source="computed",
        ),
        Column(
            name="imr_modelled_high",
            kind="number",
            required=True,
            minimum=0,
            unit=_RATE,
            description="Upper limit.",
            source="computed",
        ),
        Column(
            name="imr_modelled_benchmark",
            kind="text",
            required=True,
            values=("state", "division", "nation", "none"),
            description="What the rate agrees with: its state's unpublished deaths; those of the census division's other states, where the state's total is withheld, fewer than three counties or fewer than 20 deaths; the nation's; or nothing.",
            source="computed",
        ),
    ),
)
