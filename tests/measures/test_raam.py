"""The rational agent access model: against a quadratic programme, against PySAL `access`, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from access.raam import raam as access_raam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from matcare.contracts.catchments import CATCHMENT_UNITS, CATCHMENTS
from matcare.errors import InputError
from matcare.measures.catchment_tables import catchment_units, county_catchments
from matcare.measures.raam import raam_catchments, raam_scores
from matcare.measures.raam_equilibrium import settle

SOME = settings(
    max_examples=12, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
SEEDS = st.integers(0, 10**4)


def asked(toy, seed, **sizes):
    area = toy.toy_area(seed, **sizes)
    rng = np.random.default_rng(seed)
    return (
        area,
        toy.toy_minutes(area),
        rng.integers(1, 90, len(area.demand)) * 1.0,
        rng.integers(1, 6, len(area.facilities)) * 1.0,
    )


def least_potential(minutes, demand, supply, limit, tau):
    """Beckmann's programme by SciPy: loads of the units at the equilibrium."""
    i, j = np.nonzero(minutes <= limit)
    served = np.unique(i)
    used = np.unique(j)
    rho = demand[served].sum() / supply[used].sum()
    drive, slope = minutes[i, j] / tau, 1 / (rho * supply)
    into = (np.arange(len(supply))[:, None] == j).astype(float)
    outof = (served[:, None] == i).astype(float)
    start = demand[i] / outof.sum(axis=0)[np.zeros(len(i), int)] / outof.sum(axis=1)[np.searchsorted(served, i)]
    done = minimize(
        lambda x: x @ drive + 0.5 * slope @ (into @ x) ** 2, start,
        jac=lambda x: drive + (slope * (into @ x))[j], hess=lambda _: into.T @ (slope[:, None] * into),
        bounds=[(0, None)] * len(i), constraints=[LinearConstraint(outof, demand[served], demand[served])],
        method="trust-constr", options={"gtol": 1e-10, "xtol": 1e-12, "maxiter": 2000},
    )  # fmt: skip
    load = into @ done.x
    cost = np.full(len(demand), np.inf)
    np.minimum.at(cost, i, drive + (slope * load)[j])
    return load, cost


@pytest.mark.parametrize("seed", range(4))
def test_costs_are_those_of_the_quadratic_programme(toy, seed):
    area, minutes, demand, supply = asked(toy, seed, points=12, units=5)
    load, cost = least_potential(minutes, demand, supply, 80, 30)
    pairs = area.trips.within(limit_minutes=80)
    exact = settle(pairs, supply=supply, demand=demand, tau_minutes=30, gain=1e-12, rounds=3000)
    assert exact.gain <= 1e-12
    np.testing.assert_allclose(exact.load, load, rtol=1e-4, atol=0.01)
    np.testing.assert_allclose(exact.cost, cost, rtol=1e-4)
    scores, found = raam_scores(area.trips, supply=supply, demand=demand, limit_minutes=80, tau_minutes=30)
    known = np.isfinite(cost)
    np.testing.assert_allclose(scores.score[known], cost[known], rtol=5e-3)
    assert np.isnan(scores.score[~known]).all()
    assert found.gain <= 1e-5


@SOME
@given(seed=SEEDS, tau=st.sampled_from([5.0, 30.0, 60.0, 500.0]), limit=st.sampled_from([15.0, 60.0, 200.0]))
def test_nobody_gains_by_choosing_another_unit(toy, seed, tau, limit):
    area, minutes, demand, supply = asked(toy, seed)
    scores, found = raam_scores(area.trips, supply=supply, demand=demand, limit_minutes=limit, tau_minutes=tau)
    near = minutes <= limit
    served, used = near.any(axis=1), near.any(axis=0)
    if not served.any():
        return
    assert found.load.sum() == pytest.approx(demand[served].sum())
    rho = demand[served].sum() / supply[used].sum()
    cost = np.where(near, minutes / tau + found.load / (rho * supply), np.inf)
    np.testing.assert_allclose(scores.score[served], cost[served].min(axis=1), rtol=1e-9)
    # What all pay at the loads is at least what they would if each found the least, and the excess is the gain told.
    assert found.gain <= 1e-5
    assert (scores.reason[served] == "covered").all()
    assert set(scores.reason[~served]) <= {"none_in_range", "unreachable", "no_road_access"}
    assert np.isnan(scores.score[~served]).all()


@SOME
@given(seed=SEEDS, unit=st.integers(0, 8), more=st.floats(0.5, 5))
def test_more_supply_never_raises_the_mean_potential(toy, seed, unit, more):
    # At a fixed ρ more supply lowers every cost; ρ falls with it, so costs are compared at ρ of the first.
    area, minutes, demand, supply = asked(toy, seed)
    larger = supply.copy()
    larger[unit] += more
    used, rho = (minutes <= 90).any(axis=0), []
    costs = []
    for each in (supply, larger):
        _, found = raam_scores(area.trips, supply=each, demand=demand, tau_minutes=60)
        rho.append(1 / each[used].sum())
        costs.append(found)
    # t/τ + D/(ρS): in units of the first ρ the second's crowding has τ' = τ·ρ₂/ρ₁.
    factor = rho[1] / rho[0]
    _, again = raam_scores(area.trips, supply=larger, demand=demand, tau_minutes=60 * factor)
    known = np.isfinite(costs[0].cost)
    assert (again.cost[known] * factor <= costs[0].cost[known] * (1 + 1e-3)).all()


