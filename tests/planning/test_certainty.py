"""Certainty: draws without error are the run, drawn minutes equal a brute force, every parameter matters."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.contracts.certainty import CERTAINTY, CERTAINTY_SHARES, CERTAINTY_TOTALS
from matcare.errors import InputError
from matcare.measures.counties import county_results
from matcare.measures.coverage import county_coverage
from matcare.measures.deserts import drive_time_desert, march_of_dimes
from matcare.measures.nearest import nearest_services
from matcare.measures.study_area import StudyArea
from matcare.planning.certainty import INPUTS, Uncertainty, certainty
from matcare.planning.certainty.classes import class_codes, class_name, possible_classes
from matcare.planning.certainty.counties import drive_time_deserts, quantiles
from matcare.planning.certainty.coverage import CountyWeights
from matcare.planning.certainty.draws import Draw, Drawing, stream
from matcare.planning.certainty.shares import total_effects, variance_shares
from matcare.planning.certainty.trip_error import LEG_SHARE_SQUARED, TripError
from matcare.planning.certainty.units import birth_care_chances, level_three_chances
from matcare.scenario import MARCH_OF_DIMES_2024, Rule
from matcare.tables.facilities import service_flags
from matcare.travel.searches import Trips

FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EVERY_TIER = ["arranged", "corroborated", "likely", "claimed", "unknown", "none"]
HELD = frozenset(INPUTS)


def error_table(sd=0.2, pairs=50):
    rows = [
        (low, high, thin, dense, pairs, sd + 0.001 * low)
        for low, high in ((0, 15), (15, 30), (30, 60), (60, 150))
        for thin, dense in ((0, 1e9), (0, 30.0), (30, 1e9))
    ]
    names = ["minutes_over", "minutes_up_to", "people_per_km2_from", "people_per_km2_below", "pairs", "sd_log_ratio"]
    return pd.DataFrame(rows, columns=names)


ERROR = error_table()


def _made(toy, seed=0, *, points=24, units=9, leg_minutes=0.0, tiers=EVERY_TIER, **columns):
    """A toy area with hospitals of every kind, and its county results."""
    area = toy.toy_area(seed, points=points, units=units)
    raw = area.facilities.assign(obstetric_evidence=np.resize(tiers, units), **columns)
    raw = service_flags(raw, birth_care_tiers=("corroborated", "likely", "claimed"))
    origins = replace(area.trips.origins, leg_minutes=np.full(len(area.trips.origins.edge), leg_minutes))
    trips = Trips(area.trips.network, origins, area.trips.destinations)
    area = StudyArea(counties=area.counties, demand=area.demand, facilities=raw, trips=trips)
    return area, results_of(area)


@pytest.fixture(scope="session")
def made(toy):
    return partial(_made, toy)


def results_of(area, limit_minutes=600.0, rule=MARCH_OF_DIMES_2024):
    groups = nearest_services(area.trips, area.demand, area.facilities, limit_minutes=limit_minutes)
    outcomes = pd.DataFrame(
        {
            "county_fips": area.counties["county_fips"], "infant_deaths": np.nan, "live_births": np.nan,
            "outcome_status": "not_reported",
        }
    )  # fmt: skip
    return county_results(area.counties, outcomes, area.facilities, groups, rule=rule, data_date="2026-01-01")


def run(area, results, *, draws=6, seed=1, inputs=None, **options):
    return certainty(area, results, drive_time_error=ERROR, draws=draws, seed=seed, inputs=inputs, **options)


def drawing_of(area, results, inputs, limit_minutes=600.0):
    return Drawing.of(
        area, results.reset_index(drop=True), drive_time_error=ERROR, seed=5, uncertainty=inputs,
        rule=MARCH_OF_DIMES_2024, limits=(30, 60), limit_minutes=limit_minutes,
    )  # fmt: skip


def close(a, b):
    """Equal but for the last bits: pandas' own sums differ in them between one column and several."""
    np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=1e-13)
    return True


def same(a, b):
    return np.array_equal(np.asarray(a, float), np.asarray(b, float), equal_nan=True)


