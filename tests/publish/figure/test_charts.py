"""Charts of a place: published rates alone, and unknown never as none."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from matcare.contracts import SERVICES
from matcare.errors import InputError
from matcare.publish.figure import draw_figure
from matcare.publish.figure.rates_chart import rate_rows, rates_page
from matcare.publish.figure.reach_chart import access_rows, reach_page
from matcare.publish.figure.region import region_of


def _words(sheet):
    return " ".join(text.get_text() for text in sheet.axes.findobj(Text))


def _run(made, **columns):
    counties = made.state()
    for name, value in columns.items():
        counties[name] = value
    return made.run(counties, states=("ND",), title="North Dakota")


def test_a_published_rate_stands_with_its_interval(made):
    run = _run(made, imr=5.5, imr_low=3.0, imr_high=9.0, imr_status="published")
    rows = rate_rows(run, region_of(run, "38001"))
    assert [row.label for row in rows] == ["County A", "North Dakota", "United States"]
    county = run.counties.iloc[0]
    assert county["infant_deaths"] < 10
    assert rows[0].words == "5.50 (95 % interval 3.00 to 9.00)."
    assert rows[1].words == "4.99 (95 % interval 4.47 to 5.50): 370 deaths, 74,000 births."
    assert not rows[0].shaky
    assert (rows[1].rate, rows[2].low) == (4.99, 5.56)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("modelled", "No rate is published: fewer than 20 infant deaths in 2017-2023. This is not zero"),
        ("suppressed", "Suppressed: fewer than 20"),
        ("not_identified", "Not named"),
        ("not_reported", "Not reported: the source has no figure"),
    ],
)
def test_a_rate_that_is_not_published_is_words_and_no_number(made, status, said):
    run = _run(
        made,
        imr=np.nan,
        imr_low=np.nan,
        imr_high=np.nan,
        imr_status=status,
        imr_modelled=7.77,
        imr_modelled_low=4.44,
        imr_modelled_high=9.99,
    )
    region = region_of(run, "38001")
    row = rate_rows(run, region)[0]
    assert np.isnan(row.rate)
    assert row.words.startswith(said)
    sheet = rates_page(run, region)
    words = _words(sheet) + sheet.alt
    assert "no published rate" in words
    assert not any(number in words for number in ("7.77", "4.44", "9.99"))


@pytest.mark.parametrize("status", ["published_unreliable", "apportioned"])
def test_a_rate_with_a_reserve_is_hollow_and_says_so(made, status):
    run = _run(made, imr=5.5, imr_low=np.nan, imr_high=np.nan, imr_status=status)
    row = rate_rows(run, region_of(run, "38001"))[0]
    assert row.shaky
    assert "Unreliable" in row.words or "Apportioned" in row.words
    assert "Hollow" in _words(rates_page(run, region_of(run, "38001")))


def test_a_state_lists_its_published_counties_by_name(made):
    counties = made.state()
    counties["imr_status"] = ["published"] * 3 + ["modelled"] * 9
    counties.loc[3:, ["imr", "imr_low", "imr_high"]] = np.nan
    run = made.run(counties, states=("ND",), title="North Dakota")
    labels = [row.label for row in rate_rows(run, region_of(run, "ND"))]
    assert labels == ["North Dakota", "United States", "County A", "County B", "County C"]
    assert "n = 3 of 12 counties with a published rate; the others" in _words(rates_page(run, region_of(run, "ND")))


def test_rates_of_other_years_say_so(made):
    run = _run(made, outcome_period="2019-2021")
    assert rate_rows(run, region_of(run, "38001"))[1].words.endswith("Of 2017-2023.")


def test_a_place_that_reports_no_rate(nation_run):
    rows = rate_rows(nation_run, region_of(nation_run, "PR"))
    assert rows[0].words.startswith("Not reported")
    assert np.isnan(rows[0].rate)


def test_shares_are_the_runs_own_and_an_unreported_level_is_unknown(made):
    run = _run(made, minutes_neonatal_3_plus_reason="level_not_reported", minutes_neonatal_3_plus=np.nan)
    region = region_of(run, "38001")
    table = access_rows(run, "38001", region)
    assert np.isnan(table.loc["neonatal_3_plus", "share_women_within_60"])
    assert np.isnan(access_rows(run, "ND", region).loc["neonatal_3_plus", "share_women_within_90"])
    own = run.access("38001").loc["birth_care", "share_women_within_60"]
    assert table.loc["birth_care", "share_women_within_60"] == own
    words = _words(reach_page(run, region))
    assert words.count("no level reported") == 6
    assert "United States: the default scenario" in words


def test_bars_are_as_long_as_their_shares(made):
    run = _run(made)
    sheet = reach_page(run, region_of(run, "ND"))
    bars = [patch for patch in sheet.axes.findobj(PathPatch) if to_hex(patch.get_facecolor()) == "#16324f"]
    rooms = [patch for patch in sheet.axes.findobj(PathPatch) if to_hex(patch.get_facecolor()) == "#f1f3f5"]
    whole = {round(room.get_path().get_extents().width, 6) for room in rooms}
    assert len(whole) == 1
    drawn = sorted(bar.get_path().get_extents().width / whole.copy().pop() for bar in bars)
    table = run.access("ND")
    shares = sorted(table[f"share_women_within_{limit}"].loc[service] for service in SERVICES for limit in (30, 60, 90))
    assert drawn == pytest.approx([share for share in shares if share > 0], abs=1e-6)
    assert 0 < shares[0] < shares[-1] < 1


def test_the_caption_says_whether_the_countys_own_rate_is_there(made):
    def words(status, rate=5.5):
        run = _run(made, imr=rate, imr_status=status, infant_deaths=30.0, live_births=5400.0)
        return _words(rates_page(run, region_of(run, "38001")))

    published = words("published")
    assert "n = 1 county with a published rate" in published
    assert ": 30 deaths, 5,400 births." in published
    assert "A dot (county) or square (state, nation)" in published
    hidden = words("modelled", np.nan)
    assert "n = 0: the county’s own rate is not published" in hidden
    assert "n = 1" not in hidden
    unreliable = words("published_unreliable")
    assert unreliable.index("Unreliable: under 20") < unreliable.index("30 deaths")
    apportioned = words("apportioned")
    assert "n = 1 county with an apportioned rate" in apportioned
    assert "30 deaths" not in apportioned


def test_apportioned_rates_are_not_counted_as_published(made):
    counties = made.state()
    counties["imr_status"] = ["published"] * 3 + ["apportioned"] * 9
    run = made.run(counties, states=("ND",), title="North Dakota")
    words = _words(rates_page(run, region_of(run, "ND")))
    assert "n = 3 of 12 counties with a published rate, 9 with an apportioned one." in words


def test_one_rate_of_the_nation_is_no_chart(nation_run, tmp_path):
    with pytest.raises(
        InputError, match=r"chart-outcome of the nation would be one rate; give --place a state"
    ) as said:
        draw_figure(nation_run, ["class", "chart-outcome"], place="US", dpi=72, folder=tmp_path)
    assert "\n" not in str(said.value)
    assert list(tmp_path.iterdir()) == []


def test_the_longest_words_of_a_row_are_not_cut(made):
    counties = made.state()
    counties["imr_status"], counties["infant_deaths"], counties["live_births"] = "published", 300.0, 60000.0
    run = made.run(counties, states=("ND",), title="North Dakota")
    rows = rate_rows(run, region_of(run, "ND"))
    assert rows[1].words.endswith("145,000 deaths, 26,000,000 births.")
    assert "26,000,000 births." in _words(rates_page(run, region_of(run, "ND")))
