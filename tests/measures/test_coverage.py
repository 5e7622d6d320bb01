"""County coverage against a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcare.measures.coverage import county_coverage, share_where

NAN = math.nan


def points(rows):
    frame = pd.DataFrame(rows, columns=["county_fips", "minutes", "reason", "women_15_44", "people"])
    return frame.astype({"minutes": "float64", "women_15_44": "float64", "people": "float64"})


def coverage(frame, limits=(30, 60)):
    return county_coverage(frame, minutes="minutes", reason="reason", limits=limits)


def test_within_is_less_than_or_equal():
    frame = points([("38001", 30.0, "covered", 10, 40), ("38001", 30.0001, "covered", 30, 40)])
    assert coverage(frame).loc["38001", "share_within_30"] == pytest.approx(0.25)


def test_a_point_without_minutes_counts_as_not_within_and_not_in_the_mean():
    frame = points([("38001", 10.0, "covered", 30, 1), ("38001", NAN, "no_road_access", 10, 1)])
    row = coverage(frame).loc["38001"]
    assert row["minutes"] == pytest.approx(10)
    assert row["share_within_60"] == pytest.approx(0.75)
    assert row["share_without_minutes"] == pytest.approx(0.25)
    assert row["reason"] == "partly_covered"


@pytest.mark.parametrize(("reached", "given"), [(49, False), (50, True), (51, True)])
def test_a_mean_over_the_few_is_withheld(reached, given):
    frame = points([("02185", 4.0, "covered", reached, 1), ("02185", NAN, "no_road_access", 100 - reached, 1)])
    row = coverage(frame).loc["02185"]
    assert math.isnan(row["minutes"]) != given
    assert row["reason"] == ("partly_covered" if given else "no_road_access")
    assert row["share_within_30"] == pytest.approx(reached / 100)


def test_a_county_with_no_minutes_says_why_by_weight():
    frame = points(
        [
            ("38001", NAN, "no_road_access", 10, 1),
            ("38001", NAN, "beyond_limit", 30, 1),
            ("38001", NAN, "no_road_access", 25, 1),
        ]
    )
    row = coverage(frame).loc["38001"]
    assert math.isnan(row["minutes"])
    assert row["reason"] == "no_road_access"
    assert row["share_within_60"] == 0


def test_people_count_where_there_are_no_women():
    frame = points([("15005", 10.0, "covered", 0, 3), ("15005", 50.0, "covered", 0, 1)])
    row = coverage(frame).loc["15005"]
    assert row["minutes"] == pytest.approx(20)
    assert row["share_within_30"] == pytest.approx(0.75)


def test_share_where():
    frame = points(
        [("38001", 1.0, "covered", 10, 1), ("38001", 2.0, "covered", 30, 1), ("38003", 2.0, "covered", 5, 1)]
    )
    shares = share_where(frame, frame["minutes"] > 1)
    assert shares.to_dict() == {"38001": 0.75, "38003": 1.0}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["01001", "01003"]),
            st.one_of(st.just(NAN), st.floats(0, 200)),
            st.floats(0.1, 1e5),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_against_a_loop(rows):
    frame = points([(c, m, "unreachable" if math.isnan(m) else "covered", w, 1) for c, m, w in rows])
    result = coverage(frame)
    for name in {c for c, _, _ in rows}:
        mine = [(m, w) for c, m, w in rows if c == name]
        whole = sum(w for _, w in mine)
        reached = [(m, w) for m, w in mine if not math.isnan(m)]
        for limit in (30, 60):
            inside = sum(w for m, w in reached if m <= limit)
            assert result.loc[name, f"share_within_{limit}"] == pytest.approx(inside / whole)
        part = sum(w for _, w in reached) / whole
        if abs(part - 0.5) < 1e-6:
            continue  # whether half is reached is then a matter of rounding
        if part > 0.5:
            mean = sum(m * w for m, w in reached) / sum(w for _, w in reached)
            assert result.loc[name, "minutes"] == pytest.approx(mean)
        else:
            assert np.isnan(result.loc[name, "minutes"])
        assert result.loc[name, "share_within_30"] <= result.loc[name, "share_within_60"]
