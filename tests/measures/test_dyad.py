"""Care at one site or two against loops over the full table of minutes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matcare.measures.dyad import farther, split_care, trips_between, unit_minutes
from matcare.measures.risk_groups import capabilities
from matcare.travel.reasons import REASONS

SEEDS = range(8)


def campus(area):
    """The same area where the second unit stands on the first's campus, and the seventh on the fourth's."""
    ids = area.facilities["facility_id"].tolist()
    named = [None] * len(ids)
    named[0], named[1], named[3], named[6] = ids[1], ids[0], ids[6], ids[3]
    return replace(area, facilities=area.facilities.assign(same_site_as=named))


def between_units(toy, area):
    """Minutes from unit to unit by SciPy's Dijkstra."""
    return toy.toy_minutes(replace(area, trips=trips_between(area.trips)))


def asked(area, able, level):
    members = np.stack([able.units(maternal=1), able.units(neonatal=level), able.sites(maternal=1, neonatal=level)])
    return area.trips.nearest(members=members), members


@pytest.mark.parametrize("seed", SEEDS)
def test_minutes_between_units_are_dijkstra_s(toy, seed):
    area = toy.toy_area(seed, units=11)
    truth = between_units(toy, area)
    here, there = np.arange(11) % 2 == 0, np.arange(11) > 3
    units = unit_minutes(trips_between(area.trips), here, there)
    assert units.minutes.shape == (6, 7)
    rows, columns = np.meshgrid(np.flatnonzero(here), np.flatnonzero(there), indexing="ij")
    np.testing.assert_allclose(units.between(rows.ravel(), columns.ravel()), truth[rows, columns].ravel())
    assert (units.row >= 0).tolist() == here.tolist()
    assert (units.column >= 0).tolist() == there.tolist()
    assert unit_minutes(trips_between(area.trips), here, here & ~here).minutes.shape == (6, 0)


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_split_care_is_the_farther_of_the_two(toy, seed, level):
    area = campus(toy.toy_area(seed, units=12))
    truth, between = toy.toy_minutes(area), between_units(toy, area)
    able = capabilities(area.facilities)
    (maternal, neonatal, _), members = asked(area, able, level)
    units = unit_minutes(trips_between(area.trips), members[0], members[1])
    found = split_care(maternal, neonatal, site=able.site, units=units)
    some_apart = 0
    for i in range(len(truth)):
        births, babies = (min(truth[i, j] for j in np.flatnonzero(member)) for member in members[:2])
        least = max(births, babies)
        if not np.isfinite(least):
            assert np.isnan(found.minutes[i])
            assert REASONS[found.reason_code[i]] in {"unreachable", "no_road_access"}
            assert not found.two_sites[i]
            continue
        assert found.minutes[i] == least
        assert REASONS[found.reason_code[i]] == "covered"
        first, second = maternal.destination[i], neonatal.destination[i]
        apart = able.site[first] != able.site[second]
        assert found.two_sites[i] == apart
        if apart:
            some_apart += 1
            assert found.between[i] == between[first, second]
        else:
            assert np.isnan(found.between[i])
    assert some_apart > 0
    assert REASONS[found.reason_code[-1]] == "no_road_access"


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_one_site_is_never_nearer_than_two_nor_two_than_one_unit(toy, seed, level):
    """On these campuses the members stand minutes apart, so that the nearer one is often not the neonatal one."""
    area = campus(toy.toy_area(seed, units=12))
    able = capabilities(area.facilities)
    (maternal, neonatal, on_campus), members = asked(area, able, level)
    units = unit_minutes(trips_between(area.trips), members[0], members[1])
    split = split_care(maternal, neonatal, site=able.site, units=units).minutes
    same, _ = farther(maternal, on_campus)
    reached = np.isfinite(same)
    assert reached.any()
    assert (same[reached] >= split[reached]).all()
    both = np.isfinite(split)
    assert (split[both] >= neonatal.minutes[both]).all()
    assert (split[both] >= maternal.minutes[both]).all()
    truth, names = toy.toy_minutes(area), area.facilities["same_site_as"].fillna("").tolist()
    ids = area.facilities["facility_id"].tolist()
    births, babies = members[:2]
    here = [
        j for j in range(12) if babies[j] and (births[j] or any(births[k] for k in range(12) if ids[k] in names[j]))
    ]
    for i in np.flatnonzero(reached):
        assert same[i] == max(min(truth[i, j] for j in here), min(truth[i, births]))


def test_a_campus_counts_by_its_neonatal_unit(toy):
    """A birth hospital nearer than the neonatal unit of its campus does not bring the infant's care nearer."""
    area = toy.toy_area(1, units=12)
    able = capabilities(area.facilities)
    births, babies = able.units(maternal=1), able.units(neonatal=3)
    lone = np.flatnonzero(births & ~babies)[0]
    mate = np.flatnonzero(babies & (able.site != able.site[lone]))[0]
    only, alone = np.zeros(12, bool), np.zeros(12, bool)
    only[lone] = alone[mate] = True
    maternal, neonatal = area.trips.nearest(members=np.stack([only, alone]))
    minutes, reason = farther(maternal, neonatal)
    known = np.isfinite(minutes)
    assert (minutes[known] == np.maximum(maternal.minutes, neonatal.minutes)[known]).all()
    assert (minutes[known] > maternal.minutes[known]).any()
    assert (minutes[known] > neonatal.minutes[known]).any()
    assert [REASONS[code] for code in reason[-2:]] == ["unreachable", "no_road_access"]
