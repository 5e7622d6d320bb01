"""Download the Census Bureau's county road files (TIGER/Line), from which a state is put on its streets.

The Bureau publishes no hashes. Each file is checked to be a whole zip file with a shapefile of roads in it, and what
arrived is written down, with its SHA-256, in ``downloads.json`` beside the files: a file that is no longer what was
downloaded is told, and not used in silence. The address is the Bureau's layout as its documentation gives it.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from matcare.errors import DownloadError, InputError
from matcare.geo import is_county_fips
from matcare.sources.fetch import Fetched
from matcare.sources.transfer import (
    Patience,
    ResumingDownloader,
    UnreachableError,
    cannot_write,
    discard_part,
    file_sha256,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matcare.sources.progress import ProgressHook

__all__ = ["RECORD", "TIGER_URL", "TIGER_YEAR", "download_tiger", "tiger_file_name"]

TIGER_URL: Final = "https://www2.census.gov/geo/tiger"
"""The Bureau's folder of all editions."""

TIGER_YEAR: Final = 2024
"""The edition whose counties are those of the embedded table."""

RECORD: Final = "downloads.json"
"""Name of the file that says what was downloaded."""

_FIRST_YEAR: Final = 2011
_LAST_YEAR: Final = 2099


def tiger_file_name(county: str, *, year: int = TIGER_YEAR) -> str:
    """Name the road file of a county.

    Examples
    --------
    >>> tiger_file_name("38017", year=2021)
    'tl_2021_38017_roads.zip'
    """
    return f"tl_{year}_{county}_roads.zip"


def download_tiger(
    counties: Iterable[str],
    *,
    to: Path,
    year: int = TIGER_YEAR,
    base_url: str = TIGER_URL,
    patience: Patience | None = None,
    progress: ProgressHook | None = None,
    failures: Literal["raise", "report"] = "raise",
) -> list[Fetched]:
    """Download the road files of counties.

    Parameters
    ----------
    counties : iterable of str
        County codes, five digits.
    to : Path
        The folder; it is made when it is not there. Files that are there stay.
    year : int
        The edition, from 2011.
    base_url : str
        A mirror that has the Bureau's layout, ``TIGER2024/ROADS/tl_2024_38017_roads.zip``.
    patience : Patience, optional
        Time limits and repetitions.
    progress : ProgressHook, optional
        Told how it goes; see `matcare.sources.progress.progress_on`.
    failures : {"raise", "report"}
        Raise an error once every county has been tried, or only give the failures back among the results.

    Returns
    -------
    list of Fetched
        One for each county, in order of their codes: ``downloaded``, ``present``, ``unchecked`` (there already, but
        not downloaded by us) or ``failed``.

    Raises
    ------
    InputError
        If a code is none of a county, there is no code at all, or the edition has no such layout.
    DownloadError
        If a file could not be had, is not a zip file of roads, or has changed since it was downloaded.
    OutputError
        If nothing can be written to the folder; what arrived is kept for resuming.
    """
    codes = _codes(counties, year)
    folder = Path(to)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    results: list[Fetched] = []
    unreachable = ""
    for code in codes:
        name = tiger_file_name(code, year=year)
        url = f"{base_url.rstrip('/')}/TIGER{year}/ROADS/{name}"
        target = folder / name
        if not target.is_file() and unreachable:
            reason = f"{url}: not asked for, since {urlsplit(url).netloc} cannot be reached"
            result = Fetched(id=name, status="failed", url=url, reason=reason)
        else:
            try:
                result = _present(target, url) or _download(target, url, patience, progress)
            except DownloadError as error:
                unreachable = str(error) if isinstance(error, UnreachableError) else unreachable
                result = Fetched(id=name, status="failed", url=url, reason=str(error))
        results.append(result)
        if progress:
            progress.finished(name, result.reason or result.status)
    failed = [result for result in results if result.status == "failed"]
    if failed and failures == "raise":
        more = f" (and {len(failed) - 1} more of {len(results)} files failed)" if len(failed) > 1 else ""
        raise DownloadError(f"{failed[0].reason}{more}; the files that arrived are kept in {folder}")
    return results


def _codes(counties: Iterable[str], year: int) -> list[str]:
    codes = sorted(set(counties))
    if not codes:
        raise InputError("no county to download roads of; give county codes of five digits, such as 38017")
    for code in codes:
        if not is_county_fips(code):
            raise InputError(f"{code!r} is not a county code: give five digits, such as 38017")
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise InputError(
            f"TIGER/Line of {year} has no county road files in this layout; give a year from {_FIRST_YEAR}"
        )
    return codes


def _present(target: Path, url: str) -> Fetched | None:
    """Say what is to be said of a file that is there already."""
    if not target.is_file():
        return None
    known = _recorded(target.parent).get(target.name, {}).get("sha256")
    if known is None:
        what = _problem(target) or "a zip file of roads"
        reason = f"there already, not downloaded by us, so it cannot be checked; it is {what}"
        return Fetched(id=target.name, status="unchecked", path=target, url=url, reason=reason)
    if file_sha256(target) == known:
        return Fetched(id=target.name, status="present", path=target, url=url)
    raise DownloadError(f"{target}: not the file that was downloaded (SHA-256 differs); delete it to fetch it again")


def _download(target: Path, url: str, patience: Patience | None, progress: ProgressHook | None) -> Fetched:
    name = target.name
    part = target.with_name(f"{name}.part")
    downloader = ResumingDownloader(
        patience=patience,
        on_bytes=(lambda done, total: progress.bytes_of(name, done, total)) if progress else None,
    )
    downloader(url, part)
    if problem := _problem(part):
        discard_part(part)
        page = ", but a web page" if downloader.content_type == "text/html" else ""
        raise DownloadError(f"{url}: what the server sent is {problem}{page}; is the county of that edition?")
    size, sha256 = part.stat().st_size, file_sha256(part)
    try:
        part.replace(target)
        _record(target, {"url": url, "bytes": size, "sha256": sha256})
    except OSError as error:
        raise cannot_write(target, error) from error
    return Fetched(id=name, status="downloaded", path=target, url=url, resumed=downloader.resumed)


def _problem(path: Path) -> str:
    """Say what is wrong with a file of roads; nothing when it is whole."""
    shape = path.name.removesuffix(".part").removesuffix(".zip")
    try:
        with zipfile.ZipFile(path) as packed:
            broken = packed.testzip()
            names = packed.namelist()
    except (zipfile.BadZipFile, OSError, EOFError):
        return "not a whole zip file"
    if broken:
        return f"a zip file with a damaged {broken}"
    return "" if any(name.lower() == f"{shape}.shp".lower() for name in names) else "no zip file of roads"


def _recorded(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _record(target: Path, what: dict[str, Any]) -> None:
    """Write down what was downloaded; the record is replaced as a whole."""
    path = target.parent / RECORD
    known = _recorded(target.parent) | {target.name: what}
    staged = path.with_name(f"{RECORD}.part")
    staged.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    staged.replace(path)
