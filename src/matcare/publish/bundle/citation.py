"""How a bundle is cited, and under which terms each of its files stands."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matcare.publish.bundle.selection import Selection

__all__ = ["AUTHORS", "citation_cff", "citation_text", "cited", "licence_of", "licence_text", "source_address"]

AUTHORS: Final = "The matcare developers"
_SHARED_ALIKE: Final = "CC-BY-NC-SA-4.0"
_CC: Final = "https://creativecommons.org/licenses/by-nc-sa/4.0/"
_OWN_WORDS: Final = frozenset({
    "README.txt", "METHODS.md", "CITATION.cff", "CITATION.txt", "LICENCES.txt", "datapackage.json", "dictionary.csv",
})  # fmt: skip
"""Text about the data: under the licence of the program that writes it."""


def cited(selection: Selection) -> str:
    """Return the bundle's citation, in one sentence or two."""
    about = selection.run.about
    return (
        f"{AUTHORS} ({selection.made.year}). Maternity care access: {selection.title}. Facility data to "
        f"{selection.run.data_date}; infant deaths and live births {about['outcomes']['period']}; "
        f"{about['scenario']['rule']['name']} rule. Computed on {selection.made.date().isoformat()} with matcare "
        f"{about['matcare']}. Data set."
    )


def licence_of(path: str, selection: Selection) -> str:
    """Return the licence of a file of the bundle, by that of the run's file it is made from.

    Parameters
    ----------
    path : str
        Within the bundle's folder.
    selection : Selection
        Holds the run's licences.
    """
    terms: dict[str, str] = selection.run.about["licences"]
    name = PurePosixPath(path).name
    if path in _OWN_WORDS:
        return "MIT"
    if name in terms:
        return terms[name]
    # Workbook, briefs and figures show columns of counties.csv beside the units.
    return terms["counties.csv"]


def citation_text(selection: Selection) -> str:
    """Return ``CITATION.txt``: the bundle's citation, then its sources'."""
    sources = selection.run.about["sources"]
    return "\n".join([
        "HOW TO CITE",
        "",
        cited(selection),
        "",
        "Corrections in force: " + ("; ".join(selection.run.corrections) or "none") + ".",
        "",
        "Cite the source too where you use its numbers:",
        "",
        *(f"- {source['citation']}" for source in sources),
        *(f"- {line}" for line in selection.run.about["also_used"]),
        "",
    ])  # fmt: skip


def citation_cff(selection: Selection) -> str:
    """Return ``CITATION.cff``, which reference managers and repositories read (Citation File Format 1.2.0)."""
    about = selection.run.about
    shared_alike = any(_SHARED_ALIKE in terms for terms in about["licences"].values())
    head: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these data, cite them so, and the sources below where you use their numbers.",
        "type": "dataset",
        "title": f"Maternity care access: {selection.title}",
        "version": f"facility data to {selection.run.data_date}; matcare {about['matcare']}",
        "date-released": selection.made.date().isoformat(),
    }
    lines = [f"{key}: {_quoted(value)}" for key, value in head.items()]
    if shared_alike:
        lines.append(f"license: {_quoted(_SHARED_ALIKE)}")
    lines += ["authors:", f"  - name: {_quoted(AUTHORS)}", "keywords:"]
    lines += [f"  - {_quoted(word)}" for word in ("maternity care desert", "spatial accessibility", "infant mortality")]
    lines += ["references:", *(line for source in about["sources"] for line in _reference(source))]
    return "\n".join(lines) + "\n"


def _reference(source: dict[str, Any]) -> Iterable[str]:
    yield f"  - type: {_quoted('data')}"
    yield f"    title: {_quoted(source['title'])}"
    yield "    authors:"
    yield f"      - name: {_quoted(source['publisher'])}"
    yield f"    version: {_quoted(source['vintage'])}"
    if source_address(source):
        yield f"    url: {_quoted(source_address(source))}"
    yield f"    notes: {_quoted('Terms: ' + source['licence'])}"


def source_address(source: dict[str, Any]) -> str:
    """Return where a source is had: its file, else the page to start from; empty when neither is known."""
    return str(source["url"] or source["landing_page"])


def _quoted(text: str) -> str:
    """Return a text as YAML that says the same whatever stands in it (JSON's strings are YAML's)."""
    return json.dumps(text, ensure_ascii=False)


def licence_text(selection: Selection, files: Iterable[str]) -> str:
    """Return ``LICENCES.txt``: each file's terms, then each source's.

    Parameters
    ----------
    selection : Selection
        Holds the run's licences and sources.
    files : iterable of str
        The bundle's files, within its folder.
    """
    by_terms: dict[str, list[str]] = {}
    for path in files:
        terms = licence_of(path, selection).replace("under `sources`", "below")
        by_terms.setdefault(terms, []).append(path)
    lines = ["LICENCES", "", "The files of this bundle, by their terms:", ""]
    for terms, paths in by_terms.items():
        lines += [f"{terms[0].upper()}{terms[1:]}", *(f"  {path}" for path in paths), ""]
    if any(_SHARED_ALIKE in terms for terms in by_terms):
        lines += [
            f"CC-BY-NC-SA-4.0 ({_CC}): name the source, not for commercial use, share alike. It covers every file",
            "with infant deaths, live births, their rates, or indicators of County Health Rankings & Roadmaps.",
            "",
        ]
    lines += [
        "Do not use these data to identify a person or the patients of a facility, nor to work out a count of",
        "1-9 births or deaths.",
        "",
        "The sources and their terms:",
        "",
    ]
    for source in selection.run.about["sources"]:
        address = source_address(source)
        lines += [
            f"{source['publisher']}: {source['title']}, {source['vintage']}",
            f"  terms: {source['licence']}{' <' + source['licence_url'] + '>' if source['licence_url'] else ''}",
            *([f"  from: {address}"] if address else []),
        ]
    return "\n".join(lines) + "\n"
