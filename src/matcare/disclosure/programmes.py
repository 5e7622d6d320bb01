"""Linear programmes over the cells that elimination and propagation leave open.

Cells that stand in the same relations with the same bounds are interchangeable: they are one variable, their sum, and
the range of one of them follows. Every solution found is a witness: a cell that is 0, or 10 and more, in one of them is
in no danger of being known to be 1-9, so few programmes settle thousands of cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array, csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from matcare.disclosure.rule import SMALL
from matcare.errors import InputError

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

__all__ = ["programme_ranges"]

_EXACT: Final = 1e-6
_HALF: Final = 0.5
_INFEASIBLE: Final = 2
_SOLVED: Final = 0


@dataclass(frozen=True, kw_only=True)
class _Problem:
    """One connected part: variables are sums of `copies` interchangeable cells, `members` names the cells of each."""

    matrix: csr_array
    least: Floats
    most: Floats
    low: Floats
    high: Floats
    copies: Integers
    members: list[Integers]
    ceiling: float


def programme_ranges(
    rows: Integers,
    columns: Integers,
    coefficients: Floats,
    least: Floats,
    most: Floats,
    low: Floats,
    high: Floats,
    *,
    doubtful: bool,
) -> tuple[Floats, Floats]:
    """Narrow the bounds of cells by linear programmes.

    Parameters
    ----------
    rows, columns, coefficients : numpy.ndarray, shape (m,)
        Entries of the relations among the open cells.
    least, most : numpy.ndarray, shape (relations,)
        What each relation's sum is known to be.
    low, high : numpy.ndarray, shape (cells,)
        Bounds so far.
    doubtful : bool
        Only cells that could still turn out to be within 1-9.

    Returns
    -------
    low, high : numpy.ndarray, shape (cells,)

    Raises
    ------
    InputError
        When no numbers fulfil the relations.
    """
    low, high = low.copy(), high.copy()
    for problem in _problems(rows, columns, coefficients, least, most, low, high):
        wanted = _in_doubt(problem) if doubtful else np.flatnonzero(problem.high - problem.low > _EXACT)
        for variable in wanted:
            cost = np.zeros(len(problem.copies))
            cost[variable] = 1
            bottom, top = _solve(problem, cost)[variable], _solve(problem, -cost)[variable]
            top = np.inf if top >= problem.ceiling - 1 else top
            one = _one_of(problem, bottom, top, int(variable))
            members = problem.members[variable]
            low[members] = np.maximum(low[members], np.ceil(one[0] - _EXACT))
            high[members] = np.minimum(high[members], np.floor(one[1] + _EXACT))
    return low, high


def _problems(
    rows: Integers, columns: Integers, coefficients: Floats, least: Floats, most: Floats, low: Floats, high: Floats
) -> list[_Problem]:
    cells, size = len(low), len(least)
    # Identical columns with identical bounds become one variable.
    matrix = csc_array(coo_array((coefficients, (rows, columns)), shape=(size, cells)))
    matrix.sort_indices()
    groups: dict[tuple[object, ...], list[int]] = {}
    for cell in np.unique(columns):
        part = slice(matrix.indptr[cell], matrix.indptr[cell + 1])
        key = (matrix.indices[part].tobytes(), matrix.data[part].tobytes(), low[cell], high[cell])
        groups.setdefault(key, []).append(int(cell))
    members = [np.array(group, dtype=np.int64) for group in groups.values()]
    if not members:
        return []
    merged = csc_array(matrix[:, [group[0] for group in members]])
    entries = coo_array(merged)
    links = coo_array(
        (np.ones(entries.nnz), (entries.coords[0], size + entries.coords[1])), shape=(size + len(members),) * 2
    )
    component = connected_components(links, directed=False)[1]
    by_row = csr_array(merged)
    problems = []
    for label in np.unique(component[size:]):
        own_rows, own = np.flatnonzero(component[:size] == label), np.flatnonzero(component[size:] == label)
        copies = np.array([len(members[variable]) for variable in own], dtype=np.int64)
        first = np.array([members[variable][0] for variable in own], dtype=np.int64)
        bottom, top = low[first] * copies, high[first] * copies
        finite = np.concatenate([np.abs(least[own_rows]), np.abs(most[own_rows]), bottom, top[np.isfinite(top)], [1e3]])
        ceiling = 10 * float(finite[np.isfinite(finite)].max())
        problems.append(
            _Problem(
                matrix=csr_array(by_row[own_rows][:, own]),
                least=least[own_rows],
                most=most[own_rows],
                low=bottom,
                high=np.minimum(top, ceiling),
                copies=copies,
                members=[members[variable] for variable in own],
                ceiling=ceiling,
            )
        )
    return problems


def _in_doubt(problem: _Problem) -> Integers:
    """Return the variables whose cells no solution found so far takes out of 1-9."""
    small_low, small_high = SMALL[0] - _HALF, SMALL[1] + _HALF
    each_low, each_high = problem.low / problem.copies, problem.high / problem.copies
    inside = (each_low >= small_low) & (each_high < small_high)
    doubt = (problem.high - problem.low > _EXACT) & (each_low < small_high) & (each_high >= small_low) & ~inside
    for sign in (1.0, -1.0, 1.0, -1.0):
        if not doubt.any():
            break
        point = _solve(problem, np.where(doubt, sign / problem.copies, 0.0))
        doubt &= ~_out_of_danger(problem, point)
    order = np.flatnonzero(doubt)
    for variable in order:
        cost = np.zeros(len(doubt))
        for sign in (1.0, -1.0):
            if doubt[variable]:  # each solution settles its own case, and often others'
                cost[variable] = sign
                doubt &= ~_out_of_danger(problem, _solve(problem, cost))
    return np.flatnonzero(doubt)


def _out_of_danger(problem: _Problem, point: Floats) -> npt.NDArray[np.bool_]:
    others = problem.copies - 1
    each_low, each_high = problem.low / problem.copies, problem.high / problem.copies
    bottom = np.maximum(each_low, point - others * each_high)
    top = np.minimum(each_high, point - others * each_low)
    return np.asarray((bottom < SMALL[0] - _HALF) | (top >= SMALL[1] + _HALF), dtype=np.bool_)


def _one_of(problem: _Problem, bottom: float, top: float, variable: int) -> tuple[float, float]:
    """Return the range of one of several interchangeable cells, given the range of their sum."""
    copies = int(problem.copies[variable])
    low, high = problem.low[variable] / copies, problem.high[variable] / copies
    if high * copies >= problem.ceiling - 1:
        high = np.inf
    least = bottom if copies == 1 else max(low, bottom - (copies - 1) * high)
    return float(least), float(min(high, top - (copies - 1) * low))


def _solve(problem: _Problem, cost: Floats) -> Floats:
    exact = problem.most - problem.least <= _EXACT
    upper = np.isfinite(problem.most) & ~exact
    lower = np.isfinite(problem.least) & ~exact
    # scipy takes sparse matrices here; its type stubs do not know.
    matrix: Any = problem.matrix
    ranged = upper.any() or lower.any()
    solved = linprog(
        cost,
        A_eq=matrix[exact] if exact.any() else None,
        b_eq=problem.least[exact] if exact.any() else None,
        A_ub=vstack([matrix[upper], -matrix[lower]]) if ranged else None,
        b_ub=np.concatenate([problem.most[upper], -problem.least[lower]]) if ranged else None,
        bounds=list(zip(problem.low.tolist(), problem.high.tolist(), strict=True)),
        method="highs",
    )
    if solved.status == _INFEASIBLE:
        raise InputError("the printed figures contradict each other: no counts fulfil all of them")
    if solved.status != _SOLVED:
        raise InputError(f"the linear programme over the printed figures did not end: {solved.message}")
    return np.asarray(solved.x, dtype=np.float64)
