"""A finished run is read back as it was written; places are found by the names that people type."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from matcare.contracts import COUNTY_RESULTS, OUTPUTS, SERVICES
from matcare.errors import InputError
from matcare.measures.place_access import access_of_places
from matcare.pipeline.finished import finished_run, load_reference, state_of_place
from matcare.publish.exports import rounded
from matcare.publish.finished import read_run
from matcare.publish.naming import codes_of_place
from matcare.scenario import Scenario


@pytest.fixture(scope="module")
def finished(national_files, snapshot):
    return read_run(national_files, load_reference(snapshot))


def test_counties_come_back_as_they_were_written(finished, national):
    own = rounded(national.counties.sort_values("county_fips", ignore_index=True), COUNTY_RESULTS)
    assert finished.counties["county_fips"].tolist() == own["county_fips"].tolist()
    for column in COUNTY_RESULTS.columns:
        read = finished.counties[column.name]
        if column.kind in {"number", "integer"}:
            wanted = own[column.name].astype("float64").to_numpy()
            assert np.allclose(read.astype("float64").to_numpy(), wanted, equal_nan=True), column.name
        else:
            assert read.isna().tolist() == own[column.name].isna().tolist(), column.name
            held = read.notna()
            assert read[held].astype("str").tolist() == own[column.name][held].astype("str").tolist(), column.name
    shapes = national.counties.sort_values("county_fips").geometry.reset_index(drop=True)
    assert finished.counties.geometry.geom_equals(shapes).all()


def test_every_table_of_a_run_is_read_and_keeps_its_contract(finished):
    held = {"counties.csv", "facilities.csv", "block_groups.parquet", *finished.tables}
    assert held == set(OUTPUTS)
    for name, table in finished.tables.items():
        OUTPUTS[name].validate(table, where=name)


def test_access_of_a_place_is_the_women_weighted_mean(finished):
    groups = finished.block_groups
    here = groups[groups["county_fips"] == "38105"]
    women, minutes = here["women_15_44"], here["minutes_birth_care"]
    found = finished.access("38105").loc["birth_care"]
    assert found["minutes"] == pytest.approx(np.average(minutes, weights=women))
    assert found["share_women_within_30"] == pytest.approx(women[minutes <= 30].sum() / women.sum())
    county = finished.counties.set_index("county_fips").loc["38105"]
    assert found["share_women_within_60"] == pytest.approx(county["share_women_within_60_birth_care"], abs=1e-4)
    assert list(finished.access("US").index) == list(SERVICES)
    assert not finished.is_default("ND")


def test_the_reference_is_the_default_national_run(finished):
    both = finished.state_access.merge(finished.reference.access, on=["place", "service"], suffixes=("", "_kept"))
    assert len(both) == 53 * len(SERVICES)
    for name in ("minutes", "share_women_within_30", "share_women_within_60", "share_women_without_minutes"):
        assert np.allclose(both[name], both[f"{name}_kept"], atol=0.006, equal_nan=True), (
            "run `matcare data baseline` and build again"
        )
    rates = finished.reference.rates.set_index("place")
    pooled = finished.tables["pooled_rates.csv"].set_index(["grouping", "group"])
    assert rates.loc["US", "imr"] == pytest.approx(pooled.loc[("nation", "US"), "imr"], abs=0.005)
    assert rates.loc["ND", "imr_low"] == pytest.approx(pooled.loc[("state", "ND"), "imr_low"], abs=0.005)


def test_women_who_are_unknown_weigh_nothing():
    groups = pd.DataFrame(
        {
            "women_15_44": [10.0, np.nan, 30.0, 0.0],
            **{f"minutes_{service}": [5.0, 90.0, np.nan, 1.0] for service in SERVICES},
        }
    )
    found = access_of_places(groups, pd.Series(["a", "a", "a", "b"])).set_index(["place", "service"])
    assert found.loc[("a", "nicu"), "minutes"] == 5
    assert found.loc[("a", "nicu"), "share_women_within_30"] == 0.25
    assert found.loc[("a", "nicu"), "share_women_without_minutes"] == 0.75
    assert "b" not in found.index.get_level_values("place")


def test_the_nation_is_no_place_of_a_state_s_run(finished):
    dakota = replace(finished, about={**finished.about, "scenario": {"states": ["ND"]}, "region": "North Dakota"})
    with pytest.raises(InputError, match="the nation is not in this run, which covers North Dakota"):
        dakota.county_codes("US")


def test_levels_that_nobody_reports_are_unknown_and_not_zero(finished):
    island = finished.access("PR")
    assert island.loc[["neonatal_2_plus", "neonatal_3_plus"]].drop(columns="women_15_44").isna().all(axis=None)
    assert np.isnan(finished.access("72087").loc["neonatal_3_plus", "share_women_within_60"])
    assert island.loc["birth_care", "share_women_within_60"] > 0.9
    kept = finished.reference.access.set_index(["place", "service"])
    assert np.isnan(kept.loc[("PR", "neonatal_3_plus"), "share_women_within_60"])
    assert finished.access("US").loc["neonatal_3_plus", "share_women_within_60"] == pytest.approx(0.887, abs=0.001)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("72087", "72087"),
        ("Loiza, PR", "72087"),
        ("loíza municipio, puerto rico", "72087"),
        ("Williams County, ND", "38105"),
        ("Dona Ana, NM", "35013"),
        ("Prince George's County, MD", "24033"),
        ("LaSalle Parish, LA", "22059"),
        ("Kalawao", "15005"),
        ("St. Louis city, MO", "29510"),
        ("Baltimore County, MD", "24005"),
    ],
)
def test_a_county_is_found_by_what_people_type(finished, asked, code):
    assert finished.county_codes(asked) == [code]


def test_states_and_the_nation_are_places(finished):
    assert len(finished.county_codes("nd")) == 53
    assert finished.county_codes("North Dakota") == finished.county_codes("38")
    assert len(finished.county_codes("US")) == 3222


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("1001", "Give 01001"),
        ("381051", "five digits"),
        ("99999", "not in this run"),
        ("Washington County", "names 30 counties"),
        ("Baltimore, MD", "names 2 counties"),
        ("Wiliams County, ND", "did you mean Williams County, ND"),
        ("Wiliams, ND", "did you mean Williams County, ND"),
        ("Guam", "Williams County, ND"),
        ("Williams, Dakota", "is no state"),
        ("  ", "empty"),
    ],
)
def test_a_place_that_is_none_is_told_what_would_be_right(finished, asked, words):
    with pytest.raises(InputError, match=words):
        finished.county_codes(asked)


def test_a_state_that_a_run_does_not_cover(finished):
    dakota = finished.counties[finished.counties["state"] == "ND"]
    for asked in ("MN", "Cass County, MN"):
        with pytest.raises(InputError, match="covers North Dakota; run it with --state MN"):
            codes_of_place(dakota, asked, covered="North Dakota")


def test_states_of_places(snapshot):
    assert state_of_place(["38105", "Cass County, MN"], snapshot) == ("MN", "ND")
    assert state_of_place(["US"], snapshot) == ()


def test_a_folder_that_is_no_run_s(tmp_path, snapshot, national_files):
    reference = load_reference(snapshot)
    with pytest.raises(InputError, match="no such folder"):
        read_run(tmp_path / "none", reference)
    with pytest.raises(InputError, match=r"holds no run\.json"):
        read_run(tmp_path, reference)
    (tmp_path / "run.json").write_text(json.dumps({"command": "close"}), encoding="utf-8")
    with pytest.raises(InputError, match="output of `matcare close`"):
        read_run(tmp_path, reference)
    shutil.copy(national_files / "run.json", tmp_path)
    with pytest.raises(InputError, match=r"counties\.csv: missing or empty; make the run again"):
        read_run(tmp_path, reference)
    text = (national_files / "pooled_rates.csv").read_text(encoding="utf-8")
    for name in OUTPUTS:
        (tmp_path / name).symlink_to(national_files / name)
    (tmp_path / "pooled_rates.csv").unlink()
    (tmp_path / "pooled_rates.csv").write_text(text.replace("counties_published", "counties_seen"), encoding="utf-8")
    with pytest.raises(InputError, match="column 'counties_published' is missing"):
        read_run(tmp_path, reference)
    first, second, *rest = text.splitlines()
    changed = second.replace(",3222,", ",many,", 1)
    (tmp_path / "pooled_rates.csv").write_text("\n".join([first, changed, *rest]), encoding="utf-8")
    with pytest.raises(InputError, match=r"pooled_rates\.csv, column 'counties', row 1: 'many' is no number"):
        read_run(tmp_path, reference)
    (tmp_path / "pooled_rates.csv").write_text('a,"b\n1', encoding="utf-8")
    with pytest.raises(InputError, match=r"pooled_rates\.csv: damaged, no table of a run; make the run again"):
        read_run(tmp_path, reference)


def test_a_standing_run_of_the_same_scenario_serves(tmp_path, national_files, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "us").symlink_to(national_files)
    with finished_run(Scenario()) as run:
        assert run.folder.name == "us"
        assert str(run.folder) == "maps/us"


def test_a_run_of_another_scenario_does_not_serve(tmp_path, national_files, monkeypatch):
    from matcare.pipeline import finished as module

    monkeypatch.chdir(tmp_path)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "us").symlink_to(national_files)
    made = []

    def run(scenario, *, data_dir, out, report):
        made.append(scenario)
        shutil.copytree(national_files, out)

    monkeypatch.setattr(module, "run", run)
    with finished_run(Scenario(profile="winter")) as finished:
        assert finished.folder.exists()
    assert made == [Scenario(profile="winter")]
    assert not finished.folder.exists()
