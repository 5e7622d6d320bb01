"""Chains: stretches of road between junctions, taken together so that a search only sees the junctions.

Most nodes of a road graph join two edges and nothing else. A chain is a maximal run of edges through such nodes; its
two ends are *core* nodes, where one edge or three and more meet. Nothing is lost: every place on a chain knows its
milliseconds to both ends, in both directions, and two places on one chain know the way between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcare.travel.compiled import compiled
from matcare.travel.hierarchy import NO_WAY

__all__ = ["BLOCKED", "ChainTimes", "Chains", "Places"]

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BLOCKED = 1 << 40
"""Added to a running sum of milliseconds for every edge that is closed in that direction."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Chains:
    """The chains of a graph, by topology alone.

    Attributes
    ----------
    core : numpy.ndarray of int32, shape (core nodes,)
        Graph nodes that are core nodes, ascending; a core node's number is its position here.
    first : numpy.ndarray of int32, shape (chains + 1,)
    edge : numpy.ndarray of int32, shape (edges,)
        Edges of chain ``c``, in order from its end A to its end B, are ``edge[first[c]:first[c + 1]]``.
    place : numpy.ndarray of int32, shape (edges,)
        Position of each graph edge in `edge`.
    chain : numpy.ndarray of int32, shape (edges,)
        Chain of each graph edge.
    aligned : numpy.ndarray of bool, shape (edges,)
        Going from A to B, the graph edge is driven from its `u` to its `v`.
    a, b : numpy.ndarray of int32, shape (chains,)
        Core node numbers of the ends.
    """

    core: I32
    first: I32
    edge: I32
    place: I32
    chain: I32
    aligned: Bools
    a: I32
    b: I32

    @classmethod
    def of(cls, nodes: int, u: I32, v: I32) -> Chains:
        """Find the chains of a graph.

        Parameters
        ----------
        nodes : int
        u, v : numpy.ndarray of int32, shape (edges,)

        Returns
        -------
        Chains
            A ring without a junction is cut at its lowest node.
        """
        ends = np.concatenate([u, v])
        order = np.argsort(ends, kind="stable").astype(np.int32)
        begin = np.searchsorted(ends[order], np.arange(nodes + 1)).astype(np.int32)
        is_core = np.diff(begin) != 2  # noqa: PLR2004 - two edges, no junction
        is_core &= np.diff(begin) > 0
        edge, first, aligned, a, b, chains = _walk(u, v, begin, order, is_core)
        core = np.flatnonzero(is_core).astype(np.int32)
        number = np.zeros(nodes, np.int32)
        number[core] = np.arange(len(core), dtype=np.int32)
        first = first[: chains + 1].copy()
        place = np.empty(len(u), np.int32)
        place[edge] = np.arange(len(u), dtype=np.int32)
        chain = np.empty(len(u), np.int32)
        chain[edge] = np.repeat(np.arange(chains, dtype=np.int32), np.diff(first))
        return cls(
            core=core, first=first, edge=edge, place=place, chain=chain, aligned=aligned,
            a=number[a[:chains]], b=number[b[:chains]],
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.a)

    def times(self, forward: I32, backward: I32) -> ChainTimes:
        """Put milliseconds on the chains.

        Parameters
        ----------
        forward, backward : numpy.ndarray of int32, shape (edges,)
            Milliseconds along each graph edge from `u` to `v` and from `v` to `u`; 2³⁰ − 1 where it is closed.

        Returns
        -------
        ChainTimes
        """
        ordered = self.aligned[self.edge]
        go = np.where(ordered, forward[self.edge], backward[self.edge]).astype(np.int64)
        come = np.where(ordered, backward[self.edge], forward[self.edge]).astype(np.int64)
        go[go >= NO_WAY] = BLOCKED
        come[come >= NO_WAY] = BLOCKED
        to_b, to_a = np.concatenate([[0], np.cumsum(go)]), np.concatenate([[0], np.cumsum(come)])
        start = self.first[:-1]
        total_b, total_a = to_b[self.first[1:]] - to_b[start], to_a[self.first[1:]] - to_a[start]
        return ChainTimes(
            from_a=to_b[:-1] - np.repeat(to_b[start], np.diff(self.first)),
            to_a=to_a[:-1] - np.repeat(to_a[start], np.diff(self.first)),
            go=go, come=come, total_go=total_b, total_come=total_a,
        )  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class ChainTimes:
    """Milliseconds along chains; a sum that passes a closed edge is at least :data:`BLOCKED`.

    Attributes
    ----------
    from_a : numpy.ndarray of int64, shape (edges,)
        In chain order: from the chain's end A to where the edge begins.
    to_a : numpy.ndarray of int64, shape (edges,)
        The same stretch in the other direction.
    go, come : numpy.ndarray of int64, shape (edges,)
        Along the edge from A's side to B's, and back.
    total_go, total_come : numpy.ndarray of int64, shape (chains,)
        From A to B, and back.
    """

    from_a: I64
    to_a: I64
    go: I64
    come: I64
    total_go: I64
    total_come: I64

    def arcs(self) -> tuple[I32, I32]:
        """Milliseconds of whole chains from A to B and from B to A, as a hierarchy takes them."""
        forward = np.minimum(self.total_go, NO_WAY).astype(np.int32)
        return forward, np.minimum(self.total_come, NO_WAY).astype(np.int32)


