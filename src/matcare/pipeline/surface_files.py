"""What the commands on surfaces read and write besides rasters: points, zones, roads, tables, provenance."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors

from matcare import __version__
from matcare.errors import InputError
from matcare.pipeline.roads import density_of
from matcare.publish.exports import guard_formulas, write_json, write_parquet
from matcare.tables.points import read_user_table
from matcare.tables.snapshot import load_snapshot
from matcare.travel.profile_files import load_profile
from matcare.travel.road_files import read_roads
from matcare.travel.speeds import NO_WAY
from matcare.travel.surface.geotiff import RasterFile
from matcare.travel.surface.terrain import RoadLines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from matcare.contracts import Table

__all__ = [
    "NOT_STATED",
    "SURFACE_NAME",
    "check_outputs",
    "raster_tags",
    "read_places",
    "read_zones",
    "road_lines",
    "source_of",
    "write_about",
    "write_table",
]

NOT_STATED: Final = "not stated"

SURFACE_NAME: Final = "travel"
"""What the files of a surface of minutes begin with."""

_PACKAGES: Final = ("numpy", "pandas", "numba", "pyproj", "rasterio", "exactextract")
_MS_PER_HOUR: Final = 3_600_000

_CAVEATS: Final = (
    "Minutes are the least that the speeds allow, without waiting; they are for a healthy adult on foot or in a car.",
    "People live where the population raster puts them.",
    "Not for choosing where to give birth or where an ambulance should go.",
)


def read_places(path: Path, *, keys: Sequence[str]) -> pd.DataFrame:
    """Read points anywhere on Earth.

    Parameters
    ----------
    path : pathlib.Path
        CSV or Parquet.
    keys : sequence of str
        Names that the column of identifiers may have; the first that is there is taken.

    Returns
    -------
    pandas.DataFrame
        The column of identifiers under the first of `keys` (text, unique), ``lat``, ``lon`` (degrees).

    Raises
    ------
    InputError
        One line that names the file, row, column and remedy.
    """
    frame = read_user_table(path)
    key = next((name for name in keys if name in frame.columns), None)
    needed = (key or keys[0], "lat", "lon")
    for name in needed:
        if name not in frame.columns:
            found = ", ".join(map(str, frame.columns[:8]))
            raise InputError(f"{path}: column {name!r} is missing (found: {found}); give {', '.join(needed)}")
    ids = frame[needed[0]]
    for wrong, words in ((ids.isna(), "is missing; give each place one"), (ids.duplicated(), "stands there twice")):
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            told = "" if pd.isna(ids.iloc[row]) else f"{ids.iloc[row]!r} "
            raise InputError(f"{path}, row {row + 1}, column {needed[0]!r}: {told}{words}")
    places: dict[str, pd.Series] = {keys[0]: ids.astype("str")}
    for name, bound in (("lat", 90.0), ("lon", 180.0)):
        values = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        wrong = ~(values.abs() <= bound)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            told = "is missing" if pd.isna(frame[name].iloc[row]) else f"{frame[name].iloc[row]!r} is not on Earth"
            raise InputError(f"{path}, row {row + 1}, column {name!r}: {told}; give decimal degrees, up to ±{bound:g}")
        places[name] = values
    return pd.DataFrame(places)


def read_zones(path: Path, *, zone_id: str, layer: str | None = None) -> gpd.GeoDataFrame:
    """Read zones with their identifiers as text.

    Parameters
    ----------
    path : pathlib.Path
        Any layer of polygons that GDAL reads.
    zone_id : str
        Column of identifiers.
    layer : str, optional
        Which layer, where the file has several.

    Returns
    -------
    geopandas.GeoDataFrame
        `zone_id` and the geometry.

    Raises
    ------
    InputError
        When the file cannot be read, or has no such layer or column.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; give a layer of polygons, such as a GeoPackage or a zipped shapefile")
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        if layer is not None and layer not in names:
            raise InputError(f"{path}: no layer {layer!r}; there are {', '.join(names)}")
        if layer is None and len(names) > 1:
            raise InputError(f"{path}: several layers; name one with --layer: {', '.join(names)}")
        zones = gpd.read_file(path, layer=layer or names[0])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, RuntimeError, IndexError) as error:
        why = " ".join(str(error).split())[:150]
        raise InputError(f"{path}: GDAL cannot read it ({why}); is it a whole layer of polygons?") from error
    if not isinstance(zones, gpd.GeoDataFrame):
        raise InputError(f"{path}: no geometry in it; give a layer of polygons")
    if zone_id not in zones.columns:
        there = ", ".join(str(name) for name in zones.columns if name != zones.geometry.name)
        raise InputError(f"{path}: no column {zone_id!r}; name one with --id: {there or 'there is none'}")
    if zones[zone_id].isna().any():
        row = int(zones[zone_id].isna().to_numpy().argmax())
        raise InputError(f"{path}, row {row + 1}, column {zone_id!r}: is missing; give every zone an id of its own")
    ids = zones[zone_id].astype("str").str.replace(r"^(-?\d+)\.0$", r"\1", regex=True)
    return gpd.GeoDataFrame({zone_id: ids}, geometry=zones.geometry.to_numpy(), crs=zones.crs)


