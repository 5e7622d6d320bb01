"""Contracts of what a run writes: county results, facilities with services, block groups, pooled rates, minutes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matcare.contracts.association import ASSOCIATION
from matcare.contracts.backup import BACKUP_COLUMNS, CARE_TIER_COLUMNS, CROSS_BORDER
from matcare.contracts.catchments import COUNTY_CATCHMENT_COLUMNS, POINT_CATCHMENT_COLUMNS
from matcare.contracts.certainty import CERTAINTY_COLUMNS
from matcare.contracts.closures import FRAGILITY, UNIT_BIRTHS
from matcare.contracts.clusters import CLUSTERS
from matcare.contracts.definitions import DEFINITION_AGREEMENT, DEFINITION_CELLS, DEFINITION_COLUMNS, DEFINITIONS
from matcare.contracts.desert_outcomes import DESERT_OUTCOMES
from matcare.contracts.designations import GRANT_COLUMNS
from matcare.contracts.disparities import CONCENTRATION_CURVE, DISPARITIES
from matcare.contracts.embedded import COUNTIES, DEMAND, FACILITIES
from matcare.contracts.indicators import INDICATOR_CATALOG, INDICATORS, NICU_SUPPORT_COLUMNS, STATE_POLICIES
from matcare.contracts.model import Column, Table
from matcare.contracts.national import NATIONAL_CHANGES
from matcare.contracts.outcome_columns import OUTCOME_COLUMNS, PROFILE_COLUMNS
from matcare.contracts.risk_appropriate import COVERAGE, COVERAGE_COLUMNS, TRANSFERS

__all__ = [
    "BLOCK_GROUPS",
    "COUNTY_RESULTS",
    "COVERAGE_MINUTES",
    "DESERT_CLASSES",
    "FACILITIES_OUT",
    "MINUTES",
    "MINUTES_REASONS",
    "OUTPUTS",
    "POOLED_RATES",
    "SERVICES",
]

SERVICES: Final[dict[str, str]] = {
    "birth_care": "Birth care (hospital with obstetrics)",
    "nicu": "Hospital with evidence of a NICU",
    "neonatal_2_plus": "Neonatal level II or higher (reported)",
    "neonatal_3_plus": "Neonatal level III or IV (reported)",
    "neonatal_3_plus_or_nicu": "Neonatal level III or IV, or a NICU of unknown level",
}
"""The services whose minutes a run computes, with the words that stand for them in outputs."""

COVERAGE_MINUTES: Final = (30, 60, 90)
"""Limits of the coverage shares, in minutes; "within T" is <= T."""

DESERT_CLASSES: Final = (
    "desert",
    "desert_or_low_or_full",
    "desert_or_moderate_or_full",
    "desert_or_low_or_moderate_or_full",
    "low",
    "low_or_moderate",
    "low_or_full",
    "low_or_moderate_or_full",
    "moderate",
    "moderate_or_full",
    "full",
)
"""March of Dimes classes, worst first; a joined one stands where a missing input leaves more than one possible."""

MINUTES_REASONS: Final = (
    "covered",
    "beyond_limit",
    "unreachable",
    "no_road_access",
    "ferry_or_air_only",
    "level_not_reported",
)
"""Why minutes stand, or are missing; the last where no open hospital of the state has a reported neonatal level."""

CERTAINTY_STATUSES: Final = ("default_scenario", "not_drawn")
"""Whether probabilities and intervals stand beside a county's minutes and class."""

COUNTY_MINUTES_REASONS: Final = ("covered", "partly_covered", *MINUTES_REASONS[1:], "no_demand_points")
"""Why a county's mean minutes stand, or are missing."""

_SHARE: Final = "share 0-1"


def _minutes_columns(service: str, words: str, suffix: str = "") -> tuple[Column, ...]:
    bound = " Counting corroborated and likely units only." if suffix else ""
    floor = (
        " A floor: many units have no reported level, and unknown is not none. Missing where no open hospital of the state has one (Puerto Rico)."
        if service in {"neonatal_2_plus", "neonatal_3_plus"}
        else ""
    )
    unknown = " `level_not_reported`: no open hospital of the state has a reported level." if floor else ""
    reasons = tuple(reason for reason in COUNTY_MINUTES_REASONS if floor or reason != "level_not_reported")
    columns = [
        Column(
            name=f"minutes_{service}{suffix}", kind="number", minimum=0, unit="minutes",
            description=f"{words}: drive minutes to the nearest, mean over women 15-44 who can be given minutes; withheld where most cannot.{floor}{bound}",
            source="computed",
        ),
        Column(
            name=f"minutes_{service}{suffix}_reason", kind="text", required=True, values=reasons,
            description=f"`covered`; `partly_covered` where some women have no minutes (their share stands in its own column); where more than half have none the mean is withheld, and this is the reason of most of them.{unknown}",
            source="computed",
        ),
        Column(
            name=f"share_women_without_minutes_{service}{suffix}", kind="number", minimum=0, maximum=1, unit=_SHARE,
            description=f"Women 15-44 at demand points without minutes (no road, ferry or air only, beyond the limit): counted as not within any limit.{floor}",
            source="computed",
        ),
    ]  # fmt: skip
    columns += [
        Column(
            name=f"share_women_within_{limit}_{service}{suffix}", kind="number", minimum=0, maximum=1, unit=_SHARE,
            description=f"{words}: share of women 15-44 within {limit} minutes (<=).{floor}{bound}",
            source="computed",
        )
        for limit in COVERAGE_MINUTES
    ]  # fmt: skip
    return tuple(columns)


