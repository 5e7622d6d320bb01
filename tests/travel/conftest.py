"""Made roads: a mainland with a highway net, an island off its coast, a road of its own far away."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely

from matcare.travel.graph import RoadGraph
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land


@pytest.fixture(scope="session")
def nobody():
    return PopulationDensity.from_points([], [], [])


@pytest.fixture(scope="session")
def made_graph():
    # A road along 44.0° from -70.0 to -69.0, one north from its middle, and a road alone 2° west of everything.
    nodes = pd.DataFrame(
        {
            "node": [10, 11, 12, 13, 20, 21],
            "lat": [44.0, 44.0, 44.0, 44.4, 44.0, 44.2],
            "lon": [-70.0, -69.5, -69.0, -69.5, -72.0, -72.0],
        }
    )
    edges = pd.DataFrame(
        {
            "u": [10, 11, 11, 20],
            "v": [11, 12, 13, 21],
            "road_class": ["interstate", "us_highway", "state_highway", "state_highway"],
        }
    )
    return RoadGraph.from_frames(nodes, edges)


@pytest.fixture(scope="session")
def made_land():
    mainland = shapely.box(-74, 43.95, -68.9, 46)
    island = shapely.box(-69.3, 43.75, -69.1, 43.85)  # 11 km of water between
    return Land.from_polygons([mainland, island])


@pytest.fixture(scope="session")
def made(made_graph, nobody, made_land):
    return RoadNetwork(made_graph, load_profile("typical"), nobody, made_land)
