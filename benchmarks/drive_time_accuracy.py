"""Measure the drive-time model on states that it was not fitted to.

    python benchmarks/drive_time_accuracy.py --from ../shared/data [--error-model data/drive_time_error.csv]

Each state is left out in turn (its OSRM trips too), the profile is fitted to the other nine and the state's pairs are
computed with the package itself. Yardstick, pairs and bands as in calibrate_drive_times.py; OSRM's own minutes stand
beside ours. Intervals are 95 % bootstrap percentiles over pairs. Cells under 30 pairs stand in brackets and
are not judged.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from calibrate_drive_times import World, calibrate, first_routes, read_trips, snap_trips, start_values
from matcare.travel.searches import within
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import load_profile

F64 = npt.NDArray[np.float64]

BANDS: Final = ((3, 15), (15, 30), (30, 60), (60, 120))
DENSITY_CLASSES: Final = ((0, 30), (30, 300), (300, 1500), (1500, 1e9))
DRAWS: Final = 1000
FEW: Final = 30


def minutes_of(network: RoadNetwork, trips: pd.DataFrame) -> F64:
    """Minutes of each trip by the package; NaN where there is no way."""
    origins, ends = snap_trips(network, trips)
    pairs = within(network, origins, ends, limit_minutes=300.0)
    key = pairs.origin.astype(np.int64) * len(ends) + pairs.destination
    order = np.argsort(key)
    wanted = np.arange(len(trips)) * len(ends) + trips["destination"].to_numpy()
    at = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    return np.where(key[order][at] == wanted, pairs.minutes[order][at], np.nan)


def interval(values: F64, statistic: str, seed: int = 7) -> str:
    """Statistic with its bootstrap interval."""
    function = np.median if statistic == "median" else np.mean
    rng = np.random.default_rng(seed)
    draws = [float(function(values[rng.integers(0, len(values), len(values))])) for _ in range(DRAWS)]
    low, high = np.percentile(draws, [2.5, 97.5])
    text = f"{float(function(values)):.3f} [{low:.3f}, {high:.3f}]"
    return f"({text}, n={len(values)})" if len(values) < FEW else text


def summary(trips: pd.DataFrame, minutes: F64, label: str) -> None:
    """Print the pooled table of one set of minutes."""
    truth = trips["minutes"].to_numpy()
    error, near = np.abs(minutes - truth), (trips["near_rank"] == 1).to_numpy()
    print(f"\n{label}: {len(trips)} pairs")
    print(f"  mean absolute error, min    {interval(error, 'mean')}")
    print(f"  same, nearest hospital      {interval(error[near], 'mean')}  (n={int(near.sum())})")
    for low, high in BANDS:
        rows = (truth > low) & (truth <= high)
        ratio, mean = interval(minutes[rows] / truth[rows], "median"), interval(error[rows], "mean")
        print(f"  {low:>3}-{high:<3} min, n={int(rows.sum()):>4}: median ratio {ratio}, MAE {mean}")
    for limit in (30, 60):
        same_side = ((minutes <= limit) == (truth <= limit)).astype(np.float64)
        print(f"  same side of {limit} min         {interval(same_side, 'mean')}")


def by_state(trips: pd.DataFrame, minutes: F64) -> None:
    """Print error and ratio by state and band."""
    truth = trips["minutes"].to_numpy()
    print("\nLeft-out states: MAE (OSRM's MAE) and median ratio by band; cells under 30 pairs in brackets")
    for state in sorted(trips["state"].unique()):
        cells = []
        for low, high in ((0, 120), *BANDS):
            rows = (trips["state"] == state).to_numpy() & (truth > low) & (truth <= high)
            if not rows.any():
                cells.append("-")
                continue
            osrm = np.abs(trips["osrm_minutes"].to_numpy() - truth)[rows].mean()
            error, ratio = np.abs(minutes - truth)[rows].mean(), np.median((minutes / truth)[rows])
            text = f"{error:.1f} ({osrm:.1f}) {ratio:.2f} n={int(rows.sum())}"
            cells.append(f"[{text}]" if rows.sum() < FEW else text)
        print(f"  {state}  " + " | ".join(f"{cell:<26}" for cell in cells))


def error_model(trips: pd.DataFrame, minutes: F64, density: F64) -> pd.DataFrame:
    """Distribution of ln(yardstick / model) on left-out states, by the model's minutes and the origin's density."""
    log_ratio, rows = np.log(trips["minutes"].to_numpy() / minutes), []
    for low, high in ((0, 15), (15, 30), (30, 60), (60, 150)):
        for thin, dense in ((0, 1e9), *DENSITY_CLASSES):
            cell = log_ratio[(minutes > low) & (minutes <= high) & (density >= thin) & (density < dense)]
            if not len(cell):
                continue
            q05, q25, q50, q75, q95 = np.percentile(cell, [5, 25, 50, 75, 95]).round(4)
            rows.append({
                "minutes_over": low, "minutes_up_to": high, "people_per_km2_from": thin, "people_per_km2_below": dense,
                "pairs": len(cell), "mean_log_ratio": round(float(cell.mean()), 4),
                "sd_log_ratio": round(float(cell.std(ddof=1)), 4) if len(cell) > 1 else np.nan,
                "q05_log_ratio": q05, "q25_log_ratio": q25, "q50_log_ratio": q50, "q75_log_ratio": q75,
                "q95_log_ratio": q95,
            })  # fmt: skip
    return pd.DataFrame(rows)


def left_out(world: World, trips: pd.DataFrame) -> F64:
    """Minutes of the yardstick's pairs, each by a fit that has not seen its state."""
    judged = trips[trips["judged"]].reset_index(drop=True)
    judged["destination"] = judged.groupby(["destination_lat", "destination_lon"]).ngroup()
    routes = first_routes(world, trips)
    calibrate(routes, np.ones(len(trips), dtype=bool), start_values(), rounds=2)  # only to gather paths
    minutes = np.full(len(judged), np.nan)
    for state in sorted(judged["state"].unique()):
        values = calibrate(routes, (trips["state"] != state).to_numpy(), start_values(), rounds=1)
        rows = (judged["state"] == state).to_numpy()
        minutes[rows] = minutes_of(world.network(values), judged)[rows]
    return minutes


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure drive times against published ones on left-out states.")
    parser.add_argument(
        "--from", dest="folder", type=Path, required=True, help="folder with roads, demand, boundaries, calibration"
    )
    parser.add_argument("--error-model", type=Path, help="write the error model (statistics only) to this CSV file")
    options = parser.parse_args()
    world = World.load(options.folder)
    trips = read_trips(options.folder, world.density)
    judged = trips[trips["judged"]].reset_index(drop=True)
    judged["destination"] = judged.groupby(["destination_lat", "destination_lon"]).ngroup()
    shipped = RoadNetwork(world.graph, load_profile("typical"), world.density, world.land)
    summary(judged, judged["osrm_minutes"].to_numpy(), "OSRM on OpenStreetMap")
    summary(judged, minutes_of(shipped, judged), "profile typical as shipped (in-sample)")
    minutes = left_out(world, trips)
    summary(judged, minutes, "states left out in turn")
    by_state(judged, minutes)
    if options.error_model is not None:
        density = world.density.at(judged["origin_lat"], judged["origin_lon"])
        error_model(judged, minutes, density).to_csv(options.error_model, index=False)
        print(f"\nwrote {options.error_model}")


if __name__ == "__main__":
    main()
