"""Floating catchments on the toy region: against loops over a full table, against PySAL `access`, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from access import fca
from access.weights import step_fn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.contracts.catchments import (
    CATCHMENT_POINTS,
    CATCHMENT_UNITS,
    CATCHMENTS,
    COUNTY_CATCHMENT_COLUMNS,
)
from matcare.errors import InputError
from matcare.measures.catchment_tables import (
    catchment_points,
    catchment_units,
    county_catchments,
    county_columns,
    share_of_births_worse,
)
from matcare.measures.catchments import DEFAULT_DECAYS, catchment_scores, catchments
from matcare.scenario.decay import DECAYS, Decay

SOME = settings(
    max_examples=20, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
METHODS = st.sampled_from(list(DEFAULT_DECAYS))
SEEDS = st.integers(0, 10**4)


def asked(toy, seed, **sizes):
    """A region, its minutes by SciPy, demand (some none) and supply."""
    area = toy.toy_area(seed, **sizes)
    rng = np.random.default_rng(seed)
    demand = np.where(rng.random(len(area.demand)) < 0.2, 0.0, area.demand["births_per_year"])
    return area, toy.toy_minutes(area), demand, rng.integers(1, 6, len(area.facilities)).astype(float)


def by_hand(method, decay, minutes, supply, demand):
    """Scores and units' demand by loops over the table: nothing of the sweeps, nothing of their algebra."""
    n, m = minutes.shape
    w = [[float(decay.weight(minutes[i, j])) for j in range(m)] for i in range(n)]
    if method == "3sfca":
        chosen = [[w[i][j] / sum(w[i]) if sum(w[i]) > 0 else 0.0 for j in range(m)] for i in range(n)]
    else:
        chosen = [[1.0] * m for _ in range(n)]
    competing = [sum(demand[k] * chosen[k][j] * w[k][j] for k in range(n)) for j in range(m)]
    score = []
    for i in range(n):
        total = 0.0
        for j in range(m):
            if competing[j] > 0:
                again = w[i][j] if method == "m2sfca" else chosen[i][j]
                total += supply[j] / competing[j] * w[i][j] * again
        score.append(total)
    return np.array(score), np.array(competing)


@SOME
@given(method=METHODS, seed=SEEDS)
def test_scores_are_those_of_the_table(toy, method, seed):
    area, minutes, demand, supply = asked(toy, seed)
    found = catchment_scores(area.trips, method=method, supply=supply, demand=demand)
    score, competing = by_hand(method, DEFAULT_DECAYS[method], minutes, supply, demand)
    stands = ~np.isnan(found.score)
    np.testing.assert_allclose(found.score[stands], score[stands], rtol=1e-12)
    np.testing.assert_allclose(found.demand_in_range, competing, rtol=1e-12)
    near = minutes <= DEFAULT_DECAYS[method].limit_minutes
    useful = (near & (competing > 0)).any(axis=1)
    assert (found.reason == "covered").tolist() == useful.tolist()
    assert (found.score[~near.any(axis=1)] == 0).all()
    assert (np.isnan(found.score) == (near.any(axis=1) & ~useful)).all()
    assert (found.reason[np.isnan(found.score)] == "no_demand_in_range").all()
    assert (found.status == "no_demand_in_range").tolist() == (competing == 0).tolist()


@SOME
@given(method=METHODS, seed=SEEDS)
def test_scores_times_demand_are_the_supply_in_range(toy, method, seed):
    area, _, demand, supply = asked(toy, seed)
    found = catchment_scores(area.trips, method=method, supply=supply, demand=demand)
    handed_out = np.nansum(found.score * demand)
    in_range = supply[found.status == "counted"].sum()
    if method == "m2sfca":
        assert handed_out <= in_range * (1 + 1e-12)
    else:
        assert handed_out == pytest.approx(in_range, rel=1e-12)


