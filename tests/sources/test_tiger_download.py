"""Downloads of county road files from a small server of our own on loopback."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from matcare.errors import DownloadError, InputError, OutputError
from matcare.sources.tiger import RECORD, TIGER_YEAR, download_tiger, tiger_file_name
from matcare.sources.transfer import Patience

HASTE = Patience(connect_seconds=2, read_seconds=5, attempts=3, first_wait_seconds=0.01, longest_wait_seconds=1)


def roads_zip(name: str, *, inside: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(inside or name.replace(".zip", ".shp"), bytes(range(256)) * 800)
    return buffer.getvalue()


class Site:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.statuses: list[int] = []
        self.cut_after: int | None = None
        self.content_type = "application/zip"
        self.log: list[tuple[str, str]] = []
        self.address = ""

    def put(self, county: str, *, year: int = TIGER_YEAR, body: bytes | None = None) -> str:
        name = tiger_file_name(county, year=year)
        self.files[f"/geo/tiger/TIGER{year}/ROADS/{name}"] = roads_zip(name) if body is None else body
        return name


@pytest.fixture
def site():
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            site.log.append((self.path, self.headers.get("Range", "")))
            body = site.files.get(self.path)
            status = site.statuses.pop(0) if site.statuses else 200 if body is not None else 404
            body = b"sorry" if status != 200 or body is None else body
            start = 0
            if status == 200 and (asked := self.headers.get("Range")):
                start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
            self.send_response(status)
            self.send_header("Content-Type", site.content_type)
            self.send_header("Content-Length", str(len(body) - start))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()[:8]}"')
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.end_headers()
            cut = None
            if status == 200:
                cut, site.cut_after = site.cut_after, None
            self.wfile.write(body[start:] if cut is None else body[start:cut])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    site.address = f"http://127.0.0.1:{server.server_port}/geo/tiger"
    yield site
    server.shutdown()
    server.server_close()


def get(site, counties, to, **options):
    return download_tiger(counties, to=to, base_url=site.address, patience=HASTE, **options)


def test_the_counties_of_a_state_arrive_whole_and_are_written_down(site, tmp_path):
    names = [site.put(county) for county in ("38001", "38017")]
    results = get(site, ["38017", "38001", "38017"], tmp_path / "nd")
    assert [(result.id, result.status) for result in results] == [(name, "downloaded") for name in names]
    assert sorted(path.name for path in (tmp_path / "nd").iterdir()) == sorted([RECORD, *names])
    record = json.loads((tmp_path / "nd" / RECORD).read_text())
    for name in names:
        body = site.files[f"/geo/tiger/TIGER{TIGER_YEAR}/ROADS/{name}"]
        assert (tmp_path / "nd" / name).read_bytes() == body
        assert record[name]["sha256"] == hashlib.sha256(body).hexdigest()
        assert record[name]["bytes"] == len(body)
        assert record[name]["url"] == f"{site.address}/TIGER{TIGER_YEAR}/ROADS/{name}"


def test_what_is_there_is_not_asked_for_again(site, tmp_path):
    site.put("38001")
    get(site, ["38001"], tmp_path)
    site.put("38017")
    results = get(site, ["38001", "38017"], tmp_path)
    assert [result.status for result in results] == ["present", "downloaded"]
    assert len(site.log) == 2
    brought = tmp_path / tiger_file_name("38019")
    brought.write_bytes(roads_zip(brought.name))
    (result,) = get(site, ["38019"], tmp_path)
    assert (result.status, "not downloaded by us" in result.reason) == ("unchecked", True)
    assert len(site.log) == 2


def test_another_edition_is_another_file(site, tmp_path):
    name = site.put("38001", year=2021)
    (result,) = get(site, ["38001"], tmp_path, year=2021)
    assert result.path == tmp_path / name
    assert name == "tl_2021_38001_roads.zip"


def test_a_busy_server_is_asked_again_and_a_broken_transfer_goes_on(site, tmp_path):
    site.put("38001")
    site.statuses = [503]
    site.cut_after = 100_000
    (result,) = get(site, ["38001"], tmp_path)
    assert result.status == "downloaded"
    assert [asked for _, asked in site.log] == ["", "", "bytes=65536-"]  # whole pieces are kept
    site.put("38017")
    site.cut_after = 100_000
    once = Patience(connect_seconds=2, read_seconds=0.5, attempts=1)
    with pytest.raises(DownloadError, match="kept"):
        download_tiger(["38017"], to=tmp_path, base_url=site.address, patience=once)
    assert not (tmp_path / tiger_file_name("38017")).exists()
    (result,) = get(site, ["38017"], tmp_path)
    assert (result.status, result.resumed) == ("downloaded", True)
    assert site.log[-1][1] == "bytes=65536-"


def test_one_failure_does_not_keep_the_others_from_arriving(site, tmp_path):
    site.put("38017")
    with pytest.raises(DownloadError, match="404") as told:
        get(site, ["38001", "38003", "38017"], tmp_path)
    assert "1 more of 3 files failed" in str(told.value)
    assert "\n" not in str(told.value)
    assert (tmp_path / tiger_file_name("38017")).is_file()
    results = get(site, ["38001", "38017"], tmp_path, failures="report")
    assert [result.status for result in results] == ["failed", "present"]


@pytest.mark.parametrize(
    "body", [b"<html>moved</html>", b"", roads_zip("x")[:-40], roads_zip("x", inside="readme.txt")]
)
def test_what_is_no_zip_of_roads_is_refused(site, tmp_path, body):
    site.content_type = "text/html"
    site.put("38001", body=body)
    with pytest.raises(DownloadError, match=r"38001_roads\.zip"):
        get(site, ["38001"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_since_is_told(site, tmp_path):
    name = site.put("38001")
    get(site, ["38001"], tmp_path)
    (tmp_path / name).write_bytes(roads_zip(name)[:-1] + b"x")
    with pytest.raises(DownloadError, match="SHA-256 differs"):
        get(site, ["38001"], tmp_path)
    (tmp_path / name).unlink()
    assert get(site, ["38001"], tmp_path)[0].status == "downloaded"


def test_a_server_that_cannot_be_reached_is_asked_once(tmp_path):
    base = "http://127.0.0.1:9/geo/tiger"
    results = download_tiger(["38001", "38003"], to=tmp_path, base_url=base, patience=HASTE, failures="report")
    assert [result.status for result in results] == ["failed", "failed"]
    assert "not asked for" in results[1].reason


@pytest.mark.parametrize(
    ("counties", "year", "words"),
    [([], 2024, "no county"), (["3801"], 2024, "'3801'"), (["38001"], 2009, "2009"), (["99001"], 2024, "'99001'")],
)
def test_bad_requests_are_told(tmp_path, counties, year, words):
    with pytest.raises(InputError, match=words):
        download_tiger(counties, to=tmp_path, year=year)


def test_a_folder_that_cannot_be_written(site, tmp_path):
    (tmp_path / "nd").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        get(site, ["38001"], tmp_path / "nd")
