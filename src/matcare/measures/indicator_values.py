"""The values of every indicator of the profile in one long table, each with its standing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.indicators import DEFINITIONS
from matcare.geo import STATES
from matcare.measures.state_policies import state_policies

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from matcare.contracts.indicators import Indicator

__all__ = ["VALUE_COLUMNS", "indicator_values"]

VALUE_COLUMNS: Final = ("county_fips", "state", "indicator", "value", "status")
"""Of the long table; a state's value stands in a row without a county."""

_STATUS_COLUMNS: Final = {
    "share_women_uninsured": "share_women_uninsured_status",
    "share_low_birthweight": "share_low_birthweight_status",
    "share_low_birthweight_7_years": "share_low_birthweight_7_years_status",
    "share_preterm": "share_preterm_status",
    "share_very_low_birthweight": "share_very_low_birthweight_status",
    "share_women_15_19": "share_women_ages_status",
    "share_women_35_44": "share_women_ages_status",
}
_COMPUTED: Final = ("minutes_birth_care", "minutes_neonatal_3_plus", "minutes_neonatal_3_plus_or_nicu")


def indicator_values(
    counties: pd.DataFrame,
    county_indicators: pd.DataFrame,
    states: pd.DataFrame,
    state_indicators: pd.DataFrame,
    *,
    as_of: dt.date,
    supplied: Iterable[pd.DataFrame] = (),
    leave_out_absent: bool = False,
) -> pd.DataFrame:
    """Bring every indicator into one long table.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`: the run's counties. No modelled rate is read, nor infant mortality, the outcome.
    county_indicators : pandas.DataFrame
        Contract `COUNTY_INDICATORS`.
    states : pandas.DataFrame
        Contract `STATES_TABLE`; the nation's row is left out, every state stays in, whatever counties there are.
    state_indicators : pandas.DataFrame
        Contract `STATE_INDICATORS`; of each indicator the youngest year that is not carried forward is taken.
    as_of : datetime.date
        Day on which a policy with a date has to be in force.
    supplied : iterable of pandas.DataFrame
        What a user brought: ``county_fips, indicator, value, status`` of
        :func:`matcare.tables.user_indicators.read_user_indicators` or
        :func:`matcare.measures.nicu_support.nicu_support_values`. Counties that are not in the run are left out; a
        county of the run that the user does not name is `not_reported`.
    leave_out_absent : bool
        Leave out the indicators whose column `counties` does not have, in place of a `KeyError`: for a reference of the
        nation made from the embedded tables, which a run for one state is ranked among.

    Returns
    -------
    pandas.DataFrame
        ``county_fips`` (missing in a state's row), ``state, indicator, value, status`` (:data:`VALUE_STATUSES`). Every
        county has a row of every county indicator that the tables hold or the user brought, every state of every state
        indicator; Puerto Rico too.

    Raises
    ------
    KeyError
        When `counties` lacks the column of an indicator.
    """
    joined = counties.merge(county_indicators, on="county_fips", how="left", validate="one_to_one")
    if not leave_out_absent or {"birth_hospitals", "birth_centers"} <= set(joined.columns):
        joined = joined.assign(birth_units_per_10000_births=_units_per_births(joined))
    wanted = [entry for entry in DEFINITIONS if entry.where in {"counties", "county_indicators"}]
    blocks = [
        _county_block(joined, entry) for entry in wanted if not leave_out_absent or entry.column in joined.columns
    ]
    policies = state_policies(states, as_of=as_of)
    blocks += [_state_column(states, policies, entry) for entry in DEFINITIONS if entry.where == "states"]
    blocks += [_state_measure(state_indicators, entry) for entry in DEFINITIONS if entry.where == "state_indicators"]
    blocks += [_supplied(joined, rows) for frame in supplied for _, rows in frame.groupby("indicator", sort=True)]
    return pd.concat(blocks, ignore_index=True)[list(VALUE_COLUMNS)]


def _county_block(joined: pd.DataFrame, entry: Indicator) -> pd.DataFrame:
    value = joined[entry.column].astype("float64")
    missing = value.isna()
    if entry.id in _STATUS_COLUMNS:
        status = joined[_STATUS_COLUMNS[entry.id]].astype("str").fillna("not_reported")
        status = status.mask(missing & status.isin(["reported", "estimated", "apportioned"]), "not_reported")
    elif entry.id in _COMPUTED:
        status = _status(missing, "computed", "withheld")
    elif entry.id.endswith("_per_10000_births"):
        known = "computed" if entry.source == "computed" else "reported"
        births = joined["births_per_year"]
        status = _status(missing, known, "not_reported").mask(missing & (births == 0), "no_births")
        status = status.mask(missing & (joined["births_per_year_status"] == "suppressed"), "suppressed")
    else:
        status = _status(missing, "computed" if entry.source == "computed" else "reported", "not_reported")
    return pd.DataFrame(
        {
            "county_fips": joined["county_fips"],
            "state": joined["state"],
            "indicator": entry.id,
            "value": value,
            "status": status,
        }
    )


def _units_per_births(joined: pd.DataFrame) -> pd.Series:
    units = joined["birth_hospitals"].astype("float64") + joined["birth_centers"].astype("float64")
    births = joined["births_per_year"]
    return 10_000 * units / births.where(births > 0)


def _state_column(states: pd.DataFrame, policies: pd.DataFrame, entry: Indicator) -> pd.DataFrame:
    own = policies[policies["policy"] == entry.id]
    if len(own):
        return _state_rows(own["state"], entry.id, own["in_force"].astype("float64"), own["status"])
    rows = states[states["state"] != "US"]
    value = rows[entry.column].astype("float64")
    return _state_rows(rows["state"], entry.id, value, _status(value.isna(), "reported", "not_reported"))


def _state_measure(state_indicators: pd.DataFrame, entry: Indicator) -> pd.DataFrame:
    rows = state_indicators[state_indicators["indicator"] == entry.id]
    fresh = rows[rows["status"] == "reported"]
    year = fresh["year"].max() if len(fresh) else rows["year"].max()
    of_year = rows[rows["year"] == year].set_index("state")["value"]
    every = pd.Series(list(STATES), dtype="str")
    value = every.map(of_year).astype("float64")
    return _state_rows(every, entry.id, value, _status(value.isna(), "reported", "not_reported"))


def _state_rows(state: pd.Series, indicator: str, value: pd.Series, status: pd.Series) -> pd.DataFrame:
    rows = pd.DataFrame({"state": state, "indicator": indicator, "value": value, "status": status})
    return rows.assign(county_fips=pd.Series(pd.NA, index=rows.index, dtype="str"))


def _supplied(joined: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    brought = rows.set_index("county_fips")
    fips = joined["county_fips"]
    return pd.DataFrame(
        {
            "county_fips": fips,
            "state": joined["state"],
            "indicator": rows["indicator"].iloc[0],
            "value": fips.map(brought["value"]).astype("float64"),
            "status": fips.map(brought["status"]).fillna("not_reported"),
        }
    )


def _status(missing: pd.Series, known: str, reason: str) -> pd.Series:
    return pd.Series(np.where(missing, reason, known), index=missing.index, dtype="str")
