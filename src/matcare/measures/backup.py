"""Backup and care across state lines: the second-nearest unit, and what a state's own units alone would reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.backup import BACKUP_LIMITS, CROSS_BORDER, OWNERSHIPS
from matcare.geo import state_of_county
from matcare.measures.coverage import MOST_WITHOUT, county_coverage, share_where
from matcare.measures.risk_groups import sites_of
from matcare.tables.facilities import tribal_or_ihs
from matcare.travel.found import check_limit
from matcare.travel.subsets import from_rows

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea
    from matcare.travel.found import Nearest

__all__ = [
    "BackupPoints",
    "backup_points",
    "county_backup",
    "cross_border",
    "ownership",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_OWNERS: Final = {
    "tribal": "tribal",
    "indian health service": "indian_health_service",
    "indian_health_service": "indian_health_service",
    "ihs": "indian_health_service",
    "department of defense": "military",
    "military": "military",
    "not_reported": "not_reported",
    "": "not_reported",
    "federal": "not_reported",  # as it stands at private hospitals too; what is known of the IHS is told apart
    "government - federal": "not_reported",
}
_YES: Final = ("yes", "true", "1", "y")
_NO: Final = ("no", "false", "0", "n")


@dataclass(frozen=True, eq=False, kw_only=True)
class BackupPoints:
    """The nearest unit of each demand point, the second-nearest, and the nearest in its own state; n rows each.

    Attributes
    ----------
    minutes, minutes_second, minutes_in_state : numpy.ndarray of float64, shape (n,)
        NaN where there is none.
    facility, facility_second, facility_in_state : numpy.ndarray of int64, shape (n,)
        Rows of the study area's facilities; −1 where there is none.
    reason, reason_second : numpy.ndarray of str, shape (n,)
        Why minutes stand or are missing; `no_second_unit` where one unit (or campus) can be reached and no other.
    """

    minutes: F64
    facility: I64
    reason: npt.NDArray[np.object_]
    minutes_second: F64
    facility_second: I64
    reason_second: npt.NDArray[np.object_]
    minutes_in_state: F64
    facility_in_state: I64


def ownership(facilities: pd.DataFrame) -> pd.Series:
    """Say who runs each facility, as far as planning asks and the facilities' columns tell.

    The column ``ownership`` is read in our words or CMS's. `tribal` and `indian_health_service` are taken at their
    word, and so is the name of a hospital that is known to be a tribe's
    (:func:`matcare.tables.facilities.tribal_or_ihs`); `federal` alone is not known to be the Indian Health Service,
    since CMS's file has private hospitals there too. A military hospital is one by its kind.

    Parameters
    ----------
    facilities : pandas.DataFrame
        ``kind``, and ``ownership`` where it is known.

    Returns
    -------
    pandas.Series of str
        One of :data:`matcare.contracts.backup.OWNERSHIPS`, same index; all `not_reported` but military hospitals
        without the column.

    Examples
    --------
    >>> frame = pd.DataFrame({"kind": "hospital", "ownership": ["Tribal", "Proprietary", "Government - Federal", None]})
    >>> ownership(frame).tolist()
    ['tribal', 'other', 'not_reported', 'not_reported']
    """
    told = (
        facilities["ownership"] if "ownership" in facilities else pd.Series(None, index=facilities.index, dtype="str")
    )
    words = told.astype("str").where(told.notna(), "").str.strip().str.lower()
    owner = words.map(_OWNERS).fillna("other")
    if {"ownership", "facility_name"} <= set(facilities.columns):
        by_name = tribal_or_ihs(facilities) & owner.isin(["not_reported", "other"])
        owner = owner.mask(by_name, "tribal")
    owner = owner.mask(facilities["kind"] == "military_hospital", "military").astype("str")
    assert owner.isin(OWNERSHIPS).all()
    return owner


def backup_points(area: StudyArea, *, service: str = "birth_care", limit_minutes: float | None = None) -> BackupPoints:
    """Find each demand point's nearest and second-nearest unit, and its nearest in its own state.

    The second-nearest is on another campus than the nearest: what closes one closes its twin.

    Parameters
    ----------
    area : StudyArea
        People, facilities and trips.
    service : str
        Whose units count.
    limit_minutes : float, optional
        A unit farther than this does not count.

    Returns
    -------
    BackupPoints
    """
    limit = np.inf if limit_minutes is None else limit_minutes
    check_limit(limit)
    first = area.nearest(service, limit_minutes=limit_minutes)
    minutes, facility = _two_campuses(area, service)
    gone = minutes > limit
    reason = first.reason.astype(object)
    found = first.destination >= 0
    lacking = np.where(gone, "beyond_limit", "no_second_unit")
    reason_second = np.where(found & (gone | (facility < 0)), lacking, reason).astype(object)
    home = _in_state(area, service, limit_minutes)
    return BackupPoints(
        minutes=first.minutes,
        facility=first.destination.astype(np.int64),
        reason=reason,
        minutes_second=np.where(gone | ~found, np.nan, minutes),
        facility_second=np.where(gone | ~found, -1, facility),
        reason_second=reason_second,
        minutes_in_state=home[0],
        facility_in_state=home[1],
    )


def _two_campuses(area: StudyArea, service: str) -> tuple[F64, I64]:
    """Minutes and facility of the second-nearest campus, (n,): −1 where there is none."""
    campus = sites_of(area.facilities)
    minutes, facility = area.k_nearest(service, 2)
    twin = np.flatnonzero((facility[:, 1] >= 0) & (campus[facility[:, 0]] == campus[facility[:, 1]]))
    second, unit = minutes[:, 1].copy(), facility[:, 1].copy()
    if len(twin):
        rows = area.rows(service)
        most = int(np.bincount(campus[rows]).max()) + 1  # so many units cannot all be of one campus
        further, to = from_rows(area.trips_to(service), twin).k_nearest(most)
        known = to >= 0
        place = np.where(known, rows[np.where(known, to, 0)], -1)
        other = known & (campus[place] != campus[place[:, :1]])
        pick = other.argmax(axis=1)
        here = np.arange(len(twin))
        has = other[here, pick]
        second[twin] = np.where(has, further[here, pick], np.nan)
        unit[twin] = np.where(has, place[here, pick], -1)
    return second, unit


def _in_state(area: StudyArea, service: str, limit_minutes: float | None) -> tuple[F64, I64]:
    """Minutes and facility of the nearest unit in each demand point's own state, (n,)."""
    minutes, facility = np.full(len(area.demand), np.nan), np.full(len(area.demand), -1, dtype=np.int64)
    home = state_of_county(area.demand["county_fips"]).to_numpy(dtype=object)
    counts, place = area.members(service), area.facilities["state"].to_numpy(dtype=object)
    for state in pd.unique(pd.Series(home)):
        points = np.flatnonzero(home == state)
        members = counts & (place == state)
        found: Nearest = area.trips.nearest(members=members[None, :], rows=points, limit_minutes=limit_minutes)[0]
        minutes[points], facility[points] = found.minutes, found.destination
    return minutes, facility


