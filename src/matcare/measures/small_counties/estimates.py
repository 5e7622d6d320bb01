"""Everything that a run says about small counties, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.small_counties import EMPIRICAL_BAYES, MODELLED_RATES
from matcare.measures.small_counties.benchmark import Agreement, StateFactors, state_factors
from matcare.measures.small_counties.counties import UNPUBLISHED, checked_counties
from matcare.measures.small_counties.covariates import Covariates, covariates
from matcare.measures.small_counties.empirical_bayes import EXPECTED_DEATHS, empirical_bayes
from matcare.measures.small_counties.likelihood import CensoredCounts
from matcare.measures.small_counties.model import FittedModel, GroupTotals, fit_censored_counts, with_groups
from matcare.measures.small_counties.posterior import RatePosterior, rate_posterior
from matcare.measures.small_counties.residuals import period_births, state_residuals

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SmallCounties", "Taking", "rates_of", "small_county_rates", "taking_part"]

_PER = 1000.0


@dataclass(frozen=True, kw_only=True)
class SmallCounties:
    """What a run says about small counties.

    Attributes
    ----------
    empirical_bayes : pandas.DataFrame
        One row a published county, contract ``EMPIRICAL_BAYES``.
    modelled : pandas.DataFrame
        One row an unpublished county with births, contract ``MODELLED_RATES``.
    model : FittedModel
        Coefficients, standard errors, units, dispersion, counties published and censored.
    lowest_factor, highest_factor : float
        Range of the benchmark factors of states whose residual stands.
    between_states : float
        Standard deviation of the states' true log factors.
    counties_by_benchmark : dict of str to int
        Modelled counties by whose residual they agree with.
    """

    empirical_bayes: pd.DataFrame
    modelled: pd.DataFrame
    model: FittedModel
    lowest_factor: float
    highest_factor: float
    between_states: float
    counties_by_benchmark: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Taking:
    """Counties that take part in the fit, with births, bounds and covariates; rows alike in all.

    Attributes
    ----------
    counties : pandas.DataFrame
        Published and unpublished counties with births; fresh index.
    births : numpy.ndarray of float64, shape (n,)
        Of the period.
    covariates : Covariates
        Standardised over these counties.
    """

    counties: pd.DataFrame
    births: npt.NDArray[np.float64]
    covariates: Covariates

    @property
    def groups(self) -> npt.NDArray[np.intp]:
        """Number of each county's state among the states of the fit, in alphabetical order."""
        return np.unique(self.counties["state"].to_numpy(dtype=object), return_inverse=True)[1]

    def counts(self, model: FittedModel | None = None) -> CensoredCounts:
        """Return what is known of the counties' deaths, with the columns that a model's parameters are for."""
        design = self.covariates.design
        if model is not None:
            design = with_groups(design, self.groups, len(model.parameters) - 1 - design.shape[1])
        return CensoredCounts(
            design=design,
            births=self.births,
            lower=self.counties["deaths_at_least"].to_numpy(dtype=np.float64),
            upper=self.counties["deaths_at_most"].to_numpy(dtype=np.float64),
        )

    def totals(self, residuals: pd.DataFrame) -> GroupTotals | None:
        """Return the residual deaths of the states whose residual stands, or None where none does."""
        standing = residuals[residuals["stands"]]
        number = pd.Series(np.arange(len(standing)), index=standing.index)
        unpublished = self.counties["outcome_status"].isin(UNPUBLISHED)
        codes = self.counties["state"].map(number).where(unpublished).fillna(-1).to_numpy(dtype=np.intp)
        if standing.empty:
            return None
        return GroupTotals(codes=codes, deaths=standing["deaths"].to_numpy(dtype=np.float64))

    def fit(self, residuals: pd.DataFrame | None = None, *, start: FittedModel | None = None) -> FittedModel:
        """Fit the model to all of them, with an effect of each state, and to states' residuals where they are given."""
        return fit_censored_counts(
            self.counts(),
            groups=self.groups,
            totals=None if residuals is None else self.totals(residuals),
            names=self.covariates.names,
            units=self.covariates.units,
            start=start,
        )


def taking_part(
    counties: pd.DataFrame, births: pd.Series, *, minutes_cap: float = 180.0, low_birthweight_years: float = 3.0
) -> Taking:
    """Choose the counties of the fit: published or unpublished (never apportioned or not reported), with births.

    Parameters
    ----------
    counties : pandas.DataFrame
        From :func:`matcare.measures.small_counties.counties.checked_counties`.
    births : pandas.Series
        From :func:`matcare.measures.small_counties.residuals.period_births`.
    minutes_cap, low_birthweight_years : float
        As in :func:`matcare.measures.small_counties.covariates.covariates`.

    Returns
    -------
    Taking
    """
    rows = counties["outcome_status"].isin(["published", *UNPUBLISHED]) & births.notna()
    chosen, own = counties[rows].reset_index(drop=True), births[rows].reset_index(drop=True)
    return Taking(
        counties=chosen,
        births=own.to_numpy(dtype=np.float64),
        covariates=covariates(chosen, own, minutes_cap=minutes_cap, low_birthweight_years=low_birthweight_years),
    )


