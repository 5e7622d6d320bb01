"""Contracts of the embedded snapshot: counties, outcomes, facilities, demand, roads, states."""

from __future__ import annotations

from typing import Final

from matcare.contracts.adjacency import ADJACENCY
from matcare.contracts.certainty import BASELINE_CERTAINTY
from matcare.contracts.indicators import COUNTY_INDICATORS, STATE_INDICATORS
from matcare.contracts.model import Column, Table
from matcare.contracts.national import NATIONAL_RATES
from matcare.contracts.outcomes_by_race import OUTCOMES_BY_RACE

__all__ = [
    "BASELINE_ACCESS",
    "BASELINE_MINUTES",
    "CONNECTICUT_WEIGHTS",
    "COUNTIES",
    "DEMAND",
    "DRIVE_TIME_ERROR",
    "EMBEDDED",
    "FACILITIES",
    "OTHER_HOSPITALS",
    "OUTCOMES",
    "ROAD_EDGES",
    "ROAD_NODES",
    "STATES_TABLE",
]

_FIPS: Final = r"\d{5}"
_STATE: Final = r"[A-Z]{2}"
_SHARE: Final = "share 0-1"

_HOSPITAL_TYPES: Final = (
    "acute", "critical_access", "childrens", "rural_emergency", "military", "psychiatric", "long_term", "rehabilitation",
    "religious", "transplant", "other", "not_reported", "not_applicable",
)  # fmt: skip
"""Types of hospital, as CMS lists them."""

_OWNERSHIPS: Final = (
    "private_nonprofit", "church_nonprofit", "other_nonprofit", "proprietary", "physician", "government_district",
    "government_local", "government_state", "tribal", "indian_health_service", "federal", "military", "veterans",
    "not_reported",
)  # fmt: skip
"""Who owns a hospital."""

_COUNTY_FIPS = Column(
    name="county_fips", kind="text", required=True, unique=True, pattern=_FIPS,
    description="County code of 2024, five digits; Connecticut's are the planning regions 09110-09190.",
    source="census_county_shapes_2024",
)  # fmt: skip


def _reason(of: str, values: tuple[str, ...]) -> Column:
    return Column(
        name=f"{of}_status", kind="text", required=True, values=values,
        description=f"Why {of} stands as it does, or why it is missing.",
    )  # fmt: skip


