"""Roads made ready and kept: graph, chains and hierarchy in one file, with the milliseconds of one profile.

The file is a cache: it names the content of its source and the version of its own form, and is refused when either is
not what is asked for. The hierarchy depends on the roads alone, so another profile only needs new milliseconds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from matcare import __version__
from matcare.errors import InputError
from matcare.travel.array_files import read_arrays, read_header, write_arrays
from matcare.travel.chains import Chains
from matcare.travel.gaps import no_gaps
from matcare.travel.graph import RoadGraph
from matcare.travel.hierarchy import Hierarchy
from matcare.travel.snapping import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from matcare.scenario import Profile
    from matcare.travel.density import PopulationDensity
    from matcare.travel.water import Land

__all__ = [
    "FORMAT",
    "RoadFile",
    "file_sha256",
    "profile_digest",
    "read_roads",
    "roads_header",
    "source_in_words",
    "write_roads",
]

FORMAT = 1
"""Version of the file's form; raised whenever a reader of an older one would misunderstand."""

CHUNK = 1 << 20
NAMES = ("class_names", "state_names")


@dataclass(frozen=True, eq=False, kw_only=True)
class RoadFile:
    """Roads as they were kept.

    Attributes
    ----------
    graph : RoadGraph
    chains : Chains
    hierarchy : Hierarchy
    header : mapping
        ``source, source_sha256, options, matcare, built, profile, profile_digest, report``.
    milliseconds : tuple of two arrays, or None
        Of the profile that the header names.
    """

    graph: RoadGraph
    chains: Chains
    hierarchy: Hierarchy
    header: Mapping[str, Any]
    milliseconds: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None

    def network(self, profile: Profile, density: PopulationDensity, land: Land | None = None) -> RoadNetwork:
        """Put a profile on the roads; its milliseconds are taken from the file where it kept those of this very one."""
        kept = self.milliseconds if self.header.get("profile_digest") == profile_digest(profile, density) else None
        network = RoadNetwork(
            self.graph, profile, density, land, milliseconds=kept, chains=self.chains, hierarchy=self.hierarchy
        )
        if kept is not None:
            network.notes = tuple(self.header.get("notes", ()))
        return network


