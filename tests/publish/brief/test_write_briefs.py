"""`write_briefs`: files that appear together, names as people type them, PDF where there is a Chromium."""

from __future__ import annotations

import pytest

from matcare.errors import InputError
from matcare.pipeline import briefing
from matcare.pipeline.briefing import brief_places, write_briefs
from matcare.scenario import Scenario

pytestmark = pytest.mark.national


@pytest.fixture
def at_hand(finished, monkeypatch):
    """The finished run, without reading it again."""
    from contextlib import contextmanager

    @contextmanager
    def give(scenario, **options):
        yield finished

    monkeypatch.setattr(briefing, "finished_run", give)


class Counting:
    """A report that remembers."""

    def __init__(self):
        self.done, self.notes, self.totals = 0, [], []

    def counting(self, words, total):
        from contextlib import nullcontext

        self.totals.append((words, total))

        def add(more):
            self.done += more

        return nullcontext(add)

    def step(self, words):
        from contextlib import nullcontext

        return nullcontext()

    def note(self, words):
        self.notes.append(words)


def test_places_as_people_type_them(finished):
    assert brief_places(finished, ["Williams County, ND", "38105", "loiza, PR", "North Dakota", "us"]) == [
        "38105", "72087", "ND", "US",
    ]  # fmt: skip
    every = brief_places(finished, [], every=True)
    assert len(every) == 1 + finished.counties["state"].nunique() + len(finished.counties)
    assert every[0] == "US"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("Washington", "no county|names|Washington"),
        ("Willems County, ND", "did you mean Williams County, ND"),
        ("9999", "five digits"),
        ("99999", "county 99999 is not in this run"),
        ("", "the place is empty"),
        ("Washington County", "names 30 counties|names 31 counties|names \\d+ counties"),
    ],
)
def test_unknown_places_are_said_in_one_line(finished, place, message):
    if place == "Washington":
        assert brief_places(finished, [place]) == ["WA"]
        return
    with pytest.raises(InputError, match=message) as raised:
        brief_places(finished, [place])
    assert "\n" not in str(raised.value)


def test_no_place_is_an_error():
    with pytest.raises(InputError, match="name a place"):
        write_briefs(Scenario())


def test_writes_pages_that_link_to_each_other(at_hand, tmp_path):
    report = Counting()
    out = tmp_path / "briefs"
    written = write_briefs(Scenario(), places=["ND", "38105"], out=out, report=report)
    assert sorted(path.name for path in out.iterdir()) == ["brief-nd-38105-williams-county.html", "brief-nd.html"]
    assert written.open_next == out / "brief-nd.html"
    assert written.found == {
        "briefs": 2, "pdf": 0, "folder": str(out), "bytes": sum(path.stat().st_size for path in out.iterdir()),
    }  # fmt: skip
    assert report.done == 2
    assert 'href="brief-nd-38105-williams-county.html"' in (out / "brief-nd.html").read_text(encoding="utf-8")
    assert 'href="brief-nd.html"' in (out / "brief-nd-38105-williams-county.html").read_text(encoding="utf-8")


def test_without_chromium_the_pages_stay_html_and_that_is_said(at_hand, tmp_path, monkeypatch):
    monkeypatch.setattr(briefing, "find_chromium", lambda: None)
    report = Counting()
    written = write_briefs(Scenario(), places=["38105"], pdf=True, out=tmp_path / "b", report=report)
    assert [path.suffix for path in written.files] == [".html"]
    (said,) = written.warnings
    assert "no PDF was made" in said
    assert "\n" not in said


def test_a_failure_leaves_what_stood_there(at_hand, tmp_path, monkeypatch):
    out = tmp_path / "b"
    write_briefs(Scenario(), places=["38105"], out=out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def broken(*_args, **_options):
        raise RuntimeError("stop")

    monkeypatch.setattr(briefing, "render_brief", broken)
    with pytest.raises(RuntimeError):
        write_briefs(Scenario(), places=["38105", "ND"], out=out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
