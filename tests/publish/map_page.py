"""A map's page in Chromium: open it, wait for it, read it, and see that it stayed quiet."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from pathlib import Path

import axe_core_python
import pytest


def open_page(browser, path: Path, width: int = 1400, height: int = 1000) -> None:
    """Open a page at a size, and wait until it says that it is ready."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.set_window_size(width, height)
    browser.get(path.as_uri())
    wait(browser, "return document.documentElement.dataset.ready === 'yes'")


def requested(browser) -> list[str]:
    """Return the addresses that the page asked a network for since it was opened."""
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [entry["params"]["request"]["url"] for entry in asked if entry["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if url.startswith(("http", "ws", "ftp"))]


def wait(browser, script, *arguments, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = browser.execute_script(script, *arguments)
        if value:
            return value
        time.sleep(0.05)
    return pytest.fail(f"never true in {seconds} s: {script}")


def text(browser, selector):
    return browser.execute_script("return document.querySelector(arguments[0]).innerText", selector)


def search(browser, query):
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.ID, "query")
    field.clear()
    field.send_keys(query)
    return browser.execute_script("return [...document.querySelectorAll('#found li')].map((item) => item.innerText)")


def enter(browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.find_element(By.ID, "query").send_keys(Keys.ENTER)


def screenshot(browser, name: str) -> None:
    """Keep a picture of the page in the folder that MATCARE_SCREENSHOTS names, if it names one."""
    folder = os.environ.get("MATCARE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.save_screenshot(str(Path(folder) / f"{name}.png"))


def findings(browser, where: str = "html") -> list[tuple[str, str, list[str]]]:
    """Return what axe-core finds serious or critical on the page, or in the part that a selector names.

    The map's canvas is taken away meanwhile: it reaches beyond its clipped box, where axe takes it for the background
    of every text and then judges no contrast at all. That contrast was judged is asserted.
    """
    if not browser.execute_script("return Boolean(window.axe)"):
        browser.execute_script(Path(axe_core_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    browser.set_script_timeout(60)
    result = browser.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        const canvases = [...document.querySelectorAll("#matcare_map canvas")];
        canvases.forEach((canvas) => { canvas.style.display = "none"; });
        axe.run(arguments[0]).then((found) => {
          canvases.forEach((canvas) => { canvas.style.display = ""; });
          done({ violations: found.violations, judged: found.passes.filter((rule) => rule.id === "color-contrast").flatMap((rule) => rule.nodes).length });
        });
        """,
        where,
    )
    assert result["judged"] > 10, "contrast was judged"
    return [
        (rule["id"], rule["help"], [node["target"][0] for node in rule["nodes"]][:5])
        for rule in result["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]


def printed(browser) -> tuple[int, bool]:
    """Print the page to PDF: return how many pages it has, and whether all lie landscape."""
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    raw = base64.b64decode(pdf["data"])
    boxes = re.findall(rb"/MediaBox \[([^\]]+)\]", raw)
    sizes = [[float(part) for part in box.split()] for box in boxes]
    return len(sizes), bool(sizes) and all(right - left > top - low for left, low, right, top in sizes)
