"""Perinatal Periods of Risk against a count of single records, and no small cell given back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from matcare.contracts.perinatal_periods import PERINATAL_PERIODS
from matcare.errors import InputError
from matcare.measures.perinatal_periods import perinatal_periods

COLUMNS = ["group", "birthweight", "fetal_deaths", "neonatal_deaths", "postneonatal_deaths", "live_births"]
CELLS = ["maternal_health_prematurity", "maternal_care", "newborn_care", "infant_health"]


def table(*groups, years="2019-2022"):
    """Counts of groups given as (name, light, heavy, part_of, is_reference); light and heavy are four counts each."""
    rows = []
    for name, light, heavy, part_of, is_reference in groups:
        for weight, counts in (("500-1499", light), ("1500+", heavy)):
            rows.append((name, weight, *counts, years, part_of, is_reference))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "years", "part_of", "is_reference"])
    return frame.astype(dict.fromkeys(COLUMNS[2:], "float64"))


STUDY = ("study", (40, 50, 12, 400), (31, 24, 33, 19_529), "", False)
REFERENCE = ("reference", (80, 100, 20, 1_500), (90, 60, 61, 98_330), "", True)


def by_cell(made, group):
    return made[made["group"] == group].set_index("cell")


def test_cells_are_those_of_a_count_over_single_records():
    """An independent way: every birth is a record with weight and age at death, classed one at a time."""
    generator = np.random.default_rng(5)
    size = 60_000
    grams = np.where(
        generator.random(size) < 0.03, generator.integers(300, 1_500, size), generator.integers(1_500, 5_000, size)
    )
    weeks = generator.integers(20, 42, size)
    end = generator.choice(["lives", "fetal", "neonatal", "postneonatal"], size, p=[0.985, 0.006, 0.005, 0.004])
    counted = (grams >= 500) & ((end != "fetal") | (weeks >= 24))
    expected = dict.fromkeys(CELLS, 0)
    births = 0
    for weight, outcome in zip(grams[counted], end[counted], strict=True):
        births += 1
        if outcome == "lives":
            continue
        if weight < 1_500:
            expected["maternal_health_prematurity"] += 1
        else:
            cell = {"fetal": "maternal_care", "neonatal": "newborn_care", "postneonatal": "infant_health"}[outcome]
            expected[cell] += 1
    counts = [
        [int((counted & heavy & (end == kind)).sum()) for kind in ("fetal", "neonatal", "postneonatal")]
        + [int((counted & heavy & (end != "fetal")).sum())]
        for heavy in (grams < 1_500, grams >= 1_500)
    ]
    made = by_cell(perinatal_periods(table(("all", *counts, "", False))), "all")
    assert made.loc[CELLS, "deaths"].to_dict() == expected
    assert made["live_births_and_fetal_deaths"].eq(births).all()
    assert made.loc[CELLS, "rate"].tolist() == [1_000 * expected[cell] / births for cell in CELLS]


def test_excess_by_hand():
    made = perinatal_periods(table(STUDY, REFERENCE))
    assert made.columns.tolist() == PERINATAL_PERIODS.names
    study, reference = by_cell(made, "study"), by_cell(made, "reference")
    # 102 of 20,000 live births and fetal deaths are 5.1 per 1,000; the reference has 200 of 100,000, 2.0.
    assert study["live_births_and_fetal_deaths"].eq(20_000).all()
    assert study["rate"].tolist() == pytest.approx([5.1, 1.55, 1.2, 1.65, 9.5])
    assert study["reference_rate"].tolist() == pytest.approx([2.0, 0.9, 0.6, 0.61, 4.11])
    assert study["excess_rate"].tolist() == pytest.approx([3.1, 0.65, 0.6, 1.04, 5.39])
    assert study["excess_deaths"].tolist() == pytest.approx([62, 13, 12, 20.8, 107.8])
    assert study["excess_share"].tolist() == pytest.approx([3.1 / 5.39, 0.65 / 5.39, 0.6 / 5.39, 1.04 / 5.39, 1])
    assert set(study["excess_status"]) == {"computed"}
    assert set(reference["excess_status"]) == {"reference"}
    assert reference[["excess_rate", "excess_deaths", "excess_share"]].isna().all(axis=None)
    assert study["reference_group"].eq("reference").all()


def test_an_excess_below_zero_is_shown_and_no_share_is_made_of_a_sum_that_is_not_positive():
    good = ("good", (20, 20, 15, 1_000), (20, 20, 20, 98_960), "", False)
    made = by_cell(perinatal_periods(table(good, REFERENCE)), "good")
    assert (made["excess_rate"] < 0).all()
    assert made["excess_share"].isna().all()


@pytest.mark.parametrize(
    ("light", "heavy", "expected"),
    [
        ((20, 9, 0, 400), (10, 10, 10, 9_000), ["below_60_deaths"] * 5),
        ((20, 10, 0, 400), (10, 10, 10, 9_000), ["computed"] * 5),
        ((40, 50, 12, 400), (31, 9, 33, 19_529), ["computed"] * 2 + ["cell_below_10_deaths", "computed", "complementary"]),
        ((40, 50, 12, 400), (31, 0, 33, 19_529), ["computed"] * 2 + ["cell_below_10_deaths", "computed", "complementary"]),
        ((2, 50, 12, 400), (3, 24, 33, 19_529), ["complementary"] * 5),
        ((40, 50, 12, 400), (31, None, 33, 19_529), ["computed"] * 2 + ["not_reported", "computed", "not_reported"]),
        ((40, 50, 12, None), (31, 24, 33, 19_529), ["not_reported"] * 5),
        ((20, 9, 0, 400), (10, None, 10, 9_000), ["not_reported"] * 5),
    ],
)  # fmt: skip
def test_what_is_withheld_and_why(light, heavy, expected):
    made = by_cell(perinatal_periods(table(("A", light, heavy, "", False), REFERENCE)), "A")
    assert made["cell_status"].tolist() == expected
    numbers = ["deaths", "live_births_and_fetal_deaths", "rate", "rate_low", "rate_high", "excess_rate", "excess_deaths",
               "reference_rate", "excess_share"]  # fmt: skip
    hidden = made[made["cell_status"] != "computed"]
    assert hidden[numbers].isna().all(axis=None)
    assert made.loc[made["cell_status"] == "computed", numbers[:5]].notna().all(axis=None)
    if made.loc["all", "cell_status"] != "computed":
        assert made["excess_share"].isna().all(), "a share would give the sum back"


def test_no_reference_and_a_withheld_one_say_so():
    alone = perinatal_periods(table(STUDY))
    assert set(alone["excess_status"]) == {"no_reference"}
    assert alone["reference_group"].isna().all()
    thin = ("reference", (80, 100, 20, 1_500), (90, 9, 61, 98_330), "", True)
    made = by_cell(perinatal_periods(table(STUDY, thin)), "study")
    assert made["excess_status"].tolist() == ["computed"] * 2 + ["reference_withheld", "computed", "reference_withheld"]


def test_the_reference_is_that_of_the_same_years_or_the_only_one():
    early, late = table(STUDY, REFERENCE, years="2018"), table(STUDY, REFERENCE, years="2019")
    late.loc[late["group"] == "reference", "live_births"] *= 2
    made = perinatal_periods(pd.concat([early, late]))
    study = made[(made["group"] == "study") & (made["cell"] == "all")].set_index("years")["reference_rate"]
    assert study["2018"] == pytest.approx(4.11)
    assert study["2019"] < 3
    one = perinatal_periods(pd.concat([early, late[late["group"] == "study"]]))
    firsts = one[(one["group"] == "study") & (one["cell"] == "all")]["reference_rate"]
    assert firsts.tolist() == pytest.approx([4.11, 4.11])


def test_a_whole_is_withheld_where_it_less_its_parts_leaves_a_small_count():
    whole = ("county", (40, 50, 12, 400), (60, 44, 53, 39_000), "", False)
    part = ("white", (20, 30, 6, 200), (45, 25, 20, 30_000), "county", False)
    near = ("white", (20, 30, 6, 200), (45, 25, 48, 30_000), "county", False)
    unlike = by_cell(perinatal_periods(table(whole, part)), "county")
    assert set(unlike["cell_status"]) == {"computed"}
    made = by_cell(perinatal_periods(table(whole, near)), "county")
    assert made.loc[["infant_health", "all"], "cell_status"].tolist() == ["complementary"] * 2
    assert made.loc[CELLS[:3], "cell_status"].tolist() == ["computed"] * 3
    apart = by_cell(perinatal_periods(table(whole, (*near[:3], "", False))), "county")
    assert set(apart["cell_status"]) == {"computed"}, "only where the file says that one holds the other"


def family(*groups):
    return perinatal_periods(table(*groups))


def statuses(made, cell):
    return made[made["cell"] == cell].set_index("group")["cell_status"].to_dict()


def test_two_withheld_parts_whose_sum_pins_both_take_the_whole_with_them():
    big, small = (40, 50, 12, 4_000), (31, 9, 33, 60_000)
    two = [("a", big, small, "county", False), ("b", big, small, "county", False)]
    whole = ("county", (80, 100, 24, 8_000), (62, 18, 66, 120_000), "", False)
    assert statuses(family(whole, *two), "newborn_care")["county"] == "complementary", "18 is 9 and 9"
    more = ("county", (80, 100, 24, 8_000), (62, 19, 66, 120_000), "", False)
    assert statuses(family(more, *two), "newborn_care")["county"] == "computed", "somebody else is in it too"


def test_what_is_withheld_below_is_not_given_back_two_steps_above():
    inner = ("inner", (40, 50, 12, 4_000), (31, 9, 33, 60_000), "middle", False)
    beside = ("beside", (40, 50, 12, 4_000), (31, 30, 33, 60_000), "middle", False)
    middle = ("middle", (80, 100, 24, 8_000), (62, 39, 66, 120_000), "outer", False)
    other = ("other", (40, 50, 12, 4_000), (31, 40, 33, 60_000), "outer", False)
    outer = ("outer", (120, 150, 36, 12_000), (93, 79, 99, 180_000), "", False)
    expected = {"inner": "cell_below_10_deaths", "beside": "computed", "middle": "complementary", "other": "computed",
                "outer": "complementary"}  # fmt: skip
    groups = [outer, middle, inner, beside, other]
    for order in (groups, groups[::-1]):
        assert statuses(family(*order), "newborn_care") == expected
        assert set(statuses(family(*order), "maternal_care").values()) == {"computed"}


def test_two_that_pin_each_other_below_are_not_given_back_two_steps_above():
    big, nine = (40, 50, 12, 4_000), (31, 9, 33, 60_000)
    inner = [(name, big, nine, "middle", False) for name in ("one", "two")]
    middle = ("middle", (80, 100, 24, 8_000), (62, 18, 66, 120_000), "outer", False)
    other = ("other", big, (31, 40, 33, 60_000), "outer", False)
    outer = ("outer", (120, 150, 36, 12_000), (93, 58, 99, 180_000), "", False)
    found = statuses(family(outer, middle, other, *inner), "newborn_care")
    assert (found["middle"], found["outer"], found["other"]) == ("complementary", "complementary", "computed")


def test_a_whole_whose_denominator_gives_back_a_few_births_is_withheld():
    part = ("part", (40, 50, 12, 4_000), (31, 24, 33, 60_000), "county", False)
    whole = ("county", (60, 80, 32, 4_200), (61, 54, 66, 59_807), "", False)  # seven more births than the part
    assert {statuses(family(whole, part), cell)["county"] for cell in CELLS} == {"complementary"}
    larger = ("county", (60, 80, 32, 4_200), (61, 54, 66, 69_807), "", False)
    assert {statuses(family(larger, part), cell)["county"] for cell in CELLS} == {"computed"}


@st.composite
def partitions(draw):
    """A county, two or three disjoint parts of it, perhaps a rest that no row names, and the first part split in two."""
    count = st.sampled_from([0, 1, 3, 6, 8, 9, 10, 11, 18, 25, 40])
    light = st.sampled_from([3, 20, 40, 60])
    parts = [
        [[draw(light), draw(light), draw(light)], [draw(count), draw(count), draw(count)]]
        for _ in range(draw(st.integers(2, 4)))
    ]
    named = parts[: draw(st.integers(2, len(parts)))]
    half = [[value // 2 for value in parts[0][0]], [draw(st.integers(0, value)) for value in parts[0][1]]]
    rest = [[b - a for a, b in zip(*rows, strict=True)] for rows in zip(half, parts[0], strict=True)]
    whole = [[sum(part[row][age] for part in parts) for age in range(3)] for row in range(2)]
    groups = [("county", whole, "")]
    groups += [(f"part {number}", part, "county") for number, part in enumerate(named)]
    groups += [("half 0", half, "part 0"), ("half 1", rest, "part 0")]
    return groups, len(named) < len(parts)


def attack(made, groups, *, unnamed):
    """Ranges of every cell that is not printed, by linear programming from all that is printed.

    The attacker knows the sums, who holds whom, whether the parts are all, and what the status of a cell tells.
    """
    names = [name for name, *_ in groups] + (["rest of county"] if unnamed else [])
    place = {(name, cell): number for number, (name, cell) in enumerate((n, c) for n in names for c in CELLS)}
    bounds = [(0, None)] * len(place)
    rows, right = [], []
    for line in made.to_dict("records"):
        cells = CELLS if line["cell"] == "all" else [line["cell"]]
        if line["cell_status"] == "computed":
            row = np.zeros(len(place))
            row[[place[line["group"], cell] for cell in cells]] = 1
            rows.append(row)
            right.append(float(line["deaths"]))
        elif line["cell_status"] == "cell_below_10_deaths":
            bounds[place[line["group"], line["cell"]]] = (0, 9)
    for whole in ("county", "part 0"):
        parts = [name for name, _, holder in groups if holder == whole]
        if whole == "county" and unnamed:
            parts.append("rest of county")
        for cell in CELLS:
            row = np.zeros(len(place))
            row[place[whole, cell]] = 1
            row[[place[part, cell] for part in parts]] = -1
            rows.append(row)
            right.append(0.0)
    printed = set(made.loc[made["deaths"].notna(), ["group", "cell"]].itertuples(index=False, name=None))
    ranges = {}
    for key, number in place.items():
        if key not in printed:
            aim = np.zeros(len(place))
            aim[number] = 1
            least = linprog(aim, A_eq=np.array(rows), b_eq=right, bounds=bounds)
            most = linprog(-aim, A_eq=np.array(rows), b_eq=right, bounds=bounds)
            ranges[key] = (least.fun, -most.fun if most.status == 0 else np.inf)
    return ranges


def run_attack(drawn):
    groups, unnamed = drawn
    made = perinatal_periods(
        table(*((name, (*light, 40_000), (*heavy, 600_000), holder, False) for name, (light, heavy), holder in groups))
    )
    assert (made["deaths"].dropna() >= 10).all()
    return attack(made, groups, unnamed=unnamed)


@given(partitions())
@settings(max_examples=15)
def test_an_attacker_by_linear_programming_finds_no_count_of_1_to_9(drawn):
    for key, (least, most) in run_attack(drawn).items():
        assert not (least > 0.5 and most < 9.5), (key, least, most)


def test_the_attacker_does_find_a_cell_that_is_left_open(monkeypatch):
    """The attack is worth something: without the complementary rule it finds the cell."""
    part = [[40, 40, 40], [40, 40, 40]]
    small = [[40, 40, 40], [40, 6, 40]]
    half = [[20, 20, 20], [20, 20, 20]]
    whole = [[80, 80, 80], [80, 46, 80]]
    groups = [("county", whole, ""), ("part 0", part, "county"), ("part 1", small, "county")]
    groups += [("half 0", half, "part 0"), ("half 1", half, "part 0")]
    assert run_attack((groups, False))["part 1", "newborn_care"] == (0, 9)
    monkeypatch.setattr("matcare.measures.perinatal_periods._withhold_wholes", lambda whole, within: None)
    assert run_attack((groups, False))["part 1", "newborn_care"] == (6, 6)


@given(st.lists(st.integers(10, 400), min_size=6, max_size=6), st.integers(20_000, 90_000))
@settings(max_examples=25)
def test_the_four_add_up_to_the_whole(deaths, births):
    light, heavy = (*deaths[:3], 2_000), (*deaths[3:], births)
    made = by_cell(perinatal_periods(table(("A", light, heavy, "", False), REFERENCE)), "A")
    assert made.loc[CELLS, "deaths"].sum() == made.loc["all", "deaths"] == sum(deaths)
    for column in ("rate", "excess_rate", "excess_deaths"):
        assert made.loc[CELLS, column].sum() == pytest.approx(made.loc["all", column])
    assert (made["rate_low"] < made["rate"]).all()
    assert (made["rate"] < made["rate_high"]).all()


def test_a_group_without_both_weights_is_refused():
    with pytest.raises(InputError, match="'study' of 2019-2022: give one row for each of 500-1499, 1500"):
        perinatal_periods(table(STUDY).iloc[:1])
