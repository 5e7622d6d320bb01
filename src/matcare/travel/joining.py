"""Join the streets of a state to the highways around it, so that care across the border still counts.

The streets have full shapes and end at the border; the highways are chords that go on beyond it. Where the states of
both are known, the highways are cut where their state changes. Where not, they are cut a little inside the border of
the area, where the streets are sure to be complete and where a coarse border or a river's bridge does no harm. Each cut
is joined to the nearest suitable road by a straight edge of class ``gap``. What lies farther inside is left to the
streets, and everything that could not be joined is listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from matcare.errors import InputError
from matcare.geo import great_circle_km
from matcare.travel.cutting import cut_edges_at, lines_of, put_together
from matcare.travel.graph import GAP_CLASS, KM_PER_DEGREE, RoadGraph

__all__ = ["join_graphs"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Area = shapely.Polygon | shapely.MultiPolygon

_FREEWAYS: Final = frozenset({"motorway", "trunk", "interstate", "freeway", "tiger_primary"})
_HIGHWAYS: Final = _FREEWAYS | {
    "primary", "secondary", "us_highway", "state_highway", "secondary_state_highway", "business_route",
    "tiger_secondary",
}  # fmt: skip
_NO_THROUGH_ROADS: Final = frozenset({
    GAP_CLASS, "ferry", "service", "track", "tiger_alley", "tiger_four_wheel", "tiger_parking", "tiger_private",
    "tiger_service",
})  # fmt: skip
_FREEWAY_KM: Final = 3.0
_NEAR_KM: Final = 1.0
_STEP: Final = 1e-6
_UNKNOWN, _OWN, _FOREIGN = 0, 1, 2


@dataclass(frozen=True, eq=False)
class _Cuts:
    """Where highways that stay meet dropped ones: node, class of those that stay, place and way in (flat map)."""

    node: I64
    road_class: npt.NDArray[np.str_]
    at: F64
    inward: F64


def join_graphs(
    inner: RoadGraph, outer: RoadGraph, *, area: Area, margin_km: float = 1.0, limit_km: float = 5.0
) -> RoadGraph:
    """Put streets inside an area and highways outside it into one graph.

    Parameters
    ----------
    inner : RoadGraph
        All roads of the area; kept whole.
    outer : RoadGraph
        Highways of the area and of what lies around it.
    area : shapely polygon or multipolygon
        Where `inner` is complete, degrees (a state).
    margin_km : float
        Highways of unknown state are cut this far inside the border; more than the border is wrong by.
    limit_km : float
        No joint is longer.

    Returns
    -------
    RoadGraph
        The nodes and edges of `inner` come first, those that a joint cuts excepted. Joints are edges of class ``gap``
        and stand in `gaps`. ``about["joints"]`` counts them and lists the highways that found none: these end where
        they were cut.

    Notes
    -----
    A highway outside whose class is a freeway's is joined to a freeway within 3 km if there is one, else to a highway,
    else to any public road within 1 km, and only then to something farther. Where roads are open one way only, the way
    in and the way out are joined each to the carriageway that leads there. Only roads that lead to, and come from, the
    largest strongly connected part of `inner` are joined.

    Raises
    ------
    InputError
        When the area is empty, not a polygon, or narrower than twice the margin.
    """
    flat, core, scale = _check_area(area, margin_km, limit_km)
    origin = _origin(outer, inner.state_names)
    edge, share = _crossings(outer, core, scale, origin != _FOREIGN)
    cut, _, parent = cut_edges_at(outer, edge, share, scale=scale)
    kept = _kept(cut, origin[parent], core, shapely.buffer(flat, margin_km / KM_PER_DEGREE), scale)
    cuts = _cuts(cut, kept, scale)
    joints = _joints(inner, cuts, limit_km, scale)
    lost = np.setdiff1d(np.arange(len(cuts.node)), joints["cut"])
    is_cut, is_lost = np.zeros((2, len(cut.lat)), dtype=bool)
    is_cut[cuts.node], is_lost[cuts.node[lost]] = True, True
    passing = ~kept & is_cut[cut.u] & is_cut[cut.v] & (is_lost[cut.u] | is_lost[cut.v])
    streets, street, _ = cut_edges_at(inner, joints["edge"].to_numpy(), joints["share"].to_numpy(), scale=scale)
    around, number = _taken(cut, kept | passing)
    highway = cuts.node[joints["cut"]]
    table = _table_of_gaps(cut, highway, streets, street)
    joined = _with_gaps(
        put_together(streets, around), len(streets.lat) + number[highway], street, joints["way"].to_numpy(), table
    )
    about = {
        **inner.about,
        "source": f"{inner.about.get('source', 'roads')}; around them {outer.about.get('source', 'highways')}",
        "around": dict(outer.about),
        "joints": {
            "highways_cut": len(cuts.node),
            "joined": len(cuts.node) - len(lost),
            "longest_km": float(table["km"].max()) if len(table) else 0.0,
            **_not_joined(cut, cuts, joints, lost),
        },
    }
    return replace(joined, about=MappingProxyType(about))


def _check_area(area: Area, margin_km: float, limit_km: float) -> tuple[Area, Area, float]:
    """Return the area and its inner part on a flat map, and the map's factor of longitudes."""
    if area.is_empty or area.geom_type not in {"Polygon", "MultiPolygon"}:
        raise InputError(f"the area of the streets should be a polygon with something in it, not {area.geom_type}")
    if not (margin_km >= 0 and limit_km > 0):
        raise InputError(f"margin_km is {margin_km:g} and limit_km {limit_km:g}; right is 0 or more, and more than 0")
    south, north = area.bounds[1], area.bounds[3]
    scale = float(np.cos(np.radians((south + north) / 2)))
    flat = shapely.transform(area, lambda vertices: vertices * np.array([scale, 1.0]))
    core = shapely.buffer(flat, -margin_km / KM_PER_DEGREE)
    if core.is_empty:
        raise InputError(f"the area of the streets is narrower than {2 * margin_km:g} km; give a smaller margin_km")
    shapely.prepare(core)
    return flat, core, scale


