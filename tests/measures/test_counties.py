"""Units of counties where nothing is left uncounted, or something is; levels that nobody reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from matcare.contracts import BLOCK_GROUPS, COUNTY_RESULTS
from matcare.measures.counties import county_results, county_units
from matcare.measures.nearest import nearest_services
from matcare.scenario import MARCH_OF_DIMES_2024


def test_a_complete_list_leaves_nothing_uncounted(toy):
    area = toy.toy_area(2)
    sure = area.facilities.assign(obstetric_evidence="corroborated", counts_birth_care=True)
    units = county_units(sure, area.counties["county_fips"])
    assert units["uncounted_units"].eq("").all()
    assert units["birth_hospitals"].sum() == len(sure)


def test_a_unit_under_arrangement_is_named_and_not_counted(toy):
    area = toy.toy_area(2)
    facilities = area.facilities.copy()
    facilities.loc[0, "obstetric_evidence"], facilities.loc[0, "counts_birth_care"] = "arranged", False
    units = county_units(facilities, area.counties["county_fips"])
    assert "under arrangement only" in units.loc[facilities.loc[0, "county_fips"], "uncounted_units"]


def found_in(area):
    groups = nearest_services(area.trips, area.demand, area.facilities, limit_minutes=600)
    outcomes = pd.DataFrame(
        {
            "county_fips": area.counties["county_fips"], "infant_deaths": np.nan, "live_births": np.nan,
            "outcome_status": "not_reported",
        }
    )  # fmt: skip
    results = county_results(
        area.counties, outcomes, area.facilities, groups, rule=MARCH_OF_DIMES_2024, data_date="2026-01-01"
    )
    return groups, results.set_index("county_fips")


@pytest.mark.parametrize("seed", range(4))
def test_where_no_hospital_has_a_reported_level_it_is_unknown_and_not_zero(toy, seed):
    area = toy.toy_area(seed, units=12)
    demand = area.demand.assign(county_fips=area.demand["county_fips"].where(area.demand.index < 22, "46001"))
    area = replace(area, demand=demand)  # the island and the point without a road are South Dakota's
    level = area.facilities["neonatal_level"].mask(area.facilities["state"] == "SD")
    flags = {
        f"counts_{s}": area.facilities[f"counts_{s}"] & level.notna() for s in ("neonatal_2_plus", "neonatal_3_plus")
    }
    unknown = replace(area, facilities=area.facilities.assign(neonatal_level=level, **flags))
    groups, counties = found_in(unknown)
    for service in ("neonatal_2_plus", "neonatal_3_plus"):
        reason = groups[f"reason_{service}"]
        assert reason.tail(2).tolist() == ["level_not_reported"] * 2
        assert (reason[groups[f"minutes_{service}"].notna()] == "covered").all()
        assert set(reason) <= set(BLOCK_GROUPS.column(f"reason_{service}").values)
        columns = [f"minutes_{service}", f"share_women_without_minutes_{service}"]
        columns += [f"share_women_within_{limit}_{service}" for limit in (30, 60, 90)]
        assert counties.loc[["46001", "46003"], columns].isna().all(axis=None)
        assert counties.loc[["38001", "38003"], columns].notna().all(axis=None)
        status = counties[f"minutes_{service}_reason"]
        assert status["46001"] == status["46003"] == "level_not_reported"
        assert set(status) <= set(COUNTY_RESULTS.column(f"minutes_{service}_reason").values)
        assert "level_not_reported" not in {status["38001"], status["38003"]}
    for service in ("birth_care", "nicu", "neonatal_3_plus_or_nicu"):  # these hang on no reported level
        assert groups[f"reason_{service}"].tail(2).tolist() == ["unreachable", "no_road_access"]
        assert counties[f"share_women_within_60_{service}"].notna().all()
        assert "level_not_reported" not in COUNTY_RESULTS.column(f"minutes_{service}_reason").values
    before, _ = found_in(area)
    assert before["reason_neonatal_3_plus"].tail(2).tolist() == ["unreachable", "no_road_access"]


def test_a_county_without_people_says_so_whatever_its_state_reports(toy):
    area = toy.toy_area(1, units=12)
    demand = area.demand.assign(county_fips=area.demand["county_fips"].replace("46003", "46001"))
    level = area.facilities["neonatal_level"].mask(area.facilities["state"] == "SD")
    _, counties = found_in(replace(area, demand=demand, facilities=area.facilities.assign(neonatal_level=level)))
    assert counties.loc["46003", "minutes_neonatal_3_plus_reason"] == "no_demand_points"
    assert counties.loc["46001", "minutes_neonatal_3_plus_reason"] == "level_not_reported"
