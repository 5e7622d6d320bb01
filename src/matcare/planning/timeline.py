"""Change over time: dated events of units replayed year by year, and the counties that became deserts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.timeline import TIMELINE, TIMELINE_CHANGES
from matcare.errors import InputError
from matcare.geo import STATES
from matcare.measures.coverage import county_coverage
from matcare.measures.deserts import drive_time_desert, march_of_dimes
from matcare.tables.facilities import service_flags
from matcare.tables.unit_events import facilities_at, with_current_ids

if TYPE_CHECKING:
    from collections.abc import Collection

    from matcare.measures.study_area import StudyArea

__all__ = ["Replay", "replay"]

_TODAY: Final = (
    "women, births, clinicians and roads are today's at every date; units without an event are taken to have been as "
    "they are"
)
_LIMITS: Final = (30, 60)
_MOST_YEARS: Final = 200
_TIERS: Final = ("corroborated", "likely", "claimed")
_DESERTS: Final = {"march_of_dimes_desert": None, "drive_time_desert_30": 30, "drive_time_desert_60": 60}


@dataclass(frozen=True, eq=False, kw_only=True)
class Replay:
    """What a replay found.

    Attributes
    ----------
    timeline : pandas.DataFrame
        Contract ``TIMELINE``.
    changes : pandas.DataFrame
        Contract ``TIMELINE_CHANGES``.
    notes : list of str
        What stays as it is today, and events outside the years.
    """

    timeline: pd.DataFrame
    changes: pd.DataFrame
    notes: list[str]


@dataclass(frozen=True, eq=False)
class _Day:
    """The units of one day and what women have of them."""

    date: str
    facilities: pd.DataFrame
    counts: npt.NDArray[np.bool_]
    minutes: npt.NDArray[np.float64]
    nearest: npt.NDArray[np.int64]
    by_county: pd.DataFrame


def replay(
    area: StudyArea,
    events: pd.DataFrame,
    *,
    service: str = "birth_care",
    years: tuple[int, int] | None = None,
    birth_care_tiers: Collection[str] = _TIERS,
    limit_minutes: float | None = None,
) -> Replay:
    """Replay dated openings, closures and changes of level, one state of things a year.

    People, clinicians and roads are today's at every date, so what changes is what the units changed. The first date is
    31 December of the year before the first, the start.

    Parameters
    ----------
    area : StudyArea
        With the units that the events place among its facilities.
    events : pandas.DataFrame
        Contract ``UNIT_EVENTS`` (:func:`matcare.tables.unit_events.read_unit_events`), or corrections.
    service : str
        Minutes, shares and drive-time deserts are to its units. A desert by the March of Dimes rule is on birth care:
        no unit and no clinician, whatever the thresholds of a rule.
    years : tuple of int, optional
        First and last; those of the events without it.
    birth_care_tiers : collection of str
        Obstetric evidence that counts as birth care; a unit that an event opens has `likely` at least.
    limit_minutes : float, optional
        A unit farther than this does not count.

    Returns
    -------
    Replay

    Raises
    ------
    InputError
        When there is no event, the years are not ascending or more than 200, the service is not known, or an event's
        facility is not in the area.
    """
    dates = _dates(events, years)
    events = with_current_ids(events, area.facilities)
    days = _days(area, events, dates, service, birth_care_tiers, limit_minutes)
    first, last = dates[0], dates[-1]
    notes = [_TODAY]
    before, after = int((events["date"] <= first).sum()), int((events["date"] > last).sum())
    if before or after:
        notes.append(f"{before} events lie before the years ({first} holds them), {after} after and change nothing")
    table = pd.concat([_rows(area, day, service) for day in days], ignore_index=True)
    texts = ("date", "scope", "place", "service")
    return Replay(
        timeline=table.astype(dict.fromkeys(texts, "str"))[TIMELINE.names],
        changes=_changes(area, events, days),
        notes=notes,
    )


def _dates(events: pd.DataFrame, years: tuple[int, int] | None) -> list[str]:
    if events.empty:
        raise InputError("no event of a unit to replay: give dated openings, closures or levels")
    if years is None:
        years = int(events["date"].min()[:4]), int(events["date"].max()[:4])
    first, last = years
    if not 1 < first <= last <= dt.MAXYEAR:
        raise InputError(f"years {first} to {last}: give the first and the last year, such as 2015 to 2025")
    if last - first >= _MOST_YEARS:
        raise InputError(f"years {first} to {last} are {last - first + 1}: give at most {_MOST_YEARS}")
    return [f"{year:04d}-12-31" for year in range(first - 1, last + 1)]


def _days(
    area: StudyArea,
    events: pd.DataFrame,
    dates: list[str],
    service: str,
    tiers: Collection[str],
    limit_minutes: float | None,
) -> list[_Day]:
    area.members(service)  # an unknown service is refused before anything is worked out
    states: list[pd.DataFrame] = []
    for date in dates:
        now = facilities_at(area.facilities, events, as_of=dt.date.fromisoformat(date))
        states.append(service_flags(now, birth_care_tiers=tiers))
    members = np.stack([state[f"counts_{service}"].to_numpy(dtype=bool) for state in states])
    different, which = np.unique(members, axis=0, return_inverse=True)  # years in which nothing moved are searched once
    found = area.trips.nearest(members=different, limit_minutes=limit_minutes)
    days, without = [], _without_units(area)
    for date, state, own, group in zip(dates, states, members, which.ravel(), strict=True):
        nearest = found[int(group)]
        by_county = _by_county(area, nearest.minutes, nearest.reason.astype(object), state, without)
        days.append(_Day(date, state, own, nearest.minutes, nearest.destination.astype(np.int64), by_county))
    return days


def _without_units(area: StudyArea) -> pd.Series:
    """Tell which counties are deserts by the March of Dimes rule if they have no unit, by county.

    That is all that the rule needs of clinicians for deserts, so it is worked out once for all dates.
    """
    columns = ["county_fips", "obgyns", "midwives", "births_per_year", "share_women_uninsured"]
    counties = pd.DataFrame(area.counties[columns]).assign(birth_hospitals=0, birth_centers=0).set_index("county_fips")
    return march_of_dimes(counties)["class"] == "desert"


def _by_county(
    area: StudyArea,
    minutes: npt.NDArray[np.float64],
    reason: npt.NDArray[Any],
    facilities: pd.DataFrame,
    without: pd.Series,
) -> pd.DataFrame:
    """Deserts of one day by county: nullable booleans."""
    frame = area.demand[["county_fips", "people", "women_15_44"]].assign(minutes=minutes, reason=reason)
    access = county_coverage(frame, minutes="minutes", reason="reason", limits=_LIMITS)
    index = pd.Index(area.counties["county_fips"], name="county_fips")
    center = (facilities["kind"] == "birth_center") & (facilities["status"] == "open")
    served = facilities.loc[facilities["counts_birth_care"].astype(bool) | center, "county_fips"]
    empty = pd.Series(~index.isin(served), index=index)
    deserts = {"march_of_dimes_desert": (empty & without.reindex(index)).astype("boolean")}
    for limit in _LIMITS:
        deserts[f"drive_time_desert_{limit}"] = drive_time_desert(access[f"share_within_{limit}"].reindex(index))
    return pd.DataFrame(deserts, index=index)


def _rows(area: StudyArea, day: _Day, service: str) -> pd.DataFrame:
    """Add up the whole area, its states and counties on one day."""
    fips = area.demand["county_fips"]
    women = area.demand["women_15_44"].fillna(0.0)
    timed = women.where(np.isfinite(day.minutes), 0.0)
    points = pd.DataFrame({"women_15_44": women, "timed": timed, "product": timed * np.nan_to_num(day.minutes)})
    for limit in _LIMITS:
        points[f"women_within_{limit}"] = women.where(day.minutes <= limit, 0.0)
    index = day.by_county.index
    counties = points.groupby(fips).sum().reindex(index, fill_value=0.0)
    units = day.facilities.loc[day.counts, "county_fips"].value_counts()
    counties["units"] = units.reindex(index, fill_value=0).to_numpy()
    counties["counties"] = 1
    for name in _DESERTS:
        counties[f"counties_{name}"] = day.by_county[name].fillna(value=False).astype("int64")
    state = area.counties.set_index("county_fips")["state"]
    everything = "US" if set(STATES) - {"PR"} <= set(state) else "area"
    blocks = []
    for scope, place in (("area", pd.Series(everything, index=index)), ("state", state), ("county", index.to_series())):
        block = counties.groupby(place.reindex(index)).sum()
        blocks.append(block.assign(scope=scope, place=block.index.astype("str")).reset_index(drop=True))
    rows = pd.concat(blocks, ignore_index=True)
    whole = rows["women_15_44"].where(rows["women_15_44"] > 0)
    for limit in _LIMITS:
        rows[f"share_women_within_{limit}"] = (rows[f"women_within_{limit}"] / whole).clip(0, 1)
    most = rows["timed"] * 2 >= whole
    rows["minutes"] = rows["product"] / rows["timed"].where(most & (rows["timed"] > 0))
    return rows.assign(date=day.date, service=service)


def _changes(area: StudyArea, events: pd.DataFrame, days: list[_Day]) -> pd.DataFrame:
    """Counties whose answer is known on two dates that follow each other, and is another."""
    about = pd.DataFrame(area.counties).set_index("county_fips")[
        ["county_name", "state", "women_15_44", "births_per_year"]
    ]
    rows = []
    for before, after in pairwise(days):
        if before.by_county.equals(after.by_county):
            continue
        between = events[(events["date"] > before.date) & (events["date"] <= after.date)]
        touched = _touched(area, between, before, after)
        for name in _DESERTS:
            was, now = before.by_county[name], after.by_county[name]
            turned = (was != now).fillna(value=False).astype(bool)
            for county in turned[turned].index:
                here = touched[
                    (touched["county_fips"] == county) & (touched["near"] | (name == "march_of_dimes_desert"))
                ]
                in_county = touched[(touched["county_fips"] == county) & ~touched["near"]]
                words = dict.fromkeys([*in_county["words"], *here["words"]])
                change = "became" if bool(now[county]) else "ceased"
                rows.append(
                    (county, *about.loc[county], name, change, before.date, after.date, "; ".join(words) or "none")
                )
    names = [
        "county_fips",
        "county_name",
        "state",
        "women_15_44",
        "births_per_year",
        "definition",
        "change",
        "from_date",
        "to_date",
        "events",
    ]
    frame = pd.DataFrame(rows, columns=names)
    texts = [name for name in names if name not in {"women_15_44", "births_per_year"}]
    frame = frame.astype({**dict.fromkeys(texts, "str"), "women_15_44": "float64", "births_per_year": "float64"})
    order = ["to_date", "definition", "county_fips"]
    return frame.sort_values(order, ignore_index=True)[TIMELINE_CHANGES.names]


def _touched(area: StudyArea, events: pd.DataFrame, before: _Day, after: _Day) -> pd.DataFrame:
    """Pair counties with events: the unit stands in it, or is the nearest to women of it on either day (`near`)."""
    row_of = pd.Series(np.arange(len(area.facilities)), index=area.facilities["facility_id"].to_numpy(dtype=object))
    units = events.assign(place=events["facility_id"].map(row_of))
    units = units[units["place"].notna()]
    place = units["place"].to_numpy(dtype=np.int64)
    names = area.facilities["facility_name"].to_numpy(dtype=object)[place]
    units["words"] = [
        f"{name} ({event.facility_id}): {event.status} {event.date} [{event.source}]"
        for name, event in zip(names, units.itertuples(), strict=True)
    ]
    units["county_fips"] = area.facilities["county_fips"].to_numpy(dtype=object)[place]
    moved = np.flatnonzero(before.nearest != after.nearest)
    fips = area.demand["county_fips"].to_numpy(dtype=object)[moved]
    near = pd.concat(
        [pd.DataFrame({"county_fips": fips, "place": day.nearest[moved]}) for day in (before, after)]
    ).drop_duplicates()
    of_near = near.merge(units[["place", "words"]], on="place", how="inner").assign(near=True)
    columns = ["county_fips", "words", "near"]
    return pd.concat([units.assign(near=False)[columns], of_near[columns]], ignore_index=True)
