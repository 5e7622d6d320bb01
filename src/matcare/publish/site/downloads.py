"""The run's own files as downloads, with rows, size, SHA-256 and licence, and an extract a state.

An extract holds rows as they stand in the run's tables, cell for cell: nothing is added up over them, so no count that
was withheld can be worked out from one.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from matcare.contracts import OUTPUTS
from matcare.geo import STATES
from matcare.publish.provenance import LICENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from matcare.publish.finished import FinishedRun

__all__ = ["Download", "write_downloads"]

_FOLDER: Final = "data"
_SUMS: Final = f"{_FOLDER}/SHA256SUMS"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Date of every entry of an archive: the first that a ZIP can hold, so that the same rows give the same bytes."""

_WORDS: Final = {
    "map.html": ("The map", "All themes in one page that opens without a network. Not a table."),
    "counties.gpkg": ("County results with their shapes", "The columns of counties.csv with polygons, for a GIS."),
    "national_changes.svg": ("Published changes between years, drawn", "A figure of national_changes.csv."),
    "dictionary.csv": ("Data dictionary", "Every column of every table: type, unit, allowed values, meaning, source."),
    "run.json": ("Provenance of the run", "Scenario, versions, sources with hashes and licences, corrections, notes."),
}
"""Title and description of the files that no contract describes."""

_BY_STATE: Final[Mapping[str, Callable[[pd.DataFrame, str], pd.Series]]] = {
    "counties.csv": lambda table, state: table["state"] == state,
    "facilities.csv": lambda table, state: table["state"] == state,
    "coverage.csv": lambda table, state: table["place"] == state,
    "transfers.csv": lambda table, state: table["state"] == state,
    "definitions.csv": lambda table, state: table["state"] == state,
    "cross_border.csv": lambda table, state: (table["home_state"] == state) | (table["unit_state"] == state),
    "fragility.csv": lambda table, state: table["state"] == state,
    "unit_births.csv": lambda table, state: table["state"] == state,
    "disparities.csv": lambda table, state: table["place"] == state,
    "indicators.csv": lambda table, state: table["state"] == state,
    "state_policies.csv": lambda table, state: table["state"] == state,
}
"""Which rows of a table are of a state. Tables that stand for the whole region only are left out."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """One file that can be taken along.

    Attributes
    ----------
    path : str
        Below the site's folder, with ``/``.
    name, title, words : str
        File name; what it is; what it holds.
    rows : int, optional
        Of a table.
    size : int
        Bytes.
    sha256, licence : str
        Of the file.
    """

    path: str
    name: str
    title: str
    words: str
    rows: int | None
    size: int
    sha256: str
    licence: str


def write_downloads(run: FinishedRun, folder: Path) -> tuple[list[Download], list[Download]]:
    """Copy a run's files into a site's folder, and make an extract a state where it has several.

    Parameters
    ----------
    run : FinishedRun
        Whose files they are.
    folder : pathlib.Path
        Existing folder of the site; gets ``map.html``, ``data/`` and ``data/SHA256SUMS``.

    Returns
    -------
    files : list of Download
        The run's own, the map first.
    extracts : list of Download
        One a state, by its name; none for a region of one state.
    """
    (folder / _FOLDER).mkdir(parents=True)
    terms = LICENCES | dict(run.about.get("licences", {}))
    files = []
    for name in dict.fromkeys(("map.html", "counties.csv", "counties.gpkg", *OUTPUTS, *LICENCES)):
        source = run.folder / name
        if not source.is_file():
            continue
        path = name if name == "map.html" else f"{_FOLDER}/{name}"
        shutil.copyfile(source, folder / path)
        title, words = _WORDS[name] if name in _WORDS else (OUTPUTS[name].title, OUTPUTS[name].description)
        files.append(_download(folder, path, title=title, words=words, rows=_rows(run, name), licence=terms[name]))
    extracts = _write_extracts(run, folder, terms)
    lines = [f"{one.sha256}  {one.path.removeprefix(_FOLDER + '/')}" for one in (*files, *extracts)]
    lines = [line for line in lines if not line.endswith("  map.html")]  # it does not lie below data/
    (folder / _SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return files, extracts


def _rows(run: FinishedRun, name: str) -> int | None:
    if name in {"counties.csv", "counties.gpkg"}:
        return len(run.counties)
    own = {"facilities.csv": run.facilities, "block_groups.parquet": run.block_groups}
    table = own.get(name, run.tables.get(name))
    return None if table is None else len(table)


def _download(folder: Path, path: str, *, title: str, words: str, rows: int | None, licence: str) -> Download:
    file = folder / path
    with file.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return Download(
        path=path, name=file.name, title=title, words=words, rows=rows, size=file.stat().st_size, sha256=digest,
        licence=licence,
    )  # fmt: skip


def _write_extracts(run: FinishedRun, folder: Path, terms: Mapping[str, str]) -> list[Download]:
    """Write a ZIP a state: the rows of its counties and units."""
    states = sorted(set(run.counties["state"]), key=lambda state: STATES[state])
    if len(states) < 2:  # noqa: PLR2004 - of one state the whole run is the extract
        return []
    (folder / _FOLDER / "states").mkdir()
    tables = {
        name: pd.read_csv(run.folder / name, dtype="str", keep_default_na=False, encoding="utf-8") for name in _BY_STATE
    }
    fixed = {name: (run.folder / name).read_bytes() for name in ("dictionary.csv", "run.json")}
    made = []
    for state in states:
        path = f"{_FOLDER}/states/{state.lower()}.zip"
        parts = {name: table[_BY_STATE[name](table, state)] for name, table in tables.items()}
        texts = {name: part.to_csv(index=False, lineterminator="\n").encode() for name, part in parts.items()}
        readme = _readme(state, {name: len(part) for name, part in parts.items()}, terms, run).encode()
        _write_zip(folder / path, {"README.txt": readme, **texts, **fixed}, f"matcare-{state.lower()}")
        made.append(
            _download(
                folder, path, title=STATES[state], words="", rows=len(parts["counties.csv"]),
                licence=terms["counties.csv"],
            )
        )  # fmt: skip
    return made


def _readme(state: str, rows: Mapping[str, int], terms: Mapping[str, str], run: FinishedRun) -> str:
    lines = [
        f"{STATES[state]}: rows of a matcare run of {run.title}, facility data to {run.data_date}.",
        "Rows stand as they do in the whole tables. Hospitals across the border are in the whole facilities.csv.",
        "Meanings of columns: dictionary.csv. Sources, licences, corrections, notes: run.json.",
        *(f"Correction in force: {one}" for one in run.corrections),
        "",
        *(f"{name}: {OUTPUTS[name].title}; {count:,} rows; {terms[name]}" for name, count in rows.items()),
        "",
        *run.about.get("caveats", ()),
    ]
    return "\n".join(lines) + "\n"


def _write_zip(path: Path, entries: Mapping[str, bytes], inside: str) -> None:
    """Write an archive whose bytes depend on its entries alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(f"{inside}/{name}", _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 6)
    path.write_bytes(packed.getvalue())
