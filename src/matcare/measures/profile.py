"""Socio-ecological profile of the mother-infant dyad: percentiles of concern, and an index for each of four levels.

The index describes a place, not the persons in it, and says nothing of cause. It is not for ranking: counties are not
put in an order by it, and neither tribal nations nor American Indian and Alaska Native people are ranked at all; the
data about them are theirs (tribal data sovereignty), and shares of people by race are no indicator here. Infant
mortality is the outcome beside which the profile stands, so it is not in it, and neither is any modelled rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.indicators import DEFINITIONS, INDICATOR_CATALOG, INDICATORS
from matcare.contracts.outcome_columns import PROFILE_LEVELS
from matcare.measures.percentiles import FEWEST_RANKED, percentile_of_concern, percentiles_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from matcare.contracts.indicators import Indicator

__all__ = ["MOST_MISSING", "county_profile", "indicator_catalog", "indicator_table", "level_indices", "profile"]

FEWEST_IN_NATION: Final = 30
"""Counties that an indicator of the user's needs for a national percentile: three counties are no nation."""

MOST_MISSING: Final = 0.25
"""A level's index is withheld when a larger share of its inputs is missing; exactly a quarter is still shown."""

_VALUE_DIGITS: Final = 4
_PERCENTILE_DIGITS: Final = 1
_SLACK: Final = 1e-9


def profile(
    values: pd.DataFrame,
    definitions: Sequence[Indicator] = DEFINITIONS,
    *,
    reference: pd.DataFrame | None = None,
    fewest: int = FEWEST_RANKED,
    fewest_in_nation: int = FEWEST_IN_NATION,
) -> pd.DataFrame:
    """Put percentiles and definitions beside the values.

    Parameters
    ----------
    values : pandas.DataFrame
        From :func:`matcare.measures.indicator_values.indicator_values`.
    definitions : sequence of Indicator
        What the indicators are; rows of others are left out.
    reference : pandas.DataFrame, optional
        National values in the same form, to rank among when the counties of `values` are of fewer states. An indicator
        that it lacks has no national percentile. Without it `values` are the nation.
    fewest : int
        Counties with a value that a state needs for percentiles within it.
    fewest_in_nation : int
        Counties with a value that an indicator of the user's needs for percentiles in the nation.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, state, indicator, level, value, unit, direction, percentile_nation, percentile_state,
        percentile_reason, status, missing_share`` (of the indicator, over the places of `values`). Counties are
        ranked among counties, each once and unweighted, states among states.
    """
    known = {entry.id: entry for entry in definitions}
    # What is printed is what is ranked: two counties that both print 1 are tied.
    values = values.assign(value=values["value"].round(_VALUE_DIGITS))
    if reference is not None:
        reference = reference.assign(value=reference["value"].round(_VALUE_DIGITS))
    table = values[values["indicator"].isin(list(known))].reset_index(drop=True)
    for name in ("level", "unit", "direction"):
        table[name] = table["indicator"].map({key: str(getattr(entry, name)) for key, entry in known.items()})
    table["percentile_nation"] = _national(table, table if reference is None else reference, known, fewest_in_nation)
    of_county = table["county_fips"].notna()
    ranked = table[of_county]
    table["percentile_state"] = percentiles_within(
        ranked["value"], ranked["direction"], [ranked["indicator"], ranked["state"]], fewest=fewest
    ).reindex(table.index)
    table["percentile_reason"] = np.select(
        [
            table["value"].isna(),
            table["direction"] == "context",
            table["percentile_nation"].isna(),
            ~of_county,
            table["percentile_state"].isna(),
        ],
        ["no_value", "no_direction", "no_reference", "state_value", "too_few_counties"],
        "ranked",
    )
    missing = table["value"].isna().groupby(table["indicator"]).mean()
    table["missing_share"] = table["indicator"].map(missing).astype("float64")
    columns = ["county_fips", "state", "indicator", "level", "value", "unit", "direction", "percentile_nation"]
    return table[[*columns, "percentile_state", "percentile_reason", "status", "missing_share"]]


