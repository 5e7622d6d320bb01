"""The layers of a state's map: block groups, ground within reach, catchments, the road to the nearest unit.

All of it is for the eye. People are counted by the minutes of their own block group, which stand here as they stand in
``block_groups.parquet``; polygons and lines add no number of their own. What the page is given is small: coordinates as
steps on the map's grid, minutes as hundredths, facilities and counties as positions in the page's own lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from matcare.contracts import BLOCK_GROUPS, MINUTES_REASONS
from matcare.errors import ContractError
from matcare.publish.map.geometry import GRID, bounds_of, compact_lines, compact_polygons, map_geometry, shift_longitude

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

__all__ = [
    "IN_STATE_MAPS_ONLY",
    "MOST_POINTS",
    "POINT_SERVICES",
    "Drive",
    "MapLayers",
    "TypicalPoint",
    "layers_payload",
]

IN_STATE_MAPS_ONLY: Final[dict[str, Any]] = {
    "absent": "Block groups, ground within 30, 60 and 90 minutes, catchments and the road to the nearest unit stand in "
    "the maps of states only (matcare run --state)."
}
"""What the page of the whole nation, or of very many states, is given in place of layers: a sentence."""

POINT_SERVICES: Final = (
    "birth_care",
    "birth_care_corroborated",
    "neonatal_2_plus",
    "neonatal_3_plus",
    "neonatal_3_plus_or_nicu",
    "nicu",
)
"""Services whose minutes the dots can show."""

WAYS: Final = ("highways", "streets", "highways_and_streets", "direct")
"""How a drive's line is known; the page has a word for each."""

MOST_POINTS: Final = 45_000
"""Block groups of the largest region that has layers: its page keeps within 4 MB. California has 25,607."""

_PER_MINUTE: Final = 100
_STEPS: Final = 10_000
_LINE_DEGREES: Final = 5e-4
"""Vertices of a road that lie this near to the straight line (50 m) are left out of the drawing."""

Ints = npt.NDArray[np.int64]
Lines = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Drive:
    """The way from a county's typical block group to the nearest unit of a service.

    Attributes
    ----------
    service : str
        One of :data:`POINT_SERVICES`.
    facility_id : str or None
        The nearest unit; None where there is none.
    minutes : float
        As in ``block_groups.parquet``; NaN where there is none.
    reason : str
        Why minutes stand or are missing.
    way : str
        One of :data:`WAYS`; empty where nothing is drawn.
    lat, lon : numpy.ndarray of float64
        The line, degrees; empty where nothing is drawn.
    """

    service: str
    facility_id: str | None
    minutes: float
    reason: str
    way: str
    lat: Lines
    lon: Lines

    @property
    def schematic(self) -> bool:
        """Part of the line is straight where the road is not."""
        return self.way in {"highways", "highways_and_streets", "direct"}


