"""Minutes between two files of points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcare import __version__
from matcare.contracts import MINUTES, MINUTES_PER_ORIGIN, Table
from matcare.errors import InputError
from matcare.measures.pairs import PointSet, every_pair, nearest_rows, pairs_within
from matcare.pipeline.report import SILENT, Report
from matcare.pipeline.roads import open_network
from matcare.publish.exports import write_csv, write_json, write_parquet
from matcare.publish.folder import OutputFolder
from matcare.publish.provenance import minutes_provenance
from matcare.tables.points import read_points
from matcare.tables.snapshot import load_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["minutes_between"]


def minutes_between(
    origins: Path,
    destinations: Path,
    *,
    out: Path,
    nearest_only: bool = False,
    limit: float = 120.0,
    all_pairs: bool = False,
    profile: str = "typical",
    roads: str | None = None,
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
    roads : str, optional
        A roads file or a source of roads, in place of the embedded highways; see
        :func:`matcare.pipeline.roads.open_network`.
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
    report = report or SILENT
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
        snapshot = load_snapshot(data_dir)
        network, opened = open_network(snapshot, profile=profile, roads=roads, report=report)
        _say(opened.notes, report)
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
            minutes_provenance(
                asked,
                profile=network.profile.as_dict(),
                table_hashes=snapshot.hashes,
                roads={
                    **opened.with_access(network, origins=here.snapped, destinations=there.snapped),
                    "notes": list(opened.notes),
                },
            ),
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


def _say(notes: Sequence[str], report: Report) -> None:
    for note in notes:
        report.note(note)
