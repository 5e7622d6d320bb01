"""The address keeps the view: it is written as one looks, puts everything back, and nonsense in it does nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from matcare.publish.map import write_map

pytestmark = pytest.mark.browser


def _load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _load("map_page")
wait, text = PAGE.wait, PAGE.text


@pytest.fixture(scope="module")
def region():
    return _load("map_tables").small_region()


@pytest.fixture(scope="module")
def path(region, tmp_path_factory):
    counties, facilities = region
    return write_map(tmp_path_factory.mktemp("map") / "map.html", counties=counties, facilities=facilities)


@pytest.fixture
def opened(browser, path):
    """Open the page at an address; afterwards the console must be empty and no request have been made."""

    def go(address=""):
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get_log("performance")
        browser.set_window_size(1400, 1000)
        browser.get(f"{path.as_uri()}{address}")
        wait(browser, "return document.documentElement.dataset.ready === 'yes'")
        return browser

    yield go
    assert browser.get_log("browser") == []
    assert PAGE.requested(browser) == []


def _said(page):
    """Return what the address says once it rests."""
    page.execute_async_script("setTimeout(arguments[0], 300)")
    return {key: values[0] for key, values in parse_qs(page.execute_script("return location.hash.slice(1)")).items()}


def _view(page):
    return page.execute_script("const c = matcare.map.getCenter(); return [c.lat, c.lng, matcare.map.getZoom()]")


def test_an_address_restores_theme_view_and_county(opened, region):
    counties, _ = region
    fips = counties["county_fips"].iloc[0]
    page = opened(f"#theme=minutes-nicu&view=41.5,-102.25,7.4&county={fips}")
    assert text(page, "#legend h2").startswith("Drive minutes to the nearest")
    assert page.execute_script("return matcare.theme().id") == "minutes-nicu"
    assert page.execute_script("return document.querySelector('#themes input:checked').value") == "minutes"
    assert _view(page) == pytest.approx([41.5, -102.25, 7.4], abs=0.01), "to a pixel"
    assert text(page, "#panel h2").startswith("Loíza Municipio")
    assert page.execute_script("return document.activeElement.id") != "panel", "reading begins at the top of the page"


def test_what_one_does_stands_in_the_address_and_comes_back(opened, region):
    counties, facilities = region
    page = opened()
    assert page.execute_script("return location.hash") == "", "nothing is written before one has done anything"
    before = page.execute_script("return history.length")
    page.execute_script(
        "matcare.choose('within-birth_care-90'); document.getElementById('claimed').click();"
        "document.getElementById('group-0').click(); matcare.map.setView([42.1, -101.9], 8, { animate: false });"
        "matcare.openCounty(5, 'stay')"
    )
    said = _said(page)
    assert said["theme"] == "within-birth_care-90"
    assert said["view"] == "42.100,-101.900,8"
    assert said["county"] == counties["county_fips"].iloc[5]
    assert said["claimed"] == "no"
    assert "level_4" not in said["units"].split(",")
    assert page.execute_script("return history.length") == before, "no entry a drag in the browser's history"
    address = page.execute_script("return location.hash")
    opened(address)
    again = _said(page)
    views = [[float(part) for part in words.pop("view").split(",")] for words in (again, said)]
    assert again == said
    assert views[0] == pytest.approx(views[1], abs=0.01), "to a pixel"
    assert page.execute_script("return document.getElementById('claimed').checked") is False
    assert page.execute_script("return document.getElementById('group-0').checked") is False
    page.execute_script("matcare.openFacility(2)")
    said = _said(page)
    assert said["facility"] == facilities["facility_id"].iloc[2]
    assert "county" not in said
    page.execute_script("document.querySelector('#panel .shut').click()")
    assert not {"county", "facility"} & set(_said(page))


def test_a_county_without_a_view_is_gone_to(opened, region):
    counties, _ = region
    page = opened()
    whole = _view(page)[2]
    opened(f"#county={counties['county_fips'].iloc[9]}")
    wait(page, "return matcare.map.getZoom() > arguments[0]", whole)
    assert counties["county_name"].iloc[9] in text(page, "#panel h2")


def test_a_changed_address_is_followed(opened, region):
    counties, _ = region
    page = opened("#theme=imr")
    page.execute_script("location.hash = arguments[0]", f"#theme=svi&county={counties['county_fips'].iloc[4]}")
    wait(page, "return matcare.theme().id === 'svi'")
    assert counties["county_name"].iloc[4] in text(page, "#panel h2")
    page.execute_script("location.hash = '#theme=poverty'")
    wait(page, "return matcare.theme().id === 'poverty'")
    assert page.execute_script("return document.getElementById('panel').hidden")


@pytest.mark.parametrize(
    "address",
    [
        "#nonsense",
        "#theme=<script>alert(1)</script>&view=abc,2,3&county=00000",
        "#view=1,2&facility=__proto__&claimed=maybe",
        "#view=NaN,Infinity,3&units=constructor",
        "#view=91,0,5&theme=toString&county=%E0%A4%A",
        "#view=,,&theme=",
        "#%",
    ],
)
def test_nonsense_is_ignored(opened, address):
    page = opened()
    plain = (_view(page), page.execute_script("return matcare.theme().id"))
    opened(address)
    assert (_view(page), page.execute_script("return matcare.theme().id")) == plain
    assert page.execute_script("return document.getElementById('panel').hidden")


def test_about_says_that_the_address_keeps_the_view(opened):
    page = opened()
    page.execute_script("document.getElementById('about').open = true")
    assert "address of this page keeps" in text(page, "#about")
