"""Bundles out of the nation's run: what an independent reader and the attacker make of them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from frictionless import Package

from matcare.pipeline.bundling import write_bundle
from matcare.scenario import Scenario

pytestmark = pytest.mark.national


@pytest.fixture(scope="module")
def attack():
    """The attacker of ``tests/attack.py`` (tests are imported by importlib, so they are no package)."""
    path = Path(__file__).parents[2] / "attack.py"
    spec = importlib.util.spec_from_file_location("attack", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["attack"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module.attack


@pytest.fixture(scope="module")
def unpacked(national_files, tmp_path_factory):
    """A real bundle with briefs, figures and map: a county with a modelled rate and one of Puerto Rico."""
    out = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    written = write_bundle(Scenario(), places=["38105", "Loiza, PR"], from_dir=national_files, out=out)
    with zipfile.ZipFile(out) as archive:
        archive.extractall(out.parent)
    return out.parent / written.found["folder"]


def test_frictionless_finds_every_file_as_described(unpacked):
    report = Package(str(unpacked / "datapackage.json")).validate(limit_errors=3)
    assert report.valid, report.flatten(["place", "rowNumber", "fieldName", "type", "message"])[:5]


def test_nothing_small_can_be_worked_out_even_beside_all_counties(attack, unpacked, national_files, tmp_path):
    """The attacker holds the bundle and the whole run's counties, which say who is in a class or a state."""
    shutil.copytree(unpacked, tmp_path / "bundle")
    shutil.copyfile(national_files / "counties.csv", tmp_path / "counties.csv")
    found = attack(tmp_path)
    assert found.empty, found.to_string()


def test_pages_figures_and_map_are_of_the_places(unpacked):
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert len([path for path in files if path.startswith("briefs/")]) == 4, "two counties and their states"
    for theme in ("class", "minutes-birth_care", "within-neonatal_3_plus-60", "imr", "chart-access", "chart-outcome"):
        for kind in ("png", "svg"):
            drawn = [path for path in files if path.startswith(f"figures/{theme}_") and path.endswith(f".{kind}")]
            assert len(drawn) == 2, f"{theme}.{kind}"
    page = (unpacked / "map.html").read_text(encoding="utf-8")
    assert "Maternity care access: North Dakota, Puerto Rico" in page
    assert "Loíza Municipio" in page
    assert "Los Angeles County" not in page
    assert int(re.search(r'"facility_count":(\d+)', page)[1]) < 200, "units near the two states, not those between them"


def test_the_workbook_shows_the_csv_s_numbers_and_no_modelled_rate_as_a_rate(unpacked):
    csv = pd.read_csv(unpacked / "counties.csv", dtype={"county_fips": "str"}).set_index("county_fips")
    rows = list(openpyxl.load_workbook(unpacked / "counties.xlsx")["Counties"].iter_rows(min_row=2, values_only=True))
    shown = pd.DataFrame(rows[1:], columns=rows[0]).set_index("county_fips")
    assert shown.index.tolist() == csv.index.tolist() == ["38105", "72087"]
    for name in ("minutes_birth_care", "share_women_within_60_birth_care", "women_15_44", "imr_modelled"):
        pd.testing.assert_series_equal(shown[name].astype("float64"), csv[name].astype("float64"))
    assert shown["imr"].isna().all()
    assert shown["imr_status"].tolist() == ["Modelled: no count is published", "Not reported by the source"]
