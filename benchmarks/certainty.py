"""What certainty stands on, and how long it takes.

    python benchmarks/certainty.py [--draws 200] [--workers 2] [--seed 2022]
    python benchmarks/certainty.py --split --from ../shared/data
    python benchmarks/certainty.py --tiers [--from ../shared/data]

The first times the draws of the nation, says that a draw without error is the run, and prints totals. ``--split`` parts
the calibrated error of drive times: states are left out in turn as in drive_time_accuracy.py (some minutes), then the
products of pairs of standardised residuals say what trips of a state, of an area, to one hospital and between the same
places have in common, maximum likelihood says how far off access legs are, and the services' minutes are looked for in
90 % intervals. ``--tiers`` prints the capture and recapture of obstetric signs, NICU levels, and with the files the fit
of SAHIE's own limits. Only statistics are printed, never the services' minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from matcare.geo import great_circle_km
from matcare.measures.counties import county_results
from matcare.measures.nearest import nearest_services
from matcare.pipeline.study_area import open_study_area
from matcare.planning.certainty import INPUTS, Uncertainty, certainty
from matcare.planning.certainty.trip_error import TripError
from matcare.scenario import MARCH_OF_DIMES_2024, Scenario
from matcare.tables.snapshot import load_drive_time_error, load_snapshot

F64 = npt.NDArray[np.float64]

BANDS: Final = (0.0, 15.0, 30.0, 60.0)
APART_KM: Final = ((0, 10), (10, 20), (20, 40), (40, 80), (80, 160), (160, 1000))
BEDS: Final = (0, 25, 50, 100, 200, 400, 10_000)


def draw_the_nation(draws: int, workers: int, seed: int) -> None:
    """Time the draws, compare a draw without error with the run, print totals and what matters most."""
    started = time.perf_counter()
    snapshot = load_snapshot()
    area = open_study_area(Scenario(), snapshot)
    groups = nearest_services(area.trips, area.demand, area.facilities, limit_minutes=600.0)
    results = county_results(
        area.counties, snapshot.outcomes, area.facilities, groups, rule=MARCH_OF_DIMES_2024, data_date=""
    )  # fmt: skip
    print(f"nation opened, with its county results: {time.perf_counter() - started:.1f} s")
    error = load_drive_time_error()
    held = certainty(
        area, results, drive_time_error=error, seed=seed, draws=1, inputs=Uncertainty(held=frozenset(INPUTS))
    )  # fmt: skip
    different = int((held.counties["p_same_class"] != 1).sum())
    withheld = 0  # where no level is reported the run has no number to compare with
    for service in ("birth_care", "neonatal_3_plus"):
        told = (results[f"minutes_{service}_reason"] != "level_not_reported").to_numpy()
        withheld += 3 * int((~told).sum())
        run, drawn = results[f"minutes_{service}"].to_numpy(dtype=np.float64), held.draws[0].minutes[service]
        different += int((~((run == drawn) | (np.isnan(run) & np.isnan(drawn))))[told].sum())
        for row, limit in enumerate((30, 60)):
            share = results[f"share_women_within_{limit}_{service}"].to_numpy(dtype=np.float64)
            drawn = held.draws[0].within[service][row]
            different += int((~np.isclose(share, drawn, rtol=0, atol=0))[told].sum())
    print(
        f"without error: {different} of {7 * len(results) - withheld:,} classes, minutes and shares differ from the "
        f"run ({withheld} are withheld by it)"
    )
    started = time.perf_counter()
    found = certainty(area, results, drive_time_error=error, seed=seed, draws=draws, workers=workers)
    seconds = time.perf_counter() - started
    print(f"{draws} draws on {workers} threads, with preparation: {seconds:.1f} s ({seconds / draws:.2f} s a draw)\n")
    totals = found.totals.drop(columns=["draws", "seed"]).round(0)
    print(totals.to_string(index=False))
    print(f"\ncounties of another class than the run's in over half of the draws: "
          f"{int((found.counties['p_same_class'] < 0.5).sum())}")  # fmt: skip
    for result in ("class", "minutes_birth_care", "minutes_neonatal_3_plus"):
        counted = found.counties[f"most_important_input_{result}"].value_counts()
        print(f"most important for {result}: {', '.join(f'{name} {n}' for name, n in counted.items())}")


def residuals(folder: Path) -> pd.DataFrame:
    """Left-out minutes of the calibration pairs, with access legs and density."""
    from calibrate_drive_times import World, read_trips, snap_trips  # noqa: PLC0415 - needs the folder's files
    from drive_time_accuracy import left_out  # noqa: PLC0415 - as above
    from matcare.travel.snapping import RoadNetwork  # noqa: PLC0415 - as above
    from matcare.travel.speeds import load_profile  # noqa: PLC0415 - as above

    world = World.load(folder)
    trips = read_trips(folder, world.density)
    judged = trips[trips["judged"]].reset_index(drop=True)
    judged["destination"] = judged.groupby(["destination_lat", "destination_lon"]).ngroup()
    origins, _ = snap_trips(RoadNetwork(world.graph, load_profile("typical"), world.density, world.land), judged)
    leg = np.full(len(origins), np.inf)
    np.minimum.at(leg, np.repeat(np.arange(len(origins)), np.diff(origins.first)), origins.leg_minutes)
    judged["model"] = left_out(world, trips)
    judged["leg"] = np.minimum(leg, judged["model"])
    judged["density"] = world.density.at(judged["origin_lat"], judged["origin_lon"])
    return judged[judged["model"].notna()].reset_index(drop=True)


def split(folder: Path) -> None:
    """Part the calibrated error, and look whether 90 % intervals hold 90 % of the services' minutes."""
    trips = residuals(folder)
    model = trips["model"].to_numpy()
    log_ratio = np.log(trips["minutes"].to_numpy() / model)
    band = np.searchsorted(BANDS, model, side="left") - 1
    legs = (trips["leg"].to_numpy() / model) ** 2
    print("mean square of the access leg's share of the minutes, by band (LEG_SHARE_SQUARED):")
    for number, low in enumerate(BANDS):
        print(f"  over {low:>2.0f} min  {legs[band == number].mean():.4f}  n={int((band == number).sum())}")

    def minus_log_likelihood(logs: F64) -> float:
        variance = np.exp(logs[:4])[band] + np.exp(logs[4]) * legs
        return float((log_ratio**2 / variance + np.log(variance)).sum())

    best = minimize(minus_log_likelihood, np.log([0.03, 0.03, 0.015, 0.008, 0.2]), method="Nelder-Mead",
                    options={"maxiter": 8000, "fatol": 1e-4}).x  # fmt: skip
    roads = ", ".join(f"{value:.3f}" for value in np.sqrt(np.exp(best[:4])))
    print(f"maximum likelihood: roads {roads} by band; access legs {np.sqrt(np.exp(best[4])):.2f} (log sd)")
    in_common(trips, log_ratio / np.array([np.sqrt((log_ratio[band == b] ** 2).mean()) for b in range(4)])[band])
    u = Uncertainty()
    error = TripError.of(load_drive_time_error(), access_sd=u.access_sd, scale=u.speed_scale)
    roads_sd = error.sd(model, trips["density"].to_numpy())
    rng = np.random.default_rng(1)
    drawn = np.log1p(np.sqrt(legs)[:, None] * np.expm1(u.access_sd * rng.standard_normal((len(model), 2000))))
    drawn += roads_sd[:, None] * rng.standard_normal(drawn.shape)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=1)
    inside = (log_ratio >= low) & (log_ratio <= high)
    print("\nservices' minutes within the 5-95 % interval of a trip (stated: .90):")
    for number, lowest in enumerate(BANDS):
        print(f"  over {lowest:>2.0f} min  {inside[band == number].mean():.3f}")
    print(f"  all          {inside.mean():.3f}")
    for state in sorted(trips["state"].unique()):
        here = (trips["state"] == state).to_numpy()
        print(f"  {state} (left out)  {inside[here].mean():.3f}  n={int(here.sum())}")
    several = trips[trips.groupby("zip")["zip"].transform("size") > 1].groupby("zip")
    change = np.log(several["minutes"].min() / several["model"].min())
    print(f"\nnearest of several hospitals, ln(services / model): mean {change.mean():+.3f}, n={len(change)} places")


