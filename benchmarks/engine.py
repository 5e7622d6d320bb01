"""Speed and memory of the engine: beside its peers on New York, on the embedded country, and up to 20 million nodes.

    python benchmarks/engine.py --from DIR [--only newyork national curve readers] [--repeats 5] [--plot FILE.png]

DIR holds the publishers' files (``roads/USA-road-t.NY.gr.gz`` with its coordinates, ``roads/nky_streets.osm.pbf``,
``roads/tiger_2021_nd``). The peers are in the extra ``peers``; one that is not installed is left out and named. Every
system's results are checked to be SciPy's to the millisecond before a time is printed. What is not of New York runs in
a process of its own, so its peak memory is its own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine_curve import plot_curve
from engine_graphs import copy_bandwidth, new_york, window
from engine_jobs import in_process, run_job
from engine_peers import SYSTEMS
from matcare.travel.hierarchy import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine_graphs import Streets
    from engine_peers import System

PARTS = ("newyork", "national", "curve", "readers")
SIZES = (10_000, 30_000, 100_000, 264_346, 1_057_384, 4_229_536, 20_090_296)
FACILITIES, TARGETS, LIMIT_MS = 100, 5000, 3_600_000
ENOUGH_SECONDS, ROUND_SECONDS = 10.0, 1.0
"""What takes longer than the first is asked once only; a round gives each system the second, and at most ten calls."""
QUESTIONS = {
    "nearest of 100 facilities for every node": (12, 29),
    "every node within 60 min of each of 100, pairs kept": (6, 13),
    "table 100 x 5,000": (80, 186),
}
"""With the ratio to SciPy that is asked for, and the one aimed at."""


def spread(seconds: list[float]) -> str:
    """Write the median and the range of some seconds, in milliseconds where they are short."""
    scale, unit, digits = (1000, "ms", 2) if statistics.median(seconds) < 0.1 else (1, "s", 3)  # noqa: RUF100
    low, middle, high = (
        f"{scale * one:.{digits}f}" for one in (min(seconds), statistics.median(seconds), max(seconds))
    )
    return f"{middle} {unit} | {low}-{high}" if len(seconds) > 1 else f"{middle} {unit} | one run"


def prepared(streets: Streets) -> list[tuple[System, list[float]]]:
    """Make every system that is installed, quick ones three times; with the seconds."""
    systems = []
    few = window(streets, 1000)
    for make in SYSTEMS:
        try:
            make(few)  # imports, and loads kernels
        except ImportError as error:
            print(f"left out: {error}")
            continue
        seconds: list[float] = []
        while not seconds or (len(seconds) < 3 and max(seconds) < 3):
            start = time.perf_counter()
            system = make(streets)
            seconds.append(time.perf_counter() - start)
        systems.append((system, seconds))
    return systems


def new_york_table(folder: Path, repeats: int) -> None:
    """Print the three questions on New York, all systems in turn, round after round."""
    streets = new_york(folder)
    where, to = streets.some(FACILITIES, seed=7), streets.some(TARGETS, seed=8)
    systems = prepared(streets)
    for system, _ in systems:
        system.ready(where)
    asked: list[Callable[[System], Any]] = [
        lambda system: system.nearest(), lambda system: system.within(LIMIT_MS), lambda system: system.table(to)
    ]  # fmt: skip
    floors = floor_seconds(systems[-1][0], streets.nodes)
    print(f"\nNew York: {streets.nodes:,} nodes, {len(streets.u):,} roads, both ways")
    print("\n| preparation | median | range |\n|---|---:|---:|")
    for system, seconds in systems:
        print(f"| {system.name} | {spread(seconds)} |")
    for number, (question, (goal, aim)) in enumerate(QUESTIONS.items()):
        pairs = check(systems, asked[number], limit=LIMIT_MS if number == 1 else None)
        found = rounds([system for system, _ in systems], asked[number], repeats)
        print(
            f"\n### {question}{pairs}\n\n| system | median | range | x SciPy | best x best |\n|---|---:|---:|---:|---:|"
        )
        for (system, _), seconds in zip(systems, found, strict=True):
            ratios = [one(found[0]) / one(seconds) for one in (statistics.median, min)]
            print(f"| {system.name} | {spread(seconds)} | {' | '.join(_ratio(one) for one in ratios)} |")
        print(f"\nAsked for: {goal} x SciPy, aim {aim} x. Memory-bandwidth floor:", end="")
        for threads, floor in floors[number].items():
            over = statistics.median(found[threads - 3]) / floor
            print(f" {1000 * floor:.2f} ms with {threads} thread(s), ours is {over:.1f} times that;", end="")
        print()
    print("\nHow each was asked:\n")
    for system, _ in systems:
        print(f"- {system.name}: {system.ways}")


def _ratio(ratio: float) -> str:
    return f"{ratio:.{1 if ratio >= 1 else 2}f}"


def check(systems: list[tuple[System, list[float]]], ask: Callable[[System], Any], *, limit: int | None) -> str:
    """Compare every system's results with the first one's; return how many pairs are within the limit."""
    expected = None
    for system, _ in systems:
        found = ask(system)
        ms = np.rint(np.asarray(found if limit is None else system.as_rows(found), dtype=np.float64))
        rows = np.where(ms <= (NO_WAY if limit is None else limit), ms, NO_WAY).astype(np.int32)
        del found, ms
        if expected is None:
            expected = rows
        elif not np.array_equal(rows, expected):
            raise SystemExit(f"{system.name}: {(rows != expected).sum():,} results of {rows.size:,} are not SciPy's")
    return "" if limit is None or expected is None else f": {(expected < NO_WAY).sum():,} pairs"


def rounds(systems: list[System], ask: Callable[[System], Any], repeats: int) -> list[list[float]]:
    """Time a question, every system in turn in every round."""
    seconds: list[list[float]] = [[] for _ in systems]
    for _ in range(repeats):
        for system, mine in zip(systems, seconds, strict=True):
            if mine and mine[0] > ENOUGH_SECONDS:
                continue
            calls = 1 if not mine else int(np.clip(ROUND_SECONDS / min(mine), 1, 10))
            for _ in range(calls):
                start = time.perf_counter()
                found = ask(system)
                mine.append(time.perf_counter() - start)
                del found
    return seconds


def floor_seconds(ours: System, nodes: int) -> list[dict[int, float]]:
    """Seconds in which the memory that each question cannot do without could be moved, by threads.

    Nearest: every kept arc (its two ends and its milliseconds), one label a node read and written, ranks read, results
    written. The others: arcs once for every batch of 16 facilities, a row of 64 bytes a node written and read, and the
    results written once.
    """
    metric = ours.metric  # type: ignore[attr-defined]
    arcs = len(metric.up_arcs) // 2
    batches = -(-FACILITIES // 16)
    pairs = len(ours.within(LIMIT_MS).ms)
    sweep = batches * (8 * arcs + 128 * nodes)
    moved = [12 * arcs + (16 + 4 + 8) * nodes, sweep + 8 * pairs, sweep + 4 * FACILITIES * TARGETS]
    speed = {threads: copy_bandwidth(threads) for threads in (1, 2)}
    print(
        f"copy bandwidth: {speed[1] / 1e9:.1f} GB/s with one thread, {speed[2] / 1e9:.1f} with two; {arcs:,} kept arcs"
    )
    return [{threads: one / speed[threads] for threads in speed} for one in moved]


def national_table(folder: Path) -> None:
    """Print the whole country on the embedded highways."""
    found = in_process("national", folder)
    seconds = found["seconds"]
    parts = ("chains", "order and contraction", "customise")
    total = [sum(seconds[part][0] for part in parts)]
    print(f"\nEmbedded highways: {found['nodes']:,} nodes, {found['core']:,} junctions and ends")
    print(
        f"{found['origins']:,} block groups x {found['facilities']:,} facilities; {found['pairs']:,} pairs in 120 min"
    )
    print("\n| work | median | range | target |\n|---|---:|---:|---:|")
    goals = {"within 120 min": "5 s", "nearest, five services": "0.5 s"}
    print(f"| preparation, all of it | {spread(total)} | 5 s |")
    for work, each in seconds.items():
        print(f"| {work} | {spread(each)} | {goals.get(work, '')} |")
    print(f"\npeak memory: {found['peak_gib_prepared']:.2f} GiB prepared, {found['peak_gib']:.2f} GiB with all pairs")
    with tempfile.TemporaryDirectory() as name:
        fresh = in_process("first", folder, environment={"NUMBA_CACHE_DIR": name})
        kept = in_process("first", folder, environment={"NUMBA_CACHE_DIR": name})
    compiling = fresh["first_s"] - kept["first_s"]
    print(f"\nfirst use after an installation: {compiling:.1f} s to compile the kernels, once; loading them takes")
    print(f"{kept['first_s'] - kept['then_s']:.2f} s in every new process")


def readers_table(folder: Path) -> None:
    """Print how long the readers take."""
    print("\n| work | nodes | edges | median | range | peak GiB | target |\n|---|---:|---:|---:|---:|---:|---:|")
    jobs = {
        "kentucky": ("N. Kentucky extract read", "1 s"),
        "dakota": ("North Dakota's county files made ready", "60 s"),
    }
    for job, (words, goal) in jobs.items():
        found = in_process(job, folder)
        size = f"{found['nodes']:,} | {found['edges']:,}"
        print(f"| {words} | {size} | {spread(found['seconds'])} | {found['peak_gib']:.2f} | {goal} |")


def curve_table(folder: Path, sizes: list[int], plot: Path | None) -> None:
    """Print time and memory against the size of the graph."""
    columns: dict[str, Callable[[dict[str, Any]], str]] = {
        "nodes": lambda one: f"{one['nodes']:,}",
        "roads": lambda one: f"{one['edges']:,}",
        "arcs": lambda one: f"{one['arcs']:,}",
        "most ancestors": lambda one: f"{one['ancestors']:,}",
        "prepare, s": lambda one: f"{one['build_s'] + one['customise_s']:.2f}",
        "new speeds, s": lambda one: f"{one['customise_s']:.3f}",
        "peak GiB": lambda one: f"{one['peak_gib_prepared']:.2f}",
        "nearest of 100, ms": lambda one: f"{1000 * one['nearest_s']:.2f}",
        "SciPy, ms": lambda one: f"{1000 * one['scipy_nearest_s']:.0f}",
        "one to all, ms": lambda one: f"{1000 * one['one_to_all_s']:.2f}",
        "SciPy, ms ": lambda one: f"{1000 * one['scipy_one_to_all_s']:.0f}",
        "a pair of 1,000, ms": lambda one: f"{1000 * one['pair_s']:.3f}",
        "a pair with its route, ms": lambda one: f"{1000 * one['path_s']:.2f}",
    }
    print(f"\n| {' | '.join(columns)} |\n|{'---:|' * len(columns)}")
    every = []
    for size in sizes:
        every.append(in_process("curve", folder, size=size))
        print(f"| {' | '.join(write(every[-1]) for write in columns.values())} |", flush=True)
    if plot is not None:
        plot_curve(every, plot)
        print(f"\n{plot}")


def main() -> None:
    """Print the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        run_job(asked.job, asked.folder, asked.size)
        return
    print(f"{os.cpu_count()} cores")
    parts: dict[str, Callable[[], None]] = {
        "newyork": lambda: new_york_table(asked.folder, asked.repeats),
        "national": lambda: national_table(asked.folder),
        "curve": lambda: curve_table(asked.folder, asked.sizes, asked.plot),
        "readers": lambda: readers_table(asked.folder),
    }
    for part in asked.only:
        before = os.getloadavg()[0]
        parts[part]()
        print(
            f"\n(load {before:.1f} before, {os.getloadavg()[0]:.1f} after; {time.strftime('%Y-%m-%d %H:%M')})",
            flush=True,
        )


if __name__ == "__main__":
    main()
