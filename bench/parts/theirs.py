"""The peer: isilon-sdk in a thread and prometheus-client, the way that suggests itself; in this process, or in one of its own."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any, Self
from urllib.request import Request, urlopen

from parts.answers import statistics as known
from parts.served import PASSWORD, USER
from prometheus_client import CollectorRegistry, Gauge, start_http_server


def the_sdk() -> ModuleType | None:
    """Give isilon-sdk, if it is installed."""
    try:
        import isilon_sdk.v9_12_0 as found  # noqa: PLC0415 - a second of imports, and optional
    except ImportError:
        return None
    return found  # type: ignore[no-any-return] # it has no types


class Theirs:
    """The way that suggests itself: isilon-sdk in a thread, a gauge with labels, one cluster after the other."""

    def __init__(self, urls: Sequence[str], ca_file: Path, sdk: ModuleType) -> None:
        self._keys = ",".join(known())
        self.registry = CollectorRegistry()
        self._gauge = Gauge("statistic", "Statistic.", ["cluster", "node", "key", "field"], registry=self.registry)
        self._apis = [sdk.StatisticsApi(sdk.ApiClient(self._configuration(sdk, url, ca_file))) for url in urls]
        self.samples = 0

    @staticmethod
    def _configuration(sdk: ModuleType, url: str, ca_file: Path) -> Any:  # noqa: ANN401 - the SDK has no types
        made = sdk.Configuration()
        made.host, made.username, made.password, made.ssl_ca_cert = url, USER, PASSWORD, str(ca_file)
        return made

    def poll(self) -> None:
        """Read everything once."""
        self.samples = 0
        for at, api in enumerate(self._apis):
            answer = api.get_statistics_current(
                keys=self._keys, devid=["all"], degraded=True, show_nodes=True, timeout=8, _request_timeout=60
            )
            for stat in answer.stats:
                self._store(f"c{at}", stat)

    def _store(self, cluster: str, stat: Any) -> None:  # noqa: ANN401 - as above
        if not stat.value.startswith("["):
            self._gauge.labels(cluster, str(stat.devid), stat.key, "").set(float(stat.value))
            self.samples += 1
            return
        operations = ast.literal_eval(stat.value)  # the SDK gives Python's own words for a structure
        for name in ("op_rate", "in_rate", "out_rate", "time_avg"):
            self._gauge.labels(cluster, str(stat.devid), stat.key, name).set(sum(one[name] for one in operations))
            self.samples += 1


class Peer:
    """The same in a process of its own, with prometheus-client's own HTTP server: `with Peer(urls, ca_file) as peer`."""

    def __init__(self, urls: Sequence[str], ca_file: Path) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(list(urls), ca_file, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._url = f"http://127.0.0.1:{self._pipe.recv()}/metrics"
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send(0)
        self._process.join(10)

    def measure(self, polls: int, headers: dict[str, str]) -> tuple[float, int]:
        """Let it read everything so many times and be scraped once; give the CPU seconds, and how many samples it read."""
        self._pipe.send(polls)
        self._pipe.recv()
        with urlopen(Request(self._url, headers=headers)) as answer:  # noqa: S310 - our own address
            answer.read()
        self._pipe.send(-1)
        spent, samples = self._pipe.recv()
        return spent, samples


def _work(urls: list[str], ca_file: Path, pipe: Connection) -> None:
    sdk = the_sdk()
    assert sdk is not None
    theirs = Theirs(urls, ca_file, sdk)
    server, _ = start_http_server(0, "127.0.0.1", theirs.registry)
    theirs.poll()
    pipe.send(server.server_port)
    begun, samples = 0.0, 0
    while polls := pipe.recv():
        if polls < 0:
            pipe.send((process_time() - begun, samples))
            continue
        begun, samples = process_time(), 0
        for _ in range(polls):
            theirs.poll()
            samples += theirs.samples
        pipe.send(None)
