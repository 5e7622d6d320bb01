"""County means and shares of one draw, summed in the way pandas does, so that a draw without error is the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.measures.coverage import MOST_WITHOUT
from matcare.travel.compiled import compiled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CountyWeights", "Covered"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Covered:
    """What the women of every county have.

    Attributes
    ----------
    minutes : numpy.ndarray of float64, shape (counties,)
        Mean over the women who have minutes; NaN where more than half have none.
    within : numpy.ndarray of float64, shape (limits, counties)
        Share of all women within each limit; NaN in a county without demand points.
    """

    minutes: F64
    within: F64


@dataclass(frozen=True, eq=False, kw_only=True)
class CountyWeights:
    """Who is counted at every demand point, and in which county.

    Attributes
    ----------
    county : numpy.ndarray of int64, shape (points,)
        Position of the county.
    weight : numpy.ndarray of float64, shape (points,)
        Women 15-44; people in a county where no point has women. NaN where neither is known.
    whole : numpy.ndarray of float64, shape (counties,)
        Sum of the weights.
    limits : numpy.ndarray of float64, shape (limits,)
        Minutes; within T is ≤ T.
    """

    county: I64
    weight: F64
    whole: F64
    limits: F64

    @classmethod
    def of(cls, demand: pd.DataFrame, county: I64, counties: int, limits: tuple[float, ...]) -> CountyWeights:
        """Weigh demand points as :func:`matcare.measures.coverage.county_coverage` does.

        Parameters
        ----------
        demand : pandas.DataFrame
            ``women_15_44`` and ``people``.
        county : numpy.ndarray of int64
            Position of each point's county.
        counties : int
            How many there are.
        limits : tuple of float
            Minutes.
        """
        weight = demand["women_15_44"].to_numpy(dtype=np.float64)
        total = np.zeros(counties)
        _add(total, county, weight)
        weight = np.where(total[county] > 0, weight, demand["people"].to_numpy(dtype=np.float64))
        whole = np.zeros(counties)
        _add(whole, county, weight)
        return cls(county=county, weight=weight, whole=whole, limits=np.asarray(limits, dtype=np.float64))

    def covered(self, minutes: F64) -> Covered:
        """Sum one draw's minutes, NaN where a point has none, by county."""
        sums = np.zeros((2 + len(self.limits), len(self.whole)))
        _sums(minutes, self.weight, self.county, self.limits, sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            whole = np.where(self.whole > 0, self.whole, np.nan)
            without = np.clip((whole - sums[0]) / whole, 0, 1)
            mean = np.where(sums[0] > 0, sums[1] / sums[0], np.nan)
            within = np.clip(sums[2:] / whole, 0, 1)
        return Covered(minutes=np.where(np.round(without, 9) <= MOST_WITHOUT, mean, np.nan), within=within)


@compiled
def _add(total: F64, group: I64, value: F64) -> None:
    """Add values to their groups with Kahan's compensation; a missing value is left out."""
    lost = np.zeros(len(total))
    for i in range(len(value)):
        if np.isnan(value[i]):
            continue
        g = group[i]
        y = value[i] - lost[g]
        t = total[g] + y
        lost[g] = t - total[g] - y
        total[g] = t


@compiled
def _sums(minutes: F64, weight: F64, county: I64, limits: F64, sums: F64) -> None:
    """Per county: weight that has minutes, weight times minutes, weight within each limit; compensated likewise."""
    rows = len(sums)
    lost = np.zeros(sums.shape)
    for i in range(len(minutes)):
        c = county[i]
        known = not np.isnan(minutes[i])
        for r in range(rows):
            if r == 0:
                value = weight[i] if known else 0.0
            elif r == 1:
                value = weight[i] * minutes[i] if known else 0.0
            else:
                value = weight[i] if known and minutes[i] <= limits[r - 2] else 0.0
            if np.isnan(value):  # nobody known lives there; elsewhere a 0 is added, which may move the last bit
                continue
            y = value - lost[r, c]
            t = sums[r, c] + y
            lost[r, c] = t - sums[r, c] - y
            sums[r, c] = t
