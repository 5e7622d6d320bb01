# ruff: noqa: INP001 - a hook that MkDocs loads by its path, not a package
"""Pages that stand elsewhere in the project, and links that hold on disk, on a code host and in the built site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT_PAGES: Final = {
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "data/README.md": "data.md",
    "data/LICENSES.md": "licences.md",
    "maps/README.md": "files.md",
}
"""Files of the project, from its top folder, and the page that each becomes."""

_LINK: Final = re.compile(r"(?<=\]\()(?P<target>[^)#\s]+\.(?:md|png|svg))(?P<anchor>#[^)\s]*)?(?=\))")

_ROLE: Final = re.compile(r":(?:func|class|meth|data|mod|attr|exc):\s*<code>~?(?P<name>[^<]*)</code>")
"""Docstrings name functions as Sphinx does; here the name alone is enough."""

_LONG_NAME: Final = re.compile(r"(?<=<code>)[\w.]{18,}(?=</code>)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside the folder of the documentation."""
    top = Path(config.config_file_path).parent
    for source, page in ROOT_PAGES.items():
        files.append(File.generated(config, page, content=(top / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names the parameters
    """Write a page's links as the site has them; on disk they lead from the file that holds them."""
    return site_links(markdown, page.file.src_uri)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names the parameters
    """Mend what the page's text became: long names that break, no roles of other tools."""
    html = _ROLE.sub(r"<code>\g<name></code>", html)
    return _LONG_NAME.sub(lambda name: name[0].replace("_", "_<wbr>"), html)


def site_links(markdown: str, page: str) -> str:
    """Return a page's text with links to project files turned into links to their pages.

    Parameters
    ----------
    markdown : str
        Links lead from the file that holds them: ``../benchmarks/README.md``, ``docs/images/map_us.png``.
    page : str
        The page, from the folder of the documentation: ``howto/grant.md``, ``changelog.md``.
    """
    standing = {page_: source for source, page_ in ROOT_PAGES.items()}.get(page, f"docs/{page}")

    def on_site(link: re.Match[str]) -> str:
        target, anchor = link["target"], link["anchor"] or ""
        if "://" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(standing), target))
        inside = ROOT_PAGES.get(path) or path.removeprefix("docs/")
        return posixpath.relpath(inside, posixpath.dirname(page) or ".") + anchor

    return _LINK.sub(on_site, markdown)
