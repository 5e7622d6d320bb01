"""Chains: every edge in one of them, nothing lost of its times, whatever the graph looks like."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.travel.chains import BLOCKED, Chains, Places

CLOSED = 2**30 - 1
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def chains_of(nodes, *edges):
    u, v = np.array(edges, np.int32).reshape(-1, 2).T
    return Chains.of(nodes, u, v), u, v


def names(chains):
    """Edges of each chain, read from its lower end and then from its lower edge."""
    runs = [chains.edge[chains.first[c] : chains.first[c + 1]].tolist() for c in range(len(chains))]
    return sorted(min(run, run[::-1]) for run in runs)


def test_a_road_with_a_side_road():
    chains, *_ = chains_of(6, (0, 1), (2, 1), (2, 3), (3, 4), (3, 5))
    assert chains.core.tolist() == [0, 3, 4, 5]
    assert names(chains) == [[0, 1, 2], [3], [4]]
    assert chains.chain[[0, 1, 2]].tolist() == [chains.chain[0]] * 3
    long = chains.chain[0]
    assert sorted([chains.core[chains.a[long]], chains.core[chains.b[long]]]) == [0, 3]
    assert chains.aligned[0] != chains.aligned[1]  # drawn toward each other


def test_a_ring_is_cut_at_its_lowest_node():
    chains, *_ = chains_of(7, (5, 3), (3, 6), (6, 5), (0, 1))
    assert chains.core.tolist() == [0, 1, 3]
    assert len(chains) == 2
    ring = chains.chain[0]
    assert chains.core[chains.a[ring]] == chains.core[chains.b[ring]] == 3


@pytest.mark.parametrize(
    ("edges", "core", "runs"),
    [
        ([(0, 0)], [0], [[0]]),
        ([(0, 0), (0, 1)], [0, 1], [[0], [1]]),
        ([(0, 1), (1, 0)], [0], [[0, 1]]),
        ([(0, 1), (0, 1), (1, 2)], [1, 2], [[0, 1], [2]]),
        ([(0, 1), (0, 1), (0, 1)], [0, 1], [[0], [1], [2]]),
        ([(2, 1), (1, 2), (2, 0), (0, 3)], [2, 3], [[0, 1], [2, 3]]),
        ([], [], []),
    ],
)
def test_loops_and_parallel_edges(edges, core, runs):
    chains, *_ = chains_of(4, *edges)
    assert chains.core.tolist() == core
    assert names(chains) == runs


@st.composite
def multigraphs(draw):
    nodes = draw(st.integers(1, 10))
    node = st.integers(0, nodes - 1)
    return nodes, draw(st.lists(st.tuples(node, node), max_size=14))


@MANY
@given(multigraphs())
def test_every_edge_is_in_one_chain_that_runs_from_core_to_core(graph):
    nodes, edges = graph
    chains, u, v = chains_of(nodes, *edges)
    roads = nx.MultiGraph(edges)
    is_core = np.zeros(nodes, bool)
    is_core[chains.core] = True
    assert sorted(chains.edge.tolist()) == list(range(len(edges)))
    for c in range(len(chains)):
        here = chains.core[chains.a[c]]
        run = chains.edge[chains.first[c] : chains.first[c + 1]]
        assert len(run)
        for number, e in enumerate(run):
            assert (chains.chain[e], chains.edge[chains.place[e]]) == (c, e)
            tail, head = (u[e], v[e]) if chains.aligned[e] else (v[e], u[e])
            assert here == tail
            here = head
            assert is_core[here] == (number == len(run) - 1)
        assert here == chains.core[chains.b[c]]
    junctions = {node for node, degree in roads.degree if degree != 2}
    rings = {min(part) for part in nx.connected_components(roads) if not part & junctions}
    assert set(chains.core.tolist()) == junctions | rings


@MANY
@given(multigraphs(), st.data())
def test_times_of_chains_are_those_of_their_edges(graph, data):
    nodes, edges = graph
    chains, *_ = chains_of(nodes, *edges)
    ms = st.lists(st.sampled_from([0, 3, 8, 40, CLOSED]), min_size=len(edges), max_size=len(edges))
    forward, backward = (np.array(data.draw(ms), np.int32) for _ in range(2))
    times = chains.times(forward, backward)
    go, come = times.arcs()
    for c in range(len(chains)):
        run = chains.edge[chains.first[c] : chains.first[c + 1]]
        there = [int(forward[e] if chains.aligned[e] else backward[e]) for e in run]
        back = [int(backward[e] if chains.aligned[e] else forward[e]) for e in run]
        assert go[c] == (CLOSED if CLOSED in there else sum(there))
        assert come[c] == (CLOSED if CLOSED in back else sum(back))
        assert (times.total_go[c] >= BLOCKED, times.total_come[c] >= BLOCKED) == (CLOSED in there, CLOSED in back)


def places(chains, times, *where):
    edge, position = np.array(where, float).T
    return Places.on(chains, times, edge.astype(np.int32), position)


def test_places_know_both_ends_of_their_chain():
    chains, *_ = chains_of(4, (0, 1), (2, 1), (2, 3))  # the middle edge is drawn against the others
    a_first = chains.core[chains.a[0]] == 0
    times = chains.times(np.array([100, 10, 1000], np.int32), np.array([200, 20, 2000], np.int32))
    at = places(chains, times, (0, 0.25), (1, 0.5), (2, 0.0), (2, 1.0))
    from_0 = [25, 100 + 10, 120, 1120]
    to_0 = [50, 200 + 5, 210, 2210]
    from_3 = [2000 + 10 + 150, 2000 + 5, 2000, 0]
    to_3 = [75 + 20 + 1000, 10 + 1000, 1000, 0]
    ends = [at.from_a, at.to_a, at.from_b, at.to_b]
    assert [end.tolist() for end in ends] == ([from_0, to_0, from_3, to_3] if a_first else [from_3, to_3, from_0, to_0])
    assert (np.diff(at.order) > 0).all() or (np.diff(at.order) < 0).all()


def test_what_lies_before_a_place_and_behind_it_is_the_whole_edge():
    chains, *_ = chains_of(2, (0, 1))
    times = chains.times(np.array([101], np.int32), np.array([7], np.int32))
    at = places(chains, times, *[(0, share) for share in np.linspace(0, 1, 33)])
    assert set((at.from_a + at.to_b).tolist()) == {101}
    assert set((at.from_b + at.to_a).tolist()) == {7}


def test_a_closed_edge_is_closed_between_its_ends_and_not_at_them():
    chains, *_ = chains_of(3, (0, 1), (1, 2))
    times = chains.times(np.array([10, 20], np.int32), np.array([10, CLOSED], np.int32))
    at = places(chains, times, (0, 0.5), (1, 0.0), (1, 0.5), (1, 1.0))
    forth, back = (at.from_a, at.to_b), (at.from_b, at.to_a)
    if chains.core[chains.a[0]] != 0:
        forth, back = (at.from_b, at.to_a), (at.from_a, at.to_b)
    assert [part.tolist() for part in forth] == [[5, 10, 20, 30], [25, 20, 10, 0]]
    assert (back[0] >= BLOCKED).tolist() == [True, True, True, False]  # from node 2
    assert (back[1] >= BLOCKED).tolist() == [False, False, True, True]  # to node 0
    assert back[1][:2].tolist() == [5, 10]


def test_between_places_of_one_chain():
    chains, *_ = chains_of(3, (0, 1), (1, 2))
    times = chains.times(np.array([10, 20], np.int32), np.array([10, CLOSED], np.int32))
    where = [(0, 0.5), (1, 0.0), (1, 0.5), (1, 1.0)]
    at = places(chains, times, *where)
    mine, theirs = (side.ravel() for side in np.indices((4, 4)))
    ms = at.along(mine, at, theirs).reshape(4, 4)
    shut = BLOCKED
    wanted = [[0, 5, 15, 25], [5, 0, 10, 20], [shut, shut, 0, 10], [shut, shut, shut, 0]]
    assert np.minimum(ms, BLOCKED).tolist() == wanted
