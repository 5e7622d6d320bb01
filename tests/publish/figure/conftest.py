"""A made run: a few square counties with every column of the contract, so that figures are drawn in a moment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import MultiPolygon, box

from matcare.contracts import BASELINE_ACCESS, BLOCK_GROUPS, COUNTY_RESULTS, FACILITIES_OUT, SERVICES
from matcare.publish.finished import FinishedRun, Reference

SIDE = 0.5


def _column(column, rows):
    if column.kind == "text":
        values = column.values or ("none",)
        return pd.Series([values[0]] * rows, dtype="str")
    if column.kind == "boolean":
        return pd.Series([False] * rows, dtype="boolean")
    if column.kind == "integer":
        return pd.Series([1] * rows, dtype="Int64")
    top = 1.0 if column.unit == "share 0-1" or column.maximum == 1 else 100.0 if column.maximum == 100 else 130.0
    return pd.Series(np.linspace(0.02, 0.98, rows) * top if rows else [], dtype="float64")


def _frame(contract, rows):
    return pd.DataFrame({c.name: _column(c, rows) for c in contract.columns if c.kind != "geometry"})


def _square(west, south):
    return box(west, south, west + SIDE, south + SIDE)


def made_counties(places):
    """Counties from (code, name, state, polygon)."""
    frame = _frame(COUNTY_RESULTS, len(places))
    frame["county_fips"] = [code for code, *_ in places]
    frame["county_name"] = [name for _, name, *_ in places]
    frame["state"] = [state for _, _, state, _ in places]
    frame["women_15_44"] = np.arange(1, len(places) + 1) * 1000.0
    frame["outcome_period"] = "2017-2023"
    frame["data_date"] = "2026 Q2"
    for service in (*SERVICES, "birth_care_corroborated"):
        frame[f"minutes_{service}_reason"] = "covered"
    shapes = [polygon for *_, polygon in places]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"), crs="EPSG:4326")


def made_units(counties, groups):
    """One unit in the middle of each of the first counties: (level, kind, counts, corroborated)."""
    units = _frame(FACILITIES_OUT, len(groups))
    middle = counties.geometry.representative_point()[: len(groups)]
    units["lon"], units["lat"] = middle.x.to_numpy(), middle.y.to_numpy()
    units["county_fips"] = counties["county_fips"].to_numpy()[: len(groups)]
    units["state"] = counties["state"].to_numpy()[: len(groups)]
    units["status"] = "open"
    units["nicu"] = "unknown"
    units["neonatal_level"] = pd.Series([level for level, *_ in groups], dtype="str")
    units["kind"] = [kind for _, kind, *_ in groups]
    for name in units.columns:
        if name.startswith("counts_"):
            units[name] = pd.Series([False] * len(groups), dtype="boolean")
    units["counts_birth_care"] = pd.Series([counts for _, _, counts, _ in groups], dtype="boolean")
    units["counts_birth_care_corroborated"] = pd.Series([sure for *_, sure in groups], dtype="boolean")
    return units


def made_run(counties, *, units=None, states=(), title="Made", corrections=(), about=None):
    women = counties["women_15_44"].fillna(0.0)
    blocks = _frame(BLOCK_GROUPS, len(counties))
    blocks["county_fips"], blocks["women_15_44"] = counties["county_fips"].to_numpy(), women.to_numpy()
    for service in SERVICES:
        blocks[f"minutes_{service}"] = counties[f"minutes_{service}"].to_numpy()
    access = pd.DataFrame(
        [
            dict.fromkeys(BASELINE_ACCESS.names, 0.5) | {"place": place, "service": service}
            for place in ("US", "ND", "PR")
            for service in SERVICES
        ]
    )
    rates = pd.DataFrame(
        {
            "place": ["US", "ND", "PR"],
            "infant_deaths": [145000.0, 370.0, np.nan],
            "live_births": [26e6, 74000.0, np.nan],
            "imr": [5.59, 4.99, np.nan],
            "imr_low": [5.56, 4.47, np.nan],
            "imr_high": [5.62, 5.50, np.nan],
            "status": ["published", "published", "not_reported"],
        }
    )
    source = {
        "id": "census_county_shapes_2024",
        "title": "Cartographic boundary files, counties",
        "publisher": "U.S. Census Bureau",
        "vintage": "2024",
        "tables": ["counties", "facilities"],
    }
    licences = {"facilities.csv": "facts", "counties.csv": "CC-BY-NC-SA-4.0", "block_groups.parquet": "facts; roads"}
    known = {
        "region": title,
        "data_date": "2026 Q2",
        "corrections": list(corrections),
        "matcare": "0.1.0",
        "created": "2026-11-29T11:07:06Z",
        "sources": [source],
        "licences": licences,
        "scenario": {
            "states": list(states),
            "rule": {"name": "March of Dimes 2024"},
            "profile": "typical",
            "outcomes": [],
        },
        "outcomes": {"source": "an export", "not_published": "fewer than 20 infant deaths"},
    }
    return FinishedRun(
        folder=Path("made"),
        counties=counties,
        facilities=made_units(counties, [("III", "hospital", True, True), ("I", "hospital", True, False)])
        if units is None
        else units,
        block_groups=blocks,
        tables={},
        about=known | (about or {}),
        reference=Reference(access=access, rates=rates, period="2017-2023"),
    )


def _state(code, state, names, west, south):
    return [
        (f"{code}{1 + 2 * k:03}", name, state, _square(west + SIDE * (k % 4), south + SIDE * (k // 4)))
        for k, name in enumerate(names)
    ]


@pytest.fixture(scope="session")
def made():
    """What makes runs: ``made.state()``, ``made.nation()``, ``made.run(counties, …)``."""

    def state(names=tuple(f"County {letter}" for letter in "ABCDEFGHIJKL")):
        return made_counties(_state("38", "ND", names, -101.0, 46.5))

    def nation():
        corners = [
            ("53", "WA", -124, 47.5),
            ("06", "CA", -118, 33.0),
            ("12", "FL", -81.5, 25.5),
            ("23", "ME", -69, 46.0),
            ("48", "TX", -98, 26.0),
        ]
        places = [place for code, st, west, south in corners for place in _state(code, st, ("One", "Two"), west, south)]
        aleutians = MultiPolygon([box(-178, 51.5, -174, 52.5), box(173, 52, 179.5, 53)])
        places += [
            ("02016", "Aleutians West Census Area", "AK", aleutians),
            ("02020", "Anchorage", "AK", box(-150.5, 60.8, -148.5, 61.5)),
            ("02185", "North Slope", "AK", box(-163, 68.5, -141, 71.2)),
        ]
        places += [
            ("15001", "Hawaii", "HI", box(-156, 19, -155, 20.2)),
            ("15007", "Kauai", "HI", box(-159.8, 21.9, -159.3, 22.2)),
        ]
        places += [
            ("72087", "Loíza Municipio", "PR", box(-66.0, 18.3, -65.8, 18.5)),
            ("72097", "Mayagüez Municipio", "PR", box(-67.2, 18.1, -67.0, 18.3)),
        ]
        return made_counties(sorted(places))

    return SimpleNamespace(state=state, nation=nation, counties=made_counties, units=made_units, run=made_run)


@pytest.fixture(scope="session")
def state_run(made):
    return made.run(made.state(), states=("ND",), title="North Dakota")


@pytest.fixture(scope="session")
def nation_run(made):
    return made.run(made.nation(), title="United States")
