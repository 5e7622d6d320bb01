"""Modelled rates made to agree with the deaths that each state's unpublished counties have together.

What has to agree. The residual is a sum of *counts*, and of counts that were selected for being below the publication
rule's limit: the same counties in another period would have more deaths, since some had luck. So the expected count of
each county within its bounds is made to add up to the residual; births times rate then adds up to somewhat more, as the
published counties' empirical Bayes rates add up to somewhat less than their deaths. Making births times rate itself add
up to the residual (``agree_on="rates"``) draws every modelled rate down, which simulation shows as a bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.measures.small_counties.likelihood import expected_deaths

if TYPE_CHECKING:
    from matcare.measures.small_counties.likelihood import CensoredCounts

__all__ = ["BENCHMARKS", "MOST_ERROR", "Agreement", "StateFactors", "state_factors"]

F64 = npt.NDArray[np.float64]
Agreement = Literal["deaths", "rates"]

BENCHMARKS: Final = ("state", "division", "nation", "none")
"""Whose residual a modelled rate agrees with."""

MOST_ERROR: Final = 0.2
"""Standard error of a log factor, above which the state takes its division's: the interval exceeds 0.7 to 1.5."""

_WIDEST: Final = 4.0
_HALVINGS: Final = 50
_STEP: Final = 1e-4


@dataclass(frozen=True, kw_only=True)
class StateFactors:
    """Factors on the modelled means, by state. For computing; only their range is fit to be printed.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by state: ``log_factor``, ``variance`` of its error, and ``benchmark``, one of :data:`BENCHMARKS`.
    held : numpy.ndarray, shape (states with a factor of their own, n)
        Shares of the counties in the sum that each state's own factor holds, by the derivatives of their parts; zero
        elsewhere.
    lowest, highest : float
        Range of the factors of states with one of their own; NaN where none has.
    between_states : float
        Standard deviation of the states' true log factors beyond chance.
    largest_gap : float
        Internal check: the largest difference, in deaths, between a standing state's residual and what its counties
        add up to. Zero but for rounding.
    """

    table: pd.DataFrame
    held: F64
    lowest: float
    highest: float
    between_states: float
    largest_gap: float


def state_factors(
    counts: CensoredCounts,
    state: pd.Series,
    residuals: pd.DataFrame,
    *,
    parameters: F64,
    agree_on: Agreement = "deaths",
) -> StateFactors:
    """Find each state's factor on the modelled means.

    A state whose residual does not stand (total withheld, fewer than three counties, fewer than 20 deaths) takes the
    factor of the standing states of its census division together, then of the nation's. Its own residual is in no
    factor, so neither its own nor its neighbours' rates give it back. A residual that stands and says little (a factor
    with a standard error above :data:`MOST_ERROR`, as where three counties hold 39 deaths and the count of each is
    nearly as high as it can be) bears no factor of its own: chance would stand in it as a rate. Its state takes the
    division's as well, in which its deaths have their part.

    The error of a factor has the variance of the sum of counts over its squared derivative (delta method); for a state
    without a factor of its own, the variance of true factors between states is added.

    Parameters
    ----------
    counts : CensoredCounts
        Unpublished counties.
    state : pandas.Series
        Their states, same order.
    residuals : pandas.DataFrame
        From :func:`matcare.measures.small_counties.residuals.state_residuals`.
    parameters : numpy.ndarray, shape (p + 1,)
        Of the model: for each column of the design, then the log dispersion.
    agree_on : {"deaths", "rates"}, default "deaths"
        Whether expected deaths within the bounds, or births times rate, add up to the residual.

    Returns
    -------
    StateFactors

    References
    ----------
    Rao JNK, Molina I. Small area estimation, 2nd ed. Wiley 2015, §6.4.6 (benchmarking).
    """
    mean, shape = counts.births * np.exp(counts.design @ parameters[:-1]), float(np.exp(-parameters[-1]))
    names, codes = np.unique(state.to_numpy(dtype=object), return_inverse=True)
    table = residuals.reindex(pd.Index(names, name="state"))
    stands = table["stands"].fillna(value=False).to_numpy(dtype=np.bool_)
    deaths = table["deaths"].to_numpy(dtype=np.float64)
    solver = _Solver(mean=mean, lower=counts.lower, upper=counts.upper, shape=shape, on_deaths=agree_on == "deaths")
    own, variance, gap = solver.solve(codes, np.where(stands, deaths, np.nan))
    between = _variance_between(own[stands], variance[stands])
    bears = stands & (np.nan_to_num(variance, nan=np.inf) <= MOST_ERROR**2)
    own = np.where(bears, own, np.nan)
    result = pd.DataFrame({"log_factor": own, "variance": variance, "benchmark": "state"}, index=table.index)
    division_names, by_division = np.unique(table["division"].to_numpy(dtype=object), return_inverse=True)
    for label, groups, size in (
        ("division", by_division, len(division_names)),
        ("nation", np.zeros(len(names), dtype=np.intp), 1),
    ):
        missing = result["log_factor"].isna().to_numpy()
        if not (missing.any() and stands.any()):
            continue
        total = np.bincount(groups, weights=np.where(stands, deaths, 0.0), minlength=size)
        factor, error, _ = solver.solve(groups[codes], np.where(total > 0, total, np.nan), only=stands[codes])
        result.loc[missing, "log_factor"] = factor[groups][missing]
        result.loc[missing, "variance"] = error[groups][missing] + between
        result.loc[missing, "benchmark"] = label
    none = result["log_factor"].isna()
    result.loc[none, "benchmark"] = "none"
    result = result.fillna({"log_factor": 0.0, "variance": between})
    factors = np.exp(own[bears])
    return StateFactors(
        table=result,
        held=solver.shares(codes, own)[bears],
        lowest=float(factors.min()) if len(factors) else float("nan"),
        highest=float(factors.max()) if len(factors) else float("nan"),
        between_states=float(np.sqrt(between)),
        largest_gap=gap,
    )


