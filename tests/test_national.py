"""The main job on the embedded data: complete, and it adds up to what the publishers printed."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from matcare.contracts import BLOCK_GROUPS, COUNTY_RESULTS, DESERT_CLASSES, FACILITIES_OUT, OUTPUTS, SERVICES

pytestmark = pytest.mark.national

TEXT = {"county_fips": "str", "geo_id": "str"}


@pytest.fixture(scope="module")
def counties(national_files):
    return pd.read_csv(national_files / "counties.csv", dtype=TEXT)


def test_every_file_is_there(national_files):
    wanted = {*OUTPUTS, "map.html", "counties.gpkg", "national_changes.svg", "dictionary.csv", "run.json"}
    assert {path.name for path in national_files.iterdir()} == wanted
    assert (national_files / "map.html").stat().st_size <= 4_000_000


def test_every_county_has_a_class_and_a_reason(counties):
    assert len(counties) == 3222
    assert (counties["state"] != "PR").sum() == 3144
    assert counties["county_fips"].str.fullmatch(r"\d{5}").all()
    assert counties["county_fips"].is_unique
    assert counties["march_of_dimes_class"].isin(DESERT_CLASSES).all()
    assert (counties["march_of_dimes_reason"].str.len() > 10).all()
    for service in SERVICES:
        missing = counties[f"minutes_{service}"].isna()
        assert not counties.loc[missing, f"minutes_{service}_reason"].str.endswith("covered").any()
        assert counties.loc[~missing, f"minutes_{service}_reason"].isin(["covered", "partly_covered"]).all()


def test_counties_add_up_to_what_the_publishers_printed(counties):
    """Sums taken from the publishers' own files: women of July 2023, mean births 2021-23, published deaths and births."""
    states = counties[counties["state"] != "PR"]
    published = counties[counties["imr_status"].isin(["published", "apportioned"])]
    assert states["women_15_44"].sum() == 65_974_992
    assert states["births_per_year"].sum() == pytest.approx(3_637_911.67, abs=20)  # printed with two decimals a county
    assert published["infant_deaths"].sum() == pytest.approx(130_598, abs=0.5)
    assert published["live_births"].sum() == pytest.approx(23_433_108, abs=0.5)
    connecticut = counties[counties["state"] == "CT"]
    assert connecticut["infant_deaths"].sum() == pytest.approx(1083, abs=0.5)
    assert connecticut["live_births"].sum() == pytest.approx(243_225, abs=0.5)


def test_the_nation_and_the_states_are_the_published_totals(national_files):
    pooled = pd.read_csv(national_files / "pooled_rates.csv").set_index("group")
    nation = pooled.loc["US"]
    assert (nation["infant_deaths"], nation["live_births"]) == (144_923, 25_936_466)
    assert nation["imr"] == 5.59
    assert pooled.loc["MS", "imr"] > pooled.loc["MA", "imr"]
    assert pooled.loc["AL", ["infant_deaths", "live_births"]].tolist() == [2967, 407_025]


def test_demand_points_add_up_to_their_counties(national):
    points = national.block_groups.groupby("county_fips")[["women_15_44", "births_per_year"]].sum(min_count=1)
    counties = national.counties.set_index("county_fips")
    for name in ("women_15_44", "births_per_year"):
        assert np.allclose(points[name].reindex(counties.index), counties[name], equal_nan=True)


