"""Rules are put to what a real Prometheus kept: the same engine, over its `query_range`."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import prometheus_server
import pytest
from aiohttp import web

from mendwatch.cli import app
from mendwatch.clock import SystemClock

USAGE, LIMIT = "powerscale_quota_usage_bytes", "powerscale_quota_hard_limit_bytes"
RULES = """
groups:
- name: mine
  rules:
  - {alert: MineFull, on: quota, when: usage_bytes / hard_limit_bytes > 0.9, for: 5m, key: [cluster, path]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(RULES, "utf-8")
    (tmp_path / "mendwatch.yaml").write_text("state_dir: state\nshipped_rules: false\nrules: [mine.yaml]\n", "utf-8")
    return tmp_path


async def backtest(folder: Path, url: str, *arguments: str) -> tuple[int, Any]:
    """Run the command in a thread, as it has a loop of its own."""

    def call() -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = app.call(
                ["rules", "backtest", "--json", "--prometheus", url, *arguments, "--config", str(folder / "mendwatch.yaml")]
            )
        return code, out.getvalue()

    code, out = await asyncio.to_thread(call)
    return code, json.loads(out)


def lines(start: datetime) -> Iterator[str]:
    """Give three hours of a quota that is full from minute 60 to 100, on two clusters, as OpenMetrics."""
    for metric in (LIMIT, USAGE):
        yield f"# TYPE {metric} gauge"
        for cluster, site in (("lab", "zurich"), ("prod", "bern")):
            for minute in range(180):
                value = 100.0 if metric == LIMIT else 95.0 if cluster == "lab" and 60 <= minute < 100 else 50.0
                at = (start + timedelta(minutes=minute)).timestamp()
                labels = f'cluster="{cluster}",site="{site}",path="/ifs/a",type="directory",job="mendwatch",instance="x:9732"'
                yield f"{metric}{{{labels}}} {value} {at}"
    yield "# EOF\n"


async def test_what_a_prometheus_kept_is_judged_as_what_the_agent_saw(folder: Path) -> None:
    promtool = prometheus_server.program("promtool")
    start = (SystemClock().now() - timedelta(hours=5)).replace(second=0, microsecond=0)
    (folder / "page.txt").write_text("\n".join(lines(start)), "utf-8")
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    words = ("tsdb", "create-blocks-from", "openmetrics", "page.txt", "server/data")
    making = await asyncio.create_subprocess_exec(promtool, *words, cwd=folder, **pipes)
    said, _ = await making.communicate()
    assert making.returncode == 0, said.decode()
    async with prometheus_server.started(folder / "server", {}) as server:
        times = ("--since", start.isoformat(), "--until", (start + timedelta(minutes=179)).isoformat())
        code, body = await backtest(folder, server.url, *times)
        assert code == 0, body
        (episode,) = body["episodes"]
        assert (episode["target"], episode["key"]) == ("lab", {"cluster": "lab", "path": "/ifs/a"})
        began, ended = (datetime.fromisoformat(episode[name]) - start for name in ("fired_at", "until"))
        assert (began, ended) == (timedelta(minutes=65), timedelta(minutes=100))
        assert body["samples"] == 2 * 2 * 180
        _, other = await backtest(folder, server.url, *times, "--target", "prod", "--step", "5m")
        assert (other["episodes"], other["samples"]) == ([], 2 * 36)
        code, refused = await backtest(folder, server.url, "--last", "60d")
        assert (code, refused["hint"]) == (2, "Give a longer --step.")


async def test_the_token_comes_from_a_file_and_never_stands_in_the_arguments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        if seen[-1] != "Bearer right":
            return web.Response(status=401)
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": []}})

    async with served(answer) as url:
        code, body = await backtest(folder, url)
        assert (code, body["error"]) == (2, f"{url} does not accept this token")
        (folder / "token").write_text("right\n", "utf-8")
        code, body = await backtest(folder, url, "--token-file", str(folder / "token"))
        assert (code, body["samples"]) == (0, 0)
        monkeypatch.setenv("MENDWATCH_PROMETHEUS_TOKEN", "right")
        assert (await backtest(folder, url))[0] == 0
    assert set(seen) == {"", "Bearer right"}


@pytest.mark.parametrize("text", ["<html>", '{"status": "error", "error": "too many samples"}', '{"status": "success"}'])
async def test_what_is_no_prometheus_is_one_clear_line(folder: Path, text: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text)

    async with served(answer) as url:
        code, body = await backtest(folder, url)
    assert code == 1
    assert url in body["error"]
    code, body = await backtest(folder, "http://127.0.0.1:1")
    assert (code, "cannot be asked" in body["error"]) == (1, True)


@contextlib.asynccontextmanager
async def served(answer: Any) -> Any:  # noqa: ANN401 - an async iterator of the address
    made = web.Application()
    made.router.add_post("/api/v1/query_range", answer)
    runner = web.AppRunner(made)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
