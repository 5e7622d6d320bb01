"""Speeds: a profile's numbers, population density around a place, minutes along edges and on local streets.

Formulae. With ρ the people per km² around a place, the share of the urban value is a logistic of its logarithm,
``s = 1 / (1 + (ρ₀/ρ)^k)``, and the pace (minutes per km) of a class is ``(1 − s)·60/(rural·f) + s·60/urban``, where
``f = (limit / usual limit)^a`` follows the state's speed limit. An edge takes its chord length times the mean pace of
pieces of at most a kilometre, and some minutes for every radian of turning and for every junction. A local leg of
``d`` km in a straight line takes ``detour · pace · d · (d / 3 km)^(−γ) · (1 + β·(winding − 0.1))`` minutes. The model's
form is ours; its numbers are fitted by ``benchmarks/calibrate_drive_times.py``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, map_coordinates

from matcare.errors import InputError
from matcare.geo import EARTH_RADIUS_KM
from matcare.scenario import Profile
from matcare.travel.graph import GAP_CLASS, KM_PER_DEGREE, RoadGraph

__all__ = ["PopulationDensity", "edge_minutes", "load_profile", "local_minutes", "speed_limits", "urban_share"]

F64 = npt.NDArray[np.float64]

CELL_DEGREES = 0.02
BAND_ROWS = 100
PIECE_KM = 1.0
USUAL_LIMITS_MPH = (70.0, 60.0)
"""Usual maximum speed limits of rural interstates and of other roads, for which a profile's speeds are given."""
USUAL_WINDING = 0.1
"""Radians of turning per km of highway without controlled access: about the national mean."""
LOCAL_REFERENCE_KM = 3.0


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


def load_profile(name: str | Path) -> Profile:
    """Load a speed profile.

    Parameters
    ----------
    name : str or pathlib.Path
        ``"typical"`` or ``"osrm"`` (shipped with the package), or the path of a TOML file.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        When there is no such profile, or the file breaks the contract of :class:`matcare.scenario.Profile`.
    """
    shipped = files("matcare.travel") / "profiles"
    if isinstance(name, str) and (shipped / f"{name}.toml").is_file():
        text, where = (shipped / f"{name}.toml").read_text(encoding="utf-8"), name
    else:
        path = Path(name)
        try:
            text, where = path.read_text(encoding="utf-8"), str(path)
        except (OSError, UnicodeDecodeError) as error:
            known = sorted(
                entry.name.removesuffix(".toml") for entry in shipped.iterdir() if entry.name.endswith(".toml")
            )
            raise InputError(
                f"no speed profile {str(name)!r}: one of {', '.join(known)}, or a TOML file ({error})"
            ) from error
    return Profile.from_text(text, where=where)


def urban_share(profile: Profile, people_per_km2: npt.ArrayLike) -> F64:
    """Weight of a profile's urban values at a population density: a logistic of its logarithm, from 0 to 1."""
    density = np.maximum(np.asarray(people_per_km2, dtype=np.float64), 1e-3)
    return np.asarray(
        1 / (1 + (profile.density_midpoint_per_km2 / density) ** profile.density_exponent), dtype=np.float64
    )


def edge_minutes(graph: RoadGraph, profile: Profile, density: PopulationDensity) -> F64:
    """Minutes along each edge.

    Parameters
    ----------
    graph : RoadGraph
    profile : Profile
        Speeds by class; a class that it does not name takes the profile's ``other`` speed, a ``gap`` the local one.
    density : PopulationDensity

    Returns
    -------
    numpy.ndarray of float64, shape (edges,)
        Chord length times the mean pace at the middles of equal pieces of at most 1 km.
    """
    edge, middle = cut_edges(graph, PIECE_KM)
    u, v = graph.u[edge], graph.v[edge]
    lat = graph.lat[u] + middle * (graph.lat[v] - graph.lat[u])
    lon = graph.lon[u] + middle * (graph.lon[v] - graph.lon[u])
    share = urban_share(profile, density.at(lat, lon))
    pieces = np.bincount(edge, minlength=len(graph.u))
    mean_share = np.bincount(edge, weights=share, minlength=len(graph.u)) / np.maximum(pieces, 1)
    rural, urban = _paces(graph, profile)
    pace = (1 - mean_share) * rural + mean_share * urban[graph.road_class]
    junctions = (graph.degree() >= 3).astype(np.float64)  # noqa: PLR2004 - a third road joins
    ends = (junctions[graph.u] + junctions[graph.v]) / 2 * ~controlled(graph, profile)
    extra = profile.bend_minutes_per_radian * graph.turning() + profile.junction_minutes * ends
    return np.asarray(graph.km * pace + extra, dtype=np.float64)


