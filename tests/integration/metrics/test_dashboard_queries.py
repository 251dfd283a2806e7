"""Every query of every dashboard, run on a real Prometheus that scrapes what the real collectors read from the simulator."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import panels
import pytest
import troubled
from prometheus_server import Prometheus

from mendwatch.clock import SystemClock
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Manager = Callable[..., AbstractAsyncContextManager[Any]]
Answer = list[tuple[dict[str, str], float]]
BOARDS = panels.dashboards()
QUERIES = [query for board in BOARDS.values() for query in panels.panel_queries(board)]
#: What grows in the scenario only once there is trouble: a column of growth is empty where nothing grows.
GROWTH = "deriv("


@dataclass(frozen=True)
class Told:
    """What a Prometheus told of every query: while all was well, and in trouble; and the values of every variable."""

    well: dict[panels.Query, Answer]
    trouble: dict[panels.Query, Answer]
    variables: dict[str, list[str]]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[troubled.Page]:
    clock = FakeClock(SystemClock().now())
    async with Simulator(SimulatorOptions(folder=tmp_path / "simulator", nodes=4, seed=1, clock=clock)) as simulator:
        made = troubled.Page(simulator, clock)
        try:
            await made.read()
            yield made
        finally:
            await made.close()


@pytest.fixture
async def told(page: troubled.Page, start_prometheus: Manager, serve_page: Manager) -> Told:
    async with serve_page(page.pieces) as address:
        configuration = {
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms"},
            "scrape_configs": [{"job_name": "mendwatch", "static_configs": [{"targets": [address]}]}],
        }
        async with start_prometheus(configuration) as prometheus:
            await scraped(prometheus)
            await page.later()
            await scraped(prometheus)
            well = await asked(prometheus)
            await page.trouble()
            await scraped(prometheus)
            page.fail()
            await scraped(prometheus)
            trouble = await asked(prometheus)
            variables = {
                f"{board['uid']} {name}": await prometheus.api(f"label/{label}/values", **{"match[]": selector})
                for board in BOARDS.values()
                for name, (selector, label) in panels.variable_queries(board).items()
            }
    return Told(well, trouble, variables)


async def scraped(prometheus: Prometheus, times: int = 3) -> None:
    """Wait for so many more scrapes."""
    seen = sum(value for _, value in await prometheus.query("count_over_time(up[5m])"))
    await prometheus.scraped(scrapes=int(seen) + times)


async def asked(prometheus: Prometheus) -> dict[panels.Query, Answer]:
    """Ask every query, some at a time."""
    room = asyncio.Semaphore(8)

    async def ask(query: panels.Query) -> Answer:
        async with room:
            return await prometheus.query(query.expression)

    return dict(zip(QUERIES, await asyncio.gather(*map(ask, QUERIES)), strict=True))


async def test_every_query_gives_data_that_can_be_in_quiet_times_or_in_trouble(told: Told) -> None:
    empty = [query for query in QUERIES if not told.well[query] and not told.trouble[query]]
    missing = [query for query in QUERIES if not told.well[query] and not query.quiet and GROWTH not in query.raw]
    assert _names(empty) == []
    assert _names(missing) == [], "empty on a cluster that is well, and the panel has no words for that (noValue)"
    assert [*_impossible(told.well), *_impossible(told.trouble)] == []
    assert [name for name, values in told.variables.items() if not values] == []
    assert _problems(told.well) == set()
    assert _problems(told.trouble) == _problems_that_are_named()


def _names(queries: list[panels.Query]) -> list[tuple[str, str, str]]:
    return [(query.board, query.panel, query.raw) for query in queries]


def _impossible(answers: dict[panels.Query, Answer]) -> list[tuple[str, str, float]]:
    """Give what is no number, and what lies outside the bounds that its panel draws."""
    return [
        (query.board, query.panel, value) for query, found in answers.items() for _, value in found if not _possible(query, value)
    ]


def _possible(query: panels.Query, value: float) -> bool:
    low, high = query.bounds
    return math.isfinite(value) and (low is None or value >= low) and (high is None or value <= high)


def _problems(answers: dict[panels.Query, Answer]) -> set[str]:
    return {labels["problem"] for query, found in answers.items() for labels, _ in found if query.panel == "What is wrong now"}


def _problems_that_are_named() -> set[str]:
    (query,) = [query for query in QUERIES if query.panel == "What is wrong now"]
    return set(panels.words_of(query.raw, "problem"))
