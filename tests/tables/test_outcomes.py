"""Outcomes and state totals: Connecticut adds up, and nothing small can be worked out."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array

from matcare.errors import InputError
from matcare.geo import STATE_FIPS, STATES
from matcare.tables.outcomes import compile_outcomes, residual_disclosures
from matcare.tables.snapshot import load_outcomes, load_states
from matcare.tables.states import share_births_medicaid, withhold_totals

WEIGHTS = pd.DataFrame(
    {"old": ["09001", "09001", "09003"], "new": ["09120", "09190", "09190"], "weight": [0.25, 0.75, 1.0]}
)


def mortality(rows):
    frame = pd.DataFrame(rows, columns=["code", "infant_deaths", "live_births"])
    frame["level"] = np.where(frame["code"].str.endswith("000"), "state", "county")
    frame["not_in_this_vintage"] = frame["code"].isin(["09120", "09190"])
    return frame


def test_connecticut_is_apportioned_and_adds_up():
    source = mortality(
        [
            ("09001", 100, 10000),
            ("09003", 21, 3001),
            ("09120", None, None),
            ("09190", None, None),
            ("38001", None, None),
            ("38017", 33, 4000),
        ]
    )
    table = compile_outcomes(source, WEIGHTS, pd.Series(["72001", "38017", "38001", "09190", "09120"])).set_index(
        "county_fips"
    )
    assert table.loc[["09120", "09190"], "infant_deaths"].tolist() == [25, 96]
    assert table.loc[["09120", "09190"], "live_births"].sum() == 13001
    assert table["outcome_status"].to_dict() == {
        "09120": "apportioned", "09190": "apportioned", "38001": "suppressed", "38017": "published", "72001": "not_reported",
    }  # fmt: skip


CONNECTICUT = [("09001", 100, 10000), ("09003", 21, 3001)]


def test_a_county_of_another_vintage_is_refused():
    with pytest.raises(InputError, match="02261: no such county in 2024"):
        compile_outcomes(mortality([*CONNECTICUT, ("02261", 20, 3000)]), WEIGHTS, pd.Series(["38001"]))


def test_a_county_without_a_row_is_not_taken_for_unreported():
    with pytest.raises(InputError, match="no row for 38001"):
        compile_outcomes(mortality(CONNECTICUT), WEIGHTS, pd.Series(["38001", "09120", "09190"]))
    with pytest.raises(InputError, match="legacy counties: no row for 09003"):
        compile_outcomes(mortality(CONNECTICUT[:1]), WEIGHTS, pd.Series(["09120", "09190"]))


def made_states(nevada=(104, 10003), south_dakota=(300, 40000)):
    rows = [("NV", *nevada), ("ND", 200, 30000), ("SD", *south_dakota), ("US", 604, 80003)]
    frame = pd.DataFrame(rows, columns=["state", "infant_deaths", "live_births"])
    return frame.astype({"infant_deaths": float, "live_births": float})


def made_outcomes():
    rows = [
        ("32001", 104, 10000, "published"), ("32003", None, None, "suppressed"),
        ("38017", 150, 20000, "published"), ("38001", None, None, "suppressed"), ("38003", None, None, "suppressed"),
        ("38005", None, None, "suppressed"),
        ("46099", 270, 33000, "published"), ("46001", None, None, "suppressed"), ("46003", None, None, "suppressed"),
        ("72001", None, None, "not_reported"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["county_fips", "infant_deaths", "live_births", "outcome_status"])


def test_a_few_births_in_the_only_unpublished_county_are_a_disclosure():
    found = residual_disclosures(made_outcomes(), made_states()).set_index("group")
    assert found["disclosed"].to_dict() == {"NV": True, "ND": False, "SD": False}
    assert found.loc["NV", ["unpublished_counties", "residual_deaths", "residual_births"]].tolist() == [1, 0, 3]


def test_deaths_of_one_county_pinned_by_the_bound_of_19():
    states = made_states((104, 12000), south_dakota=(270 + 19 + 5, 40000))
    states = states[states["state"] != "US"]
    found = residual_disclosures(made_outcomes(), states).set_index("group")
    assert not found.loc["SD", "disclosed"], "24 deaths in two counties: each has 5 to 19"
    outcomes = made_outcomes()
    outcomes = outcomes[outcomes["county_fips"] != "46003"]
    states.loc[states["state"] == "SD", "infant_deaths"] = 277
    assert residual_disclosures(outcomes, states).set_index("group").loc["SD", "disclosed"], (
        "seven deaths in one county"
    )


def test_bounds_of_a_users_export_replace_those_of_the_source():
    states = made_states((104 + 12, 12000))
    states = states[states["state"] != "US"]
    outcomes = made_outcomes()
    outcomes.loc[len(outcomes)] = ("32005", None, None, "suppressed")
    assert not residual_disclosures(outcomes, states).set_index("group").loc["NV", "disclosed"], "0-12 each"
    bounded = outcomes.assign(deaths_at_least=np.nan, deaths_at_most=np.nan)
    bounded.loc[bounded["county_fips"] == "32003", ["deaths_at_least", "deaths_at_most"]] = [7, 11]
    assert residual_disclosures(bounded, states).set_index("group").loc["NV", "disclosed"], "then the other has 1-5"
    unnamed = outcomes.assign(outcome_status=outcomes["outcome_status"].replace("suppressed", "not_identified"))
    south = states.assign(infant_deaths=states["infant_deaths"].where(states["state"] != "SD", 270 + 38))
    assert not residual_disclosures(unnamed, south).set_index("group").loc["SD", "disclosed"], "no bound on the unnamed"


def test_a_residual_that_the_bounds_cannot_hold_pins_nothing():
    states = made_states((104 + 60, 12000))
    assert not residual_disclosures(made_outcomes(), states).set_index("group").loc["NV", "disclosed"]


def test_withholding_one_state_is_not_enough():
    states = made_states()
    states.loc[states["state"] == "NV", ["infant_deaths", "live_births"]] = np.nan
    found = residual_disclosures(made_outcomes(), states).set_index("group")
    assert found.loc["NV", "disclosed"], "the nation less the others gives it back"
    table = withhold_totals(made_states(), made_outcomes()).set_index("state")
    assert table["outcome_status"].to_dict() == {
        "NV": "complementary",
        "ND": "published",
        "SD": "complementary",
        "US": "published",
    }
    assert table.loc[["NV", "SD"], "live_births"].isna().all()
    assert not residual_disclosures(made_outcomes(), table.reset_index())["disclosed"].any()


def test_no_second_state_to_hide_behind():
    states = made_states()
    outcomes = made_outcomes()
    outcomes = outcomes[outcomes["county_fips"].str[:2] == "32"]
    with pytest.raises(InputError, match="no second state"):
        withhold_totals(
            states[states["state"].isin(["NV", "US"])].replace(
                {"live_births": {80003.0: 10003.0}, "infant_deaths": {604.0: 104.0}}
            ),
            outcomes,
        )


def test_payers_leave_out_the_unknown():
    payers = pd.DataFrame(
        [(2023, "ND", "Medicaid", 30), (2023, "ND", "Private Insurance", 60), (2023, "ND", "Unknown or Not Stated", 10), (2022, "ND", "Medicaid", 9000),
         (2023, "SD", "Medicaid", 50), (2023, "SD", "Self Pay", 10)],
        columns=["year", "state", "payer", "births"],
    )  # fmt: skip
    share = share_births_medicaid(payers, year=2023)
    assert share.to_dict() == pytest.approx({"ND": 30 / 90, "SD": 50 / 60, "US": 80 / 150})
    with pytest.raises(InputError, match="no row of 2019"):
        share_births_medicaid(payers, year=2019)


# An attacker with everything in data/: a linear programme over all unpublished counties and withheld totals at once.


def attack(outcomes, states, column, most):
    """Least and most that each state's unpublished county can have, from all equations together."""
    cells = outcomes[(outcomes["outcome_status"] == "suppressed")].reset_index(drop=True)
    home = cells["county_fips"].str[:2].map({fips: state for state, fips in STATE_FIPS.items()})
    names = [state for state in STATES if state != "PR"]
    total = states.set_index("state")[column]
    size = len(cells) + len(names)
    rows, cols, values, right = [], [], [], []
    for number, state in enumerate(names):
        members = np.flatnonzero((home == state).to_numpy())
        known = outcomes.loc[outcomes["county_fips"].str[:2] == STATE_FIPS[state], column].sum()
        rows += [number] * (len(members) + 1)
        cols += [*members, len(cells) + number]
        values += [1.0] * len(members) + [-1.0]
        right.append(-known)
    rows += [len(names)] * len(names)
    cols += range(len(cells), size)
    values += [1.0] * len(names)
    right.append(total["US"])
    bounds = [(0, most)] * len(cells) + [
        (total[s] - 1e-6, total[s] + 1e-6) if pd.notna(total[s]) else (0, None) for s in names
    ]
    matrix = coo_array((values, (rows, cols)), shape=(len(names) + 1, size)).tocsr()
    found = {}
    for state in home.unique():
        cell = int(np.flatnonzero((home == state).to_numpy())[0])  # the cells of a state are interchangeable
        ends = []
        for sign in (1, -1):
            cost = np.zeros(size)
            cost[cell] = sign
            solved = linprog(cost, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
            if solved.status == 3:  # unbounded
                ends.append(np.inf)
                continue
            assert solved.status == 0, solved.message
            ends.append(sign * solved.fun)
        found[state] = tuple(np.round(ends, 3))
    return found


def pinned(found):
    return {state: ends for state, ends in found.items() if ends[0] >= 0.5 and ends[1] <= 9.5}


@pytest.fixture(scope="module")
def embedded():
    return load_outcomes(), load_states()


def test_attacker_learns_no_small_count(embedded):
    outcomes, states = embedded
    deaths = attack(outcomes, states, "infant_deaths", 19)
    births = attack(outcomes, states, "live_births", None)
    assert len(deaths) == 47, "states with an unpublished county: all but CT, DE, DC, NJ"
    assert pinned(deaths) == {}
    assert pinned(births) == {}


def test_the_attack_has_teeth(embedded):
    outcomes, states = embedded
    published = states.set_index("state")
    open_again = published.copy()
    counties = outcomes[outcomes["county_fips"].str.startswith("15")]
    open_again.loc["HI", "live_births"] = (
        counties["live_births"].sum() + 7
    )  # a made residual in the one suppressed county
    assert pinned(attack(outcomes, open_again.reset_index(), "live_births", None)) == {"HI": (7, 7)}
    others = published.drop(index=["US", "HI", "RI", "PR"])["live_births"].sum()
    through_the_nation = published.copy()
    through_the_nation.loc["RI", "live_births"] = (
        published.loc["US", "live_births"] - others - counties["live_births"].sum() - 7
    )
    assert pinned(attack(outcomes, through_the_nation.reset_index(), "live_births", None)) == {"HI": (7, 7)}


def test_no_group_residual_is_small(embedded):
    outcomes, states = embedded
    found = residual_disclosures(outcomes, states)
    assert not found["disclosed"].any()
    assert "HI+RI" in set(found["group"])
    for column in ("residual_deaths", "residual_births"):
        assert not found[column].between(0.5, 9.5).any()