@dataclass(frozen=True, eq=False, kw_only=True)
class TypicalPoint:
    """The block group that stands for a county: the women-weighted median of minutes to the nearest birth care.

    Attributes
    ----------
    county_fips : str
    demand_id : str or None
        None where no block group stands for the county, because most women have no road or nobody lives there.
    lat, lon : float
        Degrees; NaN without a block group.
    weight : float
        Women 15-44 of the block group, or people where the county's women are not known.
    weighed_by : str
        ``women_15_44``, ``people``, or ``nobody``.
    reason : str
        ``covered``, or why there is no block group.
    drives : tuple of Drive
        To the nearest unit of each service that is drawn.
    """

    county_fips: str
    demand_id: str | None
    lat: float
    lon: float
    weight: float
    weighed_by: str
    reason: str
    drives: tuple[Drive, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class MapLayers:
    """What a state's map draws beside counties and facilities.

    Attributes
    ----------
    isochrones : geopandas.GeoDataFrame
        EPSG:4326: ``minutes_to`` rising, and all ground of the region within so many minutes of any birth care.
    catchments : geopandas.GeoDataFrame
        EPSG:4326: ``facility_id``, ``facility_name``, and the region's ground that is nearest to this unit in minutes.
    typical : tuple of TypicalPoint
        One a county.
    cell_km : float
        Side of the squares on which the ground was drawn.
    """

    isochrones: gpd.GeoDataFrame
    catchments: gpd.GeoDataFrame
    typical: tuple[TypicalPoint, ...]
    cell_km: float


def layers_payload(
    layers: MapLayers, *, counties: gpd.GeoDataFrame, facilities: pd.DataFrame, block_groups: pd.DataFrame
) -> dict[str, Any]:
    """Return the layers as plain values for the page, ready for JSON.

    Parameters
    ----------
    layers : MapLayers
        From the run.
    counties : geopandas.GeoDataFrame
        The map's counties, in its order: ``county_fips`` and polygons in EPSG:4326.
    facilities : pandas.DataFrame
        The map's facilities, in its order: ``facility_id``.
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`, of the same run.

    Returns
    -------
    dict
        ``points`` (see :func:`_points`), ``isochrones``, ``catchments``, ``typical``, ``reasons`` and ``ways``.
        Facilities and counties are positions in the map's lists, -1 where the map does not have one. The same tables
        give the same values.

    Raises
    ------
    ContractError
        When a column is missing.
    InputError
        When the counties are not in EPSG:4326.
    """
    bounds = bounds_of(map_geometry(counties))
    county = pd.Index(counties["county_fips"])
    unit = pd.Index(facilities["facility_id"])
    return {
        "points": _points(block_groups, county, unit, bounds),
        "isochrones": [
            {"minutes": int(minutes), "polygons": shape}
            for minutes, shape in zip(
                layers.isochrones["minutes_to"], _polygons(layers.isochrones, bounds), strict=True
            )
        ],
        "catchments": [
            {"unit": int(position), "name": name, "polygons": shape}
            for position, name, shape in zip(
                unit.get_indexer(pd.Index(layers.catchments["facility_id"])),
                layers.catchments["facility_name"],
                _polygons(layers.catchments, bounds),
                strict=True,
            )
        ],
        "typical": [_typical(point, county, unit, bounds) for point in layers.typical],
        "reasons": list(MINUTES_REASONS),
        "ways": list(WAYS),
        "cell_km": layers.cell_km,
    }


def _points(
    block_groups: pd.DataFrame, county: pd.Index[Any], unit: pd.Index[Any], bounds: Sequence[float]
) -> dict[str, Any]:
    """Return the block groups as steps and whole numbers.

    ``steps`` (longitude and latitude on the map's grid), ``county`` and each service's ``unit`` are differences to the
    value before; ``minutes`` are hundredths, or -k where they are missing for reason k of ``reasons``. A service whose
    columns are those of another names it (``same``).
    """
    lost = [name for name in _point_columns() if name not in block_groups.columns]
    if lost:
        raise ContractError(f"block groups: column {lost[0]!r} is missing; the layers need the contract BLOCK_GROUPS")
    lon = shift_longitude(block_groups["lon"].to_numpy(dtype=np.float64), bounds)
    at = np.rint(np.stack([lon, block_groups["lat"].to_numpy(dtype=np.float64)], axis=1) * _STEPS).astype(np.int64)
    services: dict[str, Any] = {}
    for service in POINT_SERVICES:
        one = {
            "minutes": _minutes(block_groups, service).tolist(),
            "unit": _steps(unit.get_indexer(pd.Index(block_groups[f"facility_id_{service}"]))),
        }
        same = next((name for name, other in services.items() if other == one), None)
        services[service] = one if same is None else {"same": same}
    women = block_groups["women_15_44"].to_numpy(dtype=np.float64)
    return {
        "count": len(block_groups),
        "steps": np.diff(at, axis=0, prepend=np.zeros((1, 2), np.int64)).ravel().tolist(),
        "women": [None if np.isnan(value) else round(value) for value in women.tolist()],
        "county": _steps(county.get_indexer(pd.Index(block_groups["county_fips"]))),
        "services": services,
    }


def _point_columns() -> list[str]:
    wanted = {"lat", "lon", "women_15_44", "county_fips"}
    for service in POINT_SERVICES:
        wanted |= {f"minutes_{service}", f"facility_id_{service}", f"reason_{service}"}
    return [name for name in BLOCK_GROUPS.names if name in wanted]


def _minutes(block_groups: pd.DataFrame, service: str) -> Ints:
    """Hundredths of a minute, or minus the position of the reason why there are none."""
    minutes = block_groups[f"minutes_{service}"].to_numpy(dtype=np.float64)
    reason = pd.Index(MINUTES_REASONS).get_indexer(pd.Index(block_groups[f"reason_{service}"]))
    known = np.isfinite(minutes)
    return np.where(known, np.rint(np.where(known, minutes, 0) * _PER_MINUTE), -np.abs(reason)).astype(np.int64)


def _steps(values: npt.NDArray[np.integer[Any]]) -> list[int]:
    found: list[int] = np.diff(values.astype(np.int64), prepend=0).tolist()
    return found


def _polygons(frame: gpd.GeoDataFrame, bounds: Sequence[float]) -> list[list[list[list[int]]]]:
    """Ground as steps on the map's grid, on the map's side of the antimeridian."""

    def moved(xy: Lines) -> Lines:
        return np.stack([shift_longitude(xy[:, 0], bounds), xy[:, 1]], axis=1)

    shapes = shapely.transform(np.asarray(frame.geometry.array), moved)
    return compact_polygons(np.asarray(shapely.set_precision(shapes, GRID, mode="pointwise")))


def _typical(
    point: TypicalPoint, county: pd.Index[Any], unit: pd.Index[Any], bounds: Sequence[float]
) -> dict[str, Any]:
    known = point.demand_id is not None
    lon = shift_longitude(np.array([point.lon]), bounds)[0]
    return {
        "county": int(county.get_indexer(pd.Index([point.county_fips]))[0]),
        "at": [round(point.lat, 4), round(float(lon), 4)] if known else None,
        "weight": round(point.weight) if known else None,
        "weighed_by": point.weighed_by,
        "reason": point.reason,
        "drives": [_drive(drive, unit, bounds) for drive in point.drives],
    }


def _drive(drive: Drive, unit: pd.Index[Any], bounds: Sequence[float]) -> dict[str, Any]:
    drawn = len(drive.lat) > 1
    found: dict[str, Any] = {"service": drive.service, "reason": drive.reason, "minutes": None, "unit": -1}
    if np.isfinite(drive.minutes):
        found["minutes"] = round(drive.minutes, 2)
    if drive.facility_id is not None:
        found["unit"] = int(unit.get_indexer(pd.Index([drive.facility_id]))[0])
    if drawn:
        line = shapely.linestrings(np.stack([shift_longitude(drive.lon, bounds), drive.lat], axis=1))
        found |= {
            "way": WAYS.index(drive.way),
            "schematic": drive.schematic,
            "steps": compact_lines(np.array([shapely.simplify(line, _LINE_DEGREES)], dtype=object))[0],
        }
    return found
