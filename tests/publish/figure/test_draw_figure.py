"""Pages for print: what they say, that they are the same each time, and that nothing strange breaks them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import imagehash
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from matcare.errors import InputError
from matcare.publish.figure import draw_figure, figure_themes
from matcare.publish.figure.frames import frames_of
from matcare.publish.figure.many import small_multiples
from matcare.publish.figure.map_page import map_page
from matcare.publish.figure.region import region_of
from matcare.publish.figure.sheet import LEAST_SIZE, PAGE
from matcare.publish.figure.words import caption
from matcare.publish.map.themes import themes

HASHES = {"minutes-birth_care": "b63fc9c0c9c1c03f", "class": "8f493b1f12b497e0"}
CLOSE = 10
"""Bits of 64 that fonts and versions may move."""


def _theme(name):
    return next(theme for theme in themes() if theme["id"] == name)


def _page(run, name, place=None):
    region = region_of(run, place)
    return map_page(run, _theme(name), region, frames_of(region.counties))


def _words(sheet):
    return " ".join(text.get_text() for text in sheet.axes.findobj(Text))


@pytest.mark.parametrize(("name", "fixture"), [("minutes-birth_care", "state_run"), ("class", "nation_run")])
def test_figures_look_as_they_did(name, fixture, request, tmp_path):
    run = request.getfixturevalue(fixture)
    (path,) = draw_figure(run, [name], dpi=72, folder=tmp_path)
    found = imagehash.phash(Image.open(path))
    assert found - imagehash.hex_to_hash(HASHES[name]) <= CLOSE, str(found)


def test_a_figure_of_other_numbers_looks_different(made, state_run, tmp_path):
    counties = made.state()
    counties["minutes_birth_care"] = 200.0
    other = made.run(counties, states=("ND",), title="North Dakota")
    (path,) = draw_figure(other, ["minutes-birth_care"], dpi=72, folder=tmp_path)
    assert imagehash.phash(Image.open(path)) - imagehash.hex_to_hash(HASHES["minutes-birth_care"]) > 0
    (again,) = draw_figure(state_run, ["minutes-birth_care"], dpi=72, folder=tmp_path)
    assert again == path


def test_the_same_run_gives_the_same_bytes(state_run, tmp_path):
    def made_of(folder):
        folder.mkdir()
        paths = draw_figure(state_run, ["imr"], formats=("png", "svg", "pdf"), dpi=72, folder=folder)
        return {path.name: path.read_bytes() for path in paths}

    assert made_of(tmp_path / "a") == made_of(tmp_path / "b")


def test_svg_has_its_words_for_a_screen_reader_and_no_font(state_run, tmp_path):
    (path,) = draw_figure(state_run, ["class"], formats=("svg",), folder=tmp_path)
    root = ET.parse(path).getroot()
    space = {"svg": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "img"
    assert root.find("svg:title", space).text == "Maternity care access, March of Dimes rule: North Dakota"
    assert "Maternity care desert: 12" in root.find("svg:desc", space).text
    assert root.findall(".//svg:text", space) == []
    assert not re.search(rb"<dc:date>", path.read_bytes())


def test_pdf_embeds_truetype_and_says_what_it_shows(state_run, tmp_path):
    (path,) = draw_figure(state_run, ["class"], formats=("pdf",), folder=tmp_path)
    data = path.read_bytes()
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert b"/CreationDate" not in data
    assert b"Maternity care access" in data


def test_png_has_the_dots_asked_for(state_run, tmp_path):
    (path,) = draw_figure(state_run, ["class"], dpi=300, folder=tmp_path)
    picture = Image.open(path)
    assert picture.size == (3300, 2550)
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)
    assert "Map of counties, North Dakota" in picture.info["Description"]


def test_a_page_says_what_it_stands_on(state_run):
    words = _words(_page(state_run, "minutes-birth_care"))
    for said in (
        "North Dakota, by county", "Speeds: profile typical", "Facilities as of 2026 Q2", "No corrections in force",
        "County results are about places, not persons.", "n = 12 of 12 counties", "U.S. Census Bureau", "Licence: facts; roads.",
        "run of 2026-11-29", "Not for choosing where to give birth", "miles", "Birth hospital, level III", "Hollow",
    ):  # fmt: skip
        assert said in words, said


def test_no_letter_is_smaller_than_print_allows_and_none_leaves_the_page(state_run, nation_run):
    region = region_of(nation_run, None)
    six = [_theme(name) for name in ("class", "imr", "minutes-nicu", "svi", "cluster-imr", "desert-60")]
    sheets = [
        _page(state_run, "imr"),
        _page(nation_run, "class"),
        small_multiples(nation_run, six, region, frames_of(region.counties)),
    ]
    for sheet in sheets:
        sheet.save(_nowhere(sheet), dpi=72)
        renderer = sheet.figure.canvas.get_renderer()
        for text in sheet.axes.findobj(Text):
            assert text.get_fontsize() >= LEAST_SIZE
            if text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= 20, text.get_text()
                assert box.x1 <= PAGE.width - 15, text.get_text()
                assert box.y0 >= 5, text.get_text()


def _nowhere(sheet):
    """A path that takes a picture's bytes and keeps none."""
    from types import SimpleNamespace

    return SimpleNamespace(suffix=".png", write_bytes=len)