@FEW
@given(st.integers(0, 10_000), st.sampled_from([600.0, 25.0]), st.integers(3, 14))
def test_a_draw_without_error_is_the_run(made, seed, limit, units):
    area, _ = made(seed, units=units, leg_minutes=3.0)
    results = results_of(area, limit_minutes=limit)
    found = run(area, results, draws=1, inputs=Uncertainty(held=HELD), limit_minutes=limit)
    table, draw = found.counties, found.draws[0]
    assert (table["p_same_class"] == 1).all()
    for service in ("birth_care", "neonatal_3_plus"):
        # In a state without any reported level the run withholds what the other states' units would give.
        told = (results[f"minutes_{service}_reason"] != "level_not_reported").to_numpy()
        assert told.all() or service == "neonatal_3_plus"
        assert close(draw.minutes[service][told], results.loc[told, f"minutes_{service}"])
        for name in ("p05", "p50", "p95"):
            assert close(table.loc[told, f"minutes_{service}_{name}"], results.loc[told, f"minutes_{service}"])
        for row, within in enumerate((30, 60)):
            assert close(draw.within[service][row][told], results.loc[told, f"share_women_within_{within}_{service}"])
    for within in (30, 60):
        desert = results[f"drive_time_desert_{within}"].astype("Float64").astype("float64")
        assert same(table[f"p_drive_time_desert_{within}"], desert)
    assert (table["most_important_input_class"] == "none").all()


@FEW
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 2), *[st.sampled_from([0.0, 1.0, 2.0, 5.0, np.nan])] * 2,
            st.sampled_from([0.0, 10.0, 100.0, 333.0, 400.0, np.nan]), st.sampled_from([0.05, 0.1, 0.2, np.nan]),
        ),
        min_size=1, max_size=60,
    ),
    st.sampled_from([MARCH_OF_DIMES_2024, Rule(full_access_units=1), Rule(full_access_clinicians=100.0),
                     Rule(uninsured_high=0.2)]),
)  # fmt: skip
def test_the_rule_for_all_counties_at_once_is_the_rule(rows, rule):
    names = ["birth_hospitals", "birth_centers", "obgyns", "midwives", "births_per_year", "share_women_uninsured"]
    frame = pd.DataFrame(rows, columns=names)
    possible = possible_classes(
        units=frame["birth_hospitals"] + frame["birth_centers"],
        clinicians=frame[["obgyns", "midwives"]].fillna(0.0).sum(axis=1).to_numpy(),
        clinicians_missing=frame[["obgyns", "midwives"]].isna().any(axis=1).to_numpy(),
        births=frame["births_per_year"].to_numpy(),
        uninsured=frame["share_women_uninsured"].to_numpy(),
        rule=rule,
    )
    wanted = march_of_dimes(frame, rule=rule)["class"].tolist()
    assert [class_name(int(code)) for code in possible] == wanted
    order = ("desert", "low", "moderate", "full")
    assert class_codes(possible).tolist() == [order.index(name) if name in order else 4 for name in wanted]


@FEW
@given(st.integers(0, 10_000))
def test_county_sums_are_those_of_county_coverage(seed):
    rng = np.random.default_rng(seed)
    n = 80
    frame = pd.DataFrame(
        {
            "county_fips": np.sort(rng.integers(0, 5, n)).astype(str),
            "women_15_44": np.where(rng.random(n) < 0.1, np.nan, rng.random(n) * 300),
            "people": rng.random(n) * 1500,
            "minutes": np.where(rng.random(n) < 0.3, np.nan, rng.random(n) * 90),
            "reason": "covered",
        }
    )
    frame.loc[frame["county_fips"] == "3", "women_15_44"] = 0.0
    frame.loc[frame["county_fips"] == "4", "women_15_44"] = np.nan
    frame["reason"] = frame["reason"].mask(frame["minutes"].isna(), "unreachable")
    wanted = county_coverage(frame, minutes="minutes", reason="reason", limits=(30, 60))
    codes, county = np.unique(frame["county_fips"], return_inverse=True)
    found = CountyWeights.of(frame, county, len(codes), (30, 60)).covered(frame["minutes"].to_numpy())
    assert close(found.minutes, wanted["minutes"])
    assert close(found.within[0], wanted["share_within_30"])
    assert close(found.within[1], wanted["share_within_60"])