# fmt: off
COUNTIES: Final = Table(
    name="counties",
    title="Counties",
    description="The 3,222 county equivalents of 2024 (50 states, the District of Columbia, Puerto Rico) with Census 1:20,000,000 "
    "polygons, the people concerned, clinicians and context. Census births are estimates (July to June), not vital-statistics counts.",
    primary_key=("county_fips",),
    licence="facts",
    columns=(
        _COUNTY_FIPS,
        Column(name="county_name", kind="text", required=True, description="Name with its kind, as the Census writes it.", source="census_county_shapes_2024"),
        Column(name="state", kind="text", required=True, pattern=_STATE, description="Postal code."),
        Column(name="lat", kind="number", required=True, minimum=-90, maximum=90, unit="degrees", description="Latitude of a point inside the county."),
        Column(name="lon", kind="number", required=True, minimum=-180, maximum=180, unit="degrees", description="Longitude of a point inside the county."),
        Column(name="population", kind="number", minimum=0, unit="people", description="Residents (July 2023 estimate; Puerto Rico: ACS 2019-23).", source="census_agesex_2023, acs5_2023_county"),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women aged 15 to 44 (July 2023 estimate; Puerto Rico: ACS 2019-23).", source="census_agesex_2023, acs5_2023_county"),
        Column(name="women_15_44_status", kind="text", required=True, values=("census_estimate", "acs_estimate", "not_reported"), description="Which estimate the women are."),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description="Annual births: mean of the Census estimates for the years to June 2021, 2022, 2023; Puerto Rico: AHRF three-year mean.", source="census_births_2024, hrsa_ahrf_2025"),
        Column(name="births_per_year_status", kind="text", required=True, values=("census_estimate", "registered", "suppressed", "not_reported"), description="What the births are: an estimate (exempt from suppression), or a registered mean (1-9 masked)."),
        Column(name="births_registered_per_year", kind="number", minimum=0, unit="births per year", description="Registered births, three-year mean; 1-9 masked.", source="hrsa_ahrf_2025"),
        Column(name="births_registered_status", kind="text", required=True, values=("reported", "suppressed", "not_reported"), description="Whether registered births are given, masked (1-9) or missing."),
        Column(name="births_disagree", kind="boolean", description="The two sources of births differ by more than 25 %."),
        Column(name="share_women_uninsured", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Estimated share of women without health insurance: the county's share under 65 (SAHIE 2023) times the state's ratio of uninsured women 19-44 to all uninsured under 65.", source="census_sahie_2023, ahr_state_measures"),
        Column(name="share_women_uninsured_status", kind="text", required=True, values=("estimated", "not_reported"), description="Estimated as described, or missing."),
        Column(name="obgyns", kind="number", minimum=0, unit="clinicians", description="Obstetrician-gynecologists (MD); DOs are not in the source.", source="hrsa_ahrf_2025"),
        Column(name="obgyns_status", kind="text", required=True, values=("reported", "not_reported"), description="Connecticut's are not reported."),
        Column(name="midwives", kind="number", minimum=0, unit="clinicians", description="Certified nurse-midwives.", source="hrsa_ahrf_2025"),
        Column(name="midwives_status", kind="text", required=True, values=("reported", "not_reported"), description="Whether the source has a number."),
        Column(name="share_low_birthweight", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Live births below 2,500 g, registered births of three years.", source="hrsa_ahrf_2025"),
        Column(name="share_low_birthweight_status", kind="text", required=True, values=("reported", "suppressed", "not_reported"), description="Fewer than ten is blank in the source: suppressed."),
        Column(name="svi", kind="number", minimum=0, maximum=1, unit="percentile 0-1", description="Social Vulnerability Index 2022, overall national percentile; higher is more vulnerable.", source="cdc_svi_2022"),
        Column(name="rucc_2023", kind="integer", minimum=1, maximum=9, unit="code 1-9", description="USDA Rural-Urban Continuum Code 2023; 4-9 is nonmetropolitan.", source="usda_rucc_2023"),
        Column(name="nchs_urban_rural_2013", kind="integer", minimum=1, maximum=6, unit="code 1-6", description="NCHS Urban-Rural code 2013; a class, so it is not carried over to Connecticut's planning regions.", source="nchs_urban_rural_2013"),
        Column(name="share_poverty", kind="number", minimum=0, maximum=1, unit=_SHARE, description="People in poverty, 2024 estimate (Puerto Rico: ACS 2019-23).", source="census_saipe_2024, acs5_2023_county"),
        Column(name="share_households_no_vehicle", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Occupied housing units with no vehicle.", source="acs5_2023_vehicles"),
        Column(name="share_households_no_internet", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Households with no internet subscription.", source="cdc_svi_2022"),
        Column(name="geometry", kind="geometry", required=True, description="Census cartographic boundary 1:20,000,000, EPSG:4326, for maps; not for measuring.", source="census_county_shapes_2024"),
    ),
)

OUTCOMES: Final = Table(
    name="outcomes",
    title="Infant deaths and live births 2017-2023 by county",
    description="Period counts as published by NCHS by way of County Health Rankings & Roadmaps. Counties with fewer than 20 deaths are not published; "
    "a small county appears only when its rate is high. Connecticut's planning regions are apportioned from the legacy counties by women.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        _COUNTY_FIPS,
        Column(name="infant_deaths", kind="number", never_small=True, unit="deaths 2017-2023", description="Deaths before the first birthday.", source="chr_v129_2026"),
        Column(name="live_births", kind="number", never_small=True, unit="births 2017-2023", description="Live births of the same seven years.", source="chr_v129_2026"),
        Column(name="outcome_status", kind="text", required=True, values=("published", "apportioned", "suppressed", "not_identified", "not_reported"), description="`suppressed`: too few deaths to be published (embedded data: fewer than 20); `not_identified`: a user's export does not name the county; `not_reported`: the source has no row (Puerto Rico); `apportioned`: moved between Connecticut's vintages by weights."),
    ),
)

FACILITIES: Final = Table(
    name="facilities",
    title="Birth hospitals, neonatal units, children's and Rural Emergency Hospitals, birth centers",
    description="One row a facility. Veterans hospitals, which have no obstetrics, and hospitals without a sign of obstetric or neonatal care are not in it. Obstetric evidence is graded, not asserted; a neonatal level stands with its source and an absent level is unknown, not none. "
    "Not for choosing where to give birth or where an ambulance should go.",
    primary_key=("facility_id",),
    licence="facts",
    columns=(
        Column(name="facility_id", kind="text", required=True, unique=True, description="CMS certification number (CCN), or CABC_nnn for a birth center, or the user's own."),
        Column(name="facility_name", kind="text", required=True, description="Name."),
        Column(name="kind", kind="text", required=True, values=("hospital", "childrens_hospital", "military_hospital", "rural_emergency_hospital", "birth_center"), description="Kind of facility. rural_emergency_hospital: an emergency department and outpatient care without inpatient beds; it counts for no service."),
        Column(name="hospital_type", kind="text", values=_HOSPITAL_TYPES, description="Type of hospital as CMS lists it; not_reported: in neither list; not_applicable: birth centers.", source="cms_general_information_2026, cms_pos_hospitals_2026q1"),
        Column(name="ownership", kind="text", values=_OWNERSHIPS, description="Who owns the hospital, as it tells CMS. indian_health_service: CMS says federal and the name is that of a hospital of the Indian Health Service, a tribe's own among them; federal: CMS says so and the name does not, which are private hospitals for the most part; not_reported: CMS does not say, or a birth center.", source="cms_general_information_2026"),
        Column(name="city", kind="text", description="City."),
        Column(name="state", kind="text", required=True, pattern=_STATE, description="Postal code."),
        Column(name="zip", kind="text", description="ZIP code, five digits."),
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="County of 2024: the 1:20,000,000 polygon that holds the coordinates, unless two of three other witnesses (HIFLD's county, the publisher's own code, most of the five nearest block-group centers) name another and HIFLD does not side with the polygon; always of the facility's own state. For the user's own facilities: the polygon, or the county given if it is within 2 km."),
        Column(name="lat", kind="number", required=True, minimum=-90, maximum=90, unit="degrees", description="Latitude."),
        Column(name="lon", kind="number", required=True, minimum=-180, maximum=180, unit="degrees", description="Longitude."),
        Column(name="coord_precision", kind="text", required=True, values=("address", "address_fallback", "site", "zip_centroid", "city_centroid", "supplied"), description="How precise the coordinates are: an address match; an address match by the fallback geocoder (95 % within 3.9 km of HIFLD's site, where of other matches 95 % are within 0.5 km); a site from imagery (HIFLD), a ZIP or city centroid, or as the user supplied them."),
        Column(name="beds", kind="number", minimum=0, unit="beds", description="Total beds; missing for Rural Emergency Hospitals, where the sources have those from before.", source="cms_pos_hospitals_2026q1, hifld_hospitals_2022"),
        Column(name="obstetric_evidence", kind="text", required=True, values=("corroborated", "likely", "claimed", "arranged", "unknown", "none", "birth_center"), description="corroborated: obstetrics on site in CMS's Provider of Services file and (birthing-friendly or nursery discharges); likely: one of the latter alone; claimed: the Provider of Services file alone; arranged: under arrangement only; unknown: military hospitals, children's hospitals with nothing but a service flag, and others without a flag; none: no sign of obstetrics, or a sign that a review took for an error, or a Rural Emergency Hospital, whose flags are older than it is; birth_center: a freestanding birth center, a tier of its own that no hospital service counts."),
        Column(name="evidence_query", kind="text", description="Why the obstetric evidence should be queried, such as: not among CMS's active hospitals. Empty when nothing speaks against it."),
        Column(name="cms_active", kind="text", required=True, values=("yes", "not_listed", "not_applicable"), description="Whether CMS lists the hospital among its active ones; not_listed: it may have closed or have a new number; not_applicable: military hospitals, birth centers and the user's own facilities.", source="cms_pos_hospitals_2026q1"),
        Column(name="pos_obstetrics", kind="text", required=True, values=("on_site", "arranged", "both", "flagged", "no_flag", "not_listed"), description="Obstetric service in the Provider of Services file; flagged: its service flags say obstetrics without saying whether on site or under arrangement.", source="cms_pos_obstetrics"),
        Column(name="birthing_friendly", kind="text", required=True, values=("yes", "not_designated", "not_listed"), description="CMS birthing-friendly designation; not designated is not a no.", source="cms_general_information_2026"),
        Column(name="nursery_discharges", kind="number", minimum=10, unit="discharges, FY2023", description="Nursery discharges in the cost report; 1-9 masked.", source="hcris_nursery_2023"),
        Column(name="nursery_discharges_status", kind="text", required=True, values=("reported", "suppressed", "not_reported"), description="Whether nursery discharges are given, masked or missing."),
        Column(name="neonatal_level", kind="text", values=("I", "II", "III", "IV"), description="Neonatal level of care (AAP); missing is unknown, never none.", source="neonatal_levels_reported_2025"),
        Column(name="level_source", kind="text", required=True, values=("state", "reported", "modelled", "none"), description="Where the level comes from. `reported`: an unofficial public directory, self-reported."),
        Column(name="level_query", kind="text", description="Why the level should be queried: IV below 200 beds; listed at two levels; matched loosely. Empty when nothing speaks against it."),
        Column(name="maternal_level", kind="text", values=("I", "II", "III", "IV"), description="Maternal level of care (ACOG/SMFM); no embedded source has one, so it is missing but for a user's own: unknown, never none.", source="user"),
        Column(name="maternal_level_source", kind="text", values=("state", "reported", "none"), description="Where the maternal level comes from; none where it is unknown.", source="user"),
        Column(name="nicu", kind="text", required=True, values=("yes", "no_evidence", "unknown"), description="NICU: a federal flag, NICU beds in a cost report or a reported level III or IV; no sign of one; or not known.", source="cms_pos_services_2026q2, hcris_nicu_2017_19, neonatal_levels_reported_2025"),
        Column(name="nicu_beds", kind="number", minimum=0, unit="beds, FY2017-19", description="NICU beds in the cost report.", source="hcris_nicu_2017_19"),
        Column(name="telehealth", kind="text", values=("yes", "no"), description="Maternity care by telehealth, as the user's file says; missing is not reported.", source="user"),
        Column(name="same_site_as", kind="text", description="Other facilities on the same campus (within 120 m, or one address), by identifier, parted by blanks: a children's hospital within a hospital, or one hospital under two numbers."),
        Column(name="other_ids", kind="text", description="Former certification numbers of the same hospital, merged into this row (a Rural Emergency Hospital: those at its address or of its name and ZIP code)."),
    ),
)

OTHER_HOSPITALS: Final = Table(
    name="other_hospitals",
    title="Hospitals without a sign of obstetric or neonatal care: candidate places",
    description="Acute care and critical access hospitals that CMS lists as active and that are not among the facilities: no source has a sign of obstetrics or a NICU at them. Places where a unit could be asked for, "
    "never counted for a service; none is known to be able to offer it, and some may offer it unknown to the sources. Left out: psychiatric, long-term, rehabilitation, religious, veterans and military hospitals, those that are no longer "
    "active, and those at the address, or of the name and ZIP code, of a facility. Children's and Rural Emergency Hospitals are all among the facilities.",
    primary_key=("facility_id",),
    licence="facts",
    columns=(
        Column(name="facility_id", kind="text", required=True, unique=True, description="CMS certification number (CCN)."),
        Column(name="facility_name", kind="text", required=True, description="Name.", source="cms_general_information_2026, cms_pos_hospitals_2026q1"),
        Column(name="hospital_type", kind="text", required=True, values=("acute", "critical_access"), description="Type of hospital as CMS lists it.", source="cms_general_information_2026, cms_pos_hospitals_2026q1"),
        Column(name="specialty", kind="text", values=("cancer", "heart", "orthopedic", "eye", "psychiatric", "rehabilitation", "surgical", "other"), description="The one kind of care that its name tells of; missing where the name tells of none. Hospitals with one are not offered as candidates."),
        Column(name="ownership", kind="text", required=True, values=_OWNERSHIPS, description="Who owns the hospital, as for the facilities.", source="cms_general_information_2026"),
        Column(name="city", kind="text", description="City."),
        Column(name="state", kind="text", required=True, pattern=_STATE, description="Postal code."),
        Column(name="zip", kind="text", description="ZIP code, five digits."),
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="County of 2024, found as for the facilities; always of the hospital's own state."),
        Column(name="lat", kind="number", required=True, minimum=-90, maximum=90, unit="degrees", description="Latitude."),
        Column(name="lon", kind="number", required=True, minimum=-180, maximum=180, unit="degrees", description="Longitude."),
        Column(name="coord_precision", kind="text", required=True, values=("address", "site", "zip_centroid"), description="How precise the coordinates are: an address match (HIFLD), a site from imagery (HIFLD), or the ZIP code's centroid.", source="hifld_hospitals_2022"),
        Column(name="beds", kind="number", minimum=0, unit="beds", description="Total beds.", source="cms_pos_hospitals_2026q1, hifld_hospitals_2022"),
        Column(name="pos_obstetrics", kind="text", required=True, values=("no_flag", "not_listed", "flagged"), description="Obstetrics in the service flags of the Provider of Services file: no flag; the hospital is not in that list, so that its obstetrics are unknown; flagged: under a former certification number alone.", source="cms_pos_services_2026q2"),
        Column(name="birthing_friendly", kind="text", required=True, values=("not_designated", "not_listed"), description="CMS birthing-friendly designation; not designated is not a no.", source="cms_general_information_2026"),
        Column(name="evidence_query", kind="text", description="What speaks against its having no obstetrics. Empty when nothing does."),
        Column(name="same_site_as", kind="text", description="Facilities and hospitals of this table within 120 m, by identifier, parted by blanks."),
        Column(name="other_ids", kind="text", description="Former certification numbers of the same hospital, no longer among CMS's active ones."),
    ),
)

