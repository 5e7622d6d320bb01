"""The study area of a scenario: its facilities in force, its roads, and the people of the region and around it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.contracts import FACILITIES_OUT
from matcare.measures.study_area import StudyArea
from matcare.pipeline.chosen_outcomes import ChosenOutcomes, choose_outcomes
from matcare.pipeline.report import SILENT, Report
from matcare.pipeline.roads import open_network
from matcare.tables.corrections import apply_corrections, no_corrections, read_corrections
from matcare.tables.facilities import service_flags
from matcare.tables.nicu_support import attach_nicu_support, read_nicu_support
from matcare.tables.placement import added_to, place_of
from matcare.tables.user_facilities import read_facilities
from matcare.travel.searches import Trips
from matcare.travel.speeds import unit_vectors
from matcare.travel.subsets import from_rows

if TYPE_CHECKING:
    from matcare.scenario import Scenario
    from matcare.tables.snapshot import Snapshot

__all__ = ["OpenedArea", "facilities_in_force", "open_area", "open_study_area"]

Bools = npt.NDArray[np.bool_]

SURROUNDINGS_KM: Final = 350.0
"""Straight distance between two counties' points up to which one's people share the other's units: farther than
three hours by car: a unit 90 minutes away has its own people up to 90 minutes beyond it."""


@dataclass(frozen=True, kw_only=True)
class OpenedArea:
    """A study area, and what is to be said of it.

    Attributes
    ----------
    area : StudyArea
        People of the region and its surroundings, all facilities of the nation, the trips between them.
    inside : numpy.ndarray of bool, shape (demand points,)
        Which demand points belong to the region.
    data_date : str
        Date of the youngest facility source.
    corrections, notes : tuple of str
        Corrections in force; what was repaired or replaced on the way.
    profile, roads : dict
        Speed profile and roads, for ``run.json``.
    states : tuple of str
        Postal codes of the region; empty for the nation.
    """

    area: StudyArea
    inside: Bools
    data_date: str
    corrections: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    profile: dict[str, Any] = field(default_factory=dict)
    roads: dict[str, Any] = field(default_factory=dict)

    states: tuple[str, ...] = ()

    @property
    def region(self) -> set[str]:
        """Postal codes of the region's states; all that there are for the nation."""
        return set(self.states) or set(self.area.counties["state"])

    def trips_of_region(self) -> Trips:
        """Return the trips from the region's demand points alone."""
        return self.area.trips if self.inside.all() else from_rows(self.area.trips, np.flatnonzero(self.inside))

    def area_of_region(self) -> StudyArea:
        """Return the study area of the region's people alone, for what others' trips have no part in."""
        counties = self.area.counties[self.area.counties["state"].isin(self.region)].reset_index(drop=True)
        return replace(self.area, counties=counties, demand=self.demand_of_region(), trips=self.trips_of_region())

    def demand_of_region(self) -> pd.DataFrame:
        """Return the region's demand points, numbered from 0."""
        return self.area.demand[self.inside].reset_index(drop=True)


def open_study_area(scenario: Scenario, snapshot: Snapshot, *, report: Report | None = None) -> StudyArea:
    """Return the study area of a scenario; see :func:`open_area`."""
    return open_area(scenario, snapshot, report=report).area


