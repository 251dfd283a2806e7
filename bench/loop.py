"""The whole loop: how long the demo takes, and how soon an approval reaches the cluster.

usage: python bench/loop.py [RUNS]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from pathlib import Path
from typing import Any

RUNS = 3


async def demo() -> dict[str, Any]:
    """Run the unattended demo as an operator does, and give what it told."""
    command = Path(sys.executable).with_name("mendwatch")
    process = await asyncio.create_subprocess_exec(str(command), "demo", "--yes", "--json", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    told: dict[str, Any] = json.loads(out)
    if process.returncode:
        sys.exit(f"the demo failed: {told['reason']}")
    return told


def steps(told: dict[str, Any]) -> dict[str, float]:
    """Give the seconds that matter."""
    at = {step["name"]: step["seconds"] for step in told["timeline"]}
    return {
        "start of the agent to verified": told["seconds"],
        "firing to plan ready": at["plan ready"] - at["alert firing"],
        "approval to first task": told["approval_to_first_task"],
        "approval to verified": at["verified"] - at["approved"],
    }


async def main() -> None:
    """Print the least and the median of each."""
    runs = [steps(await demo()) for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)]
    print(f"{'':<32} {'least':>8} {'median':>8}  seconds, {len(runs)} runs")
    for name in runs[0]:
        values = [run[name] for run in runs]
        print(f"{name:<32} {min(values):>8.2f} {statistics.median(values):>8.2f}")


if __name__ == "__main__":
    asyncio.run(main())
