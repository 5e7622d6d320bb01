"""The parts that siting is made of, against every set of a few sites."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.planning.siting.heuristics import Gains, add_greedily, interchange, lagrangian_bound
from matcare.planning.siting.models import cover_most, covering_elements, radius_elements, undominated
from matcare.planning.siting.problem import Nearer

SOME = settings(max_examples=40, deadline=None)
NEVER_UP = dict.fromkeys(["is_time_up"], lambda: False)


@st.composite
def tables(draw):
    """Gains of some clients by some sites, many of them none, some equal."""
    shape = draw(st.integers(1, 7)), draw(st.integers(1, 6))
    cells = draw(
        st.lists(st.sampled_from([0, 0, 1, 2, 2, 5, 9]), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    )
    return np.array(cells, float).reshape(shape)


def gains_of(table):
    client, site = np.nonzero(table)
    return Gains(client=client, site=site, gain=table[client, site], clients=table.shape[0], sites=table.shape[1])


def total(table, chosen):
    return table[:, list(chosen)].max(axis=1).sum() if len(chosen) else 0.0


def every(table, add):
    return [chosen for size in range(add + 1) for chosen in combinations(range(table.shape[1]), size)]


@SOME
@given(tables(), st.integers(1, 3))
def test_the_bound_holds_for_every_set_and_for_every_set_with_a_site(table, add):
    gains = gains_of(table)
    best = max(total(table, chosen) for chosen in every(table, add))
    bound = lagrangian_bound(gains, add, best_known=best, gap=0.0, rounds=100, **NEVER_UP)
    assert bound.value >= best - 1e-9
    for site, most in enumerate(bound.without()):
        assert most >= max(total(table, chosen) for chosen in every(table, add) if site in chosen or not chosen) - 1e-9
    stopped = lagrangian_bound(gains, add, best_known=best, gap=0.0, rounds=100, is_time_up=lambda: True)
    assert stopped.value >= bound.value


@SOME
@given(tables(), st.integers(1, 3))
def test_no_swap_betters_an_interchanged_set(table, add):
    gains = gains_of(table)
    greedy = add_greedily(gains, add)
    found = interchange(gains, greedy, **NEVER_UP)
    assert len(found) == len(greedy)
    assert gains.total(found) == total(table, found) >= total(table, greedy)
    assert total(table, greedy) >= (1 - 1 / np.e) * max(total(table, chosen) for chosen in every(table, add)) - 1e-9
    for out in found:
        for site in set(range(table.shape[1])) - set(found):
            assert total(table, [*(set(found) - {out}), site]) <= total(table, found) + 1e-9
    if len(greedy) > 1:
        pairwise = add_greedily(gains, add, allowed=lambda chosen: len(chosen) < 2)
        assert len(pairwise) == 1


def nearer_of(minutes):
    """Pairs of a table of minutes, infinite where a site is no use."""
    client, site = np.nonzero(np.isfinite(minutes))
    ms = (minutes[client, site] * 60_000).astype(np.int64)
    order = np.lexsort((site, ms, client))
    return Nearer(np.searchsorted(client[order], np.arange(len(minutes) + 1)), site[order], ms[order])


@SOME
@given(tables(), st.integers(1, 3))
def test_elements_win_what_a_set_of_sites_saves(table, add):
    minutes = np.where(table > 0, table, np.inf)
    weight = np.arange(1.0, len(table) + 1)
    nearer, base = nearer_of(minutes), np.full(len(table), 10 * 60_000)
    by_radius = radius_elements(nearer, weight, base, sites=table.shape[1], per=60_000)
    by_cover = covering_elements(nearer, weight, sites=table.shape[1])
    everything = np.arange(table.shape[1])
    saved = {
        chosen: (weight * np.where(table > 0, 10 - minutes, 0)[:, list(chosen)].max(axis=1)).sum()
        for chosen in every(table, add)
        if chosen
    }
    won = {chosen: (weight * (table > 0)[:, list(chosen)].any(axis=1)).sum() for chosen in every(table, add) if chosen}
    for elements, values, allowed in ((by_radius, saved, everything), (by_cover, won, undominated(by_cover))):
        if not len(elements):
            continue
        found = cover_most(elements, add, allowed=allowed, cuts=(), gap=0.0, seconds=10)
        assert found.bound == pytest.approx(max(values.values()))
        assert values[tuple(found.chosen[:add])] == pytest.approx(found.bound)
        first = tuple(found.chosen)
        if first:  # a cut takes this set and all that hold it out
            again = cover_most(
                elements, add, allowed=everything, cuts=[(found.chosen, len(first) - 1)], gap=0.0, seconds=10
            )
            left = [value for chosen, value in values.items() if not set(first) <= set(chosen)]
            assert again.bound == pytest.approx(max([0.0, *left]))


def test_clients_that_share_sites_share_an_element_and_twins_are_left_out():
    minutes = np.array([[1, 2, np.inf, 1], [5, 3, np.inf, 5], [np.inf, 4, 2, np.inf]])
    elements = covering_elements(nearer_of(minutes), np.array([1.0, 10.0, 100.0]), sites=4)
    assert sorted(elements.weight.tolist()) == [11, 100]
    assert undominated(elements).tolist() == [1]  # 0 and 3 are twins and within 1, as is 2
