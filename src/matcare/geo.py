"""Coordinates, county codes and their vintages: stated once, used everywhere.

Geometry is kept in EPSG:4326 (degrees, longitude first in geometries). Distances are great circles; areas are measured
in an equal-area projection. Degrees are never treated as metres. Counties are those of 2024: the 3,144 county
equivalents of the states and the District of Columbia, and Puerto Rico's 78.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError

__all__ = [
    "CRS",
    "EARTH_RADIUS_KM",
    "EQUAL_AREA_CRS",
    "STATES",
    "STATE_FIPS",
    "canonical_county_fips",
    "canonical_state",
    "convert_counts",
    "great_circle_km",
    "is_county_fips",
    "state_of_county",
]

CRS: Final = "EPSG:4326"
"""Geographic coordinates of every stored geometry."""

EQUAL_AREA_CRS: Final = "EPSG:5070"
"""Conus Albers: areas, and distances within the conterminous states."""

EARTH_RADIUS_KM: Final = 6371.0088
"""Mean Earth radius (IUGG), km."""

_STATE_TABLE: Final = (
    "01 AL Alabama|02 AK Alaska|04 AZ Arizona|05 AR Arkansas|06 CA California|08 CO Colorado|09 CT Connecticut|"
    "10 DE Delaware|11 DC District of Columbia|12 FL Florida|13 GA Georgia|15 HI Hawaii|16 ID Idaho|"
    "17 IL Illinois|18 IN Indiana|19 IA Iowa|20 KS Kansas|21 KY Kentucky|22 LA Louisiana|23 ME Maine|"
    "24 MD Maryland|25 MA Massachusetts|26 MI Michigan|27 MN Minnesota|28 MS Mississippi|29 MO Missouri|"
    "30 MT Montana|31 NE Nebraska|32 NV Nevada|33 NH New Hampshire|34 NJ New Jersey|35 NM New Mexico|"
    "36 NY New York|37 NC North Carolina|38 ND North Dakota|39 OH Ohio|40 OK Oklahoma|41 OR Oregon|"
    "42 PA Pennsylvania|44 RI Rhode Island|45 SC South Carolina|46 SD South Dakota|47 TN Tennessee|48 TX Texas|"
    "49 UT Utah|50 VT Vermont|51 VA Virginia|53 WA Washington|54 WV West Virginia|55 WI Wisconsin|56 WY Wyoming|"
    "72 PR Puerto Rico"
)

STATES: Final[dict[str, str]] = {row.split(" ", 2)[1]: row.split(" ", 2)[2] for row in _STATE_TABLE.split("|")}
"""Postal code → name: the 50 states, the District of Columbia and Puerto Rico."""

STATE_FIPS: Final[dict[str, str]] = {row.split(" ", 2)[1]: row.split(" ", 2)[0] for row in _STATE_TABLE.split("|")}
"""Postal code → two-digit FIPS code."""

_POSTAL_BY_FIPS: Final = {fips: postal for postal, fips in STATE_FIPS.items()}
_POSTAL_BY_NAME: Final = {name.casefold(): postal for postal, name in STATES.items()}


def great_circle_km(
    lat1: npt.ArrayLike, lon1: npt.ArrayLike, lat2: npt.ArrayLike, lon2: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Great-circle distance by the haversine formula.

    Parameters
    ----------
    lat1, lon1, lat2, lon2 : array_like of float
        Degrees; broadcast against each other.

    Returns
    -------
    numpy.ndarray of float64
        Kilometres, on a sphere of the mean Earth radius (within 0.5 % of the ellipsoid).

    Examples
    --------
    >>> float(great_circle_km(46.8083, -100.7837, 46.8772, -96.7898).round(1))
    303.8
    """
    phi1, phi2 = np.radians(np.asarray(lat1, dtype=np.float64)), np.radians(np.asarray(lat2, dtype=np.float64))
    half_dlat = (phi2 - phi1) / 2
    half_dlon = np.radians(np.asarray(lon2, dtype=np.float64) - np.asarray(lon1, dtype=np.float64)) / 2
    a = np.sin(half_dlat) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_dlon) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(a, 0, 1))), dtype=np.float64)


_TERRITORIES: Final = frozenset({
    "gu", "guam", "vi", "virgin islands", "u.s. virgin islands", "us virgin islands", "as", "american samoa", "mp",
    "northern mariana islands",
})  # fmt: skip
"""Territories that no table of the sources covers."""