def _deserts(suffix: str = "") -> tuple[Column, ...]:
    bound = " Counting corroborated and likely units only." if suffix else ""
    return tuple(
        Column(
            name=f"drive_time_desert_{limit}{suffix}", kind="boolean",
            description=f"At least half of the women 15-44 live farther than {limit} minutes from birth care.{bound}",
            source="computed",
        )
        for limit in (30, 60)
    )  # fmt: skip


def _march_of_dimes(suffix: str = "") -> tuple[Column, ...]:
    bound = " Counting corroborated and likely units only." if suffix else ""
    return (
        Column(
            name=f"march_of_dimes_class{suffix}",
            kind="text",
            required=True,
            values=DESERT_CLASSES,
            description=f"Maternity care access by the March of Dimes rule. A joined class stands where a missing input leaves more than one possible.{bound}",
            source="computed",
        ),
        Column(
            name=f"march_of_dimes_reason{suffix}",
            kind="text",
            required=True,
            description="Which inputs decided the class, and which were incomplete or missing.",
            source="computed",
        ),
        Column(
            name=f"birth_hospitals{suffix}",
            kind="integer",
            required=True,
            minimum=0,
            unit="hospitals",
            description=f"Hospitals in the county that count as birth care.{bound}",
            source="computed",
        ),
    )


def _context(name: str) -> Column:
    return COUNTIES.column(name)


