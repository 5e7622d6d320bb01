"""People per km² around a place: what tells town from country."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, map_coordinates

from matcare.travel.graph import KM_PER_DEGREE

__all__ = ["PopulationDensity"]

F64 = npt.NDArray[np.float64]

CELL_DEGREES = 0.02
BAND_ROWS = 100


@dataclass(frozen=True, eq=False)
class PopulationDensity:
    """People per km² as a smooth surface around the places where people are counted.

    Each center's people are spread by a Gaussian kernel of standard deviation `kernel_km`, on a grid of 0.02°; between
    the grid's points the surface is bilinear, which widens a narrow kernel a little. Far from every center it is 0.

    Attributes
    ----------
    south, west : float
        Degrees of the first grid point.
    grid : numpy.ndarray of float32, shape (rows, columns)
        People per km², rows northward, columns eastward.
    kernel_km : float
        Standard deviation of the kernel, km.
    """

    south: float
    west: float
    grid: npt.NDArray[np.float32]
    kernel_km: float

    @classmethod
    def from_points(
        cls, lat: npt.ArrayLike, lon: npt.ArrayLike, people: npt.ArrayLike, *, kernel_km: float = 2.0
    ) -> PopulationDensity:
        """Spread people counted at points.

        Parameters
        ----------
        lat, lon : array_like of float, shape (n,)
            Degrees, such as block-group centers of population.
        people : array_like of float, shape (n,)
            People at each point.
        kernel_km : float
            Standard deviation of the Gaussian kernel, km.

        Returns
        -------
        PopulationDensity
        """
        lat_, lon_ = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
        weight = np.asarray(people, dtype=np.float64)
        if not len(lat_):
            return cls(0.0, 0.0, np.zeros((1, 1), np.float32), kernel_km)
        margin = 4 * kernel_km / KM_PER_DEGREE
        south = float(lat_.min()) - margin
        wide = margin / max(float(np.cos(np.radians(np.abs(lat_).max()))), 0.05)
        west = float(lon_.min()) - wide
        rows = int(np.ceil((lat_.max() + margin - south) / CELL_DEGREES)) + 2
        columns = int(np.ceil((lon_.max() + wide - west) / CELL_DEGREES)) + 2
        y, x = (lat_ - south) / CELL_DEGREES, (lon_ - west) / CELL_DEGREES
        row, column = y.astype(np.int64), x.astype(np.int64)
        fy, fx = y - row, x - column
        flat = np.zeros(rows * columns)
        for dy, wy in ((0, 1 - fy), (1, fy)):  # each center shared among its four grid points
            for dx, wx in ((0, 1 - fx), (1, fx)):
                flat += np.bincount(
                    (row + dy) * columns + column + dx, weights=weight * wy * wx, minlength=rows * columns
                )
        grid = flat.reshape(rows, columns).astype(np.float32)
        cell_km = CELL_DEGREES * KM_PER_DEGREE
        grid = gaussian_filter1d(grid, kernel_km / cell_km, axis=0, mode="constant", truncate=4.0)
        parallel = np.cos(np.radians(south + CELL_DEGREES * np.arange(rows)))
        for first in range(
            0, rows, BAND_ROWS
        ):  # a degree of longitude shrinks northward: one kernel for two degrees of latitude
            band = slice(first, min(first + BAND_ROWS, rows))
            width = kernel_km / (cell_km * max(float(parallel[band].mean()), 0.05))
            grid[band] = gaussian_filter1d(grid[band], width, axis=1, mode="constant", truncate=4.0)
        grid /= (cell_km**2 * np.maximum(parallel, 0.05))[:, None].astype(np.float32)
        return cls(south, west, grid, kernel_km)

    def at(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> F64:
        """Return people per km² at places given in degrees, same shape."""
        y = (np.asarray(lat, dtype=np.float64) - self.south) / CELL_DEGREES
        x = (np.asarray(lon, dtype=np.float64) - self.west) / CELL_DEGREES
        found = map_coordinates(self.grid, [np.atleast_1d(y), np.atleast_1d(x)], order=1, mode="constant", cval=0.0)
        return np.asarray(found, dtype=np.float64).reshape(np.shape(y))
