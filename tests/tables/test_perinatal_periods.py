"""A user's counts for Perinatal Periods of Risk: what is understood, and one line for each thing that is wrong."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.perinatal_periods import PERINATAL_COUNTS
from matcare.errors import InputError
from matcare.tables.perinatal_periods import read_perinatal_counts

HEADER = "group,birthweight,fetal_deaths,neonatal_deaths,postneonatal_deaths,live_births"
GOOD = """\
Hamilton County,500-1499,40,50,12,400
Hamilton County,1500+,31,24,33,"19,530"
Reference,500-1499,80,100,20,1500
Reference,1500+,90,60,61,98000
"""


def write(tmp_path, text, *, header=HEADER):
    path = tmp_path / "counts.csv"
    path.write_text(f"{header}\n{text}", encoding="utf-8")
    return path


def test_two_rows_a_group_are_enough(tmp_path):
    read = read_perinatal_counts(write(tmp_path, GOOD), reference="Reference")
    assert read.columns.tolist() == PERINATAL_COUNTS.names
    assert read["group"].tolist() == ["Hamilton County"] * 2 + ["Reference"] * 2
    assert read["birthweight"].tolist() == ["500-1499", "1500+"] * 2
    assert read["live_births"].tolist() == [400, 19_530, 1_500, 98_000]
    assert read["is_reference"].tolist() == [False, False, True, True]
    assert set(read["years"]) == {"not said"}
    assert not read_perinatal_counts(write(tmp_path, GOOD))["is_reference"].any()


def test_finer_classes_are_added_in_any_order_and_an_unknown_one_leaves_the_sum_unknown(tmp_path):
    fine = """\
A,"2,500+",20,9,,18000
A,500-749 g,10,20,3,100
A,750 to 1499,7,5,4,300
A,1500–2499 grams,11,8,7,1500
"""
    read = read_perinatal_counts(write(tmp_path, fine)).set_index("birthweight")
    assert read.loc["500-1499", ["fetal_deaths", "live_births"]].tolist() == [17, 400]
    assert read.loc["1500+", ["fetal_deaths", "neonatal_deaths", "live_births"]].tolist() == [31, 17, 19_500]
    assert np.isnan(read.loc["1500+", "postneonatal_deaths"]), "unknown is not zero"


def test_role_marks_the_reference_and_years_and_part_of_are_kept(tmp_path):
    text = """\
