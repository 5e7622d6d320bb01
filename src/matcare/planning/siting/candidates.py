"""Places where a unit could open or be upgraded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.geo import state_of_county

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.request import SitingRequest
    from matcare.travel.snapping import SnappedPoints

__all__ = ["Candidates", "find_candidates", "inside"]

_COLUMNS = ("site_id", "site_name", "candidate_kind", "action", "level_today", "state", "county_fips", "lat", "lon")


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """Candidate sites and their places on the network.

    Attributes
    ----------
    sites : pandas.DataFrame, s rows
        ``site_id, site_name, candidate_kind, action, level_today, state, county_fips, lat, lon``, numbered from 0.
    points : tuple of SnappedPoints
        One a kind asked for; together the sites, in their order.
    """

    sites: pd.DataFrame
    points: tuple[SnappedPoints, ...]

    def __len__(self) -> int:
        return len(self.sites)

    @property
    def first(self) -> npt.NDArray[np.int64]:
        """Where each part of the points begins among the sites, and their number at the end."""
        return np.concatenate([[0], np.cumsum([len(part) for part in self.points])]).astype(np.int64)


def inside(area: StudyArea, states: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the rows of the demand points that belong to the states, or all.

    Raises
    ------
    InputError
        When a state has no demand point in the area.
    """
    if not states:
        return np.arange(len(area.demand), dtype=np.int64)
    home = state_of_county(area.demand["county_fips"])
    for state in states:
        if not (home == state).any():
            raise InputError(f"no demand point of {state} is in the study area: open it for that state")
    return np.flatnonzero(home.isin(states).to_numpy()).astype(np.int64)


def find_candidates(area: StudyArea, request: SitingRequest) -> Candidates:
    """Find the places that are asked for.

    Hospitals: those that do not count for the service today, no birth center and no military hospital (its care is not
    open to all), and no children's hospital for birth care. A unit that a correction closed is one of them. The area's
    facilities say which there are: hospitals without a sign of obstetrics only where they were added to the area.

    Parameters
    ----------
    area : StudyArea
    request : SitingRequest

    Returns
    -------
    Candidates

    Raises
    ------
    InputError
        When there is none, or fewer than are to be added, or a state is not in the area.
    """
    inside(area, request.states)  # a state that is not there is the better answer than a lack of candidates in it
    found = [_OF_KIND[kind](area, request) for kind in request.kinds]
    sites = pd.concat([frame for frame, _ in found], ignore_index=True)[list(_COLUMNS)]
    words = " + ".join(request.kinds)
    if sites.empty:
        raise InputError(f"no candidate among {words} lacks {request.service}: choose other candidates")
    twice = sites["site_id"].duplicated()
    if twice.any():
        raise InputError(f"candidate {sites.loc[twice, 'site_id'].iloc[0]!r} stands twice: give every one its own id")
    if request.add is not None and request.add > len(sites):
        hint = "" if {"block-groups", "file"} & set(request.kinds) else ", or take block-groups or a file of places"
        raise InputError(
            f"add is {request.add}, but {words} give {len(sites)} candidates for {request.service}: "
            f"add at most that{hint}"
        )
    return Candidates(sites=sites, points=tuple(points for _, points in found))


def _hospitals(area: StudyArea, request: SitingRequest) -> tuple[pd.DataFrame, SnappedPoints]:
    frame = area.facilities
    birth_care = request.service.startswith("birth_care")
    kinds = {"hospital"} if birth_care else {"hospital", "childrens_hospital"}
    chosen = ~area.members(request.service) & frame["kind"].isin(kinds).to_numpy()
    if request.states:
        chosen &= frame["state"].isin(request.states).to_numpy()
    if "hospitals" not in request.kinds:
        chosen &= frame["counts_birth_care"].to_numpy(dtype=bool)
    rows = np.flatnonzero(chosen)
    some = frame.iloc[rows].reset_index(drop=True)
    action = pd.Series("open_service" if birth_care else "upgrade", index=some.index, dtype="str")
    action = action.mask(~some["counts_birth_care"] & ~pd.Series(birth_care, index=some.index), "open_and_upgrade")
    action = action.mask(some["status"] == "closed", "reopen")
    sites = some.assign(
        site_id=some["facility_id"], site_name=some["facility_name"], candidate_kind="hospitals", action=action,
        level_today=some["neonatal_level"],
    )  # fmt: skip
    return sites, area.trips.destinations.take(rows)


def _birth_hospitals(area: StudyArea, request: SitingRequest) -> tuple[pd.DataFrame, SnappedPoints]:
    sites, points = _hospitals(area, request)
    if "hospitals" in request.kinds:  # they are among those already
        return sites.iloc[:0], points.take(np.zeros(0, dtype=np.int64))
    return sites.assign(candidate_kind="birth-hospitals"), points


def _block_groups(area: StudyArea, request: SitingRequest) -> tuple[pd.DataFrame, SnappedPoints]:
    rows = inside(area, request.states)
    some = area.demand.iloc[rows].reset_index(drop=True)
    name = area.counties.set_index("county_fips")["county_name"]
    county = some["county_fips"].map(name).fillna(some["county_fips"])
    sites = some.assign(
        site_id=some["demand_id"], site_name="center of a block group, " + county.astype("str"),
        candidate_kind="block-groups", action="new_site", level_today=pd.array([None] * len(some), dtype="str"),
        state=state_of_county(some["county_fips"]),
    )  # fmt: skip
    return sites, area.trips.origins.take(rows)


def _user_points(area: StudyArea, request: SitingRequest) -> tuple[pd.DataFrame, SnappedPoints]:
    assert request.points is not None
    some = request.points.reset_index(drop=True)
    sites = some.assign(
        candidate_kind="file", action="new_site", level_today=pd.array([None] * len(some), dtype="str"),
        state=state_of_county(some["county_fips"]),
    )  # fmt: skip
    return sites, area.trips.network.snap(some["lat"].to_numpy(), some["lon"].to_numpy())


_OF_KIND = {
    "hospitals": _hospitals,
    "birth-hospitals": _birth_hospitals,
    "block-groups": _block_groups,
    "file": _user_points,
}
