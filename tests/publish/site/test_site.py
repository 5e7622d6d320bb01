"""The static site: every link leads somewhere, every number is the run's, nobody else's file is touched."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from matcare.errors import InputError, OutputError
from matcare.pipeline.publishing import publish_site
from matcare.publish.map.themes import themes
from matcare.publish.site import marker
from matcare.scenario import Scenario

THEMES = {theme["id"] for theme in themes()}


@pytest.fixture(scope="module")
def counties(run_folder):
    return pd.read_csv(run_folder / "counties.csv", dtype="str", keep_default_na=False)


@pytest.fixture(scope="module")
def pages(site, crawl):
    return crawl.pages(site)


def _publish(run_folder, out):
    return publish_site(Scenario(), from_dir=run_folder, out=out)


def test_every_place_has_a_page_and_nothing_else_has(site, counties, crawl):
    wanted = {f"counties/{code}.html" for code in counties["county_fips"]} | {"states/de.html", "states/ri.html"}
    own = {"index.html", "map.html", "downloads.html", "methods.html", "data-notes.html", "about.html", "404.html"}
    there = crawl.files(site)
    assert {name for name in there if name.endswith(".html")} == wanted | own
    listed = (site / "sitemap.txt").read_text().split()
    assert set(listed) == (wanted | own) - {"404.html"}
    assert len(set(listed)) == len(listed)
    assert set(json.loads((site / "site.json").read_text())["files"]) == there - {"site.json"}


def test_every_link_and_fragment_resolves(site, pages, counties, crawl):
    assert crawl.broken(site, pages, counties=set(counties["county_fips"]), themes=THEMES) == []
    reached, ahead = set(), ["index.html"]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in pages:
            continue
        reached.add(name)
        here = Path(name).parent
        ahead += [
            (site / here / link.split("#")[0]).resolve().relative_to(site.resolve()).as_posix()
            for link in pages[name].links
            if not link.startswith(("http", "#"))
        ]
    assert reached == set(pages) - {"404.html"}, "every page can be reached from the start without a script"


def test_a_broken_link_is_found(site, pages, counties, crawl):
    page = crawl.Page("counties/10001.html")
    page.feed('<a href="../States/de.html">a</a><a href="/x">b</a><a href="../methods.html#no">c</a>')
    page.feed(
        '<a href="../map.html#theme=no">d</a><a href="../map.html#county=99999">e</a><a href="../states/de.html">f</a>'
    )
    found = crawl.broken(site, {**pages, page.path: page}, counties=set(counties["county_fips"]), themes=THEMES)
    assert len(found) == 5


def test_pages_are_well_formed_and_load_nothing(pages):
    for page in pages.values():
        assert page.faults == [], page.path
        assert page.lang == "en", page.path
        assert len(page.texts["h1"]) == 1, page.path
        assert [load for load in page.loads if not load.startswith("data:")] == [], page.path


def test_titles_are_unique(site):
    titles = [_title(path) for path in sorted(site.rglob("*.html"))]
    assert len(titles) == 8 + 2 + 6 + 1, "places, own pages, the map"
    assert len(set(titles)) == len(titles)
    assert all(titles)


def test_names_stand_as_the_table_spells_them(pages, counties):
    states = {"DE": "Delaware", "RI": "Rhode Island"}
    for code, name, state in counties[["county_fips", "county_name", "state"]].itertuples(index=False):
        assert pages[f"counties/{code}.html"].h1 == f"{name}, {states[state]}"
        where = pages[f"counties/{code}.html"].texts["ol"][0]
        assert " ".join(where.split()) == f"Start {states[state]} {name}"


def test_names_that_look_like_markup_are_text(site, pages):
    assert pages["counties/10001.html"].h1 == "<script>alert(1)</script>, Delaware"
    for path in site.rglob("*.html"):
        if path.name != "map.html":
            assert "<script>alert" not in path.read_text(encoding="utf-8"), path
    assert "script" not in pages["counties/10001.html"].texts
    held = [len(page.texts.get("script", ())) for name, page in pages.items() if "/" not in name]
    assert sorted(held) == [0, 0, 0, 0, 1, 2], "the search with its data, and the links of the page not found"


def test_numbers_of_the_start_page_are_the_runs(site, pages, counties, run_folder):
    words = " ".join(pages["index.html"].texts["main"][0].split())
    deserts = (counties["march_of_dimes_class"] == "desert").sum()
    said = {0: "no of"}.get(deserts, f"{deserts} of")
    assert f"{said} {len(counties)} counties" in words
    points = pd.read_parquet(run_folder / "block_groups.parquet")
    rhode = points[points["state"] == "RI"] if "state" in points else points[points["county_fips"].str.startswith("44")]
    near = rhode["women_15_44"][rhode["minutes_birth_care"] <= 30].sum() / rhode["women_15_44"].sum()
    row = next(text for text in pages["index.html"].texts["tr"] if text.strip().startswith("Rhode Island"))
    assert (">99 %" if 0.995 <= near < 1 else f"{100 * near:.0f} %") in row


def test_downloads_are_the_runs_own_files(site, run_folder, pages):
    words = pages["downloads.html"].texts["main"][0]
    sums = dict(reversed(line.split("  ", 1)) for line in (site / "data" / "SHA256SUMS").read_text().splitlines())
    for path in sorted(run_folder.iterdir()):
        copy = site / "map.html" if path.name == "map.html" else site / "data" / path.name
        assert copy.read_bytes() == path.read_bytes()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest in words
        assert path.name == "map.html" or sums[path.name] == digest
    for name in ("de", "ri"):
        assert (
            sums[f"states/{name}.zip"]
            == hashlib.sha256((site / "data/states" / f"{name}.zip").read_bytes()).hexdigest()
        )


def test_a_states_extract_holds_its_rows_as_they_stand(site, run_folder):
    for state, other in (("DE", "RI"), ("RI", "DE")):
        with zipfile.ZipFile(site / f"data/states/{state.lower()}.zip") as archive:
            assert archive.testzip() is None
            folder = f"matcare-{state.lower()}"
            for name in archive.namelist():
                if not name.endswith(".csv") or name.endswith("dictionary.csv"):
                    continue
                whole = (run_folder / Path(name).name).read_text(encoding="utf-8").splitlines()
                rows = archive.read(name).decode("utf-8").splitlines()
                assert rows[0] == whole[0], name
                assert set(rows) <= set(whole), name
            readme = archive.read(f"{folder}/README.txt").decode("utf-8")
            assert "counties.csv: County results;" in readme
            own = pd.read_csv(archive.open(f"{folder}/counties.csv"), dtype="str")
            assert set(own["state"]) == {state}
            policies = archive.read(f"{folder}/state_policies.csv").decode("utf-8")
            assert f"\n{state}," in policies
            assert f"\n{other}," not in policies


def test_data_notes_count_what_the_tables_say(pages, counties):
    words = pages["data-notes.html"]
    rows = {text.split("\n")[0].strip(): text for text in words.texts["tr"]}
    row = next(text for name, text in rows.items() if name.startswith("Delaware"))
    heads = next(text for text in words.texts["tr"] if text.startswith("State"))
    assert "counties" in heads
    assert row.startswith(f"Delaware{(counties['state'] == 'DE').sum()}")
    every = words.texts["details"][0]
    for value, number in counties["imr_status"].value_counts().items():
        assert f"{value.replace('_', ' ')} {number}" in every
    for text in ("No correction is in force", "CC-BY-NC-SA-4.0", "U.S. Census Bureau"):
        assert text in words.texts["main"][0]


def test_where_no_level_is_reported_none_is_not_said(run_folder, one_run, tmp_path, crawl):
    path = one_run / "counties.csv"
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    rhode = table["state"] == "RI"
    table.loc[rhode, "minutes_neonatal_3_plus_reason"] = "level_not_reported"
    table.loc[rhode, "minutes_neonatal_3_plus"] = ""
    table.to_csv(path, index=False)
    _publish(one_run, tmp_path / "site")
    rows = crawl.read(tmp_path / "site" / "index.html", tmp_path / "site").texts["tr"]
    assert "unknown, at most" in next(text for text in rows if text.strip().startswith("Rhode"))
    assert "unknown" not in next(text for text in rows if text.strip().startswith("Delaware"))


def test_the_same_run_gives_the_same_bytes(site, run_folder, tmp_path, crawl):
    _publish(run_folder, tmp_path / "again")
    assert crawl.files(tmp_path / "again") == crawl.files(site)
    for name in crawl.files(site):
        assert (tmp_path / "again" / name).read_bytes() == (site / name).read_bytes(), name


def test_a_site_of_ours_is_replaced_and_only_our_pages_go(one_run, tmp_path, crawl):
    out = tmp_path / "site"
    first = _publish(one_run, out)
    assert first.found["taken_away"] == 0
    (out / "CNAME").write_text("example.org")
    (out / "counties" / "mine.html").write_text("mine")
    path = one_run / "counties.csv"
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    table[table["state"] == "DE"].to_csv(path, index=False)
    about = json.loads((one_run / "run.json").read_text())
    about["scenario"]["states"], about["region"] = ["DE"], "Delaware"
    (one_run / "run.json").write_text(json.dumps(about))
    second = _publish(one_run, out)
    there = crawl.files(out)
    assert second.found["taken_away"] == 5 + 1 + 2, "five counties, a state, two extracts"
    assert "counties/44007.html" not in there
    assert not (out / "data" / "states").exists()
    assert {"CNAME", "counties/mine.html", "counties/10001.html"} <= there
    assert "Delaware" in (out / "index.html").read_text()
    assert any("Taken away" in line for line in second.lines)


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda out: (out / "thesis.txt").write_text("x"), "holds thesis.txt, which `matcare publish` did not write"),
        (lambda out: (out / "run.json").write_text("{}"), "holds run.json"),
        (lambda out: (out / "site.json").write_text("{}"), "is not of `matcare publish`"),
        (lambda out: (out / "site.json").write_text("{"), "could not be read"),
    ],
)
def test_somebody_elses_folder_is_refused(run_folder, tmp_path, prepare, words):
    out = tmp_path / "theirs"
    out.mkdir()
    prepare(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(InputError, match=words) as caught:
        _publish(run_folder, out)
    assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_current_folder_a_file_and_the_run_itself_are_refused(run_folder, tmp_path):
    (tmp_path / "file").write_text("x")
    for out, words in ((Path(), "is the current folder"), (tmp_path / "file", "is a file"), (run_folder, "holds ")):
        with pytest.raises(InputError, match=words):
            _publish(run_folder, out)


def test_a_hidden_file_is_no_obstacle(tmp_path):
    out = tmp_path / "site"
    out.mkdir()
    (out / ".nojekyll").touch()
    marker.refuse_other_folders(out)


def test_an_end_in_the_middle_leaves_the_old_site_whole(one_run, site, tmp_path, monkeypatch, crawl):
    out = tmp_path / "site"
    _publish(one_run, out)
    before = {name: (out / name).read_bytes() for name in crawl.files(out)}
    from matcare.pipeline import publishing

    def fails(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(publishing, "write_pages", fails)
    with pytest.raises(KeyboardInterrupt):
        _publish(one_run, out)
    assert {name: (out / name).read_bytes() for name in crawl.files(out)} == before


def test_after_a_crash_while_files_are_moved_the_site_still_knows_its_own(tmp_path):
    about = {"run": {}}
    marker.settle(tmp_path, about, {"a.html"})
    (tmp_path / "a.html").write_text("a")
    marker.claim(tmp_path, about, {"b.html"})  # and here the machine goes down
    (tmp_path / "b.html").write_text("b")
    marker.refuse_other_folders(tmp_path)
    assert marker.settle(tmp_path, about, {"c.html"}) == 2
    assert not (tmp_path / "a.html").exists()


def test_a_list_that_names_files_outside_takes_nothing_away_there(tmp_path):
    out = tmp_path / "site"
    (out / "in").mkdir(parents=True)
    (tmp_path / "theirs.txt").write_text("x")
    (out / "link").symlink_to(tmp_path)
    mark = {
        "command": "publish",
        "files": ["../theirs.txt", str(tmp_path / "theirs.txt"), "link/theirs.txt", "in/../../theirs.txt"],
    }
    (out / "site.json").write_text(json.dumps(mark))
    assert marker.settle(out, {}, set()) == 0
    assert (tmp_path / "theirs.txt").exists()


@pytest.mark.parametrize("name", ["run.json", "counties.csv", "counties.gpkg", "indicators.csv"])
def test_a_run_that_lacks_a_file_is_told_and_nothing_is_written(one_run, tmp_path, name):
    (one_run / name).unlink()
    with pytest.raises((InputError, OutputError), match=name.replace(".", r"\.")):
        _publish(one_run, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_what_is_said_of_a_site(run_folder, tmp_path):
    written = _publish(run_folder, tmp_path / "site")
    assert written.open_next == tmp_path / "site" / "index.html"
    assert all(path.stat().st_size == size for path, size in written.files.items())
    assert written.found["pages"] == 8 + 2 + 6
    assert written.found["counties"] == 8
    json.dumps(dict(written.found))


@pytest.mark.national
def test_the_nations_site(national_files, tmp_path, crawl):
    out = tmp_path / "site"
    written = publish_site(Scenario(), from_dir=national_files, out=out)
    assert written.found["pages"] == 3222 + 52 + 1 + 6
    assert written.found["bytes"] < 250e6
    counties = pd.read_csv(national_files / "counties.csv", dtype="str", keep_default_na=False)
    there = crawl.files(out)
    assert {f"counties/{code}.html" for code in counties["county_fips"]} <= there
    sample = counties[::40]
    own = [path for path in out.glob("*.html") if path.name != "map.html"]
    chosen = [
        *own,
        *sorted(out.glob("states/*.html")),
        *(out / f"counties/{code}.html" for code in sample["county_fips"]),
    ]
    pages = {page.path: page for page in (crawl.read(path, out) for path in chosen)}
    assert crawl.broken(out, pages, counties=set(counties["county_fips"]), themes=THEMES) == []
    assert [(page.path, page.faults) for page in pages.values() if page.faults] == []
    titles = [_title(path) for path in sorted(out.rglob("*.html"))]
    assert len(set(titles)) == len(titles) == 3222 + 52 + 1 + 6 + 1
    names = dict(zip(counties["county_fips"], counties["county_name"], strict=True))
    for code in counties["county_fips"]:
        text = (out / f"counties/{code}.html").read_text(encoding="utf-8")
        h1 = text[text.index("<h1>") + 4 : text.index("</h1>")]
        said = h1.replace("&#39;", "'").replace("&#x27;", "'")
        assert (said if said == names[code] else said.rpartition(", ")[0]) == names[code]  # DC is county and state
    row = next(text for text in pages["index.html"].texts["tr"] if text.strip().startswith("Puerto Rico"))
    assert "unknown, at most" in row
    assert 'class="map"' in (out / "index.html").read_text(encoding="utf-8")


def _title(path):
    with path.open(encoding="utf-8") as handle:
        text = handle.read(20_000)
    return text[text.index("<title>") + len("<title>") : text.index("</title>")]
