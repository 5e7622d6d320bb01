"""What CDC WONDER writes below the table of an export: which data set, what was asked for, when, and how to cite it.

The footer is what makes an export readable: without it nobody can tell a whole table from a cut one, all mothers from
those that a query picked out, or a year from five.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Kind", "WonderFooter", "is_rule", "read_footer"]

Kind = Literal["linked", "natality"]

_RULE: Final = "---"
_QUERY: Final = {"Query Parameters", "Query Criteria"}
_SECTION: Final = re.compile(
    r"(Dataset|Query Parameters|Query Criteria|Query Date|Suggested Citation|Help|Messages|Caveats|Footnotes):\s*(.*)"
)
_PARAMETER: Final = re.compile(r"([A-Z0-9%][^:;]{0,70}):\s(.*)")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_SPAN: Final = re.compile(r"\b((?:19|20)\d\d)\s*-\s*(\d{4}|\d{2})\b")
_YEAR_PARAMETERS: Final = frozenset({"year", "years", "year of death"})
_PLACE_PARAMETERS: Final = (
    "state",
    "county",
    "counties",
    "census region",
    "census division",
    "hhs region",
    "maternal state",
    "maternal county",
)
_OPTIONS: Final = (
    "title", "group by", "show totals", "show zero values", "show suppressed", "calculate rates per",
    "population option", "rate options", "precision",
)  # fmt: skip
_COUNTY_IN_LIST: Final = re.compile(r"\((\d{5})\)")


@dataclass(frozen=True, kw_only=True)
class WonderFooter:
    """The notes below an export.

    Attributes
    ----------
    kind : {"linked", "natality"}
        Linked birth / infant death records, or births alone.
    dataset : str
        As WONDER names it: ``Linked Birth / Infant Death Records, 2007-2022``.
    parameters : mapping of str to str
        What the query asked for, by name.
    query_date, citation : str
        As written; empty where the footer was cut after the parameters.
    caveats : tuple of str
        Messages and caveats, in order.
    """

    kind: Kind
    dataset: str
    parameters: Mapping[str, str]
    query_date: str = ""
    citation: str = ""
    caveats: tuple[str, ...] = ()

    @property
    def years(self) -> tuple[int, ...]:
        """Years asked for: those of the query, else all that the data set spans; empty when neither is said.

        Examples
        --------
        >>> WonderFooter(kind="linked", dataset="Linked Birth / Infant Death Records, 1995-98", parameters={}).years
        (1995, 1996, 1997, 1998)
        """
        for name, value in self.parameters.items():
            if name.casefold() in _YEAR_PARAMETERS:
                return tuple(sorted({int(year) for year in _YEAR.findall(value)}))
        span = _SPAN.search(self.dataset)
        if span is None:
            return ()
        first, last = span.groups()
        return tuple(range(int(first), int(last if len(last) == len(first) else first[:2] + last) + 1))

    @property
    def filters(self) -> dict[str, str]:
        """Parameters that leave some births or deaths out: all but places, years and how the table is shown."""
        return {
            name: value
            for name, value in self.parameters.items()
            if not name.casefold().startswith((*_OPTIONS, *_PLACE_PARAMETERS))
            and name.casefold() not in _YEAR_PARAMETERS
            and value.casefold() not in {"all", "all values", "*all*"}
        }

    @property
    def places(self) -> str:
        """The states or counties that the query was limited to, as written; empty for the whole country."""
        found = [
            value for name, value in self.parameters.items()
            if name.casefold().startswith(_PLACE_PARAMETERS) and value.casefold() not in {"all", "the united states"}
        ]  # fmt: skip
        return "; ".join(found)

    @property
    def counties_asked(self) -> frozenset[str]:
        """County codes that the query was limited to; empty when it asked for whole states."""
        return frozenset(_COUNTY_IN_LIST.findall(self.places))

    def shows(self, what: Literal["Suppressed", "Zero Values"]) -> bool | None:
        """Whether rows with suppressed counts, or with zeros, are in the table; None when the footer does not say."""
        said = {name.casefold(): value for name, value in self.parameters.items()}.get(f"show {what.casefold()}")
        return None if said is None else said.strip().casefold() == "true"


def read_footer(lines: Sequence[str], *, delimiter: str, path: Path) -> WonderFooter:
    """Read the lines below the first rule of three dashes.

    Parameters
    ----------
    lines : sequence of str
        As they stand in the file, quotes and all; long texts are wrapped over several.
    delimiter : str
        Of the file: a spreadsheet fills the row with it.
    path : pathlib.Path
        The file, for messages.

    Returns
    -------
    WonderFooter

    Raises
    ------
    InputError
        When the data set is not named, when the parameters are cut off, or when the data set is neither linked birth /
        infant death records nor natality.
    """
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    whole = False
    for line in (_unquoted(raw, delimiter) for raw in lines):
        found = _SECTION.fullmatch(line)
        if line in ("", _RULE):
            current = None
            whole |= line == _RULE and bool(_QUERY & set(sections))
        elif found is not None and (current is None or found[1] == "Query Parameters"):
            current = sections.setdefault(found[1], [])
            if found[2]:
                current.append(found[2])
            if found[1] == "Dataset":
                current = None
        elif current is not None:
            current.append(line)
    dataset = " ".join(sections.get("Dataset", []))
    kind = _kind(dataset, path)
    if not whole:
        raise InputError(
            f"{path}: the notes below the table end before the query's parameters do, so nothing says which mothers, "
            "ages and years it holds: half a file; export it again"
        )
    return WonderFooter(
        kind=kind,
        dataset=dataset,
        parameters=_parameters([*sections.get("Query Parameters", []), *sections.get("Query Criteria", [])]),
        query_date=" ".join(sections.get("Query Date", [])),
        citation=" ".join(sections.get("Suggested Citation", [])),
        caveats=(*sections.get("Messages", []), *sections.get("Caveats", []), *sections.get("Footnotes", [])),
    )


def is_rule(line: str, delimiter: str) -> bool:
    """Tell whether a line is the rule of three dashes that ends a table."""
    return _unquoted(line, delimiter) == _RULE


def _unquoted(line: str, delimiter: str) -> str:
    text = line.strip().rstrip(delimiter).strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = text[1:-1]
    return text.replace('""', '"').strip()


def _parameters(lines: Sequence[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    name = ""
    for line in lines:
        found = _PARAMETER.fullmatch(line)
        if found is not None:
            name = found[1].strip()
            parameters[name] = found[2].strip()
        elif name:
            parameters[name] = f"{parameters[name]} {line}"
    return parameters


def _kind(dataset: str, path: Path) -> Kind:
    words = dataset.casefold()
    if not dataset:
        raise InputError(
            f"{path}: the notes below the table do not name the data set ('Dataset: …'): half a file; export it again"
        )
    if "linked birth" in words:
        return "linked"
    if words.startswith("natality"):
        return "natality"
    raise InputError(
        f"{path}: the export is of {dataset!r}, which does not hold infant deaths with the births of the same mothers; "
        "export 'Linked Birth / Infant Death Records' (or 'Natality' for births alone)"
    )
