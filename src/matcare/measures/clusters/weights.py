"""Neighbours of the counties analysed: row-standardised contiguity, restricted to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Neighbours", "contiguity"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Neighbours of `n` places, every neighbour of a place with the same weight 1/k (row-standardised).

    Attributes
    ----------
    codes : numpy.ndarray of object, shape (n,)
        The places.
    start : numpy.ndarray of int64, shape (n + 1,)
        Where the neighbours of each place begin in `index`; the next one's beginning ends them.
    index : numpy.ndarray of int64
        Row numbers of neighbours.
    """

    codes: npt.NDArray[np.object_]
    start: npt.NDArray[np.int64]
    index: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Neighbours of each place; 0 is an island."""
        return np.diff(self.start)

    def sums(self, values: Floats) -> Floats:
        """Sum `values` over the neighbours of each place; 0 for an island, which a caller tells by `counts`."""
        row = np.repeat(np.arange(len(self)), self.counts)
        sums = np.bincount(row, weights=np.asarray(values, dtype=np.float64)[self.index], minlength=len(self))
        return np.asarray(sums, dtype=np.float64)

    def means(self, values: Floats) -> Floats:
        """Average `values` over the neighbours of each place (the spatial lag); NaN for an island."""
        counts = self.counts
        return np.where(counts > 0, self.sums(values) / np.maximum(counts, 1), np.nan)

    def among(self, kept: npt.NDArray[np.bool_]) -> Neighbours:
        """Drop, from every place's neighbours, those that are not `kept`; the places themselves stay.

        The weights of what is left are 1/k again.
        """
        row = np.repeat(np.arange(len(self)), self.counts)
        stays = kept[self.index]
        counts = np.bincount(row[stays], minlength=len(self))
        return Neighbours(codes=self.codes, start=_starts(counts), index=self.index[stays])

    def of(self, kept: npt.NDArray[np.bool_]) -> Neighbours:
        """Keep only the places that are `kept`, with what is left of their neighbours."""
        number = np.cumsum(kept) - 1
        fewer = self.among(kept)
        row = np.repeat(np.arange(len(self)), fewer.counts)
        stays = kept[row]
        return Neighbours(
            codes=self.codes[kept], start=_starts(fewer.counts[kept]), index=number[fewer.index[stays]].astype(np.int64)
        )


def contiguity(adjacency: pd.DataFrame, codes: Iterable[str]) -> Neighbours:
    """Find the neighbours of each of `codes` among them.

    Parameters
    ----------
    adjacency : pandas.DataFrame
        Contract `ADJACENCY`: ``county_fips, neighbour_fips`` in both directions.
    codes : iterable of str
        The counties analysed, in order. Others are no neighbours: a county whose neighbours are all left out is an
        island here.

    Returns
    -------
    Neighbours

    Raises
    ------
    InputError
        When a code stands twice, or a county is listed as its own neighbour.

    Examples
    --------
    >>> touching = pd.DataFrame({"county_fips": ["a", "b", "b", "c"], "neighbour_fips": ["b", "a", "c", "b"]})
    >>> contiguity(touching, ["a", "b", "d"]).counts.tolist()
    [1, 1, 0]
    """
    order = pd.Index(list(codes), dtype="object")
    if order.has_duplicates:
        raise InputError(f"county {order[order.duplicated()][0]} stands twice; one row a county is expected")
    one = order.get_indexer(pd.Index(adjacency["county_fips"].to_numpy(dtype=object)))
    other = order.get_indexer(pd.Index(adjacency["neighbour_fips"].to_numpy(dtype=object)))
    own = (one == other) & (one >= 0)
    if own.any():
        raise InputError(f"adjacency: county {order[one[own][0]]} is listed as its own neighbour; leave such rows out")
    inside = (one >= 0) & (other >= 0)
    pairs = np.unique(np.stack([one[inside], other[inside]], axis=1).astype(np.int64), axis=0)
    counts = np.bincount(pairs[:, 0], minlength=len(order))
    return Neighbours(codes=order.to_numpy(dtype=object), start=_starts(counts), index=pairs[:, 1].copy())


def _starts(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
