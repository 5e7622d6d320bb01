"""What the workbook's reading sheets show: which columns, under which plain heading, which statuses in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from matcare.contracts import SERVICES
from matcare.publish.map.outcome_themes import IMR_WORDS
from matcare.publish.map.themes import CLASS_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COUNTY_HEADINGS", "FACILITY_HEADINGS", "PROTECT_HEADINGS", "Heading"]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """One column of a reading sheet.

    Attributes
    ----------
    column : str
        Name in the table.
    words : str
        Heading.
    says : mapping of str to str
        What stands in place of a code; a code that is not in it stands as it is.
    modelled : bool
        The column holds no observation: it is set apart.
    """

    column: str
    words: str
    says: Mapping[str, str] = field(default_factory=dict)
    modelled: bool = False


_WHY: Final = {
    "covered": "all women have minutes",
    "partly_covered": "some women have no minutes",
    "beyond_limit": "withheld: most women are beyond the search limit",
    "unreachable": "withheld: no road route for most women",
    "no_road_access": "withheld: most women live more than 30 km from a road",
    "ferry_or_air_only": "withheld: most women leave by ferry or plane only",
    "level_not_reported": "no neonatal level is reported in the state: unknown, not none",
    "no_demand_points": "nobody lives there, by the census",
    "no_second_unit": "most women reach one unit and no other",
    "not_reported": "not reported",
}
_STANDING: Final = {
    "reported": "reported",
    "estimated": "estimated",
    "suppressed": "suppressed: small count",
    "not_reported": "not reported by the source",
    "census_estimate": "Census estimate",
    "acs_estimate": "American Community Survey estimate",
    "registered": "registered births, three-year mean",
}
_CERTAINTY: Final = {
    "default_scenario": "drawn for the default scenario, which this run is",
    "not_drawn": "not drawn for this run: ask `matcare certainty`",
}
_LISTED: Final = {
    "yes": "yes",
    "partly": "in some census tracts",
    "no": "no",
    "none": "none",
    "whole_county": "whole county",
    "part_of_county": "part of the county",
    "no_score": "designated, no score published",
    "reported": "reported",
    "not_reported": "no list supplied",
}
_EVIDENCE: Final = {
    "corroborated": "corroborated by two federal files",
    "likely": "likely",
    "claimed": "claimed by one federal file alone",
    "arranged": "by arrangement with another hospital",
    "unknown": "unknown",
    "none": "no sign of it",
    "birth_center": "accredited birth center",
}
_LEVEL: Final = {
    "state": "the state",
    "reported": "self-reported, by a public directory",
    "modelled": "modelled, not reported",
    "none": "no level reported: unknown, not none",
}
_SERVICES: Final = SERVICES | {"birth_care_corroborated": "Birth care, corroborated and likely units only"}
_MODELLED: Final = "MODELLED: no observation, not to be ranked, compared or tested"


def _minutes(service: str, words: str) -> tuple[Heading, ...]:
    return (
        Heading(column=f"minutes_{service}", words=f"Drive minutes to {words}, mean over women 15-44"),
        Heading(column=f"minutes_{service}_reason", words=f"Minutes to {words}: all women?", says=_WHY),
    )


def _within(limit: int, service: str, words: str) -> Heading:
    return Heading(column=f"share_women_within_{limit}_{service}", words=f"Women within {limit} min of {words}")


COUNTY_HEADINGS: Final = (
    Heading(column="county_fips", words="County code (FIPS)"),
    Heading(column="county_name", words="County"),
    Heading(column="state", words="State"),
    Heading(column="women_15_44", words="Women 15-44 (estimate)"),
    Heading(column="births_per_year", words="Births a year (see the next column)"),
    Heading(column="births_per_year_status", words="What the births a year are", says=_STANDING),
    Heading(column="march_of_dimes_class", words="Access class (March of Dimes rule)", says=CLASS_WORDS),
    Heading(column="march_of_dimes_reason", words="What decided the class"),
    Heading(
        column="march_of_dimes_class_corroborated",
        words="Class if only corroborated and likely units count",
        says=CLASS_WORDS,
    ),
    Heading(column="birth_hospitals", words="Hospitals with birth care"),
    Heading(column="birth_centers", words="Accredited birth centers (a floor)"),
    Heading(column="clinicians_per_10000_births", words="OB-GYNs and midwives per 10,000 births (a floor)"),
    Heading(column="share_women_uninsured", words="Women without insurance (estimate)"),
    Heading(column="share_women_uninsured_status", words="Insurance: estimated or missing", says=_STANDING),
    *_minutes("birth_care", "birth care"),
    Heading(column="minutes_birth_care_p05", words="Minutes to birth care: 5th percentile of draws"),
    Heading(column="minutes_birth_care_p95", words="Minutes to birth care: 95th percentile of draws"),
    _within(30, "birth_care", "birth care"),
    _within(60, "birth_care", "birth care"),
    Heading(column="drive_time_desert_30", words="Half of women or more beyond 30 min"),
    Heading(column="drive_time_desert_60", words="Half of women or more beyond 60 min"),
    Heading(column="minutes_second_birth_care", words="Drive minutes to the second unit"),
    Heading(column="minutes_second_birth_care_reason", words="Second unit: all women?", says=_WHY),
    Heading(column="share_women_one_unit_within_60_birth_care", words="Women with one unit within 60 min, no second"),
    *_minutes("nicu", "a NICU (any evidence)"),
    *_minutes("neonatal_3_plus", "reported neonatal level III or IV"),
    _within(60, "neonatal_3_plus", "reported level III or IV (a floor)"),
    Heading(
        column="share_women_within_60_neonatal_3_plus_one_lower",
        words="… lower bound: reported levels one too high",
    ),
    Heading(
        column="share_women_within_60_neonatal_3_plus_unknown_count",
        words="… upper bound: NICUs of unknown level count",
    ),
    Heading(
        column="share_women_within_60_same_site_3_plus",
        words="Women within 60 min of birth care and level III or IV on one campus",
    ),
    Heading(column="share_women_nearest_birth_care_out_of_state", words="Women with nearest birth care out of state"),
    Heading(column="outcome_period", words="Years of deaths and births"),
    Heading(column="infant_deaths", words="Infant deaths, where published"),
    Heading(column="live_births", words="Live births, where published"),
    Heading(column="imr", words="Infant mortality per 1,000 live births"),
    Heading(column="imr_low", words="… lower 95 % limit"),
    Heading(column="imr_high", words="… upper 95 % limit"),
    Heading(column="imr_status", words="Standing of the rate", says=IMR_WORDS),
    Heading(column="imr_modelled", words=f"Infant mortality, {_MODELLED}", modelled=True),
    Heading(column="imr_modelled_low", words="… MODELLED, lower 95 % limit", modelled=True),
    Heading(column="imr_modelled_high", words="… MODELLED, upper 95 % limit", modelled=True),
    Heading(column="p_march_of_dimes_desert", words="Probability of a March of Dimes desert (stated beliefs)"),
    Heading(column="p_drive_time_desert_60", words="Probability that half are beyond 60 min (stated beliefs)"),
    Heading(column="certainty_status", words="Probabilities: drawn for this run?", says=_CERTAINTY),
    Heading(column="rural_rucc", words="Nonmetropolitan (USDA 2023)"),
    Heading(column="hpsa_primary_care", words="Primary care shortage area", says=_LISTED),
    Heading(column="hpsa_score", words="HPSA score"),
    Heading(column="mcta_score", words="Maternity Care Target Area score"),
    Heading(column="mcta_status", words="Target area score: standing", says=_LISTED),
    Heading(column="share_low_birthweight", words="Low birthweight"),
    Heading(column="share_low_birthweight_status", words="Low birthweight: standing", says=_STANDING),
    Heading(column="share_poverty", words="People in poverty"),
    Heading(column="svi", words="Social Vulnerability Index (percentile)"),
    Heading(column="share_households_no_vehicle", words="Households without a vehicle"),
    Heading(column="profile_overall", words="Mother-infant profile: mean national percentile, 100 of most concern"),
    Heading(column="profile_missing", words="Profile: what is missing"),
    Heading(column="data_date", words="Date of facility data"),
    Heading(column="corrections", words="Corrections in force"),
)
"""The sheet "Counties", in reading order."""

FACILITY_HEADINGS: Final = (
    Heading(column="facility_id", words="Facility (CCN or other)"),
    Heading(column="facility_name", words="Name"),
    Heading(column="city", words="City"),
    Heading(column="state", words="State"),
    Heading(column="county_fips", words="County code (FIPS)"),
    Heading(column="hospital_type", words="Kind"),
    Heading(column="ownership", words="Ownership"),
    Heading(column="beds", words="Beds"),
    Heading(column="obstetric_evidence", words="Evidence of birth care", says=_EVIDENCE),
    Heading(column="evidence_query", words="Evidence: to be checked"),
    Heading(column="counts_birth_care", words="Counts as birth care"),
    Heading(column="neonatal_level", words="Neonatal level (self-reported or state's)"),
    Heading(column="level_source", words="Where the level comes from", says=_LEVEL),
    Heading(column="level_query", words="Level: to be checked"),
    Heading(column="nicu", words="NICU"),
    Heading(column="counts_nicu", words="Counts as a NICU"),
    Heading(column="maternal_level", words="Maternal level"),
    Heading(column="same_site_as", words="On one campus with"),
    Heading(column="lat", words="Latitude"),
    Heading(column="lon", words="Longitude"),
    Heading(column="coord_precision", words="How the place was found"),
)
"""The sheet "Facilities"."""

PROTECT_HEADINGS: Final = (
    Heading(column="order", words="Order in the run (most women first)"),
    Heading(column="service", words="Service", says=_SERVICES),
    Heading(column="facility_id", words="Facility"),
    Heading(column="facility_name", words="Name"),
    Heading(column="city", words="City"),
    Heading(column="state", words="State"),
    Heading(column="county_fips", words="County code (FIPS)"),
    Heading(column="women_nearest", words="Women 15-44 nearest to it (estimate)"),
    Heading(column="births_nearest", words="Their estimated births a year"),
    Heading(column="women_newly_beyond_30", words="Women newly beyond 30 min if it alone were lost"),
    Heading(column="women_newly_beyond_60", words="Women newly beyond 60 min"),
    Heading(column="births_newly_beyond_60", words="Estimated births a year newly beyond 60 min"),
    Heading(column="women_newly_beyond_90", words="Women newly beyond 90 min"),
    Heading(column="women_newly_without_minutes", words="Women left without any unit in reach"),
    Heading(column="minutes_added", words="Minutes added, mean"),
    Heading(column="minutes_added_most", words="Minutes added, most"),
    Heading(column="next_unit_name", words="Where most would go"),
    Heading(column="share_women_next_unit", words="Share who would go there"),
    Heading(column="note", words="To be said with it"),
)
"""The sheet "Units to protect"."""
