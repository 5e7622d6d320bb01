"""HRSA Area Health Resources Files: preterm, low-weight and very-low-weight births by county."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.disclosure import is_small
from matcare.sources.reading import county_codes, numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_birth_outcomes"]

_COLUMNS: Final = {
    "births_registered_per_year": "ahrf_births_3yr",
    "preterm_per_year": "ahrf_preterm",
    "low_birthweight_per_year": "ahrf_lbw",
    "very_low_birthweight_per_year": "ahrf_vlbw",
}


def read_birth_outcomes(path: Path) -> pd.DataFrame:
    """Read preterm and low-weight births of the AHRF 2024-25, means of three years; a mean below ten is blank.

    Parameters
    ----------
    path : pathlib.Path
        ``ahrf_maternity_2024_25.csv``.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, births_registered_per_year, preterm_per_year, low_birthweight_per_year,
        very_low_birthweight_per_year``.

    Raises
    ------
    InputError
        When the file is not that extract, holds a mean of 1-9 births, or more of a kind than births.
    """
    raw = read_delimited(path, ["fips", *_COLUMNS.values()], "the AHRF maternity extract")
    table = pd.DataFrame({"county_fips": county_codes(raw["fips"], path, "fips")})
    for name, column in _COLUMNS.items():
        table[name] = numbers(raw, column, path, minimum=0)
        small = pd.Series(is_small(table[name]), index=raw.index)
        refuse(raw[column], small, path, column, "a count of 1-9 births may not be passed on; blank it", show=False)
        more = table[name] > table["births_registered_per_year"]
        refuse(raw[column], more, path, column, "should be no more than the births (ahrf_births_3yr)", show=False)
    more = table["very_low_birthweight_per_year"] > table["low_birthweight_per_year"]
    refuse(raw["ahrf_vlbw"], more, path, "ahrf_vlbw", "should be no more than ahrf_lbw, which holds it", show=False)
    return unique_key(table, "county_fips", path)
