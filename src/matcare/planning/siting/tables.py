"""A solution as tables: sites, counties before and after, who is out of reach, totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from matcare.contracts.siting import SITING, SITING_OUT_OF_REACH, SITING_TOTALS, SITING_UNITS
from matcare.geo import state_of_county
from matcare.measures.coverage import county_coverage
from matcare.planning.siting.problem import NO_MS
from matcare.travel.reasons import COVERED, REASONS
from matcare.travel.searches import nearest
from matcare.travel.ways import MS_PER_MINUTE

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcare.measures.study_area import StudyArea
    from matcare.planning.siting.candidates import Candidates
    from matcare.planning.siting.evaluate import Served
    from matcare.planning.siting.problem import SitingProblem
    from matcare.planning.siting.request import SitingRequest
    from matcare.planning.siting.solution import Solution

__all__ = ["county_table", "out_of_reach_table", "point_table", "totals_table", "unit_table"]

_NO_WAY: Final = ("no_road_access", "ferry_or_air_only", "unreachable")


_OF_HOSPITALS: Final = ("hospitals", "birth-hospitals")
_ABOUT_HOSPITALS: Final = ("city", "beds", "hospital_type", "ownership", "coord_precision")
"""What tells whether a candidate could offer the service at all, and how well its place is known."""


def point_table(area: StudyArea, problem: SitingProblem, solution: Solution, served: Served) -> pd.DataFrame:
    """Give the demand points of the region with their minutes before and after.

    Returns
    -------
    pandas.DataFrame, one row a client
        ``demand_id, county_fips, lat, lon, people, women_15_44, births_per_year, minutes_before, reason_before,
        minutes_after, reason_after, slot`` (position among the chosen sites; −1 for an existing unit or none),
        ``counted`` (the model can do something for it).
    """
    columns = ["demand_id", "county_fips", "lat", "lon", "people", "women_15_44", "births_per_year"]
    points = area.demand.iloc[problem.rows][columns].reset_index(drop=True)
    after = _minutes(served.ms)
    reason = np.where(served.ms < NO_MS, REASONS[COVERED], problem.reason)
    return points.assign(
        minutes_before=_minutes(problem.today_ms), reason_before=pd.array(problem.reason.astype(object), dtype="str"),
        minutes_after=after, reason_after=pd.array(reason.astype(object), dtype="str"),
        slot=served.slot, counted=solution.counted,
    )  # fmt: skip


def _minutes(ms: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.where(ms < NO_MS, ms / MS_PER_MINUTE, np.nan)


def county_table(area: StudyArea, points: pd.DataFrame, lost: pd.Series, within: float) -> pd.DataFrame:
    """Sum up by county; contract ``SITING``.

    Parameters
    ----------
    area : StudyArea
    points : pandas.DataFrame
        From :func:`point_table`.
    lost : pandas.Series of str
        Why no candidate can serve a point, missing where one can or need not; the index of `points`.
    within : float
        Minutes.
    """
    names = area.counties.set_index("county_fips")["county_name"]
    women = points["women_15_44"]
    of = points["county_fips"]
    table = pd.DataFrame(
        {
            "women_15_44": women.groupby(of).sum(min_count=1),
            "births_per_year": points["births_per_year"].groupby(of).sum(min_count=1),
            "women_out_of_reach": women.where(lost.notna(), 0.0).groupby(of).sum(),
        }
    )
    for when in ("before", "after"):
        minutes = points[f"minutes_{when}"]
        table[f"women_within_{when}"] = women.where(minutes <= within, 0.0).groupby(of).sum()
        found = county_coverage(points, minutes=f"minutes_{when}", reason=f"reason_{when}", limits=(within,))
        table[f"share_women_within_{when}"] = found[f"share_within_{within:g}"]
        table[f"minutes_{when}"] = found["minutes"]
        table[f"minutes_{when}_reason"] = found["reason"]
    table["women_newly_within"] = table["women_within_after"] - table["women_within_before"]
    table = table.rename_axis("county_fips").reset_index()
    table["county_name"] = table["county_fips"].map(names).fillna(table["county_fips"])
    table["state"] = state_of_county(table["county_fips"])
    return SITING.validate(table[SITING.names])


def out_of_reach_table(
    area: StudyArea, points: pd.DataFrame, problem: SitingProblem, solution: Solution, request: SitingRequest
) -> tuple[pd.DataFrame, pd.Series]:
    """Name the demand that no candidate can serve.

    Returns
    -------
    table : pandas.DataFrame
        Contract ``SITING_OUT_OF_REACH``: one row a county and reason, most women first.
    lost : pandas.Series of str
        The reason at each demand point, missing elsewhere.
    """
    today = problem.today_ms
    if request.model in {"cover", "all"}:
        without = (today > request.within_ms) & ~solution.counted
    else:
        without = (today == NO_MS) & ~solution.counted
    people = problem.value > 0
    lost = pd.Series(None, index=points.index, dtype="str")
    lost[without & people] = "no_candidate_within"
    if request.min_births is not None:
        limit = request.cap_ms if request.model == "minutes" else request.within_ms
        near = problem.nearer.where(problem.nearer.ms <= limit)
        lost[without & people & (np.diff(near.first) > 0)] = "too_few_births"
    no_way = (lost == "no_candidate_within").to_numpy() & np.isin(problem.reason, _NO_WAY) & (today == NO_MS)
    # Who has no road has none to a candidate either; `unreachable` by road from every unit may be near a candidate.
    lost[no_way] = pd.Series(problem.reason.astype(object), index=points.index, dtype="str")[no_way]
    if request.model == "farthest" and solution.needed:
        lost[without & people & (problem.reason == "unreachable")] = "more_sites_needed"
    rows = points.assign(reason=lost)[lost.notna()]
    table = rows.groupby(["county_fips", "reason"], as_index=False).agg(
        demand_points=("demand_id", "size"),
        women_15_44=("women_15_44", "sum"),
        births_per_year=("births_per_year", "sum"),
    )
    names = area.counties.set_index("county_fips")["county_name"]
    table["county_name"] = table["county_fips"].map(names).fillna(table["county_fips"])
    table["state"] = state_of_county(table["county_fips"])
    table = table.sort_values(
        ["women_15_44", "county_fips", "reason"], ascending=[False, True, True], ignore_index=True
    )
    return SITING_OUT_OF_REACH.validate(table[SITING_OUT_OF_REACH.names]), lost


def unit_table(
    area: StudyArea, candidates: Candidates, problem: SitingProblem, request: SitingRequest, solution: Solution,
    each_ms: npt.NDArray[np.int64],
) -> pd.DataFrame:  # fmt: skip
    """Describe the chosen sites; contract ``SITING_UNITS``.

    Parameters
    ----------
    area : StudyArea
    candidates : Candidates
    problem : SitingProblem
    request : SitingRequest
    solution : Solution
    each_ms : numpy.ndarray of int64, shape (chosen, clients)
        Milliseconds to each chosen site.
    """
    count = len(solution.chosen)
    sites = candidates.sites.iloc[solution.chosen].reset_index(drop=True)
    women, births, today = problem.women, problem.births, problem.today_ms
    near = (each_ms <= request.within_ms) & (today > request.within_ms)
    to = each_ms.argmin(axis=0) if count else np.zeros(len(women), np.int64)
    moved = (each_ms.min(axis=0, initial=NO_MS) < today) & (each_ms.min(axis=0, initial=NO_MS) <= request.within_ms)
    sites["women_only_within_this"] = (near & (near.sum(axis=0) == 1)) @ women
    sites["women_nearest"] = np.bincount(to[moved], weights=women[moved], minlength=count)
    sites["births_nearest_per_year"] = np.bincount(to[moved], weights=births[moved], minlength=count)
    sites["births_taken_per_year"] = np.nan
    if solution.flows is not None and request.capacity is not None:
        client, slot, share = solution.flows
        sites["births_taken_per_year"] = np.bincount(slot, weights=share * births[client], minlength=count)
    sites["minutes_to_nearest_unit"] = _to_units(area, candidates, request, solution)
    about = area.facilities.set_index("facility_id").reindex(sites["site_id"])
    hospital = sites["candidate_kind"].isin(_OF_HOSPITALS).to_numpy()
    for name in _ABOUT_HOSPITALS:
        sites[name] = about[name].where(hospital).to_numpy()
    rank, added = _ranked(near, women, each_ms, today, problem.value)
    sites["rank"], sites["women_newly_within"] = rank, added
    table = sites.sort_values("rank", ignore_index=True)[SITING_UNITS.names]
    return SITING_UNITS.validate(table)


def _ranked(
    near: npt.NDArray[np.bool_], women: npt.NDArray[np.float64], each_ms: npt.NDArray[np.int64],
    today: npt.NDArray[np.int64], value: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:  # fmt: skip
    """Rank sites by the women each brings within T beside those before it; of equal ones, by the minutes saved."""
    count = len(near)
    rank, added = np.zeros(count, dtype=np.int64), np.zeros(count)
    known = today < NO_MS
    saved = (np.maximum(today - each_ms, 0)[:, known] / MS_PER_MINUTE) @ value[known]
    done = np.zeros(len(women), dtype=bool)
    left = list(range(count))
    for place in range(1, count + 1):
        more = [float(women[near[site] & ~done].sum()) for site in left]
        best = max(range(len(left)), key=lambda k: (more[k], saved[left[k]], -left[k]))
        site = left.pop(best)
        rank[site], added[site] = place, more[best]
        done |= near[site]
    return rank, added


def _to_units(
    area: StudyArea, candidates: Candidates, request: SitingRequest, solution: Solution
) -> npt.NDArray[np.float64]:
    """Minutes from each chosen site to the nearest existing unit, shape (chosen,)."""
    minutes = np.full(len(solution.chosen), np.nan)
    units = area.trips.destinations.take(area.rows(request.service))
    for part, begin in zip(candidates.points, candidates.first, strict=False):
        mine = np.flatnonzero((solution.chosen >= begin) & (solution.chosen < begin + len(part)))
        if len(mine) and len(units):
            here = part.take(solution.chosen[mine] - begin)
            minutes[mine] = nearest(area.trips.network, here, units, limit_minutes=request.limit_minutes).minutes
    return minutes


def totals_table(points: pd.DataFrame, problem: SitingProblem, request: SitingRequest) -> pd.DataFrame:
    """Sum up the region before and after; contract ``SITING_TOTALS``."""
    women, births = problem.women, problem.births
    known_before = points["minutes_before"].notna().to_numpy()
    reached = known_before | _reaches(problem, points)
    rows = []
    for when in ("before", "after"):
        minutes = points[f"minutes_{when}"].to_numpy()
        known = ~np.isnan(minutes)
        within = known & (np.nan_to_num(minutes, nan=np.inf) <= request.within)
        capped = np.minimum(np.nan_to_num(minutes, nan=np.inf), request.cap_minutes)
        rows.append(
            {
                "women_within": women[within].sum(),
                "births_within": births[within].sum(),
                "share_women_within": _mean(within.astype(float), women),
                "minutes": _mean(np.nan_to_num(minutes)[known], women[known]),
                "minutes_capped": _mean(capped[reached], women[reached]),
                "longest_minutes": minutes[known_before & (problem.value > 0)].max(initial=-np.inf),
                "women_without_minutes": women[~known].sum(),
                "women_worst_off_within": women[within & problem.worst_off].sum()
                if problem.worst_off_known
                else np.nan,
            }
        )
    table = pd.DataFrame(rows, index=["before", "after"]).T.replace(-np.inf, np.nan)
    table["change"] = table["after"] - table["before"]
    table = table.rename_axis("measure").reset_index()
    table["measure"] = table["measure"].astype("str")
    table["unit"] = [_UNITS[name] for name in table["measure"]]
    return SITING_TOTALS.validate(table[SITING_TOTALS.names])


_UNITS: Final = {
    "women_within": "women", "births_within": "births per year", "share_women_within": "share 0-1",
    "minutes": "minutes",
    "minutes_capped": "minutes", "longest_minutes": "minutes", "women_without_minutes": "women",
    "women_worst_off_within": "women",
}  # fmt: skip


def _reaches(problem: SitingProblem, points: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell whom a candidate reaches as far as the model looked, or a chosen site does, shape (clients,)."""
    return (np.diff(problem.nearer.first) > 0) | points["minutes_after"].notna().to_numpy()


def _mean(values: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> float:
    return float((values * weight).sum() / weight.sum()) if weight.sum() > 0 else float("nan")
