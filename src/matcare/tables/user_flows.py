"""A user's observed flows: where mothers live (county or ZIP code) by the hospital where they gave birth."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.bypass import FLOWS_LEFT_OUT
from matcare.disclosure import is_small
from matcare.errors import InputError
from matcare.tables.points import read_user_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

__all__ = ["Flows", "read_flows"]

_NAMES: Final = {
    "facility_id": ("facility_id", "ccn", "hospital_id", "provider_id"),
    "county_fips": ("county_fips", "fips", "patient_county", "patient_county_fips", "residence_county_fips"),
    "zip": ("zip", "zip_code", "zipcode", "patient_zip", "zcta"),
    "births": ("births", "discharges", "deliveries", "count", "live_births"),
}
_MASKED: Final = frozenset({"suppressed", "*", "<10", "< 10", "<11", "< 11", "1-9", "1-10", "<=10", "s"})
_FORMS: Final = ("county", "zip")
_FIPS, _ZIP, _CCN = 5, 5, 6


@dataclass(frozen=True, eq=False, kw_only=True)
class Flows:
    """Observed flows whose places and hospitals are known.

    Attributes
    ----------
    cells : pandas.DataFrame
        ``origin`` (county code or ZIP code)``, origin_kind`` (`county`, `zip`)``, county_fips`` (of the ZIP code;
        missing where it is not known)``, lat, lon`` (of the ZIP code, degrees)``, facility_id, births``; one row a
        pair, every count 10 or more.
    left_out : pandas.DataFrame
        Contract ``FLOWS_LEFT_OUT``.
    notes : list of str
        Repairs and what was left out, for the terminal and ``run.json``; no count of 1-9 births is in them.
    """

    cells: pd.DataFrame
    left_out: pd.DataFrame
    notes: list[str]


def read_flows(path: Path, counties: gpd.GeoDataFrame, facilities: pd.DataFrame) -> Flows:
    """Read a user's flows.

    Needed: ``facility_id`` (or ``ccn``), ``births`` (or ``discharges``), and ``county_fips`` or ``zip`` of residence;
    a file may have both, then the ZIP code counts where a row has one. Places and hospitals that are not known are
    listed and left out; so are masked counts, and counts of 1-9, which may enter no figure. Rows of the same place and
    hospital (months, payers) are added up first, and it is their sum that is 10 or more. Lost leading zeros are
    restored.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    counties : geopandas.GeoDataFrame
        ``county_fips, county_name, state`` of the counties of 2024.
    facilities : pandas.DataFrame
        ``facility_id, facility_name, other_ids``: a former certification number is understood.

    Returns
    -------
    Flows

    Raises
    ------
    InputError
        One line naming file, row (1 is the first below the header), column and remedy: a column is missing, a count is
        no whole number of 0 or more, a row has neither county nor ZIP code, or nothing is left.
    """
    table = _renamed(read_user_table(path), path)
    notes: list[str] = []
    births, masked = _counts(table, path)
    rows = pd.DataFrame({"row": np.arange(1, len(table) + 1), "births": births})
    rows["facility_id"], strangers = _facilities(table["facility_id"], facilities, path)
    _places(table, rows, counties, path, notes)
    out = [
        _left_out(rows, masked, "births", None, "suppressed", None),
        _left_out(rows, rows["facility_id"].isna(), "facility_id", table["facility_id"], "unknown_facility", strangers),
        *_unknown_places(table, rows, counties),
    ]
    listed = pd.concat(out).drop_duplicates("row")
    rows = rows[~rows["row"].isin(listed["row"])]
    rows = rows[rows["births"] > 0]
    keys = ["origin", "origin_kind", "facility_id"]
    rows["together"] = rows.groupby(keys)["births"].transform("sum")
    small = pd.Series(is_small(rows["together"]), index=rows.index)
    listed = pd.concat([listed, _left_out(rows, small, "births", None, "small_count", None)])
    rows = rows[~small]
    cells = (
        rows.drop(columns=["row", "together"])
        .groupby(keys, as_index=False, sort=True)
        .agg({"county_fips": "first", "lat": "first", "lon": "first", "births": "sum"})
    )
    if cells.empty:
        raise InputError(
            f"{path}: no pair of a known place and hospital has 10 births or more; smaller counts may enter no figure "
            "(add years or give counties in place of ZIP codes)"
        )
    listed = listed.sort_values("row", ignore_index=True)[FLOWS_LEFT_OUT.names]
    for reason, count in listed["reason"].value_counts().sort_index().items():
        notes.append(f"{path.name}: {count:,} rows left out: {str(reason).replace('_', ' ')}")
    return Flows(cells=cells, left_out=listed, notes=notes)


def _renamed(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    names = {}
    for name, others in _NAMES.items():
        found = [other for other in others if other in table]
        if len(found) > 1:
            raise InputError(f"{path}: columns {' and '.join(map(repr, found))} both give {name}; keep one")
        if found:
            names[found[0]] = name
    table = table.rename(columns=names)
    for name in ("facility_id", "births"):
        if name not in table:
            raise InputError(
                f"{path}: column {name!r} is missing; needed are facility_id, births, and county_fips or zip"
            )
    if "county_fips" not in table and "zip" not in table:
        raise InputError(f"{path}: no column 'county_fips' or 'zip'; give where the mothers live")
    return table


def _counts(table: pd.DataFrame, path: Path) -> tuple[pd.Series, pd.Series]:
    text = table["births"].str.replace(",", "", regex=False).str.lower()
    masked = text.isin(_MASKED)
    number = pd.to_numeric(text.mask(masked), errors="coerce").astype("float64")
    whole = (number >= 0) & (number == number.round()) & np.isfinite(number)
    bad = ~masked & ~whole
    if bad.any():
        row = int(np.argmax(bad))
        words = "empty" if pd.isna(table["births"].iloc[row]) else f"{table['births'].iloc[row]!r} is no count"
        raise InputError(
            f"{path}, row {row + 1}, column 'births': {words}; give a whole number, or the word suppressed"
        )
    return number, masked


def _facilities(typed: pd.Series, facilities: pd.DataFrame, path: Path) -> tuple[pd.Series, pd.Series]:
    """Return the facility of each row, missing where none is known, and a hint of the nearest names."""
    missing = typed.isna()
    if missing.any():
        raise InputError(
            f"{path}, row {int(np.argmax(missing)) + 1}, column 'facility_id': empty; give every row a hospital"
        )
    known = {str(identifier): str(identifier) for identifier in facilities["facility_id"]}
    if "other_ids" in facilities:
        for identifier, others in facilities.set_index("facility_id")["other_ids"].dropna().items():
            for other in str(others).split():
                known.setdefault(other, str(identifier))
    names = {
        str(name).casefold(): str(key)
        for key, name in zip(facilities["facility_id"], facilities["facility_name"], strict=True)
    }
    found: dict[str, str | None] = {}
    hints: dict[str, str | None] = {}
    for value in typed.unique():
        bare = str(value).upper().removesuffix(".0")  # a spreadsheet makes 350015.0 of 350015
        match = next((known[key] for key in (str(value), bare, bare.zfill(_CCN)) if key in known), None)
        found[str(value)] = match
        if match is None:
            near = [
                names[name] for name in difflib.get_close_matches(str(value).casefold(), list(names), n=3, cutoff=0.6)
            ]
            near += difflib.get_close_matches(bare.zfill(_CCN), list(known), n=2, cutoff=0.7)
            hints[str(value)] = (
                f"nearest are {', '.join(dict.fromkeys(near))}" if near else "no facility of the run is like it"
            )
    identity = pd.array([found[str(value)] for value in typed], dtype="str")
    return pd.Series(identity, index=typed.index), pd.Series(
        [hints.get(str(value)) for value in typed], index=typed.index, dtype="str"
    )


def _places(table: pd.DataFrame, rows: pd.DataFrame, counties: gpd.GeoDataFrame, path: Path, notes: list[str]) -> None:
    """Put each row's place of residence: code, kind, county, and the point of a ZIP code."""
    none = pd.Series(None, index=table.index, dtype="str")
    fips, lost = _padded(table.get("county_fips", none), _FIPS)
    code, lost_zip = _padded(table.get("zip", none).str.replace(r"-\d{4}$", "", regex=True), _ZIP)
    if lost + lost_zip:
        notes.append(f"{path.name}: {lost + lost_zip} county or ZIP codes had lost their leading zero; repaired")
    nowhere = fips.isna() & code.isna()
    if nowhere.any():
        raise InputError(
            f"{path}, row {int(np.argmax(nowhere)) + 1}: neither county nor ZIP code; give where the mothers live"
        )
    rows["origin"], rows["origin_kind"] = (
        code.fillna(fips),
        pd.Series(np.where(code.notna(), "zip", "county"), index=rows.index, dtype="str"),
    )
    points = _zip_places(code.dropna().unique(), counties)
    for column in ("lat", "lon"):
        rows[column] = code.map(points[column]).astype("float64")
    own = fips.where(fips.isin(counties["county_fips"]))
    of_zip = code.map(points["county_fips"].to_dict()).astype("str").where(code.isin(points.index))
    rows["county_fips"] = own.fillna(of_zip).astype("str")