def _origin(outer: RoadGraph, own: tuple[str, ...]) -> npt.NDArray[np.int8]:
    """Tell of every highway whether it is of the streets' states, of another, or of an unknown one."""
    kinds = [_OWN if name in own else _FOREIGN for name in outer.state_names] if own else []
    kinds += [_UNKNOWN] * (len(outer.state_names) + 1 - len(kinds))
    return np.array(kinds, np.int8)[outer.state]


def _crossings(outer: RoadGraph, core: Area, scale: float, may: Bools) -> tuple[I64, F64]:
    """Find where edges that may be cut cross a border: the edge, and the share of its length."""
    lines = lines_of(outer, scale=scale)
    border = core.boundary
    shapely.prepare(border)
    crossing = np.flatnonzero(np.asarray(shapely.intersects(border, lines)) & may)
    at, of = shapely.get_coordinates(shapely.intersection(lines[crossing], border), return_index=True)
    edge = crossing[of]
    share = shapely.line_locate_point(lines[edge], shapely.points(at), normalized=True)
    return edge, np.asarray(share, dtype=np.float64)


def _kept(cut: RoadGraph, origin: npt.NDArray[np.int8], core: Area, wide: Area, scale: float) -> Bools:
    """Tell which pieces of highways stay: not those inside, nor what is left of them between margin and border.

    Where the states of highways are known, the state line is the border, and what is of another state stays.
    """
    shapely.prepare(wide)
    middle = shapely.line_interpolate_point(lines_of(cut, scale=scale), 0.5, normalized=True)
    outside = ~np.asarray(shapely.contains(core, middle))
    beyond = ~np.asarray(shapely.contains(wide, middle))
    foreign, own = origin == _FOREIGN, origin == _OWN
    kept: Bools = foreign | _hang_together(cut, outside & own, beyond & own)
    unknown = outside & (origin == _UNKNOWN)
    kept |= unknown & _hang_together(cut, unknown | kept, (unknown & beyond) | kept)
    return kept


def _hang_together(graph: RoadGraph, edges: Bools, anchors: Bools) -> Bools:
    """Tell which of some edges are connected, over each other, with an anchor among them."""
    size, some = len(graph.lat), np.flatnonzero(edges)
    matrix = coo_array((np.ones(len(some), np.int8), (graph.u[some], graph.v[some])), shape=(size, size))
    _, label = connected_components(matrix, directed=False)
    anchored = np.zeros(size, dtype=bool)
    anchored[label[graph.u[edges & anchors]]] = True
    hanging: Bools = edges & anchored[label[graph.u]]
    return hanging


