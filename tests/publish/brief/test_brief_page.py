"""The page of a place: whole, valid, escaped, small, the same every time, and true to the tables."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from matcare.errors import InputError
from matcare.publish.brief import brief_name, brief_title, render_brief
from matcare.publish.brief.data import BriefData

pytestmark = pytest.mark.national

LOOKED_AT = ["38105", "34013", "02050", "72087", "06037", "15005", "09110", "48301", "53055"]
STATES = ["ND", "NJ", "PR", "HI", "DC", "AK"]
BUDGET = 80_000
UGLY = re.compile(r"\bnan\b|\bNaN\b|<NA>|\d\.\d{4,}|\bNone\b(?! of)")
SMALL = re.compile(r"(?<![\d,.])[1-9] (infant |live |estimated |registered )?(deaths?|births?)\b(?! (hospital|cent))")
VOID = {"meta", "link", "br", "img", "hr"}
EVIL = '<script>alert("1")</script> & Ñandú\'s =cmd ' + "x" * 200


class Reader(HTMLParser):
    """Reads a page, insisting that every element is closed where it should be."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.texts, self.boxes, self.ids = [], [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.seen.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag not in VOID:
            self.open.append((tag, attributes))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        names = [tag for tag, _ in self.open]
        if "style" in names:
            return
        inside = any(attributes.get("class") == "modelled" for _, attributes in self.open)
        (self.boxes if inside else self.texts).append(data)

    def tags(self, name):
        return [attributes for tag, attributes in self.seen if tag == name]


@pytest.fixture(scope="module")
def pages(finished):
    return {place: render_brief(finished, place) for place in [*LOOKED_AT, *STATES, "US"]}


