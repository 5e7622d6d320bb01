"""The map that compares, as text: what it ships, what it refuses, where it starts, what it must say."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from matcare.contracts.closures import COMPARISON
from matcare.errors import ContractError, InputError
from matcare.publish.map import ComparisonTheme, Fact, render_comparison_map, write_comparison_map
from matcare.publish.map.comparison import CLOSURE_WORDS, ROLES
from matcare.publish.map.comparison_theme import binned, categories
from matcare.publish.map.comparison_themes import access_themes, minutes_themes, probability_theme, share_themes
from matcare.publish.map.legend_rows import REASON_WORDS
from matcare.publish.map.shell import SAID_EVERYWHERE


def _load(name):
    """Load a module beside this file (tests are imported by importlib, so they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tables():
    return _load("map_tables").comparison()


def _payload(page: str) -> dict:
    return json.loads(re.search(r'id="matcare-data">(.*?)</script>', page, re.DOTALL).group(1))


def _render(tables, **options):
    return render_comparison_map(**({"themes": access_themes("birth care"), "title": "Closing"} | tables | options))


def test_same_tables_same_bytes_and_no_request(tables):
    page = _render(tables)
    assert page == _render(tables)
    ours = page[page.index('"use strict";\n') :]
    assert set(re.findall(r"https?://([^/\s\"'`<>)]+)", ours)) <= {
        "leafletjs.com",
        "basemap.nationalmap.gov",
        "www.w3.org",
    }


def test_text_from_data_stays_text(tables):
    page = _render(tables, title="<b>x</b>", subtitle="</script><script>alert(1)</script>", notes=["<img src=x>"])
    for bad in ("<b>", "<script>alert", "<img"):
        assert bad not in page
    assert _payload(page)["facilities"]["facility_name"][0] == "<b>Closing</b> Hospital"


def test_what_is_said_everywhere_and_the_words_of_a_loss(tables):
    plain = lambda page: " ".join(page.split())  # noqa: E731 - read beside its uses
    page = plain(_render(tables))
    for sentence in SAID_EVERYWHERE:
        assert plain(sentence).replace("'", "&#39;") in page
    assert CLOSURE_WORDS in page
    opening = tables["facilities"].query("role in ('opened', 'other')")
    assert CLOSURE_WORDS not in plain(_render(tables, facilities=opening))
    weaker = tables["facilities"].query("role == 'downgraded'")
    assert CLOSURE_WORDS in plain(_render(tables, facilities=weaker))


def test_the_usual_themes_stand_on_the_columns_of_the_contract():
    for theme in access_themes("birth care"):
        assert {theme.column, theme.less or theme.column, theme.status or theme.column} <= set(COMPARISON.names)
        if not theme.binned:
            values = {entry.value for entry in theme.classes}
            assert values == set(COMPARISON.column(theme.column).values)


def test_a_closure_need_not_show_gains_nor_an_opening_losses():
    names = lambda **options: {theme.family for theme in access_themes("birth care", **options)}  # noqa: E731 - a short name for what the lines below ask
    assert names() - names(gains=False) == {"Women newly within reach"}
    assert names() - names(losses=False) == {"Women newly beyond reach"}
    assert "share_women_within_90_after" in {theme.column for theme in access_themes("birth care", limits=[90])}


def test_before_and_after_have_one_ramp_and_a_difference_another():
    before, after, difference = minutes_themes("birth care")
    assert before.classes == after.classes
    assert {entry.colours for entry in difference.classes}.isdisjoint({entry.colours for entry in before.classes})
    assert difference.classes[difference.zero_class].label.startswith("No change")
    shares = share_themes("birth care", 60)[-1]
    assert shares.classes[shares.zero_class].label.startswith("No change")


def test_a_difference_of_two_columns_is_worked_out(tables):
    counties = tables["counties"]
    columns = _payload(_render(tables))["counties"]
    shown = columns["share_women_within_60_after_less_share_women_within_60_before"]
    oracle = counties["share_women_within_60_after"] - counties["share_women_within_60_before"]
    assert [None if pd.isna(value) else round(value, 4) for value in oracle] == shown


def test_only_what_the_themes_name_is_shipped(tables):
    counties = tables["counties"].assign(secret=1.0)
    payload = _payload(_render(tables, counties=counties, themes=minutes_themes("birth care")))
    assert set(payload["counties"]) == {
        *("county_fips", "county_name", "state", "women_15_44"),
        *("minutes_before", "minutes_before_reason", "minutes_after", "minutes_after_reason", "minutes_change"),
    }
    facts = [Fact(column="secret", label="Known", form="share")]
    with_fact = _payload(_render(tables, counties=counties, facts=facts))
    assert with_fact["facts"] == [{"column": "secret", "label": "Known", "say": {"format": "share", "after": ""}}]
    assert with_fact["counties"]["secret"] == [1] * 9


def test_the_page_opens_on_the_first_difference(tables):
    payload = _payload(_render(tables))
    (first,) = [theme for theme in payload["themes"] if theme["id"] == payload["first"]]
    assert first["column"] == "minutes_change"
    only = _payload(_render(tables, themes=minutes_themes("birth care", difference=None)))
    assert only["first"] == only["themes"][0]["id"]


def _view(tables, **options):
    jumps = _payload(_render(tables, **options))["jumps"]
    return jumps and jumps["What changed"]


def test_the_view_starts_at_what_changed(tables):
    nobody = tables["facilities"].iloc[:0]
    minutes = minutes_themes("birth care")
    assert _view(tables, facilities=nobody, themes=minutes) == {}, "it is the whole map"
    counties = tables["counties"].assign(minutes_change=[0.0, 0.2, 0, 0, 48, 0, np.nan, 0, 0.3])
    # County E is the box -103..-102, 41..42; a margin of 0.3 of its size is shown around it.
    view = _view(tables, counties=counties, facilities=nobody, themes=minutes)
    assert view == pytest.approx([-103.3, 40.7, -101.7, 42.3])
    assert _view(tables, counties=counties.assign(minutes_change=0.0), facilities=nobody, themes=minutes) == {}
    closed = tables["facilities"].query("role == 'closed'")
    around = _view(tables, counties=counties.assign(minutes_change=0.0), facilities=closed, themes=minutes)
    assert around[0] < -102.5 < around[2]
    assert around[1] < 41.5 < around[3]
    bystander = tables["facilities"].query("role in ('receiving', 'other')")
    assert _view(tables, counties=counties.assign(minutes_change=0.0), facilities=bystander, themes=minutes) == {}


def test_the_view_can_be_given_and_words_can_be_no_change(tables):
    given = _view(tables, changed=["31001"], facilities=tables["facilities"].iloc[:0])
    assert given == pytest.approx([-104.0, 40.0, -102.7, 41.3])
    counties = tables["counties"].assign(drive_time_desert_60_change=["stays"] * 8 + ["becomes"])
    desert = [theme for theme in access_themes("birth care") if theme.column == "drive_time_desert_60_change"]
    view = _view(tables, counties=counties, facilities=tables["facilities"].iloc[:0], themes=desert)
    assert view == pytest.approx([-102.3, 41.7, -101.0, 43.0]), "the last county alone"


def test_each_facility_is_put_in_its_county_and_role(tables):
    columns = _payload(_render(tables))["facilities"]
    for county, lon, lat in zip(columns["county"], columns["lon"], columns["lat"], strict=True):
        assert tables["counties"].geometry.iloc[county].contains(shapely.Point(lon, lat))
    assert [ROLES[code]["id"] for code in columns["group"]] == tables["facilities"]["role"].tolist()
    outside = tables["facilities"].assign(lat=10.0)
    assert _payload(_render(tables, facilities=outside))["facilities"]["county"] == [-1] * 6


def test_roles_differ_by_more_than_colour():
    looks = [(role["shape"], role["radius"]) for role in ROLES]
    assert len(looks) == len(set(looks))


def test_points_are_shipped_whole_women_only(tables):
    points = _payload(_render(tables, points_label="Newly beyond 60"))["points"]
    assert points["women"] == [812, 90]
    assert points["minutes_after"] == [61.5, None]
    assert points["label"] == "Newly beyond 60"
    assert _payload(_render(tables, points=None))["points"] is None


def test_a_theme_of_any_kind(tables):
    counties = tables["counties"].assign(p=np.linspace(0, 1, 9), kind=["a", "b", None] * 3, yes=[True, False, True] * 3)
    own = [
        probability_theme("Certainty", "p", "Probability"),
        ComparisonTheme(
            family="Kind", column="kind", title="Kind", binned=False, classes=categories("ab", "AB", ("#000", "#fff"))
        ),
        ComparisonTheme(
            family="Yes", column="yes", title="Yes", binned=False,
            classes=categories((True, False), ("Yes", "No"), ("#000", "#fff")),
        ),
        *(
            ComparisonTheme(
                family="Over time", column="p", title=f"In {year}", view=str(year), form="share",
                classes=binned((0.5, None), ("low", "high"), ("#fff", "#000")),
            )
            for year in range(2018, 2024)
        ),
    ]  # fmt: skip
    payload = _payload(_render(tables, counties=counties, themes=own))
    assert [entry["value"] for entry in payload["themes"][2]["classes"]] == [1, 0]
    assert payload["counties"]["yes"] == [1, 0, 1] * 3
    assert [family["id"] for family in payload["families"]] == ["Certainty", "Kind", "Yes", "Over time"]
    assert payload["themes"][3]["segment"] == {"value": "2018", "label": "2018"}


def test_every_reason_has_its_words_and_pattern(tables):
    after = _payload(_render(tables))["themes"][1]
    rows = {row["value"]: row for row in after["missing"]}
    assert rows["no_demand_points"]["label"] == REASON_WORDS["no_demand_points"]
    own = ComparisonTheme(
        family="x", column="minutes_after", title="x", status="minutes_after_reason",
        classes=binned((1, None), ("a", "b"), ("#fff", "#000")),
        missing={"unreachable": "none", "no_flows": "no flows", "withheld": "1 to 9"},
    )  # fmt: skip
    missing = own.page_theme(0)["missing"]
    assert missing[0]["pattern"] == "grid", "as on the national map"
    assert len({row["pattern"] for row in missing}) == 4


BAD_CLASSES = {
    "no class": (),
    "rising upper limits": binned((5, 2, None), "abc", ("#1", "#2", "#3")),
    "the last one None": binned((2, 5), "ab", ("#1", "#2")),
}


@pytest.mark.parametrize("words", BAD_CLASSES)
def test_classes_that_are_none_are_refused(tables, words):
    theme = ComparisonTheme(family="x", column="minutes_after", title="Odd", classes=BAD_CLASSES[words])
    with pytest.raises(InputError, match=rf"'Odd'.*{words}"):
        _render(tables, themes=[theme])


def test_wrong_tables_are_refused_in_one_line(tables):
    cases = [
        (ContractError, "'minutes_change'", {"counties": tables["counties"].drop(columns="minutes_change")}),
        (ContractError, "'state'", {"counties": tables["counties"].drop(columns="state")}),
        (ContractError, "'role'", {"facilities": tables["facilities"].drop(columns="role")}),
        (ContractError, "'women'", {"points": tables["points"].drop(columns="women")}),
        (InputError, "'shut'.*closed", {"facilities": tables["facilities"].assign(role="shut")}),
        (InputError, "EPSG:4326", {"counties": tables["counties"].to_crs(5070)}),
        (InputError, "at least one theme", {"themes": []}),
    ]
    for kind, words, options in cases:
        with pytest.raises(kind, match=words) as caught:
            _render(tables, **options)
        assert "\n" not in str(caught.value)
    many = ComparisonTheme(
        family="x", column="minutes_after", title="x", classes=binned((1, None), ("a", "b"), ("#fff", "#000")),
        missing={str(k): str(k) for k in range(6)},
    )  # fmt: skip
    with pytest.raises(InputError, match="6 reasons"):
        _render(tables, themes=[many])


def test_writing_replaces_the_file_whole(tables, tmp_path):
    path = tmp_path / "closures.html"
    options = {"themes": access_themes("birth care"), "title": "Closing", **tables}
    assert write_comparison_map(path, **options) == path
    assert path.read_text(encoding="utf-8") == render_comparison_map(**options)
    with pytest.raises(InputError):
        write_comparison_map(path, **(options | {"themes": []}))
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    assert list(tmp_path.iterdir()) == [path]


def test_a_large_state_fits_in_four_megabytes(tables):
    # Texas and its surroundings: 500 counties of 200 corners, 900 units, 4,000 points.
    circle = shapely.Point(0, 0).buffer(0.24, quad_segs=50)
    shapes = [
        shapely.transform(circle, lambda xy, k=k: xy + np.array([-105 + k % 25 / 2, 27 + k // 25 / 2]))
        for k in range(500)
    ]
    counties = tables["counties"].iloc[np.resize(np.arange(9), 500)].reset_index(drop=True)
    counties = gpd.GeoDataFrame(counties.drop(columns="geometry"), geometry=shapes, crs=4326)
    facilities = tables["facilities"].iloc[np.resize(np.arange(6), 900)]
    points = tables["points"].iloc[np.resize([0, 1], 4000)]
    page = _render(tables, counties=counties, facilities=facilities, points=points)
    assert len(page.encode()) <= 4_000_000
