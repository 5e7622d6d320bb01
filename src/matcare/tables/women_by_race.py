"""A user's women 15-44 by race and Hispanic origin at block groups, which take the place of county shares.

The table has one row a block group: ``bg_geoid`` (twelve digits, 2020) or ``demand_id``, and any of ``women_aian,
women_asian, women_black, women_hispanic, women_multiple, women_nhopi, women_white`` (all but the Hispanic ones not
Hispanic). ``women_total`` is optional and only checked. They are Census estimates (table B01001 of the American
Community Survey by race), so small numbers may stand; an empty cell is not reported and not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.disparities import RACE_GROUPS, WOMEN_BY_RACE
from matcare.errors import InputError
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WomenByRace", "read_women_by_race"]

_COLUMNS: Final = [f"women_{group}" for group in RACE_GROUPS]
_ALIASES: Final = {
    "women_two_or_more": "women_multiple",
    "women_american_indian": "women_aian",
    "women_pacific_islander": "women_nhopi",
    "geoid": "bg_geoid",
}
_DIGITS: Final = 12
_ROUNDING: Final = 1.0
"""Women by which the groups may exceed ``women_total``: estimates are rounded one by one."""

_MOST_PER_PERSON: Final = 1.0
_SLACK: Final = 200.0
"""Groups may exceed the residents of 2020 by this many: block groups grow, and the survey's errors are large."""

_MOST_OF_ALL: Final = 1.3
"""Over all block groups the women may be at most this many times the run's own women 15-44."""

_FEWEST_MATCHED: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class WomenByRace:
    """A user's women by race and what was done to read them.

    Attributes
    ----------
    women : pandas.DataFrame
        The contract ``WOMEN_BY_RACE``: the demand points that the table names.
    notes : list of str
        Repairs, rows without a match and points without a row, for the terminal and ``run.json``.
    """

    women: pd.DataFrame
    notes: list[str]


def read_women_by_race(path: Path, demand: pd.DataFrame) -> WomenByRace:
    """Read a user's women by race.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet as the module says. Block groups outside the run are left out, and counted in the notes.
    demand : pandas.DataFrame
        Demand points of the run: ``demand_id, bg_geoid, people, women_15_44``.

    Returns
    -------
    WomenByRace

    Raises
    ------
    InputError
        One line naming file, row (1 is the first below the header), column and remedy: no key column or no group; a
        key that is empty, malformed or stands twice; a cell that is no number or negative; groups that add up to more
        than ``women_total`` or than the people who can live there; a table that matches fewer than half of its rows, or
        that counts far more than the women 15-44.
    """
    table = read_user_table(path)
    notes: list[str] = []
    for old, new in _ALIASES.items():
        if old in table and new not in table:
            table = table.rename(columns={old: new})
    key = _key(table, path)
    given = [name for name in _COLUMNS if name in table]
    if not given:
        raise InputError(f"{path}: no column of women by race; give at least one of {', '.join(_COLUMNS)}")
    women = pd.DataFrame({name: _numbers(table, name, path) for name in given})
    ids = _demand_ids(table[key], key, demand, path, notes)
    _refuse_above_total(table, women, path)
    matched = _matched(table[key], ids, women, path, notes)
    points = demand.set_index("demand_id").loc[ids[matched]]
    _refuse_above_people(women[matched], points, path)
    frame = women[matched].reset_index(drop=True)
    frame.insert(0, "demand_id", ids[matched].reset_index(drop=True).astype("str"))
    _refuse_other_population(frame, points, path)
    for name in _COLUMNS:
        if name not in frame:
            frame[name] = np.nan
            notes.append(f"{path.name}: no column {name}; that group is not reported")
    rest = demand.loc[~demand["demand_id"].isin(frame["demand_id"]), "women_15_44"]
    if len(rest):
        notes.append(
            f"{path.name}: {len(rest):,} of {len(demand):,} demand points have no row "
            f"({100 * rest.sum() / demand['women_15_44'].sum():.1f} % of the women); left out of the groups of race"
        )
    unread = sorted(set(table.columns) - {key, "demand_id", "bg_geoid", "women_total", *_COLUMNS})
    if unread:
        notes.append(f"{path.name}: columns not used: {', '.join(unread)}")
    return WomenByRace(women=WOMEN_BY_RACE.validate(frame, where=str(path))[WOMEN_BY_RACE.names], notes=notes)


def _key(table: pd.DataFrame, path: Path) -> str:
    for name in ("demand_id", "bg_geoid"):
        if name in table:
            missing = table[name].isna()
            if missing.any():
                row = int(np.argmax(missing)) + 1
                raise InputError(f"{path}, row {row}, column {name!r}: empty; give every row its block group")
            return name
    found = ", ".join(map(str, table.columns[:8]))
    raise InputError(f"{path}: column 'bg_geoid' is missing (found: {found}); give bg_geoid or demand_id")


