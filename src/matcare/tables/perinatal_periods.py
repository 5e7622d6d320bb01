"""A user's fetal and infant deaths by birthweight, for Perinatal Periods of Risk.

The smallest file that does it has two rows a group, one for each weight class, and four counts in each::

    group,birthweight,fetal_deaths,neonatal_deaths,postneonatal_deaths,live_births
    Hamilton County,500-1499,…,…,…,…
    Hamilton County,1500+,…,…,…,…
    reference,500-1499,…,…,…,…
    reference,1500+,…,…,…,…

What to count, which the file cannot show and its maker has to see to: live births of 500 g and more and the deaths
among them in the first year (linked records, by year of birth), and fetal deaths of 24 weeks and more **and** 500 g
and more, to residents. A missing birthweight is to be imputed from gestation before the table is made, or its deaths
are lost.

Weight classes may be finer (``500-749``, ``750-999``, …, ``1500-2499``, ``2500+``), as long as they begin at 500, leave
no gap, and none lies across 1500 g; they are added. An empty cell is unknown, which is not zero. Counts of 1-9 are
taken for computing, and never printed.

Further columns, if wanted: ``years`` (``2022`` or ``2019-2022``; then groups may have several); ``role`` with the word
*reference* in the rows of the reference group, instead of naming it; ``part_of``, the name of the group that holds this
one (`Black` is part of `Hamilton County`), so that the difference of the two gives no withheld count back.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.perinatal_periods import PERINATAL_COUNTS, WEIGHT_CLASSES
from matcare.errors import InputError
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_perinatal_counts"]

_COUNTS: Final = ("fetal_deaths", "neonatal_deaths", "postneonatal_deaths", "live_births")
_KEY: Final = ["group", "years"]
_LIGHTEST: Final = 500
_HEAVY: Final = 1500
_NO_YEARS: Final = "not said"
_CLASS: Final = re.compile(r"(\d+)\s*(?:(?:-|–|to)\s*(\d+)|\+)", re.IGNORECASE)
_YEARS: Final = re.compile(r"(?:19|20)\d{2}(?:-(?:19|20)\d{2})?")
_FORMULA: Final = ("=", "+", "-", "@")


def read_perinatal_counts(path: Path, *, reference: str | None = None) -> pd.DataFrame:
    """Read a user's counts; the module's docstring has the format.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    reference : str, optional
        Name of the reference group; without it the rows whose ``role`` is *reference* are, or none.

    Returns
    -------
    pandas.DataFrame
        By :data:`matcare.contracts.perinatal_periods.PERINATAL_COUNTS`: two rows a group and years.

    Raises
    ------
    InputError
        One line that names file, row (1 is the first below the header), column and remedy: a count that is negative or
        no whole number, more deaths than live births, a cell twice or missing, an unknown period, a weight below 500 g
        or a class across 1500 g, a reference group that is not there or of which there are two. No count of deaths or
        births is printed in a message.
    """
    raw = read_user_table(path)
    _require(raw, path)
    frame = pd.DataFrame({name: _texts(raw, name, path) for name in ("group", "birthweight")})
    frame["years"] = _years(raw, path)
    frame["part_of"] = raw["part_of"].fillna("") if "part_of" in raw else ""
    frame["is_reference"] = _references(raw, frame, path, reference)
    for name in _COUNTS:
        frame[name] = _numbers(raw, name, path)
    _refuse_more_deaths_than_births(frame, path)
    bounds = [_bounds(text, f"{path}, row {row}") for row, text in enumerate(frame["birthweight"], start=1)]
    frame["from_grams"], frame["to_grams"] = zip(*bounds, strict=True)
    _check_groups(frame, path)
    frame["birthweight"] = np.where(frame["from_grams"] < _HEAVY, *WEIGHT_CLASSES)
    keys = [*_KEY, "part_of", "is_reference", "birthweight"]
    grouped = frame.groupby(keys, sort=False)[list(_COUNTS)]
    # An unknown count leaves the sum unknown.
    summed = grouped.sum().where(grouped.count().eq(grouped.size(), axis=0)).reset_index()
    return PERINATAL_COUNTS.validate(summed, where=str(path))[PERINATAL_COUNTS.names]


def _require(raw: pd.DataFrame, path: Path) -> None:
    for name in ("group", "birthweight", *_COUNTS):
        if name not in raw:
            there = ", ".join(map(str, raw.columns[:8]))
            raise InputError(f"{path}: column {name!r} is missing (found: {there}); give group, birthweight, "
                             f"{', '.join(_COUNTS)}")  # fmt: skip
    for name in raw.columns:
        if str(name).endswith("_deaths") and name not in _COUNTS:
            raise InputError(
                f"{path}, column {name!r}: an unknown period; the periods are fetal, neonatal (under 28 days) and "
                "postneonatal: add it to one of them, or take the column out"
            )


def _texts(raw: pd.DataFrame, name: str, path: Path) -> pd.Series:
    missing = raw[name].isna().to_numpy()
    if missing.any():
        raise InputError(f"{path}, row {int(missing.argmax()) + 1}, column {name!r}: is missing; fill it in")
    formula = raw[name].str.startswith(_FORMULA).to_numpy()
    if formula.any():
        row = int(formula.argmax())
        raise InputError(
            f"{path}, row {row + 1}, column {name!r}: {raw[name].iloc[row]!r} would read as a formula in a "
            "spreadsheet; begin it with a letter or a digit"
        )
    return raw[name].astype("str")


def _years(raw: pd.DataFrame, path: Path) -> pd.Series:
    if "years" not in raw:
        return pd.Series(_NO_YEARS, index=raw.index, dtype="str")
    years = _texts(raw, "years", path).str.replace(r"\s*[-–]\s*", "-", regex=True)
    for row, text in enumerate(years, start=1):
        if not _YEARS.fullmatch(text) or text[:4] > text[-4:]:
            raise InputError(
                f"{path}, row {row}, column 'years': {text!r} is no period; give 2022 or 2019-2022, the earlier first"
            )
    return years


def _references(raw: pd.DataFrame, frame: pd.DataFrame, path: Path, reference: str | None) -> pd.Series:
    if reference is not None:
        found = frame["group"] == reference
        if not found.any():
            there = ", ".join(sorted(set(frame["group"]))[:8])
            raise InputError(f"{path}: no group {reference!r} to compare with (found: {there}); name one of them")
        return found
    if "role" not in raw:
        return pd.Series(data=False, index=frame.index)
    role = raw["role"].fillna("").str.lower()
    strange = ~role.isin(["", "reference", "study"]).to_numpy()
    if strange.any():
        row = int(strange.argmax())
        raise InputError(
            f"{path}, row {row + 1}, column 'role': {raw['role'].iloc[row]!r} is neither 'reference' nor empty"
        )
    found = role == "reference"
    names = sorted(set(frame.loc[found, "group"]))
    if len(names) > 1:
        raise InputError(f"{path}, column 'role': {names[0]!r} and {names[1]!r} are both the reference; mark one group")
    half = found ^ frame["group"].isin(names)
    if half.any():
        raise InputError(
            f"{path}, row {int(half.to_numpy().argmax()) + 1}, column 'role': {names[0]!r} is the reference in another "
            "row; mark all of its rows"
        )
    return found


def _numbers(raw: pd.DataFrame, name: str, path: Path) -> pd.Series:
    text = raw[name]
    values = pd.to_numeric(text.str.replace(",", ""), errors="coerce").astype("float64")
    for bad, words in (
        (values.isna() & text.notna(), "is not a number; give a count, or leave the cell empty where it is unknown"),
        (values < 0, "is negative; give 0 or more, or leave the cell empty where it is unknown"),
        (values.notna() & (values.isin([np.inf]) | (values != values.round())), "is no whole number; give a count"),
    ):
        if bad.any():
            raise InputError(f"{path}, row {int(bad.to_numpy().argmax()) + 1}, column {name!r}: {words}")
    return values


def _refuse_more_deaths_than_births(frame: pd.DataFrame, path: Path) -> None:
    deaths = frame["neonatal_deaths"].fillna(0) + frame["postneonatal_deaths"].fillna(0)
    bad = (deaths > frame["live_births"]).to_numpy()
    if bad.any():
        raise InputError(
            f"{path}, row {int(bad.argmax()) + 1}, column 'live_births': fewer than the neonatal and postneonatal "
            "deaths beside it; give live births of the same weight, group and years"
        )


def _bounds(text: str, where: str) -> tuple[float, float]:
    found = _CLASS.fullmatch(re.sub(r"\s*(?:g|grams?)$", "", text.replace(",", "").strip(), flags=re.IGNORECASE))
    if found is None:
        raise InputError(
            f"{where}, column 'birthweight': {text!r} is no weight class in grams; give {' and '.join(WEIGHT_CLASSES)}"
        )
    low, high = float(found[1]), float(found[2]) if found[2] else float("inf")
    if low < _LIGHTEST:
        raise InputError(
            f"{where}, column 'birthweight': {text!r} holds weights below {_LIGHTEST} g, which the method leaves out; "
            f"begin at {_LIGHTEST}"
        )
    if high < low or low < _HEAVY <= high:
        raise InputError(
            f"{where}, column 'birthweight': {text!r} must lie on one side of {_HEAVY} g, the lighter bound first; "
            f"give {' and '.join(WEIGHT_CLASSES)}"
        )
    return low, high


def _check_groups(frame: pd.DataFrame, path: Path) -> None:
    for (group, years), part in frame.groupby(_KEY, sort=False):
        label = f"{group!r}" + ("" if years == _NO_YEARS else f" of {years}")
        _check_holder(frame[frame["years"] == years], part, label, path)
        _check_classes(part, label, path)
    for group, periods in frame.drop_duplicates(_KEY).groupby("group", sort=False)["years"]:
        ordered = sorted(periods)
        for earlier, later in pairwise(ordered):
            if later[:4] <= earlier[-4:]:
                raise InputError(
                    f"{path}, column 'years': {earlier} and {later} of {group!r} have {later[:4]} in common; the "
                    "difference of the two would be a count of its own: give periods without a common year"
                )


def _check_holder(same_years: pd.DataFrame, part: pd.DataFrame, label: str, path: Path) -> None:
    """Refuse a `part_of` that names no other group of the same years, or goes round in a circle."""
    if (part["part_of"] != part["part_of"].iloc[0]).any():
        raise InputError(f"{path}, column 'part_of': differs between the rows of {label}; give the same in each")
    holders = same_years.drop_duplicates("group").set_index("group")["part_of"]
    seen = {part["group"].iloc[0]}
    holder = part["part_of"].iloc[0]
    while holder:
        if holder in seen or holder not in holders.index:
            raise InputError(
                f"{path}, column 'part_of': {holder!r} is no group of the same years that could hold {label}; name one "
                "that is in the file and is not itself part of it"
            )
        seen.add(holder)
        holder = holders[holder]


def _check_classes(part: pd.DataFrame, label: str, path: Path) -> None:
    """Refuse a cell that stands twice and a gap between weight classes."""
    expected = float(_LIGHTEST)
    ordered = part.sort_values("from_grams", kind="stable")
    for index, low, high in zip(ordered.index, ordered["from_grams"], ordered["to_grams"], strict=True):
        if low < expected:
            raise InputError(
                f"{path}, row {int(index) + 1}, column 'birthweight': weights from {low:g} g stand twice for {label}; "
                "give each class once"
            )
        if low > expected:
            break
        expected = high + 1
    if np.isfinite(expected):
        raise InputError(
            f"{path}: {label} has no row for weights from {expected:g} g; the classes must reach from {_LIGHTEST} g to "
            f"'{_HEAVY}+' without a gap"
        )