DEMAND: Final = Table(
    name="demand",
    title="Demand points: 2020 block-group centers of population",
    description="People live here; the women and births of their county are allocated in proportion to people, so that prisons, barracks and dormitories get births too.",
    primary_key=("demand_id",),
    columns=(
        Column(name="demand_id", kind="text", required=True, unique=True, description="Own key: the block group's code, or county and a number where the source has none."),
        Column(name="bg_geoid", kind="text", pattern=r"\d{12}", description="Census block group 2020; missing for 4,059 points in AK, HI and PR.", source="census_block_group_centers_2020"),
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="County of 2022 and later."),
        Column(name="county_fips_2020", kind="text", required=True, pattern=_FIPS, description="County of 2020."),
        Column(name="lat", kind="number", required=True, minimum=-90, maximum=90, unit="degrees", description="Latitude."),
        Column(name="lon", kind="number", required=True, minimum=-180, maximum=180, unit="degrees", description="Longitude."),
        Column(name="people", kind="number", required=True, minimum=1, unit="people", description="Residents in the 2020 census.", source="census_block_group_centers_2020"),
        Column(name="women_15_44", kind="number", minimum=0, unit="women", description="Women 15-44, allocated from the county by people."),
        Column(name="births_per_year", kind="number", minimum=0, unit="births per year", description="Births, allocated from the county by people."),
    ),
)

