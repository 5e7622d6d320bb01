"""What a road graph is given: checks that name the first row that is wrong, and the shapes and lengths of its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from matcare.errors import InputError
from matcare.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "at_least_zero",
    "check_on_earth",
    "checked_codes",
    "checked_ends",
    "checked_oneway",
    "edge_shapes",
    "length_km",
    "node_positions",
    "require_columns",
]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]


def check_on_earth(lat: F64, lon: F64, where: str) -> None:
    """Refuse a coordinate that is missing or not on Earth."""
    off_earth = ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180))  # noqa: PLR2004 - degrees
    if off_earth.any():
        raise InputError(f"{where}, row {int(np.argmax(off_earth)) + 1}: latitude or longitude is not on Earth")


def checked_ends(numbers: npt.ArrayLike, nodes: int, column: str) -> I32:
    """Return the ends of edges as positions of nodes, refusing those that are not there."""
    ends = np.asarray(numbers)
    wrong = (ends < 0) | (ends >= nodes)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"road edges, row {row + 1}, column {column}: no node {ends[row]} among the road nodes")
    return ends.astype(np.int32)


def checked_codes(road_class: npt.ArrayLike, class_names: Sequence[str]) -> I8:
    """Return the classes of edges as small codes, refusing those that have no name."""
    codes = np.asarray(road_class)
    wrong = (codes < 0) | (codes >= len(class_names))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"road edges, row {row + 1}: no road class of number {codes[row]}")
    return codes.astype(np.int8)


def checked_oneway(oneway: npt.ArrayLike | None, edges: int) -> I8:
    """Return the directions of edges as −1, 0 or 1, refusing what is no number."""
    if oneway is None:
        return np.zeros(edges, np.int8)
    try:
        numbers = np.asarray(oneway, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("road edges: oneway holds texts; give 0 (both ways), 1 (from u to v) or -1") from error
    if np.isnan(numbers).any():
        row = int(np.argmax(np.isnan(numbers)))
        raise InputError(f"road edges, row {row + 1}: oneway is missing; give 0 (both ways), 1 (from u to v) or -1")
    return np.sign(numbers).astype(np.int8)


def at_least_zero(values: npt.ArrayLike | None, edges: int, column: str) -> F64:
    """Return numbers of 0 or more, NaN where there is none; refuse the rest."""
    if values is None:
        return np.full(edges, np.nan)
    numbers = np.asarray(values, dtype=np.float64)
    wrong = (numbers < 0) | np.isinf(numbers)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"road edges, row {row + 1}: {column} is {numbers[row]:g}; give a number of 0 or more, or leave it out"
        )
    return numbers


def length_km(lat: F64, lon: F64, parts: Mapping[str, Any]) -> F64:
    """Kilometres along every edge and its bends."""
    u, v = parts["u"], parts["v"]
    if not len(parts["bend_lat"]):
        return great_circle_km(lat[u], lon[u], lat[v], lon[v])
    first, y, x = edge_shapes(lat, lon, u, v, parts["bend_first"], parts["bend_lat"], parts["bend_lon"])
    step = np.zeros(len(y))
    step[1:] = great_circle_km(y[:-1], x[:-1], y[1:], x[1:])
    step[first[:-1]] = 0
    return np.asarray(np.add.reduceat(step, first[:-1]), dtype=np.float64)


def edge_shapes(
    lat: F64, lon: F64, u: I32, v: I32, bend_first: I64, bend_lat: F64, bend_lon: F64
) -> tuple[I64, F64, F64]:
    """Give the ends and bends of every edge in order, ragged."""
    first = bend_first + 2 * np.arange(len(bend_first))
    y, x = np.empty(first[-1]), np.empty(first[-1])
    count = np.diff(bend_first)
    inner = np.arange(len(bend_lat)) + np.repeat(2 * np.arange(len(count)) + 1, count)
    for out, node, bend in ((y, lat, bend_lat), (x, lon, bend_lon)):
        out[first[:-1]], out[first[1:] - 1], out[inner] = node[u], node[v], bend
    return first, y, x


def require_columns(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> None:
    """Refuse a table that lacks a column."""
    for column in columns:
        if column not in frame.columns:
            raise InputError(f"{where}: no column {column!r}; needed are {', '.join(columns)}")


def node_positions(nodes: pd.DataFrame, numbers: pd.Series, column: str) -> I32:
    """Turn node numbers into positions among the nodes."""
    if "node" in nodes.columns:
        index = pd.Index(nodes["node"])
        if not index.is_unique:
            raise InputError(f"road nodes: node {index[index.duplicated()][0]} stands there twice")
    else:
        index = pd.RangeIndex(len(nodes))
    found = index.get_indexer(pd.Index(numbers))
    if (found < 0).any():
        row = int(np.argmax(found < 0))
        raise InputError(
            f"road edges, row {row + 1}, column {column}: no node {numbers.iloc[row]} among the road nodes"
        )
    positions: I32 = np.asarray(found).astype(np.int32)
    return positions
