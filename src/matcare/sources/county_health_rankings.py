"""County Health Rankings & Roadmaps: infant deaths and live births (measure v129), CC BY-NC-SA 4.0.

A county with fewer than 20 deaths in the seven years is blank: its count is suppressed, it is not zero and not missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.disclosure import counts_from_rate, is_small
from matcare.errors import InputError
from matcare.sources.reading import (
    county_codes,
    numbers,
    read_delimited,
    read_lines,
    refuse,
    require_columns,
    unique_key,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LEAST_PUBLISHED_DEATHS", "RACE_GROUPS", "read_infant_mortality", "read_infant_mortality_by_race"]

LEAST_PUBLISHED_DEATHS: Final = 20
"""Counties with fewer deaths are blank in the source."""

RACE_GROUPS: Final = ("white", "black", "aian", "asian", "nhopi", "multiple", "hispanic")
"""Mothers' groups in the source's order; all but the last are non-Hispanic (NCHS)."""

_RATE_TOLERANCE: Final = 1e-6
_WHOLE: Final = 1e-3
_IN_SOURCE: Final = {"multiple": "tom"}


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


def read_infant_mortality_by_race(path: Path) -> pd.DataFrame:
    """Read measure v129 by race and ethnicity of the mother.

    The names of the counts carry nothing but R's ``.x`` and ``.y``, so they are taken by their place: the two columns
    before a group's rate, and proven by it. Hispanic mothers have a rate and limits and no counts. The source's
    interval is R ± 1.96·R/√D from 100 deaths (births are not taken as random) and gamma below, so deaths and births
    follow. They are given only when the same arithmetic gives back the counts of every row that has some, and whole
    numbers here.

    Parameters
    ----------
    path : pathlib.Path
        ``chr_v129_otherdata_r2026.csv``.

    Returns
    -------
    pandas.DataFrame
        One row a place and group that has counts: ``code`` and ``level`` as in :func:`read_infant_mortality`,
        ``group`` (one of :data:`RACE_GROUPS`), ``infant_deaths``, ``live_births``, ``counts_from`` (``published`` or
        ``derived``).

    Raises
    ------
    InputError
        When a column is missing or out of order, when a rate does not follow from its counts, when the nation has
        fewer than its states together, or when a count of 1-9 stands in the file.
    """
    what = "County Health Rankings measure v129 by race"
    header = [name.strip('"') for name in read_lines(path, what, encoding="utf-8-sig")[0].split(",")]
    require_columns(pd.DataFrame(columns=header), ["statecode", "countycode"], path, what)
    raw = read_delimited(path, header, what)
    code = county_codes(raw["statecode"].str.zfill(2) + raw["countycode"].str.zfill(3), path, "countycode")
    unique_key(code.to_frame("code"), "code", path)
    groups, proven = [], True
    for group in RACE_GROUPS:
        rate_name = f"v129_race_{_IN_SOURCE.get(group, group)}"
        limits = [f"{rate_name}_cilow", f"{rate_name}_cihigh"]
        require_columns(raw, [rate_name, *limits], path, what)
        rate, low, high = (numbers(raw, name, path, minimum=0) for name in (rate_name, *limits))
        solved = counts_from_rate(rate, low, high, births_vary=False)
        if group == "hispanic":
            derived = solved[["deaths", "births"]].round()
            proven = proven and bool(((solved[["deaths", "births"]] - derived).abs().max() < _WHOLE).all())
            deaths, births = derived["deaths"], derived["births"]
        else:
            deaths, births = _counts_before(raw, rate_name, rate, path)
            off = pd.concat([solved["deaths"] - deaths, solved["births"] - births]).abs()
            proven = proven and not bool((off > _WHOLE).any())
        part = pd.DataFrame({"code": code, "group": group, "infant_deaths": deaths, "live_births": births})
        groups.append(part[deaths.notna()].assign(counts_from="derived" if group == "hispanic" else "published"))
    table = pd.concat(groups, ignore_index=True)
    table = table[proven | (table["counts_from"] == "published")].reset_index(drop=True)
    if is_small(table[["infant_deaths", "live_births"]]).any():
        raise InputError(f"{path}: a count of 1-9 births or deaths stands in it; it may not be passed on, blank it")
    level = pd.Series("county", index=table.index).mask(table["code"].str[2:] == "000", "state")
    table.insert(1, "level", level.mask(table["code"] == "00000", "nation"))
    _check_nation(table, path)
    return table


def _counts_before(raw: pd.DataFrame, rate_name: str, rate: pd.Series, path: Path) -> tuple[pd.Series, pd.Series]:
    """Return deaths and births from the two columns before a group's rate."""
    place = list(raw.columns).index(rate_name)
    births_name, deaths_name = (str(name) for name in raw.columns[max(place - 2, 0) : place])
    if not (births_name.startswith("denominator") and deaths_name.startswith("numerator")):
        raise InputError(f"{path}, column {rate_name!r}: should stand after its denominator and numerator")
    deaths, births = numbers(raw, deaths_name, path, minimum=0), numbers(raw, births_name, path, minimum=0)
    known = deaths.notna() & births.notna() & rate.notna()
    wrong = known & ((1000 * deaths / births - rate).abs() > _RATE_TOLERANCE * rate.clip(lower=1))
    half = (deaths.notna() != births.notna()) | (deaths.notna() != rate.notna())
    refuse(rate, wrong, path, rate_name, "should be deaths per 1,000 births of the two columns before it")
    refuse(deaths, half, path, deaths_name, "should stand where births and rate do, and only there", show=False)
    return deaths, births


def _check_nation(table: pd.DataFrame, path: Path) -> None:
    columns = ["infant_deaths", "live_births"]
    counts = {str(level): rows.groupby("group")[columns].sum() for level, rows in table.groupby("level")}
    if "nation" not in counts:
        raise InputError(f"{path}: no row of the US (00, 000) with counts; half a file, or another one")
    if "state" in counts:
        states = counts["state"]
        enough = (counts["nation"].reindex(states.index) >= states).all(axis=1)
        if not enough.all():
            group = enough.index[~enough][0]
            raise InputError(f"{path}: group {group} has fewer deaths or births in the US row than in its states")
