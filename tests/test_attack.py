"""The attacker of ``tests/attack.py``: he finds each planted leak, and nothing where nothing is."""

import importlib.util
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from matcare.measures.rates import infant_mortality
from matcare.sources.county_health_rankings import read_infant_mortality_by_race
from matcare.tables.snapshot import load_outcomes_by_race


def load():
    if "attack" not in sys.modules:
        spec = importlib.util.spec_from_file_location("attack", Path(__file__).with_name("attack.py"))
        sys.modules["attack"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["attack"])
    return sys.modules["attack"]


attack = load().attack

# county, class, rurality, deaths, births: the truth. Below 20 deaths a county is hidden.
TRUTH = [
    ("27001", "low", 6, 12, 2400), ("27003", "desert", 9, 17, 3000), ("27005", "desert", 9, 11, 1600),
    ("27053", "full", 1, 900, 150000), ("27123", "full", 1, 300, 50000),
    ("38001", "desert", 9, 7, 800), ("38003", "full", 6, 13, 1700), ("38005", "full", 9, 15, 1500), ("38017", "full", 3, 150, 20000),
    ("46001", "desert", 9, 14, 1300), ("46003", "desert", 9, 16, 2700), ("46099", "full", 3, 270, 33000),
]  # fmt: skip
STATES = {"27": "MN", "38": "ND", "46": "SD"}
RACE = [("MN", "white", 820, 155000), ("MN", "black", 239, 24000), ("27053", "white", 560, 110000), ("27053", "black", 220, 21000), ("27123", "white", 230, 40000),
        ("US", "white", 850, 170000), ("US", "black", 260, 30000),
        ("27053", "hispanic", None, None), ("MN", "hispanic", 130, 15000), ("US", "hispanic", 150, 20000)]  # fmt: skip
PRINTED = ["infant_deaths", "live_births", "imr", "imr_low", "imr_high"]


def truth():
    frame = pd.DataFrame(
        TRUTH, columns=["county_fips", "march_of_dimes_class", "rucc_2023", "infant_deaths", "live_births"]
    )
    frame[["infant_deaths", "live_births"]] = frame[["infant_deaths", "live_births"]].astype(float)
    frame["state"] = frame["county_fips"].str[:2].map(STATES)
    frame["births_per_year"] = (frame["live_births"] / 7).round(3)
    rates = infant_mortality(frame["infant_deaths"], frame["live_births"]).round(2)
    return frame.assign(imr=rates["rate"], imr_low=rates["low"], imr_high=rates["high"])


@pytest.fixture
def world(tmp_path):
    """A run's folder without a leak, and what is embedded beside it."""
    known = truth()
    hidden = known["infant_deaths"] < 20
    counties = known.copy()
    counties[PRINTED] = counties[PRINTED].mask(hidden)
    counties["imr_status"] = np.where(hidden, "suppressed", "published")
    outcomes = counties[["county_fips", "infant_deaths", "live_births"]].assign(outcome_status=counties["imr_status"])
    totals = known.groupby("state")[["infant_deaths", "live_births"]].sum()
    totals.loc["US"] = totals.sum()
    states = totals.reset_index()
    by_race = pd.DataFrame(RACE, columns=["place", "group", "infant_deaths", "live_births"])
    pooled = (
        counties.groupby("march_of_dimes_class")[["infant_deaths", "live_births"]]
        .sum(min_count=1)
        .dropna()
        .reset_index(names="group")
    )
    pooled = pd.concat(
        [
            pooled.assign(grouping="march_of_dimes_class"),
            states.rename(columns={"state": "group"}).assign(grouping="state"),
        ]
    )
    return {"folder": tmp_path, "counties": counties, "pooled": pooled, "outcomes": outcomes, "states": states, "by_race": by_race, "more": {}}  # fmt: skip


def run(world, **options):
    world["counties"].to_csv(world["folder"] / "counties.csv", index=False)
    world["pooled"].to_csv(world["folder"] / "pooled_rates.csv", index=False)
    for name, frame in world["more"].items():
        frame.to_csv(world["folder"] / name, index=False)
    return attack(
        world["folder"], outcomes=world["outcomes"], states=world["states"], by_race=world["by_race"], **options
    )


