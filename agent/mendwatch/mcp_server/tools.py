"""The tools themselves: each asks the desk one question and answers in structure and in text.

What a model reads about them (titles, descriptions, hints) stands in `server`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastmcp.tools import ToolResult
from pydantic import BaseModel, Field

from mendwatch.config.durations import parse_duration
from mendwatch.errors import Refused, UserError
from mendwatch.mcp_server import access, budget, texts, translate
from mendwatch.mcp_server.desk import Desk
from mendwatch.mcp_server.problems import told
from mendwatch.mcp_server.shapes import RunDetail, Verdict
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.remediations import Risk
from mendwatch.model.runs import RunState

MAX_WINDOW = timedelta(days=31)
RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{6,64}$", description="The run's id, or its first six or more characters.")]
Target = Annotated[str | None, Field(max_length=63, description="Only this target's; see target_list.")]


class ReadTools:
    """What every token may ask."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run_list(
        self,
        state: Annotated[list[RunState] | None, Field(max_length=16, description="Only runs in these states.")] = None,
        target: Target = None,
        limit: Annotated[int, Field(ge=1, le=50, description="At most so many.")] = 20,
    ) -> ToolResult:
        """Give runs, newest first."""
        with told():
            answer = budget.fit(await self._desk.run_list(state, target, limit), "runs")
        return result(answer, texts.run_list(answer))

    async def run_get(self, run_id: RunId) -> ToolResult:
        """Give one run with its plan."""
        with told():
            answer = _fit_run(await self._desk.run_get(run_id))
        return result(answer, texts.run_detail(answer))

    async def target_list(self) -> ToolResult:
        """Give every target."""
        with told():
            answer = budget.fit(await self._desk.target_list(), "targets")
        return result(answer, texts.target_list(answer))

    async def metric_query(
        self,
        selector: Annotated[str, Field(min_length=1, max_length=1000, description='PromQL selector, such as name{label="value"}.')],
        window: Annotated[str, Field(max_length=20, description="How far back from now: 15m, 6h, 2d; at most 31d.")] = "1h",
        limit: Annotated[int, Field(ge=1, le=50, description="At most so many series.")] = 5,
    ) -> ToolResult:
        """Give a summary of each series."""
        with told():
            answer = budget.fit(await self._desk.metric_query(selector, _window(window), limit), "series")
        return result(answer, texts.metric_answer(answer))


class DecideTools:
    """What only a token with the permission to decide may do, and never over stdio."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run_decide(
        self,
        run_id: RunId,
        plan_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="The plan_hash that run_get gave, exactly.")],
        decision: Annotated[Verdict, Field(description="approve, deny or cancel.")],
        reason: Annotated[str, Field(max_length=500, description="Why; it stands in the audit.")] = "",
    ) -> ToolResult:
        """Record a decision."""
        who = access.principal()
        with told():
            await self._must_be_allowed(run_id, who)
            answer = _fit_run(await self._desk.run_decide(run_id, plan_hash, decision, reason, who))
        return result(answer, f"decision {decision} recorded\n{texts.run_detail(answer)}")

    async def _must_be_allowed(self, run_id: str, who: Principal) -> None:
        if Permission.DECIDE not in who.permissions:
            await self._refuse(run_id, who, "this token may not decide", "A token with the role approver may.")
        run = await self._desk.run_get(run_id)
        if run.risk == Risk.HIGH.value:
            await self._refuse(run.id, who, "runs of high risk are not decided over MCP", translate.high_risk(run.id))

    async def _refuse(self, run_id: str, who: Principal, why: str, hint: str) -> None:
        await self._desk.decision_refused(run_id, who, why)
        raise Refused(why, hint=hint)


def _fit_run(run: RunDetail) -> RunDetail:
    return budget.fit(run, "changes", "outcome", "events_resolved", "decisions", "variables", "subject")


def _window(text: str) -> timedelta:
    try:
        window = parse_duration(text)
    except ValueError as problem:
        raise UserError(f"window: {problem}", hint="Write it such as 15m, 6h or 2d.") from problem
    if not timedelta(0) < window <= MAX_WINDOW:
        raise UserError(f"window: {text} is not between 1s and 31d", hint="Write it such as 15m, 6h or 2d.")
    return window


def result(answer: BaseModel, text: str) -> ToolResult:
    """Give an answer in structure and in text."""
    return ToolResult(content=budget.cut(text), structured_content=answer.model_dump(mode="json"))
