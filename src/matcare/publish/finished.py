"""A run that stands written in its folder: what figures, briefs, the site and the bundle are made from.

They read the run's own files and compute nothing anew, so a number on a page is the number in the table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from matcare.contracts import BASELINE_ACCESS, OUTPUTS
from matcare.errors import InputError, SnapshotError
from matcare.geo import STATES, canonical_state
from matcare.measures.place_access import access_of_places, access_of_states
from matcare.tables.storage import frame_from_stored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matcare.contracts import Table

__all__ = ["FinishedRun", "Reference", "read_run", "read_table"]

_AGAIN: Final = "make the run again with `matcare run`"
_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What places are set beside, where the run itself does not cover the nation.

    Attributes
    ----------
    access : pandas.DataFrame
        Contract `BASELINE_ACCESS`: the default scenario's access of ``US`` and of each state.
    rates : pandas.DataFrame
        ``place`` (``US`` or postal code), ``infant_deaths, live_births, imr, imr_low, imr_high, status``; published
        totals of the embedded outcomes, NaN with their status where withheld or not reported.
    period : str
        Years of the rates.
    """

    access: pd.DataFrame
    rates: pd.DataFrame
    period: str


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """The files of a run, read back by their contracts.

    Attributes
    ----------
    folder : pathlib.Path
        Where they stand.
    counties : geopandas.GeoDataFrame
        Contract `COUNTY_RESULTS`, with geometry in EPSG:4326, sorted by ``county_fips``.
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`: of the region, and those outside that are nearest to someone inside.
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`.
    tables : mapping of str to pandas.DataFrame
        The other tables by file name, such as ``fragility.csv``; each keeps its contract of ``OUTPUTS``.
    about : mapping
        ``run.json``: scenario, data date, corrections, notes, caveats, licences, sources.
    reference : Reference
        The default scenario's nation and states.
    """

    folder: Path
    counties: gpd.GeoDataFrame
    facilities: pd.DataFrame
    block_groups: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    about: Mapping[str, Any]
    reference: Reference
    _places: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """The region in words."""
        return str(self.about["region"])

    @property
    def region(self) -> str:
        """The region as folders are called by it: ``us``, ``nd``, ``nd-sd``."""
        return "-".join(state.lower() for state in self.states) or "us"

    @property
    def states(self) -> tuple[str, ...]:
        """Postal codes of the run's states; empty for the nation."""
        return tuple(self.about["scenario"]["states"])

    @property
    def national(self) -> bool:
        """Whether the run covers the nation."""
        return not self.states

    @property
    def data_date(self) -> str:
        """Date of the youngest facility source."""
        return str(self.about["data_date"])

    @property
    def corrections(self) -> tuple[str, ...]:
        """Corrections in force."""
        return tuple(self.about["corrections"])

    @cached_property
    def state_access(self) -> pd.DataFrame:
        """Access of the run's states, and of ``US`` for a national run, as :data:`BASELINE_ACCESS`."""
        return access_of_states(self.block_groups, nation=self.national)

    @cached_property
    def county_access(self) -> pd.DataFrame:
        """The same of every county; ``place`` is its ``county_fips``."""
        return access_of_places(self.block_groups, self.block_groups["county_fips"])

    def access(self, place: str) -> pd.DataFrame:
        """Return the access of ``US``, a state or a county, indexed by service.

        Parameters
        ----------
        place : str
            ``US``, a postal code or a county's five digits. ``US`` and states that the run does not cover come from
            the default scenario; see :meth:`is_default`.

        Returns
        -------
        pandas.DataFrame
            Columns of `BASELINE_ACCESS` but ``place`` and ``service``; empty for a county without women.
        """
        for table in (self.county_access if place.isdigit() else self.state_access, self.reference.access):
            found = table[table["place"] == place]
            if len(found):
                return found.drop(columns="place").set_index("service")
        return pd.DataFrame(columns=BASELINE_ACCESS.names[2:])

    def is_default(self, place: str) -> bool:
        """Tell whether :meth:`access` of a place is the default scenario's, not this run's."""
        return not place.isdigit() and place not in set(self.state_access["place"])

    def county_codes(self, place: str) -> list[str]:
        """Return the counties that a place names.

        Parameters
        ----------
        place : str
            Five digits (``38105``), a name with its state (``Williams County, ND``; the word County and accents may be
            left out), a postal code, a state's name, or ``US``.

        Returns
        -------
        list of str
            Codes of the run's counties, ascending.

        Raises
        ------
        InputError
            When nothing, or more than one county, is called so, or the run does not cover it.
        """
        from matcare.publish.naming import codes_of_place, names_nation  # noqa: PLC0415 - only where a place is named

        if names_nation(place) and not self.national:
            raise InputError(f"the nation is not in this run, which covers {self.title}; run it without --state")
        return codes_of_place(self.counties, place, covered=self.title)


