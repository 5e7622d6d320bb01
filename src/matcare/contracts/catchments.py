"""Contracts of floating catchments: scores of counties, of units and of demand points; columns for the county results."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "CATCHMENTS",
    "CATCHMENT_METHODS",
    "CATCHMENT_POINTS",
    "CATCHMENT_REASONS",
    "CATCHMENT_UNITS",
    "CATCHMENT_UNIT_STATUSES",
    "COUNTY_CATCHMENT_COLUMNS",
    "POINT_CATCHMENT_COLUMNS",
]

CATCHMENT_METHODS: Final[dict[str, str]] = {
    "2sfca": "two-step floating catchment (Luo & Wang 2003)",
    "e2sfca": "enhanced two-step floating catchment (Luo & Qi 2009)",
    "m2sfca": "modified two-step floating catchment (Delamater 2013)",
    "3sfca": "three-step floating catchment (Wan, Zou & Sternberg 2012)",
    "gravity": "gravity with competition (Joseph & Bantock 1982)",
    "raam": "rational agent access model (Saxon & Snow 2020): a cost, lower is better",
}
"""Methods, in words."""

CATCHMENT_REASONS: Final = (
    "covered",
    "none_in_range",
    "unreachable",
    "no_road_access",
    "ferry_or_air_only",
    "no_demand_in_range",
    "demand_unknown",
    "supply_unknown",
    "partly_known",
)
"""Why a demand point has the score that it has, or none."""

CATCHMENT_UNIT_STATUSES: Final = ("counted", "not_chosen", "no_demand_in_range", "no_supply", "supply_unknown")
"""How a unit's supply entered."""

_SHARE: Final = "share 0-1"
_SERVICE: Final = r"[a-z0-9_]+"
_PER_1000: Final = "supply per 1,000 of the demand"
_COST: Final = "cost (1 = the minutes tau, or mean congestion)"
_REASONS_IN_WORDS: Final = (
    "`covered`; `none_in_range`: no unit with supply within the limit; `unreachable`, `no_road_access`, `ferry_or_air_only`: no unit can be driven to at all, so none is in range either; "
    "`no_demand_in_range`: in range are only units that no known demand can reach, a supply divided by nothing; `demand_unknown`: the point's own demand is not known; `supply_unknown`: "
    "in range are only units whose supply is not known; `partly_known`: so are some, and the score leaves them out."
)


# fmt: off
_METHOD_COLUMNS: Final = (
    Column(name="service", kind="text", required=True, pattern=_SERVICE, description="Which facilities count: `counts_<service>` in facilities.csv."),
    Column(name="method", kind="text", required=True, values=tuple(CATCHMENT_METHODS), description="; ".join(f"`{name}`: {words}" for name, words in CATCHMENT_METHODS.items()) + "."),
)
_BASIS_COLUMNS: Final = (
    Column(name="decay", kind="text", required=True, description="Limit and weights of the drive, in words. Within T is <= T."),
    Column(name="supply_basis", kind="text", required=True, description="What a unit's supply is: `one per unit` unless another was asked for (`estimated births`, clinicians, the user's column). Never total beds."),
    Column(name="demand_basis", kind="text", required=True, description="What the demand is: `births_per_year` (Census estimates, shared out to block groups; not vital statistics) unless another was asked for."),
)

