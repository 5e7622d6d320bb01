"""The workbook: opened again it is the CSV; no text acts; the same bytes each time."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pandas as pd
import pytest

from matcare.contracts import COUNTY_RESULTS, FACILITIES_OUT, OUTPUTS
from matcare.publish.bundle.selection import select_places
from matcare.publish.bundle.sheets import COUNTY_HEADINGS, FACILITY_HEADINGS, PROTECT_HEADINGS
from matcare.publish.bundle.tables import bundle_tables
from matcare.publish.bundle.workbook import write_workbook

SHEETS = ["Read me", "Counties", "All columns", "Facilities", "Units to protect", "Dictionary"]


def written(run, path, *places, dictionary=None):
    selection = select_places(run, places)
    words = pd.DataFrame({"file": ["counties.csv"], "column": ["=1+1"], "description": ["@x"]})
    dictionary = words if dictionary is None else dictionary
    write_workbook(
        path, selection, bundle_tables(selection), dictionary=dictionary, read_me=["=Title", "", "Heading:", "x"]
    )
    return path


@pytest.fixture(scope="module")
def path(made_run, tmp_path_factory):
    return written(made_run, tmp_path_factory.mktemp("book") / "counties.xlsx")


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


def test_all_columns_are_the_csv_cell_by_cell(book, path, made_folder):
    csv = pd.read_csv(made_folder / "counties.csv", dtype="str", keep_default_na=False)
    rows = list(book["All columns"].iter_rows(values_only=True))
    assert list(rows[0]) == csv.columns.tolist()
    assert len(rows) == 1 + len(csv)
    for row, texts in zip(rows[1:], csv.itertuples(index=False), strict=True):
        for column, value, text in zip(csv.columns, row, texts, strict=True):
            kind = COUNTY_RESULTS.column(column).kind
            if text == "":
                assert value is None, column
            elif kind == "boolean":
                assert value is (text == "true"), column
            elif kind == "text":
                assert value == text, column
            else:
                assert isinstance(value, int | float)
                assert value == pytest.approx(float(text), abs=0), column
    again = pd.read_excel(path, sheet_name="All columns", dtype={"county_fips": "str"})
    assert again["county_fips"].tolist() == csv["county_fips"].tolist(), "leading zeros stand"


def test_every_text_is_a_string_and_none_a_formula_or_link(book):
    texts = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in {"s", "n", "b"}, f"{sheet.title}!{cell.coordinate} is {cell.data_type}"
                assert cell.hyperlink is None
                texts += isinstance(cell.value, str)
    assert texts > 100
    assert book["Read me"]["A1"].value == "=Title"
    assert book["Dictionary"]["B2"].value == "=1+1"


def test_no_part_holds_a_formula_a_macro_or_an_outside_address(path):
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name or "vba" in name.lower()]
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                assert not re.search(rb"<f[ >]", archive.read(name)), name
            if name.endswith(".rels"):
                assert b"http://" not in re.sub(rb'(Type|xmlns)="[^"]*"', b"", archive.read(name)), name


@pytest.mark.parametrize(
    ("sheet", "headings", "file"),
    [("Counties", COUNTY_HEADINGS, "counties.csv"), ("Facilities", FACILITY_HEADINGS, "facilities.csv"), ("Units to protect", PROTECT_HEADINGS, "fragility.csv")],
)  # fmt: skip
def test_reading_sheets_have_words_above_the_column_s_name(book, made_run, sheet, headings, file):
    rows = list(book[sheet].iter_rows(values_only=True))
    assert list(rows[0]) == [heading.words for heading in headings]
    assert list(rows[1]) == [heading.column for heading in headings]
    assert len(set(rows[0]) - {None}) == len(headings) or sheet == "Counties"
    assert len(rows) == 2 + len(
        {"counties.csv": made_run.counties, "facilities.csv": made_run.facilities}.get(file, made_run.tables.get(file))
    )
    for heading in headings:
        column = OUTPUTS[file].column(heading.column)
        if column.values and heading.says:
            unsaid = set(column.values) - set(heading.says)
            assert not unsaid, f"{heading.column}: {unsaid}"


def test_statuses_stand_in_words_and_no_hidden_rate_has_a_number(book):
    rows = list(book["Counties"].iter_rows(min_row=2, values_only=True))
    table = pd.DataFrame(rows[1:], columns=rows[0])
    assert table["imr_status"].tolist() == [
        "Suppressed (too few deaths)",
        "Published",
        "Modelled: no count is published",
        "Unreliable (under 20 deaths)",
        "Not reported by the source",
    ]
    hidden = table["imr_status"].str.startswith(("Suppressed", "Modelled", "Not reported"))
    assert table.loc[hidden, ["infant_deaths", "live_births", "imr", "imr_low", "imr_high"]].isna().all().all()
    heads = dict(zip(rows[0], next(book["Counties"].iter_rows(max_row=1, values_only=True)), strict=True))
    for name in ("imr_modelled", "imr_modelled_low", "imr_modelled_high"):
        assert "MODELLED" in heads[name]
    assert "not to be ranked" in heads["imr_modelled"]
    assert 40 <= len(COUNTY_HEADINGS) <= 62


def test_sheets_are_frozen_filtered_and_formatted(book):
    assert book.sheetnames == SHEETS
    counties = book["Counties"]
    assert counties.freeze_panes == "D3"
    assert counties.auto_filter.ref.startswith("A2:")
    assert book["All columns"].freeze_panes == "E2"
    assert book["All columns"].auto_filter.ref.endswith(str(1 + 5))
    names = [cell.value for cell in counties[2]]
    formats = {name: counties.cell(row=4, column=1 + names.index(name)).number_format for name in names}
    for name, expected in {
        "minutes_birth_care_p05": "0.0", "share_women_within_30_birth_care": "0.0%", "imr": "0.00", "women_15_44": "#,##0", "county_fips": "General",
    }.items():  # fmt: skip
        assert formats[name] == expected, name
    widths = [dimension.width for dimension in counties.column_dimensions.values()]
    assert len(widths) >= 1
    assert all(8 <= width <= 48 for width in widths)


def test_its_properties_and_bytes_are_the_run_s(made_run, path, tmp_path):
    with zipfile.ZipFile(path) as archive:
        core = archive.read("docProps/core.xml").decode()
        names = archive.namelist()
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 11, 29, 11, 7, 6)}
    assert "<dc:creator>matcare</dc:creator>" in core
    assert re.findall(r"<dcterms:\w+[^>]*>([^<]*)<", core) == ["2026-11-29T11:07:06Z"] * 2
    assert names[0] == "[Content_Types].xml"
    assert names[1:] == sorted(names[1:])
    again = written(made_run, tmp_path / "again.xlsx")
    assert again.read_bytes() == path.read_bytes()


def test_a_place_without_units_has_an_empty_sheet_with_its_head(made_run, tmp_path):
    path = written(made_run, tmp_path / "x.xlsx", "72087")
    frame = pd.read_excel(path, sheet_name="Units to protect", header=1)
    assert len(frame) == 0
    assert frame.columns.tolist() == [heading.column for heading in PROTECT_HEADINGS]
    assert len(pd.read_excel(io.BytesIO(path.read_bytes()), sheet_name="Facilities", header=1)) == 0
    assert set(FACILITIES_OUT.names) >= {heading.column for heading in FACILITY_HEADINGS}
