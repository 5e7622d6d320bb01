"""The systems that the engine is measured beside: each builds its graph once and answers the same three questions.

A system that has no such question is asked the nearest thing that it has; `ways` says what. Peers that hand back Python
lists or frames are timed with them, as their users wait for them; where everything at once would not fit in memory,
they are asked for a few facilities after the other and each answer is packed into an array.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import dijkstra

from matcare.travel.hierarchy import NO_WAY, Attached, Hierarchy
from matcare.travel.plain import PlainMetric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from engine_graphs import Streets

    I32 = npt.NDArray[np.int32]

__all__ = ["SYSTEMS", "System"]

FAR_SECONDS = 1e5
"""Farther than any two places of the graph."""


class System(Protocol):
    """What is measured; making one is its preparation. Nodes are numbers of the graph, limits milliseconds."""

    name: str
    ways: str

    def ready(self, where: I32) -> None:
        """Do what has to be done once for these facilities; not timed."""

    def nearest(self) -> Any:
        """Milliseconds from every node to the nearest facility, shape (nodes,)."""

    def within(self, limit: int) -> Any:
        """All pairs of any node and a facility at most a limit apart."""

    def table(self, to: I32) -> Any:
        """Milliseconds of all pairs of a facility and some nodes, shape (facilities, to)."""

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        """Turn pairs into milliseconds, shape (facilities, nodes); above the limit whatever is above it."""


class SciPy:
    """The yardstick."""

    name = "SciPy"
    ways = "`dijkstra(min_only=True)`, distances only; `dijkstra(limit=)` into a full table; 1 thread"

    def __init__(self, streets: Streets) -> None:
        self.matrix = streets.matrix()

    def ready(self, where: I32) -> None:
        self.where = where

    def nearest(self) -> Any:
        return dijkstra(self.matrix, indices=self.where, min_only=True)

    def within(self, limit: int) -> Any:
        return dijkstra(self.matrix, indices=self.where, limit=limit)

    def table(self, to: I32) -> Any:
        return dijkstra(self.matrix, indices=self.where)[:, to]

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        return np.asarray(found)


class Networkit:
    """Networkit, which answers with arrays."""

    name = "networkit"
    ways = "`Dijkstra` from an added node at 0 ms from every facility; `SPSP`, without a limit; both cores"

    def __init__(self, streets: Streets) -> None:
        import networkit  # noqa: PLC0415 - a peer may be absent

        self.search, self.nodes = networkit.distance, streets.nodes
        arcs = streets.matrix().tocoo()
        ends = (arcs.row.astype(np.uint64), arcs.col.astype(np.uint64))
        self.graph = networkit.GraphFromCoo((arcs.data, ends), n=streets.nodes, weighted=True, directed=True)

    def ready(self, where: I32) -> None:
        self.where, self.source = where.tolist(), self.graph.addNode()
        for node in self.where:
            self.graph.addEdge(self.source, node, 0.0)

    def nearest(self) -> Any:
        search = self.search.Dijkstra(self.graph, self.source, storePaths=False)
        search.run()
        return search.getDistances(asarray=True)[: self.nodes]

    def within(self, limit: int) -> Any:  # noqa: ARG002 - it has no limit
        search = self.search.SPSP(self.graph, self.where)
        search.run()
        return search.getDistances(asarray=True)

    def table(self, to: I32) -> Any:
        search = self.search.SPSP(self.graph, self.where, to.tolist())
        search.run()
        return search.getDistances(asarray=True)

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        return np.asarray(found)[:, : self.nodes]


class Igraph:
    """Igraph, which answers with lists."""

    name = "igraph"
    ways = "`distances` from an added node at 0 ms from every facility; `distances`, without a limit; 1 thread"

    def __init__(self, streets: Streets) -> None:
        import igraph  # noqa: PLC0415 - a peer may be absent

        self.nodes = streets.nodes
        self.graph = igraph.Graph(n=streets.nodes, edges=np.stack([streets.u, streets.v], 1))
        self.graph.es["ms"] = streets.ms.astype(np.float64).tolist()

    def ready(self, where: I32) -> None:
        self.where, self.with_source = where.tolist(), self.graph.copy()
        self.with_source.add_vertices(1)
        ends = [(self.nodes, node) for node in self.where]
        self.with_source.add_edges(ends, attributes={"ms": [0.0] * len(ends)})

    def nearest(self) -> Any:
        return self.with_source.distances(source=self.nodes, weights="ms")[0][: self.nodes]

    def within(self, limit: int) -> Any:  # noqa: ARG002 - it has no limit
        return [np.array(self.graph.distances(source=node, weights="ms")[0], np.float32) for node in self.where]

    def table(self, to: I32) -> Any:
        return self.graph.distances(source=self.where, target=to.tolist(), weights="ms")

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        return np.stack(found)


class Pandana:
    """Pandana; it counts in thousandths, which are made milliseconds, and answers with frames."""

    name = "pandana"
    ways = "`nearest_pois`; `nodes_in_range`, five facilities a call; `shortest_path_lengths`; both cores"

    def __init__(self, streets: Streets) -> None:
        import pandana  # noqa: PLC0415 - a peer may be absent

        self.nodes = streets.nodes
        # Facilities are put to the node at their place, so each node gets a place of its own.
        self.place = pd.Series(np.arange(streets.nodes, dtype=np.float64))
        seconds = pd.DataFrame({"s": (streets.ms + 0.5) / 1000})  # what is below a thousandth is cut off
        ends = (pd.Series(streets.u.astype(np.int64)), pd.Series(streets.v.astype(np.int64)))
        with _quiet():
            self.network = pandana.Network(self.place, self.place * 0, *ends, seconds, twoway=True)

    def ready(self, where: I32) -> None:
        self.where = where
        place = self.place[where]
        self.network.set_pois("facilities", 2 * FAR_SECONDS, 1, place, place * 0)

    def nearest(self) -> Any:
        return self.network.nearest_pois(FAR_SECONDS, "facilities")[1].to_numpy() * 1000

    def within(self, limit: int) -> Any:
        pieces = []
        for begin in range(0, len(self.where), 5):
            found = self.network.nodes_in_range(self.where[begin : begin + 5].tolist(), limit / 1000)
            pieces.append(found.astype({"source": np.int32, "destination": np.int32, "s": np.float64}))
        return pd.concat(pieces)

    def table(self, to: I32) -> Any:
        pairs = (np.repeat(self.where, len(to)), np.tile(to, len(self.where)))
        return np.array(self.network.shortest_path_lengths(*pairs)).reshape(len(self.where), -1) * 1000

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        rows = np.full((len(self.where), self.nodes), NO_WAY, np.int32)
        row = pd.Series(np.arange(len(self.where)), index=self.where)[found["source"]].to_numpy()
        rows[row, found["destination"].to_numpy()] = np.rint(found["s"].to_numpy() * 1000)
        return rows


class RoutingKit:
    """RoutingKit's customizable contraction hierarchy by its Python binding, in the order that it makes itself."""

    name = "routingkit_cch"
    ways = "many to one, all nodes pinned before: one call with all facilities, or one for each; 1 thread"

    def __init__(self, streets: Streets) -> None:
        import routingkit_cch as kit  # noqa: PLC0415 - a peer may be absent

        if streets.lat is None or streets.lon is None:
            raise SystemExit("routingkit_cch orders nodes by their coordinates")
        arcs = streets.matrix().tocoo()
        ends = (arcs.row.tolist(), arcs.col.tolist())
        order = kit.compute_order_inertial(streets.nodes, *ends, streets.lat.tolist(), streets.lon.tolist())
        self.kit, self.nodes = kit, streets.nodes
        self.metric = kit.CCHMetric(kit.CCH(order, *ends, filter_always_inf_arcs=False), arcs.data.astype(int).tolist())

    def ready(self, where: I32) -> None:
        self.where = where.tolist()
        self.every = self.kit.CCHManyToOne(self.metric, list(range(self.nodes)))

    def nearest(self) -> Any:
        return self.every.distances_to_multi([(node, 0) for node in self.where])

    def within(self, limit: int) -> Any:
        return [_kept(self.every.distances_to(node), limit) for node in self.where]

    def table(self, to: I32) -> Any:
        some = self.kit.CCHManyToOne(self.metric, to.tolist())
        return [some.distances_to(node) for node in self.where]

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        return _rows(found, self.nodes)


