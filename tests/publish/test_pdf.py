"""A page as PDF: by a Chromium that is there, said in one line where it is not, none left running where it hangs."""

from __future__ import annotations

import os
import shutil
import stat
import time

import pytest

from matcare.errors import InputError, OutputError
from matcare.publish.pdf import find_chromium, print_pdf

PRINTS = """#!/bin/sh
for word in "$@"; do case "$word" in --print-to-pdf=*) printf '%%PDF-1.4 /CreationDate (D:20261129112233+00\\0470000\\047)' > "${word#--print-to-pdf=}";; esac; done
printf '%s\\n' "$@" > "ARGUMENTS"
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page é.html"
    path.write_text("<!DOCTYPE html><html lang=en><title>x</title><p>A page</p></html>", encoding="utf-8")
    return path


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Make a program called chromium, alone on the path with the shell's own tools."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(script, name="chromium"):
        program = folder / name
        program.write_text(script.replace("ARGUMENTS", str(tmp_path / "arguments")), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return make


def test_prints_by_the_program_on_the_path(fake, page, tmp_path):
    program = fake(PRINTS)
    assert find_chromium() == str(program)
    print_pdf(page, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-1.4 /CreationDate (D:20000101000000+00'00'")
    said = (tmp_path / "arguments").read_text(encoding="utf-8").splitlines()
    assert "--headless" in said
    assert any(word.startswith("--user-data-dir=") for word in said)
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in said
    assert said[-1] == page.as_uri()


@pytest.mark.parametrize("root", [True, False])
def test_the_sandbox_is_off_for_root_alone(fake, page, tmp_path, monkeypatch, root):
    fake(PRINTS)
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    print_pdf(page, tmp_path / "page.pdf")
    assert ("--no-sandbox" in (tmp_path / "arguments").read_text(encoding="utf-8").splitlines()) is root


@pytest.mark.parametrize("name", ["chromium-browser", "google-chrome", "chrome", "msedge"])
def test_other_names_serve_too(fake, name):
    program = fake(PRINTS, name)
    assert find_chromium() == str(program)


def test_the_environment_chooses(fake, monkeypatch):
    fake(PRINTS)
    other = fake(PRINTS, "another")
    monkeypatch.setenv("CHROMIUM", str(other))
    assert find_chromium() == str(other)
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(InputError, match="CHROMIUM=/nowhere/chromium: no such program"):
        find_chromium()


def test_absent_is_said_in_one_line(fake, page, tmp_path, monkeypatch):
    monkeypatch.setattr("matcare.publish.pdf._APPLICATIONS", ())
    assert find_chromium() is None
    with pytest.raises(InputError, match="no Chromium was found") as raised:
        print_pdf(page, tmp_path / "page.pdf")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "page.pdf").exists()


def test_a_failure_keeps_what_stood_there(fake, page, tmp_path):
    fake("#!/bin/sh\necho cannot open display >&2\nexit 1\n")
    old = tmp_path / "page.pdf"
    old.write_bytes(b"%PDF old")
    with pytest.raises(OutputError, match="printed no PDF \\(cannot open display\\)"):
        print_pdf(page, old)
    assert old.read_bytes() == b"%PDF old"


def test_one_that_hangs_is_ended(fake, page, tmp_path):
    sleep = shutil.which("sleep", path="/bin:/usr/bin")
    fake(f"#!/bin/sh\n{sleep} 30\n")
    start = time.monotonic()
    with pytest.raises(OutputError, match=r"took more than 0\.3 seconds"):
        print_pdf(page, tmp_path / "page.pdf", seconds=0.3)
    assert time.monotonic() - start < 10


def test_no_page_is_an_error(fake, tmp_path):
    fake(PRINTS)
    with pytest.raises(InputError, match="no such page to print"):
        print_pdf(tmp_path / "none.html", tmp_path / "none.pdf")


@pytest.mark.browser
def test_the_real_one_prints_the_same_bytes_twice(page, tmp_path):
    if find_chromium() is None:
        if os.environ.get("MATCARE_REQUIRE_BROWSER") == "1":
            pytest.fail("needs Chromium, and MATCARE_REQUIRE_BROWSER=1 says that it is there")
        pytest.skip("needs Chromium")
    for name in ("one.pdf", "two.pdf"):
        print_pdf(page, tmp_path / name)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.pdf", "two.pdf"))
    assert one.startswith(b"%PDF")
    assert one == two
