"""`mendwatch mcp`: the read tools over stdio, for a client that starts its servers itself."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from mendwatch.errors import UserError

#: A token on the command line would stand in the list of processes, so there is no option for it.
TOKEN_VARIABLE = "MENDWATCH_TOKEN"  # noqa: S105 - the name of a variable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mcp")(mcp)


def mcp(url: Annotated[str, typer.Option(help="The running agent's MCP address.")] = "http://127.0.0.1:9732/mcp") -> None:
    """Serve MCP over standard input and output, reads only, by asking a running agent.

    The token is read from the environment variable MENDWATCH_TOKEN.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        raise UserError("a token is needed in MENDWATCH_TOKEN", hint="Create one with `mendwatch token create` and export it.")
    from mendwatch.mcp_server import stdio  # noqa: PLC0415 - half a second of imports that no other command needs

    asyncio.run(stdio.serve(url, token))
