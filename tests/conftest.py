"""What all tests share: one cache of compiled kernels, and the folder of real data sets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # oracle and fixtures are imported by name


# No example is timed: machines are busy, and the first call of a kernel loads it.
settings.register_profile("nncli", deadline=None)
settings.load_profile("nncli")


def pytest_configure(config: pytest.Config) -> None:
    """Compile into a folder that the next session finds again, and never into the user's own."""
    assert config.cache is not None
    os.environ.setdefault("NNCLI_CACHE", str(config.cache.mkdir("nncli")))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data sets; without one the test is skipped."""
    folder = os.environ.get("NNCLI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the data sets of NNCLI_DATA, which is not set")
    return Path(folder)
