"""Trips to other destinations from origins whose ways are worked out already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.searches import Trips
from matcare.travel.ways import Stretches, places, take_ways

if TYPE_CHECKING:
    from matcare.travel.snapping import SnappedPoints

__all__ = ["among", "from_rows", "toward"]


def among(trips: Trips, rows: npt.ArrayLike) -> Trips:
    """Return the trips from the same origins to some of the destinations.

    Parameters
    ----------
    trips : Trips
        From all origins to all destinations.
    rows : array_like of int, shape (some,)
        Positions of destinations, each once; the new destination ``j`` is ``rows[j]``.

    Returns
    -------
    Trips
        What is known of the origins and of these destinations is not worked out again.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    fewer = Trips(trips.network, trips.origins, trips.destinations.take(chosen))
    number = np.full(len(trips.destinations), -1, dtype=np.int32)
    number[chosen] = np.arange(len(chosen), dtype=np.int32)
    along = trips.stretches
    to = number[along.destination]
    kept = np.flatnonzero(to >= 0)
    kept = kept[np.lexsort((to[kept], along.origin[kept]))]
    known = {
        "leaving": trips.leaving,
        "arriving": take_ways(trips.arriving, chosen),
        "stretches": Stretches(origin=along.origin[kept], destination=to[kept], ms=along.ms[kept]),
    }
    fewer.__dict__.update(known)  # where cached_property keeps what it has found
    return fewer


def toward(trips: Trips, destinations: SnappedPoints) -> Trips:
    """Return the trips from the same origins to other destinations, such as candidate sites.

    Parameters
    ----------
    trips : Trips
        From these origins.
    destinations : SnappedPoints
        Snapped to the same network.

    Returns
    -------
    Trips
    """
    other = Trips(trips.network, trips.origins, destinations)
    here = trips._places[0] if "_places" in trips.__dict__ else places(trips.network, trips.origins)  # noqa: SLF001 - of the same package: known places are not found twice
    other.__dict__["_places"] = (here, places(trips.network, destinations))
    other.__dict__["leaving"] = trips.leaving
    return other


def from_rows(trips: Trips, rows: npt.ArrayLike) -> Trips:
    """Return the trips from some of the origins to the same destinations.

    Parameters
    ----------
    trips : Trips
        From all origins.
    rows : array_like of int, shape (some,)
        Positions of origins; the new origin ``i`` is ``rows[i]``.

    Returns
    -------
    Trips
    """
    chosen = np.asarray(rows, dtype=np.int64)
    fewer = Trips(trips.network, trips.origins.take(chosen), trips.destinations)
    fewer.__dict__["leaving"] = take_ways(trips.leaving, chosen)
    fewer.__dict__["arriving"] = trips.arriving
    return fewer
