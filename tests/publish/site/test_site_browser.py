"""The site in a real Chromium with the network off: searched by keyboard, read by axe, at home on a phone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import axe_core_python
import pytest

pytestmark = pytest.mark.browser


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _load(Path(__file__).parents[1] / "map_page.py")
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PAGES = (
    "index.html",
    "downloads.html",
    "methods.html",
    "data-notes.html",
    "about.html",
    "404.html",
    "states/ri.html",
    "counties/44001.html",
)


@pytest.fixture
def opened(browser, site):
    """Open a page; afterwards the console is empty and no request has been made."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.set_window_size(1400, 1000)

    def go(name):
        browser.get((site / name).as_uri())
        return browser

    yield go
    assert browser.get_log("browser") == []
    assert PAGE.requested(browser) == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(opened, name):
    page = opened(name)
    page.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; });")
    page.execute_script(AXE)
    found = page.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations));"
    )
    told = [(one["id"], one["impact"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found]
    assert told == []


def test_the_search_finds_without_accents_by_keyboard(opened):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    page = opened("index.html")
    field = page.find_element(By.ID, "query")
    for _ in range(15):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.switch_to.active_element.get_attribute("id") == "query":
            break
    assert page.switch_to.active_element == field
    assert PAGE.search(page, "nandu quoted")[0].startswith('Ñandú "quoted" & Llanfair')
    field.send_keys(Keys.ENTER)
    PAGE.wait(page, "return location.pathname.endsWith('/counties/44001.html')")
    assert page.execute_script("return document.querySelector('h1').textContent").startswith('Ñandú "quoted" &')


def test_the_search_knows_states_codes_and_arrows(opened):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    page = opened("index.html")
    assert PAGE.search(page, "rhode")[0] == "Rhode Island"
    assert PAGE.search(page, "44007") == ["Providence County, Rhode Island"]
    assert PAGE.search(page, "script")[0] == "<script>alert(1)</script>, Delaware"
    assert PAGE.search(page, "zzz") == ["Nothing found by that name"]
    found = PAGE.search(page, "county ri")
    field = page.find_element(By.ID, "query")
    field.send_keys(Keys.ARROW_DOWN)
    assert page.execute_script("return document.querySelector('[aria-selected=true]').textContent") == found[1]
    assert field.get_attribute("aria-activedescendant") == "found-1"
    field.send_keys(Keys.ESCAPE)
    assert page.execute_script("return document.getElementById('found').hidden")
    PAGE.search(page, "county ri")
    field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    PAGE.wait(page, "return location.pathname.includes('/counties/44')")


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_each_page_without_scrolling_sideways(opened, name):
    page = opened(name)
    page.set_window_size(500, 844)
    PAGE.wait(page, "return window.innerWidth <= 500")
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_a_county_opens_on_the_map(opened):
    from selenium.webdriver.common.by import By

    page = opened("counties/44007.html")
    page.find_element(By.LINK_TEXT, "Open on the map").click()
    PAGE.wait(page, "return document.documentElement.dataset.ready === 'yes'")
    PAGE.wait(page, "return document.getElementById('panel').dataset.county === '44007'")
    assert "Providence County" in PAGE.text(page, "#panel h2")


def test_the_page_not_found_leads_back_from_any_folder(opened, site, tmp_path):
    page = opened("404.html")
    assert page.execute_script("return document.querySelector('main a').getAttribute('href')") == "index.html"
    (site / "counties" / "gone.html").write_bytes((site / "404.html").read_bytes())
    try:
        page = opened("counties/gone.html")
        assert page.execute_script("return document.querySelector('main a').href") == (site / "index.html").as_uri()
    finally:
        (site / "counties" / "gone.html").unlink()
