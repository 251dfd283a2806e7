"""What the store's tests share: both stores on one virtual clock, and short ways to make runs and people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from postgresql_server import Databases, Server, serving

from mendwatch.model.principals import Permission, Principal
from mendwatch.model.runs import Change, Plan, Run, RunState
from mendwatch.store.interface import NewRun, RunChange, Store
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore

KEY = bytes(range(32))
#: The way of a run that goes well, with the word of a person between pending and approved.
WAY = (RunState.APPLYING, RunState.VERIFYING, RunState.VERIFIED)


class Make:
    """Short ways to what a test needs."""

    key = KEY

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    def new(self, problem: str = "quota:/ifs/a", **fields: Any) -> NewRun:  # noqa: ANN401 - any field of NewRun
        made = NewRun(
            dedup_key=problem,
            rule="PowerScaleQuotaNearlyFull",
            rule_digest="d" * 64,
            fingerprint="f" * 16,
            target="prod-1",
            remediation="onefs/quota_raise",
            risk="low",
            mode="approve",
            proposer="rule:PowerScaleQuotaNearlyFull",
            subject={"path": "/ifs/a"},
            variables={"path": "/ifs/a", "new_hard_limit_bytes": 1100},
        )
        return replace(made, **fields)

    def plan(self, limit: int = 1100) -> Plan:
        return Plan(
            remediation="onefs/quota_raise",
            remediation_digest="e" * 64,
            target="prod-1",
            address="192.0.2.1",
            variables={"path": "/ifs/a", "new_hard_limit_bytes": limit},
            changes=(Change("quota /ifs/a", "hard: 1000", f"hard: {limit}"),),
            versions={"ansible-core": "2.19.0"},
        )

    def person(self, name: str = "ann", via: str = "cli") -> Principal:
        return Principal(name, via, frozenset({Permission.READ, Permission.DECIDE}))

    def to(self, state: RunState, **fields: Any) -> RunChange:  # noqa: ANN401 - any field of RunChange
        return RunChange(to=state, actor="agent:test", **fields)

    async def pending(self, store: Store, problem: str = "quota:/ifs/a", **fields: Any) -> Run:  # noqa: ANN401 - as in `new`
        run = await store.runs.propose(self.new(problem, **fields))
        assert run is not None
        expires = self.clock.now() + timedelta(minutes=30)
        return await store.runs.change(run.id, self.to(RunState.PENDING, plan=self.plan(), expires_at=expires))

    async def approve(self, store: Store, run: Run, name: str = "ann", via: str = "cli", **word: Any) -> Run:  # noqa: ANN401 - parts of the word
        said = {"plan_hash": run.plan_hash, "verdict": "approve", "reason": "looks right", **word}
        return await store.runs.decide(run.id, principal=self.person(name, via), **said)

    async def approved(self, store: Store, problem: str = "quota:/ifs/a", **fields: Any) -> Run:  # noqa: ANN401 - as in `new`
        return await self.approve(store, await self.pending(store, problem, **fields))

    async def verified(self, store: Store) -> Run:
        run = await self.approved(store)
        for state in WAY:
            run = await store.runs.change(run.id, self.to(state))
        return run

    async def told(self, store: Store, run_id: str) -> list[str]:
        """Give what the audit says happened to a run, in order."""
        return [entry.what for entry in await store.audit.entries(subject=run_id)]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(clock: FakeClock) -> Make:
    return Make(clock)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One server for all tests of a worker."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgresql: Server) -> Databases:
    """Databases as a new one is, copied from a template."""
    return Databases(postgresql)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite file's URL."""
    return f"sqlite:///{tmp_path / 'state' / 'state.db'}"


@pytest.fixture
async def sql(url: str, clock: FakeClock) -> AsyncIterator[SqlStore]:
    """A store on SQLite."""
    store = await open_store(url, key=KEY, clock=clock)
    yield store
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def sql_url(request: pytest.FixtureRequest, url: str) -> AsyncIterator[str]:
    """The URL of each kind of database that processes can share."""
    if request.param == "sqlite":
        yield url
        return
    databases: Databases = request.getfixturevalue("databases")
    async with databases.one() as made:
        yield made


@pytest.fixture
async def both(sql_url: str, clock: FakeClock) -> AsyncIterator[SqlStore]:
    """A store on each kind of database."""
    store = await open_store(sql_url, key=KEY, clock=clock, own_clock=False)
    yield store
    await store.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, url: str, clock: FakeClock) -> AsyncIterator[Store]:
    """One store after the other: each promise is kept by all, on virtual time."""
    if request.param == "memory":
        yield MemoryStore(clock, key=KEY)
        return
    async with AsyncExitStack() as stack:
        if request.param == "postgresql":
            databases: Databases = request.getfixturevalue("databases")
            url = await stack.enter_async_context(databases.one())
        made = await open_store(url, key=KEY, clock=clock, own_clock=False)
        stack.push_async_callback(made.close)
        yield made
