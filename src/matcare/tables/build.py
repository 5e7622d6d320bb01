"""Compile the publishers' files into the snapshot: read, compile, check, then write everything or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matcare.contracts import EMBEDDED
from matcare.errors import InputError
from matcare.sources import (
    birth_outcomes,
    cdc,
    census_geography,
    census_people,
    chr_measures,
    county_adjacency,
    county_health_rankings,
    hrsa,
    state_policies,
    svi_parts,
    travel_mapping,
    usda,
    women_by_age,
)
from matcare.sources.catalog import CATALOG
from matcare.tables.adjacency import compile_adjacency, pack_adjacency
from matcare.tables.counties import CountySources, compile_counties
from matcare.tables.demand import allocate, compile_demand, pack_demand
from matcare.tables.documents import datapackage, licences, readme
from matcare.tables.facilities import compile_facilities
from matcare.tables.indicators import CountyIndicatorSources, compile_county_indicators, compile_state_indicators
from matcare.tables.other_hospitals import compile_other_hospitals
from matcare.tables.outcomes import compile_outcomes, residual_disclosures
from matcare.tables.outcomes_by_race import compile_outcomes_by_race
from matcare.tables.roads import compile_roads, pack_edges, pack_nodes
from matcare.tables.snapshot import default_data_dir
from matcare.tables.states import compile_states
from matcare.tables.storage import stored_bytes, stored_from_frame, write_file
from matcare.tables.vintages import require_rows, unmatched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    import pyarrow as pa

__all__ = ["TABLE_SOURCES", "build", "compile_tables"]

TABLE_SOURCES: Final[dict[str, tuple[str, ...]]] = {
    "counties": (
        "census_county_shapes_2024", "census_agesex_2023", "census_births_2024", "acs5_2023_county",
        "acs5_2023_vehicles", "census_sahie_2023", "census_saipe_2024", "hrsa_ahrf_2025", "ahr_state_measures",
        "cdc_svi_2022", "usda_rucc_2023", "nchs_urban_rural_2013",
    ),
    "outcomes": ("chr_v129_2026", "ct_legacy_to_region_weights"),
    "outcomes_by_race": ("chr_v129_race_2026", "chr_v129_2026"),
    "facilities": tuple(name for name, source in CATALOG.items() if "facilities" in source.tables),
    "other_hospitals": (
        "cms_pos_hospitals_2026q1", "cms_general_information_2026", "cms_pos_services_2026q2", "hifld_hospitals_2022",
        "census_county_shapes_2024", "census_block_group_centers_2020",
    ),
    "demand": ("census_block_group_centers_2020",),
    "road_nodes": ("travel_mapping_2026", "travel_mapping_2026_nodes"),
    "road_edges": ("travel_mapping_2026", "travel_mapping_2026_nodes"),
    "states": (
        "chr_v129_2026", "ahr_state_measures", "cdc_wonder_natality_payment", "kff_medicaid_expansion",
        "policies_by_hand",
    ),
    "adjacency": ("census_county_adjacency_2024",),
    "county_indicators": (
        "chr_v037", "chr_v166_2025", "chr_v141_2025", "cdc_svi_2022", "hrsa_ahrf_2025", "census_agesex_2023",
        "acs5_2023_county", "ct_legacy_to_region_weights",
    ),
    "state_indicators": ("ahr_state_measures",),
    "connecticut_weights": ("ct_legacy_to_region_weights",),
    "national_rates": ("nchs_linked_file",),
}  # fmt: skip
"""Which sources of the catalog each table is compiled from."""

_STORED_AS_CONTRACT: Final = (
    "counties", "outcomes", "outcomes_by_race", "facilities", "other_hospitals", "states", "county_indicators",
    "state_indicators", "connecticut_weights",
)  # fmt: skip
_BASELINE: Final = ("baseline_minutes.csv", "baseline_access.csv", "baseline_certainty.csv")
_KEPT: Final = ("drive_time_error.csv", *_BASELINE, "national_rates.csv")
"""Tables beside the compiled ones: made by the calibration, by `matcare data baseline`, and by hand."""
_BY_HAND: Final = "national_rates.csv"
_DATED: Final = re.compile(r"20\d\d Q[1-4]")


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """The tables of a snapshot before they are written, and what was left out on the way.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        By name; the demand has its women and births allocated.
    left_out : tuple of str
        Rows of the sources that found no county of 2024, one sentence a source.
    """

    tables: dict[str, pd.DataFrame]
    left_out: tuple[str, ...]


def build(from_dir: Path, out_dir: Path) -> list[str]:
    """Compile the publishers' files and write the snapshot with its documents.

    Nothing is written before every table has kept its contract and no count of 1-9 can be worked out; each file is
    written beside and renamed. The same files give the same bytes.

    Parameters
    ----------
    from_dir : pathlib.Path
        A folder laid out as ``matcare data fetch`` lays it out.
    out_dir : pathlib.Path
        Receives the Parquet tables, ``datapackage.json``, ``README.md`` and ``LICENSES.md``.

    Returns
    -------
    list of str
        What was written and what was left out, one line each.

    Raises
    ------
    InputError
        When a file is missing or not what it should be.
    OutputError
        When the folder cannot be written to.
    """
    compiled = compile_tables(from_dir)
    files = {f"{name}.parquet": _stored(name, table) for name, table in compiled.tables.items()}
    tables = dict(files)
    tables |= {name: (out_dir / name).read_bytes() for name in _KEPT if (out_dir / name).is_file()}
    if _BY_HAND not in tables:  # a folder of its own begins with the facts that no publisher's file holds
        files[_BY_HAND] = tables[_BY_HAND] = (default_data_dir() / _BY_HAND).read_bytes()
    files["LICENSES.md"] = licences(TABLE_SOURCES).encode()
    files["README.md"] = readme(compiled.tables, {name: len(content) for name, content in tables.items()}).encode()
    files["datapackage.json"] = datapackage(tables, TABLE_SOURCES).encode()
    for name, content in files.items():
        write_file(out_dir / name, content)
    lines = [f"{name}: {len(content):,} bytes" for name, content in files.items()]
    if not set(_BASELINE) <= set(tables):
        lines.append(f"next: `matcare data baseline --data {out_dir}`, which a run needs")
    return [*lines, f"{sum(map(len, files.values())):,} bytes in all", *compiled.left_out]


def compile_tables(from_dir: Path) -> Compiled:
    """Read every source below `from_dir` and compile the tables.

    Raises
    ------
    InputError
        When a file is missing or not what it should be, or when a small count could be worked out from the tables.
    """
    if not from_dir.is_dir():
        raise InputError(f"{from_dir}: no such folder; name the one that `matcare data fetch` filled")

    def path(source: str) -> Path:
        return from_dir / CATALOG[source].filename

    measures = state_policies.read_state_measures(path("ahr_state_measures"))
    sources = _county_sources(path, measures)
    counties = compile_counties(sources)
    mortality = county_health_rankings.read_infant_mortality(path("chr_v129_2026"))
    weights = census_geography.read_connecticut_weights(path("ct_legacy_to_region_weights"))
    outcomes = compile_outcomes(mortality, weights, counties["county_fips"])
    states = compile_states(
        mortality=mortality,
        outcomes=outcomes,
        measures=measures,
        payers=cdc.read_births_by_payer(path("cdc_wonder_natality_payment")),
        expansion=state_policies.read_medicaid_expansion(path("kff_medicaid_expansion")),
        policies=state_policies.read_policies(path("policies_by_hand")),
    )
    if residual_disclosures(outcomes, states)["disclosed"].any():  # pragma: no cover - withhold_totals has seen to it
        raise InputError(
            "a count of 1-9 births or deaths could be worked out from the state totals; nothing was written"
        )
    demand = compile_demand(census_geography.read_block_group_centers(path("census_block_group_centers_2020")))
    require_rows(demand["county_fips"], counties["county_fips"], "centers of population by block group")
    lost = unmatched(demand["county_fips"], counties["county_fips"])
    if lost:
        raise InputError(f"{path('census_block_group_centers_2020')}: county {lost[0]} is not a county of 2024")
    nodes, edges = travel_mapping.read_highways(path("travel_mapping_2026_nodes"), path("travel_mapping_2026"))
    road_nodes, road_edges = compile_roads(nodes, edges)
    facilities = compile_facilities(from_dir, counties, demand)
    by_race = county_health_rankings.read_infant_mortality_by_race(path("chr_v129_race_2026"))
    neighbours = county_adjacency.read_neighbours(path("census_county_adjacency_2024"))
    tables: dict[str, pd.DataFrame] = {
        "counties": counties,
        "outcomes": outcomes,
        "outcomes_by_race": compile_outcomes_by_race(
            by_race, outcomes, states, counties.set_index("county_fips")["births_per_year"]
        ),
        "facilities": facilities,
        "other_hospitals": compile_other_hospitals(from_dir, counties, demand, facilities),
        "demand": allocate(demand, counties),
        "road_nodes": road_nodes,
        "road_edges": road_edges,
        "states": states,
        "adjacency": compile_adjacency(neighbours, counties["county_fips"]),
        "county_indicators": compile_county_indicators(_indicator_sources(path, weights), counties),
        "state_indicators": compile_state_indicators(measures),
        "connecticut_weights": weights[EMBEDDED["connecticut_weights"].names],
    }
    return Compiled(tables=tables, left_out=_left_out(sources, counties))


def _county_sources(path: Callable[[str], Path], measures: pd.DataFrame) -> CountySources:
    women = measures[(measures["measure"] == "Uninsured Women") & (measures["year"] == 2023)]  # noqa: PLR2004
    return CountySources(
        shapes=census_geography.read_county_shapes(path("census_county_shapes_2024")),
        age_sex=census_people.read_age_sex(path("census_agesex_2023")),
        births=census_people.read_births(path("census_births_2024")),
        uninsured=census_people.read_uninsured(path("census_sahie_2023")),
        poverty=census_people.read_poverty(path("census_saipe_2024")),
        acs_people=census_people.read_acs_people(path("acs5_2023_county")),
        acs_vehicles=census_people.read_acs_vehicles(path("acs5_2023_vehicles")),
        area_health_resources=hrsa.read_area_health_resources(path("hrsa_ahrf_2025")),
        social_vulnerability=cdc.read_social_vulnerability(path("cdc_svi_2022")),
        urban_rural_2013=cdc.read_urban_rural_classes(path("nchs_urban_rural_2013")),
        rural_urban_2023=usda.read_rural_urban_codes(path("usda_rucc_2023")),
        women_uninsured_by_state=women.set_index("state")["value"] / 100,
    )


def _indicator_sources(path: Callable[[str], Path], weights: pd.DataFrame) -> CountyIndicatorSources:
    return CountyIndicatorSources(
        low_birthweight=chr_measures.read_low_birthweight(path("chr_v037")),
        broadband=chr_measures.read_broadband(path("chr_v166_2025")),
        segregation=chr_measures.read_segregation(path("chr_v141_2025")),
        vulnerability_parts=svi_parts.read_vulnerability_parts(path("cdc_svi_2022")),
        women_by_age=women_by_age.read_women_by_age(path("census_agesex_2023")),
        acs_women_by_age=women_by_age.read_acs_women_by_age(path("acs5_2023_county")),
        birth_outcomes=birth_outcomes.read_birth_outcomes(path("hrsa_ahrf_2025")),
        connecticut_weights=weights,
    )


def _left_out(sources: CountySources, counties: gpd.GeoDataFrame) -> tuple[str, ...]:
    joined = {
        "hrsa_ahrf_2025": sources.area_health_resources["county_fips"],
        "usda_rucc_2023": sources.rural_urban_2023["county_fips"],
        "nchs_urban_rural_2013": sources.urban_rural_2013["county_fips_2013"],
        "cdc_svi_2022": sources.social_vulnerability["county_fips"],
        "census_sahie_2023": sources.uninsured["county_fips"],
        "census_saipe_2024": sources.poverty["county_fips"],
    }
    sentences = []
    for name, codes in joined.items():
        strange = unmatched(codes, counties["county_fips"])
        if strange:
            shown = ", ".join(strange[:4]) + (", …" if len(strange) > 4 else "")  # noqa: PLR2004 - enough to recognise them
            sentences.append(
                f"{name}: {len(strange)} rows are of no county of 2024 and were left out or carried over ({shown})"
            )
    return tuple(sentences)


def _stored(name: str, table: pd.DataFrame) -> bytes:
    packed: pa.Table
    if name in _STORED_AS_CONTRACT:
        packed = stored_from_frame(table, EMBEDDED[name])
    else:
        packing = {
            "demand": pack_demand, "road_nodes": pack_nodes, "road_edges": pack_edges, "adjacency": pack_adjacency,
        }  # fmt: skip
        packed = packing[name](table)
    about: dict[str, str] = {}
    if name == "facilities":
        about["data_date"] = max(
            source.vintage for source in CATALOG.values() if name in source.tables and _DATED.fullmatch(source.vintage)
        )
    return stored_bytes(
        packed, name=name, sources=TABLE_SOURCES[name], about=about, deltas=name not in _STORED_AS_CONTRACT
    )
