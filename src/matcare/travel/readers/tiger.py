"""TIGER/Line county road files of the Census Bureau: every public street of the United States, in the public domain.

The files (``tl_2021_38017_roads.zip``) hold lines with a name, a route type and a feature class (MTFCC), and neither
speeds nor directions: every road is taken as open both ways, and its speed is its class's. Roads meet where lines share
a vertex, across county files too. Three things have to be put right before that is a road graph:

- A road stands there once for each of its names and route numbers, and a road on a county line in both counties' files:
  a piece that several lines have is kept once.
- Bridges have a vertex where they cross. A primary road (S1100) is by the Bureau's definition of limited access and
  joins others only at interchanges, so a local or secondary road that crosses one without a ramp is taken as a bridge.
- Walkways, stairways, bicycle and bridle paths and the Bureau's internal lines are left out.

What the surface of a road is (paved or gravel) is not told; the route type does not tell it either and is not used. An
overpass between two roads of lower class cannot be told from a junction.
"""

from __future__ import annotations

import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio.errors
import pyogrio.raw
import shapely

from matcare.errors import InputError
from matcare.geo import STATE_FIPS
from matcare.travel.graph import RoadGraph
from matcare.travel.readers.noding import Lines, Stretches, node_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLASS_OF_MTFCC", "read_tiger", "tiger_counties"]

CLASS_OF_MTFCC: Final = {
    "S1100": "tiger_primary",
    "S1200": "tiger_secondary",
    "S1400": "tiger_local",
    "S1500": "tiger_four_wheel",
    "S1630": "tiger_ramp",
    "S1640": "tiger_service",
    "S1730": "tiger_alley",
    "S1740": "tiger_private",
    "S1780": "tiger_parking",
}
"""Feature class (MTFCC) → class of the road graph, better roads first."""

_LEFT_OUT: Final = {
    "S1710": "walkways_left_out",
    "S1720": "stairways_left_out",
    "S1750": "internal_census_lines_left_out",
    "S1820": "bicycle_paths_left_out",
    "S1830": "bridle_paths_left_out",
}
_UNKNOWN_CLASS: Final = "other"
_NAME: Final = re.compile(r"tl_(\d{4})_(\d{5})_roads\.zip", re.IGNORECASE)
_GEOGRAPHIC: Final = frozenset({"EPSG:4269", "EPSG:4326"})
_POSTAL: Final = {fips: postal for postal, fips in STATE_FIPS.items()}
_LINESTRING: Final = 1


@dataclass(frozen=True, eq=False)
class _County:
    year: str
    fips: str
    lines: Lines
    mtfcc: npt.NDArray[np.object_]
    no_shape: int


def read_tiger(
    source: Path | str | Sequence[Path | str],
    *,
    counties: Sequence[str] | None = None,
    bridges: bool = True,
    threads: int = 2,
) -> RoadGraph:
    """Read TIGER/Line county road files into one road graph.

    Parameters
    ----------
    source : path or sequence of paths
        A folder with ``tl_<year>_<county>_roads.zip`` files, such a file, or several of them.
    counties : sequence of str, optional
        County codes that should be there, five digits; those without a file are listed in
        ``about["missing_counties"]``.
    bridges : bool
        Take a road of lower class that crosses a primary road without a ramp as a bridge, not as a junction.
    threads : int
        Files read at a time; the result does not depend on it.

    Returns
    -------
    RoadGraph
        Classes as in :data:`CLASS_OF_MTFCC`; both directions; lengths along the full shapes; states from the files'
        names. ``about["counts"]`` says what was left out or put right.

    Raises
    ------
    InputError
        When there is no such file, when one is damaged or is not a road file, or when a county stands there twice.
    """
    files = _files(source)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        parts = list(pool.map(_read_county, files))
    lines = Lines.joined([part.lines for part in parts])
    mtfcc = np.concatenate([part.mtfcc for part in parts])
    names, code = _classes(mtfcc)
    drivable = code >= 0
    counts = {
        "lines": len(lines),
        **{label: int((mtfcc == value).sum()) for value, label in _LEFT_OUT.items()},
        "lines_without_shape": sum(part.no_shape for part in parts),
        "lines_of_unknown_class": int((code == names.index(_UNKNOWN_CLASS)).sum()),
    }
    if not drivable.any():
        raise InputError(f"{files[0]}: no roads for cars in it; give the road files of a county that has some")
    county = np.repeat(np.arange(len(parts)), [len(part.lines) for part in parts])[drivable]
    lines, code = lines.taken(drivable), code[drivable]
    stretches = node_lines(lines, at="vertices", rank=code, drop_repeated=True)
    counts["lines_without_length"] = stretches.without_length
    counts["repeated_pieces_dropped"] = stretches.repeated
    if bridges:
        stretches, counts["bridges_at_primary_roads"] = _with_bridges(stretches, code, names)
    states = sorted({_POSTAL[part.fips[:2]] for part in parts if part.fips[:2] in _POSTAL})
    state_of = np.array([states.index(_POSTAL[p.fips[:2]]) if p.fips[:2] in _POSTAL else -1 for p in parts], np.int8)
    return RoadGraph.from_arrays(
        stretches.lat, stretches.lon, stretches.u, stretches.v, code[stretches.line], names,
        state=state_of[county[stretches.line]], state_names=states, bends=stretches.bends,
        about=_about(parts, counties, counts),
    )  # fmt: skip


