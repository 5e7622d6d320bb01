"""False-discovery control over many local tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["benjamini_hochberg"]


def benjamini_hochberg(p: npt.ArrayLike, *, rate: float = 0.05) -> npt.NDArray[np.bool_]:
    """Tell which tests are significant when at most `rate` of those called so may be false, on average.

    The tests are ordered by p; the largest rank i with p(i) ≤ rate·i/m is significant, and all before it. Local
    statistics of neighbours depend on each other, mostly positively, and under positive dependence the control holds.

    Parameters
    ----------
    p : array_like of float
        One p a test; a missing one (an island) is no test and not counted.
    rate : float, default 0.05
        The false-discovery rate.

    Returns
    -------
    numpy.ndarray of bool
        In the order of `p`; a missing one is False.

    Raises
    ------
    ValueError
        When a p or the rate lies outside 0 to 1.

    References
    ----------
    Benjamini Y, Hochberg Y. Controlling the false discovery rate. JRSS B 1995; 57:289-300.
    Caldas de Castro M, Singer BH. Controlling the false discovery rate: a new application to account for multiple and
    dependent tests in local statistics of spatial association. Geographical Analysis 2006; 38:180-208.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).tolist()
    [True, False, False, False]
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.isfinite(values)
    tested = values[known]
    if not 0 < rate < 1 or (tested < 0).any() or (tested > 1).any():
        raise ValueError("a p or the false-discovery rate is outside 0 to 1")
    ordered = np.sort(tested)
    passing = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    limit = ordered[passing[-1]] if len(passing) else -1.0
    return np.asarray(known & (values <= limit), dtype=np.bool_)
