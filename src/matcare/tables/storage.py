"""Parquet files of the snapshot: written beside and renamed, same table same bytes, with their provenance inside."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from matcare.contracts import EMBEDDED
from matcare.errors import OutputError, SnapshotError
from matcare.geo import CRS
from matcare.sources.catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matcare.contracts import Table

__all__ = ["SNAPSHOT_VERSION", "frame_from_stored", "read_stored", "stored_bytes", "stored_from_frame", "write_file"]

SNAPSHOT_VERSION: Final = "1"
"""Changes when the stored form does; a file of another version is refused."""

_KEY: Final = b"matcare"
_GEO: Final = {
    "version": "1.0.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon", "MultiPolygon"]}},
}
"""GeoParquet: without a CRS of its own the coordinates are longitude and latitude on WGS 84."""

_ZSTD_LEVEL: Final = 19


def stored_bytes(
    table: pa.Table, *, name: str, sources: Iterable[str], about: dict[str, str] | None = None, deltas: bool = False
) -> bytes:
    """Return a Parquet file with its provenance inside.

    Parameters
    ----------
    table : pyarrow.Table
        The stored form.
    name : str
        Of the embedded table; its licence is the contract's.
    sources : iterable of str
        Catalog identifiers of what the table is compiled from; title, vintage, licence and hash go into the metadata.
    about : dict of str to str, optional
        More to keep in the metadata.
    deltas : bool
        Store whole numbers as differences, for tables whose neighbouring rows are alike.

    Returns
    -------
    bytes
    """
    kept = {
        "table": name,
        "snapshot_version": SNAPSHOT_VERSION,
        "licence": EMBEDDED[name].licence,
        "sources": [
            {
                field: getattr(CATALOG[source], field)
                for field in ("id", "title", "vintage", "licence", "citation", "sha256")
            }
            for source in sources
        ],
        **(about or {}),
    }
    metadata = {_KEY: json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()}
    if "geometry" in table.column_names:
        metadata[b"geo"] = json.dumps(_GEO, sort_keys=True).encode()
    table = table.replace_schema_metadata(metadata)
    encoding: dict[str, Any] = {"use_dictionary": [field.name for field in table.schema if _is_text(field.type)]}
    if deltas:
        wide = [field.name for field in table.schema if pa.types.is_int32(field.type) or pa.types.is_int64(field.type)]
        encoding["column_encoding"] = dict.fromkeys(wide, "DELTA_BINARY_PACKED")
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", compression_level=_ZSTD_LEVEL, row_group_size=len(table) or None, **encoding
    )
    return bytes(sink.getvalue().to_pybytes())


def write_file(path: Path, content: bytes) -> int:
    """Write bytes beside `path` and rename.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    OutputError
        When the folder cannot be written to or the disk is full; the earlier file is intact.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: could not be written ({error.strerror or error}); what stood there is intact"
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return len(content)


def read_stored(path: Path, name: str) -> tuple[pa.Table, dict[str, Any]]:
    """Read a stored table and what its metadata say about it.

    Returns
    -------
    table : pyarrow.Table
        The stored form.
    about : dict
        ``table, snapshot_version, licence, sources``.

    Raises
    ------
    SnapshotError
        When the file is missing, damaged, of another version or another table.
    """
    remedy = "build it again with `matcare data build`, or install matcare again"
    if not path.is_file():
        raise SnapshotError(f"{path}: the embedded table {name!r} is missing; {remedy}")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise SnapshotError(f"{path}: not a whole Parquet file (half written or damaged); {remedy}") from error
    try:
        about: dict[str, Any] = json.loads((table.schema.metadata or {})[_KEY])
        version, stored = str(about["snapshot_version"]), str(about["table"])
    except (KeyError, ValueError, TypeError) as error:
        raise SnapshotError(f"{path}: not a file of matcare's snapshot; {remedy}") from error
    if version != SNAPSHOT_VERSION:
        raise SnapshotError(
            f"{path}: snapshot version {version}, and this matcare reads version {SNAPSHOT_VERSION}; {remedy}"
        )
    if stored != name:
        raise SnapshotError(f"{path}: holds the table {stored!r}, not {name!r}; {remedy}")
    return table, about


def stored_from_frame(frame: pd.DataFrame, contract: Table) -> pa.Table:
    """Return the stored form of a table that is kept as its contract has it; geometries become WKB."""
    arrays: dict[str, pa.Array] = {}
    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    for column in contract.columns:
        values = frame[column.name]
        if column.kind == "geometry":
            arrays[column.name] = pa.array(shapely.to_wkb(values.to_numpy(), byte_order=1), type=pa.binary())
        else:
            arrays[column.name] = pa.array(values.astype(object).where(values.notna(), None), type=types[column.kind])
    return pa.table(arrays)


def frame_from_stored(stored: pa.Table, contract: Table, path: Path) -> pd.DataFrame:
    """Return the table that :func:`stored_from_frame` stored; a GeoDataFrame when the contract has a geometry.

    Raises
    ------
    SnapshotError
        When a column of the contract is not in the file.
    """
    missing = [name for name in contract.names if name not in stored.column_names]
    if missing:
        raise SnapshotError(f"{path}: column {missing[0]!r} is missing; build the data again with `matcare data build`")
    columns: dict[str, Any] = {}
    for column in contract.columns:
        values = stored[column.name]
        if column.kind == "geometry":
            columns[column.name] = shapely.from_wkb(values.to_numpy(zero_copy_only=False))
        elif column.kind == "text":
            columns[column.name] = values.to_pandas().astype("str")
        elif column.kind == "number":
            columns[column.name] = values.to_pandas().astype("float64")
        elif column.kind == "integer":
            columns[column.name] = pd.Series(values.to_pandas(), dtype="Int64" if values.null_count else "int64")
        else:
            columns[column.name] = pd.Series(values.to_pandas(), dtype="boolean" if values.null_count else "bool")
    if "geometry" in columns:
        geometry = columns.pop("geometry")
        return gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)[contract.names]
    return pd.DataFrame(columns)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind))