def by_hand(toy, drawing, area, draw, service):
    """Drawn minutes of every point by a table of all pairs and loops."""
    plain = toy.toy_minutes(area)
    drawn = {name: drawing._value(name, draw, 0) for name in INPUTS}
    offers = drawn["obstetrics" if service == "birth_care" else "levels"]
    errors, found, at = drawn["speeds"][service], drawing.found[service], drawing.at
    pair_of = {}
    for i in range(len(at.row)):
        for k in range(found.unit.shape[1]):
            if found.unit[i, k] >= 0:
                pair_of[int(at.place[i]), int(found.facility[found.unit[i, k]])] = int(found.pair[i, k])
    result = np.full(len(at.row), np.nan)
    for i, row in enumerate(at.row):
        for j in np.flatnonzero(offers):
            model = plain[row, j]
            if not np.isfinite(model):
                continue
            if model > 0:  # the toy's points stand on nodes: one leg, and the path; none to a unit at the same node
                model += at.leg_minutes[i]
            leg = min(at.leg_minutes[i], model)
            own = errors.pair[pair_of[int(at.place[i]), int(j)]]
            z = errors.state[at.state[i]] + errors.county[at.county[i]] + errors.facility[j] + own
            sd = drawing.found[service].error.sd(np.array([model]), at.density[i : i + 1])[0]
            legs = drawn["access_legs"][at.streets[i]]
            minutes = (model + leg * legs) * np.exp(sd * z)
            if not result[i] <= minutes:
                result[i] = minutes
    return result


@pytest.mark.parametrize("service", ["birth_care", "neonatal_3_plus"])
def test_drawn_minutes_equal_a_brute_force_over_all_pairs(made, toy, service):
    area, results = made(3, units=8, leg_minutes=4.0, nicu_beds=12.0)
    drawing = drawing_of(area, results, Uncertainty(offers={"none": (0.1, 0.6)}))
    assert len(drawing.found["birth_care"].facility) == 8
    gone = 0
    for draw in range(12):
        drawn = {name: drawing._value(name, draw, 0) for name in INPUTS}
        wanted = by_hand(toy, drawing, area, draw, service)
        found = drawing._minutes(service, drawn, draw)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        gone += np.isnan(wanted).sum()
    assert gone > 0  # the island and the point without a road


def test_units_beyond_those_kept_are_searched_for(made, toy):
    area, results = made(4, units=30, points=30)
    drawing = drawing_of(area, results, Uncertainty(offers=dict.fromkeys(EVERY_TIER, (0.05, 0.1))).only("obstetrics"))
    plain = toy.toy_minutes(area)
    far = 0
    for draw in range(8):
        values = {name: drawing._value(name, draw, 0) for name in INPUTS}
        offers = values["obstetrics"]
        wanted = np.where(offers[None, :], plain, np.inf).min(axis=1)
        wanted = np.where(np.isfinite(wanted), wanted, np.nan)
        np.testing.assert_allclose(drawing._minutes("birth_care", values, draw), wanted, rtol=1e-12)
        kept = offers[drawing.found["birth_care"].facility][drawing.found["birth_care"].unit].any(axis=1)
        far += int((~kept & np.isfinite(wanted)).sum())
    assert far > 5


def test_the_spread_and_what_trips_have_in_common_are_as_stated(made):
    area, results = made(0, units=2, tiers=["corroborated", "arranged"], leg_minutes=2.0)
    u = Uncertainty(common_to_state=0.3, common_to_county=0.2, common_to_unit=0.1, place_km=0.5)
    drawing = drawing_of(area, results, u.only("speeds"))
    found = drawing.found["birth_care"]
    logs = []
    for draw in range(1500):
        values = {name: drawing._value(name, draw, 0) for name in INPUTS}
        logs.append(np.log(drawing._minutes("birth_care", values, draw) / found.minutes[:, 0]))
    z = np.stack(logs)[:, np.isfinite(found.minutes[:, 0])] / found.sd[np.isfinite(found.minutes[:, 0]), 0]
    at, here = drawing.at, np.isfinite(found.minutes[:, 0])
    assert abs(z.std() - 1) < 0.03
    corr = z.T @ z / len(z)
    other_place = at.place[here][:, None] != at.place[here][None, :]
    county = at.county[here][:, None] == at.county[here][None, :]
    state = at.state[here][:, None] == at.state[here][None, :]
    assert abs(corr[other_place & county].mean() - 0.6) < 0.05
    assert abs(corr[other_place & ~county & state].mean() - 0.4) < 0.05
    assert abs(corr[~state].mean() - 0.1) < 0.05
    legs = drawing_of(area, results, u.only("access_legs"))
    drawn = np.concatenate([np.log1p(legs._value("access_legs", draw, 0)) for draw in range(400)])
    assert abs(drawn.std() - u.access_sd) < 0.02


