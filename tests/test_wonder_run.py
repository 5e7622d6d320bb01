"""A run on a user's own CDC WONDER exports: the whole way, and the attacker on what it writes."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.geo import STATE_FIPS
from matcare.pipeline import analyze
from matcare.pipeline.chosen_outcomes import choose_outcomes
from matcare.publish.folder import OutputFolder
from matcare.publish.results import write_results
from matcare.scenario import Scenario

LEAST_PEOPLE = 250_000
YEARS = "2021; 2022"


def load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


WONDER, attack = load("made_wonder"), load("attack").attack


@pytest.fixture(scope="module")
def exports(snapshot, tmp_path_factory):
    """Made exports by county and by state of two years; counties of 250,000 people and more are named."""
    rng = np.random.default_rng(5)
    counties = snapshot.counties
    counties = counties[counties["state"] != "PR"]
    births = (2 * counties["births_per_year"].fillna(0)).round().astype(int).to_numpy()
    deaths = rng.poisson(births * 0.0056 * rng.gamma(20, 1 / 20, len(births)))
    named = (counties["population"] >= LEAST_PEOPLE).to_numpy()
    rows, totals = [], []
    for state, at in counties.groupby("state").indices.items():
        fips = STATE_FIPS[state]
        for i in at[named[at]]:
            shown = deaths[i] == 0 or deaths[i] >= 10
            name = f"{counties['county_name'].iloc[i]}, {state}"
            rows.append(
                WONDER.place(
                    name, counties["county_fips"].iloc[i], int(deaths[i]) if shown else "Suppressed", int(births[i])
                )
            )
        rest = at[~named[at]]
        if len(rest):
            few = 1 <= deaths[rest].sum() <= 9
            rows.append(
                WONDER.place(
                    f"Unidentified Counties, {state}",
                    f"{fips}999",
                    "Suppressed" if few else int(deaths[rest].sum()),
                    int(births[rest].sum()),
                )
            )
        totals.append(WONDER.place(state, fips, int(deaths[at].sum()), int(births[at].sum())))
    folder = tmp_path_factory.mktemp("wonder")
    by_county = WONDER.export(folder / "county.txt", ["County of Residence"], rows, years=YEARS, show=("True", "True"))
    by_state = WONDER.export(folder / "state.txt", ["State of Residence"], totals, years=YEARS, show=("True", "True"))
    truth = pd.DataFrame({"county_fips": counties["county_fips"], "deaths": deaths, "births": births, "named": named})
    return by_county, by_state, truth


@pytest.fixture(scope="module")
def scenario(exports):
    return Scenario(states=("MN", "ND"), outcomes=exports[:2])


@pytest.fixture(scope="module")
def results(scenario, snapshot):
    return analyze(scenario, snapshot)


def test_counties_get_their_own_counts_and_the_others_say_why(results, exports):
    truth = exports[2].set_index("county_fips")
    counties = pd.DataFrame(results.counties).set_index("county_fips")
    assert set(counties["outcome_period"]) == {"2021-2022"}
    here = truth.loc[counties.index]
    shown = here["named"] & ((here["deaths"] == 0) | (here["deaths"] >= 10))
    assert counties.loc[shown, "infant_deaths"].tolist() == here.loc[shown, "deaths"].tolist()
    assert counties.loc[~shown, "infant_deaths"].isna().all()
    assert set(counties.loc[~here["named"], "imr_status"]) <= {"modelled", "not_identified"}
    unreliable = counties["infant_deaths"] < 20
    assert (counties.loc[unreliable, "imr_status"] == "published_unreliable").all()


def test_counties_that_the_export_does_not_name_are_modelled_near_the_truth(results):
    counties = pd.DataFrame(results.counties)
    modelled = counties[counties["imr_status"] == "modelled"]
    assert len(modelled) > 100
    assert modelled["imr"].isna().all()
    mean = np.average(modelled["imr_modelled"], weights=modelled["births_per_year"])
    assert mean == pytest.approx(5.6, rel=0.12), "the made deaths were drawn at 5.6 per 1,000 everywhere"
    assert (counties.loc[counties["imr_status"] == "not_identified", "births_per_year"] < 10).all()


def test_the_run_says_what_it_stands_on_and_how_few_counties_it_informs(results, scenario, snapshot):
    assert any("counties" in note and "Unidentified Counties" in note for note in results.notes), results.notes
    assert "Linked Birth / Infant Death Records" in results.outcomes.source
    assert results.outcomes.period == "2021-2022"
    chosen = choose_outcomes(scenario, snapshot)
    assert chosen.years == 2
    assert np.isinf(chosen.outcomes.loc[chosen.outcomes["outcome_status"] == "not_identified", "deaths_at_most"]).all()


def test_the_files_say_so_and_give_no_small_count_back(results, scenario, snapshot, tmp_path):
    with OutputFolder(tmp_path / "out") as folder:
        write_results(results, folder.staging)
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["outcomes"]["period"] == "2021-2022"
    assert run["scenario"]["outcomes"] == ["county.txt", "state.txt"]
    assert all("infant mortality by way of County Health" not in text for text in run["licences"].values())
    assert run["licences"]["disparities.csv"].startswith("CDC WONDER data use restrictions")
    assert "chr_v129_2026" not in {source["id"] for source in run["sources"]}
    page = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    assert "1 to 9 infant deaths" in page
    chosen = choose_outcomes(scenario, snapshot)
    found = attack(tmp_path / "out", outcomes=chosen.outcomes, states=chosen.states, by_race=chosen.by_race)
    assert found.empty, found.to_string()


def test_natality_alone_changes_births_and_leaves_deaths(snapshot, tmp_path):
    row = ["Hennepin County, MN", "27053", 28_000]
    path = WONDER.export(
        tmp_path / "births.txt",
        ["County of Residence"],
        [row],
        measures=["Births"],
        dataset=WONDER.NATALITY,
        years=YEARS,
    )
    chosen = choose_outcomes(Scenario(outcomes=(path,)), snapshot)
    hennepin = chosen.counties.set_index("county_fips").loc["27053"]
    assert hennepin["births_per_year"] == 14_000
    assert hennepin["births_per_year_status"] == "registered"
    pd.testing.assert_frame_equal(chosen.outcomes[snapshot.outcomes.columns], snapshot.outcomes)
    at = chosen.demand["county_fips"] == "27053"
    assert chosen.demand.loc[at, "births_per_year"].sum() == pytest.approx(14_000)
    assert any("births alone" in note for note in chosen.notes)


def test_births_of_another_county_are_told(snapshot, tmp_path):
    row = ["Hennepin County, MN", "27053", 9_000_000]
    path = WONDER.export(
        tmp_path / "b.txt", ["County of Residence"], [row], measures=["Births"], dataset=WONDER.NATALITY, years=YEARS
    )
    with pytest.raises(InputError, match="4,500,000 births a year in Hennepin County, MN, where the Census estimates"):
        choose_outcomes(Scenario(outcomes=(path,)), snapshot)


def test_an_export_of_other_states_says_so(exports, snapshot):
    chosen = choose_outcomes(Scenario(states=("PR",), outcomes=exports[:2]), snapshot)
    assert any("78 not_reported: the exports hold no county of it" in note for note in chosen.notes)


def test_a_model_that_the_users_counts_do_not_determine_stops_no_run(scenario, snapshot, monkeypatch):
    def undetermined(*_args, **_options):
        raise InputError("the counts do not determine the model")

    monkeypatch.setattr("matcare.pipeline.outcomes.small_county_rates", undetermined)
    results = analyze(scenario, snapshot)
    assert "no rate is shrunk or modelled: the counts do not determine the model" in results.notes
    assert results.counties[["imr_eb", "imr_modelled"]].isna().all(axis=None)
    assert set(results.counties["imr_status"]) & {"not_identified", "suppressed"}
    with pytest.raises(InputError, match="determine"):
        analyze(Scenario(states=("VT",)), snapshot)
