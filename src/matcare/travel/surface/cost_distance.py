"""Least-cost minutes on a block of cells: an exact search in the grid's own graph, compiled.

Cost of a step between two cells: the mean of their minutes per metre times the metres between their middles. A knight's
move crosses four cells, a quarter of the way in each. Where a cell is walked, its minutes per metre grow with the slope
of the step in the direction of travel, as Tobler (1993) measured: speed ∝ e^(−3.5·|slope + 0.05|).

A cell's minutes are the least over all ways of the sum along the way, added from the facility outward, and its facility
is the one of the least number among those with these minutes. Floating-point addition of positive numbers never falls
when a summand grows, so this pair has one value whatever the order in which cells are visited: blocks and tiles change
nothing, to the last bit.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.compiled import compiled, inlined
from matcare.travel.surface.grid import PAD

__all__ = ["flood", "moves", "settle", "tobler_km_per_h"]

_STEEPNESS: Final = 3.5
_EASIEST: Final = 0.05
_TOP_KM_PER_H: Final = 6.0
_ARITY: Final = 4

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


def tobler_km_per_h(slope: npt.ArrayLike) -> F64:
    """Return the walking speed on a footpath by Tobler's hiking function, 6·e^(−3.5·|slope + 0.05|).

    Parameters
    ----------
    slope : array_like of float
        Rise over horizontal distance in the direction of travel; negative downhill.

    Returns
    -------
    numpy.ndarray of float64
        km/h: 5.04 on the flat, 6 at its best, 5 % downhill.

    Examples
    --------
    >>> [float(tobler_km_per_h(slope).round(2)) for slope in (0, -0.05, 0.2, -0.2)]
    [5.04, 6.0, 2.5, 3.55]
    """
    steep = np.abs(np.asarray(slope, dtype=np.float64) + _EASIEST)
    return np.asarray(_TOP_KM_PER_H * np.exp(-_STEEPNESS * steep), dtype=np.float64)


def moves(neighbours: int) -> I64:
    """List the moves from a cell.

    Parameters
    ----------
    neighbours : int
        8, or 16 with the knight's moves.

    Returns
    -------
    numpy.ndarray of int64, shape (neighbours, 7)
        Rows south, columns east, column of the table of metres; then rows and columns from the first cell to the two
        that a knight's move crosses, or that a diagonal step passes between.

    Raises
    ------
    InputError
        When `neighbours` is neither.
    """
    if neighbours not in {8, 16}:
        raise InputError(f"neighbours {neighbours!r}: 8 (sides and corners) or 16 (knight's moves too)")
    ways = [(0, 1, 0), (1, 0, 1), (1, 1, 2), (1, -1, 2)]
    if neighbours == 16:  # noqa: PLR2004 - said above
        ways += [(2, 1, 3), (2, -1, 3), (1, 2, 4), (1, -2, 4)]
    ways += [(-south, -east, kind) for south, east, kind in ways]
    return np.array([[*way, *_beside(way[0], way[1])] for way in ways], dtype=np.int64)


def _beside(south: int, east: int) -> tuple[int, int, int, int]:
    """Return the two cells that a knight's move crosses, or that a diagonal step passes between."""
    if abs(south) == 2:  # noqa: PLR2004 - a knight's move along the column
        return south // 2, 0, south // 2, east
    if abs(east) == 2:  # noqa: PLR2004 - a knight's move along the row
        return 0, east // 2, south, east // 2
    return south, 0, 0, east


@inlined
def _uphill(slope: float) -> float:
    """Minutes on a slope over minutes on the flat."""
    return math.exp(_STEEPNESS * (abs(slope + _EASIEST) - _EASIEST))


@inlined
def _pace(friction: F32, walked: U8, i: int, j: int, factor: float, sloped: bool) -> float:  # noqa: FBT001 - kernel
    """Minutes per metre in a cell, on the slope of the step where the cell is walked."""
    pace = np.float64(friction[i, j])
    return pace * factor if sloped and walked[i, j] else pace


