"""Contracts: what they refuse, and what is printed from them."""

from __future__ import annotations

import pandas as pd
import pytest

from matcare.contracts import (
    COUNTY_RESULTS,
    EMBEDDED,
    FACILITIES_OUT,
    MINUTES,
    OUTPUTS,
    Column,
    Table,
)
from matcare.errors import ContractError

KEY_COLUMNS = [
    "county_fips",
    "county_name",
    "state",
    "women_15_44",
    "births_per_year",
    "march_of_dimes_class",
    "march_of_dimes_reason",
    "birth_hospitals",
    "birth_centers",
    "clinicians_per_10000_births",
    "share_women_uninsured",
    "drive_time_desert_30",
    "drive_time_desert_60",
    "infant_deaths",
    "live_births",
    "imr",
    "imr_low",
    "imr_high",
    "imr_status",
]


def minutes(**changes):
    columns = {
        "origin_id": ["a", "b"],
        "destination_id": ["x", None],
        "minutes": [1.0, None],
        "reason": ["covered", "unreachable"],
    }
    return pd.DataFrame(columns | changes)


def test_a_right_table_passes_and_keeps_other_columns_last():
    frame = minutes(note=["n", "n"])[["note", "reason", "minutes", "destination_id", "origin_id"]]
    assert MINUTES.validate(frame).columns.tolist() == [*MINUTES.names, "note"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (minutes().drop(columns="minutes"), "column 'minutes' is missing"),
        (minutes(minutes=[-1.0, None]), "column 'minutes', row 0"),
        (minutes(minutes=["1", "2"]), "'minutes': should be number (minutes)"),
        (minutes(reason=["covered", "lost"]), "'lost' is not allowed; right would be: covered | beyond_limit"),
        (minutes(reason=["covered", None]), "column 'reason', row 1: a value is missing"),
    ],
)
def test_a_broken_table_is_told_by_column_row_and_remedy(frame, message):
    with pytest.raises(ContractError) as caught:
        MINUTES.validate(frame, where="pairs")
    assert message in str(caught.value)
    assert str(caught.value).startswith("pairs: ")
    assert "\n" not in str(caught.value)


def test_a_key_that_stands_twice():
    table = Table(
        name="t", title="T", description="d", primary_key=("a", "b"),
        columns=(Column(name="a", kind="text", description="a"), Column(name="b", kind="integer", description="b")),
    )  # fmt: skip
    with pytest.raises(ContractError, match=r"t: .*twice"):
        table.validate(pd.DataFrame({"a": ["x", "x"], "b": [1, 1]}))


@pytest.mark.parametrize("table", [*EMBEDDED.values(), *OUTPUTS.values()], ids=lambda table: table.name)
def test_every_column_is_described_once(table):
    assert len(table.names) == len(set(table.names))
    assert all(column.description for column in table.columns)
    assert set(table.primary_key) <= set(table.names)
    dictionary = table.dictionary()
    assert dictionary["column"].tolist() == table.names
    schema = table.frictionless()
    assert [field["name"] for field in schema["fields"]] == table.names


def test_numbers_have_units():
    for table in (*EMBEDDED.values(), *OUTPUTS.values()):
        for column in table.columns:
            assert column.kind != "number" or column.unit, f"{table.name}.{column.name}"


def test_the_key_columns_of_counties_are_stable():
    assert set(KEY_COLUMNS) <= set(COUNTY_RESULTS.names)
    services = ("birth_care", "nicu", "neonatal_2_plus", "neonatal_3_plus", "neonatal_3_plus_or_nicu")
    for service in services:
        assert f"minutes_{service}" in COUNTY_RESULTS.names
        assert f"counts_{service}" in FACILITIES_OUT.names
        for limit in (30, 60, 90):
            assert f"share_women_within_{limit}_{service}" in COUNTY_RESULTS.names
    order = [name for name in COUNTY_RESULTS.names if name in KEY_COLUMNS]
    assert order == KEY_COLUMNS