def told(found, *, attack, where=""):
    return (
        found["attack"].str.contains(attack, regex=False).any()
        and found["where"].str.contains(where, regex=False).any()
    )


def county(world, code):
    return world["counties"]["county_fips"] == code


def test_nothing_is_found_where_nothing_is(world):
    assert run(world).empty


@pytest.mark.parametrize("births", ["births_per_year", "live_births"])
def test_a_rate_beside_its_births(world, births):
    here = county(world, "38001")
    world["counties"].loc[here, "imr"] = 8.75
    if births == "live_births":
        world["counties"]["births_per_year"] = np.nan
        world["counties"].loc[here, "live_births"] = 800
    found = run(world)
    assert told(found, attack=f"imr × {births}", where="38001")
    assert found["low"].max() <= 7 <= found["high"].max()


def test_limits_only(world):
    world["counties"].loc[county(world, "38001"), ["imr_low", "imr_high"]] = truth().loc[
        county(world, "38001"), ["imr_low", "imr_high"]
    ]
    found = run(world)
    assert told(found, attack="imr and limits", where="38001: infant_deaths")


def test_a_row_of_a_county_and_race_that_leaves_four(world):
    row = {"scope": "county", "place": "27053", "measure": "infant_mortality_rate", "dimension": "race", "group": "hispanic", "infant_deaths": 116, "live_births": 12000}  # fmt: skip
    world["more"]["disparities.csv"] = pd.DataFrame([row])
    found = run(world)
    assert told(found, attack="remainder", where="infant_deaths 27053")
    assert found[["low", "high"]].to_numpy().tolist() == [[4, 4]]
    world["more"]["disparities.csv"]["infant_deaths"] = 110  # leaves 10
    assert run(world).empty


def test_a_race_total_of_the_state_less_its_counties(world):
    row = {"place": "27123", "group": "black", "dimension": "race", "infant_deaths": 16, "live_births": 2000}
    world["more"]["disparities.csv"] = pd.DataFrame([row])
    found = run(world)
    assert told(found, attack="cell", where="rest of MN black"), "239 in the state less 220 and 16 leaves 3"


def test_a_class_that_differs_from_the_state_by_one_county(world):
    class_total = {
        "grouping": "march_of_dimes_class",
        "group": "full",
        "infant_deaths": 150 + 13 + 15,
        "live_births": 23200,
    }
    world["counties"] = world["counties"][world["counties"]["state"] == "ND"]
    world["pooled"] = pd.DataFrame([class_total])
    found = run(world)
    assert told(found, attack="cell", where="infant_deaths 38001 all"), "35 in three counties, 28 in two of them"
    assert (found["high"] == 7).any()
    class_total |= {"infant_deaths": 150, "live_births": 20000}  # what the printed county has
    world["pooled"] = pd.DataFrame([class_total])
    assert run(world).empty


def test_the_same_class_by_its_rate_and_limits_alone(world):
    rates = infant_mortality([178], [23200]).iloc[0]
    row = {
        "grouping": "march_of_dimes_class",
        "group": "full",
        "imr": rates["rate"],
        "imr_low": rates["low"],
        "imr_high": rates["high"],
    }
    world["counties"] = world["counties"][world["counties"]["state"] == "ND"]
    world["pooled"] = pd.DataFrame([row]).round(5)
    assert told(run(world), attack="cell", where="infant_deaths 38001 all")


def test_groups_of_rurality_and_of_one_that_only_the_caller_knows(world):
    total = {
        "dimension": "rurality",
        "place": "ND",
        "group": "nonmetro, adjacent",
        "infant_deaths": 13,
        "live_births": 1700,
    }
    other = {"dimension": "coast", "place": "ND", "group": "inland", "infant_deaths": 28, "live_births": 3200}
    world["more"]["disparities.csv"] = pd.DataFrame([total])
    assert run(world).empty, "13 in one county is no small count"
    world["more"]["disparities.csv"] = pd.DataFrame([other])
    assert run(world).empty, "no membership known"

    def membership(counties, grouping, group):
        return counties["county_fips"].isin(["38003", "38005"]) if (grouping, group) == ("coast", "inland") else None

    assert told(run(world, membership=membership), attack="cell", where="infant_deaths 38001 all")


