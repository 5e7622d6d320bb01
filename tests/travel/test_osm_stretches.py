"""Cutting ways into stretches, against a graph of every single segment."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.travel.ragged import ragged_rows
from matcare.travel.readers.stretches import cut_ways

NAN = float("nan")


def place(key):
    return 40.0 + (key * 7919 % 101) / 100, -90.0 + (key * 104729 % 97) / 100


def arrays(ways):
    keys = [key for way in ways for key in way]
    first = np.concatenate([[0], np.cumsum([len(way) for way in ways])])
    at = np.array([place(key) for key in keys]).reshape(-1, 2)
    return first, np.array(keys, dtype=np.int64), at[:, 0], at[:, 1]


def span(a, b):
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))


def shape_of(cut, stretch):
    bends = slice(cut.bend_first[stretch], cut.bend_first[stretch + 1])
    ends = [(cut.lat[end], cut.lon[end]) for end in (cut.u[stretch], cut.v[stretch])]
    return [ends[0], *zip(cut.bend_lat[bends], cut.bend_lon[bends], strict=True), ends[1]]


def lengths(cut):
    shapes = [shape_of(cut, stretch) for stretch in range(len(cut.u))]
    return [sum(span(a, b) for a, b in pairwise(shape)) for shape in shapes]


def test_two_crossing_ways_are_cut_where_they_meet():
    cut = cut_ways(*arrays([[1, 2, 3, 4, 5], [10, 3, 11]]))
    assert cut.key.tolist() == [1, 3, 5, 10, 11]
    assert cut.key[cut.u].tolist() == [1, 3, 10, 3]
    assert cut.key[cut.v].tolist() == [3, 5, 3, 11]
    assert cut.way.tolist() == [0, 0, 1, 1]
    assert np.diff(cut.bend_first).tolist() == [1, 1, 0, 0]
    assert (cut.bend_lat[0], cut.bend_lon[0]) == place(2)
    assert (cut.lat[1], cut.lon[1]) == place(3)


def test_a_ring_a_lollipop_and_an_eight():
    ring = cut_ways(*arrays([[1, 2, 3, 1]]))
    assert (len(ring.u), ring.u.tolist() == ring.v.tolist(), len(ring.bend_lat)) == (1, True, 2)
    lollipop = cut_ways(*arrays([[0, 1, 2, 3, 1]]))
    assert lollipop.key[lollipop.u].tolist() == [0, 1]
    eight = cut_ways(*arrays([[5, 1, 2, 9, 3, 4, 9, 6]]))
    assert eight.key.tolist() == [5, 6, 9]
    assert eight.key[eight.u].tolist() == [5, 9, 9]


def test_a_blocked_place_parts_every_way_that_passes_it():
    open_cut, shut = (cut_ways(*arrays([[1, 2, 3], [4, 2, 5]]), blocked=blocked) for blocked in ([], [2]))
    for cut, parts in ((open_cut, 1), (shut, 4)):
        graph = nx.MultiGraph(list(zip(cut.u.tolist(), cut.v.tolist(), strict=True)))
        assert nx.number_connected_components(graph) == parts
        assert sum(lengths(cut)) == pytest.approx(sum(lengths(open_cut)))
    assert shut.key.tolist() == [1, 3, 4, 5, 2, 2, 2, 2]


def test_a_blocked_end_is_cut_off_from_what_begins_there():
    cut = cut_ways(*arrays([[1, 2], [2, 3]]), blocked=[2, 77])
    assert len(set(cut.u.tolist()) | set(cut.v.tolist())) == 4


def test_an_unknown_place_breaks_its_way_and_is_told():
    first, keys, lat, lon = arrays([[1, 2, 3, 4, 5], [6, 7], [8, 9, 8]])
    lat[[2, 6]] = NAN
    cut = cut_ways(first, keys, lat, lon)
    assert cut.key[cut.u].tolist() == [1, 4, 8, 9][: len(cut.u)]
    assert cut.key[cut.v].tolist() == [2, 5, 8]
    assert cut.broken_ways.tolist() == [0, 1]


def test_repeated_and_single_vertices():
    cut = cut_ways(*arrays([[1, 1, 2, 2, 3, 3], [9], [], [4, 4]]))
    assert cut.key.tolist() == [1, 3]
    assert len(cut.bend_lat) == 1


def test_nothing_at_all():
    cut = cut_ways([0], [], [], [])
    assert (len(cut.u), len(cut.lat), cut.bend_first.tolist()) == (0, 0, [0])


def test_rows_of_a_ragged_array_can_be_picked_twice():
    first, items = ragged_rows(np.array([0, 2, 2, 5]), np.array([2, 0, 1, 2]))
    assert first.tolist() == [0, 3, 5, 5, 8]
    assert items.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 15), max_size=7), min_size=1, max_size=8),
    st.sets(st.integers(0, 15), max_size=2),
    st.sets(st.integers(0, 15), max_size=1),
)
def test_distances_are_those_of_the_single_segments(ways, blocked, unknown):
    first, keys, lat, lon = arrays(ways)
    lat[np.isin(keys, list(unknown))] = NAN
    cut = cut_ways(first, keys, lat, lon, blocked=sorted(blocked))
    every = nx.Graph()
    for way in ways:  # every vertex a node; what touches a blocked place ends there, alone
        for a, b in pairwise(way):
            if a == b or {a, b} & unknown:
                continue
            ends = [("shut", key, object()) if key in blocked else key for key in (a, b)]
            if not every.has_edge(*ends):
                every.add_edge(*ends, weight=span(place(a), place(b)))
    coarse = nx.Graph()
    for u, v, length in zip(cut.u.tolist(), cut.v.tolist(), lengths(cut), strict=True):
        if not coarse.has_edge(u, v) or coarse[u][v]["weight"] > length:
            coarse.add_edge(u, v, weight=length)
    number = {key: node for node, key in enumerate(cut.key.tolist()) if key not in blocked}
    fine = dict(nx.all_pairs_dijkstra_path_length(every))
    rough = dict(nx.all_pairs_dijkstra_path_length(coarse))
    for a, node_a in number.items():
        for b, node_b in number.items():
            assert rough[node_a].get(node_b) == pytest.approx(fine[a].get(b))
    assert {key for key in every if not isinstance(key, tuple) and every.degree(key) > 2} <= set(number)
