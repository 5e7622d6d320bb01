"""The March of Dimes rule, case by case, and drive-time deserts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcare.contracts import DESERT_CLASSES
from matcare.measures.deserts import drive_time_desert, march_of_dimes
from matcare.scenario import Rule

NAN = math.nan


def county(hospitals=0, centers=0, obgyns=0.0, midwives=0.0, births=1000.0, uninsured=0.08):
    return pd.DataFrame(
        {
            "birth_hospitals": [hospitals],
            "birth_centers": [centers],
            "obgyns": [obgyns],
            "midwives": [midwives],
            "births_per_year": [births],
            "share_women_uninsured": [uninsured],
        }
    )


def classed(**inputs):
    return march_of_dimes(county(**inputs))["class"].iloc[0]


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ({}, "desert"),
        ({"uninsured": 0.30}, "desert"),  # desert whatever U
        ({"uninsured": NAN}, "desert"),
        ({"births": 0.0}, "desert"),  # no births, no clinician: P = 0
        ({"births": 0.0, "obgyns": 1.0}, "full"),  # no births, a clinician
        ({"births": NAN}, "desert"),  # nobody delivers, however many births
        ({"hospitals": 2}, "full"),
        ({"hospitals": 1, "centers": 1}, "full"),
        ({"centers": 2}, "full"),
        ({"obgyns": 6.0}, "full"),  # exactly 60 per 10,000
        ({"obgyns": 5.9, "midwives": 0.1}, "full"),
        ({"obgyns": 5.9}, "moderate"),
        ({"hospitals": 1}, "moderate"),
        ({"hospitals": 1, "uninsured": 0.10}, "low"),  # 10 % is high
        ({"hospitals": 1, "uninsured": 0.0999}, "moderate"),
        ({"hospitals": 1, "uninsured": NAN}, "low_or_moderate"),
        ({"hospitals": 1, "obgyns": NAN}, "moderate_or_full"),
        ({"hospitals": 1, "obgyns": NAN, "uninsured": 0.2}, "low_or_full"),
        ({"hospitals": 1, "obgyns": NAN, "uninsured": NAN}, "low_or_moderate_or_full"),
        ({"hospitals": 1, "obgyns": NAN, "midwives": 6.0}, "full"),  # what is known is enough
        ({"obgyns": NAN}, "desert_or_moderate_or_full"),
        ({"obgyns": NAN, "uninsured": 0.2}, "desert_or_low_or_full"),
        ({"hospitals": 2, "obgyns": NAN, "uninsured": NAN, "births": NAN}, "full"),
        ({"obgyns": 1.0, "births": NAN}, "moderate_or_full"),
    ],
)
def test_class(inputs, wanted):
    assert classed(**inputs) == wanted
    assert wanted in DESERT_CLASSES


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "desert (clinicians incomplete)"),
        ({"hospitals": 1, "uninsured": 0.123}, "12.3 % of women uninsured (10 % or more)"),
        ({"hospitals": 1, "uninsured": NAN}, "uninsured women not reported"),
        ({"hospitals": 1, "obgyns": NAN}, "OB-GYNs not reported"),
        ({"hospitals": 3}, "3 birth hospitals"),
        ({"obgyns": 7.0}, "70.0 clinicians per 10,000 births (60 or more)"),
        ({"hospitals": 1}, "no DOs or family physicians"),
    ],
)
def test_reason_names_what_decided_and_what_was_missing(inputs, words):
    assert words in march_of_dimes(county(**inputs))["reason"].iloc[0]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"hospitals": 1, "uninsured": 0.0999}, "9.99 % of women uninsured (below 10 %)"),
        ({"hospitals": 1, "uninsured": 0.10}, "10.0 % of women uninsured (10 % or more)"),
        ({"hospitals": 1, "obgyns": 5.996}, "59.96 clinicians per 10,000 births (below 60)"),
    ],
)
def test_a_number_just_off_its_threshold_does_not_look_like_it(inputs, words):
    assert words in march_of_dimes(county(**inputs))["reason"].iloc[0]


def test_units_that_do_not_count_are_named():
    frame = county().assign(uncounted_units="1 hospital with obstetrics under arrangement only")
    reason = march_of_dimes(frame)["reason"].iloc[0]
    assert "(not counted: 1 hospital with obstetrics under arrangement only)" in reason
    assert "not counted" not in march_of_dimes(county())["reason"].iloc[0]


def test_every_threshold_matters():
    frame = county(hospitals=1, obgyns=4.0, uninsured=0.12)
    assert march_of_dimes(frame)["class"].iloc[0] == "low"
    assert march_of_dimes(frame, rule=Rule(full_access_units=1))["class"].iloc[0] == "full"
    assert march_of_dimes(frame, rule=Rule(full_access_clinicians=40))["class"].iloc[0] == "full"
    assert march_of_dimes(frame, rule=Rule(uninsured_high=0.13))["class"].iloc[0] == "moderate"
    frame["bound"] = 0
    frame["obgyns"] = 0.0
    assert march_of_dimes(frame, hospitals="bound")["class"].iloc[0] == "desert"
    frame["centers"] = 2
    assert march_of_dimes(frame, hospitals="bound", centers="centers")["class"].iloc[0] == "full"


def test_clinicians_per_births_is_missing_when_it_cannot_be_known():
    densities = pd.concat(
        [county(obgyns=3.0), county(obgyns=NAN), county(births=NAN, midwives=2.0), county(births=0.0, midwives=2.0)]
    )
    values = march_of_dimes(densities)["clinicians_per_10000_births"].to_numpy()
    assert values[0] == pytest.approx(30)
    assert np.isnan(values[1:]).all()


@given(
    hospitals=st.integers(0, 3),
    obgyns=st.one_of(st.just(NAN), st.floats(0, 50)),
    births=st.one_of(st.just(NAN), st.floats(0, 20_000)),
    uninsured=st.one_of(st.just(NAN), st.floats(0, 1)),
)
def test_one_more_hospital_never_makes_access_worse(hospitals, obgyns, births, uninsured):
    order = {"desert": 0, "low": 1, "moderate": 2, "full": 3}
    same = {"obgyns": obgyns, "births": births, "uninsured": uninsured}
    before = classed(hospitals=hospitals, **same).split("_or_")
    after = classed(hospitals=hospitals + 1, **same).split("_or_")
    assert min(order[c] for c in after) >= min(order[c] for c in before)
    assert max(order[c] for c in after) >= max(order[c] for c in before)


def test_drive_time_desert_is_at_least_half():
    share = pd.Series([0.5, 0.500001, 0.4999, 1.0, 0.0, NAN])
    assert drive_time_desert(share).tolist() == [True, False, True, False, True, pd.NA]
    assert drive_time_desert(pd.Series([0.7]), majority=0.3).tolist() == [True]


def test_a_half_summed_from_floats_is_still_a_half():
    within = sum([0.1] * 5)  # 0.5, by way of floating point
    assert drive_time_desert(pd.Series([1 - (1 - within) + 1e-12])).tolist() == [True]
