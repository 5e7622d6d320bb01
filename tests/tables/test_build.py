"""The whole compilation on the publishers' original files, against sums taken from the raw rows."""

import csv
import gzip
import json
from collections import defaultdict

import pandas as pd
import pytest

from matcare.errors import InputError, OutputError
from matcare.geo import STATE_FIPS
from matcare.sources.catalog import CATALOG
from matcare.tables import build as building
from matcare.tables import snapshot

POSTAL = {fips: state for state, fips in STATE_FIPS.items()}


def test_a_folder_without_the_files_is_told_in_one_line(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="no such folder"):
        building.build(tmp_path / "absent", out)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as error:
        building.build(tmp_path / "empty", out)
    assert "no such file" in str(error.value)
    assert "\n" not in str(error.value)
    assert not out.exists(), "nothing is written before everything is right"


def test_every_source_named_is_in_the_catalog_and_embedded():
    for table, sources in building.TABLE_SOURCES.items():
        assert sources, table
        for source in sources:
            assert CATALOG[source].use == "embedded"


@pytest.fixture(scope="module")
def built(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    report = building.build(shared, folder)
    return folder, report


@pytest.mark.shared
def test_the_same_files_give_the_same_bytes(built, shared, tmp_path):
    folder, report = built
    building.build(shared, tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 17
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name
    assert any(line.startswith("hrsa_ahrf_2025: 13 rows") for line in report), "what found no county is told"


@pytest.mark.shared
def test_the_embedded_tables_are_what_the_originals_compile_to(built):
    fresh, embedded = snapshot.load_snapshot(built[0]), snapshot.load_snapshot()
    for name in ("counties", "outcomes", "demand", "road_nodes", "road_edges", "states", "other_hospitals"):
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(fresh, name)), pd.DataFrame(getattr(embedded, name)))


@pytest.mark.shared
def test_women_and_births_by_state(shared):
    women: dict[str, int] = defaultdict(int)
    with gzip.open(shared / "county/cc-est2023-agesex-all.csv.gz", "rt", encoding="latin-1") as file:
        for row in csv.DictReader(file):
            women[POSTAL[row["STATE"].zfill(2)]] += int(row["AGE1544_FEM"]) * (row["YEAR"] == "5")
    births = {}
    with (shared / "county/co-est2024-births.csv").open(encoding="latin-1") as file:
        for row in csv.DictReader(file):
            if row["SUMLEV"] == "40":
                births[POSTAL[row["STATE"]]] = sum(int(row[f"BIRTHS{year}"]) for year in (2021, 2022, 2023)) / 3
    counties = snapshot.load_counties()
    sums = counties.groupby("state")[["women_15_44", "births_per_year"]].sum()
    assert len(women) == len(births) == 51
    for state, number in women.items():
        assert sums.loc[state, "women_15_44"] == number
        assert sums.loc[state, "births_per_year"] == pytest.approx(births[state]), state


@pytest.mark.shared
def test_women_of_puerto_rico(shared):
    rows = json.loads((shared / "county/acs5_2023_county.json").read_text())
    head, *rest = rows
    ages = [head.index(f"B01001_{number:03d}E") for number in (30, 31, 32, 33, 34, 35, 36, 37, 38)]
    total = sum(int(row[place]) for row in rest if row[head.index("state")] == "72" for place in ages)
    counties = snapshot.load_counties()
    assert counties.loc[counties["state"] == "PR", "women_15_44"].sum() == total


@pytest.mark.shared
def test_deaths_and_births_by_state(shared):
    published: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    state_rows = {}
    with (shared / "county/chr_v129_r2026.csv").open() as file:
        for row in csv.DictReader(file):
            if not row["v129_numerator"]:
                continue
            counts = [float(row["v129_numerator"]), float(row["v129_denominator"])]
            if row["countycode"] == "000":
                state_rows[row["statecode"]] = counts
            else:
                both = published[POSTAL[row["statecode"]]]
                both[0], both[1] = both[0] + counts[0], both[1] + counts[1]
    outcomes, states = snapshot.load_outcomes(), snapshot.load_states().set_index("state")
    sums = outcomes.groupby(outcomes["county_fips"].str[:2].map(POSTAL))[["infant_deaths", "live_births"]].sum()
    for state, counts in published.items():
        assert sums.loc[state].tolist() == pytest.approx(counts), state
    for fips, counts in state_rows.items():
        row = states.loc["US" if fips == "00" else POSTAL[fips]]
        if row["outcome_status"] == "published":
            assert row[["infant_deaths", "live_births"]].tolist() == counts
    assert len(state_rows) - (states["outcome_status"] == "published").sum() == 2, "Hawaii and one more"


@pytest.mark.shared
def test_nothing_is_lost_when_the_folder_cannot_be_written(built, shared, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("mine")
    compiled = building.Compiled(tables={"outcomes": snapshot.load_outcomes(built[0])}, left_out=())
    monkeypatch.setattr(building, "compile_tables", lambda _: compiled)
    monkeypatch.setattr(building, "readme", lambda *_: "")
    with pytest.raises(OutputError, match="could not be written"):
        building.build(shared, blocked)
    assert blocked.read_text() == "mine"
