"""The table of indices: what goes in, what stays out, and real figures of the whole country."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.disparities import CONCENTRATION_CURVE, DISPARITIES
from matcare.measures.disparity.bootstrap import resample_counties
from matcare.measures.disparity.indices import concentration_curves, health_variables, indices
from matcare.measures.disparity.inequality import concentration_index, erreygers_index, gini, theil

NAMES = {"US": "United States", "ND": "North Dakota", "SD": "South Dakota"}


def made(n=15, *, seed=1):
    generator = np.random.default_rng(seed)
    total = 2 * n
    return pd.DataFrame(
        {
            "county_fips": [f"38{place:03d}" for place in range(n)] + [f"46{place:03d}" for place in range(n)],
            "state": ["ND"] * n + ["SD"] * n,
            "births_per_year": generator.uniform(20, 900, total),
            "svi": generator.random(total),
            "share_poverty": generator.uniform(0.05, 0.4, total),
            "rucc_2023": pd.array(generator.integers(1, 10, total), dtype="Int64"),
            "minutes_birth_care": generator.uniform(3, 80, total),
            "minutes_neonatal_3_plus": generator.uniform(10, 200, total),
            "share_women_within_60_birth_care": generator.random(total),
            "share_women_within_60_neonatal_3_plus": generator.random(total),
            "imr": generator.uniform(3, 12, total),
            "imr_status": "published",
        }
    )


def run(counties, names=NAMES, replications=200):
    drawn = resample_counties(counties["state"].to_numpy(dtype=str), seed=3, replications=replications)
    return indices(counties, names, drawn)


def one(table, place, measure, group, reference):
    rows = table[
        (table["place"] == place)
        & (table["measure"] == measure)
        & (table["group"] == group)
        & (table["reference"] == reference)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def test_each_index_is_that_of_its_counties():
    counties = made()
    table = run(counties)
    h, births = counties["minutes_birth_care"], counties["births_per_year"]
    for place, rows in (("US", counties.index == counties.index), ("SD", counties["state"] == "SD")):
        for ranking in ("svi", "share_poverty"):
            expected = concentration_index(h[rows], -counties.loc[rows, ranking], births[rows])
            row = one(table, place, "minutes_birth_care", "concentration_index", ranking)
            assert row["value"] == pytest.approx(expected)
            assert row["low"] < row["value"] < row["high"]
        assert one(table, place, "minutes_birth_care", "gini", "own_value")["value"] == pytest.approx(
            gini(h[rows], births[rows])
        )
        share = counties.loc[rows, "share_women_within_60_birth_care"]
        corrected = one(table, place, "share_within_60_birth_care", "concentration_index_erreygers", "svi")
        assert corrected["value"] == pytest.approx(erreygers_index(share, -counties.loc[rows, "svi"], births[rows]))


def test_worst_off_come_first():
    counties = made()
    counties["minutes_birth_care"] = 10 + 50 * counties["share_poverty"]
    assert one(run(counties), "US", "minutes_birth_care", "concentration_index", "share_poverty")["value"] < 0


def test_parts_of_theil_add_up_to_the_total():
    counties = made()
    table = run(counties)
    for measure in ("minutes_birth_care", "minutes_neonatal_3_plus", "infant_mortality"):
        total = one(table, "US", measure, "theil_t", "own_value")
        for division in ("rurality", "states"):
            parts = [
                one(table, "US", measure, f"theil_t_{part}_{division}", "theil_t") for part in ("between", "within")
            ]
            assert sum(part["value"] for part in parts) == pytest.approx(total["value"], abs=1e-12)
            assert sum(part["ratio"] for part in parts) == pytest.approx(1)
            assert [part["reference_value"] for part in parts] == pytest.approx([total["value"]] * 2)
    expected = theil(counties["minutes_birth_care"], counties["births_per_year"], groups=counties["state"])
    found = one(table, "US", "minutes_birth_care", "theil_t_between_states", "theil_t")
    assert found["value"] == pytest.approx(expected.between)
    assert np.isnan(found["low"])
    assert "no interval" in found["note"]
    assert one(table, "US", "minutes_birth_care", "theil_t_between_rurality", "theil_t")["ratio_low"] > 0
    assert "theil_t_between_states" not in set(table.loc[table["place"] == "ND", "group"])


def test_intervals_of_theil_and_erreygers_are_those_of_the_counties_drawn():
    counties = made()
    drawn = resample_counties(counties["state"].to_numpy(dtype=str), seed=3, replications=200)
    table = indices(counties, NAMES, drawn)
    classes = counties["rucc_2023"].isin([1, 2, 3]) + 2 * counties["rucc_2023"].isin([4, 6, 8])
    totals, between, corrected = [], [], []
    for row in drawn:
        sample = counties.loc[np.repeat(counties.index, row)]
        parts = theil(sample["minutes_birth_care"], sample["births_per_year"], groups=classes[sample.index])
        totals.append(parts.total)
        between.append(parts.between)
        corrected.append(
            erreygers_index(sample["share_women_within_60_birth_care"], -sample["svi"], sample["births_per_year"])
        )
    for group, reference, measure, values in (
        ("theil_t", "own_value", "minutes_birth_care", totals),
        ("theil_t_between_rurality", "theil_t", "minutes_birth_care", between),
        ("concentration_index_erreygers", "svi", "share_within_60_birth_care", corrected),
    ):
        found = one(table, "US", measure, group, reference)
        assert [found["low"], found["high"]] == pytest.approx(np.percentile(values, [2.5, 97.5]), abs=1e-9)


def test_modelled_and_apportioned_rates_never_enter():
    counties = made()
    counties["imr_eb"] = counties["imr"]
    before = run(counties)
    statuses = ["modelled", "apportioned", "suppressed"]
    more = counties.iloc[:3].assign(
        county_fips=["38901", "38903", "38905"], imr=[900.0, 900.0, np.nan], imr_eb=900.0, imr_status=statuses
    )
    both = pd.concat([counties, more], ignore_index=True)
    assert health_variables(both)["infant_mortality"].iloc[-3:].isna().all()
    assert health_variables(both)["infant_mortality_eb"].iloc[-3:].isna().all()
    after = run(both)
    for measure in ("infant_mortality", "infant_mortality_eb"):
        for table in (before, after):
            assert one(table, "US", measure, "gini", "own_value")["counties"] == 30
        assert one(after, "US", measure, "gini", "own_value")["value"] == pytest.approx(
            one(before, "US", measure, "gini", "own_value")["value"]
        )
    assert "never modelled" in one(after, "US", "infant_mortality", "gini", "own_value")["note"]
    assert "infant_mortality_eb" not in set(run(made())["measure"])


def test_over_few_counties_there_is_no_index():
    counties = made()
    counties.loc[counties.index[9:15], "imr_status"] = "suppressed"
    table = run(counties)
    few = one(table, "ND", "infant_mortality", "gini", "own_value")
    assert (few["status"], few["counties"]) == ("too_few_counties", 9)
    assert few[["value", "low", "high"]].isna().all()
    counties.loc[counties["state"] == "ND", "imr_status"] = "suppressed"
    none = one(run(counties), "ND", "infant_mortality", "theil_t_within_rurality", "theil_t")
    assert (none["status"], np.isnan(none["value"]), np.isnan(none["ratio"])) == ("not_reported", True, True)


def test_counties_without_svi_or_births_are_left_out_and_counted():
    counties = made()
    counties.loc[0, "svi"] = np.nan
    counties.loc[1, "births_per_year"] = 0.0
    counties.loc[2, "births_per_year"] = np.nan
    table = run(counties)
    by_svi = one(table, "US", "minutes_birth_care", "concentration_index", "svi")
    by_poverty = one(table, "US", "minutes_birth_care", "concentration_index", "share_poverty")
    assert (by_svi["counties"], by_poverty["counties"]) == (27, 28)
    assert by_poverty["births_per_year"] == pytest.approx(counties["births_per_year"].sum())


def test_curves_of_the_nation_or_of_each_state():
    counties = made()
    nation = CONCENTRATION_CURVE.validate(concentration_curves(counties, NAMES))
    assert set(nation["place"]) == {"US"}
    assert len(nation) == 5 * 2 * 101
    curve = nation[(nation["measure"] == "minutes_birth_care") & (nation["ranked_by"] == "svi")]
    area = np.trapezoid(curve["cumulative_share_measure"], curve["cumulative_share_births"])
    expected = concentration_index(counties["minutes_birth_care"], -counties["svi"], counties["births_per_year"])
    assert 1 - 2 * area == pytest.approx(expected, abs=0.01)
    states = CONCENTRATION_CURVE.validate(concentration_curves(counties, {"ND": "", "SD": ""}, points=20))
    assert set(states["place"]) == {"ND", "SD"}
    assert len(states) == 2 * 5 * 2 * 21
    assert concentration_curves(counties.head(5), {"ND": ""}).columns.tolist() == CONCENTRATION_CURVE.names
    assert concentration_curves(counties.head(5), {"ND": ""}).empty


def test_every_index_of_the_contract_is_worked_out():
    table = run(made())
    named = [
        value for value in DISPARITIES.column("group").values if value.startswith(("concentration", "gini", "theil"))
    ]
    assert set(table["group"]) == set(named)
