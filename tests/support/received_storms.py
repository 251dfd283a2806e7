"""The way of received alerts from HTTP to their rules, on a real store, and how long each turn of the loop is held meanwhile."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
from foreign_worlds import RULE, a_message, an_alert, rule_set

from mendwatch.alerting.engine import AlertEngine
from mendwatch.clock import SystemClock
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.notices import Notice
from mendwatch.model.principals import Role
from mendwatch.render.renderer import Renderer
from mendwatch.service.inbox import Inbox
from mendwatch.service.judgement import Judgement
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.web import app
from mendwatch.web.server import WebServer
from mendwatch.web.webhook import Delivery, Webhook

_SENDER = """
import os, sys, urllib.request as http
headers = {"Authorization": "Bearer " + os.environ["TOKEN"]}
print(http.urlopen(http.Request(sys.argv[1], sys.stdin.buffer.read(), headers)).status)
"""


@dataclass
class Holds:
    """How much CPU the longest turn of the loop took, in seconds; of this thread alone, so that others' work does not count."""

    longest: float = 0.0

    async def run(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest, last = max(self.longest, now - last), now


@dataclass
class Way:
    """A running webhook, its store and its engine."""

    url: str
    secret: str
    store: SqlStore
    engine: AlertEngine
    metrics: AgentMetrics
    told: list[Notice] = field(default_factory=list)

    async def post(self, body: str) -> int:
        """Send a message by a program of its own, whose work does not count, and give the status."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _SENDER, f"{self.url}/webhook/alertmanager"),
            env={"TOKEN": self.secret},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate(body.encode())
        return int(out)

    async def post_here(self, body: str) -> int:
        """Send a message from this process."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}/webhook/alertmanager", data=body, headers=headers) as answer,
        ):
            return answer.status


def storm(many: int) -> str:
    """Give a message of so many alerts."""
    began = (SystemClock().now() - timedelta(seconds=30)).isoformat()
    return json.dumps(a_message([an_alert(path=f"/ifs/{number}", startsAt=began) for number in range(many)]))


@asynccontextmanager
async def a_way(folder: Path) -> AsyncIterator[Way]:
    """Build it all; the rule asks for nothing."""
    clock = SystemClock()
    store = await open_store(f"sqlite:///{folder / 'state.db'}", key=bytes(32), clock=clock)
    engine = AlertEngine(rule_set(replace(RULE, remediate=None)), Renderer(Path()))
    metrics, told = AgentMetrics(clock.now()), list[Notice]()
    judgement = Judgement(engine, store, metrics, clock, told.append)
    inbox = Inbox(store.received, judgement, metrics, clock)
    hook = Webhook(Delivery(store.tokens.authenticate, inbox.take, metrics.deliveries.message), clock)
    views = app.Views(metrics=lambda _: iter(()), targets=lambda: ())
    server = WebServer(app.build(views, webhook=hook), "127.0.0.1", 0)
    _, secret = await store.tokens.create("am", Role.SOURCE, expires_at=None, actor="cli:root")
    await server.start()
    judging = asyncio.create_task(inbox.run())
    gc.collect()
    try:
        yield Way(server.url, secret, store, engine, metrics, told)
    finally:
        judging.cancel()
        await asyncio.gather(judging, return_exceptions=True)
        await server.stop()
        await store.close()
