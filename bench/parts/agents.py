"""The agent as a process: started with a configuration, watched from outside, and ended with the block that started it."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Self
from urllib.request import Request, urlopen

import yaml

#: What a Prometheus server asks for.
SCRAPE = {
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "Accept-Encoding": "gzip",
}
#: So many of the long steps are told, the longest first.
TOLD = 8
_TICKING = Path(__file__).with_name("ticking.py")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
#: Seconds to wait for a file of the agent, and for its end.
_PATIENCE, _GRACE = 60.0, 15.0


@dataclass(frozen=True)
class Stalls:
    """How long the loop did nothing else, in milliseconds: p99 and the longest, by the clock and in CPU time."""

    clock_p99: float
    clock_max: float
    cpu_p99: float
    cpu_max: float
    #: Long steps, where they were asked for: seconds, and how often the loop was seen where.
    steps: tuple[tuple[float, Mapping[str, int]], ...] = ()

    def __str__(self) -> str:
        return (
            f"CPU time p99 {self.cpu_p99:.1f}, longest {self.cpu_max:.1f} ms; "
            f"by the clock p99 {self.clock_p99:.1f}, longest {self.clock_max:.1f} ms"
        )

    def where(self) -> str:
        """Tell what the long steps did; nothing where nobody asked."""
        return "".join(
            f"    {seconds * 1e3:.1f} ms\n" + "".join(f"      {count:3} {place}\n" for place, count in places.items())
            for seconds, places in self.steps[:TOLD]
        )


class RunningAgent:
    """`mendwatch run` with a configuration: `with RunningAgent(folder, configuration) as agent`."""

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        folder.mkdir()
        self._folder, self._state, self._report = folder, folder / "state", folder / "stalls.json"
        config = folder / "mendwatch.yaml"
        shipped = bool(os.environ.get("SHIPPED"))
        more = {
            "listen": "127.0.0.1:0",
            "shipped_rules": shipped,
            "state_dir": str(self._state),
            "runs": {"directory": str(folder / "runs")},
        }
        config.write_text(yaml.safe_dump({**more, **configuration}), "utf-8")
        config.chmod(0o600)
        self._command = [sys.executable, str(_TICKING), str(config), str(self._report)]
        self._over = False

    def __enter__(self) -> Self:
        self.log = self._folder / "log"
        with self.log.open("wb") as log:
            actions = [(os.POSIX_SPAWN_DUP2, log.fileno(), number) for number in (1, 2)]
            places = [str(_TICKING.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
            around = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
            self.pid = os.posix_spawn(self._command[0], self._command, around, file_actions=actions)
        try:
            self.url = self._await(self._state / "agent.url")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._signal(signal.SIGTERM)
        until = perf_counter() + _GRACE
        while not self._ended():
            sleep(0.05)
            if perf_counter() > until:
                self._signal(signal.SIGKILL)

    def last_words(self) -> str:
        """Give the end of its log."""
        return self.log.read_text("utf-8")[-2000:]

    def _signal(self, number: signal.Signals) -> None:
        if not self._ended():
            os.kill(self.pid, number)

    def _ended(self) -> bool:
        if not self._over:
            self._over = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        return self._over

    def cpu(self) -> float:
        """Give the CPU seconds so far, user and system, of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Give the bytes in memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def scrape(self) -> bytes:
        """Read /metrics as Prometheus does, without unpacking."""
        with urlopen(Request(f"{self.url}/metrics", headers=SCRAPE)) as answer:  # noqa: S310 - our own address
            body: bytes = answer.read()
        return body

    def metrics(self) -> Numbers:
        """Read /metrics for ourselves."""
        return Numbers(zlib.decompress(self.scrape(), 31).decode())

    def stalls(self, seconds: float) -> Stalls:
        """Watch the loop for so long, while it is scraped by somebody else or by nobody."""
        self.watch()
        sleep(seconds)
        return self.watched()

    def watch(self) -> None:
        """Begin to watch the loop."""
        self._report.unlink(missing_ok=True)
        self._signal(signal.SIGUSR1)

    def watched(self) -> Stalls:
        """End watching, and tell what was seen."""
        self._signal(signal.SIGUSR2)
        found = json.loads(self._await(self._report))
        clock, cpu = (sorted(value * 1e3 for value in found[name]) for name in ("late", "busy"))
        return Stalls(_p99(clock), clock[-1], _p99(cpu), cpu[-1], tuple(map(tuple, found["steps"])))

    def _await(self, path: Path) -> str:
        until = perf_counter() + _PATIENCE
        while not path.exists():
            if self._ended() or perf_counter() > until:
                sys.exit(f"the agent did not write {path.name}:\n{self.last_words()}")
            sleep(0.05)
        return path.read_text("utf-8")


class Numbers:
    """The numbers of a page that are asked for, by the labels that are asked for."""

    def __init__(self, page: str) -> None:
        self._page = page

    def by(self, metric: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Give a metric's numbers, added up over the labels that are not named."""
        found: dict[tuple[str, ...], float] = {}
        for match in re.finditer(rf"^{metric}(?:\{{(.*)\}})? (\S+)$", self._page, re.MULTILINE):
            known = dict(_LABEL.findall(match[1] or ""))
            key = tuple(known.get(label, "") for label in labels)
            found[key] = found.get(key, 0.0) + float(match[2])
        return found

    def all(self, metric: str) -> float:
        """Give the sum of a metric's numbers."""
        return sum(self.by(metric).values())

    def collected(self) -> float:
        """Give how many samples all polls have given since the start, by what each poll of a collector gives now."""
        sizes: dict[tuple[str, ...], float] = {}
        for prefix, label in (("powerscale", "cluster"), ("icmp", "target")):
            sizes |= self.by(f"{prefix}_collector_series", label, "collector")
        polls = {
            key[:2]: count
            for key, count in self.by("mendwatch_polls_total", "target", "collector", "result").items()
            if key[2] == "ok"
        }
        return sum(count * sizes.get(key, 0.0) for key, count in polls.items())


def _p99(ordered: list[float]) -> float:
    return ordered[ceil(len(ordered) * 0.99) - 1]
