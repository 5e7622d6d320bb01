"""A CDC WONDER export as the site saves it, and every way in which one can be wrong, each said in one line."""

import gzip
import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcare.errors import InputError
from matcare.sources.cdc import read_births_by_payer
from matcare.sources.wonder import read_wonder
from matcare.sources.wonder_labels import group_of_race, race_standard, refuse_two_standards

SPEC = importlib.util.spec_from_file_location("made_wonder", Path(__file__).parents[1] / "made_wonder.py")
made = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(made)

place = made.place


def refused(path, *parts):
    with pytest.raises(InputError) as error:
        read_wonder(path)
    text = str(error.value)
    assert "\n" not in text
    for part in (path.name, *parts):
        assert part in text, text
    return text


def rewritten(path, old, new):
    text = path.read_bytes().decode()
    assert old in text, "the change must change something"
    path.write_bytes(text.replace(old, new).encode())
    return path


# What a whole export says.


def test_linked_counties(tmp_path):
    export = read_wonder(made.counties(tmp_path / "c.txt"))
    assert (export.kind, export.level, export.years, export.by_year) == (
        "linked",
        "county",
        (2018, 2019, 2020, 2021, 2022),
        False,
    )
    frame = export.frame.set_index("code")
    assert frame.loc["39035", ["deaths", "births"]].tolist() == [520, 70000]
    assert frame.loc["39095", ["deaths", "deaths_status"]].tolist() == [15, "given"], (
        "Unreliable is said of the rate, not of the count"
    )
    assert pd.isna(frame.loc["20173", "deaths"])
    assert frame.loc["20173", ["deaths_status", "births", "births_status"]].tolist() == ["suppressed", 34000, "given"]
    assert frame["level"].value_counts().to_dict() == {"county": 6, "unidentified": 3}
    assert frame.index[frame["level"] == "unidentified"].tolist() == ["10999", "20999", "39999"]
    assert export.notes == ()
    assert export.shows_suppressed
    assert not export.shows_zeros


def test_what_the_notes_below_say(tmp_path):
    export = read_wonder(
        made.counties(
            tmp_path / "c.txt", show=("True", "False"), parameters={"States": "Delaware (10); Kansas (20); Ohio (39)"}
        )
    )
    footer = export.footer
    assert footer.dataset == "Linked Birth / Infant Death Records, 2007-2022"
    assert footer.query_date == "Nov 2, 2026 9:15:07 AM"
    assert footer.citation.endswith("Accessed at http://wonder.cdc.gov/lbd-current.html on Nov 2, 2026 9:15:07 AM"), (
        "wrapped lines are one text"
    )
    assert footer.parameters["Group By"] == "County of Residence"
    assert footer.places == "Delaware (10); Kansas (20); Ohio (39)"
    assert footer.filters == {}
    assert len(footer.caveats) == 2
    assert export.shows_zeros


def test_a_long_parameter_is_one_text_and_a_filter_is_known(tmp_path):
    ages = "; ".join(f"{number}-{number + 1} days" for number in range(60))
    footer = read_wonder(
        made.counties(tmp_path / "c.txt", parameters={"Title": "mine", "Age of Infant at Death": ages})
    ).footer
    assert footer.filters == {"Age of Infant at Death": ages}


def test_counties_that_were_asked_for(tmp_path):
    path = made.counties(
        tmp_path / "c.txt", parameters={"States": "Cuyahoga County, OH (39035); Franklin County, OH (39049)"}
    )
    assert read_wonder(path).footer.counties_asked == {"39035", "39049"}


@pytest.mark.parametrize(
    ("dataset", "first", "last"),
    [
        ("Linked Birth / Infant Death Records, 2007-2022", 2007, 2022),
        ("Linked Birth / Infant Death Records, 2017-2023 Expanded", 2017, 2023),
        ("Linked Birth / Infant Death Records, 2003-2006", 2003, 2006),
        ("Linked Birth / Infant Death Records, 1995-98", 1995, 1998),
    ],
)
def test_all_years_of_the_data_set_when_none_were_chosen(tmp_path, dataset, first, last):
    assert read_wonder(made.counties(tmp_path / "c.txt", dataset=dataset, years=None)).years == tuple(
        range(first, last + 1)
    )


