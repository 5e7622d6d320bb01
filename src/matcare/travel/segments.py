"""The straight segments that edges are made of, and pieces of them that a spatial index can find points near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.geo import great_circle_km

if TYPE_CHECKING:
    from matcare.travel.graph import RoadGraph

__all__ = ["CHORD_PIECE_KM", "STREET_PIECE_KM", "Segments"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

CHORD_PIECE_KM = 1.0
STREET_PIECE_KM = 0.2
"""Pieces of edges with a full shape: streets lie close together, so the middle of a piece must be near all of it."""


HALF_TURN = 180.0


def shorter_way(degrees: F64) -> F64:
    """Differences of longitude taken the shorter way round the Earth, from −180 to 180."""
    return np.where(np.abs(degrees) > HALF_TURN, (degrees + HALF_TURN) % (2 * HALF_TURN) - HALF_TURN, degrees)


@dataclass(frozen=True, eq=False, kw_only=True)
class Segments:
    """Straight segments of edges.

    Attributes
    ----------
    edge : numpy.ndarray of int64, shape (segments,)
    lat, lon, to_lat, to_lon : numpy.ndarray of float64, shape (segments,)
        Ends, degrees; in the direction from the edge's `u` to its `v`.
    start, end : numpy.ndarray of float64, shape (segments,)
        Share of the edge's length at the ends, 0 at `u`, 1 at `v`.
    """

    edge: I64
    lat: F64
    lon: F64
    to_lat: F64
    to_lon: F64
    start: F64
    end: F64

    @classmethod
    def of(cls, graph: RoadGraph) -> Segments:
        """Take the edges of a graph apart."""
        edges = np.arange(len(graph.u))
        if not len(graph.bend_lat):
            zero, one, lon = np.zeros(len(edges)), np.ones(len(edges)), graph.lon[graph.u]
            return cls(
                edge=edges, lat=graph.lat[graph.u], lon=lon, to_lat=graph.lat[graph.v],
                to_lon=lon + shorter_way(graph.lon[graph.v] - lon), start=zero, end=one,
            )  # fmt: skip
        first, lat, lon = graph.shapes()
        before = np.ones(len(lat), dtype=bool)
        before[first[1:] - 1] = False
        a = np.flatnonzero(before)
        edge = np.repeat(edges, np.diff(first) - 1)
        km = great_circle_km(lat[a], lon[a], lat[a + 1], lon[a + 1])
        total = np.bincount(edge, weights=km, minlength=len(edges))
        done = np.cumsum(km)
        behind = np.concatenate([[0.0], done])[np.searchsorted(edge, edges)]
        scale = np.where(total > 0, total, 1.0)[edge]
        end = np.clip((done - behind[edge]) / scale, 0, 1)
        start = np.clip((done - km - behind[edge]) / scale, 0, 1)
        last = np.ones(len(edge), dtype=bool)
        last[:-1] = edge[1:] != edge[:-1]
        end[last & (total[edge] > 0)] = 1.0
        return cls(
            edge=edge, lat=lat[a], lon=lon[a], to_lat=lat[a + 1],
            to_lon=lon[a] + shorter_way(lon[a + 1] - lon[a]), start=start, end=end,
        )  # fmt: skip

    def pieces(self, chord: npt.NDArray[np.bool_]) -> tuple[I64, F64, F64]:
        """Cut the segments into equal pieces.

        Parameters
        ----------
        chord : numpy.ndarray of bool, shape (edges,)
            Pieces of a chord are at most 1 km long, those of other edges 0.2 km.

        Returns
        -------
        segment : numpy.ndarray of int64, shape (pieces,)
        lat, lon : numpy.ndarray of float64, shape (pieces,)
            Middle of the piece.
        """
        km = great_circle_km(self.lat, self.lon, self.to_lat, self.to_lon)
        most = np.where(chord[self.edge], CHORD_PIECE_KM, STREET_PIECE_KM)
        count = np.maximum(np.ceil(km / most).astype(np.int64), 1)
        segment = np.repeat(np.arange(len(count)), count)
        number = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
        share = (number + 0.5) / count[segment]
        lat = self.lat[segment] + share * (self.to_lat[segment] - self.lat[segment])
        lon = self.lon[segment] + share * (self.to_lon[segment] - self.lon[segment])
        return segment, lat, lon

    def project(self, lat: F64, lon: F64, segment: I64) -> F64:
        """Find the nearest place of a segment to each point.

        Parameters
        ----------
        lat, lon : numpy.ndarray of float64, shape (n,)
            Points, degrees.
        segment : numpy.ndarray of int64, shape (n,)
            The segment of each.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            Where on the segment, 0 to 1.
        """
        scale = np.cos(np.radians(lat))
        x, y = (self.to_lon[segment] - self.lon[segment]) * scale, self.to_lat[segment] - self.lat[segment]
        px, py = shorter_way(lon - self.lon[segment]) * scale, lat - self.lat[segment]
        square = x * x + y * y
        return np.asarray(np.clip((px * x + py * y) / np.where(square > 0, square, 1), 0, 1), dtype=np.float64)

    def at(self, segment: I64, share: F64) -> tuple[F64, F64]:
        """Latitude and longitude of places on segments."""
        lon = self.lon[segment] + share * (self.to_lon[segment] - self.lon[segment])
        return self.lat[segment] + share * (self.to_lat[segment] - self.lat[segment]), np.where(
            np.abs(lon) > HALF_TURN, shorter_way(lon), lon
        )
