"""Counties sorted into legend rows: the figure's counts are the table's."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from matcare.publish.figure.classes import classified
from matcare.publish.figure.legend import legend_rows
from matcare.publish.figure.words import count_words, short_count_words
from matcare.publish.map.themes import themes


def _theme(name):
    return next(theme for theme in themes() if theme["id"] == name)


def test_a_value_on_a_break_is_in_the_class_below(made):
    counties = made.state()
    theme = _theme("minutes-birth_care")
    limits = [entry["to"] for entry in theme["classes"][:-1]]
    counties["minutes_birth_care"] = (limits + [1000.0] * 12)[:12]
    result = classified(theme, counties)
    assert result.row[: len(limits)].tolist() == list(range(len(limits)))
    assert (result.row[len(limits) :] == len(limits)).all()


def test_a_theme_that_counts_below_its_break_leaves_the_break_to_the_next_class(made):
    counties = made.state()
    theme = _theme("uninsured")
    assert theme["below"]
    counties["share_women_uninsured"] = theme["classes"][0]["to"]
    assert (classified(theme, counties).row == 1).all()


def test_every_reason_has_its_own_row_and_unknown_is_not_zero(made):
    counties = made.state()
    theme = _theme("minutes-neonatal_3_plus")
    reasons = [
        "beyond_limit",
        "unreachable",
        "no_road_access",
        "ferry_or_air_only",
        "no_demand_points",
        "level_not_reported",
    ]
    column = theme["column"]
    counties.loc[:5, column] = np.nan
    counties.loc[:5, theme["status"]] = reasons
    counties.loc[6, column] = np.nan  # no reason given
    result = classified(theme, counties)
    labels = [result.rows[k]["value"] for k in result.row[:7]]
    assert labels == [*reasons, None]
    assert not result.with_value[:7].any()
    assert result.with_value[7:].all()


def test_legend_counts_are_those_of_the_table(made):
    counties = made.state()
    statuses = (
        ["published"] * 4
        + ["published_unreliable", "apportioned"]
        + ["modelled"] * 3
        + ["suppressed", "not_reported", "not_identified"]
    )
    counties["imr_status"] = statuses
    counties.loc[6:, "imr"] = np.nan
    rows = legend_rows(classified(_theme("imr"), counties))
    missing = {row["label"]: row["counties"] for row in rows if row["kind"] == "missing"}
    assert sorted(missing.values()) == [1, 1, 1, 3]
    assert sum(row["counties"] for row in rows if row["kind"] == "class") == 6
    assert [row["counties"] for row in rows if row["kind"] == "overlay"] == [1, 1]
    women = sum(row["women"] for row in rows if row["kind"] != "overlay")
    assert women == pytest.approx(1.0)
    words = count_words(classified(_theme("imr"), counties))
    assert words.startswith("n = 6 of 12 counties with a value (27 % of women 15-44); of these: ")
    assert re.search(r"not published \(too few deaths\)[^()]*\(3\)", words)


def test_a_modelled_rate_is_hatched_and_never_a_plain_class(made):
    counties = made.state()
    counties["imr_status"] = "modelled"
    counties["imr"] = np.nan
    counties["imr_modelled"] = 6.0
    plain = classified(_theme("imr"), counties)
    assert not plain.with_value.any()
    shown = classified(_theme("imr-modelled"), counties)
    assert shown.with_value.all()
    assert (shown.overlay >= 0).all()
    assert {shown.overlays[k]["value"] for k in shown.overlay} == {"modelled"}


def test_modelled_rates_are_counted_apart(made):
    counties = made.state()
    counties["imr_status"] = ["published"] * 4 + ["modelled"] * 8
    counties.loc[4:, "imr"] = np.nan
    counties["imr_modelled"] = 6.0
    result = classified(_theme("imr-modelled"), counties)
    rows = legend_rows(result)
    assert sum(row["counties"] for row in rows if row["kind"] == "class") == 4
    assert [(row["counties"], row["kind"]) for row in rows if row["label"].startswith("Modelled")] == [(8, "modelled")]
    assert sum(row["women"] for row in rows) == pytest.approx(1.0)
    words = count_words(result)
    assert words.startswith(
        "n = 4 of 12 counties with a published or apportioned rate, and 8 with a modelled one, which is no observation"
    )
    assert "(8)" not in words
    assert "Of (1), 8 are modelled, no observation." in short_count_words([result])


def test_flags_and_categories(made):
    counties = made.state()
    counties["drive_time_desert_60"] = pd.array([True, False, None] * 4, dtype="boolean")
    flags = classified(_theme("desert-60"), counties)
    assert flags.counties_by_row[:2].tolist() == [4, 4]
    assert flags.counties_by_row[2:].sum() == 4
    counties["cluster_imr"] = ["no_neighbour", "no_rate", "high_high", *["not_significant"] * 9]
    clusters = classified(_theme("cluster-imr"), counties)
    assert [clusters.rows[k]["value"] for k in clusters.row[:3]] == ["no_neighbour", "no_rate", "high_high"]


def test_a_joined_class_is_listed_only_where_a_county_is_in_it(made):
    counties = made.state()
    theme = _theme("class")
    counties["march_of_dimes_class"] = "desert"
    without = [row["label"] for row in legend_rows(classified(theme, counties))]
    counties.loc[0, "march_of_dimes_class"] = "low_or_moderate"
    with_one = [row["label"] for row in legend_rows(classified(theme, counties))]
    assert set(with_one) - set(without) == {"Low or moderate"}
    assert "Full access" in without


def test_no_counties_at_all(made):
    result = classified(_theme("class"), made.state().iloc[:0])
    assert result.counties_by_row.sum() == 0
    assert count_words(result) == "n = 0 of 0 counties with a value."
