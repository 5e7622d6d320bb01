"""A command speaks in words, in JSON or not at all; progress has a rate; tables fit eighty columns."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from matcare.errors import InputError
from matcare.publish.answers import Answer, TerminalTable
from matcare.publish.summary import Progress, Summary
from matcare.publish.terminal import Terminal, as_json
from matcare.publish.written import Written
from matcare.scenario import Scenario

WRITTEN = Written(
    title="Brief of [Loíza]", files={Path("briefs/a[b].html"): 1200}, open_next=Path("briefs/a[b].html"),
    lines=("No Chromium: no PDF.",), found={"pages": 1},
)  # fmt: skip
SUMMARY = Summary(
    "Here",
    pd.DataFrame(
        {
            "class": ["desert_or_low_or_moderate_or_full"],
            "counties": [3],
            "women": [1e6],
            "births": [1e5],
            "share": [1.0],
        }
    ),
    pd.DataFrame(
        {
            "service": ["Neonatal level III or IV, or a NICU of unknown level"],
            "minutes": [float("nan")],
            "a": [0.5],
            "b": [0.5],
            "c": [0.5],
            "d": [0.0],
        }
    ),
    ["A line."],
    {Path("maps/x/map.html"): 10},
)
ANSWER = Answer(
    command="close", title="What if", asked={"units": ["1"]}, scenario=Scenario(), tables={}, data_date="2026",
    terminal=[TerminalTable(title="T", columns=["unit", "women"], rows=[["A", "1"]])], found={"share": float("nan")},
)  # fmt: skip


@pytest.mark.parametrize(
    "found", [WRITTEN, SUMMARY, ANSWER, ["one", "two"]], ids=["written", "summary", "answer", "lines"]
)
def test_json_is_the_only_thing_on_the_standard_output(found, capsys):
    terminal = Terminal(json_only=True)
    with terminal.report.step("work"):
        pass
    terminal.report.note("a note")
    terminal.show(found)
    said = capsys.readouterr()
    assert json.loads(said.out) == as_json(found)
    assert "work" in said.err
    assert "a note" in said.err


def test_a_missing_number_is_null_and_files_are_named():
    summary = as_json(SUMMARY)
    assert summary["tables"]["access"][0]["minutes"] is None
    assert summary["files"] == [{"path": "maps/x/map.html", "bytes": 10}]
    assert summary["open"] == "maps/x/map.html"
    assert as_json(ANSWER)["found"] == {"share": None}
    assert as_json(WRITTEN)["open"] == "briefs/a[b].html"
    assert as_json(["one"]) == {"lines": ["one"]}


@pytest.mark.parametrize("found", [WRITTEN, SUMMARY, ANSWER, ["one"]], ids=["written", "summary", "answer", "lines"])
def test_quiet_says_nothing(found, capsys):
    terminal = Terminal(quiet=True)
    with terminal.report.step("work"), terminal.report.counting("pages", 2) as advance:
        advance(2)
    terminal.report.note("a note")
    terminal.show(found)
    said = capsys.readouterr()
    assert said.out == said.err == ""


def test_what_was_written_is_named_as_it_is_and_what_to_open_next(capsys):
    Terminal().show(WRITTEN)
    said = capsys.readouterr().out
    assert "Brief of [Loíza]" in said
    assert "briefs/a[b].html  0.00 MB" in said
    assert "No Chromium: no PDF." in said
    assert "Open briefs/a[b].html next." in said


def test_tables_fit_eighty_columns_and_files_stand_together(capsys):
    Terminal().show(SUMMARY)
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "maps/x: 1 file, 0.0 MB\n  map.html\n" in said


def test_counting_tells_how_many_of_how_many_and_how_fast(monkeypatch):
    clock = iter([0.0, 1.0, 6.0, 6.0, 8.0, 8.0, 8.0])
    monkeypatch.setattr("matcare.publish.summary.time.monotonic", lambda: next(clock))
    out = io.StringIO()
    with Progress(Console(file=out, width=80)).counting("briefs", 30) as advance:
        advance(3)  # after one second: too early for a line
        advance(9)  # after six: a line
    lines = out.getvalue().splitlines()
    assert lines == ["    briefs: 12 of 30, 2 a second", "  briefs: 12 of 30, 1.5 a second  8.0 s"]


def test_counting_on_a_terminal_redraws_in_place():
    out = io.StringIO()
    with Progress(Console(file=out, width=80, force_terminal=True)).counting("briefs", 3) as advance:
        advance(3)
    assert "briefs: 3 of 3" in out.getvalue()


def test_a_table_of_an_answer_goes_by_its_file_name():
    table = pd.DataFrame({"a": [1]})
    answer = Answer(command="close", title="T", asked={}, scenario=Scenario(), tables={"closures.csv": (None, table)}, data_date="2026")  # fmt: skip
    assert answer.table("closures.csv") is table
    with pytest.raises(InputError, match=r"has no x\.csv: give closures\.csv"):
        answer.table("x.csv")
