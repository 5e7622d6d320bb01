"""OSMnx's graphs: a place or polygon from OpenStreetMap's servers, a GraphML file, an ``.osm`` XML file.

Tags mean the same as in an extract (`matcare.travel.readers.osm_tags`). Where OSMnx has already decided directions, in
a GraphML file saved from its ordinary graphs, the graph's own edges say where one may drive.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from pyproj import CRS
from pyproj.exceptions import CRSError

from matcare.errors import InputError
from matcare.sources.overpass import RoadQuery, download_place, download_polygon, osmnx_settings
from matcare.travel.readers.osm_pbf import read_osm_pbf
from matcare.travel.readers.osm_roads import Readings, graph_of_ways
from matcare.travel.readers.osm_tags import ACCESS_KEYS, NODE_KEYS, NOT_ROADS, WAY_KEYS, kind_of_access, node_blocks
from matcare.travel.readers.osm_values import speed_km_per_h
from matcare.travel.readers.osm_xml import look_through

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapely.geometry.base import BaseGeometry

    from matcare.travel.graph import RoadGraph

__all__ = ["ROADS_FOR_CARS", "read_graphml", "read_osm_xml", "read_place", "read_polygon", "roads_of_osmnx"]

ROADS_FOR_CARS: Final = RoadQuery(
    way_filters=(f'["highway"]["area"!~"yes"]["highway"!~"^({"|".join(sorted(NOT_ROADS))})$"]', '["route"="ferry"]'),
    way_keys=WAY_KEYS,
    node_keys=NODE_KEYS,
)
"""What is asked of Overpass; the tags decide the rest."""

Edge = tuple[Any, Any, dict[str, Any]]

TURNED = {"-1", "reverse"}
"""Values of ``oneway`` for which OSMnx turns a way's nodes round."""


def read_place(place: str, *, tracks: bool = False, private: bool = False, **options: Any) -> RoadGraph:
    """Read the roads inside the boundary of a place from OpenStreetMap's servers.

    Parameters
    ----------
    place : str
        Name of a place with a boundary, such as ``"Bangor, Maine"``.
    tracks, private : bool
        As for `matcare.travel.readers.osm_pbf.read_osm_pbf`.
    **options
        ``servers, patience, cache_folder, sleep`` of `matcare.sources.overpass.download_place`.

    Returns
    -------
    RoadGraph
        Turn restrictions are not asked for, so they are not counted.

    Raises
    ------
    InputError
        When there is no such place, no boundary, or no road in it.
    DownloadError
        When the servers cannot be reached or stay busy.
    """
    graph, as_of = download_place(place, ROADS_FOR_CARS, **options)
    return roads_of_osmnx(
        graph,
        source=f"OpenStreetMap, {place}",
        vintage=as_of or "not stated by the server",
        tracks=tracks,
        private=private,
    )


def read_polygon(polygon: BaseGeometry, *, tracks: bool = False, private: bool = False, **options: Any) -> RoadGraph:
    """Read the roads inside a polygon from OpenStreetMap's servers.

    Parameters
    ----------
    polygon : shapely.Polygon or shapely.MultiPolygon
        Degrees (EPSG:4326).
    tracks, private, **options
        As for `read_place`.

    Returns
    -------
    RoadGraph

    Raises
    ------
    InputError
        When the polygon is empty, not valid or not in degrees, or there is no road in it.
    DownloadError
        When the server cannot be reached or stays busy.
    """
    graph, as_of = download_polygon(polygon, ROADS_FOR_CARS, **options)
    return roads_of_osmnx(
        graph,
        source="OpenStreetMap, a polygon",
        vintage=as_of or "not stated by the server",
        tracks=tracks,
        private=private,
    )


def read_osm_xml(path: str | Path, *, tracks: bool = False, private: bool = False) -> RoadGraph:
    """Read the roads of an OpenStreetMap XML file by OSMnx.

    Parameters
    ----------
    path : str or Path
        ``.osm`` or ``.xml``, also packed as ``.gz`` or ``.bz2``.
    tracks, private : bool
        As for `matcare.travel.readers.osm_pbf.read_osm_pbf`.

    Returns
    -------
    RoadGraph
        A file that names nodes it does not hold, which OSMnx refuses, is read by pyosmium.

    Raises
    ------
    InputError
        When the file is missing, broken off, not OpenStreetMap's, declares entities, or holds no road.
    """
    path = Path(path)
    found = look_through(path, "osm")
    if found["missing_nodes"]:
        return read_osm_pbf(path, tracks=tracks, private=private)
    with osmnx_settings(
        all_oneway=True,
        useful_tags_way=list(WAY_KEYS),
        useful_tags_node=list(NODE_KEYS),
        bidirectional_network_types=[],
    ) as osmnx:
        try:
            graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: OSMnx finds no roads in it ({_brief(error)}); is it the right file?") from error
    counts = Counter({"turn_restrictions_not_modelled": found["turn_restrictions"]})
    return roads_of_osmnx(
        graph, source=path.name, vintage="not stated in the file", tracks=tracks, private=private, counts=counts
    )