def test_years_as_rows(tmp_path):
    rows = [["Ohio", "39", year, year, 800 + year - 2018, 135000] for year in (2018, 2019)]
    export = read_wonder(
        made.export(
            tmp_path / "s.txt", ["State", "Year of Death"], rows, measures=["Deaths", "Births"], years="2018; 2019"
        )
    )
    assert (export.level, export.by_year, export.years) == ("state", True, (2018, 2019))
    assert export.frame[["code", "year", "deaths"]].to_numpy().tolist() == [["39", 2018, 800], ["39", 2019, 801]]


def test_the_nation(tmp_path):
    rows = [["2021", "2021", 19928, 3664292, "5.44"], ["2022", "2022", 20577, 3667758, "5.61"]]
    export = read_wonder(made.export(tmp_path / "n.txt", ["Year of Death"], rows, years="2021; 2022"))
    assert (export.level, export.frame["code"].tolist()) == ("nation", ["00", "00"])
    assert export.frame["deaths"].tolist() == [19928, 20577]


def test_natality_has_no_deaths(tmp_path):
    path = made.export(
        tmp_path / "b.csv",
        ["County of Residence"],
        [["Cass County, ND", "38017", 12000]],
        measures=["Births"],
        dataset=made.NATALITY,
        delimiter=",",
        years="2019; 2020",
    )
    export = read_wonder(path)
    assert (export.kind, export.years) == ("natality", (2019, 2020))
    assert export.frame[["births", "deaths_status"]].iloc[0].tolist() == [12000, "not_in_file"]


def test_the_sites_own_commas(shared):
    """A real file: what is read adds up to what the reader of payers, written apart from this one, makes of it."""
    path = shared / "state" / "wonder_natality_payment_state_2019_2024.csv.gz"
    export = read_wonder(path)
    assert (export.kind, export.level, export.years) == ("natality", "state", (2019, 2020, 2021, 2022, 2023, 2024))
    assert export.groups == ("source_of_payment_for_delivery", "delivery_method", "maternal_morbidity_checked")
    assert export.footer.shows("Suppressed") is False
    assert export.footer.query_date == "Jul 15, 2026 12:37:01 AM"
    ours = export.frame.groupby("year")["births"].sum()
    assert ours.to_dict() == read_births_by_payer(path).groupby("year")["births"].sum().to_dict()
    assert len(export.frame) == 5593


@pytest.mark.parametrize("form", ["comma", "gzip", "bom", "spreadsheet"])
def test_other_forms_of_the_same(tmp_path, form):
    plain = read_wonder(made.counties(tmp_path / "c.txt")).frame
    path = made.counties(tmp_path / "other.txt", delimiter="," if form in ("comma", "spreadsheet") else "\t")
    if form == "gzip":
        path.write_bytes(gzip.compress(path.read_bytes()))
    elif form == "bom":
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    elif form == "spreadsheet":  # a spreadsheet fills the rows of the notes with delimiters
        path.write_text(
            "\n".join(
                line + ",,,,," if line.startswith('"') and "County of" not in line else line
                for line in path.read_text().splitlines()
            )
        )
    pd.testing.assert_frame_equal(read_wonder(path).frame, plain)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.lists(st.tuples(st.integers(0, 400), st.integers(400, 90_000)), min_size=1, max_size=12),
    delimiter=st.sampled_from(["\t", ","]),
)
def test_counts_come_through_and_none_of_1_to_9(tmp_path, counts, delimiter):
    rows = [
        place(f"County {number}, OH", f"39{2 * number + 1:03d}", deaths, births)
        for number, (deaths, births) in enumerate(counts)
    ]
    frame = read_wonder(made.counties(tmp_path / "c.txt", rows, delimiter=delimiter)).frame
    assert not frame[["deaths", "births"]].isin(range(1, 10)).any(axis=None)
    for (deaths, births), row in zip(counts, frame.itertuples(), strict=True):
        assert row.births == births
        assert (row.deaths == deaths and row.deaths_status == "given") or (
            1 <= deaths <= 9 and row.deaths_status == "suppressed"
        )


# Repaired where it is certain, and said.


