"""What collecting statistics costs: fetched over TLS, decoded, stored; beside the bound and beside isilon-sdk + prometheus-client.

Run: python bench/collect.py [ROUNDS]. The clusters are in another process, with answers written beforehand. Every figure is CPU
time of this process (user and system) per sample, the median of the rounds; bound, ours and theirs take turns, because a
shared machine doubles absolute figures from one minute to the next. The ratios are what counts.

The bound is what cannot be left out whoever does it: decrypting the bytes, parsing the text once without making an object of it
(simdjson), and writing every number into a list.

PEER='command with {urls}, {ca}, {user}, {password}' measures another program beside, which is run for PEER_SECONDS (30): the CPU
time of it and its children per value that the clusters answered is what it is judged by; it must end by itself or at SIGTERM.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import signal
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import process_time_ns, sleep
from types import ModuleType

import msgspec
from parts.answers import current
from parts.answers import statistics as known
from parts.served import PASSWORD, USER, Holdings, Served
from parts.theirs import Theirs, the_sdk

from mendwatch.cli import loops
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch_onefs.provider import OneFSProvider
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.statistics import StatisticsCollector

try:
    import simdjson
except ImportError:  # it makes the bound only
    simdjson = None
LOOP = loops.factory()

SHAPES = ((16, 64), (4, 252), (64, 3))
ROUNDS, POLLS = 5, 3
GOAL_RATE, GOAL_SHARE = 2.5e6, 0.17


def clocked(work: Callable[[], object]) -> int:
    """Give the CPU nanoseconds of some work, without the garbage of what came before."""
    gc.collect()
    before = process_time_ns()
    work()
    return process_time_ns() - before


@dataclass
class Ours:
    """Our collector at one cluster after the other, as the agent's schedule spreads them over an interval."""

    served: Served
    runner: asyncio.Runner
    now: datetime = datetime(2026, 1, 15, 12, tzinfo=UTC)
    sessions: list[OneFSSession] = field(default_factory=list)
    samples: int = 0
    collector: StatisticsCollector = field(default_factory=StatisticsCollector)

    def open(self) -> None:
        """Log in everywhere, and learn every answer's plan."""
        options = {"ca_file": str(self.served.ca_file), "timeout": 60.0}
        targets = (Target(f"c{at}", "onefs", url, options=options) for at, url in enumerate(self.served.urls))
        self.sessions = [OneFSProvider().open(target, Credential(USER, Secret(PASSWORD))) for target in targets]
        self.polls(2)

    def polls(self, times: int) -> int:
        """Read everything so many times, and give the CPU nanoseconds of it, without those of starting a loop."""
        return self.runner.run(self._polls(times))

    async def _polls(self, times: int) -> int:
        before = process_time_ns()
        for _ in range(times):
            self.now += timedelta(seconds=5)
            self.samples = 0
            for session in self.sessions:
                self.samples += (await self.collector.collect(session, self.now)).size
        return process_time_ns() - before

    def close(self) -> None:
        """Log out."""

        async def leave() -> None:
            await asyncio.gather(*(session.close() for session in self.sessions))

        self.runner.run(leave())


class Bound:
    """What cannot be left out, for the bytes of one poll."""

    def __init__(self, clusters: int, nodes: int, samples: int) -> None:
        self._bodies = [current(list(known()), nodes, seed) for seed in range(min(clusters, 4))]
        self._clusters, self._samples = clusters, samples
        self.size = sum(map(len, self._bodies)) * clusters // len(self._bodies)

    def decrypting(self, files: tuple[Path, Path]) -> float:
        """Give the CPU nanoseconds of taking the bytes out of TLS records."""
        one = self._bodies[0]
        reader, incoming = _encrypted(one, files)
        before = process_time_ns()
        taken = 0
        while taken < len(one):
            taken += len(reader.read(16384))
        del incoming
        return (process_time_ns() - before) * self.size / len(one)

    def parsing(self) -> float:
        """Give the CPU nanoseconds of reading the text once."""
        parser = simdjson.Parser()
        texts = [bytes(body) for body in self._bodies]
        return clocked(lambda: [_forget(parser.parse(text)) for text in texts]) * self._clusters / len(texts)

    def writing(self) -> float:
        """Give the CPU nanoseconds of putting each number into its place."""
        numbers, store = [float(at) for at in range(self._samples)], [0.0] * self._samples

        def write() -> None:
            for at, number in enumerate(numbers):
                store[at] = number

        return clocked(write)


