"""Ragged arrays: rows of different lengths one after another, and where each begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ragged_rows"]

I64 = npt.NDArray[np.int64]


def ragged_rows(first: I64, rows: I64) -> tuple[I64, I64]:
    """Pick some rows of a ragged array.

    Parameters
    ----------
    first : numpy.ndarray of int64, shape (rows + 1,)
        Where each row begins.
    rows : numpy.ndarray of int64
        The rows that are wanted, also several times.

    Returns
    -------
    new_first : numpy.ndarray of int64
        Where each picked row begins.
    items : numpy.ndarray of int64
        Positions of the picked rows' items.
    """
    count = np.diff(first)[rows]
    new_first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return new_first, np.repeat(first[rows] - new_first[:-1], count) + np.arange(new_first[-1])
