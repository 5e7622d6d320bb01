"""The engine's jobs that run in a process of their own, so that their peak memory and first calls are honest."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.csgraph import dijkstra

from engine_graphs import Streets, forget_peak, new_york, peak_gib, tiled, window
from matcare.pipeline import build_roads
from matcare.pipeline.roads import build_network
from matcare.scenario import Scenario
from matcare.tables.facilities import service_flags
from matcare.tables.snapshot import load_snapshot
from matcare.travel.compiled import compiled
from matcare.travel.hierarchy import Attached, Hierarchy
from matcare.travel.readers.osm_pbf import read_osm_pbf
from matcare.travel.road_files import read_roads
from matcare.travel.searches import Trips
from matcare.travel.snapping import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    I32 = npt.NDArray[np.int32]

__all__ = ["in_process", "run_job"]

LIMIT_MINUTES = 120.0
POINT_PAIRS = 1000
CHECKED = 40
MANY = 10**6
"""Above so many nodes questions are asked fewer times."""

Found = dict[str, Any]


def in_process(job: str, folder: Path, *, size: int = 0, environment: Mapping[str, str] | None = None) -> Found:
    """Run a job in a fresh process; return what it found, with its whole time as `process_s`."""
    script = Path(__file__).with_name("engine.py")
    command = [sys.executable, str(script), "--from", str(folder), "--job", job, "--size", str(size)]
    start = time.perf_counter()
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **(environment or {})}
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr}")
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return {**found, "process_s": seconds}


def run_job(job: str, folder: Path, size: int) -> None:
    """Do a job in this process and print what it found as one line of JSON."""
    jobs: dict[str, Callable[[], Found]] = {
        "national": national,
        "first": first_use,
        "curve": lambda: of_size(folder, size),
        "kentucky": lambda: kentucky(folder),
        "dakota": lambda: dakota(folder),
    }
    print(json.dumps(jobs[job]()))


def _timed(work: Callable[[], Any], repeats: int = 1) -> tuple[Any, list[float]]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return found, seconds


def national() -> Found:
    """Answer for the whole country on the embedded highways: every block group, every facility."""
    snapshot = load_snapshot()
    network = build_network(snapshot, "typical")
    seconds: dict[str, list[float]] = {}
    _, seconds["chains"] = _timed(lambda: (network.chains, network.times))
    _, seconds["order and contraction"] = _timed(lambda: network.hierarchy)
    _, seconds["customise"] = _timed(lambda: network.metric)
    prepared = peak_gib()
    facilities = service_flags(snapshot.facilities, birth_care_tiers=Scenario().birth_care_tiers)
    services = ("birth_care", "nicu", "neonatal_2_plus", "neonatal_3_plus", "neonatal_3_plus_or_nicu")
    members = np.stack([facilities[f"counts_{service}"].to_numpy(dtype=bool) for service in services])
    ends = []
    for name, table in (("demand", snapshot.demand), ("facilities", facilities)):
        place = table["lat"].to_numpy(), table["lon"].to_numpy()
        points, seconds[f"snap {name}"] = _timed(lambda place=place: network.snap(*place))  # type: ignore[misc]
        ends.append(points)
    trips = Trips(network, *ends)
    _, seconds["ways to the junctions"] = _timed(lambda: (trips.leaving, trips.arriving, trips.stretches))
    near, seconds["nearest, five services"] = _timed(lambda: trips.nearest(members=members), 5)
    pairs, seconds["within 120 min"] = _timed(lambda: Trips(network, *ends).within(limit_minutes=LIMIT_MINUTES))
    found = {"peak_gib": peak_gib(), "peak_gib_prepared": prepared, "pairs": len(pairs.ms), "origins": len(ends[0])}
    found |= {"facilities": len(ends[1]), "core": len(network.chains.core), "nodes": len(network.graph.lat)}
    del pairs
    pairs, more = _timed(lambda: Trips(network, *ends).within(limit_minutes=LIMIT_MINUTES), 2)
    seconds["within 120 min"] += more
    roads, seconds["within 120 min, roads only"] = _timed(
        lambda: network.metric.within(trips.leaving, trips.arriving, int(LIMIT_MINUTES * 60_000)), 3
    )
    del roads
    plain = RoadNetwork(
        network.graph, network.profile, network.density, network.land,
        milliseconds=(network.forward, network.backward), chains=network.chains, engine="plain",
    )  # fmt: skip
    again = Trips(plain, *ends).nearest(members=members)
    for mine, other in zip(near, again, strict=True):
        if (
            not np.array_equal(mine.minutes, other.minutes, equal_nan=True)
            or (mine.destination != other.destination).any()
        ):
            raise SystemExit("nearest: the hierarchy and the plain search differ")
    some = np.linspace(0, len(ends[1]) - 1, CHECKED).astype(np.int64)
    check = Trips(plain, ends[0], ends[1].take(some)).within(limit_minutes=LIMIT_MINUTES)
    kept = np.isin(pairs.destination, some)
    if not (np.array_equal(check.origin, pairs.origin[kept]) and np.array_equal(check.ms, pairs.ms[kept])):
        raise SystemExit("within: the hierarchy and the plain search differ")
    return {**found, "seconds": {key: [round(one, 4) for one in each] for key, each in seconds.items()}}


def first_use() -> Found:
    """Ask a little of everything; with an empty cache of kernels that is mostly the time to compile them."""
    snapshot = load_snapshot()

    def ask() -> None:
        network = build_network(snapshot, "typical")
        points = [
            network.snap(table["lat"].to_numpy()[:500], table["lon"].to_numpy()[:500])
            for table in (snapshot.demand, snapshot.facilities)
        ]
        trips = Trips(network, *points)
        trips.nearest()
        trips.within(limit_minutes=LIMIT_MINUTES)
        trips.table()
        trips.k_nearest(3)

    _, seconds = _timed(ask, 2)
    return {"first_s": seconds[0], "then_s": seconds[1]}


def _load_kernels() -> None:
    """Use what the curve uses once, so that kernels are loaded before the clock runs."""
    node = np.arange(900).reshape(30, 30)
    u, v = (np.concatenate([a.ravel(), b.ravel()]) for a, b in ((node[:, :-1], node[:-1]), (node[:, 1:], node[1:])))
    ms = 1000 + (u * 7 + v * 13) % 500
    some, one = Attached.at_nodes(node[0]), np.zeros(1, np.int64)
    metric = Hierarchy.build(node.size, u, v).customize(ms, ms)
    metric.nearest_of_nodes(some)
    metric.pair_ms(some, one, some, one)
    metric.path(0, node.size - 1)


def of_size(folder: Path, size: int) -> Found:
    """Prepare a graph of about so many nodes, ask it, and compare with SciPy."""
    streets = _streets(folder, size)
    where = streets.some(100, seed=7)
    pairs = streets.some(POINT_PAIRS, seed=8), streets.some(POINT_PAIRS, seed=9)
    _load_kernels()
    found, near_ms, one_ms, pair_ms = _asked(streets, where, *pairs)
    matrix, found["scipy_prepare_s"] = _timed(streets.matrix)
    expected, found["scipy_nearest_s"] = _timed(lambda: dijkstra(matrix, indices=where, min_only=True))
    one_expected, found["scipy_one_to_all_s"] = _timed(lambda: dijkstra(matrix, indices=where[0]))
    few = range(2 if streets.nodes > MANY else 10)
    rows = [dijkstra(matrix, indices=pairs[0][i])[pairs[1][i]] for i in few]
    if not (np.array_equal(near_ms, expected) and np.array_equal(one_ms, one_expected)):
        raise SystemExit(f"{streets.nodes} nodes: the engine and SciPy differ")
    if not np.array_equal(pair_ms[: len(rows)], rows):
        raise SystemExit(f"{streets.nodes} nodes: point pairs and SciPy differ")
    return {key: statistics.median(each) if isinstance(each, list) else each for key, each in found.items()}


def _asked(streets: Streets, where: I32, start: I32, goal: I32) -> tuple[Found, I32, I32, I32]:
    """Prepare and ask; return the seconds and the milliseconds found, and let go of the hierarchy."""
    before = peak_gib()
    forget_peak()
    hierarchy, build = _timed(lambda: Hierarchy.build(streets.nodes, streets.u, streets.v))
    metric, first = _timed(lambda: hierarchy.customize(streets.ms, streets.ms))
    prepared = peak_gib()
    metric, again = _timed(lambda: hierarchy.customize(streets.ms, streets.ms), 2)
    facilities, one = Attached.at_nodes(where), Attached.at_nodes(where[:1])
    a, b, pairs = Attached.at_nodes(start), Attached.at_nodes(goal), np.arange(len(start))
    repeats = 5 if streets.nodes > MANY else 15
    near, nearest = _timed(lambda: metric.nearest_of_nodes(facilities), repeats)
    every, one_to_all = _timed(lambda: metric.nearest_of_nodes(one, reverse=True), repeats)
    apart, pair = _timed(lambda: metric.pair_ms(a, pairs, b, pairs), 3)
    metric.path(int(start[0]), int(goal[0]))
    few = range(1, 21)
    routes, path = _timed(lambda: [metric.path(int(start[i]), int(goal[i]))[0] for i in few], 2)
    if routes != apart[1:21].tolist():
        raise SystemExit(f"{streets.nodes} nodes: routes and pairs differ")
    found: Found = {
        "nodes": streets.nodes, "edges": len(streets.u), "arcs": hierarchy.arcs, "kept": len(metric.up_arcs) // 2,
        "ancestors": int(_most_ancestors(hierarchy.parent)), "build_s": build, "customise_s": first + again,
        "peak_gib_before": before, "peak_gib_prepared": prepared, "peak_gib": peak_gib(),
        "nearest_s": nearest, "one_to_all_s": one_to_all, "pair_s": [s / len(pairs) for s in pair],
        "path_s": [s / len(few) for s in path],
    }  # fmt: skip
    return found, near[0][0], every[0][0], apart


@compiled
def _most_ancestors(parent: I32) -> int:
    """Count the ancestors of the node that has the most: what a search from one place climbs."""
    most = 0
    count = np.zeros(len(parent), np.int32)
    for v in range(len(parent) - 1, -1, -1):
        if parent[v] >= 0:
            count[v] = count[parent[v]] + 1
            most = max(most, count[v])
    return most


def _streets(folder: Path, size: int) -> Streets:
    """Take New York, a window of it, or tiles of it, whichever has about so many nodes."""
    streets = new_york(folder)
    tiles = round(size / streets.nodes)
    if size < streets.nodes:
        return window(streets, size)
    return streets if tiles == 1 else tiled(streets, tiles)


def kentucky(folder: Path) -> Found:
    """Read the extract of Northern Kentucky: its roads, from OpenStreetMap's binary form."""
    path = folder / "roads" / "nky_streets.osm.pbf"
    graph, seconds = _timed(lambda: read_osm_pbf(path), 5)
    return {"nodes": len(graph.lat), "edges": len(graph.u), "seconds": seconds, "peak_gib": peak_gib()}


def dakota(folder: Path) -> Found:
    """Make North Dakota's county files into a file of roads that is ready for searches."""
    snapshot = load_snapshot()
    source = str(folder / "roads" / "tiger_2021_nd")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "nd.roads"
        _, seconds = _timed(lambda: build_roads(source, out=out, snapshot=snapshot), 2)
        kept = read_roads(out)
    nodes, edges = len(kept.graph.lat), len(kept.graph.u)
    return {"nodes": nodes, "edges": edges, "seconds": seconds, "peak_gib": peak_gib()}