def read_graphml(path: str | Path, *, tracks: bool = False, private: bool = False) -> RoadGraph:
    """Read a graph that OSMnx saved as GraphML.

    Parameters
    ----------
    path : str or Path
        The file.
    tracks, private : bool
        As for `matcare.travel.readers.osm_pbf.read_osm_pbf`.

    Returns
    -------
    RoadGraph

    Raises
    ------
    InputError
        When the file is missing, broken off, no graph of OSMnx's, declares entities, or holds no road.
    """
    path = Path(path)
    look_through(path, "graphml")
    with osmnx_settings() as osmnx:
        try:
            graph = osmnx.load_graphml(path, edge_dtypes={"oneway": str, "osmid": str}, node_dtypes={"osmid": str})
        except Exception as error:  # whatever a foreign GraphML makes NetworkX raise
            raise InputError(
                f"{path}: not a graph that OSMnx saved ({_brief(error)}); save it by save_graphml"
            ) from error
    return roads_of_osmnx(graph, source=path.name, vintage=str(graph.graph.get("created_date", "")) or
                          "not stated in the file", tracks=tracks, private=private)  # fmt: skip


def roads_of_osmnx(
    graph: Any,
    *,
    source: str,
    vintage: str = "",
    tracks: bool = False,
    private: bool = False,
    counts: Counter[str] | None = None,
) -> RoadGraph:
    """Turn a graph of OSMnx's into a road graph.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        Simplified or not. One that is projected is brought back to degrees by the CRS that it names. Made with
        ``all_oneway=True`` its ``oneway`` is the tag; otherwise its edges say where one may drive, and the two
        directions of a street become one edge.
    source, vintage : str
        For the graph's `about`.
    tracks, private : bool
        As for `matcare.travel.readers.osm_pbf.read_osm_pbf`.
    counts : Counter, optional
        What was left out so far.

    Returns
    -------
    RoadGraph

    Raises
    ------
    InputError
        When a node has no coordinates, they are not degrees and no CRS is named, or there is no road.
    """
    graph = _in_degrees(graph, source)
    nodes = {node: number for number, node in enumerate(graph.nodes)}
    place = _places(graph, source)
    tally = Counter(counts or {})
    readings = Readings(tracks=tracks, private=private)
    tagged = _is_tagged(graph)
    edges = list(graph.edges(data=True)) if tagged else _streets(graph)
    chains = _chains(edges) if not any("geometry" in data for _, _, data in edges) else [[edge] for edge in edges]
    keys: list[int] = []
    bends: list[tuple[float, float]] = []
    sizes, reading = [], []
    for chain in chains:
        tags = _tags(chain[0][2], tagged=tagged, tally=tally)
        number = readings.of(tags.get)
        if number < 0:
            continue
        before = len(keys)
        keys.append(nodes[chain[0][0]])
        for _, head, data in chain:
            for x, y in list(data["geometry"].coords)[1:-1] if "geometry" in data else ():
                keys.append(len(nodes) + len(bends))
                bends.append((y, x))
            keys.append(nodes[head])
        sizes.append(len(keys) - before)
        reading.append(number)
    everywhere = np.concatenate([place, np.array(bends, dtype=np.float64).reshape(-1, 2)])[np.array(keys, np.int64)]
    blocked = [nodes[node] for node, data in graph.nodes(data=True) if node_blocks(_node_tags(data), private=private)]
    tally.update(readings.counts())
    tally["barriers_that_close_roads"] = int(np.isin(blocked, keys).sum())
    return graph_of_ways(
        np.concatenate([[0], np.cumsum(np.array(sizes, dtype=np.int64))]),
        keys,
        everywhere[:, 0],
        everywhere[:, 1],
        way_reading=reading,
        readings=readings.readings,
        blocked=blocked,
        counts=tally,
        source=source,
        vintage=vintage,
    )


def _in_degrees(graph: Any, source: str) -> Any:
    """Bring a projected graph back to degrees, and an undirected one to directions."""
    directed = graph if graph.is_directed() else graph.to_directed()
    crs = directed.graph.get("crs")
    if crs is None:
        return directed
    try:
        system = CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(
            f"{source}: its CRS {str(crs)[:60]!r} is not one that PROJ knows; save it in EPSG:4326"
        ) from error
    if system == CRS.from_epsg(4326):
        return directed
    with osmnx_settings() as osmnx:
        return osmnx.project_graph(directed, to_latlong=True)


