"""What happens around every tool call: the rate limit, wrong arguments in our own words, and the audit of forbidden decisions."""

from __future__ import annotations

from typing import Any

from fastmcp.exceptions import AuthorizationError, NotFoundError, ValidationError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import ToolResult
from pydantic import ValidationError as Faults

from mendwatch.errors import MendwatchError
from mendwatch.mcp_server import access, problems
from mendwatch.mcp_server.cleaning import clean
from mendwatch.mcp_server.desk import Desk
from mendwatch.mcp_server.limiter import Limiter

DECIDE = "run_decide"


class Guard(Middleware):
    """Stands before the tools. It hooks tool calls only: listings that the library makes for itself are not calls."""

    def __init__(self, desk: Desk, limiter: Limiter) -> None:
        self._desk, self._limiter = desk, limiter

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: CallNext[Any, ToolResult]) -> ToolResult:
        """Let a call through, or say why not."""
        wait = self._limiter.wait(access.caller())
        if wait:
            raise problems.say(f"rate limited, retry in {wait} s", "Ask for more at once instead of asking often.")
        try:
            return await call_next(context)
        except ValidationError as problem:
            if isinstance(problem.__cause__, Faults):
                raise problems.arguments_error(problem.__cause__) from None
            raise problems.say("the arguments are wrong", "Read the tool's input schema and call again.") from None
        except (NotFoundError, AuthorizationError):
            await self._note(context.message)
            raise

    async def _note(self, call: Any) -> None:  # noqa: ANN401 - the library's own parameters of a call
        """Audit a decision that this caller may not even see."""
        if call.name != DECIDE:
            return
        run_id = clean(str((call.arguments or {}).get("run_id", "")), 64)
        try:
            await self._desk.decision_refused(run_id, access.principal(), "this token may not decide over MCP")
        except MendwatchError as problem:
            raise problems.tool_error(problem) from problem
