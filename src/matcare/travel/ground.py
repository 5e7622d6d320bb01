"""Minutes of the ground between the roads, on a lattice that bends to the roads.

Over a piece of country lies a grid of squares (:mod:`matcare.travel.sheets`). The lattice has three kinds of vertices:
corners of squares, sides of squares and insides of squares. Where roads cross a side, the side's vertex is moved to the
quickest crossing; where roads run through a square, the vertex inside it is moved to the quickest place on them. So a
road is a chain of vertices with its own minutes, as fine as the squares and never lost between them.

From those places the minutes are spread over all other vertices: a vertex knows the nearest place on a road and the
place that it is reached from soonest. Positions are in squares from the grid's corner, and so are distances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled, inlined

__all__ = [
    "Places",
    "Rules",
    "Stretches",
    "Ways",
    "cross_rows",
    "place_edges",
    "place_label",
    "place_nodes",
    "spread",
    "vertex_xy",
]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

FREE = 0.05
"""Share of a square that a moved vertex keeps away from the corners, so that no triangle of the lattice is flat."""


class Places(NamedTuple):
    """Places on reached roads that vertices of the lattice stand for; one a vertex, the quickest there.

    Attributes
    ----------
    x, y : numpy.ndarray of float64, shape (places,)
    minutes : numpy.ndarray of float64, shape (places,)
    label : numpy.ndarray of int32, shape (places,)
    at : numpy.ndarray of int32, shape (height * width,)
        The place of each vertex, −1 where no reached road is.
    width, height : int
        Vertices of the lattice along x and y.
    """

    x: F64
    y: F64
    minutes: F64
    label: I32
    at: I32
    width: int
    height: int


class Ways(NamedTuple):
    """Edges and the minutes at their nodes; see :class:`matcare.travel.reached_roads.ReachedRoads`."""

    u: I64
    v: I64
    by_u: F64
    by_v: F64
    minutes: F64
    label: I32


class Stretches(NamedTuple):
    """Straight pieces of edges: ends, edge, and the shares of the edge's length that they begin and end at."""

    ax: F64
    ay: F64
    bx: F64
    by: F64
    edge: I64
    begin: F64
    end: F64


class Rules(NamedTuple):
    """What makes a label.

    Attributes
    ----------
    breaks : numpy.ndarray of float64
        Labels are the positions of the first break that the minutes are within; empty: labels are the places'.
    pace : float
        Minutes per square off the road.
    reach : float
        Squares; no leg is longer.
    """

    breaks: F64
    pace: float
    reach: float


@inlined
def _put(vertex: int, px: float, py: float, value: float, mine: int, places: Places, used: int) -> int:
    """Let a place stand for a vertex if it is reached, and the quickest there; return how many places there are."""
    place = places.at[vertex]
    if not value < np.inf:
        return used
    if place < 0:
        place = used
        used += 1
        places.at[vertex] = place
        places.minutes[place] = np.inf
    if value < places.minutes[place]:
        places.x[place], places.y[place], places.minutes[place], places.label[place] = px, py, value, mine
    return used


@inlined
def _keep_inside(value: float, square: int) -> float:
    return min(max(value, square + FREE), square + 1 - FREE)


@compiled
def place_nodes(x: F64, y: F64, minutes: F64, label: I32, places: Places) -> int:
    """Put nodes into the squares that they lie in; return how many places there are."""
    used = 0
    width, height = places.width, places.height
    for node in range(len(x)):
        i, j = int(np.floor(x[node])), int(np.floor(y[node]))
        if i < 0 or j < 0 or 2 * i + 2 >= width or 2 * j + 2 >= height:
            continue
        vertex = (2 * j + 1) * width + 2 * i + 1
        used = _put(
            vertex, _keep_inside(x[node], i), _keep_inside(y[node], j), minutes[node], label[node], places, used
        )
    return used


@inlined
def _at_share(share: float, edge: int, ways: Ways) -> tuple[float, int]:
    """Minutes and label of a place inside an edge: by whichever end is quicker."""
    first, second = ways.minutes[ways.u[edge]], ways.minutes[ways.v[edge]]
    first = first + share * ways.by_u[edge] if ways.by_u[edge] < np.inf else np.inf
    second = second + (1 - share) * ways.by_v[edge] if ways.by_v[edge] < np.inf else np.inf
    if second < first:
        return second, ways.label[ways.v[edge]]
    return first, ways.label[ways.u[edge]]


@compiled
def place_edges(stretches: Stretches, ways: Ways, places: Places, used: int) -> int:
    """Walk every stretch square by square: a place in each square that it runs through, and on each side it crosses."""
    width, height = places.width, places.height
    ax, ay, bx, by, edge, begin, end = stretches
    for k in range(len(ax)):
        e = edge[k]
        i, j = int(np.floor(ax[k])), int(np.floor(ay[k]))
        dx, dy = bx[k] - ax[k], by[k] - ay[k]
        step_i, step_j = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
        next_x = ((i + 1 if dx > 0 else i) - ax[k]) / dx if dx != 0 else np.inf
        next_y = ((j + 1 if dy > 0 else j) - ay[k]) / dy if dy != 0 else np.inf
        t = 0.0
        while True:
            leave = min(next_x, next_y, 1.0)
            on_sheet = i >= 0 and j >= 0 and 2 * i + 2 < width and 2 * j + 2 < height
            if on_sheet:
                middle = (t + leave) / 2
                share = begin[k] + middle * (end[k] - begin[k])
                value, mine = _at_share(share, e, ways)
                px, py = _keep_inside(ax[k] + middle * dx, i), _keep_inside(ay[k] + middle * dy, j)
                vertex = (2 * j + 1) * width + 2 * i + 1
                used = _put(vertex, px, py, value, mine, places, used)
            if leave >= 1:
                break
            share = begin[k] + leave * (end[k] - begin[k])
            value, mine = _at_share(share, e, ways)
            if next_x <= next_y:
                line = i + 1 if dx > 0 else i
                px, py = float(line), _keep_inside(ay[k] + leave * dy, j)
                vertex = (2 * j + 1) * width + 2 * line
                i += step_i
                next_x += 1 / abs(dx)
            else:
                line = j + 1 if dy > 0 else j
                px, py = _keep_inside(ax[k] + leave * dx, i), float(line)
                vertex = 2 * line * width + 2 * i + 1
                j += step_j
                next_y += 1 / abs(dy)
            if on_sheet:
                used = _put(vertex, px, py, value, mine, places, used)
            t = leave
    return used


