"""What one cluster of the largest size costs: its share of a core, its scrapes, its memory, and how long it keeps the loop.

Run: python bench/fleet.py [SECONDS]. 252 nodes with some 300 statistics each, 36 drives in every node and 10,000 quotas are polled
every 15 seconds, judged by a rule on quotas, one on drives and one on nodes, and scraped every 15 seconds by Debian's
Prometheus where it is installed, else by a plain reader. The cluster is another process. CPU is user and system time of the whole
agent; memory is what it has above an agent with the same configuration and nothing to collect.

How long the loop does nothing else is measured twice: while the agent starts and meets everything for the first time, and later.
WHERE=8 in the environment also tells what steps of more than 8 ms did, which costs time itself; SHIPPED=1 adds the shipped rules.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

import yaml
from parts.agents import RunningAgent, Stalls
from parts.prometheus import PROGRAM, Prometheus
from parts.served import PASSWORD, USER, Holdings, Served

from mendwatch_onefs.provider import OneFSProvider

GROUPS = ("default", "nodes", "caches", "protocols")
HAS = Holdings(nodes=252, groups=GROUPS, bays=36, quotas=10_000)
INTERVAL = 15
#: The collectors whose figures these are; the others of this cluster are unsupported.
COLLECTORS = ("statistics", "drives_summary", "quotas")
#: Seconds of the window, of watching the loop at the start and later, and of the agent that collects nothing.
WINDOW, FIRST, LATER, IDLE = 60, 35, 30, 8
GOAL_SHARE, GOAL_SCRAPE, GOAL_BYTES, GOAL_STALL = 0.05, 1.0, 700, 15

WORRIES = (
    ("QuotaFull", "quota", "usage_bytes / hard_limit_bytes > 0.99", "{{ path }} is full"),
    ("DriveSlow", "drive_performance", "access_latency_seconds > 1000.0", "drive {{ bay }} of node {{ node }} is slow"),
    ("NodeBusy", "node", "cpu_user_ratio + cpu_system_ratio > 1.999", "node {{ node }} is busy"),
)


def rules() -> dict[str, Any]:
    """Give the rules, none of which ever holds, as on a cluster that is well."""
    found = [
        {"alert": name, "on": on, "when": when, "for": "5m", "annotations": {"summary": words}} for name, on, when, words in WORRIES
    ]
    return {"groups": [{"name": "fleet", "rules": found}]}


def configuration(served: Served, folder: Path, *, collect: bool = True) -> dict[str, Any]:
    """Give the agent's configuration; without anything to collect it is that of the agent to compare with."""
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(rules()), "utf-8")
    intervals = {name: {"interval": f"{INTERVAL}s"} for name in COLLECTORS}
    nothing = {collector.spec.name: {"enabled": False} for collector in OneFSProvider().collectors()}
    target = {
        "name": "prod-1",
        "provider": "onefs",
        "address": served.urls[0],
        "credentials": {"read": {"username": USER, "password": PASSWORD}},
        "collectors": intervals if collect else nothing,
        "options": {"ca_file": str(served.ca_file), "timeout": 60, "statistics": {"groups": list(GROUPS)}},
    }
    return {"rules": [str(file)], "targets": [target]}


@contextmanager
def scraped(agent: RunningAgent, folder: Path) -> Iterator[Prometheus | None]:
    """Have the agent scraped by Prometheus, or in the background where there is none."""
    if PROGRAM is not None:
        with Prometheus(folder, agent.url.removeprefix("http://"), INTERVAL) as server:
            yield server
        return
    over = Event()

    def read() -> None:
        while not over.wait(INTERVAL):
            agent.scrape()

    reader = Thread(target=read)
    reader.start()
    try:
        yield None
    finally:
        over.set()
        reader.join()


def idle(served: Served, folder: Path) -> int:
    """Give the bytes in memory of an agent that collects nothing."""
    with RunningAgent(folder / "idle", configuration(served, folder, collect=False)) as agent:
        sleep(IDLE)
        agent.scrape()
        return agent.resident()


def measure(folder: Path, seconds: float) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        served = stack.enter_context(Served(HAS, 1, folder))
        nothing = idle(served, folder)
        agent = stack.enter_context(RunningAgent(folder / "agent", configuration(served, folder)))
        agent.watch()
        server = stack.enter_context(scraped(agent, folder / "prometheus"))
        sleep(FIRST)
        first = agent.watched()
        spent, start = agent.cpu(), perf_counter()
        sleep(seconds)
        share = (agent.cpu() - spent) / (perf_counter() - start)
        resident = agent.resident()
        later = agent.stalls(LATER)
        page = agent.metrics()
        sizes = {name[0]: size for name, size in page.by("powerscale_collector_series", "collector").items()}
        if set(COLLECTORS) - sizes.keys():
            sys.exit(f"the agent lacks {set(COLLECTORS) - sizes.keys()}: {agent.last_words()}")
        show(sizes, share, resident - nothing, (first, later))
        history(page.all("mendwatch_history_samples"))
        if server is not None:
            first, *others = server.numbers("scrape_duration_seconds[1h]")
            took = f"{max(others):8.2f} s      (goal {GOAL_SCRAPE:g}; {first:.2f} for the first, which meets every series anew)"
            print(f"  Prometheus' scrape_duration_seconds, longest   {took}")


def show(sizes: dict[str, float], share: float, grown: int, found: tuple[Stalls, Stalls]) -> None:
    """Print the table."""
    series = sum(sizes.values())
    parts = ", ".join(f"{name} {sizes[name]:,.0f}" for name in COLLECTORS)
    print(f"1 cluster x {HAS.nodes} nodes every {INTERVAL} s: {series:,.0f} series ({parts})")
    print(f"  share of a core                                {share:8.1%}        (goal {GOAL_SHARE:.0%})")
    print(f"  memory per series, above an idle agent         {grown / series:8.0f} bytes  (goal {GOAL_BYTES})")
    for when, stalls in zip(("when all is new", "later"), found, strict=True):
        print(f"  loop kept busy, {when}: {stalls} (goal {GOAL_STALL})\n{stalls.where()}", end="")


def history(samples: float) -> None:
    """Print what the history holds, which is a part of the memory and has a bound of its own."""
    print(f"  of which the numbers of the history            {samples * 8 / 2**20:8.0f} MiB")


def main() -> None:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), float(sys.argv[1]) if len(sys.argv) > 1 else WINDOW)


if __name__ == "__main__":
    main()