def test_the_modified_form_hands_out_less_where_units_lie_far(toy):
    # Every weight 1: nothing is lost. Some below 1: something is.
    area, _, demand, supply = asked(toy, 3)
    totals = []
    for decay in (Decay.steps((90,), (1,)), DECAYS["e2sfca_maternity"], Decay.steps((30, 90), (1, 0.1))):
        found = catchment_scores(area.trips, method="m2sfca", supply=supply, demand=demand, decay=decay)
        totals.append(np.nansum(found.score * demand) / supply[found.status == "counted"].sum())
    assert totals[0] == pytest.approx(1)
    assert totals[1] < 0.999
    assert totals[2] < 0.999


def test_a_region_that_can_be_counted(toy):
    # Two points, two units; all that is in range is everything, at weight 1.
    area, minutes, _, _ = asked(toy, 1)
    demand, supply = np.zeros(len(area.demand)), np.zeros(len(area.facilities))
    i, j = np.unravel_index(np.argmin(minutes), minutes.shape)
    demand[i], supply[j] = 200.0, 3.0
    found = catchment_scores(area.trips, method="2sfca", supply=supply, demand=demand)
    assert found.score[i] == pytest.approx(3 / 200)
    assert (found.ratio[j], found.demand_in_range[j]) == (pytest.approx(0.015), 200.0)
    assert (np.delete(found.status, j) == "no_supply").all()
    assert found.score[minutes[:, j] > 60].tolist() == [0] * int((minutes[:, j] > 60).sum())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", ["2sfca", "e2sfca", "3sfca"])
def test_pysal_access_finds_the_same(toy, method, seed):
    area, minutes, demand, supply = asked(toy, seed)
    decay = DEFAULT_DECAYS[method]
    demand = np.maximum(demand, 0.5)  # access divides by the demand in range, none of which may be missing
    i, j = np.nonzero(minutes <= decay.limit_minutes)
    cost = pd.DataFrame({"origin": i, "dest": j, "cost": minutes[i, j]})
    people = pd.DataFrame({"demand": demand}, index=pd.Index(range(len(demand)), name="geoid"))
    units = pd.DataFrame({"supply": supply}, index=pd.Index(range(len(supply)), name="geoid"))
    ask = fca.three_stage_fca if method == "3sfca" else fca.two_stage_fca
    theirs = ask(
        people, units, cost, max_cost=decay.limit_minutes, demand_index=True, demand_name="demand",
        supply_name="supply", weight_fn=step_fn(dict(zip(decay.minutes, decay.values, strict=True))),
    )  # fmt: skip
    ours = catchment_scores(area.trips, method=method, supply=supply, demand=demand).score
    np.testing.assert_allclose(ours[theirs.index], theirs.to_numpy(), rtol=1e-10)
    # Where nothing is in range, access has no row at all; ours is a 0 with its reason.
    assert (np.delete(ours, theirs.index) == 0).all()


@SOME
@given(method=METHODS, seed=SEEDS, unit=st.integers(0, 8), more=st.floats(0.1, 10))
def test_more_supply_never_lowers_a_score(toy, method, seed, unit, more):
    area, _, demand, supply = asked(toy, seed)
    larger = supply.copy()
    larger[unit] += more
    before, after = (
        catchment_scores(area.trips, method=method, supply=each, demand=demand).score for each in (supply, larger)
    )
    assert (np.isnan(before) == np.isnan(after)).all()
    assert (np.nan_to_num(after) >= np.nan_to_num(before) * (1 - 1e-12)).all()


@SOME
@given(method=st.sampled_from(["2sfca", "e2sfca", "m2sfca", "gravity"]), seed=SEEDS, unit=st.integers(0, 8))
def test_a_unit_that_closes_never_helps(toy, method, seed, unit):
    # Not so with 3sfca: demand that turns to others raises and lowers scores alike.
    area, _, demand, supply = asked(toy, seed)
    fewer = supply.copy()
    fewer[unit] = 0
    before, after = (
        catchment_scores(area.trips, method=method, supply=each, demand=demand).score for each in (supply, fewer)
    )
    known = ~np.isnan(after) & ~np.isnan(before)
    assert (after[known] <= before[known] * (1 + 1e-12)).all()


