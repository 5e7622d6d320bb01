"""The states table: totals (less what would give a small count back), payer of births, insurance, policies."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from matcare.contracts import STATES_TABLE
from matcare.errors import InputError
from matcare.geo import STATE_FIPS, STATES
from matcare.tables.outcomes import residual_disclosures
from matcare.tables.vintages import require_rows

__all__ = ["compile_states", "share_births_medicaid", "withhold_totals"]

_COUNTS: Final = ["infant_deaths", "live_births"]
_FROM_MEMORY: Final = "paid family leave and 12-month postpartum coverage: compiled from memory, unverified"
_KFF_DEFAULT: Final = "KFF default"
_EXPANSION_FROM_MEMORY: Final = "expansion date: from memory, unverified"


def compile_states(
    *,
    mortality: pd.DataFrame,
    outcomes: pd.DataFrame,
    measures: pd.DataFrame,
    payers: pd.DataFrame,
    expansion: pd.DataFrame,
    policies: pd.DataFrame,
    year: int = 2023,
) -> pd.DataFrame:
    """Compile the states table: the 50 states, the District of Columbia, Puerto Rico and the US.

    Parameters
    ----------
    mortality : pandas.DataFrame
        From :func:`matcare.sources.county_health_rankings.read_infant_mortality`: state and national rows.
    outcomes : pandas.DataFrame
        The compiled counties, against which totals are checked for what they would disclose.
    measures, expansion, policies : pandas.DataFrame
        From :mod:`matcare.sources.state_policies`.
    payers : pandas.DataFrame
        From :func:`matcare.sources.cdc.read_births_by_payer`.
    year : int
        Of the uninsured women and the payers.

    Returns
    -------
    pandas.DataFrame
        By the contract :data:`matcare.contracts.STATES_TABLE`.

    Raises
    ------
    InputError
        When a source lacks a state.
    """
    postal = {fips: state for state, fips in STATE_FIPS.items()} | {"00": "US"}
    totals = mortality[mortality["level"] != "county"]
    totals = totals.assign(state=totals["code"].str[:2].map(postal)).set_index("state")[_COUNTS]
    table = pd.DataFrame({"state": [*STATES, "US"], "state_name": [*STATES.values(), "United States"]}, dtype="str")
    insured = measures[(measures["measure"] == "Uninsured Women") & (measures["year"] == year)]
    stateside = [state for state in STATES if state != "PR"]
    for wanted, what, codes in (
        ([*stateside, "US"], "infant mortality, state rows", totals.index),
        ([*stateside, "US"], f"uninsured women of {year}", insured["state"]),
        (stateside, f"births by payer of {year}", payers.loc[payers["year"] == year, "state"]),
        (stateside, "Medicaid expansion", expansion["state"]),
        (stateside, "state policies", policies["state"]),
    ):
        require_rows(codes, wanted, what)
    table = table.join(totals, on="state")
    table = withhold_totals(table, outcomes)
    table["share_women_uninsured"] = (table["state"].map(insured.set_index("state")["value"]) / 100).round(6)
    table["share_births_medicaid"] = table["state"].map(share_births_medicaid(payers, year=year)).round(6)
    table = table.merge(expansion.drop(columns="note"), on="state", how="left", validate="one_to_one").merge(
        policies, on="state", how="left", validate="one_to_one"
    )
    dates_unverified = table["unverified"].fillna(value=False).astype(bool)
    notes = expansion.set_index("state")["note"].where(~expansion.set_index("state")["unverified"])
    table["policy_note"] = [
        "; ".join(part for part in parts if isinstance(part, str))
        for parts in zip(
            table["state"].map({"PR": "no policy in the sources", "US": "a nation has no state policy"}),
            table["state"].map(notes).map(_expansion_note, na_action="ignore"),
            dates_unverified.map({True: _EXPANSION_FROM_MEMORY}),
            table["medicaid_postpartum_12_months"].notna().map({True: _FROM_MEMORY}),
            table["note"],
            strict=True,
        )
    ]
    return STATES_TABLE.validate(table, where="states")[STATES_TABLE.names]


def _expansion_note(note: str) -> str:
    if note == _KFF_DEFAULT:
        return "expansion date: KFF, which names only the states that began after 1 January 2014"
    return f"expansion date: {note}" if note.startswith("KFF") else f"expansion: {note}"


def share_births_medicaid(payers: pd.DataFrame, *, year: int) -> pd.Series:
    """Return the share of births paid by Medicaid among births with a stated payer, by state and for ``US``.

    Parameters
    ----------
    payers : pandas.DataFrame
        ``year, state, payer, births``.
    year : int
        The year wanted.

    Returns
    -------
    pandas.Series
        Share 0-1 by postal code.

    Raises
    ------
    InputError
        When the export has no row of that year.
    """
    stated = payers[(payers["year"] == year) & (payers["payer"] != "Unknown or Not Stated")]
    if stated.empty:
        raise InputError(f"births by payer: no row of {year} in the export")
    stated = pd.concat([stated, stated.assign(state="US")])
    paid = stated[stated["payer"] == "Medicaid"].groupby("state")["births"].sum()
    return paid / stated.groupby("state")["births"].sum()


def withhold_totals(states: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Withhold the totals that would give a suppressed count back (complementary suppression).

    A state whose total less its published counties is a small count is withheld. The nation's total less the other
    states would give it back, so a second one is withheld with it: the state with the fewest unpublished counties
    (two at least), then the fewest unpublished deaths, whose own counties were the next to be guessed.

    Parameters
    ----------
    states : pandas.DataFrame
        ``state, infant_deaths, live_births`` with a row ``US``.
    outcomes : pandas.DataFrame
        By the contract ``outcomes``.

    Returns
    -------
    pandas.DataFrame
        With ``outcome_status``, and the totals of withheld states missing.

    Raises
    ------
    InputError
        When no choice of a second state hides the first.
    """
    table = states.copy()
    table["outcome_status"] = np.where(table["infant_deaths"].notna(), "published", "not_reported")
    withheld: list[str] = []
    while True:
        residuals = residual_disclosures(outcomes, table)
        disclosed = residuals[residuals["disclosed"]]
        if disclosed.empty:
            return table
        names = [name for name in disclosed["group"] if "+" not in name and name not in withheld]
        if not names:
            spare = residuals[(residuals["unpublished_counties"] > 1) & ~residuals["disclosed"]]
            spare = spare[~spare["group"].str.contains("+", regex=False)]
            if spare.empty:
                raise InputError(
                    "state totals: no second state can hide the one whose counties are nearly all published"
                )
            names = [spare.sort_values(["unpublished_counties", "residual_deaths"])["group"].iloc[0]]
        withheld += names
        hide = table["state"].isin(names)
        table.loc[hide, _COUNTS] = np.nan
        table.loc[hide, "outcome_status"] = "complementary"
