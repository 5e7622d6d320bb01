"""Infant deaths and live births by county, and the check that nothing small can be worked out from what is stored.

Source: NCHS by way of County Health Rankings & Roadmaps (CC BY-NC-SA 4.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.contracts import OUTCOMES
from matcare.errors import InputError
from matcare.geo import STATE_FIPS, convert_counts, state_of_county
from matcare.tables.vintages import require_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["compile_outcomes", "residual_disclosures"]

_MOST_SUPPRESSED_DEATHS: Final = 19
"""A county is left out of the source below 20 deaths, so a blank is known to be 0-19."""

_SMALL: Final = (1, 9)
"""Counts that may not leave the program."""


def compile_outcomes(mortality: pd.DataFrame, weights: pd.DataFrame, county_fips: pd.Series) -> pd.DataFrame:
    """Compile the outcomes table.

    Connecticut's eight legacy counties are all published; their counts are moved to the nine planning regions by
    women 15-44 and stay unrounded, so that the regions add up to the state.

    Parameters
    ----------
    mortality : pandas.DataFrame
        From :func:`matcare.sources.county_health_rankings.read_infant_mortality`.
    weights : pandas.DataFrame
        ``old, new, weight`` of Connecticut.
    county_fips : pandas.Series
        The counties of 2024.

    Returns
    -------
    pandas.DataFrame
        By the contract :data:`matcare.contracts.OUTCOMES`.

    Raises
    ------
    InputError
        When a published county is neither a county of 2024 nor named by the weights, or when a county of the states
        has no row.
    """
    rows = mortality[(mortality["level"] == "county") & ~mortality["not_in_this_vintage"]].set_index("code")
    require_rows(rows.index, weights["old"], "infant mortality by county, Connecticut's legacy counties")
    moved = {
        name: convert_counts(rows[name], weights, old="old", new="new", weight="weight")
        for name in ("infant_deaths", "live_births")
    }
    unknown = sorted(set(moved["infant_deaths"].index) - set(county_fips))
    if unknown:
        raise InputError(f"infant mortality of county {unknown[0]}: no such county in 2024, and no weights to move it")
    stateside = county_fips[county_fips.str[:2] != STATE_FIPS["PR"]]
    require_rows(moved["infant_deaths"].index, stateside, "infant mortality by county")
    codes = pd.Series(sorted(county_fips), dtype="str")
    table = pd.DataFrame({"county_fips": codes, **{name: codes.map(values) for name, values in moved.items()}})
    known = table["infant_deaths"].notna()
    status = pd.Series("not_reported", index=table.index, dtype="str")
    status = status.mask(codes.isin(moved["infant_deaths"].index) & ~known, "suppressed").mask(known, "published")
    table["outcome_status"] = status.mask(known & codes.isin(weights["new"]), "apportioned")
    return OUTCOMES.validate(table, where="outcomes")[OUTCOMES.names]


def residual_disclosures(outcomes: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Work out what a reader could work out: totals less their published parts.

    Each published state gives the sum over its unpublished counties. The nation gives the sum over those of all the
    states that are withheld together. A residual is a disclosure when it is itself a count of 1-9 births or deaths,
    or when it pins the deaths of one county to 1-9, knowing that an unpublished county has 0-19.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        By the contract ``outcomes``.
    states : pandas.DataFrame
        By the contract ``states``: ``state, infant_deaths, live_births``, with a row ``US``.

    Returns
    -------
    pandas.DataFrame
        One row a group whose residual can be worked out: ``group`` (states joined by ``+``), ``unpublished_counties,
        residual_deaths, residual_births, disclosed``.
    """
    state = state_of_county(outcomes["county_fips"])
    reported = outcomes["outcome_status"] != "not_reported"
    published = outcomes["infant_deaths"].notna()
    parts = outcomes[["infant_deaths", "live_births"]].groupby(state).sum()
    blank = (reported & ~published).groupby(state).sum()
    totals = states.set_index("state")[["infant_deaths", "live_births"]]
    nation = totals.loc["US"] if "US" in totals.index else None
    covered = sorted(set(state[reported]))
    groups: list[tuple[Sequence[str], pd.Series]] = []
    withheld = []
    for name in covered:
        if name in totals.index and totals.loc[name].notna().all():
            groups.append(([name], pd.Series(totals.loc[name])))
        else:
            withheld.append(name)
    if withheld and nation is not None and nation.notna().all():
        others = totals.loc[[name for name in covered if name not in withheld]].sum()
        groups.append((withheld, pd.Series(nation - others)))
    rows = []
    for names, total in groups:
        left = (total - parts.reindex(list(names)).fillna(0).sum()).round(6)
        cells = int(blank.reindex(list(names)).fillna(0).sum())
        rows.append(
            {
                "group": "+".join(names),
                "unpublished_counties": cells,
                "residual_deaths": float(left["infant_deaths"]),
                "residual_births": float(left["live_births"]),
                "disclosed": _discloses(float(left["infant_deaths"]), float(left["live_births"]), cells),
            }
        )
    columns = ["group", "unpublished_counties", "residual_deaths", "residual_births", "disclosed"]
    return pd.DataFrame(rows, columns=columns)


def _discloses(deaths: float, births: float, cells: int) -> bool:
    low, high = _SMALL
    if low <= deaths <= high or low <= births <= high:
        return True
    if cells == 0:
        return False
    least = max(0.0, deaths - _MOST_SUPPRESSED_DEATHS * (cells - 1))
    most = min(float(_MOST_SUPPRESSED_DEATHS), deaths)
    return low <= least and most <= high
