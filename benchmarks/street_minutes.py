"""North Dakota's minutes on its streets beside those on the embedded highways: by how much, and where, they differ.

    python benchmarks/street_minutes.py --from DIR [--map FILE.png]

DIR holds ``roads/tiger_2021_nd``. The streets are all roads of TIGER/Line 2021 in the state, joined to the embedded
highways outside it; the speeds on both are the default profile's. Its speeds on highways are calibrated to drive times
of map services in ten states, North Dakota not among them; its speeds on streets are reasoned and not calibrated. So
neither side is the truth: a difference says where the default does without roads, not by how much it is wrong.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection

from matcare.pipeline.road_sources import joined_to_highways, road_source
from matcare.pipeline.roads import build_network
from matcare.scenario import Scenario
from matcare.tables.facilities import service_flags
from matcare.tables.snapshot import load_snapshot
from matcare.travel.routes import route
from matcare.travel.searches import Trips

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from matcare.tables.snapshot import Snapshot
    from matcare.travel.snapping import RoadNetwork

    F64 = npt.NDArray[np.float64]

STATE = "ND"
FAR_MINUTES = 240.0
"""Pairs are looked for up to here on both sides, so that none is missing from a band because the other is longer."""
BANDS = ((0, 15), (15, 30), (30, 60), (60, 120))
FROM_HIGHWAY_KM = (0.0, 0.5, 2.0, 5.0, 10.0, np.inf)
TOWN_PER_KM2 = 400.0
MOST_DRIVEN = 5
LINES = (30, 60)
LOCAL_ALBERS = "+proj=aea +lat_1=46.3 +lat_2=48.7 +lat_0=45.9 +lon_0=-100.5 +datum=NAD83"


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one network says.

    Attributes
    ----------
    minutes, unit : numpy.ndarray, shape (block groups,)
        To the nearest birth care, and its position among the units.
    table : numpy.ndarray, shape (block groups, units)
        Minutes of all pairs.
    road_km : numpy.ndarray, shape (block groups,)
        Straight kilometres to the nearest road.
    driven : pandas.DataFrame
        Kilometres and minutes of the trips to the nearest birth care by class of road, whole edges only.
    """

    minutes: F64
    unit: npt.NDArray[np.int32]
    table: F64
    road_km: F64
    driven: pd.DataFrame


def side(network: RoadNetwork, people: pd.DataFrame, units: pd.DataFrame) -> Side:
    """Ask a network."""
    here, there = (network.snap(table["lat"].to_numpy(), table["lon"].to_numpy()) for table in (people, units))
    trips = Trips(network, here, there)
    found = trips.nearest()[0]
    graph, pieces = network.graph, []
    for origin, unit in enumerate(found.destination):
        if unit >= 0:
            way = route(trips, origin, int(unit))
            edge, along = way.edge[1:-1], way.along[1:-1]
            ms = np.where(along, network.forward[edge], network.backward[edge])
            names = np.asarray(graph.class_names)[graph.road_class[edge]]
            pieces.append(pd.DataFrame({"road": names, "km": graph.km[edge], "minutes": ms / 60_000}))
    driven = pd.concat(pieces).groupby("road").sum().sort_values("km", ascending=False)
    return Side(
        minutes=found.minutes, unit=found.destination, table=trips.table(), road_km=here.nearest_km, driven=driven
    )


def asked(snapshot: Snapshot) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the state's block groups, and the units of birth care in it and around it."""
    counties = snapshot.counties
    own = counties.loc[counties["state"] == STATE, "county_fips"]
    people = snapshot.demand[snapshot.demand["county_fips"].isin(own)].reset_index(drop=True)
    units = service_flags(snapshot.facilities, birth_care_tiers=Scenario().birth_care_tiers)
    near = units["counts_birth_care"].astype(bool)
    for axis, degrees in (("lat", 3.0), ("lon", 4.5)):
        near &= units[axis].between(people[axis].min() - degrees, people[axis].max() + degrees)
    return people, units[near].reset_index(drop=True)


def quantiles(values: F64) -> str:
    """Write the 5th, 25th, 50th, 75th and 95th percentile."""
    return " / ".join(f"{one:+.1f}" for one in np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95)))


