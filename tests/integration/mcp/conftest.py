"""A desk of plain data, tokens of every role, and the real HTTP application in front of it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastmcp.utilities.asgi_transport import run_asgi_lifespan
from fastmcp.utilities.tests import ASGIServer

from mendwatch.errors import MendwatchError, NotFound, Refused
from mendwatch.mcp_server import server
from mendwatch.mcp_server.limiter import Rate
from mendwatch.mcp_server.rule_shapes import RuleExplanation, RuleList, RuleShape
from mendwatch.mcp_server.shapes import MetricAnswer, RunDetail, RunList, RunSummary, SeriesShape, TargetList, TargetShape, Verdict
from mendwatch.model.principals import Principal, Role, Token
from mendwatch.model.runs import RunState
from mendwatch.testing.clock import FakeClock

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
HASH = hashlib.sha256(b"plan").hexdigest()


def run(run_id: str, **more: Any) -> RunDetail:  # noqa: ANN401 - any field of the shape
    values: dict[str, Any] = {
        "id": run_id,
        "state": "pending",
        "target": "cluster-1",
        "remediation": "onefs/quota_raise",
        "rule": "QuotaNearlyFull",
        "risk": "low",
        "subject": {"path": "/ifs/data"},
        "created_at": NOON,
        "mode": "approve",
        "proposer": "rule:QuotaNearlyFull",
        "plan_hash": HASH,
        "variables": {"path": '"/ifs/data"'},
    }
    return RunDetail.model_validate(values | more)


def _runs() -> dict[str, RunDetail]:
    return {"run-low-1": run("run-low-1"), "run-high-1": run("run-high-1", risk="high")}


@dataclass
class FakeDesk:
    """Answers from plain data and keeps what it was asked to decide."""

    runs: dict[str, RunDetail] = field(default_factory=_runs)
    decisions: list[tuple[str, str, str, str]] = field(default_factory=list)
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    failure: Exception | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)

    async def run_list(self, states: Sequence[RunState] | None, target: str | None, limit: int) -> RunList:
        self._note("run_list", states, target, limit)
        shown = [RunSummary.model_validate(r.model_dump(include=set(RunSummary.model_fields))) for r in self.runs.values()]
        return RunList(runs=tuple(shown[:limit]), shown=min(len(shown), limit))

    async def run_get(self, run_id: str) -> RunDetail:
        self._note("run_get", run_id)
        if run_id not in self.runs:
            raise NotFound(f"there is no run {run_id}")
        return self.runs[run_id]

    async def run_decide(self, run_id: str, plan_hash: str, verdict: Verdict, reason: str, principal: Principal) -> RunDetail:
        self._note("run_decide", run_id)
        if plan_hash != self.runs[run_id].plan_hash:
            await self.decision_refused(run_id, principal, "another plan")
            raise Refused("the plan has changed", hint="Read the run again.")
        self.decisions.append((run_id, verdict, reason, principal.actor))
        self.runs[run_id] = self.runs[run_id].model_copy(update={"state": "approved"})
        return self.runs[run_id]

    async def decision_refused(self, run_id: str, principal: Principal, why: str) -> None:
        self.refusals.append((run_id, principal.actor, why))

    async def target_list(self) -> TargetList:
        self._note("target_list")
        shape = TargetShape(id="cluster-1", provider="onefs", address="https://x", up=True, state="polling")
        return TargetList(targets=(shape,), shown=1, total=1)

    async def metric_query(self, selector: str, window: timedelta, limit: int) -> MetricAnswer:
        self._note("metric_query", selector, window, limit)
        one = SeriesShape(metric=selector, labels={}, count=2, min=0.0, mean=1.0, max=2.0, max_at=NOON, last=2.0, last_at=NOON)
        return MetricAnswer(selector=selector, start=NOON - window, end=NOON, series=(one,) * min(limit, 3), shown=1, total=1)

    async def rule_list(self, firing: bool, limit: int) -> RuleList:  # noqa: FBT001 - as the desk has it
        self._note("rule_list", firing, limit)
        one = RuleShape(name="QuotaNearlyFull", group="g", on="quota", state="firing", when="usage > 0.9", states={"firing": 1})
        return RuleList(rules=(one,), shown=1, total=1)

    async def rule_explain(self, rule: str, matchers: Sequence[str], limit: int) -> RuleExplanation:
        self._note("rule_explain", rule, tuple(matchers), limit)
        facts = {"rule": rule, "on": "quota", "match": (), "when": "usage > 0.9", "clear": None, "waits": "5m"}
        counts = {"remediation": None, "mode": None, "known": 0, "matching": 0, "states": {}, "why": ("nothing was seen",)}
        return RuleExplanation.model_validate({**facts, **counts, "subjects": (), "decisions": ()})

    def _note(self, *question: object) -> None:
        self.asked.append(question)
        if self.failure is not None:
            raise self.failure


class Tokens:
    """One secret per role; the secret is `secret-` and the role."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()
        self.failure: MendwatchError | None = None

    async def authenticate(self, secret: str) -> Token | None:
        if self.failure is not None:
            raise self.failure
        role = secret.removeprefix("secret-")
        if secret in self.revoked or role not in list(Role):
            return None
        return Token(f"id-{role}", f"{role}-anna", Role(role), NOON)


Serve = Callable[..., AbstractAsyncContextManager[ASGIServer]]


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def serve(desk: FakeDesk, tokens: Tokens, clock: FakeClock) -> Serve:
    """Give a function that serves the real HTTP application without a socket."""

    @asynccontextmanager
    async def start(
        *,
        writes: bool = True,
        rate: Rate | None = None,
        allowed_hosts: list[str] | None = None,
        built: Any = None,  # noqa: ANN401 - a FastMCP of any lifespan
    ) -> AsyncIterator[ASGIServer]:
        made = built or server.build(desk, authenticate=tokens.authenticate, writes=writes, clock=clock, rate=rate or Rate())
        app = server.http_app(made, allowed_hosts=allowed_hosts)
        async with run_asgi_lifespan(app):
            yield ASGIServer(f"http://127.0.0.1{server.PATH}", app, "http")

    return start


@pytest.fixture
def plan_hash() -> str:
    return HASH
