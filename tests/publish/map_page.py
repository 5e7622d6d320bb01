"""A map's page in Chromium: open it, wait for it, read it, and see that it stayed quiet."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


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
