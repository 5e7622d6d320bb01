"""Places along edges: the middles of equal pieces, on the road's real shape where the graph has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled

if TYPE_CHECKING:
    from matcare.travel.graph import RoadGraph

__all__ = ["cut_edges", "places_along"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def cut_edges(graph: RoadGraph, piece_km: float) -> tuple[npt.NDArray[np.int64], F64]:
    """Cut every edge into equal pieces no longer than `piece_km`.

    Returns
    -------
    edge : numpy.ndarray of int64, shape (pieces,)
        The edge of each piece.
    middle : numpy.ndarray of float64, shape (pieces,)
        Where on the edge the piece's middle lies, 0 at `u`, 1 at `v`.
    """
    pieces = np.maximum(np.ceil(graph.km / piece_km).astype(np.int64), 1)
    edge = np.repeat(np.arange(len(pieces)), pieces)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return edge, (within + 0.5) / pieces[edge]


def places_along(graph: RoadGraph, piece_km: float) -> tuple[I64, F64, F64]:
    """Cut every edge into equal pieces no longer than `piece_km` and find their middles.

    Parameters
    ----------
    graph : RoadGraph
    piece_km : float

    Returns
    -------
    edge : numpy.ndarray of int64, shape (pieces,)
        The edge of each piece.
    lat, lon : numpy.ndarray of float64, shape (pieces,)
        The piece's middle, degrees: on the edge's shape, on its chord where it has no bends.
    """
    edge, middle = cut_edges(graph, piece_km)
    u, v = graph.u[edge], graph.v[edge]
    lat = graph.lat[u] + middle * (graph.lat[v] - graph.lat[u])
    lon = graph.lon[u] + middle * (graph.lon[v] - graph.lon[u])
    if len(graph.bend_lat):
        _follow_bends(
            edge, middle, graph.lat, graph.lon, graph.u, graph.v, graph.bend_first, graph.bend_lat, graph.bend_lon,
            lat, lon,
        )  # fmt: skip
    return edge, lat, lon


@compiled
def _follow_bends(
    edge: I64, middle: F64, node_lat: F64, node_lon: F64, u: npt.NDArray[np.int32], v: npt.NDArray[np.int32],
    first: I64, bend_lat: F64, bend_lon: F64, lat: F64, lon: F64,
) -> None:  # fmt: skip
    """Move the places of edges with bends from the chord to the shape; lengths in the plane of the edge's latitude."""
    i = 0
    while i < len(edge):
        e = edge[i]
        after = i
        while after < len(edge) and edge[after] == e:
            after += 1
        if first[e + 1] > first[e]:
            scale = np.cos(np.radians(node_lat[u[e]]))
            total = 0.0
            y, x = node_lat[u[e]], node_lon[u[e]]
            for b in range(first[e], first[e + 1] + 1):
                last = b == first[e + 1]
                to_y, to_x = (node_lat[v[e]], node_lon[v[e]]) if last else (bend_lat[b], bend_lon[b])
                total += np.hypot(to_y - y, (to_x - x) * scale)
                y, x = to_y, to_x
            done = 0.0
            y, x = node_lat[u[e]], node_lon[u[e]]
            for b in range(first[e], first[e + 1] + 1):
                last = b == first[e + 1]
                to_y, to_x = (node_lat[v[e]], node_lon[v[e]]) if last else (bend_lat[b], bend_lon[b])
                step = np.hypot(to_y - y, (to_x - x) * scale)
                while i < after and (middle[i] * total <= done + step or last):
                    share = min(max((middle[i] * total - done) / step, 0.0), 1.0) if step > 0 else 0.0
                    lat[i], lon[i] = y + share * (to_y - y), x + share * (to_x - x)
                    i += 1
                done += step
                y, x = to_y, to_x
        i = after
