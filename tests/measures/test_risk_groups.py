"""Levels under each reading, campuses, and very-low-birthweight births against refits and made counties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcare.contracts.risk_appropriate import READINGS
from matcare.errors import InputError
from matcare.measures.risk_groups import (
    CARES,
    LEAST_EXPECTED,
    capabilities,
    check_region,
    high_risk_births,
    sites_of,
    states_without_levels,
)
from matcare.tables.facilities import service_flags

TIERS = ("corroborated", "likely", "claimed")


def some_facilities(**columns):
    """One hospital of every kind that matters; columns may be changed."""
    frame = pd.DataFrame(
        {
            "facility_id": list("abcdefghij"),
            "kind": ["hospital"] * 7 + ["childrens_hospital", "birth_center", "hospital"],
            "status": ["open"] * 9 + ["closed"],
            "obstetric_evidence": ["corroborated"] * 7 + ["none", "birth_center", "corroborated"],
            "neonatal_level": ["I", "II", "III", "IV", "III", None, None, "IV", None, "IV"],
            "level_source": ["reported", "reported", "modelled", "reported", "state", "none", "none", "state", "none", "reported"],
            "nicu": ["no_evidence", "no_evidence", "yes", "yes", "yes", "yes", "unknown", "yes", "yes", "yes"],
            "same_site_as": [None] * 10,
            "cms_active": "yes",
            "correction": "none",
            "level_query": [None, "matched by hand", "", "IV under 200 beds", None, None, None, None, None, None],
        }
    ).assign(**columns)  # fmt: skip
    return service_flags(frame, birth_care_tiers=TIERS)


def test_each_reading_of_the_levels():
    read = {reading: capabilities(some_facilities(), reading=reading).neonatal.tolist() for reading in READINGS}
    assert read["estimate"] == [1, 2, 3, 4, 3, 0, 0, 4, 0, 0]
    assert read["one_lower"] == [0, 1, 2, 3, 3, 0, 0, 4, 0, 0]  # the state's own levels stay
    assert read["without_queried"] == [1, 0, 3, 0, 3, 0, 0, 4, 0, 0]  # an empty query is none
    assert read["unknown_count"] == [1, 2, 3, 4, 3, 3, 0, 4, 0, 0]  # a birth center and a closed unit never count
    assert capabilities(some_facilities()).maternal.tolist() == [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]


def test_levels_agree_with_the_services_that_facilities_count_for(snapshot):
    facilities = service_flags(snapshot.facilities, birth_care_tiers=TIERS)
    estimate, widest = (capabilities(facilities, reading=reading) for reading in ("estimate", "unknown_count"))
    for able, least, service in (
        (estimate, 2, "neonatal_2_plus"),
        (estimate, 3, "neonatal_3_plus"),
        (widest, 3, "neonatal_3_plus_or_nicu"),
    ):
        assert (able.units(neonatal=least) == facilities[f"counts_{service}"]).all()
    assert (estimate.units(maternal=1) == facilities["counts_birth_care"]).all()
    assert not estimate.maternal_reported
    assert not widest.units(maternal=2).any()  # nothing is made up where no maternal level is known


def test_readings_are_nested():
    low, middle, high = (
        capabilities(some_facilities(), reading=name) for name in ("one_lower", "estimate", "unknown_count")
    )
    assert (low.neonatal <= middle.neonatal).all()
    assert (middle.neonatal <= high.neonatal).all()
    assert (low.neonatal < middle.neonatal).any()
    queried = capabilities(some_facilities(), reading="without_queried").neonatal
    assert (queried <= middle.neonatal).all()
    assert (queried < low.neonatal).any()  # in no order with the other lower bound
    assert (low.neonatal < queried).any()
    assert (middle.neonatal < high.neonatal).any()


def test_a_users_maternal_levels_count_for_birth_hospitals():
    levels = ["IV", None, "III", "II", None, "I", "III", "IV", "III", "IV"]
    facilities = some_facilities(maternal_level=levels)
    estimate = capabilities(facilities)
    assert estimate.maternal_reported
    assert estimate.maternal.tolist() == [4, 1, 3, 2, 1, 1, 3, 0, 0, 0]
    assert capabilities(facilities, reading="one_lower").maternal.tolist() == estimate.maternal.tolist()
    assert capabilities(facilities, reading="unknown_count").maternal.tolist() == [4, 3, 3, 2, 3, 1, 3, 0, 0, 0]
    assert not capabilities(some_facilities(maternal_level=[None] * 10)).maternal_reported


def test_words_that_are_no_level_or_no_reading_are_refused():
    with pytest.raises(
        InputError, match=r"row 3 \(c\), column 'maternal_level': '3' is not understood; give I, II, III or IV"
    ):
        capabilities(some_facilities(maternal_level=["I", None, "3", *[None] * 7]))
    with pytest.raises(
        InputError,
        match="unknown reading of levels 'worst': one of estimate, one_lower, without_queried, unknown_count",
    ):
        capabilities(some_facilities(), reading="worst")


def test_a_region_names_states_that_are_here():
    counties = pd.DataFrame({"state": ["ND", "SD"]})
    check_region(None, counties)
    check_region({"ND"}, counties)
    with pytest.raises(InputError, match="no county of 'MN' is here"):
        check_region({"ND", "MN"}, counties)
    with pytest.raises(InputError, match="names no state"):
        check_region(set(), counties)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 9)), max_size=8))
def test_campuses_are_what_names_chain_together(named):
    others = [[] for _ in range(8)]
    for here, there in named:
        others[here].append(f"h{there}")  # h8 and h9 are in no row
    frame = pd.DataFrame(
        {"facility_id": [f"h{k}" for k in range(8)], "same_site_as": [" ".join(o) or None for o in others]}
    )
    campus = list(range(8))  # the plainest way: join two campuses whenever one names the other, until nothing changes
    for _ in range(8):
        for here, there in named:
            if there < 8:
                least = min(campus[here], campus[there])
                campus = [least if part in (campus[here], campus[there]) else part for part in campus]
    site = sites_of(frame)
    assert [[a == b for b in site] for a in site] == [[a == b for b in campus] for a in campus]


def test_a_campus_lends_its_neonatal_level_to_its_birth_hospital():
    facilities = some_facilities(same_site_as=["h", None, None, None, None, None, None, "a", None, None])
    able = capabilities(facilities)
    assert able.site[0] == able.site[7]
    assert not able.units(maternal=1, neonatal=4)[0]
    assert able.sites(maternal=1, neonatal=4).tolist() == [*[False] * 3, True, *[False] * 3, True, False, False]
    apart = capabilities(some_facilities())
    assert (apart.sites(maternal=1, neonatal=3) == apart.units(maternal=1, neonatal=3)).all()


def test_a_state_is_without_levels_when_none_of_its_open_hospitals_has_one():
    states = ["AA"] * 5 + ["BB", "BB", "CC", "DD", "EE"]
    facilities = some_facilities(state=states)
    # BB has hospitals and no level; CC a level; DD a birth center alone; EE nothing open.
    assert states_without_levels(facilities) == {"BB"}
    assert states_without_levels(facilities.assign(neonatal_level=None)) == {"AA", "BB", "CC"}
    assert states_without_levels(facilities.assign(neonatal_level="II")) == frozenset()
    reopened = facilities.assign(status="open", neonatal_level=None)
    assert states_without_levels(reopened) == {"AA", "BB", "CC", "EE"}


def test_in_the_nation_puerto_rico_alone_is_without_levels(snapshot):
    assert states_without_levels(service_flags(snapshot.facilities.assign(status="open"), birth_care_tiers=TIERS)) == {
        "PR"
    }


def test_birth_care_alone_has_one_reading():
    assert {care.readings for care in CARES if care.risk_group == "low"} == {("estimate",)}
    assert {care.readings for care in CARES if care.risk_group != "low"} == {tuple(READINGS)}


# Very-low-birthweight births


def made_counties(count=200, seed=0, *, largest=20_000, intercept=-0.004, slope=0.2):
    """Counties whose very-low share follows a line, published where ten or more are born a year, as the source is."""
    rng = np.random.default_rng(seed)
    births = np.round(np.exp(rng.uniform(np.log(60), np.log(largest), count)))
    low = rng.uniform(0.06, 0.13, count)
    number = rng.poisson((intercept + slope * low) * births)
    fips = [f"{38000 + k:05d}" for k in range(count)]
    published = number >= 10
    counties = pd.DataFrame({"county_fips": fips, "share_low_birthweight": low, "births_per_year": births})
    indicators = pd.DataFrame(
        {
            "county_fips": fips,
            "share_very_low_birthweight": np.where(published, number / births, np.nan),
            "share_very_low_birthweight_status": np.where(published, "reported", "suppressed"),
            "share_low_birthweight_7_years": low + 0.001,
        }
    )
    return counties, indicators


def fitted(counties, indicators):
    """Rows that the line may use, by the words of the docstring."""
    v, low, b = indicators["share_very_low_birthweight"], counties["share_low_birthweight"], counties["births_per_year"]
    known = v.notna()
    ratio = (v * b)[known].sum() / (low * b)[known].sum()
    use = known & (ratio * low * b >= LEAST_EXPECTED)
    return low[use].to_numpy(), v[use].to_numpy(), b[use].to_numpy()


def test_the_line_is_the_weighted_least_squares_one():
    low, v, b = fitted(*made_counties())
    fit = high_risk_births(*made_counties()).fit
    slope, intercept = np.polyfit(low, v, 1, w=np.sqrt(b))
    assert (fit.slope, fit.intercept) == (pytest.approx(slope), pytest.approx(intercept))
    assert fit.counties == len(v)
    assert fit.mean_share == pytest.approx((v * b).sum() / b.sum())


def test_the_error_is_that_of_lines_fitted_without_each_county():
    low, v, b = fitted(*made_counties())
    errors = []
    for k in range(len(v)):
        rest = np.arange(len(v)) != k
        errors.append(v[k] - np.polyval(np.polyfit(low[rest], v[rest], 1, w=np.sqrt(b[rest])), low[k]))
    rmse = np.sqrt((b * np.square(errors)).sum() / b.sum())
    assert high_risk_births(*made_counties()).fit.leave_one_out_rmse == pytest.approx(rmse)


def test_publication_of_ten_or_more_does_not_bend_the_line():
    """A line through all published counties is bent up where they are small; ours is nearer to how the births fell."""
    ours, naive = [], []
    for seed in range(12):
        counties, indicators = made_counties(600, seed, largest=5000)
        v, low = indicators["share_very_low_birthweight"].to_numpy(), counties["share_low_birthweight"].to_numpy()
        known = np.isfinite(v)
        small = ~known
        fit = high_risk_births(counties, indicators).fit
        slope, intercept = np.polyfit(low[known], v[known], 1)
        truth = -0.004 + 0.2 * low[small]
        ours.append(np.mean(fit.intercept + fit.slope * low[small] - truth))
        naive.append(np.mean(intercept + slope * low[small] - truth))
    assert np.mean(naive) > 0.0005  # of a share of about 0.015
    assert abs(np.mean(ours)) < np.mean(naive) / 5


def test_where_a_share_comes_from():
    counties, indicators = made_counties()
    missing = indicators.index[indicators["share_very_low_birthweight"].isna()][:3]
    counties.loc[missing[:2], "share_low_birthweight"] = np.nan
    indicators.loc[missing[1], "share_low_birthweight_7_years"] = np.nan
    found = high_risk_births(counties, indicators)
    table, fit = found.table.set_index(counties.index), found.fit
    share, status = table["share_very_low_birthweight"], table["share_very_low_birthweight_status"]
    published = indicators["share_very_low_birthweight"].notna()
    assert (share[published] == indicators["share_very_low_birthweight"][published]).all()
    assert (status[published] == "reported").all()
    seven, three = (
        indicators.loc[missing[0], "share_low_birthweight_7_years"],
        counties.loc[missing[2], "share_low_birthweight"],
    )
    assert share[missing[0]] == pytest.approx(fit.intercept + fit.slope * seven)
    assert share[missing[2]] == pytest.approx(fit.intercept + fit.slope * three)
    assert status[missing].tolist() == ["estimated", "not_reported", "estimated"]
    assert np.isnan(share[missing[1]])
    assert table.loc[missing[1], "births_high_risk_status"] == "not_reported"


def test_no_number_below_ten_and_none_that_the_publisher_masks():
    counties, indicators = made_counties()
    table = high_risk_births(counties, indicators).table
    number, status = table["births_high_risk_per_year"], table["births_high_risk_status"]
    masked = indicators["share_very_low_birthweight_status"] == "suppressed"
    product = table["share_very_low_birthweight"] * counties["births_per_year"]
    assert (masked & (product >= 10)).any()  # the estimate would say ten or more where the publisher says fewer
    assert number[masked].isna().all()
    assert (number.dropna() >= 10).all()
    assert number[status == "given"].tolist() == product[status == "given"].tolist()
    assert (status[masked] == "small_count").all()
    indicators["share_very_low_birthweight_status"] = "not_reported"
    unmasked = high_risk_births(counties, indicators).table["births_high_risk_per_year"]
    assert unmasked.notna().tolist() == (product >= 10).tolist()


def test_an_estimate_is_a_share_of_the_low_birthweight_births():
    counties, indicators = made_counties()
    nowhere = indicators.index[indicators["share_very_low_birthweight"].isna()][:2]
    counties.loc[nowhere, "share_low_birthweight"] = [0.001, 0.0]
    share = high_risk_births(counties, indicators).table["share_very_low_birthweight"]
    assert share[nowhere].tolist() == [0, 0]


def test_without_enough_counties_nothing_is_estimated():
    counties, indicators = made_counties(30)
    found = high_risk_births(counties, indicators)
    assert found.fit is None
    assert set(found.table["share_very_low_birthweight_status"]) == {"reported", "not_reported"}
    nothing = indicators.assign(share_very_low_birthweight=np.nan)
    assert high_risk_births(counties, nothing).table["share_very_low_birthweight"].isna().all()


def test_the_nation_has_about_the_share_that_is_known(snapshot):
    """Some 1.4 % of births in the United States are of very low birthweight (from memory, so the band is wide)."""
    found = high_risk_births(snapshot.counties, snapshot.county_indicators)
    births = snapshot.counties["births_per_year"].to_numpy()
    share = found.table["share_very_low_birthweight"].to_numpy()
    known = np.isfinite(share)
    assert 0.0130 < (share * births)[known].sum() / births[known].sum() < 0.0142
    assert births[known].sum() > 0.99 * births.sum()
    assert found.table["births_high_risk_per_year"].min() >= 10
    assert found.fit.leave_one_out_rmse < 0.15 * found.fit.mean_share
