"""``counties.xlsx``: the tables for those who work in a spreadsheet.

Numbers are numbers, truths are truths, codes and names are texts. Each text is stored as a string of its own, whatever
it begins with, so that no cell becomes a formula, an error or a link. The same run gives the same bytes.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from matcare.contracts import COUNTY_RESULTS, FACILITIES_OUT, OUTPUTS
from matcare.publish.bundle.archive import repacked
from matcare.publish.bundle.sheets import COUNTY_HEADINGS, FACILITY_HEADINGS, PROTECT_HEADINGS
from matcare.publish.exports import guard_formulas, rounded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

    from matcare.contracts import Column, Table
    from matcare.publish.bundle.selection import Selection
    from matcare.publish.bundle.sheets import Heading
    from matcare.publish.bundle.tables import BundleTables

__all__ = ["write_workbook"]

_FORMATS: Final = {
    "minutes": "0.0",
    "share 0-1": "0.0%",
    "probability": "0.0%",
    "percentile 0-1": "0.00",
    "per 1,000 live births": "0.00",
    "mean percentile 0-100": "0.0",
    "clinicians per 10,000 births": "0.0",
    "degrees": "0.00000",
    "women": "#,##0",
    "people": "#,##0",
    "births": "#,##0",
    "deaths": "#,##0",
    "births per year": "#,##0.0",
    "kilometres": "0.0",
}
"""How a number is shown, by its unit; the cell keeps all its digits."""
_WHOLE_FORMAT: Final = "#,##0"
_PLAIN: Final = "General"

_HEAD: Final = Font(name="Calibri", bold=True, color="FFFFFF")
_HEAD_FILL: Final = PatternFill("solid", fgColor="1F3B57")
_MODELLED_FILL: Final = PatternFill("solid", fgColor="6B4E16")
_NAME: Final = Font(name="Calibri", size=9, italic=True, color="4A4A4A")
_NAME_FILL: Final = PatternFill("solid", fgColor="E8EDF2")
_MODELLED: Final = Font(name="Calibri", italic=True, color="6B4E16")
_TITLE: Final = Font(name="Calibri", bold=True, size=14)
_STRONG: Final = Font(name="Calibri", bold=True)
_WRAP: Final = Alignment(wrap_text=True, vertical="top")
_TOP: Final = Alignment(vertical="top")

_WIDTH_OF_KIND: Final = {"number": 13.0, "integer": 11.0, "boolean": 11.0}
_NARROWEST: Final = 8.0
_WIDEST: Final = 48.0
_LOOKED_AT: Final = 400
"""So many texts of a column decide its width."""
_READ_ME_WIDTH: Final = 110.0
_HEADING_LINES: Final = 4
_HEADING_HEIGHT: Final = 64.0
_DICTIONARY_WIDTHS: Final = {
    "file": 22, "column": 44, "type": 9, "unit": 22, "allowed": 30, "may_be_missing": 15, "description": 90,
    "source": 30,
}  # fmt: skip
_MODIFIED: Final = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def write_workbook(
    path: Path, selection: Selection, chosen: BundleTables, *, dictionary: pd.DataFrame, read_me: Sequence[str]
) -> None:
    """Write the tables of a bundle as a workbook.

    Sheets: ``Read me``; ``Counties``, ``Facilities`` and ``Units to protect`` for reading (a plain heading, the
    column's name below it, statuses in words); ``All columns``, which is ``counties.csv`` cell by cell; ``Dictionary``.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    selection : Selection
        The counties.
    chosen : BundleTables
        Their rows.
    dictionary : pandas.DataFrame
        Meaning of the columns.
    read_me : sequence of str
        Lines of the first sheet: the first is its title, one that ends in a colon a heading.
    """
    book = Workbook(write_only=True)
    _set_properties(book, selection)
    _write_read_me(book, read_me)
    counties = _as_written(chosen.counties, COUNTY_RESULTS)
    facilities = _as_written(chosen.tables["facilities.csv"], FACILITIES_OUT)
    fragility = _as_written(chosen.tables["fragility.csv"], OUTPUTS["fragility.csv"])
    _write_reading_sheet(book, "Counties", counties, COUNTY_RESULTS, COUNTY_HEADINGS, frozen=3)
    _write_sheet(book, "All columns", counties, COUNTY_RESULTS, frozen=4)
    _write_reading_sheet(book, "Facilities", facilities, FACILITIES_OUT, FACILITY_HEADINGS, frozen=2)
    _write_reading_sheet(book, "Units to protect", fragility, OUTPUTS["fragility.csv"], PROTECT_HEADINGS, frozen=4)
    _write_dictionary(book, dictionary)
    raw = io.BytesIO()
    book.save(raw)
    moment = selection.made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    path.write_bytes(
        repacked(raw.getvalue(), when=selection.made, changed=lambda name, part: _dated(name, part, moment))
    )


def _dated(name: str, part: bytes, moment: bytes) -> bytes:
    """Put the run's time where openpyxl has put the clock's."""
    return _MODIFIED.sub(rb"\g<1>" + moment + rb"\g<2>", part) if name == "docProps/core.xml" else part


def _set_properties(book: Workbook, selection: Selection) -> None:
    made: dt.datetime = selection.made.replace(tzinfo=None)
    book.properties.creator = "matcare"
    book.properties.lastModifiedBy = "matcare"
    book.properties.title = f"Maternity care access: {selection.title}"
    book.properties.created = made
    book.properties.modified = made


def _as_written(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a table with the roundings and guarded texts that its CSV has."""
    names = [column.name for column in table.columns if column.kind != "geometry"]
    return guard_formulas(rounded(pd.DataFrame(frame[names]), table))


def _write_reading_sheet(
    book: Workbook, title: str, frame: pd.DataFrame, table: Table, headings: Sequence[Heading], *, frozen: int
) -> None:
    """Write a sheet with two rows of head: words, and the column's name."""
    columns = [table.column(heading.column) for heading in headings]
    shown = pd.DataFrame(
        {
            heading.column: _in_words(frame[heading.column], heading, column)
            for heading, column in zip(headings, columns, strict=True)
        }
    )
    sheet = _sheet(book, title, shown, columns, [heading.words for heading in headings], head_rows=2, frozen=frozen)
    fills = [_MODELLED_FILL if heading.modelled else _HEAD_FILL for heading in headings]
    sheet.append(
        [_text(sheet, heading.words, _HEAD, fill, wrap=True) for heading, fill in zip(headings, fills, strict=True)]
    )
    sheet.append([_text(sheet, heading.column, _NAME, _NAME_FILL) for heading in headings])
    fonts = [_MODELLED if heading.modelled else None for heading in headings]
    _append_rows(sheet, shown, columns, fonts)


def _in_words(values: pd.Series, heading: Heading, column: Column) -> pd.Series:
    """Put codes in words: those of the heading, else a category's own without its underscores."""
    if heading.says:
        return values.map(lambda code: heading.says.get(code, code))
    return values.str.replace("_", " ") if column.values else values


def _write_sheet(book: Workbook, title: str, frame: pd.DataFrame, table: Table, *, frozen: int) -> None:
    """Write a sheet whose one row of head are the columns' names."""
    columns = [table.column(name) for name in frame.columns]
    sheet = _sheet(book, title, frame, columns, [], head_rows=1, frozen=frozen)
    sheet.append([_text(sheet, name, _HEAD, _HEAD_FILL) for name in frame.columns])
    _append_rows(sheet, frame, columns, [None] * len(columns))


def _sheet(
    book: Workbook,
    title: str,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    words: Sequence[str],
    *,
    head_rows: int,
    frozen: int,
) -> WriteOnlyWorksheet:
    """Begin a sheet: widths, frozen head, filter, how it prints. All of it must stand before the first row."""
    sheet = book.create_sheet(title)
    for index, column in enumerate(columns, start=1):
        heading = words[index - 1] if words else ""
        sheet.column_dimensions[get_column_letter(index)].width = _width(frame[column.name], column, heading)
    if words:
        sheet.row_dimensions[1].height = _HEADING_HEIGHT
    sheet.freeze_panes = f"{get_column_letter(frozen + 1)}{head_rows + 1}"
    sheet.auto_filter.ref = f"A{head_rows}:{get_column_letter(len(columns))}{head_rows + len(frame)}"
    sheet.page_setup.orientation = "landscape"
    sheet.print_title_rows = f"1:{head_rows}"
    return sheet


def _width(values: pd.Series, column: Column, heading: str) -> float:
    """Return a width that most texts fit in, and the head: a heading in four lines, a bare column name in one."""
    head = len(heading) / _HEADING_LINES * 1.25 + 2 if heading else 1.05 * len(column.name) + 4
    longest = 0.0
    if column.kind == "text":
        texts = values.head(_LOOKED_AT).dropna().astype("str")
        longest = float(texts.str.len().quantile(0.9)) + 2 if len(texts) else 0.0
    return min(max(longest, head, _WIDTH_OF_KIND.get(column.kind, _NARROWEST)), _WIDEST)


def _append_rows(
    sheet: WriteOnlyWorksheet, frame: pd.DataFrame, columns: Sequence[Column], fonts: Sequence[Font | None]
) -> None:
    """Append the rows of a table. A style is made once a column: a nation's sheet has 650,000 cells."""
    styles = [_style(sheet, column, font) for column, font in zip(columns, fonts, strict=True)]
    values = [_plain_values(frame[column.name], column) for column in columns]
    text = [column.kind == "text" for column in columns]
    for row in zip(*values, strict=True):
        sheet.append([_cell(sheet, *parts) for parts in zip(row, text, styles, strict=True)])


def _style(sheet: WriteOnlyWorksheet, column: Column, font: Font | None) -> Any:
    cell = WriteOnlyCell(sheet, value=0)
    if column.kind != "text":
        cell.number_format = _format(column)
    if font is not None:
        cell.font = font
    return cell._style  # noqa: SLF001 - openpyxl offers no other way to share one style among many cells


def _format(column: Column) -> str:
    if column.kind == "integer":
        return _PLAIN if column.unit.startswith("code") else _WHOLE_FORMAT
    return _FORMATS.get(column.unit, _PLAIN)


def _cell(
    sheet: WriteOnlyWorksheet,
    value: Any,
    text: bool,  # noqa: FBT001 - unpacked from one row of columns
    style: Any,
) -> WriteOnlyCell | None:
    if value is None:
        return None
    cell = WriteOnlyCell(sheet, value=value)
    if text:
        cell.data_type = "s"
    cell._style = style  # noqa: SLF001 - as above
    return cell


def _plain_values(values: pd.Series, column: Column) -> list[Any]:
    """Return a column as Python's own values; None where it is missing."""
    kinds = {"number": float, "integer": int, "boolean": bool}
    plain = kinds.get(column.kind, str)
    return [None if pd.isna(value) else plain(value) for value in values.tolist()]


def _text(
    sheet: WriteOnlyWorksheet,
    words: str,
    font: Font | None = None,
    fill: PatternFill | None = None,
    *,
    wrap: bool = False,
) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=words)
    cell.data_type = "s"
    if font is not None:
        cell.font = font
    if fill is not None:
        cell.fill = fill
    cell.alignment = _WRAP if wrap else _TOP
    return cell


