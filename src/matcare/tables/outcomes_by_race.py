"""Infant deaths and live births by race and ethnicity of the mother, less the rows that would give a small count back.

Source: NCHS by way of County Health Rankings & Roadmaps (CC BY-NC-SA 4.0). The source prints a group from 20 deaths,
and the total of the county beside it: in hundreds of counties the total less the printed groups is a count of 1-9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.outcomes_by_race import OUTCOMES_BY_RACE
from matcare.disclosure import complementary, disclosures, relate
from matcare.errors import InputError
from matcare.geo import STATE_FIPS, state_of_county
from matcare.sources.county_health_rankings import LEAST_PUBLISHED_DEATHS, RACE_GROUPS
from matcare.tables.vintages import require_rows

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from matcare.disclosure import Relations

__all__ = ["compile_outcomes_by_race", "race_disclosures"]

_COUNTS: Final = ("infant_deaths", "live_births")
_CONNECTICUT: Final = "CT"
_YEARS: Final = 7
"""Years that the source counts deaths and births of."""
_GROUPS: Final = (*RACE_GROUPS, "not stated")
"""A birth certificate may leave the mother's race or origin out; the total has these births, no group does."""


def compile_outcomes_by_race(
    by_race: pd.DataFrame, outcomes: pd.DataFrame, states: pd.DataFrame, births_per_year: pd.Series | None = None
) -> pd.DataFrame:
    """Compile the outcomes by race, with complementary suppression against everything else that is embedded.

    Whole rows are withheld, those with the fewest births first, until an attacker who holds this table, the counties'
    totals and the states' (two of them withheld) finds no count of 1-9 deaths or births: of a group, nor of the groups
    or counties that a total leaves over. He knows that what the source does not print has 0-19 deaths, and that a row
    withheld here has at least 20. He knows the Census estimates of births too: where seven years have fewer births than
    20, there are no more deaths than births.

    Connecticut keeps its state's rows only. The source's county rows are of the legacy counties; the weights that move
    totals to the planning regions are of all women, and mothers of one race do not live where all women do.

    Parameters
    ----------
    by_race : pandas.DataFrame
        From :func:`matcare.sources.county_health_rankings.read_infant_mortality_by_race`.
    outcomes, states : pandas.DataFrame
        By the contracts ``outcomes`` and ``states``, as they are embedded.
    births_per_year : pandas.Series, optional
        Census estimates of births, by ``county_fips``.

    Returns
    -------
    pandas.DataFrame
        By the contract :data:`matcare.contracts.outcomes_by_race.OUTCOMES_BY_RACE`, sorted by place and group.

    Raises
    ------
    InputError
        When a row is of a county that `outcomes` has no count for, or its groups together exceed its total.
    """
    rows = _places(by_race, outcomes)
    relations, prior, totals = _system(rows, outcomes, states, births_per_year)
    counts = _cells(rows)
    label = pd.Series([cell[1:] for cell in counts.index], index=counts.index, dtype=object)
    births = rows.set_index(["place", "group"])["live_births"]
    cost = pd.Series(births.to_numpy(), index=_index(list(births.index)))
    hidden = set(complementary(relations, pd.concat([totals, counts]), prior, rows=label, cost=cost))
    gone = np.array([key in hidden for key in zip(rows["place"], rows["group"], strict=True)])
    table = rows.assign(status=rows["counts_from"].mask(gone, "complementary"))
    for name in _COUNTS:
        table[name] = table[name].mask(gone).astype("Int64")
    order = table["place_kind"].map({"nation": 0, "state": 1, "county": 2})
    table = table.assign(order=order).sort_values(["order", "place", "group"], ignore_index=True)
    return OUTCOMES_BY_RACE.validate(table, where="outcomes by race")[OUTCOMES_BY_RACE.names]


def race_disclosures(
    table: pd.DataFrame, outcomes: pd.DataFrame, states: pd.DataFrame, births_per_year: pd.Series | None = None
) -> pd.DataFrame:
    """Attack the compiled table together with the counties' and the states' totals.

    Parameters
    ----------
    table, outcomes, states : pandas.DataFrame
        By the contracts ``outcomes_by_race``, ``outcomes`` and ``states``.
    births_per_year : pandas.Series, optional
        As :func:`compile_outcomes_by_race` takes them.

    Returns
    -------
    pandas.DataFrame
        ``cells`` (tuples of measure, place and group), ``low, high``: see :func:`matcare.disclosure.disclosures`.
    """
    relations, prior, totals = _system(table, outcomes, states, births_per_year)
    shown = pd.concat([totals, _cells(table.dropna(subset=list(_COUNTS)))])
    lower, upper = prior["low"].copy(), prior["high"].copy()
    lower.loc[shown.index] = shown
    upper.loc[shown.index] = shown
    return disclosures(relations, lower, upper, prior=prior)


