"""What stands beside the tables: ``datapackage.json`` (Frictionless), ``README.md`` and ``LICENSES.md``."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from matcare.contracts import EMBEDDED
from matcare.geo import STATES, state_of_county
from matcare.sources.catalog import CATALOG
from matcare.tables.adjacency import STORED_ADJACENCY_COLUMNS
from matcare.tables.demand import STORED_COLUMNS
from matcare.tables.roads import STORED_EDGE_COLUMNS, STORED_NODE_COLUMNS
from matcare.tables.storage import SNAPSHOT_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matcare.sources.catalog import Source

__all__ = ["counts_by_state", "datapackage", "licences", "readme"]

_LICENCE_TEXT: Final = """\
# Licences of the embedded data

The code of matcare is MIT. The data are not: each table has its own licence, and each source its own terms.

`outcomes.parquet`, `outcomes_by_race.parquet`, `states.parquet`, `county_indicators.parquet` and every output of
a run that carries infant deaths, live births, infant mortality rates or those indicators derive from County
Health Rankings & Roadmaps and are under **CC BY-NC-SA 4.0**: attribution, not for commercial use, shared alike.

Vital-statistics counts of 1-9 births or deaths are not in these tables and must not be worked out from them;
do not try to identify a person or a facility's patients (CDC WONDER terms of use).
"""

_README_TEXT: Final = """\
# The embedded data

