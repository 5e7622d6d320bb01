"""A user's exports in place of the embedded outcomes: who gets a rate, what is known of the rest, and what is withheld."""

import importlib.util
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from matcare.contracts import OUTCOMES, STATES_TABLE
from matcare.errors import InputError
from matcare.geo import STATES
from matcare.tables.user_outcomes import outcomes_from_exports
from matcare.tables.wonder_pooling import years_in_words

SPEC = importlib.util.spec_from_file_location("made_wonder", Path(__file__).parents[1] / "made_wonder.py")
made = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(made)

place = made.place

# Women 15-44 of the parts in which Connecticut's legacy counties and planning regions overlap (Census, ACS).
CONNECTICUT = pd.DataFrame(
    [
        ("09001", "09120", 62898), ("09001", "09140", 7678), ("09001", "09190", 107847), ("09003", "09110", 159556),
        ("09003", "09140", 12222), ("09003", "09160", 2058), ("09005", "09140", 9593), ("09005", "09160", 16347),
        ("09005", "09190", 5775), ("09007", "09130", 29263), ("09009", "09140", 54613), ("09009", "09170", 112875),
        ("09011", "09130", 1239), ("09011", "09150", 456), ("09011", "09180", 45229), ("09013", "09110", 29319),
        ("09013", "09150", 156), ("09015", "09150", 16224), ("09015", "09180", 6064),
    ],
    columns=["old", "new", "women"],
)  # fmt: skip
WEIGHTS = CONNECTICUT.assign(weight=CONNECTICUT["women"] / CONNECTICUT.groupby("old")["women"].transform("sum"))
LEGACY = sorted(set(WEIGHTS["old"]))

COUNTIES = pd.DataFrame(
    {
        "county_fips": [
            "10001", "10003", "10005", "20091", "20173", "20001", "20003", "39035", "39049", "39095", "39001", "38017",
            *sorted(set(WEIGHTS["new"])), "72001",
        ]
    }
)  # fmt: skip
ALL_STATES = pd.DataFrame({"state": [*STATES, "US"]})
DELAWARE, KANSAS, OHIO = (
    place(*row) for row in (("Delaware", "10", 340, 52000), ("Kansas", "20", 757, 170000), ("Ohio", "39", 4045, 646000))
)


def read(*paths):
    return outcomes_from_exports(paths, COUNTIES, ALL_STATES, WEIGHTS)


def refused(*paths, match):
    with pytest.raises(InputError, match=match) as error:
        read(*paths)
    assert "\n" not in str(error.value)


def status(user):
    return user.outcomes.set_index("county_fips")["outcome_status"].to_dict()


def total(user, state):
    return user.states.set_index("state").loc[state, ["infant_deaths", "live_births", "outcome_status"]].tolist()


# Counties.


def test_who_gets_a_rate(tmp_path):
    user = read(made.counties(tmp_path / "c.txt"))
    found = status(user)
    assert {code: found[code] for code in ("39035", "39095", "20173", "20001", "10001", "38017", "72001", "09110")} == {
        "39035": "published", "39095": "published", "20173": "suppressed", "20001": "not_identified", "10001": "not_identified",
        "38017": "not_reported", "72001": "not_reported", "09110": "not_reported",
    }  # fmt: skip
    table = user.outcomes.set_index("county_fips")
    assert table.index.tolist() == sorted(COUNTIES["county_fips"])
    assert table.loc["39095", ["infant_deaths", "live_births"]].tolist() == [15, 26000]
    assert table.loc[table["outcome_status"] != "published", ["infant_deaths", "live_births"]].isna().all(axis=None)
    assert user.period == "2018-2022"
    assert user.years == (2018, 2019, 2020, 2021, 2022)


