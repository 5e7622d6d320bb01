"""The command line as a user meets it: every mistake is one line that names file, row, column and remedy."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from matcare.cli import main
from matcare.sources.catalog import CATALOG
from matcare.tables.snapshot import load_baseline_minutes, load_facilities

HEADER = "facility_id,facility_name,lat,lon,neonatal_level\n"
ROW = "X1,Prairie Hospital,46.81,-100.78,III\n"


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def matcare(*arguments, cwd):
    """Run the command line in this process, as `python -m matcare` does: a traceback would be raised, not printed."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["matcare", *map(str, arguments)]
    try:
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        return Done(stop.code or 0, out.getvalue(), err.getvalue())
    finally:
        sys.argv = before
    raise AssertionError("main() always exits")


def complaint(done):
    """The one line on standard error, with no traceback."""
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("matcare: ")
    return lines[0]


@pytest.fixture(scope="module")
def rhode_island(tmp_path_factory):
    """A folder where Rhode Island has been run once."""
    folder = tmp_path_factory.mktemp("ri")
    done = matcare("run", "--state", "RI", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_version_and_help(tmp_path):
    assert matcare("--version", cwd=tmp_path).stdout.startswith("matcare ")
    words = matcare("--help", cwd=tmp_path).stdout
    assert all(name in words for name in ("run", "minutes", "data", "roads", "surface", "--install-completion"))
    assert "corrections" in matcare("run", "--help", cwd=tmp_path).stdout


def test_help_is_quick_because_it_imports_no_pandas(tmp_path):
    code = "import sys; from matcare import cli; sys.exit(bool({'pandas', 'numpy', 'numba'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_a_state_by_default_goes_to_maps(rhode_island):
    folder, done = rhode_island
    out = folder / "maps" / "ri"
    counties = pd.read_csv(out / "counties.csv", dtype={"county_fips": str})
    assert len(counties) == 5
    assert (out / "map.html").stat().st_size > 100_000
    assert "Rhode Island" in done.stdout
    assert "map.html" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if "/" not in line) <= 140


def test_running_again_replaces_and_leaves_other_files(rhode_island):
    folder, _ = rhode_island
    mine = folder / "maps" / "ri" / "notes.txt"
    mine.write_text("mine")
    before = (folder / "maps" / "ri" / "counties.csv").read_bytes()
    assert matcare("run", "-s", "Rhode Island", cwd=folder).returncode == 0
    assert (folder / "maps" / "ri" / "counties.csv").read_bytes() == before
    assert mine.read_text() == "mine"


def test_a_correction_of_an_unknown_unit_names_the_file_and_units_of_the_same_state(tmp_path):
    (tmp_path / "mine.csv").write_text("facility_id,status,date,source\n350016,closed,2026-01-01,x\n")
    line = complaint(matcare("run", "--state", "ND", "--corrections", "mine.csv", "--out", "o", cwd=tmp_path))
    assert "mine.csv, row 1" in line
    assert "350015" in line or "350011" in line or "350006" in line
    (tmp_path / "mine.csv").write_text("facility_id,status,date,source\n350015.0,closed,2026-01-01,x\n")
    assert matcare("run", "--state", "ND", "--corrections", "mine.csv", "--out", "o", cwd=tmp_path).returncode == 0