@pytest.mark.parametrize("seed", range(4))
def test_pysal_access_comes_near(toy, seed):
    # access moves whole people, a few at a time, and reports what they pay before its last move: near, not the same.
    area, minutes, demand, supply = asked(toy, seed)
    demand = demand * 1000
    scores, found = raam_scores(area.trips, supply=supply, demand=demand, limit_minutes=120, tau_minutes=60)
    i, j = np.nonzero(minutes <= 120)
    served, used = np.unique(i), np.unique(j)
    theirs = access_raam(
        pd.DataFrame({"demand": demand[served].astype(int)}, index=served),
        pd.DataFrame({"supply": supply[used]}, index=used),
        pd.DataFrame({"origin": i, "dest": j, "cost": minutes[i, j]}), tau=60, max_cycles=600,
    )  # fmt: skip
    np.testing.assert_allclose(scores.score[theirs.index], theirs.to_numpy(), rtol=0.02)
    assert found.gain <= 1e-5


def test_every_parameter_matters(toy):
    area, _, _, supply = asked(toy, 2)
    base = raam_catchments(area)
    others = [
        raam_catchments(area, service="neonatal_2_plus"),
        raam_catchments(area, limit_minutes=20),
        raam_catchments(area, tau_minutes=20),
        raam_catchments(area, supply=supply, supply_basis="made numbers"),
        raam_catchments(area, demand="people"),
    ]
    for other in others:
        assert not np.array_equal(base.scores.score, other.scores.score, equal_nan=True)
    pairs = area.pairs("birth_care", 90)
    rows = area.rows("birth_care")
    number = np.full(len(area.facilities), -1)
    number[rows] = np.arange(len(rows))
    pairs = type(pairs)(
        pairs.origin, number[pairs.destination].astype(np.int32), pairs.ms, pairs.beyond_limit, pairs.without_path
    )
    demand = area.demand["births_per_year"].to_numpy()
    rough, fine = (
        settle(pairs, supply=np.ones(len(rows)), demand=demand, tau_minutes=60, gain=gain) for gain in (1e-1, 1e-9)
    )
    assert rough.rounds < fine.rounds
    assert fine.gain <= 1e-9
    once = settle(pairs, supply=np.ones(len(rows)), demand=demand, tau_minutes=60, gain=0.0, rounds=1)
    assert once.rounds == 1


def test_unknown_and_zero(toy):
    area, minutes, demand, supply = asked(toy, 4)
    supply[0], supply[1], demand[0] = np.nan, 0, np.nan
    scores, found = raam_scores(area.trips, supply=supply, demand=demand)
    assert scores.status[:2].tolist() == ["supply_unknown", "no_supply"]
    near = minutes <= 90
    assert scores.reason[0] == ("demand_unknown" if near[0, 2:].any() else "supply_unknown")
    assert np.isnan(scores.score[0])
    kept = near[1:, 2:].any(axis=1)
    assert found.load.sum() == pytest.approx(demand[1:][kept].sum())
    nobody, found = raam_scores(area.trips, supply=supply, demand=np.zeros(len(demand)))
    nearest = np.where(near[:, 2:].any(axis=1), minutes[:, 2:].min(axis=1) / 60, np.nan)
    covered = np.isin(nobody.reason, ["covered", "partly_known"])
    np.testing.assert_allclose(nobody.score[covered], nearest[covered])
    assert (found.load == 0).all()


def test_counties_and_units(toy):
    area, _, _, _ = asked(toy, 3)
    found = raam_catchments(area, limit_minutes=40)
    table = CATCHMENTS.validate(county_catchments(area, found))
    assert set(table["unit"]) == {CATCHMENTS.column("unit").values[1]}
    without = table["share_women_without_score"]
    np.testing.assert_allclose(without, table["share_women_none_in_range"])
    assert table.loc[without <= 0.5, "score"].notna().all()
    assert table.loc[without > 0.5, "score"].isna().all()
    units = CATCHMENT_UNITS.validate(catchment_units(area, found))
    assert units["demand_in_range"].sum() == pytest.approx(
        area.demand["births_per_year"][found.scores.reason == "covered"].sum()
    )


def test_wrong_questions_are_refused(toy):
    area, _, demand, supply = asked(toy, 0)
    with pytest.raises(InputError, match="the limit is 0 minutes: give a number above 0"):
        raam_scores(area.trips, supply=supply, demand=demand, limit_minutes=0)
    with pytest.raises(InputError, match="tau is -1 minutes: give a number above 0"):
        raam_scores(area.trips, supply=supply, demand=demand, tau_minutes=-1)
    with pytest.raises(InputError, match="say what the numbers are"):
        raam_catchments(area, supply=supply)
