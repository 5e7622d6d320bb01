"""Observed bypass: the share that passed the nearest capable unit, and the minutes that it added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.bypass import BYPASS
from matcare.disclosure import is_small
from matcare.errors import InputError
from matcare.geo import STATES
from matcare.measures.risk_groups import sites_of
from matcare.travel.searches import Trips
from matcare.travel.subsets import among, from_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcare.measures.study_area import StudyArea

__all__ = ["Bypass", "bypass"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_LEAST: Final = 10
"""A cell of fewer births enters no figure."""

_POINTS_AT_ONCE: Final = 4000
"""Demand points whose minutes to the hospitals that they use are in memory together."""

_SUMS: Final = ("bypassed", "low", "high", "near", "used", "timed")


@dataclass(frozen=True, eq=False, kw_only=True)
class Bypass:
    """Observed bypass and what was said on the way.

    Attributes
    ----------
    table : pandas.DataFrame
        Contract ``BYPASS``.
    notes : list of str
        Pairs that the area does not have.
    """

    table: pd.DataFrame
    notes: list[str]


@dataclass(frozen=True, eq=False)
class _Residence:
    """Where mothers live: the points of each origin with their weights, and the nearest capable unit of each point."""

    trips: Trips
    first: I64  # where each origin's points begin, one more than there are origins
    weight: F64  # 0 where a point has no nearest unit
    minutes: F64  # to the nearest capable unit
    nearest: I64  # its campus


def bypass(area: StudyArea, cells: pd.DataFrame, *, service: str = "birth_care") -> Bypass:
    """Hold observed flows against the nearest capable unit.

    Of county o with births C and a flow of c births to the campus g, let s be the share of its women (at points with
    minutes) whose nearest capable unit is on g, or no farther than the hospital used. Births spread as women live,
    whatever hospital they go to, gives c·(1−s) that bypassed. The margins alone allow from max(0, c − C·s) to
    c − max(0, c + C·s − C). From a ZIP code's centroid s is 0 or 1 and the three are one. Minutes to the hospital used
    and to the nearest are means over the same points, weighted by women, then by births.

    Only cells of 10 births or more enter, so that no figure can be solved for a smaller one; a share that would give
    1-9 births is withheld all the same.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    cells : pandas.DataFrame
        ``origin, origin_kind, county_fips, lat, lon, facility_id, births``, from
        :func:`matcare.tables.user_flows.read_flows`.
    service : str
        Whose units are capable.

    Returns
    -------
    Bypass
        ``table``: all flows, states and counties of residence, hospitals used.

    Raises
    ------
    InputError
        When a cell is below 10, no facility of the area has the service, or no cell lies in the area.
    """
    if (cells["births"] < _LEAST).any():
        raise InputError(f"flows hold a cell below {_LEAST} births, which may enter no figure; leave it out")
    capable = area.members(service)
    if not capable.any():
        raise InputError(f"no facility of this run counts for {service}; nothing can be bypassed")
    campus = sites_of(area.facilities)
    frame, notes = _in_area(area, cells)
    frame["campus"] = campus[frame["facility"]]
    with_service = np.bincount(campus, weights=capable, minlength=int(campus.max()) + 1) > 0
    frame["capable"] = with_service[frame["campus"]]
    parts = []
    for kind, mine in frame.groupby("origin_kind", sort=True):
        origins, number = np.unique(mine["origin"].astype(object), return_inverse=True)
        of_kind = (
            _counties(area, origins, service, campus)
            if kind == "county"
            else _zips(area, mine, origins, service, campus)
        )
        parts.append(mine.assign(**_cells(of_kind, mine, number, campus)))
    frame = pd.concat(parts, ignore_index=True)
    return Bypass(table=_table(area, frame, service), notes=notes)


def _in_area(area: StudyArea, cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    row_of = pd.Series(np.arange(len(area.facilities)), index=area.facilities["facility_id"].to_numpy(dtype=object))
    facility = cells["facility_id"].map(row_of)
    placed = (cells["origin_kind"] == "zip") | cells["origin"].isin(area.counties["county_fips"])
    kept = facility.notna() & placed
    notes = []
    if not kept.all():
        births = cells.loc[~kept, "births"].sum()  # of pairs of 10 or more
        notes.append(
            f"{int((~kept).sum()):,} pairs of a place and a hospital with {births:,.0f} births lie outside this run "
            "and are left out; open their states too"
        )
    if not kept.any():
        raise InputError("no pair of the flows lies in this run; choose the states that they cover")
    frame = cells[kept].reset_index(drop=True)
    frame["facility"] = facility[kept].to_numpy(dtype=np.int64)
    return frame, notes


def _counties(area: StudyArea, origins: npt.NDArray[np.object_], service: str, campus: I64) -> _Residence:
    """Demand points of counties, county by county; people stand for women where these are unknown."""
    number = pd.Series(np.arange(len(origins)), index=origins)
    county = area.demand["county_fips"].map(number)
    points = np.flatnonzero(county.notna().to_numpy())
    order = points[np.argsort(county.to_numpy()[points], kind="stable")]
    of_county = county.to_numpy()[order].astype(np.int64)
    women = area.demand["women_15_44"].to_numpy(dtype=np.float64)[order]
    known = np.bincount(of_county, weights=np.nan_to_num(women), minlength=len(origins)) > 0
    people = area.demand["people"].to_numpy(dtype=np.float64)[order]
    weight = np.where(known[of_county], np.nan_to_num(women), people)
    first = np.searchsorted(of_county, np.arange(len(origins) + 1)).astype(np.int64)
    return _residence(from_rows(area.trips, order), first, weight, area.members(service), campus)


def _zips(
    area: StudyArea, cells: pd.DataFrame, origins: npt.NDArray[np.object_], service: str, campus: I64
) -> _Residence:
    """Centroids of ZIP codes, each an origin of one point."""
    place = cells.drop_duplicates("origin").set_index("origin").loc[list(origins)]
    network = area.trips.network
    snapped = network.snap(place["lat"].to_numpy(dtype=np.float64), place["lon"].to_numpy(dtype=np.float64))
    trips = Trips(network, snapped, area.trips.destinations)
    first = np.arange(len(origins) + 1, dtype=np.int64)
    return _residence(trips, first, np.ones(len(origins)), area.members(service), campus)


def _residence(trips: Trips, first: I64, weight: F64, capable: npt.NDArray[np.bool_], campus: I64) -> _Residence:
    found = trips.nearest(members=capable[None, :])[0]
    has = found.destination >= 0
    nearest = np.where(has, campus[np.maximum(found.destination, 0)], -1)
    return _Residence(trips, first, np.where(has, weight, 0.0), np.where(has, found.minutes, np.inf), nearest)


def _cells(home: _Residence, cells: pd.DataFrame, number: I64, campus: I64) -> dict[str, F64]:
    """Tell of each cell the share of women for whom it is the nearest, mean minutes to the nearest and to it."""
    share, near, used = (np.full(len(cells), np.nan) for _ in range(3))
    facility = cells["facility"].to_numpy(dtype=np.int64)
    for begin, end in _blocks(home.first):
        here = np.flatnonzero((number >= begin) & (number < end))
        wanted, column = np.unique(facility[here], return_inverse=True)
        points = np.arange(home.first[begin], home.first[end])
        starts = home.first[begin:end] - home.first[begin]
        minutes = among(from_rows(home.trips, points), wanted).table() if len(points) else np.zeros((0, len(wanted)))
        weight, least = home.weight[points][:, None], home.minutes[points][:, None]
        own = (home.nearest[points][:, None] == campus[wanted]) | (minutes <= least)
        timed = weight * np.isfinite(minutes)
        sums = [
            _by_origin(part, starts)[number[here] - begin, column]
            for part in (
                np.broadcast_to(weight, minutes.shape), weight * own, timed,
                timed * np.where(np.isfinite(least), least, 0.0), timed * np.nan_to_num(minutes),
            )
        ]  # fmt: skip
        with np.errstate(invalid="ignore", divide="ignore"):
            share[here], near[here], used[here] = sums[1] / sums[0], sums[3] / sums[2], sums[4] / sums[2]
    # A hospital without the service, on a campus that has it, may be a little nearer than its twin: nothing is added.
    return {"own": share, "near": near, "used": np.fmax(used, near)}


def _blocks(first: I64) -> Iterator[tuple[int, int]]:
    """Ranges of origins with so many points together that their minutes can be held."""
    begin = 0
    while begin < len(first) - 1:
        end = max(begin + 1, int(np.searchsorted(first, first[begin] + _POINTS_AT_ONCE, side="right")) - 1)
        yield begin, end
        begin = end


def _by_origin(values: F64, starts: I64) -> F64:
    """Sum rows by origin; an origin without points has 0."""
    sums = np.zeros((len(starts), values.shape[1]))
    some = np.diff(starts, append=len(values)) > 0
    if some.any():
        sums[some] = np.add.reduceat(values, starts[some], axis=0)
    return sums


def _table(area: StudyArea, frame: pd.DataFrame, service: str) -> pd.DataFrame:
    state_of = area.counties.set_index("county_fips")["state"]
    frame["state"] = frame["county_fips"].map(state_of)
    names = {
        "all": {"all": "All flows"},
        "state": dict(STATES),
        "county": dict(zip(area.counties["county_fips"], area.counties["county_name"], strict=True)),
        "facility": dict(zip(area.facilities["facility_id"], area.facilities["facility_name"], strict=True)),
    }
    kinds = sorted(frame["origin_kind"].unique())
    blocks = []
    by_campus, by_facility = (_bounds(frame, unit) for unit in ("campus", "facility"))
    for scope, key in (("all", None), ("state", "state"), ("county", "county_fips"), ("facility", "facility_id")):
        part = by_facility if scope == "facility" else by_campus
        place = pd.Series("all", index=part.index, dtype="str") if key is None else part[key]
        block = _shares(part, place)
        block["scope"], block["place"] = scope, block.index.astype("str")
        block["place_name"] = block["place"].map(names[scope]).fillna(block["place"])  # a home outside the area
        blocks.append(block.reset_index(drop=True))
    table = pd.concat(blocks, ignore_index=True)
    table["service"] = service
    table["geography"] = "county_and_zip" if len(kinds) > 1 else kinds[0]
    texts = ("scope", "place", "place_name", "service", "status", "geography")
    return table.astype(dict.fromkeys(texts, "str"))[BYPASS.names]


def _bounds(frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Births that bypassed, at least and at most, of each origin and unit (campus or facility)."""
    able = frame["capable"] & frame["own"].notna()
    counted = frame["births"].where(able, 0.0)
    part = frame.assign(counted=counted, elsewhere=frame["births"].where(~frame["capable"], 0.0))
    part["lost"] = frame["births"].where(frame["capable"] & frame["own"].isna(), 0.0)
    whole = part.groupby(["origin_kind", "origin"])["counted"].transform("sum")
    keys = ["origin_kind", "origin", unit]
    together = part.groupby(keys)["counted"].transform("sum")
    own = part.groupby(keys)["own"].transform("max").fillna(0.0)
    fraction = (part["counted"] / together.where(together > 0)).fillna(0.0)  # of a campus of two numbers
    part["bypassed"] = counted * (1 - own)
    part["low"] = fraction * (together - whole * own).clip(lower=0)
    part["high"] = counted - fraction * (together + whole * own - whole).clip(lower=0)
    timed = counted.where(part["used"].notna(), 0.0)
    part["timed"] = timed
    part["near"], part["used"] = timed * part["near"].fillna(0.0), timed * part["used"].fillna(0.0)
    return part


