"""Coverage of every risk group against loops over the full table of minutes, and how it must move."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.contracts.risk_appropriate import COVERAGE, COVERAGE_COLUMNS, READINGS
from matcare.errors import InputError
from matcare.measures.dyad import trips_between
from matcare.measures.risk_appropriate import risk_appropriate_coverage
from matcare.measures.risk_groups import HighRiskBirths

SEEDS = range(3)
KEY = COVERAGE.primary_key
SHARES = ["share_women_within", "share_births_within", "share_high_risk_births_within"]
NEEDS = {"low": 0, "moderate": 2, "high": 3}
NUMBER = {"I": 1, "II": 2, "III": 3, "IV": 4}


def very_low(counties, shares=(0.012, 0.02, 0.016, np.nan)):
    share = np.array(shares)
    number = share * counties["births_per_year"].to_numpy()
    return HighRiskBirths(
        table=pd.DataFrame(
            {
                "county_fips": counties["county_fips"],
                "share_very_low_birthweight": share,
                "share_very_low_birthweight_status": np.where(np.isnan(share), "not_reported", "reported"),
                "births_high_risk_per_year": np.where(number >= 10, number, np.nan),
                "births_high_risk_status": np.select(
                    [np.isnan(number), number < 10], ["not_reported", "small_count"], "given"
                ),
            }
        ),
        fit=None,
    )


@cache
def made(toy, seed):
    return toy.toy_area(seed, units=12, points=30)


def campus_area(toy, seed, **changes):
    """A toy region where the second unit stands on the first's campus; some levels are the state's."""
    area = made(toy, seed)
    queries = np.where(np.arange(12) % 4 == 2, "matched by hand", None)
    ids = area.facilities["facility_id"].tolist()
    named = [None] * len(ids)
    named[0], named[1] = ids[1], ids[0]
    source = (
        area.facilities["level_source"]
        .where(np.arange(12) % 3 > 0, "state")
        .where(area.facilities["neonatal_level"].notna(), "none")
    )
    return replace(
        area, facilities=area.facilities.assign(same_site_as=named, level_source=source, level_query=queries, **changes)
    )


def covered(area, **options):
    return risk_appropriate_coverage(area, high_risk=very_low(area.counties), **options)


def rows_of(coverage):
    """Rows by their key, each once."""
    rows = dict(zip(zip(*(coverage[name] for name in KEY), strict=True), coverage.to_dict("records"), strict=True))
    assert len(rows) == len(coverage)
    return rows


def row_of(coverage, *key):
    return rows_of(coverage)[key]


# An oracle that knows units one by one.


def level_of(unit, reading):
    """Neonatal level of a unit as a number."""
    if unit.status != "open" or unit.kind == "birth_center":
        return 0
    if reading == "without_queried" and isinstance(unit.level_query, str) and unit.level_query:
        return 0
    if pd.isna(unit.neonatal_level):
        return 3 if reading == "unknown_count" and unit.nicu == "yes" else 0
    return NUMBER[unit.neonatal_level] - (reading == "one_lower" and unit.level_source != "state")


def minutes_of(minutes, area, group, arrangement, reading, maternal=None):
    """Minutes of every demand point (inf where none), and of its two units: (apart, minutes between)."""
    units = list(area.facilities.itertuples())
    births = [u.counts_birth_care and (maternal is None or maternal[u.Index]) for u in units]
    babies = [
        level_of(u, reading) >= (NEEDS.get(group, 3) if arrangement != "unit" or group != "maternal" else 0)
        for u in units
    ]

    def mates(j):
        named = units[j].same_site_as
        return [
            j,
            *(
                [k for k, other in enumerate(units) if other.facility_id in named.split()]
                if isinstance(named, str)
                else []
            ),
        ]

    def least(i, member):
        return min(
            ((minutes[i, j], j) for j in range(len(units)) if member[j] and np.isfinite(minutes[i, j])),
            default=(np.inf, -1),
        )

    both = [babies[j] and any(births[k] for k in mates(j)) for j in range(len(units))]
    result, apart = [], []
    for i in range(len(minutes)):
        first, second, together = least(i, births), least(i, babies), least(i, both)
        if arrangement == "unit":
            result.append(first[0] if group in {"low", "maternal"} else second[0])
        elif arrangement == "same_site":
            result.append(max(first[0], together[0]))
        else:
            result.append(max(first[0], second[0]))
        two = first[1] >= 0 and second[1] >= 0 and second[1] not in mates(first[1])
        apart.append((first[1], second[1]) if two else None)
    return np.array(result), apart


def places_of(area, region=None):
    """(scope, place) with the demand points of it."""
    fips = area.demand["county_fips"]
    state = fips.map(dict(zip(area.counties["county_fips"], area.counties["state"], strict=True)))
    everywhere = {("nation", "US"): np.ones(len(fips), bool)} if region is None else {}
    states = sorted(set(area.counties["state"]) if region is None else region)
    counties = area.counties.loc[area.counties["state"].isin(states), "county_fips"]
    return (
        everywhere
        | {("state", s): (state == s).to_numpy() for s in states}
        | {("county", c): (fips == c).to_numpy() for c in counties}
    )


def weighted(weight, holds):
    return weight[holds].sum() / weight.sum() if weight.sum() > 0 else np.nan


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_is_that_of_loops(toy, seed):
    area = campus_area(toy, seed)
    limits = (7.5, 20, 45)
    coverage = COVERAGE.validate(covered(area, limits=limits).coverage)
    minutes, between = toy.toy_minutes(area), toy.toy_minutes(replace(area, trips=trips_between(area.trips)))
    women, births = (area.demand[name].to_numpy() for name in ("women_15_44", "births_per_year"))
    share = area.demand["county_fips"].map(
        dict(zip(area.counties["county_fips"], (0.012, 0.02, 0.016, np.nan), strict=True))
    )
    tiny = births * share.fillna(0).to_numpy()
    checked, rows = 0, rows_of(coverage)
    for group in NEEDS:
        for arrangement in ("unit",) if group == "low" else ("unit", "same_site", "split"):
            for reading in ("estimate",) if group == "low" else READINGS:
                truth, apart = minutes_of(minutes, area, group, arrangement, reading)
                away = np.array([between[pair] if pair else np.nan for pair in apart])
                for (scope, place), here in places_of(area).items():
                    for limit in limits:
                        row = rows[scope, place, group, arrangement, reading, limit]
                        check(row, limit, *(part[here] for part in (women, births, tiny, truth, away)))
                        checked += 1
    assert checked == len(coverage[coverage["risk_group"] != "maternal"])


def check(row, limit, women, births, tiny, truth, away):
    """One row of coverage from its demand points."""
    reached = np.isfinite(truth)
    if not len(women):
        assert row["reason"] == "no_demand_points"
        assert np.isnan(row["share_women_within"])
        return
    assert row["share_women_within"] == pytest.approx(weighted(women, truth <= limit))
    assert row["share_births_within"] == pytest.approx(weighted(births, truth <= limit))
    assert row["women_15_44"] == pytest.approx(women.sum())
    assert row["births_per_year"] == pytest.approx(births.sum())
    without = weighted(women, ~reached)
    assert row["share_women_without_minutes"] == pytest.approx(without)
    if without > 0.5:
        assert np.isnan(row["minutes"])
        assert row["reason"] in {"unreachable", "no_road_access"}
    else:
        assert row["minutes"] == pytest.approx((women * truth)[reached].sum() / women[reached].sum())
        assert row["reason"] == ("partly_covered" if without > 0 else "covered")
    high = row["risk_group"] == "high" and tiny.sum() > 0
    high_risk = weighted(tiny, truth <= limit) if high else np.nan
    assert row["share_high_risk_births_within"] == pytest.approx(high_risk, nan_ok=True)
    if high:
        assert row["share_births_with_high_risk_share"] == pytest.approx(weighted(births, tiny > 0))
    split, two = row["arrangement"] == "split", np.isfinite(away)
    mean = (women * away)[two].sum() / women[two].sum() if split and two.any() else np.nan
    of_both = women[two].sum() / women[reached].sum() if split and reached.any() else np.nan
    assert row["share_women_two_sites"] == pytest.approx(of_both, nan_ok=True)
    assert row["minutes_between_sites"] == pytest.approx(mean, nan_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_enclose_the_estimate_and_one_site_is_in_two(toy, seed):
    coverage = covered(campus_area(toy, seed), limits=(5, 10, 20, 30, 60, 90)).coverage
    coverage = coverage[coverage["risk_group"].isin(["moderate", "high"])]
    wide = coverage.pivot_table(index=[name for name in KEY if name != "reading"], columns="reading", values=SHARES[0])
    assert (wide["one_lower"] <= wide["estimate"] + 1e-12).all()
    assert (wide["estimate"] <= wide["unknown_count"] + 1e-12).all()
    assert (wide["without_queried"] <= wide["estimate"] + 1e-12).all()
    assert (wide["without_queried"] < wide["estimate"]).any()
    assert (wide["one_lower"] < wide["unknown_count"]).any()
    wide = coverage.pivot_table(
        index=[name for name in KEY if name != "arrangement"], columns="arrangement", values=SHARES[0]
    )
    assert (wide["same_site"] <= wide["split"] + 1e-12).all()
    assert (wide["split"] <= wide["unit"] + 1e-12).all()
    assert (wide["split"] < wide["unit"]).any()
    wide = coverage.pivot_table(
        index=[name for name in KEY if name != "limit_minutes"], columns="limit_minutes", values=SHARES[0]
    )
    assert (wide.diff(axis=1).iloc[:, 1:] >= -1e-12).all(axis=None)


def without_levels(area, state):
    """The same region where no hospital of a state has a reported level."""
    level = area.facilities["neonatal_level"].mask(area.facilities["state"] == state)
    return replace(area, facilities=area.facilities.assign(neonatal_level=level))


def test_a_state_without_any_level_has_no_share_that_hangs_on_one(toy):
    area = without_levels(campus_area(toy, 1), "SD")
    found = covered(area)
    coverage = COVERAGE.validate(found.coverage)
    sd = coverage["place"].isin(["SD", "46001", "46003"])
    on_level = coverage["risk_group"].isin(["moderate", "high"]) & (coverage["reading"] != "unknown_count")
    unknown = coverage[sd & on_level]
    numbers = [*SHARES, "minutes", "share_women_without_minutes", "share_women_two_sites", "minutes_between_sites"]
    assert set(unknown["reason"]) == {"level_not_reported"}
    assert unknown[numbers].isna().all(axis=None)
    assert (unknown["women_15_44"] > 0).all()
    others = coverage[~(sd & on_level) & (coverage["risk_group"] != "maternal")]
    assert "level_not_reported" not in set(others["reason"])
    assert others[SHARES[:2]].notna().all(axis=None)
    minutes, women = toy.toy_minutes(area), area.demand["women_15_44"].to_numpy()
    for reading in READINGS:  # the nation's rows stand
        truth, _ = minutes_of(minutes, area, "high", "unit", reading)
        row = row_of(coverage, "nation", "US", "high", "unit", reading, 60)
        assert row["share_women_within"] == pytest.approx(weighted(women, truth <= 60))
    counties = found.counties.set_index("county_fips")
    bounds = [name for name in counties if name.startswith("share_women_within_60")]
    upper = [name for name in bounds if name.endswith("unknown_count")]
    assert counties.loc[["46001", "46003"], [name for name in bounds if name not in upper]].isna().all(axis=None)
    assert counties.loc[["46001", "46003"], upper].notna().all(axis=None)
    assert counties.loc[["38001", "38003"], bounds].notna().all(axis=None)
    assert set(counties.loc[["46001", "46003"], "minutes_same_site_3_plus_reason"]) == {"level_not_reported"}


def test_nobody_to_count_is_said_before_levels_that_nobody_knows(toy):
    area = without_levels(campus_area(toy, 1), "SD")
    demand = area.demand.assign(county_fips=area.demand["county_fips"].replace("46003", "46001"))
    row = row_of(covered(replace(area, demand=demand)).coverage, "county", "46003", "high", "unit", "estimate", 60)
    assert row["reason"] == "no_demand_points"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 5), unit=st.integers(0, 11), reading=st.sampled_from(list(READINGS)))
def test_closing_a_unit_never_helps(toy, seed, unit, reading):
    area = campus_area(toy, seed)
    closed = area.facilities.copy()
    closed.loc[unit, "status"] = "closed"
    closed.loc[unit, [name for name in closed if name.startswith("counts_")]] = False
    before, after = (
        frame[(frame["reading"] == reading) & (frame["risk_group"] != "maternal")].set_index(list(KEY))[
            "share_women_within"
        ]
        for frame in (covered(area).coverage, covered(replace(area, facilities=closed)).coverage)
    )
    assert (after.fillna(-1) <= before.fillna(-1) + 1e-12).all()


def test_within_is_at_most(toy):
    area = campus_area(toy, 2)
    truth, _ = minutes_of(toy.toy_minutes(area), area, "high", "unit", "estimate")
    limit = float(np.sort(truth[np.isfinite(truth)])[10])  # met exactly by one point
    coverage = covered(area, limits=(limit - 0.001, limit)).coverage
    below, at = (
        row_of(coverage, "nation", "US", "high", "unit", "estimate", t)["share_women_within"]
        for t in (limit - 0.001, limit)
    )
    women = area.demand["women_15_44"].to_numpy()
    assert at - below == pytest.approx(women[truth == limit].sum() / women.sum())
    assert at > below


def test_a_facility_beyond_the_limit_has_no_minutes(toy):
    area = campus_area(toy, 3)
    near, far = (
        row_of(covered(area, limit_minutes=t).coverage, "nation", "US", "high", "unit", "estimate", 30)
        for t in (12, None)
    )
    assert near["share_women_without_minutes"] > far["share_women_without_minutes"]
    assert near["share_women_within"] < far["share_women_within"]
    withheld = covered(area, limit_minutes=0.5).coverage
    assert row_of(withheld, "nation", "US", "high", "unit", "estimate", 30)["reason"] == "beyond_limit"


def test_the_region_gets_rows_and_care_beyond_it_counts(toy):
    area = campus_area(toy, 4)
    whole, part = covered(area), covered(area, region={"SD"})
    rows = part.coverage
    assert set(rows["place"]) == {"SD", "46001", "46003"}
    assert set(rows["scope"]) == {"state", "county"}
    same = whole.coverage[whole.coverage["place"].isin(set(rows["place"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, same)
    assert part.counties["county_fips"].tolist() == ["46001", "46003"]
    with pytest.raises(InputError, match="no county of 'MN'"):
        covered(area, region={"MN"})


def test_trips_between_units_can_be_given(toy):
    area = campus_area(toy, 4)
    pd.testing.assert_frame_equal(covered(area, between=trips_between(area.trips)).coverage, covered(area).coverage)


@pytest.mark.parametrize("limits", [(0,), (-5, 30), (np.inf,), (np.nan,), (), (30, 30)])
def test_limits_are_minutes_above_zero(toy, limits):
    with pytest.raises(InputError, match="coverage limits"):
        covered(campus_area(toy, 0), limits=limits)


def test_maternal_levels_are_not_reported_until_a_user_brings_them(toy):
    coverage = covered(campus_area(toy, 1)).coverage
    maternal = coverage[coverage["risk_group"] == "maternal"]
    assert set(maternal["scope"]) == {"nation", "state"}
    assert set(maternal["reason"]) == {"not_reported"}
    assert maternal[[*SHARES, "minutes"]].isna().all(axis=None)
    assert set(maternal["arrangement"]) == {"unit", "same_site", "split"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_users_maternal_levels_are_counted(toy, seed):
    levels = ["III", None, "I", "IV", None, "II", "III", None, "III", None, None, "IV"]
    area = campus_area(toy, seed, maternal_level=levels)
    coverage = COVERAGE.validate(covered(area, limits=(25,)).coverage)
    minutes, women = toy.toy_minutes(area), area.demand["women_15_44"].to_numpy()
    for reading in READINGS:
        enough = [level in {"III", "IV"} or (level is None and reading == "unknown_count") for level in levels]
        for arrangement in ("unit", "same_site", "split"):
            truth, _ = minutes_of(minutes, area, "maternal", arrangement, reading, enough)
            for (scope, place), here in places_of(area).items():
                if here.any():
                    row = row_of(coverage, scope, place, "maternal", arrangement, reading, 25)
                    assert row["share_women_within"] == pytest.approx(weighted(women[here], truth[here] <= 25))


def test_numbers_of_small_births_are_withheld_for_states_too(toy):
    area = campus_area(toy, 1)
    births = area.demand["births_per_year"].groupby(area.demand["county_fips"]).sum()
    share = np.array([0.012, 0.02, 0.016, np.nan])
    number = births.reindex(area.counties["county_fips"]).fillna(0).to_numpy() * share
    for scale in (0.1, 10.0):
        coverage = risk_appropriate_coverage(area, high_risk=very_low(area.counties, share * scale)).coverage
        for place, expected in (
            ("ND", np.nansum(number[:2])),
            ("SD", np.nansum(number[2:])),
            ("US", np.nansum(number)),
        ):
            row = coverage[(coverage["place"] == place) & (coverage["risk_group"] == "high")].iloc[0]
            shown = expected * scale >= 10
            assert row["births_high_risk_status"] == ("given" if shown else "small_count")
            assert np.isnan(row["births_high_risk_per_year"]) != shown
            if shown:
                assert row["births_high_risk_per_year"] == pytest.approx(expected * scale)
    nothing = risk_appropriate_coverage(area, high_risk=very_low(area.counties, [np.nan] * 4)).coverage
    high = nothing[nothing["risk_group"] == "high"]
    assert set(high["births_high_risk_status"]) == {"not_reported"}
    assert high["share_high_risk_births_within"].isna().all()
    assert high["share_women_within"].notna().any()


def test_a_county_without_women_or_points_says_so(toy):
    area = campus_area(toy, 1)
    demand = area.demand.copy()
    demand.loc[demand["county_fips"] == "38001", "women_15_44"] = np.nan
    assert (demand["county_fips"] == "38001").any()
    coverage = covered(replace(area, demand=demand)).coverage
    row = row_of(coverage, "county", "38001", "low", "unit", "estimate", 60)
    assert (row["reason"], row["women_15_44"]) == ("no_women", 0)
    assert np.isnan(row["share_women_within"])
    assert row["share_births_within"] >= 0
    away = demand.assign(county_fips=demand["county_fips"].replace("46003", "46001"))
    row = row_of(covered(replace(area, demand=away)).coverage, "county", "46003", "high", "split", "estimate", 60)
    assert row["reason"] == "no_demand_points"


def test_every_countys_row_gets_its_columns(toy):
    area = campus_area(toy, 2)
    found = covered(area, limits=(20,))
    assert found.counties.columns.tolist() == ["county_fips", *(column.name for column in COVERAGE_COLUMNS)]
    assert set(found.coverage["limit_minutes"]) == {20}  # the columns stand on 60 minutes whatever is asked for
    at_60 = covered(area, limits=(60,)).coverage
    for row in found.counties.itertuples():
        for level, group in ((2, "moderate"), (3, "high")):
            for reading in READINGS:
                suffix = "" if reading == "estimate" else f"_{reading}"
                for arrangement, stem in (("unit", "neonatal"), ("same_site", "same_site"), ("split", "split")):
                    name = f"share_women_within_60_{stem}_{level}_plus{suffix}"
                    if hasattr(row, name):
                        expected = row_of(at_60, "county", row.county_fips, group, arrangement, reading, 60)[
                            "share_women_within"
                        ]
                        assert getattr(row, name) == pytest.approx(expected, nan_ok=True)
        split = row_of(at_60, "county", row.county_fips, "high", "split", "estimate", 60)
        assert row.share_women_two_sites_3_plus == pytest.approx(split["share_women_two_sites"], nan_ok=True)
        assert row.minutes_between_sites_3_plus == pytest.approx(split["minutes_between_sites"], nan_ok=True)
        same = row_of(at_60, "county", row.county_fips, "high", "same_site", "estimate", 60)
        assert row.minutes_same_site_3_plus == pytest.approx(same["minutes"], nan_ok=True)
        assert row.minutes_same_site_3_plus_reason == same["reason"]


def test_rows_stand_in_order(toy):
    coverage = covered(campus_area(toy, 0)).coverage
    assert coverage["scope"].drop_duplicates().tolist() == ["nation", "state", "county"]
    first = coverage[coverage["place"] == "US"]
    assert first["risk_group"].drop_duplicates().tolist() == ["low", "moderate", "high", "maternal"]
    assert first["limit_minutes"].head(3).tolist() == [30, 60, 90]