def test_totals_are_left_out_and_said(tmp_path):
    rows = [
        ["Ohio", "39", "Cuyahoga County, OH", "39035", 520, 70000],
        ["Ohio", "39", "Unidentified Counties, OH", "39999", 2900, 460000],
        ["Total", "Ohio", "39", "", "", 3420, 530000],
        ["Delaware", "10", "New Castle County, DE", "10003", 190, 31000],
        ["Total", "Delaware", "10", "", "", 190, 31000],
        ["Total", "", "", "", "", 3610, 561000],
    ]
    path = made.export(
        tmp_path / "c.txt", ["State of Residence", "County of Residence"], rows, measures=["Deaths", "Births"]
    )
    export = read_wonder(path)
    assert export.frame["deaths"].sum() == 3610
    assert any("3 totals rows" in note for note in export.notes)
    assert "row 4, column 'Deaths'" in refused(rewritten(path, "\t3420\t", "\t3421\t"), "not the sum of its rows")


def test_a_total_beside_suppressed_counts_may_be_more_and_never_less(tmp_path):
    rows = [*made.COUNTIES[2:5], ["Total", "", "", 757, 170000, "4.45"]]
    path = made.counties(tmp_path / "c.txt", rows)
    assert len(read_wonder(path).frame) == 3
    refused(
        made.counties(tmp_path / "d.txt", [*made.COUNTIES[2:5], ["Total", "", "", 749, 170000, "4.41"]]), "not the sum"
    )


def test_small_counts_of_an_agencys_file_are_masked(tmp_path):
    rows = [["A County, OH", "39001", 7, 900], ["B County, OH", "39003", 0, 8], ["C County, OH", "39005", 0, 800]]
    export = read_wonder(made.counties(tmp_path / "c.txt", rows, measures=["Deaths", "Births"]))
    assert export.frame["deaths_status"].tolist() == ["suppressed", "given", "given"]
    assert export.frame["births_status"].tolist() == ["given", "suppressed", "given"]
    assert export.frame["deaths"].tolist()[1:] == [0, 0], "zero is a count"
    assert [note.split(": ", 1)[1] for note in export.notes] == [
        "1 cells of Deaths hold 1-9, which may not be shown: read as Suppressed",
        "1 cells of Births hold 1-9, which may not be shown: read as Suppressed",
    ]


def test_codes_that_lost_their_zero(tmp_path):
    rows = [place("Jefferson County, AL", "1073", 400, 41000), place("Unidentified Counties, AL", "1999", 1500, 200000)]
    export = read_wonder(made.counties(tmp_path / "c.txt", rows))
    assert export.frame["code"].tolist() == ["01073", "01999"]
    assert any("2 codes" in note and "leading zero" in note for note in export.notes)
    assert read_wonder(made.states(tmp_path / "s.txt", [place("Alabama", "1", 400, 41000)])).frame["code"].tolist() == [
        "01"
    ]


@pytest.mark.parametrize(("old", "new"), [("46113", "46102"), ("02270", "02158")])
def test_renamed_counties(tmp_path, old, new):
    export = read_wonder(made.counties(tmp_path / "c.txt", [place("Renamed, XX", old, 20, 3000)]))
    assert export.frame["code"].tolist() == [new]
    assert any(old in note and new in note for note in export.notes)


def test_bedford_city_is_added_to_its_county(tmp_path):
    rows = [place("Bedford County, VA", "51019", 30, 5000), place("Bedford city, VA", "51515", 10, 700)]
    export = read_wonder(made.counties(tmp_path / "c.txt", rows))
    assert export.frame[["code", "deaths", "births"]].to_numpy().tolist() == [["51019", 40, 5700]]
    assert any("51515" in note for note in export.notes)
    rows[1] = place("Bedford city, VA", "51515", "Suppressed", 700)
    frame = read_wonder(made.counties(tmp_path / "d.txt", rows)).frame
    assert frame["deaths_status"].tolist() == ["suppressed"]
    assert frame["deaths"].isna().all()
    refused(made.counties(tmp_path / "e.txt", rows[1:]), "51515", "51019", "export both")


def test_a_footer_without_date_is_enough(tmp_path):
    path = made.counties(tmp_path / "c.txt")
    path.write_text(path.read_text().split('"Query Date')[0])
    assert any("before the query date" in note for note in read_wonder(path).notes)


# Refused, in one line.


