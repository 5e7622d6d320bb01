"""Demand points and roads: the stored form gives back what went in, to a metre."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts import DEMAND, ROAD_EDGES, ROAD_NODES
from matcare.errors import SnapshotError
from matcare.geo import great_circle_km
from matcare.tables.demand import allocate, compile_demand, pack_demand, unpack_demand
from matcare.tables.roads import compile_roads, pack_edges, pack_nodes, unpack_edges, unpack_nodes


def centers():
    return pd.DataFrame(
        {
            "bg_geoid": ["380170101002", None, "380170101001", None, "090010101001"],
            "county_fips": ["38017", "02013", "38017", "02013", "09190"],
            "county_fips_2020": ["38017", "02013", "38017", "02013", "09001"],
            "lat": [46.8123456, 55.1, 46.9, 54.1, 41.05],
            "lon": [-96.7876544, -160.5, -96.8, -165.8, -73.55],
            "people": [300, 10, 100, 20, 7],
        }
    )


def test_keys_are_unique_and_zeros_kept():
    demand = compile_demand(centers())
    assert demand["demand_id"].tolist() == ["02013n1", "02013n2", "090010101001", "380170101001", "380170101002"]
    back = unpack_demand(pack_demand(demand))
    pd.testing.assert_frame_equal(back[demand.columns.tolist()], demand, check_dtype=False)
    assert back.loc[2, ["county_fips", "county_fips_2020"]].tolist() == ["09190", "09001"]
    assert back["bg_geoid"].isna().tolist() == [True, True, False, False, False]


def test_coordinates_within_a_metre():
    demand = compile_demand(centers()).set_index("demand_id")
    away = great_circle_km(
        demand.loc["380170101002", "lat"], demand.loc["380170101002", "lon"], 46.8123456, -96.7876544
    )
    assert 0 < away < 0.001


def test_the_order_of_the_input_does_not_matter():
    pd.testing.assert_frame_equal(compile_demand(centers()), compile_demand(centers().iloc[::-1]))


@settings(deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=30), st.floats(0, 1e6), st.floats(0, 1e5))
def test_allocation_adds_up(people, women, births):
    demand = compile_demand(
        pd.DataFrame({"bg_geoid": None, "county_fips": "38017", "county_fips_2020": "38017", "lat": 46.0, "lon": -97.0, "people": people})
        .astype({"bg_geoid": "str"})
    )  # fmt: skip
    counties = pd.DataFrame({"county_fips": ["38017"], "women_15_44": [women], "births_per_year": [births]})
    table = DEMAND.validate(allocate(demand, counties))
    assert table["women_15_44"].sum() == pytest.approx(women, rel=1e-12)
    assert table["births_per_year"].sum() == pytest.approx(births, rel=1e-12)
    order = np.argsort(table["people"].to_numpy())
    assert (np.diff(table["women_15_44"].to_numpy()[order]) >= -1e-9 * women).all(), "more people, no fewer women"


def test_unknown_county_figures_stay_unknown():
    counties = pd.DataFrame(
        {"county_fips": ["38017", "02013"], "women_15_44": [400.0, 3.0], "births_per_year": [40.0, None]}
    )
    table = allocate(compile_demand(centers()), counties).set_index("demand_id")
    assert table.loc[["380170101001", "380170101002"], "women_15_44"].tolist() == [100, 300]
    assert table.loc["02013n1", "births_per_year"] != table.loc["02013n1", "births_per_year"]
    assert table.loc["090010101001", ["women_15_44", "births_per_year"]].isna().all()


def graph():
    nodes = pd.DataFrame({"lat": [46.8, 46.9, 46.85, 18.2], "lon": [-96.7, -97.1, -96.9, -66.5]})
    edges = pd.DataFrame({"u": [1, 2, 0], "v": [2, 0, 1], "road_class": ["interstate", "us_highway", "park_road"]})
    edges["state"] = ["ND", "MN", "PR"]
    return nodes, edges


def links(nodes, edges):
    at = nodes[["lat", "lon"]].round(5).apply(tuple, axis=1)
    return {
        (frozenset([at[u], at[v]]), *kind)
        for u, v, *kind in edges[["u", "v", "road_class", "state"]].itertuples(index=False)
    }


def test_roads_are_renumbered_but_the_same():
    nodes, edges = graph()
    stored = compile_roads(nodes, edges)
    assert links(*stored) == links(nodes, edges)
    assert (stored[1]["u"] < stored[1]["v"]).all()
    back = unpack_nodes(pack_nodes(stored[0])), unpack_edges(pack_edges(stored[1]))
    assert links(*back) == links(nodes, edges)
    ROAD_NODES.validate(back[0])
    ROAD_EDGES.validate(back[1])
    assert len(back[0]) == 4, "a node without an edge keeps its place"


def test_stored_forms_of_another_build_are_refused():
    with pytest.raises(SnapshotError, match=r"demand\.parquet"):
        unpack_demand(pa.table({"lat_e5": [1]}))
    with pytest.raises(SnapshotError, match=r"road_nodes\.parquet"):
        unpack_nodes(pa.table({"lat": [1]}))
    with pytest.raises(SnapshotError, match="unknown road_class"):
        unpack_edges(
            pa.table(
                {"u": [0], "v_minus_u": [1], "road_class": pa.array([99], pa.int8()), "state": pa.array([0], pa.int8())}
            )
        )
