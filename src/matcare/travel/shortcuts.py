"""Ways that a sweep over junctions does not see: stretches of road without one, and direct local legs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.travel.direct import DirectPairs
    from matcare.travel.searches import Trips

__all__ = ["Shortcuts"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Shortcuts:
    """Pairs that a stretch of road or a direct leg joins sooner than a sweep finds, and by how much.

    A pair may stand here twice: by its stretch, which is sooner than the sweep's way, and by its leg, which is sooner
    than both. Whether a leg crosses water or the roads contradict it is dear to ask, so it is asked only of the legs
    that make a difference to a question, and remembered.

    Parameters
    ----------
    trips : Trips
    close : DirectPairs
        All pairs of the trips near enough for a direct leg.

    Attributes
    ----------
    origin, destination : numpy.ndarray of int32, shape (shortcuts,)
        Stretches first, then legs.
    ms, before_ms : numpy.ndarray of int64, shape (shortcuts,)
        Milliseconds with the shortcut and without; :data:`~matcare.travel.hierarchy.NO_WAY` or more for no way.
    """

    def __init__(self, trips: Trips, close: DirectPairs) -> None:
        along = trips.stretches

        def by_road(origin: I32, destination: I32) -> I64:
            ms = trips.network.metric.pair_ms(trips.leaving, origin, trips.arriving, destination)
            return ms.astype(np.int64)

        road_along = by_road(along.origin, along.destination)
        shorter = np.flatnonzero(along.ms < road_along)
        road = by_road(close.origin, close.destination)
        sooner = np.flatnonzero(close.ms < road)
        legs = close.take(sooner)
        road = np.minimum(road[sooner], trips.stretch_ms(legs.origin, legs.destination))
        self._legs = legs.take(np.flatnonzero(legs.ms < road))
        road = road[legs.ms < road]
        self._refused: Callable[[DirectPairs], Bools] = trips.refused
        self._stretches = len(shorter)
        self.origin = np.concatenate([along.origin[shorter], self._legs.origin])
        self.destination = np.concatenate([along.destination[shorter], self._legs.destination])
        self.ms = np.concatenate([along.ms[shorter], self._legs.ms])
        self.before_ms = np.concatenate([road_along[shorter], road])
        self._tested = np.arange(len(self.ms)) < self._stretches
        self._barred = np.zeros(len(self.ms), dtype=bool)

    def gains(self, weigh: Callable[[I64], F64]) -> F64:
        """Tell how much more each pair weighs by its shortcut than without.

        Parameters
        ----------
        weigh : callable
            Weights of milliseconds, never rising with them.

        Returns
        -------
        numpy.ndarray of float64, shape (shortcuts,)
            0 or more; 0 where the leg is refused. The gains of a pair's stretch and of its leg add up.
        """
        more = weigh(self.ms) - weigh(self.before_ms)
        asked = np.flatnonzero((more > 0) & ~self._tested)
        if len(asked):
            self._barred[asked] = self._refused(self._legs.take(asked - self._stretches))
            self._tested[asked] = True
        more[self._barred] = 0.0
        return more
