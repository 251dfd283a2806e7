"""Every query of every dashboard, run on a real Prometheus that scrapes what the real collectors read from the simulator."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import panels
import pytest

from mendwatch.clock import SystemClock
from mendwatch.metrics import exposition, health
from mendwatch.metrics.agent import OK, AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.metrics.health import CollectorHealth
from mendwatch.model.alerts import AlertState
from mendwatch.model.runs import RunState
from mendwatch.model.samples import Sample
from mendwatch.model.targets import Credential, Secret, Target
from mendwatch.provider import Provider
from mendwatch.web.exposition import Pieces
from mendwatch_icmp import PROVIDER as ICMP
from mendwatch_onefs import PROVIDER as ONEFS
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Manager = Callable[..., AbstractAsyncContextManager[Any]]
FOREVER = 1e9


def declare(families: Families, provider: Provider) -> None:
    specs = [spec for collector in provider.collectors() for spec in collector.spec.metrics]
    families.declare(provider.target_label, (*specs, *health.specs(provider.metric_prefix)))


async def poll(families: Families, simulator: Simulator) -> None:
    """Read everything once, as the agent would, and put it on the page; nothing may be refused."""
    target = Target("demo", "onefs", simulator.url, {"site": "lab"}, {"ca_file": str(simulator.ca_file)})
    session = ONEFS.open(target, Credential("monitor", Secret(simulator.accounts["monitor"])))
    now, states = SystemClock().now(), []
    try:
        for collector in ONEFS.collectors():
            reading = await collector.collect(session, now)
            refused = families.publish(
                target, "cluster", collector.spec.name, reading.samples, columns=reading.columns, now=0, lifetime=FOREVER
            )
            assert refused == ()
            states.append(CollectorHealth(collector.spec.name, success=True, duration=0.1, last_success=now))
    finally:
        await session.close()
    families.publish(target, "cluster", health.SOURCE, health.samples("powerscale", states, up=True), now=0, lifetime=FOREVER)


def ping(families: Families) -> None:
    """Put an answered round of echo requests on the page: sending real ones needs a privilege that a test may lack."""
    values = {"icmp_reachable": 1.0, "icmp_rtt_avg_seconds": 0.0004, "icmp_loss_ratio": 0.0}
    samples = [Sample(metric, value, ("x", "x")) for metric, value in values.items()]
    assert families.publish(Target("switch", "icmp", "x"), "target", "reachability", samples, now=0, lifetime=FOREVER) == ()


def agent() -> AgentMetrics:
    """Give the metrics of an agent that has polled and holds one pending run."""
    metrics = AgentMetrics(SystemClock().now())
    metrics.polled("demo", "quotas", OK)
    metrics.loop_lagged(0.001)
    metrics.alerts_are({AlertState.FIRING: 1})
    metrics.runs_are({RunState.PENDING: 1})
    return metrics


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Pieces]:
    families, metrics = Families(), agent()
    declare(families, ONEFS)
    declare(families, ICMP)
    async with Simulator(SimulatorOptions(folder=tmp_path / "simulator", nodes=4, seed=1)) as simulator:
        await poll(families, simulator)
        ping(families)
        yield lambda form: exposition.pieces(families, metrics, 1, form)


async def test_every_query_of_a_panel_gives_data_that_can_be(page: Pieces, start_prometheus: Manager, serve_page: Manager) -> None:
    async with serve_page(page) as address:
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [{"job_name": "mendwatch", "static_configs": [{"targets": [address]}]}],
        }
        async with start_prometheus(configuration) as prometheus:
            await prometheus.scraped(scrapes=3)
            answers = {
                query: await prometheus.query(query.expression)
                for board in panels.dashboards().values()
                for query in panels.panel_queries(board)
            }
            for board in panels.dashboards().values():
                for metric, label in panels.variable_queries(board).values():
                    assert await prometheus.api(f"label/{label}/values", **{"match[]": metric})
    empty = {query.panel: query.expression for query, found in answers.items() if not found}
    assert empty == {}
    odd = [(query.panel, labels) for query, found in answers.items() for labels, value in found if not math.isfinite(value)]
    assert odd == []
    assert _outside(answers) == []


def _outside(answers: dict[Any, list[tuple[dict[str, str], float]]]) -> list[tuple[str, float]]:
    """Give what cannot be: a share outside 0 to 1, or less than nothing."""
    shares = {
        panel["title"]
        for board in panels.dashboards().values()
        for panel in panels.panels(board)
        if panel["fieldConfig"]["defaults"]["unit"] == "percentunit"
    }
    return [
        (query.panel, value)
        for query, found in answers.items()
        for _, value in found
        if value < 0 or (query.panel in shares and value > 1)
    ]