def county_backup(area: StudyArea, points: BackupPoints) -> pd.DataFrame:
    """Gather backup and care across state lines by county.

    Parameters
    ----------
    area : StudyArea
        The one that `points` were found in.
    points : BackupPoints
        From :func:`backup_points`, for birth care.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``county_fips`` in the order of the area's counties: the columns
        :data:`matcare.contracts.backup.BACKUP_COLUMNS`. A county without demand points has no shares, and the reason
        says so. Where a county's women are unknown everywhere, people count in means and shares, as elsewhere.
    """
    frame = area.demand[["county_fips", "people", "women_15_44"]].copy()
    frame["first"], frame["reason"] = points.minutes, points.reason
    frame["second"], frame["second_reason"] = points.minutes_second, points.reason_second
    frame["added"] = points.minutes_second - points.minutes
    index = pd.Index(area.counties["county_fips"], name="county_fips")
    first = county_coverage(frame, minutes="first", reason="reason", limits=BACKUP_LIMITS).reindex(index)
    second = county_coverage(frame, minutes="second", reason="second_reason", limits=BACKUP_LIMITS).reindex(index)
    added = county_coverage(frame, minutes="added", reason="second_reason", limits=()).reindex(index)
    columns: dict[str, Any] = {
        "minutes_second_birth_care": second["minutes"],
        "minutes_second_birth_care_reason": second["reason"].fillna("no_demand_points").astype("str"),
        "minutes_added_second_birth_care": added["minutes"],
        "share_women_without_second_birth_care": second["share_without_minutes"],
    }
    for limit in BACKUP_LIMITS:
        columns[f"share_women_within_{limit}_second_birth_care"] = second[f"share_within_{limit}"]
        one = (first[f"share_within_{limit}"] - second[f"share_within_{limit}"]).clip(lower=0)
        columns[f"share_women_one_unit_within_{limit}_birth_care"] = one
    columns |= _across(area, points, index)
    owner = ownership(area.facilities)
    columns |= _known(
        frame, points, owner.isin(["tribal", "indian_health_service"]), owner != "not_reported", "tribal_or_ihs", index
    )
    said = _yes_or_no(area.facilities, "on_tribal_land")
    columns |= _known(frame, points, said == "yes", said != "not_reported", "on_tribal_land", index)
    return pd.DataFrame(columns, index=index)


