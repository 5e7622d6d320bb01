"""County and state indicators from small made sources: each rule on its own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcare.contracts.indicators import COUNTY_INDICATORS, DEFINITIONS
from matcare.disclosure import is_small
from matcare.errors import InputError
from matcare.geo import STATES
from matcare.sources import birth_outcomes, census_geography, chr_measures, state_policies, svi_parts, women_by_age
from matcare.tables.indicators import (
    CountyIndicatorSources,
    compile_county_indicators,
    compile_state_indicators,
    share_of_births,
)
from matcare.tables.snapshot import load_counties

CODES = ["09110", "09120", "22079", "38001", "38017", "72001"]
STATESIDE = CODES[:-1]
COUNTIES = pd.DataFrame({"county_fips": CODES, "state": ["CT", "CT", "LA", "ND", "ND", "PR"]})
SVI_NAMES = [column.name for column in COUNTY_INDICATORS.columns if column.source == "cdc_svi_2022"]


def made(**changes) -> CountyIndicatorSources:
    parts = {
        "low_birthweight": pd.DataFrame(
            {
                "code": ["09001", "09003", "09110", "09120", "22079", "38001", "38017"],
                "low_birthweight_births": [100.0, 300.0, None, None, 1400.0, 12.0, 1050.0],
                "births": [1000.0, 2000.0, None, None, 11_000.0, 150.0, 14_000.0],
            }
        ),
        "broadband": pd.DataFrame({"county_fips": STATESIDE, "share_households_broadband": [0.9, 0.8, 0.7, 0.6, 0.5]}),
        "segregation": pd.DataFrame(
            {"county_fips": STATESIDE, "segregation_black_white": [60.0, 61.0, 50.0, None, 40.0]}
        ),
        "vulnerability_parts": pd.DataFrame({"county_fips": STATESIDE} | {name: [0.25] * 5 for name in SVI_NAMES}),
        "women_by_age": pd.DataFrame(
            {"county_fips": STATESIDE, "women_15_19": 10.0, "women_35_44": 30.0, "women_15_44": 100.0}
        ),
        "acs_women_by_age": pd.DataFrame(
            {"county_fips": CODES, "women_15_19": 20.0, "women_35_44": 20.0, "women_15_44": 80.0}
        ),
        "birth_outcomes": pd.DataFrame(
            {
                "county_fips": CODES,
                "births_registered_per_year": [None, None, 1600.0, 22.0, 2000.0, 100.0],
                "preterm_per_year": [None, None, 980.0, None, 200.0, 12.0],
                "low_birthweight_per_year": [None, None, 200.0, None, 150.0, None],
                "very_low_birthweight_per_year": [None, None, 33.0, None, 30.0, None],
            }
        ),
        "connecticut_weights": pd.DataFrame(
            {"old": ["09001", "09003", "09003"], "new": ["09110", "09110", "09120"], "weight": [1.0, 0.5, 0.5]}
        ),
    }
    return CountyIndicatorSources(**(parts | changes))


@pytest.fixture(scope="module")
def table():
    return compile_county_indicators(made(), COUNTIES).set_index("county_fips")


def test_connecticuts_counts_are_moved_and_then_divided(table):
    assert table.loc["09110", "share_low_birthweight_7_years"] == pytest.approx((100 + 150) / (1000 + 1000))
    assert table.loc["09120", "share_low_birthweight_7_years"] == pytest.approx(0.15)
    assert table.loc["09110", "share_low_birthweight_7_years_status"] == "apportioned"
    assert table.loc["09110", "share_preterm_status"] == "not_reported", (
        "nothing was suppressed: the source has no births"
    )
    assert table.loc["09110", "segregation_black_white"] == 60, "an index is not moved: the source has the regions"


def test_missing_has_its_reason(table):
    assert table.loc["38001", "share_preterm_status"] == "suppressed"
    assert table.loc["38001", "segregation_black_white_status"] == "not_reported"
    puerto_rico = table.loc["72001"]
    for name in ("share_low_birthweight_7_years", "share_households_no_broadband", "segregation_black_white"):
        assert np.isnan(puerto_rico[name])
        assert puerto_rico[f"{name}_status"] == "not_reported"
    assert puerto_rico["svi_parts_status"] == "not_reported"
    assert puerto_rico["share_preterm"] == pytest.approx(0.12)
    assert puerto_rico[["share_women_15_19", "share_women_35_44"]].tolist() == [0.25, 0.25], "the survey"
    assert table.loc["38001", "share_women_35_44"] == 0.3, "the estimates"


def test_a_seven_year_share_that_means_under_ten_a_year_is_masked_only_when_asked(table):
    strict = compile_county_indicators(made(), COUNTIES, mask_small_means=True).set_index("county_fips")
    assert strict.loc["38001", "share_low_birthweight_7_years_status"] == "suppressed"
    assert table.loc["38001", "share_low_birthweight_7_years"] == pytest.approx(0.08)
    assert strict.loc["38017", "share_low_birthweight_7_years"] == table.loc["38017", "share_low_birthweight_7_years"]


def test_preterm_births_that_cannot_be_right_are_left_out(table):
    assert np.isnan(table.loc["22079", "share_preterm"])
    assert table.loc["22079", "share_preterm_status"] == "implausible"
    assert table.loc["22079", "share_very_low_birthweight"] == pytest.approx(33 / 1600, abs=1e-6)
    outcomes = made().birth_outcomes.assign(preterm_per_year=[None, None, 480.0, None, 200.0, 12.0])
    right = compile_county_indicators(made(birth_outcomes=outcomes), COUNTIES).set_index("county_fips")
    assert right.loc["22079", "share_preterm"] == pytest.approx(0.3), "2.4 per low-weight birth: high, and possible"


def test_very_low_birthweight_is_masked_where_the_difference_is_small():
    outcomes = made().birth_outcomes.assign(very_low_birthweight_per_year=[None, None, 33.0, None, 145.0, None])
    table = compile_county_indicators(made(birth_outcomes=outcomes), COUNTIES).set_index("county_fips")
    assert table.loc["38017", "share_very_low_birthweight_status"] == "suppressed", "150 less 145 are five births"


@pytest.mark.parametrize("name", ["low_birthweight", "broadband", "segregation", "vulnerability_parts", "women_by_age"])
def test_half_a_file_is_refused(name):
    cut = {name: getattr(made(), name).iloc[:-1]}
    with pytest.raises(InputError, match="no row for 38017; half a file"):
        compile_county_indicators(dataclasses.replace(made(), **cut), COUNTIES)


@given(
    part=st.integers(0, 200).filter(lambda count: not 1 <= count <= 9),
    rest=st.integers(0, 200),
)
def test_no_share_of_births_gives_a_small_count_back(part, rest):
    share = share_of_births(pd.Series([float(part)]), pd.Series([float(part + rest)])).iloc[0]
    if not np.isnan(share):
        counts = np.array([share, 1 - share]) * (part + rest)
        assert not is_small(counts.round(9)).any()
    else:
        assert 1 <= rest <= 9 or part + rest == 0


def measures(values):
    rows = [
        {"state": state, "measure": entry.measure, "year": year, "value": value}
        for entry in DEFINITIONS
        if entry.where == "state_indicators"
        for year, of_state in values.items()
        for state in [*(code for code in STATES if code != "PR"), "US"]
        for value in [of_state(state)]
    ]
    return pd.DataFrame(rows)


def test_state_measures_units_sentinels_and_repeats():
    raw = measures({2021: lambda _: 20.0, 2022: lambda state: 9999.0 if state == "CA" else 25.0, 2023: lambda state: 9999.0 if state == "CA" else 25.0})  # fmt: skip
    table = compile_state_indicators(raw).set_index(["indicator", "state", "year"])
    assert table.loc[("wic_coverage", "ND", 2021)].tolist() == [0.2, "reported"]
    assert table.loc[("severe_maternal_morbidity", "ND", 2022)].tolist() == [25, "reported"]
    assert table.loc[("wic_coverage", "ND", 2023), "status"] == "carried_forward"
    assert np.isnan(table.loc[("wic_coverage", "CA", 2022), "value"])
    assert table.loc[("wic_coverage", "CA", 2023), "status"] == "not_reported"
    one_moved = raw.copy()
    one_moved.loc[(raw["state"] == "ND") & (raw["year"] == 2023), "value"] = 26.0
    moved = compile_state_indicators(one_moved).set_index(["indicator", "state", "year"])
    assert (moved.loc[("wic_coverage", "US", 2023), "status"]) == "reported", (
        "one state's new figure: a new measurement"
    )


def test_state_measures_refusals():
    raw = measures({2022: lambda _: 25.0})
    with pytest.raises(InputError, match="no row of 'WIC Coverage'"):
        compile_state_indicators(raw[raw["measure"] != "WIC Coverage"])
    with pytest.raises(InputError, match="no row for WY"):
        compile_state_indicators(raw[raw["state"] != "WY"])
    high = raw.assign(value=raw["value"].mask((raw["measure"] == "WIC Coverage") & (raw["state"] == "ND"), 250.0))
    with pytest.raises(InputError, match="'WIC Coverage' of ND is over 1"):
        compile_state_indicators(high)


def test_the_publishers_files(shared):
    sources = CountyIndicatorSources(
        low_birthweight=chr_measures.read_low_birthweight(shared / "county/chr_v037_how.csv"),
        broadband=chr_measures.read_broadband(shared / "county/chr_v166_r2025.csv"),
        segregation=chr_measures.read_segregation(shared / "county/chr_v141_r2025.csv"),
        vulnerability_parts=svi_parts.read_vulnerability_parts(shared / "county/SVI_2022_US_county.csv.gz"),
        women_by_age=women_by_age.read_women_by_age(shared / "county/cc-est2023-agesex-all.csv.gz"),
        acs_women_by_age=women_by_age.read_acs_women_by_age(shared / "county/acs5_2023_county.json"),
        birth_outcomes=birth_outcomes.read_birth_outcomes(shared / "county/ahrf_maternity_2024_25.csv"),
        connecticut_weights=census_geography.read_connecticut_weights(
            shared / "boundaries/ct_legacy_to_region_weights.csv"
        ),
    )
    counties = load_counties()
    table = compile_county_indicators(sources, counties)
    assert table["county_fips"].tolist() == sorted(counties["county_fips"])
    joined = counties[["county_fips", "births_registered_per_year", "share_low_birthweight"]].merge(table)
    births = joined["births_registered_per_year"]
    for name in ("share_preterm", "share_very_low_birthweight"):
        assert not is_small((joined[name] * births).round(3)).any(), name
        assert not is_small(((1 - joined[name]) * births).round(3)).any(), name
    seven = sources.low_birthweight.set_index("code")["births"].reindex(table["county_fips"]).reset_index(drop=True)
    assert not is_small((table["share_low_birthweight_7_years"] * seven).round(1)).any(), "the source's own births"
    heavier = (joined["share_low_birthweight"] - joined["share_very_low_birthweight"]) * births
    assert not is_small(heavier.round(3)).any()
    # Every legacy county of the file lies between 6.3 and 8.6 %, so what is moved between them does too.
    connecticut = table[table["county_fips"].str[:2] == "09"]
    assert connecticut["share_low_birthweight_7_years"].between(0.0627, 0.0859).all()
    implausible = table.loc[table["share_preterm_status"] == "implausible", "county_fips"]
    assert set(implausible) == {"22009", "22025", "22043", "22059", "22079", "22127", "53077"}


def test_the_vintage_of_state_measures_is_the_year_that_is_used(shared):
    raw = state_policies.read_state_measures(shared / "state/state_maternal_measures_2018_23.csv")
    table = compile_state_indicators(raw)
    assert (table["value"].dropna() < 9999).all()
    fresh = table[table["status"] == "reported"].groupby("indicator")["year"].max()
    for entry in DEFINITIONS:
        if entry.where == "state_indicators":
            assert entry.vintage.startswith(str(fresh[entry.id])), entry.id
