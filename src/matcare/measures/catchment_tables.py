"""Floating catchments as tables: county means, the rank by births, units, demand points, columns of the counties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.catchments import CATCHMENT_POINTS, CATCHMENT_UNITS, CATCHMENTS
from matcare.measures.coverage import MOST_WITHOUT, share_where

if TYPE_CHECKING:
    from collections.abc import Collection

    from matcare.measures.catchments import Catchments
    from matcare.measures.study_area import StudyArea

__all__ = ["catchment_points", "catchment_units", "county_catchments", "county_columns", "share_of_births_worse"]

LOWEST: Final = 0.1
"""The share of births whose counties are named as the lowest."""
PER: Final = 1000.0
_NONE_IN_RANGE: Final = ("none_in_range", "unreachable", "no_road_access", "ferry_or_air_only")
_UNITS: Final = {False: CATCHMENTS.column("unit").values[0], True: CATCHMENTS.column("unit").values[1]}


def county_catchments(area: StudyArea, found: Catchments, *, states: Collection[str] | None = None) -> pd.DataFrame:
    """Average the scores of every county over its women, and rank the counties by births.

    Parameters
    ----------
    area : StudyArea
    found : Catchments
        From the same area.
    states : collection of str, optional
        Postal codes: only their counties, ranked among themselves. Those around them give supply and demand, but near
        the edge of the area not all of it.

    Returns
    -------
    pandas.DataFrame
        Contract `CATCHMENTS`, one row a county, in the area's order. Scores are per 1,000 of the demand; RAAM's
        costs are as they are.
    """
    points = _weighed(area, found)
    by_county = _county_means(points)
    counties = area.counties[["county_fips", "county_name", "state", "births_per_year"]].reset_index(drop=True)
    if states is not None:
        counties = counties[counties["state"].isin(states)].reset_index(drop=True)
    result = pd.DataFrame(counties).merge(by_county.reset_index(), on="county_fips", how="left", validate="one_to_one")
    result["reason"] = result["reason"].fillna("no_demand_points")
    # A score that leaves units of unknown supply out is a lower bound: it stands, and is not ranked.
    whole = result.assign(score=result["score"].where(result["reason"] != "partly_known"))
    worse = share_of_births_worse(whole, highest_worst=found.method == "raam")
    result["share_births_worse"] = worse
    result["lowest_tenth"] = (worse < LOWEST).astype("boolean").mask(worse.isna())
    result["unit"] = _UNITS[found.method == "raam"]
    for column, text in _basis(found).items():
        result[column] = text
    return result[CATCHMENTS.names]


def _basis(found: Catchments) -> dict[str, str]:
    return {
        "service": found.service, "method": found.method, "decay": found.decay,
        "supply_basis": found.supply_basis, "demand_basis": found.demand_basis,
    }  # fmt: skip


def _scaled(values: npt.NDArray[np.float64], found: Catchments) -> npt.NDArray[np.float64]:
    return values if found.method == "raam" else values * PER


def _weighed(area: StudyArea, found: Catchments) -> pd.DataFrame:
    """Demand points with their scores and the weight that counts: women, or people where a county has none known."""
    women = area.demand["women_15_44"].to_numpy(dtype=np.float64)
    points = pd.DataFrame({"county_fips": area.demand["county_fips"].to_numpy(dtype=object), "women": women})
    points["score"], points["reason"] = _scaled(found.scores.score, found), found.scores.reason
    total = points.groupby("county_fips")["women"].transform("sum", min_count=1)
    points["weight"] = points["women"].where(total > 0, area.demand["people"].to_numpy(dtype=np.float64)).fillna(0.0)
    return points


def _county_means(points: pd.DataFrame) -> pd.DataFrame:
    known = points["score"].notna()
    points = points.assign(
        scored=points["weight"].where(known, 0.0),
        product=points["weight"].where(known, 0.0) * points["score"].fillna(0),
    )
    sums = points.groupby("county_fips")[["weight", "scored", "product"]].sum()
    sums["women_15_44"] = points.groupby("county_fips")["women"].sum(min_count=1)
    whole = sums["weight"].where(sums["weight"] > 0)
    without = ((whole - sums["scored"]) / whole).clip(0, 1)
    mean = (sums["product"] / sums["scored"].where(sums["scored"] > 0)).where(without.round(9) <= MOST_WITHOUT)
    none = share_where(points, points["reason"].isin(_NONE_IN_RANGE), weight="weight")
    standing = pd.Series("covered", index=sums.index).mask((none > 0) | (without > 0), "partly_covered")
    lower_bound = share_where(points, points["reason"] == "partly_known", weight="weight") > 0
    return pd.DataFrame(
        {
            "score": mean,
            "reason": _main_reason(points, mean.isna() | (none.round(9) >= 1)).fillna(
                standing.mask(lower_bound, "partly_known")
            ),
            "share_women_none_in_range": none,
            "share_women_without_score": without,
            "women_15_44": sums["women_15_44"],
        }
    )


def _main_reason(points: pd.DataFrame, asked: pd.Series) -> pd.Series:
    """Find the reason of most weight among the points that are not covered, of the counties asked about."""
    uncovered = points[points["reason"] != "covered"]
    weights = uncovered.groupby(["county_fips", "reason"])["weight"].sum().sort_values(kind="stable")
    main = weights.reset_index().groupby("county_fips")["reason"].last()
    return main.reindex(asked.index).where(asked)


def share_of_births_worse(result: pd.DataFrame, *, highest_worst: bool) -> pd.Series:
    """Tell which share of births lives in counties with a worse score.

    Parameters
    ----------
    result : pandas.DataFrame
        Columns ``score``, ``births_per_year``, ``share_women_none_in_range``.
    highest_worst : bool
        The score is a cost; a county without one, where none is in range for most women, is worse than any.

    Returns
    -------
    pandas.Series of float
        NaN where the county has no score; counties that tie stand together.
    """
    order = result["score"].round(12)
    if highest_worst:
        stranded = result["score"].isna() & (result["share_women_none_in_range"] > MOST_WITHOUT)
        order = (-order).mask(stranded, -np.inf)
    births = result["births_per_year"].where(order.notna()).fillna(0.0)
    total = births.sum()
    by_score = births.groupby(order).sum().sort_index()
    worse = by_score.cumsum() - by_score
    share = order.map(worse / total if total > 0 else worse * np.nan)
    return pd.Series(share.to_numpy(dtype=np.float64), index=result.index).clip(0, 1)


def catchment_units(area: StudyArea, found: Catchments, *, states: Collection[str] | None = None) -> pd.DataFrame:
    """Say what every unit brings, and which supply is lost.

    Parameters
    ----------
    area : StudyArea
    found : Catchments
        From the same area.
    states : collection of str, optional
        Postal codes: only their units. Units far from an area's people have no demand in range because it is not there.

    Returns
    -------
    pandas.DataFrame
        Contract `CATCHMENT_UNITS`, in the order of the facilities.
    """
    units = area.facilities.loc[found.facility, ["facility_id", "facility_name", "state"]].reset_index(drop=True)
    result = units.assign(
        supply=found.supply, demand_in_range=found.scores.demand_in_range, ratio=found.scores.ratio * PER,
        status=found.scores.status, **_basis(found),
    )  # fmt: skip
    if states is not None:
        result = result[result["state"].isin(states)].reset_index(drop=True)
    return result[CATCHMENT_UNITS.names]


def catchment_points(area: StudyArea, found: Catchments) -> pd.DataFrame:
    """Scores of every demand point, per 1,000 of the demand (RAAM: costs).

    Returns
    -------
    pandas.DataFrame
        Contract `CATCHMENT_POINTS`, in the order of the demand points.
    """
    points = area.demand[["demand_id", "county_fips"]].reset_index(drop=True)
    columns: dict[str, Any] = {"score": _scaled(found.scores.score, found), "reason": found.scores.reason}
    return points.assign(**_basis(found), **columns)[CATCHMENT_POINTS.names]


def county_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Take the columns of the county results from the rows of `CATCHMENTS` of the default method.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`county_catchments`, one method.

    Returns
    -------
    pandas.DataFrame
        Indexed by county: :data:`matcare.contracts.catchments.COUNTY_CATCHMENT_COLUMNS`.
    """
    method = f"catchment_{table['method'].iloc[0]}"
    names = {
        "score": method,
        "reason": f"{method}_reason",
        "share_women_none_in_range": f"share_women_{method}_zero",
        "lowest_tenth": f"{method}_lowest_tenth",
    }
    return table.set_index("county_fips")[list(names)].rename(columns=names)
