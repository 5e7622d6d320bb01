"""Contracts of siting: sites chosen, counties before and after, demand out of reach of every candidate, totals."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "CANDIDATE_KINDS",
    "OBJECTIVES",
    "SITING",
    "SITING_ACTIONS",
    "SITING_OUT_OF_REACH",
    "SITING_STATUSES",
    "SITING_TOTALS",
    "SITING_UNITS",
    "WORST_OFF",
]

OBJECTIVES: Final = ("cover", "all", "minutes", "farthest", "equity")
"""Most people within T (MCLP); fewest units for everyone (LSCP); least mean minutes (p-median); least longest minutes
(p-center); cover or minutes with more weight on those worst off."""

CANDIDATE_KINDS: Final = ("hospitals", "birth-hospitals", "block-groups", "file")
"""Where units may be added."""

WORST_OFF: Final = ("svi", "far", "either")
"""Who counts more under the objective `equity`."""

SITING_ACTIONS: Final = ("open_service", "upgrade", "open_and_upgrade", "reopen", "new_site")
"""What adding a unit at a site means."""

SITING_STATUSES: Final = ("optimal", "within_gap", "time_limit", "heuristic")
"""`optimal`: proved; `within_gap`: proved to fall short by no more than was asked; `time_limit`: the best found in the
time given; `heuristic`: too large to be proved, with the gap to a bound."""

OUT_OF_REACH_REASONS: Final = (
    "no_candidate_within",
    "too_few_births",
    "no_road_access",
    "ferry_or_air_only",
    "unreachable",
    "more_sites_needed",
)
"""Why no added unit can serve a demand point."""

_SHARE: Final = "share 0-1"
_COUNTY_REASONS: Final = (
    "covered",
    "partly_covered",
    "beyond_limit",
    "unreachable",
    "no_road_access",
    "ferry_or_air_only",
)
_BIRTHS: Final = "births per year"
_ESTIMATED: Final = "Estimated births (Census estimates, shared out by people; not vital statistics)."


def _county_fips(*, unique: bool) -> Column:
    return Column(
        name="county_fips",
        kind="text",
        required=True,
        unique=unique,
        pattern=r"\d{5}",
        description="County code of 2024.",
    )


# fmt: off
SITING_UNITS: Final = Table(
    name="siting_units",
    title="Sites chosen for added units",
    description="One row a site, in the order in which each adds most to those before it. A model's answer to the question asked, from minutes and people alone: staffing, finances, "
    "quality, land and the will of a community are not in it. Minutes are for a car, at typical speeds.",
    primary_key=("site_id",),
    licence="facts",
    columns=(
        Column(name="rank", kind="integer", required=True, minimum=1, description="Order in which the chosen sites add most, one after another."),
        Column(name="site_id", kind="text", required=True, unique=True, description="Facility, demand point or the user's own identifier."),
        Column(name="site_name", kind="text", required=True, description="Name."),
        Column(name="candidate_kind", kind="text", required=True, values=CANDIDATE_KINDS, description="Where the candidate comes from."),
        Column(name="action", kind="text", required=True, values=SITING_ACTIONS, description="`open_service`: birth care at a hospital without it; `upgrade`: a birth hospital to the level asked for; `open_and_upgrade`: the same at a hospital without birth care; `reopen`: a unit that a correction closed; `new_site`: a place without a hospital in the data."),
        Column(name="level_today", kind="text", values=("I", "II", "III", "IV"), description="Neonatal level today; missing is unknown, never none.", source="neonatal_levels_reported_2025"),
        Column(name="city", kind="text", description="City of a hospital."),
        Column(name="beds", kind="number", minimum=0, unit="beds", description="Total beds of a hospital: a handful tells that it can hardly offer the service.", source="cms_pos_hospitals_2026q1, hifld_hospitals_2022"),
        Column(name="hospital_type", kind="text", description="Type of a hospital by CMS.", source="cms_general_information_2026"),
        Column(name="ownership", kind="text", description="Who runs a hospital; a tribal or Indian Health Service hospital is not open to all.", source="cms_general_information_2026"),
        Column(name="coord_precision", kind="text", description="How precise a hospital's coordinates are."),
        Column(name="state", kind="text", pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="county_fips", kind="text", pattern=r"\d{5}", description="County code of 2024."),
        Column(name="lat", kind="number", required=True, minimum=-90, maximum=90, unit="degrees", description="Latitude."),
        Column(name="lon", kind="number", required=True, minimum=-180, maximum=180, unit="degrees", description="Longitude."),
        Column(name="women_newly_within", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 newly within T of this site that those before it in the list do not bring within T; adds up to the total.", source="computed"),
        Column(name="women_only_within_this", kind="number", required=True, minimum=0, unit="women", description="Women newly within T who would not be without this site, all the others in place.", source="computed"),
        Column(name="women_nearest", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 within T for whom this is the nearest unit of all, those within T of another today included.", source="computed"),
        Column(name="births_nearest_per_year", kind="number", required=True, minimum=0, unit=_BIRTHS, description=f"The same in births: what the floor min_births is held against. {_ESTIMATED} People may go elsewhere.", source="computed"),
        Column(name="births_taken_per_year", kind="number", minimum=0, unit=_BIRTHS, description=f"Births that the plan gives this site under the capacity asked for; missing where none was. {_ESTIMATED}", source="computed"),
        Column(name="minutes_to_nearest_unit", kind="number", minimum=0, unit="minutes", description="From the site to the nearest existing unit of the service; missing where none is in reach.", source="computed"),
    ),
)

SITING: Final = Table(
    name="siting",
    title="Counties before and after the added units",
    description="One row a county of the region that was asked for. Women are Census estimates shared out by people.",
    primary_key=("county_fips",),
    licence="facts",
    columns=(
        _county_fips(unique=True),
        Column(name="county_name", kind="text", required=True, description="Name."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women 15-44.", source="computed"),
        Column(name="births_per_year", kind="number", minimum=0, unit=_BIRTHS, description=_ESTIMATED, source="computed"),
        Column(name="women_out_of_reach", kind="number", minimum=0, unit="women", description="Women whom no candidate can serve (beyond T of all, for `minutes` and `farthest` out of reach of all); named by reason in siting_out_of_reach.", source="computed"),
        Column(name="women_within_before", kind="number", minimum=0, unit="women", description="Women within T of an existing unit.", source="computed"),
        Column(name="women_within_after", kind="number", minimum=0, unit="women", description="Women within T of an existing or an added unit, whatever its capacity.", source="computed"),
        Column(name="women_newly_within", kind="number", minimum=0, unit="women", description="The difference.", source="computed"),
        Column(name="share_women_within_before", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of women within T today; one without minutes is not within.", source="computed"),
        Column(name="share_women_within_after", kind="number", minimum=0, maximum=1, unit=_SHARE, description="The same with the added units.", source="computed"),
        Column(name="minutes_before", kind="number", minimum=0, unit="minutes", description="Mean minutes to the nearest existing unit, over women who have any; withheld where most have none.", source="computed"),
        Column(name="minutes_before_reason", kind="text", required=True, values=_COUNTY_REASONS, description="Why the mean stands or is missing."),
        Column(name="minutes_after", kind="number", minimum=0, unit="minutes", description="The same with the added units. Where these bring minutes to women who had none, the mean is over more women than before.", source="computed"),
        Column(name="minutes_after_reason", kind="text", required=True, values=_COUNTY_REASONS, description="Why the mean stands or is missing."),
    ),
)

SITING_OUT_OF_REACH: Final = Table(
    name="siting_out_of_reach",
    title="Demand that no candidate can serve",
    description="Named first and left out of the model: it changes nothing in which sites are best, and no number of these candidates would help it.",
    primary_key=("county_fips", "reason"),
    licence="facts",
    columns=(
        _county_fips(unique=False),
        Column(name="county_name", kind="text", required=True, description="Name."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="reason", kind="text", required=True, values=OUT_OF_REACH_REASONS, description="`no_candidate_within`: no candidate within the limit of the model; `too_few_births`: only candidates that could not have the births asked for; `no_road_access`, `ferry_or_air_only`, `unreachable`: no way to any unit; `more_sites_needed`: only an added unit could reach it, and more of them than were asked for (objective `farthest`)."),
        Column(name="demand_points", kind="integer", required=True, minimum=1, unit="demand points", description="Demand points."),
        Column(name="women_15_44", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 who live there.", source="computed"),
        Column(name="births_per_year", kind="number", required=True, minimum=0, unit=_BIRTHS, description=_ESTIMATED, source="computed"),
    ),
)

SITING_TOTALS: Final = Table(
    name="siting_totals",
    title="The region before and after the added units",
    description="One row a measure of the whole region.",
    primary_key=("measure",),
    licence="facts",
    columns=(
        Column(name="measure", kind="text", required=True, unique=True, values=("women_within", "births_within", "share_women_within", "minutes", "minutes_capped", "longest_minutes", "women_without_minutes", "women_worst_off_within"), description="`minutes`: mean over women who have minutes; `minutes_capped`: mean over all women whom an existing unit or, as far as the model looks, a candidate reaches, longer trips counted as the cap; `longest_minutes`: of any demand point that has minutes today; `women_worst_off_within`: of the group that `equity` gives more weight."),
        Column(name="unit", kind="text", required=True, values=("women", _BIRTHS, _SHARE, "minutes"), description="Unit of the row."),
        Column(name="before", kind="number", unit="unit of the row", description="With the existing units.", source="computed"),
        Column(name="after", kind="number", unit="unit of the row", description="With the added ones.", source="computed"),
        Column(name="change", kind="number", unit="unit of the row", description="After less before.", source="computed"),
    ),
)
# fmt: on
