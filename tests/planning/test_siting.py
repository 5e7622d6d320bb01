"""Siting against every set of sites on toy regions, against spopt, and what must hold whatever the region is like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.planning.siting_oracle import Oracle
from tests.toy import toy_area

from matcare.contracts.siting import SITING, SITING_OUT_OF_REACH, SITING_TOTALS, SITING_UNITS
from matcare.errors import InputError
from matcare.planning.siting import fewest, most
from matcare.planning.siting.candidates import find_candidates
from matcare.planning.siting.evaluate import check_solution
from matcare.planning.siting.models import Found
from matcare.planning.siting.plan import CAVEAT, site_units
from matcare.planning.siting.problem import pose_problem
from matcare.planning.siting.request import SitingRequest
from matcare.planning.siting.solve import solve

SOME = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10_000)
POINTS = {"candidates": "block-groups", "gap": 0.0}


def few_units(seed, *, points=14, units=6, serve=2):
    """A toy area in which only some units have birth care, so that there is something to gain."""
    area = toy_area(seed, points=points, units=units)
    facilities = area.facilities.copy()
    facilities["counts_birth_care"] = np.arange(units) < serve
    return replace(area, facilities=facilities)


def solved(area, request):
    """The solution, measured again from minutes, without the tables."""
    candidates = find_candidates(area, request)
    problem = pose_problem(area, candidates, request)
    solution = solve(area, candidates, problem, request)
    check_solution(area, candidates, problem, request, solution)
    return solution


def value(area, **asked):
    return solved(area, SitingRequest(**asked)).value


# Every set of sites.


@SOME
@given(SEEDS, st.sampled_from(["women_15_44", "births_per_year"]), st.sampled_from([5.0, 12.0, 20.0]))
def test_most_covered_is_the_best_of_all_sets(seed, weight, within):
    area = few_units(seed)
    for asked in ({"objective": "cover"}, {"objective": "equity", "equity_weight": 3.0}):
        request = SitingRequest(add=2, within=within, weight=weight, **asked, **POINTS)
        found = solved(area, request)
        assert found.value == pytest.approx(Oracle(area, request).best(2))
        assert found.status == "optimal"


@SOME
@given(SEEDS, st.sampled_from([15.0, 60.0]), st.sampled_from(["svi", "far", "either"]))
def test_least_minutes_are_the_best_of_all_sets(seed, cap, worst_off):
    area = few_units(seed)
    for asked in ({"objective": "minutes"}, {"objective": "equity", "equity_of": "minutes", "worst_off": worst_off}):
        request = SitingRequest(add=2, within=12, cap_minutes=cap, **asked, **POINTS)
        assert solved(area, request).value == pytest.approx(Oracle(area, request).best(2))


@SOME
@given(SEEDS, st.sampled_from([8.0, 15.0, 25.0]))
def test_no_smaller_set_covers_all(seed, within):
    area = few_units(seed)
    request = SitingRequest(objective="all", within=within, **POINTS)
    found = solved(area, request)
    if found.value <= 4:
        assert found.value == Oracle(area, request).fewest(4)
    else:
        assert Oracle(area, request).fewest(4) is None
    assert found.counted.sum() == (Oracle(area, request).today > within).sum()  # every point is its own candidate


@SOME
@given(SEEDS, st.integers(1, 3))
def test_no_set_has_shorter_longest_minutes(seed, add):
    area = few_units(seed)
    request = SitingRequest(objective="farthest", add=add, **POINTS)
    assert solved(area, request).value == pytest.approx(Oracle(area, request).radius(add))


@SOME
@given(SEEDS, st.sampled_from([20.0, 60.0, 100.0]), st.sampled_from(["cover", "minutes"]))
def test_every_new_unit_has_the_births_of_the_floor_and_no_allowed_set_is_better(seed, floor, objective):
    area = few_units(seed)
    request = SitingRequest(add=3, within=20, objective=objective, min_births=floor, **POINTS)
    oracle = Oracle(area, request)
    if not any(oracle.allowed([site]) and (oracle.covered([site]) > 0 or objective == "minutes") for site in range(14)):
        with pytest.raises(InputError, match="no candidate that gains anything would have so many"):
            solved(area, request)
        return
    found = site_units(area, request)
    assert found.value == pytest.approx(oracle.best(3))
    assert (found.units["births_nearest_per_year"] >= floor - 1e-6).all()


@SOME
@given(SEEDS, st.sampled_from([15.0, 40.0]), st.sampled_from(["cover", "minutes"]))
def test_no_unit_takes_more_than_its_capacity_and_no_sharing_out_is_better(seed, capacity, objective):
    area = few_units(seed, points=10)
    request = SitingRequest(add=2, within=15, objective=objective, capacity=capacity, **POINTS)
    found = site_units(area, request)
    assert found.value == pytest.approx(Oracle(area, request).best(2), rel=1e-5)
    assert (found.units["births_taken_per_year"] <= capacity * (1 + 1e-5)).all()


@SOME
@given(SEEDS)
def test_all_with_a_floor_or_a_capacity(seed):
    area = few_units(seed, points=10)
    for limit in ({"min_births": 25.0}, {"capacity": 60.0}):
        request = SitingRequest(objective="all", within=15, **limit, **POINTS)
        oracle = Oracle(area, request)
        best = oracle.fewest(10) if limit.get("capacity") is None else None
        serves = (oracle.minutes <= 15) & (oracle.today > 15)[:, None]
        possible = best is not None if "min_births" in limit else oracle.covers_all(np.flatnonzero(serves.any(axis=0)))
        if not possible:
            with pytest.raises(InputError, match=next(iter(limit))):
                solved(area, request)
            continue
        found = solved(area, request).value
        if best is not None:
            assert found == best
        elif found <= 3:
            assert found == oracle.fewest(3)


def test_upgrades_are_chosen_among_hospitals_and_the_region_is_kept():
    area = toy_area(4, points=30, units=20)
    for kinds, service in (
        ("hospitals", "neonatal_3_plus"),
        ("birth-hospitals", "neonatal_3_plus"),
        ("hospitals+block-groups", "nicu"),
    ):
        request = SitingRequest(add=2, service=service, candidates=kinds, within=10, gap=0.0)
        found = site_units(area, request)
        assert found.value == pytest.approx(Oracle(area, request).best(2))
    home = area.demand["county_fips"].str[:2] == "38"
    request = SitingRequest(add=1, service="neonatal_3_plus", within=10, gap=0.0, states=("ND",))
    found = site_units(area, request)
    assert found.value == pytest.approx(Oracle(area, request, np.flatnonzero(home)).best(1))
    assert set(found.units["state"]) == {"ND"}
    assert set(found.counties["state"]) == {"ND"}


def test_a_hospital_of_unknown_level_may_have_it_already():
    area = toy_area(4, points=30, units=20)
    request = SitingRequest(add=13, service="neonatal_3_plus", objective="minutes", within=10)
    found = site_units(area, request)
    unknown = found.units["level_today"].isna().sum()
    assert unknown > 0
    assert f"{unknown} of the chosen hospitals have no reported neonatal level" in " ".join(found.notes)
    known = replace(
        area, facilities=area.facilities.assign(neonatal_level=area.facilities["neonatal_level"].fillna("I"))
    )
    assert "no reported neonatal level" not in " ".join(site_units(known, request).notes)


def test_actions_say_what_adding_means():
    area = toy_area(4, points=30, units=20)
    facilities = area.facilities.copy()
    facilities.loc[3, "status"] = "closed"
    flags = [name for name in facilities if name.startswith("counts_")]
    facilities.loc[3, flags] = False
    facilities.loc[8, "kind"] = "childrens_hospital"
    facilities.loc[9, ["kind", "counts_birth_care"]] = ["birth_center", False]
    area = replace(area, facilities=facilities)
    upgrades = find_candidates(area, SitingRequest(add=1, service="neonatal_3_plus")).sites.set_index("site_id")[
        "action"
    ]
    births = facilities.set_index("facility_id")["counts_birth_care"]
    assert upgrades[facilities.loc[3, "facility_id"]] == "reopen"
    assert facilities.loc[9, "facility_id"] not in upgrades
    others = upgrades[upgrades != "reopen"]
    assert ((others == "upgrade") == births[others.index]).all()
    assert set(others) == {"upgrade", "open_and_upgrade"}
    openings = find_candidates(area, SitingRequest(add=1)).sites.set_index("site_id")
    assert set(openings["action"]) == {"open_service", "reopen"}
    assert facilities.loc[8, "facility_id"] not in openings.index


# spopt, on the same instance.


@pytest.mark.parametrize("seed", [3, 11])
def test_spopt_agrees(seed):
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
    area = few_units(seed, points=20)
    within, add = 12.0, 2
    oracle = Oracle(area, SitingRequest(add=add, within=within, **POINTS))
    cost = np.concatenate([oracle.today[:, None], oracle.minutes], axis=1)
    can = np.isfinite(oracle.today)  # spopt knows no client that some sites do not reach
    cost = np.where(np.isfinite(cost), cost, 1e4)[can]
    weight, fixed = oracle.weight[can], np.r_[True, np.zeros(cost.shape[1] - 1, bool)]
    solver = pulp.PULP_CBC_CMD(msg=False)
    inside = few_units(seed, points=20)
    inside = replace(inside, demand=inside.demand.assign(women_15_44=np.where(can, inside.demand["women_15_44"], 0.0)))
    ours = {
        name: solved(
            inside,
            SitingRequest(
                objective=name, add=None if name == "all" else add, within=within, cap_minutes=5000, **POINTS
            ),
        )
        for name in ("cover", "minutes", "farthest", "all")
    }
    options = {"predefined_facilities_arr": fixed}
    cover = locate.MCLP.from_cost_matrix(cost, weight, within, p_facilities=add + 1, **options).solve(solver)
    covered_today = weight[oracle.today[can] <= within].sum()
    assert ours["cover"].value == pytest.approx(pulp.value(cover.problem.objective) - covered_today)
    median = locate.PMedian.from_cost_matrix(cost, weight, p_facilities=add + 1, **options).solve(solver)
    before = (weight * oracle.today[can]).sum()
    assert ours["minutes"].value == pytest.approx(before - pulp.value(median.problem.objective))
    center = locate.PCenter.from_cost_matrix(cost, p_facilities=add + 1, **options).solve(solver)
    assert ours["farthest"].value == pytest.approx(pulp.value(center.problem.objective))
    every = locate.LSCP.from_cost_matrix(cost, within, **options).solve(solver)
    assert ours["all"].value == pytest.approx(pulp.value(every.problem.objective) - 1)


# What must hold.


@SOME
@given(SEEDS, st.sampled_from(["cover", "minutes", "farthest"]))
def test_more_units_are_never_worse_and_opening_never_hurts(seed, objective):
    area = few_units(seed)
    request = SitingRequest(add=1, within=12, objective=objective, **POINTS)
    found = [site_units(area, replace(request, add=add)) for add in (1, 2, 3)]
    values = np.array([part.value for part in found]) * (-1 if objective == "farthest" else 1)
    if objective != "farthest" or len({len(part.out_of_reach) for part in found}) == 1:
        assert (np.diff(values) >= -1e-9).all()
    for part in found:
        before, after = (part.points[f"minutes_{when}"].fillna(np.inf) for when in ("before", "after"))
        assert (after <= before).all()
        assert (part.counties["women_newly_within"] >= 0).all()


@SOME
@given(SEEDS)
def test_tables_keep_their_contracts_and_add_up(seed):
    area = few_units(seed)
    found = site_units(
        area, SitingRequest(add=2, within=10, service="birth_care", candidates="hospitals+block-groups", gap=0.0)
    )
    for table, contract in (
        (found.units, SITING_UNITS),
        (found.counties, SITING),
        (found.out_of_reach, SITING_OUT_OF_REACH),
        (found.totals, SITING_TOTALS),
    ):
        assert list(table.columns) == contract.names
        contract.validate(table)
    totals = found.totals.set_index("measure")
    assert found.units["women_newly_within"].sum() == pytest.approx(totals.loc["women_within", "change"])
    assert found.units["rank"].tolist() == list(range(1, len(found.units) + 1))
    assert (found.units["women_newly_within"] >= found.units["women_only_within_this"] - 1e-9).all()
    assert found.counties["women_within_after"].sum() == pytest.approx(totals.loc["women_within", "after"])
    inside = found.points[found.points["minutes_after"] <= 10]
    assert inside["births_per_year"].sum() == pytest.approx(totals.loc["births_within", "after"])
    assert found.notes[-1] == CAVEAT


def test_who_is_out_of_reach_is_named_first_with_a_reason():
    area = few_units(2, points=24)
    found = site_units(area, SitingRequest(add=1, within=10))
    oracle = Oracle(area, SitingRequest(add=1, within=10))
    lost = np.minimum(oracle.today, oracle.minutes.min(axis=1)) > 10
    assert found.out_of_reach["women_15_44"].sum() == pytest.approx(area.demand["women_15_44"][lost].sum())
    assert found.out_of_reach["demand_points"].sum() == lost.sum()
    assert set(found.out_of_reach["reason"]) == {"no_candidate_within", "no_road_access", "unreachable"}
    assert found.out_of_reach["women_15_44"].is_monotonic_decreasing
    assert "out of reach of every candidate" in found.notes[0]
    assert found.counties["women_out_of_reach"].sum() == pytest.approx(found.out_of_reach["women_15_44"].sum())
    few = site_units(area, SitingRequest(add=1, within=10, candidates="block-groups", min_births=60))
    assert "too_few_births" in set(few.out_of_reach["reason"])
    alone = site_units(area, SitingRequest(add=1, objective="farthest", candidates="block-groups"))
    assert set(alone.out_of_reach["reason"]) == {"more_sites_needed", "no_road_access"}
    assert "takes 2 or more sites" in " ".join(alone.notes)


def test_every_option_changes_something():
    area = few_units(5, points=24)
    base = {"add": 2, "within": 12.0, "candidates": "block-groups", "objective": "cover", "gap": 0.0}
    options = {
        "add": 1, "within": 8.0, "objective": "minutes", "service": "neonatal_2_plus", "candidates": "hospitals", "states": ("ND",),
        "weight": "births_per_year", "min_births": 120.0, "capacity": 10.0,
    }  # fmt: skip
    known = value(area, **base)
    for name, other in options.items():
        assert value(area, **(base | {name: other})) != pytest.approx(known), name
    fair = base | {"objective": "equity"}
    assert value(area, **fair) != pytest.approx(known)
    assert value(area, **fair, equity_weight=5.0) != pytest.approx(value(area, **fair))
    mean = fair | {"equity_of": "minutes"}
    assert value(area, **mean) != pytest.approx(value(area, **fair))
    assert value(area, **mean, worst_off="far") != pytest.approx(value(area, **mean))
    assert value(area, **mean, cap_minutes=15.0) != pytest.approx(value(area, **mean))
    near = site_units(area, SitingRequest(**base, limit_minutes=5.0))
    assert near.totals.set_index("measure").loc["women_without_minutes", "before"] > 300
    loose = site_units(area, SitingRequest(**(base | {"add": 4, "objective": "minutes", "gap": 0.9})))
    tight = site_units(area, SitingRequest(**(base | {"add": 4, "objective": "minutes"})))
    assert loose.gap > tight.gap == pytest.approx(0, abs=1e-9)
    assert loose.status == "within_gap"
    assert tight.status == "optimal"


def test_a_users_places():
    area = few_units(7, points=20)
    home = area.demand.iloc[[1, 4]]
    points = pd.DataFrame(
        {"site_id": ["a", "b"], "site_name": ["First", "Second"], "county_fips": home["county_fips"].to_numpy(),
         "lat": home["lat"].to_numpy(), "lon": home["lon"].to_numpy()}
    )  # fmt: skip
    found = site_units(area, SitingRequest(add=2, within=12, candidates="file", points=points, objective="minutes"))
    assert set(found.units["site_id"]) <= {"a", "b"}
    assert set(found.units["action"]) == {"new_site"}
    twice = points.assign(site_id="a")
    with pytest.raises(InputError, match="candidate 'a' stands twice"):
        site_units(area, SitingRequest(add=1, candidates="file", points=twice))


def test_the_time_runs_out(monkeypatch):
    area = few_units(9, points=40)
    for objective in ("cover", "minutes", "farthest"):
        request = SitingRequest(add=4, within=6, objective=objective, time_limit=1e-9, **POINTS)
        found = site_units(area, request)
        best = solved(area, replace(request, time_limit=60.0))
        assert found.status == "time_limit"
        assert found.gap > 0
        assert any("the best found" in note and "%" in note for note in found.notes)
        sense = -1 if objective == "farthest" else 1
        assert sense * found.value <= sense * best.value <= sense * found.bound + 1e-6
    room = SitingRequest(add=4, within=6, capacity=20.0, time_limit=1e-9, **POINTS)
    assert solved(area, room).value <= solved(area, replace(room, time_limit=60.0)).value + 1e-6
    request = SitingRequest(objective="all", within=6, **POINTS)
    best = solved(area, request)
    monkeypatch.setattr(fewest, "cover_with_fewest", lambda *_, **__: Found(chosen=None, bound=3.2))
    found = site_units(area, request)
    assert (found.status, found.bound) == ("time_limit", 4.0)
    assert found.value >= best.value
    with pytest.raises(InputError, match="no set of sites that keeps every limit was found in 60 seconds"):
        site_units(area, replace(request, min_births=1.0))


def test_too_large_to_be_proved_says_how_far_it_may_be_off(monkeypatch):
    area = few_units(9, points=40)
    request = SitingRequest(add=5, objective="minutes", **POINTS)
    best = site_units(area, request)
    monkeypatch.setattr(most, "MOST_PAIRS", 0)
    monkeypatch.setattr(most, "_ROUNDS", 3)
    found = site_units(area, request)
    assert found.status == "heuristic"
    assert "interchange" in " ".join(found.notes)
    assert found.value <= best.value <= found.bound
    assert found.value >= 0.95 * best.value


def test_a_model_that_the_minutes_contradict_is_a_defect():
    area = few_units(9, points=20)
    for objective, words in (
        ("cover", "the minutes say"),
        ("all", "should be within the limit"),
        ("farthest", "the minutes say"),
    ):
        request = SitingRequest(add=None if objective == "all" else 2, within=8, objective=objective, **POINTS)
        candidates = find_candidates(area, request)
        problem = pose_problem(area, candidates, request)
        solution = solve(area, candidates, problem, request)
        check_solution(area, candidates, problem, request, solution)
        wrong = replace(solution, chosen=solution.chosen[:-1])
        with pytest.raises(RuntimeError, match=words):
            check_solution(area, candidates, problem, request, wrong)
    request = SitingRequest(add=2, within=8, **POINTS)
    with pytest.raises(RuntimeError, match="births, the floor is"):
        check_solution(
            area,
            candidates,
            problem,
            replace(request, min_births=1e4),
            solve(area, candidates, pose_problem(area, candidates, request), request),
        )


# Bad input.


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "how many units to add is not said"),
        ({"add": 0}, "add is 0: give 1 or more"),
        ({"add": 1, "within": 0}, "within is 0 minutes"),
        ({"add": 1, "within": float("nan")}, "within is nan minutes"),
        ({"add": 1, "cap_minutes": -1}, "cap_minutes is -1 minutes"),
        ({"add": 1, "limit_minutes": 0}, "limit_minutes is 0 minutes"),
        ({"add": 1, "objective": "best"}, "unknown objective 'best': one of cover, all, minutes"),
        ({"add": 1, "candidates": "schools"}, "unknown candidates 'schools'"),
        ({"add": 1, "candidates": "file"}, "need the file"),
        ({"add": 1, "points": pd.DataFrame()}, "needs 'file' among the candidates"),
        ({"add": 1, "weight": "people"}, "unknown weight 'people'"),
        ({"add": 1, "objective": "equity", "worst_off": "far"}, "weighs nothing in equity_of 'cover'"),
        ({"add": 1, "equity_weight": -1}, "equity_weight is -1"),
        ({"add": 1, "min_births": 0}, "min_births is 0"),
        ({"add": 1, "capacity": -3}, "capacity is -3"),
        ({"add": 1, "gap": 1}, "gap is 1"),
        ({"add": 1, "time_limit": 0}, "time_limit is 0 seconds"),
        ({"add": 1, "objective": "farthest", "capacity": 5}, "takes neither min_births nor capacity"),
    ],
)
def test_bad_questions(asked, words):
    with pytest.raises(InputError, match=words) as caught:
        SitingRequest(**asked)
    assert "\n" not in str(caught.value)


def test_questions_that_the_area_cannot_answer():
    area = few_units(5, points=24)
    cases = [
        ({"add": 9}, r"add is 9, but hospitals give 4 candidates for birth_care: add at most that, or take block-groups"),
        ({"add": 1, "service": "surgery"}, "unknown service 'surgery'"),
        ({"add": 1, "states": ("TX",)}, "no demand point of TX"),
        ({"add": 1, "within": 12, "candidates": "block-groups", "min_births": 5000}, r"min_births is 5000, .* would have \d+ estimated births a year \(\d,\d+\.\d short\)"),
        ({"add": 1, "objective": "all", "within": 5, "candidates": "block-groups"}, r"add is 1, but to bring everyone who can be within 5 minutes it takes \d+ units"),
        ({"objective": "all", "within": 8, "candidates": "block-groups", "min_births": 60}, r"min_births is 60: \d+ demand points \(\d+.* women\) could be within the limit only of"),
        ({"objective": "all", "within": 12, "candidates": "block-groups", "capacity": 0.5}, r"capacity is 0.5 births a year: all \d+ useful candidates together take"),
    ]  # fmt: skip
    for asked, words in cases:
        with pytest.raises(InputError, match=words):
            site_units(area, SitingRequest(**asked))
    facilities = area.facilities.assign(counts_birth_care=True)
    with pytest.raises(InputError, match="no candidate among hospitals lacks birth_care"):
        site_units(replace(area, facilities=facilities), SitingRequest(add=1))


def test_no_unit_at_all_and_nothing_to_gain():
    area = few_units(5, points=16, serve=0)
    for objective in ("cover", "minutes", "farthest"):
        request = SitingRequest(add=2, objective=objective, within=15, **POINTS)
        oracle = Oracle(area, request)
        best = oracle.best(2) if objective != "farthest" else None
        found = site_units(area, request)
        if best is not None:
            assert found.value == pytest.approx(best)
        else:
            assert "to reach them all takes 3 or more sites" in " ".join(found.notes)
    everyone = few_units(5, points=16, serve=6)
    found = site_units(everyone, SitingRequest(add=2, within=500, **POINTS, states=("ND",)))
    assert found.units.empty or found.value > 0
    mainland = site_units(
        replace(everyone, demand=everyone.demand.assign(women_15_44=0.0)), SitingRequest(add=2, **POINTS)
    )
    assert mainland.units.empty
    assert "no site is chosen" in " ".join(mainland.notes)
    unknown = everyone.demand.assign(women_15_44=everyone.demand["women_15_44"].where(everyone.demand.index > 2))
    noted = site_units(replace(everyone, demand=unknown), SitingRequest(add=2, **POINTS))
    assert "3 demand points of unknown women_15_44 count for nothing" in noted.notes
