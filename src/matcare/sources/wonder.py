"""A user's own export of CDC WONDER: infant deaths and live births by county, state or nation, as the site saves them.

Text with tabs (or commas, as the site writes since 2024): a table under a header that begins with ``Notes``, subtotals
among its rows, then the notes below a rule of three dashes. Counts of 1-9 stand as ``Suppressed``; a rate on fewer than
20 deaths says ``Unreliable``; counties of fewer than 250,000 people (linked) or 100,000 (natality) are together in one
row a state, ``Unidentified Counties``.

What is wrong is repaired only where there is one way to do it, and then noted; everything else is refused in one line.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from matcare.disclosure import is_small
from matcare.errors import InputError
from matcare.geo import STATE_FIPS, canonical_county_fips
from matcare.sources.reading import numbers, refuse, require_columns, require_file
from matcare.sources.wonder_checks import check_connecticut, check_counts, check_once, check_places, check_totals
from matcare.sources.wonder_footer import WonderFooter, is_rule, read_footer
from matcare.sources.wonder_labels import column_role, race_standard

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Level", "WonderExport", "read_wonder"]

Level = Literal["county", "state", "nation"]

_WHAT: Final = "an export of CDC WONDER"
_MEASURES: Final = ("Deaths", "Births")
_WORDS: Final = {
    "suppressed": "suppressed",
    "missing": "missing",
    "not available": "missing",
    "unreliable": "missing",
    "": "missing",
    "not applicable": "not_applicable",
}
_RENAMED: Final = {"02270": "02158", "46113": "46102"}
"""Wade Hampton → Kusilvak, Shannon → Oglala Lakota (both 2015): the same land under a new code."""

_MERGED: Final = {"51515": "51019"}
"""The city of Bedford became part of Bedford County in 2013."""

_UNIDENTIFIED: Final = "999"
_STATE_CODES: Final = frozenset(STATE_FIPS.values())


@dataclass(frozen=True, kw_only=True)
class WonderExport:
    """One export, read.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    kind : {"linked", "natality"}
        Whether it has deaths, or births alone.
    level : {"county", "state", "nation"}
        Of its rows; a county export's ``Unidentified Counties`` are rows of level ``unidentified``.
    years : tuple of int
        Asked for, in order.
    by_year : bool
        One row a year, or all years together.
    groups : tuple of str
        Further columns that tell rows apart, by role (``race``, ``hispanic_origin``, ``age``, ``cause`` or another).
    titles : mapping of str to str
        Role → the column's name in the file.
    frame : pandas.DataFrame
        ``code`` (five digits, two for a state, ``00`` the nation), ``level``, ``year`` (missing unless `by_year`), the
        groups, ``deaths, deaths_status, births, births_status``; a status is ``given, suppressed, missing,
        not_applicable`` or ``not_in_file``. Totals rows are not in it.
    race_standard : str
        ``bridged, single_6, single_15, single_31, unknown``; empty without race.
    footer : WonderFooter
        Data set, query, date, citation, caveats.
    notes : tuple of str
        What was repaired, dropped or masked, one line each.
    """

    path: Path
    kind: Literal["linked", "natality"]
    level: Level
    years: tuple[int, ...]
    by_year: bool
    groups: tuple[str, ...]
    titles: Mapping[str, str]
    frame: pd.DataFrame
    race_standard: str
    footer: WonderFooter
    notes: tuple[str, ...]

    @property
    def shows_suppressed(self) -> bool:
        """Whether rows with suppressed counts are in the table, so that a row that is not there is not one of them."""
        said = self.footer.shows("Suppressed")
        return bool((self.frame[["deaths_status", "births_status"]] == "suppressed").any(axis=None)) or said is True

    @property
    def shows_zeros(self) -> bool:
        """Whether rows of zero are in the table, so that a suppressed count is 1-9 and not 0-9."""
        return self.footer.shows("Zero Values") is True


def read_wonder(path: Path | str) -> WonderExport:
    """Read an export of CDC WONDER's linked birth / infant death records or of its natality.

    Parameters
    ----------
    path : pathlib.Path or str
        Text with tabs or commas, plain or gzip-compressed, with the notes that WONDER writes below the table.

    Returns
    -------
    WonderExport

    Raises
    ------
    InputError
        In one line with file, row and remedy: not an export (a web page, a workbook, another delimiter, another data
        set), cut (no notes below), edited (a total that is not the sum of its rows, a rate that does not follow from
        its counts, a place and year twice, more deaths than births, deaths without births, a negative count), or not
        to be put together (two vintages of Connecticut, two standards of race).

    Notes
    -----
    Counts of 1-9, which some agencies' files have, are masked on reading and reported. Zeros are counts. A code that
    lost its leading zero gets it back; Wade Hampton, Shannon and Bedford city become the counties that they are now.
    """
    path = Path(path)
    raw, delimiter, below = _table_and_notes(path)
    footer = read_footer(below, delimiter=delimiter, path=path)
    measures = [name for name in _MEASURES if name == "Births" or footer.kind == "linked"]
    require_columns(raw, measures, path, f"{_WHAT}: {footer.dataset}")
    notes: list[str] = []
    titles = _titles(raw, path)
    table = _counts(raw, measures, path, notes)
    for role, title in titles.items():
        table[role] = raw[title].str.strip()
    level, table["code"] = _codes(raw, titles, path, notes)
    table["year"] = _years(raw, titles, path)
    totals = (
        raw["Notes"].str.strip().str.casefold().eq("total")
        if "Notes" in raw
        else pd.Series(data=False, index=raw.index)
    )
    parts, sums = table[~totals], table[totals]
    check_places(parts, raw, titles, path)
    groups = tuple(role for role in titles if role not in ("county", "state", "year"))
    standard = race_standard(titles["race"], parts["race"].dropna(), where=str(path)) if "race" in groups else ""
    check_counts(parts, raw, groups, footer, path)
    years = _years_asked(parts, footer, path)
    check_once(parts, groups, path)
    check_connecticut(parts, path)
    if len(sums):
        check_totals(parts, sums, groups, titles, path, hidden=footer.shows("Suppressed") is False)
        notes.append(f"{path.name}: {len(sums)} totals rows left out, so that nothing is summed twice")
    if not footer.query_date:
        notes.append(f"{path.name}: the notes below the table end before the query date; the table above them is whole")
    frame = _merge_counties(parts, groups, path, notes)
    frame["level"] = frame["code"].str[2:].eq(_UNIDENTIFIED).map({True: "unidentified", False: level})
    frame = frame.rename(columns={"Deaths": "deaths", "Births": "births"})
    order = ["code", "level", "year", *groups, "deaths", "deaths_status", "births", "births_status"]
    return WonderExport(
        path=path,
        kind=footer.kind,
        level=level,
        years=years,
        by_year="year" in titles,
        groups=groups,
        titles=titles,
        frame=frame[order].reset_index(drop=True),
        race_standard=standard,
        footer=footer,
        notes=tuple(notes),
    )


def _table_and_notes(path: Path) -> tuple[pd.DataFrame, str, list[str]]:
    """Return the table as text, indexed so that a message names the line of the file, and the lines below it."""
    require_file(path, _WHAT)
    content = path.read_bytes()
    if content.startswith(b"PK"):
        raise InputError(f"{path}: an Excel workbook, not {_WHAT}; give the text that WONDER's Export button saves")
    try:
        content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        text = content.decode("utf-8-sig")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: the compressed file is damaged or half written; export it again") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not text in UTF-8 as {_WHAT} is; give the file as WONDER saved it") from error
    if text.lstrip()[:200].casefold().startswith(("<!doctype", "<html", "<?xml", "<head")):
        raise InputError(f"{path}: a saved web page, not {_WHAT}; use the Export button above the table of results")
    lines = text.splitlines()
    header = lines[0] if lines else ""
    delimiter = "\t" if "\t" in header else ","
    if delimiter not in header:
        raise InputError(
            f"{path}, row 1: no tabs and no commas, so this is not {_WHAT}, whose header begins with Notes; "
            "give the file as WONDER saved it"
        )
    end = next((number for number, line in enumerate(lines) if is_rule(line, delimiter)), None)
    if end is None:
        raise InputError(
            f"{path}: the notes that WONDER writes below the table (after a line ---) are missing, so the download was "
            "cut or edited, and nobody can tell which years and mothers it holds; export it again"
        )
    reader = csv.reader(lines[:end], delimiter=delimiter)
    names = [name.strip() for name in next(reader)]
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}, row 1: column {twice!r} stands twice; export it again")
    rows, places = [], []
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(names) or any(cell.strip() for cell in row[len(names) :]):
            raise InputError(
                f"{path}, row {reader.line_num}: {len(row)} cells where the header has {len(names)}; export it again"
            )
        rows.append(row[: len(names)])
        places.append(reader.line_num - 2)
    if not rows:
        raise InputError(f"{path}: there is a header and no row below it: the query found nothing; ask for more")
    return pd.DataFrame(rows, columns=names, index=places, dtype="str"), delimiter, lines[end:]


def _titles(raw: pd.DataFrame, path: Path) -> dict[str, str]:
    """Return role → column: what stands before the first measure and is neither Notes nor a code."""
    names = list(raw.columns)
    before = names[: min(names.index(name) for name in _MEASURES if name in names)]
    titles: dict[str, str] = {}
    for name in before:
        if not name or name == "Notes" or (name.endswith(" Code") and name.removesuffix(" Code") in names):
            continue
        role = column_role(name)
        if role in titles:
            raise InputError(
                f"{path}: columns {titles[role]!r} and {name!r} are two forms of the same ({role.replace('_', ' ')}); "
                "group by one of them"
            )
        titles[role] = name
    return titles


def _counts(raw: pd.DataFrame, measures: list[str], path: Path, notes: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(index=raw.index)
    for name in _MEASURES:
        status = f"{name.casefold()}_status"
        if name not in measures:
            table[name], table[status] = np.nan, "not_in_file"
            continue
        words = raw[name].str.strip().str.casefold().map(_WORDS)
        values = numbers(pd.DataFrame({name: raw[name].where(words.isna())}), name, path, minimum=0)
        refuse(raw[name], values.notna() & (values % 1 != 0), path, name, "should be a whole number", show=False)
        small = pd.Series(is_small(values), index=values.index)
        if small.any():
            notes.append(
                f"{path.name}: {int(small.sum())} cells of {name} hold 1-9, which may not be shown: read as Suppressed"
            )
        table[name] = values.mask(small)
        table[status] = words.fillna("given").mask(small, "suppressed").astype("str")
    return table


def _codes(raw: pd.DataFrame, titles: Mapping[str, str], path: Path, notes: list[str]) -> tuple[Level, pd.Series]:
    """Return the level of the rows and their codes; a totals row may have none."""
    level: Level = "county" if "county" in titles else "state" if "state" in titles else "nation"
    if level == "nation":
        return level, pd.Series("00", index=raw.index, dtype="str")
    column = f"{titles[level]} Code"
    require_columns(raw, [column], path, f"{_WHAT} by {level}")
    text = raw[column].str.strip().str.replace(r"\.0$", "", regex=True)
    blank = text.eq("")
    digits, wanted = (
        (r"\d{4,5}", "a county code of five digits")
        if level == "county"
        else (r"\d{1,2}", "a state code of two digits")
    )
    refuse(raw[column], ~blank & ~text.str.fullmatch(digits), path, column, f"should be {wanted}")
    if level == "county":
        codes, repaired = canonical_county_fips(text.mask(blank))
    else:
        codes, repaired = text.str.zfill(2).mask(blank), int((text.str.len() == 1).sum())
    if repaired:
        notes.append(f"{path.name}: {repaired} codes in column {column!r} had lost their leading zero and got it back")
    known = codes.isna() | codes.str[:2].isin(_STATE_CODES)
    refuse(
        raw[column],
        ~known,
        path,
        column,
        "is in no state, nor in the District of Columbia or Puerto Rico: leave it out",
    )
    if level == "county" and f"{titles.get('state')} Code" in raw:
        state = raw[f"{titles['state']} Code"].str.strip().str.zfill(2)
        refuse(
            raw[column], codes.notna() & codes.str[:2].ne(state), path, column, "is of another state than its row says"
        )
    for old, new in _RENAMED.items():
        if codes.eq(old).any():
            notes.append(f"{path.name}: county {old} is {new} since 2015, the same land; read as {new}")
    return level, codes.replace(_RENAMED)


def _years(raw: pd.DataFrame, titles: Mapping[str, str], path: Path) -> pd.Series:
    if "year" not in titles:
        return pd.Series(pd.NA, index=raw.index, dtype="Int64")
    column = f"{titles['year']} Code" if f"{titles['year']} Code" in raw else titles["year"]
    text = raw[column].str.strip().str.replace(r"\.0$", "", regex=True)
    refuse(
        raw[column],
        text.ne("") & ~text.str.fullmatch(r"(?:19|20)\d\d"),
        path,
        column,
        "should be a year of four digits",
    )
    return pd.to_numeric(text.mask(text.eq(""))).astype("Int64")


def _years_asked(parts: pd.DataFrame, footer: WonderFooter, path: Path) -> tuple[int, ...]:
    found = tuple(sorted({int(year) for year in parts["year"].dropna()}))
    asked = footer.years
    if not found and not asked:
        raise InputError(
            f"{path}: nothing says which years the counts are of; group by Year or choose years, and export again"
        )
    strange = [year for year in found if asked and year not in asked]
    if strange:
        raise InputError(
            f"{path}: the table has rows of {strange[0]}, the notes below it a query for {asked[0]}-{asked[-1]}: "
            "two exports in one file; give each by itself"
        )
    return asked or found


def _merge_counties(parts: pd.DataFrame, groups: tuple[str, ...], path: Path, notes: list[str]) -> pd.DataFrame:
    """Add counties that were merged to the county they are part of now; a suppressed part makes the sum suppressed."""
    keys = ["code", "year", *groups]
    frame = parts
    for old, new in _MERGED.items():
        rows = frame[frame["code"] == old]
        if rows.empty:
            continue
        there = set(map(tuple, frame.loc[frame["code"] == new, keys[1:]].astype("str").to_numpy()))
        if not set(map(tuple, rows[keys[1:]].astype("str").to_numpy())) <= there:
            raise InputError(
                f"{path}: county {old} is part of {new} since 2013, which has no row beside it; export both"
            )
        notes.append(f"{path.name}: county {old} is part of {new} since 2013; its counts are added to that county's")
        pair = frame[frame["code"].isin([old, new])].assign(code=new)
        merged = pair.groupby(keys, dropna=False, sort=False, as_index=False).agg(
            {name: lambda cells: cells.sum(skipna=False) for name in _MEASURES}
            | {
                f"{name.casefold()}_status": lambda cells: next((cell for cell in cells if cell != "given"), "given")
                for name in _MEASURES
            }
        )
        frame = pd.concat([frame[~frame["code"].isin([old, new])], merged], ignore_index=True)
    return frame.copy()
