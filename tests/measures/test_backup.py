"""Backup and care across state lines, against loops over the full table of a toy region."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.backup import BACKUP_COLUMNS, CARE_TIER_COLUMNS, CARE_TIERS, CROSS_BORDER, OWNERSHIPS
from matcare.contracts.model import Table
from matcare.errors import InputError
from matcare.measures.backup import backup_points, county_backup, cross_border, ownership
from matcare.measures.care_tiers import county_care_tiers, tier_members
from matcare.measures.risk_groups import sites_of

SOME = settings(max_examples=25, deadline=None)


def keeps(columns, frame):
    return Table(name="columns", title="", description="", columns=columns).validate(frame.reset_index())


def with_twins(area, pairs):
    """The same area with pairs of facilities on one campus."""
    facilities = area.facilities.copy()
    for a, b in pairs:
        for one, other in ((a, b), (b, a)):
            facilities.loc[one, "same_site_as"] = facilities.loc[other, "facility_id"]
    return replace(area, facilities=facilities)


def brute(area, minutes, service="birth_care"):
    """Nearest and second-nearest campus of each point, and the nearest in its own state, with plain loops."""
    counts = area.facilities[f"counts_{service}"].to_numpy(bool)
    group = {}
    for _, row in area.facilities.iterrows():
        twins = str(row["same_site_as"]).split() if isinstance(row["same_site_as"], str) else []
        group[row["facility_id"]] = min([row["facility_id"], *twins])
    label = [group[i] for i in area.facilities["facility_id"]]
    result = []
    for i in range(len(area.demand)):
        home = {"38": "ND", "46": "SD"}[area.demand["county_fips"].iloc[i][:2]]
        able = sorted((minutes[i, j], j) for j in range(len(counts)) if counts[j] and np.isfinite(minutes[i, j]))
        first = able[0] if able else (np.inf, -1)
        second = next(((m, j) for m, j in able if label[j] != label[first[1]]), (np.inf, -1)) if able else (np.inf, -1)
        own = min((m for m, j in able if area.facilities["state"].iloc[j] == home), default=np.inf)
        result.append((first[0], second[0], own))
    return np.array(result)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("pairs", [[], [(0, 1)], [(0, 1), (2, 5)]])
def test_second_unit_and_own_state_agree_with_loops(toy, seed, pairs):
    area = with_twins(toy.toy_area(seed), pairs)
    found = backup_points(area)
    wanted = brute(area, toy.toy_minutes(area))
    for mine, column in ((found.minutes, 0), (found.minutes_second, 1), (found.minutes_in_state, 2)):
        assert np.array_equal(np.where(np.isnan(mine), np.inf, mine), wanted[:, column])
    lost = np.isnan(found.minutes_second)
    assert (found.facility_second[lost] == -1).all()
    assert set(found.reason_second[lost]) <= {"unreachable", "no_road_access", "no_second_unit"}
    assert (found.reason_second[~lost] == "covered").all()


@pytest.mark.parametrize("seed", range(3))
def test_county_columns_are_weighted_by_women(toy, seed):
    area = toy.toy_area(seed)
    points = backup_points(area)
    table = county_backup(area, points)
    keeps(BACKUP_COLUMNS, table)
    truth = brute(area, toy.toy_minutes(area))
    women = area.demand["women_15_44"].to_numpy()
    for county, row in table.iterrows():
        here = (area.demand["county_fips"] == county).to_numpy()
        if not here.any():
            assert row["minutes_second_birth_care_reason"] == "no_demand_points"
            continue
        w, first, second, own = women[here], *truth[here].T
        for limit in (30, 60):
            assert row[f"share_women_within_{limit}_second_birth_care"] == pytest.approx(
                w[second <= limit].sum() / w.sum()
            )
            one = w[(first <= limit) & ~(second <= limit)].sum() / w.sum()
            assert row[f"share_women_one_unit_within_{limit}_birth_care"] == pytest.approx(one)
            lost = w[(first <= limit) & ~(own <= limit)].sum()
            assert row[f"women_newly_beyond_{limit}_in_state_only_birth_care"] == pytest.approx(lost)
        assert row["women_nearest_birth_care_out_of_state"] == pytest.approx(w[own > first].sum())
        has = np.isfinite(second)
        if w[has].sum() >= w[~has].sum():
            assert row["minutes_second_birth_care"] == pytest.approx((w * second)[has].sum() / w[has].sum())
            assert row["minutes_added_second_birth_care"] == pytest.approx(
                (w[has] * (second[has] - first[has])).sum() / w[has].sum()
            )


def test_a_twin_is_no_backup(toy):
    area = toy.toy_area(1)
    nearest = backup_points(area)
    point = int(np.flatnonzero(nearest.facility_second >= 0)[0])
    twins = with_twins(area, [(nearest.facility[point], nearest.facility_second[point])])
    found = backup_points(twins)
    assert found.minutes[point] == nearest.minutes[point]
    assert found.minutes_second[point] > nearest.minutes_second[point]


def test_service_and_limit_change_the_result(toy):
    area = toy.toy_area(2)
    every, some = backup_points(area), backup_points(area, limit_minutes=12)
    assert (some.reason_second == "beyond_limit").sum() > (every.reason_second == "beyond_limit").sum() == 0
    assert not (some.minutes_second > 12).any()
    fewer = backup_points(area, service="neonatal_3_plus")
    assert np.nansum(fewer.minutes) > np.nansum(every.minutes)
    with pytest.raises(InputError, match="unknown service"):
        backup_points(area, service="surgery")
    with pytest.raises(InputError, match="limit"):
        backup_points(area, limit_minutes=-1)


@SOME
@given(st.integers(0, 40), st.data())
def test_closing_a_unit_never_brings_a_backup_nearer(toy, seed, data):
    area = toy.toy_area(seed)
    gone = data.draw(st.sampled_from(list(area.rows("birth_care"))))
    facilities = area.facilities.copy()
    facilities.loc[gone, "counts_birth_care"] = False
    before, after = backup_points(area), backup_points(replace(area, facilities=facilities))
    for name in ("minutes", "minutes_second", "minutes_in_state"):
        was, now = (np.nan_to_num(getattr(found, name), nan=np.inf) for found in (before, after))
        assert (now >= was).all()
    assert (np.nan_to_num(after.minutes_second, nan=np.inf) >= np.nan_to_num(after.minutes, nan=np.inf)).all()


@pytest.mark.parametrize("seed", range(3))
def test_cross_border_counts_every_woman_whose_nearest_is_away(toy, seed):
    area = toy.toy_area(seed)
    points = backup_points(area)
    table = CROSS_BORDER.validate(cross_border(area, points))
    assert (table["home_state"] != table["unit_state"]).all()
    assert table["women_15_44"].sum() == pytest.approx(
        county_backup(area, points)["women_nearest_birth_care_out_of_state"].sum()
    )
    truth = brute(area, toy.toy_minutes(area))
    women = area.demand["women_15_44"].to_numpy()
    for row in table.itertuples():
        here = area.demand["county_fips"].str[:2].map({"38": "ND", "46": "SD"}).to_numpy() == row.home_state
        away = here & (truth[:, 2] > truth[:, 0])
        assert row.women_15_44 == pytest.approx(women[away].sum())
        assert row.share_women_of_home_state == pytest.approx(women[away].sum() / women[here].sum())
        assert row.minutes == pytest.approx((women * truth[:, 0])[away].sum() / women[away].sum())
        for limit in (30, 60):
            lost = away & (truth[:, 0] <= limit) & ~(truth[:, 2] <= limit)
            assert getattr(row, f"women_newly_beyond_{limit}_in_state_only") == pytest.approx(women[lost].sum())


def test_campuses_join_by_way_of_a_third():
    frame = pd.DataFrame({"facility_id": list("abcd"), "same_site_as": ["b", "a c", None, None]})
    assert sites_of(frame).tolist() == [0, 0, 0, 1]
    assert sites_of(frame.assign(same_site_as=None)).tolist() == [0, 1, 2, 3]
    assert sites_of(pd.DataFrame({"facility_id": ["a"], "same_site_as": ["not_here"]})).tolist() == [0]


def test_ownership_reads_cms_words_and_never_takes_federal_for_ihs():
    said = ["Tribal", "indian_health_service", "federal", "Department of Defense", "Proprietary", None]
    frame = pd.DataFrame({"kind": ["hospital"] * 5 + ["military_hospital"], "ownership": said})
    owner = ownership(frame)
    assert owner.tolist() == ["tribal", "indian_health_service", "not_reported", "military", "other", "military"]
    assert set(owner) <= set(OWNERSHIPS)
    named = frame.assign(facility_name=["X", "X", "GALLUP INDIAN MEDICAL CENTER", "X", "INDIAN PATH HOSPITAL", "X"])
    assert ownership(named).tolist() == ["tribal", "indian_health_service", "tribal", "military", "other", "military"]


def test_nearest_tribal_unit_is_a_share_where_it_is_known(toy):
    area = toy.toy_area(3)
    points = backup_points(area)
    name = "share_women_nearest_birth_care_tribal_or_ihs"
    untold = replace(area, facilities=area.facilities.drop(columns="ownership"))
    assert set(county_backup(untold, points)[f"{name}_status"]) == {"not_reported"}
    used = np.unique(points.facility[points.facility >= 0])
    all_known = area.facilities.assign(ownership="Proprietary")
    all_known.loc[used[0], "ownership"] = "Tribal"
    table = county_backup(replace(area, facilities=all_known), points)
    assert set(table.loc[table[name].notna(), f"{name}_status"]) == {"reported"}
    women = area.demand["women_15_44"].to_numpy()
    got = (table[name] * area.demand.groupby("county_fips")["women_15_44"].sum()).sum()
    assert got == pytest.approx(women[points.facility == used[0]].sum())
    some = all_known.copy()
    some.loc[used[1], "ownership"] = None
    table = county_backup(replace(area, facilities=some), points)
    assert "partly_reported" in set(table[f"{name}_status"])
    land = county_backup(replace(area, facilities=area.facilities.assign(on_tribal_land="yes")), points)
    assert land["share_women_nearest_birth_care_on_tribal_land"].max() > 0.8


def test_each_tier_has_its_own_minutes_and_adds_to_no_capability(toy):
    area = toy.toy_area(4)
    facilities = area.facilities.copy()
    facilities.loc[0, "kind"], facilities.loc[1, "kind"] = "birth_center", "military_hospital"
    facilities["ownership"], facilities["hospital_type"], facilities["telehealth"] = "Proprietary", "acute", "no"
    facilities.loc[2, "ownership"], facilities.loc[3, "hospital_type"], facilities.loc[4, "telehealth"] = (
        "Tribal",
        "rural_emergency",
        "yes",
    )
    with_tiers = replace(area, facilities=facilities)
    members = tier_members(facilities)
    assert list(members) == list(CARE_TIERS)
    assert [np.flatnonzero(members[tier]).tolist() for tier in CARE_TIERS] == [[0], [1], [2], [3], [4]]
    table = county_care_tiers(with_tiers)
    keeps(CARE_TIER_COLUMNS, table)
    minutes, women = toy.toy_minutes(area), area.demand["women_15_44"].to_numpy()
    for column, tier in enumerate(CARE_TIERS):
        for county in table.index[table[f"share_women_within_30_{tier}"].notna()]:
            here = (area.demand["county_fips"] == county).to_numpy()
            for limit in (30, 60):
                wanted = women[here & (minutes[:, column] <= limit)].sum() / women[here].sum()
                assert table.loc[county, f"share_women_within_{limit}_{tier}"] == pytest.approx(wanted)
    assert np.array_equal(with_tiers.members("birth_care"), area.members("birth_care"))


def test_a_tier_that_the_columns_do_not_tell_is_not_reported(toy):
    area = toy.toy_area(4)
    facilities = area.facilities.drop(columns=["ownership", "hospital_type", "telehealth"])
    table = county_care_tiers(replace(area, facilities=facilities))
    assert set(table["minutes_emergency_only_reason"]) == {"not_reported"}
    assert table["share_women_within_60_telehealth"].isna().all()
    # The kinds are told, and there is none: nobody can reach one.
    assert set(table["minutes_birth_center_reason"]) <= {"unreachable", "no_road_access", "no_demand_points"}
    closed = area.facilities.assign(kind="birth_center", status="closed")
    assert not tier_members(closed)["birth_center"].any()


def test_limit_shuts_a_tier_out(toy):
    area = toy.toy_area(4)
    area = replace(area, facilities=area.facilities.assign(kind="birth_center"))
    near, far = county_care_tiers(area, limit_minutes=1), county_care_tiers(area)
    assert near["share_women_within_30_birth_center"].sum() < far["share_women_within_30_birth_center"].sum()


def test_midwives_and_telehealth(toy):
    area = toy.toy_area(0)
    counties = area.counties.copy()
    counties["births_per_year"], counties["midwives"] = [200.0, 0.0, np.nan, 100.0], [3.0, 1.0, 1.0, np.nan]
    told = pd.Series([True, False], index=["38001", "46001"])
    table = county_care_tiers(replace(area, counties=counties), telehealth=told)
    assert table["midwives_per_10000_births"].iloc[0] == 150
    assert table["midwives_per_10000_births"].iloc[1:].isna().all()
    assert table["midwives_per_10000_births_status"].tolist() == [
        "computed",
        "no_births",
        "births_not_known",
        "midwives_not_reported",
    ]
    assert table["telehealth_maternity_care"].tolist() == ["yes", "not_reported", "no", "not_reported"]
    with pytest.raises(InputError, match="stands twice"):
        county_care_tiers(area, telehealth=pd.Series([True, True], index=["38001", "38001"]))