def tiger_counties(source: Path | str | Sequence[Path | str]) -> dict[str, Path]:
    """List the counties whose road files are there, with their files.

    Parameters
    ----------
    source : path or sequence of paths
        As :func:`read_tiger` takes it.

    Returns
    -------
    dict of str to pathlib.Path
        By five-digit code, in their order.

    Raises
    ------
    InputError
        When there is no such file, or a county stands there twice.
    """
    return {_named(path)[1]: path for path in _files(source)}


def _files(source: Path | str | Sequence[Path | str]) -> list[Path]:
    given = [Path(source)] if isinstance(source, (str, Path)) else [Path(path) for path in source]
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += sorted(entry for entry in path.iterdir() if _NAME.fullmatch(entry.name))
        elif not path.is_file():
            raise InputError(f"{path}: no such file or folder; give a folder with tl_<year>_<county>_roads.zip files")
        elif _NAME.fullmatch(path.name):
            found.append(path)
        else:
            raise InputError(f"{path}: not named as the Census names county roads (tl_2021_38017_roads.zip); rename it")
    if not found:
        where = given[0] if given else "an empty list"
        raise InputError(f"{where}: no TIGER/Line county road files (tl_<year>_<county>_roads.zip) there")
    by_county = sorted(found, key=lambda path: (_named(path)[1], _named(path)[0], str(path)))
    for one, next_one in pairwise(by_county):
        if _named(one)[1] == _named(next_one)[1]:
            raise InputError(f"{next_one}: county {_named(one)[1]} stands there twice, also in {one}; keep one of them")
    return by_county


def _named(path: Path) -> tuple[str, str]:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return match.group(1), match.group(2)


def _read_county(path: Path) -> _County:
    again = "download it again"
    try:
        meta, _, shapes, columns = pyogrio.raw.read(f"/vsizip/{path}", columns=["MTFCC"])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError, OSError) as error:
        whole = zipfile.is_zipfile(path)
        what = "no shapefile of roads is in it" if whole else "not a whole zip file (half written?)"
        raise InputError(f"{path}: {what}; {again}") from error
    if list(meta["fields"]) != ["MTFCC"]:
        raise InputError(f"{path}: no column MTFCC, so it is not a TIGER/Line road file; {again}")
    if meta["crs"] not in _GEOGRAPHIC:
        raise InputError(f"{path}: the coordinate system should be NAD83 (EPSG:4269), not {meta['crs']}")
    geometry = np.asarray(shapely.from_wkb(shapes))
    there = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    geometry, mtfcc = shapely.get_parts(geometry[there], return_index=True)
    if (shapely.get_type_id(geometry) != _LINESTRING).any():
        raise InputError(f"{path}: some shapes are not lines, so it is not a TIGER/Line road file; {again}")
    year, fips = _named(path)
    of_line = np.asarray(columns[0], dtype=object)[there][mtfcc]
    return _County(year, fips, Lines.from_geometries(geometry), of_line, int((~there).sum()))