def _national(
    table: pd.DataFrame, reference: pd.DataFrame, known: dict[str, Indicator], fewest: int
) -> npt.NDArray[np.float64]:
    result = np.full(len(table), np.nan)
    among = dict(iter(reference.groupby("indicator")["value"]))
    for indicator, rows in table.groupby("indicator").indices.items():
        national = among.get(indicator)
        if national is not None and national.notna().sum() >= (fewest if known[str(indicator)].gap else 1):
            result[rows] = percentile_of_concern(
                table["value"].to_numpy(dtype=np.float64)[rows],
                direction=known[str(indicator)].direction,
                reference=national.to_numpy(dtype=np.float64),
            )
    return result


def level_indices(
    profiled: pd.DataFrame,
    counties: pd.DataFrame,
    definitions: Sequence[Indicator] = DEFINITIONS,
    *,
    most_missing: float = MOST_MISSING,
) -> pd.DataFrame:
    """Compute the index of each level and overall, one row a county.

    An index is the unweighted mean of the national percentiles of the level's inputs that are there; it is withheld
    when more than `most_missing` of the inputs are missing. Overall is the mean of the four levels, each counting once,
    and is withheld when one of them is: a mean over other levels would not be the same thing.

    Parameters
    ----------
    profiled : pandas.DataFrame
        From :func:`profile`.
    counties : pandas.DataFrame
        ``county_fips, state``.
    definitions : sequence of Indicator
        Those with ``in_index`` are the inputs.
    most_missing : float
        Share of a level's inputs.

    Returns
    -------
    pandas.DataFrame
        ``county_fips``, ``profile_<level>``, ``profile_overall`` (0-100), ``profile_missing`` (in words; ``none``), in
        the order of `counties`.
    """
    inputs = [entry for entry in definitions if entry.in_index]
    percentiles = _inputs(profiled, counties, inputs)
    result = pd.DataFrame({"county_fips": counties["county_fips"].to_numpy()})
    for level in PROFILE_LEVELS:
        columns = [position for position, entry in enumerate(inputs) if entry.level == level]
        result[f"profile_{level}"] = _index(percentiles[:, columns], most_missing).round(_PERCENTILE_DIGITS)
    levels = result[[f"profile_{level}" for level in PROFILE_LEVELS]]
    result["profile_overall"] = levels.mean(axis=1, skipna=False).round(_PERCENTILE_DIGITS)
    result["profile_missing"] = _words(np.isnan(percentiles), levels.isna().to_numpy(), inputs)
    return result


def _inputs(profiled: pd.DataFrame, counties: pd.DataFrame, inputs: Sequence[Indicator]) -> npt.NDArray[np.float64]:
    matrix = np.full((len(counties), len(inputs)), np.nan)
    groups = profiled.groupby("indicator").indices
    for position, entry in enumerate(inputs):
        if entry.id not in groups:
            continue
        rows = profiled.iloc[groups[entry.id]]
        key = "county_fips" if entry.geography == "county" else "state"
        percentile = pd.Series(rows["percentile_nation"].to_numpy(), index=rows[key].to_numpy())
        matrix[:, position] = percentile.reindex(counties[key].to_numpy()).to_numpy()
    return matrix


def _index(percentiles: npt.NDArray[np.float64], most_missing: float) -> npt.NDArray[np.float64]:
    size = percentiles.shape[1]
    there = (~np.isnan(percentiles)).sum(axis=1)
    shown = (there > 0) & (size - there <= most_missing * size + _SLACK)
    return np.where(shown, np.nansum(percentiles, axis=1) / np.where(there > 0, there, 1), np.nan)


