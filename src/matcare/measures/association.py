"""What infant mortality goes with between counties: regressions that say "association, not cause"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from matcare.contracts.association import ASSOCIATION, ASSOCIATION_READING, ASSOCIATION_TERMS
from matcare.measures.clusters.local import PERMUTATIONS, moran
from matcare.measures.clusters.weights import contiguity
from matcare.measures.desert_outcomes import partly_published_counties
from matcare.measures.partly_published import fit_rates, log_likelihood, standardised_residuals
from matcare.measures.spatial_regression import spatial_regression

if TYPE_CHECKING:
    from matcare.measures.partly_published import Fit, PartlyPublished

__all__ = ["FEWEST_PUBLISHED", "MAIN_TERMS", "association", "least_squares", "variance_inflation"]

Floats = npt.NDArray[np.float64]

FEWEST_PUBLISHED: Final = 100
"""On fewer published counties no model is fitted."""

LEAST_P: Final = 1e-6
"""A p is not printed below this: nothing in such data is known to more."""

MAIN_TERMS: Final = ("minutes_birth_care", "minutes_neonatal_3_plus", "svi", "rucc_2023")
"""Covariates of all models but one. Poverty and the uninsured are parts of the vulnerability index and would be counted
twice; low birthweight lies on the way from care to death, and to hold it fixed takes part of what is asked away."""

_FEWEST_STATES: Final = 20
_SIGNIFICANT: Final = 0.05
_Z: Final = 1.96
_LEAST_INFORMATION: Final = 0.05
"""A residual with a smaller share of the count's variance is that of a county too small to be published at any rate."""


@dataclass(frozen=True, kw_only=True)
class _Model:
    name: str
    counties: int
    published: int
    terms: tuple[str, ...] = ("none",)
    coefficients: Floats | None = None
    errors: Floats | None = None
    se_kind: str = "none"
    vif: Floats | None = None
    moran_residual: float = np.nan
    moran_p: float = np.nan
    status: str = "fitted"


def association(
    counties: pd.DataFrame,
    states: pd.DataFrame,
    adjacency: pd.DataFrame,
    *,
    most_suppressed_deaths: int = 19,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    threads: int | None = None,
) -> pd.DataFrame:
    """Regress infant mortality on minutes, vulnerability and rurality, with spatial dependence tested.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`.
    states : pandas.DataFrame
        Contract `STATES_TABLE`.
    adjacency : pandas.DataFrame
        Contract `ADJACENCY`.
    most_suppressed_deaths : int, default 19
        The most deaths of a suppressed county.
    permutations, seed, threads : int
        Of Moran's I of the residuals, as in :func:`matcare.measures.clusters.local.moran`.

    Returns
    -------
    pandas.DataFrame
        Contract `ASSOCIATION`: the published counties' least squares; beside it, where Moran's I of its residuals is
        significant, a spatial-error or spatial-lag model, chosen by Lagrange-multiplier tests; and the negative
        binomial of published and suppressed counts of all counties, without and with low birthweight.

    References
    ----------
    Anselin L, Rey SJ. Modern spatial econometrics in practice. GeoDa Press, 2014 (choice of the spatial model).
    Robinson WS. Ecological correlations and the behavior of individuals. Am Sociol Rev 1950; 15:351-357.
    """
    test = {"permutations": permutations, "seed": seed, "threads": threads}
    data, member = partly_published_counties(counties, states, most_suppressed_deaths=most_suppressed_deaths)
    table = counties.iloc[member].reset_index(drop=True)
    models = _published_models(data, table, adjacency, test)
    models.append(_all_counties("all_counties", MAIN_TERMS, data, table, adjacency, test))
    with_weight = (*MAIN_TERMS, "share_low_birthweight")
    models.append(_all_counties("all_counties_low_birthweight", with_weight, data, table, adjacency, test))
    frame = pd.concat([_rows(model) for model in models], ignore_index=True)
    frame["p"] = frame["p"].clip(lower=LEAST_P)
    frame["reading"] = ASSOCIATION_READING
    frame["outcome_period"] = counties["outcome_period"].iloc[0]
    return frame[ASSOCIATION.names]


