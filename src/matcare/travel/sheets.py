"""Sheets: pieces of country with a grid of squares over them, in a projection of their own.

A sheet has Lambert's azimuthal equal-area projection around its middle, so that no sheet knows of the antimeridian or
of the poles. What lies on its lattice is told in :mod:`matcare.travel.ground`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from matcare.errors import InputError
from matcare.geo import CRS
from matcare.travel.ground import Places, Stretches, Ways, cross_rows, place_edges, place_nodes, spread

if TYPE_CHECKING:
    from matcare.travel.ground import Rules
    from matcare.travel.reached_roads import ReachedRoads

__all__ = ["Sheet"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

MOST_VERTICES = 120_000_000
PADDING_CELLS = 3


@dataclass(frozen=True, eq=False)
class Sheet:
    """A grid over a piece of country.

    Attributes
    ----------
    lat0, lon0 : float
        Middle of the projection.
    west, south : float
        Corner of the grid, km.
    cell_km : float
        Side of a square.
    width, height : int
        Vertices of the lattice along x and y: two a square, and one.
    """

    lat0: float
    lon0: float
    west: float
    south: float
    cell_km: float
    width: int
    height: int

    @classmethod
    def around(cls, lat: F64, lon: F64, *, cell_km: float, margin_km: float) -> Sheet:
        """Lay a grid over points and a margin around them."""
        phi, lam = np.radians(lat), np.radians(lon)
        x, y, z = (part.mean() for part in (np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))
        lat0 = round(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), 2)
        lon0 = round(float(np.degrees(np.arctan2(y, x))), 2)
        bare = cls(lat0, lon0, 0.0, 0.0, cell_km, 1, 1)
        px, py = bare.project(lat, lon)
        margin = np.ceil(margin_km / cell_km) + PADDING_CELLS
        west, south = np.floor(px.min()) - margin, np.floor(py.min()) - margin
        width = 2 * int(np.ceil(px.max()) + margin - west) + 1
        height = 2 * int(np.ceil(py.max()) + margin - south) + 1
        if width * height > MOST_VERTICES:
            fit = cell_km * np.sqrt(width * height / MOST_VERTICES)
            raise InputError(
                f"cell_km {cell_km:g} makes a grid of {width // 2} × {height // 2} squares, more than memory holds; "
                f"give {np.ceil(fit * 10) / 10:g} or more, or fewer roads"
            )
        return cls(lat0, lon0, float(west * cell_km), float(south * cell_km), cell_km, width, height)

    def _transformer(self) -> Transformer:
        laea = f"+proj=laea +lat_0={self.lat0} +lon_0={self.lon0} +datum=WGS84 +units=km +no_defs"
        return Transformer.from_crs(CRS, laea, always_xy=True)

    def project(self, lat: F64, lon: F64) -> tuple[F64, F64]:
        """Squares from the sheet's corner, x and y."""
        x, y = self._transformer().transform(lon, lat)
        return (np.asarray(x) - self.west) / self.cell_km, (np.asarray(y) - self.south) / self.cell_km

    def unproject(self, x: F64, y: F64) -> tuple[F64, F64]:
        """Latitude and longitude; the longitude is unbroken over the sheet, so it may lie beyond ±180."""
        lon, lat = self._transformer().transform(
            x * self.cell_km + self.west, y * self.cell_km + self.south, direction="INVERSE"
        )
        lon = np.asarray(lon)
        turn = np.where(lon - self.lon0 > 180, -360.0, np.where(lon - self.lon0 < -180, 360.0, 0.0))  # noqa: PLR2004 - degrees
        return np.asarray(lat), lon + turn

    def places(self, roads: ReachedRoads, nodes: I64, edges: I64) -> Places:
        """Place the roads of the sheet on its lattice."""
        x, y = self.project(roads.lat[nodes], roads.lon[nodes])
        stretches = self._stretches(roads, edges[roads.open_inside[edges]])
        crossed = np.abs(np.floor(stretches.bx) - np.floor(stretches.ax))
        crossed += np.abs(np.floor(stretches.by) - np.floor(stretches.ay))
        room = min(self.width * self.height, len(nodes) + int((2 * crossed + 3).sum()))
        places = Places(
            np.zeros(room), np.zeros(room), np.zeros(room), np.zeros(room, np.int32),
            np.full(self.width * self.height, -1, np.int32), self.width, self.height,
        )  # fmt: skip
        ways = Ways(roads.u, roads.v, roads.by_u, roads.by_v, roads.minutes, roads.label)
        used = place_nodes(x, y, roads.minutes[nodes], roads.label[nodes], places)
        used = place_edges(stretches, ways, places, used)
        return places._replace(
            x=places.x[:used], y=places.y[:used], minutes=places.minutes[:used], label=places.label[:used]
        )

    def _stretches(self, roads: ReachedRoads, edges: I64) -> Stretches:
        """Cut edges at their bends."""
        bends = (roads.bend_first[edges + 1] - roads.bend_first[edges]).astype(np.int64)
        first = np.zeros(len(edges) + 1, np.int64)
        np.cumsum(bends + 2, out=first[1:])
        lat, lon = np.empty(first[-1]), np.empty(first[-1])
        lat[first[:-1]], lon[first[:-1]] = roads.lat[roads.u[edges]], roads.lon[roads.u[edges]]
        lat[first[1:] - 1], lon[first[1:] - 1] = roads.lat[roads.v[edges]], roads.lon[roads.v[edges]]
        run = np.arange(bends.sum()) - np.repeat(np.cumsum(bends) - bends, bends)
        into, source = np.repeat(first[:-1] + 1, bends) + run, np.repeat(roads.bend_first[edges], bends) + run
        lat[into], lon[into] = roads.bend_lat[source], roads.bend_lon[source]
        x, y = self.project(lat, lon)
        begins = np.ones(len(x), dtype=bool)
        begins[first[1:] - 1] = False
        begin = np.flatnonzero(begins)
        length = np.zeros(len(x))
        length[begin + 1] = np.hypot(x[begin + 1] - x[begin], y[begin + 1] - y[begin])
        total = np.cumsum(length)
        edge = np.repeat(np.arange(len(edges)), bends + 1)
        start, whole = total[first[:-1]], total[first[1:] - 1] - total[first[:-1]]
        whole = np.where(whole > 0, whole, 1.0)
        shares = [(total[point] - start[edge]) / whole[edge] for point in (begin, begin + 1)]
        return Stretches(x[begin], y[begin], x[begin + 1], y[begin + 1], edges[edge], shares[0], shares[1])

    def dry(self, land: npt.NDArray[np.object_]) -> U8:
        """Tell which vertices lie on land or next to it, shape (height * width,).

        Parameters
        ----------
        land : numpy.ndarray of shapely polygons
            Not overlapping; degrees. Shared borders cancel out, so a coverage need not be dissolved first.
        """
        rings = shapely.get_rings(land)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        x, y = self.project(points[:, 1], points[:, 0])
        parity = np.zeros((self.height, self.width), np.uint8)
        cross_rows(2 * x, 2 * y, ring.astype(np.int64), parity)
        np.bitwise_xor.accumulate(parity, axis=1, out=parity)
        near = parity.copy()
        near[1:] |= parity[:-1]
        near[:-1] |= parity[1:]
        wide = near.copy()
        wide[:, 1:] |= near[:, :-1]
        wide[:, :-1] |= near[:, 1:]
        return wide.ravel()

    def spread(self, places: Places, rules: Rules, dry: U8 | None) -> tuple[I32, I32]:
        """Find, for every vertex, the nearest place and the one that it is reached from soonest.

        Parameters
        ----------
        places : Places
        rules : Rules
        dry : numpy.ndarray of uint8, optional
            Legs keep to the vertices of this mask; roads may leave it.

        Returns
        -------
        near, soonest : numpy.ndarray of int32, shape (height * width,)
            Numbers of places, −1 where none is within reach.
        """
        near, soonest = places.at.copy(), places.at.copy()
        mask = np.zeros(0, np.uint8) if dry is None else dry
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(spread, near, places, np.zeros(len(places.x)), 1.0, rules.reach, mask),
                pool.submit(spread, soonest, places, places.minutes, rules.pace, rules.reach, mask),
            ]
            for job in jobs:
                job.result()
        return near, soonest