def test_columns_are_those_of_the_contracts(tmp_path):
    user = read(made.counties(tmp_path / "c.txt"), made.states(tmp_path / "s.txt", [DELAWARE, KANSAS, OHIO]))
    assert user.outcomes.columns.tolist() == [*OUTCOMES.names, "deaths_at_least", "deaths_at_most"]
    assert set(user.states.columns) <= set(STATES_TABLE.names)
    assert set(user.states["outcome_status"]) == {"published", "complementary", "not_reported"}
    assert set(user.states["outcome_status"]) <= set(STATES_TABLE.column("outcome_status").values)
    assert user.states["state"].tolist() == ALL_STATES["state"].tolist()


def test_what_is_known_of_the_rest(tmp_path):
    table = read(made.counties(tmp_path / "c.txt")).outcomes.set_index("county_fips")
    assert table.loc["39035", ["deaths_at_least", "deaths_at_most"]].tolist() == [520, 520]
    assert table.loc["20173", ["deaths_at_least", "deaths_at_most"]].tolist() == [0, 9], (
        "zeros are not shown in the file"
    )
    assert table.loc["20001", "deaths_at_least"] == 0
    assert pd.isna(table.loc["20001", "deaths_at_most"])
    with_zeros = read(made.counties(tmp_path / "z.txt", show=("True", "True"))).outcomes.set_index("county_fips")
    assert with_zeros.loc["20173", ["deaths_at_least", "deaths_at_most"]].tolist() == [1, 9]


def test_it_says_how_few_counties_it_informs(tmp_path):
    note = read(made.counties(tmp_path / "c.txt")).notes[-1]
    stateside = len(COUNTIES) - 1
    assert f"names 6 of {stateside} counties (CDC WONDER names those of 250,000 people and more)" in note
    assert (
        "5 get a rate of their own (1 of them on fewer than 20 deaths), 1 suppressed, 1-9 deaths, 5 in 'Unidentified"
        in note
    )
    assert f"{stateside - 11} not in the export" in note


def test_the_source_is_cited(tmp_path):
    source = read(made.counties(tmp_path / "c.txt")).source
    assert source.startswith(
        "CDC WONDER, Linked Birth / Infant Death Records, 2007-2022, query of Nov 2, 2026 9:15:07 AM. Centers for Disease"
    )


def test_zero_is_a_count(tmp_path):
    user = read(made.counties(tmp_path / "c.txt", [place("Franklin County, OH", "39049", 0, 900)]))
    assert user.outcomes.set_index("county_fips").loc["39049", ["infant_deaths", "outcome_status"]].tolist() == [
        0,
        "published",
    ]


def test_no_births_no_rate(tmp_path):
    user = read(
        made.counties(
            tmp_path / "c.txt",
            [place("Franklin County, OH", "39049", 0, 0), place("Lucas County, OH", "39095", 15, 2000)],
        )
    )
    assert status(user)["39049"] == "not_reported"
    assert any("no births in the period" in note for note in user.notes)


def test_only_the_counties_that_were_asked_for_are_told_about(tmp_path):
    asked = {"States": "Cuyahoga County, OH (39035); Franklin County, OH (39049)"}
    user = read(made.counties(tmp_path / "c.txt", made.COUNTIES[5:7], parameters=asked))
    assert status(user)["39001"] == "not_reported", "the query did not ask for it: it is not among the unidentified"
    assert total(user, "OH")[2] == "not_reported"


@pytest.mark.parametrize(
    ("code", "words"),
    [("02261", "it was split into 02063 and 02066 in 2019"), ("51560", "no county of 2024 has that code")],
)
def test_a_county_that_is_none_any_more(tmp_path, code, words):
    refused(
        made.counties(tmp_path / "c.txt", [place("Gone, XX", code, 20, 3000)]),
        match=f"there is no county {code} .{words}",
    )