def least_squares(y: Floats, design: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted least squares with heteroskedasticity-robust (HC3) standard errors.

    Parameters
    ----------
    y, weights : numpy.ndarray of float64, shape (n,)
    design : numpy.ndarray of float64, shape (n, p)

    Returns
    -------
    coefficients, errors : numpy.ndarray of float64, shape (p,)
    residuals : numpy.ndarray of float64, shape (n,)
        Times the square root of the weights.

    References
    ----------
    MacKinnon JG, White H. Some heteroskedasticity-consistent covariance matrix estimators with improved finite sample
    properties. Journal of Econometrics 1985; 29:305-325.
    """
    root = np.sqrt(weights)
    x, z = design * root[:, None], y * root
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ (x.T @ z)
    residuals = z - x @ coefficients
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    spread = x * (residuals / (1 - leverage))[:, None]
    covariance = inverse @ (spread.T @ spread) @ inverse
    return coefficients, np.sqrt(np.diag(covariance)), residuals


def variance_inflation(covariates: Floats) -> Floats:
    """Variance inflation factors: the diagonal of the inverse of the covariates' correlations.

    Parameters
    ----------
    covariates : numpy.ndarray of float64, shape (n, p)
        Without the intercept.

    Returns
    -------
    numpy.ndarray of float64, shape (p,)
        1 where a covariate has nothing in common with the others; infinite where they determine it.

    Examples
    --------
    >>> variance_inflation(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])).tolist()
    [1.0, 1.0]
    """
    correlation = np.corrcoef(covariates, rowvar=False).reshape(covariates.shape[1], covariates.shape[1])
    if np.linalg.matrix_rank(correlation) < len(correlation):
        return np.full(len(correlation), np.inf)
    return np.maximum(np.diag(np.linalg.inv(correlation)), 1.0)


def _published_models(
    data: PartlyPublished, table: pd.DataFrame, adjacency: pd.DataFrame, test: dict[str, Any]
) -> list[_Model]:
    covariates, complete = _covariates(table, MAIN_TERMS)
    chosen = complete & np.isfinite(data.deaths) & (np.nan_to_num(data.deaths) > 0)
    size = int(chosen.sum())
    model = _Model(name="published_least_squares", counties=size, published=size)
    spatial = replace(model, name="published_spatial_error")
    if size < FEWEST_PUBLISHED:
        few = "too_few_published_counties"
        return [replace(model, status=few), replace(spatial, status=few)]
    design = _design(covariates[chosen])
    deaths = data.deaths[chosen]
    y = np.log(deaths / data.births[chosen])
    neighbours = contiguity(adjacency, table.loc[chosen, "county_fips"])
    coefficients, errors, residuals = least_squares(y, design, deaths)
    residual = moran(residuals, neighbours, **test)
    vif = variance_inflation(design[:, 1:])
    first = replace(
        model,
        terms=("intercept", *MAIN_TERMS),
        coefficients=coefficients,
        errors=errors,
        se_kind="heteroskedasticity_robust",
        vif=vif,
        moran_residual=residual.i,
        moran_p=residual.p,
    )
    if not residual.p < _SIGNIFICANT:
        return [first, replace(spatial, status="not_needed")]
    found = spatial_regression(y, design[:, 1:], neighbours)
    if found is None:
        return [first, replace(spatial, status="not_needed")]
    left = moran(found.residuals, found.neighbours, **test)
    spatial = replace(
        first,
        name=f"published_{found.kind}",
        counties=len(found.residuals),
        published=len(found.residuals),
        terms=("intercept", *MAIN_TERMS, found.kind),
        coefficients=found.coefficients,
        errors=found.errors,
        moran_residual=left.i,
        moran_p=left.p,
    )
    return [first, spatial]


def _all_counties(
    name: str,
    terms: tuple[str, ...],
    data: PartlyPublished,
    table: pd.DataFrame,
    adjacency: pd.DataFrame,
    test: dict[str, Any],
) -> _Model:
    covariates, complete = _covariates(table, terms)
    # A county that is neither published nor suppressed speaks through a sum only, if at all.
    part, rows = data.take(complete), table[complete].reset_index(drop=True)
    published = int(np.isfinite(part.deaths).sum())
    model = _Model(name=name, counties=len(rows), published=published)
    if published < FEWEST_PUBLISHED:
        return replace(model, status="too_few_published_counties")
    design = _design(covariates[complete])
    fit = fit_rates(part, design)
    if not fit.converged:
        return replace(model, status="not_converged")
    covariance, kind = _covariance(part, design, fit, rows["state"])
    residual, share = standardised_residuals(part, design, fit.parameters)
    told = np.isfinite(residual) & (share >= _LEAST_INFORMATION)
    left = moran(residual[told], contiguity(adjacency, rows.loc[told, "county_fips"]), **test)
    return replace(
        model,
        terms=("intercept", *terms),
        coefficients=fit.coefficients,
        errors=np.sqrt(np.diag(covariance))[: design.shape[1]],
        se_kind=kind,
        vif=variance_inflation(design[:, 1:]),
        moran_residual=left.i,
        moran_p=left.p,
    )


def _covariance(data: PartlyPublished, design: Floats, fit: Fit, state: pd.Series) -> tuple[Floats, str]:
    """Covariance clustered by state where there are enough of them, else that of the likelihood.

    Counties of a state are alike in more than the covariates, and what is left of a state's total ties its counties
    together anyway: the score of the whole state is the independent unit (Liang and Zeger 1986).
    """
    inverse = fit.covariance()
    names = state.astype("str").to_numpy()
    every = np.unique(names)
    if len(every) < _FEWEST_STATES:
        return inverse, "model_based"
    scores = []
    for name in every:
        here = names == name
        scores.append(log_likelihood(data.take(here), design[here], fit.parameters)[1])
    score = np.array(scores)
    if fit.fixed:
        score[:, -1] = 0.0
    spread = score.T @ score * len(every) / (len(every) - 1)
    return inverse @ spread @ inverse, "clustered_by_state"


def _covariates(table: pd.DataFrame, terms: tuple[str, ...]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    steps = np.array([ASSOCIATION_TERMS[term][0] for term in terms])
    values = np.column_stack([table[term].to_numpy(dtype=np.float64, na_value=np.nan) for term in terms]) / steps
    return values, np.isfinite(values).all(axis=1)


def _design(covariates: Floats) -> Floats:
    """Put an intercept before the covariates, centred: it is then the ln rate of an average county."""
    return np.column_stack([np.ones(len(covariates)), covariates - covariates.mean(axis=0)])


def _rows(model: _Model) -> pd.DataFrame:
    size = len(model.terms)
    fitted = model.coefficients is not None and model.errors is not None
    coefficient = np.asarray(model.coefficients if fitted else np.full(size, np.nan))
    error = np.asarray(model.errors if fitted else np.full(size, np.nan))
    covariate = np.array([term in ASSOCIATION_TERMS for term in model.terms])
    vif = np.full(size, np.nan)
    if model.vif is not None:
        vif[covariate] = model.vif
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * ndtr(-np.abs(coefficient / error))
    units = [ASSOCIATION_TERMS[term][1] if term in ASSOCIATION_TERMS else None for term in model.terms]
    return pd.DataFrame(
        {
            "model": model.name,
            "term": list(model.terms),
            "unit": pd.array(units, dtype="str"),
            "coefficient": coefficient,
            "se": error,
            "se_kind": model.se_kind,
            "low": coefficient - _Z * error,
            "high": coefficient + _Z * error,
            "p": p,
            "rate_ratio": np.where(covariate, np.exp(coefficient), np.nan),
            "vif": vif,
            "counties": model.counties,
            "counties_published": model.published,
            "moran_residual": model.moran_residual,
            "moran_p": model.moran_p,
            "status": model.status,
        }
    )