@dataclass(frozen=True, kw_only=True)
class _Solver:
    mean: F64
    lower: F64
    upper: F64
    shape: float
    on_deaths: bool

    def parts(self, log_factor: F64) -> tuple[F64, F64]:
        """Return what has to agree, county by county, and the variance of its count."""
        count, variance, rate = expected_deaths(
            self.mean * np.exp(log_factor), self.lower, self.upper, shape=self.shape
        )
        return (count if self.on_deaths else rate), variance

    def totals(self, codes: npt.NDArray[np.intp], log_factor: F64, only: F64) -> tuple[F64, F64]:
        """Add up :meth:`parts` by group."""
        part, variance = self.parts(log_factor[codes])
        size = len(log_factor)
        return (
            np.asarray(np.bincount(codes, weights=only * part, minlength=size), dtype=np.float64),
            np.asarray(np.bincount(codes, weights=only * variance, minlength=size), dtype=np.float64),
        )

    def shares(self, codes: npt.NDArray[np.intp], log_factor: F64) -> F64:
        """Counties' shares in the derivative of each group's sum, shape (groups, n)."""
        moved = np.nan_to_num(log_factor)[codes]
        ahead = self.parts(moved + _STEP)[0] - self.parts(moved - _STEP)[0]
        table = np.zeros((len(log_factor), len(codes)))
        table[codes, np.arange(len(codes))] = ahead
        return np.asarray(table / table.sum(axis=1, keepdims=True), dtype=np.float64)

    def solve(
        self, codes: npt.NDArray[np.intp], deaths: F64, *, only: npt.NDArray[np.bool_] | None = None
    ) -> tuple[F64, F64, float]:
        """Find the log factors at which the sums are the deaths, by bisection: the sums rise with the factor."""
        use = np.ones(len(codes)) if only is None else only.astype(np.float64)
        low, high = np.full(len(deaths), -_WIDEST), np.full(len(deaths), _WIDEST)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = self.totals(codes, middle, use)[0] < deaths
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        factor = (low + high) / 2
        total, variance = self.totals(codes, factor, use)
        slope = (self.totals(codes, factor + _STEP, use)[0] - self.totals(codes, factor - _STEP, use)[0]) / (2 * _STEP)
        known = np.isfinite(deaths)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.where(known, variance / slope**2, np.nan)
        gap = np.abs(total - deaths)[known]
        return np.where(known, factor, np.nan), error, float(gap.max()) if len(gap) else 0.0


def _variance_between(logs: F64, variance: F64) -> float:
    """Variance of the true log factors: their spread less chance, by the method of moments (DerSimonian-Laird)."""
    if len(logs) < 2:  # noqa: PLR2004 - a spread needs two
        return 0.0
    weight = 1 / variance
    mean = (weight * logs).sum() / weight.sum()
    spread = (weight * (logs - mean) ** 2).sum() - (len(logs) - 1)
    return max(float(spread / (weight.sum() - (weight**2).sum() / weight.sum())), 0.0)
