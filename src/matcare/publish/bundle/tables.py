"""The tables of a bundle: rows of the run's tables as they stand, chosen by their keys.

Nothing is added up, averaged or ranked anew over the chosen rows: whoever has the run's files has every cell of a
bundle, and a bundle lets no count be worked out that they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import pandas as pd

from matcare import __version__
from matcare.contracts import COUNTY_RESULTS, FACILITIES_OUT, OUTPUTS
from matcare.publish.exports import rounded, write_csv, write_dictionary, write_geopackage, write_parquet
from matcare.publish.results import last_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from matcare.publish.bundle.selection import Selection

__all__ = ["RULES", "BundleTables", "Keys", "Rule", "bundle_tables", "write_tables"]


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What rows are chosen by.

    Attributes
    ----------
    counties, states, units : frozenset of str
        County codes, postal codes, facility identifiers.
    """

    counties: frozenset[str]
    states: frozenset[str]
    units: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How the rows of one table are chosen.

    Attributes
    ----------
    words : str
        For the reader.
    keep : callable
        Table and keys → which rows.
    """

    words: str
    keep: Callable[[pd.DataFrame, Keys], pd.Series]


@dataclass(frozen=True, kw_only=True)
class BundleTables:
    """The chosen rows.

    Attributes
    ----------
    counties : geopandas.GeoDataFrame
        Contract `COUNTY_RESULTS`, with geometry.
    tables : mapping of str to pandas.DataFrame
        The others by file name, each by its contract of ``OUTPUTS``.
    keys : Keys
        What they were chosen by.
    """

    counties: gpd.GeoDataFrame
    tables: Mapping[str, pd.DataFrame]
    keys: Keys

    def rows(self, name: str) -> int:
        """Return the number of rows of a file."""
        return len(self.counties if name == "counties.csv" else self.tables[name])

    @property
    def names(self) -> list[str]:
        """File names, in the order of ``OUTPUTS``."""
        return list(OUTPUTS)


def _counties(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return frame["county_fips"].isin(keys.counties)


def _county_places(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return frame["place"].isin(keys.counties)


def _units(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return frame["facility_id"].isin(keys.units)


def _states(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return frame["state"].isin(keys.states)


def _all(frame: pd.DataFrame, keys: Keys) -> pd.Series:  # noqa: ARG001 - a rule's signature
    return pd.Series(data=True, index=frame.index)


def _scopes(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    """Keep rows of the counties, of their states, and of the nation or whole region."""
    place, scope = frame["place"], frame["scope"]
    of_states = (scope == "state") & place.isin(keys.states)
    of_counties = (scope == "county") & place.isin(keys.counties)
    return of_states | of_counties | scope.isin(["nation", "area"])


def _borders(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return frame["home_state"].isin(keys.states) | frame["unit_state"].isin(keys.states)


def _pooled(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return (frame["grouping"] != "state") | frame["group"].isin(keys.states)


def _county_or_state_value(frame: pd.DataFrame, keys: Keys) -> pd.Series:
    return _counties(frame, keys) | (frame["county_fips"].isna() & _states(frame, keys))


_OF_COUNTIES: Final = Rule(words="the counties of the bundle", keep=_counties)
_OF_UNITS: Final = Rule(
    words="units in these counties, and units elsewhere that are nearest to some of their women", keep=_units
)
_OF_STATES: Final = Rule(words="the states that the counties lie in", keep=_states)
_OF_SCOPES: Final = Rule(words="the states that the counties lie in, and the run's whole region", keep=_scopes)
_WHOLE: Final = Rule(words="of the run's whole region: as it stands, not worked out anew for these counties", keep=_all)
_NATIONAL: Final = Rule(words="of the nation, as it stands", keep=_all)

RULES: Final[Mapping[str, Rule]] = {
    "counties.csv": _OF_COUNTIES,
    "facilities.csv": _OF_UNITS,
    "block_groups.parquet": Rule(words="demand points of these counties", keep=_counties),
    "coverage.csv": _OF_SCOPES,
    "coverage_counties.parquet": Rule(words="the counties of the bundle", keep=_county_places),
    "transfers.csv": _OF_UNITS,
    "definitions.csv": _OF_COUNTIES,
    "definition_cells.csv": _OF_SCOPES,
    "definition_agreement.csv": _OF_SCOPES,
    "cross_border.csv": Rule(words="pairs with a state that the counties lie in", keep=_borders),
    "fragility.csv": _OF_UNITS,
    "unit_births.csv": _OF_UNITS,
    "pooled_rates.csv": Rule(
        words="the states that the counties lie in; classes and totals of the run's whole region", keep=_pooled
    ),
    "desert_outcomes.csv": _WHOLE,
    "association.csv": _WHOLE,
    "clusters.csv": _OF_COUNTIES,
    "disparities.csv": Rule(
        words="these counties where they have rows of their own, their states, and the nation", keep=_scopes
    ),
    "concentration_curve.csv": _OF_SCOPES,
    "indicators.csv": Rule(
        words="the counties of the bundle, and values that hold for all of a state", keep=_county_or_state_value
    ),
    "indicator_catalog.csv": Rule(words="every indicator; places and missing share of the whole run", keep=_all),
    "state_policies.csv": _OF_STATES,
    "national_changes.csv": _NATIONAL,
}
"""How each table of a run is cut down to a bundle's places."""


