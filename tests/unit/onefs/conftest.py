"""Recorded answers of real clusters, read in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

_RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "onefs"


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], bytes]:
    """Give a recorded answer by its path below the folder of recordings."""
    if not _RECORDED.is_dir():
        pytest.skip("the recorded answers are not beside this checkout (../shared/onefs)")
    return lambda name: (_RECORDED / name).read_bytes()