def test_pages_are_whole_and_ask_for_nothing(pages):
    for place, page in pages.items():
        read = Reader(page)
        assert page.startswith('<!DOCTYPE html>\n<html lang="en">'), place
        policy = next(a["content"] for a in read.tags("meta") if a.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'")
        assert read.tags("script") == read.tags("link") == read.tags("img") == []
        assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", page)
        assert not any(name.startswith("on") for _, attributes in read.seen for name in attributes)
        assert len(read.tags("h1")) == 1
        assert len(read.ids) == len(set(read.ids)), place


def test_tables_have_captions_and_scopes(pages):
    for page in pages.values():
        read = Reader(page)
        assert len(read.tags("table")) == len(read.tags("caption")) > 5
        assert all("scope" in attributes for attributes in read.tags("th"))


def test_headings_do_not_skip_a_level(pages):
    for page in pages.values():
        levels = [int(tag[1]) for tag, _ in Reader(page).seen if re.fullmatch(r"h[1-6]", tag)]
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_county_page_is_small(finished, pages):
    worst = max(BriefData.of(finished).nearest, key=lambda code: len(BriefData.of(finished).nearest[code]))
    assert len(render_brief(finished, worst).encode()) <= BUDGET
    assert all(len(pages[place].encode()) <= BUDGET for place in LOOKED_AT)


def test_no_gap_or_small_count_shows_on_a_page(pages):
    for place, page in pages.items():
        read = Reader(page)
        text = " ".join((*read.texts, *read.boxes))
        assert not UGLY.search(text), (place, UGLY.search(text))
        assert not SMALL.search(text), (place, SMALL.search(text))


def test_modelled_rate_stands_in_its_box_alone(finished, pages):
    row = BriefData.of(finished).counties["38105"]
    assert row["imr_status"] == "modelled"
    read = Reader(pages["38105"])
    said = f"Modelled: {row['imr_modelled']:.2f} per 1,000"
    assert said in "".join(read.boxes)
    outside = "".join(read.texts)
    outcome = outside[outside.index("Infant mortality") : outside.index("Profile of")]
    assert f"{row['imr_modelled']:.2f}" not in outcome
    assert "interval lies" not in outcome
    assert "overlaps" not in outcome


def test_page_holds_the_tables_own_numbers(finished, pages):
    row = BriefData.of(finished).counties["34013"]
    text = "".join(Reader(pages["34013"]).texts).replace("\u00a0", " ")
    assert (
        f"{row['imr']:.2f} infants died per 1,000 live births (95 % interval {row['imr_low']:.2f} to {row['imr_high']:.2f})"
        in text
    )
    assert f"{row['minutes_birth_care']:.1f}" in text
    for unit in BriefData.of(finished).nearest["34013"][:8]:
        assert f"{round(unit.women):,}" in text
        assert BriefData.of(finished).facilities[unit.facility_id]["facility_name"] in text


def test_nearest_units_add_up_to_the_county(finished):
    data = BriefData.of(finished)
    for code in LOOKED_AT:
        row = data.counties[code]
        reached = sum(unit.women for unit in data.nearest.get(code, []))
        assert reached == pytest.approx(
            row["women_15_44"] * (1 - row["share_women_without_minutes_birth_care"]), rel=2e-3, abs=0.5
        )


def test_an_unreported_level_is_unknown_and_not_zero(finished, pages):
    access = BriefData.of(finished).access("PR")
    assert access["neonatal_3_plus"]["share_women_within_60"] is None
    assert access["birth_care"]["share_women_within_60"] is not None
    text = "".join(Reader(pages["72087"]).texts).replace("\u00a0", " ")
    assert "No hospital of Puerto Rico has a reported neonatal level" in text
    assert "PR 0 %" not in text


def test_every_page_names_sources_date_licence_and_limits(finished, pages):
    for page in pages.values():
        text = "".join(Reader(page).texts)
        assert f"Facilities as of {finished.data_date}" in text
        assert finished.about["licences"]["counties.csv"] in text
        assert "No correction of a unit is in force." in text
        assert all(source["title"] in text for source in finished.about["sources"])
        assert "about a place, not about any one woman or infant" in text
        assert "Not for choosing where to give birth or where an ambulance should go" in text
        assert "an association, not a cause" in text
        assert "not evidence that any unit should close" in text or "No unit of the run's list" in text


def test_units_to_protect_stand_worst_first(finished):
    rows = [row for row in BriefData.of(finished).fragility.values() if row["state"] == "ND"]
    beyond = [row["women_newly_beyond_60"] for row in rows]
    assert beyond == sorted(beyond, reverse=True)


def test_the_same_run_gives_the_same_bytes(small):
    again = replace(small)
    assert BriefData.of(small) is BriefData.of(small)
    assert BriefData.of(again) is not BriefData.of(small)
    for place in ("38105", "ND"):
        assert render_brief(again, place) == render_brief(small, place)


def _renamed(finished):
    """Return the run with names that no publisher would give."""
    name = {"facility_name": EVIL}

    def evil(table, mask, **columns):
        changed = table.copy()
        for column, value in columns.items():
            changed.loc[mask, column] = value
        return changed

    units, fragility, transfers = (
        finished.facilities,
        finished.tables["fragility.csv"],
        finished.tables["transfers.csv"],
    )
    tables = dict(finished.tables) | {
        "fragility.csv": evil(fragility, fragility["state"] == "ND", **name, next_unit_name=EVIL),
        "transfers.csv": evil(transfers, transfers["state"] == "ND", **name, facility_name_neonatal_3_plus=EVIL),
    }
    counties = evil(finished.counties, finished.counties["county_fips"] == "38105", county_name=EVIL)
    facilities = evil(
        units, units["state"] == "ND", **name, evidence_query=EVIL, level_query=EVIL, city=EVIL, correction=EVIL
    )
    return replace(finished, counties=counties, facilities=facilities, tables=tables)


def test_names_from_data_are_escaped(small):
    run = _renamed(small)
    for place in ("38105", "ND"):
        page = render_brief(run, place)
        assert Reader(page).tags("script") == []
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
    name = brief_name(run, "38105")
    assert re.fullmatch(r"brief-nd-38105-[a-z0-9-]{1,60}\.html", name)


def test_a_state_lists_and_links_its_counties(finished):
    names = {code: brief_name(finished, code) for code in BriefData.of(finished).codes_by_state["ND"]}
    page = render_brief(finished, "ND", link=names.get)
    hrefs = {attributes["href"] for attributes in Reader(page).tags("a")}
    assert hrefs == set(names.values())
    assert Reader(render_brief(finished, "ND")).tags("a") == []
    county = Reader(
        render_brief(
            finished, "38105", link=lambda place: f"brief-{place.lower()}.html" if place in {"ND", "US"} else None
        )
    )
    assert [attributes["href"] for attributes in county.tags("a")] == ["brief-nd.html", "brief-us.html"]


def test_names_of_files(finished):
    assert brief_name(finished, "72087") == "brief-pr-72087-loiza-municipio.html"
    assert brief_name(finished, "ND") == "brief-nd.html"
    assert brief_name(finished, "US") == "brief-us.html"
    assert brief_title(finished, "72087") == "Loíza Municipio, Puerto Rico"
    names = [brief_name(finished, code) for code in finished.counties["county_fips"]]
    assert len(set(names)) == len(names)


def _text(page):
    return "".join(Reader(page).texts).replace("\u00a0", " ")


def test_a_state_says_why_counties_have_no_published_rate(finished, pages):
    assert "No municipios have a reliable published rate, of 78; the others: 78 not reported by the source." in _text(
        pages["PR"]
    )
    numbers = finished.counties["imr_status"].value_counts()
    text = _text(pages["US"])
    few = numbers["modelled"] + numbers["suppressed"]
    assert f"{numbers['published']:,} counties have a reliable published rate, of {len(finished.counties):,}" in text
    assert f"{few:,} with fewer than 20 infant deaths, so none is published" in text
    assert f"{numbers['apportioned']} with a rate apportioned" in text


def test_what_is_not_known_to_be_low_access_is_not_counted_so(finished, pages):
    table = finished.counties
    needing = table["march_of_dimes_class"].isin(["desert", "low"]) | table["drive_time_desert_30"].fillna(value=False)
    known = int((needing & table["minutes_birth_care"].notna()).sum())
    text = _text(pages["US"])
    assert f"15 of the {known:,} counties with a mean drive that are deserts or of low access" in text
    assert f"{table['minutes_birth_care'].isna().sum()} counties without a mean drive stand apart below" in text
    assert "10 counties are of low or of moderate access: an input is missing" in text
    assert "10 municipios are of low or of moderate access" in _text(pages["PR"])


def test_disparities_say_years_counts_source_and_who_is_absent(pages):
    text = _text(pages["ND"])
    assert "live births by mother's race and Hispanic origin, 2017-2023" in text
    assert re.search(r"\d\d deaths, [\d,]{5,} births", text)
    assert "Not published for this place: Asian, More than one race and Native Hawaiian or Pacific Islander." in text
    assert "Source: County Health Rankings & Roadmaps" in text


def test_cautions_stand_right_below_the_headline(pages):
    page = pages["15005"]
    after = page[page.index('class="headline"') :]
    assert after.index("</p><p") < after.index("The minutes are doubtful") < after.index("By the March of Dimes rule")
    assert "The class below is doubtful" not in page


def test_a_floor_is_not_blamed_on_one_territory(pages):
    text = _text(pages["38105"])
    assert "many units have no reported level, in Puerto Rico all" in text
    assert "since none is reported in Puerto Rico" not in text


def test_places_are_called_what_they_are(pages):
    assert "26 of 78 municipios are maternity care deserts" in _text(pages["PR"])
    assert "territory brief" in pages["PR"]
    assert "municipio brief 72087" in pages["72087"]
    assert "the municipio, with its territory and the nation below" in pages["72087"]
    assert "planning region brief 09110" in pages["09110"]
    assert "boroughs and census areas" in pages["AK"]


def test_captions_stay_in_view_while_a_table_scrolls(pages):
    assert "<caption><span>" in pages["ND"]
    assert "caption span { display: inline-block; position: sticky; left: 0;" in pages["ND"]


def test_states_rank_no_outcome(pages):
    text = "".join(Reader(pages["US"]).texts)
    assert "Counties are not ranked by it here." in text
    assert "imr" not in text.lower()


def test_a_run_of_one_county_and_of_no_fragility(finished):
    one = finished.counties[finished.counties["county_fips"] == "15005"].reset_index(drop=True)
    points = finished.block_groups[finished.block_groups["county_fips"] == "15005"]
    tables = {
        name: table[table["county_fips"] == "15005"] if "county_fips" in table and name != "indicators.csv" else table
        for name, table in finished.tables.items()
    }
    tables["fragility.csv"] = finished.tables["fragility.csv"].iloc[:0]
    about = dict(finished.about) | {
        "region": "Hawaii",
        "scenario": dict(finished.about["scenario"]) | {"states": ["HI"]},
    }
    run = replace(
        finished, counties=one, block_groups=points, tables=tables, about=about, facilities=finished.facilities.iloc[:0]
    )
    county = Reader(render_brief(run, "15005"))
    assert "No unit of the run's list serves the place." in "".join(county.texts)
    Reader(render_brief(run, "HI"))
    with pytest.raises(InputError, match="the nation is not in this run, which covers Hawaii; run it without --state"):
        render_brief(run, "US")
    with pytest.raises(InputError, match="'ND' is not in this run, which covers Hawaii"):
        render_brief(run, "ND")


def test_a_county_without_a_polygon_has_no_map(small):
    counties = small.counties.copy()
    counties.loc[counties["county_fips"] == "38105", "geometry"] = None
    text = "".join(Reader(render_brief(replace(small, counties=counties), "38105")).texts)
    assert "no outline of this county" in text


def test_corrections_in_force_are_said(small):
    about = dict(small.about) | {"corrections": ["351334 closed 2026-10-01 (the hospital)"]}
    text = "".join(Reader(render_brief(replace(small, about=about), "38105")).texts)
    assert "Corrections in force: 351334 closed 2026-10-01 (the hospital)." in text


def test_a_run_that_was_not_drawn_says_so(small):
    counties = small.counties.copy()
    counties["certainty_status"] = "not_drawn"
    for column in [name for name in counties if name.startswith("p_") or name.endswith(("_p05", "_p95"))]:
        counties[column] = pd.Series(float("nan"), index=counties.index)
    text = "".join(Reader(render_brief(replace(small, counties=counties), "38105")).texts)
    assert "How sure these figures are was not drawn" in text
    assert "model range" not in text


def test_the_method_names_the_runs_own_roads_and_speeds(small):
    usual = " ".join(Reader(render_brief(small, "38105")).texts)
    assert "along signed highways" in usual
    assert "calibrated to three routing services" in usual
    about = dict(small.about) | {
        "profile": dict(small.about["profile"]) | {"name": "streets"},
        "roads": {"built": "2026-01-01", "source": "an extract", "licence": "ODbL-1.0"},
    }
    own = " ".join(Reader(render_brief(replace(small, about=about), "38105")).texts)
    assert "along signed highways" not in own
    assert "at speeds of the profile streets" in own
