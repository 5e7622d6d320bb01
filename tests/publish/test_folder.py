"""Outputs appear whole or not at all."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from matcare.errors import OutputError
from matcare.publish.folder import OutputFolder, atomic_file


def test_files_appear_together_and_others_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "a.csv").write_text("old")
    with OutputFolder(tmp_path) as folder:
        (folder.staging / "a.csv").write_text("new")
        (folder.staging / "b.csv").write_text("b")
        assert (tmp_path / "a.csv").read_text() == "old"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "mine.txt": "mine",
        "a.csv": "new",
        "b.csv": "b",
    }


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, OSError(errno.ENOSPC, "No space left on device")])
def test_an_end_in_the_middle_leaves_what_was_there(tmp_path, stop):
    (tmp_path / "a.csv").write_text("old")

    def write():
        with OutputFolder(tmp_path) as folder:
            (folder.staging / "a.csv").write_text("new")
            raise stop

    with pytest.raises((KeyboardInterrupt, RuntimeError, OutputError)):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_a_full_disk_is_told_in_one_line(tmp_path):
    with pytest.raises(OutputError, match="disk is full") as caught, OutputFolder(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "\n" not in str(caught.value)


def test_what_a_killed_run_left_behind_is_removed_and_a_living_one_is_not(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".writing-{dead.pid}-abc").mkdir()
    (tmp_path / f".writing-{os.getpid()}-other").mkdir()
    with OutputFolder(tmp_path) as folder:
        (folder.staging / "a.csv").write_text("a")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".writing-{os.getpid()}-other", "a.csv"]


def test_an_error_of_gdal_is_told_in_one_line(tmp_path):
    from pyogrio.errors import DataSourceError

    with pytest.raises(OutputError, match=r"could not be written|disk is full"), OutputFolder(tmp_path):
        raise DataSourceError("Failed to commit transaction")


def test_an_error_of_reading_is_not_called_one_of_writing(tmp_path):
    with pytest.raises(FileNotFoundError), OutputFolder(tmp_path / "out"):
        (tmp_path / "not-there.csv").read_text()
    assert not (tmp_path / "out").exists()  # a folder made for a run that failed goes too


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="a file stands where"):
        OutputFolder(tmp_path / "out")
    with pytest.raises(OutputError, match="a file stands where"):
        OutputFolder(tmp_path / "out" / "deeper")


def test_a_folder_that_may_not_be_written():
    with tempfile.TemporaryDirectory() as name:
        closed = Path(name) / "closed"
        closed.mkdir()
        Path(name).chmod(0o755)
        closed.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root may write everywhere: be nobody for a moment
        try:
            with pytest.raises(
                OutputError, match="not writable; close the program that has it open, choose another place"
            ):
                OutputFolder(closed)
        finally:
            if root:
                os.seteuid(0)


def test_permission_errors_are_told_as_such(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("matcare.publish.folder.tempfile.mkdtemp", refuse)
    with pytest.raises(OutputError, match="not writable; close the program that has it open, choose another place"):
        OutputFolder(tmp_path)


def test_atomic_file_replaces_one_file(tmp_path):
    target = tmp_path / "out" / "minutes.csv"
    with atomic_file(target) as path:
        path.write_text("rows")
    assert target.read_text() == "rows"
    with pytest.raises(OutputError, match="is a folder"), atomic_file(tmp_path / "out"):
        pass


def test_a_real_limit_of_the_system_while_writing(tmp_path):
    """The kernel itself refuses to let the file grow: the error is one line, and the old file stays."""
    (tmp_path / "a.csv").write_text("old")
    code = (
        "import sys, pathlib\n"
        "from matcare.publish.folder import OutputFolder\n"
        "from matcare.errors import OutputError\n"
        "try:\n"
        "    with OutputFolder(pathlib.Path(sys.argv[1])) as folder:\n"
        "        (folder.staging / 'a.csv').write_bytes(b'x' * 100_000)\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))  # noqa: E731 - one line, used once
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(tmp_path)], capture_output=True, text=True, preexec_fn=limit, check=False
    )
    assert "size limit" in done.stdout, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"
