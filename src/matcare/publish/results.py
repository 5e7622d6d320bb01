"""The tables of a run, their summary, and the files that they become."""

from __future__ import annotations

import datetime as dt
import platform
import re
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from matcare import __version__
from matcare.contracts import (
    BLOCK_GROUPS,
    COUNTY_RESULTS,
    COVERAGE_MINUTES,
    DESERT_CLASSES,
    FACILITIES_OUT,
    OUTPUTS,
    POOLED_RATES,
    SERVICES,
)
from matcare.geo import STATES
from matcare.publish.exports import rounded, write_csv, write_dictionary, write_geopackage, write_json, write_parquet
from matcare.publish.map import write_map
from matcare.publish.summary import Summary
from matcare.sources.catalog import CATALOG, Source
from matcare.travel.road_files import source_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matcare.scenario import Scenario

__all__ = ["ALSO_USED", "CAVEATS", "LICENCES", "Results", "minutes_provenance", "write_results"]

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
)
"""What stands beside the numbers wherever they are shown."""


_SHARE_ALIKE: Final = "CC-BY-NC-SA-4.0 (infant mortality by way of County Health Rankings & Roadmaps)"

LICENCES: Final = {
    "map.html": f"{_SHARE_ALIKE}; Leaflet: BSD-2-Clause",
    "counties.csv": _SHARE_ALIKE,
    "counties.gpkg": _SHARE_ALIKE,
    "pooled_rates.csv": _SHARE_ALIKE,
    "facilities.csv": "facts; each source's terms stand under `sources`",
    "block_groups.parquet": "facts; minutes stand on Travel Mapping's highway data, for which no licence is stated",
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


@dataclass(frozen=True, kw_only=True)
class Results:
    """The tables of a run.

    Attributes
    ----------
    scenario : Scenario
        What was asked for.
    counties : geopandas.GeoDataFrame
        Contract `COUNTY_RESULTS`, with geometry.
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`, of the whole country: cross-border care counts.
    block_groups, pooled : pandas.DataFrame
        Contracts `BLOCK_GROUPS` and `POOLED_RATES`.
    data_date : str
        Date of the youngest facility source.
    corrections, notes : tuple of str
        Corrections in force; what was repaired or replaced on the way.
    table_hashes : mapping of str to str
        SHA-256 of each data table that was read.
    profile : mapping
        The speed profile, every parameter.
    roads : mapping
        Where the roads come from, their licence and what of them is not modelled.
    written : dict of pathlib.Path to int
        Files and their bytes, once written.
    """

    scenario: Scenario
    counties: gpd.GeoDataFrame
    facilities: pd.DataFrame
    block_groups: pd.DataFrame
    pooled: pd.DataFrame
    data_date: str
    corrections: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    table_hashes: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    roads: Mapping[str, Any] = field(default_factory=dict)
    written: dict[Path, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The region in words."""
        return ", ".join(STATES[state] for state in self.scenario.states) or "United States"

    def facilities_in_region(self) -> pd.DataFrame:
        """Return the facilities in the region's states, and those elsewhere that are the nearest to someone inside."""
        nearest = [
            self.block_groups[name].dropna() for name in self.block_groups.columns if name.startswith("facility_id_")
        ]
        used = set(pd.concat(nearest))
        inside = self.facilities["state"].isin(set(self.counties["state"])) | self.facilities["facility_id"].isin(used)
        return self.facilities[inside].reset_index(drop=True)

    def facilities_around(self, *, margin_degrees: float = 1.5) -> pd.DataFrame:
        """Return the facilities of the region and those within a margin of its bounds, for the map."""
        west, south, east, north = self.counties.total_bounds
        lat, lon = self.facilities["lat"], self.facilities["lon"]
        near = lat.between(south - margin_degrees, north + margin_degrees)
        near &= lon.between(west - margin_degrees, east + margin_degrees)
        near |= self.facilities["facility_id"].isin(self.facilities_in_region()["facility_id"])
        return self.facilities[near].reset_index(drop=True)

    def access(self) -> pd.DataFrame:
        """Return women-weighted access in the whole region.

        Returns
        -------
        pandas.DataFrame
            One row a service: ``service, minutes`` (mean over women who can be given minutes), ``within_30``,
            ``within_60``, ``within_90``, ``no_minutes`` (shares of all women 15-44).
        """
        women = self.block_groups["women_15_44"]
        rows = []
        for service, words in SERVICES.items():
            minutes = self.block_groups[f"minutes_{service}"]
            known = minutes.notna() & women.notna()
            row: dict[str, object] = {
                "service": words,
                "minutes": float(np.average(minutes[known], weights=women[known]))
                if women[known].sum() > 0
                else float("nan"),
            }
            row |= {f"within_{limit}": women[minutes <= limit].sum() / women.sum() for limit in COVERAGE_MINUTES}
            row["no_minutes"] = women[minutes.isna()].sum() / women.sum()
            rows.append(row)
        return pd.DataFrame(rows)

    def _unreported_levels(self) -> str:
        here = self.facilities[
            self.facilities["state"].isin(set(self.counties["state"])) & self.facilities["counts_nicu"]
        ]
        unknown = int(here["neonatal_level"].isna().sum())
        return (
            f"Neonatal levels: {unknown:,} of {len(here):,} hospitals with evidence of a NICU have none reported: "
            "read both level-III rows."
        )

    def summary(self) -> Summary:
        """Return the numbers for the terminal."""
        counties = self.counties
        by_class = counties.groupby("march_of_dimes_class").agg(
            counties=("county_fips", "size"), women=("women_15_44", "sum"), births=("births_per_year", "sum")
        )
        by_class["share"] = by_class["women"] / counties["women_15_44"].sum()
        classes = by_class.reindex([name for name in DESERT_CLASSES if name in by_class.index]).reset_index()
        bound = int((counties["march_of_dimes_class_corroborated"] == "desert").sum())
        published = int(counties["imr_status"].isin(["published", "published_unreliable"]).sum())
        lines = [
            (
                f"Drive-time deserts: {int(counties['drive_time_desert_30'].sum()):,} counties at 30 minutes, "
                f"{int(counties['drive_time_desert_60'].sum()):,} at 60."
            ),
            f"Counting corroborated and likely units only: {bound:,} March of Dimes deserts.",
            f"Infant mortality 2017-23: {published:,} of {len(counties):,} counties have a published rate.",
            self._unreported_levels(),
            f"Facility data to {self.data_date}; corrections in force: {len(self.corrections) or 'none'}.",
            *(f"  {text}" for text in self.corrections),
            *(f"Note: {text}" for text in self.notes),
        ]
        return Summary(f"{self.title}: maternity care access", classes, self.access(), lines, self.written)


def write_results(results: Results, folder: Path) -> None:
    """Write every file of a run.

    Parameters
    ----------
    results : Results
        What was computed.
    folder : pathlib.Path
        Existing folder; files of the same name are replaced.

    Raises
    ------
    ContractError
        When a table does not keep its contract (a defect of ours, found before it is written).
    """
    counties = results.counties
    COUNTY_RESULTS.validate(counties, where="county results")
    facilities = FACILITIES_OUT.validate(results.facilities_in_region(), where="facilities")
    pooled = POOLED_RATES.validate(results.pooled, where="pooled rates")
    block_groups = BLOCK_GROUPS.validate(results.block_groups, where="block groups")
    in_force = f"Corrections in force: {'; '.join(results.corrections) or 'none'}."
    write_csv(counties, folder / "counties.csv", COUNTY_RESULTS)
    write_csv(facilities, folder / "facilities.csv", FACILITIES_OUT)
    write_csv(pooled, folder / "pooled_rates.csv", POOLED_RATES)
    write_parquet(
        rounded(block_groups, BLOCK_GROUPS),
        folder / "block_groups.parquet",
        description=f"matcare {__version__}: {BLOCK_GROUPS.description} {in_force} Sources: run.json.",
    )
    write_geopackage(
        gpd.GeoDataFrame(rounded(counties, COUNTY_RESULTS), geometry="geometry", crs=counties.crs),
        folder / "counties.gpkg",
        layer="counties",
        description=f"matcare {__version__}, {LICENCES['counties.gpkg']}: {COUNTY_RESULTS.description} {in_force} "
        "Columns: dictionary.csv; sources: run.json.",
        when=_last_day(results.data_date),
    )
    write_dictionary(folder / "dictionary.csv", OUTPUTS)
    write_json(folder / "run.json", provenance(results))
    write_map(
        folder / "map.html",
        counties=counties,
        facilities=results.facilities_around(),
        title=f"Maternity care access: {results.title}",
        subtitle=f"{results.scenario.rule.name} rule; drive minutes by car{_profile_words(results)}; facility data to "
        f"{results.data_date}{_in_force_words(results)}",
        notes=[*(f"Correction in force: {text}" for text in results.corrections), *_own_roads(results.roads), *CAVEATS],
        sources=[*_own_roads(results.roads), *_short_sources()],
    )


def _own_roads(roads: Mapping[str, Any]) -> list[str]:
    """Say where the roads come from, and their licence, where they are not the embedded ones."""
    return [f"Roads: {source_in_words(roads)}."] if "built" in roads else []


def _minutes_licence(roads: Mapping[str, Any]) -> str:
    """Licence of minutes, by the roads that they stand on."""
    own = _own_roads(roads)
    return f"minutes stand on: {own[0].removeprefix('Roads: ')}" if own else LICENCES["block_groups.parquet"]


def _profile_words(results: Results) -> str:
    name = results.profile.get("name", "typical")
    return "" if name == "typical" else f" (speed profile {name})"


def _in_force_words(results: Results) -> str:
    n = len(results.corrections)
    return "" if n == 0 else f"; {n} correction{'' if n == 1 else 's'} in force"


def _sources() -> list[Source]:
    """Return the sources of the embedded tables: what an output stands on."""
    return [source for source in CATALOG.values() if source.use == "embedded"]


def _short_sources() -> list[str]:
    """Return one short line a publisher for the map; the full citations stand in ``run.json``."""
    by_publisher: dict[str, list[str]] = {}
    for source in _sources():
        by_publisher.setdefault(source.publisher, []).append(f"{source.title} ({source.vintage})")
    lines = [f"{publisher}: {'; '.join(titles)}" for publisher, titles in by_publisher.items()]
    return [*lines, "Full citations, licences and hashes: run.json beside this map."]


def _last_day(data_date: str) -> dt.date:
    """Return the last day that a date of data names (``2026 Q2``, ``2026-06``, ``2026``); 1970-01-01 when none.

    Examples
    --------
    >>> _last_day("2026 Q2"), _last_day("2025"), _last_day("not recorded")
    (datetime.date(2026, 6, 30), datetime.date(2025, 12, 31), datetime.date(1970, 1, 1))
    """
    found = re.match(r"(\d{4})(?: Q([1-4])|-(\d{2}))?", data_date)
    if not found:
        return dt.date(1970, 1, 1)
    month = 3 * int(found[2]) if found[2] else int(found[3] or 12)
    first_of_next = dt.date(int(found[1]) + month // 12, month % 12 + 1, 1)
    return first_of_next - dt.timedelta(days=1)


def _made_by() -> dict[str, Any]:
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
    return _made_by() | {
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
    return _made_by() | {
        "region": results.title,
        "scenario": results.scenario.as_dict(),
        "data_date": results.data_date,
        "corrections": list(results.corrections),
        "notes": list(results.notes),
        "caveats": list(CAVEATS),
        "profile": results.profile,
        "roads": dict(results.roads),
        "licences": LICENCES | {"block_groups.parquet": _minutes_licence(results.roads)},
        "tables_sha256": dict(results.table_hashes),
        "sources": [asdict(source) for source in _sources()],
        "also_used": list(ALSO_USED),
    }
