"""The map that compares in a real Chromium with the network off: views, legend, panel, roles, keyboard, phone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from matcare.publish.map import ComparisonTheme, Fact, write_comparison_map
from matcare.publish.map.comparison_theme import binned
from matcare.publish.map.comparison_themes import access_themes

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
def tables():
    return _load("map_tables").comparison()


def _themes():
    years = [
        ComparisonTheme(
            family="Over the years",
            column="minutes_before",
            title=f"Minutes in {year}",
            view=str(year),
            form="minutes",
            classes=binned((30, None), ("30 or less", "over 30"), ("#ffffcc", "#225ea8")),
        )
        for year in range(2018, 2024)
    ]
    return [*access_themes("birth care"), *years]


@pytest.fixture
def page(browser, tables, tmp_path):
    """The comparison, open and ready; afterwards the console must be empty and no request have been made."""
    path = write_comparison_map(
        tmp_path / "closures.html",
        themes=_themes(),
        title="If one closed",
        points_label="Block groups newly beyond 60 minutes",
        facts=[Fact(column="women_newly_beyond_60", label="Women newly beyond 60 minutes")],
        changed=["31009"],
        sources=["made"],
        **tables,
    )
    PAGE.open_page(browser, path)
    yield browser
    assert browser.get_log("browser") == []
    assert PAGE.requested(browser) == []


def _click(page, selector):
    page.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_every_theme_draws_with_its_legend(page):
    for number, theme in enumerate(_themes()):
        page.execute_script("matcare.choose(arguments[0])", f"theme-{number}")
        assert text(page, "#legend h2") == theme.title
        counted = page.execute_script(
            "return [...document.querySelectorAll('#legend tbody tr')].map((row) => Number(row.children[2].innerText))"
        )
        assert sum(counted) == 9, theme.title


def test_the_view_switch_is_followed_by_legend_and_fill(page, tables):
    fills = "let f; matcare.map.eachLayer((l) => { if (l.county === 4) f = l.options.fillColor; }); return f;"
    seen = {}
    assert text(page, "#legend h2").startswith("Difference: minutes")
    for view in ("before", "after", "difference"):
        _click(page, f"#themes .limits input[value={view}]")
        assert text(page, "#legend h2").lower().startswith(view)
        seen[view] = page.execute_script(fills)
    assert len(set(seen.values())) == 3
    assert tables["counties"]["minutes_after"][4] == 60
    assert seen["after"] == "#41b6c4", "60 minutes are within 60"


def test_the_view_stays_when_another_measure_is_chosen(page):
    _click(page, "#themes .limits input[value=after]")
    _click(page, "#themes input[value='Women within 60 minutes of birth care']")
    assert text(page, "#legend h2").startswith("After: women 15-44 within 60 minutes")
    _click(page, "#themes input[value='Women newly beyond reach']")
    _click(page, "#themes .limits input[value='60 min']")
    assert text(page, "#legend h2") == "Women 15-44 newly beyond 60 minutes of birth care"
    _click(page, "#themes input[value='Minutes to birth care']")
    assert text(page, "#legend h2").startswith("Difference"), "where the choice is not offered: the difference"


def test_more_views_than_buttons_become_a_list(page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select

    _click(page, "#themes input[value='Over the years']")
    Select(page.find_element(By.CSS_SELECTOR, ".finer[data-family='Over the years'] select")).select_by_visible_text(
        "2021"
    )
    assert text(page, "#legend h2") == "Minutes in 2021"


def test_a_difference_lists_no_class_beyond_the_greatest_change(page):
    legend = text(page, "#legend")
    assert "15 minutes or more nearer" in legend, "one county is 20 minutes nearer"
    page.execute_script("matcare.choose('theme-5')")
    legend = text(page, "#legend")
    assert "No change" in legend
    assert "over 50 more" not in legend


def test_missing_is_explained(page):
    assert "Nobody lives there" in text(page, "#legend")
    page.execute_script("matcare.openCounty(6)")
    assert "Nobody lives there" in text(page, "#panel .badge")


def test_the_panel_puts_before_and_after_side_by_side(page):
    assert search(page, "county e")[0].startswith("County E, NE")
    enter(page)
    cells = page.execute_script(
        "return [...document.querySelectorAll('#panel .sides tbody tr')].map((row) => [...row.children].map((c) => c.innerText))"
    )
    assert cells[0] == ["Minutes to birth care", "12", "60", "+48"]
    assert cells[1] == ["Women within 30 minutes of birth care", "90 %", "10 %", "−80 points"]
    panel = text(page, "#panel")
    assert "Women newly beyond 60 minutes\t0" in panel
    assert "Women newly beyond reach, 30 min\t4,000 women" in panel
    assert "Women newly beyond reach, 60 min" not in panel, "said once, though theme and fact name it"
    assert "Drive-time desert, 30 min\tBecomes a desert" in panel
    assert "<b>Closing</b> Hospital" in panel
    assert "4,100 women have it as their nearest." in panel
    assert "Units that take in those affected" in panel
    assert "Taker" in panel
    assert page.execute_script("return document.querySelectorAll('#panel b').length") == 0


def test_names_that_look_like_markup_are_text(page):
    search(page, "last county")
    enter(page)
    assert text(page, "#panel h2").startswith("</script><b>Last</b> County")


def test_a_unit_answers_and_leads_to_its_county(page):
    search(page, "closing hospital")
    enter(page)
    panel = text(page, "#panel")
    assert "Closed" in panel
    assert "4,100 women" in panel
    _click(page, "#panel p button")
    assert text(page, "#panel h2").startswith("County E")


def test_roles_and_points_are_listed_and_can_be_hidden(page):
    listed = text(page, "#groups")
    for words in ("Closed", "Loses a level", "Opened", "Gains a level", "Takes in", "Other unit", "Block groups newly"):
        assert words in listed
    pictures = page.execute_script(
        "return [...document.querySelectorAll('#groups canvas')].map((canvas) => canvas.toDataURL())"
    )
    assert len(set(pictures)) == len(pictures)
    drawn = "let n = 0; matcare.map.eachLayer((l) => { if (l.facility !== undefined || l.point !== undefined) n += 1; }); return n;"
    assert page.execute_script(drawn) == 8
    _click(page, "#dots")
    assert page.execute_script(drawn) == 6
    _click(page, "#group-0")
    assert page.execute_script(drawn) == 5
    _click(page, "#dots")
    assert page.execute_script(drawn) == 7


def test_the_words_of_a_loss_are_in_sight(page):
    assert "not evidence that any unit should close" in text(page, "#caution")
    assert page.execute_script("return document.getElementById('caution').getBoundingClientRect().height") > 20


def test_the_view_starts_at_the_change_and_can_be_widened(page):
    before = page.execute_script("return matcare.map.getBounds().toBBoxString()")
    _click(page, "#jumps button:nth-child(2)")
    wait(page, "return matcare.map.getBounds().toBBoxString() !== arguments[0]", before)


def test_it_works_by_keyboard(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    search(page, "county d")
    enter(page)
    assert page.execute_script("return document.activeElement.id") == "panel"
    ActionChains(page).send_keys(Keys.ESCAPE).perform()
    assert page.execute_script("return document.activeElement.id") == "query", "focus goes back"
    ActionChains(page).send_keys(Keys.TAB).perform()
    seen = []
    for _ in range(4):
        seen.append(page.execute_script("return document.activeElement.value || document.activeElement.id"))
        ActionChains(page).send_keys(Keys.TAB).perform()
    assert seen[:2] == ["Minutes to birth care", "difference"], seen
    page.find_element(By.CSS_SELECTOR, "#themes .limits input[value=difference]").send_keys(Keys.ARROW_LEFT)
    assert text(page, "#legend h2").startswith("After")
    unnamed = page.execute_script(
        """
        return [...document.querySelectorAll('button, input, select')].filter((node) => !node.closest('[hidden]')
          && !(node.getAttribute('aria-label') || node.innerText || (node.labels && node.labels.length))).map((n) => n.outerHTML);
        """
    )
    assert unnamed == []


def test_text_stands_out_from_its_ground(page):
    """WCAG AA: 4.5 to 1 for every text in the side and the panel."""
    page.execute_script("matcare.openCounty(4)")
    low = page.execute_script(
        """
        const light = (rgb) => {
          const [r, g, b] = rgb.map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const parse = (colour) => colour.match(/[0-9.]+/g).map(Number);
        const ground = (node) => {
          for (let at = node; at; at = at.parentElement) {
            const rgba = parse(getComputedStyle(at).backgroundColor);
            if (rgba.length < 4 || rgba[3] > 0.99) return rgba.slice(0, 3);
          }
          return [255, 255, 255];
        };
        const found = [];
        for (const node of document.querySelectorAll('#head *, #side *, #panel *')) {
          if (![...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())) continue;
          const a = light(parse(getComputedStyle(node).color).slice(0, 3)) + 0.05;
          const b = light(ground(node)) + 0.05;
          const ratio = Math.max(a, b) / Math.min(a, b);
          if (ratio < 4.5) found.push([node.textContent.slice(0, 30), ratio]);
        }
        return found;
        """
    )
    assert low == []


def test_a_phone_has_map_legend_switch_and_panel(page):
    page.set_window_size(500, 844)
    wait(page, "return matcare.map.getSize().x <= 500")
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert page.execute_script("return document.querySelector('#legend table').getBoundingClientRect().height") > 20
    _click(page, "#drawer")
    assert page.execute_script("return document.querySelector('#themes .limits').getBoundingClientRect().height") > 20
    _click(page, "#drawer")
    page.execute_script("matcare.openCounty(4)")
    assert page.execute_script("const p = document.getElementById('panel'); return p.scrollWidth <= p.clientWidth")
    assert "+48" in text(page, "#panel .sides")
