"""The map in a real Chromium with the network off: it draws, answers, and says the table's own numbers."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

from matcare.publish.map import write_map
from matcare.publish.map.outcome_themes import BENCHMARK_WORDS
from matcare.publish.map.themes import themes

pytestmark = pytest.mark.browser


def _load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _load("map_page")
wait, text, search, enter = PAGE.wait, PAGE.text, PAGE.search, PAGE.enter


@pytest.fixture(scope="module")
def region():
    return _load("map_tables").small_region()


@pytest.fixture
def page(browser, region, tmp_path):
    """The map of the small region, open and ready; afterwards the console must be empty and no request have been made."""
    counties, facilities = region
    path = write_map(
        tmp_path / "map.html", counties=counties, facilities=facilities, title="Small region", sources=["made"]
    )
    PAGE.open_page(browser, path)
    yield browser
    assert browser.get_log("browser") == []
    assert PAGE.requested(browser) == []


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


def test_every_theme_draws_with_its_legend(page):
    for theme in themes():
        page.execute_script("matcare.choose(arguments[0])", theme["id"])
        assert text(page, "#legend h2") == theme["title"] + (", 2017-2023" if theme["family"] == "imr" else "")
        counted = page.execute_script(
            "return [...document.querySelectorAll('#legend tbody tr')].filter((row) => !row.innerText.includes('of these'))"
            ".map((row) => Number(row.children[2].innerText.replace(',', '')))"
        )
        assert sum(counted) == 16, theme["id"]


def test_the_list_chooses_by_name_where_a_family_has_many_themes(page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select

    for family, wanted in (("certainty", "Drive-time desert, 60 minutes"), ("risk", "Mother and infant: one site")):
        page.find_element(By.CSS_SELECTOR, f"input[value={family}]").click()
        Select(page.find_element(By.CSS_SELECTOR, f".finer[data-family={family}] select")).select_by_visible_text(
            wanted
        )
        (theme,) = [theme for theme in themes() if theme["family"] == family and theme["label"] == wanted]
        assert text(page, "#legend h2") == theme["title"]
    page.find_element(By.CSS_SELECTOR, "input[value=desert]").click()
    assert "60 minutes" in text(page, "#legend h2"), "the preferred limit"


def test_estimates_withheld_counts_and_the_uncertain_middle_are_apart(page, region):
    counties, _ = region
    page.execute_script("matcare.choose('risk-births-high-risk-per-year')")
    assert "Not stated: masked, or fewer than 10 a year" in text(page, "#legend")
    page.execute_script("matcare.choose('risk-share-very-low-birthweight')")
    assert "Estimated, not published" in text(page, "#legend")
    fills = """
        const fills = {};
        matcare.map.eachLayer((layer) => { if (layer.county !== undefined) fills[layer.county] = layer.options.fillColor; });
        return arguments[0].map((c) => typeof fills[c]);
        """
    status = counties["share_very_low_birthweight_status"].to_numpy()
    shown = [int((status == value).argmax()) for value in ("reported", "estimated", "not_reported")]
    assert page.execute_script(fills, shown) == ["string", "object", "object"]
    page.execute_script("matcare.choose('certainty-p-march-of-dimes-desert')")
    chance = counties["p_march_of_dimes_desert"].to_numpy()
    assert page.execute_script(fills, [int(abs(chance - 0.5).argmin()), int(chance.argmax())]) == ["object", "string"]


def test_the_panel_says_the_planning_lines(page, region):
    counties, _ = region
    page.execute_script("matcare.openCounty(2)")
    panel = text(page, "#panel")
    row = counties.iloc[2]
    assert row["minutes_second_birth_care_reason"] == "no_second_unit"
    assert "most can reach no second unit" in panel
    for share, words in (("share_women_within_60_same_site_3_plus", "With birth care at one site"),):
        bounds = [f"{100 * row[share + end]:.0f} %" for end in ("_one_lower", "_unknown_count")]
        assert f"{words}\t{100 * row[share]:.0f} % ({bounds[0]} to {bounds[1]})" in panel
    assert f"It is a March of Dimes desert\tin {100 * row['p_march_of_dimes_desert']:.0f} % of draws" in panel
    assert "P(" not in panel
    assert "Births under 1,500 g\tno figure" in panel
    page.execute_script("matcare.openCounty(1)")
    panel = text(page, "#panel")
    assert "Births under 1,500 g a year, estimated\tnot stated: masked by the source, or fewer than 10" in panel
    assert "Births under 1,500 g\t" not in panel, "with the births it would give back the number that is not stated"
    page.execute_script("matcare.openCounty(3)")
    assert "%, published" in text(page, "#panel")


def test_the_list_chooses_the_theme_by_mouse(page):
    from selenium.webdriver.common.by import By

    before = text(page, "#legend h2")
    page.find_element(By.CSS_SELECTOR, "input[value=within]").click()
    assert "within 30 minutes" in text(page, "#legend h2") != before
    page.execute_script("document.querySelectorAll('#themes .limits input')[2].click()")
    assert "within 90 minutes" in text(page, "#legend h2")


def test_reasons_for_missing_values_are_apart(page):
    page.execute_script("matcare.choose('imr')")
    legend = text(page, "#legend")
    for words in ("Unreliable", "Apportioned", "no estimate either", "an estimate exists", "Not reported"):
        assert words in legend
    page.execute_script("matcare.choose('minutes-nicu')")
    legend = text(page, "#legend")
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


def test_where_no_level_is_reported_the_map_is_patterned_and_never_says_none(page, region):
    counties, _ = region
    unknown = (counties["minutes_neonatal_3_plus_reason"] == "level_not_reported").to_numpy().nonzero()[0].tolist()
    assert unknown
    words = "No neonatal level reported in the state"
    fills = """
        const fills = {};
        matcare.map.eachLayer((layer) => { if (layer.county !== undefined) fills[layer.county] = layer.options.fillColor; });
        return arguments[0].map((c) => typeof fills[c]);
        """
    for theme in ("minutes-neonatal_3_plus", "within-neonatal_3_plus-60", "risk-share-women-within-60-neonatal-3-plus"):
        page.execute_script("matcare.choose(arguments[0])", theme)
        counted = page.execute_script(
            "return [...document.querySelectorAll('#legend tr[data-value=level_not_reported]')].map((row) => row.innerText)"
        )
        assert len(counted) == 1, theme
        assert counted[0].strip().startswith(words)
        assert f"\t{len(unknown)}\t" in counted[0]
        assert page.execute_script(fills, unknown) == ["object"] * len(unknown), theme
    page.execute_script("matcare.openCounty(arguments[0])", unknown[0])
    assert words in text(page, "#panel tr[data-service=neonatal_3_plus]")


def test_search_without_accents_opens_the_county_with_its_numbers(page, region):
    counties, _ = region
    assert search(page, "loiza")[0].startswith("Loíza Municipio, NE")
    zoom = page.execute_script("return matcare.map.getZoom()")
    enter(page)
    row = counties.iloc[0]
    panel = text(page, "#panel")
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
    wait(page, "return matcare.map.getZoom() !== arguments[0]", zoom)


def test_search_by_tilde_and_arrows(page):
    assert search(page, "dona ana")[0].startswith("Doña Ana County, NE")
    assert search(page, "Doña Ana, ne")[0].startswith("Doña Ana County, NE")
    assert search(page, "obrien quoted")[0].startswith("O'Brien")
    assert search(page, "zzz") == ["Nothing found by that name"]
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    found = search(page, "county")
    page.find_element(By.ID, "query").send_keys(Keys.ARROW_DOWN)
    enter(page)
    assert text(page, "#panel h2").split(",")[0] == found[1].split(",")[0]
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
    assert words in text(page, "#panel")


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
    assert "Modelled: no count is published" in text(page, "#legend")
    heads = page.execute_script(
        "return [...document.querySelectorAll('#legend thead th')].map((head) => head.innerText)"
    )
    assert heads == ["Counties", "modelled", "Women"]
    apart = page.execute_script(
        "return [...document.querySelectorAll('#legend tbody tr')].map((row) => Number(row.querySelectorAll('.n')[1].innerText || 0))"
    )
    assert sum(apart) == (counties["imr_status"] == "modelled").sum() > 0, (
        "modelled ones are counted apart in each class"
    )
    page.execute_script("matcare.choose('imr')")
    assert "Not published (too few deaths)" in text(page, "#legend")


def test_the_panel_shows_shrinkage_clusters_and_the_profile(page, region):
    counties, _ = region
    at = int((counties["imr_status"] == "published").to_numpy().argmax())
    page.execute_script("matcare.openCounty(arguments[0])", at)
    panel = text(page, "#panel")
    row = counties.iloc[at]
    assert page.execute_script("const p = document.getElementById('panel'); return p.scrollWidth <= p.clientWidth")
    assert f"{row['imr_eb']:.2f} ({row['imr_eb_low']:.2f} to {row['imr_eb_high']:.2f})" in panel
    for words in ("Mother-infant profile", "Patient and family", "Policy and society", "higher is of more concern"):
        assert words in panel


@pytest.fixture
def altered(browser, region, tmp_path):
    """Return a function that opens the map with other values in its first county, that county open, and gives the panel."""
    counties, facilities = region

    def panel(**values):
        frame = counties.copy()
        for name, value in values.items():
            frame[name] = frame[name].astype(object) if isinstance(value, str) or value is None else frame[name]
            frame.loc[frame.index[0], name] = value
        PAGE.open_page(browser, write_map(tmp_path / "map.html", counties=frame, facilities=facilities))
        browser.execute_script("matcare.openCounty(0)")
        assert browser.get_log("browser") == []
        return text(browser, "#panel")

    return panel


@pytest.mark.parametrize("benchmark", ["state", "division", "nation"])
def test_a_modelled_rate_names_what_it_agrees_with(altered, benchmark):
    panel = altered(
        imr_status="modelled", imr=np.nan, imr_modelled=6.5, imr_modelled_low=5.0, imr_modelled_high=8.0,
        imr_modelled_benchmark=benchmark,
    )  # fmt: skip
    assert BENCHMARK_WORDS[benchmark] in panel
    assert not any(words in panel for name, words in BENCHMARK_WORDS.items() if name != benchmark)


def test_no_count_under_ten_is_said_nor_that_it_is_not_zero(altered):
    panel = altered(
        births_per_year=0.333, births_per_year_status="census_estimate", share_low_birthweight=np.nan,
        share_low_birthweight_status="suppressed",
    )  # fmt: skip
    assert "Births a year (Census estimate)\tfewer than 10" in panel
    assert "Low birthweight\tsuppressed by the source, fewer than ten" in panel
    panel = altered(births_per_year=np.nan, births_per_year_status="suppressed")
    assert "Births a year\tsuppressed by the source, fewer than ten" in panel
    assert "1 to 9" not in panel
    assert "Births a year (Census estimate)\t10\n" in altered(
        births_per_year=10.0, births_per_year_status="census_estimate"
    )


def test_the_panel_says_words_and_no_names_of_columns(altered):
    panel = altered(
        profile_missing="share_low_birthweight_7_years, share_preterm; withheld: patient_family, overall",
        p_march_of_dimes_desert=0.0, p_drive_time_desert_30=1.0, p_drive_time_desert_60=0.996, hot_spot_imr="hot_spot",
    )  # fmt: skip
    assert "Missing here: Low birthweight, seven years; Preterm births. Withheld, since" in panel
    assert "are missing: patient and family, overall." in panel
    assert "It is a March of Dimes desert\tin no draw" in panel
    assert "Half or more beyond 30 min\tin every draw" in panel
    assert "Half or more beyond 60 min\tin over 99 % of draws" in panel
    assert "Hot spot (Gi*)\tHot spot: high with its neighbours" in panel
    assert "_" not in panel.replace("2026-05-01", "")


def test_a_long_answer_wraps_in_the_panel(altered, browser):
    altered(
        minutes_same_site_3_plus_reason="level_not_reported", share_women_within_60_neonatal_3_plus=np.nan,
        share_women_within_60_neonatal_3_plus_or_nicu=1.0,
    )  # fmt: skip
    assert "no level reported in the state; 100 % if every NICU is III" in text(browser, "#panel")
    assert browser.execute_script("const p = document.getElementById('panel'); return p.scrollWidth <= p.clientWidth")


def test_names_that_look_like_markup_are_text(page):
    assert search(page, "script alert 1")[0].startswith("<script>alert(1)</script>")
    enter(page)
    assert text(page, "#panel h2") == "<script>alert(1)</script>"
    assert search(page, "cmd")[0].startswith("=cmd|' /C calc'!A0")
    search(page, "onerror")
    enter(page)
    assert text(page, "#panel h2") == "<img src=x onerror=alert(3)> Clinic"
    search(page, "script alert 2")
    enter(page)
    assert text(page, "#panel h2").startswith("</script><script>alert(2)</script>")
    assert (
        page.execute_script("return document.querySelectorAll('#panel script, #panel img, #found script').length") == 0
    )


def test_the_switch_shows_the_bound(page, region):
    counties, _ = region
    shown = lambda: page.execute_script(  # noqa: E731 - a short name, used here alone
        "return Number(document.querySelector('#legend tr[data-value=desert]').children[2].innerText)"
    )
    assert shown() == (counties["march_of_dimes_class"] == "desert").sum()
    page.execute_script("document.getElementById('claimed').click()")
    assert shown() == (counties["march_of_dimes_class_corroborated"] == "desert").sum()
    page.execute_script("matcare.openCounty(3)")
    assert counties["march_of_dimes_reason_corroborated"].iloc[3] in text(page, "#panel")
    page.execute_script("matcare.choose('imr')")
    assert page.execute_script("return getComputedStyle(document.getElementById('bound')).display") == "none"


def test_a_click_on_the_canvas_answers(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    page.execute_script("document.querySelectorAll('#groups input').forEach((box) => box.checked && box.click())")
    target = page.find_element(By.ID, "matcare_map")
    ActionChains(page).move_to_element_with_offset(target, 40, 60).click().perform()
    assert wait(page, "return document.getElementById('panel').dataset.county")


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
    wait(page, tiles)
    assert {url.split("/")[2] for url in PAGE.requested(page)} == {"basemap.nationalmap.gov"}
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
    wait(page, "return matcare.map.getSize().x <= 500")
    box = page.execute_script(
        "const r = document.getElementById('matcare_map').getBoundingClientRect(); return [r.width, r.height]"
    )
    assert box[1] > 300
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert page.execute_script("return document.querySelector('#legend table').getBoundingClientRect().height") > 20
    assert not page.execute_script("return document.getElementById('themes').getBoundingClientRect().height")
    page.execute_script("document.getElementById('drawer').click()")
    assert page.execute_script("return document.getElementById('themes').getBoundingClientRect().height") > 50


def _charts(page):
    return page.execute_script(
        "return [...document.querySelectorAll('#panel svg')].map((svg) => [svg.getAttribute('role'), svg.getAttribute('aria-label')])"
    )


def test_every_chart_says_in_words_what_it_shows(page, region):
    counties, _ = region
    at = int((counties["imr_status"] == "published").to_numpy().argmax())
    page.execute_script("matcare.openCounty(arguments[0])", at)
    row = counties.iloc[at]
    charts = _charts(page)
    assert {role for role, _ in charts} == {"img"}
    words = [label for _, label in charts]
    assert words[0].startswith("Women within 30, 60 and 90 minutes.")
    assert any(
        label.startswith("Rate: 6.25 per 1,000 live births, 95 percent interval 4.50 to 8.75") for label in words
    )
    assert words[-1].endswith(f"Overall {np.floor(row['profile_overall'] + 0.5):.0f}.")
    if row["minutes_birth_care_reason"] == "covered":
        assert any(label.startswith(f"Mean minutes to birth care: {row['minutes_birth_care']:.0f}") for label in words)
    modelled = int((counties["imr_status"] == "modelled").to_numpy().argmax())
    page.execute_script("matcare.openCounty(arguments[0])", modelled)
    assert any(label.startswith("Modelled rate, no observation: 7.25") for _, label in _charts(page))
    dashes = "return document.querySelectorAll('#panel .modelled svg [stroke-dasharray]').length"
    assert page.execute_script(dashes) == 1, "hollow and dashed, so that it is never taken for a published rate"


def test_bars_are_as_long_as_the_shares(page, region):
    counties, _ = region
    counties = counties.reset_index(drop=True)
    known = counties["share_women_within_30_birth_care"].notna()
    at = int(known.to_numpy().argmax())
    frame = counties.iloc[at]
    page.execute_script("matcare.openCounty(arguments[0])", at)
    shares = [float(frame[f"share_women_within_{limit}_birth_care"]) for limit in (30, 60, 90)]
    widths = page.execute_script(
        """
        const bars = [...document.querySelectorAll("#panel svg.chart")][0].querySelectorAll("rect[height='10'][fill='#08407a']");
        return [...bars].filter((bar) => bar.getAttribute("width") !== "10").map((bar) => Number(bar.getAttribute("width")));
        """
    )
    assert widths[0] == pytest.approx(346 * shares[0], abs=0.1)


def test_an_unknown_level_has_a_reason_and_no_bar(page, region):
    counties, _ = region
    at = int((counties["minutes_neonatal_3_plus_reason"] == "level_not_reported").to_numpy().argmax())
    page.execute_script("matcare.openCounty(arguments[0])", at)
    assert "Neonatal level III or IV: no neonatal level reported in the state" in _charts(page)[0][1]


def test_wide_bounds_are_hatched_and_said(page, region):
    counties, _ = region
    share = "share_women_within_60_neonatal_3_plus"
    wide = (counties[f"{share}_unknown_count"] - counties[f"{share}_one_lower"] >= 0.25) & counties[share].notna()
    assert 0 < wide.sum() < len(counties)
    page.execute_script("matcare.choose('within-neonatal_3_plus-60')")
    (row,) = page.execute_script(
        "return [...document.querySelectorAll('#legend tbody tr')].map((row) => row.innerText).filter((words) => words.includes('Levels unsure'))"
    )
    assert f"\t{wide.sum()}\tof these" in row
    fills = page.execute_script(
        """
        const fills = {};
        matcare.map.eachLayer((layer) => { if (layer.county !== undefined) fills[layer.county] = typeof layer.options.fillColor; });
        return arguments[0].map((c) => fills[c]);
        """,
        wide.to_numpy().nonzero()[0].tolist(),
    )
    assert set(fills) == {"object"}


def test_every_theme_has_a_legend_of_its_own_pictures(page):
    for theme in themes():
        page.execute_script("matcare.choose(arguments[0])", theme["id"])
        pictures = page.execute_script(
            "return [...document.querySelectorAll('#legend canvas')].map((canvas) => canvas.toDataURL())"
        )
        assert len(set(pictures)) == len(pictures) >= 2, theme["id"]