def write_roads(path: Path, network: RoadNetwork, header: Mapping[str, Any]) -> None:
    """Write a network's roads, ready for use.

    Parameters
    ----------
    path : pathlib.Path
    network : RoadNetwork
        Its profile's milliseconds are kept too.
    header : mapping
        In JSON's types: ``source``, ``source_sha256``, ``options``, ``report`` and whatever else is to be kept.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    graph = network.graph
    arrays: dict[str, npt.NDArray[Any]] = {
        f"graph.{entry.name}": getattr(graph, entry.name)
        for entry in fields(graph)
        if entry.name not in {*NAMES, "gaps", "about"}
    }
    arrays |= {f"gaps.{column}": graph.gaps[column].to_numpy(dtype=np.float64) for column in graph.gaps}
    arrays |= {f"chains.{entry.name}": getattr(network.chains, entry.name) for entry in fields(network.chains)}
    arrays |= {f"hierarchy.{name}": array for name, array in network.hierarchy.arrays().items()}
    arrays |= {"forward": network.forward, "backward": network.backward}
    write_arrays(
        path,
        {
            **header,
            "format": FORMAT,
            "matcare": __version__,
            "class_names": list(graph.class_names),
            "state_names": list(graph.state_names),
            "about": dict(graph.about),
            "profile": network.profile.name,
            "profile_digest": profile_digest(network.profile, network.density),
        },
        arrays,
    )


def roads_header(path: Path) -> dict[str, Any]:
    """Read what a roads file says of itself.

    Raises
    ------
    InputError
        When it is not a roads file, is damaged, or was written in another form.
    """
    header = read_header(path)[0]
    _check_format(path, header)
    return header


def read_roads(path: Path, *, source_sha256: str | None = None) -> RoadFile:
    """Read roads; the arrays stay on disk until they are used.

    Parameters
    ----------
    path : pathlib.Path
    source_sha256 : str, optional
        Content that the roads must have been made from.

    Returns
    -------
    RoadFile

    Raises
    ------
    InputError
        When it is not a roads file, is damaged, was written in another form, or was made from something else.
    """
    header, arrays = read_arrays(path)
    _check_format(path, header)
    if source_sha256 is not None and header.get("source_sha256") != source_sha256:
        raise InputError(f"{path}: made from another version of {header.get('source', 'its source')}; build it again")
    groups: dict[str, dict[str, npt.NDArray[Any]]] = {}
    for name, array in arrays.items():
        group, _, rest = name.partition(".")
        groups.setdefault(group, {})[rest] = array
    try:
        graph = RoadGraph(
            **groups["graph"], class_names=tuple(header["class_names"]), state_names=tuple(header["state_names"]),
            gaps=pd.DataFrame({str(column): groups["gaps"][str(column)] for column in no_gaps().columns}),
            about=MappingProxyType(header["about"]),
        )  # fmt: skip
        chains, hierarchy = Chains(**groups["chains"]), Hierarchy.from_arrays(groups["hierarchy"])
        milliseconds = arrays["forward"], arrays["backward"]
        _check_lengths(graph, chains, milliseconds)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"{path}: the roads file is damaged ({error}); build it again") from error
    return RoadFile(graph=graph, chains=chains, hierarchy=hierarchy, header=header, milliseconds=milliseconds)


def _check_lengths(graph: RoadGraph, chains: Chains, milliseconds: tuple[npt.NDArray[Any], ...]) -> None:
    """Refuse arrays that do not fit each other, before a search reads beyond their ends."""
    nodes, edges = len(graph.lat), len(graph.u)
    per_edge: list[npt.NDArray[Any]] = [
        graph.v, graph.road_class, graph.km, graph.chord, graph.oneway, graph.limit_km_per_h, graph.fixed_minutes,
        graph.state, chains.edge, chains.place, chains.chain, chains.aligned, *milliseconds,
    ]  # fmt: skip
    fits = all(len(array) == edges for array in per_edge) and len(graph.lon) == len(graph.component) == nodes
    fits &= len(graph.bend_first) == edges + 1 and len(graph.bend_lat) == len(graph.bend_lon)
    bounds: list[tuple[npt.NDArray[Any], int]] = [
        (graph.u, nodes), (graph.v, nodes), (chains.core, nodes), (chains.a, len(chains.core)),
        (chains.b, len(chains.core)), (chains.edge, edges),
    ]  # fmt: skip
    for numbers, most in bounds:
        fits = fits and (not len(numbers) or 0 <= numbers.min() <= numbers.max() < most)
    if not fits:
        raise ValueError("its arrays do not fit each other")


def _check_format(path: Path, header: Mapping[str, Any]) -> None:
    by = header.get("matcare", "of another version")
    if header.get("format") != FORMAT or by != __version__:
        raise InputError(f"{path}: written by matcare {by} in another form; build it again with {__version__}")


def source_in_words(about: Mapping[str, Any]) -> str:
    """Name the source of roads with its licence, and that of the roads around them."""
    around = about.get("around", {})
    parts = [(str(about.get("source", "not stated")).split("; around them ")[0], about.get("licence", "not stated"))]
    parts += [(around["source"], around["licence"])] if around else []
    return "; around them ".join(f"{source} ({licence})" for source, licence in parts)


def profile_digest(profile: Profile, density: PopulationDensity) -> str:
    """Fingerprint of everything besides the roads that their milliseconds depend on."""
    digest = hashlib.sha256(json.dumps(profile.as_dict(), sort_keys=True, default=str).encode())
    digest.update(json.dumps([density.south, density.west, density.kernel_km, list(density.grid.shape)]).encode())
    digest.update(np.ascontiguousarray(density.grid).tobytes())
    digest.update(f"{__version__}".encode())
    return digest.hexdigest()


def file_sha256(*paths: Path) -> str:
    """SHA-256 of files one after another, each with its name.

    Raises
    ------
    InputError
        When one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    return digest.hexdigest()
