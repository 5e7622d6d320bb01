"""Dated openings, closures and changes of level of units: a user's file, or their corrections."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.embedded import FACILITIES
from matcare.contracts.timeline import UNIT_EVENTS
from matcare.errors import InputError
from matcare.tables.corrections import apply_corrections, read_corrections
from matcare.tables.facility_sites import counties_of_points
from matcare.tables.points import check_coordinates, read_user_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["UnitEvents", "facilities_at", "read_unit_events", "with_current_ids"]

_OPPOSITE: Final = {"open": "closed", "closed": "open"}
_SOMEWHERE: Final = ("44", "-100")
_OFF_SHORE_KM: Final = 25.0
_KINDS: Final = FACILITIES.column("kind").values


@dataclass(frozen=True, eq=False, kw_only=True)
class UnitEvents:
    """Events, and the units that the file itself places.

    Attributes
    ----------
    events : pandas.DataFrame
        Contract ``UNIT_EVENTS``.
    added : pandas.DataFrame
        Contract ``FACILITIES``: units that the run does not have, closed ones of the past or those to come. They are to
        be put beside the run's facilities before its trips are made.
    """

    events: pd.DataFrame
    added: pd.DataFrame


def read_unit_events(path: Path, facilities: pd.DataFrame, counties: gpd.GeoDataFrame) -> UnitEvents:
    """Read dated events of units.

    The columns of a corrections file (``facility_id, status, date, source``; status open, closed or a level I to IV).
    A unit that the run does not have needs ``facility_name, lat, lon`` in one of its rows, and may have ``kind``
    (hospital by default): one that closed before the embedded list was made, or one to come.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    facilities : pandas.DataFrame
        Contract ``FACILITIES``: those of the run.
    counties : geopandas.GeoDataFrame
        ``county_fips, state`` and polygons in EPSG:4326.

    Returns
    -------
    UnitEvents

    Raises
    ------
    InputError
        One line naming file, row, column and remedy, as for corrections; also when a unit is neither known nor placed,
        lies in no county, or a status repeats the one before it (`open` and then `open` again).
    """
    events = read_corrections(path)
    table = read_user_table(path)
    known = set(facilities["facility_id"])
    if "other_ids" in facilities:
        known |= {other for others in facilities["other_ids"].dropna() for other in str(others).split()}
    new = ~table["facility_id"].isin(known) & _placed(table)
    added = _added(table[new], table, path, counties)
    everything = pd.concat([facilities, added], ignore_index=True)
    events = with_current_ids(events, everything)
    twice = events[events["aspect"] == "service"]
    again = (twice["status"] == twice.groupby("facility_id")["status"].shift()) & twice["facility_id"].duplicated()
    if again.any():
        row = int(twice.loc[again, "row"].iloc[0])
        event = twice[twice["row"] == row].iloc[0]
        raise InputError(
            f"{path}, row {row}, column 'status': {event['facility_id']} is {event['status']} already on "
            f"{event['date']}; give the event between, or leave the row out"
        )
    return UnitEvents(events=UNIT_EVENTS.validate(events, where=str(path)), added=added)


def _placed(table: pd.DataFrame) -> pd.Series:
    if not {"lat", "lon", "facility_name"} <= set(table.columns):
        return pd.Series(data=False, index=table.index)
    return table[["lat", "lon", "facility_name"]].notna().all(axis=1)


def _added(rows: pd.DataFrame, table: pd.DataFrame, path: Path, counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Bring the units that the file places into the form of the embedded facilities."""
    rows = rows.drop_duplicates("facility_id")
    empty = pd.DataFrame(
        {column.name: pd.Series(dtype="float64" if column.kind == "number" else "str") for column in FACILITIES.columns}
    )
    if rows.empty:
        return empty
    where = table[["lat", "lon"]].copy()
    where.loc[~table.index.isin(rows.index)] = _SOMEWHERE  # only these rows are looked at, and keep their numbers
    lat, lon = (column.loc[rows.index] for column in check_coordinates(where, path))
    place = counties_of_points(lat, lon, counties, limit_km=_OFF_SHORE_KM)
    kind = rows.get("kind", pd.Series(None, index=rows.index, dtype="str")).fillna("hospital").str.lower()
    for row, county, own_kind in zip(rows.index, place, kind, strict=True):
        if county is None:
            raise InputError(f"{path}, row {row + 1}: lat {lat[row]:g}, lon {lon[row]:g} lie in no county; check them")
        if own_kind not in _KINDS:
            at = f"{path}, row {row + 1}, column 'kind'"
            raise InputError(f"{at}: {own_kind!r} is not known; one of {', '.join(_KINDS)}")
    state_of = dict(zip(counties["county_fips"], counties["state"], strict=True))
    frame = empty.reindex(range(len(rows)))
    center = (kind == "birth_center").to_numpy()
    values = {
        "facility_id": rows["facility_id"], "facility_name": rows["facility_name"], "kind": kind, "lat": lat,
        "lon": lon,
        "county_fips": pd.Series(list(place)), "state": pd.Series([state_of[code] for code in place]),
        "coord_precision": "supplied", "obstetric_evidence": np.where(center, "birth_center", "likely"),
        "cms_active": "not_applicable", "pos_obstetrics": "not_listed", "birthing_friendly": "not_listed",
        "nursery_discharges_status": "not_reported", "level_source": "none", "nicu": "unknown",
    }  # fmt: skip
    frame = frame.assign(**{name: np.asarray(value) for name, value in values.items()})
    return FACILITIES.validate(frame, where=str(path))


