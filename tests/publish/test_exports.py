"""CSV and its kin: text that cannot become a formula, decimals by unit, missing as an empty cell."""

from __future__ import annotations

import csv
import datetime as dt
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from matcare.contracts import Column, Table
from matcare.publish.exports import guard_formulas, write_csv, write_dictionary, write_geopackage, write_json

TABLE = Table(
    name="t",
    title="T",
    description="d",
    columns=(
        Column(name="county_fips", kind="text", description="key"),
        Column(name="name", kind="text", description="name"),
        Column(name="minutes", kind="number", unit="minutes", description="m"),
        Column(name="share", kind="number", unit="share 0-1", description="s"),
        Column(name="deaths", kind="number", unit="deaths", description="d"),
        Column(name="flag", kind="boolean", description="f"),
    ),
)


def frame(names):
    n = len(names)
    return pd.DataFrame(
        {
            "county_fips": ["01001"] * n,
            "name": names,
            "minutes": [12.3456] * n,
            "share": [0.123456] * n,
            "deaths": [20.0] * n,
            "flag": pd.array([True] * n, dtype="boolean"),
        }
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n +", " =", "＝"])
def test_no_text_can_become_a_formula(tmp_path, start):
    write_csv(frame([f"{start}cmd|' /C calc'!A0"]), tmp_path / "t.csv", TABLE)
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as handle:
        row = next(csv.DictReader(handle))
    assert row["name"] == f"'{start.strip()}cmd|' /C calc'!A0"


@given(st.text(max_size=20))
def test_guarded_text_never_begins_a_formula_and_never_breaks_a_line(text):
    guarded = guard_formulas(pd.DataFrame({"name": [text]}))["name"].iloc[0]
    assert not guarded.lstrip().startswith(("=", "+", "-", "@"))
    assert len(guarded.splitlines()) <= 1 or not any(c in guarded for c in "\r\n\t\x0b")
    if text.isalnum():
        assert guarded == text


def test_zeros_accents_decimals_and_missing(tmp_path):
    table = frame(["Doña Ana", "Loíza"])
    table.loc[1, ["minutes", "deaths"]] = np.nan
    table.loc[1, "flag"] = pd.NA
    write_csv(table, tmp_path / "t.csv", TABLE)
    lines = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "01001,Doña Ana,12.35,0.1235,20,true"
    assert lines[2] == "01001,Loíza,,0.1235,,"


def test_negative_numbers_stay_numbers(tmp_path):
    table = frame(["a"])
    table["minutes"] = [-1.5]
    write_csv(table, tmp_path / "t.csv", TABLE)
    assert ",-1.5," in (tmp_path / "t.csv").read_text()


def test_geopackage_is_guarded_and_the_same_every_time(tmp_path):
    shapes = gpd.GeoDataFrame({"name": ["=1+1"], "n": [1]}, geometry=[Point(-100, 46)], crs="EPSG:4326")
    for name in ("a", "b"):
        write_geopackage(
            shapes, tmp_path / f"{name}.gpkg", layer="counties", description="made", when=dt.date(2026, 6, 30)
        )
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    assert gpd.read_file(tmp_path / "a.gpkg")["name"].iloc[0] == "'=1+1"


def test_dictionary_has_a_row_for_every_column(tmp_path):
    write_dictionary(tmp_path / "d.csv", {"t.csv": TABLE})
    rows = pd.read_csv(tmp_path / "d.csv")
    assert rows["column"].tolist() == TABLE.names
    assert rows["file"].unique().tolist() == ["t.csv"]
    assert rows["description"].notna().all()


def test_json_writes_numpy_and_refuses_what_has_no_form(tmp_path):
    write_json(tmp_path / "r.json", {"n": np.int64(3), "name": "Loíza"})
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == {"n": 3, "name": "Loíza"}
    with pytest.raises(TypeError, match="no JSON form"):
        write_json(tmp_path / "r.json", {"x": object()})
