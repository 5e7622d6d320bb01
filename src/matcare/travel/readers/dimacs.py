"""Graphs in the format of the 9th DIMACS Implementation Challenge: arcs in ``.gr``, coordinates in ``.co``.

The format does not say what a weight is. In the Challenge's road networks of the United States (``USA-road-d`` and
``USA-road-t``, from the Census Bureau's TIGER/Line of 2000) a distance is counted in decimetres; a time is the distance
divided by 1.0, 0.8, 0.6 or 0.4 by kind of road, and the Challenge's page says that the unit of these speeds "is
somewhat arbitrarily chosen". We read them as 100, 80, 60 and 40 km/h, which makes a unit of time 3.6 milliseconds; that
is our choice, so such minutes are for comparing programs, not places.
"""

from __future__ import annotations

import gzip
import re
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.graph import RoadGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KM_PER_UNIT", "MINUTES_PER_UNIT", "read_dimacs"]

KM_PER_UNIT: Final = 1e-4
"""Kilometres of a unit of distance: a decimetre."""

MINUTES_PER_UNIT: Final = 6e-5
"""Minutes of a unit of time: a decimetre at 100 km/h."""

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_PER_DEGREE: Final = 1e6
_NEWLINE, _DIGITS = 10, b"0123456789"
_SPACE: Final = 32
_NUMBER: Final = re.compile(r"-?(\d+\.?\d*|\.\d+)")


def read_dimacs(
    path: Path | str,
    coordinates: Path | str | None = None,
    *,
    weight: Literal["minutes", "km"] | None = None,
    per_unit: float | None = None,
) -> RoadGraph:
    """Read a graph of the DIMACS Challenge.

    Parameters
    ----------
    path : path
        The arcs, ``.gr`` or ``.gr.gz``.
    coordinates : path, optional
        The coordinates; without it the file beside `path` of the same name with ``.co`` (or ``-d.`` for ``-t.``).
    weight : {"minutes", "km"}, optional
        What the weights are; without it lengths where the file's name has ``-d.`` in it, else times.
    per_unit : float, optional
        Minutes or kilometres of a unit; :data:`MINUTES_PER_UNIT` and :data:`KM_PER_UNIT` without it.

    Returns
    -------
    RoadGraph
        Class ``dimacs``. Two arcs of one weight that are each other's reverse are one edge of both directions. Times
        become ``fixed_minutes``; lengths are straight where the weights are times.

    Raises
    ------
    InputError
        When a file is missing or broken, a line is not as it should be (named by its number), the counts are not those
        of the header, a node has no coordinates, or a weight is negative.
    """
    path = Path(path)
    kind = weight or ("km" if "-d." in path.name else "minutes")
    factor = per_unit if per_unit is not None else {"minutes": MINUTES_PER_UNIT, "km": KM_PER_UNIT}[kind]
    if not (0 < factor < np.inf):
        raise InputError(f"{path}: per_unit is {factor:g}; give the {kind} of a unit, a number greater than 0")
    nodes, arcs, line = _read(path, b"a", ("sp",))
    off = (arcs[:, :2] < 1) | (arcs[:, :2] > nodes) | (arcs[:, :2] % 1 != 0)
    if off.any():
        row, column = np.argwhere(off)[0].tolist()
        raise InputError(f"{path}, line {line[row]}: there is no node {arcs[row, column]:g}; they go from 1 to {nodes}")
    if (arcs[:, 2] < 0).any():
        row = int(np.argmax(arcs[:, 2] < 0))
        raise InputError(f"{path}, line {line[row]}: weight {arcs[row, 2]:g} is negative")
    lat, lon = _coordinates(Path(coordinates) if coordinates is not None else _beside(path), nodes)
    u, v, units, oneway = _edges(arcs)
    amount = units * factor
    return RoadGraph.from_arrays(
        lat, lon, u, v, np.zeros(len(u), np.int8), ["dimacs"],
        oneway=oneway, km=amount if kind == "km" else None, fixed_minutes=amount if kind == "minutes" else None,
        about={
            "source": f"DIMACS graph {path.name}",
            "licence": "not stated in the file; graphs of TIGER/Line are in the public domain",
            "vintage": "not stated in the file",
            f"{kind}_per_unit": factor,
            "counts": {"arcs": len(arcs), "arcs_paired": 2 * int((oneway == 0).sum() - (u == v).sum())},
        },
    )  # fmt: skip


