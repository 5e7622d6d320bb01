"""Bring one address into one file, over a line that drops and from a server that is busy.

`ResumingDownloader` has the call of a Pooch downloader, so ``pooch.retrieve(..., downloader=ResumingDownloader())``
works as well. Unlike Pooch's own, it writes on where an earlier transfer stopped (HTTP range requests, RFC 9110
section 14), asks again when the server is busy, and says in one line what is wrong.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import requests
from requests import exceptions as broken
from urllib3.exceptions import MaxRetryError, NewConnectionError

from matcare.errors import DownloadError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Patience", "ResumingDownloader", "UnreachableError", "cannot_write", "discard_part", "file_sha256"]

_CHUNK: Final = 1 << 16
_USER_AGENT: Final = "matcare (maternity care access analyzer; python-requests)"
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
_GONE: Final = {
    401: "asks for a login (401)",
    403: "refuses access (403)",
    404: "has no such file any more (404); publishers move files",
    410: "has withdrawn the file (410); publishers move files",
}
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a server, and how often to ask it again.

    Attributes
    ----------
    connect_seconds, read_seconds : float
        Limit for the connection, and for a silence while reading.
    attempts : int
        Requests for one file, the first included.
    first_wait_seconds : float
        Wait before the second request; it doubles from there.
    longest_wait_seconds : float
        No wait is longer; a server that asks for more (Retry-After) is left alone, and the message says so.
    """

    connect_seconds: float = 15.0
    read_seconds: float = 60.0
    attempts: int = 4
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 120.0


class UnreachableError(DownloadError):
    """The server cannot be reached at all, so that other files on it need not be asked for."""