def road_lines(
    path: Path, *, profile: str | None = None, data_dir: Path | None = None
) -> tuple[RoadLines, dict[str, Any]]:
    """Read the roads of a file as straight pieces with the speed of a profile.

    Parameters
    ----------
    path : pathlib.Path
        Made by ``matcare roads build``.
    profile : str, optional
        A speed profile or its file; the one that the roads were made with, when left out.
    data_dir : pathlib.Path, optional
        Data tables that tell town from country, for `profile`; the embedded ones when left out.

    Returns
    -------
    roads : RoadLines
        Along the roads' full shapes; a road that the profile closes is not among them.
    about : dict
        The roads' source, licence and vintage, and the profile.

    Raises
    ------
    InputError
        When the file or the profile is not usable, or every road is closed.
    """
    kept = read_roads(path)
    graph, name = kept.graph, str(kept.header["profile"])
    milliseconds = kept.milliseconds
    if profile is not None or milliseconds is None:
        speeds = load_profile(profile or name)
        network = kept.network(speeds, density_of(load_snapshot(data_dir), speeds.density_kernel_km))
        milliseconds, name = (network.forward, network.backward), speeds.name
    quickest = np.minimum(*milliseconds)
    usable = (quickest < NO_WAY) & (quickest > 0) & (graph.km > 0)
    if not usable.any():
        raise InputError(f"{path}: no road in it is open; choose another --profile")
    first, lat, lon = graph.shapes(usable)
    start = np.ones(len(lat), dtype=bool)
    start[first[1:] - 1] = False
    speed = graph.km[usable] * _MS_PER_HOUR / quickest[usable]
    here = np.flatnonzero(start)
    roads = RoadLines.from_graph(lat, lon, here, here + 1, np.repeat(speed, np.diff(first) - 1))
    told = {key: str(graph.about.get(key, NOT_STATED)) for key in ("source", "licence", "vintage")}
    return roads, {**told, "profile": name}


def raster_tags(path: Path, *, what: str = "raster") -> dict[str, str]:
    """Return what a raster says of itself.

    Raises
    ------
    InputError
        When the file cannot be used.
    """
    with RasterFile(path, what=what) as file:
        return file.tags


def check_outputs(outputs: Iterable[Path], inputs: Iterable[Path], *, suffixes: Iterable[str] = ()) -> None:
    """Refuse an output of another kind, or one that would take an input's place.

    Parameters
    ----------
    outputs, inputs : iterable of pathlib.Path
    suffixes : iterable of str
        One of which the first output must end in; any when left out.

    Raises
    ------
    InputError
    """
    written, allowed = list(outputs), list(suffixes)
    if allowed and written[0].suffix.lower() not in allowed:
        raise InputError(f"--out {written[0].name}: give a name that ends in {' or '.join(allowed)}")
    taken = {path.resolve() for path in inputs}
    for path in written:
        if path.resolve() in taken:
            raise InputError(f"--out {written[0]}: would overwrite the input {path.name}; give another name")