# fmt: off
COUNTY_RESULTS: Final = Table(
    name="counties",
    title="County results",
    description="One row a county: access, class, outcome and context. County results are about places, not persons.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        COUNTIES.column("county_fips"),
        Column(name="geo_id", kind="text", required=True, unique=True, pattern=r"0500000US\d{5}", description="The same county as the Census writes it in GEO_ID: begins with text, so a spreadsheet cannot drop a leading zero.", source="census_county_shapes_2024"),
        COUNTIES.column("county_name"),
        COUNTIES.column("state"),
        COUNTIES.column("women_15_44"),
        COUNTIES.column("births_per_year"),
        *_march_of_dimes(),
        Column(name="birth_centers", kind="integer", required=True, minimum=0, unit="birth centers", description="Accredited freestanding birth centers in the county; a floor, since many are not accredited.", source="cabc_birth_centers_2026"),
        Column(name="clinicians_per_10000_births", kind="number", minimum=0, unit="clinicians per 10,000 births", description="OB-GYNs and nurse-midwives per 10,000 annual births; a floor, since DOs and family physicians are not in the source.", source="computed"),
        COUNTIES.column("share_women_uninsured"),
        *(column for service, words in SERVICES.items() for column in _minutes_columns(service, words)),
        *_deserts(),
        Column(name="minutes_birth_care_in_state", kind="number", minimum=0, unit="minutes", description="Drive minutes to the nearest birth care in the same state, mean over women 15-44 who can be given minutes.", source="computed"),
        Column(name="share_women_within_30_birth_care_in_state", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women within 30 minutes of birth care in their own state.", source="computed"),
        Column(name="share_women_within_60_birth_care_in_state", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women within 60 minutes of birth care in their own state.", source="computed"),
        Column(name="share_women_nearest_birth_care_out_of_state", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women whose nearest birth care is in another state.", source="computed"),
        Column(name="share_women_long_direct_leg_birth_care", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women whose minutes to birth care stand on a straight local leg of more than 8 km, since no signed highway is shorter. On a grid of county roads that is right; over a lake, canyon or range it is too short: check.", source="computed"),
        *BACKUP_COLUMNS,
        *CARE_TIER_COLUMNS,
        *COVERAGE_COLUMNS,
        *COUNTY_CATCHMENT_COLUMNS,
        *DEFINITION_COLUMNS,
        *(replace(column, required=False) for column in CERTAINTY_COLUMNS),  # none where nothing was drawn
        Column(name="certainty_status", kind="text", required=True, values=CERTAINTY_STATUSES, description="`default_scenario`: the draws kept with the data, made for the default scenario, which this run is; `not_drawn`: this run has other units, roads, speeds or thresholds: ask `matcare certainty`.", source="computed"),
        *GRANT_COLUMNS,
        *_march_of_dimes("_corroborated"),
        *_minutes_columns("birth_care", SERVICES["birth_care"], "_corroborated"),
        *_deserts("_corroborated"),
        Column(name="infant_deaths", kind="number", never_small=True, unit="deaths", description="Deaths before the first birthday in `outcome_period`, where published; Connecticut's are apportioned from legacy counties and have fractions.", source="chr_v129_2026, or the user's export"),
        Column(name="live_births", kind="number", never_small=True, unit="births", description="Live births of the same years.", source="chr_v129_2026, or the user's export"),
        *OUTCOME_COLUMNS,
        *PROFILE_COLUMNS,
        *(_context(name) for name in (
            "women_15_44_status", "births_per_year_status", "births_registered_per_year", "births_registered_status", "births_disagree",
            "share_women_uninsured_status", "obgyns", "obgyns_status", "midwives", "midwives_status", "share_low_birthweight",
            "share_low_birthweight_status", "population", "svi", "rucc_2023", "nchs_urban_rural_2013", "share_poverty",
            "share_households_no_vehicle", "share_households_no_internet",
        )),
        Column(name="data_date", kind="text", required=True, description="Date of the youngest facility source; obstetric services change monthly.", source="catalog"),
        Column(name="corrections", kind="text", required=True, description="Corrections in force that touch the county's units; `none` when there are none.", source="user"),
    ),
)

FACILITIES_OUT: Final = Table(
    name="facilities",
    title="Facilities with the services they count for",
    description=FACILITIES.description,
    primary_key=("facility_id",),
    columns=(
        *FACILITIES.columns,
        *(Column(name=f"counts_{service}", kind="boolean", required=True, description=f"Counts for: {words}.", source="computed") for service, words in SERVICES.items()),
        Column(name="counts_birth_care_corroborated", kind="boolean", required=True, description="Counts as birth care by a chosen tier that is `corroborated` or `likely`, and does not miss from CMS's active hospitals.", source="computed"),
        *NICU_SUPPORT_COLUMNS,
        Column(name="status", kind="text", required=True, values=("open", "closed"), description="Closed only by a correction in force."),
        Column(name="correction", kind="text", required=True, description="The correction in force (status, date, source), or `none`.", source="user"),
    ),
)

BLOCK_GROUPS: Final = Table(
    name="block_groups",
    title="Demand points with minutes",
    description="One row a demand point: minutes to the nearest facility of each service, which one, and why minutes are missing.",
    primary_key=("demand_id",),
    columns=(
        *DEMAND.columns,
        *(
            column
            for service, words in (*SERVICES.items(), ("birth_care_corroborated", "Birth care without the tier `claimed`"), ("birth_care_in_state", "Birth care in the same state"))
            for column in (
                Column(name=f"minutes_{service}", kind="number", minimum=0, unit="minutes", description=f"{words}: drive minutes to the nearest.", source="computed"),
                Column(name=f"facility_id_{service}", kind="text", description=f"{words}: the nearest facility.", source="computed"),
                Column(name=f"reason_{service}", kind="text", required=True, values=MINUTES_REASONS, description="Why minutes stand or are missing; `level_not_reported` (neonatal levels II+ and III+): no open hospital of the state has a reported level, so the nearest is unknown.", source="computed"),
            )
        ),
        *POINT_CATCHMENT_COLUMNS,
        Column(name="direct_leg_km_birth_care", kind="number", minimum=0, unit="km", description="Straight kilometres, where the minutes to birth care stand on a direct local leg instead of signed highways; over a lake, canyon or range that the roads go round they are too short.", source="computed"),
    ),
)

POOLED_RATES: Final = Table(
    name="pooled_rates",
    title="Pooled infant mortality by desert class and state",
    description="Published counties only (Connecticut's apportioned counts left out of classes); a small county is published only when its rate is high, so classes with few published "
    "counties are selected. An association between places, not a cause.",
    primary_key=("grouping", "group"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="outcome_period", kind="text", required=True, description="Years of the deaths and births.", source="chr_v129_2026, or the user's export"),
        Column(name="grouping", kind="text", required=True, values=("nation", "march_of_dimes_class", "drive_time_desert_30", "drive_time_desert_60", "state"), description="What the counties are grouped by."),
        Column(name="group", kind="text", required=True, description="Class, state or nation."),
        Column(name="counties", kind="integer", required=True, minimum=0, unit="counties", description="Counties in the group."),
        Column(name="counties_published", kind="integer", required=True, minimum=0, unit="counties", description="Counties of the group with a published count of their own: in rows of a class the rate stands on these."),
        Column(name="counties_apportioned", kind="integer", required=True, minimum=0, unit="counties", description="Connecticut's planning regions, whose counts are apportioned: left out of the rates of classes."),
        Column(name="share_births_published", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of the group's estimated annual births that live in counties with a published count. The smaller, the more the published ones are a selection of the worst."),
        Column(name="infant_deaths", kind="number", never_small=True, unit="deaths", description="Deaths in the published counties; in rows of a state or the nation, the published total."),
        Column(name="live_births", kind="number", never_small=True, unit="births", description="Live births, likewise."),
        Column(name="imr", kind="number", minimum=0, unit="per 1,000 live births", description="Pooled rate."),
        Column(name="imr_low", kind="number", minimum=0, unit="per 1,000 live births", description="Lower limit of the NCHS 95 % interval."),
        Column(name="imr_high", kind="number", minimum=0, unit="per 1,000 live births", description="Upper limit."),
        Column(name="status", kind="text", required=True, values=("published", "pooled_published_counties", "selected_published_counties", "too_few_published", "none_published", "complementary", "not_reported"), description="`published`: a state's or the nation's own total; `pooled_published_counties`: at least 80 % of the group's births are in published counties; `selected_published_counties`: fewer are, so the rate is of a selection (small counties appear only when their rate is high), stands without an interval and must not be compared; `too_few_published`: fewer than ten published counties that hold less than 80 % of the births, no rate given; `none_published`: every count of the group is suppressed or not named; `complementary`: withheld, since it would give a suppressed count back."),
        Column(name="corrections", kind="text", required=True, description="Corrections of facilities in force, or `none`.", source="user"),
    ),
)

MINUTES: Final = Table(
    name="minutes",
    title="Drive minutes between two sets of points",
    description="One row a pair, or one row an origin with --nearest.",
    licence="facts",
    columns=(
        Column(name="origin_id", kind="text", required=True, description="The origin's id."),
        Column(name="destination_id", kind="text", description="The destination's id; missing where no destination is in range."),
        Column(name="minutes", kind="number", minimum=0, unit="minutes", description="Drive minutes; missing with a reason."),
        Column(name="reason", kind="text", required=True, values=MINUTES_REASONS, description="Why minutes stand or are missing."),
    ),
)

MINUTES_PER_ORIGIN: Final = Table(
    name="minutes_origins",
    title="Destinations counted per origin",
    description="One row an origin: how many destinations are within the limit, beyond it, and without a path. The three add up to all destinations.",
    primary_key=("origin_id",),
    licence="facts",
    columns=(
        Column(name="origin_id", kind="text", required=True, unique=True, description="The origin's id."),
        Column(name="within_limit", kind="integer", required=True, minimum=0, unit="destinations", description="Destinations within the limit (<=)."),
        Column(name="beyond_limit", kind="integer", required=True, minimum=0, unit="destinations", description="Destinations that can be reached, but not within the limit."),
        Column(name="without_path", kind="integer", required=True, minimum=0, unit="destinations", description="Destinations that no road and no direct leg reaches."),
        Column(name="reason", kind="text", required=True, values=MINUTES_REASONS, description="Standing of the nearest destination: why the origin has minutes or none."),
    ),
)
# fmt: on

OUTPUTS: Final = {
    "counties.csv": COUNTY_RESULTS,
    "facilities.csv": FACILITIES_OUT,
    "block_groups.parquet": BLOCK_GROUPS,
    "coverage.csv": COVERAGE,
    "coverage_counties.parquet": COVERAGE,
    "transfers.csv": TRANSFERS,
    "definitions.csv": DEFINITIONS,
    "definition_cells.csv": DEFINITION_CELLS,
    "definition_agreement.csv": DEFINITION_AGREEMENT,
    "cross_border.csv": CROSS_BORDER,
    "fragility.csv": FRAGILITY,
    "unit_births.csv": UNIT_BIRTHS,
    "pooled_rates.csv": POOLED_RATES,
    "desert_outcomes.csv": DESERT_OUTCOMES,
    "association.csv": ASSOCIATION,
    "clusters.csv": CLUSTERS,
    "disparities.csv": DISPARITIES,
    "concentration_curve.csv": CONCENTRATION_CURVE,
    "indicators.csv": INDICATORS,
    "indicator_catalog.csv": INDICATOR_CATALOG,
    "state_policies.csv": STATE_POLICIES,
    "national_changes.csv": NATIONAL_CHANGES,
}
"""Files of a run by the contract they keep."""
