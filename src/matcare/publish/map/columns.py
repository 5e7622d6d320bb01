"""Tables as compact columns: rounded numbers, integer codes for repeated words, nothing that is not JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts import COUNTY_RESULTS, COVERAGE_MINUTES, FACILITIES_OUT, SERVICES, Table
from matcare.errors import ContractError
from matcare.publish.exports import rounded
from matcare.publish.map.planning_themes import drawn_columns, planning_columns
from matcare.publish.map.themes import run_themes

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FACILITY_GROUPS", "county_columns", "facility_columns", "facility_groups", "plain_columns", "run_columns"]

_DEGREES: Final = 4
"""Decimals of where a facility is drawn."""

_BY_NAME: Final = (("minutes_", 2), ("catchment_", 3), ("share_", 4), ("p_", 3), ("lat", 4), ("lon", 4))
"""Decimals of a number that no contract declares, by the start of its name."""

_PANEL_COLUMNS: Final = (
    "county_fips",
    "county_name",
    "state",
    "women_15_44",
    "births_per_year",
    "births_per_year_status",
    "march_of_dimes_reason",
    "march_of_dimes_reason_corroborated",
    "clinicians_per_10000_births",
    "minutes_birth_care_in_state",
    "share_women_nearest_birth_care_out_of_state",
    "share_women_long_direct_leg_birth_care",
    "infant_deaths",
    "live_births",
    "outcome_period",
    "imr_low",
    "imr_high",
    "imr_eb_low",
    "imr_eb_high",
    "imr_shrinkage",
    "imr_eb_spatial_low",
    "imr_eb_spatial_high",
    "imr_shrinkage_spatial",
    "imr_modelled_low",
    "imr_modelled_high",
    "imr_modelled_benchmark",
    "profile_missing",
    "obgyns",
    "midwives",
    "share_low_birthweight",
    "share_low_birthweight_status",
    "rucc_2023",
    "share_households_no_vehicle",
    "share_households_no_internet",
    "data_date",
    "corrections",
)
"""What the panel says of a county beside the columns of the themes."""

_FACILITY_COLUMNS: Final = (
    "facility_id",
    "facility_name",
    "kind",
    "city",
    "state",
    "lat",
    "lon",
    "coord_precision",
    "beds",
    "obstetric_evidence",
    "neonatal_level",
    "level_source",
    "evidence_query",
    "level_query",
    "nicu",
    "nicu_beds",
    "status",
    "correction",
)

FACILITY_GROUPS: Final[tuple[dict[str, Any], ...]] = (
    {"id": "level_4", "label": "Birth hospital, level IV", "shape": "star", "radius": 8.5, "birth": True},
    {"id": "level_3", "label": "Birth hospital, level III", "shape": "diamond", "radius": 6.5, "birth": True},
    {"id": "level_2", "label": "Birth hospital, level II", "shape": "square", "radius": 4.5, "birth": True},
    {"id": "level_1", "label": "Birth hospital, level I", "shape": "circle", "radius": 4.5, "birth": True},
    {
        "id": "nicu_unknown",
        "label": "Birth hospital with a NICU, level not reported",
        "shape": "pentagon",
        "radius": 5.5,
        "birth": True,
    },
    {
        "id": "level_unknown",
        "label": "Birth hospital, level not reported",
        "shape": "circle",
        "radius": 2.8,
        "birth": True,
    },
    {
        "id": "birth_center",
        "label": "Birth center",
        "shape": "triangle",
        "radius": 5.5,
        "fill": "#f0a500",
        "birth": True,
    },
    {
        "id": "no_birth_care",
        "label": "Newborn unit or children’s hospital, no birth care",
        "shape": "plus",
        "radius": 6,
        "fill": "#ffffff",
    },
    {"id": "not_counted", "label": "Hospital not counted as birth care", "shape": "cross", "radius": 4, "off": True},
    {"id": "closed", "label": "Closed by a correction", "shape": "cross", "radius": 6.5, "fill": "#d55e00"},
)
"""Groups of facilities that the legend lists, each with a shape and size of its own, so that colour is never needed."""

_NEONATAL: Final = ("nicu", "neonatal_2_plus", "neonatal_3_plus_or_nicu")
_GROUP_CODE: Final = {group["id"]: code for code, group in enumerate(FACILITY_GROUPS)}


def county_columns(counties: pd.DataFrame) -> dict[str, Any]:
    """Return the county results as columns for the page, rounded as ``counties.csv`` has them.

    So a number on the map, and the class that a county falls in, are those of the table.

    Parameters
    ----------
    counties : pandas.DataFrame
        Columns of the contract ``COUNTY_RESULTS``; those of :func:`planning_columns` may be absent.

    Returns
    -------
    dict
        Column name → values: a list, or ``{"values": [...], "codes": [...]}`` for repeated text, or ``{"all": value}``.

    Raises
    ------
    ContractError
        When a column is missing.
    """
    needed = run_columns()
    there = drawn_columns(counties)
    optional = [name for name in planning_columns() if name not in needed and name in there]
    return _columns(counties, COUNTY_RESULTS, [*needed, *optional])


def run_columns() -> list[str]:
    """Return the columns of the contract ``COUNTY_RESULTS`` that a table must have for the map, in its order."""
    names = set(_PANEL_COLUMNS)
    for service in (*SERVICES, "birth_care_corroborated"):
        names |= {f"share_women_within_{limit}_{service}" for limit in COVERAGE_MINUTES}
        names |= {f"minutes_{service}", f"minutes_{service}_reason", f"share_women_without_minutes_{service}"}
    for theme in run_themes():
        names |= {theme[key] for key in ("column", "status", "fallback") if theme.get(key)}
        if theme["bound"]:
            names.add(f"{theme['column']}_corroborated")
    return [name for name in COUNTY_RESULTS.names if name in names]


def plain_columns(frame: pd.DataFrame, names: Iterable[str]) -> dict[str, Any]:
    """Return columns for the page by their own types: text, yes or no, numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any table.
    names : iterable of str
        Which of its columns.

    Returns
    -------
    dict
        As :func:`county_columns`.

    Examples
    --------
    >>> plain_columns(pd.DataFrame({"minutes": [1.23456, None], "lost": [True, False]}), ["minutes", "lost"])
    {'minutes': [1.23, None], 'lost': [1, 0]}
    """
    columns: dict[str, Any] = {}
    for name in names:
        values = frame[name]
        if pd.api.types.is_bool_dtype(values.dtype):
            columns[name] = _yes_no(values)
        elif pd.api.types.is_numeric_dtype(values.dtype):
            columns[name] = _numbers(values, next((d for start, d in _BY_NAME if name.startswith(start)), 2))
        elif values.dropna().map(lambda value: isinstance(value, bool | np.bool_)).all() and values.notna().any():
            columns[name] = _yes_no(values)
        else:
            columns[name] = _text(values)
    return columns


def facility_columns(facilities: pd.DataFrame, county_fips: pd.Series, lon: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Return the facilities as columns for the page.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Columns of the contract ``FACILITIES_OUT``.
    county_fips : pandas.Series
        Counties of the map, in order: a facility points to its county by position, -1 where the map does not have it.
    lon : numpy.ndarray
        Longitudes as drawn.

    Returns
    -------
    dict
        As :func:`county_columns`, with ``group`` (position in :data:`FACILITY_GROUPS`), ``claimed`` and ``county``.
    """
    placed = facilities.assign(lon=lon).round({"lat": _DEGREES, "lon": _DEGREES})
    columns = _columns(placed, FACILITIES_OUT, _FACILITY_COLUMNS)
    columns["group"] = facility_groups(facilities).tolist()
    claimed = _flag(facilities, "counts_birth_care") & ~_flag(facilities, "counts_birth_care_corroborated")
    columns["claimed"] = claimed.astype(int).tolist()
    columns["county"] = pd.Index(county_fips).get_indexer(pd.Index(facilities["county_fips"])).tolist()
    return columns