@dataclass(frozen=True, eq=False, kw_only=True)
class Places:
    """Places on edges, seen from the chains.

    Attributes
    ----------
    chain : numpy.ndarray of int32, shape (places,)
    order : numpy.ndarray of float64, shape (places,)
        Grows from A to B: the edge's place in its chain and the share of the edge.
    from_a, to_a, from_b, to_b : numpy.ndarray of int64, shape (places,)
        Milliseconds between the place and the chain's ends; at least :data:`BLOCKED` where closed.
    shut_to_b, shut_to_a : numpy.ndarray of bool, shape (places,)
        The place lies inside an edge that is closed in the direction of B, of A.
    """

    chain: I32
    order: F64
    from_a: I64
    to_a: I64
    from_b: I64
    to_b: I64
    shut_to_b: Bools
    shut_to_a: Bools

    @classmethod
    def on(cls, chains: Chains, times: ChainTimes, edge: npt.NDArray[np.integer], position: F64) -> Places:
        """Locate places.

        Parameters
        ----------
        chains : Chains
        times : ChainTimes
        edge : numpy.ndarray of int, shape (places,)
            Graph edges.
        position : numpy.ndarray of float64, shape (places,)
            Where on the edge, 0 at its `u`, 1 at its `v`.

        Returns
        -------
        Places
        """
        order, from_a, to_a, from_b, to_b = _locate(
            np.asarray(edge, dtype=np.int32), position,
            chains.place, chains.chain, chains.aligned, times.from_a, times.to_a, times.go, times.come,
            times.total_go, times.total_come,
        )  # fmt: skip
        chain = chains.chain[edge]
        return cls(
            chain=chain, order=order, from_a=from_a, to_a=to_a, from_b=from_b, to_b=to_b,
            shut_to_b=from_a + to_b > times.total_go[chain], shut_to_a=from_b + to_a > times.total_come[chain],
        )  # fmt: skip

    def along(self, mine: I64, other: Places, theirs: I64) -> I64:
        """Milliseconds along the chain from some of these places to others on the same one; closed as :data:`BLOCKED`.

        Parameters
        ----------
        mine, theirs : numpy.ndarray of int64, shape (pairs,)
            Positions among these places and among the others.
        other : Places

        Returns
        -------
        numpy.ndarray of int64, shape (pairs,)
        """
        return _along(
            mine, self.order, self.from_a, self.from_b, self.shut_to_a, self.shut_to_b,
            theirs, other.order, other.from_a, other.from_b, other.shut_to_a, other.shut_to_b,
        )  # fmt: skip


