"""Recorded answers of real clusters, read in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import recordings


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], bytes]:
    """Give a recorded answer by its path below the folder of recordings."""
    folder = recordings.folder()
    return lambda name: (folder / name).read_bytes()