def test_connecticuts_legacy_counties_are_moved_when_all_eight_are_there(tmp_path):
    rows = [place(f"County {code}, CT", code, 100 + number, 20000 + number) for number, code in enumerate(LEGACY)]
    user = read(made.counties(tmp_path / "c.txt", rows))
    table = user.outcomes.set_index("county_fips")
    regions = table[table.index.str[:2] == "09"]
    assert set(regions["outcome_status"]) == {"apportioned"}
    assert regions["infant_deaths"].sum() == pytest.approx(828)
    assert regions["live_births"].sum() == pytest.approx(160028)
    # by hand: the region of 09011, 09013 and 09015
    share = WEIGHTS.set_index(["old", "new"])["weight"]
    by_hand = sum(share[code, "09150"] * (100 + LEGACY.index(code)) for code in ("09011", "09013", "09015"))
    assert regions.loc["09150", "infant_deaths"] == pytest.approx(by_hand)
    assert total(user, "CT") == [828, 160028, "published"]


@pytest.mark.parametrize("lacking", ["row", "suppressed"])
def test_connecticut_in_part_is_not_reported(tmp_path, lacking):
    rows = [place(f"County {code}, CT", code, 100, 20000) for code in LEGACY]
    rows[3] = place("Middlesex County, CT", "09007", "Suppressed", 9000)
    user = read(
        made.counties(
            tmp_path / "c.txt",
            [*(rows if lacking == "suppressed" else rows[:3]), place("Unidentified Counties, CT", "09999", 90, 9000)],
        )
    )
    assert {status(user)[code] for code in set(WEIGHTS["new"])} == {"not_reported"}
    assert any("legacy counties" in note for note in user.notes)


def test_planning_regions_need_no_weights(tmp_path):
    rows = [
        place("Capitol Planning Region, CT", "09110", 120, 24000),
        place("Unidentified Counties, CT", "09999", 150, 30000),
    ]
    user = read(made.counties(tmp_path / "c.txt", rows))
    assert (status(user)["09110"], status(user)["09120"]) == ("published", "not_identified")


# Years.


def yearly(path, rows, years="2018; 2019", **options):
    table = [[name, code, year, year, deaths, births] for name, code, year, deaths, births in rows]
    return made.export(
        path, ["County of Residence", "Year of Death"], table, measures=["Deaths", "Births"], years=years, **options
    )


def test_years_are_pooled_and_one_suppressed_year_suppresses_the_pool(tmp_path):
    rows = [
        ("Cuyahoga County, OH", "39035", 2018, 100, 14000), ("Cuyahoga County, OH", "39035", 2019, 110, 14100),
        ("Lucas County, OH", "39095", 2018, "Suppressed", 5000), ("Lucas County, OH", "39095", 2019, 12, 5000),
        ("Franklin County, OH", "39049", 2019, 120, 18000),
    ]  # fmt: skip
    user = read(yearly(tmp_path / "y.txt", rows, show=("True", "True")))
    table = user.outcomes.set_index("county_fips")
    assert table.loc["39035", ["infant_deaths", "live_births"]].tolist() == [210, 28100]
    assert table.loc["39095", ["outcome_status", "deaths_at_least", "deaths_at_most"]].tolist() == [
        "suppressed",
        13,
        21,
    ]
    assert table.loc["39049", "outcome_status"] == "not_identified", "no row in 2018: it was not named in that year"
    assert table.loc["39049", "deaths_at_least"] == 120
    assert pd.isna(table.loc["39049", "deaths_at_most"])
    assert sum("years are pooled" in note for note in user.notes) == 2


def test_exports_of_following_years_are_pooled(tmp_path):
    user = read(
        made.counties(tmp_path / "a.txt", [place("Cuyahoga County, OH", "39035", 300, 42000)], years="2018; 2019"),
        made.counties(tmp_path / "b.txt", [place("Cuyahoga County, OH", "39035", 200, 28000)], years="2020; 2022"),
    )
    assert user.outcomes.set_index("county_fips").loc["39035", "infant_deaths"] == 500
    assert user.period == "2018-2020, 2022"


def test_overlapping_years_are_refused(tmp_path):
    one = made.counties(tmp_path / "a.txt", years="2018; 2019")
    refused(one, made.counties(tmp_path / "b.txt", years="2019; 2020"), match=r"b\.txt: .* in 2019 is in .*a\.txt too")
    refused(one, one, match="in 2018 is in")


