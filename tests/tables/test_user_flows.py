"""A user's flows: what is repaired, what is listed and left out, and that no small count comes through."""

from __future__ import annotations

import pandas as pd
import pytest

from matcare.contracts.bypass import FLOWS_LEFT_OUT
from matcare.errors import InputError
from matcare.tables.user_flows import read_flows

COUNTIES = pd.DataFrame(
    {
        "county_fips": ["01001", "38017", "38015"],
        "county_name": ["Autauga County", "Cass County", "Burleigh County"],
        "state": ["AL", "ND", "ND"],
    }
)
FACILITIES = pd.DataFrame(
    {
        "facility_id": ["010023", "350011", "CABC_1"],
        "facility_name": ["Baptist", "Sanford Fargo", "Birth House"],
        "other_ids": [None, "350099", None],
    }
)


def read(tmp_path, text):
    path = tmp_path / "flows.csv"
    path.write_text(text)
    return read_flows(path, COUNTIES, FACILITIES)


def test_lost_zeros_former_numbers_and_rows_of_one_pair(tmp_path):
    found = read(
        tmp_path, 'CCN,patient_county_fips,discharges\n10023,1001,12\n350099,38017,6\n350011.0,38017,"1,004"\n'
    )
    assert found.cells[["origin", "facility_id", "births"]].to_numpy().tolist() == [
        ["01001", "010023", 12.0],
        ["38017", "350011", 1010.0],
    ]
    assert "1 county or ZIP codes had lost their leading zero" in found.notes[0]
    assert found.left_out.empty


def test_what_is_unknown_is_listed_without_its_count_and_left_out(tmp_path):
    found = read(
        tmp_path,
        "facility_id,county_fips,births\n350011,38017,40\nSanford Farg,38017,41\n350011,99999,42\n350011,09001,43\n350011,38015,<10\n010023,38017,7\n010023,38015,0\n",
    )
    left = FLOWS_LEFT_OUT.validate(found.left_out)
    assert dict(zip(left["row"], left["reason"], strict=True)) == {
        2: "unknown_facility", 3: "unknown_county", 4: "unknown_county", 5: "suppressed", 6: "small_count",
    }  # fmt: skip
    assert "350011" in left.set_index("row").loc[2, "remedy"]
    assert "planning regions" in left.set_index("row").loc[4, "remedy"]
    assert found.cells["births"].tolist() == [40.0]
    assert not set("0123456789") & set("".join(left["value"].dropna()).replace("99999", "").replace("09001", ""))
    assert any("1 rows left out: small count" in note for note in found.notes)


def test_small_cells_of_one_pair_count_once_they_reach_ten(tmp_path):
    found = read(
        tmp_path, "facility_id,county_fips,births\n350011,38017,4\n350011,38017,5\n350011,38015,5\n350011,38015,5\n"
    )
    assert found.cells[["origin", "births"]].to_numpy().tolist() == [["38015", 10.0]]
    assert found.left_out["row"].tolist() == [1, 2]


def test_a_zip_code_gives_its_place_and_county(tmp_path):
    found = read(
        tmp_path, "facility_id,zip,births\n350011,58102,30\n350011,58102-1234,5\n350011,00000,20\n350011,2134,15\n"
    )
    cell = found.cells[found.cells["origin"] == "58102"].iloc[0]
    assert (cell["origin_kind"], cell["county_fips"], cell["births"]) == ("zip", "38017", 35.0)
    assert cell["lat"] == pytest.approx(46.9, abs=0.2)
    assert "02134" in set(found.cells["origin"])  # its county is not in the run, its point is known
    assert found.left_out[["row", "reason"]].to_numpy().tolist() == [[3, "unknown_zip"]]


def test_a_row_with_both_is_counted_by_its_zip_code(tmp_path):
    found = read(tmp_path, "facility_id,zip,county_fips,births\n350011,58102,38015,30\n350011,,38017,40\n")
    assert sorted(zip(found.cells["origin"], found.cells["county_fips"], strict=True)) == [
        ("38017", "38017"),
        ("58102", "38015"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("facility_id,births\n350011,20\n", "no column 'county_fips' or 'zip'"),
        ("county_fips,births\n38017,20\n", "column 'facility_id' is missing"),
        ("facility_id,county_fips\n350011,38017\n", "column 'births' is missing"),
        ("facility_id,county_fips,births,discharges\n350011,38017,20,20\n", "'births' and 'discharges' both"),
        ("facility_id,county_fips,births\n350011,38017,many\n", "row 1, column 'births': 'many' is no count"),
        ("facility_id,county_fips,births\n350011,38017,2.5\n", "'2.5' is no count"),
        ("facility_id,county_fips,births\n350011,38017,-1\n", "'-1' is no count"),
        ("facility_id,county_fips,births\n350011,38017,\n", "row 1, column 'births': empty"),
        ("facility_id,county_fips,births\n,38017,20\n", "column 'facility_id': empty"),
        ("facility_id,county_fips,births\n350011,,20\n", "row 1: neither county nor ZIP"),
        ("facility_id,county_fips,births\n350011,38017,9\n", "10 births or more"),
    ],
)
def test_bad_input_is_one_line_that_says_where(tmp_path, text, words):
    with pytest.raises(InputError, match=r"flows\.csv") as error:
        read(tmp_path, text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