A,500-1499,40,50,12,400,2018-2019,,
A,1500+,31,24,33,19530,2018-2019,,
A,500-1499,41,50,12,400,2020 - 2022,,
A,1500+,30,24,33,19530,2020-2022,,
B,500-1499,20,25,6,200,2018-2019,A,Reference
B,1500+,15,12,16,9000,2018-2019,A,reference
"""
    read = read_perinatal_counts(write(tmp_path, text, header=f"{HEADER},years,part_of,role"))
    assert read["years"].tolist() == ["2018-2019"] * 2 + ["2020-2022"] * 2 + ["2018-2019"] * 2
    assert read["part_of"].tolist() == [""] * 4 + ["A"] * 2
    assert read["is_reference"].tolist() == [False] * 4 + [True] * 2
    named = read_perinatal_counts(write(tmp_path, text, header=f"{HEADER},years,part_of,role"), reference="A")
    assert named["is_reference"].tolist() == [True] * 4 + [False] * 2, "the option goes before the column"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("500-1499,40", "500-1499,-4", r"row 1, column 'fetal_deaths': is negative"),
        ("500-1499,40", "500-1499,4.5", r"row 1, column 'fetal_deaths': is no whole number"),
        ("500-1499,40", "500-1499,inf", r"row 1, column 'fetal_deaths': is no whole number"),
        (
            "500-1499,40",
            "500-1499,Suppressed",
            r"row 1, column 'fetal_deaths': is not a number; .* leave the cell empty",
        ),
        ("12,400", "12,7", r"row 1, column 'live_births': fewer than the neonatal and postneonatal deaths"),
        ("County,500-1499", "County,<1500", r"row 1, column 'birthweight': '<1500' is no weight class"),
        ("County,500-1499", "County,0-1499", r"row 1, column 'birthweight': '0-1499' holds weights below 500 g"),
        ("County,500-1499", "County,499+", r"row 1, column 'birthweight': '499\+' holds weights below 500 g"),
        (
            "County,500-1499",
            "County,500-1500",
            r"row 1, column 'birthweight': '500-1500' must lie on one side of 1500 g",
        ),
        ("County,500-1499", "County,500+", r"row 1, column 'birthweight': '500\+' must lie on one side"),
        ("County,500-1499", "County,900-700", r"'900-700' must lie on one side .* the lighter bound first"),
        (
            "County,1500+",
            "County,500-1499",
            r"row 2, column 'birthweight': weights from 500 g stand twice for 'Hamilton",
        ),
        ("County,500-1499", "County,500-999", r"'Hamilton County' has no row for weights from 1000 g"),
        ("County,1500+", "County,1500-2499", r"'Hamilton County' has no row for weights from 2500 g"),
        ("Hamilton County,1500+", ",1500+", r"row 2, column 'group': is missing"),
        ("Hamilton County,1500+", "=Ham,1500+", r"row 2, column 'group': '=Ham' would read as a formula"),
        (",neonatal_deaths", ",early_neonatal_deaths", r"column 'neonatal_deaths' is missing"),
        (HEADER, f"{HEADER},perinatal_deaths", r"column 'perinatal_deaths': an unknown period"),
    ],
)
def test_each_bad_input_is_told_in_one_line(tmp_path, old, new, message):
    path = tmp_path / "counts.csv"
    text = f"{HEADER}\n{GOOD}"
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        read_perinatal_counts(path)
    said = str(raised.value).replace(str(path), "")
    assert "\n" not in said
    assert str(path) in str(raised.value)
    assert not re.search(r"(?<![\d-])(-4|7|12|24)(?!\d)", said), "no small count is printed"


@pytest.mark.parametrize(
    ("years", "message"),
    [
        (("2018-2019", "last year"), r"row 3, column 'years': 'last year' is no period"),
        (("2018-2019", "2022-2020"), r"row 3, column 'years': '2022-2020' is no period"),
        (("2017-2019", "2019-2021"), r"column 'years': 2017-2019 and 2019-2021 of 'A' have 2019 in common"),
        (
            ("2018-2019", "2018-2019"),
            r"row 3, column 'birthweight': weights from 500 g stand twice for 'A' of 2018-2019",
        ),
    ],
)
def test_periods_are_checked(tmp_path, years, message):
    rows = "".join(f"A,500-1499,40,50,12,400,{period}\nA,1500+,31,24,33,19530,{period}\n" for period in years)
    with pytest.raises(InputError, match=message):
        read_perinatal_counts(write(tmp_path, rows, header=f"{HEADER},years"))


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (("base", "", "", ""), r"row 1, column 'role': 'base' is neither"),
        (("reference", "reference", "reference", "reference"), r"'A' and 'B' are both the reference"),
        (("reference", "", "", ""), r"row 2, column 'role': 'A' is the reference in another row"),
    ],
)
def test_roles_are_checked(tmp_path, roles, message):
    cells = ("A,500-1499,40,50,12,400", "A,1500+,31,24,33,19530", "B,500-1499,40,50,12,400", "B,1500+,31,24,33,19530")
    rows = "".join(f"{cell},{role}\n" for cell, role in zip(cells, roles, strict=True))
    with pytest.raises(InputError, match=message):
        read_perinatal_counts(write(tmp_path, rows, header=f"{HEADER},role"))


@pytest.mark.parametrize(
    ("holders", "message"),
    [
        (("A", "A", "", ""), r"'A' is no group of the same years that could hold 'A'"),
        (("C", "C", "", ""), r"'C' is no group"),
        (("B", "B", "A", "A"), r"'A' is no group|'B' is no group"),
        (("B", "", "", ""), r"differs between the rows of 'A'"),
    ],
)
def test_holders_are_checked(tmp_path, holders, message):
    cells = ("A,500-1499,40,50,12,400", "A,1500+,31,24,33,19530", "B,500-1499,40,50,12,400", "B,1500+,31,24,33,19530")
    rows = "".join(f"{cell},{holder}\n" for cell, holder in zip(cells, holders, strict=True))
    with pytest.raises(InputError, match=message):
        read_perinatal_counts(write(tmp_path, rows, header=f"{HEADER},part_of"))


def test_a_reference_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no group 'Nation' to compare with \(found: Hamilton County, Reference\)"):
        read_perinatal_counts(write(tmp_path, GOOD), reference="Nation")


def test_parquet_is_read_too(tmp_path):
    path = tmp_path / "counts.parquet"
    pd.read_csv(write(tmp_path, GOOD)).to_parquet(path)
    assert read_perinatal_counts(path)["live_births"].tolist() == [400, 19_530, 1_500, 98_000]