def test_the_same_years_of_other_states_are_put_together(tmp_path):
    user = read(
        made.counties(tmp_path / "a.txt", made.COUNTIES[:2]), made.counties(tmp_path / "b.txt", made.COUNTIES[5:])
    )
    assert (status(user)["10003"], status(user)["39035"]) == ("published", "published")


def test_states_of_other_years_are_refused(tmp_path):
    refused(
        made.counties(tmp_path / "a.txt", made.COUNTIES[:2], years="2018; 2019"),
        made.counties(tmp_path / "b.txt", made.COUNTIES[5:], years="2019; 2020"),
        match="has no 20(18|20), which another export has",
    )
    refused(
        made.counties(tmp_path / "c.txt"),
        made.states(tmp_path / "s.txt", [OHIO], years="2018"),
        match="state 39 .state rows. has no 2019",
    )


# States and the nation.


def test_a_state_is_the_sum_of_its_rows_only_when_none_is_suppressed(tmp_path):
    user = read(made.counties(tmp_path / "c.txt"))
    assert total(user, "OH") == [4045, 646000, "published"]
    assert np.isnan(total(user, "KS")[0])
    assert total(user, "KS")[2] == "not_reported"
    assert total(user, "US")[2] == "not_reported"
    assert any("no total of KS" in note for note in user.notes)


def test_rows_that_may_be_hidden_leave_the_state_open(tmp_path):
    user = read(made.counties(tmp_path / "c.txt", made.COUNTIES[5:], show=("False", "False")))
    assert total(user, "OH")[2] == "not_reported"


def test_the_states_own_row_wins(tmp_path):
    user = read(
        made.counties(tmp_path / "c.txt", made.COUNTIES[5:], show=("False", "False")),
        made.states(tmp_path / "s.txt", [OHIO]),
    )
    assert total(user, "OH") == [4045, 646000, "published"]


@pytest.mark.parametrize(
    "row", [place("Ohio", "39", 4046, 646000), place("Ohio", "39", 4045, 646001), place("Kansas", "20", 790, 170000)]
)
def test_a_state_that_is_not_the_sum_of_its_counties(tmp_path, row):
    refused(
        made.counties(tmp_path / "c.txt"),
        made.states(tmp_path / "s.txt", [row]),
        match="are not the sum of its county rows",
    )


def test_states_alone_leave_every_county_unreported(tmp_path):
    user = read(made.states(tmp_path / "s.txt", [DELAWARE, KANSAS]))
    assert set(status(user).values()) == {"not_reported"}
    assert total(user, "KS") == [757, 170000, "published"]
    assert any("every county is not_reported" in note for note in user.notes)


def nation(path, deaths, births):
    return made.export(
        path, ["Year of Death"], [["2022", "2022", deaths, births]], measures=["Deaths", "Births"], years="2022"
    )


def all_states(path, suppressed=()):
    names = [(name, code) for postal, name in STATES.items() if postal != "PR" for code in [made_code(postal)]]
    rows = [place(name, code, "Suppressed" if code in suppressed else 100 + int(code), 20000) for name, code in names]
    return made.states(path, rows, years="2022")


def made_code(postal):
    from matcare.geo import STATE_FIPS

    return STATE_FIPS[postal]


def test_the_nation_is_the_sum_of_all_states(tmp_path):
    expected = sum(100 + int(made_code(postal)) for postal in STATES if postal != "PR")
    assert total(read(all_states(tmp_path / "s.txt")), "US") == [expected, 51 * 20000, "published"]
    refused(
        all_states(tmp_path / "s.txt"),
        nation(tmp_path / "n.txt", expected + 1, 51 * 20000),
        match="nation's infant deaths are not the sum",
    )


# Nothing small comes back.


