"""A stage for attacks on approvals: a real engine on a store, real tokens, and the real MCP application in front of both."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from behind import behind
from fastmcp import Client
from fastmcp.utilities.asgi_transport import run_asgi_lifespan
from fastmcp.utilities.tests import ASGIServer

from mendwatch.mcp_server import server
from mendwatch.model.principals import PERMISSIONS, Permission, Principal, Role
from mendwatch.model.runs import Run
from mendwatch.playbooks.interface import Phase
from mendwatch.service.desk import AgentDesk
from mendwatch.store.interface import Store
from mendwatch.store.rows import run_row
from mendwatch.store.sql import SqlStore
from mendwatch.testing.store import MemoryStore


@dataclass
class Stage:
    """`world` is the remediation engine's world of the unit tests, on `store`."""

    world: Any
    store: Store

    @property
    def clock(self) -> Any:  # noqa: ANN401 - the world's
        return self.world.clock

    async def offered(self, **wanted: Any) -> Run:  # noqa: ANN401 - as the world has it
        run: Run = await self.world.offered(**wanted)
        return run

    def person(self, name: str = "ann", via: str = "cli", **more: Any) -> Principal:  # noqa: ANN401 - fields of Principal
        return Principal(name, via, more.pop("permissions", PERMISSIONS[Role.APPROVER]), **more)

    async def say(self, run: Run, who: Principal | None = None, verdict: str = "approve", **word: Any) -> Run:  # noqa: ANN401 - parts of the word
        """Say a word through the store, as the command line does."""
        said = {"plan_hash": run.plan_hash, "verdict": verdict, "reason": "because", **word}
        return await self.store.runs.decide(run.id, principal=who or self.person(), **said)

    async def token(self, name: str = "ann", role: Role = Role.APPROVER, **more: Any) -> tuple[str, str]:  # noqa: ANN401 - as the store has it
        """Make a token and give its id and its secret."""
        made, secret = await self.store.tokens.create(name, role, expires_at=more.pop("expires_at", None), actor="cli:root", **more)
        return made.id, secret

    def caller(self, name: str, token: str, **more: Any) -> Principal:  # noqa: ANN401 - fields of Principal
        """Give the principal of a request whose token was looked up before."""
        return self.person(name, "mcp", token=token, **more)

    @asynccontextmanager
    async def client(self, secret: str) -> AsyncIterator[Client[Any]]:
        """Give a client of the real application."""
        desk: Any = AgentDesk(self.store, None, None, self.clock, self.world.engine.poke, None)  # type: ignore[arg-type] # not asked here
        app = server.http_app(server.build(desk, authenticate=self.store.tokens.authenticate, writes=True, clock=self.clock))
        async with run_asgi_lifespan(app), ASGIServer(f"http://127.0.0.1{server.PATH}", app, "http").client(auth=secret) as client:
            yield client

    async def over_mcp(self, secret: str, run: Run, **arguments: Any) -> None:  # noqa: ANN401 - arguments of the tool
        """Decide as a client does."""
        wanted = {"run_id": run.id, "plan_hash": run.plan_hash, "decision": "approve", "reason": "because", **arguments}
        async with self.client(secret) as client:
            await client.call_tool("run_decide", wanted)

    async def forge(self, run: Run, **fields: Any) -> None:  # noqa: ANN401 - fields of Run
        """Write into a run's row behind the store's back."""
        if isinstance(self.store, MemoryStore):
            self.store.runs._runs[run.id] = replace(await self.store.runs.get(run.id), **fields)
            return
        assert isinstance(self.store, SqlStore)
        row = run_row(replace(await self.store.runs.get(run.id), **fields))
        for name in fields:
            value = json.dumps(row[name]) if name in {"plan", "variables", "decisions", "subject"} else row[name]
            text = str(value).replace("'", "''")
            await behind(self.store, f"UPDATE runs SET {name} = '{text}' WHERE id = '{run.id}'")  # noqa: S608 - a test's own words

    async def works(self) -> None:
        """Let the engine look at the store until whatever it would start has had its chance."""
        engine, looks = self.world.engine, []
        real = engine._look

        async def counted(group: Any) -> None:  # noqa: ANN401 - the engine's
            await real(group)
            looks.append(1)

        engine._look = counted
        async with self.world.working():
            await self.world.until(lambda: len(looks) >= 3 and not engine._taken)

    def executions(self) -> int:
        return len(self.world.jobs(Phase.APPLY))

    async def audited(self) -> Sequence[str]:
        return [row.what for row in await self.store.audit.entries(limit=10_000)]


ALL = frozenset(Permission)