@SOME
@given(method=METHODS, seed=SEEDS, factor=st.floats(0.1, 10))
def test_scale_of_supply_and_demand(toy, method, seed, factor):
    area, _, demand, supply = asked(toy, seed)
    one = catchment_scores(area.trips, method=method, supply=supply, demand=demand).score
    twice = catchment_scores(area.trips, method=method, supply=supply * factor, demand=demand).score
    half = catchment_scores(area.trips, method=method, supply=supply, demand=demand * factor).score
    np.testing.assert_allclose(twice, one * factor, rtol=1e-9)
    np.testing.assert_allclose(half, one / factor, rtol=1e-9)


def test_every_parameter_matters(toy):
    area, _, _, supply = asked(toy, 2)
    base = catchments(area)
    others = [
        catchments(area, service="neonatal_2_plus"),
        *(catchments(area, method=method) for method in DEFAULT_DECAYS if method != "e2sfca"),
        catchments(area, decay=DECAYS["e2sfca_original"]),
        catchments(area, decay=Decay.steps((30, 60, 90), (1, 0.42, 0.09))),
        catchments(area, supply=supply, supply_basis="made numbers"),
        catchments(area, demand="people"),
    ]
    for other in others:
        assert not np.array_equal(base.scores.score, other.scores.score, equal_nan=True)
    assert base.supply_basis == "one per unit"
    assert base.supply_in_range == (base.scores.status == "counted").sum()


def test_what_is_not_known_is_not_none(toy):
    area, minutes, demand, supply = asked(toy, 4)
    demand = np.maximum(demand, 1.0)
    near = minutes <= 90
    both = np.flatnonzero(near.sum(axis=1) >= 2)
    hidden = int(np.flatnonzero(near[both[0]])[0])
    unknown_supply, unknown_demand = supply.copy(), demand.copy()
    unknown_supply[hidden] = np.nan
    unknown_demand[both[0]] = np.nan
    found = catchment_scores(area.trips, method="e2sfca", supply=unknown_supply, demand=demand)
    without = np.delete(near, hidden, axis=1).any(axis=1)
    assert found.status[hidden] == "supply_unknown"
    assert np.isnan(found.ratio[hidden])
    assert (found.reason[near[:, hidden] & without] == "partly_known").all()
    only = near[:, hidden] & ~without
    assert (found.reason[only] == "supply_unknown").all()
    assert np.isnan(found.score[only]).all()
    kept = np.delete(np.arange(len(supply)), hidden)
    score, _ = by_hand("e2sfca", DEFAULT_DECAYS["e2sfca"], minutes[:, kept], supply[kept], demand)
    np.testing.assert_allclose(found.score[~only], score[~only], rtol=1e-12)
    found = catchment_scores(area.trips, method="e2sfca", supply=supply, demand=unknown_demand)
    assert np.isnan(found.score[both[0]])
    assert found.reason[both[0]] == "demand_unknown"
    score, _ = by_hand("e2sfca", DEFAULT_DECAYS["e2sfca"], minutes, supply, np.nan_to_num(unknown_demand))
    rest = np.delete(np.arange(len(demand)), both[0])
    np.testing.assert_allclose(found.score[rest], score[rest], rtol=1e-12)


def test_a_point_with_none_in_range_has_zero_and_its_reason(toy):
    area, minutes, demand, supply = asked(toy, 0)
    found = catchment_scores(
        area.trips, method="2sfca", supply=supply, demand=demand + 1, decay=Decay.steps((2,), (1,))
    )
    far = np.isfinite(minutes).any(axis=1) & ~(minutes <= 2).any(axis=1)
    assert far.any()
    assert (found.score[far] == 0).all()
    assert (found.reason[far] == "none_in_range").all()
    assert found.reason[-2:].tolist() == ["unreachable", "no_road_access"]
    assert found.score[-2:].tolist() == [0, 0]


