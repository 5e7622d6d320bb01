"""Observed bypass against loops, linear programmes for its bounds, and what must never come out of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from matcare.contracts.bypass import BYPASS
from matcare.errors import InputError
from matcare.measures import bypass as module
from matcare.measures.bypass import bypass

SOME = settings(max_examples=12, deadline=None)


def flows(area, rng, *, kind="county", cells=12):
    """Flows of counties to any facilities, each pair once, of 10 births or more."""
    fips = area.demand["county_fips"].unique()
    pairs = sorted({(str(rng.choice(fips)), int(rng.integers(len(area.facilities)))) for _ in range(cells)})
    return pd.DataFrame(
        {
            "origin": [o for o, _ in pairs], "origin_kind": kind, "county_fips": [o for o, _ in pairs],
            "lat": np.nan, "lon": np.nan, "facility_id": area.facilities["facility_id"].to_numpy()[[j for _, j in pairs]],
            "births": rng.integers(10, 400, len(pairs)).astype(float),
        }
    )  # fmt: skip


def brute(area, minutes, cells, service="birth_care"):
    """Of each cell that has the service: births, those that bypassed, minutes to the nearest and the used, by loops."""
    capable = area.facilities[f"counts_{service}"].to_numpy(bool)
    rows = []
    for cell in cells.itertuples():
        j = int(np.flatnonzero(area.facilities["facility_id"] == cell.facility_id)[0])
        if not capable[j]:
            continue
        total = own = near = used = timed = 0.0
        for i in np.flatnonzero(area.demand["county_fips"] == cell.origin):
            nearest = minutes[i, capable].min()
            if not np.isfinite(nearest):
                continue
            w = area.demand["women_15_44"].iloc[i]
            total += w
            own += w * (minutes[i, j] <= nearest)
            if np.isfinite(minutes[i, j]):
                timed, near, used = timed + w, near + w * nearest, used + w * minutes[i, j]
        if total:
            rows.append(
                (
                    cell.origin,
                    cell.facility_id,
                    cell.births,
                    cell.births * (1 - own / total),
                    own / total,
                    near / timed,
                    used / timed,
                )
            )
    return pd.DataFrame(rows, columns=["county", "facility", "births", "bypassed", "own", "near", "used"])


@pytest.mark.parametrize("seed", range(5))
def test_shares_and_minutes_agree_with_loops(toy, seed):
    area = toy.toy_area(seed)
    cells = flows(area, np.random.default_rng(seed))
    table = BYPASS.validate(bypass(area, cells).table)
    truth = brute(area, toy.toy_minutes(area), cells)
    for scope, key in (("county", "county"), ("facility", "facility")):
        for place, rows in truth.groupby(key):
            row = table[(table["scope"] == scope) & (table["place"] == place)].iloc[0]
            assert row["births"] == rows["births"].sum()
            if row["status"] == "given":
                assert row["share_bypassed"] == pytest.approx(rows["bypassed"].sum() / rows["births"].sum())
            mean = [np.average(rows[name], weights=rows["births"]) for name in ("near", "used")]
            assert [row["minutes_to_nearest"], row["minutes_to_used"]] == pytest.approx(mean)
            assert row["minutes_added"] == pytest.approx(mean[1] - mean[0])
    every = table[table["scope"] == "all"].iloc[0]
    assert every["births"] == truth["births"].sum()
    assert every["births"] + every["births_at_units_without_service"] == cells["births"].sum()
    assert (
        every["births"]
        == table.loc[table["scope"] == "county", "births"].sum()
        == table.loc[table["scope"] == "state", "births"].sum()
    )


@SOME
@given(st.integers(0, 60))
def test_bounds_enclose_the_estimate(toy, seed):
    area = toy.toy_area(seed)
    table = bypass(area, flows(area, np.random.default_rng(seed), cells=20)).table
    known = table[["share_bypassed_low", "share_bypassed", "share_bypassed_high"]].dropna().to_numpy()
    assert (np.diff(known, axis=1) >= -1e-9).all()


def least_and_most(flow, near):
    """Least and most mass off the diagonal of a table with these margins, by linear programmes."""
    k = len(flow)
    rows = np.kron(np.eye(k), np.ones(k))
    columns = np.kron(np.ones(k), np.eye(k))
    off = 1 - np.eye(k).ravel()
    return [linprog(sign * off, A_eq=np.vstack([rows, columns]), b_eq=np.r_[flow, near]).fun * sign for sign in (1, -1)]


@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_a_county_are_what_its_margins_allow(toy, seed):
    area = toy.toy_area(seed)
    minutes = toy.toy_minutes(area)
    rows = area.rows("birth_care")
    rng = np.random.default_rng(seed)
    for county in area.demand["county_fips"].unique():
        here = np.flatnonzero((area.demand["county_fips"] == county) & np.isfinite(minutes[:, rows].min(axis=1)))
        best = minutes[np.ix_(here, rows)]
        if not len(here) or ((best == best.min(axis=1, keepdims=True)).sum(axis=1) > 1).any():
            continue  # a tie is nobody's alone: the margins would not be shares
        women = area.demand["women_15_44"].to_numpy()[here]
        near = np.bincount(best.argmin(axis=1), weights=women, minlength=len(rows)) / women.sum()
        births = rng.integers(100, 900, len(rows)).astype(float)
        cells = pd.DataFrame(
            {
                "origin": county, "origin_kind": "county", "county_fips": county, "lat": np.nan, "lon": np.nan,
                "facility_id": area.facilities["facility_id"].to_numpy()[rows], "births": births,
            }
        )  # fmt: skip
        row = bypass(area, cells).table.query("scope == 'county'").iloc[0]
        low, high = least_and_most(births / births.sum(), near)
        if np.isfinite(row["share_bypassed_low"]):
            assert row["share_bypassed_low"] == pytest.approx(low, abs=1e-9)
        if np.isfinite(row["share_bypassed_high"]):
            assert row["share_bypassed_high"] == pytest.approx(high, abs=1e-9)


def test_blocks_of_points_change_nothing(toy, monkeypatch):
    area = toy.toy_area(7)
    cells = flows(area, np.random.default_rng(7), cells=20)
    whole = bypass(area, cells).table
    monkeypatch.setattr(module, "_POINTS_AT_ONCE", 1)
    pd.testing.assert_frame_equal(bypass(area, cells).table, whole)


def test_the_twin_of_the_nearest_is_not_bypass(toy):
    area = toy.toy_area(1)
    cells = flows(area, np.random.default_rng(1), cells=20)
    before = bypass(area, cells).table.set_index(["scope", "place"])
    facilities = area.facilities.copy()
    facilities["same_site_as"] = " ".join(facilities["facility_id"])  # all on one campus
    after = bypass(replace(area, facilities=facilities), cells).table.set_index(["scope", "place"])
    assert before.loc[("all", "all"), "share_bypassed"] > 0
    assert after.loc[("all", "all"), "share_bypassed"] == 0
    assert after.loc[("all", "all"), "births_at_units_without_service"] == 0  # the campus has the service


def test_service_changes_the_result(toy):
    area = toy.toy_area(2)
    cells = flows(area, np.random.default_rng(2), cells=20)
    birth, high = (bypass(area, cells, service=name).table.iloc[0] for name in ("birth_care", "neonatal_3_plus"))
    assert birth["births"] > high["births"]
    assert high["births_at_units_without_service"] > birth["births_at_units_without_service"]
    assert high["service"] == "neonatal_3_plus"
    with pytest.raises(InputError, match="unknown service"):
        bypass(area, cells, service="x")


def test_from_a_zip_code_the_bounds_fall_together(toy):
    area = toy.toy_area(3)
    place = np.flatnonzero(np.isfinite(toy.toy_minutes(area)).all(axis=1))[:3]
    rows = area.rows("birth_care")
    cells = pd.DataFrame(
        {
            "origin": np.repeat([f"5800{k}" for k in range(3)], len(rows)), "origin_kind": "zip", "county_fips": "38001",
            "lat": np.repeat(area.demand["lat"].to_numpy()[place], len(rows)),
            "lon": np.repeat(area.demand["lon"].to_numpy()[place], len(rows)),
            "facility_id": np.tile(area.facilities["facility_id"].to_numpy()[rows], 3), "births": 20.0,
        }
    )  # fmt: skip
    row = BYPASS.validate(bypass(area, cells).table).iloc[0]
    assert row["share_bypassed_low"] == row["share_bypassed"] == row["share_bypassed_high"]
    assert row["share_bypassed"] == pytest.approx(1 - 1 / len(rows), abs=0.12)  # one of them is the nearest, or a tie
    assert row["geography"] == "zip"
    assert row["minutes_added"] > 0


@SOME
@given(st.integers(0, 40))
def test_no_share_gives_a_small_count(toy, seed):
    area = toy.toy_area(seed)
    rng = np.random.default_rng(seed)
    cells = flows(area, rng, cells=10).assign(births=lambda frame: rng.integers(10, 14, len(frame)).astype(float))
    table = bypass(area, cells).table
    for name in ("share_bypassed", "share_bypassed_low", "share_bypassed_high"):
        count = (table[name] * table["births"]).dropna()
        other = table.loc[count.index, "births"] - count
        assert not (((count >= 0.5) & (count < 9.5)) | ((other >= 0.5) & (other < 9.5))).any()
    assert table.loc[table["status"] == "small_count", "share_bypassed"].isna().all()


def test_bad_flows_are_refused_and_places_outside_are_told(toy):
    area = toy.toy_area(4)
    cells = flows(area, np.random.default_rng(4))
    with pytest.raises(InputError, match="below 10"):
        bypass(area, cells.assign(births=9.0))
    strange = pd.concat([cells, cells.head(2).assign(facility_id="nowhere")], ignore_index=True)
    found = bypass(area, strange)
    assert "2 pairs" in found.notes[0]
    pd.testing.assert_frame_equal(found.table, bypass(area, cells).table)
    with pytest.raises(InputError, match="no pair of the flows"):
        bypass(area, cells.assign(facility_id="nowhere"))
    with pytest.raises(InputError, match="counts for birth_care"):
        bypass(replace(area, facilities=area.facilities.assign(counts_birth_care=False)), cells)


def test_women_without_minutes_have_no_share(toy):
    area = toy.toy_area(0)
    lost = area.demand["county_fips"].to_numpy()[-1]
    demand = area.demand.copy()
    demand.loc[demand["county_fips"] == lost, "county_fips"] = "46099"
    demand.loc[len(demand) - 1, "county_fips"] = lost  # the point without a road is all that the county has
    cells = flows(area, np.random.default_rng(0)).assign(origin=lost, county_fips=lost).drop_duplicates("facility_id")
    row = bypass(replace(area, demand=demand), cells).table.iloc[0]
    assert row["status"] == "without_minutes"
    assert np.isnan(row["share_bypassed"])
