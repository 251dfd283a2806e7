"""The fixture of the acceptance tests; what a world can do is in tests/support/worlds.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from worlds import World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A cluster, a configuration and the commands."""
    async with a_world(tmp_path) as built:
        yield built
