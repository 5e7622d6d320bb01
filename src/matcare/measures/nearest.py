"""Minutes from every demand point to the nearest facility of every service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts import BLOCK_GROUPS, SERVICES
from matcare.geo import state_of_county
from matcare.measures.risk_groups import states_without_levels
from matcare.travel.found import Nearest
from matcare.travel.legs import direct_legs
from matcare.travel.ways import milliseconds

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.travel.searches import Trips

__all__ = ["SERVICES_BY_LEVEL", "nearest_services"]

SERVICES_BY_LEVEL: Final = ("neonatal_2_plus", "neonatal_3_plus")
"""Services that count a facility by its reported neonatal level alone."""

_SEARCHES: Final = {service: f"counts_{service}" for service in (*SERVICES, "birth_care_corroborated")}


def nearest_services(
    trips: Trips, demand: pd.DataFrame, facilities: pd.DataFrame, *, limit_minutes: float
) -> pd.DataFrame:
    """Find the nearest facility of each service for every demand point, across state lines and within the state.

    Parameters
    ----------
    trips : Trips
        From the demand points to the facilities, in the order of both tables.
    demand : pandas.DataFrame, n rows
        Contract `DEMAND`.
    facilities : pandas.DataFrame, m rows
        Contract `FACILITIES_OUT`: the columns ``counts_<service>`` say what each counts for.
    limit_minutes : float
        A facility farther than this is beyond the limit.

    Returns
    -------
    pandas.DataFrame
        The columns of the contract `BLOCK_GROUPS` but for catchments: `demand` with ``minutes_<service>``,
        ``facility_id_<service>`` and ``reason_<service>``. Where no facility of a service exists, minutes are missing
        and the reason is ``unreachable``; where no open hospital of the demand point's state has a reported neonatal
        level, it is ``level_not_reported`` for the services that count by one.
    """
    identity = facilities["facility_id"].to_numpy(dtype=object)
    members = np.stack([facilities[flag].to_numpy(dtype=bool) for flag in _SEARCHES.values()])
    found = trips.nearest(members=members, limit_minutes=limit_minutes)
    columns: dict[str, Any] = {}
    for service, nearest in zip(_SEARCHES, found, strict=True):
        columns |= _named(service, nearest, identity)
    unknown = state_of_county(demand["county_fips"]).isin(states_without_levels(facilities)).to_numpy(dtype=bool)
    for service in SERVICES_BY_LEVEL:
        lost = unknown & np.isnan(columns[f"minutes_{service}"])
        columns[f"reason_{service}"][lost] = "level_not_reported"
    columns |= _named("birth_care_in_state", _in_state(trips, demand, facilities, limit_minutes), identity)
    columns["direct_leg_km_birth_care"] = _direct_leg_km(trips, facilities, columns)
    found_here = demand.assign(**columns)
    return found_here[[name for name in BLOCK_GROUPS.names if name in found_here]]


def _direct_leg_km(trips: Trips, facilities: pd.DataFrame, columns: dict[str, Any]) -> npt.NDArray[np.float64]:
    """Straight kilometres where the minutes to birth care stand on a direct local leg; NaN where they follow roads."""
    network, origins, destinations = trips.network, trips.origins, trips.destinations
    row_of = pd.Series(np.arange(len(facilities)), index=facilities["facility_id"].to_numpy())
    to = row_of.reindex(columns["facility_id_birth_care"]).to_numpy(dtype=np.float64)
    i = np.flatnonzero(np.isfinite(to))
    j = to[i].astype(np.int64)
    km, leg = direct_legs(network, origins, destinations, i, j)
    ms = milliseconds(leg) + milliseconds(origins.end_minutes[i]) + milliseconds(destinations.end_minutes[j])
    result = np.full(len(origins), np.nan)
    on_it = ms == milliseconds(columns["minutes_birth_care"][i])
    result[i[on_it]] = km[on_it]
    return result


def _in_state(trips: Trips, demand: pd.DataFrame, facilities: pd.DataFrame, limit_minutes: float) -> Nearest:
    """Find birth care within each demand point's own state."""
    minutes = np.full(len(demand), np.nan)
    facility = np.full(len(demand), -1, dtype=np.int32)
    reason = np.zeros(len(demand), dtype=np.int8)
    home = state_of_county(demand["county_fips"]).to_numpy(dtype=object)
    counts = facilities["counts_birth_care"].to_numpy(dtype=bool)
    place = facilities["state"].to_numpy(dtype=object)
    for state in pd.unique(pd.Series(home)):
        points = np.flatnonzero(home == state)
        found = trips.nearest(members=(counts & (place == state))[None, :], rows=points, limit_minutes=limit_minutes)[0]
        minutes[points], facility[points], reason[points] = found.minutes, found.destination, found.reason_code
    return Nearest(minutes, facility, reason)


def _named(service: str, found: Nearest, identity: npt.NDArray[np.object_]) -> dict[str, Any]:
    ids = np.full(len(found.minutes), None, dtype=object)
    known = found.destination >= 0
    ids[known] = identity[found.destination[known]]
    return {
        f"minutes_{service}": found.minutes,
        f"facility_id_{service}": pd.array(ids, dtype="str"),
        f"reason_{service}": pd.array(found.reason.astype(object), dtype="str"),
    }
