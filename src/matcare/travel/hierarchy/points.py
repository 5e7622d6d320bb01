"""Points on the nodes of a road graph, and the pairs that a search within a limit finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError

__all__ = ["NO_WAY", "Attached", "Pairs", "Side", "Ways", "checked", "plain"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Side = tuple[I32, I32]
"""Kept arcs in one direction: where those of each rank begin; head and milliseconds of each, one after another."""
Ways = tuple[I64, I32, I32]
"""Ways of points: where those of each point begin; node (or rank) and milliseconds of each."""

NO_WAY = 2**30 - 1
"""Milliseconds that stand for "no path" inside the engine: two of them still add up without overflow in 32 bits."""


@dataclass(frozen=True, eq=False)
class Attached:
    """How points hang on the nodes of a graph: the ways of point ``i`` are ``first[i]:first[i + 1]``.

    Attributes
    ----------
    first : numpy.ndarray of int64, shape (points + 1,)
    node : numpy.ndarray of int32, shape (ways,)
        The node at the other end of each way.
    ms : numpy.ndarray of int32, shape (ways,)
        Milliseconds between the point and the node, from 0 to :data:`NO_WAY`, which closes the way.
    """

    first: I64
    node: I32
    ms: I32

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def ways(self) -> Ways:
        """The three arrays, as kernels take them."""
        return self.first, self.node, self.ms

    @classmethod
    def at_nodes(cls, node: npt.ArrayLike) -> Attached:
        """Return points that are nodes: one way of 0 ms each."""
        where = np.asarray(node, dtype=np.int32)
        return cls(np.arange(len(where) + 1, dtype=np.int64), where, np.zeros(len(where), np.int32))


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of an origin and a destination within a limit, grouped by destination, origins ascending in each.

    Attributes
    ----------
    first : numpy.ndarray of int64, shape (destinations + 1,)
        The pairs of destination ``j`` are ``first[j]:first[j + 1]``.
    origin, ms : numpy.ndarray of int32, shape (pairs,)
        Position among the origins, and milliseconds, at most the limit.
    watched : numpy.ndarray of int64, or None
        Where each pair that was asked after stands among the pairs, −1 where it is not within the limit.
    """

    first: I64
    origin: I32
    ms: I32
    watched: I64 | None = None


class _Unlocked:
    """The memory of a read-only array, without the note that it is."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self._values = values  # kept alive as long as a view of it
        place = values.__array_interface__["data"][0]
        self.__array_interface__ = {**values.__array_interface__, "data": (place, False)}


def plain(values: npt.ArrayLike, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Return an array as kernels take it: contiguous, of one type, not marked read-only.

    Kernels would be compiled once more for read-only arrays, such as pandas' or those of a mapped file. Kernels that
    take these arrays do not write to them.
    """
    array = np.ascontiguousarray(values, dtype=kind)
    return array if array.flags.writeable else np.asarray(_Unlocked(array))


def checked(points: Attached, nodes: int, what: str) -> Attached:
    """Return the points with arrays of the types that the kernels expect, or tell what is wrong with them.

    Parameters
    ----------
    points : Attached
    nodes : int
        Number of nodes that there are.
    what : str
        "origins" or "destinations", for the message.

    Raises
    ------
    InputError
        When the arrays do not fit together, or a node or a time is out of range; the first such way is named.
    """
    first = plain(points.first, np.int64)
    node, ms = plain(points.node, np.int32), plain(points.ms, np.int32)
    if not len(first) or first[0] != 0 or first[-1] != len(node) or len(ms) != len(node) or (np.diff(first) < 0).any():
        raise InputError(f"{what}: `first` must rise from 0 to the number of ways, one node and one time each")
    if len(node) and not 0 <= node.min() <= node.max() < nodes:
        way = int(np.argmax((node < 0) | (node >= nodes)))
        raise InputError(f"{what}, way {way}: there is no such node; nodes are 0 to {nodes - 1}")
    if len(ms) and not 0 <= ms.min() <= ms.max() <= NO_WAY:
        way = int(np.argmax((ms < 0) | (ms > NO_WAY)))
        raise InputError(f"{what}, way {way}: milliseconds must lie between 0 and {NO_WAY}")
    return Attached(first, node, ms)
