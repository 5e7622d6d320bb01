"""A user's supply of units: beds, rooms, clinicians or anything else that a floating catchment shares out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.tables.facility_names import find_facility
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["read_supply"]


def read_supply(path: Path, facilities: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Read the supply of units.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet with ``facility_id`` and ``supply``, a number of 0 or more, or empty where it is not known.
    facilities : pandas.DataFrame, m rows
        Contract ``FACILITIES_OUT``.

    Returns
    -------
    numpy.ndarray of float64, shape (m,)
        NaN where the file gives none: unknown, not zero.

    Raises
    ------
    InputError
        One line naming file, row, column and remedy: a column is missing, a unit is unknown or stands twice, a supply
        is no number of 0 or more.
    """
    table = read_user_table(path)
    for column in ("facility_id", "supply"):
        if column not in table:
            raise InputError(f"{path}: column {column!r} is missing; needed are facility_id, supply")
    supply = np.full(len(facilities), np.nan)
    rows: dict[int, int] = {}
    for row, (unit, given) in enumerate(zip(table["facility_id"], table["supply"], strict=True), start=1):
        place = find_facility(facilities, str(unit), where=f"{path}, row {row}, column 'facility_id'")
        if place in rows:
            raise InputError(f"{path}, row {row}: {unit} stands in row {rows[place]} already; keep one")
        rows[place] = row
        if pd.isna(given):
            continue
        try:
            value = float(given)
        except ValueError:
            value = np.nan
        if not 0 <= value < np.inf:
            raise InputError(
                f"{path}, row {row}, column 'supply': {given!r}; give a number of 0 or more, or leave it empty"
            )
        supply[place] = value
    return supply
