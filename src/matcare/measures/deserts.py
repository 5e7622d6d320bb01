"""Maternity care deserts: the March of Dimes rule by county, with its reason, and drive-time deserts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from matcare.scenario import MARCH_OF_DIMES_2024, Rule

__all__ = ["drive_time_desert", "march_of_dimes"]

_ORDER: Final = ("desert", "low", "moderate", "full")
_INCOMPLETE: Final = "clinicians incomplete: no DOs or family physicians in the source"


@dataclass(frozen=True)
class _Inputs:
    """One county's inputs of the rule. Unknown numbers are NaN."""

    hospitals: int
    centers: int
    obgyns: float
    midwives: float
    births: float
    uninsured: float
    uncounted: str = ""

    @property
    def units(self) -> int:
        return self.hospitals + self.centers

    @property
    def clinicians_reported(self) -> float:
        return float(np.nansum([self.obgyns, self.midwives]))

    @property
    def clinicians_missing(self) -> list[str]:
        return [
            word for word, value in (("OB-GYNs", self.obgyns), ("nurse-midwives", self.midwives)) if math.isnan(value)
        ]

    @property
    def density(self) -> tuple[float, float]:
        """Lowest and highest possible clinicians per 10,000 births."""
        known = self.clinicians_reported
        if self.births == 0:
            low = math.inf if known > 0 else 0.0
        elif math.isnan(self.births):
            low = 0.0
        else:
            low = 10_000 * known / self.births
        open_ended = bool(self.clinicians_missing) or (math.isnan(self.births) and known > 0)
        return low, (math.inf if open_ended else low)


def march_of_dimes(
    counties: pd.DataFrame,
    *,
    rule: Rule = MARCH_OF_DIMES_2024,
    hospitals: str = "birth_hospitals",
    centers: str = "birth_centers",
) -> pd.DataFrame:
    """Class every county by the March of Dimes rule and say why.

    With F the hospitals with obstetric care and birth centers, P the obstetric clinicians per 10,000 births and U the
    share of women without health insurance: a *desert* has F = 0 and P = 0; *full* access is F ≥ 2 or P ≥ 60; otherwise
    access is *low* at U ≥ 10 % and *moderate* below. Desert is tested first. In a county without births P is 0 when it
    has no clinician, and high enough for full access otherwise (our choice). A missing input leaves more than one class
    possible; all of them stand in the label, joined by ``_or_``.

    Parameters
    ----------
    counties : pandas.DataFrame, n rows
        Columns `hospitals`, `centers` (counts), ``obgyns``, ``midwives``, ``births_per_year``,
        ``share_women_uninsured`` (NaN where unknown).
    rule : Rule
        Thresholds.
    hospitals, centers : str
        Names of the columns that count the units.

    Returns
    -------
    pandas.DataFrame
        Same index; ``class`` (text), ``reason`` (text), ``clinicians_per_10000_births`` (NaN where unknown).

    References
    ----------
    March of Dimes PeriStats, calculation of maternity care access levels; *Nowhere to Go* (2024).

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "birth_hospitals": [0, 1],
    ...         "birth_centers": [0, 0],
    ...         "obgyns": [0.0, 1.0],
    ...         "midwives": [0.0, 0.0],
    ...         "births_per_year": [120.0, 400.0],
    ...         "share_women_uninsured": [0.09, 0.12],
    ...     }
    ... )
    >>> march_of_dimes(frame)["class"].tolist()
    ['desert', 'low']
    """
    rows = []
    columns = [hospitals, centers, "obgyns", "midwives", "births_per_year", "share_women_uninsured"]
    uncounted = counties["uncounted_units"] if "uncounted_units" in counties else pd.Series("", index=counties.index)
    numbers = counties[columns].astype("float64").itertuples(index=False, name=None)
    for values, beside in zip(numbers, uncounted, strict=True):
        hospitals_here, centers_here, *rest = values
        county = _Inputs(int(hospitals_here), int(centers_here), rest[0], rest[1], rest[2], rest[3], str(beside))
        classes = _possible(county, rule)
        low, high = county.density
        rows.append(
            (
                "_or_".join(name for name in _ORDER if name in classes),
                _reason(county, classes, rule),
                low if low == high and math.isfinite(low) else math.nan,
            )
        )
    return pd.DataFrame(rows, columns=["class", "reason", "clinicians_per_10000_births"], index=counties.index)