def test_a_total_that_would_give_the_suppressed_county_back_is_withheld(tmp_path):
    user = read(made.counties(tmp_path / "c.txt"), made.states(tmp_path / "s.txt", [DELAWARE, KANSAS, OHIO]))
    assert total(user, "KS")[2] == "complementary", "757 - 150 - 600 are 7 deaths in Sedgwick County"
    assert np.isnan(total(user, "KS")[0])
    assert total(user, "OH") == [4045, 646000, "published"]
    assert any("totals of KS are withheld" in note for note in user.notes)


def test_the_years_before_pooling_are_no_way_round(tmp_path):
    rows = [
        ("Johnson County, KS", "20091", 2018, 70, 9000), ("Johnson County, KS", "20091", 2019, 80, 9000),
        ("Sedgwick County, KS", "20173", 2018, "Suppressed", 7000), ("Sedgwick County, KS", "20173", 2019, 40, 7000),
        ("Unidentified Counties, KS", "20999", 2018, 100, 20000), ("Unidentified Counties, KS", "20999", 2019, 110, 20000),
    ]  # fmt: skip
    state = made.states(tmp_path / "s.txt", [place("Kansas", "20", 405, 72000)], years="2018; 2019")
    assert total(read(yearly(tmp_path / "y.txt", rows), state), "KS")[2] == "complementary", (
        "405 less 400 given are 5 in 2018"
    )


def test_the_nation_less_the_others_is_no_way_round(tmp_path):
    """One state suppressed, the nation given: the nation less fifty states is a count of 1-9."""
    known = sum(100 + int(made_code(postal)) for postal in STATES if postal not in ("PR", "WY"))
    user = read(all_states(tmp_path / "s.txt", suppressed={"56"}), nation(tmp_path / "n.txt", known + 6, 51 * 20000))
    table = user.states.set_index("state")
    hidden = table.index[table["outcome_status"] == "complementary"].tolist()
    assert hidden, "something must be hidden beside Wyoming"
    open_to_reader = table["infant_deaths"].drop("US").drop(["PR", "WY"])
    assert table.loc["US", "outcome_status"] == "complementary" or open_to_reader.isna().any()


SMALL = range(1, 10)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deaths=st.lists(st.integers(0, 24), min_size=3, max_size=3),
    lump=st.one_of(st.none(), st.integers(10, 60)),
)
@example(deaths=[5, 7, 15], lump=None)
@example(deaths=[9, 9, 20], lump=30)
@example(deaths=[4, 12, 20], lump=30)
def test_an_attacker_who_tries_every_number_finds_none_of_1_to_9(tmp_path, deaths, lump):
    """Brute force over all whole numbers: whoever has the outputs and the file's unidentified row learns no small count."""
    codes = ["39035", "39049", "39095"]
    rows = [[f"County {code}, OH", code, count, 5000] for code, count in zip(codes, deaths, strict=True)]
    rows += [["Unidentified Counties, OH", "39999", lump, 9000]] if lump is not None else []
    state = [["Ohio", "39", sum(deaths) + (lump or 0), 15000 + (9000 if lump is not None else 0)]]
    three = pd.DataFrame({"county_fips": codes})
    paths = [
        made.counties(tmp_path / "c.txt", rows, measures=["Deaths", "Births"], show=("True", "True")),
        made.states(tmp_path / "s.txt", state, measures=["Deaths", "Births"]),
    ]
    user = outcomes_from_exports(paths, three, pd.DataFrame({"state": ["OH", "US"]}), WEIGHTS)
    shown = user.outcomes.set_index("county_fips").loc[codes, "infant_deaths"]
    assert not shown.isin(SMALL).any()
    assert shown.isna().tolist() == [count in SMALL for count in deaths]
    whole = total(user, "OH")[0]
    assert not 1 <= whole <= 9
    if np.isnan(whole):
        return
    open_codes = [code for code in codes if np.isnan(shown[code])]
    possible = [
        values for values in product(SMALL, repeat=len(open_codes)) if shown.sum() + sum(values) + (lump or 0) == whole
    ]
    assert possible
    for position in range(len(open_codes)):
        assert len({values[position] for values in possible}) > 1, "a suppressed count is pinned"


