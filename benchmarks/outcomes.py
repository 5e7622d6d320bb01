"""Time of everything about outcomes for the nation: small counties, clusters, profile, classes, disparities.

The access of the run is computed once and is not counted. The first line of each step is in a fresh process's state
(imports, kernels from the cache on disk), the others are warm; bootstrap and permutations are those of a run.

    python benchmarks/outcomes.py [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from matcare.pipeline.chosen_outcomes import choose_outcomes
from matcare.pipeline.outcomes import outcome_results
from matcare.pipeline.run import access_results
from matcare.scenario import Scenario
from matcare.tables.snapshot import load_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TARGET_SECONDS: Final = 20.0


class Stopwatch:
    """A report that keeps the seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Take the seconds of a step."""
        start = time.perf_counter()
        yield
        self.seconds.setdefault(words, []).append(time.perf_counter() - start)

    @contextmanager
    def counting(self, words: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002 - the protocol's signature
        """Take the seconds of a step of many."""
        with self.step(words):
            yield lambda _more: None

    def note(self, words: str) -> None:
        """Pass over what a run says."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    scenario, snapshot, watch = Scenario(), load_snapshot(), Stopwatch()
    chosen = choose_outcomes(scenario, snapshot)
    access = access_results(scenario, snapshot, chosen)
    totals = []
    for _ in range(repeats):
        start = time.perf_counter()
        outcome_results(scenario, snapshot, chosen, access, report=watch)
        totals.append(time.perf_counter() - start)
    print("| step | first, s | later, median s |\n|---|---:|---:|")
    for words, seconds in watch.seconds.items():
        print(f"| {words} | {seconds[0]:.1f} | {statistics.median(seconds[1:] or seconds):.1f} |")
    later = statistics.median(totals[1:] or totals)
    print(f"| all of it (asked: {TARGET_SECONDS:.0f}) | {totals[0]:.1f} | {later:.1f} |")


if __name__ == "__main__":
    main()
