"""Hospitals in the Homeland Infrastructure Foundation-Level Data (HIFLD), 2022: sites placed on imagery, and beds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.sources.facility_files import number_column, read_text_columns, unique_key, zip5

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_hospitals"]

# fmt: off
_COLUMNS: Final = (
    "ID", "NAME", "ALT_NAME", "ADDRESS", "CITY", "STATE", "ZIP", "TELEPHONE", "TYPE", "STATUS", "COUNTYFIPS",
    "LATITUDE", "LONGITUDE", "VAL_METHOD", "BEDS",
)
# fmt: on
_MISSING: Final = -999.0


def read_hospitals(path: Path) -> pd.DataFrame:
    """Read the HIFLD hospitals.

    Parameters
    ----------
    path : pathlib.Path
        CSV as published (plain or gzip); ``-999`` stands for missing.

    Returns
    -------
    pandas.DataFrame
        ``hifld_id, name, other_name, address, city, state, zip, phone, hospital_type`` (as published), the booleans
        ``open`` and ``on_imagery``, ``county_reported``, ``lat, lon`` (degrees), ``beds`` (missing where not given or
        0).

    Raises
    ------
    InputError
        Naming file, row and column.
    """
    raw = read_text_columns(
        path,
        _COLUMNS,
        what="the HIFLD hospitals of 2022",
    )
    beds = number_column(raw["BEDS"], path=path, column="BEDS", minimum=_MISSING)
    return pd.DataFrame(
        {
            "hifld_id": unique_key(raw["ID"], path=path, column="ID"),
            "name": raw["NAME"],
            "other_name": raw["ALT_NAME"].replace("NOT AVAILABLE", ""),
            "address": raw["ADDRESS"],
            "city": raw["CITY"],
            "state": raw["STATE"].str.upper(),
            "zip": zip5(raw["ZIP"]),
            "phone": raw["TELEPHONE"].str.replace(r"\D", "", regex=True).str[-10:],
            "hospital_type": raw["TYPE"],
            "open": raw["STATUS"] == "OPEN",
            "on_imagery": raw["VAL_METHOD"].str.startswith("IMAGERY"),
            "county_reported": raw["COUNTYFIPS"],
            "lat": number_column(raw["LATITUDE"], path=path, column="LATITUDE", minimum=-90, maximum=90),
            "lon": number_column(raw["LONGITUDE"], path=path, column="LONGITUDE", minimum=-180, maximum=180),
            "beds": beds.where(beds > 0),
        }
    )
