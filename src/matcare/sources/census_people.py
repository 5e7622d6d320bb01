"""Census Bureau: people by age and sex, births, insurance (SAHIE), poverty (SAIPE), American Community Survey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.errors import InputError
from matcare.geo import STATE_FIPS
from matcare.sources.reading import county_codes, numbers, read_census_api, read_delimited, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "read_acs_births",
    "read_acs_people",
    "read_acs_vehicles",
    "read_age_sex",
    "read_births",
    "read_births_by_state",
    "read_poverty",
    "read_uninsured",
]

_BASE_YEAR: Final = 2018
"""YEAR 1 is the April 2020 base, 2 is July 2020, … so July of year y has code y − 2018."""

_ACS_MISSING: Final = (-666666666, -999999999, -888888888, -555555555, -333333333, -222222222)
"""What the American Community Survey writes in place of an estimate."""

_WOMEN_15_44: Final = tuple(f"B01001_{number:03d}E" for number in range(30, 39))
"""ACS table B01001, women: 15-17, 18-19, 20, 21, 22-24, 25-29, 30-34, 35-39, 40-44."""


def read_age_sex(path: Path, *, year: int = 2023) -> pd.DataFrame:
    """Read the population estimates by age and sex (``cc-est2023-agesex-all.csv``) of one July.

    Parameters
    ----------
    path : pathlib.Path
        Plain or gzip-compressed CSV.
    year : int
        2020 to 2023.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, population, women_15_44, population_under_65``.

    Raises
    ------
    InputError
        When the file is not that table or has no row of that year.
    """
    what = "the Census estimates by age and sex"
    raw = read_delimited(
        path, ["STATE", "COUNTY", "YEAR", "POPESTIMATE", "AGE1544_FEM", "AGE65PLUS_TOT"], what, encoding="latin-1"
    )
    rows = raw[raw["YEAR"] == str(year - _BASE_YEAR)]
    if rows.empty:
        raise InputError(f"{path}: no row of July {year} (YEAR {year - _BASE_YEAR}); this edition covers other years")
    population = numbers(rows, "POPESTIMATE", path, minimum=0)
    table = pd.DataFrame(
        {
            "county_fips": county_codes(rows["STATE"].str.zfill(2) + rows["COUNTY"].str.zfill(3), path, "COUNTY"),
            "population": population,
            "women_15_44": numbers(rows, "AGE1544_FEM", path, minimum=0),
            "population_under_65": population - numbers(rows, "AGE65PLUS_TOT", path, minimum=0),
        }
    )
    return unique_key(table, "county_fips", path)


def read_births(path: Path) -> pd.DataFrame:
    """Read the Census estimates of births by county (``co-est2024``), years to the end of June.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, births_2021, births_2022, births_2023, births_2024``. Estimates, not vital-statistics counts.
    """
    raw = _births(path)
    rows = raw[raw["SUMLEV"].str.lstrip("0") == "50"]
    codes = county_codes(rows["STATE"].str.zfill(2) + rows["COUNTY"].str.zfill(3), path, "COUNTY")
    return unique_key(_birth_columns(rows, path).assign(county_fips=codes), "county_fips", path)


def read_births_by_state(path: Path) -> pd.DataFrame:
    """Read the state rows of the same file.

    Returns
    -------
    pandas.DataFrame
        ``state`` (postal code) and ``births_2021`` to ``births_2024``.
    """
    raw = _births(path)
    rows = raw[raw["SUMLEV"].str.lstrip("0") == "40"]
    postal = {fips: state for state, fips in STATE_FIPS.items()}
    return unique_key(_birth_columns(rows, path).assign(state=rows["STATE"].str.zfill(2).map(postal)), "state", path)


def _births(path: Path) -> pd.DataFrame:
    columns = ["SUMLEV", "STATE", "COUNTY", *(f"BIRTHS{year}" for year in range(2021, 2025))]
    return read_delimited(path, columns, "the Census estimates of births by county", encoding="latin-1")


def _birth_columns(rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    return pd.DataFrame(
        {f"births_{year}": numbers(rows, f"BIRTHS{year}", path, minimum=0) for year in range(2021, 2025)}
    )


def read_uninsured(path: Path) -> pd.DataFrame:
    """Read the share of people under 65 without health insurance (SAHIE, all races and incomes, both sexes).

    Returns
    -------
    pandas.DataFrame
        ``county_fips, share_uninsured_under_65``; missing where no estimate was made (Kalawao).

    Raises
    ------
    InputError
        When the answer holds other groups than all people under 65.
    """
    raw = read_census_api(
        path, ["PCTUI_PT", "AGECAT", "RACECAT", "SEXCAT", "IPRCAT"], "SAHIE shares of uninsured people"
    )
    for column in ("AGECAT", "RACECAT", "SEXCAT", "IPRCAT"):
        other = raw[raw[column] != "0"]
        if len(other):
            raise InputError(
                f"{path}, row {other.index[0] + 2}, column {column!r}: {other[column].iloc[0]!r} should be 0 "
                f"(everybody)"
            )
    share = numbers(raw, "PCTUI_PT", path, minimum=0) / 100
    return unique_key(
        pd.DataFrame({"county_fips": raw["county_fips"], "share_uninsured_under_65": share}), "county_fips", path
    )


def read_poverty(path: Path) -> pd.DataFrame:
    """Read the share of people in poverty (SAIPE).

    Returns
    -------
    pandas.DataFrame
        ``county_fips, share_poverty``; missing where no estimate was made (Kalawao).
    """
    raw = read_census_api(path, ["SAEPOVRTALL_PT"], "SAIPE poverty estimates")
    share = numbers(raw, "SAEPOVRTALL_PT", path, minimum=0) / 100
    return unique_key(pd.DataFrame({"county_fips": raw["county_fips"], "share_poverty": share}), "county_fips", path)


def read_acs_people(path: Path) -> pd.DataFrame:
    """Read people, women 15-44 and poverty of the American Community Survey (tables B01003, B01001, B17001).

    Returns
    -------
    pandas.DataFrame
        ``county_fips, population, women_15_44, share_poverty``.
    """
    wanted = ["B01003_001E", *_WOMEN_15_44, "B17001_001E", "B17001_002E"]
    raw = read_census_api(path, wanted, "ACS counts of people by county")
    values = {name: numbers(raw, name, path, sentinels=_ACS_MISSING, minimum=0) for name in wanted}
    table = pd.DataFrame(
        {
            "county_fips": raw["county_fips"],
            "population": values["B01003_001E"],
            "women_15_44": pd.DataFrame({name: values[name] for name in _WOMEN_15_44}).sum(axis=1, skipna=False),
            "share_poverty": values["B17001_002E"] / values["B17001_001E"].where(values["B17001_001E"] > 0),
        }
    )
    return unique_key(table, "county_fips", path)


def read_acs_births(path: Path) -> pd.DataFrame:
    """Read women 15-50 and those who gave birth in the last year (table B13016).

    Survey births run above registered births; they are for comparison only.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, women_15_50, births_last_year``.
    """
    raw = read_census_api(path, ["B13016_001E", "B13016_002E"], "ACS births in the last year")
    table = pd.DataFrame(
        {
            "county_fips": raw["county_fips"],
            "women_15_50": numbers(raw, "B13016_001E", path, sentinels=_ACS_MISSING, minimum=0),
            "births_last_year": numbers(raw, "B13016_002E", path, sentinels=_ACS_MISSING, minimum=0),
        }
    )
    return unique_key(table, "county_fips", path)


def read_acs_vehicles(path: Path) -> pd.DataFrame:
    """Read the share of occupied housing units with no vehicle (table B25044: owners and renters without one).

    Returns
    -------
    pandas.DataFrame
        ``county_fips, share_households_no_vehicle``.
    """
    columns = ["B25044_001E", "B25044_003E", "B25044_010E"]
    raw = read_census_api(path, columns, "ACS vehicles available")
    units, owners, renters = (numbers(raw, name, path, sentinels=_ACS_MISSING, minimum=0) for name in columns)
    share = (owners + renters) / units.where(units > 0)
    return unique_key(
        pd.DataFrame({"county_fips": raw["county_fips"], "share_households_no_vehicle": share}), "county_fips", path
    )
