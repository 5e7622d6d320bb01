"""Access of whole places, a county, a state or the nation, weighted by women."""

from __future__ import annotations

import numpy as np
import pandas as pd

from matcare.contracts import BASELINE_ACCESS, COVERAGE_MINUTES, SERVICES
from matcare.geo import state_of_county

__all__ = ["access_of_places", "access_of_states"]


def access_of_places(block_groups: pd.DataFrame, place: pd.Series) -> pd.DataFrame:
    """Return women-weighted minutes and coverage of every service, by place.

    Parameters
    ----------
    block_groups : pandas.DataFrame
        ``women_15_44`` and ``minutes_<service>`` of :data:`matcare.contracts.BLOCK_GROUPS`; no women where not known.
    place : pandas.Series of str
        Aligned with `block_groups`: what place each row belongs to.

    Returns
    -------
    pandas.DataFrame
        ``place, service, women_15_44, minutes, share_women_within_30`` … ``_90``, ``share_women_without_minutes``;
        places in order of their names, services in order of :data:`matcare.contracts.SERVICES`. A place without women
        has no row. Where no hospital of any woman's state has a reported level, the shares of that service are missing:
        unknown, not zero. A place that reaches beyond such a state counts its women as not within: a floor.
    """
    women = block_groups["women_15_44"].fillna(0.0).to_numpy(dtype="float64")
    codes, names = pd.factorize(place, sort=True)

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=values, minlength=len(names))

    everyone = sums(women)
    frames = []
    for order, service in enumerate(SERVICES):
        minutes = block_groups[f"minutes_{service}"].to_numpy(dtype="float64")
        known = np.isfinite(minutes)
        with_minutes = sums(women * known)
        told = _told(block_groups, service)
        women_told = np.where(sums(women * told) > 0, everyone, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            frame = pd.DataFrame({
                "place": names.astype("str"),
                "service": service,
                "women_15_44": everyone,
                "minutes": sums(women * np.where(known, minutes, 0.0)) / with_minutes,
                **{
                    f"share_women_within_{limit}": sums(women * (minutes <= limit)) / women_told
                    for limit in COVERAGE_MINUTES
                },
                "share_women_without_minutes": 1.0 - with_minutes / women_told,
                "_order": order,
            })  # fmt: skip
        frames.append(frame[everyone > 0])
    table = pd.concat(frames, ignore_index=True).sort_values(["place", "_order"], ignore_index=True)
    shares = [name for name in table.columns if name.startswith("share_")]
    table[shares] = table[shares].clip(0.0, 1.0)  # sums of floats may end beyond by a hair
    return table[BASELINE_ACCESS.names]


def _told(block_groups: pd.DataFrame, service: str) -> np.ndarray:
    """Tell for whom the service's nearest unit can be known at all."""
    reason = f"reason_{service}"
    if reason not in block_groups.columns:
        return np.ones(len(block_groups), dtype=bool)
    return (block_groups[reason] != "level_not_reported").to_numpy(dtype=bool)


def access_of_states(block_groups: pd.DataFrame, *, nation: bool) -> pd.DataFrame:
    """Return :func:`access_of_places` of every state, and of the nation as ``US`` when all of it is there.

    Parameters
    ----------
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`.
    nation : bool
        Whether the table covers the nation.

    Returns
    -------
    pandas.DataFrame
    """
    tables = [access_of_places(block_groups, state_of_county(block_groups["county_fips"]))]
    if nation:
        tables.insert(0, access_of_places(block_groups, pd.Series("US", index=block_groups.index)))
    return pd.concat(tables, ignore_index=True)
