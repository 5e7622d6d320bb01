"""Floating catchments of the nation beside PySAL `access` on the same work: seconds, and whether the scores agree.

    python benchmarks/catchments.py [--states TX ...] [--repeats 3]

Ours is fused into the sweeps of the engine: supply, demand and a decay in, scores out, and no list of pairs. `access`
takes a list of all pairs and their minutes; it has none of its own from roads, so it gets ours (the engine's search for
all pairs, and the frame of them that `access` wants), and the time of that stands beside the time of its sums. The
engine, the points on the roads and the ways from them are prepared before both and counted for neither; ours counts the
search for direct legs in the first call. Without --states the work is the nation's; with them, the people of those
states and all units. Memory: `access` holds a frame of every pair and copies of it (8 million pairs: some 4 GB).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from access import fca
from access.weights import step_fn

from matcare.geo import state_of_county
from matcare.measures.catchments import DEFAULT_DECAYS, catchment_scores
from matcare.measures.raam import raam_scores
from matcare.pipeline.roads import build_network
from matcare.scenario import Scenario
from matcare.tables.facilities import service_flags
from matcare.tables.snapshot import load_snapshot
from matcare.travel.searches import Trips

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    F64 = npt.NDArray[np.float64]

TARGET_SECONDS: Final = 3.0
TARGET_TIMES: Final = 10.0
SAME: Final = 1e-9
COMPARED: Final = ("2sfca", "e2sfca", "3sfca")


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[Any, list[float]]:
    """Do the work so many times; return the last result and the seconds of each."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return found, seconds


def spread(seconds: list[float]) -> str:
    """Write median and range."""
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} | one run"
    return f"{statistics.median(seconds):.2f} | {min(seconds):.2f}-{max(seconds):.2f}"


def prepared(states: list[str]) -> tuple[Trips, F64]:
    """Return trips that are ready to be asked, and the estimated births of their demand points."""
    snapshot = load_snapshot()
    demand = snapshot.demand
    if states:
        demand = demand[state_of_county(demand["county_fips"]).isin(states)].reset_index(drop=True)
    units = service_flags(snapshot.facilities, birth_care_tiers=Scenario().birth_care_tiers)
    units = units[units["counts_birth_care"].astype(bool)]
    network = build_network(snapshot, "typical")
    ends = [network.snap(table["lat"].to_numpy(), table["lon"].to_numpy()) for table in (demand, units)]
    return ready(Trips(network, *ends)), demand["births_per_year"].fillna(0).to_numpy(dtype=np.float64)


def ready(trips: Trips) -> Trips:
    """Return new trips between the same points whose ways are known, and nothing else."""
    fresh = Trips(trips.network, trips.origins, trips.destinations)
    _ = fresh.network.metric, fresh.leaving, fresh.arriving, fresh.stretches
    return fresh


def cost_list(trips: Trips, limit_minutes: float) -> pd.DataFrame:
    """List all pairs within a limit as `access` wants them."""
    pairs = trips.within(limit_minutes=limit_minutes)
    return pd.DataFrame({"origin": pairs.origin, "dest": pairs.destination, "cost": pairs.minutes})


def by_access(method: str, cost: pd.DataFrame, supply: F64, demand: F64) -> F64:
    """Let `access` score the demand points; 0 where it has no row."""
    decay = DEFAULT_DECAYS[method]
    people = pd.DataFrame({"demand": demand}, index=pd.RangeIndex(len(demand), name="geoid"))
    units = pd.DataFrame({"supply": supply}, index=pd.RangeIndex(len(supply), name="geoid"))
    ask = fca.three_stage_fca if method == "3sfca" else fca.two_stage_fca
    found = ask(
        people, units, cost, max_cost=decay.limit_minutes, demand_index=True, demand_name="demand",
        supply_name="supply", weight_fn=step_fn(dict(zip(decay.minutes, decay.values, strict=True))),
    )  # fmt: skip
    return np.asarray(found.reindex(people.index, fill_value=0.0), dtype=np.float64)


def compare(method: str, trips: Trips, demand: F64, repeats: int) -> tuple[str, float, float]:
    """Time one method on both sides and compare the scores; return a row of the table, our first time, the factor."""
    supply = np.ones(len(trips.destinations))
    fresh = ready(trips)

    def ours() -> F64:
        return catchment_scores(fresh, method=method, supply=supply, demand=demand).score

    _, first = timed(ours)
    mine, again = timed(ours, repeats)
    limit = DEFAULT_DECAYS[method].limit_minutes
    cost, listing = timed(lambda: cost_list(ready(trips), limit))
    pairs = len(cost)
    theirs, summing = timed(lambda: by_access(method, cost, supply, demand))
    known = ~np.isnan(mine)
    apart = np.abs(mine[known] - theirs[known]) / np.maximum(theirs[known], 1e-300)
    apart[mine[known] == theirs[known]] = 0
    if apart.max() > SAME:
        raise SystemExit(f"{method}: scores differ from those of access by up to {apart.max():.2g} of them")
    total = np.nansum(mine * demand)
    factor = (listing[0] + summing[0]) / first[0]
    row = (
        f"| {method} | {first[0]:.2f} | {spread(again)} | {listing[0]:.1f} | {summing[0]:.1f} | {factor:.0f}x | "
        f"{pairs:,} | {apart.max():.1g} | {total:,.3f} |"
    )
    return row, first[0], factor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", nargs="+", default=[], metavar="XX")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    trips, demand = prepared(asked.states)
    supply = np.ones(len(trips.destinations))
    catchment_scores(ready(trips), method="e2sfca", supply=supply, demand=demand)  # kernels from the cache on disk
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {len(demand):,} demand points x {len(supply):,} units"
    )
    print("\n| method | ours, first call, s | ours, later, s | range | access: list of pairs, s | access: sums, s |")
    print("| | | | | | | first | pairs | largest difference | scores x demand |\n|---|" + "---:|" * 8)
    for method in COMPARED:
        row, first, factor = compare(method, trips, demand, asked.repeats)
        print(row, flush=True)
        if method == "e2sfca":
            verdict = f"\ne2sfca: {first:.2f} s (asked: {TARGET_SECONDS:g}), {factor:.0f}x (asked: {TARGET_TIMES:g}x)"
    print(verdict)
    print("\n| only ours | first call, s | later, s | range |\n|---|---:|---:|---:|")
    for method in ("m2sfca", "gravity"):
        fresh = ready(trips)

        def ours(method: str = method, fresh: Trips = fresh) -> F64:
            return catchment_scores(fresh, method=method, supply=supply, demand=demand).score

        first_call = timed(ours)[1][0]
        print(f"| {method} | {first_call:.2f} | {spread(timed(ours, asked.repeats)[1])} |", flush=True)
    (_, found), seconds = timed(lambda: raam_scores(ready(trips), supply=supply, demand=demand))
    print(f"| raam | {seconds[0]:.2f} | | one run |")
    print(f"\nraam: {found.rounds} rounds after cooling; all together could gain {found.gain:.1g} of their cost")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GiB, most of it the frames of access; load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
