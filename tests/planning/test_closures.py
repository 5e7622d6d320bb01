"""Closures and fragile units against brute force on the full table of minutes of made regions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.toy import COUNTY_FIPS, toy_area, toy_minutes

from matcare.contracts import SERVICES
from matcare.contracts.closures import (
    ACCESS_CHANGES,
    CLOSURE_UNITS,
    COMPARISON,
    FRAGILITY,
    PLANNING_SERVICES,
    access_changes_table,
    comparison_table,
    fragility_table,
)
from matcare.errors import InputError
from matcare.measures.disparity.groups import SHARE_COLUMNS
from matcare.measures.unit_births import GRAVITY
from matcare.planning.closures import NOT_EVIDENCE, close_units, losing_services, today
from matcare.planning.comparison import compare_access
from matcare.planning.fragility import PROTECT, fragility
from matcare.travel.searches import Trips
from matcare.travel.snapping import RoadNetwork

SEEDS = st.integers(0, 400)
SOME = settings(max_examples=6, deadline=None)
LIMITS = (30, 60, 90)


def far_area(seed, **sizes):
    """The made region with roads five times as slow, so that 30, 60 and 90 minutes part its people."""
    area = toy_area(seed, **sizes)
    old = area.trips.network
    slow = RoadNetwork(old.graph, old.profile, old.density, milliseconds=(old.forward * 5, old.backward * 5))
    return replace(area, trips=Trips(slow, area.trips.origins, area.trips.destinations))


def people(area, column="women_15_44"):
    return area.demand[column].to_numpy(float)


def best(area, rows):
    """Least minutes to some facilities by the full table, infinite where there is no way."""
    minutes = toy_minutes(area)
    return minutes[:, rows].min(axis=1, initial=np.inf)


def with_facilities(area, **columns):
    return replace(area, facilities=area.facilities.assign(**columns))


def shares_by_race():
    table = pd.DataFrame({"county_fips": list(COUNTY_FIPS)})
    for place, column in enumerate(SHARE_COLUMNS.values()):
        table[column] = [0.02 * place, 0.03, 0.1 + 0.01 * place, np.nan]
    return table


def test_the_services_are_those_of_the_package():
    assert set(PLANNING_SERVICES) == {*SERVICES, "birth_care_corroborated"}


@pytest.mark.parametrize("service", ["birth_care", "neonatal_3_plus_or_nicu"])
@SOME
@given(SEEDS, st.integers(1, 3))
def test_a_closure_is_what_brute_force_says(service, seed, count):
    area = far_area(seed, points=20, units=8, nodes=24)
    open_rows = area.rows(service)
    closed = open_rows[:count]
    found = close_units(area, closed, service=service)
    was, becomes = best(area, open_rows), best(area, np.setdiff1d(open_rows, closed))
    for access, truth in ((found.before, was), (found.after, becomes)):
        np.testing.assert_allclose(np.nan_to_num(access.minutes, nan=np.inf), truth)
    row = found.groups.set_index("scope").loc["all"]
    for who, column in (("women", "women_15_44"), ("births", "births_per_year")):
        weight = people(area, column)
        for limit in LIMITS:
            beyond = (was <= limit) & ~(becomes <= limit)
            assert row[f"{who}_newly_beyond_{limit}"] == pytest.approx(weight[beyond].sum())
            assert row[f"{who}_newly_within_{limit}"] == 0
    lost = np.isfinite(was) & ~np.isfinite(becomes)
    assert row["women_newly_without_minutes"] == pytest.approx(people(area)[lost].sum())
    moved = np.isin(found.before.unit, area.facilities["facility_id"].to_numpy(object)[closed])
    assert row["women_affected"] == pytest.approx(people(area)[moved].sum())
    both = moved & np.isfinite(becomes)
    if both.any():
        added = becomes[both] - was[both]
        assert row["minutes_added"] == pytest.approx(np.average(added, weights=people(area)[both]))
        assert row["minutes_added_most"] == pytest.approx(added.max())
        assert row["minutes_after"] - row["minutes_before"] == pytest.approx(row["minutes_added"])
    else:
        assert np.isnan(row["minutes_added"])


@SOME
@given(SEEDS)
def test_parts_add_up_to_all(seed):
    area = far_area(seed, points=20, units=8, nodes=24)
    found = close_units(area, area.rows("birth_care")[:2])
    groups = found.groups
    sums = [name for name in groups.columns if name.split("_")[0] in {"women", "births"}]
    everybody = groups[groups["scope"] == "all"].iloc[0]
    changed = [name for name in sums if name not in {"women", "births_per_year"}]
    for scope in ("state", "rurality"):
        part = groups[groups["scope"] == scope]
        for name in changed if scope == "state" else sums:
            assert part[name].sum() == pytest.approx(everybody[name]), (scope, name)
    counties = found.counties
    for name in [name for name in counties.columns if "newly" in name] + ["women_affected"]:
        if name in groups:
            assert counties[name].sum() == pytest.approx(everybody[name]), name
    units = found.units
    assert units["women_nearest_after"].sum() - units["women_nearest_before"].sum() == pytest.approx(
        -everybody["women_newly_without_minutes"], abs=1e-6
    )
    assert units["births_shifted"].sum() == pytest.approx(-found.births_lost, abs=1e-3)


@SOME
@given(SEEDS)
def test_closing_never_helps_and_closing_more_is_never_better(seed):
    area = far_area(seed, points=16, units=6, nodes=22)
    rows = area.rows("birth_care")
    before = today(area, "birth_care")
    last = np.nan_to_num(before.nearest.minutes, nan=np.inf)
    births = before.allocation.births
    beyond = dict.fromkeys(LIMITS, 0.0)
    for count in range(1, len(rows)):
        found = close_units(area, rows[:count], before=before)
        now = np.nan_to_num(found.after.minutes, nan=np.inf)
        assert (now >= last).all()
        row = found.groups.iloc[0]
        for limit in LIMITS:
            assert row[f"women_newly_beyond_{limit}"] >= beyond[limit] - 1e-9
            beyond[limit] = row[f"women_newly_beyond_{limit}"]
        closed = np.zeros(len(area.facilities), bool)
        closed[rows[:count]] = True
        left, _ = before.allocation.without(closed)
        assert (left[~closed] >= births[~closed] - 1e-9).all()  # whoever stays never loses births
        births, last = left, now


@pytest.mark.parametrize(("service", "seeds", "least"), [("birth_care", 2, 50), ("neonatal_2_plus", 1, 10)])
def test_fragility_is_closing_one_by_one(service, seeds, least):
    compared = 0
    for seed in range(seeds):
        area = far_area(seed, points=60, units=32, nodes=80)
        table = fragility(area, service).set_index("facility_id")
        before = today(area, service)
        assert set(table.index) == set(area.facilities["facility_id"].iloc[area.rows(service)])
        for row in area.rows(service):
            unit = table.loc[area.facilities["facility_id"].iloc[row]]
            found = close_units(area, [row], service=service, before=before)
            everybody = found.groups.iloc[0]
            for name in ("women_newly_without_minutes", "minutes_added", "minutes_added_most"):
                assert unit[name] == pytest.approx(everybody[name], nan_ok=True), (seed, row, name)
            assert unit["women_nearest"] == pytest.approx(everybody["women_affected"])
            assert unit["births_nearest"] == pytest.approx(everybody["births_affected"])
            for limit in LIMITS:
                for who in ("women", "births"):
                    name = f"{who}_newly_beyond_{limit}"
                    assert unit[name] == pytest.approx(everybody[name])
            assert unit["women_last_within_60"] == pytest.approx(everybody["women_newly_beyond_60"])
            moved = found.before.unit == area.facilities["facility_id"].iloc[row]
            to = pd.Series(people(area)[moved], index=found.after.unit[moved])
            to = to[to.index.notna()].groupby(level=0).sum()
            if len(to):
                assert to[unit["next_unit"]] == pytest.approx(to.max())
                assert unit["share_women_next_unit"] == pytest.approx(to.max() / people(area)[moved].sum())
                home = area.facilities.set_index("facility_id")["state"]
                away = to[[home[key] != unit["state"] for key in to.index]].sum()
                assert unit["share_women_out_of_state"] == pytest.approx(away / people(area)[moved].sum())
            else:
                assert pd.isna(unit["next_unit"])
            compared += 1
    assert compared >= least


def test_fragility_is_a_list_to_protect_worst_loss_first():
    area = far_area(3, points=40, units=16, nodes=60)
    table = fragility(area)
    keys = table[["women_newly_beyond_60", "women_newly_beyond_30", "women_newly_beyond_90"]].to_numpy()
    assert [tuple(key) for key in keys] == sorted((tuple(key) for key in keys), reverse=True)
    assert table["order"].tolist() == list(range(1, len(table) + 1))
    assert keys[0, 0] > 0
    assert (table["note"] == PROTECT).all()
    for words in ("not evidence that any unit should close", "prenatal and emergency care", "staffing"):
        assert words in PROTECT
        assert words in NOT_EVIDENCE
        assert words in FRAGILITY.description
    one = fragility(area, states=("ND",))
    assert set(one["state"]) == {"ND"}
    pd.testing.assert_series_equal(
        one.set_index("facility_id")["women_nearest"],
        table[table["state"] == "ND"].set_index("facility_id")["women_nearest"],
    )
    assert not fragility(area, limit_minutes=20).equals(table)
    assert "women_newly_beyond_45" in fragility(area, limits=(45,)).columns


def test_tables_keep_their_contracts():
    area = far_area(5, points=30, units=12, nodes=40)
    found = close_units(area, area.rows("birth_care")[:2], shares=shares_by_race())
    for contract, table in (
        (ACCESS_CHANGES, found.groups),
        (COMPARISON, found.counties),
        (CLOSURE_UNITS, found.units),
        (FRAGILITY, fragility(area)),
    ):
        assert list(contract.validate(table).columns) == contract.names
    own = close_units(area, area.rows("birth_care")[:1], limits=(20, 45.5))
    access_changes_table((20, 45.5)).validate(own.groups)
    comparison_table((20, 45.5)).validate(own.counties)
    fragility_table((20, 45.5)).validate(fragility(area, limits=(20, 45.5)))


def test_races_are_counted_by_county_shares():
    area = far_area(5, points=30, units=12, nodes=40)
    shares = shares_by_race()
    rows = area.rows("birth_care")[:3]
    found = close_units(area, rows, shares=shares)
    races = found.groups[found.groups["scope"] == "race"].set_index("group")
    left = np.setdiff1d(area.rows("birth_care"), rows)
    was, becomes = best(area, area.rows("birth_care")), best(area, left)
    beyond = (was <= 60) & ~(becomes <= 60)
    assert beyond.any()
    for name, column in SHARE_COLUMNS.items():
        share = shares.set_index("county_fips")[column].reindex(area.demand["county_fips"]).to_numpy()
        weight = np.nan_to_num(share) * people(area)
        assert races.loc[name, "women_newly_beyond_60"] == pytest.approx(weight[beyond].sum())
        assert races.loc[name, "women"] == pytest.approx(weight.sum())
        assert races.loc[name, "basis"] == "county shares, all ages"
        assert "stands on" in races.loc[name, "note"]
    assert "sovereignty" in races.loc["aian", "note"]
    assert "race" not in set(close_units(area, rows).groups["scope"])


def test_who_takes_them():
    area = far_area(11, points=60, units=14, nodes=50)
    rows = area.rows("birth_care")
    found = close_units(area, rows[:2])
    ids = area.facilities["facility_id"].to_numpy(object)
    units = found.units.set_index("facility_id")
    assert units["role"].iloc[:2].tolist() == ["closes", "closes"]
    assert (units["births_estimated_after"].iloc[:2] == 0).all()
    takers = units.iloc[2:]
    assert (takers["role"] == "receives").all()
    assert takers["births_shifted"].is_monotonic_decreasing
    np.testing.assert_allclose(takers["load"], takers["births_estimated_after"] / takers["births_estimated_before"])
    minutes = toy_minutes(area)
    left = np.setdiff1d(rows, rows[:2])
    state = area.facilities["state"].to_numpy()
    home = np.where(area.demand["county_fips"].str[:2] == "38", "ND", "SD")
    moved = np.isin(found.before.unit, ids[rows[:2]]) & np.isfinite(minutes[:, left].min(axis=1))
    to = left[minutes[:, left].argmin(axis=1)]
    for row in left:
        here = people(area)[moved & (to == row)].sum()
        across = people(area)[moved & (to == row) & (home != state[row])].sum()
        if ids[row] in units.index:
            unit = units.loc[ids[row]]
            assert unit["women_nearest_after"] - unit["women_nearest_before"] == pytest.approx(here)
            assert unit["women_from_other_states"] == pytest.approx(across)
        else:
            assert here == 0
    assert takers["women_from_other_states"].sum() > 0
    level = close_units(area, area.rows("neonatal_3_plus")[:1], service="neonatal_3_plus").units
    assert level["births_estimated_before"].isna().all()
    assert set(level["load_basis"]) == {"nearest"}


def test_a_unit_that_loses_its_level_keeps_birth_care():
    area = far_area(2, points=30, units=16, nodes=50)
    high = area.facilities["neonatal_level"].isin(["III", "IV"]).to_numpy()
    row = int(np.flatnonzero(high & area.members("birth_care"))[0])
    losing = losing_services(area.facilities, [row], level_to="II")
    assert losing == ["nicu", "neonatal_3_plus", "neonatal_3_plus_or_nicu"]
    assert losing_services(area.facilities, [row], level_to="I") == [
        "nicu", "neonatal_2_plus", "neonatal_3_plus", "neonatal_3_plus_or_nicu"]  # fmt: skip
    assert "birth_care" in losing_services(area.facilities, [row])
    found = close_units(area, [row], service="neonatal_3_plus", level_to="II")
    left = np.setdiff1d(area.rows("neonatal_3_plus"), [row])
    np.testing.assert_allclose(np.nan_to_num(found.after.minutes, nan=np.inf), best(area, left))
    assert found.units["role"].iloc[0] == "loses_level"
    with pytest.raises(InputError, match="keeps birth_care at level II; it loses nicu, neonatal_3_plus"):
        close_units(area, [row], service="birth_care", level_to="II")
    with pytest.raises(InputError, match="keeps neonatal_2_plus at level II"):
        close_units(area, [row], service="neonatal_2_plus", level_to="II")
    lower = close_units(area, [row], service="neonatal_2_plus", level_to="I")
    left = np.setdiff1d(area.rows("neonatal_2_plus"), [row])
    np.testing.assert_allclose(np.nan_to_num(lower.after.minutes, nan=np.inf), best(area, left))
    third = int(np.flatnonzero(area.facilities["neonatal_level"] == "III")[0])
    with pytest.raises(InputError, match="is level III already"):
        close_units(area, [third], service="neonatal_3_plus", level_to="III")


def test_what_cannot_be_closed_is_refused_in_one_line():
    area = far_area(2, points=20, units=12, nodes=40)
    rows = area.rows("birth_care")
    none = int(np.flatnonzero(~area.members("birth_care"))[0])
    shut = area.facilities["status"].mask(np.arange(len(area.facilities)) == rows[0], "closed")
    note = area.facilities["correction"].mask(np.arange(len(area.facilities)) == rows[0], "closed 2025-01-01 (x)")
    closed = with_facilities(area, status=shut, correction=note)
    cases = [
        (lambda: close_units(closed, rows[:1]), "is closed already: closed 2025-01-01"),
        (lambda: close_units(area, [none]), "does not count for birth_care; it counts for "),
        (lambda: close_units(area, []), "name at least one"),
        (lambda: close_units(area, [rows[0], rows[0]]), "stands twice"),
        (lambda: close_units(area, rows[:1], level_to="IV"), "give I, II or III"),
        (lambda: close_units(area, rows[:1], limits=(60, 30)), "ascending"),
        (lambda: close_units(area, rows[:1], limits=(0, 30)), "above 0"),
        (lambda: close_units(area, rows[:1], service="surgery"), "unknown service 'surgery'"),
        (lambda: close_units(area, rows[:1], before=today(area, "nicu")), "prepare it anew"),
    ]
    for case, words in cases:
        with pytest.raises(InputError, match=words) as refused:
            case()
        assert "\n" not in str(refused.value)


def test_a_twin_on_the_campus_is_told():
    area = far_area(4, points=20, units=12, nodes=40)
    rows = area.rows("birth_care")
    ids = area.facilities["facility_id"]
    beside = pd.Series([None] * len(ids), dtype="str")
    beside[rows[0]] = ids[rows[1]]
    area = with_facilities(area, same_site_as=beside)
    told = close_units(area, rows[:1]).warnings
    assert f"{ids[rows[1]]} (" in told[0]
    assert "stays open" in told[0]
    assert told[-1] == NOT_EVIDENCE
    assert close_units(area, rows[:2]).warnings == (NOT_EVIDENCE,)
    table = fragility(area).set_index("facility_id")
    assert table.loc[ids[rows[0]], "same_site_as"] == ids[rows[1]]


def test_the_limit_and_the_gravity_change_the_result():
    area = far_area(4, points=40, units=12, nodes=40)
    rows = area.rows("birth_care")[:2]
    near = close_units(area, rows, before=today(area, limit_minutes=25))
    assert not np.array_equal(near.after.minutes, close_units(area, rows).after.minutes, equal_nan=True)
    flat = close_units(area, rows, before=today(area, gravity=replace(GRAVITY, decay_minutes=50.0)))
    assert not np.allclose(flat.units["load"].max(), close_units(area, rows).units["load"].max())


def test_comparing_with_a_closed_unit_is_the_closure():
    area = far_area(6, points=40, units=12, nodes=40)
    rows = area.rows("birth_care")[:2]
    counts = area.members("birth_care").copy()
    counts[rows] = False
    gone = with_facilities(area, counts_birth_care=counts)
    found, closure = (
        compare_access(area, gone, shares=shares_by_race()),
        close_units(area, rows, shares=shares_by_race()),
    )
    pd.testing.assert_frame_equal(found.groups, closure.groups)
    kept = found.counties["county_fips"].isin(closure.counties["county_fips"])
    pd.testing.assert_frame_equal(found.counties[kept].reset_index(drop=True), closure.counties)
    back = compare_access(gone, area).groups.iloc[0]
    there = found.groups.iloc[0]
    for limit in LIMITS:
        assert back[f"women_newly_within_{limit}"] == there[f"women_newly_beyond_{limit}"]
        assert back[f"women_newly_beyond_{limit}"] == 0
    assert back["minutes_added"] == pytest.approx(-there["minutes_added"])
    assert back["women_newly_with_minutes"] == there["women_newly_without_minutes"]


def test_a_county_becomes_and_ceases_to_be_a_desert():
    words = set()
    for seed in range(3):
        area = far_area(seed, points=24, units=10, nodes=40)
        rows = area.rows("birth_care")
        counts = area.members("birth_care").copy()
        counts[rows[:-1]] = False
        gone = with_facilities(area, counts_birth_care=counts)
        there, back = compare_access(area, gone).counties, compare_access(gone, area).counties
        for limit in (30, 60):
            name = f"drive_time_desert_{limit}"
            share = there[f"share_women_within_{limit}_after"]
            assert (there[f"{name}_after"] == ((1 - share).round(9) >= 0.5)).all()
            turned = {"becomes": "ceases", "stays": "stays", "stays_not": "stays_not", "not_known": "not_known"}
            assert there[f"{name}_change"].map(turned).tolist() == back[f"{name}_change"].tolist()
            words |= set(there[f"{name}_change"])
    assert {"becomes", "stays_not"} <= words


def test_other_people_cannot_be_compared():
    area = far_area(6, points=40, units=12, nodes=40)
    with pytest.raises(InputError, match="different demand points"):
        compare_access(area, far_area(6, points=39, units=12, nodes=40))
    assert not compare_access(area, area).groups["women_affected"].any()
