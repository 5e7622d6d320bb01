"""The map's page as text: size, nothing from a network, nothing from data that could act, a legend row for everything."""

from __future__ import annotations

import html.parser
import importlib.util
import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.contracts import COUNTY_RESULTS, DESERT_CLASSES, IMR_STATUSES
from matcare.errors import ContractError, InputError, OutputError
from matcare.publish.exports import write_csv
from matcare.publish.map import render_map, write_map
from matcare.publish.map.columns import FACILITY_GROUPS, facility_groups
from matcare.publish.map.geometry import (
    bounds_of,
    compact_lines,
    compact_polygons,
    map_geometry,
    shift_longitude,
    state_lines,
)
from matcare.publish.map.page import PLAIN_WORDS
from matcare.publish.map.planning_themes import planning_columns
from matcare.publish.map.themes import REASON_WORDS, themes
from matcare.tables.snapshot import load_counties


def _load_tables():
    """Load the made tables beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location("map_tables", Path(__file__).with_name("map_tables.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = _load_tables()


@pytest.fixture(scope="module")
def region():
    return TABLES.small_region()


@pytest.fixture(scope="module")
def page(region):
    counties, facilities = region
    return render_map(
        counties=counties,
        facilities=facilities,
        title="Access <b>here</b> & now",
        subtitle='"Quoted" </title><script>alert(4)</script>',
        notes=["Facilities as of 2026-05-01. <img src=x onerror=alert(5)>"],
        sources=["Census </script><script>alert(6)</script>"],
    )


class _Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data):
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data)


def _payload(page: str) -> dict:
    return json.loads(
        re.search(r'<script type="application/json" id="matcare-data">(.*?)</script>', page, re.DOTALL).group(1)
    )


def test_nothing_is_loaded_from_a_network(page):
    parsed = _Page(page)
    for tag, attributes in parsed.elements:
        for name in ("src", "srcset", "data", "poster", "action"):
            assert name not in attributes, (tag, attributes)
        if tag == "link":
            assert attributes["href"] == "data:,"
    styles = "".join(parsed.text["style"])
    assert "@import" not in styles
    assert all(target.startswith("data:image/png;base64,") for target in re.findall(r"url\(([^)]*)\)", styles))
    assert "sourceMappingURL" not in page
    ours = page[page.index('"use strict";\n') :]
    urls = set(re.findall(r"https?://[^\s\"'`<>)]+", ours))
    assert {re.match(r"https?://([^/]+)", url).group(1) for url in urls} <= {
        "leafletjs.com",
        "basemap.nationalmap.gov",
        "www.w3.org",
    }


def test_the_browser_itself_forbids_everything_but_the_basemap(page):
    (policy,) = [a["content"] for tag, a in _Page(page).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.findall(r"https?://\S+", policy) == ["https://basemap.nationalmap.gov"]


def test_leaflet_comes_with_its_licence(page):
    assert "Redistributions in binary form must reproduce the above copyright notice" in page
    assert "jquery" not in page.lower()
    assert "bootstrap" not in page.lower()


def test_the_page_is_whole_and_says_what_must_be_said(page):
    assert page.startswith("<!DOCTYPE html>")
    assert '<html lang="en">' in page
    assert "user-scalable=no" not in page
    words = " ".join(" ".join(_Page(page).text["p"]).split())
    for sentence in PLAIN_WORDS:
        assert " ".join(sentence.split()) in words


def test_text_from_data_stays_text(page):
    scripts = [attributes for tag, attributes in _Page(page).elements if tag == "script"]
    assert len(scripts) == 4  # Leaflet, ours, the data, the call
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "Access &lt;b&gt;here&lt;/b&gt; &amp; now" in page
    names = _payload(page)["facilities"]["facility_name"]
    assert names[0] == "<script>alert(1)</script>"
    assert names[1] == "=cmd|' /C calc'!A0"


def test_same_tables_same_bytes(region):
    counties, facilities = region
    assert render_map(counties=counties, facilities=facilities) == render_map(counties=counties, facilities=facilities)


_STANDING = {"covered", "partly_covered", "published", "estimated", "reported", "given"}
"""Statuses of a value that stands: they need no row of their own."""

_SCORED = {"none_in_range", "partly_known", "unreachable", "no_road_access", "ferry_or_air_only"}

KNOWN = {*COUNTY_RESULTS.names, *planning_columns()}


@pytest.mark.parametrize("theme", themes(), ids=lambda theme: theme["id"])
def test_every_value_and_status_has_a_legend_row(theme):
    assert theme["column"] in KNOWN
    if theme["bound"]:
        assert f"{theme['column']}_corroborated" in COUNTY_RESULTS.names
    rows = {entry.get("value") for entry in (*theme["missing"], *theme.get("overlay", ()))}
    assert {
        entry[key] for entry in theme.get("overlay", ()) for key in ("column", "more", "less") if key in entry
    } <= KNOWN
    assert None in rows, "a value may be missing without a reason"
    if theme["status"] in COUNTY_RESULTS.names:
        possible = set(COUNTY_RESULTS.column(theme["status"]).values)
        # A catchment score stands, as 0, where no unit is in range.
        standing = _STANDING | (_SCORED if theme["family"] == "catchment" else set())
        # A share stands, as 0, where nobody can drive there; it is missing where nobody lives or no level is known.
        if theme["column"].startswith("share_women_within"):
            standing = possible - {"no_demand_points", "level_not_reported"}
        if theme["column"] == "minutes_between_sites_3_plus":
            standing = possible - {"no_demand_points", "level_not_reported"}
        assert possible - rows <= standing, possible - rows - standing
    patterns = [entry["pattern"] for entry in theme["missing"]]
    assert len(patterns) == len(set(patterns)), "reasons must be told apart"
    assert all(entry["label"] for entry in (*theme["classes"], *theme["missing"]))
    if theme["kind"] == "category" and theme["family"] == "clusters":
        classes = {entry["value"] for entry in theme["classes"]}
        assert classes | rows - {None} == set(COUNTY_RESULTS.column(theme["column"]).values)
    if theme["kind"] == "bins":
        breaks = [entry["to"] for entry in theme["classes"]]
        assert breaks[-1] is None
        assert breaks[:-1] == sorted(breaks[:-1])


def test_every_class_and_outcome_standing_is_shown():
    by_id = {theme["id"]: theme for theme in themes()}
    assert [entry["value"] for entry in by_id["class"]["classes"]] == list(DESERT_CLASSES)
    outcome = by_id["imr"]
    shown = {entry["value"] for entry in (*outcome["missing"], *outcome["overlay"])}
    assert set(IMR_STATUSES) - shown == {"published"}
    with_modelled = by_id["imr-modelled"]
    assert with_modelled["fallback"] == "imr_modelled"
    overlays = {entry["value"]: entry["pattern"] for entry in with_modelled["overlay"]}
    assert overlays["modelled"] == "hatch-over", "a modelled value never has the fill of a published one"
    assert list(overlays.values()).count("hatch-over") == 1
    reasons = COUNTY_RESULTS.column("minutes_birth_care_reason").values
    assert set(reasons) <= set(REASON_WORDS)


def test_an_unknown_level_has_a_pattern_of_its_own_in_every_theme_that_hangs_on_it():
    hanging = [
        theme
        for theme in themes()
        if theme["family"] in {"minutes", "within", "risk"}
        and "level_not_reported" in COUNTY_RESULTS.column(theme["status"]).values
    ]
    assert {theme["family"] for theme in hanging} == {"minutes", "within", "risk"}
    for theme in hanging:
        patterns = {entry["value"]: entry["pattern"] for entry in theme["missing"]}
        assert patterns["level_not_reported"] == "rings", theme["id"]
        assert list(patterns.values()).count("rings") == 1
    shares = {theme["id"] for theme in hanging if theme["column"].startswith("share_women_within")}
    services = ("neonatal_2_plus", "neonatal_3_plus")
    assert {f"within-{service}-{limit}" for service in services for limit in (30, 60, 90)} <= shares
    other = {entry["pattern"] for theme in themes() if theme not in hanging for entry in theme["missing"]}
    assert "rings" not in other


def test_symbols_differ_by_more_than_colour():
    looks = [(group["shape"], group["radius"]) for group in FACILITY_GROUPS]
    assert len(looks) == len(set(looks))


def test_facility_groups(region):
    _, facilities = region
    unit = facilities.iloc[[0]].assign(
        kind="hospital", status="open", counts_birth_care=True, neonatal_level=None, nicu="no_evidence"
    )
    nothing = dict.fromkeys([name for name in facilities if name.startswith("counts_")], False)

    def group(**values):
        return FACILITY_GROUPS[facility_groups(unit.assign(**values))[0]]["id"]

    assert group() == "level_unknown"
    assert group(neonatal_level="IV") == "level_4"
    assert group(nicu="yes") == "nicu_unknown"
    assert group(nicu="yes", neonatal_level="II") == "level_2"
    assert group(status="closed", neonatal_level="IV") == "closed"
    assert group(kind="birth_center", **nothing) == "birth_center"
    assert group(kind="childrens_hospital", **nothing) == "no_birth_care"
    assert group(**nothing) == "not_counted"
    assert group(**(nothing | {"counts_nicu": True})) == "no_birth_care"


def _decode(county):
    at = np.zeros(2)
    polygons = []
    for rings in county:
        points = []
        for ring in rings:
            steps = np.array(ring).reshape(-1, 2)
            path = at + np.cumsum(steps, axis=0)
            at = path[-1]
            points.append(path / 10_000)
        polygons.append(shapely.Polygon(points[0], points[1:]))
    return shapely.MultiPolygon(polygons)


def test_geometry_survives_the_compact_form():
    ring = shapely.Polygon([(0, 0), (3, 0), (3, 3), (0, 3)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    both = shapely.MultiPolygon([ring, shapely.box(-5.5, -4.25, -5, -4)])
    (county,) = compact_polygons(np.array([both], dtype=object))
    assert _decode(county).equals(both)


def test_rounding_leaves_no_sliver():
    thirds = gpd.GeoDataFrame(geometry=[shapely.box(k / 3, 0, (k + 1) / 3, 1 / 7) for k in range(5)], crs="EPSG:4326")
    assert shapely.coverage_is_valid(map_geometry(thirds))


def test_aleutians_stand_beside_alaska():
    parts = shapely.MultiPolygon([shapely.box(172, 51, 173, 52), shapely.box(-178, 51, -177, 52)])
    frame = gpd.GeoDataFrame(geometry=[parts, shapely.box(-150, 60, -149, 61)], crs="EPSG:4326")
    bounds = bounds_of(map_geometry(frame))
    assert bounds == [-188.0, 51.0, -149.0, 61.0]
    assert shift_longitude(np.array([174.0, -150.0]), bounds).tolist() == [-186.0, -150.0]


def test_state_lines_are_drawn_once():
    boxes = np.array([shapely.box(k, 0, k + 1, 1) for k in range(4)], dtype=object)
    lines = state_lines(boxes, np.array(["NE", "NE", "SD", "SD"], dtype=object))
    assert shapely.length(lines).sum() == pytest.approx(2 * 4 + 2 + 1)
    assert len(compact_lines(lines)) == len(lines)


def test_a_region_with_one_county_no_facility_and_nothing_known(region):
    counties, facilities = region
    one = counties.iloc[[0]].copy()
    numbers = one.select_dtypes("float").columns
    one[numbers] = np.nan
    payload = _payload(render_map(counties=one, facilities=facilities.iloc[:0]))
    assert payload["count"] == 1
    assert payload["facility_count"] == 0
    assert payload["counties"]["imr"] == [None]
    assert payload["jumps"] == {}


def test_a_county_without_a_polygon_is_kept(region):
    counties, facilities = region
    frame = counties.copy()
    frame.loc[frame.index[0], "geometry"] = None
    payload = _payload(render_map(counties=frame, facilities=facilities))
    assert payload["geometry"][0] == []
    assert payload["counties"]["county_name"][0] == "Loíza Municipio"


def test_jumps_only_where_the_view_needs_them(region):
    counties, facilities = region
    frame = counties.copy()
    frame.loc[frame.index[:2], "state"] = ["AK", "PR"]
    assert list(_payload(render_map(counties=frame, facilities=facilities))["jumps"]) == [
        "Lower 48",
        "Alaska",
        "Puerto Rico",
    ]


def test_outline_given_is_drawn_instead(region):
    counties, facilities = region
    outline = gpd.GeoDataFrame(geometry=[shapely.box(-104, 40, -100, 44)], crs="EPSG:4326")
    lines = _payload(render_map(counties=counties, facilities=facilities, states_outline=outline))["lines"]
    assert len(lines) == 1


def test_wrong_tables_are_refused(region):
    counties, facilities = region
    with pytest.raises(ContractError, match="march_of_dimes_class"):
        render_map(counties=counties.drop(columns="march_of_dimes_class"), facilities=facilities)
    with pytest.raises(ContractError, match="neonatal_level"):
        render_map(counties=counties, facilities=facilities.drop(columns="neonatal_level"))
    with pytest.raises(InputError, match="EPSG:4326"):
        render_map(counties=counties.to_crs(5070), facilities=facilities)


def test_writing_replaces_the_file_whole(region, tmp_path):
    counties, facilities = region
    path = tmp_path / "map.html"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ContractError):
        write_map(path, counties=counties.drop(columns="imr"), facilities=facilities)
    assert path.read_text(encoding="utf-8") == "old"
    assert write_map(path, counties=counties, facilities=facilities) == path
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError):
        write_map(tmp_path, counties=counties, facilities=facilities)


def test_the_nation_fits_in_five_megabytes():
    shapes = load_counties()[["county_fips", "county_name", "state", "geometry"]]
    counties = TABLES.made_counties(shapes)
    assert len(counties) == 3222
    page = render_map(counties=counties, facilities=TABLES.made_facilities(counties, 3900))
    assert len(page.encode()) <= 5_000_000


def test_layers_stand_in_the_page_only_when_they_are_given(region):
    counties, facilities = region
    plain = render_map(counties=counties, facilities=facilities)
    assert _payload(plain)["layers"] is None
    assert "function makeLayers(" not in plain
    given = render_map(counties=counties, facilities=facilities, layers={"words": "</script>"})
    assert _payload(given)["layers"] == {"words": "</script>"}
    assert given.index("function makeLayers(") < given.index("window.matcareMap = ")


def test_the_foot_says_the_dates_of_data_and_run(region):
    counties, facilities = region
    page = render_map(counties=counties, facilities=facilities, run_date="2026-11-29", sources=["One", "Two <b>"])
    (foot,) = re.findall(r'<footer id="foot">.*?</footer>', page, re.DOTALL)
    assert "<b>Facilities as of 2026-05-01; run of 2026-11-29.</b> One; Two &lt;b&gt;" in foot
    assert "run of" not in render_map(counties=counties, facilities=facilities)


def test_a_value_falls_in_the_class_of_the_table(region):
    """What the page carries is as fine as the table, where a class may end between two of its numbers."""
    counties, facilities = region
    frame = counties.assign(profile_overall=40.4, catchment_e2sfca=0.565)
    columns = _payload(render_map(counties=frame, facilities=facilities))["counties"]
    assert set(columns["profile_overall"]) == {40.4}
    assert set(columns["catchment_e2sfca"]) == {0.565}


def test_the_page_carries_numbers_as_the_csv_has_them(region, tmp_path):
    """A rate of 23.0251 is 23.03 in the table, and must not pass by 23.025 and become 23.02."""
    counties, facilities = region
    odd = {
        "imr": 10.8751, "imr_high": 23.0251, "births_per_year": 1 / 3, "svi": 0.123456,
        "catchment_e2sfca": 0.56549, "minutes_birth_care": 12.4951, "share_poverty": 0.09795,
    }  # fmt: skip
    frame = counties.assign(**odd)
    write_csv(frame, tmp_path / "counties.csv", COUNTY_RESULTS)
    table = pd.read_csv(tmp_path / "counties.csv")
    columns = _payload(render_map(counties=frame, facilities=facilities))["counties"]
    for name in odd:
        assert set(columns[name]) == set(table[name]), name
    assert set(columns["imr_high"]) == {23.03}


def test_two_reasons_of_an_unpublished_rate_are_told_apart():
    (theme,) = [theme for theme in themes() if theme["id"] == "imr"]
    words = {row["value"]: row["label"] for row in theme["missing"]}
    assert "no estimate either" in words["suppressed"]
    assert "an estimate exists" in words["modelled"]