def _words(
    missing: npt.NDArray[np.bool_], withheld: npt.NDArray[np.bool_], inputs: Sequence[Indicator]
) -> npt.NDArray[np.object_]:
    """Say what is missing; counties share few patterns, so each is written once."""
    patterns, which = np.unique(np.column_stack([missing, withheld]), axis=0, return_inverse=True)
    texts = []
    for pattern in patterns:
        absent = [entry.id for entry, gone in zip(inputs, pattern, strict=False) if gone]
        levels = [level for level, gone in zip(PROFILE_LEVELS, pattern[len(inputs) :], strict=True) if gone]
        text = ", ".join(absent) or "none"
        texts.append(f"{text}; withheld: {', '.join(levels)}, overall" if levels else text)
    return np.array(texts, dtype=object)[which.ravel()]


def indicator_table(profiled: pd.DataFrame) -> pd.DataFrame:
    """Return the profile as ``indicators.csv`` has it: rounded, definitions left to the catalog.

    Parameters
    ----------
    profiled : pandas.DataFrame
        From :func:`profile`.

    Returns
    -------
    pandas.DataFrame
        Contract `INDICATORS`, by state and county; a state's rows come before its counties'. Rows of states without a
        county in `profiled` are left out.
    """
    of_county = profiled["county_fips"].notna()
    here = profiled[of_county | profiled["state"].isin(profiled.loc[of_county, "state"])]
    table = here.assign(
        value=here["value"].round(_VALUE_DIGITS),
        percentile_nation=here["percentile_nation"].round(_PERCENTILE_DIGITS),
        percentile_state=here["percentile_state"].round(_PERCENTILE_DIGITS),
    )
    table = table.sort_values(["state", "county_fips"], na_position="first", kind="stable", ignore_index=True)
    return table[INDICATORS.names]


def indicator_catalog(profiled: pd.DataFrame, definitions: Sequence[Indicator] = DEFINITIONS) -> pd.DataFrame:
    """Return what the indicators are, how much of each is missing, and the gaps.

    Parameters
    ----------
    profiled : pandas.DataFrame
        From :func:`profile`.
    definitions : sequence of Indicator
        In the order wanted.

    Returns
    -------
    pandas.DataFrame
        Contract `INDICATOR_CATALOG`. A gap that nobody filled has a missing share of 1.
    """
    places = profiled.groupby("indicator").size()
    missing = profiled.groupby("indicator")["missing_share"].first()
    counties = profiled["county_fips"].nunique()
    rows = [
        {
            "indicator": entry.id,
            "level": entry.level,
            "label": entry.label,
            "direction": entry.direction,
            "unit": entry.unit,
            "geography": entry.geography,
            "in_index": entry.in_index,
            "gap": entry.gap,
            "places": int(places.get(entry.id, counties)),
            "missing_share": round(float(missing.get(entry.id, 1.0)), _VALUE_DIGITS),
            "source": entry.source if entry.id in places.index or not entry.gap else "no public source",
            "vintage": entry.vintage if entry.id in places.index or not entry.gap else "none",
            "how": entry.how,
            "disclosure": entry.disclosure or None,
        }
        for entry in definitions
    ]
    return pd.DataFrame(rows, columns=INDICATOR_CATALOG.names)


def county_profile(profiled: pd.DataFrame, county_fips: str) -> pd.DataFrame:
    """Return every indicator of one county, its state's values among them, by level.

    Parameters
    ----------
    profiled : pandas.DataFrame
        From :func:`profile`.
    county_fips : str
        Five digits.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`profile`; one row an indicator.

    Raises
    ------
    KeyError
        When `profiled` has no such county.
    """
    own = profiled["county_fips"] == county_fips
    if not own.any():
        raise KeyError(county_fips)
    state = profiled.loc[own, "state"].iloc[0]
    rows: pd.DataFrame = profiled[own | (profiled["county_fips"].isna() & (profiled["state"] == state))]
    return pd.concat([rows[rows["level"] == level] for level in PROFILE_LEVELS], ignore_index=True)
