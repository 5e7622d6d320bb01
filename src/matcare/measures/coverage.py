"""Minutes at demand points → county means and the shares of women within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_WITHOUT", "county_coverage", "share_where"]

MOST_WITHOUT: Final = 0.5
"""Where a larger share than this has no minutes, no mean is given."""


def county_coverage(
    points: pd.DataFrame,
    *,
    minutes: str,
    reason: str,
    limits: Sequence[float],
    weight: str = "women_15_44",
    county: str = "county_fips",
) -> pd.DataFrame:
    """Weighted mean minutes and shares within limits, by county.

    Parameters
    ----------
    points : pandas.DataFrame
        Demand points with columns `minutes` (NaN where there are none), `reason`, `weight` and `county`.
    minutes, reason, weight, county : str
        Column names.
    limits : sequence of float
        Minutes; within T is ≤ T.

    Returns
    -------
    pandas.DataFrame
        Indexed by county: ``minutes`` (mean over the weight that has minutes; NaN where more than half has none, since
        a mean over the rest would speak for the few), ``reason`` (``covered``; ``partly_covered`` where some weight has
        no minutes; where the mean is missing, the reason that concerns most weight), ``share_without_minutes``, and
        ``share_within_<T>`` of the whole weight: a point without minutes is not within any limit. In a county whose
        weight is zero or unknown everywhere, people count instead (column ``people``), and where there is none the
        shares are NaN.

    Raises
    ------
    KeyError
        When a column is missing.
    """
    frame = points[[county, minutes, reason]].copy()
    frame["weight"] = points[weight].to_numpy(dtype=np.float64)
    total = frame.groupby(county)["weight"].transform("sum", min_count=1)
    if (total.isna() | (total == 0)).any():
        frame["weight"] = frame["weight"].where(total > 0, points["people"].to_numpy(dtype=np.float64))
    known = frame[minutes].notna()
    frame["reached"] = frame["weight"].where(known, 0.0)
    frame["product"] = frame["reached"] * frame[minutes].fillna(0.0)
    for limit in limits:
        frame[f"within_{limit:g}"] = frame["weight"].where(frame[minutes] <= limit, 0.0)
    sums = frame.groupby(county)[["weight", "reached", "product", *(f"within_{limit:g}" for limit in limits)]].sum()
    whole = sums["weight"].where(sums["weight"] > 0)
    result = pd.DataFrame(index=sums.index)
    share_without = ((whole - sums["reached"]) / whole).clip(0, 1)
    mean = sums["product"] / sums["reached"].where(sums["reached"] > 0)
    result["minutes"] = mean.where(share_without.round(9) <= MOST_WITHOUT)
    by_reason = frame[~known].groupby([county, reason])["weight"].sum().sort_values(kind="stable")
    main_reason = by_reason.reset_index().groupby(county)[reason].last()
    standing = pd.Series("covered", index=result.index).mask(share_without > 0, "partly_covered")
    result["reason"] = main_reason.reindex(result.index).where(result["minutes"].isna()).fillna(standing)
    result["share_without_minutes"] = share_without
    for limit in limits:
        result[f"share_within_{limit:g}"] = (sums[f"within_{limit:g}"] / whole).clip(0, 1)
    return result


def share_where(points: pd.DataFrame, condition: pd.Series, *, weight: str = "women_15_44") -> pd.Series:
    """Share of a county's weight at points where a condition holds.

    Parameters
    ----------
    points : pandas.DataFrame
        Demand points with ``county_fips`` and `weight`.
    condition : pandas.Series of bool
        Same index.
    weight : str
        Column that is counted.

    Returns
    -------
    pandas.Series of float
        By county; NaN where the weight is zero.
    """
    counted = points[weight].where(condition, 0.0).groupby(points["county_fips"]).sum()
    whole = points[weight].groupby(points["county_fips"]).sum()
    return (counted / whole.where(whole > 0)).clip(0, 1)
