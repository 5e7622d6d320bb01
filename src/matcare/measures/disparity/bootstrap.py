"""Resampling counties within their state: intervals that say how much a figure hangs on which counties stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.geo import STATE_FIPS
from matcare.travel.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["REPLICATIONS", "concentration_replicates", "percentile_limits", "resample_counties"]

REPLICATIONS: Final = 1000
"""Replications of the bootstrap unless another number is asked for."""

_TAIL: Final = 0.025
_MOST_UNDEFINED: Final = 0.05
"""Where a larger share of replications than this has no value, no interval is given."""


def resample_counties(states: npt.ArrayLike, *, seed: int, replications: int = REPLICATIONS) -> npt.NDArray[np.int32]:
    """Draw counties with replacement within each state, as often as the state has counties.

    Each state has a generator of its own, seeded by `seed` and its FIPS code: a run of one state and the nation's draw
    the same for that state. A state of one county always draws it, so it adds no variation.

    Parameters
    ----------
    states : array_like of str, shape (n,)
        Postal code of each county; the counties' order within a state matters.
    seed : int
        Not negative.
    replications : int, default 1000
        At least 2.

    Returns
    -------
    numpy.ndarray of int32, shape (replications, n)
        How often each county was drawn; adds up, within each state, to the state's counties.

    Raises
    ------
    ValueError
        When `seed` is negative or there are fewer than two replications.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap (1993), chapters 8 and 13: strata and percentile limits.

    Examples
    --------
    >>> drawn = resample_counties(["ND", "ND", "ND", "DC"], seed=1, replications=500)
    >>> drawn.shape, set(drawn[:, :3].sum(axis=1).tolist()), set(drawn[:, 3].tolist())
    ((500, 4), {3}, {1})
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; it should be 0 or more")
    if replications < 2:  # noqa: PLR2004 - limits need two values
        raise ValueError(f"replications are {replications}; there should be 2 or more, 1,000 for 95 % limits")
    labels = np.asarray(states, dtype=str)
    drawn = np.empty((replications, labels.size), dtype=np.int32)
    for state in np.unique(labels):
        places = np.flatnonzero(labels == state)
        generator = np.random.default_rng([seed, int(STATE_FIPS[str(state)])])
        chosen = generator.integers(places.size, size=(replications, places.size))
        chosen += places.size * np.arange(replications)[:, None]
        counts = np.bincount(chosen.ravel(), minlength=replications * places.size)
        drawn[:, places] = counts.reshape(replications, places.size)
    return drawn


def percentile_limits(
    replicates: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the 2.5th and 97.5th percentile of each column.

    Parameters
    ----------
    replicates : numpy.ndarray of float64, shape (replications, k)
        NaN where a replication has no value.

    Returns
    -------
    low, high : numpy.ndarray of float64, shape (k,)
        NaN for a column of which more than a twentieth has no value.

    Examples
    --------
    >>> low, high = percentile_limits(np.arange(1001.0)[:, None])
    >>> low.tolist(), high.tolist()
    ([25.0], [975.0])
    """
    ordered = np.sort(np.ascontiguousarray(replicates.T), axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    limits = []
    for share in (_TAIL, 1 - _TAIL):
        place = share * np.maximum(known - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(known - 1, 0))
        rows = np.arange(ordered.shape[0])
        with np.errstate(invalid="ignore"):
            value = ordered[rows, below] + (place - below) * (ordered[rows, above] - ordered[rows, below])
        limits.append(np.where(known >= (1 - _MOST_UNDEFINED) * ordered.shape[1], value, np.nan))
    return limits[0], limits[1]


@compiled
def _ranked(
    order: npt.NDArray[np.int64],
    tie: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    drawn: npt.NDArray[np.int32],
    index: npt.NDArray[np.float64],
    mean: npt.NDArray[np.float64],
) -> None:
    for b in range(drawn.shape[0]):
        below, total, ranked = 0.0, 0.0, 0.0
        k = 0
        while k < order.size:
            first, weight, product = tie[k], 0.0, 0.0
            while k < order.size and tie[k] == first:
                i = order[k]
                weight += drawn[b, i] * weights[i]
                product += drawn[b, i] * weights[i] * values[i]
                k += 1
            ranked += product * (below + weight / 2)
            below += weight
            total += product
        index[b] = 2 * ranked / (below * total) - 1
        mean[b] = total / below


def concentration_replicates(
    values: npt.NDArray[np.float64],
    position: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    drawn: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Concentration index and mean of every replication, ranks worked out anew in each.

    Parameters
    ----------
    values, position, weights : numpy.ndarray of float64, shape (n,)
        Without missing values; see :func:`matcare.measures.disparity.inequality.concentration_index`. With `position`
        the values themselves, the index is the Gini coefficient.
    drawn : numpy.ndarray of int32, shape (replications, n)
        From :func:`resample_counties`.

    Returns
    -------
    index, mean : numpy.ndarray of float64, shape (replications,)
        NaN where nothing was drawn or the mean is zero.
    """
    order = np.argsort(position, kind="stable")
    ranked = position[order]
    tie = np.cumsum(np.r_[0, (ranked[1:] != ranked[:-1]).astype(np.int64)]) if ranked.size else order
    index, mean = np.empty(drawn.shape[0]), np.empty(drawn.shape[0])
    _ranked(order, tie, weights, values, drawn, index, mean)
    return np.where(np.isfinite(index), index, np.nan), np.where(np.isfinite(mean), mean, np.nan)
