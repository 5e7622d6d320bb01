"""Moran's I of the whole, and the local statistics that say where: local Moran, its bivariate form, and Gi*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.measures.clusters.false_discovery import benjamini_hochberg
from matcare.measures.clusters.permutation import doubled_tail, drawn_sums, shuffled_products

if TYPE_CHECKING:
    from matcare.measures.clusters.weights import Neighbours

__all__ = ["PERMUTATIONS", "Moran", "bivariate_local_moran", "gi_star", "local_moran", "moran"]

Floats = npt.NDArray[np.float64]

PERMUTATIONS: Final = 9_999
"""Fine enough for false-discovery control: of 3,200 tests, 13 at the least possible p (0.0002) are significant."""

_FEWEST: Final = 3
"""A statistic of variation among fewer places says nothing."""


@dataclass(frozen=True, kw_only=True)
class Moran:
    """Moran's I with its test.

    Attributes
    ----------
    i : float
        The statistic; NaN where there is nothing to compute it from.
    expected : float
        Its mean over random arrangements, −1/(n − 1) where no place is an island.
    p : float
        Two-sided pseudo p of the permutations.
    places, islands : int
        Places with a value, and those of them without a neighbour.
    """

    i: float
    expected: float
    p: float
    places: int
    islands: int


def moran(
    values: npt.ArrayLike,
    neighbours: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    threads: int | None = None,
) -> Moran:
    """Global Moran's I with row-standardised weights and a permutation test.

    I = (n/S)·Σ z_i·z̄_i / Σ z_i², where z̄_i is the mean over the neighbours of i and S the number of places that have
    any. Islands count in n and in the mean and add nothing to the sum of products.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        No missing ones.
    neighbours : Neighbours
        Of the same places in the same order.
    permutations : int, default 9,999
        Random arrangements of the values.
    seed : int
        Start of the random numbers.
    threads : int, optional
        As many as there are cores without it; does not change the result.

    Returns
    -------
    Moran
        NaN throughout where fewer than three places have a value or all are equal.

    Raises
    ------
    ValueError
        When a value is missing or the lengths differ.

    References
    ----------
    Moran PAP. Notes on continuous stochastic phenomena. Biometrika 1950; 37:17-23.
    Cliff AD, Ord JK. Spatial processes: models and applications. Pion, 1981.
    """
    y = _complete(values, neighbours)
    islands = int((neighbours.counts == 0).sum())
    z = y - y.mean() if len(y) else y
    squares = float((z**2).sum())
    if len(y) < _FEWEST or islands == len(y) or not squares > 0 or np.ptp(y) == 0:
        return Moran(i=np.nan, expected=np.nan, p=np.nan, places=len(y), islands=islands)
    scale = len(y) / (len(y) - islands) / squares
    observed = float((z * np.nan_to_num(neighbours.means(z))).sum()) * scale
    drawn = scale * shuffled_products(
        z, neighbours.start, neighbours.index, permutations=permutations, seed=seed, threads=threads
    )
    tie = 1e-12  # the order of addition moves the last digits of equal arrangements
    low, high = int((drawn <= observed + tie).sum()), int((drawn >= observed - tie).sum())
    p = float(doubled_tail(low, high, permutations))
    return Moran(i=observed, expected=-1 / (len(y) - 1), p=p, places=len(y), islands=islands)


def local_moran(
    values: npt.ArrayLike,
    neighbours: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    false_discovery: float = 0.05,
    threads: int | None = None,
) -> pd.DataFrame:
    """Local Moran's I of each place with conditional permutation and false-discovery control.

    I_i = (n − 1)·z_i·z̄_i / Σ z², as esda has it. The place keeps its value while the others are shuffled.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        No missing ones.
    neighbours : Neighbours
        Of the same places in the same order.
    permutations, seed, threads : int
        As in :func:`moran`.
    false_discovery : float, default 0.05
        The false-discovery rate (Benjamini-Hochberg over the places that have a neighbour).

    Returns
    -------
    pandas.DataFrame
        Indexed by code: ``statistic``; ``lag`` (mean of the neighbours' standardised values); ``quadrant``
        (``high_high, low_high, low_low, high_low``: the place, then its neighbours, against the mean of the places
        analysed); ``p`` (two-sided pseudo p); ``significant``; ``label`` (the quadrant where significant, else
        ``not_significant`` or ``no_neighbour``).

    Raises
    ------
    ValueError
        When a value is missing or the lengths differ.

    References
    ----------
    Anselin L. Local indicators of spatial association: LISA. Geographical Analysis 1995; 27:93-115.
    """
    y = _complete(values, neighbours)
    return bivariate_local_moran(
        y,
        y,
        neighbours,
        permutations=permutations,
        seed=seed,
        false_discovery=false_discovery,
        threads=threads,
    )


def bivariate_local_moran(
    values: npt.ArrayLike,
    around: npt.ArrayLike,
    neighbours: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    false_discovery: float = 0.05,
    threads: int | None = None,
) -> pd.DataFrame:
    """Local Moran of a place's value against another quantity around it.

    I_i = (n − 1)·x_i·ȳ_i / Σ x², x and y standardised. It says that a high (or low) value has much (or little) of the
    other quantity around it; it does not say that the two go together within the place.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        The place's own. A missing one gives no statistic, but the place's `around` still counts for its neighbours.
    around : array_like of float, shape (n,)
        The quantity of the neighbours. A missing one is left out of the neighbours.
    neighbours, permutations, seed, false_discovery, threads
        As in :func:`local_moran`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`local_moran`; rows without a value have NaN, label ``no_value``.

    Raises
    ------
    ValueError
        When the lengths differ or a value is infinite.

    References
    ----------
    Anselin L, Syabri I, Smirnov O. Visualizing multivariate spatial correlation with dynamically linked windows. 2002.
    """
    x, y = np.asarray(values, dtype=np.float64), np.asarray(around, dtype=np.float64)
    if x.shape != (len(neighbours),) or y.shape != x.shape or np.isinf(x).any() or np.isinf(y).any():
        raise ValueError("one finite or missing value a place is expected, in the order of the neighbours")
    has_x, has_y = np.isfinite(x), np.isfinite(y)
    known = neighbours.among(has_y)
    tested = has_x & (known.counts > 0)
    if has_x.sum() < _FEWEST or has_y.sum() < _FEWEST or np.ptp(x[has_x]) == 0 or np.ptp(y[has_y]) == 0:
        return _untested(neighbours, has_x)
    zx, zy = _standard(x, has_x), _standard(y, has_y)
    lag = known.means(zy)
    statistic = np.where(tested, (has_x.sum() - 1) * zx * lag / np.nansum(zx**2), np.nan)
    low, high = drawn_sums(
        zy[has_y],
        np.where(tested, known.counts, 0),
        known.sums(zy),
        own=np.where(has_y, np.cumsum(has_y) - 1, -1),
        permutations=permutations,
        seed=seed,
        threads=threads,
    )
    p = np.where(tested, doubled_tail(low, high, permutations), np.nan)
    names = np.where(zx > 0, np.where(lag > 0, "high_high", "high_low"), np.where(lag > 0, "low_high", "low_low"))
    return _labelled(neighbours, statistic, lag, np.where(tested, names, ""), p, has_x, false_discovery)


def gi_star(
    values: npt.ArrayLike,
    neighbours: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    false_discovery: float = 0.05,
    threads: int | None = None,
) -> pd.DataFrame:
    """Getis-Ord Gi* of each place: whether the place and its neighbours together are high or low.

    z = (Σ y_j/(k+1) − ȳ)/√(s²·(n/(k+1) − 1)/(n − 1)), the sum over the place and its k neighbours. The test draws k + 1
    of all n values, the place's own among them, since Gi* counts it: with few neighbours and skewed rates the normal
    approximation does not hold. (A conditional permutation would keep the own value, and is the test of local Moran.)

    Parameters
    ----------
    values, neighbours, permutations, seed, false_discovery, threads
        As in :func:`local_moran`.

    Returns
    -------
    pandas.DataFrame
        Indexed by code: ``statistic`` (the z of Ord and Getis), ``p`` (two-sided pseudo p), ``significant``, ``label``
        (``hot_spot, cold_spot, not_significant, no_neighbour``).

    Raises
    ------
    ValueError
        When a value is missing or the lengths differ.

    References
    ----------
    Ord JK, Getis A. Local spatial autocorrelation statistics: distributional issues and an application. Geographical
    Analysis 1995; 27:286-306.
    """
    y = _complete(values, neighbours)
    n, counts = len(y), neighbours.counts
    has = np.ones(n, dtype=np.bool_)
    if n < _FEWEST or np.ptp(y) == 0:
        return _untested(neighbours, has).drop(columns=["lag", "quadrant"])
    tested = counts > 0
    z = _standard(y, has)
    sums = z + neighbours.sums(z)
    members = counts + 1
    variance = (n / members - 1) / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(tested & (variance > 0), sums / members / np.sqrt(variance), np.nan)
    low, high = drawn_sums(
        z,
        np.where(tested, members, 0),
        sums,
        own=np.full(n, -1),
        permutations=permutations,
        seed=seed,
        threads=threads,
    )
    p = np.where(tested, doubled_tail(low, high, permutations), np.nan)
    names = np.where(tested, np.where(sums > 0, "hot_spot", "cold_spot"), "")
    frame = _labelled(neighbours, statistic, sums, names, p, has, false_discovery)
    return frame.drop(columns=["lag", "quadrant"])


def _labelled(
    neighbours: Neighbours,
    statistic: Floats,
    lag: Floats,
    names: npt.NDArray[np.str_],
    p: Floats,
    has_value: npt.NDArray[np.bool_],
    false_discovery: float,
) -> pd.DataFrame:
    significant = benjamini_hochberg(p, rate=false_discovery)
    tested = np.isfinite(p)
    label = np.where(significant, names, np.where(tested, "not_significant", "no_neighbour"))
    return pd.DataFrame(
        {
            "statistic": statistic,
            "lag": np.where(tested, lag, np.nan),
            "quadrant": pd.Series(names, dtype="str").where(tested).to_numpy(),
            "p": p,
            "significant": significant,
            "label": pd.array(np.where(has_value, label, "no_value"), dtype="str"),
        },
        index=pd.Index(neighbours.codes, name="county_fips"),
    )


def _untested(neighbours: Neighbours, has_value: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """All places where there is no variation to test: nothing is significant, and an island is an island still."""
    nothing = np.full(len(neighbours), np.nan)
    frame = _labelled(neighbours, nothing, nothing, np.full(len(neighbours), ""), nothing, has_value, 0.5)
    varies = (frame["label"] == "no_neighbour") & (neighbours.counts > 0)
    return frame.assign(label=frame["label"].mask(varies, "not_significant"))


def _complete(values: npt.ArrayLike, neighbours: Neighbours) -> Floats:
    y = np.asarray(values, dtype=np.float64)
    if y.shape != (len(neighbours),) or not np.isfinite(y).all():
        raise ValueError("one value a place is expected, none missing, in the order of the neighbours")
    return y


def _standard(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Values less their mean over their standard deviation (of the population, as esda has it)."""
    part = values[known]
    return np.asarray((values - part.mean()) / part.std(), dtype=np.float64)