def _cuts(cut: RoadGraph, kept: Bools, scale: float) -> _Cuts:
    """Find the nodes where highways that stay meet pieces that are dropped."""
    stays, goes = np.zeros((2, len(cut.lat)), dtype=bool)
    stays[cut.u[kept]] = stays[cut.v[kept]] = True
    goes[cut.u[~kept]] = goes[cut.v[~kept]] = True
    node = np.flatnonzero(stays & goes)
    at = np.stack([cut.lon[node] * scale, cut.lat[node]], axis=1)
    first, lat, lon = cut.shapes()
    number = np.full(len(cut.lat), -1)
    number[node] = np.arange(len(node))
    inward, names = np.zeros((len(node), 2)), np.full(len(node), "", dtype="<U40")
    for ends, following in ((cut.u, first[:-1] + 1), (cut.v, first[1:] - 2)):
        rows = np.flatnonzero(~kept & (number[ends] >= 0))
        vertex = following[rows]
        inward[number[ends[rows]]] = np.stack([lon[vertex] * scale, lat[vertex]], axis=1) - at[number[ends[rows]]]
        rows = np.flatnonzero(kept & (number[ends] >= 0))
        name = np.array(cut.class_names, dtype="<U40")[cut.road_class[rows]]
        better = (names[number[ends[rows]]] == "") | np.isin(name, list(_FREEWAYS))
        names[number[ends[rows[better]]]] = name[better]
    return _Cuts(node, names, at, inward)


def _around(lines: npt.NDArray[np.object_], share: F64) -> tuple[F64, F64]:
    """Return the points of lines a little before and a little after a place on them."""
    before, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, np.clip(share + step, 0, 1), normalized=True))
        for step in (-_STEP, _STEP)
    )
    return np.asarray(before), np.asarray(after)


def _joints(inner: RoadGraph, cuts: _Cuts, limit_km: float, scale: float) -> pd.DataFrame:
    """Find the roads that cuts are joined to: ``cut, edge, share, way``; way 0 both, 1 into the area, −1 out of it."""
    columns = ["cut", "edge", "share", "way"]
    if not len(cuts.node) or not len(inner.u):
        return pd.DataFrame({"cut": [], "edge": [], "share": [], "way": []}).astype("int64")
    lines, places = lines_of(inner, scale=scale), np.asarray(shapely.points(cuts.at))
    cut, edge = shapely.STRtree(lines).query(places, predicate="dwithin", distance=limit_km / KM_PER_DEGREE)
    km = np.asarray(shapely.distance(places[cut], lines[edge])) * KM_PER_DEGREE
    step = _preference(inner, cuts, cut, edge, km, limit_km)
    share = np.asarray(shapely.line_locate_point(lines[edge], places[cut], normalized=True))
    turned = np.zeros(len(edge))
    single = np.flatnonzero(inner.oneway[edge] != 0)
    before, after = _around(lines[edge[single]], share[single])
    turned[single] = ((after - before) * cuts.inward[cut[single]]).sum(axis=1) * inner.oneway[edge[single]]
    leads, comes = _main_part(inner)
    u, v, way = inner.u[edge], inner.v[edge], inner.oneway[edge]
    enters = ((way >= 0) & leads[v]) | ((way <= 0) & leads[u])
    leaves = ((way >= 0) & comes[u]) | ((way <= 0) & comes[v])
    pairs = pd.DataFrame({"cut": cut, "edge": edge, "share": share, "step": step, "km": km})
    pairs["enters"] = enters & (turned >= 0)
    pairs["leaves"] = leaves & (turned <= 0)
    pairs = pairs[pairs["step"] >= 0].sort_values(["cut", "step", "km", "edge"])
    found = [
        pairs[pairs[side]].drop_duplicates("cut").assign(way=code) for side, code in (("enters", 1), ("leaves", -1))
    ]
    joints = pd.concat(found, ignore_index=True)
    both = joints.duplicated(["cut", "edge"], keep=False)
    joints.loc[both, "way"] = 0
    return joints.drop_duplicates(["cut", "edge"]).sort_values(["cut", "way"], ignore_index=True)[columns]


def _preference(inner: RoadGraph, cuts: _Cuts, cut: I64, edge: I64, km: F64, limit_km: float) -> I64:
    """Rank roads as joints of cuts, 0 the best; −1 for roads that are none."""

    def among(names: frozenset[str]) -> Bools:
        return np.array([name in names for name in inner.class_names])[inner.road_class[edge]]

    freeway = np.isin(cuts.road_class, list(_FREEWAYS))[cut]
    ranked = [
        freeway & among(_FREEWAYS) & (km <= min(_FREEWAY_KM, limit_km)),
        among(_HIGHWAYS) & (km <= _NEAR_KM),
        km <= _NEAR_KM,
        among(_HIGHWAYS),
        np.ones(len(km), dtype=bool),
    ]
    rank = np.argmax(ranked, axis=0)
    return np.where(among(_NO_THROUGH_ROADS) | (km > limit_km), -1, rank)


