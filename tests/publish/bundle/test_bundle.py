"""The bundle as a whole: what is in it, the same bytes each time, names, errors."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
import zipfile

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import yaml

from matcare.contracts import OUTPUTS
from matcare.errors import InputError, OutputError
from matcare.pipeline.bundling import write_bundle
from matcare.publish.bundle.methods import methods_text
from matcare.publish.bundle.selection import ascii_name, select_places
from matcare.scenario import Scenario

WHOLE = {
    "README.txt", "METHODS.md", "CITATION.cff", "CITATION.txt", "LICENCES.txt", "run.json", "datapackage.json",
    "dictionary.csv", "counties.xlsx", "counties.gpkg", "map.html",
}  # fmt: skip

ACTING = ("02050", "38003", "38005", "72087")
"""Counties called as a script, as a formula, by 200 letters, with an accent."""


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_everything_that_a_grant_writer_attaches_is_there(made_bundle):
    folder, path, written = made_bundle("ND")
    assert folder.name == "matcare-north-dakota-2026-q2"
    assert files_of(folder) >= WHOLE | set(OUTPUTS) | {"briefs/brief-nd.html", "figures/class.png", "figures/class.svg"}
    assert written.files == {path: path.stat().st_size}
    assert written.open_next == path
    assert written.found["counties"] == 3
    assert "Figures are one set a state." in written.lines


@pytest.mark.parametrize(
    ("places", "pages"),
    [
        ((), ("AK", "ND", "PR")),
        (("ND",), ("ND",)),
        (("38001",), ("38001", "ND")),
        (("Loiza, PR", "38001", "ND", "38001"), ("72087", "PR", "38001", "ND")),
    ],
)
def test_each_place_has_its_brief_and_its_state_s(made_run, places, pages):
    assert select_places(made_run, places).pages() == pages


def test_the_nation_has_a_brief_of_every_state(made_run):
    selection = select_places(made_run)
    nation = type(selection)(run=made_run, places=("US",), codes=selection.codes)
    assert nation.pages() == ("US", "AK", "ND", "PR")
    assert nation.title == "United States"


def test_twice_the_same_bytes(made_bundle, write, tmp_path):
    _, first, _ = made_bundle("ND")
    time.sleep(2.1)  # a ZIP keeps times of two seconds: a clock would show
    second = tmp_path / "again.zip"
    second.write_bytes(b"before")  # what stands there is replaced whole
    write(second, "ND")
    assert hashlib.sha256(first.read_bytes()).hexdigest() == hashlib.sha256(second.read_bytes()).hexdigest()


def test_entries_are_sorted_dated_by_the_run_and_readable(made_bundle):
    _, path, _ = made_bundle("ND")
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(2026, 11, 29, 11, 7, 6)}
    assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o644}
    for entry in entries:
        assert entry.filename.isascii()
        assert len(entry.filename) <= 120
        assert entry.filename.split("/")[0] == "matcare-north-dakota-2026-q2"


def test_names_that_would_act_make_plain_short_names(made_bundle, made_run):
    folder, path, _ = made_bundle(*ACTING)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    names += [select_places(made_run, [place]).folder_name for place in ACTING]
    assert all(name.isascii() and len(name) <= 120 and not set("=|<>'\"\\:*?") & set(name) for name in names)
    assert len(pd.read_csv(folder / "counties.csv")) == 4
    for text in ("README.txt", "CITATION.txt"):
        assert "nan" not in (folder / text).read_text(encoding="utf-8").split()


def test_markup_from_data_does_nothing_in_the_methods(made_bundle):
    folder, _, _ = made_bundle(*ACTING)
    text = (folder / "METHODS.md").read_text(encoding="utf-8")
    for mark in ("<script", "<b>", "<i>"):
        assert mark not in text
    assert "&lt;script&gt;" in text
    row = next(line for line in text.splitlines() if line.startswith("| A &lt;b"))
    assert row.count("|") == 5, "a bar in a title makes no column"


def test_citation_files_say_who_what_and_when(made_bundle):
    folder, _, _ = made_bundle(*ACTING)
    cff = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff["cff-version"] == "1.2.0"
    assert cff["type"] == "dataset"
    assert "<script>alert(1)</script> Census Area, AK" in cff["title"]
    assert cff["title"].endswith(" and 1 more")
    assert cff["date-released"] == "2026-11-29"
    assert cff["license"] == "CC-BY-NC-SA-4.0"
    assert cff["references"][0]["authors"] == [{"name": "A <b>publisher</b>"}]
    text = (folder / "CITATION.txt").read_text(encoding="utf-8")
    assert "Facility data to 2026 Q2" in text
    assert "A publisher. Deaths, 2026." in text
    assert "350002 closed" in text


def test_methods_have_the_run_s_own_thresholds_and_what_must_be_said(made_run, monkeypatch):
    rule = {"name": "ours", "full_access_units": 3, "full_access_clinicians": 45.5, "uninsured_high": 0.125}
    monkeypatch.setitem(made_run.about["scenario"], "rule", rule)
    text = methods_text(select_places(made_run, ["ND"]))
    for words in ("3 or more units, or 45.5 or more clinicians", "12.5 % or more of women", "gamma", "seed (2022)"):
        assert words in text
    for words in ("not evidence that any unit should close", "places, not persons", "association", "no observation"):
        assert words in text
    assert "fewer than 20 infant deaths" in text


def test_the_readme_names_every_file_and_what_was_chosen_how(made_bundle):
    folder, _, _ = made_bundle("38005")
    text = (folder / "README.txt").read_text(encoding="utf-8")
    for path in files_of(folder) - {"README.txt"}:
        assert path.rpartition(".")[0] in text, path
    assert "nothing was added up" in " ".join(text.split())
    assert "not evidence that any unit should close" in " ".join(text.split())
    assert "350002 closed 2026-05-01" in text
    assert max(len(line) for line in text.splitlines()) <= 230, "only a title may be long"
    licences = (folder / "LICENCES.txt").read_text(encoding="utf-8")
    for path in files_of(folder):
        assert f"  {path}\n" in licences


def test_the_descriptor_holds_for_every_file(made_bundle):
    folder, _, _ = made_bundle("38005")
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    listed = {resource["path"]: resource for resource in package["resources"]}
    assert set(listed) == files_of(folder) - {"datapackage.json"}
    assert len({resource["name"] for resource in listed.values()}) == len(listed)
    for path, resource in listed.items():
        content = (folder / path).read_bytes()
        assert resource.get("bytes", len(content)) == len(content)
        assert ("bytes" in resource) != path.endswith(".parquet")
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["licenses"]
    assert {path for path, resource in listed.items() if "schema" in resource} == set(OUTPUTS)
    assert package["sources"] == [
        {"title": "A <b>publisher</b>: Deaths | births [2017] (2017-2023)", "path": SOURCE_URL}
    ]


SOURCE_URL = "https://example.org/a.csv"


def test_the_geopackage_has_both_layers_with_the_csv_s_rows(made_bundle):
    folder, _, _ = made_bundle("ND")
    layers = {name for name, _ in pyogrio.list_layers(folder / "counties.gpkg")}
    assert layers == {"counties", "facilities"}
    counties = gpd.read_file(folder / "counties.gpkg", layer="counties")
    assert counties["county_fips"].tolist() == ["38001", "38003", "38005"]
    units = gpd.read_file(folder / "counties.gpkg", layer="facilities")
    assert set(units["facility_id"]) == {"350001", "350002", "430001"}
    assert units.geometry.geom_type.eq("Point").all()
    assert pd.read_csv(folder / "facilities.csv", dtype="str")["facility_id"].tolist() == units["facility_id"].tolist()


@pytest.mark.parametrize("name", ["bundle", "bundle.tar", "bundle.zip.gz"])
def test_a_name_that_is_no_zip_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"bundle is a ZIP file; give a name that ends in \.zip"):
        write_bundle(Scenario(), out=tmp_path / name)


def test_an_unknown_place_is_refused_and_nothing_is_left(write, tmp_path):
    with pytest.raises(InputError, match="not in this run"):
        write(tmp_path / "bundle.zip", "48301")
    assert not (tmp_path / "bundle.zip").exists()


def test_a_folder_in_the_way_is_an_output_error(write, tmp_path):
    (tmp_path / "bundle.zip").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path / "bundle.zip", "ND")


def test_a_place_that_cannot_be_written_says_so_and_keeps_what_stood_there(write, tmp_path):
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="file stands where the output folder should be"):
        write(tmp_path / "file" / "bundle.zip", "ND")


def test_what_stood_there_is_replaced_whole_or_not_at_all(write, tmp_path, monkeypatch):
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"before")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("matcare.pipeline.bundling.bundle_tables", full)
        with pytest.raises(OutputError, match="disk is full"):
            write(path, "ND")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["bundle.zip"]  # noqa: PTH208 - nothing half written lies about


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Loíza Municipio, PR", "loiza-municipio-pr"),
        ("東京", "x"),
        ("", "x"),
        ("a" * 200, "a" * 60),
        ("../../etc", "etc"),
    ],
)
def test_ascii_names(text, name):
    assert ascii_name(text, fallback="x") == name


def test_a_run_without_a_time_is_dated_by_its_data(made_run):
    undated = type(made_run)(**{**vars(made_run), "about": {**made_run.about, "created": "yesterday"}})
    assert select_places(undated, ["ND"]).made.isoformat() == "2026-06-30T00:00:00+00:00"
    older = type(made_run)(**{**vars(made_run), "about": {**made_run.about, "created": "", "data_date": "unknown"}})
    assert select_places(older, ["ND"]).made.year == 1980, "a ZIP knows no earlier year"