def _possible(county: _Inputs, rule: Rule) -> set[str]:
    low, high = county.density
    if county.units >= rule.full_access_units or low >= rule.full_access_clinicians:
        return {"full"}
    classes: set[str] = set()
    if county.units == 0 and low == 0 and county.clinicians_reported == 0:
        classes.add("desert")
        if high == 0:
            return classes
    if high >= rule.full_access_clinicians:
        classes.add("full")
    if math.isnan(county.uninsured):
        classes |= {"low", "moderate"}
    else:
        classes.add("low" if county.uninsured >= rule.uninsured_high else "moderate")
    return classes


def _reason(county: _Inputs, classes: set[str], rule: Rule) -> str:
    low, high = county.density
    units = f"{_count(county.hospitals, 'birth hospital')}, {_count(county.centers, 'birth center')}"
    if county.uncounted and classes != {"full"}:
        units += f" (not counted: {county.uncounted})"
    if classes == {"desert"}:
        return f"desert (clinicians incomplete): {units}, no OB-GYN or nurse-midwife reported; {_INCOMPLETE}"
    if classes == {"full"}:
        if county.units >= rule.full_access_units:
            return f"full: {units} ({rule.full_access_units} or more units)"
        return f"full: {_density(low)} ({rule.full_access_clinicians:g} or more); {units}"
    parts = [units]
    if high == low:
        parts.append(f"{_density(low, rule.full_access_clinicians)} (below {rule.full_access_clinicians:g})")
    elif county.clinicians_missing:
        parts.append(f"{' and '.join(county.clinicians_missing)} not reported")
    else:
        parts.append(f"{county.clinicians_reported:g} clinicians, births not known")
    if math.isnan(county.uninsured):
        parts.append("uninsured women not reported")
    else:
        side = "or more" if county.uninsured >= rule.uninsured_high else "below"
        threshold = f"{100 * rule.uninsured_high:g} %"
        words = f"{threshold} {side}" if side == "or more" else f"{side} {threshold}"
        share = _apart(100 * county.uninsured, 100 * rule.uninsured_high)
        parts.append(f"{share} % of women uninsured ({words})")
    label = " or ".join(name for name in _ORDER if name in classes)
    return f"{label}: {', '.join(parts)}; {_INCOMPLETE}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _density(value: float, threshold: float = math.nan) -> str:
    if math.isinf(value):
        return "clinicians but no births"
    return f"{_apart(value, threshold)} clinicians per 10,000 births"


def _apart(value: float, threshold: float) -> str:
    """Write a number with one decimal, or with as many as it takes not to look like the threshold that it misses."""
    for decimals in (1, 2, 3, 4, 5):
        text = f"{value:.{decimals}f}"
        if value == threshold or float(text) != threshold:
            break
    return text


def drive_time_desert(share_within: pd.Series, *, majority: float = 0.5) -> pd.Series:
    """Tell which counties are drive-time deserts.

    Parameters
    ----------
    share_within : pandas.Series of float
        Share of women 15-44 within the limit of birth care; NaN where unknown.
    majority : float, default 0.5
        A county is a desert when at least this share of its women is farther than the limit.

    Returns
    -------
    pandas.Series of boolean
        Missing where the share is.

    Examples
    --------
    >>> drive_time_desert(pd.Series([0.5, 0.51, float("nan")])).tolist()
    [True, False, <NA>]
    """
    # Shares are sums of floats: a half that comes out as 0.4999999999 of the women is still a half.
    beyond = (1 - share_within).round(9) >= majority
    return beyond.astype("boolean").mask(share_within.isna())
