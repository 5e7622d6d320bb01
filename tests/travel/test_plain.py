"""The plain search: against SciPy's Dijkstra, and the hierarchy against it, on any directed graphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from matcare.errors import InputError
from matcare.travel.graph import RoadGraph
from matcare.travel.hierarchy import NO_WAY, Attached, Hierarchy
from matcare.travel.plain import PlainMetric, arcs, entries
from matcare.travel.searches import Trips
from matcare.travel.snapping import RoadNetwork

MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def digraphs(draw):
    """Number of nodes and (u, v, forward, backward) rows: ties, loops, parallel edges, parts, closed directions."""
    nodes = draw(st.integers(1, 12))
    node = st.integers(0, nodes - 1)
    ms = st.one_of(st.integers(0, 6), st.just(NO_WAY), st.integers(NO_WAY // 2 - 2, NO_WAY - 1))
    rows = draw(st.lists(st.tuples(node, node, ms, ms), max_size=30))
    return nodes, *np.array(rows, np.int64).reshape(-1, 4).T


@st.composite
def points(draw, nodes):
    way = st.tuples(st.integers(0, nodes - 1), st.one_of(st.integers(0, 5), st.just(NO_WAY)))
    ways = draw(st.lists(st.lists(way, max_size=3), max_size=6))
    flat = np.array([way for some in ways for way in some], np.int32).reshape(-1, 2)
    return Attached(np.cumsum([0, *map(len, ways)]).astype(np.int64), flat[:, 0].copy(), flat[:, 1].copy())


def node_table(fewest, nodes, u, v, forward, backward):
    tail, head, ms = np.concatenate([u, v]), np.concatenate([v, u]), np.concatenate([forward, backward])
    is_open = ms < NO_WAY
    return dijkstra(fewest(tail[is_open], head[is_open], ms[is_open], nodes))


def pair_table(apart, origins, destinations):
    """Least of way + path + way for every pair; NO_WAY where it is as long or longer."""
    out = np.full((len(origins), len(destinations)), float(NO_WAY))
    for i in range(len(origins)):
        for j in range(len(destinations)):
            for a in range(origins.first[i], origins.first[i + 1]):
                for b in range(destinations.first[j], destinations.first[j + 1]):
                    ms = origins.ms[a] + apart[origins.node[a], destinations.node[b]] + destinations.ms[b]
                    out[i, j] = min(out[i, j], ms)
    return out.astype(np.int64)


def least(rows):
    """Least milliseconds of each row and the first destination that has them, −1 where none."""
    if not rows.shape[1]:
        return np.full(len(rows), NO_WAY), np.full(len(rows), -1)
    return rows.min(axis=1), np.where(rows.min(axis=1) < NO_WAY, rows.argmin(axis=1), -1)


@MANY
@given(digraphs(), st.data())
def test_every_search_agrees_with_scipy_and_with_the_hierarchy(oracle, digraph, data):
    nodes, u, v, forward, backward = digraph
    metrics = PlainMetric(*digraph), Hierarchy.build(nodes, u, v).customize(forward, backward)
    origins, destinations = data.draw(points(nodes)), data.draw(points(nodes))
    apart = node_table(oracle.fewest, *digraph)
    truth = pair_table(apart, origins, destinations)
    members = np.array(
        data.draw(
            st.lists(
                st.lists(st.booleans(), min_size=len(destinations), max_size=len(destinations)), min_size=1, max_size=3
            )
        )
    )
    members = members.reshape(len(members), len(destinations)).astype(bool)
    known = truth[truth < NO_WAY]
    limit = int(data.draw(st.sampled_from(known.tolist()))) if len(known) else 3
    every = Attached.at_nodes(np.arange(nodes))
    for metric in metrics:
        np.testing.assert_array_equal(metric.table(origins, destinations), truth)
        found = metric.nearest(origins, destinations, members=members)
        wanted = [least(np.where(member, truth, NO_WAY)) for member in members]
        np.testing.assert_array_equal(np.stack(found), np.stack(wanted, axis=1))
        np.testing.assert_array_equal(np.stack(metric.nearest(origins, destinations))[:, 0], least(truth))
        for reverse in (False, True):
            rows = pair_table(apart, destinations, every).T if reverse else pair_table(apart, every, destinations)
            found = metric.nearest_of_nodes(destinations, reverse=reverse)
            np.testing.assert_array_equal(np.stack(found)[:, 0], least(rows))
            found = metric.nearest_of_nodes(destinations, members=members, reverse=reverse)
            wanted = [least(np.where(member, rows, NO_WAY)) for member in members]
            np.testing.assert_array_equal(np.stack(found), np.stack(wanted, axis=1))
        check_within(metric, origins, destinations, truth, limit)
        for k in (1, 3):
            order = np.argsort(truth, axis=1, kind="stable")[:, :k]
            near = np.full((len(origins), k), NO_WAY)
            near[:, : order.shape[1]] = np.take_along_axis(truth, order, axis=1)
            to = np.full((len(origins), k), -1)
            to[:, : order.shape[1]] = order
            ms, destination = metric.k_nearest(origins, destinations, k)
            np.testing.assert_array_equal(ms, near)
            np.testing.assert_array_equal(destination, np.where(near < NO_WAY, to, -1))
        check_pairs_and_sums(metric, origins, destinations, truth, limit)


def check_within(metric, origins, destinations, truth, limit):
    watch = np.ones(truth.T.shape, bool)  # all pairs are asked after
    watch_first = np.arange(len(destinations) + 1) * len(origins)
    pairs = metric.within(origins, destinations, limit, watch_first=watch_first, watch_origin=np.nonzero(watch)[1])
    destination, origin = np.nonzero(limit >= truth.T)
    np.testing.assert_array_equal(np.repeat(np.arange(len(destinations)), np.diff(pairs.first)), destination)
    np.testing.assert_array_equal(pairs.origin, origin)
    np.testing.assert_array_equal(pairs.ms, truth[origin, destination])
    place = np.full(truth.T.shape, -1)
    place[destination, origin] = np.arange(len(origin))
    np.testing.assert_array_equal(pairs.watched, place.ravel())
    assert metric.within(origins, destinations, limit).watched is None
    assert len(metric.within(origins, destinations, NO_WAY + 5).ms) == (truth < NO_WAY).sum()


def check_pairs_and_sums(metric, origins, destinations, truth, limit):
    i, j = (side.ravel() for side in np.indices(truth.shape))
    some = np.random.default_rng(1).permutation(len(i))[:9]
    np.testing.assert_array_equal(metric.pair_ms(origins, i[some], destinations, j[some]), truth[i[some], j[some]])
    bands = np.array([0, limit, limit, limit + 3])
    inside = truth[:, :, None] <= np.minimum(bands, NO_WAY - 1)
    births, beds = np.arange(len(origins)) + 2.0, np.arange(len(destinations)) + 5.0
    sums = metric.sums_within(origins, destinations, bands, origin_weight=births, destination_weight=beds)
    np.testing.assert_array_equal(sums[0], np.einsum("i,ijb->jb", births, inside))
    np.testing.assert_array_equal(sums[1], np.einsum("j,ijb->ib", beds, inside))
    np.testing.assert_array_equal(metric.sums_within(origins, destinations, bands)[0], inside.sum(axis=0))


@MANY
@given(digraphs(), st.data())
def test_a_path_leads_from_one_node_to_the_other_in_its_time(oracle, digraph, data):
    nodes, u, v, forward, backward = digraph
    source, target = (data.draw(st.integers(0, nodes - 1)) for _ in range(2))
    apart = node_table(oracle.fewest, *digraph)[source, target]
    for metric in (PlainMetric(*digraph), Hierarchy.build(nodes, u, v).customize(forward, backward)):
        ms, edges, along = metric.path(source, target)
        assert ms == (min(NO_WAY, apart))
        here, total = source, 0
        for edge, with_it in zip(edges, along, strict=True):
            tail, head, cost = (u[edge], v[edge], forward[edge]) if with_it else (v[edge], u[edge], backward[edge])
            assert here == tail
            here, total = head, total + cost
        if ms < NO_WAY:
            assert (here, total) == (target, ms)
        else:
            assert not len(edges)


def test_results_do_not_depend_on_the_threads():
    rng = np.random.default_rng(4)
    u, v = rng.integers(0, 300, (2, 900))
    forward, backward = rng.integers(1, 1000, (2, 900))
    one, three = (PlainMetric(300, u, v, forward, backward, threads=threads) for threads in (1, 3))
    points = Attached.at_nodes(rng.integers(0, 300, 150))
    weights = {"origin_weight": rng.random(150), "destination_weight": rng.random(150)}
    for left, right in zip(
        (
            one.table(points, points),
            *one.k_nearest(points, points, 4),
            *one.sums_within(points, points, [500, 2000], **weights),
        ),
        (
            three.table(points, points),
            *three.k_nearest(points, points, 4),
            *three.sums_within(points, points, [500, 2000], **weights),
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(left, right)


def test_a_road_of_many_nodes():
    nodes = 60_000
    ms = np.random.default_rng(2).integers(1, 9, nodes - 1)
    metric = PlainMetric(nodes, np.arange(nodes - 1), np.arange(1, nodes), ms, ms)
    found, _ = metric.nearest_of_nodes(Attached.at_nodes([0]))
    np.testing.assert_array_equal(found[0], np.concatenate([[0], np.cumsum(ms)]))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m, p: PlainMetric(2, [0, 0], [1, 2], [1, 1], [1, 1]), "row 2: no such node"),
        (lambda m, p: PlainMetric(2, [0], [1], [-1], [1]), "row 1: milliseconds"),
        (lambda m, p: PlainMetric(2, [0], [1], [1], [NO_WAY + 1]), "row 1: milliseconds"),
        (lambda m, p: m.k_nearest(p, p, 0), "k is 0"),
        (lambda m, p: m.table(Attached.at_nodes([2]), p), "origins, way 0"),
        (lambda m, p: m.nearest(p, p, members=[[True]]), r"members have shape \(1, 1\)"),
        (lambda m, p: m.sums_within(p, p, [5, 1]), "ascend"),
        (lambda m, p: m.sums_within(p, p, [5], origin_weight=[1]), "origin weights"),
        (lambda m, p: m.pair_ms(p, [0], p, [2]), "destination from 0 to 1"),
        (lambda m, p: m.path(0, 2), "no node 2"),
        (lambda m, p: m.within(p, p, 5, watch_first=[0, 1], watch_origin=[0]), "watched pairs"),
    ],
)
def test_what_cannot_be_asked_is_said(ask, message):
    with pytest.raises(InputError, match=message):
        ask(PlainMetric(2, [0], [1], [7], [8]), Attached.at_nodes([0, 1]))


def test_arcs_and_entries_make_the_same_minutes(made_graph, nobody, simple_profile):
    # As the calibration uses them: arcs between the graph's own nodes, entries at both ends, end minutes added.
    u, v, oneway = made_graph.u, made_graph.v, [0, 1, 0, 0]
    graph = RoadGraph.from_arrays(
        made_graph.lat,
        made_graph.lon,
        [*u, 1],
        [*v, 3],
        [*made_graph.road_class, 0],
        made_graph.class_names,
        oneway=[*oneway, 0],
    )
    network = RoadNetwork(graph, simple_profile, nobody)
    matrix = arcs(network).toarray()
    assert (matrix > 0).sum() == 7  # of two parallel roads one, of a one-way one direction
    assert matrix[1, 3] == matrix[3, 1] == min(network.forward[2], network.forward[4]) / 60_000
    origins = network.snap([44.01, 44.05, 43.99, 44.1], [-69.9, -69.45, -69.2, -72.01])
    destinations = network.snap([44.3, 44.02, 44.01], [-69.49, -69.1, -69.6])
    apart = dijkstra(arcs(network))
    minutes = np.full((4, 3), np.inf)
    here, there = entries(network, origins, arriving=False), entries(network, destinations, arriving=True)
    for i, a, leave in zip(*here, strict=True):
        for j, b, arrive in zip(*there, strict=True):
            minutes[i, j] = min(minutes[i, j], leave + apart[a, b] + arrive + 1.0)
    assert np.isinf(minutes[3]).all()
    found = np.nan_to_num(Trips(network, origins, destinations).table(), nan=np.inf)
    edges = [[set(one.take([k]).edge.tolist()) for k in range(len(one))] for one in (origins, destinations)]
    alone = np.array([[not mine & theirs for theirs in edges[1]] for mine in edges[0]])  # no stretch of one road
    assert alone.sum() >= 6
    np.testing.assert_allclose(found[alone], minutes[alone], atol=1e-4)
    assert (found <= minutes + 1e-4).all()
    for points_, (number, _, _) in ((origins, here), (destinations, there)):
        assert (np.diff(number) >= 0).all()
        assert len(number) <= 2 * len(points_.edge)


def test_entries_of_a_one_way_road_lead_one_way(nobody, simple_profile, oracle):
    graph = RoadGraph.from_arrays([44, 44], [-70, -69.9], [0], [1], [0], ["street"], oneway=[1])
    network = RoadNetwork(
        graph, simple_profile, nobody, milliseconds=(np.array([60_000], np.int32), np.array([NO_WAY], np.int32))
    )
    points_ = oracle.entered([[(0, 0.25, 30_000)], [(0, 0.0, 0)], [(0, 1.0, 0)]])
    leaving = [part.tolist() for part in entries(network, points_, arriving=False)]
    assert leaving == [[0, 1, 1, 2], [1, 0, 1, 1], [1.25, 0.0, 1.0, 0.0]]
    arriving = [part.tolist() for part in entries(network, points_, arriving=True)]
    assert arriving == [[0, 1, 2, 2], [0, 0, 0, 1], [0.75, 0.0, 1.0, 0.0]]