ROAD_NODES: Final = Table(
    name="road_nodes",
    title="Highway junctions and waypoints",
    description="Nodes of the national highway graph; the row number is the node's number.",
    licence="facts",
    columns=(
        Column(name="lat", kind="number", required=True, minimum=-90, maximum=90, unit="degrees", description="Latitude.", source="travel_mapping_2026_nodes"),
        Column(name="lon", kind="number", required=True, minimum=-180, maximum=180, unit="degrees", description="Longitude.", source="travel_mapping_2026_nodes"),
    ),
)

ROAD_EDGES: Final = Table(
    name="road_edges",
    title="Highway edges",
    description="Undirected edges between nodes; a length is the chord between waypoints.",
    licence="facts",
    columns=(
        Column(name="u", kind="integer", required=True, minimum=0, description="Node.", source="travel_mapping_2026"),
        Column(name="v", kind="integer", required=True, minimum=0, description="Node.", source="travel_mapping_2026"),
        Column(name="road_class", kind="text", required=True, values=("interstate", "freeway", "us_highway", "state_highway", "secondary_state_highway", "business_route", "park_road"), description="Class of the signed route.", source="travel_mapping_2026"),
        Column(name="state", kind="text", required=True, pattern=_STATE, description="State that the edge lies in, by postal code; rural speeds follow its speed limit.", source="travel_mapping_2026"),
    ),
)

