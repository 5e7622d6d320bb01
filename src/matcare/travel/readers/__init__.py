"""Readers of road data: each turns a publisher's or a user's file into a :class:`matcare.travel.graph.RoadGraph`.

A reader is imported when it is first asked for, since some need packages that not every installation has.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "read_dimacs": "dimacs", "read_graphml": "osmnx_graphs", "read_line_layer": "line_layer", "read_osm_pbf": "osm_pbf",
    "read_osm_xml": "osmnx_graphs", "read_place": "osmnx_graphs", "read_polygon": "osmnx_graphs", "read_tiger": "tiger",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no reader {name!r}; there are {', '.join(_WHERE)}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
