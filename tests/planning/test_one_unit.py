"""Women with one unit within a limit, against the full table of minutes."""

from __future__ import annotations

import numpy as np
import pytest

from matcare.planning.fragility import fragility, women_with_one_unit


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [8.0, 15.5])
def test_women_with_one_unit_are_those_with_exactly_one_in_reach(toy, seed, limit):
    area = toy.toy_area(seed)
    within = (np.where(area.members("birth_care"), toy.toy_minutes(area), np.inf) <= limit).sum(axis=1)
    women, county = area.demand["women_15_44"].to_numpy(), area.demand["county_fips"].to_numpy()
    found = women_with_one_unit(area, limit=limit).set_index("county_fips")
    for fips in np.unique(county):
        here = county == fips
        for column, mine in (
            ("women_one_unit", within == 1),
            ("women_none", within == 0),
            ("women_several", within > 1),
        ):
            assert found.loc[fips, column] == pytest.approx(women[here & mine].sum())


def test_they_add_up_to_those_for_whom_a_unit_is_the_last(toy):
    area = toy.toy_area(3)
    one = women_with_one_unit(area, limit=60.0)["women_one_unit"].sum()
    assert fragility(area)["women_last_within_60"].sum() == pytest.approx(one)


def test_a_service_of_one_unit_has_no_second(toy):
    area = toy.toy_area(5)
    only = area.facilities.copy()
    only["counts_birth_care"] = False
    only.loc[0, "counts_birth_care"] = True
    from dataclasses import replace

    found = women_with_one_unit(replace(area, facilities=only), limit=1e6)
    assert found["women_several"].eq(0).all()
    assert found["women_one_unit"].sum() > 0
