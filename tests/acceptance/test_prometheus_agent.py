"""A real Prometheus scrapes the whole agent: every series arrives, and every panel of the dashboard has data."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import aiohttp
import panels
from prometheus_client.parser import text_string_to_metric_families
from prometheus_server import program, started
from worlds import World


async def promtool(*arguments: str, stdin: str = "") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program("promtool"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(stdin.encode())
    return process.returncode or 0, said.decode()


def scrape(url: str) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [{"job_name": "mendwatch", "static_configs": [{"targets": [url.removeprefix("http://")]}]}],
    }


def promised() -> Iterator[tuple[str, list[str]]]:
    """Give each panel that promises data of a cluster that is well, with its queries."""
    for board in panels.dashboards().values():
        for title, queries in groupby(panels.panel_queries(board), lambda query: query.panel):
            found = list(queries)
            if not found[0].quiet:
                yield f"{board['title']}: {title}", [query.expression for query in found]


async def test_every_series_arrives_and_every_panel_has_data(world: World, tmp_path: Path) -> None:
    ping = {"name": "gateway", "provider": "icmp", "address": "127.0.0.1", "collectors": {"reachability": {"interval": "1s"}}}
    world.configure(targets=[world.target(collectors={}), ping])
    async with world.agent() as agent, aiohttp.ClientSession() as http:
        await world.ready(agent.url)
        async with started(tmp_path / "prometheus", scrape(agent.url)) as prometheus:
            await prometheus.scraped(scrapes=3)
            async with http.get(f"{agent.url}/metrics") as answer:
                page = await answer.text()
            names = {sample.name for family in text_string_to_metric_families(page) for sample in family.samples}
            series = {row["__name__"] for row in await prometheus.api("series", **{"match[]": '{job="mendwatch"}'})}
            up = await prometheus.query("up")
            empty = [name for name, queries in promised() if not any([await prometheus.query(one) for one in queries])]

    assert [value for _, value in up] == [1.0]
    assert names - series == set()
    assert empty == []


async def test_promtool_finds_nothing_in_the_page_of_the_agent(world: World) -> None:
    world.configure(targets=[world.target(collectors={})])
    async with world.agent() as agent, aiohttp.ClientSession() as http:
        await world.ready(agent.url)
        async with http.get(f"{agent.url}/metrics") as answer:
            page = await answer.text()

    assert await promtool("check", "metrics", stdin=page) == (0, "")
    assert [line for line in page.splitlines() if re.match(r"\w*(percent|pct)", line)] == []
