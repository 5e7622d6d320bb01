"""Points with their entries to a road network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from matcare.travel.ragged import ragged_rows

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork

__all__ = ["SnappedPoints"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class SnappedPoints:
    """Points with their entries to a road network. Entries of point ``i`` are ``first[i]:first[i + 1]``.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (points,)
        Degrees.
    urban : numpy.ndarray of float64, shape (points,)
        Share of the profile's urban values at the point.
    end_minutes : numpy.ndarray of float64, shape (points,)
        Minutes at this end of any trip.
    winding : numpy.ndarray of float64, shape (points,)
        Radians of turning per km of the highways around, without those of controlled access.
    coast_km : numpy.ndarray of float64, shape (points,)
        Distance to the nearest coast; infinite without land.
    on_streets : numpy.ndarray of bool, shape (points,)
        The nearest road is one whose full shape is known: all streets are there, and straight legs are short.
    nearest_km : numpy.ndarray of float64, shape (points,)
        Straight kilometres to the nearest road over land, open or not; infinite where none is within reach.
    first : numpy.ndarray of int64, shape (points + 1,)
    edge : numpy.ndarray of int32, shape (entries,)
        The edge that the entry lies on.
    position : numpy.ndarray of float64, shape (entries,)
        Where on the edge, 0 at its node `u`, 1 at `v`.
    leg_km, leg_minutes : numpy.ndarray of float64, shape (entries,)
        The access leg: straight kilometres; minutes by the local speed, without the end minutes.
    water_first, water_edge : numpy.ndarray
        In the same manner, the edges that only a leg over open water would reach.
    """

    lat: F64
    lon: F64
    urban: F64
    end_minutes: F64
    winding: F64
    coast_km: F64
    on_streets: Bools
    nearest_km: F64
    first: I64
    edge: I32
    position: F64
    leg_km: F64
    leg_minutes: F64
    water_first: I64
    water_edge: I32

    def __len__(self) -> int:
        return len(self.lat)

    @property
    def has_entry(self) -> npt.NDArray[np.bool_]:
        """Which points have a road within reach over land."""
        return np.diff(self.first) > 0

    @property
    def has_road(self) -> Bools:
        """Which points have a road within reach over land, open or not, shape (points,)."""
        return np.isfinite(self.nearest_km)

    def parts(self, network: RoadNetwork) -> I64:
        """Give the parts of the network that roads join, one-ways and closures left aside, which each point enters.

        Parameters
        ----------
        network : RoadNetwork

        Returns
        -------
        numpy.ndarray of int64, sorted, each once
            ``point * nodes + part``.
        """
        point = np.repeat(np.arange(len(self)), np.diff(self.first))
        part = network.joined_part[network.graph.u[self.edge]]
        return np.unique(point * np.int64(len(network.graph.lat)) + part)

    def access(self) -> dict[str, Any]:
        """Report how far the points lie from the roads, in JSON's types, for ``run.json``."""
        on = self.has_road
        km = self.nearest_km[on]
        report: dict[str, Any] = {
            "points": len(self), "no_road_within_reach": int((~on).sum()),
            "roads_only_over_water": int((~on & (np.diff(self.water_first) > 0)).sum()),
            "on_streets": int(self.on_streets.sum()),
        }  # fmt: skip
        for limit in (1, 5, 10):
            report[f"farther_than_{limit}_km"] = int((km > limit).sum())
        if len(km):
            median, high = np.quantile(km, [0.5, 0.95])
            report |= {"median_km": round(float(median), 3), "p95_km": round(float(high), 3)}
            report["longest_km"] = round(float(km.max()), 3)
        return report

    def take(self, rows: npt.ArrayLike) -> SnappedPoints:
        """Return some of the points, by position or mask, without snapping them again."""
        chosen = np.asarray(rows)
        pick = np.arange(len(self))[chosen if chosen.size else chosen.astype(np.int64)]
        first, entries = ragged_rows(self.first, pick)
        water_first, water = ragged_rows(self.water_first, pick)
        return SnappedPoints(
            lat=self.lat[pick], lon=self.lon[pick], urban=self.urban[pick], end_minutes=self.end_minutes[pick],
            winding=self.winding[pick], coast_km=self.coast_km[pick], on_streets=self.on_streets[pick],
            nearest_km=self.nearest_km[pick], first=first,
            edge=self.edge[entries], position=self.position[entries],
            leg_km=self.leg_km[entries], leg_minutes=self.leg_minutes[entries],
            water_first=water_first, water_edge=self.water_edge[water],
        )  # fmt: skip
