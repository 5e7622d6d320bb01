"""Roads from any source, made ready for searches and kept, and opened again."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from platformdirs import user_cache_path

from matcare.errors import InputError, OutputError
from matcare.pipeline.report import SILENT
from matcare.pipeline.road_sources import EMBEDDED, ROADS_SUFFIX, embedded_graph, joined_to_highways, road_source
from matcare.publish.folder import OutputFolder
from matcare.travel.density import PopulationDensity
from matcare.travel.hierarchy import NO_WAY
from matcare.travel.profile_files import load_profile
from matcare.travel.road_files import FORMAT, read_roads, roads_header, source_in_words, write_roads
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import unnamed_classes
from matcare.travel.water import Land

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matcare.pipeline.report import Report
    from matcare.tables.snapshot import Snapshot
    from matcare.travel.graph import RoadGraph
    from matcare.travel.snapping import SnappedPoints

__all__ = ["OpenedRoads", "build_network", "build_roads", "describe_roads", "open_network"]

_PLACES_SHOWN: Final = 5

USUAL_PROFILE: Final = "typical"


@dataclass(frozen=True, kw_only=True)
class OpenedRoads:
    """What is to be said of the roads of a run.

    Attributes
    ----------
    about : mapping
        Source, licence, vintage and what is not modelled; for ``run.json``.
    notes : tuple of str
        What the reader of a run should not miss.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def with_access(self, network: RoadNetwork, **points: SnappedPoints) -> dict[str, Any]:
        """Add how far points lie from the roads, and which gaps between roads were bridged."""
        gaps = network.graph.gaps.round({"lat": 5, "lon": 5, "to_lat": 5, "to_lon": 5, "km": 3})
        columns = ["lat", "lon", "to_lat", "to_lon", "km"]
        return {
            **self.about,
            "access": {name: some.access() for name, some in points.items()},
            "bridged_gaps": [dict(zip(columns, row, strict=True)) for row in gaps[columns].to_numpy().tolist()],
        }


def density_of(snapshot: Snapshot, kernel_km: float) -> PopulationDensity:
    """Spread the people of the whole country."""
    demand = snapshot.demand
    places = (demand[column].to_numpy() for column in ("lat", "lon", "people"))
    return PopulationDensity.from_points(*places, kernel_km=kernel_km)


def build_network(snapshot: Snapshot, profile: str, graph: RoadGraph | None = None) -> RoadNetwork:
    """Put roads, the density of people, the speeds and the coast together.

    Parameters
    ----------
    snapshot : Snapshot
        The data tables. Density and coast are always those of the whole country.
    profile : str
        Name of a speed profile, or the path of a TOML file.
    graph : RoadGraph, optional
        The roads; the embedded highways without it.

    Returns
    -------
    RoadNetwork
    """
    speeds = load_profile(profile)
    land = Land.from_polygons(snapshot.counties.geometry.to_numpy())
    return RoadNetwork(graph or embedded_graph(snapshot), speeds, density_of(snapshot, speeds.density_kernel_km), land)


def open_network(
    snapshot: Snapshot, *, profile: str = "typical", roads: str | None = None, report: Report | None = None
) -> tuple[RoadNetwork, OpenedRoads]:
    """Open roads for a run.

    Parameters
    ----------
    snapshot : Snapshot
        The data tables.
    profile : str
        Name of a speed profile, or the path of a TOML file.
    roads : str, optional
        A file made by :func:`build_roads`, or anything that it can make one of; that is then made once and kept in the
        user's cache folder, by the content of its source. The embedded highways without it.
    report : Report, optional
        Told of each step.

    Returns
    -------
    network : RoadNetwork
    opened : OpenedRoads
        What is to be said of the roads.

    Raises
    ------
    InputError
        When the roads or the profile are not usable.
    """
    report = report or SILENT
    if roads is None:
        with report.step("road network and speeds"):
            network = build_network(snapshot, profile)
        return network, OpenedRoads(about=EMBEDDED, notes=_of_profile(network))
    path, sha256 = Path(roads), None
    if path.suffix.lower() != ROADS_SUFFIX:
        path, sha256 = _kept(roads, snapshot, profile, report)
    with report.step(f"roads of {path.name} and speeds"):
        kept = read_roads(path, source_sha256=sha256)
        speeds = load_profile(profile)
        land = Land.from_polygons(snapshot.counties.geometry.to_numpy())
        network = kept.network(speeds, density_of(snapshot, speeds.density_kernel_km), land)
    header = kept.header
    about = {"file": path.name} if sha256 is None else {}
    about |= {"made_from": header["source"], **{key: header[key] for key in ("source_sha256", "options", "built")}}
    about |= {key: value for key, value in header["about"].items() if key != "places_without_node"}
    return network, OpenedRoads(about=about, notes=(f"roads: {source_in_words(about)}", *_of_profile(network)))


def _of_profile(network: RoadNetwork) -> tuple[str, ...]:
    """Say which profile is in force where it is not the usual one, what it closes, and what it did not find."""
    said = [] if network.profile.name == USUAL_PROFILE else [f"speed profile: {network.profile.name}"]
    graph = network.graph
    closed = (graph.oneway >= 0) & (network.forward >= NO_WAY) | (graph.oneway <= 0) & (network.backward >= NO_WAY)
    if closed.any():
        said.append(
            f"speed profile {network.profile.name} closes {int(closed.sum()):,} stretches of road, "
            f"{graph.km[closed].sum():,.1f} km"
        )
    return (*said, *network.notes)


