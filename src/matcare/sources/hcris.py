"""Neonatal beds and nursery discharges from Medicare cost reports (HCRIS): old and partial, but counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.sources.facility_files import canonical_ccn, number_column, read_text_columns, unique_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_nicu_beds", "read_nursery_discharges"]

_NOT_INTENSIVE: Final = r"SPECIAL CARE|INTERMEDIATE|BIRTHING|NURSERY LEVEL II$"


def read_nicu_beds(path: Path) -> pd.DataFrame:
    """Read neonatal intensive care beds, one row a hospital.

    Six hospitals report two units on two lines of one report (for instance intensive care and progressive care, or two
    campuses under one certification number); their beds are added up. Units whose own name is that of a special-care or
    intermediate nursery are not intensive care and are left out.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``ccn, RPT_REC_NUM, LINE_NUM, unit_name, nicu_beds``.

    Returns
    -------
    pandas.DataFrame
        ``ccn, nicu_beds`` (beds, fiscal years 2017-19), ``units`` (lines added up).

    Raises
    ------
    InputError
        Naming file, row and column; also when one line of one report stands twice.
    """
    raw = read_text_columns(
        path, ["ccn", "RPT_REC_NUM", "LINE_NUM", "unit_name", "nicu_beds"], what="NICU beds of the cost reports"
    )
    ccn = canonical_ccn(raw["ccn"], path=path, column="ccn")
    unique_key(raw["RPT_REC_NUM"] + " line " + raw["LINE_NUM"], path=path, column="RPT_REC_NUM")
    beds = number_column(raw["nicu_beds"], path=path, column="nicu_beds")
    lines = pd.DataFrame({"ccn": ccn, "beds": beds})
    intensive = ~raw["unit_name"].str.upper().str.contains(_NOT_INTENSIVE, regex=True)
    lines = lines[intensive & (beds > 0)]
    return lines.groupby("ccn", as_index=False).agg(nicu_beds=("beds", "sum"), units=("beds", "size"))


def read_nursery_discharges(path: Path) -> pd.DataFrame:
    """Read nursery discharges, one row a hospital, counts of 1-9 masked.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``ccn, nursery_discharges``; blank is not reported.

    Returns
    -------
    pandas.DataFrame
        ``ccn``; ``nursery_discharges`` (fiscal year 2023; missing where masked or not reported),
        ``nursery_discharges_status`` (reported, suppressed, not_reported), and the boolean ``newborns``: at least one
        discharge, which a masked count also shows.

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    raw = read_text_columns(path, ["ccn", "nursery_discharges"], what="nursery discharges of the cost reports")
    ccn = unique_key(canonical_ccn(raw["ccn"], path=path, column="ccn"), path=path, column="ccn")
    count = number_column(raw["nursery_discharges"], path=path, column="nursery_discharges")
    masked = count.between(1, 9)
    status = pd.Series("reported", index=raw.index, dtype="str")
    status = status.mask(masked, "suppressed").mask(count.isna(), "not_reported")
    return pd.DataFrame(
        {
            "ccn": ccn,
            "nursery_discharges": count.mask(masked),
            "nursery_discharges_status": status,
            "newborns": count.ge(1).fillna(value=False).astype(bool),
        }
    )
