"""Minutes between two sets of points as tidy rows: one an origin, or one a pair, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.travel.searches import Trips

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["MOST_PAIRS", "PointSet", "every_pair", "nearest_rows", "pairs_within"]

MOST_PAIRS: Final = 100_000_000
"""A full table of more pairs than this is refused."""


@dataclass(frozen=True)
class PointSet:
    """Points on a network, with their identifiers.

    Attributes
    ----------
    ids : numpy.ndarray of str, shape (n,)
        Unique identifiers.
    snapped : SnappedPoints
        The same points on the network.
    """

    ids: npt.NDArray[np.object_]
    snapped: SnappedPoints

    @classmethod
    def from_frame(cls, network: RoadNetwork, frame: pd.DataFrame) -> PointSet:
        """Snap a table with ``id, lat, lon`` to a network."""
        snapped = network.snap(frame["lat"].to_numpy(dtype=np.float64), frame["lon"].to_numpy(dtype=np.float64))
        return cls(frame["id"].to_numpy(dtype=object), snapped)

    def __len__(self) -> int:
        return len(self.ids)


def nearest_rows(
    network: RoadNetwork, origins: PointSet, destinations: PointSet, *, limit_minutes: float
) -> pd.DataFrame:
    """Give each origin's nearest destination.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    origins, destinations : PointSet
        On that network.
    limit_minutes : float
        Farther is ``beyond_limit``; at exactly the limit is within.

    Returns
    -------
    pandas.DataFrame
        Contract `MINUTES`, one row an origin, in their order.
    """
    found = Trips(network, origins.snapped, destinations.snapped).nearest(limit_minutes=limit_minutes)[0]
    ids = np.full(len(origins), None, dtype=object)
    ids[found.destination >= 0] = destinations.ids[found.destination[found.destination >= 0]]
    return _rows(origins.ids, ids, found.minutes, found.reason)


def pairs_within(
    network: RoadNetwork, origins: PointSet, destinations: PointSet, *, limit_minutes: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give all pairs within a limit, and count for each origin those that are not.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    origins, destinations : PointSet
        On that network.
    limit_minutes : float
        Within is ≤.

    Returns
    -------
    pairs : pandas.DataFrame
        Contract `MINUTES`, sorted by origin and minutes. An origin with no destination in range has one row, without a
        destination, that says why.
    per_origin : pandas.DataFrame
        Contract `MINUTES_PER_ORIGIN`; the three counts of a row add up to the number of destinations.
    """
    trips = Trips(network, origins.snapped, destinations.snapped)
    pairs = trips.within(limit_minutes=limit_minutes)
    inside = np.bincount(pairs.origin, minlength=len(origins))
    best = trips.nearest(limit_minutes=limit_minutes)[0].reason
    order = np.lexsort((pairs.destination, pairs.minutes, pairs.origin))
    rows = _rows(
        origins.ids[pairs.origin[order]],
        destinations.ids[pairs.destination[order]],
        pairs.minutes[order],
        np.full(len(order), "covered"),
    )
    lost = np.flatnonzero(inside == 0)
    without = _rows(origins.ids[lost], np.full(len(lost), None), np.full(len(lost), np.nan), best[lost])
    per_origin = pd.DataFrame(
        {
            "origin_id": pd.array(origins.ids, dtype="str"),
            "within_limit": inside,
            "beyond_limit": pairs.beyond_limit.astype(np.int64),
            "without_path": pairs.without_path.astype(np.int64),
            "reason": pd.array(best.astype(object), dtype="str"),
        }
    )
    return pd.concat([rows, without], ignore_index=True) if len(lost) else rows, per_origin


def every_pair(
    network: RoadNetwork, origins: PointSet, destinations: PointSet, *, limit_minutes: float
) -> pd.DataFrame:
    """Give one row for every pair, with minutes or the reason why there are none.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    origins, destinations : PointSet
        On that network.
    limit_minutes : float
        Pairs farther than this have the reason ``beyond_limit`` and no minutes.

    Returns
    -------
    pandas.DataFrame
        Contract `MINUTES`, origins × destinations rows.

    Raises
    ------
    InputError
        When there would be more than :data:`MOST_PAIRS` rows.
    """
    n, m = len(origins), len(destinations)
    if n * m > MOST_PAIRS:
        raise InputError(
            f"--all-pairs would write {n * m:,} rows, more than {MOST_PAIRS:,}: leave it out (pairs beyond the limit "
            "are then counted per origin), or give fewer points"
        )
    trips = Trips(network, origins.snapped, destinations.snapped)
    minutes = trips.table()
    missing = np.isnan(minutes)
    reason = np.where(missing, "unreachable", np.where(minutes <= limit_minutes, "covered", "beyond_limit")).astype(
        object
    )
    best = trips.nearest()[0].reason
    off_network = np.isin(best, ["no_road_access", "ferry_or_air_only"])
    reason[off_network] = np.where(missing[off_network], best[off_network, None], reason[off_network])
    return _rows(
        np.repeat(origins.ids, m),
        np.tile(destinations.ids, n),
        np.where(minutes <= limit_minutes, minutes, np.nan).ravel(),
        reason.ravel(),
    )


def _rows(
    origin: npt.NDArray[np.object_],
    destination: npt.NDArray[np.object_],
    minutes: npt.NDArray[np.float64],
    reason: npt.NDArray[np.object_] | npt.NDArray[np.str_],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "origin_id": pd.array(origin, dtype="str"),
            "destination_id": pd.array(destination, dtype="str"),
            "minutes": minutes,
            "reason": pd.array(reason.astype(object), dtype="str"),
        }
    )
