"""What the whole agent costs for each sample that it collects, beside isilon-sdk + prometheus-client doing the same work.

Run: python bench/agent.py [SECONDS]. `mendwatch run` polls 16 clusters of 64 nodes (default statistics, every 5 seconds), judges
every node by rules, keeps the history, asks a hundred addresses by ICMP and is scraped every 15 seconds. The peer reads the
same clusters into gauges with labels and is scraped by the same reader; its polls are made one after the other, and only while the
agent is not measured. The clusters and the reader are other processes. Figures are CPU time (user and system) of the whole process
for each sample that it read; the two take turns, as a shared machine doubles absolute figures from one minute to the next.

How long the loop does nothing else is measured for itself, as watching it costs something. SHIPPED=1 in the environment adds the
shipped rules.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

import yaml
from parts.agents import SCRAPE, RunningAgent, Stalls
from parts.served import PASSWORD, USER, Holdings, Served
from parts.theirs import Peer, the_sdk

CLUSTERS, NODES, INTERVAL, SCRAPE_EVERY = 16, 64, 5, 15
#: Seconds of one window, before the first one, and of watching the loop; polls of the peer between two scrapes.
WINDOW, WARM_UP, WATCHED, WINDOWS = 30, 25, 30, 2
PEER_POLLS = SCRAPE_EVERY // INTERVAL
#: Samples a second below which the agent has another trouble than speed.
_LEAST = 0.8 * CLUSTERS * NODES * 100 / INTERVAL
GOAL, GOAL_RATIO, GOAL_STALL = 0.8, 7, 15

RULES = {
    "groups": [
        {
            "name": "nodes",
            "rules": [
                {
                    "alert": "NodeBusy",
                    "on": "node",
                    "when": "cpu_user_ratio + cpu_system_ratio > 1.99",
                    "for": "5m",
                    "labels": {"severity": "warning"},
                    "annotations": {"summary": "node {{ node }} of {{ cluster }} is busy"},
                },
                {
                    "alert": "NodeFull",
                    "on": "node",
                    "when": "ifs_used_bytes / ifs_size_bytes > 1e6",
                    "for": "5m",
                    "labels": {"severity": "warning"},
                    "annotations": {"summary": "node {{ node }} of {{ cluster }} is full"},
                },
            ],
        }
    ]
}


def configuration(served: Served, folder: Path) -> dict[str, Any]:
    """Give the agent's configuration, as an operator would write it."""
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump(RULES), "utf-8")
    clusters = [
        {
            "name": f"c{at}",
            "provider": "onefs",
            "address": url,
            "credentials": {"read": {"username": USER, "password": PASSWORD}},
            "collectors": {"statistics": {"interval": f"{INTERVAL}s"}},
            "options": {"ca_file": str(served.ca_file), "timeout": 30},
        }
        for at, url in enumerate(served.urls)
    ]
    addresses = [f"127.0.1.{number}" for number in range(1, 101)]
    reached = {"name": "nodes", "provider": "icmp", "address": "127.0.0.1", "options": {"addresses": addresses}}
    return {"rules": [str(rules)], "targets": [*clusters, reached]}


@contextmanager
def scraped(agent: RunningAgent) -> Iterator[None]:
    """Have the agent scraped in the background while the block runs."""
    over = Event()

    def scrape() -> None:
        while not over.wait(SCRAPE_EVERY):
            agent.scrape()

    reader = Thread(target=scrape)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()


def ours(agent: RunningAgent, seconds: float) -> tuple[float, float]:
    """Give the CPU microseconds per sample over a window, and the share of a core."""
    before, spent, start = agent.metrics().collected(), agent.cpu(), perf_counter()
    with scraped(agent):
        sleep(seconds)
    spent, lasted = agent.cpu() - spent, perf_counter() - start
    collected = agent.metrics().collected() - before
    if collected < _LEAST * lasted:
        sys.exit(f"the agent collected {collected / lasted:.0f} samples a second; its log: {agent.last_words()}")
    return spent / collected * 1e6, spent / lasted


def measure(folder: Path, window: float) -> None:
    """Measure and print."""
    with ExitStack() as stack:
        served = stack.enter_context(Served(Holdings(NODES), CLUSTERS, folder))
        agent = stack.enter_context(RunningAgent(folder / "agent", configuration(served, folder)))
        peer = stack.enter_context(Peer(served.urls, served.ca_file)) if the_sdk() else None
        sleep(WARM_UP)
        mine, shares, theirs = [], [], []
        for _ in range(WINDOWS):
            cost, share = ours(agent, window)
            mine.append(cost)
            shares.append(share)
            if peer is not None:
                spent, samples = peer.measure(PEER_POLLS, SCRAPE)
                theirs.append(spent / samples * 1e6)
        with scraped(agent):
            found = agent.stalls(WATCHED)
        show(mine, shares, theirs, found)


def show(mine: list[float], shares: list[float], theirs: list[float], found: Stalls) -> None:
    """Print the table."""
    cost = median(mine)
    what = f"{CLUSTERS} clusters x {NODES} nodes every {INTERVAL} s, scraped every {SCRAPE_EVERY} s"
    print(f"{what}; CPU per sample, median of {len(mine)}")
    print(f"  mendwatch, the whole agent       {cost:7.2f} us   {median(shares):.1%} of a core (goal {GOAL} us)")
    if theirs:
        ratio = median(other / own for other, own in zip(theirs, mine, strict=True))
        print(f"  isilon-sdk + prometheus-client   {median(theirs):7.2f} us   {ratio:.1f} times ours (goal {GOAL_RATIO})")
    else:
        print("  isilon-sdk is not installed: the peer is left out")
    print(f"  loop kept busy: {found} (goal {GOAL_STALL})")


def main() -> None:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), float(sys.argv[1]) if len(sys.argv) > 1 else WINDOW)


if __name__ == "__main__":
    main()
