"""From our errors to what a model reads: what is wrong, why, and what to do next. Never the text of an unknown exception."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fastmcp.exceptions import ToolError
from pydantic import ValidationError

from mendwatch.errors import MendwatchError, Refused, TargetError, UserError
from mendwatch.mcp_server.cleaning import clean

_MAX_FAULTS = 5


@contextmanager
def told() -> Iterator[None]:
    """Turn what the desk raises into a tool error."""
    try:
        yield
    except MendwatchError as problem:
        raise tool_error(problem) from problem


def tool_error(problem: MendwatchError) -> ToolError:
    """Give the error as a model may see it.

    A refusal and a fault of the question are told in full. Of a fault of the agent only its kind is told: its message may
    name files, addresses or the database.
    """
    if isinstance(problem, Refused | UserError | TargetError):
        return say(str(problem), problem.hint)
    return say(f"the agent could not answer ({problem.code})", "Try again; if it repeats, the agent's log says why.")


def say(what: str, hint: str) -> ToolError:
    """Give a tool error of two sentences."""
    return ToolError(f"{clean(what, 400).rstrip('.')}. {clean(hint, 400)}", log_level=logging.INFO)


def arguments_error(problem: ValidationError) -> ToolError:
    """Say which arguments are wrong, without the library's own links and without repeating what was given."""
    faults = problem.errors(include_url=False, include_context=False, include_input=False)
    words = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:_MAX_FAULTS])
    return say(f"the arguments are wrong: {words}", "Correct them as the tool's input schema says and call again.")
