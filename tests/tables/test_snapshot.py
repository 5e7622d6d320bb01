"""The embedded snapshot: it loads, keeps its contracts, and says in one line what is wrong when it does not."""

import hashlib
import json
import shutil

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from matcare.contracts import COUNTIES, EMBEDDED
from matcare.errors import OutputError, SnapshotError
from matcare.geo import STATES
from matcare.tables import snapshot, storage

WOMEN_2023 = 65_974_992
"""Sum of AGE1544_FEM over the publisher's rows of July 2023."""

BIRTHS_2021_23 = 10_913_735
"""Sum of BIRTHS2021 to BIRTHS2023 over the publisher's rows of states, not of counties."""

TABLES = [
    "counties", "outcomes", "outcomes_by_race", "facilities", "demand", "road_nodes", "road_edges", "states", "adjacency",
    "county_indicators", "state_indicators", "connecticut_weights", "other_hospitals",
]  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return snapshot.load_snapshot()


@pytest.mark.parametrize("name", TABLES)
def test_each_table_keeps_its_contract(data, name):
    table = getattr(data, name)
    checked = EMBEDDED[name].validate(table, where=name)
    assert checked.columns.tolist() == EMBEDDED[name].names


def test_sizes(data):
    folder = snapshot.default_data_dir()
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12e6
    assert {name: len(getattr(data, name)) for name in TABLES if name != "facilities"} == {
        "counties": 3222, "outcomes": 3222, "demand": 240942, "road_nodes": 246791, "road_edges": 287547, "states": 53,
        "outcomes_by_race": 1801, "adjacency": 18954, "county_indicators": 3222, "state_indicators": 3432,
        "connecticut_weights": 19, "other_hospitals": 1587,
    }  # fmt: skip
    assert set(data.states["state"]) == {*STATES, "US"}
    assert data.data_date == "2026 Q2"


def test_national_totals_as_the_publishers_have_them(data):
    counties, states = data.counties, data.states.set_index("state")
    stateside = counties[counties["state"] != "PR"]
    assert stateside["women_15_44"].sum() == WOMEN_2023
    assert stateside["population"].sum() == 334914895, "the July 2023 estimate of the resident population"
    assert stateside["births_per_year"].sum() * 3 == pytest.approx(BIRTHS_2021_23)
    assert states.loc["US", ["infant_deaths", "live_births"]].tolist() == [144923, 25936466]
    assert data.demand["people"].sum() == 331449281 + 3285874, (
        "the 2020 census: the states and the district, and Puerto Rico"
    )
    assert len(counties[counties["state"] == "PR"]) == 78


def test_connecticut_adds_up_to_the_state(data):
    regions = data.outcomes[data.outcomes["county_fips"].str[:2] == "09"]
    assert len(regions) == 9
    assert regions["infant_deaths"].sum() == pytest.approx(1083)
    assert regions["live_births"].sum() == pytest.approx(243225)
    assert set(regions["outcome_status"]) == {"apportioned"}


def test_no_small_vital_count_is_stored(data):
    for table, columns in (
        (data.outcomes, ["infant_deaths", "live_births"]),
        (data.states, ["infant_deaths", "live_births"]),
        (data.counties, ["births_registered_per_year"]),
        (data.facilities, ["nursery_discharges"]),
    ):
        for column in columns:
            assert not table[column].between(0.5, 9.9).any(), column
    low = data.counties["share_low_birthweight"] * data.counties["births_registered_per_year"]
    assert low.min() > 9.5, "births with a low weight: ten and more"
    assert (data.counties["births_registered_per_year"] - low).min() > 9.5, "and the others: ten and more"
    territory = data.counties[data.counties["births_per_year_status"] != "census_estimate"]
    assert not territory["births_per_year"].between(0.5, 9.9).any()


def test_a_reason_stands_exactly_where_a_value_is_missing(data):
    counties = data.counties
    missing = {"suppressed", "not_reported"}
    for column in (
        "births_per_year",
        "share_women_uninsured",
        "obgyns",
        "midwives",
        "share_low_birthweight",
        "women_15_44",
    ):
        assert (counties[column].isna() == counties[f"{column}_status"].isin(missing)).all(), column
    registered = counties["births_registered_status"].isin(missing)
    assert (counties["births_registered_per_year"].isna() == registered).all()
    assert (data.outcomes["infant_deaths"].isna() == data.outcomes["outcome_status"].isin(missing)).all()
    assert (
        data.states["infant_deaths"].isna() == data.states["outcome_status"].isin({"complementary", "not_reported"})
    ).all()


def test_unknown_is_not_zero(data):
    counties = data.counties.set_index("county_fips")
    assert counties.loc["09110", "obgyns_status"] == "not_reported"
    assert counties.loc[counties["state"] == "PR", "share_women_uninsured"].isna().all()
    assert data.outcomes.loc[data.outcomes["county_fips"].str[:2] == "72", "outcome_status"].eq("not_reported").all()


