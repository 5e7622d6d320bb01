"""Fit the drive-time profile ``typical`` to published drive times.

    python benchmarks/calibrate_drive_times.py --from ../shared/data [--out src/matcare/travel/profiles/typical.toml]

Yardstick: the median of the Google, Bing and Esri minutes of ZIP-hospital pairs of ten states, up to 120 minutes. Some
OSRM trips of 3 to 20 minutes from block groups to their nearest hospital, divided by OSRM's own pace against the
yardstick (docs/drive_times.md), are given a small weight so that short trips are right where the yardstick has few.

How: shortest paths under some start values are kept as sums of kilometres by class, density and state; with the paths
fixed, minutes are a smooth function of the parameters, fitted by robust least squares of log ratios with a weak pull to
the start values; then paths are searched again under the new values and added to the pool, from which every trip takes
its fastest. The services' minutes are read, never written: only parameters and error statistics leave this script.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import least_squares
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from matcare.scenario import Profile
from matcare.travel.graph import RoadGraph
from matcare.travel.legs import direct_legs, direct_reach_km, over_water
from matcare.travel.plain import arcs, entries
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import (
    LOCAL_REFERENCE_KM,
    PIECE_KM,
    USUAL_LIMITS_MPH,
    USUAL_WINDING,
    PopulationDensity,
    cut_edges,
    speed_limits,
)
from matcare.travel.water import Land
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from matcare.travel.snapping import SnappedPoints

F64 = npt.NDArray[np.float64]
Values = dict[str, float]

KERNEL_KM: Final = 2.0
DETOUR: Final = 1.3
DETOUR_LIMIT: Final = 3.5
LONGEST_MINUTES: Final = 120.0
BIN: Final = 0.5  # of the natural logarithm of people per km²
GROUPS: Final = {
    "interstate": 0, "freeway": 0, "us_highway": 1, "state_highway": 2, "secondary_state_highway": 3,
    "business_route": 3, "park_road": 3, "gap": 4,
}  # fmt: skip
SHORT_TRIPS: Final = 0.45
OSRM_WEIGHT: Final = 0.2
OSRM_DENSITY: Final = 1000.0  # people per km²
OSRM_PER_STATE: Final = 120
OSRM_PACE: Final = ((3.0, 0.88), (9.5, 0.90), (21.0, 1.06), (42.0, 1.14), (85.0, 1.20))
STATE_OF_FIPS: Final = {
    "04": "AZ", "13": "GA", "17": "IL", "23": "ME", "30": "MT",
    "37": "NC", "36": "NY", "48": "TX", "53": "WA", "54": "WV",
}  # fmt: skip
SCALE: Final = 0.108  # log ratio at which the loss turns from squares to absolute values
PULL: Final = 0.087  # strength of the start values

# Name: start value, spread of the weak prior, whether it is fitted as a logarithm, largest value.
PARAMETERS: Final[dict[str, tuple[float, float, bool, float]]] = {
    "interstate_rural": (117, 0.25, True, np.inf), "interstate_urban": (78, 0.25, True, np.inf),
    "us_rural": (85, 0.25, True, np.inf), "us_urban": (60, 0.25, True, np.inf),
    "state_rural": (80, 0.25, True, np.inf), "state_urban": (54, 0.25, True, np.inf),
    "minor_rural": (70, 0.25, True, np.inf), "minor_urban": (50, 0.25, True, np.inf),
    "local_rural": (52, 0.25, True, np.inf), "local_urban": (43, 0.25, True, np.inf),
    "end": (1.1, 1, False, 5),
    "midpoint": (500, 1, True, np.inf), "exponent": (1, 0.5, True, np.inf),
    "bend": (0, 0.3, False, 2), "junction": (0, 0.3, False, 2), "limit": (0, 0.7, False, 2),
    "length": (0, 0.2, False, 0.8), "winding": (0, 2, False, 5),
}  # fmt: skip
ROUTE_VARIANTS: Final[tuple[Values, ...]] = (
    {},
    {"interstate_rural": 130.0, "interstate_urban": 95.0},
    {"interstate_rural": 100.0, "interstate_urban": 65.0},
    {"local_rural": 60.0, "local_urban": 50.0},
    {"junction": 0.6, "bend": 0.35, "us_rural": 98.0, "state_rural": 95.0},
)


def profile_of(values: Values, name: str = "typical") -> Profile:
    """Make a profile of fitted values."""
    pair = {
        key: (values[f"{key}_rural"], values[f"{key}_urban"]) for key in ("interstate", "us", "state", "minor", "local")
    }
    speeds = {0: pair["interstate"], 1: pair["us"], 2: pair["state"], 3: pair["minor"]}
    return Profile(
        name=name, km_per_h={road: speeds[group] for road, group in GROUPS.items() if road != "gap"},
        other_km_per_h=pair["minor"], local_km_per_h=pair["local"], detour_factor=DETOUR,
        end_minutes=(values["end"], values["end"]), density_midpoint_per_km2=values["midpoint"],
        density_exponent=values["exponent"], density_kernel_km=KERNEL_KM, access_candidates=16,
        direct_detour_limit=DETOUR_LIMIT,
        local_length_exponent=values["length"], local_winding_factor=values["winding"],
        bend_minutes_per_radian=values["bend"],
        junction_minutes=values["junction"], speed_limit_exponent=values["limit"],
    )  # fmt: skip


@dataclass(frozen=True)
class World:
    """What all fits share."""

    graph: RoadGraph
    density: PopulationDensity
    land: Land

    @classmethod
    def load(cls, folder: Path) -> World:
        """Read the publishers' files."""
        nodes = pd.read_parquet(folder / "roads" / "us_highways_nodes.parquet")
        edges = pd.read_parquet(folder / "roads" / "us_highways_edges.parquet")
        centers = pd.read_parquet(folder / "demand" / "block_group_centers_2020.parquet")
        counties = gpd.read_file(folder / "boundaries" / "cb_2024_us_county_20m.zip")
        people = PopulationDensity.from_points(centers["lat"], centers["lon"], centers["pop2020"], kernel_km=KERNEL_KM)
        return cls(RoadGraph.from_frames(nodes, edges), people, Land.from_polygons(counties.geometry.to_numpy()))

    def network(self, values: Values) -> RoadNetwork:
        """Put some values' speeds on the roads."""
        return RoadNetwork(self.graph, profile_of(values), self.density, self.land)


