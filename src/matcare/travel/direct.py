"""Direct local legs: close points joined by a straight line on local streets, where that beats the network.

The roads known may be too few (highways only) or too far; two places a few kilometres apart are then joined by streets
that no file names. Such a leg crosses no open water, and it is not believed where the roads say otherwise: see
:func:`direct_pairs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy import NO_WAY
from matcare.travel.legs import direct_legs, direct_pace, direct_reach_km, over_water, roads_near_both
from matcare.travel.speeds import unit_vectors
from matcare.travel.ways import milliseconds

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["DirectPairs", "direct_pairs"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MARGIN = 1e-6
"""Share by which a lower bound is lowered, so that rounding never hides a pair."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DirectPairs:
    """Pairs near enough for a direct local leg, sorted by origin, then by destination.

    Attributes
    ----------
    origin, destination : numpy.ndarray of int32, shape (pairs,)
    km : numpy.ndarray of float64, shape (pairs,)
        Straight.
    ms : numpy.ndarray of int64, shape (pairs,)
        Milliseconds of the whole trip, end minutes included.
    """

    origin: I32
    destination: I32
    km: F64
    ms: I64

    def __len__(self) -> int:
        return len(self.origin)

    def take(self, pick: npt.NDArray[np.integer] | Bools) -> DirectPairs:
        """Return some of the pairs."""
        return DirectPairs(
            origin=self.origin[pick], destination=self.destination[pick], km=self.km[pick], ms=self.ms[pick]
        )

    def doubtful(self, network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> Bools:
        """Tell which pairs' legs the roads could contradict, shape (pairs,); see :meth:`contradicted`."""
        i, j = self.origin.astype(np.int64), self.destination.astype(np.int64)
        if network.profile.direct_detour_limit == 0:
            return np.zeros(len(self), dtype=bool)
        return roads_near_both(origins, destinations, i, j, self.km)

    def contradicted(
        self,
        network: RoadNetwork,
        origins: SnappedPoints,
        destinations: SnappedPoints,
        by_road_ms: npt.NDArray[np.integer],
    ) -> Bools:
        """Tell which doubtful legs the roads contradict, shape (pairs,).

        By road it takes several times as long; or there is no way by road although roads join both ends, so that
        something is closed. Between roads that nothing joins, that there is no way proves nothing.

        Parameters
        ----------
        network : RoadNetwork
        origins, destinations : SnappedPoints
        by_road_ms : numpy.ndarray of int, shape (pairs,)
            Milliseconds by road; :data:`~matcare.travel.hierarchy.NO_WAY` or more where there is no way.
        """
        contradicted = by_road_ms.astype(np.float64) > network.profile.direct_detour_limit * self.ms
        lost = np.flatnonzero(by_road_ms >= NO_WAY)
        here, there = origins.take(self.origin[lost]), destinations.take(self.destination[lost])
        joined = np.intersect1d(here.parts(network), there.parts(network), assume_unique=True)
        cut_off = ~here.has_entry | ~there.has_entry  # all its ways lie across closed ground
        cut_off[np.unique(joined // len(network.graph.lat))] = True
        contradicted[lost] = cut_off & here.has_road & there.has_road
        return np.asarray(contradicted, dtype=bool)

    def wet(self, network: RoadNetwork, origins: SnappedPoints, destinations: SnappedPoints) -> Bools:
        """Tell which pairs' legs cross open water, shape (pairs,)."""
        i, j = self.origin.astype(np.int64), self.destination.astype(np.int64)
        return over_water(network, origins, destinations, i, j, self.km)


def direct_pairs(
    network: RoadNetwork,
    origins: SnappedPoints,
    destinations: SnappedPoints,
    *,
    below_ms: I64 | None = None,
    members: Bools | None = None,
) -> DirectPairs:
    """Find the pairs whose direct leg could be the better way.

    Parameters
    ----------
    network : RoadNetwork
    origins, destinations : SnappedPoints
    below_ms : numpy.ndarray of int64, shape (groups, origins), optional
        What the network offers each origin in each group of destinations: a leg that takes longer is not looked at.
        All pairs within reach without it.
    members : numpy.ndarray of bool, shape (groups, destinations), optional
        Which destinations each group has; with `below_ms`.

    Returns
    -------
    DirectPairs
    """
    if not len(origins) or not len(destinations):
        return DirectPairs(
            origin=np.zeros(0, np.int32), destination=np.zeros(0, np.int32), km=np.zeros(0), ms=np.zeros(0, np.int64)
        )
    reach = max(network.profile.reach_km, network.profile.direct_km)
    south = np.argsort(destinations.lat, kind="stable")
    pace = direct_pace(network, origins, destinations) * (1 - MARGIN)
    ends = [milliseconds(points.end_minutes) for points in (origins, destinations)]
    if below_ms is None or members is None:
        below_ms, members = np.full((1, len(origins)), np.iinfo(np.int64).max), np.ones((1, len(destinations)), bool)
    i, j = _near(
        unit_vectors(origins.lat, origins.lon), unit_vectors(destinations.lat, destinations.lon)[south],
        origins.lat, destinations.lat[south], reach, pace, 1 - network.profile.local_length_exponent,
        ends[0], ends[1][south], np.ascontiguousarray(below_ms.T), np.ascontiguousarray(members[:, south].T),
    )  # fmt: skip
    j = south[j]
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    km, leg = direct_legs(network, origins, destinations, i, j)
    near = km <= direct_reach_km(network, origins, destinations, i, j)
    i, j, km, leg = i[near], j[near], km[near], leg[near]
    ms = milliseconds(leg) + ends[0][i] + ends[1][j]
    return DirectPairs(origin=i.astype(np.int32), destination=j.astype(np.int32), km=km, ms=ms)


@compiled
def _near(
    here: F64, there: F64, lat: F64, lat_there: F64, reach: float, pace: F64, exponent: float,
    end_here: I64, end_there: I64, below: I64, members: Bools,
) -> tuple[I64, I64]:  # fmt: skip
    """Pairs within reach whose leg, at the fastest pace an origin could have, is no longer than what it has."""
    origin, destination = np.empty(1024, np.int64), np.empty(1024, np.int64)
    done = 0
    band = np.degrees(reach / 6371.0) * 1.01
    square = reach * reach
    for i in range(len(lat)):
        low = np.searchsorted(lat_there, lat[i] - band)
        for j in range(low, len(lat_there)):
            if lat_there[j] > lat[i] + band:
                break
            dx, dy, dz = here[i, 0] - there[j, 0], here[i, 1] - there[j, 1], here[i, 2] - there[j, 2]
            apart = dx * dx + dy * dy + dz * dz
            if apart > square:
                continue
            least = 60_000 * pace[i] * np.sqrt(apart) ** exponent + end_here[i] + end_there[j] - 1
            useful = False
            for g in range(below.shape[1]):
                if members[j, g] and least <= below[i, g]:
                    useful = True
                    break
            if not useful:
                continue
            if done == len(origin):
                origin = np.concatenate((origin, np.empty_like(origin)))
                destination = np.concatenate((destination, np.empty_like(destination)))
            origin[done], destination[done] = i, j
            done += 1
    return origin[:done].copy(), destination[:done].copy()