def test_a_correction_of_the_future_is_not_in_force_yet(tmp_path):
    (tmp_path / "corrections.csv").write_text("facility_id,status,date,source\n201312,closed,2999-04-01,a rumour\n")
    done = matcare("run", "--state", "ME", "--corrections", "corrections.csv", "--out", "me", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not yet in force" in done.stdout
    facilities = pd.read_csv(tmp_path / "me" / "facilities.csv", dtype=str).set_index("facility_id")
    assert facilities.loc["201312", "status"] == "open"
    assert "not yet in force" in (tmp_path / "me" / "run.json").read_text(encoding="utf-8")


def test_a_correction_closes_a_unit_and_every_output_lists_it(tmp_path):
    (tmp_path / "corrections.csv").write_text(
        "facility_id,status,date,source\n201312,closed,2025-04-01,=hospital's notice\n", encoding="utf-8"
    )
    done = matcare("run", "--state", "ME", "--corrections", "corrections.csv", "--out", "me", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facilities = pd.read_csv(tmp_path / "me" / "facilities.csv", dtype=str).set_index("facility_id")
    unit = facilities[facilities["status"] == "closed"].iloc[0]
    assert unit["counts_birth_care"] == "false"
    assert unit["correction"].startswith("closed 2025-04-01")
    assert "2025-04-01" in (tmp_path / "me" / "run.json").read_text(encoding="utf-8")
    assert "2025-04-01" in (tmp_path / "me" / "map.html").read_text(encoding="utf-8")
    counties = pd.read_csv(tmp_path / "me" / "counties.csv", dtype=str)
    assert counties["corrections"].str.contains("2025-04-01").sum() == 1
    assert "correction in force" in done.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("facility_id,facility_name,lat\nX1,A,46\n", ["column 'lon' is missing"]),
        (HEADER + ROW + ROW, ["row 2", "facility_id", "'X1'"]),
        (HEADER + "X1,A,-100.78,46.81,II\n", ["row 1", "look swapped"]),
        (HEADER + "X1,A,146.81,-300,II\n", ["row 1", "outside the world"]),
        (HEADER + "X1,A,46.81,-100.78,high\n", ["row 1", "'high'", "I, II, III, IV"]),
        ("", ["empty"]),
        (HEADER, ["no rows"]),
        (
            "facility_id,name,lat,lon,birth_care,obstetric_evidence\nX1,A,46.81,-100.78,no,corroborated\n",
            ["row 1", "contradicts obstetric_evidence"],
        ),
        ("facility_id,facility_name,lat,lon,state\nX1,A,46.81,-100.78,Dakota\n", ["row 1", "Dakota"]),
    ],
)
def test_a_facilities_file_with_a_mistake(tmp_path, content, words):
    (tmp_path / "own.csv").write_text(content)
    line = complaint(matcare("run", "--state", "ND", "--facilities", "own.csv", "--out", "out", cwd=tmp_path))
    assert "own.csv" in line
    for word in words:
        assert word in line
    assert not (tmp_path / "out").exists()