def _coordinates(path: Path, nodes: int) -> tuple[F64, F64]:
    count, rows, line = _read(path, b"v", ("aux", "sp", "co"))
    if count != nodes:
        raise InputError(
            f"{path}: coordinates of {count:,} nodes, but the graph has {nodes:,}; give the file beside it"
        )
    number = rows[:, 0]
    wrong = (number < 1) | (number > nodes) | (number % 1 != 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"{path}, line {line[row]}: there is no node {number[row]:g}; they go from 1 to {nodes}")
    lat, lon = np.full(nodes, np.nan), np.full(nodes, np.nan)
    at = number.astype(np.int64) - 1
    lon[at], lat[at] = rows[:, 1] / _PER_DEGREE, rows[:, 2] / _PER_DEGREE
    if np.isnan(lat).any():
        raise InputError(f"{path}: node {int(np.argmax(np.isnan(lat))) + 1} has no coordinates, another has them twice")
    off = (np.abs(rows[:, 2]) > 90 * _PER_DEGREE) | (np.abs(rows[:, 1]) > 180 * _PER_DEGREE)
    if off.any():
        raise InputError(f"{path}, line {line[int(np.argmax(off))]}: not on Earth in millionths of a degree")
    return lat, lon


def _beside(path: Path) -> Path:
    """Find the file of coordinates that goes with a graph."""
    stem = path.name.removesuffix(".gz").removesuffix(".gr")
    for name in (stem, stem.replace("-t.", "-d."), stem.replace("-d.", "-t.")):
        for suffix in (".co", ".co.gz"):
            if (found := path.with_name(name + suffix)).is_file():
                return found
    raise InputError(f"{path}: no file of coordinates beside it; put {stem}.co or {stem}.co.gz there")


def _read(path: Path, mark: bytes, kinds: tuple[str, ...]) -> tuple[int, F64, I64]:
    """Read the header's number of nodes, the three numbers of every marked line, and the lines' numbers."""
    data = np.frombuffer(_bytes(path), dtype=np.uint8)
    stop = np.flatnonzero(data == _NEWLINE)
    begin = np.concatenate([[0], stop + 1])[: len(stop)]
    first = data[begin]
    marked = first == mark[0]
    problem = np.flatnonzero(~(marked | np.isin(first, list(b"cp\n\r"))))
    if len(problem):
        raise InputError(f"{path}, line {problem[0] + 1}: begins with neither {mark.decode()!r}, 'c' nor 'p'")
    header = np.flatnonzero(first == ord("p"))
    words = bytes(data[begin[header[0]] : stop[header[0]]]).decode("ascii", "replace").split() if len(header) else []
    nodes, lines = _header(words, kinds)
    if len(header) != 1 or nodes < 0:
        where = f"{path}, line {header[-1] + 1}" if len(header) else str(path)
        raise InputError(f"{where}: one line should say 'p', {kinds[0]!r} and how many there are; is it a DIMACS file?")
    if lines >= 0 and lines != int(marked.sum()):
        raise InputError(
            f"{path}, line {header[0] + 1}: {lines:,} lines with {mark.decode()!r} are announced, {marked.sum():,} are "
            "there; the file may be half written"
        )
    if mark == b"v" and int(marked.sum()) != nodes:
        raise InputError(f"{path}: {nodes:,} nodes are announced, {marked.sum():,} have coordinates; half written?")
    return nodes, _numbers(path, data, begin, stop, np.flatnonzero(marked)), np.flatnonzero(marked) + 1


def _header(words: list[str], kinds: tuple[str, ...]) -> tuple[int, int]:
    """Read ``p sp NODES ARCS`` or ``p aux sp co NODES``: numbers of nodes and of lines, −1 where not told."""
    counts = [int(word) for word in words[1:] if word.isdigit()]
    texts = [word for word in words[1:] if not word.isdigit()]
    if not counts or not texts or texts[0] not in kinds:
        return -1, -1
    arcs = texts == ["sp"]
    return (counts[0], counts[1]) if arcs and len(counts) > 1 else (-1, -1) if arcs else (counts[0], -1)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a graph in the DIMACS format, .gr or .gr.gz with .co beside it")
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())}); download it again") from error
    return data if data.endswith(b"\n") else data + b"\n"