def read_table(path: Path, contract: Table) -> pd.DataFrame:
    """Read a table that a run has written, in the types of its contract.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    contract : Table
        What it keeps.

    Returns
    -------
    pandas.DataFrame
        Texts as ``str``, numbers as ``float64``, integers and booleans as pandas' nullable types.

    Raises
    ------
    InputError
        When the file is missing, damaged, or lacks a column.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise InputError(f"{path}: missing or empty; {_AGAIN}")
    try:
        if path.suffix == ".parquet":
            return frame_from_stored(pq.read_table(path), contract, path)
        raw = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8")
        missing = [name for name in contract.names if name not in raw.columns]
        if missing:
            raise InputError(f"{path}: column {missing[0]!r} is missing; {_AGAIN}")
        columns: dict[str, Any] = {}
        for column in contract.columns:
            if column.kind == "geometry":
                continue
            text = raw[column.name]
            if column.kind == "text":
                columns[column.name] = text
            elif column.kind == "boolean":
                columns[column.name] = text.map(_TRUTH).astype("boolean")
            else:
                columns[column.name] = _numbers(text, column.kind, f"{path}, column {column.name!r}")
        return pd.DataFrame(columns)
    except (OSError, ValueError, TypeError, SnapshotError, pd.errors.ParserError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: damaged, no table of a run; {_AGAIN}") from error


def _numbers(text: pd.Series, kind: str, where: str) -> pd.Series:
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    bad = text[values.isna() & text.notna()]
    if len(bad):
        raise InputError(f"{where}, row {int(bad.index[0]) + 1}: {bad.iloc[0][:40]!r} is no number; {_AGAIN}")
    return values.astype("Int64" if kind == "integer" else "float64")


def read_run(folder: Path, reference: Reference) -> FinishedRun:
    """Read the files of a run.

    Parameters
    ----------
    folder : pathlib.Path
        As ``matcare run --out`` wrote it.
    reference : Reference
        What its places are set beside.

    Returns
    -------
    FinishedRun

    Raises
    ------
    InputError
        When the folder is not a run's, a file is missing or damaged, or another version of matcare wrote it.
    """
    about = run_about(folder)
    tables = {name: read_table(folder / name, contract) for name, contract in OUTPUTS.items()}
    counties = tables.pop("counties.csv")
    path = folder / "counties.gpkg"
    if not path.is_file():
        raise InputError(f"{path}: missing; {_AGAIN}")
    try:
        shapes = gpd.read_file(path, columns=["county_fips"])
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(f"{path}: damaged, no map of a run's counties; {_AGAIN}") from error
    joined = counties.merge(shapes[["county_fips", "geometry"]], on="county_fips", how="left", validate="one_to_one")
    drawn = gpd.GeoDataFrame(joined, geometry="geometry", crs=shapes.crs)
    drawn = drawn.sort_values("county_fips", ignore_index=True)
    return FinishedRun(
        folder=folder,
        counties=drawn[[*counties.columns, "geometry"]],
        facilities=tables.pop("facilities.csv"),
        block_groups=tables.pop("block_groups.parquet"),
        tables=tables,
        about=about,
        reference=reference,
    )


def run_about(folder: Path) -> dict[str, Any]:
    """Return the ``run.json`` of a run's folder.

    Raises
    ------
    InputError
        When the folder is not there, holds no ``run.json``, or that of another command.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one that `matcare run --out` wrote")
    path = folder / "run.json"
    if not path.is_file():
        raise InputError(f"{folder}: holds no run.json; give a folder that `matcare run --out` wrote")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: could not be read ({error}); {_AGAIN}") from error
    if not isinstance(about, dict) or "command" in about or "region" not in about:
        command = about.get("command", "another command") if isinstance(about, dict) else "another command"
        raise InputError(f"{folder}: holds the output of `matcare {command}`; give a folder that `matcare run` wrote")
    return about


def state_words(postal: str) -> str:
    """Return a place's name: a state's by its postal code, ``United States`` for ``US``."""
    return "United States" if postal == "US" else STATES[canonical_state(postal)]