def write_table(frame: pd.DataFrame, path: Path, contract: Table) -> None:
    """Write a table as CSV (minutes with 2 decimals, shares with 4, the rest with 9 digits) or Parquet (as it is).

    Raises
    ------
    ContractError
        When the table does not keep its contract (a defect of ours, found before it is written).
    """
    table = contract.validate(frame)[contract.names]
    if path.suffix.lower() == ".parquet":
        write_parquet(table, path, description=f"matcare {__version__}: {contract.description}")
        return
    decimals = {"minutes": 2, "share 0-1": 4}
    units = {column.name: decimals[column.unit] for column in contract.columns if column.unit in decimals}
    cells = guard_formulas(table).round(units)
    cells.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", float_format="%.9g")


def source_of(
    role: str, path: Path, *, made_by: Path | None = None, licence: str | None = None, vintage: str | None = None,
    tags: Mapping[str, str] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Say what an input is, for the provenance of an output.

    Parameters
    ----------
    role : str
        ``"land cover"``.
    path : pathlib.Path
        Its name is told, not the folder of this machine that it lies in; with the SHA-256 of its content.
    made_by : pathlib.Path, optional
        The provenance that matcare wrote when it made the file; taken over whole where the file is still the same.
    licence, vintage : str, optional
        As the user gives them; what the file's own tags say when left out.
    tags : mapping of str to str, optional
        The file's own.
    **more
        To be told besides.

    Returns
    -------
    dict
    """
    said = dict(tags or {})
    hashes = _hashes(path)
    about: dict[str, Any] = {
        "role": role,
        "file": path.resolve().name,
        "source": said.get("source", path.resolve().name),
        "licence": licence or said.get("licence") or said.get("TIFFTAG_COPYRIGHT") or NOT_STATED,
        "vintage": vintage or said.get("vintage") or said.get("TIFFTAG_DATETIME") or NOT_STATED,
        "sha256": hashes,
        **more,
    }
    if made_by is not None and made_by.is_file():
        try:
            before = json.loads(made_by.read_text(encoding="utf-8"))
            same = all(before["files"][name] == digest for name, digest in hashes.items())
        except (OSError, ValueError, KeyError, TypeError):
            same = False
        if same:
            about["made_by"] = before
    return about


def _hashes(path: Path) -> dict[str, str]:
    """SHA-256 of the files that an input consists of: itself, a folder's, a shapefile's parts."""
    if path.is_dir():
        files = sorted(entry for entry in path.rglob("*") if entry.is_file())
    elif path.suffix.lower() == ".shp":
        files = sorted(entry for entry in path.parent.iterdir() if entry.is_file() and entry.stem == path.stem)
    else:
        files = [path]
    return {entry.name: _sha256(entry) for entry in files}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def write_about(
    path: Path,
    *,
    command: str,
    asked: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    files: Iterable[Path],
    found: Mapping[str, Any],
    contract: Table | None = None,
) -> None:
    """Write what leads every number of an output back to its sources.

    Parameters
    ----------
    path : pathlib.Path
        ``<name>_run.json``.
    command : str
        ``"surface minutes"``.
    asked : mapping
        Files, by name, and options.
    sources : sequence of mapping
        From :func:`source_of`.
    files : iterable of pathlib.Path
        The files that were written, before they are moved to their place.
    found : mapping
        Counts.
    contract : Table, optional
        Tells the columns of a table.
    """
    about: dict[str, Any] = {
        "matcare": __version__,
        "created": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "python": platform.python_version(),
        "packages": {name: found_version for name in _PACKAGES if (found_version := _version(name))},
        "command": command,
        "asked": dict(asked),
        "found": dict(found),
        "sources": [dict(source) for source in sources],
        "licences": {str(source["role"]): source["licence"] for source in sources},
        "caveats": list(_CAVEATS),
        "files": {file.name: _sha256(file) for file in files},
    }
    if contract is not None:
        told = contract.dictionary()[["column", "type", "unit", "allowed", "may_be_missing", "description"]]
        about["columns"] = told.to_dict("records")
    write_json(path, about)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
