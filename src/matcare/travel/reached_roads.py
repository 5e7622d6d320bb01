"""Roads with minutes at their nodes, as the drawing of ground needs them: checked, and in one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError

__all__ = ["Bends", "ReachedRoads"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bends: TypeAlias = "tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]"


@dataclass(frozen=True, eq=False, kw_only=True)
class ReachedRoads:
    """Roads with minutes at their nodes.

    Made by :meth:`checked`.

    Attributes
    ----------
    lat, lon : numpy.ndarray of float64, shape (nodes,)
        Degrees.
    minutes : numpy.ndarray of float64, shape (nodes,)
        Infinite where a node is not reached.
    label : numpy.ndarray of int32, shape (nodes,)
        Whose the node is; −1 where it is not reached.
    u, v : numpy.ndarray of int64, shape (edges,)
    by_u, by_v : numpy.ndarray of float64, shape (edges,)
        Minutes that the whole edge adds for a place next to its other end: the way of a place inside the edge leads by
        `u` or by `v`. Infinite where that is not allowed.
    open_inside : numpy.ndarray of bool, shape (edges,)
        The road can be left between its ends.
    bend_first, bend_lat, bend_lon : numpy.ndarray
        Bends of edge ``i`` are ``bend_first[i]:bend_first[i + 1]``.
    """

    lat: F64
    lon: F64
    minutes: F64
    label: I32
    u: I64
    v: I64
    by_u: F64
    by_v: F64
    open_inside: Bools
    bend_first: I64
    bend_lat: F64
    bend_lon: F64

    @classmethod
    def checked(
        cls,
        lat: npt.ArrayLike,
        lon: npt.ArrayLike,
        minutes: F64,
        label: npt.NDArray[np.integer],
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        edge_minutes: npt.ArrayLike,
        *,
        edge_minutes_back: npt.ArrayLike | None,
        toward: bool,
        ends_only: npt.ArrayLike | None,
        bends: Bends | None,
    ) -> ReachedRoads:
        """Check a caller's arrays; see :func:`matcare.travel.polygons.isochrones` for them.

        Raises
        ------
        InputError
            When arrays do not fit each other or a value is not usable; the first such node or edge is named.
        """
        y, x = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
        _same_shape("minutes", minutes, y.shape, "node")
        _same_shape("lon", x, y.shape, "node")
        _first_wrong("node", ~((np.abs(y) <= 90) & (np.abs(x) <= 180)), "latitude or longitude is not on Earth")  # noqa: PLR2004 - degrees
        _first_wrong("node", minutes < 0, "minutes are negative")
        tail, head = np.asarray(u, dtype=np.int64), np.asarray(v, dtype=np.int64)
        _same_shape("v", head, tail.shape, "edge")
        for name, ends in (("u", tail), ("v", head)):
            _first_wrong("edge", (ends < 0) | (ends >= len(y)), f"{name} is not the position of a node")
        forth = np.asarray(edge_minutes, dtype=np.float64)
        back = forth if edge_minutes_back is None else np.asarray(edge_minutes_back, dtype=np.float64)
        for name, along in (("edge_minutes", forth), ("edge_minutes_back", back)):
            _same_shape(name, along, tail.shape, "edge")
            _first_wrong(
                "edge", ~(along >= 0), f"{name} is missing or negative; give infinity where the edge is closed"
            )
        closed = np.zeros(len(tail), dtype=bool) if ends_only is None else np.asarray(ends_only, dtype=bool)
        _same_shape("ends_only", closed, tail.shape, "edge")
        if bends is None:
            first, bend_lat, bend_lon = np.zeros(len(tail) + 1, np.int64), np.zeros(0), np.zeros(0)
        else:
            first, bend_lat, bend_lon = np.asarray(bends[0], np.int64), np.asarray(bends[1]), np.asarray(bends[2])
            whole = first.shape == (len(tail) + 1,) and bend_lat.shape == bend_lon.shape == (first[-1],)
            if not whole or first[0] != 0 or (np.diff(first) < 0).any():
                raise InputError(
                    "bends: bend_first must rise from 0 to the number of bends, with one entry more than edges"
                )
        return cls(
            lat=y, lon=x, minutes=np.where(np.isfinite(minutes), minutes, np.inf), label=label.astype(np.int32),
            u=tail, v=head, by_u=back if toward else forth, by_v=forth if toward else back,
            open_inside=~closed, bend_first=first, bend_lat=bend_lat.astype(float), bend_lon=bend_lon.astype(float),
        )  # fmt: skip


def _same_shape(name: str, values: npt.NDArray[np.generic], shape: tuple[int, ...], what: str) -> None:
    if len(shape) != 1 or values.shape != shape:
        raise InputError(f"{name}: {values.size} values for {int(np.prod(shape))} {what}s; give one for each {what}")


def _first_wrong(what: str, wrong: Bools, why: str) -> None:
    if wrong.any():
        raise InputError(f"{what} {int(np.argmax(wrong))} (counted from 0): {why}")
