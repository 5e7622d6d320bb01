"""The built documentation: complete, its links whole, nothing asked of a network, names and numbers right."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pandas as pd
import pytest

from matcare.contracts import EMBEDDED, OUTPUTS
from matcare.tables.snapshot import load_counties

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
    "object": "data",
}  # fmt: skip
"""Elements whose address a browser fetches by itself; of `link` all but the relations below."""


class Reader(HTMLParser):
    """Collects ids, links and everything that a browser would fetch."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.fetched = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if "id" in told:
            self.ids.add(told["id"])
        if tag == "a" and told.get("href"):
            self.links.append(told["href"])
        if tag in FETCHED and told.get(FETCHED[tag]):
            self.fetched.append(told[FETCHED[tag]])
        if tag == "link" and told.get("rel") not in {"canonical", "prev", "next"}:
            self.fetched.append(told["href"])
        if tag == "meta" and "refresh" in (told.get("http-equiv") or ""):
            self.links.append(told["content"].partition("=")[2])


@pytest.fixture(scope="session")
def pages(site):
    return {path: Reader(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_documentation_is_built(site, pages):
    names = {path.relative_to(site).as_posix() for path in pages}
    wanted = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert wanted <= names
    assert {"changelog.html", "benchmarks.html", "data.html", "licences.html", "files.html"} <= names
    assert not (site / "hooks").exists()


def test_every_internal_link_and_image_resolves(site, pages):
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are absolute, for a server
            continue
        for link in page.links + page.fetched:
            if re.match(r"[a-z]+:", link):
                continue
            target, fragment = urldefrag(link)
            other = (path.parent / unquote(target)).resolve() if target else path
            if not other.is_file():
                broken.append(f"{path.relative_to(site)}: {link}")
            elif fragment and other.suffix == ".html" and unquote(fragment) not in pages[other].ids:
                broken.append(f"{path.relative_to(site)}: {link} (no such place)")
    assert broken == []


def test_nothing_is_fetched_from_elsewhere(site, pages):
    outside = [f"{path.name}: {link}" for path, page in pages.items() for link in page.fetched if "//" in link]
    assert outside == []
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", path.read_text(encoding="utf-8")), path.name
    assert not list(site.rglob("*.woff*"))


def test_the_dictionary_has_every_column_of_every_table(site, pages):
    run, embedded = pages[site / "dictionary.html"].ids, pages[site / "dictionary_embedded.html"].ids
    assert [f"{name}--{column}" for name, table in OUTPUTS.items() for column in table.names] != []
    assert {f"{name}--{column}" for name, table in OUTPUTS.items() for column in table.names} <= run
    assert {f"{name}--{column}" for name, table in EMBEDDED.items() for column in table.names} <= embedded


def test_the_reference_has_functions_of_every_package(site, pages):
    for name in (
        "matcare.scenario.run.Scenario", "matcare.pipeline.run.run", "matcare.publish.finished.FinishedRun",
        "matcare.planning.fragility.fragility", "matcare.measures.rates.infant_mortality",
        "matcare.travel.searches.Trips", "matcare.tables.snapshot.load_snapshot", "matcare.contracts.model.Table",
    ):  # fmt: skip
        assert name in pages[site / "reference" / f"{name.split('.')[1]}.html"].ids


def test_titles_are_unique(site, pages):
    titles = [
        re.search(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"))[1]
        for path in pages
        if path.name != "404.html"
    ]
    assert len(titles) == len(set(titles))


def test_county_names_are_the_census_names():
    """Williams County, ND; Loíza with its accent; a county without its state is one somewhere."""
    counties = load_counties()
    known = set(counties["county_name"])
    placed = set(counties["county_name"] + ", " + counties["state"])
    kinds = "County|Parish|Borough|Municipio|Census Area|Planning Region"
    name = re.compile(rf"((?:[A-ZÍ][\w'.-]+ )+(?:{kinds}))\b(?!s)(?:, ([A-Z]{{2}})\b)?")
    found = 0
    for page in PAGES:
        for county, state in name.findall(page.read_text(encoding="utf-8")):
            words = county.split()
            tails = [" ".join(words[start:]) for start in range(len(words) - 1)]  # a sentence may begin before the name
            if "County Health Rankings" in county or words[-2] in {"The", "A", "Each"}:
                continue
            found += 1
            assert any((f"{tail}, {state}" in placed) if state else (tail in known) for tail in tails), (
                f"{page.name}: {county}"
            )
    assert found > 5
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert not re.search(r"\bLoiza\b(?! *finds)", text)


def test_shares_in_the_tutorial_are_those_of_the_data():
    """The tutorial's North Dakota is the default run's, which is kept with the data."""
    access = pd.read_csv(ROOT / "data" / "baseline_access.csv").set_index(["place", "service"])
    here = access.loc[("ND", "birth_care")]
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for minutes in (30, 60):
        assert f"{100 * here[f'share_women_within_{minutes}']:.1f} %" in text


@pytest.mark.browser
def test_the_search_works_from_a_folder_and_no_request_leaves(site, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((site / "howto" / "grant.html").as_uri())
    browser.get_log("performance")
    browser.execute_script("document.querySelector('#__search').click()")
    field = browser.find_element(By.CSS_SELECTOR, "input.md-search__input")
    field.send_keys("fragility")
    found = WebDriverWait(browser, 20).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, ".md-search-result__item a.md-search-result__link")
    )
    assert any("closures" in link.get_attribute("href") or "commands" in link.get_attribute("href") for link in found)
    log = "".join(entry["message"] for entry in browser.get_log("performance"))
    assert not re.search(r'"url":"https?:', log)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.browser
@pytest.mark.parametrize("page", ["index.html", "tutorial.html", "dictionary.html", "commands.html", "limits.html"])
def test_a_phone_shows_the_whole_width(site, browser, page):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        browser.get((site / page).as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