def _places(by_race: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    postal = {fips: state for state, fips in STATE_FIPS.items()} | {"00": "US"}
    state = by_race["code"].str[:2].map(postal)
    rows = by_race.assign(place_kind=by_race["level"], place=by_race["code"].where(by_race["level"] == "county", state))
    rows = rows[~((rows["level"] == "county") & (state == _CONNECTICUT))]
    counties = rows[rows["level"] == "county"]
    known = outcomes.loc[outcomes["outcome_status"] == "published"].set_index("county_fips")[list(_COUNTS)]
    require_rows(known.index, counties["place"], "infant mortality by county, where there are rows by race")
    sums = counties.groupby("place")[list(_COUNTS)].sum()
    over = (sums > known.loc[sums.index]).any(axis=1)
    if over.any():
        raise InputError(f"infant mortality by race: the groups of {over.idxmax()} together exceed the county's total")
    return rows.reset_index(drop=True)


def _index(cells: list[tuple[Hashable, ...]]) -> pd.Index:
    return pd.Index(np.fromiter(cells, dtype=object, count=len(cells)), tupleize_cols=False)


def _cells(rows: pd.DataFrame) -> pd.Series:
    keys = list(zip(rows["place"], rows["group"], strict=True))
    parts = [
        pd.Series(rows[name].to_numpy(dtype="float64"), index=_index([(name, *key) for key in keys]))
        for name in _COUNTS
    ]
    return pd.concat(parts)


def _system(
    rows: pd.DataFrame, outcomes: pd.DataFrame, states: pd.DataFrame, births_per_year: pd.Series | None
) -> tuple[Relations, pd.DataFrame, pd.Series]:
    """Return how the cells add up, what anybody knows of each, and the totals that are printed elsewhere."""
    reported = outcomes[outcomes["outcome_status"] != "not_reported"]
    home = state_of_county(reported["county_fips"])
    names = sorted(set(home))
    totals = states.set_index("state")
    in_source = set(zip(rows["place"], rows["group"], strict=True))
    ledgers = []
    for measure in _COUNTS:
        ledger = _Ledger(measure, in_source, {} if births_per_year is None else births_per_year.dropna().to_dict())
        ledger.split("US", ledger.most_unprinted)
        for group in ("all", *_GROUPS):
            ledger.add_up("US", names, group)
        for name in names:
            ledger.split(name, ledger.most_unprinted)
            ledger.state(name, reported[home == name])
        for place in ("US", *names):
            if place in totals.index and pd.notna(totals.loc[place, measure]):
                ledger.printed[measure, place, "all"] = float(str(totals.loc[place, measure]))
        ledgers.append(ledger)
    relations = relate([entry for ledger in ledgers for entry in ledger.entries])
    known = {cell: bounds for ledger in ledgers for cell, bounds in ledger.known.items()}
    bounds = [known.get(cell, (0.0, np.inf)) for cell in relations.cells]
    prior = pd.DataFrame(bounds, columns=["low", "high"], index=relations.cells, dtype="float64")
    printed = {cell: value for ledger in ledgers for cell, value in ledger.printed.items()}
    return relations, prior, pd.Series(list(printed.values()), index=_index(list(printed)), dtype="float64")


class _Ledger:
    """Cells of one measure: (measure, place, group), with the group ``all``; how they add up, and what is known."""

    def __init__(self, measure: str, in_source: set[tuple[str, str]], births_per_year: dict[Hashable, float]) -> None:
        self.measure = measure
        self.in_source = in_source
        self.births_per_year = births_per_year
        self.most_unprinted = LEAST_PUBLISHED_DEATHS - 1.0 if measure == "infant_deaths" else np.inf
        self.entries: list[tuple[dict[Hashable, float], float, float]] = []
        self.known: dict[Hashable, tuple[float, float]] = {}
        self.printed: dict[tuple[Hashable, ...], float] = {}

    def most(self, code: str) -> float:
        """Return what a county without a printed count can have at most."""
        if self.measure != "infant_deaths" or code not in self.births_per_year:
            return self.most_unprinted
        return min(self.most_unprinted, float(np.ceil(_YEARS * self.births_per_year[code])))

    def equal(self, whole: tuple[str, str], parts: Iterable[tuple[str, str]], plus: float = 0.0) -> None:
        """Say that `whole` is the sum of `parts` and a known number."""
        cells: dict[Hashable, float] = {(self.measure, *part): -1.0 for part in parts}
        self.entries.append((cells | {(self.measure, *whole): 1.0}, plus, plus))

    def add_up(self, whole: str, parts: list[str], group: str) -> None:
        self.equal((whole, group), [(part, group) for part in parts])

    def split(self, place: str, most: float) -> None:
        """Split a place's total into groups; those that the source does not print are a remainder of their own."""
        self.equal((place, "all"), [(place, group) for group in _GROUPS])
        self.equal((place, "unprinted"), [(place, group) for group in _GROUPS if (place, group) not in self.in_source])
        for group in RACE_GROUPS:
            printed = (place, group) in self.in_source
            bounds = (float(LEAST_PUBLISHED_DEATHS), np.inf) if printed else (0.0, most)
            self.known[self.measure, place, group] = bounds

    def state(self, name: str, counties: pd.DataFrame) -> None:
        """Add a state up from its counties; those without a count are one place, since none of them has a group."""
        given = counties[counties["outcome_status"] == "published"]
        apportioned = counties.loc[counties["outcome_status"] == "apportioned", self.measure]
        blank = counties.loc[counties[self.measure].isna(), "county_fips"].tolist()
        rest = f"{name}, other counties"
        if len(apportioned):  # Connecticut's regions are no counties of the source: nothing is known of their groups
            self.split(rest, np.inf)
        else:
            self.split(rest, self.most_unprinted * len(blank) if blank else 0.0)
        self.equal((rest, "all"), [(code, "all") for code in blank], plus=float(apportioned.sum()))
        self.known.update({(self.measure, code, "all"): (0.0, self.most(code)) for code in blank})
        for code, value in zip(given["county_fips"], given[self.measure], strict=True):
            self.split(code, self.most_unprinted)
            self.printed[self.measure, code, "all"] = float(value)
        parts = [*given["county_fips"], rest]
        for group in ("all", *_GROUPS):
            self.add_up(name, parts, group)
        for group in RACE_GROUPS:
            if (name, group) in self.in_source:
                silent = [(part, group) for part in parts if (part, group) not in self.in_source]
                self.equal((f"{name}, unprinted counties", group), silent)
