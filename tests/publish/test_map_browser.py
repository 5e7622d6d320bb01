"""The map in a real Chromium with the network off: it draws, answers, and says the table's own numbers."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path

import pytest

from matcare.publish.map import write_map
from matcare.publish.map.themes import themes

pytestmark = pytest.mark.browser


def _load_tables():
    """Load the made tables beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location("map_tables", Path(__file__).with_name("map_tables.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def region():
    return _load_tables().small_region()


@pytest.fixture
def page(browser, region, tmp_path):
    """The map of the small region, open and ready; afterwards the console must be empty and no request have been made."""
    counties, facilities = region
    path = write_map(
        tmp_path / "map.html", counties=counties, facilities=facilities, title="Small region", sources=["made"]
    )
    browser.get_log("browser")
    browser.get_log("performance")
    browser.set_window_size(1400, 1000)
    browser.get(path.as_uri())
    _wait(browser, "return document.documentElement.dataset.ready === 'yes'")
    yield browser
    assert browser.get_log("browser") == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [entry["params"]["request"]["url"] for entry in asked if entry["method"] == "Network.requestWillBeSent"]
    assert [url for url in urls if url.startswith(("http", "ws", "ftp"))] == []


def _wait(browser, script, *arguments, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = browser.execute_script(script, *arguments)
        if value:
            return value
        time.sleep(0.05)
    return pytest.fail(f"never true in {seconds} s: {script}")


def _text(browser, selector):
    return browser.execute_script("return document.querySelector(arguments[0]).innerText", selector)


def _search(browser, query):
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.ID, "query")
    field.clear()
    field.send_keys(query)
    return browser.execute_script("return [...document.querySelectorAll('#found li')].map((item) => item.innerText)")


def _enter(browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.find_element(By.ID, "query").send_keys(Keys.ENTER)


def _colours(browser):
    """Return how many distinct colours the middle of the map's canvas holds."""
    return browser.execute_script(
        """
        const canvas = document.querySelector('#matcare_map canvas');
        const c = canvas.getContext('2d');
        const seen = new Set();
        const { width, height } = canvas;
        const pixels = new Uint32Array(c.getImageData(0, 0, width, height).data.buffer);
        for (let x = 0.2; x < 0.8; x += 0.02) for (let y = 0.2; y < 0.8; y += 0.02)
          seen.add(pixels[(height * y | 0) * width + (width * x | 0)]);
        return seen.size;
        """
    )


def test_the_map_is_drawn(page):
    assert _colours(page) > 5
    assert page.execute_script("return matcare.readyAfterMs") < 2000
    assert page.title == "Small region"


@pytest.mark.parametrize("theme", themes(), ids=lambda theme: theme["id"])
def test_every_theme_draws_with_its_legend(page, theme):
    page.execute_script("matcare.choose(arguments[0])", theme["id"])
    assert _text(page, "#legend h2") == theme["title"] + (", 2017-2023" if theme["family"] == "imr" else "")
    counted = page.execute_script(
        "return [...document.querySelectorAll('#legend tbody tr')].filter((row) => !row.innerText.includes('of these'))"
        ".map((row) => Number(row.children[2].innerText.replace(',', '')))"
    )
    assert sum(counted) == 16


def test_the_list_chooses_the_theme_by_mouse(page):
    from selenium.webdriver.common.by import By

    before = _text(page, "#legend h2")
    page.find_element(By.CSS_SELECTOR, "input[value=within]").click()
    assert "within 30 minutes" in _text(page, "#legend h2") != before
    page.execute_script("document.querySelectorAll('#themes .limits input')[2].click()")
    assert "within 90 minutes" in _text(page, "#legend h2")


def test_reasons_for_missing_values_are_apart(page):
    page.execute_script("matcare.choose('imr')")
    legend = _text(page, "#legend")
    for words in ("Unreliable", "Apportioned", "Suppressed", "Not reported"):
        assert words in legend
    page.execute_script("matcare.choose('minutes-nicu')")
    legend = _text(page, "#legend")
    for words in (
        "Beyond the search limit",
        "No road route",
        "No road within 30 km",
        "Ferry or plane only",
        "Nobody lives there",
    ):
        assert words in legend
    pictures = page.execute_script(
        "return [...document.querySelectorAll('#legend canvas')].map((canvas) => canvas.toDataURL())"
    )
    assert len(set(pictures)) == len(pictures)


def test_search_without_accents_opens_the_county_with_its_numbers(page, region):
    counties, _ = region
    assert _search(page, "loiza")[0].startswith("Loíza Municipio, NE")
    zoom = page.execute_script("return matcare.map.getZoom()")
    _enter(page)
    row = counties.iloc[0]
    panel = _text(page, "#panel")
    assert "Loíza Municipio, Nebraska" in panel
    assert row["march_of_dimes_reason"] in panel
    cells = page.execute_script(
        "return [...document.querySelectorAll('#panel tr[data-service=birth_care] td')].map((cell) => cell.innerText)"
    )
    assert cells[0] == f"{row['minutes_birth_care']:.0f}"
    assert cells[1:] == [f"{100 * row[f'share_women_within_{limit}_birth_care']:.0f} %" for limit in (30, 60, 90)]
    assert "6.25 infant deaths per 1,000 live births" in panel
    assert "4.50 to 8.75" in panel
    assert "41 deaths among 6,560 live births" in panel
    assert "2026-05-01" in panel
    _wait(page, "return matcare.map.getZoom() !== arguments[0]", zoom)


def test_search_by_tilde_and_arrows(page):
    assert _search(page, "dona ana")[0].startswith("Doña Ana County, NE")
    assert _search(page, "Doña Ana, ne")[0].startswith("Doña Ana County, NE")
    assert _search(page, "obrien quoted")[0].startswith("O'Brien")
    assert _search(page, "zzz") == ["Nothing found by that name"]
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    found = _search(page, "county")
    page.find_element(By.ID, "query").send_keys(Keys.ARROW_DOWN)
    _enter(page)
    assert _text(page, "#panel h2").split(",")[0] == found[1].split(",")[0]
    page.find_element(By.ID, "panel").send_keys(Keys.ESCAPE)
    assert page.execute_script("return document.getElementById('panel').hidden")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("suppressed", "Suppressed: fewer than 20 infant deaths"),
        ("not_reported", "Not reported: the source has no figure"),
        ("modelled", "No rate is published: fewer than 20 infant deaths in 2017-2023"),
        ("modelled", "Modelled: 7.25"),
        ("modelled", "It is no observation: do not rank, test or compare it."),
        ("not_identified", "Not named: the export for 2017-2023"),
        ("published_unreliable", "Unreliable: it stands on fewer than 20 deaths"),
        ("apportioned", "Apportioned: Connecticut’s counts"),
    ],
)
def test_the_panel_says_how_a_rate_stands(page, region, status, words):
    counties, _ = region
    page.execute_script("matcare.openCounty(arguments[0])", int((counties["imr_status"] == status).to_numpy().argmax()))
    assert words in _text(page, "#panel")


def test_a_modelled_rate_never_has_the_fill_of_a_published_one(page, region):
    counties, _ = region
    page.execute_script("matcare.choose('imr-modelled')")
    modelled = int((counties["imr_status"] == "modelled").to_numpy().argmax())
    published = int((counties["imr_status"] == "published").to_numpy().argmax())
    fills = page.execute_script(
        """
        const fills = {};
        matcare.map.eachLayer((layer) => { if (layer.county !== undefined) fills[layer.county] = layer.options.fillColor; });
        return [typeof fills[arguments[0]], typeof fills[arguments[1]]];
        """,
        modelled,
        published,
    )
    assert fills == ["object", "string"], "a pattern, where the published rate has a plain colour"
    assert "Modelled: no count is published" in _text(page, "#legend")
    page.execute_script("matcare.choose('imr')")
    assert "Not published (too few deaths)" in _text(page, "#legend")


def test_the_panel_shows_shrinkage_clusters_and_the_profile(page, region):
    counties, _ = region
    at = int((counties["imr_status"] == "published").to_numpy().argmax())
    page.execute_script("matcare.openCounty(arguments[0])", at)
    panel = _text(page, "#panel")
    row = counties.iloc[at]
    assert page.execute_script("const p = document.getElementById('panel'); return p.scrollWidth <= p.clientWidth")
    assert f"{row['imr_eb']:.2f} ({row['imr_eb_low']:.2f} to {row['imr_eb_high']:.2f})" in panel
    for words in ("Mother-infant profile", "Patient and family", "Policy and society", "higher is of more concern"):
        assert words in panel


def test_names_that_look_like_markup_are_text(page):
    assert _search(page, "script alert 1")[0].startswith("<script>alert(1)</script>")
    _enter(page)
    assert _text(page, "#panel h2") == "<script>alert(1)</script>"
    assert _search(page, "cmd")[0].startswith("=cmd|' /C calc'!A0")
    _search(page, "onerror")
    _enter(page)
    assert _text(page, "#panel h2") == "<img src=x onerror=alert(3)> Clinic"
    _search(page, "script alert 2")
    _enter(page)
    assert _text(page, "#panel h2").startswith("</script><script>alert(2)</script>")
    assert (
        page.execute_script("return document.querySelectorAll('#panel script, #panel img, #found script').length") == 0
    )


def test_the_switch_shows_the_bound(page, region):
    counties, _ = region
    shown = lambda: page.execute_script(  # noqa: E731
        "return Number(document.querySelector('#legend tr[data-value=desert]').children[2].innerText)"
    )
    assert shown() == (counties["march_of_dimes_class"] == "desert").sum()
    page.execute_script("document.getElementById('claimed').click()")
    assert shown() == (counties["march_of_dimes_class_corroborated"] == "desert").sum()
    page.execute_script("matcare.openCounty(3)")
    assert counties["march_of_dimes_reason_corroborated"].iloc[3] in _text(page, "#panel")
    page.execute_script("matcare.choose('imr')")
    assert page.execute_script("return getComputedStyle(document.getElementById('bound')).display") == "none"


def test_a_click_on_the_canvas_answers(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    page.execute_script("document.querySelectorAll('#groups input').forEach((box) => box.checked && box.click())")
    target = page.find_element(By.ID, "matcare_map")
    ActionChains(page).move_to_element_with_offset(target, 40, 60).click().perform()
    assert _wait(page, "return document.getElementById('panel').dataset.county")


def test_facility_groups_can_be_shown_and_hidden(page):
    drawn = "let n = 0; matcare.map.eachLayer((layer) => { if (layer.facility !== undefined) n += 1; }); return n;"
    before = page.execute_script(drawn)
    assert before > 0
    page.execute_script("document.querySelectorAll('#groups input').forEach((box) => box.checked && box.click())")
    assert page.execute_script(drawn) == 0


def test_the_basemap_is_asked_for_only_when_ticked(page):
    tiles = "return document.querySelectorAll('.leaflet-tile').length"
    assert page.execute_script(tiles) == 0
    page.execute_script("document.getElementById('basemap').click()")
    _wait(page, tiles)
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = [entry["params"]["request"]["url"] for entry in asked if entry["method"] == "Network.requestWillBeSent"]
    assert {url.split("/")[2] for url in urls if url.startswith("http")} == {"basemap.nationalmap.gov"}
    page.execute_script("document.getElementById('basemap').click()")
    assert page.execute_script(tiles) == 0
    time.sleep(0.3)
    page.get_log("browser")  # with the network off each tile fails, as asked
    page.get_log("performance")


def test_the_switch_takes_claimed_hospitals_off_the_map(page, region):
    _, facilities = region
    drawn = "let n = 0; matcare.map.eachLayer((layer) => { if (layer.facility !== undefined) n += 1; }); return n;"
    page.execute_script("document.querySelectorAll('#groups input').forEach((box) => box.checked || box.click())")
    assert page.execute_script(drawn) == len(facilities)
    page.execute_script("document.getElementById('claimed').click()")
    claimed = facilities["counts_birth_care"] & ~facilities["counts_birth_care_corroborated"]
    assert page.execute_script(drawn) == len(facilities) - claimed.sum()
    counts = (
        "return [...document.querySelectorAll('#groups .n')].reduce((sum, cell) => sum + Number(cell.innerText), 0)"
    )
    assert page.execute_script(counts) == len(facilities) - claimed.sum()


def test_a_phone_has_the_map_and_the_legend(page):
    page.set_window_size(500, 844)
    _wait(page, "return matcare.map.getSize().x <= 500")
    box = page.execute_script(
        "const r = document.getElementById('matcare_map').getBoundingClientRect(); return [r.width, r.height]"
    )
    assert box[1] > 300
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert page.execute_script("return document.querySelector('#legend table').getBoundingClientRect().height") > 20
    assert not page.execute_script("return document.getElementById('themes').getBoundingClientRect().height")
    page.execute_script("document.getElementById('drawer').click()")
    assert page.execute_script("return document.getElementById('themes').getBoundingClientRect().height") > 50
