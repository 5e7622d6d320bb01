"""Which files of a folder are ours: ``site.json`` marks a site, and lists every file that we have written there.

The list is widened before files are moved into the folder and narrowed after those that are no longer of the site
have gone, so that after a crash at any moment the next `matcare publish` still knows its own files.
"""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from matcare.errors import InputError, OutputError
from matcare.publish.exports import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MARK", "claim", "refuse_other_folders", "settle"]

MARK: Final = "site.json"
_COMMAND: Final = "publish"
_BESIDE: Final = ".site.json.new"


def refuse_other_folders(target: Path) -> None:
    """Refuse a folder that holds anything but a site of ours.

    Parameters
    ----------
    target : pathlib.Path
        Where the site is to go; need not exist. Hidden files (``.git``, ``.nojekyll``) are no obstacle, and beside a
        site of ours neither is anything else: it is left alone.

    Raises
    ------
    InputError
        When it is the current folder, a file, or holds files that `matcare publish` has not written.
    """
    if str(target) in {"", "."}:
        raise InputError("--out is the current folder; give a folder of its own, such as --out site")
    if target.exists() and not target.is_dir():
        raise InputError(f"{target}: is a file; give a folder for the site, such as --out site")
    if not target.is_dir():
        return
    if (target / MARK).is_file():
        _read(target)
        return
    others = sorted(path.name for path in target.iterdir() if not path.name.startswith("."))
    if others:
        raise InputError(
            f"{target}: holds {others[0]}, which `matcare publish` did not write (no {MARK} beside it); "
            "give --out an empty or a new folder"
        )


def _read(target: Path) -> dict[str, Any]:
    path = target / MARK
    try:
        mark = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: could not be read ({error}); give --out an empty or a new folder") from error
    if not isinstance(mark, dict) or mark.get("command") != _COMMAND or not isinstance(mark.get("files"), list):
        raise InputError(f"{path}: is not of `matcare publish`; give --out an empty or a new folder")
    return mark


def _listed(target: Path) -> set[str]:
    """Return the files that a site lists, less any that would lie outside its folder."""
    if not (target / MARK).is_file():
        return set()
    names = (PurePosixPath(str(name)) for name in _read(target)["files"])
    return {str(name) for name in names if not name.is_absolute() and ".." not in name.parts and name.parts}


def claim(target: Path, about: Mapping[str, Any], files: Iterable[str]) -> None:
    """Say in ``site.json``, before they are moved there, which files are to be ours.

    Parameters
    ----------
    target : pathlib.Path
        The site's folder, which exists.
    about : mapping
        What stands in ``site.json`` beside the list.
    files : iterable of str
        Paths below `target`, with ``/``. What the site listed so far stays listed.
    """
    _write(target, about, _listed(target) | set(files))


def settle(target: Path, about: Mapping[str, Any], files: Iterable[str]) -> int:
    """Take away what the site listed and no longer has, and list what it has.

    Parameters
    ----------
    target, about, files
        As in :func:`claim`.

    Returns
    -------
    int
        Files taken away. Only listed ones go; whatever else lies in the folder stays.
    """
    kept = set(files)
    gone = 0
    folders = set()
    for name in sorted(_listed(target) - kept):
        path = target / name
        if path.resolve().is_relative_to(target.resolve()) and path.is_file():
            try:
                path.unlink()
            except OSError as error:
                raise OutputError(f"{path}: could not be taken away ({error.strerror or error})") from error
            folders.add(path.parent)
            gone += 1
    for folder in folders - {target}:
        try:
            folder.rmdir()
        except OSError:  # it holds something else: not ours to take away
            continue
    _write(target, about, kept)
    return gone


def _write(target: Path, about: Mapping[str, Any], files: set[str]) -> None:
    beside = target / _BESIDE
    try:
        write_json(beside, {"command": _COMMAND, **about, "files": sorted(files)})
        os.replace(beside, target / MARK)  # noqa: PTH105 - the same call, named as what it must be: atomic
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"{target / MARK}: could not be written ({error.strerror or error})") from error
