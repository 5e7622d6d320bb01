"""Readers of the indicators: County Health Rankings, SVI parts, women by age, births of the Area Health Resources Files."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.sources import birth_outcomes, chr_measures, svi_parts, women_by_age

V037 = "statecode,countycode,num,denom,rate,rse\n"
V166 = "statecode,countycode,v166_numerator,v166_denominator,v166_rawvalue,v166_flag_CT\n"
V141 = "statecode,countycode,rawvalue,v141_rawvalue\n"
SVI = (
    "FIPS,E_TOTPOP,E_MINRTY,RPL_THEME1,RPL_THEME2,RPL_THEME4,EP_SNGPNT,EP_NOHSDP,EP_UNEMP,EP_HBURD,EP_CROWD,EP_LIMENG,"
    "E_AFAM,E_HISP,E_AIAN,E_ASIAN,E_NHPI,E_TWOMORE,E_OTHERRACE\n"
)
AHRF = "fips,ahrf_births_3yr,ahrf_preterm,ahrf_lbw,ahrf_vlbw\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="t.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_low_birthweight_leaves_the_state_rows_out_and_keeps_blanks(written):
    path = written(V037 + "00,000,100,1000,0.1,1\n01,000,100,1000,0.1,1\n1,001,25,200,0.125,1\n01,003,,,,\n")
    table = chr_measures.read_low_birthweight(path)
    assert table["code"].tolist() == ["01001", "01003"]
    assert table["low_birthweight_births"].tolist()[0] == 25
    assert table.loc[1, ["low_birthweight_births", "births"]].isna().all()


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("01,001,200,25,0.125,1", "exchanged"),
        ("01,001,25,200,0.2,1", "exchanged"),
        ("01,001,9,200,0.045,1", "1-9"),
        ("01,001,25,,,", "blank where"),
        ("01,001,25,200,0.125,1\n01,001,25,200,0.125,1", "twice"),
        ("01,001,many,200,0.125,1", "'many' should be a number"),
    ],
)
def test_low_birthweight_refusals(written, row, part):
    with pytest.raises(InputError, match=part) as error:
        chr_measures.read_low_birthweight(written(V037 + row + "\n"))
    assert "\n" not in str(error.value)


def test_a_small_count_is_not_in_its_own_message(written):
    with pytest.raises(InputError) as error:
        chr_measures.read_low_birthweight(written(V037 + "01,001,7,140,0.05,1\n"))
    assert "'7'" not in str(error.value)


def test_broadband_keeps_connecticuts_planning_regions_only(written):
    path = written(V166 + "09,001,,,,U\n09,110,90,100,0.9,A\n01,001,80,100,0.8,\n01,000,80,100,0.8,\n")
    table = chr_measures.read_broadband(path).set_index("county_fips")["share_households_broadband"]
    assert table.to_dict() == {"09110": 0.9, "01001": 0.8}
    with pytest.raises(InputError, match="exchanged"):
        chr_measures.read_broadband(written(V166 + "01,001,100,80,1.25,\n"))


def test_segregation_reads_the_published_column(written):
    path = written(V141 + "36,103,56.7,\n01,001,40,41.5\n01,000,50,50\n")
    table = chr_measures.read_segregation(path).set_index("county_fips")["segregation_black_white"]
    assert np.isnan(table["36103"])
    assert table["01001"] == 41.5
    assert len(table) == 2
    with pytest.raises(InputError, match="index of 0 to 100"):
        chr_measures.read_segregation(written(V141 + "01,001,140,140\n"))


def test_vulnerability_parts_and_who_is_white(written):
    path = written(
        SVI + "01001,1000,400,0.5,0.6,0.7,5.5,10,3,20,2,1,200,100,10,20,5,60,5\n"
        "02013,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999\n"
    )
    table = svi_parts.read_vulnerability_parts(path).set_index("county_fips")
    row = table.loc["01001"]
    assert row["share_white"] == pytest.approx(0.6)
    assert row[["share_black", "share_hispanic", "share_aian"]].tolist() == pytest.approx([0.2, 0.1, 0.01])
    assert row[[name for name in table if name in RACES]].sum() == pytest.approx(1)
    assert row["share_single_parent"] == pytest.approx(0.055)
    assert row["svi_housing_transportation"] == 0.7
    assert table.loc["02013"].isna().all()


RACES = (
    "share_white", "share_black", "share_hispanic", "share_aian", "share_asian", "share_nhopi", "share_two_or_more",
    "share_other_race",
)  # fmt: skip


def test_vulnerability_groups_must_add_up(written):
    with pytest.raises(InputError, match="row 2, column 'E_MINRTY': '500' should be the sum"):
        svi_parts.read_vulnerability_parts(
            written(SVI + "01001,1000,500,0.5,0.6,0.7,5,10,3,20,2,1,200,100,10,20,5,60,5\n")
        )


def test_women_by_age(written):
    head = "STATE,COUNTY,YEAR,AGE1519_FEM,AGE3539_FEM,AGE4044_FEM,AGE1544_FEM\n"
    path = written(head + "01,001,5,100,90,80,600\n01,001,4,1,1,1,9\n")
    assert women_by_age.read_women_by_age(path).to_numpy().tolist() == [["01001", 100, 170, 600]]
    assert women_by_age.read_women_by_age(path, year=2022).to_numpy().tolist() == [["01001", 1, 2, 9]]
    with pytest.raises(InputError, match="no row of July 2021"):
        women_by_age.read_women_by_age(path, year=2021)
    with pytest.raises(InputError, match="more women of 15-19 and 35-44"):
        women_by_age.read_women_by_age(written(head + "01,001,5,400,150,80,600\n"))


def test_women_by_age_of_the_survey(written):
    names = [f"B01001_{number:03d}E" for number in range(30, 39)]
    answer = [["NAME", *names, "state", "county"], ["X", *map(str, range(1, 10)), "72", "001"]]
    path = written(json.dumps(answer), "acs.json")
    assert women_by_age.read_acs_women_by_age(path).to_numpy().tolist() == [["72001", 1 + 2, 8 + 9, 45]]
    answer[1][1] = "-666666666"
    table = women_by_age.read_acs_women_by_age(written(json.dumps(answer), "acs.json"))
    assert table.loc[0, ["women_15_19", "women_15_44"]].isna().all(), "a sentinel is missing, not a number"


def test_birth_outcomes(written):
    path = written(AHRF + "1001,713,89,72,15\n01003,80,,,\n")
    table = birth_outcomes.read_birth_outcomes(path).set_index("county_fips")
    assert table.loc["01001"].tolist() == [713, 89, 72, 15]
    assert table.loc["01003"].isna().tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("01001,713,9,72,15", "'ahrf_preterm': a count of 1-9"),
        ("01001,713,89,72,3", "'ahrf_vlbw': a count of 1-9"),
        ("01001,713,800,72,15", "no more than the births"),
        ("01001,713,89,30,40", "no more than ahrf_lbw"),
    ],
)
def test_birth_outcomes_refusals(written, row, part):
    with pytest.raises(InputError, match=part):
        birth_outcomes.read_birth_outcomes(written(AHRF + row + "\n"))


def test_the_publishers_files(shared):
    low = chr_measures.read_low_birthweight(shared / "county/chr_v037_how.csv")
    assert (low["low_birthweight_births"].dropna() >= 10).all()
    svi = svi_parts.read_vulnerability_parts(shared / "county/SVI_2022_US_county.csv.gz")
    printed = pd.read_csv(shared / "county/SVI_2022_US_county.csv.gz", dtype={"FIPS": "str"}, encoding="utf-8-sig")
    joined = svi.merge(printed, left_on="county_fips", right_on="FIPS", validate="one_to_one")
    assert (100 * joined["share_black"] - joined["EP_AFAM"]).abs().max() < 0.051, "the SVI's own rounded percentage"
    assert (100 * (1 - joined["share_white"]) - joined["EP_MINRTY"]).abs().max() < 0.051
    assert svi[list(RACES)].sum(axis=1).sub(1).abs().max() < 0.01
