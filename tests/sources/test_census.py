"""Census readers: small files in the publishers' formats, and the originals when they are here."""

import csv
import gzip
import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from matcare.errors import InputError
from matcare.sources import census_geography as geography
from matcare.sources import census_people as people

AGE_SEX = """SUMLEV,STATE,COUNTY,STNAME,CTYNAME,YEAR,POPESTIMATE,AGE1544_FEM,AGE65PLUS_TOT
050,01,001,Alabama,Autauga County,4,59000,11400,9000
050,01,001,Alabama,Autauga County,5,60342,11900,9800
050,35,013,New Mexico,Doña Ana County,5,225210,45000,38000
"""


def test_age_sex_takes_one_july(tmp_path):
    path = tmp_path / "agesex.csv.gz"
    path.write_bytes(gzip.compress(AGE_SEX.encode("latin-1")))
    table = people.read_age_sex(path)
    assert table.to_dict("list") == {
        "county_fips": ["01001", "35013"],
        "population": [60342, 225210],
        "women_15_44": [11900, 45000],
        "population_under_65": [50542, 187210],
    }
    assert people.read_age_sex(path, year=2022)["women_15_44"].tolist() == [11400]
    with pytest.raises(InputError, match="July 2021"):
        people.read_age_sex(path, year=2021)


def test_births_by_county_and_state(tmp_path):
    path = tmp_path / "births.csv"
    path.write_text(
        "SUMLEV,STATE,COUNTY,BIRTHS2020,BIRTHS2021,BIRTHS2022,BIRTHS2023,BIRTHS2024\n"
        "40,01,000,1,57184,58103,58528,57541\n50,01,001,1,686,718,732,738\n"
    )
    assert people.read_births(path)[["county_fips", "births_2022"]].to_numpy().tolist() == [["01001", 718]]
    assert people.read_births_by_state(path)[["state", "births_2023"]].to_numpy().tolist() == [["AL", 58528]]


def test_uninsured_share_and_other_groups_refused(tmp_path):
    header = ["NAME", "PCTUI_PT", "AGECAT", "RACECAT", "SEXCAT", "IPRCAT", "state", "county"]
    path = tmp_path / "sahie.json"
    path.write_text(
        json.dumps(
            [header, ["A", "8.2", "0", "0", "0", "0", "01", "001"], ["K", None, "0", "0", "0", "0", "15", "005"]]
        )
    )
    share = people.read_uninsured(path).set_index("county_fips")["share_uninsured_under_65"]
    assert share["01001"] == pytest.approx(0.082)
    assert pd.isna(share["15005"])
    path.write_text(json.dumps([header, ["A", "8.2", "1", "0", "0", "0", "01", "001"]]))
    with pytest.raises(InputError, match="AGECAT"):
        people.read_uninsured(path)


def test_acs_women_are_15_to_44(tmp_path):
    header = [
        "NAME",
        "B01003_001E",
        *(f"B01001_{n:03d}E" for n in range(30, 40)),
        "B17001_001E",
        "B17001_002E",
        "state",
        "county",
    ]
    row = ["Adjuntas", "18000", *("100",) * 9, "9999", "16000", "8000", "72", "001"]
    sick = ["B", "-666666666", *("1",) * 9, "1", "0", "0", "72", "003"]
    path = tmp_path / "acs.json"
    path.write_text(json.dumps([header, row, sick]))
    table = people.read_acs_people(path).set_index("county_fips")
    assert table.loc["72001", "women_15_44"] == 900, "45-49 must not be in it"
    assert table.loc["72001", "share_poverty"] == 0.5
    assert table.loc["72003", ["population", "share_poverty"]].isna().all()


def test_vehicles_and_births_of_the_survey(tmp_path):
    path = tmp_path / "v.json"
    path.write_text(
        json.dumps(
            [["B25044_001E", "B25044_003E", "B25044_010E", "state", "county"], ["1000", "30", "20", "01", "001"]]
        )
    )
    assert people.read_acs_vehicles(path)["share_households_no_vehicle"].tolist() == [0.05]
    path.write_text(json.dumps([["B13016_001E", "B13016_002E", "state", "county"], ["1000", "50", "01", "001"]]))
    assert people.read_acs_births(path)["births_last_year"].tolist() == [50]


def test_poverty(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps([["SAEPOVRTALL_PT", "state", "county"], ["12.9", "01", "001"]]))
    assert people.read_poverty(path)["share_poverty"].tolist() == [pytest.approx(0.129)]


