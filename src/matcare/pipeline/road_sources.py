"""What a user means by a source of roads: a file, a folder, a state's street files, a place's name."""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from platformdirs import user_cache_path

from matcare.errors import InputError
from matcare.geo import canonical_state
from matcare.sources.tiger import download_tiger
from matcare.travel.graph import RoadGraph
from matcare.travel.joining import join_graphs
from matcare.travel.readers.dimacs import read_dimacs
from matcare.travel.readers.line_layer import read_line_layer
from matcare.travel.readers.osm_pbf import read_osm_pbf
from matcare.travel.readers.osmnx_graphs import read_graphml, read_osm_xml, read_place
from matcare.travel.readers.tiger import read_tiger, tiger_counties
from matcare.travel.road_files import file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matcare.tables.snapshot import Snapshot

__all__ = [
    "EMBEDDED",
    "ROADS_SUFFIX",
    "RoadSource",
    "embedded_graph",
    "joined_to_highways",
    "reader_options",
    "road_source",
]

ROADS_SUFFIX: Final = ".roads"

EMBEDDED: Final = {
    "source": "signed highways of the United States, compiled from Travel Mapping's highway data (embedded)",
    "licence": "facts; no licence is stated by Travel Mapping",
}

CELLS_ACROSS: Final = 300
LEAST_DEGREES: Final = 0.001
HULL_RATIO: Final = 0.2
HULL_MARGIN_KM: Final = 0.3
"""An extract's roads end a little inside the hull of their nodes: highways are cut this far inside."""