Compiled from the publishers' files by `matcare data build --from DIR --out data`; checked by `matcare data
verify`. Do not edit a table here: change the compilation and build again. Licences and citations:
[LICENSES.md](LICENSES.md); columns, hashes and sources: `datapackage.json`.
"""

_STORED_FORM: Final = """
`demand` and the roads are stored in whole numbers (1e-5 degrees, about a metre). The loader gives them the
contract's columns and allocates each county's women and births to its demand points in proportion to people.

## To mind
"""

_COMPACT: Final[dict[str, dict[str, str]]] = {
    "demand": STORED_COLUMNS,
    "road_nodes": STORED_NODE_COLUMNS,
    "road_edges": STORED_EDGE_COLUMNS,
    "adjacency": STORED_ADJACENCY_COLUMNS,
}
"""Tables that are stored in fewer or other columns than their contract has; the loader makes the contract's of them."""

_MEDIA_TYPES: Final = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}

_LICENCES: Final[dict[str, dict[str, str]]] = {
    "CC-BY-NC-SA-4.0": {
        "name": "CC-BY-NC-SA-4.0",
        "title": "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International",
        "path": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    },
    "US-PD": {
        "name": "other-pd",
        "title": "Works of the US government, in the public domain",
        "path": "https://www.usa.gov/government-copyright",
    },
    "facts": {"name": "other-open", "title": "Facts; the publishers' terms are in LICENSES.md", "path": "LICENSES.md"},
    "MIT": {"name": "MIT", "title": "MIT License", "path": "https://opensource.org/license/mit"},
}


def datapackage(files: Mapping[str, bytes], table_sources: Mapping[str, Iterable[str]]) -> str:
    """Return the Frictionless descriptor of the stored tables.

    Parameters
    ----------
    files : mapping of str to bytes
        File name → content, ``<table>.parquet`` or ``<table>.csv``.
    table_sources : mapping of str to iterable of str
        Table → catalog identifiers.

    Returns
    -------
    str
        JSON, the same for the same files.
    """
    resources = []
    for file, content in files.items():
        name, _, kind = file.partition(".")
        contract = EMBEDDED[name]
        resource: dict[str, Any] = {
            "name": name,
            "path": file,
            "title": contract.title,
            "description": contract.description,
            "profile": "data-resource",
            "format": kind,
            "mediatype": _MEDIA_TYPES[kind],
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "licenses": [_LICENCES[contract.licence]],
            "sources": [_source(CATALOG[source]) for source in table_sources.get(name, ())],
            "schema": contract.frictionless() | {"missingValues": ["", "nan", "NaN"]},
        }
        if name in _COMPACT:
            resource["schema"] = {
                "fields": [
                    {"name": column, "type": "integer", "description": text} for column, text in _COMPACT[name].items()
                ]
            }
            resource["loaded_schema"] = contract.frictionless()
        resources.append(resource)
    package = {
        "profile": "data-package",
        "name": "matcare-snapshot",
        "title": "Maternity care access in the United States: the tables embedded in matcare",
        "version": SNAPSHOT_VERSION,
        "licenses": [_LICENCES["CC-BY-NC-SA-4.0"], _LICENCES["US-PD"], _LICENCES["facts"]],
        "resources": resources,
    }
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def licences(table_sources: Mapping[str, Iterable[str]]) -> str:
    """Return ``LICENSES.md``: each table's licence, and each source's terms and citation."""
    lines = [
        _LICENCE_TEXT,
        "| table | licence |",
        "|---|---|",
        *(f"| `{name}` | {_LICENCES[EMBEDDED[name].licence]['title']} |" for name in table_sources),
        "",
        "## Sources",
        "",
        "| source | publisher, vintage | licence | used in | cite as |",
        "|---|---|---|---|---|",
    ]
    used: dict[str, list[str]] = {}
    for table, sources in table_sources.items():
        for source in sources:
            used.setdefault(source, []).append(table)
    for name in sorted(used):
        entry = CATALOG[name]
        cells = (
            entry.title,
            f"{entry.publisher}, {entry.vintage}",
            entry.licence,
            ", ".join(used[name]),
            entry.citation,
        )
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def readme(tables: Mapping[str, pd.DataFrame], sizes: Mapping[str, int]) -> str:
    """Return ``README.md``: what is there, what is missing where, and a table of counts by state."""
    lines = [_README_TEXT, "| file | what | rows | bytes | licence |", "|---|---|---|---|---|"]
    for file, size in sizes.items():
        name, _, _ = file.partition(".")
        contract = EMBEDDED[name]
        rows = f"{len(tables[name]):,}" if name in tables else ""
        lines.append(f"| `{file}` | {contract.title} | {rows} | {size:,} | {contract.licence} |")
    lines += [_STORED_FORM, *_to_mind(tables), "", "## Counts by state", "", *_markdown(counts_by_state(tables))]
    return "\n".join(lines) + "\n"


def counts_by_state(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count counties, people, women, births, demand points and facilities by state.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        ``counties, outcomes, demand, facilities``.

    Returns
    -------
    pandas.DataFrame
        One row a state and a last row ``All``; births are Census estimates (Puerto Rico: registered).
    """
    counties, facilities = tables["counties"], tables["facilities"]
    by_state = counties.groupby("state")
    rates = tables["outcomes"]["outcome_status"].isin(["published", "apportioned"])
    table = pd.DataFrame(
        {
            "counties": by_state.size(),
            "with a rate": rates.groupby(state_of_county(tables["outcomes"]["county_fips"])).sum(),
            "people": by_state["population"].sum(),
            "women 15-44": by_state["women_15_44"].sum(),
            "births a year": by_state["births_per_year"].sum(),
            "demand points": tables["demand"].groupby(state_of_county(tables["demand"]["county_fips"])).size(),
        }
    )
    evidence = pd.crosstab(facilities["state"], facilities["obstetric_evidence"])
    levels = pd.crosstab(facilities["state"], facilities["neonatal_level"])
    for value in EMBEDDED["facilities"].column("obstetric_evidence").values:
        if value == "birth_center":
            continue
        table[value] = evidence.get(value, pd.Series(dtype="int64"))
    for value in EMBEDDED["facilities"].column("neonatal_level").values:
        table[f"level {value}"] = levels.get(value, pd.Series(dtype="int64"))
    table["birth centers"] = (facilities["kind"] == "birth_center").groupby(facilities["state"]).sum()
    table = table.reindex(sorted(STATES)).fillna(0).round().astype("int64")
    table.loc["All"] = table.sum()
    return table.rename_axis("state").reset_index()


def _to_mind(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    outcomes, states, counties = tables["outcomes"], tables["states"], tables["counties"]
    status = outcomes["outcome_status"].value_counts()
    withheld = states.loc[states["outcome_status"] == "complementary", "state_name"]
    masked = int((counties["births_registered_status"] == "suppressed").sum())
    disagree = int(counties["births_disagree"].sum())
    published, apportioned = status.get("published", 0), status.get("apportioned", 0)
    suppressed, absent = status.get("suppressed", 0), status.get("not_reported", 0)
    return [
        f"- Infant deaths by county: {published:,} published; {apportioned} apportioned (Connecticut); {suppressed:,}",
        f"  suppressed, with fewer than 20 deaths; {absent} not reported (Puerto Rico).",
        f"- The state totals of {' and '.join(withheld) or 'no state'} are withheld: with those of the counties",
        "  and the nation they would give a suppressed count back.",
        f"- Registered births are masked below ten in {masked} counties. They and the Census estimates differ",
        f"  by more than 25 % in {disagree}.",
        "- Clinicians lack osteopathic and family physicians everywhere, and all obstetricians of Connecticut.",
        "- Policies other than Medicaid expansion, and the expansion dates that say so, were compiled from memory.",
        "- Facilities: evidence is graded, not asserted; an absent neonatal level is unknown, never none.",
        "- `other_hospitals` are places for `matcare site` alone; no service counts them, and none of them is known",
        "  to be able to offer birth care. Those whose name tells of one other kind of care are not offered.",
    ]


def _source(source: Source) -> dict[str, str]:
    place = source.url or source.landing_page
    return {"title": f"{source.title} ({source.vintage})", **({"path": place} if place else {})}


def _markdown(table: pd.DataFrame) -> list[str]:
    head = "| " + " | ".join(table.columns) + " |"
    rule = "|" + "|".join("---" if name == "state" else "---:" for name in table.columns) + "|"
    rows = [
        "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) + " |"
        for row in table.astype(object).to_numpy().tolist()
    ]
    return [head, rule, *rows]