def read_trips(folder: Path, density: PopulationDensity) -> pd.DataFrame:
    """Read the yardstick's pairs and some OSRM trips.

    Columns: state, coordinates, minutes, osrm_minutes, near_rank, judged, weight, destination.
    OSRM knows no town from country, so only its trips from places of moderate density are used.
    """
    calibration = folder / "calibration"
    pairs = pd.read_parquet(calibration / "zip_to_hospital_minutes_10_states.parquet")
    pairs["minutes"] = pairs[["google_minutes", "bing_minutes", "esri_minutes"]].median(axis=1)
    pairs = pairs[pairs["minutes"] <= LONGEST_MINUTES].assign(judged=True)
    pairs["weight"] = (30 / pairs["minutes"].clip(lower=5)) ** SHORT_TRIPS  # long trips are over-represented among them
    ends = pd.read_csv(calibration / "destinations.csv", dtype={"ccn": str})
    ends["destination_ccn"] = ends["ccn"].str.zfill(6)
    ends = ends.rename(columns={"lat": "destination_lat", "lon": "destination_lon"}).drop(columns=["ccn", "st"])
    osrm = pd.read_parquet(calibration / "osrm_minutes_10_states.parquet")
    osrm = osrm.rename(columns={"lat": "origin_lat", "lon": "origin_lon"}).merge(
        ends, on="destination_ccn", validate="m:1"
    )
    osrm["state"] = osrm["bg_geoid"].str[:2].map(STATE_OF_FIPS)
    at, pace = np.log(np.array(OSRM_PACE)).T
    osrm["minutes"] = osrm["osrm_minutes"] / np.exp(np.interp(np.log(osrm["osrm_minutes"].clip(lower=1)), at, pace))
    moderate = density.at(osrm["origin_lat"], osrm["origin_lon"]) < OSRM_DENSITY
    osrm = osrm[osrm["minutes"].between(3, 20) & osrm["state"].notna() & moderate].sort_values("bg_geoid")
    osrm = (
        osrm.groupby("state")
        .sample(OSRM_PER_STATE, random_state=1)
        .assign(judged=False, weight=OSRM_WEIGHT, near_rank=1)
    )
    trips = pd.concat([pairs, osrm], ignore_index=True)
    trips["destination"] = trips.groupby(["destination_lat", "destination_lon"]).ngroup()
    return trips


