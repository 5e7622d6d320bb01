"""The national figure: the same bytes twice, words for significance, and no axis with two units."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib.text
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from matcare.errors import InputError
from matcare.measures.change import national_changes
from matcare.publish.figures import draw_national_changes, national_changes_figure
from matcare.tables.national_rates import load_national_rates

CSV = Path(__file__).resolve().parents[2] / "data" / "national_rates.csv"


@pytest.fixture(scope="module")
def changes():
    return national_changes(load_national_rates(CSV))


@pytest.fixture(scope="module")
def figure(changes):
    drawn = national_changes_figure(changes)
    FigureCanvasAgg(drawn).draw()
    return drawn


def texts(figure):
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip() and text.get_visible()]


def test_svg_is_whole_and_the_same_byte_for_byte(changes, tmp_path):
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    draw_national_changes(changes, one)
    draw_national_changes(changes, two)
    assert one.read_bytes() == two.read_bytes()
    root = ET.parse(one).getroot()
    assert root.tag.endswith("svg")
    content = one.read_text(encoding="utf-8")
    assert "<text" not in content, "letters are paths, so no font is needed"
    assert "<dc:date>" not in content


def test_significance_is_said_in_words_and_numbers_are_the_published_ones(figure):
    words = [text.get_text() for text in texts(figure)]
    assert sum(word.endswith(", significant") for word in words) == 7
    assert words.count("+3 %, not significant") == 1
    assert words.count("not tested here; NCHS: not significant") == 3
    for shown in ("5.44 → 5.61", "3.49 → 3.59", "1.95 → 2.02", "7.46 → 9.06", "10.55 → 10.90", "4.36 → 4.52",
                  "30.4 → 33.0", "15.3 → 17.4", "– → 4.89"):  # fmt: skip
        assert words.count(shown) == 1, shown
    assert {"+8 %, significant", "+14 %, significant", "+21 %, significant"} <= set(words)
    assert {"Maternal complications (P01) *", "Bacterial sepsis (P36) *"} <= set(words), "the star says provisional"
    assert any("no finding about any one place" in word for word in words)
    assert any(word.startswith("Source: NCHS") and "VSRR 33" in word and "NVSR 73-5" in word for word in words)


def test_no_axis_has_two_units(figure):
    labels = [axis.get_xlabel() for axis in figure.axes]
    assert labels == [
        "Deaths per 1,000 live births, with 95 % interval",
        "Deaths per 100,000 live births, with 95 % interval",
    ]
    assert max(line.get_xdata()[0] for line in figure.axes[0].lines) < 12 < figure.axes[1].lines[0].get_xdata()[0]
    assert all(axis.get_xlim()[0] == 0 for axis in figure.axes)


def test_interval_lines_are_the_limits_of_the_table(figure, changes):
    row = changes[(changes["group"] == "american_indian_or_alaska_native") & (changes["edition_after"] == "final")]
    limits = [(row[f"rate_{when}_low"].iloc[0], row[f"rate_{when}_high"].iloc[0]) for when in ("before", "after")]
    drawn = [tuple(line.get_xdata()) for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    assert set(limits) <= set(drawn)


def test_no_words_leave_the_page_or_lie_on_each_other(figure):
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    page = figure.bbox
    for words, box in boxes:
        assert box.x0 >= page.x0, words
        assert box.x1 <= page.x1, words
        assert box.y0 >= page.y0, words
        assert box.y1 <= page.y1, words
    for number, (words, box) in enumerate(boxes):
        for other, its in boxes[number + 1 :]:
            assert not (box.x0 < its.x1 and its.x0 < box.x1 and box.y0 < its.y1 and its.y0 < box.y1), (words, other)


def test_provisional_stands_where_no_final_row_is(changes):
    early = changes[changes["edition_after"] == "provisional"]
    words = [text.get_text() for text in texts(national_changes_figure(early))]
    assert "5.44 → 5.60" in words
    assert "Infant (under 1 year) *" in words


def test_another_year_is_another_figure_and_no_row_is_said(changes):
    words = [text.get_text() for text in texts(national_changes_figure(changes, year=2023))]
    assert "5.61 → 5.61" in words
    with pytest.raises(InputError, match="no row of 2030"):
        national_changes_figure(changes, year=2030)
