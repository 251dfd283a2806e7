"""Where recorded and documented OneFS answers lie: beside the checkout, read in place, never copied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "onefs"


def folder() -> Path:
    """Give the folder; where it is absent the test skips with one line, and fails in CI, where it must be."""
    if not FOLDER.is_dir():
        line = "the recorded OneFS answers are not beside the project (../shared/onefs)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    return FOLDER