def _forget(_: object) -> None:
    """Let go of a document, as its parser can have only one."""


def _encrypted(body: bytes, files: tuple[Path, Path]) -> tuple[ssl.SSLObject, ssl.MemoryBIO]:
    """Give a connection in memory on which the body only has to be read."""
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(*files)
    client_tls = ssl.create_default_context(cafile=files[0].with_name("ca.pem"))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_tls.wrap_bio(to_server, to_client, server_side=True)
    client = client_tls.wrap_bio(to_client, to_server, server_hostname="localhost")
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    server.write(body)
    return client, to_client


@dataclass
class Figures:
    """Nanoseconds per sample, one for each round."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)


def measure(clusters: int, nodes: int, rounds: int, folder: Path, sdk: ModuleType | None) -> None:
    """Measure one fleet and print it."""
    found = Figures()
    with Served(Holdings(nodes), clusters, folder) as served, asyncio.Runner(loop_factory=LOOP) as runner:
        ours = Ours(served, runner)
        ours.open()
        theirs = Theirs(served.urls, served.ca_file, sdk) if sdk is not None else None
        if theirs is not None:
            theirs.poll()
        bound = Bound(clusters, nodes, ours.samples)
        for _ in range(rounds):
            if simdjson is not None:
                files = (folder / "server.pem", folder / "server.key")
                found.bound.append((bound.decrypting(files) + bound.parsing() + bound.writing()) / ours.samples)
            found.ours.append(ours.polls(POLLS) / POLLS / ours.samples)
            if theirs is not None:
                found.theirs.append(clocked(theirs.poll) / theirs.samples)
        ours.close()
        show(clusters, nodes, ours.samples, bound.size, found)
        if os.environ.get("PEER"):
            peer(os.environ["PEER"], served, ours.samples)


def show(clusters: int, nodes: int, samples: int, size: int, found: Figures) -> None:
    """Print the figures of one fleet."""
    ours = median(found.ours)
    print(f"\n{clusters} clusters x {nodes} nodes: {samples} samples, {size / 1e6:.1f} MB a poll")
    row("mendwatch: fetch, decode, store", ours, f"{1e3 / ours:.2f} M samples/s of a core (goal {GOAL_RATE / 1e6})")
    if found.bound:
        bound = median(found.bound)
        share = median(b / o for b, o in zip(found.bound, found.ours, strict=True))
        row("bound: TLS, simdjson, list writes", bound, f"mendwatch is at {share:.0%} of it (goal {GOAL_SHARE:.0%})")
    if found.theirs:
        row("isilon-sdk + prometheus-client", median(found.theirs), f"{median(found.theirs) / ours:.1f} times ours")


def row(name: str, nanoseconds: float, remark: str) -> None:
    """Print one line."""
    print(f"  {name:<36} {nanoseconds:>8.0f} ns/sample  {remark}")


def peer(template: str, served: Served, samples: int) -> None:
    """Run another program for a while, and print the CPU time of it per second and beside our samples of one poll."""
    names = {"urls": ",".join(served.urls), "ca": str(served.ca_file), "user": USER, "password": PASSWORD}
    command = [part.format(**names) for part in shlex.split(template)]
    seconds = float(os.environ.get("PEER_SECONDS", "30"))
    process = os.posix_spawnp(command[0], command, os.environ)
    sleep(seconds)
    os.kill(process, signal.SIGTERM)
    _, _, usage = os.wait4(process, 0)
    spent = usage.ru_utime + usage.ru_stime
    polls = float(os.environ.get("PEER_INTERVAL", "5"))
    row(
        Path(command[0]).name,
        spent / (seconds / polls) / samples * 1e9,
        f"{spent:.2f} s of CPU in {seconds:g} s, a poll each {polls:g} s",
    )


def main(arguments: Iterable[str]) -> None:
    """Measure every fleet."""
    loops.settle()  # as the agent does
    rounds = int(next(iter(arguments), ROUNDS))
    sdk = the_sdk()
    gc.freeze()  # of which the agent has nothing in its process
    loop = "uvloop" if LOOP else "asyncio"
    print(f"CPU per sample, {rounds} rounds, loop {loop}, msgspec {msgspec.__version__}; the clusters are not counted")
    for missing in [name for name, there in (("simdjson", simdjson), ("isilon-sdk", sdk)) if there is None]:
        print(f"{missing} is not installed: what it stands for is left out")
    for clusters, nodes in SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            measure(clusters, nodes, rounds, Path(folder), sdk)


if __name__ == "__main__":
    main(sys.argv[1:])
