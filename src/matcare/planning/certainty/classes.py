"""The March of Dimes rule for all counties at once, as a draw needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matcare.scenario import Rule

__all__ = ["CLASSES", "UNDETERMINED", "class_codes", "class_name", "possible_classes"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

CLASSES: Final = ("desert", "low", "moderate", "full")
"""March of Dimes classes, worst first; their position is their code."""

UNDETERMINED: Final = len(CLASSES)
"""Code of a county with more than one class possible, since an input is missing."""


def possible_classes(
    *, units: npt.ArrayLike, clinicians: F64, clinicians_missing: Bools, births: F64, uninsured: F64, rule: Rule
) -> I8:
    """Tell which classes are possible in every county; the rule of :func:`matcare.measures.deserts.march_of_dimes`.

    Parameters
    ----------
    units : array_like of int, shape (counties,)
        Hospitals with obstetric care and birth centers.
    clinicians : numpy.ndarray of float64, shape (counties,)
        Those that are known.
    clinicians_missing : numpy.ndarray of bool, shape (counties,)
        A kind of clinicians is not reported: there may be more.
    births, uninsured : numpy.ndarray of float64, shape (counties,)
        Births a year; share of women without insurance; NaN where unknown.
    rule : Rule
        Thresholds.

    Returns
    -------
    numpy.ndarray of int8, shape (counties,)
        The sum of 1 (desert), 2 (low), 4 (moderate), 8 (full).
    """
    f = np.asarray(units)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(births == 0, np.where(clinicians > 0, np.inf, 0.0), 10_000 * clinicians / births)
    low = np.where(np.isnan(births), 0.0, low)
    high = np.where(clinicians_missing | (np.isnan(births) & (clinicians > 0)), np.inf, low)
    full = (f >= rule.full_access_units) | (low >= rule.full_access_clinicians)
    desert = (f == 0) & (low == 0) & (clinicians == 0)
    alone = desert & (high == 0)
    unknown = np.isnan(uninsured)
    codes = (
        desert.astype(np.int8)
        + 2 * (unknown | (uninsured >= rule.uninsured_high))
        + 4 * (unknown | (uninsured < rule.uninsured_high))
        + 8 * (high >= rule.full_access_clinicians)
    )
    return np.where(full, 8, np.where(alone, 1, codes)).astype(np.int8)


def class_codes(possible: I8) -> I8:
    """Turn what is possible into the code of the one class, or :data:`UNDETERMINED`."""
    codes = np.full(16, UNDETERMINED, dtype=np.int8)
    codes[[1, 2, 4, 8]] = np.arange(len(CLASSES), dtype=np.int8)
    return codes[possible]


def class_name(possible: int) -> str:
    """Return the label as :func:`matcare.measures.deserts.march_of_dimes` writes it.

    Examples
    --------
    >>> class_name(6), class_name(8)
    ('low_or_moderate', 'full')
    """
    return "_or_".join(name for code, name in enumerate(CLASSES) if possible >> code & 1)
