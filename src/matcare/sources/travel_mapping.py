"""Travel Mapping: the signed highways of the US and Puerto Rico as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.sources.reading import numbers, read_parquet

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_highways"]

_CHORD_TOLERANCE_KM = 0.05


def read_highways(nodes_path: Path, edges_path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the compiled highway graph.

    The published length of an edge is the great-circle chord between its ends; that is checked, and the length left
    out.

    Parameters
    ----------
    nodes_path, edges_path : pathlib.Path
        ``us_highways_nodes.parquet`` (``node, lat, lon``) and ``us_highways_edges.parquet`` (``u, v, road_class, state,
        km``).

    Returns
    -------
    nodes : pandas.DataFrame
        ``lat, lon``; the row number is the node's number.
    edges : pandas.DataFrame
        ``u, v, road_class, state`` (postal code); undirected.

    Raises
    ------
    InputError
        When an edge names a node that is not there, joins a node to itself, or is not as long as the chord between
        its ends.
    """
    nodes = read_parquet(nodes_path, ["node", "lat", "lon"], "the highway nodes").sort_values("node", ignore_index=True)
    edges = read_parquet(edges_path, ["u", "v", "road_class", "state", "km"], "the highway edges")
    if not (nodes["node"] == nodes.index).all():
        raise InputError(f"{nodes_path}, column 'node': the nodes should be numbered from 0 without a gap")
    nodes = pd.DataFrame(
        {"lat": numbers(nodes, "lat", nodes_path, minimum=-90), "lon": numbers(nodes, "lon", nodes_path, minimum=-180)}
    )
    ends = edges[["u", "v"]].to_numpy()
    wrong = ((ends < 0) | (ends >= len(nodes))).any(axis=1) | (ends[:, 0] == ends[:, 1])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{edges_path}, row {row}: an edge should join two different nodes of {nodes_path.name}")
    lat, lon = nodes["lat"].to_numpy(), nodes["lon"].to_numpy()
    chord = great_circle_km(lat[ends[:, 0]], lon[ends[:, 0]], lat[ends[:, 1]], lon[ends[:, 1]])
    off = np.abs(chord - edges["km"].to_numpy(dtype=np.float64)) > _CHORD_TOLERANCE_KM
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise InputError(f"{edges_path}, row {row}, column 'km': should be the {chord[row]:.2f} km between its ends")
    wanted = edges[["u", "v", "road_class", "state"]]
    return nodes, wanted.astype({"u": "int64", "v": "int64", "road_class": "str", "state": "str"})
