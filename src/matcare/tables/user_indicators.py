"""A user's own county indicators: the columns that the framework names and no public county source holds."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.indicators import DEFINITIONS
from matcare.disclosure import SMALL
from matcare.errors import InputError
from matcare.geo import canonical_county_fips
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

    from matcare.contracts.indicators import Indicator

__all__ = ["UserIndicators", "read_user_indicators"]

_GAPS: Final = {entry.id: entry for entry in DEFINITIONS if entry.gap}
_LEAST: Final = SMALL[1] + 1
_YES_NO: Final = "1 yes, 0 no"
_NAMES: Final = ("county_name", "county", "state", "name")
"""Columns that only say which county it is."""


@dataclass(frozen=True, kw_only=True)
class UserIndicators:
    """A user's county indicators and what was done to read them.

    Attributes
    ----------
    values : pandas.DataFrame
        ``county_fips, indicator, value, status`` (``user_reported, suppressed, not_reported``), one row a county of the
        file and indicator.
    notes : list of str
        Repairs, masked values and unused columns, for the terminal and ``run.json``.
    """

    values: pd.DataFrame
    notes: list[str]


def read_user_indicators(path: Path, counties: pd.DataFrame) -> UserIndicators:
    """Read a user's county indicators.

    Needed: ``county_fips`` (or ``fips``) and at least one gap of :data:`matcare.contracts.indicators.DEFINITIONS`, by
    its id, such as ``share_births_late_or_no_prenatal_care``. A blank cell is `not_reported`, the word ``suppressed``
    stands for itself.

    A share of births that with the county's births gives a count of 1-9, of those concerned or of the others, is
    masked; so is one in a county whose births are not known. A share of 0 is a count of none, and stays.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    counties : pandas.DataFrame
        ``county_fips, births_registered_per_year, births_per_year`` of the counties of 2024.

    Returns
    -------
    UserIndicators

    Raises
    ------
    InputError
        One line naming file, row (1 is the first below the header), column and remedy: no such county, a county twice,
        a value that is no number or out of bounds, or no column of a gap.
    """
    table = read_user_table(path)
    if "fips" in table and "county_fips" not in table:
        table = table.rename(columns={"fips": "county_fips"})
    notes: list[str] = []
    fips = _counties(table, counties, path, notes)
    found = [name for name in table.columns if name in _GAPS]
    rest = [name for name in table.columns if name not in _GAPS and name not in {"county_fips", *_NAMES}]
    if not found:
        raise InputError(f"{path}: no column of an indicator that can be brought{_nearest(rest)}")
    for name in rest:
        own = any(name == entry.id for entry in DEFINITIONS)
        why = "matcare has it from its own source" if own else f"no such indicator{_nearest([name])}"
        notes.append(f"{path.name}: column {name} not used: {why}")
    known = counties.set_index("county_fips")
    births = fips.map(known["births_registered_per_year"]).fillna(fips.map(known["births_per_year"]))
    blocks = []
    for name in found:
        entry = _GAPS[name]
        value, hidden = _values(table, entry, path)
        small = _small(value, births, entry)
        if small.any():
            notes.append(
                f"{path.name}: column {name}: {int(small.sum())} values masked, since with the births they would give "
                "a count of 1-9"
            )
        value = value.mask(small)
        status = np.select([hidden | small, value.isna()], ["suppressed", "not_reported"], "user_reported")
        blocks.append(pd.DataFrame({"county_fips": fips, "indicator": name, "value": value, "status": status}))
    return UserIndicators(values=pd.concat(blocks, ignore_index=True), notes=notes)


def _counties(table: pd.DataFrame, counties: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    if "county_fips" not in table:
        raise InputError(f"{path}: column 'county_fips' is missing; give five digits a county, such as 38017")
    missing = table["county_fips"].isna()
    if missing.any():
        raise InputError(
            f"{path}, row {int(np.argmax(missing)) + 1}, column 'county_fips': empty; give every row a county"
        )
    fips, repaired = canonical_county_fips(table["county_fips"], where=f"{path}, column 'county_fips'")
    if repaired:
        notes.append(f"{path.name}: {repaired} county codes had lost their leading zero; repaired")
    strange = ~fips.isin(counties["county_fips"])
    if strange.any():
        row = int(np.argmax(strange))
        code = fips.iloc[row]
        remedy = (
            "Connecticut's legacy counties are gone, and a share cannot be moved: give the planning regions 09110-09190"
            if code.startswith("09")
            else "check it, or leave the row out"
        )
        raise InputError(f"{path}, row {row + 1}, column 'county_fips': {code} is not a county of 2024; {remedy}")
    twice = fips.duplicated()
    if twice.any():
        row = int(np.argmax(twice))
        first = int(np.argmax(fips == fips.iloc[row])) + 1
        raise InputError(
            f"{path}, row {row + 1}, column 'county_fips': {fips.iloc[row]} stands in row {first} already; keep one"
        )
    return fips


def _values(table: pd.DataFrame, entry: Indicator, path: Path) -> tuple[pd.Series, pd.Series]:
    text = table[entry.id]
    hidden = text.str.lower().eq("suppressed").fillna(value=False).astype(bool)
    value = pd.to_numeric(text.mask(hidden), errors="coerce").astype("float64")
    bad = (value.isna() | np.isinf(value)) & text.notna() & ~hidden
    _refuse(text, bad, path, entry, "is not a number; leave it empty where there is none")
    if entry.unit == _YES_NO:
        _refuse(text, value.notna() & ~value.isin([0, 1]), path, entry, "should be 1 (yes) or 0 (no)")
    _refuse(text, value < 0, path, entry, "should be 0 or more")
    if entry.maximum is not None:
        remedy = f"should be {entry.maximum:g} or less ({entry.unit}); a percentage is to be divided by 100"
        _refuse(text, value > entry.maximum, path, entry, remedy)
    return value, hidden


def _small(value: pd.Series, births: pd.Series, entry: Indicator) -> pd.Series:
    """Tell which values give back a count of 1-9: of those concerned, or of the others."""
    if not entry.of_births:
        return pd.Series(data=False, index=value.index)
    whole = births * entry.of_births
    few = (value > 0) & ~(value * whole >= _LEAST)
    few_others = (value > 0) & (value < 1) & ~((1 - value) * whole >= _LEAST)
    return few | few_others


def _refuse(text: pd.Series, bad: pd.Series, path: Path, entry: Indicator, remedy: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(f"{path}, row {row + 1}, column {entry.id!r}: {text.iloc[row]!r} {remedy}")


def _nearest(names: list[str]) -> str:
    close = [match for name in names for match in difflib.get_close_matches(name, _GAPS, n=1, cutoff=0.6)]
    if close:
        return f"; did you mean {close[0]}?"
    return f"; they are {', '.join(list(_GAPS)[:3])}, … (indicator_catalog.csv has them all)"