def in_common(trips: pd.DataFrame, z: F64) -> None:
    """Print the mean product of standardised residuals of pairs of trips within a state."""
    i, j = np.triu_indices(len(trips), 1)
    state, place, hospital = (trips[name].to_numpy() for name in ("state", "zip", "destination"))
    near = state[i] == state[j]
    i, j = i[near], j[near]
    lat, lon = trips["origin_lat"].to_numpy(), trips["origin_lon"].to_numpy()
    apart = np.asarray(great_circle_km(lat[i], lon[i], lat[j], lon[j]))
    one, same_place = hospital[i] == hospital[j], place[i] == place[j]
    product = z[i] * z[j]
    print("\nmean product of pairs of residuals in a state (a correlation), by kilometres between the places:")
    rows = same_place & ~one
    print(f"  same place, other hospital       {product[rows].mean():+.3f}  n={int(rows.sum())}")
    for low, high in APART_KM:
        there = ~same_place & (apart > low) & (apart <= high)
        texts = [f"{product[there & of].mean():+.3f} n={int((there & of).sum()):>6}" for of in (one, ~one)]
        print(f"  {low:>3}-{high:<4} km  same hospital {texts[0]}  other hospital {texts[1]}")


def tiers(folder: Path | None) -> None:
    """Print what the probabilities of obstetric evidence and of NICU levels stand on, and SAHIE's limits."""
    frame = load_snapshot().facilities
    hospitals = frame[frame["kind"] == "hospital"]
    friendly = hospitals["birthing_friendly"] == "yes"
    newborns = hospitals["nursery_discharges_status"].isin(["reported", "suppressed"])
    claims = hospitals["pos_obstetrics"].isin(["on_site", "both", "flagged"])
    print("hospitals that claim obstetrics: birthing-friendly and nursery discharges, capture and recapture")
    hidden_all, neither_all = {}, {}
    for low, high in pairwise(BEDS):
        here = claims & (hospitals["beds"] > low) & (hospitals["beds"] <= high)
        both, one, other, neither = (
            int((here & a & b).sum())
            for a, b in ((friendly, newborns), (friendly, ~newborns), (~friendly, newborns), (~friendly, ~newborns))
        )
        hidden = one * other / both  # of two independent lists: those on neither
        hidden_all[high], neither_all[high] = hidden, neither
        print(f"  {low:>3}-{high:<6} beds: both {both}, one {one} + {other}, neither {neither}; "
              f"hidden {hidden:.0f}, P(claimed offers) >= {hidden / neither:.2f}")  # fmt: skip
    large = [high for high in BEDS[1:] if high > BEDS[1]]
    total = sum(hidden_all[high] for high in large) / sum(neither_all[high] for high in large)
    print(f"  over {BEDS[1]} beds together: {total:.2f}")
    level, beds, nicu_beds = frame["neonatal_level"], frame["beds"], frame["nicu_beds"]
    known, high_level = level.notna(), level.isin(["III", "IV"])
    print("share III or IV of reported units with a NICU:")
    for words, rows in (
        ("more than 10 NICU beds", nicu_beds > 10), ("1-10 NICU beds", (nicu_beds > 0) & (nicu_beds <= 10)),
        ("no count of NICU beds, 200 beds and more", nicu_beds.isna() & (frame["nicu"] == "yes") & (beds >= 200)),
        ("no count of NICU beds, fewer", nicu_beds.isna() & (frame["nicu"] == "yes") & (beds < 200)),
    ):  # fmt: skip
        print(f"  {words}: {high_level[rows & known].mean():.2f} of {int((rows & known).sum())}")
    if folder is not None:
        sahie(folder)


