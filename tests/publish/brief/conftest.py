"""The finished national run, read once, and rows of counties that never were."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from matcare.pipeline.finished import finished_run
from matcare.scenario import Scenario


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def county_row():
    return _load("brief_rows").county_row


@pytest.fixture(scope="session")
def finished(national_files):
    with finished_run(Scenario(), from_dir=national_files) as run:
        yield run


@pytest.fixture(scope="session")
def small(finished):
    """The run of North Dakota, cut from the nation's, for tests that change a table."""
    counties = finished.counties[finished.counties["state"] == "ND"].reset_index(drop=True)
    codes = set(counties["county_fips"])
    tables = {name: _of_north_dakota(table, codes) for name, table in finished.tables.items()}
    states = finished.facilities["state"].isin(["ND", "SD", "MN", "MT"])
    about = dict(finished.about) | {
        "region": "North Dakota", "scenario": dict(finished.about["scenario"]) | {"states": ["ND"]},
    }  # fmt: skip
    return replace(
        finished, counties=counties, facilities=finished.facilities[states], tables=tables, about=about,
        block_groups=finished.block_groups[finished.block_groups["county_fips"].isin(codes)],
    )  # fmt: skip


def _of_north_dakota(table, codes):
    if "county_fips" not in table:
        return table
    there = table["county_fips"].isin(codes)
    return table[there | table["county_fips"].isna() & (table["state"] == "ND")] if "state" in table else table[there]
