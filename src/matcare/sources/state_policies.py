"""State policies compiled by hand, and state measures by way of America's Health Rankings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.errors import InputError
from matcare.geo import STATES, canonical_state
from matcare.sources.reading import numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_medicaid_expansion", "read_policies", "read_state_measures"]

_EVERY_OTHER_STATE = "*"


def read_medicaid_expansion(path: Path) -> pd.DataFrame:
    """Read whether and when states expanded Medicaid under the Affordable Care Act.

    Returns
    -------
    pandas.DataFrame
        ``state, medicaid_expansion`` (``adopted``, ``not_adopted``), ``medicaid_expansion_date`` (ISO, or missing),
        ``note``, ``unverified`` (the compiler marked the row VERIFY: it is from memory).
    """
    raw = read_delimited(path, ["state", "status", "implementation_date", "note"], "the Medicaid expansion dates")
    wrong = ~raw["status"].isin(["adopted", "not_adopted"])
    refuse(raw["status"], wrong, path, "status", "should be adopted or not_adopted")
    dates = raw["implementation_date"]
    _check_dates(dates, path, "implementation_date")
    undated = (raw["status"] == "adopted") & dates.isna()
    refuse(dates, undated, path, "implementation_date", "should be a date, since the status is adopted")
    table = pd.DataFrame(
        {
            "state": raw["state"].map(canonical_state).astype("str"),
            "medicaid_expansion": raw["status"],
            "medicaid_expansion_date": dates,
            "note": raw["note"],
            "unverified": raw["note"].fillna("").str.contains("VERIFY"),
        }
    )
    return unique_key(table, "state", path)


def read_policies(path: Path) -> pd.DataFrame:
    """Read paid family leave and twelve-month postpartum coverage; the row ``*`` stands for the states not listed.

    All of it was compiled from memory and is to be shown as unverified.

    Returns
    -------
    pandas.DataFrame
        One row for each of the 50 states and the District of Columbia: ``state, paid_family_leave_from`` (ISO date or
        missing), ``medicaid_postpartum_12_months`` (``yes``, ``no``), ``note``.
    """
    columns = ["state", "paid_family_leave_benefits_from", "medicaid_postpartum_12_months", "note"]
    raw = read_delimited(path, columns, "the state policies compiled by hand")
    _check_dates(raw["paid_family_leave_benefits_from"], path, "paid_family_leave_benefits_from")
    wrong = ~raw["medicaid_postpartum_12_months"].isin(["yes", "no"])
    refuse(raw["medicaid_postpartum_12_months"], wrong, path, "medicaid_postpartum_12_months", "should be yes or no")
    listed = raw[raw["state"] != _EVERY_OTHER_STATE]
    others = raw[raw["state"] == _EVERY_OTHER_STATE]
    if len(others) != 1:
        raise InputError(f"{path}: one row with state {_EVERY_OTHER_STATE!r} should stand for the states not listed")
    listed = unique_key(listed.assign(state=listed["state"].map(canonical_state)), "state", path)
    rest = [state for state in STATES if state != "PR" and state not in set(listed["state"])]
    filled = pd.DataFrame({"state": rest}).assign(
        **{name: others[name].iloc[0] for name in columns[1:3]},
        note=pd.Series(pd.NA, index=range(len(rest)), dtype="str"),
    )
    table = pd.concat([listed, filled], ignore_index=True).sort_values("state", ignore_index=True)
    table = table.rename(columns={"paid_family_leave_benefits_from": "paid_family_leave_from"})
    return table.astype(dict.fromkeys(table.columns, "str"))


def read_state_measures(path: Path) -> pd.DataFrame:
    """Read state measures published by America's Health Rankings.

    Returns
    -------
    pandas.DataFrame
        ``state`` (postal code, ``US`` for the nation), ``measure, year, value`` in the publisher's units (percent
        mostly).
    """
    raw = read_delimited(path, ["state", "measure", "year", "value"], "state measures of America's Health Rankings")
    table = pd.DataFrame(
        {
            "state": raw["state"].map(lambda name: "US" if name == "ALL" else canonical_state(name)).astype("str"),
            "measure": raw["measure"],
            "year": numbers(raw, "year", path, minimum=1990).astype("int64"),
            "value": numbers(raw, "value", path),
        }
    )
    return unique_key(table, ["state", "measure", "year"], path)


def _check_dates(dates: pd.Series, path: Path, column: str) -> None:
    parsed = pd.to_datetime(dates, format="%Y-%m-%d", errors="coerce")
    bad = dates.notna() & parsed.isna()
    refuse(dates, bad, path, column, "should be a date such as 2014-01-01")
