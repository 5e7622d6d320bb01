"""Mother and infant together: birth care and a neonatal level at one site, or at two and how far these are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.reasons import COVERED
from matcare.travel.searches import Trips
from matcare.travel.subsets import among, from_rows

if TYPE_CHECKING:
    from matcare.travel.found import Nearest

__all__ = ["SplitCare", "UnitMinutes", "farther", "split_care", "trips_between", "unit_minutes"]

F64 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int8]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class UnitMinutes:
    """Minutes between facilities.

    Attributes
    ----------
    row, column : numpy.ndarray of int64, shape (m,)
        Where each facility stands in `minutes`, −1 where it does not.
    minutes : numpy.ndarray of float64, shape (rows, columns)
        NaN where nothing connects the two.
    """

    row: I64
    column: I64
    minutes: F64

    def between(self, here: I64, there: I64) -> F64:
        """Return the minutes of pairs of facilities that are all in the table, shape (pairs,)."""
        return np.asarray(self.minutes[self.row[here], self.column[there]])


def trips_between(trips: Trips) -> Trips:
    """Return the trips from every destination to every destination, such as between hospitals.

    Parameters
    ----------
    trips : Trips
        From demand points to the destinations.

    Returns
    -------
    Trips
    """
    return Trips(trips.network, trips.destinations, trips.destinations)


def unit_minutes(between: Trips, here: Bools, there: Bools) -> UnitMinutes:
    """Find the minutes from some facilities to others.

    Parameters
    ----------
    between : Trips
        From all facilities to all facilities; see :func:`trips_between`.
    here, there : numpy.ndarray of bool, shape (m,)
        From which and to which.

    Returns
    -------
    UnitMinutes
    """
    rows, columns = np.flatnonzero(here), np.flatnonzero(there)
    places = [np.full(len(here), -1, dtype=np.int64) for _ in range(2)]
    for place, chosen in zip(places, (rows, columns), strict=True):
        place[chosen] = np.arange(len(chosen))
    if len(rows) and len(columns):
        minutes = among(from_rows(between, rows), columns).table()
    else:
        minutes = np.zeros((len(rows), len(columns)))
    return UnitMinutes(row=places[0], column=places[1], minutes=minutes)


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitCare:
    """The nearest birth care and the nearest neonatal unit of every demand point, at one site or two.

    Attributes
    ----------
    minutes, reason_code : numpy.ndarray, shape (n,)
        As :func:`farther` gives them.
    two_sites : numpy.ndarray of bool, shape (n,)
        Both have minutes, and they are not on one campus.
    between : numpy.ndarray of float64, shape (n,)
        Minutes from that birth care to that neonatal unit; NaN where the two are not apart, or nothing connects them.
    """

    minutes: F64
    reason_code: I8
    two_sites: Bools
    between: F64


def farther(maternal: Nearest, neonatal: Nearest) -> tuple[F64, I8]:
    """Find the minutes to the farther of two units that a mother and her infant need.

    With the nearest units of each this is care on one site or two. With the nearest neonatal unit *on a campus that has
    the maternal level too* it is care on one site: the minutes are those to that campus's neonatal unit, and never
    fewer than to the nearest birth care. Members of a campus have coordinates of their own, some seconds apart; so
    measured, one site is never nearer than two, and two never nearer than either unit alone.

    Parameters
    ----------
    maternal, neonatal : Nearest

    Returns
    -------
    minutes : numpy.ndarray of float64, shape (n,)
        NaN when one of the two has none.
    reason_code : numpy.ndarray of int8, shape (n,)
        Position in :data:`matcare.travel.reasons.REASONS`; where both are missing, why birth care is.
    """
    reason = np.where(maternal.reason_code == COVERED, neonatal.reason_code, maternal.reason_code)
    return np.maximum(maternal.minutes, neonatal.minutes), reason.astype(np.int8)


def split_care(maternal: Nearest, neonatal: Nearest, *, site: I64, units: UnitMinutes) -> SplitCare:
    """Combine the nearest unit of each, on one campus or two.

    Parameters
    ----------
    maternal, neonatal : Nearest
        Each demand point's nearest unit with the maternal level, and with the neonatal level.
    site : numpy.ndarray of int64, shape (m,)
        From :func:`matcare.measures.risk_groups.sites_of`.
    units : UnitMinutes
        From all of the first to all of the second.

    Returns
    -------
    SplitCare
    """
    minutes, reason = farther(maternal, neonatal)
    both = np.flatnonzero((maternal.destination >= 0) & (neonatal.destination >= 0))
    here, there = (part.destination[both].astype(np.int64) for part in (maternal, neonatal))
    apart = site[here] != site[there]
    two_sites = np.zeros(len(minutes), dtype=bool)
    two_sites[both[apart]] = True
    between = np.full(len(minutes), np.nan)
    between[both[apart]] = units.between(here[apart], there[apart])
    return SplitCare(minutes=minutes, reason_code=reason, two_sites=two_sites, between=between)
