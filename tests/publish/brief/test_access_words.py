"""Sentences on access: the right form for none, one and all, and never a claim that rounding made."""

from __future__ import annotations

import pytest

from matcare.publish.brief import access_words as access
from matcare.publish.brief import class_words as classed
from matcare.publish.brief.grant_words import grant_facts
from matcare.publish.brief.state import place_headline
from matcare.publish.brief.units import closure_sentence
from matcare.publish.brief.words import (
    SPACE,
    about,
    at_most,
    births,
    count,
    home_word,
    percent,
    percent_words,
    place_words,
)


def plain(text):
    return text.replace(SPACE, " ")


def test_headline_says_reach_mean_and_range(county_row):
    assert plain(access.headline(county_row(), "Williams County, North Dakota")) == (
        "In Williams County, North Dakota, 88 % of the 7,918 women aged 15-44 live within 30 minutes of a hospital with birth "
        "care; the mean drive is 13 minutes (model range 12 to 17)."
    )


@pytest.mark.parametrize(
    ("share", "women", "said"),
    [
        (0.0, 4.0, "none of the 4 women aged 15-44 lives"),
        (1.0, 4746.0, "all 4,746 women aged 15-44 live"),
        (0.996, 900.0, "over 99 % of the 900 women aged 15-44 live"),
        (0.003, 900.0, "under 1 % of the 900 women aged 15-44 live"),
        (1.0, 1.0, "the one woman aged 15-44 lives"),
        (0.0, 1.0, "the one woman aged 15-44 does not live"),
    ],
)
def test_headline_counts_none_one_and_all(county_row, share, women, said):
    row = county_row(share_women_within_30_birth_care=share, women_15_44=women)
    assert said in plain(access.headline(row, "X"))


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("no_road_access", "no road within 30 km"),
        ("unreachable", "no road route to such a unit"),
        ("ferry_or_air_only", "reached by ferry or plane only"),
        ("beyond_limit", "beyond the search limit"),
    ],
)
def test_withheld_mean_is_said_with_its_reason(county_row, reason, said):
    row = county_row(
        minutes_birth_care=None, minutes_birth_care_reason=reason, share_women_without_minutes_birth_care=0.5321,
        share_women_within_30_birth_care=0.3389, minutes_birth_care_p05=None, minutes_birth_care_p95=None,
    )  # fmt: skip
    text = plain(access.headline(row, "Bethel Census Area, Alaska"))
    assert said in text
    assert "53 % of the women cannot be given a drive" in text
    assert "so no mean drive is stated" in text
    assert "the mean drive" not in text


def test_nobody_with_minutes_reads_well(county_row):
    row = county_row(
        minutes_birth_care=None, minutes_birth_care_reason="unreachable", share_women_without_minutes_birth_care=1.0,
        share_women_within_30_birth_care=0.0,
    )  # fmt: skip
    assert "No woman can be given a drive (mostly: no road route to such a unit)" in access.headline(row, "X")


def test_county_without_women_is_not_divided(county_row):
    row = county_row(women_15_44=None, minutes_birth_care=None, minutes_birth_care_reason="no_demand_points")
    assert (
        access.headline(row, "X")
        == "In X, drive times to birth care cannot be stated: nobody lives there, by the census."
    )


def test_a_mean_over_some_says_whose(county_row):
    assert "the mean drive of those who can be given one is" in access.headline(
        county_row(share_women_without_minutes_birth_care=0.0004), "X"
    )


def test_no_range_where_nothing_was_drawn(county_row):
    row = county_row(certainty_status="not_drawn")
    assert "model range" not in access.headline(row, "X")
    assert "was not drawn" in classed.certainty_sentences(row)[0]


def test_class_that_a_missing_input_leaves_open(county_row):
    row = county_row(
        march_of_dimes_class="low_or_moderate", march_of_dimes_reason="low or moderate: women uninsured not reported",
        march_of_dimes_class_corroborated="desert",
    )  # fmt: skip
    first, second = classed.class_sentences(row)
    assert "its class cannot be decided (low or moderate): women uninsured not reported." in first
    assert second.endswith("the class would be maternity care desert.")


