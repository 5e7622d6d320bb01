"""The nation's map as a run writes it, in Chromium with the network off: every theme, every layer, the table's numbers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import mapclassify
import numpy as np
import pandas as pd
import pytest

from matcare.contracts import COUNTY_RESULTS
from matcare.publish.brief.words import percent
from matcare.publish.map.themes import themes

pytestmark = pytest.mark.browser

FIPS = {"county_fips": str}


def _load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _load("map_page")
wait, text, search, enter = PAGE.wait, PAGE.text, PAGE.search, PAGE.enter


@pytest.fixture(scope="module")
def counties(national_files):
    return pd.read_csv(national_files / "counties.csv", dtype=FIPS)


@pytest.fixture(scope="module")
def opened(browser, national_files):
    """The national map, opened once."""
    PAGE.open_page(browser, national_files / "map.html", 1400, 1000)
    return browser


@pytest.fixture
def page(opened):
    """The national map; after each test the console must be empty and no request have been made."""
    yield opened
    opened.execute_script("document.querySelector('#panel .shut')?.click(); document.getElementById('table').close()")
    assert opened.get_log("browser") == []
    assert PAGE.requested(opened) == []


def test_it_is_small_and_ready_soon(page, national_files):
    size = (national_files / "map.html").stat().st_size
    ready = page.execute_script("return matcare.readyAfterMs")
    print(f"national map: {size / 1e6:.2f} MB, ready after {ready:.0f} ms")  # noqa: T201 - a measurement, kept by CI
    PAGE.screenshot(page, "national")
    assert size <= 5_000_000
    assert ready < 8000, "budget: 2,000 on a machine that does nothing else"


def _legend(page):
    """Return the legend's rows: words, counties, whether they are counted in other rows."""
    return page.execute_script(
        """
        return [...document.querySelectorAll("#legend tbody tr")].map((row) =>
          [row.children[1].innerText, Number(row.children[2].innerText.replaceAll(",", "")), row.innerText.includes("of these")]);
        """
    )


def test_every_theme_is_chosen_painted_and_explained(page, counties):
    fills = """
        const fills = new Set();
        let bare = 0;
        matcare.map.eachLayer((layer) => {
          if (layer.county === undefined) return;
          const fill = layer.options.fillColor;
          if (!fill || fill === "#fff") bare += 1;
          fills.add(fill);
        });
        return [fills.size, bare];
        """
    shown = page.execute_script("return matcare.data.themes.map((theme) => theme.id)")
    assert len(shown) > 40
    by_id = {theme["id"]: theme for theme in themes()}
    for name in shown:
        page.execute_script("matcare.choose(arguments[0])", name)
        rows = _legend(page)
        assert len(rows) >= 2, name
        assert sum(count for _, count, within in rows if not within) == len(counties) == 3222, name
        distinct, bare = page.execute_script(fills)
        assert distinct >= 2, name
        assert bare == 0, f"{name}: {bare} counties are not painted"
        assert (
            page.execute_script("return document.querySelector('#themes input:checked').value") == by_id[name]["family"]
        )
        assert page.get_log("browser") == [], name


def test_the_page_classifies_as_mapclassify_does(page, counties):
    checked = 0
    for theme in themes():
        if theme["kind"] != "bins" or theme.get("below") or theme["column"] not in counties:
            continue
        values = counties[theme["column"]]
        if theme.get("fallback"):
            values = values.fillna(counties[theme["fallback"]])
        values = pd.to_numeric(values, errors="coerce").dropna().to_numpy()
        if not len(values):
            continue
        page.execute_script("matcare.choose(arguments[0])", theme["id"])
        by_words = {words: count for words, count, _ in _legend(page)}
        drawn = [by_words[row["label"].replace(" %", "\u00a0%")] for row in theme["classes"]]
        limits = [row["to"] for row in theme["classes"][:-1]]
        expected = mapclassify.UserDefined(values, [*limits, max(values.max(), limits[-1]) + 1]).counts
        assert drawn == expected.tolist(), theme["id"]
        checked += 1
    assert checked > 40


def test_the_page_carries_the_tables_numbers(page, counties):
    """Every number of every county is the one of counties.csv, so that what is rounded is the same."""
    carried = page.execute_script("return matcare.data.counties")
    numbers = [
        column.name
        for column in COUNTY_RESULTS.columns
        if column.kind == "number" and isinstance(carried.get(column.name), list)
    ]
    assert len(numbers) > 90
    for name in numbers:
        assert np.array_equal(
            np.array(carried[name], dtype="float64"), counties[name].to_numpy(dtype="float64"), equal_nan=True
        ), name


_SAID = {
    "whole": lambda x: f"{np.floor(x + 0.5):,.0f}",
    "minutes": lambda x: "<1" if 0 < x < 0.5 else f"{np.floor(x + 0.5):.0f}",
    "share": lambda x: percent(x).replace("\u00a0", " "),
    "finely": lambda x: f"{100 * x:.1f} %",
    "rate": lambda x: f"{x:.2f}",
    "hundredths": lambda x: f"{np.floor(100 * x + 0.5):.0f}",
    "hundredths_finely": lambda x: f"{100 * x:.2f}",
}
"""How Python writes a number of the table, by the page's formats."""


