"""Random draws without replacement, compiled: how often the neighbours' sum would be as low or as high by chance.

Every row (or permutation) has its own stream of random numbers, made from the seed and its number alone. The result is
therefore the same however the rows are dealt to threads.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled, inlined
from matcare.travel.hierarchy.threads import run_each, usable_cores

__all__ = ["doubled_tail", "drawn_sums", "shuffled_products"]

Floats = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_PIECE: Final = 64
"""Rows (or permutations) that one task does: enough tasks for the threads to end together."""

_TIE: Final = 1e-9
"""Sums closer than this share of the values' spread are equal: the order of addition moves the last digits."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFFFFFF)


@inlined
def _mixed(z: np.uint64) -> np.uint64:
    """Scramble 64 bits: the output function of SplitMix64 (Steele, Lea and Flood 2014)."""
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@compiled
def _draw(
    values: Floats, draws: I64, observed: Floats, own: I64, tie: float, permutations: int, seed: np.uint64,
    rows: I64, low: I64, high: I64,
) -> None:  # fmt: skip
    """Count, for each of `rows`, the draws whose sum is at most and at least the observed one.

    The pool is put in a new order only at the places drawn and never put back: a random subset of a shuffled pool is as
    random as one of the original. A 32-bit number times the size, less its low half, is a whole number below the size;
    no number is favoured by more than the size over 2**32.
    """
    n = len(values)
    pool = np.empty(n)
    for i in rows:
        size = 0
        for j in range(n):
            if j != own[i]:
                pool[size] = values[j]
                size += 1
        state = _mixed(seed ^ _mixed(np.uint64(i + 1) * _STEP))
        k = draws[i]
        for _ in range(permutations):
            total = 0.0
            for j in range(k):
                state += _STEP
                picked = j + np.int64(((_mixed(state) & _LOW) * np.uint64(size - j)) >> np.uint64(32))
                value = pool[picked]
                pool[picked] = pool[j]
                pool[j] = value
                total += value
            if total <= observed[i] + tie:
                low[i] += 1
            if total >= observed[i] - tie:
                high[i] += 1


@compiled
def _shuffle(values: Floats, start: I64, index: I64, seed: np.uint64, which: I64, products: Floats) -> None:
    """For each shuffle of the values over the places: Σ value × mean of its neighbours."""
    n = len(values)
    placed = np.empty(n)
    for p in which:
        placed[:] = values
        state = _mixed(seed ^ _mixed(np.uint64(p + 1) * _STEP))
        for j in range(n - 1):
            state += _STEP
            picked = j + np.int64(((_mixed(state) & _LOW) * np.uint64(n - j)) >> np.uint64(32))
            value = placed[picked]
            placed[picked] = placed[j]
            placed[j] = value
        total = 0.0
        for i in range(n):
            k = start[i + 1] - start[i]
            if k > 0:
                around = 0.0
                for at in range(start[i], start[i + 1]):
                    around += placed[index[at]]
                total += placed[i] * around / k
        products[p] = total


def drawn_sums(
    values: Floats,
    draws: I64,
    observed: Floats,
    *,
    own: I64,
    permutations: int,
    seed: int,
    threads: int | None = None,
) -> tuple[I64, I64]:
    """Draw `draws[i]` of the values without replacement, many times, and compare their sum with `observed[i]`.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (m,)
        The pool.
    draws : numpy.ndarray of int64, shape (n,)
        How many values a row draws; a row with 0 is passed over.
    observed : numpy.ndarray of float64, shape (n,)
        The sums to compare with.
    own : numpy.ndarray of int64, shape (n,)
        The value that a row may not draw, −1 for none. Leaving out the row's own is the conditional permutation of
        Anselin: the row keeps its value, the others are shuffled.
    permutations : int
        Draws a row.
    seed : int
        Start of the random numbers.
    threads : int, optional
        Threads to use; as many as there are cores without it. Does not change the result.

    Returns
    -------
    low, high : numpy.ndarray of int64, shape (n,)
        Draws whose sum is at most, and at least, the observed one; an equal one counts on both sides.

    Raises
    ------
    ValueError
        When a row draws more values than its pool holds, or there are no permutations.
    """
    if permutations < 1:
        raise ValueError("at least one permutation is needed")
    short = draws > len(values) - (own >= 0)
    if short.any():
        raise ValueError(f"a row draws {int(draws[short][0])} values from a pool that holds fewer")
    low, high = np.zeros(len(draws), np.int64), np.zeros(len(draws), np.int64)
    tie = _TIE * float(np.ptp(values)) if len(values) else 0.0
    rows = np.flatnonzero(draws > 0)
    pieces = [rows[at : at + _PIECE] for at in range(0, len(rows), _PIECE)]
    start = _first(seed)
    run_each(
        lambda piece: _draw(values, draws, observed, own, tie, permutations, start, piece, low, high),
        pieces,
        usable_cores() if threads is None else threads,
    )
    return low, high


def shuffled_products(
    values: Floats, start: I64, index: I64, *, permutations: int, seed: int, threads: int | None = None
) -> Floats:
    """Shuffle the values over all places and return Σ value × mean of neighbours for each shuffle.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n,)
    start, index : numpy.ndarray of int64
        Of :class:`~matcare.measures.clusters.weights.Neighbours`.
    permutations, seed, threads : int
        As in :func:`drawn_sums`.

    Returns
    -------
    numpy.ndarray of float64, shape (permutations,)
    """
    products = np.empty(permutations)
    every = np.arange(permutations)
    pieces = [every[at : at + _PIECE] for at in range(0, permutations, _PIECE)]
    first = _first(seed)
    run_each(
        lambda piece: _shuffle(values, start, index, first, piece, products),
        pieces,
        usable_cores() if threads is None else threads,
    )
    return products


def doubled_tail(low: npt.ArrayLike, high: npt.ArrayLike, permutations: int) -> Floats:
    """Two-sided pseudo p: twice (k+1)/(P+1) of the smaller tail, at most 1.

    esda's ``p_sim`` is the smaller tail alone, on the side that the data chose, and so half of it; a false-discovery
    rate of 5 % on such halves would be one of 10 %.

    Examples
    --------
    >>> doubled_tail([0, 50], [99, 60], 99).tolist()
    [0.02, 1.0]
    """
    smaller = np.minimum(np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))
    return np.asarray(np.minimum(1.0, 2 * (smaller + 1) / (permutations + 1)), dtype=np.float64)


def _first(seed: int) -> np.uint64:
    """Spread a seed over 64 bits, so that neighbouring seeds share nothing."""
    return np.uint64(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
