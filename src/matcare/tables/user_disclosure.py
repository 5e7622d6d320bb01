"""Complementary suppression of what a user's exports give: state totals, the nation's, and groups by race.

Of totals, the attacker holds everything that is shown and the exports' own rows besides (``Unidentified Counties``, the
years before they were pooled): whoever has the files can subtract them. Of groups by race he holds what is shown alone:
with the files of several queries he could work some out without us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.disclosure import SMALL, complementary, relate
from matcare.errors import InputError
from matcare.tables.wonder_pooling import MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping

    Key = tuple[str, str]
    Figures = dict[Key, dict[str, float]]

__all__ = ["hide_complements"]

_COLUMNS: Final = {"deaths": "infant_deaths", "births": "live_births"}
_NATION: Final = "US"
_TOTAL: Final = "all"


class _Cells:
    """Cells, what anybody knows of them, and how they add up, gathered one by one for one measure."""

    def __init__(self, measure: str) -> None:
        self.measure = measure
        self.relations: list[tuple[dict[Hashable, float], float, float]] = []
        self.published: dict[Hashable, float] = {}
        self.prior: dict[Hashable, tuple[float, float]] = {}

    def figure(self, key: Key, value: float, prior: tuple[float, float] = (0.0, np.inf)) -> None:
        """Add a figure that is shown, or (missing) is not, with what is known of it in that case."""
        self.prior[*key, self.measure] = prior
        if np.isfinite(value):
            self.published[*key, self.measure] = float(value)

    def add_up(self, whole: Key, parts: Iterable[Key], known: float, open_parts: Iterable[tuple[float, float]]) -> None:
        """Say that a figure is the sum of other figures, of a number that is known, and of parts that have bounds."""
        cells: dict[Hashable, float] = {(*whole, self.measure): 1.0}
        self.prior.setdefault((*whole, self.measure), (0.0, np.inf))
        for part in parts:
            self.prior.setdefault((*part, self.measure), (0.0, np.inf))
            cells[*part, self.measure] = -1.0
        for number, bounds in enumerate(open_parts):
            cell = (whole, number, len(self.relations), self.measure)
            self.prior[cell] = bounds
            cells[cell] = -1.0
        self.relations.append((cells, known, known))


def hide_complements(
    states: pd.DataFrame, by_race: pd.DataFrame, counties: pd.DataFrame, groups: pd.DataFrame, *, rest: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hide what would give a count of 1-9 back: first totals of states and the nation, then groups by race.

    Parameters
    ----------
    states : pandas.DataFrame
        ``state, infant_deaths, live_births, outcome_status`` with a row ``US``.
    by_race : pandas.DataFrame
        ``place_kind, place, group, infant_deaths, live_births, status``; may be empty.
    counties : pandas.DataFrame
        The files' county rows pooled (:func:`~matcare.tables.wonder_pooling.pool`), unidentified ones among them, with
        ``state``; ``deaths`` and ``births`` are what is shown of the county.
    groups : pandas.DataFrame
        The files' rows by race pooled, all labels, with ``place_kind, place, state, group`` (empty where it maps to
        none) and ``hidden`` (a group's row may be lacking); may be empty.
    rest : collection of str
        States of which births or deaths can be in no row of the county files.

    Returns
    -------
    states, by_race : pandas.DataFrame
        Copies; what was hidden is missing with status ``complementary``.
    """
    totals = _figures(states["state"], [_TOTAL] * len(states), states)
    gone = _hidden(totals, lambda cells, zeros: _relate_totals(cells, totals, counties, rest, zeros=zeros))
    states = _blanked(states, [key in gone for key in totals], "outcome_status")
    if by_race.empty:
        return states, by_race.copy()
    fixed = _figures(states["state"], [_TOTAL] * len(states), states)
    fixed |= _figures(counties.index, [_TOTAL] * len(counties), counties.rename(columns=_COLUMNS))
    shown = _figures(by_race["place"], by_race["group"], by_race)
    gone = _hidden(shown, lambda cells, zeros: _relate_groups(cells, shown, fixed, groups, zeros=zeros))
    return states, _blanked(by_race, [key in gone for key in shown], "status")


def _relate_totals(
    cells: _Cells, totals: Figures, counties: pd.DataFrame, rest: Collection[str], *, zeros: bool
) -> None:
    """Say that a state is the sum of the rows that its file has, and the nation the sum of the states."""
    measure = cells.measure
    for key, figures in totals.items():
        cells.figure(key, figures[measure])
    for state, rows in counties.groupby("state"):
        parts = _open(rows[rows[f"{measure}_most"] > 0], measure, zeros=zeros)
        if state in rest:
            parts.append((0.0, np.inf))
        cells.add_up((str(state), _TOTAL), (), float(rows[f"{measure}_known"].sum()), parts)
    cells.add_up((_NATION, _TOTAL), [key for key in totals if key[0] not in (_NATION, "PR")], 0.0, ())


