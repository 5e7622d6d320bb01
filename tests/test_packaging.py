"""The embedded data load from a built wheel and from an editable install."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROBE = (
    "import matcare, pathlib\n"
    "from matcare.tables.snapshot import default_data_dir, load_counties, load_facilities\n"
    "print(pathlib.Path(matcare.__file__).resolve())\n"
    "print(pathlib.Path(str(default_data_dir())).resolve())\n"
    "print(len(load_counties()), len(load_facilities()))\n"
)


def probe(cwd, **environment):
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, data, counts = done.stdout.split("\n")[:3]
    return Path(package), Path(data), tuple(int(n) for n in counts.split())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_data_licences_and_assets(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for table in ("counties", "outcomes", "facilities", "demand", "road_nodes", "road_edges", "states"):
        assert f"matcare/data/{table}.parquet" in names
    assert "matcare/data/datapackage.json" in names
    assert "matcare/data/LICENSES.md" in names
    assert "matcare/travel/profiles/typical.toml" in names
    assert any(name.startswith("matcare/publish/map/assets/") for name in names)
    assert wheel.stat().st_size < 14_000_000


def test_the_data_load_from_the_wheel(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    package, data, counts = probe(tmp_path, PYTHONPATH=str(site))
    assert package.is_relative_to(site)
    assert data == site / "matcare" / "data"
    assert counts[0] == 3222
    assert counts[1] > 3000


def test_the_data_load_from_an_editable_install(tmp_path):
    package, data, counts = probe(tmp_path)
    assert package == ROOT / "src" / "matcare" / "__init__.py"
    assert data == ROOT / "data"
    assert counts[0] == 3222