def print_nearest(people: pd.DataFrame, units: pd.DataFrame, streets: Side, highways: Side) -> None:
    """Print what changes in the minutes to the nearest birth care."""
    less = highways.minutes - streets.minutes
    known = np.isfinite(less)
    women = people["women_15_44"].to_numpy()[known]
    apart = less[known]
    print(f"\n{known.sum():,} of {len(people):,} block groups have minutes on both; {len(units)} units in and around")
    print("\n### Nearest birth care, highways less streets, minutes\n\n| | |\n|---|---:|")
    print(f"| 5 / 25 / 50 / 75 / 95 % of block groups | {quantiles(apart)} |")
    for name, minutes in (("streets", streets.minutes), ("highways", highways.minutes)):
        print(f"| women's mean on {name} | {np.average(minutes[known], weights=women):.2f} |")
    print(f"| women's mean difference | {np.average(apart, weights=women):+.2f} |")
    print(f"| women's mean absolute difference | {np.average(np.abs(apart), weights=women):.2f} |")
    changed = (streets.unit != highways.unit)[known]
    print(f"| another unit is nearest | {changed.sum()} of {len(apart)}, {_share(women, changed)} of the women |")
    for line in LINES:
        on_streets, on_highways = streets.minutes[known] <= line, highways.minutes[known] <= line
        out, into = on_streets & ~on_highways, ~on_streets & on_highways
        print(f"| within {line} min on streets, not on highways | {out.sum()}, {_share(women, out)} of the women |")
        print(f"| within {line} min on highways, not on streets | {into.sum()}, {_share(women, into)} of the women |")


def _share(women: F64, chosen: npt.NDArray[np.bool_]) -> str:
    return f"{100 * women[chosen].sum() / women.sum():.1f} %"


def print_groups(people: pd.DataFrame, density: F64, streets: Side, highways: Side) -> None:
    """Print the difference by distance from the nearest highway, and in towns and the country."""
    less = highways.minutes - streets.minutes
    women, km = people["women_15_44"].to_numpy(), highways.road_km
    groups = {
        f"{low:g}-{high:g} km from a highway".replace("-inf", " and more"): (km >= low) & (km < high)
        for low, high in pairwise(FROM_HIGHWAY_KM)
    }
    town = density >= TOWN_PER_KM2
    groups |= {f"town ({TOWN_PER_KM2:g} people per km² and more)": town, "country": ~town}
    head = "| block groups | number | women | mean on streets | highways less streets: 5/25/50/75/95 % | absolute |"
    print(f"\n### Nearest birth care by place\n\n{head}\n|---|---:|---:|---:|---:|---:|")
    for name, inside in groups.items():
        chosen = inside & np.isfinite(less)
        if chosen.any():
            some = women[chosen]
            on_streets, absolute = (np.average(m[chosen], weights=some) for m in (streets.minutes, np.abs(less)))
            print(
                f"| {name} | {chosen.sum()} | {some.sum():,.0f} | {on_streets:.1f} | {quantiles(less[chosen])} "
                f"| {absolute:.2f} |"
            )


def print_pairs(density: F64, streets: Side, highways: Side) -> None:
    """Print the ratio of all pairs by bands of street minutes."""
    ratio = highways.table / streets.table
    town = (density >= TOWN_PER_KM2)[:, None] & np.ones(ratio.shape, dtype=bool)
    head = "| street minutes | pairs | median | p10 | p90 | from towns, median | from the country, median |"
    print(f"\n### All pairs, highways over streets\n\n{head}\n|---|---:|---:|---:|---:|---:|---:|")
    for low, high in BANDS:
        inside = (streets.table > low) & (streets.table <= high) & (highways.table <= FAR_MINUTES)
        tenth, middle, last = np.quantile(ratio[inside], (0.1, 0.5, 0.9))
        parts = " | ".join(f"{np.median(ratio[inside & where]):.3f}" for where in (town, ~town))
        print(f"| {low}-{high} | {inside.sum():,} | {middle:.3f} | {tenth:.3f} | {last:.3f} | {parts} |")


def print_driven(streets: Side, highways: Side) -> None:
    """Print what roads the trips to the nearest birth care take, and how fast."""
    print("\n### Roads of these trips\n\n| on | class | km a trip | km/h |\n|---|---|---:|---:|")
    for name, one in (("streets", streets), ("highways", highways)):
        most = one.driven.head(MOST_DRIVEN)
        for road, km, minutes in zip(most.index, most["km"], most["minutes"], strict=True):
            print(f"| {name} | {road} | {km / len(one.minutes):.1f} | {60 * km / minutes:.0f} |")


def by_county(people: pd.DataFrame, streets: Side, highways: Side) -> pd.DataFrame:
    """Find the women's mean difference and mean absolute difference of each county."""
    frame = people[["county_fips", "women_15_44"]].assign(
        streets=streets.minutes, highways=highways.minutes, apart=highways.minutes - streets.minutes,
        road_km=highways.road_km,
    )  # fmt: skip
    frame = frame.dropna()
    frame["absolute"] = frame["apart"].abs()
    weighted = frame.drop(columns=["county_fips", "women_15_44"]).mul(frame["women_15_44"], axis=0)
    sums = weighted.groupby(frame["county_fips"]).sum()
    women = frame.groupby("county_fips")["women_15_44"].sum()
    return sums.div(women, axis=0).assign(women=women, block_groups=frame.groupby("county_fips").size())


