"""Where units should open or be upgraded: the whole way from a study area to tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from matcare.planning.siting.candidates import find_candidates
from matcare.planning.siting.evaluate import check_solution, nearest_of_chosen
from matcare.planning.siting.problem import pose_problem
from matcare.planning.siting.solve import solve
from matcare.planning.siting.tables import (
    county_table,
    out_of_reach_table,
    point_table,
    totals_table,
    unit_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.problem import SitingProblem
    from matcare.planning.siting.request import SitingRequest
    from matcare.planning.siting.solution import Solution

__all__ = ["CAVEAT", "Siting", "site_units"]

CAVEAT: Final = (
    "A model's answer from minutes and people alone: quality, staffing, finances, land and what a community wants are "
    "not in it. Minutes are for a car, at typical speeds; births are estimates, and people may go elsewhere."
)

_RAISED: Final = ("upgrade", "open_and_upgrade")


@dataclass(frozen=True, eq=False, kw_only=True)
class Siting:
    """Sites for added units and what they do.

    Attributes
    ----------
    out_of_reach : pandas.DataFrame
        Contract ``SITING_OUT_OF_REACH``: demand that no candidate can serve, to be named first.
    units : pandas.DataFrame
        Contract ``SITING_UNITS``: the sites.
    counties : pandas.DataFrame
        Contract ``SITING``: counties of the region before and after.
    totals : pandas.DataFrame
        Contract ``SITING_TOTALS``.
    points : pandas.DataFrame
        Demand points of the region with ``minutes_before``, ``minutes_after`` and their reasons.
    candidates : int
        How many there were.
    status : str
        One of :data:`matcare.contracts.siting.SITING_STATUSES`.
    value, bound, gap : float
        The objective as modelled (weight newly within T; weighted minutes saved; units; longest minutes), what no
        solution betters, and the share between them.
    unit : str
        Unit of `value`.
    notes : tuple of str
        What is to be said beside the numbers, most important first.
    """

    out_of_reach: pd.DataFrame
    units: pd.DataFrame
    counties: pd.DataFrame
    totals: pd.DataFrame
    points: pd.DataFrame
    candidates: int
    status: str
    value: float
    bound: float
    gap: float
    unit: str
    notes: tuple[str, ...]


def site_units(area: StudyArea, request: SitingRequest) -> Siting:
    """Choose where units should be added, with the existing ones fixed.

    Parameters
    ----------
    area : StudyArea
        The region's people and those around it, and the facilities of both.
    request : SitingRequest
        Objective, budget, candidates, floor, capacity, equity, limits.

    Returns
    -------
    Siting
        The solution is measured again from minutes by a search of its own before it is returned.

    Raises
    ------
    InputError
        When a service or state is unknown, there are too few candidates, or the floor on births, the capacity or the
        budget cannot be kept; by how much.
    RuntimeError
        When the minutes contradict the model: a defect.

    Notes
    -----
    Existing units serve whoever is nearest to them, at no cost and without a limit; births by existing unit are not
    known. At equal milliseconds people stay with the existing unit.

    References
    ----------
    See :mod:`matcare.planning.siting.models`, :mod:`matcare.planning.siting.heuristics`,
    :mod:`matcare.planning.siting.center` and :mod:`matcare.planning.siting.volume`.
    """
    candidates = find_candidates(area, request)
    problem = pose_problem(area, candidates, request)
    solution = solve(area, candidates, problem, request)
    served = check_solution(area, candidates, problem, request, solution)
    points = point_table(area, problem, solution, served)
    out_of_reach, lost = out_of_reach_table(area, points, problem, solution, request)
    each = [nearest_of_chosen(area, candidates, problem.rows, np.array([site])).ms for site in solution.chosen]
    each_ms = np.array(each, dtype=np.int64).reshape(len(each), len(problem.rows))
    units = unit_table(area, candidates, problem, request, solution, each_ms)
    return Siting(
        out_of_reach=out_of_reach, units=units, counties=county_table(area, points, lost, request.within),
        totals=totals_table(points, problem, request), points=points.drop(columns=["slot", "counted"]),
        candidates=len(candidates), status=solution.status, value=solution.value, bound=solution.bound,
        gap=solution.gap, unit=_unit(request), notes=_notes(request, problem, solution, out_of_reach, units),
    )  # fmt: skip


_OF_BIRTHS: Final = ("birth_care", "birth_care_corroborated")


def _unit(request: SitingRequest) -> str:
    whom = "women" if request.weight == "women_15_44" else "births per year"
    if request.objective == "equity":
        whom = f"weighted {whom}"
    words = {
        "cover": f"{whom} newly within",
        "all": "units",
        "minutes": f"minutes saved × {whom}",
        "farthest": "minutes",
    }
    return words[request.model]


def _notes(
    request: SitingRequest, problem: SitingProblem, solution: Solution, out_of_reach: pd.DataFrame, units: pd.DataFrame
) -> tuple[str, ...]:
    notes = []
    for few in (False, True):
        part = out_of_reach[(out_of_reach["reason"] == "too_few_births") == few]
        if len(part):
            why = "in reach only of candidates with too few births" if few else "out of reach of every candidate"
            women, points = part["women_15_44"].sum(), part["demand_points"].sum()
            notes.append(
                f"{women:,.0f} women at {points:,} demand points in {part['county_fips'].nunique()} counties are {why} "
                "and left out of the model"
            )
    if solution.needed:
        notes.append(
            f"no unit reaches some demand points today; to reach them all takes {solution.needed:,} or more sites"
        )
    if not len(solution.chosen):
        notes.append("no site is chosen: nobody who can be helped is left, or no candidate gains anything")
    elif request.add is not None and request.objective != "all" and len(solution.chosen) < request.add:
        why = " or would have too few births" if request.min_births is not None else ""
        notes.append(f"{len(solution.chosen)} of {request.add} sites are used: further ones gain nothing{why}")
    if solution.status == "time_limit":
        notes.append(
            f"the time of {request.time_limit:g} s was up: this is the best found, at most {100 * solution.gap:.2f} % "
            "from the best possible"
        )
    if solution.status == "heuristic":
        notes.append(
            f"too large to be proved: found by interchange, at most {100 * solution.gap:.2f} % from the best possible"
        )
    if request.capacity is not None and request.model == "cover" and len(solution.chosen):
        notes.append(
            f"{solution.value:,.0f} {_unit(request)} find room under the capacity of {request.capacity:g} births a "
            "year; the tables count everyone within the limit, room or not"
        )
    unknown = int((units["action"].isin(_RAISED) & units["level_today"].isna()).sum())
    if unknown and request.service.startswith("neonatal"):
        notes.append(
            f"{unknown} of the chosen hospitals have no reported neonatal level: they may have it already (unknown is "
            "not none); ask them, or compare with service neonatal_3_plus_or_nicu"
        )
    if request.service not in _OF_BIRTHS and (request.min_births is not None or request.capacity is not None):
        notes.append(
            "births are all births of those nearest, not the infants who need this level: floor and capacity too"
        )
    if problem.unknown_weight:
        notes.append(f"{problem.unknown_weight:,} demand points of unknown {request.weight} count for nothing")
    notes.append(CAVEAT)
    return tuple(notes)
