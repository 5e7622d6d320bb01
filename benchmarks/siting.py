"""MCLP for a state: matcare's sparse model beside spopt's, on the same minutes, in one run; and the other objectives.

    python benchmarks/siting.py [--states ND TX] [--add 5] [--within 30] [--peer]

Every block group of the state, and every hospital of it: the hospitals that count for birth care are fixed, the others
and (second table) all block groups are candidates; in the first table no unit is fixed, so that all block groups and
all hospitals are in the model. The seconds of matcare are for everything: minutes, model, measuring again, tables.
spopt is given the finished matrix (``--peer``): its seconds are for building and solving with CBC, and beside them
stand those that matcare takes for the same (the pairs known).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.errors import InputError
from matcare.pipeline.study_area import open_study_area
from matcare.planning.siting.candidates import find_candidates, inside
from matcare.planning.siting.plan import site_units
from matcare.planning.siting.problem import pose_problem
from matcare.planning.siting.request import SitingRequest
from matcare.planning.siting.solve import solve
from matcare.scenario import Scenario
from matcare.tables.snapshot import load_snapshot
from matcare.travel.subsets import from_rows, toward
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    from matcare.measures.study_area import StudyArea

TARGET_SECONDS: Final = 10.0
TARGET_GAP: Final = 0.01


def spopt_mclp(area: StudyArea, request: SitingRequest) -> tuple[float, float]:
    """Solve the same instance with spopt and CBC: weight covered, seconds."""
    pulp, locate = import_module("pulp"), import_module("spopt.locate")  # peers, which only --peer needs
    rows = inside(area, request.states)
    points = find_candidates(area, request).points[0]
    pairs = from_rows(toward(area.trips, points), rows).within(limit_minutes=request.within)
    cost = np.full((len(rows), len(points)), 1e6)
    cost[pairs.origin, pairs.destination] = pairs.ms / MS_PER_MINUTE
    weight = area.demand["women_15_44"].to_numpy(dtype=np.float64)[rows]
    begin = time.perf_counter()
    model = locate.MCLP.from_cost_matrix(cost, np.nan_to_num(weight), request.within, p_facilities=request.add or 0)
    model = model.solve(pulp.PULP_CBC_CMD(msg=False))
    return float(pulp.value(model.problem.objective)), time.perf_counter() - begin


def own_model_seconds(area: StudyArea, request: SitingRequest) -> float:
    """Take the time of building and solving alone, the pairs known."""
    candidates = find_candidates(area, request)
    problem = pose_problem(area, candidates, request)
    begin = time.perf_counter()
    solve(area, candidates, problem, request)
    return time.perf_counter() - begin


def row(area: StudyArea, state: str, request: SitingRequest, *, fixed: str, peer: bool) -> None:
    """Print a row of the table."""
    begin = time.perf_counter()
    try:
        found = site_units(area, request)
    except InputError as error:
        print(
            f"| {state} | {request.service} | {request.objective} | {request.candidates} | {fixed} | {error} | | | | |"
        )
        return
    seconds = time.perf_counter() - begin
    theirs = ""
    if peer:
        value, taken = spopt_mclp(area, request)
        agrees = "equal" if abs(value - found.value) <= 1e-6 * value else f"{value:,.1f}"
        theirs = f"{agrees}, {taken:.2f} s (matcare's model alone {own_model_seconds(area, request):.2f} s)"
    floor = "" if request.min_births is None else f", floor {request.min_births:g}"
    print(
        f"| {state} | {request.service} {request.within:g} | {request.objective}{floor} | "
        f"{request.candidates} ({found.candidates:,}) | {fixed} | {found.value:,.1f} {found.unit} | "
        f"{100 * found.gap:.3f} % | {found.status} | {seconds:.1f} | {theirs} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", nargs="+", default=["ND", "TX"])
    parser.add_argument("--add", type=int, default=5)
    parser.add_argument("--within", type=float, default=30.0)
    parser.add_argument("--peer", action="store_true")
    asked = parser.parse_args()
    snapshot = load_snapshot()
    print(f"MCLP for a state asked: {TARGET_SECONDS:.0f} s to a gap of {100 * TARGET_GAP:.0f} %")
    print("| state | service, T | objective | candidates | fixed | value | gap | status | s | spopt with CBC |")
    print("|---|---|---|---|---|---:|---:|---|---:|---|")
    for state in asked.states:
        area = open_study_area(Scenario(states=(state,)), snapshot)
        area.nearest("birth_care")  # the engine is prepared before anything is timed
        nobody = replace(area, facilities=area.facilities.assign(counts_birth_care=False))
        cover = SitingRequest(add=asked.add, within=asked.within, states=(state,), gap=TARGET_GAP)
        row(nobody, state, replace(cover, gap=0.0), fixed="none", peer=asked.peer)
        places = replace(cover, candidates="block-groups")
        fixed = "today's units"
        for request in (
            places,
            replace(places, min_births=100.0),
            replace(cover, service="neonatal_3_plus", within=60.0, candidates="birth-hospitals", gap=0.0),
            replace(places, objective="all", add=None, within=60.0),
            replace(places, objective="farthest"),
            replace(places, objective="minutes"),
        ):
            row(area, state, request, fixed=fixed, peer=False)


if __name__ == "__main__":
    main()
