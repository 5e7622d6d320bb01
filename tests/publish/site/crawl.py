"""Read the pages of a site strictly: which elements are open, which ids there are, where links lead."""

from __future__ import annotations

import posixpath
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LOADS = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping"}
CHILDREN = {
    "ul": {"li"}, "ol": {"li"}, "tr": {"td", "th"}, "tbody": {"tr"}, "thead": {"tr"}, "tfoot": {"tr"},
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot", "tr"}, "dl": {"dt", "dd", "div"},
}  # fmt: skip


class Page(HTMLParser):
    """A page: its elements are checked as they come."""

    def __init__(self, path: str):
        super().__init__(convert_charrefs=True)
        self.path = path
        self.lang = ""
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.faults: list[str] = []
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}> has an attribute twice")
        parent = self.open[-1] if self.open else None
        if parent in CHILDREN and tag not in CHILDREN[parent]:
            self.faults.append(f"<{tag}> in <{parent}>")
        if parent == "p" and tag in {"div", "p", "ul", "ol", "table", "section", "h1", "h2", "h3", "dl", "figure"}:
            self.faults.append(f"<{tag}> in <p>")
        held = dict(attrs)
        if "id" in held:
            if held["id"] in self.ids:
                self.faults.append(f"id {held['id']} twice")
            self.ids.add(held["id"])
        if tag == "html":
            self.lang = held.get("lang", "")
        if tag in {"a", "area", "link"} and held.get("href") is not None:
            (self.loads if tag == "link" and held.get("rel") != "canonical" else self.links).append(held["href"])
        self.loads += [held[name] for name in LOADS & set(held) if tag not in {"td", "th"}]
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> where <{self.open[-1] if self.open else ''}> is open")
            return
        self.open.pop()

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data

    @property
    def title(self):
        return " ".join(self.texts["title"][0].split())

    @property
    def h1(self):
        (words,) = self.texts["h1"]
        return " ".join(words.split())


def read(path: Path, site: Path) -> Page:
    page = Page(path.relative_to(site).as_posix())
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    if page.open:
        page.faults.append(f"<{page.open[-1]}> is not closed")
    return page


def pages(site: Path) -> dict[str, Page]:
    """Every page of a site but the map, which is a program and no text."""
    return {
        page.path: page
        for page in (read(path, site) for path in sorted(site.rglob("*.html")) if path.name != "map.html")
    }


def files(site: Path) -> set[str]:
    """Every file below a folder, with its case as it stands."""
    return {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}


def broken(site: Path, read_pages: dict[str, Page], *, counties: set[str], themes: set[str]) -> list[str]:
    """Links that lead nowhere, out of the folder, or to an address that is not relative."""
    there = files(site)
    found = []
    for page in read_pages.values():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme in {"http", "https"}:
                continue
            if parts.scheme or parts.netloc or parts.path.startswith("/"):
                found.append(f"{page.path}: {link} is not relative")
                continue
            target = page.path
            if parts.path:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), unquote(parts.path)))
            if target not in there:
                found.append(f"{page.path}: {link}: no such file")
            elif target == "map.html":
                found += [f"{page.path}: {link}: {fault}" for fault in _map_faults(parts.fragment, counties, themes)]
            elif parts.fragment and unquote(parts.fragment) not in read_pages[target].ids:
                found.append(f"{page.path}: {link}: no such place on the page")
    return found


def _map_faults(fragment, counties, themes):
    for part in filter(None, fragment.split("&")):
        name, _, value = part.partition("=")
        good = {
            "theme": value in themes,
            "county": value in counties,
            "view": re.fullmatch(r"-?\d+\.\d+,-?\d+\.\d+,\d+(\.\d)?", value) is not None,
        }
        if not good.get(name, False):
            yield f"{part} is nothing that the map knows"
