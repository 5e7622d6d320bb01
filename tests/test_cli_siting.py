"""``matcare site`` with hospitals that have no sign of obstetrics among its candidates."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest

from matcare.pipeline.siting import OtherHospitals, site
from matcare.pipeline.study_area import facilities_in_force
from matcare.scenario import Scenario

DAY = dt.date(2026, 7, 1)
NORTH_DAKOTA = Scenario(states=("ND",))


def offered(scenario, snapshot):
    """The hospitals that are added, and what is said of them."""
    others = OtherHospitals(scenario)
    return others(snapshot, facilities_in_force(scenario, snapshot, DAY)[0]), others.told


def users_file(folder, *rows):
    path = folder / "mine.csv"
    path.write_text("\n".join(["facility_id,facility_name,lat,lon,neonatal_level,state", *rows]) + "\n")
    return path


def test_north_dakota_has_more_than_twenty_candidates_and_real_hospitals_are_chosen(tmp_path, snapshot):
    answer = site(NORTH_DAKOTA, add=3, within=60.0, out=tmp_path / "nd")
    assert answer.found["candidates"] > 20
    units = pd.read_csv(tmp_path / "nd" / "siting_units.csv", dtype={"site_id": str})
    others = snapshot.other_hospitals.set_index("facility_id")
    assert len(units) == 3
    chosen = units[units["site_id"].isin(others.index)]
    assert len(chosen)
    for row in chosen.itertuples():
        assert row.site_name == others.loc[row.site_id, "facility_name"]
        assert (row.state, row.action) == ("ND", "open_service")
    words = (f"{len(offered(NORTH_DAKOTA, snapshot)[0])} of the candidates are hospitals without a sign of obstetrics",)
    assert sum(text.startswith(words) for text in answer.words) == 1
    assert "none known to be able to offer the service" in json.dumps(
        json.loads((tmp_path / "nd/run.json").read_text())
    )


def test_birth_hospitals_are_as_they_were(tmp_path):
    answer = site(
        NORTH_DAKOTA, candidates="birth-hospitals", service="neonatal_3_plus", add=1, within=60.0, out=tmp_path / "nd"
    )
    assert not any("without a sign of obstetrics" in words for words in answer.words)
    assert answer.found["candidates"] == 11


def test_those_of_the_states_asked_for_without_one_kind_of_care(snapshot):
    others = snapshot.other_hospitals
    found, told = offered(Scenario(states=("TX", "ND")), snapshot)
    there = others[others["state"].isin(["TX", "ND"])]
    assert sorted(found["facility_id"]) == sorted(there.loc[there["specialty"].isna(), "facility_id"])
    assert f"({there['specialty'].notna().sum()})" in told[0]
    assert len(offered(Scenario(), snapshot)[0]) == others["specialty"].isna().sum()


def test_a_user_of_facilities_alone_gets_none_of_ours(tmp_path, snapshot):
    mine = users_file(tmp_path, "X1,Prairie Hospital,46.81,-100.78,III,ND")
    assert len(offered(replace(NORTH_DAKOTA, facilities=mine), snapshot)[0]) > 20
    found, told = offered(replace(NORTH_DAKOTA, facilities=mine, facilities_only=True), snapshot)
    assert found.empty
    assert told == ()


@pytest.mark.parametrize(("number", "of"), [("351315", "351315"), ("200052", "201317")])
def test_a_row_of_the_users_wins_over_ours_of_the_same_number(tmp_path, snapshot, number, of):
    row = snapshot.other_hospitals.set_index("facility_id").loc[of]
    scenario = Scenario(states=(row["state"],))
    assert of in set(offered(scenario, snapshot)[0]["facility_id"])
    mine = users_file(tmp_path, f"{number},My Own,{row['lat']},{row['lon']},II,{row['state']}")
    for more in ({}, {"facilities_add": True}):
        found, _ = offered(replace(scenario, facilities=mine, **more), snapshot)
        assert of not in set(found["facility_id"])
        assert len(found) == len(offered(scenario, snapshot)[0]) - 1


def test_evidence_that_the_scenario_takes_for_birth_care_makes_no_candidate(snapshot):
    tiers = ("corroborated", "likely", "claimed")
    evidence = offered(Scenario(), snapshot)[0]["obstetric_evidence"]
    assert set(evidence) == {"none", "unknown"}
    some, _ = offered(Scenario(birth_care_tiers=(*tiers, "none")), snapshot)
    assert len(some) == (evidence == "unknown").sum()
    none, told = offered(Scenario(birth_care_tiers=(*tiers, "none", "unknown")), snapshot)
    assert none.empty
    assert told == ()


def test_a_data_folder_without_the_table_adds_none(snapshot):
    assert offered(Scenario(), replace(snapshot, other_hospitals=None))[0].empty