@compiled
def cross_rows(x: F64, y: F64, ring: I64, parity: U8) -> None:
    """Mark, row by row, where the borders of polygons are crossed; positions in vertices."""
    height, width = parity.shape
    for k in range(len(x) - 1):
        if ring[k] != ring[k + 1]:
            continue
        if not (np.isfinite(x[k]) and np.isfinite(y[k]) and np.isfinite(x[k + 1]) and np.isfinite(y[k + 1])):
            continue
        low, high = (k, k + 1) if y[k] < y[k + 1] else (k + 1, k)
        for row in range(max(0, int(np.ceil(y[low]))), min(height, int(np.ceil(y[high])))):
            along = (row - y[low]) / (y[high] - y[low])
            column = max(0, int(np.ceil(x[low] + along * (x[high] - x[low]))))
            if column < width:
                parity[row, column] ^= 1


@inlined
def vertex_xy(vertex: int, places: Places) -> tuple[float, float]:
    """Where a vertex is: on its road if there is one."""
    place = places.at[vertex]
    if place >= 0:
        return places.x[place], places.y[place]
    return (vertex % places.width) / 2, (vertex // places.width) / 2


@compiled
def spread(source: I32, places: Places, minutes: F64, pace: float, reach: float, mask: U8) -> None:
    """Hand sources on from vertex to vertex, in waves from the roads, until nothing gets better.

    Distances are straight ones from the vertex to its source, not sums of steps (Danielsson 1980, Euclidean distance
    mapping, with a head start for every source).

    Parameters
    ----------
    source : numpy.ndarray of int32, shape (height * width,)
        The place of each vertex to begin with; changed.
    places : Places
    minutes : numpy.ndarray of float64, shape (places,)
        Head starts.
    pace, reach
        As in :class:`Rules`.
    mask : numpy.ndarray of uint8, shape (height * width,) or (0,)
        Vertices without a road are entered only where it is not 0; empty: everywhere.
    """
    at, x, y, width, height = places.at, places.x, places.y, places.width, places.height
    cost, waits = np.full(len(source), np.inf), np.zeros(len(source), np.bool_)
    queue = np.empty(len(source), np.int32)
    first = count = 0
    for vertex in range(len(source)):
        if source[vertex] >= 0:
            cost[vertex] = minutes[source[vertex]]
            queue[count] = vertex
            waits[vertex] = True
            count += 1
    while count:
        vertex = queue[first]
        first = first + 1 if first + 1 < len(queue) else 0
        count -= 1
        waits[vertex] = False
        s = source[vertex]
        row, column = vertex // width, vertex % width
        for near_row in range(max(row - 1, 0), min(row + 2, height)):
            for near_column in range(max(column - 1, 0), min(column + 2, width)):
                other = near_row * width + near_column
                if source[other] == s or (len(mask) and not mask[other] and at[other] < 0):
                    continue
                px, py = vertex_xy(other, places)
                d = np.sqrt((px - x[s]) ** 2 + (py - y[s]) ** 2)
                value = minutes[s] + pace * d
                if d <= reach and value < cost[other] - 1e-9:  # rounding must not keep the wave going
                    source[other], cost[other] = s, value
                    if not waits[other]:
                        waits[other] = True
                        last = first + count
                        queue[last if last < len(queue) else last - len(queue)] = other
                        count += 1


@compiled
def place_label(px: float, py: float, sources: I64, places: Places, rules: Rules) -> int:
    """Label of a place from the sources that come into question; the first two are those for the nearest.

    Nothing (−1) where the nearest is beyond reach. Else the least of minutes and leg decides: with breaks the label is
    the first break that it is within, without them it is the source's.
    """
    x, y, minutes, label = places.x, places.y, places.minutes, places.label
    breaks, pace, reach = rules
    near, near_d = -1, np.inf
    for k in range(2):
        s = sources[k]
        if s >= 0:
            d = np.sqrt((px - x[s]) ** 2 + (py - y[s]) ** 2)
            if d < near_d:
                near, near_d = s, d
    if near < 0 or near_d > reach:
        return -1
    least, mine = minutes[near] + pace * near_d, label[near]
    for k in range(2, 4):
        s = sources[k]
        if s >= 0:
            d = np.sqrt((px - x[s]) ** 2 + (py - y[s]) ** 2)
            value = minutes[s] + pace * d
            if d <= reach and value < least:
                least, mine = value, label[s]
    if len(breaks) == 0:
        return int(mine)
    for k in range(len(breaks)):
        if least <= breaks[k]:
            return k
    return -1
