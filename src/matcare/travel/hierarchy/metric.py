"""A hierarchy with times on its roads: the searches.

Every search goes from origins to destinations. The milliseconds of a pair are the least of origin way + shortest path +
destination way, exact; :data:`~matcare.travel.hierarchy.points.NO_WAY` where there is no path.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.hierarchy.k_nearest import k_nearest
from matcare.travel.hierarchy.nearest import nearest_of_nodes, nearest_of_points
from matcare.travel.hierarchy.paths import Unpacker
from matcare.travel.hierarchy.points import NO_WAY, Attached, Pairs, checked, plain
from matcare.travel.hierarchy.table import full_table, ms_of_pairs
from matcare.travel.hierarchy.within import pairs_within, sums_within, watched_places

if TYPE_CHECKING:
    from matcare.travel.hierarchy.core import Hierarchy
    from matcare.travel.hierarchy.points import Side

__all__ = ["Metric"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Metric:
    """Times along the arcs of a hierarchy, only those arcs kept that are a shortest way.

    Made by :meth:`~matcare.travel.hierarchy.core.Hierarchy.customize`.

    Attributes
    ----------
    hierarchy : Hierarchy
    forward, backward : numpy.ndarray of int32, shape (edges,)
        Milliseconds along each edge that it was made from.
    up_first, down_first : numpy.ndarray of int32, shape (nodes + 1,)
        Where the kept arcs of each rank begin: those from it up, and those down to it.
    up_arcs, down_arcs : numpy.ndarray of int32
        Head and milliseconds of each kept arc, one after another.
    threads : int
        How many threads a search uses.
    """

    hierarchy: Hierarchy
    forward: I32
    backward: I32
    up_first: I32
    up_arcs: I32
    down_first: I32
    down_arcs: I32
    threads: int
    _unpacker: list[Unpacker] = field(default_factory=list, repr=False)
    _tails: dict[bool, I32] = field(default_factory=dict, repr=False)

    def sides(self, *, reverse: bool = False) -> tuple[Side, Side]:
        """Return the arcs that a search climbs by from its destinations, and those that it sweeps down by."""
        up, down = (self.up_first, self.up_arcs), (self.down_first, self.down_arcs)
        return (up, down) if reverse else (down, up)

    def tails(self, *, reverse: bool = False) -> I32:
        """Return the lower end of each arc that a search sweeps down by."""
        if self.up_arcs is self.down_arcs:
            reverse = False
        if reverse not in self._tails:
            first = self.sides(reverse=reverse)[1][0]
            self._tails[reverse] = np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))
        return self._tails[reverse]

    def nearest(
        self, origins: Attached, destinations: Attached, *, members: npt.ArrayLike | None = None
    ) -> tuple[I32, I32]:
        """Find each origin's nearest destination.

        Parameters
        ----------
        origins, destinations : Attached
        members : array_like of bool, shape (groups, destinations), optional
            Groups of destinations, each searched on its own in the same pass; by default one group of all.

        Returns
        -------
        ms, destination : numpy.ndarray of int32, shape (groups, origins)
            Of several equally near destinations the one with the lowest number; −1 where there is none.
        """
        origins, destinations = self._points(origins, destinations)
        return nearest_of_points(self, origins, destinations, _members(members, len(destinations)))

    def nearest_of_nodes(
        self, destinations: Attached, *, members: npt.ArrayLike | None = None, reverse: bool = False
    ) -> tuple[I32, I32]:
        """Find each node's nearest destination.

        Parameters
        ----------
        destinations : Attached
        members : array_like of bool, shape (groups, destinations), optional
            As in :meth:`nearest`.
        reverse : bool
            Trips go from the points to the nodes.

        Returns
        -------
        ms, destination : numpy.ndarray of int32, shape (groups, nodes)
        """
        destinations = checked(destinations, self.hierarchy.nodes, "destinations")
        return nearest_of_nodes(self, destinations, _members(members, len(destinations)), reverse=reverse)

    def k_nearest(self, origins: Attached, destinations: Attached, k: int) -> tuple[I32, I32]:
        """Find each origin's `k` nearest destinations.

        Parameters
        ----------
        origins, destinations : Attached
        k : int
            How many; memory and time grow with it.

        Returns
        -------
        ms, destination : numpy.ndarray of int32, shape (origins, k)
            Ascending by milliseconds, then by destination, all different; :data:`NO_WAY` and −1 where there are fewer.
        """
        if k < 1:
            raise InputError(f"k nearest: k is {k}; it must be at least 1")
        origins, destinations = self._points(origins, destinations)
        return k_nearest(self, origins, destinations, k)

    def within(
        self,
        origins: Attached,
        destinations: Attached,
        limit_ms: int,
        *,
        watch_first: npt.ArrayLike | None = None,
        watch_origin: npt.ArrayLike | None = None,
    ) -> Pairs:
        """List all pairs at most a limit apart.

        Parameters
        ----------
        origins, destinations : Attached
        limit_ms : int
            A pair at exactly the limit is in.
        watch_first : array_like of int, shape (destinations + 1,), optional
        watch_origin : array_like of int, optional
            Pairs whose place in the list is wanted: with destination ``j`` the origins
            ``watch_origin[watch_first[j]:watch_first[j + 1]]``.

        Returns
        -------
        Pairs
        """
        origins, destinations = self._points(origins, destinations)
        pairs = pairs_within(self, origins, destinations, min(int(limit_ms), NO_WAY - 1))
        if watch_first is None and watch_origin is None:
            return pairs
        if watch_first is None or watch_origin is None:
            raise InputError("watched pairs: `watch_first` and `watch_origin` are needed together")
        first, watched = plain(watch_first, np.int64), plain(watch_origin, np.int32)
        if len(first) != len(destinations) + 1 or first[-1] != len(watched):
            raise InputError("watched pairs: `watch_first` must rise from 0 to their number, one step per destination")
        return Pairs(pairs.first, pairs.origin, pairs.ms, watched_places(pairs.first, pairs.origin, first, watched))

    def table(self, origins: Attached, destinations: Attached) -> I32:
        """Find the milliseconds of all pairs.

        Parameters
        ----------
        origins, destinations : Attached

        Returns
        -------
        numpy.ndarray of int32, shape (origins, destinations)
            :data:`NO_WAY` where there is no path.
        """
        origins, destinations = self._points(origins, destinations)
        if len(origins) < len(destinations):  # the fewer points are swept for one by one
            return full_table(self, destinations, origins, reverse=True).T
        return full_table(self, origins, destinations)

    def sums_within(
        self,
        origins: Attached,
        destinations: Attached,
        bands_ms: npt.ArrayLike,
        *,
        origin_weight: npt.ArrayLike | None = None,
        destination_weight: npt.ArrayLike | None = None,
    ) -> tuple[F64, F64]:
        """Sum what lies within each of some limits, without listing the pairs.

        Parameters
        ----------
        origins, destinations : Attached
        bands_ms : array_like of int, shape (bands,)
            Limits, ascending; a pair at exactly a limit is in.
        origin_weight : array_like of float, shape (origins,), optional
            What each origin counts for; by default 1.
        destination_weight : array_like of float, shape (destinations,), optional
            What each destination counts for; by default 1.

        Returns
        -------
        per_destination : numpy.ndarray of float64, shape (destinations, bands)
            Weights of the origins within each limit.
        per_origin : numpy.ndarray of float64, shape (origins, bands)
            Weights of the destinations within each limit.
        """
        origins, destinations = self._points(origins, destinations)
        bands = np.minimum(np.asarray(bands_ms, dtype=np.int64), NO_WAY - 1).astype(np.int32)
        if bands.ndim != 1 or not len(bands) or (np.diff(bands) < 0).any():
            raise InputError("bands: at least one limit in milliseconds is needed, and they must ascend")
        weights = (
            _weights(origin_weight, len(origins), "origin"),
            _weights(destination_weight, len(destinations), "destination"),
        )
        return sums_within(self, origins, destinations, bands, *weights)

    def pair_ms(
        self, origins: Attached, origin: npt.ArrayLike, destinations: Attached, destination: npt.ArrayLike
    ) -> I32:
        """Find the milliseconds of chosen pairs.

        Parameters
        ----------
        origins, destinations : Attached
        origin, destination : array_like of int, shape (pairs,)
            Numbers of the origin and the destination of each pair.

        Returns
        -------
        numpy.ndarray of int32, shape (pairs,)
        """
        origins, destinations = self._points(origins, destinations)
        start, goal = plain(origin, np.int32), plain(destination, np.int32)
        for chosen, points, what in ((start, origins, "origin"), (goal, destinations, "destination")):
            if len(start) != len(goal) or (len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(points)):
                raise InputError(f"chosen pairs: each needs an {what} from 0 to {len(points) - 1}")
        return ms_of_pairs(self, origins, start, destinations, goal)

    def path(self, source_node: int, target_node: int) -> tuple[int, I64, Bools]:
        """Find a shortest path between two nodes.

        Parameters
        ----------
        source_node, target_node : int

        Returns
        -------
        ms : int
            :data:`NO_WAY` where there is none.
        edges : numpy.ndarray of int64
            The edges that it goes along, in order.
        along : numpy.ndarray of bool
            Whether it goes along each from `u` to `v`.
        """
        for node in (source_node, target_node):
            if not 0 <= node < self.hierarchy.nodes:
                raise InputError(f"path: there is no node {node}; nodes are 0 to {self.hierarchy.nodes - 1}")
        if not self._unpacker:
            self._unpacker.append(Unpacker(self))
        return self._unpacker[0].path(source_node, target_node)

    def _points(self, origins: Attached, destinations: Attached) -> tuple[Attached, Attached]:
        nodes = self.hierarchy.nodes
        return checked(origins, nodes, "origins"), checked(destinations, nodes, "destinations")


def _members(members: npt.ArrayLike | None, destinations: int) -> Bools | None:
    if members is None:
        return None
    flags = plain(members, np.bool_)
    if flags.ndim != 2 or flags.shape[1] != destinations:  # noqa: PLR2004
        raise InputError(f"members have shape {flags.shape}; it must be (groups, {destinations} destinations)")
    return flags


def _weights(weights: npt.ArrayLike | None, points: int, what: str) -> F64:
    if weights is None:
        return np.ones(points)
    values = plain(weights, np.float64)
    if values.shape != (points,):
        raise InputError(f"{what} weights have shape {values.shape}; one for each of {points} points is needed")
    return values