def _zip_places(codes: npt.ArrayLike, counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Point and county of ZIP codes from the package ``zipcodes``, by code; one pass over its table for all of them."""
    import zipcodes  # noqa: PLC0415 - it unpacks its table when imported, which only flows by ZIP code need

    wanted = set(np.asarray(codes, dtype=object).tolist())
    known = {
        (state, name.casefold()): fips
        for state, name, fips in zip(counties["state"], counties["county_name"], counties["county_fips"], strict=True)
    }
    found: dict[str, tuple[float, float, str | None]] = {}
    for place in zipcodes.list_all() if wanted else ():  # type: ignore[no-untyped-call] # no type information
        code = place["zip_code"]
        if code in wanted and float(place["lat"]) != 0:
            county = known.get((place["state"], place["county"].casefold()))
            found.setdefault(code, (float(place["lat"]), float(place["long"]), county))
    frame = pd.DataFrame(list(found.values()), columns=["lat", "lon", "county_fips"], index=pd.Index(list(found)))
    return frame.astype({"lat": "float64", "lon": "float64", "county_fips": "str"})


def _padded(codes: pd.Series, width: int) -> tuple[pd.Series, int]:
    """Give codes their leading zeros back; tell how many had lost some."""
    text = codes.astype("str").where(codes.notna()).str.replace(r"\.0$", "", regex=True)
    short = text.notna() & text.str.fullmatch(rf"\d{{3,{width - 1}}}").fillna(value=False).astype(bool)
    return text.mask(short, text.str.zfill(width)), int(short.sum())


def _unknown_places(table: pd.DataFrame, rows: pd.DataFrame, counties: gpd.GeoDataFrame) -> list[pd.DataFrame]:
    by_county, by_zip = (rows["origin_kind"] == kind for kind in _FORMS)
    strange = by_county & ~rows["origin"].isin(counties["county_fips"])
    remedy = pd.Series("five digits of a county of 2024", index=rows.index, dtype="str")
    legacy = rows["origin"].str.startswith("09").fillna(value=False)
    remedy = remedy.mask(
        legacy, "Connecticut's legacy counties are gone: give the planning regions 09110-09190, or ZIP codes"
    )
    lost = by_zip & rows["lat"].isna()
    typed = {name: table.get(name) for name in ("county_fips", "zip")}
    return [
        _left_out(rows, strange, "county_fips", typed["county_fips"], "unknown_county", remedy),
        _left_out(
            rows,
            lost,
            "zip",
            typed["zip"],
            "unknown_zip",
            pd.Series("a ZIP code with a known place", index=rows.index, dtype="str"),
        ),
    ]


def _left_out(
    rows: pd.DataFrame, which: pd.Series, column: str, value: pd.Series | None, reason: str, remedy: pd.Series | None
) -> pd.DataFrame:
    here = rows.index[which.to_numpy(dtype=bool)]
    none = pd.Series(None, index=here, dtype="str")
    return pd.DataFrame(
        {
            "row": rows.loc[here, "row"].astype("int64"),
            "column": pd.Series(column, index=here, dtype="str"),
            "value": none if value is None else value.loc[here],
            "reason": pd.Series(reason, index=here, dtype="str"),
            "remedy": none if remedy is None else remedy.loc[here],
        }
    )