def _numbers(path: Path, data: npt.NDArray[np.uint8], begin: I64, stop: I64, rows: I64) -> F64:
    """Read three numbers from each of some lines; what stands on the other lines is blanked first."""
    if not len(rows):
        return np.zeros((0, 3))
    text = data[begin[rows[0]] : stop[rows[-1]] + 1].copy()
    at, end = begin[rows] - begin[rows[0]], stop[rows] - begin[rows[0]]
    text[at] = _SPACE
    for other in _others(rows):
        text[begin[other] - begin[rows[0]] : stop[other] - begin[rows[0]]] = _SPACE
    solid = text > _SPACE
    starts = solid.copy()
    starts[1:] &= ~solid[:-1]
    each = np.add.reduceat(starts, at, dtype=np.int64)
    strange = solid & ~np.isin(text, list(_DIGITS + b"-."))
    bad = np.flatnonzero((each != 3) | (np.add.reduceat(strange, at, dtype=np.int64) > 0))  # noqa: PLR2004
    if len(bad):
        shown = bytes(data[begin[rows[bad[0]]] :][: end[bad[0]] - at[bad[0]]][:60]).decode("ascii", "replace").strip()
        raise InputError(f"{path}, line {rows[bad[0]] + 1}: {shown!r} is not a letter and three numbers")
    words = text.tobytes().decode("ascii")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # NumPy's sign of text that is no number, before 2.3
            return np.fromstring(words, dtype=np.float64, sep=" ").reshape(-1, 3)
    except (ValueError, DeprecationWarning):
        each_word = words.split()
    wrong = next(number for number, word in enumerate(each_word) if not _NUMBER.fullmatch(word))
    raise InputError(f"{path}, line {rows[wrong // 3] + 1}: {each_word[wrong]!r} is not a number")


def _others(rows: I64) -> Iterator[int]:
    """Yield the lines between some, which are few."""
    for gap in np.flatnonzero(np.diff(rows) > 1).tolist():
        yield from range(int(rows[gap]) + 1, int(rows[gap + 1]))


def _edges(arcs: F64) -> tuple[I64, I64, F64, npt.NDArray[np.int8]]:
    """Pair arcs that are each other's reverse; of several alike, the first with the first."""
    u, v, weight = arcs[:, 0].astype(np.int64) - 1, arcs[:, 1].astype(np.int64) - 1, arcs[:, 2]
    low, high, back = np.minimum(u, v), np.maximum(u, v), u > v
    order = np.lexsort((back, weight, high, low))
    start = np.ones(len(order), dtype=bool)
    a, b, w, d = low[order], high[order], weight[order], back[order]
    start[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1]) | (w[1:] != w[:-1]) | (d[1:] != d[:-1])
    begin = np.flatnonzero(start)
    among = np.arange(len(order)) - np.repeat(begin, np.diff(np.append(begin, len(order))))
    turn = np.empty(len(order), np.int64)
    turn[order] = among
    order = np.lexsort((back, turn, weight, high, low))
    a, b, w, d, t = low[order], high[order], weight[order], back[order], turn[order]
    paired = np.zeros(len(order), dtype=bool)
    paired[:-1] = (a[1:] == a[:-1]) & (b[1:] == b[:-1]) & (w[1:] == w[:-1]) & (t[1:] == t[:-1]) & (d[1:] != d[:-1])
    partner = np.zeros(len(order), dtype=bool)
    partner[1:] = paired[:-1]
    both = np.zeros(len(order), dtype=bool)
    both[order] = paired
    dropped = np.zeros(len(order), dtype=bool)
    dropped[order] = partner
    kept = np.flatnonzero(~dropped)
    return u[kept], v[kept], weight[kept], np.where(both[kept] | (u[kept] == v[kept]), 0, 1).astype(np.int8)
