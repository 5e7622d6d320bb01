"""Complementary suppression: which printed cells must go so that the hidden ones stay hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcare.disclosure.attacker import disclosures
from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

    from matcare.disclosure.attacker import Relations, Thoroughness

__all__ = ["complementary"]


def complementary(
    relations: Relations,
    published: pd.Series,
    prior: pd.DataFrame,
    *,
    rows: pd.Series,
    cost: pd.Series,
    programmes: Thoroughness = "doubtful",
) -> list[Hashable]:
    """Choose table rows to hide until the attacker finds nothing.

    Greedy and deterministic. In each round the attacker lists what he finds, in the order of the cells. For each find
    the cheapest row of the relation that gives it away is hidden, unless a row of that relation is already going in
    this round. The cheap attacks come first; the linear programmes have the last word. The choice is not proven to be
    the least: rows hidden later can make an earlier one needless.

    Parameters
    ----------
    relations : Relations
        How the cells add up, whatever is printed.
    published : pandas.Series
        Values of the printed cells, by cell.
    prior : pandas.DataFrame
        ``low, high`` by cell: what anybody knows of it when it is not printed.
    rows : pandas.Series
        The row that a printed cell goes with, by cell: cells of one row are hidden together. Cells that are not in it
        cannot be hidden.
    cost : pandas.Series
        What hiding a row loses (births), by row.
    programmes : {"none", "doubtful", "all"}
        As for :func:`~matcare.disclosure.attacker.feasible_ranges`, for the last word.

    Returns
    -------
    list
        Rows to hide, in the order in which they were chosen.

    Raises
    ------
    InputError
        When something is disclosed by what cannot be hidden.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from matcare.disclosure import relate
    >>> sums = relate([({"all": 1, "a": -1, "b": -1, "rest": -1}, 0, 0)])
    >>> printed = pd.Series({"all": 95.0, "a": 51.0, "b": 40.0})
    >>> known = pd.DataFrame({"low": 0.0, "high": np.inf}, index=sums.cells)
    >>> complementary(sums, printed, known, rows=pd.Series({"a": "A", "b": "B"}), cost=pd.Series({"A": 9, "B": 7}))
    ['B']
    """
    network = _network(relations)
    price = {row: (float(births), str(row)) for row, births in cost.items()}
    hidden: list[Hashable] = []
    thorough = False
    while True:
        found = _found(relations, published, prior, rows, hidden, programmes if thorough else "none")
        if found.empty and (thorough or programmes == "none"):
            break
        if found.empty:
            thorough = True
            continue
        going: set[Hashable] = set()
        gone = set(hidden)
        shown = {cell: row for cell, row in rows.items() if row not in gone}
        for cells in found["cells"]:
            candidates = _rows_around(network, set(cells), shown)
            if not candidates & going:
                going.add(min(candidates, key=price.__getitem__))
        hidden += sorted(going, key=str)
    return hidden


def _network(relations: Relations) -> tuple[dict[int, list[Hashable]], dict[Hashable, list[int]]]:
    members: dict[int, list[Hashable]] = {}
    memberships: dict[Hashable, list[int]] = {}
    for relation, cell in zip(relations.rows.tolist(), relations.cells[relations.columns], strict=True):
        members.setdefault(relation, []).append(cell)
        memberships.setdefault(cell, []).append(relation)
    return members, memberships


def _found(
    relations: Relations,
    published: pd.Series,
    prior: pd.DataFrame,
    rows: pd.Series,
    hidden: list[Hashable],
    programmes: Thoroughness,
) -> pd.DataFrame:
    shown = published[~rows.reindex(published.index).isin(hidden)]
    known = prior.reindex(relations.cells)
    lower, upper = known["low"].copy(), known["high"].copy()
    lower.loc[shown.index] = shown
    upper.loc[shown.index] = shown
    return disclosures(relations, lower, upper, prior=prior, programmes=programmes)


def _rows_around(
    network: tuple[dict[int, list[Hashable]], dict[Hashable, list[int]]],
    cells: set[Hashable],
    shown: dict[Hashable, Hashable],
) -> set[Hashable]:
    """Return the rows that may still be hidden in the relation that gives `cells` away.

    That is the relation with most of `cells` in it, and of those the one with the fewest other cells that are hidden:
    one that has none other determines them. Where none has a printed row left, `cells` grow by their relations.
    """
    members, memberships = network
    reached, size = set(cells), 0
    while len(reached) > size:
        size = len(reached)
        touched = sorted({relation for cell in reached for relation in memberships.get(cell, ())})
        best: tuple[int, int, int] | None = None
        for relation in touched:
            parts = members[relation]
            if any(cell in shown for cell in parts):
                overlap = sum(cell in reached for cell in parts)
                unknown = sum(cell not in shown and cell not in reached for cell in parts)
                best = min(best or (0, 0, relation), (-overlap, unknown, relation))
        if best is not None:
            return {shown[cell] for cell in members[best[2]] if cell in shown}
        reached.update(cell for relation in touched for cell in members[relation])
    raise InputError("a count of 1-9 follows from figures that cannot be hidden")
