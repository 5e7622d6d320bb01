"""The embedded snapshot, loaded: tables as their contracts have them, from the wheel or from a checkout."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd

from matcare.contracts import (
    BASELINE_ACCESS,
    BASELINE_CERTAINTY,
    BASELINE_MINUTES,
    CONNECTICUT_WEIGHTS,
    COUNTIES,
    COUNTY_INDICATORS,
    DRIVE_TIME_ERROR,
    EMBEDDED,
    FACILITIES,
    OTHER_HOSPITALS,
    OUTCOMES,
    OUTCOMES_BY_RACE,
    STATE_INDICATORS,
    STATES_TABLE,
)
from matcare.errors import ContractError, SnapshotError
from matcare.tables.adjacency import unpack_adjacency
from matcare.tables.demand import allocate, unpack_demand
from matcare.tables.national_rates import load_national_rates
from matcare.tables.outcomes import residual_disclosures
from matcare.tables.outcomes_by_race import race_disclosures
from matcare.tables.roads import unpack_edges, unpack_nodes
from matcare.tables.storage import frame_from_stored, read_stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from matcare.contracts import Table

__all__ = [
    "Snapshot",
    "default_data_dir",
    "load_adjacency",
    "load_baseline_access",
    "load_baseline_certainty",
    "load_baseline_minutes",
    "load_counties",
    "load_demand",
    "load_drive_time_error",
    "load_facilities",
    "load_other_hospitals",
    "load_outcomes",
    "load_outcomes_by_race",
    "load_roads",
    "load_snapshot",
    "load_states",
    "verify",
]

_TEXT_FILES: Final = ("drive_time_error", "baseline_minutes", "baseline_access", "baseline_certainty", "national_rates")
FILES: Final = {name: f"{name}.csv" if name in _TEXT_FILES else f"{name}.parquet" for name in EMBEDDED}
"""Embedded tables and their files."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Every embedded table.

    Attributes
    ----------
    counties : geopandas.GeoDataFrame
    outcomes, outcomes_by_race, facilities, demand, road_nodes, road_edges, states, adjacency : pandas.DataFrame
    county_indicators, state_indicators, connecticut_weights, national_rates : pandas.DataFrame
        By their contracts in :mod:`matcare.contracts`.
    baseline_minutes, baseline_certainty : pandas.DataFrame
        By their contracts; None where a folder of a user's own lacks them, as before `matcare data baseline`.
    other_hospitals : pandas.DataFrame
        By its contract; None where a folder of a user's own lacks it.
    data_date : str
        The youngest facility source, in the publisher's words (``"2026 Q2"``).
    hashes : dict of str to str
        SHA-256 of each table's file.
    """

    counties: gpd.GeoDataFrame
    outcomes: pd.DataFrame
    facilities: pd.DataFrame
    demand: pd.DataFrame
    road_nodes: pd.DataFrame
    road_edges: pd.DataFrame
    states: pd.DataFrame
    adjacency: pd.DataFrame
    outcomes_by_race: pd.DataFrame
    county_indicators: pd.DataFrame
    state_indicators: pd.DataFrame
    connecticut_weights: pd.DataFrame
    national_rates: pd.DataFrame
    baseline_minutes: pd.DataFrame | None
    baseline_certainty: pd.DataFrame | None
    other_hospitals: pd.DataFrame | None
    data_date: str
    hashes: dict[str, str]


def default_data_dir() -> Path:
    """Return the folder of the embedded data: inside the installed package, or of the checkout it is run from.

    Raises
    ------
    SnapshotError
        When neither is there.
    """
    inside = Path(str(resources.files("matcare"))) / "data"
    beside = Path(__file__).resolve().parents[3] / "data"
    for folder in (inside, beside):
        if (folder / FILES["counties"]).is_file():
            return folder
    raise SnapshotError(
        "the embedded data are not there: install matcare again, or build them with `matcare data build` and name "
        "their folder "
        "with --data"
    )


def load_snapshot(data_dir: Path | str | None = None) -> Snapshot:
    """Load every embedded table.

    Parameters
    ----------
    data_dir : pathlib.Path or str, optional
        A folder made by ``matcare data build``; the embedded one without it.

    Returns
    -------
    Snapshot

    Raises
    ------
    SnapshotError
        When a table is missing, damaged or of another version.
    """
    folder = _folder(data_dir)
    counties = load_counties(folder)
    nodes, edges = load_roads(folder)
    about = read_stored(folder / FILES["facilities"], "facilities")[1]
    names = [name for name in FILES if name != "drive_time_error" and (folder / FILES[name]).is_file()]
    return Snapshot(
        counties=counties,
        outcomes=load_outcomes(folder),
        facilities=load_facilities(folder),
        demand=load_demand(counties, folder),
        road_nodes=nodes,
        road_edges=edges,
        states=load_states(folder),
        adjacency=load_adjacency(folder),
        outcomes_by_race=load_outcomes_by_race(folder),
        county_indicators=_load(COUNTY_INDICATORS, folder),
        state_indicators=_load(STATE_INDICATORS, folder),
        connecticut_weights=_load(CONNECTICUT_WEIGHTS, folder),
        national_rates=load_national_rates(folder / FILES["national_rates"]),
        baseline_minutes=load_baseline_minutes(folder),
        baseline_certainty=load_baseline_certainty(folder),
        other_hospitals=load_other_hospitals(folder),
        data_date=str(about.get("data_date", "not recorded")),
        hashes={name: hashlib.sha256((folder / FILES[name]).read_bytes()).hexdigest() for name in names},
    )


def load_counties(data_dir: Path | str | None = None) -> gpd.GeoDataFrame:
    """Load the counties with their polygons (EPSG:4326); see :data:`matcare.contracts.COUNTIES`."""
    table = _load(COUNTIES, data_dir)
    if not isinstance(table, gpd.GeoDataFrame):  # pragma: no cover - the contract has a geometry
        raise SnapshotError("counties.parquet has no geometry; build the data again with `matcare data build`")
    return table


def load_outcomes(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load infant deaths and live births by county; see :data:`matcare.contracts.OUTCOMES`."""
    return _load(OUTCOMES, data_dir)


