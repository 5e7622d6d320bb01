"""Speeds: minutes along the edges of a road graph and on local streets, by a profile's numbers.

Formulae. With ρ the people per km² around a place, the share of the urban value is a logistic of its logarithm,
``s = 1 / (1 + (ρ₀/ρ)^k)``, and the pace (minutes per km) of a class is ``(1 − s)·60/(rural·f) + s·60/urban``. An edge
takes its length times the mean pace at the middles of equal pieces of at most a kilometre. What comes first decides:

1. minutes that the source gives (a ferry's duration, a table of travel times);
2. its posted speed limit, of which the profile's ``limit_share`` is driven;
3. its class.

Where only the straight chord is known, ``f = (limit / usual limit)^a`` follows the state's speed limit, and some
minutes are added for every radian of turning and for every junction; these numbers are fitted together by
``benchmarks/calibrate_drive_times.py``. Where the full shape is known, bends are in the length, ``f`` is 1 (what is
known of a state's limits is in the posted ones, and the exponent was fitted to chords) and junctions cost
``street_junction_minutes``; ρ₀ is then ``street_density_midpoint_per_km2``, because a street is driven at a town's
speed long before a highway is slow. These numbers are not fitted. Adjustments then multiply what 2 and 3 gave.

A local leg of ``d`` km in a straight line takes ``detour · pace · d · (d / 3 km)^(−γ) · (1 + β·(winding − 0.1))``
minutes.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.geo import EARTH_RADIUS_KM
from matcare.travel.adjusting import adjustment_factors, open_ways
from matcare.travel.density import PopulationDensity
from matcare.travel.graph import GAP_CLASS
from matcare.travel.places_along import cut_edges, places_along
from matcare.travel.profile_files import load_profile, profile_names

if TYPE_CHECKING:
    from matcare.scenario import Profile
    from matcare.travel.graph import RoadGraph

__all__ = [
    "NO_WAY",
    "EdgeTimes",
    "PopulationDensity",
    "cut_edges",
    "edge_milliseconds",
    "edge_minutes",
    "edge_times",
    "load_profile",
    "local_minutes",
    "profile_names",
    "speed_limits",
    "unnamed_classes",
    "urban_share",
]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NO_WAY = 2**30 - 1
"""Milliseconds of a direction that is closed, inside the engine; no open way is this long."""
MS_PER_MINUTE = 60_000
JUNCTION = 3
"""Edges that make a junction where they meet: fewer are a road on its way."""

PIECE_KM = 1.0
USUAL_LIMITS_MPH = (70.0, 60.0)
"""Usual maximum speed limits of rural interstates and of other roads, for which a profile's speeds are given."""
USUAL_WINDING = 0.1
"""Radians of turning per km of highway without controlled access: about the national mean."""
LOCAL_REFERENCE_KM = 3.0
PER_DEGREE = 10


def urban_share(profile: Profile, people_per_km2: npt.ArrayLike) -> F64:
    """Weight of a profile's urban values at a population density: a logistic of its logarithm, from 0 to 1."""
    density = np.maximum(np.asarray(people_per_km2, dtype=np.float64), 1e-3)
    return np.asarray(
        1 / (1 + (profile.density_midpoint_per_km2 / density) ** profile.density_exponent), dtype=np.float64
    )


