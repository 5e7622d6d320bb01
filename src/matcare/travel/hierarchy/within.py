"""All pairs within a limit, and sums over them without listing them."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.batch import BatchSweep, OriginsAtNodes
from matcare.travel.hierarchy.climb import in_batches
from matcare.travel.hierarchy.elimination import place_of
from matcare.travel.hierarchy.points import NO_WAY, Pairs
from matcare.travel.hierarchy.rows import WIDTH, fill_row, lower_row
from matcare.travel.hierarchy.threads import run_each

if TYPE_CHECKING:
    from matcare.travel.hierarchy.metric import Metric
    from matcare.travel.hierarchy.points import Attached, Ways

__all__ = ["fill_tile", "pairs_within", "sums_within", "watched_places"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

Piece = tuple[I64, I32, I32]
"""How many pairs there are for each destination of a batch, and their origins and milliseconds."""

PIECE = 1 << 18
"""Origins whose pairs are listed at once: many, as memory in large blocks comes cheaper."""
TILE = 256
"""Origins whose rows are made at once: they stay in the nearest cache."""
LANES = 4
"""Batches are summed in this many heaps, whatever the number of threads, so that sums come out the same."""


def pairs_within(metric: Metric, origins: Attached, destinations: Attached, limit: int) -> Pairs:
    """List all pairs at most `limit` milliseconds apart."""
    at_nodes = OriginsAtNodes(origins, metric.hierarchy.rank)
    batches = in_batches(destinations, metric.hierarchy.rank)
    threads = max(1, min(metric.threads, len(batches)))
    memory: SimpleQueue[tuple[BatchSweep, I32, I32]] = SimpleQueue()
    for _ in range(threads):
        room = (WIDTH, min(len(origins), PIECE) + 1)
        memory.put((BatchSweep(metric, len(origins)), np.empty(room, np.int32), np.empty(room, np.int32)))

    def search(batch: I32) -> list[Piece]:
        mine = memory.get()
        sweep, origin, ms = mine
        visited, touched = sweep.run(destinations, batch, limit, at_nodes)
        found = []
        for begin in range(0, touched, PIECE):
            some = sweep.touched[begin : min(begin + PIECE, touched)]
            counts = _gather(some, at_nodes.ways, limit, sweep.ms, sweep.reach, origin, ms)
            rows = range(len(batch))
            packed = [np.concatenate([kept[k, : counts[k]] for k in rows]) for kept in (origin, ms)]
            found.append((counts[: len(batch)], packed[0], packed[1]))
        sweep.done(visited)
        memory.put(mine)
        return found

    results = run_each(search, batches, threads)
    while not memory.empty():  # let go of it before the pairs are put together
        memory.get()
    return _assembled(results, batches, len(destinations), threads)


def _assembled(results: list[list[Piece]], batches: list[I32], destinations: int, threads: int) -> Pairs:
    """Put the pieces into the order of the destinations, and let go of each batch's once they are copied."""
    first = np.zeros(destinations + 1, np.int64)
    for batch, pieces in zip(batches, results, strict=True):
        for counts, _, _ in pieces:
            first[batch + 1] += counts
    np.cumsum(first, out=first)
    origin, ms = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)

    def copy(b: int) -> None:
        at = first[batches[b]]
        for counts, some_origin, some_ms in results[b]:
            _place(counts, some_origin, some_ms, at, origin, ms)
        results[b] = []

    run_each(copy, range(len(batches)), threads)
    return Pairs(first, origin, ms)


@compiled
def _place(counts: I64, some_origin: I32, some_ms: I32, at: I64, origin: I32, ms: I32) -> None:
    """Copy the pairs of a piece to where each destination's next pairs belong, and move these places on."""
    i = 0
    for k in range(len(counts)):
        begin = at[k]
        at[k] += counts[k]
        for to in range(begin, at[k]):
            origin[to], ms[to] = some_origin[i], some_ms[i]
            i += 1


