"""Births by unit against the formula written out for every pair of a made region."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.toy import toy_area, toy_minutes

from matcare.contracts.closures import UNIT_BIRTHS
from matcare.errors import InputError
from matcare.measures.unit_births import (
    GRAVITY,
    Gravity,
    allocate_births,
    attraction,
    unallocated_births,
    unit_births,
)

SEEDS = st.integers(0, 300)
SOME = settings(max_examples=8, deadline=None)


def by_hand(area, gravity, rows):
    """The formula, one demand point after another, on the full table of minutes."""
    minutes = toy_minutes(area)
    result = dict.fromkeys(rows, 0.0)
    lost = 0.0
    for i, births in enumerate(area.demand["births_per_year"].fillna(0)):
        draw = {}
        for j in rows:
            if minutes[i, j] <= gravity.reach_minutes:
                beds = area.facilities["beds"].fillna(gravity.unknown_beds).iloc[j]
                draw[j] = (beds / 200) ** gravity.beds_power * np.exp(
                    -((minutes[i, j] / gravity.decay_minutes) ** gravity.decay_power)
                )
        for j, weight in draw.items():
            result[j] += births * weight / sum(draw.values())
        lost += 0.0 if draw else births
    return np.array([result[j] for j in rows]), lost


@SOME
@given(SEEDS, st.sampled_from([GRAVITY, Gravity(decay_minutes=12, decay_power=1.4, beds_power=0.2, reach_minutes=18)]))
def test_births_are_what_the_formula_says(seed, gravity):
    area = toy_area(seed, points=16, units=7, nodes=24)
    rows = area.rows("birth_care")
    found = allocate_births(area, gravity=gravity)
    wanted, lost = by_hand(area, gravity, rows)
    np.testing.assert_allclose(found.births[rows], wanted)
    assert found.births.sum() == pytest.approx(found.births[rows].sum())
    assert found.unallocated.sum() == pytest.approx(lost)
    assert found.births.sum() + found.unallocated.sum() == pytest.approx(area.demand["births_per_year"].sum())


@SOME
@given(SEEDS, st.integers(1, 4))
def test_sharing_out_again_is_allocating_without_the_closed(seed, count):
    gravity = Gravity(decay_minutes=6, decay_power=0.8, beds_power=0.7, reach_minutes=15)
    area = toy_area(seed, points=16, units=7, nodes=24)
    rows = area.rows("birth_care")
    before = allocate_births(area, gravity=gravity)
    closed = np.zeros(len(area.facilities), bool)
    closed[rows[:count]] = True
    after, lost = before.without(closed)
    wanted, without = by_hand(area, gravity, rows[count:])
    np.testing.assert_allclose(after[rows[count:]], wanted, atol=1e-9)
    assert (after[closed] == 0).all()
    assert lost + before.unallocated.sum() == pytest.approx(without)
    assert (after[~closed] >= before.births[~closed] - 1e-9).all()  # closing never takes births from another unit
    again, nobody = before.without(np.zeros(len(closed), bool))
    np.testing.assert_array_equal(again, before.births)
    assert nobody == 0


def test_the_table_and_what_is_left_over():
    area = toy_area(1, points=40, units=12, nodes=40)
    births = area.demand["births_per_year"].copy()
    births.iloc[3] = np.nan
    area = replace(area, demand=area.demand.assign(births_per_year=births))
    table = UNIT_BIRTHS.validate(unit_births(area))
    rows = area.rows("birth_care")
    assert table["facility_id"].tolist() == area.facilities["facility_id"].iloc[rows].tolist()
    allocation = allocate_births(area)
    left = unallocated_births(area, allocation).set_index("reason")
    assert table["births_estimated"].sum() + left["births"].sum() == pytest.approx(births.sum())
    assert left["demand_points"].to_dict() == {"births_not_known": 1, "no_road_access": 1, "unreachable": 1}
    assert np.isnan(left.loc["births_not_known", "births"])
    minutes = toy_minutes(area)[:, rows]
    here = np.isfinite(minutes.min(axis=1))
    for column, weight in (("births_nearest", births.fillna(0)), ("women_nearest", area.demand["women_15_44"])):
        wanted = np.bincount(minutes.argmin(axis=1)[here], weights=weight[here], minlength=len(rows))
        np.testing.assert_allclose(table[column], wanted)
    near = replace(GRAVITY, reach_minutes=2.0)
    far = unallocated_births(area, allocate_births(area, gravity=near)).set_index("reason")
    beyond = births.fillna(0)[here & (minutes.min(axis=1) > 2)].sum()
    assert beyond > 0
    assert far.loc["beyond_limit", "births"] == pytest.approx(beyond)


def test_every_parameter_matters():
    area = toy_area(1, points=40, units=12, nodes=40)
    beds = area.facilities["beds"].copy()
    beds.iloc[area.rows("birth_care")[0]] = np.nan
    area = replace(area, facilities=area.facilities.assign(beds=beds))
    usual = allocate_births(area).births
    for change in (
        {"decay_minutes": 9.0}, {"decay_power": 1.5}, {"beds_power": 0.0}, {"unknown_beds": 20.0}, {"reach_minutes": 6.0},
    ):  # fmt: skip
        assert not np.allclose(allocate_births(area, gravity=replace(GRAVITY, **change)).births, usual), change
    assert (unit_births(area, gravity=replace(GRAVITY, beds_power=0.0))["attraction"] == 1).all()
    fewer = unit_births(area, "birth_care_corroborated")
    assert set(fewer["facility_id"]) < set(unit_births(area)["facility_id"])


def test_more_beds_and_less_road_draw_more():
    area = toy_area(1, points=40, units=12, nodes=40)
    row = area.rows("birth_care")[0]
    beds = area.facilities["beds"].copy()
    beds.iloc[row] *= 3
    more = replace(area, facilities=area.facilities.assign(beds=beds))
    before, after = allocate_births(area).births, allocate_births(more).births
    assert after[row] > before[row]
    others = np.arange(len(before)) != row
    assert (after[others] <= before[others] + 1e-9).all()


def test_attraction_of_what_is_not_known_or_not_possible():
    units = pd.DataFrame({"beds": [200.0, 100.0, np.nan, 0.0]})
    drawn = attraction(units, Gravity(decay_minutes=1, decay_power=1, beds_power=0.5, unknown_beds=50))
    np.testing.assert_allclose(drawn, [1, 0.5**0.5, 0.25**0.5, (5 / 200) ** 0.5])


@pytest.mark.parametrize("name", ["decay_minutes", "decay_power", "unknown_beds", "reach_minutes"])
def test_a_parameter_of_nothing_is_refused(name):
    for value in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match=f"gravity: {name} is"):
            replace(GRAVITY, **{name: value})