class Plain:
    """Our second opinion: Dijkstra's algorithm with a heap."""

    name = "matcare, plain search"
    ways = "`PlainMetric`: `nearest_of_nodes` (and which facility it is), `within`, `table`; 1 thread"

    def __init__(self, streets: Streets) -> None:
        self.nodes = streets.nodes
        self.metric: Any = PlainMetric(streets.nodes, streets.u, streets.v, streets.ms, streets.ms, threads=1)

    def ready(self, where: I32) -> None:
        self.where, self.everyone = Attached.at_nodes(where), Attached.at_nodes(np.arange(self.nodes))

    def nearest(self) -> Any:
        return self.metric.nearest_of_nodes(self.where)[0][0]

    def within(self, limit: int) -> Any:
        return self.metric.within(self.everyone, self.where, limit)

    def table(self, to: I32) -> Any:
        return self.metric.table(Attached.at_nodes(to), self.where).T

    def as_rows(self, found: Any) -> npt.NDArray[Any]:
        pairs = [(found.origin[a:b], found.ms[a:b]) for a, b in zip(found.first[:-1], found.first[1:], strict=True)]
        return _rows(pairs, self.nodes)


class Ours(Plain):
    """The engine, prepared by order, contraction and customisation: over all nodes, for every node is asked."""

    ways = (
        "`Hierarchy` over all nodes, none left out as a chain: `nearest_of_nodes` (and which it is), `within`, `table`"
    )

    def __init__(self, streets: Streets, threads: int = 1) -> None:
        self.nodes = streets.nodes
        self.name = f"matcare, hierarchy, {threads} thread{'s' if threads > 1 else ''}"
        self.hierarchy = Hierarchy.build(streets.nodes, streets.u, streets.v)
        self.metric = self.hierarchy.customize(streets.ms, streets.ms, threads=threads)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a library prints by itself out of the tables."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _kept(ms: list[int | None], limit: int) -> tuple[I32, I32]:
    row = np.array(ms, dtype=np.float64)  # None, no path, becomes NaN
    inside = np.flatnonzero(row <= limit)
    return inside.astype(np.int32), row[inside].astype(np.int32)


def _rows(pairs: list[tuple[I32, I32]], nodes: int) -> I32:
    rows = np.full((len(pairs), nodes), NO_WAY, np.int32)
    for row, (node, ms) in zip(rows, pairs, strict=True):
        row[node] = ms
    return rows


def _ours_on_two(streets: Streets) -> Ours:
    return Ours(streets, threads=2)


SYSTEMS: tuple[Callable[[Streets], System], ...] = (
    SciPy, Networkit, Igraph, Pandana, RoutingKit, Plain, Ours, _ours_on_two
)  # fmt: skip
"""How each is made, the yardstick first; a peer that is not installed raises ImportError."""
