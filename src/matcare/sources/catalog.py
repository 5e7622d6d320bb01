"""The publishers' files that matcare is compiled from: where they come from, their terms, which bytes we had.

One entry a file, in ``catalog.toml`` beside this module. Two things to know before trusting an address or a hash:

- **No address was reachable from the machine that built this catalog**: each was looked up in public documentation and
  code, none was opened (``url_checked`` is false throughout). Publishers move and replace files; every entry that has
  one names a landing page to start from.
- **The hash is of the file as we had it.** Where ``as_published`` is false (a column subset, a re-packing, an extract,
  a table compiled by hand) it is the hash of that copy, and what the publisher sends cannot be checked against it.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import tomllib
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import unquote, urlsplit

import pandas as pd

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CATALOG", "Source", "as_frame", "citations", "file_state", "load_catalog", "select", "verify_folder"]

Access = Literal["file", "api", "page", "by_hand"]
Use = Literal["embedded", "context", "calibration"]
FileState = Literal["right", "different", "missing", "unreadable"]

_HEX_DIGITS: Final = 64
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file of a publisher.

    Attributes
    ----------
    id : str
        Name by which contracts and commands refer to it.
    title, publisher, vintage : str
        What it is, whose, and of when.
    access : {"file", "api", "page", "by_hand"}
        How it is had: a file at an address; the answer to an API query, saved as a file; a page on which a person has
        to choose; or a table that was compiled by hand.
    url : str
        Address of the publisher's own file or query; empty for ``page`` and ``by_hand``.
    landing_page : str
        Page to start from when the address has moved.
    filename : str
        Path as laid out in the data folder.
    as_published : bool
        The copy we had holds the publisher's bytes (if need be gzip-compressed by us).
    sha256, bytes : str, int
        Hash and size of the file as we had it.
    content_sha256, content_bytes : str, int
        For a ``.gz``: hash and size of what is inside, which is what the publisher sends; else empty and 0.
    licence, licence_url, citation : str
        Terms and how to cite it. The licence is an SPDX name where there is one, else words.
    note : str
        What to mind.
    tables : tuple of str
        Embedded tables that it feeds.
    use : {"embedded", "context", "calibration"}
        Compiled into the product; at hand for later measures; or for calibrating only, never shipped.
    retrieved : str
        Day of the copy where it is recorded.
    url_checked : bool
        Whether the address was opened. It is false for all: there was no way to.
    """

    id: str
    title: str
    publisher: str
    vintage: str
    access: Access
    filename: str
    as_published: bool
    sha256: str
    bytes: int
    licence: str
    citation: str
    use: Use
    url: str = ""
    landing_page: str = ""
    content_sha256: str = ""
    content_bytes: int = 0
    licence_url: str = ""
    note: str = ""
    tables: tuple[str, ...] = ()
    retrieved: str = "not recorded"
    url_checked: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (("access", get_args(Access)), ("use", get_args(Use))):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"catalog entry {self.id}: {name} is {getattr(self, name)!r}; right is one of {', '.join(allowed)}"
                )
        for name in ("sha256", "content_sha256"):
            value = getattr(self, name)
            if (value or name == "sha256") and (len(value) != _HEX_DIGITS or set(value) - set("0123456789abcdef")):
                msg = (
                    f"catalog entry {self.id}: {name} is {value!r}; right would be 64 hexadecimal digits in lower case"
                )
                raise InputError(msg)
        path = Path(self.filename)
        if path.is_absolute() or ".." in path.parts or not path.name:
            msg = f"catalog entry {self.id}: filename {self.filename!r} must be a relative path inside the data folder"
            raise InputError(msg)
        if bool(self.url) != (self.access in ("file", "api")):
            msg = f"catalog entry {self.id}: an address belongs to access file or api, and to no other"
            raise InputError(msg)

    @property
    def packed(self) -> bool:
        """Whether our copy is the publisher's file, gzip-compressed by us."""
        return self.as_published and bool(self.content_sha256) and not urlsplit(self.url).path.endswith(".gz")

    @property
    def published_name(self) -> str:
        """Name of the publisher's own file: the last part of its address, or the id for a query.

        Examples
        --------
        >>> CATALOG["census_births_2024"].published_name
        'co-est2024-alldata.csv'
        """
        name = unquote(urlsplit(self.url).path).rpartition("/")[2]
        return name if Path(name).suffix else f"{self.id}{Path(self.filename.removesuffix('.gz')).suffix}"


def load_catalog(path: Path | None = None) -> dict[str, Source]:
    """Read a catalog.

    Parameters
    ----------
    path : Path, optional
        A TOML file with a table per source, named by its id; the catalog of this package when left out.

    Returns
    -------
    dict of str to Source
        The sources by id, in the file's order.

    Raises
    ------
    InputError
        If the file cannot be read, or an entry lacks a field, has one too many or one that makes no sense.
    """
    path = path or Path(__file__).with_name("catalog.toml")
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: not a readable catalog ({error}); right would be a TOML file with a table per source"
        raise InputError(msg) from error
    known = {field.name for field in fields(Source)}
    catalog: dict[str, Source] = {}
    for source_id, raw in entries.items():
        if not isinstance(raw, dict) or (unknown := sorted(set(raw) - (known - {"id"}))):
            what = "is not a table" if not isinstance(raw, dict) else f"has unknown fields {', '.join(unknown)}"
            msg = f"{path}: entry {source_id} {what}"
            raise InputError(msg)
        values: dict[str, Any] = {**raw, "id": source_id, "tables": tuple(raw.get("tables", ()))}
        try:
            catalog[source_id] = Source(**values)
        except TypeError as error:
            msg = f"{path}: entry {source_id}: {error}"
            raise InputError(msg) from error
    return catalog


