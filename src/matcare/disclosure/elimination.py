"""Elimination in exact rational arithmetic: what follows from sparse linear equations, and what does not.

Tables of counts have coefficients of 1 and -1, so nearly all of it is done in whole numbers.
"""

from __future__ import annotations

import heapq
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Row = dict[int, int | Fraction]

__all__ = ["reduced_rows"]


def reduced_rows(equations: Iterable[tuple[dict[int, float], float]]) -> list[tuple[dict[int, float], float]]:
    """Bring equations to reduced row-echelon form.

    A cell is determined by some combination of the equations exactly when it stands alone in a row of the result.

    Parameters
    ----------
    equations : iterable of (mapping of column to coefficient, right-hand side)
        Sparse; coefficients are taken as the exact fractions that they are in binary.

    Returns
    -------
    list of (dict of int to float, float)
        Independent rows; a row without entries is an equation 0 = right-hand side that the others contradict, or, when
        the right-hand side is 0 within rounding, one that follows from them.

    Examples
    --------
    >>> reduced_rows([({0: 1, 1: 1, 2: 1}, 10), ({1: 1, 2: 1}, 4)])
    [({1: 1.0, 2: 1.0}, 4.0), ({0: 1.0}, 6.0)]
    """
    rows: list[Row] = []
    right: list[float] = []
    for entries, value in equations:
        rows.append({column: _exact(number) for column, number in entries.items() if number})
        right.append(float(value))
    where: dict[int, set[int]] = {}
    for number, row in enumerate(rows):
        for column in row:
            where.setdefault(column, set()).add(number)
    pivots, loose = _forward(rows, right, where)
    _backward(rows, right, pivots)
    solved = [({c: float(v) for c, v in rows[number].items()}, right[number]) for number in pivots.values()]
    return solved + [({}, right[number]) for number in loose]


def _exact(number: float) -> int | Fraction:
    return int(number) if float(number).is_integer() else Fraction(number)


def _forward(rows: list[Row], right: list[float], where: dict[int, set[int]]) -> tuple[dict[int, int], list[int]]:
    """Pivot on the shortest row and its rarest column (Markowitz), so that sparse equations stay sparse."""
    pivots: dict[int, int] = {}
    loose: list[int] = []
    done = [False] * len(rows)
    heap = [(len(row), number) for number, row in enumerate(rows)]
    heapq.heapify(heap)
    while heap:
        length, number = heapq.heappop(heap)
        row = rows[number]
        if done[number] or length != len(row):
            continue  # an older entry; the row was pushed again when it changed
        done[number] = True
        if not row:
            loose.append(number)
            continue
        pivot = min(row, key=lambda column: (len(where[column]), column))
        factor = row[pivot]
        if factor != 1:
            rows[number] = row = {column: _over(value, factor) for column, value in row.items()}
            right[number] /= float(factor)
        for column in row:
            where[column].discard(number)
        for other in sorted(where[pivot]):
            times = rows[other][pivot]
            right[other] -= float(times) * right[number]
            for column in _subtract(rows[other], row, times):
                where[column].symmetric_difference_update((other,))
            heapq.heappush(heap, (len(rows[other]), other))
        where[pivot] = set()
        pivots[pivot] = number
    return pivots, loose


def _subtract(target: Row, row: Row, times: int | Fraction) -> list[int]:
    """Take `times` `row` from `target` in place; return the columns that came or went."""
    changed = []
    for column, value in row.items():
        before = target.get(column, 0)
        after = before - times * value
        if after:
            target[column] = after
        else:
            target.pop(column, None)
        if bool(before) != bool(after):
            changed.append(column)
    return changed


def _over(value: int | Fraction, factor: int | Fraction) -> int | Fraction:
    quotient = Fraction(value) / factor
    return quotient.numerator if quotient.denominator == 1 else quotient


def _backward(rows: list[Row], right: list[float], pivots: dict[int, int]) -> None:
    """Take the later pivots out of the earlier rows; the last row holds none."""
    for pivot, number in reversed(pivots.items()):
        row = rows[number]
        for column in [column for column in row if column != pivot and column in pivots]:
            times = row.get(column, 0)
            if times:
                right[number] -= float(times) * right[pivots[column]]
                _subtract(row, rows[pivots[column]], times)
