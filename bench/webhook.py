"""What a storm of received alerts costs: a message from HTTP to the disk and to its rule, and how long the loop is held meanwhile.

Run: python bench/webhook.py [alerts]. The same message comes three times, as from three peers. CPU times are those of this thread.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from received_storms import Holds, a_way, storm


async def main(many: int) -> None:
    """Print one line for each message."""
    body, holds = storm(many), Holds()
    print(f"{many} alerts, {len(body) / 2**20:.1f} MiB, one rule, SQLite")
    with tempfile.TemporaryDirectory() as folder:
        async with a_way(Path(folder)) as way:
            watching = asyncio.create_task(holds.run())
            for number in range(1, 4):
                posting = asyncio.create_task(way.post(body))
                await asyncio.sleep(0.05)
                holds.longest, began = 0.0, time.perf_counter()
                assert await posting == 200
                kept = time.perf_counter() - began
                while len(way.told) < many:  # noqa: ASYNC110 - what is waited for is told by others
                    await asyncio.sleep(0.01)
                judged = time.perf_counter() - began
                words = f"200 after {kept:.2f} s, judged and told after {judged:.2f} s"
                print(f"message {number}: {words}; longest turn of the loop {holds.longest * 1000:.1f} ms; {len(way.told)} changes")
            watching.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
