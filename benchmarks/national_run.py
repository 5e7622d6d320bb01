"""Time and memory of the main job: the country, one state, and a nearest-facility question, from the command line.

Each line is a fresh process, as a user starts it; wall time and the process's own peak memory (resident). Machines are
noisy: the median of the repeats is printed with the spread.

    python benchmarks/national_run.py [--repeats 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from matcare.tables.snapshot import load_facilities, load_snapshot

TARGETS = {"us": (60.0, 4.0), "state": (10.0, 4.0), "minutes": (10.0, 4.0)}


def measure(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Run ``matcare ARGUMENTS`` in a fresh process; return seconds and peak GiB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "matcare", *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        message = process.stderr.read().decode() if process.stderr else ""
        raise SystemExit(f"matcare {' '.join(arguments)} failed: {message}")
    return seconds, usage.ru_maxrss / 2**20


def main() -> None:
    """Print one line a job."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demand = load_snapshot().demand
        facilities = load_facilities()
        origins = demand[["demand_id", "lat", "lon"]].rename(columns={"demand_id": "id"})
        origins.to_parquet(folder / "origins.parquet")
        hospitals = facilities[facilities["obstetric_evidence"].isin(["corroborated", "likely"])].head(1600)
        hospitals[["facility_id", "lat", "lon"]].rename(columns={"facility_id": "id"}).to_csv(
            folder / "hospitals.csv", index=False
        )
        pairs = f"{len(origins):,} x {len(hospitals):,}"
        jobs = {
            "country, first run": ("us", ["run", "--out", "us"], 1),
            "country": ("us", ["run", "--out", "us"], repeats),
            "one state (ND)": ("state", ["run", "--state", "ND", "--out", "nd"], repeats),
            "one state (TX)": ("state", ["run", "--state", "TX", "--out", "tx"], repeats),
            f"minutes --nearest, {pairs}": (
                "minutes",
                ["minutes", "origins.parquet", "hospitals.csv", "--nearest", "--out", "minutes.parquet"],
                repeats,
            ),
        }
        print(f"{'job':44} {'median s':>9} {'range s':>15} {'peak GiB':>9} {'target':>16}")
        for job, (target, arguments, times) in jobs.items():
            found = [measure(arguments, folder) for _ in range(times)]
            seconds = [one for one, _ in found]
            peak = max(gib for _, gib in found)
            limit, memory = TARGETS[target]
            if "first" in job:
                limit = 120.0
            spread = f"{min(seconds):.1f}-{max(seconds):.1f}"
            goal = f"{limit:g} s, {memory:g} GiB"
            print(f"{job:44} {statistics.median(seconds):9.1f} {spread:>15} {peak:9.2f} {goal:>16}")


if __name__ == "__main__":
    main()
