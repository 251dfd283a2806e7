"""Debian's Alertmanager as a process of the test, and something for Prometheus to scrape that a test can switch."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import pytest
import yaml
from aiohttp import web
from prometheus_server import free_port


def program() -> str:
    """Give its path; skip with one line where it is missing, and fail in CI."""
    found = shutil.which("prometheus-alertmanager")
    if found is None:
        line = "prometheus-alertmanager is not installed (Debian: apt install prometheus-alertmanager)"
        pytest.fail(line) if os.environ.get("CI") else pytest.skip(line)
    return found


@contextlib.asynccontextmanager
async def alertmanager(folder: Path, configuration: Mapping[str, object]) -> AsyncIterator[str]:
    """Start an Alertmanager by itself with a configuration, and give its address."""
    path, address = program(), f"127.0.0.1:{free_port()}"
    _prepare(folder, configuration)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            path,
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            stderr=log,
        )
    try:
        await _ready(f"http://{address}/-/ready", process, folder / "log")
        yield address
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _prepare(folder: Path, configuration: Mapping[str, object]) -> None:
    folder.mkdir()
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(dict(configuration)))


@dataclass
class Switch:
    """A page of one metric: 1 while `on`."""

    on: bool = False
    address: str = ""
    _runner: web.AppRunner | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/metrics", self._page)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port, *_ = self._runner.addresses[0]
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=f"quota_is_full {int(self.on)}\n")


async def _ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with aiohttp.ClientSession() as http:
        while True:
            assert process.returncode is None, f"Alertmanager ended; see {log}"
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