def _places(graph: Any, source: str) -> npt.NDArray[np.float64]:
    """Return latitude and longitude of every node, shape (nodes, 2)."""
    nowhere = [node for node, data in graph.nodes(data=True) if not {"x", "y"} <= data.keys()]
    if nowhere:
        raise InputError(f"{source}: node {nowhere[0]} has no x and y; is it a graph of OSMnx's?")
    place = np.array([(data["y"], data["x"]) for _, data in graph.nodes(data=True)], dtype=np.float64).reshape(-1, 2)
    off_earth = ~((np.abs(place[:, 0]) <= 90) & (np.abs(place[:, 1]) <= 180))  # noqa: PLR2004 - degrees
    if off_earth.any():
        node = list(graph.nodes)[int(np.argmax(off_earth))]
        raise InputError(
            f"{source}: the coordinates of node {node} are not degrees; name the graph's CRS, or project it back"
        )
    return place


def _is_tagged(graph: Any) -> bool:
    """Tell whether ``oneway`` is OpenStreetMap's tag; otherwise the edges themselves say where one may drive."""
    values = {str(value) for _, _, value in graph.edges(data="oneway", default="")}
    if values <= {"True", "False"}:
        return False
    return values != {""} or not any(graph.has_edge(v, u) for u, v in graph.edges())


def _streets(graph: Any) -> list[Edge]:
    """Join the two directions of each street into one edge, ``oneway`` set to what the graph shows."""
    streets: list[Edge] = []
    waiting: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for tail, head, data in sorted(graph.edges(data=True), key=lambda edge: edge[2].get("reversed") is True):
        line = tuple(data["geometry"].coords) if "geometry" in data else ()
        sign = (str(data.get("osmid", "")), min(line, line[::-1]))
        if isinstance(data.get("osmid"), list):
            sign = (str(sorted(data["osmid"])), sign[1])
        if partners := waiting[head, tail, *sign]:
            streets[partners.pop()][2]["oneway"] = "no"
            continue
        waiting[tail, head, *sign].append(len(streets))
        streets.append((tail, head, {**data, "oneway": "yes"}))
    return streets


def _chains(edges: list[Edge]) -> Iterator[list[Edge]]:
    """Put the segments of each way in a row again, broken where the way meets itself."""
    ways: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (_, _, data) in enumerate(edges):
        ways[str(data.get("osmid", number)), str(data.get("oneway"))].append(number)
    for way in ways.values():
        leaving, arriving = defaultdict(list), Counter(edges[number][1] for number in way)
        for number in way:
            leaving[edges[number][0]].append(number)
        onward = {node: after[0] for node, after in leaving.items() if len(after) == 1 and arriving[node] == 1}
        left = set(way)
        for start in [*(number for number in way if edges[number][0] not in onward), *way]:  # a ring begins anywhere
            number, chain = start, []
            while number in left:
                left.discard(number)
                chain.append(edges[number])
                number = onward.get(edges[number][1], -1)
            if chain:
                yield chain


def _tags(data: Mapping[str, Any], *, tagged: bool, tally: Counter[str]) -> dict[str, str]:
    """Return an edge's tags as a way would have them."""
    tags: dict[str, str] = {}
    for key in WAY_KEYS:
        value = data.get(key)
        if isinstance(value, list):
            value = _one_of([str(entry) for entry in value], key, tally)
        if value is not None and str(value) not in {"", "nan", "None"}:
            tags[key] = str(value)
    if tagged and tags.get("oneway") in TURNED:
        turned = {key: tags.pop(key) for key in [*tags] if key.endswith((":forward", ":backward"))}
        for key, value in turned.items():
            name, _, direction = key.rpartition(":")
            tags[f"{name}:{'backward' if direction == 'forward' else 'forward'}"] = value
        tags["oneway"] = "yes"
    return tags


def _one_of(values: list[str], key: str, tally: Counter[str]) -> str:
    """Choose one value for an edge that OSMnx merged from several ways: shares of its length are not known."""
    if key == "highway":
        tally["edges_of_several_classes_taken_as_the_first"] += 1
    elif key.startswith("maxspeed"):
        tally["edges_of_several_limits_taken_as_their_mean"] += 1
        limits = [limit for limit in (speed_km_per_h(value)[0] for value in values) if not math.isnan(limit)]
        return f"{sum(limits) / len(limits):.1f}" if limits else ""
    elif key in ACCESS_KEYS:
        return max(values, key=lambda value: ("open", "some", "private", "closed").index(kind_of_access(value)))
    return values[0]


def _node_tags(data: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(data[key]) for key in NODE_KEYS if key in data}


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
