"""Places where lines cross or touch and there is no node: a bridge, or a node that the publisher forgot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from matcare.travel.compiled import compiled, inlined

if TYPE_CHECKING:
    from matcare.travel.readers.noding import Stretches

__all__ = ["places_without_node"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_TOUCH_DEGREES: Final = 1e-6
_PARALLEL: Final = 1e-18
_ROUNDING: Final = 1e-9
_NOWHERE: Final = -1.0
_ALONG: Final = -2.0


def places_without_node(stretches: Stretches) -> pd.DataFrame:
    """Find where lines cross, or a line ends on another, and there is no node.

    Parameters
    ----------
    stretches : Stretches

    Returns
    -------
    pandas.DataFrame
        ``lat, lon, kind``, kind being ``crossing`` or ``end on a line``; each place once, to a millionth of a degree.
        Lines that run on each other for a while and lines that cross themselves are left out.
    """
    first, x, y = _shapes(stretches)
    lines: Any = shapely.linestrings(
        np.stack([x, y], axis=1), indices=np.repeat(np.arange(len(first) - 1), np.diff(first))
    )
    tree = shapely.STRtree(lines)
    one, other = tree.query(lines)
    one, other = one[one < other], other[one < other]
    found = np.zeros((_cross(first, x, y, one, other, np.zeros((0, 2))), 2))
    _cross(first, x, y, one, other, found)
    points = np.asarray(shapely.points(stretches.lon, stretches.lat))
    node, line = tree.query(points, predicate="dwithin", distance=_TOUCH_DEGREES)
    alone = np.unique(node[(stretches.u[line] != node) & (stretches.v[line] != node)])
    table = pd.DataFrame(
        {
            "lat": np.concatenate([stretches.lat[alone], found[:, 1]]).round(6),
            "lon": np.concatenate([stretches.lon[alone], found[:, 0]]).round(6),
            "kind": np.repeat(["end on a line", "crossing"], [len(alone), len(found)]),
        }
    )
    return table.drop_duplicates(["lat", "lon"]).sort_values(["lat", "lon"], ignore_index=True)


def _shapes(stretches: Stretches) -> tuple[I64, F64, F64]:
    """Vertices of every stretch, its ends included, ragged: first, longitudes, latitudes."""
    bend_first, bend_lat, bend_lon = stretches.bends
    first = bend_first + 2 * np.arange(len(bend_first))
    x, y = np.empty(first[-1]), np.empty(first[-1])
    count = np.diff(bend_first)
    inner = np.arange(len(bend_lat)) + np.repeat(2 * np.arange(len(count)) + 1, count)
    for out, node, bend in ((x, stretches.lon, bend_lon), (y, stretches.lat, bend_lat)):
        out[first[:-1]], out[first[1:] - 1], out[inner] = node[stretches.u], node[stretches.v], bend
    return first, x, y


@inlined
def _meet(x: F64, y: F64, i: int, j: int) -> tuple[float, float]:
    """Shares of two segments' lengths at which they meet; elsewhere they do not, :data:`_ALONG` on each other."""
    ax, ay, bx, by = x[i + 1] - x[i], y[i + 1] - y[i], x[j + 1] - x[j], y[j + 1] - y[j]
    cx, cy = x[j] - x[i], y[j] - y[i]
    turn, size = ax * by - ay * bx, ax * ax + ay * ay
    if abs(turn) > _PARALLEL:
        s, t = (cx * by - cy * bx) / turn, (cx * ay - cy * ax) / turn
        # rounding must not lose a place at a vertex
        s = min(max(s, 0.0), 1.0) if -_ROUNDING < s < 1 + _ROUNDING else _NOWHERE
        t = min(max(t, 0.0), 1.0) if -_ROUNDING < t < 1 + _ROUNDING else _NOWHERE
        return s, t
    if size == 0 or (cx * ay - cy * ax) ** 2 > _TOUCH_DEGREES**2 * size:
        return _NOWHERE, _NOWHERE
    low = (cx * ax + cy * ay) / size
    high = low + (bx * ax + by * ay) / size
    share = min(max(low, high), 1.0) - max(min(low, high), 0.0)
    return (_ALONG, _ALONG) if share * size**0.5 > _TOUCH_DEGREES else (_NOWHERE, _NOWHERE)


@compiled
def _cross(first: I64, x: F64, y: F64, one: I64, other: I64, found: F64) -> int:
    """Count the places where pairs of lines meet away from their ends, and write as many as there is room for."""
    number = 0
    for pair in range(len(one)):
        a, a_end, b, b_end = first[one[pair]], first[one[pair] + 1] - 1, first[other[pair]], first[other[pair] + 1] - 1
        west, east = x[b : b_end + 1].min(), x[b : b_end + 1].max()
        south, north = y[b : b_end + 1].min(), y[b : b_end + 1].max()
        before = number
        apart = True
        for i in range(a, a_end):
            if max(x[i], x[i + 1]) < west or min(x[i], x[i + 1]) > east:
                continue
            if max(y[i], y[i + 1]) < south or min(y[i], y[i + 1]) > north:
                continue
            for j in range(b, b_end):
                s, t = _meet(x, y, i, j)
                if s == _ALONG:
                    apart = False
                if not (0 <= s <= 1 and 0 <= t <= 1):
                    continue
                at_x, at_y = x[i] + s * (x[i + 1] - x[i]), y[i] + s * (y[i + 1] - y[i])
                at_end = False
                for end in (a, a_end, b, b_end):
                    if abs(at_x - x[end]) < _TOUCH_DEGREES and abs(at_y - y[end]) < _TOUCH_DEGREES:
                        at_end = True
                if not at_end:
                    if number < len(found):
                        found[number, 0], found[number, 1] = at_x, at_y
                    number += 1
        if not apart:
            number = before
    return number
