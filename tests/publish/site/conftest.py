"""A site of two small states, made once: rows of the national run, real briefs."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from matcare.pipeline.publishing import publish_site
from matcare.scenario import Scenario

STATES = ("DE", "RI")
COUNTIES = ("10", "44")
SCRIPT = "<script>alert(1)</script>"
LONG = 'Ñandú "quoted" & ' + "Llanfair" * 23
NAMES = {"10001": SCRIPT, "44001": LONG}


@pytest.fixture(scope="session", autouse=True)
def _tables_once(snapshot):
    """Read the embedded tables once, not with each site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matcare.pipeline.finished.load_snapshot", lambda _folder: snapshot)
        yield


@pytest.fixture(scope="session")
def run_folder(national_files, tmp_path_factory):
    """The national run's rows of Delaware and Rhode Island, with names in them that would act if they could."""
    folder = tmp_path_factory.mktemp("run") / "de-ri"
    shutil.copytree(national_files, folder)
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        if path.name in {"dictionary.csv", "national_changes.csv"}:
            continue
        if "state" in table:
            table = table[table["state"].isin(STATES)]
        elif "county_fips" in table:
            table = table[table["county_fips"].str[:2].isin(COUNTIES)]
        if path.name == "counties.csv":
            table["county_name"] = table["county_fips"].map(NAMES).fillna(table["county_name"])
        table.to_csv(path, index=False, lineterminator="\n")
    points = pd.read_parquet(folder / "block_groups.parquet")
    points[points["county_fips"].str[:2].isin(COUNTIES)].to_parquet(folder / "block_groups.parquet")
    shapes = gpd.read_file(folder / "counties.gpkg", columns=["county_fips"])
    (folder / "counties.gpkg").unlink()
    shapes[shapes["county_fips"].str[:2].isin(COUNTIES)].to_file(folder / "counties.gpkg", driver="GPKG")
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    about["scenario"]["states"], about["region"] = list(STATES), "Delaware, Rhode Island"
    (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def site(run_folder, tmp_path_factory):
    """Its site."""
    folder = tmp_path_factory.mktemp("published") / "site"
    publish_site(Scenario(), from_dir=run_folder, out=folder)
    return folder


@pytest.fixture
def one_run(run_folder, tmp_path):
    """A copy of the run's folder to be changed."""
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


@pytest.fixture(scope="session")
def crawl():
    """The module that reads a site's pages."""
    spec = importlib.util.spec_from_file_location("crawl", Path(__file__).with_name("crawl.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
