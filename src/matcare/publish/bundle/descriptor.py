"""``datapackage.json`` of a bundle: every file with its bytes and hash, every table with its columns (Frictionless)."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from matcare.contracts import OUTPUTS
from matcare.publish.bundle.citation import cited, licence_of, source_address
from matcare.publish.bundle.tables import row_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from matcare.contracts import Table
    from matcare.publish.bundle.selection import Selection

__all__ = ["descriptor_text"]

_MEDIA_TYPES: Final = {
    "cff": "application/yaml",
    "csv": "text/csv",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NAMED_LICENCES: Final = {
    "CC-BY-NC-SA-4.0": {
        "name": "CC-BY-NC-SA-4.0",
        "title": "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International",
        "path": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    },
    "MIT": {"name": "MIT", "title": "MIT License", "path": "https://opensource.org/license/mit"},
}
_WORD: Final = re.compile(r"\w+")


def descriptor_text(selection: Selection, folder: Path, files: Sequence[str]) -> str:
    """Return the Frictionless descriptor of the files in a bundle's folder.

    Parameters
    ----------
    selection : Selection
        The counties.
    folder : pathlib.Path
        Where the files stand.
    files : sequence of str
        The files, within the folder, sorted.

    Returns
    -------
    str
        JSON; the same for the same files.
    """
    about = selection.run.about
    sources = {source["id"]: _source(source) for source in about["sources"]}
    licences = [_licence(licence_of(path, selection)) for path in files]
    package = {
        "profile": "data-package",
        "name": selection.folder_name,
        "title": f"Maternity care access: {selection.title}",
        "description": cited(selection),
        "created": selection.made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": f"facility data to {selection.run.data_date}; matcare {about['matcare']}",
        "keywords": ["maternity care desert", "spatial accessibility", "infant mortality"],
        "licenses": [json.loads(text) for text in dict.fromkeys(json.dumps(entry) for entry in licences)],
        "contributors": [{"title": "The matcare developers", "role": "author"}],
        "sources": list(sources.values()),
        "resources": [_resource(path, selection, folder, sources) for path in files],
    }
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def _resource(path: str, selection: Selection, folder: Path, sources: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    kind = PurePosixPath(path).suffix[1:]
    resource: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-"),
        "path": path,
        "format": kind,
        "mediatype": _MEDIA_TYPES.get(kind, "application/octet-stream"),
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "licenses": [_licence(licence_of(path, selection))],
    }
    contract = OUTPUTS.get(path)
    if contract is None:
        # Not a table for programs: "file" keeps a reader from taking the workbook for one.
        return resource | {"type": "file"}
    rows = row_words(selection, path)
    if kind == "parquet":
        del resource["bytes"]  # Frictionless counts no bytes of Parquet, and takes a count for a mistake
    return resource | {
        "type": "table",
        "profile": "tabular-data-resource",
        "title": contract.title,
        "description": f"{contract.description} Rows: {rows}.",
        "encoding": "utf-8",
        "sources": [sources[name] for name in _sources_of(contract, sources)],
        "schema": _schema(contract, kind),
    }


def _schema(contract: Table, kind: str) -> dict[str, Any]:
    """Return a table's schema without its geometry, which neither a CSV nor our Parquet has."""
    schema = contract.frictionless()
    if kind == "parquet":
        schema["missingValues"] = ["", "nan", "NaN"]  # as readers of Parquet name a missing number
    drawn = {column.name for column in contract.columns if column.kind == "geometry"}
    return schema | {"fields": [entry for entry in schema["fields"] if entry["name"] not in drawn]}


def _sources_of(contract: Table, known: Iterable[str]) -> list[str]:
    """Return the catalog's names in what a table's columns say of their sources."""
    said = {word for column in contract.columns for word in _WORD.findall(column.source)}
    return [name for name in known if name in said]


def _source(source: dict[str, Any]) -> dict[str, str]:
    entry = {"title": f"{source['publisher']}: {source['title']} ({source['vintage']})"}
    address = source_address(source)
    return entry | ({"path": address} if address else {})


def _licence(terms: str) -> dict[str, str]:
    said = terms.replace("under `sources`", "in LICENCES.txt")
    for name, entry in _NAMED_LICENCES.items():
        if terms.startswith(name):
            return entry | {"title": entry["title"] if terms == name else said}
    return {"name": "other-open", "title": said, "path": "LICENCES.txt"}
