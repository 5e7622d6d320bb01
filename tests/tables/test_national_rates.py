"""The published national rates: what is compiled, and one line on what is wrong with a damaged file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from matcare.contracts.national import NATIONAL_RATES
from matcare.errors import SnapshotError
from matcare.tables.national_rates import load_national_rates, printed_decimals

CSV = Path(__file__).resolve().parents[2] / "data" / "national_rates.csv"


@pytest.fixture(scope="module")
def rates():
    return load_national_rates(CSV)


def test_compiled_rows_keep_the_contract(rates):
    assert rates.columns.tolist() == NATIONAL_RATES.names
    assert rates["deaths"].dtype == rates["births"].dtype == "Int64"
    assert rates["published_significant"].dtype == "boolean"
    assert rates.query("year == 2021")["edition"].eq("final").all()
    assert set(rates.query("year == 2023")["edition"]) == {"provisional"}


def test_deaths_are_the_reports_or_the_printed_rate_times_births(rates):
    made = rates[rates["deaths_from"] == "rate_times_births"]
    assert (made["rate"] * made["births"] / made["per"]).round().astype("Int64").equals(made["deaths"])
    report = rates[rates["deaths_from"] == "report"]
    assert report["deaths"].tolist() == [19_928, 20_538, 20_577]
    # Rate times births is no count: the two ages of 2021 add up to five more than all the deaths that the report counts.
    ages = rates[(rates["year"] == 2021) & rates["measure"].isin(["neonatal", "postneonatal"])]
    assert ages["deaths"].sum() == 19_928 + 5


def test_decimals_are_those_of_nchs():
    assert [printed_decimals(1_000), printed_decimals(100_000)] == [2, 1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("19928,3664292,5.44", "19928,3664292,5.46", r"row 1, column 'rate': 5\.46 where .* print 5\.44"),
        ("19928,3664292,5.44", "19928,,5.44", r"row 1, column 'deaths_from': 'report' does not go with"),
        ("5.61,1000,not_reported", "5.61,1000,report", r"row 4, column 'deaths_from'"),
        ("2022,provisional", "2022,preliminary", "edition"),
        (
            "all,infant,2022,final",
            "all,infant,2022,provisional",
            "group, measure, year, edition|twice|unique|duplicate",
        ),
        (",rate,", ",rates,", "column 'rate' is missing"),
        ("19928", "many", "damaged"),
        ("19928", "19928.5", "damaged"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path, old, new, message):
    path = tmp_path / "national_rates.csv"
    text = CSV.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SnapshotError, match=message) as raised:
        load_national_rates(path)
    assert "\n" not in str(raised.value)
    assert "national_rates" in str(raised.value)


@pytest.mark.parametrize("text", ["", "a,b\n1\n2,3,4\n"])
def test_no_table_is_told_in_one_line(tmp_path, text):
    path = tmp_path / "national_rates.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SnapshotError, match="install matcare again") as raised:
        load_national_rates(path)
    assert "\n" not in str(raised.value)
    with pytest.raises(SnapshotError, match="is missing"):
        load_national_rates(tmp_path / "nothing.csv")


def test_the_file_is_sorted_as_it_is_read(rates):
    again = pd.read_csv(CSV)
    assert again["rate"].tolist() == rates["rate"].tolist()