def test_unreported_levels_are_unknown_and_not_zero(county_row):
    row = county_row(
        share_women_within_60_neonatal_3_plus=None, share_women_within_60_neonatal_3_plus_one_lower=None,
        minutes_neonatal_3_plus_reason="level_not_reported",
    )  # fmt: skip
    (text,) = access.right_level_sentences(row, "Puerto Rico")
    assert "is not known" in text
    assert "none of" not in text.lower()
    assert "all women aged 15-44 would live" in text  # the upper bound, named as one
    assert "If every NICU of unknown level were level III" in text


def test_bounds_stand_beside_the_share(county_row):
    text = plain(access.right_level_sentences(county_row(), "North Dakota")[0])
    assert text.startswith(
        "None of the women aged 15-44 lives within 60 minutes of a neonatal unit of reported level III or IV"
    )
    assert "at least 0 %, if every level not from the state itself is one too high; at most 100 %" in text


def test_second_unit(county_row):
    assert plain(" ".join(access.backup_sentences(county_row()))) == (
        "The second-nearest birth care is 62 minutes away on average, 49 minutes more than the nearest. 23 % of the women have "
        "one unit within 60 minutes and no second."
    )
    none = county_row(minutes_second_birth_care=None, minutes_second_birth_care_reason="no_second_unit")
    assert "most women can reach one unit and no other" in access.backup_sentences(none)[0]


def test_definitions_in_the_right_number(county_row):
    assert access.definitions_sentence(county_row()).startswith("None of the three")
    assert " calls it one" in access.definitions_sentence(county_row(desert_definitions_met=1))
    assert (
        "2 of the three definitions of a desert compared here call it one; 1 is undecided"
        in access.definitions_sentence(county_row(desert_definitions_met=2, desert_definitions_unknown=1))
    )


def test_grant_fields_say_what_was_not_supplied(county_row):
    facts = dict(grant_facts(county_row()))
    assert facts["Rural-Urban Continuum Code 2023"] == "nonmetropolitan (code 5)"
    assert facts["Primary care shortage area (HPSA)"] == "not reported: no list was supplied"
    given = dict(
        grant_facts(
            county_row(mcta_status="reported", mcta_score=17.0, hpsa_primary_care="whole_county", hpsa_score=14.0)
        )
    )
    assert given["Maternity Care Target Area score"] == "17 of 25"
    assert given["Primary care shortage area (HPSA)"] == "whole county, highest score 14"


def test_care_in_another_state(county_row):
    assert access.border_sentence(county_row()) is None
    row = county_row(share_women_nearest_birth_care_out_of_state=1.0, minutes_birth_care_in_state=None)
    assert access.border_sentence(row).startswith(
        "For all women the nearest birth care is in another state; within the state alone"
    )


def test_comparison_says_which_figures_are_the_defaults():
    nation = {"share_women_within_30": 0.9473, "minutes": 13.67}
    text = access.comparison_sentence([("the state", None, False), ("the nation", nation, True)])
    assert plain(text).endswith(
        "95 % in the nation, mean drive 14 minutes. The figures for the nation are of the default scenario."
    )
    assert access.comparison_sentence([("the nation", None, False)]) is None


@pytest.mark.parametrize("share", [0.9951, 0.9999, 0.99996])
def test_nearly_all_is_never_all(share):
    assert percent(share) == f">99{SPACE}%"
    assert percent_words(share) == f"over 99{SPACE}%"


@pytest.mark.parametrize("share", [0.0001, 0.0049])
def test_nearly_none_is_never_none(share):
    assert percent(share) == f"<1{SPACE}%"
    assert percent_words(share) == f"under 1{SPACE}%"


def test_births_below_ten_are_not_said():
    assert births(0.333, "census_estimate") == "fewer than 10 estimated births a year"
    assert count(1, "county", "counties") == "1 county"


DOUBTFUL = {
    "march_of_dimes_class": "low", "march_of_dimes_class_corroborated": "low", "p_march_of_dimes_desert": 0.0,
    "p_march_of_dimes_low": 0.14, "p_march_of_dimes_moderate": 0.0, "p_march_of_dimes_full": 0.86,
    "p_march_of_dimes_undetermined": 0.0,
}  # fmt: skip


def test_a_class_that_the_draws_do_not_favour_is_doubted_at_once(county_row):
    (caution,) = map(plain, classed.caution_sentences(county_row(**DOUBTFUL)))
    assert caution.startswith("The class below is doubtful")
    assert "the most frequent class is full access, in 86 % of draws (low access in 14 % of draws)" in caution
    said = plain(classed.certainty_sentences(county_row(**DOUBTFUL))[0])
    assert "most often as full access in 86 % of draws; as low access in 14 % of draws" in said