def canonical_state(value: str) -> str:
    """Return the postal code of a state named by postal code, name or FIPS code.

    Parameters
    ----------
    value : str
        ``"ND"``, ``"nd"``, ``"North Dakota"`` or ``"38"``.

    Returns
    -------
    str
        Two capital letters.

    Raises
    ------
    InputError
        When no state, district or Puerto Rico goes by that name.

    Examples
    --------
    >>> canonical_state("north dakota"), canonical_state("38"), canonical_state("pr")
    ('ND', 'ND', 'PR')
    """
    text = " ".join(value.split())
    if text.upper() in STATES:
        return text.upper()
    if text.zfill(2) in _POSTAL_BY_FIPS:
        return _POSTAL_BY_FIPS[text.zfill(2)]
    if text.casefold() in _POSTAL_BY_NAME:
        return _POSTAL_BY_NAME[text.casefold()]
    if text.casefold() in _TERRITORIES:
        raise InputError(
            f"{value!r} is not in the data: they cover the 50 states, the District of Columbia and Puerto Rico"
        )
    raise InputError(f"unknown state {value!r}: give a postal code (ND), a name (North Dakota) or a FIPS code (38)")


def canonical_county_fips(codes: pd.Series, *, where: str = "county_fips") -> tuple[pd.Series, int]:
    """Give county codes their five digits back.

    A spreadsheet drops the leading zero of ``01001``; four digits are padded, and counted so that the caller can say
    so.

    Parameters
    ----------
    codes : pandas.Series
        Codes as text or numbers. Missing values stay missing.
    where : str
        The file and column, for the message.

    Returns
    -------
    codes : pandas.Series
        Five-digit text, same index.
    repaired : int
        How many codes had lost their zero.

    Raises
    ------
    InputError
        When a code is not a number of four or five digits; the first such row is named.

    Examples
    --------
    >>> canonical_county_fips(pd.Series(["1001", "38017", 1003.0]))[1]
    2
    """
    text = codes.astype("string").str.strip().str.replace(r"\.0$", "", regex=True)
    bad = text.notna() & ~text.str.fullmatch(r"\d{4,5}").fillna(value=False)
    if bad.any():
        position = int(np.flatnonzero(bad.to_numpy(dtype=bool))[0])
        raise InputError(
            f"{where}, row {position + 1}: {codes.iloc[position]!r} is not a county FIPS code: "
            "five digits, such as 01001"
        )
    repaired = int((text.str.len() == 4).sum())  # noqa: PLR2004 - a code of four digits is one that lost its zero
    return text.str.zfill(5).astype("str").where(text.notna()), repaired


def convert_counts(counts: pd.Series, weights: pd.DataFrame, *, old: str, new: str, weight: str) -> pd.Series:
    """Move counts from one county vintage to another by weights.

    Only counts may be moved: a class, a rate or a rank has no meaning when it is split.

    Parameters
    ----------
    counts : pandas.Series
        One count per old county, indexed by five-digit code.
    weights : pandas.DataFrame
        Columns `old`, `new` and `weight`; the weights of one old county add up to 1.
    old, new, weight : str
        The names of those columns.

    Returns
    -------
    pandas.Series
        Counts by new county. Counties that `weights` does not name keep their code. A new county that takes any part
        from an old county whose count is missing is missing.

    Raises
    ------
    InputError
        When the weights of an old county do not add up to 1.
    """
    sums = weights.groupby(old)[weight].sum()
    wrong = sums[(sums - 1).abs() > 1e-6]  # noqa: PLR2004 - rounding of published weights
    if len(wrong):
        raise InputError(f"weights of county {wrong.index[0]} add up to {wrong.iloc[0]:.6f}, not 1")
    moved = weights[weights[old].isin(counts.index)]
    parts = pd.Series(counts.loc[moved[old]].to_numpy() * moved[weight].to_numpy(), index=moved[new].to_numpy())
    summed = parts.groupby(level=0).sum(min_count=1)
    unknown = parts[parts.isna()].index.unique()
    summed = summed.where(~summed.index.isin(unknown))
    kept = counts[~counts.index.isin(weights[old])]
    return pd.Series(pd.concat([kept, summed]).sort_index())


def is_county_fips(code: str) -> bool:
    """Tell whether a text is a five-digit county code of a state, the district or Puerto Rico.

    Examples
    --------
    >>> is_county_fips("38017"), is_county_fips("66010"), is_county_fips("3801")
    (True, False, False)
    """
    return bool(re.fullmatch(r"\d{5}", code)) and code[:2] in _POSTAL_BY_FIPS


def state_of_county(codes: pd.Series) -> pd.Series:
    """Return the postal code of each county code's state; missing where the state is not one of :data:`STATES`."""
    postal = [_POSTAL_BY_FIPS.get(str(code)[:2]) for code in codes.array]
    return pd.Series(pd.array(postal, dtype="str"), index=codes.index)
