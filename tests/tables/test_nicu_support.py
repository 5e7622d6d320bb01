"""NICU-support columns of a user's facility table, and the women whose nearest NICU reports them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.indicators import NICU_SUPPORT_COLUMNS, NICU_SUPPORTS, definition
from matcare.contracts.model import Table
from matcare.errors import InputError
from matcare.measures.nicu_support import nicu_support_values
from matcare.tables.nicu_support import attach_nicu_support, read_nicu_support

LACTATION = "nicu_lactation_support"
CONTRACT = Table(name="t", title="t", description="t", columns=NICU_SUPPORT_COLUMNS)


@pytest.fixture
def read(tmp_path):
    def write(text):
        path = tmp_path / "units.csv"
        path.write_text(text)
        return read_nicu_support(path)

    return write


def test_blank_is_not_reported_and_unknown_is_unknown(read):
    table = read(f"id,{LACTATION},nicu_family_presence\na,Yes,\nb,n,?\nc,,0\nd,unknown,true\n")
    assert table[LACTATION].tolist() == ["yes", "no", "not_reported", "unknown"]
    assert table["nicu_family_presence"].tolist() == ["not_reported", "unknown", "no", "yes"]
    assert set(table["nicu_mental_health_support"]) == {"not_reported"}, "an absent column is not a no"
    CONTRACT.validate(table)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (f"id,{LACTATION}\na,maybe\n", "row 1, column 'nicu_lactation_support': 'maybe' is not understood"),
        (f"id,nicu,{LACTATION}\na,yes,yes\nb,no,yes\n", "row 2, column 'nicu_lactation_support': yes, but nicu is no"),
        (f"name,{LACTATION}\na,yes\n", "column 'facility_id' is missing"),
        (f"ccn,{LACTATION}\n1,yes\n1,no\n", "row 2, column 'ccn': empty or twice"),
    ],
)
def test_refusals(read, text, part):
    with pytest.raises(InputError, match=part) as error:
        read(text)
    assert "\n" not in str(error.value)


def test_attached_to_the_facilities_of_a_run(read):
    facilities = pd.DataFrame({"facility_id": ["z", "a"]}, index=[7, 3])
    attached = attach_nicu_support(facilities, read(f"id,{LACTATION}\na,yes\n"))
    assert attached[LACTATION].tolist() == ["not_reported", "yes"]
    assert attached.index.tolist() == [7, 3]
    with pytest.raises(InputError, match="facility 'q': no such facility"):
        attach_nicu_support(facilities, read(f"id,{LACTATION}\nq,yes\n"))


def points(nearest, women, county="38001"):
    return pd.DataFrame(
        {"county_fips": county, "women_15_44": women, "people": [10.0] * len(women), "facility_id_nicu": nearest}
    )


FACILITIES = attach_nicu_support(pd.DataFrame({"facility_id": ["yes", "no", "blank"]}), None).assign(
    **{LACTATION: ["yes", "no", "not_reported"]}
)


def value(frame, **options):
    found = nicu_support_values(frame, FACILITIES, **options)
    assert set(found["indicator"]) == {f"share_women_{LACTATION}"}, "the other supports stay gaps"
    return found.set_index("county_fips").loc["38001", ["value", "status"]].tolist()


def test_share_of_women_whose_nearest_nicu_says_yes():
    assert value(points(["yes", "no", "no"], [30.0, 50.0, 20.0])) == [0.3, "user_reported"]
    assert value(points(["yes", "no", "blank"], [30.0, 45.0, 25.0])) == [30 / 75, "user_reported"], "exactly a quarter"
    withheld = value(points(["yes", "no", "blank"], [30.0, 44.0, 26.0]))
    assert np.isnan(withheld[0])
    assert withheld[1] == "withheld"
    assert value(points(["yes", "no", "blank"], [30.0, 44.0, 26.0]), most_unanswered=0.3)[1] == "user_reported"
    assert value(points([None, "blank"], [30.0, 44.0]))[1] == "not_reported"
    assert value(points(["yes", "no"], [np.nan, np.nan])) == [0.5, "user_reported"], "people count where women do not"


def test_without_an_answer_there_is_no_row():
    assert nicu_support_values(points(["blank"], [1.0]), attach_nicu_support(FACILITIES[["facility_id"]], None)).empty


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["yes", "no", "blank", None]), st.floats(1, 1000)), min_size=1, max_size=8))
def test_a_share_is_a_share(rows):
    found = nicu_support_values(points([name for name, _ in rows], [women for _, women in rows]), FACILITIES)
    assert found["value"].dropna().between(0, 1 + 1e-12).all()
    assert (found["value"].notna() == (found["status"] == "user_reported")).all()
    for name in NICU_SUPPORTS:
        assert definition(f"share_women_{name}").direction == "lower_is_worse"