def test_a_class_that_the_draws_favour_is_not_doubted(county_row):
    assert classed.caution_sentences(county_row()) == []
    assert "comes out as full access in every draw." in classed.certainty_sentences(county_row())[0]
    tied = county_row(**(DOUBTFUL | {"p_march_of_dimes_low": 0.5, "p_march_of_dimes_full": 0.5}))
    assert classed.caution_sentences(tied) == []
    assert classed.caution_sentences(county_row(**(DOUBTFUL | {"certainty_status": "not_drawn"}))) == []


def test_an_undecided_class_names_what_most_draws_give(county_row):
    row = county_row(**(DOUBTFUL | {"march_of_dimes_class": "low_or_moderate", "p_march_of_dimes_undetermined": 0.955}))
    assert "left open" in classed.caution_sentences(row)[0]
    assert "the most frequent class is not decided" in classed.caution_sentences(row)[0]


def test_a_class_without_any_unit_is_classed_and_not_had(county_row):
    row = county_row(
        birth_hospitals=0, birth_centers=0, obgyns=1.0, midwives=0.0,
        march_of_dimes_reason="full: 240.0 clinicians per 10,000 births (60 or more); no birth hospitals, no birth centers",
    )  # fmt: skip
    assert classed.class_sentences(row) == [
        (
            "By the March of Dimes rule it is classed “full access”, on 1 obstetric clinician listed: 240.0 clinicians per "
            "10,000 births (60 or more). It has no birth hospital and no birth center."
        )
    ]
    served = classed.class_sentences(county_row(birth_hospitals=1, birth_centers=0, obgyns=6.0, midwives=1.0))[0]
    assert "it has full access" in served
    assert served.endswith("; 7 obstetric clinicians listed.")


@pytest.mark.parametrize(("share", "said"), [(0.49, ""), (0.5, "50 % of the women"), (1.0, "for all women")])
def test_minutes_over_no_road_are_doubted_below_the_headline(county_row, share, said):
    found = " ".join(map(plain, classed.caution_sentences(county_row(share_women_long_direct_leg_birth_care=share))))
    assert said in found
    assert bool(found) == bool(said)
    if said:
        assert "straight line of over 8 km" in found


def test_a_closure_says_whose_women(county_row):
    loss = {"facility_name": "MOLOKAI", "women_newly_without_minutes": 0.0, "minutes_added": None}
    assert plain(closure_sentence(loss | {"women_newly_beyond_60": 1291.0})) == (
        "Without MOLOKAI, 1,291 women of all counties would be newly beyond 60 minutes of birth care."
    )
    assert "no woman of any county would be" in closure_sentence(loss | {"women_newly_beyond_60": 0.0})


def test_no_bound_that_bounds_nothing(county_row):
    row = county_row(
        share_women_within_60_neonatal_3_plus=0.4, share_women_within_60_neonatal_3_plus_one_lower=0.001,
        share_women_within_60_neonatal_3_plus_unknown_count=0.999,
    )  # fmt: skip
    text = plain(access.right_level_sentences(row, "X")[0])
    assert "(under 1 %, if every level" in text
    assert "; over 99 %, if NICUs of unknown level count)" in text
    assert "at most" not in text
    assert "<" not in text
    assert plain(at_most(0.4, 0.999)) == " (over 99 %, if NICUs of unknown level count)"


def test_estimates_have_no_more_figures_than_they_bear():
    assert [about(number) for number in (50354.2, 742.0, 98.0, 99.7, 9.6, 0.2)] == [
        "50,000",
        "740",
        "98",
        "100",
        "10",
        "0",
    ]


def test_whose_mean_it_is_reads_as_a_share():
    found = {"women_15_44": 9e5, "minutes": 14.0, "share_women_within_30": 0.9, "share_women_without_minutes": 0.0004}
    assert "of those who can be given one (over 99 %) is 14 minutes" in plain(place_headline("X", found))


def test_places_have_their_own_words():
    assert [place_words(state).many for state in ("PR", "CT", "LA", "ND")] == [
        "municipios", "planning regions", "parishes", "counties",
    ]  # fmt: skip
    assert place_words("PR").state == "territory"
    assert home_word("Bethel Census Area", "AK") == "census area"
