"""Classes of the maps: as mapclassify makes them of the nation, said in the legend, told apart also in greyscale."""

from __future__ import annotations

import itertools

import mapclassify
import numpy as np
import pytest

from matcare.publish.map.breaks import NATIONAL_BREAKS, national_bins
from matcare.publish.map.legend_rows import FIXED_WORDS
from matcare.publish.map.planning_themes import WIDE_BOUNDS
from matcare.publish.map.themes import run_themes, themes

THEMES = themes()


def _lightness(colour):
    """Return CIE L* of a colour, 0 (black) to 100 (white)."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    y = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("column", NATIONAL_BREAKS)
def test_the_constants_are_the_nations_quantiles(national, column):
    breaks = NATIONAL_BREAKS[column]
    values = national.counties[column].dropna().to_numpy(dtype="float64")
    if breaks.above_zero:
        values = values[values > 0]
    made = mapclassify.Quantiles(values, k=len(breaks.upper) + 1).bins[:-1]
    # Half a step of the rounding, and as much again: sources may be mended without the maps' classes moving.
    assert np.abs(made - breaks.upper).max() <= 10.0**-breaks.digits, made.tolist()


def test_every_class_of_the_nation_holds_counties(national):
    for column, breaks in NATIONAL_BREAKS.items():
        values = national.counties[column].dropna().to_numpy(dtype="float64")
        counts = mapclassify.UserDefined(values, [*breaks.upper, values.max()]).counts
        assert counts.min() > 0.1 * counts.sum() / len(counts), column


@pytest.mark.parametrize("theme", [theme for theme in THEMES if theme["kind"] == "bins"], ids=lambda theme: theme["id"])
def test_the_legend_says_how_classes_were_made(theme):
    column = {"imr_eb": "imr", "imr_eb_spatial": "imr"}.get(theme["column"], theme["column"])
    if theme["family"] == "definitions":
        assert [entry["to"] for entry in theme["classes"][:-1]] == list(range(len(theme["classes"]) - 1))
    elif column in NATIONAL_BREAKS:
        assert theme["classed"] == NATIONAL_BREAKS[column].words
        assert "quantiles" in theme["classed"]
    else:
        assert theme["classed"] == FIXED_WORDS


def test_maps_of_minutes_and_of_shares_have_the_limits_that_policy_names():
    for theme in THEMES:
        limits = [entry.get("to") for entry in theme["classes"]]
        if theme["family"] == "minutes":
            assert {30, 60, 90} <= set(limits)
        if theme["family"] == "within":
            assert 0.5 in limits


@pytest.mark.parametrize("theme", [theme for theme in THEMES if theme["kind"] == "bins"], ids=lambda theme: theme["id"])
def test_neighbouring_classes_are_told_apart_in_greyscale(theme):
    shades = [float(np.mean([_lightness(colour) for colour in entry["colours"]])) for entry in theme["classes"]]
    steps = np.diff(shades)
    assert (steps < 0).all() or (steps > 0).all(), "one way from light to dark"
    assert np.abs(steps).min() >= 6.5, steps.round(1).tolist()


@pytest.mark.parametrize("theme", [theme for theme in THEMES if theme["kind"] != "bins"], ids=lambda theme: theme["id"])
def test_categories_differ_by_more_than_hue(theme):
    for one, other in itertools.combinations(theme["classes"], 2):
        plain = len(one["colours"]) == len(other["colours"]) == 1
        if plain and one.get("pattern") == other.get("pattern"):
            apart = abs(_lightness(one["colours"][0]) - _lightness(other["colours"][0]))
            assert apart >= 8, (one["label"], other["label"], apart)
        elif not plain:
            assert one["colours"] != other["colours"]


def test_a_modelled_rate_is_never_put_in_order():
    for theme in THEMES:
        rows = [row for row in theme.get("overlay", ()) if row.get("value") in {"modelled", "estimated"}]
        assert all(row["ranked"] is False for row in rows)
        assert not theme.get("fallback") or "modelled" in theme["unranked"]
    rates = [theme for theme in THEMES if theme["family"] == "imr"]
    unreliable = [row for theme in rates for row in theme["overlay"] if row["value"] == "published_unreliable"]
    assert len(unreliable) == len(rates)
    assert all(row["ranked"] is False for row in unreliable)


def test_wide_bounds_are_marked_where_levels_decide():
    marked = {theme["column"]: row for theme in THEMES for row in theme.get("overlay", ()) if "less" in row}
    shares = {f"share_women_within_60_{care}" for care in WIDE_BOUNDS}
    assert set(marked) == shares | {"minutes_neonatal_2_plus", "minutes_neonatal_3_plus"}
    for column, row in marked.items():
        share = column.replace("minutes_", "share_women_within_60_")
        assert (row["more"], row["less"]) == (f"{share}_unknown_count", f"{share}_one_lower")


def test_a_table_without_bounds_has_no_mark_for_them():
    columns = {name for theme in run_themes() for name in (theme["column"], theme["status"]) if name}
    assert not [row for theme in themes(columns) for row in theme.get("overlay", ()) if "less" in row]


def test_zero_has_a_class_of_its_own_where_it_means_none():
    shown = national_bins("catchment_e2sfca", tuple("abcdef"))
    assert [entry["to"] for entry in shown["classes"][:2]] == [0.0, 0.57]
    assert shown["classes"][0]["label"] == "0: none in range"
