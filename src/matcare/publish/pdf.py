"""A page as PDF, by the Chromium that is there: no library of our own can lay out the page as its readers see it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from matcare.errors import InputError, OutputError
from matcare.publish.folder import atomic_file

__all__ = ["NO_CHROMIUM", "find_chromium", "print_pdf"]

_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
_APPLICATIONS: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_VARIABLE: Final = "CHROMIUM"
_SECONDS: Final = 60.0
_DATE: Final = re.compile(rb"(/(?:CreationDate|ModDate) ?\(D:)[^)]*\)")
_FIXED: Final = b"20000101000000+00'00'"

NO_CHROMIUM: Final = (
    "no Chromium was found, so no PDF was made: install Chromium or Chrome, or name one in the environment variable "
    "CHROMIUM; any browser prints the HTML page"
)
"""What is said where pages stay HTML."""


def find_chromium() -> str | None:
    """Return the Chromium to print with, or None where there is none.

    Returns
    -------
    str or None
        What the environment variable ``CHROMIUM`` names, else the first of Chromium, Chrome and Edge on the path.

    Raises
    ------
    InputError
        When ``CHROMIUM`` names a program that is not there.
    """
    chosen = os.environ.get(_VARIABLE, "").strip()
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise InputError(f"{_VARIABLE}={chosen}: no such program; give the path of Chromium or Chrome, or unset it")
        return found
    for name in _NAMES:
        if (found := shutil.which(name)) is not None:
            return found
    return next((place for place in _APPLICATIONS if Path(place).is_file()), None)


def print_pdf(html: Path, pdf: Path, *, chromium: str | None = None, seconds: float = _SECONDS) -> None:
    """Print a page as PDF, by its own print style, with the network off.

    Parameters
    ----------
    html : pathlib.Path
        The page.
    pdf : pathlib.Path
        The file to write; one that is there stays until the new one is complete.
    chromium : str, optional
        The program; that of :func:`find_chromium` when not given.
    seconds : float
        How long it may take.

    Raises
    ------
    InputError
        When there is no Chromium, or no page.
    OutputError
        When Chromium prints nothing, or takes too long.
    """
    program = chromium or find_chromium()
    if program is None:
        raise InputError(f"{html.name}: {NO_CHROMIUM}")
    if not html.is_file():
        raise InputError(f"{html}: no such page to print")
    with atomic_file(pdf) as beside, tempfile.TemporaryDirectory(prefix="matcare-chromium-") as profile:
        said = _run(_command(program, html, beside, profile), seconds, html)
        if not beside.is_file() or not beside.read_bytes().startswith(b"%PDF"):
            raise OutputError(
                f"{pdf}: {program} printed no PDF{f' ({said})' if said else ''}; print {html.name} from a browser"
            )
        beside.write_bytes(_without_clock(beside.read_bytes()))


def _command(program: str, html: Path, pdf: Path, profile: str) -> list[str]:
    flags = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--no-pdf-header-footer",
        f"--user-data-dir={profile}",
        f"--print-to-pdf={pdf.resolve()}",
    ]
    if sys.platform != "win32" and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to start as root with its sandbox
    return [program, *flags, html.resolve().as_uri()]


def _run(command: list[str], seconds: float, html: Path) -> str:
    """Run Chromium with its children in a group of their own, which ends with it; return its last line of errors."""
    apart = sys.platform != "win32"
    try:
        process = subprocess.Popen(  # noqa: S603 - the program is the user's own browser, the arguments are ours
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=apart
        )
    except OSError as error:
        raise OutputError(
            f"{command[0]}: could not be started ({error.strerror or error}); name another in CHROMIUM"
        ) from error
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise OutputError(
            f"{html.name}: {command[0]} took more than {seconds:g} seconds to print it; try it again"
        ) from None
    finally:
        if process.poll() is None:
            if apart:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.communicate()
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def _without_clock(content: bytes) -> bytes:
    """Return a PDF whose dates are one fixed day, of the same length, so that the same page gives the same bytes.

    Examples
    --------
    >>> _without_clock(b"<</CreationDate (D:20261129112233+00'00')>>")
    b"<</CreationDate (D:20000101000000+00'00')>>"
    """

    def fixed(match: re.Match[bytes]) -> bytes:
        length = len(match.group(0)) - len(match.group(1)) - 1
        return match.group(1) + _FIXED[:length].ljust(length, b" ") + b")"

    return _DATE.sub(fixed, content)
