"""Which straight legs would cross open water.

Land is a set of polygons that do not overlap, such as counties. Cartographic outlines (1:20,000,000) leave out small
islands and smooth the coast, so a leg may lie off the land for a kilometre. Rivers and lakes inside are not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from matcare.travel.speeds import neighbours_together, unit_vectors

__all__ = ["Land"]

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

COAST_STEP_DEGREES = 0.01


@dataclass(frozen=True, eq=False)
class Land:
    """Land, and how far a leg may leave it.

    Attributes
    ----------
    polygons : numpy.ndarray of shapely polygons
        Not overlapping; degrees, longitude first.
    tolerance_km : float
        Legs that lie off the land for no more than this cross no open water.
    """

    polygons: npt.NDArray[np.object_]
    tolerance_km: float
    _tree: shapely.STRtree
    _coast: cKDTree | None
    _shore: shapely.STRtree

    @classmethod
    def from_polygons(cls, polygons: npt.ArrayLike, *, tolerance_km: float = 1.0) -> Land:
        """Prepare land for questions.

        Parameters
        ----------
        polygons : array_like of shapely geometries
            Counties or anything else that together makes the land; degrees. A coverage: shared borders are equal.
        tolerance_km : float
            See the attribute.

        Returns
        -------
        Land
        """
        land = np.asarray(polygons, dtype=object)
        outline = shapely.boundary(shapely.coverage_union_all(land))
        points = shapely.get_coordinates(shapely.segmentize(outline, COAST_STEP_DEGREES))
        coast = cKDTree(unit_vectors(points[:, 1], points[:, 0])) if len(points) else None
        corners, line = shapely.get_coordinates(shapely.get_parts(outline), return_index=True)
        same = np.flatnonzero(line[1:] == line[:-1])
        steps = np.asarray(shapely.linestrings(np.stack([corners[same], corners[same + 1]], 1)))
        return cls(land, tolerance_km, shapely.STRtree(land), coast, shapely.STRtree(steps))

    def coast_km(self, lat: F64, lon: F64) -> F64:
        """Kilometres from points to the nearest coast, never more than the truth by over a kilometre."""
        if self._coast is None or not len(lat):
            return np.full(len(lat), np.inf)
        km = np.empty(len(lat))
        order = neighbours_together(lat, lon)
        km[order] = self._coast.query(unit_vectors(lat[order], lon[order]), workers=-1)[0]
        return km

    def off_land_km(self, lat1: F64, lon1: F64, lat2: F64, lon2: F64, km: F64) -> F64:
        """Kilometres of each straight leg that lie off the land, shape of the inputs; `km` is the legs' length."""
        ends = np.stack([np.stack([lon1, lat1], 1), np.stack([lon2, lat2], 1)], 1)
        legs = np.asarray(shapely.linestrings(ends))
        meets = np.zeros(len(legs), dtype=bool)
        meets[self._shore.query(legs, predicate="intersects")[0]] = True
        inside = np.zeros(len(legs))  # share of the leg: all or nothing where it meets no shore
        clear = np.flatnonzero(~meets)
        inside[clear[self._tree.query(shapely.points(ends[clear, 0]), predicate="intersects")[0]]] = 1.0
        some = np.flatnonzero(meets)
        leg, polygon = self._tree.query(legs[some], predicate="intersects")
        pieces = shapely.length(shapely.intersection(legs[some[leg]], self.polygons[polygon]))
        length = shapely.length(legs[some])
        inside[some] = np.bincount(leg, weights=pieces, minlength=len(some)) / np.where(length > 0, length, 1)
        return np.asarray(km * np.clip(1 - inside, 0, 1), dtype=np.float64)

    def crosses_water(self, lat1: F64, lon1: F64, lat2: F64, lon2: F64, km: F64, coast_km: F64 | None = None) -> Bools:
        """Tell which straight legs cross open water.

        Parameters
        ----------
        lat1, lon1, lat2, lon2 : numpy.ndarray of float64, shape (n,)
            Ends of the legs, degrees.
        km : numpy.ndarray of float64, shape (n,)
            Their lengths.
        coast_km : numpy.ndarray of float64, shape (n,), optional
            Distance of the first end to the coast, where it is known; shorter legs need no closer look.

        Returns
        -------
        numpy.ndarray of bool, shape (n,)
        """
        crosses = np.zeros(len(km), dtype=bool)
        doubtful = np.flatnonzero(km > self.tolerance_km)
        if not len(doubtful):
            return crosses
        near = self.coast_km(lat1[doubtful], lon1[doubtful]) if coast_km is None else coast_km[doubtful]
        # The leg may end off land beyond the coast only if it is longer than the way there, or begins off land.
        doubtful = doubtful[km[doubtful] + COAST_STEP_DEGREES * 111.2 > near]
        if len(doubtful):
            part = (lat1[doubtful], lon1[doubtful], lat2[doubtful], lon2[doubtful], km[doubtful])
            crosses[doubtful] = self.off_land_km(*part) > self.tolerance_km
        return crosses
