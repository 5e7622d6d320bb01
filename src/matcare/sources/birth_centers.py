"""Freestanding birth centers accredited by the Commission for the Accreditation of Birth Centers (CABC)."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from matcare.errors import InputError
from matcare.geo import STATES
from matcare.sources.facility_files import first_row, read_text_columns, unique_key

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["read_birth_centers", "zip_centroids", "zip_counties"]


def read_birth_centers(path: Path) -> pd.DataFrame:
    """Read the accredited birth centers.

    The file's own ZIP column holds a street number at times, and its city column loses "St."; place, state and ZIP
    code are taken from the end of the address. HTML entities are decoded.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``bc_id, facility_name, full_address``.

    Returns
    -------
    pandas.DataFrame
        ``facility_id, name, address, city, state, zip``.

    Raises
    ------
    InputError
        Naming file, row and column, such as an address that does not end in a state and a ZIP code.
    """
    raw = read_text_columns(path, ["bc_id", "facility_name", "full_address"], what="CABC's accredited birth centers")
    address = raw["full_address"].map(html.unescape).astype("str")
    ends = address.str.extract(r",\s*(?P<city>[^,]+),\s*(?P<state>[A-Z]{2})\s+(?P<zip>\d{5})(?:-\d{4})?[\s,.]*$")
    bad = ends["zip"].isna() | ~ends["state"].isin(list(STATES))
    if bad.any():
        row = first_row(bad)
        raise InputError(
            f"{path}, row {row}, column 'full_address': {address.iloc[row - 1]!r} should end in city, state, ZIP"
        )
    return pd.DataFrame(
        {
            "facility_id": unique_key(raw["bc_id"], path=path, column="bc_id"),
            "name": raw["facility_name"].map(html.unescape).astype("str"),
            "address": address,
            "city": ends["city"].str.strip(),
            "state": ends["state"],
            "zip": ends["zip"],
        }
    )


def zip_centroids(codes: pd.Series) -> pd.DataFrame:
    """Return the centroids of ZIP codes, from the table in the package ``zipcodes``.

    Parameters
    ----------
    codes : pandas.Series of str
        Five digits.

    Returns
    -------
    pandas.DataFrame
        ``lat, lon`` (degrees), index of `codes`; missing where the code is not known.
    """
    places = _zip_places(codes)
    pairs = [(places[str(code)][:2] if str(code) in places else (float("nan"), float("nan"))) for code in codes]
    return pd.DataFrame(pairs, columns=["lat", "lon"], index=codes.index)


def zip_counties(codes: pd.Series, counties: gpd.GeoDataFrame) -> pd.Series:
    """Return the county that most of a ZIP code lies in, from the table in the package ``zipcodes``.

    Parameters
    ----------
    codes : pandas.Series of str
        Five digits.
    counties : geopandas.GeoDataFrame
        ``county_fips, county_name, state``.

    Returns
    -------
    pandas.Series of str
        County codes; the empty string where ZIP code or county is not known (Connecticut's counties are of another
        vintage).
    """
    known = {
        (state, name.casefold()): fips
        for state, name, fips in zip(counties["state"], counties["county_name"], counties["county_fips"], strict=True)
    }
    places = _zip_places(codes)
    found = [known.get(places[str(code)][2:], "") if str(code) in places else "" for code in codes]
    return pd.Series(found, index=codes.index, dtype="str")


def _zip_places(codes: pd.Series) -> dict[str, tuple[float, float, str, str]]:
    import zipcodes  # noqa: PLC0415 - it unpacks its table when imported, which only the compiler of facilities needs

    wanted = sorted({str(code) for code in codes if str(code).isdigit() and len(str(code)) == 5})  # noqa: PLR2004 - ZIP
    places = {}
    for code in wanted:
        found = zipcodes.matching(code)  # type: ignore[no-untyped-call] # the package has no type information
        if found and float(found[0]["lat"]) != 0:
            place = found[0]
            places[code] = (float(place["lat"]), float(place["long"]), place["state"], place["county"].casefold())
    return places