def shapes_file(folder, *, crs="EPSG:4269", codes=("38017", "38001")):
    squares = [shapely.box(number, 46, number + 1, 47) for number in range(len(codes))]
    frame = gpd.GeoDataFrame({"GEOID": list(codes), "NAMELSAD": "X County", "STUSPS": "ND"}, geometry=squares, crs=crs)
    path = folder / "cb.zip"
    frame.to_file(folder / "cb.shp")
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        for part in folder.glob("cb.[sdpc]*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    return path


def test_shapes(tmp_path):
    table = geography.read_county_shapes(shapes_file(tmp_path))
    assert table["county_fips"].tolist() == ["38001", "38017"], "in the order of the codes"
    assert table.crs.to_epsg() == 4326
    assert table.total_bounds.tolist() == [0, 46, 2, 47], "coordinates as they are"


def test_shapes_refusals(tmp_path):
    path = shapes_file(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="half written"):
        geography.read_county_shapes(path)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="EPSG:4269"):
        geography.read_county_shapes(shapes_file(tmp_path / "b", crs="EPSG:5070"))


def test_adjacency_leaves_out_the_county_itself(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(
        "County Name|County GEOID|Neighbor Name|Neighbor GEOID\nA|01001|A|01001\nA|01001|B|01003\nB|01003|A|01001\n"
    )
    assert geography.read_county_adjacency(path).to_numpy().tolist() == [["01001", "01003"], ["01003", "01001"]]


def test_county_centers_with_signs(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text(
        "STATEFP,COUNTYFP,COUNAME,STNAME,POPULATION,LATITUDE,LONGITUDE\n01,001,A,Alabama,58805,+32.500194,-086.487813\n"
    )
    assert geography.read_county_centers(path).to_numpy().tolist() == [["01001", 58805, 32.500194, -86.487813]]


def centers(**changes):
    row = {
        "bg_geoid": "010010201001",
        "lat": 32.4,
        "lon": -86.4,
        "pop2020": 5,
        "county_2020": "01001",
        "county_2022": "01001",
    }
    return pd.DataFrame([row | changes])


def test_block_groups(tmp_path):
    path = tmp_path / "b.parquet"
    pd.concat([centers(), centers(bg_geoid=None)]).to_parquet(path)
    table = geography.read_block_group_centers(path)
    assert table["bg_geoid"].isna().tolist() == [False, True]
    for bad, what in ((centers(bg_geoid="020010201001"), "block group in county"), (centers(pop2020=0), "1 or more")):
        bad.to_parquet(path)
        with pytest.raises(InputError, match=what):
            geography.read_block_group_centers(path)
    pd.concat([centers(), centers()], ignore_index=True).to_parquet(path)
    with pytest.raises(InputError, match="twice"):
        geography.read_block_group_centers(path)


@pytest.mark.shared
def test_originals(shared):
    shapes = geography.read_county_shapes(shared / "boundaries/cb_2024_us_county_20m.zip")
    assert len(shapes) == 3222
    adjacency = geography.read_county_adjacency(shared / "boundaries/county_adjacency2024.txt")
    flipped = adjacency.rename(columns={"county_fips": "neighbor_fips", "neighbor_fips": "county_fips"})
    assert len(adjacency.merge(flipped)) == len(adjacency), "the relation is symmetric"
    points = geography.read_block_group_centers(shared / "demand/block_group_centers_2020.parquet")
    assert len(points) == 240942
    counties = geography.read_county_centers(shared / "demand/CenPop2020_Mean_CO.txt")
    people_by_county = points.groupby("county_fips_2020")["people"].sum()
    here = counties.set_index("county_fips")["people"]
    differ = people_by_county.reindex(here.index) - here
    # The re-packed file has one nameless point of Canóvanas in its neighbour Carolina; everywhere else people add up.
    assert differ[differ != 0].to_dict() == {"72029": -1105, "72031": 1105}
    weights = geography.read_connecticut_weights(shared / "boundaries/ct_legacy_to_region_weights.csv")
    assert weights.groupby("old")["weight"].sum().to_numpy() == pytest.approx([1] * 8)


@pytest.mark.shared
def test_original_women_against_the_raw_rows(shared):
    table = people.read_age_sex(shared / "county/cc-est2023-agesex-all.csv.gz")
    with gzip.open(shared / "county/cc-est2023-agesex-all.csv.gz", "rt", encoding="latin-1") as file:
        total = sum(int(row["AGE1544_FEM"]) for row in csv.DictReader(file) if row["YEAR"] == "5")
    assert table["women_15_44"].sum() == total
    assert len(table) == 3144
    for name in ("acs5_2023_county.json", "acs5_2023_county_births.json", "acs2023_b25044_vehicles.json"):
        reader = {"c": people.read_acs_people, "b": people.read_acs_births, "v": people.read_acs_vehicles}[
            "v" if "b25044" in name else "b" if "births" in name else "c"
        ]
        assert len(reader(shared / "county" / name)) == 3222
