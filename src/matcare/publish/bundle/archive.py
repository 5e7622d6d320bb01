"""A ZIP that is the same, byte for byte, whenever the same files go into it."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["repacked", "write_archive"]

_LEVEL: Final = 6
_UNIX: Final = 3
_CONTENT_TYPES: Final = "[Content_Types].xml"
"""Begins every Office file; some readers know the format by it."""


def write_archive(folder: Path, path: Path, *, inside: str, when: dt.datetime) -> None:
    """Write the files of a folder as a ZIP: sorted, of one date, with the same permissions.

    Parameters
    ----------
    folder : pathlib.Path
        Every file below it goes in.
    path : pathlib.Path
        The ZIP.
    inside : str
        The one folder in it.
    when : datetime.datetime
        Date of every entry (a ZIP keeps even seconds, and no time zone: UTC).
    """
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(item for item in folder.rglob("*") if item.is_file()):
            _add(archive, f"{inside}/{file.relative_to(folder).as_posix()}", file.read_bytes(), when)


def repacked(content: bytes, *, when: dt.datetime, changed: Callable[[str, bytes], bytes]) -> bytes:
    """Return an Office file anew: its parts sorted, of one date.

    Parameters
    ----------
    content : bytes
        A ZIP.
    when : datetime.datetime
        Date of every part.
    changed : callable
        Given a part's name and content; returns what is to stand there.

    Returns
    -------
    bytes
    """
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(result, "w") as archive:
        for name in sorted(source.namelist(), key=lambda name: (name != _CONTENT_TYPES, name)):
            _add(archive, name, changed(name, source.read(name)), when)
    return result.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, when: dt.datetime) -> None:
    entry = zipfile.ZipInfo(name, date_time=(when.year, when.month, when.day, when.hour, when.minute, when.second))
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