NEARBY_DEGREES: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class RoadSource:
    """Where roads come from, before they are read.

    Attributes
    ----------
    text : str
        As the user named it.
    sha256 : str
        Of the files and options, or of the question where the answer is downloaded.
    read : callable
        Reads the graph.
    whole_area : bool
        All roads of an area are there: the national highways around it are joined unless the user says otherwise.
    counties : tuple of str
        Codes of the counties that the area is made of, where they are known.
    """

    text: str
    sha256: str
    read: Callable[[], RoadGraph]
    whole_area: bool = False
    counties: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The source without the folders of the machine that it was found on."""
        return self.text if ":" in self.text or not Path(self.text).exists() else Path(self.text).resolve().name


def embedded_graph(snapshot: Snapshot) -> RoadGraph:
    """Return the embedded highways as a graph."""
    return RoadGraph.from_frames(snapshot.road_nodes, snapshot.road_edges, about=EMBEDDED)


def road_source(text: str, snapshot: Snapshot, **options: Any) -> RoadSource:
    """Tell what a user means by a source of roads.

    Parameters
    ----------
    text : str
        ``embedded``; ``tiger:ND``, or a folder with ``tl_*_roads.zip``; ``place:"Bangor, Maine"``; a file that ends in
        ``.osm.pbf``, ``.osm``, ``.xml`` (these two also packed as ``.gz`` or ``.bz2``), ``.graphml``, ``.gr`` or
        ``.gr.gz``; or any file of lines that GDAL reads.
    snapshot : Snapshot
        The data tables: they name a state's counties.
    **options
        For the reader; texts are taken for what the reader's parameter is (``"true"``, ``"2.5"``).

    Returns
    -------
    RoadSource

    Raises
    ------
    InputError
        When there is no such file or state, or the reader knows no such option or value.
    DownloadError
        When a state's street files cannot be downloaded.
    """
    kind, _, what = text.partition(":")
    if text == "embedded":
        return RoadSource(text=text, sha256=_digest(text, _highways(snapshot)), read=lambda: embedded_graph(snapshot))
    if kind == "place":
        name = what.strip().strip("\"'")
        if not name:
            raise InputError('place: names no place; give one such as place:"Bangor, Maine"')
        asked = reader_options(read_place, options)
        month = f"{dt.date.today():%Y-%m}"  # noqa: DTZ011 - a place that was kept is asked for again next month
        sha256 = _digest(text, month, asked, _highways(snapshot))
        return RoadSource(
            text=text, sha256=sha256, read=lambda: read_place(name, cache_folder=_answers(month), **asked),
            whole_area=True,
        )  # fmt: skip
    if kind == "tiger":
        return _tiger(text, _downloaded(what, snapshot), options, snapshot)
    path = Path(text)
    if path.is_dir() and path.suffix.lower() != ".gdb":
        return _tiger(text, path, options, snapshot)
    if not path.exists():
        raise InputError(f'{path}: no such file or folder; roads come from a file, tiger:ND or place:"Bangor, Maine"')
    if path.suffix.lower() == ROADS_SUFFIX:
        raise InputError(f"{path}: made ready already; give it to --roads, or build again from its source")
    for suffixes, (reader, whole_area) in _READERS.items():
        if path.name.lower().endswith(suffixes):
            return _file(text, path, reader, options, snapshot, whole_area=whole_area)
    return _file(text, path, read_line_layer, options, snapshot)


_READERS: Final[dict[tuple[str, ...], tuple[Callable[..., RoadGraph], bool]]] = {
    (".pbf",): (read_osm_pbf, True),
    (".osm", ".osm.gz", ".osm.bz2", ".xml", ".xml.gz", ".xml.bz2"): (read_osm_xml, True),
    (".graphml",): (read_graphml, True),
    (".gr", ".gr.gz"): (read_dimacs, False),
}


def _file(
    text: str,
    path: Path,
    reader: Callable[..., RoadGraph],
    options: dict[str, Any],
    snapshot: Snapshot,
    *,
    whole_area: bool = False,
) -> RoadSource:
    asked = reader_options(reader, options)
    sha256 = _digest(file_sha256(*_parts(path)), asked, _highways(snapshot))
    return RoadSource(text=text, sha256=sha256, read=lambda: reader(path, **asked), whole_area=whole_area)


def _parts(path: Path) -> list[Path]:
    """Files that a source of several is made of: a folder's, a shapefile's, a DIMACS graph's coordinates."""
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if part.is_file())
    beside = {".shp": f"{path.stem}.*", ".gr": "*.co*", ".gz": "*.co*"}.get(path.suffix.lower())
    more = path.parent.glob(beside) if beside else iter(())
    return [path, *sorted(part for part in more if part != path and part.is_file())]


def _highways(snapshot: Snapshot) -> list[str | None]:
    """Content of the tables that the highways around an area and its border come from."""
    return [snapshot.hashes.get(name) for name in ("road_nodes", "road_edges", "counties")]


