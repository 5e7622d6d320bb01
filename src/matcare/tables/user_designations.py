"""Federal designations that a user supplies: HRSA's shortage areas and target areas, FORHP's rural counties.

HRSA publishes them and changes them weekly, so none is embedded: the user downloads ``BCD_HPSA_FCT_DET_PC.csv`` (the
primary care list, with the column ``PC MCTA Score``) from data.hrsa.gov, and saves FORHP's list of counties and census
tracts as CSV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.designations import DESIGNATIONS
from matcare.errors import InputError
from matcare.geo import is_county_fips
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Designations", "grant_fields", "read_forhp", "read_hpsa"]

_FIPS_NAMES: Final = (
    "common state county fips code",
    "state and county federal information processing standard code",
    "county_fips",
    "fips",
    "cty fips",
)
"""Columns of county codes as HRSA, a user or FORHP calls them, the surest first."""

_IN_FORCE: Final = ("designated", "proposed for withdrawal")
_OUT: Final = ("withdrawn",)
_AREAS: Final = ("geographic hpsa", "high needs geographic hpsa", "hpsa population")
_WHOLE: Final = "single county"
_SCORES: Final = {"hpsa score": 26, "pc mcta score": 25}
_NUMBERS: Final = ("hpsa_score", "mcta_score")
_DIGITS: Final = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class Designations:
    """A user's list of designations by county.

    Attributes
    ----------
    counties : pandas.DataFrame
        One row a county of every state that the list covers.
    notes : list of str
        What was repaired or passed over, for the terminal and ``run.json``.
    """

    counties: pd.DataFrame
    notes: list[str]


def read_hpsa(path: Path, counties: pd.DataFrame) -> Designations:
    """Read HRSA's list of primary care shortage areas, with their Maternity Care Target Area scores.

    A designation that is proposed for withdrawal is in force until it is withdrawn. Facilities (health centers,
    prisons, clinics) have scores of their own, which say nothing of a county, and are left out. Of several
    designations the highest score stands: it speaks for the county's worst part. A state of which the list has no row
    at all is not covered.

    Parameters
    ----------
    path : pathlib.Path
        ``BCD_HPSA_FCT_DET_PC.csv``, or a table with its columns ``HPSA Score``, ``PC MCTA Score``, ``HPSA Status``,
        ``Designation Type``, ``HPSA Component Type Description``, ``Common State County FIPS Code``. A table of one's
        own with ``county_fips, hpsa_score, mcta_score`` is understood too.
    counties : pandas.DataFrame
        ``county_fips, state`` of the counties of 2024.

    Returns
    -------
    Designations
        ``county_fips, hpsa_primary_care, hpsa_score, mcta_score, mcta_status``.

    Raises
    ------
    InputError
        One line naming file, row, column and remedy: it is the list of another discipline, a column is missing, a
        score is no number or out of bounds, a status is not known, or no row names a county.
    """
    table = read_user_table(path)
    notes: list[str] = []
    table = table.rename(columns={"hpsa_score": "hpsa score", "mcta_score": "pc mcta score"})
    if not set(_SCORES) & set(table.columns):
        raise InputError(
            f"{path}: no column 'HPSA Score' or 'PC MCTA Score'; give HRSA's BCD_HPSA_FCT_DET_PC.csv (primary care)"
        )
    _refuse_other_discipline(table, path)
    fips = _county_codes(table, counties, path, notes)
    covered = counties["state"].isin(counties.loc[counties["county_fips"].isin(fips), "state"])
    kept = fips.notna() & _in_force(table, path, notes) & _of_areas(table, notes)
    frame = pd.DataFrame({"county_fips": fips})
    for name, (column, most) in zip(_NUMBERS, _SCORES.items(), strict=True):
        frame[name] = _score(table, column, most, path)
    whole = table.get("hpsa component type description", pd.Series(_WHOLE, index=table.index, dtype="str"))
    frame["whole"] = whole.str.lower().eq(_WHOLE).fillna(value=False).astype(bool)
    if (
        "hpsa status" not in table
    ):  # a table of one's own lists counties, and a county without a score has no designation
        kept &= frame[list(_NUMBERS)].notna().any(axis=1)
    by_county = frame[kept].groupby("county_fips").agg({"hpsa_score": "max", "mcta_score": "max", "whole": "max"})
    result = counties.loc[covered, ["county_fips"]].reset_index(drop=True)
    result = result.merge(by_county.reset_index(), on="county_fips", how="left", validate="one_to_one")
    named = result["county_fips"].isin(by_county.index)
    extent = np.select([~named, result["whole"].eq(other=True)], ["none", "whole_county"], "part_of_county")
    result["hpsa_primary_care"] = pd.Series(extent, index=result.index, dtype="str")
    status = np.select([result["mcta_score"].notna(), ~named], ["reported", "none"], "no_score")
    result["mcta_status"] = pd.Series(status, index=result.index, dtype="str")
    if "pc mcta score" not in table:
        notes.append(f"{path.name}: no column 'PC MCTA Score', so no target areas (it stands in the primary care list)")
        result["mcta_status"] = "not_reported"
    return Designations(counties=result.drop(columns="whole"), notes=notes)


def read_forhp(path: Path, counties: pd.DataFrame) -> Designations:
    """Read the rural counties and census tracts of the Federal Office of Rural Health Policy.

    Parameters
    ----------
    path : pathlib.Path
        FORHP's list saved as CSV (``CTY FIPS``; ``CT`` names a census tract and is empty where the whole county is
        rural), or a table with ``county_fips`` and ``rural_forhp`` (yes, partly, no).
    counties : pandas.DataFrame
        ``county_fips, state`` of the counties of 2024.

    Returns
    -------
    Designations
        ``county_fips, rural_forhp``: `yes`, `partly` or, for other counties of the states in the list, `no`.

    Raises
    ------
    InputError
        One line naming file, row, column and remedy.
    """
    table = read_user_table(path)
    notes: list[str] = []
    fips = _county_codes(table, counties, path, notes)
    if "rural_forhp" in table:
        words = table["rural_forhp"].str.lower()
        bad = ~words.isin(["yes", "no", "partly"]) & words.notna()
        if bad.any():
            row = int(np.argmax(bad))
            raise InputError(
                f"{path}, row {row + 1}, column 'rural_forhp': {table['rural_forhp'].iloc[row]!r} is not understood; "
                "give yes, partly or no"
            )
        listed = words
    else:
        tract = table.get("ct", pd.Series(None, index=table.index, dtype="str"))
        listed = pd.Series(np.where(tract.isna(), "yes", "partly"), index=table.index, dtype="str")
    rank = {"no": 0, "partly": 1, "yes": 2}
    most = listed.map(rank).groupby(fips).max()
    covered = counties["state"].isin(counties.loc[counties["county_fips"].isin(fips), "state"])
    result = counties.loc[covered, ["county_fips"]].reset_index(drop=True)
    back = {place: word for word, place in rank.items()}
    found = result["county_fips"].map(most).map(back)
    # The list names rural places only: where it is FORHP's own, a county that it does not name is not rural.
    absent = "not_reported" if "rural_forhp" in table else "no"
    result["rural_forhp"] = found.fillna(absent).astype("str")
    return Designations(counties=result, notes=notes)


def grant_fields(
    counties: pd.DataFrame, *, hpsa: Designations | None = None, forhp: Designations | None = None
) -> pd.DataFrame:
    """Gather the fields that federal grants ask for.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, rucc_2023``.
    hpsa, forhp : Designations, optional
        From :func:`read_hpsa` and :func:`read_forhp`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``county_fips``: the columns :data:`matcare.contracts.designations.GRANT_COLUMNS`. What no list that
        was supplied covers is `not_reported`.
    """
    index = pd.Index(counties["county_fips"], name="county_fips")
    code = counties["rucc_2023"].set_axis(index).astype("Float64")
    fields: dict[str, pd.Series] = {"rural_rucc": (code >= 4).astype("boolean").mask(code.isna())}  # noqa: PLR2004 - USDA: 4-9 is nonmetro
    for given in (forhp, hpsa):
        if given is not None:
            by_county = given.counties.set_index("county_fips").reindex(index)
            fields |= {str(name): by_county[name] for name in by_county}
    frame = pd.DataFrame(fields, index=index)
    for column in DESIGNATIONS.columns[1:]:
        if column.kind == "text":
            words = frame.get(column.name, pd.Series(None, index=index, dtype="str"))
            frame[column.name] = words.fillna("not_reported").astype("str")
        elif column.name not in frame:
            frame[column.name] = np.nan
    return frame[["rural_rucc", *DESIGNATIONS.names[1:]]]


def _refuse_other_discipline(table: pd.DataFrame, path: Path) -> None:
    if "hpsa discipline class" in table:
        other = table["hpsa discipline class"].str.lower().ne("primary care") & table["hpsa discipline class"].notna()
        if other.any():
            row = int(np.argmax(other))
            raise InputError(
                f"{path}, row {row + 1}, column 'HPSA Discipline Class': {table['hpsa discipline class'].iloc[row]!r}; "
                "give the primary care list, BCD_HPSA_FCT_DET_PC.csv"
            )


def _county_codes(table: pd.DataFrame, counties: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    """County of each row, missing where it names none of 2024 (statewide designations, territories, legacy codes)."""
    name = next((name for name in _FIPS_NAMES if name in table), None)
    if name is None:
        raise InputError(f"{path}: no column of county codes; give 'Common State County FIPS Code' or county_fips")
    text = table[name].str.replace(r"\.0$", "", regex=True)
    short = text.str.fullmatch(r"\d{4}").fillna(value=False).astype(bool)
    code = text.mask(short, text.str.zfill(_DIGITS))
    if short.any():
        notes.append(f"{path.name}: {int(short.sum())} county codes had lost their leading zero; repaired")
    known = code.isin(counties["county_fips"])
    strange = ~known & code.map(lambda value: isinstance(value, str) and is_county_fips(value)).astype(bool)
    if strange.any():
        notes.append(
            f"{path.name}: {int(strange.sum())} rows of {code[strange].nunique()} counties not of 2024 left out "
            f"(such as {code[strange].iloc[0]}; a class cannot be moved to Connecticut's planning regions)"
        )
    rest = int((~known & ~strange).sum())
    if rest:
        notes.append(f"{path.name}: {rest} rows that name no county of the states or Puerto Rico left out")
    if not known.any():
        raise InputError(f"{path}, column {name!r}: no row names a county of 2024; give five digits, such as 38017")
    return code.where(known)


def _in_force(table: pd.DataFrame, path: Path, notes: list[str]) -> pd.Series:
    if "hpsa status" not in table:
        return pd.Series(data=True, index=table.index)
    words = table["hpsa status"].str.lower().str.replace(r"\s+", " ", regex=True)
    strange = ~words.isin([*_IN_FORCE, *_OUT])
    if strange.any():
        row = int(np.argmax(strange))
        raise InputError(
            f"{path}, row {row + 1}, column 'HPSA Status': {table['hpsa status'].iloc[row]!r} is not known; "
            "HRSA writes Designated, Proposed For Withdrawal or Withdrawn"
        )
    doubtful = int((words == _IN_FORCE[1]).sum())
    if doubtful:
        notes.append(f"{path.name}: {doubtful:,} rows are proposed for withdrawal and still in force")
    return words.isin(_IN_FORCE)


def _of_areas(table: pd.DataFrame, notes: list[str]) -> pd.Series:
    if "designation type" not in table:
        return pd.Series(data=True, index=table.index)
    areas = table["designation type"].str.lower().isin(_AREAS)
    if (~areas).any():
        notes.append(f"{int((~areas).sum()):,} designations of facilities left out: they are not for a county")
    return areas


def _score(table: pd.DataFrame, column: str, most: int, path: Path) -> pd.Series:
    if column not in table:
        return pd.Series(np.nan, index=table.index)
    text = table[column]
    number = pd.to_numeric(text, errors="coerce").astype("float64")
    bad = text.notna() & ~number.between(0, most)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"{path}, row {row + 1}, column {column!r}: {text.iloc[row]!r} is no score from 0 to {most}; "
            "leave it empty where there is none"
        )
    return number