def controlled(graph: RoadGraph, profile: Profile) -> npt.NDArray[np.bool_]:
    """Tell which edges are of controlled access, shape (edges,)."""
    codes = [code for code, name in enumerate(graph.class_names) if name in profile.controlled_access]
    return np.isin(graph.road_class, codes)


def _paces(graph: RoadGraph, profile: Profile) -> tuple[F64, F64]:
    """Rural pace of each edge and urban pace of each class, minutes per km."""
    rural, urban = np.zeros(len(graph.class_names)), np.zeros(len(graph.class_names))
    follows = np.ones(len(graph.class_names), dtype=bool)
    for code, name in enumerate(graph.class_names):
        if name == GAP_CLASS:
            speed, follows[code] = tuple(local / profile.detour_factor for local in profile.local_km_per_h), False
        else:
            speed = profile.km_per_h.get(name, profile.other_km_per_h)
        rural[code], urban[code] = 60 / speed[0], 60 / speed[1]
    limits = speed_limits()
    usual = np.array([limits.get(name, USUAL_LIMITS_MPH) for name in graph.state_names] + [USUAL_LIMITS_MPH])
    kind = np.where(controlled(graph, profile), 0, 1)
    factor = (usual[graph.state, kind] / np.array(USUAL_LIMITS_MPH)[kind]) ** profile.speed_limit_exponent
    return rural[graph.road_class] / np.where(follows[graph.road_class], factor, 1), urban


@cache
def speed_limits() -> dict[str, tuple[float, float]]:
    """Maximum speed limits by state, mph: rural interstates, other roads."""
    table = tomllib.loads((files("matcare.travel") / "speed_limits.toml").read_text(encoding="utf-8"))
    return {state: (float(pair[0]), float(pair[1])) for state, pair in table["mph"].items()}


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


def local_minutes(
    profile: Profile, km: npt.ArrayLike, urban: npt.ArrayLike, winding: npt.ArrayLike = USUAL_WINDING
) -> F64:
    """Minutes on local streets between two close places.

    Parameters
    ----------
    profile : Profile
    km : array_like of float
        Straight-line distance.
    urban : array_like of float
        :func:`urban_share` of the leg: that of the point for an access leg, the mean of both ends for a direct leg.
    winding : array_like of float
        Radians of turning per km of the highways around, likewise.

    Returns
    -------
    numpy.ndarray of float64
        Never falls with `km` or with `winding`.
    """
    share, straight = np.asarray(urban, dtype=np.float64), np.asarray(km, dtype=np.float64)
    pace = 60 / profile.local_km_per_h[0] * (1 - share) + 60 / profile.local_km_per_h[1] * share
    slower = 1 + profile.local_winding_factor * (np.asarray(winding, dtype=np.float64) - USUAL_WINDING)
    length = profile.detour_factor * straight ** (1 - profile.local_length_exponent)
    return np.asarray(length * LOCAL_REFERENCE_KM**profile.local_length_exponent * pace * slower, dtype=np.float64)


def end_minutes(profile: Profile, urban: npt.ArrayLike) -> F64:
    """Minutes spent at an end of a trip before moving off or after arriving."""
    share = np.asarray(urban, dtype=np.float64)
    return np.asarray(profile.end_minutes[0] * (1 - share) + profile.end_minutes[1] * share, dtype=np.float64)


def unit_vectors(lat: npt.ArrayLike, lon: npt.ArrayLike) -> F64:
    """Place points on a sphere of the Earth's size: straight distances there are chords, in km."""
    phi, lam = np.radians(np.asarray(lat, dtype=np.float64)), np.radians(np.asarray(lon, dtype=np.float64))
    return np.asarray(
        EARTH_RADIUS_KM * np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
    )
