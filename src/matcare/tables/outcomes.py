"""Infant deaths and live births by county, and the check that nothing small can be worked out from what is stored.

Source: NCHS by way of County Health Rankings & Roadmaps (CC BY-NC-SA 4.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts import OUTCOMES
from matcare.disclosure import disclosed, feasible_ranges, is_small, relate
from matcare.errors import InputError
from matcare.geo import STATE_FIPS, convert_counts, state_of_county
from matcare.tables.vintages import require_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["compile_outcomes", "residual_disclosures"]

_MOST_SUPPRESSED_DEATHS: Final = 19
"""A county is left out of the source below 20 deaths, so a blank is known to be 0-19."""


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
    or when it pins the deaths of one county to 1-9, knowing that a suppressed county has 0-19.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        By the contract ``outcomes``. With columns ``deaths_at_least, deaths_at_most`` (a user's export) a county
        without a count has those bounds instead.
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
    blank = reported & ~published
    groups = _groups_with_a_total(sorted(set(state[reported])), states.set_index("state"))
    rows = []
    for names, total in groups:
        left = (total - parts.reindex(list(names)).fillna(0).sum()).round(6)
        rows.append(
            {
                "group": "+".join(names),
                "unpublished_counties": int((blank & state.isin(names)).sum()),
                "residual_deaths": float(left["infant_deaths"]),
                "residual_births": float(left["live_births"]),
            }
        )
    columns = ["group", "unpublished_counties", "residual_deaths", "residual_births"]
    table = pd.DataFrame(rows, columns=columns)
    small = is_small(table[["residual_deaths", "residual_births"]]).any(axis=1)
    return table.assign(disclosed=small | _pins_a_county(table, outcomes[blank], state[blank]))


def _groups_with_a_total(covered: list[str], totals: pd.DataFrame) -> list[tuple[Sequence[str], pd.Series]]:
    """Return each published state, and the withheld ones together, whose total is the nation's less the others'."""
    counts = totals[["infant_deaths", "live_births"]]
    groups: list[tuple[Sequence[str], pd.Series]] = []
    withheld = []
    for name in covered:
        if name in counts.index and counts.loc[name].notna().all():
            groups.append(([name], pd.Series(counts.loc[name])))
        else:
            withheld.append(name)
    if withheld and "US" in counts.index and counts.loc["US"].notna().all():
        others = counts.loc[[name for name in covered if name not in withheld]].sum()
        groups.append((withheld, pd.Series(counts.loc["US"] - others)))
    return groups


def _pins_a_county(groups: pd.DataFrame, blank: pd.DataFrame, state: pd.Series) -> npt.NDArray[np.bool_]:
    """Tell which residuals leave some county no choice but 1-9 deaths."""
    bounds = pd.DataFrame({"low": 0.0, "high": float(_MOST_SUPPRESSED_DEATHS)}, index=blank["county_fips"])
    bounds["high"] = bounds["high"].where((blank["outcome_status"] == "suppressed").to_numpy(), np.inf)
    for name, column in (("low", "deaths_at_least"), ("high", "deaths_at_most")):
        if column in blank:
            bounds[name] = blank[column].astype("float64").fillna(bounds[name].set_axis(blank.index)).to_numpy()
    pinned = np.zeros(len(groups), dtype=np.bool_)
    for number, (group, residual) in enumerate(zip(groups["group"], groups["residual_deaths"], strict=True)):
        own = bounds[state.isin(group.split("+")).to_numpy()]
        if own.empty or not own["low"].sum() <= residual <= own["high"].sum():
            continue  # then the bounds are not what the source's rule says, and nothing follows from them
        known = relate([(dict.fromkeys(own.index, 1.0), residual, residual)])
        # One relation alone: propagation is exact.
        ranges = feasible_ranges(known, own["low"], own["high"], programmes="none")
        pinned[number] = bool(disclosed(ranges, own).any())
    return pinned