# Groups.


def test_age_at_death_is_summed_and_births_are_taken_once(tmp_path):
    rows = [
        ["Ohio", "39", age, age, deaths, 646000] for age, deaths in (("Under 28 days", 2700), ("28-364 days", 1345))
    ]
    path = made.export(
        tmp_path / "a.txt", ["State of Residence", "Age of Infant at Death"], rows, measures=["Deaths", "Births"]
    )
    assert total(read(path), "OH") == [4045, 646000, "published"]


@pytest.mark.parametrize(
    ("change", "shown", "why"), [("Suppressed", "True", "suppressed"), (1345, "False", "may be hidden")]
)
def test_groups_that_do_not_add_up_are_refused(tmp_path, change, shown, why):
    rows = [
        ["Ohio", "39", age, age, deaths, 646000] for age, deaths in (("Under 28 days", 2700), ("28-364 days", change))
    ]
    path = made.export(
        tmp_path / "a.txt",
        ["State of Residence", "Age of Infant at Death"],
        rows,
        measures=["Deaths", "Births"],
        show=("False", shown),
    )
    refused(path, match=f"'Age of Infant at Death', and .*{why}.*export again without 'Age of Infant at Death'")


@pytest.mark.parametrize(
    "parameter",
    [{"Age of Infant at Death": "Under 1 day"}, {"Mother's Bridged Race": "White"}, {"ICD-10 Codes": "P07"}],
)
def test_a_query_for_some_mothers_or_deaths_is_refused(tmp_path, parameter):
    refused(made.counties(tmp_path / "c.txt", parameters=parameter), match=f"the query took {next(iter(parameter))} = ")


def test_a_nation_that_is_one_state_is_refused(tmp_path):
    path = made.export(
        tmp_path / "n.txt",
        ["Year of Death"],
        [["2022", "2022", 800, 130000]],
        measures=["Deaths", "Births"],
        years="2022",
        parameters={"States": "Ohio (39)"},
    )
    refused(path, match=r"limited to 'Ohio \(39\)'")


RACES = (
    ("White", 2000, 400000),
    ("Black or African American", 1200, 120000),
    ("Asian", 90, 25000),
    ("More than one race", 200, 30000),
)


def raced(path, rows, columns=("State of Residence", "Mother's Single Race 6"), **options):
    return made.export(
        path, list(columns), [["Ohio", "39", *row] for row in rows], measures=["Deaths", "Births"], **options
    )


def groups(user):
    return {
        (row.place, row.group): (row.infant_deaths, row.live_births, row.status) for row in user.by_race.itertuples()
    }


def test_by_race(tmp_path):
    rows = [[label, label, deaths, births] for label, deaths, births in RACES] + [
        ["Unknown or Not Stated", "9", 50, 5000]
    ]
    user = read(raced(tmp_path / "r.txt", rows))
    assert user.race_standard == "single_6"
    assert groups(user) == {
        ("OH", "white"): (2000, 400000, "published"), ("OH", "black"): (1200, 120000, "published"),
        ("OH", "asian"): (90, 25000, "published"), ("OH", "multiple"): (200, 30000, "published"),
    }  # fmt: skip
    assert total(user, "OH") == [3540, 580000, "published"], "the total has those of whom no race is stated"
    assert any("Unknown or Not Stated" in note for note in user.notes)
    assert any("races hold Hispanic mothers too" in note for note in user.notes)


def test_hispanic_mothers_are_of_any_race(tmp_path):
    rows = [
        ["White", "1", "Hispanic or Latino", "1", 100, 20000], ["Asian", "2", "Hispanic or Latino", "1", 10, 2000],
        ["White", "1", "Not Hispanic or Latino", "2", 900, 200000], ["White", "1", "Unknown or Not Stated", "9", 11, 900],
    ]  # fmt: skip
    user = read(
        raced(
            tmp_path / "r.txt",
            rows,
            columns=["State of Residence", "Mother's Single Race 6", "Mother's Hispanic Origin"],
        )
    )
    assert groups(user) == {("OH", "hispanic"): (110, 22000, "published"), ("OH", "white"): (900, 200000, "published")}
    assert not any("races hold Hispanic" in note for note in user.notes)


