"""Whom the map serves: axe-core finds nothing serious, all by keyboard, targets of a finger's size, paper, a phone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from matcare.publish.map import write_comparison_map, write_map
from matcare.publish.map.comparison_themes import access_themes

pytestmark = pytest.mark.browser


def _load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _load("map_page")
TABLES = _load("map_tables")
wait, text, search, findings = PAGE.wait, PAGE.text, PAGE.search, PAGE.findings


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    counties, facilities = TABLES.small_region()
    return write_map(
        tmp_path_factory.mktemp("map") / "map.html",
        counties=counties,
        facilities=facilities,
        title="Small region",
        subtitle="Made tables",
        sources=["A source of 2026"],
        run_date="2026-11-29",
    )


@pytest.fixture
def page(browser, path):
    """The map of the small region, open and ready; afterwards the console must be empty and no request have been made."""
    PAGE.open_page(browser, path)
    yield browser
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert browser.get_log("browser") == []
    assert PAGE.requested(browser) == []


def _phone(page):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    wait(page, "return window.innerWidth === 390 && matcare.map.getSize().x === 390")


def test_axe_finds_nothing_serious(page):
    assert findings(page) == []
    first = "return matcare.data.families.map((f) => matcare.data.themes.find((theme) => theme.family === f.id).id)"
    for theme in page.execute_script(first):
        page.execute_script("matcare.choose(arguments[0])", theme)
        assert findings(page, "#side") == [], theme
    page.execute_script("matcare.openCounty(4)")
    assert findings(page) == [], "a county's panel"
    page.execute_script("matcare.openFacility(3)")
    assert findings(page) == [], "a facility's panel"
    page.execute_script("document.getElementById('open-table').click()")
    assert findings(page) == [], "the table"
    page.execute_script(
        "document.getElementById('table').close();"
        "document.querySelectorAll('details').forEach((part) => { part.open = true; });"
    )
    search(page, "county")
    assert findings(page) == [], "everything unfolded, and the search's list"


def test_axe_finds_nothing_serious_on_a_phone(page):
    _phone(page)
    assert findings(page) == []
    page.execute_script("document.getElementById('drawer').click()")
    assert findings(page) == []
    page.execute_script("document.getElementById('drawer').click(); matcare.openCounty(1)")
    assert findings(page) == []


def test_axe_finds_nothing_serious_on_a_comparison(browser, tmp_path):
    path = write_comparison_map(
        tmp_path / "closures.html", themes=access_themes("birth care"), title="If one closed", **TABLES.comparison()
    )
    PAGE.open_page(browser, path)
    assert findings(browser) == []
    browser.execute_script("matcare.openCounty(4)")
    assert findings(browser) == []
    browser.execute_script("document.getElementById('open-table').click()")
    assert findings(browser) == []
    assert PAGE.text(browser, "#table caption").endswith("9 counties, by county.")
    assert browser.get_log("browser") == []


def test_the_keyboard_goes_from_top_to_bottom(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        ActionChains(page).send_keys(*keys).perform()

    focused = lambda: page.execute_script("return document.activeElement.id || document.activeElement.className")  # noqa: E731 - a short name, used here alone
    page.execute_script("document.body.focus()")
    press(Keys.TAB)
    assert focused() == "skip"
    assert page.execute_script("return document.activeElement.getBoundingClientRect().top") >= 0, "seen once focused"
    press(Keys.ENTER)
    assert focused() == "query"
    assert page.execute_script("return location.hash") == ""
    press("loiza", Keys.ENTER)
    assert text(page, "#panel h2").startswith("Loíza Municipio")
    assert focused() == "panel"
    press(Keys.TAB)
    assert focused() == "shut"
    press(Keys.ENTER)
    assert focused() == "query", "back to where one came from"
    seen = []
    for _ in range(40):
        press(Keys.TAB)
        style = (
            "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]"
        )
        shown = page.execute_script(style)
        label = "document.activeElement.closest('label')"
        ring = page.execute_script(f"const l = {label}; return l ? getComputedStyle(l).outlineStyle : 'none'")
        if page.execute_script("return document.activeElement !== document.body"):
            assert (shown[0] != "none" and shown[1] >= 1) or ring != "none", focused()
        seen.append(focused())
    order = [
        name
        for name in ("claimed", "open-table", "group-0", "basemap", "matcare_map")
        if name in seen or name == "claimed"
    ]
    places = [seen.index(name) for name in order]
    assert places == sorted(places)
    assert "open-table" in seen


def test_targets_have_a_fingers_size(page):
    page.execute_script(
        "document.querySelectorAll('details').forEach((part) => { part.open = true; }); matcare.openCounty(3)"
    )
    small = page.execute_script(
        """
        const targets = [...document.querySelectorAll("button, select, summary, input, .leaflet-control-zoom a, .leaflet-control-attribution a")]
          .map((node) => node.closest("label") || node).filter((node) => node.getClientRects().length && node.id !== "skip");
        return targets.filter((node) => { const box = node.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
          .map((node) => `${node.tagName} ${node.id} ${node.className} ${node.innerText.slice(0, 30)}`);
        """
    )
    assert small == []


def test_twice_as_large_text_still_fits(page):
    """At 200 % a window of 1280 has 640 pixels: nothing is cut off, nothing scrolls sideways."""
    page.set_window_size(660, 700)
    wait(page, "return matcare.map.getSize().x <= 660")
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert page.execute_script("return document.getElementById('matcare_map').getBoundingClientRect().height") > 120
    page.execute_script("matcare.openCounty(2)")
    assert page.execute_script("const p = document.getElementById('panel'); return p.scrollWidth <= p.clientWidth")


def test_motion_is_left_out_for_whom_it_troubles(browser, path):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    PAGE.open_page(browser, path)
    browser.execute_script("matcare.openCounty(0, 'zoom')")
    centre = browser.execute_script("return matcare.map.getCenter()")
    browser.execute_async_script("setTimeout(arguments[0], 400)")
    assert browser.execute_script("return matcare.map.getCenter()") == centre, "there at once"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


_SEEN_ON_PAPER = """
    const seen = (id) => { const node = document.getElementById(id); return Boolean(node) && node.getClientRects().length > 0; };
    return ["head", "legend", "foot", "matcare_map", "panel", "search", "themes", "open-table", "places", "about", "bound"].filter(seen);
    """


def test_on_paper_stand_title_map_legend_dates_and_sources(page):
    page.execute_script("matcare.choose('imr')")
    page.execute_script("window.addEventListener('beforeprint', () => { window.onPaper = matcare.map.getSize(); })")
    before = page.execute_script("const c = matcare.map.getCenter(); return [c.lat, c.lng, matcare.map.getZoom()]")
    assert PAGE.printed(page) == (1, True), "one page, landscape"
    assert page.execute_script("return window.onPaper.x") == 690, "the map was drawn anew for paper"
    after = page.execute_script("const c = matcare.map.getCenter(); return [c.lat, c.lng, matcare.map.getZoom()]")
    assert after == pytest.approx(before, abs=1e-6)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script(_SEEN_ON_PAPER) == ["head", "legend", "foot", "matcare_map"]
    assert "Facilities as of 2026-05-01; run of 2026-11-29. A source of 2026" in text(page, "#foot")
    assert "Unreliable" in text(page, "#legend")
    assert page.execute_script("return getComputedStyle(document.getElementById('legend')).printColorAdjust") == "exact"


def test_what_is_open_stands_on_pages_of_its_own(page):
    page.execute_script("matcare.openCounty(0)")
    pages, landscape = PAGE.printed(page)
    assert landscape
    assert 2 <= pages <= 4
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script(_SEEN_ON_PAPER) == ["head", "legend", "foot", "matcare_map", "panel"]
    assert page.execute_script("return getComputedStyle(document.getElementById('panel')).breakBefore") == "page"


def test_a_phone_has_map_search_legend_table_and_a_sheet(page):
    _phone(page)
    PAGE.screenshot(page, "phone")
    box = lambda name: page.execute_script(  # noqa: E731 - a short name, used here alone
        "const r = document.getElementById(arguments[0]).getBoundingClientRect(); return [r.top, r.bottom, r.width]",
        name,
    )
    assert page.execute_script("return document.documentElement.scrollWidth") == 390
    assert box("matcare_map")[1] - box("matcare_map")[0] > 300
    assert box("query")[1] < box("matcare_map")[1] < box("legend")[1]
    page.execute_script("document.getElementById('open-table').click()")
    assert page.execute_script(
        "const t = document.querySelector('#table .rows'); return t.scrollWidth <= t.clientWidth"
    )
    page.execute_script("document.getElementById('table').close(); matcare.openCounty(0)")
    top, bottom, width = box("panel")
    assert width == 390
    assert top > 200, "the map is seen above the sheet"
    assert bottom <= 844
    PAGE.screenshot(page, "phone-county")


def test_a_name_of_two_hundred_characters_breaks_nothing(browser, tmp_path):
    counties, facilities = TABLES.small_region()
    long = "W" * 200
    counties.loc[counties.index[5], "county_name"] = long
    facilities.loc[facilities.index[5], "facility_name"] = long
    PAGE.open_page(browser, write_map(tmp_path / "map.html", counties=counties, facilities=facilities))
    fits = "const box = document.querySelector(arguments[0]); return box.scrollWidth <= box.clientWidth"
    for way in ("matcare.openCounty(5)", "matcare.openFacility(5)", "document.getElementById('open-table').click()"):
        browser.execute_script(way)
        assert browser.execute_script(fits, "#panel"), way
        assert browser.execute_script(fits, "html"), way
    assert browser.execute_script(fits, "#table .rows")
    browser.execute_script("document.getElementById('table').close()")
    search(browser, "wwww")
    assert browser.execute_script(fits, "#found")
    assert browser.get_log("browser") == []


def test_a_comparison_keeps_its_view_in_the_address_too(browser, tmp_path):
    path = write_comparison_map(
        tmp_path / "closures.html", themes=access_themes("birth care"), title="If one closed", **TABLES.comparison()
    )
    PAGE.open_page(browser, path)
    browser.execute_script("matcare.choose('theme-1'); matcare.openCounty(4)")
    wait(browser, "return location.hash.includes('county=31009')")
    browser.execute_script("location.reload()")
    wait(browser, "return document.documentElement.dataset.ready === 'yes'")
    assert browser.execute_script("return matcare.theme().id") == "theme-1"
    assert browser.execute_script("return document.getElementById('panel').dataset.county") == "31009"
    assert PAGE.printed(browser)[1], "landscape"
    assert browser.get_log("browser") == []
