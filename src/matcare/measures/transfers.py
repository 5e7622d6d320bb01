"""Transfer minutes from every birth hospital to the nearest unit of each higher level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts.risk_appropriate import TRANSFERS
from matcare.measures.dyad import trips_between
from matcare.measures.risk_groups import Capabilities, capabilities, check_region, states_without_levels
from matcare.travel.subsets import from_rows

if TYPE_CHECKING:
    from collections.abc import Collection

    from matcare.measures.study_area import StudyArea
    from matcare.travel.found import Nearest
    from matcare.travel.searches import Trips

__all__ = ["transfer_minutes"]

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_TARGETS: Final = {
    "neonatal_2_plus": ("estimate", 0, 2),
    "neonatal_3_plus": ("estimate", 0, 3),
    "neonatal_3_plus_or_nicu": ("unknown_count", 0, 3),
    "neonatal_4": ("estimate", 0, 4),
    "maternal_3_plus": ("estimate", 3, 0),
}
"""Reading of the levels, least maternal and least neonatal level of each target."""


def transfer_minutes(
    area: StudyArea, *, region: Collection[str] | None = None, between: Trips | None = None
) -> pd.DataFrame:
    """Find the nearest unit of each higher level from every birth hospital.

    A hospital that has the level itself has 0 minutes (`own`), and so has one whose campus holds a unit that does
    (`same_site`). Where no hospital of a state has a reported neonatal level, one without a way to a unit of a
    reported level is `not_reported`: such a unit may be next door, and nobody knows.

    Parameters
    ----------
    area : StudyArea
        Facilities may have a user's column ``maternal_level``; without one the status of the maternal target is
        `not_reported`.
    region : collection of str, optional
        Postal codes of the states whose birth hospitals get a row; all without it. Units outside it count.
    between : Trips, optional
        From all facilities to all facilities, where they are known already.

    Returns
    -------
    pandas.DataFrame
        Contract `TRANSFERS`, in the order of the facilities.

    Raises
    ------
    InputError
        When the region names no state or one without a county here.
    """
    facilities = area.facilities
    check_region(region, area.counties)
    chosen = area.members("birth_care")
    if region is not None:
        chosen = chosen & facilities["state"].isin(list(region)).to_numpy(dtype=bool)
    rows = np.flatnonzero(chosen).astype(np.int64)
    read = {reading: capabilities(facilities, reading=reading) for reading, _, _ in _TARGETS.values()}
    members = np.stack(
        [read[name].units(maternal=maternal, neonatal=neonatal) for name, maternal, neonatal in _TARGETS.values()]
    )
    trips = from_rows(between if between is not None else trips_between(area.trips), rows)
    found = trips.nearest(members=members)
    columns = {
        name: facilities[name].to_numpy()[rows]
        for name in ("facility_id", "facility_name", "state", "county_fips", "neonatal_level", "level_source")
    }
    estimate = read["estimate"]
    unknown = facilities["state"].isin(states_without_levels(facilities)).to_numpy(dtype=bool)[rows]
    for (target, (reading, _, neonatal)), member, nearest in zip(_TARGETS.items(), members, found, strict=True):
        if neonatal == 0:
            not_reported = np.full(len(rows), not estimate.maternal_reported)
        else:
            not_reported = unknown & (reading == "estimate")
        columns |= _columns(target, facilities, rows, member, nearest, estimate, not_reported=not_reported)
    return pd.DataFrame(columns)[TRANSFERS.names]


def _columns(
    target: str,
    facilities: pd.DataFrame,
    rows: I64,
    member: Bools,
    nearest: Nearest,
    able: Capabilities,
    *,
    not_reported: Bools,
) -> dict[str, Any]:
    """Lay out one target: minutes, which unit, and why."""
    to = nearest.destination.astype(np.int64)
    minutes = nearest.minutes.copy()
    status = np.where(to >= 0, "transfer", nearest.reason).astype(object)
    mate = _campus_mate(able.site, member)[able.site[rows]]
    on_campus, own = mate >= 0, member[rows]
    to = np.where(own, rows, np.where(on_campus, mate, to))
    minutes[on_campus] = 0.0
    status[on_campus] = "same_site"
    status[own] = "own"
    if not member.any():
        status[:] = "none_known"
    known = to >= 0
    status[~known & not_reported] = "not_reported"
    columns: dict[str, Any] = {f"minutes_{target}": minutes}
    for name in ("facility_id", "facility_name", "state", "level_query"):
        values = np.full(len(rows), None, dtype=object)
        values[known] = facilities[name].to_numpy(dtype=object)[to[known]]
        columns[f"{name}_{target}"] = pd.array(values, dtype="str")
    home = facilities["state"].to_numpy(dtype=object)
    elsewhere = pd.array(home[np.where(known, to, rows)] != home[rows], dtype="boolean")
    elsewhere[~known] = pd.NA
    columns[f"out_of_state_{target}"] = elsewhere
    columns[f"status_{target}"] = pd.array(status, dtype="str")
    return columns


def _campus_mate(site: I64, member: Bools) -> I64:
    """Return a facility of each campus that has the level, −1 where none has; of several the first."""
    mate = np.full(int(site.max(initial=-1)) + 1, -1, dtype=np.int64)
    rows = np.flatnonzero(member)[::-1]
    mate[site[rows]] = rows
    return mate
