"""The desk of the stdio server: forwards the four reads to a running agent's /mcp, with a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from pydantic import BaseModel, ValidationError

from mendwatch.config.durations import format_duration
from mendwatch.errors import AuthenticationFailed, BadAnswer, Refused, Unreachable
from mendwatch.mcp_server.shapes import MetricAnswer, RunDetail, RunList, TargetList, Verdict
from mendwatch.model.principals import Principal
from mendwatch.model.runs import RunState
from mendwatch.model.targets import Secret

S = TypeVar("S", bound=BaseModel)
#: Seconds that one question may take.
TIMEOUT = 30.0
UNAUTHORIZED = 401


class RemoteDesk:
    """Asks one agent. Use it as a context manager; `client` is for tests that have no socket."""

    def __init__(self, url: str, token: Secret, client: Client[Any] | None = None) -> None:
        self._url = url
        self._client = client or Client(StreamableHttpTransport(url, auth=token.reveal()), timeout=TIMEOUT)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            AuthenticationFailed: the agent does not know the token.
            Unreachable: no agent answers there.
        """
        try:
            await self._stack.enter_async_context(self._client)
        except Exception as problem:
            raise self._explain(problem) from problem
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    async def run_list(self, states: Sequence[RunState] | None, target: str | None, limit: int) -> RunList:
        """Forward run_list."""
        asked = {"state": None if states is None else [state.value for state in states], "target": target, "limit": limit}
        return await self._ask(RunList, "run_list", asked)

    async def run_get(self, run_id: str) -> RunDetail:
        """Forward run_get."""
        return await self._ask(RunDetail, "run_get", {"run_id": run_id})

    async def target_list(self) -> TargetList:
        """Forward target_list."""
        return await self._ask(TargetList, "target_list", {})

    async def metric_query(self, selector: str, window: timedelta, limit: int) -> MetricAnswer:
        """Forward metric_query."""
        asked = {"selector": selector, "window": format_duration(window), "limit": limit}
        return await self._ask(MetricAnswer, "metric_query", asked)

    async def run_decide(self, run_id: str, plan_hash: str, verdict: Verdict, reason: str, principal: Principal) -> RunDetail:
        """Refuse: this desk reads only, whatever the token could do."""
        del run_id, plan_hash, verdict, reason, principal
        raise Refused("nothing is decided over stdio", hint="Use the agent's own /mcp address or the command line.")

    async def decision_refused(self, run_id: str, principal: Principal, why: str) -> None:
        """Do nothing: there is no audit on this side, and there was no tool to call."""
        del run_id, principal, why

    async def _ask(self, shape: type[S], tool: str, arguments: Mapping[str, object]) -> S:
        try:
            result = await self._client.call_tool(
                tool, {name: value for name, value in arguments.items() if value is not None}, raise_on_error=False
            )
        except Exception as problem:
            raise self._explain(problem) from problem
        if result.is_error:
            what, _, hint = _text(result.content).partition(". ")
            raise Refused(what or "the agent refused the question", hint=hint or None)
        try:
            return shape.model_validate(result.structured_content)
        except ValidationError as problem:
            raise BadAnswer(f"the agent's answer to {tool} makes no sense here", hint="Use the same release on both.") from problem

    def _explain(self, problem: Exception) -> Exception:
        for cause in _causes(problem):
            if getattr(getattr(cause, "response", None), "status_code", None) == UNAUTHORIZED:
                return AuthenticationFailed(
                    "the agent does not know this token", hint="Create one with `mendwatch token create` and set MENDWATCH_TOKEN."
                )
            if isinstance(cause, OSError):
                return Unreachable(f"no agent answers at {self._url}", hint="Start it with `mendwatch run`, or check the address.")
        return BadAnswer(f"what answers at {self._url} does not speak MCP as expected", hint="Check the address; it ends in /mcp.")


def _causes(problem: BaseException) -> list[BaseException]:
    """Give an exception, those it groups and those it came from."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [problem]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__]
            waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else []
    return found


def _text(content: Sequence[object]) -> str:
    return " ".join(str(getattr(part, "text", "")) for part in content)