def bundle_tables(selection: Selection) -> BundleTables:
    """Return the rows of the run's tables that concern a bundle's counties.

    Parameters
    ----------
    selection : Selection
        The counties.

    Returns
    -------
    BundleTables
        Rows in the run's order. Of the whole run all rows stand.
    """
    run = selection.run
    codes = frozenset(selection.codes)
    points = run.block_groups[run.block_groups["county_fips"].isin(codes)]
    here = run.facilities.loc[run.facilities["county_fips"].isin(codes), "facility_id"]
    keys = Keys(counties=codes, states=frozenset(selection.states), units=frozenset(here) | _nearest_units(points))
    stored = {"facilities.csv": run.facilities, "block_groups.parquet": run.block_groups, **run.tables}
    tables = {}
    for name in OUTPUTS:
        if name == "counties.csv":
            continue
        keep = _all if selection.whole else RULES[name].keep
        tables[name] = stored[name][keep(stored[name], keys)].reset_index(drop=True)
    chosen = run.counties[_counties(run.counties, keys)].reset_index(drop=True)
    return BundleTables(
        counties=gpd.GeoDataFrame(chosen, geometry="geometry", crs=run.counties.crs), tables=tables, keys=keys
    )


def _nearest_units(points: pd.DataFrame) -> frozenset[str]:
    """Return the units that are nearest to some demand point, for any service."""
    columns = [name for name in points.columns if name.startswith("facility_id_")]
    return frozenset(unit for name in columns for unit in points[name].dropna().unique())


def write_tables(selection: Selection, chosen: BundleTables, folder: Path) -> None:
    """Write the tables of a bundle: CSV, Parquet, GeoPackage and their dictionary.

    Parameters
    ----------
    selection : Selection
        The counties.
    chosen : BundleTables
        Their rows.
    folder : pathlib.Path
        Existing folder.
    """
    run = selection.run
    in_force = f"Corrections in force: {'; '.join(run.corrections) or 'none'}."
    write_csv(chosen.counties, folder / "counties.csv", COUNTY_RESULTS)
    for name, table in chosen.tables.items():
        contract = OUTPUTS[name]
        if name.endswith(".parquet"):
            write_parquet(
                rounded(table, contract),
                folder / name,
                description=f"matcare {__version__}: {contract.description} {in_force} "
                f"Rows: {row_words(selection, name)}. Sources: run.json.",
            )
        else:
            write_csv(table, folder / name, contract)
    _write_layers(selection, chosen, folder / "counties.gpkg", in_force)
    write_dictionary(folder / "dictionary.csv", OUTPUTS)


def row_words(selection: Selection, name: str) -> str:
    """Say which rows of a table stand in a bundle."""
    return "all of the run" if selection.whole else RULES[name].words


def _write_layers(selection: Selection, chosen: BundleTables, path: Path, in_force: str) -> None:
    run = selection.run
    terms = run.about["licences"]
    units = chosen.tables["facilities.csv"]
    layers = {
        "counties": (rounded(chosen.counties, COUNTY_RESULTS), chosen.counties.geometry, COUNTY_RESULTS),
        "facilities": (
            rounded(units, FACILITIES_OUT),
            gpd.points_from_xy(units["lon"], units["lat"]),
            FACILITIES_OUT,
        ),
    }
    for layer, (frame, geometry, contract) in layers.items():
        write_geopackage(
            gpd.GeoDataFrame(pd.DataFrame(frame[list(_plain(contract.names))]), geometry=geometry, crs="EPSG:4326"),
            path,
            layer=layer,
            description=f"matcare {__version__}, {terms[f'{layer}.csv']}: {contract.description} {in_force} "
            "Columns: dictionary.csv; sources: run.json.",
            when=last_day(run.data_date),
        )


def _plain(names: list[str]) -> list[str]:
    return [name for name in names if name != "geometry"]
