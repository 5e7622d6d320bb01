"""The second opinion: Dijkstra's algorithm with a heap, without any preparation.

:class:`PlainMetric` answers the same questions as :class:`~matcare.travel.hierarchy.Metric` with the same results. It
is as good for graphs of some hundred nodes, where a hierarchy is not worth building, and a check of the hierarchy on
any others: it shares nothing with it but the form of the questions.

A label is one number, milliseconds first and a destination's number after, so that one search finds the nearest of many
destinations and, of equally near ones, that with the lowest number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from matcare.errors import InputError
from matcare.travel.compiled import compiled
from matcare.travel.hierarchy.points import NO_WAY, Attached, Pairs, checked
from matcare.travel.hierarchy.threads import run_each, usable_cores

if TYPE_CHECKING:
    from matcare.travel.snapping import RoadNetwork, SnappedPoints

__all__ = ["PlainMetric", "arcs", "entries"]

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SHIFT = 31
NUMBER = (1 << SHIFT) - 1
NOTHING = NO_WAY << SHIFT
"""Label of no destination: all that are as great or greater are too long to count."""
AT_ONCE = 64
"""Destinations whose labels are held in memory together in a search for the nearest few."""
MS_PER_MINUTE = 60_000


@dataclass(frozen=True, eq=False)
class _Arcs:
    """Open directions of edges by the node where they begin: ``first[i]:first[i + 1]`` leave node ``i``.

    `edge` is twice the edge's number, one more where the arc leads from its `v` to its `u`.
    """

    first: I64
    head: I32
    ms: I32
    edge: I64

    @classmethod
    def of(cls, nodes: int, tail: I32, head: I32, ms: I32, edge: I64) -> _Arcs:
        order = np.argsort(tail, kind="stable")
        first = np.searchsorted(tail[order], np.arange(nodes + 1)).astype(np.int64)
        return cls(first, head[order], ms[order], edge[order])


class PlainMetric:
    """Times along the edges of a directed graph, searched by Dijkstra's algorithm.

    Every search goes from origins to destinations. The milliseconds of a pair are the least of origin way + shortest
    path + destination way, exact; :data:`~matcare.travel.hierarchy.points.NO_WAY` where there is no path.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    u, v : array_like of int, shape (edges,)
        Ends of each edge. Loops and parallel edges may occur, and the graph may be in parts.
    forward, backward : array_like of int, shape (edges,)
        Milliseconds along each edge from `u` to `v` and from `v` to `u`; 2³⁰ − 1 where it is closed.
    threads : int, optional
        How many threads search; by default the cores there are, at most eight. Results do not depend on it.

    Raises
    ------
    InputError
        When an edge names a node that is not there, or a time is negative or above 2³⁰ − 1.

    Examples
    --------
    >>> metric = PlainMetric(3, [0, 1], [1, 2], [60, 70], [60, 2**30 - 1])
    >>> metric.table(Attached.at_nodes([0, 2]), Attached.at_nodes([2, 0])).tolist()
    [[130, 0], [0, 1073741823]]
    """

    def __init__(
        self,
        nodes: int,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        forward: npt.ArrayLike,
        backward: npt.ArrayLike,
        *,
        threads: int | None = None,
    ) -> None:
        ends, times = (
            [np.asarray(end, dtype=np.int64) for end in (u, v)],
            [np.asarray(ms) for ms in (forward, backward)],
        )
        wrong = (np.minimum(*ends) < 0) | (np.maximum(*ends) >= nodes)
        if wrong.any():
            raise InputError(f"road edges, row {int(np.argmax(wrong)) + 1}: no such node; nodes are 0 to {nodes - 1}")
        wrong = (np.minimum(*times) < 0) | (np.maximum(*times) > NO_WAY)
        if wrong.any():
            raise InputError(
                f"road edges, row {int(np.argmax(wrong)) + 1}: milliseconds must lie between 0 and {NO_WAY}, which "
                "closes it"
            )
        self.nodes, self.threads = nodes, threads or usable_cores()
        ms = np.concatenate(times).astype(np.int32)
        tail, head = np.concatenate(ends).astype(np.int32), np.concatenate(ends[::-1]).astype(np.int32)
        edge = np.concatenate([2 * np.arange(len(ends[0])), 2 * np.arange(len(ends[0])) + 1])
        is_open = ms < NO_WAY
        tail, head, ms, edge = tail[is_open], head[is_open], ms[is_open], edge[is_open]
        self._out, self._in = _Arcs.of(nodes, tail, head, ms, edge), _Arcs.of(nodes, head, tail, ms, edge)

    def nearest(
        self, origins: Attached, destinations: Attached, *, members: npt.ArrayLike | None = None
    ) -> tuple[I32, I32]:
        """Find each origin's nearest destination; as :meth:`matcare.travel.hierarchy.Metric.nearest`."""
        origins, destinations = self._points(origins, destinations)
        every = np.arange(len(origins))
        labels = [_at_points(every, *_ways(origins), label) for label in self._labels(destinations, members)]
        return _split(labels, len(origins))

    def nearest_of_nodes(
        self, destinations: Attached, *, members: npt.ArrayLike | None = None, reverse: bool = False
    ) -> tuple[I32, I32]:
        """Find each node's nearest destination; as :meth:`matcare.travel.hierarchy.Metric.nearest_of_nodes`."""
        destinations = checked(destinations, self.nodes, "destinations")
        return _split(self._labels(destinations, members, reverse=reverse), self.nodes)

    def k_nearest(self, origins: Attached, destinations: Attached, k: int) -> tuple[I32, I32]:
        """Find each origin's `k` nearest destinations; as :meth:`matcare.travel.hierarchy.Metric.k_nearest`."""
        if k < 1:
            raise InputError(f"k nearest: k is {k}; it must be at least 1")
        origins, destinations = self._points(origins, destinations)
        best = np.full((len(origins), k), NOTHING, np.int64)
        for begin in range(0, len(destinations), AT_ONCE):
            some = np.arange(begin, min(begin + AT_ONCE, len(destinations)))
            found = self._each(origins, destinations, some)
            best = np.sort(np.concatenate([best, *(column[:, None] for column in found)], axis=1), axis=1)[:, :k]
        return _split(list(best), k)

    def within(
        self,
        origins: Attached,
        destinations: Attached,
        limit_ms: int,
        *,
        watch_first: npt.ArrayLike | None = None,
        watch_origin: npt.ArrayLike | None = None,
    ) -> Pairs:
        """List all pairs at most a limit apart; as :meth:`matcare.travel.hierarchy.Metric.within`."""
        origins, destinations = self._points(origins, destinations)
        found = self._pairs(origins, destinations, min(int(limit_ms), NO_WAY - 1))
        first = np.concatenate([[0], np.cumsum([len(origin) for origin, _ in found])]).astype(np.int64)
        origin, ms = (np.concatenate([np.zeros(0, np.int32), *(pair[k] for pair in found)]) for k in range(2))
        if watch_first is None or watch_origin is None:
            return Pairs(first, origin, ms)
        asked, watched = np.asarray(watch_first, dtype=np.int64), np.asarray(watch_origin, dtype=np.int64)
        if len(asked) != len(destinations) + 1 or asked[-1] != len(watched):
            raise InputError("watched pairs: `watch_first` must rise from 0 to their number, one step per destination")
        here, there = (
            np.repeat(np.arange(len(destinations)), np.diff(run)) * len(origins) + number
            for run, number in ((first, origin), (asked, watched))
        )
        place = np.searchsorted(here, there)
        return Pairs(first, origin, ms, np.where(np.append(here, -1)[place] == there, place, -1).astype(np.int64))

    def table(self, origins: Attached, destinations: Attached) -> I32:
        """Find the milliseconds of all pairs; as :meth:`matcare.travel.hierarchy.Metric.table`."""
        origins, destinations = self._points(origins, destinations)
        reverse = len(origins) < len(destinations)  # the fewer points are searched from, one by one
        if reverse:
            origins, destinations = destinations, origins
        out = np.full((len(destinations), len(origins)), NO_WAY, np.int32)
        every = np.arange(len(origins))

        def search(j: int) -> None:
            label = self._search(destinations, np.array([j]), reverse=reverse)
            out[j] = np.minimum(_at_points(every, *_ways(origins), label), NOTHING) >> SHIFT

        run_each(search, range(len(destinations)), self.threads)
        return out if reverse else out.T

    def sums_within(
        self,
        origins: Attached,
        destinations: Attached,
        bands_ms: npt.ArrayLike,
        *,
        origin_weight: npt.ArrayLike | None = None,
        destination_weight: npt.ArrayLike | None = None,
    ) -> tuple[F64, F64]:
        """Sum what lies within each of some limits; as :meth:`matcare.travel.hierarchy.Metric.sums_within`."""
        origins, destinations = self._points(origins, destinations)
        bands = np.minimum(np.asarray(bands_ms, dtype=np.int64), NO_WAY - 1)
        if bands.ndim != 1 or not len(bands) or (np.diff(bands) < 0).any():
            raise InputError("bands: at least one limit in milliseconds is needed, and they must ascend")
        mine = _weights(origin_weight, len(origins), "origin")
        theirs = _weights(destination_weight, len(destinations), "destination")
        per_destination, per_origin = np.zeros((len(theirs), len(bands))), np.zeros((len(mine), len(bands)))
        for j, (origin, ms) in enumerate(self._pairs(origins, destinations, int(bands[-1]))):
            band = np.searchsorted(bands, ms)
            per_destination[j] = np.bincount(band, weights=mine[origin], minlength=len(bands))
            per_origin[origin, band] += theirs[j]
        return np.cumsum(per_destination, axis=1), np.cumsum(per_origin, axis=1)

    def pair_ms(
        self, origins: Attached, origin: npt.ArrayLike, destinations: Attached, destination: npt.ArrayLike
    ) -> I32:
        """Find the milliseconds of chosen pairs; as :meth:`matcare.travel.hierarchy.Metric.pair_ms`."""
        origins, destinations = self._points(origins, destinations)
        start, goal = np.asarray(origin, dtype=np.int64), np.asarray(destination, dtype=np.int64)
        for chosen, points, what in ((start, origins, "origin"), (goal, destinations, "destination")):
            if len(start) != len(goal) or (len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(points)):
                raise InputError(f"chosen pairs: each needs an {what} from 0 to {len(points) - 1}")
        order = np.argsort(goal, kind="stable")
        goals, first = np.unique(goal[order], return_index=True)
        runs = np.split(order, first[1:])
        out = np.full(len(order), NO_WAY, np.int32)

        def search(number: int) -> None:
            label = self._search(destinations, goals[number : number + 1])
            found = _at_points(start[runs[number]], *_ways(origins), label)
            out[runs[number]] = np.minimum(found, NOTHING) >> SHIFT

        run_each(search, range(len(goals)), self.threads)
        return out

    def path(self, source_node: int, target_node: int) -> tuple[int, I64, Bools]:
        """Find a shortest path between two nodes; as :meth:`matcare.travel.hierarchy.Metric.path`.

        Of several equally short paths it may be another one than the hierarchy's.
        """
        for node in (source_node, target_node):
            if not 0 <= node < self.nodes:
                raise InputError(f"path: there is no node {node}; nodes are 0 to {self.nodes - 1}")
        label, before = self._run(self._out, np.array([source_node], np.int32), np.zeros(1, np.int64), NO_WAY - 1)
        if label[target_node] >= NOTHING:
            return NO_WAY, np.zeros(0, np.int64), np.zeros(0, dtype=bool)
        taken, node = [], target_node
        while before[node] >= 0:
            taken.append(before[node])
            node = int(np.searchsorted(self._out.first, before[node], side="right")) - 1
        edge = self._out.edge[np.array(taken[::-1], dtype=np.int64)]
        return int(label[target_node] >> SHIFT), edge >> 1, edge & 1 == 0

    def _points(self, origins: Attached, destinations: Attached) -> tuple[Attached, Attached]:
        return checked(origins, self.nodes, "origins"), checked(destinations, self.nodes, "destinations")

    def _labels(self, destinations: Attached, members: npt.ArrayLike | None, *, reverse: bool = False) -> list[I64]:
        """Labels of all nodes, once for each group of destinations."""
        every = np.ones((1, len(destinations)), dtype=bool)
        groups = every if members is None else np.asarray(members, dtype=bool)
        if groups.ndim != every.ndim or groups.shape[1] != len(destinations):
            raise InputError(
                f"members have shape {groups.shape}; it must be (groups, {len(destinations)} destinations)"
            )
        rows = [np.flatnonzero(group) for group in groups]
        return run_each(lambda some: self._search(destinations, some, number=some, reverse=reverse), rows, self.threads)

    def _each(self, origins: Attached, destinations: Attached, some: I64) -> list[I64]:
        """Labels of all origins for each of some destinations."""
        every = np.arange(len(origins))

        def search(j: int) -> I64:
            one = np.array([j])
            return _at_points(every, *_ways(origins), self._search(destinations, one, number=one))

        return run_each(search, some.tolist(), self.threads)

    def _pairs(self, origins: Attached, destinations: Attached, limit: int) -> list[tuple[I32, I32]]:
        """Origins within the limit of each destination, ascending, and their milliseconds."""
        every = np.arange(len(origins))

        def search(j: int) -> tuple[I32, I32]:
            label = self._search(destinations, np.array([j]), limit=limit)
            ms = _at_points(every, *_ways(origins), label) >> SHIFT
            inside = np.flatnonzero(ms <= limit)
            return inside.astype(np.int32), ms[inside].astype(np.int32)

        return run_each(search, range(len(destinations)), self.threads)

    def _search(
        self,
        points: Attached,
        some: I64,
        *,
        number: I64 | None = None,
        limit: int = NO_WAY - 1,
        reverse: bool = False,
    ) -> I64:
        """Labels of all nodes for trips to the nearest of some points, or from them; with the points' numbers."""
        count = np.diff(points.first)[some]
        way = np.repeat(points.first[some] - (np.cumsum(count) - count), count) + np.arange(count.sum())
        label = points.ms[way].astype(np.int64) << SHIFT
        if number is not None:
            label += np.repeat(number, count)
        return self._run(self._out if reverse else self._in, points.node[way], label, limit)[0]

    def _run(self, by: _Arcs, node: I32, label: I64, limit: int) -> tuple[I64, I64]:
        return _dijkstra(by.first, by.head, by.ms, node, label, ((limit + 1) << SHIFT) - 1)


