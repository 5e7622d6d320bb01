"""The attacker: what follows about every cell from all that is printed, taken together.

Cells are unknown whole numbers with the bounds that anybody knows; printed tables are linear relations between them.
Three attacks, from cheap to thorough: elimination finds what any combination of relations determines, exactly; bounds
are propagated to a fixpoint over the relations and over what elimination made of them; linear programmes bound what is
left. A programme bounds real numbers; where the relations are not totally unimodular, a search over whole numbers could
narrow a range further.

References
----------
Fischetti M, Salazar JJ. Models and algorithms for optimizing cell suppression in tabular data with linear constraints.
*Journal of the American Statistical Association* 95 (2000) 916-928. Willenborg L, de Waal T. *Elements of Statistical
Disclosure Control*. Springer (2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.disclosure.elimination import reduced_rows
from matcare.disclosure.programmes import programme_ranges
from matcare.disclosure.rule import SMALL
from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

__all__ = ["Relations", "disclosed", "disclosures", "feasible_ranges", "relate"]

Thoroughness = Literal["none", "doubtful", "all"]

_EXACT: Final = 1e-6
"""Numbers closer than this are one; counts are whole, or apportioned to a few decimals."""

_HALF: Final = 0.5
_MOST_ROUNDS: Final = 500


@dataclass(frozen=True, kw_only=True)
class Relations:
    """Linear relations between cells: low ≤ Σ coefficient·cell ≤ high, with low = high where a figure is exact.

    Attributes
    ----------
    cells : pandas.Index
        Names of the cells, in the order of the columns.
    rows, columns : numpy.ndarray of int64, shape (m,)
        Relation and cell of each entry.
    coefficients : numpy.ndarray of float64, shape (m,)
        The entries.
    low, high : numpy.ndarray of float64, shape (relations,)
        What the sum is known to be.
    """

    cells: pd.Index
    rows: Integers
    columns: Integers
    coefficients: Floats
    low: Floats
    high: Floats


def relate(
    entries: Iterable[tuple[Mapping[Hashable, float], float, float]], cells: Iterable[Hashable] = ()
) -> Relations:
    """Put relations together.

    Parameters
    ----------
    entries : iterable of (mapping of cell to coefficient, low, high)
        ``({"state": 1, "a": -1, "b": -1}, 0, 0)`` says that a state is the sum of two counties.
    cells : iterable of hashable
        Further cells, which may stand in no relation.

    Returns
    -------
    Relations
    """
    number: dict[Hashable, int] = {cell: position for position, cell in enumerate(dict.fromkeys(cells))}
    rows, columns, coefficients, low, high = [], [], [], [], []
    for row, (parts, least, most) in enumerate(entries):
        low.append(least)
        high.append(most)
        for cell, coefficient in parts.items():
            column = number.setdefault(cell, len(number))
            if coefficient:
                rows.append(row)
                columns.append(column)
                coefficients.append(coefficient)
    index = pd.Index(np.fromiter(number, dtype=object, count=len(number)), tupleize_cols=False)
    return Relations(
        cells=index,
        rows=np.array(rows, dtype=np.int64),
        columns=np.array(columns, dtype=np.int64),
        coefficients=np.array(coefficients, dtype=np.float64),
        low=np.array(low, dtype=np.float64),
        high=np.array(high, dtype=np.float64),
    )


def feasible_ranges(
    relations: Relations, lower: pd.Series, upper: pd.Series, *, programmes: Thoroughness = "all"
) -> pd.DataFrame:
    """Work out what each cell can be.

    Parameters
    ----------
    relations : Relations
        Everything printed.
    lower, upper : pandas.Series
        Bounds by cell before any relation is used; equal where the cell itself is printed. A cell without a bound is
        0 or more.
    programmes : {"none", "doubtful", "all"}
        Which cells get linear programmes: none; those alone that the other attacks leave in doubt of being 1-9, so the
        ranges of the rest are as wide as propagation left them; or all of them.

    Returns
    -------
    pandas.DataFrame
        Indexed by cell: ``low, high``, and ``determined`` where the relations fix it by linear algebra alone.

    Raises
    ------
    InputError
        When the relations contradict each other or the bounds.

    Examples
    --------
    >>> known = relate([({"state": 1, "a": -1, "b": -1}, 0, 0)])
    >>> lower, upper = pd.Series({"state": 25.0}), pd.Series({"state": 25.0, "a": 19.0, "b": 19.0})
    >>> feasible_ranges(known, lower, upper).loc["a", ["low", "high"]].astype(int).tolist()
    [6, 19]
    """
    return _attack(relations, lower, upper, programmes)[0]


def disclosed(ranges: pd.DataFrame, prior: pd.DataFrame) -> pd.Series:
    """Tell which ranges disclose a small count.

    A count is disclosed when its range is exactly one value in 1-9, or lies inside 1-9 although what anybody knew
    before did not.

    Parameters
    ----------
    ranges, prior : pandas.DataFrame
        ``low, high`` by cell: with and without the relations.

    Returns
    -------
    pandas.Series of bool

    Examples
    --------
    >>> prior = pd.DataFrame({"low": [0, 1, 1], "high": [19, 9, 9]})
    >>> disclosed(pd.DataFrame({"low": [3, 2, 4], "high": [7, 9, 4]}), prior).tolist()
    [True, False, True]
    """
    least, most = SMALL[0] - _HALF, SMALL[1] + _HALF
    known = prior.reindex(ranges.index)
    inside = (ranges["low"] >= least) & (ranges["high"] < most)
    before = (known["low"] >= least) & (known["high"] < most)
    return inside & (~before | (ranges["high"] - ranges["low"] < _HALF))


def disclosures(
    relations: Relations,
    lower: pd.Series,
    upper: pd.Series,
    *,
    prior: pd.DataFrame,
    programmes: Thoroughness = "doubtful",
) -> pd.DataFrame:
    """List every small count that can be worked out: of a cell, or of a group of cells that only their sum is known of.

    Parameters
    ----------
    relations, lower, upper, programmes
        As for :func:`feasible_ranges`.
    prior : pandas.DataFrame
        ``low, high`` by cell as anybody knows them without the tables.

    Returns
    -------
    pandas.DataFrame
        ``cells`` (tuple of names; one, or the members of a remainder), ``low, high``.
    """
    ranges, remainders = _attack(relations, lower, upper, programmes)
    given = _bounds(relations, lower, upper)
    hidden = ranges[given[1] - given[0] > _EXACT]
    bad = hidden[disclosed(hidden, prior)]
    rows = [((cell,), low, high) for cell, low, high in zip(bad.index, bad["low"], bad["high"], strict=True)]
    listed = {cells for cells, _, _ in rows}
    for members, low, high in remainders:
        cells = tuple(relations.cells[sorted(members)])
        if low >= SMALL[0] - _HALF and high < SMALL[1] + _HALF and cells not in listed and len(cells) > 1:
            listed.add(cells)
            rows.append((cells, low, high))
    return pd.DataFrame(rows, columns=["cells", "low", "high"])


_Remainder = tuple[frozenset[int], float, float]


def _bounds(relations: Relations, lower: pd.Series, upper: pd.Series) -> tuple[Floats, Floats]:
    least = lower.reindex(relations.cells).to_numpy(dtype=np.float64)
    most = upper.reindex(relations.cells).to_numpy(dtype=np.float64)
    return np.where(np.isnan(least), 0.0, least), np.where(np.isnan(most), np.inf, most)


def _attack(
    relations: Relations, lower: pd.Series, upper: pd.Series, programmes: Thoroughness
) -> tuple[pd.DataFrame, list[_Remainder]]:
    low, high = _bounds(relations, lower, upper)
    printed = high - low <= _EXACT
    known = np.where(printed[relations.columns], relations.coefficients * low[relations.columns], 0.0)
    size = len(relations.low)
    sums = np.bincount(relations.rows, known, minlength=size)
    open_entries = ~printed[relations.columns]
    rows, columns = relations.rows[open_entries], relations.columns[open_entries]
    coefficients = relations.coefficients[open_entries]
    least, most = relations.low - sums, relations.high - sums

    parts: list[dict[int, float]] = [{} for _ in range(size)]
    for row, column, coefficient in zip(rows.tolist(), columns.tolist(), coefficients.tolist(), strict=True):
        parts[row][column] = parts[row].get(column, 0.0) + coefficient
    exact = most - least <= _EXACT
    solved = reduced_rows((parts[row], float(least[row])) for row in np.flatnonzero(exact))
    if any(not entries and abs(value) > _EXACT * max(1.0, float(np.abs(sums).max())) for entries, value in solved):
        raise InputError("the printed figures contradict each other: a total is not the sum of its parts")

    solved = [(entries, value) for entries, value in solved if entries]
    extra_rows = np.repeat(np.arange(size, size + len(solved)), [len(entries) for entries, _ in solved])
    rows = np.concatenate([rows, extra_rows.astype(np.int64)])
    columns = np.concatenate([columns, np.array([c for entries, _ in solved for c in entries], dtype=np.int64)])
    made = np.array([value for entries, _ in solved for value in entries.values()], dtype=np.float64)
    coefficients = np.concatenate([coefficients, made])
    values = np.array([value for _, value in solved], dtype=np.float64)
    all_least, all_most = np.concatenate([least, values]), np.concatenate([most, values])
    low, high = _propagate(rows, columns, coefficients, all_least, all_most, low, high)
    if programmes != "none":
        kept = rows < size  # what elimination made follows from these
        low, high = programme_ranges(
            rows[kept], columns[kept], coefficients[kept], least, most, low, high, doubtful=programmes == "doubtful"
        )
    determined = printed.copy()
    determined[[next(iter(entries)) for entries, _ in solved if len(entries) == 1]] = True
    sums_known = [(parts[row], float(least[row]), float(most[row])) for row in range(size)]
    sums_known += [(entries, value, value) for entries, value in solved]
    ranges = pd.DataFrame({"low": low, "high": high, "determined": determined}, index=relations.cells)
    return ranges, [found for known_sum in sums_known if (found := _remainder(*known_sum)) is not None]


def _remainder(parts: dict[int, float], least: float, most: float) -> _Remainder | None:
    """Return the cells of a relation in which only equal coefficients are left: their sum is known."""
    scales = set(parts.values())
    if len(scales) != 1:
        return None
    scale = scales.pop()
    ends = sorted((least / scale, most / scale))
    return frozenset(parts), ends[0], ends[1]


def _propagate(
    rows: Integers, columns: Integers, coefficients: Floats, least: Floats, most: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """Narrow each cell by every relation it stands in, given the bounds of the others, until nothing moves."""
    low, high = low.copy(), high.copy()
    positive = coefficients > 0
    size = len(least)
    for _ in range(_MOST_ROUNDS):
        ends = coefficients * low[columns], coefficients * high[columns]
        smallest, largest = np.where(positive, *ends), np.where(positive, ends[1], ends[0])
        rest_small = _others(rows, smallest, size, -np.inf)
        rest_large = _others(rows, largest, size, np.inf)
        one, other = (least[rows] - rest_large) / coefficients, (most[rows] - rest_small) / coefficients
        before = low.copy(), high.copy()
        np.maximum.at(low, columns, np.where(positive, one, other))
        np.minimum.at(high, columns, np.where(positive, other, one))
        whole = np.ceil(low - _EXACT), np.floor(high + _EXACT)
        # A cell that was printed with decimals (an apportioned count) stays as it is; the others are whole.
        low, high = np.where(whole[0] <= whole[1], whole[0], low), np.where(whole[0] <= whole[1], whole[1], high)
        if (low - high > _EXACT * np.maximum(1, np.abs(high))).any():
            raise InputError("the printed figures contradict the bounds: some cell could have no value at all")
        if np.array_equal(low, before[0]) and np.array_equal(high, before[1]):
            break
    return low, high


def _others(rows: Integers, values: Floats, size: int, limit: float) -> Floats:
    """Return, for each entry, the sum of its relation's other entries; `limit` where one of them has no bound."""
    endless = np.isinf(values)
    finite = np.where(endless, 0.0, values)
    total = np.bincount(rows, finite, minlength=size)[rows] - finite
    unbounded = np.bincount(rows, endless, minlength=size)[rows] - endless
    return np.where(unbounded > 0, limit, total)
