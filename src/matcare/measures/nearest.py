"""Minutes from every demand point to the nearest facility of every service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from matcare.contracts import BLOCK_GROUPS, SERVICES
from matcare.geo import state_of_county
from matcare.travel.legs import direct_legs
from matcare.travel.searches import nearest

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["nearest_services"]

_SEARCHES: Final = {service: f"counts_{service}" for service in (*SERVICES, "birth_care_corroborated")}


def nearest_services(
    network: RoadNetwork,
    demand: pd.DataFrame,
    origins: SnappedPoints,
    facilities: pd.DataFrame,
    destinations: SnappedPoints,
    *,
    limit_minutes: float,
) -> pd.DataFrame:
    """Find the nearest facility of each service for every demand point, across state lines and within the state.

    Parameters
    ----------
    network : RoadNetwork
        The roads.
    demand : pandas.DataFrame, n rows
        Contract `DEMAND`.
    origins : SnappedPoints, n points
        The demand points on the network, in the order of `demand`.
    facilities : pandas.DataFrame, m rows
        Contract `FACILITIES_OUT`: the columns ``counts_<service>`` say what each counts for.
    destinations : SnappedPoints, m points
        The facilities on the network, in the order of `facilities`.
    limit_minutes : float
        A facility farther than this is beyond the limit.

    Returns
    -------
    pandas.DataFrame
        Contract `BLOCK_GROUPS`: `demand` with ``minutes_<service>``, ``facility_id_<service>`` and
        ``reason_<service>``. Where no facility of a service exists, minutes are missing and the reason is
        ``unreachable``.
    """
    columns: dict[str, Any] = {}
    identity = facilities["facility_id"].to_numpy(dtype=object)
    for service, flag in _SEARCHES.items():
        rows = np.flatnonzero(facilities[flag].to_numpy(dtype=bool))
        found = _search(network, origins, destinations, rows, limit_minutes)
        columns |= _named(service, found, identity)
    columns |= _named(
        "birth_care_in_state", _in_state(network, demand, origins, facilities, destinations, limit_minutes), identity
    )
    columns["direct_leg_km_birth_care"] = _direct_leg_km(network, origins, facilities, destinations, columns)
    return demand.assign(**columns)[BLOCK_GROUPS.names]


def _direct_leg_km(
    network: RoadNetwork,
    origins: SnappedPoints,
    facilities: pd.DataFrame,
    destinations: SnappedPoints,
    columns: dict[str, Any],
) -> npt.NDArray[np.float64]:
    """Straight kilometres where the minutes to birth care stand on a direct local leg; NaN where they follow roads."""
    row_of = pd.Series(np.arange(len(facilities)), index=facilities["facility_id"].to_numpy())
    to = row_of.reindex(columns["facility_id_birth_care"]).to_numpy(dtype=np.float64)
    i = np.flatnonzero(np.isfinite(to))
    j = to[i].astype(np.int64)
    km, leg = direct_legs(network, origins, destinations, i, j)
    minutes = leg + origins.end_minutes[i] + destinations.end_minutes[j]
    result = np.full(len(origins), np.nan)
    on_it = np.isclose(minutes, columns["minutes_birth_care"][i], rtol=1e-9, atol=1e-9)
    result[i[on_it]] = km[on_it]
    return result


_Found = tuple[
    "npt.NDArray[np.float64]", "npt.NDArray[np.int64]", "npt.NDArray[np.object_]"
]  # minutes, row of the facility (-1 when there is none), reason


def _search(
    network: RoadNetwork,
    origins: SnappedPoints,
    destinations: SnappedPoints,
    rows: npt.NDArray[np.int64],
    limit_minutes: float,
) -> _Found:
    if len(rows) == 0:
        n = len(origins)
        return np.full(n, np.nan), np.full(n, -1, dtype=np.int64), np.full(n, "unreachable", dtype=object)
    found = nearest(network, origins, destinations.take(rows), limit_minutes=limit_minutes)
    facility = np.where(found.destination >= 0, rows[np.maximum(found.destination, 0)], -1)
    return found.minutes, facility, found.reason.astype(object)


def _in_state(
    network: RoadNetwork,
    demand: pd.DataFrame,
    origins: SnappedPoints,
    facilities: pd.DataFrame,
    destinations: SnappedPoints,
    limit_minutes: float,
) -> _Found:
    n = len(demand)
    minutes, facility = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    reason = np.full(n, "unreachable", dtype=object)
    home = state_of_county(demand["county_fips"]).to_numpy(dtype=object)
    counts = facilities["counts_birth_care"].to_numpy(dtype=bool)
    place = facilities["state"].to_numpy(dtype=object)
    for state in pd.unique(pd.Series(home)):
        points = np.flatnonzero(home == state)
        rows = np.flatnonzero(counts & (place == state))
        minutes[points], facility[points], reason[points] = _search(
            network, origins.take(points), destinations, rows, limit_minutes
        )
    return minutes, facility, reason


def _named(service: str, found: _Found, identity: npt.NDArray[np.object_]) -> dict[str, Any]:
    minutes, facility, reason = found
    ids = np.full(len(minutes), None, dtype=object)
    ids[facility >= 0] = identity[facility[facility >= 0]]
    return {
        f"minutes_{service}": minutes,
        f"facility_id_{service}": pd.array(ids, dtype="str"),
        f"reason_{service}": pd.array(reason, dtype="str"),
    }
