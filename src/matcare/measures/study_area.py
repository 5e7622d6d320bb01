"""What planning asks its questions of: people, facilities and the trips between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.subsets import among

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from matcare.travel.found import Nearest, Pairs
    from matcare.travel.searches import Trips

__all__ = ["StudyArea"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyArea:
    """Demand points, facilities and the trips from every one of the first to every one of the second.

    Attributes
    ----------
    counties : geopandas.GeoDataFrame
        Contract `COUNTIES`: the nation's, or those of a region and its surroundings.
    demand : pandas.DataFrame, n rows
        Contract `DEMAND`, numbered from 0.
    facilities : pandas.DataFrame, m rows
        Contract `FACILITIES_OUT`, numbered from 0.
    trips : Trips
        From the demand points to the facilities, in these orders.
    """

    counties: gpd.GeoDataFrame
    demand: pd.DataFrame
    facilities: pd.DataFrame
    trips: Trips

    def members(self, service: str) -> Bools:
        """Tell which facilities count for a service, shape (m,).

        Parameters
        ----------
        service : str
            A key of :data:`matcare.contracts.SERVICES`, or ``birth_care_corroborated``.

        Raises
        ------
        InputError
            When no column ``counts_<service>`` says so.
        """
        column = f"counts_{service}"
        if column not in self.facilities:
            known = [name.removeprefix("counts_") for name in self.facilities.columns if name.startswith("counts_")]
            raise InputError(f"unknown service {service!r}: one of {', '.join(known)}")
        return self.facilities[column].to_numpy(dtype=bool)

    def rows(self, service: str) -> I64:
        """Return the positions of the facilities that count for a service, ascending."""
        return np.flatnonzero(self.members(service)).astype(np.int64)

    @cached_property
    def _by_service(self) -> dict[str, Trips]:
        return {}

    def trips_to(self, service: str) -> Trips:
        """Return the trips to the facilities of a service alone, in the order of :meth:`rows`; kept once made."""
        if service not in self._by_service:
            self._by_service[service] = among(self.trips, self.rows(service))
        return self._by_service[service]

    def nearest(self, service: str, *, without: Bools | None = None, limit_minutes: float | None = None) -> Nearest:
        """Find each demand point's nearest facility of a service.

        Parameters
        ----------
        service : str
            As in :meth:`members`.
        without : numpy.ndarray of bool, shape (m,), optional
            Facilities that do not count here, such as those that close.
        limit_minutes : float, optional
            A facility farther than this does not count; at exactly this it does.

        Returns
        -------
        Nearest
            ``destination`` is a row of :attr:`facilities`.
        """
        members = self.members(service) if without is None else self.members(service) & ~without
        return self.trips.nearest(members=members[None, :], limit_minutes=limit_minutes)[0]

    def k_nearest(self, service: str, k: int) -> tuple[F64, I64]:
        """Find each demand point's `k` nearest facilities of a service.

        Returns
        -------
        minutes : numpy.ndarray of float64, shape (n, k)
            Ascending; NaN where there are fewer.
        facility : numpy.ndarray of int64, shape (n, k)
            Rows of :attr:`facilities`; −1 where there are fewer.
        """
        minutes, found = self.trips_to(service).k_nearest(k)
        rows = self.rows(service)
        facility = np.full(found.shape, -1, dtype=np.int64)
        known = found >= 0
        facility[known] = rows[found[known]]
        return minutes, facility

    def pairs(self, service: str, limit_minutes: float) -> Pairs:
        """Find all pairs of a demand point and a facility of a service at most a limit apart.

        Returns
        -------
        Pairs
            ``destination`` is a row of :attr:`facilities`.
        """
        found = self.trips_to(service).within(limit_minutes=limit_minutes)
        return replace(found, destination=self.rows(service)[found.destination].astype(np.int32))
