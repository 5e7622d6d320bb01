"""``README.txt`` of a bundle and the first sheet of its workbook: what is here, what to open first, what to say."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from matcare.contracts import OUTPUTS
from matcare.publish.bundle.citation import cited
from matcare.publish.bundle.tables import row_words
from matcare.publish.map.shell import SAID_EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matcare.publish.bundle.pages import Pages
    from matcare.publish.bundle.selection import Selection
    from matcare.publish.bundle.tables import BundleTables

__all__ = ["readme_text", "workbook_lines"]

_WIDTH: Final = 96
_PROTECT: Final = (
    "Units to protect (fragility.csv) are not evidence that any unit should close: quality, finances and staffing are "
    "not in it, and a closure also takes prenatal and emergency care with it."
)
_HIDDEN: Final = (
    "An empty cell is unknown, never zero; the column beside it (…_reason, …_status) says why. No vital-statistics "
    "count of 1-9 births or deaths is in these files."
)
_ESTIMATES: Final = (
    "Women are estimates and so are births a year, but in Puerto Rico, where births are a registered three-year mean; "
    "births_per_year_status says which."
)

_ALWAYS: Final = {
    "counties.xlsx": "The tables for a spreadsheet: counties in reading order, all columns, facilities, units to "
    "protect, dictionary. Codes are texts, so no leading zero is lost.",
    "map.html": "Interactive map of the states concerned; opens in any browser without a network.",
    "counties.gpkg": "GeoPackage for a GIS: layers counties and facilities.",
    "METHODS.md": "Definitions, formulae in words, intervals, suppression, sources with their vintages.",
    "CITATION.txt": "How to cite these data and their sources.",
    "CITATION.cff": "The same for reference managers.",
    "LICENCES.txt": "Terms of each file and of each source. Read before you pass files on.",
    "dictionary.csv": "What each column of each table means: unit, allowed values, source.",
    "datapackage.json": "The tables described for programs (Frictionless): columns, bytes, SHA-256.",
    "run.json": "How the numbers came about: scenario, speeds, seed, versions, hashes of all sources.",
}


def readme_text(
    selection: Selection, chosen: BundleTables, files: Sequence[str], *, pages: Sequence[Pages] = ()
) -> str:
    """Return ``README.txt``.

    Parameters
    ----------
    selection : Selection
        The counties.
    chosen : BundleTables
        Their rows.
    files : sequence of str
        The bundle's files, within its folder, sorted.
    pages : sequence of Pages
        Briefs and figures that were written, with what was left out.

    Returns
    -------
    str
        Plain text, lines of at most 96 characters.
    """
    title = f"Maternity care access: {selection.title}"
    lines = [title.upper(), "=" * len(title), "", *_about(selection), "", "OPEN FIRST", ""]
    lines += _numbered(_first(files))
    words = {path: text for part in pages for path, text in part.words.items()}
    for heading, described in _files(files, selection, chosen, words):
        lines += ["", heading, ""]
        lines += [line for name, text in described for line in (name, *_indented(text))]
    lines += ["", "HOW THE ROWS WERE CHOSEN", ""]
    lines += _paragraph(
        "Rows stand as they stand in the run; nothing was added up, averaged or ranked anew for these places. Rows of "
        "a class, a state or the nation speak of all of it, not of the counties in this bundle."
    )
    lines += ["", "SAY THIS WITH THE NUMBERS", ""]
    lines += [line for text in _said(selection) for line in _item(text)]
    omitted = [text for part in pages for text in part.left_out]
    if omitted:
        lines += ["", "NOT IN THIS BUNDLE", "", *(line for text in omitted for line in _item(text))]
    lines += ["", "HOW TO CITE", "", *_paragraph(cited(selection)), "", "Terms: LICENCES.txt.", ""]
    return "\n".join(lines)


def workbook_lines(selection: Selection, chosen: BundleTables) -> list[str]:
    """Return the lines of the workbook's first sheet: title, headings that end in a colon, sentences.

    Parameters
    ----------
    selection : Selection
        The counties.
    chosen : BundleTables
        Their rows.
    """
    units = chosen.rows("fragility.csv")
    none = " (none: no such unit is in or nearest to these counties)" if not units else ""
    return [
        f"Maternity care access: {selection.title}",
        "",
        "What this is:",
        *_about_sentences(selection),
        "",
        "Sheets:",
        "Counties: the columns that a reader needs, one row a county. Row 1 is in words, row 2 the column's name.",
        "All columns: counties.csv cell by cell, with its codes.",
        "Facilities: units in these counties, and units elsewhere that are nearest to some of their women.",
        f"Units to protect: what the loss of each alone would do{none}.",
        "Dictionary: what each column means.",
        "",
        "Say this with the numbers:",
        *_said(selection),
        "",
        "Sources:",
        *(f"{source['citation']}" for source in selection.run.about["sources"]),
        "",
        "How to cite:",
        cited(selection),
        f"Terms: {selection.run.about['licences']['counties.csv']}. See LICENCES.txt.",
    ]


def _about(selection: Selection) -> list[str]:
    return [line for sentence in _about_sentences(selection) for line in _paragraph(sentence)]


def _about_sentences(selection: Selection) -> Iterator[str]:
    run = selection.run
    n = len(selection.codes)
    counties = "1 county" if n == 1 else f"{n:,} counties"
    made = selection.made.date().isoformat()
    region = f"{'the ' * run.national}{run.title}"
    yield f"{counties}, out of a run for {region} on {made} (matcare {run.about['matcare']})."
    names = selection.names
    if len(names) > 1:
        yield f"Places: {'; '.join(names)}."
    yield f"Facility data to {run.data_date}. Obstetric services change monthly: check a unit before you name it."
    yield f"Corrections in force: {'; '.join(run.corrections) or 'none'}."
    yield f"Infant deaths and live births: {run.about['outcomes']['period']}. {run.about['outcomes']['source']}."


def _first(files: Sequence[str]) -> list[str]:
    briefs = [path for path in files if path.startswith("briefs/") and path.endswith(".html")]
    more = f" (and {len(briefs) - 1} more)" if len(briefs) > 1 else ""
    first = [f"{briefs[0]}{more}: the places on a few pages."] if briefs else []
    return [
        *first,
        "map.html: look around; click a county for its numbers.",
        "counties.xlsx: the numbers, with the sheet “Read me” before them.",
        "METHODS.md: what a reviewer will ask.",
    ]


def _said(selection: Selection) -> list[str]:
    said = [" ".join(text.split()) for text in SAID_EVERYWHERE]
    # Four of the caveats say what SAID_EVERYWHERE says.
    twice = ("County results", "Minutes are", "Not for", "Obstetric services change")
    beside = [text for text in selection.run.about["caveats"] if not text.startswith(twice)]
    return [*said, *beside, _ESTIMATES, _PROTECT, _HIDDEN]


def _files(
    files: Sequence[str], selection: Selection, chosen: BundleTables, words: Mapping[str, str]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Give the files group by group, each with what it is: what is read first comes first."""
    yield "TO READ AND TO SHOW", _pages(files, "briefs/", words) + [(name, _ALWAYS[name]) for name in _ALWAYS]
    yield "FIGURES", _pages(files, "figures/", words)
    yield "TABLES", [(name, _table_words(name, selection, chosen)) for name in OUTPUTS if name in files]


def _pages(files: Sequence[str], folder: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pages with what they are; one that stands in several formats once."""
    kinds: dict[str, list[str]] = {}
    for path in files:
        if path.startswith(folder):
            stem, _, kind = path.rpartition(".")
            kinds.setdefault(stem, []).append(kind)
    return [(f"{stem}.{' .'.join(formats)}", f"{words.get(stem, stem)}.") for stem, formats in kinds.items()]


def _table_words(name: str, selection: Selection, chosen: BundleTables) -> str:
    rows = chosen.rows(name)
    count = "No row" if rows == 0 else "1 row" if rows == 1 else f"{rows:,} rows"
    return f"{OUTPUTS[name].title}. {count}: {row_words(selection, name)}."


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=True, break_on_hyphens=False)


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def _numbered(texts: Sequence[str]) -> list[str]:
    return [
        line
        for number, text in enumerate(texts, start=1)
        for line in textwrap.wrap(text, _WIDTH, initial_indent=f"{number}. ", subsequent_indent="   ")
    ]
