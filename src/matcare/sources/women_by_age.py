"""Census Bureau: women 15-19 and 35-44 by county, from the population estimates and the American Community Survey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.errors import InputError
from matcare.sources.reading import county_codes, numbers, read_census_api, read_delimited, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_acs_women_by_age", "read_women_by_age"]

_BASE_YEAR: Final = 2018
"""YEAR 1 is the April 2020 base, 2 is July 2020, … so July of year y has code y − 2018."""

_ESTIMATES: Final = {
    "women_15_19": ("AGE1519_FEM",),
    "women_35_44": ("AGE3539_FEM", "AGE4044_FEM"),
    "women_15_44": ("AGE1544_FEM",),
}

_SURVEY: Final = {
    "women_15_19": ("B01001_030E", "B01001_031E"),
    "women_35_44": ("B01001_037E", "B01001_038E"),
    "women_15_44": tuple(f"B01001_{number:03d}E" for number in range(30, 39)),
}
"""ACS table B01001, women: 15-17, 18-19, 20, 21, 22-24, 25-29, 30-34, 35-39, 40-44."""

_ACS_MISSING: Final = (-666666666, -999999999, -888888888, -555555555, -333333333, -222222222)


def read_women_by_age(path: Path, *, year: int = 2023) -> pd.DataFrame:
    """Read women by age from the population estimates (``cc-est2023-agesex-all.csv``) of one July.

    Parameters
    ----------
    path : pathlib.Path
        Plain or gzip-compressed CSV.
    year : int
        2020 to 2023.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, women_15_19, women_35_44, women_15_44``.

    Raises
    ------
    InputError
        When the file is not that table, has no row of that year, or its groups exceed the whole.
    """
    columns = [name for names in _ESTIMATES.values() for name in names]
    what = "the Census estimates by age and sex"
    raw = read_delimited(path, ["STATE", "COUNTY", "YEAR", *columns], what, encoding="latin-1")
    rows = raw[raw["YEAR"] == str(year - _BASE_YEAR)]
    if rows.empty:
        raise InputError(f"{path}: no row of July {year} (YEAR {year - _BASE_YEAR}); this edition covers other years")
    codes = county_codes(rows["STATE"].str.zfill(2) + rows["COUNTY"].str.zfill(3), path, "COUNTY")
    values = {name: numbers(rows, name, path, minimum=0) for name in columns}
    return _table(codes, values, _ESTIMATES, path)


def read_acs_women_by_age(path: Path) -> pd.DataFrame:
    """Read women by age from the American Community Survey (table B01001), for Puerto Rico.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, women_15_19, women_35_44, women_15_44``.
    """
    columns = list(_SURVEY["women_15_44"])
    raw = read_census_api(path, columns, "ACS counts of people by county")
    values = {name: numbers(raw, name, path, sentinels=_ACS_MISSING, minimum=0) for name in columns}
    return _table(raw["county_fips"], values, _SURVEY, path)


def _table(
    codes: pd.Series, values: dict[str, pd.Series], groups: dict[str, tuple[str, ...]], path: Path
) -> pd.DataFrame:
    table = pd.DataFrame({"county_fips": codes})
    for name, columns in groups.items():
        table[name] = pd.DataFrame({column: values[column] for column in columns}).sum(axis=1, skipna=False)
    over = table["women_15_19"] + table["women_35_44"] > table["women_15_44"]
    if over.any():
        first = table.loc[over, "county_fips"].iloc[0]
        raise InputError(f"{path}: county {first} has more women of 15-19 and 35-44 than of 15-44; is a column moved?")
    return unique_key(table, "county_fips", path)