def test_cut_download(tmp_path):
    refused(made.counties(tmp_path / "c.txt", footer=False), "below the table", "export it again")
    path = made.counties(tmp_path / "d.txt")
    path.write_text(path.read_text().split('"Dataset')[0])
    refused(path, "do not name the data set")
    limited = made.counties(tmp_path / "e.txt", parameters={"Mother's Single Race 6": "Black or African American"})
    text = limited.read_text()
    for end in ("Query Parameters", "Mother's Single", "Group By"):
        limited.write_text(text.split(end)[0])
        refused(limited, "before the query's parameters do", "export it again")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html>\n<html><body>CDC WONDER</body></html>", "a saved web page"),
        (b"PK\x03\x04rest of a workbook", "an Excel workbook"),
        (b"\x1f\x8b\x08half", "half written"),
        (b"\xff\xfe\x00N\x00o", "not text in UTF-8"),
        (b"Notes;County;County Code;Deaths;Births\n;A;39001;10;100\n---\n", "no tabs and no commas"),
        (b"", "empty"),
        (b'"Notes"\t"County"\t"County Code"\tDeaths\tBirths\n"---"\n"Dataset: Linked Birth / Infant Death Records, 2007-2022"\n', "no row below"),
    ],
)  # fmt: skip
def test_not_an_export(tmp_path, content, words):
    path = tmp_path / "c.txt"
    path.write_bytes(content)
    refused(path, words)


def test_another_data_set(tmp_path):
    text = refused(made.counties(tmp_path / "c.txt", dataset=made.MORTALITY), "Underlying Cause of Death, 1999-2020")
    assert "Linked Birth / Infant Death Records" in text


def test_linked_without_deaths(tmp_path):
    refused(made.counties(tmp_path / "c.txt", [["A", "39001", 100]], measures=["Births"]), "'Deaths' is missing")


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        (["A", "39001", 300, 200], ("row 2, column 'Deaths'", "more than the row's Births")),
        (["A", "39001", 30, 8], ("row 2, column 'Deaths'", "more than the row's Births")),
        (["A", "39001", 20, 0], ("row 2, column 'Births'", "deaths among them")),
        (["A", "39001", "Suppressed", 0], ("row 2, column 'Births'", "deaths among them")),
        (["A", "39001", -4, 200], ("row 2, column 'Deaths'", "0 or more")),
        (["A", "39001", "x", 200], ("row 2, column 'Deaths'", "should be a number")),
        (["A", "39001", 11.5, 200], ("row 2, column 'Deaths'", "whole number")),
        (["A", "390", 11, 200], ("row 2, column 'County of Residence Code'", "five digits")),
        (["A", "66010", 11, 200], ("row 2, column 'County of Residence Code'", "in no state")),
        (["A", "", 11, 200], ("row 2, column 'County of Residence'", "not marked Total")),
    ],
)
def test_a_row_that_cannot_be(tmp_path, row, parts):
    refused(made.counties(tmp_path / "c.txt", [row], measures=["Deaths", "Births"]), *parts)


def test_a_message_prints_no_small_count(tmp_path):
    path = made.counties(tmp_path / "c.txt", [["A", "39001", 30, 8]], measures=["Deaths", "Births"])
    assert not re.search(r"\b[1-9]\b", refused(path).split("row 2")[1])


def test_a_rate_that_is_not_that_of_its_counts(tmp_path):
    path = rewritten(made.counties(tmp_path / "c.txt"), "\t520\t", "\t250\t")
    refused(path, "row 7, column 'Death Rate'", "Deaths per 1,000 Births")


def test_the_other_state(tmp_path):
    rows = [["Ohio", "39", "Kent County, DE", "10001", 20, 3000]]
    refused(made.export(tmp_path / "c.txt", ["State", "County"], rows, measures=["Deaths", "Births"]), "another state")


def test_a_place_and_year_twice(tmp_path):
    rows = [["Ohio", "39", "2018", "2018", 800, 135000]] * 2
    path = made.export(tmp_path / "s.txt", ["State", "Year"], rows, measures=["Deaths", "Births"])
    refused(path, "row 3", "39 in 2018 stands twice")


def test_a_year_that_was_not_asked_for(tmp_path):
    rows = [["Ohio", "39", "2016", "2016", 800, 135000]]
    refused(
        made.export(tmp_path / "s.txt", ["State", "Year"], rows, measures=["Deaths", "Births"]),
        "rows of 2016",
        "2018-2022",
    )


