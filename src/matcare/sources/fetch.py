"""Download the publishers' files that the catalog names, and let in only those that are the files it describes.

A file arrives beside its place under the name ``….part``, is checked, and is then renamed: what stands in the data
folder is whole and right, or is not there. A transfer that broke off goes on where it stopped. SHA-256 is Pooch's,
and the downloader is one that Pooch could call too; the rest differs from ``pooch.retrieve``, which throws an
unfinished file away.
"""

from __future__ import annotations

import gzip
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, urlsplit

from matcare.errors import DownloadError
from matcare.sources.catalog import CATALOG, Source, file_state, select
from matcare.sources.transfer import (
    Patience,
    ResumingDownloader,
    UnreachableError,
    cannot_write,
    discard_part,
    file_sha256,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matcare.sources.progress import ProgressHook

__all__ = ["PUBLISHER_FOLDER", "Fetched", "fetch"]

Status = Literal["downloaded", "present", "unchecked", "skipped", "failed"]

PUBLISHER_FOLDER: Final = "publisher"
"""Where a file goes that is only the origin of a compiled copy: it must not take the copy's place."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What became of one source.

    Attributes
    ----------
    id : str
        The source.
    status : {"downloaded", "present", "unchecked", "skipped", "failed"}
        Fetched and right; there already; fetched, but nothing to check it against; not fetched, by design; not
        fetched, by misfortune.
    path : Path or None
        The file, where there is one.
    url : str
        Where it came from, or would have.
    reason : str
        Why it was skipped, failed or is unchecked, and what to do; else empty.
    resumed : bool
        Whether an earlier, unfinished transfer was continued.
    """

    id: str
    status: Status
    path: Path | None = None
    url: str = ""
    reason: str = ""
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class _Errand:
    source: Source
    url: str
    target: Path
    sha256: str
    pack: bool


def fetch(
    ids: Iterable[str] | None = None,
    *,
    to: Path,
    catalog: Mapping[str, Source] = CATALOG,
    base_url: str | None = None,
    patience: Patience | None = None,
    progress: ProgressHook | None = None,
    failures: Literal["raise", "report"] = "raise",
) -> list[Fetched]:
    """Download files of the catalog.

    Parameters
    ----------
    ids : iterable of str, optional
        Sources to fetch. When left out: every source whose publisher's file is the file that we had. Compiled copies
        are left out then; asked for by id, the publisher's file is put, unchecked, into ``to/publisher``.
    to : Path
        The data folder; it is made when it is not there.
    catalog : mapping of str to Source
        The sources.
    base_url : str, optional
        A mirror that holds the catalog's files under their ``filename``; used instead of the publishers. There the
        compiled copies can be had and checked as well.
    patience : Patience, optional
        Time limits and repetitions.
    progress : ProgressHook, optional
        Told how it goes; see `matcare.sources.progress.progress_on`.
    failures : {"raise", "report"}
        Raise an error once everything has been tried, or only give the failures back among the results.

    Returns
    -------
    list of Fetched
        One for each source, in order.

    Raises
    ------
    InputError
        If an id is unknown.
    DownloadError
        If a file could not be had, or is not the file that the catalog describes; all others have been tried by then.
    OutputError
        If nothing can be written to the folder, a full disk included; ends at once, and what arrived is kept for
        resuming.
    """
    sources = select(ids, catalog=catalog)
    results: list[Fetched] = []
    unreachable: dict[str, str] = {}
    for source in sources:
        errand = _errand(source, to=Path(to), base_url=base_url, asked=ids is not None)
        if isinstance(errand, Fetched):
            result = errand
        elif (host := urlsplit(errand.url).netloc) in unreachable:
            reason = f"{source.id}: {errand.url}: not asked for, since {host} cannot be reached"
            result = Fetched(id=source.id, status="failed", url=errand.url, reason=reason)
        else:
            result = _attempt(errand, patience=patience, progress=progress, unreachable=unreachable)
        results.append(result)
        if progress:
            progress.finished(source.id, (result.reason or result.status).removeprefix(f"{source.id}: "))
    failed = [result for result in results if result.status == "failed"]
    if failed and failures == "raise":
        more = f" (and {len(failed) - 1} more of {len(results)} files failed)" if len(failed) > 1 else ""
        raise DownloadError(f"{failed[0].reason}{more}")
    return results


def _errand(source: Source, *, to: Path, base_url: str | None, asked: bool) -> _Errand | Fetched:
    """Decide what is to be fetched for a source, or say why nothing is."""
    page = source.landing_page or "none known"
    target = to / source.filename
    if base_url is not None:
        url = f"{base_url.rstrip('/')}/{quote(source.filename)}"
        return _Errand(source=source, url=url, target=target, sha256=source.sha256, pack=False)
    if not source.url:
        what = "compiled by hand" if source.access == "by_hand" else "has to be chosen on a page"
        return Fetched(id=source.id, status="skipped", reason=f"{what}; publisher's page: {page}")
    if source.as_published:
        expected = source.content_sha256 if source.packed else source.sha256
        return _Errand(source=source, url=source.url, target=target, sha256=expected, pack=source.packed)
    if not asked:
        reason = f"compiled copy, so the publisher's file is not it; publisher's page: {page}"
        return Fetched(id=source.id, status="skipped", url=source.url, reason=reason)
    target = to / PUBLISHER_FOLDER / source.id / source.published_name
    return _Errand(source=source, url=source.url, target=target, sha256="", pack=False)


def _attempt(
    errand: _Errand, *, patience: Patience | None, progress: ProgressHook | None, unreachable: dict[str, str]
) -> Fetched:
    """Run an errand; a failure becomes a result, so that the other files still get their turn."""
    source = errand.source
    try:
        return _run(errand, patience=patience, progress=progress)
    except DownloadError as error:
        if isinstance(error, UnreachableError):
            unreachable[urlsplit(errand.url).netloc] = str(error)
        page = f"; publisher's page: {source.landing_page}" if source.landing_page else ""
        return Fetched(id=source.id, status="failed", url=errand.url, reason=f"{source.id}: {error}{page}")


def _run(errand: _Errand, *, patience: Patience | None, progress: ProgressHook | None) -> Fetched:
    source, target = errand.source, errand.target
    unchecked = f"cannot be checked: our copy was compiled from it ({source.filename})"
    if errand.sha256 and file_state(target, source)[0] == "right":
        return Fetched(id=source.id, status="present", path=target, url=errand.url)
    if not errand.sha256 and target.is_file():
        reason = f"there already, {unchecked}; delete it to fetch it again"
        return Fetched(id=source.id, status="present", path=target, url=errand.url, reason=reason)
    part = target.with_name(f"{target.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(part.parent, error) from error
    downloader = ResumingDownloader(
        patience=patience,
        resume_unmarked=bool(errand.sha256),
        on_bytes=(lambda done, total: progress.bytes_of(source.id, done, total)) if progress else None,
    )
    downloader(errand.url, part)
    resumed = downloader.resumed
    if resumed and errand.sha256 and file_sha256(part) != errand.sha256:
        discard_part(part)  # two versions may have been joined: once more from the start before refusing
        downloader(errand.url, part)
        resumed = False
    _check(part, errand, content_type=downloader.content_type)
    try:
        _put_in_place(part, target, pack=errand.pack)
    except OSError as error:
        raise cannot_write(target, error) from error
    if not errand.sha256:
        return Fetched(
            id=source.id,
            status="unchecked",
            path=target,
            url=errand.url,
            reason=f"fetched; {unchecked}",
            resumed=resumed,
        )
    return Fetched(id=source.id, status="downloaded", path=target, url=errand.url, resumed=resumed)


def _check(part: Path, errand: _Errand, *, content_type: str) -> None:
    """Refuse an empty file, a web page in a file's place, and bytes other than the catalog's."""
    size = part.stat().st_size
    if size == 0:
        discard_part(part)
        raise DownloadError(f"{errand.url}: the server sent an empty file")
    page = " It is a web page, so the address has probably moved." if content_type == "text/html" else ""
    found = file_sha256(part)
    if found == errand.sha256 or not (errand.sha256 or page):
        return
    rejected = errand.target.with_name(f"{errand.target.name}.rejected")
    try:
        part.replace(rejected)
    except OSError as error:
        raise cannot_write(rejected, error) from error
    expected = f"expected SHA-256 {errand.sha256}, got {found} ({size:,} bytes)" if errand.sha256 else "not a data file"
    raise DownloadError(
        f"{errand.target.name} refused: {expected}.{page} Nothing was replaced; the answer is kept as {rejected}. "
        f"The publisher may have revised the file: compare the two, or fetch again if the transfer was damaged"
    )


def _put_in_place(part: Path, target: Path, *, pack: bool) -> None:
    if not pack:
        part.replace(target)
        return
    packing = target.with_name(f"{target.name}.packing")
    try:
        with part.open("rb") as plain, packing.open("wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                shutil.copyfileobj(plain, packed, 1 << 20)
            raw.flush()
            os.fsync(raw.fileno())
        packing.replace(target)
    finally:
        packing.unlink(missing_ok=True)
    part.unlink(missing_ok=True)
