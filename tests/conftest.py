"""The whole country, computed once for all tests that look at it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import settings

from matcare.pipeline import analyze
from matcare.publish.folder import OutputFolder
from matcare.publish.results import write_results
from matcare.scenario import Scenario
from matcare.tables.snapshot import load_snapshot

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


# The first example of a test may compile kernels or wait for another worker's core; how long one takes proves nothing.
settings.register_profile("matcare", deadline=None)
settings.load_profile("matcare")


@pytest.fixture(scope="session")
def snapshot():
    return load_snapshot()


@pytest.fixture(scope="session")
def national(snapshot):
    """Results of the default scenario for the whole country."""
    return analyze(Scenario(), snapshot)


@pytest.fixture(scope="session")
def national_files(national, tmp_path_factory):
    """The folder that a run for the whole country writes."""
    folder = tmp_path_factory.mktemp("us")
    with OutputFolder(folder) as staged:
        write_results(national, staged.staging)
    return folder


@pytest.fixture(scope="session")
def shared():
    """Folder of the publishers' original files; the test is skipped where it is not."""
    if not (SHARED / "county").is_dir():
        pytest.skip("the publishers' original files are not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def toy():
    """The module that makes a small region for planning: ``toy.toy_area(seed)``, ``toy.toy_minutes(area)``."""
    spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
