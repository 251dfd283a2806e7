"""A real Prometheus, promtool, and the page of everything that is declared."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from prometheus_server import Prometheus, program, started

from mendwatch.metrics import exposition, health
from mendwatch.metrics.agent import FAILED, AgentMetrics, Watched
from mendwatch.metrics.families import Families
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.notices import Notice
from mendwatch.model.runs import RunState
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target
from mendwatch.provider import Provider
from mendwatch.web.app import Views, build
from mendwatch.web.exposition import Pieces
from mendwatch.web.server import WebServer

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


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


StartPrometheus = Callable[[Mapping[str, object]], AbstractAsyncContextManager[Prometheus]]


@pytest.fixture
def start_prometheus(tmp_path: Path) -> StartPrometheus:
    """Start a Prometheus with a configuration."""
    return lambda configuration: started(tmp_path / "prometheus", configuration)


ServePage = Callable[[Pieces], AbstractAsyncContextManager[str]]


@pytest.fixture
def serve_page() -> ServePage:
    """Serve what a function gives as /metrics, as the agent does; gives host:port."""

    @contextlib.asynccontextmanager
    async def serve(page: Pieces) -> AsyncIterator[str]:
        server = WebServer(build(Views(page, lambda: ())), "127.0.0.1", 0)
        await server.start()
        try:
            yield f"127.0.0.1:{server.port}"
        finally:
            await server.stop()

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
    metrics.watch(Watched(lambda: 1, lambda: 1, lambda: 1, lambda: 1, lambda: {("m", "undeclared"): 1}))
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
