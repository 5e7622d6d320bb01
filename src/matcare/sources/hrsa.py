"""HRSA Area Health Resources Files: clinicians and registered births by county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from matcare.sources.reading import county_codes, numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_area_health_resources"]


def read_area_health_resources(path: Path) -> pd.DataFrame:
    """Read the maternity extract of the AHRF 2024-25.

    The counts of births and of births with a low weight are means of three years; the publisher leaves means below
    ten blank. ``ahrf_births_24`` is the Census estimate again and the ``n_hosp_*`` columns are not HRSA's: neither is
    read.

    Parameters
    ----------
    path : pathlib.Path
        ``ahrf_maternity_2024_25.csv``.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, obgyns, midwives, births_registered_per_year, low_birthweight_per_year``; territories other
        than Puerto Rico are in it.

    Raises
    ------
    InputError
        When the file is not that extract, or holds a mean of 1-9 births, which must be blank.
    """
    raw = read_delimited(
        path, ["fips", "ahrf_obgyn", "ahrf_midwives_24", "ahrf_births_3yr", "ahrf_lbw"], "the AHRF maternity extract"
    )
    table = pd.DataFrame(
        {
            "county_fips": county_codes(raw["fips"], path, "fips"),
            "obgyns": numbers(raw, "ahrf_obgyn", path, minimum=0),
            "midwives": numbers(raw, "ahrf_midwives_24", path, minimum=0),
            "births_registered_per_year": numbers(raw, "ahrf_births_3yr", path, minimum=0),
            "low_birthweight_per_year": numbers(raw, "ahrf_lbw", path, minimum=0),
        }
    )
    for column, name in (("births_registered_per_year", "ahrf_births_3yr"), ("low_birthweight_per_year", "ahrf_lbw")):
        small = (table[column] > 0) & (table[column] < 10)  # noqa: PLR2004 - nine or fewer is what may not be passed on
        refuse(raw[name], small, path, name, "a count of 1-9 births may not be passed on; blank it", show=False)
    return unique_key(table, "county_fips", path)
