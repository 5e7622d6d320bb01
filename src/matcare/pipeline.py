"""The one way through: sources → tables → travel → measures → publish."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from matcare import __version__
from matcare.contracts import FACILITIES_OUT, MINUTES, MINUTES_PER_ORIGIN, Table
from matcare.errors import InputError
from matcare.measures.counties import county_results
from matcare.measures.nearest import nearest_services
from matcare.measures.pairs import PointSet, every_pair, nearest_rows, pairs_within
from matcare.measures.pooled import pooled_rates
from matcare.publish.exports import write_csv, write_json, write_parquet
from matcare.publish.folder import OutputFolder
from matcare.publish.results import LICENCES, Results, minutes_provenance, write_results
from matcare.tables.corrections import apply_corrections, no_corrections, read_corrections
from matcare.tables.facilities import service_flags
from matcare.tables.placement import added_to, place_of
from matcare.tables.points import read_points
from matcare.tables.snapshot import Snapshot, load_snapshot
from matcare.tables.user_facilities import read_facilities
from matcare.travel.graph import RoadGraph
from matcare.travel.snapping import RoadNetwork
from matcare.travel.speeds import PopulationDensity, load_profile
from matcare.travel.water import Land

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from matcare.scenario import Scenario

__all__ = ["Report", "analyze", "build_network", "minutes_between", "run"]


class Report(Protocol):
    """Where a long job says what it is doing."""

    def step(self, words: str) -> AbstractContextManager[None]:
        """Enter a step."""

    def note(self, words: str) -> None:
        """Say a thing that should not be missed."""


class _Silent:
    """A report that nobody reads."""

    def step(self, words: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's signature
        return nullcontext()

    def note(self, words: str) -> None:
        pass


def run(
    scenario: Scenario, *, data_dir: Path | None = None, out: Path | None = None, report: Report | None = None
) -> Results:
    """Compute a scenario and write its files.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    out : pathlib.Path, optional
        Output folder; ``maps/<region>`` below the working folder without it.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Results
        With ``written`` filled in.

    Raises
    ------
    InputError
        When a user's file or option is not usable.
    SnapshotError
        When the data tables are missing or damaged.
    OutputError
        When the output cannot be written; what stood there before is intact.
    """
    report = report or _Silent()
    target = Path("maps") / scenario.region if out is None else out
    _refuse_foreign(target)
    with OutputFolder(
        target
    ) as folder:  # first of all: a folder that cannot be written is said before the work, not after
        with report.step("data tables"):
            snapshot = load_snapshot(data_dir)
        results = analyze(scenario, snapshot, report=report)
        with report.step("map and tables"):
            write_results(results, folder.staging)
        names = sorted(path.name for path in folder.staging.iterdir())
    results.written.update({target / name: (target / name).stat().st_size for name in names})
    return results


def _refuse_foreign(target: Path) -> None:
    """Refuse a folder that holds files of a run's names which no run has written: they are somebody's own."""
    if str(target) in {"", "."} or not target.is_dir() or (target / "run.json").exists():
        if str(target) not in {"", "."}:
            return
        raise InputError("--out is the current folder; give a folder of its own, such as --out maps/nd")
    own = [name for name in LICENCES if (target / name).exists()]
    if own:
        raise InputError(
            f"{target}: holds a {own[0]} that matcare did not write (no run.json beside it); choose another --out"
        )


def analyze(
    scenario: Scenario, snapshot: Snapshot, *, as_of: dt.date | None = None, report: Report | None = None
) -> Results:
    """Compute everything that a scenario asks for; write nothing.

    Parameters
    ----------
    scenario : Scenario
        What is asked for.
    snapshot : Snapshot
        The embedded data, or a user's own in the same form.
    as_of : datetime.date, optional
        Corrections dated later than this are not in force yet; today without it.
    report : Report, optional
        Told of each step.

    Returns
    -------
    Results
    """
    report = report or _Silent()
    with report.step("facilities and what they count for"):
        today = dt.date.today()  # noqa: DTZ011 - the day on the planner's own calendar
        facilities, corrections, notes = _facilities(scenario, snapshot, as_of or today)
    for note in (*notes, *(f"correction in force: {text}" for text in corrections)):
        report.note(note)
    with report.step("road network and speeds"):
        network = build_network(snapshot, scenario.profile)
    chosen = snapshot.counties
    if scenario.states:
        chosen = chosen[chosen["state"].isin(scenario.states)].reset_index(drop=True)
    demand = snapshot.demand[snapshot.demand["county_fips"].isin(chosen["county_fips"])].reset_index(drop=True)
    with report.step(f"access legs of {len(demand):,} demand points and {len(facilities):,} facilities"):
        origins = network.snap(demand["lat"].to_numpy(), demand["lon"].to_numpy())
        destinations = network.snap(facilities["lat"].to_numpy(), facilities["lon"].to_numpy())
    with report.step("minutes to the nearest of each service"):
        block_groups = nearest_services(
            network, demand, origins, facilities, destinations, limit_minutes=scenario.search_limit_minutes
        )
    with report.step("county results"):
        counties = county_results(
            chosen, snapshot.outcomes, facilities, block_groups, rule=scenario.rule, data_date=snapshot.data_date
        )
        in_force = "; ".join(corrections) or "none"
        pooled = pooled_rates(counties, snapshot.states, corrections=in_force)
    return Results(
        scenario=scenario,
        counties=counties,
        facilities=facilities,
        block_groups=block_groups,
        pooled=pooled,
        data_date=snapshot.data_date,
        corrections=corrections,
        notes=notes,
        table_hashes=snapshot.hashes,
        profile=network.profile.as_dict(),
    )


def _facilities(
    scenario: Scenario, snapshot: Snapshot, as_of: dt.date
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Facilities in force with their services, the corrections, and notes on what was replaced or repaired."""
    notes: list[str] = []
    facilities = snapshot.facilities
    if scenario.facilities is not None:
        own = read_facilities(scenario.facilities, snapshot.counties)
        if scenario.facilities_add:
            placed = added_to(facilities, own.facilities)
        else:
            placed = place_of(facilities, own.facilities, only=scenario.facilities_only)
        facilities = placed.facilities
        notes += [*own.notes, *placed.notes]
    corrections = no_corrections() if scenario.corrections is None else read_corrections(scenario.corrections)
    corrected = apply_corrections(facilities, corrections, as_of=as_of)
    facilities = corrected.facilities
    in_force = [
        f"{row.facility_name} ({row.facility_id}, {row.state}): {row.status} from {row.date}, "
        f"before {row.before} [{row.source}]"
        for row in corrected.applied.itertuples()
    ]
    notes += [
        f"not yet in force: {row.facility_name} ({row.facility_id}): {row.status} from {row.date} [{row.source}]"
        for row in corrected.pending.itertuples()
    ]
    flagged = service_flags(facilities, birth_care_tiers=scenario.birth_care_tiers)
    return flagged[FACILITIES_OUT.names].reset_index(drop=True), tuple(in_force), tuple(notes)