def _main_part(graph: RoadGraph) -> tuple[Bools, Bools]:
    """Tell from which nodes one gets to the largest strongly connected part, and to which one gets from it."""
    size = len(graph.lat)
    forward, backward = graph.oneway >= 0, graph.oneway <= 0
    tail = np.concatenate([graph.u[forward], graph.v[backward]])
    head = np.concatenate([graph.v[forward], graph.u[backward]])
    start = int(np.argmin(graph.component))
    sides = []
    for ends in ((head, tail), (tail, head)):
        matrix = coo_array((np.ones(len(tail), np.int8), ends), shape=(size, size)).tocsr()
        reached = np.zeros(size, dtype=bool)
        reached[breadth_first_order(matrix, start, return_predecessors=False)] = True
        sides.append(reached)
    return sides[0], sides[1]


def _taken(graph: RoadGraph, kept: Bools) -> tuple[RoadGraph, I64]:
    """Return the graph of some edges, and the new number of each node."""
    used = np.zeros(len(graph.lat), dtype=bool)
    used[graph.u[kept]] = used[graph.v[kept]] = True
    far = ~np.isin(np.arange(len(graph.gaps)), _gone(graph, used))
    return replace(graph.take_edges(kept), gaps=graph.gaps[far]), np.cumsum(used) - 1


def _gone(graph: RoadGraph, used: Bools) -> I64:
    """Rows of the table of gaps that lead from or to a node that is no longer there."""
    left = set(zip(graph.lat[used].tolist(), graph.lon[used].tolist(), strict=True))
    ends = [
        [place not in left for place in zip(graph.gaps[y].tolist(), graph.gaps[x].tolist(), strict=True)]
        for y, x in (("lat", "lon"), ("to_lat", "to_lon"))
    ]
    return np.flatnonzero(np.any(ends, axis=0)) if len(graph.gaps) else np.zeros(0, np.int64)


def _table_of_gaps(cut: RoadGraph, highway: I64, streets: RoadGraph, street: I64) -> pd.DataFrame:
    ends = (cut.lat[highway], cut.lon[highway], streets.lat[street], streets.lon[street])
    return pd.DataFrame(
        {
            "lat": ends[0], "lon": ends[1], "to_lat": ends[2], "to_lon": ends[3], "km": great_circle_km(*ends),
            "from_component": cut.component[highway], "to_component": streets.component[street],
        }
    )  # fmt: skip


def _with_gaps(graph: RoadGraph, u: I64, v: I64, way: npt.ArrayLike, table: pd.DataFrame) -> RoadGraph:
    """Add straight edges between nodes."""
    names = graph.class_names if GAP_CLASS in graph.class_names else (*graph.class_names, GAP_CLASS)
    more = len(u)
    unknown = np.full(more, np.nan, np.float32)
    added: dict[str, Any] = {
        "u": u.astype(np.int32), "v": v.astype(np.int32), "km": table["km"].to_numpy(),
        "road_class": np.full(more, names.index(GAP_CLASS), np.int8), "chord": np.ones(more, dtype=bool),
        "oneway": np.asarray(way, dtype=np.int8), "limit_km_per_h": unknown, "fixed_minutes": unknown,
        "state": np.full(more, -1, np.int8), "bend_first": np.full(more, graph.bend_first[-1]),
    }  # fmt: skip
    merged: dict[str, Any] = {name: np.concatenate([getattr(graph, name), values]) for name, values in added.items()}
    tables = [frame for frame in (graph.gaps, table) if len(frame)]
    merged["gaps"] = pd.concat(tables, ignore_index=True) if tables else graph.gaps
    joined = replace(graph, **merged, class_names=names)
    return replace(joined, component=joined.strong_parts())


def _not_joined(cut: RoadGraph, cuts: _Cuts, joints: pd.DataFrame, lost: I64) -> dict[str, Any]:
    """List the highways that found no joint, and those that found one in one direction only."""

    def listed(rows: npt.NDArray[np.integer]) -> list[dict[str, Any]]:
        return [
            {"lat": float(cut.lat[at]), "lon": float(cut.lon[at]), "road_class": str(name)}
            for at, name in zip(cuts.node[rows].tolist(), cuts.road_class[rows].tolist(), strict=True)
        ]

    ways = joints.groupby("cut")["way"].agg(lambda way: int((way == 0).any()) or way.nunique() - 1)
    return {"not_joined": listed(lost), "joined_one_way_only": listed(ways.index[ways == 0].to_numpy(dtype=np.int64))}