def test_every_number_is_shown_as_python_rounds_the_tables(page, counties):
    """In every theme, in words, for every county."""
    said = """
        matcare.choose(arguments[0]);
        return matcare.data.counties.county_fips.map((fips, c) => [fips, matcare.valueWords(c)]);
        """
    table = counties.set_index("county_fips")
    checked = set()
    for theme in themes(counties.columns):
        column = theme["column"]
        if theme["kind"] != "bins" or column in checked or table[column].isna().all():
            continue
        checked.add(column)
        values = table[column].fillna(table[theme["fallback"]]) if theme.get("fallback") else table[column]
        before, after = theme["say"].get("before", ""), theme["say"].get("after", "")
        shown = dict(page.execute_script(said, theme["id"]))
        assert len(shown) == len(counties), theme["id"]
        for fips, value in values.dropna().items():
            expected = before + _SAID[theme["say"]["format"]](value) + after
            assert shown[fips].split(" (")[0] == expected, (theme["id"], fips)
    assert len(checked) > 50


def test_rates_stand_with_the_tables_intervals(page, counties):
    """County 46102 had 23.02 in the panel where the table has 23.03."""
    wide = counties[counties["imr_modelled_high"].notna()].set_index("county_fips")
    for fips in ("46102", *wide.sample(25, random_state=1).index):
        if fips not in wide.index:
            continue
        page.execute_script("matcare.openCounty(matcare.countyOf(arguments[0]), 'stay')", fips)
        row = wide.loc[fips]
        panel = text(page, "#panel .modelled")
        assert f"Modelled: {row['imr_modelled']:.2f}" in panel
        assert f"{row['imr_modelled_low']:.2f} to {row['imr_modelled_high']:.2f}" in panel


def test_every_kind_of_unit_is_shown_and_hidden(page):
    drawn = "let n = 0; matcare.map.eachLayer((layer) => { if (layer.facility !== undefined) n += 1; }); return n;"
    page.execute_script("document.getElementById('places').open = true")
    assert page.execute_script(drawn) == 0, "not on the view of the whole country"
    page.execute_script("document.getElementById('everywhere').click()")
    boxes = page.execute_script("return [...document.querySelectorAll('#groups input')].map((box) => box.id)")
    assert len(boxes) >= 8
    for box in boxes:
        counted = page.execute_script(
            "return Number(document.getElementById(arguments[0]).closest('label').querySelector('.n').innerText.replaceAll(',', ''))",
            box,
        )
        for _ in range(2):
            before = page.execute_script(drawn)
            page.execute_script("document.getElementById(arguments[0]).click()", box)
            assert abs(page.execute_script(drawn) - before) == counted > 0, box
    page.execute_script("document.getElementById('everywhere').click()")
    assert page.execute_script(drawn) == 0


def test_loiza_is_found_without_its_accent_by_keyboard_alone(page, counties):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.activeElement.blur(); document.getElementById('skip').focus()")
    ActionChains(page).send_keys(Keys.ENTER).send_keys("Loiza").send_keys(Keys.ENTER).perform()
    assert text(page, "#panel h2") == "Loíza Municipio, Puerto Rico"
    assert page.execute_script("return document.getElementById('panel').dataset.county") == "72087"
    PAGE.screenshot(page, "loiza")
    assert "72087" in set(counties["county_fips"])


def _whole(value):
    return "–" if pd.isna(value) else "<1" if 0 < value < 0.5 else f"{value:,.0f}"


def _share(value):
    if pd.isna(value):
        return "–"
    return "<1 %" if 0 < value < 0.005 else ">99 %" if 0.995 <= value < 1 else f"{np.floor(100 * value + 0.5):.0f} %"


@pytest.mark.parametrize("fips", ["38105", "38001", "34017", "72087", "02185", "48301", "06037", "09190"])
def test_the_panel_has_the_tables_own_numbers(page, counties, fips):
    row = counties.set_index("county_fips").loc[fips]
    page.execute_script("matcare.openCounty(matcare.countyOf(arguments[0]), 'stay')", fips)
    shown = page.execute_script(
        """
        return Object.fromEntries([...document.querySelectorAll("#panel tr[data-service]")].map((line) =>
          [line.dataset.service, [...line.querySelectorAll("td")].map((cell) => cell.innerText)]));
        """
    )
    for service, cells in shown.items():
        assert cells[0] == _whole(row[f"minutes_{service}"]), service
        assert cells[1:] == [_share(row[f"share_women_within_{limit}_{service}"]) for limit in (30, 60, 90)], service
    panel = text(page, "#panel")
    assert f"Women 15-44\t{row['women_15_44']:,.0f}" in panel
    status = row["imr_status"]
    if status in {"published", "apportioned", "published_unreliable"}:
        assert f"{row['imr']:.2f} infant deaths per 1,000 live births" in panel
        assert ("An estimate, not a published rate" in panel) == (status == "apportioned")
    else:
        assert "infant deaths per 1,000 live births" not in panel
    # Every chart says its numbers in words, and they are the table's.
    charts = page.execute_script(
        "return [...document.querySelectorAll('#panel svg')].map((svg) => svg.getAttribute('aria-label'))"
    )
    assert charts[0].startswith("Women within 30, 60 and 90 minutes. Birth care: ")
    if pd.notna(row["share_women_within_30_birth_care"]):
        said = ", ".join(_share(row[f"share_women_within_{limit}_birth_care"]) for limit in (30, 60, 90))
        assert f"Birth care: {said}." in charts[0]
    profile = next(words for words in charts if words.startswith("Profile"))
    overall = row["profile_overall"]
    assert profile.endswith(f"Overall {'withheld' if pd.isna(overall) else f'{np.floor(overall + 0.5):.0f}'}.")
    modelled = [words for words in charts if words.startswith("Modelled rate, no observation")]
    assert bool(modelled) == (status == "modelled" and pd.notna(row["imr_modelled_low"]))


def test_axe_finds_nothing_serious_on_the_nation(page):
    page.execute_script("matcare.choose('imr'); matcare.openCounty(matcare.countyOf('02185'), 'stay')")
    assert PAGE.findings(page, "#panel") == []
    PAGE.screenshot(page, "north-slope")
