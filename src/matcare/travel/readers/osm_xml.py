"""A first look at an XML file that somebody else's parser is going to read."""

from __future__ import annotations

import bz2
import gzip
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast
from xml.parsers import expat

from matcare.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["look_through"]


def look_through(path: Path, root: str) -> dict[str, int]:
    """Read an XML file once before anyone else does.

    Parameters
    ----------
    path : Path
        ``.xml``, ``.osm`` or ``.graphml``, also packed as ``.gz`` or ``.bz2``.
    root : str
        Name of the first element.

    Returns
    -------
    dict of str to int
        ``turn_restrictions``, and ``missing_nodes``: nodes that ways name and the file does not hold.

    Raises
    ------
    InputError
        When the file is missing, broken off, begins with another element, or declares a document type: entities can
        blow up a reader (the "billion laughs").
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    seen = _Elements(path, root)
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = seen.doctype
    parser.StartElementHandler = seen.start
    try:
        with _opened(path) as file:
            parser.ParseFile(file)
    except (expat.ExpatError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not a whole XML file ({error}); download or save it again") from error
    return {"turn_restrictions": seen.restrictions, "missing_nodes": len(seen.wanted - seen.nodes)}


class _Elements:
    """What the elements of an XML file tell before it is read."""

    def __init__(self, path: Path, root: str) -> None:
        self.path, self.root = path, root
        self.depth_known = False
        self.nodes: set[str] = set()
        self.wanted: set[str] = set()
        self.restrictions = 0
        self.inside = ""

    def doctype(self, *_: object) -> None:
        raise InputError(f"{self.path}: it declares a document type or entities, which no map file needs; not read")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.depth_known:
            self.depth_known = True
            if name != self.root:
                raise InputError(f"{self.path}: an XML file, but its first element is <{name}>, not <{self.root}>")
        if name in {"node", "way", "relation"}:
            self.inside = name
        if self.root != "osm":
            return
        if name == "node":
            self.nodes.add(attributes.get("id", ""))
        elif name == "nd":
            self.wanted.add(attributes.get("ref", ""))
        elif name == "tag" and self.inside == "relation":
            self.restrictions += attributes.get("k") == "type" and attributes.get("v") == "restriction"


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return cast("BinaryIO", bz2.open(path, "rb")) if path.suffix == ".bz2" else path.open("rb")