class _TryAgainError(Exception):
    def __init__(self, what: str, *, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Explain that a file cannot be written.

    Parameters
    ----------
    path : Path
        The file.
    error : OSError
        What the system said.

    Returns
    -------
    OutputError
        To be raised by the caller.
    """
    why = error.strerror or str(error)
    return OutputError(
        f"{path}: cannot be written ({why}); make room or choose another folder, then run the same command again: "
        "what has arrived so far is kept and goes on from there"
    )


def discard_part(part: Path) -> None:
    """Delete a part and what is remembered about it.

    Parameters
    ----------
    part : Path
        The unfinished file; it need not be there.
    """
    part.unlink(missing_ok=True)
    _memory(part).unlink(missing_ok=True)


def _memory(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


class ResumingDownloader:
    """Downloads into a file, continuing what is already in it.

    Parameters
    ----------
    patience : Patience
        Time limits and repetitions.
    resume_unmarked : bool
        Continue, too, where the server gives neither an ETag nor a date to tell whether the file is still the same.
        Right only when a hash is checked afterwards.
    on_bytes : callable, optional
        Called with the bytes so far and the total (None where the server does not say) after each piece.
    sleep : callable
        Waits for a number of seconds.

    Attributes
    ----------
    resumed : bool
        Whether the last call continued an earlier part.
    content_type : str
        Media type that the server gave last.
    """

    def __init__(
        self,
        *,
        patience: Patience | None = None,
        resume_unmarked: bool = False,
        on_bytes: Callable[[int, int | None], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.patience = patience or Patience()
        self.resume_unmarked = resume_unmarked
        self.on_bytes = on_bytes
        self.sleep = sleep
        self.resumed = False
        self.content_type = ""

    def __call__(self, url: str, output_file: str | Path, pooch: object = None) -> None:  # noqa: ARG002 - Pooch's call
        """Download an address.

        Parameters
        ----------
        url : str
            The address, http or https.
        output_file : str or Path
            The file. What a broken transfer of the same address left in it is continued.
        pooch : object
            Not used; Pooch hands itself over.

        Raises
        ------
        UnreachableError
            If the server refuses the connection or its name is unknown.
        DownloadError
            If the file is not there, or the server stays busy or silent. What has arrived is kept for the next call.
        OutputError
            If the file cannot be written.
        """
        part = Path(output_file)
        self.resumed = False
        with closing(requests.Session()) as session:
            session.headers.update({"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"})
            for attempt in range(1, self.patience.attempts + 1):
                try:
                    self._request(session, url, part)
                except _TryAgainError as problem:
                    self._wait(url, part, problem, attempt)
                else:
                    _memory(part).unlink(missing_ok=True)
                    return

    def _wait(self, url: str, part: Path, problem: _TryAgainError, attempt: int) -> None:
        have = part.stat().st_size if part.exists() else 0
        kept = f"; {have:,} bytes are kept, the same command goes on from there" if have else "; try again later"
        longest = self.patience.longest_wait_seconds
        if attempt >= self.patience.attempts:
            times = f" (asked {attempt} times)" if attempt > 1 else ""
            raise DownloadError(f"{url}: {problem}{times}{kept}") from problem.__cause__
        if problem.wait is not None and problem.wait > longest:
            raise DownloadError(
                f"{url}: {problem}, and asks to wait {problem.wait:,.0f} s{kept}"
            ) from problem.__cause__
        wait = self.patience.first_wait_seconds * 2 ** (attempt - 1) if problem.wait is None else problem.wait
        self.sleep(min(wait, longest))

    def _request(self, session: requests.Session, url: str, part: Path) -> None:
        offset, mark = self._resume_point(url, part)
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and mark:
            headers["If-Range"] = mark
        limits = (self.patience.connect_seconds, self.patience.read_seconds)
        try:
            with session.get(url, headers=headers, stream=True, timeout=limits) as response:
                self._receive(response, url, part, offset=offset, mark=mark)
        except broken.ConnectTimeout as error:
            raise UnreachableError(f"{url}: the server cannot be reached within {limits[0]:g} s") from error
        except broken.Timeout as error:
            raise _TryAgainError(f"the server did not answer within {limits[1]:g} s") from error
        except broken.SSLError as error:
            raise UnreachableError(f"{url}: no secure connection ({_brief(error)})") from error
        except broken.ConnectionError as error:
            reason = error.args[0] if error.args else error
            if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError):
                why = _brief(reason.reason)
                raise UnreachableError(f"{url}: the server cannot be reached ({why}); is there a network?") from error
            silent = "timed out" in str(error).lower()
            what = f"the server fell silent for {limits[1]:g} s" if silent else "the connection broke off"
            raise _TryAgainError(what) from error
        except (broken.ChunkedEncodingError, broken.ContentDecodingError) as error:
            raise _TryAgainError("the connection broke off") from error
        except broken.RequestException as error:
            raise DownloadError(f"{url}: {_brief(error)}") from error

    def _resume_point(self, url: str, part: Path) -> tuple[int, str]:
        try:
            memory = json.loads(_memory(part).read_text(encoding="utf-8"))
            size = part.stat().st_size
            same, mark = memory.get("url") == url, str(memory.get("mark", ""))
        except (OSError, ValueError, AttributeError):
            return 0, ""
        return (size, mark) if same and (mark or self.resume_unmarked) else (0, "")

    def _receive(self, response: requests.Response, url: str, part: Path, *, offset: int, mark: str) -> None:
        status = response.status_code
        self.content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        start, total = (found.group(1), found.group(2)) if found else (None, None)
        if status in _BUSY:
            raise _TryAgainError(f"the server is busy or broken ({status})", wait=_retry_after(response))
        if status == _RANGE_REFUSED and offset:
            if total == str(offset):
                self.resumed = True
                return
            discard_part(part)
            raise _TryAgainError("the file on the server changed while it was fetched", wait=0)
        if status == _PARTIAL and offset:
            if start != str(offset) or (mark and _mark(response) not in ("", mark)):
                discard_part(part)
                raise _TryAgainError("the file on the server changed while it was fetched", wait=0)
            self.resumed = True
            self._write(response, part, start=offset, total=int(total) if total and total != "*" else None)
            return
        if status != _OK:
            raise DownloadError(f"{url}: the server {_GONE.get(status, f'answered {status} {response.reason}')}")
        encoded = response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity")
        length = response.headers.get("Content-Length", "")
        if encoded:
            discard_part(part)  # a compressed answer has no offset to go on from
        else:
            _remember(part, {"url": url, "mark": _mark(response)})
        self._write(response, part, start=0, total=int(length) if length.isdigit() and not encoded else None)

    def _write(self, response: requests.Response, part: Path, *, start: int, total: int | None) -> None:
        done = start
        try:
            stream: BinaryIO = part.open("ab" if start else "wb")
        except OSError as error:
            raise cannot_write(part, error) from error
        try:
            if self.on_bytes:
                self.on_bytes(done, total)
            for chunk in response.iter_content(_CHUNK):
                try:
                    stream.write(chunk)
                except OSError as error:
                    raise cannot_write(part, error) from error
                done += len(chunk)
                if self.on_bytes:
                    self.on_bytes(done, total)
        finally:
            try:
                stream.close()
            except OSError as error:
                raise cannot_write(part, error) from error
        if total is not None and done < total:
            raise _TryAgainError("the connection broke off")


def _remember(part: Path, what: dict[str, str]) -> None:
    try:
        part.unlink(missing_ok=True)
        _memory(part).write_text(json.dumps(what), encoding="utf-8")
    except OSError as error:
        raise cannot_write(part, error) from error


def _mark(response: requests.Response) -> str:
    """Return what tells one version of a file from another; a weak ETag may not stand in If-Range."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return re.sub(r"<[^>]* object at 0x[0-9a-f]+>[:,]? ?|^[A-Za-z.]+\(.*?\): ", "", text)[:200]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, by Pooch.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    import pooch  # noqa: PLC0415 - it asks notebooks for a progress bar when imported, and only a download needs it

    return str(pooch.file_hash(str(path)))
