"""Ways with vertices as the nodes and edges of a graph: cut where ways meet, shape kept as bends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Stretches", "cut_ways"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Stretches:
    """Roads between the places where they meet or end.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (nodes,)
        Degrees, as given.
    key : numpy.ndarray of int64, shape (nodes,)
        The vertex key of each node, in rising order; the nodes that a blocked vertex was taken apart into have the
        same key and come last.
    u, v : numpy.ndarray of int32, shape (stretches,)
        Positions of the two nodes, in the direction of the way.
    way : numpy.ndarray of int64, shape (stretches,)
        Position of the way that the stretch is a part of; rising.
    bend_first : numpy.ndarray of int64, shape (stretches + 1,)
        Bends of stretch ``i`` are ``bend_first[i]:bend_first[i + 1]``.
    bend_lat, bend_lon : numpy.ndarray of float64, shape (bends,)
        Degrees.
    broken_ways : numpy.ndarray of int64
        Positions of ways with vertices whose coordinates are not known; they are missing a piece, or all.
    """

    lat: F64
    lon: F64
    key: I64
    u: I32
    v: I32
    way: I64
    bend_first: I64
    bend_lat: F64
    bend_lon: F64
    broken_ways: I64


def cut_ways(
    way_first: npt.ArrayLike,
    keys: npt.ArrayLike,
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    *,
    blocked: npt.ArrayLike | None = None,
) -> Stretches:
    """Cut ways into stretches.

    A vertex becomes a node where a way begins or ends, where two ways share it, and where a way passes it twice. Every
    other vertex is a bend.

    Parameters
    ----------
    way_first : array_like of int, shape (ways + 1,)
        Vertices of way ``i`` are ``way_first[i]:way_first[i + 1]``.
    keys : array_like of int, shape (vertices,)
        What tells one vertex from another: equal keys are one place.
    lat, lon : array_like of float, shape (vertices,)
        Degrees; where ``NaN`` the place is not known, and the way is broken there: what lies between the known
        vertices on either side is left out.
    blocked : array_like of int, optional
        Keys of places that cannot be passed. All ways end there, each for itself.

    Returns
    -------
    Stretches
        In the order of the ways and along each. Vertices repeated one after the other count once; a way or piece of
        one vertex is left out.
    """
    first, key = np.asarray(way_first, dtype=np.int64), np.asarray(keys, dtype=np.int64)
    y, x = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
    way = np.repeat(np.arange(len(first) - 1), np.diff(first))
    broken = np.unique(way[~(np.isfinite(y) & np.isfinite(x))])
    row, starts = _pieces(way, key, np.isfinite(y) & np.isfinite(x))
    unique, code = np.unique(key[row], return_inverse=True)
    shut = np.isin(unique, np.asarray([] if blocked is None else blocked, dtype=np.int64))[code]
    twice, starts = _parted(starts, shut)
    row, code, shut = row[twice], code[twice], shut[twice]
    keep = ~(starts & _ends(starts))  # a piece of one vertex is no road
    row, code, shut, starts = row[keep], code[keep], shut[keep], starts[keep]
    code[shut] = len(unique) + np.arange(int(shut.sum()))  # each piece ends at a place of its own
    unique = np.concatenate([unique, key[row[shut]]])
    node = starts | _ends(starts) | (np.bincount(code, minlength=len(unique))[code] > 1)
    at = np.flatnonzero(node)
    tail = at[:-1][~starts[at[1:]]]
    head = at[1:][~starts[at[1:]]]
    used = np.zeros(len(unique), dtype=bool)
    used[code[at]] = True
    number = (np.cumsum(used) - 1).astype(np.int32)
    place = np.zeros(len(unique), dtype=np.int64)
    place[code[at]] = row[at]
    bend = row[~node]
    return Stretches(
        lat=y[place[used]],
        lon=x[place[used]],
        key=unique[used],
        u=number[code[tail]],
        v=number[code[head]],
        way=way[row[tail]],
        bend_first=np.concatenate([[0], np.cumsum(head - tail - 1)]).astype(np.int64),
        bend_lat=y[bend],
        bend_lon=x[bend],
        broken_ways=broken,
    )


def _pieces(way: I64, key: I64, known: Bools) -> tuple[I64, Bools]:
    """Return the vertices that count and where a piece of a way begins among them."""
    row = np.flatnonzero(known)
    starts = np.ones(len(row), dtype=bool)
    starts[1:] = (way[row[1:]] != way[row[:-1]]) | (np.diff(row) > 1)
    again = np.zeros(len(row), dtype=bool)
    again[1:] = (key[row[1:]] == key[row[:-1]]) & ~starts[1:]
    return row[~again], starts[~again]


def _ends(starts: Bools) -> Bools:
    ends = np.ones(len(starts), dtype=bool)
    ends[:-1] = starts[1:]
    return ends


def _parted(starts: Bools, shut: Bools) -> tuple[I64, Bools]:
    """Put each blocked vertex inside a piece there twice, as the end of one piece and the beginning of the next."""
    inside = shut & ~starts & ~_ends(starts)
    twice = np.repeat(np.arange(len(starts)), 1 + inside)
    second = np.zeros(len(twice), dtype=bool)
    second[1:] = twice[1:] == twice[:-1]
    return twice, starts[twice] | second