def test_a_suppressed_group_takes_a_second_with_it(tmp_path):
    rows = [[label, label, deaths, births] for label, deaths, births in RACES]
    rows.append(["American Indian or Alaska Native", "3", "Suppressed", 900])
    races = raced(tmp_path / "r.txt", rows)
    refused(races, match="export again without")
    user = read(
        races, made.states(tmp_path / "s.txt", [["Ohio", "39", 3490 + 4, 575900]], measures=["Deaths", "Births"])
    )
    found = groups(user)
    assert found["OH", "aian"][2] == "suppressed"
    assert [key for key, value in found.items() if value[2] == "complementary"] == [("OH", "asian")], (
        "the fewest births"
    )
    assert np.isnan(found["OH", "asian"][0])
    assert np.isnan(found["OH", "asian"][1])
    assert total(user, "OH")[0] == 3494
    assert any("1 rows by race are withheld" in note for note in user.notes)


def test_the_nations_group_less_the_states_is_no_way_round(tmp_path):
    """All states but Wyoming have their Asian deaths, and so has the nation: the difference is Wyoming's."""
    names = [(name, made_code(postal)) for postal, name in STATES.items() if postal != "PR"]
    rows = [
        [name, code, "Asian", "A", "Suppressed" if code == "56" else 100 + int(code), 20000] for name, code in names
    ]
    known = sum(100 + int(code) for _, code in names if code != "56")
    user = read(
        all_states(tmp_path / "s.txt"),
        made.export(tmp_path / "r.txt", ["State", "Mother's Single Race 6"], rows, measures=["Deaths", "Births"], years="2022"),
        made.export(tmp_path / "n.txt", ["Mother's Single Race 6"], [["Asian", "A", known + 6, 1020000]], measures=["Deaths", "Births"], years="2022"),
        nation(tmp_path / "t.txt", sum(100 + int(code) for _, code in names), 51 * 20000),
    )  # fmt: skip
    found = groups(user)
    assert found["WY", "asian"][2] == "suppressed"
    assert [key for key, value in found.items() if value[2] == "complementary"], (
        "the nation or a second state has to go"
    )


def test_a_group_with_hidden_rows_is_suppressed_or_unknown_never_short(tmp_path):
    rows = [["Asian", "A", year, year, 40, 9000] for year in (2018, 2019)] + [["White", "W", 2018, 2018, 900, 90000]]
    columns = ["State of Residence", "Mother's Single Race 6", "Year of Death"]
    path = raced(tmp_path / "r.txt", rows, columns=columns, years="2018; 2019", show=("False", "False"))
    plain = made.states(
        tmp_path / "s.txt", [["Ohio", "39", 2600, 270000]], measures=["Deaths", "Births"], years="2018; 2019"
    )
    found = groups(read(path, plain))
    assert found["OH", "asian"][2] == "published"
    assert found["OH", "white"][2] == "not_reported"


def test_races_of_fewer_years_are_refused(tmp_path):
    races = raced(tmp_path / "r.txt", [["White", "W", 2000, 400000], ["Asian", "A", 90, 25000]], years="2018; 2019")
    refused(
        made.states(tmp_path / "s.txt", [OHIO]),
        races,
        match=r"r\.txt: of 2018-2019, where other exports are of 2018-2022",
    )


