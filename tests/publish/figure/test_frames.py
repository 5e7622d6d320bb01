"""Where counties are drawn: insets within their frames, areas kept, the Aleutians on one side."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from matcare.geo import EQUAL_AREA_CRS
from matcare.publish.figure.frames import Rect, frames_of, placed

ROOM = Rect(x=34, y=120, width=500, height=380)


def _inside(place):
    west, south, east, north = shapely.total_bounds(place.shapes)
    rect = place.rect
    return (
        west >= rect.x - 0.2
        and south >= rect.y - 0.2
        and east <= rect.x + rect.width + 0.2
        and north <= rect.y + rect.height + 0.2
    )


def test_alaska_hawaii_and_puerto_rico_stand_in_frames_of_their_own(made):
    counties = made.nation()
    frames = frames_of(counties)
    assert [frame.name for frame in frames] == ["main", "AK", "HI", "PR"]
    assert frames[0].crs == EQUAL_AREA_CRS
    assert frames[1].crs == "EPSG:3338"
    places = placed(frames, ROOM)
    assert all(_inside(place) for place in places)
    assert sorted(np.concatenate([frame.at for frame in frames]).tolist()) == list(range(len(counties)))
    boxes = [shapely.box(p.rect.x, p.rect.y, p.rect.x + p.rect.width, p.rect.y + p.rect.height) for p in places[1:]]
    for box in boxes:
        assert not any(shape.intersects(box) for shape in places[0].shapes), "an inset hides a county"
    assert all(not one.intersects(other) for k, one in enumerate(boxes) for other in boxes[k + 1 :])
    for place in places[1:]:
        assert place.rect.x >= ROOM.x - 0.1
        assert place.rect.x + place.rect.width <= ROOM.x + ROOM.width + 0.1
        assert place.rect.y >= ROOM.y - 0.1


def test_the_aleutians_lie_beside_alaska_not_a_world_away(made):
    alaska = frames_of(made.nation())[1]
    west, _, east, _ = alaska.bounds
    assert east - west < 4.5e6
    assert all(shape.is_valid for shape in alaska.shapes)


@pytest.mark.parametrize("state", ["ND", "AK", "HI", "PR"])
def test_areas_are_kept(made, state):
    counties = made.state() if state == "ND" else made.nation()
    counties = counties[counties["state"] == state].reset_index(drop=True)
    (frame,) = frames_of(counties)
    assert frame.name == "main"
    geod = pyproj.Geod(ellps="GRS80")
    around = [abs(geod.geometry_area_perimeter(shapely.segmentize(shape, 0.05))[0]) for shape in counties.geometry]
    drawn = shapely.area(frame.shapes)
    assert np.allclose(drawn / drawn.sum(), np.array(around) / np.sum(around), rtol=0.02)


def test_a_region_of_distant_states_has_a_row_of_insets(made):
    counties = made.nation()
    counties = counties[counties["state"].isin(["WA", "AK", "HI"])].reset_index(drop=True)
    places = placed(frames_of(counties), ROOM)
    assert [place.frame.name for place in places] == ["main", "AK", "HI"]
    assert all(_inside(place) for place in places)


def test_counties_without_a_polygon_are_left_out_and_none_is_no_error(made):
    counties = made.state()
    counties.loc[0, "geometry"] = None
    assert 0 not in frames_of(counties)[0].at
    counties["geometry"] = None
    assert frames_of(counties) == []
    assert placed([], ROOM) == []


def test_neighbours_still_share_their_border_after_detail_is_left_out(made):
    (place,) = placed(frames_of(made.state()), ROOM)
    assert shapely.coverage_is_valid(place.shapes)
