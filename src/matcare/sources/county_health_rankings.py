"""County Health Rankings & Roadmaps: infant deaths and live births (measure v129), CC BY-NC-SA 4.0.

A county with fewer than 20 deaths in the seven years is blank: its count is suppressed, it is not zero and not missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.sources.reading import county_codes, numbers, read_delimited, refuse, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LEAST_PUBLISHED_DEATHS", "read_infant_mortality"]

LEAST_PUBLISHED_DEATHS: Final = 20
"""Counties with fewer deaths are blank in the source."""

_RATE_TOLERANCE: Final = 1e-6


def read_infant_mortality(path: Path) -> pd.DataFrame:
    """Read measure v129: deaths before the first birthday and live births, 2017-2023.

    Parameters
    ----------
    path : pathlib.Path
        ``chr_v129_r2026.csv``.

    Returns
    -------
    pandas.DataFrame
        ``code`` (five digits: a county; two digits and ``000``: a state; ``00000``: the US), ``level`` (``county``,
        ``state``, ``nation``), ``infant_deaths``, ``live_births``, ``not_in_this_vintage`` (the publisher's flag of
        Connecticut's planning regions, which have no count of their own).

    Raises
    ------
    InputError
        When the rate does not follow from the two counts (then the columns are not what their names say), or when a
        count of 1-9 stands in the file, which the publisher's terms forbid to pass on.
    """
    what = "County Health Rankings measure v129"
    raw = read_delimited(
        path, ["statecode", "countycode", "v129_numerator", "v129_denominator", "v129_rawvalue", "v129_flag_CT"], what
    )
    deaths = numbers(raw, "v129_numerator", path, minimum=0)
    births = numbers(raw, "v129_denominator", path, minimum=0)
    rate = numbers(raw, "v129_rawvalue", path, minimum=0)
    code = county_codes(raw["statecode"].str.zfill(2) + raw["countycode"].str.zfill(3), path, "countycode")
    _check_rate(deaths, births, rate, path)
    for name, count in (("v129_numerator", deaths), ("v129_denominator", births)):
        small = count.between(1, 9)
        refuse(
            raw[name], small, path, name, "a count of 1-9 births or deaths may not be passed on; blank it", show=False
        )
    level = pd.Series("county", index=raw.index).mask(code.str[2:] == "000", "state").mask(code == "00000", "nation")
    table = pd.DataFrame(
        {
            "code": code,
            "level": level,
            "infant_deaths": deaths,
            "live_births": births,
            "not_in_this_vintage": (raw["v129_flag_CT"] == "U").fillna(value=False).astype(bool),
        }
    )
    return unique_key(table, "code", path)


def _check_rate(deaths: pd.Series, births: pd.Series, rate: pd.Series, path: Path) -> None:
    known = deaths.notna() & births.notna() & rate.notna()
    wrong = known & ((1000 * deaths / births - rate).abs() > _RATE_TOLERANCE * rate.clip(lower=1))
    remedy = "should be deaths per 1,000 births of the same row; numerator and denominator may be exchanged"
    refuse(rate, wrong, path, "v129_rawvalue", remedy)
    half = deaths.notna() != births.notna()
    refuse(
        deaths, half, path, "v129_numerator", "should stand where births do, and be blank where they are", show=False
    )
