"""Neonatal levels of care as a public directory of units reports them (October 2025): unofficial and self-reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.sources.facility_files import canonical_ccn, read_text_columns, require_values, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_reported_levels"]

_MATCHES: Final = ("zip and name", "near and name", "state and name", "by hand")


def read_reported_levels(path: Path) -> pd.DataFrame:
    """Read reported neonatal levels, one row a hospital.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``ccn, neonatal_level, match, listed_at_two_levels, name``.

    Returns
    -------
    pandas.DataFrame
        ``ccn, neonatal_level`` (I to IV), ``match`` (how the directory's unit was matched to the hospital), the boolean
        ``listed_at_two_levels`` (the higher is kept).

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    raw = read_text_columns(
        path, ["ccn", "neonatal_level", "match", "listed_at_two_levels"], what="the reported neonatal levels"
    )
    twice = require_values(
        raw["listed_at_two_levels"].str.lower(), ("true", "false"), path=path, column="listed_at_two_levels"
    )
    return pd.DataFrame(
        {
            "ccn": unique_key(canonical_ccn(raw["ccn"], path=path, column="ccn"), path=path, column="ccn"),
            "neonatal_level": require_values(
                raw["neonatal_level"], ("I", "II", "III", "IV"), path=path, column="neonatal_level"
            ),
            "match": require_values(raw["match"], _MATCHES, path=path, column="match"),
            "listed_at_two_levels": twice == "true",
        }
    )
