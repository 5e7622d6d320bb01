"""The documentation, built once as CI builds it, and the browser of the map's tests to look at it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load(path):
    spec = importlib.util.spec_from_file_location(f"docs_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


browser = _load(ROOT / "tests" / "publish" / "conftest.py").browser


@pytest.fixture(scope="session")
def hook():
    """Load a hook of the documentation: ``hook("dictionary")``."""
    return lambda name: _load(ROOT / "docs" / "hooks" / f"{name}.py")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The built documentation: strict, and with every way to a network closed."""
    folder = tmp_path_factory.mktemp("docs")
    closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, **closed, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
