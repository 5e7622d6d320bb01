"""Gaps of a road graph: parts that lie so near each other that they are joined, each joint listed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from matcare.geo import great_circle_km

__all__ = ["bridge_gaps", "no_gaps"]

KM_PER_DEGREE = 111.195

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

GAP_COLUMNS = ("lat", "lon", "to_lat", "to_lon", "km", "from_component", "to_component")


def no_gaps() -> pd.DataFrame:
    """Return the table of gaps of a graph that has none."""
    return pd.DataFrame({column: np.zeros(0) for column in GAP_COLUMNS})


def bridge_gaps(
    lat: F64, lon: F64, u: I32, v: I32, component: I32, limit_km: float
) -> tuple[pd.DataFrame, F64, F64, I32, I32, I64]:
    """Join parts of a graph of straight edges that lie nearer than a limit.

    Parameters
    ----------
    lat, lon : numpy.ndarray of float64, shape (nodes,)
    u, v : numpy.ndarray of int32, shape (edges,)
    component : numpy.ndarray of int32, shape (nodes,)
        Connected part of each node, 0 the largest.
    limit_km : float
        Only gaps shorter than this, the shortest of each pair of parts.

    Returns
    -------
    gaps : pandas.DataFrame
        One row a gap.
    lat, lon, u, v : numpy.ndarray
        The new graph: edges are cut where a gap begins or ends, and joined there.
    parent : numpy.ndarray of int64, shape (new edges,)
        The old edge that each new one is a piece of; −1 for a bridge.
    """
    gaps, where = _find_gaps(lat, lon, u, v, component, limit_km)
    return (gaps, *_with_bridges(lat, lon, u, v, gaps, where))


def _find_gaps(lat: F64, lon: F64, u: I32, v: I32, component: I32, limit_km: float) -> tuple[pd.DataFrame, I64]:
    """List the shortest gap of each pair of parts nearer than the limit, and the two edges it ends on."""
    lines = np.asarray(shapely.linestrings(np.stack([np.stack([lon[u], lat[u]], 1), np.stack([lon[v], lat[v]], 1)], 1)))
    small = np.flatnonzero(component[u] > 0)
    if not len(small):  # the smaller parts are nodes without a road
        return no_gaps(), np.zeros((0, 2), np.int64)
    reach = limit_km / KM_PER_DEGREE / max(np.cos(np.radians(np.abs(lat[u[small]]).max())), 0.05)
    a, b = shapely.STRtree(lines).query(lines[small], predicate="dwithin", distance=reach)
    a = small[a]
    later = component[u[a]] > component[u[b]]
    a, b = a[later], b[later]
    scale = np.cos(np.radians(lat[u[a]]))

    def flat(edge: I64) -> npt.NDArray[np.object_]:
        ends = [np.stack([lon[node[edge]] * scale, lat[node[edge]]], 1) for node in (u, v)]
        return np.asarray(shapely.linestrings(np.stack(ends, 1)))

    joint = shapely.get_coordinates(shapely.shortest_line(flat(a), flat(b))).reshape(-1, 2, 2)
    frame = pd.DataFrame(
        {
            "lat": joint[:, 0, 1], "lon": joint[:, 0, 0] / scale,
            "to_lat": joint[:, 1, 1], "to_lon": joint[:, 1, 0] / scale,
            "km": great_circle_km(joint[:, 0, 1], joint[:, 0, 0] / scale, joint[:, 1, 1], joint[:, 1, 0] / scale),
            "from_component": component[u[a]], "to_component": component[u[b]], "a": a, "b": b,
        }
    )  # fmt: skip
    frame = frame[frame["km"] < limit_km].sort_values(["from_component", "to_component", "km", "a", "b"])
    frame = frame.drop_duplicates(["from_component", "to_component"]).reset_index(drop=True)
    return frame[list(GAP_COLUMNS)], frame[["a", "b"]].to_numpy(dtype=np.int64)


def _with_bridges(lat: F64, lon: F64, u: I32, v: I32, gaps: pd.DataFrame, where: I64) -> tuple[F64, F64, I32, I32, I64]:
    """Cut the edges at the ends of the gaps and join the cuts; also tell each new edge's old one, −1 for a bridge."""
    count, nodes = len(gaps), len(lat)
    cut = pd.DataFrame(
        {
            "edge": np.concatenate([where[:, 0], where[:, 1]]),
            "node": nodes + np.arange(2 * count),
            "lat": np.concatenate([gaps["lat"], gaps["to_lat"]]),
            "lon": np.concatenate([gaps["lon"], gaps["to_lon"]]),
        }
    )
    start = u[cut["edge"].to_numpy()]
    cut["along"] = great_circle_km(lat[start], lon[start], cut["lat"], cut["lon"])
    shortened = v.copy()
    new_u, new_v, parent = [u], [shortened], [np.arange(len(u))]
    ordered = cut.sort_values(["edge", "along", "node"])
    for edge in ordered["edge"].unique().tolist():
        chain = [*ordered.loc[ordered["edge"] == edge, "node"].tolist(), int(v[edge])]
        shortened[edge] = chain[0]
        new_u.append(np.asarray(chain[:-1], np.int32))
        new_v.append(np.asarray(chain[1:], np.int32))
        parent.append(np.full(len(chain) - 1, edge))
    new_u.append((nodes + np.arange(count)).astype(np.int32))
    new_v.append((nodes + count + np.arange(count)).astype(np.int32))
    parent.append(np.full(count, -1))
    return (
        np.concatenate([lat, cut["lat"].to_numpy()]), np.concatenate([lon, cut["lon"].to_numpy()]),
        np.concatenate(new_u), np.concatenate(new_v), np.concatenate(parent),
    )  # fmt: skip
