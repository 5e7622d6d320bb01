"""A made region for planning: a few roads, demand points in four counties of two states, units of every kind.

``toy_area(seed)`` is small enough for a full table of minutes, which :func:`toy_minutes` finds by SciPy's Dijkstra on a
graph of its own: points hang on nodes of the road graph, so nothing but the roads' milliseconds decides. One island with
demand points and no units has a road of its own (`unreachable`); one demand point has no road at all.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from matcare.contracts import COUNTIES, DEMAND, FACILITIES_OUT
from matcare.measures.study_area import StudyArea
from matcare.scenario import Profile
from matcare.tables.facilities import service_flags
from matcare.travel.graph import RoadGraph
from matcare.travel.searches import Trips
from matcare.travel.snapping import RoadNetwork, SnappedPoints
from matcare.travel.speeds import PopulationDensity

COUNTY_FIPS = ("38001", "38003", "46001", "46003")
STATE = {"38": "ND", "46": "SD"}
_PROFILE = Profile(
    name="toy", km_per_h={}, other_km_per_h=(60.0, 60.0), local_km_per_h=(60.0, 60.0), detour_factor=1.0,
    end_minutes=(0.0, 0.0), density_midpoint_per_km2=1000.0, density_exponent=1.0, density_kernel_km=2.0,
    reach_km=10.0, direct_km=1e-6, street_direct_km=1e-6, access_candidates=500, controlled_access=("motorway",),
)  # fmt: skip


def _network(nodes: int, rng: np.random.Generator, engine: str | None) -> RoadNetwork:
    """A ring with chords on the mainland, and an island road of two nodes at the end."""
    lat, lon = 44 + 2 * rng.random(nodes), -100 + 3 * rng.random(nodes)
    main = nodes - 2
    u = np.concatenate([np.arange(main), rng.integers(0, main, main // 2), [main]])
    v = np.concatenate([(np.arange(main) + 1) % main, rng.integers(0, main, main // 2), [main + 1]])
    keep = u != v
    u, v = u[keep], v[keep]
    graph = RoadGraph.from_arrays(lat, lon, u, v, np.zeros(len(u), int), ["street"])
    ms = rng.integers(1, 40, len(u)) * 30_000  # half minutes: sums are exact, and limits are met exactly
    nobody = PopulationDensity.from_points([], [], [])
    return RoadNetwork(graph, _PROFILE, nobody, milliseconds=(ms.astype(np.int32), ms.astype(np.int32)), engine=engine)


def _at_nodes(network: RoadNetwork, node: np.ndarray) -> SnappedPoints:
    """Points that stand on nodes of the graph; −1 is a point without a road."""
    graph = network.graph
    edge, position, first = [], [], [0]
    for k in node:
        if k >= 0:
            at = int(np.flatnonzero((graph.u == k) | (graph.v == k))[0])
            edge.append(at)
            position.append(0.0 if graph.u[at] == k else 1.0)
        first.append(len(edge))
    count = len(node)
    known = node >= 0
    return SnappedPoints(
        lat=np.where(known, graph.lat[node], 60.0), lon=np.where(known, graph.lon[node], -150.0),
        urban=np.zeros(count), end_minutes=np.zeros(count), winding=np.full(count, 0.1),
        coast_km=np.full(count, np.inf), on_streets=np.zeros(count, bool),
        nearest_km=np.where(known, 0.0, np.inf), first=np.array(first),
        edge=np.array(edge, np.int32), position=np.array(position, float),
        leg_km=np.zeros(len(edge)), leg_minutes=np.zeros(len(edge)),
        water_first=np.zeros(count + 1, np.int64), water_edge=np.zeros(0, np.int32),
    )  # fmt: skip


def toy_area(
    seed: int = 0, *, points: int = 24, units: int = 9, nodes: int = 40, engine: str | None = "hierarchy"
) -> StudyArea:
    """Return a study area with a full table of minutes small enough to look at."""
    rng = np.random.default_rng(seed)
    network = _network(nodes, rng, engine)
    point_node = rng.integers(0, nodes - 2, points)
    point_node[-2], point_node[-1] = nodes - 1, -1  # the island, and no road at all
    unit_node = rng.choice(nodes - 2, units, replace=units > nodes - 2)
    fips = np.array(COUNTY_FIPS)[rng.integers(0, len(COUNTY_FIPS), points)]
    unit_fips = np.array(COUNTY_FIPS)[rng.integers(0, len(COUNTY_FIPS), units)]
    origins, destinations = _at_nodes(network, point_node), _at_nodes(network, unit_node)
    return StudyArea(
        counties=_counties(rng),
        demand=_demand(rng, fips, origins),
        facilities=_facilities(rng, unit_fips, destinations),
        trips=Trips(network, origins, destinations),
    )


def toy_minutes(area: StudyArea) -> np.ndarray:
    """Minutes of every demand point to every facility by SciPy's Dijkstra, infinite where there is no way."""
    network, graph = area.trips.network, area.trips.network.graph
    order = np.argsort(-network.forward, kind="stable")  # of parallel edges the last written, the shortest, stays
    size = len(graph.lat)
    weight = np.full((size, size), np.inf)
    for e in order:
        for a, b in ((graph.u[e], graph.v[e]), (graph.v[e], graph.u[e])):
            weight[a, b] = min(weight[a, b], network.forward[e])
    a, b = np.nonzero(np.isfinite(weight))
    ms = dijkstra(coo_array((weight[a, b], (a, b)), shape=(size, size)).tocsr())
    sides = [_node_of(network, points) for points in (area.trips.origins, area.trips.destinations)]
    minutes = np.full((len(sides[0]), len(sides[1])), np.inf)
    here = sides[0] >= 0
    minutes[here] = ms[np.ix_(sides[0][here], sides[1])] / 60_000
    return minutes


