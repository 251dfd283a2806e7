"""What it takes to load rules anew while alerts live: in a thread, then taken over in slices; and how long the loop was held.

Run it alone on the machine: `python bench/reload.py [rules] [quotas]`. Every quota has an alert of one rule.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rules import CONDITIONS, KNOWN, SPEC, START, TARGET

from mendwatch.alerting import loading
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.model.samples import Reading, Sample
from mendwatch.render.renderer import Renderer

_ROUNDS = 5


class Beat:
    """Measures how long the loop was held."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def run(self) -> None:
        """Beat as often as the loop lets it, until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.worst, last = max(self.worst, now - last), now

    def told(self) -> float:
        """Give the longest wait since the last question, in milliseconds."""
        found, self.worst = self.worst, 0.0
        return found * 1000


def write(folder: Path, count: int) -> None:
    """Write so many rules, twenty in a file, of which one finds every quota in trouble."""
    conditions = ["usage_bytes / hard_limit_bytes > 0.9", *(CONDITIONS[1 + number % 2][0] for number in range(count - 1))]
    rules = [f"  - {{alert: R{number}, on: quota, when: {when}, for: 5m}}\n" for number, when in enumerate(conditions)]
    for first in range(0, count, 20):
        text = f"groups:\n- name: bench-{first}\n  rules:\n{''.join(rules[first : first + 20])}"
        (folder / f"{first}.yaml").write_text(text, "utf-8")


async def take_over(engine: AlertEngine, rules: RuleSet) -> int:
    """Replace the rules with a turn of the loop between two slices; gives how many there were."""
    slices = 0
    for _ in engine.replacing(rules, START):
        slices += 1
        await asyncio.sleep(0)
    return slices


async def main(count: int, quotas: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write(path, count)
        engine = AlertEngine(loading.load([path], {"quota": KNOWN}), Renderer(path))
        pairs = [("usage_bytes", 95.0), ("hard_limit_bytes", 100.0), ("soft_limit_bytes", 99.0), ("more_0", 2.0)]
        samples = [Sample(f"q_{name}", value, (f"/q{n}", "directory")) for n in range(quotas) for name, value in pairs]
        engine.observe(TARGET, "cluster", SPEC, Reading(tuple(samples)), START)
        beat = Beat()
        beating = asyncio.create_task(beat.run())
        for _ in range(_ROUNDS):
            await asyncio.sleep(0.05)
            beat.told()
            began = time.perf_counter()
            rules = await asyncio.to_thread(loading.load, [path], {"quota": KNOWN})
            loaded, held = time.perf_counter(), beat.told()
            slices = await take_over(engine, rules)
            taken, alerts = time.perf_counter(), len(engine.alerts())
            print(f"load {count} rules {1000 * (loaded - began):.0f} ms, loop held {held:.1f} ms", end="; ")
            print(f"take over {alerts} alerts {1000 * (taken - loaded):.0f} ms in {slices} slices, loop held {beat.told():.1f} ms")
        beating.cancel()


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in (*sys.argv[1:], "200", "5000")[:2])))
