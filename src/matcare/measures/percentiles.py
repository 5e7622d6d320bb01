"""Percentiles of concern: 0 best, 100 worst, in an indicator's direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from typing import Literal

    import pandas as pd

__all__ = ["FEWEST_RANKED", "percentile_of_concern", "percentiles_within"]

FEWEST_RANKED: Final = 5
"""Among fewer counties of a state a percentile is a league table of a handful, and is not given."""

_SIGN: Final = {"higher_is_worse": 1.0, "lower_is_worse": -1.0, "context": np.nan}


def percentile_of_concern(
    values: npt.ArrayLike,
    *,
    direction: Literal["higher_is_worse", "lower_is_worse", "context"],
    reference: npt.ArrayLike | None = None,
) -> npt.NDArray[np.float64]:
    """Percentile of each value among a reference, each place counting once.

    100·(r − 1)/(n − 1) with r the rank from the best to the worst among the n values of the reference, ties at their
    mean rank. A value that is not in the reference stands halfway between the two that it lies between, and at 0 or
    100 outside them. The opposite direction gives 100 less the percentile.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        NaN stays NaN.
    direction : {"higher_is_worse", "lower_is_worse", "context"}
        `context` has no percentile: all NaN.
    reference : array_like of float, optional
        What to rank among; the values themselves without it. Fewer than two give NaN.

    Returns
    -------
    numpy.ndarray of float64
        0 to 100.

    References
    ----------
    Percent rank as the CDC/ATSDR Social Vulnerability Index uses it, with mean in place of lowest ranks for ties.

    Examples
    --------
    >>> percentile_of_concern([10, 20, 20, 40], direction="higher_is_worse").tolist()
    [0.0, 50.0, 50.0, 100.0]
    >>> percentile_of_concern([15], direction="lower_is_worse", reference=[10, 20, 30]).tolist()
    [75.0]
    """
    signed = _SIGN[direction] * np.asarray(values, dtype=np.float64)
    among = signed if reference is None else _SIGN[direction] * np.asarray(reference, dtype=np.float64)
    among = np.sort(among[~np.isnan(among)])
    if len(among) < 2:  # noqa: PLR2004 - one place has nothing to be compared with
        return np.full(signed.shape, np.nan)
    below, upto = np.searchsorted(among, signed, side="left"), np.searchsorted(among, signed, side="right")
    rank = np.clip((below + upto - 1) / 2, 0, len(among) - 1)
    return np.where(np.isnan(signed), np.nan, 100 * rank / (len(among) - 1))


def percentiles_within(
    values: pd.Series, directions: pd.Series, groups: list[pd.Series], *, fewest: int = FEWEST_RANKED
) -> pd.Series:
    """Percentile of each value within its own group.

    Parameters
    ----------
    values : pandas.Series of float
        NaN stays NaN and is not ranked.
    directions : pandas.Series of str
        Direction of each row; `context` has no percentile.
    groups : list of pandas.Series
        Rows with the same entries (indicator and state) are ranked together.
    fewest : int
        Groups with fewer values have no percentile.

    Returns
    -------
    pandas.Series of float64
        0 to 100 on the index of `values`.

    Examples
    --------
    >>> import pandas as pd
    >>> value, state = pd.Series([1.0, 2.0, 3.0]), pd.Series(["ND"] * 3)
    >>> percentiles_within(value, pd.Series(["lower_is_worse"] * 3), [state], fewest=3).tolist()
    [100.0, 50.0, 0.0]
    """
    grouped = (values * directions.map(_SIGN).astype("float64")).groupby(groups)
    count = grouped.transform("count")
    percentile = 100 * (grouped.rank(method="average") - 1) / (count - 1).where(count > 1)
    return percentile.where(count >= max(fewest, 2))