def _kept(roads: str, snapshot: Snapshot, profile: str, report: Report) -> tuple[Path, str]:
    """Find the roads of a source in the cache folder, or make them there."""
    source = road_source(roads, snapshot)
    folder = user_cache_path("matcare", appauthor=False) / "roads"
    path = folder / f"{source.sha256[:20]}-{FORMAT}{ROADS_SUFFIX}"
    try:
        roads_header(path)
    except InputError:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be made ({error.strerror or error}); use `matcare roads build`"
            ) from error
        for line in build_roads(roads, out=path, snapshot=snapshot, profile=profile, report=report):
            report.note(line)
    return path, source.sha256


def build_roads(
    source: str,
    *,
    out: Path,
    snapshot: Snapshot,
    profile: str = "typical",
    join: bool | None = None,
    options: Mapping[str, Any] | None = None,
    report: Report | None = None,
) -> Sequence[str]:
    """Read roads, make them ready for searches and write them to a file.

    Parameters
    ----------
    source : str
        See :func:`matcare.pipeline.road_sources.road_source`.
    out : pathlib.Path
        Ends in ``.roads``.
    snapshot : Snapshot
        The data tables: people, coast, counties, and the highways around.
    profile : str
        Its milliseconds are kept in the file; another profile can be put on the same roads later.
    join : bool, optional
        Put the national highways around the roads; by default around the sources that hold all roads of an area.
    options : mapping, optional
        For the reader.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was made, a line each.

    Raises
    ------
    InputError
        When the source or an option is not usable.
    DownloadError
        When it has to be downloaded and cannot be.
    OutputError
        When `out` cannot be written.
    """
    report = report or SILENT
    if out.suffix.lower() != ROADS_SUFFIX:
        raise InputError(f"--out {out.name}: give a name that ends in {ROADS_SUFFIX}")
    load_profile(profile)  # a mistake in it is told before the work
    start = time.perf_counter()
    with OutputFolder(out.parent) as folder:
        with report.step(f"roads of {source}"):
            what = road_source(source, snapshot, **(options or {}))
            graph = what.read()
        if what.whole_area if join is None else join:
            with report.step("highways around them"):
                graph = joined_to_highways(graph, what, snapshot)
        counties = snapshot.counties
        graph = graph.with_states(counties.geometry.to_numpy(), counties["state"].tolist(), unknown_only=True)
        with report.step("speeds and water"):
            network = build_network(snapshot, profile, graph)
        with report.step("contraction hierarchy"):
            network.metric  # noqa: B018 - made at its first use
        header = {
            "source": what.label, "source_sha256": what.sha256, "options": dict(options or {}),
            "built": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "order": network.hierarchy.order_method,
            "seconds": round(time.perf_counter() - start, 1),
            "unnamed_classes": unnamed_classes(graph, network.profile), "notes": list(network.notes),
        }  # fmt: skip
        with report.step("file"):
            write_roads(folder.staging / out.name, network, header)
    for note in network.notes:
        report.note(note)
    return describe_roads(out)


def describe_roads(path: Path) -> Sequence[str]:
    """Say what a roads file holds, a line each.

    Raises
    ------
    InputError
        When it is not a roads file of this form.
    """
    kept = read_roads(path)
    graph, header, about = kept.graph, kept.header, kept.header["about"]
    size = np.bincount(graph.component)
    nodes, edges = len(graph.lat), len(graph.u)
    largest = _share(size.max(initial=0), size.sum())
    limits, chords = _share(np.isfinite(graph.limit_km_per_h).sum(), edges), _share(graph.chord.sum(), edges)
    km = np.bincount(graph.road_class, weights=graph.km, minlength=len(graph.class_names))
    classes = Counter(dict(zip(graph.class_names, km.tolist(), strict=True))).most_common()
    lines = [
        f"{path}: {path.stat().st_size / 1e6:.1f} MB, built {header['built']} in {header['seconds']:g} s",
        f"from {header['source']} with profile {header['profile']}",
        f"source and licence: {source_in_words(about)}; vintage {about.get('vintage', 'not stated')}",
        f"{nodes:,} nodes, {edges:,} edges, {graph.km.sum():,.0f} km; with shapes {graph.km[~graph.chord].sum():,.0f}",
        f"{len(kept.chains):,} chains between {len(kept.chains.core):,} junctions and ends; order by {header['order']}",
        f"{len(size):,} strongly connected parts, the largest with {largest} of the nodes",
        f"one-way {_share((graph.oneway != 0).sum(), edges)} of the edges, posted limit {limits}, chords {chords}",
        f"bridged gaps: {len(graph.gaps):,}",
        "km by class: " + ", ".join(f"{name} {amount:,.0f}" for name, amount in classes if amount),
    ]
    if header["unnamed_classes"]:
        counted = ", ".join(f"{name} ({number:,} edges)" for name, number in header["unnamed_classes"].items())
        lines.append(f"the profile names no speed for {counted}: its `other` speed is used")
    for name, count in {**about.get("counts", {}), **about.get("joints", {})}.items():
        if isinstance(count, int | float) and count:
            lines.append(f"{name.replace('_', ' ')}: {count:,.6g}")
    if places := about.get("places_without_node"):
        shown = ", ".join(
            f"{place['lat']:.5f} {place['lon']:.5f} ({place['kind']})" for place in places[:_PLACES_SHOWN]
        )
        lines.append(f"lines meet without a node at {shown}{' …' if len(places) > _PLACES_SHOWN else ''}")
    if about.get("missing_counties"):
        missing = about["missing_counties"]
        lines.append(f"missing: the roads of {len(missing)} of the states' counties, such as {', '.join(missing[:5])}")
    if about.get("not_modelled"):
        lines.append(f"not modelled: {about['not_modelled']}")
    return lines


def _share(part: Any, whole: Any) -> str:
    return f"{100 * float(part) / max(float(whole), 1):.1f} %"
