"""Isochrones and catchments on a network agree with the minutes of its searches."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from matcare.travel.drive_areas import drive_catchments, drive_isochrones, node_points, nodes_to_nearest
from matcare.travel.graph import RoadGraph
from matcare.travel.searches import nearest
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import load_profile


def blocks(nobody, every_oneway):
    side = 12
    y, x = np.divmod(np.arange(side * side), side)
    right, up = np.flatnonzero(x < side - 1), np.flatnonzero(y < side - 1)
    u, v = np.concatenate([right, up]), np.concatenate([right + 1, up + side])
    oneway = np.zeros(len(u))
    oneway[::every_oneway] = 1
    graph = RoadGraph.from_arrays(
        46 + 0.05 * y, -100 + 0.07 * x, u, v, np.zeros(len(u), int), ["tertiary"], oneway=oneway,
        bends=(np.zeros(len(u) + 1, int), [], []),
    )  # fmt: skip
    return RoadNetwork(graph, load_profile("typical"), nobody)


@pytest.fixture(scope="module")
def network(nobody):
    return blocks(nobody, 10_000)


@pytest.fixture(scope="module")
def hospitals(network):
    return network.snap([46.12, 46.41], [-99.8, -99.35])


@pytest.mark.parametrize("every_oneway", [9, 10_000])
def test_nodes_are_as_far_as_people_who_live_on_them(nobody, hospitals, every_oneway):
    network = blocks(nobody, every_oneway)
    hospitals = network.snap(hospitals.lat, hospitals.lon)
    graph = network.graph
    people = network.snap(graph.lat, graph.lon)
    assert (people.leg_km[people.first[:-1]] >= 0).all()
    by_node, by_people = nodes_to_nearest(network, hospitals), nearest(network, people, hospitals)
    np.testing.assert_allclose(by_node.minutes, by_people.minutes, atol=2e-3)
    assert (by_node.destination == by_people.destination).mean() > 0.98


def test_a_node_without_an_edge_has_no_way(nobody):
    graph = RoadGraph.from_arrays([46.0, 46.0, 46.5], [-100.0, -99.9, -100.0], [0], [1], [0], ["residential"])
    alone = RoadNetwork(graph, load_profile("typical"), nobody)
    assert node_points(alone).has_entry.tolist() == [True, True, False]
    assert np.isnan(nodes_to_nearest(alone, alone.snap([46.0], [-99.95])).minutes[2])


def test_ground_within_t_holds_the_nodes_within_t(network, hospitals):
    minutes = nodes_to_nearest(network, hospitals).minutes
    bands = drive_isochrones(network, hospitals, breaks=[10, 20, 40], cumulative=True, cell_km=0.5)
    nodes = shapely.points(network.graph.lon, network.graph.lat)
    for limit, ground in zip(bands["minutes_to"], bands.geometry, strict=True):
        inside = shapely.contains_xy(ground, network.graph.lon, network.graph.lat)
        assert (inside | (minutes > limit) | (shapely.distance(ground, nodes) < 0.01)).all()
        assert not (inside & (minutes > limit + 2)).any()


def test_every_node_lies_in_the_catchment_of_its_hospital(network, hospitals):
    found = nodes_to_nearest(network, hospitals)
    ground = drive_catchments(network, hospitals, cell_km=0.5)
    assert ground["destination"].tolist() == [0, 1]
    nodes = shapely.points(network.graph.lon, network.graph.lat)
    for number, area in zip(ground["destination"], ground.geometry, strict=True):
        assert (shapely.distance(area, nodes[found.destination == number]) < 0.01).all()
    assert shapely.area(shapely.intersection(*ground.geometry)) == pytest.approx(0, abs=1e-9)