@dataclass(frozen=True, eq=False)
class EdgeTimes:
    """How long a profile takes along every edge of a graph, and which ways are open.

    Attributes
    ----------
    minutes : numpy.ndarray of float64, shape (edges,)
        Along the edge, in either direction; of closed edges too.
    forward, backward : numpy.ndarray of bool, shape (edges,)
        Open from `u` to `v`, from `v` to `u`: by the roads' one-way rules and the profile's closures.
    notes : tuple of str
        What the profile asks for and did not find among these roads, each a sentence for the reader of a run.
    """

    minutes: F64
    forward: Bools
    backward: Bools
    notes: tuple[str, ...] = ()

    def milliseconds(self, km: F64) -> tuple[I32, I32]:
        """Round to milliseconds from `u` to `v` and from `v` to `u`, each of shape (edges,).

        Parameters
        ----------
        km : numpy.ndarray of float64, shape (edges,)
            An edge with a length takes a millisecond at least.

        Returns
        -------
        forward, backward : numpy.ndarray of int32
            :data:`NO_WAY` in a closed direction.

        Raises
        ------
        InputError
            When an open edge takes 298 hours or more, which is more than the searches can hold.
        """
        rounded = np.maximum(np.rint(self.minutes * MS_PER_MINUTE), np.asarray(km) > 0)
        long = ~(rounded < NO_WAY) & (self.forward | self.backward)
        if long.any():
            edge = int(np.argmax(long))
            raise InputError(
                f"road edge {edge + 1} takes {self.minutes[edge]:g} minutes, more than the searches hold; "
                "correct its length, speed or minutes in the roads' source"
            )
        ms = np.where(rounded < NO_WAY, rounded, NO_WAY).astype(np.int32)
        return np.where(self.forward, ms, NO_WAY), np.where(self.backward, ms, NO_WAY)


def edge_times(graph: RoadGraph, profile: Profile, density: PopulationDensity) -> EdgeTimes:
    """Put a profile on the edges of a graph.

    Parameters
    ----------
    graph : RoadGraph
    profile : Profile
        Speeds by class; a class that it does not name takes the profile's ``other`` speed, a ``gap`` the local one.
    density : PopulationDensity

    Returns
    -------
    EdgeTimes

    Raises
    ------
    InputError
        When a polygon of the profile cannot be used, or a point of a closure lies on no road.
    """
    dense, built_up = _urban_shares(graph, profile, density)
    minutes = _unadjusted_minutes(graph, profile, np.where(graph.chord, dense, built_up))
    fixed = np.isfinite(graph.fixed_minutes)
    minutes = np.where(fixed, graph.fixed_minutes, minutes)
    factor, notes = adjustment_factors(graph, profile.adjustments, dense, fixed)
    forward, backward, more = open_ways(graph, profile.closures)
    return EdgeTimes(minutes * factor, forward, backward, (*notes, *more))


def edge_minutes(graph: RoadGraph, profile: Profile, density: PopulationDensity) -> F64:
    """Minutes along each edge, in either direction and whether it is open or not.

    Parameters
    ----------
    graph, profile, density
        As for :func:`edge_times`.

    Returns
    -------
    numpy.ndarray of float64, shape (edges,)
        The minutes that the roads' source gives where it gives some; else length times the mean pace at the middles of
        equal pieces of at most 1 km, with what junctions and, on chords, bends cost; times the profile's adjustments.
    """
    return edge_times(graph, profile, density).minutes


def edge_milliseconds(graph: RoadGraph, profile: Profile, density: PopulationDensity) -> tuple[I32, I32]:
    """Milliseconds along each edge from `u` to `v` and from `v` to `u`, as the searches take them.

    Parameters
    ----------
    graph, profile, density
        As for :func:`edge_times`.

    Returns
    -------
    forward, backward : numpy.ndarray of int32, shape (edges,)
        :data:`NO_WAY` for the closed direction of a one-way and for closed edges; 0 only where an edge has no length.
    """
    return edge_times(graph, profile, density).milliseconds(graph.km)


def unnamed_classes(graph: RoadGraph, profile: Profile) -> dict[str, int]:
    """Count the edges of every class that the profile does not name and that takes its ``other`` speed.

    Parameters
    ----------
    graph : RoadGraph
    profile : Profile

    Returns
    -------
    dict of str to int
        By falling number; edges whose minutes or posted limit decide instead are left out.
    """
    decided = np.isfinite(graph.fixed_minutes) | _posted(graph, profile)
    count = np.bincount(graph.road_class[~decided], minlength=len(graph.class_names))
    unnamed = {
        name: int(edges)
        for name, edges in zip(graph.class_names, count, strict=True)
        if edges and name != GAP_CLASS and name not in profile.km_per_h
    }
    return dict(sorted(unnamed.items(), key=lambda item: (-item[1], item[0])))


