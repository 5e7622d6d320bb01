"""Transfer minutes against a look at every pair of units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from matcare.contracts.risk_appropriate import TRANSFER_TARGETS, TRANSFERS
from matcare.errors import InputError
from matcare.measures.dyad import trips_between
from matcare.measures.transfers import transfer_minutes

NEEDED = {"neonatal_2_plus": {"II", "III", "IV"}, "neonatal_3_plus": {"III", "IV"}, "neonatal_4": {"IV"}}
SEEDS = range(8)


def area_with_campus(toy, seed, **changes):
    area = toy.toy_area(seed, units=14)
    ids = area.facilities["facility_id"].tolist()
    named = [None] * len(ids)
    named[1], named[4] = ids[4], ids[1]  # the second has no level, the fifth a level IV and no birth care
    query = [None] * len(ids)
    query[4] = "IV under 200 beds"
    return replace(area, facilities=area.facilities.assign(same_site_as=named, level_query=query, **changes))


def has(unit, target, levels):
    if target == "maternal_3_plus":
        return unit.counts_birth_care and levels[unit.Index] in {"III", "IV"}
    if target == "neonatal_3_plus_or_nicu":
        return unit.neonatal_level in {"III", "IV"} or (pd.isna(unit.neonatal_level) and unit.nicu == "yes")
    return unit.neonatal_level in NEEDED[target]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_transfer_is_that_of_a_look_at_all_pairs(toy, seed):
    levels = ["III", None, "I", "IV", None, "II", None, None, "III", None, None, "I", None, None]
    area = area_with_campus(toy, seed, maternal_level=levels)
    minutes = toy.toy_minutes(replace(area, trips=trips_between(area.trips)))
    table = TRANSFERS.validate(transfer_minutes(area)).set_index("facility_id")
    units = list(area.facilities.itertuples())
    assert table.index.tolist() == [u.facility_id for u in units if u.counts_birth_care]
    statuses = set()
    for unit in units:
        if not unit.counts_birth_care:
            continue
        for target in TRANSFER_TARGETS:
            found = {
                name: table.loc[unit.facility_id, f"{name}_{target}"]
                for name in ("minutes", "facility_id", "facility_name", "state", "out_of_state", "status")
            }
            statuses.add(found["status"])
            others = [u for u in units if has(u, target, levels)]
            campus = [u for u in others if u.facility_id == unit.same_site_as]
            if has(unit, target, levels):
                expected, to = ("own", 0.0), unit
            elif campus:
                expected, to = ("same_site", 0.0), campus[0]
            else:
                to = min(others, key=lambda u: (minutes[unit.Index, u.Index], u.Index))
                expected = ("transfer", minutes[unit.Index, to.Index])
            assert (found["status"], found["minutes"]) == expected
            assert (found["facility_id"], found["facility_name"], found["state"]) == (
                to.facility_id,
                to.facility_name,
                to.state,
            )
            assert found["out_of_state"] == (to.state != unit.state)
    assert statuses == {"own", "same_site", "transfer"}


@pytest.mark.parametrize("target", [target for target in TRANSFER_TARGETS if target.startswith("neonatal")])
def test_the_query_of_a_level_goes_with_it(toy, target):
    area = area_with_campus(toy, 0)
    query = np.where(np.arange(14) % 4 == 2, [f"query {k}" for k in range(14)], None)
    table = transfer_minutes(replace(area, facilities=area.facilities.assign(level_query=query)))
    of = dict(zip(area.facilities["facility_id"], query, strict=True))
    expected = [of[name] for name in table[f"facility_id_{target}"]]
    assert [None if pd.isna(text) else text for text in table[f"level_query_{target}"]] == expected
    assert {text is None for text in expected} == {True, False}


def test_a_hospital_whose_state_has_no_level_and_no_way_out_is_not_reported(toy):
    """A hospital on the island of a state without reported levels; a NICU of unknown level is another matter."""
    area = area_with_campus(toy, 0)
    facilities, trips = area.facilities, area.trips
    alone = int(np.flatnonzero(area.members("birth_care") & facilities["neonatal_level"].isna())[1])
    node = toy._node_of(trips.network, trips.destinations)
    node[alone] = len(trips.network.graph.lat) - 1
    moved = toy._at_nodes(trips.network, node)
    for state, status in ((facilities["state"][alone], "unreachable"), ("WY", "not_reported")):
        states = facilities["state"].where(np.arange(14) != alone, state)
        changed = replace(
            area,
            facilities=facilities.assign(state=states, nicu="no_evidence"),
            trips=type(trips)(trips.network, trips.origins, moved),
        )
        row = (
            TRANSFERS.validate(transfer_minutes(changed)).set_index("facility_id").loc[facilities["facility_id"][alone]]
        )
        for target in ("neonatal_2_plus", "neonatal_3_plus", "neonatal_4"):
            assert row[f"status_{target}"] == status
            assert np.isnan(row[f"minutes_{target}"])
        assert row["status_neonatal_3_plus_or_nicu"] == "unreachable"
    within = replace(area, facilities=facilities.assign(state=facilities["state"].where(np.arange(14) != alone, "WY")))
    row = transfer_minutes(within).set_index("facility_id").loc[facilities["facility_id"][alone]]
    assert row["status_neonatal_3_plus"] == "transfer"  # a reported unit of another state is in reach


def test_what_nobody_knows_and_what_nobody_has(toy):
    area = area_with_campus(toy, 0)
    table = transfer_minutes(area)
    assert set(table["status_maternal_3_plus"]) == {"not_reported"}
    assert table["minutes_maternal_3_plus"].isna().all()
    assert table["out_of_state_maternal_3_plus"].isna().all()
    few = area.facilities["neonatal_level"].replace("IV", "III")
    levels = ["II"] * len(few)
    table = TRANSFERS.validate(
        transfer_minutes(replace(area, facilities=area.facilities.assign(neonatal_level=few, maternal_level=levels)))
    )
    assert set(table["status_neonatal_4"]) == {"none_known"}
    assert set(table["status_maternal_3_plus"]) == {"none_known"}
    assert table[["minutes_neonatal_4", "facility_id_neonatal_4"]].isna().all(axis=None)


def test_why_a_hospital_reaches_no_unit(toy):
    """A hospital on the island has a road of its own, and one without any road has none."""
    area = area_with_campus(toy, 0)
    trips = area.trips
    born = np.flatnonzero(area.members("birth_care") & area.facilities["neonatal_level"].isna())[1:3]
    island, nowhere = born
    order = np.arange(len(area.facilities))
    network, points = trips.network, trips.destinations
    node = toy._node_of(network, points)
    node[island], node[nowhere] = len(network.graph.lat) - 1, -1
    moved = toy._at_nodes(network, node)
    area = replace(area, trips=type(trips)(network, trips.origins, moved))
    assert len(order) == len(moved)
    table = transfer_minutes(area).set_index("facility_id")
    ids = area.facilities["facility_id"]
    assert table.loc[ids[island], "status_neonatal_3_plus"] == "unreachable"
    assert table.loc[ids[nowhere], "status_neonatal_3_plus"] == "no_road_access"
    assert table.loc[ids[born], "minutes_neonatal_3_plus"].isna().all()
    assert table.loc[ids[born], "out_of_state_neonatal_3_plus"].isna().all()


def test_the_region_gets_rows_and_units_beyond_it_count(toy):
    area = area_with_campus(toy, 3)
    whole, part = transfer_minutes(area), transfer_minutes(area, region={"ND"})
    assert 0 < len(part) < len(whole)
    pd.testing.assert_frame_equal(part, whole[whole["state"] == "ND"].reset_index(drop=True))
    assert part["out_of_state_neonatal_3_plus"].any()
    given = transfer_minutes(area, between=trips_between(area.trips))
    pd.testing.assert_frame_equal(given, whole)
    with pytest.raises(InputError, match="no county of 'MN'"):
        transfer_minutes(area, region={"MN"})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_higher_level_is_never_nearer(toy, seed):
    table = transfer_minutes(area_with_campus(toy, seed))
    assert (table["minutes_neonatal_2_plus"] <= table["minutes_neonatal_3_plus"]).all()
    assert (table["minutes_neonatal_3_plus_or_nicu"] <= table["minutes_neonatal_3_plus"]).all()
    assert (table["minutes_neonatal_3_plus"] <= table["minutes_neonatal_4"]).all()


def test_of_two_units_on_the_campus_the_first_is_named(toy):
    area = toy.toy_area(0, units=14)
    level = area.facilities["neonatal_level"]
    ids, iv = area.facilities["facility_id"], np.flatnonzero(level == "IV")[:2]
    lone = int(np.flatnonzero(area.members("birth_care") & level.isna())[0])
    named = np.full(14, None, dtype=object)
    named[lone] = " ".join(ids[iv[::-1]])
    found = transfer_minutes(replace(area, facilities=area.facilities.assign(same_site_as=named))).set_index(
        "facility_id"
    )
    assert found.loc[ids[lone], "status_neonatal_4"] == "same_site"
    assert found.loc[ids[lone], "facility_id_neonatal_4"] == ids[iv[0]]
