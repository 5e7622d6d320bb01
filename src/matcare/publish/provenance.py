"""What stands beside the numbers of a run: caveats, licences, sources, versions."""

from __future__ import annotations

import datetime as dt
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from matcare import __version__
from matcare.sources.catalog import CATALOG, Source
from matcare.travel.road_files import source_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matcare.publish.results import Results

__all__ = [
    "ALSO_USED",
    "CAVEATS",
    "LICENCES",
    "answer_licence",
    "licences",
    "made_by",
    "minutes_provenance",
    "minutes_sources",
    "own_roads",
    "provenance",
    "short_minutes_sources",
    "short_sources",
]

_PACKAGES: Final = ("numpy", "pandas", "scipy", "shapely", "geopandas", "pyarrow", "folium", "xstatic-leaflet")

CAVEATS: Final = (
    "County results are about places, not persons.",
    "Minutes are for a car at the profile's speeds, on the roads that run.json names and local streets.",
    "Neonatal levels are reported by a public directory and unverified; a missing level is unknown, not none.",
    "Not for choosing where to give birth or where an ambulance should go.",
    "Facility sources differ in date: federal flags 2026, neonatal levels October 2025, cost reports 2017-2023.",
    "Obstetric services change monthly. Correct a unit with --corrections FILE (facility_id, status, date, source).",
    "Women and births at a block group are allocated from the county by people; prisons and dormitories get some.",
    "Obstetricians are MDs only; DOs and family physicians who deliver are not in the source: clinicians are a floor.",
    "A modelled rate is no observation: never to be ranked, compared or tested.",
    "Every pattern between places is an association, not a cause.",
    "Rates of American Indian and Alaska Native infants are not ranked: tribal nations are sovereign over their data.",
)
"""What stands beside the numbers wherever they are shown."""


_SHARE_ALIKE: Final = "CC-BY-NC-SA-4.0 (infant mortality by way of County Health Rankings & Roadmaps)"
_OF_WONDER: Final = (
    "CDC WONDER data use restrictions (the user's export: no statistic on nine or fewer births or deaths, nobody "
    "identified)"
)
_WITH_RANKINGS: Final = ("map.html", "counties.csv", "counties.gpkg", "indicators.csv")
"""Files that hold indicators of County Health Rankings & Roadmaps too."""
_REPLACED: Final = frozenset({"chr_v129_2026", "chr_v129_race_2026"})
"""Sources that a user's export takes the place of."""

_ON_ROADS: Final = "facts; minutes stand on Travel Mapping's highway data, for which no licence is stated"

LICENCES: Final = {
    "map.html": f"{_SHARE_ALIKE}; Leaflet: BSD-2-Clause",
    "counties.csv": _SHARE_ALIKE,
    "counties.gpkg": _SHARE_ALIKE,
    "pooled_rates.csv": _SHARE_ALIKE,
    "desert_outcomes.csv": _SHARE_ALIKE,
    "association.csv": _SHARE_ALIKE,
    "clusters.csv": _SHARE_ALIKE,
    "disparities.csv": _SHARE_ALIKE,
    "concentration_curve.csv": _SHARE_ALIKE,
    "indicators.csv": f"{_SHARE_ALIKE}; the other sources' terms stand under `sources`",
    "indicator_catalog.csv": "facts; each source's terms stand under `sources`",
    "state_policies.csv": "facts; each source's terms stand under `sources`",
    "national_changes.csv": "facts from NCHS reports, in the public domain (US government works)",
    "national_changes.svg": "facts from NCHS reports, in the public domain (US government works)",
    "facilities.csv": "facts; each source's terms stand under `sources`",
    "coverage.csv": f"{_SHARE_ALIKE}; the other sources' terms stand under `sources`",
    "coverage_counties.parquet": f"{_SHARE_ALIKE}; the other sources' terms stand under `sources`",
    "transfers.csv": _ON_ROADS,
    "definitions.csv": _ON_ROADS,
    "definition_cells.csv": _ON_ROADS,
    "definition_agreement.csv": _ON_ROADS,
    "cross_border.csv": _ON_ROADS,
    "fragility.csv": _ON_ROADS,
    "unit_births.csv": _ON_ROADS,
    "block_groups.parquet": _ON_ROADS,
    "dictionary.csv": "MIT",
    "run.json": "MIT; the sources' terms stand under `sources`",
}
"""Licence of every file of a run."""

ALSO_USED: Final = (
    "Speed limits by state: the IIHS list as in BTS, State Transportation Statistics 2015, (partly by memory).",
    "ZIP centroids of birth centers and of facilities without a better address: the Python package `zipcodes`.",
    "Calibration of speeds: minutes of Google, Bing, Esri and OSRM, ten states, statistics only (docs/drive_times.md).",
)
"""What stands behind the numbers and is no file of the catalog."""


