"""A small made run in a folder: five counties of three states, with names that would act if they could."""

from __future__ import annotations

import contextlib
import functools
import json
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.contracts import BASELINE_ACCESS, COUNTY_RESULTS, OUTPUTS
from matcare.pipeline.bundling import write_bundle
from matcare.publish.bundle.pages import Pages
from matcare.publish.exports import rounded, write_csv, write_geopackage, write_json, write_parquet
from matcare.publish.finished import Reference, read_run
from matcare.publish.provenance import ALSO_USED, CAVEATS, LICENCES
from matcare.publish.results import last_day
from matcare.scenario import Scenario

FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "<script>alert(1)</script>"
LONG = "Llanfair" * 25
COUNTIES = [
    ("02050", f"{SCRIPT} Census Area", "AK"),
    ("38001", "Adams County", "ND"),
    ("38003", FORMULA, "ND"),
    ("38005", LONG, "ND"),
    ("72087", "Loíza Municipio", "PR"),
]
UNITS = [("020001", "AK", "02050"), ("350001", "ND", "38001"), ("350002", "ND", "38003"), ("430001", "SD", "46001")]
NEAREST = {"02050": "020001", "38001": "350001", "38003": "350002", "38005": "430001", "72087": None}
SOURCE = {
    "id": "chr_v129_2026", "title": "Deaths | births [2017]", "publisher": "A <b>publisher</b>", "vintage": "2017-2023",
    "licence": "CC-BY-NC-SA-4.0", "licence_url": "https://example.org/terms", "citation": "A publisher. Deaths, 2026.",
    "url": "https://example.org/a.csv", "landing_page": "", "tables": ["outcomes"],
}  # fmt: skip


def _filled(table, count, rng):
    """Plausible values for each column of a contract, some missing where they may be."""
    made = {}
    for column in table.columns:
        if column.kind == "geometry":
            continue
        if column.kind == "text":
            values = np.resize(np.array(column.values or ("none",), dtype=object), count)
        elif column.kind == "boolean":
            values = pd.array(rng.random(count) < 0.5, dtype="boolean")
        elif column.kind == "integer":
            values = pd.array(
                rng.integers(column.minimum or 0, max(column.minimum or 0, column.maximum or 4) + 1, count),
                dtype="Int64",
            )
        elif column.maximum is not None:
            values = (rng.random(count) * column.maximum).round(4)
        else:
            values = (rng.gamma(2.0, 30.0, count) + 20).round(2)
        made[column.name] = values
        if column.kind != "text" and not column.required:
            made[column.name] = pd.Series(values).mask(rng.random(count) < 0.2)
    return pd.DataFrame(made)


def _table(name, rng):
    """One table of a run, with the keys of the made counties, states and units."""
    contract = OUTPUTS[name]
    codes = [code for code, _, _ in COUNTIES]
    states = {code: state for code, _, state in COUNTIES}
    names = set(contract.names)
    if name in {"facilities.csv", "transfers.csv", "fragility.csv", "unit_births.csv"}:
        frame = _filled(contract, len(UNITS), rng)
        for index, column in enumerate(("facility_id", "state", "county_fips")):
            frame[column] = [unit[index] for unit in UNITS]
        return frame.assign(facility_name=[SCRIPT, FORMULA, "Hôpital d'Été", LONG])
    if "scope" in names:
        places = [("area", "area"), ("nation", "US"), *(("state", state) for state in ("AK", "ND", "PR"))]
        places += [("county", code) for code in codes]
        frame = _filled(contract, len(places), rng)
        return frame.assign(scope=[scope for scope, _ in places], place=[place for _, place in places])
    if "county_fips" in names:
        rows = [*codes, None] if name == "indicators.csv" else codes
        frame = _filled(contract, len(rows), rng).assign(county_fips=rows)
        if "state" in names:
            frame["state"] = [states.get(code, "PR") for code in rows]
        if "demand_id" in names:
            frame["demand_id"] = [f"{code}0001001" for code in codes]
            for column in [column for column in frame if column.startswith("facility_id_")]:
                frame[column] = [NEAREST[code] for code in codes]
        return frame
    frame = _filled(contract, 3, rng)
    if name == "pooled_rates.csv":
        return frame.assign(grouping=["state", "state", "march_of_dimes_class"], group=["ND", "AK", "desert"])
    if "home_state" in names:
        return frame.assign(home_state=["ND", "AK", "PR"], unit_state=["SD", "WA", "AK"])
    return frame.assign(state=["AK", "ND", "PR"]) if "state" in names else frame


