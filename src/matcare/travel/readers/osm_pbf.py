"""OpenStreetMap extracts (``.osm.pbf``, also ``.osm``, ``.osm.gz``, ``.osm.bz2``) by pyosmium.

The way to put a state on its streets: extracts are at download.geofabrik.de. The file is read once; what Python sees
are its roads, barriers and turn restrictions, the rest stays in pyosmium.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matcare.errors import InputError
from matcare.travel.readers.osm_roads import Readings, graph_of_ways
from matcare.travel.readers.osm_tags import NODE_KEYS, node_blocks

if TYPE_CHECKING:
    from matcare.travel.graph import RoadGraph

__all__ = ["read_osm_pbf"]

_WKB_HEAD = 9
_NO_PLACE = b"\x00\x00\x00\x00\x00\x00\xf8\x7f" * 2
_FEWEST = 2


def read_osm_pbf(path: str | Path, *, tracks: bool = False, private: bool = False) -> RoadGraph:
    """Read the roads of an OpenStreetMap extract.

    Parameters
    ----------
    path : str or Path
        The file; its suffix tells pyosmium the format.
    tracks : bool
        Take farm and forest tracks too.
    private : bool
        Take private roads and gates too, as if they were open to everyone.

    Returns
    -------
    RoadGraph
        Classes are the values of ``highway``, and ``ferry``. What was left out or not modelled is counted in `about`.

    Raises
    ------
    InputError
        When the file is missing, broken off or not OpenStreetMap's, or holds no road; when pyosmium is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; extracts of OpenStreetMap are at https://download.geofabrik.de")
    try:
        import osmium  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise InputError(f"{path}: reading it needs pyosmium; install it with: pip install 'matcare[osm]'") from error
    ways = _Ways(readings=Readings(tracks=tracks, private=private), private=private)
    try:
        vintage = _vintage(osmium, path)
        _collect(osmium, path, ways)
    except (RuntimeError, OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: not a whole OpenStreetMap file ({why}); download it again, and compare its size or checksum"
        ) from error
    coordinates = np.frombuffer(ways.places, dtype="<f8").reshape(-1, 2)
    counts = ways.readings.counts() + ways.counts
    keys = np.frombuffer(ways.keys, dtype=np.int64)
    blocked = np.array(sorted(ways.blocked), dtype=np.int64)
    counts["barriers_that_close_roads"] = int(np.isin(blocked, keys).sum())
    return graph_of_ways(
        np.concatenate([[0], np.cumsum(np.frombuffer(ways.sizes, dtype=np.int64))]),
        keys,
        coordinates[:, 1],
        coordinates[:, 0],
        way_reading=np.frombuffer(ways.reading, dtype=np.int64),
        readings=ways.readings.readings,
        blocked=blocked,
        counts=counts,
        source=path.name,
        vintage=vintage,
    )


@dataclass(kw_only=True)
class _Ways:
    """The roads of a file as they come, in growing arrays."""

    readings: Readings
    private: bool
    keys: array[int] = field(default_factory=lambda: array("q"))
    places: bytearray = field(default_factory=bytearray)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    reading: array[int] = field(default_factory=lambda: array("q"))
    blocked: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def _collect(osmium: Any, path: Path, ways: _Ways) -> None:
    """Read the file from its beginning to its end."""
    kind, only = osmium.osm, osmium.filter
    processor = (
        osmium.FileProcessor(_file(osmium, path))
        .with_locations()
        .with_filter(only.KeyFilter("highway", "route").enable_for(kind.WAY))
        .with_filter(only.KeyFilter("barrier").enable_for(kind.NODE))
        .with_filter(only.TagFilter(("type", "restriction")).enable_for(kind.RELATION))
    )
    lines = osmium.geom.WKBFactory()
    along = (osmium.geom.ALL, osmium.geom.FORWARD)
    of, extend, size, reading = ways.readings.of, ways.keys.extend, ways.sizes.append, ways.reading.append
    for entry in processor:
        if entry.is_way():
            number = of(entry.tags.get)
            if number < 0:
                continue
            nodes = entry.nodes
            if len(nodes) < _FEWEST:
                ways.counts["ways_of_fewer_than_two_nodes_left_out"] += 1
                continue
            extend([node.ref for node in nodes])
            size(len(nodes))
            reading(number)
            try:
                ways.places += bytes.fromhex(lines.create_linestring(entry, *along))[_WKB_HEAD:]
            except osmium.InvalidLocationError:  # a node's place is not in the file
                ways.places += _known_places(nodes)
        elif entry.is_node():
            tags = {key: value for key in NODE_KEYS if (value := entry.tags.get(key))}
            if node_blocks(tags, private=ways.private):
                ways.blocked.add(entry.id)
        elif entry.is_relation():
            ways.counts["turn_restrictions_not_modelled"] += 1


def _known_places(nodes: Any) -> bytes:
    """Pack the places of a way's nodes, as WKB does, with NaN where they are not known."""
    return b"".join(
        np.array([node.lon, node.lat], dtype="<f8").tobytes() if node.location.valid() else _NO_PLACE for node in nodes
    )


def _vintage(osmium: Any, path: Path) -> str:
    header = osmium.FileProcessor(_file(osmium, path)).header
    stated = header.get("osmosis_replication_timestamp", "") or header.get("timestamp", "")
    return str(stated) or "not stated in the file"


def _file(osmium: Any, path: Path) -> Any:
    """Tell pyosmium the format where the suffix does not."""
    plain = path.name.removesuffix(".gz").removesuffix(".bz2")
    packed = path.name.removeprefix(plain)
    return osmium.io.File(str(path), f"osm{packed}" if plain.endswith(".xml") else "")
