"""Every command line in the documentation exists as written: commands, options, arguments, targets of make."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from matcare.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "maps" / "README.md"])
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`(matcare (?!\d)[^`]+)`(?!`)")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def shell_lines():
    for page in PAGES:
        for block in FENCE.finditer(page.read_text(encoding="utf-8")):
            if block["kind"] != "sh":
                continue
            for line in block["body"].splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    yield pytest.param(words, id=f"{page.relative_to(ROOT)}: {' '.join(words)}")


def inline_commands():
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for found in INLINE.finditer(text):
            yield pytest.param(" ".join(found[1].split()), id=f"{page.relative_to(ROOT)}: {found[1]}")


def resolved(words):
    """Return the command that words name, and the words that are left for it."""
    command, left = typer.main.get_command(app), list(words)
    while getattr(command, "commands", None) and left and left[0] in command.commands:
        command = command.commands[left.pop(0)]
    return command, left


@pytest.mark.parametrize("words", list(shell_lines()))
def test_a_command_line_can_be_typed_as_it_stands(words):
    program, *rest = words
    if program == "make":
        assert [word for word in rest if "=" not in word] != []
        assert {word for word in rest if "=" not in word} <= TARGETS
        return
    assert program == "matcare", "a shell block holds commands of matcare and make; mark others as bash or powershell"
    command, left = resolved(rest)
    if getattr(command, "commands", None):
        assert left in (["--version"], ["--help"])
        return
    if "--help" in left:
        return
    command.make_context(" ".join(words[: len(words) - len(left)]), list(left))  # parses; does not run


@pytest.mark.parametrize("line", list(inline_commands()))
def test_a_command_in_a_sentence_exists_with_its_options(line):
    words = re.findall(r"[^\s…]+", line)[1:]
    command, left = resolved(words)
    known = {flag for one in command.params for flag in [*one.opts, *one.secondary_opts]} | {"--help"}
    assert {word for word in left if word.startswith("-")} <= known
    if getattr(command, "commands", None):
        assert not left or left[0].isupper() or left[0].startswith("-") or "|" in left[0], f"no command {left[0]}"


def test_there_are_lines_to_test():
    assert len(list(shell_lines())) > 60
    assert len(list(inline_commands())) > 30


def test_the_reader_finds_what_is_wrong():
    command, left = resolved(["run", "--nonsense"])
    with pytest.raises(typer.BadParameter.__mro__[1], match="No such option"):
        command.make_context("run", left)
