"""Contracts of change over time: dated events of units, women within reach year by year, counties that became deserts."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = ["TIMELINE", "TIMELINE_CHANGES", "TIMELINE_DEFINITIONS", "UNIT_EVENTS"]

TIMELINE_DEFINITIONS: Final = ("march_of_dimes_desert", "drive_time_desert_30", "drive_time_desert_60")
"""Definitions whose deserts are followed; minutes are to the service asked for, March of Dimes is on birth care."""

_SHARE: Final = "share 0-1"
_TODAY: Final = "Women, births, clinicians and roads are today's at every date: what moves is the units alone."

# fmt: off
UNIT_EVENTS: Final = Table(
    name="unit_events",
    title="Dated openings, closures and changes of level",
    description="A user's events of units, each with its source. The state before a unit's first event is its opposite: before an opening it was not there, before a closure it was.",
    primary_key=("facility_id", "aspect", "date"),
    licence="facts",
    columns=(
        Column(name="facility_id", kind="text", required=True, description="Facility of the run, or a unit that the file itself places.", source="user"),
        Column(name="aspect", kind="text", required=True, values=("service", "level"), description="Whether the unit gives care, or its neonatal level."),
        Column(name="status", kind="text", required=True, values=("open", "closed", "I", "II", "III", "IV"), description="From that day on."),
        Column(name="date", kind="text", required=True, pattern=r"\d{4}-\d{2}-\d{2}", description="Day from which it holds."),
        Column(name="source", kind="text", required=True, description="Where it is written."),
        Column(name="level_source", kind="text", required=True, values=("state", "reported"), description="Where a level comes from."),
        Column(name="row", kind="integer", required=True, minimum=1, description="Row of the file."),
    ),
)

TIMELINE: Final = Table(
    name="timeline",
    title="Women within reach of care, year by year",
    description=f"One row a place and date: the state of units at the start and on 31 December of each year. {_TODAY} Units that no event names are taken to have been as they are. Not evidence that any unit should close; quality, finances and staffing are not in it.",
    primary_key=("date", "scope", "place"),
    licence="facts",
    columns=(
        Column(name="date", kind="text", required=True, pattern=r"\d{4}-12-31", description="State of units on this day; the first is the start, before the first event of the years."),
        Column(name="scope", kind="text", required=True, values=("area", "state", "county"), description="All demand points, or those of a state or county."),
        Column(name="place", kind="text", required=True, description="`US` where the whole nation is in the run, `area` for a region, postal code or county code."),
        Column(name="service", kind="text", required=True, description="Service that minutes and shares are to."),
        Column(name="units", kind="integer", required=True, minimum=0, unit="units", description="Units of the service that stand in the place on that day."),
        Column(name="women_15_44", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 of the place, today's estimate at every date."),
        *(Column(name=f"women_within_{limit}", kind="number", required=True, minimum=0, unit="women", description=f"Of them within {limit} minutes (<=).", source="computed") for limit in (30, 60)),
        *(Column(name=f"share_women_within_{limit}", kind="number", minimum=0, maximum=1, unit=_SHARE, description=f"Share of them within {limit} minutes.", source="computed") for limit in (30, 60)),
        Column(name="minutes", kind="number", minimum=0, unit="minutes", description="Mean drive minutes to the nearest, over women who have minutes; withheld where most have none.", source="computed"),
        Column(name="counties", kind="integer", required=True, minimum=1, unit="counties", description="Counties of the place."),
        *(Column(name=f"counties_{name}", kind="integer", required=True, minimum=0, unit="counties", description=words) for name, words in (
            ("march_of_dimes_desert", "Counties without birth hospital, birth center and clinician on that day (today's clinicians, with their gaps)."),
            ("drive_time_desert_30", "Counties with at least half of their women beyond 30 minutes."),
            ("drive_time_desert_60", "Beyond 60 minutes."),
        )),
    ),
)

TIMELINE_CHANGES: Final = Table(
    name="timeline_changes",
    title="Counties that became or ceased to be deserts",
    description=f"One row a county, definition and year in which it changed. {_TODAY}",
    primary_key=("county_fips", "definition", "to_date"),
    licence="facts",
    columns=(
        Column(name="county_fips", kind="text", required=True, pattern=r"\d{5}", description="County code of 2024."),
        Column(name="county_name", kind="text", required=True, description="Name."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="definition", kind="text", required=True, values=TIMELINE_DEFINITIONS, description="By which definition."),
        Column(name="change", kind="text", required=True, values=("became", "ceased"), description="Became a desert, or ceased to be one."),
        Column(name="from_date", kind="text", required=True, pattern=r"\d{4}-12-31", description="The day on which it was not yet so."),
        Column(name="to_date", kind="text", required=True, pattern=r"\d{4}-12-31", description="The day on which it was."),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women 15-44 of the county, today's estimate."),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description="Annual births of the county, today's estimate."),
        Column(name="events", kind="text", required=True, description="Events of units between the two days that touch it: those in the county, and for drive time those of the units that are nearest to its women on either day."),
    ),
)
# fmt: on
