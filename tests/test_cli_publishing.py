"""Figures, briefs, the site and the bundle as a user asks for them; every mistake is one line that says what to do."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import zipfile
from dataclasses import dataclass

import pandas as pd
import pytest

from matcare.cli import main


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def matcare(*arguments, cwd):
    """Run the command line in this process: a traceback would be raised, not printed."""
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
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("matcare: ")
    return lines[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder where Delaware has been run, so that every command finds the run below maps/."""
    folder = tmp_path_factory.mktemp("delaware")
    done = matcare("run", "--state", "DE", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["open"] == "maps/de/map.html"
    assert {row["path"] for row in said["files"]} == {f"maps/de/{path.name}" for path in (folder / "maps/de").iterdir()}
    assert "county results" in done.stderr
    return folder


@pytest.fixture(scope="module")
def counties(place):
    return pd.read_csv(place / "maps/de/counties.csv", dtype={"county_fips": "str"}).set_index("county_fips")


def test_a_figure_of_a_state(place):
    done = matcare("figure", "class", "--state", "DE", "--format", "png,svg", "--dpi", "100", cwd=place)
    assert done.returncode == 0, done.stderr
    made = sorted(path.name for path in (place / "figures/de").iterdir())
    assert len(made) == 2
    assert {name.rpartition(".")[2] for name in made} == {"png", "svg"}
    assert all(name in done.stdout for name in made)
    assert "reading the run in maps/de" in done.stdout


def test_the_figures_are_listed(place):
    done = matcare("figure", "--list", cwd=place)
    assert done.returncode == 0
    assert re.search(r"^ *class\b", done.stdout, re.MULTILINE)
    assert "minutes-birth_care" in done.stdout


def test_a_brief_of_a_county_by_its_name(place, counties):
    done = matcare("brief", "sussex county, de", cwd=place)
    assert done.returncode == 0, done.stderr
    (page,) = (place / "briefs").glob("*10005*.html")
    text = page.read_text(encoding="utf-8")
    assert "Sussex County, Delaware" in text
    assert f"{counties.loc['10005', 'imr']:.2f}" in text
    assert "http-equiv" in text


def test_every_brief_of_a_run(place):
    done = matcare("brief", "--all", "--from", "maps/de", "--out", "all", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    assert len(list((place / "all").glob("*.html"))) == 4  # three counties and the state
    assert "a second" in done.stderr


def test_a_site(place):
    done = matcare("publish", "--state", "DE", "--out", "site", cwd=place)
    assert done.returncode == 0, done.stderr
    assert (place / "site/index.html").is_file()
    assert (place / "site/map.html").is_file()
    assert "Open site/index.html" in done.stdout


def test_without_chromium_the_missing_pdf_is_said_however_quiet(place, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    done = matcare("brief", "10001", "--pdf", "--quiet", "--out", "nopdf", cwd=place)
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.startswith("matcare: no Chromium was found, so no PDF was made")
    assert [path.suffix for path in (place / "nopdf").iterdir()] == [".html"]


def test_pages_of_two_runs_of_one_state_do_not_mix(place):
    for command, made in (
        (("brief", "10001"), "briefs/other_run/brief-de-10001-kent-county.html"),
        (("figure", "class", "--dpi", "72"), "figures/other_run/class_de.png"),
    ):
        (place / "maps/other_run").mkdir(exist_ok=True)
        for path in (place / "maps/de").iterdir():
            if not (place / "maps/other_run" / path.name).exists():
                (place / "maps/other_run" / path.name).symlink_to(path)
        assert matcare(*command, "--from", "maps/other_run", cwd=place).returncode == 0
        assert (place / made).is_file()


def test_a_bundle_of_two_counties(place, counties):
    done = matcare("bundle", "--counties", "10001, 10005", "--from", "maps/de", "--out", "two.zip", "-q", cwd=place)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with zipfile.ZipFile(place / "two.zip") as packed:
        assert packed.testzip() is None
        (name,) = [name for name in packed.namelist() if name.endswith("/counties.csv")]
        held = pd.read_csv(packed.open(name), dtype={"county_fips": "str"}).set_index("county_fips")
    assert list(held.index) == ["10001", "10005"]
    assert held["minutes_birth_care"].tolist() == counties.loc[held.index, "minutes_birth_care"].tolist()


def test_quiet_says_nothing(place):
    done = matcare("brief", "10001", "--quiet", "--out", "quiet", cwd=place)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list((place / "quiet").glob("*.html"))) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("figure",), "matcare figure --list"),
        (("figure", "clas", "--from", "maps/de"), "class"),
        (("figure", "class", "--from", "maps/de", "--dpi", "5"), "72"),
        (("figure", "class", "--from", "maps/de", "--format", "gif"), "png"),
        (("figure", "class", "--from", "maps/none"), "no such folder"),
        (("figure", "class", "--from", "."), "run.json"),
        (("figure", "class", "--from", "maps/de", "--scenario", "x.toml"), "exclude each other"),
        (("figure", "class", "--from", "maps/de", "--state", "MD"), "name the state as a place"),
        (("bundle", "US", "--from", "maps/de", "--out", "x.zip"), "the nation is not in this run"),
        (("bundle", "--state", "MD", "--from", "maps/de", "--out", "x.zip"), "Maryland is not in this run"),
        (("brief",), "no place is named"),
        (("brief", "--all", "10001"), "exclude each other"),
        (("brief", "1001"), "01001"),
        (("brief", "Kent"), "names"),
        (("brief", "38105", "--from", "maps/de"), "Delaware"),
        (("bundle", "--from", "maps/de", "--out", "x.tar"), ".zip"),
        (("bundle", "Nowhere", "--from", "maps/de", "--out", "x.zip"), "Nowhere"),
        (("publish", "--from", "maps/de", "--out", "maps/de"), "maps/de"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_in_one_line(place, arguments, words):
    assert words in complaint(matcare(*arguments, cwd=place))
