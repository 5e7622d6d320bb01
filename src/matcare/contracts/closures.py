"""Contracts of births by unit, closures, fragile units, and access before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matcare.contracts.model import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ACCESS_CHANGES",
    "CHANGE_SCOPES",
    "CLOSURE_UNITS",
    "COMPARISON",
    "FRAGILITY",
    "PLANNING_LIMITS",
    "PLANNING_SERVICES",
    "UNIT_BIRTHS",
    "access_changes_table",
    "comparison_table",
    "fragility_table",
]

PLANNING_SERVICES: Final = (
    "birth_care",
    "nicu",
    "neonatal_2_plus",
    "neonatal_3_plus",
    "neonatal_3_plus_or_nicu",
    "birth_care_corroborated",
)
"""Services that a closure can be asked of."""

PLANNING_LIMITS: Final = (30.0, 60.0, 90.0)
"""Minutes; "within T" is <= T."""

CHANGE_SCOPES: Final = ("all", "state", "rurality", "race")
"""What the groups of the table of changes are of."""

_FIPS: Final = r"\d{5}"
_WOMEN, _BIRTHS, _SHARE = "women", "births per year", "share 0-1"
_PROTECT: Final = (
    "A list of units to protect, never sorted by least harm; not evidence that any unit should close: quality, finances and staffing are not in it. "
    "A closure also takes prenatal and emergency care with it."
)
_ESTIMATES: Final = "Women and births are Census estimates shared out by block group, not vital statistics; minutes are for a car, at typical speeds."
_SERVICE = Column(name="service", kind="text", required=True, values=PLANNING_SERVICES, description="The service that is looked at.")  # fmt: skip
_NOTE = Column(name="note", kind="text", required=True, description="What the row must be read with.")


def _number(name: str, unit: str, description: str, *, minimum: float | None = 0, source: str = "computed") -> Column:
    return Column(name=name, kind="number", unit=unit, minimum=minimum, description=description, source=source)


def _share(name: str, description: str) -> Column:
    return Column(
        name=name, kind="number", unit=_SHARE, minimum=0, maximum=1, description=description, source="computed"
    )


def _over(limits: Sequence[float], direction: str) -> tuple[Column, ...]:
    words = {
        "beyond": "Within {limit:g} minutes before and not after (farther, or no way at all)",
        "within": "Not within {limit:g} minutes before and within after",
    }[direction]
    return tuple(
        _number(f"{who}_newly_{direction}_{limit:g}", unit, f"{words.format(limit=limit)}: {label}.")
        for limit in limits
        for who, unit, label in (("women", _WOMEN, "women 15-44"), ("births", _BIRTHS, "estimated births"))
    )


# fmt: off
UNIT_BIRTHS: Final = Table(
    name="unit_births",
    title="Estimated births by unit",
    description="One row a unit of birth care: births that a gravity model allocates to it. Births of a demand point are shared out over the units in reach in proportion to attraction (beds) "
    "times a decay of the minutes, so the units' births add up to the counties' births that are allocated. Estimates, never counts: within a factor of two of the "
    f"nursery discharges for three in four left-out hospitals of states that seem to report them all (73 % of 94), and too high for small units. {_ESTIMATES}",
    primary_key=("facility_id",),
    licence="facts",
    columns=(
        _SERVICE,
        Column(name="facility_id", kind="text", required=True, unique=True, description="The unit."),
        Column(name="facility_name", kind="text", required=True, description="Its name."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="Its county."),
        _number("births_estimated", _BIRTHS, "Births allocated to the unit by gravity. An estimate."),
        _number("births_nearest", _BIRTHS, "Estimated births at the demand points whose nearest unit it is; not births at the unit."),
        _number("women_nearest", _WOMEN, "Women 15-44 at the demand points whose nearest unit it is."),
        _number("attraction", "ratio", "What draws to it beside nearness, by beds: 1 for 200."),
        Column(name="nursery_discharges", kind="number", minimum=10, unit="discharges, FY2023", description="Nursery discharges in the cost report, for comparison; 1-9 masked. Most hospitals report a part only.", source="hcris_nursery_2023"),
        Column(name="query", kind="text", description="Why the estimate should be queried: it is below the nursery discharges that the hospital itself reports. Empty where nothing speaks against it."),
        Column(name="basis", kind="text", required=True, values=("estimated",), description="Always `estimated`: no national file has births by unit."),
    ),
)


def access_changes_table(limits: Sequence[float] = PLANNING_LIMITS) -> Table:
    """Return the contract of access changes by group, for some limits in minutes."""
    return Table(
        name="access_changes",
        title="Who is farther from care, before and after",
        description="One row a group of people: all, by home state, by rurality, by race. Groups of race are shared out by county shares of all ages, all of a county having the points' minutes: gaps within "
        f"a block group are not seen. Never a ranking. {_ESTIMATES} A closure also takes prenatal and emergency care with it; nothing here is evidence that any unit should close.",
        primary_key=("service", "scope", "group"),
        licence="CC-BY-NC-SA-4.0",
        columns=(
            _SERVICE,
            Column(name="scope", kind="text", required=True, values=CHANGE_SCOPES, description="What the group is of."),
            Column(name="group", kind="text", required=True, description="`all`; postal code of the home state; `metro` (RUCC 1-3), `nonmetro_adjacent` (4, 6, 8), `nonmetro_not_adjacent` (5, 7, 9); or a group of race as NCHS names them."),
            _number("women", _WOMEN, "Women 15-44 of the group."),
            _number("births_per_year", _BIRTHS, "Estimated births of the group."),
            _number("women_affected", _WOMEN, "Women whose nearest unit is another one afterwards, or whose minutes differ."),
            _number("births_affected", _BIRTHS, "Estimated births, likewise."),
            _number("minutes_before", "minutes", "Mean minutes before, over the women affected who have minutes before and after."),
            _number("minutes_after", "minutes", "Mean minutes after, over the same women."),
            _number("minutes_added", "minutes", "Mean of after less before, over the same women; below 0 where care comes nearer.", minimum=None),
            _number("minutes_added_most", "minutes", "The largest addition at any demand point of the group that has minutes before and after.", minimum=None),
            _number("women_newly_without_minutes", _WOMEN, "Women with a way to a unit before and none after."),
            _number("women_newly_with_minutes", _WOMEN, "Women without a way before and with one after."),
            *_over(limits, "beyond"),
            *_over(limits, "within"),
            _number("women_newly_out_of_state", _WOMEN, "Women whose nearest unit is in their own state before and in another one after."),
            _number("births_newly_out_of_state", _BIRTHS, "Estimated births, likewise."),
            Column(name="basis", kind="text", required=True, values=("all women of the points", "county shares, all ages"), description="Where the group's weights come from."),
            _NOTE,
        ),
    )


def comparison_table(limits: Sequence[float] = PLANNING_LIMITS) -> Table:
    """Return the contract of access before and after by county, for some limits in minutes."""
    shares = tuple(
        _share(f"share_women_within_{limit:g}_{when}", f"Women 15-44 within {limit:g} minutes {when}; a point without minutes is not within.")
        for limit in limits
        for when in ("before", "after")
    )
    deserts = tuple(
        column
        for limit in (30, 60)
        for column in (
            Column(name=f"drive_time_desert_{limit}_before", kind="boolean", description=f"At least half of the women farther than {limit} minutes before; missing where there is nobody."),
            Column(name=f"drive_time_desert_{limit}_after", kind="boolean", description="Likewise after."),
            Column(name=f"drive_time_desert_{limit}_change", kind="text", required=True, values=("becomes", "ceases", "stays", "stays_not", "not_known"), description=f"Whether the county becomes a {limit}-minute drive-time desert of the service, ceases to be one, stays one, or is none in both."),
        )
    )
    return Table(
        name="comparison",
        title="Access by county, before and after",
        description=f"One row a county. {_ESTIMATES} A closure also takes prenatal and emergency care with it; nothing here is evidence that any unit should close.",
        primary_key=("service", "county_fips"),
        licence="facts",
        columns=(
            _SERVICE,
            Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="County."),
            Column(name="county_name", kind="text", required=True, description="Its name."),
            Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
            _number("women_15_44", _WOMEN, "Women 15-44 at the county's demand points."),
            _number("births_per_year", _BIRTHS, "Estimated births at the county's demand points."),
            _number("women_affected", _WOMEN, "Women whose nearest unit is another one afterwards, or whose minutes differ."),
            _number("minutes_before", "minutes", "Mean minutes of the women who have any; withheld where most have none."),
            Column(name="minutes_before_reason", kind="text", required=True, description="Why they stand or are missing, as in the county results."),
            _number("minutes_after", "minutes", "Likewise after."),
            Column(name="minutes_after_reason", kind="text", required=True, description="Why they stand or are missing."),
            _number("minutes_change", "minutes", "Mean of after less before over the women who have minutes at both times; withheld where most have not. Women left with no way, or who gain one, stand in columns of their own.", minimum=None),
            _number("women_newly_without_minutes", _WOMEN, "Women with a way to a unit before and none after."),
            _number("women_newly_with_minutes", _WOMEN, "Women without a way before and with one after."),
            *shares,
            *_over(limits, "beyond"),
            *_over(limits, "within"),
            *deserts,
        ),
    )


CLOSURE_UNITS: Final = Table(
    name="closure_units",
    title="Who takes the women and births of the units that close",
    description="One row a unit that closes or loses the service, and one a unit that takes some of its women or births; the units that lose first, then by births shifted to them. "
    f"Births by gravity are estimates. {_ESTIMATES}",
    primary_key=("service", "facility_id"),
    licence="facts",
    columns=(
        _SERVICE,
        Column(name="facility_id", kind="text", required=True, description="The unit."),
        Column(name="facility_name", kind="text", required=True, description="Its name."),
        Column(name="city", kind="text", description="City."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="Its county."),
        Column(name="role", kind="text", required=True, values=("closes", "loses_level", "receives"), description="What happens to the unit."),
        _number("women_nearest_before", _WOMEN, "Women 15-44 whose nearest unit it is before."),
        _number("women_nearest_after", _WOMEN, "Likewise after."),
        _number("women_from_other_states", _WOMEN, "Women who come to it newly as the nearest, from another state than its own."),
        _number("births_nearest_before", _BIRTHS, "Estimated births of the points whose nearest unit it is, before."),
        _number("births_nearest_after", _BIRTHS, "Likewise after."),
        _number("births_estimated_before", _BIRTHS, "Births allocated to it by gravity, before. Birth care only: for a level there is no model of births."),
        _number("births_estimated_after", _BIRTHS, "Births allocated to it by gravity, after."),
        _number("births_shifted", _BIRTHS, "After less before, by gravity where there is a model, else by nearest; below 0 for a unit that closes.", minimum=None),
        _number("load", "ratio", "Births after over births before, by gravity where there is a model, else by nearest; 1 is as today, missing where it had none."),
        Column(name="load_basis", kind="text", required=True, values=("gravity", "nearest"), description="Which of the two the shift and the load stand on."),
    ),
)


def fragility_table(limits: Sequence[float] = PLANNING_LIMITS) -> Table:
    """Return the contract of fragile units, for some limits in minutes."""
    return Table(
        name="fragility",
        title="Units to protect: what the loss of each alone would do",
        description=f"One row a unit: women and estimated births that would be newly beyond 30, 60 and 90 minutes if it alone were lost. {_PROTECT} {_ESTIMATES}",
        primary_key=("service", "facility_id"),
        licence="facts",
        columns=(
            Column(name="order", kind="integer", required=True, minimum=1, description="Place in the list of units to protect: most women newly beyond 60 minutes first, then 30, then the other limits."),
            _SERVICE,
            Column(name="facility_id", kind="text", required=True, description="The unit."),
            Column(name="facility_name", kind="text", required=True, description="Its name."),
            Column(name="city", kind="text", description="City."),
            Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
            Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="Its county."),
            _number("women_nearest", _WOMEN, "Women 15-44 whose nearest unit it is."),
            _number("births_nearest", _BIRTHS, "Estimated births of the points whose nearest unit it is."),
            *(column for column in _over(limits, "beyond")),
            _number("women_last_within_60", _WOMEN, "Women for whom it is the last unit within 60 minutes: the nearest is within, and no other is."),
            _number("women_newly_without_minutes", _WOMEN, "Women whom no other unit can be reached by."),
            _number("minutes_added", "minutes", "Mean minutes added, over the women whose nearest it is and who have another."),
            _number("minutes_added_most", "minutes", "The largest addition at any of their demand points."),
            Column(name="next_unit", kind="text", description="The unit that would be nearest for most of those women; missing where none is."),
            Column(name="next_unit_name", kind="text", description="Its name."),
            _share("share_women_next_unit", "Share of the women whose nearest it is that would have that unit as the nearest."),
            _share("share_women_out_of_state", "Share of the women whose nearest it is that would have their nearest in another state than the lost unit's."),
            Column(name="same_site_as", kind="text", description="Units of the service on the same campus, by identifier: losing one number there may be losing none, or both."),
            _NOTE,
        ),
    )


ACCESS_CHANGES: Final = access_changes_table()
COMPARISON: Final = comparison_table()
FRAGILITY: Final = fragility_table()
# fmt: on
