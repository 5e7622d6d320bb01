"""Made tables that keep the contracts of a run, with every reason a value may be missing."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from matcare.contracts import COUNTY_RESULTS, DESERT_CLASSES, FACILITIES_OUT, IMR_STATUSES
from matcare.publish.map.columns import run_columns
from matcare.publish.map.planning_themes import planning_columns


def _filled(table, count, rng):
    """Return a column of plausible values for each column of a contract."""
    made = {}
    for column in table.columns:
        if column.kind == "text":
            made[column.name] = np.resize(np.array(column.values or ("none",), dtype=object), count)
        elif column.kind == "boolean":
            made[column.name] = rng.random(count) < 0.5
        elif column.unit in {"share 0-1", "percentile 0-1"}:
            made[column.name] = rng.random(count).round(4)
        elif column.kind == "integer":
            made[column.name] = rng.integers(column.minimum or 0, (column.maximum or 4) + 1, count)
        else:
            made[column.name] = (rng.gamma(2.0, 30.0, count) + (column.minimum or 0)).round(2)
    return pd.DataFrame(made)


def made_counties(geometry: gpd.GeoDataFrame, seed: int = 7) -> gpd.GeoDataFrame:
    """Give made results to counties with `county_fips`, `county_name`, `state`."""
    rng = np.random.default_rng(seed)
    count = len(geometry)
    frame = _filled(COUNTY_RESULTS, count, rng)
    for name in ("county_fips", "county_name", "state"):
        frame[name] = geometry[name].to_numpy()
    frame["geo_id"] = "0500000US" + frame["county_fips"]
    frame["data_date"] = "2026-05-01"
    frame["corrections"] = "none"
    frame["march_of_dimes_reason"] = "no unit; 12 clinicians per 10,000 births; 11.2 % uninsured"
    frame["march_of_dimes_reason_corroborated"] = frame["march_of_dimes_reason"]
    frame["march_of_dimes_class"] = np.where(
        rng.random(count) < 0.9,
        rng.choice(["desert", "low", "moderate", "full"], count),
        rng.choice(DESERT_CLASSES, count),
    )
    frame["march_of_dimes_class_corroborated"] = np.where(
        rng.random(count) < 0.1, "desert", frame["march_of_dimes_class"]
    )
    for name in [column for column in frame if column.startswith("minutes_") and column.endswith("_reason")]:
        frame[name] = np.where(
            rng.random(count) < 0.95, "covered", rng.choice(COUNTY_RESULTS.column(name).values, count)
        )
        frame.loc[frame[name] != "covered", name.removesuffix("_reason")] = np.nan
    frame["imr_status"] = rng.choice(IMR_STATUSES, count, p=[0.34, 0.02, 0.01, 0.5, 0.05, 0.04, 0.04])
    shown = frame["imr_status"].isin(["published", "published_unreliable", "apportioned"])
    frame["imr"] = rng.gamma(16.0, 0.38, count).round(3)
    frame["imr_low"] = (frame["imr"] * 0.7).round(3)
    frame["imr_high"] = (frame["imr"] * 1.4).round(3)
    frame["outcome_period"] = "2017-2023"
    _fill_outcomes(frame, shown)
    frame.loc[frame["share_women_uninsured_status"] != "estimated", "share_women_uninsured"] = np.nan
    frame = frame.assign(**made_planning(frame, seed))
    return gpd.GeoDataFrame(
        frame.drop(columns="geometry", errors="ignore"), geometry=geometry.geometry.to_numpy(), crs=geometry.crs
    )


def made_planning(frame: pd.DataFrame, seed: int) -> dict[str, object]:
    """Return made columns for planning: with every status, some counties withheld, some unknown."""
    rng = np.random.default_rng(seed + 1)
    count = len(frame)
    made: dict[str, object] = {}
    for name in planning_columns():
        if name.endswith(("_reason", "_status")) or name in run_columns():
            continue
        if name.startswith(("share_", "p_")):
            made[name] = rng.random(count).round(4)
        elif name.startswith(("minutes_", "catchment_e2sfca", "births_")):
            made[name] = rng.gamma(2.0, 30.0, count).round(2)
        elif name.endswith(("_met", "_unknown")):
            made[name] = pd.array(rng.integers(0, 5, count), dtype="Int64")
        elif name.startswith("most_important_input"):
            made[name] = rng.choice(["obstetrics", "clinicians", "uninsured", "speeds", "none"], count)
        else:
            made[name] = "none"
    made["catchment_e2sfca_lowest_tenth"] = pd.array(rng.random(count) < 0.1, dtype="boolean")
    made["catchment_e2sfca"] = np.where(rng.random(count) < 0.2, 0.0, rng.gamma(2.0, 0.4, count).round(3))
    made["catchment_e2sfca_reason"] = "covered"
    second = np.resize(["covered", "partly_covered", "no_second_unit", "unreachable"], count)
    made["minutes_second_birth_care_reason"] = second
    for name in ("minutes_second_birth_care", "minutes_added_second_birth_care"):
        made[name] = np.where(np.isin(second, ["covered", "partly_covered"]), made[name], np.nan)
    standing = np.resize(["reported", "estimated", "not_reported"], count)
    made["share_very_low_birthweight_status"] = standing
    made["share_very_low_birthweight"] = np.where(standing == "not_reported", np.nan, rng.normal(0.014, 0.003, count))
    given = np.resize(["given", "small_count", "not_reported"], count)
    made["births_high_risk_status"] = given
    made["births_high_risk_per_year"] = np.where(given == "given", 10.0 + made["births_high_risk_per_year"], np.nan)
    return made


def _fill_outcomes(frame: pd.DataFrame, shown: pd.Series) -> None:
    """Blank each outcome where its county has none: a modelled rate only without a published one."""
    modelled = frame["imr_status"] == "modelled"
    counts = {"imr", "imr_low", "imr_high", "infant_deaths", "live_births"}
    for name in frame.columns:
        if name in counts or name.startswith(("imr_eb", "imr_shrinkage")):
            frame[name] = frame[name].where(shown)
        elif name == "imr_modelled_benchmark":
            frame[name] = frame[name].where(modelled)
        elif name.startswith("imr_modelled"):
            frame[name] = (5.0 + frame[name] % 4).round(2).where(modelled)
        elif name.startswith(("cluster_imr", "hot_spot_imr")):
            frame.loc[~shown, name] = "no_rate"
        elif name.startswith("profile_") and name != "profile_missing":
            frame[name] = (frame[name] % 100).round(1)
    frame["profile_missing"] = "none"


def made_facilities(counties: gpd.GeoDataFrame, count: int, seed: int = 11) -> pd.DataFrame:
    """Give made facilities inside the counties, of every group."""
    rng = np.random.default_rng(seed)
    frame = _filled(FACILITIES_OUT, count, rng)
    at = rng.integers(0, len(counties), count)
    points = counties.geometry.to_crs(4326).representative_point()
    frame["facility_id"] = [f"{i:06d}" for i in range(count)]
    frame["facility_name"] = [f"Hospital {i}" for i in range(count)]
    frame["city"] = "Springfield"
    frame["state"] = counties["state"].to_numpy()[at]
    frame["county_fips"] = counties["county_fips"].to_numpy()[at]
    frame["lat"] = points.y.to_numpy()[at] + rng.normal(0, 0.05, count)
    frame["lon"] = points.x.to_numpy()[at] + rng.normal(0, 0.05, count)
    frame["kind"] = rng.choice(["hospital", "childrens_hospital", "birth_center"], count, p=[0.85, 0.03, 0.12])
    frame["neonatal_level"] = rng.choice(
        np.array(["I", "II", "III", "IV", None], dtype=object), count, p=[0.1, 0.12, 0.15, 0.04, 0.59]
    )
    frame["nicu"] = rng.choice(["yes", "no_evidence", "unknown"], count, p=[0.3, 0.6, 0.1])
    frame["counts_birth_care"] = (frame["kind"] == "hospital") & (rng.random(count) < 0.85)
    frame["counts_birth_care_corroborated"] = frame["counts_birth_care"] & (rng.random(count) < 0.9)
    frame["status"] = np.where(rng.random(count) < 0.01, "closed", "open")
    frame["correction"] = np.where(frame["status"] == "closed", "closed 2026-02-01, county health office", "none")
    frame["level_query"] = None
    return frame


def small_region() -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return sixteen square counties in two states, and forty facilities; names as awkward as names can be."""
    boxes = [shapely.box(x, y, x + 1, y + 1) for x in range(-104, -100) for y in range(40, 44)]
    names = [f"County {chr(65 + k)}" for k in range(16)]
    names[0] = "Loíza Municipio"
    names[1] = "Doña Ana County"
    names[2] = "</script><script>alert(2)</script>"
    names[3] = 'O\'Brien "Quoted" & Co. County'
    geometry = gpd.GeoDataFrame(
        {
            "county_fips": [f"{31 if k < 8 else 46}{2 * k + 1:03d}" for k in range(16)],
            "county_name": names,
            "state": ["NE" if k < 8 else "SD" for k in range(16)],
        },
        geometry=boxes,
        crs="EPSG:4326",
    )
    counties = made_counties(geometry)
    counties["imr_status"] = np.resize(np.array(IMR_STATUSES, dtype=object), 16)
    shown = counties["imr_status"].isin(["published", "published_unreliable", "apportioned"])
    counties["imr"] = np.where(shown, 6.25, np.nan)
    counties["imr_low"] = np.where(shown, 4.5, np.nan)
    counties["imr_high"] = np.where(shown, 8.75, np.nan)
    counties["infant_deaths"] = np.where(shown, 41.0, np.nan)
    counties["live_births"] = np.where(shown, 6560.0, np.nan)
    _fill_outcomes(counties, shown)
    for name, value in {"imr_eb": 6.0, "imr_eb_low": 5.0, "imr_eb_high": 7.0, "imr_shrinkage": 0.62}.items():
        counties[name] = np.where(shown, value, np.nan)
    counties["imr_modelled"] = np.where(counties["imr_status"] == "modelled", 7.25, np.nan)
    for name in [name for name in run_columns() if name.startswith("minutes_") and name.endswith("_reason")]:
        counties[name] = np.resize(np.array(COUNTY_RESULTS.column(name).values, dtype=object), 16)
        counties[name.removesuffix("_reason")] = np.where(counties[name] == "covered", 41.37, np.nan)
        unknown = counties[name].isin(["no_demand_points", "level_not_reported"])
        service = name.removeprefix("minutes_").removesuffix("_reason")
        shares = [f"share_women_within_{limit}_{service}" for limit in (30, 60, 90)]
        counties.loc[unknown, [*shares, f"share_women_without_minutes_{service}"]] = np.nan
    counties["march_of_dimes_class"] = np.resize(np.array(DESERT_CLASSES, dtype=object), 16)
    facilities = made_facilities(counties, 40)
    facilities.loc[0, "facility_name"] = "<script>alert(1)</script>"
    facilities.loc[1, "facility_name"] = "=cmd|' /C calc'!A0"
    facilities.loc[2, "facility_name"] = "<img src=x onerror=alert(3)> Clinic"
    return counties, facilities


