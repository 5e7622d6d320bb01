"""Pooled rates: what they stand on, and when they are not given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.contracts import POOLED_RATES
from matcare.measures.pooled import pooled_rates


def made(published, suppressed, *, births_published=1000.0, births_suppressed=1000.0, klass="desert"):
    n = published + suppressed
    return pd.DataFrame(
        {
            "state": "ND",
            "outcome_period": "2017-2023",
            "march_of_dimes_class": klass,
            "drive_time_desert_30": pd.array([True] * n, dtype="boolean"),
            "drive_time_desert_60": pd.array([False] * n, dtype="boolean"),
            "births_per_year": [births_published] * published + [births_suppressed] * suppressed,
            "imr_status": ["published"] * published + ["suppressed"] * suppressed,
            "infant_deaths": [30.0] * published + [np.nan] * suppressed,
            "live_births": [5000.0] * published + [np.nan] * suppressed,
        }
    )


STATES = pd.DataFrame(
    {
        "state": ["ND", "SD", "US"],
        "infant_deaths": [400.0, np.nan, 900.0],
        "live_births": [70_000.0, np.nan, 150_000.0],
        "outcome_status": ["published", "complementary", "published"],
    }
)


def row(frame, grouping="march_of_dimes_class", group="desert", **options):
    pooled = POOLED_RATES.validate(pooled_rates(frame, STATES, **options))
    return pooled[(pooled["grouping"] == grouping) & (pooled["group"] == group)].iloc[0]


def test_a_group_that_is_nearly_whole_has_a_rate_with_its_interval():
    found = row(made(8, 2))
    assert found["status"] == "pooled_published_counties"
    assert (found["counties"], found["counties_published"]) == (10, 8)
    assert found["share_births_published"] == pytest.approx(0.8)
    assert found["imr"] == pytest.approx(6.0)
    assert found["imr_low"] < 6.0 < found["imr_high"]


def test_a_selected_group_has_a_rate_without_an_interval():
    found = row(made(10, 30))
    assert found["status"] == "selected_published_counties"
    assert found["imr"] == pytest.approx(6.0)
    assert np.isnan(found["imr_low"])
    assert np.isnan(found["imr_high"])


def test_a_few_counties_of_many_give_no_rate():
    found = row(made(9, 30))
    assert found["status"] == "too_few_published"
    assert np.isnan(found["imr"])
    assert found["counties_published"] == 9


def test_no_published_county_is_not_a_rate_of_zero():
    found = row(made(0, 3))
    assert found["status"] == "none_published", "there are counts; none is published"
    assert row(made(0, 3).assign(imr_status="not_reported"))["status"] == "not_reported"
    assert np.isnan(found["imr"])
    assert np.isnan(found["infant_deaths"])


def test_apportioned_counties_are_counted_apart_and_left_out():
    frame = made(8, 1)
    frame.loc[0, "imr_status"] = "apportioned"
    found = row(frame)
    assert (found["counties_published"], found["counties_apportioned"]) == (7, 1)
    assert found["infant_deaths"] == 7 * 30


def test_a_state_has_its_own_total_and_a_withheld_one_has_none():
    both = pd.concat([made(2, 2), made(1, 1).assign(state="SD")], ignore_index=True)
    assert row(both, "state", "ND")["imr"] == pytest.approx(1000 * 400 / 70_000)
    withheld = row(both, "state", "SD")
    assert withheld["status"] == "complementary"
    assert withheld[["infant_deaths", "live_births", "imr", "imr_low"]].isna().all()
    assert row(both, "nation", "US")["infant_deaths"] == 900


def test_the_nation_stands_only_beside_all_its_states():
    assert "nation" not in set(pooled_rates(made(2, 2), STATES)["grouping"])


def test_corrections_are_listed():
    assert row(made(2, 2), corrections="X closed")["corrections"] == "X closed"
