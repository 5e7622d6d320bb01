"""Decayed sums against whole tables weighed in NumPy: on made roads, with direct legs, on both engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.scenario.decay import DECAYS, Decay
from matcare.travel.decayed_sums import decayed_sums, floating_catchment
from matcare.travel.graph import RoadGraph
from matcare.travel.searches import Trips
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land

NOBODY = PopulationDensity.from_points([], [], [])
SOME = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CLASSES = ("interstate", "us_highway", "state_highway", "dirt")
DECAYS_TRIED = [
    *DECAYS.values(),
    Decay.gaussian(12, limit_minutes=25),
    Decay.exponential(9, limit_minutes=40),
]


def with_shortcuts(seed, engine="hierarchy", origins=60, destinations=25):
    """Trips among towns a few kilometres apart, where direct legs and stretches often beat the roads."""
    rng = np.random.default_rng(seed)
    nodes, edges = 14, 18
    graph = RoadGraph.from_arrays(
        44 + rng.random(nodes) * 0.5, -70 + rng.random(nodes) * 0.6, rng.integers(0, nodes, edges),
        rng.integers(0, nodes, edges), rng.integers(0, 4, edges), list(CLASSES), oneway=rng.integers(0, 2, edges),
    )  # fmt: skip
    land = Land.from_polygons([shapely.box(-70.1, 43.9, -69.72, 44.6), shapely.box(-69.68, 43.9, -69.3, 44.6)])
    profile = replace(load_profile("typical"), access_candidates=500, direct_detour_limit=3.5, direct_km=30.0)
    network = RoadNetwork(graph, profile, NOBODY, land, engine=engine)
    ends = [network.snap(44 + rng.random(many) * 0.5, -70 + rng.random(many) * 0.6) for many in (origins, destinations)]
    return Trips(network, *ends)


def loaded(trips, seed):
    """Demand and supply, some of them none."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 40, len(trips.origins)) * 0.37
    supply = rng.integers(0, 5, len(trips.destinations)).astype(float)
    return demand, supply


def far(decay):
    """The same decay over a region so small that its limits must be short to matter."""
    if decay.kind == "power":
        return Decay.power(decay.values[0], floor_minutes=3, limit_minutes=decay.limit_minutes / 3)
    values = decay.values if decay.kind == "steps" else tuple(one / 3 for one in decay.values)
    return replace(decay, minutes=tuple(one / 3 for one in decay.minutes), values=values)


