"""The planning commands as a planner meets them: one question a command, on the embedded data, and every mistake one line."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass

import pandas as pd
import pytest

from matcare.cli import main
from matcare.contracts.closures import COMPARISON, FRAGILITY

WILLISTON = "351334"
BISMARCK = "350015"
VINELAND = "310032"


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def matcare(*arguments, cwd):
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["matcare", *map(str, arguments)]
    try:
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        return Done(stop.code or 0, out.getvalue(), err.getvalue())
    finally:
        sys.argv = before
    raise AssertionError("main() always exits")


def complaint(done):
    assert done.returncode != 0, done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("matcare: ")
    return lines[0]


def table(folder, name):
    keys = dict.fromkeys(("county_fips", "facility_id", "place", "site_id"), "str")
    return pd.read_csv(folder / name, dtype=keys)


def has_everything(folder, *tables):
    """All files of an answer; the dictionary has a row a column of each table, and a map that asks for no network."""
    names = {path.name for path in folder.iterdir()}
    assert names == {*tables, "dictionary.csv", "run.json", "map.html"}
    dictionary = pd.read_csv(folder / "dictionary.csv")
    for name in tables:
        assert dictionary.loc[dictionary["file"] == name, "column"].tolist() == table(folder, name).columns.tolist()
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert set(about["licences"]) == names
    assert about["sources"]
    assert about["tables_sha256"]
    page = (folder / "map.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    return about


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("planning")


@pytest.fixture(scope="module")
def closed(work):
    """Williston closes, asked by its number."""
    done = matcare("close", WILLISTON, "--out", "close", cwd=work)
    assert done.returncode == 0, done.stderr
    return work / "close", done.stdout


@pytest.fixture(scope="module")
def fragile(work):
    done = matcare("fragility", "--state", "ND", "--out", "fragility", cwd=work)
    assert done.returncode == 0, done.stderr
    return work / "fragility", done.stdout


def test_a_closure_says_who_is_farther_and_who_takes_them(closed):
    folder, words = closed
    about = has_everything(folder, "closures.csv", "closure_units.csv", "closure_groups.csv")
    assert about["command"] == "close"
    assert about["asked"]["facility_ids"] == [WILLISTON]
    counties, units = table(folder, "closures.csv"), table(folder, "closure_units.csv")
    groups = table(folder, "closure_groups.csv")
    williams = counties.set_index("county_fips").loc["38105"]
    assert williams["minutes_after"] > williams["minutes_before"] + 30
    assert (counties["women_newly_within_60"] == 0).all()
    whole = groups[groups["scope"] == "all"].iloc[0]
    for limit in (30, 60, 90):
        assert counties[f"women_newly_beyond_{limit}"].sum() == pytest.approx(
            whole[f"women_newly_beyond_{limit}"], abs=1
        )
    lost, taking = units[units["role"] == "closes"].iloc[0], units[units["role"] == "receives"]
    assert lost["women_nearest_after"] == 0
    gained = (taking["women_nearest_after"] - taking["women_nearest_before"]).sum()
    assert gained == pytest.approx(lost["women_nearest_before"], abs=1)
    assert {"MT", "ND"} <= set(groups.loc[(groups["scope"] == "state") & (groups["women_affected"] > 0), "group"])
    assert "not evidence that any unit should close" in words
    assert "prenatal and emergency care" in words
    assert all(len(line) <= 80 for line in words.splitlines() if line.startswith(("county", "Williams", "newly")))


def test_the_list_of_units_to_protect_is_what_closing_each_one_gives(closed, fragile):
    folder, words = fragile
    has_everything(folder, "fragility.csv", "unit_births.csv")
    listed = table(folder, "fragility.csv")
    assert listed["state"].eq("ND").all()
    assert listed["women_newly_beyond_60"].is_monotonic_decreasing
    row = listed.set_index("facility_id").loc[WILLISTON]
    groups = table(closed[0], "closure_groups.csv")
    whole = groups[groups["scope"] == "all"].iloc[0]
    for limit in (30, 60, 90):
        assert row[f"women_newly_beyond_{limit}"] == pytest.approx(whole[f"women_newly_beyond_{limit}"], abs=0.01)
    assert row["women_nearest"] == pytest.approx(whole["women_affected"], abs=0.01)
    assert listed.columns.tolist() == FRAGILITY.names
    assert "not evidence that any unit should close" in words


def test_a_scenario_that_closes_a_unit_changes_what_its_closure_changes(work, closed):
    (work / "corrections.csv").write_text(
        f"facility_id,status,date,source\n{WILLISTON},closed,2026-01-01,made\n", encoding="utf-8"
    )
    (work / "plan.toml").write_text('states = ["ND"]\ncorrections = "corrections.csv"\n', encoding="utf-8")
    done = matcare("compare", "plan.toml", "--out", "compare", cwd=work)
    assert done.returncode == 0, done.stderr
    folder = work / "compare"
    has_everything(folder, "comparison.csv", "comparison_groups.csv")
    compared, one = table(folder, "comparison.csv"), table(closed[0], "closures.csv")
    assert compared.columns.tolist() == COMPARISON.names
    assert set(compared["state"]) == {"ND"}
    both = one[one["state"] == "ND"].merge(compared, on="county_fips", suffixes=("", "_plan"))
    assert len(both) >= 3
    for name in ("minutes_after", "women_newly_beyond_30", "women_newly_beyond_60", "women_affected"):
        assert both[name].tolist() == pytest.approx(both[f"{name}_plan"].tolist(), abs=0.02)
    assert compared.loc[~compared["county_fips"].isin(one["county_fips"]), "women_affected"].eq(0).all()


def test_a_level_is_lost_and_birth_care_stays(work):
    done = matcare(
        "close", "350002", "--level-to", "II", "--service", "neonatal_3_plus", "--within", "45,100", "--out", "level",
        cwd=work,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counties, units = table(work / "level", "closures.csv"), table(work / "level", "closure_units.csv")
    assert counties["women_newly_beyond_45"].sum() > 0
    assert "births_newly_beyond_100" in counties
    assert units.set_index("facility_id").loc["350002", "role"] == "loses_level"
    assert "not for choosing where to give birth" in done.stdout
    assert "neonatal_3_plus_or_nicu" in done.stdout
    assert "load" not in done.stdout  # births of everyone near are no load on a NICU


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["close", "351399"], ["351399", "ND"]),
        (["close", "st alexius"], ["st alexius", "351334"]),
        (["close", WILLISTON, "--service", "surgery"], ["surgery", "birth_care"]),
        (["close", WILLISTON, "--within", "0"], ["--within", "above 0"]),
        (["close", WILLISTON, "--level-to", "V"], ["V", "II"]),
        (["site", "--state", "ND", "--add", "0"], ["add is 0", "1 or more"]),
        (["site", "--state", "ND", "--add", "1", "--within", "0"], ["within is 0", "above 0"]),
        (["site", "--state", "ND"], ["how many", "add"]),
        (["site", "--state", "ND", "--add", "1", "--objective", "best"], ["best", "cover"]),
        (["catchments", "--method", "4sfca"], ["4sfca", "e2sfca"]),
        (["catchments", "--supply", "many"], ["many", "births"]),
        (["catchments", "--decay", "cliff"], ["cliff"]),
        (["certainty", "--draws", "0", "--state", "DE"], ["draws is 0"]),
        (["replay", "nothing.csv"], ["nothing.csv"]),
        (["bypass", "nothing.csv"], ["nothing.csv"]),
        (["compare", "nothing.toml"], ["nothing.toml"]),
        (["replay", "nothing.csv", "--from", "2010"], ["--to"]),
        (["run", "--scenario", "x.toml", "--hpsa", "y.csv"], ["--hpsa", "--scenario"]),
        (["run", "--mcta-threshold", "16"], ["--hpsa"]),
    ],
)
def test_every_mistake_is_one_line_that_says_what_would_be_right(tmp_path, arguments, words):
    said = complaint(matcare(*arguments, cwd=tmp_path))
    for word in words:
        assert word in said, said
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_closing_what_is_closed_and_what_is_no_unit(work):
    (work / "corrections.csv").write_text(
        f"facility_id,status,date,source\n{WILLISTON},closed,2026-01-01,made\n", encoding="utf-8"
    )
    said = complaint(matcare("close", WILLISTON, "--corrections", "corrections.csv", "--out", "no", cwd=work))
    assert WILLISTON in said
    assert "closed" in said
    assert not (work / "no").exists()


def test_an_answer_takes_no_other_command_s_folder(work, closed):
    said = complaint(matcare("fragility", "--state", "ND", "--out", "close", cwd=work))
    assert "matcare close" in said
    assert "--out" in said
    said = complaint(matcare("run", "--state", "DE", "--out", "close", cwd=work))
    assert "matcare close" in said


@pytest.mark.parametrize(("state", "within"), [("ND", "60"), ("NJ", "20")])
def test_sites_for_a_rural_and_an_urban_state(work, state, within):
    name = f"site-{state}"
    done = matcare(
        "site", "--state", state, "--add", "2", "--candidates", "block-groups", "--within", within, "--out", name,
        cwd=work,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = work / name
    about = has_everything(folder, "siting.csv", "siting_units.csv", "siting_totals.csv", "siting_out_of_reach.csv")
    units, counties = table(folder, "siting_units.csv"), table(folder, "siting.csv")
    totals = table(folder, "siting_totals.csv").set_index("measure")
    assert len(units) == 2
    assert about["found"]["gap"] <= 0.01
    assert totals.loc["women_within", "change"] == pytest.approx(units["women_newly_within"].sum(), abs=1)
    assert counties["women_newly_within"].sum() == pytest.approx(totals.loc["women_within", "change"], abs=1)
    assert (counties["women_within_after"] >= counties["women_within_before"] - 0.01).all()
    assert set(counties["state"]) == {state}
    assert "Solution" in done.stdout


def test_more_sites_than_candidates_and_a_floor_that_none_reaches(work):
    (work / "places.csv").write_text("id,name,lat,lon\nA,Crosby,48.91,-103.29\n", encoding="utf-8")
    said = complaint(
        matcare("site", "--state", "ND", "--add", "3", "--candidates", "places.csv", "--out", "no", cwd=work)
    )
    assert "3" in said
    assert "1" in said
    said = complaint(
        matcare("site", "--state", "ND", "--add", "1", "--candidates", "places.csv", "--min-births", "5000", "--out",
                "no", cwd=work)
    )  # fmt: skip
    assert "5000" in said.replace(",", "")
    assert "births" in said


def test_draws_say_how_certain_and_the_same_seed_says_the_same(work):
    bytes_ = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        done = matcare("certainty", "--state", "RI", "--draws", "6", "--seed", seed, "--out", name, cwd=work)
        assert done.returncode == 0, done.stderr
        has_everything(work / name, "certainty.csv", "certainty_shares.csv", "certainty_totals.csv")
        bytes_.append((work / name / "certainty.csv").read_bytes())
    assert bytes_[0] == bytes_[1]
    assert bytes_[0] != bytes_[2]
    drawn = table(work / "one", "certainty.csv")
    classes = [name for name in drawn if name.startswith("p_march_of_dimes_")]
    assert drawn[classes].sum(axis=1).tolist() == pytest.approx([1] * len(drawn), abs=0.01)
    assert (drawn["minutes_birth_care_p05"] <= drawn["minutes_birth_care_p95"]).all()


def test_catchments_by_every_method_and_another_supply(work):
    done = matcare("catchments", "--state", "DE", "--method", "all", "--out", "catch", cwd=work)
    assert done.returncode == 0, done.stderr
    has_everything(work / "catch", "catchments.csv", "catchment_units.csv")
    scores, units = table(work / "catch", "catchments.csv"), table(work / "catch", "catchment_units.csv")
    assert scores["method"].nunique() == 6
    assert set(scores["state"]) == set(units["state"]) == {"DE"}
    rows = units["facility_id"].unique()
    (work / "supply.csv").write_text(
        "facility_id,supply\n" + "".join(f"{unit},{2 * k}\n" for k, unit in enumerate(rows)), encoding="utf-8"
    )
    done = matcare("catchments", "--state", "DE", "--supply", "supply.csv", "--out", "catch2", cwd=work)
    assert done.returncode == 0, done.stderr
    own = table(work / "catch2", "catchment_units.csv").set_index("facility_id")
    assert own.loc[rows[1], "supply"] == 2
    assert own.loc[rows[0], "status"] == "no_supply"
    assert table(work / "catch2", "catchments.csv")["reason"].eq("partly_known").any()


def test_flows_that_name_unknown_places_are_listed_counted_and_left_out(work):
    (work / "flows.csv").write_text(
        "county_fips,facility_id,births\n"
        f"38105,{WILLISTON},300\n38105,{BISMARCK},40\n38015,{BISMARCK},900\n38015,999999,20\n38999,{BISMARCK},30\n"
        f"38053,{WILLISTON},7\n",
        encoding="utf-8",
    )
    done = matcare("bypass", "flows.csv", "--state", "ND", "--out", "bypass", cwd=work)
    assert done.returncode == 0, done.stderr
    folder = work / "bypass"
    has_everything(folder, "bypass.csv", "flows_left_out.csv")
    left, found = table(folder, "flows_left_out.csv"), table(folder, "bypass.csv").set_index("place")
    assert sorted(left["reason"]) == ["small_count", "unknown_county", "unknown_facility"]
    assert found.loc["38105", "births"] == 340
    assert found.loc["38105", "share_bypassed"] == pytest.approx(40 / 340, abs=1e-4)
    assert "38053" not in found.index
    assert "3 rows of the flows were left out" in done.stdout
    for path in folder.iterdir():
        assert ",7\n" not in path.read_text(encoding="utf-8"), path.name


def test_events_are_replayed_year_by_year(work):
    (work / "events.csv").write_text(
        "facility_id,status,date,source,facility_name,lat,lon\n"
        f"{WILLISTON},closed,2019-03-01,made,,,\n{WILLISTON},open,2021-03-01,made,,,\n"
        "X1,open,2020-05-01,made,PRAIRIE BIRTH HOSPITAL,48.91,-103.29\n",
        encoding="utf-8",
    )
    done = matcare("replay", "events.csv", "--state", "ND", "--out", "replay", cwd=work)
    assert done.returncode == 0, done.stderr
    has_everything(work / "replay", "timeline.csv", "timeline_changes.csv")
    line = table(work / "replay", "timeline.csv")
    whole = line[line["scope"] == "area"].set_index("date")
    assert whole.index.tolist() == [f"{year}-12-31" for year in range(2018, 2022)]
    assert (whole["units"].diff().dropna() == [-1, 1, 1]).all()
    assert whole.loc["2019-12-31", "women_within_30"] < whole.loc["2018-12-31", "women_within_30"]
    assert whole.loc["2021-12-31", "women_within_60"] > whole.loc["2018-12-31", "women_within_60"]
    changes = table(work / "replay", "timeline_changes.csv")
    williams = changes[changes["county_fips"] == "38105"]
    assert williams.loc[williams["definition"] == "drive_time_desert_30", "change"].tolist() == ["became", "ceased"]


def test_women_left_without_a_unit_are_told_apart(work):
    """Maui's one unit: no road leads to another, so nobody has "another nearest unit" and nothing takes them."""
    done = matcare("close", "maui memorial medical center", "--out", "maui", cwd=work)
    assert done.returncode == 0, done.stderr
    counties = table(work / "maui", "closures.csv")
    alone = counties["women_newly_without_minutes"].sum()
    assert alone > 20_000
    assert "left with no unit by road" in done.stdout
    assert counties["minutes_change"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["certainty", "--state", "RI", "--draws", "1", "--seed", "-1"], ["seed is -1"]),
        (["close", WILLISTON, "--within", "1e9"], ["--within", "10,000"]),
        (["site", "--state", "ND", "--add", "1", "--equity-weight", "5"], ["equity"]),
        (["site", "--state", "ND", "--add", "1", "--min-births", "100", "--capacity", "50"], ["100", "50"]),
    ],
)
def test_what_cannot_be_is_said_before_the_work(tmp_path, arguments, words):
    done = matcare(*arguments, cwd=tmp_path)
    said = complaint(done)
    assert "data tables" not in done.stdout
    for word in words:
        assert word in said, said


