"""A simulated cluster on virtual time, and a client that logs in as a browser would."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

Json = Any

PASSWORDS = {"monitor": "read-only-please", "remediate": "may-write-too"}


@dataclass
class Answered:
    """An HTTP answer, read."""

    status: int
    body: Json
    text: str
    headers: Any


class PapiClient:
    """Speaks to one simulator; `login` opens a session whose cookies and CSRF token go on every later request."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.session = session

    async def login(self, user: str = "monitor", password: str | None = None) -> Answered:
        secret = self.simulator.accounts[user] if password is None else password
        body = {"username": user, "password": secret, "services": ["platform", "namespace"]}
        answered = await self.ask("POST", "/session/1/session", json=body)
        if answered.status == 201:
            cookies = self.session.cookie_jar.filter_cookies(self.session._base_url)  # type: ignore[arg-type]
            self.session.headers.update({"X-CSRF-Token": cookies["isicsrf"].value, "Origin": self.simulator.url})
        return answered

    async def ask(self, method: str, path: str, **arguments: Json) -> Answered:
        async with self.session.request(method, path, **arguments) as response:
            text = (await response.read()).decode("utf-8", "replace")
            body = await response.json() if response.content_type == "application/json" and text[:1] in set("{[") else None
            return Answered(response.status, body, text, response.headers)

    async def get(self, resource: str, **query: Json) -> Json:
        """Give the JSON of a GET that must succeed."""
        answered = await self.ask("GET", f"/platform/{resource}", params=query)
        assert answered.status == 200, answered.text
        return answered.body

    async def control(self, method: str, path: str, body: object = None) -> Answered:
        return await self.ask(method, self.simulator.control_url + path, json=body)


@asynccontextmanager
async def client_of(simulator: Simulator) -> AsyncIterator[PapiClient]:
    context = ssl.create_default_context(cafile=simulator.ca_file)
    connector = aiohttp.TCPConnector(ssl=context)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(simulator.url, cookie_jar=jar, connector=connector) as session:
        yield PapiClient(simulator, session)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def simulator(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Simulator]:
    async with Simulator(SimulatorOptions(tmp_path / "cluster", accounts=PASSWORDS, clock=clock)) as simulator:
        yield simulator


@pytest.fixture
async def stranger(simulator: Simulator) -> AsyncIterator[PapiClient]:
    """A client that has not logged in."""
    async with client_of(simulator) as client:
        yield client


@pytest.fixture
async def monitor(simulator: Simulator) -> AsyncIterator[PapiClient]:
    """A client that is logged in and may read."""
    async with client_of(simulator) as client:
        await client.login("monitor")
        yield client


@pytest.fixture
async def remediate(simulator: Simulator) -> AsyncIterator[PapiClient]:
    """A client that is logged in and may read and write."""
    async with client_of(simulator) as client:
        await client.login("remediate")
        yield client