def facility_groups(facilities: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return each facility's group as a position in :data:`FACILITY_GROUPS`.

    A unit that counts as birth care goes by its neonatal level; where that is unknown, by whether a NICU is known.
    """
    birth = _flag(facilities, "counts_birth_care")
    kind = facilities["kind"].to_numpy()
    level = facilities["neonatal_level"].fillna("").to_numpy()
    neonatal = np.logical_or.reduce([_flag(facilities, f"counts_{service}") for service in _NEONATAL])
    choices = {
        "closed": facilities["status"].to_numpy() == "closed",
        "birth_center": kind == "birth_center",
        "level_4": birth & (level == "IV"),
        "level_3": birth & (level == "III"),
        "level_2": birth & (level == "II"),
        "level_1": birth & (level == "I"),
        "nicu_unknown": birth & (facilities["nicu"].to_numpy() == "yes"),
        "level_unknown": birth,
        "no_birth_care": neonatal | (kind == "childrens_hospital"),
    }
    codes = [_GROUP_CODE[group] for group in choices]
    return np.select(list(choices.values()), codes, default=_GROUP_CODE["not_counted"]).astype(np.int64)


def _flag(frame: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    return frame[name].fillna(value=False).to_numpy(dtype=bool)


def _columns(frame: pd.DataFrame, table: Table, names: tuple[str, ...] | list[str]) -> dict[str, Any]:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ContractError(
            f"the map's {table.name} lack the column {missing[0]!r} ({len(missing)} missing); give a run's table"
        )
    shown = rounded(pd.DataFrame(frame[list(names)]), table)
    columns: dict[str, Any] = {}
    for name in names:
        column = table.column(name)
        if column.kind == "text":
            columns[name] = _text(shown[name])
        elif column.kind == "boolean":
            columns[name] = _yes_no(shown[name])
        else:
            columns[name] = _numbers(shown[name])
    return columns


def _yes_no(values: pd.Series) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in values]


def _numbers(values: pd.Series, decimals: int | None = None) -> list[float | int | None]:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    shown = (numbers if decimals is None else np.round(numbers, decimals)).tolist()
    return [None if not np.isfinite(value) else int(value) if value == int(value) else value for value in shown]


def _text(values: pd.Series) -> Any:
    codes, words = pd.factorize(values, use_na_sentinel=True)
    texts = [str(word) for word in words]
    if len(texts) == 1 and (codes == 0).all():
        return {"all": texts[0]}
    if len(texts) > len(values) / 2:
        return [None if code < 0 else texts[code] for code in codes.tolist()]
    return {"values": texts, "codes": codes.tolist()}
