"""Access by race, insurance and rurality against sums worked out by hand, and what the intervals rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.disparities import CONCENTRATION_CURVE, DISPARITIES, RACE_GROUPS
from matcare.geo import STATE_FIPS
from matcare.measures.disparity import disparities
from matcare.measures.disparity.groups import SHARE_COLUMNS, groups_of, race_shares, rurality_of

NO_RATES = pd.DataFrame(
    {name: pd.Series(dtype=kind) for name, kind in {
        "place_kind": "str", "place": "str", "group": "str", "infant_deaths": "Int64", "live_births": "Int64", "status": "str",
    }.items()}
)  # fmt: skip


def made(states=("ND",), per_state=12, *, seed=7):
    """Counties with three block groups each, every one with people of every group."""
    generator = np.random.default_rng(seed)
    codes = [f"{STATE_FIPS[state]}{2 * place + 1:03d}" for state in states for place in range(per_state)]
    n = len(codes)
    parts = generator.dirichlet([1, 1, 4, 2, 1, 1, 10], size=n)
    counties = pd.DataFrame(
        {
            "county_fips": codes,
            "county_name": [f"County {code}" for code in codes],
            "state": np.repeat(states, per_state),
            "rucc_2023": pd.array(generator.integers(1, 10, n), dtype="Int64"),
            "share_women_uninsured": generator.uniform(0.02, 0.3, n),
            "svi": generator.random(n),
            "share_poverty": generator.uniform(0.05, 0.3, n),
            "births_per_year": generator.uniform(50, 900, n),
            "imr": generator.uniform(3, 12, n),
            "imr_status": "published",
        }
        | {column: parts[:, place] for place, column in enumerate(SHARE_COLUMNS.values())}
    )
    points = pd.DataFrame(
        {
            "demand_id": [f"{code}{place}" for code in codes for place in range(3)],
            "county_fips": np.repeat(codes, 3),
            "women_15_44": generator.uniform(100, 900, 3 * n),
            "births_per_year": generator.uniform(5, 60, 3 * n),
            "minutes_birth_care": generator.uniform(2, 90, 3 * n),
            "minutes_neonatal_3_plus": generator.uniform(10, 150, 3 * n),
        }
    )
    means = points.groupby("county_fips")[["minutes_birth_care", "minutes_neonatal_3_plus"]].mean()
    counties = counties.join(means, on="county_fips")
    within = (points[["minutes_birth_care", "minutes_neonatal_3_plus"]] <= 60).groupby(points["county_fips"]).mean()
    for service in ("birth_care", "neonatal_3_plus"):
        counties[f"share_women_within_60_{service}"] = counties["county_fips"].map(within[f"minutes_{service}"])
    return counties, points


def table_of(counties, points, **options):
    table, curves = disparities(NO_RATES, counties, points, **{"replications": 60, "seed": 1} | options)
    DISPARITIES.validate(table)
    CONCENTRATION_CURVE.validate(curves)
    return table


def one(table, measure, group, *, place="ND", weighted_by="women_15_44"):
    rows = table[
        (table["measure"] == measure)
        & (table["group"] == group)
        & (table["place"] == place)
        & (table["weighted_by"] == weighted_by)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def by_hand(points, weight, column="minutes_birth_care"):
    minutes = points[column]
    reached = minutes.notna()
    return {
        "minutes": np.average(minutes[reached], weights=weight[reached]),
        "share_within_30": weight[minutes <= 30].sum() / weight.sum(),
        "share_within_60": weight[minutes <= 60].sum() / weight.sum(),
        "share_without_minutes": weight[~reached].sum() / weight.sum(),
    }


@pytest.mark.parametrize("weighted_by", ["women_15_44", "births_per_year"])
@pytest.mark.parametrize(
    ("group", "share"),
    [("black", lambda c: c["share_black"]), ("multiple", lambda c: c["share_two_or_more"]),
     ("uninsured", lambda c: c["share_women_uninsured"]), ("insured", lambda c: 1 - c["share_women_uninsured"]),
     ("nonmetro_adjacent", lambda c: c["rucc_2023"].isin([4, 6, 8]).astype(float))],
)  # fmt: skip
def test_measures_are_weighted_sums_over_block_groups(group, share, weighted_by):
    counties, points = made()
    points.loc[[2, 8, 20], "minutes_birth_care"] = np.nan
    weight = points[weighted_by] * points["county_fips"].map(share(counties).set_axis(counties["county_fips"]))
    table = table_of(counties, points)
    for measure, expected in by_hand(points, weight).items():
        row = one(table, f"{measure}_birth_care", group, weighted_by=weighted_by)
        assert row["value"] == pytest.approx(expected)
        assert row["status"] == "given"
        assert row["women" if weighted_by == "women_15_44" else "births_per_year"] == pytest.approx(weight.sum())


def test_the_gap_is_to_the_reference():
    counties, points = made()
    table = table_of(counties, points)
    black, white = (one(table, "minutes_birth_care", group) for group in ("black", "white"))
    assert black["reference_value"] == white["value"]
    assert black["ratio"] == pytest.approx(black["value"] / white["value"])
    assert black["difference"] == pytest.approx(black["value"] - white["value"])
    assert black["difference_low"] < black["difference_high"]
    assert black["ratio_low"] < black["ratio_high"]
    assert (white["ratio"], white["difference"]) == (1, 0)
    assert white[["ratio_low", "difference_high"]].isna().all()
    other = one(table_of(counties, points, reference="black"), "minutes_birth_care", "white")
    assert other["ratio"] == pytest.approx(white["value"] / black["value"])


def test_county_shares_are_labelled_and_so_is_sovereignty():
    table = table_of(*made())
    race = table[(table["dimension"] == "race")]
    assert set(race["weights"]) == {"county shares, all ages"}
    assert race["note"].str.contains("gaps within counties are not seen").all()
    aian = race["group"] == "aian"
    assert race.loc[aian, "note"].str.contains("tribal data sovereignty").all()
    assert not race.loc[~aian, "note"].str.contains("tribal").any()


def test_block_group_women_take_the_place_of_county_shares():
    counties, points = made()
    generator = np.random.default_rng(3)
    women = pd.DataFrame({"demand_id": points["demand_id"]})
    for group in RACE_GROUPS:
        women[f"women_{group}"] = generator.integers(0, 200, len(points)).astype(float)
    women = women.iloc[:-3]
    table = table_of(counties, points, women_by_race=women)
    here = points.iloc[:-3]
    for measure, expected in by_hand(here, women["women_black"]).items():
        assert one(table, f"{measure}_birth_care", "black")["value"] == pytest.approx(expected)
    total = women.drop(columns="demand_id").sum(axis=1)
    births = here["births_per_year"] * women["women_black"] / total
    for measure, expected in by_hand(here, births, "minutes_neonatal_3_plus").items():
        row = one(table, f"{measure}_neonatal_3_plus", "black", weighted_by="births_per_year")
        assert row["value"] == pytest.approx(expected)
    row = one(table, "minutes_birth_care", "black")
    assert row["weights"] == "block-group women (user)"
    covered = here["women_15_44"].sum() / points["women_15_44"].sum()
    assert f"stands on {100 * covered:.1f} % of the women" in row["note"]
    assert one(table, "minutes_birth_care", "uninsured")["weights"] == "county share of women uninsured"


def test_a_group_that_the_user_does_not_give_is_not_reported():
    counties, points = made()
    women = pd.DataFrame({"demand_id": points["demand_id"]} | {f"women_{group}": 10.0 for group in RACE_GROUPS})
    women["women_asian"] = np.nan
    row = one(table_of(counties, points, women_by_race=women), "minutes_birth_care", "asian")
    assert row["status"] == "not_reported"
    assert row[["value", "women", "ratio"]].isna().all()


def test_women_without_minutes_are_not_within_and_not_in_the_mean():
    counties, points = made()
    points["minutes_birth_care"] = np.where(np.arange(len(points)) % 3 == 0, 20.0, np.nan)
    points["women_15_44"] = 100.0
    table = table_of(counties, points)
    row = one(table, "minutes_birth_care", "white")
    assert (row["status"], one(table, "share_without_minutes_birth_care", "white")["value"]) == (
        "without_minutes", pytest.approx(2 / 3),
    )  # fmt: skip
    assert row[["value", "low", "ratio", "difference"]].isna().all()
    assert one(table, "share_within_30_birth_care", "white")["value"] == pytest.approx(1 / 3)


def test_missing_inputs_are_told_from_nobody():
    counties, points = made()
    counties["share_women_uninsured"] = np.nan
    counties["rucc_2023"] = pd.array([1] * len(counties), dtype="Int64")
    counties["share_nhopi"] = 0.0
    table = table_of(counties, points)
    assert one(table, "minutes_birth_care", "insured")["status"] == "not_reported"
    assert one(table, "minutes_birth_care", "nonmetro_adjacent")["status"] == "no_women"
    nobody = one(table, "minutes_birth_care", "nhopi")
    assert (nobody["status"], nobody["women"]) == ("no_women", 0)
    counties["rucc_2023"] = pd.array([5] * len(counties), dtype="Int64")
    alone = one(table_of(counties, points), "minutes_birth_care", "nonmetro_not_adjacent")
    assert (alone["status"], np.isnan(alone["ratio"]), alone["value"] > 0) == ("reference_missing", True, True)


def test_without_shares_access_by_race_is_not_reported():
    counties, points = made()
    table = table_of(counties.drop(columns=list(SHARE_COLUMNS.values())), points)
    assert set(table.loc[table["dimension"] == "race", "status"]) == {"not_reported"}
    assert one(table, "minutes_birth_care", "insured")["status"] == "given"


def test_on_few_counties_there_is_no_interval():
    four, five = (table_of(*made(per_state=n)) for n in (4, 5))
    assert one(four, "minutes_birth_care", "white")[["low", "high"]].isna().all()
    assert one(four, "minutes_birth_care", "white")["value"] > 0
    row = one(five, "minutes_birth_care", "black")
    assert row[["low", "high", "ratio_low", "difference_high"]].notna().all()
    assert row["counties"] == 5


def test_intervals_agree_with_a_bootstrap_written_out():
    counties, points = made(per_state=8)
    row = one(table_of(counties, points, replications=3000), "share_within_30_birth_care", "black")
    share = counties.set_index("county_fips")["share_black"]
    parts = {}
    for code, rows in points.groupby("county_fips"):
        women = rows["women_15_44"] * share[code]
        parts[code] = (women[rows["minutes_birth_care"] <= 30].sum(), women.sum())
    generator, found = np.random.default_rng(99), []
    for _ in range(3000):
        drawn = [parts[code] for code in generator.choice(list(parts), len(parts))]
        found.append(sum(near for near, _ in drawn) / sum(whole for _, whole in drawn))
    low, high = np.percentile(found, [2.5, 97.5])
    assert row["low"] == pytest.approx(low, abs=0.1 * (high - low))
    assert row["high"] == pytest.approx(high, abs=0.1 * (high - low))


def test_seed_and_replications_move_the_limits_only():
    counties, points = made()
    first, again, other, more = (
        table_of(counties, points, **options)
        for options in ({}, {}, {"seed": 2}, {"replications": 61})
    )  # fmt: skip
    pd.testing.assert_frame_equal(first, again)
    for changed in (other, more):
        assert first["value"].equals(changed["value"])
        assert not first["low"].equals(changed["low"])


def test_a_state_has_the_same_rows_alone_and_among_others():
    both, points = made(("MT", "ND"))
    north = both["state"] == "ND"
    alone = table_of(
        both[north].sample(frac=1, random_state=1), points[points["county_fips"].isin(both.loc[north, "county_fips"])]
    )
    among = table_of(both, points)
    pd.testing.assert_frame_equal(alone, among[among["place"] == "ND"].reset_index(drop=True))


def test_the_nation_stands_only_when_all_states_do():
    counties, points = made(("MT", "ND"))
    assert set(table_of(counties, points)["scope"]) == {"state"}
    table = table_of(counties, points, nation=True)
    assert table["scope"].tolist()[0] == "nation"
    women = points["women_15_44"] * points["county_fips"].map(counties.set_index("county_fips")["share_white"])
    row = one(table, "minutes_birth_care", "white", place="US")
    assert row["value"] == pytest.approx(np.average(points["minutes_birth_care"], weights=women))
    everywhere, spread = made(tuple(STATE_FIPS), per_state=1)
    assert "nation" in set(table_of(everywhere, spread, replications=2)["scope"])
    assert "nation" not in set(table_of(everywhere, spread, replications=2, nation=False)["scope"])


@settings(max_examples=5)
@given(st.floats(1, 60))
def test_farther_care_never_betters_any_group(added):
    counties, points = made(per_state=5)
    farther = points.assign(minutes_birth_care=points["minutes_birth_care"] + added)
    near, far = (table_of(counties, frame, replications=2) for frame in (points, farther))
    for measure, sign in (("minutes", 1), ("share_within_30", -1), ("share_within_60", -1)):
        rows = (
            (near["measure"] == f"{measure}_birth_care") & (near["dimension"] != "inequality") & near["value"].notna()
        )
        change = far.loc[rows, "value"] - near.loc[rows, "value"]
        assert (sign * change >= -1e-12).all()
        if measure == "minutes":
            assert change.to_numpy() == pytest.approx(added)


def test_rows_stand_alphabetically_never_by_value():
    table = table_of(*made(("ND", "MT")))
    keys = ["place", "dimension", "measure", "weighted_by", "group", "reference"]
    assert table[keys].equals(table[keys].sort_values(keys, ignore_index=True))


def test_white_is_the_remainder_where_it_is_not_given():
    counties, _ = made()
    given_ = race_shares(counties)
    rest = race_shares(counties.drop(columns="share_white"))
    assert rest == pytest.approx(given_)
    other = race_shares(counties.drop(columns="share_white").assign(share_other_race=0.01))
    white = list(SHARE_COLUMNS).index("white")
    assert other[:, white] == pytest.approx(np.maximum(given_[:, white] - 0.01, 0))
    counties.loc[0, "share_black"] = np.nan
    assert np.isnan(race_shares(counties.drop(columns="share_white"))[0, white])


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("share_black", 30.0, "county 38001: share_black is 30; shares should lie between 0 and 1"),
     ("share_black", 0.9999, "county 38001: shares by race add up to")],
)  # fmt: skip
def test_impossible_shares_are_refused(column, value, words):
    counties, points = made()
    counties.loc[0, column] = value
    with pytest.raises(ValueError, match=words):
        groups_of(counties, points)


def test_a_block_group_outside_the_counties_is_refused():
    counties, points = made()
    with pytest.raises(ValueError, match="block groups of county 38001"):
        groups_of(counties.iloc[1:], points)


def test_rurality_has_three_classes_and_missing_stays_missing():
    codes = pd.Series([1, 2, 3, 4, 6, 8, 5, 7, 9, None], dtype="Int64")
    found = rurality_of(codes)
    assert found.tolist()[:9] == ["metro"] * 3 + ["nonmetro_adjacent"] * 3 + ["nonmetro_not_adjacent"] * 3
    assert pd.isna(found.iloc[9])


def test_rates_access_and_inequality_stand_in_one_table():
    counties, points = made(("MT", "ND"))
    county = counties["county_fips"].iloc[0]
    rates = pd.DataFrame(
        [
            ("state", "ND", "white", 300, 60_000, "published"),
            ("state", "ND", "aian", 40, 5_000, "published"),
            ("state", "MT", "white", 5, 800, "published"),
            ("county", county, "white", 30, 6_000, "published"),
            ("nation", "US", "white", 57_857, 13_223_664, "published"),
        ],
        columns=NO_RATES.columns,
    )
    table, _ = disparities(rates, counties, points, replications=20)
    DISPARITIES.validate(table)
    mortality = table[(table["measure"] == "infant_mortality") & (table["dimension"] == "race")]
    assert mortality["place"].tolist() == ["MT", "ND", "ND", county]
    assert mortality["place_name"].tolist()[-1] == f"County {county}, MT"
    assert mortality["excess_deaths"].iloc[1] == pytest.approx(40 - 5_000 * 300 / 60_000)
    assert set(table["dimension"]) == {"race", "insurance", "rurality", "inequality"}
    for name in ("infant_deaths", "live_births"):
        assert not table[name].between(1, 9).any()
    assert set(mortality["period"]) == {"2017-2023"}
    assert mortality["note"].str.contains("appears only when its rate is high").all()
    assert table.loc[table["dimension"] == "rurality", "period"].isna().all()
    options = {"fewest": 50, "period": "2019-2022", "outcomes_source": "my export"}
    withheld, _ = disparities(rates, counties, points, replications=20, **options)
    own = withheld["period"].notna()
    assert set(withheld.loc[own, "period"]) == {"2019-2022"}
    assert withheld.loc[own, "source"].str.contains("my export").all()
    assert set(withheld.loc[own, "dimension"]) == {"race", "inequality"}
    hidden = withheld[
        (withheld["place"] == "ND") & (withheld["group"] == "aian") & (withheld["measure"] == "infant_mortality")
    ]
    assert hidden["status"].tolist() == ["suppressed"]
