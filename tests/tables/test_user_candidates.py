"""A user's candidate sites."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from matcare.errors import InputError
from matcare.tables.user_candidates import read_candidates


@pytest.fixture
def counties():
    boxes = [shapely.box(-101, 46, -100, 47), shapely.box(-100, 46, -99, 47)]
    return gpd.GeoDataFrame({"county_fips": ["38015", "38043"]}, geometry=boxes, crs="EPSG:4326")


def test_places_get_their_names_and_counties(tmp_path, counties):
    path = tmp_path / "sites.csv"
    path.write_text("ID,Name,Lat,Lon,owner\na1,Bismarck east,46.8,-100.7,x\na2,,46.5,-99.5,y\n")
    found = read_candidates(path, counties)
    assert found.to_dict("list") == {
        "site_id": ["a1", "a2"], "site_name": ["Bismarck east", "a2"], "county_fips": ["38015", "38043"],
        "lat": [46.8, 46.5], "lon": [-100.7, -99.5],
    }  # fmt: skip
    path.write_text("id,lat,lon\na1,46.8,-100.7\n")
    assert read_candidates(path, counties)["site_name"].tolist() == ["a1"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,lat\na,46.8\n", "column 'lon' is missing"),
        ("id,lat,lon\na,46.8,-100.7\na,46.8,-100.7\n", "row 2, column 'id': 'a' stands twice"),
        ("id,lat,lon\na,-100.7,46.8\n", "look swapped"),
        ("id,lat,lon\na,46.8,-100.7\nb,40.0,-90.0\n", "row 2: 'b' lies farther than 25 km from every county"),
        ("id,lat,lon\n", "no rows below the header"),
    ],
)
def test_bad_places(tmp_path, counties, text, words):
    path = tmp_path / "sites.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_candidates(path, counties)
