"""Rows of a bundle stand in the run's files as they are, and are those of its places."""

from __future__ import annotations

import pandas as pd
import pytest

from matcare.contracts import OUTPUTS
from matcare.publish.bundle.selection import select_places
from matcare.publish.bundle.tables import RULES, bundle_tables, write_tables

CSV = [name for name in OUTPUTS if name.endswith(".csv")]


def test_every_table_of_a_run_has_its_rule():
    assert set(RULES) == set(OUTPUTS)


@pytest.mark.parametrize("places", [(), ("ND",), ("38005", "72087"), ("02050",)])
def test_no_line_that_is_not_in_the_run(made_run, made_folder, tmp_path, places):
    """Whoever has the run's files has every cell of a bundle: no count can be worked out that was not before."""
    selection = select_places(made_run, places)
    write_tables(selection, bundle_tables(selection), tmp_path)
    for name in CSV:
        ours = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        theirs = (made_folder / name).read_text(encoding="utf-8").splitlines()
        if not places:
            assert ours == theirs, name
        assert ours[0] == theirs[0]
        assert set(ours) <= set(theirs), name
        assert [line for line in theirs if line in set(ours)] == ours, f"{name}: order"
    for name in set(OUTPUTS) - set(CSV):
        ours, theirs = pd.read_parquet(tmp_path / name), pd.read_parquet(made_folder / name)
        key = list(OUTPUTS[name].primary_key)
        again = theirs.merge(ours[key], on=key, how="inner")
        pd.testing.assert_frame_equal(ours.reset_index(drop=True), again, check_dtype=False)


def chosen(made_run, *places):
    return bundle_tables(select_places(made_run, places)).tables


def test_units_in_the_counties_and_those_nearest_to_their_women(made_run):
    tables = chosen(made_run, "38005")
    for name in ("facilities.csv", "transfers.csv", "fragility.csv", "unit_births.csv"):
        assert tables[name]["facility_id"].tolist() == ["430001"], "the nearest is in the next state"
    tables = chosen(made_run, "ND")
    assert tables["fragility.csv"]["facility_id"].tolist() == ["350001", "350002", "430001"]


def test_a_county_without_any_unit_has_tables_without_rows(made_run, tmp_path):
    selection = select_places(made_run, ["72087"])
    made = bundle_tables(selection)
    assert made.rows("fragility.csv") == 0
    write_tables(selection, made, tmp_path)
    assert (tmp_path / "fragility.csv").read_text(encoding="utf-8").startswith("order,service,facility_id")
    assert len(pd.read_csv(tmp_path / "fragility.csv")) == 0


def test_counties_states_and_whole_region(made_run):
    tables = chosen(made_run, "38001")
    assert tables["clusters.csv"]["county_fips"].tolist() == ["38001"]
    assert tables["coverage.csv"]["place"].tolist() == ["area", "US", "ND", "38001"]
    assert tables["disparities.csv"]["place"].tolist() == ["area", "US", "ND", "38001"]
    assert tables["coverage_counties.parquet"]["place"].tolist() == ["38001"]
    assert tables["pooled_rates.csv"]["group"].tolist() == ["ND", "desert"]
    assert tables["cross_border.csv"]["home_state"].tolist() == ["ND"]
    assert tables["state_policies.csv"]["state"].tolist() == ["ND"]
    assert tables["indicators.csv"]["county_fips"].tolist() == ["38001"], "the state's row is Puerto Rico's"
    assert chosen(made_run, "72087")["indicators.csv"]["county_fips"].isna().tolist() == [False, True]
    for name in ("desert_outcomes.csv", "association.csv", "national_changes.csv", "indicator_catalog.csv"):
        assert len(tables[name]) == 3, f"{name} is of the whole run"


@pytest.mark.national
def test_a_county_s_bundle_adds_nothing_to_what_the_nation_s_run_says(national_files, tmp_path, snapshot):
    """Real tables: every line stands in the run's files."""
    from matcare.pipeline.finished import load_reference
    from matcare.publish.finished import read_run

    run = read_run(national_files, load_reference(snapshot))
    selection = select_places(run, ["Loiza, PR", "38105", "ND", "15005", "09110"])
    write_tables(selection, bundle_tables(selection), tmp_path)
    for name in CSV:
        ours = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        theirs = (national_files / name).read_text(encoding="utf-8").splitlines()
        assert set(ours) <= set(theirs), name
        assert len(ours) > 1 or name == "cross_border.csv", name
    assert len(pd.read_csv(tmp_path / "counties.csv")) == 53 + 3