def test_no_unit_has_a_supply(toy):
    area, _, demand, supply = asked(toy, 0)
    found = catchment_scores(area.trips, method="3sfca", supply=supply * 0, demand=demand)
    assert (found.score == 0).all()
    assert set(found.status) == {"no_supply"}


def test_wrong_questions_are_refused_in_one_line(toy):
    area, _, demand, supply = asked(toy, 0)
    for options, words in (
        ({"method": "4sfca"}, "method '4sfca': one of 2sfca, e2sfca"),
        ({"method": "raam"}, "use raam_scores"),
        ({"method": "2sfca", "decay": DECAYS["e2sfca_original"]}, "it takes one band of weight 1"),
        ({"method": "gravity", "decay": DECAYS["two_step_60"]}, "it takes a gaussian, exponential or power decay"),
        ({"supply": supply}, "say what the numbers are"),
        ({"supply_basis": "clinicians"}, "no numbers came with it"),
        ({"supply": supply[1:], "supply_basis": "clinicians"}, "give one number for each of 9"),
        ({"supply": -supply, "supply_basis": "clinicians"}, "supply, row 0: -"),
        ({"demand": "births"}, "demand 'births' is no column"),
        ({"service": "maternal_3"}, "unknown service 'maternal_3'"),
    ):
        with pytest.raises(InputError) as refusal:
            catchments(area, **options)
        assert words in str(refusal.value)
        assert "\n" not in str(refusal.value)
    with pytest.raises(InputError, match="demand, row 0: inf"):
        catchment_scores(area.trips, method="2sfca", supply=supply, demand=demand * 0 + np.inf)


# Counties.


def test_county_means_by_hand(toy):
    area, _, _, _ = asked(toy, 5)
    found = catchments(area, decay=Decay.steps((12, 25), (1, 0.5)))
    table = CATCHMENTS.validate(county_catchments(area, found))
    assert table["county_fips"].tolist() == area.counties["county_fips"].tolist()
    for row in table.itertuples():
        mine = np.flatnonzero(area.demand["county_fips"] == row.county_fips)
        women = area.demand["women_15_44"].to_numpy()[mine]
        score = found.scores.score[mine]
        known = ~np.isnan(score)
        none = np.isin(found.scores.reason[mine], ["none_in_range", "unreachable", "no_road_access"])
        assert row.women_15_44 == pytest.approx(women.sum())
        assert row.share_women_none_in_range == pytest.approx(women[none].sum() / women.sum())
        assert row.share_women_without_score == pytest.approx(women[~known].sum() / women.sum())
        assert row.score == pytest.approx(1000 * np.average(score[known], weights=women[known]))
        if none.all():
            assert row.reason in {"none_in_range", "unreachable", "no_road_access"}
            assert row.score == 0
        else:
            assert row.reason == ("partly_covered" if none.any() or not known.all() else "covered")
    assert table["share_women_none_in_range"].max() > 0


def test_most_women_without_a_score_no_mean(toy):
    area, _, _, supply = asked(toy, 5)
    found = catchments(area, supply=np.where(np.arange(len(supply)) < 8, np.nan, supply), supply_basis="made")
    table = county_catchments(area, found)
    unknown = table["share_women_without_score"] > 0.5
    assert table.loc[unknown, "score"].isna().all()
    assert (table.loc[unknown, "reason"] == "supply_unknown").all() or not unknown.any()
    assert (table.loc[~unknown & (table["share_women_none_in_range"] < 1), "reason"] != "covered").any()
    missing = area.demand.assign(county_fips="38001")
    alone = type(area)(counties=area.counties, demand=missing, facilities=area.facilities, trips=area.trips)
    rows = county_catchments(alone, catchments(alone))
    assert rows["reason"].tolist()[1:] == ["no_demand_points"] * 3
    assert rows["score"].isna().tolist() == [False, True, True, True]
    assert rows["lowest_tenth"].isna().tolist() == [False, True, True, True]