def _shares(part: pd.DataFrame, place: pd.Series) -> pd.DataFrame:
    sums = part.groupby(place)[["counted", "elsewhere", "lost", *_SUMS]].sum()
    births = sums["counted"]
    some = births > 0
    columns: dict[str, Any] = {"births": births, "births_at_units_without_service": sums["elsewhere"]}
    hidden = _gives_small(sums["bypassed"], births)
    for name, total in (("", "bypassed"), ("_low", "low"), ("_high", "high")):
        share = (sums[total] / births.where(some)).clip(0, 1)
        columns[f"share_bypassed{name}"] = share.mask(hidden | _gives_small(sums[total], births))
    for name, total in (("minutes_to_nearest", "near"), ("minutes_to_used", "used")):
        columns[name] = sums[total] / sums["timed"].where(sums["timed"] > 0)
    columns["minutes_added"] = (columns["minutes_to_used"] - columns["minutes_to_nearest"]).clip(lower=0)
    status = np.select(
        [~some & (sums["lost"] > 0), ~some, hidden], ["without_minutes", "no_counted_births", "small_count"], "given"
    )
    columns["status"] = pd.Series(status, index=sums.index, dtype="str")
    return pd.DataFrame(columns)


def _gives_small(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Tell where a share gives 1-9 births of those concerned or of the others."""
    return pd.Series(is_small(part) | is_small(whole - part), index=part.index)