def test_polygons_are_a_valid_coverage(data):
    assert isinstance(data.counties, gpd.GeoDataFrame)
    assert data.counties.crs.to_epsg() == 4326
    polygons = data.counties.geometry.to_numpy()
    assert shapely.coverage_is_valid(polygons)
    assert shapely.is_valid(polygons).all()
    assert shapely.contains_xy(polygons, data.counties["lon"], data.counties["lat"]).all()


def test_demand_adds_up_to_every_county(data):
    sums = data.demand.groupby("county_fips")[["women_15_44", "births_per_year"]].sum()
    counties = data.counties.set_index("county_fips")
    assert set(sums.index) == set(counties.index), "every county has a demand point"
    for column in sums:
        known = counties[column].dropna()
        assert sums.loc[known.index, column].to_numpy() == pytest.approx(known.to_numpy(), rel=1e-9, abs=1e-9)


def test_demand_in_connecticut_has_both_county_codes(data):
    rows = data.demand[data.demand["county_fips"].str[:2] == "09"]
    assert rows["county_fips"].nunique() == 9
    assert rows["county_fips_2020"].nunique() == 8


def test_uninsured_women_average_to_the_state(data):
    counties, states = data.counties, data.states.set_index("state")
    weight = counties["women_15_44"].where(counties["share_women_uninsured"].notna())
    mean = (counties["share_women_uninsured"] * weight).groupby(counties["state"]).sum() / weight.groupby(
        counties["state"]
    ).sum()
    gap = (mean - states["share_women_uninsured"]).dropna()
    assert len(gap) == 51
    assert gap.abs().max() < 0.015, "weights differ (women here, everybody under 65 there); shares must not"


def test_states_say_what_is_from_memory(data):
    states = data.states.set_index("state")
    known = states["medicaid_postpartum_12_months"].notna()
    assert known.sum() == 51
    assert states.loc[known, "policy_note"].str.contains("from memory, unverified").all()
    assert states.loc["OH", "policy_note"].startswith("expansion date: KFF")
    assert states.loc["MO", "policy_note"].startswith("expansion date: from memory")
    assert states.loc["MD", "policy_note"].endswith("benefits not started")
    assert states.loc[["HI", "RI"], "outcome_status"].tolist() == ["complementary"] * 2


def test_verify_reports_missing_cells(data):
    report = snapshot.verify()
    heads = report[report["column"] == ""].set_index("table")
    assert heads.loc[TABLES, "problem"].eq("").all()
    assert heads.loc["demand", "rows"] == 240942
    gaps = report.set_index(["table", "column"])["missing"]
    assert gaps["demand", "bg_geoid"] == 4059
    assert gaps["outcomes", "infant_deaths"] == data.outcomes["infant_deaths"].isna().sum()


