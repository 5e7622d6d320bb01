"""Outcomes by race: the right rows, and none that gives a small count back."""

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.sources.county_health_rankings import read_infant_mortality_by_race
from matcare.tables.outcomes_by_race import compile_outcomes_by_race, race_disclosures
from matcare.tables.snapshot import load_outcomes, load_states

POSTAL = {"32": "NV", "38": "ND", "46": "SD", "09": "CT", "00": "US"}


def made_outcomes():
    rows = [
        ("32001", 104, 10000, "published"), ("32003", None, None, "suppressed"), ("32005", None, None, "suppressed"),
        ("38017", 150, 20000, "published"), ("38001", None, None, "suppressed"), ("38003", None, None, "suppressed"),
        ("46099", 270, 33000, "published"), ("46001", None, None, "suppressed"), ("46003", None, None, "suppressed"),
        ("46005", None, None, "suppressed"),
        ("09110", 40.5, 5000.25, "apportioned"), ("09120", 59.5, 4999.75, "apportioned"),
        ("72001", None, None, "not_reported"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["county_fips", "infant_deaths", "live_births", "outcome_status"])


def made_states(withheld=()):
    rows = [("NV", 130, 12000), ("ND", 180, 23000), ("SD", 320, 38000), ("CT", 100, 10000), ("US", 730, 83000)]
    frame = pd.DataFrame(rows, columns=["state", "infant_deaths", "live_births"])
    frame[["infant_deaths", "live_births"]] = frame[["infant_deaths", "live_births"]].astype(float)
    frame.loc[frame["state"].isin(withheld), ["infant_deaths", "live_births"]] = np.nan
    return frame


ROWS = {
    ("00000", "white"): (475, 60000), ("00000", "aian"): (120, 8000), ("00000", "hispanic"): (60, 8000),
    ("32000", "white"): (70, 8000), ("38000", "white"): (125, 18000), ("46000", "white"): (200, 28000),
    ("09000", "white"): (80, 6000), ("46000", "aian"): (80, 6000), ("09001", "white"): (60, 4000),
    ("32001", "white"): (55, 6500), ("38017", "white"): (105, 15000), ("46099", "white"): (180, 26000),
    ("46099", "aian"): (70, 5000),
}  # fmt: skip
"""Deaths and births: a small nation in which every row has 20 deaths, and what has none has fewer."""


def by_race(changes=()):
    rows = [(*key, *counts) for key, counts in (ROWS | dict(changes)).items()]
    frame = pd.DataFrame(rows, columns=["code", "group", "infant_deaths", "live_births"])
    frame["counts_from"] = np.where(frame["group"] == "hispanic", "derived", "published")
    frame["level"] = np.where(
        frame["code"] == "00000", "nation", np.where(frame["code"].str.endswith("000"), "state", "county")
    )
    return frame


# 46099 has 270 deaths: 196 and 70 leave 4.
FOUR_LEFT = {("46099", "white"): (196, 26000), ("46000", "white"): (216, 28000), ("00000", "white"): (491, 60000)}


def status(table):
    return table.set_index(["place", "group"])["status"].to_dict()


def test_rows_and_their_places():
    table = compile_outcomes_by_race(by_race(), made_outcomes(), made_states())
    assert table["place"].tolist() == ["US"] * 3 + ["CT", "ND", "NV", "SD", "SD", "32001", "38017", "46099", "46099"]
    assert table["place_kind"].value_counts().to_dict() == {"nation": 3, "state": 5, "county": 4}
    assert "09001" not in set(table["place"]), "Connecticut has its state's rows alone"
    assert set(status(table).values()) == {"published", "derived"}, "nothing here needs to be withheld"
    assert status(table)["US", "hispanic"] == "derived"
    assert table.loc[table["place"] == "38017", ["infant_deaths", "live_births"]].to_numpy().tolist() == [[105, 15000]]
    assert race_disclosures(table, made_outcomes(), made_states()).empty


def test_a_remainder_of_four_deaths_takes_the_smallest_row_of_the_county():
    table = compile_outcomes_by_race(by_race(FOUR_LEFT), made_outcomes(), made_states())
    withheld = table[table["status"] == "complementary"]
    assert withheld[["place", "group"]].to_numpy().tolist() == [["46099", "aian"]]
    assert withheld[["infant_deaths", "live_births"]].isna().all(axis=None)
    assert race_disclosures(table, made_outcomes(), made_states()).empty


def test_the_attack_has_teeth():
    """A table that prints everything is found out, by the county's row and by the state's."""
    full = by_race(FOUR_LEFT | {("46000", "aian"): (75, 6000)})
    rows = full[full["code"] != "09001"]
    place = rows["code"].where(rows["level"] == "county", rows["code"].str[:2].map(POSTAL))
    found = race_disclosures(rows.assign(place=place), made_outcomes(), made_states())
    cells = {cell for cells in found["cells"] for cell in cells}
    assert ("infant_deaths", "46099", "unprinted") in cells, "270 less 196 and 70 leaves 4"
    assert ("infant_deaths", "SD, unprinted counties", "aian") in cells, "75 less 70 leaves 5"
    table = compile_outcomes_by_race(full, made_outcomes(), made_states())
    assert race_disclosures(table, made_outcomes(), made_states()).empty
    assert set(table.loc[table["status"] == "complementary", "place"]) <= {"46099", "SD"}


def test_births_are_guarded_like_deaths():
    changes = {("38017", "white"): (120, 19994), ("38000", "white"): (140, 22000), ("00000", "white"): (490, 64000)}
    table = compile_outcomes_by_race(by_race(changes), made_outcomes(), made_states())
    assert status(table)["38017", "white"] == "complementary", "20,000 births less 19,994 leaves 6"


def test_a_withheld_total_needs_no_masking():
    changes = {
        ("32001", "white"): (104, 9800), ("32000", "white"): (124, 11000), ("00000", "white"): (529, 63000),
        ("00000", "aian"): (100, 8000), ("00000", "hispanic"): (40, 6000),
    }  # fmt: skip
    printed = compile_outcomes_by_race(by_race(changes), made_outcomes(), made_states())
    nevada = {key for key, value in status(printed).items() if value == "complementary"}
    assert nevada & {("NV", "white"), ("32001", "white")}, "130 less 124 leaves 6"
    withheld = made_states(withheld=["NV", "SD"])
    table = compile_outcomes_by_race(by_race(changes), made_outcomes(), withheld)
    assert "complementary" not in set(table["status"])
    assert race_disclosures(table, made_outcomes(), withheld).empty


def test_refusals():
    with pytest.raises(InputError, match="no row for 38003"):
        compile_outcomes_by_race(by_race({("38003", "white"): (25, 3000)}), made_outcomes(), made_states())
    with pytest.raises(InputError, match="groups of 38017 together exceed"):
        compile_outcomes_by_race(by_race({("38017", "aian"): (60, 3000)}), made_outcomes(), made_states())


@pytest.mark.shared
def test_the_real_table(shared):
    outcomes, states = load_outcomes(), load_states()
    source = read_infant_mortality_by_race(shared / "county/chr_v129_otherdata_r2026.csv")
    table = compile_outcomes_by_race(source, outcomes, states)
    assert table.groupby(["place_kind", "status"]).size().to_dict() == {
        ("nation", "derived"): 1, ("nation", "published"): 6,
        ("state", "complementary"): 5, ("state", "derived"): 49, ("state", "published"): 183,
        ("county", "complementary"): 324, ("county", "derived"): 243, ("county", "published"): 990,
    }  # fmt: skip
    assert race_disclosures(table, outcomes, states).empty
    county = table[table["place_kind"] == "county"]
    births = source[(source["level"] == "county") & (source["code"].str[:2] != "09")]["live_births"].sum()
    assert county["live_births"].sum() / births == pytest.approx(0.925, abs=0.001), (
        "the rows withheld are the small ones"
    )


def test_a_county_with_hardly_a_birth_hides_nothing():
    # Nevada's printed county has 104 deaths and its groups 98: 6 are left, and two counties of no births add none.
    changes = {
        ("32000", "white"): (98, 8000), ("00000", "white"): (503, 60000), ("00000", "aian"): (95, 8000),
        ("00000", "hispanic"): (25, 8000), ("32001", "white"): (97, 7500),
    }  # fmt: skip
    states = made_states(withheld=("NV", "ND", "US"))
    births = pd.Series({"32003": 0.1, "32005": 0.0, "38001": 90.0, "38003": 90.0})
    trusting = compile_outcomes_by_race(by_race(changes), made_outcomes(), states)
    assert status(trusting)["NV", "white"] == "published"
    assert race_disclosures(trusting, made_outcomes(), states).empty
    given = race_disclosures(trusting, made_outcomes(), states, births)
    assert (("infant_deaths", "NV", "unprinted"),) in set(given["cells"])
    table = compile_outcomes_by_race(by_race(changes), made_outcomes(), states, births)
    assert status(table)["NV", "white"] == "complementary"
    assert race_disclosures(table, made_outcomes(), states, births).empty


def test_hawaii_s_groups_do_not_tell_what_is_left(snapshot):
    """Kalawao has two births in seven years: the four printed counties are the state, but for what it can have."""
    islands = snapshot.outcomes_by_race[snapshot.outcomes_by_race["place"] == "HI"]
    assert (islands["status"] == "complementary").any()
    births = snapshot.counties.set_index("county_fips")["births_per_year"]
    assert race_disclosures(snapshot.outcomes_by_race, snapshot.outcomes, snapshot.states, births).empty
