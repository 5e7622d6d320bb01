"""Where output goes: a folder that is ours, and of the same command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from matcare.errors import InputError
from matcare.publish.answers import Answer, write_answer
from matcare.publish.folder import OutputFolder
from matcare.publish.provenance import LICENCES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matcare.pipeline.report import Report

__all__ = ["deliver", "refuse_foreign"]


def refuse_foreign(target: Path, command: str) -> None:
    """Refuse a folder that holds files which this command has not written.

    Parameters
    ----------
    target : pathlib.Path
        Where output is to go; need not exist.
    command : str
        ``run``, ``close``, ``site`` …: an answer must not take the place of a run's map, nor a run of an answer's.

    Raises
    ------
    InputError
        When it is the current folder, holds somebody's own files of our names, or the output of another command.
    """
    if str(target) in {"", "."}:
        raise InputError("--out is the current folder; give a folder of its own, such as --out maps/nd")
    if not target.is_dir():
        return
    about = target / "run.json"
    if not about.exists():
        own = [name for name in LICENCES if (target / name).exists()]
        if own:
            raise InputError(
                f"{target}: holds a {own[0]} that matcare did not write (no run.json beside it); choose another --out"
            )
        return
    try:
        written_by = json.loads(about.read_text(encoding="utf-8")).get("command", "run")
    except (OSError, ValueError, AttributeError):
        return
    if written_by != command:
        raise InputError(f"{target}: holds the output of `matcare {written_by}`; choose another --out")


def deliver(make: Callable[[], Answer], *, command: str, target: Path, report: Report) -> Answer:
    """Make an answer and write its files, all or none.

    Parameters
    ----------
    make : callable
        Returns the answer.
    command : str
        As in :func:`refuse_foreign`.
    target : pathlib.Path
        Output folder.
    report : Report
        Told of the writing.

    Returns
    -------
    Answer
        With ``written`` filled in.

    Raises
    ------
    InputError
        When the folder is not ours, or the question has no answer.
    OutputError
        When the output cannot be written; what stood there before is intact.
    """
    refuse_foreign(target, command)
    with OutputFolder(target) as folder:  # first of all: a folder that cannot be written is said before the work
        answer = make()
        with report.step("map and tables"):
            write_answer(answer, folder.staging)
        names = sorted(path.name for path in folder.staging.iterdir())
    answer.written.update({target / name: (target / name).stat().st_size for name in names})
    return answer