def test_minutes_and_shares_are_consistent(counties, national):
    points = national.block_groups
    for stricter, wider in (
        ("neonatal_3_plus", "nicu"),
        ("neonatal_3_plus", "neonatal_2_plus"),
        ("neonatal_3_plus", "neonatal_3_plus_or_nicu"),
        ("birth_care_corroborated", "birth_care"),
        ("birth_care_in_state", "birth_care"),
    ):
        both = points[f"minutes_{stricter}"].notna()
        assert points.loc[both, f"minutes_{wider}"].notna().all()
        assert (points.loc[both, f"minutes_{stricter}"] >= points.loc[both, f"minutes_{wider}"] - 1e-9).all()
    for service in SERVICES:
        unknown = counties[f"minutes_{service}_reason"] == "level_not_reported"
        shares = counties[[f"share_women_within_{limit}_{service}" for limit in (30, 60, 90)]]
        assert (shares[~unknown].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
        assert shares[unknown].isna().all(axis=None)


def test_levels_in_puerto_rico_are_unknown_and_not_zero(counties, national):
    for service in SERVICES:
        unknown = counties["state"] == "PR" if service in {"neonatal_2_plus", "neonatal_3_plus"} else [False] * 3222
        assert ((counties[f"minutes_{service}_reason"] == "level_not_reported") == unknown).all()
        points = national.block_groups
        here = points["county_fips"].str.startswith("72") & any(unknown)
        assert ((points[f"reason_{service}"] == "level_not_reported") == here).all()


def test_a_desert_at_sixty_minutes_is_one_at_thirty(counties):
    assert (counties["drive_time_desert_30"] | ~counties["drive_time_desert_60"]).all()


def test_every_demand_point_has_minutes_or_a_reason(national):
    points = BLOCK_GROUPS.validate(national.block_groups)
    assert len(points) == 240_942
    for service in (*SERVICES, "birth_care_corroborated", "birth_care_in_state"):
        covered = points[f"reason_{service}"] == "covered"
        assert (points[f"minutes_{service}"].notna() == covered).all()
        assert (points[f"facility_id_{service}"].notna() == covered).all()


def test_the_nearest_facility_counts_for_the_service(national):
    facilities = national.facilities.set_index("facility_id")
    for service in SERVICES:
        used = national.block_groups[f"facility_id_{service}"].dropna().unique()
        assert facilities.loc[used, f"counts_{service}"].all()


def test_corroborated_is_the_stricter_bound(counties):
    assert (counties["birth_hospitals_corroborated"] <= counties["birth_hospitals"]).all()
    order = {name: position for position, name in enumerate(("desert", "low", "moderate", "full"))}
    headline = counties["march_of_dimes_class"].map(order)
    bound = counties["march_of_dimes_class_corroborated"].map(order)
    both = headline.notna() & bound.notna()
    assert (bound[both] <= headline[both]).all()
    assert (counties["march_of_dimes_class_corroborated"] == "desert").sum() > (
        counties["march_of_dimes_class"] == "desert"
    ).sum()


def test_files_keep_their_contracts(national, national_files):
    assert pd.read_csv(national_files / "counties.csv", nrows=1).columns.tolist() == COUNTY_RESULTS.names
    assert pd.read_csv(national_files / "facilities.csv", nrows=1).columns.tolist() == FACILITIES_OUT.names
    dictionary = pd.read_csv(national_files / "dictionary.csv")
    assert len(dictionary) == sum(len(table.columns) for table in OUTPUTS.values())
    shapes = gpd.read_file(national_files / "counties.gpkg")
    assert len(shapes) == 3222
    assert shapes.crs == "EPSG:4326"
    assert shapes["county_fips"].iloc[0].startswith("0")


def test_run_json_leads_every_number_back(national_files):
    run = json.loads((national_files / "run.json").read_text(encoding="utf-8"))
    assert set(run["tables_sha256"]) >= {
        "counties",
        "outcomes",
        "facilities",
        "demand",
        "road_nodes",
        "road_edges",
        "states",
    }
    assert all(source["citation"] and source["licence"] and source["vintage"] for source in run["sources"])
    assert {"chr_v129_2026", "cms_pos_obstetrics", "travel_mapping_2026"} <= {source["id"] for source in run["sources"]}
    assert set(run["licences"]) == {path.name for path in national_files.iterdir()}
    for name in ("counties.csv", "counties.gpkg", "pooled_rates.csv", "map.html"):
        assert run["licences"][name].startswith("CC-BY-NC-SA-4.0")
    assert run["profile"]["km_per_h"]["interstate"][0] > run["profile"]["km_per_h"]["interstate"][1]
    assert run["scenario"]["rule"]["uninsured_high"] == 0.10


def test_no_count_of_one_to_nine_deaths_or_births_is_written(counties, national_files):
    pooled = pd.read_csv(national_files / "pooled_rates.csv")
    facilities = pd.read_csv(national_files / "facilities.csv")
    for values in (
        counties["infant_deaths"], counties["live_births"], counties["births_registered_per_year"],
        pooled["infant_deaths"], pooled["live_births"], facilities["nursery_discharges"],
    ):  # fmt: skip
        assert not values.between(0.5, 9.5).any()


def test_state_less_its_counties_gives_no_count_of_one_to_nine_back(counties, national_files):
    """The attack: subtract published counties from published totals, in every state and in the nation less the other states."""
    pooled = pd.read_csv(national_files / "pooled_rates.csv")
    states = pooled[pooled["grouping"] == "state"].set_index("group")
    published = counties[counties["imr_status"].isin(["published", "apportioned"])]
    known = published.groupby("state")[["infant_deaths", "live_births"]].sum()
    for name in ("infant_deaths", "live_births"):
        rest = (states[name] - known[name].reindex(states.index)).round(3)
        assert not rest.between(0.5, 9.5).any(), rest[rest.between(0.5, 9.5)]
        withheld = states.index[states[name].isna()].drop("PR")
        whole = pooled.loc[pooled["grouping"] == "nation", name].iloc[0]
        together = whole - states[name].sum() - known[name].reindex(withheld).sum()
        assert together == 0 or together >= 10
        assert len(withheld) != 1
    assert not ((states["live_births"].isna()) & states["imr"].notna()).any()


def test_apportioned_counties_have_no_interval_and_no_mean_stands_on_the_few(counties):
    connecticut = counties[counties["imr_status"] == "apportioned"]
    assert len(connecticut) == 9
    assert connecticut["imr"].notna().all()
    assert connecticut[["imr_low", "imr_high"]].isna().all(axis=None)
    for service in SERVICES:
        most = counties[f"share_women_without_minutes_{service}"] > 0.5001
        assert counties.loc[most, f"minutes_{service}"].isna().all()
        some = counties[f"share_women_without_minutes_{service}"].between(0.0001, 0.4999)
        assert (counties.loc[some, f"minutes_{service}_reason"] == "partly_covered").all()


def test_classes_with_few_published_births_have_no_interval(national_files):
    pooled = pd.read_csv(national_files / "pooled_rates.csv")
    classes = pooled[~pooled["grouping"].isin(["nation", "state"])]
    selected = classes[classes["share_births_published"] < 0.8]
    assert len(selected) > 0
    assert selected["imr_low"].isna().all()
    few = selected[selected["counties_published"] < 10]
    assert few["imr"].isna().all()


def test_islands_have_their_own_hospital_and_no_one_drives_over_the_sea(counties):
    minutes = counties.set_index("county_fips")["minutes_birth_care"]
    assert minutes["25019"] < 30  # Nantucket
    assert minutes["25007"] < 60  # Martha's Vineyard
    san_juan = counties.set_index("county_fips").loc["53055"]
    assert san_juan["share_women_without_minutes_birth_care"] > 0.5


def test_the_same_scenario_gives_the_same_bytes(national, national_files, tmp_path):
    from matcare.publish.results import write_results

    write_results(national, tmp_path)
    for name in (
        "counties.csv",
        "facilities.csv",
        "pooled_rates.csv",
        "block_groups.parquet",
        "counties.gpkg",
        "map.html",
    ):
        assert (tmp_path / name).read_bytes() == (national_files / name).read_bytes(), name