@compiled
def _along(
    mine: I64, order: F64, from_a: I64, from_b: I64, shut_to_a: Bools, shut_to_b: Bools,
    theirs: I64, order2: F64, from_a2: I64, from_b2: I64, shut_to_a2: Bools, shut_to_b2: Bools,
) -> I64:  # fmt: skip
    ms = np.empty(len(mine), np.int64)
    for p in range(len(mine)):
        k, m = mine[p], theirs[p]
        if order2[m] == order[k]:
            ms[p] = 0
        elif order2[m] > order[k]:
            ms[p] = BLOCKED if shut_to_b[k] or shut_to_b2[m] else from_a2[m] - from_a[k]
        else:
            ms[p] = BLOCKED if shut_to_a[k] or shut_to_a2[m] else from_b2[m] - from_b[k]
    return ms


@compiled
def _locate(
    edge: I32, position: F64, place: I32, chain: I32, aligned: Bools, from_a: I64, to_a: I64, go: I64, come: I64,
    total_go: I64, total_come: I64,
) -> tuple[F64, I64, I64, I64, I64]:  # fmt: skip
    """Milliseconds between places and the ends of their chains.

    What lies before a place and what lies behind it add up to the edge; a closed edge is closed for both, but not at
    its very ends.
    """
    count = len(edge)
    order = np.empty(count)
    after_a, before_a = np.empty(count, np.int64), np.empty(count, np.int64)
    after_b, before_b = np.empty(count, np.int64), np.empty(count, np.int64)
    for k in range(count):
        e = edge[k]
        at, c = place[e], chain[e]
        share = position[k] if aligned[e] else 1.0 - position[k]
        order[k] = at + share
        if go[at] >= BLOCKED:
            ahead, behind = BLOCKED if share > 0 else 0, BLOCKED if share < 1 else 0
        else:
            ahead = int(np.rint(share * go[at]))
            behind = int(go[at]) - ahead
        after_a[k] = from_a[at] + ahead
        before_b[k] = total_go[c] - from_a[at] - go[at] + behind
        if come[at] >= BLOCKED:
            ahead, behind = BLOCKED if share > 0 else 0, BLOCKED if share < 1 else 0
        else:
            ahead = int(np.rint(share * come[at]))
            behind = int(come[at]) - ahead
        before_a[k] = to_a[at] + ahead
        after_b[k] = total_come[c] - to_a[at] - come[at] + behind
    return order, after_a, before_a, after_b, before_b


@compiled
def _walk(u: I32, v: I32, begin: I32, order: I32, is_core: Bools) -> tuple[I32, I32, Bools, I32, I32, int]:
    """Walk every chain from one core node to the next; rings without one get their lowest node as core."""
    edges = len(u)
    out, first = np.empty(edges, np.int32), np.zeros(edges + 1, np.int32)
    aligned, seen = np.zeros(edges, np.bool_), np.zeros(edges, np.bool_)
    a, b = np.empty(edges, np.int32), np.empty(edges, np.int32)
    chains = done = 0
    for ring in range(2):
        for node in range(len(is_core)):
            if ring == 0 and not is_core[node]:
                continue
            for k in range(begin[node], begin[node + 1]):
                e = order[k] % edges
                if seen[e]:
                    continue
                is_core[node] = True
                a[chains] = node
                at = node
                while True:
                    seen[e] = True
                    out[done] = e
                    done += 1
                    aligned[e] = u[e] == at
                    at = v[e] if u[e] == at else u[e]
                    if is_core[at]:
                        break
                    e = order[begin[at]] % edges if order[begin[at]] % edges != e else order[begin[at] + 1] % edges
                b[chains] = at
                chains += 1
                first[chains] = done
    return out, first, aligned, a, b, chains
