"""A user's points: what is read, and how each mistake is told."""

from __future__ import annotations

import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.tables.points import read_points


def write(tmp_path, text, name="points.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "id,lat,lon\n01,46.81,-100.78\nb,46.88,-96.79\n",
        "ID, Lat ,LON\n01,46.81,-100.78\nb,46.88,-96.79\n",
        "\ufeffid;lat;lon\n01;46.81;-100.78\nb;46.88;-96.79\n",
        "id\tlat\tlon\n01\t46.81\t-100.78\nb\t46.88\t-96.79",
        "name,id,lat,lon\nMinot,01,46.81,-100.78\nFargo,b,46.88,-96.79\n",
    ],
)
def test_the_same_points_however_they_are_written(tmp_path, text):
    points = read_points(write(tmp_path, text))
    assert points.to_dict("list") == {"id": ["01", "b"], "lat": [46.81, 46.88], "lon": [-100.78, -96.79]}


def test_parquet_and_windows_text(tmp_path):
    pd.DataFrame({"id": ["a"], "lat": [18.4], "lon": [-65.9]}).to_parquet(tmp_path / "p.parquet")
    assert read_points(tmp_path / "p.parquet")["lat"].tolist() == [18.4]
    assert read_points(write(tmp_path, "id,lat,lon\nLoíza,18.4,-65.9\n".encode("cp1252")))["id"].tolist() == ["Loíza"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("id,lat,lon\n", "no rows"),
        ("id,lat\na,46\n", "column 'lon' is missing"),
        ("lat,lon\n46,-100\n", "column 'id' is missing"),
        ("id,lat,lon\na,46,-100\na,47,-100\n", "row 2, column 'id': 'a' stands twice"),
        ("id,lat,lon\n,46,-100\n", "row 1, column 'id': is missing"),
        ("id,lat,lon\na,46,-100\nb,-100,46\n", "row 2: lat -100, lon 46 look swapped"),
        ("id,lat,lon\na,46,100.5\n", "sign of lon is lost"),
        ("id,lat,lon\na,146,-200\n", "outside the world"),
        ("id,lat,lon\na,51.5,-0.1\n", "outside the United States"),
        ("id,lat,lon\na,north,-100\n", "row 1, column 'lat': 'north' is not a number"),
        ("id,lat,lon\na,46,\n", "row 1, column 'lon': is missing"),
        ("id,lat,lon\na,inf,-100\n", "not a number"),
        ("id,lat,lon\na,46,-100\nb,46,-100,Bismarck Tribune\n", "row 2 (line 3): 4 cells where the header has 3"),
        ("id,lat,lon,lat\na,46,-100,4\n", "lat"),
        ('id,lat,lon\n"a,46,-100\n', "CSV"),
        (b"PK\x03\x04\x00\x00", "not a text file"),
    ],
)
def test_each_mistake_is_told_in_one_line(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=r"points\.csv") as caught:
        read_points(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_points(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not a file"):
        read_points(tmp_path)
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        read_points(write(tmp_path, "x", "points.xlsx"))


def test_half_written_parquet(tmp_path):
    whole = tmp_path / "p.parquet"
    pd.DataFrame({"id": ["a"] * 50, "lat": [18.4] * 50, "lon": [-65.9] * 50}).to_parquet(whole)
    half = write(tmp_path, whole.read_bytes()[:200], "half.parquet")
    with pytest.raises(InputError, match=r"half\.parquet: not a complete Parquet file"):
        read_points(half)
