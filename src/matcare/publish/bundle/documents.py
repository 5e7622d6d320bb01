"""What stands beside the tables of a bundle: README, methods, citation, licences, descriptor."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from matcare.publish.bundle.citation import citation_cff, citation_text, licence_text
from matcare.publish.bundle.descriptor import descriptor_text
from matcare.publish.bundle.methods import methods_text
from matcare.publish.bundle.readme import readme_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matcare.publish.bundle.pages import Pages
    from matcare.publish.bundle.selection import Selection
    from matcare.publish.bundle.tables import BundleTables

__all__ = ["files_in", "write_documents"]

_LAST: Final = ("LICENCES.txt", "README.txt", "datapackage.json")
"""They tell of all the files, themselves among them, so they are written last."""


def write_documents(selection: Selection, chosen: BundleTables, folder: Path, *, pages: Sequence[Pages] = ()) -> None:
    """Write the texts of a bundle, once all its other files stand.

    Parameters
    ----------
    selection : Selection
        The counties.
    chosen : BundleTables
        Their rows.
    folder : pathlib.Path
        Folder of the bundle.
    pages : sequence of Pages
        Briefs and figures that were written, with what was left out.
    """
    shutil.copyfile(selection.run.folder / "run.json", folder / "run.json")
    _write(folder / "METHODS.md", methods_text(selection))
    _write(folder / "CITATION.txt", citation_text(selection))
    _write(folder / "CITATION.cff", citation_cff(selection))
    files = sorted({*files_in(folder), *_LAST})
    _write(folder / "LICENCES.txt", licence_text(selection, files))
    _write(folder / "README.txt", readme_text(selection, chosen, files, pages=pages))
    described = [path for path in files if path != "datapackage.json"]
    _write(folder / "datapackage.json", descriptor_text(selection, folder, described))


def files_in(folder: Path) -> list[str]:
    """Return the files below a folder, with slashes, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