@inlined
def _sift_up(keys: F64, cells: I32, hole: int, key: float, cell: int) -> None:
    while hole > 0:
        parent = (hole - 1) // _ARITY
        if keys[parent] <= key:
            break
        keys[hole] = keys[parent]
        cells[hole] = cells[parent]
        hole = parent
    keys[hole] = key
    cells[hole] = cell


@inlined
def _drop_top(keys: F64, cells: I32, size: int) -> None:
    """Fill the hole at the top of a heap from which the last of `size` + 1 entries is taken away."""
    key, cell = keys[size], cells[size]
    hole = 0
    while True:
        child = _ARITY * hole + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + _ARITY, size)):
            if keys[other] < keys[least]:
                least = other
        if keys[least] >= key:
            break
        keys[hole] = keys[least]
        cells[hole] = cells[least]
        hole = least
    keys[hole] = key
    cells[hole] = cell


@inlined
def _open(friction: F32, i: int, j: int, move: I64, closed: bool) -> bool:  # noqa: FBT001 - kernels take no keywords
    """Tell whether the cells beside a move let it pass."""
    if move[2] < 2 or (move[2] == 2 and not closed):  # noqa: PLR2004 - along a side, or corners do not matter
        return True
    first = friction[i + move[3], j + move[4]] > 0
    second = friction[i + move[5], j + move[6]] > 0
    return bool(first and second) if move[2] > 2 else bool(first or second)  # noqa: PLR2004 - the knight's kinds come last


@compiled
def settle(  # noqa: PLR0912, PLR0915 - one kernel: the heap's arrays may grow, so its parts cannot be calls
    minutes: F64,
    facility: I32,
    friction: F32,
    walked: U8,
    elevation: F32,
    metres: F64,
    step: I64,
    seeds: I64,
    limit: float,
    closed: bool,  # noqa: FBT001 - kernels take no keywords
    sloped: bool,  # noqa: FBT001
    toward: bool,  # noqa: FBT001
) -> int:
    """Lower the minutes of a block's inner cells to the least that its seeds and its rim allow.

    Parameters
    ----------
    minutes, facility : numpy.ndarray, shape (rows + 2 · PAD, cols + 2 · PAD)
        Infinite where not reached; lowered in place inside, only read in the rim.
    friction : numpy.ndarray of float32, same shape
        Minutes per metre; a cell is passable where it is > 0 (0: barrier, ``NaN``: no data).
    walked, elevation : numpy.ndarray, same shape
        Read only when `sloped`; elevation in metres, ``NaN`` is taken as level with the other cell.
    metres : numpy.ndarray of float64, shape (rows + 2 · PAD, 5)
        Of the steps from each row, :meth:`Grid.step_metres`.
    step : numpy.ndarray of int64
        From :func:`moves`.
    seeds : numpy.ndarray of int64
        Flat positions of inner cells that have minutes already and have not been spread.
    limit : float
        Minutes above are not set.
    closed : bool
        Whether a diagonal step between two impassable cells is forbidden.
    sloped : bool
        Whether walking depends on the slope.
    toward : bool
        Whether travel is toward the facility (else away from it).

    Returns
    -------
    int
        How many times a cell was spread from.
    """
    high, wide = friction.shape
    flat_minutes, flat_facility = minutes.reshape(-1), facility.reshape(-1)
    capacity = max(4 * (high + wide) + len(seeds), 1024)
    keys, cells = np.empty(capacity, np.float64), np.empty(capacity, np.int32)
    size = 0
    for seed in seeds:
        _sift_up(keys, cells, size, flat_minutes[seed], seed)
        size += 1
    for i in range(high):
        inner = i >= PAD and i < high - PAD
        for j in range(wide):
            if (not inner or j < PAD or j >= wide - PAD) and minutes[i, j] < np.inf:
                if size == capacity:
                    keys, cells = np.append(keys, np.empty_like(keys)), np.append(cells, np.empty_like(cells))
                    capacity *= 2
                _sift_up(keys, cells, size, minutes[i, j], i * wide + j)
                size += 1
    spread = 0
    while size > 0:
        key, cell = keys[0], cells[0]
        size -= 1
        if size > 0:
            _drop_top(keys, cells, size)
        if key > flat_minutes[cell]:
            continue
        spread += 1
        i, j = cell // wide, cell % wide
        label = flat_facility[cell]
        if not friction[i, j] > 0:
            continue
        if size + len(step) > capacity:
            keys, cells = np.append(keys, np.empty_like(keys)), np.append(cells, np.empty_like(cells))
            capacity *= 2
        for k in range(len(step)):
            move = step[k]
            a, b = i + move[0], j + move[1]
            if a < PAD or a >= high - PAD or b < PAD or b >= wide - PAD:
                continue
            # Costs are positive, so a cell with fewer minutes than this one is never lowered from here.
            if not friction[a, b] > 0 or minutes[a, b] < key or not _open(friction, i, j, move, closed):
                continue
            length = metres[min(i, a), move[2]]
            factor = 1.0
            if sloped:
                # numba's float() keeps a float32 what it is.
                rise = np.float64(elevation[i, j]) - np.float64(elevation[a, b])
                slope = rise / length if toward else -rise / length
                factor = 1.0 if math.isnan(slope) else _uphill(slope)
            pace = _pace(friction, walked, i, j, factor, sloped) + _pace(friction, walked, a, b, factor, sloped)
            share = 0.5
            if move[2] > 2:  # noqa: PLR2004 - a knight's move
                one, two = i + move[3], j + move[4]
                pace_one = _pace(friction, walked, one, two, factor, sloped)
                one, two = i + move[5], j + move[6]
                pace, share = pace + (pace_one + _pace(friction, walked, one, two, factor, sloped)), 0.25
            reached = key + pace * (share * length)
            old = minutes[a, b]
            if reached <= limit and (reached < old or (reached == old and label < facility[a, b])):
                minutes[a, b] = reached
                facility[a, b] = label
                _sift_up(keys, cells, size, reached, a * wide + b)
                size += 1
    return spread