def arcs(network: RoadNetwork) -> csr_array:
    """Give the minutes from node to node, for searches of one's own.

    Parameters
    ----------
    network : RoadNetwork

    Returns
    -------
    scipy.sparse.csr_array of float64, shape (nodes, nodes)
        Over all nodes of the graph and in the directions that are open; of parallel edges the fastest. An edge of no
        time is an entry of 0.
    """
    graph, nodes = network.graph, len(network.graph.lat)
    tail, head = np.concatenate([graph.u, graph.v]), np.concatenate([graph.v, graph.u])
    ms = np.concatenate([network.forward, network.backward])
    order = np.lexsort((ms, head, tail))
    order = order[ms[order] < NO_WAY]
    tail, head, ms = tail[order], head[order], ms[order]
    fastest = np.ones(len(order), dtype=bool)
    fastest[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
    pointer = np.searchsorted(tail[fastest], np.arange(nodes + 1)).astype(np.int32)
    return csr_array((ms[fastest] / MS_PER_MINUTE, head[fastest].astype(np.int32), pointer), shape=(nodes, nodes))


def entries(network: RoadNetwork, points: SnappedPoints, *, arriving: bool) -> tuple[I64, I32, F64]:
    """Give every way between points and the graph's own nodes: two an entry, where they are open.

    Parameters
    ----------
    network : RoadNetwork
    points : SnappedPoints
    arriving : bool
        From the nodes to the points; else from the points to the nodes.

    Returns
    -------
    point : numpy.ndarray of int64, shape (ways,)
        Ascending.
    node : numpy.ndarray of int32, shape (ways,)
    minutes : numpy.ndarray of float64, shape (ways,)
        Along the edge and the leg, without end minutes.
    """
    edge, share = points.edge, points.position
    to_u, to_v = (network.forward, network.backward) if arriving else (network.backward, network.forward)
    ms, part = np.stack([to_u[edge], to_v[edge]], axis=1), np.stack([share, 1 - share], axis=1)
    along = np.where(part > 0, part * ms / MS_PER_MINUTE, 0)
    is_open = ((ms < NO_WAY) | (part == 0)).ravel()  # an end of a closed edge is a node, which nothing closes
    point = np.repeat(np.arange(len(points)), 2 * np.diff(points.first))[is_open]
    node = np.stack([network.graph.u[edge], network.graph.v[edge]], axis=1).ravel()[is_open]
    return point, node, (points.leg_minutes[:, None] + along).ravel()[is_open]


def _ways(points: Attached) -> tuple[I64, I32, I32]:
    return points.first, points.node, points.ms


def _split(labels: list[I64], width: int) -> tuple[I32, I32]:
    """Milliseconds and destination of rows of labels."""
    label = np.array(labels, dtype=np.int64).reshape(len(labels), width)
    there = label < NOTHING
    ms, destination = np.where(there, label >> SHIFT, NO_WAY), np.where(there, label & NUMBER, -1)
    return ms.astype(np.int32), destination.astype(np.int32)


def _weights(weights: npt.ArrayLike | None, points: int, what: str) -> F64:
    values = np.ones(points) if weights is None else np.asarray(weights, dtype=np.float64)
    if values.shape != (points,):
        raise InputError(f"{what} weights have shape {values.shape}; one for each of {points} points is needed")
    return values


@compiled
def _at_points(which: I64, first: I64, node: I32, way_ms: I32, label: I64) -> I64:
    """Least label of some points by their ways; NOTHING or more where there is none."""
    found = np.full(len(which), NOTHING, np.int64)
    for i in range(len(which)):
        for way in range(first[which[i]], first[which[i] + 1]):
            found[i] = min(found[i], label[node[way]] + (np.int64(way_ms[way]) << SHIFT))
    return found


@compiled
def _dijkstra(first: I64, head: I32, ms: I32, node: I32, seed: I64, last: int) -> tuple[I64, I64]:
    """Find the least label of every node, and the arc by which it came; NOTHING and −1 beyond the last label."""
    label, before = np.full(len(first) - 1, NOTHING, np.int64), np.full(len(first) - 1, -1, np.int64)
    room = len(node) + len(head) + 1  # an arc is looked at once, so it is put on the heap at most once
    key, place = np.empty(room, np.int64), np.empty(room, np.int32)
    size = 0
    for s in range(len(node)):
        if seed[s] <= last and seed[s] < label[node[s]]:
            label[node[s]] = seed[s]
            _push(key, place, size, seed[s], node[s])
            size += 1
    while size > 0:
        least, here = key[0], place[0]
        size -= 1
        _sink(key, place, size, key[size], place[size])
        if least > label[here]:  # it was reached by a better way since
            continue
        for arc in range(first[here], first[here + 1]):
            new = least + (np.int64(ms[arc]) << SHIFT)
            there = head[arc]
            if new < label[there] and new <= last:
                label[there], before[there] = new, arc
                _push(key, place, size, new, there)
                size += 1
    return label, before


@compiled
def _push(key: I64, place: I32, at: int, new: int, node: int) -> None:
    """Put a node on the heap: from its end up to where it belongs."""
    while at > 0 and key[(at - 1) >> 1] > new:
        key[at], place[at] = key[(at - 1) >> 1], place[(at - 1) >> 1]
        at = (at - 1) >> 1
    key[at], place[at] = new, node


@compiled
def _sink(key: I64, place: I32, size: int, new: int, node: int) -> None:
    """Put a node in the place of the heap's first: down to where it belongs."""
    at, child = 0, 1
    while child < size:
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if key[child] >= new:
            break
        key[at], place[at] = key[child], place[child]
        at, child = child, 2 * child + 1
    key[at], place[at] = new, node
