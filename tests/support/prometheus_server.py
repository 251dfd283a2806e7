"""Debian's Prometheus as a process of the test: started on a free port, asked by its API, ended by its own process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml


def program(name: str) -> str:
    """Give the path of a program; skip with one line where it is missing, and fail in CI."""
    found = shutil.which(name)
    if found is None:
        line = f"{name} is not installed (Debian: apt install prometheus)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    return found


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


@contextlib.asynccontextmanager
async def started(folder: Path, configuration: Mapping[str, object]) -> AsyncIterator[Prometheus]:
    """Start a Prometheus with a configuration; its files go to a new folder."""
    path, port = program("prometheus"), free_port()
    _prepare(folder, configuration)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            path,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
            stderr=log,
        )
    try:
        async with aiohttp.ClientSession() as http:
            server = Prometheus(f"http://127.0.0.1:{port}", http)
            await _ready(server, process, folder / "log")
            yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _prepare(folder: Path, configuration: Mapping[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(dict(configuration)))


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
