"""A profile's adjustments and closures on the edges of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from matcare.errors import InputError
from matcare.travel.areas import EdgeShapes, read_area

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.scenario import Adjustment, Closure
    from matcare.travel.graph import RoadGraph

__all__ = ["adjustment_factors", "open_ways"]

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CLOSED_WITHIN_KM = 0.1


def adjustment_factors(
    graph: RoadGraph, adjustments: Sequence[Adjustment], urban: F64, fixed: Bools
) -> tuple[F64, tuple[str, ...]]:
    """By how much adjustments multiply the minutes of every edge.

    Parameters
    ----------
    graph : RoadGraph
    adjustments : sequence of Adjustment
        Their order does not matter.
    urban : numpy.ndarray of float64, shape (edges,)
        Mean urban share along each edge.
    fixed : numpy.ndarray of bool, shape (edges,)
        The roads' source gives the minutes.

    Returns
    -------
    factors : numpy.ndarray of float64, shape (edges,)
    notes : tuple of str
        One sentence for each adjustment that concerns no road.

    Raises
    ------
    InputError
        When a polygon's file cannot be used.
    """
    factors, notes = np.ones(len(graph.u)), []
    shapes = EdgeShapes(graph) if any(one.polygon is not None for one in adjustments) else None
    for one in sorted(adjustments, key=lambda one: repr(one.as_dict())):  # the same product to the last bit
        concerned = _of_classes(graph, one.classes) & (~fixed | bool(one.classes))
        why = "the roads have none of its classes" if not concerned.any() else ""
        if one.states:
            codes = [code for code, name in enumerate(graph.state_names) if name in one.states]
            concerned &= np.isin(graph.state, codes)
            known = bool((graph.state >= 0).any())
            why = why or ("" if concerned.any() else _no_state(known=known))
        weight = concerned * {"everywhere": np.ones_like(urban), "urban": urban, "rural": 1 - urban}[one.where]
        if one.polygon is not None and shapes is not None:
            weight = weight * shapes.share_inside(read_area(one.polygon, f"adjustment {one.name!r}"), concerned)
            why = why or f"its polygon {one.polygon.name} lies on none of them"
        if not (weight > 0).any():
            notes.append(
                f"Adjustment {one.name!r} of the speed profile concerns no road: {why or f'none is {one.where}'}."
            )
        factors *= 1 + weight * (1 / one.speed_factor - 1)
    return factors, tuple(sorted(notes))


def open_ways(graph: RoadGraph, closures: Sequence[Closure]) -> tuple[Bools, Bools, tuple[str, ...]]:
    """Tell which directions of the edges are open.

    Parameters
    ----------
    graph : RoadGraph
    closures : sequence of Closure

    Returns
    -------
    forward, backward : numpy.ndarray of bool, shape (edges,)
        Open from `u` to `v`, from `v` to `u`.
    notes : tuple of str
        One sentence for each closure by a polygon that touches no road.

    Raises
    ------
    InputError
        When a polygon's file cannot be used, or no edge is within 100 m of a point.
    """
    forward, backward, notes = graph.oneway >= 0, graph.oneway <= 0, []
    shapes = EdgeShapes(graph) if closures else None
    for one in closures:
        if shapes is None:
            break
        among = _of_classes(graph, one.classes)
        if one.polygon is not None:
            closed = shapes.touching(read_area(one.polygon, f"closed {one.name!r}"), among)
            if not closed.any():
                why = (
                    f"its polygon {one.polygon.name} touches none"
                    if among.any()
                    else "these roads have none of its classes"
                )
                notes.append(f"Closure {one.name!r} of the speed profile closes no road: {why}.")
        else:
            closed = _nearest_to_points(shapes, one, among)
        out, back = _headed(graph, one.direction)
        forward &= ~(closed & out)
        backward &= ~(closed & back)
    return forward, backward, tuple(sorted(notes))


def _of_classes(graph: RoadGraph, classes: Sequence[str]) -> Bools:
    if not classes:
        return np.ones(len(graph.u), dtype=bool)
    return np.isin(graph.road_class, [code for code, name in enumerate(graph.class_names) if name in classes])


def _no_state(*, known: bool) -> str:
    return "none lies in its states" if known else "their states are not known"


def _nearest_to_points(shapes: EdgeShapes, closure: Closure, among: Bools) -> Bools:
    closed = np.zeros(len(among), dtype=bool)
    for lat, lon in closure.edges:
        edges = shapes.nearest(lat, lon, among, within_km=CLOSED_WITHIN_KM)
        if not len(edges):
            of = f" of class {', '.join(closure.classes)}" if closure.classes else ""
            raise InputError(
                f"closed {closure.name!r}: no road{of} within {CLOSED_WITHIN_KM * 1000:g} m of [{lat:g}, {lon:g}]; "
                "give a point on the road, latitude first"
            )
        closed[edges] = True
    return closed


def _headed(graph: RoadGraph, direction: str) -> tuple[Bools, Bools]:
    """Tell which edges lead the way that a closure closes, from `u` to `v` and from `v` to `u`."""
    if direction == "both":
        return np.ones(len(graph.u), dtype=bool), np.ones(len(graph.u), dtype=bool)
    if direction in {"north", "south"}:
        ahead = graph.lat[graph.v] - graph.lat[graph.u]
    else:
        ahead = (graph.lon[graph.v] - graph.lon[graph.u] + 180) % 360 - 180
    ahead = -ahead if direction in {"south", "west"} else ahead
    return ahead >= 0, ahead <= 0
