"""Sentences on infant mortality: a masked or modelled number is never stated as a fact, nor compared."""

from __future__ import annotations

import re

import pytest

from matcare.publish.brief import outcome_words as outcome
from matcare.publish.brief.data import PublishedRate

NOT_PUBLISHED = "fewer than 20 infant deaths"
RATE = re.compile(r"\d\.\d")
PUBLISHED = {
    "imr_status": "published", "imr": 5.03, "imr_low": 4.5, "imr_high": 5.56, "infant_deaths": 352.0, "live_births": 69967.0,
    "imr_modelled": None, "imr_modelled_low": None, "imr_modelled_high": None,
}  # fmt: skip


def rate(low, high, period="2017-2023"):
    return PublishedRate(
        place="NJ", value=(low + high) / 2, low=low, high=high, deaths=2755.0, births=705403.0, status="published",
        period=period, from_run=True,
    )  # fmt: skip


def test_published_rate_with_interval_and_counts(county_row):
    assert outcome.outcome_sentences(county_row(**PUBLISHED), NOT_PUBLISHED) == [
        "In 2017-2023, 5.03 infants died per 1,000 live births (95 % interval 4.50 to 5.56): 352 deaths among 69,967 live births."
    ]


@pytest.mark.parametrize("status", ["modelled", "suppressed", "not_identified", "not_reported"])
def test_unpublished_rate_has_no_number_and_no_comparison(county_row, status):
    row = county_row(imr_status=status)
    said = outcome.outcome_sentences(row, NOT_PUBLISHED)
    assert said
    assert not any(RATE.search(text) for text in said)
    assert "not zero" in " ".join(said) or "not known" in " ".join(said)
    assert outcome.comparison_sentences(row, [("the state's", rate(3.7, 4.1))]) == []


def test_modelled_rate_stands_with_interval_and_warning(county_row):
    said = outcome.modelled_sentences(county_row())
    assert said[0] == "Modelled: 4.80 per 1,000 live births (95 % interval 3.63 to 6.13)."
    assert "no observation" in said[-1]
    assert "do not rank, test, average or compare it" in said[-1]
    assert outcome.modelled_sentences(county_row(**PUBLISHED)) == []


def test_unreliable_rate_is_flagged_and_not_compared(county_row):
    row = county_row(**(PUBLISHED | {"imr_status": "published_unreliable", "infant_deaths": 14.0}))
    assert "unreliable" in outcome.outcome_sentences(row, NOT_PUBLISHED)[1]
    assert outcome.comparison_sentences(row, [("the state's", rate(3.7, 4.1))]) == []


def test_apportioned_rate_is_no_published_one(county_row):
    changes = {
        "imr_status": "apportioned",
        "imr_low": None,
        "imr_high": None,
        "infant_deaths": 307.3,
        "live_births": 65701.4,
    }
    row = county_row(**(PUBLISHED | changes))
    first, second = outcome.outcome_sentences(row, NOT_PUBLISHED)
    assert "about 307 deaths among about 65,701 live births" in first
    assert "interval" not in first
    assert "not a published rate" in second
    assert outcome.comparison_sentences(row, [("the state's", rate(3.7, 4.1))]) == []


@pytest.mark.parametrize(
    ("other", "said"), [((3.76, 4.05), "lies above"), ((5.56, 5.62), "overlaps"), ((6.0, 7.0), "lies below")]
)
def test_intervals_are_compared_and_nothing_more(county_row, other, said):
    found = outcome.comparison_sentences(county_row(**PUBLISHED), [("the state's", rate(*other))])
    assert said in found[0]
    assert "No test of these differences was made" in found[1]
    assert "significant" not in " ".join(found)


def test_rates_of_other_years_are_not_compared(county_row):
    assert (
        outcome.comparison_sentences(county_row(**PUBLISHED), [("the state's", rate(3.7, 4.1, period="2020-2022"))])
        == []
    )


def test_a_withheld_state_says_why():
    withheld = PublishedRate(
        place="HI", value=None, low=None, high=None, deaths=None, births=None, status="complementary", period="2017-2023",
        from_run=True,
    )  # fmt: skip
    assert outcome.place_rate_sentence("Hawaii", withheld) == (
        "Hawaii: withheld, since it would give a withheld county's deaths back."
    )
    assert outcome.place_rate_sentence("Puerto Rico", None) == "Puerto Rico: not stated."


def test_clusters_only_where_telling(county_row):
    assert outcome.cluster_sentences(county_row(cluster_imr="not_significant", hot_spot_imr="no_rate")) == []
    (said,) = outcome.cluster_sentences(county_row(cluster_imr="high_high"))
    assert said.endswith("high among high. A pattern among places, not a cause.")


def test_the_reason_for_another_benchmark_is_the_true_one(county_row):
    row = county_row(imr_modelled_benchmark="division")
    published = outcome.modelled_sentences(row, rate(3.7, 4.1))[1]
    assert "of its census division, since the state's counties without a published rate are too few" in published
    assert "withheld" not in published
    hidden = PublishedRate(
        place="RI", value=None, low=None, high=None, deaths=None, births=None, status="complementary",
        period="2017-2023", from_run=True,
    )  # fmt: skip
    withheld = outcome.modelled_sentences(row, hidden)[1]
    assert withheld.endswith("of its census division, since the state's own are withheld.")
    assert "are withheld, or the state's counties" in outcome.modelled_sentences(row)[1]