def test_two_connecticuts(tmp_path):
    rows = [
        place("Hartford County, CT", "09003", 300, 50000),
        place("Capitol Planning Region, CT", "09110", 300, 50000),
    ]
    refused(made.counties(tmp_path / "c.txt", rows), "two Connecticuts", "09003", "09110")


def test_short_row(tmp_path):
    refused(
        rewritten(made.counties(tmp_path / "c.txt"), "\t520\t70000\t7.43", "\t520"),
        "row 7",
        "cells where the header has 6",
    )


def test_totals_only(tmp_path):
    refused(made.counties(tmp_path / "c.txt", [["Total", "", "", 757, 170000, "4.45"]]), "only totals rows")


# Groups.


def by_race(path, labels, title="Mother's Bridged Race", **options):
    rows = [["Ohio", "39", label, str(number), 100, 20000] for number, label in enumerate(labels)]
    return made.export(path, ["State of Residence", title], rows, measures=["Deaths", "Births"], **options)


@pytest.mark.parametrize(
    ("title", "labels", "standard"),
    [
        ("Mother's Bridged Race", ["White", "Asian or Pacific Islander"], "bridged"),
        ("Mother's Single Race 6", ["White", "Asian", "More than one race", "Unknown or Not Stated"], "single_6"),
        ("Mother's Single Race 15", ["Chinese", "Samoan"], "single_15"),
        ("Mother's Single/Multi Race 31", ["White (only)", "Black, AIAN, and White"], "single_31"),
        ("Race", ["White", "Asian or Pacific Islander"], "bridged"),
        ("Race", ["White", "Black or African American"], "unknown"),
    ],
)
def test_the_standard_of_race_is_named(tmp_path, title, labels, standard):
    assert read_wonder(by_race(tmp_path / "r.txt", labels, title)).race_standard == standard


@pytest.mark.parametrize(
    ("title", "labels", "word"),
    [
        ("Race", ["White", "Asian", "Asian or Pacific Islander"], "two standards"),
        (
            "Mother's Single Race 6",
            ["White", "Asian or Pacific Islander"],
            "'Asian or Pacific Islander' is no label of that standard",
        ),
        ("Mother's Bridged Race", ["White", "More than one race"], "'More than one race' is no label"),
        ("Race", ["White", "Negro"], "'Negro'"),
    ],
)
def test_labels_of_another_decade_are_refused(tmp_path, title, labels, word):
    refused(by_race(tmp_path / "r.txt", labels, title), title, word)


def test_two_forms_of_race_in_one_file(tmp_path):
    rows = [["White", "1", "White", "1", 100, 20000]]
    path = made.export(
        tmp_path / "r.txt", ["Mother's Bridged Race", "Mother's Single Race 6"], rows, measures=["Deaths", "Births"]
    )
    refused(path, "Mother's Bridged Race", "Mother's Single Race 6", "group by one")


def test_standards_of_several_files():
    assert refuse_two_standards({"a.txt": "bridged", "b.txt": ""}) == "bridged"
    with pytest.raises(InputError, match=r"b\.txt.*another standard.*a\.txt"):
        refuse_two_standards({"a.txt": "bridged", "b.txt": "single_6"})


def test_groups_map_only_where_certain():
    assert race_standard("Mother's Single Race 15", ["Korean"], where="t") == "single_15"
    assert [group_of_race(label, "single_31") for label in ("NHOPI (only)", "Asian and White")] == ["nhopi", "multiple"]
    assert group_of_race("Asian or Pacific Islander", "bridged") == ""
    assert group_of_race("Asian", "unknown") == ""


def test_births_are_repeated_for_each_age_at_death(tmp_path):
    rows = [
        ["Ohio", "39", age, age, deaths, 650000]
        for age, deaths in (("Under 1 day", 1900), ("1-6 days", 500), ("28-364 days", 1500))
    ]
    path = made.export(tmp_path / "a.txt", ["State", "Age of Infant at Death"], rows, measures=["Deaths", "Births"])
    assert read_wonder(path).groups == ("age",)
    refused(rewritten(path, "500\t650000", "500\t640000"), "row 2, column 'Births'", "no age or cause of death")