def test_the_same_seed_gives_the_same_on_one_core_or_two_and_with_more_draws(made):
    area, results = made(2, leg_minutes=2.0)
    one, two = run(area, results, draws=10), run(area, results, draws=10, workers=2)
    pd.testing.assert_frame_equal(one.counties, two.counties)
    pd.testing.assert_frame_equal(one.shares, two.shares)
    pd.testing.assert_frame_equal(one.totals, two.totals)
    fewer = run(area, results, draws=4)
    for a, b in zip(fewer.draws, one.draws[:4], strict=True):
        assert np.array_equal(a.classes, b.classes)
        assert same(a.minutes["birth_care"], b.minutes["birth_care"])
    other = run(area, results, draws=10, seed=2)
    assert not same(other.counties["minutes_birth_care_p50"], one.counties["minutes_birth_care_p50"])
    assert stream(1, 0, 0).random() != stream(1, 1, 0).random() != stream(1, 0, 1).random()


CHANGED = {
    "speed_scale": 2.0, "common_to_state": 0.5, "common_to_county": 0.5, "common_to_unit": 0.5, "place_km": 300.0,
    "access_sd": 0.9, "streets_km": 300.0, "offers": {"claimed_small": (0.0, 0.1)}, "few_beds": 10.0,
    "not_listed_factor": 0.1, "level_three": (0.0, 0.1), "queried_level_factor": 0.1,
    "unknown_nicu_large": (0.0, 0.1), "unknown_nicu_small": (0.9, 1.0), "osteopaths_per_obgyn": (3.0, 4.0),
    "family_per_10000_births_metro": (300.0, 400.0), "family_per_10000_births_nonmetro": (300.0, 400.0),
    "family_spread": 0.01, "share_where_no_unit": 0.9, "uninsured_sd": 0.9, "uninsured_sd_exponent": 2.0,
    "uninsured_state_sd": 0.9, "uninsured_definition": (0.3, 0.4), "held": HELD,
}  # fmt: skip


def facts(result):
    return np.concatenate(
        [np.concatenate([d.classes, d.minutes["birth_care"], d.minutes["neonatal_3_plus"]]) for d in result.draws]
    )


def test_every_parameter_of_the_uncertainty_changes_the_result(made):
    assert set(CHANGED) == {entry.name for entry in fields(Uncertainty)}
    area, _ = made(
        5, units=16, points=40, leg_minutes=5.0, beds=np.resize([20.0, 300.0, 150.0], 16),
        nicu_beds=np.resize([5.0, 20.0, np.nan], 16), cms_active=np.resize(["yes", "not_listed"], 16),
        level_query=pd.array(np.resize(np.array(["matched loosely", None, None], dtype=object), 16), dtype="str"),
        nicu="yes",
    )  # fmt: skip
    counties = area.counties.assign(
        share_women_uninsured=[0.11, 0.1, 0.1, 0.09], births_per_year=[900.0, 900.0, 300.0, 300.0],
        obgyns=[0.0, 4.0, 1.0, 0.0], midwives=0.0, women_15_44=[3000.0, 2000.0, 500.0, 500.0], population=900.0,
        rucc_2023=pd.array([1, 2, 7, 8], dtype="Int64"),
    )  # fmt: skip
    area = StudyArea(counties=counties, demand=area.demand, facilities=area.facilities, trips=area.trips)
    rule = Rule(full_access_units=9)
    results = results_of(area, rule=rule)
    kept = facts(run(area, results, draws=16, rule=rule))
    for name, value in CHANGED.items():
        changed = facts(run(area, results, draws=16, rule=rule, inputs=Uncertainty(**{name: value})))
        assert not same(changed, kept), name


