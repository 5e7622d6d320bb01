"""OpenStreetMap's ways, once their tags are read, as a road graph; the same for every reader of such data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.graph import RoadGraph
from matcare.travel.ragged import ragged_rows
from matcare.travel.readers.osm_tags import WAY_KEYS, WayReading, read_way
from matcare.travel.readers.stretches import Stretches, cut_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["LICENCE", "Readings", "graph_of_ways"]

LICENCE: Final = "Open Database License 1.0; © OpenStreetMap contributors"

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(kw_only=True)
class Readings:
    """Readings of ways, each combination of tags read once.

    Attributes
    ----------
    tracks, private : bool
        As for `matcare.travel.readers.osm_tags.read_way`.
    readings : list of WayReading
        The different readings.
    ways : list of int
        How many ways have each reading.
    """

    tracks: bool = False
    private: bool = False
    readings: list[WayReading] = field(default_factory=list)
    ways: list[int] = field(default_factory=list)
    _known: dict[tuple[str | None, ...], int] = field(default_factory=dict)

    def of(self, get: Callable[[str], str | None]) -> int:
        """Read a way's tags.

        Parameters
        ----------
        get : callable
            Gives the value of a key, or None.

        Returns
        -------
        int
            Position in `readings`; −1 when the way is left out.
        """
        values = tuple(map(get, WAY_KEYS))
        number = self._known.get(values, -1)
        if number < 0:
            tags = {key: value for key, value in zip(WAY_KEYS, values, strict=True) if value}
            self.readings.append(read_way(tags, tracks=self.tracks, private=self.private))
            self.ways.append(0)
            number = self._known[values] = len(self.readings) - 1
        self.ways[number] += 1
        return number if self.readings[number].road_class else -1

    def counts(self) -> Counter[str]:
        """Count the ways that each note stands on."""
        counts: Counter[str] = Counter()
        for reading, ways in zip(self.readings, self.ways, strict=True):
            for note in reading.notes:
                counts[note] += ways
        return counts


def graph_of_ways(
    way_first: npt.ArrayLike,
    keys: npt.ArrayLike,
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    *,
    way_reading: npt.ArrayLike,
    readings: Sequence[WayReading],
    blocked: npt.ArrayLike = (),
    counts: Counter[str] | None = None,
    source: str,
    vintage: str,
) -> RoadGraph:
    """Build the graph of ways whose tags are read.

    Parameters
    ----------
    way_first, keys, lat, lon
        As for `matcare.travel.readers.stretches.cut_ways`.
    way_reading : array_like of int, shape (ways,)
        Position of each way's reading.
    readings : sequence of WayReading
        What the ways are.
    blocked : array_like of int
        Keys of the vertices that a car cannot pass.
    counts : Counter, optional
        What was left out so far; completed here.
    source, vintage : str
        For the graph's `about`.

    Returns
    -------
    RoadGraph

    Raises
    ------
    InputError
        When there is no road for cars, or no coordinate of one.
    """
    tally = Counter(counts or {})
    which = np.asarray(way_reading, dtype=np.int64)
    if not len(which):
        raise InputError(f"{source}: no road for cars in it; is it the right place, and were its roads kept?")
    cut = cut_ways(way_first, keys, lat, lon, blocked=blocked)
    if not len(cut.u):
        raise InputError(
            f"{source}: roads, but no coordinates of their nodes; make the extract with complete ways, nodes first"
        )
    tally["ways_with_missing_nodes"] += len(cut.broken_ways)
    names = sorted({reading.road_class for reading in readings if reading.road_class})
    reading = which[cut.way]
    forward = _of(readings, "forward")[reading] > 0
    backward = _of(readings, "backward")[reading] > 0
    limit_forward, limit_backward = _of(readings, "limit_forward")[reading], _of(readings, "limit_backward")[reading]
    same = (limit_forward == limit_backward) | (np.isnan(limit_forward) & np.isnan(limit_backward))
    two = np.flatnonzero(forward & backward & ~same)
    rows = np.concatenate([np.arange(len(cut.u)), two])
    oneway = np.concatenate([np.where(forward & backward, 0, np.where(forward, 1, -1)), np.full(len(two), -1)])
    oneway[two] = 1
    limit = np.concatenate([np.where(forward, limit_forward, limit_backward), limit_backward[two]])
    first, bend = ragged_rows(cut.bend_first, rows)
    codes = np.array([names.index(entry.road_class) if entry.road_class else -1 for entry in readings])
    return RoadGraph.from_arrays(
        cut.lat, cut.lon, cut.u[rows], cut.v[rows], codes[reading][rows], names, oneway=oneway, limit_km_per_h=limit,
        fixed_minutes=_fixed_minutes(cut, _of(readings, "minutes")[reading], tally)[rows],
        bends=(first, cut.bend_lat[bend], cut.bend_lon[bend]),
        about={
            "source": source, "licence": LICENCE, "vintage": vintage,
            "counts": {name: int(count) for name, count in sorted(tally.items()) if count},
        },
    )  # fmt: skip


def _of(readings: Sequence[WayReading], name: str) -> F64:
    return np.array([getattr(reading, name) for reading in readings], dtype=np.float64)


def _fixed_minutes(cut: Stretches, minutes: F64, tally: Counter[str]) -> F64:
    """Share a ferry's duration among the stretches of its way by length; not where a piece of the way is missing."""
    fixed = np.full(len(minutes), np.nan)
    timed = np.flatnonzero(~np.isnan(minutes))
    whole = ~np.isin(cut.way[timed], cut.broken_ways)
    tally["ferry_durations_not_used_since_nodes_are_missing"] += len(np.unique(cut.way[timed[~whole]]))
    timed = timed[whole]
    km = np.array([_km(cut, stretch) for stretch in timed.tolist()])
    total = np.bincount(cut.way[timed], weights=km, minlength=1)[cut.way[timed]] if len(timed) else km
    shared = np.divide(km, total, out=np.ones(len(km)), where=total > 0)
    fixed[timed] = minutes[timed] * shared
    return fixed


def _km(cut: Stretches, stretch: int) -> float:
    bends = slice(int(cut.bend_first[stretch]), int(cut.bend_first[stretch + 1]))
    ends = cut.u[stretch], cut.v[stretch]
    lat = np.concatenate([[cut.lat[ends[0]]], cut.bend_lat[bends], [cut.lat[ends[1]]]])
    lon = np.concatenate([[cut.lon[ends[0]]], cut.bend_lon[bends], [cut.lon[ends[1]]]])
    return float(great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())
