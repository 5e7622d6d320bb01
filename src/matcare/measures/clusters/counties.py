"""Clusters of a run: rates, minutes, and both together, one row a county."""

from __future__ import annotations

from typing import Any, Final, TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.clusters import AUTOCORRELATION, CLUSTERED, CLUSTERS
from matcare.measures.clusters.local import (
    PERMUTATIONS,
    Moran,
    bivariate_local_moran,
    gi_star,
    local_moran,
    moran,
)
from matcare.measures.clusters.standardised import eb_standardised
from matcare.measures.clusters.weights import contiguity

__all__ = ["FEWEST_ANALYSED", "PUBLISHED", "county_clusters", "national_rate"]

Floats = npt.NDArray[np.float64]

PUBLISHED: Final = ("published", "published_unreliable")
"""Standings of a rate that a cluster may stand on: not apportioned, not modelled."""

FEWEST_ANALYSED: Final = 30
"""Below, permutation tests with false-discovery control find next to nothing, and are not made."""


class _Test(TypedDict):
    permutations: int
    seed: int
    false_discovery: float
    threads: int | None


def national_rate(states: pd.DataFrame) -> float | None:
    """Return the nation's infant deaths per birth from the row ``US`` of contract `STATES_TABLE`; None without it."""
    row = states[(states["state"] == "US") & states["infant_deaths"].notna() & states["live_births"].notna()]
    return float(row["infant_deaths"].iloc[0] / row["live_births"].iloc[0]) if len(row) else None


def county_clusters(
    counties: pd.DataFrame,
    adjacency: pd.DataFrame,
    *,
    reference_rate: float | None,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    false_discovery: float = 0.05,
    threads: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the clusters of published rates, of minutes, and of rates with minutes around them.

    Weights are row-standardised contiguity among the counties that have the quantity: for rates, the published ones;
    for the bivariate test, a published county and all its neighbours that have minutes. Each of the seven searches
    controls its own false-discovery rate.

    Parameters
    ----------
    counties : pandas.DataFrame
        Contract `COUNTY_RESULTS`. Rates count with status ``published`` or ``published_unreliable`` only.
    adjacency : pandas.DataFrame
        Contract `ADJACENCY`.
    reference_rate : float or None
        Deaths per birth that rates are standardised by: :func:`national_rate`. None takes the published counties' own.
    permutations : int, default 9,999
        Of every test.
    seed : int
        Start of the random numbers.
    false_discovery : float, default 0.05
        Rate of false discoveries.
    threads : int, optional
        As many as there are cores without it; does not change the result.

    Returns
    -------
    clusters : pandas.DataFrame
        Contract `CLUSTERS`, in the order of `counties`.
    autocorrelation : pandas.DataFrame
        Contract `AUTOCORRELATION`.
    """
    test = _Test(permutations=permutations, seed=seed, false_discovery=false_discovery, threads=threads)
    minutes = {name: counties[name].to_numpy(dtype=np.float64) for name in CLUSTERED if name != "imr"}
    quantities = {"imr": _standardised_rates(counties, reference_rate), **minutes}
    columns: dict[str, Any] = {}
    rows = []
    for name, values in quantities.items():
        known = np.isfinite(values)
        neighbours = contiguity(adjacency, counties.loc[known, "county_fips"])
        # Too few to test are given as if nothing varied among them, which leaves all of them untested.
        tested = values[known] if known.sum() >= FEWEST_ANALYSED else np.zeros(int(known.sum()))
        columns |= _columns(name, "cluster", "local_moran", local_moran(tested, neighbours, **test), counties)
        columns |= _columns(name, "hot_spot", "gi_star", gi_star(tested, neighbours, **test), counties)
        whole = moran(tested, neighbours, permutations=permutations, seed=seed, threads=threads)
        rows.append(_autocorrelation(name, whole, permutations))
    columns |= _rate_and_minutes(counties, adjacency, quantities, test)
    table = pd.DataFrame({"county_fips": counties["county_fips"].to_numpy(), **columns})
    return table[CLUSTERS.names], pd.DataFrame(rows)[AUTOCORRELATION.names]


def _standardised_rates(counties: pd.DataFrame, reference_rate: float | None) -> Floats:
    """EB-standardised rates of the published counties, NaN elsewhere."""
    chosen = counties["imr_status"].isin(PUBLISHED).to_numpy() & (counties["live_births"].fillna(0) > 0).to_numpy()
    rates = np.full(len(counties), np.nan)
    part = counties[chosen]
    if len(part) and (reference_rate is not None or part["infant_deaths"].sum() > 0):
        rates[chosen] = eb_standardised(part["infant_deaths"], part["live_births"], reference_rate=reference_rate)
    return rates


def _rate_and_minutes(
    counties: pd.DataFrame, adjacency: pd.DataFrame, quantities: dict[str, Floats], test: _Test
) -> dict[str, Any]:
    rate, minutes = quantities["imr"], quantities["minutes_birth_care"]
    both = np.isfinite(rate) & np.isfinite(minutes)
    enough = both.sum() >= FEWEST_ANALYSED
    neighbours = contiguity(adjacency, counties["county_fips"])
    values = np.where(both, rate if enough else 0.0, np.nan)
    found = bivariate_local_moran(values, minutes, neighbours, **test)
    return _columns("imr_minutes", "cluster", "local_moran", found, counties)


def _columns(name: str, label: str, statistic: str, found: pd.DataFrame, counties: pd.DataFrame) -> dict[str, Any]:
    """Spread a test's frame over all counties; those without a value of their own say so."""
    spread = found.reindex(counties["county_fips"].to_numpy())
    labels = spread["label"].reset_index(drop=True)
    without = labels.isna() | (labels == "no_value")
    return {
        f"{label}_{name}": labels.mask(without, "no_rate").astype("str"),
        f"{statistic}_{name}": spread["statistic"].to_numpy(),
        f"{statistic}_{name}_p": spread["p"].to_numpy(),
    }


def _autocorrelation(name: str, whole: Moran, permutations: int) -> dict[str, Any]:
    return {
        "quantity": name,
        "counties": whole.places,
        "islands": whole.islands,
        "moran_i": whole.i,
        "expected": whole.expected,
        "p": whole.p,
        "permutations": permutations,
        "status": "tested" if np.isfinite(whole.i) else "too_few_counties",
    }
