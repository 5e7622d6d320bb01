"""Rows of counties that never were, for tests of single sentences."""

from __future__ import annotations

from matcare.contracts import COUNTY_RESULTS

USUAL = {
    "county_fips": "38105", "county_name": "Williams County", "state": "ND", "women_15_44": 7918.0,
    "births_per_year": 652.333, "births_per_year_status": "census_estimate", "women_15_44_status": "census_estimate",
    "march_of_dimes_class": "full", "march_of_dimes_class_corroborated": "full",
    "march_of_dimes_reason": "full: 107.3 clinicians per 10,000 births (60 or more); 1 birth hospital, no birth centers",
    "minutes_birth_care": 13.38, "minutes_birth_care_reason": "covered", "minutes_birth_care_p05": 11.9,
    "minutes_birth_care_p95": 16.75, "certainty_status": "default_scenario", "share_women_within_30_birth_care": 0.8765,
    "share_women_without_minutes_birth_care": 0.0, "share_women_nearest_birth_care_out_of_state": 0.0,
    "minutes_birth_care_in_state": 13.38, "share_women_within_60_neonatal_3_plus": 0.0,
    "share_women_within_60_neonatal_3_plus_one_lower": 0.0, "share_women_within_60_neonatal_3_plus_unknown_count": 1.0,
    "minutes_neonatal_3_plus_reason": "covered", "minutes_second_birth_care": 62.24, "minutes_added_second_birth_care": 48.86,
    "minutes_second_birth_care_reason": "covered", "share_women_one_unit_within_60_birth_care": 0.2259,
    "p_march_of_dimes_full": 1.0, "desert_definitions_met": 0, "desert_definitions_unknown": 0, "imr_status": "modelled",
    "outcome_period": "2017-2023", "imr_modelled": 4.8, "imr_modelled_low": 3.63, "imr_modelled_high": 6.13,
    "imr_modelled_benchmark": "state", "mcta_status": "not_reported", "hpsa_primary_care": "not_reported",
    "rural_forhp": "not_reported", "rural_rucc": True, "rucc_2023": 5, "profile_missing": "none", "corrections": "none",
}  # fmt: skip


def county_row(**changes):
    """Return a row of every column; what is not usual or changed is missing."""
    unknown = set(changes) - set(COUNTY_RESULTS.names)
    assert not unknown, unknown
    return dict.fromkeys(COUNTY_RESULTS.names) | USUAL | changes
