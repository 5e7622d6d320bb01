"""State and national totals from a user's exports, checked against the counties of the same exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.geo import STATE_FIPS
from matcare.tables.wonder_pooling import MEASURES, place_rows, pool, rows_expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.sources.wonder import WonderExport

__all__ = ["county_sums", "totals_of_states"]

_POSTAL: Final = {fips: postal for postal, fips in STATE_FIPS.items()} | {"00": "US"}
_UNIDENTIFIED: Final = "999"
_LEGACY_COUNTIES: Final = 8
"""Of Connecticut."""

_WORDS: Final = {"deaths": "infant deaths", "births": "live births"}


def county_sums(exports: Sequence[WonderExport], counties: pd.Series) -> pd.DataFrame:
    """Sum the county rows of each state, the unidentified counties among them.

    Parameters
    ----------
    exports : sequence of WonderExport
        County exports without groups.
    counties : pandas.Series
        Codes of every county.

    Returns
    -------
    pandas.DataFrame
        By postal code: ``deaths_least, deaths_most, births_least, births_most`` and ``whole``: every row of the state
        is in the files and has its counts, so that the least is the total. In each year all counties of the state are
        named, or those that are not stand together as `Unidentified Counties`.
    """
    rows = place_rows(exports)
    rows["state"] = rows["code"].str[:2].map(_POSTAL)
    rows["listed"] = rows["export"].map(
        {number: export.shows_suppressed and not export.footer.counties_asked for number, export in enumerate(exports)}
    )
    by_state = rows.groupby("state")
    listed = by_state["listed"].all() & _every_county(rows, counties)
    table = pd.DataFrame(index=listed.index)
    for name in MEASURES:
        known = by_state[f"{name}_known"].sum()
        table[f"{name}_least"] = known + by_state[f"{name}_least"].sum()
        table[f"{name}_most"] = (known + by_state[f"{name}_most"].sum()).where(listed, np.inf)
    codes = pd.Index(sorted(rows["code"].str[:2].unique()), dtype="str")
    expected = rows_expected(exports, codes)
    expected.index = codes.map(_POSTAL)
    years = rows.drop_duplicates(["state", "export", "year"]).groupby("state").size()
    given = (rows[["deaths_status", "births_status"]] == "given").all(axis=1).groupby(rows["state"]).all()
    table["whole"] = listed & given & years.eq(expected.reindex(years.index))
    return table


def _every_county(rows: pd.DataFrame, counties: pd.Series) -> pd.Series:
    """Tell for each state whether every year has the row of the unidentified counties, or all counties by name."""
    needed = counties.str[:2].map(_POSTAL).value_counts().to_dict()
    if rows["code"].between("09001", "09015").any():
        needed["CT"] = _LEGACY_COUNTIES
    by_year = rows.assign(lumped=rows["code"].str[2:] == _UNIDENTIFIED).groupby(
        ["state", "export", "year"], dropna=False
    )
    table = pd.DataFrame({"codes": by_year["code"].nunique(), "lumped": by_year["lumped"].any()}).reset_index()
    there = table["lumped"] | (table["codes"] >= table["state"].map(needed).fillna(np.inf))
    return there.groupby(table["state"]).all()


def totals_of_states(
    state_exports: Sequence[WonderExport],
    nation_exports: Sequence[WonderExport],
    sums: pd.DataFrame,
    states: pd.Series,
) -> tuple[pd.DataFrame, list[str]]:
    """Return each state's total, and the nation's, where the exports give it.

    A state's own row wins over the sum of its counties, and must agree with it.

    Parameters
    ----------
    state_exports, nation_exports : sequence of WonderExport
        Without groups.
    sums : pandas.DataFrame
        From :func:`county_sums`; empty without county exports.
    states : pandas.Series
        Postal codes wanted, ``US`` among them.

    Returns
    -------
    totals : pandas.DataFrame
        ``state, infant_deaths, live_births, outcome_status`` (``published`` or ``not_reported``).
    notes : list of str
        What could not be summed.

    Raises
    ------
    InputError
        When a state's row cannot be the total of its counties, or the nation's of its states.
    """
    totals = pd.DataFrame(np.nan, index=pd.Index(list(states), dtype="str"), columns=list(MEASURES))
    notes = []
    if len(sums):
        whole = sums.index[sums["whole"]]
        for name in MEASURES:
            totals[name] = sums.loc[whole, f"{name}_least"].reindex(totals.index)
        lost = sorted(set(sums.index) - set(whole))
        if lost and not state_exports:
            notes.append(
                f"no total of {_list(lost)}: a count or a county there is suppressed, hidden or not in the file; give "
                "an export by State of the same years as well"
            )
    for exports, where in ((state_exports, "state"), (nation_exports, "nation")):
        if not exports:
            continue
        rows = place_rows(exports)
        codes = pd.Index(sorted(rows["code"].unique()), dtype="str")
        complete = rows.groupby("code").size().reindex(codes).eq(rows_expected(exports, codes))
        pooled = pool(rows, ["code"], whole=complete)
        pooled.index = pooled.index.map(_POSTAL)
        given = pooled[pooled["status"] == "given"]
        if where == "state":
            _check_sums(given, sums, exports)
        totals.loc[given.index, list(MEASURES)] = given[list(MEASURES)]
        lost = sorted(set(pooled.index) - set(given.index))
        if lost:
            notes.append(f"no total of {_list(lost)}: a count in the {where} export is suppressed, missing or hidden")
    members = totals.loc[[state for state in totals.index if state not in ("US", "PR")], list(MEASURES)]
    _check_nation(totals, members, nation_exports)
    if "US" in totals.index and totals.loc["US"].isna().any() and members.notna().all(axis=None):
        totals.loc["US"] = members.sum()
    known = totals.notna().all(axis=1)
    totals = totals.where(known, np.nan)
    table = pd.DataFrame(
        {
            "state": totals.index.astype("str"),
            "infant_deaths": totals["deaths"].to_numpy(),
            "live_births": totals["births"].to_numpy(),
            "outcome_status": np.where(known, "published", "not_reported"),
        }
    )
    return table.astype({"outcome_status": "str"}), notes


def _check_sums(given: pd.DataFrame, sums: pd.DataFrame, exports: Sequence[WonderExport]) -> None:
    for state in given.index.intersection(sums.index):
        for name in MEASURES:
            least, most = sums.loc[state, f"{name}_least"], sums.loc[state, f"{name}_most"]
            if not least <= given.loc[state, name] <= most:
                raise InputError(
                    f"{exports[0].path}: the {_WORDS[name]} of {state} are not the sum of its county rows in the other "
                    "export; both should be of the same data set and release: export them again on one day"
                )


def _check_nation(totals: pd.DataFrame, members: pd.DataFrame, exports: Sequence[WonderExport]) -> None:
    if "US" not in totals.index or not exports:
        return
    for name in MEASURES:
        nation, known = float(totals[name]["US"]), members[name]
        if not np.isnan(nation) and (known.sum() > nation or (known.notna().all() and known.sum() != nation)):
            raise InputError(
                f"{exports[0].path}: the nation's {_WORDS[name]} are not the sum of the states in the other export; "
                "both should be of the same data set and release: export them again on one day"
            )


def _list(states: Sequence[str]) -> str:
    return ", ".join(states[:6]) + (f" and {len(states) - 6} more" if len(states) > 6 else "")  # noqa: PLR2004 - a note is one line