def test_excess_and_ratio(world):
    value, reference = 12.0, 5.0
    row = {"place": "27123", "dimension": "race", "measure": "infant_mortality_rate", "group": "aian", "reference": "white", "ratio": value / reference,
           "ratio_low": 1.1, "ratio_high": 5.2, "excess_deaths": 6 * (1 - reference / value)}  # fmt: skip
    world["more"]["disparities.csv"] = pd.DataFrame([row]).round(3)
    found = run(world)
    assert told(found, attack="excess deaths and ratio", where="27123")
    assert found["low"].iloc[0] <= 6 <= found["high"].iloc[0]


def test_the_interval_of_a_ratio_gives_the_reference(world):
    half = 1.96 * np.sqrt(1 / 50 + 1 / 8)
    row = {"place": "27123", "dimension": "race", "measure": "infant_mortality_rate", "group": "black", "reference": "asian", "infant_deaths": 50,
           "ratio": 2.0, "ratio_low": 2 * np.exp(-half), "ratio_high": 2 * np.exp(half)}  # fmt: skip
    world["more"]["disparities.csv"] = pd.DataFrame([row]).round(4)
    assert told(run(world), attack="interval of the ratio", where="reference asian")


def test_a_shrunk_rate_with_its_weight(world):
    known = truth()
    mean, variance = 0.006, 4e-6
    weight = variance / (variance + mean / known["live_births"])
    shrunk = mean + weight * (known["infant_deaths"] / known["live_births"] - mean)
    world["counties"]["imr_eb"], world["counties"]["imr_shrinkage"] = 1000 * shrunk, weight
    found = run(world)
    assert told(found, attack="imr_eb and imr_shrinkage", where="38001"), "the hidden county of seven deaths"
    hidden = world["counties"]["imr_status"] == "suppressed"
    world["counties"].loc[hidden, "imr_shrinkage"] = np.nan
    assert told(run(world), attack="imr_eb of a hidden rate", where="38001"), (
        "it holds the rate even without its weight"
    )
    world["counties"].loc[hidden, "imr_eb"] = np.nan
    assert run(world).empty


def test_modelled_rates_that_add_up_to_two_counties(world):
    counties = world["counties"]
    hidden = counties["imr_status"] == "suppressed"
    for state, deaths in (("ND", 35), ("SD", 30), ("MN", 41)):
        own = hidden & (counties["state"] == state)
        counties.loc[own, "imr_modelled"] = 1000 * deaths / (7 * counties.loc[own, "births_per_year"].sum())
    found = run(world)
    assert set(found["where"]) == {"SD, 2 counties"}, "ND's three counties and 35 deaths may be benchmarked alone"
    counties.loc[hidden & (counties["state"] == "SD"), "imr_modelled"] *= 1.1
    assert run(world).empty


def test_the_rank_of_a_hidden_rate(world):
    world["counties"]["imr_percentile"] = truth()["imr"].rank(pct=True)
    assert told(run(world), attack="imr_percentile of a hidden imr", where="38001")
    world["counties"]["imr_percentile"] = world["counties"]["imr"].rank(pct=True)
    assert run(world).empty


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("indicators.csv", {"county_fips": "38001", "indicator": "births", "unit": "births per year", "value": 6.0}),
        ("facilities.csv", {"facility_id": "350001", "nursery_discharges": 4}),
        ("national_changes.csv", {"group": "all", "cause": "P99", "deaths_2021": 7, "births_2021": 3_664_292}),
        ("national_changes.csv", {"group": "all", "per": 100_000, "births_2021": 3_664_292, "rate_2021": 0.19, "cause": "P99"}),
        ("desert_outcomes.csv", {"grouping": "unheard of", "group": "x", "deaths": 8, "births": 4000}),
        ("more.csv", {"county_fips": "38001", "births_registered_per_year": 60.0, "share_low_birthweight": 0.1}),
        ("more.csv", {"county_fips": "38001", "births_per_year": 6.0, "births_per_year_status": "registered"}),
    ],
)  # fmt: skip
def test_small_counts_in_plain_sight(world, name, row):
    world["more"][name] = pd.DataFrame([row])
    found = run(world)
    assert (found["file"] == name).all()
    assert len(found)