def test_every_option_changes_the_result(made):
    area, results = made(6, units=12, leg_minutes=3.0)
    kept = run(area, results, draws=12)
    assert not same(facts(run(area, results, draws=12, rule=Rule(full_access_units=1))), facts(kept))
    assert not same(facts(run(area, results, draws=12, limit_minutes=15.0)), facts(kept))
    assert "share_women_within_20_birth_care_p50" in run(area, results, limits=(20,)).counties
    north = run(area, results, draws=12, region={"ND"})
    assert set(north.counties["state"]) == {"ND"}
    assert len(north.counties) == 2
    assert north.totals["run"].sum() < kept.totals["run"].sum()
    seen = []
    run(area, results, draws=3, progress=seen.append)
    assert seen == [1, 2, 3]
    wide = certainty(area, results, drive_time_error=error_table(0.6), draws=12, seed=1)
    assert not same(facts(wide), facts(kept))


@FEW
@given(st.integers(0, 1000), st.floats(0, 1), st.floats(0, 1))
def test_less_likely_units_never_shorten_a_way_nor_end_a_desert(made, seed, a, b):
    area, results = made(seed, units=10)
    low, high = sorted((a, b))
    fewer, more = (
        run(area, results, draws=4, inputs=Uncertainty(offers=dict.fromkeys(EVERY_TIER, (p, p))).only("obstetrics"))
        for p in (low, high)
    )
    for one, other in zip(fewer.draws, more.draws, strict=True):
        assert not (one.within["birth_care"] > other.within["birth_care"] + 1e-12).any()
        assert ((one.classes == 0) >= (other.classes == 0)).all()
    desert = fewer.counties["p_march_of_dimes_desert"] >= more.counties["p_march_of_dimes_desert"]
    assert desert.all()


def test_tables_keep_their_contracts_and_add_up(made):
    area, results = made(8, units=12, leg_minutes=2.0)
    result = run(area, results, draws=25)
    CERTAINTY.validate(result.counties)
    CERTAINTY_SHARES.validate(result.shares)
    CERTAINTY_TOTALS.validate(result.totals)
    names = [f"p_march_of_dimes_{name}" for name in ("desert", "low", "moderate", "full", "undetermined")]
    np.testing.assert_allclose(result.counties[names].sum(axis=1), 1.0)
    for service in ("birth_care", "neonatal_3_plus"):
        low, mid, high = (result.counties[f"minutes_{service}_{name}"] for name in ("p05", "p50", "p95"))
        given_rows = result.counties[f"minutes_{service}_certainty"] == "given"
        assert (low <= mid)[given_rows].all()
        assert (mid <= high)[given_rows].all()
    summed = result.shares.groupby(["county_fips", "result"])["share"].sum(min_count=1).dropna()
    np.testing.assert_allclose(summed, 1.0)
    women = area.counties["women_15_44"].to_numpy()
    deserts = [float(women[draw.classes == 0].sum()) for draw in result.draws]
    row = result.totals.set_index(["measure", "unit"]).loc[("march_of_dimes_desert", "women")]
    assert row["mean"] == pytest.approx(np.mean(deserts))
    assert row["p50"] == sorted(deserts)[12]
    assert row["run"] == women[(results["march_of_dimes_class"] == "desert").to_numpy()].sum()


def test_unknown_uninsured_stay_undetermined_where_they_decide(made):
    area, results = made(9, tiers=["corroborated", "arranged"])
    held = run(area, results, draws=20, inputs=Uncertainty().only("speeds"))
    joined = results["march_of_dimes_class"].str.contains("_or_").to_numpy()
    assert same(held.counties["p_march_of_dimes_undetermined"], joined.astype(float))


def test_one_uncertain_input_has_all_of_the_variance(made):
    area, results = made(10, units=12, leg_minutes=5.0)
    for name in ("speeds", "access_legs", "obstetrics"):
        result = run(area, results, draws=12, inputs=Uncertainty().only(name))
        mine = result.shares[(result.shares["result"] == "minutes_birth_care") & result.shares["share"].notna()]
        assert len(mine)
        assert (mine["share"] == 1).all()
        assert set(mine["input"]) == {name}


