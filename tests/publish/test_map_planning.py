"""The national map's themes for planning: there with their columns and only then, and told apart as they must be."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matcare.publish.figure import listed_themes
from matcare.publish.map import page as page_module
from matcare.publish.map import render_map
from matcare.publish.map.columns import plain_columns, run_columns
from matcare.publish.map.legend_rows import KNOWN_LEVELS
from matcare.publish.map.planning_themes import TIER_COLUMNS, drawn_columns, planning_columns, planning_themes
from matcare.publish.map.themes import FAMILIES, families, run_themes, themes


def _load_tables():
    """Load the made tables beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location("map_tables", Path(__file__).with_name("map_tables.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def region():
    return _load_tables().small_region()


def _payload(page: str) -> dict:
    return json.loads(
        re.search(r'<script type="application/json" id="matcare-data">(.*?)</script>', page, re.DOTALL).group(1)
    )


def test_todays_table_without_columns_for_planning_still_renders(region):
    counties, facilities = region
    plain = counties.drop(columns=[name for name in planning_columns() if name not in run_columns()], errors="ignore")
    payload = _payload(render_map(counties=plain, facilities=facilities))
    shown = {theme["id"] for theme in payload["themes"]}
    assert {theme["id"] for theme in run_themes()} <= shown
    assert {theme["column"] for theme in payload["themes"]} <= set(payload["counties"])
    assert [family["id"] for family in payload["families"]] == [
        name for name in FAMILIES if name not in {"definitions", "certainty", "backup", "catchment", "tiers"}
    ], "a family without a theme is not listed"


@pytest.mark.parametrize("column", sorted({theme["column"] for theme in planning_themes()} - set(run_columns())))
def test_a_theme_is_there_with_its_column_and_only_then(region, column):
    counties, facilities = region
    shown = {theme["column"] for theme in _payload(render_map(counties=counties, facilities=facilities))["themes"]}
    assert column in shown
    without = _payload(render_map(counties=counties.drop(columns=column), facilities=facilities))
    assert column not in {theme["column"] for theme in without["themes"]}


def test_a_tier_that_nobody_names_is_no_map(region):
    counties, facilities = region
    for value, there in ((np.nan, False), (12.0, True)):
        frame = counties.assign(**{TIER_COLUMNS[-1]: value})
        shown = {theme["column"] for theme in _payload(render_map(counties=frame, facilities=facilities))["themes"]}
        assert (TIER_COLUMNS[-1] in shown) == there


def test_a_status_or_reserve_whose_column_is_absent_is_left_out(region):
    counties, facilities = region
    frame = counties.drop(columns=["desert_definitions_unknown", "births_high_risk_status"])
    by_column = {
        theme["column"]: theme for theme in _payload(render_map(counties=frame, facilities=facilities))["themes"]
    }
    assert by_column["desert_definitions_met"]["overlay"] == []
    assert by_column["births_high_risk_per_year"]["status"] is None
    assert by_column["access_definitions_met"]["overlay"]


def test_every_column_that_the_page_asks_for_is_shipped(region):
    """What the scripts name in so many words is in the data of a whole table."""
    counties, facilities = region
    payload = _payload(render_map(counties=counties, facilities=facilities))
    folder = Path(page_module.__file__).with_name("assets")
    for name in page_module._SCRIPTS:
        text = folder.joinpath(f"{name}.js").read_text(encoding="utf-8")
        asked = set(re.findall(r"""county(?:\.has)?\("([a-z0-9_]+)["]""", text))
        assert asked - {"march_of_dimes_class"} <= set(payload["counties"]), name


def test_the_lowest_tenth_is_never_called_a_desert():
    for theme in planning_themes():
        if theme["family"] == "catchment":
            assert "desert" not in json.dumps(theme)


def test_the_uncertain_middle_is_striped_and_both_ends_are_plain():
    (theme,) = [theme for theme in planning_themes() if theme["column"] == "p_march_of_dimes_desert"]
    colours = [entry["colours"] for entry in theme["classes"]]
    assert [len(colour) for colour in colours] == [1, 1, 2, 1, 1]
    assert len({tuple(colour) for colour in colours}) == 5


def test_columns_by_their_own_types():
    frame = pd.DataFrame(
        {
            "minutes_after": [1.23456, np.nan],
            "share_lost": [0.123456, 1.0],
            "lost": pd.array([True, None], dtype="boolean"),
            "kept": pd.Series([None, False], dtype=object),
            "words": ["a", None],
        }
    )
    assert plain_columns(frame, frame.columns) == {
        "minutes_after": [1.23, None],
        "share_lost": [0.1235, 1],
        "lost": [1, None],
        "kept": [None, 0],
        "words": {"values": ["a"], "codes": [0, -1]},
    }


def test_families_are_listed_once_in_order():
    listed = families(themes())
    assert [family["id"] for family in listed] == list(FAMILIES)
    many = {theme["family"] for theme in themes() if "segment" not in theme and theme["family"] != "class"}
    assert all(family["choice"] for family in listed if family["id"] in many)


def test_a_theme_of_levels_says_that_unknown_ones_do_not_count():
    by_id = {theme["id"]: theme for theme in themes()}
    for service in ("neonatal_2_plus", "neonatal_3_plus"):
        for name in (f"minutes-{service}", f"within-{service}-60"):
            assert KNOWN_LEVELS in by_id[name]["note"], name
            assert any(row["label"].startswith("Levels unsure") for row in by_id[name]["overlay"]), name
        patterns = [row["pattern"] for row in by_id[f"minutes-{service}"]["overlay"]]
        assert len(set(patterns)) == len(patterns) == 2
    assert KNOWN_LEVELS not in by_id["minutes-nicu"]["note"]


def test_there_are_three_definitions_of_a_desert_and_no_more():
    (theme,) = [theme for theme in planning_themes() if theme["column"] == "desert_definitions_met"]
    assert [row["label"] for row in theme["classes"]][-1] == "All 3 of them"


def test_one_site_for_all_is_not_a_missing_figure():
    (theme,) = [theme for theme in planning_themes() if theme["column"] == "minutes_between_sites_3_plus"]
    words = {row["value"]: row["label"] for row in theme["missing"]}
    assert words["covered"].startswith("One site")
    assert words["partly_covered"].startswith("One site")
    assert "One site" not in words[None]


def test_a_list_of_themes_leaves_out_what_the_map_leaves_out(region):
    counties, facilities = region
    frame = counties.assign(minutes_telehealth=np.nan)
    shown = {theme["id"] for theme in _payload(render_map(counties=frame, facilities=facilities))["themes"]}
    assert shown == {theme["id"] for theme in themes(drawn_columns(frame))}
    assert "tiers-minutes-telehealth" not in shown
    listed = {entry["id"] for entry in listed_themes()}
    assert "tiers-minutes-telehealth" not in listed
    assert "tiers-minutes-birth_center".replace("_", "-") in listed


def test_a_cluster_without_a_rate_says_every_reason():
    for theme in themes():
        if theme["family"] == "clusters":
            (words,) = [row["label"] for row in theme["missing"] if row["value"] == "no_rate"]
            of_rates = theme["column"] != "cluster_minutes_birth_care"
            assert ("not published, apportioned or not reported" in words) == of_rates