def licences(results: Results) -> dict[str, str]:
    """Return the licence of every file of a run, by the outcomes and the roads that it stands on."""
    on_roads = [name for name, words in LICENCES.items() if words == _ON_ROADS]
    terms = LICENCES | dict.fromkeys(on_roads, _minutes_licence(results.roads))
    if not results.outcomes.own:
        return terms
    rankings = "; CC-BY-NC-SA-4.0 (indicators by way of County Health Rankings & Roadmaps)"
    return {
        name: text.replace(_SHARE_ALIKE, _OF_WONDER + rankings * (name in _WITH_RANKINGS))
        for name, text in terms.items()
    }


def answer_licence(terms: str, roads: Mapping[str, Any]) -> str:
    """Return the licence of a planning table: its own terms, and those of the roads that its minutes stand on."""
    begin = "" if terms == "facts" else f"{_SHARE_ALIKE if terms == 'CC-BY-NC-SA-4.0' else terms}; "
    return f"{begin}{_minutes_licence(roads)}"


def minutes_sources() -> list[Source]:
    """Return the sources of people, facilities and roads: of all but infant deaths and what goes with them."""
    return [source for source in _sources() if source.id not in _REPLACED]


def own_roads(roads: Mapping[str, Any]) -> list[str]:
    """Say where the roads come from, and their licence, where they are not the embedded ones."""
    return [f"Roads: {source_in_words(roads)}."] if "built" in roads else []


def _minutes_licence(roads: Mapping[str, Any]) -> str:
    """Licence of minutes, by the roads that they stand on."""
    own = own_roads(roads)
    return f"minutes stand on: {own[0].removeprefix('Roads: ')}" if own else LICENCES["block_groups.parquet"]


def _sources(*, own_outcomes: bool = False) -> list[Source]:
    """Return the sources of the embedded tables, less those that a user's outcomes took the place of."""
    return [
        source
        for source in CATALOG.values()
        if source.use == "embedded" and not (own_outcomes and source.id in _REPLACED)
    ]


def short_sources(own_outcomes: bool = False) -> list[str]:  # noqa: FBT001, FBT002 - one question, yes or no
    """Return one short line a publisher for the map; the full citations stand in ``run.json``."""
    return _one_line_a_publisher(_sources(own_outcomes=own_outcomes))


def short_minutes_sources() -> list[str]:
    """Return the same of :func:`minutes_sources`."""
    return _one_line_a_publisher(minutes_sources())


def _one_line_a_publisher(sources: Sequence[Source]) -> list[str]:
    by_publisher: dict[str, list[str]] = {}
    for source in sources:
        by_publisher.setdefault(source.publisher, []).append(f"{source.title} ({source.vintage})")
    lines = [f"{publisher}: {'; '.join(titles)}" for publisher, titles in by_publisher.items()]
    return [*lines, "Full citations, licences and hashes: the run.json of this run."]


def made_by() -> dict[str, Any]:
    """Return versions and the time, which begin every ``run.json``."""
    return {
        "matcare": __version__,
        "created": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def minutes_provenance(
    asked: Mapping[str, Any],
    *,
    profile: Mapping[str, Any],
    table_hashes: Mapping[str, str],
    roads: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what leads minutes between two sets of points back to their sources.

    Parameters
    ----------
    asked : mapping
        Files and options of the question.
    profile, table_hashes : mapping
        The speed profile and the SHA-256 of the data tables.
    roads : mapping
        Where the roads come from, and their licence.

    Returns
    -------
    dict
        For ``<out>_run.json``.
    """
    used = ("road_nodes", "road_edges", "demand", "counties")
    return made_by() | {
        "asked": dict(asked),
        "profile": dict(profile),
        "roads": dict(roads),
        "licence": _minutes_licence(roads),
        "caveats": [CAVEATS[1]],
        "tables_sha256": {name: table_hashes[name] for name in used if name in table_hashes},
        "sources": [asdict(source) for source in _sources() if set(source.tables) & {"road_nodes", "road_edges"}],
        "also_used": [ALSO_USED[0], ALSO_USED[2]],
    }


def provenance(results: Results) -> dict[str, Any]:
    """Return what leads every number of a run back to its source, for ``run.json``."""
    return made_by() | {
        "region": results.title,
        "scenario": results.scenario.as_dict(),
        "data_date": results.data_date,
        "corrections": list(results.corrections),
        "notes": list(results.notes),
        "caveats": list(CAVEATS),
        "outcomes": {
            "period": results.outcomes.period,
            "source": results.outcomes.source,
            "not_published": results.outcomes.suppressed,
            **results.outcomes.fit,
        },
        "profile": results.profile,
        "roads": dict(results.roads),
        "licences": licences(results),
        "tables_sha256": dict(results.table_hashes),
        "sources": [asdict(source) for source in _sources(own_outcomes=results.outcomes.own)],
        "also_used": list(ALSO_USED),
    }