def test_total_effects_of_a_sum_are_its_variances():
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(6000):
        a, b = 3 * rng.standard_normal(2), rng.standard_normal(2)
        x, y = rng.integers(0, 2, 2), rng.integers(0, 4, 2)
        draws.append(
            Draw(
                classes=np.array([max(x[0], 2 * (y[0] == 0))], np.int8),
                minutes={"birth_care": np.array([a[0] + b[0], np.nan])[:1]},
                within={},
                again={
                    ("birth_care", "speeds"): np.array([a[1] + b[0]]),
                    ("birth_care", "access_legs"): np.array([a[0] + b[1]]),
                    ("class", "obstetrics"): np.array([max(x[1], 2 * (y[0] == 0))], np.int8),
                    ("class", "uninsured"): np.array([max(x[0], 2 * (y[1] == 0))], np.int8),
                },
            )
        )
    effects = total_effects(draws)
    assert effects["birth_care", "speeds"][0] == pytest.approx(9, rel=0.06)
    assert effects["birth_care", "access_legs"][0] == pytest.approx(1, rel=0.06)
    # x moves the class only where y is not 0 (3/4) and the two x differ (1/2); y moves it whenever one of two is 0
    assert effects["class", "obstetrics"][0] == pytest.approx(3 / 8, abs=0.02)
    assert effects["class", "uninsured"][0] == pytest.approx(3 / 8, abs=0.02)
    shares = variance_shares(effects, ["38001"])
    minutes = shares[shares["result"] == "minutes_birth_care"].set_index("input")["share"]
    assert minutes["speeds"] == pytest.approx(0.9, abs=0.02)


def test_the_calibrated_error_is_read_by_minutes_and_density():
    table = error_table()
    table.loc[(table["minutes_over"] == 0) & (table["people_per_km2_below"] == 30.0), "pairs"] = 3
    table.loc[(table["minutes_over"] == 0) & (table["people_per_km2_below"] == 30.0), "sd_log_ratio"] = 9.0
    table.loc[(table["minutes_over"] == 15) & (table["people_per_km2_below"] == 30.0), "sd_log_ratio"] = 0.5
    error = TripError.of(table, access_sd=0.0, scale=2.0)
    minutes, density = np.array([10.0, 15.0, 15.1, 15.1, 400.0, np.nan]), np.array([5.0, 5.0, 29.9, 30.0, 5.0, 5.0])
    np.testing.assert_allclose(error.sd(minutes, density), [0.4, 0.4, 1.0, 0.43, 0.52, np.nan])
    legs = TripError.of(table, access_sd=0.5, scale=1.0).sd(np.array([20.0]), np.array([99.0]))
    assert legs[0] == pytest.approx(np.sqrt(0.215**2 - 0.25 * LEG_SHARE_SQUARED[15.0]))
    most = TripError.of(table, access_sd=9.0, scale=1.0).sd(np.array([20.0]), np.array([99.0]))
    assert most[0] == pytest.approx(0.215 / 2)
    with pytest.raises(InputError, match="no row for all densities"):
        TripError.of(table.drop(index=0), access_sd=0.0, scale=1.0)


def test_who_is_certain_and_who_is_not(made):
    area, _ = made(11, units=12)
    frame = area.facilities.assign(obstetric_evidence="claimed")
    frame.loc[0, "correction"] = "opened"
    frame.loc[1, "status"] = "closed"
    frame.loc[2, ["coord_precision", "obstetric_evidence"]] = ["supplied", "corroborated"]
    frame.loc[3, ["coord_precision", "obstetric_evidence"]] = ["supplied", "unknown"]
    frame.loc[4, ["kind", "obstetric_evidence"]] = ["military_hospital", "unknown"]
    frame.loc[5, "kind"] = "birth_center"
    frame.loc[6, "cms_active"] = "not_listed"
    frame.loc[7, "beds"], frame.loc[8, "beds"] = 20.0, 300.0
    frame = service_flags(frame, birth_care_tiers=("corroborated", "likely", "claimed"))
    chances = birth_care_chances(frame, Uncertainty())
    assert list(zip(chances.low[:6], chances.high[:6], strict=True)) == [
        (1, 1), (0, 0), (1, 1), Uncertainty().offers["unknown"], (0, 0), (0, 0)]  # fmt: skip
    small, large = (Uncertainty().offers[kind] for kind in ("claimed_small", "claimed"))
    assert (chances.low[7], chances.high[7]) == small
    assert (chances.low[8], chances.high[8]) == large
    assert chances.high[6] == 0.5 * (small if frame.loc[6, "beds"] <= 25 else large)[1]
    frame.loc[3, "coord_precision"] = "address"
    frame["neonatal_level"] = pd.array(["III", "III", "III", "IV", "III", None, None, None] + ["II"] * 4, dtype="str")
    frame["nicu"] = ["yes"] * 7 + ["no_evidence"] * 5
    frame["nicu_beds"] = [np.nan] * 5 + [30.0, 5.0] + [np.nan] * 5
    frame["level_source"] = ["reported"] * 4 + ["state"] + ["none"] * 3 + ["reported"] * 4
    frame["level_query"] = pd.array([None, None, None, "IV under 200 beds"] + [None] * 8, dtype="str")
    frame = service_flags(frame, birth_care_tiers=("corroborated",))
    levels = level_three_chances(frame, Uncertainty())
    u = Uncertainty()
    wanted = [(1, 1), (0, 0), (1, 1), (0.8, 0.8), (1, 1), (0, 0), u.unknown_nicu_small, (0, 0)]
    assert list(zip(levels.low[:8], levels.high[:8], strict=True)) == wanted  # 5 is a birth center: it never counts
    assert not levels.possible[8:].any()


