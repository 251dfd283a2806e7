"""Reads over stdio, forwarded to a running agent; and what the surroundings of a process may not change."""

# ruff: noqa: ANN401 - the types of the conftest's fixtures cannot be imported

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

from mendwatch.errors import AuthenticationFailed, Refused, Unreachable
from mendwatch.mcp_server import server
from mendwatch.mcp_server.access import NOBODY
from mendwatch.mcp_server.remote import RemoteDesk
from mendwatch.model.targets import Secret
from mendwatch.web.server import WebServer

READS = {"run_list", "run_get", "target_list", "metric_query", "rule_list", "rule_explain"}
SERVE = (
    "import asyncio, os; from mendwatch.mcp_server import stdio; asyncio.run(stdio.serve(os.environ['URL'], os.environ['TOKEN']))"
)


@asynccontextmanager
async def agent(desk: Any, tokens: Any) -> AsyncIterator[str]:
    """Serve /mcp on a real port of the loopback."""
    app = server.http_app(server.build(desk, authenticate=tokens.authenticate, writes=True))
    web = WebServer(app, "127.0.0.1", 0)
    await web.start()
    try:
        yield f"http://127.0.0.1:{web.port}{server.PATH}"
    finally:
        await web.stop()


@asynccontextmanager
async def over_stdio(url: str, token: str) -> AsyncIterator[Client[Any]]:
    environment = {"URL": url, "TOKEN": token, "PATH": os.environ["PATH"], "FASTMCP_PORT": "no number"}
    async with Client(StdioTransport(sys.executable, ["-c", SERVE], env=environment, keep_alive=False)) as client:
        yield client


async def test_stdio_has_the_reads_only_even_with_an_approvers_token(desk: Any, tokens: Any, plan_hash: str) -> None:
    async with agent(desk, tokens) as url, over_stdio(url, "secret-approver") as client:
        assert {tool.name for tool in await client.list_tools()} == READS
        assert (await client.call_tool("target_list")).structured_content["targets"][0]["id"] == "cluster-1"
        assert (await client.call_tool("run_get", {"run_id": "run-low-1"})).structured_content["plan_hash"] == plan_hash
        with pytest.raises(ToolError, match="Unknown tool"):
            await client.call_tool("run_decide", {"run_id": "run-low-1", "plan_hash": plan_hash, "decision": "approve"})

    assert desk.decisions == []


async def test_a_remote_desk_gives_what_the_agent_gives(desk: Any, tokens: Any) -> None:
    async with agent(desk, tokens) as url, RemoteDesk(url, Secret("secret-viewer")) as remote:
        assert await remote.run_get("run-low-1") == desk.runs["run-low-1"]
        assert await remote.target_list() == await desk.target_list()
        assert await remote.run_list(None, None, 5) == await desk.run_list(None, None, 5)
        assert (await remote.metric_query("up", timedelta(minutes=90), 2)).selector == "up"

    assert ("metric_query", "up", timedelta(minutes=90), 2) in desk.asked


async def test_a_remote_refusal_keeps_its_words_and_its_hint(desk: Any, tokens: Any) -> None:
    async with agent(desk, tokens) as url, RemoteDesk(url, Secret("secret-viewer")) as remote:
        with pytest.raises(Refused, match="there is no run run-none") as caught:
            await remote.run_get("run-none")

    assert caught.value.hint.startswith("List what there is first")


async def test_a_remote_desk_decides_nothing(desk: Any, tokens: Any, plan_hash: str) -> None:
    async with agent(desk, tokens) as url, RemoteDesk(url, Secret("secret-approver")) as remote:
        with pytest.raises(Refused, match="nothing is decided over stdio"):
            await remote.run_decide("run-low-1", plan_hash, "approve", "", NOBODY)

    assert desk.decisions == []


async def test_an_unknown_token_is_told_as_such(desk: Any, tokens: Any) -> None:
    async with agent(desk, tokens) as url:
        with pytest.raises(AuthenticationFailed, match="does not know this token"):
            async with RemoteDesk(url, Secret("wrong")):
                pass


async def test_an_agent_that_does_not_run_is_told_as_such(desk: Any, tokens: Any) -> None:
    async with agent(desk, tokens) as url:
        pass
    with pytest.raises(Unreachable, match="no agent answers"):
        async with RemoteDesk(url, Secret("secret-viewer")):
            pass


async def test_a_token_that_is_revoked_later_is_told_as_such(desk: Any, tokens: Any) -> None:
    async with agent(desk, tokens) as url, RemoteDesk(url, Secret("secret-viewer")) as remote:
        tokens.revoked.add("secret-viewer")
        with pytest.raises(AuthenticationFailed):
            await remote.target_list()


async def test_a_token_is_in_no_text_of_the_desk(desk: Any, tokens: Any) -> None:
    async with agent(desk, tokens) as url:
        with pytest.raises(AuthenticationFailed) as caught:
            async with RemoteDesk(url, Secret("canary-4711")) as remote:
                assert "canary-4711" not in repr(remote)

    assert "canary-4711" not in f"{caught.value} {caught.value.hint}"


ASK = """
import json, logging, os
import mendwatch.mcp_server.isolation
import fastmcp
s = fastmcp.settings
print(json.dumps({"mask": s.mask_error_details, "strict": s.strict_input_validation, "updates": s.check_for_updates,
    "banner": s.show_server_banner, "debug": s.debug, "hosts": s.http_allowed_hosts,
    "handlers": len(logging.getLogger("fastmcp").handlers),
    "kept": sorted(k for k in os.environ if k.startswith("FASTMCP_"))}))
"""


@pytest.mark.parametrize("first", ["", "import fastmcp\n"])
async def test_neither_the_environment_nor_a_dotenv_file_changes_the_settings(tmp_path: Path, first: str) -> None:
    (tmp_path / ".env").write_text('FASTMCP_MASK_ERROR_DETAILS=false\nFASTMCP_DEBUG=true\nFASTMCP_HTTP_ALLOWED_HOSTS=["*"]\n')
    environment = os.environ | {"FASTMCP_STRICT_INPUT_VALIDATION": "false", "FASTMCP_CHECK_FOR_UPDATES": "stable"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", first + ASK, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    found = json.loads(output)

    assert (found["mask"], found["strict"], found["updates"]) == (True, True, "off")
    assert (found["banner"], found["debug"], found["hosts"]) == (False, False, None)
    assert found["kept"] == ["FASTMCP_CHECK_FOR_UPDATES", "FASTMCP_STRICT_INPUT_VALIDATION"]
    assert first or found["handlers"] == 0


async def test_a_nonsensical_variable_does_not_end_the_agent(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, cwd=tmp_path, env=os.environ | {"FASTMCP_PORT": "no number"}, stdout=asyncio.subprocess.PIPE
    )
    await process.communicate()

    assert process.returncode == 0
