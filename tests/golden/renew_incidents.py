"""The golden table of what each incident changes for the collectors. Run it to renew incidents.txt, then read the difference."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from incident_world import GOLDEN, play, table

from mendwatch_onefs_sim.incidents.registry import INCIDENTS


async def page() -> str:
    """Give the table of all incidents."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = await play(Path(folder) / "quiet")
        return "\n".join([table(name, await play(Path(folder) / name, name), quiet) for name in sorted(INCIDENTS)])


if __name__ == "__main__":
    GOLDEN.write_text(asyncio.run(page()), "utf-8")
