"""How far off the minutes of a trip may be, by the calibration on states that were left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEG_SHARE_SQUARED", "TripError"]

F64 = npt.NDArray[np.float64]

LEG_SHARE_SQUARED: Final = {0.0: 0.0707, 15.0: 0.0297, 30.0: 0.0101, 60.0: 0.0029}
"""Mean square of the access leg's share of the minutes among the calibration trips, by the lower end of the band of
minutes (``benchmarks/certainty.py --split``): with it the calibrated error is parted into roads and legs."""

FEW_PAIRS: Final = 30
"""A density class with fewer calibration trips takes the error of all densities."""

LEAST_PART: Final = 0.25
"""At least this share of a band's calibrated variance stays with the roads."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TripError:
    """Standard deviation of log minutes by minutes and density, what access legs have in it taken out.

    Attributes
    ----------
    over : numpy.ndarray of float64, shape (bands,)
        Minutes above which each band lies, ascending.
    dense : numpy.ndarray of float64, shape (classes,)
        People per km² from which each class lies, ascending.
    table : numpy.ndarray of float64, shape (bands, classes)
        Standard deviations.
    """

    over: F64
    dense: F64
    table: F64

    @classmethod
    def of(cls, drive_time_error: pd.DataFrame, *, access_sd: float, scale: float) -> TripError:
        """Read the calibrated error.

        Parameters
        ----------
        drive_time_error : pandas.DataFrame
            Contract `DRIVE_TIME_ERROR`: bands of minutes by classes of density, and one row of each band for all
            densities.
        access_sd : float
            Of the log of access legs' minutes, which the calibrated error holds already.
        scale : float
            Times the calibrated error.

        Raises
        ------
        InputError
            When a band has no row for all densities.
        """
        lowest, highest = drive_time_error["people_per_km2_from"], drive_time_error["people_per_km2_below"]
        every = (lowest == lowest.min()) & (highest == highest.max())
        pooled = drive_time_error[every].sort_values("minutes_over")
        over = pooled["minutes_over"].to_numpy(dtype=np.float64)
        if set(over) != set(drive_time_error["minutes_over"]):
            raise InputError("drive_time_error: a band of minutes has no row for all densities together; write one")
        classes = drive_time_error[~every & (drive_time_error["pairs"] >= FEW_PAIRS)]
        dense = np.unique(np.append(drive_time_error.loc[~every, "people_per_km2_from"], 0.0))
        total = np.repeat(pooled["sd_log_ratio"].to_numpy(dtype=np.float64)[:, None], len(dense), axis=1)
        band, column = (
            np.searchsorted(over, classes["minutes_over"]),
            np.searchsorted(dense, classes["people_per_km2_from"]),
        )
        total[band, column] = classes["sd_log_ratio"]
        known = np.array(sorted(LEG_SHARE_SQUARED))
        shares = [LEG_SHARE_SQUARED[known[known <= minutes].max()] for minutes in over]
        legs = access_sd**2 * np.array(shares)[:, None]
        variance = np.maximum(total**2 - legs, LEAST_PART * total**2)
        return cls(over=over, dense=dense, table=scale * np.sqrt(variance))

    def sd(self, minutes: F64, density: F64) -> F64:
        """Give the standard deviation of log minutes of trips; farther than the last band that of the last band.

        Parameters
        ----------
        minutes, density : numpy.ndarray of float64, same shape
            By the model, NaN where there are none; people per km² at the origin.

        Returns
        -------
        numpy.ndarray of float64, same shape
        """
        band = np.clip(np.searchsorted(self.over, minutes, side="left") - 1, 0, len(self.over) - 1)
        column = np.clip(np.searchsorted(self.dense, density, side="right") - 1, 0, len(self.dense) - 1)
        return np.asarray(np.where(np.isnan(minutes), np.nan, self.table[band, column]), dtype=np.float64)