def _classes(mtfcc: npt.NDArray[np.object_]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Names of the classes, and each line's; −1 where it is not for cars."""
    names = [*CLASS_OF_MTFCC.values(), _UNKNOWN_CLASS]
    known = {value: names.index(name) for value, name in CLASS_OF_MTFCC.items()} | dict.fromkeys(_LEFT_OUT, -1)
    code = pd.Series(mtfcc, dtype=object).map(known).fillna(names.index(_UNKNOWN_CLASS))
    return names, np.asarray(code.to_numpy(), dtype=np.int64)


def _with_bridges(stretches: Stretches, code: npt.NDArray[np.int64], names: list[str]) -> tuple[Stretches, int]:
    """Give the lower of two roads a node of its own where it crosses a primary road without a ramp."""
    edges, nodes = len(stretches.u), len(stretches.lat)
    node = np.concatenate([stretches.u, stretches.v])
    kind = np.tile(code[stretches.line], 2)
    meeting = np.bincount(node, minlength=nodes)
    primary = np.bincount(node[kind == names.index("tiger_primary")], minlength=nodes)
    ramps = np.bincount(node[kind == names.index("tiger_ramp")], minlength=nodes)
    four = np.flatnonzero((meeting == 4) & (primary == 2) & (ramps == 0))  # noqa: PLR2004 - two roads crossing
    if not len(four):
        return stretches, 0
    at_four = np.flatnonzero(np.isin(node, four))
    end = at_four[np.lexsort((_bearing(stretches, at_four), node[at_four]))].reshape(-1, 4)
    is_primary = kind[end] == names.index("tiger_primary")
    crossing = is_primary[:, 0] != is_primary[:, 1]
    crossing &= (is_primary[:, 0] == is_primary[:, 2]) & (is_primary[:, 1] == is_primary[:, 3])
    lower = end[crossing][~is_primary[crossing]].reshape(-1, 2)
    ends = node.copy()
    ends[lower] = nodes + np.arange(len(lower))[:, None]
    twin = four[crossing]
    return replace(
        stretches,
        u=ends[:edges],
        v=ends[edges:],
        lat=np.concatenate([stretches.lat, stretches.lat[twin]]),
        lon=np.concatenate([stretches.lon, stretches.lon[twin]]),
    ), len(twin)


def _bearing(stretches: Stretches, end: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Angle at which a stretch leaves its node; ends at `u` are numbered first, then those at `v`."""
    edges = len(stretches.u)
    first, lat, lon = stretches.bends
    edge, at_v = end % edges, end >= edges
    here, there = (
        np.where(at_v, stretches.v[edge], stretches.u[edge]),
        np.where(at_v, stretches.u[edge], stretches.v[edge]),
    )
    next_lat, next_lon = stretches.lat[there], stretches.lon[there]
    bent = np.flatnonzero(first[edge + 1] > first[edge])
    bend = np.where(at_v, first[edge + 1] - 1, first[edge])[bent]
    next_lat[bent], next_lon[bent] = lat[bend], lon[bend]
    y, x = stretches.lat[here], stretches.lon[here]
    return np.asarray(np.arctan2(next_lat - y, (next_lon - x) * np.cos(np.radians(y))), dtype=np.float64)


def _about(parts: Sequence[_County], counties: Sequence[str] | None, counts: dict[str, int]) -> dict[str, Any]:
    there = {part.fips for part in parts}
    return {
        "source": f"US Census Bureau, TIGER/Line roads of {len(parts)} counties",
        "licence": "public domain (work of the United States government)",
        "vintage": ", ".join(sorted({part.year for part in parts})),
        "counties": sorted(there),
        "missing_counties": sorted(set(counties or ()) - there),
        "counts": counts,
        "not_modelled": "directions, speed limits, surfaces and turn restrictions are not in the files",
    }
