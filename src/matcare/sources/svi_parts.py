"""CDC/ATSDR Social Vulnerability Index 2022: its themes, the parts used as indicators, and people by race."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.sources.reading import county_codes, numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_vulnerability_parts"]

_MISSING: Final = (-999.0,)

_THEMES: Final = {
    "svi_socioeconomic": "RPL_THEME1",
    "svi_household_characteristics": "RPL_THEME2",
    "svi_housing_transportation": "RPL_THEME4",
}
"""Theme 3, racial and ethnic minority status, is left out: who people are is no vulnerability to be ranked."""

_PERCENT: Final = {
    "share_single_parent": "EP_SNGPNT",
    "share_adults_no_high_school": "EP_NOHSDP",
    "share_unemployed": "EP_UNEMP",
    "share_housing_cost_burden": "EP_HBURD",
    "share_crowded": "EP_CROWD",
    "share_limited_english": "EP_LIMENG",
}

_PEOPLE: Final = {
    "share_black": "E_AFAM",
    "share_hispanic": "E_HISP",
    "share_aian": "E_AIAN",
    "share_asian": "E_ASIAN",
    "share_nhopi": "E_NHPI",
    "share_two_or_more": "E_TWOMORE",
    "share_other_race": "E_OTHERRACE",
}
"""Hispanic of any race, and the rest not Hispanic; together they are the SVI's minorities (``E_MINRTY``)."""


def read_vulnerability_parts(path: Path) -> pd.DataFrame:
    """Read themes, parts and composition of the Social Vulnerability Index by county.

    The groups are exclusive: Hispanic people of any race, everybody else by race. White (not Hispanic) is what is left
    of all people. All ages.

    Parameters
    ----------
    path : pathlib.Path
        ``SVI_2022_US_county.csv``, plain or gzip-compressed.

    Returns
    -------
    pandas.DataFrame
        ``county_fips``; three themes (percentile 0-1); six parts and eight groups of people (share 0-1). −999 is
        missing.

    Raises
    ------
    InputError
        When a county's groups do not add up to its minorities: then the columns are not what their names say.

    References
    ----------
    CDC/ATSDR SVI 2022 documentation: sixteen variables in four themes.
    """
    columns = ["FIPS", "E_TOTPOP", "E_MINRTY", *_THEMES.values(), *_PERCENT.values(), *_PEOPLE.values()]
    raw = read_delimited(path, columns, "the CDC/ATSDR Social Vulnerability Index")
    values = {name: numbers(raw, name, path, sentinels=_MISSING, minimum=0) for name in columns[1:]}
    groups = pd.DataFrame({name: values[column] for name, column in _PEOPLE.items()})
    minority = values["E_MINRTY"]
    apart = (groups.sum(axis=1, skipna=False) - minority).abs() > 1
    refuse(raw["E_MINRTY"], apart, path, "E_MINRTY", "should be the sum of the seven groups of race and ethnicity")
    people = values["E_TOTPOP"].where(values["E_TOTPOP"] > 0)
    table = pd.DataFrame(
        {
            "county_fips": county_codes(raw["FIPS"], path, "FIPS"),
            **{name: values[column] for name, column in _THEMES.items()},
            **{name: values[column] / 100 for name, column in _PERCENT.items()},
            "share_white": (people - minority) / people,
            **{name: groups[name] / people for name in _PEOPLE},
        }
    )
    return unique_key(table, "county_fips", path)
