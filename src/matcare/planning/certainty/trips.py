"""Trips to the units that may be the nearest, and how far off their minutes may be.

Of every demand point the few nearest units are kept that may offer the service at all. A draw takes some of them away
and stretches each trip by its own error, so another unit may become the nearest. Where none of the kept ones is left,
the nearest of the others is searched for.

Minutes are perturbed, not the speeds of edges: the error is known of trips (1,634 of them, states left out of the fit),
not of edges, and factors for classes of roads, which a new customisation of the hierarchy could carry, would leave out
the larger part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.subsets import among

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.planning.certainty.trip_error import TripError
    from matcare.travel.searches import Trips

__all__ = ["KEPT", "Candidates", "Errors", "Places"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

KEPT: Final = 8
"""How many of the nearest units of a place are kept."""

_KM_PER_DEGREE: Final = 111.195


@dataclass(frozen=True, eq=False, kw_only=True)
class Places:
    """What the errors of trips have in common, for every demand point of the region.

    Attributes
    ----------
    row : numpy.ndarray of int64, shape (points,)
        Position among the study area's demand points.
    county, state, place, streets : numpy.ndarray of int64, shape (points,)
        County and state of the point; square of ``place_km``, square of ``streets_km``.
    density : numpy.ndarray of float64, shape (points,)
        People per km².
    leg_minutes : numpy.ndarray of float64, shape (points,)
        Minutes of the shortest access leg, 0 without any.
    """

    row: I64
    county: I64
    state: I64
    place: I64
    streets: I64
    density: F64
    leg_minutes: F64

    @classmethod
    def of(cls, area: StudyArea, rows: I64, county: I64, state: I64, *, place_km: float, streets_km: float) -> Places:
        """Tell what the errors of some demand points' trips have in common.

        Parameters
        ----------
        area : StudyArea
        rows : numpy.ndarray of int64, shape (points,)
            Demand points of the region.
        county, state : numpy.ndarray of int64, shape (points,)
            Positions of their counties and states.
        place_km, streets_km : float
            Sides of the squares.
        """
        origins = area.trips.origins.take(rows)
        leg = np.full(len(rows), np.inf)
        np.minimum.at(leg, np.repeat(np.arange(len(rows)), np.diff(origins.first)), origins.leg_minutes)
        return cls(
            row=rows,
            county=county,
            state=state,
            place=_squares(origins.lat, origins.lon, place_km),
            streets=_squares(origins.lat, origins.lon, streets_km),
            density=area.trips.network.density.at(origins.lat, origins.lon),
            leg_minutes=np.where(np.isfinite(leg), leg, 0.0),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Errors:
    """One draw of what is off in trips to the units of one service.

    Attributes
    ----------
    state, county, facility : numpy.ndarray of float64
        In standard deviations: what all trips from a state, from a county, to a facility share.
    pair : numpy.ndarray of float64
        Each pair's own, times `own`.
    own : float
        Root of the share that nothing has in common; 0 where speeds are held.
    """

    state: F64
    county: F64
    facility: F64
    pair: F64
    own: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """The nearest units that may offer a service.

    Attributes
    ----------
    trips : Trips
        From all demand points of the study area to the units that may offer it.
    facility : numpy.ndarray of int64, shape (units,)
        Their rows among the facilities.
    minutes : numpy.ndarray of float64, shape (points, kept)
        Ascending; NaN where there are fewer.
    unit : numpy.ndarray of int32, shape (points, kept)
        Position in `facility`, −1 where there are fewer.
    sd : numpy.ndarray of float64, shape (points, kept)
        Standard deviation of log minutes, access legs left aside.
    pair : numpy.ndarray of int32, shape (points, kept)
        Number of the pair of a place and a unit, whose trips share their own error.
    pairs : int
        How many there are.
    error : TripError
        Where `sd` is from.
    """

    trips: Trips
    facility: I64
    minutes: F64
    unit: I32
    sd: F64
    pair: I32
    pairs: int
    error: TripError

    @classmethod
    def of(cls, area: StudyArea, facility: I64, at: Places, error: TripError) -> Candidates:
        """Find the nearest units of every demand point among those that may offer a service.

        Parameters
        ----------
        area : StudyArea
        facility : numpy.ndarray of int64, shape (units,)
            Rows of the facilities that may offer it.
        at : Places
            Demand points of the region.
        error : TripError
        """
        trips = among(area.trips, facility)
        if len(facility):
            minutes, unit = trips.k_nearest(min(KEPT, len(facility)))
            minutes, unit = minutes[at.row], unit[at.row]
        else:
            minutes, unit = np.zeros((len(at.row), 0)), np.zeros((len(at.row), 0), np.int32)
        known = unit >= 0
        number = at.place[:, None] * np.int64(max(len(facility), 1)) + unit
        pair = np.zeros(unit.shape, np.int32)
        different, pair[known] = np.unique(number[known], return_inverse=True)
        sd = error.sd(minutes, np.broadcast_to(at.density[:, None], minutes.shape))
        return cls(
            trips=trips, facility=facility, minutes=minutes, unit=unit, sd=sd, pair=pair, pairs=len(different),
            error=error,
        )  # fmt: skip

    def drawn(
        self, at: Places, offers: Bools, errors: Errors, legs: F64, limit_minutes: float, beyond: np.random.Generator
    ) -> F64:
        """Return each point's minutes to the nearest unit that offers the service in a draw.

        Parameters
        ----------
        at : Places
        offers : numpy.ndarray of bool, shape (units,)
            Which of the candidates offer the service.
        errors : Errors
        legs : numpy.ndarray of float64, shape (points,)
            Access leg's minutes times this are added.
        limit_minutes : float
            Farther does not count.
        beyond : numpy.random.Generator
            For the own errors of trips to units that were not kept.

        Returns
        -------
        numpy.ndarray of float64, shape (points,)
            NaN where no unit offers it, no way leads to one, or it is farther than the limit.
        """
        minutes = np.empty(len(at.row))
        common, to = errors.state[at.state] + errors.county[at.county], errors.facility[self.facility]
        short = _least(
            self.minutes, self.unit, self.sd, self.pair, offers, common, to, errors.pair, at.leg_minutes, legs,
            minutes,
        )  # fmt: skip
        if short.any() and self.unit.shape[1] < len(self.facility) and offers.any():
            rows = np.flatnonzero(short)
            nearest = self.trips.nearest(members=offers[None, :], rows=at.row[rows])[0]
            there = nearest.destination >= 0
            rows, plain, unit = rows[there], nearest.minutes[there], nearest.destination[there]
            error = common[rows] + to[unit] + errors.own * beyond.standard_normal(len(rows))
            leg = np.minimum(at.leg_minutes[rows], plain) * legs[rows]
            minutes[rows] = (plain + leg) * np.exp(self.error.sd(plain, at.density[rows]) * error)
        minutes[minutes > limit_minutes] = np.nan
        return minutes


def _squares(lat: F64, lon: F64, side_km: float) -> I64:
    """Give every point the number of its square of a grid, from 0."""
    south = np.floor(lat * _KM_PER_DEGREE / side_km)
    middle = np.clip((south + 0.5) * side_km / _KM_PER_DEGREE, -89.9, 89.9)
    west = np.floor(lon * _KM_PER_DEGREE * np.cos(np.radians(middle)) / side_km)
    number = south.astype(np.int64) * 10**7 + west.astype(np.int64)
    return np.unique(number, return_inverse=True)[1].astype(np.int64)


@compiled
def _least(
    minutes: F64, unit: I32, sd: F64, pair: I32, offers: Bools, common: F64, to: F64, own: F64, leg: F64, legs: F64,
    least: F64,
) -> Bools:  # fmt: skip
    """Find the least of a point's drawn minutes; tell where all that were kept are gone, though there are more."""
    points, kept = minutes.shape
    short = np.zeros(points, np.bool_)
    for i in range(points):
        best = np.inf
        full = True
        for k in range(kept):
            u = unit[i, k]
            if u < 0:
                full = False
                break
            if not offers[u]:
                continue
            plain = minutes[i, k]
            error = sd[i, k] * (common[i] + to[u] + own[pair[i, k]])
            drawn = (plain + min(leg[i], plain) * legs[i]) * np.exp(error)
            best = min(best, drawn)
        least[i] = best if best < np.inf else np.nan
        short[i] = full and best == np.inf
    return short
