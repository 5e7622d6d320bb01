"""Every search of the hierarchy against SciPy's Dijkstra, element by element, on made graphs of every kind."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.travel.hierarchy import NO_WAY, Attached, Hierarchy, nearest, threads, within

many = settings(max_examples=80, deadline=None)

ORDERS = ("metis", "geometric")


@pytest.fixture(scope="module", autouse=True)
def _small_parts():
    """Work is dealt out to threads and cut into pieces on these small graphs too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "LEAST_PART", 1)
        patch.setattr(nearest, "PIECE", 7)
        patch.setattr(within, "PIECE", 500)
        yield


def every_ms(nodes, u, v, forward, backward):
    """Milliseconds of all pairs of nodes by SciPy, NO_WAY where there is no path."""
    tail, head, ms = np.r_[u, v], np.r_[v, u], np.r_[forward, backward].astype(np.int64)
    open_ = ms < NO_WAY
    tail, head, ms = tail[open_], head[open_], ms[open_]
    order = np.lexsort((ms, head, tail))  # SciPy would add parallel arcs up: keep the shortest
    tail, head, ms = tail[order], head[order], ms[order]
    new = np.ones(len(tail), dtype=bool)
    new[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    # SciPy takes a stored zero for no arc: one is added to every arc times 1/1000 and taken off by rounding down.
    weight = ms[new] + 1e-3
    found = dijkstra(csr_array((weight, (tail[new], head[new])), shape=(nodes, nodes)))
    return np.where(np.isinf(found), NO_WAY, np.floor(np.nan_to_num(found, posinf=0))).astype(np.int64)


def between_points(node_ms, origins, destinations):
    """Milliseconds of all pairs of points by brute force."""
    found = np.full((len(origins), len(destinations)), NO_WAY, np.int64)
    for i in range(len(origins)):
        for a in range(origins.first[i], origins.first[i + 1]):
            for j in range(len(destinations)):
                for b in range(destinations.first[j], destinations.first[j + 1]):
                    trip = node_ms[origins.node[a], destinations.node[b]]
                    if trip < NO_WAY:
                        found[i, j] = min(found[i, j], int(origins.ms[a]) + trip + int(destinations.ms[b]))
    return found


def hang(rng, nodes, points):
    first = np.r_[0, np.cumsum(rng.integers(0, 4, points))].astype(np.int64)
    return Attached(
        first, rng.integers(0, nodes, first[-1]).astype(np.int32), rng.integers(0, 8, first[-1]).astype(np.int32)
    )


class Case:
    """A graph in several parts, with ties, zeros, loops, parallel and one-way edges, and points hung on it."""

    def __init__(self, seed, order, cores):
        self.rng = rng = np.random.default_rng(seed)
        self.nodes = nodes = int(rng.integers(1, 50))
        edges = int(rng.integers(0, 3 * nodes))
        self.u, self.v = (rng.integers(0, nodes, edges).astype(np.int32) for _ in range(2))
        self.forward, self.backward = (rng.integers(0, 12, edges).astype(np.int32) for _ in range(2))
        closed = rng.choice([0, 0.2, 0.6])
        self.forward[rng.random(edges) < closed] = NO_WAY
        self.backward[rng.random(edges) < closed] = NO_WAY
        if rng.random() < 0.3:
            self.backward = self.forward
        place = {"lat": rng.random(nodes), "lon": rng.random(nodes)} if rng.random() < 0.5 else {}
        self.hierarchy = Hierarchy.build(nodes, self.u, self.v, order=order, **place)
        self.metric = self.hierarchy.customize(self.forward, self.backward, threads=cores)
        self.origins = hang(rng, nodes, int(rng.integers(0, 30)))
        self.destinations = hang(rng, nodes, int(rng.integers(0, 40)))
        self.node_ms = every_ms(nodes, self.u, self.v, self.forward, self.backward)
        self.ms = between_points(self.node_ms, self.origins, self.destinations)


cases = st.builds(Case, st.integers(0, 2**32), st.sampled_from(ORDERS), st.sampled_from([1, 2]))


def nearest_of(ms):
    """Least of each row and its first column, as the hierarchy tells them."""
    if not ms.shape[1]:
        return np.full(len(ms), NO_WAY), np.full(len(ms), -1)
    return ms.min(axis=1), np.where(ms.min(axis=1) < NO_WAY, ms.argmin(axis=1), -1)


@many
@given(cases)
def test_a_table_is_scipys(case):
    assert np.array_equal(case.metric.table(case.origins, case.destinations), case.ms)


@many
@given(cases)
def test_the_nearest_of_each_group_are_scipys_and_the_lowest_number_wins_a_tie(case):
    members = case.rng.random((3, len(case.destinations))) < 0.5
    ms, destination = case.metric.nearest(case.origins, case.destinations, members=members)
    for group in range(3):
        least, which = nearest_of(np.where(members[group], case.ms, NO_WAY))
        assert np.array_equal(ms[group], least)
        assert np.array_equal(destination[group], which)
    ms, destination = case.metric.nearest(case.origins, case.destinations)
    assert np.array_equal(ms[0], nearest_of(case.ms)[0])
    assert np.array_equal(destination[0], nearest_of(case.ms)[1])


@many
@given(cases, st.booleans())
def test_the_nearest_of_the_nodes_are_scipys_in_both_directions(case, reverse):
    nodes = Attached.at_nodes(np.arange(case.nodes))
    expected = between_points(case.node_ms.T if reverse else case.node_ms, nodes, case.destinations)
    ms, destination = case.metric.nearest_of_nodes(case.destinations, reverse=reverse)
    assert np.array_equal(ms[0], nearest_of(expected)[0])
    assert np.array_equal(destination[0], nearest_of(expected)[1])


@many
@given(cases, st.integers(1, 7))
def test_the_k_nearest_are_the_k_smallest_of_the_table(case, k):
    ms, destination = case.metric.k_nearest(case.origins, case.destinations, k)
    for i in range(len(case.origins)):
        order = [j for j in np.argsort(case.ms[i], kind="stable") if case.ms[i, j] < NO_WAY][:k]
        missing = k - len(order)
        assert destination[i].tolist() == order + [-1] * missing
        assert ms[i].tolist() == [case.ms[i, j] for j in order] + [NO_WAY] * missing


@many
@given(cases, st.integers(-1, 40))
def test_pairs_within_a_limit_are_those_of_the_table_and_watched_pairs_are_found(case, limit):
    count = len(case.destinations)
    watch_first = np.arange(count + 1) * (2 if len(case.origins) else 0)
    watch_origin = case.rng.integers(0, max(len(case.origins), 1), watch_first[-1])
    pairs = case.metric.within(
        case.origins, case.destinations, limit, watch_first=watch_first, watch_origin=watch_origin
    )
    assert len(pairs.origin) == (case.ms <= limit).sum()
    for j in range(count):
        mine = slice(pairs.first[j], pairs.first[j + 1])
        inside = np.flatnonzero(case.ms[:, j] <= limit)
        assert pairs.origin[mine].tolist() == inside.tolist()
        assert pairs.ms[mine].tolist() == case.ms[inside, j].tolist()
        for w in range(watch_first[j], watch_first[j + 1]):
            place = pairs.watched[w]
            if case.ms[watch_origin[w], j] > limit:
                assert place == -1
            else:
                assert pairs.first[j] <= place < pairs.first[j + 1]
                assert pairs.origin[place] == watch_origin[w]


@many
@given(cases)
def test_sums_within_bands_are_those_over_the_table(case):
    bands = np.sort(case.rng.integers(0, 30, 3))
    origin_weight, destination_weight = case.rng.random(len(case.origins)), case.rng.random(len(case.destinations))
    per_destination, per_origin = case.metric.sums_within(
        case.origins, case.destinations, bands, origin_weight=origin_weight, destination_weight=destination_weight
    )
    counts, _ = case.metric.sums_within(case.origins, case.destinations, bands)
    for b, band in enumerate(bands):
        inside = case.ms <= band
        assert np.allclose(per_destination[:, b], (inside * origin_weight[:, None]).sum(axis=0), rtol=1e-12)
        assert np.allclose(per_origin[:, b], (inside * destination_weight).sum(axis=1), rtol=1e-12)
        assert np.array_equal(counts[:, b], inside.sum(axis=0))


@many
@given(cases)
def test_chosen_pairs_are_those_of_the_table(case):
    if not case.ms.size:
        return
    origin, destination = (case.rng.integers(0, size, 60) for size in case.ms.shape)
    found = case.metric.pair_ms(case.origins, origin, case.destinations, destination)
    assert np.array_equal(found, case.ms[origin, destination])


@many
@given(cases)
def test_the_edges_of_a_path_chain_and_add_up(case):
    for source, target in case.rng.integers(0, case.nodes, (12, 2)):
        ms, edges, along = case.metric.path(int(source), int(target))
        assert ms == case.node_ms[source, target]
        here, total = source, 0
        for edge, forth in zip(edges, along, strict=True):
            start, end = (case.u[edge], case.v[edge]) if forth else (case.v[edge], case.u[edge])
            assert here == start
            here, total = end, total + int((case.forward if forth else case.backward)[edge])
        if ms < NO_WAY:
            assert (here, total) == (target, ms)
        else:
            assert not len(edges)


@many
@given(cases)
def test_customizing_again_is_the_same_as_building_anew(case):
    forward = case.rng.integers(0, 30, len(case.u)).astype(np.int32)
    again = case.hierarchy.customize(forward, case.backward)
    anew = Hierarchy.build(case.nodes, case.u, case.v).customize(forward, case.backward)
    assert np.array_equal(again.table(case.origins, case.destinations), anew.table(case.origins, case.destinations))


@many
@given(cases)
def test_a_faster_edge_and_one_more_destination_never_lengthen(case):
    if not len(case.u):
        return
    forward = case.forward.copy()
    edge = int(case.rng.integers(len(forward)))
    forward[edge] = min(int(forward[edge]), 2)
    faster = case.hierarchy.customize(forward, case.backward)
    assert (faster.table(case.origins, case.destinations) <= case.ms).all()
    more = Attached(
        np.append(case.destinations.first, case.destinations.first[-1] + 1),
        np.append(case.destinations.node, 0).astype(np.int32),
        np.append(case.destinations.ms, 3).astype(np.int32),
    )
    before, after = (case.metric.nearest(case.origins, points)[0] for points in (case.destinations, more))
    assert (after <= before).all()


@many
@given(cases)
def test_a_metric_that_is_the_same_both_ways_gives_symmetric_times(case):
    metric = case.hierarchy.customize(case.forward, case.forward)
    nodes = Attached.at_nodes(np.arange(case.nodes))
    table = metric.table(nodes, nodes)
    assert np.array_equal(table, table.T)
    assert (np.diag(table) == 0).all()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_grid_is_scipys_at_every_limit_and_with_any_number_of_threads(order, symmetric):
    side, rng = 80, np.random.default_rng(5)
    number = np.arange(side * side).reshape(side, side)
    u = np.r_[number[:, :-1].ravel(), number[:-1].ravel()].astype(np.int32)
    v = np.r_[number[:, 1:].ravel(), number[1:].ravel()].astype(np.int32)
    forward = rng.integers(1, 100, len(u)).astype(np.int32)
    backward = forward if symmetric else rng.integers(1, 100, len(u)).astype(np.int32)
    place = {"lat": (number // side).ravel() / side, "lon": (number % side).ravel() / side}
    hierarchy = Hierarchy.build(side * side, u, v, order=order, **place)
    one, two = (hierarchy.customize(forward, backward, threads=cores) for cores in (1, 2))
    nodes, to = Attached.at_nodes(number.ravel()), Attached.at_nodes(rng.choice(side * side, 40, replace=False))
    weight = np.r_[forward, backward].astype(float)
    graph = csr_array((weight, (np.r_[v, u], np.r_[u, v])), shape=(side * side,) * 2)
    expected = dijkstra(graph, indices=to.node).T.astype(np.int64)
    for metric in (one, two):
        assert np.array_equal(metric.table(nodes, to), expected)
        ms, destination = metric.nearest_of_nodes(to)
        assert np.array_equal(ms[0], expected.min(axis=1))
        assert np.array_equal(destination[0], expected.argmin(axis=1))
        k_ms, k_destination = metric.k_nearest(nodes, to, 3)
        assert np.array_equal(k_destination, np.argsort(expected, axis=1, kind="stable")[:, :3])
        assert np.array_equal(k_ms, np.sort(expected, axis=1)[:, :3])
    some = int(np.median(expected))
    for limit in (some - 1, some):
        pairs = [metric.within(nodes, to, limit) for metric in (one, two)]
        assert len(pairs[0].ms) == (expected <= limit).sum()
        assert np.array_equal(pairs[0].ms, expected.T[(expected <= limit).T])
        assert np.array_equal(pairs[0].origin, np.nonzero((expected <= limit).T)[1])
        assert all(np.array_equal(*both) for both in zip(vars(pairs[0]).values(), vars(pairs[1]).values(), strict=True))
    weights = {"origin_weight": rng.random(side * side), "destination_weight": rng.random(40)}
    sums = [metric.sums_within(nodes, to, [some // 2, some], **weights) for metric in (one, two)]
    assert np.array_equal(sums[0][0], sums[1][0])
    assert np.array_equal(sums[0][1], sums[1][1])


def test_at_exactly_the_limit_a_pair_is_in_and_one_more_is_out():
    metric = Hierarchy.build(3, [0, 1], [1, 2]).customize([1000, 500], [1000, 500])
    origins = Attached(np.array([0, 1]), np.array([0], np.int32), np.array([7], np.int32))
    destinations = Attached(np.array([0, 1]), np.array([2], np.int32), np.array([3], np.int32))
    assert metric.within(origins, destinations, 1510).ms.tolist() == [1510]
    assert len(metric.within(origins, destinations, 1509).ms) == 0
    assert metric.sums_within(origins, destinations, [1509, 1510])[1].tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_a_graph_without_edges_has_only_ways_at_the_same_node(nodes):
    metric = Hierarchy.build(nodes, [], []).customize([], [])
    points = Attached.at_nodes(np.arange(nodes))
    assert np.array_equal(metric.table(points, points), np.where(np.eye(nodes), 0, NO_WAY))
    assert metric.nearest_of_nodes(points)[1].tolist() == [list(range(nodes))]
    assert metric.within(points, points, 5).origin.tolist() == list(range(nodes))


def test_long_times_saturate_and_never_overflow():
    metric = Hierarchy.build(3, [0, 1], [1, 2]).customize([NO_WAY - 1] * 2, [NO_WAY - 1, 2])
    nodes = Attached.at_nodes([0, 1, 2])
    assert metric.table(nodes, nodes).tolist() == [
        [0, NO_WAY - 1, NO_WAY],
        [NO_WAY - 1, 0, NO_WAY - 1],
        [NO_WAY, 2, 0],
    ]
    far = Attached(nodes.first, nodes.node, np.full(3, NO_WAY - 1, np.int32))
    assert (metric.table(far, far) == NO_WAY).all()
    assert (metric.nearest(far, far)[1] == -1).all()


def test_arrays_give_the_same_hierarchy_back_even_from_a_read_only_map(tmp_path):
    case = Case(11, "metis", 2)
    kept = {}
    for name, array in case.hierarchy.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        kept[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    again = Hierarchy.from_arrays(kept)
    assert np.shares_memory(again.head, kept["head"])
    assert again.order_method == case.hierarchy.order_method
    metric = again.customize(case.forward, case.backward)
    assert np.array_equal(metric.table(case.origins, case.destinations), case.ms)


def test_read_only_times_and_points_are_taken():
    case = Case(12, "geometric", 1)
    parts = (case.forward, case.backward, *case.origins.ways)
    for array in parts:
        array.flags.writeable = False
    metric = case.hierarchy.customize(case.forward, case.backward)
    assert np.array_equal(metric.table(case.origins, case.destinations), case.ms)


def test_the_order_falls_back_where_metis_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymetis", None)
    case = Case(13, None, 1)
    assert case.hierarchy.order_method == "geometric"
    assert np.array_equal(case.metric.table(case.origins, case.destinations), case.ms)
    with pytest.raises(InputError, match="pip install"):
        Hierarchy.build(2, [0], [1], order="metis")


def test_parts_cover_every_node_once_and_only_the_top_lies_above_them():
    hierarchy = Case(39, "metis", 1).hierarchy
    for cores in (1, 2, 3):
        top, shares = threads.independent_parts(hierarchy.parent, hierarchy.size, cores)
        runs = np.concatenate([top, *shares])
        nodes = np.concatenate([np.arange(*run) for run in runs])
        assert np.array_equal(np.sort(nodes), np.arange(hierarchy.nodes))
        above = {int(node) for run in top for node in np.arange(*run)}
        for share in shares:
            mine = {int(node) for run in share for node in np.arange(*run)}
            assert all(hierarchy.parent[node] in mine | above | {-1} for node in mine)


def test_the_same_graph_gives_the_same_hierarchy():
    for order in ORDERS:
        one, two = Case(14, order, 1).hierarchy.arrays(), Case(14, order, 2).hierarchy.arrays()
        assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(
    ("forward", "words"), [([5, -1], "row 2"), ([NO_WAY + 1, 0], "row 1"), ([2**40, 0], "row 1"), ([1], "one for each")]
)
def test_wrong_times_are_refused_by_row(forward, words):
    with pytest.raises(InputError, match=words):
        Hierarchy.build(3, [0, 1], [1, 2]).customize(forward, [1, 1])


def test_wrong_graphs_and_points_are_refused():
    metric = Hierarchy.build(3, [0, 1], [1, 2]).customize([1, 1], [1, 1])
    node = Attached.at_nodes([0])
    with pytest.raises(InputError, match="row 2: no such node"):
        Hierarchy.build(3, [0, 3], [1, 2])
    with pytest.raises(InputError, match="both"):
        Hierarchy.build(3, [0], [1, 2])
    with pytest.raises(InputError, match="must be one of metis, geometric"):
        Hierarchy.build(3, [0], [1], order="random")
    with pytest.raises(InputError, match="latitude"):
        Hierarchy.build(3, [0], [1], lat=[0, 1, np.nan], lon=[0, 1, 2])
    with pytest.raises(InputError, match="destinations, way 0: there is no such node"):
        metric.table(node, Attached.at_nodes([3]))
    with pytest.raises(InputError, match="origins, way 0: milliseconds"):
        metric.table(Attached(node.first, node.node, np.array([-1], np.int32)), node)
    with pytest.raises(InputError, match="must rise"):
        metric.table(Attached(np.array([0, 2]), node.node, node.ms), node)
    with pytest.raises(InputError, match="members"):
        metric.nearest(node, node, members=[[True, True]])
    with pytest.raises(InputError, match="at least 1"):
        metric.k_nearest(node, node, 0)
    with pytest.raises(InputError, match="ascend"):
        metric.sums_within(node, node, [5, 4])
    with pytest.raises(InputError, match="origin weights"):
        metric.sums_within(node, node, [5], origin_weight=[1, 2])
    with pytest.raises(InputError, match="origin from 0 to 0"):
        metric.pair_ms(node, [1], node, [0])
    with pytest.raises(InputError, match="there is no node 3"):
        metric.path(0, 3)
    with pytest.raises(InputError, match="needed together"):
        metric.within(node, node, 5, watch_first=[0, 0])
    with pytest.raises(InputError, match="watched"):
        metric.within(node, node, 5, watch_first=[0, 2], watch_origin=[0])
