"""Briefs in a real Chromium with the network off: axe-core finds nothing, a phone needs no sideways scrolling."""

from __future__ import annotations

from importlib import resources

import pytest

from matcare.publish.brief import render_brief

pytestmark = [pytest.mark.browser, pytest.mark.national]

PLACES = ["38105", "34013", "02050", "72087", "ND", "US"]


@pytest.fixture(scope="module")
def files(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("briefs")
    for place in PLACES:
        (folder / f"{place}.html").write_text(render_brief(finished, place), encoding="utf-8")
    return folder


@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing(browser, files, place):
    browser.get((files / f"{place}.html").as_uri())
    # The page's own policy allows no script: axe comes in through the debugger, which the policy does not bind.
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    browser.execute_script(axe)
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
        ".then((r) => done(r.violations.map((v) => [v.id, v.impact, v.nodes.slice(0, 3).map((n) => n.html)])));"
    )
    assert found == []


@pytest.mark.parametrize("place", PLACES)
def test_a_phone_needs_no_sideways_scrolling(browser, files, place):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        browser.get((files / f"{place}.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_is_asked_of_the_network_and_the_console_is_empty(browser, files):
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get((files / "38105.html").as_uri())
    asked = [
        entry["message"]
        for entry in browser.get_log("performance")
        if '"Network.requestWillBeSent"' in entry["message"]
    ]
    assert all("file://" in message for message in asked)
    assert browser.get_log("browser") == []
