"""Made layers for the small region of map_tables.py: block groups with every reason, bands, catchments, drives."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from matcare.contracts import BLOCK_GROUPS, MINUTES_REASONS
from matcare.publish.map.layers import POINT_SERVICES, Drive, MapLayers, TypicalPoint


def made_block_groups(counties, facilities, count, seed=3):
    """Return block groups inside the counties: minutes with their nearest facility, or a reason."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, len(counties), count))
    place = counties.geometry.representative_point()
    frame = pd.DataFrame({column.name: pd.Series(np.nan, index=range(count)) for column in BLOCK_GROUPS.columns})
    frame = frame.astype({"demand_id": object, "county_fips": object})
    frame["demand_id"] = [f"{counties['county_fips'].iloc[k]}{i:07d}" for i, k in enumerate(at)]
    frame["county_fips"] = counties["county_fips"].to_numpy()[at]
    frame["lat"] = place.y.to_numpy()[at] + rng.uniform(-0.4, 0.4, count)
    frame["lon"] = place.x.to_numpy()[at] + rng.uniform(-0.4, 0.4, count)
    frame["women_15_44"] = rng.gamma(2.5, 100.0, count).round(2)
    frame["people"] = frame["women_15_44"] * 5
    for service in POINT_SERVICES:
        reason = np.where(rng.random(count) < 0.9, "covered", rng.choice(MINUTES_REASONS, count))
        known = reason == "covered"
        frame[f"reason_{service}"] = reason
        frame[f"minutes_{service}"] = np.where(known, rng.gamma(2.0, 25.0, count), np.nan)
        near = facilities["facility_id"].to_numpy()[rng.integers(0, len(facilities), count)]
        frame[f"facility_id_{service}"] = pd.array(np.where(known, near, None), dtype="str")
    for part in ("minutes", "facility_id", "reason"):
        frame[f"{part}_birth_care_corroborated"] = frame[f"{part}_birth_care"]
    return frame


def made_layers(counties, facilities, block_groups):
    """Return three nested bands, four catchments, and drives of every kind; the last counties have none."""
    west, south, east, north = counties.total_bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    bands = gpd.GeoDataFrame(
        {"minutes_to": [30.0, 60.0, 90.0]}, geometry=[middle.buffer(r) for r in (0.6, 1.2, 1.8)], crs=4326
    )
    x, y = middle.x, middle.y
    quarters = [
        shapely.box(*box)
        for box in ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
    ]
    units = facilities.iloc[:4]
    whose = gpd.GeoDataFrame(
        {"facility_id": units["facility_id"].to_numpy(), "facility_name": units["facility_name"].to_numpy()},
        geometry=quarters, crs=4326,
    )  # fmt: skip
    typical = [_typical(k, fips, facilities, block_groups) for k, fips in enumerate(counties["county_fips"])]
    return MapLayers(isochrones=bands, catchments=whose, typical=tuple(typical), cell_km=2.0)


def _typical(k, fips, facilities, block_groups):
    mine = block_groups[block_groups["county_fips"] == fips]
    if k >= 14 or mine.empty:
        lost = ("nobody", "no_demand_points") if k == 15 else ("women_15_44", "ferry_or_air_only")
        return TypicalPoint(
            county_fips=fips, demand_id=None, lat=np.nan, lon=np.nan, weight=np.nan, weighed_by=lost[0], reason=lost[1]
        )
    point = mine.iloc[0]
    drives = []
    for n, (service, way) in enumerate(
        [("birth_care", "direct"), ("neonatal_3_plus", "highways"), ("neonatal_3_plus_or_nicu", "streets")]
    ):
        unit = facilities.iloc[(k + n) % len(facilities)]
        lat = np.linspace(point["lat"], unit["lat"], 2 + 3 * n) + 0.01 * (np.arange(2 + 3 * n) % 2) * n
        lon = np.linspace(point["lon"], unit["lon"], 2 + 3 * n)
        drives.append(
            Drive(
                service=service,
                facility_id=unit["facility_id"],
                minutes=10.0 * (n + 1) + 0.46,
                reason="covered",
                way=way,
                lat=lat,
                lon=lon,
            )
        )
    drives[1] = (
        Drive(
            service="neonatal_3_plus",
            facility_id=None,
            minutes=np.nan,
            reason="level_not_reported",
            way="",
            lat=np.zeros(0),
            lon=np.zeros(0),
        )
        if k == 1
        else drives[1]
    )
    return TypicalPoint(
        county_fips=fips, demand_id=point["demand_id"], lat=point["lat"], lon=point["lon"],
        weight=float(point["women_15_44"]), weighed_by="women_15_44", reason="covered", drives=tuple(drives),
    )  # fmt: skip
