"""Figures must be read in grey: ordered classes darken one way, categories differ by more than hue."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely

from matcare.publish.figure.classes import classified
from matcare.publish.figure.fills import fills_of, lightness, marks, overlay_fill, relative_luminance, stripes
from matcare.publish.map.themes import themes

MARKS = ("diagonal", "hatch", "cross", "grid", "bars", "columns", "waves", "rings", "dots")


@pytest.mark.parametrize(
    "theme", [theme for theme in themes() if theme["kind"] == "bins"], ids=lambda theme: theme["id"]
)
def test_ordered_classes_run_one_way_in_grey(theme, made):
    result = classified(theme, made.state())
    shades = [relative_luminance(fill.colours) for fill in fills_of(result)[: len(result.classes)]]
    steps = np.diff(shades)
    assert (steps > 0.015).all() or (steps < -0.015).all(), shades


@pytest.mark.parametrize(
    "theme",
    [theme for theme in themes() if theme["kind"] != "bins" and not theme.get("joined")],
    ids=lambda theme: theme["id"],
)
def test_categories_differ_by_more_than_hue(theme, made):
    result = classified(theme, made.state())
    for one, other in itertools.combinations(fills_of(result)[: len(result.classes)], 2):
        assert abs(lightness(one.colours) - lightness(other.colours)) >= 12 or one.marks != other.marks, (one, other)


@pytest.mark.parametrize("theme", themes(), ids=lambda theme: theme["id"])
def test_every_missing_row_has_a_hatch_of_its_own_on_paper(theme, made):
    result = classified(theme, made.state())
    missing = fills_of(result)[len(result.classes) :]
    assert all(fill.marks in MARKS for fill in missing)
    assert all(lightness(fill.colours) > 95 for fill in missing)
    assert all(overlay_fill(fills_of(result)[0], entry["pattern"]).marks in MARKS for entry in result.overlays)


def test_the_four_classes_of_access_differ_in_grey(made):
    theme = next(theme for theme in themes() if theme["id"] == "class")
    single = [entry["colours"] for entry in theme["classes"] if len(entry["colours"]) == 1]
    shades = sorted(lightness(colours) for colours in single)
    assert len(single) == 4
    assert min(np.diff(shades)) > 4
    assert classified(theme, made.state()).rows


@pytest.mark.parametrize("name", MARKS)
def test_hatches_stay_within_their_shape(name):
    shape = shapely.MultiPolygon([shapely.box(3, 5, 40, 30), shapely.box(50, 5, 60, 15)])
    drawn, points = marks(name, shape, 4.0)
    assert not drawn.is_empty
    assert points == (name == "dots")
    assert drawn.difference(shape.buffer(1e-6)).is_empty
    assert marks(name, shapely.MultiPolygon(), 4.0)[0].is_empty


def test_stripes_share_a_shape_out_evenly():
    shape = shapely.box(0, 0, 300, 200)
    second, third = stripes(shape, ["#000000", "#888888", "#ffffff"], 3.0)
    assert second.area == pytest.approx(shape.area / 3, rel=0.03)
    assert third.area == pytest.approx(shape.area / 3, rel=0.03)
    assert second.buffer(-1e-6).intersection(third).area < 1e-6
