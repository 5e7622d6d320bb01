"""USDA Economic Research Service: Rural-Urban Continuum Codes 2023."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.sources.reading import county_codes, numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_rural_urban_codes"]


def read_rural_urban_codes(path: Path) -> pd.DataFrame:
    """Read the continuum codes.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, rucc_2023`` (1-9, nullable: two uninhabited islands have none); territories are in it, and
        Connecticut stands as planning regions.

    Raises
    ------
    InputError
        When a code is not 1-9.
    """
    raw = read_delimited(path, ["FIPS", "RUCC_2023"], "the USDA Rural-Urban Continuum Codes 2023", encoding="latin-1")
    codes = numbers(raw, "RUCC_2023", path, minimum=1)
    wrong = codes.notna() & ((codes > 9) | (codes % 1 != 0))  # noqa: PLR2004 - the scale has nine steps
    refuse(raw["RUCC_2023"], wrong, path, "RUCC_2023", "should be a whole number of 1 to 9")
    table = pd.DataFrame({"county_fips": county_codes(raw["FIPS"], path, "FIPS"), "rucc_2023": codes.astype("Int64")})
    return unique_key(table, "county_fips", path)