def test_datapackage_describes_the_files():
    frictionless = pytest.importorskip("frictionless")
    folder = snapshot.default_data_dir()
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert frictionless.Package.metadata_validate(package) is not None
    assert list(frictionless.Package.metadata_validate(package)) == []
    for resource in package["resources"]:
        if resource["format"] == "parquet":
            fields = [field["name"] for field in resource["schema"]["fields"]]
            assert pq.read_schema(folder / resource["path"]).names == fields, resource["name"]
            assert resource["sources"], resource["name"]
        content = (folder / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    hashes = {resource["name"]: resource["hash"].removeprefix("sha256:") for resource in package["resources"]}
    assert set(TABLES) < set(hashes)
    hashes.pop("drive_time_error")
    assert hashes == snapshot.load_snapshot().hashes


def test_provenance_is_in_every_file():
    folder = snapshot.default_data_dir()
    for name in TABLES:
        _, about = storage.read_stored(folder / f"{name}.parquet", name)
        assert about["licence"] == EMBEDDED[name].licence
        assert about["sources"]
        assert all(len(source["sha256"]) == 64 for source in about["sources"])
    assert storage.read_stored(folder / "outcomes.parquet", "outcomes")[1]["licence"] == "CC-BY-NC-SA-4.0"


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(snapshot.default_data_dir(), tmp_path / "data")
    return tmp_path / "data"


def refused(folder, *parts):
    with pytest.raises(SnapshotError) as error:
        snapshot.load_snapshot(folder)
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text


def test_missing_folder_and_file(copy):
    refused(copy / "absent", "no such folder")
    (copy / "outcomes.parquet").unlink()
    refused(copy, "outcomes.parquet", "missing", "matcare data build")


def test_a_folder_without_the_other_hospitals_has_none(copy):
    (copy / "other_hospitals.parquet").unlink()
    assert snapshot.load_snapshot(copy).other_hospitals is None
    report = snapshot.verify(copy)
    assert "build the data again" in report.loc[report["table"] == "other_hospitals", "problem"].item()


@pytest.mark.parametrize("keep", [0, 100, -40])
def test_half_written(copy, keep):
    path = copy / "states.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    refused(copy, "states.parquet", "half written", "matcare data build")


def test_another_table_under_the_name(copy):
    shutil.copy(copy / "states.parquet", copy / "outcomes.parquet")
    refused(copy, "outcomes.parquet", "'states', not 'outcomes'")


def test_a_file_of_somebody_else(copy):
    pd.DataFrame({"a": [1]}).to_parquet(copy / "demand.parquet")
    refused(copy, "demand.parquet", "not a file of matcare's snapshot")


def test_another_version(copy, monkeypatch):
    monkeypatch.setattr(storage, "SNAPSHOT_VERSION", "0")
    content = storage.stored_bytes(pq.read_table(copy / "outcomes.parquet"), name="outcomes", sources=["chr_v129_2026"])
    monkeypatch.undo()
    (copy / "outcomes.parquet").write_bytes(content)
    refused(copy, "snapshot version 0", "reads version 1")


def test_verify_tells_a_damaged_table_from_the_others(copy):
    (copy / "road_nodes.parquet").write_bytes(b"PAR1")
    report = snapshot.verify(copy)
    heads = report[report["column"] == ""].set_index("table")["problem"]
    assert "half written" in heads["road_nodes"]
    assert heads["counties"] == ""
    assert "half written" in heads["road_edges"], "edges mean nothing without their nodes"


def test_verify_finds_a_total_that_discloses(copy):
    states = snapshot.load_states(copy)
    outcomes = snapshot.load_outcomes(copy)
    counties = outcomes[outcomes["county_fips"].str.startswith("15")]
    made = [counties["infant_deaths"].sum(), counties["live_births"].sum() + 7, "published"]  # a made residual
    states.loc[states["state"] == "HI", ["infant_deaths", "live_births", "outcome_status"]] = made
    content = storage.stored_bytes(
        storage.stored_from_frame(states, EMBEDDED["states"]), name="states", sources=["chr_v129_2026"]
    )
    (copy / "states.parquet").write_bytes(content)
    report = snapshot.verify(copy)
    problem = report[(report["table"] == "states") & (report["column"] == "")]["problem"].iloc[0]
    assert "1-9 can be worked out from the total of HI" in problem


def test_a_stored_table_comes_back_as_it_was(tmp_path):
    frame = pd.DataFrame(
        {
            "county_fips": ["01001", "09110"], "county_name": ["A", "Doña"], "state": ["AL", "CT"], "births_disagree": pd.array([True, None], "boolean"),
            "rucc_2023": pd.array([2, None], "Int64"), "svi": [0.1, None],
        }
    )  # fmt: skip
    full = frame.reindex(columns=COUNTIES.names)
    full["births_disagree"], full["rucc_2023"] = frame["births_disagree"], frame["rucc_2023"]
    full = gpd.GeoDataFrame(
        full.drop(columns="geometry"),
        geometry=[shapely.box(0, 0, 1, 1), shapely.Point(1, 2).buffer(1)],
        crs="EPSG:4326",
    )
    path = tmp_path / "counties.parquet"
    content = storage.stored_bytes(
        storage.stored_from_frame(full, COUNTIES), name="counties", sources=["census_county_shapes_2024"]
    )
    storage.write_file(path, content)
    assert content == storage.stored_bytes(
        storage.stored_from_frame(full, COUNTIES), name="counties", sources=["census_county_shapes_2024"]
    )
    back = storage.frame_from_stored(storage.read_stored(path, "counties")[0], COUNTIES, path)
    assert back["county_name"].tolist() == ["A", "Doña"]
    assert back["births_disagree"].tolist() == [True, pd.NA]
    assert back["rucc_2023"].tolist() == [2, pd.NA]
    assert back["svi"].isna().tolist() == [False, True]
    assert back.geometry.geom_equals_exact(full.geometry, 0).all()
    assert gpd.read_parquet(path).geometry.iloc[0].equals(shapely.box(0, 0, 1, 1)), "GeoParquet, readable by others"


def test_what_stood_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"before")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError):
        storage.write_file(blocked / "t.parquet", b"x")
    with pytest.raises(TypeError):
        storage.write_file(path, None)
    assert path.read_bytes() == b"before"
    assert [item.name for item in sorted(tmp_path.iterdir())] == ["file", "t.parquet"], (
        "nothing half written lies about"
    )


@pytest.mark.parametrize("name", ["counties", "outcomes", "facilities", "states", "drive_time_error"])
def test_frictionless_finds_the_tables_as_described(name):
    """An independent reader of Frictionless descriptors agrees with ours."""
    from frictionless import Package

    package = Package(str(snapshot.default_data_dir() / "datapackage.json"))
    report = package.get_resource(name).validate(limit_errors=3)
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])[:3]
