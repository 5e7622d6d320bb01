"""The model's covariates: standardised, with what is done where one is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Covariates", "covariates", "smoothed_low_birthweight"]

F64 = npt.NDArray[np.float64]

_NEAREST_MINUTES: Final = 5.0
_FEWEST_WITH_INDICATOR: Final = 10
_RELIABLE_LOW_WEIGHT_BIRTHS: Final = 40


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """Standardised covariates of n counties.

    Attributes
    ----------
    design : numpy.ndarray of float64, shape (n, p)
        Intercept first.
    names : tuple of str
        Of the p columns.
    units : tuple of str
        What a step of one is, in the covariate's own unit.
    """

    design: F64
    names: tuple[str, ...]
    units: tuple[str, ...]

    def take(self, rows: npt.NDArray[np.bool_]) -> Covariates:
        """Return the counties of a mask."""
        return replace(self, design=self.design[rows])


def covariates(
    counties: pd.DataFrame,
    births: pd.Series,
    *,
    minutes_cap: float = 180.0,
    low_birthweight_years: float = 3.0,
) -> Covariates:
    """Build the design matrix.

    Log births, rurality (RUCC 2023), social vulnerability, share of low birthweight and log drive minutes to neonatal
    level III or higher, each less its mean and over its standard deviation among the counties given.

    Missing values. Low birthweight is withheld where fewer than ten were born, so it is missing *because* a county is
    small: it takes its state's share. Minutes are missing where there is no road: they take the cap. Others take
    the mean. An indicator joins only where ten published counties have it: where all its counties are censored, the
    likelihood rises without end as the coefficient falls (a lower rate makes "19 or fewer" likelier), and would say
    that they have no deaths.

    Parameters
    ----------
    counties : pandas.DataFrame
        From :func:`matcare.measures.small_counties.counties.checked_counties`; only counties that are in the fit.
    births : pandas.Series
        Of the period, from :func:`matcare.measures.small_counties.residuals.period_births`.
    minutes_cap : float, default 180
        Minutes beyond which farther makes no difference.
    low_birthweight_years : float, default 3
        Years of births that the share of low birthweight stands on.

    Returns
    -------
    Covariates
    """
    weight = smoothed_low_birthweight(counties, years=low_birthweight_years)
    far = np.log(counties["minutes_neonatal_3_plus"].clip(_NEAREST_MINUTES, minutes_cap))
    columns: Mapping[str, tuple[pd.Series, float, str]] = {
        "log_births": (np.log(births), np.nan, "log births"),
        "rucc_2023": (counties["rucc_2023"], np.nan, "RUCC steps"),
        "svi": (counties["svi"], np.nan, "SVI percentile 0-1"),
        "share_low_birthweight": (weight, np.nan, "share 0-1"),
        "log_minutes_neonatal_3_plus": (far, float(np.log(minutes_cap)), "log minutes"),
    }
    published = (counties["outcome_status"] == "published").to_numpy()
    names, units, parts = ["intercept"], ["log deaths per birth at the means"], [np.ones(len(counties))]
    for name, (values, instead, unit) in columns.items():
        missing = values.isna().to_numpy()
        raw = values.fillna(values.mean() if np.isnan(instead) else instead).to_numpy(dtype=np.float64)
        spread = float(raw.std())
        if not spread > 0:  # the same everywhere (or missing everywhere): it can explain nothing
            continue
        names.append(name)
        units.append(f"per SD ({spread:.3g} {unit})")
        parts.append((raw - raw.mean()) / spread)
        if (missing & published).sum() >= _FEWEST_WITH_INDICATOR:
            names.append(f"{name}_missing")
            units.append("missing against known")
            parts.append(missing.astype(np.float64))
    return Covariates(design=np.column_stack(parts), names=tuple(names), units=tuple(units))


def smoothed_low_birthweight(counties: pd.DataFrame, *, years: float = 3.0) -> pd.Series:
    """Shrink each county's share of low birthweight towards its state's, by the births that it stands on.

    Three years of births in a small county give a share that is mostly chance, and a covariate measured with error
    predicts too far from the mean. A withheld share has no weight of its own.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``state, share_low_birthweight, births_estimate_per_year``.
    years : float, default 3
        Years of births that the share stands on.

    Returns
    -------
    pandas.Series of float64
        state + w (own − state), w = T/(T + p(1−p)/n), with T the variance between a state's counties by the method of
        moments. The nation's share where no county of a state has one; missing where none of the nation has.

    References
    ----------
    Marshall RJ. Mapping disease and mortality rates using empirical Bayes estimators. Applied Statistics 40 (1991),
    applied to shares with binomial in place of Poisson variance.
    """
    share, state = counties["share_low_birthweight"], counties["state"]
    births = (years * counties["births_estimate_per_year"]).where(share.notna(), 0.0)
    low = (share * births).fillna(0.0)
    nation = low.sum() / births.sum() if births.sum() > 0 else np.nan
    sums = pd.DataFrame({"low": low, "births": births}).groupby(state).sum()
    mean = state.map(sums["low"] / sums["births"].where(sums["births"] > 0)).fillna(nation)
    chance = mean * (1 - mean) / births.where(births > 0)
    steady = births * mean >= _RELIABLE_LOW_WEIGHT_BIRTHS
    total = births[steady].sum()
    between = ((share - mean) ** 2 - chance)[steady].mul(births[steady]).sum() / total if total > 0 else 0.0
    between = max(float(between), 0.0)
    own = (between / (between + chance)).fillna(0.0)
    return mean + own * (share.fillna(mean) - mean)
