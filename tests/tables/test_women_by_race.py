"""A user's women by race at block groups: what is accepted and repaired, and how each mistake is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.disparities import WOMEN_BY_RACE
from matcare.errors import InputError
from matcare.tables.women_by_race import read_women_by_race

HEAD = "bg_geoid,women_white,women_black,women_hispanic"
FULL = ("010010201001,100,20,30", "010010201002,80,0,5", "380170001001,200,10,", "380170001002,150,5,15")


@pytest.fixture
def demand():
    return pd.DataFrame(
        {
            "demand_id": ["010010201001", "010010201002", "380170001001", "380170001002", "02013_1"],
            "bg_geoid": ["010010201001", "010010201002", "380170001001", "380170001002", None],
            "people": [900.0, 700.0, 1500.0, 1200.0, 300.0],
            "women_15_44": [160.0, 90.0, 230.0, 180.0, 60.0],
        }
    )


def write(tmp_path, *rows, head=HEAD, name="women.csv"):
    path = tmp_path / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_what_is_needed(tmp_path, demand):
    read = read_women_by_race(write(tmp_path, *FULL), demand)
    WOMEN_BY_RACE.validate(read.women)
    assert read.women.columns.tolist() == WOMEN_BY_RACE.names
    women = read.women.set_index("demand_id")
    assert women.loc["010010201001", ["women_white", "women_black", "women_hispanic"]].tolist() == [100, 20, 30]
    assert women.loc["010010201002", "women_black"] == 0
    assert np.isnan(women.loc["380170001001", "women_hispanic"])
    assert women["women_asian"].isna().all()
    notes = "\n".join(read.notes)
    assert "no column women_asian; that group is not reported" in notes
    assert "1 of 5 demand points have no row (8.3 % of the women)" in notes


def test_other_names_and_the_runs_own_key(tmp_path, demand):
    head = "demand_id,women_two_or_more,women_white,income"
    read = read_women_by_race(write(tmp_path, "02013_1,4,40,9", head=head), demand)
    assert read.women[["demand_id", "women_multiple", "women_white"]].iloc[0].tolist() == ["02013_1", 4, 40]
    assert any("columns not used: income" in note for note in read.notes)


def test_a_lost_zero_and_a_census_prefix_are_repaired_and_reported(tmp_path, demand):
    rows = ("10010201001,100,20,30", "1500000US380170001001,200,10,")
    read = read_women_by_race(write(tmp_path, *rows), demand)
    assert read.women["demand_id"].tolist() == ["010010201001", "380170001001"]
    assert any("1 block groups had lost their leading zero; repaired" in note for note in read.notes)


def test_rows_outside_the_run_are_left_out_and_counted(tmp_path, demand):
    rows = (*FULL, "990010201001,12,1,", "990010201002,0,0,0")
    read = read_women_by_race(write(tmp_path, *rows), demand)
    assert len(read.women) == 4
    assert any("1 block groups (13 women; first: 990010201001) are not in the run" in note for note in read.notes)


def test_hispanic_women_counted_twice_show_in_the_total(tmp_path, demand):
    head = HEAD + ",women_total"
    fine = ("010010201001,100,20,30,151", "380170001001,200,10,,210")
    assert len(read_women_by_race(write(tmp_path, *fine, head=head), demand).women) == 2
    with pytest.raises(InputError, match=r"row 1: the groups add up to 150 women and women_total is 120; all groups"):
        read_women_by_race(write(tmp_path, "010010201001,100,20,30,120", head=head), demand)


@pytest.mark.parametrize(
    ("head", "rows", "message"),
    [
        (HEAD, ("010010201001,-5,1,1",), r"row 1, column 'women_white': '-5' is negative; leave it empty"),
        (HEAD, ("010010201001,5,many,1",), r"row 1, column 'women_black': 'many' should be a number"),
        (HEAD, (*FULL, "010010201001,1,1,1"), r"row 5, column 'bg_geoid': 010010201001 stands in row 1 already"),
        (HEAD, (*FULL, "10010201001,1,1,1"), r"row 5, column 'bg_geoid': 010010201001 stands in row 1 already"),
        (HEAD, ("0100102,1,1,1",), r"row 1, column 'bg_geoid': '0100102' is not a block group; its code has twelve"),
        (HEAD, ("38017000100,1,1,1",), r"'38017000100' has eleven digits and is no block group that lost its leading"),
        (HEAD, (*FULL, ",1,1,1"), r"row 5, column 'bg_geoid': empty; give every row its block group"),
        (
            HEAD,
            ("990010201001,5,1,1", "990010201002,9,1,1"),
            r"is not a block group of the run, and neither are 2 of 2",
        ),
        (HEAD, ("010010201001,1500,1,1",), r"row 1: 1,502 women where 900 people lived in 2020"),
        (
            HEAD,
            ("010010201001,400,1,1", "380170001001,500,1,1"),
            r"904 women in all where these block groups have 390 aged 15-44; give women 15-44, not all ages",
        ),
        (HEAD, ("010010201001,0.6,0.2,0.1",), r"no block group has more than one woman of any group; give counts"),
        (HEAD, ("010010201001,0,0,0",), r"give counts of women 15-44, not shares"),
        ("bg_geoid,white", ("010010201001,5",), r"no column of women by race; give at least one of women_aian"),
        ("tract,women_white", ("01001020100,5",), r"column 'bg_geoid' is missing \(found: tract, women_white\)"),
    ],
)
def test_each_mistake_is_told_in_one_line(tmp_path, demand, head, rows, message):
    with pytest.raises(InputError, match=message) as caught:
        read_women_by_race(write(tmp_path, *rows, head=head), demand)
    assert "\n" not in str(caught.value)
    assert "women.csv" in str(caught.value)
