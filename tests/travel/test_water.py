"""Legs over open water."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from matcare.geo import great_circle_km
from matcare.travel.water import Land

LAND = Land.from_polygons(
    [shapely.box(-70, 44, -69.5, 44.5), shapely.box(-69.5, 44, -69, 44.5), shapely.box(-69.2, 43.7, -69, 43.9)]
)


def crosses(lat1, lon1, lat2, lon2, land=LAND):
    ends = [np.array([float(x)]) for x in (lat1, lon1, lat2, lon2)]
    return bool(land.crosses_water(*ends, great_circle_km(*ends))[0])


def test_what_lies_on_land_and_what_does_not():
    assert not crosses(44.2, -69.8, 44.2, -69.2)  # over the border of two counties
    assert crosses(44.1, -69.1, 43.8, -69.1)  # to the island
    assert not crosses(43.8, -69.19, 43.8, -69.01)  # on the island
    assert crosses(43.5, -69.1, 43.3, -69.1)  # at sea from end to end


def test_slivers_are_forgiven_up_to_the_tolerance():
    assert not crosses(44.1, -69.1, 43.995, -69.1)  # 0.6 km beyond the coast
    strict = Land.from_polygons(LAND.polygons, tolerance_km=0.2)
    assert crosses(44.1, -69.1, 43.995, -69.1, strict)


def test_kilometres_off_land():
    ends = np.array([44.05]), np.array([-69.1]), np.array([43.85]), np.array([-69.1])
    assert LAND.off_land_km(*ends, great_circle_km(*ends))[0] == pytest.approx(11.12, abs=0.05)
    assert LAND.coast_km(np.array([44.1]), np.array([-69.5]))[0] == pytest.approx(11.12, abs=0.6)