def comparison() -> dict[str, object]:
    """Return what `render_comparison_map` takes: nine square counties, a unit closed in the middle one, one opened."""
    boxes = [shapely.box(x, y, x + 1, y + 1) for x in range(-104, -101) for y in range(40, 43)]
    before = np.array([20.0, 25, 30, 35, 12, 40, 45, 50, 70])
    added = np.array([0.0, 0.2, 4, 22, 48, 0, np.nan, 0, -20])
    women = np.array([100.0, 200, 300, 400, 5000, 600, 0, 800, 900])
    counties = gpd.GeoDataFrame(
        {
            "county_fips": [f"31{2 * k + 1:03d}" for k in range(9)],
            "county_name": [*(f"County {letter}" for letter in "ABCDEFGH"), "</script><b>Last</b> County"],
            "state": ["NE"] * 6 + ["SD"] * 3,
            "women_15_44": women,
            "minutes_before": np.where(np.isnan(added), np.nan, before),
            "minutes_before_reason": np.where(np.isnan(added), "no_demand_points", "covered"),
            "minutes_after": before + added,
            "minutes_after_reason": np.where(np.isnan(added), "no_demand_points", "covered"),
            "minutes_change": added,
        },
        geometry=boxes,
        crs="EPSG:4326",
    )
    for limit in (30, 60):
        for side, minutes in (("before", counties["minutes_before"]), ("after", counties["minutes_after"])):
            within = np.where(minutes <= limit, 0.9, 0.1)
            counties[f"share_women_within_{limit}_{side}"] = np.where(minutes.isna(), np.nan, within)
        lost = counties[f"share_women_within_{limit}_before"] - counties[f"share_women_within_{limit}_after"]
        counties[f"women_newly_beyond_{limit}"] = (lost.clip(lower=0) * women).round()
        counties[f"women_newly_within_{limit}"] = ((-lost).clip(lower=0) * women).round()
        counties[f"drive_time_desert_{limit}_change"] = np.select(
            [lost.isna(), lost > 0, lost < 0], ["not_known", "becomes", "ceases"], default="stays_not"
        )
    facilities = pd.DataFrame(
        {
            "facility_id": [f"{k:06d}" for k in range(6)],
            "facility_name": ["<b>Closing</b> Hospital", "New Hospital", "Up", "Down", "Taker", "Other"],
            "city": ["Springfield", None, "Town", "Town", "Town", "Town"],
            "state": ["NE", "SD", "NE", "NE", "NE", "SD"],
            "lat": [41.5, 42.5, 40.5, 41.5, 40.2, 42.2],
            "lon": [-102.5, -101.5, -103.5, -103.5, -102.2, -101.9],
            "role": ["closed", "opened", "upgraded", "downgraded", "receiving", "other"],
            "words": [
                "4,100 women have it as their nearest.",
                None,
                None,
                None,
                "It becomes the nearest for 4,100.",
                None,
            ],
        }
    )
    points = pd.DataFrame(
        {
            "lat": [41.4, 41.6],
            "lon": [-102.4, -102.6],
            "women": [812.4, 90.0],
            "minutes_before": [12.2, 20.0],
            "minutes_after": [61.5, np.nan],
        }
    )
    return {"counties": counties, "facilities": facilities, "points": points}