def _urban_shares(graph: RoadGraph, profile: Profile, density: PopulationDensity) -> tuple[F64, F64]:
    """Mean urban share along each edge by the profile's midpoint, and by that of streets."""
    edge, lat, lon = places_along(graph, PIECE_KM)
    people = density.at(lat, lon)
    pieces = np.maximum(np.bincount(edge, minlength=len(graph.u)), 1)

    def mean(one: Profile) -> F64:
        return np.bincount(edge, weights=urban_share(one, people), minlength=len(graph.u)) / pieces

    dense, midpoint = mean(profile), profile.street_density_midpoint_per_km2
    if midpoint is None or graph.chord.all():
        return dense, dense
    return dense, mean(replace(profile, density_midpoint_per_km2=midpoint))


def _unadjusted_minutes(graph: RoadGraph, profile: Profile, share: F64) -> F64:
    """Length times pace, and what junctions and bends cost."""
    rural, urban = _paces(graph, profile)
    pace = (1 - share) * rural + share * urban
    inside = ~controlled(graph, profile)
    junctions = (graph.degree() >= JUNCTION).astype(np.float64)
    ends = (junctions[graph.u] + junctions[graph.v]) / 2 * inside
    extra = profile.junction_minutes * ends
    if profile.bend_minutes_per_radian > 0 and graph.chord.any():
        extra = profile.bend_minutes_per_radian * graph.turning() + extra
    if not graph.chord.all():
        extra = np.where(graph.chord, extra, _street_junction_minutes(graph, profile, share) * inside)
    return np.asarray(graph.km * pace + extra, dtype=np.float64)


def _street_junction_minutes(graph: RoadGraph, profile: Profile, share: F64) -> F64:
    """Minutes at both ends of an edge, half of each junction's."""
    minor = [code for code, name in enumerate(graph.class_names) if name in profile.minor_classes]
    counted = ~np.isin(graph.road_class, minor)
    ends = np.concatenate([graph.u[counted], graph.v[counted]])
    junctions = (np.bincount(ends, minlength=len(graph.lat)) >= JUNCTION).astype(np.float64)
    rural, urban = profile.street_junction_minutes
    return np.asarray((junctions[graph.u] + junctions[graph.v]) / 2 * (rural * (1 - share) + urban * share))


def controlled(graph: RoadGraph, profile: Profile) -> Bools:
    """Tell which edges are of controlled access, shape (edges,)."""
    codes = [code for code, name in enumerate(graph.class_names) if name in profile.controlled_access]
    return np.isin(graph.road_class, codes)


def _posted(graph: RoadGraph, profile: Profile) -> Bools:
    """Tell which edges are driven by their posted speed limit, shape (edges,)."""
    if profile.limit_share is None:
        return np.zeros(len(graph.u), dtype=bool)
    return graph.limit_km_per_h > 0  # not a number: no limit is known


def _paces(graph: RoadGraph, profile: Profile) -> tuple[F64, F64]:
    """Rural and urban pace of each edge, minutes per km."""
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
    in_country = rural[graph.road_class] / np.where(follows[graph.road_class] & graph.chord, factor, 1)
    in_town = urban[graph.road_class]
    if profile.limit_share is not None:
        posted = np.flatnonzero(_posted(graph, profile))
        pace = 60 / graph.limit_km_per_h[posted].astype(np.float64)
        in_country[posted], in_town[posted] = pace / profile.limit_share[0], pace / profile.limit_share[1]
    return in_country, in_town


@cache
def speed_limits() -> dict[str, tuple[float, float]]:
    """Maximum speed limits by state, mph: rural interstates, other roads."""
    table = tomllib.loads((files("matcare.travel") / "speed_limits.toml").read_text(encoding="utf-8"))
    return {state: (float(pair[0]), float(pair[1])) for state, pair in table["mph"].items()}


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


def neighbours_together(lat: F64, lon: F64) -> npt.NDArray[np.int64]:
    """Order points so that those near each other stand together: an index is then searched much sooner."""
    row, column = np.floor(np.asarray(lat) * PER_DEGREE), np.floor(np.asarray(lon) * PER_DEGREE)
    return np.asarray(np.lexsort((column, row)), dtype=np.int64)