def snap_trips(network: RoadNetwork, trips: pd.DataFrame) -> tuple[SnappedPoints, SnappedPoints]:
    """Snap the origins, and the distinct destinations in the order of their numbers."""
    ends = trips.groupby("destination")[["destination_lat", "destination_lon"]].first()
    return network.snap(trips["origin_lat"], trips["origin_lon"]), network.snap(
        ends["destination_lat"], ends["destination_lon"]
    )


@dataclass
class Routes:
    """Paths as sums by (group, density bin, state): kilometres, radians, junctions; several paths a trip."""

    world: World
    trips: pd.DataFrame
    trip: list[int] = field(default_factory=list)
    legs: list[tuple[float, float]] = field(default_factory=list)
    parts: list[tuple[int, int, int, int, float, float, float]] = field(default_factory=list)
    seen: set[tuple[Any, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        graph = self.world.graph
        edge, middle = cut_edges(graph, PIECE_KM)
        u, v = graph.u[edge], graph.v[edge]
        density = self.world.density.at(
            graph.lat[u] + middle * (graph.lat[v] - graph.lat[u]), graph.lon[u] + middle * (graph.lon[v] - graph.lon[u])
        )
        self.piece_bin = np.clip(np.round(np.log(np.maximum(density, 1)) / BIN), 0, 20).astype(np.int64)
        self.piece_first = np.searchsorted(edge, np.arange(len(graph.u) + 1))
        self.group = np.array([GROUPS[name] for name in graph.class_names])[graph.road_class]
        self.turning = graph.turning()
        junction = graph.degree() >= 3
        self.junctions = (junction[graph.u].astype(float) + junction[graph.v]) / 2 * (self.group > 0)
        low, high = np.minimum(graph.u, graph.v).astype(np.int64), np.maximum(graph.u, graph.v)
        self.edges_between: dict[int, list[int]] = defaultdict(list)
        for number, key in enumerate((low * len(graph.lat) + high).tolist()):
            self.edges_between[key].append(number)
        limits = speed_limits()
        self.limit = np.array([limits.get(name, USUAL_LIMITS_MPH) for name in graph.state_names] + [USUAL_LIMITS_MPH])
        network = self.world.network(start_values())
        origins, ends = snap_trips(network, self.trips)
        to = self.trips["destination"].to_numpy()
        self.winding = origins.winding, ends.winding[to]
        self.log_density = tuple(
            np.log(np.maximum(self.world.density.at(points.lat, points.lon), 1e-3))[rows]
            for points, rows in ((origins, slice(None)), (ends, to))
        )
        every = np.arange(len(self.trips))
        self.straight, _ = direct_legs(network, origins, ends, every, to)
        wet = over_water(network, origins, ends, every, to, self.straight)
        self.direct = (self.straight <= direct_reach_km(network, origins, ends, every, to)) & ~wet

    def add(self, trip: int, legs: tuple[float, float], shares: dict[int, float]) -> None:
        """Keep a path, given as shares of edges, unless it is known."""
        key = (
            trip,
            round(legs[0], 3),
            round(legs[1], 3),
            frozenset((edge, round(share, 3)) for edge, share in shares.items()),
        )
        if key in self.seen:
            return
        self.seen.add(key)
        sums: dict[tuple[int, int, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for edge, share in shares.items():
            bins = self.piece_bin[self.piece_first[edge] : self.piece_first[edge + 1]]
            for bin_ in bins.tolist():
                part = sums[int(self.group[edge]), bin_, int(self.world.graph.state[edge])]
                part[0] += share * self.world.graph.km[edge] / len(bins)
                part[1] += share * self.turning[edge] / len(bins)
                part[2] += share * self.junctions[edge] / len(bins)
        self.parts.extend((len(self.trip), *place, *amounts) for place, amounts in sums.items())  # type: ignore[misc] # tuples of fixed lengths are joined
        self.trip.append(trip)
        self.legs.append(legs)

    def search(self, values: Values) -> None:
        """Add the shortest path of every trip under some values."""
        network = self.world.network(values)
        origins, ends = snap_trips(network, self.trips)
        nodes = len(network.graph.lat)
        point, node, cost = entries(network, ends, arriving=True)
        first = np.searchsorted(point, np.arange(len(ends) + 1))
        roads = arcs(network)
        pointer = np.concatenate([roads.indptr, roads.indptr[-1] + first[1:]])
        joined = np.concatenate([roads.data, cost]), np.concatenate([roads.indices, node]), pointer
        graph = csr_array(joined, shape=(nodes + len(ends), nodes + len(ends)))
        for end, rows in self.trips.groupby("destination").indices.items():
            number = int(end)  # type: ignore[call-overload] # pandas types a group key too widely
            minutes, before = dijkstra(graph, indices=np.array([nodes + number]), return_predecessors=True, limit=220.0)
            doors = slice(first[number], first[number + 1])
            for row in np.asarray(rows).tolist():
                self._trace(network, origins, ends, row, minutes[0], before[0], (node[doors], cost[doors], doors.start))

    def _trace(
        self, network: RoadNetwork, origins: SnappedPoints, ends: SnappedPoints, row: int,
        minutes: F64, before: npt.NDArray[np.int32],
        doors: tuple[npt.NDArray[np.int32], F64, int],
    ) -> None:  # fmt: skip
        graph, nodes = network.graph, len(network.graph.lat)
        mine = np.arange(origins.first[row], origins.first[row + 1])
        if not len(mine):
            return
        edge, position = origins.edge[mine], origins.position[mine]
        along = network.forward[edge] / MS_PER_MINUTE
        both = np.stack([
            origins.leg_minutes[mine] + position * along + minutes[graph.u[edge]],
            origins.leg_minutes[mine] + (1 - position) * along + minutes[graph.v[edge]],
        ])  # fmt: skip
        side, best = np.unravel_index(int(np.argmin(both)), both.shape)
        if not np.isfinite(both[side, best]):
            return
        shares: dict[int, float] = defaultdict(float)
        shares[int(edge[best])] += float(position[best] if side == 0 else 1 - position[best])
        here = int((graph.u if side == 0 else graph.v)[edge[best]])
        while before[here] < nodes:
            there = int(before[here])
            ways = self.edges_between[min(here, there) * nodes + max(here, there)]
            shares[min(ways, key=lambda way: float(network.forward[way]))] += 1.0
            here = there
        door = np.flatnonzero(doors[0] == here)
        chosen = doors[2] + int(door[np.argmin(doors[1][door])])
        last = chosen // 2
        shares[int(ends.edge[last])] += float(ends.position[last] if chosen % 2 == 0 else 1 - ends.position[last])
        self.add(row, (float(origins.leg_km[mine[best]]), float(ends.leg_km[last])), shares)

    def freeze(self) -> None:
        """Turn the lists into arrays."""
        self.paths, self.ends = np.array(self.trip), np.array(self.legs)
        table = np.array(self.parts)
        self.owner, self.kind, self.bin, self.place = table[:, :4].astype(np.int64).T
        self.km, self.radians, self.crossings = table[:, 4:].T
        self.order = np.argsort(self.paths, kind="stable")
        self.served, self.starts = np.unique(self.paths[self.order], return_index=True)

    def minutes(self, values: Values) -> F64:
        """Minutes of every trip by its fastest known path or its direct leg, by the package's formulae."""

        def share(log_density: F64) -> F64:
            return np.asarray(
                1 / (1 + np.exp(np.clip(values["exponent"] * (np.log(values["midpoint"]) - log_density), -50, 50)))
            )

        def local(km: F64, urban: F64, winding: F64) -> F64:
            pace = 60 * DETOUR * ((1 - urban) / values["local_rural"] + urban / values["local_urban"])
            longer = np.maximum(km, 1e-9) * (np.maximum(km, 1e-9) / LOCAL_REFERENCE_KM) ** -values["length"]
            return np.asarray(pace * longer * (1 + values["winding"] * (winding - USUAL_WINDING)))

        names = ("interstate", "us", "state", "minor")
        rural = np.array([*(values[f"{name}_rural"] for name in names), values["local_rural"] / DETOUR])[self.kind]
        urban = np.array([*(values[f"{name}_urban"] for name in names), values["local_urban"] / DETOUR])[self.kind]
        road = np.minimum(self.kind, 1)
        faster = (self.limit[self.place, road] / np.array(USUAL_LIMITS_MPH)[road]) ** (
            values["limit"] * (self.kind < GROUPS["gap"])
        )
        weight = share(BIN * self.bin)
        spent = self.km * 60 * ((1 - weight) / (rural * faster) + weight / urban)
        spent += values["bend"] * self.radians + values["junction"] * self.crossings
        shares, winding = [share(points) for points in self.log_density], self.winding
        path = np.bincount(self.owner, weights=spent, minlength=len(self.paths)).astype(np.float64)
        for end in (0, 1):
            path += local(self.ends[:, end], shares[end][self.paths], winding[end][self.paths])
        total = np.where(
            self.direct, local(self.straight, (shares[0] + shares[1]) / 2, (winding[0] + winding[1]) / 2), np.inf
        )
        total[self.served] = np.minimum(total[self.served], np.minimum.reduceat(path[self.order], self.starts))
        return np.asarray(total + 2 * values["end"])


def start_values() -> Values:
    return {name: float(parameter[0]) for name, parameter in PARAMETERS.items()}


def fit_once(routes: Routes, values: Values, rows: npt.NDArray[np.bool_]) -> Values:
    """Fit the parameters to some of the trips, with the known paths."""
    logs = np.array([parameter[2] for parameter in PARAMETERS.values()])
    spread = np.array([parameter[1] for parameter in PARAMETERS.values()])

    def pack(named: Values) -> F64:
        raw = np.array([named[name] for name in PARAMETERS])
        return np.where(logs, np.log(np.where(logs, raw, 1.0)), raw)

    def unpack(x: F64) -> Values:
        return dict(zip(PARAMETERS, np.where(logs, np.exp(np.where(logs, x, 0.0)), x).tolist(), strict=True))

    rows = rows & np.isfinite(routes.minutes(values))  # an island's trip by ferry has no minutes by road
    prior = pack(start_values())
    low = np.where(logs, -np.inf, 0.0)
    high = np.where(logs, np.inf, np.array([parameter[3] for parameter in PARAMETERS.values()]))
    target = np.log(routes.trips["minutes"].to_numpy()[rows])
    weight = np.sqrt(routes.trips["weight"].to_numpy()[rows])

    def residuals(x: F64) -> F64:
        error = np.log(routes.minutes(unpack(x))[rows]) - target
        soft = SCALE * np.sqrt(2 * (np.sqrt(1 + (error / SCALE) ** 2) - 1))
        return np.concatenate([weight * soft, PULL * (x - prior) / spread])

    start = np.clip(pack(values), np.where(logs, low, 1e-6), high)
    found = least_squares(residuals, start, bounds=(low, high), x_scale=spread, max_nfev=40)
    return unpack(found.x)


def calibrate(routes: Routes, rows: npt.NDArray[np.bool_], values: Values, rounds: int) -> Values:
    """Fit, search paths again, fit again."""
    for _ in range(rounds):
        values = fit_once(routes, values, rows)
        routes.search(values)
        routes.freeze()
    return fit_once(routes, values, rows)


def first_routes(world: World, trips: pd.DataFrame) -> Routes:
    routes = Routes(world, trips)
    for variant in ROUTE_VARIANTS:
        routes.search({**start_values(), **variant})
    routes.freeze()
    return routes


def profile_text(values: Values, trips: int, judged: int) -> str:
    """Write a profile as TOML, with where it came from."""
    profile = profile_of(values)

    def pair(numbers: tuple[float, float], digits: int = 1) -> str:
        return f"[{numbers[0]:.{digits}f}, {numbers[1]:.{digits}f}]"

    lines = [
        "# Typical speeds on the signed highways of the US and the streets between them and a place. Written by",
        "# benchmarks/calibrate_drive_times.py; of two numbers the first is rural, the second urban. Speeds go with",
        "# chords between waypoints, so they are not driving speeds.",
        f'name = "{profile.name}"',
        'extends = "streets"',
        f"local_km_per_h = {pair(profile.local_km_per_h)}",
        f"other_km_per_h = {pair(profile.other_km_per_h)}",
        f"detour_factor = {profile.detour_factor}",
        f"local_length_exponent = {profile.local_length_exponent:.3f}",
        f"local_winding_factor = {profile.local_winding_factor:.3f}",
        f"end_minutes = {pair(profile.end_minutes, 2)}",
        f"bend_minutes_per_radian = {profile.bend_minutes_per_radian:.3f}",
        f"junction_minutes = {profile.junction_minutes:.3f}",
        f"speed_limit_exponent = {profile.speed_limit_exponent:.3f}",
        f"density_midpoint_per_km2 = {profile.density_midpoint_per_km2:.0f}.0",
        f"density_exponent = {profile.density_exponent:.3f}",
        f"density_kernel_km = {profile.density_kernel_km}",
        f"reach_km = {profile.reach_km}",
        f"direct_km = {profile.direct_km}",
        f"direct_detour_limit = {profile.direct_detour_limit}",
        f"access_candidates = {profile.access_candidates}",
        "",
        "[km_per_h]",
        *(f"{road} = {pair(speeds)}" for road, speeds in profile.km_per_h.items()),
        "",
        "[provenance]",
        'yardstick = "median of Google, Bing and Esri minutes, ZIP centroids to hospitals, ten states, up to 120 min"',
        f'states = "{" ".join(sorted(STATE_OF_FIPS.values()))}"',
        f"yardstick_trips = {judged}",
        f'also = "{trips - judged} OSRM trips of 3-20 min from block groups over OSRM\'s pace, weight {OSRM_WEIGHT}"',
        f'loss = "sum of soft absolute log ratios (scale {SCALE}), weak pull to start values ({PULL})"',
        f"fitted = {dt.datetime.now(tz=dt.UTC).date().isoformat()}",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the drive-time profile to published drive times.")
    parser.add_argument(
        "--from", dest="folder", type=Path, required=True, help="folder with roads, demand, boundaries, calibration"
    )
    parser.add_argument("--out", type=Path, default=Path("src/matcare/travel/profiles/typical.toml"))
    options = parser.parse_args()
    world = World.load(options.folder)
    trips = read_trips(options.folder, world.density)
    routes = first_routes(world, trips)
    values = calibrate(routes, np.ones(len(trips), dtype=bool), start_values(), rounds=3)
    judged = trips["judged"].to_numpy()
    ratio = routes.minutes(values)[judged] / trips["minutes"].to_numpy()[judged]
    print(pd.Series(values).round(3).to_string())
    print(f"median ratio {np.median(ratio):.3f}, {len(routes.trip)} paths of {len(trips)} trips")
    options.out.write_text(profile_text(values, len(trips), int(judged.sum())), encoding="utf-8")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
