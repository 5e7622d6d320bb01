"""State policies with the day from which they are in force, as they stand on a run's day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.contracts.indicators import STATE_POLICIES

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["state_policies"]


def state_policies(states: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Tell for every state which policies are in force, and from when.

    Parameters
    ----------
    states : pandas.DataFrame
        Contract `STATES_TABLE`; the nation's row is left out.
    as_of : datetime.date
        A policy of a later date is not in force.

    Returns
    -------
    pandas.DataFrame
        Contract `STATE_POLICIES`, by policy, in the order of `states`. Medicaid expansion that is adopted without a
        date in the source counts as in force; twelve-month postpartum coverage has no date in the source.
    """
    rows = states[states["state"] != "US"].reset_index(drop=True)
    unverified = rows["policy_note"].fillna("").str.contains("expansion date: from memory")
    adopted = rows["medicaid_expansion"].map({"adopted": True, "not_adopted": False}).astype("boolean")
    begun = rows["medicaid_expansion_date"]
    expansion = (adopted & ~_later(begun, as_of), begun, unverified)
    covered = rows["medicaid_postpartum_12_months"].map({"yes": True, "no": False}).astype("boolean")
    no_date = pd.Series(pd.NA, index=rows.index, dtype="str")
    paid = rows["paid_family_leave_from"]
    # An empty date is "no programme" only where the policies were compiled at all; Puerto Rico's were not.
    leave = (paid.notna() & ~_later(paid, as_of)).astype("boolean").mask(covered.isna())
    memory = pd.Series(data=True, index=rows.index)
    parts = {
        "medicaid_expansion": expansion,
        "medicaid_postpartum_12_months": (covered, no_date, memory),
        "paid_family_leave": (leave, paid, memory),
    }
    tables = []
    for policy, (in_force, date, from_memory) in parts.items():
        status = pd.Series("reported", index=rows.index, dtype="str").mask(from_memory, "from_memory")
        tables.append(
            pd.DataFrame(
                {
                    "state": rows["state"],
                    "policy": policy,
                    "in_force": in_force,
                    "from_date": date.astype("str"),
                    "status": status.mask(in_force.isna(), "not_reported"),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)[STATE_POLICIES.names]


def _later(dates: pd.Series, as_of: dt.date) -> pd.Series:
    # Dates are ISO texts, so they sort as they are.
    return dates.fillna("").astype("str") > as_of.isoformat()