CATALOG: Final[dict[str, Source]] = load_catalog()
"""Every source by id."""


def select(ids: Iterable[str] | None, *, catalog: Mapping[str, Source] = CATALOG) -> list[Source]:
    """Look sources up by id.

    Parameters
    ----------
    ids : iterable of str or None
        Ids, or comma-separated lists of them as they stand in a contract's ``source``; None for all.
    catalog : mapping of str to Source
        Where to look.

    Returns
    -------
    list of Source
        Each source once, in the order asked.

    Raises
    ------
    InputError
        If an id is unknown; the message offers the nearest ones.

    Examples
    --------
    >>> [source.vintage for source in select(["census_births_2024, usda_rucc_2023"])]
    ['vintage 2024, April 2020 to July 2024', '2023']
    """
    if ids is None:
        return list(catalog.values())
    asked = [ids] if isinstance(ids, str) else ids
    wanted = dict.fromkeys(part.strip() for item in asked for part in item.split(",") if part.strip())
    for source_id in wanted:
        if source_id not in catalog:
            near = difflib.get_close_matches(source_id, catalog, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "`matcare data list` shows them all"
            msg = f"no source is called {source_id!r}; {hint}"
            raise InputError(msg)
    return [catalog[source_id] for source_id in wanted]


def citations(ids: Iterable[str] | None = None, *, catalog: Mapping[str, Source] = CATALOG) -> list[str]:
    """Give the citation of each source, with its licence, as it should stand beside an output.

    Parameters
    ----------
    ids : iterable of str, optional
        Ids, or comma-separated lists of them; every source when left out.
    catalog : mapping of str to Source
        Where to look.

    Returns
    -------
    list of str
        One line a citation, none twice.

    Examples
    --------
    >>> citations(["usda_rucc_2023"])
    ['USDA Economic Research Service. Rural-Urban Continuum Codes, 2023. Licence: public domain (US government work).']
    """
    return list(
        dict.fromkeys(f"{source.citation} Licence: {source.licence}." for source in select(ids, catalog=catalog))
    )


def as_frame(*, catalog: Mapping[str, Source] = CATALOG) -> pd.DataFrame:
    """Give the catalog as a table, as `matcare data list` prints it.

    Parameters
    ----------
    catalog : mapping of str to Source
        The sources.

    Returns
    -------
    pandas.DataFrame
        One row a source, one column a field; ``tables`` joined by commas.
    """
    names = [field.name for field in fields(Source)]
    rows = [
        {name: getattr(source, name) for name in names} | {"tables": ", ".join(source.tables)}
        for source in catalog.values()
    ]
    return pd.DataFrame(rows, columns=pd.Index(names))


def file_state(path: Path, source: Source) -> tuple[FileState, str]:
    """Compare a file with its entry.

    Parameters
    ----------
    path : Path
        The file.
    source : Source
        Its entry.

    Returns
    -------
    state : {"right", "different", "missing", "unreadable"}
        A ``.gz`` is right, too, when what is inside is: compressing is not reproducible between machines.
    sha256 : str
        The file's hash; empty where it could not be read.
    """
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return "missing", ""
    except OSError:
        return "unreadable", ""
    if found == source.sha256 or (source.content_sha256 and _content_hash(path) == source.content_sha256):
        return "right", found
    return "different", found


def _content_hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except (OSError, EOFError, zlib.error):
        return ""
    return digest.hexdigest()


def verify_folder(folder: Path, *, catalog: Mapping[str, Source] = CATALOG) -> pd.DataFrame:
    """Say which of the catalog's files are in a folder, and whether they are the files that the catalog describes.

    Parameters
    ----------
    folder : Path
        A data folder, laid out as the catalog's ``filename`` says.
    catalog : mapping of str to Source
        The sources.

    Returns
    -------
    pandas.DataFrame
        One row a source: ``id``, ``filename``, ``use``, ``as_published``, ``state`` (`right`, `different`, `missing`,
        `unreadable`), ``bytes`` and ``sha256`` as found (missing where there is no file), ``expected_bytes``,
        ``expected_sha256``.

    Raises
    ------
    InputError
        If the folder is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; right is a data folder, as `matcare data fetch` lays it out")
    rows: list[dict[str, object]] = []
    for source in catalog.values():
        path = folder / source.filename
        state, found = file_state(path, source)
        rows.append(
            {
                "id": source.id,
                "filename": source.filename,
                "use": source.use,
                "as_published": source.as_published,
                "state": state,
                "bytes": path.stat().st_size if found else None,
                "expected_bytes": source.bytes,
                "sha256": found or None,
                "expected_sha256": source.sha256,
            }
        )
    frame = pd.DataFrame(rows)
    if rows:
        frame["bytes"] = frame["bytes"].astype("Int64")
    return frame
