"""The budgets of what people see, on one machine, in one run: maps, a figure, briefs, the site, bundles.

    python benchmarks/publish.py [--from maps/us] [--quick] [--state TX]

- the national map: bytes, and milliseconds until it answers in headless Chromium (median of five fresh loads);
- a state's map with its block groups: a run of that state is made for it;
- a figure as PNG at 300 dpi; a county's brief (the slowest and the largest of fifty besides the median);
- all briefs, of every county, every state and the nation, in a folder; with `--quick` 200 counties, and said so;
- the site of the nation, or with `--quick` of the one state; bundles of a state and of the nation.

Without `--from` the national run is made first and not counted. What misses its budget is said so; nothing is a test.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from matcare.pipeline.briefing import write_briefs
from matcare.pipeline.bundling import write_bundle
from matcare.pipeline.finished import finished_run
from matcare.pipeline.publishing import publish_site
from matcare.pipeline.run import run as make_run
from matcare.publish.brief import render_brief
from matcare.publish.figure import draw_figure
from matcare.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

MB: Final = 1e6
LOADS: Final = 5
SAMPLE: Final = 200
COUNTIES: Final = 3222
FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def say(what: str, measured: str, budget: str = "", *, met: bool | None = None, more: str = "") -> None:
    """Print one row: what was measured beside its budget."""
    verdict = "" if met is None else "met" if met else "MISSED"
    print(f"{what:<48} {measured:>20}   {budget:<10} {verdict:<6} {more}".rstrip(), flush=True)


def size_row(what: str, size: int, budget: float | None = None, more: str = "") -> None:
    """Print bytes in MB beside a budget in MB."""
    met = None if budget is None else size <= budget * MB
    say(what, f"{size / MB:.2f} MB", "" if budget is None else f"≤ {budget:g} MB", met=met, more=more)


def time_row(what: str, seconds: float, budget: float | None = None, more: str = "") -> None:
    """Print seconds beside a budget in seconds."""
    met = None if budget is None else seconds <= budget
    say(what, f"{seconds:.2f} s", "" if budget is None else f"≤ {budget:g} s", met=met, more=more)


@contextmanager
def timed() -> Iterator[list[float]]:
    """Give a list that holds the seconds of the block once it has ended."""
    taken: list[float] = []
    begin = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - begin)


def folder_bytes(folder: Path) -> tuple[int, int]:
    """Return a folder's files and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def ready_after(path: Path) -> list[float] | None:
    """Return the milliseconds after which a map answers, of fresh loads in headless Chromium; None without one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        return None
    from selenium import webdriver  # noqa: PLC0415 - a development dependency that only this row needs

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    found = []
    try:
        for _load in range(LOADS):
            driver.get("about:blank")
            driver.get(path.resolve().as_uri())
            end = time.monotonic() + 60
            while (ms := driver.execute_script("return window.matcare && matcare.readyAfterMs || 0")) == 0:
                if time.monotonic() > end:
                    raise SystemExit(f"{path}: the map never said that it is ready")
                time.sleep(0.05)
            found.append(float(ms))
    finally:
        driver.quit()
    return found


def map_rows(what: str, path: Path, budget: float) -> None:
    """Print a map's bytes and its time in the browser."""
    size_row(f"{what}, bytes", path.stat().st_size, budget)
    found = ready_after(path)
    if found is None:
        say(f"{what}, interactive", "no Chromium here", "≤ 2 s")
        return
    spread = f"median of {len(found)}, {min(found):.0f}-{max(found):.0f} ms"
    time_row(f"{what}, interactive", median(found) / 1000, 2.0, spread)


def small_rows(nation: Path, folder: Path) -> None:
    """Print a figure and single briefs."""
    with finished_run(Scenario(), from_dir=nation) as run:
        with timed() as taken:
            (path,) = draw_figure(run, ["class"], formats=("png",), dpi=300, folder=folder)
        size_row(
            "figure of the nation, PNG, 300 dpi", path.stat().st_size, more=f"{taken[0]:.1f} s, the first of a session"
        )
        codes = list(run.counties["county_fips"][:: max(1, len(run.counties) // 50)])
        render_brief(run, codes[0])  # the first joins the tables for all
        seconds, sizes = [], []
        for code in codes:
            with timed() as taken:
                page = render_brief(run, code)
            seconds.append(taken[0])
            sizes.append(len(page.encode()))
    time_row(f"one brief, median of {len(codes)}", median(seconds), more=f"slowest {max(seconds):.2f} s")
    size_row("one brief, bytes, median", int(median(sizes)), 0.08, f"largest {max(sizes) / MB:.3f} MB")


def brief_rows(nation: Path, folder: Path, *, quick: bool) -> None:
    """Print the briefs of every place, or of a sample."""
    with finished_run(Scenario(), from_dir=nation) as run:
        codes = list(run.counties["county_fips"])
    if quick:
        codes = codes[:: max(1, len(codes) // SAMPLE)][:SAMPLE]
    with timed() as taken:
        if quick:
            write_briefs(Scenario(), places=codes, from_dir=nation, out=folder)
        else:
            write_briefs(Scenario(), every=True, from_dir=nation, out=folder)
    files, size = folder_bytes(folder)
    if quick:
        more = f"a SAMPLE; at this rate {COUNTIES / len(codes) * taken[0] / 60:.1f} min for all, reading included"
        time_row(f"briefs of {files:,} counties", taken[0], more=more)
    else:
        time_row(f"all {files:,} briefs", taken[0], 600.0, f"{files / taken[0]:.0f} a second")
    size_row("their bytes", size)


def site_rows(source: Path, folder: Path, what: str, *, whole: bool) -> None:
    """Print a site's files, bytes and time."""
    with timed() as taken:
        publish_site(Scenario(), from_dir=source, out=folder)
    files, size = folder_bytes(folder)
    time_row(f"site of {what}", taken[0], 600.0 if whole else None, f"{files:,} files")
    size_row("its bytes", size, 250.0 if whole else None)


def bundle_rows(nation: Path, folder: Path) -> None:
    """Print the bundles of a state and of the nation."""
    for what, places in (("North Dakota", ("ND",)), ("the nation", ())):
        out = folder / f"{what.replace(' ', '-').lower()}.zip"
        with timed() as taken:
            write_bundle(Scenario(), places=places, from_dir=nation, out=out)
        size_row(f"bundle of {what}", out.stat().st_size, more=f"{taken[0]:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="nation", type=Path, help="folder of a national run")
    parser.add_argument("--state", default="TX", help="the state whose map is measured")
    parser.add_argument("--quick", action="store_true", help="200 briefs and the state's site instead of all")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matcare-bench-") as name:
        folder = Path(name)
        nation = asked.nation
        if nation is None:
            nation = folder / "us"
            make_run(Scenario(), out=nation)
        load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else "not known"
        print(f"Python {sys.version.split()[0]}; national run in {asked.nation or 'a folder of its own'}; load {load}")
        map_rows("national map", nation / "map.html", 5.0)
        state = folder / "state"
        with timed() as taken:
            make_run(Scenario(states=(asked.state,)), out=state)
        map_rows(f"map of {asked.state} with its block groups", state / "map.html", 4.0)
        time_row(f"(its run: matcare run --state {asked.state})", taken[0])
        small_rows(nation, folder)
        brief_rows(nation, folder / "briefs", quick=asked.quick)
        if asked.quick:
            site_rows(state, folder / "site", asked.state, whole=False)
        else:
            site_rows(nation, folder / "site", "the nation", whole=True)
        bundle_rows(nation, folder)


if __name__ == "__main__":
    main()
