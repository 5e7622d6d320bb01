"""Outcomes of the main job: they agree with their sources, nothing modelled is passed off, nothing small leaks."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matcare.contracts import BASELINE_MINUTES, OUTPUTS
from matcare.pipeline import analyze
from matcare.publish.folder import OutputFolder
from matcare.publish.results import write_results
from matcare.scenario import Scenario

pytestmark = pytest.mark.national

TEXT = {"county_fips": "str", "geo_id": "str", "place": "str"}
ESTIMATES = ["imr_eb", "imr_eb_spatial", "imr_modelled"]


def load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def attack():
    return load("attack").attack


@pytest.fixture(scope="module")
def table(national_files):
    def read(name):
        return pd.read_csv(national_files / name, dtype=TEXT)

    return read


@pytest.fixture(scope="module")
def counties(table):
    return table("counties.csv")


@pytest.fixture(scope="module")
def north_dakota(snapshot):
    return analyze(Scenario(states=("ND",)), snapshot)


def written(results, folder):
    with OutputFolder(folder) as staged:
        write_results(results, staged.staging)
    return folder


def test_nothing_small_can_be_worked_out_of_any_file(attack, national_files):
    found = attack(national_files)
    assert found.empty, found.to_string()


def test_nothing_small_can_be_worked_out_of_a_state_s_files(attack, north_dakota, tmp_path):
    found = attack(written(north_dakota, tmp_path / "nd"))
    assert found.empty, found.to_string()


def test_every_table_keeps_its_contract_and_is_licensed(national, national_files):
    licences = json.loads((national_files / "run.json").read_text())["licences"]
    for name, contract in OUTPUTS.items():
        assert (national_files / name).is_file()
        assert name in licences
        if name in national.outcomes.tables:
            contract.validate(national.outcomes.tables[name], where=name)


def test_a_modelled_rate_stands_only_where_none_is_published(counties):
    status = counties["imr_status"]
    assert status.value_counts().to_dict() == {
        "modelled": 1938, "published": 1160, "not_reported": 78, "suppressed": 37, "apportioned": 9,
    }  # fmt: skip
    assert (counties.loc[status == "suppressed", "births_per_year"] < 10).all(), "of so few, a rate says nothing"
    assert (counties["imr_modelled"].notna() == (status == "modelled")).all()
    assert (
        counties.loc[status == "modelled", ["imr", "imr_low", "imr_high", "infant_deaths", "live_births", "imr_eb"]]
        .isna()
        .all(axis=None)
    )
    arizona = counties[(counties["state"] == "AZ") & (status == "modelled")]
    assert (arizona["imr_modelled_benchmark"] == "division").all(), "39 deaths in three counties bear no factor"
    for name in ESTIMATES:
        known = counties[name].notna() & counties[f"{name}_low"].notna()
        assert (counties.loc[known, f"{name}_low"] <= counties.loc[known, name]).all()
        assert (counties.loc[known, name] <= counties.loc[known, f"{name}_high"]).all()


def test_shrinkage_lies_between_the_county_and_the_nation(counties):
    known = counties[counties["imr_status"] == "published"]
    nation = 1000 * 144_923 / 25_936_466
    low, high = np.minimum(known["imr"], nation), np.maximum(known["imr"], nation)
    assert known["imr_eb"].between(low - 0.006, high + 0.006).all()  # two decimals are printed
    assert known["imr_shrinkage"].between(0, 1).all()
    by_births = known.sort_values("live_births")["imr_shrinkage"]
    assert by_births.is_monotonic_increasing


def test_clusters_stand_on_published_rates_alone(counties, table):
    without = counties["imr_status"] != "published"
    for name in ("cluster_imr", "hot_spot_imr", "cluster_imr_minutes"):
        assert (counties.loc[without, name] == "no_rate").all()
        assert not (counties.loc[~without, name] == "no_rate").all()
    clusters = table("clusters.csv")
    assert clusters["county_fips"].tolist() == counties["county_fips"].tolist()
    assert clusters["cluster_imr"].tolist() == counties["cluster_imr"].tolist()
    high = counties[counties["cluster_imr"] == "high_high"]
    assert set(high["state"]) & {"MS", "AR", "LA", "TN", "NC"}


def test_classes_add_up_to_the_published_counties(counties, table):
    classes = table("desert_outcomes.csv")
    published = counties[counties["imr_status"] == "published"]
    for grouping, rows in classes.groupby("grouping"):
        assert rows["counties"].sum() == 3222, grouping
        assert rows["counties_published"].sum() == 1160, grouping
        assert rows["infant_deaths"].sum() == published["infant_deaths"].sum(), grouping
        assert rows["live_births"].sum() == published["live_births"].sum(), grouping
    desert = classes.set_index(["grouping", "group"]).loc[("march_of_dimes_class", "desert")]
    assert desert["imr_class_low"] < desert["imr_class"] < desert["imr_published"], "the published ones are the worst"
    assert (classes["reading"] == "association between places, not cause").all()
    assert (table("association.csv")["reading"] == "association, not cause").all()


def test_the_rise_of_2022_is_the_published_one(table):
    changes = table("national_changes.csv")
    final = changes[(changes["edition_after"] == "final") & (changes["year_after"] == 2022)].set_index(
        ["group", "measure"]
    )
    row = final.loc[("all", "infant")]
    assert (row["rate_before"], row["rate_after"], row["z"]) == pytest.approx((5.438, 5.610, 3.12), abs=0.005)
    assert row["significant"]
    assert not final.loc[("black", "infant"), "significant"]
    assert changes.loc[changes["agrees"].notna(), "agrees"].all()


def test_disparities_agree_with_the_table_by_race_and_are_not_ranked(table, snapshot):
    rows = table("disparities.csv")
    race = rows[(rows["dimension"] == "race") & (rows["measure"] == "infant_mortality")]
    nation = race[race["scope"] == "nation"].set_index("group")
    source = snapshot.outcomes_by_race[snapshot.outcomes_by_race["place"] == "US"].set_index("group")
    assert nation["infant_deaths"].to_dict() == source["infant_deaths"].astype(float).to_dict()
    assert nation.loc["black", "ratio"] == pytest.approx((41441 / 3711452) / (57857 / 13223664), abs=5e-4)
    for _, part in race.groupby("place"):
        assert part["group"].is_monotonic_increasing, "alphabetical, never by rate"
    assert nation.loc["aian", "note"].count("tribal") >= 1
    counts = race[["infant_deaths", "live_births"]].to_numpy()
    assert not ((counts >= 1) & (counts <= 9)).any()


def test_the_profile_ranks_concern_and_says_what_is_missing(counties, table):
    catalog, values = table("indicator_catalog.csv"), table("indicators.csv")
    assert set(catalog["level"]) == {"patient_family", "provider_system", "community", "policy_society"}
    assert set(values["indicator"]) <= set(catalog["indicator"])
    gaps = catalog[catalog["gap"]]
    assert {"share_births_late_or_no_prenatal_care", "share_women_nicu_lactation_support"} <= set(gaps["indicator"])
    assert (gaps["missing_share"] == 1).all()
    assert not catalog["indicator"].str.contains("mortality|modelled").any(), "the outcome is not in its own profile"
    shown = counties["profile_overall"].notna()
    assert shown.sum() > 2900
    levels = counties[
        [f"profile_{level}" for level in ("patient_family", "provider_system", "community", "policy_society")]
    ]
    assert np.allclose(levels[shown].mean(axis=1), counties.loc[shown, "profile_overall"], atol=0.11)
    assert (counties.loc[~shown, "profile_missing"] != "none").all()
    ranked = values[(values["indicator"] == "minutes_birth_care") & values["percentile_nation"].notna()]
    ranked = ranked.sort_values(["value", "percentile_nation"])
    assert ranked["percentile_nation"].is_monotonic_increasing
    assert ranked["percentile_nation"].iloc[[0, -1]].tolist() == [0, 100]


def test_the_baseline_is_what_the_run_computes(national, snapshot):
    own = national.counties.set_index("county_fips")[BASELINE_MINUTES.names[1:]]
    kept = snapshot.baseline_minutes.set_index("county_fips")[BASELINE_MINUTES.names[1:]].reindex(own.index)
    assert np.allclose(own, kept, atol=0.006, equal_nan=True), "run `matcare data baseline` and build again"


def test_a_state_has_the_nation_s_numbers(national, north_dakota):
    columns = [
        "county_fips",
        *ESTIMATES,
        "imr_status",
        "cluster_imr",
        "hot_spot_imr",
        "profile_overall",
        "profile_provider_system",
    ]
    whole = pd.DataFrame(national.counties)
    whole = whole.loc[whole["state"] == "ND", columns].reset_index(drop=True)
    alone = pd.DataFrame(north_dakota.counties)[columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, whole, rtol=1e-3, atol=0.11)  # indices have one decimal


def test_closing_a_unit_moves_minutes_and_no_mortality(north_dakota, snapshot, tmp_path):
    corrections = tmp_path / "closed.csv"
    unit = north_dakota.facilities
    alone = north_dakota.counties.loc[north_dakota.counties["birth_hospitals"] == 1, "county_fips"]
    unit = unit[unit["county_fips"].isin(alone) & unit["counts_birth_care"]].iloc[0]
    corrections.write_text(f"facility_id,status,date,source\n{unit['facility_id']},closed,2026-01-01,made\n")
    closed = analyze(Scenario(states=("ND",), corrections=corrections), snapshot)
    before, after = north_dakota.counties, closed.counties
    assert (after["minutes_birth_care"] - before["minutes_birth_care"]).max() > 1
    for name in ("imr", *ESTIMATES):
        pd.testing.assert_series_equal(before[name], after[name])
