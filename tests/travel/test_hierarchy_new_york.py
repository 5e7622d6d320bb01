"""The hierarchy on New York's roads (DIMACS, 264,346 nodes) against SciPy, from sampled places."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from matcare.travel.hierarchy import Attached, Hierarchy

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def roads(shared):
    """Number of nodes, and tail, head and time of every arc."""
    path = shared / "roads" / "USA-road-t.NY.gr.gz"
    if not path.exists():
        pytest.skip("the DIMACS roads of New York are not beside this checkout")
    with gzip.open(path) as file:
        lines = file.read().split(b"\n")
    nodes = next(int(line.split()[2]) for line in lines if line.startswith(b"p"))
    arcs = np.array(b" ".join(line[2:] for line in lines if line.startswith(b"a")).split(), dtype=np.int32)
    return nodes, arcs[0::3] - 1, arcs[1::3] - 1, arcs[2::3]


@pytest.mark.parametrize("one_way", [False, True])
def test_new_york_is_scipys(roads, one_way):
    nodes, tail, head, ms = roads
    rng = np.random.default_rng(3)
    if one_way:  # every arc has its own time, and a tenth of them is closed
        ms = ms + rng.integers(0, 1000, len(ms)).astype(np.int32)
        kept = rng.random(len(ms)) > 0.1
        tail, head, ms = tail[kept], head[kept], ms[kept]
    closed = np.full(len(tail), 2**30 - 1, np.int32)
    metric = Hierarchy.build(nodes, tail, head).customize(ms, closed)
    where = rng.choice(nodes, 20, replace=False)
    order = np.lexsort((ms, head, tail))
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    order = order[first]
    graph = csr_array((ms[order].astype(float), (head[order], tail[order])), shape=(nodes, nodes))
    expected = dijkstra(graph, indices=where).T
    everyone, to = Attached.at_nodes(np.arange(nodes)), Attached.at_nodes(where)
    found = metric.table(everyone, to)
    reached = np.isfinite(expected)
    assert np.array_equal(found[reached], expected[reached])
    assert (found[~reached] == 2**30 - 1).all()
    nearest, which = metric.nearest_of_nodes(to)
    assert np.array_equal(nearest[0], found.min(axis=1))
    assert np.array_equal(which[0][reached.any(axis=1)], found.argmin(axis=1)[reached.any(axis=1)])
    limit = int(np.median(found))
    pairs = metric.within(everyone, to, limit)
    assert np.array_equal(pairs.origin, np.nonzero((found <= limit).T)[1])
    assert np.array_equal(pairs.ms, found.T[(found <= limit).T])
    source = int(where[0])
    total, edges, along = metric.path(source, int(where[1]))
    assert total == found[source, 1]
    assert along.all()
    assert ms[edges].sum() == total
    assert np.array_equal(head[edges[:-1]], tail[edges[1:]])
