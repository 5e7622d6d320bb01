"""CDC: Social Vulnerability Index (with ATSDR), NCHS urban-rural classes, and births by payer from CDC WONDER."""

from __future__ import annotations

import csv
import gzip
import zlib
from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.errors import InputError
from matcare.geo import canonical_county_fips, canonical_state, is_county_fips
from matcare.sources.reading import (
    county_codes,
    numbers,
    read_delimited,
    read_lines,
    require_columns,
    require_file,
    unique_key,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_births_by_payer", "read_social_vulnerability", "read_urban_rural_classes"]

_SVI_MISSING: Final = (-999.0,)
_URBAN_RURAL_COLUMN: Final = slice(115, 116)
"""Where the 2013 code stands; the two after it are the codes of 2006 and 1990."""

_LEAST_WONDER_COUNT: Final = 10


def read_social_vulnerability(path: Path) -> pd.DataFrame:
    """Read the Social Vulnerability Index 2022 by county.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, svi`` (overall percentile 0-1), ``share_households_no_internet``; −999 is missing.
    """
    raw = read_delimited(path, ["FIPS", "RPL_THEMES", "E_HH", "E_NOINT"], "the CDC/ATSDR Social Vulnerability Index")
    households = numbers(raw, "E_HH", path, sentinels=_SVI_MISSING, minimum=0)
    offline = numbers(raw, "E_NOINT", path, sentinels=_SVI_MISSING, minimum=0)
    table = pd.DataFrame(
        {
            "county_fips": county_codes(raw["FIPS"], path, "FIPS"),
            "svi": numbers(raw, "RPL_THEMES", path, sentinels=_SVI_MISSING, minimum=0),
            "share_households_no_internet": offline / households.where(households > 0),
        }
    )
    return unique_key(table, "county_fips", path)


def read_urban_rural_classes(path: Path) -> pd.DataFrame:
    """Read the NCHS urban-rural classification of 2013 (fixed width, county codes of 2013).

    Returns
    -------
    pandas.DataFrame
        ``county_fips_2013, nchs_urban_rural_2013`` (1 large central metro … 6 noncore). Counties that were gone
        before 2013 are in the file and in the table.

    Raises
    ------
    InputError
        When a line has no county code or no class of 1-6 where the format has them.
    """
    lines = read_lines(path, "the NCHS urban-rural codes of 2013", encoding="latin-1")
    codes, classes = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        code, cls = line[:5], line[_URBAN_RURAL_COLUMN]
        if not is_county_fips(code):
            raise InputError(f"{path}, row {number}, columns 1-5: {code!r} should be a county code of five digits")
        if cls not in set("123456"):
            raise InputError(
                f"{path}, row {number}, column 116: {cls!r} should be a class of 1 to 6 (is the file cut?)"
            )
        codes.append(code)
        classes.append(int(cls))
    fips, _ = canonical_county_fips(pd.Series(codes, dtype="str"), where=str(path))
    table = pd.DataFrame({"county_fips_2013": fips, "nchs_urban_rural_2013": pd.Series(classes, dtype="int64")})
    return unique_key(table, "county_fips_2013", path)


def read_births_by_payer(path: Path) -> pd.DataFrame:
    """Read births by year, state and source of payment from a CDC WONDER export.

    The table ends at the first line of three dashes; the query and its caveats follow and are left out. Cells under
    ten are not in the export, so sums are a little below the true totals.

    Parameters
    ----------
    path : pathlib.Path
        A comma- or tab-separated export, plain or gzip-compressed.

    Returns
    -------
    pandas.DataFrame
        ``year, state`` (postal code), ``payer, births``, summed over whatever else the query was grouped by.

    Raises
    ------
    InputError
        When the file is not such an export, or has a count below ten.
    """
    what = "a CDC WONDER export of births by source of payment"
    require_file(path, what)
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = text.decode("utf-8-sig").splitlines()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: the compressed file is damaged or half written; fetch {what} again") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file as {what} should be") from error
    end = next((number for number, line in enumerate(lines) if line.strip().strip('"') == "---"), None)
    if end is None:
        raise InputError(
            f"{path}: the notes that CDC WONDER writes below the table are missing: half an export; fetch it again"
        )
    delimiter = "\t" if "\t" in lines[0] else ","
    rows = list(csv.DictReader(lines[:end], delimiter=delimiter))
    raw = pd.DataFrame(rows, dtype="str")
    require_columns(raw, ["Year", "State of Residence", "Source of Payment for Delivery", "Births"], path, what)
    raw = raw[raw["Births"].fillna("") != ""].reset_index(drop=True)
    births = numbers(raw, "Births", path, minimum=_LEAST_WONDER_COUNT)
    table = pd.DataFrame(
        {
            "year": numbers(raw, "Year", path, minimum=1990).astype("int64"),
            "state": raw["State of Residence"].map(canonical_state).astype("str"),
            "payer": raw["Source of Payment for Delivery"],
            "births": births,
        }
    )
    return table.groupby(["year", "state", "payer"])[["births"]].sum().reset_index()
