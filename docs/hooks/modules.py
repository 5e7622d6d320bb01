# ruff: noqa: INP001 - a hook that MkDocs loads by its path, not a package
"""The API reference: at a mark such as ``<!-- printed: modules of travel -->`` every public module of that package.

Public is a module that says ``__all__`` and has no underscore in front of a part of its name. New modules thus stand in
the reference without anybody writing them down.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

SOURCE: Final = Path(__file__).resolve().parents[2] / "src"
_MARK: Final = re.compile(r"<!-- printed: modules of (?P<package>[a-z_]+) -->")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names the parameters
    """Name the modules at the mark; mkdocstrings prints their docstrings."""
    return _MARK.sub(lambda mark: "\n\n".join(f"::: {name}" for name in public_modules(mark["package"])), markdown)


def public_modules(package: str) -> list[str]:
    """Return the public modules of a package of matcare, with the package itself first where it offers names."""
    folder = SOURCE / "matcare" / package
    paths = sorted(folder.rglob("*.py"), key=lambda path: (path.parent.parts, path.name != "__init__.py", path.name))
    return [_name(path) for path in paths if _is_public(path)]


def offered(path: Path) -> list[str]:
    """Return the names in a module's ``__all__`` that it defines itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed: list[str] = []
    here: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            here.add(node.name)
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if "__all__" in names and isinstance(node, ast.Assign):
            listed = ast.literal_eval(node.value)
        here |= names
    return [name for name in listed if name in here]


def _is_public(path: Path) -> bool:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    packages = all((SOURCE.joinpath(*parts[:depth]) / "__init__.py").is_file() for depth in range(1, len(parts)))
    named = not any(part.startswith("_") and part != "__init__" for part in parts)
    return named and packages and bool(offered(path))


def _name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")
