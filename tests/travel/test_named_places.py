"""Real places at the edges of the road network, on the national graph."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from matcare.travel.graph import RoadGraph
from matcare.travel.searches import nearest
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def nation(shared):
    nodes, edges = (pd.read_parquet(shared / "roads" / f"us_highways_{part}.parquet") for part in ("nodes", "edges"))
    centers = pd.read_parquet(shared / "demand" / "block_group_centers_2020.parquet")
    counties = gpd.read_file(shared / "boundaries" / "cb_2024_us_county_20m.zip")
    profile = load_profile("typical")
    density = PopulationDensity.from_points(
        centers["lat"], centers["lon"], centers["pop2020"], kernel_km=profile.density_kernel_km
    )
    network = RoadNetwork(
        RoadGraph.from_frames(nodes, edges), profile, density, Land.from_polygons(counties.geometry.to_numpy())
    )
    hospitals = pd.read_csv(shared / "facilities" / "cms_pos_ob_hospitals_geocoded.csv").dropna(
        subset=["latitude", "longitude"]
    )
    origins, units = (
        network.snap(centers["lat"], centers["lon"]),
        network.snap(hospitals["latitude"], hospitals["longitude"]),
    )
    return centers, network, origins, units, nearest(network, origins, units)


def test_the_graph_is_the_one_described(nation):
    graph = nation[1].graph
    assert graph.components == 50
    assert len(graph.gaps) == 84
    assert graph.gaps["km"].max() < 1


@pytest.mark.parametrize(
    ("county", "lat", "lon"),
    [
        ("25019", 41.283, -70.099),
        ("02050", 60.79, -161.76),
        ("02180", 64.50, -165.41),
        ("02220", 57.05, -135.33),
        ("02185", 71.29, -156.76),
    ],
    ids=["Nantucket", "Bethel", "Nome", "Sitka", "Utqiagvik"],
)
def test_towns_with_their_own_hospital_get_minutes(nation, county, lat, lon):
    centers, _, _, _, found = nation
    here = (centers["county_2020"] == county) & (np.hypot(centers["lat"] - lat, (centers["lon"] - lon) * 0.5) < 0.1)
    assert here.any()
    assert (found.reason[here] == "covered").all()
    assert found.minutes[here].max() < 25


def test_nobody_drives_over_the_sea(nation):
    centers, _, _, _, found = nation
    friday_harbor = (centers["county_2020"] == "53055").to_numpy()
    block_island = ((centers["county_2020"] == "44009") & (centers["lat"] < 41.25)).to_numpy()
    fishers_island = (
        (centers["county_2020"] == "36103") & (centers["lat"] > 41.23) & (centers["lon"] > -72.05)
    ).to_numpy()
    for island in (friday_harbor, block_island, fishers_island):
        assert island.any()
        assert np.isnan(found.minutes[island]).all()
        assert set(found.reason[island]) <= {"ferry_or_air_only", "no_road_access"}


def test_marthas_vineyard_uses_its_own_hospital(nation):
    centers, _, _, units, found = nation
    here = (
        (centers["county_2020"] == "25007") & (centers["pop2020"] > 100)
    ).to_numpy()  # without Gosnold, nearer to Falmouth
    used = found.destination[here & (found.reason == "covered")]
    assert len(used) == here.sum()
    assert (np.hypot(units.lat[used] - 41.46, units.lon[used] + 70.58) < 0.1).all()


def test_the_mainland_is_on_the_road(nation):
    centers, _, _, _, found = nation
    people = centers["pop2020"].to_numpy()
    lost = found.reason != "covered"
    assert people[lost].sum() < 0.0006 * people.sum()
    phoenix = ((centers["county_2020"] == "04013") & (centers["pop2020"] > 100)).to_numpy()
    assert not lost[phoenix].any()  # whose highways are a component of their own before gaps are bridged


def test_edges_over_open_water_are_the_bridges_that_were_looked_at(nation):
    graph, land = nation[1].graph, nation[1].land
    ends = graph.lat[graph.u], graph.lon[graph.u], graph.lat[graph.v], graph.lon[graph.v]
    over = land.off_land_km(*ends, graph.km)
    # 62 edges, all looked at: bridges, causeways, capes and spits that the 1:20M outline leaves out; none is a ferry.
    assert (over > 3).sum() == 62
    assert over.max() < 13
