"""What searches find: the nearest destination of each origin, pairs within a limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.compiled import compiled
from matcare.travel.reasons import REASONS
from matcare.travel.ways import MS_PER_MINUTE

__all__ = ["Nearest", "Pairs", "check_limit", "k_least", "keep_lower"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest destination of each origin.

    Attributes
    ----------
    minutes : numpy.ndarray of float64, shape (origins,)
        ``NaN`` when there is none.
    destination : numpy.ndarray of int32, shape (origins,)
        Position among the destinations, −1 when there is none; of several equally near, the lowest.
    reason_code : numpy.ndarray of int8, shape (origins,)
        Position in :data:`matcare.travel.reasons.REASONS`.
    """

    minutes: F64
    destination: I32
    reason_code: npt.NDArray[np.int8]

    @property
    def reason(self) -> npt.NDArray[np.str_]:
        """The reason in words, shape (origins,)."""
        return np.asarray(REASONS)[self.reason_code]


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs within a limit, sorted by destination, then by origin.

    Attributes
    ----------
    origin, destination : numpy.ndarray of int32, shape (pairs,)
        Positions among the points given.
    ms : numpy.ndarray of int32, shape (pairs,)
        Milliseconds, at most the limit.
    beyond_limit : numpy.ndarray of int32, shape (origins,)
        How many destinations can be reached from the origin, but not within the limit.
    without_path : numpy.ndarray of int32, shape (origins,)
        How many destinations no road and no direct leg reaches. Pairs, those beyond the limit and these are all.
    """

    origin: I32
    destination: I32
    ms: I32
    beyond_limit: I32
    without_path: I32

    @property
    def minutes(self) -> F64:
        """Minutes of each pair, shape (pairs,)."""
        return self.ms / MS_PER_MINUTE


def check_limit(minutes: float) -> None:
    """Refuse a limit that is no number of minutes, 0 or more; infinite is one."""
    if not minutes >= 0:
        raise InputError(f"the limit is {minutes:g} minutes: give 0 or more")


def k_least(origin: npt.NDArray[np.integer], to: npt.NDArray[np.integer], ms: I64, k: int) -> tuple[I64, I64, I64, I64]:
    """Keep the `k` nearest destinations of each origin; a pair that stands there several times counts once, its least.

    Returns
    -------
    origin, to, ms, rank : numpy.ndarray of int64, shape (kept,)
        Sorted by origin, then by milliseconds and destination; ranks count from 0.
    """
    order = np.lexsort((ms, to, origin))
    here: I64 = origin[order].astype(np.int64)
    there: I64 = to[order].astype(np.int64)
    once = np.ones(len(here), dtype=bool)
    once[1:] = (np.diff(here) != 0) | (np.diff(there) != 0)
    here, there, ms = here[once], there[once], ms[order[once]]
    order = np.lexsort((there, ms, here))
    here, there, ms = here[order], there[order], ms[order]
    rank: I64 = np.arange(len(here), dtype=np.int64) - np.searchsorted(here, here)
    kept = rank < k
    return here[kept], there[kept], ms[kept], rank[kept]


@compiled
def keep_lower(ms: I64, destination: I32, point: I64, to: I32, new: I64) -> I64:
    """Lower milliseconds win, of equal ones the lower destination; tell which row won last for each point, −1 none."""
    winner = np.full(len(ms), -1, np.int64)
    for k in range(len(point)):
        i = point[k]
        if new[k] < ms[i] or (new[k] == ms[i] and to[k] < destination[i]):
            ms[i], destination[i], winner[i] = new[k], to[k], k
    return winner
