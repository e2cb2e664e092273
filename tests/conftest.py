"""What every test may ask for."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real test collections: OUTRIDER_DATA, or shared/data beside the repository."""
    folder = Path(os.environ.get("OUTRIDER_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        raise FileNotFoundError(f"no test collections in {folder}: set OUTRIDER_DATA to the folder that has them")
    return folder