def load_facilities(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load the facilities; see :data:`matcare.contracts.FACILITIES`."""
    return _load(FACILITIES, data_dir)


def load_other_hospitals(data_dir: Path | str | None = None) -> pd.DataFrame | None:
    """Load the hospitals without a sign of obstetrics; None where a folder of a user's own lacks them."""
    path = _folder(data_dir) / FILES["other_hospitals"]
    return _load(OTHER_HOSPITALS, data_dir) if path.is_file() else None


def load_states(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load state totals and policies; see :data:`matcare.contracts.STATES_TABLE`."""
    return _load(STATES_TABLE, data_dir)


def load_demand(counties: pd.DataFrame, data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load the demand points, with the women and births of `counties` allocated to them.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``county_fips, women_15_44, births_per_year``: the embedded counties or a user's own figures.
    data_dir : pathlib.Path or str, optional
        The embedded data without it.

    Returns
    -------
    pandas.DataFrame
        By :data:`matcare.contracts.DEMAND`. Women and births are missing in a county that `counties` does not have or
        does not know them of.
    """
    stored, _ = read_stored(_folder(data_dir) / FILES["demand"], "demand")
    return allocate(unpack_demand(stored), counties)


def load_roads(data_dir: Path | str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load the highway graph.

    Returns
    -------
    nodes : pandas.DataFrame
        ``lat, lon``; the row number is the node's number.
    edges : pandas.DataFrame
        ``u, v, road_class`` (categorical).
    """
    folder = _folder(data_dir)
    nodes = unpack_nodes(read_stored(folder / FILES["road_nodes"], "road_nodes")[0])
    edges = unpack_edges(read_stored(folder / FILES["road_edges"], "road_edges")[0])
    if len(edges) and edges["v"].max() >= len(nodes):
        raise SnapshotError(
            f"{folder / FILES['road_edges']}: names a node that {FILES['road_nodes']} lacks; the two are of "
            f"different builds"
        )
    return nodes, edges


def load_outcomes_by_race(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load infant deaths and live births by race; see :data:`matcare.contracts.OUTCOMES_BY_RACE`."""
    return _load(OUTCOMES_BY_RACE, data_dir)


def load_adjacency(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load which counties touch, both directions; see :data:`matcare.contracts.ADJACENCY`."""
    return unpack_adjacency(read_stored(_folder(data_dir) / FILES["adjacency"], "adjacency")[0])


def load_baseline_minutes(data_dir: Path | str | None = None) -> pd.DataFrame | None:
    """Load the default run's county minutes; None where they have not been made yet."""
    path = _folder(data_dir) / FILES["baseline_minutes"]
    return _load_text(BASELINE_MINUTES, path, {"county_fips": "str"}) if path.is_file() else None


def load_baseline_access(data_dir: Path | str | None = None) -> pd.DataFrame | None:
    """Load the default run's access of the nation and the states; None where it has not been made yet."""
    path = _folder(data_dir) / FILES["baseline_access"]
    return _load_text(BASELINE_ACCESS, path, {"place": "str"}) if path.is_file() else None


def load_baseline_certainty(data_dir: Path | str | None = None) -> pd.DataFrame | None:
    """Load the draws of the default run; None where they have not been made yet."""
    path = _folder(data_dir) / FILES["baseline_certainty"]
    return _load_text(BASELINE_CERTAINTY, path, {"county_fips": "str"}) if path.is_file() else None


def load_drive_time_error(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Load the error statistics of the drive times; see :data:`matcare.contracts.DRIVE_TIME_ERROR`."""
    path = _folder(data_dir) / FILES["drive_time_error"]
    if not path.is_file():
        raise SnapshotError(f"{path}: the embedded table 'drive_time_error' is missing; install matcare again")
    return _load_text(DRIVE_TIME_ERROR, path, {})


def _load_text(contract: Table, path: Path, types: dict[str, Any]) -> pd.DataFrame:
    try:
        return contract.validate(pd.read_csv(path, dtype=types), where=str(path))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ContractError, ValueError) as error:
        raise SnapshotError(f"{path}: damaged ({error}); install matcare again") from error


def verify(data_dir: Path | str | None = None) -> pd.DataFrame:
    """Check every embedded table against its contract, and the whole for counts of 1-9 that could be worked out.

    Parameters
    ----------
    data_dir : pathlib.Path or str, optional
        The embedded data without it.

    Returns
    -------
    pandas.DataFrame
        ``table, rows, columns, column, missing, problem``. A row a table with an empty ``column`` says what is wrong
        with it (nothing: empty); a row a column follows, with its missing cells.
    """
    folder = _folder(data_dir)
    loaded: dict[str, pd.DataFrame] = {}
    rows: list[dict[str, Any]] = []
    for name, load in _loaders(folder, loaded).items():
        try:
            table = load()
            EMBEDDED[name].validate(table, where=FILES[name])
            problem = _problem(name, table, loaded)
            loaded[name] = table
        except (SnapshotError, ContractError) as error:
            rows.append({"table": name, "rows": 0, "columns": 0, "column": "", "missing": 0, "problem": str(error)})
            continue
        size = {"table": name, "rows": len(table), "columns": table.shape[1]}
        rows.append({**size, "column": "", "missing": 0, "problem": problem})
        gaps = table.isna().sum()
        rows += [{**size, "column": column, "missing": int(gaps[column]), "problem": ""} for column in table.columns]
    return pd.DataFrame(rows)


def _loaders(folder: Path, loaded: dict[str, pd.DataFrame]) -> dict[str, Callable[[], pd.DataFrame]]:
    def demand() -> pd.DataFrame:
        if "counties" not in loaded:
            raise SnapshotError("cannot be checked without a whole table of counties")
        return load_demand(loaded["counties"], folder)

    return {
        "counties": lambda: load_counties(folder),
        "outcomes": lambda: load_outcomes(folder),
        "facilities": lambda: load_facilities(folder),
        "other_hospitals": lambda: _required(
            load_other_hospitals(folder), "other_hospitals.parquet", "build the data again with `matcare data build`"
        ),
        "demand": demand,
        "road_nodes": lambda: load_roads(folder)[0],
        "road_edges": lambda: load_roads(folder)[1],
        "states": lambda: load_states(folder),
        "adjacency": lambda: load_adjacency(folder),
        "outcomes_by_race": lambda: load_outcomes_by_race(folder),
        "county_indicators": lambda: _load(COUNTY_INDICATORS, folder),
        "state_indicators": lambda: _load(STATE_INDICATORS, folder),
        "connecticut_weights": lambda: _load(CONNECTICUT_WEIGHTS, folder),
        "national_rates": lambda: load_national_rates(folder / FILES["national_rates"]),
        "baseline_minutes": lambda: _required(load_baseline_minutes(folder), "baseline_minutes.csv"),
        "baseline_access": lambda: _required(load_baseline_access(folder), "baseline_access.csv"),
        "baseline_certainty": lambda: _required(load_baseline_certainty(folder), "baseline_certainty.csv"),
        "drive_time_error": lambda: load_drive_time_error(folder),
    }


def _required(
    table: pd.DataFrame | None, file: str, remedy: str = "make it with `matcare data baseline`"
) -> pd.DataFrame:
    if table is None:
        raise SnapshotError(f"{file} is missing; {remedy}")
    return table


def _problem(name: str, table: pd.DataFrame, loaded: dict[str, pd.DataFrame]) -> str:
    if "county_fips" in table and "counties" in loaded:
        strange = table.loc[~table["county_fips"].isin(loaded["counties"]["county_fips"]), "county_fips"]
        if len(strange):
            return f"county {strange.iloc[0]} is not in the counties table ({len(strange)} such rows)"
    if name == "states" and "outcomes" in loaded:
        found = residual_disclosures(loaded["outcomes"], table)
        if found["disclosed"].any():
            return (
                f"a count of 1-9 can be worked out from the total of {found.loc[found['disclosed'], 'group'].iloc[0]}"
            )
    if name == "outcomes_by_race" and {"outcomes", "states", "counties"} <= set(loaded):
        births = loaded["counties"].set_index("county_fips")["births_per_year"]
        given = race_disclosures(table, loaded["outcomes"], loaded["states"], births)
        if len(given):
            return f"a count of 1-9 can be worked out from the rows by race ({len(given)} cells)"
    return ""


def _folder(data_dir: Path | str | None) -> Path:
    if data_dir is None:
        return default_data_dir()
    folder = Path(data_dir)
    if not folder.is_dir():
        raise SnapshotError(f"{folder}: no such folder; name a folder made by `matcare data build`")
    return folder


def _load(contract: Table, data_dir: Path | str | None) -> pd.DataFrame:
    path = _folder(data_dir) / FILES[contract.name]
    stored, _ = read_stored(path, contract.name)
    return frame_from_stored(stored, contract, path)