@compiled
def flood(reached: U8, friction: F32, step: I64, seeds: I64, closed: bool) -> int:  # noqa: FBT001 - kernel
    """Mark the inner cells of a block that any way joins to its seeds or to a marked cell of its rim.

    Parameters
    ----------
    reached : numpy.ndarray of uint8, shape (rows + 2 · PAD, cols + 2 · PAD)
        1 where reached; set in place inside.
    friction, step, seeds, closed
        As for :func:`settle`.

    Returns
    -------
    int
        How many cells were newly marked, seeds apart.
    """
    high, wide = friction.shape
    stack = np.empty(max(4 * (high + wide) + len(seeds), 1024), np.int32)
    size = 0
    for seed in seeds:
        stack[size] = seed
        size += 1
    for i in range(high):
        inner = i >= PAD and i < high - PAD
        for j in range(wide):
            if (not inner or j < PAD or j >= wide - PAD) and reached[i, j]:
                if size == len(stack):
                    stack = np.append(stack, np.empty_like(stack))
                stack[size] = i * wide + j
                size += 1
    marked = 0
    while size > 0:
        size -= 1
        cell = stack[size]
        i, j = cell // wide, cell % wide
        if not friction[i, j] > 0:
            continue
        if size + len(step) > len(stack):
            stack = np.append(stack, np.empty_like(stack))
        for k in range(len(step)):
            move = step[k]
            a, b = i + move[0], j + move[1]
            if a < PAD or a >= high - PAD or b < PAD or b >= wide - PAD:
                continue
            if reached[a, b] or not friction[a, b] > 0 or not _open(friction, i, j, move, closed):
                continue
            reached[a, b] = 1
            marked += 1
            stack[size] = a * wide + b
            size += 1
    return marked
