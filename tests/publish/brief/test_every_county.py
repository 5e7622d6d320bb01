"""Every county of the nation goes through the sentences: no gap shows, nothing masked or modelled is stated as a fact."""

from __future__ import annotations

import re

import pytest

from matcare.geo import STATES
from matcare.publish.brief import access_words as access
from matcare.publish.brief import class_words as classed
from matcare.publish.brief import outcome_words as outcome
from matcare.publish.brief.county import county_notes
from matcare.publish.brief.data import NATION, BriefData, place_name
from matcare.publish.brief.grant_words import grant_facts
from matcare.publish.brief.profile import profile_missing_sentences
from matcare.publish.brief.units import closure_sentence, evidence_words, level_words
from matcare.publish.map.themes import SERVICE_WORDS

pytestmark = pytest.mark.national

UGLY = re.compile(r"\bnan\b|\bNone\b(?! of)|<NA>|\s{2,}|\d\.\d{3,}|\b_|_\b|[a-z]_[a-z]|\(\)|, ,|\.\.(?!\.)|\{|\}")
SMALL = re.compile(r"(?<![\d,.])[1-9] (infant |live |estimated |registered )?(deaths?|births?)\b(?! (hospital|cent))")
STATED = re.compile(r"infants died|per 1,000 live births")


def sentences(data, row):
    """Return every sentence of a county outside the modelled box."""
    code, state = row["county_fips"], STATES[row["state"]]
    not_published = str(data.run.about["outcomes"]["not_published"])
    rates = [("the state's", data.rates.get(row["state"])), ("the nation's", data.rates.get(NATION))]
    found = [
        access.headline(row, place_name(row)),
        *classed.caution_sentences(row),
        *classed.class_sentences(row),
        access.border_sentence(row),
        access.comparison_sentence([(state, data.access(row["state"]).get("birth_care"), False)]),
        *access.right_level_sentences(row, state),
        *access.backup_sentences(row),
        *classed.certainty_sentences(row),
        access.definitions_sentence(row),
        *(f"{term}: {value}" for term, value in grant_facts(row)),
        *access.without_words(row, SERVICE_WORDS),
        *outcome.outcome_sentences(row, not_published),
        *outcome.comparison_sentences(row, rates),
        *(f"{term}: {value}" for term, value in outcome.shrunk_facts(row)),
        *outcome.cluster_sentences(row),
        *profile_missing_sentences(row, data.catalog),
        *county_notes(row),
        *(
            closure_sentence(data.fragility[u.facility_id])
            for u in data.nearest.get(code, [])
            if u.facility_id in data.fragility
        ),
    ]
    return [text for text in found if text]


def test_no_county_has_an_ugly_or_a_false_sentence(finished):
    data = BriefData.of(finished)
    assert len(data.counties) > 3000
    seen = set()
    for row in data.counties.values():
        seen.add(row["imr_status"])
        for text in sentences(data, row):
            bare = re.sub(
                r"\d+\.\d+ % of women uninsured", "women uninsured", text
            )  # the rule's own words, as exact as they decide
            assert not UGLY.search(bare), (row["county_fips"], text)
            assert not SMALL.search(text), (row["county_fips"], text)
            assert text[-1] in ".!?" or ": " in text, text
            if row["imr_status"] not in {"published", "published_unreliable", "apportioned"}:
                assert not STATED.search(text), (row["county_fips"], text)
    assert {"published", "modelled", "suppressed", "not_reported", "apportioned"} <= seen


def test_modelled_box_exactly_where_there_is_an_estimate(finished):
    for row in BriefData.of(finished).counties.values():
        said = outcome.modelled_sentences(row)
        assert bool(said) == (row["imr_modelled"] is not None)
        if said:
            assert row["imr_status"] == "modelled"
            assert f"{row['imr_modelled']:.2f}" in said[0]


def test_every_unit_has_words(finished):
    for row in BriefData.of(finished).facilities.values():
        for text in (level_words(row), evidence_words(row)):
            assert not UGLY.search(re.sub(r"\.{3}", "", text)), text


def test_headline_holds_the_tables_own_numbers(finished):
    row = BriefData.of(finished).counties["38105"]
    text = access.headline(row, "X").replace("\u00a0", " ")
    assert f"{round(100 * row['share_women_within_30_birth_care'])} %" in text
    assert f"{round(row['women_15_44']):,} women" in text
    assert f"mean drive is {round(row['minutes_birth_care'])} minutes" in text
