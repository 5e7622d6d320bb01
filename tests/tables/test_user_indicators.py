"""A user's own county indicators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcare.contracts.indicators import DEFINITIONS
from matcare.errors import InputError
from matcare.tables.user_indicators import _small, read_user_indicators

COUNTIES = pd.DataFrame(
    {
        "county_fips": ["01001", "38001", "38017"],
        "births_registered_per_year": [700.0, np.nan, 2000.0],
        "births_per_year": [710.0, 21.0, 2050.0],
    }
)
LATE = "share_births_late_or_no_prenatal_care"
GAPS = {entry.id: entry for entry in DEFINITIONS if entry.gap}


@pytest.fixture
def read(tmp_path):
    def write(text):
        path = tmp_path / "mine.csv"
        path.write_text(text)
        return read_user_indicators(path, COUNTIES)

    return write


def test_values_reasons_and_notes(read):
    found = read(f"fips,county_name,{LATE},food\n1001,Autauga,0.05,1\n38017,Cass,,2\n38001,Adams,suppressed,3\n")
    rows = found.values.set_index("county_fips")
    assert rows.loc["01001", ["value", "status"]].tolist() == [0.05, "user_reported"]
    assert rows["status"].to_dict() == {"01001": "user_reported", "38017": "not_reported", "38001": "suppressed"}
    assert found.notes[0] == "mine.csv: 1 county codes had lost their leading zero; repaired"
    assert found.notes[1].startswith(f"mine.csv: column food not used: no such indicator; they are {LATE}, ")
    assert len(found.notes) == 2


def test_every_gap_is_accepted(read):
    header = ",".join(GAPS)
    values = read(
        f"county_fips,{header}\n38017,{','.join('1' if entry.maximum else '20' for entry in GAPS.values())}\n"
    )
    assert set(values.values["indicator"]) == set(GAPS)
    assert (values.values["status"] == "user_reported").all()


def test_small_counts_are_masked(read):
    found = read(f"county_fips,{LATE}\n01001,0.01\n38001,0.2\n38017,0.01\n")
    rows = found.values.set_index("county_fips")
    assert rows["status"].to_dict() == {"01001": "suppressed", "38001": "suppressed", "38017": "user_reported"}
    assert rows.loc[["01001", "38001"], "value"].isna().all()
    assert "2 values masked" in found.notes[0]
    assert read(f"county_fips,{LATE}\n38001,0\n").values["status"].tolist() == ["user_reported"], "none is a count"
    assert read("county_fips,share_people_food_insecure\n38001,0.2\n").values["status"].tolist() == ["user_reported"]


@given(share=st.floats(0, 1), births=st.floats(0, 3000), name=st.sampled_from(sorted(GAPS)))
def test_no_share_of_births_gives_a_small_count_back(share, births, name):
    entry = GAPS[name]
    hidden = bool(_small(pd.Series([share]), pd.Series([births]), entry).iloc[0])
    count = share * births * entry.of_births
    if entry.of_births and 0 < count < 10:
        assert hidden
    if not entry.of_births:
        assert not hidden


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (f"county_fips,{LATE}\n38999,0.1\n", "row 1, column 'county_fips': 38999 is not a county of 2024; check it"),
        (f"county_fips,{LATE}\n09001,0.1\n", "legacy counties are gone"),
        (f"county_fips,{LATE}\n38017,0.1\n38017,0.1\n", "row 2, column 'county_fips': 38017 stands in row 1 already"),
        (f"county_fips,{LATE}\n,0.1\n", "row 1, column 'county_fips': empty"),
        (f"county_fips,{LATE}\n38017,12\n", "divided by 100"),
        (f"county_fips,{LATE}\n38017,-0.1\n", "0 or more"),
        (f"county_fips,{LATE}\n38017,few\n", "'few' is not a number"),
        ("county_fips,medicaid_doula_coverage\n38017,0.5\n", r"should be 1 \(yes\) or 0 \(no\)"),
        (f"county,{LATE}\nCass,0.1\n", "column 'county_fips' is missing"),
        ("county_fips,share_births_late_prenatal_care\n38017,0.1\n", f"did you mean {LATE}"),
        ("county_fips,x\n38017,0.1\n", "no column of an indicator that can be brought; they are"),
        (f"county_fips,{LATE}\n", "no rows"),
    ],
)
def test_refusals_are_one_line(read, text, part):
    with pytest.raises(InputError, match=part) as error:
        read(text)
    assert "\n" not in str(error.value)
    assert "mine.csv" in str(error.value)


def test_an_indicator_that_matcare_has_is_not_replaced(read):
    found = read(f"county_fips,{LATE},share_poverty\n38017,0.1,0.9\n")
    assert set(found.values["indicator"]) == {LATE}
    assert found.notes == ["mine.csv: column share_poverty not used: matcare has it from its own source"]