def _node_of(network: RoadNetwork, points: SnappedPoints) -> np.ndarray:
    graph = network.graph
    node = np.full(len(points), -1)
    for i in range(len(points)):
        if points.first[i] < points.first[i + 1]:
            k = points.first[i]
            node[i] = (graph.u if points.position[k] == 0 else graph.v)[points.edge[k]]
    return node


def _empty(table, count):
    """Columns of a contract without a value, of the right kinds."""
    kinds = {"text": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}
    return pd.DataFrame(
        {
            column.name: pd.array([None] * count, dtype=kinds[column.kind]) if column.kind != "number" else np.nan
            for column in table.columns
            if column.kind != "geometry"
        },
        index=range(count),
    )


def _counties(rng):
    frame = _empty(COUNTIES, len(COUNTY_FIPS))
    frame["county_fips"] = list(COUNTY_FIPS)
    frame["county_name"] = ["Adams County", "Barnes County", "Aurora County", "Beadle County"]
    frame["state"] = [STATE[fips[:2]] for fips in COUNTY_FIPS]
    frame["lat"], frame["lon"] = [45.5, 45.5, 44.5, 44.5], [-99.0, -98.0, -99.0, -98.0]
    frame["women_15_44"] = rng.integers(500, 5000, 4).astype(float)
    frame["births_per_year"] = (frame["women_15_44"] * 0.06).round()
    frame["women_15_44_status"] = frame["births_per_year_status"] = "census_estimate"
    frame["births_registered_status"] = "not_reported"
    frame["share_women_uninsured"] = [0.05, 0.12, 0.2, np.nan]
    frame["share_women_uninsured_status"] = ["estimated", "estimated", "estimated", "not_reported"]
    frame["obgyns"], frame["midwives"] = [0.0, 2.0, 5.0, 0.0], [0.0, 1.0, 0.0, 0.0]
    frame["obgyns_status"] = frame["midwives_status"] = "reported"
    frame["share_low_birthweight"], frame["share_low_birthweight_status"] = [0.08, 0.09, 0.07, np.nan], [
        "reported", "reported", "reported", "suppressed"]  # fmt: skip
    frame["rucc_2023"] = pd.array([1, 4, 7, 9], dtype="Int64")
    frame["svi"] = [0.2, 0.5, 0.9, 0.7]
    frame["population"] = frame["women_15_44"] * 5
    boxes = [shapely.box(-99.5, 45, -98.5, 46), shapely.box(-98.5, 45, -97, 46), shapely.box(-99.5, 44, -98.5, 45),
             shapely.box(-98.5, 44, -97, 45)]  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=boxes, crs="EPSG:4326")


def _demand(rng, fips, origins):
    frame = _empty(DEMAND, len(fips))
    frame["demand_id"] = [f"{code}{i:07d}" for i, code in enumerate(fips)]
    frame["bg_geoid"] = frame["demand_id"]
    frame["county_fips"] = frame["county_fips_2020"] = fips
    frame["lat"], frame["lon"] = origins.lat, origins.lon
    frame["people"] = rng.integers(100, 3000, len(fips)).astype(float)
    frame["women_15_44"] = (frame["people"] * rng.uniform(0.15, 0.25, len(fips))).round(1)
    frame["births_per_year"] = (frame["women_15_44"] * 0.06).round(2)
    return frame


def _facilities(rng, fips, destinations):
    count = len(fips)
    frame = _empty(FACILITIES_OUT, count)
    frame["facility_id"] = [f"{fips[i][:2]}{i:04d}" for i in range(count)]
    frame["facility_name"] = [f"TOY HOSPITAL {chr(65 + i % 26)}{i // 26 or ''}" for i in range(count)]
    frame["kind"] = "hospital"
    frame["city"] = [f"Town {i}" for i in range(count)]
    frame["state"] = [STATE[code[:2]] for code in fips]
    frame["county_fips"] = fips
    frame["lat"], frame["lon"] = destinations.lat, destinations.lon
    frame["coord_precision"] = "address"
    frame["beds"] = rng.integers(20, 600, count).astype(float)
    frame["obstetric_evidence"] = np.resize(["corroborated", "corroborated", "likely", "claimed", "none"], count)
    frame["cms_active"] = "yes"
    frame["hospital_type"], frame["ownership"], frame["maternal_level_source"] = "acute", "private_nonprofit", "none"
    frame["pos_obstetrics"], frame["birthing_friendly"] = "on_site", "yes"
    frame["nursery_discharges_status"] = "not_reported"
    level = np.resize(np.array(["III", None, "II", "I", "IV", None], dtype=object), count)
    frame["neonatal_level"] = pd.array(level, dtype="str")
    frame["level_source"] = np.where(pd.isna(level), "none", "reported")
    frame["nicu"] = np.where(pd.Series(level).isin(["III", "IV"]), "yes", np.resize(["no_evidence", "yes"], count))
    frame["status"], frame["correction"] = "open", "none"
    flagged = service_flags(frame, birth_care_tiers=("corroborated", "likely", "claimed"))
    return flagged.reset_index(drop=True)