def rates_of(
    taking: Taking,
    model: FittedModel,
    *,
    rows: npt.NDArray[np.bool_],
    factors: StateFactors | None = None,
    draws: int = 128,
    seed: int = 0,
) -> RatePosterior:
    """Return the distribution of the rates of some of the counties.

    Parameters
    ----------
    taking : Taking
        Counties of the fit.
    model : FittedModel
        The fit.
    rows : numpy.ndarray of bool, shape (n,)
        The counties wanted.
    factors : StateFactors, optional
        Benchmark; without it, rates are what the model says.
    draws, seed : int
        As in :func:`matcare.measures.small_counties.posterior.rate_posterior`.

    Returns
    -------
    RatePosterior
    """
    counts = taking.counts(model).take(rows)
    log_factor, variance = np.zeros(len(counts.births)), np.zeros(len(counts.births))
    if factors is not None:
        of_state = factors.table.loc[taking.counties.loc[rows, "state"]]
        log_factor = of_state["log_factor"].to_numpy(dtype=np.float64)
        variance = of_state["variance"].to_numpy(dtype=np.float64)
    return rate_posterior(
        counts.design,
        counts.births,
        counts.lower,
        counts.upper,
        parameters=model.parameters,
        covariance=model.covariance,
        log_factor=log_factor,
        log_factor_variance=variance,
        held=None if factors is None else factors.held,
        draws=draws,
        seed=seed,
    )


def small_county_rates(
    counties: pd.DataFrame,
    states: pd.DataFrame,
    adjacency: pd.DataFrame,
    *,
    years: float = 7.0,
    expected_deaths: float = EXPECTED_DEATHS,
    minutes_cap: float = 180.0,
    low_birthweight_years: float = 3.0,
    agree_on: Agreement = "deaths",
    draws: int = 128,
    seed: int = 0,
) -> SmallCounties:
    """Estimate the rates of published counties by empirical Bayes, and of unpublished ones by the model.

    Give the whole nation, also when a part of it is looked at: means, spread and fit are national.

    Parameters
    ----------
    counties : pandas.DataFrame
        As in :func:`matcare.measures.small_counties.counties.checked_counties`.
    states : pandas.DataFrame
        ``state, infant_deaths, live_births``, missing where withheld, with the row ``US``.
    adjacency : pandas.DataFrame
        ``county_fips, neighbour_fips``, both directions.
    years : float, default 7
        Years that the counts cover.
    expected_deaths : float, default 40
        As in :func:`matcare.measures.small_counties.empirical_bayes.empirical_bayes`.
    minutes_cap, low_birthweight_years : float
        As in :func:`matcare.measures.small_counties.covariates.covariates`.
    agree_on : {"deaths", "rates"}
        As in :func:`matcare.measures.small_counties.benchmark.state_factors`.
    draws, seed : int
        Draws of the parameters for the intervals, and their seed.

    Returns
    -------
    SmallCounties

    Raises
    ------
    InputError
        When an input is not usable; the message says where.
    """
    table = checked_counties(counties)
    residuals = state_residuals(table, states, years=years)
    births = period_births(table, residuals, years=years)
    smoothed = empirical_bayes(table, states, births, residuals, adjacency, expected_deaths=expected_deaths)
    taking = taking_part(table, births, minutes_cap=minutes_cap, low_birthweight_years=low_birthweight_years)
    model = taking.fit(residuals)
    rows = taking.counties["outcome_status"].isin(UNPUBLISHED).to_numpy()
    counts, state = taking.counts(model).take(rows), taking.counties.loc[rows, "state"]
    factors = state_factors(counts, state, residuals, parameters=model.parameters, agree_on=agree_on)
    rates = rates_of(taking, model, rows=rows, factors=factors, draws=draws, seed=seed)
    modelled = pd.DataFrame(
        {
            "county_fips": taking.counties.loc[rows, "county_fips"].to_numpy(),
            "imr_modelled": _PER * rates.mean(),
            "imr_modelled_low": _PER * rates.quantile(0.025),
            "imr_modelled_high": _PER * rates.quantile(0.975),
            "imr_modelled_benchmark": state.map(factors.table["benchmark"]).to_numpy(),
        }
    )
    used: Sequence[str] = modelled["imr_modelled_benchmark"].tolist()
    return SmallCounties(
        empirical_bayes=EMPIRICAL_BAYES.validate(smoothed)[EMPIRICAL_BAYES.names],
        modelled=MODELLED_RATES.validate(modelled)[MODELLED_RATES.names],
        model=model,
        lowest_factor=factors.lowest,
        highest_factor=factors.highest,
        between_states=factors.between_states,
        counties_by_benchmark={name: used.count(name) for name in sorted(set(used))},
    )