def test_two_standards_of_race_in_two_files(tmp_path):
    plain = made.states(tmp_path / "s.txt", [OHIO, KANSAS])
    one = raced(tmp_path / "a.txt", [["White", "W", 2000, 400000], ["Asian", "A", 90, 25000]])
    other = made.export(
        tmp_path / "b.txt",
        ["State of Residence", "Mother's Bridged Race"],
        [["Kansas", "20", "White", "W", 500, 110000], ["Kansas", "20", "Asian or Pacific Islander", "A", 40, 9000]],
        measures=["Deaths", "Births"],
    )
    refused(plain, one, other, match="another standard")


# Natality.


def natality(path, rows, **options):
    return made.export(path, ["County of Residence"], rows, measures=["Births"], dataset=made.NATALITY, **options)


def test_natality_gives_births_and_touches_no_outcome(tmp_path):
    rows = [
        ["Cuyahoga County, OH", "39035", 70000],
        ["Cass County, ND", "38017", 12500],
        ["Unidentified Counties, ND", "38999", 30000],
    ]
    user = read(natality(tmp_path / "b.txt", rows))
    assert user.outcomes is None
    assert user.states is None
    assert user.births.to_numpy().tolist() == [["38017", 2500, 5], ["39035", 14000, 5]]
    assert any("births of 2 counties" in note and "100,000 people" in note for note in user.notes)
    assert user.source.startswith("CDC WONDER, Natality, 2016-2024 expanded")


def test_natality_beside_deaths_may_be_of_other_years(tmp_path):
    user = read(
        made.counties(tmp_path / "c.txt"),
        natality(tmp_path / "b.txt", [["Cuyahoga County, OH", "39035", 28000]], years="2023; 2024"),
    )
    assert user.births["births_per_year"].tolist() == [14000]
    assert status(user)["39035"] == "published"


def test_natality_by_legacy_county(tmp_path):
    user = read(natality(tmp_path / "b.txt", [["County", code, 10000] for code in LEGACY], years="2020"))
    assert user.births["births_per_year"].sum() == pytest.approx(80000)
    assert len(user.births) == 9
    assert read(
        natality(tmp_path / "d.txt", [["County", code, 10000] for code in LEGACY[:3]], years="2020")
    ).births.empty


def test_the_sites_own_natality_by_payer_is_refused_with_words(shared):
    path = shared / "state" / "wonder_natality_payment_state_2019_2024.csv.gz"
    assert read(path).births.empty, "by state: no county's births follow"


def test_nothing_given():
    with pytest.raises(InputError, match="no export of CDC WONDER given"):
        read()


@pytest.mark.parametrize(("years", "words"), [([2021], "2021"), ([2018, 2019, 2021], "2018-2019, 2021")])
def test_years_in_words(years, words):
    assert years_in_words(years) == words


@pytest.mark.parametrize("show", [("False", "True"), ("True", "True")])
def test_a_part_of_a_state_is_not_its_total(tmp_path, show):
    named = place("New Castle County, DE", "10003", 190, 29500)
    rest = place("Unidentified Counties, DE", "10999", 150, 21500)
    whole = read(made.counties(tmp_path / "whole.txt", [named, rest], show=show))
    assert total(whole, "DE") == [340, 51000, "published"]
    part = read(made.counties(tmp_path / "part.txt", [named], show=show))
    assert total(part, "DE")[2] == "not_reported"
    assert any("no total of DE" in note for note in part.notes)


def test_a_year_without_its_unidentified_counties_makes_no_total(tmp_path):
    rows = [
        [name, code, year, year, deaths, births, made.rate(deaths, births)]
        for year in (2021, 2022)
        for name, code, deaths, births in (
            ("New Castle County, DE", "10003", 40, 5900),
            ("Unidentified Counties, DE", "10999", 30, 4500),
        )
    ]
    by_year = ["County of Residence", "Year of Death"]
    whole = read(made.export(tmp_path / "whole.txt", by_year, rows, years="2021; 2022"))
    assert total(whole, "DE") == [140, 20800, "published"]
    lacking = read(made.export(tmp_path / "lacking.txt", by_year, rows[:-1], years="2021; 2022"))
    assert total(lacking, "DE")[2] == "not_reported"