def _across(area: StudyArea, points: BackupPoints, index: pd.Index) -> dict[str, pd.Series]:
    women, fips = area.demand["women_15_44"], area.demand["county_fips"]

    def counted(condition: npt.NDArray[np.bool_]) -> pd.Series:
        return women.where(condition).groupby(fips).sum().reindex(index).where(known > 0)

    known = women.notna().groupby(fips).sum().reindex(index)
    columns = {"women_nearest_birth_care_out_of_state": counted(_elsewhere(points))}
    for limit in BACKUP_LIMITS:
        lost = (points.minutes <= limit) & ~(points.minutes_in_state <= limit)
        columns[f"women_newly_beyond_{limit}_in_state_only_birth_care"] = counted(lost)
    return columns


def _elsewhere(points: BackupPoints) -> npt.NDArray[np.bool_]:
    """Tell which points have a nearest unit that is nearer than any of their own state."""
    return (points.facility >= 0) & ~(points.minutes_in_state <= points.minutes)


def _yes_or_no(facilities: pd.DataFrame, column: str) -> pd.Series:
    if column not in facilities:
        return pd.Series("not_reported", index=facilities.index, dtype="str")
    words = facilities[column].astype("str").str.strip().str.lower()
    answer = np.select([words.isin(_YES), words.isin(_NO)], ["yes", "no"], "not_reported")
    return pd.Series(answer, index=facilities.index, dtype="str")


def _known(
    frame: pd.DataFrame, points: BackupPoints, holds: pd.Series, told: pd.Series, name: str, index: pd.Index
) -> dict[str, pd.Series]:
    """Share of women whose nearest unit is known to have a property, and of how many women's units it is known."""
    place = np.maximum(points.facility, 0)
    found = points.facility >= 0
    is_so = pd.Series(found & holds.to_numpy()[place], index=frame.index)
    known = pd.Series(~found | told.to_numpy()[place], index=frame.index)
    any_known = pd.Series(found & told.to_numpy()[place], index=frame.index)
    share = share_where(frame, is_so).reindex(index)
    whole, some = (share_where(frame, part).reindex(index) for part in (known, any_known))
    status = pd.Series(
        np.select([some.fillna(0) <= 0, whole < 1], ["not_reported", "partly_reported"], "reported"), index=index
    )
    column = f"share_women_nearest_birth_care_{name}"
    return {column: share.where(status != "not_reported"), f"{column}_status": status}


def cross_border(area: StudyArea, points: BackupPoints) -> pd.DataFrame:
    """Count women by the state they live in and the state of their nearest unit.

    Parameters
    ----------
    area : StudyArea
        The one that `points` were found in.
    points : BackupPoints
        From :func:`backup_points`.

    Returns
    -------
    pandas.DataFrame
        Contract ``CROSS_BORDER``: pairs of two different states, ordered by them. Of a unit equally near in the home
        state, the home state's counts.
    """
    demand = area.demand
    away = np.flatnonzero(_elsewhere(points))
    home = state_of_county(demand["county_fips"])
    women = demand["women_15_44"].fillna(0.0)
    frame = pd.DataFrame(
        {
            "home_state": home.to_numpy()[away],
            "unit_state": area.facilities["state"].to_numpy()[points.facility[away]],
            "women_15_44": women.to_numpy()[away],
            "births_per_year": demand["births_per_year"].fillna(0.0).to_numpy()[away],
        }
    )
    frame["product"] = frame["women_15_44"] * points.minutes[away]
    added = points.minutes_in_state[away] - points.minutes[away]
    frame["with_home"] = frame["women_15_44"].where(np.isfinite(added), 0.0)
    frame["added"] = frame["with_home"] * np.nan_to_num(added)
    for limit in BACKUP_LIMITS:
        lost = (points.minutes[away] <= limit) & ~(points.minutes_in_state[away] <= limit)
        frame[f"women_newly_beyond_{limit}_in_state_only"] = frame["women_15_44"].where(lost, 0.0)
    sums = frame.groupby(["home_state", "unit_state"], as_index=False).sum()
    sums = sums[sums["women_15_44"] > 0].reset_index(drop=True)
    whole = women.groupby(home.to_numpy()).sum()
    sums["share_women_of_home_state"] = sums["women_15_44"] / sums["home_state"].map(whole)
    sums["minutes"] = sums["product"] / sums["women_15_44"]
    served = sums["with_home"] >= (1 - MOST_WITHOUT) * sums["women_15_44"]
    sums["minutes_added_in_state_only"] = sums["added"] / sums["with_home"].where(served & (sums["with_home"] > 0))
    return sums[CROSS_BORDER.names]
