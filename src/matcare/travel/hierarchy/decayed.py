"""Sums over all pairs within a limit, each pair weighed by a decay of its milliseconds, in the sweep itself.

The rows of a batch of destinations hold all their origins at once. So what the origins add up to is known for each
destination before the sweep goes on to the next batch, and a second sum, of something that depends on the first, is
made from the same rows: both steps of a floating catchment cost one sweep, and no list of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled, inlined
from matcare.travel.hierarchy.batch import BatchSweep, OriginsAtNodes
from matcare.travel.hierarchy.climb import in_batches
from matcare.travel.hierarchy.points import checked
from matcare.travel.hierarchy.rows import WIDTH
from matcare.travel.hierarchy.threads import run_each
from matcare.travel.hierarchy.within import LANES, TILE, fill_tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Attached, Ways

__all__ = ["Weighing", "sweep_sums", "weigh"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

MS_PER_MINUTE = 60_000.0
STEPS, GAUSSIAN, EXPONENTIAL = range(3)
SQUARED = 2


@dataclass(frozen=True, eq=False)
class Weighing:
    """A decay as kernels take it.

    Attributes
    ----------
    kind : int
        Position in :data:`matcare.scenario.decay.DECAY_KINDS`.
    limit_ms : numpy.ndarray of int32, shape (steps,)
        Ascending; at exactly a limit is within.
    values : numpy.ndarray of float64
        As in :class:`matcare.scenario.decay.Decay`.
    """

    kind: int
    limit_ms: I32
    values: F64

    @property
    def plain(self) -> tuple[int, I32, F64]:
        """The three parts."""
        return self.kind, self.limit_ms, self.values

    def swept(self, power: int) -> tuple[int, I32, F64, int]:
        """Return the parts as a sweep takes them: steps by how far the weight falls at each limit.

        A weight is the sum of the falls at and beyond its step, so that limits are only compared: that is quicker than
        to look each weight up, and falls are never below 0.
        """
        if self.kind != STEPS:
            return self.kind, self.limit_ms, self.values, power
        weight = self.values**power
        return self.kind, self.limit_ms, weight - np.append(weight[1:], 0.0), power


@inlined
def _weight(ms: int, kind: int, limit_ms: I32, values: F64, power: int) -> float:
    """Weight of a drive, to the first or second power; 0 beyond the limit."""
    weight = 0.0
    if ms <= limit_ms[len(limit_ms) - 1]:
        if kind == STEPS:
            step = 0
            while ms > limit_ms[step]:
                step += 1
            weight = values[step]
        else:
            minutes = ms / MS_PER_MINUTE
            if kind == GAUSSIAN:
                weight = np.exp(-0.5 * (minutes / values[0]) ** 2)
            elif kind == EXPONENTIAL:
                weight = np.exp(-minutes / values[0])
            else:
                weight = (max(minutes, values[1]) / values[1]) ** -values[0]
        if power == SQUARED:
            weight *= weight
    return weight


@compiled
def _weigh(ms: I64, kind: int, limit_ms: I32, values: F64, power: int) -> F64:
    found = np.empty(len(ms))
    for i in range(len(ms)):
        found[i] = _weight(ms[i], kind, limit_ms, values, power)
    return found


def weigh(weighing: Weighing, ms: npt.ArrayLike, power: int = 1) -> F64:
    """Weigh milliseconds, as the sweep does to the last bit; shape (pairs,)."""
    return _weigh(np.ascontiguousarray(ms, dtype=np.int64), *weighing.plain, power)


def sweep_sums(
    metric: Metric,
    origins: Attached,
    destinations: Attached,
    weighing: Weighing,
    *,
    origin_weight: F64,
    destination_weight: Callable[[I32, F64], F64],
    powers: tuple[int, int] = (1, 1),
) -> tuple[F64, F64]:
    """Sum the other side's weights times the decay of each pair, for destinations and then for origins.

    Parameters
    ----------
    metric : Metric
    origins, destinations : Attached
    weighing : Weighing
    origin_weight : numpy.ndarray of float64, shape (origins,)
        What each origin counts for at the destinations.
    destination_weight : callable
        Takes the numbers of some destinations and the sums of their origins, and returns what each of them counts for
        at the origins, shape (some,).
    powers : tuple of int
        To which power, 1 or 2, the decay counts in the sums of the destinations and of the origins.

    Returns
    -------
    per_destination : numpy.ndarray of float64, shape (destinations,)
    per_origin : numpy.ndarray of float64, shape (origins,)
        The same to the last bit whatever the number of threads.
    """
    nodes = metric.hierarchy.nodes
    origins, destinations = checked(origins, nodes, "origins"), checked(destinations, nodes, "destinations")
    at_nodes = OriginsAtNodes(origins, metric.hierarchy.rank)
    batches = in_batches(destinations, metric.hierarchy.rank)
    per_destination = np.zeros(len(destinations))
    limit = int(weighing.limit_ms[-1])

    def search(lane: int) -> F64:
        total = np.zeros(len(origins))
        sweep = BatchSweep(metric, len(origins))
        weight = np.zeros(WIDTH)
        for batch in batches[lane * len(batches) // LANES : (lane + 1) * len(batches) // LANES]:
            visited, touched = sweep.run(destinations, batch, limit, at_nodes)
            rows = sweep.touched[:touched], at_nodes.ways, sweep.ms, sweep.reach
            sums = _add_to_destinations(*rows, *weighing.swept(powers[0]), origin_weight)[: len(batch)]
            per_destination[batch] = sums
            weight[:] = 0
            weight[: len(batch)] = destination_weight(batch, sums)
            _add_to_origins(*rows, *weighing.swept(powers[1]), weight, total)
            sweep.done(visited)
        return total

    per_origin = np.zeros(len(origins))
    for total in run_each(search, range(LANES), metric.threads):
        per_origin += total
    return per_destination, per_origin


@compiled
def _add_to_destinations(
    touched: I32, ways: Ways, ms: I32, reach: I32, kind: int, limit_ms: I32, values: F64, power: int, origin_weight: F64
) -> F64:
    """Add up the origins' weights for each destination of the batch."""
    sums = np.zeros(WIDTH)
    tile = np.empty((TILE, WIDTH), np.int32)
    limit = limit_ms[len(limit_ms) - 1]
    for begin in range(0, len(touched), TILE):
        origins = touched[begin : begin + TILE]
        fill_tile(origins, ways, limit, ms, reach, tile)
        for i in range(len(origins)):
            mine = origin_weight[origins[i]]
            if kind == STEPS:
                for b in range(len(limit_ms)):
                    step = mine * values[b]
                    for k in range(WIDTH):
                        if tile[i, k] <= limit_ms[b]:
                            sums[k] += step
            else:
                for k in range(WIDTH):
                    sums[k] += mine * _weight(tile[i, k], kind, limit_ms, values, power)
    return sums


@compiled
def _add_to_origins(
    touched: I32, ways: Ways, ms: I32, reach: I32, kind: int, limit_ms: I32, values: F64, power: int,
    destination_weight: F64, per_origin: F64,
) -> None:  # fmt: skip
    """Add the weights of the batch's destinations to each origin."""
    tile = np.empty((TILE, WIDTH), np.int32)
    limit = limit_ms[len(limit_ms) - 1]
    for begin in range(0, len(touched), TILE):
        origins = touched[begin : begin + TILE]
        fill_tile(origins, ways, limit, ms, reach, tile)
        for i in range(len(origins)):
            mine = 0.0
            if kind == STEPS:
                for b in range(len(limit_ms)):
                    step = 0.0
                    for k in range(WIDTH):
                        if tile[i, k] <= limit_ms[b]:
                            step += destination_weight[k]
                    mine += step * values[b]
            else:
                for k in range(WIDTH):
                    mine += destination_weight[k] * _weight(tile[i, k], kind, limit_ms, values, power)
            per_origin[origins[i]] += mine
