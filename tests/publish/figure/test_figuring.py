"""``matcare figure`` from a run's folder: files whole or not at all, and the nation within its budgets."""

from __future__ import annotations

import os
import time

import pytest

from matcare.errors import InputError, OutputError
from matcare.pipeline.figuring import list_themes, write_figures
from matcare.scenario import Scenario


def test_the_list_needs_no_run():
    listed = list_themes()
    ids = [theme["id"] for theme in listed.found["themes"]]
    assert len(ids) == len(set(ids)) > 50
    assert {"class", "imr", "chart-outcome", "chart-access"} <= set(ids)
    assert any(line.startswith("  class ") for line in listed.lines)
    assert listed.files == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"themes": ["nothing-such"]}, "theme 'nothing-such' is not known.*--list"),
        ({"themes": ["chart-access"]}, "needs a place"),
        ({"themes": ["class"], "dpi": 5000}, "--dpi 5000"),
        ({"themes": ["class"], "formats": ["tiff"]}, "--format 'tiff'"),
    ],
)
def test_what_no_run_can_draw_is_said_before_one_is_made(options, said, tmp_path):
    started = time.perf_counter()
    with pytest.raises(InputError, match=said):
        write_figures(Scenario(), from_dir=tmp_path / "not-there", out=tmp_path / "out", **options)
    assert time.perf_counter() - started < 2
    assert not (tmp_path / "out").exists()


@pytest.mark.national
def test_the_nation_is_drawn_from_its_folder_within_its_budget(national_files, tmp_path):
    out = tmp_path / "figures"
    started = time.process_time()
    written = write_figures(Scenario(), themes=["imr", "chart-access"], place="US", from_dir=national_files, out=out)
    spent = time.process_time() - started
    assert [path.name for path in written.files] == ["imr_us.png", "chart-access_us.png"]
    assert written.open_next == out / "imr_us.png"
    assert all(path.stat().st_size == size for path, size in written.files.items())
    assert written.files[out / "imr_us.png"] < 4_000_000
    assert spent < 20  # reading included; one figure takes 3 s, and its budget is 10


@pytest.mark.national
def test_a_page_of_the_nation_fails_whole(national_files, tmp_path):
    out = tmp_path / "figures"
    out.mkdir()
    (out / "class_us.png").write_text("before")
    with pytest.raises(InputError, match="is not in this run"):
        write_figures(Scenario(), themes=["class"], place="99999", from_dir=national_files, out=out)
    assert (out / "class_us.png").read_text() == "before"
    assert [path.name for path in out.iterdir()] == ["class_us.png"]
    with pytest.raises(OutputError, match="a file stands where the output folder should be"):
        write_figures(Scenario(), themes=["class"], from_dir=national_files, out=out / "class_us.png")
    with pytest.raises(InputError, match="holds the output of `matcare run`"):
        write_figures(Scenario(), themes=["class"], from_dir=national_files, out=national_files)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.national
def test_a_folder_that_cannot_be_written_is_said(national_files, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    with pytest.raises(OutputError, match="not writable"):
        write_figures(Scenario(), themes=["class"], from_dir=national_files, out=locked)
