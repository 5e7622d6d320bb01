"""Profile files that stand on one another; adjustments and closures: what they change, what they must not, what is refused."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.scenario import Adjustment, Closure, Profile
from matcare.travel.graph import RoadGraph
from matcare.travel.speeds import PopulationDensity, edge_milliseconds, edge_minutes, edge_times, load_profile
from matcare.travel.speeds import profile_names as names_of_profiles

TYPICAL = load_profile("typical")
CLASSES = ("residential", "motorway", "us_highway", "ferry")
SIDE = 5
NO_WAY = 2**30 - 1


def grid_graph(**options):
    """A made grid of 5 x 5 nodes 0.1° apart, every third edge bent, the eastern half in another state, one ferry."""
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    lat, lon = 44 + 0.1 * row, -100 + 0.1 * column
    east, north = np.flatnonzero(column < SIDE - 1), np.flatnonzero(row < SIDE - 1)
    u, v = np.concatenate([east, north]), np.concatenate([east + 1, north + SIDE])
    edges = len(u)
    bent = np.arange(edges) % 3 == 0
    first = np.concatenate([[0], np.cumsum(bent)])
    middle = (lat[u] + lat[v])[bent] / 2 + 0.02, (lon[u] + lon[v])[bent] / 2 + 0.02
    road_class = np.arange(edges) % 3
    road_class[7] = 3
    given_ = {
        "bends": (first, *middle),
        "state": (column[u] >= 2).astype(int),
        "state_names": ["ND", "MN"],
        "fixed_minutes": np.where(road_class == 3, 25.0, np.nan),
        "oneway": np.where(np.arange(edges) == 5, 1, 0),
        **options,
    }
    return RoadGraph.from_arrays(lat, lon, u, v, road_class, CLASSES, **given_)


GRAPH = grid_graph()
PEOPLE = PopulationDensity.from_points([44.2, 44.0], [-99.8, -99.6], [600_000, 20_000])


def write_polygon(path, *shapes, crs="EPSG:4326"):
    gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:4326").to_crs(crs).to_file(path)
    return path


def lines_of(graph):
    first, lat, lon = graph.shapes()
    return [shapely.LineString(np.column_stack([lon[a:b], lat[a:b]])) for a, b in itertools.pairwise(first)]


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names_of_profiles())
def test_shipped_profiles_load_and_say_where_they_come_from(name):
    profile = load_profile(name)
    assert profile.name == name
    assert profile == load_profile(name)
    assert profile.provenance[name]
    json.dumps(profile.as_dict(), allow_nan=False)


def test_what_is_not_measured_is_called_an_assumption():
    for name in ("peak", "night", "free_flow", "winter"):
        said = " ".join(map(str, load_profile(name).provenance[name].values())).lower()
        assert "assum" in said
        assert "not calibrated" in said
    assert "not calibrated" in TYPICAL.provenance["streets"]["status"]


def test_shipped_profiles_order_as_their_names_say():
    minutes = {name: edge_minutes(GRAPH, load_profile(name), PEOPLE) for name in names_of_profiles()}
    driven = ~np.isfinite(GRAPH.fixed_minutes)
    for faster, slower in (("free_flow", "night"), ("night", "typical"), ("typical", "peak")):
        assert (minutes[faster] <= minutes[slower]).all()
        assert (minutes[faster] < minutes[slower]).any()
    snow = minutes["winter"] / minutes["typical"]
    motorway = GRAPH.road_class == CLASSES.index("motorway")
    assert snow[driven & motorway & (GRAPH.state == 0)] == pytest.approx(1 / 0.9, rel=1e-3)
    assert snow[driven & ~motorway & (GRAPH.state == 0)] == pytest.approx(1 / 0.65)
    assert (snow[~driven] == 1).all()
    south = grid_graph(state_names=["TX", "FL"])
    assert np.array_equal(edge_minutes(south, load_profile("winter"), PEOPLE), edge_minutes(south, TYPICAL, PEOPLE))


def test_every_class_of_the_readers_has_a_speed_in_both_families():
    streets = {
        "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
        "service", "track", "road", "ferry", "motorway_link", "trunk_link", "primary_link", "secondary_link",
        "tertiary_link", "tiger_primary", "tiger_secondary", "tiger_local", "tiger_four_wheel", "tiger_ramp",
        "tiger_service", "tiger_private", "tiger_alley", "tiger_parking",
    }  # fmt: skip
    for name in ("typical", "osrm"):
        profile = load_profile(name)
        assert streets <= set(profile.km_per_h)
        assert all(rural >= urban for rural, urban in profile.km_per_h.values())


def test_a_profile_stands_on_another(tmp_path):
    (tmp_path / "base.toml").write_text(
        'name = "base"\nextends = "typical"\n[km_per_h]\nmotorway = [90, 60]\n[[adjustment]]\nname = "a"\nspeed_factor = 0.5\n'
        '[provenance]\nwhy = "test"\nday = 2026-01-02\n'
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "top.toml").write_text(
        'name = "top"\nextends = "../base.toml"\nend_minutes = [0, 0]\n[km_per_h]\ntrunk = [80, 40]\n'
        '[[adjustment]]\nname = "b"\nspeed_factor = 2\n[[closed]]\nname = "c"\nedges = [[44.0, -100.0]]\n'
    )
    top = load_profile(tmp_path / "sub" / "top.toml")
    assert top.extends == ("base", "typical", "streets")
    assert top.km_per_h["motorway"] == (90, 60)
    assert top.km_per_h["trunk"] == (80, 40)
    assert top.km_per_h["interstate"] == TYPICAL.km_per_h["interstate"]
    assert (top.end_minutes, top.junction_minutes) == ((0, 0), TYPICAL.junction_minutes)
    assert [one.name for one in (*top.adjustments, *top.closures)] == ["a", "b", "c"]
    assert top.as_dict()["provenance"]["base"] == {"why": "test", "day": "2026-01-02"}


def test_profiles_in_a_circle_are_refused(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.toml").write_text(f'name = "{one}"\nextends = "./x/../{other}.toml"\n')
    (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match=r"circle: .*a\.toml -> .*b\.toml -> .*a\.toml"):
        load_profile(tmp_path / "a.toml")
    (tmp_path / "self.toml").write_text('name = "self"\nextends = "self.toml"\n')
    with pytest.raises(InputError, match="circle"):
        load_profile(tmp_path / "self.toml")


def test_polygons_are_taken_from_the_folder_of_the_profile_that_names_them(tmp_path):
    (tmp_path / "sub").mkdir()
    path = write_polygon(tmp_path / "flood.geojson", shapely.box(-100, 44, -99.9, 44.1))
    (tmp_path / "base.toml").write_text(
        'name = "base"\nextends = "typical"\n[[closed]]\nname = "c"\npolygon = "flood.geojson"\n'
    )
    (tmp_path / "sub" / "top.toml").write_text('name = "top"\nextends = "../base.toml"\n')
    written = load_profile(tmp_path / "sub" / "top.toml").as_dict()["closures"][0]
    assert written["polygon"] == "flood.geojson"
    assert written["polygon_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(tmp_path) not in json.dumps(written)


HEAD = 'name = "x"\nextends = "typical"\n'
A = '[[adjustment]]\nname = "a"\n'
C = '[[closed]]\nname = "c"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"\nspeed = 3\n', "unknown key 'speed'; known are name, km_per_h"),
        ('extends = "typical"\n', "key 'name' is missing"),
        ('name = "x"\n', "key 'km_per_h' is missing"),
        ('name = "x"\nextends = "fast"\n', "extends: no speed profile 'fast': one of free_flow, night"),
        ('name = "x"\nextends = 3\n', "extends is 3, not a text"),
        ("name = ", "not readable as TOML"),
        (HEAD + "km_per_h = 3\n", "km_per_h is 3, not a table"),
        (HEAD + "[km_per_h]\ntrunk = [-1, 5]\n", "speed of trunk is (-1.0, 5.0): give two km/h above 0"),
        (HEAD + "[km_per_h]\ntrunk = [nan, 5]\n", "speed of trunk is (nan, 5.0)"),
        (HEAD + "[km_per_h]\ntrunk = 50\n", "trunk is 50, not two numbers, rural then urban"),
        (HEAD + "limit_share = [0.0, 1.0]\n", "limit_share is (0.0, 1.0)"),
        (HEAD + "limit_share = [1.0, nan]\n", "limit_share"),
        (HEAD + "street_junction_minutes = [-1, 0]\n", "street_junction_minutes are (-1.0, 0.0)"),
        (HEAD + "street_density_midpoint_per_km2 = 0\n", "street_density_midpoint_per_km2 is 0: give a number above 0"),
        (HEAD + "access_candidates = 2.5\n", "access_candidates is 2.5, not a whole number"),
        (HEAD + "junction_minutes = inf\n", "junction_minutes is inf: give a number from 0 to 60"),
        (HEAD + "detour_factor = true\n", "detour_factor is True, not a number"),
        (HEAD + 'minor_classes = "service"\n', 'not a list of texts, such as ["service"]'),
        (HEAD + "adjustment = 3\n", "adjustment is 3, not tables; write [[adjustment]]"),
        (HEAD + A, "[[adjustment]] 1: key 'speed_factor' is missing"),
        (HEAD + "[[adjustment]]\nspeed_factor = 1\n", "[[adjustment]] 1: key 'name' is missing"),
        (HEAD + A + "speed_factor = 0\n", "adjustment 'a': speed_factor is 0: give a number above 0, at most 2"),
        (HEAD + A + "speed_factor = nan\n", "speed_factor is nan"),
        (HEAD + A + "speed_factor = 2.5\n", "speed_factor is 2.5"),
        (HEAD + A + 'speed_factor = "fast"\n', "[[adjustment]] 1: speed_factor is 'fast', not a number"),
        (HEAD + A + 'speed_factor = 1\nstates = ["Dakota"]\n', "unknown state 'Dakota'"),
        (HEAD + A + 'speed_factor = 1\nwhere = "town"\n', "where is 'town': one of everywhere, urban, rural"),
        (HEAD + A + "speed_factor = 1\nfactor = 2\n", "[[adjustment]] 1: unknown key 'factor'; known are name, speed_"),
        (HEAD + A + 'speed_factor = 1\npolygon = "no.geojson"\n', "no.geojson is not a readable file"),
        (HEAD + C, "closed 'c': give either a polygon (a file) or edges"),
        (HEAD + C + 'edges = [[44, -100]]\npolygon = "p.geojson"\n', "give either a polygon"),
        (HEAD + C + "edges = [[-100, 44]]\n", "point [-100, 44] is not [latitude, longitude]"),
        (HEAD + C + "edges = [[nan, 44]]\n", "is not [latitude, longitude]"),
        (HEAD + C + "edges = [44, -100]\n", "not a list of points [[latitude, longitude], …]"),
        (HEAD + C + 'edges = [[44, -100]]\ndirection = "up"\n', "direction is 'up': one of both, north, east, south, west"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_told_in_one_line(tmp_path, text, message):
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as error:
        load_profile(path)
    assert "x.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_profile_is_told():
    with pytest.raises(InputError, match="one of free_flow, night, osrm, peak, typical, winter, or a TOML file"):
        load_profile("fast")
    with pytest.raises(InputError, match="is read by its path"):
        Profile.from_text('name = "x"\nextends = "typical"\n')


# --- adjustments ---------------------------------------------------------------------------------------------------


def adjusted(*adjustments, graph=GRAPH):
    return edge_minutes(graph, replace(TYPICAL, adjustments=adjustments), PEOPLE)


BEFORE = adjusted()


def test_an_adjustment_concerns_its_states_and_classes():
    driven = ~np.isfinite(GRAPH.fixed_minutes)
    ratio = adjusted(Adjustment(name="a", speed_factor=0.8, states=("North Dakota",), classes=("motorway",))) / BEFORE
    concerned = (GRAPH.state == 0) & (GRAPH.road_class == 1) & driven
    assert ratio[concerned] == pytest.approx(1.25)
    assert (ratio[~concerned] == 1).all()


def test_minutes_of_the_source_change_only_when_their_class_is_named():
    ferry = np.isfinite(GRAPH.fixed_minutes)
    everything = adjusted(Adjustment(name="a", speed_factor=0.5))
    assert (everything[ferry] == 25).all()
    assert everything[~ferry] == pytest.approx(2 * BEFORE[~ferry])
    assert (adjusted(Adjustment(name="a", speed_factor=0.5, classes=("ferry",)))[ferry] == 50).all()


def test_town_and_country_share_an_adjustment():
    town = adjusted(Adjustment(name="a", speed_factor=0.5, where="urban")) / BEFORE - 1
    country = adjusted(Adjustment(name="a", speed_factor=0.5, where="rural")) / BEFORE - 1
    driven = ~np.isfinite(GRAPH.fixed_minutes)
    assert (town + country)[driven] == pytest.approx(1)
    assert town.max() > 0.05
    assert country[driven].max() == pytest.approx(1, abs=1e-6)


def share_by_small_steps(line, area):
    """Share of a line inside an area, counted at 20,000 places."""
    at = (np.arange(20_000) + 0.5) / 20_000
    y_scale = np.array([np.cos(np.radians(44.2)), 1.0])
    flat = shapely.transform(line, lambda degrees: degrees * y_scale)
    places = shapely.get_coordinates(shapely.line_interpolate_point(flat, at, normalized=True)) / y_scale
    return shapely.contains_xy(area, *places.T).mean()


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5070", "EPSG:32614"])
def test_a_polygon_concerns_the_share_of_length_inside(tmp_path, crs):
    shapes = [shapely.Point(-99.87, 44.13).buffer(0.11), shapely.box(-99.66, 44.25, -99.55, 44.33)]
    path = write_polygon(tmp_path / "p.gpkg", *shapes, crs=crs)
    ratio = adjusted(Adjustment(name="a", speed_factor=0.5, polygon=path)) / BEFORE
    driven = ~np.isfinite(GRAPH.fixed_minutes)
    want = np.array([share_by_small_steps(line, shapely.union_all(shapes)) for line in lines_of(GRAPH)])
    assert (ratio - 1)[driven] == pytest.approx(want[driven], abs=5e-3)
    assert set(np.round(want, 2)) > {0, 1}


@given(
    st.permutations(
        [
            Adjustment(name="a", speed_factor=0.7),
            Adjustment(name="b", speed_factor=1.3, classes=("motorway",)),
            Adjustment(name="c", speed_factor=0.9, where="urban"),
            Adjustment(name="d", speed_factor=0.31, states=("MN",)),
        ]
    )
)
def test_the_order_of_adjustments_does_not_matter(order):
    want = adjusted(
        Adjustment(name="a", speed_factor=0.7),
        Adjustment(name="b", speed_factor=1.3, classes=("motorway",)),
        Adjustment(name="c", speed_factor=0.9, where="urban"),
        Adjustment(name="d", speed_factor=0.31, states=("MN",)),
    )
    assert np.array_equal(adjusted(*order), want)


@given(
    st.floats(0.01, 2), st.floats(0.01, 2), st.sampled_from(["everywhere", "urban", "rural"]),
    st.lists(st.sampled_from(CLASSES)), st.lists(st.sampled_from(["ND", "MN"])), st.floats(0.05, 2),
)  # fmt: skip
def test_a_faster_factor_never_lengthens_an_edge(one, other, where, classes, states, beside):
    slow, fast = sorted((one, other))
    given_ = {"name": "a", "where": where, "classes": tuple(classes), "states": tuple(states)}
    more = Adjustment(name="b", speed_factor=beside)
    slower = adjusted(Adjustment(speed_factor=slow, **given_), more)
    assert (adjusted(Adjustment(speed_factor=fast, **given_), more) <= slower).all()


def test_an_adjustment_that_concerns_no_road_is_noted(tmp_path):
    far = write_polygon(tmp_path / "far.geojson", shapely.box(10, 10, 11, 11))
    profile = replace(
        TYPICAL,
        adjustments=(
            Adjustment(name="far", speed_factor=0.5, polygon=far),
            Adjustment(name="class", speed_factor=0.5, classes=("interstate",)),
            Adjustment(name="state", speed_factor=0.5, states=("TX",)),
        ),
        closures=(Closure(name="sea", polygon=far),),
    )
    times = edge_times(GRAPH, profile, PEOPLE)
    assert np.array_equal(times.minutes, BEFORE)
    assert [re.search(r"'(\w+)'", note)[1] for note in times.notes] == ["class", "far", "state", "sea"]
    assert "far.geojson lies on none" in times.notes[1]
    assert "none lies in its states" in times.notes[2]
    unknown = edge_times(grid_graph(state=None, state_names=()), load_profile("winter"), PEOPLE)
    assert all("their states are not known" in note for note in unknown.notes)
    assert len(unknown.notes) == 2
    assert edge_times(GRAPH, load_profile("winter"), PEOPLE).notes == ()


# --- closures ------------------------------------------------------------------------------------------------------


def ways(*closures, graph=GRAPH):
    return edge_milliseconds(graph, replace(TYPICAL, closures=closures), PEOPLE)


OPEN = ways()


def test_a_flood_closes_what_it_touches(tmp_path):
    flood = shapely.Point(-99.85, 44.15).buffer(0.06)
    path = write_polygon(tmp_path / "flood.geojson", flood)
    touched = np.array([line.intersects(flood) for line in lines_of(GRAPH)])
    assert 0 < touched.sum() < len(touched)
    for way, before in zip(ways(Closure(name="f", polygon=path)), OPEN, strict=True):
        assert (way[touched] == NO_WAY).all()
        assert np.array_equal(way[~touched], before[~touched])
    residential = touched & (GRAPH.road_class == 0)
    forward, _ = ways(Closure(name="f", polygon=path, classes=("residential",)))
    assert np.array_equal(np.flatnonzero(forward != OPEN[0]), np.flatnonzero(residential))


def test_a_point_closes_the_nearest_edge_on_its_real_shape():
    # edge 0 runs from (44, -100) to (44, -99.9) and is bent over (44.02, -99.93)
    forward, backward = ways(Closure(name="c", edges=((44.0195, -99.93),)))
    assert np.flatnonzero(forward != OPEN[0]).tolist() == [0]
    assert np.flatnonzero(backward != OPEN[1]).tolist() == [0]
    with pytest.raises(InputError, match=r"closed 'c': no road within 100 m of \[44, -99.95\]"):
        ways(Closure(name="c", edges=((44.0195, -99.93), (44.0, -99.95))))  # on the chord, off the road
    with pytest.raises(InputError, match="no road of class motorway within"):
        ways(Closure(name="c", edges=((44.0195, -99.93),), classes=("motorway",)))


def test_within_100_m_is_at_most_100_m():
    metre = 1 / 111_195
    graph = RoadGraph.from_arrays([44.0, 44.0], [-100.0, -99.9], [0], [1], [0], CLASSES, bends=([0, 0], [], []))
    assert ways(Closure(name="c", edges=((44.0 + 99.9 * metre, -99.95),)), graph=graph)[0][0] == NO_WAY
    with pytest.raises(InputError, match="within 100 m"):
        ways(Closure(name="c", edges=((44.0 + 100.1 * metre, -99.95),)), graph=graph)


def test_both_one_way_edges_of_one_road_are_closed():
    lat, lon = [44.0, 44.0, 44.1], [-100.0, -99.9, -99.9]
    graph = RoadGraph.from_arrays(
        lat, lon, [0, 1, 1], [1, 0, 2], [0, 0, 0], CLASSES, oneway=[1, 1, 0], bends=([0, 0, 0, 0], [], [])
    )
    forward, _ = ways(Closure(name="c", edges=((44.0003, -99.95),)), graph=graph)
    assert (forward == NO_WAY).tolist() == [True, True, False]
    at_the_junction, _ = ways(Closure(name="c", edges=((44.0, -99.9),)), graph=graph)
    assert (at_the_junction == NO_WAY).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("direction", "closed"),
    [("both", "fb"), ("east", "f"), ("west", "b"), ("north", "fb"), ("south", "fb")],
)
def test_one_direction_of_travel_is_closed(direction, closed):
    forward, backward = ways(Closure(name="c", edges=((44.0195, -99.93),), direction=direction))
    assert (forward[0] == NO_WAY) == ("f" in closed)
    assert (backward[0] == NO_WAY) == ("b" in closed)
    north = 20  # the first edge northward, from node 0
    forward, backward = ways(Closure(name="c", edges=((44.05, -100.0),), direction="south"))
    assert forward[north] == OPEN[0][north]
    assert backward[north] == NO_WAY


@given(
    st.floats(-99.98, -99.62), st.floats(44.02, 44.38), st.floats(0.01, 0.3),
    st.sampled_from(["both", "north", "east", "south", "west"]), st.lists(st.sampled_from(CLASSES)),
)  # fmt: skip
def test_closing_never_shortens(tmp_path_factory, lon, lat, size, direction, classes):
    path = write_polygon(tmp_path_factory.mktemp("c") / "p.geojson", shapely.Point(lon, lat).buffer(size))
    closed = Closure(name="c", polygon=path, direction=direction, classes=tuple(classes))
    for way, before in zip(ways(closed), OPEN, strict=True):
        assert (way >= before).all()
        assert np.isin(way, [*before, NO_WAY]).all()


# --- polygon files -------------------------------------------------------------------------------------------------


def test_polygon_files_that_cannot_be_used_are_told(tmp_path):
    def refused(path, message):
        for profile in (
            replace(TYPICAL, adjustments=(Adjustment(name="a", speed_factor=0.5, polygon=path),)),
            replace(TYPICAL, closures=(Closure(name="a", polygon=path),)),
        ):
            with pytest.raises(InputError, match=message) as error:
                edge_times(GRAPH, profile, PEOPLE)
            assert path.name in str(error.value)
            assert "\n" not in str(error.value)

    box = shapely.box(-100, 44, -99.9, 44.1)
    write_polygon(tmp_path / "bare.shp", box)
    (tmp_path / "bare.prj").unlink()
    refused(tmp_path / "bare.shp", "no coordinate reference system")
    refused(write_polygon(tmp_path / "line.geojson", shapely.LineString([(0, 0), (1, 1)])), "holds linestring")
    (tmp_path / "text.geojson").write_text("no polygon")
    refused(tmp_path / "text.geojson", "not a readable polygon layer")
    (tmp_path / "metres.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": '
        + shapely.to_geojson(shapely.box(500_000, 4_900_000, 510_000, 4_910_000)) + "}]}"
    )  # fmt: skip
    refused(tmp_path / "metres.geojson", "is not on Earth")
    (tmp_path / "none.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    refused(tmp_path / "none.geojson", "holds no polygon")
    for layer in ("one", "two"):
        gpd.GeoDataFrame(geometry=[box], crs="EPSG:4326").to_file(tmp_path / "two.gpkg", layer=layer)
    refused(tmp_path / "two.gpkg", "has 2 layers")


def test_a_crossed_ring_is_an_area_all_the_same(tmp_path):
    bow_tie = shapely.Polygon([(-100, 44), (-99.6, 44.4), (-99.6, 44), (-100, 44.4)])
    forward, _ = ways(Closure(name="c", polygon=write_polygon(tmp_path / "b.geojson", bow_tie)))
    assert (forward == NO_WAY).any()