CATCHMENTS: Final = Table(
    name="catchments",
    title="Floating catchments of counties",
    description="Long: one row a county and method. A score says how much supply there is for each woman's share of the demand, competition included; it knows nothing of quality, capacity or who is turned away. "
    "The decays are conventions, fitted to nothing. The lowest tenth is a rank by construction - some counties are always in it - and never a desert. Places, not persons.",
    primary_key=("county_fips", "service", "method"),
    licence="facts",
    columns=(
        Column(name="county_fips", kind="text", required=True, pattern=r"\d{5}", description="County code of 2024."),
        Column(name="county_name", kind="text", required=True, description="Name with its kind."),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        *_METHOD_COLUMNS,
        Column(name="score", kind="number", minimum=0, unit="as the column unit says", description="Mean over the county's demand points, weighted by women 15-44 (people where a county's women are not known). With all methods but RAAM, points with none in range count with 0; with RAAM they have no cost and are left out. Missing where more than half of the women have none.", source="computed"),
        Column(name="unit", kind="text", required=True, values=(_PER_1000, _COST), description="Unit of the score."),
        Column(name="reason", kind="text", required=True, values=(*CATCHMENT_REASONS, "partly_covered", "no_demand_points"), description="`covered`: all women; `partly_covered`: some women have none in range or no score; `partly_known`: some of the score's units have no known supply; else the reason that concerns most women without one. " + _REASONS_IN_WORDS),
        Column(name="share_women_none_in_range", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of women 15-44 at points with no unit in range, the points without a way by road included.", source="computed"),
        Column(name="share_women_without_score", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of women 15-44 at points without a score: an input is not known; with RAAM also those with none in range.", source="computed"),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women 15-44 of the county's demand points: what the row stands on.", source="computed"),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description="Estimated births of the county (Census estimate, exempt from suppression): the weight of the rank.", source="census_births_2024, hrsa_ahrf_2025"),
        Column(name="share_births_worse", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of estimated births in this table's counties with a worse score, of those with a whole score (a score that leaves units of unknown supply out is not ranked) (RAAM: counties where no cost stands because none is in range are the worst).", source="computed"),
        Column(name="lowest_tenth", kind="boolean", description="Less than a tenth of the estimated births of this table's counties (the run's states, not the nation, for a part of it) are in counties with a worse score: a rank by construction, no desert. Counties that tie stand together, so more than a tenth may be in it.", source="computed"),
        *_BASIS_COLUMNS,
    ),
)

CATCHMENT_UNITS: Final = Table(
    name="catchment_units",
    title="Units in floating catchments",
    description="One row a unit and method: its supply, the demand in range, and how it entered. Units whose supply is lost (no demand in range, none, not known) are named here.",
    primary_key=("facility_id", "service", "method"),
    licence="facts",
    columns=(
        Column(name="facility_id", kind="text", required=True, description="As in facilities.csv."),
        Column(name="facility_name", kind="text", required=True, description="Name."),
        Column(name="state", kind="text", description="Postal code."),
        *_METHOD_COLUMNS,
        Column(name="supply", kind="number", minimum=0, unit="as supply_basis says", description="The unit's supply; missing where not known."),
        Column(name="demand_in_range", kind="number", minimum=0, unit="as demand_basis says", description="Weighted demand that the supply is divided by; with RAAM the demand that chooses the unit.", source="computed"),
        Column(name="ratio", kind="number", minimum=0, unit=_PER_1000, description="1,000 x supply / demand in range; missing where that is none.", source="computed"),
        Column(name="status", kind="text", required=True, values=CATCHMENT_UNIT_STATUSES, description="`counted`; `not_chosen` (RAAM): in range, but elsewhere is better for everybody; `no_demand_in_range`: its supply reaches nobody and is lost; `no_supply`: supply 0, left out; `supply_unknown`: left out."),
        *_BASIS_COLUMNS,
    ),
)

CATCHMENT_POINTS: Final = Table(
    name="catchment_points",
    title="Floating catchments of demand points",
    description="One row a demand point and method.",
    primary_key=("demand_id", "service", "method"),
    licence="facts",
    columns=(
        Column(name="demand_id", kind="text", required=True, description="Demand point of the run."),
        Column(name="county_fips", kind="text", required=True, pattern=r"\d{5}", description="County code of 2024."),
        *_METHOD_COLUMNS,
        Column(name="score", kind="number", minimum=0, unit=f"{_PER_1000}; RAAM: {_COST}", description="Exactly 0 where none is in range (RAAM: missing).", source="computed"),
        Column(name="reason", kind="text", required=True, values=CATCHMENT_REASONS, description=_REASONS_IN_WORDS),
    ),
)

COUNTY_CATCHMENT_COLUMNS: Final = (
    Column(name="catchment_e2sfca", kind="number", minimum=0, unit="units per 1,000 estimated births a year", description="Enhanced two-step floating catchment of birth care (0-30-60-90 minutes, weights 1, 0.68, 0.22; one per unit), mean over the county's women 15-44.", source="computed"),
    Column(name="catchment_e2sfca_reason", kind="text", required=True, values=(*CATCHMENT_REASONS, "partly_covered", "no_demand_points"), description="Why the score stands or is missing, as in catchments.csv."),
    Column(name="share_women_catchment_e2sfca_zero", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of women 15-44 with no birth care within 90 minutes, whose score is 0.", source="computed"),
    Column(name="catchment_e2sfca_lowest_tenth", kind="boolean", description="Less than a tenth of the nation's estimated births are in counties with a lower score: a rank by construction, never a desert.", source="computed"),
)
"""Columns of the county results, from the default method."""

POINT_CATCHMENT_COLUMNS: Final = (
    Column(name="catchment_e2sfca", kind="number", minimum=0, unit="units per 1,000 estimated births a year", description="Enhanced two-step floating catchment of birth care; exactly 0 where none is in range.", source="computed"),
    Column(name="catchment_e2sfca_reason", kind="text", required=True, values=CATCHMENT_REASONS, description=_REASONS_IN_WORDS),
)
"""Columns of the block groups, likewise."""
# fmt: on