def test_births_of_a_kind_by_an_indicator(world):
    row = {"county_fips": "38017", "indicator": "share_low_birthweight_7_years", "value": 0.0003}
    world["more"]["indicators.csv"] = pd.DataFrame([row])
    assert told(run(world), attack="share_low_birthweight_7_years × births_per_year", where="38017"), "6 of 20,000"
    world["more"]["indicators.csv"]["value"] = 0.04
    assert run(world).empty


def test_the_local_statistic_of_a_hidden_rate(world):
    world["more"]["clusters.csv"] = pd.DataFrame({"county_fips": ["38017", "38001"], "gi_star_imr": [0.4, 1.2]})
    found = run(world)
    assert found["attack"].tolist() == ["gi_star_imr of a hidden rate"]
    assert found["where"].tolist() == ["38001"]


def test_figures_that_are_no_counts_are_left_alone(world):
    world["more"]["national_changes.csv"] = pd.DataFrame(
        [
            {
                "group": "all",
                "year_before": 2021,
                "deaths_before": 19928,
                "births_before": 3664292,
                "rate_before": 5.44,
                "deaths_to_flip": 4,
            }
        ]
    )
    world["more"]["curve.csv"] = pd.DataFrame({"place": ["US"], "cumulative_share_births": [5.0]})
    world["more"]["desert_outcomes.csv"] = pd.DataFrame(
        [
            {
                "grouping": "march_of_dimes_class",
                "group": "desert",
                "imr_class": 7.0,
                "imr_class_low": 3.0,
                "imr_class_high": 13.0,
                "rate_ratio": 1.2,
            }
        ]
    )
    assert run(world).empty


def test_census_estimates_of_births_are_exempt(world):
    world["more"]["more.csv"] = pd.DataFrame(
        [{"county_fips": "38001", "births_per_year": 6.0, "births_per_year_status": "census_estimate"}]
    )
    assert run(world).empty


def test_every_format_is_read(world):
    row = pd.DataFrame({"county_fips": ["38001"], "infant_deaths": [7.0]})
    row.to_parquet(world["folder"] / "kept.parquet")
    gpd.GeoDataFrame(row, geometry=[Point(0, 0)], crs="EPSG:4326").to_file(world["folder"] / "kept.gpkg")
    assert set(run(world)["file"]) == {"kept.parquet", "kept.gpkg"}


def test_two_files_that_print_different_counts(world):
    world["more"]["more.csv"] = pd.DataFrame([{"county_fips": "38017", "infant_deaths": 143.0, "live_births": 20000.0}])
    assert told(run(world), attack="contradicts", where="38017")


def test_the_embedded_tables_alone(tmp_path):
    """Counties, states and the table by race hold out together."""
    assert attack(tmp_path).empty


@pytest.mark.shared
def test_with_the_rows_that_are_withheld_they_do_not(shared, tmp_path):
    table = load_outcomes_by_race()
    source = read_infant_mortality_by_race(shared / "county/chr_v129_otherdata_r2026.csv").rename(
        columns={"code": "place"}
    )
    both = table.merge(source, on=["place", "group"], how="left", suffixes=("", "_source"), validate="one_to_one")
    again = table.assign(
        **{
            name: table[name].astype("Float64").fillna(both[f"{name}_source"].astype("Float64"))
            for name in ("infant_deaths", "live_births")
        }
    )
    found = attack(tmp_path, by_race=again)
    assert found["low"].between(1, 9).all()
    assert found["high"].between(1, 9).all()
    counties = found["where"].str.extract(r"^infant_deaths (\d{5}) ")[0].dropna()
    assert counties.nunique() == 317, "316 whose total less all groups that can be solved for is 1-9, and Honolulu"
