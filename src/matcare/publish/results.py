"""The tables of a run, their summary, and the files that they become."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    SERVICES,
)
from matcare.geo import STATES, state_of_county
from matcare.publish.exports import rounded, write_csv, write_dictionary, write_geopackage, write_json, write_parquet
from matcare.publish.map import write_map
from matcare.publish.map.layers import IN_STATE_MAPS_ONLY, layers_payload
from matcare.publish.provenance import CAVEATS, licences, own_roads, provenance, short_sources
from matcare.publish.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matcare.publish.map.layers import MapLayers
    from matcare.scenario import Scenario

__all__ = ["OutcomeTables", "PlanningOutputs", "Results", "last_day", "write_results"]


@dataclass(frozen=True, kw_only=True)
class OutcomeTables:
    """What a run finds about outcomes, beside the columns of the counties.

    Attributes
    ----------
    period, source : str
        Years of the counts; where they come from, in words.
    suppressed : str
        What the source does not publish, in words (``"fewer than 20 infant deaths"``).
    own : bool
        The counts are the user's, not the embedded ones.
    tables : mapping of str to pandas.DataFrame
        By file name of :data:`matcare.contracts.OUTPUTS`.
    fit : mapping
        What the models found, for ``run.json``: coefficients, dispersion, counties; no count of a county.
    lines : tuple of str
        For the terminal.
    """

    period: str
    source: str
    suppressed: str
    own: bool
    tables: Mapping[str, pd.DataFrame]
    fit: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanningOutputs:
    """What a run finds for planning, beside the columns of the counties.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        By file name of :data:`matcare.contracts.OUTPUTS`.
    lines : tuple of str
        For the terminal.
    """

    tables: Mapping[str, pd.DataFrame]
    lines: tuple[str, ...] = ()


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
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`.
    outcomes : OutcomeTables
        Rates, changes, disparities, indicators.
    planning : PlanningOutputs
        Coverage, transfers, definitions, units to protect.
    data_date : str
        Date of the youngest facility source.
    layers : MapLayers, optional
        What the map of some states shows beside its counties and facilities; none for the nation.
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
    outcomes: OutcomeTables
    planning: PlanningOutputs
    data_date: str
    layers: MapLayers | None = None
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
        used = pd.unique(pd.concat([pd.Series(names.unique()) for names in nearest]))
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
            ``within_60``, ``within_90``, ``no_minutes`` (shares of all women 15-44). By level they are floors: women of
            a state without any reported level count as not within.
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
            f"read both level-III rows.{self._women_without_levels()}"
        )

    def _women_without_levels(self) -> str:
        """Name the women whose state has no reported level; no minutes to one are given to them."""
        unknown = self.block_groups[self.block_groups["reason_neonatal_3_plus"] == "level_not_reported"]
        women = unknown["women_15_44"].sum()
        if not women:
            return ""
        states = sorted(state_of_county(unknown["county_fips"]).unique())
        return (
            f" {women:,.0f} women of {', '.join(STATES[state] for state in states)}, where no level is reported, "
            "count as not within."
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
        modelled = int((counties["imr_status"] == "modelled").sum())
        lines = [
            (
                f"Drive-time deserts: {int(counties['drive_time_desert_30'].sum()):,} counties at 30 minutes, "
                f"{int(counties['drive_time_desert_60'].sum()):,} at 60."
            ),
            f"Counting corroborated and likely units only: {bound:,} March of Dimes deserts.",
            (
                f"Infant mortality {self.outcomes.period}: {published:,} of {len(counties):,} counties have a "
                f"published rate, {modelled:,} a modelled one (not to be ranked)."
            ),
            *self.outcomes.lines,
            *self.planning.lines,
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
    from matcare.publish.figures import draw_national_changes  # noqa: PLC0415 - matplotlib takes a second to import

    counties = results.counties
    COUNTY_RESULTS.validate(counties, where="county results")
    facilities = FACILITIES_OUT.validate(results.facilities_in_region(), where="facilities")
    block_groups = BLOCK_GROUPS.validate(results.block_groups, where="block groups")
    in_force = f"Corrections in force: {'; '.join(results.corrections) or 'none'}."
    write_csv(counties, folder / "counties.csv", COUNTY_RESULTS)
    write_csv(facilities, folder / "facilities.csv", FACILITIES_OUT)
    for name, table in (*results.planning.tables.items(), *results.outcomes.tables.items()):
        kept = OUTPUTS[name].validate(table, where=name)
        if name.endswith(".parquet"):
            write_parquet(
                rounded(kept, OUTPUTS[name]),
                folder / name,
                description=f"matcare {__version__}: {OUTPUTS[name].description} {in_force} Sources: run.json.",
            )
        else:
            write_csv(kept, folder / name, OUTPUTS[name])
    draw_national_changes(results.outcomes.tables["national_changes.csv"], folder / "national_changes.svg")
    write_parquet(
        rounded(block_groups, BLOCK_GROUPS),
        folder / "block_groups.parquet",
        description=f"matcare {__version__}: {BLOCK_GROUPS.description} {in_force} Sources: run.json.",
    )
    write_geopackage(
        gpd.GeoDataFrame(rounded(counties, COUNTY_RESULTS), geometry="geometry", crs=counties.crs),
        folder / "counties.gpkg",
        layer="counties",
        description=f"matcare {__version__}, {licences(results)['counties.gpkg']}: {COUNTY_RESULTS.description} "
        f"{in_force} "
        "Columns: dictionary.csv; sources: run.json.",
        when=last_day(results.data_date),
    )
    write_dictionary(folder / "dictionary.csv", OUTPUTS)
    about = provenance(results)
    write_json(folder / "run.json", about)
    around = results.facilities_around()
    layers = (
        IN_STATE_MAPS_ONLY
        if results.layers is None
        else layers_payload(results.layers, counties=counties, facilities=around, block_groups=results.block_groups)
    )
    write_map(
        folder / "map.html",
        counties=counties,
        facilities=around,
        layers=layers,
        run_date=about["created"][:10],
        title=f"Maternity care access: {results.title}",
        subtitle=f"{results.scenario.rule.name} rule; drive minutes by car{_profile_words(results)}; facility data to "
        f"{results.data_date}{_in_force_words(results)}",
        notes=[*(f"Correction in force: {text}" for text in results.corrections), *own_roads(results.roads), *CAVEATS],
        sources=[
            *own_roads(results.roads),
            f"Infant deaths and births: {results.outcomes.source}",
            *short_sources(results.outcomes.own),
        ],
        suppressed=results.outcomes.suppressed,
    )


def _profile_words(results: Results) -> str:
    name = results.profile.get("name", "typical")
    return "" if name == "typical" else f" (speed profile {name})"


def _in_force_words(results: Results) -> str:
    n = len(results.corrections)
    return "" if n == 0 else f"; {n} correction{'' if n == 1 else 's'} in force"


def last_day(data_date: str) -> dt.date:
    """Return the last day that a date of data names (``2026 Q2``, ``2026-06``, ``2026``); 1970-01-01 when none.

    Examples
    --------
    >>> last_day("2026 Q2"), last_day("2025"), last_day("not recorded")
    (datetime.date(2026, 6, 30), datetime.date(2025, 12, 31), datetime.date(1970, 1, 1))
    """
    found = re.match(r"(\d{4})(?: Q([1-4])|-(\d{2}))?", data_date)
    if not found:
        return dt.date(1970, 1, 1)
    month = 3 * int(found[2]) if found[2] else int(found[3] or 12)
    first_of_next = dt.date(int(found[1]) + month // 12, month % 12 + 1, 1)
    return first_of_next - dt.timedelta(days=1)