def test_units_are_drawn_as_often_as_their_kind_says(made):
    area, _ = made(12, units=12, beds=300.0)
    chances = birth_care_chances(
        area.facilities.assign(obstetric_evidence="claimed"), Uncertainty(offers={"claimed": (0.2, 0.6)})
    )
    drawn = np.stack([chances.drawn(stream(3, draw, 2)) for draw in range(4000)])
    assert drawn.mean() == pytest.approx(0.4, abs=0.02)
    # a kind's probability is shared within a draw: totals spread wider than twelve coins of 0.4
    assert drawn.sum(axis=1).var() == pytest.approx(12 * 0.24 + 12 * 11 * 0.4**2 / 12, rel=0.1)


def test_a_quantile_on_a_draw_without_minutes_is_missing():
    values = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, np.nan], [4.0, 2.0]])
    found = quantiles(values)
    assert same(found["p05"], [1, 1])
    assert same(found["p50"], [2, 2])
    assert same(found["p95"], [4, np.nan])


@given(st.lists(st.one_of(st.just(np.nan), st.floats(0, 1)), min_size=1, max_size=30))
def test_drive_time_deserts_are_those_of_the_measure(shares):
    wanted = drive_time_desert(pd.Series(shares)).astype("Float64").astype("float64")
    assert same(drive_time_deserts(np.array(shares)), wanted)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 0}, "draws is 0: give 1 or more"),
        ({"workers": 0}, "workers is 0: give 1 or more"),
        ({"limits": (60, 30)}, "ascending order"),
        ({"limits": (0, 30)}, "above 0"),
        ({"region": {"TX"}}, "name postal codes"),
    ],
)
def test_bad_options_are_refused_in_one_line(made, options, words):
    area, results = made()
    with pytest.raises(InputError, match=words) as caught:
        run(area, results, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"offers": {"sure": (0, 1)}}, "unknown obstetric evidence 'sure'"),
        ({"offers": {"likely": (0.9, 0.2)}}, "the lower first"),
        ({"held": {"roads"}}, "unknown input 'roads'"),
        ({"speed_scale": -1.0}, "speed_scale is -1"),
        ({"place_km": 0.0}, "place_km is 0"),
        ({"common_to_state": 0.9}, "at most 1"),
        ({"queried_level_factor": 2.0}, "share from 0 to 1"),
        ({"level_three": (0.5, 1.2)}, "two shares from 0 to 1"),
        ({"uninsured_definition": (2.0, 1.0)}, "the lower first"),
    ],
)
def test_bad_uncertainty_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        Uncertainty(**values)
    with pytest.raises(InputError, match="unknown input"):
        Uncertainty().only("roads")


def test_a_region_without_units_has_no_minutes_and_no_error(made):
    area, results = made(1, tiers=["arranged"], neonatal_level=pd.array([None] * 9, dtype="str"), nicu="no_evidence")
    result = run(area, results, draws=4, inputs=Uncertainty(offers={"arranged": (0.0, 0.0)}))
    assert result.counties["minutes_birth_care_p50"].isna().all()
    assert (result.counties["minutes_birth_care_certainty"] == "missing_in_all_draws").all()
    assert (result.counties["p_drive_time_desert_60"] == 1).all()
    CERTAINTY.validate(result.counties)
