"""Facilities found by identifier or name; what is not found is answered with the nearest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.tables.facility_names import find_facilities, find_facility, label

ROWS = [
    ("350002", "SANFORD BISMARCK", "BISMARCK", "ND", None),
    ("350015", "CHI ST ALEXIUS HEALTH", "BISMARCK", "ND", "350099 35T015"),
    ("050324", "SCRIPPS MEMORIAL HOSPITAL", "LA JOLLA", "CA", None),
    ("050503", "SCRIPPS MEMORIAL HOSPITAL", "ENCINITAS", "CA", None),
    ("010001", "SOUTHEAST HEALTH MEDICAL CENTER", "DOTHAN", "AL", None),
    ("CABC_001", "Bright Birth Center", None, "MN", None),
    *((f"4500{n}", f"MEMORIAL HERMANN {place}", "HOUSTON", "TX", None) for n, place in
      enumerate(["KATY", "SOUTHWEST", "GREATER HEIGHTS", "NORTHEAST", "PEARLAND", "CYPRESS"], start=11)),
]  # fmt: skip
UNITS = pd.DataFrame(ROWS, columns=["facility_id", "facility_name", "city", "state", "other_ids"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("350002", "350002"),
        ("50324", "050324"),  # a spreadsheet took its zero
        ("10001.0", "010001"),
        ("cabc_001", "CABC_001"),
        ("350099", "350015"),  # a former number
        ("35T015", "350015"),
        ("sanford bismarck", "350002"),
        ("  Sanford   Bismarck ", "350002"),
        ("bright birth", "CABC_001"),
        ("scripps memorial hospital encinitas", "050503"),
        ("Scripps Memorial Hospital, Encinitas, CA", "050503"),
        ("katy", "450011"),
    ],
)
def test_found(text, wanted):
    assert UNITS["facility_id"].iloc[find_facility(UNITS, text)] == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SCRIPPS MEMORIAL HOSPITAL", ["2 facilities are called", "050324 (SCRIPPS MEMORIAL HOSPITAL, LA JOLLA, CA)", "050503"]),
        ("memorial hermann", ["part of 6 facilities' names", "450011", "450015", "and 1 more"]),
        ("sanfrod bismark", ["no facility is called 'sanfrod bismark'; nearest are 350002 (SANFORD BISMARCK, BISMARCK, ND)"]),
        ("350012", ["no facility is called '350012'; nearest are", "350015 (CHI ST ALEXIUS HEALTH"]),
        ("zzzzzzzz", ["no facility is called 'zzzzzzzz'; give an identifier"]),
        ("  ", ["empty; give a facility's identifier or its name"]),
    ],
)  # fmt: skip
def test_not_found(text, words):
    with pytest.raises(InputError) as refused:
        find_facility(UNITS, text, where="matcare close")
    message = str(refused.value)
    assert message.startswith("matcare close: ")
    assert "\n" not in message
    for word in words:
        assert word in message
    assert message.count("MEMORIAL HERMANN") <= 5


def test_without_former_numbers():
    bare = UNITS.drop(columns="other_ids")
    assert find_facility(bare, "350015") == 1
    with pytest.raises(InputError, match="no facility is called '350099'"):
        find_facility(bare, "350099")


def test_several_in_the_order_given_and_each_once():
    np.testing.assert_array_equal(find_facilities(UNITS, ["50324", "katy", "350002"]), [2, 6, 0])
    with pytest.raises(InputError, match="'350002' and 'sanford bismarck' are both 350002"):
        find_facilities(UNITS, ["350002", "sanford bismarck"])
    with pytest.raises(InputError, match="none given"):
        find_facilities(UNITS, [])


def test_labels():
    assert label(UNITS.iloc[0]) == "350002 (SANFORD BISMARCK, BISMARCK, ND)"
    assert label(UNITS.iloc[5]) == "CABC_001 (Bright Birth Center, MN)"