def test_a_theme_without_any_value_says_so(made):
    counties = made.state()
    counties["minutes_nicu"] = np.nan
    counties["minutes_nicu_reason"] = "unreachable"
    sheet = _page(made.run(counties, states=("ND",), title="North Dakota"), "minutes-nicu")
    words = _words(sheet)
    assert "No county here has a value of this theme; the legend says why." in words
    assert "no road route to any such unit (12)" in words


def test_one_county_and_no_units(made):
    counties = made.state(("Only",))
    run = made.run(counties, units=made.units(counties, []), states=("ND",), title="North Dakota")
    words = _words(_page(run, "class"))
    assert "n = 1 of 1 county with a value" in words
    assert "No birth unit, newborn unit or birth center here" in words


def test_a_region_without_boundaries_or_counties(made, tmp_path):
    counties = made.state()
    counties["geometry"] = None
    run = made.run(counties, states=("ND",), title="North Dakota")
    assert "has a boundary to draw" in _words(_page(run, "class"))
    assert draw_figure(run, ["class", "imr"], one_page=True, dpi=72, folder=tmp_path)


NAMES = (
    "Doña Ana’s “Cañón” & <script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "$x^2$ \\frac{1}{2} 100 %",
    "N" * 200,
    "two\nlines",
    "Lo\u0131za \u0000",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_whatever_they_hold(made, tmp_path, name):
    counties = made.state((name, "Other"))
    run = made.run(counties, states=("ND",), title="North Dakota", corrections=(f"{name} closed 2026-01-01",))
    paths = draw_figure(run, ["class", "chart-outcome"], place="38001", formats=("svg",), folder=tmp_path)
    paths += draw_figure(run, ["chart-access"], place="38001", formats=("pdf", "png"), dpi=72, folder=tmp_path)
    assert all(re.fullmatch(r"[a-z0-9._-]{5,90}", path.name) for path in paths)
    for path in paths:
        if path.suffix == ".svg":
            assert b"<script" not in path.read_bytes()
            ET.parse(path)


def test_a_county_is_outlined_in_its_state(nation_run):
    region = region_of(nation_run, "Loiza, PR")
    assert region.title == "Loíza Municipio, Puerto Rico"
    assert region.states == ["PR"]
    words = _words(_page(nation_run, "class", "72087"))
    assert "Outlined: Loíza" in words
    assert "the county outlined among those of Puerto Rico" in words


def test_a_page_of_several_shares_the_frame_and_counts(nation_run, tmp_path):
    (path,) = draw_figure(nation_run, ["class", "imr", "minutes-nicu"], one_page=True, dpi=72, folder=tmp_path)
    assert path.name == "page-class-imr-minutes-nicu_us.png"
    region = region_of(nation_run, None)
    sheet = small_multiples(nation_run, [_theme("class"), _theme("imr")], region, frames_of(region.counties))
    words = _words(sheet)
    assert "(1) Maternity care access" in words
    assert f"Maternity care desert: {len(nation_run.counties)}" in words


def test_a_map_with_insets_says_that_their_scale_is_their_own(nation_run, state_run):
    assert "Insets: Alaska, Hawaii, Puerto Rico, each at its own scale" in _words(_page(nation_run, "class"))
    assert "Insets" not in _words(_page(state_run, "class"))


def test_a_long_page_name_is_short_and_its_own(nation_run, tmp_path):
    ids = ["risk-share-women-within-60-neonatal-3-plus", "risk-share-women-within-60-neonatal-2-plus", "class"]
    names = {
        draw_figure(nation_run, order, one_page=True, dpi=72, folder=tmp_path)[0].name for order in (ids, ids[::-1])
    }
    assert len(names) == 2
    assert max(map(len, names)) < 110


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        (["minuts-nicu"], {}, r"theme 'minuts-nicu' is not known; did you mean minutes-nicu.*--list"),
        (["minutes"], {}, r"did you mean minutes-birth_care, .*--list"),
        ([], {}, "no theme was named"),
        (["chart-outcome"], {}, "chart-outcome needs a place; give --place"),
        (["chart-access", "class"], {"one_page": True, "place": "ND"}, "a page of its own"),
        ([f"within-{s}-30" for s in ("birth_care", "nicu", "neonatal_2_plus")] + [f"within-{s}-60" for s in ("birth_care", "nicu", "neonatal_2_plus", "neonatal_3_plus")], {"one_page": True}, "up to 6 themes; 7 were named"),
        (["class"], {"formats": ("jpg",)}, "--format 'jpg' is none that a figure can have; give png, svg, pdf"),
        (["class"], {"formats": ()}, "--format is empty"),
        (["class"], {"dpi": 71}, "--dpi 71 is out of range; give 72 to 1200"),
        (["class"], {"dpi": 1201}, "--dpi 1201"),
        (["class"], {"place": "48001"}, "county 48001 is not in this run, which covers North Dakota"),
        (["class"], {"place": "Atlantis"}, "Atlantis"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said_in_one_line(state_run, tmp_path, asked, options, said):
    with pytest.raises(InputError, match=said) as error:
        draw_figure(state_run, asked, folder=tmp_path, **options)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_theme_asked_for_twice_is_drawn_once(state_run, tmp_path):
    assert len(draw_figure(state_run, ["class", "class"], formats=("png", "PNG"), dpi=72, folder=tmp_path)) == 1


def test_themes_follow_the_columns(made):
    run = made.run(made.state().drop(columns=["svi"]), states=("ND",))
    ids = [name for name, _ in figure_themes(run)]
    assert "svi" not in ids
    assert ids[-2:] == ["chart-outcome", "chart-access"]
    assert isinstance(run.counties, pd.DataFrame)


def test_a_page_says_how_its_classes_were_cut(state_run, nation_run):
    assert "Classes: fixed limits, the same on every map." in _words(_page(state_run, "minutes-birth_care"))
    assert str(_theme("imr")["classed"])[:40] in _words(_page(state_run, "imr"))
    region = region_of(nation_run, None)
    several = small_multiples(nation_run, [_theme("class"), _theme("minutes-nicu")], region, frames_of(region.counties))
    assert "Classes: fixed limits, the same on every map." in _words(several)


def _source(name, publisher, *tables):
    return {"id": name, "title": f"Title of {name}", "publisher": publisher, "vintage": "2022", "tables": list(tables)}


def test_a_modelled_rate_names_what_the_model_stands_on(made):
    sources = [
        _source("cdc_svi_2022", "SVI PUBLISHER", "county_indicators"),
        _source("usda_rucc_2023", "RUCC PUBLISHER", "counties"),
        _source("travel_mapping_2026", "ROADS PUBLISHER", "road_edges"),
        _source("neonatal_levels_reported_2025", "LEVELS PUBLISHER", "facilities"),
        _source("chr_v129_2026", "CHR PUBLISHER", "outcomes"),
        _source("hrsa_ahrf_2025", "BIRTHWEIGHT PUBLISHER", "county_indicators"),
    ]
    run = made.run(made.state(), states=("ND",), title="North Dakota", about={"sources": sources})
    modelled, plain = (" ".join(caption(run, [_theme(name)], counts=[])) for name in ("imr-modelled", "imr"))
    for name in ("SVI", "RUCC", "ROADS", "LEVELS", "BIRTHWEIGHT"):
        assert f"{name} PUBLISHER" in modelled, name
        assert f"{name} PUBLISHER" not in plain, name
    for said in (modelled, plain):
        assert "an export" in said  # who counted the deaths, as the run says it
        assert "CHR PUBLISHER" in said