def reader_options(reader: Callable[..., RoadGraph], options: Mapping[str, Any]) -> dict[str, Any]:
    """Take options for what a reader's parameters are, and refuse what it does not know.

    Parameters
    ----------
    reader : callable
        Its keyword-only parameters are its options.
    options : mapping
        Texts, as the command line has them, or the values themselves.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        When there is no such option, or a text is not what the option takes.

    Examples
    --------
    >>> reader_options(read_line_layer, {"snap_metres": "2", "class_column": "2020"})
    {'snap_metres': 2.0, 'class_column': '2020'}
    """
    known = {
        name: str(parameter.annotation)
        for name, parameter in inspect.signature(reader).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    for key in options:
        if key not in known:
            raise InputError(f"--option {key}: these roads are read with {', '.join(known) or 'no options'}")
    return {key: _value(key, known[key], value) if isinstance(value, str) else value for key, value in options.items()}


def _value(key: str, kind: str, text: str) -> Any:
    """Take a text for what a parameter of this annotation holds."""
    allowed = re.findall(r"['\"]([^'\"]+)['\"]", kind) if kind.startswith("Literal") else []
    if allowed and text not in allowed:
        raise InputError(f"--option {key}={text}: one of {', '.join(allowed)}")
    if kind == "bool":
        if text.lower() not in _TRUTH:
            raise InputError(f"--option {key}={text}: true or false")
        return _TRUTH[text.lower()]
    if kind.startswith(("float", "int")):
        try:
            return int(text) if kind.startswith("int") else float(text)
        except ValueError as error:
            raise InputError(f"--option {key}={text}: a number is needed") from error
    return tuple(text.split(",")) if kind.startswith("Sequence") else text


_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _tiger(text: str, folder: Path, options: dict[str, Any], snapshot: Snapshot) -> RoadSource:
    asked = reader_options(read_tiger, options)
    files = tiger_counties(folder)
    states = {fips[:2] for fips in files}
    expected = [fips for fips in snapshot.counties["county_fips"] if fips[:2] in states]
    return RoadSource(
        text=text, sha256=_digest(file_sha256(*files.values()), asked, _highways(snapshot)),
        read=lambda: read_tiger(list(files.values()), **{"counties": expected, **asked}),
        whole_area=True, counties=tuple(files),
    )  # fmt: skip


def _answers(month: str) -> Path | None:
    """Make the folder where this month's answers of the map servers are kept; None where there can be none."""
    folder = user_cache_path("matcare", appauthor=False) / "openstreetmap" / month
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def _downloaded(state: str, snapshot: Snapshot) -> Path:
    """Download a state's street files into the cache folder; those that are there stay."""
    postal = canonical_state(state.strip())
    counties = snapshot.counties["county_fips"][snapshot.counties["state"] == postal]
    folder = user_cache_path("matcare", appauthor=False) / "tiger" / postal.lower()
    download_tiger(sorted(counties), to=folder)
    return folder


def joined_to_highways(graph: RoadGraph, source: RoadSource, snapshot: Snapshot) -> RoadGraph:
    """Put the national highways around an area's roads, so that care beyond its border still counts.

    Parameters
    ----------
    graph : RoadGraph
        All roads of an area.
    source : RoadSource
        Where they come from; its counties make the area where it names some, else the ground that the roads cover.
    snapshot : Snapshot
        The data tables.

    Returns
    -------
    RoadGraph
        `graph` itself where no highway is near, as in another country.
    """
    highways = embedded_graph(snapshot)
    south, west, north, east = graph.lat.min(), graph.lon.min(), graph.lat.max(), graph.lon.max()
    near = (highways.lat > south - NEARBY_DEGREES) & (highways.lat < north + NEARBY_DEGREES)
    near &= (highways.lon > west - NEARBY_DEGREES) & (highways.lon < east + NEARBY_DEGREES)
    if not near.any():
        return graph
    known = snapshot.counties["county_fips"].isin(source.counties).to_numpy()
    if known.any():
        area = shapely.union_all(snapshot.counties.geometry.to_numpy()[known])
        assert isinstance(area, shapely.Polygon | shapely.MultiPolygon)
        return join_graphs(graph, highways, area=area)
    return join_graphs(graph, highways, area=covered_area(graph), margin_km=HULL_MARGIN_KM)


def covered_area(graph: RoadGraph) -> shapely.Polygon | shapely.MultiPolygon:
    """Ground that a graph's roads cover, in degrees: a hull that follows the outline of the largest part's nodes."""
    places = np.stack([graph.lon, graph.lat], 1)[graph.component == 0]
    side = max(float(np.ptp(places, axis=0).max()) / CELLS_ACROSS, LEAST_DEGREES)
    cells = np.unique(np.floor(places / side).astype(np.int64), axis=0)
    hull = shapely.concave_hull(shapely.multipoints((cells + 0.5) * side), ratio=HULL_RATIO)
    ground = hull if isinstance(hull, shapely.Polygon) else shapely.buffer(hull, LEAST_DEGREES)
    assert isinstance(ground, shapely.Polygon | shapely.MultiPolygon)
    return ground


def _digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