@pytest.mark.parametrize("engine", ["hierarchy", "plain"])
@SOME
@given(seed=st.integers(0, 10**6), decay=st.sampled_from(DECAYS_TRIED), power=st.sampled_from([1, 2]))
def test_sums_are_those_of_the_weighed_table(engine, seed, decay, power):
    trips = with_shortcuts(seed, engine)
    decay = far(decay)
    demand, supply = loaded(trips, seed)
    weight = decay.weight(trips.table()) ** power
    per_destination, per_origin = decayed_sums(
        trips, decay, origin_weight=demand, destination_weight=supply, power=power
    )
    np.testing.assert_allclose(per_destination, demand @ weight, rtol=1e-12)
    np.testing.assert_allclose(per_origin, weight @ supply, rtol=1e-12)
    assert ((per_origin == 0) == (weight @ supply == 0)).all()
    counted = decayed_sums(trips, decay)
    np.testing.assert_allclose(counted[0], decay.weight(trips.table()).sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(counted[1], decay.weight(trips.table()).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("engine", ["hierarchy", "plain"])
@SOME
@given(seed=st.integers(0, 10**6), powers=st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
def test_both_steps_in_one_sweep(engine, seed, powers):
    trips = with_shortcuts(seed, engine)
    demand, supply = loaded(trips, seed)
    decay = far(DECAYS["e2sfca_maternity"])
    found = floating_catchment(trips, decay, supply=supply, demand=demand, powers=powers)
    weight = decay.weight(trips.table())
    in_range, ratio = np.zeros(len(supply)), np.zeros(len(supply))
    for j in range(len(supply)):
        in_range[j] = sum(demand[i] * weight[i, j] ** powers[0] for i in range(len(demand)))
        ratio[j] = supply[j] / in_range[j] if in_range[j] > 0 else 0
    score = [sum(ratio[j] * weight[i, j] ** powers[1] for j in range(len(supply))) for i in range(len(demand))]
    np.testing.assert_allclose(found.demand_in_range, in_range, rtol=1e-12)
    np.testing.assert_allclose(found.ratio, ratio, rtol=1e-12)
    np.testing.assert_allclose(found.score, score, rtol=1e-12)


def test_the_made_roads_have_shortcuts_of_both_kinds():
    # Else the tests above would not see what is set right after the sweep.
    legs = stretches = refused = both = 0
    for seed in range(10):
        trips = with_shortcuts(seed)
        short = trips.shortcuts
        assert (short.ms < short.before_ms).all()
        gains = short.gains(lambda ms: 1 / (ms + 1.0))
        table = trips.table()[short.origin, short.destination]
        along = trips.stretch_ms(short.origin, short.destination) == short.ms
        stretches += along.sum()
        legs += ((gains > 0) & ~along).sum()
        refused += (gains == 0).sum()
        key = short.origin.astype(np.int64) * len(trips.destinations) + short.destination
        both += len(key) - len(np.unique(key))
        # The last shortcut of a pair that is not refused is what the table says.
        last = pd.DataFrame({"key": key, "ms": short.ms, "table": table})[gains > 0].groupby("key").min()
        np.testing.assert_array_equal(last["table"], last["ms"] / 60_000)
    assert legs > 100
    assert stretches > 10
    assert refused > 10
    assert both > 0


def test_only_legs_that_make_a_difference_are_tested():
    trips = with_shortcuts(1)
    short, asked = trips.shortcuts, []
    refuse = short._refused
    short._refused = lambda legs: asked.append(len(legs)) or refuse(legs)
    wide, narrow = Decay.steps((500,), (1,)), Decay.exponential(30, limit_minutes=500)
    decayed_sums(trips, wide)
    decayed_sums(trips, narrow)
    found = decayed_sums(trips, narrow)[1]
    assert len(asked) == 2
    assert 0 < asked[0] < asked[1] < asked[0] + asked[1] <= len(short._legs)
    np.testing.assert_allclose(found, narrow.weight(trips.table()).sum(axis=1), rtol=1e-12)


def test_the_same_to_the_last_bit_on_one_and_two_cores():
    trips = with_shortcuts(5, origins=200, destinations=150)
    demand, supply = loaded(trips, 1)
    for decay in DECAYS_TRIED:
        found = []
        for threads in (1, 2, 3):
            object.__setattr__(trips.network.metric, "threads", threads)
            found.append(floating_catchment(trips, far(decay), supply=supply, demand=demand))
        assert (found[0].score > 0).any()
        for other in found[1:]:
            assert found[0].score.tobytes() == other.score.tobytes()
            assert found[0].ratio.tobytes() == other.ratio.tobytes()


def test_at_exactly_a_limit_is_within():
    trips = with_shortcuts(3)
    table = trips.table()
    exactly = float(np.sort(table[np.isfinite(table)])[700])
    found = decayed_sums(trips, Decay.steps((exactly,), (1,)))[1]
    np.testing.assert_array_equal(found, (table <= exactly).sum(axis=1))
    less = decayed_sums(trips, Decay.steps((exactly - 0.5 / 60_000,), (1,)))[1]
    np.testing.assert_array_equal(less, (table < exactly).sum(axis=1))
    assert found.sum() > less.sum()


def test_no_points_no_sums():
    trips = with_shortcuts(3)
    none = Trips(trips.network, trips.origins, trips.destinations.take(np.zeros(0, np.int64)))
    per_destination, per_origin = decayed_sums(none, DECAYS["two_step_60"])
    assert per_destination.shape == (0,)
    assert (per_origin == np.zeros(len(trips.origins))).all()


def test_wrong_weights_are_refused_in_one_line():
    trips = with_shortcuts(3)
    demand, supply = loaded(trips, 1)
    decay = DECAYS["two_step_60"]
    with pytest.raises(InputError, match=r"demand, row 2: -1 is not a number of 0 or more"):
        floating_catchment(trips, decay, supply=supply, demand=np.where(np.arange(60) == 2, -1, demand))
    with pytest.raises(InputError, match=r"supply, row 0: nan"):
        floating_catchment(trips, decay, supply=np.where(np.arange(25) == 0, np.nan, supply), demand=demand)
    with pytest.raises(InputError, match=r"supply has shape \(24,\): give one number for each of 25"):
        floating_catchment(trips, decay, supply=supply[1:], demand=demand)
    with pytest.raises(InputError, match="power 3: give 1 or 2"):
        decayed_sums(trips, decay, power=3)
