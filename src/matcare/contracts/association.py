"""Contract of the regressions of infant mortality on access and context."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["ASSOCIATION", "ASSOCIATION_MODELS", "ASSOCIATION_READING", "ASSOCIATION_TERMS", "SPATIAL_TERMS"]

ASSOCIATION_READING: Final = "association, not cause"
"""Stands in every row."""

ASSOCIATION_MODELS: Final[dict[str, str]] = {
    "published_least_squares": "Weighted least squares of the ln rate, published counties only, weights the deaths",
    "published_spatial_error": "The ln rate of published counties with spatially correlated errors",
    "published_spatial_lag": "The ln rate of published counties with their neighbours' rates on the right-hand side",
    "all_counties": "Negative binomial of published and suppressed deaths, all counties",
    "all_counties_low_birthweight": "The same with the share of low birthweight, where it is known",
}
"""The models, with the words that stand for them."""

ASSOCIATION_TERMS: Final[dict[str, tuple[float, str]]] = {
    "minutes_birth_care": (30.0, "per 30 minutes"),
    "minutes_neonatal_3_plus": (30.0, "per 30 minutes"),
    "svi": (0.1, "per 0.1 of the national rank"),
    "rucc_2023": (1.0, "per step of the continuum (1 metropolitan to 9 rural)"),
    "share_low_birthweight": (0.01, "per 1 percentage point"),
}
"""Covariates: the step that a coefficient is for, and its words. Low birthweight stands in one model only."""

SPATIAL_TERMS: Final[dict[str, str]] = {
    "spatial_error": "correlation of neighbouring errors",
    "spatial_lag": "weight of the neighbours' mean ln rate",
}
"""Parameters of the spatial models."""

# fmt: off
ASSOCIATION: Final = Table(
    name="association",
    title="Infant mortality, access and context: regressions between counties",
    description="One row a model and term. Association, not cause, and between counties: what holds of counties need not hold of the women in them (ecological fallacy). Read `all_counties`: the models "
    "of published counties only stand beside it to show what their selection does, since a small, far county is published only when its rate is high. No modelled rate enters any of them.",
    primary_key=("model", "term"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="outcome_period", kind="text", required=True, description="Years of the deaths and births.", source="chr_v129_2026, or the user's export"),
        Column(name="model", kind="text", required=True, values=tuple(ASSOCIATION_MODELS), description="; ".join(f"`{name}`: {words}" for name, words in ASSOCIATION_MODELS.items()) + "."),
        Column(name="term", kind="text", required=True, values=("intercept", *ASSOCIATION_TERMS, *SPATIAL_TERMS, "none"), description="Covariate, centred at its mean over the model's counties; `none` in the one row of a model that was not fitted."),
        Column(name="unit", kind="text", description="Step of the covariate that the coefficient is for."),
        Column(name="coefficient", kind="number", unit="ln rate per unit", description="Difference in the ln rate that goes with one step, the other covariates alike. In a spatial-lag model it is the direct part only.", source="computed"),
        Column(name="se", kind="number", minimum=0, unit="ln rate per unit", description="Standard error.", source="computed"),
        Column(name="se_kind", kind="text", required=True, values=("heteroskedasticity_robust", "clustered_by_state", "model_based", "none"), description="HC3 or its spatial counterpart; clustered by state (from 20 states on), which allows neighbours within a state to be alike; from the likelihood."),
        Column(name="low", kind="number", unit="ln rate per unit", description="Lower limit of the 95 % interval.", source="computed"),
        Column(name="high", kind="number", unit="ln rate per unit", description="Upper limit.", source="computed"),
        Column(name="p", kind="number", minimum=0, maximum=1, unit="p", description="Two-sided p of no association; 0.000001 stands for that and less.", source="computed"),
        Column(name="rate_ratio", kind="number", minimum=0, unit="ratio", description="exp(coefficient): the rate over that of a county one step lower. Not of the intercept and the spatial parameters.", source="computed"),
        Column(name="vif", kind="number", minimum=1, unit="ratio", description="Variance inflation factor: how much the other covariates widen this one's variance; from 5 on it is not told apart from them.", source="computed"),
        Column(name="counties", kind="integer", required=True, minimum=0, unit="counties", description="Counties in the model."),
        Column(name="counties_published", kind="integer", required=True, minimum=0, unit="counties", description="Of them, with a published count."),
        Column(name="moran_residual", kind="number", unit="Moran's I", description="Moran's I of the model's residuals.", source="computed"),
        Column(name="moran_p", kind="number", minimum=0, maximum=1, unit="p", description="Its two-sided pseudo p. Small: neighbours' residuals are more alike (`moran_residual` above 0) or less alike (below 0, a spatial model that takes out too much) than chance makes them, so the standard errors are doubtful.", source="computed"),
        Column(name="status", kind="text", required=True, values=("fitted", "too_few_published_counties", "not_needed", "not_converged"), description="`too_few_published_counties`: fewer than 100, not fitted; `not_needed`: neither test for spatial dependence of the residuals asked for it."),
        Column(name="reading", kind="text", required=True, values=(ASSOCIATION_READING,), description="How to read the row."),
    ),
)
# fmt: on
