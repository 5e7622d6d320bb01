"""The study area against the full table of minutes, and trips to some of the destinations against all of them."""

from __future__ import annotations

import numpy as np
import pytest

from matcare.errors import InputError
from matcare.travel.searches import Trips
from matcare.travel.subsets import among, from_rows, toward

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_minutes_of_the_toy_region_are_dijkstra_s(toy, seed):
    area = toy.toy_area(seed)
    truth = toy.toy_minutes(area)
    found = area.trips.table()
    np.testing.assert_allclose(np.where(np.isnan(found), np.inf, found), truth)
    assert np.isinf(truth[-1]).all()
    assert np.isinf(truth[-2]).all()
    assert np.isfinite(truth[:-2]).all()


@pytest.mark.parametrize("engine", ["hierarchy", "plain"])
@pytest.mark.parametrize("seed", SEEDS)
def test_services_are_searched_among_their_own_units(toy, seed, engine):
    area = toy.toy_area(seed, engine=engine)
    truth = toy.toy_minutes(area)
    for service in ("birth_care", "neonatal_3_plus", "nicu"):
        members = area.members(service)
        assert area.rows(service).tolist() == np.flatnonzero(members).tolist()
        mine = np.where(members, truth, np.inf)
        found = area.nearest(service)
        least = mine.min(axis=1)
        np.testing.assert_allclose(np.where(np.isnan(found.minutes), np.inf, found.minutes), least)
        reached = np.isfinite(least)
        assert (mine[np.arange(len(least)), found.destination][reached] == least[reached]).all()
        assert (found.destination[~reached] == -1).all()
        minutes, facility = area.k_nearest(service, 3)
        ordered = np.sort(mine, axis=1)[:, :3]
        np.testing.assert_allclose(np.where(np.isnan(minutes), np.inf, minutes), ordered[:, : minutes.shape[1]])
        known = facility >= 0
        assert members[facility[known]].all()
        pairs = area.pairs(service, 25.0)
        assert sorted(zip(pairs.origin.tolist(), pairs.destination.tolist(), strict=True)) == sorted(
            zip(*(part.tolist() for part in np.nonzero(mine <= 25.0)), strict=True)
        )


def test_without_a_unit_and_within_a_limit(toy):
    area = toy.toy_area(3)
    truth = np.where(area.members("birth_care"), toy.toy_minutes(area), np.inf)
    gone = np.zeros(len(area.facilities), bool)
    gone[area.rows("birth_care")[0]] = True
    left = np.where(gone, np.inf, truth).min(axis=1)
    found = area.nearest("birth_care", without=gone).minutes
    np.testing.assert_allclose(np.where(np.isnan(found), np.inf, found), left)
    limited = area.nearest("birth_care", limit_minutes=10.0)
    assert np.isnan(limited.minutes[truth.min(axis=1) > 10.0]).all()
    assert (limited.minutes[truth.min(axis=1) <= 10.0] <= 10.0).all()


def test_an_unknown_service_names_those_that_are(toy):
    with pytest.raises(InputError, match="unknown service 'surgery': one of birth_care, nicu"):
        toy.toy_area(0).members("surgery")


@pytest.mark.parametrize("engine", ["hierarchy", "plain"])
def test_trips_of_a_part_are_those_of_the_whole(toy, engine):
    area = toy.toy_area(4, engine=engine)
    whole = area.trips.table()
    rows = np.array([5, 0, 3])
    np.testing.assert_array_equal(among(area.trips, rows).table(), whole[:, rows])
    np.testing.assert_array_equal(toward(area.trips, area.trips.destinations.take(rows)).table(), whole[:, rows])
    some = np.array([7, 2, 20])
    np.testing.assert_array_equal(from_rows(area.trips, some).table(), whole[some])
    fresh = Trips(area.trips.network, area.trips.origins, area.trips.destinations.take(rows))
    np.testing.assert_array_equal(among(area.trips, rows).nearest()[0].minutes, fresh.nearest()[0].minutes)
    minutes, found = among(area.trips, rows).k_nearest(2)
    other, there = fresh.k_nearest(2)
    np.testing.assert_array_equal(minutes, other)
    np.testing.assert_array_equal(found, there)
