"""Any layer of lines that GDAL reads: a transport agency's GeoPackage, shapefile, GeoJSON or file geodatabase.

Classes, speeds and directions stand in columns that the user names. Roads meet where lines end at the same place; where
lines cross or touch without ending there, a bridge cannot be told from a node that the publisher forgot, so such places
are not joined, but counted and listed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import pyogrio.errors
import pyogrio.raw
import pyproj
import shapely

from matcare.errors import InputError
from matcare.travel.graph import RoadGraph
from matcare.travel.readers.crossings import places_without_node
from matcare.travel.readers.noding import Lines, node_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["read_line_layer"]

FORWARD: Final = ("1", "yes", "y", "true", "ft", "f", "forward")
BACKWARD: Final = ("-1", "tf", "t", "backward", "reverse")
BOTH: Final = ("0", "no", "n", "false", "b", "both", "")

F64 = npt.NDArray[np.float64]

_KM_PER_H: Final = {"mph": 1.609344, "km/h": 1.0}
_SAME_AS_WGS84: Final = frozenset({"EPSG:4326", "EPSG:4269", "OGC:CRS84"})
_LINESTRING: Final = 1
_FASTEST_KM_PER_H: Final = 200.0
_MOST_CLASSES: Final = 100
_MOST_PLACES: Final = 1000
_RIGHT, _STRAIGHT = 90.0, 180.0


def read_line_layer(
    path: Path | str,
    *,
    layer: str | None = None,
    class_column: str | None = None,
    default_class: str = "other",
    speed_column: str | None = None,
    speed_unit: Literal["mph", "km/h"] = "mph",
    oneway_column: str | None = None,
    forward_values: Iterable[str] | str = FORWARD,
    backward_values: Iterable[str] | str = BACKWARD,
    noded_at: Literal["ends", "vertices"] = "ends",
    snap_metres: float = 0.0,
    crs: str | None = None,
) -> RoadGraph:
    """Read a layer of lines as roads.

    Parameters
    ----------
    path : path
        The file, or the folder of a file geodatabase.
    layer : str, optional
        Name of the layer, where the file has several of lines.
    class_column : str, optional
        Column with the kind of road; its values become the classes, whose speeds a profile gives.
    default_class : str
        Class where there is no such column or nothing stands in it.
    speed_column : str, optional
        Column with the speed limit; what is no number greater than 0 is counted and left to the class.
    speed_unit : {"mph", "km/h"}
        Unit of that column.
    oneway_column : str, optional
        Column with the direction that a road is open in.
    forward_values, backward_values : iterable of str, or str with commas
        Texts in that column for roads open only in, or only against, the direction they are drawn in, whatever the
        case of their letters. Other texts, save those for both directions, are counted and taken for both.
    noded_at : {"ends", "vertices"}
        Roads meet only where lines end at the same place, or at every vertex that lines share.
    snap_metres : float
        Ends of lines that are no farther apart are one place.
    crs : str, optional
        Coordinate system, as ``EPSG:5070``, taken instead of the file's; needed where the file has none.

    Returns
    -------
    RoadGraph
        Lengths along the full shapes, in EPSG:4326. ``about["counts"]`` says what was left out or not understood;
        ``about["places_without_node"]`` lists the first thousand places where lines meet without a node, as
        :func:`matcare.travel.readers.crossings.places_without_node` finds them.

    Raises
    ------
    InputError
        When the file cannot be read, has no such layer or column, is not of lines, or has no coordinate system.
    """
    path = Path(path)
    _check_options(path, speed_unit, noded_at, snap_metres)
    layer = _layer(path, layer)
    wanted = [column for column in (class_column, speed_column, oneway_column) if column]
    fields, shapes, columns, found_crs = _read(path, layer, wanted)
    geometry, row, counts = _lines(path, shapes)
    lines = _in_degrees(path, Lines.from_geometries(geometry), crs or found_crs)
    stretches = node_lines(lines, at=noded_at, snap_metres=snap_metres)
    counts["lines_without_length"] = stretches.without_length
    counts["ends_moved_to_a_neighbour"] = stretches.moved_ends
    of = row[stretches.line]
    table = dict(zip(fields, columns, strict=True))
    names, code = _classes(table.get(class_column or ""), len(shapes), default_class, counts)
    limit = _limits(table.get(speed_column or ""), len(shapes), speed_unit, counts)
    oneway = _directions(table.get(oneway_column or ""), len(shapes), forward_values, backward_values, counts)
    places = places_without_node(stretches)
    counts["crossings_without_node"] = int((places["kind"] == "crossing").sum())
    counts["ends_on_a_line_without_node"] = int((places["kind"] == "end on a line").sum())
    about = {
        "source": f"lines of {path.name}" + (f", layer {layer}" if layer else ""),
        "licence": "not stated in the file",
        "vintage": "not stated in the file",
        "counts": counts,
        "places_without_node": places.head(_MOST_PLACES).to_dict("records"),
    }
    return RoadGraph.from_arrays(
        stretches.lat, stretches.lon, stretches.u, stretches.v, code[of], names,
        oneway=oneway[of], limit_km_per_h=limit[of], bends=stretches.bends, about=about,
    )  # fmt: skip


def _check_options(path: Path, speed_unit: str, noded_at: str, snap_metres: float) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such file; give a file of lines, such as a GeoPackage or a zipped shapefile")
    if speed_unit not in _KM_PER_H:
        raise InputError(f"speed_unit {speed_unit!r}: one of {', '.join(_KM_PER_H)}")
    if noded_at not in {"ends", "vertices"}:
        raise InputError(f"noded_at {noded_at!r}: one of ends, vertices")
    if not 0 <= snap_metres < np.inf:
        raise InputError(f"snap_metres is {snap_metres:g}; give a number of 0 or more")


def _layer(path: Path, layer: str | None) -> str | None:
    """Choose the layer, or say which there are."""
    try:
        layers = [(str(name), str(kind)) for name, kind in pyogrio.list_layers(path)]
    except (pyogrio.errors.DataSourceError, OSError, RuntimeError) as error:
        raise InputError(f"{path}: GDAL cannot read it ({_brief(error)}); is it a whole file of lines?") from error
    names = [name for name, _ in layers]
    if layer is not None:
        if layer not in names:
            raise InputError(f"{path}: no layer {layer!r}; there are {', '.join(names)}")
        return layer
    of_lines = [name for name, kind in layers if "Line" in kind or "Curve" in kind or "Unknown" in kind]
    if len(of_lines) > 1:
        raise InputError(f"{path}: several layers of lines; name one of {', '.join(of_lines)}")
    if not of_lines:
        kinds = ", ".join(f"{name} ({kind})" for name, kind in layers) or "none"
        raise InputError(f"{path}: no layer of lines; there are {kinds}")
    return of_lines[0]


def _read(
    path: Path, layer: str | None, wanted: list[str]
) -> tuple[list[str], npt.NDArray[np.object_], list[npt.NDArray[Any]], str | None]:
    try:
        info = pyogrio.read_info(path, layer=layer)
        there = [str(name) for name in info["fields"]]
        for column in wanted:
            if column not in there:
                raise InputError(f"{path}: no column {column!r}; there are {', '.join(there) or 'none'}")
        meta, _, shapes, columns = pyogrio.raw.read(path, layer=layer, columns=wanted, force_2d=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, RuntimeError) as error:
        raise InputError(f"{path}: GDAL cannot read it ({_brief(error)}); is it a whole file of lines?") from error
    return [str(name) for name in meta["fields"]], np.asarray(shapes, dtype=object), list(columns), meta["crs"]


def _lines(path: Path, shapes: npt.NDArray[np.object_]) -> tuple[Any, npt.NDArray[np.int64], dict[str, int]]:
    """Parts that are lines, the row of each, and counts."""
    geometry = np.asarray(shapely.from_wkb(shapes, on_invalid="ignore"), dtype=object)
    broken = int((shapely.is_missing(geometry) & np.array([shape is not None for shape in shapes], dtype=bool)).sum())
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    there = np.flatnonzero(~empty)
    parts, of = shapely.get_parts(geometry[there], return_index=True)
    other = shapely.get_type_id(parts) != _LINESTRING
    if other.any():
        at = int(np.argmax(other))
        raise InputError(
            f"{path}, feature {there[of[at]] + 1}: a {parts[at].geom_type}, not a line; give a layer of lines"
        )
    if not len(parts):
        raise InputError(f"{path}: no feature with a line in it")
    counts = {"features": len(shapes), "features_without_shape": int(empty.sum()) - broken, "broken_shapes": broken}
    return parts, there[of], counts | {"features_of_several_lines": int((np.bincount(of) > 1).sum())}


def _in_degrees(path: Path, lines: Lines, crs: str | None) -> Lines:
    if not crs:
        raise InputError(f"{path}: no coordinate system; say which it is with the option crs, such as crs=EPSG:5070")
    try:
        system = pyproj.CRS.from_user_input(crs)
        way = None if crs in _SAME_AS_WGS84 else pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise InputError(f"{path}: coordinate system {crs[:60]!r} is not known; give one such as EPSG:5070") from error
    lon, lat = way.transform(lines.lon, lines.lat) if way else (lines.lon, lines.lat)
    off = ~((np.abs(lat) <= _RIGHT) & (np.abs(lon) <= _STRAIGHT))
    if off.any():
        at = int(np.argmax(off))
        raise InputError(
            f"{path}: x {lines.lon[at]:g}, y {lines.lat[at]:g} is not a place on Earth in {system.name}; "
            "say what the coordinate system is with the option crs"
        )
    return Lines(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64), lines.first)


def _classes(
    values: npt.NDArray[Any] | None, rows: int, default: str, counts: dict[str, int]
) -> tuple[list[str], npt.NDArray[np.int64]]:
    if values is None:
        return [default], np.zeros(rows, np.int64)
    text = _texts(values)
    counts["lines_without_class"] = int((text == "").sum())
    frequent = text[text != ""].value_counts()
    names = sorted({default, *frequent.index[:_MOST_CLASSES].tolist()})
    counts["lines_of_rare_class"] = int(frequent.iloc[_MOST_CLASSES:].sum())
    code = text.map({name: i for i, name in enumerate(names)}).fillna(names.index(default))
    return names, np.asarray(code.to_numpy(), dtype=np.int64)


def _limits(values: npt.NDArray[Any] | None, rows: int, unit: str, counts: dict[str, int]) -> F64:
    if values is None:
        return np.full(rows, np.nan)
    text = _texts(values)
    speed = np.asarray(pd.to_numeric(text, errors="coerce"), dtype=np.float64) * _KM_PER_H[unit]
    with np.errstate(invalid="ignore"):
        usable = (speed > 0) & (speed <= _FASTEST_KM_PER_H)
    counts["lines_without_speed"] = int((text == "").sum())
    counts["speeds_not_usable"] = int((~usable & (text != "").to_numpy()).sum())
    return np.where(usable, speed, np.nan)


def _directions(
    values: npt.NDArray[Any] | None,
    rows: int,
    forward: Iterable[str] | str,
    backward: Iterable[str] | str,
    counts: dict[str, int],
) -> npt.NDArray[np.int8]:
    if values is None:
        return np.zeros(rows, np.int8)
    ahead, against = (
        {text.strip().casefold() for text in (given.split(",") if isinstance(given, str) else given)}
        for given in (forward, backward)
    )
    if twice := sorted(ahead & against):
        raise InputError(f"{twice[0]!r} stands for both directions of a one-way road; name it once")
    text = _texts(values).str.casefold()
    known = dict.fromkeys(BOTH, 0) | dict.fromkeys(ahead, 1) | dict.fromkeys(against, -1)
    way = text.map(known)
    counts["directions_not_understood"] = int(way.isna().sum())
    return np.asarray(way.fillna(0).to_numpy(), dtype=np.int8)


def _texts(values: npt.NDArray[Any]) -> pd.Series:
    """Write values as text: missing ones as nothing, whole numbers without a fraction."""
    series = pd.Series(values)
    text = series.astype("str").str.strip().str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return text.where(series.notna(), "")


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:150]
