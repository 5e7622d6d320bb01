"""County Health Rankings & Roadmaps: low birthweight (v037), broadband (v166), segregation (v141). CC BY-NC-SA 4.0.

A blank county is suppressed or outside the measure: it is not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.disclosure import is_small
from matcare.sources.reading import county_codes, numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_broadband", "read_low_birthweight", "read_segregation"]

_TOLERANCE: Final = 1e-6
_STATE_ROW: Final = "000"


def read_low_birthweight(path: Path) -> pd.DataFrame:
    """Read measure v037: live births below 2,500 g among births of known weight, seven years.

    Parameters
    ----------
    path : pathlib.Path
        ``chr_v037_how.csv``.

    Returns
    -------
    pandas.DataFrame
        ``code`` (five digits; counties only, Connecticut's legacy counties and its planning regions, which are blank),
        ``low_birthweight_births``, ``births``.

    Raises
    ------
    InputError
        When the rate does not follow from the two counts, when one stands without the other, or when a count of 1-9
        stands in the file.
    """
    raw = read_delimited(
        path, ["statecode", "countycode", "num", "denom", "rate"], "County Health Rankings measure v037"
    )
    low, births = numbers(raw, "num", path, minimum=0), numbers(raw, "denom", path, minimum=0)
    _require_ratio(raw, "rate", low, births, path)
    half = low.notna() != births.notna()
    refuse(raw["num"], half, path, "num", "should stand where births do, and be blank where they are", show=False)
    for name, count in (("num", low), ("denom", births)):
        small = pd.Series(is_small(count), index=raw.index)
        refuse(raw[name], small, path, name, "a count of 1-9 births may not be passed on; blank it", show=False)
    table = pd.DataFrame({"code": _codes(raw, path), "low_birthweight_births": low, "births": births})
    return unique_key(table[_counties(table["code"])], "code", path)


def read_broadband(path: Path) -> pd.DataFrame:
    """Read measure v166: households with a broadband subscription (a survey).

    Parameters
    ----------
    path : pathlib.Path
        ``chr_v166_r2025.csv``.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, share_households_broadband``; Connecticut's legacy counties are left out, its planning regions
        have their own.

    Raises
    ------
    InputError
        When the share does not follow from the two counts of households.
    """
    columns = ["statecode", "countycode", "v166_numerator", "v166_denominator", "v166_rawvalue", "v166_flag_CT"]
    raw = read_delimited(path, columns, "County Health Rankings measure v166")
    connected = numbers(raw, "v166_numerator", path, minimum=0)
    households = numbers(raw, "v166_denominator", path, minimum=0)
    share = _require_ratio(raw, "v166_rawvalue", connected, households, path)
    table = pd.DataFrame({"county_fips": _codes(raw, path), "share_households_broadband": share})
    here = _counties(table["county_fips"]) & (raw["v166_flag_CT"] != "U").fillna(value=True)
    return unique_key(table[here], "county_fips", path)


def read_segregation(path: Path) -> pd.DataFrame:
    """Read measure v141: index of dissimilarity between Black and White residents, 0 to 100.

    The published column is read. The publisher's own recalculation (``rawvalue``) stands beside it and differs in two
    counties that the published column leaves blank.

    Parameters
    ----------
    path : pathlib.Path
        ``chr_v141_r2025.csv``.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, segregation_black_white``; missing where few Black people live.

    Raises
    ------
    InputError
        When a value is not between 0 and 100.
    """
    raw = read_delimited(path, ["statecode", "countycode", "v141_rawvalue"], "County Health Rankings measure v141")
    index = numbers(raw, "v141_rawvalue", path, minimum=0)
    refuse(raw["v141_rawvalue"], index > 100, path, "v141_rawvalue", "should be an index of 0 to 100")  # noqa: PLR2004 - the index's bound
    table = pd.DataFrame({"county_fips": _codes(raw, path), "segregation_black_white": index})
    return unique_key(table[_counties(table["county_fips"])], "county_fips", path)


def _codes(raw: pd.DataFrame, path: Path) -> pd.Series:
    return county_codes(raw["statecode"].str.zfill(2) + raw["countycode"].str.zfill(3), path, "countycode")


def _counties(codes: pd.Series) -> pd.Series:
    return codes.str[2:] != _STATE_ROW


def _require_ratio(raw: pd.DataFrame, column: str, part: pd.Series, whole: pd.Series, path: Path) -> pd.Series:
    share = numbers(raw, column, path, minimum=0)
    known = share.notna() & part.notna() & whole.notna()
    wrong = known & ((part - share * whole).abs() > _TOLERANCE * whole)
    wrong |= share > 1
    refuse(raw[column], wrong, path, column, "should be the first count over the second; they may be exchanged")
    return share