def open_area(
    scenario: Scenario,
    snapshot: Snapshot,
    chosen: ChosenOutcomes | None = None,
    *,
    as_of: dt.date | None = None,
    more_facilities: pd.DataFrame | None = None,
    report: Report | None = None,
) -> OpenedArea:
    """Put a scenario's facilities, roads and people together.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    snapshot : Snapshot
        The embedded data, or a user's own in the same form.
    chosen : ChosenOutcomes, optional
        Outcomes of the run, whose births are used; those of the scenario without it.
    as_of : datetime.date, optional
        Corrections dated later than this are not in force yet; today without it.
    more_facilities : pandas.DataFrame, optional
        Contract `FACILITIES`: further facilities, such as hospitals that a service could open at; those whose
        identifier is there already are passed over.
    report : Report, optional
        Told of each step.

    Returns
    -------
    OpenedArea
        For some states, with the people of all counties within :data:`SURROUNDINGS_KM`, who share their units.

    Raises
    ------
    InputError
        When a user's file or option is not usable.
    """
    report = report or SILENT
    chosen = chosen or choose_outcomes(scenario, snapshot)
    with report.step("facilities and what they count for"):
        today = dt.date.today()  # noqa: DTZ011 - the day on the planner's own calendar
        facilities, corrections, notes = facilities_in_force(scenario, snapshot, as_of or today)
    if more_facilities is not None and len(more_facilities):
        new = more_facilities[~more_facilities["facility_id"].isin(facilities["facility_id"])]
        flagged = attach_nicu_support(service_flags(new, birth_care_tiers=scenario.birth_care_tiers), None)
        facilities = pd.concat([facilities, flagged[FACILITIES_OUT.names]], ignore_index=True)
    for note in (*notes, *(f"correction in force: {text}" for text in corrections)):
        report.note(note)
    network, roads = open_network(snapshot, profile=scenario.profile, roads=scenario.roads, report=report)
    notes = (*notes, *roads.notes)
    region = chosen.counties["state"].isin(scenario.states).to_numpy() if scenario.states else None
    counties = chosen.counties
    if region is not None:
        counties = counties[_and_around(counties, region)].reset_index(drop=True)
    demand = chosen.demand[chosen.demand["county_fips"].isin(counties["county_fips"])].reset_index(drop=True)
    inside = np.ones(len(demand), dtype=bool)
    if region is not None:
        inside = demand["county_fips"].isin(chosen.counties.loc[region, "county_fips"]).to_numpy()
    around = f" ({int(inside.sum()):,} in the region)" if region is not None else ""
    with report.step(f"access legs of {len(demand):,} demand points{around} and {len(facilities):,} facilities"):
        origins = network.snap(demand["lat"].to_numpy(), demand["lon"].to_numpy())
        destinations = network.snap(facilities["lat"].to_numpy(), facilities["lon"].to_numpy())
    mine = origins.take(np.flatnonzero(inside))
    if scenario.roads is not None:
        on_streets = f"{int(mine.on_streets.sum()):,} of {len(mine):,} demand points"
        notes = (*notes, f"{on_streets} stand on streets of these roads, the others enter highways or none")
        report.note(notes[-1])
    return OpenedArea(
        area=StudyArea(
            counties=counties, demand=demand, facilities=facilities, trips=Trips(network, origins, destinations)
        ),
        inside=inside,
        data_date=snapshot.data_date,
        corrections=corrections,
        notes=notes,
        profile=network.profile.as_dict(),
        roads=roads.with_access(network, demand_points=mine, facilities=destinations),
        states=scenario.states,
    )


def _and_around(counties: pd.DataFrame, region: Bools) -> Bools:
    """Tell which counties are the region's or near one of them."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only for a part of the nation

    place = unit_vectors(counties["lat"].to_numpy(), counties["lon"].to_numpy())
    if not region.any():
        return region
    far, _ = cKDTree(place[region]).query(place, distance_upper_bound=SURROUNDINGS_KM)  # chords, in km
    return region | np.isfinite(far)


def facilities_in_force(
    scenario: Scenario, snapshot: Snapshot, as_of: dt.date
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Return facilities in force with their services, the corrections, and notes on what was replaced or repaired.

    Parameters
    ----------
    scenario : Scenario
        Names the user's facilities and corrections.
    snapshot : Snapshot
        Holds the embedded facilities.
    as_of : datetime.date
        Corrections dated later than this are not in force yet.

    Returns
    -------
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`, numbered from 0.
    corrections, notes : tuple of str
        For the reader.
    """
    notes: list[str] = []
    facilities = snapshot.facilities
    if scenario.facilities is not None:
        own = read_facilities(scenario.facilities, snapshot.counties)
        if scenario.facilities_add:
            placed = added_to(facilities, own.facilities)
        else:
            placed = place_of(facilities, own.facilities, only=scenario.facilities_only)
        facilities = placed.facilities
        notes += [*own.notes, *placed.notes]
    corrections = no_corrections() if scenario.corrections is None else read_corrections(scenario.corrections)
    corrected = apply_corrections(facilities, corrections, as_of=as_of)
    facilities = corrected.facilities
    in_force = [
        f"{row.facility_name} ({row.facility_id}, {row.state}): {row.status} from {row.date}, "
        f"before {row.before} [{row.source}]"
        for row in corrected.applied.itertuples()
    ]
    notes += [
        f"not yet in force: {row.facility_name} ({row.facility_id}): {row.status} from {row.date} [{row.source}]"
        for row in corrected.pending.itertuples()
    ]
    flagged = service_flags(facilities, birth_care_tiers=scenario.birth_care_tiers)
    support = None if scenario.facilities is None else read_nicu_support(scenario.facilities)
    flagged = attach_nicu_support(flagged, support)
    return flagged[FACILITIES_OUT.names].reset_index(drop=True), tuple(in_force), tuple(notes)
