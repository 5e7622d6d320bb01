"""The national highway graph in a compact stored form: nodes along a Hilbert curve, edges as steps between them."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from matcare.contracts import ROAD_EDGES, ROAD_NODES
from matcare.errors import SnapshotError
from matcare.geo import STATE_FIPS
from matcare.tables.demand import DEGREE_STEPS

__all__ = [
    "STORED_EDGE_COLUMNS",
    "STORED_NODE_COLUMNS",
    "compile_roads",
    "pack_edges",
    "pack_nodes",
    "unpack_edges",
    "unpack_nodes",
]

STORED_NODE_COLUMNS: Final = {"lat_e5": "Latitude in 1e-5 degrees.", "lon_e5": "Longitude in 1e-5 degrees."}
"""Columns of the stored nodes; the row number is the node's number."""

STORED_EDGE_COLUMNS: Final = {
    "u": "Node with the smaller number.",
    "v_minus_u": "Node with the larger number, less u.",
    "road_class": "Number of the class, in the order in which the contract lists them.",
    "state": "Number of the state, in the order of FIPS codes, from 0.",
}
"""Columns of the stored edges."""

_CLASSES: Final = ROAD_EDGES.column("road_class").values
_STATES: Final = tuple(STATE_FIPS)


def compile_roads(nodes: pd.DataFrame, edges: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Renumber the graph along a Hilbert curve and sort its edges.

    Parameters
    ----------
    nodes, edges : pandas.DataFrame
        From :func:`matcare.sources.travel_mapping.read_highways`.

    Returns
    -------
    nodes : pandas.DataFrame
        ``lat, lon`` to 1e-5 degrees.
    edges : pandas.DataFrame
        ``u < v``, ``road_class`` and ``state``, by u and v.
    """
    steps = (nodes[["lat", "lon"]] * DEGREE_STEPS).round().astype("int64")
    curve = gpd.GeoSeries.from_xy(steps["lon"], steps["lat"]).hilbert_distance(
        total_bounds=(-18e6, 0, 18e6, 9e6), level=16
    )
    order = np.lexsort((steps["lon"], steps["lat"], curve))
    number = np.empty(len(nodes), dtype=np.int64)
    number[order] = np.arange(len(nodes))
    ends = np.sort(number[edges[["u", "v"]].to_numpy()], axis=1)
    table = pd.DataFrame({"u": ends[:, 0], "v": ends[:, 1]}).assign(
        road_class=edges["road_class"].to_numpy(), state=edges["state"].to_numpy()
    )
    table = table.sort_values(["u", "v", "road_class"], ignore_index=True).astype({"road_class": "str", "state": "str"})
    ordered = steps.iloc[order].reset_index(drop=True) / DEGREE_STEPS
    return ROAD_NODES.validate(ordered, where="road_nodes"), ROAD_EDGES.validate(table, where="road_edges")


def pack_nodes(nodes: pd.DataFrame) -> pa.Table:
    """Return the stored form of the nodes."""
    return pa.table(
        {f"{name}_e5": pa.array((nodes[name] * DEGREE_STEPS).round().astype("int32")) for name in ("lat", "lon")}
    )


def pack_edges(edges: pd.DataFrame) -> pa.Table:
    """Return the stored form of the edges."""
    classes = {name: number for number, name in enumerate(_CLASSES)}
    states = {name: number for number, name in enumerate(_STATES)}
    return pa.table(
        {
            "u": pa.array(edges["u"].astype("int32")),
            "v_minus_u": pa.array((edges["v"] - edges["u"]).astype("int32")),
            "road_class": pa.array(edges["road_class"].map(classes).astype("int8")),
            "state": pa.array(edges["state"].map(states).astype("int8")),
        }
    )


def unpack_nodes(stored: pa.Table) -> pd.DataFrame:
    """Return ``lat, lon`` of the stored nodes."""
    _require(stored, STORED_NODE_COLUMNS, "road_nodes")
    return pd.DataFrame({name: stored[f"{name}_e5"].to_numpy() / DEGREE_STEPS for name in ("lat", "lon")})


def unpack_edges(stored: pa.Table) -> pd.DataFrame:
    """Return ``u, v, road_class, state`` of the stored edges; class and state are categorical."""
    _require(stored, STORED_EDGE_COLUMNS, "road_edges")
    u = stored["u"].to_numpy().astype("int64")
    return pd.DataFrame(
        {
            "u": u,
            "v": u + stored["v_minus_u"].to_numpy(),
            "road_class": _categories(stored, "road_class", _CLASSES),
            "state": _categories(stored, "state", _STATES),
        }
    )


def _categories(stored: pa.Table, column: str, names: tuple[str, ...]) -> pd.Series:
    codes = stored[column].to_numpy()
    if len(codes) and (codes.min() < 0 or codes.max() >= len(names)):
        raise SnapshotError(f"road_edges.parquet: an unknown {column}; build the data again with `matcare data build`")
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(names)))


def _require(stored: pa.Table, columns: dict[str, str], name: str) -> None:
    if set(columns) - set(stored.column_names):
        raise SnapshotError(f"{name}.parquet: columns are missing; build the data again with `matcare data build`")