def test_people_weigh_where_no_women_are_known(toy):
    area, _, _, _ = asked(toy, 5)
    fips = area.demand["county_fips"].iloc[0]
    mine = area.demand["county_fips"] == fips
    blind = area.demand.assign(women_15_44=area.demand["women_15_44"].mask(mine))
    area = type(area)(counties=area.counties, demand=blind, facilities=area.facilities, trips=area.trips)
    found = catchments(area)
    row = county_catchments(area, found).set_index("county_fips").loc[fips]
    score, people = found.scores.score[mine], area.demand["people"].to_numpy()[mine]
    known = ~np.isnan(score)
    assert row["score"] == pytest.approx(1000 * np.average(score[known], weights=people[known]))
    assert np.isnan(row["women_15_44"])


def test_the_lowest_tenth_of_births():
    frame = pd.DataFrame(
        {
            "score": [5.0, 0.0, 0.0, 1.0, 2.0, np.nan],
            "births_per_year": [800, 40, 40, 100, 20, 500],
            "share_women_none_in_range": [0, 1, 1, 0, 0, 1.0],
        }
    )
    worse = share_of_births_worse(frame, highest_worst=False)
    np.testing.assert_allclose(worse, [0.2, 0, 0, 0.08, 0.18, np.nan])
    worse = share_of_births_worse(frame, highest_worst=True)  # a cost: the one without any is the worst
    np.testing.assert_allclose(worse * 1500, [500, 1420, 1420, 1320, 1300, 0])


def test_tables_keep_their_contracts(toy):
    area, _, _, supply = asked(toy, 6)
    supply[[0, 1]] = [np.nan, 0]
    found = catchments(area, method="m2sfca", supply=supply, supply_basis="made numbers")
    units = CATCHMENT_UNITS.validate(catchment_units(area, found))
    assert units["facility_id"].tolist() == area.facilities["facility_id"].iloc[found.facility].tolist()
    assert units["ratio"].notna().tolist() == (units["status"] == "counted").tolist()
    points = CATCHMENT_POINTS.validate(catchment_points(area, found))
    np.testing.assert_array_equal(points["score"], found.scores.score * 1000)
    columns = county_columns(county_catchments(area, catchments(area)))
    assert list(columns.columns) == [column.name for column in COUNTY_CATCHMENT_COLUMNS]


def test_tables_of_some_states(toy):
    area, _, _, _ = asked(toy, 6)
    found = catchments(area)
    whole, part = county_catchments(area, found), county_catchments(area, found, states={"ND"})
    assert part["county_fips"].tolist() == ["38001", "38003"]
    pd.testing.assert_series_equal(part["score"], whole["score"].iloc[:2])
    assert part["share_births_worse"].min() == 0
    units = catchment_units(area, found, states=("SD",))
    assert set(units["state"]) == {"SD"}
    assert 0 < len(units) < len(catchment_units(area, found))


def test_units_whose_supply_is_lost_are_named(toy):
    area, minutes, _, _ = asked(toy, 7)
    empty = area.demand.assign(births_per_year=np.where(np.arange(len(area.demand)) == 0, 5.0, 0.0))
    area = type(area)(counties=area.counties, demand=empty, facilities=area.facilities, trips=area.trips)
    found = catchments(area, decay=Decay.steps((20,), (1,)), method="2sfca")
    birth_care = area.rows("birth_care")
    wanted = birth_care[minutes[0, birth_care] > 20]
    assert len(wanted)
    assert found.lost.tolist() == wanted.tolist()
    assert found.supply_in_range == len(birth_care) - len(wanted)
