"""MCP over standard input and output, for a client that starts its servers itself: reads only, forwarded to a running agent."""

from __future__ import annotations

from mendwatch.mcp_server.remote import RemoteDesk
from mendwatch.mcp_server.server import build
from mendwatch.model.targets import Secret


async def serve(url: str, token: str) -> None:
    """Serve until standard input ends.

    Raises:
        AuthenticationFailed: the agent does not know the token.
        Unreachable: no agent answers at `url`.
    """
    async with RemoteDesk(url, Secret(token)) as desk:
        await build(desk, authenticate=None, writes=False).run_stdio_async(show_banner=False)