def sums_within(
    metric: Metric, origins: Attached, destinations: Attached, bands: I32, origin_weight: F64, destination_weight: F64
) -> tuple[F64, F64]:
    """Sum the other side's weights within each band, for destinations (destinations, bands) and origins alike."""
    at_nodes = OriginsAtNodes(origins, metric.hierarchy.rank)
    batches = in_batches(destinations, metric.hierarchy.rank)
    per_destination = np.zeros((len(destinations), len(bands)))
    limit = int(bands.max())

    def search(lane: int) -> F64:
        total = np.zeros((len(origins), len(bands)))
        sweep = BatchSweep(metric, len(origins))
        weight = np.zeros(WIDTH)
        for batch in batches[lane * len(batches) // LANES : (lane + 1) * len(batches) // LANES]:
            visited, touched = sweep.run(destinations, batch, limit, at_nodes)
            weight[:] = 0
            weight[: len(batch)] = destination_weight[batch]
            sums = _add_up(
                sweep.touched[:touched], at_nodes.ways, bands, sweep.ms, sweep.reach, origin_weight, weight, total
            )  # fmt: skip
            per_destination[batch] = sums[: len(batch)]
            sweep.done(visited)
        return total

    per_origin = np.zeros((len(origins), len(bands)))
    for total in run_each(search, range(LANES), metric.threads):
        per_origin += total
    return per_destination, per_origin


@compiled
def fill_tile(origins: I32, ways: Ways, limit: int, ms: I32, reach: I32, tile: I32) -> None:
    """Find the milliseconds from a few origins to the destinations of the batch, a row for each origin."""
    first, rank, way_ms = ways
    for i in range(len(origins)):
        fill_row(tile, i, NO_WAY)
        for way in range(first[origins[i]], first[origins[i] + 1]):
            if reach[rank[way]] + way_ms[way] <= limit:
                lower_row(tile, i, ms, rank[way], way_ms[way])


@compiled
def _gather(touched: I32, ways: Ways, limit: int, ms: I32, reach: I32, to_origin: I32, to_ms: I32) -> I64:
    """List origins and milliseconds within the limit for each destination of the batch; return how many."""
    counts = np.zeros(WIDTH, np.int64)
    tile = np.empty((TILE, WIDTH), np.int32)
    for begin in range(0, len(touched), TILE):
        origins = touched[begin : begin + TILE]
        fill_tile(origins, ways, limit, ms, reach, tile)
        for k in range(WIDTH):
            at = counts[k]
            for i in range(len(origins)):  # written in any case, kept if within: no branch to guess wrong
                to_origin[k, at] = origins[i]
                to_ms[k, at] = tile[i, k]
                at += tile[i, k] <= limit
            counts[k] = at
    return counts


@compiled
def _add_up(
    touched: I32, ways: Ways, bands: I32, ms: I32, reach: I32, origin_weight: F64, destination_weight: F64,
    per_origin: F64,
) -> F64:  # fmt: skip
    """Add the weights within each band: to `per_origin`, and for each destination of the batch to what is returned."""
    sums = np.zeros((WIDTH, len(bands)))
    tile = np.empty((TILE, WIDTH), np.int32)
    limit = bands[len(bands) - 1]
    for begin in range(0, len(touched), TILE):
        origins = touched[begin : begin + TILE]
        fill_tile(origins, ways, limit, ms, reach, tile)
        for i in range(len(origins)):
            origin = origins[i]
            for b in range(len(bands)):
                mine = 0.0
                for k in range(WIDTH):
                    if tile[i, k] <= bands[b]:
                        mine += destination_weight[k]
                        sums[k, b] += origin_weight[origin]
                per_origin[origin, b] += mine
    return sums


@compiled
def watched_places(first: I64, origin: I32, watch_first: I64, watch_origin: I32) -> I64:
    """Find where each watched pair stands in a list of pairs that is ascending for each destination; −1: nowhere."""
    place = np.full(len(watch_origin), -1, np.int64)
    for j in range(len(first) - 1):
        for w in range(watch_first[j], watch_first[j + 1]):
            at = place_of(origin, first[j], first[j + 1], watch_origin[w])
            if at < first[j + 1] and origin[at] == watch_origin[w]:
                place[w] = at
    return place