def _relate_groups(cells: _Cells, shown: Figures, fixed: Figures, groups: pd.DataFrame, *, zeros: bool) -> None:
    """Say that a place is the sum of its groups, and a group's nation and states the sums of their parts."""
    measure = cells.measure
    named = groups[groups["place_kind"] != "unidentified"]
    ranges = zip(
        named["place"], named["group"], named[f"{measure}_known"], _open(named, measure, zeros=zeros), strict=True
    )
    prior = {(place, group): (known + least, known + most) for place, group, known, (least, most) in ranges if most > 0}
    for key, figures in shown.items():
        cells.figure(key, figures[measure], prior.get(key, (0.0, np.inf)))
    for place, rows in named.groupby("place"):
        whole = (str(place), _TOTAL)
        value = fixed[whole][measure] if whole in fixed else np.nan
        if np.isfinite(value):
            unmapped = bool((rows["group"] == "").any() or rows["hidden"].any())
            own = [(str(place), group) for group in rows["group"] if group]
            cells.figure(whole, value)
            cells.add_up(whole, own, 0.0, [(0.0, np.inf)] * unmapped)
    states = [key[0] for key in fixed if key[0] not in (_NATION, "PR") and not key[0].isdigit()]
    for group, rows in groups[groups["group"] != ""].groupby("group"):
        if (rows["place_kind"] == "state").any() and (rows["place_kind"] == "nation").any():
            cells.add_up((_NATION, str(group)), [(state, str(group)) for state in states], 0.0, ())
        for state, members in rows[rows["place_kind"] == "county"].groupby("state"):
            if (str(state), str(group)) in shown:
                counties = [(str(place), str(group)) for place in members["place"]]
                cells.add_up((str(state), str(group)), counties, 0.0, [(0.0, np.inf)])


def _open(rows: pd.DataFrame, measure: str, *, zeros: bool) -> list[tuple[float, float]]:
    """Return the ranges of what is not given: a suppressed count is taken for 1-9, unless zeros must be allowed."""
    least = rows[f"{measure}_least"].to_numpy(dtype="float64")
    most = rows[f"{measure}_most"].to_numpy(dtype="float64")
    low = least if zeros else np.where(np.isfinite(most), np.maximum(least, most / SMALL[1]), least)
    return list(zip(low.tolist(), most.tolist(), strict=True))


def _hidden(shown: Figures, relate_cells: Callable[[_Cells, bool], None]) -> set[Hashable]:
    """Return the figures that have to go; all of them where nobody can tell."""
    for zeros in (False, True):
        entries: list[tuple[dict[Hashable, float], float, float]] = []
        published: dict[Hashable, float] = {}
        prior: dict[Hashable, tuple[float, float]] = {}
        for measure in MEASURES:
            cells = _Cells(measure)
            relate_cells(cells, zeros)
            entries += cells.relations
            published |= cells.published
            prior |= cells.prior
        rows = {(*key, measure): key for key in shown for measure in MEASURES if (*key, measure) in published}
        if not rows:
            return set()
        cost = {key: figures["births"] if np.isfinite(figures["births"]) else np.inf for key, figures in shown.items()}
        try:
            return set(
                complementary(
                    relate(entries, prior),
                    _by_cell(published),
                    pd.DataFrame(list(prior.values()), columns=["low", "high"], index=_index(prior)),
                    rows=_by_cell(rows),
                    cost=_by_cell(cost),
                )
            )
        except InputError:  # the figures contradict 1-9: a suppressed count of this data set may be a zero
            continue
    return set(shown)


def _figures(places: Iterable[str], groups: Iterable[str], frame: pd.DataFrame) -> Figures:
    values = [frame[_COLUMNS[measure]].to_numpy(dtype="float64").tolist() for measure in MEASURES]
    keys = zip(places, groups, strict=True)
    return {
        key: dict(zip(MEASURES, pair, strict=True)) for key, pair in zip(keys, zip(*values, strict=True), strict=True)
    }


def _index(cells: Collection[Any]) -> pd.Index:
    return pd.Index(np.fromiter(cells, dtype=object, count=len(cells)), tupleize_cols=False)


def _by_cell(values: Mapping[Any, Any]) -> pd.Series:
    return pd.Series(list(values.values()), index=_index(values), dtype=None if values else "float64")


def _blanked(frame: pd.DataFrame, gone: list[bool], status: str) -> pd.DataFrame:
    table = frame.copy()
    where = pd.Series(gone, index=table.index, dtype=bool) & table["infant_deaths"].notna()
    table.loc[where, list(_COLUMNS.values())] = np.nan
    table.loc[where, status] = "complementary"
    return table
