"""The planning targets on one machine, in one run: catchments, closures, fragility, siting, draws; peers beside them.

    python benchmarks/planning.py [--draws 200] [--closures 20] [--no-peers]

- E2SFCA over the nation (0-30-60-90 minutes, one per unit) once the engine is prepared, beside PySAL `access` on the
  same pairs, the making of its cost list included;
- one closure anywhere in the nation, its tables included, over units drawn at random (median and slowest);
- the fragility of every unit of the nation;
- MCLP for two states, all block groups and all hospitals, beside spopt with CBC on Texas's;
- 200 Monte-Carlo draws for the nation.

What takes longer than its target is said so; nothing is a test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from matcare.measures.catchments import catchments
from matcare.pipeline.study_area import open_study_area
from matcare.planning.closures import close_units, today
from matcare.planning.fragility import fragility
from matcare.scenario import Scenario
from matcare.tables.snapshot import load_snapshot

TARGETS: Final = {"e2sfca": 3.0, "closure": 0.5, "fragility": 60.0}


def say(what: str, seconds: float, target: float, more: str = "") -> None:
    """Print one row: seconds beside the target."""
    verdict = "met" if seconds <= target else "MISSED"
    print(f"{what:<58} {seconds:8.2f} s   target {target:g} s   {verdict}   {more}".rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--closures", type=int, default=20)
    parser.add_argument("--no-peers", action="store_true")
    asked = parser.parse_args()
    begin = time.perf_counter()
    snapshot = load_snapshot()
    area = open_study_area(Scenario(), snapshot)
    trips = area.trips_to("birth_care")
    print(
        f"{len(area.demand):,} demand points, {len(trips.destinations):,} birth hospitals; opened in "
        f"{time.perf_counter() - begin:.1f} s"
    )
    _ = area.trips.leaving, area.trips.arriving, area.trips.stretches, area.trips.network.metric
    times = []
    for _round in range(5):
        begin = time.perf_counter()
        catchments(area)
        times.append(time.perf_counter() - begin)
    say("E2SFCA, first call (kernels, local legs)", times[0], TARGETS["e2sfca"])
    say("E2SFCA, later calls, median", median(times[1:]), TARGETS["e2sfca"])

    begin = time.perf_counter()
    before = today(area)
    prepared = time.perf_counter() - begin
    rows = np.random.default_rng(2022).choice(area.rows("birth_care"), asked.closures + 1, replace=False)
    close_units(area, rows[:1], before=before)  # the first compiles kernels
    seconds = []
    for row in rows[1:]:
        begin = time.perf_counter()
        closure = close_units(area, [int(row)], before=before, shares=snapshot.county_indicators)
        _ = closure.counties, closure.groups, closure.units
        seconds.append(time.perf_counter() - begin)
    more = f"slowest {max(seconds):.2f}; today once {prepared:.1f} s"
    say(f"one closure with its tables, median of {len(seconds)}", median(seconds), TARGETS["closure"], more)

    begin = time.perf_counter()
    table = fragility(area)
    say(f"fragility of {len(table):,} units", time.perf_counter() - begin, TARGETS["fragility"])

    here = Path(__file__).parent
    peers = [] if asked.no_peers else ["--peer"]
    for name, options in (
        ("catchments.py", [] if asked.no_peers else ["--repeats", "3"]),
        ("siting.py", ["--states", "ND", "TX", *peers]),
        ("certainty.py", ["--draws", str(asked.draws), "--workers", "2"]),
    ):
        if name == "catchments.py" and asked.no_peers:
            continue
        print(f"\n{name} {' '.join(options)}", flush=True)
        subprocess.run([sys.executable, "-W", "ignore", str(here / name), *options], check=True)


if __name__ == "__main__":
    main()