def with_current_ids(events: pd.DataFrame, facilities: pd.DataFrame) -> pd.DataFrame:
    """Put identifiers of today in place of former ones and of those that lost a zero.

    Parameters
    ----------
    events : pandas.DataFrame
        Contract ``UNIT_EVENTS``, or :func:`matcare.tables.corrections.read_corrections`.
    facilities : pandas.DataFrame
        Contract ``FACILITIES``.

    Returns
    -------
    pandas.DataFrame
        The events, in the order of facility, aspect and date.

    Raises
    ------
    InputError
        When no facility has the identifier; the nearest are named.
    """
    bare = facilities.reset_index(drop=True)
    known = set(bare["facility_id"])
    numbers = {identifier: identifier for identifier in events["facility_id"].unique() if identifier in known}
    for identifier in events["facility_id"].unique():
        if identifier not in numbers:
            one = events[events["facility_id"] == identifier].head(1)
            told = apply_corrections(bare, one, as_of=dt.date.max).applied
            numbers[identifier] = str(told["facility_id"].iloc[0])
    current = events.assign(facility_id=events["facility_id"].map(numbers))
    return current.sort_values(["facility_id", "aspect", "date", "row"], ignore_index=True)


def facilities_at(facilities: pd.DataFrame, events: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return the facilities as they stood on a day.

    Before its first event a unit was the opposite of what that made it: it was not there before it opened, it gave
    care before it closed. Before its first event of level, a unit's level is today's where the events end in another
    (they are later then), and not known where they end in today's. Units without events are as they are today.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract ``FACILITIES_OUT`` (or ``FACILITIES``), units of the events among them.
    events : pandas.DataFrame
        Contract ``UNIT_EVENTS``, or :func:`matcare.tables.corrections.read_corrections`.
    as_of : datetime.date
        The day; an event of that very day has happened.

    Returns
    -------
    pandas.DataFrame
        The same rows with ``status``, ``obstetric_evidence``, ``neonatal_level``, ``nicu`` as of the day.

    Raises
    ------
    InputError
        When an event's facility is not among them.
    """
    out = facilities.reset_index(drop=True).copy()
    for name, start in (("status", "open"), ("correction", "none")):
        if name not in out:
            out[name] = pd.Series(start, index=out.index, dtype="str")
    strange = ~events["facility_id"].isin(out["facility_id"])
    if strange.any():
        with_current_ids(events[strange], facilities)  # raises where nobody is called so, with the nearest names
        events = with_current_ids(events, facilities)
    ordered = events.sort_values(["facility_id", "aspect", "date", "row"])
    held = ordered[ordered["date"] <= as_of.isoformat()].drop_duplicates(["facility_id", "aspect"], keep="last")
    first = ordered.drop_duplicates(["facility_id", "aspect"])
    _put_services(out, *(part[part["aspect"] == "service"].set_index("facility_id") for part in (first, held)))
    last = ordered.drop_duplicates(["facility_id", "aspect"], keep="last")
    _put_levels(out, *(part[part["aspect"] == "level"].set_index("facility_id") for part in (last, held)))
    return out


def _by_id(ids: pd.Series, values: pd.Series) -> pd.Series:
    """Texts of some facilities, by their identifiers, for all of `ids`; missing for the others."""
    return pd.Series(values.reindex(ids).to_numpy(dtype=object), index=ids.index, dtype="str")


def _put_services(out: pd.DataFrame, first: pd.DataFrame, held: pd.DataFrame) -> None:
    """Put what the units of service events were on the day: the last event's doing, or the first's opposite."""
    ids = out["facility_id"]
    now = {name: _by_id(ids, held[name]) for name in ("status", "date", "source")}
    status = now["status"].fillna(_by_id(ids, first["status"].replace(_OPPOSITE)))
    named = status.notna()
    out["status"] = status.fillna(out["status"])
    raised = named & (out["status"] == "open") & ~out["obstetric_evidence"].isin(["corroborated", "birth_center"])
    out["obstetric_evidence"] = out["obstetric_evidence"].mask(raised, "likely")
    day = now["date"].fillna("before " + _by_id(ids, first["date"]))
    words = status + " " + day + " (" + now["source"].fillna(_by_id(ids, first["source"])) + ")"
    out["correction"] = words.fillna(out["correction"])


def _put_levels(out: pd.DataFrame, last: pd.DataFrame, held: pd.DataFrame) -> None:
    """Put the levels of the day; before the first event today's, or unknown where the events end in today's."""
    ids = out["facility_id"]
    ends_in = _by_id(ids, last["status"])
    unknown = ends_in.notna() & (out["neonatal_level"] == ends_in)
    level, date, source = (_by_id(ids, held[name]) for name in ("status", "date", "source"))
    known = level.notna()
    out["neonatal_level"] = level.fillna(out["neonatal_level"].mask(unknown))
    out["level_source"] = _by_id(ids, held["level_source"]).fillna(out["level_source"].mask(unknown, "none"))
    if "level_query" in out:
        out["level_query"] = out["level_query"].mask(known)
    out["nicu"] = out["nicu"].mask(level.isin(["III", "IV"]), "yes")
    words = "level " + level + " " + date + " (" + source + ")"
    out["correction"] = words.where(out["correction"] == "none", out["correction"] + "; " + words).fillna(
        out["correction"]
    )