def test_own_facilities_take_their_state_and_levels_are_canonised(tmp_path):
    (tmp_path / "own.csv").write_text(
        "facility_id,name,lat,lon,neonatal_level,county_fips\n"
        "X1,=HYPERLINK(1),46.81,-100.78,Level 3,38015\nX2,<script>alert(1)</script>,46.88,-96.79,3,38017\n"
    )
    done = matcare("run", "--state", "ND", "--facilities", "own.csv", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facilities = pd.read_csv(tmp_path / "out" / "facilities.csv", dtype=str)
    mine = facilities[facilities["state"] == "ND"].set_index("facility_id")
    assert mine["neonatal_level"].tolist() == ["III", "III"]
    assert mine.loc["X1", "facility_name"] == "'=HYPERLINK(1)"
    assert set(facilities["state"]) > {"ND"}  # cross-border care still counts
    page = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page


def test_a_fips_code_that_lost_its_zero_is_repaired_and_said(tmp_path):
    (tmp_path / "own.csv").write_text("facility_id,name,lat,lon,county_fips\nX1,Autauga Birth,32.54,-86.64,1001\n")
    done = matcare("run", "--state", "AL", "--facilities", "own.csv", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "zero" in done.stdout
    assert (
        pd.read_csv(tmp_path / "out" / "facilities.csv", dtype=str).set_index("facility_id").loc["X1", "county_fips"]
        == "01001"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--state", "Dakota"], "unknown state 'Dakota'"),
        (["run", "--facilities", "none.csv"], "none.csv: no such file"),
        (["run", "--facilities", "."], "not a file"),
        (["run", "--facilities-only"], "--facilities FILE"),
        (["run", "--state", ""], "unknown state ''"),
        (["run", "--state", "ND", "--out", ""], "current folder"),
        (["run", "--state", "ND", "--out", "."], "current folder"),
        (["run", "--facilities", "a.csv", "--add-facilities", "b.csv"], "exclude each other"),
        (["run", "--birth-care", "sure"], "unknown obstetric evidence tier"),
        (["run", "--data", "none"], "none"),
        (["run", "--profile", "teleport"], "teleport"),
        (["run", "--scenario", "none.toml"], "none.toml"),
        (["run", "--stat", "ND"], "No such option"),
        (["runn"], "runn"),
        (["minutes", "a.csv", "b.csv", "--out", "m.csv", "--limit", "0"], "--limit is 0"),
        (["minutes", "a.csv", "b.csv", "--out", "m.csv", "--nearest", "--all-pairs"], "exclude each other"),
        (["minutes", "a.csv", "b.csv", "--out", "m.xlsx"], ".csv or .parquet"),
        (["run", "--scenario", "none.toml", "--roads", "x.roads"], "--roads and --scenario cannot be given together"),
        (["run", "--state", "ND", "--roads", "none.roads"], "none.roads: cannot be read"),
        (["roads", "info"], "Missing argument"),
        (["roads", "build", "none.osm.pbf"], "none.osm.pbf: no such file or folder"),
        (["surface", "minutes", "none.tif"], "Missing option"),
        (["data", "build", "--from", "none", "--out", "d"], "none"),
        (["data", "fetch", "no_such_source", "--to", "d"], "no_such_source"),
    ],
)
def test_an_option_that_cannot_be_meant(tmp_path, arguments, words):
    assert words in complaint(matcare(*arguments, cwd=tmp_path))


def test_a_half_written_table(tmp_path):
    pd.DataFrame({"facility_id": ["a"] * 99, "name": "n", "lat": 46.8, "lon": -100.8}).to_parquet(
        tmp_path / "p.parquet"
    )
    (tmp_path / "half.parquet").write_bytes((tmp_path / "p.parquet").read_bytes()[:300])
    assert "half.parquet" in complaint(matcare("run", "--facilities", "half.parquet", cwd=tmp_path))


def test_a_damaged_data_folder(tmp_path):
    from matcare.tables.snapshot import default_data_dir

    copy = tmp_path / "data"
    copy.mkdir()
    for path in default_data_dir().iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    (copy / "demand.parquet").write_bytes((copy / "demand.parquet").read_bytes()[:5000])
    line = complaint(matcare("run", "--state", "ND", "--data", "data", cwd=tmp_path))
    assert "demand.parquet" in line
    report = matcare("data", "verify", "--data", "data", cwd=tmp_path)
    assert report.returncode == 4
    assert "demand" in report.stdout


def test_verify_and_list(tmp_path):
    done = matcare("data", "verify", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "keeps its contract" in done.stdout
    assert "missing" in done.stdout
    listed = matcare("data", "list", cwd=tmp_path).stdout
    assert "chr_v129_2026" in listed
    assert "CC BY-NC-SA" in listed.replace("CC-BY-NC-SA", "CC BY-NC-SA")


def test_an_output_folder_that_is_a_file(rhode_island, tmp_path):
    (tmp_path / "out").write_text("x")
    assert "a file stands where" in complaint(matcare("run", "--state", "RI", "--out", "out", cwd=tmp_path))


def test_a_full_disk_leaves_the_earlier_output(rhode_island, tmp_path):
    """A limit that the kernel sets on file size stands in for the full disk: a real write that really fails."""
    import resource

    out = tmp_path / "out"
    shutil.copytree(rhode_island[0] / "maps" / "ri", out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "matcare", "run", "--state", "RI", "--out", str(out)],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),
    )  # fmt: skip
    line = complaint(done)
    assert "intact" in line
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_in_the_middle_leaves_the_earlier_output(tmp_path, number):
    out = tmp_path / "out"
    out.mkdir()
    (out / "counties.csv").write_text("earlier")
    (out / "run.json").write_text("{}")
    process = subprocess.Popen(
        [sys.executable, "-m", "matcare", "run", "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(path.name.startswith(".writing-") for path in out.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.strip().splitlines() == ["matcare: stopped; what had been written before is intact"]
    assert sorted(path.name for path in out.iterdir()) == ["counties.csv", "run.json"]
    assert (out / "counties.csv").read_text() == "earlier"


def test_files_that_matcare_did_not_write_are_not_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "counties.csv").write_text("my own")
    line = complaint(matcare("run", "--state", "RI", "--out", "mine", cwd=tmp_path))
    assert "counties.csv that matcare did not write" in line
    assert (tmp_path / "mine" / "counties.csv").read_text() == "my own"


def test_minutes_do_not_overwrite_their_input(points):
    before = (points / "a.csv").read_bytes()
    line = complaint(matcare("minutes", "a.csv", "b.csv", "--out", "./a.csv", cwd=points))
    assert "would overwrite the input" in line
    assert (points / "a.csv").read_bytes() == before


def test_facilities_can_be_added(tmp_path):
    (tmp_path / "own.csv").write_text(
        "facility_id,name,lat,lon,birth_care,neonatal_level\n241377,St Francis Breckenridge,46.266,-96.583,yes,\n"
        "350015,Sanford Bismarck,46.807,-100.783,yes,III\n"
    )
    done = matcare("run", "--state", "ND", "--add-facilities", "own.csv", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of the user's facilities added, 1 in the place of an embedded one" in " ".join(done.stdout.split())
    counties = pd.read_csv(tmp_path / "out" / "counties.csv", dtype={"county_fips": str}).set_index("county_fips")
    own = counties["minutes_birth_care"]
    plain = load_baseline_minutes().set_index("county_fips")["minutes_birth_care"].reindex(own.index)
    assert own["38077"] < plain["38077"] - 20  # Wahpeton
    assert (own <= plain + 0.02).all()
    facilities = pd.read_csv(tmp_path / "out" / "facilities.csv", dtype=str).set_index("facility_id")
    assert facilities.loc["350015", "neonatal_level"] == "III"
    assert (facilities["state"] == "ND").sum() == (load_facilities()["state"] == "ND").sum()


def test_a_terminal_without_the_signs_is_no_reason_to_fail(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "matcare", "run", "--state", "DE", "--out", str(tmp_path / "de")],
        capture_output=True, cwd=tmp_path, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m matcare data list | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.fixture
def points(tmp_path):
    (tmp_path / "a.csv").write_text("id,lat,lon\nbismarck,46.81,-100.78\nminot,48.23,-101.30\nnantucket,41.28,-70.10\n")
    (tmp_path / "b.csv").write_text("id,lat,lon\nfargo,46.88,-96.79\n=dickinson,46.88,-102.79\n")
    return tmp_path


def rows(path):
    return pd.read_csv(path, dtype={"origin_id": str, "destination_id": str})


def test_minutes_counts_in_are_counts_out(points):
    done = matcare("minutes", "a.csv", "b.csv", "--out", "m.csv", cwd=points)
    assert done.returncode == 0, done.stderr
    table, counts = rows(points / "m.csv"), rows(points / "m_origins.csv")
    assert (counts[["within_limit", "beyond_limit", "without_path"]].sum(axis=1) == 2).all()
    assert counts["within_limit"].sum() == (table["reason"] == "covered").sum()
    assert (table.loc[table["reason"] == "covered", "minutes"] <= 120).all()
    assert table.loc[table["origin_id"] == "nantucket", "minutes"].isna().all()
    assert not table["destination_id"].dropna().str.startswith("=").any()
    assert 80 < table.set_index(["origin_id", "destination_id"])["minutes"].get(("bismarck", "'=dickinson"), 0) < 110


def test_minutes_nearest_all_pairs_and_limit(points):
    assert (
        matcare("minutes", "a.csv", "b.csv", "--out", "n.csv", "--nearest", "--limit", "300", cwd=points).returncode
        == 0
    )
    nearest = rows(points / "n.csv").set_index("origin_id")
    assert nearest.loc["bismarck", "destination_id"] == "'=dickinson"
    assert len(nearest) == 3
    assert (
        matcare(
            "minutes", "a.csv", "b.csv", "--out", "p.parquet", "--all-pairs", "--limit", "60", cwd=points
        ).returncode
        == 0
    )
    every = pd.read_parquet(points / "p.parquet")
    assert len(every) == 6
    assert set(every["reason"]) >= {"beyond_limit"}
    assert every.loc[every["reason"] != "covered", "minutes"].isna().all()


def test_minutes_say_where_they_come_from(points):
    assert matcare("minutes", "a.csv", "b.csv", "--out", "m.csv", "--nearest", cwd=points).returncode == 0
    about = json.loads((points / "m_run.json").read_text(encoding="utf-8"))
    assert about["asked"]["nearest"] is True
    assert about["profile"]["name"] == "typical"
    assert {source["id"] for source in about["sources"]} == {"travel_mapping_2026", "travel_mapping_2026_nodes"}


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror on loopback with one file as the catalog describes it and one that is not."""
    content = b"state,note\nND,made\n"
    made = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    monkeypatch.setitem(CATALOG, "policies_by_hand", dataclasses.replace(CATALOG["policies_by_hand"], **made))
    for name in ("policies_by_hand", "kff_medicaid_expansion"):
        file = tmp_path / "mirror" / CATALOG[name].filename
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "mirror"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def test_fetch_from_a_mirror(tmp_path, mirror):
    done = matcare("data", "fetch", "policies_by_hand", "--to", "raw", "--mirror", mirror, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "raw" / CATALOG["policies_by_hand"].filename).read_bytes() == b"state,note\nND,made\n"


def test_a_fetched_file_that_is_not_what_the_catalog_describes_is_refused(tmp_path, mirror):
    done = matcare("data", "fetch", "kff_medicaid_expansion", "--to", "raw", "--mirror", mirror, cwd=tmp_path)
    assert done.returncode == 5
    assert "sha" in done.stdout.lower()
    assert not (tmp_path / "raw" / CATALOG["kff_medicaid_expansion"].filename).exists()


def test_scenario_file(tmp_path):
    (tmp_path / "s.toml").write_text('states = ["RI"]\n[rule]\nname = "ours"\nfull_access_units = 9\n')
    assert "cannot be given together" in complaint(
        matcare("run", "--scenario", "s.toml", "--state", "ND", cwd=tmp_path)
    )
    assert matcare("run", "--scenario", "s.toml", "--out", "o", cwd=tmp_path).returncode == 0
    assert "ours" in (Path(tmp_path) / "o" / "run.json").read_text(encoding="utf-8")


def test_module_is_runnable_from_anywhere(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "matcare", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0


def test_perinatal_periods(tmp_path):
    head = "group,birthweight,fetal_deaths,neonatal_deaths,postneonatal_deaths,live_births"
    rows = [
        "County,500-1499,60,55,12,420",
        "County,1500+,40,25,48,21000",
        "Best,500-1499,120,110,25,900",
        "Best,1500+,110,80,120,98000",
    ]
    (tmp_path / "counts.csv").write_text("\n".join([head, *rows]))
    done = matcare("perinatal-periods", "counts.csv", "--out", "ppor.csv", "--reference", "Best", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "ppor.csv").set_index(["group", "cell"])
    assert table.loc[("County", "maternal_care"), "deaths"] == 40
    assert table.loc[("County", "maternal_care"), "excess_rate"] == pytest.approx(40 / 21.52 - 110 / 99.13, abs=2e-3)
    assert json.loads((tmp_path / "ppor_run.json").read_text())["asked"]["reference"] == "Best"
    assert "would overwrite the input" in complaint(
        matcare("perinatal-periods", "counts.csv", "--out", "counts.csv", cwd=tmp_path)
    )
    assert ".csv" in complaint(matcare("perinatal-periods", "counts.csv", "--out", "x.txt", cwd=tmp_path))
    without = matcare("perinatal-periods", "counts.csv", "--out", "b.csv", cwd=tmp_path)
    assert "no reference group" in without.stdout


def test_an_export_that_is_none_is_told_in_one_line(tmp_path):
    (tmp_path / "page.txt").write_text("<!DOCTYPE html><html></html>")
    assert "web page" in complaint(
        matcare("run", "--state", "DE", "--outcomes", "page.txt", "--out", "o", cwd=tmp_path)
    )
    assert not (tmp_path / "o").exists()
