"""How far the small-county estimates can be trusted: held-out deaths, state residuals, and worlds whose truth is known.

A plain leave-out of published counties would test the wrong thing, since they are published for having many deaths.
Here a populous county, whose publication depends on nothing, is thinned at random to a small county's size; where the
publication rule then hides it, its rate is predicted from what would be known, and scored on the rest of its births.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc

from matcare.measures.small_counties.counties import UNPUBLISHED
from matcare.measures.small_counties.empirical_bayes import marshall_variance
from matcare.measures.small_counties.estimates import Taking, rates_of
from matcare.measures.small_counties.likelihood import expected_deaths

if TYPE_CHECKING:
    from matcare.measures.small_counties.model import FittedModel

__all__ = [
    "BIRTHS_A_YEAR",
    "PUBLISHED_FROM",
    "coverage",
    "negative_binomial_cumulative",
    "simulated_world",
    "state_calibration",
    "thinned_empirical_bayes",
    "thinned_predictions",
]

F64 = npt.NDArray[np.float64]

BIRTHS_A_YEAR: Final = (0, 100, 250, 500, 1_000_000)
"""Limits of the size classes of the tables."""

PUBLISHED_FROM: Final = 20
"""A county with fewer deaths is suppressed: known to have 0-19."""

_LEVELS: Final = (0.5, 0.8, 0.95)
_AMPLE: Final = 60.0
_STEP: Final = 1e-4


def thinned_predictions(
    taking: Taking,
    residuals: pd.DataFrame,
    *,
    mean: float,
    folds: int = 10,
    births_as_thinned: bool = False,
    draws: int = 64,
    seed: int = 0,
) -> pd.DataFrame:
    """Hide populous counties by thinning them, fit the model to all others and to them as censored, and predict.

    Each published county of 60 expected deaths and more stands in one fold. Its births are cut to those of an
    unpublished county chosen at random, each of its deaths is kept with the same probability, and where fewer than 20
    are kept it is censored (0-19); otherwise it stays published at that size and is not scored. The
    deaths that were not kept are, given the rate, independent of those that were.

    Parameters
    ----------
    taking : Taking
        The real counties.
    residuals : pandas.DataFrame
        From :func:`matcare.measures.small_counties.residuals.state_residuals`: of the truly unpublished counties, which
        the fit knows in a run too.
    mean : float
        The nation's deaths per birth.
    folds : int, default 10
        Number of refits.
    births_as_thinned : bool, default False
        Whether log births, as a covariate, are those of the thinned county or the county's own. A part of a populous
        county is no rural one, so its own is right; the other is for comparison.
    draws, seed : int
        Of the parameters; the seed is that of thinning too.

    Returns
    -------
    pandas.DataFrame
        One row a hidden county: ``state, births`` (thinned), ``predicted`` (deaths per birth), ``held_out_deaths,
        held_out_births``, ``pit`` (see :func:`coverage`).
    """
    rng = np.random.default_rng(seed)
    counties, births = taking.counties, taking.births
    ample = np.flatnonzero((counties["outcome_status"] == "published").to_numpy() & (births * mean >= _AMPLE))
    sizes = births[counties["outcome_status"].isin(UNPUBLISHED).to_numpy()]
    fold = rng.permutation(len(ample)) % folds
    start = taking.fit(residuals)
    parts = []
    for number in range(folds):
        chosen = ample[fold == number]
        small = np.minimum(rng.choice(sizes, len(chosen)), births[chosen] / 2)
        deaths = counties["infant_deaths"].to_numpy(dtype=np.float64)[chosen]
        kept = rng.binomial(deaths.astype(np.int64), small / births[chosen]).astype(np.float64)
        hidden = kept < PUBLISHED_FROM
        world = _with(taking, chosen, small, kept, births_as_thinned=births_as_thinned)
        model = world.fit(residuals, start=start)
        rows = np.zeros(len(births), dtype=np.bool_)
        rows[chosen[hidden]] = True
        order = np.flatnonzero(rows)
        lookup = {int(at): place for place, at in enumerate(chosen)}
        places = np.array([lookup[int(at)] for at in order], dtype=np.int64)
        posterior = rates_of(world, model, rows=rows, draws=draws, seed=seed)
        left, left_births = (deaths - kept)[places], (births[chosen] - small)[places]
        below = posterior.cumulative_of_deaths(left - 1, left_births)
        upto = posterior.cumulative_of_deaths(left, left_births)
        parts.append(
            pd.DataFrame(
                {
                    "state": counties["state"].to_numpy()[order],
                    "births": small[places],
                    "predicted": posterior.mean(),
                    "held_out_deaths": left,
                    "held_out_births": left_births,
                    "pit": below + rng.uniform(size=len(order)) * (upto - below),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _with(taking: Taking, chosen: npt.NDArray[np.int64], births: F64, kept: F64, *, births_as_thinned: bool) -> Taking:
    """Return the counties with some of them at another size, censored where the publication rule hides them."""
    table, own = taking.counties.copy(), taking.births.copy()
    hidden = kept < PUBLISHED_FROM
    table.loc[chosen, "deaths_at_least"] = np.where(hidden, 0.0, kept)
    table.loc[chosen, "deaths_at_most"] = np.where(hidden, PUBLISHED_FROM - 1.0, kept)
    design = taking.covariates.design.copy()
    if births_as_thinned and "log_births" in taking.covariates.names:
        column = taking.covariates.names.index("log_births")
        slope = float(np.ptp(design[:, column]) / np.ptp(np.log(own)))
        design[chosen, column] += slope * (np.log(births) - np.log(own[chosen]))
    own[chosen] = births
    return Taking(counties=table, births=own, covariates=replace(taking.covariates, design=design))


def thinned_empirical_bayes(
    deaths: F64, births: F64, *, mean: float, kept_deaths: float = 35.0, seed: int = 0
) -> pd.DataFrame:
    """Thin populous counties to where publication selects them, and score the empirical Bayes posterior.

    Parameters
    ----------
    deaths, births : numpy.ndarray of float64, shape (n,)
        Counts of published counties.
    mean : float
        The nation's deaths per birth.
    kept_deaths : float, default 35
        Expected deaths of the thinned counties are spread evenly from 10 to this; those that fall below 20 are hidden,
        so what is scored is selected as published small counties are.
    seed : int
        Of thinning.

    Returns
    -------
    pandas.DataFrame
        One row a county that stays published: ``births, predicted, held_out_deaths, held_out_births, pit``.
    """
    rng = np.random.default_rng(seed)
    ample = births * mean >= 2 * _AMPLE
    d, b = deaths[ample], births[ample]
    variance = marshall_variance(d, b, mean=mean)
    small = np.minimum(rng.uniform(10.0, kept_deaths, len(b)) / mean, b / 2)
    kept = rng.binomial(d.astype(np.int64), small / b).astype(np.float64)
    stays = kept >= PUBLISHED_FROM
    small, kept, left, left_births = small[stays], kept[stays], (d - kept)[stays], (b - small)[stays]
    shape, rate = mean**2 / variance + kept, mean / variance + small
    below = negative_binomial_cumulative(left - 1, shape, rate / (rate + left_births))
    upto = negative_binomial_cumulative(left, shape, rate / (rate + left_births))
    return pd.DataFrame(
        {
            "births": small,
            "predicted": shape / rate,
            "held_out_deaths": left,
            "held_out_births": left_births,
            "pit": below + rng.uniform(size=len(left)) * (upto - below),
        }
    )


def negative_binomial_cumulative(count: F64, shape: F64, probability: F64) -> F64:
    """Return the probability of at most `count` under a gamma mixture of Poissons; 0 below zero."""
    whole = np.maximum(count, 0.0)
    return np.where(count < 0, 0.0, betainc(shape, whole + 1, probability))


def coverage(scored: pd.DataFrame, *, years: float, others: dict[str, F64] | None = None) -> pd.DataFrame:
    """Summarise held-out predictions by size.

    Parameters
    ----------
    scored : pandas.DataFrame
        ``births, predicted, held_out_deaths, held_out_births, pit``. The PIT is the predictive distribution function at
        the held-out count, with its jump filled at random: uniform when the predictions are calibrated, whatever the
        counts, so the share within the central 95 % is the coverage of the 95 % interval.
    years : float
        Years of the births.
    others : dict of str to numpy.ndarray, optional
        Other predictions of the same rows, deaths per birth, whose mean absolute error stands beside ours.

    Returns
    -------
    pandas.DataFrame
        One row a size class (births a year) and one for all: ``births_a_year, counties, covered_50, covered_80,
        covered_95, bias, mae`` and ``mae_<other>``; bias (predicted less held-out) and errors per 1,000.
    """
    size = pd.cut(scored["births"] / years, BIRTHS_A_YEAR, right=False)
    truth = scored["held_out_deaths"] / scored["held_out_births"]
    rows = []
    for name in [*size.cat.categories, None]:
        mask = (size == name).to_numpy() if name is not None else np.ones(len(scored), dtype=np.bool_)
        if not mask.any():
            continue
        error = 1000 * (scored["predicted"] - truth)[mask]
        row: dict[str, object] = {
            "births_a_year": "all" if name is None else f"{int(name.left)}-{int(name.right) - 1}",
            "counties": int(mask.sum()),
        }
        for level in _LEVELS:
            row[f"covered_{round(100 * level)}"] = float(((scored["pit"] - 0.5).abs()[mask] <= level / 2).mean())
        row |= {"bias": float(error.mean()), "mae": float(error.abs().mean())}
        for other, values in (others or {}).items():
            row[f"mae_{other}"] = float((1000 * np.abs(values - truth)[mask]).mean())
        rows.append(row)
    return pd.DataFrame(rows)


def state_calibration(taking: Taking, model: FittedModel, residuals: pd.DataFrame) -> pd.DataFrame:
    """Set the unbenchmarked model against the deaths that states' unpublished counties truly have together.

    The fit has not seen these totals. What is compared is the expected count within the bounds; the variance of a
    state's sum is that of its counts, and that of the parameters (the state's effect among them) by the delta method.

    Parameters
    ----------
    taking : Taking
        Counties of the fit.
    model : FittedModel
        A fit without the residuals.
    residuals : pandas.DataFrame
        From :func:`matcare.measures.small_counties.residuals.state_residuals`; only states that stand are taken.

    Returns
    -------
    pandas.DataFrame
        One row: ``states, expected_over_true`` (all together), ``rank_correlation`` of states' modelled and true
        deaths per birth, ``lowest_ratio, median_ratio, highest_ratio`` (true over expected), ``within_50, within_80,
        within_95`` (share of states inside the normal intervals).
    """
    rows = taking.counties["outcome_status"].isin(UNPUBLISHED).to_numpy()
    counts, shape = taking.counts(model).take(rows), 1 / model.dispersion
    linear = counts.design @ model.parameters[:-1]
    expected, variance, _ = expected_deaths(counts.births * np.exp(linear), counts.lower, counts.upper, shape=shape)
    more, _, _ = expected_deaths(counts.births * np.exp(linear + _STEP), counts.lower, counts.upper, shape=shape)
    state = taking.counties.loc[rows, "state"].to_numpy()
    slope = pd.DataFrame(counts.design * ((more - expected) / _STEP)[:, None]).groupby(state).sum()
    parts = pd.DataFrame({"expected": expected, "variance": variance, "own_births": counts.births})
    table = residuals[residuals["stands"]].join(parts.groupby(state).sum(), how="inner")
    ahead = slope.loc[table.index].to_numpy()
    spread = np.sqrt(table["variance"] + np.einsum("ij,jk,ik->i", ahead, model.covariance[:-1, :-1], ahead))
    z = ((table["deaths"] - table["expected"]) / spread).abs()
    ratio = table["deaths"] / table["expected"]
    limits = dict(zip(_LEVELS, (0.674490, 1.281552, 1.959964), strict=True))
    ranks = (table["expected"] / table["own_births"]).corr(table["deaths"] / table["births"], method="spearman")
    return pd.DataFrame(
        [
            {
                "states": len(table),
                "expected_over_true": float(table["expected"].sum() / table["deaths"].sum()),
                "rank_correlation": float(ranks),
                "lowest_ratio": float(ratio.min()),
                "median_ratio": float(ratio.median()),
                "highest_ratio": float(ratio.max()),
                **{f"within_{round(100 * level)}": float((z <= limit).mean()) for level, limit in limits.items()},
            }
        ]
    )


def simulated_world(
    taking: Taking,
    model: FittedModel,
    withheld: list[str],
    *,
    years: float,
    group_deviation: float | None = None,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame, F64]:
    """Draw true rates and deaths of all counties from a model, and publish them by the rule.

    Parameters
    ----------
    taking : Taking
        Counties, births and covariates.
    model : FittedModel
        The truth of the world.
    withheld : list of str
        States whose totals are withheld.
    years : float
        Years of the births.
    group_deviation : float, optional
        Standard deviation of the states' effects, drawn anew; the model's own when not given.
    seed : int
        Of the world.

    Returns
    -------
    counties : pandas.DataFrame
        Rows of `taking`, published where 20 deaths and more fell; births estimated exactly.
    states : pandas.DataFrame
        Totals, with the row ``US``.
    rate : numpy.ndarray of float64, shape (n,)
        The true rates, deaths per birth.
    """
    rng = np.random.default_rng(seed)
    shape = 1 / model.dispersion
    rate = np.exp(taking.covariates.design @ model.coefficients) * rng.gamma(shape, 1 / shape, len(taking.births))
    deviation = model.group_deviation if group_deviation is None else group_deviation
    rate = rate * np.exp(deviation * rng.standard_normal(int(taking.groups.max()) + 1))[taking.groups]
    deaths = rng.poisson(taking.births * rate).astype(np.float64)
    births = taking.births
    shown = deaths >= PUBLISHED_FROM
    table = taking.counties.assign(
        outcome_status=np.where(shown, "published", "suppressed"),
        infant_deaths=np.where(shown, deaths, np.nan),
        live_births=np.where(shown, births, np.nan),
        deaths_at_least=np.where(shown, deaths, 0.0),
        deaths_at_most=np.where(shown, deaths, PUBLISHED_FROM - 1.0),
        births_estimate_per_year=births / years,
    )
    sums = pd.DataFrame({"infant_deaths": deaths, "live_births": births}).groupby(taking.counties["state"]).sum()
    sums.loc["US"] = sums.sum()
    sums.loc[sums.index.isin(withheld)] = np.nan
    return table, sums.rename_axis("state").reset_index(), rate