def test_a_level_that_nobody_reports_cannot_be_sited(work):
    said = complaint(
        matcare("site", "--state", "PR", "--add", "1", "--service", "neonatal_3_plus", "--out", "no", cwd=work)
    )
    assert "unknown is not none" in said


def test_a_patient_from_far_away_stops_no_file(work):
    (work / "far.csv").write_text(
        f"zip,facility_id,births\n58801,{WILLISTON},300\n07083,{BISMARCK},40\n", encoding="utf-8"
    )
    done = matcare("bypass", "far.csv", "--state", "ND", "--out", "far", cwd=work)
    assert done.returncode == 0, done.stderr
    assert table(work / "far", "bypass.csv")["place_name"].notna().all()


def test_a_profile_beside_the_scenario_is_found_from_anywhere(work, tmp_path):
    folder = work / "plans"
    folder.mkdir()
    (folder / "slow.toml").write_text(
        'extends = "typical"\nname = "slow"\n[[adjustment]]\nname = "everywhere slower"\nspeed_factor = 0.8\n',
        encoding="utf-8",
    )
    (folder / "plan.toml").write_text('states = ["RI"]\nprofile = "slow.toml"\n', encoding="utf-8")
    done = matcare("compare", folder / "plan.toml", "--out", "slow", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    compared = table(tmp_path / "slow", "comparison.csv")
    assert (compared["minutes_change"] > 0).all()