def _numbers(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    text = table[column]
    values = pd.to_numeric(text.str.replace(",", ""), errors="coerce").astype("float64")
    for bad, words in (
        ((values.isna() & text.notna()) | np.isinf(values), "should be a number; leave it empty where not reported"),
        (values < 0, "is negative; leave it empty where not reported (the Census writes -666666666)"),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(f"{path}, row {row + 1}, column {column!r}: {text.iloc[row]!r} {words}")
    return values


def _demand_ids(keys: pd.Series, key: str, demand: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    """Return the demand point of each row; missing where the run has none."""
    known = demand[demand[key].notna()].set_index(key, drop=False)["demand_id"]
    text = keys.astype("str")
    if key == "bg_geoid":
        text = text.str.replace(r"^1500000US", "", regex=True).str.replace(r"\.0$", "", regex=True)
        short = text.str.fullmatch(rf"\d{{{_DIGITS - 1}}}")
        padded = text.mask(short, text.str.zfill(_DIGITS))
        bad = ~padded.str.fullmatch(rf"\d{{{_DIGITS}}}")
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                f"{path}, row {row + 1}, column {key!r}: {keys.iloc[row]!r} is not a block group; "
                "its code has twelve digits, such as 010010201001 (eleven are a tract)"
            )
        strange = short & ~padded.isin(known.index)
        if strange.any():
            row = int(np.argmax(strange))
            raise InputError(
                f"{path}, row {row + 1}, column {key!r}: {keys.iloc[row]!r} has eleven digits and is no block group "
                "that lost its leading zero; is it a tract? Block groups have twelve"
            )
        if short.any():
            notes.append(f"{path.name}: {int(short.sum()):,} block groups had lost their leading zero; repaired")
        text = padded
    twice = text.duplicated()
    if twice.any():
        row = int(np.argmax(twice))
        first = int(np.argmax(text == text.iloc[row])) + 1
        raise InputError(
            f"{path}, row {row + 1}, column {key!r}: {text.iloc[row]} stands in row {first} already; one row each"
        )
    return text.map(known)


def _matched(keys: pd.Series, ids: pd.Series, women: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    matched = ids.notna()
    peopled = women.sum(axis=1) > 0
    lost = ~matched & peopled
    if matched.sum() < _FEWEST_MATCHED * (matched | peopled).sum() or not matched.any():
        row = int(np.argmin(matched))
        raise InputError(
            f"{path}, row {row + 1}, column {keys.name!r}: {keys.iloc[row]!r} is not a block group of the run, and "
            f"neither are {int((~matched).sum()):,} of {len(ids):,} rows; block groups of the 2020 census are needed"
        )
    if lost.any():
        count = women[lost].sum().sum()
        first = keys.iloc[int(np.argmax(lost))]
        notes.append(
            f"{path.name}: {int(lost.sum()):,} block groups ({count:,.0f} women; first: {first}) are not in the run; "
            "left out"
        )
    return matched


def _refuse_above_total(table: pd.DataFrame, women: pd.DataFrame, path: Path) -> None:
    if "women_total" not in table:
        return
    total, groups = _numbers(table, "women_total", path), women.sum(axis=1)
    above = groups > total + _ROUNDING * women.shape[1]
    if above.any():
        row = int(np.argmax(above))
        raise InputError(
            f"{path}, row {row + 1}: the groups add up to {groups.iloc[row]:,.0f} women and women_total is "
            f"{total.iloc[row]:,.0f}; all groups but women_hispanic should leave Hispanic women out"
        )


def _refuse_above_people(women: pd.DataFrame, points: pd.DataFrame, path: Path) -> None:
    groups = women.sum(axis=1)
    people = points["people"].to_numpy(dtype=np.float64)
    above = groups.to_numpy() > _MOST_PER_PERSON * people + _SLACK
    if above.any():
        place = int(above.argmax())
        raise InputError(
            f"{path}, row {int(groups.index[place]) + 1}: {groups.iloc[place]:,.0f} women where {people[place]:,.0f} "
            "people lived in 2020; give women 15-44 of the block group"
        )


def _refuse_other_population(frame: pd.DataFrame, points: pd.DataFrame, path: Path) -> None:
    groups = frame.drop(columns="demand_id")
    counted = float(groups.sum().sum())
    own = float(points["women_15_44"].sum())
    if not float(groups.max().max()) > 1:
        raise InputError(
            f"{path}: no block group has more than one woman of any group; give counts of women 15-44, not shares"
        )
    if own > 0 and counted > _MOST_OF_ALL * own:
        raise InputError(
            f"{path}: {counted:,.0f} women in all where these block groups have {own:,.0f} aged 15-44; give women "
            "15-44, not all ages or both sexes, and Hispanic women once"
        )
