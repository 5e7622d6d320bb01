"""Graphs that the engine is measured on: New York's roads, windows of them, and many copies joined at their rims.

A tile is a whole copy of New York (DIMACS travel times, 264,346 nodes). Every second column of tiles is mirrored from
east to west and every second row from north to south, so a rim meets its own mirror image: a road that the data's box
cut off goes on in its reflection. How many roads go on is what keeps separators real. METIS cuts New York itself into
2, 4, ... 128 pieces with 37, 31, 28, 14, 14, 10, 8 roads between two neighbouring pieces, which grows with about the
0.36th power of their nodes; for pieces as large as a tile that makes 48. So 48 of the dead ends along each rim are
joined. A square of 76 tiles is then cut in two by some 430 roads, more than real countries of that size need, because
theirs have rivers and mountains: the large graphs are harder than real ones, not easier.
"""

from __future__ import annotations

import resource
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from matcare.travel.readers.dimacs import read_dimacs

if TYPE_CHECKING:
    import numpy.typing as npt

    I32 = npt.NDArray[np.int32]
    F64 = npt.NDArray[np.float64]

RIM_ROADS = 48
RIM_DEGREES = 0.005
MS_PER_MINUTE = 60_000


@dataclass(frozen=True, eq=False)
class Streets:
    """Roads that go both ways: edges from u to v in milliseconds, places in degrees where they are known."""

    nodes: int
    u: I32
    v: I32
    ms: I32
    lat: F64 | None = None
    lon: F64 | None = None

    def matrix(self) -> csr_array[np.float64]:
        """Both directions of every edge, the shorter of parallel ones, as SciPy takes them."""
        tail, head = np.concatenate([self.u, self.v]), np.concatenate([self.v, self.u])
        ms = np.concatenate([self.ms, self.ms])
        order = np.lexsort((ms, head, tail))
        tail, head, ms = tail[order], head[order], ms[order]
        once = np.ones(len(tail), dtype=bool)
        once[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        ends = (tail[once], head[once])
        return csr_array((ms[once].astype(np.float64), ends), shape=(self.nodes, self.nodes))

    def some(self, count: int, *, seed: int) -> I32:
        """Draw different nodes, the same for the same seed."""
        rng = np.random.default_rng(seed)
        return rng.choice(self.nodes, min(count, self.nodes), replace=False).astype(np.int32)


def new_york(folder: Path) -> Streets:
    """Read New York."""
    graph = read_dimacs(folder / "roads" / "USA-road-t.NY.gr.gz")
    if (graph.oneway != 0).any():
        raise SystemExit("New York's roads were expected to go both ways")
    ms = np.rint(graph.fixed_minutes * MS_PER_MINUTE).astype(np.int32)
    return Streets(len(graph.lat), graph.u, graph.v, ms, graph.lat, graph.lon)


def window(streets: Streets, nodes: int) -> Streets:
    """Cut about so many nodes out around the middle of the map: the connected part of the window."""
    lat, lon = _places(streets)
    apart = np.maximum(np.abs(lat - np.median(lat)), np.abs(lon - np.median(lon)))
    inside = np.zeros(streets.nodes, dtype=bool)
    inside[np.argsort(apart, kind="stable")[:nodes]] = True
    part = _keep(streets, inside)
    links = csr_array((np.ones(len(part.u)), (part.u, part.v)), shape=(part.nodes, part.nodes))
    label = connected_components(links, directed=False)[1]
    return _keep(part, label == np.argmax(np.bincount(label)))


def _places(streets: Streets) -> tuple[F64, F64]:
    if streets.lat is None or streets.lon is None:
        raise SystemExit("these roads have no coordinates")
    return streets.lat, streets.lon


def _keep(streets: Streets, inside: npt.NDArray[np.bool_]) -> Streets:
    lat, lon = _places(streets)
    number = (np.cumsum(inside) - 1).astype(np.int32)
    both = inside[streets.u] & inside[streets.v]
    ends = (number[streets.u[both]], number[streets.v[both]])
    return Streets(int(inside.sum()), *ends, streets.ms[both], lat[inside], lon[inside])


def tiled(streets: Streets, tiles: int) -> Streets:
    """Join copies of New York in rows of a near square, the last row perhaps shorter; without coordinates."""
    wide = int(np.ceil(np.sqrt(tiles)))
    rims = _rims(streets)
    u = [streets.u + np.int32(t * streets.nodes) for t in range(tiles)]
    v = [streets.v + np.int32(t * streets.nodes) for t in range(tiles)]
    ms = [streets.ms] * tiles
    for t in range(tiles):
        row, column = divmod(t, wide)
        to_right = ("west" if column % 2 else "east", t + 1, column + 1 < wide)
        for rim, other, is_there in (to_right, ("south" if row % 2 else "north", t + wide, True)):
            if is_there and other < tiles:
                u.append(rims[rim] + np.int32(t * streets.nodes))
                v.append(rims[rim] + np.int32(other * streets.nodes))
                ms.append(np.full(RIM_ROADS, int(np.median(streets.ms)), np.int32))
    return Streets(tiles * streets.nodes, np.concatenate(u), np.concatenate(v), np.concatenate(ms))


def _rims(streets: Streets) -> dict[str, I32]:
    """Dead ends along each rim where roads go on, evenly chosen among those that there are."""
    lat, lon = _places(streets)
    dead_end = np.bincount(np.concatenate([streets.u, streets.v]), minlength=streets.nodes) == 1
    sides = {
        "west": (lon - lon.min(), lat), "east": (lon.max() - lon, lat),
        "south": (lat - lat.min(), lon), "north": (lat.max() - lat, lon),
    }  # fmt: skip
    rims = {}
    for side, (inward, along) in sides.items():
        ends = np.flatnonzero(dead_end & (inward < RIM_DEGREES))
        ends = ends[np.argsort(along[ends], kind="stable")]
        rims[side] = ends[np.linspace(0, len(ends) - 1, RIM_ROADS).round().astype(np.int64)].astype(np.int32)
    return rims


def copy_bandwidth(threads: int) -> float:
    """Bytes a second that this machine reads and writes when it copies memory: the best of a few tries."""
    source = [np.ones(1 << 24, np.int64) for _ in range(threads)]
    to = [np.zeros_like(one) for one in source]
    best = np.inf
    for _ in range(7):
        workers = [threading.Thread(target=np.copyto, args=pair) for pair in zip(to, source, strict=True)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        best = min(best, time.perf_counter() - start)
    return 2 * sum(one.nbytes for one in source) / best


def forget_peak() -> None:
    """Begin the mark of :func:`peak_gib` anew at what is held now, where Linux allows it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_gib() -> float:
    """Most memory that this process has held (resident) since its start or :func:`forget_peak`, in GiB.

    Linux counts a parent's memory into ``ru_maxrss`` of what it starts, so the process's own mark is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        mark = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(mark.split()[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