def build_network(snapshot: Snapshot, profile: str) -> RoadNetwork:
    """Put the highways, the density of people, the speeds and the coast together.

    Parameters
    ----------
    snapshot : Snapshot
        The data tables. Density and coast are always those of the whole country.
    profile : str
        Name of a speed profile, or the path of a TOML file.

    Returns
    -------
    RoadNetwork
    """
    speeds = load_profile(profile)
    demand = snapshot.demand
    density = PopulationDensity.from_points(
        demand["lat"].to_numpy(),
        demand["lon"].to_numpy(),
        demand["people"].to_numpy(),
        kernel_km=speeds.density_kernel_km,
    )
    graph = RoadGraph.from_frames(snapshot.road_nodes, snapshot.road_edges)
    return RoadNetwork(graph, speeds, density, Land.from_polygons(snapshot.counties.geometry.to_numpy()))


def minutes_between(
    origins: Path,
    destinations: Path,
    *,
    out: Path,
    nearest_only: bool = False,
    limit: float = 120.0,
    all_pairs: bool = False,
    profile: str = "typical",
    data_dir: Path | None = None,
    report: Report | None = None,
) -> Sequence[str]:
    """Compute drive minutes between two files of points and write them.

    Parameters
    ----------
    origins, destinations : pathlib.Path
        CSV or Parquet with ``id, lat, lon``.
    out : pathlib.Path
        ``.csv`` or ``.parquet``: contract `MINUTES`. Unless `nearest_only` or `all_pairs`, ``<out>_origins`` beside it
        counts for each origin the destinations within the limit, beyond it and without a path: together they are all
        destinations.
    nearest_only : bool
        One row an origin.
    limit : float
        Minutes; within is ≤.
    all_pairs : bool
        A row for every pair, with the reason where it has no minutes.
    profile : str
        Speed profile.
    data_dir : pathlib.Path, optional
        Folder of data tables in place of the embedded ones.
    report : Report, optional
        Told of each step.

    Returns
    -------
    sequence of str
        What was written and found, a line each.

    Raises
    ------
    InputError
        When a file or an option is not usable.
    OutputError
        When `out` cannot be written.
    """
    report = report or _Silent()
    if not limit > 0:
        raise InputError(f"--limit is {limit:g}: give a number of minutes above 0")
    if nearest_only and all_pairs:
        raise InputError("--nearest and --all-pairs exclude each other: choose one")
    if out.suffix.lower() not in {".csv", ".parquet"}:
        raise InputError(f"--out {out.name}: give a name that ends in .csv or .parquet")
    beside = [out.with_name(f"{out.stem}{tail}") for tail in (f"_origins{out.suffix}", "_run.json")]
    for path in (out, *beside):
        if path.resolve() in {origins.resolve(), destinations.resolve()}:
            raise InputError(f"--out {out}: would overwrite the input {path.name}; give another name")
    start, end = read_points(origins), read_points(destinations)
    with OutputFolder(out.parent) as folder:
        with report.step("road network and speeds"):
            snapshot = load_snapshot(data_dir)
            network = build_network(snapshot, profile)
        with report.step(f"access legs of {len(start):,} origins and {len(end):,} destinations"):
            here, there = PointSet.from_frame(network, start), PointSet.from_frame(network, end)
        tables: dict[Path, tuple[pd.DataFrame, Table]] = {}
        with report.step("minutes"):
            if nearest_only:
                tables[out] = nearest_rows(network, here, there, limit_minutes=limit), MINUTES
            elif all_pairs:
                tables[out] = every_pair(network, here, there, limit_minutes=limit), MINUTES
            else:
                rows, per_origin = pairs_within(network, here, there, limit_minutes=limit)
                tables[out] = rows, MINUTES
                tables[out.with_name(f"{out.stem}_origins{out.suffix}")] = per_origin, MINUTES_PER_ORIGIN
        asked = {
            "origins": origins.name, "destinations": destinations.name, "nearest": nearest_only, "limit_minutes": limit,
            "all_pairs": all_pairs,
        }  # fmt: skip
        about = out.with_name(f"{out.stem}_run.json")
        write_json(
            folder.staging / about.name,
            minutes_provenance(asked, profile=network.profile.as_dict(), table_hashes=snapshot.hashes),
        )
        lines = []
        for path, (frame, contract) in tables.items():
            contract.validate(frame)
            if path.suffix.lower() == ".csv":
                write_csv(frame, folder.staging / path.name, contract)
            else:
                write_parquet(
                    frame, folder.staging / path.name, description=f"matcare {__version__}: {contract.description}"
                )
            counted = ", ".join(f"{n:,} {reason}" for reason, n in frame["reason"].value_counts().items())
            lines.append(f"{path}: {len(frame):,} rows ({counted})")
            if contract is MINUTES_PER_ORIGIN:
                lines.append(
                    f"of {len(start) * len(end):,} pairs {int(frame['within_limit'].sum()):,} are within "
                    f"{limit:g} minutes, {int(frame['beyond_limit'].sum()):,} beyond, "
                    f"{int(frame['without_path'].sum()):,} without a path"
                )
        lines.append(f"{about}: where the numbers come from")
    return lines
