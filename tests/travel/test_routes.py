"""The road of one trip."""

from __future__ import annotations

import numpy as np
import pytest

from matcare.geo import great_circle_km
from matcare.travel.graph import RoadGraph
from matcare.travel.routes import route
from matcare.travel.searches import Trips
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import load_profile

CLOSED = 2**30 - 1


def town(rng, *, oneways=True):
    """A grid of streets with bends, some one-way, a few missing, and a long road without a junction."""
    side = 7
    y, x = np.divmod(np.arange(side * side), side)
    lat, lon = 46 + 0.01 * y + rng.normal(0, 0.001, side**2), -100 + 0.014 * x + rng.normal(0, 0.001, side**2)
    right, up = np.flatnonzero(x < side - 1), np.flatnonzero(y < side - 1)
    u, v = np.concatenate([right, up]), np.concatenate([right + 1, up + side])
    keep = rng.random(len(u)) < 0.85
    u, v = u[keep], v[keep]
    tail = np.arange(side * side, side * side + 5)
    lat, lon = (
        np.concatenate([lat, 46.06 + 0.01 * np.arange(1, 6)]),
        np.concatenate([lon, np.full(5, lon[side**2 - 1])]),
    )
    u, v = np.concatenate([u, [side**2 - 1], tail[:-1]]), np.concatenate([v, tail])
    oneway = np.where(rng.random(len(u)) < 0.3, rng.choice([-1, 1], len(u)), 0) if oneways else np.zeros(len(u))
    oneway[-5:] = 0
    bends = np.arange(len(u) + 1), (lat[u] + lat[v]) / 2 + 0.0004, (lon[u] + lon[v]) / 2
    return RoadGraph.from_arrays(lat, lon, u, v, np.zeros(len(u), int), ["residential"], oneway=oneway, bends=bends)


@pytest.mark.parametrize("engine", ["hierarchy", "plain"])
@pytest.mark.parametrize("seed", range(4))
def test_a_route_takes_the_minutes_of_the_table_along_edges_that_follow_each_other(nobody, seed, engine):
    rng = np.random.default_rng(seed)
    graph = town(rng)
    network = RoadNetwork(graph, load_profile("typical"), nobody, engine=engine)
    some = [network.snap(46 + 0.1 * rng.random(12), -100 + 0.084 * rng.random(12)) for _ in range(2)]
    trips = Trips(network, *some)
    minutes = trips.table()
    kinds = set()
    for i in range(12):
        for j in range(12):
            found = route(trips, i, j)
            kinds.add(found.kind)
            assert found.minutes == pytest.approx(minutes[i, j], abs=1e-9, nan_ok=True)
            if found.kind != "road":
                assert found.schematic or np.isnan(found.minutes)
                continue
            start = np.where(found.along, graph.u[found.edge], graph.v[found.edge])
            end = np.where(found.along, graph.v[found.edge], graph.u[found.edge])
            assert (end[:-1] == start[1:]).all()
            times = np.where(found.along, network.forward[found.edge], network.backward[found.edge])
            assert (times[1:-1] < CLOSED).all()
            assert (found.lat[0], found.lon[0]) == (some[0].lat[i], some[0].lon[i])
            assert (found.lat[-1], found.lon[-1]) == (some[1].lat[j], some[1].lon[j])
            inner = great_circle_km(found.lat[1:-2], found.lon[1:-2], found.lat[2:-1], found.lon[2:-1]).sum()
            assert inner <= graph.km[found.edge].sum() + 0.02  # the line is no longer than its roads
            assert inner >= graph.km[found.edge[1:-1]].sum() - 0.02
    assert "road" in kinds


def test_the_line_of_a_chord_is_schematic_and_that_of_a_street_is_not(nobody):
    lat, lon, ends = [46.0, 46.0], [-100.0, -99.7], ([0], [1], [0], ["primary"])
    bends = np.array([0, 1]), np.array([46.01]), np.array([-99.85])
    for given, schematic in ((None, True), (bends, False)):
        network = RoadNetwork(RoadGraph.from_arrays(lat, lon, *ends, bends=given), load_profile("typical"), nobody)
        trips = Trips(network, network.snap([46.0], [-99.99]), network.snap([46.0], [-99.71]))
        found = route(trips, 0, 0)
        assert (found.kind, found.schematic, len(found.edge)) == ("road", schematic, 1)
        assert (found.lat.max() > 46.009) is not schematic


def test_no_way_is_no_line(nobody):
    graph = RoadGraph.from_arrays([46.0, 46.0, 48, 48], [-100.0, -99.9, -100, -99.9], [0, 2], [1, 3], [0, 0], ["a"])
    network = RoadNetwork(graph, load_profile("typical"), nobody)
    found = route(Trips(network, network.snap([46.0], [-99.95]), network.snap([48.0], [-99.95])), 0, 0)
    assert (found.kind, len(found.lat), np.isnan(found.minutes)) == ("none", 0, True)