def sahie(folder: Path) -> None:
    """Fit the relative standard deviation that SAHIE's 90 % limits imply to a county's people."""
    rows = json.loads((folder / "county/sahie_agecat0_2023.json").read_text(encoding="utf-8"))
    table = pd.DataFrame(rows[1:], columns=rows[0])
    table["county_fips"] = table["state"] + table["county"]
    values = table.set_index("county_fips")[["PCTUI_PT", "PCTUI_LB90", "PCTUI_UB90"]].apply(pd.to_numeric)
    people = load_snapshot().counties.set_index("county_fips")["population"].reindex(values.index)
    relative = (values["PCTUI_UB90"] - values["PCTUI_LB90"]) / (2 * 1.645 * values["PCTUI_PT"])
    good = (relative > 0) & (people > 0)
    slope, at_one = np.polyfit(np.log(people[good].astype(float) / 10_000), np.log(relative[good].astype(float)), 1)
    print(f"SAHIE: relative sd {np.exp(at_one):.3f} at 10,000 people, power {slope:.3f}, {int(good.sum())} counties")


def main() -> None:
    parser = argparse.ArgumentParser(description="What certainty stands on, and how long it takes.")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2022)
    parser.add_argument("--split", action="store_true", help="part the calibrated error of drive times")
    parser.add_argument("--tiers", action="store_true", help="what the probabilities of units stand on")
    parser.add_argument("--from", dest="folder", type=Path, help="folder with roads, demand, boundaries, calibration")
    options = parser.parse_args()
    if options.split and options.folder is None:
        parser.error("--split needs --from FOLDER")
    if options.split:
        split(options.folder)
    if options.tiers:
        tiers(options.folder)
    if not options.split and not options.tiers:
        draw_the_nation(options.draws, options.workers, options.seed)


if __name__ == "__main__":
    main()