def _write_read_me(book: Workbook, lines: Iterable[str]) -> None:
    sheet = book.create_sheet("Read me")
    sheet.column_dimensions["A"].width = _READ_ME_WIDTH
    for number, line in enumerate(lines):
        font = _TITLE if number == 0 else _STRONG if line.endswith(":") else None
        sheet.append([_text(sheet, line, font, wrap=True)] if line else [])


def _write_dictionary(book: Workbook, dictionary: pd.DataFrame) -> None:
    sheet = book.create_sheet("Dictionary")
    for index, name in enumerate(dictionary.columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = _DICTIONARY_WIDTHS.get(name, 20)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(dictionary.columns))}{1 + len(dictionary)}"
    sheet.append([_text(sheet, name, _HEAD, _HEAD_FILL) for name in dictionary.columns])
    plain, wrapped = _text_style(sheet, _TOP), _text_style(sheet, _WRAP)
    styles = [wrapped if name == "description" else plain for name in dictionary.columns]
    for row in dictionary.itertuples(index=False):
        texts = [None if pd.isna(value) or value == "" else str(value) for value in row]
        sheet.append([_cell(sheet, text, True, style) for text, style in zip(texts, styles, strict=True)])  # noqa: FBT003 - texts all


def _text_style(sheet: WriteOnlyWorksheet, alignment: Alignment) -> Any:
    cell = WriteOnlyCell(sheet, value="")
    cell.alignment = alignment
    return cell._style  # noqa: SLF001 - as above