STATES_TABLE: Final = Table(
    name="states",
    title="States: totals and policies",
    description="Infant deaths and live births 2017-2023 of each state and the US (as published), payer of births, policies. Rows marked from_memory are unverified and say so.",
    primary_key=("state",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="state", kind="text", required=True, unique=True, pattern=r"[A-Z]{2}", description="Postal code; US for the nation."),
        Column(name="state_name", kind="text", required=True, description="Name."),
        Column(name="infant_deaths", kind="number", never_small=True, unit="deaths 2017-2023", description="State total.", source="chr_v129_2026"),
        Column(name="live_births", kind="number", never_small=True, unit="births 2017-2023", description="State total.", source="chr_v129_2026"),
        Column(name="outcome_status", kind="text", required=True, values=("published", "complementary", "not_reported"), description="`complementary`: withheld, because with its counties' counts it would give a suppressed count back."),
        Column(name="share_women_uninsured", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women 19-44 without insurance, 2023.", source="ahr_state_measures"),
        Column(name="share_births_medicaid", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Births paid by Medicaid, 2023, among births with a stated payer; cells under ten are not in it.", source="cdc_wonder_natality_payment"),
        Column(name="medicaid_expansion", kind="text", values=("adopted", "not_adopted"), description="Medicaid expansion under the Affordable Care Act.", source="kff_medicaid_expansion"),
        Column(name="medicaid_expansion_date", kind="text", description="Date on which it took effect.", source="kff_medicaid_expansion"),
        Column(name="medicaid_postpartum_12_months", kind="text", values=("yes", "no"), description="12-month postpartum coverage.", source="policies_by_hand"),
        Column(name="paid_family_leave_from", kind="text", description="Benefits of a state paid family leave programme paid from; empty where there is none.", source="policies_by_hand"),
        Column(name="policy_note", kind="text", description="What to mind; says where an entry is from memory and unverified."),
    ),
)

DRIVE_TIME_ERROR: Final = Table(
    name="drive_time_error",
    title="Error of the drive times",
    description="Distribution of ln(yardstick / model) on left-out states, by the model's minutes and the density of people at the origin. The yardstick is the median of three commercial services; "
    "their minutes are not shipped. A row from 0 to 1e9 people per km2 is all densities together.",
    licence="MIT",
    columns=(
        Column(name="minutes_over", kind="number", required=True, minimum=0, unit="minutes", description="The model's minutes are over this (the first band includes 0)."),
        Column(name="minutes_up_to", kind="number", required=True, minimum=0, unit="minutes", description="The model's minutes are at most this."),
        Column(name="people_per_km2_from", kind="number", required=True, minimum=0, unit="people per km2", description="Density at the origin, from."),
        Column(name="people_per_km2_below", kind="number", required=True, minimum=0, unit="people per km2", description="Density at the origin, below; 1e9 is no upper bound."),
        Column(name="pairs", kind="integer", required=True, minimum=0, unit="pairs", description="Pairs in the cell; a cell of few pairs says little."),
        Column(name="mean_log_ratio", kind="number", required=True, unit="ln ratio", description="Mean of ln(yardstick / model): above 0 the model is too fast."),
        Column(name="sd_log_ratio", kind="number", required=True, minimum=0, unit="ln ratio", description="Standard deviation."),
        Column(name="q05_log_ratio", kind="number", required=True, unit="ln ratio", description="5 % quantile of ln(yardstick / model)."),
        Column(name="q25_log_ratio", kind="number", required=True, unit="ln ratio", description="25 % quantile of ln(yardstick / model)."),
        Column(name="q50_log_ratio", kind="number", required=True, unit="ln ratio", description="50 % quantile of ln(yardstick / model)."),
        Column(name="q75_log_ratio", kind="number", required=True, unit="ln ratio", description="75 % quantile of ln(yardstick / model)."),
        Column(name="q95_log_ratio", kind="number", required=True, unit="ln ratio", description="95 % quantile of ln(yardstick / model)."),
    ),
)

BASELINE_MINUTES: Final = Table(
    name="baseline_minutes",
    title="Mean drive minutes by county, as the default run has them",
    description="What the national run with default options computes, kept so that a run for one state can place its counties in the nation, and so that modelled infant mortality does not move with a scenario. "
    "Made by `matcare data baseline`; a test keeps it the same as the run.",
    primary_key=("county_fips",),
    licence="facts",
    columns=(
        _COUNTY_FIPS,
        Column(name="minutes_birth_care", kind="number", minimum=0, unit="minutes", description="To the nearest birth care, mean over women 15-44; missing where most have no minutes.", source="computed"),
        Column(name="minutes_neonatal_3_plus", kind="number", minimum=0, unit="minutes", description="To the nearest neonatal level III or IV, likewise.", source="computed"),
        Column(name="minutes_neonatal_3_plus_or_nicu", kind="number", minimum=0, unit="minutes", description="To the nearest neonatal level III or IV, or NICU of unknown level, likewise.", source="computed"),
        Column(name="share_women_within_60_birth_care", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women within 60 minutes of birth care.", source="computed"),
        Column(name="catchment_e2sfca", kind="number", minimum=0, unit="units per 1,000 estimated births a year", description="Enhanced two-step floating catchment of birth care, as in the county results.", source="computed"),
    ),
)

BASELINE_ACCESS: Final = Table(
    name="baseline_access",
    title="Access of the nation and of each state, as the default run has it",
    description="Women-weighted minutes and coverage of the national run with default options: what a county's or state's figures are set beside. Made by `matcare data baseline`; a test keeps it the same as the run.",
    primary_key=("place", "service"),
    licence="facts",
    columns=(
        Column(name="place", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code of the state, or `US`."),
        Column(name="service", kind="text", required=True, values=("birth_care", "nicu", "neonatal_2_plus", "neonatal_3_plus", "neonatal_3_plus_or_nicu"), description="The service driven to, as the column names of the county results have it."),
        Column(name="women_15_44", kind="number", required=True, minimum=0, unit="women", description="Women 15-44 of the place.", source="computed"),
        Column(name="minutes", kind="number", minimum=0, unit="minutes", description="Mean over the women who can be given minutes; missing where none can.", source="computed"),
        Column(name="share_women_within_30", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Share of all women within 30 minutes (<=); missing where no hospital of the state has a reported level. The nation counts such a state's women as not within: a floor.", source="computed"),
        Column(name="share_women_within_60", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Within 60 minutes.", source="computed"),
        Column(name="share_women_within_90", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Within 90 minutes.", source="computed"),
        Column(name="share_women_without_minutes", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Women without minutes: not within any limit.", source="computed"),
    ),
)

CONNECTICUT_WEIGHTS: Final = Table(
    name="connecticut_weights",
    title="Connecticut's legacy counties to its planning regions",
    description="Share of each legacy county's women 15-44 in each planning region: moves counts, never classes. For a user's tables by legacy county.",
    primary_key=("old", "new"),
    licence="facts",
    columns=(
        Column(name="old", kind="text", required=True, pattern=_FIPS, description="Legacy county, 09001-09015.", source="ct_legacy_to_region_weights"),
        Column(name="new", kind="text", required=True, pattern=_FIPS, description="Planning region, 09110-09190.", source="ct_legacy_to_region_weights"),
        Column(name="weight", kind="number", required=True, minimum=0, maximum=1, unit=_SHARE, description="Share of the legacy county that lies in the region; adds up to 1 a legacy county.", source="ct_legacy_to_region_weights"),
    ),
)
# fmt: on

EMBEDDED: Final = {
    table.name: table
    for table in (
        COUNTIES,
        OUTCOMES,
        OUTCOMES_BY_RACE,
        FACILITIES,
        OTHER_HOSPITALS,
        DEMAND,
        ROAD_NODES,
        ROAD_EDGES,
        STATES_TABLE,
        ADJACENCY,
        COUNTY_INDICATORS,
        STATE_INDICATORS,
        CONNECTICUT_WEIGHTS,
        NATIONAL_RATES,
        BASELINE_MINUTES,
        BASELINE_ACCESS,
        BASELINE_CERTAINTY,
        DRIVE_TIME_ERROR,
    )
}
"""Every embedded table by name."""
