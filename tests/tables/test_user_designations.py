"""HRSA's list of shortage areas as it is published, FORHP's list of rural places, and the fields of grants."""

from __future__ import annotations

import pandas as pd
import pytest

from matcare.contracts.designations import DESIGNATIONS, GRANT_COLUMNS
from matcare.contracts.model import Table
from matcare.errors import InputError
from matcare.tables.user_designations import grant_fields, read_forhp, read_hpsa

COUNTIES = pd.DataFrame(
    {
        "county_fips": ["01001", "38001", "38003", "38005", "46001"],
        "state": ["AL", "ND", "ND", "ND", "SD"],
        "rucc_2023": pd.array([2, 7, 4, 3, None], dtype="Int64"),
    }
)
HEADER = "HPSA Name,HPSA ID,Designation Type,HPSA Discipline Class,HPSA Score,PC MCTA Score,HPSA Status,HPSA Component Type Description,Common State County FIPS Code,\n"
ROWS = (
    "A,1,Geographic HPSA,Primary Care,12, 9,Designated,Single County,38001,\n"
    "B,2,HPSA Population,Primary Care,17,14,Proposed For Withdrawal,Census Tract,38001,\n"
    "C,3,High Needs Geographic HPSA,Primary Care,20,,Designated,Census Tract,38003,\n"
    "D,4,Rural Health Clinic,Primary Care,25,24,Designated,Unknown,38005,\n"
    "E,5,Geographic HPSA,Primary Care,22,22,Withdrawn,Single County,38005,\n"
    '"F, a state",6,HPSA Population,Primary Care,3,2,Designated,Other,XXXXX,\n'
    "G,7,Geographic HPSA,Primary Care,8,4,Designated,Single County,1001,\n"
)


def write(tmp_path, text, name="list.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_hrsa_list_in_its_published_form(tmp_path):
    found = read_hpsa(write(tmp_path, HEADER + ROWS), COUNTIES)
    table = found.counties.set_index("county_fips")
    assert table["hpsa_primary_care"].to_dict() == {
        "01001": "whole_county",
        "38001": "whole_county",
        "38003": "part_of_county",
        "38005": "none",
    }
    assert table["hpsa_score"].fillna(-1).tolist() == [8, 17, 20, -1]
    assert table["mcta_score"].fillna(-1).tolist() == [4, 14, -1, -1]
    assert table["mcta_status"].tolist() == ["reported", "reported", "no_score", "none"]
    words = " ".join(found.notes)
    assert "1 county codes had lost their leading zero" in words
    assert "1 rows that name no county" in words
    assert "1 rows are proposed for withdrawal" in words
    assert "1 designations of facilities left out" in words


def test_a_table_of_ones_own(tmp_path):
    found = read_hpsa(write(tmp_path, "county_fips,mcta_score,hpsa_score\n38001,11,\n38003,,\n"), COUNTIES)
    assert found.counties["mcta_status"].tolist() == ["reported", "none", "none"]
    bare = read_hpsa(write(tmp_path, "county_fips,hpsa_score\n38001,11\n"), COUNTIES)
    assert set(bare.counties["mcta_status"]) == {"not_reported"}
    assert "no column 'PC MCTA Score'" in bare.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("county_fips,score\n38001,3\n", "no column 'HPSA Score'"),
        ("mcta_score\n3\n", "no column of county codes"),
        (
            HEADER + ROWS.replace("Primary Care", "Mental Health", 1),
            "row 1, column 'HPSA Discipline Class': 'Mental Health'",
        ),
        (HEADER + ROWS.replace(", 9,", ",26,"), "row 1, column 'pc mcta score': '26' is no score from 0 to 25"),
        (HEADER + ROWS.replace(",12,", ",high,"), "column 'hpsa score': 'high' is no score from 0 to 26"),
        (HEADER + ROWS.replace("Designated", "Active", 1), "row 1, column 'HPSA Status': 'Active'"),
        ("county_fips,mcta_score\n09001,3\n", "no row names a county of 2024"),
    ],
)
def test_bad_lists_are_refused_in_one_line(tmp_path, text, words):
    with pytest.raises(InputError, match=r"list\.csv") as error:
        read_hpsa(write(tmp_path, text), COUNTIES)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_forhp_list_whole_and_partly_rural(tmp_path):
    found = read_forhp(
        write(
            tmp_path,
            "CTY FIPS,ST,CountyName,CT\n38001,ND,Adams,\n38003,ND,Barnes,960100\n01001,AL,Autauga,20100\n01001,AL,Autauga,\n",
        ),
        COUNTIES,
    )
    assert found.counties.set_index("county_fips")["rural_forhp"].to_dict() == {
        "01001": "yes",
        "38001": "yes",
        "38003": "partly",
        "38005": "no",
    }
    own = read_forhp(write(tmp_path, "county_fips,rural_forhp\n38001,Yes\n38003,no\n"), COUNTIES)
    assert own.counties["rural_forhp"].tolist() == ["yes", "no", "not_reported"]
    with pytest.raises(InputError, match="row 1, column 'rural_forhp': 'maybe'"):
        read_forhp(write(tmp_path, "county_fips,rural_forhp\n38001,maybe\n"), COUNTIES)


def test_grant_fields_with_and_without_lists(tmp_path):
    def keeps(frame):
        Table(name="g", title="", description="", columns=GRANT_COLUMNS).validate(frame.reset_index())
        DESIGNATIONS.validate(frame.reset_index())
        return frame

    bare = keeps(grant_fields(COUNTIES))
    assert bare["rural_rucc"].tolist()[:4] == [False, True, True, False]
    assert pd.isna(bare["rural_rucc"].iloc[4])
    assert set(bare["rural_forhp"]) == set(bare["hpsa_primary_care"]) == set(bare["mcta_status"]) == {"not_reported"}
    hpsa = read_hpsa(write(tmp_path, HEADER + ROWS), COUNTIES)
    forhp = read_forhp(write(tmp_path, "CTY FIPS,CT\n38001,\n", "forhp.csv"), COUNTIES)
    full = keeps(grant_fields(COUNTIES, hpsa=hpsa, forhp=forhp))
    assert full.loc["38001", ["rural_forhp", "hpsa_primary_care", "hpsa_score", "mcta_score"]].tolist() == [
        "yes",
        "whole_county",
        17,
        14,
    ]
    assert full.loc["38005", "hpsa_primary_care"] == "none"
    assert (
        full.loc["46001", ["rural_forhp", "hpsa_primary_care", "mcta_status"]].tolist() == ["not_reported"] * 3
    )  # no row of SD
