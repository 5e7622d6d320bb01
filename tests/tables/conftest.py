"""The publishers' original files, when they lie beside the project."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the original files; tests that need it are skipped where it is not."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    if not (folder / "county").is_dir():
        pytest.skip("the publishers' original files are not here (they are not part of the project)")
    return folder
