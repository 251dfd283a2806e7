"""The desk of the stdio server: forwards the reads to a running agent's /mcp, with a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from pydantic import BaseModel, ValidationError

from mendwatch.config.durations import format_duration
from mendwatch.errors import AuthenticationFailed, BadAnswer, Refused, Unreachable
from mendwatch.mcp_server.rule_shapes import RuleExplanation, RuleList
from mendwatch.mcp_server.shapes import MetricAnswer, RunDetail, RunList, TargetList, Verdict
from mendwatch.model.principals import Principal
from mendwatch.model.runs import RunState
from mendwatch.model.targets import Secret

S = TypeVar("S", bound=BaseModel)
#: Seconds that one question may take.
TIMEOUT = 30.0
_KNOCK = {"jsonrpc": "2.0", "id": 0, "method": "tools/list"}


class RemoteDesk:
    """Asks one agent. Use it as a context manager; `client` is for tests that have no socket."""

    def __init__(self, url: str, token: Secret) -> None:
        self._url, self._token = url, token
        self._client: Client[Any] = Client(StreamableHttpTransport(url, auth=token.reveal()), timeout=TIMEOUT)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            AuthenticationFailed: the agent does not know the token.
            Unreachable: no agent answers there, or it does not answer to this name.
            BadAnswer: what answers there is no agent.
        """
        await self._knock()
        try:
            await self._stack.enter_async_context(self._client)
        except Exception as problem:
            raise self._no_sense() from problem
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

    async def rule_list(self, firing: bool, limit: int) -> RuleList:  # noqa: FBT001 - as the desk has it
        """Forward rule_list."""
        return await self._ask(RuleList, "rule_list", {"firing": firing, "limit": limit})

    async def rule_explain(self, rule: str, matchers: Sequence[str], limit: int) -> RuleExplanation:
        """Forward rule_explain."""
        return await self._ask(RuleExplanation, "rule_explain", {"rule": rule, "match": list(matchers), "limit": limit})

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
            await self._knock()  # tells a revoked token and a stopped agent from anything else
            raise self._no_sense() from problem
        if result.is_error:
            what, _, hint = _text(result.content).partition(". ")
            raise Refused(what or "the agent refused the question", hint=hint or None)
        try:
            return shape.model_validate(result.structured_content)
        except ValidationError as problem:
            raise BadAnswer(f"the agent's answer to {tool} makes no sense here", hint="Use the same release on both.") from problem

    async def _knock(self) -> None:
        """Ask once in plain HTTP: the library's client does not tell what status a refusal had."""
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Accept": "application/json, text/event-stream"}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT)) as http,
                http.post(self._url, json=_KNOCK, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise Unreachable(
                f"no agent answers at {self._url}", hint="Start it with `mendwatch run`, or check the address."
            ) from problem
        if status == HTTPStatus.UNAUTHORIZED:
            raise AuthenticationFailed(
                "the agent does not know this token", hint="Create one with `mendwatch token create` and set MENDWATCH_TOKEN."
            )
        if status in {HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.FORBIDDEN}:
            raise Unreachable(
                "the agent does not answer to this name", hint="Name the host in `mcp.allowed_hosts` of its configuration."
            )
        if status != HTTPStatus.OK:
            raise self._no_sense()

    def _no_sense(self) -> BadAnswer:
        return BadAnswer(f"what answers at {self._url} does not speak MCP as expected", hint="Check the address; it ends in /mcp.")


def _text(content: Sequence[object]) -> str:
    return " ".join(str(getattr(part, "text", "")) for part in content)