def _counties(rng):
    frame = _filled(COUNTY_RESULTS, len(COUNTIES), rng)
    for index, column in enumerate(("county_fips", "county_name", "state")):
        frame[column] = [county[index] for county in COUNTIES]
    frame["geo_id"] = "0500000US" + frame["county_fips"]
    frame["march_of_dimes_reason"] = "@SUM(1+1)*cmd"
    frame["imr_status"] = ["suppressed", "published", "modelled", "published_unreliable", "not_reported"]
    hidden = ~frame["imr_status"].isin(["published", "published_unreliable"])
    frame.loc[hidden, ["infant_deaths", "live_births", "imr", "imr_low", "imr_high"]] = np.nan
    frame.loc[frame["imr_status"] != "modelled", ["imr_modelled", "imr_modelled_low", "imr_modelled_high"]] = np.nan
    squares = [shapely.box(-100 - i, 46, -99 - i, 47) for i in range(len(COUNTIES))]
    return gpd.GeoDataFrame(frame, geometry=squares, crs="EPSG:4326")


def about():
    """What stands in run.json."""
    return {
        "matcare": "0.1.0",
        "created": "2026-11-29T11:07:06Z",
        "region": "Alaska, North Dakota, Puerto Rico",
        "scenario": json.loads(json.dumps(Scenario(states=("AK", "ND", "PR")).as_dict(), default=str)),
        "data_date": "2026 Q2",
        "corrections": ["350002 closed 2026-05-01 (=HYPERLINK)"],
        "notes": ["a note <i>of</i> the run"],
        "caveats": list(CAVEATS),
        "outcomes": {"period": "2017-2023", "source": "NCHS", "not_published": "fewer than 20 infant deaths"},
        "profile": {"name": "typical"},
        "roads": {"source": "signed highways"},
        "licences": dict(LICENCES),
        "sources": [SOURCE],
        "also_used": list(ALSO_USED),
    }


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory):
    """The folder of the made run."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(5)
    counties = _counties(rng)
    write_csv(counties, folder / "counties.csv", COUNTY_RESULTS)
    for name, contract in OUTPUTS.items():
        if name == "counties.csv":
            continue
        frame = _table(name, rng)
        if name.endswith(".parquet"):
            write_parquet(rounded(frame, contract), folder / name, description=name)
        else:
            write_csv(frame, folder / name, contract)
    write_geopackage(counties, folder / "counties.gpkg", layer="counties", description="", when=last_day("2026 Q2"))
    write_json(folder / "run.json", about())
    (folder / "map.html").write_text("<!DOCTYPE html><title>the run's own map</title>", encoding="utf-8")
    (folder / "national_changes.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def made_run(made_folder):
    """The made run, read back."""
    nothing = pd.DataFrame(columns=["place", "infant_deaths", "live_births", "imr", "imr_low", "imr_high", "status"])
    reference = Reference(access=pd.DataFrame(columns=BASELINE_ACCESS.names), rates=nothing, period="2017-2023")
    return read_run(made_folder, reference)


def _briefs(selection, folder, *, pdf):
    (folder / "briefs").mkdir()
    for place in selection.pages():
        (folder / "briefs" / f"brief-{place.lower()}.html").write_text(selection.name(place), encoding="utf-8")
    words = {f"briefs/brief-{place.lower()}": f"Brief: {selection.name(place)}" for place in selection.pages()}
    return Pages(words=words, left_out=[])


def _figures(selection, folder):
    (folder / "figures").mkdir()
    for kind in ("png", "svg"):
        (folder / "figures" / f"class.{kind}").write_bytes(b"figure")
    return Pages(words={"figures/class": "Figure: class"}, left_out=["Figures are one set a state."])


def _map(selection, chosen, folder):
    (folder / "map.html").write_text("<!DOCTYPE html><title>map</title>", encoding="utf-8")


@pytest.fixture(scope="session")
def write(made_run, made_folder):
    """``write_bundle`` of the made run, with stand-ins for briefs, figures and maps, which have tests of their own."""

    @contextlib.contextmanager
    def finished(scenario, **_options):
        yield made_run

    def bundle(path, *places, **options):
        with pytest.MonkeyPatch.context() as patched:
            for name, stand_in in (("write_briefs", _briefs), ("write_figures", _figures), ("write_bundle_map", _map)):
                patched.setattr(f"matcare.pipeline.bundling.{name}", stand_in)
            patched.setattr("matcare.pipeline.bundling.finished_run", finished)
            return write_bundle(Scenario(), places=places, from_dir=made_folder, out=path, **options)

    return bundle


@pytest.fixture(scope="session")
def made_bundle(write, tmp_path_factory):
    """A bundle of the made run, unpacked, made once for the same places: its folder, the ZIP, what was said of it."""

    @functools.cache
    def made(*places):
        path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
        written = write(path, *places)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(path.parent)
        return path.parent / written.found["folder"], path, written

    return made
