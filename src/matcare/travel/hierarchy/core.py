"""The hierarchy itself: what depends on the topology of a road graph and not on its speeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.hierarchy.customization import arc_weights, keep_shortest, shorten, tighten
from matcare.travel.hierarchy.elimination import (
    arc_of_edge,
    completed_arcs,
    elimination_tree,
    later_neighbours,
    post_order,
    subtree_sizes,
)
from matcare.travel.hierarchy.metric import Metric
from matcare.travel.hierarchy.order import METHODS, elimination_order, neighbours
from matcare.travel.hierarchy.points import NO_WAY, plain
from matcare.travel.hierarchy.threads import independent_parts, run_each, usable_cores

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Hierarchy"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Array = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Order, elimination tree and completed arcs of a road graph's topology (a customizable contraction hierarchy).

    Build one with :meth:`build`; give it speeds with :meth:`customize`, as often as needed. Everything but `rank` is by
    rank: the position in which a node is taken, subtrees of the elimination tree being runs of ranks.

    Attributes
    ----------
    rank : numpy.ndarray of int32, shape (nodes,)
    parent, size : numpy.ndarray of int32, shape (nodes,)
        Elimination tree: parent (−1 for a root) and number of nodes in the subtree.
    first : numpy.ndarray of int64, shape (nodes + 1,)
    head : numpy.ndarray of int32, shape (arcs,)
        The arcs of rank ``r`` lead to ``head[first[r]:first[r + 1]]``, ascending.
    edge_arc : numpy.ndarray of int64, shape (edges,)
        Twice the arc of each edge, one more where it leads down from its `u`; −1 for a loop.
    order_method : str
        "metis" or "geometric".

    References
    ----------
    Dibbelt, Strasser, Wagner (2016), Customizable contraction hierarchies, ACM Journal of Experimental Algorithmics 21.
    """

    rank: I32
    parent: I32
    size: I32
    first: I64
    head: I32
    edge_arc: I64
    order_method: str
    _parts: dict[int, tuple[I64, list[I64]]] = field(default_factory=dict, repr=False)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.rank)

    @property
    def edges(self) -> int:
        """Number of edges that it was built from."""
        return len(self.edge_arc)

    @property
    def arcs(self) -> int:
        """Number of arcs, those that were added included."""
        return len(self.head)

    @classmethod
    def build(
        cls,
        nodes: int,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        *,
        lat: npt.ArrayLike | None = None,
        lon: npt.ArrayLike | None = None,
        order: str | None = None,
    ) -> Hierarchy:
        """Order the nodes of a graph and complete it.

        Parameters
        ----------
        nodes : int
            Number of nodes.
        u, v : array_like of int, shape (edges,)
            Ends of each edge. Loops and parallel edges may occur, and the graph may be in parts.
        lat, lon : array_like of float, shape (nodes,), optional
            Coordinates in degrees; they help the order "geometric" and no other.
        order : {"metis", "geometric"}, optional
            How nodes are ordered; by default by METIS where pymetis is installed.

        Returns
        -------
        Hierarchy
            The same for the same arguments.

        Raises
        ------
        InputError
            When an edge names a node that is not there, coordinates are missing or not one per node, or METIS was
            asked for and is not installed.
        """
        ends = [plain(end, np.int32) for end in (u, v)]
        if len(ends[0]) != len(ends[1]):
            raise InputError(
                f"road edges: {len(ends[0])} first ends and {len(ends[1])} second ends; each edge has both"
            )
        for end in ends:
            wrong = (end < 0) | (end >= nodes)
            if wrong.any():
                raise InputError(
                    f"road edges, row {int(np.argmax(wrong)) + 1}: no such node; nodes are 0 to {nodes - 1}"
                )
        y, x = _coordinates(lat, nodes, "latitude"), _coordinates(lon, nodes, "longitude")
        first, head = neighbours(nodes, ends[0], ends[1])
        rank, method = elimination_order(first, head, lat=y, lon=x, method=order)
        rank = post_order(elimination_tree(first, head, rank))[rank]
        parent = elimination_tree(first, head, rank)
        later = later_neighbours(first, head, rank)
        del first, head
        first, head = completed_arcs(*later, parent)
        del later
        edge_arc = arc_of_edge(first, head, rank, ends[0], ends[1])
        return cls(rank, parent, subtree_sizes(parent), first, head, edge_arc, method)

    def arrays(self) -> dict[str, Array]:
        """Return all that :meth:`from_arrays` needs, by name."""
        names = ("rank", "parent", "size", "first", "head", "edge_arc")
        method = np.array([METHODS.index(self.order_method)], np.int8)
        return {**{name: getattr(self, name) for name in names}, "order_method": method}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Hierarchy:
        """Return the hierarchy of which these are the :meth:`arrays`; they may be read-only maps of a file."""
        method = METHODS[int(arrays["order_method"][0])]
        kinds: dict[str, type[np.generic]] = {
            "rank": np.int32,
            "parent": np.int32,
            "size": np.int32,
            "first": np.int64,
            "head": np.int32,
        }
        taken = {name: plain(arrays[name], kind) for name, kind in {**kinds, "edge_arc": np.int64}.items()}
        return cls(**taken, order_method=method)  # type: ignore[arg-type]

    def parts(self, threads: int) -> tuple[I64, list[I64]]:
        """Return runs of ranks: those of the top, and for each thread those below it that are its share."""
        if threads not in self._parts:
            self._parts[threads] = independent_parts(self.parent, self.size, threads)
        return self._parts[threads]

    def customize(self, forward: npt.ArrayLike, backward: npt.ArrayLike, *, threads: int | None = None) -> Metric:
        """Give the edges their times.

        Parameters
        ----------
        forward, backward : array_like of int, shape (edges,)
            Milliseconds along each edge from `u` to `v` and from `v` to `u`; :data:`NO_WAY` where it is closed.
        threads : int, optional
            How many threads this and all searches use; by default the cores there are, at most eight. Results do not
            depend on it.

        Returns
        -------
        Metric

        Raises
        ------
        InputError
            When a time is negative or above :data:`NO_WAY`, or they are not one per edge.
        """
        threads = threads or usable_cores()
        forth, back = _times(forward, self.edges, "forward"), _times(backward, self.edges, "backward")
        up, down, wrong = arc_weights(self.arcs, self.edge_arc, forth, back)
        if wrong >= 0:
            raise InputError(
                f"road edges, row {wrong + 1}: milliseconds must lie between 0 and {NO_WAY}, which closes it"
            )
        symmetric = np.array_equal(up, down)
        if symmetric:
            down = up
        shorten(self.first, self.head, up, down)
        tight_up = up.copy()
        tight_down = tight_up if symmetric else down.copy()
        top, shares = self.parts(threads)
        tighten(self.first, self.head, tight_up, tight_down, top)
        run_each(lambda runs: tighten(self.first, self.head, tight_up, tight_down, runs), shares, threads)
        kept_up = keep_shortest(self.first, self.head, up, tight_up)
        del up  # a graph of millions of nodes needs the room
        kept_down = kept_up if symmetric else keep_shortest(self.first, self.head, down, tight_down)
        return Metric(self, forth, back, *kept_up, *kept_down, threads)


def _coordinates(degrees: npt.ArrayLike | None, nodes: int, what: str) -> F64 | None:
    if degrees is None:
        return None
    values = plain(degrees, np.float64)
    if len(values) != nodes or not np.isfinite(values).all():
        raise InputError(f"road nodes: {what} must be a number for each of the {nodes} nodes")
    return values


def _times(ms: npt.ArrayLike, edges: int, what: str) -> I32:
    values = np.asarray(ms)
    if values.shape != (edges,):
        raise InputError(f"road edges: {what} times have shape {values.shape}; one for each of {edges} edges is needed")
    if values.dtype != np.int32:
        values = np.clip(values, -1, NO_WAY + 1)
    return plain(values, np.int32)
