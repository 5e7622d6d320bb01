"""Downloads against a small server of our own on loopback; nothing here touches the internet."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pooch
import pytest

from matcare.errors import DownloadError, InputError, OutputError
from matcare.sources import transfer
from matcare.sources.catalog import Source
from matcare.sources.fetch import PUBLISHER_FOLDER, fetch
from matcare.sources.progress import LineProgress, progress_on
from matcare.sources.transfer import Patience, ResumingDownloader

BODY = bytes(range(256)) * 4096  # 1 MiB
HASTE = Patience(connect_seconds=2, read_seconds=3, attempts=3, first_wait_seconds=0.01, longest_wait_seconds=2)
ONCE = Patience(connect_seconds=2, read_seconds=0.5, attempts=1)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Site:
    """What the server holds and how it misbehaves, and what it was asked."""

    def __init__(self) -> None:
        self.body = BODY
        self.etag: str | None = '"one"'
        self.modified: str | None = None
        self.ranges = True
        self.cut_after: int | None = None
        self.statuses: list[tuple[int, dict[str, str]]] = []
        self.silent = threading.Event()
        self.hang = False
        self.stall_after: int | None = None
        self.content_type = "application/octet-stream"
        self.redirect_to: str | None = None
        self.lie_about_range = False
        self.log: list[tuple[str, dict[str, str]]] = []
        self.address = ""


class Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        site = self.site
        site.log.append((self.path, dict(self.headers.items())))
        if site.hang:
            site.silent.wait(5)
            self.close_connection = True
            return
        if site.statuses:
            status, headers = site.statuses.pop(0)
            self.answer(status, headers, b"sorry")
            return
        if site.redirect_to and self.path != site.redirect_to:
            self.answer(302, {"Location": site.redirect_to}, b"")
            return
        start = self.wanted_start()
        headers = {"Content-Type": site.content_type}
        if site.etag:
            headers["ETag"] = site.etag
        if site.modified:
            headers["Last-Modified"] = site.modified
        if start is None:
            self.answer(200, headers, site.body)
        elif start >= len(site.body):
            self.answer(416, {"Content-Range": f"bytes */{len(site.body)}"}, b"")
        else:
            told = 0 if site.lie_about_range else start
            headers["Content-Range"] = f"bytes {told}-{len(site.body) - 1}/{len(site.body)}"
            self.answer(206, headers, site.body[start:])

    def wanted_start(self) -> int | None:
        site, asked = self.site, self.headers.get("Range", "")
        if not site.ranges or not asked.startswith("bytes="):
            return None
        mark = self.headers.get("If-Range")
        if mark is not None and mark not in (site.etag, site.modified):
            return None
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = self.site.cut_after if status in (200, 206) else None
        stall = self.site.stall_after if status in (200, 206) else None
        try:
            self.wfile.write(body if limit is None and stall is None else body[: limit if limit is not None else stall])
            self.wfile.flush()
            if stall is not None:
                self.site.silent.wait(5)
        except OSError:
            pass
        self.close_connection = True


@pytest.fixture
def site(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"site": site}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield site
    site.silent.set()
    server.shutdown()
    server.server_close()
    thread.join()


def source(site: Site, **changes: Any) -> Source:
    data = changes.pop("body", BODY)
    values = {
        "id": "made",
        "title": "A made file",
        "publisher": "Nobody",
        "vintage": "2024",
        "access": "file",
        "filename": "county/made.csv",
        "as_published": True,
        "sha256": sha(data),
        "bytes": len(data),
        "licence": "MIT",
        "citation": "Nobody. A made file.",
        "use": "embedded",
        "url": f"{site.address}/data/made.csv",
        "landing_page": "https://example.org/made",
    }
    return Source(**(values | changes))


def get(site: Site, to: Path, *, patience: Patience = HASTE, entry: Source | None = None, **options: Any) -> Any:
    entry = entry or source(site)
    return fetch([entry.id], to=to, catalog={entry.id: entry}, patience=patience, **options)[0]


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_arrives_whole_and_alone(site, tmp_path):
    result = get(site, tmp_path)
    assert (result.status, result.resumed) == ("downloaded", False)
    assert result.path == tmp_path / "county" / "made.csv"
    assert result.path.read_bytes() == BODY
    assert leftovers(tmp_path) == ["made.csv"]
    assert "matcare" in site.log[0][1]["User-Agent"]


def test_a_right_file_is_not_fetched_again(site, tmp_path):
    get(site, tmp_path)
    assert get(site, tmp_path).status == "present"
    assert len(site.log) == 1


def test_a_wrong_file_is_replaced(site, tmp_path):
    (tmp_path / "county").mkdir()
    (tmp_path / "county" / "made.csv").write_bytes(b"old")
    assert get(site, tmp_path).status == "downloaded"
    assert (tmp_path / "county" / "made.csv").read_bytes() == BODY


@pytest.mark.parametrize("etag", ['"one"', None])
def test_a_broken_transfer_goes_on_where_it_stopped(site, tmp_path, etag):
    site.etag, site.cut_after = etag, 300_000
    with pytest.raises(DownloadError, match=r"broke off; [\d,]+ bytes are kept, the same command goes on"):
        get(site, tmp_path, patience=ONCE)
    have = (tmp_path / "county" / "made.csv.part").stat().st_size
    assert 0 < have <= 300_000
    site.cut_after = None
    result = get(site, tmp_path, patience=ONCE)
    assert (result.status, result.resumed) == ("downloaded", True)
    assert site.log[1][1]["Range"] == f"bytes={have}-"
    assert site.log[1][1].get("If-Range") == etag
    assert result.path.read_bytes() == BODY
    assert leftovers(tmp_path) == ["made.csv"]


def test_one_call_survives_several_breaks(site, tmp_path):
    site.cut_after = 400_000
    result = get(site, tmp_path)
    assert result.status == "downloaded"
    assert [("Range" in headers) for _, headers in site.log] == [False, True, True]


def test_a_weak_etag_yields_to_the_date(site, tmp_path):
    site.etag, site.modified, site.cut_after = 'W/"one"', "Mon, 01 Jan 2024 00:00:00 GMT", 400_000
    assert get(site, tmp_path).status == "downloaded"
    assert site.log[1][1]["If-Range"] == site.modified


def test_a_server_without_ranges_starts_over(site, tmp_path):
    site.cut_after = 300_000
    with pytest.raises(DownloadError):
        get(site, tmp_path, patience=ONCE)
    site.cut_after, site.ranges = None, False
    result = get(site, tmp_path, patience=ONCE)
    assert (result.status, result.resumed) == ("downloaded", False)
    assert "Range" in site.log[1][1]
    assert result.path.read_bytes() == BODY


def test_a_file_that_changed_in_between_starts_over(site, tmp_path):
    site.body, site.cut_after = b"x" * len(BODY), 300_000
    with pytest.raises(DownloadError):
        get(site, tmp_path, patience=ONCE)
    site.body, site.etag, site.cut_after = BODY, '"two"', None
    result = get(site, tmp_path, patience=ONCE)
    assert (result.status, result.resumed) == ("downloaded", False)
    assert site.log[1][1]["If-Range"] == '"one"'
    assert result.path.read_bytes() == BODY


def test_two_versions_joined_unawares_are_fetched_once_more(site, tmp_path):
    site.body, site.etag, site.cut_after = b"x" * len(BODY), None, 300_000
    with pytest.raises(DownloadError):
        get(site, tmp_path, patience=ONCE)
    site.body, site.cut_after = BODY, None
    result = get(site, tmp_path, patience=ONCE)
    assert (result.status, result.resumed) == ("downloaded", False)
    assert [("Range" in headers) for _, headers in site.log] == [False, True, False]
    assert result.path.read_bytes() == BODY


def test_another_range_than_asked_is_not_joined(site, tmp_path):
    site.cut_after, site.lie_about_range = 600_000, True
    with pytest.raises(DownloadError, match="broke off"):
        get(site, tmp_path, patience=ONCE)
    site.cut_after = None
    assert get(site, tmp_path).status == "downloaded"
    assert [("Range" in headers) for _, headers in site.log] == [False, True, False]


def test_a_whole_part_is_only_checked_and_renamed(site, tmp_path):
    site.cut_after = 300_000
    with pytest.raises(DownloadError):
        get(site, tmp_path, patience=ONCE)
    (tmp_path / "county" / "made.csv.part").write_bytes(BODY)
    site.cut_after = None
    assert get(site, tmp_path, patience=ONCE).status == "downloaded"
    assert len(site.log) == 2


def test_a_part_of_another_address_is_not_continued(site, tmp_path):
    site.cut_after = 300_000
    with pytest.raises(DownloadError):
        get(site, tmp_path, patience=ONCE)
    site.cut_after = None
    moved = source(site, url=f"{site.address}/moved/made.csv")
    assert get(site, tmp_path, entry=moved).resumed is False
    assert "Range" not in site.log[1][1]


def test_other_bytes_are_refused_and_kept_aside(site, tmp_path):
    (tmp_path / "county").mkdir()
    (tmp_path / "county" / "made.csv").write_bytes(b"what stood there before")
    site.body = b"something else"
    with pytest.raises(DownloadError) as told:
        get(site, tmp_path)
    text = str(told.value)
    assert "made.csv refused" in text
    assert sha(BODY) in text
    assert sha(site.body) in text
    assert "https://example.org/made" in text
    assert "\n" not in text
    assert (tmp_path / "county" / "made.csv").read_bytes() == b"what stood there before"
    assert (tmp_path / "county" / "made.csv.rejected").read_bytes() == site.body
    assert leftovers(tmp_path) == ["made.csv", "made.csv.rejected"]


def test_a_web_page_in_the_files_place_is_told(site, tmp_path):
    site.body, site.content_type = b"<html>moved</html>", "text/html; charset=utf-8"
    with pytest.raises(DownloadError, match="It is a web page, so the address has probably moved"):
        get(site, tmp_path)


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "has no such file any more"), (403, "refuses access"), (410, "withdrawn"), (418, "answered 418")],
)
def test_a_file_that_is_not_there_points_to_the_landing_page(site, tmp_path, status, words):
    site.statuses = [(status, {})]
    with pytest.raises(DownloadError, match=rf"{words}.*page: https://example.org/made"):
        get(site, tmp_path)
    assert len(site.log) == 1
    assert leftovers(tmp_path) == []


def test_a_busy_server_is_asked_again(site, tmp_path):
    site.statuses = [(500, {}), (503, {})]
    assert get(site, tmp_path).status == "downloaded"
    assert len(site.log) == 3


def test_a_server_that_stays_busy_is_told(site, tmp_path):
    site.statuses = [(503, {})] * 9
    with pytest.raises(DownloadError, match=r"busy or broken \(503\) \(asked 3 times\); try again later"):
        get(site, tmp_path)
    assert len(site.log) == 3


def waits_of(site: Site, tmp_path: Path, patience: Patience = HASTE) -> list[float]:
    waits: list[float] = []
    ResumingDownloader(patience=patience, sleep=waits.append)(f"{site.address}/f", tmp_path / "f.part")
    return waits


def test_retry_after_is_honoured(site, tmp_path):
    site.statuses = [(429, {"Retry-After": "1"})]
    assert waits_of(site, tmp_path) == [1.0]
    soon = datetime.now(UTC) + timedelta(seconds=2)
    site.statuses = [(429, {"Retry-After": format_datetime(soon, usegmt=True)})]
    assert 0 <= waits_of(site, tmp_path)[0] <= 2
    site.statuses = [(429, {"Retry-After": "soon"}), (429, {})]
    assert waits_of(site, tmp_path) == [0.01, 0.02]


def test_a_server_that_asks_for_too_much_time_is_left_alone(site, tmp_path):
    site.statuses = [(429, {"Retry-After": "3600"})]
    with pytest.raises(DownloadError, match="asks to wait 3,600 s; try again later"):
        get(site, tmp_path)
    assert len(site.log) == 1


def test_a_silent_server_is_told(site, tmp_path):
    site.hang = True
    with pytest.raises(DownloadError, match=r"did not answer within 0.5 s"):
        get(site, tmp_path, patience=ONCE)


def test_a_server_that_falls_silent_half_way_keeps_the_part(site, tmp_path):
    site.stall_after = 300_000
    with pytest.raises(DownloadError, match=r"fell silent for 0.5 s; [\d,]+ bytes are kept"):
        get(site, tmp_path, patience=ONCE)


def test_a_refused_connection_is_one_line_and_other_files_of_that_server_are_not_asked_for(site, tmp_path):
    entries = {
        name: source(site, id=name, url=f"http://127.0.0.1:9/{name}.csv", filename=f"{name}.csv")
        for name in ("one", "two")
    }
    results = fetch(to=tmp_path, catalog=entries, patience=HASTE, failures="report")
    assert [result.status for result in results] == ["failed", "failed"]
    assert "cannot be reached" in results[0].reason
    assert "not asked for" in results[1].reason
    with pytest.raises(DownloadError, match=r"refused.*is there a network\?.*and 1 more of 2 files failed") as told:
        fetch(to=tmp_path, catalog=entries, patience=HASTE)
    assert "\n" not in str(told.value)
    assert "object at 0x" not in str(told.value)


def test_one_failure_does_not_keep_the_others(site, tmp_path):
    entries = {
        "bad": source(site, id="bad", sha256="0" * 64, filename="bad.csv"),
        "good": source(site, id="good", filename="good.csv"),
    }
    with pytest.raises(DownloadError, match="bad"):
        fetch(to=tmp_path, catalog=entries, patience=HASTE)
    assert (tmp_path / "good.csv").read_bytes() == BODY


def test_an_empty_answer_is_refused(site, tmp_path):
    site.body = b""
    with pytest.raises(DownloadError, match="an empty file"):
        get(site, tmp_path, entry=source(site, body=b""))
    assert leftovers(tmp_path) == []


def test_a_redirect_is_followed(site, tmp_path):
    site.redirect_to = "/elsewhere/made.csv"
    assert get(site, tmp_path).status == "downloaded"
    assert [path for path, _ in site.log] == ["/data/made.csv", "/elsewhere/made.csv"]


def test_a_redirect_in_a_circle_is_told(site, tmp_path):
    site.statuses = [(302, {"Location": "/data/made.csv"})] * 40
    with pytest.raises(DownloadError, match="redirects"):
        get(site, tmp_path)


def test_a_full_disk_is_told_and_the_part_kept(site, tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() >= 200_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    whole = Path.open

    def narrow(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        return (
            Full(self, mode) if self.suffix == ".part" and mode in ("wb", "ab") else whole(self, mode, *args, **options)
        )

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", narrow)
        with pytest.raises(OutputError, match=r"No space left on device.*goes on from there"):
            get(site, tmp_path)
    have = (tmp_path / "county" / "made.csv.part").stat().st_size
    assert have >= 200_000
    assert get(site, tmp_path).resumed is True
    assert site.log[1][1]["Range"] == f"bytes={have}-"


def test_a_folder_that_cannot_be_written_is_told(site, tmp_path):
    (tmp_path / "county").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        get(site, tmp_path)


def test_ctrl_c_leaves_the_part_for_resuming(site, tmp_path):
    class Impatient:
        def bytes_of(self, name: str, done: int, total: int | None) -> None:
            assert total == len(BODY)
            if done > 300_000:
                raise KeyboardInterrupt

        def finished(self, name: str, outcome: str) -> None:
            pass

    with pytest.raises(KeyboardInterrupt):
        get(site, tmp_path, progress=Impatient())
    assert leftovers(tmp_path) == ["made.csv.part", "made.csv.part.json"]
    assert get(site, tmp_path).resumed is True


def test_a_compiled_copy_is_skipped_unless_asked_for(site, tmp_path):
    entry = source(site, as_published=False, filename="county/compiled.csv", sha256="1" * 64)
    (skipped,) = fetch(to=tmp_path, catalog={"made": entry})
    assert skipped.status == "skipped"
    assert (
        skipped.reason == "compiled copy, so the publisher's file is not it; publisher's page: https://example.org/made"
    )
    assert site.log == []
    result = get(site, tmp_path, entry=entry)
    assert (result.status, result.path) == ("unchecked", tmp_path / PUBLISHER_FOLDER / "made" / "made.csv")
    assert not (tmp_path / "county" / "compiled.csv").exists()
    assert get(site, tmp_path, entry=entry).status == "present"


def test_an_unchecked_file_resumes_only_when_it_is_known_to_be_the_same(site, tmp_path):
    entry = source(site, as_published=False)
    site.etag, site.cut_after = None, 300_000
    with pytest.raises(DownloadError):
        get(site, tmp_path, entry=entry, patience=ONCE)
    site.cut_after = None
    assert get(site, tmp_path, entry=entry).resumed is False
    assert "Range" not in site.log[1][1]


def test_an_unchecked_web_page_is_refused(site, tmp_path):
    site.content_type = "text/html"
    with pytest.raises(DownloadError, match="not a data file"):
        get(site, tmp_path, entry=source(site, as_published=False))


@pytest.mark.parametrize("access", ["page", "by_hand"])
def test_what_has_no_address_is_skipped_with_its_page(site, tmp_path, access):
    result = get(site, tmp_path, entry=source(site, access=access, url="", as_published=False))
    assert result.status == "skipped"
    assert result.reason.endswith("publisher's page: https://example.org/made")


def test_a_query_is_saved_under_its_file_name(site, tmp_path):
    entry = source(
        site, access="api", url=f"{site.address}/data/2023/acs?get=NAME&for=county:*", filename="county/acs.json"
    )
    assert get(site, tmp_path, entry=entry).path == tmp_path / "county" / "acs.json"
    assert site.log[0][0].endswith("get=NAME&for=county:*")


def test_a_file_that_we_keep_compressed_is_checked_inside_and_compressed(site, tmp_path):
    entry = source(
        site, filename="county/made.csv.gz", sha256="2" * 64, content_sha256=sha(BODY), content_bytes=len(BODY)
    )
    result = get(site, tmp_path, entry=entry)
    assert gzip.decompress(result.path.read_bytes()) == BODY
    assert leftovers(tmp_path) == ["made.csv.gz"]
    assert get(site, tmp_path, entry=entry).status == "present"
    assert len(site.log) == 1


def test_a_mirror_holds_the_copies_as_we_had_them(site, tmp_path):
    entry = source(site, as_published=False, url="https://publisher.invalid/x.zip", filename="county/made copy.csv")
    result = get(site, tmp_path, entry=entry, base_url=f"{site.address}/mirror/")
    assert (result.status, result.path) == ("downloaded", tmp_path / "county" / "made copy.csv")
    assert site.log[0][0] == "/mirror/county/made%20copy.csv"


def test_an_unknown_id_is_told_with_its_neighbours(site, tmp_path):
    with pytest.raises(InputError, match="did you mean made"):
        fetch(["mad"], to=tmp_path, catalog={"made": source(site)})


def test_a_bad_mirror_address_is_told(site, tmp_path):
    with pytest.raises(DownloadError, match="scheme"):
        get(site, tmp_path, base_url="mirror.example/data")


def test_pooch_can_call_the_downloader(site, tmp_path):
    path = pooch.retrieve(
        f"{site.address}/f",
        known_hash=sha(BODY),
        fname="f",
        path=tmp_path,
        downloader=ResumingDownloader(patience=HASTE),
    )
    assert Path(path).read_bytes() == BODY


def test_plain_lines_where_there_is_no_terminal(site, tmp_path):
    out = io.StringIO()
    with progress_on(out) as progress:
        assert isinstance(progress, LineProgress)
        get(site, tmp_path, progress=progress)
    assert out.getvalue() == "made: downloaded\n"
    ticks = iter(range(0, 10_000, 4))
    out = io.StringIO()
    lines = LineProgress(out, clock=lambda: float(next(ticks)))
    lines.bytes_of("a", 0, 4_000_000)
    lines.bytes_of("a", 2_000_000, 4_000_000)
    lines.bytes_of("b", 5_000_000, None)
    lines.bytes_of("b", 9_000_000, None)
    assert out.getvalue() == "a: 2.0 of 4.0 MB, 0.50 MB/s\nb: 9.0 MB, 1.00 MB/s\n"


def test_a_bar_on_a_terminal(site, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    out = Terminal()
    with progress_on(out) as progress:
        get(site, tmp_path, progress=progress)
    assert "made: downloaded" in out.getvalue()


def test_the_limits_are_finite():
    usual = Patience()
    assert 0 < usual.connect_seconds < 60
    assert 0 < usual.read_seconds <= 120
    assert transfer.Patience is Patience
