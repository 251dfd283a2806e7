"""A real Prometheus, promtool, and the page of everything that is declared."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from mendwatch.metrics import exposition, health
from mendwatch.metrics.agent import FAILED, AgentMetrics, Watched
from mendwatch.metrics.families import Families
from mendwatch.metrics.text import CONTENT_TYPE
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.notices import Notice
from mendwatch.model.runs import RunState
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import Provider

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def program(name: str) -> str:
    """Give the path of a program; skip with one line where it is missing, and fail in CI."""
    found = shutil.which(name)
    if found is None:
        line = f"{name} is not installed (Debian: apt install prometheus)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    return found


@dataclass(frozen=True, slots=True)
class Output:
    """What a program said and how it ended."""

    code: int
    text: str


@pytest.fixture
def promtool() -> Callable[..., Awaitable[Output]]:
    """Run promtool with arguments and standard input."""
    path = program("promtool")

    async def run(*arguments: str | Path, stdin: bytes = b"") -> Output:
        process = await asyncio.create_subprocess_exec(
            path,
            *map(str, arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(stdin)
        return Output(process.returncode or 0, said.decode())

    return run


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server and the questions that tests ask it."""

    url: str
    http: aiohttp.ClientSession

    async def api(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        """Ask the API; an error of Prometheus fails the test with its own words."""
        async with self.http.get(f"{self.url}/api/v1/{path}", params=parameters) as answer:
            body = await answer.json()
        assert body["status"] == "success", body
        return body["data"]

    async def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Evaluate an instant query: labels and value of each series."""
        data = await self.api("query", query=expression)
        return [(row["metric"], float(row["value"][1])) for row in data["result"]]

    async def until(self, expression: str, wanted: Callable[[list[tuple[dict[str, str], float]]], bool]) -> None:
        """Wait until a query's answer is as wanted; the test's own timeout ends it."""
        while True:
            if wanted(await self.query(expression)):
                return
            await asyncio.sleep(0.05)

    async def scraped(self, scrapes: int = 1) -> None:
        """Wait until every target is up, with so many good scrapes."""
        while True:
            targets = (await self.api("targets"))["activeTargets"]
            faults = [target["lastError"] for target in targets if target["lastError"]]
            assert not faults, faults
            found = await self.query(f"count_over_time(up[5m]) >= {scrapes}")
            if targets and len(found) == len(targets):
                return
            await asyncio.sleep(0.05)


StartPrometheus = Callable[..., AbstractAsyncContextManager[Prometheus]]


@pytest.fixture
def start_prometheus(tmp_path: Path) -> StartPrometheus:
    """Start a Prometheus on a free port with a configuration; it is ended, by its own process, at the end."""
    path = program("prometheus")

    @contextlib.asynccontextmanager
    async def start(configuration: Mapping[str, object]) -> AsyncIterator[Prometheus]:
        folder, port = tmp_path / "prometheus", free_port()
        folder.mkdir()
        (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(configuration)))
        log = (folder / "log").open("wb")
        process = await asyncio.create_subprocess_exec(
            path,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
            stderr=log,
        )
        log.close()
        try:
            async with aiohttp.ClientSession() as http:
                server = Prometheus(f"http://127.0.0.1:{port}", http)
                await _ready(server, process, folder / "log")
                yield server
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    return start


async def _ready(server: Prometheus, process: asyncio.subprocess.Process, log: Path) -> None:
    while True:
        assert process.returncode is None, f"Prometheus ended; see {log}"
        with contextlib.suppress(aiohttp.ClientError):
            async with server.http.get(f"{server.url}/-/ready") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(0.05)


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


ServePage = Callable[[Callable[[], bytes]], AbstractAsyncContextManager[str]]


@pytest.fixture
def serve_page() -> ServePage:
    """Serve what a function gives as /metrics; gives host:port."""

    @contextlib.asynccontextmanager
    async def serve(page: Callable[[], bytes]) -> AsyncIterator[str]:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=page(), headers={"Content-Type": CONTENT_TYPE})

        app = web.Application()
        app.router.add_get("/metrics", answer)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    return serve


@pytest.fixture
def providers() -> list[Provider]:
    """Every provider that is installed."""
    return [entry.load() for entry in sorted(entry_points(group="mendwatch.providers"))]


def declared(provider: Provider) -> tuple[MetricSpec, ...]:
    """Give all metrics of a provider's targets."""
    own = [spec for collector in provider.collectors() for spec in collector.spec.metrics]
    return (*own, *health.specs(provider.metric_prefix))


def busy_agent() -> AgentMetrics:
    """Give an agent's metrics with at least one series of each."""
    metrics = AgentMetrics(STARTED)
    metrics.polled("prod", "quotas", FAILED)
    metrics.poll_failed("prod", "quotas", "unreachable")
    metrics.bug("polling")
    metrics.noticed(Notice(STARTED, "target.up", "up"))
    metrics.loop_lagged(0.001)
    metrics.audit_head(1)
    metrics.alert_changed(
        Transition(AlertState.PENDING, Alert("f", "r", "t", {}, {}, AlertState.FIRING, STARTED, {}, {}), STARTED, "why")
    )
    metrics.alerts_are({})
    metrics.runs_are({RunState.PENDING: 1})
    metrics.watch(Watched(lambda: 1, lambda: 1, lambda: 1, lambda: {("m", "undeclared"): 1}))
    return metrics


@pytest.fixture
def page_of_everything(providers: list[Provider]) -> bytes:
    """Give a page with one series of every metric that is declared, and of the agent's own."""
    families = Families()
    for provider in providers:
        specs = declared(provider)
        families.declare(provider.target_label, specs)
        samples = [Sample(spec.name, 1.0, tuple("x" for _ in spec.labels)) for spec in specs]
        target = Target("one", provider.name, "x")
        assert families.publish(target, provider.target_label, "all", samples, now=0, lifetime=1) == ()
    return exposition.render(families, busy_agent(), 0)