def print_counties(counties: gpd.GeoDataFrame, found: pd.DataFrame) -> None:
    """Print the ten counties where the two differ most."""
    names = counties.set_index("county_fips")["county_name"]
    head = "| county | block groups | women | km from a highway | on streets | on highways | difference | absolute |"
    print("\n### Where: the ten counties of most absolute difference, women's means")
    print(f"\n{head}\n|---|{'---:|' * 7}")
    for row in found.sort_values("absolute", ascending=False).head(10).itertuples():
        print(
            f"| {names[str(row.Index)]} | {row.block_groups} | {row.women:,.0f} | {row.road_km:.1f} "
            f"| {row.streets:.1f} | {row.highways:.1f} | {row.apart:+.1f} | {row.absolute:.1f} |"
        )


def draw(snapshot: Snapshot, found: pd.DataFrame, people: pd.DataFrame, units: pd.DataFrame, path: Path) -> None:
    """Draw each county's mean difference, its block groups, the units of birth care and the embedded highways."""
    import geopandas  # noqa: PLC0415 - heavy, and only a map needs it

    mpl.use("Agg")
    own = snapshot.counties[snapshot.counties["county_fips"].isin(found.index)].to_crs(LOCAL_ALBERS)
    own = own.assign(apart=own["county_fips"].map(found["apart"]))
    most = float(np.ceil(np.abs(own["apart"]).max()))
    figure, axes = plt.subplots(figsize=(12, 7), layout="constrained")
    shades: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -most, "vmax": most}
    own.plot("apart", ax=axes, edgecolor="#555555", linewidth=0.6, **shades)
    west, south, east, north = own.total_bounds
    points = [
        geopandas.GeoSeries.from_xy(table["lon"], table["lat"], crs=4326).to_crs(LOCAL_ALBERS)
        for table in (people, units)
    ]
    node, edge = snapshot.road_nodes, snapshot.road_edges
    places = geopandas.GeoSeries.from_xy(node["lon"], node["lat"], crs=4326).to_crs(LOCAL_ALBERS)
    ends = [np.stack([places.x.to_numpy()[edge[end]], places.y.to_numpy()[edge[end]]], 1) for end in ("u", "v")]
    axes.add_collection(LineCollection(list(np.stack(ends, 1)), colors="#8a8a8a", linewidths=0.7, zorder=1.5))
    margin = 0.02 * (east - west)
    axes.set(xlim=(west - margin, east + margin), ylim=(south - margin, north + margin))
    colours = np.clip(people["apart"], -most, most)
    axes.scatter(points[0].x, points[0].y, c=colours, s=16, edgecolor="black", linewidth=0.4, zorder=2, **shades)
    inside = points[1].x.between(west, east) & points[1].y.between(south, north)
    axes.scatter(
        points[1].x[inside], points[1].y[inside], marker="*", s=190, color="#f4d35e", edgecolor="black", linewidth=0.8,
        label="birth care", zorder=3,
    )  # fmt: skip
    bar = figure.colorbar(axes.collections[0], ax=axes, shrink=0.7)
    bar.set_label("minutes: highways less streets\nred: the default is longer; blue: it is shorter")
    axes.set_axis_off()
    axes.legend(loc="lower left", fontsize=11, framealpha=0.95)
    axes.set_title(
        "North Dakota, minutes to the nearest birth care: embedded highways less TIGER streets\n"
        "counties: women's mean; dots: block groups; lines: the embedded highways; speeds on streets are not calibrated"
    )
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--map", dest="map_file", type=Path)
    options = parser.parse_args()
    snapshot = load_snapshot()
    people, units = asked(snapshot)
    source = road_source(str(options.folder / "roads" / "tiger_2021_nd"), snapshot)
    roads = joined_to_highways(source.read(), source, snapshot)
    default = build_network(snapshot, "typical")
    density = default.density.at(people["lat"].to_numpy(), people["lon"].to_numpy())
    highways, streets = side(default, people, units), side(build_network(snapshot, "typical", roads), people, units)
    found = by_county(people, streets, highways)
    print_nearest(people, units, streets, highways)
    print_groups(people, density, streets, highways)
    print_pairs(density, streets, highways)
    print_driven(streets, highways)
    print_counties(snapshot.counties, found)
    if options.map_file is not None:
        people = people.assign(apart=highways.minutes - streets.minutes)
        draw(snapshot, found, people, units, options.map_file)
        print(f"\n{options.map_file}")


if __name__ == "__main__":
    main()
